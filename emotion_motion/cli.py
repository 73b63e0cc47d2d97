# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: generate, train, evaluate, view, models, data, robot and their commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import sys

import tyro

from emotion_motion.exceptions import EmotionMotionError

__all__ = ['main']


def generate(
    emotion: tuple[str, ...] = ('happiness',),
    seconds: float | None = None,
    out: Path | None = None,
    model: str | None = None,
    seed: int | None = None,
    body_height_m: float | None = None,
    device: str = 'cpu',
    every_s: float = 0.5,
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
        out: file to write: .npz (keypoints and emotions), .csv (a row a frame) or .png (a film
            strip an emotion; needs the extra 'train'). Without it only a summary is printed.
        model: name of a packaged model or folder of a checkpoint; the one named default, or that
            of the replayed run, by default.
        seed: makes the run repeatable; another one each time by default.
        body_height_m: height of the body [m]; by default the model's own.
        device: torch device, such as cpu or cuda; a replay takes that of its run.
        every_s: time between two figures of a film strip [s].
        log: file to append the run's log to, for --replay.
        replay: log of a run, by --log or by the node's parameter replay_file; the run is made
            again, bit for bit on the machine that made it.
        run: which run of the replayed file, from 1; 0 is the last.
        model_frames: replay the frames of the model, not what a node has shown of them.
    """
    from emotion_motion.exceptions import ConfigError, MotionFileError
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.io import check_ending
    from emotion_motion.io.recording import record
    from emotion_motion.io.replaying import emotion_rows, replay_run
    from emotion_motion.run_log import RunLog

    if out is not None:
        check_ending(out, '.npz', '.csv', '.png')
    if replay is not None:
        if (emotion, seed, body_height_m, device, log) != (
            ('happiness',), None, None, 'cpu', None
        ):  # fmt: skip
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
        run_log = None if log is None else RunLog(log, generator)
        motion = record(generator, emotion, 5.0 if seconds is None else seconds, run_log)
        notes = [] if log is None else [f'logged the run in {log}']
        if run_log is not None:
            run_log.close()
            if run_log.problem:
                raise MotionFileError(run_log.problem)
    print(
        f'{len(motion.keypoints)} frames at {motion.rate_hz:g} Hz, seed {generator.seed}, '
        f'model {generator.model_name}'
    )
    for note in notes:
        print(note)
    if out is None:
        return
    if out.suffix == '.png':
        from emotion_motion.drawing import film_strips

        if replay is not None:
            rows = emotion_rows(motion)
        else:
            size = len(motion.keypoints) // len(emotion)
            rows = {
                name if name not in emotion[:i] else f'{name} ({i + 1})': motion.keypoints[
                    i * size : (i + 1) * size
                ]
                for i, name in enumerate(emotion)
            }
        film_strips(rows, generator.skeleton, out, every_s=every_s, rate_hz=motion.rate_hz)
    else:
        from emotion_motion.io import save_motion

        save_motion(out, motion)
    print(f'wrote {out}')


def models() -> None:
    """List the packaged models: name, parameters on disk, rate, licence, folder."""
    import json

    from emotion_motion.checkpoint import available_models

    for name, path in available_models().items():
        config = json.loads((path / 'config.json').read_text())
        size_mb = (path / 'model.safetensors').stat().st_size / 1e6
        licence = config['training'].get('licence', 'see its README.md')
        print(f'{name}: {size_mb:.1f} MB, {config["rate_hz"]:g} Hz, {licence}, {path}')


def main() -> None:
    """Run the command line; exits 1 with one line on standard error for bad input."""
    try:
        prog, commands, arguments = _commands(sys.argv[1:])
        tyro.extras.subcommand_cli_from_dict(
            commands,
            prog=prog,
            description='Humanoid motion from emotions.',
            args=arguments,
            config=(tyro.conf.OmitArgPrefixes,),
        )
    except EmotionMotionError as error:
        print(f'emotion-motion: {error}', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _commands(arguments: list[str]) -> tuple[str, dict[str, Callable[..., None]], list[str]]:
    """Return what can be run, by name; the training part is imported only where it is asked for.

    `train` takes the defaults of its flags from the file after --config; `data` has commands of
    its own.
    """
    if arguments[:1] == ['data']:
        from emotion_motion.training.data_commands import (
            import_data,
            inspect_data,
            make_corpus_data,
        )

        below: dict[str, Callable[..., None]] = {
            'inspect': inspect_data, 'import': import_data, 'corpus': make_corpus_data
        }  # fmt: skip
        return 'emotion-motion data', below, arguments[1:]
    if arguments[:1] == ['robot']:
        return 'emotion-motion robot', _robot_commands(arguments[1:2]), arguments[1:]
    commands: dict[str, Callable[..., None]] = {
        'generate': generate, 'train': _train, 'evaluate': _evaluate, 'ablate': _ablate,
        'models': models, 'data': _data, 'robot': _robot, 'view': _view,
    }  # fmt: skip
    if arguments[:1] == ['train']:
        from emotion_motion.training.train_command import train_command

        commands['train'] = train_command(arguments[1:])
    if arguments[:1] == ['evaluate']:
        from emotion_motion.evaluation.evaluate_command import evaluate_models

        commands['evaluate'] = evaluate_models
    if arguments[:1] == ['ablate']:
        from emotion_motion.evaluation.ablation import ablate

        commands['ablate'] = ablate
    if arguments[:1] == ['view']:
        from emotion_motion.viewer.view_command import view

        commands['view'] = view
    return 'emotion-motion', commands, arguments


def _robot_commands(which: list[str]) -> dict[str, Callable[..., None]]:
    """Return what can be done with robots; physics is imported only where it is asked for."""
    from emotion_motion.retarget.robot_commands import check_robot, init_robot

    commands: dict[str, Callable[..., None]] = {
        'check': check_robot, 'init': init_robot, 'simulate': _simulate
    }  # fmt: skip
    if which == ['simulate']:
        from emotion_motion.retarget.simulate_command import simulate_robot

        commands['simulate'] = simulate_robot
    return commands


def _train() -> None:
    """Train a model on data sets or on the procedural corpus."""


def _evaluate() -> None:
    """Run the live loop of a model and measure it against unseen motion."""


def _ablate() -> None:
    """Take away each part of the method in turn, train and measure what is left."""


def _view() -> None:
    """Show motion in a browser: of a running node, of a model, or of files."""


def _data() -> None:
    """Inspect motion files, import them as a data set, make the corpus: `data --help`."""


def _robot() -> None:
    """Check what a robot can show, set up a new one, simulate one: `robot --help`."""


def _simulate() -> None:
    """Let a robot in MuJoCo make the gestures: tracking error, torques, contacts, pictures."""


if __name__ == '__main__':
    main()
