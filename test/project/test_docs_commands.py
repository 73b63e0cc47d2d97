# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Commands and Python of README and docs work, or could where they have what they need."""

from __future__ import annotations

from collections.abc import Callable
import functools
import importlib.util
import os
from pathlib import Path
import re
import shlex
import signal
import subprocess
import sys

from docs_blocks import (
    Block,
    blocks,
    commands,
    is_simple,
    link_clone,
    NEEDS,
    pages,
    PYTHON,
    ROOT,
    SHELL,
)
import pytest
import tyro

from emotion_motion import cli

ALL = [block for page in pages() for block in blocks(page)]
CODE = [block for block in ALL if block.language in (*SHELL, *PYTHON)]
LIMIT_S, LONG_LIMIT_S, STOP_S = 60, 1800, 20


def marked(*marks: str) -> list[str]:
    """Return the pages that have blocks with these marks."""
    return list(dict.fromkeys(block.page for block in CODE if block.mark in marks))


def of(page: str, *marks: str) -> list[Block]:
    return [block for block in CODE if block.page == page and block.mark in marks]


def each(chosen: list[Block]) -> list[object]:
    return [pytest.param(block, id=block.place) for block in chosen]


@pytest.fixture
def docs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like a fresh clone, with the URDF that readers bring; the test runs in it."""
    link_clone(tmp_path)
    urdf = (ROOT / 'urdf' / 'humanoid.urdf').read_text()
    (tmp_path / 'my_robot.urdf').write_text(urdf.replace('name="humanoid"', 'name="my_robot"', 1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize('block', each(ALL))
def test_each_block_says_its_language_and_who_runs_it(block: Block) -> None:
    assert block.language, f'{block.place}: a code block without a language'
    if block not in CODE:
        assert not block.words
        return
    assert block.mark in ('quick', 'long', 'elsewhere'), (
        f'{block.place}: write quick, long or elsewhere behind ```{block.language}; '
        f'test/docs_blocks.py says what they mean'
    )
    needs = block.option('needs')
    assert (needs in NEEDS) == (block.mark == 'elsewhere'), f'{block.place}: needs={needs}'


@pytest.mark.parametrize('block', each([b for b in CODE if b.language in SHELL]))
def test_each_command_is_one(block: Block) -> None:
    answer = subprocess.run(['bash', '-n'], input=block.text, capture_output=True, text=True)
    assert not answer.stderr, f'{block.place}: {answer.stderr}'
    for words, _ in commands(block.text):
        problem = wrong_with(words)
        assert not problem, f'{block.place}: {shlex.join(words)}: {problem}'


@pytest.mark.parametrize('block', each([b for b in CODE if b.language in PYTHON]))
def test_each_piece_of_python_can_be_compiled(block: Block) -> None:
    compile(block.text, block.place, 'exec')


@pytest.mark.parametrize('page', marked('quick'))
def test_quick_code_runs(page: str, docs_folder: Path, monkeypatch, capfd) -> None:
    names: dict[str, object] = {}
    for block in of(page, 'quick'):
        if block.language in PYTHON:
            exec(compile(block.text, block.place, 'exec'), names)
            continue
        for words, line in commands(block.text):
            run_quickly(words, line, block, monkeypatch, capfd)


@pytest.mark.soak
@pytest.mark.timeout(3 * LONG_LIMIT_S)
@pytest.mark.parametrize('page', marked('long'))
def test_long_code_runs(page: str, docs_folder: Path) -> None:
    for block in of(page, 'quick', 'long'):
        if block.language in PYTHON:
            finish([sys.executable, '-c', block.text], block)
        else:
            finish(['bash', '-e', '-o', 'pipefail', '-c', block.text], block)


def test_what_is_wrong_is_found() -> None:
    """The checks above can fail."""
    for text in (
        'emotion-motion generate --emotoin joy',
        'emotion-motion dance',
        'make fun',
        'ros2 launch emotion_motion fun.launch.py',
        'ros2 run emotion_motion fun',
        'ros2 launch emotion_motion motion.launch.py speed:=2',
        'python examples/fun.py',
        'ros2 param set /motion_node speed 2',
        'python -m emotion_motion.fun',
        'ros2 topic pub --once /emotoin std_msgs/msg/String "{data: joy}"',
        "pip install '.[fun]'",
        "pip install 'emotion_motion[train]'",
    ):
        assert wrong_with(shlex.split(text)), text


def run_quickly(words: list[str], line: str, block: Block, monkeypatch, capfd) -> None:
    """Run a command; of the command line in this process, which has torch already."""
    if words[0] != 'emotion-motion' or not is_simple(line):
        finish(['bash', '-e', '-o', 'pipefail', '-c', line], block, LIMIT_S)
        return
    monkeypatch.setattr(sys, 'argv', words)
    try:
        cli.main()
    except SystemExit as stop:
        said = capfd.readouterr()
        assert not stop.code, f'{block.place}: {line}\n{said.out}{said.err}'


def finish(command: list[str], block: Block, limit_s: float = LONG_LIMIT_S) -> None:
    """Run a command to its end, or for the time that its block gives it."""
    given = block.option('for')
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'},
    )
    good = (0,)
    try:
        said, _ = process.communicate(timeout=float(given) if given else limit_s)
        assert not given, f'{block.place} ended before its time:\n{said}'
    except subprocess.TimeoutExpired:
        # What `make` started gets it from the terminal, and so here.
        os.killpg(process.pid, signal.SIGINT if given else signal.SIGKILL)
        said, _ = process.communicate(timeout=STOP_S)
        assert given, f'{block.place} takes longer than {limit_s} s:\n{said}'
        good = (0, 2, 130, -signal.SIGINT)  # make says 2 or 130
    assert process.returncode in good, f'{block.place} ends with {process.returncode}:\n{said}'


def wrong_with(words: list[str]) -> str:
    """Say what is wrong with a command that this package knows; '' for the others."""
    program, *rest = words
    check = CHECKS.get(program)
    if program == 'ros2' and len(rest) > 2 and (rest[0], rest[1]) in ROS_CHECKS:
        check, rest = ROS_CHECKS[rest[0], rest[1]], rest[2:]
    return check(rest) if check else ''


def _emotion_motion(rest: list[str]) -> str:
    prog, below, arguments = cli._commands(rest)
    try:
        tyro.extras.subcommand_cli_from_dict(
            {name: _nothing_like(function) for name, function in below.items()},
            prog=prog,
            args=arguments,
            config=(tyro.conf.OmitArgPrefixes,),
        )
    except SystemExit as stop:
        return '' if not stop.code else 'the command line does not understand it'
    return ''


def _nothing_like(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def nothing(*_: object, **__: object) -> None:
        pass

    return nothing


def _make(rest: list[str]) -> str:
    targets = re.findall(r'^([a-z ]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE)
    asked = [word for word in rest if '=' not in word and not word.startswith('-')]
    missing = set(asked) - {name for line in targets for name in line.split()}
    return f'no target {missing}' if missing else ''


def _python(rest: list[str]) -> str:
    if rest[:1] == ['-m'] and rest[1].startswith('emotion_motion'):
        return '' if importlib.util.find_spec(rest[1]) else f'no module {rest[1]}'
    file = rest[0] if rest else ''
    ours = file.startswith(('examples/', 'scripts/', 'benchmarks/'))
    return f'no file {file}' if ours and not (ROOT / file).is_file() else ''


def _pip(rest: list[str]) -> str:
    tomllib = pytest.importorskip('tomllib' if sys.version_info >= (3, 11) else 'tomli')
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    extras = project['optional-dependencies']
    if any(word.startswith('emotion_motion') for word in rest):
        return 'it is not published: pip install .[EXTRA] in a clone'
    asked = [name for word in rest for name in re.findall(r'\.\[(\w+)\]', word)]
    return '' if set(asked) <= set(extras) else f'no extra {asked}'


def _launch(rest: list[str]) -> str:
    if rest[0] != 'emotion_motion':
        return ''
    file = ROOT / 'launch' / rest[1]
    if not file.is_file():
        return f'no launch file {rest[1]}'
    declared = {
        name
        for path in (ROOT / 'launch').glob('*.launch.py')
        if path == file or path.name == 'motion.launch.py'
        for name in re.findall(r"(?:declare\(\s*|^    )'(\w+)'", path.read_text(), re.MULTILINE)
    }
    unknown = {word.split(':=')[0] for word in rest[2:] if ':=' in word} - declared
    return f'no launch arguments {unknown}' if unknown else ''


def _run(rest: list[str]) -> str:
    nodes = re.findall(r'\S+', (ROOT / 'CMakeLists.txt').read_text())
    known = rest[0] != 'emotion_motion' or f'scripts/nodes/{rest[1]}' in nodes or rest[1] in nodes
    return '' if known else f'no node {rest[1]}'


def _parameter(rest: list[str]) -> str:
    page = (ROOT / 'docs' / 'reference' / 'parameters.md').read_text()
    table = re.findall(r'^\| `(\w+)` \|', page, re.MULTILINE)
    ours = 'motion_node' in rest[0] and len(rest) > 1
    return f'no parameter {rest[1]}' if ours and rest[1] not in table else ''


def _name(rest: list[str]) -> str:
    """Check a topic or service against the table of the docs, wherever its namespace is."""
    name = next((word for word in rest if not word.startswith('-')), '')
    page = (ROOT / 'docs' / 'reference' / 'topics.md').read_text()
    known = set(re.findall(r'`(?:~/|/)?(\w+)`', page.split('\n## ')[0]))
    return '' if name.rsplit('/', 1)[-1] in known else f'no topic or service {name}'


CHECKS: dict[str, Callable[[list[str]], str]] = {
    'emotion-motion': _emotion_motion,
    'make': _make,
    'python': _python,
    'pip': _pip,
}
ROS_CHECKS: dict[tuple[str, str], Callable[[list[str]], str]] = {
    ('launch', 'emotion_motion'): lambda rest: _launch(['emotion_motion', *rest]),
    ('run', 'emotion_motion'): lambda rest: _run(['emotion_motion', *rest]),
    ('param', 'set'): _parameter,
    ('param', 'get'): _parameter,
    ('topic', 'pub'): _name,
    ('topic', 'echo'): _name,
    ('topic', 'hz'): _name,
    ('service', 'call'): _name,
}
