# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The viewer's node: what a page shows of one motion node, and steers; it never makes it wait.

Frames are taken best effort, so that the motion node keeps nothing for a viewer that is slow or
frozen. Services are called without waiting for their answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import contextlib
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from rcl_interfaces.msg import ParameterEvent
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from emotion_motion.emotion import emotion_weights, format_emotion
from emotion_motion.exceptions import EmotionError
from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.ros.node.parameters import PARAMETERS
from emotion_motion.settings import LIVE
from emotion_motion.viewer.source import Figure, Snapshot, Tape

__all__ = ['ViewerClient']

_SETTINGS = tuple(of for of in PARAMETERS.values() if of.kind is float and of.live == LIVE)
_NAMES = [setting.name for setting in _SETTINGS]
_MEASURED = ('step_p50_ms', 'step_p99_ms', 'clip_ratio', 'still_s', 'watchdog_interventions')
_SPIN_S, _LOOK_PERIOD_S, _RATE_S = 0.1, 0.5, 2.0
_GONE_S, _SILENT_S = 1.0, 2.5
# For so long what was asked for here is shown, whatever diagnostics of before say.
_ASKED_S = 1.5
_JOINTS_FRESH_S = 1.0
# Frames after a longer pause are those of a node that has come back. What was asked for here is
# then sent again, this many times: the new node has not received it.
_BACK_S, _RESENT = 1.0, 2


