# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The judge of every evaluation, trained on corpus people of its own."""

from __future__ import annotations

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge import Judge, stream_windows
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, Streams
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.corpus import make_clip
from emotion_motion.training.prepare import prepare

__all__ = ['FIRST_SEED', 'judge_streams', 'standard_judge']

# Below those of reference motion (900,000) and above all that training draws.
FIRST_SEED = 800_000
WINDOW_S = 2.0


def judge_streams(*, people: int, seconds: float, rate_hz: float = 30.0) -> Streams:
    """Make corpus motion for a judge to learn from: everybody at each of the emotions.

    Neither a model nor the reference has these people or their gestures.
    """
    skeleton, points = load_skeleton(), []
    for emotion in EMOTIONS:
        for number in range(FIRST_SEED, FIRST_SEED + people):
            seed = 10 * number + EMOTIONS.index(emotion)
            clip = make_clip(emotion, seconds, seed, rate_hz=rate_hz, actor=number)
            points.append(prepare(clip, skeleton, rate_hz=rate_hz).keypoints)
    keypoints = np.stack(points).astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.repeat(np.arange(len(EMOTIONS)), people)
    return Streams(keypoints, np.repeat(shown[:, None], keypoints.shape[1], axis=1), rate_hz)


def standard_judge(
    *, rate_hz: float = 30.0, people: int = 24, seconds: float = 30.0, steps: int = 600,
    seed: int = 0,
) -> Judge:  # fmt: skip
    """Train the judge that figures are published with; the same on one machine every time.

    Args:
        rate_hz: of the models that it is to judge.
        people: how many it learns from.
        seconds: how much of each at each emotion [s].
        steps: see `Judge.train`.
        seed: see `Judge.train`.
    """
    cut = stream_windows(judge_streams(people=people, seconds=seconds, rate_hz=rate_hz), WINDOW_S)
    return Judge.train(cut.keypoints, cut.emotions, rate_hz=rate_hz, steps=steps, seed=seed)
