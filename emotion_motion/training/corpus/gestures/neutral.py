# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of neutral: small, as in talk, with rests between.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.corpus.phrase import Family, Phrase

__all__ = ['FAMILIES']


def look_aside(p: Phrase) -> None:
    """Look to a side and back."""
    turn = p.between(15, 38)
    p.beat(
        0.75,
        head=(p.between(-3, 4), turn, 0),
        trunk=(0, 0, turn * p.between(0.1, 0.4)),
        hold=p.between(0.3, 1.2),
    )
    p.rest(0.8)


def explain(p: Phrase) -> None:
    """Small explaining movements of a hand."""
    both = p.chance(0.55)
    for _ in p.times(2, 6):
        for name in ('explain_near', p.choice('explain_out', 'explain_up', 'sweep_out')):
            arms = {'both': name} if both else {'lead': name}
            p.beat(
                p.between(0.38, 0.56),
                **arms,
                hold=p.between(0, 0.15),
                head=(p.between(-2, 5), p.between(-6, 10), 0),
            )
    p.rest(0.8)


def hand_to_hip(p: Phrase) -> None:
    """One hand on the hip for a while."""
    p.beat(
        0.75,
        lead='hip',
        pelvis=(0, -0.022, 0.002, 0, 0, 1.5),
        trunk=(0, 1, 0),
        hold=p.between(0.5, 1.8),
    )
    p.rest(0.8)


def touch_chin(p: Phrase) -> None:
    """Think with a hand at the chin."""
    other = {'other': 'belly'} if p.chance(0.6) else {}
    p.beat(0.75, lead='chin', head=(3, p.between(-8, 8), 3), **other, hold=p.between(0.5, 1.6))
    p.rest(0.8)


def clasp_hands(p: Phrase) -> None:
    """Hands clasped in front."""
    p.beat(0.75, both='clasp', hold=p.between(0.5, 1.8))
    p.rest(0.8)


def nod(p: Phrase) -> None:
    """Nod."""
    for _ in p.times(1, 3):
        p.beat(0.35, head=(p.between(6, 12), 0, 0), soft=True)
        p.beat(0.4, head=(-1, 0, 0), soft=True)
    p.rest(0.5, hold=p.between(0.2, 1.0))


def small_shrug(p: Phrase) -> None:
    """A small shrug with the hands."""
    p.beat(
        0.42,
        both='shrug_out',
        shrug=(8, 0),
        head=(0, 0, p.between(-6, 6)),
        hold=p.between(0.1, 0.5),
    )
    p.rest(0.9)


def scratch_nape(p: Phrase) -> None:
    """A hand to the back of the neck."""
    p.beat(0.75, lead='nape', head=(6, -5, 0), hold=p.between(0.2, 0.8))
    p.rest(0.8)


def count_off(p: Phrase) -> None:
    """Make point after point with small beats of a hand."""
    name = p.choice('explain_up', 'explain_out', 'explain_in')
    p.beat(0.7, lead='explain_near')
    for _ in p.times(3, 7):
        p.beat(0.32, lead=name, head=(p.between(2, 6), p.between(-4, 4), 0))
        p.beat(0.36, lead='explain_near', head=(-1, p.between(-4, 4), 0), hold=p.between(0, 0.3))
    p.rest(0.8)


def check_watch(p: Phrase) -> None:
    """Raise the forearm and look at the time."""
    p.beat(
        0.75,
        lead='watch',
        head=(12, p.between(2, 8), 0),
        trunk=(1, 0, 0),
        hold=p.between(0.5, 1.4),
    )
    p.rest(0.8)


def straighten_sleeve(p: Phrase) -> None:
    """One hand pulls at the other sleeve or brushes it."""
    p.beat(0.8, lead='sleeve', other='explain_in', head=(10, -3, 0), trunk=(1, 0, -2))
    for _ in p.times(1, 3):
        p.beat(0.4, lead='forearm', head=(9, -5, 0), soft=True)
        p.beat(0.4, lead='sleeve', head=(9, -2, 0), soft=True)
    p.rest(0.8)


def fold_arms(p: Phrase) -> None:
    """Stand with folded arms for a while."""
    p.beat(0.85, lead='cross_low', other='cross_high', hold=p.between(0.8, 2.2))
    if p.chance(0.5):
        p.beat(0.7, head=(2, p.between(-18, 18), 3), hold=p.between(0.2, 0.8))
    p.rest(1.1)


def hands_behind(p: Phrase) -> None:
    """Stand with the hands behind the back."""
    p.beat(1.1, both='back', trunk=(-1, 0, 0), hold=p.between(0.7, 2.0))
    p.rest(1.1)


def weigh(p: Phrase) -> None:
    """On the one hand, on the other hand."""
    for number in p.times(2, 6):
        side = 1 if number % 2 else -1
        arms = ('explain_out', 'explain_near')[::side]
        p.beat(
            0.45,
            lead=arms[0],
            other=arms[1],
            head=(1, 8 * side, 3 * side),
            trunk=(0, side, 0),
            hold=p.between(0.0, 0.4),
        )
    p.rest(0.8)


def stand(p: Phrase) -> None:
    """Do nothing for a while but breathe."""
    p.beat(0.6, head=(p.between(-2, 3), p.between(-6, 6), 0), hold=p.between(0.8, 2.4), soft=True)
    p.rest(0.8)


# Each with how often it is drawn, relative to the others.
FAMILIES: tuple[tuple[Family, float], ...] = (
    (look_aside, 0.8),
    (explain, 3.4),
    (hand_to_hip, 0.9),
    (touch_chin, 0.9),
    (clasp_hands, 0.9),
    (nod, 0.5),
    (small_shrug, 1.0),
    (scratch_nape, 0.6),
    (count_off, 1.8),
    (check_watch, 0.7),
    (straighten_sleeve, 0.7),
    (fold_arms, 0.8),
    (hands_behind, 0.7),
    (weigh, 2.0),
    (stand, 1.8),
)
