# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command `emotion-motion generate`: the live loop without ROS, written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.emotion import dominant, format_emotion
from emotion_motion.exceptions import ConfigError, MotionFileError, StorageError
from emotion_motion.files import check_place, storage_errors, whole_file
from emotion_motion.io.clip import Motion, save_motion, write_table

if TYPE_CHECKING:
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.robot.description.robot import Robot

ENDINGS = {
    '.npz': 'keypoints and emotions, for Python',
    '.csv': 'keypoints in metres, or joint angles in rad with --robot',
    '.bvh': 'animation, for Blender and others',
    '.png': 'film strip, a row an emotion',
    '.gif': 'film',
    '.mp4': 'film',
}


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
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.replay.replay import emotion_rows, replay_run

    if out is not None:
        if out.suffix not in ENDINGS:
            known = '; '.join(f'{ending} ({what})' for ending, what in ENDINGS.items())
            raise MotionFileError(f'got the file name {str(out)!r}; expected an ending of {known}')
        check_place(out)
    shown_by = _robot(robot, urdf, out)
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
    else:
        generator = MotionGenerator.from_pretrained(
            model or 'default', device=device, seed=seed, body_height_m=body_height_m
        )
        motion, notes = _recorded(generator, emotion, 5.0 if seconds is None else seconds, log)
    size = f'{len(motion.keypoints)} frames at {motion.rate_hz:g} Hz'
    print(f'{size}, seed {generator.seed}, model {generator.model_name}', *notes, sep='\n')
    if out is None:
        print('nothing was written; --out happy.gif makes a film of it, --help says what else')
        return
    rows: dict[str, np.ndarray] = {}
    if out.suffix == '.png':
        rows = emotion_rows(motion) if replay is not None else _equal_rows(motion, emotion)
    notes = export_motion(
        out, motion, generator.skeleton, rows=rows, every_s=every_s, robot=shown_by
    )
    uses = {
        '.npz': f'; read it with emotion_motion.io.load_motion({str(out)!r})',
        '.bvh': '; open it in Blender: File > Import > Motion Capture (.bvh), Scale 0.01',
    }
    print(*notes, f'wrote {out}{uses.get(out.suffix, "")}', sep='\n')


def export_motion(
    path: Path,
    motion: Motion,
    skeleton: Skeleton,
    *,
    rows: Mapping[str, np.ndarray],
    every_s: float = 0.5,
    robot: Robot | None = None,
) -> list[str]:
    """Write a motion; the file is whole, or not there. Returns what is to be said of it.

    Args:
        path: file to write; its ending is one of ENDINGS.
        motion: what to write.
        skeleton: of its keypoints.
        rows: keypoints [T, K, D] of each row of a film strip, by name.
        every_s: time between two figures of a film strip [s].
        robot: whose joint angles a .csv shall hold; None: keypoints.
    """
    if robot is not None:
        return _write_joints(path, motion, skeleton, robot)
    if path.suffix in ('.npz', '.csv'):
        save_motion(path, motion)
        return []
    if path.suffix == '.bvh':
        from emotion_motion.io.bvh.writer import write_bvh

        write_bvh(path, motion.keypoints, motion.rate_hz, skeleton)
        return []
    from emotion_motion.drawing import film, film_strips

    rate_hz = motion.rate_hz
    with storage_errors(path), whole_file(path) as partial:
        if path.suffix == '.png':
            film_strips(rows, skeleton, partial, every_s=every_s, rate_hz=rate_hz)
        else:
            labels = [
                dominant(weights) if weights.max() > 0.995 else format_emotion(weights)
                for weights in motion.requested
            ]
            film(motion.keypoints, skeleton, partial, rate_hz=rate_hz, labels=labels)
    return []


def _write_joints(path: Path, motion: Motion, skeleton: Skeleton, robot: Robot) -> list[str]:
    from emotion_motion.robot.drive.display_drive import follow

    followed, frames = follow(robot, motion.keypoints, motion.rate_hz, skeleton)
    angles = followed.positions
    columns = [f'{name}_rad' for name in robot.names]
    with storage_errors(path), whole_file(path) as partial:
        write_table(partial, motion.rate_hz, motion.requested[frames], columns, angles)
    notes = [
        f'{len(angles)} rows of {len(robot.names)} joint angles of {robot.config.name}, '
        f'retargeted and limited as motion_node would send them'
    ]
    late_s = (len(angles) - len(motion.keypoints)) / motion.rate_hz
    if late_s > 0.5:
        notes.append(f'its limits make the robot {late_s:.1f} s slower than the person')
    return notes


def _robot(name: str | None, urdf: Path | None, out: Path | None) -> Robot | None:
    """Load the robot that was asked for, before anything runs."""
    if name is None:
        if urdf is not None:
            raise ConfigError(f'got --urdf {urdf} without --robot; name the robot, or its YAML')
        return None
    if out is None or out.suffix != '.csv':
        given = 'without --out' if out is None else f'with --out {out}'
        raise ConfigError(
            f'got --robot {name} {given}; expected a file that ends in .csv: joint angles are '
            f'written as a table'
        )
    from emotion_motion.robot.description.robot import Robot

    return Robot.load(name, urdf)


def _recorded(
    generator: MotionGenerator, emotion: tuple[str, ...], seconds: float, log: Path | None
) -> tuple[Motion, list[str]]:
    """Run the live loop; return its motion, and what is to be said of its log."""
    from emotion_motion.replay.log import record, RunLog

    if log is None:
        return record(generator, emotion, seconds), []
    run_log = RunLog(log, generator)
    motion = record(generator, emotion, seconds, run_log)
    run_log.close()
    if run_log.problem:
        raise StorageError(run_log.problem)
    note = f'logged the run in {log}; make it again: emotion-motion generate --replay {log}'
    return motion, [note]


def _equal_rows(motion: Motion, emotion: tuple[str, ...]) -> dict[str, np.ndarray]:
    rows: dict[str, np.ndarray] = {}
    for name, part in zip(emotion, np.split(motion.keypoints, len(emotion)), strict=True):
        rows[name if name not in rows else f'{name} ({len(rows) + 1})'] = part
    return rows
