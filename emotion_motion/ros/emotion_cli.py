# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Asks the motion node for an emotion, lets it hold and go on, or watches it.

An emotion is sent once, and the command ends when the node has received it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import sys
import time

import rclpy
from rclpy.duration import Duration
from rclpy.exceptions import NameValidationException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.utilities import remove_ros_args
from std_msgs.msg import String
from std_srvs.srv import SetBool

from emotion_motion.emotion import emotion_weights, EMOTIONS, format_emotion
from emotion_motion.exceptions import EmotionError
from emotion_motion.ros.watch import NoAnswerError, positive, watch, Watcher
from emotion_motion.stop_signals import stop_signals

__all__ = ['main']

NO_ANSWER, WRONG_OPTION, INTERRUPTED = 1, 2, 130
WAIT_S, NAME_S, TICK_S = 10.0, 2.0, 0.02
_UNKNOWN = '_NODE_NAME_UNKNOWN_'  # what DDS says of a node that it has no name of yet
_EXAMPLES = """\
examples:
  emotion_cli happiness --intensity 0.7
  emotion_cli 'happiness:0.7, surprise:0.3' --namespace /robot1
  emotion_cli --hold
  emotion_cli joy --release
  emotion_cli --watch --namespace /robot1"""


def main(args: Sequence[str] | None = None) -> int:
    """Publish an emotion, hold or release the motion, watch the node.

    Returns:
        The exit status: 0 when the node has it, 1 when nobody listened or answered in time, 2 for
        wrong options, 130 when interrupted.
    """
    argv = list(sys.argv if args is None else ['emotion_cli', *args])
    parser = _parser()
    options = parser.parse_args(remove_ros_args(argv)[1:])
    if options.emotion is None and options.held is None and not options.watch:
        parser.error('got no emotion; expected one, or --hold, --release or --watch')
    try:
        text = None if options.emotion is None else _text(options.emotion, options.intensity)
        rclpy.init(args=argv)
    except EmotionError as error:
        parser.error(str(error))
    except RuntimeError as error:  # what stands after --ros-args
        print(f'emotion_cli: {error}', file=sys.stderr)
        return WRONG_OPTION
    try:
        node = rclpy.create_node('emotion_cli', namespace=options.namespace or None)
        if text is not None:
            print(_ask(node, text, options), flush=True)
        if options.held is not None:
            print(_hold(node, options), flush=True)
        if options.watch:
            watcher = Watcher(options.node, namespace=options.namespace or None)
            watch(watcher, stop_signals(), seconds=options.seconds, wait_s=options.wait_s)
    except NoAnswerError as error:
        print(f'emotion_cli: {error}', file=sys.stderr)
        return NO_ANSWER
    except (KeyboardInterrupt, ExternalShutdownException):
        return INTERRUPTED
    except NameValidationException as error:
        print(f'emotion_cli: {" ".join(str(error).split())}', file=sys.stderr)
        return WRONG_OPTION
    finally:
        rclpy.try_shutdown()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='emotion_cli',
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option(
        'emotion',
        nargs='?',
        help=f'a name ({", ".join(EMOTIONS)}), an alias (joy), or a mixture '
        "'happiness:0.7, surprise:0.3'",
    )
    option(
        '--intensity',
        type=float,
        default=1.0,
        help='how strongly to show it, 0 (neutral) to 1 (default: %(default)g)',
    )
    option(
        '--namespace',
        default='',
        help="the motion node's namespace, such as /robot1 (default: none)",
    )
    option(
        '--topic',
        default='emotion',
        help='topic of emotions, relative to the namespace (default: %(default)s)',
    )
    option('--node', default='motion_node', help="the motion node's name (default: %(default)s)")
    held = parser.add_mutually_exclusive_group()
    held.add_argument(
        '--hold',
        dest='held',
        action='store_true',
        default=None,
        help='let the motion come to rest and hold it, after the emotion if one is given',
    )
    held.add_argument(
        '--release',
        dest='held',
        action='store_false',
        default=None,
        help='let a motion that is held go on',
    )
    option(
        '--watch',
        action='store_true',
        help='print a line a second of what the node does: emotion asked for, emotion recognised '
        'in its motion, mean speed of the keypoints, frames a second, state; Ctrl-C ends it',
    )
    option(
        '--seconds',
        type=positive,
        help='watch for so long after the first frame [s] (default: without end)',
    )
    option(
        '--wait-s',
        type=positive,
        default=WAIT_S,
        help='give up when nobody listens or publishes by then [s] (default: %(default)g)',
    )
    return parser


