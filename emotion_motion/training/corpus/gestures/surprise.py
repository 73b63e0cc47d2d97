# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of surprise: a burst, then a hold, then a slow return.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES']


def arms_fly_out(p: Phrase) -> None:
    """Arms fly out and stay; slow return."""
    p.beat(
        0.3,
        both='fling',
        head=(-9, p.between(-8, 8), 0),
        trunk=(-8, 0, 0),
        shrug=(10, -4),
        pelvis=(-0.02, 0, 0),
        hold=p.between(0.5, 1.4),
    )
    p.beat(0.9, both='open_low', head=(-2, 0, 0), trunk=(-2, 0, 0), soft=True)
    p.rest(1.0)


def hands_to_cheeks(p: Phrase) -> None:
    """Both hands to the cheeks."""
    p.beat(
        0.34,
        both='cheek',
        head=(-8, 0, p.between(-5, 5)),
        trunk=(-6, 0, 0),
        shrug=(8, 4),
        pelvis=(-0.015, 0, 0.004),
        hold=p.between(0.6, 1.6),
    )
    if p.chance(0.5):
        p.beat(0.5, head=(-3, p.between(-16, 16), 4), hold=p.between(0.1, 0.5))
    p.rest(1.1)


def gasp(p: Phrase) -> None:
    """A hand to the mouth, the other one out."""
    p.beat(
        0.32,
        lead='mouth',
        other='open_low',
        head=(-7, p.between(-10, 10), 0),
        trunk=(-8, 0, 0),
        shrug=(10, 2),
        pelvis=(-0.02, 0, 0.003),
        hold=p.between(0.6, 1.4),
    )
    p.rest(1.1)


def step_back(p: Phrase) -> None:
    """Step back with open hands."""
    p.beat(
        0.32,
        both='open_low',
        head=(-7, 0, 0),
        trunk=(-9, 0, p.between(-6, 6)),
        shrug=(9, 0),
        pelvis=(-0.04, 0, 0.006),
        foot=(-0.06, 0, 0),
        hold=p.between(0.5, 1.2),
    )
    p.beat(0.7, foot=(0, 0, 0), pelvis=(0, 0, 0), trunk=(-2, 0, 0), soft=True)
    p.rest(1.0)


def hands_up(p: Phrase) -> None:
    """Both hands up and open at the height of the face."""
    p.beat(
        0.3,
        both='open_high',
        head=(-8, 0, 0),
        trunk=(-6, 0, 0),
        shrug=(11, 0),
        pelvis=(-0.01, 0, 0),
        hold=p.between(0.4, 1.1),
    )
    if p.chance(0.5):
        p.beat(0.4, both='startle', head=(-4, p.between(-12, 12), 0), hold=p.between(0.2, 0.7))
    p.rest(1.1)


def head_up(p: Phrase) -> None:
    """The head jerks up, the trunk straightens, hands half raised."""
    p.beat(
        0.28,
        both='dance_low',
        head=(-14, p.between(-12, 12), 0),
        trunk=(-7, 0, 0),
        shrug=(8, -4),
        pelvis=(-0.01, 0, 0),
        hold=p.between(0.4, 1.2),
    )
    p.rest(1.0)


def hands_on_head(p: Phrase) -> None:
    """Both hands to the head: unbelievable."""
    p.beat(
        0.4,
        both='crown',
        head=(-7, p.between(-8, 8), 0),
        trunk=(-6, 0, p.between(-8, 8)),
        pelvis=(-0.015, 0, 0.004),
        hold=p.between(0.6, 1.5),
    )
    p.rest(1.1)


def point_at(p: Phrase) -> None:
    """Point at it, the other hand flies to the mouth."""
    p.beat(
        0.3,
        lead='point_high' if p.chance(0.4) else 'point_out',
        other=p.choice('mouth', 'heart', 'open_low'),
        head=(-8, 8, 0),
        trunk=(-6, 0, 4),
        shrug=(9, 0),
        pelvis=(-0.015, 0, 0),
        hold=p.between(0.6, 1.5),
    )
    if p.chance(0.4):
        p.beat(0.35, head=(-6, -p.between(15, 30), 0), hold=p.between(0.2, 0.5))
    p.rest(1.1)


