# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From nothing to a moving model, as a user does it: generate, train, stop, go on, run freely.

Takes about ten minutes on two cores, so `make soak` runs it. A model of this little training is no
good one; what holds here holds for every longer run.
"""

from __future__ import annotations

from pathlib import Path
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from training_support import environment, liveliness

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import from_pretrained
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge.judge import Judge
from emotion_motion.evaluation.judge.people import standard_judge
from emotion_motion.evaluation.streams import run_streams
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.store import write_dataset
from emotion_motion.training.free_run import free_run
from emotion_motion.training.run.metrics import read_metrics

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

STEPS = 800
SETTINGS = ('--steps', str(STEPS), '--select-every', '400', '--strip-every', '400')
_MB = 1024.0


def command(*arguments: str) -> list[str]:
    return [sys.executable, '-m', 'emotion_motion.cli', *arguments]


class Memory:
    """Watches the resident memory of a process [MB] from a thread until it ends."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.sizes: list[float] = []
        self._path, self._process = Path(f'/proc/{process.pid}/status'), process
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._process.poll() is None:
            try:
                text = self._path.read_text()
            except OSError:
                return
            lines = [line.split()[1] for line in text.splitlines() if line.startswith('VmRSS')]
            self.sizes += [int(size) / _MB for size in lines]
            time.sleep(1.0)


@pytest.fixture(scope='module')
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[float]]:
    """Generate an hour, train on it, stop halfway and go on; return folder and memory."""
    folder = tmp_path_factory.mktemp('soak')
    data, out = folder / 'corpus', folder / 'run'
    made = command('data', 'corpus', '--out', str(data), '--minutes', '60')
    subprocess.run(made, check=True, env=environment(OMP_NUM_THREADS='2'))
    given = command('train', '--out', str(out), '--data', str(data), *SETTINGS)
    first = subprocess.Popen(given, env=environment(OMP_NUM_THREADS='2'))
    while first.poll() is None and not _reached(out, STEPS // 4):
        time.sleep(1.0)
    first.send_signal(signal.SIGTERM)
    assert first.wait(120) == 128 + signal.SIGTERM
    second = subprocess.Popen([*given, '--resume'], env=environment(OMP_NUM_THREADS='2'))
    memory = Memory(second)
    assert second.wait() == 0
    return out, memory.sizes


def _reached(out: Path, step: int) -> bool:
    path = out / 'metrics.csv'
    rows = path.read_text().splitlines() if path.exists() else []
    return len(rows) > 1 and int(rows[-1].split(',')[0]) >= step


def test_held_out_motion_is_predicted_ever_better(run: tuple[Path, list[float]]) -> None:
    table = read_metrics(run[0] / 'metrics.csv')
    assert table['step'][-1] == STEPS
    losses = table['val/total'][np.isfinite(table['val/total'])]
    print(f'\nheld-out loss every 200 steps: {np.round(losses, 3).tolist()}')
    assert len(losses) == STEPS // 200
    assert losses[-1] < losses[0] - 0.3


def test_the_best_model_is_alive_and_shows_what_is_asked(run: tuple[Path, list[float]]) -> None:
    generator = MotionGenerator.from_pretrained(run[0] / 'best', batch_size=7, seed=1)
    stream = free_run(generator, 60.0)
    settled = stream.recognised[:, 120:].argmax(axis=-1) == np.arange(len(EMOTIONS))[:, None]
    print(f'\nrecognised by its own head: {settled.mean():.2f}')
    assert settled.mean() > 0.3, 'chance is 1/7, and 800 steps are few'
    for name, motion in zip(EMOTIONS, stream.keypoints, strict=True):
        clip = make_clip(name, 60.0, seed=7100).keypoints * generator.body_height_m
        real, made = (liveliness(points, stream.rate_hz) for points in (clip, motion))
        print(
            f'{name}: {made.speed_m_s:.3f} m/s of {real.speed_m_s:.3f}, still '
            f'{made.still_share:.0%} of {real.still_share:.0%}'
        )
        assert 0.2 * real.speed_m_s < made.speed_m_s < 2.5 * real.speed_m_s
    assert generator.skeleton.bone_error(stream.keypoints / generator.body_height_m) < 1e-5


def test_memory_does_not_grow(run: tuple[Path, list[float]]) -> None:
    sizes = run[1]
    settled, last = max(sizes[len(sizes) // 3 : len(sizes) // 2]), np.median(sizes[-20:])
    print(f'\nmemory: {settled:.0f} MB before the middle, {last:.0f} MB at the end')
    assert last < 1.1 * settled + 20.0


def named(judge: Judge, model: Path) -> np.ndarray:
    """Return in which share of the windows [7] of a free run a judge names each emotion."""
    asked = np.repeat(np.arange(len(EMOTIONS)), 4)
    streams = run_streams(from_pretrained(model), emotions=asked, seconds=60.0, seed=5)
    windows = judge.windows(streams)
    return windows.right_shares(judge.seen(windows.keypoints)).reshape(-1, 4).mean(axis=1)


def test_a_minute_of_gestures_leaves_the_other_emotions(
    tmp_path: Path, packaged_model: Path
) -> None:
    """One person's minute at three emotions, 200 steps: all seven are still named, mostly."""
    body, data, out = load_skeleton(), tmp_path / 'gestures', tmp_path / 'run'
    shown = enumerate(('anger', 'happiness', 'sadness'))
    clips = [prepare(make_clip(e, 20.0, 500 + n, actor=77, height_m=1.7), body) for n, e in shown]
    write_dataset(data, clips, skeleton=body, rate_hz=30.0)
    given = command('train', '--out', str(out), '--data', str(data), '--start', 'default')
    options = ('--steps', '200', '--workers', '0', '--select-every', '0', '--strip-every', '0')
    done = subprocess.run([*given, *options], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    judge = standard_judge()
    before, after = named(judge, packaged_model), named(judge, out / 'best')
    print(f'\nnamed before: {before.round(2)}, after: {after.round(2)}\n{done.stderr}')
    assert after.mean() > 0.8 * before.mean()
    assert (after > 0.8 * before).all()
