# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of sadness: slow, hanging, downward.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES']


def hang_head(p: Phrase) -> None:
    """Let head and trunk sink, slowly come up a little."""
    p.beat(
        0.9,
        head=(12, p.between(-8, 8), 3),
        trunk=(7, 0, 0),
        shrug=(-4, 6),
        pelvis=(0, 0, 0.004),
        soft=True,
        hold=p.between(0.4, 1.2),
    )
    p.rest(1.2)


def slow_no(p: Phrase) -> None:
    """Shake the lowered head slowly."""
    p.beat(0.5, head=(6, 12, 2), trunk=(3, 0, 2), soft=True)
    for number in p.times(2, 4):
        side = 1 if number % 2 else -1
        p.beat(0.6, head=(8, side * p.between(10, 20), 3), trunk=(4, 0, 3 * side), soft=True)
    p.rest(0.7)


def sigh(p: Phrase) -> None:
    """Shoulders rise and drop, the body with them."""
    p.beat(0.6, shrug=(11, -4), head=(-10, 0, 0), trunk=(-4, 0, 0), soft=True)
    p.beat(
        0.5,
        shrug=(-5, 7),
        head=(9, 0, 2),
        trunk=(6, 0, 0),
        pelvis=(0, 0, 0.005),
        soft=True,
        hold=p.between(0.2, 0.8),
    )
    p.rest(1.0)


def wipe_eyes(p: Phrase) -> None:
    """Wipe the eyes with a hand."""
    p.beat(0.7, lead='eye', head=(8, 6, 3), trunk=(4, 0, 0), soft=True)
    for _ in p.times(1, 3):
        p.beat(0.3, lead='cheek', head=(9, 9, 4), soft=True)
        p.beat(0.3, lead='eye', head=(8, 4, 2), soft=True)
    p.rest(1.0)


def hug_oneself(p: Phrase) -> None:
    """Arms around oneself, rocking a little."""
    p.beat(
        0.9,
        lead='hug_low',
        other='hug_high',
        shrug=(3, 8),
        trunk=(6, 0, 0),
        head=(6, 0, 0),
        soft=True,
    )
    for number in p.times(1, 4):
        side = 1 if number % 2 else -1
        p.beat(
            0.7,
            trunk=(6, 2.5 * side, 3 * side),
            pelvis=(0, 0.012 * side, 0.004),
            head=(8, 4 * side, 3 * side),
            soft=True,
        )
    p.rest(1.1)


def slump(p: Phrase) -> None:
    """Give way at the knees, arms hanging before the body."""
    p.beat(
        0.9,
        both='hang_front',
        pelvis=(-0.01, 0.012, p.between(0.008, 0.016)),
        trunk=(11, 0, 0),
        head=(10, 0, 0),
        shrug=(-4, 10),
        soft=True,
        hold=p.between(0.3, 1.0),
    )
    p.rest(1.2)


def face_in_hands(p: Phrase) -> None:
    """Hide the face in both hands, sobbing."""
    p.beat(0.8, both='eye', head=(14, 0, 0), trunk=(10, 0, 0), shrug=(4, 10), soft=True)
    for _ in p.times(1, 3):
        p.beat(0.3, shrug=(9, 10), head=(11, 0, 0), trunk=(8, 0, 0), soft=True)
        p.beat(0.35, shrug=(2, 10), head=(16, 0, 0), trunk=(11, 0, 0), soft=True)
    p.rest(1.1)


def helpless(p: Phrase) -> None:
    """Raise the hands a little and let them drop."""
    p.beat(0.7, both='shrug_out', shrug=(6, 0), head=(-4, 0, 5), soft=True)
    p.beat(0.4, both='hang', shrug=(-4, 6), head=(9, 0, 2), trunk=(4, 0, 0), soft=True)
    p.rest(0.8)


def deep_sigh(p: Phrase) -> None:
    """Breathe in through the whole trunk, hold, and let everything drop."""
    p.beat(
        1.0,
        shrug=(13, -6),
        head=(-13, 0, 0),
        trunk=(-7, 0, 0),
        soft=True,
        hold=p.between(0.0, 0.4),
    )
    p.beat(
        0.8,
        shrug=(-6, 9),
        head=(8, p.between(-8, 8), 3),
        trunk=(6, 0, 0),
        both='hang',
        pelvis=(0, 0, p.between(0.003, 0.010)),
        soft=True,
        hold=p.between(0.3, 1.0),
    )
    p.rest(1.3)


def look_down_aside(p: Phrase) -> None:
    """Turn the lowered head away and stay there."""
    p.beat(
        1.0, head=(7, p.between(18, 34), 5), trunk=(3, 1, 5), soft=True, hold=p.between(0.5, 1.6)
    )
    p.rest(1.3)


def rub_arm(p: Phrase) -> None:
    """Stroke one's other arm for comfort."""
    p.beat(1.0, lead='forearm', head=(6, -8, -3), trunk=(4, 0, -3), shrug=(2, 8), soft=True)
    for number in p.times(2, 4):
        goal = 'upper_arm' if number % 2 == 0 else 'forearm'
        p.beat(0.6, lead=goal, head=(7, -8, -3), soft=True)
    p.rest(1.2)


def hold_head(p: Phrase) -> None:
    """A hand at the forehead, the head heavy in it."""
    other = {'other': p.choice('belly', 'hug_low')} if p.chance(0.6) else {}
    p.beat(1.0, lead='forehead', head=(9, 5, 5), trunk=(5, 2, 0), soft=True, **other)
    for number in p.times(1, 3):
        side = 1 if number % 2 else -1
        p.beat(0.8, head=(10, 5 * side, 4), trunk=(6, 2, 2 * side), soft=True)
    p.rest(1.2)


def hand_on_heart(p: Phrase) -> None:
    """A hand flat on the chest, bowed over it."""
    p.beat(
        1.0,
        lead='heart',
        head=(6, -5, 4),
        trunk=(7, 0, -2),
        shrug=(2, 8),
        soft=True,
        hold=p.between(0.5, 1.5),
    )
    p.rest(1.2)


def sway_lost(p: Phrase) -> None:
    """Rock the weight from foot to foot, arms swinging loosely."""
    for number in p.times(2, 4):
        side = 1 if number % 2 else -1
        p.beat(
            1.0,
            both='hang',
            pelvis=(0, 0.022 * side, 0.005, 0, 0, -1.5 * side),
            trunk=(4, -3 * side, 3 * side),
            head=(5, 5 * side, -4 * side),
            soft=True,
        )
    p.rest(1.1)


def give_up(p: Phrase) -> None:
    """Lift an arm towards something, stop, and let it fall."""
    p.beat(
        1.0,
        lead='explain_near',
        head=(-9, 3, 0),
        trunk=(1, 0, 0),
        soft=True,
        hold=p.between(0.1, 0.5),
    )
    p.beat(
        0.6,
        lead='hang',
        head=(7, -4, 3),
        trunk=(6, 0, 0),
        shrug=(-4, 9),
        soft=True,
        hold=p.between(0.2, 0.9),
    )
    p.rest(1.1)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (hang_head, 1.2),
    (slow_no, 1.1),
    (sigh, 1.0),
    (deep_sigh, 1.0),
    (wipe_eyes, 1.1),
    (hug_oneself, 1.0),
    (slump, 1.0),
    (face_in_hands, 0.9),
    (helpless, 0.8),
    (look_down_aside, 1.0),
    (rub_arm, 0.8),
    (hold_head, 0.9),
    (hand_on_heart, 0.7),
    (sway_lost, 0.7),
    (give_up, 0.8),
)
