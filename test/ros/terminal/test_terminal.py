# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`make run`: the node and the terminal client as processes; and what the client draws."""

from __future__ import annotations

import contextlib
import io
import json
import os
from pathlib import Path
import pty
import re
import select
import signal
import subprocess
import sys
import time

from graph import Graph, LIMIT_S, ROOT
from hypothesis import given, strategies as st
import numpy as np
import pytest
from rich.console import Console

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.ros.terminal.braille import BLANK, BrailleCanvas
from emotion_motion.ros.terminal.figure import Figure, LEFT_STYLE, RIGHT_STYLE

DEMO = [sys.executable, '-m', 'emotion_motion.ros.demo']
TERMINAL = [sys.executable, '-m', 'emotion_motion.ros.terminal.terminal']


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def descendants(process: int) -> list[int]:
    """Return the process ids below a process, from /proc."""
    found = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(')', 1)[1].split()
            if int(fields[1]) == process:
                found += [int(stat.parent.name), *descendants(int(stat.parent.name))]
    return found


def wait_gone(processes: list[int]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while any(Path(f'/proc/{number}').exists() for number in processes):
        assert time.monotonic() < end_s, 'processes were left behind'
        time.sleep(0.05)


# Processes


def test_headless_demo_prints_one_line_of_json(model: str) -> None:
    done = run([*DEMO, '--headless', '--seconds', '4', '--model', model, '--rate', '60'])
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    summary = json.loads(line)
    assert summary['frames'] > 60 and 0.0 < summary['rate_hz'] < 70.0
    assert 0.0 < summary['step_p50_ms'] <= summary['step_p99_ms']
    assert sorted(summary['emotions_requested']) == sorted(EMOTIONS)
    assert summary['emotions_seen'] and set(summary['emotions_seen']) <= set(EMOTIONS)
    assert summary['misses'] >= 0 and summary['model'] == model


def test_demo_tells_why_the_node_gives_nothing() -> None:
    done = run([*DEMO, '--headless', '--seconds', '2', '--model', '/no/such/model'])
    assert done.returncode != 0 and not done.stdout
    assert '/no/such/model' in done.stderr and 'Traceback' not in done.stderr


def test_demo_refuses_a_wrong_option_before_it_starts_anything() -> None:
    done = run([*DEMO, '--headless', '--emotion', 'melancholy'])
    assert done.returncode == 2 and "'melancholy'" in done.stderr


def test_drawing_needs_a_terminal() -> None:
    done = run([*DEMO, '--terminal'])
    assert done.returncode == 2 and '--headless' in done.stderr


def test_demo_serves_the_page_and_tells_where(model: str) -> None:
    pytest.importorskip('viser')
    options = ['--seconds', '1', '--port', '0', '--no-browser', '--model', model]
    done = run([*DEMO, *options])
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r'viewer: http://127\.0\.0\.1:\d+ .*\n', done.stdout)
    assert 'Traceback' not in done.stderr


def test_terminal_alone_gives_up_in_time_and_says_what_to_do() -> None:
    done = run([*TERMINAL, '--headless', '--wait-s', '1', '--ros-args', '-r', '__ns:=/nobody'])
    assert done.returncode == 1 and not done.stdout
    assert '/nobody/keypoints' in done.stderr and 'motion_node' in done.stderr
    assert 'Traceback' not in done.stderr


def test_terminal_notices_that_the_node_was_killed(graph: Graph) -> None:
    node = graph.process('/watched')
    graph.tester('/watched').wait_frames(1)
    command = [*TERMINAL, '--headless', '--seconds', '60', '--ros-args', '-r', '__ns:=/watched']
    client = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    tester = graph.tester('/watched')
    listeners = tester.node.count_subscribers
    tester.wait(lambda: listeners('/watched/keypoints') > 2, 'a client beside the two testers')
    tester.wait_frames(60)
    node.end(signal.SIGKILL)
    _, errors = client.communicate(timeout=60)
    assert client.returncode == 1 and 'then none' in errors


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_demo_node_and_client(model: str, number: int) -> None:
    command = [*DEMO, '--headless', '--seconds', '60', '--model', model]
    demo = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end_s = time.monotonic() + LIMIT_S
    while len(children := descendants(demo.pid)) < 2:
        assert time.monotonic() < end_s, 'the demo started nothing'
        time.sleep(0.05)
    time.sleep(3.0)  # in the middle of things, most likely
    demo.send_signal(number)
    _, errors = demo.communicate(timeout=60)
    assert demo.returncode == 130 and 'Traceback' not in errors
    wait_gone(children)


