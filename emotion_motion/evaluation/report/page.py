# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation as one HTML page that needs no other file: tables, plots and film strips."""

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
from emotion_motion.evaluation.report.report import (
    bounds_text,
    GROUPS,
    keys_of,
    Measure,
    number_text,
    range_text,
    Report,
    target_text,
    value_text,
)

__all__ = ['html_report']

_SEEN = 1e-4  # bars below it would be flat


def html_report(reports: Sequence[Report]) -> str:
    """Return the page of one report, or of several side by side.

    Args:
        reports: at least one; the reference is taken from the first.

    Raises:
        ConfigError: matplotlib is missing.
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    text = Path(__file__).with_name('page.html.jinja').read_text('utf-8')
    found = [_group(group, reports) for group in GROUPS]
    return environment.from_string(text).render(
        title=' against '.join(report.title for report in reports),
        reports=reports,
        first=reports[0],
        several=len(reports) > 1,
        facts=dict.fromkeys(name for report in reports for name in report.about),
        strips=_strips(reports),
        groups=[group for group in found if group['rows']],
        stages=dict.fromkeys(name for report in reports for name in report.stages),
        run_curves=_if_any(run_curves, 'run_speed', reports),
        switch_curves=_if_any(switch_curves, 'switch', reports),
        emotions=EMOTIONS,
        colours=REPORT_COLOURS,
        bounds_text=bounds_text,
        interval_text=_interval_text,
        number_text=number_text,
        target_text=target_text,
        value_text=value_text,
        words=_words,
    )


def _if_any(draw: Any, detail: str, reports: Sequence[Report]) -> str:
    """Return a picture where any of the reports has the detail that it shows, else ''."""
    return draw(reports) if any(report.details.get(detail) for report in reports) else ''


def _strips(reports: Sequence[Report]) -> list[tuple[str, str]]:
    """Return titles and film strips of the reports, and of the reference of the first."""
    motions = [(report.title, report.strips) for report in reports if report.strips]
    if motions and reports[0].reference_strips:
        motions.append(('reference: a person of the corpus', reports[0].reference_strips))
    rate_hz = float(reports[0].about.get('rate_hz', 30.0))
    return [(title, strip_picture(rows, load_skeleton(), rate_hz)) for title, rows in motions]


def _group(group: str, reports: Sequence[Report]) -> dict[str, Any]:
    """Return what the page shows of one part of the reports, in rows of a measure each."""
    keys = [key for key in keys_of(reports) if key.partition('.')[0] == group]
    rows = [[report.measure(key) for report in reports] for key in keys]
    by_emotion = [
        (report, measure)
        for row in rows
        for report, measure in zip(reports, row, strict=True)
        if measure and measure.by_emotion
    ]
    return {
        'key': group,
        'title': GROUPS[group],
        'rows': rows,
        'recorded': any(m and m.real is not None for row in rows for m in row),
        'by_emotion': by_emotion,
        'bars': emotion_bars([row for row in rows if _shows(row)]) if by_emotion else '',
    }


def _shows(row: Sequence[Measure | None]) -> bool:
    """Return whether bars would show more than zeros."""
    return any(
        abs(value) > _SEEN
        for measure in row
        if measure and measure.by_emotion
        for value in (*measure.by_emotion.values(), *measure.reference_by_emotion.values())
    )


def _interval_text(measure: Measure) -> str:
    """Return the interval of a measure; '' where it has none."""
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
