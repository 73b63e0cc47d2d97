# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The target, a pose `horizon` frames ahead that the sampler of the method chooses.

One frame ahead the components of the mixture are half a millimetre apart, and a gesture begins
with movements smaller than the noise of the history. So the choice is made `horizon` frames ahead.

For each stream N components are drawn from the mixture, and a point from the Gaussian of each. The
sampler scores these points as the means of N components. Head, each arm and the rest of the body
choose one each. The pose that results is projected onto the body; it is an input of the network
until the next choice.
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

# Of the signature of `sampling.sample_dynamic_emotion_individual`.
FrameSampler = Callable[..., Tensor]

# Parts of the body that choose for themselves, where a skeleton has them.
LIMBS = ('head', 'right_arm', 'left_arm')
COMPONENTS = 64  # N, drawn for each choice; docs/live_loop.md compares it with 16 and 256
# An emotion's weight that changes by more than this in one frame makes a new target due. A fade
# changes it by less.
_NEW_EMOTION = 0.1
# A new emotion multiplies emotion_weight and guidance by 1 + _NOVELTY_WEIGHT and adds
# _NOVELTY_GAIN to target_gain. What is added decays to 0 within _NOVELTY_S (docs/live_loop.md).
_NOVELTY_S, _NOVELTY_WEIGHT, _NOVELTY_GAIN = 1.5, 2.0, 0.6
_LEAST_SPREAD = 1e-9  # a divisor: components may all have the same speed


class ProposalInput(NamedTuple):
    """The network's output for B streams, from which components are drawn."""

    features: Tensor  # StreamStep.features [2B, 1, C + E]: B rows with the emotion, B without
    pose: Tensor  # StreamStep.pose [B, 1, Z]
    logits: Tensor  # StreamStep.logits [B, 1, O]
    frame: Tensor  # [B, O] in model space


class ProposalSettings(NamedTuple):
    """Settings of SamplerConfig as tensors; those of shape [B, 1] differ between streams."""

    individual: Tensor  # []
    pose_radius: Tensor  # []
    guidance: Tensor  # [B, 1]
    target_gain: Tensor  # [B, 1]
    mixture_temperature: Tensor  # [B, 1]


class Noise(NamedTuple):
    """The random numbers that N components are drawn with."""

    uniform: Tensor  # [B, N], for the components
    normal: Tensor  # [B, N, Z], for a point from the Gaussian of each


class Proposals(NamedTuple):
    """The N components of each stream, in the shapes that the sampler takes."""

    mu: Tensor  # [B, 1, N, O]
    sigma: Tensor  # [B, 1, N, O]
    emotion_logits: Tensor  # [B, 1, N, K, E]
    drawn_back: Tensor  # [B], share of them that `pose_radius` moved nearer to an anchor


def limbs_of(skeleton: Skeleton) -> tuple[int, ...]:
    """Return the limb of each keypoint, [K]: 1 and above for LIMBS, 0 for the rest of the body.

    Each limb chooses a component of its own. The rest chooses one together: feet that choose
    alone slide.
    """
    limbs = [0] * skeleton.size
    for number, name in enumerate(name for name in LIMBS if name in skeleton.groups):
        for keypoint in skeleton.groups[name]:
            limbs[keypoint] = number + 1
    return tuple(limbs)


def pose_metric(model: MotionModel) -> Tensor:
    """Return the matrix [Z, Z] that maps principal axes to a space with a Euclidean metric.

    The distance of two poses there is the root mean square over keypoints of how far the axes move
    a keypoint, in body heights.
    """
    axes = model.axes()
    return torch.linalg.cholesky(axes @ axes.T / model.config.keypoints)


