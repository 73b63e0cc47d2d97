# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How much of an emotion's motion a robot can show: directions, dynamics, limits, reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
import itertools

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.exceptions import RobotError
from emotion_motion.robot.collision.model import capsule_model
from emotion_motion.robot.description.config import ARMS, LIMB_ENDS
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.retarget.bones import Bones
from emotion_motion.robot.retarget.directions import AXES, BodyDirections, LIMBS
from emotion_motion.robot.retarget.retargeter import Retargeter

__all__ = ['EmotionCheck', 'check_motion', 'Reach', 'reaches']

ARM_LIMBS = tuple(name for name in LIMBS if 'arm' in name)
_PARTS = (*AXES, *ARM_LIMBS)
_SETTLE_S = 3.0  # on the first frame, before anything counts
_WINDOW_S = 1.0
_NEAR_RAD, _NEAR_SPEED = 1e-3, 0.999
_ELSEWHERE_DEG = 5.0
_MOST = 95.0  # percentile: what is reached now and then, not once
_FULL = 0.85  # of what was asked counts as reached
_SMALL_DEG = 10.0  # what is less than this short is not missed
_SLOW = 0.2  # share of frames at a speed limit from which faster joints are tried too


@dataclass(frozen=True)
class Reach:
    """How far elbows bend, arms rise, head and trunk turn, of a person and of a robot.

    Attributes:
        what: the movement, as in 'elbows bend'.
        asked_deg: how far the person's went.
        reached_deg: how far the robot's went at those moments.
    """

    what: str
    asked_deg: float
    reached_deg: float

    @property
    def short(self) -> bool:
        """Whether the robot comes clearly less far."""
        missing = self.asked_deg - self.reached_deg
        return missing > _SMALL_DEG and self.reached_deg < _FULL * self.asked_deg

    def __str__(self) -> str:
        return f'{self.what} {self.reached_deg:.0f} of {self.asked_deg:.0f} degrees'


def reaches(names: tuple[str, ...], asked: np.ndarray, reached: np.ndarray) -> tuple[Reach, ...]:
    """Return how far a person and a robot went.

    Args:
        names: of the directions, axes of trunk and head and the limbs of both arms.
        asked: the person's directions [T, B, 3].
        reached: the robot's [T, B, 3].
    """
    person, robot = _angles(names, asked), _angles(names, reached)
    all_reaches = []
    for what, angles in person.items():
        most = float(np.percentile(np.abs(angles), _MOST))
        moments = np.abs(angles) >= most
        # The robot's at the moments of the person's most, in the person's direction.
        robot_most = float((np.sign(angles) * robot[what])[moments].mean())
        all_reaches.append(Reach(what, most, max(0.0, robot_most)))
    return tuple(all_reaches)


def _angles(names: tuple[str, ...], directions: np.ndarray) -> dict[str, np.ndarray]:
    """Return angles in degrees; of both sides [2 T], of middle parts [T]."""
    at = {name: directions[:, row] for row, name in enumerate(names)}
    arms = [(at[f'{side}_upper_arm'], at[f'{side}_forearm']) for side in ('left', 'right')]
    up, left, forward = at['trunk_up'], at['trunk_left'], at['head_forward']
    return {
        'elbows bend': np.concatenate([_between_deg(upper, fore) for upper, fore in arms]),
        'arms rise': np.concatenate([_between_deg(upper, -up) for upper, _ in arms]),
        'head nods': np.degrees(np.arcsin(np.clip(-forward[:, 2], -1.0, 1.0))),
        'head turns': np.degrees(np.arctan2(forward[:, 1], forward[:, 0])),
        'trunk leans': _between_deg(up, np.array((0.0, 0.0, 1.0))),
        'trunk twists': np.degrees(np.arctan2(-left[:, 0], left[:, 1])),
    }


