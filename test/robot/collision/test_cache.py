# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What is kept about robots: as computed, never out of date, and no trouble if damaged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('pinocchio')

from robot_support import robot, settings, written

from emotion_motion.robot.collision.model import (
    cache_folder,
    capsule_model,
    fitted_capsules,
    kept,
    key_of,
)
from emotion_motion.robot.description.robot import Robot


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return cache_folder()


def numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, int) for each in value)


def test_what_is_kept_is_not_computed_again() -> None:
    assert kept('a', lambda: [1, 2], numbers) == [1, 2]
    assert kept('a', lambda: [3], numbers) == [1, 2]
    assert kept('b', lambda: [3], numbers) == [3]


@pytest.mark.parametrize('text', ['', '{', '[1, 2', '"words"', '[0.5]', '\x00\x01'])
def test_what_is_damaged_is_computed_anew_and_mended(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / 'a.json').write_text(text)
    assert kept('a', lambda: [1], numbers) == [1]
    assert kept('a', lambda: [2], numbers) == [1]


def test_where_nothing_can_be_written_everything_is_computed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text('a file where the folder should be')
    assert kept('a', lambda: [1], numbers) == [1]
    monkeypatch.setenv('XDG_CACHE_HOME', 'relative/path')
    assert cache_folder().is_absolute() and 'relative' not in str(cache_folder())


def test_writers_at_the_same_time_do_no_harm(folder: Path) -> None:
    long = list(range(5000))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: kept('a', lambda: long, numbers), range(64)))
    assert all(each == long for each in found)
    assert [path.name for path in folder.iterdir()] == ['a.json'], 'no parts are left'


def test_a_key_tells_texts_and_files_apart(tmp_path: Path) -> None:
    file = tmp_path / 'mesh.stl'
    file.write_text('a')
    before = key_of(['x', 'y', file])
    assert before == key_of(['x', 'y', file])
    assert before != key_of(['xy', '', file])
    file.write_text('ab')
    assert before != key_of(['x', 'y', file])


def test_capsules_are_the_same_from_the_cache_and_change_with_the_robot(
    folder: Path, tmp_path: Path
) -> None:
    data = settings() | {'capsules': {}}
    data.pop('capsules')
    one = Robot.load(written(tmp_path, data))
    fitted, again = list(fitted_capsules(one)), list(fitted_capsules(one))
    assert len(list(folder.iterdir())) == 1 and fitted
    for (link, capsules, source), (other, found, from_where) in zip(fitted, again, strict=True):
        assert (link, source) == (other, from_where)
        for each, same in zip(capsules, found, strict=True):
            np.testing.assert_array_equal(each.start, same.start)
            np.testing.assert_array_equal(each.end, same.end)
            assert each.radius == same.radius
    data['clearance_m'] = 0.03
    list(fitted_capsules(Robot.load(written(tmp_path, data))))
    assert len(list(folder.iterdir())) == 2, 'another robot is another file'


def test_pairs_are_the_same_from_the_cache(folder: Path) -> None:
    capsule_model.cache_clear()
    first = capsule_model(robot()).pairs
    capsule_model.cache_clear()
    assert capsule_model(robot()).pairs == first and len(list(folder.iterdir())) == 1
    capsule_model.cache_clear()
    (file,) = folder.iterdir()
    file.write_text('[true, false]')  # of another number of pairs
    assert capsule_model(robot()).pairs == first
