# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Links, navigation and generated parts of the documentation; `make soak` builds the site."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
import re
import subprocess
import sys
from urllib.parse import urlsplit

from docs_blocks import pages, ROOT
import docs_hook
import pytest
import yaml

pytest.importorskip('rclpy', reason='the table of parameters is made by the ROS side')

MODULES = docs_hook.documented_modules()
DOCS = [page.removeprefix('docs/') for page in pages() if page.startswith('docs/')]


def headings(page: Path) -> list[str]:
    """Return the anchors of a page; a code host and mkdocs must agree on those that are used."""
    text = docs_hook.GENERATE.sub(
        lambda mark: docs_hook.generated(mark[1], mark[2]), page.read_text(encoding='utf-8')
    )
    anchors: list[str] = []

    def look(part: str) -> str:
        for title in re.findall(r'^#+ (.*)$', part, re.MULTILINE):
            plain = re.sub(r'[`*]', '', title).strip().lower()
            on_host = re.sub(r'[^\w\- ]', '', plain).replace(' ', '-')
            on_site = re.sub(r'[-\s]+', '-', re.sub(r'[^\w\s-]', '', plain))
            anchors.extend([on_host] if on_host == on_site else [])
        return part

    docs_hook.outside_code(text, look)
    return anchors


@pytest.mark.parametrize('page', pages())
def test_links_lead_somewhere(page: str) -> None:
    for target in docs_hook.links_of((ROOT / page).read_text(encoding='utf-8')):
        if docs_hook.is_external(target):
            parts = urlsplit(target)
            assert parts.scheme == 'https' and '.' in parts.netloc, f'{page}: {target}'
            continue
        place, _, anchor = target.partition('#')
        there = (ROOT / page).parent / place if place else ROOT / page
        assert there.exists(), f'{page}: {target}'
        assert not anchor or anchor in headings(there), f'{page}: {target}: no such heading'


def test_what_leads_nowhere_is_found() -> None:
    text = '[a](fun.md) `[b](no.md)` [![c](fun.png)](#fun)\n\n```sh\n[d](no.md)\n```\n'
    assert sorted(docs_hook.links_of(text)) == ['#fun', 'fun.md', 'fun.png']
    assert 'see-it-move' in headings(ROOT / 'README.md')


def test_readme_and_sample_takes_stay_small() -> None:
    assert len((ROOT / 'README.md').read_text().splitlines()) <= 200
    takes = [path for path in (ROOT / 'examples' / 'motion').rglob('*') if path.is_file()]
    assert sum(path.stat().st_size for path in takes) < 300_000


def test_the_navigation_has_every_page_once() -> None:
    def leaves(part: object) -> list[str]:
        if isinstance(part, str):
            return [part]
        rows = part.values() if isinstance(part, dict) else part
        return [leaf for row in rows for leaf in leaves(row)]

    nav = yaml.safe_load((ROOT / 'mkdocs.yml').read_text())['nav']
    assert sorted(leaves(nav)) == sorted(DOCS)


def test_the_site_s_links_lead_to_pages_that_it_has() -> None:
    """The hook's links of each page, from pages and files that it adds."""
    added = docs_hook.sources(MODULES)
    for page in [*DOCS, *(name for name in added if name.endswith('.md'))]:
        text = docs_hook.place_of(page).read_text(encoding='utf-8')
        text = docs_hook.rewrite(text, page, MODULES)
        assert '<!-- generate' not in text
        assert not re.search(r'^ *```\w+ ', text, re.MULTILINE)
        for target in docs_hook.links_of(text):
            if docs_hook.is_external(target) or target.startswith('#'):
                continue
            place = os.path.normpath(Path(page).parent / target.partition('#')[0])
            assert place in added or (ROOT / 'docs' / place).is_file(), f'{page}: {target}'


def test_the_reference_has_what_there_is() -> None:
    for module in MODULES:
        spec = importlib.util.find_spec(module)
        assert spec and spec.origin, f'{MODULES[module]}: {module}'
        # Markdown takes a shape and a unit side by side for a link: write "[J] in rad".
        both = re.search(r'\] \[[a-zA-Z/]+\]', Path(spec.origin).read_text(encoding='utf-8'))
        assert both is None, f'{module}: {both}'
    every = (ROOT / 'docs' / 'reference' / 'command_line.md').read_text()
    for command in re.findall(r'^## (.*)$', every, re.MULTILINE):
        assert f'<!-- generate: help {command} -->' in every


def test_tests_that_pages_name_are_there() -> None:
    tests = '\n'.join(path.read_text() for path in (ROOT / 'test').rglob('test_*.py'))
    there = set(re.findall(r'^def (test_\w+)', tests, re.MULTILINE))
    for page in pages():
        named = set(re.findall(r'`(test_\w+)`', (ROOT / page).read_text(encoding='utf-8')))
        assert named <= there, f'{page}: {named - there}'


@pytest.mark.parametrize('mark', ['fun', 'message Fun', 'help fun'])
def test_what_cannot_be_generated_is_an_error(mark: str) -> None:
    what, _, name = mark.partition(' ')
    with pytest.raises(ValueError, match='got'):
        docs_hook.generated(what, name)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_site_builds_without_a_warning() -> None:
    answer = subprocess.run(
        [sys.executable, 'scripts/docs.py'], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (ROOT / '.build' / 'site' / 'index.html').is_file()


@pytest.mark.soak
def test_pictures_of_the_concepts_can_be_drawn_again(tmp_path: Path) -> None:
    script = ROOT / 'scripts' / 'draw_concepts.py'
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    kept = sorted(path.name for path in (ROOT / 'docs' / 'pictures').glob('concept_*.png'))
    assert drawn == kept
