# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Streams of motion to be measured, of a model in its very live loop or of corpus people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
import threading
from typing import Any

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS, recognised_distribution
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.live.step import FrameSampler
from emotion_motion.sampling import sample_dynamic_emotion_individual
from emotion_motion.settings import Checked, SamplerConfig, setting
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare

BODY_HEIGHT_M = 1.70
SWITCH_S = (4.0, 6.0)  # how long a stream runs before and after it switches

_OF_MODELS = ('recognised', 'bone_error', 'drawn_back')  # known of a model's frames alone
_ARRAYS = ('keypoints', 'emotions', *_OF_MODELS)

OnStep = Callable[[int, int], None]

# Making a generator traces its step and keeps torch's warnings of that to itself; warnings are the
# process's, so that two threads must not do it at once.
_MAKING = threading.Lock()


@dataclass(frozen=True, eq=False)
class Streams:
    """B streams of motion of one length.

    Attributes:
        keypoints: [B, T, K, 3] float32 in metres, of a body 1.70 m tall; REP-103 axes, ground at
            z = 0.
        emotions: [B, T] int64, index into EMOTIONS of what was asked for when the frame was made;
            for reference motion: of what it shows.
        rate_hz: frames a second.
        recognised: [B, T, 7] float32, what the model sees in its own motion, weights that sum to
            1 (`recognised_distribution`); None for motion that no model made.
        bone_error: [B, T] float32, mean over bones of |length - rest length| / rest length of the
            frame as it was sampled, before it was projected onto the body; None likewise.
        drawn_back: [B, T] float32, share of the sampler's candidates that were drawn back to an
            anchor when the target of the frame was chosen; NaN where the generator does not say;
            None likewise.
    """

    keypoints: np.ndarray
    emotions: np.ndarray
    rate_hz: float
    recognised: np.ndarray | None = None
    bone_error: np.ndarray | None = None
    drawn_back: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Raise TrainingError where the arrays do not belong together."""
        arrays = [getattr(self, name) for name in _ARRAYS]
        shapes = [array.shape for array in arrays if array is not None]
        if len(shapes[0]) != 4 or len({shape[:2] for shape in shapes}) > 1:
            raise TrainingError(
                f'got arrays of shapes {shapes}; expected keypoints [B, T, K, 3], and [B, T, ...] '
                f'of the same streams and frames'
            )

    def __len__(self) -> int:
        """Return the number of streams B."""
        return len(self.keypoints)

    @property
    def frames(self) -> int:
        """Frames of each stream T."""
        return int(self.keypoints.shape[1])

    @property
    def seconds(self) -> float:
        """Length of each stream [s]."""
        return self.frames / self.rate_hz

    @property
    def movers(self) -> np.ndarray:
        """The place [B] of each stream among those of its emotion.

        It is the person of reference motion, the seed of a model's.
        """
        asked = self.emotions[:, 0]
        return np.array([int((asked[:i] == emotion).sum()) for i, emotion in enumerate(asked)])

    def of(self, emotion: int) -> Streams:
        """Return the streams at which `emotion` (index into EMOTIONS) was asked for throughout."""
        return self.chosen(np.flatnonzero((self.emotions == emotion).all(axis=1)))

    def part(self, begin_s: float, end_s: float) -> Streams:
        """Return views of the frames from `begin_s` on and before `end_s` [s]."""
        first, last = (max(0, round(time * self.rate_hz)) for time in (begin_s, end_s))
        return self._cut(slice(None), slice(first, last))

    def chosen(self, streams: Sequence[int] | np.ndarray) -> Streams:
        """Return the streams of these numbers."""
        return self._cut(np.asarray(streams, dtype=np.int64), slice(None))

    def prepared(self) -> np.ndarray:
        """Return the keypoints [B, T, K, 3] of the canonical body of height 1, for judges."""
        return self.keypoints / np.float32(BODY_HEIGHT_M)

    @classmethod
    def joined(cls, parts: Sequence[Streams]) -> Streams:
        """Return several of one length and rate together; what one of them lacks, all lack."""
        columns: dict[str, Any] = {}
        for name in _ARRAYS:
            arrays = [getattr(part, name) for part in parts]
            columns[name] = None if any(a is None for a in arrays) else np.concatenate(arrays)
        return cls(rate_hz=parts[0].rate_hz, **columns)

    def _cut(self, streams: np.ndarray | slice, frames: slice) -> Streams:
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        cut: dict[str, Any] = {
            name: None if array is None else array[streams, frames]
            for name, array in arrays.items()
        }
        return Streams(rate_hz=self.rate_hz, **cut)


@dataclass(frozen=True)
class Plan(Checked):
    """How much motion an evaluation runs."""

    seeds: int = setting(10, 'streams of each emotion', 1)
    seconds: float = setting(120.0, 'how long each runs [s]', 0.0, above=True)
    long_seeds: int = setting(2, 'streams of each emotion, of those, that go on; 0: none', 0)
    long_seconds: float = setting(300.0, 'how long these run in all [s]', 0.0, above=True)
    switches: int = setting(200, 'streams that switch from one emotion to another', 0)

    def check(self) -> None:
        """Long streams are some of all, and longer."""
        self.expect('long_seeds', self.long_seeds <= self.seeds, f'at most seeds = {self.seeds}')
        longer = self.long_seconds >= self.seconds
        self.expect('long_seconds', longer, f'at least seconds = {self.seconds}')

    @classmethod
    def quick(cls) -> Plan:
        """Return a plan of about a tenth of the work.

        Two seeds of a minute rather than one of two: without a second seed there is no diversity
        between seeds, and still runs are judged by the minute.
        """
        return cls(seeds=2, seconds=60.0, long_seeds=0, long_seconds=60.0, switches=20)


def run_streams(
    checkpoint: Checkpoint,
    *,
    emotions: Sequence[int] | np.ndarray,
    seconds: float,
    seed: int,
    sampler: SamplerConfig | None = None,
    frame_sampler: FrameSampler = sample_dynamic_emotion_individual,
    on_step: OnStep | None = None,
) -> Streams:
    """Run the live loop from rest, each stream at one emotion: no reset, no teacher forcing.

    Args:
        checkpoint: the model, of keypoints in space.
        emotions: what is asked of each stream, index into EMOTIONS, B of them.
        seconds: how long [s].
        seed: of the random draws; each stream draws its own.
        sampler: settings of the sampler; None: the checkpoint's.
        frame_sampler: what decides; see `MotionGenerator`.
        on_step: called with the frames made so far and all that will be made.

    Raises:
        ConfigError: a setting is out of range, or the model's keypoints are flat.
        ModelError: the model gave a frame that is not finite.
    """
    wanted = np.asarray(emotions, dtype=np.int64)
    if wanted.ndim != 1 or not set(wanted.tolist()) <= set(range(len(EMOTIONS))):
        raise ConfigError(
            f'got the emotions {emotions!r}; expected an index into EMOTIONS, 0 to '
            f'{len(EMOTIONS) - 1}, a stream'
        )
    asked = np.repeat(wanted[:, None], frames_of(checkpoint, seconds), axis=1)
    return _run(checkpoint, asked, seed, sampler, on_step, frame_sampler)


def run_switches(
    checkpoint: Checkpoint,
    *,
    count: int,
    seed: int,
    before_s: float = SWITCH_S[0],
    after_s: float = SWITCH_S[1],
    sampler: SamplerConfig | None = None,
    on_step: OnStep | None = None,
) -> Streams:
    """Run `count` streams of which each switches once, from a random emotion to another one.

    The emotion changes after `before_s`, and the streams run on for `after_s` [s]; the seed is of
    the emotions, too. See `run_streams`.
    """
    frames = [frames_of(checkpoint, seconds) for seconds in (before_s, after_s)]
    random = np.random.default_rng((seed, 0x5317C4))
    first = random.integers(len(EMOTIONS), size=count)
    # One to six places on, so that it is any other emotion with the same chance.
    then = (first + random.integers(1, len(EMOTIONS), size=count)) % len(EMOTIONS)
    asked = np.repeat(np.stack((first, then), axis=1), frames, axis=1)
    return _run(checkpoint, asked, seed, sampler, on_step)


def _run(
    checkpoint: Checkpoint,
    asked: np.ndarray,
    seed: int,
    sampler: SamplerConfig | None,
    on_step: OnStep | None,
    frame_sampler: FrameSampler = sample_dynamic_emotion_individual,
) -> Streams:
    """Run streams at which `asked` [B, T] is asked for, frame by frame."""
    count, frames = asked.shape
    with _MAKING:
        generator = MotionGenerator(
            checkpoint,
            batch_size=count,
            seed=seed,
            body_height_m=BODY_HEIGHT_M,
            frame_sampler=frame_sampler,
        )
    generator.sampler = sampler or checkpoint.sampler
    skeleton, weights = generator.skeleton, np.eye(len(EMOTIONS), dtype=np.float32)
    generator.set_emotion(weights[asked[:, 0]])
    generator.reset()
    keypoints = np.empty((count, frames, skeleton.size, 3), dtype=np.float32)
    logits = np.empty((count, frames, len(EMOTIONS)), dtype=np.float32)
    loose, drawn = np.empty((2, count, frames), dtype=np.float32)
    for step in range(frames):
        if step and not np.array_equal(asked[:, step], asked[:, step - 1]):
            generator.set_emotion(weights[asked[:, step]])
        keypoints[:, step], logits[:, step] = generator.step()
        loose[:, step] = bone_error(generator.unprojected, skeleton)
        drawn[:, step] = generator.drawn_back
        if on_step is not None:
            on_step(step + 1, frames)
    recognised = recognised_distribution(logits).astype(np.float32)
    return Streams(keypoints, asked, generator.rate, recognised, loose, drawn)


def people_streams(actors: Sequence[int], seconds: float, rate_hz: float) -> Streams:
    """Make corpus motion of actors at each of the emotions, on the canonical body.

    Stream `emotion * len(actors) + n` is actor n at that emotion throughout.
    """
    skeleton, points = load_skeleton(), []
    for number, emotion in enumerate(EMOTIONS):
        for actor in actors:
            clip = make_clip(emotion, seconds, 10 * actor + number, rate_hz=rate_hz, actor=actor)
            points.append(prepare(clip, skeleton, rate_hz=rate_hz).keypoints)
    keypoints = np.stack(points).astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.repeat(np.arange(len(EMOTIONS)), len(actors))
    return Streams(keypoints, np.repeat(shown[:, None], keypoints.shape[1], axis=1), rate_hz)


def bone_error(keypoints: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Return the mean over bones of |length - rest length| / rest length, [...].

    Keypoints are [..., K, 3] of a body of height 1.
    """
    parents, children = np.array(skeleton.edges).T
    rest = skeleton.bone_lengths[children]
    length = np.linalg.norm(keypoints[..., children, :] - keypoints[..., parents, :], axis=-1)
    return (np.abs(length - rest) / rest).mean(axis=-1)


def frames_of(checkpoint: Checkpoint, seconds: float) -> int:
    """Return how many frames a model makes in a time [s]."""
    if checkpoint.skeleton.dims != 3:
        raise ConfigError(
            f'got the model {checkpoint.name!r} of keypoints in a picture; expected one of '
            f'keypoints in space, the measures are those of a body in metres'
        )
    frames = round(seconds * checkpoint.rate_hz) if 0.0 < seconds < float('inf') else 0
    if frames < 1:
        raise ConfigError(f'got {seconds} s; expected at least one frame')
    return frames
