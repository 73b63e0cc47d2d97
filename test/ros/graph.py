# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A graph for tests: motion nodes in threads or processes, and a tester that talks to them.

All of it goes over the real middleware. Waiting is for conditions, with a limit that only a broken
node reaches.
"""

from __future__ import annotations

from collections.abc import Callable
import itertools
import os
from pathlib import Path
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
from rcl_interfaces.msg import Log, ParameterDescriptor, SetParametersResult
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

from emotion_motion.msg import Emotion, Keypoints
from emotion_motion.ros.node.motion_node import MotionNode

LIMIT_S = 90.0
# The model of these tests has random weights and now and then makes a wild step, which would look
# like a leap of the node; with these parameters it makes none.
CALM = {'variance_div': 10000.0, 'temperature': 0.05, 'emotion_weight': 0.0}
ROOT = Path(__file__).parents[2]
_numbers = itertools.count(1)


class NodeThread:
    """A motion node that spins in a thread of its own, with a context of its own."""

    def __init__(self, namespace: str, parameters: dict[str, Any]) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = MotionNode(
            namespace=namespace,
            context=self._context,
            parameter_overrides=[Parameter(n, value=v) for n, v in parameters.items()],
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._stopped = False
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    @property
    def motion(self) -> Any:
        """What moves, or None; its topics are there a little before it is."""
        while self.node.state == 'configuring':
            time.sleep(0.01)
        return self.node._live.motion if self.node._live is not None else None

    def do(self, task: Callable[[], Any]) -> None:
        """Have the node's thread do something."""
        self._executor.create_task(task)

    def stop(self) -> None:
        self._stopped = True
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive(), 'the node hangs'
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _spin(self) -> None:
        while not self._stopped:
            self._executor.spin_once(timeout_sec=0.1)


class NodeProcess:
    """A motion node as users run it."""

    def __init__(self, log: Path, arguments: list[str]) -> None:
        self._log = log
        with log.open('wb') as output:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'emotion_motion.ros.node.motion_node', *arguments],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(errors='replace')

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Graph:
    """Starts nodes in namespaces of their own, and looks at one or the other through a Tester."""

    def __init__(self, model: str, folder: Path) -> None:
        self.model = model
        self._folder = folder
        self._running: list[NodeThread | NodeProcess] = []
        self._testers: list[Tester] = []

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._running:
            running.stop()
        for tester in self._testers:
            tester.close()

    def node(self, namespace: str | None = None, **parameters: Any) -> tuple[NodeThread, Tester]:
        """Run a node in a thread; `model` and `seed` have defaults of the tests'."""
        namespace = namespace or f'/test_{next(_numbers)}'
        tester = self.tester(namespace)
        running = NodeThread(namespace, {'model': self.model, 'seed': 1} | parameters)
        self._running.append(running)
        return running, tester

    def process(self, namespace: str, *arguments: str) -> NodeProcess:
        """Run a node in a process, with more of `--ros-args`."""
        log = self._folder / f'{len(self._running)}.log'
        given = ['--ros-args', '-r', f'__ns:={namespace}', '-p', f'model:={self.model}']
        running = NodeProcess(log, [*given, *arguments])
        self._running.append(running)
        return running

    def tester(self, namespace: str) -> Tester:
        tester = Tester(namespace)
        self._testers.append(tester)
        return tester


