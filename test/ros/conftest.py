# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the ROS side run on the real middleware, on a domain of their own."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import gc
import importlib.util
from pathlib import Path
import socket
from types import ModuleType

import pytest

from emotion_motion.checkpoint import Checkpoint, save_pretrained


def _has_ros() -> bool:
    with contextlib.suppress(ImportError):
        return importlib.util.find_spec('emotion_motion.msg') is not None and (
            importlib.util.find_spec('rclpy') is not None
        )
    return False


if not _has_ros():
    collect_ignore_glob = ['test_*.py']


def _free_domain() -> tuple[int, socket.socket]:
    """Return a ROS domain that no other test process has; it is ours while the socket is open.

    Domains above 101 would need ports that the system hands out to anybody.
    """
    for domain in range(1, 102):
        holder = socket.socket()
        try:
            holder.bind(('127.0.0.1', 7400 + 250 * domain + 240))  # a port that DDS leaves free
        except OSError:
            holder.close()
            continue
        return domain, holder
    raise RuntimeError('got no free ROS domain from 1 to 101; are a hundred test runs at work?')


@pytest.fixture(autouse=True, scope='session')
def own_domain() -> Iterator[int]:
    """Keep the tests of this process, and what they start, to themselves."""
    domain, holder = _free_domain()
    with pytest.MonkeyPatch.context() as patch, holder:
        patch.setenv('ROS_DOMAIN_ID', str(domain))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        patch.delenv('ROS_LOCALHOST_ONLY', raising=False)
        patch.delenv('ROS_NAMESPACE', raising=False)
        yield domain


@pytest.fixture(autouse=True)
def few_participants() -> Iterator[None]:
    """Let go of what nodes that have gone left behind, before it is too much.

    Processes of one machine find 32 participants in a domain. Cycles keep those of closed nodes,
    and a node that was never cleaned up has frozen what the collector had not got to by then.
    A participant has five sockets.
    """
    yield
    if len(list(Path('/proc/self/fd').iterdir())) > 100:
        gc.unfreeze()
        gc.collect()


@pytest.fixture(scope='session')
def model(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The directory of a small model with random weights: these tests are not about motion."""
    return str(save_pretrained(tmp_path_factory.mktemp('models') / 'random', checkpoint))


@pytest.fixture
def graph(model: str, tmp_path: Path) -> Iterator[object]:
    """A node to look at the graph with, and nodes to look at."""
    from graph import Graph

    with Graph(model, tmp_path) as graph:
        yield graph


@pytest.fixture(scope='module')
def launch() -> ModuleType:
    """The launch package; skips where this ROS has none (the wheels)."""
    pytest.importorskip('launch_ros')
    return pytest.importorskip('launch')
