# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Is it like the reference as a whole: as various, as distant from it as the reference is itself?

Features are those of a judge's windows; which emotion was asked for and which person or seed moved
are labels beside them, so that like is compared with like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emotion_motion.emotion import EMOTIONS

_PAIRS, _APART_S = 300, 4.0


@dataclass(frozen=True, eq=False)
class Windows:
    """What is known of N windows of motion."""

    features: np.ndarray  # [N, F]
    emotions: np.ndarray  # [N] index into EMOTIONS of what it shows or was asked for
    movers: np.ndarray  # [N] who moved, see `Streams.movers`
    starts_s: np.ndarray  # [N] where in its stream it begins

    def cell(self, emotion: int, mover: object) -> np.ndarray:
        """Return the indices of the windows of one mover at one emotion."""
        return np.flatnonzero((self.emotions == emotion) & (self.movers == mover))

    def movers_at(self, emotion: int) -> np.ndarray:
        """Return who moves at an emotion."""
        return np.unique(self.movers[self.emotions == emotion])


class FrechetDistance(NamedTuple):
    """Frechet distances of a model and of the reference from half of the reference."""

    distance: float  # of the model, mean over splits
    floor: float  # of the other half, likewise
    ratio: float  # distance / floor
    windows: int  # that each side of a comparison has
    splits: int


def frechet(first: np.ndarray, second: np.ndarray, *, shrink: bool = True) -> float:
    """Return the Frechet distance of the Gaussians that fit two sets of features best.

    |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^1/2), as Heusel et al. (2017) have it (FID), not its
    root. The trace of (S1 S2)^1/2 is that of (S1^1/2 S2 S1^1/2)^1/2, which is symmetric, so that
    two eigen-decompositions are enough. The covariances of few samples are shrunk towards a
    multiple of the identity as much as Ledoit and Wolf (2004) advise, unless `shrink` is False.
    Features are [N, F] and [M, F].
    """
    mean, spread = _gaussian(first, shrink)
    other_mean, other_spread = _gaussian(second, shrink)
    values, vectors = np.linalg.eigh(spread)
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ other_spread @ root)
    mixed = np.sqrt(np.clip(inner, 0.0, None)).sum()
    gap = np.square(mean - other_mean).sum()
    return max(0.0, float(gap + np.trace(spread) + np.trace(other_spread) - 2.0 * mixed))


def frechet_against_floor(
    model: Windows, reference: Windows, *, splits: int = 20, seed: int = 0
) -> FrechetDistance:
    """Return how far a model is from the reference, and how far the reference is from itself.

    In each split the movers of the reference are divided at random into two halves; the floor is
    the distance between the halves, the model's that between the model and the second half. A
    distance grows as samples get fewer or people alike, so all three samples have one make-up:
    each emotion as many movers, each mover as many windows, both drawn at random.

    People differ more than splits do: corpus people against a reference of ten other corpus
    people have ratios of 0.8 to 2.2 with five of them and of 1.0 to 1.5 with ten. Only more people
    and seeds make the ratio surer, not longer streams.
    """
    rng = np.random.default_rng(seed)
    emotions = np.unique(model.emotions).tolist()
    people, count = _make_up(model, reference, emotions)
    distances, floors = np.empty(splits), np.empty(splits)
    for split in range(splits):
        chosen: list[list[np.ndarray]] = [[], [], []]
        for emotion in emotions:
            order = rng.permutation(reference.movers_at(emotion))
            mine = rng.permutation(model.movers_at(emotion))[:people]
            sides = ((model, mine), (reference, order[:people]), (reference, order[-people:]))
            for place, (windows, movers) in enumerate(sides):
                for mover in movers:
                    cell = rng.permutation(windows.cell(emotion, mover))[:count]
                    chosen[place].append(windows.features[cell])
        of_model, one_half, other_half = (np.concatenate(parts) for parts in chosen)
        distances[split] = frechet(of_model, other_half)
        floors[split] = frechet(one_half, other_half)
    distance, floor = float(distances.mean()), float(floors.mean())
    ratio = distance / floor if floor > 0.0 else float('nan')
    return FrechetDistance(distance, floor, ratio, len(emotions) * people * count, splits)


def diversity(windows: Windows) -> np.ndarray:
    """Return how much movers differ at each emotion, [7]; NaN where fewer than two move.

    The mean distance of the features of two windows of one emotion, drawn from two different
    seeds or people: MultiModality of Guo et al. (2020), of one condition.
    """
    rng = np.random.default_rng((0, 1))
    result = np.full(len(EMOTIONS), np.nan)
    for emotion in range(len(EMOTIONS)):
        cells = [windows.cell(emotion, mover) for mover in windows.movers_at(emotion)]
        if len(cells) < 2:
            continue
        gaps = []
        for _ in range(_PAIRS):
            one, two = rng.permutation(len(cells))[:2]
            gaps.append(_gap(windows, rng.choice(cells[one]), rng.choice(cells[two])))
        result[emotion] = np.mean(gaps)
    return result


def variety(windows: Windows) -> np.ndarray:
    """Return how much a mover does at each emotion, [7]; NaN where streams are too short.

    The mean distance of the features of two windows of one stream, 4 s apart or more.
    """
    rng = np.random.default_rng((0, 2))
    result = np.full(len(EMOTIONS), np.nan)
    for emotion in range(len(EMOTIONS)):
        cells = []
        for mover in windows.movers_at(emotion):
            cell = windows.cell(emotion, mover)
            starts = windows.starts_s[cell]
            if np.ptp(starts) >= _APART_S:
                cells.append((cell, starts))
        if not cells:
            continue
        gaps = []
        for number in range(_PAIRS):
            cell, starts = cells[number % len(cells)]
            far = np.abs(starts[:, None] - starts) >= _APART_S
            one = rng.choice(np.flatnonzero(far.any(axis=1)))
            two = rng.choice(np.flatnonzero(far[one]))
            gaps.append(_gap(windows, cell[one], cell[two]))
        result[emotion] = np.mean(gaps)
    return result


def _gap(windows: Windows, one: int, two: int) -> float:
    return float(np.linalg.norm(windows.features[one] - windows.features[two]))


def _make_up(model: Windows, reference: Windows, emotions: list[int]) -> tuple[int, int]:
    """Return how many movers an emotion and how many windows a mover all sides can give."""
    people = min(min(len(model.movers_at(e)), len(reference.movers_at(e)) // 2) for e in emotions)
    count = min(
        len(windows.cell(emotion, mover))
        for windows in (model, reference)
        for emotion in emotions
        for mover in windows.movers_at(emotion)
    )
    return people, count


def _gaussian(samples: np.ndarray, shrink: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return mean [F] and covariance [F, F] of samples [N, F]."""
    samples = samples.astype(np.float64)
    mean = samples.mean(axis=0)
    centred = samples - mean
    count, size = centred.shape
    spread = centred.T @ centred / count
    if not shrink:
        return mean, spread * count / (count - 1)
    # Ledoit and Wolf 2004, equations 14 and 15; sums over samples of |x x' - S|^2.
    target = np.trace(spread) / size
    away = np.square(spread).sum() - size * target**2
    noise = (
        np.square(np.square(centred).sum(axis=1)).sum() / count - np.square(spread).sum()
    ) / count
    share = float(np.clip(noise / away, 0.0, 1.0)) if away > 0.0 else 0.0
    return mean, (1.0 - share) * spread + share * target * np.eye(size)
