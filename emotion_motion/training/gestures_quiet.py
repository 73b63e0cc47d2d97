# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of the quieter emotions: disgust, fear, neutral, sadness.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.phrase import Phrase
from emotion_motion.training.poses import POSES as P

# --- disgust ------------------------------------------------------------------------------------


def push_away(p: Phrase) -> None:
    """Push something away with the head turned aside."""
    arms = {'both': P['push_ready']} if p.chance(0.5) else {'lead': P['push_ready']}
    out = dict.fromkeys(arms, P['push_out'])
    away = p.between(18, 30)
    p.beat(0.6, **arms, head=(2, -away * 0.5, -4), trunk=(-3, -2, -5))
    for _ in p.times(1, 3):
        p.beat(0.5, **out, head=(6, -away, -7), trunk=(-8, -4, p.between(-12, -5)),
               pelvis=(-0.015, -0.015, 0.004), hold=p.between(0, 0.5))  # fmt: skip
        p.beat(0.45, **arms, head=(4, -away * 0.7, -5), trunk=(-4, -2, -5))
    p.rest(0.8)


def recoil(p: Phrase) -> None:
    """Draw back from something in front."""
    p.beat(0.45, both=P['chest'], head=(-6, p.between(5, 20), 5), trunk=(-9, -3, 6),
           pelvis=(-0.03, 0, 0.01), shrug=(9, -3), foot=(-0.04, 0, 0),
           hold=p.between(0.3, 0.9))  # fmt: skip
    p.beat(0.5, head=(8, p.between(14, 26), 7), trunk=(-6, -4, 9), hold=p.between(0, 0.5))
    p.beat(0.5, foot=(0, 0, 0))
    p.rest(0.9)


def wipe_hands(p: Phrase) -> None:
    """Wipe one hand down the other arm, or shake something off."""
    p.beat(0.6, lead=P['belly'], other=P['explain_near'], head=(10, -6, 4), trunk=(-2, 0, -4))
    for _ in p.times(2, 4):
        p.beat(0.35, lead=P['sweep_in'], other=P['chest'], head=(10, -10, 4))
        p.beat(0.35, lead=P['explain_out'], other=P['explain_near'], head=(8, -4, 2))
    p.rest(0.8)


def cover_nose(p: Phrase) -> None:
    """A hand before the face, the head turned away; the other hand fends off."""
    away = p.between(16, 30)
    other = {'other': P['push_out']} if p.chance(0.5) else {}
    p.beat(0.6, lead=P['mouth'], head=(4, away, 6), trunk=(-6, 3, 7), **other)
    for _ in p.times(1, 3):
        p.beat(0.5, head=(7, away * p.between(0.6, 1.1), 8), trunk=(-7, 4, 9))
        p.beat(0.5, head=(3, away * p.between(0.5, 1), 5), trunk=(-5, 2, 5))
    p.rest(0.9)


def turn_away(p: Phrase) -> None:
    """Turn trunk and head away, one arm waves it off behind."""
    p.beat(0.7, head=(5, 28, 4), trunk=(-4, 3, 20), pelvis=(-0.01, 0.02, 0.003, 8))
    for _ in p.times(1, 3):
        p.beat(0.45, other=P['push_out'], head=(8, 32, 6))
        p.beat(0.45, other=P['push_ready'], head=(5, 26, 4))
    p.rest(1.0)


def shudder(p: Phrase) -> None:
    """Shudder through shoulders and head, arms drawn in."""
    p.beat(0.5, both=P['chest'], shrug=(12, 8), head=(6, 0, 0), trunk=(-3, 0, 0))
    side = 1
    for _ in p.times(3, 6):
        side = -side
        p.beat(0.2, head=(8, side * p.between(8, 15), 0), trunk=(-3, 0, -side * p.between(3, 6)),
               shrug=(p.between(9, 15), 8))  # fmt: skip
    p.rest(0.9)


def no_thanks(p: Phrase) -> None:
    """Shake the head slowly, a hand waves it off."""
    p.beat(0.5, lead=P['push_ready'], head=(4, 10, 0), trunk=(-5, -2, 0))
    for number in p.times(3, 5):
        side = 1 if number % 2 else -1
        arm = P['sweep_in'] if side > 0 else P['push_out']
        p.beat(0.42, lead=arm, head=(6, side * p.between(12, 20), 3), trunk=(-6, -2, 2 * side))
    p.rest(0.8)


# --- fear ---------------------------------------------------------------------------------------


def guard_face(p: Phrase) -> None:
    """Both hands up to protect the face, shrinking behind them."""
    p.beat(0.35, both=P['guard'], head=(10, p.between(-25, 25), 0), trunk=(4, 0, p.between(-8, 8)),
           shrug=(12, 8), pelvis=(-0.015, 0, 0.03), hold=p.between(0.3, 1.2))  # fmt: skip
    for _ in p.times(0, 2):
        p.beat(0.3, both=P['guard_near'], head=(-4, 0, 0), hold=p.between(0, 0.4))
        p.beat(0.3, both=P['guard'], head=(12, p.between(-25, 25), 0), trunk=(6, 0, 0))
    p.rest(0.9)


