# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Switches of emotion to measure a model's against: corpus people who switch, and hard cuts."""

from __future__ import annotations

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.body import Body
from emotion_motion.training.corpus import corpus_proportions
from emotion_motion.training.performance import Actor, Performance, Segment
from emotion_motion.training.prepare import prepare

__all__ = ['FIRST_SEED', 'corpus_switches', 'hard_cuts']

# Other people than those of training, of judges and of `corpus_streams`, whose numbers end at
# 900,000 + 10,000 x 1,000 + 10,000.
FIRST_SEED = 20_000_000


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
        rng = np.random.default_rng((FIRST_SEED + seed, number))
        pair = rng.permutation(len(EMOTIONS))[:2]
        person = corpus_proportions(0, FIRST_SEED + 10_000 * seed + number)
        plan = [
            Segment(np.eye(len(EMOTIONS))[emotion], start, end, int(rng.integers(2)))
            for emotion, start, end in (
                (pair[0], 0.0, before / rate_hz), (pair[1], before / rate_hz, float(times[-1]) + 1)
            )
        ]  # fmt: skip
        actor = Actor.of(Body(person.skeleton()))
        played = Performance(plan, rng, actor).keypoints(times, rate_hz) * person.height_m
        clip = prepare(Clip(keypoints=played, rate_hz=rate_hz), skeleton, rate_hz=rate_hz)
        parts.append(BODY_HEIGHT_M * clip.keypoints)
        labels.append(np.repeat(pair, (before, after)))
    return Streams(np.stack(parts).astype(np.float32), np.stack(labels), rate_hz)
