# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The live loop without ROS: a stream of frames, each sampled from the model and fed back."""

from __future__ import annotations

from collections.abc import Mapping
import os
from typing import Any, NamedTuple

import numpy as np
import torch

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.checkpoint import Checkpoint, from_pretrained, SamplerConfig
from emotion_motion.emotion import emotion_weights, EMOTIONS
from emotion_motion.exceptions import ConfigError, EmotionError, ModelError
from emotion_motion.live.filters import KeypointFilter
from emotion_motion.live.stance import Stance
from emotion_motion.live.step import FrameSampler, LiveStep
from emotion_motion.live.watchdog import Watchdog
from emotion_motion.sampling import sample_dynamic_emotion_individual

__all__ = ['LiveFrame', 'MotionFrame', 'MotionGenerator']


class MotionFrame(NamedTuple):
    """One frame of B streams.

    Attributes:
        keypoints: [B, K, D] float32 in metres; REP-103 axes, origin on the ground below the
            standing mid-hip.
        emotion_logits: [B, E] float32, the emotion that the model sees in its own motion, raw
            scores (`emotion_motion.emotion.recognised_distribution` makes them weights).
    """

    keypoints: np.ndarray
    emotion_logits: np.ndarray


class LiveFrame(NamedTuple):
    """One frame of B streams before it is put onto the body and scaled.

    Attributes:
        points: [B, K, D] float32 of a body of height 1, as it stands.
        emotion_logits: [B, E] float32.
    """

    points: np.ndarray
    emotion_logits: np.ndarray


