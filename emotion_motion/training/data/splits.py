# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Training, validation and test: whole actors or whole sources, never windows; and a leak check.

A group's split is a hash of its name, so that new clips never move old ones. The price is that
shares hold only on average: a handful of groups may leave a split empty, which the import says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
import functools
import hashlib
from typing import Literal, TYPE_CHECKING

import numpy as np

from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.settings import Checked, setting

if TYPE_CHECKING:
    from emotion_motion.body.skeleton import Skeleton
    from emotion_motion.io.clip import Clip
    from emotion_motion.training.data.store import ClipInfo, MotionDataset

__all__ = ['GroupBy', 'SplitRule', 'TOLERANCE', 'check_leaks', 'fingerprint', 'group_of']

GroupBy = Literal['auto', 'actor', 'source']
_SAME = 2e-3  # body heights between the frames of one motion that was prepared twice
TOLERANCE = 2e-4  # body heights; different takes of one gesture lie 0.01 apart and more
_SIZE = 16  # of a fingerprint
_WAVES = 4  # the mean over time and three cosines
_SHOWN, _ENOUGH = 5, 100  # leaks that the message names, and that are looked for


def group_of(clip: Clip | ClipInfo, by: GroupBy = 'auto') -> str:
    """Return the name of what a clip must not be parted from.

    `auto` is the actor where one is known, else the source.

    Raises:
        TrainingError: neither is known, or the actor is not and `by` asks for it.
    """
    if clip.actor and by != 'source':
        return f'actor {clip.actor}'
    if by == 'actor' or not clip.source:
        unknown = 'actor' if by == 'actor' else 'actor and source'
        raise TrainingError(
            f'got the clip {clip.source!r}, whose {unknown} nobody knows; name the actor in the '
            f'label file, or split by source'
        )
    return f'source {clip.source}'


@dataclass(frozen=True)
class SplitRule(Checked):
    """How clips are split: by a hash of the seed and the name of their group."""

    val_share: float = setting(0.1, 'share of groups for validation', 0.0, 1.0)
    test_share: float = setting(0.1, 'share of groups for the test', 0.0, 1.0)
    seed: int = setting(0, 'another seed gives other splits')
    by: GroupBy = setting('auto', 'what stays in one split, see `group_of`')

    def check(self) -> None:
        """Raise ConfigError where the shares are more than there is."""
        if self.val_share + self.test_share > 1.0:
            raise ConfigError(
                f'got val_share = {self.val_share} and test_share = {self.test_share}; expected '
                f'at most 1 together'
            )

    def __call__(self, clip: Clip) -> str:
        return self.of_group(group_of(clip, self.by))

    def of_group(self, group: str) -> str:
        """Return 'train', 'val' or 'test' for a group."""
        digest = hashlib.sha256(f'{self.seed}\n{group}'.encode('utf-8', 'replace')).digest()
        place = int.from_bytes(digest[:8], 'big') / 2**64
        if place < self.test_share:
            return 'test'
        return 'val' if place < self.test_share + self.val_share else 'train'


def check_leaks(*datasets: MotionDataset) -> None:
    """Make sure that no group and no motion is in two splits, of a data set or across several.

    Motions are compared by content, also with their mirror images, so that the same take under
    two names is found. Groups are those of one data set: two may both call somebody `1`.

    Args:
        datasets: of one skeleton and rate, where there are several.

    Raises:
        TrainingError: names the groups and the pairs of clips that leak.
    """
    torn = [leak for dataset in datasets for leak in _torn_groups(dataset)]
    leaks = [*torn, *_same_motions(datasets)]
    if leaks:
        more = f'\n  and {len(leaks) - _SHOWN} more' if len(leaks) > _SHOWN else ''
        listed = '\n  '.join(leaks[:_SHOWN])
        raise TrainingError(
            f'got data whose splits share motion, so that its validation would judge what was '
            f'learnt by heart:\n  {listed}{more}\nsplit it by actor or by source, and remove '
            f'copies'
        )


