# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The first frame of a clip as a picture: the body as read, not yet prepared. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.drawing import film_strips
from emotion_motion.drawing.figure import keypoint_colour, new_figure, TEXT
from emotion_motion.files import storage_errors
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.canonical import completed
from emotion_motion.training.data.geometry import facing, turned

__all__ = ['draw_first_frame']

_WIDTH_IN = 4.0


def draw_first_frame(clip: Clip, path: Path, title: str = '') -> None:
    """Draw the first frame: a body in 3D turned to the camera, a body in 2D as in its picture."""
    skeleton = load_skeleton(clip.skeleton)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if clip.dims == 3:
            motions = {'': _toward_camera(clip, skeleton)}
            film_strips(motions, skeleton, path, title=title, width_in=_WIDTH_IN)
        else:
            _draw_picture(clip, skeleton, path, title)


def _toward_camera(clip: Clip, skeleton: Skeleton) -> np.ndarray:
    """Return the first frame [1, K, 3] over the origin, facing +x."""
    points = clip.keypoints[:1].astype(np.float64)
    points = completed(points, clip.confidence[:1], skeleton)
    points[..., :2] -= points[:, skeleton.root, :2]
    points[..., 2] -= points[..., 2].min()
    return turned(points, -facing(points, skeleton))


def _draw_picture(clip: Clip, skeleton: Skeleton, path: Path, title: str) -> None:
    """Draw what was seen of the first frame; pale where it is unsure."""
    figure, _ = new_figure(_WIDTH_IN, 1.25 * _WIDTH_IN)
    figure.set_layout_engine('constrained')
    axis = figure.add_subplot()
    points, sure = clip.keypoints[0], clip.confidence[0]
    for bone in skeleton.edges:
        alpha, colour = float(sure[list(bone)].min()), keypoint_colour(skeleton, bone[1])
        if alpha > 0.0:
            axis.plot(*points[list(bone)].T, '-', lw=2.5, alpha=alpha, color=colour)
    for keypoint in np.flatnonzero(sure > 0.0):
        alpha, colour = float(sure[keypoint]), keypoint_colour(skeleton, int(keypoint))
        axis.plot(*points[keypoint], 'o', ms=4, alpha=alpha, color=colour)
    unit, across, up = 'pixels', 'x', 'y, down'
    if clip.prepared:
        unit, across, up = 'body heights', 'y, to the left', 'z, up'
    else:
        axis.invert_yaxis()
    axis.set_aspect('equal', adjustable='datalim')
    axis.set_xlabel(f'{across} [{unit}]', fontsize=8)
    axis.set_ylabel(f'{up} [{unit}]', fontsize=8)
    axis.tick_params(labelsize=7)
    missing = int((sure <= 0.0).sum())
    text = f'{title}\n{missing} of {skeleton.size} keypoints not seen'.strip()
    axis.set_title(text, fontsize=9, color=TEXT)
    figure.savefig(path, dpi=150)
