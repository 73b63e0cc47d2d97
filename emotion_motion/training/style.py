# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How each emotion moves and stands: one row of numbers per emotion, which mix linearly.

Speed, amplitude, sharpness and lateral extent are multipliers on neutral motion. They start from
what was measured on hand-made robot animations (REBL-Pepper, CC BY 4.0) and from the literature:
Wallbott 1998 (anger and joy expansive and dynamic, sadness collapsed and slow), Roether 2009 (head
inclination marks sadness, flexed limbs anger and fear), Dael 2012 (several patterns per emotion;
forward trunk and arms in anger, repeated up and down in joy), Xu 2013 (hand height, amplitude,
head height and speed carry most of a mood). Disgust rests on the literature alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.training.body import Body, CHANNELS

__all__ = ['Posture', 'Style', 'STYLES', 'mixed_style', 'posture_channels']


@dataclass(frozen=True)
class Posture:
    """How somebody stands between gestures; degrees, `drop` in body heights.

    Both sides alike; `turn` and `tilt` of the head and `twist_trunk`, `bend` go to a side that is
    drawn for each stretch of motion. The arm's angles are those of `reach.ARM_LIMITS`.
    """

    head: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    lean: float = 0.0
    bend: float = 0.0
    twist_trunk: float = 0.0
    hips: float = 0.0
    drop: float = 0.003
    shrug: float = 0.0
    protract: float = 0.0
    flex: float = -2.0
    abduct: float = 6.0
    twist: float = 10.0
    elbow: float = 17.0


@dataclass(frozen=True)
class Style:
    """How an emotion moves.

    Attributes:
        speed: tempo of gestures, 1 is neutral.
        amplitude: size of movements, 1 is neutral.
        sharpness: acceleration, 1 is neutral; above, strokes are short with a stop after them.
        lateral: sideways extent of free arm movements, 1 is neutral.
        pause_s: mean pause between gestures.
        sway: size of slow idle movement, 1 is neutral.
        restless: size of quicker idle movement, 1 is neutral.
        tremor: of arms and head, degrees.
        breath_hz: breaths per second.
        breath: depth of breathing as movement of the shoulders, degrees.
        gaze_s: mean time between turns of the head.
        gaze_deg: size of these turns.
        gaze_move_s: how long such a turn takes.
        shift_s: mean time between shifts of weight.
    """

    speed: float = 1.0
    amplitude: float = 1.0
    sharpness: float = 1.0
    lateral: float = 1.0
    pause_s: float = 0.4
    sway: float = 1.9
    restless: float = 1.0
    tremor: float = 0.0
    breath_hz: float = 0.25
    breath: float = 1.2
    gaze_s: float = 1.6
    gaze_deg: float = 12.0
    gaze_move_s: float = 0.55
    shift_s: float = 2.2


STYLES: dict[str, Style] = {
    'anger': Style(
        speed=1.5, amplitude=1.15, sharpness=2.3, lateral=1.1, pause_s=0.2, sway=1.3,
        restless=2.6, tremor=0.3, breath_hz=0.5, breath=2.2, gaze_s=2.0, gaze_deg=8.0,
        gaze_move_s=0.3, shift_s=2.2,
    ),
    'disgust': Style(
        speed=0.9, amplitude=0.8, sharpness=1.0, lateral=0.7, pause_s=0.35, sway=1.5,
        restless=1.2, breath_hz=0.25, breath=1.2, gaze_s=3.0, gaze_deg=8.0, gaze_move_s=0.45,
        shift_s=2.0,
    ),
    'fear': Style(
        speed=1.1, amplitude=0.8, sharpness=1.3, lateral=0.5, pause_s=0.4, sway=1.15,
        restless=1.0, tremor=0.6, breath_hz=0.65, breath=1.8, gaze_s=1.4, gaze_deg=18.0,
        gaze_move_s=0.28, shift_s=4.0,
    ),
    'happiness': Style(
        speed=1.4, amplitude=1.3, sharpness=1.7, lateral=1.0, pause_s=0.2, sway=1.8,
        restless=2.8, breath_hz=0.35, breath=1.4, gaze_s=1.8, gaze_deg=14.0, gaze_move_s=0.4,
        shift_s=1.5,
    ),
    'neutral': Style(),
    'sadness': Style(
        speed=0.5, amplitude=0.8, sharpness=0.35, lateral=0.8, pause_s=0.35, sway=1.75,
        restless=0.5, breath_hz=0.2, breath=2.2, gaze_s=2.5, gaze_deg=9.0, gaze_move_s=1.2,
        shift_s=2.5,
    ),
    'surprise': Style(
        speed=1.3, amplitude=1.2, sharpness=1.6, lateral=1.15, pause_s=0.3, sway=1.5,
        restless=1.2, tremor=0.2, breath_hz=0.4, breath=1.8, gaze_s=2.0, gaze_deg=9.0,
        gaze_move_s=0.4, shift_s=2.5,
    ),
}  # fmt: skip

