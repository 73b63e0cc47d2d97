# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips: motion as a row of stick figures in one picture. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.exceptions import ConfigError, SkeletonError
from emotion_motion.skeleton import Skeleton

__all__ = ['EMOTION_COLOURS', 'film_strip', 'film_strips']

# One hue per emotion, distinguishable also with the common colour blindnesses by lightness.
EMOTION_COLOURS = {
    'anger': '#c62828',
    'disgust': '#558b2f',
    'fear': '#6a3d9a',
    'happiness': '#ef8a00',
    'neutral': '#607d8b',
    'sadness': '#1565c0',
    'surprise': '#00897b',
}
_LEFT, _RIGHT, _TRUNK = '#1f77b4', '#d1495b', '#3b3f46'
_PAPER, _GROUND, _TEXT, _SHADE = '#ffffff', '#c9ced6', '#2b2f36', '#dfe3e8'
_HEAD_RADIUS = 0.060  # body heights, about the half width and height of a head
_ELEVATION_DEG = 7.0


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
        name: skeleton.in_space(_unit_height(np.asarray(motion, float), skeleton))
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
            f'{number * step / rate_hz:.1f} s', (number * look.spacing, -0.085),
            ha='center', va='top', fontsize=7.5, color='#8a9099', annotation_clip=False,
        )  # fmt: skip
    if title:
        figure.suptitle(title, fontsize=13, color=_TEXT, y=1.0 - 0.14 / figure.get_figheight())
    path = Path(path)
    figure.savefig(path, dpi=dpi, facecolor=_PAPER)
    return path


def _check(
    motions: Mapping[str, np.ndarray], skeleton: Skeleton, every_s: float, rate_hz: float,
    ghosts: int, trail_s: float,
) -> None:  # fmt: skip
    if not motions:
        raise ConfigError('got no motion to draw; expected at least one')
    for name, points in motions.items():
        shape = np.shape(points)
        if len(shape) != 3 or shape[1:] != skeleton.rest.shape or shape[0] < 1:
            raise SkeletonError(
                f'got keypoints of shape {shape} for {name!r}; the skeleton {skeleton.name!r} '
                f'needs [T, {skeleton.size}, {skeleton.dims}]'
            )
        if not np.isfinite(points).all():
            raise ConfigError(f'got keypoints for {name!r} that are not finite; nothing to draw')
    for option, value, low in (
        ('every_s', every_s, 0.0), ('rate_hz', rate_hz, 0.0),
        ('ghosts', ghosts + 1, 0.0), ('trail_s', trail_s + 1e-9, 0.0),
    ):  # fmt: skip
        if not low < value < float('inf'):
            raise ConfigError(f'got {option} = {value}; expected a number above {low}')


def _unit_height(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return keypoints scaled to a body of height 1, by the length of the trunk and legs."""
    edges = np.array(skeleton.edges)
    lengths = np.linalg.norm(points[0, edges[:, 1]] - points[0, edges[:, 0]], axis=-1)
    return points * (skeleton.bone_lengths.sum() / max(float(lengths.sum()), 1e-9))


def _pages(
    names: list[str], count: int, spacing: float, width_in: float, titled: bool
) -> tuple[Any, list[Any]]:
    """Return a figure and one axis per row, all with the same scale and a common ground."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            'got no matplotlib, which film strips need; pip install "emotion_motion[train]"'
        ) from error
    rows, (low, high) = len(names), (-0.06, 1.20)
    text_in = min(0.115 * max(map(len, names)), 0.4 * width_in)
    wide = ((count - 1) * spacing + 1.0) * width_in / (width_in - text_in)
    label = wide * text_in / width_in
    scale = width_in / wide
    top, bottom = (0.42 if titled else 0.05), 0.22
    height = rows * (high - low) * scale + top + bottom
    figure = Figure(figsize=(width_in, height))
    FigureCanvasAgg(figure)
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
        left + 0.1, 0.52, name, fontsize=13, fontweight='bold', va='center', ha='left',
        color=EMOTION_COLOURS.get(name, _TEXT),
    )  # fmt: skip


def _draw_row(axis: Any, points: np.ndarray, step: int, skeleton: Skeleton, look: _Look) -> None:
    flat, depth = _seen(points, look.azimuth_deg)
    places = np.arange(0, len(points), step)
    end = (len(places) - 1) * look.spacing
    axis.plot([-0.42, end + 0.42], [0, 0], color=_GROUND, lw=1.2, zorder=0, solid_capstyle='round')
    scale = axis.figure.get_figwidth() / np.ptp(axis.get_xlim())  # inches per body height
    for number, frame in enumerate(places):
        shift = np.array([number * look.spacing, 0.0])
        layer = 10.0 * (number + 1)
        for ghost in range(look.ghosts):
            before = frame - round(step * (look.ghosts - ghost) / (look.ghosts + 1))
            if before >= 0:
                strength = 0.07 + 0.07 * ghost
                _draw_body(axis, flat[before] + shift, depth[before], skeleton, scale,
                           layer - 2 + ghost, strength)  # fmt: skip
        _draw_trails(axis, flat[max(0, frame - look.trail) : frame + 1] + shift, skeleton, layer)
        _draw_body(axis, flat[frame] + shift, depth[frame], skeleton, scale, layer + 1, 1.0)


