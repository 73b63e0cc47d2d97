# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The poses of the training motion that a model keeps, to plan near to; see `plan_leash`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from emotion_motion.emotion import EMOTIONS
from emotion_motion.model import MotionModel
from emotion_motion.plan import NO_LEASH
from emotion_motion.plan_leash import PlanLeash
from emotion_motion.training.statistics import even_sample
from emotion_motion.training.store import MotionDataset

__all__ = ['KnownPoses', 'known_poses']

_REACH = 0.9  # of the poses of an emotion, how many are within its reach
_UNSEEN = 2000  # poses that the reach is measured with
_EVERY = 5  # frames; poses nearer in time are nearly the same
_STRETCH = 90  # frames
_LEAST_REACH = 0.015  # body heights: where little motion is known, plans still may move
_MEASURED_SHARE = 0.5  # of the keypoints


class KnownPoses(NamedTuple):
    """What a model keeps of its training poses."""

    poses: torch.Tensor  # [E, N, Z] in principal components
    reach: torch.Tensor  # [E] in body heights


def known_poses(
    datasets: Sequence[MotionDataset], model: MotionModel, mean: np.ndarray, *,
    shares: Sequence[float] = (), seed: int = 0,
) -> KnownPoses:  # fmt: skip
    """Take poses of each emotion from the training clips, half of them mirrored.

    Args:
        datasets: of the model's skeleton; a frame's emotion is its heaviest one.
        model: gives the number of poses, the principal components and `pose_std`.
        mean: [O], of the normaliser.
        shares: of the data sets; none: by the frames that they have of an emotion.
        seed: of the choice.

    Returns:
        The poses, and for each emotion how far other training poses are from them: nine of ten of
        those are within its reach. An emotion that the data lack has no leash.
    """
    count, size = model.config.plan_known, model.config.plan_size
    poses = torch.zeros(len(EMOTIONS), count, size)
    reach = torch.full((len(EMOTIONS),), NO_LEASH)
    leash = PlanLeash(model)
    samples = [_by_emotion(data) for data in datasets]
    for emotion in range(len(EMOTIONS)):
        found = [sample[emotion] for sample in samples]
        weights = np.array([
            0.0 if not len(kept) else (shares[i] if shares else float(len(kept)))
            for i, (kept, _) in enumerate(found)
        ])  # fmt: skip
        if not weights.any():
            continue
        random = np.random.default_rng((seed, emotion))
        share = weights / weights.sum()
        kept, others = (
            model.plan_place(
                _drawn([parts[turn] for parts in found], share, number, datasets[0], mean, random)
                .to(model.pose_std.device)
            ).cpu()
            for turn, number in enumerate((count, _UNSEEN))
        )
        poses[emotion] = kept
        far = leash.between(others, kept).amin(dim=1)
        reach[emotion] = max(float(far.quantile(_REACH)), _LEAST_REACH)
    return KnownPoses(poses, reach)


def _drawn(
    found: Sequence[np.ndarray], share: np.ndarray, number: int, data: MotionDataset,
    mean: np.ndarray, random: np.random.Generator,
) -> torch.Tensor:  # fmt: skip
    """Draw frames [number, O] in model space from sets of them, half of them mirrored."""
    which = random.choice(len(found), number, p=share)
    frames = np.stack([found[i][random.integers(len(found[i]))] for i in which])
    mirrored = random.random(number) < 0.5
    frames[mirrored] = data.skeleton.mirrored(frames[mirrored])
    return torch.from_numpy(frames.reshape(number, -1) - mean).float()


def _by_emotion(data: MotionDataset) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return keypoints [n, K, D] of an even sample of the training clips, for each emotion.

    Two arrays of them, of stretches that take turns: poses to keep, and to measure with.
    """
    points, shown, turns = [], [], []
    for keypoints, confidence, emotions in even_sample(data):
        # Poses of which little was measured count only where nothing else is there.
        measured = (confidence > 0.0).mean(axis=1) >= _MEASURED_SHARE
        chosen = np.flatnonzero(measured if measured.any() else ~measured)[::_EVERY]
        points.append(keypoints[chosen])
        shown.append(emotions[chosen].argmax(axis=-1))
        turns.append((chosen // _STRETCH) % 2)
    every, heaviest, turn = (np.concatenate(parts) for parts in (points, shown, turns))
    found = []
    for emotion in range(len(EMOTIONS)):
        mine = heaviest == emotion
        kept, others = (every[mine & (turn == part)] for part in (0, 1))
        # Too little for two parts: the one there is serves for both.
        found.append((kept if len(kept) else others, others if len(others) else kept))
    return found
