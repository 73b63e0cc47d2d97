# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a joint trajectory does to a robot with weight and motors: error, torque, contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import math

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.simulation.robot import SimulatedRobot

__all__ = ['Contact', 'JointMotion', 'SimulationReport', 'simulate']

_STEP_S = 0.001
# The robot holds its first pose for so long before anything is measured, as a real one does.
_SETTLE_S = 0.5
# So many of what was left out or repaired are named in a report, and so many contacts.
_NAMED, _CONTACTS = 3, 6
_ALWAYS = 0.99  # share of the time that is all of it
# A torque of that share of the limit counts as all that the motor has.
_SATURATED = 0.999


@dataclass(frozen=True, eq=False)
class JointMotion:
    """T points of a joint trajectory of J joints, at an even rate.

    Attributes:
        names: of the joints.
        positions: [T, J] in rad.
        velocities: [T, J] in rad/s. Between two points the path is the cubic of both, as in
            ros2_control's joint_trajectory_controller.
        rate_hz: points a second.

    Raises:
        RobotError: shapes that do not fit, numbers that are not finite, a rate that is none.
    """

    names: tuple[str, ...]
    positions: np.ndarray
    velocities: np.ndarray
    rate_hz: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate_hz) and self.rate_hz > 0.0):
            raise RobotError(f'rate_hz: got {self.rate_hz!r}; expected a rate above 0')
        shape = (max(2, len(self.positions)), len(self.names))
        for name in ('positions', 'velocities'):
            values = np.array(getattr(self, name), dtype=np.float64)
            if values.shape != shape or not np.isfinite(values).all():
                raise RobotError(
                    f'{name}: got shape {values.shape}; expected {shape}, all finite: at least 2 '
                    f'points, as many positions as velocities, a column for each joint'
                )
            object.__setattr__(self, name, values)

    @property
    def duration_s(self) -> float:
        """Time from the first point to the last [s]."""
        return (len(self.positions) - 1) / self.rate_hz

    def between(self, point: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Return positions and velocities [steps, J] on the path from a point to the next.

        The first is one step after the point, the last is the next point.
        """
        share = (np.arange(steps) + 1.0)[:, None] / steps
        start, end = self.positions[point], self.positions[point + 1]
        leave, arrive = self.velocities[point : point + 2] / self.rate_hz
        cubic = 2.0 * (start - end) + leave + arrive
        square = 3.0 * (end - start) - 2.0 * leave - arrive
        positions = ((cubic * share + square) * share + leave) * share + start
        velocities = ((3.0 * cubic * share + 2.0 * square) * share + leave) * self.rate_hz
        return positions, velocities


@dataclass(frozen=True)
class Contact:
    """Two links that have touched.

    Attributes:
        links: their names.
        first_s: when for the first time [s].
        total_s: for how long in all [s].
        depth_m: how deep they were in each other at the most [m].
    """

    links: tuple[str, str]
    first_s: float
    total_s: float
    depth_m: float

    @property
    def place(self) -> str:
        """Which links, and how deep."""
        return f'{self.links[0]} and {self.links[1]}, {1000.0 * self.depth_m:.1f} mm deep'

    def __str__(self) -> str:
        return f'{self.place}, for {self.total_s:.2f} s, first at {self.first_s:.2f} s'


@dataclass(frozen=True, eq=False)
class SimulationReport:
    """What was measured while a robot followed a motion.

    Attributes:
        motion: what was commanded.
        measured: where its joints were at the points of the motion [T, J], in rad.
        states: MuJoCo's positions at the points of the motion [T, Q], for pictures.
        peak_torque_nm: largest torque of each joint [J].
        torque_share: of its limit [J]; NaN where the URDF has none.
        saturated_share: share of the time at which a motor gave all that it has [J].
        contacts: links that have touched, the longest first.
        can_touch: whether any link has a shape for contacts.
        left_out: what the simulation lacks of the URDF, in words.
        repaired: what it has otherwise than the URDF, in words.
        warnings: what MuJoCo warned of, and how often.
    """

    motion: JointMotion
    measured: np.ndarray
    states: np.ndarray
    peak_torque_nm: np.ndarray
    torque_share: np.ndarray
    saturated_share: np.ndarray
    contacts: tuple[Contact, ...]
    can_touch: bool
    left_out: tuple[str, ...]
    repaired: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def rms_error_rad(self) -> np.ndarray:
        """Root mean square of the tracking error of each joint [J]."""
        return np.sqrt(np.square(self.measured - self.motion.positions).mean(axis=0))

    @property
    def max_error_rad(self) -> np.ndarray:
        """Largest tracking error of each joint [J]."""
        return np.abs(self.measured - self.motion.positions).max(axis=0)

    def lines(self) -> list[str]:
        """Return the report in words, with the joints that matter most."""
        names, shares = self.motion.names, self.torque_share
        error = int(self.max_error_rad.argmax())
        lines = [
            f'{self.motion.duration_s:.1f} s at {self.motion.rate_hz:g} Hz, {len(names)} joints',
            f'tracking error: {math.hypot(*self.rms_error_rad) / len(names) ** 0.5:.4f} rad rms, '
            f'at most {self.max_error_rad[error]:.4f} rad ({names[error]})',
        ]
        if np.isnan(shares).all():
            lines.append('torque: the URDF has no limits of effort')
        else:
            worst = int(np.nanargmax(shares))
            lines.append(
                f'torque: at most {100.0 * shares[worst]:.0f} % of the limit ({names[worst]}, '
                f'{self.peak_torque_nm[worst]:.1f} Nm), motors at their limit for '
                f'{100.0 * self.saturated_share.max():.3g} % of the time'
            )
        overlaps = [contact for contact in self.contacts if self._overlaps(contact)]
        touches = [contact for contact in self.contacts if not self._overlaps(contact)]
        lines += _summary('overlap all the time', [contact.place for contact in overlaps])
        lines += _summary('contact', [str(contact) for contact in touches], _CONTACTS)
        if not self.contacts:
            why = 'none' if self.can_touch else 'not known, for no link has a shape here'
            lines.append(f'contacts: {why}')
        lines += _summary('left out', self.left_out)
        lines += _summary('repaired here, not in the URDF', self.repaired)
        return lines + _summary('MuJoCo warns', self.warnings)

    def _overlaps(self, contact: Contact) -> bool:
        """Return whether two links are in each other all the time, as hulls of meshes may be."""
        return contact.total_s > _ALWAYS * self.motion.duration_s


def _summary(what: str, parts: Sequence[str], most: int = _NAMED) -> list[str]:
    """Return a line for each of the first parts, and one for how many more there are."""
    more = len(parts) - most
    lines = [f'{what}: {part}' for part in parts[:most]]
    return lines + ([f'{what}: {more} more like these'] if more > 0 else [])


def simulate(simulated: SimulatedRobot, motion: JointMotion) -> SimulationReport:
    """Let a robot follow a motion from its first point, where it rests.

    Raises:
        RobotError: the motion is of other joints, or the simulation fell apart.
    """
    if motion.names != simulated.names:
        raise RobotError(
            f'got a motion of the joints {", ".join(motion.names)}; expected those of the robot '
            f'in their order, {", ".join(simulated.names)}'
        )
    steps = max(1, math.ceil(1.0 / (motion.rate_hz * _STEP_S) - 1e-9))
    step_s = 1.0 / (motion.rate_hz * steps)
    simulated.model.opt.timestep = step_s
    simulated.start(motion.positions[0])
    still = np.zeros(len(motion.names))
    for _ in range(round(_SETTLE_S / step_s)):
        simulated.step(motion.positions[0], still)
    log = _Log(simulated, step_s)
    for point in range(len(motion.positions) - 1):
        for positions, velocities in zip(*motion.between(point, steps), strict=True):
            simulated.step(positions, velocities)
            log.note_step()
        log.note_point(point + 1)
    return log.report(motion)


class _Log:
    """What is noted while a robot moves."""

    def __init__(self, simulated: SimulatedRobot, step_s: float) -> None:
        self._simulated, self._step_s = simulated, step_s
        self._measured = [simulated.positions]
        self._states = [simulated.data.qpos.copy()]
        self._peak = np.zeros(len(simulated.names))
        self._saturated = np.zeros(len(simulated.names))
        self._touched: dict[tuple[str, str], list[float]] = {}
        self._steps = 0

    def note_step(self) -> None:
        torque = np.abs(self._simulated.torques)
        self._peak = np.maximum(self._peak, torque)
        self._saturated += torque >= _SATURATED * self._simulated.torque_nm
        self._steps += 1
        if self._simulated.data.ncon:
            now = self._steps * self._step_s
            for links, depth in self._simulated.contacts().items():
                entry = self._touched.setdefault(links, [now, 0.0, 0.0])
                entry[1:] = [entry[1] + self._step_s, max(entry[2], depth)]

    def note_point(self, point: int) -> None:
        # MuJoCo warns where it has found a state that cannot be and has begun anew.
        warned = any(warning.number for warning in self._simulated.data.warning[3:7])
        if warned or not np.isfinite(self._simulated.data.qpos).all():
            raise RobotError(
                f'the simulation of {self._simulated.robot.config.name!r} fell apart at point '
                f'{point}; the inertias or limits of its URDF are not those of a body'
            )
        self._measured.append(self._simulated.positions)
        self._states.append(self._simulated.data.qpos.copy())

    def report(self, motion: JointMotion) -> SimulationReport:
        limits = self._simulated.torque_nm
        contacts = [Contact(links, *values) for links, values in self._touched.items()]
        return SimulationReport(
            motion=motion,
            measured=np.stack(self._measured),
            states=np.stack(self._states),
            peak_torque_nm=self._peak,
            torque_share=np.where(np.isfinite(limits), self._peak / limits, np.nan),
            saturated_share=self._saturated / max(1, self._steps),
            contacts=tuple(sorted(contacts, key=lambda contact: -contact.total_s)),
            can_touch=bool(self._simulated.model.geom_contype.any()),
            left_out=self._simulated.left_out,
            repaired=self._simulated.repaired,
            warnings=tuple(
                f'{count} times: {text}' for text, count in self._simulated.warnings.items()
            ),
        )