def _between_deg(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the angles between unit vectors [..., 3]."""
    return np.asarray(np.degrees(np.arccos(np.clip((one * other).sum(axis=-1), -1.0, 1.0))))


@dataclass(frozen=True, eq=False)
class EmotionCheck:
    """What becomes of a motion on a robot; arrays are not to be changed.

    Attributes:
        emotion: that the motion shows.
        errors_deg: mean angle between each direction of the person and of the robot.
        correlations: Spearman's, of speed, extent and contraction over windows of a second.
        speed_ratio: the robot's mean speed over the person's, both in arm lengths.
        at_position_limit: share of frames with a joint at its position limit.
        at_speed_limit: share of frames with a joint at its speed limit.
        fast_arm_error_deg: `arm_error_deg` if joints went as fast as the URDF lets them; None
            where they are seldom at their speed limits.
        at_clearance: share of frames in which arms point elsewhere to keep clear.
        nearest_m: least distance of two capsules beyond their margin.
        busiest: 'position' or 'speed', the joint that is most often at that limit of its, and in
            which share of frames.
        reaches: how far the person went and the robot came.
        keypoints: of the person [T, 25, 3].
        poses: of the robot [T, J] in rad.
    """

    emotion: str
    errors_deg: Mapping[str, float]
    correlations: Mapping[str, float]
    speed_ratio: float
    at_position_limit: float
    at_speed_limit: float
    fast_arm_error_deg: float | None
    at_clearance: float
    nearest_m: float
    busiest: tuple[str, str, float]
    reaches: tuple[Reach, ...]
    keypoints: np.ndarray
    poses: np.ndarray

    @property
    def arm_error_deg(self) -> float:
        """Mean error of the four limb vectors of the arms."""
        return float(np.mean([self.errors_deg[name] for name in ARM_LIMBS]))


def check_motion(
    robot: Robot, emotion: str, keypoints: np.ndarray, rate_hz: float
) -> EmotionCheck:
    """Retarget a motion and measure what became of it.

    Args:
        robot: to check.
        emotion: that the motion shows.
        keypoints: BODY_25 [T, 25, 3], metres or body heights, at least 2 s.
        rate_hz: frames a second.

    Raises:
        RobotError: the motion is too short, or keypoints are not finite.
    """
    if len(keypoints) < 2.0 * rate_hz:
        raise RobotError(
            f'got {len(keypoints)} frames at {rate_hz:g} Hz; expected at least 2 s to check'
        )
    capsules = capsule_model(robot)
    before, poses = _retargeted(Retargeter(robot, rate_hz), keypoints)
    _, free_poses = _retargeted(Retargeter(robot, rate_hz, clearance=False), keypoints)
    asked, reached, places = _directions(robot, keypoints, poses)
    errors = _between_deg(asked, reached).mean(axis=0)
    kept_away = _between_deg(reached, _directions(robot, keypoints, free_poses)[1]).max(axis=1)
    names = load_skeleton('body_25').names
    person = _dynamics({name: keypoints[:, names.index(name)] for name in names}, rate_hz)
    machine = _dynamics(places, rate_hz)
    at_position, at_speed = _at_limits(robot, before, poses, rate_hz)
    slow = float(at_speed.any(axis=1).mean())
    busiest = max(
        (float(share), robot.names[row], kind)
        for kind, met in (('position', at_position), ('speed', at_speed))
        for row, share in enumerate(met.mean(axis=0))
    )
    nearest = [(capsules.distances(q) - capsules.margins).min(initial=np.inf) for q in poses]
    return EmotionCheck(
        emotion=emotion,
        errors_deg=dict(zip(_PARTS, errors.tolist(), strict=True)),
        correlations={
            name: _spearman(_windows(values, rate_hz), _windows(machine[name], rate_hz))
            for name, values in person.items()
        },
        speed_ratio=float(machine['speed'].mean() / max(person['speed'].mean(), 1e-9)),
        at_position_limit=float(at_position.any(axis=1).mean()),
        at_speed_limit=slow,
        fast_arm_error_deg=(
            _fast_arm_error_deg(robot, keypoints, rate_hz) if slow > _SLOW else None
        ),
        at_clearance=float((kept_away > _ELSEWHERE_DEG).mean()),
        nearest_m=float(min(nearest)),
        busiest=busiest[::-1],
        reaches=reaches(_PARTS, asked, reached),
        keypoints=keypoints,
        poses=poses,
    )


def _fast_arm_error_deg(robot: Robot, keypoints: np.ndarray, rate_hz: float) -> float | None:
    """Return the arms' mean error at the URDF's speeds; None where those apply already."""
    limits = robot.limits
    speeds = [robot.urdf.joints[name].velocity or 0.0 for name in limits.names]
    velocity = np.maximum(limits.velocity, speeds)
    if (velocity == limits.velocity).all():
        return None
    fast = replace(robot, limits=replace(limits, velocity=velocity))
    _, poses = _retargeted(Retargeter(fast, rate_hz), keypoints)
    asked, reached, _ = _directions(fast, keypoints, poses)
    arms = [_PARTS.index(name) for name in ARM_LIMBS]
    return float(_between_deg(asked, reached)[:, arms].mean())


def _retargeted(retargeter: Retargeter, keypoints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pose [J] in which a motion is begun, and those of its frames [T, J]."""
    for _ in range(round(_SETTLE_S * retargeter.rate_hz)):
        before = retargeter(keypoints[0])
    return before, np.stack([retargeter(frame) for frame in keypoints])


def _at_limits(
    robot: Robot, before: np.ndarray, poses: np.ndarray, rate_hz: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return where joints are at a limit of position and of speed [T, J]."""
    limits = robot.limits
    at_position = (poses <= limits.lower + _NEAR_RAD) | (poses >= limits.upper - _NEAR_RAD)
    steps = np.abs(np.diff(poses, axis=0, prepend=before[None]))
    return at_position, steps >= _NEAR_SPEED * limits.velocity / rate_hz


def _directions(
    robot: Robot, keypoints: np.ndarray, poses: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return directions of person and robot [T, B, 3], and places of the robot's arms [T, 3]."""
    read, bones = BodyDirections(_PARTS), Bones(robot, all_parts=True)
    asked = np.stack([read(frame) for frame in keypoints])
    reached = np.tile(read(read.skeleton.rest), (len(poses), 1, 1))  # what cannot turn stays
    rows = [row for row, name in enumerate(_PARTS) if name in bones.names]
    bone_rows = [bones.names.index(_PARTS[row]) for row in rows]
    reached[:, rows] = np.stack([bones.directions(q)[bone_rows] for q in poses])
    places = [robot.keypoints(q) for q in poses]
    return asked, reached, {name: np.stack([at[name] for at in places]) for name in places[0]}


def _dynamics(places: Mapping[str, np.ndarray], rate_hz: float) -> dict[str, np.ndarray]:
    """Return speed, extent and contraction [T] of arms, in arm lengths (a second).

    Extent is how far the hands are from the trunk's vertical, contraction how near to the
    shoulders' middle (EMOKINE's limb contraction without the legs).
    """
    middle = 0.5 * (places['LShoulder'] + places['RShoulder'])
    halves = [half for arm in ARMS for half in itertools.pairwise(LIMB_ENDS[arm])]
    lengths = [np.linalg.norm(places[end] - places[start], axis=1) for start, end in halves]
    length = 2.0 * np.mean(lengths)
    hands = np.stack([places['LWrist'], places['RWrist']]) / length  # [2, T, 3]
    moving = np.stack([places[name] for name in ('LElbow', 'RElbow', 'LWrist', 'RWrist')])
    speed = np.linalg.norm(np.gradient(moving / length, 1.0 / rate_hz, axis=1), axis=2)
    from_middle = hands - middle / length
    return {
        'speed': speed.mean(axis=0),
        'extent': np.linalg.norm(from_middle[..., :2], axis=2).mean(axis=0),
        'contraction': -np.linalg.norm(from_middle, axis=2).mean(axis=0),
    }


def _windows(values: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return means [N] of windows that overlap by half."""
    size = max(2, round(_WINDOW_S * rate_hz))
    starts = range(0, len(values) - size + 1, max(1, size // 2))
    return np.array([values[start : start + size].mean() for start in starts])


def _spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation; 0 where one of them does not vary."""
    if min(np.ptp(one), np.ptp(other)) < 1e-9:
        return 0.0
    ranks = np.stack([values.argsort().argsort() for values in (one, other)]).astype(float)
    return float(np.corrcoef(ranks)[0, 1])
