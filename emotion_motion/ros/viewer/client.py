# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The viewer's node: hears one motion node and asks it for things; it never makes it wait.

Frames are taken best effort, so that the motion node keeps nothing for a viewer that is slow or
frozen. Services are called without waiting for their answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import contextlib
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from rcl_interfaces.msg import ParameterEvent
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from emotion_motion.emotion import emotion_weights, format_emotion
from emotion_motion.exceptions import EmotionError
from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.ros.node.parameters import LIVE, PARAMETERS
from emotion_motion.viewer.sources.source import Figure, Setting
from emotion_motion.viewer.sources.tape import Tape

__all__ = ['LIVE_SETTINGS', 'ViewerClient']

LIVE_SETTINGS = tuple(
    Setting(spec.name, float(spec.minimum or 0.0), float(spec.maximum or 0.0), spec.meaning)
    for spec in PARAMETERS
    if spec.kind is float and spec.live == LIVE
)
_NAMES = [setting.name for setting in LIVE_SETTINGS]
_MEASURED = ('step_p50_ms', 'step_p99_ms', 'clip_ratio', 'still_s', 'watchdog_interventions')
LOOK_PERIOD_S, RATE_S = 0.5, 2.0
# For so long what was asked for here is shown, whatever diagnostics of before say.
ASKED_S = 1.5
JOINTS_FRESH_S = 1.0
# Frames after a longer pause are those of a node that has come back.
BACK_S, AGAIN = 1.0, 2


