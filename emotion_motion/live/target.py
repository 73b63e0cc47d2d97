# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where the body goes next: components of the mixture, scored and drawn by the published sampler.

A gesture begins with movements too small to see in a noisy history, and one frame ahead components
are half a millimetre apart. So the sampler chooses `horizon` frames ahead. N components are asked
for: each is drawn from the mixture, and a place from its Gaussian is its mean. What is chosen, put
back onto the body, is what the next frames are told of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn, Tensor

from emotion_motion.body.skeleton import Skeleton
from emotion_motion.checkpoint import Checkpoint, SamplerConfig
from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.live.tracing import as_traced
from emotion_motion.live.watchdog import Freedom
from emotion_motion.model.mixture import Mixture, Target
from emotion_motion.model.network import MotionModel, StreamStep
from emotion_motion.sampling import is_expressive

__all__ = [
    'COMPONENTS',
    'FrameSampler',
    'LIMBS',
    'TargetChooser',
    'TargetProposals',
    'limbs_of',
    'pose_metric',
]

# Of the signature of `sampling.sample_dynamic_emotion_individual`.
FrameSampler = Callable[..., Tensor]

# Parts of the body that choose for themselves, where a skeleton has them.
LIMBS = ('head', 'right_arm', 'left_arm')
COMPONENTS = 64  # asked for, N; what 16 and 256 do is in docs/live_loop.md
# A weight that changes by more than this in one frame asks for a new target; fading does not.
_NEW_EMOTION = 0.1
# A new emotion is to be seen within so long; until then it weighs more, and targets go further,
# ever less so (docs/live_loop.md).
_NEWS_S, _NEWS_WEIGHT, _NEWS_GAIN = 1.5, 2.0, 0.6
_LEAST_SPREAD = 1e-9  # of the components' speeds, squared


class Proposals(NamedTuple):
    """The components asked for, as the sampler takes them."""

    mu: Tensor  # [B, 1, N, O]
    sigma: Tensor  # [B, 1, N, O]
    emotion_logits: Tensor  # [B, 1, N, K, E]
    drawn_back: Tensor  # [B], share of them that were drawn back to an anchor


def limbs_of(skeleton: Skeleton) -> tuple[int, ...]:
    """Return the limb of each keypoint, [K]: head and arms choose for themselves.

    The others, 0, choose together: feet that choose alone slide.
    """
    limbs = [0] * skeleton.size
    for number, name in enumerate(name for name in LIMBS if name in skeleton.groups):
        for keypoint in skeleton.groups[name]:
            limbs[keypoint] = number + 1
    return tuple(limbs)


def pose_metric(model: MotionModel) -> Tensor:
    """Return what turns principal axes into a space [Z, Z] of Euclidean distances.

    They are root mean squares over keypoints, in body heights, of what the axes say of a pose.
    """
    axes = model.axes()
    return torch.linalg.cholesky(axes @ axes.T / model.config.keypoints)


