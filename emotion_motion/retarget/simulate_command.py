# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command `emotion-motion robot simulate`: gestures on a robot with weight and motors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError
from emotion_motion.retarget.display_drive import DisplayDrive
from emotion_motion.retarget.physics import JointMotion, simulate, SimulationReport
from emotion_motion.retarget.physics_film import film_states
from emotion_motion.retarget.robot import Robot
from emotion_motion.retarget.simulated_robot import SimulatedRobot

__all__ = ['commanded_motion', 'simulate_robot']


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
    figures: int = 10,
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
        figures: figures of a film strip.
    """
    if out is not None and (out.suffix != '.png' or figures < 2):
        raise ConfigError(
            f'got --out {out} and --figures {figures}; expected a .png file and at least 2 figures'
        )
    robot = Robot.load(name, urdf)
    simulated = SimulatedRobot(robot)
    motion = commanded_motion(robot, emotion, seconds, rate_hz, model=model, seed=seed)
    report = simulate(simulated, motion)
    print(f'{robot.config.name}: {", ".join(emotion)}')
    for line in report.lines():
        print(line)
    if out is not None:
        drawn = _film(simulated, report, emotion, out, figures)
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
    """Return what the robot's controllers would be told, by the parts that motion_node uses.

    Args:
        robot: who shall move; it starts from its rest pose.
        emotions: that follow each other, in equal parts of the time.
        seconds: in all [s].
        rate_hz: commands a second.
        model: name of a packaged model or folder of a checkpoint.
        seed: of the model's draws; None: another one each time.

    Raises:
        ConfigError: no emotion, or less than two commands for one.
        EmotionError: an emotion cannot be read; nothing was run.
        RobotError: no motion can start from the robot's rest pose.
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


def _film(
    simulated: SimulatedRobot, report: SimulationReport, emotions: Sequence[str], out: Path,
    figures: int,
) -> bool:  # fmt: skip
    rate_hz, parts = report.motion.rate_hz, np.array_split(report.states, len(emotions))
    every = max(1, min(len(part) for part in parts) // figures)
    rows: dict[str, np.ndarray] = {}
    for number, (emotion, part) in enumerate(zip(emotions, parts, strict=True)):
        row = emotion if emotion not in rows else f'{emotion} ({number + 1})'
        rows[row] = part[: every * figures]
    return film_states(simulated, rows, out, rate_hz=rate_hz, every_s=every / rate_hz)
