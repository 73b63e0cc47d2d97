# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks that outlive whatever a peer sends: it is refused, with a line in the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
import time
import traceback
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.executors import await_or_execute, ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.node import Node
from rclpy.serialization import deserialize_message

from emotion_motion.exceptions import EmotionMotionError

__all__ = ['Executor', 'answering', 'reading', 'shortened']

WARN_PERIOD_S = 5.0
# A loop that does nothing but fail for so long is beyond help; a node's timers come in between.
BROKEN_S = 2.0
_SHOWN = 300


class Executor(SingleThreadedExecutor):
    """Spins a node; whatever leaves a callback is logged, and survived."""

    def __init__(self, node: Node) -> None:
        super().__init__(context=node.context)
        self._node = node
        self.add_node(node)

    def spin_until(self, done: Callable[[], bool]) -> bool:
        """Spin until `done`; return False once nothing works any more."""
        failed_s: float | None = None  # since when nothing but failures
        while not done():
            try:
                self.spin_once()
                failed_s = None
            except ExternalShutdownException:
                return False
            except Exception as error:
                self._survived(error)
                now_s = time.monotonic()
                failed_s = now_s if failed_s is None else failed_s
                if now_s - failed_s > BROKEN_S:
                    return False
        return True

    def _survived(self, error: Exception) -> None:
        self._node.get_logger().error(
            'survived ' + ''.join(traceback.format_exception(error)),
            throttle_duration_sec=WARN_PERIOD_S,
        )


def reading(
    kind: type, topic: str, take: Callable[[Any], None], limit_bytes: int, logger: RcutilsLogger
) -> Callable[[bytes], None]:
    """Return a callback of serialized messages that has `take` called with each good one.

    One that is longer than `limit_bytes`, cannot be read or is refused is a warning in the log.
    """

    def read(content: bytes) -> None:
        try:
            if len(content) > limit_bytes:
                raise EmotionMotionError(
                    f'got {len(content)} bytes; expected at most {limit_bytes}, send less'
                )
            take(deserialize_message(content, kind))
        except Exception as error:
            logger.warning(
                f'ignored a message on {topic}: {_described(error)}',
                throttle_duration_sec=WARN_PERIOD_S,
            )

    return read


def answering(
    answer: Callable[[Any, Any], Any], name: str, logger: RcutilsLogger
) -> Callable[[Any, Any], Awaitable[Any]]:
    """Return a callback of a service that answers a refusal where `answer` raises."""

    async def answered(request: Any, response: Any) -> Any:
        try:
            return await await_or_execute(answer, request, response)
        except Exception as error:
            reason = f'refused a request of {name}: {_described(error)}'
            logger.warning(
                f'{reason} ({shortened(repr(request))})', throttle_duration_sec=WARN_PERIOD_S
            )
            return _refused(request, response, reason)

    return answered


def shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f'{text[:_SHOWN]}... ({len(text)} characters)'


def _refused(request: Any, response: Any, reason: str) -> Any:
    refusal = SetParametersResult(successful=False, reason=reason)
    if isinstance(response, SetParameters.Response):  # those before may have been set
        left = len(request.parameters) - len(response.results)
        response.results = [*response.results, *[refusal] * left]
    elif isinstance(response, SetParametersAtomically.Response):
        response.result = refusal
    else:
        if hasattr(response, 'success'):
            response.success = False
        if hasattr(response, 'message'):
            response.message = reason
    return response


def _described(error: Exception) -> str:
    """Return an error in one line; one that nobody expected with its origin."""
    text = shortened(' '.join(str(error).split())) or type(error).__name__
    # Of rclpy's compiled part come errors such as RCLError, for what peers ask for or send.
    middleware = 'rclpy' in type(error).__module__ or type(error).__name__ in (
        'RCLError',
        'RMWError',
    )
    if middleware or isinstance(error, (EmotionMotionError, ValueError)):
        return text
    return text + '\n' + ''.join(traceback.format_exception(error))
