# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The evaluation: a model's live loop is run and all of its measures are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, FIRST_EXCEPTION, ThreadPoolExecutor, wait
import contextlib
import dataclasses
from dataclasses import dataclass
import datetime as dt
import functools
import os
import platform
import threading
from typing import Any

import numpy as np
import torch

import emotion_motion
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report.distribution_section import distribution_measures
from emotion_motion.evaluation.report.emotion_section import emotion_measures
from emotion_motion.evaluation.report.motion_section import (
    alive_measures,
    body_measures,
    speed_over_run,
)
from emotion_motion.evaluation.report.report import Report
from emotion_motion.evaluation.report.switch_section import switch_measures
from emotion_motion.evaluation.streams import (
    OnStep,
    Plan,
    run_streams,
    run_switches,
    Streams,
    SWITCH_S,
)
from emotion_motion.evaluation.yardstick import Stages, Yardstick
from emotion_motion.exceptions import ConfigError
from emotion_motion.settings import SamplerConfig

_STRIP_S = (10.0, 16.0)


def evaluate(
    checkpoint: Checkpoint,
    yardstick: Yardstick | None = None,
    *,
    plan: Plan | None = None,
    seed: int = 0,
    sampler: SamplerConfig | None = None,
    title: str = '',
    stages: Stages | None = None,
) -> Report:
    """Run a model and measure it, with the reference beside every measure.

    Args:
        checkpoint: the model, of keypoints in space.
        yardstick: what it is held against, the same for models that are compared; None: made of
            this seed, without recorded motion.
        plan: how much is run; None: all.
        seed: of the runs.
        sampler: None: the checkpoint's.
        title: of the report; '' takes the checkpoint's name.
        stages: times and reports the stages.

    Raises:
        ConfigError: a setting is out of range, the model's keypoints are flat, or a yardstick of
            another rate.
        ModelError: the model gave a frame that is not finite.
    """
    plan, stages = plan or Plan(), stages or Stages()
    sampler = sampler or checkpoint.sampler
    if yardstick is None:
        yardstick = Yardstick.make(rate_hz=checkpoint.rate_hz, seed=seed, stages=stages)
    if yardstick.streams.rate_hz != checkpoint.rate_hz:
        raise ConfigError(
            f'got a model of {checkpoint.rate_hz:g} Hz and a reference of '
            f'{yardstick.streams.rate_hz:g} Hz; make the reference at the rate of the model'
        )
    with stages.stage('live loop') as steps:
        runs = run_plan(checkpoint, plan, seed=seed, sampler=sampler, on_step=steps)
    report = Report(title or checkpoint.name, _about(checkpoint, plan, seed, sampler, yardstick))
    report.details = {
        'run_speed': speed_over_run(runs.streams),
        'thresholds': yardstick.thresholds.numbers() | {'jerk_p99_m_s3': yardstick.p99_m_s3},
        'judge_checks': {
            name: dataclasses.asdict(check) | {'passed': check.passed}
            for name, check in yardstick.judge_checks.items()
        },
    }
    with stages.stage('alive'):
        report.measures += alive_measures(runs.streams, runs.long, yardstick)
    with stages.stage('body'):
        report.measures += body_measures(runs.streams, yardstick)
    with stages.stage('emotion'):
        measures, more = emotion_measures(checkpoint, runs.streams, yardstick)
        report.measures += measures
        report.details |= more
    with stages.stage('distribution'):
        report.measures += distribution_measures(checkpoint, runs.streams, yardstick)
    with stages.stage('switch'):
        measures, report.details['switch'] = switch_measures(runs.switches, yardstick)
        report.measures += measures
    report.stages = dict(stages.seconds)
    report.strips, report.reference_strips = _strips(runs.streams), _strips(yardstick.streams)
    return report


def _about(
    checkpoint: Checkpoint, plan: Plan, seed: int, sampler: SamplerConfig, yardstick: Yardstick
) -> dict[str, Any]:
    training = checkpoint.training
    reference = yardstick.streams
    return {
        'model': checkpoint.name,
        'model_sha256': checkpoint.sha256,
        'trained_on': training.get('data', 'unknown'),
        'licence': training.get('licence', ''),
        'sampler': dataclasses.asdict(sampler),
        'plan': dataclasses.asdict(plan),
        'seed': seed,
        'rate_hz': checkpoint.rate_hz,
        'reference': f'{len(reference) // len(EMOTIONS)} people of the corpus for '
        f'{reference.seconds:g} s at each emotion',
        'recorded': ', '.join(
            str(data.manifest.get('name') or data.path) for data in yardstick.datasets
        )
        or 'none: give --data',
        'version': emotion_motion.__version__,
        'made': dt.datetime.now().astimezone().isoformat(timespec='minutes'),
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}',
    }


