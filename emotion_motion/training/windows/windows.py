# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Windows of motion: number i of step s is a function of (seed, s, i) and of nothing else.

So n processes see together what one would see alone, and a run that goes on sees what it would
have seen. All that is random in a step is drawn here; what follows is arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from emotion_motion.exceptions import TrainingError
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.data.shards import Frames
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.windows.conditions import (
    decoy,
    draw_condition,
    draw_targets,
    TargetDraw,
)
from emotion_motion.training.windows.noise import draw_noise, NoiseDraw, passes_at
from emotion_motion.training.windows.stretches import (
    ClipDraw,
    cross_faded,
    draw_times,
    Entries,
    Stretch,
    time_warp,
)

__all__ = ['Batch', 'Window', 'WindowSampler']


class Batch(NamedTuple):
    """Windows of T + horizon frames, and all that is drawn for them; tensors."""

    frames: Tensor  # [B, T + horizon, O], of a body of height 1
    emotions: Tensor  # [B, T, E], of the frame that follows each of the first T
    mask: Tensor  # [B, T + horizon, K], what was measured
    condition: Tensor  # [B, T, E], the emotion that is shown
    right: Tensor  # [B], 0 where the condition is wrong or the motion a decoy, else 1
    since: Tensor  # [B], frame that attention begins anew at; 0: at the first
    noise: NoiseDraw
    target: TargetDraw
    rollout: Tensor  # [B], whether the model's own motion takes the place of the inputs
    passes: int  # of that rollout, the same for all windows of a step; 0: none

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return _changed(self, lambda part: part.to(device, non_blocking=True))


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
        """Look for the clips of a split that can be used; `seed` None: the run's.

        Raises:
            TrainingError: no clip of the split is long enough.
        """
        self.config = config
        self.seed = config.run.seed if seed is None else seed
        self.skeleton = datasets[0].skeleton
        lengths = [np.where(data.splits == split, data.lengths, 0) for data in datasets]
        weights = config.data.mix([float(own.sum()) for own in lengths])
        clips = [np.flatnonzero(own >= _shortest_piece(config)) for own in lengths]
        usable = [n for n in range(len(datasets)) if len(clips[n])]
        if not usable:
            longest = max(int(own.max(initial=0)) for own in lengths)
            raise TrainingError(_too_short(longest, config, split))
        self._parts = [_Part(datasets[n], clips[n], config, self.seed) for n in usable]
        shares = [weights[n] for n in usable]
        self._ends = np.cumsum(shares) / sum(shares)

    def window(self, step: int, index: int) -> Window:
        """Return window `index` of step `step`."""
        random = self._random(step, index)
        return self._part(random).window(random)

    def batch(self, step: int, first: int, count: int, *, draws: bool = True) -> Batch:
        """Return windows `first` to `first + count` of a step, with all that they need.

        With `draws` conditions are exchanged and steps roll out, as in training; without, to
        measure.
        """
        return _stacked([self._drawn(step, i, draws) for i in range(first, first + count)])

    def sources(self, step: int, indices: Sequence[int]) -> list[str]:
        """Return where the windows of a step come from, each source once."""
        return sorted({name for i in indices for name in self.window(step, i).sources})

    def _drawn(self, step: int, index: int, draws: bool) -> Batch:
        """Return one window as a batch whose tensors have no leading B."""
        random = self._random(step, index)
        part = self._part(random)
        config, length, sizes = self.config, self.config.windows.length, self.config.model
        window = part.window(random)
        frames, shown = window.frames, window.emotions[1 : length + 1]  # of the frame to come
        condition, right, since, passes = shown, True, 0, 0
        if draws:
            condition, right = draw_condition(
                config.conditions, shown, lambda: part.other_emotions(shown, random), random
            )
            if random.random() < config.conditions.forget:
                since = int(random.integers(length))
            # Of the windows with a right condition, so that the share is one of all windows.
            share = config.conditions.decoys / (1.0 - config.conditions.wrong_emotion)
            if right and random.random() < share:
                right, own = False, shown

                def other() -> tuple[np.ndarray, np.ndarray] | None:
                    return part.other_motion(own, len(window.frames), random)

                frames, shown = decoy(frames, own, other, self.skeleton, random)
            passes = passes_at(config.rollouts, step, step / config.run.steps, self.seed)
        return Batch(
            torch.from_numpy(frames).flatten(1),
            torch.from_numpy(shown),
            torch.from_numpy(window.mask),
            torch.from_numpy(condition),
            torch.tensor(float(right)),
            torch.tensor(since),
            draw_noise(config.noise, length, sizes.outputs, sizes.pose_axes, random),
            draw_targets(config.targets, sizes, length, random),
            torch.tensor(random.random() < config.rollouts.rollout_share),
            passes,
        )

    def _random(self, step: int, index: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, step, index))

    def _part(self, random: np.random.Generator) -> _Part:
        place = int(np.searchsorted(self._ends, random.random(), side='right'))
        return self._parts[min(place, len(self._parts) - 1)]


