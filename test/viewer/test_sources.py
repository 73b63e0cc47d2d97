# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the page shows without ROS: files, a generator in this process, recordings."""

from collections.abc import Callable, Iterator
from pathlib import Path
import subprocess
import sys
import time
from types import SimpleNamespace

from moving import rotated
import numpy as np
import pytest

pytest.importorskip('viser')

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import emotion_weights
from emotion_motion.exceptions import MotionFileError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io import Clip, save_motion
from emotion_motion.io.clip_file import save_clips
from emotion_motion.replay.log import record, RunLog
from emotion_motion.viewer.direct import DirectSource
from emotion_motion.viewer.files import FilePlayer, read_track
from emotion_motion.viewer.source import Figure, Tape

BODY = load_skeleton('body_25')


def wait(condition: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < end_s, f'got none of this: {what}'
        time.sleep(0.01)


# Files


def test_motion_and_its_log_are_shown_as_the_same(
    generator: MotionGenerator, tmp_path: Path, saved: Path
) -> None:
    generator = MotionGenerator.from_pretrained(saved, seed=3)
    log = RunLog(tmp_path / 'run.jsonl', generator)
    motion = record(generator, ['anger', 'sadness'], 0.5, log)
    log.close()
    save_motion(tmp_path / 'motion.npz', motion)
    tracks = [read_track(tmp_path / name) for name in ('motion.npz', 'run.jsonl')]
    for track in tracks:
        assert np.array_equal(track.keypoints, motion.keypoints)
        assert np.array_equal(track.requested, motion.requested)
        assert np.array_equal(track.recognised, motion.recognised)
    player = FilePlayer(tracks)
    assert [figure.label for figure in player.snapshot().figures] == ['motion.npz', 'run.jsonl']


def test_captured_motion_stands_on_the_ground_facing_the_camera(tmp_path: Path) -> None:
    away = rotated(1.7 * BODY.rest[None], 2.0) + np.array([5.0, -3.0, 0.8])
    confidence = np.ones((40, BODY.size))
    confidence[:, BODY.index('LEar')] = 0.0
    clip = Clip(keypoints=np.tile(away, (40, 1, 1)), rate_hz=120.0, confidence=confidence)
    track = read_track(save_clips(tmp_path / 'clip.npz', [clip]))
    seen = np.delete(np.arange(BODY.size), BODY.index('LEar'))
    assert np.allclose(track.keypoints[0][seen], (BODY.rest * 1.7)[seen], atol=0.02)
    assert np.isnan(track.keypoints[:, BODY.index('LEar')]).all()
    assert track.duration_s == pytest.approx(39 / 120)


def test_second_of_two_clips_is_chosen_and_a_third_is_refused(tmp_path: Path) -> None:
    clips = [Clip(keypoints=np.tile(BODY.rest, (n, 1, 1)), rate_hz=30.0) for n in (5, 9)]
    path = save_clips(tmp_path / 'clips.npz', clips)
    assert len(read_track(path, clip=2).keypoints) == 9
    with pytest.raises(MotionFileError, match='expected 1 to 2'):
        read_track(path, clip=3)


def test_files_that_cannot_be_shown_are_named(tmp_path: Path) -> None:
    image = Clip(keypoints=np.ones((4, BODY.size, 2)), rate_hz=30.0)
    bad = tmp_path / 'bad.npz'
    bad.write_bytes(b'no archive')
    flat = save_clips(tmp_path / 'flat.npz', [image])
    for path, reason in ((tmp_path / 'none.bvh', ''), (bad, ''), (flat, '.*image')):
        with pytest.raises(MotionFileError, match=path.name + reason):
            read_track(path)


def test_time_plays_stops_and_can_be_set(tmp_path: Path) -> None:
    keypoints = np.tile(BODY.rest, (61, 1, 1)) + np.arange(61)[:, None, None] * 1e-3
    clips = [Clip(keypoints=keypoints[:n], rate_hz=30.0, prepared=True) for n in (61, 31)]
    tracks = [
        read_track(save_clips(tmp_path / f'{n}.npz', [clip])) for n, clip in enumerate(clips)
    ]
    clock = SimpleNamespace(now_s=100.0)
    player = FilePlayer(tracks, lambda: clock.now_s)
    assert player.duration_s == 2.0

    def shown() -> list[int]:
        x_m = [figure.keypoints[0, 0] - BODY.rest[0, 0] for figure in player.snapshot().figures]
        return np.rint(1e3 * np.array(x_m)).astype(int).tolist()

    assert shown() == [0, 0]
    clock.now_s += 0.5
    assert shown() == [15, 15]
    clock.now_s += 1.0
    assert shown() == [45, 30]  # the shorter one rests in its last frame
    player.playing = False
    number = player.snapshot().number
    clock.now_s += 10.0
    assert shown() == [45, 30] and player.snapshot().number == number
    player.position_s = 0.2
    assert shown() == [6, 6]
    player.playing = True
    clock.now_s += 2.1
    assert shown() == [9, 9]  # and again from the beginning
    player.playing = False
    player.position_s = 99.0
    assert player.position_s == 2.0


# A generator in this process


@pytest.fixture
def direct(generator: MotionGenerator) -> Iterator[DirectSource]:
    source = DirectSource(generator)
    yield source
    source.close()


def test_generator_moves_is_steered_and_rests(direct: DirectSource) -> None:
    first = direct.snapshot()
    wait(lambda: direct.snapshot().number > first.number + 5, 'frames')
    moved = direct.snapshot().figures[0].keypoints
    assert not np.array_equal(moved, first.figures[0].keypoints)
    direct.ask(emotion_weights('fear'))
    wait(lambda: direct.snapshot().requested[2] == 1.0, 'the emotion')
    direct.hold(True)
    wait(lambda: direct._playback.at_rest and direct.snapshot().held, 'rest')
    before = direct.snapshot()
    wait(lambda: direct.snapshot().number > before.number + 3, 'frames')
    assert np.array_equal(direct.snapshot().figures[0].keypoints, before.figures[0].keypoints)
    assert {'rate_hz', 'step_p50_ms', 'still_s'} <= set(direct.snapshot().measured)


def test_settings_take_effect_or_are_refused_with_the_reason(direct: DirectSource) -> None:
    direct.set('target_gain', 1.5)
    assert direct.values()['target_gain'] == 1.5
    direct.set('temperature', 99.0)
    (problem,) = direct.problems()
    assert 'temperature' in problem and not direct.problems()


def test_motion_that_was_late_is_recorded_whole(direct: DirectSource) -> None:
    direct.tape.start()
    wait(lambda: direct.tape.frames > 5, 'frames')
    with direct._lock:
        time.sleep(0.2)
    wait(lambda: direct.tape.frames > 10, 'frames')
    motion, lost = direct.tape.stop()
    assert lost == 0 and motion.rate_hz == direct._playback.rate_hz


def test_reset_with_a_seed_repeats_the_run(direct: DirectSource) -> None:
    runs = []
    for _ in range(2):
        direct.tape.start()
        direct.reset(7)
        wait(lambda: direct.tape.frames > 30, 'frames')
        runs.append(direct.tape.stop()[0].keypoints)
    # A frame or two of before the reset may be on the tape.
    begins = [next(i for i in range(10) if np.array_equal(run[i], runs[0][5])) for run in runs]
    length = min(len(run) - begin for run, begin in zip(runs, begins, strict=True))
    first, second = (run[b : b + length] for run, b in zip(runs, begins, strict=True))
    assert length > 15 and np.array_equal(first, second)


def test_view_without_ros_shows_the_model_and_says_what_is_seen(saved: Path) -> None:
    options = ['view', '--no-browser', '--port=0', '--seconds=0.5', f'--model={saved}']
    code = 'import sys; sys.modules["rclpy"] = None; import emotion_motion.cli as c; c.main()'
    done = subprocess.run([sys.executable, '-c', code, *options], capture_output=True, text=True)
    assert done.returncode == 0 and 'no ROS here' in done.stderr, done.stderr
    address, what_to_do, bars = done.stdout.splitlines()
    assert address.startswith('viewer: http://127.0.0.1:') and 'Click an emotion' in what_to_do
    assert 'asked for' in bars and 'the model recognises' in bars


# Recordings


def frame(number: int) -> tuple[Figure, np.ndarray, np.ndarray]:
    figure = Figure(np.full((2, 3), float(number)), 'spider', ('a', 'b'))
    return figure, np.zeros(7), np.zeros(7)


def test_tape_keeps_frames_tells_the_rate_and_what_was_lost() -> None:
    tape = Tape()
    tape.add(0.0, *frame(0))
    tape.start()
    for number in (0, 1, 2, 4, 5, 6):
        tape.add(50.0 + number / 60.0, *frame(number))
    motion, lost = tape.stop()
    assert motion.rate_hz == 60.0 and lost == 1
    assert motion.keypoints[:, 0, 0].tolist() == [0, 1, 2, 4, 5, 6]
    assert tape.stop() is None


def test_tape_is_bounded_and_ends_at_another_body() -> None:
    tape = Tape(longest=3)
    tape.start()
    for number in range(10):
        tape.add(float(number), *frame(number))
    assert tape.full and len(tape.stop()[0].keypoints) == 3
    tape.start()
    tape.add(0.0, *frame(0))
    tape.add(1.0, Figure(np.zeros((1, 3)), 'worm', ('a',)), np.zeros(7), np.zeros(7))
    assert not tape.running
