# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The safety limiter, between the targets of a model and the commands of a robot.

At every moment it holds a path: what each joint does from now until it rests. A path consists of
phases of constant jerk. It is checked as a whole before it is taken: no joint leaves its limits of
position, velocity, acceleration or jerk, and every joint ends at rest. Each cycle computes a new
path from the state that the joints have on the old one: it follows Ruckig's plan to the target for
a while and then brakes to rest. A joint whose new path fails the check brakes at once. If braking
fails the check too, the joint stays on its old path, which was checked and ends at rest. So limits
hold whatever is asked for and whatever fails, provided only that the check is right.

A guard, if there is one, checks the whole path for what joints do together, such as an arm that
comes too near to the body. It names the joints that it hinders. Then three paths are tried in
turn: the hindered joints follow their plan for one cycle only, the hindered joints brake, all
joints brake. If the guard lets none of them pass, all joints stay on the old path, which it has
let pass before.

A path ends at rest at its target, so a joint follows a moving target with a lag of about the time
that stopping takes. Moving the target ahead by that time was tried and left out: the lag went, but
gestures overshot (with 20 rad/s^2 and 400 rad/s^3 a motion of three sines was off by 0.082 rad
with its lag taken out, instead of 0.021), and the shape of a gesture is what expresses an emotion.
J joints, in the order of the limits.
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
    """Turns any targets into commands within the limits of a robot.

    It commands nothing until `start` has received the measured state of the robot.

    Args:
        limits: of the joints.
        period_s: nominal time between two steps [s].
        settings: everything else.
        guard: checks what joints do together, such as collisions; None: no such check.

    Raises:
        ConfigError: the period is not a finite time above 0.
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
        # Cycles in which a joint was to brake, could not, and stayed on its path.
        self.kept_paths = 0
        self.hindered_s = np.zeros(len(limits))  # for how long the guard has hindered each joint

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
            targets: where the joints shall be [J] in rad; None: no new targets. Any finite values
                will do. If one value is not finite, all are refused, and the joints stop until
                finite targets come.
            elapsed_s: time since the last step. None, or a value that is negative or not finite,
                counts as one period. A robot that follows paths (`robot_follows`) has moved along
                the path for all of this time; for one that holds each command, the next command is
                at most one period further on the path.

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
        """Return a path towards the target, as far as limits and guard allow.

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
        """Return the quickest path to rest; a joint for which it fails the check stays on `path`.

        It fails for some milliseconds while a joint reverses, since the joint cannot stop without
        turning back then. The path that such a joint is on was checked and ends soon.

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
