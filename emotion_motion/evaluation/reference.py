# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion to measure a model against: unseen people of the corpus, recorded motion, what it knows.

Training draws corpora of small seeds and, with them, the first few hundred actors. Judges have
actors from 800,000 on, reference motion from 900,000, and people who switch from 20,000,000.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, people_streams, Streams, SWITCH_S
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.training.corpus.body import Body
from emotion_motion.training.corpus.corpus import corpus_proportions, make_corpus
from emotion_motion.training.corpus.performance import Actor, Performance, Segment
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.store import is_dataset, MotionDataset

_FIRST_SEED = 900_000
_SEEDS = 10_000  # a seed's people lie this far from the next seed's
_FIRST_SWITCH_SEED = 20_000_000
_MINUTES = 30.0  # a sample of more: what counts is held against the same sample


def corpus_streams(
    *, people: int, seconds: float, seed: int = 0, rate_hz: float = 30.0
) -> Streams:
    """Make corpus motion that no model was trained on: everybody at each of the emotions.

    Person n of a seed (0 to 1,000) is actor `900,000 + 10,000 seed + n` of the corpus. More people
    or another length leave the people there are who they were.
    """
    first = _FIRST_SEED + _SEEDS * seed
    return people_streams(range(first, first + people), seconds, rate_hz)


def corpus_switches(*, count: int, seed: int, rate_hz: float = 30.0) -> Streams:
    """Make corpus people who switch once, from a random emotion to a random other one.

    As in the corpus, the change of posture takes 0.3 to 0.8 s and gestures are cut short. The
    people are others than those of training, of judges and of `corpus_streams`.
    """
    before, after = (round(seconds * rate_hz) for seconds in SWITCH_S)
    parts, labels = [], []
    for number in range(count):
        rng = np.random.default_rng((_FIRST_SWITCH_SEED + seed, number))
        pair = rng.permutation(len(EMOTIONS))[:2]
        person = corpus_proportions(0, _FIRST_SWITCH_SEED + 10_000 * seed + number)
        cut, end = before / rate_hz, (before + after - 1) / rate_hz + 1.0
        plan = [
            Segment(np.eye(len(EMOTIONS))[emotion], start, stop, int(rng.integers(2)))
            for emotion, start, stop in ((pair[0], 0.0, cut), (pair[1], cut, end))
        ]
        times = np.arange(before + after) / rate_hz
        performance = Performance(plan, rng, Actor(Body(person.skeleton())))
        points = performance.keypoints(times, rate_hz) * person.height_m
        clip = prepare(Clip(keypoints=points, rate_hz=rate_hz), load_skeleton(), rate_hz=rate_hz)
        parts.append(BODY_HEIGHT_M * clip.keypoints)
        labels.append(np.repeat(pair, (before, after)))
    return Streams(np.stack(parts).astype(np.float32), np.stack(labels), rate_hz)


def hard_cuts(reference: Streams, *, count: int, seed: int) -> Streams:
    """Cut from one reference stream to another of another emotion, from one frame to the next.

    What a judge takes to believe it is the delay of its own windows, the least that any motion
    could reach.
    """
    before, after = (round(seconds * reference.rate_hz) for seconds in SWITCH_S)
    shown = reference.emotions[:, 0]
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


def real_streams(datasets: Iterable[MotionDataset], *, rate_hz: float = 30.0) -> list[Streams]:
    """Return the clips of the splits 'val' and 'test' of data sets, resampled to a rate.

    One stream a clip, each of its own length; the emotion of a frame is its heaviest one.
    """
    skeleton, streams = load_skeleton(), []
    for data in datasets:
        if data.dims != 3 or data.skeleton.names != skeleton.names:
            raise TrainingError(
                f'got the data set {data.path} of the skeleton {data.skeleton.name!r} in '
                f'{data.dims}D; expected one of {skeleton.name!r} in 3D'
            )
        held_out = np.concatenate([data.chosen(split) for split in ('val', 'test')])
        if not len(held_out):
            raise TrainingError(
                f"got the data set {data.path} without clips of the splits 'val' and 'test'; "
                f'import it with a share that is held out'
            )
        streams += [_stream(data.clip(number), rate_hz) for number in held_out.tolist()]
    return streams


def training_streams(
    datasets: Sequence[MotionDataset], rate_hz: float, *, minutes: float = _MINUTES, seed: int = 0
) -> list[Streams]:
    """Return training clips of data sets, drawn at random until there are enough minutes."""
    places = [(data, int(i)) for data in datasets for i in data.chosen('train')]
    rng, left_s = np.random.default_rng((seed, 3)), 60.0 * minutes
    streams: list[Streams] = []
    for number in rng.permutation(len(places)):
        data, i = places[number]
        streams.append(_stream(data.clip(i), rate_hz))
        left_s -= streams[-1].seconds
        if left_s <= 0.0:
            break
    return streams


def known_motion(
    checkpoint: Checkpoint, datasets: Sequence[MotionDataset] = (), *, minutes: float = _MINUTES
) -> tuple[list[Streams], str]:
    """Return training motion of a model, a stream a clip, and where it comes from in words.

    That of `datasets`, and of what the checkpoint says that it was trained on: of its data sets
    where they still lie, else of the corpus of the seed that it names. About so many minutes of
    each of the two; clips of data sets are drawn at random.
    """
    config = checkpoint.training.get('config') or {}
    data = config.get('data') or {}
    named = [Path(path) for path in data.get('data', ())]
    there = bool(named) and all(is_dataset(path) for path in named)
    given = {part.path.resolve() for part in datasets if part.path}
    opened = [MotionDataset.open(path) for path in named if there and path.resolve() not in given]
    rate_hz = checkpoint.rate_hz
    streams, words = [], []
    for parts in (datasets, opened):
        if parts:
            streams += training_streams(parts, rate_hz, minutes=minutes)
            words.append('training clips of ' + ', '.join(_name(part) for part in parts))
    if not there:
        seed = int(checkpoint.training.get('corpus_seed', data.get('corpus_seed', 0)))
        streams += [_stream(clip, rate_hz) for clip in make_corpus(minutes, seed, rate_hz)]
        words.append(f'the first {minutes:g} minutes of the corpus of seed {seed}')
    return streams, ', '.join(words)


def _stream(clip: Clip, rate_hz: float) -> Streams:
    clip = prepare(clip, load_skeleton(), rate_hz=rate_hz)
    points = clip.keypoints.astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.zeros(len(points), dtype=np.int64)  # nobody asks which emotion is replayed
    if clip.emotions is not None:
        shown = clip.emotions.argmax(axis=-1).astype(np.int64)
    return Streams(points[None], shown[None], rate_hz)


def _name(data: MotionDataset) -> str:
    return str(data.manifest.get('name') or (data.path.name if data.path else 'clips in memory'))
