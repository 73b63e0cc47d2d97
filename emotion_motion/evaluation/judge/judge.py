# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The independent judge: says which emotion two seconds of motion show, or that they show none.

It is trained on corpus motion of people and seeds that neither generator nor reference have, and
on negative controls: posture without its movement, which it learns to refuse. A judge without that
recognised 88 % of frozen windows by their posture and would have praised statues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge import negative_controls
from emotion_motion.evaluation.judge.negative_controls import REFUSED
from emotion_motion.evaluation.judge.network import fit_network, new_network, WindowNetwork
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

CHANCE = 1.0 / len(EMOTIONS)

# Of a judge that learnt permuted labels: what is left of chance's own spread, see `checks`.
_PERMUTED_MARGIN = 0.10
_PERMUTED_STEPS = 0.3  # of the judge's own


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows cut out of streams."""

    keypoints: np.ndarray  # [N, n, K, 3] of the canonical body of height 1
    emotions: np.ndarray  # [N] index into EMOTIONS of the one emotion of each
    streams: np.ndarray  # [N] number of the stream that each is from
    begins: np.ndarray  # [N] frame that each begins with

    def right_shares(self, seen: np.ndarray) -> np.ndarray:
        """Return the share of a stream's windows in which its emotion was seen [N], [B]."""
        right = seen == self.emotions
        return np.array([right[self.streams == s].mean() for s in range(self.streams.max() + 1)])


@dataclass(frozen=True)
class Check:
    """What a judge makes of something that it must not recognise.

    Attributes:
        accuracy: share of windows that it calls by their emotion, macro average.
        refused: share of windows that it calls no emotion.
        at_most: what the accuracy may be; None where the figure is for information.
    """

    accuracy: float
    refused: float
    at_most: float | None

    @property
    def passed(self) -> bool:
        """Whether the accuracy is where it should be."""
        return self.at_most is None or self.accuracy <= self.at_most