def double_take(p: Phrase) -> None:
    """Look away, then whip round to look again."""
    p.beat(
        0.6, head=(2, p.between(20, 35), 0), trunk=(0, 0, 6), soft=True, hold=p.between(0.1, 0.4)
    )
    p.beat(
        0.26,
        head=(-9, -p.between(5, 20), 0),
        trunk=(-7, 0, -5),
        shrug=(9, 0),
        both=p.choice('dance_low', 'open_low', 'startle_low'),
        pelvis=(-0.012, 0, 0.004),
        hold=p.between(0.6, 1.4),
    )
    p.rest(1.1)


def start_up(p: Phrase) -> None:
    """Start: a dip of the knees and straight up with the arms."""
    p.beat(0.2, both='dance_low', pelvis=(0, 0, 0.026), trunk=(3, 0, 0), head=(2, 0, 0))
    p.beat(
        0.28,
        both=p.choice('cheer_low', 'open_high', 'reach_up'),
        pelvis=(-0.01, 0, 0),
        trunk=(-7, 0, p.between(-5, 5)),
        head=(-11, p.between(-8, 8), 0),
        shrug=(12, 0),
        hold=p.between(0.5, 1.2),
    )
    p.rest(1.1)


def hand_on_chest(p: Phrase) -> None:
    """A hand to the chest: you frightened me."""
    p.beat(
        0.3,
        lead=p.choice('chest', 'heart', 'throat'),
        other=p.choice('open_low', 'open'),
        head=(-7, p.between(-8, 8), 3),
        trunk=(-7, 0, 3),
        shrug=(10, 0),
        pelvis=(-0.02, 0, 0.006),
        hold=p.between(0.6, 1.6),
    )
    p.beat(0.6, trunk=(2, 0, 0), shrug=(-2, 0), head=(2, 0, 0), soft=True)
    p.rest(1.0)


def spread_hands(p: Phrase) -> None:
    """Hands burst open at the sides: how can that be."""
    p.beat(
        0.28,
        both=p.choice('shrug_out', 'open_low', 'open'),
        head=(-8, 0, p.between(-6, 6)),
        trunk=(-5, 0, 0),
        shrug=(13, -2),
        hold=p.between(0.5, 1.3),
    )
    for _ in p.times(0, 2):
        p.beat(0.35, head=(-5, p.between(-18, 18), 0), hold=p.between(0.1, 0.5))
    p.rest(1.1)


def one_hand_up(p: Phrase) -> None:
    """One hand flies up beside the head, the other one stays back."""
    p.beat(
        0.28,
        lead=p.choice('temple', 'cheer_low', 'startle', 'crown'),
        head=(-9, 6, -3),
        trunk=(-7, -2, 4),
        shrug=(9, 0),
        pelvis=(-0.015, 0, 0.003),
        hold=p.between(0.6, 1.5),
    )
    p.rest(1.1)


def look_up_round(p: Phrase) -> None:
    """Head back and round, taking it all in with open arms."""
    p.beat(
        0.3,
        both=p.choice('open_low', 'startle_low', 'dance_low'),
        head=(-14, 0, 0),
        trunk=(-7, 0, 0),
        shrug=(7, -4),
        hold=p.between(0.3, 0.8),
    )
    for number in p.times(1, 3):
        side = 1 if number % 2 else -1
        p.beat(
            0.5,
            head=(-13, side * p.between(15, 35), 0),
            trunk=(-6, 0, 8 * side),
            hold=p.between(0.2, 0.8),
        )
    p.rest(1.1)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (arms_fly_out, 1.3),
    (hands_to_cheeks, 1.1),
    (gasp, 1.0),
    (step_back, 1.1),
    (hands_up, 1.1),
    (head_up, 1.0),
    (hands_on_head, 0.9),
    (point_at, 0.9),
    (double_take, 0.9),
    (start_up, 1.0),
    (hand_on_chest, 0.9),
    (spread_hands, 1.0),
    (one_hand_up, 0.9),
    (look_up_round, 0.9),
)
