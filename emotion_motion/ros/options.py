# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The options of the terminal client, which the demo hands on; quick to import."""

from __future__ import annotations

import argparse

from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import EmotionError

__all__ = ['add_arguments', 'EMOTION_S', 'emotion_text', 'positive']

EMOTION_S, WAIT_S = 8.0, 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the client's options to a parser."""
    parser.add_argument(
        '--emotion',
        metavar='TEXT',
        type=emotion_text,
        default=None,
        help="ask for this alone, such as 'joy' or 'happiness:0.7, surprise:0.3' "
        '(default: walk through the seven)',
    )
    parser.add_argument(
        '--emotion-s',
        metavar='S',
        type=positive,
        default=None,
        help=f'time of each emotion of the walk [s] (default: {EMOTION_S:g}; headless with '
        '--seconds: so that all seven come)',
    )
    parser.add_argument(
        '--headless', action='store_true', help='draw nothing; print one line of JSON at the end'
    )
    parser.add_argument(
        '--seconds',
        metavar='N',
        type=positive,
        default=None,
        help='end so long after the first frame [s] (default: when interrupted; headless: 10)',
    )
    parser.add_argument(
        '--wait-s',
        metavar='S',
        type=positive,
        default=WAIT_S,
        help='give up when no frame has come by then [s] (default: %(default)g)',
    )


def emotion_text(text: str) -> str:
    """Return a text that stands for an emotion; for argparse."""
    try:
        emotion_weights(text)
    except EmotionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def positive(text: str) -> float:
    """Read seconds above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'got {text!r}; expected seconds above 0')
    return value
