# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the terminal client draws: the figure, the emotions as bars, the measurements."""

from __future__ import annotations

import numpy as np
from rich.align import Align
from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from emotion_motion.emotion import emotion_weights, EMOTIONS
from emotion_motion.ros.terminal.client import TerminalClient
from emotion_motion.ros.terminal.figure import Figure, LEFT_STYLE, RIGHT_STYLE

__all__ = ['Screen', 'KEYS']

COLOURS = {
    'anger': 'red3',
    'disgust': 'green4',
    'fear': 'medium_purple2',
    'happiness': 'gold1',
    'neutral': 'grey70',
    'sadness': 'dodger_blue2',
    'surprise': 'dark_orange',
}
SIDE_COLUMNS, BAR_COLUMNS = 36, 22
EIGHTHS = ' ▏▎▍▌▋▊▉█'
KEYS = '1-7 emotion  w walk  space hold  r reset  q quit'


class Screen:
    """Draws a TerminalClient's state for a console of any size; made for 80 by 24 and larger."""

    def __init__(self, client: TerminalClient) -> None:
        """Draw what `client` has received."""
        self._client = client
        self._figure: Figure | None = None

    def render(self, columns: int, rows: int, held: bool) -> Layout:
        """Return the whole screen, `columns` by `rows` characters."""
        layout = Layout()
        layout.split_row(Layout(name='figure'), Layout(name='side', size=SIDE_COLUMNS))
        layout['figure'].update(self._figure_panel(columns - SIDE_COLUMNS, rows, held))
        layout['side'].update(
            Panel(self._side(), title='emotion_motion', subtitle=None, border_style='grey37')
        )
        return layout

    def _figure_panel(self, columns: int, rows: int, held: bool) -> Panel:
        message = self._client.keypoints
        requested = self._client.requested
        title = Text(requested or '...', style=f'bold {COLOURS.get(requested, "white")}')
        if held:
            title.append('  (held)', style='bold white')
        if message is None:
            body = Align.center(Text(self._client.health, style='grey70'), vertical='middle')
        else:
            if self._figure is None:
                self._figure = Figure(message.skeleton, message.names)
            points = np.array([(p.x, p.y, p.z) for p in message.points])
            body = self._figure.draw(points, max(4, columns - 2), max(2, rows - 2))
        sides = Text.assemble(('right ', RIGHT_STYLE), ('left', LEFT_STYLE))
        return Panel(body, title=title, subtitle=sides, border_style='grey37', padding=0)

    def _side(self) -> Group:
        client = self._client
        requested = emotion_weights(client.requested) if client.requested else np.zeros(7)
        return Group(
            _bars(requested, client.recognised),
            Text(),
            self._measurements(),
            Text(),
            Text(KEYS, style='grey50'),
        )

    def _measurements(self) -> Table:
        client, told = self._client, self._client.diagnostics
        table = Table.grid(padding=(0, 1))
        table.add_column(style='grey70')
        table.add_column()
        table.add_row('rate', f'{client.rate_hz:.1f} Hz, {client.frames} frames')
        table.add_row('step', ' / '.join(told.get(f'step_p{n}_ms', '?') for n in (50, 99)) + ' ms')
        table.add_row('misses', told.get('misses', '?'))
        table.add_row('topic', Text(client.emotion_topic, overflow='ellipsis', no_wrap=True))
        style = 'red' if client.error else 'default'
        table.add_row('state', Text(client.health, style=style, overflow='ellipsis', no_wrap=True))
        return table


def _bars(requested: np.ndarray, recognised: np.ndarray) -> Table:
    """Return two bars an emotion: what is asked for, and what the model sees in its motion."""
    table = Table.grid(padding=(0, 1))
    table.add_column(style='grey70')
    table.add_column(no_wrap=True)
    for number, name in enumerate(EMOTIONS):
        table.add_row(
            f'{number + 1} {name}', _bar(requested[number], recognised[number], COLOURS[name])
        )
    table.add_row('', Text.assemble(('▀ asked ', 'white'), ('▄ seen', 'grey62')))
    return table


def _bar(asked: float, seen: float, colour: str) -> Text:
    """Return one row of half blocks: the upper half what is asked, the lower what is seen."""
    width = BAR_COLUMNS - 2
    upper, lower = round(float(asked) * width), round(float(seen) * width)
    both, longer = min(upper, lower), max(upper, lower)
    text = Text('█' * both, style=colour)
    text.append(('▀' if upper > lower else '▄') * (longer - both), style=colour)
    text.append('·' * (width - longer), style='grey23')
    return text
