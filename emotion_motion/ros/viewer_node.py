# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The node `viewer_node`: a motion node in a browser, to be looked at and steered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
import sys
from typing import Annotated

import rclpy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args
import tyro

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.settings import setting
from emotion_motion.stop_signals import stop_signals
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
        if self.emotion:
            emotion_weights(self.emotion)


def main(args: Sequence[str] | None = None) -> int:
    """Serve the page until a signal comes.

    Returns:
        The exit status: 0 at the end, 1 where the page cannot be served, 2 for wrong options.
    """
    argv = list(sys.argv if args is None else ['viewer_node', *args])
    return show_node(parse(remove_ros_args(argv)[1:]), argv, stop_signals())


def parse(args: Sequence[str]) -> ViewerOptions:
    """Read the options of the command line; wrong ones end the program with status 2."""
    return tyro.cli(ViewerOptions, args=args, prog='viewer_node')


def show_node(options: ViewerOptions, argv: Sequence[str], stopped: Callable[[], bool]) -> int:
    """Serve the page until `stopped`, with the ROS arguments in `argv`; returns as `main` does."""
    # Imported here, so that --help is quick and wrong options are named at once.
    from emotion_motion.robot.description.urdf import read_urdf
    from emotion_motion.ros.viewer_client import ViewerClient
    from emotion_motion.viewer.page import serve

    rclpy.init(args=list(argv), signal_handler_options=SignalHandlerOptions.NO)
    try:
        urdf = '' if options.urdf is None else read_urdf(options.urdf).text
        source = ViewerClient(options.node, urdf)
        if options.emotion:
            source.ask(emotion_weights(options.emotion))
        serve(source, options, stopped, 0.0 if options.emotion else options.tour_s)
    except EmotionMotionError as error:
        print(f'viewer_node: {error}', file=sys.stderr)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
