# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From the targets of a model to what each controller of a robot is sent.

In order: group weights, dead-band, safety limiter. Nothing that comes after the limiter changes a
position; so what leaves here is within the limits.

A joint trajectory controller is sent the path ahead as points, which it joins by quintic
polynomials. The first point is one period ahead, for a point that is due at once would be a step;
the last one is at rest, so that a robot that receives no more stops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.limits import JointLimits
from emotion_motion.robot.drive.clip_ratio import ClipRatio, Pace
from emotion_motion.robot.drive.joint_groups import GroupWeights, JointGroups
from emotion_motion.robot.safety.jerk_phases import JerkPhases, MotionState
from emotion_motion.robot.safety.limiter import SafetyLimiter
from emotion_motion.robot.safety.safe_paths import Guard
from emotion_motion.robot.safety.settings import CommandSettings

__all__ = ['CommandSettings', 'CommandStream', 'DeadBand', 'Trajectory', 'look_ahead']

# A target that stays within the dead-band for this long rests.
STILL_S = 0.5
# Always at least this much of the future, at rest or not.
LOOK_AHEAD_S = 0.3
# Points are no nearer than this; between them a quintic is as good as the path itself.
SPACING_S = 1.0 / 60.0


@dataclass(frozen=True, eq=False)
class Trajectory:
    """T points of a path of J joints.

    Attributes:
        names: of the joints.
        times_s: of the points [T], from now.
        positions: [T, J] in rad.
        velocities: [T, J] in rad/s; zero in the last point.
        accelerations: [T, J] in rad/s^2; zero in the last point.
    """

    names: tuple[str, ...]
    times_s: np.ndarray
    positions: np.ndarray
    velocities: np.ndarray
    accelerations: np.ndarray

    def of(self, names: tuple[str, ...]) -> Trajectory:
        """Return the trajectory of some of the joints, in the order given."""
        rows = [self.names.index(name) for name in names]
        return Trajectory(
            names,
            self.times_s,
            self.positions[:, rows],
            self.velocities[:, rows],
            self.accelerations[:, rows],
        )


def look_ahead(path: JerkPhases, names: tuple[str, ...], period_s: float) -> Trajectory:
    """Return the path ahead as points, the last of them at rest.

    Args:
        path: of the joints, which ends at rest.
        names: of the joints.
        period_s: time until the next trajectory [s]; the first point is then.
    """
    end_s = max(float(path.ends_s.max()), LOOK_AHEAD_S)
    spacing_s = max(period_s, SPACING_S)
    # One point at or after the end: there the path is at rest exactly.
    count = 1 + max(0, int(np.ceil((end_s - period_s) / spacing_s - 1e-9)))
    times_s = period_s + spacing_s * np.arange(count)
    times_s[-1] = max(times_s[-1], end_s)
    states = path.sample(times_s)
    return Trajectory(names, times_s, states.position, states.velocity, states.acceleration)


class DeadBand:
    """Holds each of J targets that has not left a band for half a second: motors are quiet then.

    It acts on targets, before the limiter: what it does to them, at most a step of the band, comes
    out as smooth as everything else.

    Args:
        width_rad: how far a target that rests may wander [rad]; 0 switches it off.
        period_s: time between two targets [s].
    """

    def __init__(self, width_rad: float, period_s: float) -> None:
        self._width_rad, self._period_s = width_rad, period_s
        self.reset()

    def reset(self) -> None:
        """Forget the targets."""
        self._held: np.ndarray | None = None

    def __call__(self, targets: np.ndarray) -> np.ndarray:
        """Return the next targets [J] in rad, which are finite; those at rest are held."""
        if not self._width_rad:
            return targets
        if self._held is None:
            self._held, self._still_s = targets, np.zeros(len(targets))
        left = np.abs(targets - self._held) > self._width_rad
        self._held = np.where(left, targets, self._held)
        self._still_s = np.where(left, 0.0, self._still_s + self._period_s)
        return np.where(self._still_s >= STILL_S, self._held, targets)


