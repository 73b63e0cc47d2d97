# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A clip: keypoints of one body over time, how sure they are, what they express, whose they are.

Every reader of this folder returns clips, and all training starts from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import MotionFileError

__all__ = ['Clip']


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
    prepared: bool = False

    def __post_init__(self) -> None:
        """Convert to float32 and refuse shapes or numbers that no clip can have.

        Raises:
            MotionFileError: wrong shapes, numbers that are not finite or out of range, emotions
                that do not sum to 1, or a rate that is not above 0.
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
        if not 0.0 < self.rate_hz < float('inf'):
            raise MotionFileError(
                f'got a rate of {self.rate_hz} Hz; expected a finite number above 0'
            )
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
