# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A motion node as what a page shows: the viewer's node, spun in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import queue
import threading
import time

import numpy as np
from rclpy.executors import SingleThreadedExecutor

from emotion_motion.ros.viewer.client import LIVE_SETTINGS, ViewerClient
from emotion_motion.viewer.sources.source import Snapshot
from emotion_motion.viewer.sources.tape import Tape

__all__ = ['RosSource']

SPIN_S = 0.02
GONE_S, SILENT_S = 1.0, 2.5


class RosSource:
    """Shows one motion node and steers it. It is its own steering.

    Args:
        motion_node: name of the node, in the viewer's namespace.
        urdf: the robot's description, for a graph without a topic robot_description.
        make: makes the viewer's node from the motion node's name and the tape.
    """

    timeline = None

    def __init__(
        self,
        motion_node: str,
        urdf: str = '',
        make: Callable[[str, Tape], ViewerClient] = ViewerClient,
    ) -> None:
        self.tape = Tape()
        self.steering = self
        self.settings = LIVE_SETTINGS
        self._client = make(motion_node, self.tape)
        self._client.urdf = urdf
        self.title = self._client.resolve_topic_name('keypoints')
        # What the client shall do: done by the thread that spins it.
        self._requests: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopped = False
        self._gone = False
        self._executor = SingleThreadedExecutor(context=self._client.context)
        self._executor.add_node(self._client)
        self._thread = threading.Thread(target=self._spin, name='ros', daemon=True)
        self._thread.start()

    def snapshot(self) -> Snapshot:
        """Return what there is to see now."""
        client, notice = self._client, self._notice()
        if notice and not self._gone:
            self._requests.put(client.forget)
        self._gone = bool(notice)
        figure = client.figure
        return Snapshot(
            number=client.frames,
            figures=() if figure is None else (figure,),
            requested=client.requested,
            recognised=client.recognised,
            held=client.held,
            notice=notice,
            health='' if notice else client.health,
            measured={} if notice else {**client.measured, 'rate_hz': client.rate_hz},
            urdf=client.urdf,
            joints=client.joints,
        )

    def close(self) -> None:
        """End the thread and destroy the node."""
        self._stopped = True
        self._thread.join()
        self._executor.shutdown()
        self._client.destroy_node()

    def ask(self, weights: np.ndarray) -> None:
        """Ask for an emotion, weights [7]."""
        self._requests.put(functools.partial(self._client.ask, weights))

    def hold(self, held: bool) -> None:
        """Let the motion come to rest, or go on."""
        self._requests.put(functools.partial(self._client.hold, held))

    def reset(self, seed: int) -> None:
        """Let the motion begin again."""
        self._requests.put(functools.partial(self._client.reset, seed))

    def set(self, name: str, value: float) -> None:
        """Set a parameter of the motion node."""
        self._requests.put(functools.partial(self._client.set, name, value))

    def values(self) -> Mapping[str, float]:
        """Return the parameters as far as they are known."""
        return self._client.values

    def problems(self) -> list[str]:
        """Return what was refused since the last call."""
        queued = self._client.problems
        return [queued.popleft() for _ in range(len(queued))]

    def _notice(self) -> str:
        """Say what is wrong; '' while frames come."""
        client, now_s = self._client, time.monotonic()
        rate_hz = client.values.get('rate_hz', 0.0)
        patience_s = max(GONE_S, 3.0 / rate_hz if rate_hz > 0.0 else 0.0)
        if now_s - client.frame_s <= patience_s:
            return ''
        if now_s - client.diagnosed_s <= SILENT_S:
            return f'No keypoints on {self.title}. {client.motion_node} said last: {client.health}'
        if client.frames == 0:
            return (
                f'Waiting for keypoints on {self.title}. Is {client.motion_node} running? '
                f'(ros2 launch emotion_motion motion.launch.py)'
            )
        return (
            f'{client.motion_node} is gone: no keypoints on {self.title} for '
            f'{now_s - client.frame_s:.0f} s. The page goes on when it is back.'
        )

    def _spin(self) -> None:
        while not self._stopped:
            self._executor.spin_once(timeout_sec=SPIN_S)
            while not self._requests.empty():
                try:
                    self._requests.get()()
                except Exception as error:  # one failed request must not end the page
                    self._client.problems.append(f'{type(error).__name__}: {error}')