class CommandStream:
    """One robot's commands.

    A joint shows its group's weight of the motion, and for the rest stays where it was when it was
    taken up: handed back, it is where its owner had left it. A group of weight 0 that rests there
    is lent: it is left out of what is sent until it is taken up again, from where it is then.

    Args:
        limits: of the J joints.
        rest: pose that expression departs from [J], in rad.
        period_s: nominal time between two steps [s].
        groups: of joints, for weights.
        controllers: which joints each controller has; joints of none are sent to nobody.
        settings: everything else.
        guard: what joints must not do together; see SafetyLimiter.

    Attributes:
        lent: the groups that are somebody else's.

    Raises:
        ConfigError, RobotError: something does not fit; the message says what.
    """

    def __init__(
        self,
        limits: JointLimits,
        rest: np.ndarray,
        period_s: float,
        *,
        groups: Mapping[str, Sequence[str]],
        controllers: Mapping[str, Sequence[str]],
        settings: CommandSettings | None = None,
        guard: Guard | None = None,
    ) -> None:
        settings = settings or CommandSettings()
        if np.shape(rest) != (len(limits),):
            raise RobotError(f'rest: got shape {np.shape(rest)}; expected ({len(limits)},)')
        self.limits, self.period_s = limits, period_s
        self.limiter = SafetyLimiter(limits, period_s, settings.limiter, guard)
        self.groups = JointGroups(limits.names, groups)
        self.controllers = JointGroups(limits.names, controllers)
        self.weights = GroupWeights(self.groups, settings.hand_back_s)
        self.clip = ClipRatio(rest, period_s)
        self._pace = Pace(settings.clip_threshold, settings.slowest_pace)
        self._dead_band = DeadBand(settings.dead_band_rad, period_s)
        self._base = np.array(rest, dtype=np.float64)
        self.lent: frozenset[str] = frozenset()

    @property
    def pace(self) -> float:
        """What the time of the phrase is to be multiplied with, up to 1."""
        return self._pace.pace

    @property
    def position(self) -> np.ndarray:
        """Where the joints are now [J] in rad; one that is outside of its limits at its limit.

        Raises:
            RobotError: the state of the robot is unknown.
        """
        position = self.limiter.path.start.position
        return np.clip(position, self.limits.lower, self.limits.upper)

    def start(
        self, positions: Mapping[str, float], velocities: Mapping[str, float] | None = None
    ) -> None:
        """Begin from the robot's measured state; arguments and errors of SafetyLimiter.start."""
        self.limiter.start(positions, velocities)
        self._base = self.position
        self._dead_band.reset()
        self.clip.reset()
        self._pace.reset()
        self.lent = frozenset()

    def taken_back(self, weights: Mapping[str, float]) -> list[str]:
        """Return the groups that were lent and would be no longer at these weights."""
        return [group for group in weights if group in self.lent and weights[group] != 0.0]

    def fade(
        self,
        weights: Mapping[str, float],
        fade_s: float,
        measured: Mapping[str, float] | None = None,
    ) -> None:
        """Fade groups to weights.

        Args:
            weights: by the name of the group, from 0 to 1.
            fade_s: time that it takes [s].
            measured: where the joints are [rad]; needed of a group that was lent.

        Raises:
            RobotError: a weight, or the state of a group that was lent, is not one; then nothing
                is changed.
        """
        back = self.taken_back(weights)
        names = [name for group in back for name in self.groups.members[group]]
        self.weights.check(weights, fade_s)
        if names:
            self.limiter.retake(measured or {}, names)
        self.weights.fade(weights, fade_s)
        self.lent -= set(back)
        for group in back:
            rows = self.groups.rows[group]
            self._base[rows] = self.position[rows]

    def step(self, targets: np.ndarray | None, elapsed_s: float | None = None) -> MotionState:
        """Go on by one cycle; arguments, result and errors of SafetyLimiter.step."""
        self.weights.step(self.period_s)
        goal = None if targets is None else self._goal(np.asarray(targets, dtype=np.float64))
        state = self.limiter.step(goal, elapsed_s)
        if goal is not None and self.limiter.state == 'following':
            self.clip.update(goal, state.position)
            self._pace.update(self.clip.ratio, self.period_s)
        else:
            self.clip.reset()
        self._lend()
        return state

    def trajectories(self) -> dict[str, Trajectory]:
        """Return what each controller is sent now, without joints that are lent."""
        whole = look_ahead(self.limiter.path, self.limits.names, self.period_s)
        lent = {name for group in self.lent for name in self.groups.members[group]}
        owned = {
            controller: tuple(name for name in names if name not in lent)
            for controller, names in self.controllers.members.items()
        }
        return {controller: whole.of(names) for controller, names in owned.items() if names}

    def forward(self, order: Sequence[str]) -> np.ndarray:
        """Return the positions for now in an order of joints [N], in rad.

        A command without names cannot leave joints out: one that is lent is held where it was.

        Raises:
            RobotError: there is no joint of such a name.
        """
        return self.limiter.path.start.position[[self.limits.index(name) for name in order]]

    def _goal(self, targets: np.ndarray) -> np.ndarray:
        if targets.shape != self._base.shape or not np.isfinite(targets).all():
            return targets  # the limiter says what is wrong
        goal = self._dead_band(self._base + self.weights.of_joints * (targets - self._base))
        for group in self.lent:  # whatever happens, here they do not move
            rows = self.groups.rows[group]
            goal[rows] = self._base[rows]
        return goal

    def _lend(self) -> None:
        """Lend the groups that have faded out and rest, wherever that is: a hold may have come."""
        faded = set(self.weights.faded_out) - self.lent
        if not faded:
            return
        path, position = self.limiter.path, self.position
        for group in faded:
            rows = self.groups.rows[group]
            inside = (position[rows] == path.start.position[rows]).all()
            if inside and not (path.ends_s[rows] > 0.0).any():
                self.lent |= {group}
                self._base[rows] = position[rows]
