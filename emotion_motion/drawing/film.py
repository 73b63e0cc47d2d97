# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Films: motion as a moving mannequin, in a GIF or an MP4 file. Needs Pillow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.drawing.figure import camera, check_keypoints, EMOTION_COLOURS
from emotion_motion.drawing.mannequin import Mannequin, render
from emotion_motion.exceptions import ConfigError

# GIF counts time in 1/100 s: 5 of them for a frame; fewer frames look jerky, more make it large.
_GIF_S = 0.05
_MP4_HZ = 60.0  # at most
_PALETTE = 64
_TRAIL_S = 0.4
_ARMS = ('left_arm', 'right_arm')
# Of the picture at least, and beside the outermost keypoints [body heights].
_LOW, _HIGH, _HALF, _MARGIN = -0.1, 1.2, 0.5, 0.12
_FINE = 2  # each point of the picture is the mean of so many drawn ones in each direction
# Dark, so that it stands on a light page as well as on a dark one.
_BACK, _GROUND, _PALE = (31, 36, 44), (45, 52, 63), (146, 154, 166)
_COLOURS = {
    'body': (226, 229, 234),
    'face': (58, 64, 74),
    'left': (70, 144, 255),
    'right': (255, 138, 48),
}
_GROUND_RADIUS, _FLATTER = 0.34, 0.2  # of the disc below the body, and its height of its width
_MOST_LISTED = 9
_OTHER, _BRIGHT = '#607d8b', 370  # mark of a mixture; sum of a colour that wants black text


