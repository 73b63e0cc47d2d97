# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The robot Pepper as a person-like body: joint angles to BODY_25 keypoints through its URDF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import ConfigError, MotionFileError

__all__ = ['JOINTS', 'PepperBody']

# The joints that move keypoints; wrist yaw, hands and wheels do not.
JOINTS = (
    'HeadYaw',
    'HeadPitch',
    'HipRoll',
    'HipPitch',
    'KneePitch',
    'LShoulderPitch',
    'LShoulderRoll',
    'LElbowYaw',
    'LElbowRoll',
    'RShoulderPitch',
    'RShoulderRoll',
    'RElbowYaw',
    'RElbowRoll',
)
# Keypoint -> the joint whose place it is.
_ARMS = {
    'LShoulder': 'LShoulderRoll',
    'LElbow': 'LElbowRoll',
    'LWrist': 'LWristYaw',
    'RShoulder': 'RShoulderRoll',
    'RElbow': 'RElbowRoll',
    'RWrist': 'RWristYaw',
}
_FACE = ('Nose', 'REye', 'LEye', 'REar', 'LEar')
_HIPS, _KNEES = ('LHip', 'RHip'), ('LKnee', 'RKnee')
_FEET = tuple(s + part for s in 'LR' for part in ('Ankle', 'BigToe', 'SmallToe', 'Heel'))
_GROUND, _TRUNK = 'base_footprint', 'torso'
_HEIGHT_M = 1.21


@dataclass(frozen=True, eq=False)
class _Poses:
    """Pepper in T frames, in the axes of the ground below it, metres.

    Attributes:
        torso: rotations [T, 3, 3] and places [T, 3] of the torso.
        head: rotations [T, 3, 3] of the head.
        arms: places [T, 6, 3], in the order of `_ARMS`.
        hip: places [T, 3] of the joint HipPitch.
    """

    torso: tuple[np.ndarray, np.ndarray]
    head: np.ndarray
    arms: np.ndarray
    hip: np.ndarray


