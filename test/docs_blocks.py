# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Code blocks of README.md and docs/, and how they say who runs them.

Behind the language of a block of commands stands one of these words, which neither a code host nor
the site shows:

- `quick`: `make test` runs it;
- `long`: `make soak` runs it, after the quick ones of its page; with `for=8` it is interrupted
  after so many seconds, as a user would with Ctrl-C;
- `elsewhere needs=WHAT`: it needs what a test has not (NEEDS); only its syntax, options and names
  are checked.

All blocks of a page run in one folder that looks like a fresh clone, in which lie the files that a
reader is asked to bring (docs_folder in test_docs_commands.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import os
from pathlib import Path
import re
import shlex

ROOT = Path(__file__).resolve().parents[1]
NEEDS = {
    'ci': 'runs these very tests',
    'controllers': 'a robot with ros2_control, or Gazebo',
    'data': 'recordings that are not part of the package',
    'gpu': 'a GPU',
    'hours': 'more time than a soak run has',
    'machines': 'more than one machine',
    'network': 'the internet',
    'pip': 'changes what is installed',
    'ros2': 'the ROS 2 command line, which the wheels have not',
    'root': 'the rights of the system administrator',
    'terminal': 'a terminal or a screen, and somebody before it',
}
SHELL, PYTHON = ('sh', 'bash'), ('python',)
_FENCE = re.compile(r'^( *)```([^\n]*)\n(.*?)^\1```[ ]*$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One code block of a page."""

    page: str
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        return f'{self.page}:{self.line}'

    @property
    def mark(self) -> str:
        return self.words[0] if self.words else ''

    def option(self, name: str) -> str | None:
        values = [word.partition('=')[2] for word in self.words[1:] if word.startswith(f'{name}=')]
        return values[0] if values else None


def pages() -> list[str]:
    """Return the pages whose code is checked."""
    files = [*(ROOT / 'docs').rglob('*.md'), *(ROOT / 'models').rglob('*.md')]
    files += (ROOT / 'examples').rglob('*.md')
    return ['README.md', *sorted(path.relative_to(ROOT).as_posix() for path in files)]


def blocks(page: str) -> list[Block]:
    """Return the code blocks of a page, without their indentation."""
    text, code_blocks = (ROOT / page).read_text(encoding='utf-8'), []
    for fence in _FENCE.finditer(text):
        language, *words = fence[2].split() or ['']
        code = re.sub(rf'^{fence[1]}', '', fence[3], flags=re.MULTILINE)
        line = text[: fence.start()].count('\n') + 1
        code_blocks.append(Block(page, line, language, tuple(words), code))
    return code_blocks


def commands(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the commands of a shell block, as words without assignments and as it stands.

    Lines that go on (a backslash, an open quote) are one; what stands behind `&&`, `|` and `;` is
    a command too. What a here-document holds is taken for commands as well.
    """
    waiting = ''
    for line in text.replace('\\\n', ' ').splitlines():
        waiting = f'{waiting}\n{line}' if waiting else line
        try:
            words = shlex.split(waiting, comments=True)
        except ValueError:  # an open quote
            continue
        whole, waiting = waiting, ''
        lexer = shlex.shlex(whole, posix=True, punctuation_chars='|&;')
        lexer.whitespace_split = True
        command: list[str] = []
        for word in [*lexer, ';']:
            if set(word) <= set('|&;'):
                while command and re.match(r'\w+=', command[0]):
                    command = command[1:]
                if command:
                    yield command, whole
                command = []
            else:
                command.append(word)
        assert words or not whole.split('#')[0].strip()


def is_simple(line: str) -> bool:
    """Tell a line that means to a shell nothing but its words."""
    return not set(line.split(' #')[0]) & set('|&;<>$`*?(){}~=\n')


def link_clone(folder: Path) -> None:
    """Make a folder look like the tree, with links; what is written there stays there."""
    for entry in os.listdir(ROOT):
        if entry not in ('.git', '__pycache__'):
            (folder / entry).symlink_to(ROOT / entry)
