# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A target that only trembles is held; one that moves is not touched."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_motion.exceptions import ConfigError
from emotion_motion.robot.drive.dead_band import DeadBand

PERIOD_S = 1.0 / 60.0
WIDTH = 1e-3


def put_through(targets: np.ndarray, width: float = WIDTH) -> np.ndarray:
    band = DeadBand(width, PERIOD_S)
    return np.array([band(target) for target in targets])


def test_a_moving_target_is_untouched():
    targets = 0.3 * np.sin(3.0 * PERIOD_S * np.arange(300))[:, None] * np.array([1.0, -2.0])
    found = put_through(targets)
    assert (found == targets).mean() > 0.95
    assert np.abs(found - targets).max() <= WIDTH, 'at the turns it may rest, within the band'


def test_a_trembling_target_comes_to_rest_within_half_a_second():
    tremble = 0.4 * WIDTH * np.random.default_rng(0).uniform(-1.0, 1.0, (200, 3))
    found = put_through(1.0 + tremble)
    assert np.ptp(found[32:], axis=0).max() == 0.0
    assert np.ptp(tremble[32:], axis=0).min() > 0.0


def test_it_goes_on_with_the_target_that_leaves_the_band():
    rest, away = np.full((60, 1), 0.5), 0.5 + 0.01 * np.arange(60)[:, None]
    found = put_through(np.concatenate([rest, away]))
    np.testing.assert_array_equal(found[62:], away[2:])
    assert np.abs(np.diff(found, axis=0)).max() <= 0.01 + 2.0 * WIDTH


def test_joints_rest_on_their_own():
    targets = np.stack([np.full(120, 0.2), 0.01 * np.arange(120)], axis=1)
    targets[:, 0] += 0.3 * WIDTH * np.sin(np.arange(120))
    found = put_through(targets)
    assert np.ptp(found[60:, 0]) == 0.0
    np.testing.assert_array_equal(found[:, 1], targets[:, 1])


def test_bad_targets_go_through_to_whoever_judges_them():
    band = DeadBand(WIDTH, PERIOD_S)
    band(np.zeros(2))
    assert np.isnan(band(np.array([np.nan, 0.0]))).tolist() == [True, False]
    assert band(np.zeros(2)).tolist() == [0.0, 0.0]


def test_no_width_is_no_band():
    targets = 1e-9 * np.arange(100.0)[:, None]
    np.testing.assert_array_equal(put_through(targets, 0.0), targets)


@pytest.mark.parametrize('width', [-1.0, np.nan, np.inf])
def test_a_width_that_is_none_is_refused(width):
    with pytest.raises(ConfigError, match='dead_band_rad'):
        DeadBand(width, PERIOD_S)