class Screen:
    """The demo on a pseudo-terminal of 80 by 24, as a user has it."""

    def __init__(self, model: str) -> None:
        self.output = b''
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            environment = os.environ | {'TERM': 'xterm-256color', 'COLUMNS': '80', 'LINES': '24'}
            command = [*DEMO, '--terminal', '--model', model, '--emotion-s', '1']
            os.execve(sys.executable, command, environment)

    def wait(self, text: str) -> None:
        end_s = time.monotonic() + 2 * LIMIT_S
        while text.encode() not in self.output:
            assert time.monotonic() < end_s, f'{text!r} never came: {self.output[-2000:]!r}'
            self.read(0.2)

    def read(self, seconds: float) -> None:
        if select.select([self._file], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.output += os.read(self._file, 65536)

    def press(self, key: str) -> None:
        os.write(self._file, key.encode())

    def end(self) -> int:
        """Read on until the process is gone; return its exit status."""
        end_s = time.monotonic() + LIMIT_S
        while (ended := os.waitpid(self.pid, os.WNOHANG)) == (0, 0):
            assert time.monotonic() < end_s, 'the demo does not end'
            self.read(0.1)
        os.close(self._file)
        return os.waitstatus_to_exitcode(ended[1])


@pytest.mark.parametrize('key', ['q', '\x03'])
def test_demo_draws_and_ends_cleanly_by_key_and_by_ctrl_c(model: str, key: str) -> None:
    screen = Screen(model)
    screen.wait('happiness')
    screen.wait('frames')
    for emotion in ('sadness', 'surprise'):  # the walk goes on
        screen.wait(emotion)
    screen.press('1 ')
    screen.wait('held')
    children = descendants(screen.pid)
    assert len(children) >= 2
    screen.press(key)
    assert screen.end() == 0
    assert b'Traceback' not in screen.output
    assert screen.output.count(b'\x1b[?1049h') == screen.output.count(b'\x1b[?1049l') == 1
    wait_gone(children)


# Drawing


def plain(canvas: BrailleCanvas) -> list[str]:
    return canvas.text().plain.split('\n')


def test_each_dot_has_its_place_in_its_character() -> None:
    for x in range(4):
        for y in range(8):
            canvas = BrailleCanvas(2, 2)
            canvas.points(np.array([x]), np.array([y]), 'red')
            rows = plain(canvas)
            lit = [(c, r) for r in range(2) for c in range(2) if ord(rows[r][c]) != BLANK]
            assert lit == [(x // 2, y // 4)]
            assert (ord(rows[y // 4][x // 2]) - BLANK).bit_count() == 1


@given(*[st.floats(-1e3, 1e3)] * 4, st.floats(1.0, 6.0))
def test_lines_anywhere_are_cut_off_at_the_edge(
    x: float, y: float, u: float, v: float, thickness: float
) -> None:
    canvas = BrailleCanvas(7, 5)
    canvas.line(np.array([x, y]), np.array([u, v]), 'red', thickness)
    assert [len(row) for row in plain(canvas)] == [7] * 5


def test_line_has_no_gap() -> None:
    canvas = BrailleCanvas(20, 10)
    canvas.line(np.array([0.0, 0.0]), np.array([39.0, 30.0]), 'red')
    assert canvas._dots.any(axis=0).all()


@pytest.mark.parametrize(('columns', 'rows'), [(42, 22), (10, 4), (120, 50)])
def test_figure_fills_what_it_is_given_and_shows_both_sides(columns: int, rows: int) -> None:
    skeleton = load_skeleton('body_25')
    figure = Figure(skeleton.name, skeleton.names)
    text = figure.draw(skeleton.rest * 1.7, columns, rows)
    lines = text.plain.split('\n')
    assert [len(line) for line in lines] == [columns] * rows
    styles = {str(span.style) for span in text.spans}
    assert {LEFT_STYLE, RIGHT_STYLE} <= styles
    Console(file=io.StringIO()).print(text)


def test_height_of_the_body_does_not_change_its_picture() -> None:
    skeleton = load_skeleton('body_25')
    pictures = {
        Figure(skeleton.name, skeleton.names).draw(skeleton.rest * height, 60, 30).plain
        for height in (0.58, 1.0, 1.7)
    }
    assert len(pictures) == 1


def test_left_is_drawn_right_as_in_a_face_to_face() -> None:
    skeleton = load_skeleton('body_25')
    text = Figure(skeleton.name, skeleton.names).draw(skeleton.rest, 60, 30)
    columns = {LEFT_STYLE: [], RIGHT_STYLE: []}
    for span in text.spans:
        if str(span.style) in columns:
            columns[str(span.style)].append(span.start % 61)
    assert np.mean(columns[LEFT_STYLE]) > np.mean(columns[RIGHT_STYLE])


def test_unknown_skeleton_is_drawn_as_dots() -> None:
    keypoints = np.array([[0.0, 0.0, 1.0], [0.0, 0.3, 0.5]])
    text = Figure('spider_8', ['a', 'b']).draw(keypoints, 20, 10)
    assert any(ord(character) > BLANK for character in text.plain if character != '\n')
