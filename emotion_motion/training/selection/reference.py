# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How the data moves, emotion by emotion: what free runs of a model are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.data.shards import Frames
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.selection.free_run import longest_still_s, Thirds, thirds

__all__ = ['Manner', 'Reference']

_MEASURED = 0.3  # mean confidence of a keypoint that counts
_ENOUGH_S = 10.0  # held-out motion of an emotion; where there is less, training clips join
_TRACE = 0.05  # a clip of less weight does not show an emotion

_Part = tuple[Thirds, np.ndarray]  # a clip, and which thirds of a second belong to an emotion


@dataclass(frozen=True)
class Manner:
    """How one emotion moves in the data."""

    speed_m_s: float  # mean keypoint speed of the smoothed motion
    still_share: float  # of thirds of a second, below 0.05 m/s
    longest_still_s: float  # longest run of them in one clip
    jerk: float  # mean size of the third difference from frame to frame [m]
    seconds: float  # how much was measured


@dataclass(frozen=True, eq=False)
class Reference:
    """The manner of each emotion in the data."""

    manners: Mapping[str, Manner]  # of the emotions that the data has, in the order of EMOTIONS
    keypoints: np.ndarray  # [K] booleans, the keypoints that the data measures
    body_height_m: float  # the height that lengths and speeds are those of

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that the data has."""
        return tuple(self.manners)

    @classmethod
    def measure(
        cls,
        datasets: Sequence[MotionDataset],
        *,
        shares: Sequence[float] = (),
        seconds: float = 300.0,
        seed: int = 0,
        body_height_m: float = 1.70,
    ) -> Self:
        """Measure held-out clips, and those of training too for emotions that have few.

        A third of a second belongs to every emotion that weighs at least half in it, and to the
        one that weighs most.

        Of several data sets those count that measure every keypoint which any of them measures:
        how a stand-in for legs moves says nothing.

        Args:
            datasets: prepared clips, of one rate and skeleton.
            shares: how much of what is measured each of `datasets` gives; none: by its length.
            seconds: at most so much is measured for each emotion [s].
            seed: of the choice of clips where there are more.
            body_height_m: height that lengths are given for [m].

        Raises:
            TrainingError: no clip is long enough, or nothing moves.
        """
        mix = np.array(shares or [data.lengths.sum() for data in datasets], dtype=float)
        rate_hz, drawn = datasets[0].rate_hz, []
        for data, share in zip(datasets, mix / mix.sum(), strict=True):
            count = round(seconds * rate_hz)
            drawn.append([data.frames(i, 0, count) for i in _chosen(data, seconds * share, seed)])
        known = [_measured(clips) for clips in drawn]
        measured = np.any([keypoints for keypoints in known if keypoints is not None], axis=0)
        parts: dict[str, list[_Part]] = {name: [] for name in EMOTIONS}
        for clips, keypoints in zip(drawn, known, strict=True):
            if keypoints is None or (measured & ~keypoints).any():
                continue
            for points, _, emotions in clips:
                part = thirds(points[:, measured] * body_height_m, rate_hz)
                if not len(part.still):
                    continue
                for name, belongs in zip(EMOTIONS, _belongs(part, emotions).T, strict=True):
                    if belongs.any():
                        parts[name].append((part, belongs))
        manners = {name: _manner(own, rate_hz) for name, own in parts.items() if own}
        if not manners:
            raise TrainingError(
                f'got {sum(map(len, drawn))} clips, too few or too short to measure how they '
                f'move; expected some for training or validation of half a second or more'
            )
        return cls(manners, measured, body_height_m)


def _chosen(dataset: MotionDataset, seconds: float, seed: int) -> list[int]:
    """Return the numbers of clips that show about `seconds` of each emotion."""
    order = np.random.default_rng(seed).permutation(len(dataset))
    splits = dataset.splits[order]
    held_out, others = order[splits == 'val'], order[splits == 'train']
    chosen: set[int] = set()
    for emotion in range(len(EMOTIONS)):
        some, shown_s = _showing(dataset, held_out, emotion, seconds)
        if shown_s < min(_ENOUGH_S, seconds):
            some += _showing(dataset, others, emotion, seconds - shown_s)[0]
        chosen.update(some)
    return sorted(chosen)


def _measured(clips: list[Frames]) -> np.ndarray | None:
    """Return which keypoints [K] clips measure, None where there are none."""
    if not clips:
        return None
    return np.concatenate([confidence for _, confidence, _ in clips]).mean(axis=0) >= _MEASURED


def _showing(
    dataset: MotionDataset, order: np.ndarray, emotion: int, seconds: float
) -> tuple[list[int], float]:
    """Return the first clips of `order` that show `seconds` of an emotion, and how much."""
    weight = dataset.emotions[order, emotion]
    lengths_s = np.minimum(dataset.lengths[order] / dataset.rate_hz, seconds)
    order, shown_s = order[weight >= _TRACE], (weight * lengths_s)[weight >= _TRACE]
    before_s = np.cumsum(shown_s) - shown_s
    some = before_s < seconds
    return order[some].tolist(), float(shown_s[some].sum())


def _belongs(part: Thirds, emotions: np.ndarray) -> np.ndarray:
    """Return which thirds of a second [N] belong to which emotion, [N, 7] booleans."""
    count = len(part.still)
    frames = emotions[part.first : part.first + count * part.size]
    weights = frames.reshape(count, part.size, -1).mean(axis=1)
    return (weights >= 0.5) | (weights == weights.max(axis=-1, keepdims=True))


def _manner(parts: list[_Part], rate_hz: float) -> Manner:
    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name)[belongs] for part, belongs in parts])

    still = joined('still')
    return Manner(
        speed_m_s=float(joined('speed_m_s').mean()),
        still_share=float(still.mean()),
        longest_still_s=max(longest_still_s(p.still & b, rate_hz) for p, b in parts),
        jerk=float(joined('jerk').mean()),
        seconds=len(still) * parts[0][0].size / rate_hz,
    )