class Judge:
    """Tells which of the seven emotions a window of motion shows, if any."""

    def __init__(self, network: WindowNetwork, permuted: WindowNetwork, frames: int) -> None:
        """Wrap networks of eight classes, the last one refuses, for windows of so many frames.

        `permuted` was trained on permuted labels, for `checks`.
        """
        self.network, self.permuted, self.frames = network.eval(), permuted.eval(), frames
        self.rate_hz, self.skeleton = network.rate_hz, network.skeleton

    @classmethod
    def train(
        cls,
        windows: np.ndarray,
        labels: np.ndarray,
        *,
        rate_hz: float = 30.0,
        steps: int = 600,
        seed: int = 0,
    ) -> Judge:
        """Train on windows of motion; negative controls are made of them.

        Args:
            windows: [N, n, K, 3] float32 of the canonical body of height 1.
            labels: [N] index into EMOTIONS of each; two emotions at least.
            rate_hz: frames a second.
            steps: batches of 128 windows.
            seed: of weights, controls and batches; deterministic on one machine and thread count.
        """
        skeleton = load_skeleton()
        rng = np.random.default_rng((seed, 0))
        lesson, classes, weights = negative_controls.with_controls(
            _facing(windows, skeleton), labels, skeleton, rng
        )
        networks = []
        for number, share in enumerate((1.0, _PERMUTED_STEPS)):
            network = new_network(skeleton, rate_hz, REFUSED + 1, seed)
            named = classes if number == 0 else negative_controls.permuted(classes, rng)
            fit_network(network, lesson, named, weights, max(2, round(share * steps)), rng)
            networks.append(network)
        return cls(networks[0], networks[1], windows.shape[1])

    @property
    def seconds(self) -> float:
        """Length of a window [s]."""
        return self.frames / self.rate_hz

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Return probabilities [N, 7] of windows [N, n, K, 3] of the canonical body.

        They sum to 1 less the probability that the window moves like no emotion, which may be the
        likeliest: ask `seen` for the verdict.
        """
        return self._scores(self.network, windows)[:, :REFUSED]

    def seen(self, windows: np.ndarray) -> np.ndarray:
        """Return the verdict [N] on each window: index into EMOTIONS, or REFUSED."""
        return self._scores(self.network, windows).argmax(axis=1)

    def features(self, windows: np.ndarray) -> np.ndarray:
        """Return features [N, 128] of windows, for distances between distributions."""
        return self._run(self.network.features, windows)

    def windows(self, streams: Streams, every_s: float = 1.0) -> Windows:
        """Cut the windows that it judges out of streams of its rate; see `stream_windows`."""
        return stream_windows(streams, self.seconds, every_s)

    def checks(self, streams: Streams, *, seed: int = 0) -> dict[str, Check]:
        """Show the judge what it must not recognise, made of motion that it should.

        `motion` are the windows of reference streams themselves, its ceiling. `label_permuted` is
        the network of permuted labels shown them; it guesses whole regions alike, so that it may
        be lucky: its spread over seeds is 0.03. `shuffled_blocks` is a control that no network
        ever saw. `borrowed`, the mean pose with the movement of another emotion about it, says how
        far posture alone persuades the judge.

        Args:
            streams: reference motion of all emotions, not what it was trained on.
            seed: of the negative controls.
        """
        rng = np.random.default_rng((seed, 1))
        cut = self.windows(streams)
        real, shown = cut.keypoints, cut.emotions
        ceiling = self._check(real, shown, None)
        others = negative_controls.other_emotions(shown, rng)
        faced = _facing(real, self.skeleton)
        mixed = negative_controls.with_movement_of(faced, faced[others], self.skeleton)
        fifth = max(2, round(0.2 * self.rate_hz))
        blocks = negative_controls.shuffled_blocks(real, fifth, rng)
        still = negative_controls.frozen(real, rng)
        shuffled = negative_controls.shuffled_blocks(real, 1, rng)
        return {
            'motion': ceiling,
            'frozen': self._check(still, shown, CHANCE),
            'shuffled': self._check(shuffled, shown, CHANCE),
            'label_permuted': self._guesses(real, shown),
            'shuffled_blocks': self._check(blocks, shown, 0.5 * ceiling.accuracy),
            'borrowed': self._check(mixed, shown, 0.6 * ceiling.accuracy),
        }

    def _check(self, windows: np.ndarray, shown: np.ndarray, at_most: float | None) -> Check:
        seen = self.seen(windows)
        return Check(macro_accuracy(shown, seen), float((seen == REFUSED).mean()), at_most)

    def _guesses(self, windows: np.ndarray, shown: np.ndarray) -> Check:
        """Check the network of permuted labels; it is made to name an emotion, or it never would.

        Seven emotions that it cannot tell apart are each less likely than none at all.
        """
        seen = self._scores(self.permuted, windows)[:, :REFUSED].argmax(axis=1)
        return Check(macro_accuracy(shown, seen), 0.0, CHANCE + _PERMUTED_MARGIN)

    def _scores(self, network: WindowNetwork, windows: np.ndarray) -> np.ndarray:
        return self._run(lambda part: network(part).softmax(dim=-1), windows)

    def _run(self, function: Callable[[Tensor], Tensor], windows: np.ndarray) -> np.ndarray:
        expected = (self.frames, self.skeleton.size, 3)
        # What is not finite would be called the first emotion.
        if windows.shape[1:] != expected or not np.isfinite(windows).all():
            raise TrainingError(
                f'got windows of shape {windows.shape}; this judge knows '
                f'[N, {", ".join(map(str, expected))}], all of it finite'
            )
        parts = []
        with torch.inference_mode():
            for start in range(0, max(1, len(windows)), 1024):
                part = _facing(windows[start : start + 1024], self.skeleton)
                parts.append(function(torch.from_numpy(part)))
        return torch.cat(parts).numpy()


def stream_windows(streams: Streams, seconds: float, every_s: float = 1.0) -> Windows:
    """Cut streams into windows of one emotion each; those across a switch are left out.

    Streams are at least as long as a window; `every_s` is from one beginning to the next.
    """
    size = max(2, round(seconds * streams.rate_hz))
    step = max(1, round(every_s * streams.rate_hz))
    points, cut = streams.prepared(), []
    for begin in range(0, streams.frames - size + 1, step):
        asked = streams.emotions[:, begin : begin + size]
        pure = np.flatnonzero((asked == asked[:, :1]).all(axis=1))
        cut.append(
            (points[pure, begin : begin + size], asked[pure, 0], pure, np.full(len(pure), begin))
        )
    if not any(len(part[1]) for part in cut):
        raise TrainingError(
            f'got {len(streams)} streams of {streams.seconds:g} s without a window of {seconds:g} '
            f's at one emotion; run longer streams'
        )
    return Windows(*(np.concatenate(parts) for parts in zip(*cut, strict=True)))


def macro_accuracy(shown: np.ndarray, seen: np.ndarray) -> float:
    """Return the mean, over the emotions there are, of the share of windows that are right."""
    return float(np.mean([(seen[shown == e] == e).mean() for e in np.unique(shown)]))


def _facing(windows: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return windows that face +x over the origin on average: where to is no emotion."""
    points = np.array(windows, dtype=np.float32)
    points[..., :2] -= points[:, :, skeleton.root, None, :2].mean(axis=1, keepdims=True)
    left, right = skeleton.index('LHip'), skeleton.index('RHip')
    hips = (points[:, :, left] - points[:, :, right]).mean(axis=1)
    angle = np.arctan2(-hips[:, 0], hips[:, 1])[:, None, None]
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = points[..., 0].copy(), points[..., 1].copy()
    points[..., 0], points[..., 1] = cosine * x + sine * y, cosine * y - sine * x
    return points
