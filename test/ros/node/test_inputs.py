# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The emotion topics: what they mean, and that bad messages change nothing."""

from __future__ import annotations

from graph import Graph, NodeThread, Tester
import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
from support import malformed, one_hot

from emotion_motion.emotion import emotion_weights
from emotion_motion.msg import Emotion


def wait_emotion(running: NodeThread, tester: Tester, weights: np.ndarray) -> None:
    """Wait until the model is asked for that emotion."""
    tester.wait(
        lambda: np.allclose(running.motion.generator.emotion[0], weights, atol=1e-6),
        f'the emotion {weights}',
    )


@pytest.mark.parametrize(
    'text', ['happiness', 'joy', ' Angry ', 'happiness:0.7, surprise:0.3', 'fear:0.4', 'sad:3']
)
def test_text_is_asked_of_the_model(graph: Graph, text: str) -> None:
    running, tester = graph.node()
    tester.publish('emotion', String(data=text))
    wait_emotion(running, tester, emotion_weights(text))


def test_unstamped_weights_and_intensity_are_asked_of_the_model(graph: Graph) -> None:
    running, tester = graph.node()
    weights = 0.5 * one_hot('anger') + 0.5 * one_hot('fear')
    tester.publish('emotion_weights', Emotion(weights=weights))
    wait_emotion(running, tester, weights)  # the intensity is 1 where nobody sets it
    tester.publish('emotion_weights', Emotion(weights=weights, intensity=0.5))
    wait_emotion(running, tester, 0.5 * weights + 0.5 * one_hot('neutral'))


def test_emotion_before_activation_counts(graph: Graph) -> None:
    running, tester = graph.node(autostart=False)
    tester.change('configure')
    tester.publish('emotion', String(data='disgust'))
    tester.wait(lambda: running.motion.emotion.last[1] == 1.0, 'the emotion')
    tester.change('activate')
    wait_emotion(running, tester, one_hot('disgust'))


def malformed_messages() -> list[object]:
    """Return every bad message that the middleware can carry."""
    messages: list[object] = []
    for parameter in malformed('emotions.text'):
        text = parameter.values[0]['value']
        if '\0' not in text:  # ends a string on the way
            messages.append(String(data=text))
    for parameter in malformed('emotions.weights'):
        weights = parameter.values[0]['value']
        if np.shape(weights) == (7,):
            messages.append(Emotion(weights=np.array(weights, dtype=np.float32)))
    for parameter in malformed('emotions.intensities'):
        intensity = parameter.values[0]['value']
        if isinstance(intensity, float):
            messages.append(Emotion(weights=one_hot('fear'), intensity=intensity))
    return messages


def test_malformed_messages_change_nothing(graph: Graph) -> None:
    namespace = '/malformed'
    # Deep queues through the QoS parameters: none of the messages may be dropped on the way.
    deep = {
        f'qos_overrides.{namespace}/{topic}.subscription.depth': 100
        for topic in ('emotion', 'emotion_weights')
    }
    running, tester = graph.node(namespace, **deep)
    tester.publish('emotion', String(data='happiness'), 100)
    wait_emotion(running, tester, one_hot('happiness'))
    messages = malformed_messages()
    assert len(messages) > 25
    for message in messages:
        topic = 'emotion' if isinstance(message, String) else 'emotion_weights'
        tester.publish(topic, message, 100)
    tester.wait_frames(30)
    wait_emotion(running, tester, one_hot('happiness'))
    # A topic keeps its order, so each of these comes after all the bad ones of its topic.
    tester.publish('emotion', String(data='anger'))
    wait_emotion(running, tester, one_hot('anger'))
    tester.publish('emotion_weights', Emotion(weights=one_hot('fear')))
    wait_emotion(running, tester, one_hot('fear'))
    assert tester.state() == 'active'


def test_warning_names_the_value_and_is_throttled(graph: Graph) -> None:
    _, tester = graph.node()
    for _ in range(20):
        tester.publish('emotion', String(data='melancholy'))
        tester.spin(0.02)
    warnings = tester.wait(
        lambda: [log.msg for log in tester.logs if 'ignored' in log.msg], 'the warning'
    )
    tester.spin(0.3)
    assert "'melancholy'" in warnings[0] and 'happiness' in warnings[0]
    assert len([log for log in tester.logs if 'ignored' in log.msg]) == 1


def test_qos_parameter_lets_a_best_effort_publisher_in(graph: Graph) -> None:
    namespace = '/best_effort'
    name = f'qos_overrides.{namespace}/emotion.subscription.reliability'
    running, tester = graph.node(namespace, **{name: 'best_effort'})
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

    def received() -> bool:
        tester.publish('emotion', String(data='surprise'), best_effort)
        tester.spin(0.05)
        return running.motion.emotion.last[6] == 1.0

    tester.wait(received, 'the emotion of a best-effort publisher')


def test_emotion_returns_to_neutral_after_the_timeout(graph: Graph) -> None:
    running, tester = graph.node(emotion_timeout_s=0.5)
    tester.publish('emotion', String(data='anger'))
    wait_emotion(running, tester, one_hot('anger'))
    seen: list[float] = []

    def neutral() -> bool:
        seen.append(float(running.motion.generator.emotion[0][4]))
        return seen[-1] == 1.0

    tester.wait(neutral, 'neutral')
    assert any(0.1 < share < 0.9 for share in seen), 'it did not fade'
    assert seen == sorted(seen), 'it did not fade steadily'
    tester.publish('emotion', String(data='anger'))
    wait_emotion(running, tester, one_hot('anger'))


def test_qos_parameter_takes_an_emotion_that_was_latched(graph: Graph) -> None:
    namespace = '/latched'
    tester = graph.tester(namespace)
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    tester.node.create_publisher(String, 'emotion', latched).publish(String(data='fear'))
    name = f'qos_overrides.{namespace}/emotion.subscription.durability'
    running, tester = graph.node(namespace, **{name: 'transient_local'})
    tester.wait_frames(1)
    wait_emotion(running, tester, one_hot('fear'))
