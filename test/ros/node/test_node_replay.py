# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A node's run, logged by itself and made again: the very keypoints that it published."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from graph import Graph, path as path_of, Tester
import numpy as np
import pytest
from std_msgs.msg import String
from support import mounted_disk

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.emotion import EMOTIONS
from emotion_motion.io import load_motion
from emotion_motion.msg import Emotion
from emotion_motion.replay.log_file import read_runs
from emotion_motion.replay.replay import Replay


def ask(tester: Tester, running: Any, topic: str, message: Any) -> None:
    """Publish an emotion and wait for a frame that was made with it."""
    before = running.motion.generator.emotion
    tester.publish(topic, message)
    tester.wait(lambda: (running.motion.generator.emotion != before).any(), 'a new emotion')
    tester.wait_frames(10)


def part_received_in_order(received: np.ndarray, published: Iterable[np.ndarray]) -> float:
    """Return the share of published keypoints that came; each that came must be there, in order.

    A publisher that keeps one message may lose some on a machine under load.
    """
    count, index = 0, 0
    for keypoints in published:
        count += 1
        if index < len(received) and np.array_equal(keypoints, received[index]):
            index += 1
    assert index == len(received), f'the keypoints of message {index} are not in the replay'
    return index / count


def eventful(tester: Tester, running: Any) -> None:
    """Drive an active node by everything that a user has."""
    tester.wait_frames(15)
    ask(tester, running, 'emotion', String(data='happiness:0.7, surprise:0.2'))
    weights = Emotion(weights=np.array([0.2, 0, 0.1, 0, 0.3, 0, 0.3], np.float32), intensity=0.9)
    ask(tester, running, 'emotion_weights', weights)
    tester.hold(True)
    tester.wait_frames(7)
    assert tester.set('temperature', 0.5).successful
    tester.wait_frames(40)
    tester.hold(False)
    tester.wait_frames(20)
    tester.reset()
    tester.wait_frames(20)
    for name, value in {'body_height_m': 0.58, 'k': 2.0, 'rate_hz': 90.0, 'seed': 77}.items():
        assert tester.set(name, value).successful
        tester.wait_frames(7)
    tester.reset()
    tester.wait_frames(20)
    assert tester.set('emotion_timeout_s', 0.2).successful
    ask(tester, running, 'emotion', String(data='anger'))
    tester.wait(lambda: running.motion.generator.emotion[0, 4] > 0.999, 'an end of the fade')
    assert tester.change('deactivate') and tester.change('activate')
    ask(tester, running, 'emotion', String(data='fear'))
    assert tester.change('deactivate')


def test_a_node_s_file_gives_the_keypoints_that_it_published(
    graph: Graph, model: str, tmp_path: Path
) -> None:
    file = tmp_path / 'new' / 'run.jsonl'
    running, tester = graph.node(autostart=False, rate_hz=60.0, seed=-1, replay_file=str(file))
    assert tester.change('configure')
    shown: list[np.ndarray] = []
    topics, publish = running.node._live.topics, running.node._live.topics.publish

    def spy(*args: Any, **more: Any) -> None:
        shown.append(running.motion.pose.keypoints[0].copy())
        publish(*args, **more)

    topics.publish = spy
    tester.wait(lambda: topics._keypoints.get_subscription_count() > 0, 'a match')
    assert tester.change('activate')
    eventful(tester, running)
    assert tester.change('cleanup')
    tester.spin(0.3)  # what is still on its way

    (run,) = read_runs(file)
    assert {event.event for event in run.events} == {
        'emotion',
        'sampler',
        'body_height_m',
        'held',
        'period_s',
        'reset',
        'end',
    }
    assert sum(event.event == 'emotion' for event in run.events) > 10, 'a fade is many'
    seeds = [event.value for event in run.events if event.event == 'reset']
    assert len(seeds) == 2 and seeds[1] == 77 != seeds[0]
    replay = Replay(run, from_pretrained(model))
    made = [pose.keypoints[0] for pose in replay.poses()]
    assert replay.differs_at is None and replay.checked == len(run.events)
    np.testing.assert_array_equal(made, shown)
    assert part_received_in_order(path_of(tester.frames), made) > 0.5


def test_each_configuration_is_a_run_of_its_own(graph: Graph, model: str, tmp_path: Path) -> None:
    file = tmp_path / 'run.jsonl'
    _, tester = graph.node(replay_file=str(file))
    tester.wait_frames(5)
    assert tester.change('deactivate') and tester.change('cleanup')
    assert tester.set('replay_file', '').successful
    assert tester.change('configure') and tester.change('cleanup')
    assert tester.set('replay_file', str(file)).successful
    assert tester.change('configure') and tester.change('activate')
    tester.wait_frames(5)
    assert tester.change('shutdown')
    runs = read_runs(file)
    assert [run.ended for run in runs] == [True, True]
    for run in runs:
        assert run.poses >= 5
        replay = Replay(run, from_pretrained(model))
        assert len(list(replay.poses())) == run.poses and replay.differs_at is None


