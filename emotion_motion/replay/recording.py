# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The live loop, recorded."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

from emotion_motion.emotion import recognised_distribution
from emotion_motion.exceptions import ConfigError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.motion import Motion
from emotion_motion.replay.log import RunLog

__all__ = ['record']


def record(
    generator: MotionGenerator, emotions: Sequence[str], seconds: float, log: RunLog | None = None
) -> Motion:
    """Run the first stream of a generator through emotions, each for `seconds`.

    Args:
        generator: what moves.
        emotions: names, aliases or mixtures.
        seconds: how long each of them is shown [s].
        log: of the run; None: it is not logged.

    Raises:
        ConfigError: no emotion, or seconds not above 0.
        EmotionError: an emotion cannot be read; nothing was run.
    """
    if not emotions or not 0.0 < seconds < math.inf:
        raise ConfigError(
            f'got the emotions {list(emotions)} for {seconds} s each; expected at least one '
            f'emotion and seconds above 0'
        )
    before = generator.emotion[0]
    for emotion in emotions:  # a bad one is found before anything moves
        generator.set_emotion(emotion, index=0)
    generator.set_emotion(before, index=0)
    frames, requested = [], []
    for emotion in emotions:
        generator.set_emotion(emotion, index=0)
        for _ in range(max(1, round(seconds * generator.rate))):
            frames.append(generator.step())
            if log is not None:
                log.advanced(frames[-1].keypoints)
            requested.append(generator.emotion[0])
    return Motion(
        keypoints=np.stack([frame.keypoints[0] for frame in frames]),
        requested=np.stack(requested),
        recognised=recognised_distribution(np.stack([f.emotion_logits[0] for f in frames])),
        rate_hz=generator.rate,
        skeleton=generator.skeleton.name,
        names=generator.skeleton.names,
    )
