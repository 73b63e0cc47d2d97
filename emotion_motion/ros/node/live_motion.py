# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The motion of one configured node, without its topics: model, emotion, holds, measurements."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import secrets

import numpy as np

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.generator import MotionGenerator
from emotion_motion.playback import Playback, Pose
from emotion_motion.replay.log import RunLog
from emotion_motion.ros.node.emotion_input import EmotionInput
from emotion_motion.ros.node.health import LoopStatistics
from emotion_motion.ros.node.parameters import MotionParameters
from emotion_motion.settings import SamplerConfig, settings_of

__all__ = ['LiveMotion']


class LiveMotion:
    """One stream of motion that follows emotions.

    It begins at rest. The motion runs while nobody holds it; the reasons to hold it are kept
    apart, so that the end of one does not undo another: `user`, `inactive`, `clock`, `stop`,
    `failure`.

    Attributes:
        holds: the reasons why it is held; none while it moves.
    """

    def __init__(self, generator: MotionGenerator) -> None:
        self.generator = generator
        self.wanted_rate_hz = generator.rate
        self._seed: int | None = None  # None: another one at each reset
        self.playback = Playback(generator)
        self.emotion = EmotionInput(emotion_weights('neutral'))
        self.statistics = LoopStatistics()
        self._requested = self.emotion.last
        self._log: RunLog | None = None
        self._refused = ''
        self.holds = frozenset({'inactive'})
        self.playback.hold(True)
        self.playback.settle()
        self.pose = self.playback.advance(0.0)

    @classmethod
    def load(
        cls, parameters: MotionParameters, sampler: Mapping[str, float], log_refusal: str = ''
    ) -> LiveMotion:
        """Load the model of the parameters, with the sampler's settings that are not its own.

        The run is logged unless a `log_refusal` says why it may not be.

        Raises:
            EmotionMotionError: the checkpoint, the device or a value cannot be used.
        """
        seed = _drawn(parameters.seed if parameters.seed >= 0 else None)
        motion = cls(
            MotionGenerator.from_pretrained(parameters.model, device=parameters.device, seed=seed)
        )
        motion.apply(parameters, sampler)
        motion.playback.rate_hz = motion.wanted_rate_hz
        motion._refused = log_refusal
        if parameters.replay_file and not log_refusal:
            try:
                motion._log = RunLog(parameters.replay_file, motion.generator, motion.playback)
            except EmotionMotionError as error:
                motion._refused = str(error)
        return motion

    def watch(self) -> None:
        """Look after the log, which others may touch."""
        if self._log is not None:
            self._log.look()

    @property
    def rate_hz(self) -> float:
        return self.playback.rate_hz

    @property
    def log_problem(self) -> str:
        """Why the run that should be logged is not; '' where all is well."""
        return self._refused or (self._log.problem if self._log is not None else '')

    @property
    def model_values(self) -> dict[str, float]:
        """The parameters that have their default from the checkpoint, as they are now."""
        values = dataclasses.asdict(self.generator.sampler)
        return values | {'body_height_m': self.generator.body_height_m}

    def checked_sampler(self, values: Mapping[str, float]) -> SamplerConfig:
        """Return the sampler's settings with those among the parameters `values` in place.

        Raises:
            ConfigError: a value is out of range.
        """
        known = {name: values[name] for name in settings_of(SamplerConfig) if name in values}
        return dataclasses.replace(self.generator.sampler, **known)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    def apply(self, parameters: MotionParameters, sampler: Mapping[str, float]) -> None:
        """Use parameters from the next frame on, and the seed from the next reset on.

        The rate is only wanted: what ticks takes it up.
        """
        self.generator.sampler = self.checked_sampler(sampler)
        if parameters.body_height_m is not None:
            self.generator.body_height_m = parameters.body_height_m
        self.emotion.timeout_s = parameters.emotion_timeout_s
        self._seed = parameters.seed if parameters.seed >= 0 else None
        self.wanted_rate_hz = parameters.rate_hz or self.generator.rate

    def hold(self, reason: str, held: bool) -> None:
        """Hold the motion for a reason, or end that reason."""
        self.holds = self.holds | {reason} if held else self.holds - {reason}
        self.playback.hold(bool(self.holds))

    def reset(self) -> None:
        """Begin again in the rest pose, with the seed if one is given; emotion and holds stay."""
        self.playback.reset(_drawn(self._seed))
        if self._log is not None:
            self._log.reset()
        self.pose = self.playback.advance(0.0)

    def advance(self, period_s: float, now_s: float) -> Pose:
        """Go on by `period_s` of the motion's time, with the emotion of `now_s`.

        Raises:
            ModelError: the model gave a frame that is not finite.
        """
        requested = self.emotion.at(now_s)
        if not np.array_equal(requested, self._requested):
            self.generator.set_emotion(requested)
            self._requested = requested
        self.pose = self.playback.advance(period_s)
        if self._log is not None:
            self._log.advanced(self.pose.keypoints, self.pose.stepped, period_s)
        self.statistics.step(self.pose.step_times_s)
        return self.pose


def _drawn(seed: int | None) -> int:
    """Return the seed, or a new one; small enough to be given as the parameter to repeat a run."""
    return secrets.randbelow(2**31) if seed is None else seed
