# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: generate, train, evaluate, view, models, data, robot and their commands."""

from __future__ import annotations

from collections.abc import Callable
import importlib
import sys
from typing import Any

import tyro

from emotion_motion.exceptions import EmotionMotionError

# Command -> where its function is, and what --help says of it beside others. A module is imported
# only where its command is asked for: training and physics take seconds to load.
_COMMANDS = {
    'generate': ('generate:generate', 'Run the live loop, or a logged run, and write its motion.'),
    'train': ('train:train_command', 'Train a model on data sets or on the procedural corpus.'),
    'evaluate': (
        'evaluate:evaluate_models',
        'Run the live loop of a model and measure it against unseen motion.',
    ),
    'ablate': (
        'ablate:ablate',
        'Measure what each part of the sampler is worth in a trained model.',
    ),
    'models': ('models:models', 'List the packaged models and your own, with their key figures.'),
    'data': ('', 'Inspect motion files, import them as a data set, make the corpus: data --help'),
    'robot': ('', 'Check what a robot can show, set up a new one, simulate one: robot --help'),
    'view': ('view:view', 'Show motion in a browser: of a running node, of a model, or of files.'),
}
_DATA = {
    'inspect': ('data:inspect_data', 'Print what a motion file or a data set holds, and draw it.'),
    'import': ('data:import_data', 'Make a data set of motion files.'),
    'corpus': ('data:make_corpus_data', 'Generate the expressive corpus as a data set.'),
}
_ROBOT = {
    'check': (
        'robot:check_robot',
        'Report, for each emotion, how much of its motion a robot can show.',
    ),
    'init': ('robot:init_robot', 'Propose the YAML file of a humanoid from its URDF alone.'),
    'simulate': (
        'robot:simulate_robot',
        'Let a robot in MuJoCo make the gestures: tracking error, torques, contacts, pictures.',
    ),
}
_GROUPS: dict[str, dict[str, tuple[str, str]]] = {'data': _DATA, 'robot': _ROBOT}


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


def _commands(arguments: list[str]) -> tuple[str, dict[str, Callable[..., Any]], list[str]]:
    """Return the program's name, its commands as functions, and the arguments after the name.

    Only the command that is asked for is what it does; the others are there to be listed.
    """
    prog, table = 'emotion-motion', _COMMANDS
    if arguments and arguments[0] in _GROUPS:
        prog, table = f'{prog} {arguments[0]}', _GROUPS[arguments[0]]
        arguments = arguments[1:]
    functions: dict[str, Callable[..., Any]] = {n: _listed(text) for n, (_, text) in table.items()}
    chosen = arguments[0] if arguments else ''
    if chosen in table:
        module, _, function = table[chosen][0].partition(':')
        command = getattr(importlib.import_module(f'emotion_motion.commands.{module}'), function)
        # `train` takes the defaults of its flags from the file after --config.
        functions[chosen] = command(arguments[1:]) if chosen == 'train' else command
    return prog, functions, arguments


def _listed(text: str) -> Callable[[], None]:
    def command() -> None:
        pass

    command.__doc__ = text
    return command


if __name__ == '__main__':
    main()