def test_a_killed_node_leaves_a_file_that_replays(graph: Graph, tmp_path: Path) -> None:
    file, out = tmp_path / 'run.jsonl', tmp_path / 'shown.npz'
    running = graph.process(
        '/logged', '-p', 'rate_hz:=47.0', '-p', f'replay_file:={file}', '-p', 'autostart:=false'
    )
    tester = graph.tester('/logged')
    assert tester.change('configure') and tester.change('activate')
    for name in ('fear', 'joy', 'anger'):
        tester.publish('emotion', String(data=name))
        tester.wait_frames(30)
    running.end(signal.SIGKILL)
    tester.spin(0.3)
    received = path_of(tester.frames)
    seconds = tester.times_s[-1] - tester.times_s[0] + 2.0
    command = [sys.executable, '-m', 'emotion_motion.cli', 'generate', '--replay', str(file)]
    command += ['--out', str(out), '--seconds', str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert 'the same run, bit for bit' in done.stdout and 'no end' in done.stdout
    motion = load_motion(out)
    assert motion.rate_hz == 47.0
    part_received_in_order(received, motion.keypoints)
    for name in ('fear', 'happiness', 'anger'):
        assert (motion.requested[:, EMOTIONS.index(name)] == 1.0).any(), name


def test_an_emotion_that_is_published_again_writes_nothing(graph: Graph, tmp_path: Path) -> None:
    file = tmp_path / 'run.jsonl'
    running, tester = graph.node(replay_file=str(file))
    tester.wait_frames(1)
    ask(tester, running, 'emotion', String(data='joy:0.3, fear:0.3'))
    size = file.stat().st_size
    for _ in range(50):
        tester.publish('emotion', String(data='joy:0.3, fear:0.3'))
        tester.wait_frames(1)
    assert file.stat().st_size == size


def test_the_motion_goes_on_when_its_file_cannot_be_written(graph: Graph, tmp_path: Path) -> None:
    (tmp_path / 'notes').write_text('not ours\n')
    for path in (tmp_path / 'notes', tmp_path / 'notes' / 'below'):
        _, tester = graph.node(replay_file=str(path))
        tester.wait_frames(5)
        values = tester.wait_problem('notes', DiagnosticStatus.WARN)
        assert 'notes' in values['replay_file']
        tester.wait(lambda t=tester: any('notes' in log.msg for log in t.logs), 'a warning')
        tester.wait_frames(5)
    assert (tmp_path / 'notes').read_text() == 'not ours\n'


def test_the_motion_goes_on_when_the_disk_is_full(
    graph: Graph, model: str, tmp_path: Path
) -> None:
    disk = tmp_path / 'disk'
    disk.mkdir()
    with mounted_disk(disk, 'size=64k'):
        running, tester = graph.node(replay_file=str(disk / 'run.jsonl'))
        tester.wait_status(lambda s, v: v.get('replay_file') == str(disk / 'run.jsonl'), 'a file')
        (disk / 'fill').write_bytes(b'0' * 60_000)
        number = 0
        while not running.motion.log_problem:
            number += 1
            tester.publish('emotion', String(data=EMOTIONS[number % 7]))
            tester.wait_frames(1)
            assert number < 1000
        tester.wait_status(
            lambda s, v: s.level == DiagnosticStatus.WARN and 'space' in s.message.lower(),
            'the full disk',
        )
        tester.wait(lambda: any('run.jsonl' in log.msg for log in tester.logs), 'a warning')
        tester.wait_frames(30)
        assert sum('run.jsonl' in log.msg for log in tester.logs) == 1, 'said once'
        assert tester.state() == 'active'
        replay = Replay(read_runs(disk / 'run.jsonl')[0], from_pretrained(model))
        assert len(list(replay.poses())) > 5 and replay.differs_at is None
        assert tester.change('shutdown')


@pytest.mark.parametrize('touch', ['rename', 'remove', 'cut'])
def test_a_log_that_somebody_touches_is_reported(graph: Graph, tmp_path: Path, touch: str) -> None:
    file = tmp_path / 'run.jsonl'
    _, tester = graph.node(replay_file=str(file))
    tester.wait_frames(1)
    if touch == 'rename':
        file.rename(tmp_path / 'other')
    elif touch == 'remove':
        file.unlink()
    else:
        file.write_text('')
    words = 'cut to 0 bytes' if touch == 'cut' else 'renamed or removed'
    tester.wait_problem(words, DiagnosticStatus.WARN)
    tester.wait_frames(3)


def test_peers_choose_no_folder_to_write_to(graph: Graph, tmp_path: Path) -> None:
    inside, outside = tmp_path / 'logs', tmp_path / 'elsewhere'
    (tmp_path / 'logs').mkdir()
    (inside / 'link').symlink_to(tmp_path)
    _, tester = graph.node(autostart=False, log_dir=str(inside))
    for bad in (outside / 'run', inside / '..' / 'run', inside / 'link' / 'run', inside):
        result = tester.set('replay_file', str(bad))
        assert not result.successful and str(inside) in result.reason
    assert tester.set('replay_file', str(inside / 'below' / 'run')).successful
    outside.mkdir()
    (inside / 'below').symlink_to(outside)  # after the name was checked
    assert tester.change('configure')
    tester.wait(lambda: any(f'below {inside}' in log.msg for log in tester.logs), 'a warning')
    assert not list(outside.iterdir())
    _, tester = graph.node(autostart=False)
    result = tester.set('replay_file', str(inside / 'run'))
    assert not result.successful and 'log_dir' in result.reason
    running = graph.process(
        '/outside', '-p', f'log_dir:={inside}', '-p', f'replay_file:={outside}'
    )
    assert running.process.wait(90.0) == 2 and 'expected a file below' in running.output
