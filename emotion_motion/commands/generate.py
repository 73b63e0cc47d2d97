# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command `emotion-motion generate`: the live loop without ROS, written to a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TYPE_CHECKING

from emotion_motion.exceptions import ConfigError, StorageError

if TYPE_CHECKING:
    import numpy as np

    from emotion_motion.io import Motion

__all__ = ['generate']


def generate(
    emotion: tuple[str, ...] = ('happiness',),
    seconds: float | None = None,
    out: Path | None = None,
    model: str | None = None,
    seed: int | None = None,
    body_height_m: float | None = None,
    device: str = 'cpu',
    every_s: float = 0.5,
    robot: str | None = None,
    urdf: Path | None = None,
    log: Path | None = None,
    replay: Path | None = None,
    run: int = 0,
    model_frames: bool = False,
) -> None:
    """Run the live loop and write its motion to a file, or make a logged run again.

    Args:
        emotion: one emotion or several that follow each other, each a name (happiness), an alias
            (joy) or a mixture (happiness:0.7,surprise:0.3).
        seconds: how long each emotion is shown, 5 by default; of a replay, how much of the run,
            by default as much as its log knows of [s].
        out: file to write: .npz (keypoints and emotions), .csv (a row a frame), .bvh (for
            Blender), .png (a film strip an emotion), .gif or .mp4 (a film); the last three need
            the extra 'film'. Without it only a summary is printed.
        model: name of a packaged model or folder of a checkpoint; the one named default, or that
            of the replayed run, by default.
        seed: makes the run repeatable; another one each time by default.
        body_height_m: height of the body [m]; by default the model's own.
        device: torch device, such as cpu or cuda; a replay takes that of its run.
        every_s: time between two figures of a film strip [s].
        robot: name of a robot (humanoid, g1) or its YAML file, whose joint angles a .csv shall
            hold in place of keypoints; needs the extra 'robot'.
        urdf: the robot's URDF, where its YAML file names none or another one.
        log: file to append the run's log to, for --replay.
        replay: log of a run, by --log or by the node's parameter replay_file; the run is made
            again, bit for bit on the machine that made it.
        run: which run of the replayed file, from 1; 0 is the last.
        model_frames: replay the frames of the model, not what a node has shown of them.
    """
    from emotion_motion.commands.export import check_out, export_motion, next_step
    from emotion_motion.replay.replay import emotion_rows, replay_run

    shown_by = _robot(robot, urdf, out)
    if out is not None:
        check_out(out, robot=robot is not None)
    rows: Callable[[Motion], Mapping[str, np.ndarray]]
    if replay is not None:
        given = (emotion, seed, body_height_m, device, log)
        if given != (('happiness',), None, None, 'cpu', None):
            raise ConfigError(
                'got --replay with --emotion, --seed, --body-height-m, --device or --log; the '
                'replayed run has its own: leave them out'
            )
        motion, generator, notes = replay_run(
            replay, number=run, model=model, seconds=seconds, model_frames=model_frames
        )
        rows = emotion_rows
    else:
        motion, generator, notes = _recorded(
            emotion,
            5.0 if seconds is None else seconds,
            log,
            model or 'default',
            device=device,
            seed=seed,
            body_height_m=body_height_m,
        )
        rows = _rows_of(emotion)
    print(
        f'{len(motion.keypoints)} frames at {motion.rate_hz:g} Hz, seed {generator.seed}, '
        f'model {generator.model_name}'
    )
    for note in notes:
        print(note)
    if out is None:
        print('nothing was written; --out happy.gif makes a film of it, --help says what else')
        return
    strip = rows(motion) if out.suffix == '.png' else {}
    for note in export_motion(
        out, motion, generator.skeleton, rows=strip, every_s=every_s, robot=shown_by
    ):
        print(note)
    use = next_step(out)
    print(f'wrote {out}' + (f'; {use}' if use else ''))


def _robot(name: str | None, urdf: Path | None, out: Path | None) -> Any:
    """Load the robot that was asked for, before anything runs."""
    if name is None:
        if urdf is not None:
            raise ConfigError(f'got --urdf {urdf} without --robot; name the robot, or its YAML')
        return None
    if out is None:
        raise ConfigError(
            f'got --robot {name} without --out; expected a file that ends in .csv, for its joint '
            f'angles'
        )
    from emotion_motion.robot.description.robot import Robot

    return Robot.load(name, urdf)


def _recorded(
    emotion: tuple[str, ...], seconds: float, log: Path | None, model: str, **options: Any
) -> tuple[Motion, Any, list[str]]:
    """Run the live loop; return its motion, what made it, and what is to be said."""
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.replay.log import record, RunLog

    generator = MotionGenerator.from_pretrained(model, **options)
    run_log = None if log is None else RunLog(log, generator)
    motion = record(generator, emotion, seconds, run_log)
    if run_log is None:
        return motion, generator, []
    run_log.close()
    if run_log.problem:
        raise StorageError(run_log.problem)
    return (
        motion,
        generator,
        [f'logged the run in {log}; make it again: emotion-motion generate --replay {log}'],
    )


def _rows_of(emotion: tuple[str, ...]) -> Callable[[Motion], dict[str, np.ndarray]]:
    """Return what cuts a motion into as many equal rows as there are emotions."""

    def rows(motion: Motion) -> dict[str, np.ndarray]:
        size = len(motion.keypoints) // len(emotion)
        return {
            name if name not in emotion[:i] else f'{name} ({i + 1})': motion.keypoints[
                i * size : (i + 1) * size
            ]
            for i, name in enumerate(emotion)
        }

    return rows
