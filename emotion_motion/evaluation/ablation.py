# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What each part of the sampler is worth in a trained model: one part is switched off at a time.

Every row runs the same weights with other settings. The last one has no network at all: a random
training pose of the emotion, followed by a spring, is what the method has to beat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.alive import measure_alive
from emotion_motion.evaluation.measures.distribution import frechet_against_floor
from emotion_motion.evaluation.measures.on_body import jerk_ratio
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, frames_of, run_streams, Streams
from emotion_motion.evaluation.yardstick import feature_windows, RUN_IN_S, Yardstick
from emotion_motion.sampling import sample_dynamic_emotion_individual
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare

MEASURES = {
    'judge': 'named by the judge',
    'least': 'least-named emotion',
    'own': 'own recognition',
    'speed': 'speed of reference',
    'jerk': 'jerk of reference',
    'off': 'off the body',
    'frechet': 'Fréchet over floor',
    'gestures': 'gestures of reference',
}
POSE_TABLE = 'pose-table'
_SPRING_S = 0.18  # time constant: it arrives within half a second, as gestures of the corpus do
_POSES_S = 120.0  # of training motion of an emotion that the pose table draws from
_POSES_ACTORS = 8


@dataclass(frozen=True)
class Row:
    """One way to run a model: its name in the file, and its title, which says what is off.

    Settings of the sampler and arguments of `sample_dynamic_emotion_individual` that differ: one
    that is a function takes the packaged value, or the checkpoint.
    """

    name: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    sampling: Mapping[str, Any] = field(default_factory=dict)


def _twice(value: float) -> float:
    return 2.0 * value


def _of_body(checkpoint: Checkpoint) -> Tensor:
    """Return one group of all keypoints, [K]."""
    return torch.zeros(checkpoint.skeleton.size, dtype=torch.long)


_NO_SCORES = {'emotion_weight': 0.0, 'movement_weight': 0.0, 'k': 0.0, 'guidance': 0.0}

ROWS = (
    Row('packaged', 'as packaged'),
    Row('emotion-score-off', 'no emotion term in the score', {'emotion_weight': 0.0}),
    Row('guidance-off', 'no guidance', {'guidance': 0.0}),
    Row('both-off', 'neither', {'emotion_weight': 0.0, 'guidance': 0.0}),
    Row('movement-off', 'no movement term', {'movement_weight': 0.0}),
    Row('movement-doubled', 'twice the movement term', {'movement_weight': _twice}),
    Row('k-off', 'certainty costs nothing', {'k': 0.0}),
    Row('k-doubled', 'twice the weight of certainty', {'k': _twice}),
    Row(
        'one-choice-for-the-body',
        'one component for all keypoints',
        {'individual': 0.0},
        {'groups': _of_body},
    ),
    Row(
        'uncoupled',
        'a Gumbel number for each keypoint',
        {},
        {'coupled': False, 'groups': lambda _: None},
    ),
    Row('random-component', 'a component of the mixture at random', _NO_SCORES),
    Row(
        'most-probable',
        'the most probable component',
        {**_NO_SCORES, 'mixture_temperature': 0.05, 'variance_div': 10000.0},
    ),
    Row(POSE_TABLE, 'no network: a training pose of the emotion at random, and a spring'),
)


def run_row(
    row: Row, checkpoint: Checkpoint, *, streams: int, seconds: float, seed: int
) -> Streams:
    """Run `streams` streams of each emotion from the rest pose."""
    asked = np.tile(np.arange(len(EMOTIONS)), streams)
    if row.name == POSE_TABLE:
        keypoints = pose_table(checkpoint, asked, frames_of(checkpoint, seconds), seed)
        emotions = np.repeat(asked[:, None], keypoints.shape[1], axis=1)
        return Streams(keypoints, emotions, checkpoint.rate_hz)
    changes = {
        name: value(getattr(checkpoint.sampler, name)) if callable(value) else value
        for name, value in row.settings.items()
    }
    arguments = {
        name: value(checkpoint) if callable(value) else value
        for name, value in row.sampling.items()
    }

    def frame_sampler(*tensors: Tensor, **given: Any) -> Tensor:
        return sample_dynamic_emotion_individual(*tensors, **{**given, **arguments})

    return run_streams(
        checkpoint,
        emotions=asked,
        seconds=seconds,
        seed=seed,
        sampler=dataclasses.replace(checkpoint.sampler, **changes),
        frame_sampler=frame_sampler,
    )


