# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of anger: forward, quick, with a stop after each stroke.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES']


def jab(p: Phrase) -> None:
    """Point at somebody again and again."""
    lean = p.between(3, 9)
    p.beat(0.55, lead='point_ready', trunk=(lean * 0.4, 0, -5), head=(2, 0, 0))
    for _ in p.times(2, 5):
        p.beat(0.3, lead='point_out', trunk=(lean, 0, p.between(-12, -4)), head=(4, 0, 0))
        p.beat(0.34, lead='point_ready', trunk=(lean * 0.6, 0, 2), head=(0, 0, 0))
    p.rest(0.7)


def chop(p: Phrase) -> None:
    """Strike down with the edge of the hand, for each word."""
    for _ in p.times(2, 4):
        p.beat(0.42, lead='chop_up', trunk=(0, 0, 5), head=(-3, 0, 0), pelvis=(0, 0, 0))
        p.beat(
            0.28,
            lead='chop_down',
            trunk=(p.between(6, 12), 0, -6),
            head=(7, 0, 0),
            pelvis=(0.01, 0, 0.014),
            hold=p.between(0, 0.3),
        )
    p.rest(0.7)


def shake_fists(p: Phrase) -> None:
    """Shake both fists up and down."""
    p.beat(0.45, both='fist_up', shrug=(6, 4), trunk=(3, 0, 0), head=(-2, 0, 0))
    for _ in p.times(2, 5):
        p.beat(
            0.28,
            both='fist_down',
            trunk=(p.between(6, 11), 0, 0),
            head=(6, 0, 0),
            pelvis=(0, 0, p.between(0.008, 0.022)),
        )
        p.beat(0.32, both='fist_up', trunk=(3, 0, 0), head=(-2, 0, 0), pelvis=(0, 0, 0))
    p.rest(0.7)


def throw_arms(p: Phrase) -> None:
    """Throw both arms forward: what is this."""
    for _ in p.times(1, 3):
        p.beat(0.4, both='throw_back', trunk=(-1, 0, 0), head=(-4, 0, 0))
        p.beat(
            0.3,
            both='throw_out',
            trunk=(p.between(5, 10), 0, 0),
            head=(4, 0, 0),
            pelvis=(0.012, 0, 0.008),
            hold=p.between(0.1, 0.5),
        )
    p.rest(0.7)


def hands_on_hips(p: Phrase) -> None:
    """Both hands on the hips, leaning in, nodding at somebody."""
    p.beat(0.6, both='hip', trunk=(3, 0, 0))
    for _ in p.times(2, 4):
        p.beat(0.35, trunk=(p.between(5, 12), 0, p.between(-8, 8)), head=(8, p.between(-8, 8), 0))
        p.beat(0.4, trunk=(2, 0, p.between(-8, 8)), head=(-4, p.between(-8, 8), 0))
    p.rest(0.7)


def hard_no(p: Phrase) -> None:
    """Shake the head hard, an arm cuts across."""
    p.beat(0.4, lead='sweep_in', head=(5, 14, 0), trunk=(4, 0, 6))
    for number in p.times(2, 4):
        turn = p.between(12, 22) * (-1 if number % 2 == 0 else 1)
        arm = 'sweep_out' if number % 2 == 0 else 'sweep_in'
        p.beat(0.3, lead=arm, head=(5, turn, 0), trunk=(5, 0, 0.4 * turn))
    p.rest(0.6)


def stamp(p: Phrase) -> None:
    """Stamp with a foot, fists driven down."""
    for _ in p.times(1, 3):
        p.beat(
            0.4,
            both='throw_back',
            foot=(0.0, 0.05, 4),
            pelvis=(0, -0.035, 0.004),
            trunk=(0, -3, 0),
            shrug=(7, 0),
        )
        p.beat(
            0.22,
            both='fist_down',
            foot=(0, 0, 0),
            pelvis=(0, 0.008, 0.032),
            trunk=(9, 1, 0),
            head=(7, 0, 0),
            shrug=(2, 4),
        )
        p.beat(0.35, pelvis=(0, 0, 0), trunk=(5, 0, 0), head=(2, 0, 0))
    p.rest(0.6)


def cross_arms(p: Phrase) -> None:
    """Cross the arms, tap with a foot, glare."""
    p.beat(
        0.6,
        lead='cross_low',
        other='cross_high',
        shrug=(5, 2),
        trunk=(-2, 0, 0),
        head=(3, 0, 0),
        pelvis=(0, -0.02, 0),
    )
    for _ in p.times(3, 6):
        p.beat(0.2, foot=(0, 0, p.between(9, 15)), head=(5, p.between(-6, 6), 0))
        p.beat(0.2, foot=(0, 0, 0), head=(2, p.between(-6, 6), 0), hold=p.between(0.0, 0.15))
    p.rest(0.7)