class _Part:
    """Windows from one data set."""

    def __init__(
        self, dataset: MotionDataset, clips: np.ndarray, config: TrainConfig, seed: int
    ) -> None:
        self._data, self._config, self._frames = dataset, config.windows, config.frames
        self._balance, self._measured = config.data.balance, config.data.measured
        self._piece = _shortest_piece(config)
        self._draw = ClipDraw(dataset, clips)
        self._entries: Entries | None = None
        if self._config.chain:
            count = int(dataset.lengths[clips].sum()) // 3 + 64
            self._entries = Entries(dataset, self._draw, self._piece, seed, count)

    def window(self, random: np.random.Generator) -> Window:
        """Draw a window."""
        config, lengths = self._config, self._data.lengths
        clip = self._draw.clip(self._draw.emotion(random, balance=self._balance), random)
        times = draw_times(self._frames, config.warp, random)
        if self._entries is None and lengths[clip] < times[-1] + 1:
            times = np.arange(self._frames, dtype=np.float64)  # too short to be played faster
        need = int(np.ceil(times[-1] - 1e-6)) + 1
        whole = lengths[clip] >= need
        if self._entries is None or (whole and random.random() >= config.cut):
            start = int(random.integers(lengths[clip] - need + 1))
            stretch, clips = Stretch(*self._data.frames(clip, start, start + need)), [clip]
        else:
            stretch, clips = self._chain(self._entries, clip, need, random)
        return self._augmented(stretch, clips, times, random)

    def other_emotions(self, shown: np.ndarray, random: np.random.Generator) -> np.ndarray | None:
        """Draw the emotions of a stretch of a clip of another emotion, as many as `shown`."""
        frames = self._other(shown, len(shown), random)
        if frames is None:
            return None
        emotions = frames[2]
        return np.concatenate((emotions, emotions[-1:].repeat(len(shown) - len(emotions), axis=0)))

    def other_motion(
        self, shown: np.ndarray, count: int, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Draw `count` frames of a clip of another emotion, and emotions, as many as `shown`."""
        frames = self._other(shown, count, random)
        if frames is None or len(frames[0]) < count:
            return None
        return frames[0], frames[2][1 : len(shown) + 1]

    def _other(self, shown: np.ndarray, count: int, random: np.random.Generator) -> Frames | None:
        own = int(shown.mean(axis=0).argmax())
        others = self._draw.present[self._draw.present != own]
        if not len(others):
            return None
        clip = self._draw.clip(int(random.choice(others)), random)
        count = min(count, int(self._data.lengths[clip]))
        start = int(random.integers(self._data.lengths[clip] - count + 1))
        return self._data.frames(clip, start, start + count)

    def _chain(
        self, entries: Entries, clip: int, need: int, random: np.random.Generator
    ) -> tuple[Stretch, list[int]]:
        """Join stretches of clips to `need` frames, beginning with `clip`."""
        fade = self._config.fade_frames
        start = int(random.integers(self._data.lengths[clip] - self._piece + 1))
        chain, clips = self._stretch(clip, start, random), [clip]
        blended: list[int] = []
        while len(chain) < need:
            emotion = self._next_emotion(entries, chain.emotions[-1], random)
            clip, start = entries.nearest(
                chain.points[-fade : -fade + 2],
                chain.confidence[-fade],
                emotion,
                self._config.candidates,
                random,
            )
            blended += range(len(chain) - fade, min(len(chain), need))
            chain = cross_faded(chain, self._stretch(clip, start, random), fade)
            clips.append(clip)
        if blended:  # are put back onto the body
            chain.points[blended] = self._data.skeleton.project(chain.points[blended])
        return Stretch(*(part[:need] for part in vars(chain).values())), clips

    def _stretch(self, clip: int, start: int, random: np.random.Generator) -> Stretch:
        shortest, longest = self._config.segment_s
        wanted = round(float(random.uniform(shortest, longest)) * self._data.rate_hz)
        return Stretch(*self._data.frames(clip, start, start + max(wanted, self._piece)))

    def _next_emotion(
        self, entries: Entries, emotions: np.ndarray, random: np.random.Generator
    ) -> int:
        """Choose the emotion that the chain goes on with."""
        own, present = int(emotions.argmax()), entries.emotions
        others = present[present != own]
        leaves = own not in present or (len(others) and random.random() < self._config.switch)
        return int(random.choice(others)) if leaves else own

    def _augmented(
        self, stretch: Stretch, clips: list[int], times: np.ndarray, random: np.random.Generator
    ) -> Window:
        if self._config.warp != (1.0, 1.0):
            stretch = time_warp(stretch, np.minimum(times, len(stretch) - 1))
        points, confidence = stretch.points, stretch.confidence
        if random.random() < self._config.mirror:
            skeleton = self._data.skeleton
            points, confidence = skeleton.mirrored(points), confidence[:, list(skeleton.mirror)]
        return Window(
            np.ascontiguousarray(points, dtype=np.float32),
            stretch.emotions,
            confidence >= self._measured,
            tuple(dict.fromkeys(self._data.info(clip).source for clip in clips)),
        )


def _shortest_piece(config: TrainConfig) -> int:
    """Return the frames that a clip needs to be used: a fade in and one out, or a window."""
    return 2 * config.windows.fade_frames + 1 if config.windows.chain else config.frames


def _changed(part: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Change the tensors in nested tuples."""
    if isinstance(part, tuple):
        return type(part)(*(_changed(inner, change) for inner in part))
    return change(part) if isinstance(part, Tensor) else part


def _stacked(parts: Sequence[Any]) -> Any:
    """Join the tensors of several windows, which lie in nested tuples."""
    first = parts[0]
    if isinstance(first, tuple):
        return type(first)(*(_stacked(part) for part in zip(*parts, strict=True)))
    return torch.stack(tuple(parts)) if isinstance(first, Tensor) else first


def _too_short(longest: int, config: TrainConfig, split: str) -> str:
    if longest == 0:
        return f'got no clips of the split {split!r}; expected at least one'
    more = 'a smaller fade_frames' if config.windows.chain else 'chain, or a smaller length'
    return (
        f'got clips of at most {longest} frames in the split {split!r}; length = '
        f'{config.windows.length} needs {_shortest_piece(config)}: give longer clips, or {more}'
    )
