# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of happiness: up and open, repeated, never still.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES']


def wave(p: Phrase) -> None:
    """Wave with one hand, the body sways along."""
    p.beat(0.6, lead='wave', head=(-4, 4, 4), trunk=(0, -3, 0), pelvis=(0, 0.01, 0))
    for _ in p.times(2, 5):
        for name, side in (('wave_out', 1), ('wave', -1)):
            p.beat(
                0.36,
                lead=name,
                head=(-4, 4, 4 * side),
                trunk=(0, 3 * side, 3 * side),
                pelvis=(0, 0.012 * side, 0.006),
                soft=True,
            )
    p.rest(0.8)


def cheer(p: Phrase) -> None:
    """Both arms up, bouncing."""
    p.beat(0.4, both='cheer_low', pelvis=(0, 0, 0.028), trunk=(3, 0, 0))
    for _ in p.times(2, 4):
        turn = p.between(-8, 8)
        p.beat(0.36, both='cheer', pelvis=(0, 0, 0), head=(-10, turn, 0), trunk=(-4, 0, turn))
        p.beat(
            0.36,
            both='cheer_low',
            pelvis=(0, 0, p.between(0.015, 0.03)),
            head=(-3, turn, 0),
            trunk=(2, 0, -turn),
        )
    p.rest(0.8)


def clap(p: Phrase) -> None:
    """Clap the hands."""
    p.beat(0.5, both='clap_out', head=(-3, 0, 4), trunk=(1, 0, 0))
    high = p.chance(0.3)
    for number in p.times(4, 9):
        side = 1 if number % 2 else -1
        p.beat(
            0.24,
            both='clap_in',
            head=(-1, 0, 4 * side),
            pelvis=(0, 0.008 * side, 0.012),
            shrug=(4, 0),
        )
        p.beat(
            0.24,
            both='cheer_low' if high and number % 3 == 0 else 'clap_out',
            head=(-5, 0, 2 * side),
            pelvis=(0, 0.004 * side, 0),
            shrug=(0, 0),
        )
    p.rest(0.7)


def bounce(p: Phrase) -> None:
    """Bounce in the knees with bent arms."""
    p.beat(0.4, both='dance_low')
    for number in p.times(3, 7):
        side = 1 if number % 2 else -1
        p.beat(
            0.27,
            both='dance_low',
            pelvis=(0, 0.014 * side, p.between(0.02, 0.034)),
            head=(2, 0, 3 * side),
            trunk=(3, 2 * side, 4 * side),
            soft=True,
        )
        p.beat(
            0.27,
            both='dance_up',
            pelvis=(0, 0.006 * side, 0),
            head=(-7, 0, 0),
            trunk=(-1, 0, 0),
            soft=True,
        )
    p.rest(0.7)


def dance(p: Phrase) -> None:
    """Sway the hips, arms in turn."""
    width = p.between(0.02, 0.036)
    for number in p.times(4, 8):
        side = 1 if number % 2 else -1
        near, far = ('dance_up', 'dance_low')
        arms = {'lead': near, 'other': far} if side > 0 else {'lead': far, 'other': near}
        p.beat(
            0.48,
            **arms,
            pelvis=(0, width * side, 0.01, 6 * side, 0, -3 * side),
            trunk=(0, 5 * side, -6 * side),
            head=(-3, 0, 7 * side),
            soft=True,
        )
    p.rest(0.8)


def open_arms(p: Phrase) -> None:
    """Open the arms wide: welcome."""
    p.beat(0.4, both='heart', trunk=(3, 0, 0), head=(4, 0, 0), pelvis=(0, 0, 0.012))
    for _ in p.times(1, 2):
        name = 'open_high' if p.chance(0.5) else 'open'
        p.beat(
            0.5,
            both=name,
            trunk=(-5, 0, p.between(-10, 10)),
            head=(-9, 0, p.between(-6, 6)),
            pelvis=(0.01, 0, 0),
            hold=p.between(0.1, 0.5),
        )
        p.beat(0.45, both='dance_low', trunk=(2, 0, 0), head=(-2, 0, 0), pelvis=(0, 0, 0.014))
    p.rest(0.7)


def swing_arms(p: Phrase) -> None:
    """Swing both arms forward and back, knees along."""
    for _ in p.times(2, 5):
        p.beat(
            0.5,
            both='swing_back',
            trunk=(6, 0, 0),
            head=(-2, 0, 0),
            pelvis=(0, 0, 0.02),
            soft=True,
        )
        p.beat(
            0.5, both='swing_up', trunk=(-3, 0, 0), head=(-6, 0, 0), pelvis=(0, 0, 0), soft=True
        )
    p.rest(0.7)


def fist_pump(p: Phrase) -> None:
    """Yes: one fist up and pulled down."""
    for _ in p.times(1, 3):
        p.beat(0.4, lead='cheer', head=(-8, 6, 3), trunk=(-3, 0, -6), pelvis=(0, 0, 0))
        p.beat(0.32, lead='dance_low', head=(2, 0, -3), trunk=(4, 0, 7), pelvis=(0, 0.01, 0.024))
    p.rest(0.7)


