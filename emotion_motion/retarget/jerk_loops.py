# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loops of `jerk_phases`: P phases of constant jerk of J joints, arrays [P, J]."""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.compiled import compiled, inlined, MARKS, MATRIX, NUMBER, VECTOR

__all__ = ['bounds', 'braked', 'chosen', 'integrated', 'keeps', 'led', 'sampled', 'spread']

_SMALLEST = np.finfo(np.float64).tiny


@inlined
def _after(s, p, v, a, j):
    """Return position, velocity and acceleration after a time of constant jerk."""
    return p + s * (v + s * (0.5 * a + s * j / 6.0)), v + s * (a + 0.5 * s * j), a + s * j


@inlined
def _brake(joint, v, a, most, jerk, durations, jerks, first):
    """Fill three phases from `first` on that bring a joint to rest as `braking` says."""
    half = 0.5 * a * a
    sign = np.copysign(1.0, jerk * v + np.copysign(half, a))
    a = sign * a
    square = max(jerk * (sign * v) + half, 0.0)
    # Never below -a: there is no going back to a braking that is less hard than the present one.
    peak = max(min(np.sqrt(square), most), -a)
    # The speed that is left for the middle, of rest none.
    over = max(square - peak * peak, 0.0)
    durations[first, joint] = (a + peak) / jerk
    durations[first + 1, joint] = over / max(jerk * peak, _SMALLEST)
    durations[first + 2, joint] = peak / jerk
    jerks[first, joint], jerks[first + 1, joint] = -sign * jerk, 0.0
    jerks[first + 2, joint] = sign * jerk


@compiled(VECTOR, VECTOR, VECTOR, VECTOR)
def braked(velocity, acceleration, most, jerk):
    """Return durations and jerks [3, J] of the quickest way to rest."""
    joints = len(velocity)
    durations, jerks = np.empty((3, joints)), np.empty((3, joints))
    for joint in range(joints):
        _brake(
            joint, velocity[joint], acceleration[joint], most[joint], jerk[joint],
            durations, jerks, 0,
        )  # fmt: skip
    return durations, jerks


@compiled(VECTOR, VECTOR, VECTOR, VECTOR, MATRIX, MATRIX, NUMBER)
def led(velocity, acceleration, most, jerk, durations, jerks, lead):
    """Return durations and jerks [P + 3, J]: phases followed for the time `lead`, then braked."""
    count, joints = durations.shape
    cut, turned = np.empty((count + 3, joints)), np.empty((count + 3, joints))
    for joint in range(joints):
        left, v, a = lead, velocity[joint], acceleration[joint]
        for phase in range(count):
            # Not cut below nothing, but what is negative stays so: it passes no check.
            time = min(durations[phase, joint], max(left, 0.0))
            left -= durations[phase, joint]
            cut[phase, joint], turned[phase, joint] = time, jerks[phase, joint]
            _, v, a = _after(time, 0.0, v, a, jerks[phase, joint])
        _brake(joint, v, a, most[joint], jerk[joint], cut, turned, count)
    return cut, turned


@compiled(MARKS, MATRIX, MATRIX, MATRIX, MATRIX)
def chosen(mine, durations, jerks, other_durations, other_jerks):
    """Return phases of the one path for some joints and of the other for the rest."""
    count = max(len(durations), len(other_durations))
    joints = len(mine)
    # Where one has fewer phases, empty ones go before them.
    found, turned = np.zeros((count, joints)), np.zeros((count, joints))
    for phase in range(count):
        for joint in range(joints):
            if mine[joint]:
                row = phase - count + len(durations)
                if row >= 0:
                    found[phase, joint], turned[phase, joint] = (
                        durations[row, joint], jerks[row, joint]
                    )  # fmt: skip
            else:
                row = phase - count + len(other_durations)
                if row >= 0:
                    found[phase, joint], turned[phase, joint] = (
                        other_durations[row, joint], other_jerks[row, joint]
                    )  # fmt: skip
    return found, turned


@compiled(VECTOR, VECTOR, VECTOR, MATRIX, MATRIX)
def integrated(position, velocity, acceleration, durations, jerks):
    """Return when phases meet, positions, velocities and accelerations then [P + 1, J], the end.

    The last joint's end; of times that are no numbers it is infinite.
    """
    count, joints = durations.shape
    begins, p = np.empty((count + 1, joints)), np.empty((count + 1, joints))
    v, a = np.empty((count + 1, joints)), np.empty((count + 1, joints))
    begins[0], p[0], v[0], a[0] = 0.0, position, velocity, acceleration
    for phase in range(count):
        for joint in range(joints):
            s, j = durations[phase, joint], jerks[phase, joint]
            begins[phase + 1, joint] = begins[phase, joint] + s
            there = _after(s, p[phase, joint], v[phase, joint], a[phase, joint], j)
            p[phase + 1, joint], v[phase + 1, joint], a[phase + 1, joint] = there
    end = 0.0
    for joint in range(joints):
        last = begins[count, joint]
        end = np.inf if np.isnan(last) else max(end, last)
    return begins, p, v, a, end


