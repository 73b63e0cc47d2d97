# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Windows of motion: number i of step s is a function of (seed, s, i) and of nothing else.

So n processes see together what one would see alone, and a run that goes on sees what it would
have seen. All that is random in a step is drawn here; what follows is arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.exceptions import TrainingError
from emotion_motion.training.config import ConditionConfig, TrainConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.windows.augment import draw_times, jitter, mirror, time_warp
from emotion_motion.training.windows.decoys import decoy
from emotion_motion.training.windows.joins import (
    ClipDraw,
    cross_faded,
    Entries,
    still_bodies,
    Stretch,
)
from emotion_motion.training.windows.noise import draw_noise, NoiseDraw
from emotion_motion.training.windows.rollout import draw_rollout, passes_at
from emotion_motion.training.windows.targets import draw_targets, TargetDraw

__all__ = ['Batch', 'Window', 'WindowSampler', 'draw_condition']

# Which emotion a window is shown with: its own, none, or that of another clip.
#
# The emotion head must read the motion. A head that reads its answer off the condition is wrong
# where the condition is.


def draw_condition(
    config: ConditionConfig,
    own: np.ndarray,
    other: Callable[[], np.ndarray | None],
    random: np.random.Generator,
) -> tuple[np.ndarray, bool]:
    """Draw the condition of one window.

    Args:
        config: how often.
        own: the window's emotion [T, 7].
        other: gives that of another clip [T, 7]; None where there is no other emotion.
        random: source of the draw.

    Returns:
        The condition [T, 7], all 0 for none, and whether the motion can be foretold from it.
    """
    draw = random.random()
    if draw < config.drop_emotion:
        return np.zeros_like(own), True
    if draw >= 1.0 - config.wrong_emotion:
        wrong = other()
        if wrong is not None:
            return wrong, False
    return own, True


class Batch(NamedTuple):
    """Windows of T + horizon frames, and all that is drawn for them; tensors."""

    frames: Tensor  # [B, T + horizon, O], of a body of height 1
    emotions: Tensor  # [B, T, E], of the frame that follows each of the first T
    mask: Tensor | None  # [B, T + horizon, K], what was measured; None: everything
    condition: Tensor  # [B, T, E], the emotion that is shown
    right: Tensor  # [B], 0 where the condition is wrong or the motion a decoy, else 1
    since: Tensor  # [B], frame that attention begins anew at; 0: at the first
    noise: NoiseDraw
    target: TargetDraw
    rollout: Tensor | None  # [B, passes], see `rollout.draw_rollout`

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""

        def moved(part):
            if isinstance(part, tuple):
                return type(part)(*(moved(inner) for inner in part))
            return None if part is None else part.to(device, non_blocking=True)

        return moved(self)


class Window(NamedTuple):
    """A stretch of motion before anything is drawn for it."""

    frames: np.ndarray  # [N, K, D] float32, of a body of height 1
    emotions: np.ndarray  # [N, 7] float32
    mask: np.ndarray  # [N, K], True where measured
    sources: tuple[str, ...]  # of the clips that it is made of


