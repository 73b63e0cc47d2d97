# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The page of a running node in real Chromium: shown, steered, gone, back again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import signal
from typing import Any

from browser import chromium, View, Viewer
from graph import Graph, NodeProcess, path, Tester
import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from emotion_motion.generator import MotionGenerator
from emotion_motion.playback import Playback

pytest.importorskip('viser')
NAMESPACE = '/seen'
SEED = 5


class Stand:
    """A node, its viewer and a page of it; each can be started anew."""

    def __init__(self, graph: Graph, browser: Any, folder: Path) -> None:
        self.graph, self.browser, self.model = graph, browser, graph.model
        self.node = self.start_node()
        self.tester: Tester = graph.tester(NAMESPACE)
        self.emotions: list[String] = self.tester.listen(String, 'emotion')
        self.viewer = Viewer(
            folder / 'viewer.log',
            [
                'emotion_motion.ros.viewer_node',
                '--port=0',
                '--updates-hz=5',
                f'--record-dir={folder}',
                '--ros-args',
                '-r',
                f'__ns:={NAMESPACE}',
            ],
        )
        self.folder = folder
        self.view = View(browser, self.viewer.address)

    def start_node(self) -> NodeProcess:
        return self.graph.process(NAMESPACE, '-p', 'seed:=1')


@pytest.fixture(scope='module')
def stand(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp('viewer')
    with chromium() as browser, Graph(model, folder) as graph:
        stand = Stand(graph, browser, folder)
        yield stand
        stand.view.close()
        assert stand.viewer.end() == 0, stand.viewer.output
        assert 'Traceback' not in stand.viewer.output


def twin(stand: Stand, seconds: float) -> np.ndarray:
    """Return what the node shows after a reset with SEED if nothing is asked for [T, K, 3]."""
    generator = MotionGenerator.from_pretrained(stand.model, seed=SEED)
    playback = Playback(generator)
    frames = round(seconds * generator.rate)
    return np.stack([playback.advance().keypoints[0] for _ in range(frames)])


def in_twin(frames: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Tell of each frame [T] whether it is one of the twin's."""
    flat, twins = frames.reshape(len(frames), -1), known.reshape(len(known), -1)
    return (flat[:, None] == twins[None]).all(axis=-1).any(axis=-1)


def test_page_shows_the_moving_body_and_no_error(stand: Stand) -> None:
    stand.view.wait('text="/seen/keypoints"')
    stand.view.wait_still(False)
    stand.view.screenshot('node')
    assert stand.view.page.locator('[data-notice]:visible').count() == 0
    assert not stand.view.errors


def test_clicked_emotion_reaches_topic_and_changes_the_motion(stand: Stand) -> None:
    known = twin(stand, 20.0)
    view, tester = stand.view, stand.tester
    view.page.get_by_label('seed', exact=True).fill(str(SEED))
    view.page.keyboard.press('Enter')
    view.button('reset').click()
    tester.wait(lambda: in_twin(path(tester.wait_frames(10)), known).all(), f'seed {SEED}')
    view.button('anger').click()
    tester.wait(lambda: stand.emotions, 'an emotion on the topic')
    assert [message.data for message in stand.emotions] == ['anger']
    tester.wait(lambda: not in_twin(path(tester.wait_frames(5)), known).any(), 'another motion')
    view.wait_requested('anger')
    assert not view.errors


def test_hold_stops_the_motion_and_release_goes_on(stand: Stand) -> None:
    view, tester = stand.view, stand.tester
    view.button('hold').click()
    tester.wait(lambda: np.ptp(path(tester.wait_frames(10)), axis=0).max() == 0.0, 'rest')
    view.wait_still(True)
    view.button('release').click()
    tester.wait(lambda: np.ptp(path(tester.wait_frames(10)), axis=0).max() > 0.0, 'motion')
    view.wait_still(False)


@pytest.mark.soak
def test_two_browsers_see_the_same(stand: Stand) -> None:
    other = View(stand.browser, stand.viewer.address)
    other.button('sadness').click()
    for view in (stand.view, other):
        view.wait_requested('sadness')
    other.wait_still(False)
    other.screenshot('second_browser')
    assert not other.errors and not stand.view.errors
    other.close()


@pytest.mark.soak
def test_robot_of_the_topic_is_shown_and_moved(stand: Stand) -> None:
    pytest.importorskip('pinocchio')
    tester, view = stand.tester, stand.view
    view.button('hold').click()
    view.wait_still(True)
    before = view.picture()
    urdf = (Path(__file__).parents[2] / 'urdf' / 'humanoid.urdf').read_text()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    tester.publish('robot_description', String(data=urdf), latched)
    tester.wait(lambda: view.picture() != before, 'a robot in the picture')
    view.wait_still(True)
    rest = view.picture()
    state = JointState(name=['l_p_shoulder'], position=[-1.5])

    def moved() -> bool:
        tester.publish('joint_states', state)
        return view.picture() != rest

    tester.wait(moved, 'a robot that moves')
    view.screenshot('robot')
    view.button('release').click()
    assert not view.errors


def test_killed_node_is_noticed_and_a_new_one_found(stand: Stand) -> None:
    view = stand.view
    view.wait_still(False)  # a node without frames yet cannot be gone
    view.button('sadness').click()
    view.wait_requested('sadness')
    stand.node.end(signal.SIGKILL)
    view.wait('[data-notice]:has-text("motion_node is gone")')
    view.screenshot('node_gone')
    stand.node = stand.start_node()
    view.wait('[data-notice]', state='hidden')
    view.wait_still(False)
    view.wait_requested('sadness')  # what was asked for here is asked of the new node
    assert not view.errors


@pytest.mark.soak
def test_recording_is_written_and_can_be_read(stand: Stand) -> None:
    from emotion_motion.io import load_motion

    view, tester = stand.view, stand.tester
    view.button('record').click()
    tester.wait_frames(30)
    with view.page.expect_download() as download:
        view.page.get_by_role('button', name='stop recording').click()
    motion = load_motion(stand.folder / download.value.suggested_filename)
    # A machine with too much to do makes fewer frames a second, never more.
    assert len(motion.keypoints) >= 20 and motion.rate_hz <= 31.0
    assert motion.skeleton == 'body_25'


@pytest.mark.soak
def test_frozen_viewer_does_not_stop_the_node(stand: Stand) -> None:
    stand.viewer.process.send_signal(signal.SIGSTOP)
    try:
        stand.tester.wait_frames(90)
    finally:
        stand.viewer.process.send_signal(signal.SIGCONT)
    stand.view.wait_still(False)
