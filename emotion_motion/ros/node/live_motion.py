# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""All that one configured node runs, without its topics: model, emotion, hold, measurements."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import secrets
from typing import Any

import numpy as np

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.generator import MotionGenerator
from emotion_motion.playback import Playback, Pose
from emotion_motion.replay.log import RunLog
from emotion_motion.ros.node.emotion_input import EmotionInput
from emotion_motion.ros.node.statistics import LoopStatistics
from emotion_motion.settings import SamplerConfig, settings_of

__all__ = ['LiveMotion', 'SAMPLER_PARAMETERS']

SAMPLER_PARAMETERS = tuple(settings_of(SamplerConfig))


class LiveMotion:
    """One stream of motion that follows emotions.

    It begins at rest. The motion runs while nobody holds it; the reasons to hold it are kept
    apart, so that the end of one does not undo another: `user`, `inactive`, `clock`, `stop`.

    Attributes:
        pace: what the time of the motion is multiplied with; below 1 the same motion is slower.
    """

    def __init__(self, generator: MotionGenerator) -> None:
        """Play a generator of one stream."""
        self.generator = generator
        self._seed: int | None = None  # None: another one at each reset
        self.playback = Playback(generator)
        self.emotion = EmotionInput(emotion_weights('neutral'))
        self.statistics = LoopStatistics()
        self._requested = self.emotion.last
        self._log: RunLog | None = None
        self._refused = ''
        self._holds = {'inactive'}
        self.pace = 1.0
        self.playback.hold(True)
        self.playback.settle()
        self.pose = self.playback.advance(0.0)

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> LiveMotion:
        """Load the model that the parameters name.

        Args:
            values: the node's parameters by name; what is None is left to the checkpoint.

        Raises:
            EmotionMotionError: the checkpoint, the device or a value cannot be used.
        """
        seed = values['seed'] if values['seed'] >= 0 else None
        generator = MotionGenerator.from_pretrained(
            values['model'], device=values['device'], seed=_drawn(seed)
        )
        motion = cls(generator)
        motion.apply({name: value for name, value in values.items() if value is not None})
        if values['replay_file']:
            motion.log_to(values['replay_file'])
        return motion

    @property
    def rate_hz(self) -> float:
        """Publish rate [Hz]."""
        return self.playback.rate_hz

    @property
    def log_problem(self) -> str:
        """Why the run that should be logged is not; '' where all is well."""
        return self._refused or (self._log.problem if self._log is not None else '')

    @property
    def model_values(self) -> dict[str, float]:
        """The parameters that have their default from the checkpoint, as they are now."""
        sampler = self.generator.sampler
        values = {name: getattr(sampler, name) for name in SAMPLER_PARAMETERS}
        return values | {'body_height_m': self.generator.body_height_m}

    def checked_sampler(self, values: Mapping[str, Any]) -> Any:
        """Return the sampler's settings with those among the parameters `values` in place.

        Raises:
            ConfigError: a value is out of range.
        """
        known = {name: values[name] for name in SAMPLER_PARAMETERS if name in values}
        return dataclasses.replace(self.generator.sampler, **known)

    def log_to(self, path: str) -> None:
        """Log the run, which is about to begin, for a replay; what fails is in `log_problem`."""
        try:
            self._log = RunLog(path, self.generator, self.playback)
        except EmotionMotionError as error:
            self._refused = str(error)

    def close(self) -> None:
        """End the log, where there is one."""
        if self._log is not None:
            self._log.close()

    def apply(self, values: Mapping[str, Any]) -> None:
        """Use changed parameters from the next frame on."""
        self.generator.sampler = self.checked_sampler(values)
        if 'body_height_m' in values:
            self.generator.body_height_m = values['body_height_m']
        if 'emotion_timeout_s' in values:
            self.emotion.timeout_s = values['emotion_timeout_s']
        if 'seed' in values:  # from the next reset on
            self._seed = values['seed'] if values['seed'] >= 0 else None
        if 'rate_hz' in values:
            self.playback.rate_hz = values['rate_hz'] or self.generator.rate

    def hold(self, reason: str, held: bool) -> None:
        """Hold the motion for a reason, or end that reason."""
        self._holds = self._holds | {reason} if held else self._holds - {reason}
        self.playback.hold(bool(self._holds))

    @property
    def holds(self) -> frozenset[str]:
        """The reasons why it is held; none while it moves."""
        return frozenset(self._holds)

    def is_held(self, reason: str) -> bool:
        """Whether the motion is held for that reason."""
        return reason in self._holds

    def reset(self) -> None:
        """Begin again in the rest pose, with the seed if one is given; emotion and holds stay."""
        self.playback.reset(_drawn(self._seed))
        if self._log is not None:
            self._log.reset()
        self.pose = self.playback.advance(0.0)

    def advance(self, period_s: float, now_s: float) -> Pose:
        """Go on by one period, at the pace that is set, with the emotion of `now_s`.

        Raises:
            ModelError: the model gave a frame that is not finite.
        """
        requested = self.emotion.at(now_s)
        if not np.array_equal(requested, self._requested):
            self.generator.set_emotion(requested)
            self._requested = requested
        period_s *= self.pace
        self.pose = self.playback.advance(period_s)
        if self._log is not None:
            self._log.advanced(self.pose.keypoints, self.pose.stepped, period_s)
        self.statistics.step(self.pose.step_times_s)
        return self.pose


def _drawn(seed: int | None) -> int:
    """Return the seed, or a new one; small enough to be given as the parameter to repeat a run."""
    return secrets.randbelow(2**31) if seed is None else seed