class MotionGenerator:
    """B endless streams of motion from one model, each with its own emotion.

    Every call of `step` takes the frame before and runs the model on it with cached keys and
    values, with the emotion and without. Every few frames, and at once for a new emotion, the
    sampler chooses a pose ahead, limb by limb. The next frame goes there; it is put back onto the
    body and remembered. Time and memory of a step stay the same for ever.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        batch_size: int = 1,
        seed: int | None = None,
        body_height_m: float | None = None,
        frame_sampler: FrameSampler = sample_dynamic_emotion_individual,
    ) -> None:
        """Make streams that stand in the checkpoint's rest pose, all neutral.

        Args:
            checkpoint: the model and all that belongs to it.
            batch_size: number of streams B.
            seed: of the random draws; None draws another one at every reset.
            body_height_m: height that the keypoints are scaled to [m]; None: the checkpoint's.
            frame_sampler: draws each target in place of
                `sampling.sample_dynamic_emotion_individual`, with the same arguments; it must
                not keep or change them. A log of the run does not hold the sampler.

        Raises:
            ConfigError: batch_size, seed or body_height_m is out of range.
        """
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ConfigError(f'got batch_size = {batch_size!r}; expected a whole number above 0')
        self._model = checkpoint.model
        self._device = checkpoint.model.unit.device
        self._checkpoint = checkpoint
        self._batch_size = batch_size
        self._seed = _checked_seed(seed)
        self._random = torch.Generator(device=self._device)
        self._filter = KeypointFilter(checkpoint.rate_hz)
        self._stance = Stance(
            checkpoint.skeleton, checkpoint.rate_hz, checkpoint.rest_pose, batch_size
        )
        self._watchdog = Watchdog(checkpoint.rate_hz, batch_size)
        self._live_step = LiveStep(checkpoint, batch_size, frame_sampler=frame_sampler)
        self.sampler = checkpoint.sampler
        self.body_height_m = checkpoint.body_height_m if body_height_m is None else body_height_m
        self._emotion = torch.zeros(batch_size, len(EMOTIONS), device=self._device)
        self.set_emotion('neutral')
        self.reset()

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | os.PathLike[str] = 'default',
        *,
        batch_size: int = 1,
        device: str = 'cpu',
        seed: int | None = None,
        body_height_m: float | None = None,
    ) -> MotionGenerator:
        """Load a packaged model by its name, or a checkpoint's directory, and make streams of it.

        `device` is a torch device, such as `cpu` or `cuda`; the rest is as for the constructor.

        Raises:
            CheckpointError: the checkpoint is missing or damaged.
            ConfigError: a value is out of range, or this torch has no such device.
        """
        checkpoint = from_pretrained(name_or_path, device=_checked_device(device))
        return cls(checkpoint, batch_size=batch_size, seed=seed, body_height_m=body_height_m)

    @property
    def checkpoint(self) -> Checkpoint:
        """The model and all that belongs to it; not to be changed."""
        return self._checkpoint

    @property
    def skeleton(self) -> Skeleton:
        """The body that moves."""
        return self._checkpoint.skeleton

    @property
    def rest_pose(self) -> np.ndarray:
        """Where a run begins, [K, D], of a body of height 1."""
        return self._checkpoint.rest_pose.copy()

    @property
    def rate(self) -> float:
        """Frames a second [Hz]; each `step` is one of them."""
        return self._checkpoint.rate_hz

    @property
    def window(self) -> int:
        """Frames that a frame attends to and pools over."""
        return self._model.config.window

    @property
    def batch_size(self) -> int:
        """Number of streams B."""
        return self._batch_size

    @property
    def device(self) -> str:
        """The torch device that the model runs on."""
        return str(self._device)

    @property
    def model_name(self) -> str:
        """How the checkpoint was asked for."""
        return self._checkpoint.name

    @property
    def model_sha256(self) -> str:
        """Hash of the checkpoint's weights."""
        return self._checkpoint.sha256

    @property
    def steps(self) -> int:
        """Frames made since the last reset."""
        return self._steps

    @property
    def seed(self) -> int:
        """Seed of the run since the last reset; with it the run can be repeated."""
        return self._random.initial_seed()

    @property
    def unprojected(self) -> np.ndarray:
        """The last frame [B, K, D] before it was put back onto the body (of height 1).

        Raises:
            ModelError: no frame was made since the last reset.
        """
        if self._unprojected is None:
            raise ModelError('got no frame yet; call step first')
        return self._unprojected.cpu().numpy()

    @property
    def drawn_back(self) -> np.ndarray:
        """Share [B] of the last choice's components drawn back to an anchor; at first NaN."""
        return self._live_step.chooser.drawn_back.copy()

    @property
    def emotion(self) -> np.ndarray:
        """What is requested of each stream, weights [B, E].

        Assign what it returned to request the very same again: `set_emotion` makes the weights sum
        to 1 anew, which may move their last bits. EmotionError where they are no such weights.
        """
        return self._emotion.cpu().numpy().copy()

    @emotion.setter
    def emotion(self, value: np.ndarray) -> None:
        shape = tuple(self._emotion.shape)
        try:
            weights = np.asarray(value, dtype=np.float32)
        except (TypeError, ValueError):
            weights = np.zeros(0, dtype=np.float32)
        # NaN fails both comparisons.
        if weights.shape != shape or not (
            weights.min() >= 0.0 and np.abs(weights.sum(-1) - 1.0).max() < 1e-4
        ):
            raise EmotionError(
                f'got what is no array of weights {shape}, each at least 0, that sum to 1; '
                f'set_emotion takes an emotion in other forms'
            )
        self._emotion[:] = torch.from_numpy(weights).to(self._device)

    @property
    def watchdog(self) -> Watchdog:
        """What watches the streams: how long each stands still, repeats itself, was freed."""
        return self._watchdog

    @property
    def sampler(self) -> SamplerConfig:
        """Settings of the sampler; assign another SamplerConfig to change them.

        They count from the next choice of a target on, `decay` and `stance` at once.
        """
        return self._sampler

    @sampler.setter
    def sampler(self, value: SamplerConfig) -> None:
        if not isinstance(value, SamplerConfig):
            raise ConfigError(f'got the sampler {value!r}; expected a SamplerConfig')
        self._sampler = value

    @property
    def body_height_m(self) -> float:
        """Height of the body that keypoints are scaled to [m]; may be set at any time."""
        return self._body_height_m

    @body_height_m.setter
    def body_height_m(self, value: float) -> None:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0.0 < value < 100.0:
            raise ConfigError(f'got body_height_m = {value!r}; expected 0 to 100 metres')
        self._body_height_m = float(value)

    def set_emotion(self, emotion: Any, intensity: float = 1.0, index: int | None = None) -> None:
        """Request an emotion; it shapes the very next frame.

        Args:
            emotion: a name, a text such as `'happiness:0.7, surprise:0.3'`, a mapping, weights
                [7], or one emotion a stream as an array [B, 7].
            intensity: share of the emotion, 0 to 1; the rest is neutral.
            index: the one stream that is meant; None: all.

        Raises:
            EmotionError: the emotion cannot be read or there is no such stream; the emotion of
                every stream stays as it was.
        """
        whole = isinstance(index, (int, np.integer)) and not isinstance(index, bool)
        if index is not None and not (whole and 0 <= index < self._batch_size):
            raise EmotionError(
                f'got the stream index {index!r}; expected 0 to {self._batch_size - 1}'
            )
        one_a_stream = _is_one_a_stream(emotion)
        if one_a_stream and (index is not None or len(emotion) != self._batch_size):
            raise EmotionError(
                f'got emotion weights of shape {np.shape(emotion)}; expected '
                f'({len(EMOTIONS)},) or, without an index, ({self._batch_size}, {len(EMOTIONS)})'
            )
        rows = list(emotion) if one_a_stream else [emotion]
        weights = np.stack([emotion_weights(row, intensity) for row in rows])
        self._emotion[slice(None) if index is None else index] = torch.from_numpy(
            weights if index is None else weights[0]
        ).to(self._device)

    def reset(self, seed: int | None = None) -> None:
        """Return every stream to the rest pose and begin a new run; the emotions stay.

        Args:
            seed: of the new run; None repeats the seed that was given, or draws another one where
                none was. The same seed, emotions and settings give the same frames, bit for bit
                on the same machine.

        Raises:
            ConfigError: the seed is out of range.
        """
        if seed is not None:
            self._seed = _checked_seed(seed)
        if self._seed is None:
            # Drawn within what `reset` takes, so that it can be given to repeat the run.
            self._random.manual_seed(self._random.seed() >> 1)
        else:
            self._random.manual_seed(self._seed)
        rest = self._checkpoint.rest_pose.reshape(-1) - self._checkpoint.normaliser.mean
        self._frame = torch.from_numpy(rest).to(self._device).repeat(self._batch_size, 1)
        self._unprojected: torch.Tensor | None = None
        self._live_step.reset()
        self._filter.reset()
        self._stance.reset()
        self._watchdog.reset()
        self._steps = 0

    def prime(self, keypoints: np.ndarray) -> None:
        """Begin a new run that goes on from motion, as if the streams had made it themselves.

        A log of the run does not hold that motion: a primed run cannot be replayed.

        Args:
            keypoints: [B, T, K, D] in metres, of a body of `body_height_m`, at the model's rate;
                the last frame is the one to go on from.

        Raises:
            ConfigError: another shape, or a number that is not finite.
        """
        points = np.asarray(keypoints, dtype=np.float32)
        shape = (self._batch_size, *self._checkpoint.rest_pose.shape)
        if points.ndim != 4 or (points.shape[0], *points.shape[2:]) != shape or not points.size:
            raise ConfigError(
                f'got motion of shape {points.shape} to go on from; expected [{shape[0]}, T, '
                f'{shape[1]}, {shape[2]}] with T of 1 or more'
            )
        if not np.isfinite(points).all():
            raise ConfigError('got motion to go on from that is not finite; leave such frames out')
        self.reset()
        flat = points.reshape(*points.shape[:2], -1) / np.float32(self._body_height_m)
        frames = torch.from_numpy(flat - self._checkpoint.normaliser.mean).to(self._device)
        for frame in frames.unbind(1)[:-1]:
            self._frame = frame
            self.step()
        self._frame = frames[:, -1]

    def step(self) -> MotionFrame:
        """Make the next frame of every stream.

        Raises:
            ModelError: the model gave a frame that is not finite; `reset` begins anew.
        """
        frame = self.advance()
        return MotionFrame(self.published(frame.points), frame.emotion_logits)

    @torch.inference_mode()
    def advance(self) -> LiveFrame:
        """Make the next frame of every stream, for who still interpolates between frames.

        Raises:
            ModelError: the model gave a frame that is not finite; `reset` begins anew.
        """
        release = self._watchdog.release(self._sampler.watchdog)
        made = self._live_step(self._frame, self._emotion, self._sampler, self._random, release)
        body = made.body.cpu().numpy()
        if not np.isfinite(body).all():
            raise ModelError(
                f'got a frame that is not finite at step {self._steps}; call reset, and check the '
                f'checkpoint {self.model_name!r} and the sampler {self._sampler}'
            )
        self._frame, self._unprojected = made.frame, made.unprojected
        self._steps += 1
        self._watchdog(body)
        points = self._stance(self._filter(body), self._sampler.stance)
        return LiveFrame(points, made.emotion_logits.cpu().numpy())

    def published(self, points: np.ndarray) -> np.ndarray:
        """Return points [B, K, D] of height 1 on the body and in metres."""
        return self.skeleton.project(points) * np.float32(self._body_height_m)


def _is_one_a_stream(emotion: Any) -> bool:
    """Tell weights [B, 7] from one emotion."""
    if isinstance(emotion, (str, Mapping)):
        return False
    try:
        return np.ndim(emotion) == 2
    except ValueError:  # rows of different lengths: emotion_weights says what is wrong
        return False


def _checked_seed(seed: int | None) -> int | None:
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ConfigError(f'got seed = {seed!r}; expected a whole number from 0 to 2**63 - 1')
    return seed


def _checked_device(device: str) -> torch.device:
    try:
        place = torch.device(device)
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f'got device = {device!r}, which this torch cannot use '
            f"({str(error).splitlines()[0]}); expected 'cpu', or 'cuda' with a GPU build of torch"
        ) from error
    return place
