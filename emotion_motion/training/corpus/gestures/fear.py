# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of fear: two ways of it, frozen and startled.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES', 'FROZEN', 'STARTLED']


def guard_face(p: Phrase) -> None:
    """Both hands up to protect the face, shrinking behind them."""
    p.beat(
        0.35,
        both='guard',
        head=(10, p.between(-25, 25), 0),
        trunk=(4, 0, p.between(-8, 8)),
        shrug=(12, 8),
        pelvis=(-0.015, 0, 0.03),
        hold=p.between(0.3, 1.2),
    )
    for _ in p.times(0, 1):
        p.beat(0.3, both='guard_near', head=(-4, 0, 0), hold=p.between(0, 0.4))
        p.beat(0.3, both='guard', head=(12, p.between(-25, 25), 0), trunk=(6, 0, 0))
    p.rest(0.9)


def pull_in(p: Phrase) -> None:
    """Arms pulled tight to the chest, quick glances."""
    p.beat(0.45, both='chest', shrug=(12, 12), trunk=(5, 0, 0), pelvis=(0, 0, 0.015))
    for _ in p.times(2, 4):
        p.beat(0.26, head=(0, p.between(15, 38), 0), trunk=(5, 0, 4), hold=p.between(0.1, 0.5))
        p.beat(0.28, head=(2, -p.between(15, 38), 0), trunk=(5, 0, -4), hold=p.between(0.1, 0.5))
    p.rest(1.0)


def cower(p: Phrase) -> None:
    """Crouch and hide the head."""
    p.beat(
        0.5,
        both='guard',
        head=(20, p.between(-12, 12), 0),
        trunk=(17, 0, 0),
        shrug=(14, 14),
        pelvis=(-0.01, 0, p.between(0.04, 0.075)),
        hold=p.between(0.5, 1.5),
    )
    if p.chance(0.6):
        p.beat(0.4, head=(-12, p.between(-20, 20), 0), trunk=(11, 0, 0), hold=p.between(0.1, 0.5))
        p.beat(0.3, head=(18, 0, 0), trunk=(17, 0, 0), hold=p.between(0, 0.6))
    p.rest(1.2)


def startle_back(p: Phrase) -> None:
    """Jump back with the hands up, then stay tense."""
    p.beat(
        0.26,
        both='startle',
        head=(-8, p.between(-20, 20), 0),
        trunk=(-11, 0, 0),
        shrug=(14, 2),
        pelvis=(-0.04, 0, 0.022),
        foot=(-0.05, 0, 0),
        hold=p.between(0.15, 0.6),
    )
    p.beat(
        0.5,
        both='guard_near',
        head=(0, p.between(-20, 20), 0),
        trunk=(-4, 0, 0),
        hold=p.between(0.1, 0.7),
    )
    p.beat(0.45, foot=(0, 0, 0), pelvis=(-0.01, 0, 0.015))
    p.rest(1.0)


def fend_off(p: Phrase) -> None:
    """Hold something off with both hands, drawing back."""
    p.beat(
        0.4,
        both='fend',
        trunk=(-8, 0, 0),
        head=(-2, p.between(-15, 15), 0),
        shrug=(10, 4),
        pelvis=(-0.03, 0, 0.015),
    )
    for _ in p.times(1, 4):
        p.beat(0.24, both='guard', trunk=(-6, 0, p.between(-6, 6)), head=(5, 0, 0))
        p.beat(0.24, both='fend', trunk=(-9, 0, p.between(-6, 6)), head=(-3, 0, 0))
    p.rest(0.9)


def look_around(p: Phrase) -> None:
    """Look quickly left and right, tense."""
    hand = {'lead': 'mouth'} if p.chance(0.4) else {'both': 'chest'}
    p.beat(0.4, **hand, shrug=(8, 6))
    for number in p.times(2, 4):
        side = 1 if number % 2 else -1
        p.beat(
            0.27,
            head=(p.between(-4, 4), side * p.between(25, 48), 0),
            trunk=(2, 0, side * p.between(5, 14)),
            hold=p.between(0.15, 0.6),
        )
    p.rest(0.8)


def hands_to_mouth(p: Phrase) -> None:
    """Bite the nails: hands at the mouth, trembling."""
    p.beat(
        0.5,
        lead='mouth',
        other='chest',
        shrug=(10, 10),
        head=(4, 0, 0),
        trunk=(4, 0, 0),
        hold=p.between(0.3, 1.0),
    )
    for _ in p.times(0, 1):
        p.beat(0.4, lead='mouth', head=(2, p.between(-25, 25), 0), hold=p.between(0.1, 0.5))
    p.rest(0.9)


def freeze(p: Phrase) -> None:
    """Stand frozen: small, elbows flexed, hands before the chest; only the head dares to turn."""
    p.beat(
        0.35,
        both=p.choice('chest', 'throat', 'clasp_high'),
        shrug=(13, 10),
        trunk=(p.between(2, 9), 0, 0),
        head=(4, 0, 0),
        pelvis=(0, 0, p.between(0.01, 0.03)),
        hold=p.between(0.8, 2.2),
    )
    for _ in p.times(0, 2):
        p.beat(0.5, head=(3, p.between(-22, 22), 0), soft=True, hold=p.between(0.5, 1.6))
    p.rest(1.2)


