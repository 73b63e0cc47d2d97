# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The node at work: evenness of its frames, its share of a core, its answer to an emotion.

Usage: python benchmarks/node.py [--model default] [--rate 60] [--seconds 30] [--trials 30]
                                 [--out FILE]

A real node in a process of its own and a real subscriber in this one. The latency is from handing
an emotion message to the middleware to the arrival of the first frame that shows it: the node runs
with a fixed seed, and each frame is compared with that of a twin here that is never told of the
emotion; the first one that differs shows it. Prints JSON; wants a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
import gc
import json
import os
from pathlib import Path
import random
import sys
import time
from typing import Any

from lifecycle_msgs.srv import GetState
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time
from std_msgs.msg import String
from std_srvs.srv import Trigger
import torch

sys.path.insert(0, str(Path(__file__).parent))

from processes import (
    cpu_seconds,
    node_command,
    percentiles,
    print_figures,
    print_table,
    resident_mb,
    rounded,
    running,
)

from emotion_motion.generator import MotionGenerator
from emotion_motion.msg import Keypoints
from emotion_motion.playback import Playback

# The node runs on one thread; a twin on two would round otherwise and soon move otherwise.
torch.set_num_threads(1)
SEED = 7
LIMIT_S = 30.0
PERIOD_ERROR_WANTED_MS, LATENCY_MARGIN_WANTED_MS, START_WANTED_S = 1.0, 5.0, 5.0


class Subscriber:
    """Receives frames and keeps when each one came."""

    def __init__(self, namespace: str) -> None:
        self.node = Node('node_benchmark', namespace=namespace)
        self.times_s: list[float] = []
        self.frames: list[Keypoints] = []
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.node.create_subscription(Keypoints, 'keypoints', self._on_frame, QoSProfile(depth=10))
        self._emotion = self.node.create_publisher(String, 'emotion', QoSProfile(depth=1))
        self._state = self.node.create_client(GetState, 'motion_node/get_state')
        self._reset = self.node.create_client(Trigger, 'motion_node/reset')

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        end_s = time.monotonic() + LIMIT_S
        while not condition():
            if time.monotonic() > end_s:
                sys.exit(f'got no {what} within {LIMIT_S:g} s')
            self._executor.spin_once(timeout_sec=0.1)

    def spin(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left_s)

    def clear(self) -> None:
        self.times_s, self.frames = [], []

    def ask(self, emotion: str) -> float:
        """Publish an emotion; return when, by the monotonic clock."""
        now_s = time.monotonic()
        self._emotion.publish(String(data=emotion))
        return now_s

    def state(self) -> str:
        return self._call(self._state, GetState.Request()).current_state.label

    def reset(self) -> None:
        self._call(self._reset, Trigger.Request())

    def _call(self, client: Any, request: Any) -> Any:
        self.wait(client.service_is_ready, f'service {client.srv_name}')
        future = client.call_async(request)
        self.wait(future.done, f'answer of {client.srv_name}')
        return future.result()

    def _on_frame(self, message: Keypoints) -> None:
        self.times_s.append(time.monotonic())
        self.frames.append(message)


def period_figures(times_s: list[float], rate_hz: float) -> dict[str, float]:
    """Return percentiles of the periods and of their distance from the nominal one [ms]."""
    periods_ms = np.diff(times_s) * 1e3
    errors_ms = np.abs(periods_ms - 1e3 / rate_hz)
    return {
        **percentiles(periods_ms),
        **{f'error_{name}': value for name, value in percentiles(errors_ms).items()},
    }


def measure_periods(
    subscriber: Subscriber, process: int, rate_hz: float, seconds: float
) -> dict[str, Any]:
    subscriber.clear()
    begin_s, cpu_begin_s = time.monotonic(), cpu_seconds(process)
    subscriber.spin(seconds)
    share = (cpu_seconds(process) - cpu_begin_s) / (time.monotonic() - begin_s)
    stamps_s = [Time.from_msg(f.header.stamp).nanoseconds * 1e-9 for f in subscriber.frames]
    return {
        'frames': len(stamps_s),
        'expected_frames': round(seconds * rate_hz),
        'published_period_ms': period_figures(stamps_s, rate_hz),
        'received_period_ms': period_figures(subscriber.times_s, rate_hz),
        'cpu_share_of_one_core': share,
    }


def keypoints_of(message: Keypoints) -> np.ndarray:
    return np.array([(p.x, p.y, p.z) for p in message.points], dtype=np.float32)


def first_match(frames: np.ndarray, twin: np.ndarray) -> tuple[int, int]:
    """Return the first of `frames` that the twin has too, and its number there."""
    for index, frame in enumerate(frames):
        same = (twin == frame).all(axis=(1, 2))
        if same.any():
            return index, int(np.argmax(same))
    sys.exit('no frame of the node is one of its twin: is the run not reproducible?')


