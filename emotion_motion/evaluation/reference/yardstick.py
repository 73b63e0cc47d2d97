# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What models are held against, made once for all that are compared: reference motion, measured.

The reference is the same however much of a model is run, so that a quick evaluation and a full
one have the same thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emotion_motion.checkpoint import Checkpoint
from emotion_motion.evaluation.judge.judge import Check, Judge
from emotion_motion.evaluation.judge.wrong_condition import measure_wrong_condition, WrongCondition
from emotion_motion.evaluation.measures.alive import Alive, measure_alive
from emotion_motion.evaluation.measures.distribution import Windows
from emotion_motion.evaluation.measures.novelty import Novelty, Replayed
from emotion_motion.evaluation.measures.on_body import BodyMeasures, Bounds, Manifold, measure_body
from emotion_motion.evaluation.measures.switching import reference_p99
from emotion_motion.evaluation.measures.thresholds import Thresholds
from emotion_motion.evaluation.reference.motion import (
    corpus_streams,
    corpus_switches,
    hard_cuts,
    known_motion,
    real_streams,
    training_streams,
)
from emotion_motion.evaluation.reference.stages import Stages
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.data.store import MotionDataset

__all__ = ['FEATURES_EVERY_S', 'RUN_IN_S', 'ReferenceSize', 'Yardstick', 'feature_windows']

# A stream leaves the rest pose, which reference motion never shows, in its first seconds: judges
# and distances look at what comes after.
RUN_IN_S = 5.0
FEATURES_EVERY_S = 2.0  # the length of a judge's window: they do not overlap
_POSES_EVERY_S = 0.2
_SHORTEST_S = 2.0  # recorded clips below it are left out


@dataclass(frozen=True)
class ReferenceSize:
    """How much motion a model is held against.

    Attributes:
        people: of the reference, each at all emotions; four at least, for distances between two
            halves of them.
        seconds: of each of their streams [s]; repetition needs a minute.
        switches: people who switch.
        known_minutes: about how much of its training motion is looked through for replays [min].
    """

    people: int = 10
    seconds: float = 60.0
    switches: int = 100
    known_minutes: float = 30.0


