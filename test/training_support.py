# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Small motion, small models and short runs for the tests of training."""

from __future__ import annotations

from collections.abc import Iterator
import contextlib
import dataclasses
import os
from pathlib import Path
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.clip import Clip
from emotion_motion.model.config import MotionModelConfig
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.data.store import MotionDataset, write_dataset
from emotion_motion.training.free_run import longest_still_s, smoothed_speed, thirds
from emotion_motion.training.loop import TrainingLoop

ROOT = Path(__file__).resolve().parents[1]
BODY = load_skeleton()
SIZES = MotionModelConfig(
    motion_channels=24,
    emotion_channels=8,
    layers=2,
    heads=2,
    window=8,
    anchors=16,
    mdn_channels=24,
    emotion_head_channels=8,
)
# What the tests of whole runs share: no extra process, nothing drawn or selected on the way.
RUN = {
    'steps': 6,
    'batch_size': 4,
    'workers': 0,
    'device': 'cpu',
    'log_every': 1,
    'save_every': 2,
    'val_every': 0,
    'select_every': 0,
    'strip_every': 0,
    'select_s': 2.0,
}


def swaying(emotion: int, frames: int = 150, **changes: Any) -> Clip:
    """Return a body that sways, faster and wider the higher the number of its emotion."""
    time_s = np.arange(frames)[:, None, None] / 30.0
    phases = np.arange(75).reshape(25, 3)
    sway = 0.01 * (1 + emotion) * np.sin(2.0 * np.pi * 0.3 * (1 + emotion) * time_s + phases)
    values = {
        'keypoints': BODY.project(BODY.rest + sway),
        'emotions': np.eye(7)[emotion],
        'rate_hz': 30.0,
        'prepared': True,
        'source': f'sway {emotion}',
        'licence': 'Apache-2.0',
    }
    return Clip(**{**values, **changes})


def flattened(clip: Clip) -> Clip:
    """Return a clip seen from the front."""
    points = clip.keypoints[..., 1:]
    return dataclasses.replace(clip, keypoints=points, skeleton=BODY.flat().name)


class Liveliness(NamedTuple):
    """How alive one stretch of motion is."""

    speed_m_s: float  # mean keypoint speed of the smoothed motion
    still_share: float  # share of thirds of a second whose mean keypoint speed is below 0.05 m/s
    longest_still_s: float  # longest run of them


def liveliness(keypoints: np.ndarray, rate_hz: float) -> Liveliness:
    """Measure motion [T, K, D] in metres."""
    speed, still = smoothed_speed(keypoints, rate_hz), thirds(keypoints, rate_hz).still
    return Liveliness(float(speed.mean()), float(still.mean()), longest_still_s(still, rate_hz))


def config_of(**changes: Any) -> TrainConfig:
    """Return a configuration of a small model; keywords are fields of any group."""
    config = dataclasses.replace(TrainConfig(), model=SIZES)
    changes = {'length': 12, 'learning_rate': 4e-3, 'ema': 0.8, **RUN, **changes}
    for group in dataclasses.fields(config):
        part = getattr(config, group.name)
        names = {field.name for field in dataclasses.fields(part)} & changes.keys()
        part = dataclasses.replace(part, **{name: changes.pop(name) for name in names})
        config = dataclasses.replace(config, **{group.name: part})
    assert not changes, f'no such settings: {changes}'
    return config


def stored(path: Path, frames: int = 150) -> MotionDataset:
    """Write a data set of three swaying clips, and one of a known emotion that is held out."""
    clips = [swaying(e, frames) for e in (0, 3, 5)]
    clips.append(swaying(4, frames, source='held out', emotions=np.eye(7)[3]))
    splits = ['train', 'train', 'train', 'val']
    return write_dataset(path, clips, skeleton=BODY, rate_hz=30.0, splits=splits)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that finds this working copy first."""
    places = [str(ROOT), str(ROOT / 'test'), os.environ.get('PYTHONPATH', '')]
    return {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': os.pathsep.join(places), **more}


def run_python(code: str, *arguments: object, returns: int = 0) -> str:
    """Run code in a new Python that loads this source tree; returns what it prints."""
    command = [sys.executable, '-c', code, *map(str, arguments)]
    answer = subprocess.run(
        command, capture_output=True, text=True, env=environment(), check=False, timeout=120
    )
    assert answer.returncode == returns, answer.stderr
    return answer.stdout


@contextlib.contextmanager
def without_pictures() -> Iterator[None]:
    """Let runs end without strips and curves, which take four times as long as all their steps.

    For runs that are compared with another one; test_resume.py looks at one that draws.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingLoop, '_draw', lambda *_: None)
        yield


def main() -> None:
    """Train as a process of its own: `training_support.py CONFIG OUT [--resume]`."""
    from emotion_motion.training.session import train

    with without_pictures():
        train(Path(sys.argv[2]), TrainConfig.from_yaml(sys.argv[1]), resume='--resume' in sys.argv)


if __name__ == '__main__':
    main()
