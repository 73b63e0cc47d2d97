# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The judge of every evaluation: people of its own, and a cache that nothing can upset."""

from __future__ import annotations

import functools
from pathlib import Path
import shutil

import numpy as np
import pytest

from emotion_motion.evaluation.judge.judge import Judge
from emotion_motion.evaluation.judge.people import judge_streams, standard_judge
from emotion_motion.evaluation.reference.motion import corpus_streams
from emotion_motion.evaluation.streams import Streams

SMALL = {'people': 2, 'seconds': 4.0, 'steps': 8}


@functools.cache
def streams() -> Streams:
    return corpus_streams(people=1, seconds=4.0)


def scores(judge: Judge) -> np.ndarray:
    return judge.predict(judge.windows(streams()).keypoints)


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """The cache's file of the first judge, and what that judge said."""
    folder = tmp_path_factory.mktemp('cache')
    said = scores(standard_judge(cache=folder, **SMALL))
    (file,) = folder.iterdir()
    return file, said


@pytest.fixture
def first(made: tuple[Path, np.ndarray], tmp_path: Path) -> np.ndarray:
    """What it said; its file lies in tmp_path as the whole cache."""
    shutil.copy2(made[0], tmp_path)
    return made[1]


def test_the_second_judge_comes_from_the_cache_and_says_the_same(
    first: np.ndarray, tmp_path: Path
) -> None:
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    np.testing.assert_array_equal(scores(standard_judge(cache=tmp_path, **SMALL)), first)
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize('damage', [b'', b'no tensors', None])
def test_a_damaged_cache_is_made_again(
    damage: bytes | None, first: np.ndarray, tmp_path: Path
) -> None:
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    np.testing.assert_array_equal(scores(standard_judge(cache=tmp_path, **SMALL)), first)
    assert [part.read_bytes() for part in tmp_path.iterdir()] == [whole]


def test_another_setting_is_another_judge(first: np.ndarray, tmp_path: Path) -> None:
    other = scores(standard_judge(cache=tmp_path, **{**SMALL, 'seed': 1}))
    assert len(list(tmp_path.iterdir())) == 2
    assert not np.array_equal(other, first)


def test_a_cache_that_cannot_be_written_costs_time_only(first: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    judge = standard_judge(cache=tmp_path / 'file' / 'folder', **SMALL)
    np.testing.assert_array_equal(scores(judge), first)


def test_the_judge_has_people_that_the_reference_has_not() -> None:
    own, reference = judge_streams(people=2, seconds=1.0), corpus_streams(people=2, seconds=1.0)
    assert own.keypoints.shape == reference.keypoints.shape
    for one in own.keypoints:
        assert min(np.abs(one - other).max() for other in reference.keypoints) > 0.01
