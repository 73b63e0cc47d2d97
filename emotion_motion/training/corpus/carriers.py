# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Carriers: real idle movement and animators' poses that the corpus builds on, where they are.

Of idle takes (ReActIdle, MIT) the sway is used: how far apart shifts and stillness lie is real,
only the size is the style's. Of animations (REBL-Pepper, CC BY 4.0) the key poses are used: each
animation becomes a family of gestures of its emotion, varied in side, tempo and size like all
others. Neither is part of the package; what is built with them carries their licences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import dominant
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.corpus.arm import arm_angles
from emotion_motion.training.corpus.body import (
    Body,
    CHANNELS,
    limited,
    mirror_channels,
    rotation,
    SIZE,
    sway_sizes,
)
from emotion_motion.training.corpus.people import Pose
from emotion_motion.training.corpus.phrase import Phrase
from emotion_motion.training.data.geometry import unit

__all__ = ['AnimatorGesture', 'body_channels', 'Carriers']

_DRIFT_S = 10.0  # slower than this is posture, not sway
_JITTER_S = 0.12  # width of a Gaussian: quicker than this is the noise of a recording
_LEAST_SHARE = 0.35  # of the usual sway; a channel that hardly moves is not blown up to full size
_SHARE = 0.7  # of clips that sway as somebody did
_SHORTEST_S = 8.0  # an idle take is used from this length on
_KEY_S = 0.28  # least time between two key poses
_LONGEST_KEY_S = 1.0  # longer holds would stand still
_MOST_KEYS = 9
_Points = dict[str, np.ndarray]  # keypoints [T, 3] or [3] by name


class Key(NamedTuple):
    """A pose of the upper body in an animation."""

    seconds: float  # since the key before
    left: Pose
    right: Pose  # as of a left arm
    head: np.ndarray  # pitch, yaw, roll against the animation's mean
    trunk: np.ndarray  # lean, bend, twist against the animation's mean


@dataclass(eq=False)
class AnimatorGesture:
    """An animation as a family of gestures: its key poses in their order and timing."""

    name: str
    keys: tuple[Key, ...]  # at least two

    def __call__(self, phrase: Phrase) -> None:
        """Write the keys into a phrase, at times only the later ones."""
        count = len(self.keys)
        first = int(phrase.rng.integers(max(1, count - 2))) if phrase.chance(0.4) else 0
        # The rhythm is the animator's; robots are slower than people in a lively mood.
        share = phrase.style.speed**0.65 / np.clip(phrase.style.sharpness, 0.75, 1.4)
        for key in self.keys[first:]:
            phrase.beat(
                share * min(key.seconds, _LONGEST_KEY_S),
                lead=key.left,
                other=key.right,
                head=key.head,
                trunk=key.trunk,
            )
        phrase.rest(0.8)


@dataclass(frozen=True, eq=False)
class Carriers:
    """Real motion that the corpus uses."""

    sways: tuple[np.ndarray, ...] = ()  # idle movement [T, SIZE], in units of its own spread
    rate_hz: float = 30.0  # of the sways
    gestures: Mapping[str, tuple[AnimatorGesture, ...]] = field(default_factory=dict)  # by emotion
    licences: tuple[str, ...] = ()  # of the clips, in the order of use

    @classmethod
    def load(cls, idle: Iterable[Clip] = (), poses: Iterable[Clip] = ()) -> Carriers:
        """Take sway out of idle clips and key poses out of animations.

        Args:
            idle: prepared clips of people who stand idle; those below 8 s are left out.
            poses: prepared clips of animations, with emotions.

        Raises:
            TrainingError: the clips are not prepared bodies in 3D, or differ in rate.
        """
        body, idle, poses = Body(), list(idle), list(poses)
        rate_hz = _shared_rate([*idle, *poses])
        long = [clip for clip in idle if clip.duration_s >= _SHORTEST_S]
        gestures: dict[str, tuple[AnimatorGesture, ...]] = {}
        for clip in poses:
            keys = _keys(body_channels(clip.keypoints, body), rate_hz)
            if len(keys) > 1:
                assert clip.emotions is not None  # those of a data set never are
                emotion = dominant(clip.emotions.mean(axis=0))
                gesture = AnimatorGesture(f'animation_{clip.label or clip.content}', keys)
                gestures[emotion] = (*gestures.get(emotion, ()), gesture)
        licences = [clip.licence for clip in (*long, *poses) if clip.licence]
        sways = tuple(_sway(body_channels(clip.keypoints, body), rate_hz) for clip in long)
        return cls(sways, rate_hz, gestures, tuple(dict.fromkeys(licences)))

    def blend_sway(
        self, noise: np.ndarray, rng: np.random.Generator, rate_hz: float
    ) -> np.ndarray:
        """Put somebody's sway in the place of noise [T, SIZE] of variance 1, in most clips.

        Whose sway, from where on and on which side is drawn. Its variance is near 1 too.
        """
        if not self.sways or rng.random() > _SHARE:
            return noise
        sway = self.sways[int(rng.integers(len(self.sways)))]
        if rng.random() < 0.5:
            sway = mirror_channels(sway)
        # Back and forth: a take that ends before the clip goes on without a jump.
        there_and_back = np.concatenate((sway, sway[-2:0:-1]))
        start = rng.uniform(0.0, len(there_and_back))
        frames = start + np.arange(len(noise)) * self.rate_hz / rate_hz
        whole = np.floor(frames).astype(int)
        share = (frames - whole)[:, None]
        low, high = (there_and_back[(whole + i) % len(there_and_back)] for i in (0, 1))
        swaying = sway_sizes(0.0) > 0.0
        return np.where(swaying, (1.0 - share) * low + share * high, noise)


