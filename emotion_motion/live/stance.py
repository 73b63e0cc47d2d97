# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Foot locking: a standing foot is held where it stands, by inverse kinematics of its leg.

The projection onto the body keeps bone lengths from the mid-hip outwards, so every small error of
the hip moves both feet, and they slide. In the published body, therefore, a foot that is low and
hardly moves stays where it was in the frame before, and its knee bends in the direction that the
model gave it. A foot that is lifted, or moves as fast as in a step, is left as the model has it.

Only the published body has held feet; the model's history keeps its own. With held feet in it
the model could not see that the pelvis turns away from them, and would let it turn
(docs/live_loop.md).
"""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import Skeleton

__all__ = ['Stance']

# Speeds of a foot [body heights a second]: up to the first it stands, from the second on it steps,
# and between the two it is held in part. A standing foot of the corpus moves below 0.03, a step
# faster than 0.4; the model's errors lie between 0.01 and 0.1.
_STANDS, _STEPS = 0.35, 0.8
# Horizontal distance from where the model has a foot to where it is held [body heights]: up to the
# first it is held, from the second on it is free, and between the two it is held in part.
_NEAR, _FAR = 0.016, 0.04
# Height of a foot's lowest keypoint above its height in the rest pose [body heights]: up to the
# first it is held, from the second on it is free, and between the two it is held in part.
_LOW, _LIFTED = 0.012, 0.03
_SETTLES = 0.15  # share of its height over the ground that a standing foot loses in a frame
_STRETCH = 0.9995  # longest reach, as a share of the leg's length: a straight leg has no bend
_GROUND = 0.03  # a rigid group that comes as near to the ground in the rest pose is a foot
_TIE = 1e-6  # keeps divisors above 0 and has a straight leg bend somewhere
_CHANGE_S = 0.5  # time in which `share` goes from 0 to 1: no jump

# Columns of `Stance._legs`: the foot's three keypoints from the toes back, ankle, knee, hip.
_SOLE, _FOOT, _ANKLE, _KNEE, _HIP = slice(3), slice(4), 3, 4, 5


class Stance:
    """Callable that holds the standing feet of B live streams; remembers the frame before.

    In NumPy, since it is some fifty operations on a handful of numbers: torch takes four times as
    long to call them, even traced (benchmarks/step.py).
    """

    def __init__(
        self, skeleton: Skeleton, rate_hz: float, rest: np.ndarray, batch_size: int
    ) -> None:
        """Prepare frames of `batch_size` streams that begin in a pose [K, D] of height 1."""
        self._skeleton, self._rate_hz = skeleton, rate_hz
        self._rest = np.repeat(rest[None].astype(np.float32), batch_size, axis=0)
        self._change = 1.0 / (_CHANGE_S * rate_hz)
        self._legs = _legs_of(skeleton)  # [F, 6]
        lengths = skeleton.bone_lengths.astype(np.float32)
        thigh, shin = (lengths[self._legs[:, part]][:, None] for part in (_KNEE, _ANKLE))
        # Where a bar joins the hips, the projection takes a hip's direction from the other hip,
        # else from the root.
        bars = {a: b for pair in skeleton.bars for a, b in (pair, pair[::-1])}
        hips = self._legs[:, _HIP]
        self._opposite = np.array([bars.get(int(hip), skeleton.root) for hip in hips], np.intp)
        self._hip_length = lengths[hips][:, None]
        self._reach = (thigh + shin) * np.float32(_STRETCH)  # [F, 1]
        self._least_reach = np.abs(thigh - shin) + np.float32(_TIE)
        self._thigh_squared, self._difference = thigh**2, thigh**2 - shin**2
        self._sole = skeleton.rest[self._legs[:, _SOLE], -1].min(axis=-1).astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next frame follows the rest pose."""
        self._model_before = self._held_before = self._rest
        self._share: float | None = None

    def __call__(self, bodies: np.ndarray, share: float) -> np.ndarray:
        """Return the next bodies [B, K, D] of height 1 with standing feet held.

        Where a leg cannot reach its held foot, hips and upper body shift towards it. The legs have
        the body's bone lengths, so projection onto the body does not move them.

        Args:
            bodies: the model's float32, ground at z = 0; their bone lengths need not be exact.
            share: how far standing feet are held, 0 to 1; a change takes up to half a second.
        """
        if self._share is None:
            self._share = share
        self._share += min(max(share - self._share, -self._change), self._change)
        held = bodies
        if self.feet and self._share > 0.0:
            stands = self._stands(bodies, self._model_before, self._held_before)
            held = self.hold(bodies, self._held_before, np.float32(self._share) * stands)
        self._model_before, self._held_before = bodies, held
        return held

    @property
    def feet(self) -> int:
        """Number of feet found, F."""
        return len(self._legs)

    def hold(self, body: np.ndarray, feet: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Put the feet of `body` where they are in `feet`, by inverse kinematics of the legs.

        Args:
            body: [B, K, 3] float32, height 1, ground at z = 0.
            feet: bodies [B, K, 3] whose feet are taken.
            held: [B, F, 1], how far each foot is: 0 leaves it as it is in `body`.
        """
        leg = body.take(self._legs, axis=1)  # [B, F, 6, 3]
        foot = leg[..., _FOOT, :]
        foot = foot + held[..., None] * (feet.take(self._legs[:, _FOOT], axis=1) - foot)
        foot[..., 2] -= self._drop(foot, held)
        hip, knee, ankle = self._hips(body), leg[..., _KNEE, :], foot[..., _ANKLE, :]
        parts, shift = body.copy(), self._pull(hip, ankle, held)
        if shift.any():
            parts, hip, knee = parts + shift, hip + shift, knee + shift
        knee, reached = self._bend(hip, knee, ankle, foot)
        parts[:, self._legs[:, _KNEE]] = knee
        parts[:, self._legs[:, _FOOT]] = foot + (reached - ankle)[..., None, :]
        return parts

    def _hips(self, body: np.ndarray) -> np.ndarray:
        """Return the hips [B, F, 3] where the projection onto the body will put them.

        The projection moves a hip that is a little off, and its foot with it. Legs that began at
        the hips of `body` would slide twice as much for that.
        """
        across = body.take(self._legs[:, _HIP], axis=1) - body.take(self._opposite, axis=1)
        root = body[:, self._skeleton.root, None]
        return root + self._hip_length * across / np.maximum(_length(across), _TIE)

    def _stands(self, body: np.ndarray, before: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return how far each foot of `body` [B, K, 3] stands, [B, F, 1]: 1 does, 0 is free.

        `before` are the model's bodies in the frame before, `last` those with held feet.
        """
        soles = self._legs[:, _SOLE]
        now = body.take(soles, axis=1)  # [B, F, 3, 3]
        moved = (now - before.take(soles, axis=1)).sum(axis=-2) / 3.0
        away = (now - last.take(soles, axis=1)).sum(axis=-2)[..., :2] / 3.0
        slow = _STEPS - _length(moved) * self._rate_hz
        near = _FAR - _length(away)
        low = _LIFTED + self._sole[:, None] - now[..., 2].min(axis=-1)[..., None]
        return (
            _share(slow, _STEPS - _STANDS)
            * _share(near, _FAR - _NEAR)
            * _share(low, _LIFTED - _LOW)
        )

    def _drop(self, foot: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return how far each foot goes down [B, F, 1]: held ones settle, none sinks in."""
        height = foot[..., _SOLE, 2].min(axis=-1)[..., None] - self._sole[:, None]
        return np.where(height < 0.0, height, np.float32(_SETTLES) * held * height)

    def _pull(self, hip: np.ndarray, ankle: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return the shift of the body towards held feet that are out of reach [B, 1, 3]."""
        leg = ankle - hip
        length = _length(leg)
        share = np.maximum(length - self._reach, 0.0) * held / np.maximum(length, _TIE)
        # The mean over the legs that are too short.
        pulls = np.maximum((share > 0.0).sum(axis=1, keepdims=True, dtype=np.float32), 1.0)
        return (share * leg).sum(axis=1, keepdims=True) / pulls

    def _bend(
        self, hip: np.ndarray, knee: np.ndarray, ankle: np.ndarray, foot: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the knees and ankles [B, F, 3] of legs that reach for `ankle`."""
        leg = ankle - hip
        length = _length(leg)
        along = leg / np.maximum(length, _TIE)
        reach = np.maximum(np.minimum(length, self._reach), self._least_reach)
        # The knee bends in the model's direction; that of a straight leg bends to the toes.
        lean = knee - hip + np.float32(_TIE) * (foot[..., 0, :] - foot[..., 2, :])
        lean = lean - (lean * along).sum(-1, keepdims=True) * along
        lean = lean / np.maximum(_length(lean), 1e-12)
        # The knee by the law of cosines: how far it is along the leg and how far beside it.
        distance = (self._difference + reach * reach) / (2.0 * reach)
        height = np.sqrt(np.maximum(self._thigh_squared - distance * distance, 0.0))
        return hip + distance * along + height * lean, hip + reach * along


def _legs_of(skeleton: Skeleton) -> np.ndarray:
    """Return the keypoints of each foot's leg [F, 6], none for a body seen from the front.

    A foot is a rigid group near the ground that hangs on a thigh and a shin.
    """
    parents, legs = skeleton.parents, []
    for group in skeleton.rigid if skeleton.dims == 3 else ():
        knee = parents[group.anchor]
        near = skeleton.rest[list(group.members), -1].min() < _GROUND
        if near and knee >= 0 and parents[knee] >= 0 and len(group.members) == 3:
            from_toes = sorted(group.members, key=lambda i: -skeleton.rest[i, 0])
            legs.append([*from_toes, group.anchor, knee, parents[knee]])
    return np.array(legs, dtype=np.intp).reshape(-1, 6)


def _length(vectors: np.ndarray) -> np.ndarray:
    """Return the lengths [..., 1] of vectors [..., D]."""
    return np.sqrt((vectors * vectors).sum(-1, keepdims=True))


def _share(margin: np.ndarray, whole: float) -> np.ndarray:
    """Return a margin as a share of the whole one, clipped to 0 to 1."""
    return np.minimum(np.maximum(margin / whole, 0.0), 1.0)