def flinch(p: Phrase) -> None:
    """Duck away to a side behind a raised arm."""
    p.beat(
        0.24,
        lead='shield',
        other=p.choice('guard', 'chest', 'startle_low'),
        head=(12, -p.between(12, 28), -8),
        trunk=(4, -8, -12),
        shrug=(14, 8),
        pelvis=(-0.02, -0.035, p.between(0.025, 0.05)),
        hold=p.between(0.2, 0.8),
    )
    if p.chance(0.6):
        p.beat(
            0.5,
            lead='guard',
            head=(-2, p.between(4, 18), 0),
            trunk=(1, -4, -6),
            hold=p.between(0.1, 0.6),
        )
    p.rest(1.0)


def flee(p: Phrase) -> None:
    """Jerk round and step away, looking back over the shoulder."""
    p.beat(
        0.28,
        both=p.choice('startle', 'startle_low'),
        head=(-6, 0, 0),
        trunk=(-8, 0, 0),
        shrug=(12, 2),
        pelvis=(-0.02, 0, 0.012),
    )
    p.beat(
        0.4,
        foot=(-p.between(0.06, 0.1), 0, 0),
        pelvis=(-0.05, 0.02, 0.016, 12),
        lead='chest',
        other='fend',
        trunk=(5, 3, 22),
        head=(2, 16, 0),
    )
    p.beat(0.3, head=(0, -p.between(35, 55), 0), trunk=(4, 2, 18), hold=p.between(0.3, 0.9))
    p.beat(0.5, foot=(0, 0, 0), pelvis=(-0.01, 0, 0.012), trunk=(3, 0, 4), head=(2, 0, 0))
    p.rest(1.0)


def clutch(p: Phrase) -> None:
    """Hold oneself tight, small and quick rocking."""
    p.beat(
        0.5,
        lead='hug_low',
        other='hug_high',
        shrug=(12, 12),
        trunk=(9, 0, 0),
        head=(8, 0, 0),
        pelvis=(0, 0, p.between(0.01, 0.03)),
    )
    for number in p.times(2, 6):
        side = 1 if number % 2 else -1
        p.beat(
            0.34,
            trunk=(9 + 3 * side, 0, 0),
            head=(8 - 2 * side, p.between(-12, 12), 0),
            pelvis=(0.006 * side, 0, 0.02),
            soft=True,
        )
    p.rest(1.1)


def cover_ears(p: Phrase) -> None:
    """Hands over the ears, head drawn in."""
    p.beat(
        0.4,
        both='ear',
        head=(14, p.between(-8, 8), 0),
        trunk=(10, 0, 0),
        shrug=(14, 8),
        pelvis=(-0.01, 0, p.between(0.02, 0.05)),
        hold=p.between(0.5, 1.4),
    )
    for _ in p.times(0, 3):
        p.beat(0.28, head=(14, p.between(-14, 14), 0), trunk=(11, 0, p.between(-5, 5)))
    p.rest(1.0)


def jump(p: Phrase) -> None:
    """Start violently: knees give, arms fly, then stay braced."""
    p.beat(
        0.22,
        both=p.choice('fling', 'startle'),
        head=(-9, p.between(-15, 15), 0),
        trunk=(-9, 0, p.between(-8, 8)),
        shrug=(15, 0),
        pelvis=(-0.02, 0, 0.03),
    )
    p.beat(
        0.4,
        both=p.choice('guard_near', 'chest', 'fend'),
        trunk=(3, 0, 0),
        head=(3, 0, 0),
        pelvis=(-0.01, 0, 0.03),
        hold=p.between(0.4, 1.3),
    )
    p.rest(1.0)


def back_off(p: Phrase) -> None:
    """Slowly back off, one hand out against it, eyes on it."""
    p.beat(
        0.5,
        lead='fend',
        other=p.choice('chest', 'throat', 'mouth'),
        trunk=(-6, 0, -5),
        head=(2, 0, 0),
        shrug=(11, 4),
        pelvis=(-0.02, 0, 0.012),
    )
    p.beat(
        0.5,
        foot=(-p.between(0.05, 0.09), 0, 0),
        pelvis=(-0.05, -0.01, 0.014),
        trunk=(-8, 0, -7),
        head=(0, p.between(-6, 6), 0),
        hold=p.between(0.3, 0.9),
    )
    p.beat(0.5, foot=(0, 0, 0), pelvis=(-0.01, 0, 0.012))
    p.rest(1.0)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (guard_face, 1.1),
    (pull_in, 1.0),
    (cower, 1.2),
    (startle_back, 1.2),
    (fend_off, 1.0),
    (look_around, 1.0),
    (hands_to_mouth, 0.8),
    (freeze, 1.5),
    (flinch, 1.1),
    (flee, 1.0),
    (clutch, 0.9),
    (cover_ears, 0.8),
    (jump, 1.0),
    (back_off, 0.9),
)

# Which families belong to which of the two modes; the rest to both.
FROZEN = (freeze, pull_in, cower, look_around, hands_to_mouth, clutch, cover_ears)
STARTLED = (startle_back, guard_face, fend_off, flinch, flee, jump, back_off)
