# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The commands `emotion-motion robot check` and `robot init`.

What stands before a `/` has no option's name on the command line, but its place.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, RobotError

__all__ = ['check_robot', 'init_robot']

_LEAD_IN_S = 1.0  # of the live loop, from its first frame to motion


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
    from emotion_motion.retarget.collisions import capsule_model
    from emotion_motion.retarget.robot import Robot
    from emotion_motion.retarget.robot_check import check_motion
    from emotion_motion.retarget.robot_drawing import Comparison, draw_comparisons
    from emotion_motion.retarget.verdict import report

    if not 2.0 <= seconds <= 600.0:
        raise ConfigError(f'got --seconds {seconds}; expected 2 to 600')
    if not 5.0 <= rate_hz <= 500.0:
        raise ConfigError(f'got --rate-hz {rate_hz}; expected 5 to 500')
    if out is not None and out.suffix != '.png':
        raise ConfigError(f'got --out {out}; expected a file that ends in .png')
    robot = Robot.load(name, urdf)
    capsules = capsule_model(robot)
    checks, drawn = [], []
    for one in emotion:
        keypoints = _motion(one, seconds, rate_hz, model, seed)
        checks.append(check_motion(robot, one, keypoints, rate_hz, capsules))
        drawn.append(Comparison(one, keypoints, checks[-1].poses))
    print('\n'.join(report(robot, checks)))
    if out is not None:
        print(f'wrote {draw_comparisons(robot, drawn, out)}')
    print(f'next, with weight and motors: emotion-motion robot simulate {name} --seconds 20 '
          f'--out film.png')  # fmt: skip


def _motion(
    emotion: str, seconds: float, rate_hz: float, model: str, seed: int
) -> np.ndarray:
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


def init_robot(
    urdf: Path,
    /,
    out: Path | None = None,
    name: str | None = None,
    force: bool = False,
) -> None:
    """Propose the YAML file of a humanoid from its URDF alone, and draw what it found.

    The role of each joint is told from the kinematic tree, its axis, the symmetry of left and
    right, and last from its name; each with a confidence. What cannot be told is left out.

    Args:
        urdf: the robot's description; no meshes are needed.
        out: file to write (.yaml); default NAME.yaml in the current folder. The picture is beside
            it, NAME.png.
        name: of the robot; default that of the URDF.
        force: write over a file that is there.
    """
    from emotion_motion.retarget.robot_init import propose
    from emotion_motion.retarget.robot_yaml import write_proposal

    proposal = propose(urdf, name)
    out = out or Path(f'{proposal.name}.yaml')
    if out.suffix not in ('.yaml', '.yml'):
        raise ConfigError(f'got --out {out}; expected a file that ends in .yaml')
    if out.exists() and not force:
        raise ConfigError(f'got --out {out}, which is there already; --force writes over it')
    picture = write_proposal(proposal, out)
    print('\n'.join(proposal.lines()))
    print(f'wrote {out}' + ('' if picture is None else f' and {picture}')
          + f'; correct what is wrong there, then: emotion-motion robot check {out}')  # fmt: skip
