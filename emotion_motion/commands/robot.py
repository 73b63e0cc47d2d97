# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `emotion-motion robot check`, `robot init` and `robot simulate`.

What stands before a `/` has no option's name on the command line, but its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import re

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, RobotError
from emotion_motion.files import check_place
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.drive.display_drive import DisplayDrive
from emotion_motion.robot.simulation.film import film_states
from emotion_motion.robot.simulation.report import JointMotion, simulate, SimulationReport
from emotion_motion.robot.simulation.robot import SimulatedRobot

__all__ = ['check_robot', 'commanded_motion', 'init_robot', 'simulate_robot']

_LEAD_IN_S = 1.0  # of the live loop, from its first frame to motion
_FIGURES = 10  # of a film strip


def simulate_robot(
    name: str,
    /,
    emotion: tuple[str, ...] = EMOTIONS,
    seconds: float = 60.0,
    rate_hz: float = 60.0,
    urdf: Path | None = None,
    model: str = 'default',
    seed: int | None = None,
    out: Path | None = None,
) -> None:
    """Let a robot in MuJoCo make the gestures: tracking error, torques, contacts, pictures.

    Its base is fixed in the air. It is driven as a real one would be: by what the model generates,
    retargeted to it and limited, through position servos with the effort limits of its URDF.

    Args:
        name: name of a robot (humanoid, g1) or its YAML file.
        emotion: emotions that follow each other, each a name (happiness), an alias (joy) or a
            mixture (happiness:0.7,surprise:0.3); all seven by default.
        seconds: how long the whole simulation is, in equal parts for the emotions [s].
        rate_hz: commands a second [Hz].
        urdf: the robot's URDF, where its YAML file names none or another one.
        model: name of a packaged model or folder of a checkpoint.
        seed: makes the run repeatable; another one each time by default.
        out: picture to write (.png), a film strip an emotion; without it only the report.
    """
    _check_out(out, '.png')
    robot = Robot.load(name, urdf)
    simulated = SimulatedRobot(robot)
    motion = commanded_motion(robot, emotion, seconds, rate_hz, model=model, seed=seed)
    report = simulate(simulated, motion)
    print(f'{robot.config.name}: {", ".join(emotion)}')
    print('\n'.join(report.lines()))
    if out is not None:
        drawn = _film(simulated, report, emotion, out)
        print(f'wrote {out}{"" if drawn else " (as lines: MuJoCo found neither EGL nor OSMesa)"}')
    print(f'next, in RViz: ros2 launch emotion_motion robot.launch.py robot:={name}')


def commanded_motion(
    robot: Robot,
    emotions: Sequence[str],
    seconds: float,
    rate_hz: float,
    *,
    model: str = 'default',
    seed: int | None = None,
) -> JointMotion:
    """Return what the robot's controllers would receive, by the parts that motion_node uses.

    It starts from its rest pose; the arguments are those of `simulate_robot`.
    """
    # Here, since these bring torch, and retargeting does without.
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.playback import Playback

    if not emotions or not 2.0 <= seconds * rate_hz / len(emotions) < 1e9:
        raise ConfigError(
            f'got {len(emotions)} emotions in {seconds} s at {rate_hz} Hz; expected at least one '
            f'emotion, and time for two commands of each'
        )
    generator = MotionGenerator.from_pretrained(model, seed=seed)
    for emotion in reversed(emotions):  # a bad one is found before anything moves
        generator.set_emotion(emotion, index=0)
    playback = Playback(generator, rate_hz)
    drive = DisplayDrive(robot, rate_hz, generator.skeleton)
    for emotion in emotions:
        generator.set_emotion(emotion, index=0)
        for _ in range(round(seconds * rate_hz / len(emotions))):
            drive.advance(playback.advance(drive.pace / rate_hz).keypoints[0])
    return drive.motion()


def check_robot(
    name: str,
    /,
    emotion: tuple[str, ...] = EMOTIONS,
    seconds: float = 20.0,
    urdf: Path | None = None,
    rate_hz: float = 30.0,
    model: str = 'default',
    seed: int = 0,
    out: Path | None = None,
) -> None:
    """Report, for each emotion, how much of its motion a robot can show, and why not more.

    Printed are the error of limb directions in degrees, how speed, extent and contraction follow,
    the share of frames at a limit, and a verdict in words.

    Args:
        name: name of a robot (g1, talos, pepper, humanoid) or its YAML file.
        emotion: what to check, each a name (happiness), an alias (joy) or a mixture
            (happiness:0.7,surprise:0.3); all seven by default.
        seconds: of motion for each emotion [s].
        urdf: the robot's URDF, where its YAML file names none or another one.
        rate_hz: frames a second; the robot's targets come at this rate [Hz].
        model: name of a packaged model or folder of a checkpoint, whose motion it is.
        seed: makes the motion repeatable.
        out: picture to write (.png): person and robot side by side, a pair of rows an emotion.
    """
    from emotion_motion.robot.check.check import check_motion
    from emotion_motion.robot.check.report import draw_checks, report

    _check_range('--seconds', seconds, 2, 600)
    _check_range('--rate-hz', rate_hz, 5, 500)
    _check_out(out, '.png')
    robot = Robot.load(name, urdf)
    checks = [
        check_motion(robot, one, _motion(one, seconds, rate_hz, model, seed), rate_hz)
        for one in emotion
    ]
    print('\n'.join(report(robot, checks)))
    if out is not None:
        print(f'wrote {draw_checks(robot, checks, out)}')
    step = f'emotion-motion robot simulate {name} --seconds 20 --out film.png'
    print(f'next, with weight and motors: {step}')