class TargetProposals(nn.Module):
    """Draws components and predicts the emotion that each would show; can be traced."""

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
        """Draw N components of each stream's mixture and predict the emotion each would show."""
        mdn, pose, temperature = self.model.mdn, of.pose, settings.mixture_temperature
        conditioned, unconditioned = of.features.chunk(2)
        mixture, without = mdn(conditioned, pose), mdn(unconditioned, pose)
        log_pi = mixture.log_pi.squeeze(1)
        log_pi = log_pi + settings.guidance * (log_pi - without.log_pi.squeeze(1))
        mean, sigma = self._draw(mixture, log_pi / temperature, noise, temperature)
        # A body lags behind its target: the gain sets how far it goes.
        mean = pose + settings.target_gain.unsqueeze(-1) * (mean - pose)
        mean, drawn_back = self._near_anchors(mean, settings.pose_radius)
        mu, sigma = self.model.in_frames(
            mean.unsqueeze(1), sigma.unsqueeze(1), of.logits, self.axes
        )
        emotions = self._emotions(mu.squeeze(1), of.frame, settings.individual)
        return Proposals(mu, sigma, emotions.unsqueeze(1), drawn_back)

    def _draw(
        self, mixture: Mixture, log_pi: Tensor, noise: Noise, temperature: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw N components of log_pi [B, G] and a point from each; return points and sigma.

        Both are [B, N, Z]. The points are distributed as the mixture is, so they can stand for its
        components.
        """
        share = log_pi.softmax(dim=-1).cumsum(dim=-1)
        # Without the last edge, a number above it by rounding falls into the last bin.
        chosen = torch.searchsorted(share[:, :-1].contiguous(), noise.uniform, right=True)
        mean, sigma = (
            part.squeeze(1) for part in self.model.mdn.components(mixture, chosen.unsqueeze(1))
        )
        return mean + noise.normal * sigma * temperature.sqrt().unsqueeze(-1), sigma

    def _near_anchors(self, places: Tensor, pose_radius: Tensor) -> tuple[Tensor, Tensor]:
        """Move points [B, N, Z] too far from every anchor to the nearest; and the share [B]."""
        anchors = self.model.mdn.anchors
        a = (places @ self.metric).flatten(0, 1)  # [B * N, Z]
        b = anchors @ self.metric  # [G, Z]
        # |a - b|^2 - |a|^2 has the same nearest b, in a fifth of cdist's time.
        difference, nearest = torch.addmm(b.square().sum(-1), a, b.T, alpha=-2.0).min(dim=-1)
        distance = (difference + a.square().sum(-1)).clamp_min(0.0).sqrt()
        allowed = torch.where(pose_radius > 0.0, pose_radius * self.model.mdn.radius, torch.inf)
        excess = (distance / allowed).view(*places.shape[:2], 1)
        anchor = anchors[nearest].view_as(places)
        back = torch.where(excess > 1.0, anchor + (places - anchor) / excess, places)
        return back, (excess > 1.0).to(places).mean(dim=(1, 2))

    def _emotions(self, mu: Tensor, frame: Tensor, individual: Tensor) -> Tensor:
        """Return the emotions that components [B, N, O] would show at keypoints: [B, N, K, E].

        The emotion head predicts them from the whole body on its way to the component. For a
        limb that chooses for itself it also predicts what the limb's movement alone would add to a
        body that stays; `individual` times this is added. The part that is linear in speed is
        subtracted: the emotion decides where the body goes, and the model how fast. Otherwise
        quiet emotions would stand still.
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
    """Subtract from emotions [B, N, K, E] their part linear in speed [B, N], by least squares."""
    speed = (speed - speed.mean(dim=1, keepdim=True))[:, :, None, None]
    slope = (emotions * speed).sum(dim=1, keepdim=True) / (
        speed.square().sum(dim=1, keepdim=True).clamp_min(_LEAST_SPREAD)
    )
    return emotions - slope * speed


class TargetChooser:
    """Keeps the targets of B streams and lets the sampler choose new ones where they are due."""

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
        # Standard deviation of the displacement over the horizon [O]: the sampler's unit.
        axes = self._proposals.axes
        self._unit = (self._model.mdn.horizon_unit.square() @ axes.square()).sqrt()
        if traced:
            example = self._example()
            self._proposals = as_traced(self._proposals, example, checkpoint.constants)
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
        """Count the targets down by one frame and choose new ones where they are due.

        The targets of all streams are due in the same frame, every `target_every` frames, so that
        they are computed as one batch. In between a stream's target is due when its requested
        emotion changes or the watchdog asks for it.

        Args:
            step: output of the network: B rows with the emotion, then B rows without.
            frame: [B, O] in model space.
            emotion: what is requested [B, E].
            settings: of the sampler.
            seed: of the random numbers; used only if a target is due.
            release: what the watchdog adds to the settings.

        Returns:
            The poses that the sampler chose [B, O] in model space, before projection onto the
            body; None where no target was due.
        """
        place, remaining = self.target
        remaining = (remaining - 1.0 / self._horizon).clamp_min(0.0)
        due = self._due(emotion, release)
        drawn = None
        if due.any():
            drawn = self._drawn(step, frame, emotion, settings, seed, release)
            points = (drawn + self._mean).unflatten(-1, (self._skeleton.size, -1))
            body = self._skeleton.project(points)
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
        """Let the sampler choose a pose for every stream, [B, O].

        Streams whose target is not due are computed too: the last bit of a result depends on the
        size of the batch, so that has to stay the same.
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
                # Twice a temperature near 0 is near 0 and frees no stream: hence the maximum.
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
