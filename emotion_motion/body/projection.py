# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Projection of keypoints onto the body, as a few matrix products: differentiable and batched.

Every bone's direction and every rigid group's axes are linear in the keypoints; the projected
keypoints are linear in the normalised directions and axes. So there is no loop over the tree.
"""

from __future__ import annotations

from typing import Any, TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from emotion_motion.body.skeleton import Skeleton

__all__ = ['BodyProjection']

# Added to each direction along the rest pose's: a bone or an axis of no length takes that of the
# rest pose, any other keeps its own to float precision.
_TIE = 1e-8
_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])  # of a cross product's coordinates


class BodyProjection:
    """Callable that maps keypoints [..., K, 3] onto the body of a skeleton (height 1)."""

    def __init__(self, skeleton: Skeleton) -> None:
        """Precompute the matrices for `skeleton` with R rigid groups."""
        self._size, self._root = skeleton.size, skeleton.root
        self._groups = len(skeleton.rigid)
        self._matrices = _matrices(skeleton)
        self._by_place: dict[Any, tuple[Any, ...]] = {}

    def __call__(self, keypoints: Any) -> Any:
        """Project `keypoints` [..., K, 3], array or tensor; same type, shape, dtype and device."""
        measure, tie, left_tie, place = self._for(keypoints)
        # Bones, then the groups' forward axes, then their up axes: [..., K + 2R, 3], length 1.
        directions = _unit(measure @ keypoints + tie)
        up_starts = self._size + self._groups
        bones = directions[..., : self._size, :]
        forward, up = directions[..., self._size : up_starts, :], directions[..., up_starts:, :]
        left = _unit(_cross(up, forward) + left_tie)
        up = _cross(forward, left)
        parts = _joined(bones, forward, left, up)  # [..., K + 3R, 3]
        return place @ parts + keypoints[..., self._root : self._root + 1, :]

    def _for(self, keypoints: Any) -> tuple[Any, ...]:
        """Return the matrices in the type, dtype and device of `keypoints`."""
        key = (keypoints.dtype, getattr(keypoints, 'device', None), type(keypoints))
        if key not in self._by_place:
            matrices: list[Any]
            if isinstance(keypoints, np.ndarray):
                matrices = [matrix.astype(keypoints.dtype) for matrix in self._matrices]
            else:
                # Tensors made in inference mode could never take part in a gradient later.
                with torch.inference_mode(False):
                    matrices = [
                        torch.as_tensor(matrix, dtype=keypoints.dtype, device=keypoints.device)
                        for matrix in self._matrices
                    ]
            self._by_place[key] = tuple(matrices)
        return self._by_place[key]


# The same for arrays, where a live loop would wait for torch to be called, and for tensors.


def _unit(vectors: Any) -> Any:
    """Return vectors [..., 3] made length 1; no length stays none."""
    if isinstance(vectors, np.ndarray):
        return vectors / (np.sqrt((vectors * vectors).sum(-1, keepdims=True)) + 1e-30)
    return F.normalize(vectors, dim=-1, eps=1e-30)


def _cross(first: Any, second: Any) -> Any:
    if isinstance(first, np.ndarray):
        return first.take(_NEXT, -1) * second.take(_AFTER, -1) - (
            first.take(_AFTER, -1) * second.take(_NEXT, -1)
        )
    return torch.linalg.cross(first, second)


def _joined(*parts: Any) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts, axis=-2)
    return torch.cat(parts, dim=-2)


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
