# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: generate, train, evaluate, view, models, data, robot and their commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
import dataclasses
import importlib
import inspect
import os
import re
import sys
from types import NoneType
from typing import Any, get_args

import tyro
from tyro.constructors import (
    ConstructorRegistry,
    PrimitiveConstructorSpec,
    PrimitiveTypeInfo,
    UnsupportedTypeAnnotationError,
)

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
    'data': ('', 'Inspect motion files, import them as a data set, make the corpus.'),
    'robot': ('', 'Set up a robot, check what it can show, simulate it.'),
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
_ABOUT = (
    'Living humanoid motion from an emotion. To see it: emotion-motion view --no-ros, or '
    'emotion-motion generate --emotion joy --out joy.gif. COMMAND --help says more.'
)


def main() -> None:
    """Run the command line; exits 1 with one line on standard error for bad input.

    As shells have it, the exit status is 130 after Ctrl-C, and 141 where nobody reads the output.
    """
    try:
        prog, commands, arguments = _commands(sys.argv[1:])
        _, _, group = prog.partition(' ')
        with REGISTRY, _flushed():
            tyro.extras.subcommand_cli_from_dict(
                commands,
                prog=prog,
                description=_COMMANDS[group][1] if group else _ABOUT,
                args=arguments,
                config=(tyro.conf.OmitArgPrefixes,),
            )
    except EmotionMotionError as error:
        print(f'emotion-motion: {error}', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # as of `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


@contextlib.contextmanager
def _flushed() -> Iterator[None]:
    """Print all that waits at the end, where an error of it can still be met."""
    try:
        yield
    finally:
        print(end='', flush=True)


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
        command = command(arguments[1:]) if chosen == 'train' else command
        # A line of help goes on where its text does.
        command.__doc__ = re.sub(r'\n {8,}', ' ', inspect.getdoc(command) or '')
        functions[chosen] = command
    return prog, functions, arguments


def _listed(text: str) -> Callable[[], None]:
    def command() -> None:
        pass

    command.__doc__ = text
    return command


def _optional(
    info: PrimitiveTypeInfo,
) -> PrimitiveConstructorSpec[Any] | UnsupportedTypeAnnotationError | None:
    """Show what may be left out as what it is: `PATH`, not `{None}|PATH`."""
    kinds = [kind for kind in get_args(info.type) if kind is not NoneType]
    if len(kinds) != 1 or NoneType not in get_args(info.type):
        return None
    of = ConstructorRegistry.get_primitive_spec(PrimitiveTypeInfo.make(kinds[0], info.markers))
    if isinstance(of, UnsupportedTypeAnnotationError):
        return of
    return dataclasses.replace(
        of,
        instance_from_str=lambda words: (
            None if [word.lower() for word in words] == ['none'] else of.instance_from_str(words)
        ),
        is_instance=lambda value: value is None or of.is_instance(value),
        str_from_instance=lambda value: ['none'] if value is None else of.str_from_instance(value),
    )


REGISTRY = ConstructorRegistry()
REGISTRY.primitive_rule(_optional)


if __name__ == '__main__':
    main()
