# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Gestures of the lively emotions: anger, happiness, surprise.

Times are at neutral tempo: the style makes them quicker or slower. Head: pitch down, yaw to the
leading side, roll; trunk: lean, bend, twist; pelvis: x, y, drop.
"""

from __future__ import annotations

from emotion_motion.training.phrase import Phrase
from emotion_motion.training.poses import POSES as P

# --- anger --------------------------------------------------------------------------------------


def jab(p: Phrase) -> None:
    """Point at somebody again and again."""
    lean = p.between(3, 9)
    p.beat(0.55, lead=P['point_ready'], trunk=(lean * 0.4, 0, -5), head=(2, 0, 0))
    for _ in p.times(2, 5):
        p.beat(0.3, lead=P['point_out'], trunk=(lean, 0, p.between(-12, -4)), head=(4, 0, 0))
        p.beat(0.34, lead=P['point_ready'], trunk=(lean * 0.6, 0, 2), head=(0, 0, 0))
    p.rest(0.7)


def chop(p: Phrase) -> None:
    """Strike down with the edge of the hand, for each word."""
    for _ in p.times(2, 4):
        p.beat(0.42, lead=P['chop_up'], trunk=(0, 0, 5), head=(-3, 0, 0), pelvis=(0, 0, 0))
        p.beat(0.28, lead=P['chop_down'], trunk=(p.between(6, 12), 0, -6), head=(7, 0, 0),
               pelvis=(0.01, 0, 0.014), hold=p.between(0, 0.3))  # fmt: skip
    p.rest(0.7)


def shake_fists(p: Phrase) -> None:
    """Shake both fists up and down."""
    p.beat(0.45, both=P['fist_up'], shrug=(6, 4), trunk=(3, 0, 0), head=(-2, 0, 0))
    for _ in p.times(2, 5):
        p.beat(0.28, both=P['fist_down'], trunk=(p.between(6, 11), 0, 0), head=(6, 0, 0),
               pelvis=(0, 0, p.between(0.008, 0.022)))  # fmt: skip
        p.beat(0.32, both=P['fist_up'], trunk=(3, 0, 0), head=(-2, 0, 0), pelvis=(0, 0, 0))
    p.rest(0.7)


def throw_arms(p: Phrase) -> None:
    """Throw both arms forward: what is this."""
    for _ in p.times(1, 3):
        p.beat(0.4, both=P['throw_back'], trunk=(-1, 0, 0), head=(-4, 0, 0))
        p.beat(0.3, both=P['throw_out'], trunk=(p.between(5, 10), 0, 0), head=(4, 0, 0),
               pelvis=(0.012, 0, 0.008), hold=p.between(0.1, 0.5))  # fmt: skip
    p.rest(0.7)


def hands_on_hips(p: Phrase) -> None:
    """Both hands on the hips, leaning in, nodding at somebody."""
    p.beat(0.6, both=P['hip'], trunk=(3, 0, 0))
    for _ in p.times(2, 4):
        p.beat(0.35, trunk=(p.between(5, 12), 0, p.between(-8, 8)), head=(8, p.between(-8, 8), 0))
        p.beat(0.4, trunk=(2, 0, p.between(-8, 8)), head=(-4, p.between(-8, 8), 0))
    p.rest(0.7)


def hard_no(p: Phrase) -> None:
    """Shake the head hard, an arm cuts across."""
    p.beat(0.4, lead=P['sweep_in'], head=(5, 14, 0), trunk=(4, 0, 6))
    for number in p.times(2, 4):
        turn = p.between(12, 22) * (-1 if number % 2 == 0 else 1)
        arm = P['sweep_out'] if number % 2 == 0 else P['sweep_in']
        p.beat(0.3, lead=arm, head=(5, turn, 0), trunk=(5, 0, 0.4 * turn))
    p.rest(0.6)


def stamp(p: Phrase) -> None:
    """Stamp with a foot, fists driven down."""
    for _ in p.times(1, 3):
        p.beat(0.4, both=P['throw_back'], foot=(0.0, 0.05, 4), pelvis=(0, -0.035, 0.004),
               trunk=(0, -3, 0), shrug=(7, 0))  # fmt: skip
        p.beat(0.22, both=P['fist_down'], foot=(0, 0, 0), pelvis=(0, 0.008, 0.032),
               trunk=(9, 1, 0), head=(7, 0, 0), shrug=(2, 4))  # fmt: skip
        p.beat(0.35, pelvis=(0, 0, 0), trunk=(5, 0, 0), head=(2, 0, 0))
    p.rest(0.6)


# --- happiness ----------------------------------------------------------------------------------


def wave(p: Phrase) -> None:
    """Wave with one hand, the body sways along."""
    p.beat(0.6, lead=P['wave'], head=(-4, 4, 4), trunk=(0, -3, 0), pelvis=(0, 0.01, 0))
    for _ in p.times(2, 5):
        for name, side in (('wave_out', 1), ('wave', -1)):
            p.beat(0.36, lead=P[name], head=(-4, 4, 4 * side), trunk=(0, 3 * side, 3 * side),
                   pelvis=(0, 0.012 * side, 0.006), soft=True)  # fmt: skip
    p.rest(0.8)


def cheer(p: Phrase) -> None:
    """Both arms up, bouncing."""
    p.beat(0.4, both=P['cheer_low'], pelvis=(0, 0, 0.028), trunk=(3, 0, 0))
    for _ in p.times(2, 4):
        turn = p.between(-8, 8)
        p.beat(0.36, both=P['cheer'], pelvis=(0, 0, 0), head=(-10, turn, 0), trunk=(-4, 0, turn))
        p.beat(0.36, both=P['cheer_low'], pelvis=(0, 0, p.between(0.015, 0.03)),
               head=(-3, turn, 0), trunk=(2, 0, -turn))  # fmt: skip
    p.rest(0.8)


def clap(p: Phrase) -> None:
    """Clap the hands."""
    p.beat(0.5, both=P['clap_out'], head=(-3, 0, 4), trunk=(1, 0, 0))
    high = p.chance(0.3)
    for number in p.times(4, 9):
        side = 1 if number % 2 else -1
        p.beat(0.24, both=P['clap_in'], head=(-1, 0, 4 * side), pelvis=(0, 0.008 * side, 0.012),
               shrug=(4, 0))  # fmt: skip
        p.beat(0.24, both=P['cheer_low' if high and number % 3 == 0 else 'clap_out'],
               head=(-5, 0, 2 * side), pelvis=(0, 0.004 * side, 0), shrug=(0, 0))  # fmt: skip
    p.rest(0.7)


def bounce(p: Phrase) -> None:
    """Bounce in the knees with bent arms."""
    p.beat(0.4, both=P['dance_low'])
    for number in p.times(3, 7):
        side = 1 if number % 2 else -1
        p.beat(0.27, both=P['dance_low'], pelvis=(0, 0.014 * side, p.between(0.02, 0.034)),
               head=(2, 0, 3 * side), trunk=(3, 2 * side, 4 * side), soft=True)  # fmt: skip
        p.beat(0.27, both=P['dance_up'], pelvis=(0, 0.006 * side, 0), head=(-7, 0, 0),
               trunk=(-1, 0, 0), soft=True)  # fmt: skip
    p.rest(0.7)


def dance(p: Phrase) -> None:
    """Sway the hips, arms in turn."""
    width = p.between(0.02, 0.036)
    for number in p.times(4, 8):
        side = 1 if number % 2 else -1
        near, far = (P['dance_up'], P['dance_low'])
        arms = {'lead': near, 'other': far} if side > 0 else {'lead': far, 'other': near}
        p.beat(0.48, **arms, pelvis=(0, width * side, 0.01, 6 * side, 0, -3 * side),
               trunk=(0, 5 * side, -6 * side), head=(-3, 0, 7 * side), soft=True)  # fmt: skip
    p.rest(0.8)


def open_arms(p: Phrase) -> None:
    """Open the arms wide: welcome."""
    p.beat(0.4, both=P['heart'], trunk=(3, 0, 0), head=(4, 0, 0), pelvis=(0, 0, 0.012))
    for _ in p.times(1, 2):
        name = 'open_high' if p.chance(0.5) else 'open'
        p.beat(0.5, both=P[name], trunk=(-5, 0, p.between(-10, 10)),
               head=(-9, 0, p.between(-6, 6)), pelvis=(0.01, 0, 0),
               hold=p.between(0.1, 0.5))  # fmt: skip
        p.beat(0.45, both=P['dance_low'], trunk=(2, 0, 0), head=(-2, 0, 0), pelvis=(0, 0, 0.014))
    p.rest(0.7)


def swing_arms(p: Phrase) -> None:
    """Swing both arms forward and back, knees along."""
    for _ in p.times(2, 5):
        p.beat(0.5, both=P['swing_back'], trunk=(6, 0, 0), head=(-2, 0, 0), pelvis=(0, 0, 0.02),
               soft=True)  # fmt: skip
        p.beat(0.5, both=P['swing_up'], trunk=(-3, 0, 0), head=(-6, 0, 0), pelvis=(0, 0, 0),
               soft=True)  # fmt: skip
    p.rest(0.7)


def fist_pump(p: Phrase) -> None:
    """Yes: one fist up and pulled down."""
    for _ in p.times(1, 3):
        p.beat(0.4, lead=P['cheer'], head=(-8, 6, 3), trunk=(-3, 0, -6), pelvis=(0, 0, 0))
        p.beat(0.32, lead=P['dance_low'], head=(2, 0, -3), trunk=(4, 0, 7),
               pelvis=(0, 0.01, 0.024))  # fmt: skip
    p.rest(0.7)


# --- surprise -----------------------------------------------------------------------------------


def arms_fly_out(p: Phrase) -> None:
    """Arms fly out and stay; slow return."""
    p.beat(0.3, both=P['fling'], head=(-9, p.between(-8, 8), 0), trunk=(-8, 0, 0), shrug=(10, -4),
           pelvis=(-0.02, 0, 0), hold=p.between(0.5, 1.4))  # fmt: skip
    p.beat(0.9, both=P['open_low'], head=(-2, 0, 0), trunk=(-2, 0, 0), soft=True)
    p.rest(1.0)


def hands_to_cheeks(p: Phrase) -> None:
    """Both hands to the cheeks."""
    p.beat(0.34, both=P['cheek'], head=(-8, 0, p.between(-5, 5)), trunk=(-6, 0, 0), shrug=(8, 4),
           pelvis=(-0.015, 0, 0.004), hold=p.between(0.6, 1.6))  # fmt: skip
    if p.chance(0.5):
        p.beat(0.5, head=(-3, p.between(-16, 16), 4), hold=p.between(0.1, 0.5))
    p.rest(1.1)


def gasp(p: Phrase) -> None:
    """A hand to the mouth, the other one out."""
    p.beat(0.32, lead=P['mouth'], other=P['open_low'], head=(-7, p.between(-10, 10), 0),
           trunk=(-8, 0, 0), shrug=(10, 2), pelvis=(-0.02, 0, 0.003),
           hold=p.between(0.6, 1.4))  # fmt: skip
    p.rest(1.1)


def step_back(p: Phrase) -> None:
    """Step back with open hands."""
    p.beat(0.32, both=P['open_low'], head=(-7, 0, 0), trunk=(-9, 0, p.between(-6, 6)),
           shrug=(9, 0), pelvis=(-0.04, 0, 0.006), foot=(-0.06, 0, 0),
           hold=p.between(0.5, 1.2))  # fmt: skip
    p.beat(0.7, foot=(0, 0, 0), pelvis=(0, 0, 0), trunk=(-2, 0, 0), soft=True)
    p.rest(1.0)


def hands_up(p: Phrase) -> None:
    """Both hands up and open at the height of the face."""
    p.beat(0.3, both=P['open_high'], head=(-8, 0, 0), trunk=(-6, 0, 0), shrug=(11, 0),
           pelvis=(-0.01, 0, 0), hold=p.between(0.4, 1.1))  # fmt: skip
    if p.chance(0.5):
        p.beat(0.4, both=P['startle'], head=(-4, p.between(-12, 12), 0), hold=p.between(0.2, 0.7))
    p.rest(1.1)


def head_up(p: Phrase) -> None:
    """The head jerks up, the trunk straightens, hands half raised."""
    p.beat(0.28, both=P['dance_low'], head=(-14, p.between(-12, 12), 0), trunk=(-7, 0, 0),
           shrug=(8, -4), pelvis=(-0.01, 0, 0), hold=p.between(0.4, 1.2))  # fmt: skip
    p.rest(1.0)


def hands_on_head(p: Phrase) -> None:
    """Both hands to the head: unbelievable."""
    p.beat(0.4, both=P['crown'], head=(-7, p.between(-8, 8), 0), trunk=(-6, 0, p.between(-8, 8)),
           pelvis=(-0.015, 0, 0.004), hold=p.between(0.6, 1.5))  # fmt: skip
    p.rest(1.1)