def laugh(p: Phrase) -> None:
    """Laugh with the whole trunk, a hand on the belly or clapping on the thigh."""
    p.beat(
        0.4,
        lead=p.choice('belly', 'chest'),
        other=p.choice('dance_low', 'thigh', 'belly'),
        head=(-10, p.between(-8, 8), 4),
        trunk=(-4, 0, 0),
    )
    for number in p.times(3, 7):
        deep = p.between(4, 14) if number % 3 == 1 else p.between(-5, 2)
        p.beat(
            0.22,
            head=(p.between(-10, 0), p.between(-8, 8), p.between(-5, 5)),
            trunk=(deep, p.between(-3, 3), p.between(-5, 5)),
            shrug=(p.between(2, 8), 0),
            pelvis=(0, 0, p.between(0.004, 0.02)),
        )
    p.rest(0.7)


def victory(p: Phrase) -> None:
    """Arms up in a V, head back, swaying in triumph."""
    p.beat(0.42, both='victory', head=(-13, 0, 0), trunk=(-6, 0, 0), shrug=(8, 0))
    for number in p.times(2, 5):
        side = 1 if number % 2 else -1
        both = p.choice('victory', 'cheer')
        p.beat(
            0.34,
            both=both,
            trunk=(-5, 4 * side, 6 * side),
            head=(-11, 4 * side, 5 * side),
            pelvis=(0, 0.014 * side, 0.012 if number % 2 else 0.0),
            soft=True,
        )
    p.rest(0.8)


def skip_heels(p: Phrase) -> None:
    """Up and down on the toes with the arms swinging: cannot stand still."""
    for number in p.times(3, 7):
        side = 1 if number % 2 else -1
        p.beat(
            0.24,
            lead='swing_up' if side > 0 else 'swing_back',
            other='swing_back' if side > 0 else 'swing_up',
            foot=(0, 0.0, 16),
            pelvis=(0, -0.012, 0.018),
            head=(-3, 0, 3 * side),
            trunk=(0, 0, 5 * side),
            soft=True,
        )
        p.beat(0.24, foot=(0, 0, 0), pelvis=(0, 0.006, 0.0), head=(-8, 0, 0), soft=True)
    p.rest(0.7)


def rub_hands(p: Phrase) -> None:
    """Hands together in delight, rubbed or pressed to the heart."""
    p.beat(0.45, both='clasp_high', head=(-5, 0, 6), trunk=(2, 0, 0), shrug=(6, 0))
    for number in p.times(3, 7):
        side = 1 if number % 2 else -1
        near, far = ('palm', 'clasp_high') if side > 0 else ('clasp_high', 'palm')
        p.beat(
            0.24,
            lead=near,
            other=far,
            head=(-5, 3 * side, 6 * side),
            trunk=(2, 2 * side, 0),
            pelvis=(0, 0.01 * side, 0.01),
        )
    p.rest(0.7)


def twirl(p: Phrase) -> None:
    """Turn the whole body from side to side with open arms."""
    for number in p.times(2, 5):
        side = 1 if number % 2 else -1
        arms = (
            {'lead': 'open_high', 'other': 'open_low'}
            if side > 0
            else {'lead': 'open_low', 'other': 'open_high'}
        )
        p.beat(
            0.5,
            **arms,
            trunk=(-3, 4 * side, 20 * side),
            head=(-8, 10 * side, 6 * side),
            pelvis=(0, 0.02 * side, 0.008, 10 * side),
            soft=True,
        )
    p.rest(0.8)


def look_at_that(p: Phrase) -> None:
    """Point up at something wonderful and beckon others."""
    p.beat(0.4, lead='reach_up', head=(-13, 10, 4), trunk=(-4, 2, 8), pelvis=(0, 0.01, 0))
    for _ in p.times(1, 3):
        p.beat(
            0.28,
            lead='point_high',
            other=p.choice('beckon_in', 'heart', 'dance_low'),
            head=(-9, p.between(-18, 14), 0),
            pelvis=(0, 0, 0.016),
        )
        p.beat(
            0.3,
            lead='reach_up',
            other='dance_low',
            head=(-13, 10, 4),
            trunk=(-4, 2, 8),
            pelvis=(0, 0, 0),
        )
    p.rest(0.7)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (wave, 1.0),
    (cheer, 1.2),
    (clap, 1.0),
    (bounce, 1.1),
    (dance, 1.2),
    (open_arms, 1.0),
    (swing_arms, 1.0),
    (fist_pump, 0.9),
    (laugh, 1.0),
    (victory, 1.0),
    (skip_heels, 0.9),
    (rub_hands, 0.8),
    (twirl, 0.9),
    (look_at_that, 0.9),
)