def _strips(streams: Streams) -> dict[str, np.ndarray]:
    """Return six seconds of the first stream of each emotion, the last ones of a short run."""
    end = min(_STRIP_S[1], streams.seconds)
    part = streams.part(end - (_STRIP_S[1] - _STRIP_S[0]), end)
    first = {
        EMOTIONS[int(asked[0])]: points
        for asked, points in zip(part.emotions[::-1], part.keypoints[::-1], strict=True)
    }
    return {name: first[name] for name in EMOTIONS if name in first}


@dataclass(frozen=True, eq=False)
class Runs:
    """What a plan asked for.

    Streams are in the order of the emotions; None is what the plan has none of.
    """

    streams: Streams  # `seeds` of each emotion
    long: Streams | None  # those that went on, whole: their first part is among `streams`
    switches: Streams | None  # after 4 s


def run_plan(
    checkpoint: Checkpoint,
    plan: Plan,
    *,
    seed: int = 0,
    sampler: SamplerConfig | None = None,
    on_step: OnStep | None = None,
    threads: int = 2,
) -> Runs:
    """Run the motion of a plan; see `run_streams`.

    Streams that go on, the others and those that switch are three batches, each with draws of its
    own, side by side in threads of one core each: most of a step runs without Python, and a second
    core within a step saves next to nothing. The frames do not depend on `threads`.

    `on_step` is called with the frames of all streams together, by one thread at a time.
    """
    went_on = np.repeat(np.arange(len(EMOTIONS)), plan.long_seeds)
    others = np.repeat(np.arange(len(EMOTIONS)), plan.seeds - plan.long_seeds)
    run = functools.partial(run_streams, checkpoint, sampler=sampler)
    jobs: list[tuple[int, float, Callable[..., Streams]]] = [
        (len(emotions), seconds, functools.partial(run, emotions=emotions, seconds=seconds))
        for emotions, seconds in ((went_on, plan.long_seconds), (others, plan.seconds))
    ]
    switch = functools.partial(run_switches, checkpoint, sampler=sampler, count=plan.switches)
    jobs.append((plan.switches, sum(SWITCH_S), switch))
    total = sum(count * round(seconds * checkpoint.rate_hz) for count, seconds, _ in jobs)
    steps = _Steps(on_step, total)
    with _one_core_each(), ThreadPoolExecutor(max(1, threads)) as pool:
        try:
            # No batch draws what another one draws, of this seed or of another.
            futures = [
                pool.submit(job, seed=len(jobs) * seed + i, on_step=steps.of(count))
                for i, (count, _, job) in enumerate(jobs)
                if count
            ]
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()  # raises at once what one of them raised
            batches = iter([future.result() for future in futures])
        except BaseException:  # Ctrl-C as well: minutes of running are of no use to anybody
            steps.stopped.set()
            raise
    long, short, switches = (next(batches) if count else None for count, _, _ in jobs)
    parts = [part for part in (long and long.part(0.0, plan.seconds), short) if part is not None]
    together = Streams.joined(parts)
    order = np.argsort(together.emotions[:, 0], kind='stable')
    return Runs(together.chosen(order), long, switches)


class _Steps:
    """Adds up the frames of several batches, and stops them."""

    def __init__(self, on_step: OnStep | None, total: int) -> None:
        self.stopped = threading.Event()
        self._on_step, self._total, self._done = on_step, total, 0
        self._lock = threading.Lock()

    def of(self, streams: int) -> OnStep:
        """Return what a batch of so many streams calls after each step."""

        def made(step: int, steps: int) -> None:
            if self.stopped.is_set():
                raise CancelledError  # another batch has failed
            with self._lock:
                self._done += streams
                if self._on_step is not None:
                    self._on_step(self._done, self._total)

        return made


@contextlib.contextmanager
def _one_core_each() -> Iterator[None]:
    """Let torch use one core in each thread; its sums are then the same on every machine's."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
