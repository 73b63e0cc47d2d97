# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loops of `clip_ratio` and `dead_band`."""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.compiled import compiled, MATRIX, NUMBER, VECTOR

__all__ = ['compared', 'held', 'least']


@compiled(MATRIX, VECTOR, VECTOR)
def compared(before, newest, limited):
    """Return what was asked for in the last cycles [L, J], with the newest, and two sums [L].

    Of what is missing of each in what the robot was told, and of what was asked for, squared.
    """
    lags, joints = before.shape
    asked = np.empty((lags, joints))
    lost_sum, asked_sum = np.zeros(lags), np.zeros(lags)
    for lag in range(lags):
        for j in range(joints):
            value = newest[j] if lag == 0 else before[lag - 1, j]
            asked[lag, j] = value
            lost_sum[lag] += (value - limited[j]) ** 2
            asked_sum[lag] += value * value
    return asked, lost_sum, asked_sum


@compiled(VECTOR, VECTOR, NUMBER)
def least(lost_sum, asked_sum, quiet):
    """Return the least root of what is lost of what was asked for [L] and [L], and the lag.

    What was asked for that is not more than `quiet` counts as nothing to lose.
    """
    found, at = np.inf, 0
    for lag in range(len(lost_sum)):
        ratio = max(lost_sum[lag], 0.0) / asked_sum[lag] if asked_sum[lag] > quiet else 0.0
        if ratio < found:
            found, at = ratio, lag
    return np.sqrt(found), at


@compiled(VECTOR, VECTOR, VECTOR, NUMBER, NUMBER, NUMBER)
def held(targets, kept, still_s, width, period_s, rests_s):
    """Return targets with those that rest held, what they are held at, and for how long [J]."""
    joints = len(targets)
    found, at, still = np.empty(joints), np.empty(joints), np.empty(joints)
    for j in range(joints):
        left = abs(targets[j] - kept[j]) > width
        at[j] = targets[j] if left else kept[j]
        still[j] = 0.0 if left else still_s[j] + period_s
        found[j] = at[j] if still[j] >= rests_s else targets[j]
    return found, at, still
