# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The repertoire: what people do with their bodies at each emotion, as families of gestures.

The gestures are written in emotions/*.yaml as steps, for a leading left arm at neutral tempo:

- a beat, `{s: 0.3, lead: point_out, head: [4, 0, 0], hold: 0..0.3}`, has the arguments of
  `Phrase.beat`, drawn in the order in which they stand;
- `draw` names what several beats share; `repeat: 2..4` and `chance: 0.5` have steps of their own;
- a number may be a range to draw from (`6..12`), a drawn name, `side` (-1 and 1 in turn while
  something is repeated), and products and sums of these: `9 + 3 * side`;
- a pose may be drawn (`chest or throat`, `40% nose`, `50% open_high else open`) or depend on a
  chance that was drawn (`high: 30%`; `if high cheer else clap_out` or `unless high clap_out`);
- `first then second` stands for each of its parts in turn while something is repeated.

No two phrases of a family are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import functools
import math
from typing import Any

import numpy as np

from emotion_motion.training.corpus.phrase import Family, Phrase
from emotion_motion.training.corpus.style import emotion_file

__all__ = ['Gesture', 'companions', 'accents', 'families', 'families_of']

_MODES = ('frozen', 'startled')  # of fear

_Names = dict[str, Any]  # what was drawn, by name, and `side` and `number` of the repetition
_Value = Callable[[Phrase, _Names], Any]


class Gesture:
    """A family of gestures that is written in an emotion's file."""

    def __init__(self, name: str, entry: Mapping[str, Any]) -> None:
        self.name = name
        self.share = float(entry['share'])  # relative to the others of its emotion
        # To which mode of its emotion it belongs; None: to all of them.
        self.mode = _MODES.index(entry['mode']) if 'mode' in entry else None
        self._steps = [_step(step) for step in entry['beats']]
        self._rest_s, self._hold = float(entry['rest']), _number(entry.get('hold', 0.0))

    def __call__(self, phrase: Phrase) -> None:
        names: _Names = {}
        for step in self._steps:
            step(phrase, names)
        phrase.rest(self._rest_s, self._hold(phrase, names))


@functools.cache
def families(emotion: str) -> tuple[Gesture, ...]:
    """Return the gestures of an emotion."""
    entries = emotion_file(emotion)['gestures']
    return tuple(Gesture(name, entry) for name, entry in entries.items())


def families_of(emotion: str, mode: int) -> tuple[list[Family], np.ndarray]:
    """Return the families of an emotion in a mode (0 or 1) and the chance of each."""
    possible = [family for family in families(emotion) if family.mode in (None, mode)]
    chance = np.array([family.share for family in possible])
    return [*possible], chance / chance.sum()


def companions(emotion: str) -> list[str]:
    """Return the poses to which the other arm goes while one arm gestures."""
    return emotion_file(emotion)['companions']


def accents(emotion: str) -> list[tuple[np.ndarray, float]]:
    """Return what the head does over a gesture of the arms.

    Each is a swing there and back: pitch, yaw and roll in degrees at its ends, and the seconds of
    each half.
    """
    return [(np.array(entry['swing']), entry['s']) for entry in emotion_file(emotion)['accents']]


def _step(entry: Mapping[str, Any]) -> _Value:
    """Read a step: a beat, draws, or steps that are repeated or taken by chance."""
    if 'draw' in entry:
        draws = {name: _drawn(text) for name, text in entry['draw'].items()}
        return lambda p, names: names.update((n, draw(p, names)) for n, draw in draws.items())
    if 'beats' not in entry:
        return _beat(entry)
    steps = [_step(step) for step in entry['beats']]

    def play(phrase: Phrase, names: _Names) -> None:
        if 'repeat' in entry:
            numbers = phrase.times(*map(int, entry['repeat'].split('..')))
        else:
            numbers = range(int(phrase.chance(entry['chance'])))
        for number in numbers:
            names |= {'number': number, 'side': 1 if number % 2 else -1}
            for step in steps:
                step(phrase, names)

    return play


def _beat(entry: Mapping[str, Any]) -> _Value:
    arguments = {name: _argument(name, value) for name, value in entry.items()}

    def play(phrase: Phrase, names: _Names) -> None:
        phrase.beat(**{name: value(phrase, names) for name, value in arguments.items()})

    return play


def _argument(name: str, given: Any) -> _Value:
    if isinstance(given, list):
        numbers = [_number(part) for part in given]
        return lambda p, names: [number(p, names) for number in numbers]
    if isinstance(given, bool):
        return lambda p, names: given
    if name in ('lead', 'other', 'both'):
        return _in_turn(given, _pose)
    return _number(given)


def _drawn(text: str) -> _Value:
    """Read what is drawn for a name: a chance, a number or a pose."""
    if text.endswith('%'):
        return lambda p, names: p.chance(_share(text))
    return _number(text) if '..' in text else _in_turn(text, _pose)


def _in_turn(text: str, read: Callable[[str], _Value]) -> _Value:
    parts = [read(part) for part in text.split(' then ')]
    if len(parts) == 1:
        return parts[0]
    return lambda p, names: parts[names['number'] % len(parts)](p, names)


def _number(given: Any) -> _Value:
    return _in_turn(str(given), _sum)


def _sum(text: str) -> _Value:
    products = [[_factor(part) for part in term.split(' * ')] for term in text.split(' + ')]
    return lambda p, names: sum(
        math.prod(factor(p, names) for factor in product) for product in products
    )


def _factor(text: str) -> _Value:
    if '..' in text:
        low, high = map(float, text.split('..'))
        return lambda p, names: p.between(low, high)
    try:
        number = float(text)
    except ValueError:
        return lambda p, names: names[text]
    return lambda p, names: number


def _pose(text: str) -> _Value:
    """Read the name of a pose, or how it is drawn; it may come out as None: none."""
    first, _, rest = text.partition(' ')
    if first in ('if', 'unless') or first.endswith('%'):
        return _condition(first, rest)
    options = text.split(' or ')
    if len(options) > 1:
        return lambda p, names: p.choice(*options)
    return lambda p, names: names.get(text, text)


def _condition(kind: str, rest: str) -> _Value:
    """Read `if NAME POSE`, `unless NAME POSE` or `SHARE% POSE`, each perhaps with `else POSE`."""
    name = ''
    if not kind.endswith('%'):
        name, _, rest = rest.partition(' ')
    first, _, second = rest.partition(' else ')
    pose, otherwise = _pose(first), _pose(second) if second else None

    def draw(phrase: Phrase, names: _Names) -> Any:
        holds = names[name] == (kind == 'if') if name else phrase.chance(_share(kind))
        if holds:
            return pose(phrase, names)
        return otherwise(phrase, names) if otherwise else None

    return draw


def _share(percent: str) -> float:
    return float(percent.removesuffix('%')) / 100.0
