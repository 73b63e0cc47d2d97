# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The report of an evaluation: verdicts, JSON, CSV, the table and the page."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
import io
import json
import math
from pathlib import Path
import re

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report.page import (
    bounds_text,
    html_report,
    number_text,
    table_lines,
)
from emotion_motion.evaluation.report.report import (
    Bounds,
    Measure,
    Report,
    rows,
    Target,
    to_csv,
    to_json,
)

TARGET = Target((0.7, 1.4), (0.9, 1.1))


def of_emotions(*values: float) -> dict[str, float]:
    return dict(zip(EMOTIONS, values, strict=True))


def report(title: str = 'default') -> Report:
    """Return a report with every kind of measure, detail and picture."""
    ratios = of_emotions(1.0, 1.1, 0.9, 1.2, 0.75, 0.6, 1.0)
    speeds = {'time_s': np.arange(3.0), **{name: np.full(3, 0.2) for name in EMOTIONS}}
    body, above, below = load_skeleton(), Target((0.8, None)), Target((None, 1.5), (None, 1.0))
    return Report(
        title,
        about={'model': title, 'rate_hz': 30.0, 'sampler': {'k': 0.0}},
        measures=[
            Measure(
                *('alive.speed', 'mean speed', 0.21, 'm/s', 0.2, 0.1, (0.19, 0.23)),
                by_emotion=ratios,
                reference_by_emotion=ratios,
            ),
            Measure(
                'alive.ratio', 'speed ratio', 0.95, by_emotion=ratios, target=TARGET, each=True
            ),
            Measure('body.off', 'off the body', 0.004, 'share', target=Target((None, 0.005))),
            Measure('emotion.span', 'valence span', None, target=above, note='not measured here'),
            Measure('emotion.nan', 'not a number', math.nan, target=above),
            Measure('switch.median', 'time to <be> believed', 1.2, 's', target=below),
        ],
        details={
            'confusion': np.eye(7),
            'confusion_reference': np.full((7, 8), 0.125),
            'run_speed': speeds,
            'thresholds': {'off_body_m': 0.14},
            'switch': {'believed_s': [0.5, math.nan], 'floor_s': [0.4], 'after_s': 6.0},
        },
        stages={'run': 3.0, 'judge': 1.5},
        strips={'anger': np.repeat(body.rest[None], 30, axis=0)},
    )


@pytest.mark.parametrize(
    ('value', 'verdict'),
    [
        *((value, 'reach') for value in (0.9, 1.0, 1.1)),
        *((value, 'wanted') for value in (0.7, 1.4)),
        *((value, 'missed') for value in (0.699, 1.401)),
        *((value, 'not measured') for value in (None, math.nan)),
    ],
)
def test_verdict_is_the_narrowest_bounds_that_hold(value: float | None, verdict: str) -> None:
    assert TARGET.verdict(value) == verdict


@pytest.mark.parametrize(
    ('bounds', 'inside', 'outside', 'text'),
    [
        ((None, 0.05), -5.0, 0.06, '≤ 0.05 s'),
        ((0.6, None), 100.0, 0.5, '≥ 0.6 s'),
        ((None, 0.0), 0.0, 1e-9, '≤ 0 s'),
        ((0.7, 1.4), 1.0, 1.5, '0.7 to 1.4 s'),
    ],
)
def test_bounds_hold_and_read_as_people_write_them(
    bounds: Bounds, inside: float, outside: float, text: str
) -> None:
    assert Target(bounds).verdict(inside) == 'reach'
    assert Target(bounds).verdict(outside) == 'missed'
    assert bounds_text(bounds, 's') == text


@pytest.mark.parametrize(
    ('values', 'verdict'),
    [
        ((1.0,) * 7, 'reach'),
        ((1.0,) * 6 + (1.3,), 'wanted'),
        ((1.0,) * 6 + (0.1,), 'missed'),
        ((1.0,) * 6 + (math.nan,), 'not measured'),
        ((1.0,) * 5 + (math.nan, 0.1), 'missed'),
    ],
)
def test_each_emotion_counts_as_much_as_the_worst(values: tuple[float, ...], verdict: str) -> None:
    measure = Measure('a.b', '', 1.0, by_emotion=of_emotions(*values), target=TARGET, each=True)
    assert measure.verdict == verdict