class ViewerClient(Node):
    """Keeps what comes from one motion node; its methods run in the thread that spins it.

    Args:
        motion_node: name of the node, in this node's namespace.
        tape: what keeps frames that are recorded.
        kwargs: of rclpy.node.Node.
    """

    def __init__(self, motion_node: str, tape: Tape, **kwargs: Any) -> None:
        super().__init__('viewer_node', **kwargs)
        self.motion_node = motion_node
        self.frames, self.frame_s, self.told_s = 0, -np.inf, -np.inf
        self.figure: Figure | None = None
        self.requested = self.recognised = np.zeros(7, dtype=np.float32)
        self.held = False
        self.health, self.urdf = '', ''
        self.measured: dict[str, float] = {}
        self.values: dict[str, float] = {}
        self.problems: deque[str] = deque(maxlen=20)
        self._tape = tape
        self._arrivals_s: deque[float] = deque(maxlen=4096)
        self._joints: dict[str, tuple[float, dict[str, float]]] = {}
        self._mine: np.ndarray | None = None
        self._asked_s = self._held_s = -np.inf
        # How often what was asked for here is said again; a node that is new did not hear it.
        self._again = 0
        self._fetching: Any = None
        namespace = self.get_namespace().rstrip('/')
        self._status_name = f'{namespace}/{motion_node}: motion'
        self._full_name = f'{namespace}/{motion_node}'
        self._open(motion_node)

    @property
    def rate_hz(self) -> float:
        """Frames that came in a second of late."""
        now_s = time.monotonic()
        return sum(now_s - came_s < RATE_S for came_s in list(self._arrivals_s)) / RATE_S

    @property
    def joints(self) -> Mapping[str, float]:
        """Positions of the robot's joints: measured ones, else what they are told."""
        now_s = time.monotonic()
        for topic in ('joint_states', 'joint_targets'):
            heard_s, positions = self._joints.get(topic, (-np.inf, {}))
            if now_s - heard_s < JOINTS_FRESH_S:
                return positions
        newest = max(self._joints.values(), key=lambda heard: heard[0], default=(0.0, {}))
        return newest[1]

    def ask(self, weights: np.ndarray) -> None:
        """Ask for an emotion, weights [7]."""
        self._mine = self.requested = np.asarray(weights, dtype=np.float32)
        self._asked_s = time.monotonic()
        self._emotion.publish(String(data=_text(self._mine)))

    def hold(self, held: bool) -> None:
        """Let the motion come to rest, or go on."""
        self.held, self._held_s = held, time.monotonic()
        self._call(self._hold, SetBool.Request(data=held), lambda _: None)

    def reset(self, seed: int) -> None:
        """Let the motion begin again with a seed."""

        def seeded(answer: Any) -> None:
            if self._refused(answer) == '':
                self._call(self._reset, Trigger.Request(), lambda _: None)

        self._set('seed', seed, seeded)

    def set(self, name: str, value: float) -> None:
        """Set a parameter of the motion node."""
        self._set(name, value, self._refused)

    def forget(self) -> None:
        """Forget parameters, since the node is gone; the next one may have others."""
        self.values = {}
        self._fetching = None

    def _open(self, motion_node: str) -> None:
        newest = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        hear = self.create_subscription
        hear(Keypoints, 'keypoints', self._on_keypoints, newest)
        hear(Emotion, 'recognised_emotion', self._on_recognised, newest)
        hear(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        hear(ParameterEvent, '/parameter_events', self._on_parameters, 100)
        hear(String, 'robot_description', self._on_description, latched)
        for topic in ('joint_states', 'joint_targets'):
            hear(JointState, topic, lambda m, topic=topic: self._on_joints(topic, m), newest)
        self._emotion = self.create_publisher(String, 'emotion', QoSProfile(depth=1))
        self._hold = self.create_client(SetBool, f'{motion_node}/hold')
        self._reset = self.create_client(Trigger, f'{motion_node}/reset')
        self._get = self.create_client(GetParameters, f'{motion_node}/get_parameters')
        self._put = self.create_client(SetParameters, f'{motion_node}/set_parameters')
        self.create_timer(LOOK_PERIOD_S, self._look)

    def _look(self) -> None:
        """Learn the parameters of a node that has appeared, and tell it what was asked for."""
        if self._again > 0 and self._mine is not None:
            self._emotion.publish(String(data=_text(self._mine)))
        self._again = max(0, self._again - 1)
        if not self.values and self._fetching is None and self._get.service_is_ready():
            self._fetching = self._get.call_async(GetParameters.Request(names=_NAMES))
            self._fetching.add_done_callback(self._on_values)

    def _set(self, name: str, value: float, then: Callable[[Any], Any]) -> None:
        parameter = Parameter(name, value=value).to_parameter_msg()
        self._call(self._put, SetParameters.Request(parameters=[parameter]), then)

    def _call(self, client: Any, request: Any, then: Callable[[Any], Any]) -> None:
        if not client.service_is_ready():
            self.problems.append(
                f'{client.srv_name} does not answer: is {self._full_name} running and configured?'
            )
            return
        client.call_async(request).add_done_callback(lambda future: then(future.result()))

    def _refused(self, answer: Any) -> str:
        reason = next((r.reason for r in answer.results if not r.successful), '')
        if reason:
            self.problems.append(reason)
        return reason

    def _on_keypoints(self, message: Keypoints) -> None:
        now_s = time.monotonic()
        names = self.figure.names if self.figure is not None else ()
        if list(names) != list(message.names):
            names = tuple(message.names)
        points = np.array([(p.x, p.y, p.z) for p in message.points], dtype=np.float32)
        self.figure = Figure(points, message.skeleton, names)
        if now_s - self.frame_s > BACK_S:
            self._again, self._asked_s = AGAIN if self._mine is not None else 0, now_s
        self.frame_s = now_s
        self.frames += 1
        self._arrivals_s.append(now_s)
        stamp = message.header.stamp
        self._tape.add(
            stamp.sec + 1e-9 * stamp.nanosec,
            points,
            self.requested,
            self.recognised,
            message.skeleton,
            names,
        )

    def _on_recognised(self, message: Emotion) -> None:
        self.recognised = np.asarray(message.weights, dtype=np.float32)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == self._status_name:
                self.told_s, self.health = time.monotonic(), status.message
                self._take({item.key: item.value for item in status.values})

    def _take(self, told: Mapping[str, str]) -> None:
        now_s = self.told_s
        measured = {}
        for name in _MEASURED:
            with contextlib.suppress(KeyError, ValueError):
                measured[name] = float(told[name])
        self.measured = measured
        if 'hold' in told and now_s - self._held_s > ASKED_S:
            self.held = told['hold'] == 'True'
        here = now_s - self.frame_s <= BACK_S
        if 'emotion' in told and here and now_s - self._asked_s > ASKED_S:
            with contextlib.suppress(EmotionError):
                self._hear_requested(emotion_weights(told['emotion']))

    def _hear_requested(self, weights: np.ndarray) -> None:
        """Take what the node was asked for; another's wish ends ours."""
        self.requested = weights
        if self._mine is not None and np.abs(weights - self._mine).max() > 0.02:
            self._mine = None

    def _on_parameters(self, event: ParameterEvent) -> None:
        if event.node == self._full_name and self.values:
            changed = [*event.changed_parameters, *event.new_parameters]
            self._keep({p.name: parameter_value_to_python(p.value) for p in changed})

    def _on_values(self, future: Any) -> None:
        if future is self._fetching:
            self._fetching = None
            found = [parameter_value_to_python(value) for value in future.result().values]
            self._keep(dict(zip(_NAMES, found, strict=False)))

    def _keep(self, values: Mapping[str, Any]) -> None:
        known = {n: float(v) for n, v in values.items() if n in _NAMES and v is not None}
        self.values = {**self.values, **known}

    def _on_description(self, message: String) -> None:
        self.urdf = message.data

    def _on_joints(self, topic: str, message: JointState) -> None:
        positions = dict(zip(message.name, message.position, strict=False))
        self._joints[topic] = (time.monotonic(), positions)


def _text(weights: np.ndarray) -> str:
    """Return weights [7] as people would type them."""
    text = format_emotion(weights)
    return text.removesuffix(':1.00') if ',' not in text else text