def lunge(p: Phrase) -> None:
    """A step towards somebody, the trunk and an arm thrown at them."""
    arms = {'both': 'throw_out'} if p.chance(0.4) else {'lead': 'point_out', 'other': 'fist_side'}
    p.beat(0.35, both='throw_back', trunk=(-3, 0, -4), head=(-3, 0, 0), pelvis=(-0.015, 0, 0.004))
    p.beat(
        0.38,
        **arms,
        foot=(p.between(0.06, 0.11), 0, 0),
        pelvis=(0.05, 0.01, 0.024),
        trunk=(p.between(9, 15), 0, 5),
        head=(4, 0, 0),
        hold=p.between(0.1, 0.5),
    )
    for _ in p.times(0, 2):
        p.beat(0.28, trunk=(5, 0, 0), head=(-3, p.between(-6, 6), 0))
        p.beat(0.26, trunk=(12, 0, 4), head=(7, 0, 0))
    p.beat(0.5, foot=(0, 0, 0), pelvis=(0, 0, 0.004), trunk=(4, 0, 0))
    p.rest(0.7)


def slam(p: Phrase) -> None:
    """Raise both fists and bring them down on an invisible table."""
    for _ in p.times(1, 3):
        p.beat(0.42, both='slam_up', trunk=(-5, 0, 0), head=(-5, 0, 0), pelvis=(0, 0, 0))
        p.beat(
            0.26,
            both='slam_down',
            trunk=(p.between(10, 17), 0, 0),
            head=(6, 0, 0),
            pelvis=(-0.005, 0, p.between(0.018, 0.032)),
            hold=p.between(0, 0.3),
        )
    p.rest(0.7)


def fist_in_palm(p: Phrase) -> None:
    """Beat a fist into the other palm."""
    p.beat(0.45, both='palm_out', trunk=(3, 0, -2))
    for _ in p.times(2, 5):
        p.beat(0.22, lead='palm', other='palm', trunk=(p.between(5, 9), 0, -4), head=(6, 0, 0))
        p.beat(0.28, lead='palm_out', trunk=(3, 0, 3), head=(0, p.between(-5, 5), 0))
    p.rest(0.7)


def backhand(p: Phrase) -> None:
    """Sweep somebody's words away with the back of the hand."""
    for _ in p.times(1, 3):
        p.beat(0.4, lead='backhand_in', trunk=(4, 0, -9), head=(3, -10, 0))
        p.beat(
            0.3,
            lead='backhand_out',
            trunk=(6, 0, 9),
            head=(4, p.between(6, 14), 0),
            pelvis=(0.01, 0.01, 0.006),
            hold=p.between(0.0, 0.3),
        )
    p.rest(0.7)


def come_on(p: Phrase) -> None:
    """Beckon somebody to come and fight, chin out."""
    arms = ('both',) if p.chance(0.5) else ('lead',)
    p.beat(0.4, **dict.fromkeys(arms, 'beckon_out'), head=(-5, 0, 0), trunk=(4, 0, 0))
    for _ in p.times(2, 4):
        p.beat(
            0.26,
            **dict.fromkeys(arms, 'beckon_in'),
            head=(-7, 0, 4),
            trunk=(2, 0, 0),
            pelvis=(0.012, 0, 0.004),
        )
        p.beat(
            0.26,
            **dict.fromkeys(arms, 'beckon_out'),
            head=(-3, 0, -3),
            trunk=(7, 0, 0),
            pelvis=(0, 0, 0.008),
        )
    p.rest(0.7)


def punch(p: Phrase) -> None:
    """Punch the air in front, one fist after the other."""
    p.beat(
        0.4,
        both='punch_ready',
        trunk=(4, 0, 0),
        head=(5, 0, 0),
        shrug=(5, 3),
        pelvis=(0, 0, 0.016),
    )
    for number in p.times(1, 4):
        near, far = ('lead', 'other') if number % 2 == 0 else ('other', 'lead')
        turn = -11 if number % 2 == 0 else 11
        p.beat(
            0.26,
            **{near: 'punch_out', far: 'punch_ready'},
            trunk=(9, 0, turn),
            head=(4, -0.6 * turn, 0),
            pelvis=(0.015, 0, 0.02),
        )
    p.beat(0.3, both='punch_ready', trunk=(4, 0, 0), hold=p.between(0, 0.3))
    p.rest(0.7)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (jab, 1.3),
    (chop, 1.1),
    (shake_fists, 1.1),
    (throw_arms, 1.0),
    (hands_on_hips, 0.9),
    (hard_no, 1.0),
    (stamp, 1.0),
    (cross_arms, 0.7),
    (lunge, 1.1),
    (slam, 1.0),
    (fist_in_palm, 0.8),
    (backhand, 0.9),
    (come_on, 0.7),
    (punch, 0.8),
)
