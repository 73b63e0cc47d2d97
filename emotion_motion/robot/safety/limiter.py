# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The safety limiter: between whatever a model asks for and what a robot is commanded.

At every moment it holds a path: what each joint does from now until it rests. A path is computed
in exact phases of constant jerk and checked as a whole before it is taken: nowhere on it a joint
leaves its limits of position, velocity, acceleration or jerk, and it ends at rest. Each cycle a
new path is tried from where the joints are on the old one: with Ruckig towards the target, at rest
there, or, for a joint that has no good one, braking. What does not pass the check is not taken,
and the joint goes on along its old path, which was checked and ends at rest. So limits hold
whatever is asked for and whatever fails, by nothing but the check.

A guard, if there is one, is asked about the same path as a whole: what joints do together, such as
an arm that comes too near to the body, no joint can be told by itself. A joint that it names leads
on for one cycle only, or brakes, or all joints brake, whichever it lets pass first; and where
nothing passes all go on along the old path, which had passed.

Targets are at rest, so a joint is always a little behind one that moves, by the time that stopping
takes. Leading the target ahead by that was tried and left out: the lag went, but gestures overshot
(with 20 rad/s^2 and 400 rad/s^3 a motion of three sines was off by 0.082 rad with its lag taken
out, instead of 0.021), and what a gesture says is its shape. J joints, in the order of the limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math

import numpy as np

from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState
from emotion_motion.robot.safety.planner import RuckigPlanner
from emotion_motion.robot.safety.safe_paths import Guard, SafePaths
from emotion_motion.robot.safety.settings import LimiterSettings
from emotion_motion.robot.safety.start import Approach, measured_state

__all__ = ['BAD_TARGETS', 'SafetyLimiter', 'STALE']

# Reasons to stop that come and go by themselves.
STALE, BAD_TARGETS = 'stale', 'bad targets'