# Each emotion stands in more than one way; a stretch of motion draws a point between them.
POSTURES: dict[str, tuple[Posture, ...]] = {
    'anger': (
        Posture(head=4, lean=8, shrug=7, protract=4, drop=0.010, abduct=20, flex=-6, twist=30,
                elbow=42, hips=2),
        Posture(head=8, lean=11, shrug=4, protract=7, drop=0.014, abduct=16, flex=4, twist=20,
                elbow=58, hips=3),
    ),
    'disgust': (
        Posture(head=9, turn=20, tilt=8, lean=-8, bend=-5, shrug=5, protract=-2, flex=6,
                abduct=5, twist=40, elbow=56, twist_trunk=10),
        Posture(head=5, turn=28, tilt=5, lean=-10, bend=-6, shrug=7, flex=-4, abduct=7, twist=22,
                elbow=34, twist_trunk=14),
    ),
    'fear': (
        Posture(head=2, lean=14, shrug=16, protract=14, drop=0.038, flex=24, abduct=2, twist=42,
                elbow=112, hips=3),
        Posture(head=-4, lean=-8, shrug=14, protract=4, drop=0.016, flex=16, abduct=9, twist=18,
                elbow=100),
    ),
    'happiness': (
        Posture(head=-9, tilt=4, lean=1, shrug=0, protract=-5, flex=2, abduct=16, twist=-4,
                elbow=34, drop=0.006),
        Posture(head=-6, tilt=-3, lean=3, shrug=2, protract=-3, flex=10, abduct=20, twist=8,
                elbow=52, drop=0.008),
    ),
    'neutral': (
        Posture(),
        Posture(flex=2, abduct=7, twist=28, elbow=36),
        Posture(head=1, turn=4, flex=-3, abduct=8, twist=6, elbow=14, protract=-2),
    ),
    'sadness': (
        Posture(head=28, lean=12, shrug=-3, protract=16, flex=6, abduct=4, twist=20, elbow=12,
                drop=0.010, tilt=3),
        Posture(head=22, turn=5, tilt=5, lean=9, shrug=-2, protract=12, flex=3, abduct=5,
                twist=24, elbow=20, drop=0.007),
    ),
    'surprise': (
        Posture(head=-10, lean=-6, shrug=8, protract=-6, flex=8, abduct=22, twist=-6, elbow=46,
                drop=0.006),
        Posture(head=-8, lean=-4, shrug=5, protract=-4, flex=4, abduct=18, twist=4, elbow=66,
                drop=0.005),
    ),
}  # fmt: skip


def mixed_style(weights: np.ndarray) -> Style:
    """Return the style of a mixture of emotions [7]: every number mixes linearly."""
    values = {
        field.name: float(
            sum(
                w * getattr(STYLES[name], field.name)
                for w, name in zip(weights, EMOTIONS, strict=True)
            )
        )
        for field in fields(Style)
    }
    return Style(**values)


def posture_channels(
    weights: np.ndarray, rng: np.random.Generator, body: Body
) -> np.ndarray:
    """Draw how a body stands at a mixture of emotions.

    Args:
        weights: of the seven emotions, sum 1.
        rng: source of the draws.
        body: gives the rest pose.

    Returns:
        Channels [SIZE].
    """
    side = 1.0 if rng.random() < 0.5 else -1.0
    mean = sum(
        w * _drawn(POSTURES[name], rng) for w, name in zip(weights, EMOTIONS, strict=True)
    )
    names = [field.name for field in fields(Posture)]
    value = dict(zip(names, mean, strict=True))
    channels = body.rest_channels.copy()
    channels[CHANNELS['pelvis']] = (
        rng.normal(0, 0.004), rng.normal(0, 0.008), value['drop'], rng.normal(0, 2.5),
        value['hips'], rng.normal(0, 0.8),
    )  # fmt: skip
    channels[CHANNELS['trunk']] = (
        value['lean'], side * value['bend'], side * value['twist_trunk'] + rng.normal(0, 2.0)
    )
    channels[CHANNELS['head']] = (
        value['head'], side * value['turn'], side * value['tilt'] + rng.normal(0, 1.5)
    )
    for arm in 'lr':
        channels[CHANNELS[f'{arm}_shoulder']] = value['shrug'], value['protract']
        angles = [value[name] for name in ('flex', 'abduct', 'twist', 'elbow')]
        channels[CHANNELS[f'{arm}_arm']] = angles + rng.normal(0, (3.0, 2.0, 6.0, 5.0))
    return channels


def _drawn(postures: tuple[Posture, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a random point between postures [14], nearer to one of them than to the middle."""
    shares = rng.dirichlet(np.full(len(postures), 0.5))
    rows = np.array([[getattr(p, f.name) for f in fields(Posture)] for p in postures])
    return shares @ rows * rng.normal(1.0, 0.12)
