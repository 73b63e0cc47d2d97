# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The small network of a judge: a window of motion in, a score for each class out."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn, Tensor

from emotion_motion.body.skeleton import Skeleton

_BATCH = 128
_WIDTH = 64
_JITTER = 0.002  # body heights; see `fit_network`


class WindowNetwork(nn.Module):
    """Three strided convolutions over time, then mean and maximum over time."""

    mean: Tensor
    spread: Tensor

    def __init__(self, skeleton: Skeleton, rate_hz: float, classes: int) -> None:
        """Make a network with random weights; `new_network` seeds them."""
        super().__init__()
        self.rate_hz, self.skeleton = rate_hz, skeleton
        inputs = 6 * skeleton.size
        self.register_buffer('mean', torch.zeros(inputs))
        self.register_buffer('spread', torch.ones(inputs))
        layers: list[nn.Module] = []
        for width in (inputs, _WIDTH, _WIDTH):
            layers += [nn.Conv1d(width, _WIDTH, 5, stride=2, padding=2), nn.GELU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * _WIDTH, classes))

    def inputs(self, windows: Tensor) -> Tensor:
        """Return positions about the first mid-hip and velocities [N, n, 6 K]."""
        place = windows[:, :1, self.skeleton.root, None, :2].clone()
        points = windows.clone()
        points[..., :2] -= place
        velocity = torch.diff(points, dim=1, prepend=points[:, :1]) * self.rate_hz
        return torch.cat((points.flatten(2), velocity.flatten(2)), dim=-1)

    def measure(self, windows: Tensor) -> None:
        """Take mean and spread of the inputs, for `forward` to divide by."""
        inputs = self.inputs(windows[:: max(1, len(windows) // 4000)]).flatten(0, 1)
        self.mean.copy_(inputs.mean(dim=0))
        self.spread.copy_(inputs.std(dim=0).clamp_min(0.01))

    def features(self, windows: Tensor) -> Tensor:
        """Return what the scores are read from [N, 128]."""
        inputs = (self.inputs(windows) - self.mean) / self.spread
        hidden = self.layers(inputs.transpose(1, 2))
        return torch.cat((hidden.mean(dim=-1), hidden.amax(dim=-1)), dim=-1)

    def forward(self, windows: Tensor) -> Tensor:
        """Return scores [N, classes] of windows [N, n, K, 3]."""
        return self.head(self.features(windows))


def new_network(skeleton: Skeleton, rate_hz: float, classes: int, seed: int) -> WindowNetwork:
    """Return an untrained network, the same for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # the layers' initial weights have no generator of their own
        return WindowNetwork(skeleton, rate_hz, classes)


def fit_network(
    network: WindowNetwork,
    windows: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray,
    steps: int,
    rng: np.random.Generator,
) -> None:
    """Train a network; deterministic on one machine and thread count.

    Half of the windows of a batch are mirrored, and half get white noise of a standard deviation
    up to 0.002 body heights, so that a judge minds the movement and not how smooth it is.

    Windows are [N, n, K, 3] of the canonical body; `labels` has the class of each and `weights`
    how often it is drawn.
    """
    network.measure(torch.from_numpy(windows))
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(2, steps))
    ends = np.cumsum(weights, dtype=np.float64)
    with torch.random.fork_rng():
        torch.manual_seed(int(rng.integers(2**31)))  # dropout has no generator of its own
        network.train()
        for _ in range(steps):
            chosen = np.searchsorted(ends / ends[-1], rng.random(_BATCH), side='right')
            batch = windows[chosen]
            turned = rng.random(_BATCH) < 0.5
            batch[turned] = network.skeleton.mirrored(batch[turned])
            size = rng.uniform(0.0, _JITTER, _BATCH) * (rng.random(_BATCH) < 0.5)
            noise = rng.standard_normal(batch.shape, dtype=np.float32)
            batch += noise * size.astype(np.float32)[:, None, None, None]
            loss = nn.functional.cross_entropy(
                network(torch.from_numpy(batch)),
                torch.from_numpy(labels[chosen]),
                label_smoothing=0.05,
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    network.eval()
