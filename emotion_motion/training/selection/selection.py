# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which checkpoint is the best: the one whose free run is most like the data.

Likelihood ranks recipes almost backwards (the best of it leaves the body within a minute), so a
checkpoint runs freely from rest, one stream and more an emotion, and is compared with how the data
moves. Each part is 0 at best and 1 at worst; the score is their weighted sum, see `WEIGHTS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
import math
from typing import Any

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ModelError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.selection.free_run import (
    free_run,
    FreeRun,
    longest_still_s,
    Thirds,
    thirds,
)
from emotion_motion.training.selection.reference import Manner, Reference

__all__ = ['WEIGHTS', 'FreeRunScore', 'score_checkpoint']

# What a part weighs. Standing still is the failure that people see first, so it counts twice: in
# `freeze` and in `still`. Jitter and the range matter, but a live loop filters and clamps.
WEIGHTS = {'speed': 1.0, 'freeze': 1.0, 'still': 0.5, 'range': 0.5, 'jerk': 0.5, 'emotion': 1.0}
_WORST_SPEED = 4.0  # as much faster or slower than the data is as bad as can be
_WORST_JERK = 8.0
_ALLOWED_STILL_S = 2.0  # clips are short: a stand of this length is nothing yet
_SHORTEST_S = 2.0
_RESTED_S = 1.0  # what the head sees before is mostly the rest pose


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
    checkpoint: Checkpoint,
    reference: Reference,
    *,
    seconds: float = 20.0,
    seed: int = 0,
    streams: int = 2,
) -> FreeRunScore:
    """Let a checkpoint run freely from its rest pose and compare it with the data.

    The same checkpoint, reference and seed give the same score on the same machine. There are so
    many streams for each emotion of the data.

    Raises:
        TrainingError: the reference is that of another body, or the run is shorter than 2 s.
    """
    if len(reference.keypoints) != checkpoint.skeleton.size or not seconds >= _SHORTEST_S:
        raise TrainingError(
            f'got a reference of {len(reference.keypoints)} keypoints and a run of {seconds} s; '
            f'expected the {checkpoint.skeleton.size} keypoints of {checkpoint.skeleton.name!r} '
            f'and {_SHORTEST_S:g} s or more'
        )
    names = [name for name in reference.emotions for _ in range(streams)]
    generator = MotionGenerator(
        checkpoint, batch_size=len(names), seed=seed, body_height_m=reference.body_height_m
    )
    wanted = np.eye(len(EMOTIONS))[[EMOTIONS.index(name) for name in names]]
    try:
        run = free_run(generator, seconds, wanted)
    except ModelError:  # it left the realm of numbers
        return FreeRunScore(math.inf, dict.fromkeys(WEIGHTS, 1.0))
    measured = [thirds(stream[:, reference.keypoints], run.rate_hz) for stream in run.keypoints]
    return _score(run, measured, names, checkpoint, reference)


def _score(
    run: FreeRun,
    measured: list[Thirds],
    names: list[str],
    checkpoint: Checkpoint,
    reference: Reference,
) -> FreeRunScore:
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
    return FreeRunScore(
        value=sum(WEIGHTS[name] * part for name, part in parts.items()),
        parts=parts,
        speed_ratio=_by_name(names, ratios),
        recognised=_by_name(names, recognised),
    )


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
    return {
        name: float(np.mean([v for n, v in zip(names, values, strict=True) if n == name]))
        for name in dict.fromkeys(names)
    }