@dataclass(eq=False)
class Yardstick:
    """The reference and all that is measured of it.

    Attributes:
        streams: corpus motion of people that no model saw, one emotion a stream.
        judge: trained on other people again.
        judge_checks: what it makes of what it must not recognise.
        thresholds: taken on the reference.
        bounds: where the keypoints of the reference, of half of those who switch and of the user's
            training clips are.
        manifold: poses of the reference and of the training clips.
        alive: measures of the reference.
        body: the same.
        unseen: share of frames out of range and off the manifold, of people who are in neither.
        p99_m_s3: 99th percentile of its jerk [m/s^3].
        features: what the judge sees in its windows.
        switches: corpus people who switch.
        cuts: hard cuts between reference streams.
        size: how much motion this is.
        datasets: the user's, whose training clips models may have seen.
        real: held-out clips of them.
    """

    streams: Streams
    judge: Judge
    judge_checks: dict[str, Check]
    thresholds: Thresholds
    bounds: Bounds
    manifold: Manifold
    alive: Alive
    body: BodyMeasures
    unseen: dict[str, float]
    p99_m_s3: float
    features: Windows
    switches: Streams
    cuts: Streams
    size: ReferenceSize = ReferenceSize()
    datasets: Sequence[MotionDataset] = ()
    real: list[Streams] = field(default_factory=list)
    _known: dict[str, tuple[Novelty, Replayed]] = field(default_factory=dict)
    _told: dict[str, WrongCondition] = field(default_factory=dict)

    @classmethod
    def make(
        cls,
        judge: Judge,
        *,
        rate_hz: float = 30.0,
        size: ReferenceSize | None = None,
        datasets: Sequence[MotionDataset] = (),
        seed: int = 0,
        stages: Stages | None = None,
    ) -> Yardstick:
        """Make reference motion and measure it.

        Args:
            judge: of the same rate.
            rate_hz: of the models.
            size: how much of everything; None: the size that figures are published with.
            datasets: recorded motion: their held-out clips are measured beside the corpus.
            seed: of the people.
            stages: timed.

        Raises:
            TrainingError: a data set of another skeleton, or one that holds nothing out.
        """
        stages, size = stages or Stages(), size or ReferenceSize()
        with stages.stage('reference: motion'):
            streams = corpus_streams(
                people=size.people, seconds=size.seconds, seed=seed, rate_hz=rate_hz
            )
            changes = corpus_switches(count=size.switches, seed=seed, rate_hz=rate_hz)
            cuts = hard_cuts(streams, count=size.switches, seed=seed)
            real = real_streams(datasets, rate_hz=rate_hz)
            real = [part for part in real if part.seconds >= _SHORTEST_S]
        with stages.stage('reference: thresholds'):
            thresholds = Thresholds.measure(streams, seed=seed)
            taught = [streams, *training_streams(datasets, rate_hz, minutes=size.known_minutes)]
            # How far people reach differs from one to another: ten of them are too few.
            others = np.arange(len(changes))
            bounds = Bounds.measure([*taught, changes.chosen(others[::2])])
            manifold = Manifold(_poses(taught), thresholds.off_body_m)
        with stages.stage('reference: measures'):
            alive = measure_alive(streams, thresholds)
            body = measure_body(streams, bounds=bounds, manifold=manifold)
            # Of the very poses that range and manifold are made of there is nothing to learn.
            rest = changes.chosen(others[1::2])
            unseen = {
                'out_of_range': float(bounds.outside(rest).mean()),
                'off_body': float(manifold.off(rest).mean()),
            }
            features = feature_windows(streams, judge)
            checks = judge.checks(streams, seed=seed)
            p99 = reference_p99(streams)
        return cls(
            streams,
            judge,
            checks,
            thresholds,
            bounds,
            manifold,
            alive,
            body,
            unseen,
            p99,
            features,
            changes,
            cuts,
            size,
            datasets,
            real,
        )

    def known(self, checkpoint: Checkpoint) -> tuple[Novelty, Replayed, str]:
        """Return a model's training motion, how near the reference comes to it, and what it is."""
        motion, words = known_motion(checkpoint, self.datasets, minutes=self.size.known_minutes)
        if words not in self._known:
            novelty = Novelty(motion)
            self._known[words] = novelty, novelty.measure(self.streams)
        return *self._known[words], words

    def told(self, checkpoint: Checkpoint) -> WrongCondition:
        """Return what a model reads in the reference when it is told something else.

        It does not depend on the sampler: the same weights are asked once.
        """
        name = checkpoint.sha256
        if not name:  # never saved: nothing tells it from another
            return measure_wrong_condition(checkpoint, self.streams)
        if name not in self._told:
            self._told[name] = measure_wrong_condition(checkpoint, self.streams)
        return self._told[name]


def feature_windows(streams: Streams, judge: Judge) -> Windows:
    """Return what a judge sees in windows of streams, one after the other.

    The mover of a stream is its place among the streams of its emotion: the person of reference
    motion, the seed of a model's.
    """
    cut = judge.windows(streams, every_s=FEATURES_EVERY_S)
    asked = streams.emotions[:, 0]
    place = np.array([int((asked[:i] == emotion).sum()) for i, emotion in enumerate(asked)])
    return Windows(
        judge.features(cut.keypoints),
        cut.emotions,
        place[cut.streams],
        cut.begins / streams.rate_hz,
    )


def _poses(parts: Sequence[Streams]) -> np.ndarray:
    """Return poses [N, K, 3], five a second."""
    return np.concatenate(
        [
            part.keypoints[:, :: max(1, round(_POSES_EVERY_S * part.rate_hz))].reshape(
                -1, *part.keypoints.shape[2:]
            )
            for part in parts
        ]
    )
