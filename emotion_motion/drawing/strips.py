# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips: motion as a row of stick figures in one picture. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.drawing.figure import (
    check_keypoints,
    draw_body,
    draw_ground,
    draw_trails,
    EMOTION_COLOURS,
    new_figure,
    PAPER,
    seen,
    TEXT,
)
from emotion_motion.exceptions import ConfigError

_SPACING = 0.68  # body heights from figure to figure
_GHOSTS = 2  # pale figures between two figures, which show the motion
_TRAIL_S = 0.4  # length of the lines that the wrists draw behind them


def film_strips(
    motions: Mapping[str, np.ndarray],
    skeleton: Skeleton,
    path: str | Path,
    *,
    every_s: float = 0.4,
    rate_hz: float = 30.0,
    title: str = '',
    dpi: int = 150,
    width_in: float = 13.0,
) -> Path:
    """Draw several motions, a row each, with the name of each at its left; returns the path.

    Args:
        motions: name (of an emotion, or any text) -> keypoints [T, K, D]; metres or body heights.
        skeleton: names, edges and groups of the keypoints.
        path: picture to write; its ending is the format.
        every_s: seconds from one figure to the next.
        rate_hz: frames per second.
        title: text above all rows.
        dpi: dots per inch.
        width_in: width of the picture in inches.

    Raises:
        SkeletonError: the keypoints are not those of the skeleton.
        ConfigError: an option is out of its range, there is no motion, or matplotlib is missing.
    """
    if not motions:
        raise ConfigError('got no motion to draw; expected at least one')
    for name, points in motions.items():
        check_keypoints(points, skeleton, name)
    for option, value in (('every_s', every_s), ('rate_hz', rate_hz)):
        if not 0.0 < value < float('inf'):
            raise ConfigError(f'got {option} = {value}; expected a number above 0')
    step = max(1, round(every_s * rate_hz))
    count = min(1 + (len(points) - 1) // step for points in motions.values())
    trail = round(_TRAIL_S * rate_hz)
    figure, axes = _pages(list(motions), count, width_in, bool(title))
    for axis, (name, points) in zip(axes, motions.items(), strict=True):
        _draw_row(axis, points[: 1 + (count - 1) * step], step, skeleton, trail)
        _draw_label(axis, name)
    for number in range(count):
        axes[-1].annotate(
            f'{number * step / rate_hz:.1f} s',
            (number * _SPACING, -0.085),
            ha='center',
            va='top',
            fontsize=7.5,
            color='#8a9099',
            annotation_clip=False,
        )
    if title:
        figure.suptitle(title, fontsize=13, color=TEXT, y=1.0 - 0.14 / figure.get_figheight())
    path = Path(path)
    figure.savefig(path, dpi=dpi, facecolor=PAPER)
    return path


def _pages(names: list[str], count: int, width_in: float, titled: bool) -> tuple[Any, list[Any]]:
    """Return a figure and one axis per row, all with the same scale and a common ground."""
    rows, (low, high) = len(names), (-0.06, 1.20)
    text_in = min(0.115 * max(map(len, names)), 0.4 * width_in)
    wide = ((count - 1) * _SPACING + 1.0) * width_in / (width_in - text_in)
    label = wide * text_in / width_in
    scale = width_in / wide
    top, bottom = (0.42 if titled else 0.05), 0.22
    height = rows * (high - low) * scale + top + bottom
    figure, _ = new_figure(width_in, height)
    axes = []
    for row in range(rows):
        share = (high - low) * scale / height
        axis = figure.add_axes((0.0, 1.0 - top / height - (row + 1) * share, 1.0, share))
        axis.set_xlim(-0.5 - label, -0.5 - label + wide)
        axis.set_ylim(low, high)
        axis.set_axis_off()
        axes.append(axis)
    return figure, axes


def _draw_label(axis: Any, name: str) -> None:
    if not name:
        return
    left = axis.get_xlim()[0]
    axis.text(
        left + 0.1,
        0.52,
        name,
        fontsize=13,
        fontweight='bold',
        va='center',
        ha='left',
        color=EMOTION_COLOURS.get(name, TEXT),
    )


def _draw_row(axis: Any, points: np.ndarray, step: int, skeleton: Skeleton, trail: int) -> None:
    flat, depth = seen(points, skeleton)
    places = np.arange(0, len(points), step)
    end = (len(places) - 1) * _SPACING
    draw_ground(axis, -0.42, end + 0.42)
    scale = axis.figure.get_figwidth() / np.ptp(axis.get_xlim())  # inches per body height
    for number, frame in enumerate(places):
        shift = np.array([number * _SPACING, 0.0])
        layer = 10.0 * (number + 1)
        for ghost in range(_GHOSTS):
            before = frame - round(step * (_GHOSTS - ghost) / (_GHOSTS + 1))
            if before >= 0:
                place, pale = flat[before] + shift, 0.07 + 0.07 * ghost
                draw_body(axis, place, depth[before], skeleton, scale, layer - 2 + ghost, pale)
        draw_trails(axis, flat[max(0, frame - trail) : frame + 1] + shift, skeleton, layer)
        draw_body(axis, flat[frame] + shift, depth[frame], skeleton, scale, layer + 1, 1.0)