class TargetProposals(nn.Module):
    """Components of a model's mixture and what each would show, as one function of tensors."""

    axes: Tensor
    metric: Tensor
    limbs: Tensor

    def __init__(self, model: MotionModel, limbs: tuple[int, ...]) -> None:
        """Take a model and the limb of each keypoint."""
        super().__init__()
        self.model = model
        axes = model.axes()
        member = torch.zeros(max(limbs) + 1, len(limbs), device=axes.device)
        member[list(limbs), range(len(limbs))] = 1.0
        self.register_buffer('axes', axes)
        self.register_buffer('metric', pose_metric(model))
        self.register_buffer('limbs', member[1:])  # [L, K], of those that choose for themselves

    def draw(self, batch_size: int, random: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Draw what `forward` needs at random: uniform [B, N] and normal [B, N, Z]."""
        empty, size = self.model.unit.new_empty, (batch_size, COMPONENTS)
        normal = empty(*size, self.model.config.pose_axes)
        return empty(size).uniform_(generator=random), normal.normal_(generator=random)

    def forward(
        self,
        seen: tuple[Tensor, Tensor, Tensor, Tensor],
        settings: tuple[Tensor, Tensor, Tensor, Tensor, Tensor],
        noise: tuple[Tensor, Tensor],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return Proposals.

        Args:
            seen: features of StreamStep [2B, 1, C + E], with the emotion and then without; here
                [B, 1, Z] and logits [B, 1, O] of StreamStep; the frame [B, O].
            settings: individual and pose_radius, []; guidance, target_gain and
                mixture_temperature, [B, 1].
            noise: of `draw`.
        """
        features, here, logits, frame = seen
        individual, pose_radius, guidance, gain, temperature = settings
        mdn = self.model.mdn
        told, untold = features.chunk(2)
        mixture, without = mdn(told, here), mdn(untold, here)
        log_pi = mixture.log_pi.squeeze(1)
        log_pi = log_pi + guidance * (log_pi - without.log_pi.squeeze(1))
        mean, sigma = self._drawn(mixture, log_pi / temperature, noise, temperature)
        # A body lags behind its target, and would move less than it means to.
        mean = here + gain.unsqueeze(-1) * (mean - here)
        mean, far = self._near_anchors(mean, pose_radius)
        mu, spread = self.model.in_frames(mean.unsqueeze(1), sigma.unsqueeze(1), logits, self.axes)
        emotions = self._emotions(mu.squeeze(1), frame, individual)
        return mu, spread, emotions.unsqueeze(1), far

    def _drawn(
        self, mixture: Mixture, log_pi: Tensor, noise: tuple[Tensor, Tensor], temperature: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw N components of log_pi [B, G] and a place from each: means and sigma [B, N, Z].

        A Gaussian is a mixture of places drawn from it, so their choice is still the mixture's.
        """
        uniform, normal = noise
        share = log_pi.softmax(dim=-1).cumsum(dim=-1)
        # The last bin takes what rounding leaves over.
        chosen = torch.searchsorted(share[:, :-1].contiguous(), uniform, right=True)
        mean, sigma = (
            part.squeeze(1) for part in self.model.mdn.components(mixture, chosen.unsqueeze(1))
        )
        return mean + normal * sigma * temperature.sqrt().unsqueeze(-1), sigma

    def _near_anchors(self, places: Tensor, pose_radius: Tensor) -> tuple[Tensor, Tensor]:
        """Draw places [B, N, Z] back that are too far from every anchor; returns the share [B]."""
        anchors = self.model.mdn.anchors
        at = (places @ self.metric).flatten(0, 1)  # [B * N, Z]
        there = anchors @ self.metric  # [G, Z]
        # |a - b|^2 less |a|^2, which does not change which is nearest: a fifth of cdist's time.
        less, nearest = torch.addmm(there.square().sum(-1), at, there.T, alpha=-2.0).min(dim=-1)
        far = (less + at.square().sum(-1)).clamp_min(0.0).sqrt()
        allowed = torch.where(pose_radius > 0.0, pose_radius * self.model.mdn.radius, torch.inf)
        excess = (far / allowed).view(*places.shape[:2], 1)
        anchor = anchors[nearest].view_as(places)
        back = torch.where(excess > 1.0, anchor + (places - anchor) / excess, places)
        return back, (excess > 1.0).to(places).mean(dim=(1, 2))

    def _emotions(self, mu: Tensor, frame: Tensor, individual: Tensor) -> Tensor:
        """Return what each component [B, N, O] would show, keypoint by keypoint: [B, N, K, E].

        The emotion head's reading of the whole body on its way there, and for the keypoints of a
        limb that chooses for itself what the limb alone would add to a body that stays. What of
        it goes along with speed (a straight line by least squares) does not count: the emotion
        says where the body goes, and the model how fast. Else quiet emotions would stand.
        """
        config, head = self.model.config, self.model.emotion_fc2
        before = frame.unsqueeze(1)
        shown = self.model.shown(mu, before, config.horizon)  # [B, N, O + K]
        whole = head(shown)
        stays = self.model.shown(before, before)
        limb = self.limbs.repeat_interleave(config.keypoint_dims, dim=1)
        limb = torch.cat((limb, self.limbs), dim=1)  # [L, O + K]
        alone = torch.lerp(stays.unsqueeze(2), shown.unsqueeze(2), limb)  # [B, N, L, O + K]
        gain = head(alone) - head(stays).unsqueeze(2)  # [B, N, L, E]
        added = torch.einsum('bnle,lk->bnke', gain, self.limbs)
        emotions = whole.unsqueeze(2) + individual * added
        return _without_speed(emotions, shown[..., config.outputs :].mean(dim=-1))


def _without_speed(emotions: Tensor, speed: Tensor) -> Tensor:
    """Take from emotions [B, N, K, E] what goes along with speed [B, N]."""
    speed = (speed - speed.mean(dim=1, keepdim=True))[:, :, None, None]
    slope = (emotions * speed).sum(dim=1, keepdim=True) / (
        speed.square().sum(dim=1, keepdim=True).clamp_min(_LEAST_SPREAD)
    )
    return emotions - slope * speed


class TargetChooser:
    """Keeps the targets of B streams; has the sampler choose new ones where they are due."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        batch_size: int,
        sampler: FrameSampler,
        *,
        traced: bool = True,
    ) -> None:
        """Prepare targets of `batch_size` streams."""
        self._model, self._skeleton = checkpoint.model, checkpoint.skeleton
        config = self._model.config
        self._batch_size, self._sampler = batch_size, sampler
        self._every, self._horizon = config.target_every, config.horizon
        self._aging = 1.0 / (_NEWS_S * checkpoint.rate_hz)
        self._mean = torch.from_numpy(checkpoint.normaliser.mean).to(self._model.unit.device)
        self._random = torch.Generator(device=self._mean.device)
        limbs = limbs_of(checkpoint.skeleton)
        self._groups = torch.tensor(limbs, device=self._mean.device)
        self._proposals: Any = TargetProposals(self._model, limbs).eval()
        self._draw = self._proposals.draw
        # The way that a frame goes in `horizon` frames, what movement and spread are measured in.
        axes = self._proposals.axes
        self._unit = (self._model.mdn.horizon_unit.square() @ axes.square()).sqrt()
        if traced:
            self._proposals = as_traced(self._proposals, self._example())
        self.reset()

    def reset(self) -> None:
        """Begin without targets."""
        zeros = self._mean.new_zeros
        place = zeros(self._batch_size, 1, self._model.config.pose_axes)
        self.target = Target(place, zeros(self._batch_size, 1, 1))
        self.drawn_back = np.full(self._batch_size, np.nan)
        self._emotion: Tensor | None = None
        self._news = np.zeros(self._batch_size)  # 1 at a new emotion, 0 once it is none any more
        self._frames = 0

    def __call__(
        self,
        step: StreamStep,
        frame: Tensor,
        emotion: Tensor,
        settings: SamplerConfig,
        seed: int,
        freedom: Freedom | None = None,
    ) -> Tensor | None:
        """Move the targets on by one frame; choose new ones where they are due.

        All are due every `target_every` frames, so that many streams are worked out together, and
        one by itself where another emotion is asked for or the watchdog wants it.

        Args:
            step: what the network found of the frame, with the emotion [B] and then without [B].
            frame: [B, O] in model space.
            emotion: what is requested [B, E].
            settings: of the sampler.
            seed: of the random numbers, should any be needed.
            freedom: what the watchdog asks for.

        Returns:
            The pose that was drawn [B, O] in model space, or None where none was due.
        """
        place, left = self.target
        left = (left - 1.0 / self._horizon).clamp_min(0.0)
        due = self._due(emotion, freedom)
        drawn = None
        if due.any():
            drawn = self._drawn(step, frame, emotion, settings, seed, freedom)
            body = self._skeleton.project((drawn + self._mean).view(len(drawn), *self._shape()))
            fresh = self._model.in_axes(body.flatten(1) - self._mean).unsqueeze(1)
            chosen = torch.from_numpy(due).to(place.device).view(-1, 1, 1)
            place = torch.where(chosen, fresh, place)
            left = torch.where(chosen, 1.0 - 1.0 / self._horizon, left)
        self.target = Target(place, left)
        self._news = np.maximum(self._news - self._aging, 0.0)
        self._frames += 1
        return drawn

    def _due(self, emotion: Tensor, freedom: Freedom | None) -> np.ndarray:
        due = np.full(self._batch_size, self._frames % self._every == 0)
        if self._emotion is None or not torch.equal(emotion, self._emotion):
            if self._emotion is not None:
                new = ((emotion - self._emotion).abs().amax(dim=-1) > _NEW_EMOTION).cpu().numpy()
                due |= new
                self._news[new] = 1.0
            self._emotion = emotion.clone()
        return due if freedom is None else due | freedom.new_target

    def _drawn(
        self,
        step: StreamStep,
        frame: Tensor,
        emotion: Tensor,
        settings: SamplerConfig,
        seed: int,
        freedom: Freedom | None,
    ) -> Tensor:
        """Have the sampler draw a pose for every stream, [B, O].

        For all where it is for any: of some, the last bit would depend on how many.
        """
        size, s = self._batch_size, settings
        random = self._random.manual_seed(seed)

        def each(values: np.ndarray, *sizes: int) -> Tensor:
            return self._mean.new_tensor(values).view(-1, *sizes)

        warmth, movement, spread = np.ones(size), np.zeros(size), np.ones(size)
        if freedom is not None:
            warmth, movement, spread = freedom.temperature, freedom.movement, freedom.spread
        urgency = 1.0 + _NEWS_WEIGHT * self._news
        seen = (step.features, step.here[:size], step.logits[:size], frame)
        own = (
            urgency * s.guidance,
            s.target_gain + _NEWS_GAIN * self._news,
            # Twice a cold temperature is cold, and frees nobody.
            np.maximum(warmth * s.mixture_temperature, warmth - 1.0),
        )
        alike = (self._mean.new_tensor(value) for value in (s.individual, s.pose_radius))
        mu, sigma, emotions, drawn_back = Proposals(
            *self._proposals(
                seen, (*alike, *(each(values, 1) for values in own)), self._draw(size, random)
            )
        )
        self.drawn_back = drawn_back.cpu().numpy()
        return self._sampler(
            mu.new_full(mu.shape[:3], 1.0 / COMPONENTS),
            sigma,
            mu,
            emotions,
            frame.unsqueeze(1),
            keypoint_dims=self._model.config.keypoint_dims,
            k=s.k,
            emotion_weight=each(urgency * s.emotion_weight, 1, 1, 1),
            movement_weight=each(s.movement_weight + movement, 1, 1, 1),
            variance_div=each(s.variance_div / spread, 1, 1, 1),
            neutral_index=NEUTRAL_INDEX,
            target=emotion,
            temperature=each(s.temperature * warmth, 1, 1, 1),
            unit=self._unit,
            coupled=True,
            expressive=is_expressive(emotion),
            groups=self._groups,
            generator=random,
        )

    def _shape(self) -> tuple[int, int]:
        return self._skeleton.size, self._skeleton.dims

    def _example(self) -> tuple[Any, ...]:
        """Return inputs of TargetProposals."""
        config, size, zeros = self._model.config, self._batch_size, self._mean.new_zeros
        seen = (
            zeros(2 * size, 1, config.channels + config.emotions),
            zeros(size, 1, config.pose_axes),
            zeros(size, 1, config.outputs),
            zeros(size, config.outputs),
        )
        settings = tuple(zeros(shape) + 1.0 for shape in ((), (), *[(size, 1)] * 3))
        return seen, settings, self._draw(size, self._random.manual_seed(0))
