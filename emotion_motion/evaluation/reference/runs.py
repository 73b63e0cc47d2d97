# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""All the motion of an evaluation, run at once on several cores; how long its stages take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
import contextlib
from dataclasses import dataclass
import functools
import threading
import time

import numpy as np
import torch

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import (
    OnStep,
    Plan,
    run_streams,
    run_switches,
    Streams,
    SWITCH_S,
)
from emotion_motion.settings import SamplerConfig

# The name of a stage and how much of it is done, 0 to 1.
OnStage = Callable[[str, float], None]


@dataclass(frozen=True, eq=False)
class Runs:
    """What a plan asked for.

    Attributes:
        streams: `seeds` streams of each emotion, in the order of the emotions.
        long: those of each emotion that went on, whole, in the order of the emotions: their first
            part is among `streams`. None where the plan has none.
        switches: streams that switch after 4 s, None where the plan has none.
    """

    streams: Streams
    long: Streams | None
    switches: Streams | None


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

    Args:
        checkpoint: the model, of keypoints in space.
        plan: how much.
        seed: of all draws.
        sampler: settings of the sampler; None: the checkpoint's.
        on_step: called with the frames made so far, of all streams together, and all that will be
            made, by one thread at a time.
        threads: batches that run at once.
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
                raise _StoppedError
            with self._lock:
                self._done += streams
                if self._on_step is not None:
                    self._on_step(self._done, self._total)

        return made


class _StoppedError(Exception):
    """Ends a batch where another one has failed; nobody outside sees it."""


@contextlib.contextmanager
def _one_core_each() -> Iterator[None]:
    """Let torch use one core in each thread; its sums are then the same on every machine's."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Stages:
    """Times stages by name; a stage that comes again adds up."""

    def __init__(self, on_stage: OnStage | None = None) -> None:
        """Begin with none; `on_stage` is called at the beginning and the end of each."""
        self.seconds: dict[str, float] = {}
        self._on_stage = on_stage

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[Callable[[int, int], None]]:
        """Time a stage; yields what is called with what is done and all there is to do."""
        self._report(name, 0.0)
        start = time.perf_counter()
        try:
            yield lambda done, total: self._report(name, done / max(total, 1))
        finally:
            passed = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + passed
        self._report(name, 1.0)

    def _report(self, name: str, share: float) -> None:
        if self._on_stage is not None:
            self._on_stage(name, share)
