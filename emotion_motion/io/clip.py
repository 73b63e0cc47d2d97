# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion in memory: clips, which readers return, and what was generated, with its files.

Every reader of this folder returns a `Clip`, and all training starts from clips. A `Motion` was
generated; its files are .npz (all of it) and .csv (keypoints).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, MotionFileError
from emotion_motion.files import read_npz, storage_errors, whole_file

SLOWEST_HZ, FASTEST_HZ = 1.0, 1000.0
MOST_FRAMES = 1_000_000  # of a clip at another rate, nine hours at 30 Hz
_USUAL_HZ = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 90.0, 100.0, 120.0, 200.0, 240.0, 250.0, 500.0)


def checked_rate(
    rate_hz: float, frame_time_s: float | None = None, *, given: bool = False
) -> float:
    """Return a rate, or refuse one outside 1 to 1,000 Hz and name the unit that was likely meant.

    Args:
        rate_hz: frames a second.
        frame_time_s: what the file says, where that is the time of a frame.
        given: whether the rate was asked for, and no file says it.

    Raises:
        MotionFileError: the rate is outside.
    """
    if SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        return float(rate_hz)
    value, got = rate_hz, f'a rate of {rate_hz:g} Hz'
    # What the number would be in frames a second if it were in another unit.
    units = {'seconds a frame': (1.0, -1), 'thousandths of Hz': (1e-3, 1)}
    if frame_time_s is not None:
        value, got = frame_time_s, f'a frame time of {frame_time_s:g} s ({rate_hz:g} Hz)'
        units = {'frames a second': (1.0, 1)}
    units |= {'milliseconds a frame': (1e3, -1), 'microseconds a frame': (1e6, -1)}
    meant: dict[str, float] = {}
    if 0.0 < value < float('inf'):
        rates = {unit: factor * value**power for unit, (factor, power) in units.items()}
        meant = {u: rate for u, rate in rates.items() if SLOWEST_HZ <= rate <= FASTEST_HZ}
    advice = '' if given else ': say what it is'
    if meant:
        usual = np.log(_USUAL_HZ)
        unit = min(meant, key=lambda name: float(np.abs(np.log(meant[name]) - usual).min()))
        advice = f': {value:g} is likely meant in {unit} ({meant[unit]:.4g} Hz)'
        advice += '' if given else ': say so'
    if not given:
        advice += ' with --rate-hz (--source-rate-hz for data import), or mend the file'
    raise MotionFileError(f'got {got}; expected {SLOWEST_HZ:g} to {FASTEST_HZ:,g} Hz{advice}')


@dataclass(frozen=True, eq=False, kw_only=True)
class Clip:
    """A stretch of motion of one body.

    Attributes:
        keypoints: [T, K, D] float32. D = 3: metres, REP-103 axes (z up), anywhere and facing
            anywhere unless `prepared`. D = 2: pixels of an image, x right and y down, unless
            `prepared`. Unmeasured keypoints hold any finite number, and confidence 0.
        rate_hz: frames a second.
        skeleton: name of the keypoint set, such as 'body_25'.
        confidence: [T, K] float32, 0 (not measured) to 1; None: all 1.
        emotions: [T, 7] float32, weights that sum to 1 in each frame ([7] is repeated); None
            where they are not known yet.
        valence_arousal: (valence, arousal), each -1 to 1; None where they are not known.
        label: what the file says of its emotion or style, not yet read ('angry'); '' for nothing.
        source: where it comes from: a file's path, or what generated it.
        actor: who moved; '' where nobody knows.
        content: what is done, for people.
        licence: SPDX identifier or name; '' where nobody knows.
        remarks: what is odd about it, for people; see `emotion_motion.io.doubts`.
        prepared: whether `emotion_motion.training.data.prepare` has normalised it: the canonical
            body of height 1 m, standing over the origin, facing +x, at the model's rate; in 2D the
            axes are then (y left, z up) and the unit is the body's height.
    """

    keypoints: np.ndarray
    rate_hz: float
    skeleton: str = 'body_25'
    confidence: np.ndarray = None  # type: ignore[assignment]  # filled in below
    emotions: np.ndarray | None = None
    valence_arousal: tuple[float, float] | None = None
    label: str = ''
    source: str = ''
    actor: str = ''
    content: str = ''
    licence: str = ''
    remarks: tuple[str, ...] = ()
    prepared: bool = False

    def __post_init__(self) -> None:
        """Convert to float32 and refuse shapes or numbers that no clip can have.

        Raises:
            MotionFileError: wrong shapes, numbers that are not finite or out of range, emotions
                that do not sum to 1, or a rate outside 1 to 1,000 Hz.
        """
        points = self._set('keypoints', self.keypoints)
        if points.ndim != 3 or points.shape[-1] not in (2, 3) or 0 in points.shape:
            raise MotionFileError(
                f'got keypoints of shape {points.shape}; expected [T, K, 3] in metres or '
                f'[T, K, 2] in pixels, with at least one frame'
            )
        if not np.isfinite(points).all():
            raise MotionFileError(
                'got keypoints that are not finite; give unmeasured ones any finite number and '
                'confidence 0'
            )
        checked_rate(self.rate_hz)
        self._check_confidence(len(points), points.shape[1])
        self._check_emotions(len(points))
        self._check_valence_arousal()

    def _check_confidence(self, frames: int, keypoints: int) -> None:
        given = np.ones((frames, keypoints)) if self.confidence is None else self.confidence
        confidence = self._set('confidence', given)
        if confidence.shape != (frames, keypoints):
            raise MotionFileError(
                f'got confidence of shape {confidence.shape}; expected ({frames}, {keypoints}), '
                f'one number a keypoint and frame'
            )
        if not ((confidence >= 0.0) & (confidence <= 1.0)).all():
            raise MotionFileError('got a confidence outside 0 to 1; clip or scale it')

    def _check_emotions(self, frames: int) -> None:
        if self.emotions is None:
            return
        emotions = self._set('emotions', self.emotions)
        if emotions.shape == (len(EMOTIONS),):
            emotions = self._set('emotions', np.tile(emotions, (frames, 1)))
        if emotions.shape != (frames, len(EMOTIONS)):
            raise MotionFileError(
                f'got emotions of shape {emotions.shape}; expected ({len(EMOTIONS)},) or '
                f'({frames}, {len(EMOTIONS)}) in the order {", ".join(EMOTIONS)}'
            )
        # Written so that NaN fails as well.
        sums = np.abs(emotions.sum(axis=-1) - 1.0)
        if not (emotions >= -1e-6).all() or not (sums <= 1e-3).all():
            raise MotionFileError(
                'got emotions below 0, not finite, or rows that do not sum to 1; normalise each'
            )

    def _check_valence_arousal(self) -> None:
        if self.valence_arousal is None:
            return
        pair = tuple(float(value) for value in self.valence_arousal)
        if len(pair) != 2 or not all(-1.0 <= value <= 1.0 for value in pair):
            raise MotionFileError(
                f'got valence and arousal {self.valence_arousal!r}; expected two numbers from '
                f'-1 to 1'
            )
        object.__setattr__(self, 'valence_arousal', pair)

    def _set(self, name: str, value: Any) -> np.ndarray:
        try:
            array = np.asarray(value, dtype=np.float32)
        except (TypeError, ValueError):
            raise MotionFileError(f'got {name} that are no numbers; expected an array') from None
        object.__setattr__(self, name, array)
        return array

    def __len__(self) -> int:
        """Return the number of frames T."""
        return len(self.keypoints)

    @property
    def dims(self) -> int:
        """Coordinates of a keypoint D, 3 or 2."""
        return self.keypoints.shape[-1]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self) / self.rate_hz


