# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What `make run` runs: the motion node and a page in the browser, two processes on a graph.

With --terminal a line a second says what the node does, with --headless a line of JSON at the end.

The node is in a namespace of its own, so that two demos, or a robot's graph, do not disturb each
other, and unless ROS_AUTOMATIC_DISCOVERY_RANGE says otherwise it is seen on this machine alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
import contextlib
import ctypes
import importlib.util
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time
from types import FrameType

from emotion_motion.ros import watch
from emotion_motion.ros.viewer import viewer_node
from emotion_motion.viewer.panels.controls import TOUR_S

__all__ = ['main']

POLL_S, CLIENT_STOP_S, NODE_STOP_S = 0.05, 2.0, 5.0
LOG_LINES_SHOWN = 30
INTERRUPTED = 130
_OTHER_OPTIONS = """\
All other options are those of the client: of the page, see python -m
emotion_motion.ros.viewer.viewer_node --help; with --terminal or --headless, see python -m
emotion_motion.ros.watch --help."""
PR_SET_PDEATHSIG = 1  # of Linux's prctl


def main(args: Sequence[str] | None = None) -> int:
    """Run the demo until the client ends or Ctrl-C.

    Returns:
        The client's exit status, or 1 where the node ended first.
    """
    stop = _StopSignal()
    options = _options(sys.argv[1:] if args is None else args)
    with tempfile.TemporaryDirectory(prefix='emotion_motion_') as folder:
        log = Path(folder) / 'motion_node.log'
        with _node(options, log) as node, _client(options) as client:
            status = _wait(node, client, stop)
        if status != 0 and not stop.received:
            _show(log)
    return status


def _options(args: Sequence[str]) -> argparse.Namespace:
    """Read the options; those of the client are checked before anything is started."""
    parser = argparse.ArgumentParser(
        prog='emotion_motion demo', description=__doc__, epilog=_OTHER_OPTIONS, allow_abbrev=False
    )
    option = parser.add_argument
    option('--model', help='name or directory of the model (default: the packaged)')
    option('--rate', type=float, help="publish rate [Hz] (default: the model's own)")
    option(
        '--namespace',
        default=f'/demo_{os.getpid()}',
        help='namespace of both nodes (default: a new one, such as %(default)s)',
    )
    option('--terminal', action='store_true', help='print a line a second, open no page')
    option('--headless', action='store_true', help='print one line of JSON at the end, no page')
    options, rest = parser.parse_known_args(args)
    if not (options.terminal or options.headless) and importlib.util.find_spec('viser') is None:
        print(
            'the page needs viser, which is not installed (make setup brings it); printing a line '
            'a second instead',
            file=sys.stderr,
        )
        options.terminal = True
    if options.terminal or options.headless:
        options.client = [*rest, '--headless'] if options.headless else rest
        watch.make_parser().parse_args(options.client)
        return options
    options.client = ['--browser', f'--tour-s={TOUR_S}', *rest]
    viewer_node.parse(options.client)
    return options


class _StopSignal:
    """Remembers that the user or the system wants an end."""

    def __init__(self) -> None:
        self.received = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.received = True


@contextlib.contextmanager
def _node(options: argparse.Namespace, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the motion node with its output in `log`; Ctrl-C does not reach it, we tell it."""
    command = [sys.executable, '-m', 'emotion_motion.ros.node.motion_node']
    command += ['--ros-args', '-r', f'__ns:={options.namespace}']
    if options.model is not None:
        command += ['-p', f'model:={json.dumps(options.model)}']
    if options.rate is not None:
        command += ['-p', f'rate_hz:={options.rate}']
    environment = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'} | os.environ
    with log.open('wb') as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment | {'RCUTILS_COLORIZED_OUTPUT': '0'},
            preexec_fn=_die_with_parent,
        )
    try:
        yield process
    finally:
        _end(process, NODE_STOP_S)


@contextlib.contextmanager
def _client(options: argparse.Namespace) -> Iterator[subprocess.Popen[bytes]]:
    """Run the page, or what watches the node."""
    module = watch if options.terminal or options.headless else viewer_node
    command = [sys.executable, '-m', module.__name__, *options.client]
    command += ['--ros-args', '-r', f'__ns:={options.namespace}']
    environment = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'} | os.environ
    process = subprocess.Popen(command, env=environment, preexec_fn=_wait_for_own_handler)
    try:
        yield process
    finally:
        _end(process, CLIENT_STOP_S)


def _wait(
    node: subprocess.Popen[bytes], client: subprocess.Popen[bytes], stop: _StopSignal
) -> int:
    while not stop.received:
        if client.poll() is not None:
            return client.returncode if client.returncode >= 0 else 128 - client.returncode
        if node.poll() is not None:
            _end(client, CLIENT_STOP_S)
            print(f'the motion node ended with status {node.returncode}', file=sys.stderr)
            return 1
        time.sleep(POLL_S)
    _end(client, CLIENT_STOP_S)
    # A page is meant to be ended so; a run that should have printed a result is not.
    return INTERRUPTED if client.returncode < 0 else client.returncode


def _end(process: subprocess.Popen[bytes], limit_s: float) -> None:
    """End a process: SIGINT, which it handles, then by more and more force."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit_s)


def _show(log: Path) -> None:
    lines = log.read_text(errors='replace').splitlines()[-LOG_LINES_SHOWN:]
    if lines:
        print('the motion node said:', *lines, sep='\n  ', file=sys.stderr)


def _die_with_parent() -> None:
    """Ask the kernel to end this process should the demo be killed; elsewhere do without."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for_own_handler() -> None:
    """Ignore Ctrl-C, which the whole foreground gets, until the client has its own handler."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()


_LIBC = ctypes.CDLL(None) if sys.platform == 'linux' else None

if __name__ == '__main__':
    sys.exit(main())
