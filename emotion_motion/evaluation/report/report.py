# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The result of an evaluation: measures, each with its reference, its target and its verdict.

`to_json` and `to_csv` write it; page.py prints and draws it. measures.yaml lists the measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import dataclass, field, replace
import functools
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.averages import finite_mean
from emotion_motion.files import read_yaml

FORMAT = 1  # of the JSON; raised when a reader of before would misread it
Bounds = tuple[float | None, float | None]
_WORST_FIRST = ('missed', 'not measured', 'wanted', 'reach')
_CSV_COLUMNS = (
    *('model', 'group', 'measure', 'emotion', 'unit', 'value', 'low', 'high', 'reference', 'real'),
    *('wanted_low', 'wanted_high', 'reach_low', 'reach_high', 'verdict'),
)


@dataclass(frozen=True)
class Target:
    """What a value is to be; bounds belong to it, None is open.

    Attributes:
        wanted: lowest and highest value that will do.
        reach: those to reach for, inside of `wanted`; None: the same.
    """

    wanted: Bounds
    reach: Bounds | None = None

    def verdict(self, value: float | None) -> str:
        """Return 'reach', 'wanted', 'missed', or 'not measured' for None and NaN."""
        if value is None or math.isnan(value):
            return 'not measured'
        if not _inside(value, self.wanted):
            return 'missed'
        return 'reach' if self.reach is None or _inside(value, self.reach) else 'wanted'


@dataclass(frozen=True, eq=False)
class Measure:
    """One number of a model, and what it is held against.

    Attributes:
        key: GROUP.NAME, the same in every report.
        title: for people.
        value: over all emotions; None or NaN where it could not be measured.
        unit: 'm', 's', 'm/s', 'share' (0 to 1, shown in per cent) or '' for a plain number.
        reference: the same measure on unseen corpus motion.
        real: the same on held-out clips of the data sets that were given.
        interval: 95 % bootstrap interval of `value`.
        by_emotion: the value of each emotion by name.
        reference_by_emotion: of the reference.
        real_by_emotion: of the held-out clips.
        target: what is wanted; None: the number is there to be read.
        each: the target holds for every emotion instead of for `value`.
        note: what is measured, in a sentence; or why it was not.
    """

    key: str
    title: str
    value: float | None
    unit: str = ''
    reference: float | None = None
    real: float | None = None
    interval: tuple[float, float] | None = None
    by_emotion: Mapping[str, float] = field(default_factory=dict)
    reference_by_emotion: Mapping[str, float] = field(default_factory=dict)
    real_by_emotion: Mapping[str, float] = field(default_factory=dict)
    target: Target | None = None
    each: bool = False
    note: str = ''

    @property
    def verdict(self) -> str:
        """Return the target's verdict, of `each` the worst emotion's; '' without a target."""
        if self.target is None:
            return ''
        if not self.each:
            return self.target.verdict(self.value)
        verdicts = {self.target.verdict(value) for value in self.by_emotion.values()}
        return next((word for word in _WORST_FIRST if word in verdicts), 'not measured')

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it, the verdict included."""
        target = self.target
        values = vars(self) | {
            'wanted': target and target.wanted,
            'reach': target and (target.reach or target.wanted),
            'verdict': self.verdict,
        }
        return {name: _plain(values[name]) for name in values if name not in ('key', 'target')}


@dataclass(eq=False)
class Report:
    """All that was found of one model with one sampler.

    Attributes:
        title: how this column is called, such as 'default' or 'default@temperature=0.8'.
        about: model, sampler, plan, seed, machine: what it takes to do it again.
        measures: in the order to show them.
        details: matrices and curves behind the measures, by name; arrays and plain data.
        stages: how long each part took [s].
        strips: rows of a film strip, name -> [T, K, 3]; for the pictures, not for JSON.
        reference_strips: the same of reference motion.
    """

    title: str
    about: dict[str, Any] = field(default_factory=dict)
    measures: list[Measure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    strips: dict[str, np.ndarray] = field(default_factory=dict)
    reference_strips: dict[str, np.ndarray] = field(default_factory=dict)

    def measure(self, key: str) -> Measure | None:
        """Return the measure of a key; None where this report has none."""
        return next((measure for measure in self.measures if measure.key == key), None)

    def verdicts(self) -> dict[str, int]:
        """Return how many targets have which verdict, the worst first."""
        verdicts = [measure.verdict for measure in self.measures]
        return {word: verdicts.count(word) for word in _WORST_FIRST}

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it; measures are nested by group and name."""
        nested: dict[str, dict[str, Any]] = {}
        for measure in self.measures:
            group, _, name = measure.key.partition('.')
            nested.setdefault(group, {})[name] = measure.to_dict()
        return {
            'title': self.title,
            'about': _plain(self.about),
            'verdicts': self.verdicts(),
            'measures': nested,
            'details': _plain(self.details),
            'stages_s': _plain(self.stages),
        }


