# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What models are held against, made once for all that are compared: reference motion, measured.

The reference is the same however much of a model is run, so that a quick evaluation and a full
one have the same thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import contextlib
from dataclasses import dataclass, field
import time

import numpy as np
import torch

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge.judge import Check, Judge
from emotion_motion.evaluation.judge.people import standard_judge
from emotion_motion.evaluation.measures.alive import Alive, measure_alive
from emotion_motion.evaluation.measures.distribution import Windows
from emotion_motion.evaluation.measures.on_body import (
    BodyMeasures,
    Bounds,
    Manifold,
    measure_body,
    poses_of,
)
from emotion_motion.evaluation.measures.repetition import Novelty, Thresholds
from emotion_motion.evaluation.measures.switching import reference_p99
from emotion_motion.evaluation.reference import (
    corpus_streams,
    corpus_switches,
    hard_cuts,
    known_motion,
    real_streams,
    training_streams,
)
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.data.store import MotionDataset

# A stream leaves the rest pose, which reference motion never shows, in its first seconds: judges
# and distances look at what comes after.
RUN_IN_S = 5.0
_FEATURES_EVERY_S = 2.0  # the length of a judge's window: they do not overlap
_SHORTEST_S = 2.0  # recorded clips below it are left out


class Stages:
    """Times stages by name; a stage that comes again adds up."""

    def __init__(self, on_stage: Callable[[str, float], None] | None = None) -> None:
        """Begin with none; `on_stage` is called with a stage's name and share done, 0 to 1."""
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


@dataclass(frozen=True)
class ReferenceSize:
    """How much motion a model is held against."""

    people: int = 10  # of the reference, each at all emotions; four at least, for two halves
    seconds: float = 60.0  # of each of their streams; repetition needs a minute
    switches: int = 100  # people who switch
    known_minutes: float = 30.0  # of training motion that is looked through for replays


@dataclass(eq=False)
class Yardstick:
    """The reference and all that is measured of it.

    Range and manifold are of the reference and of the user's training clips, the range of half of
    those who switch as well.
    """

    streams: Streams  # corpus motion of people that no model saw, one emotion a stream
    judge: Judge  # trained on other people again
    judge_checks: dict[str, Check]  # what it makes of what it must not recognise
    thresholds: Thresholds
    bounds: Bounds
    manifold: Manifold
    alive: Alive
    body: BodyMeasures
    unseen: dict[str, float]  # out of range and off the manifold, of people who are in neither
    p99_m_s3: float  # of the jerk of `streams`
    features: Windows  # what the judge sees in `streams`
    switches: Streams  # corpus people who switch
    cuts: Streams  # hard cuts between reference streams
    size: ReferenceSize = ReferenceSize()
    datasets: Sequence[MotionDataset] = ()  # whose training clips models may have seen
    real: list[Streams] = field(default_factory=list)  # their held-out clips
    _known: dict[str, tuple[Novelty, np.ndarray]] = field(default_factory=dict)

    @classmethod
    def make(
        cls,
        *,
        judge: Judge | None = None,
        rate_hz: float = 30.0,
        size: ReferenceSize | None = None,
        datasets: Sequence[MotionDataset] = (),
        seed: int = 0,
        stages: Stages | None = None,
    ) -> Yardstick:
        """Make reference motion and measure it.

        Args:
            judge: of the same rate; None: the standard one, trained or taken from the cache.
            rate_hz: of the models.
            size: how much of everything; None: the size that figures are published with.
            datasets: recorded motion: their held-out clips are measured beside the corpus.
            seed: of the people.
            stages: timed.
        """
        stages, size = stages or Stages(), size or ReferenceSize()
        if judge is None:
            with stages.stage('judge'):
                judge = standard_judge(rate_hz=rate_hz)
        with stages.stage('reference: motion'):
            streams = corpus_streams(
                people=size.people, seconds=size.seconds, seed=seed, rate_hz=rate_hz
            )
            changes = corpus_switches(count=size.switches, seed=seed, rate_hz=rate_hz)
            cuts = hard_cuts(streams, count=size.switches, seed=seed)
            real = real_streams(datasets, rate_hz=rate_hz)
        with stages.stage('reference: thresholds'):
            thresholds = Thresholds.measure(streams, seed=seed)
            taught = [streams, *training_streams(datasets, rate_hz, minutes=size.known_minutes)]
            # How far people reach differs from one to another: ten of them are too few.
            numbers = np.arange(len(changes))
            bounds = Bounds.measure([*taught, changes.chosen(numbers[::2])])
            poses = np.concatenate([poses_of(part) for part in taught])
            manifold = Manifold(poses, thresholds.off_body_m)
        with stages.stage('reference: measures'):
            # Of the very poses that range and manifold are made of there is nothing to learn.
            others = changes.chosen(numbers[1::2])
            unseen = {
                'out_of_range': float(bounds.outside(others).mean()),
                'off_body': float(manifold.off(others).mean()),
            }
            return cls(
                streams=streams,
                judge=judge,
                judge_checks=judge.checks(streams, seed=seed),
                thresholds=thresholds,
                bounds=bounds,
                manifold=manifold,
                alive=measure_alive(streams, thresholds),
                body=measure_body(streams, bounds=bounds, manifold=manifold),
                unseen=unseen,
                p99_m_s3=reference_p99(streams),
                features=feature_windows(streams, judge),
                switches=changes,
                cuts=cuts,
                size=size,
                datasets=datasets,
                real=[part for part in real if part.seconds >= _SHORTEST_S],
            )

    def known(self, checkpoint: Checkpoint) -> tuple[Novelty, np.ndarray, str]:
        """Return a model's training motion, how near the reference comes to it, and what it is."""
        motion, words = known_motion(checkpoint, self.datasets, minutes=self.size.known_minutes)
        if words not in self._known:
            novelty = Novelty(motion)
            self._known[words] = novelty, novelty.distances(self.streams)
        return *self._known[words], words


