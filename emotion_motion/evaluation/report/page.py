# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation as people read it: lines of text, and one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path
from typing import Any

import jinja2

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report.plots import (
    emotion_bars,
    REPORT_COLOURS,
    run_curves,
    strip_picture,
    switch_curves,
)
from emotion_motion.evaluation.report.report import Bounds, Measure, Report

# The parts of a report in the order to read them, by the first word of a measure's key.
GROUPS = {
    'alive': 'Alive',
    'body': 'A body',
    'emotion': 'Emotion',
    'distribution': 'A distribution',
    'switch': 'A switch',
}
_SEEN = 1e-4  # bars below it would be flat


def html_report(reports: Sequence[Report]) -> str:
    """Return the page of one report, or of several side by side."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    text = Path(__file__).with_name('page.html.jinja').read_text('utf-8')
    groups = [_group(group, reports) for group in GROUPS]
    return environment.from_string(text).render(
        title=' against '.join(report.title for report in reports),
        reports=reports,
        first=reports[0],
        several=len(reports) > 1,
        facts=dict.fromkeys(name for report in reports for name in report.about),
        strips=_strips(reports),
        groups=[group for group in groups if group['rows']],
        stages=dict.fromkeys(name for report in reports for name in report.stages),
        run_curves=run_curves(reports),
        switch_curves=switch_curves(reports),
        emotions=EMOTIONS,
        colours=REPORT_COLOURS,
        bounds_text=bounds_text,
        interval_text=_interval_text,
        number_text=number_text,
        target_text=target_text,
        value_text=value_text,
        words=_words,
    )


def _strips(reports: Sequence[Report]) -> list[tuple[str, str]]:
    motions = [(report.title, report.strips) for report in reports if report.strips]
    if motions and reports[0].reference_strips:
        motions.append(('reference: a person of the corpus', reports[0].reference_strips))
    rate_hz = float(reports[0].about.get('rate_hz', 30.0))
    return [(title, strip_picture(rows, load_skeleton(), rate_hz)) for title, rows in motions]


def _group(group: str, reports: Sequence[Report]) -> dict[str, Any]:
    rows = [row for row in _rows(reports) if row[0].key.startswith(f'{group}.')]
    by_emotion = [
        (report, measure)
        for row in rows
        for report, measure in zip(reports, row, strict=True)
        if measure.by_emotion
    ]
    return {
        'key': group,
        'title': GROUPS[group],
        'rows': rows,
        'recorded': any(measure.real is not None for row in rows for measure in row),
        'by_emotion': by_emotion,
        'bars': emotion_bars([row for row in rows if _shows(row)]) if by_emotion else '',
    }


def _rows(reports: Sequence[Report]) -> list[tuple[Measure, ...]]:
    """Return each measure of all reports, which have the same ones."""
    return list(zip(*(report.measures for report in reports), strict=True))


def _shows(row: Sequence[Measure]) -> bool:
    """Return whether bars would show more than zeros."""
    return any(
        abs(value) > _SEEN
        for measure in row
        if measure.by_emotion
        for value in (*measure.by_emotion.values(), *measure.reference_by_emotion.values())
    )


def table_lines(reports: Sequence[Report]) -> list[str]:
    """Return the measures as lines of text with aligned columns, reports side by side."""
    alone = len(reports) == 1  # its verdicts have a column of their own
    rows = [['measure', 'reference', *(report.title for report in reports), 'wanted (reach)']]
    for row in _rows(reports):
        first, values = row[0], [value_text(measure) for measure in row]
        verdicts = ['' if alone else f' {measure.verdict}' for measure in row]
        cells = [(text + verdict).rstrip() for text, verdict in zip(values, verdicts, strict=True)]
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


def _interval_text(measure: Measure) -> str:
    if measure.interval is None or not all(map(math.isfinite, measure.interval)):
        return ''
    return range_text(*measure.interval, measure.unit)


def _words(value: Any) -> str:
    """Return a fact as text: numbers short, lists and mappings without brackets."""
    if isinstance(value, dict):
        return ', '.join(f'{key} {_words(item)}' for key, item in value.items())
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return ', '.join(map(_words, value))
    return str(value)