def init_robot(
    urdf: Path,
    /,
    out: Path | None = None,
    name: str | None = None,
    base: str | None = None,
    force: bool = False,
) -> None:
    """Propose the YAML file of a humanoid from its URDF alone, and draw what it found.

    The role of each joint follows from the kinematic tree, its axis, the symmetry of left and
    right, and last from its name; each with a confidence. What stays unclear is left out.

    Args:
        urdf: the robot's description; no meshes are needed.
        out: file to write (.yaml); default NAME.yaml in the current folder, with _ for what makes
            no name of a file. The picture is beside it, NAME.png.
        name: of the robot; default that of the URDF.
        base: link of the URDF that stands still, x forward, y left and z up; default one that is
            found.
        force: write over files that are there.
    """
    from emotion_motion.robot.check.report import near_at_rest
    from emotion_motion.robot.init.propose import propose, settle
    from emotion_motion.robot.init.write import (
        capsule_notes,
        limit_notes,
        roles_text,
        write_proposal,
    )

    proposal = propose(urdf, name, base)
    # A robot's name may be any text, also a way out of this folder.
    plain_name = re.sub(r'[^\w.-]+', '_', proposal.name).strip('._')[:80]
    out = out or Path(f'{plain_name or "robot"}.yaml')
    _check_out(out, '.yaml', '.yml')
    for file in (out, out.with_suffix('.png')):
        if file.exists() and not force:
            raise ConfigError(f'got {file}, which is there already; --force writes over it')
    proposal = settle(proposal)
    picture = write_proposal(proposal, out)
    print(f'{proposal.name}: recognised {len(proposal.roles)} joints')
    print(roles_text(proposal), end='')
    robot = proposal.robot
    for line in (*limit_notes(robot), *capsule_notes(proposal), *near_at_rest(robot)):
        print(line)
    files = f'{out}{"" if picture is None else f" and {picture}"}'
    print(f'wrote {files}; correct what is wrong there, then: emotion-motion robot check {out}')


def _check_range(option: str, value: float, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigError(f'got {option} {value}; expected {low} to {high}')


def _check_out(out: Path | None, *endings: str) -> None:
    """Find out, before anything runs, that a file cannot be written."""
    if out is not None:
        if out.suffix not in endings:
            raise ConfigError(f'got --out {out}; expected a file that ends in {endings[0]}')
        check_place(out)


def _film(
    simulated: SimulatedRobot, report: SimulationReport, emotions: Sequence[str], out: Path
) -> bool:
    """Draw a row for each emotion; return whether MuJoCo drew it."""
    parts = np.array_split(report.states, len(emotions))
    every = max(1, min(len(part) for part in parts) // _FIGURES)
    rows: dict[str, np.ndarray] = {}
    for number, (emotion, part) in enumerate(zip(emotions, parts, strict=True)):
        row = emotion if emotion not in rows else f'{emotion} ({number + 1})'
        rows[row] = part[: every * _FIGURES : every]
    return film_states(simulated, rows, out, every_s=every / report.motion.rate_hz)


def _motion(emotion: str, seconds: float, rate_hz: float, model: str, seed: int) -> np.ndarray:
    """Return keypoints [T, 25, 3] of the live loop, as the node would publish them [m]."""
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.playback import Playback

    generator = MotionGenerator.from_pretrained(model, seed=seed)
    if generator.skeleton.dims != 3:
        raise RobotError(
            f'got the model {model!r}, whose keypoints are flat; expected one of keypoints in '
            f'space, which alone a robot can copy'
        )
    generator.set_emotion(emotion)
    playback, count = Playback(generator, rate_hz), round((seconds + _LEAD_IN_S) * rate_hz)
    frames = [playback.advance().keypoints[0] for _ in range(count)]
    return np.stack(frames[round(_LEAD_IN_S * rate_hz) :]).astype(np.float64)