class WindowSampler:
    """Draws windows from the clips of one split of one or more data sets."""

    def __init__(
        self,
        datasets: Sequence[MotionDataset],
        config: TrainConfig,
        *,
        split: str = 'train',
        seed: int | None = None,
    ) -> None:
        """Look for the clips that can be used.

        Args:
            datasets: of one skeleton and rate.
            config: how windows are cut and what is drawn for them.
            split: whose clips.
            seed: another than the run's.

        Raises:
            TrainingError: no clip of the split is long enough.
        """
        self.config, self.split = config, split
        self.seed = config.run.seed if seed is None else seed
        self.skeleton = datasets[0].skeleton
        shares = config.data.shares or tuple(
            float(dataset.lengths[dataset.splits == split].sum()) for dataset in datasets
        )
        self._parts = [_Part(dataset, config, split, self.seed) for dataset in datasets]
        usable = [bool(part) * share for part, share in zip(self._parts, shares, strict=True)]
        if not sum(usable):
            raise TrainingError(_too_short(datasets, config, split))
        self._ends = np.cumsum(usable) / sum(usable)

    def window(self, step: int, index: int) -> Window:
        """Return window `index` of step `step`."""
        random = self._random(step, index)
        return self._part(random).window(random)

    def batch(self, step: int, first: int, count: int, *, draws: bool = True) -> Batch:
        """Return windows `first` to `first + count` of a step, with all that they need.

        Args:
            step: steps done before.
            first: number of the first window.
            count: number of windows B.
            draws: exchange conditions and roll out, as in training; False to measure.
        """
        rows = [self._drawn(step, index, draws) for index in range(first, first + count)]
        frames, emotions, mask, condition, right, since, noise, target, rollout = zip(
            *rows, strict=True
        )
        stacked = [torch.from_numpy(np.stack(part)) for part in (frames, emotions, condition)]
        return Batch(
            stacked[0].flatten(2),
            stacked[1],
            None if all(part.all() for part in mask) else torch.from_numpy(np.stack(mask)),
            stacked[2],
            torch.tensor(right, dtype=torch.float32),
            torch.tensor(since),
            NoiseDraw(*_stacked(noise)),
            TargetDraw(*_stacked(target)),
            None if rollout[0] is None else torch.stack(rollout),
        )

    def sources(self, step: int, indices: Sequence[int]) -> list[str]:
        """Return where the windows of a step come from, each source once."""
        return sorted({name for i in indices for name in self.window(step, i).sources})

    def _drawn(self, step: int, index: int, draws: bool) -> tuple:
        random = self._random(step, index)
        part = self._part(random)
        config, length = self.config, self.config.windows.length
        window = part.window(random)
        frames, shown = window.frames, window.emotions[1 : length + 1]  # of the frame to come
        condition, right, since, passes = shown, True, 0, 0
        if draws:
            condition, right = draw_condition(
                config.conditions, shown, lambda: part.other(shown, random), random
            )
            if random.random() < config.conditions.forget:
                since = int(random.integers(length))
            # Of the windows with a right condition, so that the share is one of all windows.
            share = config.conditions.decoys / (1.0 - config.conditions.wrong_emotion)
            if right and random.random() < share:
                right = False
                frames, shown = decoy(
                    frames,
                    shown,
                    lambda: part.other_motion(shown, len(frames), random),
                    self.skeleton,
                    random,
                )
            passes = passes_at(config.rollouts, step, step / config.run.steps, self.seed)
        return (
            frames,
            shown,
            window.mask,
            condition,
            right,
            since,
            draw_noise(config.noise, length, config.model.outputs, config.model.pose_axes, random),
            draw_targets(config.targets, config.model, length, random),
            draw_rollout(config.rollouts, passes, random) if passes else None,
        )

    def _random(self, step: int, index: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, step, index))

    def _part(self, random: np.random.Generator) -> _Part:
        place = int(np.searchsorted(self._ends, random.random(), side='right'))
        return self._parts[min(place, len(self._parts) - 1)]


