# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Plans stay near to poses that bodies take.

A plan is drawn from where the body is, and the body goes where the plan is. What is a little wrong
with one adds up with the other: within a minute a live loop plans poses that nobody takes, and
gets there. A model therefore keeps some hundred training poses of each emotion, and how far other
training poses of that emotion are from them (its reach). A plan that goes further is drawn back
along the straight line to the nearest of them. Between known poses, and around them, it stays what
it was. Shapes as in `emotion_motion.plan`; M poses of each emotion, E emotions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from emotion_motion.model import MotionModel

__all__ = ['PlanLeash', 'plan_space']

# Of a mixture of emotions the poses of the two strongest count, where the second has this share.
_STRONGEST, _LEAST_SHARE = 2, 0.1
_EXACTLY = 'donot_use_mm_for_euclid_dist'


def plan_space(model: MotionModel) -> Tensor:
    """Return what turns principal components into a space [Z, Z] of Euclidean distances.

    They are root mean squares over keypoints, in body heights, of what the components say of a
    pose.
    """
    rise = model.plan_rise()
    return torch.linalg.cholesky(rise @ rise.T / model.config.keypoints)


class PlanLeash:
    """Holds plans near to a model's known poses, by the distances of `plan_space`."""

    def __init__(self, model: MotionModel) -> None:
        """Take the known poses and the principal components of a model."""
        self._to = plan_space(model)  # [Z, Z]
        self._known, self._reach = model.plan_known, model.plan_reach
        self._known_at = self._known @ self._to  # [E, M, Z]
        self._norms = self._known_at.square().sum(-1)  # [E, M]

    def between(self, plans: Tensor, poses: Tensor) -> Tensor:
        """Return distances [..., N, M] of plans [..., N, Z] and poses [..., M, Z]."""
        to = self._to.to(plans.device)
        return torch.cdist(plans @ to, poses @ to, compute_mode=_EXACTLY)

    def __call__(self, plans: Tensor, emotion: Tensor, length: float | Tensor) -> Tensor:
        """Draw plans back that go too far.

        Args:
            plans: [B, N, Z].
            emotion: what is requested [B, E].
            length: of the leash, as a multiple of each emotion's reach; 0: there is none.

        Returns:
            [B, N, Z].
        """
        share, which = emotion.topk(min(_STRONGEST, emotion.shape[-1]), dim=-1)  # [B, S]
        far, nearest = self._nearest(plans, which)  # [B, S, N]
        # How much too far it is, from the poses of each of the emotions; the least counts. Far
        # beyond any number where there is no leash.
        length = torch.where(torch.as_tensor(length) > 0.0, length, torch.inf)
        excess = far / (length * self._reach[which]).unsqueeze(-1)
        # The strongest has at least a share of 1 / E, and counts in any case.
        counts = (share >= _LEAST_SHARE).unsqueeze(-1)
        excess, strongest = torch.where(counts, excess, torch.inf).min(dim=1)  # [B, N]
        emotions = which.gather(1, strongest)
        pose = nearest.gather(1, strongest.unsqueeze(1)).squeeze(1)
        known = self._known[emotions, pose]  # [B, N, Z]
        excess = excess.unsqueeze(-1)
        return torch.where(excess > 1.0, known + (plans - known) / excess, plans)

    def _nearest(self, plans: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        """Return distance and index [B, S, N] of the known pose nearest to plans [B, N, Z].

        Args:
            plans: [B, N, Z].
            which: emotions [B, S] whose poses count.
        """
        at = (plans @ self._to).unsqueeze(1)  # [B, 1, N, Z]
        poses = self._known_at[which].flatten(0, 1)  # [B * S, M, Z]
        norms = self._norms[which].flatten(0, 1).unsqueeze(1)  # [B * S, 1, M]
        many = at.expand(-1, which.shape[1], -1, -1).flatten(0, 1)
        # |a - b|^2 less |a|^2, which does not change which pose is nearest.
        less, nearest = torch.baddbmm(norms, many, poses.mT, alpha=-2.0).min(dim=-1)
        far = (less.view(*which.shape, -1) + at.square().sum(-1)).clamp_min(0.0).sqrt()
        return far, nearest.view(far.shape)
