# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One figure in a matplotlib picture: a body seen by a camera, and the paths of its wrists."""

from __future__ import annotations

from typing import Any

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.exceptions import ConfigError, SkeletonError

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
PAPER, _GROUND, TEXT = '#ffffff', '#c9ced6', '#2b2f36'
_LEFT, _RIGHT, _TRUNK = '#1f77b4', '#d1495b', '#3b3f46'
_SHADE = '#dfe3e8'
_HEAD_RADIUS = 0.060  # body heights, about the half width and height of a head
_AZIMUTH_DEG, _ELEVATION_DEG = 38.0, 7.0  # of the camera; 0, 0 looks into the face


def check_keypoints(points: np.ndarray, skeleton: Skeleton, name: str = '') -> None:
    """Raise where keypoints cannot be drawn.

    Args:
        points: [T, K, D].
        skeleton: whose they should be.
        name: of the motion, for the message.
    """
    shape = np.shape(points)
    if len(shape) != 3 or shape[1:] != skeleton.rest.shape or shape[0] < 1:
        raise SkeletonError(
            f'got keypoints of shape {shape} for {name!r}; the skeleton {skeleton.name!r} '
            f'needs [T, {skeleton.size}, {skeleton.dims}]'
        )
    if not np.isfinite(points).all():
        raise ConfigError(f'got keypoints for {name!r} that are not finite; nothing to draw')


def new_figure(width_in: float, height_in: float, dpi: int = 100) -> tuple[Any, Any]:
    """Return an empty matplotlib figure and its canvas, apart from any window."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(
            'got no matplotlib, which pictures need; pip install ".[film]" in the source folder'
        ) from error
    figure = Figure(figsize=(width_in, height_in), dpi=dpi)
    return figure, FigureCanvasAgg(figure)


def _unit_height(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return keypoints scaled to a body of height 1, by the length of the trunk and legs."""
    edges = np.array(skeleton.edges)
    lengths = np.linalg.norm(points[0, edges[:, 1]] - points[0, edges[:, 0]], axis=-1)
    return points * (skeleton.bone_lengths.sum() / max(float(lengths.sum()), 1e-9))