def _torn_groups(dataset: MotionDataset) -> list[str]:
    by = dataset.manifest.get('settings', {}).get('group', 'auto')
    splits_of: dict[str, set[str]] = {}
    for i in range(len(dataset)):
        info = dataset.info(i)
        if info.actor or info.source:
            group = group_of(info, by if info.actor else 'source')
            splits_of.setdefault(group, set()).add(str(dataset.splits[i]))
    return [
        f'{group} is in {" and ".join(sorted(splits))}'
        for group, splits in splits_of.items()
        if len(splits) > 1
    ]


def _same_motions(datasets: Sequence[MotionDataset]) -> list[str]:
    leaks: list[str] = []
    clips = [(dataset, i) for dataset in datasets for i in range(len(dataset))]
    prints = np.concatenate([dataset.fingerprints for dataset in datasets])
    splits = np.concatenate([dataset.splits for dataset in datasets])
    for first, second in _near(prints, splits):
        if _same(*clips[first], *clips[second]):
            leaks.append(f'the same motion: {_name(*clips[first])} and {_name(*clips[second])}')
            if len(leaks) >= _ENOUGH:
                break
    return leaks


def _name(dataset: MotionDataset, i: int) -> str:
    folder = f' of {dataset.path.name}' if dataset.path else ''
    return f'{dataset.info(i).source or i} ({dataset.splits[i]}{folder})'


def _near(prints: np.ndarray, splits: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows [N, F] of different splits that differ by the tolerance at most.

    Rows are sorted by their first number, so that only near ones are compared.
    """
    if len(set(splits)) < 2:
        return
    order = np.argsort(prints[:, 0], kind='stable')
    ends = np.searchsorted(prints[order, 0], prints[order, 0] + TOLERANCE, side='right')
    for place in np.flatnonzero(ends > np.arange(len(order)) + 1):
        i, others = order[place], order[place + 1 : ends[place]]
        others = others[splits[others] != splits[i]]
        near = np.abs(prints[others] - prints[i]).max(axis=1, initial=0.0) <= TOLERANCE
        yield from ((int(i), int(j)) for j in others[near])


def _same(one: MotionDataset, i: int, other: MotionDataset, j: int) -> bool:
    """Tell whether two clips hold the same frames or each other's mirror image."""
    if abs(int(one.lengths[i]) - int(other.lengths[j])) > 1:
        return False
    first, second = one.frames(i)[0], other.frames(j)[0]
    count = min(len(first), len(second))
    images = (second[:count], one.skeleton.mirrored(second[:count]))
    return any(np.abs(first[:count] - image).max() <= _SAME for image in images)


def fingerprint(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the fingerprint [16] float32 of keypoints [T, K, D]."""
    points = np.asarray(keypoints, dtype=np.float64)
    even = _even(points, skeleton)  # [T, F]
    time = (np.arange(len(points)) + 0.5) / len(points)
    waves = np.cos(np.pi * np.arange(_WAVES)[:, None] * time) / len(points)  # [W, T]
    moments = (waves @ even).ravel()
    return (_directions(len(moments)) @ moments).astype(np.float32)


def _even(points: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return features [T, F] that mirroring leaves alone."""
    side = points.shape[-1] - 2  # y of (x, y, z); the first of (y, z)
    pairs = [(i, j) for i, j in enumerate(skeleton.mirror) if i <= j]
    first, second = points[:, [i for i, _ in pairs]], points[:, [j for _, j in pairs]]
    total, gap = 0.5 * (first + second), first - second
    # Mirroring turns the sign of the sum across and of the difference along; squares hold them.
    even, odd = total.copy(), gap.copy()
    even[..., side], odd[..., side] = gap[..., side], total[..., side]
    # Scaled so that the movement of a limb counts as much here as there.
    parts = (even, 4.0 * odd * odd, 4.0 * odd[:, 1:] * odd[:, :-1])
    return np.concatenate([part.reshape(len(points), -1) for part in parts], axis=1)


@functools.cache
def _directions(size: int) -> np.ndarray:
    """Return fixed directions [16, size] of length 1."""
    directions = np.random.default_rng(20260101).standard_normal((_SIZE, size))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)
