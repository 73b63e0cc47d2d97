# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Every file of examples/ runs as a user would run it, beside a real motion node."""

from __future__ import annotations

from pathlib import Path
import re

from graph import Graph, ROOT, run as run_python
import numpy as np
import pytest

from emotion_motion.io.bvh.reader import read_bvh

EXAMPLES = ROOT / 'examples'


def run(name: str, *arguments: str, said: str = '') -> str:
    """Run an example with text on its standard input; returns what it prints."""
    answer = run_python(str(EXAMPLES / name), *arguments, said=said)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


def test_every_example_is_tested_and_listed() -> None:
    source, listed = Path(__file__).read_text(), (EXAMPLES / 'README.md').read_text()
    for path in EXAMPLES.glob('*.py'):
        assert f"run('{path.name}'" in source.replace('\n        ', '')
        assert f']({path.name})' in listed


def test_emotions_are_published(graph: Graph) -> None:
    node, _ = graph.node('/source')
    said = run('publish_emotions.py', '--each-s', '0.5', '--ros-args', '-r', '__ns:=/source')
    assert re.findall('asked for (.*);', said) == [
        'happiness',
        'a little anger with surprise',
        'sadness at 0.7',
    ]
    assert 'shows nothing' not in said
    # The last one: weights with an intensity of 0.7.
    assert node.motion.generator.emotion[0] == pytest.approx([0, 0, 0, 0, 0.3, 0.7, 0], abs=1e-6)


def test_without_a_motion_node_the_example_says_so() -> None:
    arguments = ['--wait-s', '0.3', '--ros-args', '-r', '__ns:=/nobody']
    for name in ('publish_emotions.py', 'text_sentiment.py'):
        answer = run_python(str(EXAMPLES / name), *arguments)
        assert answer.returncode == 1
        assert 'no motion node listens to /nobody/emotion' in answer.stderr


def test_text_becomes_emotions(graph: Graph) -> None:
    node, tester = graph.node('/text')
    lines = 'what a wonderful day\nthe train is late\nI am scared and alone\n'
    said = run('text_sentiment.py', '--ros-args', '-r', '__ns:=/text', said=lines)
    assert said.splitlines()[:2] == [
        "'what a wonderful day': happiness 0.7",
        "'the train is late': neutral 1.0",
    ]
    tester.wait(lambda: node.motion.generator.emotion[0][2] > 0.4, 'fear')
    assert node.motion.generator.emotion[0] == pytest.approx([0, 0, 0.5, 0, 0, 0.5, 0], abs=1e-6)


@pytest.mark.soak
def test_two_robots_move_at_once(model: str) -> None:
    pytest.importorskip('pinocchio')
    said = run('two_robots.py', '--seconds', '0.5', '--model', model)
    counts = re.findall(r'^/(\w+): (\w+), (\d+) states of (\d+) joints', said, re.MULTILINE)
    assert [row[:2] for row in counts] == [('left', 'happiness'), ('right', 'sadness')]
    assert all(int(row[2]) > 5 and int(row[3]) == 28 for row in counts), said


@pytest.mark.soak
def test_motion_becomes_bvh(tmp_path: Path) -> None:
    out = tmp_path / 'motion.bvh'
    said = run('generate_bvh.py', 'joy', 'fear', '--seconds', '1', '--out', str(out))
    assert '60 frames at 30 Hz' in said
    clip = read_bvh(out)
    assert clip.keypoints.shape == (60, 25, 3)
    assert np.isfinite(clip.keypoints).all()


@pytest.mark.soak
def test_a_sampler_of_one_s_own_drives_the_loop() -> None:
    said = run('custom_sampler.py', '--seconds', '3')
    speeds = [float(number) for number in re.findall(r'([\d.]+) m/s', said)]
    assert len(speeds) == 2 and speeds[0] != speeds[1]
    assert min(speeds) > 0.0
