# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: generate, train, evaluate, view, models, data, robot and their commands."""

from __future__ import annotations

from collections.abc import Callable
import sys

import tyro

from emotion_motion.commands.generate import generate
from emotion_motion.exceptions import EmotionMotionError

__all__ = ['main']


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
        from emotion_motion.commands.data import import_data, inspect_data, make_corpus_data

        below: dict[str, Callable[..., None]] = {
            'inspect': inspect_data,
            'import': import_data,
            'corpus': make_corpus_data,
        }
        return 'emotion-motion data', below, arguments[1:]
    if arguments[:1] == ['robot']:
        return 'emotion-motion robot', _robot_commands(arguments[1:2]), arguments[1:]
    commands: dict[str, Callable[..., None]] = {
        'generate': generate,
        'train': _train,
        'evaluate': _evaluate,
        'ablate': _ablate,
        'models': _models,
        'data': _data,
        'robot': _robot,
        'view': _view,
    }
    if arguments[:1] == ['models']:
        from emotion_motion.commands.models import models

        commands['models'] = models
    if arguments[:1] == ['train']:
        from emotion_motion.commands.train import train_command

        commands['train'] = train_command(arguments[1:])
    if arguments[:1] == ['evaluate']:
        from emotion_motion.commands.evaluate import evaluate_models

        commands['evaluate'] = evaluate_models
    if arguments[:1] == ['ablate']:
        from emotion_motion.evaluation.ablation import ablate

        commands['ablate'] = ablate
    if arguments[:1] == ['view']:
        from emotion_motion.commands.view import view

        commands['view'] = view
    return 'emotion-motion', commands, arguments


def _robot_commands(which: list[str]) -> dict[str, Callable[..., None]]:
    """Return what can be done with robots; physics is imported only where it is asked for."""
    from emotion_motion.commands.robot import check_robot, init_robot

    commands: dict[str, Callable[..., None]] = {
        'check': check_robot,
        'init': init_robot,
        'simulate': _simulate,
    }
    if which == ['simulate']:
        from emotion_motion.commands.robot import simulate_robot

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


def _models() -> None:
    """List the packaged models and your own, with their key figures."""


def _data() -> None:
    """Inspect motion files, import them as a data set, make the corpus: `data --help`."""


def _robot() -> None:
    """Check what a robot can show, set up a new one, simulate one: `robot --help`."""


def _simulate() -> None:
    """Let a robot in MuJoCo make the gestures: tracking error, torques, contacts, pictures."""


if __name__ == '__main__':
    main()
