# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where the body goes next: components of the mixture, scored and drawn by the published sampler.

A gesture begins with movements too small to see in a noisy history, and one frame ahead components
are half a millimetre apart. So the sampler chooses `horizon` frames ahead. N components are asked
for: each is drawn from the mixture, and a place from its Gaussian is its mean. What is chosen, put
back onto the body, is the target of the next frames.
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
from emotion_motion.live.watchdog import Release
from emotion_motion.model.mixture import Mixture, Target
from emotion_motion.model.network import MotionModel, StreamStep
from emotion_motion.sampling import is_expressive

__all__ = [
    'COMPONENTS',
    'FrameSampler',
    'LIMBS',
    'Noise',
    'ProposalInput',
    'ProposalSettings',
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
_NOVELTY_S, _NOVELTY_WEIGHT, _NOVELTY_GAIN = 1.5, 2.0, 0.6
_LEAST_SPREAD = 1e-9  # of the components' speeds, squared


class ProposalInput(NamedTuple):
    """What the components of B streams hang on."""

    features: Tensor  # of StreamStep [2B, 1, C + E], with the emotion [B] and then without [B]
    pose: Tensor  # of StreamStep [B, 1, Z]
    logits: Tensor  # of StreamStep [B, 1, O]
    frame: Tensor  # [B, O] in model space


class ProposalSettings(NamedTuple):
    """Settings of SamplerConfig, as they are for each stream."""

    individual: Tensor  # []
    pose_radius: Tensor  # []
    guidance: Tensor  # [B, 1]
    target_gain: Tensor  # [B, 1]
    mixture_temperature: Tensor  # [B, 1]


class Noise(NamedTuple):
    """The random numbers of N components."""

    uniform: Tensor  # [B, N]
    normal: Tensor  # [B, N, Z]


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

    def noise(self, batch_size: int, random: torch.Generator | None) -> Noise:
        """Draw what `forward` needs at random."""
        empty, size = self.model.unit.new_empty, (batch_size, COMPONENTS)
        normal = empty(*size, self.model.config.pose_axes)
        return Noise(empty(size).uniform_(generator=random), normal.normal_(generator=random))

    def forward(self, of: ProposalInput, settings: ProposalSettings, noise: Noise) -> Proposals:
        """Draw N components of each stream's mixture and read what each would show."""
        mdn, pose, temperature = self.model.mdn, of.pose, settings.mixture_temperature
        conditioned, unconditioned = of.features.chunk(2)
        mixture, without = mdn(conditioned, pose), mdn(unconditioned, pose)
        log_pi = mixture.log_pi.squeeze(1)
        log_pi = log_pi + settings.guidance * (log_pi - without.log_pi.squeeze(1))
        mean, sigma = self._drawn(mixture, log_pi / temperature, noise, temperature)
        # A body lags behind its target, and would move less than it was to.
        mean = pose + settings.target_gain.unsqueeze(-1) * (mean - pose)
        mean, drawn_back = self._near_anchors(mean, settings.pose_radius)
        mu, sigma = self.model.in_frames(
            mean.unsqueeze(1), sigma.unsqueeze(1), of.logits, self.axes
        )
        emotions = self._emotions(mu.squeeze(1), of.frame, settings.individual)
        return Proposals(mu, sigma, emotions.unsqueeze(1), drawn_back)

    def _drawn(
        self, mixture: Mixture, log_pi: Tensor, noise: Noise, temperature: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw N components of log_pi [B, G] and a place from each: means and sigma [B, N, Z].

        A Gaussian is a mixture of places drawn from it, so their choice is still the mixture's.
        """
        share = log_pi.softmax(dim=-1).cumsum(dim=-1)
        # The last bin takes what rounding leaves over.
        chosen = torch.searchsorted(share[:, :-1].contiguous(), noise.uniform, right=True)
        mean, sigma = (
            part.squeeze(1) for part in self.model.mdn.components(mixture, chosen.unsqueeze(1))
        )
        return mean + noise.normal * sigma * temperature.sqrt().unsqueeze(-1), sigma

    def _near_anchors(self, places: Tensor, pose_radius: Tensor) -> tuple[Tensor, Tensor]:
        """Draw places [B, N, Z] back that are too far from every anchor; returns the share [B]."""
        anchors = self.model.mdn.anchors
        a = (places @ self.metric).flatten(0, 1)  # [B * N, Z]
        b = anchors @ self.metric  # [G, Z]
        # |a - b|^2 less |a|^2, which does not change which is nearest: a fifth of cdist's time.
        less, nearest = torch.addmm(b.square().sum(-1), a, b.T, alpha=-2.0).min(dim=-1)
        distance = (less + a.square().sum(-1)).clamp_min(0.0).sqrt()
        allowed = torch.where(pose_radius > 0.0, pose_radius * self.model.mdn.radius, torch.inf)
        excess = (distance / allowed).view(*places.shape[:2], 1)
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
        self._aging = 1.0 / (_NOVELTY_S * checkpoint.rate_hz)
        self._mean = torch.from_numpy(checkpoint.normaliser.mean).to(self._model.unit.device)
        self._random = torch.Generator(device=self._mean.device)
        limbs = limbs_of(checkpoint.skeleton)
        self._groups = torch.tensor(limbs, device=self._mean.device)
        self._proposals: Any = TargetProposals(self._model, limbs).eval()
        self._noise = self._proposals.noise
        # How far a frame goes in `horizon` frames, the unit of movement and spread.
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
        self._novelty = np.zeros(self._batch_size)  # of the emotion: 1 when it is new, then less
        self._frames = 0

    def __call__(
        self,
        step: StreamStep,
        frame: Tensor,
        emotion: Tensor,
        settings: SamplerConfig,
        seed: int,
        release: Release | None = None,
    ) -> Tensor | None:
        """Move the targets on by one frame; choose new ones where they are due.

        All are due every `target_every` frames, so that many streams are worked out together, and
        one by itself where another emotion is asked for or the watchdog wants it.

        Args:
            step: of the network, with the emotion [B] and then without [B].
            frame: [B, O] in model space.
            emotion: what is requested [B, E].
            settings: of the sampler.
            seed: of the random numbers, should any be needed.
            release: what the watchdog adds to the settings.

        Returns:
            The pose that was drawn [B, O] in model space, or None where none was due.
        """
        place, remaining = self.target
        remaining = (remaining - 1.0 / self._horizon).clamp_min(0.0)
        due = self._due(emotion, release)
        drawn = None
        if due.any():
            drawn = self._drawn(step, frame, emotion, settings, seed, release)
            body = self._skeleton.project((drawn + self._mean).view(len(drawn), *self._shape()))
            new_place = self._model.in_axes(body.flatten(1) - self._mean).unsqueeze(1)
            is_due = torch.from_numpy(due).to(place.device).view(-1, 1, 1)
            place = torch.where(is_due, new_place, place)
            remaining = torch.where(is_due, 1.0 - 1.0 / self._horizon, remaining)
        self.target = Target(place, remaining)
        self._novelty = np.maximum(self._novelty - self._aging, 0.0)
        self._frames += 1
        return drawn

    def _due(self, emotion: Tensor, release: Release | None) -> np.ndarray:
        due = np.full(self._batch_size, self._frames % self._every == 0)
        if self._emotion is None or not torch.equal(emotion, self._emotion):
            if self._emotion is not None:
                new = ((emotion - self._emotion).abs().amax(dim=-1) > _NEW_EMOTION).cpu().numpy()
                due |= new
                self._novelty[new] = 1.0
            self._emotion = emotion.clone()
        return due if release is None else due | release.new_target

    def _drawn(
        self,
        step: StreamStep,
        frame: Tensor,
        emotion: Tensor,
        settings: SamplerConfig,
        seed: int,
        release: Release | None,
    ) -> Tensor:
        """Have the sampler draw a pose for every stream, [B, O].

        For all where it is for any: of some, the last bit would depend on how many.
        """
        size, s = self._batch_size, settings
        random = self._random.manual_seed(seed)

        def column(values: np.ndarray, *sizes: int) -> Tensor:
            return self._mean.new_tensor(values).view(-1, *sizes)

        scale, movement, spread = np.ones(size), np.zeros(size), np.ones(size)
        if release is not None:
            scale, movement, spread = release.temperature_scale, release.movement, release.spread
        urgency = 1.0 + _NOVELTY_WEIGHT * self._novelty
        proposals = self._proposals(
            ProposalInput(step.features, step.pose[:size], step.logits[:size], frame),
            ProposalSettings(
                self._mean.new_tensor(s.individual),
                self._mean.new_tensor(s.pose_radius),
                column(urgency * s.guidance, 1),
                column(s.target_gain + _NOVELTY_GAIN * self._novelty, 1),
                # Twice a cold temperature is cold, and frees nobody.
                column(np.maximum(scale * s.mixture_temperature, scale - 1.0), 1),
            ),
            self._noise(size, random),
        )
        mu = proposals.mu
        self.drawn_back = proposals.drawn_back.cpu().numpy()
        return self._sampler(
            mu.new_full(mu.shape[:3], 1.0 / COMPONENTS),
            proposals.sigma,
            mu,
            proposals.emotion_logits,
            frame.unsqueeze(1),
            keypoint_dims=self._model.config.keypoint_dims,
            k=s.k,
            emotion_weight=column(urgency * s.emotion_weight, 1, 1, 1),
            movement_weight=column(s.movement_weight + movement, 1, 1, 1),
            variance_div=column(s.variance_div / spread, 1, 1, 1),
            neutral_index=NEUTRAL_INDEX,
            target=emotion,
            temperature=column(s.temperature * scale, 1, 1, 1),
            unit=self._unit,
            coupled=True,
            expressive=is_expressive(emotion),
            groups=self._groups,
            generator=random,
        )

    def _shape(self) -> tuple[int, int]:
        return self._skeleton.size, self._skeleton.dims

    def _example(self) -> tuple[ProposalInput, ProposalSettings, Noise]:
        """Return inputs of TargetProposals."""
        config, size, zeros = self._model.config, self._batch_size, self._mean.new_zeros
        of = ProposalInput(
            zeros(2 * size, 1, config.channels + config.emotions),
            zeros(size, 1, config.pose_axes),
            zeros(size, 1, config.outputs),
            zeros(size, config.outputs),
        )
        one = [zeros(shape) + 1.0 for shape in ((), (), *[(size, 1)] * 3)]
        return of, ProposalSettings(*one), self._noise(size, self._random.manual_seed(0))
