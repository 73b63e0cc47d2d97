# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How each emotion moves and stands: rows of numbers in emotions/*.yaml, which mix linearly.

Speed, amplitude, sharpness and lateral extent multiply those of the gestures. They come from what
was measured on hand-made robot animations (REBL-Pepper, CC BY 4.0) and from the literature:
Wallbott 1998 (anger and joy expansive and dynamic, sadness collapsed and slow), Roether 2009 (head
inclination marks sadness, flexed limbs anger and fear), Dael 2012 (several patterns per emotion;
forward trunk and arms in anger, repeated up and down in joy), Xu 2013 (hand height, amplitude,
head height and speed carry most of a mood). Disgust rests on the literature alone. The numbers
were tuned until the motion has the ratios to neutral of the kinematic table in docs/corpus.md:
gestures differ in speed by themselves, so these are not the table's.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
import functools
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.files import read_yaml
from emotion_motion.training.corpus.body import Body, CHANNELS

__all__ = ['Posture', 'Style', 'emotion_file', 'mixed_style', 'posture_channels', 'styles']


@dataclass(frozen=True)
class Posture:
    """How somebody stands between gestures; degrees, `drop` in body heights.

    Both sides alike; `turn` and `tilt` of the head and `twist_trunk`, `bend` go to a side that is
    drawn for each stretch of motion. The arm's angles are those of `ARM_LIMITS`.
    """

    head: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    lean: float = 0.0
    bend: float = 0.0
    twist_trunk: float = 0.0
    hips: float = 0.0
    drop: float = -0.002  # knees as straight as they get: a few degrees of flexion
    shrug: float = 0.0
    protract: float = 0.0
    flex: float = -2.0
    abduct: float = 6.0
    twist: float = 10.0
    elbow: float = 17.0


@dataclass(frozen=True)
class Style:
    """How an emotion moves."""

    speed: float = 1.0  # tempo of gestures, 1 is neutral
    amplitude: float = 1.0  # size of movements, 1 is neutral
    sharpness: float = 1.0  # acceleration, 1 is neutral; above, strokes are short and stop
    lateral: float = 1.0  # sideways extent of free arm movements, 1 is neutral
    pause_s: float = 0.35  # mean pause between gestures
    sway: float = 1.8  # size of slow idle movement, 1 is neutral
    restless: float = 1.2  # size of quicker idle movement, 1 is neutral
    tremor: float = 0.0  # of arms and head, degrees
    breath_hz: float = 0.25  # breaths per second
    breath: float = 1.2  # depth of breathing as movement of the shoulders, degrees
    gaze_s: float = 1.6  # mean time between turns of the head
    gaze_deg: float = 12.0  # size of these turns
    gaze_move_s: float = 0.55  # how long such a turn takes
    shift_s: float = 2.2  # mean time between shifts of weight


@functools.cache
def emotion_file(emotion: str) -> dict[str, Any]:
    """Return the content of an emotion's file: styles, postures, companions, accents, gestures."""
    return read_yaml(Path(__file__).parent / 'emotions' / f'{emotion}.yaml')


@functools.cache
def styles(emotion: str) -> tuple[Style, ...]:
    """Return the styles of an emotion, one for each of its modes; only fear has two."""
    return tuple(Style(**row) for row in emotion_file(emotion)['styles'])


def mixed_style(weights: np.ndarray, mode: int | None = None) -> Style:
    """Return the style of a mixture of emotions: every number mixes linearly.

    The mode is that of an emotion that has two; None: between both.
    """
    return Style(*(weights @ _style_rows(mode)).tolist())


@functools.cache
def _style_rows(mode: int | None) -> np.ndarray:
    """Return a row of numbers [7, S] for each emotion."""
    rows = []
    for emotion in EMOTIONS:
        modes = np.array([astuple(style) for style in styles(emotion)])
        rows.append(modes[mode] if mode is not None and len(modes) > 1 else modes.mean(axis=0))
    return np.array(rows)


@functools.cache
def _posture_rows(emotion: str) -> np.ndarray:
    """Return the ways [P, 14] in which people stand at an emotion."""
    return np.array([astuple(Posture(**row)) for row in emotion_file(emotion)['postures']])


def posture_channels(
    weights: np.ndarray, rng: np.random.Generator, body: Body, mode: int = 0
) -> np.ndarray:
    """Draw how a body stands at a mixture of emotions (in a mode of theirs): channels [SIZE]."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    mean = sum(
        weight * _drawn_posture(emotion, rng, mode)
        for weight, emotion in zip(weights, EMOTIONS, strict=True)
    )
    value = dict(zip((field.name for field in fields(Posture)), mean, strict=True))
    # A lean grows and goes: half of it is there at times, half as much again at others.
    for name in ('lean', 'bend', 'tilt'):
        value[name] *= rng.uniform(0.5, 1.5)
    bend, turn = side * value['bend'], side * value['turn']
    x, y, yaw, roll, twist, tilt = rng.normal(0, (0.004, 0.004, 2.5, 0.8, 2.0, 1.5))
    twist, tilt = twist + side * value['twist_trunk'], tilt + side * value['tilt']
    channels = body.rest_channels.copy()
    channels[CHANNELS['pelvis']] = x, y, value['drop'], yaw, value['hips'], roll
    channels[CHANNELS['trunk']] = value['lean'], bend, twist
    channels[CHANNELS['head']] = value['head'], turn, tilt
    for arm in 'lr':
        channels[CHANNELS[f'{arm}_shoulder']] = value['shrug'], value['protract']
        angles = [value[name] for name in ('flex', 'abduct', 'twist', 'elbow')]
        channels[CHANNELS[f'{arm}_arm']] = angles + rng.normal(0, (3.0, 2.0, 6.0, 5.0))
    return channels


def _drawn_posture(emotion: str, rng: np.random.Generator, mode: int) -> np.ndarray:
    """Return a random point [14] between the postures of an emotion, near that of its mode."""
    rows = _posture_rows(emotion)
    shares = rng.dirichlet(np.full(len(rows), 0.5))
    if len(styles(emotion)) > 1:
        shares = 0.2 * shares + 0.8 * (np.arange(len(rows)) == mode)
    return shares @ rows * rng.normal(1.0, 0.12)
