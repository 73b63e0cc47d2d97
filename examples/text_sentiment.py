#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Text in, emotion out: each line of standard input becomes an emotion of the motion.

    echo "what a wonderful day" | python examples/text_sentiment.py

Replace `emotion_of` by what you have: a classifier, a language model, the emotion of a dialogue
system. It returns weights of the seven emotions; what is missing to 1 is neutral.
"""

from __future__ import annotations

import argparse
import re
import sys
import time

import rclpy
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from emotion_motion.emotion import EMOTIONS
from emotion_motion.msg import Emotion

# A stub: a few words of each emotion.
WORDS = {
    'anger': {'angry', 'furious', 'hate', 'unfair'},
    'disgust': {'disgusting', 'rotten', 'stinks', 'vile'},
    'fear': {'afraid', 'danger', 'scared', 'scary'},
    'happiness': {'glad', 'happy', 'love', 'thanks', 'wonderful'},
    'sadness': {'alone', 'lost', 'miss', 'sad', 'sorry'},
    'surprise': {'really', 'suddenly', 'unexpected', 'wow'},
}
STRENGTH = 0.7  # of one word


def emotion_of(text: str) -> dict[str, float]:
    """Return weights of emotions for a text. Replace this function."""
    words = re.findall(r'[a-z]+', text.lower())
    return {
        emotion: STRENGTH * sum(word in known for word in words)
        for emotion, known in WORDS.items()
        if any(word in known for word in words)
    }


class TextEmotions(Node):
    """Publishes the emotion of texts on `emotion_weights`."""

    def __init__(self) -> None:
        super().__init__('text_emotions')
        self.publisher = self.create_publisher(Emotion, 'emotion_weights', 1)

    def say(self, text: str) -> dict[str, float]:
        """Publish the emotion of a text; returns its weights."""
        # All zero would say nothing and keep the emotion before: calm words are neutral.
        weights = emotion_of(text) or {'neutral': 1.0}
        message = Emotion()
        message.header.stamp = self.get_clock().now().to_msg()
        message.weights = [float(weights.get(name, 0.0)) for name in EMOTIONS]
        self.publisher.publish(message)
        return weights


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--wait-s', type=float, default=20.0, help='for a motion node [s]')
    options = parser.parse_args(remove_ros_args(sys.argv)[1:])

    rclpy.init()
    node = TextEmotions()
    end_s = time.monotonic() + options.wait_s
    while not node.publisher.get_subscription_count():
        if time.monotonic() > end_s:
            print(f'no motion node listens to {node.publisher.topic_name}', file=sys.stderr)
            return 1
        rclpy.spin_once(node, timeout_sec=0.1)
    for line in sys.stdin:
        weights = node.say(line)
        said = ', '.join(f'{name} {weight:.1f}' for name, weight in weights.items())
        print(f'{line.strip()!r}: {said}', flush=True)
        node.publisher.wait_for_all_acked()
    node.destroy_node()
    rclpy.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