@dataclass(frozen=True, eq=False)
class Motion:
    """Keypoints over time with the emotions that were requested and recognised.

    Attributes:
        keypoints: [T, K, D] float32 in metres; D = 2: y and z of a body seen from the front.
        requested: [T, 7] weights.
        recognised: [T, 7] weights.
        rate_hz: frames a second.
        skeleton: name of the keypoint set.
        names: K keypoint names.
    """

    keypoints: np.ndarray
    requested: np.ndarray
    recognised: np.ndarray
    rate_hz: float
    skeleton: str
    names: tuple[str, ...]


def save_motion(path: str | Path, motion: Motion) -> Path:
    """Write a motion by the ending of its name; returns the path.

    Args:
        path: `.npz` holds every field of Motion; `.csv` one row a frame: time in seconds, the
            requested emotion's seven weights, x, y, z of each keypoint in metres (`RWrist_z_m`).
        motion: what to write.

    Raises:
        MotionFileError: another ending.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    writers = {'.npz': _write_npz, '.csv': _write_csv}
    check_ending(path, *writers)
    with storage_errors(path), whole_file(path) as partial:
        writers[path.suffix](partial, motion)
    return path


def check_ending(path: Path, *endings: str) -> None:
    """Raise MotionFileError where the name ends in none of `endings`."""
    if path.suffix not in endings:
        raise MotionFileError(
            f'got the file name {str(path)!r}; expected an ending of {", ".join(endings)}'
        )


def load_motion(path: str | Path) -> Motion:
    """Read a `.npz` that `save_motion` wrote.

    Raises:
        MotionFileError: the file is missing, damaged or lacks a field.
    """
    try:
        data = read_npz(path)
        return Motion(
            keypoints=data['keypoints'],
            requested=data['requested'],
            recognised=data['recognised'],
            rate_hz=checked_rate(float(data['rate_hz'])),
            skeleton=str(data['skeleton']),
            names=tuple(str(name) for name in data['names']),
        )
    except (ConfigError, KeyError, TypeError, ValueError, MotionFileError) as error:
        raise MotionFileError(
            f'got {path}, which is no motion file ({error}); expected an .npz that '
            f'`emotion-motion generate --out` wrote'
        ) from error


def _write_npz(path: Path, motion: Motion) -> None:
    np.savez_compressed(
        path,
        keypoints=motion.keypoints,
        requested=motion.requested,
        recognised=motion.recognised,
        rate_hz=motion.rate_hz,
        skeleton=motion.skeleton,
        names=np.array(motion.names),
    )


def _write_csv(path: Path, motion: Motion) -> None:
    axes = 'xyz'[-motion.keypoints.shape[-1] :]
    names = [f'{name}_{axis}_m' for name in motion.names for axis in axes]
    write_table(path, motion.rate_hz, motion.requested, names, motion.keypoints)


def write_table(
    path: Path, rate_hz: float, requested: np.ndarray, names: Sequence[str], values: np.ndarray
) -> None:
    """Write a row a frame: time [s], the requested emotion's seven weights, and numbers.

    Args:
        path: file to write.
        rate_hz: rows a second.
        requested: [T, 7] weights.
        names: of the N columns after them, each with its unit at the end.
        values: [T, ...], N numbers a row.
    """
    time_s = np.arange(len(values))[:, None] / rate_hz
    rows = np.hstack((time_s, requested, np.reshape(values, (len(values), -1))))
    header = ','.join(['time_s', *EMOTIONS, *names])
    np.savetxt(path, rows, fmt='%.5f', delimiter=',', header=header, comments='')
