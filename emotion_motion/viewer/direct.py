# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A generator in this process as a source: the live loop without ROS."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
import dataclasses
import threading
import time

import numpy as np

from emotion_motion.emotion import format_emotion
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.generator import MotionGenerator
from emotion_motion.playback import Playback
from emotion_motion.settings import SamplerConfig, Setting, settings_of
from emotion_motion.viewer.source import Figure, Snapshot, Tape

_STEPS, _FRAMES = 256, 64


class DirectSource:
    """Runs a generator of one stream in a thread of its own. It is its own steering."""

    timeline = None

    def __init__(self, generator: MotionGenerator) -> None:
        self._generator = generator
        self._playback = Playback(generator)
        self._lock = threading.Lock()
        self._problems: list[str] = []
        self._failure = ''
        self._step_times_s: deque[float] = deque(maxlen=_STEPS)
        self._frames_s: deque[float] = deque(maxlen=_FRAMES)
        self.title = f'model {generator.model_name}'
        self.steering = self
        self.tape = Tape()
        self.settings: Sequence[Setting] = tuple(settings_of(SamplerConfig).values())
        self._snapshot = Snapshot()
        self._advance()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name='generator', daemon=True)
        self._thread.start()

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def ask(self, weights: np.ndarray) -> None:
        with self._lock:
            self._generator.set_emotion(weights)

    def hold(self, held: bool) -> None:
        with self._lock:
            self._playback.hold(held)

    def reset(self, seed: int) -> None:
        with self._lock:
            drawn = int(np.random.default_rng().integers(2**31)) if seed < 0 else seed
            self._playback.reset(drawn)
            self._failure = ''

    def set(self, name: str, value: float) -> None:
        with self._lock:
            try:
                self._generator.sampler = dataclasses.replace(
                    self._generator.sampler, **{name: float(value)}
                )
            except (EmotionMotionError, TypeError) as error:
                self._problems.append(str(error))

    def values(self) -> Mapping[str, float]:
        sampler = self._generator.sampler
        return {setting.name: getattr(sampler, setting.name) for setting in self.settings}

    def problems(self) -> list[str]:
        with self._lock:
            problems, self._problems = self._problems, []
        return problems

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stopped.is_set():
            self._advance()
            # Late is not made up for: the motion runs a little behind, it never leaps.
            due_s = max(due_s + 1.0 / self._playback.rate_hz, time.monotonic())
            self._stopped.wait(max(0.0, due_s - time.monotonic()))

    def _advance(self) -> None:
        with self._lock:
            try:
                if not self._failure:
                    self._show()
            except EmotionMotionError as error:
                self._failure = str(error)
                self._snapshot = dataclasses.replace(
                    self._snapshot, notice=f'The motion stopped: {error}. Press reset.'
                )

    def _show(self) -> None:
        generator, skeleton = self._generator, self._generator.skeleton
        pose = self._playback.advance()
        self._step_times_s.extend(pose.step_times_s)
        self._frames_s.append(time.monotonic())
        figure = Figure(pose.keypoints[0], skeleton.name, skeleton.names)
        requested, recognised = generator.emotion[0], pose.recognised[0]
        number = self._snapshot.number + 1
        # By the motion's own time: a frame that is late is not missing.
        self.tape.add(number / self._playback.rate_hz, figure, requested, recognised)
        self._snapshot = Snapshot(
            number=number,
            figures=(figure._replace(keypoints=skeleton.in_space(figure.keypoints)),),
            requested=requested,
            recognised=recognised,
            held=self._playback.held,
            health=f'{format_emotion(requested).removesuffix(":1.00")}, seed {generator.seed}',
            measured=self._measured(),
        )

    def _measured(self) -> dict[str, float]:
        watchdog, frames_s = self._generator.watchdog, self._frames_s
        measured = {
            'still_s': float(watchdog.still_s[0]),
            'watchdog_interventions': float(watchdog.interventions[0]),
        }
        if len(frames_s) > 1 and frames_s[-1] > frames_s[0]:
            measured['rate_hz'] = (len(frames_s) - 1) / (frames_s[-1] - frames_s[0])
        if self._step_times_s:
            p50, p99 = np.percentile(self._step_times_s, (50, 99))
            measured |= {'step_p50_ms': 1e3 * p50, 'step_p99_ms': 1e3 * p99}
        return measured
