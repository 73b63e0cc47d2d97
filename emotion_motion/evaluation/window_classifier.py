# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A plain judge: a small network that tells the emotion of a second or two of motion.

It knows nothing of the generator: positions and velocities of the canonical body in, seven
probabilities out. Trained on one set of people and tested on others, its share of right windows
says how legible motion is; trained on real motion, it judges what a model makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.window_network import fit_network, new_network
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.skeleton import load_skeleton, Skeleton
from emotion_motion.training.prepare import prepare

__all__ = ['Judgement', 'WindowClassifier', 'emotion_windows']

_PURE = 0.7  # least weight of an emotion in every frame of a window that has its label


@dataclass(frozen=True, eq=False)
class Judgement:
    """How well windows are recognised.

    Attributes:
        accuracy: share of windows whose emotion was the most likely one, each emotion weighing
            the same.
        chance: what guessing gives by that measure.
        confusion: [7, 7] shares, rows the true emotion and columns the one seen; rows of emotions
            that were not there are 0.
        counts: [7] windows of each emotion.
    """

    accuracy: float
    chance: float
    confusion: np.ndarray
    counts: np.ndarray

    def lines(self) -> list[str]:
        """Return a Markdown table of the confusion in per cent."""
        rows = [f'| shown \\ seen | {" | ".join(EMOTIONS)} |', f'|{"---|" * (len(EMOTIONS) + 1)}']
        for name, row in zip(EMOTIONS, self.confusion, strict=True):
            rows.append(f'| {name} | {" | ".join(f"{100 * share:.0f}" for share in row)} |')
        return rows


def emotion_windows(
    clips: Iterable[Clip], seconds: float, *, rate_hz: float = 30.0,
    skeleton: Skeleton | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Cut clips into windows of one emotion each.

    Args:
        clips: with emotions; those that are not prepared are.
        seconds: length of a window; they overlap by half.
        rate_hz: frames a second of the windows.
        skeleton: the canonical body; default BODY_25.

    Returns:
        Windows [N, n, K, 3] of the canonical body and the index [N] of the emotion of each.
        Windows across a switch or of a mixture are left out.

    Raises:
        TrainingError: a clip without emotions, or no window at all.
    """
    skeleton = skeleton or load_skeleton()
    size = max(2, round(seconds * rate_hz))
    windows, labels = [], []
    for clip in clips:
        if clip.emotions is None:
            raise TrainingError(
                f'got the clip {clip.source!r} without emotions; a judge needs the label of each'
            )
        if not clip.prepared or clip.rate_hz != rate_hz:
            clip = prepare(clip, skeleton, rate_hz=rate_hz)
        for start in range(0, len(clip) - size + 1, max(1, size // 2)):
            least = clip.emotions[start : start + size].min(axis=0)
            if least.max() >= _PURE:
                windows.append(clip.keypoints[start : start + size])
                labels.append(int(least.argmax()))
    if not windows:
        raise TrainingError(
            f'got no window of {seconds} s with one emotion; give longer clips or shorter windows'
        )
    return np.stack(windows), np.array(labels)


class WindowClassifier:
    """Tells which of the seven emotions a window of motion shows."""

    def __init__(self, network: nn.Module, seconds: float, rate_hz: float, skeleton: Skeleton):
        """Wrap a trained network; `train` makes one."""
        self.seconds, self.rate_hz, self.skeleton = seconds, rate_hz, skeleton
        self._network = network.eval()

    @classmethod
    def train(
        cls, clips: Iterable[Clip], *, seconds: float = 1.0, rate_hz: float = 30.0,
        steps: int = 500, seed: int = 0, skeleton: Skeleton | None = None,
    ) -> WindowClassifier:  # fmt: skip
        """Train on clips; deterministic on one machine and thread count.

        Args:
            clips: with emotions; those that are not prepared are.
            seconds: length of a window.
            rate_hz: frames a second.
            steps: batches of 128 windows, each emotion equally often.
            seed: of weights, batches and mirroring.
            skeleton: the canonical body; default BODY_25.

        Raises:
            TrainingError: no windows, or windows of one emotion only.
        """
        skeleton = skeleton or load_skeleton()
        windows, labels = emotion_windows(clips, seconds, rate_hz=rate_hz, skeleton=skeleton)
        if len(np.unique(labels)) < 2:
            raise TrainingError('got windows of one emotion only; a judge needs at least two')
        rng = np.random.default_rng(seed)
        network = new_network(skeleton, rate_hz, len(EMOTIONS), seed)
        fit_network(network, windows, labels, skeleton, steps, rng)
        return cls(network, seconds, rate_hz, skeleton)

    def predict(self, windows: np.ndarray) -> np.ndarray:
        """Return probabilities [N, 7] of windows [N, n, K, 3] of the canonical body.

        Raises:
            TrainingError: windows of another length or body than those it was trained on.
        """
        size = max(2, round(self.seconds * self.rate_hz))
        if windows.ndim != 4 or windows.shape[1:] != (size, self.skeleton.size, 3):
            raise TrainingError(
                f'got windows of shape {windows.shape}; this judge knows [N, {size}, '
                f'{self.skeleton.size}, 3]'
            )
        with torch.inference_mode():
            given = torch.from_numpy(np.ascontiguousarray(windows, dtype=np.float32))
            parts = [self._network(part).softmax(-1) for part in given.split(1024)]
        return torch.cat(parts).numpy()

    def judge(self, clips: Iterable[Clip]) -> Judgement:
        """Return how well the windows of clips are recognised."""
        windows, labels = emotion_windows(
            clips, self.seconds, rate_hz=self.rate_hz, skeleton=self.skeleton
        )
        seen = self.predict(windows).argmax(axis=1)
        confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)))
        np.add.at(confusion, (labels, seen), 1.0)
        counts = confusion.sum(axis=1)
        confusion /= np.maximum(counts, 1.0)[:, None]
        there = counts > 0
        return Judgement(
            float(np.diag(confusion)[there].mean()), 1.0 / len(EMOTIONS), confusion, counts
        )