@compiled(MATRIX, MATRIX, MATRIX, MATRIX, MATRIX, NUMBER, NUMBER)
def spread(begins, positions, velocities, accelerations, jerks, end, parts):
    """Return the positions [parts + 1, J] at times of equal distance from the begin to an end."""
    count, joints = jerks.shape
    rows = int(parts) + 1
    found = np.empty((rows, joints))
    for joint in range(joints):
        phase = 0
        for row in range(rows):
            time = row * (end / parts)
            while phase < count and begins[phase + 1, joint] <= time:
                phase += 1
            if phase == count:
                found[row, joint] = positions[count, joint]
                continue
            found[row, joint] = _after(
                time - begins[phase, joint], positions[phase, joint], velocities[phase, joint],
                accelerations[phase, joint], jerks[phase, joint],
            )[0]  # fmt: skip
    return found


@compiled(VECTOR, MATRIX, MATRIX, MATRIX, MATRIX, MATRIX)
def sampled(times, begins, positions, velocities, accelerations, jerks):
    """Return positions, velocities and accelerations [T, J]; the end is rest, but for rounding."""
    count, joints = jerks.shape
    p, v = np.empty((len(times), joints)), np.zeros((len(times), joints))
    a = np.zeros((len(times), joints))
    for joint in range(joints):
        phase, before = 0, 0.0
        for row in range(len(times)):
            time = times[row]
            if time < before:
                phase = 0
            before = time
            while phase < count and begins[phase + 1, joint] <= time:
                phase += 1
            if phase == count:
                p[row, joint] = positions[count, joint]
                continue
            p[row, joint], v[row, joint], a[row, joint] = _after(
                time - begins[phase, joint], positions[phase, joint], velocities[phase, joint],
                accelerations[phase, joint], jerks[phase, joint],
            )  # fmt: skip
    return p, v, a


@inlined
def _bounds(positions, velocities, accelerations, durations, jerks):
    count, joints = durations.shape
    low, high = positions[0].copy(), positions[0].copy()
    speed, most = np.abs(velocities[0]), np.abs(accelerations[0])
    jerk = np.zeros(joints)
    for phase in range(count):
        for joint in range(joints):
            time, j = durations[phase, joint], jerks[phase, joint]
            p, v, a = (
                positions[phase, joint], velocities[phase, joint], accelerations[phase, joint]
            )  # fmt: skip
            end, end_v, end_a = (
                positions[phase + 1, joint], velocities[phase + 1, joint],
                accelerations[phase + 1, joint],
            )  # fmt: skip
            if not np.isfinite(time + j + end + end_v + end_a):
                low[joint], high[joint] = -np.inf, np.inf
                speed[joint] = most[joint] = jerk[joint] = np.inf
                continue
            low[joint], high[joint] = min(low[joint], end), max(high[joint], end)
            speed[joint], most[joint] = max(speed[joint], abs(end_v)), max(most[joint], abs(end_a))
            if not time > 0.0:
                continue
            jerk[joint] = max(jerk[joint], abs(j))
            # Where velocity is most: the acceleration a + j s is zero.
            if j != 0.0 and 0.0 < -a / j < time:
                speed[joint] = max(speed[joint], abs(v - 0.5 * a * a / j))
            # Where positions turn: v + a s + j s^2 / 2 is zero, in the form that loses no digits.
            square = a * a - 2.0 * j * v
            if square >= 0.0:
                q = -(a + np.copysign(np.sqrt(square), a))
                for turn in range(2):
                    above, below = (q, j) if turn == 0 else (2.0 * v, q)
                    if below == 0.0:
                        continue
                    s = above / below
                    if 0.0 < s < time:
                        there = _after(s, p, v, a, j)[0]
                        low[joint], high[joint] = min(low[joint], there), max(high[joint], there)
    return low, high, speed, most, jerk


@compiled(MATRIX, MATRIX, MATRIX, MATRIX, MATRIX)
def bounds(positions, velocities, accelerations, durations, jerks):
    """Return what PathBounds has; of numbers that are not finite, what no limit allows."""
    return _bounds(positions, velocities, accelerations, durations, jerks)


@compiled(
    MATRIX, MATRIX, MATRIX, MATRIX, MATRIX, VECTOR, VECTOR, VECTOR, VECTOR, VECTOR, NUMBER
)
def keeps(
    positions, velocities, accelerations, durations, jerks, lower, upper, speed, most, jerk, rest
):
    """Return which joints [J] keep limits on the whole of a path and rest at its end."""
    low, high, fastest, hardest, jerked = _bounds(
        positions, velocities, accelerations, durations, jerks
    )
    count, joints = durations.shape
    found = np.empty(joints, np.bool_)
    for joint in range(joints):
        good = low[joint] >= lower[joint] and high[joint] <= upper[joint]
        good = good and fastest[joint] <= speed[joint] and hardest[joint] <= most[joint]
        good = good and jerked[joint] <= jerk[joint]
        good = good and abs(velocities[count, joint]) < rest
        good = good and abs(accelerations[count, joint]) < rest
        for phase in range(count):
            good = good and durations[phase, joint] >= 0.0
        found[joint] = good
    return found
