# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The node `viewer_node`: a motion node in a browser, to be looked at and steered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
import signal
import sys
from typing import Annotated

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
import tyro

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.settings import setting
from emotion_motion.viewer.server import ServeOptions

__all__ = ['main', 'parse', 'show_node', 'ViewerOptions']


@dataclass(frozen=True)
class ViewerOptions(ServeOptions):
    """Show a motion node in a browser, to be looked at and steered."""

    node: str = setting('motion_node', "the motion node's name, in this node's namespace")
    emotion: str = setting('', "ask for this at the start, such as 'joy'; by default nothing")
    tour_s: Annotated[float, tyro.conf.arg(aliases=['--emotion-s'])] = setting(
        0.0, 'begin with a tour through the emotions, so long with each; 0: none [s]', 0.0
    )
    urdf: Path | None = setting(
        None, "the robot's description, where there is no topic robot_description"
    )

    def check(self) -> None:
        """Raise EmotionError where the text is no emotion."""
        if self.emotion:
            emotion_weights(self.emotion)


def main(args: Sequence[str] | None = None) -> int:
    """Serve the page until told to stop.

    Returns:
        The exit status: 0 at the end, 1 where the page cannot be served, 2 for wrong options.
    """
    argv = list(sys.argv if args is None else ['viewer_node', *args])
    return show_node(parse(remove_ros_args(argv)[1:]), argv)


def parse(args: Sequence[str]) -> ViewerOptions:
    """Read the options of the command line; wrong ones end the program with status 2."""
    return tyro.cli(ViewerOptions, args=args, prog='viewer_node')


def show_node(options: ViewerOptions, argv: Sequence[str]) -> int:
    """Serve the page until a signal comes; returns as `main` does.

    Args:
        options: what to show, and how.
        argv: name of the program and ROS arguments.
    """
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: stopped.append(got))
    rclpy.init(args=list(argv), signal_handler_options=SignalHandlerOptions.NO)
    try:
        _serve(options, stopped)
    except EmotionMotionError as error:
        print(f'viewer_node: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


def _serve(options: ViewerOptions, stopped: list[int]) -> None:
    # Imported here, so that --help is quick and wrong options are told at once.
    from emotion_motion.robot.description.urdf import read_urdf
    from emotion_motion.ros.viewer.source import RosSource
    from emotion_motion.viewer.serve import serve

    urdf = '' if options.urdf is None else read_urdf(options.urdf).text
    source = RosSource(options.node, urdf)
    if options.emotion:
        source.ask(emotion_weights(options.emotion))
    serve(source, options, lambda: bool(stopped), 0.0 if options.emotion else options.tour_s)


if __name__ == '__main__':
    sys.exit(main())
