# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The bricks of an HTML report: its style, tables, matrices, pictures and facts in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
import math
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report import number_text

__all__ = ['STYLE', 'image', 'matrix', 'table', 'words']

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
        lines.append('<thead><tr>' + ''.join(f'<th>{cell}</th>' for cell in head)
                     + '</tr></thead>')  # fmt: skip
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
        ]  # fmt: skip
        rows.append([name, *cells])
    names = [escape(name[:4]) for name in EMOTIONS[: shares.shape[1]]]
    more = ['none'] * (shares.shape[1] - len(names))
    return table(['', *names, *more], rows, kind='matrix')


def _blue(share: float) -> str:
    """Return white for 0, a strong blue for 1."""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    red, green, blue = (round(255 + share * (end - 255)) for end in (21, 101, 192))
    return f'rgb({red}, {green}, {blue})'
