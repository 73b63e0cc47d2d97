# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips: motion as a row of stick figures in one picture. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.drawing.figure import (
    check_keypoints,
    draw_body,
    draw_trails,
    EMOTION_COLOURS,
    GROUND,
    new_figure,
    PAPER,
    seen,
    TEXT,
    unit_height,
)
from emotion_motion.exceptions import ConfigError

__all__ = ['film_strip', 'film_strips']


@dataclass(frozen=True)
class _Look:
    """How a strip is drawn: turn of the camera, distance of figures, ghosts, trails."""

    azimuth_deg: float
    spacing: float
    ghosts: int
    trail: int


def film_strip(
    keypoints: np.ndarray,
    skeleton: Skeleton,
    path: str | Path,
    *,
    every_s: float = 0.4,
    rate_hz: float = 30.0,
    title: str = '',
    **look: Any,
) -> Path:
    """Draw one motion as a row of figures, time running to the right.

    Args:
        keypoints: [T, K, D], metres or body heights.
        skeleton: names, edges and groups of the keypoints.
        path: picture to write; the ending tells the format (.png, .svg, .pdf).
        every_s: seconds from one figure to the next.
        rate_hz: frames per second of `keypoints`.
        title: text above the strip.
        look: the options of `film_strips`: azimuth_deg, ghosts, trail_s, dpi, width_in.

    Returns:
        The path.

    Raises:
        SkeletonError: the keypoints are not those of the skeleton.
        ConfigError: an option is out of its range, or matplotlib is missing.
    """
    return film_strips(
        {'': keypoints}, skeleton, path, every_s=every_s, rate_hz=rate_hz, title=title, **look
    )


def film_strips(
    motions: Mapping[str, np.ndarray],
    skeleton: Skeleton,
    path: str | Path,
    *,
    every_s: float = 0.4,
    rate_hz: float = 30.0,
    title: str = '',
    azimuth_deg: float = 38.0,
    ghosts: int = 2,
    trail_s: float = 0.4,
    dpi: int = 150,
    width_in: float = 13.0,
) -> Path:
    """Draw several motions, one row each, with the name of each at its left.

    Args:
        motions: name (of an emotion, or any text) -> keypoints [T, K, D]; metres or body heights.
        skeleton: names, edges and groups of the keypoints.
        path: picture to write; the ending tells the format.
        every_s: seconds from one figure to the next.
        rate_hz: frames per second.
        title: text above all rows.
        azimuth_deg: the camera's turn; 0 looks into the face, 90 at the left side. A body seen
            from the front (D = 2) is drawn from there.
        ghosts: pale figures between two figures, which show the way.
        trail_s: length of the lines that the wrists draw behind them, 0 for none.
        dpi: dots per inch.
        width_in: width of the picture in inches.

    Returns:
        The path.

    Raises:
        SkeletonError: the keypoints are not those of the skeleton.
        ConfigError: an option is out of its range, there is no motion, or matplotlib is missing.
    """
    _check(motions, skeleton, every_s, rate_hz, ghosts, trail_s)
    if skeleton.dims == 2:
        azimuth_deg = 0.0  # what was seen from the front is drawn so
    rows = {
        name: skeleton.in_space(unit_height(np.asarray(motion, float), skeleton))
        for name, motion in motions.items()
    }
    step = max(1, round(every_s * rate_hz))
    count = min(1 + (len(points) - 1) // step for points in rows.values())
    look = _Look(azimuth_deg, 0.68, ghosts, round(trail_s * rate_hz))
    figure, axes = _pages(list(rows), count, look.spacing, width_in, bool(title))
    for axis, (name, points) in zip(axes, rows.items(), strict=True):
        _draw_row(axis, points[: 1 + (count - 1) * step], step, skeleton, look)
        _draw_label(axis, name)
    for number in range(count):
        axes[-1].annotate(
            f'{number * step / rate_hz:.1f} s',
            (number * look.spacing, -0.085),
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


def _check(
    motions: Mapping[str, np.ndarray],
    skeleton: Skeleton,
    every_s: float,
    rate_hz: float,
    ghosts: int,
    trail_s: float,
) -> None:
    if not motions:
        raise ConfigError('got no motion to draw; expected at least one')
    for name, points in motions.items():
        check_keypoints(points, skeleton, name)
    for option, value, low in (
        ('every_s', every_s, 0.0),
        ('rate_hz', rate_hz, 0.0),
        ('ghosts', ghosts + 1, 0.0),
        ('trail_s', trail_s + 1e-9, 0.0),
    ):
        if not low < value < float('inf'):
            raise ConfigError(f'got {option} = {value}; expected a number above {low}')


def _pages(
    names: list[str], count: int, spacing: float, width_in: float, titled: bool
) -> tuple[Any, list[Any]]:
    """Return a figure and one axis per row, all with the same scale and a common ground."""
    rows, (low, high) = len(names), (-0.06, 1.20)
    text_in = min(0.115 * max(map(len, names)), 0.4 * width_in)
    wide = ((count - 1) * spacing + 1.0) * width_in / (width_in - text_in)
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


def _draw_row(axis: Any, points: np.ndarray, step: int, skeleton: Skeleton, look: _Look) -> None:
    flat, depth = seen(points, look.azimuth_deg)
    places = np.arange(0, len(points), step)
    end = (len(places) - 1) * look.spacing
    axis.plot([-0.42, end + 0.42], [0, 0], color=GROUND, lw=1.2, zorder=0, solid_capstyle='round')
    scale = axis.figure.get_figwidth() / np.ptp(axis.get_xlim())  # inches per body height
    for number, frame in enumerate(places):
        shift = np.array([number * look.spacing, 0.0])
        layer = 10.0 * (number + 1)
        for ghost in range(look.ghosts):
            before = frame - round(step * (look.ghosts - ghost) / (look.ghosts + 1))
            if before >= 0:
                strength = 0.07 + 0.07 * ghost
                draw_body(
                    axis,
                    flat[before] + shift,
                    depth[before],
                    skeleton,
                    scale,
                    layer - 2 + ghost,
                    strength,
                )
        draw_trails(axis, flat[max(0, frame - look.trail) : frame + 1] + shift, skeleton, layer)
        draw_body(axis, flat[frame] + shift, depth[frame], skeleton, scale, layer + 1, 1.0)
