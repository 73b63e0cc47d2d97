# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How each emotion moves and stands: one row of numbers per emotion, which mix linearly.

Speed, amplitude, sharpness and lateral extent multiply those of the gestures. They come from what
was measured on hand-made robot animations (REBL-Pepper, CC BY 4.0) and from the literature:
Wallbott 1998 (anger and joy expansive and dynamic, sadness collapsed and slow), Roether 2009 (head
inclination marks sadness, flexed limbs anger and fear), Dael 2012 (several patterns per emotion;
forward trunk and arms in anger, repeated up and down in joy), Xu 2013 (hand height, amplitude,
head height and speed carry most of a mood). Disgust rests on the literature alone.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.training.corpus.performer.body import Body, CHANNELS

__all__ = ['Posture', 'Style', 'STYLES', 'FEAR_MODES', 'mixed_style', 'posture_channels']


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
    drop: float = -0.002  # knees as straight as they get: a few degrees of flexion
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
    pause_s: float = 0.35
    sway: float = 1.8
    restless: float = 1.2
    tremor: float = 0.0
    breath_hz: float = 0.25
    breath: float = 1.2
    gaze_s: float = 1.6
    gaze_deg: float = 12.0
    gaze_move_s: float = 0.55
    shift_s: float = 2.2


# Fear is two things (REBL's animations move in bursts, people without confidence freeze): frozen,
# small and nearly still; or startled, quick and ready to run.
FEAR_MODES = (
    Style(
        speed=0.6,
        amplitude=0.45,
        sharpness=0.8,
        lateral=0.25,
        pause_s=1.0,
        sway=1.3,
        restless=1.0,
        tremor=0.5,
        breath_hz=0.6,
        breath=1.6,
        gaze_s=1.8,
        gaze_deg=15.0,
        gaze_move_s=0.3,
        shift_s=6.0,
    ),
    Style(
        speed=0.8,
        amplitude=0.6,
        sharpness=1.1,
        lateral=0.35,
        pause_s=0.6,
        sway=1.9,
        restless=2.4,
        tremor=0.5,
        breath_hz=0.7,
        breath=2.0,
        gaze_s=1.0,
        gaze_deg=20.0,
        gaze_move_s=0.24,
        shift_s=2.5,
    ),
)

# Tuned until what comes out has the ratios to neutral of the kinematic table
# (`evaluation.style_table`): gestures differ in speed by themselves, so the numbers here are not
# those of the table. `docs/corpus.md` has wanted and measured.
STYLES: dict[str, Style] = {
    'anger': Style(
        speed=0.74,
        amplitude=0.78,
        sharpness=1.9,
        lateral=0.75,
        pause_s=1.0,
        sway=2.1,
        restless=3.4,
        tremor=0.3,
        breath_hz=0.5,
        breath=2.2,
        gaze_s=2.0,
        gaze_deg=8.0,
        gaze_move_s=0.3,
        shift_s=2.0,
    ),
    'disgust': Style(
        speed=0.66,
        amplitude=0.75,
        sharpness=1.4,
        lateral=0.8,
        pause_s=0.45,
        sway=1.9,
        restless=1.9,
        breath_hz=0.25,
        breath=1.2,
        gaze_s=3.0,
        gaze_deg=8.0,
        gaze_move_s=0.45,
        shift_s=2.0,
    ),
    'fear': Style(*np.mean([astuple(mode) for mode in FEAR_MODES], axis=0)),
    'happiness': Style(
        speed=0.62,
        amplitude=0.84,
        sharpness=1.15,
        lateral=0.4,
        pause_s=1.3,
        sway=2.8,
        restless=2.0,
        breath_hz=0.35,
        breath=1.4,
        gaze_s=1.6,
        gaze_deg=14.0,
        gaze_move_s=0.4,
        shift_s=1.1,
    ),
    'neutral': Style(),
    'sadness': Style(
        speed=0.42,
        amplitude=0.9,
        sharpness=0.35,
        lateral=0.7,
        pause_s=0.8,
        sway=2.3,
        restless=1.0,
        breath_hz=0.2,
        breath=2.2,
        gaze_s=2.5,
        gaze_deg=9.0,
        gaze_move_s=1.2,
        shift_s=1.6,
    ),
    'surprise': Style(
        speed=1.15,
        amplitude=1.02,
        sharpness=2.4,
        lateral=0.9,
        pause_s=0.5,
        sway=2.0,
        restless=2.5,
        tremor=0.2,
        breath_hz=0.4,
        breath=1.8,
        gaze_s=2.0,
        gaze_deg=9.0,
        gaze_move_s=0.4,
        shift_s=2.2,
    ),
}

