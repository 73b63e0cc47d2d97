# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The loops of `jerk_phases`: P phases of constant jerk of J joints, arrays [P, J]."""

from __future__ import annotations

import numpy as np

from emotion_motion.robot.compiled import (
    compiled,
    inlined,
    MARKS,
    MATRICES,
    MATRIX,
    NUMBER,
    VECTOR,
)

__all__ = [
    'allowed',
    'bounds',
    'braked',
    'chosen',
    'integrated',
    'keeps',
    'led',
    'sampled',
    'spread',
]

_SMALLEST = np.finfo(np.float64).tiny
# A state: position, velocity and acceleration [J]. A path: durations and jerks of its phases
# [2, P, J], and times, positions, velocities and accelerations where they meet [4, P + 1, J].
_STATE = (VECTOR, VECTOR, VECTOR)
_PATH = (MATRICES, MATRICES)


@inlined
def _after(s, p, v, a, j):
    """Return position, velocity and acceleration after a time of constant jerk."""
    return p + s * (v + s * (0.5 * a + s * j / 6.0)), v + s * (a + 0.5 * s * j), a + s * j


@inlined
def _brake(joint, v, a, most, jerk, phases, first):
    """Fill three phases from `first` on that bring a joint to rest as `braking` says."""
    durations, jerks = phases[0], phases[1]
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


@inlined
def _met(position, velocity, acceleration, phases):
    """Return where phases meet [4, P + 1, J], and when the last joint is at rest.

    Of times that are no numbers that is never.
    """
    _, count, joints = phases.shape
    met = np.empty((4, count + 1, joints))
    met[0, 0], met[1, 0], met[2, 0], met[3, 0] = 0.0, position, velocity, acceleration
    for phase in range(count):
        for joint in range(joints):
            s, j = phases[0, phase, joint], phases[1, phase, joint]
            met[0, phase + 1, joint] = met[0, phase, joint] + s
            p, v, a = _after(
                s, met[1, phase, joint], met[2, phase, joint], met[3, phase, joint], j
            )
            met[1, phase + 1, joint], met[2, phase + 1, joint] = p, v
            met[3, phase + 1, joint] = a
    end = 0.0
    for joint in range(joints):
        last = met[0, count, joint]
        end = np.inf if np.isnan(last) else max(end, last)
    return met, end


@compiled(*_STATE, MATRICES)
def integrated(position, velocity, acceleration, phases):
    """Return where phases meet [4, P + 1, J], and when the last joint is at rest."""
    return _met(position, velocity, acceleration, phases)


@compiled(*_STATE, VECTOR, VECTOR)
def braked(position, velocity, acceleration, most, jerk):
    """Return the quickest path to rest, and when the last joint rests."""
    joints = len(velocity)
    phases = np.empty((2, 3, joints))
    for joint in range(joints):
        _brake(joint, velocity[joint], acceleration[joint], most[joint], jerk[joint], phases, 0)
    met, end = _met(position, velocity, acceleration, phases)
    return phases, met, end


@compiled(*_STATE, VECTOR, VECTOR, MATRIX, MATRIX, NUMBER)
def led(position, velocity, acceleration, most, jerk, durations, jerks, lead):
    """Return a path of P + 3 phases: P followed for the time `lead`, then braked; and its end."""
    count, joints = durations.shape
    phases = np.empty((2, count + 3, joints))
    for joint in range(joints):
        left, v, a = lead, velocity[joint], acceleration[joint]
        for phase in range(count):
            # Not cut below nothing, but what is negative stays so: it passes no check.
            time = min(durations[phase, joint], max(left, 0.0))
            left -= durations[phase, joint]
            phases[0, phase, joint], phases[1, phase, joint] = time, jerks[phase, joint]
            _, v, a = _after(time, 0.0, v, a, jerks[phase, joint])
        _brake(joint, v, a, most[joint], jerk[joint], phases, count)
    met, end = _met(position, velocity, acceleration, phases)
    return phases, met, end


@compiled(VECTOR, VECTOR, VECTOR, VECTOR, NUMBER, NUMBER)
def allowed(velocity, acceleration, jerk, limit, share, more):
    """Return speed limits [J] that are lower by a share, but for joints that will be faster.

    Theirs is the speed at which their acceleration will be gone, and a share `more` of it, up to
    the limit.
    """
    found = limit * (1.0 - share)
    for joint in range(len(limit)):
        a = acceleration[joint]
        later = velocity[joint] + 0.5 * a * abs(a) / jerk[joint]
        speed = max(abs(velocity[joint]), abs(later)) * (1.0 + more)
        if found[joint] < speed <= limit[joint]:
            found[joint] = speed
    return found