class Tester:
    """Talks to the motion node of one namespace as any other node would."""

    __test__ = False  # of pytest: this is no class of tests

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self._context = Context()
        rclpy.init(args=[], context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node('tester', namespace=namespace, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._clients: dict[str, Any] = {}
        self._publishers: dict[str, Any] = {}
        self.frames: list[Keypoints] = []
        self.times_s: list[float] = []
        self.recognised: list[Emotion] = []
        self.statuses: list[DiagnosticStatus] = []
        self.logs: list[Log] = []
        # Deep queues: nothing may be lost while a test does something else.
        listen = self.node.create_subscription
        listen(Keypoints, 'keypoints', self._on_frame, QoSProfile(depth=5000))
        listen(DiagnosticArray, '/diagnostics', self._on_diagnostics, 1000)
        listen(Log, '/rosout', self._on_log, _kept(1000))

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    # Waiting.

    def wait(self, condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S) -> Any:
        """Spin until `condition` is true and return what it returned."""
        end_s = time.monotonic() + limit_s
        while not (value := condition()):
            assert time.monotonic() < end_s, f'got none of this within {limit_s:g} s: {what}'
            self._executor.spin_once(timeout_sec=0.05)
        return value

    def spin(self, seconds: float) -> None:
        """Receive for a time; for showing that something does not come."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=min(left_s, 0.02))

    def listen(self, kind: type, topic: str, depth: int = 1000) -> list[Any]:
        """Subscribe; return the list that messages will be in."""
        received: list[Any] = []
        self.node.create_subscription(kind, topic, received.append, QoSProfile(depth=depth))
        return received

    def wait_frames(self, count: int = 1) -> list[Keypoints]:
        """Wait for `count` more frames and return them."""
        before = len(self.frames)
        self.wait(lambda: len(self.frames) >= before + count, f'{count} more keypoints')
        return self.frames[before:]

    def wait_state(self, state: str) -> None:
        self.wait(lambda: self.state() == state, f'the state {state}')

    # Topics, services, parameters.

    def publish(self, topic: str, message: Any, qos: QoSProfile | int = 10) -> None:
        """Publish once the node listens."""
        if topic not in self._publishers:
            publisher = self.node.create_publisher(type(message), topic, qos)
            self._publishers[topic] = publisher
        publisher = self._publishers[topic]
        self.wait(lambda: publisher.get_subscription_count() > 0, f'a subscriber of {topic}')
        publisher.publish(message)

    def publish_bytes(self, topic: str, content: bytes) -> None:
        """Publish what need be no message on a topic that was published to."""
        self._publishers[topic].publish(content)

    def request(self, kind: type, service: str, request: Any) -> Future:
        """Call a service of the motion node; return what will have its answer."""
        if service not in self._clients:
            name = f'{self.namespace}/motion_node/{service}'
            self._clients[service] = self.node.create_client(kind, name)
        client = self._clients[service]
        self.wait(client.service_is_ready, f'the service {service}')
        return client.call_async(request)

    def call(self, kind: type, service: str, request: Any) -> Any:
        """Call a service of the motion node and return its answer."""
        future = self.request(kind, service, request)
        self.wait(future.done, f'an answer of {service}')
        return future.result()

    def state(self) -> str:
        return self.call(GetState, 'get_state', GetState.Request()).current_state.label

    def change(self, transition: str) -> bool:
        """Ask for a transition by its label; return whether it went well."""
        request = ChangeState.Request()
        request.transition.label = transition
        return self.call(ChangeState, 'change_state', request).success

    def get(self, name: str) -> Any:
        request = GetParameters.Request(names=[name])
        (value,) = self.call(GetParameters, 'get_parameters', request).values
        return parameter_value_to_python(value)

    def set(self, name: str, value: Any) -> SetParametersResult:
        parameter = Parameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        (result,) = self.call(SetParameters, 'set_parameters', request).results
        return result

    def describe(self, names: list[str]) -> list[ParameterDescriptor]:
        request = DescribeParameters.Request(names=names)
        return self.call(DescribeParameters, 'describe_parameters', request).descriptors

    def wait_status(
        self, condition: Callable[[DiagnosticStatus, dict[str, str]], bool], what: str
    ) -> dict[str, str]:
        """Wait for a new status of this namespace's node; return its values."""
        before = len(self.statuses)

        def matching() -> dict[str, str] | None:
            for status in self.statuses[before:]:
                values = {item.key: item.value for item in status.values}
                if condition(status, values):
                    return values
            return None

        return self.wait(matching, f'diagnostics with {what}')

    def wait_problem(self, words: str, level: bytes = DiagnosticStatus.ERROR) -> dict[str, str]:
        """Wait for a new status of that level that says `words`; return its values."""
        return self.wait_status(lambda s, v: s.level == level and words in s.message, words)

    def hold(self, held: bool) -> str:
        """Hold the motion or let it go on; return what the node says."""
        answer = self.call(SetBool, 'hold', SetBool.Request(data=held))
        assert answer.success
        return answer.message

    def reset(self) -> str:
        """Reset the motion; return what the node says."""
        answer = self.call(Trigger, 'reset', Trigger.Request())
        assert answer.success
        return answer.message

    def _on_frame(self, message: Keypoints) -> None:
        self.frames.append(message)
        self.times_s.append(time.monotonic())

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        mine = f'{self.namespace}/motion_node: motion'
        self.statuses += [status for status in message.status if status.name == mine]

    def _on_log(self, message: Log) -> None:
        if message.name == f'{self.namespace}/motion_node'.strip('/').replace('/', '.'):
            self.logs.append(message)


def run(*command: str, said: str = '') -> subprocess.CompletedProcess[str]:
    """Run Python with a command line to its end, and text on its standard input."""
    return subprocess.run(
        [sys.executable, *command],
        input=said,
        capture_output=True,
        text=True,
        timeout=3 * LIMIT_S,
        cwd=ROOT,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
    )


def points(message: Keypoints) -> np.ndarray:
    """Return keypoints [K, 3] in metres."""
    return np.array([(p.x, p.y, p.z) for p in message.points], dtype=np.float32)


def path(messages: list[Keypoints]) -> np.ndarray:
    """Return keypoints [T, K, 3] in metres."""
    return np.stack([points(message) for message in messages])


def largest_step(messages: list[Keypoints]) -> float:
    """Return how far a keypoint went from one frame to the next, at most [m]."""
    return float(np.linalg.norm(np.diff(path(messages), axis=0), axis=-1).max())


def _kept(depth: int) -> QoSProfile:
    return QoSProfile(depth=depth, durability=DurabilityPolicy.TRANSIENT_LOCAL)