def _text(emotion: str, intensity: float) -> str:
    """Return an emotion of an intensity as text for the topic; EmotionError where it is none."""
    weights = emotion_weights(emotion, intensity)
    if intensity == 1.0:
        return emotion
    return ', '.join(f'{n}:{w:.6g}' for n, w in zip(EMOTIONS, weights, strict=True) if w > 0.0)


def _ask(node: Node, text: str, options: argparse.Namespace) -> str:
    publisher = node.create_publisher(
        String, options.topic, QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    )
    topic = node.resolve_topic_name(options.topic)
    begin_s = time.monotonic()
    if not _until(lambda: publisher.get_subscription_count() > 0, begin_s + options.wait_s):
        raise NoAnswerError(
            f'nobody listens on {topic} within {options.wait_s:g} s; is motion_node running and '
            f'configured (ros2 lifecycle get {_path(node, options.node)}), in this '
            f'ROS_DOMAIN_ID, and is --namespace right? Start it: ros2 launch emotion_motion '
            f'motion.launch.py'
        )
    publisher.publish(String(data=text))
    left_s = max(0.1, begin_s + options.wait_s - time.monotonic())
    if not publisher.wait_for_all_acked(Duration(seconds=left_s)):
        raise NoAnswerError(
            f'somebody listens on {topic}, but did not confirm the emotion within '
            f'{options.wait_s:g} s; try again'
        )
    shown = format_emotion(emotion_weights(text))
    return f'{topic}: {shown}, received by {_listeners(node, topic)}'


def _hold(node: Node, options: argparse.Namespace) -> str:
    client = node.create_client(SetBool, f'{options.node}/hold')
    service = node.resolve_service_name(f'{options.node}/hold')
    begin_s = time.monotonic()
    if not client.wait_for_service(timeout_sec=options.wait_s):
        raise NoAnswerError(
            f'no service {service} within {options.wait_s:g} s; is the motion node '
            f'running and configured, and are --node and --namespace right?'
        )
    future = client.call_async(SetBool.Request(data=options.held))
    left_s = max(1.0, begin_s + options.wait_s - time.monotonic())
    rclpy.spin_until_future_complete(node, future, timeout_sec=left_s)
    answer = future.result() if future.done() else None
    if answer is None or not answer.success:
        reason = 'no answer' if answer is None else answer.message
        raise NoAnswerError(f'{service}: {reason}; try again')
    return f'{service}: {answer.message}'


def _until(condition: Callable[[], bool], end_s: float) -> bool:
    """Wait for a condition; return whether it came about by `end_s` of the monotonic clock."""
    while not condition():
        if time.monotonic() > end_s:
            return False
        if not rclpy.ok():
            raise ExternalShutdownException
        time.sleep(TICK_S)
    return True


def _listeners(node: Node, topic: str) -> str:
    names: set[str] = set()

    def known() -> bool:
        infos = node.get_subscriptions_info_by_topic(topic)
        names.update(
            f'{info.node_namespace.rstrip("/")}/{info.node_name}'
            for info in infos
            if info.node_name != _UNKNOWN
        )
        return bool(names)

    _until(known, time.monotonic() + NAME_S)  # names come after the subscription itself
    return ', '.join(sorted(names)) or 'a subscriber without a name'


def _path(node: Node, name: str) -> str:
    return f'{node.get_namespace().rstrip("/")}/{name}'


if __name__ == '__main__':
    sys.exit(main())
