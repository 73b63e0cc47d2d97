# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion to measure a model against: corpus motion that it never saw, held-out recorded motion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.corpus.corpus import corpus_proportions, make_clip, make_corpus
from emotion_motion.training.corpus.performance import Actor, Performance, Segment
from emotion_motion.training.corpus.performer.body import Body
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.store import is_dataset, MotionDataset

if TYPE_CHECKING:
    from emotion_motion.training.corpus.carriers import Carriers

__all__ = [
    'FIRST_SEED',
    'corpus_streams',
    'real_streams',
    'known_motion',
    'training_streams',
    'corpus_switches',
    'hard_cuts',
]

# Switches of emotion to measure a model's against: corpus people who switch, and hard cuts.

# Other people than those of training, of judges and of `corpus_streams`, whose numbers end at
# 900,000 + 10,000 x 1,000 + 10,000.
FIRST_SWITCH_SEED = 20_000_000


def hard_cuts(
    reference: Streams, *, count: int, seed: int, before_s: float = 4.0, after_s: float = 6.0
) -> Streams:
    """Cut from one reference stream to another of another emotion, from one frame to the next.

    There is no switch to wait for, so what a judge takes to believe it is the delay of its own
    windows: the least that any motion could reach.

    Raises:
        TrainingError: streams of a single emotion, or shorter than what is cut from them.
    """
    before, after = (round(seconds * reference.rate_hz) for seconds in (before_s, after_s))
    shown = reference.emotions[:, 0]
    if len(np.unique(shown)) < 2 or reference.frames < max(before, after):
        raise TrainingError(
            f'got {len(reference)} streams of {reference.seconds:g} s at '
            f'{len(np.unique(shown))} emotions; expected two emotions or more and {before_s:g} '
            f'and {after_s:g} s'
        )
    rng = np.random.default_rng((seed, 7))
    parts, labels = [], []
    for _ in range(count):
        one = int(rng.integers(len(reference)))
        two = int(rng.choice(np.flatnonzero(shown != shown[one])))
        rows = []
        for stream, size in ((one, before), (two, after)):
            start = int(rng.integers(reference.frames - size + 1))
            rows.append(reference.keypoints[stream, start : start + size])
        parts.append(np.concatenate(rows))
        labels.append(np.repeat(shown[[one, two]], (before, after)))
    return Streams(np.stack(parts), np.stack(labels), reference.rate_hz)


def corpus_switches(
    *, count: int, seed: int, before_s: float = 4.0, after_s: float = 6.0, rate_hz: float = 30.0
) -> Streams:
    """Make corpus people who switch once, from a random emotion to a random other one.

    As in the corpus, the change of posture takes 0.3 to 0.8 s and gestures are cut short. The
    people are others than those of training, of judges and of `corpus_streams`.

    Raises:
        TrainingError: no streams, or no time before or after the switch.
    """
    if count < 1 or min(before_s, after_s) * rate_hz < 1.0:
        raise TrainingError(
            f'got {count} switches with {before_s} s before and {after_s} s after; expected at '
            f'least one, and a frame on either side'
        )
    skeleton = load_skeleton()
    before, after = round(before_s * rate_hz), round(after_s * rate_hz)
    times = np.arange(before + after) / rate_hz
    parts, labels = [], []
    for number in range(count):
        rng = np.random.default_rng((FIRST_SWITCH_SEED + seed, number))
        pair = rng.permutation(len(EMOTIONS))[:2]
        person = corpus_proportions(0, FIRST_SWITCH_SEED + 10_000 * seed + number)
        plan = [
            Segment(np.eye(len(EMOTIONS))[emotion], start, end, int(rng.integers(2)))
            for emotion, start, end in (
                (pair[0], 0.0, before / rate_hz),
                (pair[1], before / rate_hz, float(times[-1]) + 1),
            )
        ]
        actor = Actor.of(Body(person.skeleton()))
        played = Performance(plan, rng, actor).keypoints(times, rate_hz) * person.height_m
        clip = prepare(Clip(keypoints=played, rate_hz=rate_hz), skeleton, rate_hz=rate_hz)
        parts.append(BODY_HEIGHT_M * clip.keypoints)
        labels.append(np.repeat(pair, (before, after)))
    return Streams(np.stack(parts).astype(np.float32), np.stack(labels), rate_hz)


# What a model was trained on, as far as it can be had: to see whether it replays it.

_MINUTES = 30.0  # a sample of more: what counts is held against the same sample


def known_motion(
    checkpoint: Checkpoint,
    datasets: Sequence[MotionDataset] = (),
    *,
    minutes: float = _MINUTES,
    seed: int = 0,
) -> tuple[list[Streams], str]:
    """Return training motion of a model, a stream a clip, and where it comes from in words.

    That of `datasets`, and of what the checkpoint says that it was trained on: of its data sets
    where they still lie, else of the corpus of the seed that it names.

    Args:
        checkpoint: the model.
        datasets: the user's, of the model's skeleton.
        minutes: about how much of each of the two; clips of data sets are drawn at random.
        seed: of that draw.

    Raises:
        TrainingError: a data set is damaged.
    """
    config = checkpoint.training.get('config', {})
    data = config.get('data', {}) if isinstance(config, dict) else {}
    data = data if isinstance(data, dict) else {}
    named = [Path(path) for path in data.get('data', ())]
    there = bool(named) and all(is_dataset(path) for path in named)
    given = {part.path.resolve() for part in datasets if part.path}
    opened = [MotionDataset.open(path) for path in named if there and path.resolve() not in given]
    rate_hz = checkpoint.rate_hz
    found, words = [], []
    for parts in (datasets, opened):
        if parts:
            found += training_streams(parts, rate_hz, minutes=minutes, seed=seed)
            words.append('training clips of ' + ', '.join(_name(part) for part in parts))
    if not there:
        corpus_seed = int(checkpoint.training.get('corpus_seed', data.get('corpus_seed', 0)))
        found += [_stream(clip, rate_hz) for clip in make_corpus(minutes, corpus_seed, rate_hz)]
        words.append(f'the first {minutes:g} minutes of the corpus of seed {corpus_seed}')
    return found, ', '.join(words)


