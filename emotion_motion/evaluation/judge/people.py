# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The judge of every evaluation, trained on corpus people of its own."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.evaluation.judge.judge import Judge, stream_windows
from emotion_motion.evaluation.judge.negative_controls import REFUSED
from emotion_motion.evaluation.judge.network import new_network
from emotion_motion.evaluation.streams import people_streams, Streams
from emotion_motion.files import write_file

# Below those of reference motion (900,000) and above all that training draws.
_FIRST_SEED = 800_000
WINDOW_S = 2.0
# What tensors of another file, or parts of one, make of those who load them.
_DAMAGED = (LookupError, RuntimeError, TypeError, ValueError, safetensors.SafetensorError)
_VERSION = 1  # of what is kept: raise it when the judge's code, windows or controls change


def judge_streams(people: int, seconds: float, rate_hz: float) -> Streams:
    """Make corpus motion for a judge to learn from, of people whom nothing else has."""
    return people_streams(range(_FIRST_SEED, _FIRST_SEED + people), seconds, rate_hz)


def standard_judge(
    *,
    rate_hz: float = 30.0,
    people: int = 24,
    seconds: float = 30.0,
    steps: int = 600,
    seed: int = 0,
    cache: Path | None = None,
) -> Judge:
    """Return the judge that figures are published with, trained or from the cache.

    Args:
        rate_hz: of the models that it is to judge.
        people: how many it learns from.
        seconds: how much of each at each emotion [s].
        steps: see `Judge.train`.
        seed: see `Judge.train`.
        cache: folder that keeps judges; None: `emotion_motion` in $XDG_CACHE_HOME or ~/.cache. A
            judge of other settings, another corpus, version or torch is another file.
    """
    settings = (rate_hz, people, seconds, steps, seed)
    file = (cache or _cache()) / f'judge-{_fingerprint(settings)}.safetensors'
    kept = _kept(file, rate_hz)
    if kept is not None:
        return kept
    cut = stream_windows(judge_streams(people, seconds, rate_hz), WINDOW_S)
    judge = Judge.train(cut.keypoints, cut.emotions, rate_hz=rate_hz, steps=steps, seed=seed)
    _keep(file, judge)
    return judge


def _cache() -> Path:
    """Return the folder of the user's cache, one that cannot be written where there is none."""
    folder = Path(os.environ.get('XDG_CACHE_HOME') or '~/.cache') / 'emotion_motion'
    try:
        return folder.expanduser()
    except RuntimeError:  # a user without a home, as in many containers: nothing is kept
        return Path(os.devnull)


def _fingerprint(settings: tuple[Any, ...]) -> str:
    digest = hashlib.sha256(repr((_VERSION, settings, torch.__version__)).encode())
    digest.update(judge_streams(1, 2.0, settings[0]).keypoints.tobytes())
    return digest.hexdigest()[:16]


def _kept(file: Path, rate_hz: float) -> Judge | None:
    """Return the judge of a file; None where there is none, or it is damaged."""
    network, permuted = (new_network(load_skeleton(), rate_hz, REFUSED + 1, 0) for _ in range(2))
    try:
        tensors = safetensors.torch.load(file.read_bytes())
        named = {name.replace('/', '.', 1): value for name, value in tensors.items()}
        nn.ModuleList((network, permuted)).load_state_dict(named)
    except (OSError, *_DAMAGED):
        return None
    return Judge(network, permuted, round(WINDOW_S * rate_hz))


def _keep(file: Path, judge: Judge) -> None:
    """Write a judge; who cannot trains again the next time."""
    named = nn.ModuleList((judge.network, judge.permuted)).state_dict()
    tensors = {name.replace('.', '/', 1): value.contiguous() for name, value in named.items()}
    with contextlib.suppress(OSError):
        write_file(file, safetensors.torch.save(tensors))
