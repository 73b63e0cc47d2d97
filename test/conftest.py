# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests. The processes that tests start inherit one thread a process."""

from __future__ import annotations

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')

from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, settings
import pytest
from support import random_checkpoint
import torch

from emotion_motion.checkpoint import available_models, Checkpoint, save_pretrained
from emotion_motion.generator import MotionGenerator

# The same few examples in every run, so that a failure can be seen again;
# HYPOTHESIS_PROFILE=explore looks farther, with other examples each time.
settings.register_profile(
    'repeat',
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    'explore', parent=settings.get_profile('repeat'), max_examples=500, derandomize=False
)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'repeat'))

# Files that take longest come first: where several are run at a time (make test), one that begins
# last would be waited for alone. Order means nothing else.
LONG = (
    'test_build',
    'test_robot_output',
    'test_demo',
    'test_lifecycle',
    'test_replay',
    'test_generator',
    'test_viewer_browser',
    'test_resume',
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(LONG)))


@pytest.fixture(autouse=True, scope='session')
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope='session')
def checkpoint() -> Checkpoint:
    """A small model of BODY_25 with random weights; not to be changed."""
    return random_checkpoint()


@pytest.fixture
def generator(checkpoint: Checkpoint) -> MotionGenerator:
    """One stream of it with seed 0."""
    return MotionGenerator(checkpoint, seed=0)


@pytest.fixture
def saved(checkpoint: Checkpoint, tmp_path: Path) -> Path:
    """Its directory, which a test may damage."""
    return save_pretrained(tmp_path / 'random', checkpoint)


@pytest.fixture(scope='session')
def packaged_model() -> Path:
    """The directory of the packaged model `default`; skips where it is missing."""
    models = available_models()
    if 'default' not in models:
        pytest.skip('the packaged model `default` is missing from models/')
    return models['default']


@pytest.fixture
def keep_global_random_state() -> Iterator[None]:
    """Fail a test that touches torch's global random state."""
    before = torch.random.get_rng_state()
    yield
    assert torch.equal(torch.random.get_rng_state(), before), 'the global random state moved'