def _shared_rate(clips: Sequence[Clip]) -> float:
    """Return the frames a second of all clips; raises where one cannot be used."""
    shape = load_skeleton().rest.shape
    for clip in clips:
        if not clip.prepared or clip.keypoints.shape[1:] != shape:
            raise TrainingError(
                f'got the carrier {clip.source!r} with keypoints {list(clip.keypoints.shape)}, '
                f'prepared: {clip.prepared}; expected prepared clips of body_25 in 3D'
            )
    rates = {clip.rate_hz for clip in clips} or {30.0}
    if len(rates) > 1:
        raise TrainingError(f'got carriers at {sorted(rates)} Hz; prepare them all at one rate')
    return rates.pop()


def _sway(channels: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return idle channels without slow drift, in units of their own spread."""
    drift = np.ones(min(len(channels), max(1, round(_DRIFT_S * rate_hz))))
    reach = round(3.0 * _JITTER_S * rate_hz)
    calm = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_JITTER_S * rate_hz)) ** 2)
    moved = _filtered(channels, calm) - _filtered(channels, drift)
    spread = np.maximum(moved.std(axis=0), _LEAST_SHARE * sway_sizes(1.0))
    return np.clip(moved / spread, -3.0, 3.0)


def _filtered(channels: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return channels [T, C] averaged over time with the weights of a kernel."""
    before = len(kernel) // 2
    padded = np.pad(channels, ((before, len(kernel) - 1 - before), (0, 0)), mode='edge')
    return np.apply_along_axis(np.convolve, 0, padded, kernel / kernel.sum(), mode='valid')


def _keys(channels: np.ndarray, rate_hz: float) -> tuple[Key, ...]:
    """Return the poses at which the upper body turns or stops."""
    arms = [limited(channels[:, CHANNELS[f'{side}_arm']], f'{side}_arm') for side in 'lr']
    head, trunk = (channels[:, CHANNELS[part]] for part in ('head', 'trunk'))
    head = limited(head - head.mean(axis=0), 'head')
    trunk = limited(trunk - trunk.mean(axis=0), 'trunk')
    speed = np.abs(np.gradient(np.concatenate((*arms, head), axis=1), axis=0)).sum(axis=1)
    frames = _slowest(speed, max(2, round(_KEY_S * rate_hz)))
    keys = []
    for before, now in zip([0, *frames[:-1]], frames, strict=True):
        seconds = max(_KEY_S, (now - before) / rate_hz)
        # Like a contact: how far the arm goes is the animator's, not the style's.
        left, right = (Pose(tuple(arm[now]), contact=True) for arm in arms)
        keys.append(Key(seconds, left, right, head[now], trunk[now]))
    return tuple(keys)


def _slowest(speed: np.ndarray, apart: int) -> list[int]:
    """Return frames of least speed, at most `_MOST_KEYS` and at least `apart` from each other."""
    inner = np.arange(1, len(speed) - 1)
    dips = inner[(speed[inner] <= speed[inner - 1]) & (speed[inner] < speed[inner + 1])]
    slow: list[int] = []
    for frame in dips[np.argsort(speed[dips], kind='stable')]:
        if all(abs(frame - other) >= apart for other in slow):
            slow.append(int(frame))
    return sorted(slow[:_MOST_KEYS])


def body_channels(keypoints: np.ndarray, body: Body) -> np.ndarray:
    """Return channels [T, SIZE] of keypoints [T, 25, 3]: the inverse of `body.keypoints`.

    Feet stay 0: the body plants its own. The pelvis's pitch is taken into the lean of the trunk,
    since keypoints do not part them. The upper body comes back as far as it is within the joint
    limits and outside of itself.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    skeleton = body.skeleton
    at = {name: points[:, i] for i, name in enumerate(skeleton.names)}
    rest = dict(zip(skeleton.names, skeleton.rest, strict=True))
    channels = np.zeros((len(points), SIZE))
    hips = at['LHip'] - at['RHip']
    yaw = _degrees(-hips[:, 0], hips[:, 1])
    roll = -_degrees(hips[:, 2], np.hypot(hips[:, 0], hips[:, 1]))
    zero = np.zeros_like(yaw)
    pelvis = rotation(yaw, zero, roll)
    chest = _frames(at['Neck'] - at['MidHip'], at['LShoulder'] - at['RShoulder'])
    chest = chest @ _frames(rest['Neck'] - rest['MidHip'], rest['LShoulder'] - rest['RShoulder']).T
    lean_bend_twist = _trunk_angles(np.swapaxes(pelvis, -1, -2) @ chest)
    channels[:, CHANNELS['trunk']] = lean_bend_twist
    place = at['MidHip'] + 0.0
    place[:, 0] += 0.09 * np.sin(np.radians(lean_bend_twist[:, 0]))
    drop = rest['MidHip'][2] - place[:, 2]
    channels[:, CHANNELS['pelvis']] = np.stack(
        (place[:, 0], place[:, 1], drop, yaw, zero, roll), axis=-1
    )
    channels[:, CHANNELS['head']] = _head_angles(at, rest, yaw, roll, lean_bend_twist)
    for side in 'LR':
        _arm_channels(channels, at, rest, chest, side)
    return channels


def _arm_channels(
    channels: np.ndarray, at: _Points, rest: _Points, chest: np.ndarray, side: str
) -> None:
    flip = np.array([1.0, 1.0 if side == 'L' else -1.0, 1.0])

    def local(first: str, second: str) -> np.ndarray:
        return unit(np.einsum('tji,tj->ti', chest, at[second] - at[first]) * flip)

    clavicle = local('Neck', f'{side}Shoulder')
    still = (rest[f'{side}Shoulder'] - rest['Neck']) * flip
    shrug = _degrees(clavicle[:, 2], clavicle[:, 1]) - _degrees(still[2], still[1])
    protract = _degrees(clavicle[:, 0], clavicle[:, 1]) - _degrees(still[0], still[1])
    name = side.lower()
    channels[:, CHANNELS[f'{name}_shoulder']] = np.stack((shrug, protract), axis=-1)
    upper = local(f'{side}Shoulder', f'{side}Elbow')
    forearm = local(f'{side}Elbow', f'{side}Wrist')
    channels[:, CHANNELS[f'{name}_arm']] = arm_angles(upper, forearm)


def _head_angles(
    at: _Points, rest: _Points, yaw: np.ndarray, roll: np.ndarray, trunk: np.ndarray
) -> np.ndarray:
    """Return pitch, yaw, roll [T, 3] of the head, as added to what it takes from the trunk."""

    def frame(points: _Points) -> np.ndarray:
        ears = points['LEar'] - points['REar']
        forward = points['Nose'] - 0.5 * (points['LEar'] + points['REar'])
        return _frames(np.cross(forward, ears), ears)

    lean, bend, twist = trunk.T
    pitch, tilt, turn = _trunk_angles(frame(at) @ frame(rest).T).T
    own_turn = (turn - yaw - twist + 180.0) % 360.0 - 180.0
    return np.stack((pitch - 0.35 * lean, own_turn, tilt - 0.4 * (roll + bend)), axis=-1)


def _trunk_angles(turn: np.ndarray) -> np.ndarray:
    """Return (lean, bend, twist) [T, 3] in degrees of Rz(twist) Ry(lean) Rx(-bend)."""
    lean = -np.degrees(np.arcsin(np.clip(turn[:, 2, 0], -1.0, 1.0)))
    bend = -_degrees(turn[:, 2, 1], turn[:, 2, 2])
    return np.stack((lean, bend, _degrees(turn[:, 1, 0], turn[:, 0, 0])), axis=-1)


def _frames(up: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return orthonormal frames [..., 3, 3] with columns forward, left, up; `up` is kept."""
    up = unit(up)
    forward = unit(np.cross(left, up))
    return np.stack((forward, np.cross(up, forward), up), axis=-1)


def _degrees(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(y, x))