class SafetyLimiter:
    """Turns targets into motion that a robot can be told to do.

    It begins knowing nothing, and does nothing, until `start` has told it where the robot is.

    Args:
        limits: of the joints.
        period_s: nominal time between two steps [s].
        settings: everything else.
        guard: says what joints must not do together; None where anything goes.

    Raises:
        ConfigError: the period is no time.
    """

    def __init__(
        self,
        limits: JointLimits,
        period_s: float,
        settings: LimiterSettings | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.limits, self.settings = limits, settings or LimiterSettings()
        self.period_s, self._guard = period_s, guard
        if not (math.isfinite(period_s) and period_s > 0.0):
            raise ConfigError(f'period_s: got {period_s!r}; expected a time above 0')
        self._paths = paths = SafePaths(limits, period_s)
        self._planner = RuckigPlanner(paths.velocity, paths.acceleration, paths.jerk)
        self._approach = Approach(paths.velocity, self.settings)
        self._path: JerkPhases | None = None
        self._reasons: set[str] = set()
        self._silent_s = 0.0
        self._target: np.ndarray | None = None
        self.kept_paths = 0
        self.hindered_s = np.zeros(len(limits))

    # What it is doing.

    @property
    def started(self) -> bool:
        """Whether it knows where the robot is."""
        return self._path is not None

    @property
    def path(self) -> JerkPhases:
        """What the joints do from the last step on, until they rest.

        Raises:
            RobotError: the state of the robot is unknown.
        """
        if self._path is None:
            raise RobotError(
                "the robot's state is unknown; expected SafetyLimiter.start with the measured "
                'state of every joint before any motion'
            )
        return self._path

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves and nothing is about to."""
        return self._path is not None and self._path.at_rest

    @property
    def reasons(self) -> frozenset[str]:
        """Why it stops or holds; empty while it follows targets."""
        return frozenset(self._reasons)

    @property
    def state(self) -> str:
        """`unknown`, `approaching`, `following`, `stopping` or `holding`."""
        if self._path is None:
            return 'unknown'
        if self._reasons:
            return 'holding' if self._path.at_rest else 'stopping'
        return 'following' if self._approach.done else 'approaching'

    @property
    def planner_errors(self) -> int:
        """How often Ruckig could not plan for all joints together."""
        return self._planner.errors

    # Commands to it.

    def start(
        self, positions: Mapping[str, float], velocities: Mapping[str, float] | None = None
    ) -> None:
        """Begin, or begin again, from the robot's measured state.

        Args:
            positions: by the name of the joint [rad].
            velocities: [rad/s]; a joint without one counts as resting.

        Raises:
            RobotError: the state is not known or no motion can start from it; then the limiter
                is as if it had never been started.
        """
        self._path = None
        state = measured_state(self.limits, self.settings, positions, velocities)
        self._path = self._paths.brake(state)
        self._paths.begin(self._path)
        self._begin_approach()

    def forget(self) -> None:
        """Know nothing of the robot any more: others may have moved it meanwhile."""
        self._path = None

    def retake(self, positions: Mapping[str, float], names: Sequence[str]) -> None:
        """Go on from where some joints were measured, which somebody else has moved meanwhile.

        Args:
            positions: at least theirs, by the name of the joint [rad].
            names: of the joints; all of them rest.

        Raises:
            RobotError: they do not rest here, or no motion can start from where they are; then
                nothing is changed.
        """
        path, rows = self.path, [self.limits.index(name) for name in names]
        if (path.ends_s[rows] > 0.0).any():
            raise RobotError(
                f'got {", ".join(names)} to take again while they move; expected joints at rest'
            )
        taken = measured_state(self.limits.subset(names), self.settings, positions)
        position = path.start.position.copy()
        position[rows] = taken.position
        start = MotionState(position, path.start.velocity, path.start.acceleration)
        self._path = JerkPhases(start, path.durations, path.jerks)
        self._paths.begin(self._path, rows)
        self._begin_approach(rows)

    def stop(self, reason: str) -> None:
        """Come to rest as quickly as the limits allow, and hold there until `release`."""
        self._reasons.add(reason)

    def release(self, reason: str) -> None:
        """End a reason to hold; with the last one gone joints go on, as slowly as at the start."""
        if reason in self._reasons:
            self._reasons.discard(reason)
            self._begin_approach()

    def step(self, targets: np.ndarray | None, elapsed_s: float | None = None) -> MotionState:
        """Go on by one cycle.

        Args:
            targets: where the joints shall be [J] in rad; None where there is no news. A value
                that is not finite makes all of it bad, and the joints stop until a good one comes;
                finite ones may be anything.
            elapsed_s: time since the last step, None for one period. What is not a time counts as
                one. A robot that follows paths has gone along the path for all of it; one that
                holds commands is led on by no more than a period.

        Returns:
            The command for now. What follows is in `path`.

        Raises:
            RobotError: the state of the robot is unknown, or there are not as many targets as
                joints.
        """
        elapsed_s = self._checked_time(elapsed_s)
        path, state = self.path, self.path.at(elapsed_s)
        self._receive(targets, elapsed_s)
        self._paths.come_inside(state.position)
        if not self._reasons and self._target is not None:
            self._path = self._lead(state, self._target, path, elapsed_s)
        else:
            braking = self._brake(state, path, elapsed_s)
            self._path = braking if self._lets_pass(braking) else path.shifted(elapsed_s)
            self.hindered_s[:] = 0.0
        return self._path.start

    # How a path is found.

    def _checked_time(self, elapsed_s: float | None) -> float:
        if elapsed_s is None or not math.isfinite(elapsed_s) or elapsed_s < 0.0:
            return self.period_s
        return elapsed_s if self.settings.robot_follows else min(elapsed_s, self.period_s)

    def _receive(self, targets: np.ndarray | None, elapsed_s: float) -> None:
        if targets is None:
            self._silent_s += elapsed_s
            if self._silent_s > self.settings.stale_s:
                self.stop(STALE)
            return
        targets = np.asarray(targets, dtype=np.float64)
        if targets.shape != (len(self.limits),):
            raise RobotError(
                f'targets: got shape {targets.shape}; expected ({len(self.limits)},), one for '
                f'each joint'
            )
        if not np.isfinite(targets).all():
            self.stop(BAD_TARGETS)
            return
        self._silent_s = 0.0
        self.release(STALE)
        self.release(BAD_TARGETS)
        self._target = np.minimum(np.maximum(targets, self._paths.lower), self._paths.upper)

    def _begin_approach(self, rows: Sequence[int] | None = None) -> None:
        self._approach.begin(rows)
        if rows is None:
            self._target, self._silent_s = None, 0.0

    def _lead(
        self, state: MotionState, target: np.ndarray, path: JerkPhases, time_s: float
    ) -> JerkPhases:
        """Return a path towards the target, as far as limits and guard let it go on.

        Args:
            state: where the joints are.
            target: where they shall rest [J], in rad.
            path: the one that they are on.
            time_s: for how long they have been on it.
        """
        velocity = self._approach.velocity(target - state.position, self.period_s)
        plan = self._planner.plan(state, target, velocity)
        lead_s = max(self.settings.plan_s, self.period_s)
        leading, good = self._paths.lead_then_brake(state, plan, lead_s)
        braking = None
        if not good.all():
            braking = self._brake(state, path, time_s)
            leading = leading.merge(good, braking)
        hindered = None if self._guard is None else self._guard.hindered(leading)
        if hindered is None or not hindered.any():
            self.hindered_s[:] = 0.0
            return leading
        self.hindered_s = np.where(hindered, self.hindered_s + self.period_s, 0.0)
        braking = self._brake(state, path, time_s) if braking is None else braking
        short, good = self._paths.lead_then_brake(state, plan, self.period_s)
        short = short if good.all() else short.merge(good, braking)
        for trial in (leading.merge(~hindered, short), leading.merge(~hindered, braking), braking):
            if self._lets_pass(trial):
                return trial
        return path.shifted(time_s)

    def _lets_pass(self, path: JerkPhases) -> bool:
        return self._guard is None or self._guard.lets_pass(path)

    def _brake(self, state: MotionState, path: JerkPhases, time_s: float) -> JerkPhases:
        """Return the quickest path to rest; for a joint where it does not pass, the one it is on.

        It passes where a joint can still brake without turning back. One that is just turning
        cannot, for some milliseconds; what it is on is good and ends soon.

        Args:
            state: where the joints are.
            path: the one they are on.
            time_s: for how long they have been on it.
        """
        if path.at_rest:
            return path
        braking = self._paths.brake(state)
        good = self._paths.within_limits(braking)
        if good.all():
            return braking
        self.kept_paths += 1
        return braking.merge(good, path.shifted(time_s))
