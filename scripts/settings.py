# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Write what is made of the table of parameters: config/motion.yaml and a table of the docs.

python scripts/settings.py
"""

from __future__ import annotations

from pathlib import Path
import re
import textwrap

from emotion_motion.ros.node.parameters import default_text, PARAMETERS, SECTIONS
from emotion_motion.settings import (
    AT_START,
    LIVE,
    SamplerConfig,
    Setting,
    settings_of,
    UNCONFIGURED,
)

ROOT = Path(__file__).resolve().parents[1]
TABLE = re.compile(r'(<!-- parameters -->\n).*?(<!-- /parameters -->)', re.DOTALL)
# What stands in config/motion.yaml, commented out, in the place of the model's own value.
_EXAMPLES = {'body_height_m': 1.7} | {
    name: of.default for name, of in settings_of(SamplerConfig).items()
}


def generated() -> dict[Path, str]:
    """Return the text that each file should have."""
    page = ROOT / 'docs' / 'reference' / 'parameters.md'
    text = page.read_text(encoding='utf-8')
    table = TABLE.sub(lambda mark: f'{mark[1]}{markdown_table()}\n{mark[2]}', text)
    return {ROOT / 'config' / 'motion.yaml': yaml_file(), page: table}


def main() -> None:
    for path, text in generated().items():
        path.write_text(text, encoding='utf-8')


def markdown_table() -> str:
    """Return the parameters as a table of Markdown."""
    rows = ['| name | default | range | live | meaning |', '|---|---|---|---|---|']
    for of in PARAMETERS.values():
        cells = (
            f'`{of.name}`',
            default_text(of),
            of.range_text or of.expected,
            of.live,
            of.meaning,
        )
        rows.append('| ' + ' | '.join(cells) + ' |')
    return '\n'.join(rows)


def yaml_file() -> str:
    """Return config/motion.yaml: every parameter with its default and what it means."""
    lines = [
        '# Parameters of motion_node. A launch file gives them to the node:',
        '#   ros2 launch emotion_motion motion.launch.py params_file:=<this file, copied and '
        'changed>',
        '# Lines that are commented out have their default in the checkpoint of each model; a '
        'value here',
        '# takes its place. `ros2 param describe /motion_node NAME` shows each with its range.',
        '# This file is made by `python scripts/settings.py` from ros/node/parameters.py.',
        '',
        '/**:',
        '  ros__parameters:',
    ]
    for title, section in SECTIONS.items():
        lines += [f'    # {title}.', '']
        for of in section.values():
            lines += [*_comment(of), _yaml_line(of), '']
    return '\n'.join(lines[:-1]) + '\n'


def _yaml_line(of: Setting) -> str:
    if of.default is None:
        return f'    # {of.name}: {_EXAMPLES[of.name]}'
    value = "''" if of.default == '' else default_text(of)
    return f'    {of.name}: {value}'


def _comment(of: Setting) -> list[str]:
    """Return what stands above a parameter: its meaning, its range and when it changes."""
    when = {
        LIVE: '',
        UNCONFIGURED: ' Changes only while the node is unconfigured.',
        AT_START: ' Is read only at the start.',
    }[of.live]
    values = f' Range: {of.range_text}.' if of.range_text else ''
    text = f'{of.meaning[0].upper()}{of.meaning[1:]}.{values}{when}'
    return textwrap.wrap(
        text,
        99,
        initial_indent='    # ',
        subsequent_indent='    # ',
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == '__main__':
    main()