@compiled(MARKS, *_STATE, MATRICES, MATRICES)
def chosen(mine, position, velocity, acceleration, phases, other):
    """Return the path of these phases for some joints and of others for the rest, and its end."""
    count = max(phases.shape[1], other.shape[1])
    found = np.zeros((2, count, len(mine)))
    # Where one has fewer phases, empty ones go before them.
    for joint in range(len(mine)):
        taken = phases if mine[joint] else other
        first = count - taken.shape[1]
        for phase in range(taken.shape[1]):
            found[0, first + phase, joint] = taken[0, phase, joint]
            found[1, first + phase, joint] = taken[1, phase, joint]
    met, end = _met(position, velocity, acceleration, found)
    return found, met, end


@inlined
def _found(phases, met, joint, phase, time):
    """Return the phase of a joint at a time, not before a phase, and its state; the end rests."""
    count = phases.shape[1]
    while phase < count and met[0, phase + 1, joint] <= time:
        phase += 1
    if phase == count:
        return phase, met[1, count, joint], 0.0, 0.0
    p, v, a = _after(
        time - met[0, phase, joint],
        met[1, phase, joint],
        met[2, phase, joint],
        met[3, phase, joint],
        phases[1, phase, joint],
    )
    return phase, p, v, a


@compiled(VECTOR, *_PATH)
def sampled(times, phases, met):
    """Return positions, velocities and accelerations [3, T, J]; the end is exactly at rest."""
    joints = phases.shape[2]
    found = np.empty((3, len(times), joints))
    for joint in range(joints):
        phase, before = 0, 0.0
        for row in range(len(times)):
            time = times[row]
            if time < before:
                phase = 0
            before = time
            phase, p, v, a = _found(phases, met, joint, phase, time)
            found[0, row, joint], found[1, row, joint], found[2, row, joint] = p, v, a
    return found


@compiled(*_PATH, NUMBER, NUMBER)
def spread(phases, met, end, parts):
    """Return the positions [parts + 1, J] at times of equal distance from the begin to an end."""
    joints, rows = phases.shape[2], int(parts) + 1
    found = np.empty((rows, joints))
    for joint in range(joints):
        phase = 0
        for row in range(rows):
            phase, p, _, _ = _found(phases, met, joint, phase, row * (end / parts))
            found[row, joint] = p
    return found


@inlined
def _bounds(phases, met):
    """Return what PathBounds has; of numbers that are not finite, what no limit allows."""
    durations, jerks = phases[0], phases[1]
    positions, velocities, accelerations = met[1], met[2], met[3]
    count, joints = durations.shape
    low, high = positions[0].copy(), positions[0].copy()
    speed, most = np.abs(velocities[0]), np.abs(accelerations[0])
    jerk = np.zeros(joints)
    for phase in range(count):
        for joint in range(joints):
            time, j = durations[phase, joint], jerks[phase, joint]
            p, v, a = (
                positions[phase, joint],
                velocities[phase, joint],
                accelerations[phase, joint],
            )
            end, end_v, end_a = (
                positions[phase + 1, joint],
                velocities[phase + 1, joint],
                accelerations[phase + 1, joint],
            )
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


@compiled(*_PATH)
def bounds(phases, met):
    """Return what PathBounds has; of numbers that are not finite, what no limit allows."""
    return _bounds(phases, met)


@compiled(*_PATH, VECTOR, VECTOR, VECTOR, VECTOR, VECTOR, NUMBER)
def keeps(phases, met, lower, upper, speed, most, jerk, rest):
    """Return which joints [J] keep limits on the whole of a path and rest at its end."""
    low, high, fastest, hardest, jerked = _bounds(phases, met)
    _, count, joints = phases.shape
    found = np.empty(joints, np.bool_)
    for joint in range(joints):
        good = low[joint] >= lower[joint] and high[joint] <= upper[joint]
        good = good and fastest[joint] <= speed[joint] and hardest[joint] <= most[joint]
        good = good and jerked[joint] <= jerk[joint]
        good = good and abs(met[2, count, joint]) < rest and abs(met[3, count, joint]) < rest
        for phase in range(count):
            good = good and phases[0, phase, joint] >= 0.0
        found[joint] = good
    return found
