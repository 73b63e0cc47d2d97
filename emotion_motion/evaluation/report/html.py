# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation as one HTML page that needs no other file: tables, plots and film strips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
import math
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report.plots import (
    emotion_bars,
    REPORT_COLOURS,
    run_curves,
    strip_picture,
    switch_curves,
)
from emotion_motion.evaluation.report.report import (
    bounds_text,
    GROUPS,
    Measure,
    number_text,
    range_text,
    Report,
    target_text,
)

__all__ = ['html_report', 'STYLE', 'image', 'matrix', 'table', 'words']

# The bricks of an HTML report: its style, tables, matrices, pictures and facts in words.

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #2b2f36; background: #fff;
       max-width: 1240px; margin: 0 auto; padding: 24px 28px 60px; }
h1 { font-size: 1.75em; margin: 0 0 4px; } h2 { font-size: 1.35em; margin: 36px 0 8px;
     padding-top: 14px; border-top: 2px solid #e3e6ea; }
h3 { font-size: 1em; margin: 22px 0 6px; }
p { max-width: 900px; margin: 6px 0; } small, .note { color: #626a74; font-size: 0.84em; }
table { border-collapse: collapse; margin: 10px 0; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid #e3e6ea;
         vertical-align: top; } th { font-weight: 600; font-size: 0.88em; color: #4a515b; }
th:first-child, td:first-child { text-align: left; max-width: 470px; }
td .note { display: block; line-height: 1.35; } td small { display: block; white-space: nowrap; }
.badge { display: inline-block; border-radius: 9px; padding: 0 9px; font-size: 0.84em;
         white-space: nowrap; border: 1px solid transparent; }
.reach { background: #d5efd9; border-color: #9bcfa4; } .wanted { background: #e6f1fb;
         border-color: #a9cdef; } .missed { background: #fbdedb; border-color: #ecaaa3; }
.not { background: #f1f2f4; border-color: #ccd1d7; }
td.reach, td.wanted, td.missed, td.not { border-color: #e3e6ea; }
img { max-width: 100%; height: auto; display: block; margin: 10px 0; }
.facts td { text-align: left; }
.matrix td, .matrix th { text-align: center; min-width: 56px; padding: 4px 6px; }
.matrix td:first-child, .matrix th:first-child { text-align: right; }
.pair { display: flex; flex-wrap: wrap; gap: 12px 44px; }
@media print { body { padding: 0; font-size: 11px; } h2 { break-after: avoid; }
  tr, img, .matrix { break-inside: avoid; } * { print-color-adjust: exact; } }
"""


def table(head: Sequence[str] | None, rows: Sequence[Sequence[str]], kind: str = '') -> str:
    """Return a table of cells that are HTML; those that begin with <td are taken as they are."""
    lines = [f'<table class="{kind}">' if kind else '<table>']
    if head is not None:
        lines.append(
            '<thead><tr>' + ''.join(f'<th>{cell}</th>' for cell in head) + '</tr></thead>'
        )
    for row in rows:
        cells = (cell if cell.startswith('<td') else f'<td>{cell}</td>' for cell in row)
        lines.append(f'<tr>{"".join(cells)}</tr>')
    return '\n'.join([*lines, '</table>'])


def image(uri: str, text: str) -> str:
    """Return a picture with the text for those who cannot see it."""
    return f'<img alt="{escape(text)}" src="{uri}">'


def words(value: Any) -> str:
    """Return a fact as text: numbers short, lists and mappings without brackets."""
    if isinstance(value, dict):
        return ', '.join(f'{key} {words(item)}' for key, item in value.items())
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, (list, tuple)):
        return ', '.join(map(words, value))
    return str(value)


def matrix(values: Any) -> str:
    """Return shares [7, n] as a table in per cent, the darker the more; column 8 is 'none'."""
    shares = np.asarray(values, dtype=float)
    rows = []
    for name, row in zip(EMOTIONS, shares, strict=True):
        cells = [
            f'<td style="background: {_blue(value)}; color: {"#fff" if value > 0.6 else "#2b2f36"}'
            f'">{100.0 * value:.0f}</td>'
            for value in row
        ]
        rows.append([name, *cells])
    names = [escape(name[:4]) for name in EMOTIONS[: shares.shape[1]]]
    more = ['none'] * (shares.shape[1] - len(names))
    return table(['', *names, *more], rows, kind='matrix')


def _blue(share: float) -> str:
    """Return white for 0, a strong blue for 1."""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    red, green, blue = (round(255 + share * (end - 255)) for end in (21, 101, 192))
    return f'rgb({red}, {green}, {blue})'


_SEEN = 1e-4
_CLASSES = {'reach': 'reach', 'wanted': 'wanted', 'missed': 'missed', 'not measured': 'not'}
_VERDICTS = (
    '<p class="note"><span class="badge reach">reach</span> as good as to be reached for, '
    '<span class="badge wanted">wanted</span> good enough, '
    '<span class="badge missed">missed</span> not what is wanted, '
    '<span class="badge not">not measured</span> see the note. Measures without a verdict are '
    'there to be read. In brackets under a value: its 95 % bootstrap interval over streams. '
    'The reference is motion of the corpus from people and seeds that neither model nor judge '
    'saw.</p>'
)


def html_report(reports: Sequence[Report]) -> str:
    """Return the page of one report, or of several side by side.

    Args:
        reports: at least one; the reference is taken from the first.

    Raises:
        ConfigError: matplotlib is missing.
    """
    title = ' against '.join(report.title for report in reports)
    parts = [
        f'<h1>Evaluation of {escape(title)}</h1>',
        *_about(reports),
        _VERDICTS,
        *_summary(reports),
        *_strips(reports),
    ]
    for group, name in GROUPS.items():
        keys = [key for key in _keys(reports) if key.partition('.')[0] == group]
        if keys:
            parts += [f'<h2 id="{group}">{escape(name)}</h2>', *_group(group, keys, reports)]
    parts += ['<h2>How it was measured</h2>', *_method(reports)]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f'<title>Evaluation of {escape(title)}</title><style>{STYLE}</style></head>\n<body>\n'
        + '\n'.join(parts)
        + '\n</body></html>\n'
    )


def _keys(reports: Sequence[Report]) -> list[str]:
    return list(dict.fromkeys(measure.key for report in reports for measure in report.measures))


def _about(reports: Sequence[Report]) -> list[str]:
    """Say which models these are, one row each fact."""
    facts = list(dict.fromkeys(name for report in reports for name in report.about))
    rows = [
        [
            escape(name.replace('_', ' ')),
            *(escape(words(report.about.get(name, '-'))) for report in reports),
        ]
        for name in facts
    ]
    head = ['', *(escape(report.title) for report in reports)]
    return [table(head if len(reports) > 1 else None, rows, kind='facts')]


def _summary(reports: Sequence[Report]) -> list[str]:
    """Say in a line each how many targets hold, and name those that do not."""
    lines = ['<h2>In short</h2>']
    for report in reports:
        counts = report.verdicts()
        total = sum(counts.values())
        held = counts['reach'] + counts['wanted']
        lines.append(
            f'<p><b>{escape(report.title)}</b>: {held} of {total} wanted figures hold, '
            f'{counts["reach"]} of them as reached for; {counts["missed"]} are missed, '
            f'{counts["not measured"]} were not measured.</p>'
        )
        missed = [
            f'<li>{escape(m.title)}: {escape(_value_text(m))}, '
            f'wanted {escape(bounds_text(m.target.wanted, m.unit))}</li>'
            for m in report.missed()
            if m.target
        ]
        if missed:
            lines.append(f'<ul>{"".join(missed)}</ul>')
    return lines


def _strips(reports: Sequence[Report]) -> list[str]:
    lines, rate_hz = [], 30.0
    for report in reports:
        if not report.strips:
            continue
        rate_hz = float(report.about.get('rate_hz', rate_hz))
        picture = strip_picture(report.strips, load_skeleton(), rate_hz)
        lines.append(f'<h3>{escape(report.title)}</h3>{image(picture, "film strips")}')
    if lines and reports[0].reference_strips:
        picture = strip_picture(reports[0].reference_strips, load_skeleton(), rate_hz)
        lines.append(f'<h3>reference: a person of the corpus</h3>{image(picture, "reference")}')
    if lines:
        lines.insert(
            0,
            '<h2>Look first</h2><p>Each row is one emotion, six seconds of the live '
            'loop from 10 s on; time runs to the right. Could you name the emotions '
            'without the labels?</p>',
        )
    return lines


def _group(group: str, keys: Sequence[str], reports: Sequence[Report]) -> list[str]:
    """Return the tables and plots of one part of the report."""
    found = [[report.measure(key) for report in reports] for key in keys]
    parts = [_measures_table(found, reports)]
    panels = [row for row in found if any(m and m.by_emotion for m in row)]
    if panels:
        parts += [
            '<h3>By emotion</h3>',
            _emotion_table(panels, reports),
            image(emotion_bars([row for row in panels if _shows(row)]), 'bars by emotion'),
            f'<p class="note">{_colours(reports)}Black lines: the reference. Shaded: what is '
            f'wanted.</p>',
        ]
    if group == 'alive' and any(report.details.get('run_speed') for report in reports):
        parts += ['<h3>Speed over the run</h3>', image(run_curves(reports), 'speed over time')]
    if group == 'emotion':
        parts += _matrices(reports)
    if group == 'switch' and any(report.details.get('switch') for report in reports):
        parts.append(image(switch_curves(reports), 'share of switches believed over time'))
    return parts


def _colours(reports: Sequence[Report]) -> str:
    """Return which colour is which report's where there are several."""
    if len(reports) == 1:
        return ''
    return ''.join(
        f'<span style="color: {REPORT_COLOURS[number % len(REPORT_COLOURS)]}">&#9632;</span> '
        f'{escape(report.title)} &nbsp; '
        for number, report in enumerate(reports)
    )


def _shows(row: Sequence[Measure | None]) -> bool:
    """Return whether bars would show more than zeros."""
    return any(
        abs(value) > _SEEN
        for measure in row
        if measure
        for value in (*measure.by_emotion.values(), *measure.reference_by_emotion.values())
    )


def _measures_table(found: Sequence[Sequence[Measure | None]], reports: Sequence[Report]) -> str:
    real = any(m and m.real is not None for row in found for m in row)
    titles = [escape(report.title) for report in reports]
    head = [
        'measure',
        *titles,
        'reference',
        *(['recorded'] if real else []),
        'wanted (to reach for)',
    ]
    rows = []
    for row in found:
        first = next(measure for measure in row if measure)
        name = f'{escape(first.title)}<span class="note">{escape(first.note)}</span>'
        cells = [_value(measure) for measure in row]
        rows.append(
            [
                name,
                *cells,
                escape(number_text(first.reference, first.unit)),
                *([escape(number_text(first.real, first.unit))] if real else []),
                escape(target_text(first)),
            ]
        )
    return table(head, rows)


def _value(measure: Measure | None) -> str:
    if measure is None:
        return '-'
    text = escape(_value_text(measure))
    if measure.verdict:
        kind = _CLASSES[measure.verdict]
        text += f' <span class="badge {kind}">{measure.verdict}</span>'
    if measure.interval is not None and all(map(math.isfinite, measure.interval)):
        text += f'<small>[{escape(range_text(*measure.interval, measure.unit))}]</small>'
    return text


def _value_text(measure: Measure) -> str:
    values = [value for value in measure.by_emotion.values() if math.isfinite(value)]
    if measure.each and values:
        return range_text(min(values), max(values), measure.unit)
    return number_text(measure.value, measure.unit)


def _emotion_table(found: Sequence[Sequence[Measure | None]], reports: Sequence[Report]) -> str:
    """Return values by emotion, the reference's in small below them."""
    rows = []
    for row in found:
        for measure, report in zip(row, reports, strict=True):
            if measure is None or not measure.by_emotion:
                continue
            name = escape(measure.title)
            if len(reports) > 1:
                name += f'<span class="note">{escape(report.title)}</span>'
            rows.append([name, *(_emotion_cell(measure, emotion) for emotion in EMOTIONS)])
    return table(['value, <small>reference</small>', *EMOTIONS], rows)


def _emotion_cell(measure: Measure, emotion: str) -> str:
    value = measure.by_emotion.get(emotion, math.nan)
    text = escape(number_text(value, measure.unit))
    if emotion in measure.reference_by_emotion:
        beside = number_text(measure.reference_by_emotion[emotion], measure.unit)
        text += f'<small>{escape(beside)}</small>'
    if measure.each and measure.target is not None:
        kind = _CLASSES[measure.target.verdict(value)]
        return f'<td class="{kind}">{text}</td>'
    return text


def _matrices(reports: Sequence[Report]) -> list[str]:
    """Return the judge's confusion and the model's own reading, row by row in per cent."""
    parts = []
    for name, title, text in (
        (
            'confusion',
            'What the judge sees',
            'Rows: what was asked for. Columns: what the judge, '
            'who never saw the model, sees in it, per cent of the windows.',
        ),
        (
            'own_reading',
            'What the model sees in its own motion',
            'Rows: what was asked for. '
            'Columns: the emotion that weighs most, per cent of the frames.',
        ),
    ):
        there = [
            (report.title, report.details[name])
            for report in reports
            if report.details.get(name) is not None
        ]
        beside = reports[0].details.get(f'{name}_reference')
        if beside is not None:
            there.append(('reference: the ceiling', beside))
        if there:
            tables = ''.join(
                f'<div><b>{escape(head)}</b>{matrix(values)}</div>' for head, values in there
            )
            parts.append(
                f'<h3>{title}</h3><p class="note">{text}</p><div class="pair">{tables}</div>'
            )
    return parts


def _method(reports: Sequence[Report]) -> list[str]:
    """Return thresholds, the judge's checks and how long each part took."""
    parts = []
    thresholds = reports[0].details.get('thresholds')
    if thresholds:
        rows = [[escape(name), escape(words(value))] for name, value in thresholds.items()]
        parts += ['<h3>Thresholds, from the reference</h3>', table(None, rows)]
    checks = reports[0].details.get('judge_checks')
    if checks:
        parts += ['<h3>Checks of the judge</h3>', _checks(checks)]
    stages = list(dict.fromkeys(name for report in reports for name in report.stages))
    rows = [
        [escape(name), *(number_text(report.stages.get(name), 's') for report in reports)]
        for name in stages
    ]
    totals = [number_text(sum(report.stages.values()), 's') for report in reports]
    head = ['stage', *(escape(report.title) for report in reports)]
    parts += ['<h3>How long it took</h3>', table(head, [*rows, ['<b>total</b>', *totals]])]
    return parts


def _checks(checks: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what the judge makes of what it must not recognise."""
    rows = []
    for name, check in checks.items():
        most = check['at_most']
        verdict = '' if most is None else _badge('reach' if check['passed'] else 'missed')
        shares = (check['accuracy'], check['refused'], most)
        rows.append(
            [
                escape(name.replace('_', ' ')),
                *(number_text(value, 'share') for value in shares),
                verdict,
            ]
        )
    return table(['shown to it', 'recognised', 'refused', 'recognised at most', ''], rows)


def _badge(verdict: str) -> str:
    words_of = {'reach': 'passed', 'missed': 'failed'}
    return f'<span class="badge {verdict}">{words_of[verdict]}</span>'
