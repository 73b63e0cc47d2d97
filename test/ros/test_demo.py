# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`make run`: the node and its client as processes; and what watches a node."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

from graph import Graph, LIMIT_S, ROOT, run
import pytest

from emotion_motion.emotion import EMOTIONS

DEMO = ('-m', 'emotion_motion.ros.demo')
WATCH = ('-m', 'emotion_motion.ros.emotion_cli', '--watch')
LINE = re.compile(
    r'asked (\w+):\d\.\d\d.* \| recognised \w+:.* \| \d+\.\d\d m/s \| \d+\.\d Hz \| '
)


def descendants(process: int) -> list[int]:
    """Return the process ids below a process, from /proc."""
    below = []
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rsplit(')', 1)[1].split()
            if int(fields[1]) == process:
                below += [int(stat.parent.name), *descendants(int(stat.parent.name))]
    return below


def wait_gone(processes: list[int]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while any(Path(f'/proc/{number}').exists() for number in processes):
        assert time.monotonic() < end_s, 'processes were left behind'
        time.sleep(0.05)


def test_headless_demo_prints_one_line_of_json(model: str) -> None:
    done = run(*DEMO, '--headless', '--seconds', '4', '--model', model, '--rate', '60')
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    summary = json.loads(line)
    assert summary['frames'] > 60 and 0.0 < summary['rate_hz'] < 70.0
    assert 0.0 < summary['step_p50_ms'] <= summary['step_p99_ms']
    assert sorted(summary['emotions_requested']) == sorted(EMOTIONS)
    assert summary['emotions_seen'] and set(summary['emotions_seen']) <= set(EMOTIONS)
    assert summary['misses'] >= 0 and summary['model'] == model


def test_terminal_demo_prints_a_line_a_second(model: str) -> None:
    done = run(*DEMO, '--terminal', '--seconds', '5', '--emotion-s', '1', '--model', model)
    assert done.returncode == 0, done.stderr
    lines = [match for line in done.stdout.splitlines() if (match := LINE.match(line))]
    assert len(lines) >= 3, done.stdout
    assert len({line[1] for line in lines}) > 1  # the walk goes on
    assert done.stdout.startswith('a line a second: emotion asked for | what the model recognises')


def test_demo_prints_why_the_node_gives_nothing() -> None:
    done = run(*DEMO, '--headless', '--seconds', '2', '--model', '/no/such/model')
    assert done.returncode != 0 and not done.stdout
    assert '/no/such/model' in done.stderr and 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    'option', [['--emotion', 'melancholy'], ['--seconds', '0'], ['--no-such-option']]
)
@pytest.mark.parametrize('kind', [[], ['--headless']])
def test_demo_refuses_a_wrong_option_before_it_starts(kind: list[str], option: list[str]) -> None:
    done = run(*DEMO, *kind, *option)
    assert done.returncode == 2 and 'node' not in done.stdout
    assert option[-1].lstrip('-') in done.stderr and 'Traceback' not in done.stderr


def test_demo_serves_the_page_and_prints_where(model: str) -> None:
    pytest.importorskip('viser')
    options = ['--seconds', '1', '--port', '0', '--no-browser', '--model', model]
    done = run(*DEMO, *options)
    assert done.returncode == 0, done.stderr
    assert re.match(r'viewer: http://127\.0\.0\.1:\d+ .*\n.*click an emotion', done.stdout, re.I)
    assert 'the model recognises' in done.stdout  # what the bars mean
    assert 'Traceback' not in done.stderr


def test_watch_alone_gives_up_in_time_and_says_what_to_do() -> None:
    done = run(*WATCH, '--wait-s', '1', '--namespace', '/nobody')
    assert done.returncode == 1
    assert '/nobody/keypoints' in done.stderr and 'motion_node' in done.stderr
    assert 'Traceback' not in done.stderr


def test_watch_notices_that_the_node_was_killed(graph: Graph) -> None:
    node = graph.process('/watched')
    tester = graph.tester('/watched')
    tester.wait_frames(1)
    listeners = tester.node.count_subscribers
    before = listeners('/watched/keypoints')
    command = [sys.executable, *WATCH, '--seconds', '60', '--namespace', '/watched']
    client = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    tester.wait(lambda: listeners('/watched/keypoints') > before, 'a client')
    tester.wait_frames(60)
    node.end(signal.SIGKILL)
    _, errors = client.communicate(timeout=60)
    assert client.returncode == 1 and 'then none' in errors


@pytest.mark.parametrize(
    ('kind', 'number', 'status'),
    [('--headless', signal.SIGINT, 130), ('--terminal', signal.SIGTERM, 0)],
)
def test_signal_ends_demo_node_and_client(model: str, kind: str, number: int, status: int) -> None:
    command = [sys.executable, *DEMO, kind, '--seconds', '60', '--model', model]
    demo = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end_s = time.monotonic() + LIMIT_S
    while not (children := descendants(demo.pid)):
        assert time.monotonic() < end_s, 'the demo started nothing'
        time.sleep(0.05)
    time.sleep(3.0)  # in the middle of things, most likely
    demo.send_signal(number)
    _, errors = demo.communicate(timeout=60)
    assert demo.returncode == status and 'Traceback' not in errors
    wait_gone(children)
