# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Preparing a clip: the model's rate, the canonical body, facing +x, standing over the origin."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.canonical import completed, onto_body, standing_height
from emotion_motion.training.data.resample import bridged, facing, in_place, resample_clip, turned

__all__ = ['prepare', 'Travel']

Travel = Literal['remove', 'keep']


def prepare(
    clip: Clip, skeleton: Skeleton, *, rate_hz: float = 30.0, travel: Travel = 'remove'
) -> Clip:
    """Normalise a clip.

    In 3D the body becomes `skeleton`'s, so that `skeleton.project` gives the same, faces +x and
    stands over the origin on average, feet on the ground. In 2D the axes become (y left, z up)
    and the unit the body's height, by the length of the trunk; nothing is projected. Gaps in time
    are bridged and keypoints that the source lacks put where the rest pose has them; both keep
    confidence 0.

    Args:
        clip: as a reader gives it.
        skeleton: the canonical body; its `flat()` form for clips of D = 2.
        rate_hz: frames a second of the result.
        travel: 'remove' takes a path farther than 0.3 body heights and the turns along it out, so
            that a walk stays in place; small sway stays. 'keep' leaves the path. A clip that is
            prepared already is left where it is.

    Returns:
        A new clip with `prepared` set; the emotions go along.

    Raises:
        TrainingError: the clip's keypoints are not the skeleton's, the body has no size, or the
            rate or `travel` is none.
    """
    if clip.keypoints.shape[1:] != skeleton.rest.shape:
        raise TrainingError(
            f'got a clip with keypoints {list(clip.keypoints.shape[1:])}; the skeleton '
            f'{skeleton.name!r} has {list(skeleton.rest.shape)}'
        )
    if travel not in ('remove', 'keep'):
        raise TrainingError(f"got travel = {travel!r}; expected 'remove' or 'keep'")
    prepared = clip.prepared
    clip = resample_clip(clip, rate_hz)
    if prepared:  # only the rate may differ, which bends bones a little
        return dataclasses.replace(clip, keypoints=skeleton.project(clip.keypoints))
    place = _in_space if clip.dims == 3 else _in_picture
    points = place(clip, skeleton, travel == 'remove')
    return dataclasses.replace(
        clip, keypoints=points, skeleton=skeleton.name, rate_hz=rate_hz, prepared=True
    )


def _in_space(clip: Clip, skeleton: Skeleton, remove: bool) -> np.ndarray:
    points = completed(bridged(clip.keypoints, clip.confidence), clip.confidence, skeleton)
    points = onto_body(points, skeleton)  # feet on the ground
    if remove:
        points = in_place(points, skeleton, clip.rate_hz)
    points = turned(points, -_mean_angle(facing(points, skeleton)))
    points[..., :2] -= points[:, skeleton.root, :2].mean(axis=0)
    return points


def _in_picture(clip: Clip, skeleton: Skeleton, remove: bool) -> np.ndarray:
    """Turn pixels, x right and y down, into body heights, y left and z up.

    Who faces the camera has their left at the picture's right.
    """
    seen = clip.confidence > 0.0
    neck, hip = skeleton.index('Neck'), skeleton.root
    sure = seen[:, neck] & seen[:, hip]
    points = bridged(clip.keypoints, clip.confidence) * [1.0, -1.0]
    trunk = np.linalg.norm(points[:, neck] - points[:, hip], axis=-1)
    length = float(np.median(trunk[sure])) if sure.any() else 0.0
    if not length > 1e-3:
        raise TrainingError(
            'got a clip without a trunk: neck and mid-hip are never seen together; leave it out'
        )
    points = points * (float(np.linalg.norm(skeleton.rest[neck] - skeleton.rest[hip])) / length)
    if remove:
        points = in_place(points, skeleton, clip.rate_hz)
    points[..., 0] -= points[:, hip, 0].mean()
    never = ~seen.any(axis=0)
    ankles = [skeleton.index('LAnkle'), skeleton.index('RAnkle')]
    standing = seen[:, ankles].all(axis=1)
    if standing.mean() > 0.5:
        low = standing_height(points[standing][:, ankles])
        points[..., 1] += skeleton.rest[ankles[0], 1] - low
    else:  # legs out of the picture: the hips tell the height
        points[..., 1] += skeleton.rest[hip, 1] - float(np.median(points[:, hip, 1]))
    # What was never seen goes along with the hips, where it is in the rest pose.
    points[:, never] = points[:, hip, None] + skeleton.rest[never] - skeleton.rest[hip]
    return points


def _mean_angle(angles: np.ndarray) -> float:
    return float(np.angle(np.exp(1j * angles).sum()))
