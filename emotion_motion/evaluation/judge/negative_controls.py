# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Negative controls: windows that stand like an emotion and do not move like it.

Posture alone tells the corpus' emotions apart, so a judge that is shown motion only learns to look
at posture, and would praise a statue. Negative controls are made of motion by taking the movement
away; a judge must not call them by the emotion they were made of.
"""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import EMOTIONS

REFUSED = len(EMOTIONS)  # the class of windows that move like no emotion

_BLOCKS = (1, 2, 3, 4, 5)  # frames; a shuffle in longer blocks keeps some of the movement
# How often a batch shows what: motion, motion with that of somebody else at the same emotion,
# with that of another emotion, nearly still poses, shuffled ones.
_SHARES = {'motion': 0.38, 'same': 0.18, 'other': 0.20, 'nearly_still': 0.16, 'shuffled': 0.08}
_CONTROLS = 0.5  # windows that become negative controls, against all
_LEFTOVER = 0.15  # largest share of the movement that a nearly still window keeps
_TREMBLE = 0.0006  # of the body's height: largest spread of its jitter, 1 mm


def frozen(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return windows [N, n, K, 3] of one of their frames, repeated."""
    chosen = rng.integers(windows.shape[1], size=len(windows))
    still = windows[np.arange(len(windows)), chosen][:, None]
    return np.repeat(still, windows.shape[1], axis=1)


def nearly_still(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return windows that are almost frozen.

    Half keep up to 15 % of the movement, half (not the other one) tremble by up to 1 mm.
    """
    still, shape = frozen(windows, rng), (len(windows), 1, 1, 1)
    kept = rng.uniform(0.0, _LEFTOVER, shape) * (rng.random(shape) < 0.5)
    tremble = rng.uniform(0.0, _TREMBLE, shape) * (rng.random(shape) < 0.5)
    noise = rng.standard_normal(windows.shape, dtype=np.float32)
    moved = still + kept.astype(np.float32) * (windows - still)
    return moved + tremble.astype(np.float32) * noise


def shuffled_blocks(windows: np.ndarray, frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return windows cut into blocks of `frames`, the last one shorter, in random order."""
    count, length = windows.shape[:2]
    block = np.arange(length) // frames
    places = rng.random((count, block[-1] + 1))[:, block]  # a block's frames stay together
    order = np.argsort(places, axis=1, kind='stable')
    return windows[np.arange(count)[:, None], order]


def with_movement_of(windows: np.ndarray, movement: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the mean pose of each window with the movement of another about it.

    The sum is put onto the canonical body: it has no stretched bones.
    """
    mean = windows.mean(axis=1, keepdims=True)
    moved = mean + movement - movement.mean(axis=1, keepdims=True)
    return skeleton.project(moved.astype(np.float32))


def other_emotions(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the number of a window of another emotion, any equally often, for [N] labels."""
    there = np.unique(labels)
    places = {label: np.flatnonzero(labels == label) for label in there}
    steps = rng.integers(1, len(there), size=len(labels))
    others = there[(np.searchsorted(there, labels) + steps) % len(there)]
    return np.array([places[label][rng.integers(len(places[label]))] for label in others])


def with_controls(
    windows: np.ndarray, labels: np.ndarray, skeleton: Skeleton, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return windows and negative controls, the class of each and how often it is to be drawn.

    A window with the movement of another one of its emotion keeps its label, so that the judge
    does not learn to refuse what was put together.
    """
    chosen = rng.choice(len(windows), max(1, round(_CONTROLS * len(windows))), replace=False)
    if len(np.unique(labels[chosen])) < 2:  # of very few: all, there is one to borrow from then
        chosen = np.arange(len(windows))
    posture, emotions = windows[chosen], labels[chosen]
    places = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}
    same = np.array([rng.choice(places[label]) for label in emotions])
    other = chosen[other_emotions(emotions, rng)]
    blocks = rng.choice(_BLOCKS, len(chosen))
    broken = np.concatenate(
        [shuffled_blocks(posture[blocks == size], size, rng) for size in _BLOCKS]
    )
    parts = {
        'motion': (windows, labels),
        'same': (with_movement_of(posture, windows[same], skeleton), emotions),
        'other': (with_movement_of(posture, windows[other], skeleton), None),
        'nearly_still': (nearly_still(posture, rng), None),
        'shuffled': (broken, None),
    }
    classes, weights = [], []
    for name, (points, known) in parts.items():
        named = np.full(len(points), REFUSED) if known is None else known
        often = 1.0 / np.bincount(named, minlength=REFUSED + 1)[named]
        classes.append(named)
        weights.append(_SHARES[name] * often / often.sum())
    everything = np.concatenate([points for points, _ in parts.values()])
    return everything, np.concatenate(classes), np.concatenate(weights)


def permuted(classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return classes with emotions exchanged between windows at random; controls stay so."""
    result, felt = classes.copy(), np.flatnonzero(classes != REFUSED)
    result[felt] = classes[rng.permutation(felt)]
    return result
