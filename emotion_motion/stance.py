# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Feet that stand: a body projected from the hip drags its feet, so a standing foot is held.

The projection keeps bone lengths from the mid-hip outwards, so that every small error of the hip
is an error of both feet: they glide. What is published therefore stands: a foot that is low and
hardly moves stays where it was, and its leg reaches for it with the knee bent as the model meant
it. A foot that is lifted, or moves as fast as in a step, is left to the model. The model itself is
fed its own feet: with held ones it sees no sign of a pelvis that turns away, and lets it turn
(docs/live_loop.md).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
import torch.nn.functional as F

from emotion_motion.skeleton import Skeleton
from emotion_motion.tracing import as_traced

__all__ = ['Stance', 'StanceAnchor']

# Speeds of a foot [body heights a second]: up to the first it stands, from the second on it steps,
# and between the two it is held in part. A standing foot of the corpus moves below 0.03, a step
# faster than 0.4; the model's errors lie between 0.01 and 0.1.
_STANDS, _STEPS = 0.35, 0.8
# How far from where the model has it a foot is held [body heights]; between the two in part.
_NEAR, _FAR = 0.016, 0.04
# Heights of a foot's lowest keypoint above where it stands at rest [body heights].
_LOW, _LIFTED = 0.012, 0.03
_SETTLES = 0.15  # share of its height over the ground that a standing foot loses a frame
_STRETCH = 0.9995  # of the leg's length: a straight leg has no knee direction
_GROUND = 0.03  # a rigid group that comes as near to the ground in the rest pose is a foot
_TIE = 1e-6
_CHANGE_S = 0.5  # from feet that are free to feet that are held: no jump