def pose_table(checkpoint: Checkpoint, asked: np.ndarray, frames: int, seed: int) -> np.ndarray:
    """Return streams [B, T, K, D] in metres that follow random training poses of an emotion.

    The negative control of the method: labelled poses and a critically damped spring, without any
    network. A pose is drawn as often as the sampler draws.
    """
    poses = [_training_poses(EMOTIONS[e], checkpoint) for e in range(len(EMOTIONS))]
    random, rate = np.random.default_rng(seed), checkpoint.rate_hz
    place = np.repeat(checkpoint.rest_pose[None], len(asked), axis=0).astype(np.float64)
    speed, goal = np.zeros_like(place), place
    made = np.empty((len(asked), frames, *place.shape[1:]), dtype=np.float32)
    for frame in range(frames):
        if frame % checkpoint.model.config.target_every == 0:
            goal = np.stack([poses[e][random.integers(len(poses[e]))] for e in asked])
        pull = (goal - place) / _SPRING_S**2 - 2.0 * speed / _SPRING_S
        speed = speed + pull / rate
        place = checkpoint.skeleton.project(place + speed / rate)
        made[:, frame] = place
    return made * np.float32(BODY_HEIGHT_M)


def _training_poses(emotion: str, checkpoint: Checkpoint) -> np.ndarray:
    """Return poses [N, K, D] of corpus people at one emotion, of a body of height 1."""
    seconds = _POSES_S / _POSES_ACTORS
    clips = [make_clip(emotion, seconds, seed=n, actor=n) for n in range(_POSES_ACTORS)]
    ready = [prepare(clip, checkpoint.skeleton, rate_hz=checkpoint.rate_hz) for clip in clips]
    return np.concatenate([clip.keypoints for clip in ready])


def measure_row(motion: Streams, yardstick: Yardstick) -> dict[str, Any]:
    """Return the measures of a row, each a value with its least and largest over streams' seeds.

    The Frechet distance is one of all streams together. What no network read is None.
    """
    late, judge = motion.part(RUN_IN_S, motion.seconds), yardstick.judge
    alive, cut = measure_alive(motion, yardstick.thresholds), judge.windows(late)
    own = np.full(len(late), np.nan)
    if late.recognised is not None:
        own = (late.recognised.argmax(axis=-1) == late.emotions).mean(axis=-1)
    by_stream = {
        'judge': cut.right_shares(judge.seen(cut.keypoints)),
        'own': own,
        'speed': alive.against(yardstick.alive, 'speed_m_s'),
        'jerk': jerk_ratio(motion, yardstick.streams),
        'off': yardstick.manifold.off(motion),
        'gestures': alive.against(yardstick.alive, 'gestures'),
    }
    by_seed = {key: values.reshape(-1, len(EMOTIONS)) for key, values in by_stream.items()}
    measured: dict[str, Any] = dict.fromkeys(MEASURES)
    measured |= {key: _spread(values.mean(axis=1)) for key, values in by_seed.items()}
    # The least of emotions whose shares are each over all seeds: one seed's least is lower.
    named = by_seed['judge']
    measured['least'] = _spread(named.min(axis=1), named.mean(axis=0).min())
    frechet = frechet_against_floor(feature_windows(late, judge), yardstick.features)
    measured['frechet'] = round(float(frechet.ratio), 4)
    return measured


def _spread(values: np.ndarray, value: float | None = None) -> dict[str, float] | None:
    """Return the mean over seeds [S], or another value, with the least and the largest."""
    if not np.isfinite(values).all():  # not read, or nothing to hold it against
        return None
    middle = values.mean() if value is None else value
    numbers = {'value': middle, 'low': values.min(), 'high': values.max()}
    return {name: round(float(number), 4) for name, number in numbers.items()}


def markdown(measured: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of rows as `measure_row` measures them, each with its name."""
    titles = {row.name: row.title for row in ROWS}
    lines = ['| | ' + ' | '.join(MEASURES.values()) + ' |', '|---|' + '---|' * len(MEASURES)]
    for row in measured:
        cells = [_cell(row[key]) for key in MEASURES]
        lines.append(f'| {titles[row["name"]]} (`{row["name"]}`) | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines) + '\n'


def _cell(value: Any) -> str:
    if value is None:
        return '-'
    if isinstance(value, dict):
        return f'{value["value"]:.3g} ({value["low"]:.3g} to {value["high"]:.3g})'
    return f'{value:.3g}'