def _seen(points: np.ndarray, azimuth_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Return picture coordinates [T, K, 2] and nearness [T, K] of an orthographic camera."""
    turn, lift = np.radians(azimuth_deg), np.radians(_ELEVATION_DEG)
    across = -points[..., 0] * np.sin(turn) + points[..., 1] * np.cos(turn)
    near = points[..., 0] * np.cos(turn) + points[..., 1] * np.sin(turn)
    up = points[..., 2] * np.cos(lift) - near * np.sin(lift)
    return np.stack((across, up), axis=-1), near


def _colour(skeleton: Skeleton, keypoint: int) -> str:
    name = skeleton.names[keypoint]
    if keypoint == skeleton.mirror[keypoint]:
        return _TRUNK
    return _LEFT if name.startswith(('L', 'l')) else _RIGHT


def _draw_body(
    axis: Any, flat: np.ndarray, depth: np.ndarray, skeleton: Skeleton, scale: float,
    layer: float, alpha: float,
) -> None:  # fmt: skip
    """Draw one figure from far to near: bones behind the trunk, trunk, bones, head, hands."""
    width = 2.9 * scale
    head = sorted(skeleton.groups.get('head', ()))
    bones = [(p, c) for p, c in skeleton.edges if c not in head]
    near = np.array([depth[[p, c]].mean() for p, c in bones])
    bones = [bones[i] for i in np.argsort(near, kind='stable')]
    near = np.sort(near, kind='stable')
    trunk = [i for i in skeleton.groups.get('trunk', ()) if i not in head]
    behind = near < (depth[trunk].mean() - 0.03 if trunk else -np.inf)
    before = ~behind & (near > (depth[head].mean() if head else np.inf))
    for number, chosen in enumerate((behind, ~behind & ~before, before)):
        _draw_bones(
            axis, flat, [bone for bone, take in zip(bones, chosen, strict=True) if take],
            skeleton, width, layer + 0.2 * number, alpha,
        )  # fmt: skip
    if alpha == 1.0:
        _draw_trunk(axis, flat, skeleton, layer + 0.1)
    if head:
        _draw_head(axis, flat, depth, skeleton, width, layer + 0.3, alpha)


def _draw_bones(
    axis: Any, flat: np.ndarray, bones: list[tuple[int, int]], skeleton: Skeleton, width: float,
    layer: float, alpha: float,
) -> None:  # fmt: skip
    from matplotlib.collections import LineCollection

    thin = [0.6 if skeleton.names[c].endswith(('Toe', 'Heel')) else 1.0 for _, c in bones]
    axis.add_collection(
        LineCollection(
            [flat[list(bone)] for bone in bones],
            colors=[_colour(skeleton, child) for _, child in bones],
            linewidths=[width * share for share in thin],
            alpha=alpha, capstyle='round', zorder=layer,
        )
    )  # fmt: skip


def _draw_trunk(axis: Any, flat: np.ndarray, skeleton: Skeleton, layer: float) -> None:
    corners = ('LShoulder', 'RShoulder', 'RHip', 'LHip')
    if set(corners) <= set(skeleton.names):
        at = [skeleton.index(name) for name in corners]
        axis.fill(
            *flat[at].T, facecolor=_SHADE, edgecolor=_SHADE, lw=4.0, joinstyle='round',
            zorder=layer,
        )  # fmt: skip


def _draw_head(
    axis: Any, flat: np.ndarray, depth: np.ndarray, skeleton: Skeleton, width: float,
    layer: float, alpha: float,
) -> None:  # fmt: skip
    from matplotlib.patches import Circle

    head = skeleton.groups['head']
    named = {skeleton.names[i]: i for i in (*head, *skeleton.groups.get('trunk', ()))}
    ears = [named[name] for name in ('LEar', 'REar') if name in named] or list(head)
    centre, near = flat[ears].mean(axis=0), float(depth[ears].mean())
    if 'Neck' in named:
        line = np.stack((flat[named['Neck']], centre))
        axis.plot(*line.T, lw=width, color=_TRUNK, alpha=alpha, zorder=layer - 0.02)
    face = Circle(centre, _HEAD_RADIUS, facecolor=_PAPER if alpha == 1.0 else 'none',
                  edgecolor=_TRUNK, lw=0.55 * width, alpha=alpha, zorder=layer)  # fmt: skip
    axis.add_patch(face)
    if alpha < 1.0:
        return
    for name, size in (('LEye', 0.55), ('REye', 0.55), ('Nose', 0.38)):
        if name in named and depth[named[name]] > near - 0.01:
            axis.plot(*flat[named[name]], 'o', ms=size * width, color=_TRUNK, mew=0,
                      zorder=layer + 0.02)  # fmt: skip


def _draw_trails(axis: Any, flat: np.ndarray, skeleton: Skeleton, layer: float) -> None:
    """Draw the way of the wrists, fading out into the past."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    if len(flat) < 2:
        return
    for group in ('left_arm', 'right_arm'):
        if group not in skeleton.groups:
            continue
        wrist = skeleton.groups[group][-1]
        pieces = np.stack((flat[:-1, wrist], flat[1:, wrist]), axis=1)
        colours = np.tile(to_rgba(_colour(skeleton, wrist)), (len(pieces), 1))
        colours[:, 3] = np.linspace(0.05, 0.55, len(pieces))
        axis.add_collection(
            LineCollection(list(pieces), colors=colours, linewidths=2.0, zorder=layer - 0.5)
        )
