# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a model to begin with knows of the data, and what a training leaves of what it could do.

Both in words: a few takes far from all that a model knows unlearn more than they teach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
import dataclasses
from typing import Any, NamedTuple

import numpy as np
import torch

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ModelError
from emotion_motion.generator import MotionGenerator
from emotion_motion.io.clip import Clip
from emotion_motion.live.target import pose_metric
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.corpus.corpus import make_corpus
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.free_run import foot_slide, free_run, thirds
from emotion_motion.training.statistics import even_sample, nearest
from emotion_motion.training.windows.windows import WindowSampler

__all__ = ['Distance', 'corpus_clips', 'distance', 'shown', 'worse']

_OTHERS = 500_000  # added to the corpus' seed: people whom neither model nor training has seen
_MINUTES = 3.0  # of them
_EVERY = 5  # frames; poses nearer in time are nearly the same
_RESTED_S = 1.0  # a stream begins in the rest pose, which shows no emotion
_FAR_POSES, _FAR_ERROR = 0.5, 3.0  # from here on data is far from what a model knows
_KEPT = 0.8  # of how often an emotion was named
_WORSE = {  # by more than that
    'slide_m_s': ('its feet slide', 0.02),
    'still': ('it stands still more', 0.2),
    'jerk_m': ('it trembles', 0.0005),
}


def corpus_clips(
    minutes: float, seed: int, skeleton: Skeleton, rate_hz: float = 30.0
) -> Iterator[Clip]:
    """Yield prepared clips of the generated corpus, seen from the front for a body in 2D."""
    for clip in make_corpus(minutes, seed, rate_hz):
        clip = prepare(clip, load_skeleton(), rate_hz=rate_hz)
        points = clip.keypoints[..., -skeleton.dims :]
        yield dataclasses.replace(clip, keypoints=points, skeleton=skeleton.name)


class Distance(NamedTuple):
    """How far data is from what a model knows; of the corpus for comparison."""

    beyond: float  # share of the data's poses beyond the pose radius of every anchor
    corpus_beyond: float
    error: float  # mean squared error of the next frame, in displacement units
    corpus_error: float

    def lines(self, name: str, keep: float) -> list[str]:
        """Return it in words, with what to do; `keep` is the share of the corpus."""
        ratio = self.error / max(self.corpus_error, 1e-9)
        far = self.beyond >= _FAR_POSES or ratio >= _FAR_ERROR
        lines = [
            f'{name} and this data: {self.beyond:.0%} of the poses are out of its reach '
            f'({self.corpus_beyond:.0%} of the corpus), its error of the next frame is '
            f'{ratio:,.1f} times that on the corpus',
            f'{keep:.0%} of the windows are of the corpus, to keep what it knew (--keep)',
        ]
        if far:
            lines.append(
                f'warning: this data is far from what {name} knows, which it may unlearn. Look '
                f'at it (emotion-motion data inspect): are feet on the ground, does nobody walk? '
                f'{"" if keep >= 0.5 else "Give --keep 0.5. "}'
                f'For motion of another kind, train anew on hours of it, without --start'
            )
        return lines


def distance(
    datasets: Sequence[MotionDataset],
    config: TrainConfig,
    start: Checkpoint,
    losses: Callable[[WindowSampler], Mapping[str, float]],
) -> Distance:
    """Measure how far data sets, without the corpus for `keep`, are from what a model knows.

    `losses` gives the losses of that model on the windows of a sampler.
    """
    skeleton, seed = datasets[0].skeleton, config.data.corpus_seed + _OTHERS
    minutes = min(_MINUTES, config.data.minutes)
    corpus = MotionDataset.from_clips(
        corpus_clips(minutes, seed, skeleton, datasets[0].rate_hz), skeleton=skeleton
    )
    own = dataclasses.replace(config, data=dataclasses.replace(config.data, keep=0.0))
    other = dataclasses.replace(own, data=dataclasses.replace(own.data, shares=(), data=()))
    beyond = [float(np.mean(_beyond(sets, start))) for sets in (datasets, [corpus])]
    errors = [
        losses(WindowSampler(sets, choices))['mse']
        for sets, choices in ((datasets, own), ([corpus], other))
    ]
    return Distance(*beyond, *errors)


def _beyond(datasets: Sequence[MotionDataset], start: Checkpoint) -> np.ndarray:
    """Return which poses of training clips are beyond the pose radius of every anchor."""
    model, metric = start.model, pose_metric(start.model)
    poses = [points[::_EVERY] for data in datasets for points, _, _ in even_sample(data)]
    frames = torch.from_numpy(np.concatenate(poses).astype(np.float32)).flatten(1)
    frames = frames - torch.from_numpy(start.normaliser.mean)
    with torch.inference_mode():
        axes = model.in_axes(frames)
        apart = nearest(axes @ metric, model.mdn.anchors @ metric)[0]
        left = (frames - axes @ model.axes()).square().sum(-1) / model.config.keypoints
        return ((apart.square() + left).sqrt() > model.mdn.radius).numpy()


def shown(
    checkpoint: Checkpoint, reader: Checkpoint, seconds: float = 20.0, seed: int = 0
) -> dict[str, Any]:
    """Let a model run freely at each emotion, and return what `reader` and the eye see.

    Returns:
        `named`: in which share of the frames the head of `reader`, which is told nothing, reads
        the emotion that was asked for, by emotion; `slide_m_s` of the lower foot; `still`: share
        of thirds of a second below 0.05 m/s; `jerk_m`, as of `Thirds`. Empty where it broke off.
    """
    generator = MotionGenerator(checkpoint, batch_size=len(EMOTIONS), seed=seed)
    try:
        run = free_run(generator, seconds)
    except ModelError:  # frames that are not finite
        return {}
    frames = torch.from_numpy(run.keypoints / generator.body_height_m).float().flatten(2)
    with torch.inference_mode():
        none = frames.new_zeros(len(EMOTIONS), len(EMOTIONS))
        mean = torch.from_numpy(reader.normaliser.mean)
        read = reader.model.whole(frames - mean, none, None).emotion_logits.argmax(dim=-1)
    asked = torch.arange(len(EMOTIONS))[:, None]
    right = (read[:, round(_RESTED_S * run.rate_hz) :] == asked).float().mean(dim=1)
    parts = [thirds(points, run.rate_hz) for points in run.keypoints]
    return {
        'named': dict(zip(EMOTIONS, right.tolist(), strict=True)),
        'slide_m_s': foot_slide(run.keypoints, run.rate_hz, checkpoint.skeleton),
        'still': float(np.mean([part.still.mean() for part in parts])),
        'jerk_m': float(np.mean([part.jerk.mean() for part in parts])),
    }


def worse(start: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """Return in which ways what a model has `shown` is worse than what its start has."""
    if not model or 'named' not in start:
        return [] if model else ['its free run breaks off']
    names = [n for n, share in model['named'].items() if share < _KEPT * start['named'][n]]
    words = [f'it shows {", ".join(names)} less'] if names else []
    return words + [text for key, (text, more) in _WORSE.items() if model[key] > start[key] + more]
