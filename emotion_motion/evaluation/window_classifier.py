# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A plain judge: a small network that tells the emotion of a second or two of motion.

It knows nothing of the generator: positions and velocities of the canonical body in, seven
probabilities out. Trained on one set of people and tested on others, its share of right windows
says how legible motion is; trained on real motion, it judges what a model makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn, Tensor

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.skeleton import load_skeleton, Skeleton
from emotion_motion.training.prepare import prepare

__all__ = ['Judgement', 'WindowClassifier', 'emotion_windows']

_PURE = 0.7  # least weight of an emotion in every frame of a window that has its label
_BATCH = 128
_WIDTH = 64


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
        with torch.random.fork_rng():
            torch.manual_seed(seed)  # the layers' initial weights have no generator of their own
            network = _Network(skeleton, rate_hz)
        network.measure(torch.from_numpy(windows))
        _fit(network, windows, labels, skeleton, steps, rng)
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


class _Network(nn.Module):
    """Three strided convolutions over time, then mean and maximum over time."""

    def __init__(self, skeleton: Skeleton, rate_hz: float) -> None:
        super().__init__()
        self.rate_hz, self.root = rate_hz, skeleton.root
        inputs = 6 * skeleton.size
        self.register_buffer('mean', torch.zeros(inputs))
        self.register_buffer('spread', torch.ones(inputs))
        layers: list[nn.Module] = []
        for width in (inputs, _WIDTH, _WIDTH):
            layers += [nn.Conv1d(width, _WIDTH, 5, stride=2, padding=2), nn.GELU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * _WIDTH, len(EMOTIONS)))

    def features(self, windows: Tensor) -> Tensor:
        """Return positions about the first mid-hip and velocities [N, n, 6 K]."""
        place = windows[:, :1, self.root : self.root + 1, :2].clone()
        points = windows.clone()
        points[..., :2] -= place
        velocity = torch.diff(points, dim=1, prepend=points[:, :1]) * self.rate_hz
        return torch.cat((points.flatten(2), velocity.flatten(2)), dim=-1)

    def measure(self, windows: Tensor) -> None:
        """Take mean and spread of the features, for `forward` to divide by."""
        features = self.features(windows[:: max(1, len(windows) // 4000)]).flatten(0, 1)
        self.mean.copy_(features.mean(dim=0))
        self.spread.copy_(features.std(dim=0).clamp_min(0.01))

    def forward(self, windows: Tensor) -> Tensor:
        """Return scores [N, 7]."""
        features = (self.features(windows) - self.mean) / self.spread
        hidden = self.layers(features.transpose(1, 2))
        return self.head(torch.cat((hidden.mean(dim=-1), hidden.amax(dim=-1)), dim=-1))


def _fit(
    network: _Network, windows: np.ndarray, labels: np.ndarray, skeleton: Skeleton, steps: int,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(2, steps))
    places = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**31)))  # dropout has no generator of its own
        network.train()
        for _ in range(steps):
            chosen = _balanced(places, rng)
            batch = windows[chosen]
            turned = rng.random(len(batch)) < 0.5
            batch[turned] = skeleton.mirrored(batch[turned])
            loss = nn.functional.cross_entropy(
                network(torch.from_numpy(batch)), torch.from_numpy(labels[chosen]),
                label_smoothing=0.05,
            )  # fmt: skip
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()


def _balanced(places: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return the indices of a batch in which each emotion is drawn equally often."""
    which = rng.integers(len(places), size=_BATCH)
    return np.array([places[i][rng.integers(len(places[i]))] for i in which])
