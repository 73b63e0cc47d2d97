# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Held-out motion, and how a model goes on from the first second of it.

    python -m emotion_motion.training.continued RUN [--last] [--out PICTURE]

draws both for a training run and prints their speeds. Data in which some walk and some stand is
only comparable so: from a rest pose nobody begins to walk in a recording of walks.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
from pathlib import Path

import numpy as np

from emotion_motion.checkpoint import Checkpoint, from_pretrained
from emotion_motion.drawing import film_strips
from emotion_motion.exceptions import TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.free_run import free_run, smoothed_speed
from emotion_motion.training.packing import unpack
from emotion_motion.training.sources import open_datasets
from emotion_motion.training.state import load_state, newest_state
from emotion_motion.training.store import MotionDataset

__all__ = ['HeldOut', 'continue_held_out', 'held_out_clips']

_PAST_S = 1.0
_HEIGHT_M = 1.70
_ROWS = 8


class HeldOut:
    """Held-out clips of N frames: what came first, what followed, and what a model made of it.

    Attributes:
        names: of the clips.
        emotions: [B, 7].
        past: [B, T, K, D] of a body of height 1.
        real: [B, N, K, D], what followed.
    """

    def __init__(self, names: list[str], emotions: np.ndarray, clips: np.ndarray, past: int):
        """Cut clips [B, T + N, K, D] after `past` frames."""
        self.names, self.emotions = names, emotions
        self.past, self.real = clips[:, :past], clips[:, past:]


def held_out_clips(
    datasets: Sequence[MotionDataset], *, seconds: float = 4.0, most: int = 64
) -> HeldOut:
    """Return the first stretch of held-out clips that are long enough.

    Args:
        datasets: of one body and rate; their splits 'val' and 'test' are taken.
        seconds: what follows the second to go on from [s].
        most: clips, spread over all there are.

    Raises:
        TrainingError: none is long enough.
    """
    rate_hz = datasets[0].rate_hz
    past, size = round(_PAST_S * rate_hz), round((_PAST_S + seconds) * rate_hz)
    found = [
        (data, int(i)) for data in datasets
        for i in np.flatnonzero((data.splits != 'train') & (data.lengths >= size))
    ]  # fmt: skip
    if not found:
        raise TrainingError(
            f'got no held-out clip of {_PAST_S + seconds:g} s; give fewer seconds, or import the '
            f'data with a larger --val-share'
        )
    places = np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).round().astype(int))
    chosen = [found[place] for place in places]
    return HeldOut(
        _names([data.info(i).source or str(i) for data, i in chosen]),
        np.stack([data.frames(i, past, size)[2].mean(axis=0) for data, i in chosen]),
        np.stack([data.frames(i, 0, size)[0] for data, i in chosen]), past,
    )  # fmt: skip


def _names(sources: list[str]) -> list[str]:
    """Return short names: a part of a file by its own name, a file without what all begin with."""
    names = [source.partition('#')[2] or Path(source).stem for source in sources]
    shared = len(os.path.commonprefix(names)) if len(set(names)) > 1 else 0  # noqa: RUF071
    return [name[shared:] for name in names]


def continue_held_out(checkpoint: Checkpoint, clips: HeldOut, *, seed: int = 0) -> np.ndarray:
    """Return how a model goes on [B, N, K, D], of a body of height 1."""
    generator = MotionGenerator(
        checkpoint, batch_size=len(clips.names), seed=seed, body_height_m=1.0
    )
    seconds = clips.real.shape[1] / checkpoint.rate_hz
    return free_run(generator, seconds, clips.emotions, past=clips.past).keypoints


def _speeds(motion: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return the mean keypoint speed of each clip [B] in m/s, of a body of 1.70 m."""
    return np.array([smoothed_speed(_HEIGHT_M * clip, rate_hz).mean() for clip in motion])


def _last(run: Path) -> Checkpoint:
    """Return the best model of a run with the averaged weights of its newest checkpoint."""
    newest = newest_state(run / 'checkpoints')
    if newest is None:
        raise TrainingError(f'got {run} without a checkpoint; leave --last out')
    checkpoint = from_pretrained(run / 'best')
    checkpoint.model.load_state_dict(unpack(load_state(newest), 'average'))
    return checkpoint


def main() -> None:
    """Draw and measure a run; see the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('run', type=Path, help='folder of a training run')
    parser.add_argument('--out', type=Path, help='picture to write; default RUN/continued.png')
    parser.add_argument('--seconds', type=float, default=3.0, help='what is shown [s]')
    parser.add_argument('--last', action='store_true', help='the newest weights, not the best')
    given = parser.parse_args()
    config = TrainConfig.from_yaml(given.run / 'config.yaml')
    datasets = open_datasets(config.data, given.run / 'data')
    checkpoint = _last(given.run) if given.last else from_pretrained(given.run / 'best')
    clips = held_out_clips(datasets, seconds=given.seconds)
    made = continue_held_out(checkpoint, clips)
    rate_hz = checkpoint.rate_hz
    real_m_s, made_m_s = _speeds(clips.real, rate_hz), _speeds(made, rate_hz)
    for name, real, speed in zip(clips.names, real_m_s, made_m_s, strict=True):
        print(f'{name}: {real:.3f} m/s in the recording, {speed:.3f} m/s as the model goes on')
    ranks = [np.argsort(np.argsort(speeds)) for speeds in (real_m_s, made_m_s)]
    correlation = np.corrcoef(*ranks)[0, 1] if len(made) > 2 else np.nan
    print(f'{len(made)} clips: median of the ratios {np.median(made_m_s / real_m_s):.2f}, rank '
          f'correlation of the speeds {correlation:.2f}')
    rows = {}
    for place in np.unique(np.linspace(0, len(made) - 1, min(_ROWS, len(made))).astype(int)):
        rows[f'{clips.names[place]} held out'] = clips.real[place]
        rows[f'{clips.names[place]} model'] = made[place]
    out = given.out or given.run / 'continued.png'
    print(f'wrote {film_strips(rows, checkpoint.skeleton, out, every_s=0.3, rate_hz=rate_hz)}')


if __name__ == '__main__':
    main()