class _Part:
    """Windows from one data set."""

    def __init__(self, dataset: MotionDataset, config: TrainConfig, split: str, seed: int) -> None:
        self._data, self._config, self._frames = dataset, config.windows, config.frames
        self._balance, self._measured = config.data.balance, config.data.measured
        self._piece = _shortest_piece(config)
        clips = np.flatnonzero((dataset.splits == split) & (dataset.lengths >= self._piece))
        self._draw = ClipDraw(dataset, clips) if len(clips) else None
        self._entries: Entries | None = None
        if self._draw is not None and self._config.chain:
            many = int(dataset.lengths[clips].sum()) // 3 + 64
            self._entries = Entries(dataset, self._draw, self._piece, seed, many)

    def __bool__(self) -> bool:
        """Tell whether there is a clip to begin with."""
        return self._draw is not None

    def window(self, random: np.random.Generator) -> Window:
        """Draw a window."""
        config, lengths = self._config, self._data.lengths
        clip = self._draw.clip(self._draw.emotion(random, balance=self._balance), random)
        times = draw_times(self._frames, random, factor=config.warp)
        if self._entries is None and lengths[clip] < times[-1] + 1:
            times = np.arange(self._frames, dtype=np.float64)  # too short to be played faster
        need = int(np.ceil(times[-1] - 1e-6)) + 1
        whole = lengths[clip] >= need
        if whole and (self._entries is None or random.random() >= config.cut):
            start = int(random.integers(lengths[clip] - need + 1))
            stretch, clips = Stretch(*self._data.frames(clip, start, start + need)), [clip]
        else:
            stretch, clips = self._chain(clip, need, random)
        return self._augmented(stretch, clips, times, random)

    def other(self, shown: np.ndarray, random: np.random.Generator) -> np.ndarray | None:
        """Draw the emotions of a stretch of a clip of another emotion, as many as `shown`."""
        found = self._other(shown, len(shown), random)
        if found is None:
            return None
        emotions = found[2]
        return np.concatenate((emotions, emotions[-1:].repeat(len(shown) - len(emotions), axis=0)))

    def other_motion(
        self, shown: np.ndarray, count: int, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Draw `count` frames of a clip of another emotion, and what as many as `shown` show."""
        found = self._other(shown, count, random)
        if found is None or len(found[0]) < count:
            return None
        return found[0], found[2][1 : len(shown) + 1]

    def _other(
        self, shown: np.ndarray, count: int, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Draw a stretch of up to `count` frames of a clip of another emotion."""
        own = int(shown.mean(axis=0).argmax())
        others = self._draw.present[self._draw.present != own]
        if not len(others):
            return None
        clip = self._draw.clip(int(random.choice(others)), random)
        count = min(count, int(self._data.lengths[clip]))
        start = int(random.integers(self._data.lengths[clip] - count + 1))
        return self._data.frames(clip, start, start + count)

    def _chain(
        self, clip: int, need: int, random: np.random.Generator
    ) -> tuple[Stretch, list[int]]:
        """Join stretches of clips to `need` frames, beginning with `clip`."""
        fade = self._config.fade_frames
        start = int(random.integers(self._data.lengths[clip] - self._piece + 1))
        chain, clips, blended = self._stretch(clip, start, random), [clip], []
        while len(chain) < need:
            left = slice(-fade, -fade + 2)
            clip, start = self._next(
                chain.points[left], chain.confidence[-fade], chain.emotions[-1], random
            )
            blended += range(len(chain) - fade, len(chain))
            chain = cross_faded(chain, self._stretch(clip, start, random), fade)
            clips.append(clip)
        still_bodies(chain, self._data.skeleton, [row for row in blended if row < need])
        return Stretch(*(part[:need] for part in vars(chain).values())), clips

    def _stretch(self, clip: int, start: int, random: np.random.Generator) -> Stretch:
        """Read a stretch of a clip of random length."""
        shortest, longest = self._config.segment_s
        wanted = round(float(random.uniform(shortest, longest)) * self._data.rate_hz)
        return Stretch(*self._data.frames(clip, start, start + max(wanted, self._piece)))

    def _next(
        self,
        points: np.ndarray,
        confidence: np.ndarray,
        emotions: np.ndarray,
        random: np.random.Generator,
    ) -> tuple[int, int]:
        """Choose where the chain goes on."""
        assert self._entries is not None
        own, present = int(emotions.argmax()), self._entries.emotions
        others = present[present != own]
        leaves = own not in present or (len(others) and random.random() < self._config.switch)
        emotion = int(random.choice(others)) if leaves else own
        return self._entries.nearest(points, confidence, emotion, self._config.candidates, random)

    def _augmented(
        self, stretch: Stretch, clips: list[int], times: np.ndarray, random: np.random.Generator
    ) -> Window:
        points, confidence, emotions = stretch.points, stretch.confidence, stretch.emotions
        if self._config.warp != (1.0, 1.0):
            times = np.minimum(times, len(points) - 1)
            points, emotions, confidence = time_warp(points, emotions, confidence, times)
        if random.random() < self._config.mirror:
            points, confidence = mirror(points, confidence, self._data.skeleton)
        if self._config.jitter:
            points = jitter(points, random, size=self._config.jitter)
        sources = tuple(dict.fromkeys(self._data.info(clip).source for clip in clips))
        mask = confidence >= self._measured
        return Window(np.ascontiguousarray(points, dtype=np.float32), emotions, mask, sources)


def _shortest_piece(config: TrainConfig) -> int:
    """Return the frames that a clip needs to be used: a fade in and one out, or a window."""
    return 2 * config.windows.fade_frames + 1 if config.windows.chain else config.frames


def _stacked(draws: Sequence[tuple]) -> list[Tensor]:
    return [torch.stack(part) for part in zip(*draws, strict=True)]


def _too_short(datasets: Sequence[MotionDataset], config: TrainConfig, split: str) -> str:
    longest = max(
        (int(dataset.lengths[dataset.splits == split].max(initial=0)) for dataset in datasets),
        default=0,
    )
    if longest == 0:
        return f'got no clips of the split {split!r}; expected at least one'
    more = 'a smaller fade_frames' if config.windows.chain else 'chain, or a smaller length'
    return (
        f'got clips of at most {longest} frames in the split {split!r}; length = '
        f'{config.windows.length} needs {_shortest_piece(config)}: give longer clips, or {more}'
    )