@functools.cache
def rows() -> dict[str, Measure]:
    """Return the measures by key, GROUP.NAME, without any value."""
    groups = read_yaml(Path(__file__).with_name('measures.yaml'))
    return {
        f'{group}.{name}': _row(f'{group}.{name}', **row)
        for group, named in groups.items()
        for name, row in named.items()
    }


def measure(
    key: str,
    value: float | None,
    *,
    by_emotion: np.ndarray | None = None,
    reference_by_emotion: np.ndarray | None = None,
    real_by_emotion: np.ndarray | None = None,
    **more: Any,
) -> Measure:
    """Return the measure of a key with its values.

    Values by emotion are [7]. `more` are other attributes of the `Measure`; None leaves what the
    row says.
    """
    return replace(
        rows()[key],
        value=value,
        by_emotion=_by_name(by_emotion),
        reference_by_emotion=_by_name(reference_by_emotion),
        real_by_emotion=_by_name(real_by_emotion),
        **{name: given for name, given in more.items() if given is not None},
    )


def mean_measure(key: str, own: np.ndarray, reference: np.ndarray | float, **more: Any) -> Measure:
    """Return the measure whose value is the mean over emotions [7], or a single reference's."""
    known: dict[str, Any] = {'reference': reference}
    if isinstance(reference, np.ndarray):
        known = {'reference': finite_mean(reference), 'reference_by_emotion': reference}
    return measure(key, finite_mean(own), by_emotion=own, **known, **more)


def _row(key: str, **row: Any) -> Measure:
    wanted, reach = (
        (bounds.get('low'), bounds.get('high')) if bounds else None
        for bounds in (row.pop('wanted', None), row.pop('reach', None))
    )
    return Measure(key, value=None, target=Target(wanted, reach) if wanted else None, **row)


def _by_name(values: np.ndarray | None) -> dict[str, float]:
    return {} if values is None else dict(zip(EMOTIONS, map(float, values), strict=True))


def to_json(reports: Sequence[Report]) -> str:
    """Write reports as JSON text; what is not a finite number is null."""
    content = {'format': FORMAT, 'reports': [report.to_dict() for report in reports]}
    return json.dumps(content, indent=1, allow_nan=False) + '\n'


def to_csv(reports: Sequence[Report]) -> str:
    """Write reports as a table: a row a measure (emotion '') and a row an emotion of it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator='\n')
    table.writerow(_CSV_COLUMNS)
    for report in reports:
        for measure in report.measures:
            table.writerows(_csv_rows(report.title, measure))
    return text.getvalue()


def _inside(value: float, bounds: Bounds) -> bool:
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)


def _csv_rows(title: str, measure: Measure) -> Iterator[list[str]]:
    target = measure.target or Target((None, None))
    bounds = [*target.wanted, *(target.reach or target.wanted)]
    start = [title, *measure.key.split('.', 1)]
    low, high = measure.interval or (None, None)
    values = [measure.value, low, high, measure.reference, measure.real]
    total = [None] * 4 if measure.each else bounds
    yield [*start, '', measure.unit, *map(_number, [*values, *total]), measure.verdict]
    judged = bounds if measure.each else [None] * 4
    for name in EMOTIONS:
        rows = (measure.by_emotion, measure.reference_by_emotion, measure.real_by_emotion)
        own, reference, real = (row.get(name) for row in rows)
        if own is None and reference is None:
            continue
        verdict = target.verdict(own) if measure.each and measure.target else ''
        values = [own, None, None, reference, real]
        yield [*start, name, measure.unit, *map(_number, [*values, *judged]), verdict]


def _number(value: float | None) -> str:
    return '' if value is None or not math.isfinite(value) else repr(float(value))


def _plain(value: Any) -> Any:
    """Return what JSON can hold: lists for arrays, None for NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