# Each emotion stands in more than one way; a stretch of motion draws a point between them.
POSTURES: dict[str, tuple[Posture, ...]] = {
    'anger': (
        Posture(
            head=2,
            lean=4,
            shrug=7,
            protract=4,
            drop=0.0,
            abduct=14,
            flex=-6,
            twist=30,
            elbow=40,
            hips=1,
        ),
        Posture(
            head=6,
            lean=7,
            shrug=4,
            protract=7,
            drop=0.003,
            abduct=12,
            flex=4,
            twist=20,
            elbow=50,
            hips=2,
        ),
    ),
    'disgust': (
        Posture(
            head=9,
            turn=20,
            tilt=8,
            lean=-2,
            bend=-5,
            shrug=5,
            protract=-2,
            flex=6,
            abduct=5,
            twist=40,
            elbow=56,
            twist_trunk=10,
        ),
        Posture(
            head=6,
            turn=28,
            tilt=5,
            lean=-4,
            bend=-6,
            shrug=7,
            flex=-4,
            abduct=7,
            twist=22,
            elbow=34,
            twist_trunk=14,
        ),
    ),
    'fear': (
        Posture(
            head=2,
            lean=12,
            shrug=16,
            protract=14,
            drop=0.034,
            flex=8,
            abduct=2,
            twist=42,
            elbow=78,
            hips=3,
        ),
        Posture(
            head=-3,
            lean=-6,
            shrug=13,
            protract=4,
            drop=0.012,
            flex=4,
            abduct=6,
            twist=24,
            elbow=74,
        ),
    ),
    'happiness': (
        Posture(
            head=-5, tilt=4, lean=2, shrug=0, protract=-5, flex=2, abduct=7, twist=14, elbow=38
        ),
        Posture(
            head=-3, tilt=-3, lean=4, shrug=2, protract=-3, flex=8, abduct=7, twist=24, elbow=52
        ),
    ),
    'neutral': (
        Posture(),
        Posture(flex=2, abduct=7, twist=28, elbow=30),
        Posture(head=1, turn=4, flex=-3, abduct=8, twist=6, elbow=14, protract=-2),
    ),
    'sadness': (
        Posture(
            head=16,
            lean=6,
            shrug=-3,
            protract=16,
            flex=5,
            abduct=5,
            twist=22,
            elbow=28,
            drop=-0.001,
            tilt=3,
        ),
        Posture(
            head=12,
            turn=5,
            tilt=5,
            lean=4,
            shrug=-2,
            protract=12,
            flex=3,
            abduct=5,
            twist=26,
            elbow=32,
        ),
    ),
    'surprise': (
        Posture(head=-4, lean=-3, shrug=8, protract=-6, flex=3, abduct=9, twist=2, elbow=32),
        Posture(head=-3, lean=-1, shrug=5, protract=-4, flex=2, abduct=8, twist=10, elbow=42),
    ),
}


def mixed_style(weights: np.ndarray, mode: int | None = None) -> Style:
    """Return the style of a mixture of emotions: every number mixes linearly.

    Args:
        weights: of the seven emotions, sum 1.
        mode: of fear, an index of `FEAR_MODES`; None: between both.
    """
    rows = [
        FEAR_MODES[mode] if name == 'fear' and mode is not None else STYLES[name]
        for name in EMOTIONS
    ]
    return Style(*(weights @ np.array([astuple(row) for row in rows])).tolist())


def posture_channels(
    weights: np.ndarray, rng: np.random.Generator, body: Body, mode: int = 0
) -> np.ndarray:
    """Draw how a body stands at a mixture of emotions.

    Args:
        weights: of the seven emotions, sum 1.
        rng: source of the draws.
        body: gives the rest pose.
        mode: of fear, an index of `FEAR_MODES`.

    Returns:
        Channels [SIZE].
    """
    side = 1.0 if rng.random() < 0.5 else -1.0
    mean = sum(
        w * _drawn(POSTURES[name], rng, mode if name == 'fear' else None)
        for w, name in zip(weights, EMOTIONS, strict=True)
    )
    names = [field.name for field in fields(Posture)]
    value = dict(zip(names, mean, strict=True))
    # A lean grows and goes: half of it is there at times, half as much again at others.
    for name in ('lean', 'bend', 'tilt'):
        value[name] *= rng.uniform(0.5, 1.5)
    channels = body.rest_channels.copy()
    channels[CHANNELS['pelvis']] = (
        rng.normal(0, 0.004),
        rng.normal(0, 0.004),
        value['drop'],
        rng.normal(0, 2.5),
        value['hips'],
        rng.normal(0, 0.8),
    )
    channels[CHANNELS['trunk']] = (
        value['lean'],
        side * value['bend'],
        side * value['twist_trunk'] + rng.normal(0, 2.0),
    )
    channels[CHANNELS['head']] = (
        value['head'],
        side * value['turn'],
        side * value['tilt'] + rng.normal(0, 1.5),
    )
    for arm in 'lr':
        channels[CHANNELS[f'{arm}_shoulder']] = value['shrug'], value['protract']
        angles = [value[name] for name in ('flex', 'abduct', 'twist', 'elbow')]
        channels[CHANNELS[f'{arm}_arm']] = angles + rng.normal(0, (3.0, 2.0, 6.0, 5.0))
    return channels


def _drawn(
    postures: tuple[Posture, ...], rng: np.random.Generator, mode: int | None
) -> np.ndarray:
    """Return a random point between postures [14], near one of them, that of `mode` if given."""
    shares = rng.dirichlet(np.full(len(postures), 0.5))
    if mode is not None:
        shares = 0.2 * shares + 0.8 * (np.arange(len(postures)) == mode)
    rows = np.array([[getattr(p, f.name) for f in fields(Posture)] for p in postures])
    return shares @ rows * rng.normal(1.0, 0.12)