def feature_windows(streams: Streams, judge: Judge) -> Windows:
    """Return what a judge sees in windows of streams, one after the other."""
    cut = judge.windows(streams, every_s=_FEATURES_EVERY_S)
    movers, starts_s = streams.movers[cut.streams], cut.begins / streams.rate_hz
    return Windows(judge.features(cut.keypoints), cut.emotions, movers, starts_s)


@dataclass(frozen=True, eq=False)
class WrongCondition:
    """What a model reads in real motion under the condition of another emotion.

    Shares are of frames; what weighs most is what it reads.
    """

    fooled: np.ndarray  # [7] it reads the condition, of the six wrong ones of each emotion
    recognised: np.ndarray  # [7] it reads the emotion, under the right condition
    confusion: np.ndarray  # [7, 7] what it reads (columns) in each (row) under the right one


def measure_wrong_condition(
    checkpoint: Checkpoint, streams: Streams, *, people: int = 2, seconds: float = 15.0
) -> WrongCondition:
    """Show reference motion to a model under each of the seven conditions.

    The model's prediction is nearly the motion itself then, whatever the condition, so that the
    emotion that it reads in it must be the motion's. Frames count from the first full window on.

    Streams are of one emotion each, and all emotions are there; `people` of each are shown, for so
    many seconds.
    """
    model = checkpoint.model
    device = model.unit.device
    mean = torch.from_numpy(checkpoint.normaliser.mean).to(device)
    conditions = torch.eye(len(EMOTIONS), device=device)
    shares = np.zeros((len(EMOTIONS), len(EMOTIONS), len(EMOTIONS)))  # own, condition, read
    for own in range(len(EMOTIONS)):
        part = streams.of(own).part(0.0, seconds)
        for points in part.prepared()[:people]:
            frames = torch.from_numpy(points).to(device).flatten(1) - mean
            with torch.inference_mode():
                output = model(frames.expand(len(EMOTIONS), -1, -1), conditions)
            read = output.emotion_logits[:, model.config.window :].argmax(dim=-1)
            for condition, seen in enumerate(read):
                shares[own, condition] += np.bincount(seen.cpu(), minlength=len(EMOTIONS))
    shares /= shares.sum(axis=-1, keepdims=True)
    every = np.arange(len(EMOTIONS))
    reads_condition = shares[:, every, every]
    confusion = shares[every, every]
    wrong = [np.delete(reads_condition[own], own) for own in every]
    return WrongCondition(np.mean(wrong, axis=1), np.diag(confusion).copy(), confusion)
