# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
What mkdocs does with the pages of docs/ beside showing them (hooks of mkdocs.yml).

- A line `<!-- generate: WHAT -->` is replaced by what the code says now:
  a message's definition, the help of a command.
- The mark of a code block (`sh quick`: test/project/test_docs_commands.py) is taken away.
- A link out of docs/ leads to the reference where it is a module that stands there, and else to a
  copy of the file under source/.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
from pathlib import Path
import posixpath
import re
import sys
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / 'docs'
GENERATE = re.compile(r'^<!-- generate: (\w+) ?(.*?) -->$', re.MULTILINE)
FENCE = re.compile(r'^( *)(```+)(\w*)[^\n]*\n(.*?)^\1\2[ ]*$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)')
REFERENCE = re.compile(r'^::: (\S+)$', re.MULTILINE)


@functools.cache
def generated(what: str, name: str) -> str:
    """
    Text of a mark `<!-- generate: WHAT NAME -->`.

    Raises:
        ValueError: there is no such thing.
    """
    makers = {'message': _message, 'help': _help}
    if what not in makers:
        raise ValueError(f'got <!-- generate: {what} -->; expected one of {", ".join(makers)}')
    return makers[what](name)


def _message(name: str) -> str:
    path = ROOT / 'msg' / f'{name}.msg'
    if not path.exists():
        raise ValueError(f'got the message {name!r}, which is not in msg/')
    return f'```text\n{path.read_text(encoding="utf-8").strip()}\n```'


def _help(name: str) -> str:
    """What `emotion-motion NAME --help` prints."""
    from emotion_motion.cli import main

    said, before = io.StringIO(), (sys.argv, os.environ.get('COLUMNS'))
    sys.argv = ['emotion-motion', *name.split(), '--help']
    os.environ['COLUMNS'] = '76'
    try:
        with contextlib.redirect_stdout(said):
            main()
        status: Any = 0
    except SystemExit as error:
        status = error.code
    finally:
        sys.argv = before[0]
        os.environ.pop('COLUMNS') if before[1] is None else os.environ.update(COLUMNS=before[1])
    text = re.sub(r'\x1b\[[0-9;]*m', '', said.getvalue())
    if status or not text.startswith(f'usage: emotion-motion {name} '):
        raise ValueError(f'got no help of the command {name!r}')
    return '```text\n' + '\n'.join(line.rstrip() for line in text.strip().splitlines()) + '\n```'


def is_external(target: str) -> bool:
    return bool(re.match(r'\w+:', target))


def outside_code(text: str, change: Any) -> str:
    """Apply `change` to the text between code blocks."""
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        parts += [change(text[end : fence.start()]), fence[0]]
        end = fence.end()
    return ''.join([*parts, change(text[end:])])


def links_of(text: str) -> list[str]:
    """Targets of all links and pictures of a page."""
    targets: list[str] = []

    def look(part: str) -> str:
        part = re.sub(r'`[^`\n]*`', '', part)
        targets.extend(link[2] for link in LINK.finditer(part))
        # A picture that is a link has one target inside of the other's text.
        targets.extend(
            link[2] for outer in LINK.finditer(part) for link in LINK.finditer(outer[1])
        )
        return part

    outside_code(text, look)
    return targets


def documented_modules() -> dict[str, str]:
    """Module -> page of the reference that has it."""
    pages = sorted((DOCS / 'reference').glob('*.md'))
    return {
        module: f'reference/{page.name}'
        for page in pages
        for module in REFERENCE.findall(page.read_text(encoding='utf-8'))
    }


def place_of(page: str) -> Path:
    """The file of the tree that a page of the site is."""
    return ROOT / page.removeprefix('source/') if page.startswith('source/') else DOCS / page


def page_of(path: Path, modules: dict[str, str]) -> str | None:
    """Where the site shows a file of the tree; None for a folder."""
    if path.is_relative_to(DOCS):
        return path.relative_to(DOCS).as_posix()
    if not path.is_file():
        return None
    name = path.relative_to(ROOT).as_posix()
    module = name.removesuffix('.py').replace('/', '.')
    return f'{modules[module]}#{module}' if module in modules else f'source/{name}'


def rewrite(text: str, page: str, modules: dict[str, str]) -> str:
    """A page's text as mkdocs gets it."""
    text = GENERATE.sub(lambda mark: generated(mark[1], mark[2]), text)
    text = FENCE.sub(r'\1\2\3\n\4\1\2', text)
    folder = place_of(page).parent

    def link(match: re.Match[str]) -> str:
        target, _, anchor = match[2].partition('#')
        if is_external(match[2]) or not target:
            return match[0]
        there = page_of((folder / target).resolve(), modules)
        if there is None:
            return match[1]
        here = posixpath.dirname(page) or '.'
        place, _, of_module = there.partition('#')
        anchor = of_module or anchor
        return f'[{match[1]}]({posixpath.relpath(place, here)}{"#" * bool(anchor)}{anchor})'

    return outside_code(text, lambda part: LINK.sub(link, part))


def sources(modules: dict[str, str]) -> list[str]:
    """Pages under source/ that the pages of the site lead to, and those that these lead to."""
    waiting = [path.relative_to(DOCS).as_posix() for path in sorted(DOCS.rglob('*.md'))]
    linked: dict[str, None] = {}
    while waiting:
        page = waiting.pop()
        text = place_of(page).read_text(encoding='utf-8')
        text = GENERATE.sub(lambda mark: generated(mark[1], mark[2]), text)
        for target in links_of(text):
            if is_external(target) or target.startswith('#'):
                continue
            path = (place_of(page).parent / target.partition('#')[0]).resolve()
            there = page_of(path, modules)
            if there and there.startswith('source/') and there not in linked:
                linked[there] = None
                waiting += [there] if there.endswith('.md') else []
    return list(linked)


def on_files(files: Any, config: Any) -> Any:
    """Add what the pages lead to outside of docs/."""
    from mkdocs.structure.files import File, InclusionLevel

    for name in sources(documented_modules()):
        file = File.generated(config, name, abs_src_path=str(place_of(name)))
        file.inclusion = InclusionLevel.NOT_IN_NAV
        files.append(file)
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Rewrite a page."""
    return rewrite(markdown, page.file.src_uri, documented_modules())
