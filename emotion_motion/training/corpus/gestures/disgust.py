# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of disgust: back and aside, close to the body.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES']


def push_away(p: Phrase) -> None:
    """Push something away with the head turned aside."""
    arms = {'both': 'push_ready'} if p.chance(0.5) else {'lead': 'push_ready'}
    out = dict.fromkeys(arms, 'push_out')
    away = p.between(18, 30)
    p.beat(0.6, **arms, head=(2, -away * 0.5, -4), trunk=(-3, -2, -5))
    for _ in p.times(1, 3):
        p.beat(
            0.5,
            **out,
            head=(6, -away, -7),
            trunk=(-8, -4, p.between(-12, -5)),
            pelvis=(-0.015, -0.015, 0.004),
            hold=p.between(0, 0.5),
        )
        p.beat(0.45, **arms, head=(4, -away * 0.7, -5), trunk=(-4, -2, -5))
    p.rest(0.8)


def recoil(p: Phrase) -> None:
    """Draw back from something in front."""
    p.beat(
        0.45,
        both='chest',
        head=(-6, p.between(5, 20), 5),
        trunk=(-9, -3, 6),
        pelvis=(-0.03, 0, 0.01),
        shrug=(9, -3),
        foot=(-0.04, 0, 0),
        hold=p.between(0.3, 0.9),
    )
    p.beat(0.5, head=(8, p.between(14, 26), 7), trunk=(-6, -4, 9), hold=p.between(0, 0.5))
    p.beat(0.5, foot=(0, 0, 0))
    p.rest(0.9)


def wipe_hands(p: Phrase) -> None:
    """Wipe one hand down the other arm, or shake something off."""
    p.beat(0.6, lead='belly', other='explain_near', head=(10, -6, 4), trunk=(-2, 0, -4))
    for _ in p.times(2, 4):
        p.beat(0.35, lead='sweep_in', other='chest', head=(10, -10, 4))
        p.beat(0.35, lead='explain_out', other='explain_near', head=(8, -4, 2))
    p.rest(0.8)


def cover_nose(p: Phrase) -> None:
    """A hand before the face, the head turned away; the other hand fends off."""
    away = p.between(16, 30)
    other = {'other': 'push_out'} if p.chance(0.5) else {}
    p.beat(0.6, lead='mouth', head=(4, away, 6), trunk=(-6, 3, 7), **other)
    for _ in p.times(1, 3):
        p.beat(0.5, head=(7, away * p.between(0.6, 1.1), 8), trunk=(-7, 4, 9))
        p.beat(0.5, head=(3, away * p.between(0.5, 1), 5), trunk=(-5, 2, 5))
    p.rest(0.9)


def turn_away(p: Phrase) -> None:
    """Turn trunk and head away, one arm waves it off behind."""
    p.beat(0.7, head=(5, 28, 4), trunk=(-4, 3, 20), pelvis=(-0.01, 0.02, 0.003, 8))
    for _ in p.times(1, 3):
        p.beat(0.45, other='push_out', head=(8, 32, 6))
        p.beat(0.45, other='push_ready', head=(5, 26, 4))
    p.rest(1.0)


def shudder(p: Phrase) -> None:
    """Shudder through shoulders and head, arms drawn in."""
    p.beat(0.5, both='chest', shrug=(12, 8), head=(6, 0, 0), trunk=(-3, 0, 0))
    side = 1
    for _ in p.times(3, 6):
        side = -side
        p.beat(
            0.2,
            head=(8, side * p.between(8, 15), 0),
            trunk=(-3, 0, -side * p.between(3, 6)),
            shrug=(p.between(9, 15), 8),
        )
    p.rest(0.9)


def no_thanks(p: Phrase) -> None:
    """Shake the head slowly, a hand waves it off."""
    p.beat(0.5, lead='push_ready', head=(4, 10, 0), trunk=(-5, -2, 0))
    for number in p.times(3, 5):
        side = 1 if number % 2 else -1
        arm = 'sweep_in' if side > 0 else 'push_out'
        p.beat(0.42, lead=arm, head=(6, side * p.between(12, 20), 3), trunk=(-6, -2, 2 * side))
    p.rest(0.8)


def gag(p: Phrase) -> None:
    """Retch: a hand at the mouth, the other on the belly, the trunk in waves."""
    p.beat(0.6, lead='mouth', other='belly', head=(8, -8, 0), trunk=(2, 0, -4), shrug=(6, 6))
    for _ in p.times(1, 3):
        p.beat(
            0.4,
            trunk=(p.between(8, 14), 0, -6),
            head=(12, -10, 0),
            shrug=(9, 10),
            pelvis=(-0.02, 0, 0.012),
        )
        p.beat(
            0.5,
            trunk=(-2, 0, -5),
            head=(4, -14, 3),
            shrug=(5, 4),
            pelvis=(-0.01, 0, 0.004),
            hold=p.between(0, 0.4),
        )
    p.rest(0.9)


