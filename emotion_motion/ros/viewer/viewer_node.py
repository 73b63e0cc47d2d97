# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The node `viewer_node`: a motion node in a browser, to be looked at and steered."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import signal
import sys

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.ros.options import emotion_text, positive
from emotion_motion.viewer.server import HOST, PORT

__all__ = ['add_arguments', 'main']


def main(args: Sequence[str] | None = None) -> int:
    """Serve the page until told to stop.

    Returns:
        The exit status: 0 at the end, 1 where the page cannot be served, 2 for wrong options.
    """
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: stopped.append(got))
    argv = list(sys.argv if args is None else ['viewer_node', *args])
    options = _parser().parse_args(remove_ros_args(argv)[1:])
    rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        _serve(options, stopped)
    except EmotionMotionError as error:
        print(f'viewer_node: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


def _serve(options: argparse.Namespace, stopped: list[int]) -> None:
    # Imported here, so that --help is quick and wrong options are told at once.
    from emotion_motion.robot.description.urdf import read_urdf
    from emotion_motion.ros.viewer.source import RosSource
    from emotion_motion.viewer.serve import serve, ServeOptions

    urdf = '' if options.urdf is None else read_urdf(options.urdf).text
    source = RosSource(options.node, urdf)
    if options.emotion is not None:
        source.ask(emotion_weights(options.emotion))
    serve(
        source,
        ServeOptions(
            host=options.host,
            port=options.port,
            browser=options.browser,
            dark=not options.light,
            folder=options.record_dir,
            seconds=options.seconds,
            tour_s=options.tour_s,
            updates_hz=options.updates_hz,
        ),
        lambda: bool(stopped),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='viewer_node', description=__doc__)
    add_arguments(parser)
    option = parser.add_argument
    option(
        '--node',
        metavar='NAME',
        default='motion_node',
        help="the motion node's name, in this node's namespace (default: %(default)s)",
    )
    option(
        '--emotion',
        metavar='TEXT',
        type=emotion_text,
        default=None,
        help="ask for this at the start, such as 'joy' (default: nothing)",
    )
    option(
        '--tour-s',
        metavar='S',
        type=positive,
        default=0.0,
        help='begin with a tour through the emotions, so long with each [s]',
    )
    option(
        '--seconds',
        metavar='N',
        type=positive,
        default=None,
        help='end after so long [s] (default: when interrupted)',
    )
    option(
        '--urdf',
        metavar='FILE',
        type=Path,
        default=None,
        help="the robot's description, where there is no topic robot_description",
    )
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of how the page is served."""
    option = parser.add_argument
    option(
        '--host',
        default=HOST,
        metavar='ADDRESS',
        help='address to listen on; 0.0.0.0 is every network (default: %(default)s)',
    )
    option(
        '--port',
        type=int,
        default=PORT,
        metavar='N',
        help='port, the next free one where it is taken (default: %(default)s)',
    )
    option(
        '--browser',
        action=argparse.BooleanOptionalAction,
        default=False,
        help='open a browser where there is one',
    )
    option('--light', action='store_true', help='begin with a light page')
    option(
        '--updates-hz',
        type=float,
        default=30.0,
        metavar='HZ',
        help='how often the page is brought up to date (default: %(default)g)',
    )
    option(
        '--record-dir',
        type=Path,
        default=Path(),
        metavar='FOLDER',
        help='where recordings go (default: here)',
    )


if __name__ == '__main__':
    sys.exit(main())
