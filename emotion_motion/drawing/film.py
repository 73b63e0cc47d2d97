# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Films: motion as a moving stick figure, in a GIF or an MP4 file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import itertools
import math
from pathlib import Path

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

# GIF counts time in 1/100 s: 5 of them for a frame; fewer frames look jerky, more make it large.
_GIF_S = 0.05
_MP4_HZ = 60.0  # at most
_COLOURS = 64
_TRAIL_S = 0.4
_LOW, _HIGH, _MARGIN, _DPI = -0.10, 1.27, 0.12, 100


def film(
    keypoints: np.ndarray,
    skeleton: Skeleton,
    path: str | Path,
    *,
    rate_hz: float = 30.0,
    labels: Sequence[str] = (),
    height_px: int = 420,
) -> Path:
    """Write a motion as a film of one figure, in its own time; returns the path.

    Args:
        keypoints: [T, K, D], metres or body heights.
        skeleton: names, edges and groups of the keypoints.
        path: file to write, .gif (20 pictures a second, endless) or .mp4 (H.264, those of the
            motion, 60 at most).
        rate_hz: frames per second of `keypoints`.
        labels: text over each of the T frames; none by default.
        height_px: of the picture.

    Raises:
        SkeletonError: the keypoints are not those of the skeleton.
        ConfigError: an option is out of its range, another ending, or a library is missing.
        OSError: the file cannot be written.
    """
    path = Path(path)
    check_keypoints(keypoints, skeleton)
    if path.suffix not in ('.gif', '.mp4'):
        raise ConfigError(f'got the file name {str(path)!r}; expected an ending of .gif, .mp4')
    if not 0.0 < rate_hz < math.inf or not 100 <= height_px <= 2160:
        raise ConfigError(
            f'got rate_hz = {rate_hz} and height_px = {height_px}; expected above 0, and 100 to '
            f'2160'
        )
    if labels and len(labels) != len(keypoints):
        raise ConfigError(
            f'got {len(labels)} labels for {len(keypoints)} frames; expected one a frame, or none'
        )
    picture_hz = 1.0 / _GIF_S if path.suffix == '.gif' else min(rate_hz, _MP4_HZ)
    scene = _Scene(keypoints, skeleton, rate_hz, labels, height_px)
    # The last frame is shown as long as the others.
    count = max(1, round(len(keypoints) / rate_hz * picture_hz))
    pictures = (scene.at(number / picture_hz) for number in range(count))
    if path.suffix == '.gif':
        _write_gif(path, pictures)
    else:
        _write_mp4(path, pictures, picture_hz)
    return path


class _Scene:
    """The stage of a film: camera, ground, and the figure at any time."""

    def __init__(
        self,
        points: np.ndarray,
        skeleton: Skeleton,
        rate_hz: float,
        labels: Sequence[str],
        height_px: int,
    ) -> None:
        self._flat, self._depth = seen(points, skeleton)
        self._skeleton, self._rate_hz, self._labels = skeleton, rate_hz, labels
        low = min(_LOW, float(self._flat[..., 1].min()) - _MARGIN)
        high = max(_HIGH, float(self._flat[..., 1].max()) + _MARGIN + 0.08)
        half = max(0.45, float(np.abs(self._flat[..., 0]).max()) + _MARGIN)
        height_px -= height_px % 2  # H.264 wants even sizes
        width_px = 2 * round(height_px * half / (high - low))
        figure, self._canvas = new_figure(width_px / _DPI, height_px / _DPI, _DPI)
        figure.set_facecolor(PAPER)
        self._axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axis.set_xlim(-half, half)
        self._axis.set_ylim(low, high)
        self._axis.set_axis_off()
        self._scale = figure.get_figheight() / (high - low)  # inches per body height
        draw_ground(self._axis, -half + 0.08, half - 0.08)
        self._label = self._axis.text(
            0.0, high - 0.05, '', ha='center', va='top', fontsize=13, fontweight='bold'
        )
        self._time = self._axis.text(
            0.0, low + 0.015, '', ha='center', va='bottom', fontsize=8, color='#8a9099'
        )
        self._stage = set(self._axis.get_children())

    def at(self, time_s: float) -> np.ndarray:
        """Return the picture [H, W, 3] uint8 at a time."""
        place = min(time_s * self._rate_hz, len(self._flat) - 1.0)
        frame = int(place)
        flat, depth = (self._between(values, place) for values in (self._flat, self._depth))
        trail = self._flat[max(0, frame - round(_TRAIL_S * self._rate_hz)) : frame + 1]
        draw_trails(self._axis, np.concatenate((trail, flat[None])), self._skeleton, 1.0)
        draw_body(self._axis, flat, depth, self._skeleton, self._scale, 2.0, 1.0)
        label = self._labels[frame] if self._labels else ''
        self._label.set_text(label)
        self._label.set_color(EMOTION_COLOURS.get(label, TEXT))
        self._time.set_text(f'{time_s:.1f} s')
        self._canvas.draw()
        picture = np.array(self._canvas.buffer_rgba())[..., :3]
        for artist in set(self._axis.get_children()) - self._stage:
            artist.remove()
        return picture

    def _between(self, values: np.ndarray, place: float) -> np.ndarray:
        frame = int(place)
        after = min(frame + 1, len(values) - 1)
        return values[frame] + (place - frame) * (values[after] - values[frame])


def _write_gif(path: Path, pictures: Iterator[np.ndarray]) -> None:
    from PIL import Image  # matplotlib brings it

    first = list(itertools.islice(pictures, 20))
    # One palette for all, so that only what moves changes from picture to picture.
    palette = Image.fromarray(np.concatenate(first[::4])).quantize(_COLOURS)
    images = (
        Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in itertools.chain(first, pictures)
    )
    next(images).save(
        path,
        format='GIF',
        save_all=True,
        append_images=images,
        duration=round(1000 * _GIF_S),
        loop=0,
        optimize=False,
    )


def _write_mp4(path: Path, pictures: Iterator[np.ndarray], picture_hz: float) -> None:
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ConfigError(
            'got no imageio-ffmpeg, which .mp4 needs; pip install "emotion_motion[film]", or '
            'write .gif'
        ) from error
    first = next(pictures)
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (first.shape[1], first.shape[0]),
        fps=picture_hz,
        codec='libx264',
        macro_block_size=2,
        ffmpeg_log_level='error',
        output_params=['-movflags', '+faststart'],
    )
    writer.send(None)
    try:
        for picture in itertools.chain([first], pictures):
            writer.send(np.ascontiguousarray(picture))
    finally:
        writer.close()