def shake_off(p: Phrase) -> None:
    """Hold a dirty hand away from the body and shake it off, looking away."""
    away = p.between(14, 26)
    p.beat(0.6, lead='push_down', head=(10, 6, 4), trunk=(-4, -2, -4))
    for _ in p.times(3, 6):
        p.beat(0.17, lead='sweep_out', head=(6, -away, -5), trunk=(-7, -4, -6))
        p.beat(0.17, lead='push_down', head=(8, -0.8 * away, -5), trunk=(-6, -3, -4))
    p.rest(0.8)


def shield_off(p: Phrase) -> None:
    """A forearm up between oneself and the thing, body turned and bent back."""
    away = p.between(16, 28)
    p.beat(
        0.5,
        lead='shield',
        other=p.choice('chest', 'hug_low'),
        head=(5, -away, -6),
        trunk=(-9, -5, -14),
        pelvis=(-0.025, -0.02, 0.006),
        shrug=(8, 4),
        hold=p.between(0.2, 0.7),
    )
    for _ in p.times(0, 2):
        p.beat(0.5, head=(-2, -0.3 * away, -3), trunk=(-7, -4, -10), hold=p.between(0.0, 0.4))
        p.beat(0.4, head=(7, -away, -7), trunk=(-10, -5, -15))
    p.rest(0.9)


def fan_away(p: Phrase) -> None:
    """Fan a bad smell away from the nose."""
    away = p.between(10, 22)
    other = {'other': 'nose'} if p.chance(0.4) else {}
    p.beat(0.5, lead='explain_up', head=(-2, -away, -5), trunk=(-6, -3, -5), **other)
    for _ in p.times(3, 6):
        p.beat(0.2, lead='sweep_in', head=(2, -away, -6), trunk=(-7, -3, -7))
        p.beat(0.2, lead='push_ready', head=(0, -away * 0.9, -5), trunk=(-7, -3, -5))
    p.rest(0.8)


def close_up(p: Phrase) -> None:
    """Arms held tight across the body, shoulders up, the head shaken slowly."""
    p.beat(
        0.7,
        lead='hug_low',
        other='hug_high',
        shrug=(10, 6),
        trunk=(-6, -2, -6),
        head=(6, -12, -4),
        pelvis=(-0.015, -0.01, 0.004),
    )
    for number in p.times(2, 4):
        side = 1 if number % 2 else -1
        p.beat(0.45, head=(8, side * p.between(8, 16), 3 * side), trunk=(-7, -2, 4 * side))
    p.rest(1.0)


def step_off(p: Phrase) -> None:
    """Take a step back from it, hands up and away."""
    p.beat(
        0.5,
        both=p.choice('push_ready', 'chest', 'startle_low'),
        head=(6, 12, 5),
        trunk=(-8, 3, 7),
        foot=(-p.between(0.05, 0.09), 0, 0),
        pelvis=(-0.045, 0.01, 0.008),
        shrug=(8, 0),
        hold=p.between(0.2, 0.7),
    )
    p.beat(0.5, head=(10, 22, 8), trunk=(-9, 4, 12), hold=p.between(0.0, 0.5))
    p.beat(0.6, foot=(0, 0, 0), pelvis=(-0.01, 0, 0), trunk=(-4, 0, 4))
    p.rest(0.9)


def drop_it(p: Phrase) -> None:
    """Pick at something with two fingers, hold it off and let it fall."""
    p.beat(0.7, lead='explain_in', head=(12, -4, 3), trunk=(-1, 0, -3))
    p.beat(
        0.5,
        lead='push_out',
        head=(7, -p.between(10, 22), -6),
        trunk=(-8, -3, -9),
        hold=p.between(0.1, 0.6),
    )
    p.beat(0.3, lead='sweep_out', head=(9, -14, -6), trunk=(-9, -4, -6))
    p.rest(0.8)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (push_away, 1.2),
    (recoil, 1.0),
    (wipe_hands, 1.0),
    (cover_nose, 1.2),
    (turn_away, 1.1),
    (shudder, 0.9),
    (no_thanks, 0.9),
    (gag, 0.9),
    (shake_off, 0.9),
    (shield_off, 1.0),
    (fan_away, 0.9),
    (close_up, 0.8),
    (step_off, 1.0),
    (drop_it, 0.7),
)