def pull_in(p: Phrase) -> None:
    """Arms pulled tight to the chest, quick glances."""
    p.beat(0.45, both=P['chest'], shrug=(12, 12), trunk=(5, 0, 0), pelvis=(0, 0, 0.015))
    for _ in p.times(2, 4):
        p.beat(0.26, head=(0, p.between(15, 38), 0), trunk=(5, 0, 4), hold=p.between(0.1, 0.5))
        p.beat(0.28, head=(2, -p.between(15, 38), 0), trunk=(5, 0, -4), hold=p.between(0.1, 0.5))
    p.rest(1.0)


def cower(p: Phrase) -> None:
    """Crouch and hide the head."""
    p.beat(0.5, both=P['guard'], head=(20, p.between(-12, 12), 0), trunk=(17, 0, 0),
           shrug=(14, 14), pelvis=(-0.01, 0, p.between(0.04, 0.075)),
           hold=p.between(0.5, 1.5))  # fmt: skip
    if p.chance(0.6):
        p.beat(0.4, head=(-12, p.between(-20, 20), 0), trunk=(11, 0, 0), hold=p.between(0.1, 0.5))
        p.beat(0.3, head=(18, 0, 0), trunk=(17, 0, 0), hold=p.between(0, 0.6))
    p.rest(1.2)


def startle_back(p: Phrase) -> None:
    """Jump back with the hands up, then stay tense."""
    p.beat(0.26, both=P['startle'], head=(-8, p.between(-20, 20), 0), trunk=(-11, 0, 0),
           shrug=(14, 2), pelvis=(-0.04, 0, 0.022), foot=(-0.05, 0, 0),
           hold=p.between(0.15, 0.6))  # fmt: skip
    p.beat(0.5, both=P['guard_near'], head=(0, p.between(-20, 20), 0), trunk=(-4, 0, 0),
           hold=p.between(0.1, 0.7))  # fmt: skip
    p.beat(0.45, foot=(0, 0, 0), pelvis=(-0.01, 0, 0.015))
    p.rest(1.0)


def fend_off(p: Phrase) -> None:
    """Hold something off with both hands, drawing back."""
    p.beat(0.4, both=P['fend'], trunk=(-8, 0, 0), head=(-2, p.between(-15, 15), 0),
           shrug=(10, 4), pelvis=(-0.03, 0, 0.015))  # fmt: skip
    for _ in p.times(1, 4):
        p.beat(0.24, both=P['guard'], trunk=(-6, 0, p.between(-6, 6)), head=(5, 0, 0))
        p.beat(0.24, both=P['fend'], trunk=(-9, 0, p.between(-6, 6)), head=(-3, 0, 0))
    p.rest(0.9)


def look_around(p: Phrase) -> None:
    """Look quickly left and right, tense."""
    hand = {'lead': P['mouth']} if p.chance(0.4) else {'both': P['chest']}
    p.beat(0.4, **hand, shrug=(8, 6))
    for number in p.times(2, 4):
        side = 1 if number % 2 else -1
        p.beat(0.27, head=(p.between(-4, 4), side * p.between(25, 48), 0),
               trunk=(2, 0, side * p.between(5, 14)), hold=p.between(0.15, 0.6))  # fmt: skip
    p.rest(0.8)


def hands_to_mouth(p: Phrase) -> None:
    """Bite the nails: hands at the mouth, trembling."""
    p.beat(0.5, lead=P['mouth'], other=P['chest'], shrug=(10, 10), head=(4, 0, 0), trunk=(4, 0, 0),
           hold=p.between(0.3, 1.0))  # fmt: skip
    for _ in p.times(0, 2):
        p.beat(0.4, lead=P['mouth'], head=(2, p.between(-25, 25), 0), hold=p.between(0.1, 0.5))
    p.rest(0.9)


# --- neutral ------------------------------------------------------------------------------------


def look_aside(p: Phrase) -> None:
    """Look to a side and back."""
    turn = p.between(15, 38)
    p.beat(0.9, head=(p.between(-3, 4), turn, 0), trunk=(0, 0, turn * p.between(0.1, 0.4)),
           hold=p.between(0.3, 1.2))  # fmt: skip
    p.rest(1.0)


def explain(p: Phrase) -> None:
    """Small explaining movements of a hand."""
    both = p.chance(0.35)
    for _ in p.times(1, 4):
        for name in ('explain_near', 'explain_out' if p.chance(0.5) else 'explain_up'):
            arms = {'both': P[name]} if both else {'lead': P[name]}
            p.beat(0.6, **arms, head=(p.between(-2, 5), p.between(-6, 10), 0),
                   hold=p.between(0, 0.5))  # fmt: skip
    p.rest(1.0)


