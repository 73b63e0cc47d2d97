# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which checkpoint is the best: the one whose free run is most like the data.

Likelihood ranks recipes almost backwards (the best of it leaves the body within a minute), so a
checkpoint runs freely from rest, two streams an emotion, and is compared with how the data moves.
Each part is 0 at best and 1 at worst; the score is their weighted sum, see `WEIGHTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import math
from typing import Any

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ModelError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.free_run import free_run, FreeRun, longest_still_s, Thirds, thirds

__all__ = ['WEIGHTS', 'FreeRunScore', 'Manner', 'Reference', 'score_checkpoint']

# What a part weighs. Standing still is the failure that people see first, so it counts twice: in
# `freeze` and in `still`. Jitter and the range matter, but a live loop filters and clamps.
WEIGHTS = {'speed': 1.0, 'freeze': 1.0, 'still': 0.5, 'range': 0.5, 'jerk': 0.5, 'emotion': 1.0}
_WORST_SPEED = 4.0  # as much faster or slower than the data is as bad as can be
_WORST_JERK = 8.0
_ALLOWED_STILL_S = 2.0  # clips are short: a stand of this length is nothing yet
_RESTED_S = 1.0  # what the head sees before is mostly the rest pose
_STREAMS = 2  # for each emotion

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
    """The manner of each emotion in the data: what free runs of a model are compared with."""

    manners: Mapping[str, Manner]  # of the emotions that the data has, in the order of EMOTIONS
    keypoints: np.ndarray  # [K] booleans, the keypoints that the data measures
    body_height_m: float  # the height that lengths and speeds are those of

    @classmethod
    def measure(
        cls,
        datasets: Sequence[MotionDataset],
        *,
        shares: Sequence[float] = (),
        seconds: float = 300.0,
        seed: int = 0,
        body_height_m: float = 1.70,
    ) -> Reference:
        """Measure held-out clips, and those of training too for emotions that have few.

        A third of a second belongs to every emotion that weighs at least half in it, and to the
        one that weighs most. Of several data sets those count that measure every keypoint which
        any of them measures: how a stand-in for legs moves says nothing.

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
        drawn = [clips for clips in drawn if clips]
        confidences = [np.concatenate([part for _, part, _ in clips]) for clips in drawn]
        known = [confidence.mean(axis=0) >= _MEASURED for confidence in confidences]
        measured = np.any(known, axis=0)
        parts: dict[str, list[_Part]] = {name: [] for name in EMOTIONS}
        for clips, keypoints in zip(drawn, known, strict=True):
            for points, _, emotions in clips if keypoints[measured].all() else ():
                part = thirds(points[:, measured] * body_height_m, rate_hz)
                if len(part.still):
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


def _showing(
    dataset: MotionDataset, order: np.ndarray, emotion: int, seconds: float
) -> tuple[list[int], float]:
    """Return the first clips of `order` that show `seconds` of an emotion, and how much."""
    weight = dataset.emotions[order, emotion]
    lengths_s = np.minimum(dataset.lengths[order] / dataset.rate_hz, seconds)
    order, shown_s = order[weight >= _TRACE], (weight * lengths_s)[weight >= _TRACE]
    some = np.cumsum(shown_s) - shown_s < seconds
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


@dataclass(frozen=True)
class FreeRunScore:
    """How far the free run of a checkpoint is from the data.

    Attributes:
        value: the weighted sum of the parts; lower is better, infinite where the run broke off.
        parts: 0 (like the data) to 1, means over the streams. speed: |log| of the ratio of speeds;
            freeze: more thirds of a second standing still than in the data; still: longest stand
            beyond that of the data, as a share of the run; range: frames out of the bounds of the
            training motion; jerk: how much it trembles more than the data; emotion: 1 - the weight
            that the model's head gives to what was asked for.
        speed_ratio: speed / that of the data, by emotion.
        recognised: weight that the head gives to what was asked for, by emotion.
    """

    value: float
    parts: dict[str, float]
    speed_ratio: dict[str, float] = field(default_factory=dict)
    recognised: dict[str, float] = field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Return what a MetricsLog takes."""
        ratios = {f'speed_ratio/{name}': value for name, value in self.speed_ratio.items()}
        values = {'score': self.value, **self.parts, **ratios}
        return {f'free_run/{name}': value for name, value in values.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold, which knows no infinity."""
        return {**vars(self), 'value': self.value if math.isfinite(self.value) else 1e9}


def score_checkpoint(
    checkpoint: Checkpoint, reference: Reference, *, seconds: float = 20.0, seed: int = 0
) -> FreeRunScore:
    """Let a checkpoint run freely from its rest pose and compare it with data of its skeleton.

    The same checkpoint, reference and seed give the same score on the same machine.
    """
    names = [name for name in reference.manners for _ in range(_STREAMS)]
    generator = MotionGenerator(
        checkpoint, batch_size=len(names), seed=seed, body_height_m=reference.body_height_m
    )
    try:
        run = free_run(generator, seconds, names)
    except ModelError:  # it left the realm of numbers
        return FreeRunScore(math.inf, dict.fromkeys(WEIGHTS, 1.0))
    measured = [thirds(stream[:, reference.keypoints], run.rate_hz) for stream in run.keypoints]
    pairs = [(part, reference.manners[name]) for part, name in zip(measured, names, strict=True)]
    ratios = [part.speed_m_s.mean() / max(manner.speed_m_s, 1e-9) for part, manner in pairs]
    jerks = [part.jerk.mean() / max(manner.jerk, 1e-9) for part, manner in pairs]
    freezes = [part.still.mean() - manner.still_share for part, manner in pairs]
    recognised = _recognised(run, names)
    parts = {
        'speed': float(np.mean([_far(ratio, _WORST_SPEED) for ratio in ratios])),
        'freeze': float(np.mean(np.maximum(freezes, 0.0))),
        'still': float(np.mean([_stand(part, manner, run) for part, manner in pairs])),
        'range': _out_of_range(run, checkpoint, reference),
        'jerk': float(np.mean([_far(max(ratio, 1.0), _WORST_JERK) for ratio in jerks])),
        'emotion': 1.0 - float(np.mean(recognised)),
    }
    value = sum(WEIGHTS[name] * part for name, part in parts.items())
    return FreeRunScore(value, parts, _by_name(names, ratios), _by_name(names, recognised))


def _far(ratio: float, worst: float) -> float:
    """Return how far a ratio is from 1: 0, or 1 where it is `worst` or 1 / `worst`."""
    return min(1.0, abs(math.log(max(ratio, 1e-9))) / math.log(worst))


def _stand(part: Thirds, manner: Manner, run: FreeRun) -> float:
    """Return by how much the longest stand is longer than it may be, as a share of the run."""
    allowed_s = max(manner.longest_still_s, _ALLOWED_STILL_S)
    length_s = run.keypoints.shape[1] / run.rate_hz
    return max(0.0, longest_still_s(part.still, run.rate_hz) - allowed_s) / length_s


def _out_of_range(run: FreeRun, checkpoint: Checkpoint, reference: Reference) -> float:
    """Return the share of frames at or beyond the bounds of the training motion.

    The live loop clamps to them, so a frame that left them lies on them, or, once the body was
    put together again, beyond.
    """
    normaliser, dims = checkpoint.normaliser, run.keypoints.shape[-1]
    kept = np.repeat(reference.keypoints, dims)
    frames = run.keypoints.reshape(*run.keypoints.shape[:2], -1) / reference.body_height_m
    space = (frames - normaliser.mean)[..., kept]
    low, high = normaliser.low[kept] + 1e-5, normaliser.high[kept] - 1e-5
    return float(((space < low) | (space > high)).any(axis=-1).mean())


def _recognised(run: FreeRun, names: list[str]) -> list[float]:
    """Return the mean weight of what each stream was asked for, once it has left the rest pose."""
    seen = run.recognised[:, round(_RESTED_S * run.rate_hz) :]
    return [
        float(stream[:, EMOTIONS.index(name)].mean())
        for stream, name in zip(seen, names, strict=True)
    ]


def _by_name(names: list[str], values: list[float]) -> dict[str, float]:
    """Return the mean over the streams of each name."""
    return {
        name: float(np.mean([v for n, v in zip(names, values, strict=True) if n == name]))
        for name in dict.fromkeys(names)
    }