class PepperBody:
    """Pepper's kinematics, and how a person's keypoints sit on it.

    Shoulders, elbows and wrists are the robot's joints. Neck lies between the shoulders and MidHip
    at the height of the hip joint, both fixed in the torso and one above the other, so that an
    upright robot has an upright trunk. The face is the skeleton's, enlarged to Pepper's head, and
    turns about Neck as the head link does. The hips are level beside MidHip; knees and feet are
    those of a standing person of that leg length, with the feet planted.

    Attributes:
        lower: [13] smallest angles in radians, in the order of `JOINTS`.
        upper: [13] largest angles.
        confidence: [25] 1 measured (arms, neck, mid-hip), 0.5 derived (face, hips), 0 made up
            (knees and feet).
    """

    def __init__(self, urdf: str | Path) -> None:
        """Read the robot.

        Raises:
            MotionFileError: no URDF, or one that lacks joints or links (all are listed).
            ConfigError: Pinocchio is not installed.
        """
        self._skeleton = load_skeleton('body_25')
        self._pinocchio, self._model = _load(Path(urdf))
        joints = [self._model.joints[self._model.getJointId(name)] for name in JOINTS]
        self._columns = np.array([joint.idx_q for joint in joints])
        self.lower = self._model.lowerPositionLimit[self._columns]
        self.upper = self._model.upperPositionLimit[self._columns]
        self.confidence = np.ones(self._skeleton.size)
        self.confidence[self._places(*_FACE, *_HIPS)] = 0.5
        self.confidence[self._places(*_KNEES, *_FEET)] = 0.0
        self._fit()

    def keypoints(self, angles: np.ndarray) -> np.ndarray:
        """Return keypoints [T, 25, 3] in metres for angles [T, 13] in the order of `JOINTS`.

        The robot faces +x and stands on z = 0; x = y = 0 is below the mid-hip of the upright one.
        """
        poses = self._poses(angles)
        rotation, origin = poses.torso
        points = np.empty((len(angles), self._skeleton.size, 3))
        hip = origin + rotation @ self._hip
        neck = origin + rotation @ self._neck
        for name, place in {'MidHip': hip, 'Neck': neck}.items():
            points[:, self._skeleton.index(name)] = place
        points[:, self._places(*_ARMS)] = poses.arms
        face = self._face @ np.swapaxes(poses.head, 1, 2)
        points[:, self._places(*_FACE)] = neck[:, None] + face
        # Legs hang on between the hips, which move, and the feet, which do not.
        shift = (hip - self._start)[:, None]
        for names, share in ((_HIPS, 1.0), (_KNEES, 0.5), (_FEET, 0.0)):
            points[:, self._places(*names)] = self._legs[self._places(*names)] + share * shift
        points[..., :2] -= self._start[:2]
        return points

    def _fit(self) -> None:
        """Place the person's keypoints on the upright robot."""
        rest = {
            name: self._skeleton.rest[self._skeleton.index(name)] for name in self._skeleton.names
        }
        upright = self._poses(np.zeros((1, len(JOINTS))))
        rotation, origin = upright.torso[0][0], upright.torso[1][0]
        arms = dict(zip(_ARMS, upright.arms[0], strict=True))
        shoulders = 0.5 * (arms['LShoulder'] + arms['RShoulder'])
        neck = shoulders + _HEIGHT_M * (
            rest['Neck'] - 0.5 * (rest['LShoulder'] + rest['RShoulder'])
        )
        trunk = rest['MidHip'] - rest['Neck']
        hip = neck + trunk * (upright.hip[0, 2] - neck[2]) / trunk[2]
        self._neck = rotation.T @ (neck - origin)
        self._hip = rotation.T @ (hip - origin)
        self._start = hip
        eyes = rest['LEye'][2]
        enlarged = (eyes * _HEIGHT_M - neck[2]) / (eyes - rest['Neck'][2])
        face = enlarged * np.stack([rest[name] - rest['Neck'] for name in _FACE])
        self._face = face @ upright.head[0]
        legs = self._skeleton.rest * hip[2] / rest['MidHip'][2]
        self._legs = legs + np.array([hip[0], hip[1], 0.0])

    def _poses(self, angles: np.ndarray) -> _Poses:
        pin, model = self._pinocchio, self._model
        data = model.createData()
        ground, torso = (model.getFrameId(name) for name in (_GROUND, _TRUNK))
        named = [model.getJointId(name) for name in ('HipPitch', *_ARMS.values())]
        head = model.getJointId('HeadPitch')
        configuration = pin.neutral(model)
        rotations = np.empty((len(angles), 2, 3, 3))
        places = np.empty((len(angles), 2 + len(_ARMS), 3))
        for frame, row in enumerate(angles):
            configuration[self._columns] = row
            pin.forwardKinematics(model, data, configuration)
            below = pin.updateFramePlacement(model, data, ground).inverse()
            trunk = below * pin.updateFramePlacement(model, data, torso)
            rotations[frame] = trunk.rotation, below.rotation @ data.oMi[head].rotation
            places[frame, 0] = trunk.translation
            places[frame, 1:] = [below.act(data.oMi[joint].translation) for joint in named]
        return _Poses(
            torso=(rotations[:, 0], places[:, 0]),
            head=rotations[:, 1],
            hip=places[:, 1],
            arms=places[:, 2:],
        )

    def _places(self, *names: str) -> list[int]:
        return [self._skeleton.index(name) for name in names]


def _load(urdf: Path) -> tuple[Any, Any]:
    """Return the module pinocchio and the robot's model."""
    try:
        import pinocchio
    except ImportError as error:
        raise ConfigError(
            f'could not import pinocchio ({error}), which turns joint angles into keypoints; '
            f"install it with pip install 'emotion_motion[train]'"
        ) from error
    try:
        text = urdf.read_text(encoding='utf-8')
        model = pinocchio.buildModelFromXML(text)
    except OSError as error:
        raise MotionFileError(f'could not read {urdf} ({error.strerror})') from error
    except (ValueError, RuntimeError) as error:
        raise MotionFileError(f'got {urdf}, which is no URDF ({str(error)[:100]})') from error
    needed = (*JOINTS, *_ARMS.values())
    missing = [
        name
        for name in dict.fromkeys(needed)
        if not model.existJointName(name) or model.joints[model.getJointId(name)].nq != 1
    ]
    missing += [f'{name} (a link)' for name in (_TRUNK, _GROUND) if not model.existFrame(name)]
    if missing:
        raise MotionFileError(
            f'got {urdf}, a robot without the joints {", ".join(missing)}; expected the URDF of '
            f'Pepper'
        )
    return pinocchio, model
