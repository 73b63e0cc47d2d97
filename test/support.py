# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What several tests share: bad inputs, small models with random weights, statistics."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import copy
import functools
import os
from pathlib import Path
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint, Normaliser
from emotion_motion.emotion import EMOTIONS
from emotion_motion.model.cache import StreamCache
from emotion_motion.model.config import MotionModelConfig
from emotion_motion.model.mixture import Target
from emotion_motion.model.network import MotionModel, MotionOutput

DATA = Path(__file__).parent / 'data'
TINY = {
    'keypoints': 4,
    'motion_channels': 12,
    'emotion_channels': 4,
    'layers': 2,
    'heads': 2,
    'window': 4,
    'anchors': 6,
    'mdn_channels': 16,
    'emotion_head_channels': 8,
    'pose_dims': 10,
}


@functools.cache
def _malformed() -> dict[str, Any]:
    return yaml.safe_load((DATA / 'malformed.yaml').read_text())


def malformed(section: str) -> list[Any]:
    """Return the cases of a section ('emotions.text') of data/malformed.yaml as parameters."""
    cases = functools.reduce(lambda part, key: part[key], section.split('.'), _malformed())
    return [
        pytest.param(case, id=f'{number}-{case["says"]}'[:40]) for number, case in enumerate(cases)
    ]


def damaged(data: Any, case: dict[str, Any]) -> Any:
    """Return a copy of nested `data` with a case's `set` and `drop` applied."""
    data = copy.deepcopy(data)
    path, *values = case['set'] if 'set' in case else [case['drop']]
    part = functools.reduce(lambda inner, key: inner[key], path[:-1], data)
    if values:
        part[path[-1]] = values[0]
    else:
        del part[path[-1]]
    return data


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_model(seed: int = 0, **sizes: Any) -> MotionModel:
    """Return a model of size TINY with random weights, units, axes and anchors, ready to run."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = MotionModel(MotionModelConfig(**{**TINY, **sizes}))
        for parameter in filter(lambda part: part.requires_grad, model.parameters()):
            # Larger than the usual weights: what depends on something shall show that it does.
            torch.nn.init.normal_(parameter, std=1.0 / max(parameter.shape[-1], 4) ** 0.5)
        model.unit.uniform_(0.5, 1.5)
        model.pose_std.uniform_(0.5, 1.5)
        size = model.config.outputs
        model.pose_basis.copy_(torch.linalg.qr(torch.randn(size, size)).Q[: len(model.pose_basis)])
        model.mdn.anchors.normal_()
        model.mdn.horizon_unit.uniform_(0.2, 0.8)
    return model.eval().requires_grad_(False)


def random_inputs(
    model: MotionModel, batch: int, length: int, seed: int = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return frames [B, T, O] that wander and emotions [B, T, E] that change."""
    random, config = seeded(seed), model.config
    frames = torch.randn(batch, length, config.outputs, generator=random)
    emotions = torch.rand(batch, length, config.emotions, generator=random)
    return frames, emotions / emotions.sum(-1, keepdim=True)


def stepped(
    model: MotionModel,
    frame: torch.Tensor,
    emotion: torch.Tensor,
    cache: StreamCache,
    target: Target | None = None,
    components: torch.Tensor | None = None,
) -> MotionOutput:
    """Return what a model says of one more frame [B, O] of live streams, T = 1."""
    if target is None:
        zeros = frame.new_zeros(len(frame), 1, model.config.pose_axes)
        target = Target(zeros, zeros[..., :1])
    step = model.stream_step(model.stream_input(frame, emotion, target, cache))
    cache.remember(frame, step.moved)
    return model.output(step, components)


def random_checkpoint(seed: int = 0, **sizes: Any) -> Checkpoint:
    """Return a small untrained checkpoint of BODY_25 that moves as much as a person."""
    skeleton = load_skeleton('body_25_2d' if sizes.get('keypoint_dims') == 2 else 'body_25')
    sizes = {
        'keypoints': skeleton.size,
        'motion_channels': 24,
        'emotion_channels': 8,
        'window': 8,
        'mdn_channels': 24,
        **sizes,
    }
    model = random_model(seed, **sizes)
    rest = skeleton.rest.astype(np.float32)
    full = functools.partial(np.full, rest.size, dtype=np.float32)
    normaliser = Normaliser(rest.ravel(), full(0.08), full(0.006), full(-0.4), full(0.4))
    model.pose_std.copy_(torch.from_numpy(normaliser.pose_std))
    model.unit.copy_(torch.from_numpy(normaliser.unit))
    return Checkpoint(
        model=model,
        skeleton=skeleton,
        rate_hz=30.0,
        normaliser=normaliser,
        rest_pose=rest,
        training={'sources': ['random weights'], 'licence': 'Apache-2.0'},
        name='random',
    )


def one_hot(name: str) -> np.ndarray:
    return np.eye(len(EMOTIONS), dtype=np.float32)[EMOTIONS.index(name)]


def chi_square_p(counts: torch.Tensor, probabilities: torch.Tensor) -> float:
    """Return the p-value of counts [n] against probabilities [n] (Pearson's chi-square test)."""
    counts, expected = counts.double(), probabilities.double() * counts.sum()
    assert expected.min() >= 5.0, 'too few draws for the test to hold'
    statistic = ((counts - expected).square() / expected).sum()
    freedom = torch.tensor((len(counts) - 1) / 2.0, dtype=torch.float64)
    return float(torch.special.gammaincc(freedom, statistic / 2.0))


@contextlib.contextmanager
def mounted_disk(folder: Path, options: str) -> Iterator[None]:
    """Mount a real small disk (tmpfs) on a folder; skips where that is not permitted.

    Args:
        folder: an empty folder.
        options: of the mount, such as 'size=4m'.
    """
    if shutil.which('mount') is None or not hasattr(os, 'geteuid') or os.geteuid() != 0:
        pytest.skip('a disk of its own needs mount and its permission')
    command = ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        pytest.skip(f'no disk can be mounted: {answer.stderr.strip()}')
    try:
        yield
    finally:
        subprocess.run(['umount', str(folder)], check=True)