def measure_latency(subscriber: Subscriber, twin: np.ndarray) -> float:
    """Return the time from one emotion to the first frame that shows it [s].

    Args:
        subscriber: of a node that is asked for neutral.
        twin: the frames of a run that stays neutral, [T, K, 3].
    """
    subscriber.ask('neutral')
    subscriber.spin(0.2)
    subscriber.reset()
    subscriber.clear()
    subscriber.spin(0.7 + 0.3 * random.random())  # any phase of the model's period
    asked_s = subscriber.ask('anger')
    subscriber.spin(0.3)
    frames = np.stack([keypoints_of(message) for message in subscriber.frames])
    begin, number = first_match(frames[:10], twin)
    differs = (frames[begin:] != twin[number : number + len(frames) - begin]).any(axis=(1, 2))
    if not differs.any():
        sys.exit('no frame showed the emotion')
    shown_s = subscriber.times_s[begin + int(np.argmax(differs))]
    if shown_s < asked_s:
        sys.exit('frames differ before the emotion was asked for: was one lost?')
    return shown_s - asked_s


def twin_frames(model: str, rate_hz: float, seconds: float) -> tuple[np.ndarray, float]:
    """Return what a node shows after a reset without any emotion [T, K, 3], and the model rate."""
    generator = MotionGenerator.from_pretrained(model, seed=SEED)
    playback = Playback(generator, rate_hz)
    frames = [playback.advance().keypoints[0] for _ in range(round(seconds * rate_hz))]
    return np.stack(frames), generator.rate


def measure(model: str, rate_hz: float, seconds: float, trials: int) -> dict[str, Any]:
    """Return all figures."""
    load = os.getloadavg()[0]
    twin, model_rate_hz = twin_frames(model, rate_hz, 3.0)
    namespace = f'/benchmark_{os.getpid()}'
    begin_s = time.monotonic()
    parameters = {'model': json.dumps(model), 'rate_hz': rate_hz, 'seed': SEED}
    with running(node_command(namespace, parameters)) as process:
        subscriber = Subscriber(namespace)
        subscriber.wait(lambda: subscriber.state() == 'active', 'active node')
        active_s = time.monotonic() - begin_s
        subscriber.wait(lambda: subscriber.frames, 'keypoints')
        first_s = subscriber.times_s[0] - begin_s
        gc.collect()
        gc.disable()  # the subscriber's pauses are not the node's
        subscriber.spin(2.0)
        figures = measure_periods(subscriber, process.pid, rate_hz, seconds)
        latencies_ms = [1e3 * measure_latency(subscriber, twin) for _ in range(trials)]
        memory_mb = resident_mb(process.pid)
    limit_ms = 1e3 / model_rate_hz + LATENCY_MARGIN_WANTED_MS
    return figures | {
        'rate_hz': rate_hz,
        'model_rate_hz': model_rate_hz,
        'latency_ms': {**percentiles(latencies_ms), 'trials': trials},
        'memory_mb': memory_mb,
        'start_to_active_s': active_s,
        'start_to_first_keypoints_s': first_s,
        'wanted': {
            'published_period_error_p99_ms': PERIOD_ERROR_WANTED_MS,
            'latency_ms': limit_ms,
            'start_to_active_s': START_WANTED_S,
        },
        'met': {
            'period': figures['published_period_ms']['error_p99'] <= PERIOD_ERROR_WANTED_MS,
            'latency': max(latencies_ms) <= limit_ms,
            'start': active_s <= START_WANTED_S,
        },
        'load_average_at_start': load,
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='default', help='name or folder of a checkpoint')
    parser.add_argument('--rate', type=float, default=60.0, help='publish rate [Hz]')
    parser.add_argument('--seconds', type=float, default=30.0, help='time to watch frames [s]')
    parser.add_argument('--trials', type=int, default=30, help='emotions to time the answer to')
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init()
    figures = rounded(measure(args.model, args.rate, args.seconds, args.trials))
    period, wanted = figures['published_period_ms'], figures['wanted']
    late_ms = 1e3 / args.rate + wanted['published_period_error_p99_ms']
    print_table(
        [
            (
                f'the node at {args.rate:g} Hz: publish period, median and p99',
                f'{period["p50"]:.2f} and {period["p99"]:.2f} ms',
                f'{late_ms:.2f} ms',
            ),
            ('its share of one core', f'{figures["cpu_share_of_one_core"]:.2f}', ''),
            ('its memory', f'{figures["memory_mb"]:.0f} MB', ''),
            (
                f'emotion message to the first keypoints that follow it, longest of {args.trials}',
                f'{figures["latency_ms"]["max"]:.1f} ms',
                f'{wanted["latency_ms"]:.1f} ms',
            ),
            (
                'start of the node to active',
                f'{figures["start_to_active_s"]:.1f} s',
                f'{wanted["start_to_active_s"]:g} s',
            ),
        ]
    )
    print_figures(figures, args.out, rmw=rclpy.get_rmw_implementation_identifier())


if __name__ == '__main__':
    main()
