# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What `make run` runs: the motion node and a page in the browser, two processes on a graph.

With --terminal the client draws in the terminal instead, with --headless it draws nothing.

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

from emotion_motion.ros.options import add_arguments, EMOTION_S
from emotion_motion.ros.viewer import viewer_node

__all__ = ['main']

POLL_S, CLIENT_STOP_S, NODE_STOP_S = 0.05, 2.0, 5.0
LOG_LINES_SHOWN = 30
INTERRUPTED = 130
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
    parser = argparse.ArgumentParser(prog='emotion_motion demo', description=__doc__)
    parser.add_argument('--model', help='name or directory of the model (default: the packaged)')
    parser.add_argument('--rate', type=float, help="publish rate [Hz] (default: the model's own)")
    parser.add_argument(
        '--namespace',
        default=f'/demo_{os.getpid()}',
        help='namespace of both nodes (default: a new one, such as %(default)s)',
    )
    parser.add_argument(
        '--terminal', action='store_true', help='draw in the terminal, not in a browser'
    )
    add_arguments(parser)
    page = parser.add_argument_group('the page in the browser')
    viewer_node.add_arguments(page)
    parser.set_defaults(browser=True)
    options = parser.parse_args(args)
    if options.terminal and not options.headless and not sys.stdout.isatty():
        parser.error('standard output is no terminal to draw on; use --headless')
    if not (options.terminal or options.headless) and importlib.util.find_spec('viser') is None:
        print(
            'the page needs viser, which is not installed (make setup brings it); drawing in the '
            'terminal instead',
            file=sys.stderr,
        )
        options.terminal = True
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
    """Run the page or the terminal client."""
    in_terminal = options.terminal or options.headless
    command = [sys.executable, '-m']
    command += _terminal_command(options) if in_terminal else _viewer_command(options)
    command += ['--ros-args', '-r', f'__ns:={options.namespace}']
    # A log line would spoil the drawing; what matters the client says itself.
    command += ['--disable-stdout-logs'] if options.terminal and not options.headless else []
    environment = {'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'} | os.environ
    process = subprocess.Popen(command, env=environment, preexec_fn=_wait_for_own_handler)
    try:
        yield process
    finally:
        _end(process, CLIENT_STOP_S)


def _terminal_command(options: argparse.Namespace) -> list[str]:
    command = ['emotion_motion.ros.terminal.terminal']
    for name in ('emotion', 'emotion_s', 'seconds', 'wait_s'):
        value = getattr(options, name)
        if value is not None:
            command += [f'--{name.replace("_", "-")}={value}']
    return command + (['--headless'] if options.headless else [])


def _viewer_command(options: argparse.Namespace) -> list[str]:
    command = ['emotion_motion.ros.viewer.viewer_node', f'--record-dir={options.record_dir}']
    command += [f'--host={options.host}', f'--port={options.port}']
    command += ['--browser' if options.browser else '--no-browser']
    command += [f'--updates-hz={options.updates_hz}']
    command += ['--light'] if options.light else []
    command += [] if options.seconds is None else [f'--seconds={options.seconds}']
    if options.emotion is not None:
        return [*command, f'--emotion={options.emotion}']
    return [*command, f'--tour-s={options.emotion_s or EMOTION_S}']


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
    # A drawn run is meant to be ended so; one that should have printed a result is not.
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
    if sys.platform == 'linux':
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for_own_handler() -> None:
    """Ignore Ctrl-C, which the whole foreground gets, until the client has its own handler."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent()


_LIBC = ctypes.CDLL(None) if sys.platform == 'linux' else None

if __name__ == '__main__':
    sys.exit(main())