def film(
    keypoints: np.ndarray,
    skeleton: Skeleton,
    path: str | Path,
    *,
    rate_hz: float = 30.0,
    labels: Sequence[str] = (),
    height_px: int = 420,
) -> Path:
    """Write a motion as a film of one body, in its own time; returns the path.

    Args:
        keypoints: [T, K, D], metres or body heights.
        skeleton: names, edges and groups of the keypoints.
        path: file to write, .gif (20 pictures a second, endless) or .mp4 (H.264, those of the
            motion, 60 at most).
        rate_hz: frames per second of `keypoints`.
        labels: what each of the T frames shows; listed beside the body. None by default.
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
    """The stage of a film: camera, ground, what is written, and the body at any time."""

    def __init__(
        self,
        points: np.ndarray,
        skeleton: Skeleton,
        rate_hz: float,
        labels: Sequence[str],
        height_px: int,
    ) -> None:
        self._points = camera(points, skeleton)
        self._body = Mannequin(skeleton.names, skeleton.edges)
        self._colours = np.array([_COLOURS[part.role] for part in self._body.parts], dtype=float)
        self._wrists = [skeleton.groups[arm][-1] for arm in _ARMS if arm in skeleton.groups]
        self._rate_hz, self._labels = rate_hz, labels
        low = min(_LOW, float(self._points[..., 1].min()) - _MARGIN)
        high = max(_HIGH, float(self._points[..., 1].max()) + _MARGIN)
        half = max(_HALF, float(np.abs(self._points[..., 0]).max()) + _MARGIN)
        height_px -= height_px % 2  # H.264 wants even sizes
        self._scale = height_px / (high - low)  # points of the picture per body height
        self._text_px = max(10.0, height_px / 21.0)
        self._font, self._small = (_font(share * self._text_px) for share in (1.0, 0.65))
        self._listed = list(dict.fromkeys(name for name in labels if name))
        widest = max(map(self._font.getlength, self._listed), default=0.0)
        left_px = widest + 2.5 * self._text_px if widest else 0.0
        self._size = 2 * round(half * self._scale + 0.5 * left_px), height_px
        self._left_px = left_px
        self._origin = np.array([left_px + half * self._scale, high * self._scale])

    def at(self, time_s: float) -> np.ndarray:
        """Return the picture [H, W, 3] uint8 at a time."""
        from PIL import Image, ImageDraw

        place = min(time_s * self._rate_hz, len(self._points) - 1.0)
        frame = int(place)
        now, after = self._points[frame], self._points[min(frame + 1, len(self._points) - 1)]
        now = now + (place - frame) * (after - now)
        trail = self._points[max(0, frame - round(_TRAIL_S * self._rate_hz)) : frame + 1]
        image = Image.new('RGB', (_FINE * self._size[0], _FINE * self._size[1]), _BACK)
        self._draw_ground(ImageDraw.Draw(image), now)
        self._draw_trails(ImageDraw.Draw(image), np.concatenate((trail, now[None])))
        picture = np.array(image)
        render(self._body, now, picture, self._colours, _FINE * self._scale, _FINE * self._origin)
        image = Image.fromarray(picture).reduce(_FINE)
        self._write(ImageDraw.Draw(image), self._labels[frame] if self._labels else '', time_s)
        return np.array(image)

    def _draw_ground(self, draw: Any, points: np.ndarray) -> None:
        """Draw where the body stands, a disc below it."""
        middle = self._origin + np.array((self._scale * float(points[:, 0].mean()), 0.0))
        reach = self._scale * _GROUND_RADIUS * np.array((1.0, _FLATTER))
        box = _FINE * np.concatenate((middle - reach, middle + reach))
        draw.ellipse(box.tolist(), fill=_GROUND)

    def _draw_trails(self, draw: Any, points: np.ndarray) -> None:
        """Draw the paths [T, K, 3] of the wrists, which fade out into the past."""
        flat = _FINE * (self._origin + self._scale * points[..., :2] * (1.0, -1.0))
        for wrist, side in zip(self._wrists, ('left', 'right'), strict=True):
            path = [tuple(point) for point in flat[:, wrist].tolist()]
            for number, ends in enumerate(itertools.pairwise(path)):
                share = 0.1 + 0.5 * number / len(path)
                mixed = np.add(share * np.array(_COLOURS[side]), (1.0 - share) * np.array(_BACK))
                draw.line(ends, tuple(mixed.astype(int).tolist()), width=2 * _FINE)

    def _write(self, draw: Any, label: str, time_s: float) -> None:
        """List what is shown, one below the other, with a mark behind what is shown now."""
        size, (width, height) = self._text_px, self._size
        listed = self._listed if len(self._listed) <= _MOST_LISTED else [label]
        for number, name in enumerate(listed):
            middle, colour = 0.5 * height + 2.0 * size * (number + 0.5 - 0.5 * len(listed)), _PALE
            if name == label:
                back = bytes.fromhex(EMOTION_COLOURS.get(name, _OTHER)[1:])
                colour = (255, 255, 255) if sum(back) < _BRIGHT else (0, 0, 0)
                left, right = 0.6 * size, self._left_px - 0.5 * size
                box = (left, middle - 0.85 * size, right, middle + 0.85 * size)
                draw.rounded_rectangle(box, 0.4 * size, fill=tuple(back))
            draw.text((1.2 * size, middle), name, colour, self._font, anchor='lm')
        corner = width - 0.6 * size, height - 0.5 * size
        draw.text(corner, f'{time_s:.1f} s', _PALE, self._small, anchor='rs')


def _font(size_px: float) -> Any:
    try:
        from PIL import ImageFont
    except ImportError as error:
        raise ConfigError(
            'got no Pillow, which films need; pip install ".[film]" in the source folder'
        ) from error
    return ImageFont.load_default(size_px)


def _write_gif(path: Path, pictures: Iterator[np.ndarray]) -> None:
    from PIL import Image

    first = list(itertools.islice(pictures, 20))
    # One palette for all, so that only what moves changes from picture to picture.
    marks = [
        np.full_like(first[0][:40], tuple(bytes.fromhex(colour[1:])))
        for colour in EMOTION_COLOURS.values()
    ]
    palette = Image.fromarray(np.concatenate((*first[::4], *marks))).quantize(_PALETTE)
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
            'got no imageio-ffmpeg, which .mp4 needs; pip install ".[film]" in the source '
            'folder, or write .gif'
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