class Stance:
    """Lets the bodies of live streams stand; remembers the frame before."""

    def __init__(
        self, skeleton: Skeleton, rate_hz: float, rest: np.ndarray, batch_size: int
    ) -> None:
        """Prepare frames of `batch_size` streams that begin in a pose [K, D] of height 1."""
        self._anchor = StanceAnchor(skeleton, rate_hz)
        self._rest = torch.from_numpy(rest).float().repeat(batch_size, 1, 1)
        self._change = 1.0 / (_CHANGE_S * rate_hz)
        share = torch.ones(())
        self._hold = as_traced(self._anchor, (self._rest, self._rest, self._rest, share))
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next frame follows the rest pose."""
        self._meant = self._stood = self._rest
        self._share: float | None = None

    def __call__(self, bodies: np.ndarray, share: float) -> np.ndarray:
        """Return the next bodies [B, K, D] of height 1 as they stand.

        Args:
            bodies: what the model means.
            share: how far standing feet are held, 0 to 1; it is reached within half a second.
        """
        if self._share is None:
            self._share = share
        self._share += min(max(share - self._share, -self._change), self._change)
        meant = torch.from_numpy(bodies)
        stood = meant
        if self._anchor.feet and self._share > 0.0:
            stood = self._hold(meant, self._meant, self._stood, torch.tensor(self._share))
        self._meant, self._stood = meant, stood
        return stood.numpy()


class StanceAnchor:
    """Callable that holds the standing feet of bodies [B, K, 3] of height 1."""

    def __init__(self, skeleton: Skeleton, rate_hz: float) -> None:
        """Find the feet: rigid groups near the ground that hang on a thigh and a shin."""
        self._skeleton, self._rate_hz = skeleton, rate_hz
        feet = [] if skeleton.dims == 2 else [
            (group.anchor, sorted(group.members, key=lambda i: -skeleton.rest[i, 0]))
            for group in skeleton.rigid
            if skeleton.rest[list(group.members), 2].min() < _GROUND
            and skeleton.parents[group.anchor] >= 0
            and skeleton.parents[skeleton.parents[group.anchor]] >= 0
            and len(group.members) == 3
        ]  # fmt: skip
        self._ankles = [ankle for ankle, _ in feet]
        self._members = [members for _, members in feet]  # from the toes to the heel
        self._knees = [skeleton.parents[ankle] for ankle in self._ankles]
        self._hips = [skeleton.parents[knee] for knee in self._knees]
        lengths = skeleton.bone_lengths
        self._thigh = torch.tensor([float(lengths[knee]) for knee in self._knees])
        self._shin = torch.tensor([float(lengths[ankle]) for ankle in self._ankles])
        rest = torch.from_numpy(skeleton.rest).float()
        self._sole = rest[self._members, 2].amin(dim=-1) if feet else torch.zeros(0)

    @property
    def feet(self) -> int:
        """Number of feet found."""
        return len(self._ankles)

    def __call__(self, body: Tensor, before: Tensor, last: Tensor, share: Tensor) -> Tensor:
        """Hold the feet of `body` that stood in `last` and hardly move.

        Args:
            body: what the model means [B, K, 3], on the body, height 1, ground at z = 0.
            before: what it meant in the frame before [B, K, 3].
            last: the frame before as it stood [B, K, 3].
            share: how far standing feet are held [], 0 to 1.

        Returns:
            The same shape. The upper body moves along by what a held leg cannot reach.
        """
        return self.hold(body, last, share * self.held(body, before, last))

    def hold(self, body: Tensor, feet: Tensor, held: Tensor) -> Tensor:
        """Put the feet of `body` where they are in `feet`, by the legs' joints.

        Args:
            body: [B, K, 3], on the body, height 1, ground at z = 0.
            feet: bodies [B, K, 3] whose feet are taken.
            held: [B, F, 1], how far each foot is: 0 leaves it as it is in `body`.
        """
        if not self._ankles:
            return body
        sole = self._sole.to(body)
        foot = torch.lerp(body[:, self._members], feet[:, self._members], held.unsqueeze(-1))
        ankle = torch.lerp(body[:, self._ankles], feet[:, self._ankles], held)  # [B, F, 3]
        drop = self._drop(foot, held, sole)
        foot = foot - drop.unsqueeze(-2)
        ankle = ankle - drop
        hip = body[:, self._hips]
        shift = self._pull(hip, ankle, held)
        body = body + shift
        hip, foot_knee = hip + shift, body[:, self._knees]
        knee, ankle_reached = self._legs(hip, foot_knee, ankle, foot)
        foot = foot + (ankle_reached - ankle).unsqueeze(-2)
        parts = body.clone()
        parts[:, self._knees] = knee
        parts[:, self._ankles] = ankle_reached
        for number, members in enumerate(self._members):
            parts[:, members] = foot[:, number]
        return self._skeleton.project(parts)

    def held(self, body: Tensor, before: Tensor, last: Tensor) -> Tensor:
        """Return how far each foot of bodies [B, K, 3] stands, [B, F, 1]: 1 does, 0 is free."""
        if not self._ankles:
            return body.new_zeros(len(body), 0, 1)
        now, was, stood = (part[:, self._members].mean(dim=-2) for part in (body, before, last))
        speed = torch.linalg.vector_norm(now - was, dim=-1) * self._rate_hz
        away = torch.linalg.vector_norm((now - stood)[..., :2], dim=-1)
        height = body[:, self._members, 2].amin(dim=-1) - self._sole.to(body)
        slow = ((_STEPS - speed) / (_STEPS - _STANDS)).clamp(0.0, 1.0)
        near = ((_FAR - away) / (_FAR - _NEAR)).clamp(0.0, 1.0)
        low = ((_LIFTED - height) / (_LIFTED - _LOW)).clamp(0.0, 1.0)
        return (slow * near * low).unsqueeze(-1)

    @staticmethod
    def _drop(foot: Tensor, held: Tensor, sole: Tensor) -> Tensor:
        """Return how far each foot goes down [B, F, 3]: held ones settle, none sinks in."""
        height = (foot[..., 2].amin(dim=-1) - sole).unsqueeze(-1)
        down = torch.where(height < 0.0, height, _SETTLES * held * height)
        return F.pad(down, (2, 0))

    def _pull(self, hip: Tensor, ankle: Tensor, held: Tensor) -> Tensor:
        """Return by how much the body follows its held feet [B, 1, 3]."""
        reach = (self._thigh + self._shin).to(hip).unsqueeze(-1) * _STRETCH
        way = ankle - hip
        length = torch.linalg.vector_norm(way, dim=-1, keepdim=True)
        beyond = (length - reach).clamp_min(0.0) * way / length.clamp_min(_TIE) * held
        # Pulls add up where they agree; of two in one direction the longer one counts.
        return beyond.sum(dim=1, keepdim=True) / (beyond.abs().gt(0.0).any(-1).sum(
            dim=1
        ).clamp_min(1).view(-1, 1, 1))  # fmt: skip

    def _legs(
        self, hip: Tensor, knee: Tensor, ankle: Tensor, foot: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the knees and ankles [B, F, 3] of legs that reach for `ankle`."""
        thigh, shin = (part.to(hip).unsqueeze(-1) for part in (self._thigh, self._shin))
        way = ankle - hip
        length = torch.linalg.vector_norm(way, dim=-1, keepdim=True)
        along = way / length.clamp_min(_TIE)
        reach = torch.minimum(length, (thigh + shin) * _STRETCH)
        reach = torch.maximum(reach, (thigh - shin).abs() + _TIE)
        # The knee leans as the model meant it; a straight leg's leans as the foot points.
        forward = foot[..., 0, :] - foot[..., -1, :]
        lean = knee - hip + _TIE * forward
        lean = lean - (lean * along).sum(dim=-1, keepdim=True) * along
        lean = F.normalize(lean, dim=-1, eps=1e-12)
        share = (thigh.square() - shin.square() + reach.square()) / (2.0 * reach)
        height = (thigh.square() - share.square()).clamp_min(0.0).sqrt()
        return hip + share * along + height * lean, hip + reach * along
