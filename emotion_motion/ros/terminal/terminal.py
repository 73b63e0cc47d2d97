# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The terminal client: walks through the emotions and draws the body that answers, live."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import json
import signal
import sys
import time
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from emotion_motion.emotion import EMOTIONS
from emotion_motion.ros.options import add_arguments, EMOTION_S
from emotion_motion.ros.terminal.client import EmotionWalk, TerminalClient, WALK
from emotion_motion.ros.terminal.keyboard import Keyboard

__all__ = ['main']

STALL_S, DRAW_PERIOD_S = 5.0, 1.0 / 15.0
NO_FRAMES, INTERRUPTED = 1, 130


class NoFramesError(Exception):
    """No keypoints came; says what is known of why."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the client.

    Returns:
        The exit status: 0 at the end or when the user quits, 1 without frames, 2 for wrong
        options, 130 when a headless run is interrupted.
    """
    argv = list(sys.argv if args is None else ['emotion_terminal', *args])
    parser = argparse.ArgumentParser(prog='emotion_terminal', description=__doc__)
    add_arguments(parser)
    parser.add_argument(
        '--node',
        metavar='NAME',
        default='motion_node',
        help="the motion node's name, in this node's namespace (default: %(default)s)",
    )
    options = parser.parse_args(remove_ros_args(argv)[1:])
    if not options.headless and not sys.stdout.isatty():
        parser.error('standard output is no terminal to draw on; use --headless')
    rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    client = TerminalClient(options.node)
    try:
        with _spinning(client) as run:
            return _headless(run, options) if options.headless else _interactive(run, options)
    except NoFramesError as error:
        print(f'emotion_terminal: {error}', file=sys.stderr)
        return NO_FRAMES
    finally:
        client.destroy_node()
        rclpy.shutdown()


class _Run:
    """Spins the client and says how far the run has come."""

    def __init__(self, client: TerminalClient) -> None:
        self.client = client
        self.interrupted = False
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(client)
        self._begin_s = time.monotonic()

    def stop(self, _signal: int, _frame: Any) -> None:
        self.interrupted = True

    def close(self) -> None:
        self._executor.shutdown()

    @property
    def elapsed_s(self) -> float:
        """Time since the first frame [s]; 0 before it."""
        return time.monotonic() - self.client.first_s if self.client.frames else 0.0

    def spin(self, period_s: float, wait_s: float) -> None:
        """Receive for `period_s`; raise NoFramesError where nothing comes, or no more."""
        end_s = time.monotonic() + period_s
        while (left_s := end_s - time.monotonic()) > 0.0 and not self.interrupted:
            self._executor.spin_once(timeout_sec=left_s)
        client, now_s = self.client, time.monotonic()
        reason = f'; the node says: {client.error}' if client.error else ''
        if client.frames == 0 and (client.error or now_s - self._begin_s > wait_s):
            raise NoFramesError(
                f'got no keypoints on {client.keypoints_topic} within '
                f'{now_s - self._begin_s:.0f} s{reason or "; is motion_node running and active?"}'
            )
        if client.frames and now_s - client.last_s > STALL_S:
            raise NoFramesError(
                f'got {client.frames} keypoints on {client.keypoints_topic}, then none for '
                f'{STALL_S:g} s{reason or "; is motion_node still active?"}'
            )


@contextmanager
def _spinning(client: TerminalClient) -> Iterator[_Run]:
    run = _Run(client)
    saved = {n: signal.signal(n, run.stop) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield run
    finally:
        run.close()
        for number, handler in saved.items():
            signal.signal(number, handler)


def _headless(run: _Run, options: argparse.Namespace) -> int:
    seconds = options.seconds or 10.0
    walk = EmotionWalk(options.emotion, options.emotion_s or seconds / len(WALK))
    while run.elapsed_s < seconds and not run.interrupted:
        run.client.ask(walk.at(run.elapsed_s))
        run.spin(0.05, options.wait_s)
    print(json.dumps(run.client.summary()), flush=True)
    return INTERRUPTED if run.interrupted else 0


def _interactive(run: _Run, options: argparse.Namespace) -> int:
    # Imported here: a headless run has no use for it.
    from rich.console import Console
    from rich.live import Live

    from emotion_motion.ros.terminal.screen import Screen

    console = Console()
    screen = Screen(run.client)
    walk = EmotionWalk(options.emotion, options.emotion_s or EMOTION_S)
    held = False
    with Keyboard() as keyboard, Live(console=console, screen=True, auto_refresh=False) as live:
        while not run.interrupted and run.elapsed_s < (options.seconds or float('inf')):
            run.spin(DRAW_PERIOD_S, options.wait_s)
            for key in keyboard.pressed():
                if key == 'q':
                    return 0
                held = _press(key, run.client, walk, held)
            run.client.ask(walk.at(run.elapsed_s))
            width, height = console.size
            live.update(screen.render(width, height, held), refresh=True)
    return 0


def _press(key: str, client: TerminalClient, walk: EmotionWalk, held: bool) -> bool:
    """Do what a key stands for; return whether the motion is held then."""
    if key.isdigit() and 1 <= int(key) <= len(EMOTIONS):
        walk.fixed = EMOTIONS[int(key) - 1]
    elif key == 'w':
        walk.fixed = None
    elif key == 'r':
        client.reset()
    elif key == ' ':
        client.hold(not held)
        return not held
    return held


if __name__ == '__main__':
    sys.exit(main())
