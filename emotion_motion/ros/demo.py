# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What `make run` runs: the motion node in a process of its own, and a page in the browser.

With --terminal a line a second says what the node does, with --headless a line of JSON at the end.

The node is in a namespace of its own, so that two demos, or a robot's graph, do not disturb each
other, and unless ROS_AUTOMATIC_DISCOVERY_RANGE says otherwise it is seen on this machine alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
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

import rclpy
from rclpy.signals import SignalHandlerOptions

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionError
from emotion_motion.ros import viewer_node
from emotion_motion.ros.watch import NoAnswerError, positive, WAIT_S, watch, Watcher
from emotion_motion.stop_signals import stop_signals
from emotion_motion.viewer.controls import TOUR, TOUR_S

__all__ = ['main', 'tour_emotion']

NODE_STOP_S = 5.0
HEADLESS_S = 10.0
LOG_LINES_SHOWN = 30
_COLUMNS = (
    'a line a second: emotion asked for | what the model recognises in its own motion, and how '
    'surely | mean speed of the keypoints | frames a second | state of the node'
)
INTERRUPTED = 130
PR_SET_PDEATHSIG = 1  # of Linux's prctl


def main(args: Sequence[str] | None = None) -> int:
    """Run the demo until its time is over, or a signal comes.

    Returns:
        The exit status: 0 at the end, 1 without frames, without a page or where the node ended
        first, 2 for wrong options, 130 when a headless run is interrupted.
    """
    stopped = stop_signals(signal.SIGHUP)
    options = _options(sys.argv[1:] if args is None else args)
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    show = _show_page if options.page else _watch
    with tempfile.TemporaryDirectory(prefix='emotion_motion_') as folder:
        log = Path(folder) / 'motion_node.log'
        with _node(options, log) as node:
            status = show(options, lambda: stopped() or node.poll() is not None)
            ended = node.poll()
        if ended is not None:
            print(f'the motion node ended with status {ended}', file=sys.stderr)
            status = 1
        if status != 0 and not stopped():
            _show_log(log)
    return status


def tour_emotion(elapsed_s: float, emotion_s: float) -> str:
    """Return the emotion of `TOUR` at a time after the first frame; each takes `emotion_s`."""
    return TOUR[int(elapsed_s / emotion_s) % len(TOUR)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='emotion_motion demo',
        description=__doc__,
        epilog='All other options are those of the page, see python -m '
        'emotion_motion.ros.viewer_node --help.',
        allow_abbrev=False,
    )
    option = parser.add_argument
    option('--model', help='name or directory of the model (default: the packaged)')
    option('--rate', type=float, help="publish rate [Hz] (default: the model's own)")
    option(
        '--namespace',
        default=f'/demo_{os.getpid()}',
        help='namespace of the nodes (default: a new one, such as %(default)s)',
    )
    option('--terminal', action='store_true', help='print a line a second, open no page')
    option('--headless', action='store_true', help='print one line of JSON at the end, no page')
    option(
        '--emotion',
        help="ask for this alone, such as 'joy' or 'happiness:0.7, surprise:0.3' (default: walk "
        'through the seven)',
    )
    option(
        '--emotion-s',
        type=positive,
        help=f'time of each emotion of the walk [s] (default: {TOUR_S:g}; headless: so that all '
        'seven come)',
    )
    option(
        '--seconds',
        type=positive,
        help='end after so long, without a page after the first frame [s] (default: when '
        f'interrupted; headless: {HEADLESS_S:g})',
    )
    option(
        '--wait-s',
        type=positive,
        default=WAIT_S,
        help='without a page: give up when no frame has come by then [s] (default: %(default)g)',
    )
    return parser


def _options(args: Sequence[str]) -> argparse.Namespace:
    """Read the options; those of the page are checked before anything is started."""
    parser = _parser()
    options, rest = parser.parse_known_args(args)
    try:
        emotion_weights(options.emotion or 'neutral')
    except EmotionError as error:
        parser.error(str(error))
    options.page = None
    if not (options.terminal or options.headless):
        if importlib.util.find_spec('viser') is not None:
            given = ['--browser', f'--tour-s={options.emotion_s or TOUR_S}', *rest]
            if options.emotion:
                given += ['--emotion', options.emotion]
            if options.seconds:
                given += ['--seconds', str(options.seconds)]
            options.page = viewer_node.parse(given)
            return options
        print(
            'the page needs viser, which is not installed (make setup brings it); printing a line '
            'a second instead',
            file=sys.stderr,
        )
    if rest:
        parser.error(f'got {" ".join(rest)}; expected options of --help')
    return options


@contextlib.contextmanager
def _node(options: argparse.Namespace, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the motion node with its output in `log`; Ctrl-C reaches the demo alone."""
    command = [sys.executable, '-m', 'emotion_motion.ros.node.motion_node', *_in(options)]
    if options.model is not None:
        command += ['-p', f'model:={json.dumps(options.model)}']
    if options.rate is not None:
        command += ['-p', f'rate_hz:={options.rate}']
    with log.open('wb') as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {'RCUTILS_COLORIZED_OUTPUT': '0'},
            preexec_fn=_die_with_parent,
        )
    try:
        yield process
    finally:
        # SIGINT, which it handles, then more and more force.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(NODE_STOP_S)


def _in(options: argparse.Namespace) -> list[str]:
    """Return the ROS arguments that put a node into the demo's namespace."""
    return ['--ros-args', '-r', f'__ns:={options.namespace}']


def _show_page(options: argparse.Namespace, stopped: Callable[[], bool]) -> int:
    return viewer_node.show_node(options.page, ['demo', *_in(options)], stopped)


def _watch(options: argparse.Namespace, stopped: Callable[[], bool]) -> int:
    seconds = options.seconds or (HEADLESS_S if options.headless else None)
    all_seven_s = seconds / len(TOUR) if options.headless and seconds else TOUR_S
    emotion_s = options.emotion_s or all_seven_s
    rclpy.init(args=['demo', *_in(options)], signal_handler_options=SignalHandlerOptions.NO)
    watcher = Watcher('motion_node')
    if not options.headless:
        print(_COLUMNS, flush=True)
    try:
        watch(
            watcher,
            stopped,
            seconds=seconds,
            wait_s=options.wait_s,
            emotion_at=lambda time_s: options.emotion or tour_emotion(time_s, emotion_s),
            lines=not options.headless,
        )
    except NoAnswerError as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    finally:
        watcher.destroy_node()
        rclpy.shutdown()
    if not options.headless:
        return 0
    print(json.dumps(watcher.summary()), flush=True)
    return INTERRUPTED if stopped() else 0


def _show_log(log: Path) -> None:
    lines = log.read_text(errors='replace').splitlines()[-LOG_LINES_SHOWN:]
    if lines:
        print('the motion node said:', *lines, sep='\n  ', file=sys.stderr)


def _die_with_parent() -> None:
    """Ask the kernel to end this process should the demo be killed; elsewhere do without."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


_LIBC = ctypes.CDLL(None) if sys.platform == 'linux' else None

if __name__ == '__main__':
    sys.exit(main())