def test_a_measure_without_a_target_has_no_verdict() -> None:
    assert Measure('a.b', '', 1.0).verdict == ''
    assert Measure('a.b', '', 1.0, target=TARGET, each=True).verdict == 'not measured'


def test_json_is_strict_and_nested_by_group() -> None:
    content = json.loads(to_json([report()]), parse_constant=pytest.fail)
    (written,) = content['reports']
    assert written['measures']['alive']['ratio']['verdict'] == 'missed'
    assert written['measures']['alive']['ratio']['by_emotion']['sadness'] == 0.6
    assert written['measures']['emotion']['nan']['value'] is None
    assert written['measures']['switch']['median']['reach'] == [None, 1.0]
    assert written['details']['switch']['believed_s'] == [0.5, None]
    assert written['verdicts'] == {'missed': 1, 'not measured': 2, 'wanted': 1, 'reach': 1}


def test_csv_has_a_row_a_measure_and_a_row_an_emotion() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv([report('a'), report('b')]))))
    assert [row['model'] for row in rows] == sorted(row['model'] for row in rows)
    ours = [row for row in rows if row['model'] == 'a' and row['measure'] == 'ratio']
    assert [row['emotion'] for row in ours] == ['', *EMOTIONS]
    # The target of each emotion stands in the emotions' rows, where it is judged.
    assert (ours[0]['wanted_low'], ours[0]['verdict']) == ('', 'missed')
    sadness = ours[1 + EMOTIONS.index('sadness')]
    cells = [sadness[name] for name in ('value', 'wanted_low', 'verdict')]
    assert cells == ['0.6', '0.7', 'missed']
    (nan,) = [row for row in rows if row['model'] == 'b' and row['measure'] == 'nan']
    assert (nan['value'], nan['verdict']) == ('', 'not measured')


def test_table_shows_measures_with_reference_and_verdict() -> None:
    lines = table_lines([report()])
    (speed,) = [line for line in lines if line.startswith('mean speed')]
    assert '0.2 m/s' in speed and '0.21 m/s' in speed
    (ratio,) = [line for line in lines if line.startswith('speed ratio')]
    assert '0.6 to 1.2' in ratio and '0.7 to 1.4 (0.9 to 1.1) each' in ratio
    assert ratio.endswith('missed')
    both = table_lines([report('one'), report('two')])
    assert 'one' in both[0] and 'two' in both[0]


@pytest.mark.parametrize(
    ('value', 'unit', 'text'),
    [
        (0.1234, '', '0.123'),
        (0.1234, 'share', '12.3 %'),
        (1.0, 'share', '100 %'),
        (12345.6, 'm', '12346 m'),
        (None, 'm', '-'),
        (math.inf, '', '-'),
    ],
)
def test_numbers_are_short(value: float | None, unit: str, text: str) -> None:
    assert number_text(value, unit) == text


class _Tags(HTMLParser):
    """Checks that tags close in the order that they open; collects attributes and text."""

    ONCE = ('meta', 'img')

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.links += [value or '' for name, value in attributes if name in ('src', 'href')]
        if tag not in self.ONCE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize('titles', [('default',), ('default', 'default@temperature=0.8')])
def test_page_is_whole_and_needs_no_other_file(titles: tuple[str, ...]) -> None:
    page = html_report([report(title) for title in titles])
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert len(tags.links) >= 4 and all(link.startswith('data:image/') for link in tags.links)
    assert not re.search(r'url\(|@import|<script|<link', page)
    text = ' '.join(tags.text)
    for word in (*titles, 'time to <be> believed', 'missed', 'not measured', *EMOTIONS):
        assert word in text


def test_page_without_details_still_shows_its_measures() -> None:
    page = html_report([Report('plain', measures=report().measures[2:4])])
    assert 'off the body' in page and '0.4 %' in page


def test_the_docs_define_every_measure() -> None:
    text = (Path(__file__).parents[3] / 'docs' / 'evaluation.md').read_text()
    for key in rows():
        group, name = key.split('.')
        table = text.partition(f'| `{group}.` |')[2].partition('\n\n')[0]
        assert f'`{name}`' in table, key
