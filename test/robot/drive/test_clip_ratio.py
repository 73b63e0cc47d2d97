# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What limits cost is what is lost of the shape; a phrase that is slowed down keeps its shape."""

from __future__ import annotations

import numpy as np
import pytest

from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.drive.clip_ratio import ClipRatio, Pace
from emotion_motion.robot.safety.limiter import SafetyLimiter
from emotion_motion.robot.safety.settings import LimiterSettings

PERIOD_S = 1.0 / 60.0
REST = np.array([0.3, -0.2])


def sway(hz: float, width: float, time_s: float) -> np.ndarray:
    return REST + width * np.sin(2.0 * np.pi * hz * time_s + np.array([0.0, 1.0]))


def measure(share: float, late: int, moved: float = 0.4) -> ClipRatio:
    """Return the ratio of a robot that does a share of what was asked some cycles ago."""
    clip = ClipRatio(REST, PERIOD_S)
    for k in range(300):
        raw = sway(0.7, moved, k * PERIOD_S)
        limited = REST + share * (sway(0.7, moved, (k - late) * PERIOD_S) - REST)
        clip.update(raw, limited)
    return clip


@pytest.mark.parametrize('share', [1.0, 0.7, 0.2, 0.0])
def test_it_is_what_is_missing_of_the_motion(share):
    assert measure(share, 0).ratio == pytest.approx(1.0 - share, abs=1e-6)


@pytest.mark.parametrize('late', [3, 11, 25])
def test_a_motion_that_is_late_is_not_lost(late):
    clip = measure(1.0, late)
    assert clip.ratio == pytest.approx(0.0, abs=1e-6)
    assert clip.lag_s == pytest.approx(late * PERIOD_S)
    assert measure(0.6, late).ratio == pytest.approx(0.4, abs=0.02)


def test_next_to_rest_there_is_nothing_to_lose():
    assert measure(0.0, 0, moved=0.01).ratio == 0.0
    assert ClipRatio(REST, PERIOD_S).ratio == 0.0


def test_it_slides_and_can_be_begun_anew():
    clip = measure(0.0, 0)
    for k in range(160):
        raw = sway(0.7, 0.4, k * PERIOD_S)
        clip.update(raw, raw)
    assert clip.ratio == pytest.approx(0.0, abs=1e-6)
    clip.reset()
    assert clip.ratio == 0.0


def test_targets_from_far_away_leave_a_number():
    clip = ClipRatio(REST, PERIOD_S)
    for _ in range(200):
        clip.update(np.array([1e300, -1e300]), REST)
    assert clip.ratio == pytest.approx(1.0)


def test_pace_falls_with_the_cost_and_comes_back():
    pace = Pace(threshold=0.2, slowest=0.5)
    falling = [pace.update(0.6, PERIOD_S) for _ in range(200)]
    assert (np.diff(falling) <= 0.0).all() and falling[-1] == 0.5
    assert pace.update(0.18, PERIOD_S) == 0.5, 'between, it stays'
    rising = [pace.update(0.0, PERIOD_S) for _ in range(1000)]
    assert rising[-1] == 1.0 and np.diff(rising).max() < 0.01
    pace.update(1.0, PERIOD_S)
    pace.reset()
    assert pace.pace == 1.0


def danced(hz: float, *, slowed: bool) -> tuple[float, float]:
    """Return clip ratio and width at the end of a minute of a motion that is too fast."""
    limits = JointLimits(('a', 'b'), [-2.0] * 2, [2.0] * 2, [2.0] * 2, [20.0] * 2, [400.0] * 2)
    limiter = SafetyLimiter(limits, PERIOD_S, LimiterSettings(approach_velocity=10.0))
    limiter.start(dict(zip(limits.names, REST.tolist(), strict=True)))
    ratio, pace, time_s, path = ClipRatio(REST, PERIOD_S), Pace(), 0.0, []
    for _ in range(1800):
        time_s += PERIOD_S * (pace.pace if slowed else 1.0)
        raw = sway(hz, 0.6, time_s)
        limited = limiter.step(raw).position
        ratio.update(raw, limited)
        pace.update(ratio.ratio, PERIOD_S)
        path.append(limited)
    return ratio.ratio, float(np.ptp(path[-600:], axis=0).max()) / 1.2


def test_a_phrase_too_fast_is_slowed_down_not_flattened():
    flat_ratio, flat_width = danced(1.2, slowed=False)
    ratio, width = danced(1.2, slowed=True)
    assert flat_ratio > 0.4 and flat_width < 0.6
    assert ratio < 0.2 and width > 0.85