def training_streams(
    datasets: Sequence[MotionDataset], rate_hz: float, *, minutes: float = _MINUTES, seed: int = 0
) -> list[Streams]:
    """Return training clips of data sets, drawn at random until there are enough minutes.

    Raises:
        TrainingError: a data set is damaged.
    """
    places = [(data, int(i)) for data in datasets for i in data.chosen('train')]
    rng, left_s, found = np.random.default_rng((seed, 3)), 60.0 * minutes, []
    for number in rng.permutation(len(places)):
        data, i = places[number]
        found.append(_stream(data.clip(i), rate_hz))
        left_s -= found[-1].seconds
        if left_s <= 0.0:
            break
    return found


def _stream(clip: Clip, rate_hz: float) -> Streams:
    clip = prepare(clip, load_skeleton(), rate_hz=rate_hz)
    points = clip.keypoints.astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.zeros(len(points), dtype=np.int64)  # nobody asks which emotion is replayed
    if clip.emotions is not None:
        shown = clip.emotions.argmax(axis=-1).astype(np.int64)
    return Streams(points[None], shown[None], rate_hz)


def _name(data: MotionDataset) -> str:
    return str(data.manifest.get('name') or (data.path.name if data.path else 'clips in memory'))


# Training draws corpora of small seeds and, with them, the first few hundred actors. Reference
# motion takes seeds and actors from here on, so no model has seen its people or its gestures.
# (Judges have those from 800,000 to here for themselves.)
FIRST_SEED = 900_000
_SEEDS = 10_000  # a seed's people lie this far from the next seed's


def corpus_streams(
    *,
    people: int,
    seconds: float,
    seed: int = 0,
    rate_hz: float = 30.0,
    carriers: Carriers | None = None,
) -> Streams:
    """Make corpus motion that no model was trained on: everybody at each of the emotions.

    Stream `emotion * people + person` is that person at that emotion throughout, on the canonical
    body as training data are. Person n of a seed is actor `FIRST_SEED + 10,000 seed + n` of the
    corpus. More people or another length leave the people there are who they were.

    Args:
        people: how many, up to 1,000.
        seconds: how long each stream is [s].
        seed: 0 to 1,000, other people.
        rate_hz: frames a second.
        carriers: real idle movement and animators' poses, where the model's data had them.

    Raises:
        TrainingError: an argument is out of range.
    """
    if not (1 <= people <= _SEEDS // 10 and 0 <= seed <= 1000 and 0.0 < seconds < float('inf')):
        raise TrainingError(
            f'got {people} people for {seconds} s with the seed {seed}; expected 1 to 1000 '
            f'people, a time above 0 and a seed from 0 to 1000'
        )
    skeleton, points = load_skeleton(), []
    for emotion in range(len(EMOTIONS)):
        for person in range(people):
            number = FIRST_SEED + _SEEDS * seed + person
            clip = make_clip(
                EMOTIONS[emotion],
                seconds,
                10 * number + emotion,
                rate_hz=rate_hz,
                actor=number,
                carriers=carriers,
            )
            points.append(prepare(clip, skeleton, rate_hz=rate_hz).keypoints)
    keypoints = np.stack(points).astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.repeat(np.arange(len(EMOTIONS)), people)
    return Streams(keypoints, np.repeat(shown[:, None], keypoints.shape[1], axis=1), rate_hz)


def real_streams(datasets: Iterable[MotionDataset], *, rate_hz: float = 30.0) -> list[Streams]:
    """Return the held-out clips of data sets, those of the splits 'val' and 'test'.

    Args:
        datasets: of keypoints in space of the package's BODY_25.
        rate_hz: frames a second that they are brought to.

    Returns:
        One stream a clip, each of its own length; the emotion of a frame is its heaviest one.

    Raises:
        TrainingError: a data set of another skeleton or of keypoints in a picture, or one that
            holds nothing out.
    """
    skeleton, result = load_skeleton(), []
    for data in datasets:
        if data.dims != 3 or data.skeleton.names != skeleton.names:
            raise TrainingError(
                f'got the data set {data.path} of the skeleton {data.skeleton.name!r} in '
                f'{data.dims}D; expected one of {skeleton.name!r} in 3D'
            )
        chosen = np.concatenate([data.chosen(split) for split in ('val', 'test')])
        if not len(chosen):
            raise TrainingError(
                f"got the data set {data.path} without clips of the splits 'val' and 'test'; "
                f'import it with a share that is held out'
            )
        for number in chosen.tolist():
            clip = prepare(data.clip(number), skeleton, rate_hz=rate_hz)
            points = clip.keypoints.astype(np.float32) * np.float32(BODY_HEIGHT_M)
            assert clip.emotions is not None  # a data set has no clip without
            shown = clip.emotions.argmax(axis=-1).astype(np.int64)
            result.append(Streams(points[None], shown[None], rate_hz))
    return result