def hand_to_hip(p: Phrase) -> None:
    """One hand on the hip for a while."""
    p.beat(0.9, lead=P['hip'], pelvis=(0, -0.022, 0.002, 0, 0, 1.5), trunk=(0, 1, 0),
           hold=p.between(0.5, 1.8))  # fmt: skip
    p.rest(1.0)


def touch_chin(p: Phrase) -> None:
    """Think with a hand at the chin."""
    other = {'other': P['belly']} if p.chance(0.6) else {}
    p.beat(0.9, lead=P['chin'], head=(3, p.between(-8, 8), 3), **other, hold=p.between(0.5, 1.6))
    p.rest(1.0)


def clasp_hands(p: Phrase) -> None:
    """Hands clasped in front."""
    p.beat(0.9, both=P['clasp'], hold=p.between(0.5, 1.8))
    p.rest(1.0)


def nod(p: Phrase) -> None:
    """Nod."""
    for _ in p.times(1, 3):
        p.beat(0.35, head=(p.between(6, 12), 0, 0), soft=True)
        p.beat(0.4, head=(-1, 0, 0), soft=True)
    p.rest(0.5, hold=p.between(0.2, 1.0))


def small_shrug(p: Phrase) -> None:
    """A small shrug with the hands."""
    p.beat(0.5, both=P['shrug_out'], shrug=(8, 0), head=(0, 0, p.between(-6, 6)),
           hold=p.between(0.1, 0.5))  # fmt: skip
    p.rest(0.9)


def scratch_nape(p: Phrase) -> None:
    """A hand to the back of the neck."""
    p.beat(0.9, lead=P['nape'], head=(6, -5, 0), hold=p.between(0.2, 0.8))
    p.rest(1.0)


# --- sadness ------------------------------------------------------------------------------------


def hang_head(p: Phrase) -> None:
    """Let head and trunk sink, slowly come up a little."""
    p.beat(0.9, head=(12, p.between(-8, 8), 3), trunk=(7, 0, 0), shrug=(-4, 6),
           pelvis=(0, 0, 0.01), soft=True, hold=p.between(0.4, 1.2))  # fmt: skip
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
    p.beat(0.5, shrug=(-5, 7), head=(9, 0, 2), trunk=(6, 0, 0), pelvis=(0, 0, 0.012), soft=True,
           hold=p.between(0.2, 0.8))  # fmt: skip
    p.rest(1.0)


def wipe_eyes(p: Phrase) -> None:
    """Wipe the eyes with a hand."""
    p.beat(0.7, lead=P['eye'], head=(8, 6, 3), trunk=(4, 0, 0), soft=True)
    for _ in p.times(1, 3):
        p.beat(0.3, lead=P['cheek'], head=(9, 9, 4), soft=True)
        p.beat(0.3, lead=P['eye'], head=(8, 4, 2), soft=True)
    p.rest(1.0)


def hug_oneself(p: Phrase) -> None:
    """Arms around oneself, rocking a little."""
    p.beat(0.9, lead=P['hug_low'], other=P['hug_high'], shrug=(3, 8), trunk=(6, 0, 0),
           head=(6, 0, 0), soft=True)  # fmt: skip
    for number in p.times(1, 4):
        side = 1 if number % 2 else -1
        p.beat(0.7, trunk=(6, 2.5 * side, 3 * side), pelvis=(0, 0.012 * side, 0.004),
               head=(8, 4 * side, 3 * side), soft=True)  # fmt: skip
    p.rest(1.1)


def slump(p: Phrase) -> None:
    """Give way at the knees, arms hanging before the body."""
    p.beat(0.9, both=P['hang_front'], pelvis=(-0.01, 0.012, p.between(0.015, 0.035)),
           trunk=(11, 0, 0), head=(10, 0, 0), shrug=(-4, 10), soft=True,
           hold=p.between(0.3, 1.0))  # fmt: skip
    p.rest(1.2)


def face_in_hands(p: Phrase) -> None:
    """Hide the face in both hands, sobbing."""
    p.beat(0.8, both=P['eye'], head=(14, 0, 0), trunk=(10, 0, 0), shrug=(4, 10), soft=True)
    for _ in p.times(1, 3):
        p.beat(0.3, shrug=(9, 10), head=(11, 0, 0), trunk=(8, 0, 0), soft=True)
        p.beat(0.35, shrug=(2, 10), head=(16, 0, 0), trunk=(11, 0, 0), soft=True)
    p.rest(1.1)


def helpless(p: Phrase) -> None:
    """Raise the hands a little and let them drop."""
    p.beat(0.7, both=P['shrug_out'], shrug=(6, 0), head=(-4, 0, 5), soft=True)
    p.beat(0.4, both=P['hang'], shrug=(-4, 6), head=(9, 0, 2), trunk=(4, 0, 0), soft=True)
    p.rest(0.8)
