# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation found: measures, each with its reference, its target and its verdict.

A report is plain data: `to_json` and `to_csv` write it, `table_lines` prints it, and
`html_report` draws it. measures.yaml lists the measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import dataclass, field
import io
import json
import math
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS

__all__ = [
    'FORMAT',
    'GROUPS',
    'Bounds',
    'Measure',
    'Report',
    'Target',
    'bounds_text',
    'keys_of',
    'number_text',
    'range_text',
    'table_lines',
    'target_text',
    'to_csv',
    'to_json',
    'value_text',
]

FORMAT = 1  # of the JSON; raised when a reader of before would misread it
# The parts of a report in the order to read them, by the first word of a measure's key.
GROUPS = {
    'alive': 'Alive',
    'body': 'A body',
    'emotion': 'Emotion',
    'distribution': 'A distribution',
    'switch': 'A switch',
}
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
    def group(self) -> str:
        """The part of the report that it belongs to."""
        return self.key.partition('.')[0]

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

    def missed(self) -> list[Measure]:
        """Return the measures that miss what is wanted."""
        return [measure for measure in self.measures if measure.verdict == 'missed']

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


def keys_of(reports: Sequence[Report]) -> list[str]:
    """Return the keys of all measures, in the order of the reports."""
    return list(dict.fromkeys(measure.key for report in reports for measure in report.measures))


def table_lines(reports: Sequence[Report]) -> list[str]:
    """Return the measures as lines of text with aligned columns, reports side by side."""
    alone = len(reports) == 1  # its verdicts have a column of their own
    rows = [['measure', 'reference', *(report.title for report in reports), 'wanted (reach)']]
    for key in keys_of(reports):
        found = [report.measure(key) for report in reports]
        first = next(measure for measure in found if measure)
        cells = [
            f'{value_text(measure)} {"" if alone else measure.verdict}'.rstrip()
            if measure
            else '-'
            for measure in found
        ]
        reference = number_text(first.reference, first.unit)
        verdict = first.verdict if alone else ''
        rows.append([first.title, reference, *cells, target_text(first), verdict])
    rows[0].append('')
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ['  '.join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines.insert(1, '-' * max(map(len, lines)))
    for report in reports:
        counts = ', '.join(f'{count} {word}' for word, count in report.verdicts().items() if count)
        lines += ['', f'{report.title}: {counts}']
    return lines


def value_text(measure: Measure) -> str:
    """Return the value of a measure, or the range of its emotions where each of them counts."""
    values = [value for value in measure.by_emotion.values() if math.isfinite(value)]
    if measure.each and values:
        return range_text(min(values), max(values), measure.unit)
    return number_text(measure.value, measure.unit)


def number_text(value: float | None, unit: str = '') -> str:
    """Return a number as people read it; shares in per cent, '-' for what is not there."""
    if value is None or not math.isfinite(value):
        return '-'
    if 0.0 < abs(value) < 1e-5:
        return '< 0.001 %' if unit == 'share' else f'< 0.00001 {unit}'.rstrip()
    if unit == 'share':
        return f'{100.0 * value:.3g} %' if value < 0.9995 else f'{100.0 * value:.0f} %'
    text = f'{value:.0f}' if abs(value) >= 1000.0 else f'{value:.3g}'
    return f'{text} {unit}' if unit else text


def bounds_text(bounds: Bounds, unit: str = '') -> str:
    """Return '0.7 to 1.4', '≤ 0.05' or '≥ 0.6'."""
    low, high = bounds
    if low is None or high is None:
        sign, value = ('≤', high) if low is None else ('≥', low)
        return f'{sign} {number_text(value, unit)}'
    return range_text(low, high, unit)


def range_text(low: float, high: float, unit: str = '') -> str:
    """Return '0.7 to 1.4 m'."""
    return f'{number_text(low, unit if unit == "share" else "")} to {number_text(high, unit)}'


def target_text(measure: Measure) -> str:
    """Return what is wanted of a measure, what is to be reached for in brackets."""
    target = measure.target
    if target is None:
        return ''
    text = bounds_text(target.wanted, measure.unit)
    if target.reach is not None:
        text += f' ({bounds_text(target.reach, measure.unit)})'
    return f'{text} each' if measure.each else text


def _inside(value: float, bounds: Bounds) -> bool:
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)


def _csv_rows(title: str, measure: Measure) -> Iterator[list[str]]:
    target = measure.target or Target((None, None))
    bounds = [*target.wanted, *(target.reach or target.wanted)]
    start = [title, measure.group, measure.key.partition('.')[2]]
    low, high = measure.interval or (None, None)
    values = [measure.value, low, high, measure.reference, measure.real]
    total = [None] * 4 if measure.each else bounds
    yield [*start, '', measure.unit, *map(_number, [*values, *total]), measure.verdict]
    for name in EMOTIONS:
        rows = (measure.by_emotion, measure.reference_by_emotion, measure.real_by_emotion)
        own, reference, real = (row.get(name) for row in rows)
        if own is None and reference is None:
            continue
        judged = bounds if measure.each else [None] * 4
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