def camera(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return what an orthographic camera sees [T, K, 3]: across, up, towards it.

    Args:
        points: [T, K, D]; a body that was seen from the front (D = 2) is drawn so.
        skeleton: of the keypoints.
    """
    azimuth_deg = 0.0 if skeleton.dims == 2 else _AZIMUTH_DEG
    x, y, z = np.moveaxis(
        skeleton.in_space(_unit_height(np.asarray(points, float), skeleton)), -1, 0
    )
    turn, lift = np.radians(azimuth_deg), np.radians(_ELEVATION_DEG)
    across, near = y * np.cos(turn) - x * np.sin(turn), x * np.cos(turn) + y * np.sin(turn)
    up = z * np.cos(lift) - near * np.sin(lift)
    return np.stack((across, up, near * np.cos(lift) + z * np.sin(lift)), axis=-1)


def seen(points: np.ndarray, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Return picture coordinates [T, K, 2] and how near [T, K] on the ground, see `camera`."""
    across, up, towards = np.moveaxis(camera(points, skeleton), -1, 0)
    lift = np.radians(_ELEVATION_DEG)
    return np.stack((across, up), axis=-1), towards * np.cos(lift) - up * np.sin(lift)


def keypoint_colour(skeleton: Skeleton, keypoint: int) -> str:
    name = skeleton.names[keypoint]
    if keypoint == skeleton.mirror[keypoint]:
        return _TRUNK
    return _LEFT if name.startswith(('L', 'l')) else _RIGHT


def draw_ground(axis: Any, left: float, right: float) -> None:
    """Draw a line to stand on."""
    axis.plot([left, right], [0, 0], color=_GROUND, lw=1.2, zorder=0, solid_capstyle='round')


def draw_body(
    axis: Any,
    flat: np.ndarray,
    depth: np.ndarray,
    skeleton: Skeleton,
    scale: float,
    layer: float,
    alpha: float,
) -> None:
    """Draw one figure from far to near: bones behind the trunk, trunk, bones, head, hands."""
    from matplotlib.collections import LineCollection

    width = 2.9 * scale
    head = sorted(skeleton.groups.get('head', ()))
    trunk = [i for i in skeleton.groups.get('trunk', ()) if i not in head]
    bones = np.array([bone for bone in skeleton.edges if bone[1] not in head])
    near = depth[bones].mean(axis=1)
    order = np.argsort(near, kind='stable')
    bones, near = bones[order], near[order]
    behind = near < (depth[trunk].mean() - 0.03 if trunk else -np.inf)
    before = ~behind & (near > (depth[head].mean() if head else np.inf))
    for number, chosen in enumerate((behind, ~behind & ~before, before)):
        ends = [skeleton.names[child] for _, child in bones[chosen]]
        thin = [0.6 if name.endswith(('Toe', 'Heel')) else 1.0 for name in ends]
        lines = LineCollection(
            list(flat[bones[chosen]]),
            colors=[keypoint_colour(skeleton, child) for _, child in bones[chosen]],
            linewidths=[width * share for share in thin],
            alpha=alpha,
            capstyle='round',
            zorder=layer + 0.2 * number,
        )
        axis.add_collection(lines)
    if alpha == 1.0:
        _draw_trunk(axis, flat, skeleton, layer + 0.1)
    if head:
        _draw_head(axis, flat, depth, skeleton, width, layer + 0.3, alpha)


def _draw_trunk(axis: Any, flat: np.ndarray, skeleton: Skeleton, layer: float) -> None:
    corners = ('LShoulder', 'RShoulder', 'RHip', 'LHip')
    if set(corners) <= set(skeleton.names):
        at = [skeleton.index(name) for name in corners]
        look = {'facecolor': _SHADE, 'edgecolor': _SHADE, 'lw': 4.0, 'joinstyle': 'round'}
        axis.fill(*flat[at].T, zorder=layer, **look)


def _draw_head(
    axis: Any,
    flat: np.ndarray,
    depth: np.ndarray,
    skeleton: Skeleton,
    width: float,
    layer: float,
    alpha: float,
) -> None:
    from matplotlib.patches import Circle

    head = skeleton.groups['head']
    named = {skeleton.names[i]: i for i in (*head, *skeleton.groups.get('trunk', ()))}
    ears = [named[name] for name in ('LEar', 'REar') if name in named] or list(head)
    centre, near = flat[ears].mean(axis=0), float(depth[ears].mean())
    if 'Neck' in named:
        line = np.stack((flat[named['Neck']], centre))
        axis.plot(*line.T, lw=width, color=_TRUNK, alpha=alpha, zorder=layer - 0.02)
    face = Circle(
        centre,
        _HEAD_RADIUS,
        facecolor=PAPER if alpha == 1.0 else 'none',
        edgecolor=_TRUNK,
        lw=0.55 * width,
        alpha=alpha,
        zorder=layer,
    )
    axis.add_patch(face)
    if alpha < 1.0:
        return
    for name, size in (('LEye', 0.55), ('REye', 0.55), ('Nose', 0.38)):
        if name in named and depth[named[name]] > near - 0.01:
            axis.plot(
                *flat[named[name]], 'o', ms=size * width, color=_TRUNK, mew=0, zorder=layer + 0.02
            )


def draw_trails(axis: Any, flat: np.ndarray, skeleton: Skeleton, layer: float) -> None:
    """Draw the paths of the wrists, fading out into the past."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgba

    if len(flat) < 2:
        return
    for group in ('left_arm', 'right_arm'):
        if group not in skeleton.groups:
            continue
        wrist = skeleton.groups[group][-1]
        pieces = np.stack((flat[:-1, wrist], flat[1:, wrist]), axis=1)
        colours = np.tile(to_rgba(keypoint_colour(skeleton, wrist)), (len(pieces), 1))
        colours[:, 3] = np.linspace(0.05, 0.55, len(pieces))
        axis.add_collection(
            LineCollection(list(pieces), colors=colours, linewidths=2.0, zorder=layer - 0.5)
        )
