# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Projection of keypoints onto the body, as a few matrix products: differentiable and batched.

Every bone's direction and every rigid group's axes are linear in the keypoints; the projected
keypoints are linear in the normalised directions and axes. So there is no loop over the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
import torch.nn.functional as F

if TYPE_CHECKING:
    from emotion_motion.skeleton import Skeleton

__all__ = ['BodyProjection']

# Added to each direction along the rest pose's: a bone or an axis of no length takes that of the
# rest pose, any other keeps its own to float precision.
_TIE = 1e-8


class BodyProjection:
    """Callable that maps keypoints [..., K, 3] onto the body of a skeleton (height 1)."""

    def __init__(self, skeleton: Skeleton) -> None:
        """Precompute the matrices for `skeleton` with R rigid groups."""
        self._size, self._root = skeleton.size, skeleton.root
        self._groups = len(skeleton.rigid)
        self._matrices = _matrices(skeleton)
        self._by_place: dict[tuple[torch.dtype, torch.device], tuple[Tensor, ...]] = {}

    def __call__(self, keypoints: Tensor) -> Tensor:
        """Project `keypoints` [..., K, 3]; same shape, dtype and device."""
        measure, tie, left_tie, place = self._on(keypoints)
        # Bones, then the groups' forward axes, then their up axes: [..., K + 2R, 3], length 1.
        directions = F.normalize(torch.matmul(measure, keypoints) + tie, dim=-1, eps=1e-30)
        axes = directions[..., self._size :, :]
        forward, up = axes[..., : self._groups, :], axes[..., self._groups :, :]
        left = F.normalize(torch.linalg.cross(up, forward) + left_tie, dim=-1, eps=1e-30)
        up = torch.linalg.cross(forward, left)
        bones_and_forward = directions[..., : self._size + self._groups, :]
        parts = torch.cat((bones_and_forward, left, up), dim=-2)  # [..., K + 3R, 3]
        return torch.matmul(place, parts) + keypoints[..., self._root : self._root + 1, :]

    def _on(self, keypoints: Tensor) -> tuple[Tensor, ...]:
        key = (keypoints.dtype, keypoints.device)
        if key not in self._by_place:
            # Tensors made in inference mode could never take part in a gradient later.
            with torch.inference_mode(False):
                self._by_place[key] = tuple(
                    torch.as_tensor(matrix, dtype=key[0], device=key[1])
                    for matrix in self._matrices
                )
        return self._by_place[key]


def _matrices(skeleton: Skeleton) -> tuple[np.ndarray, ...]:
    """Return measure [K+2R, K], tie [K+2R, 3], left_tie [3] and place [K, K+3R]."""
    size, groups = skeleton.size, len(skeleton.rigid)
    measure = np.zeros((size + 2 * groups, size))
    length = np.zeros(size)
    for parent, child in skeleton.edges:
        measure[child, [child, parent]] = 1.0, -1.0
        length[child] = skeleton.bone_lengths[child]
    for first, second in skeleton.bars:
        measure[[first, second]] = 0.0
        measure[first, [first, second]] = 1.0, -1.0
        measure[second, [second, first]] = 1.0, -1.0
    path = np.zeros((size, size))  # path[k, j] = 1 where bone j lies between k and the root
    for child in range(size):
        path[child, skeleton.path(child)] = 1.0
    place = np.zeros((size, size + 3 * groups))
    for number, group in enumerate(skeleton.rigid):
        members = list(group.members)
        offsets = skeleton.rest[members] - skeleton.rest[group.anchor]  # [n, 3]
        # The best affine fit: its rows give the images of the rest pose's axes.
        fit = np.linalg.pinv(offsets)  # [3, n]
        for row, axis in ((size + number, 0), (size + groups + number, 2)):
            measure[row, members] = fit[axis]
            measure[row, group.anchor] -= fit[axis].sum()
        length[members] = 0.0
        path[members] = path[group.anchor]  # they hang on the anchor, however they are drawn
        for axis in range(3):
            place[members, size + axis * groups + number] = offsets[:, axis]
    place[:, :size] = path * length
    tie = measure @ skeleton.rest
    norm = np.linalg.norm(tie, axis=1, keepdims=True)
    tie = _TIE * np.divide(tie, norm, out=np.zeros_like(tie), where=norm > 0)
    return measure, tie, _TIE * np.array([0.0, 1.0, 0.0]), place