class ViewerClient(Node):
    """Keeps what comes from one motion node, in a thread of its own. It is its own steering.

    The motion node is one of this node's namespace; `urdf` is the robot's description, for a graph
    without a topic robot_description.
    """

    settings = _SETTINGS
    timeline = None

    def __init__(self, motion_node: str, urdf: str = '', **kwargs: Any) -> None:
        super().__init__('viewer_node', **kwargs)
        self.title = self.resolve_topic_name('keypoints')
        self.steering = self
        self.tape = Tape()
        self._motion_node = motion_node
        self._full_name = f'{self.get_namespace().rstrip("/")}/{motion_node}'
        self._urdf = urdf
        self._frames, self._frame_s, self._diagnosed_s = 0, -np.inf, -np.inf
        self._figure: Figure | None = None
        self._requested = self._recognised = np.zeros(7, dtype=np.float32)
        self._held = self._gone = False
        self._health = ''
        self._measured: dict[str, float] = {}
        self._values: dict[str, float] = {}
        self._problems: deque[str] = deque(maxlen=20)
        self._arrivals_s: deque[float] = deque(maxlen=4096)
        self._joints: dict[str, tuple[float, dict[str, float]]] = {}
        self._own_request: np.ndarray | None = None
        self._asked_s = self._held_s = -np.inf
        self._resends = 0
        self._fetching: Any = None
        self._open(motion_node)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self)
        self._stopped = False
        self._thread = threading.Thread(target=self._spin, name='ros', daemon=True)
        self._thread.start()

    def snapshot(self) -> Snapshot:
        notice = self._notice()
        if notice and not self._gone:  # the next node may have other parameters
            self._values, self._fetching = {}, None
        self._gone = bool(notice)
        now_s = time.monotonic()
        rate_hz = sum(now_s - came_s < _RATE_S for came_s in list(self._arrivals_s)) / _RATE_S
        figure = self._figure
        return Snapshot(
            number=self._frames,
            figures=() if figure is None else (figure,),
            requested=self._requested,
            recognised=self._recognised,
            held=self._held,
            notice=notice,
            health='' if notice else self._health,
            measured={} if notice else {**self._measured, 'rate_hz': rate_hz},
            urdf=self._urdf,
            joints=self._robot_joints(),
        )

    def close(self) -> None:
        self._stopped = True
        self._thread.join()
        self._executor.shutdown()
        self.destroy_node()

    def ask(self, weights: np.ndarray) -> None:
        self._own_request = self._requested = np.asarray(weights, dtype=np.float32)
        self._asked_s = time.monotonic()
        self._send_request()

    def hold(self, held: bool) -> None:
        self._held, self._held_s = held, time.monotonic()
        self._call(self._hold_client, SetBool.Request(data=held))

    def reset(self, seed: int) -> None:
        def seeded(answer: Any) -> None:
            if self._refusal(answer) == '':
                self._call(self._reset_client, Trigger.Request())

        self._set('seed', seed, seeded)

    def set(self, name: str, value: float) -> None:
        self._set(name, value, self._refusal)

    def values(self) -> Mapping[str, float]:
        return self._values

    def problems(self) -> list[str]:
        return [self._problems.popleft() for _ in range(len(self._problems))]

    def _spin(self) -> None:
        while not self._stopped:
            self._executor.spin_once(timeout_sec=_SPIN_S)

    def _notice(self) -> str:
        """Say what is wrong; '' while frames come."""
        now_s, name = time.monotonic(), self._motion_node
        rate_hz = self._values.get('rate_hz', 0.0)
        patience_s = max(_GONE_S, 3.0 / rate_hz if rate_hz > 0.0 else 0.0)
        if now_s - self._frame_s <= patience_s:
            return ''
        if now_s - self._diagnosed_s <= _SILENT_S:
            return f'No keypoints on {self.title}. {name} said last: {self._health}'
        if self._frames == 0:
            return (
                f'Waiting for keypoints on {self.title}. Is {name} running? '
                f'(ros2 launch emotion_motion motion.launch.py)'
            )
        return (
            f'{name} is gone: no keypoints on {self.title} for {now_s - self._frame_s:.0f} s. '
            f'The page goes on when it is back.'
        )

    def _robot_joints(self) -> Mapping[str, float]:
        """Return positions of the robot's joints: measured ones, else those commanded."""
        now_s = time.monotonic()
        for topic in ('joint_states', 'joint_targets'):
            received_s, positions = self._joints.get(topic, (-np.inf, {}))
            if now_s - received_s < _JOINTS_FRESH_S:
                return positions
        received = list(self._joints.values())  # the node's thread may add one meanwhile
        return max(received, key=lambda entry: entry[0], default=(0.0, {}))[1]

    def _open(self, motion_node: str) -> None:
        newest = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        subscribe = self.create_subscription
        subscribe(Keypoints, 'keypoints', self._on_keypoints, newest)
        subscribe(Emotion, 'recognised_emotion', self._on_recognised, newest)
        subscribe(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        subscribe(ParameterEvent, '/parameter_events', self._on_parameters, 100)
        subscribe(String, 'robot_description', self._on_description, latched)
        for topic in ('joint_states', 'joint_targets'):
            subscribe(JointState, topic, lambda m, topic=topic: self._on_joints(topic, m), newest)
        self._emotion = self.create_publisher(String, 'emotion', QoSProfile(depth=1))
        self._hold_client = self.create_client(SetBool, f'{motion_node}/hold')
        self._reset_client = self.create_client(Trigger, f'{motion_node}/reset')
        self._get = self.create_client(GetParameters, f'{motion_node}/get_parameters')
        self._put = self.create_client(SetParameters, f'{motion_node}/set_parameters')
        self.create_timer(_LOOK_PERIOD_S, self._look)

    def _look(self) -> None:
        """Read the parameters of a node that has appeared, and send it what was asked for."""
        if self._resends > 0:
            self._resends -= 1
            self._send_request()
        if not self._values and self._fetching is None and self._get.service_is_ready():
            self._fetching = self._get.call_async(GetParameters.Request(names=_NAMES))
            self._fetching.add_done_callback(self._on_values)

    def _send_request(self) -> None:
        if self._own_request is not None:
            text = format_emotion(self._own_request)
            # One emotion alone goes by its name, as people would type it.
            text = text if ',' in text else text.removesuffix(':1.00')
            self._emotion.publish(String(data=text))

    def _set(self, name: str, value: float, then: Callable[[Any], Any]) -> None:
        parameter = Parameter(name, value=value).to_parameter_msg()
        self._call(self._put, SetParameters.Request(parameters=[parameter]), then)

    def _call(
        self, client: Any, request: Any, then: Callable[[Any], Any] = lambda _: None
    ) -> None:
        if not client.service_is_ready():
            self._problems.append(
                f'{client.srv_name} does not answer: is {self._full_name} running and configured?'
            )
            return
        client.call_async(request).add_done_callback(lambda future: then(future.result()))

    def _refusal(self, answer: Any) -> str:
        """Return why a parameter was refused, and keep it for the page; '' where it was not."""
        reason = next((r.reason for r in answer.results if not r.successful), '')
        if reason:
            self._problems.append(reason)
        return reason

    def _on_keypoints(self, message: Keypoints) -> None:
        now_s = time.monotonic()
        names = tuple(message.names)
        points = np.array([(p.x, p.y, p.z) for p in message.points], dtype=np.float32)
        self._figure = Figure(points, message.skeleton, names)
        if now_s - self._frame_s > _BACK_S:
            self._resends = 0 if self._own_request is None else _RESENT
            self._asked_s = now_s
        self._frame_s = now_s
        self._frames += 1
        self._arrivals_s.append(now_s)
        stamp = message.header.stamp
        self.tape.add(
            stamp.sec + 1e-9 * stamp.nanosec, self._figure, self._requested, self._recognised
        )

    def _on_recognised(self, message: Emotion) -> None:
        self._recognised = np.asarray(message.weights, dtype=np.float32)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == f'{self._full_name}: motion':
                self._diagnosed_s, self._health = time.monotonic(), status.message
                self._take({item.key: item.value for item in status.values})

    def _take(self, values: Mapping[str, str]) -> None:
        now_s = self._diagnosed_s
        measured = {}
        for name in _MEASURED:
            with contextlib.suppress(KeyError, ValueError):
                measured[name] = float(values[name])
        self._measured = measured
        if 'hold' in values and now_s - self._held_s > _ASKED_S:
            self._held = values['hold'] == 'True'
        running = now_s - self._frame_s <= _BACK_S
        if 'emotion' in values and running and now_s - self._asked_s > _ASKED_S:
            with contextlib.suppress(EmotionError):
                self._take_requested(emotion_weights(values['emotion']))

    def _take_requested(self, weights: np.ndarray) -> None:
        """Show what the node was asked for; somebody else's request ends our own."""
        self._requested = weights
        if self._own_request is not None and np.abs(weights - self._own_request).max() > 0.02:
            self._own_request = None

    def _on_parameters(self, event: ParameterEvent) -> None:
        if event.node == self._full_name and self._values:
            changed = [*event.changed_parameters, *event.new_parameters]
            self._keep({p.name: parameter_value_to_python(p.value) for p in changed})

    def _on_values(self, future: Any) -> None:
        if future is self._fetching:
            self._fetching = None
            values = [parameter_value_to_python(value) for value in future.result().values]
            self._keep(dict(zip(_NAMES, values, strict=False)))

    def _keep(self, values: Mapping[str, Any]) -> None:
        known = {n: float(v) for n, v in values.items() if n in _NAMES and v is not None}
        self._values = {**self._values, **known}

    def _on_description(self, message: String) -> None:
        self._urdf = message.data

    def _on_joints(self, topic: str, message: JointState) -> None:
        positions = dict(zip(message.name, message.position, strict=False))
        self._joints[topic] = (time.monotonic(), positions)
