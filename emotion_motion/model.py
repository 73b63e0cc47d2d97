# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The network: a causal transformer over frames and emotions with a mixture density head.

Shapes: B sequences, T frames, K keypoints of D coordinates, O = K * D, G Gaussians, E emotions,
W frames of attention window, C channels of a token, H heads. A frame is [O] in model space: the
keypoints of a body of height 1 less their mean pose.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn, Tensor
import torch.nn.functional as F

from emotion_motion.exceptions import ModelError
from emotion_motion.model_config import MotionModelConfig, ROTARY_PERIOD
from emotion_motion.plan import NO_LEASH, Plan, PlanAhead, PlanHead
from emotion_motion.rotary import rotary_table
from emotion_motion.stream_cache import StreamCache

__all__ = [
    'AttentionPooling',
    'MixtureDensityNetwork',
    'MotionModel',
    'MotionModelConfig',
    'MotionOutput',
    'StreamCache',
    'StreamStep',
]

# Displacements are seen up to this many units: a fall off the body must not drown the rest.
_DISPLACEMENT_CLIP = 6.0


class MotionOutput(NamedTuple):
    """What the model says of the frame that follows each frame; all in model space."""

    pi: Tensor  # [B, T, G] or [B, T, G, K], sums to 1 over G
    sigma: Tensor  # [B, T, G, O]
    mu: Tensor  # [B, T, G, O]
    logits: Tensor  # [B, T, O], the deterministic next frame
    emotion_logits: Tensor  # [B, T, E], near 1 for a present emotion, near 0 for an absent one


class StreamStep(NamedTuple):
    """What `MotionModel.stream_step` found, T = 1."""

    output: MotionOutput
    shown: Tensor  # [B, 1, dim], what the emotion head may see of the output
    summary: Tensor  # [B, 1, dim], its average over the window
    moved: Tensor  # [B, 1, O], the displacement that led to the frame, in units
    features: Tensor  # [B, 1, C]
    here: Tensor  # [B, 1, Z], the frame in principal components


class AttentionPooling(nn.Module):
    """Average over time whose weights are a softmax of a learned linear score.

    Without `learned` all frames weigh the same (an ablation).
    """

    def __init__(self, dim: int, *, learned: bool = True) -> None:
        """Make the linear score for vectors of `dim` numbers."""
        super().__init__()
        self.score = nn.Linear(dim, 1)
        if not learned:
            for weight in self.score.parameters():
                nn.init.zeros_(weight).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Pool x [B, T, dim] over all of its frames to [B, dim]."""
        weights = self.score(x).softmax(dim=1)  # [B, T, 1]
        return (weights * x).sum(dim=1)

    def windowed(self, x: Tensor, window: int) -> Tensor:
        """Pool each frame of x [B, T, dim] over itself and the `window` - 1 frames before it."""
        scores = self.score(x).transpose(1, 2)  # [B, 1, T], one score a source frame
        outside = ~_band(x.shape[1], window, x.device)
        weights = scores.masked_fill(outside, -math.inf).softmax(dim=-1)  # [B, T, T]
        return weights @ x


class MixtureDensityNetwork(nn.Module):
    """Features to a mixture of Gaussians of displacements, in displacement units."""

    def __init__(self, config: MotionModelConfig) -> None:
        """Make the two-layer network."""
        super().__init__()
        self.config = config
        reads = config.outputs if config.mdn_reads_logits else config.channels
        mixtures = config.keypoints if config.mixture_per_keypoint else 1
        self.sizes = [config.gaussians * n for n in (mixtures, config.outputs, config.outputs)]
        self.hidden = nn.Linear(reads + config.emotions, config.mdn_channels)
        self.out = nn.Linear(config.mdn_channels, sum(self.sizes))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map x [B, T, features + E] to pi [B, T, G(, K)], sigma and residual [B, T, G, O]."""
        out = self.out(F.silu(self.hidden(x)))
        mixture, spread, residual = (
            part.unflatten(-1, (self.config.gaussians, -1)) for part in out.split(self.sizes, -1)
        )
        pi = mixture.softmax(dim=-2)  # [B, T, G, K or 1]
        sigma = F.softplus(spread) + self.config.sigma_floor
        # In units of its own spread, a residual is exact where the motion is quiet.
        return pi if self.config.mixture_per_keypoint else pi.squeeze(-1), sigma, sigma * residual


class _Block(nn.Module):
    """Attention over the window and a two-layer network, side by side, pre-norm and residual.

    Side by side (as in GPT-J and PaLM) they share their matrix products, which halves the
    operations of a live step.
    """

    def __init__(self, config: MotionModelConfig) -> None:
        super().__init__()
        self.heads, self.wide = config.heads, 3 * config.channels
        self.norm = nn.LayerNorm(config.channels)
        self.into = nn.Linear(config.channels, 3 * config.channels + self.wide)
        self.out = nn.Linear(config.channels + self.wide, config.channels)

    def forward(self, x: Tensor, rotation: Tensor, band: Tensor) -> Tensor:
        """Run whole sequences: x [B, T, C], rotation [2, T, 3, 1, C/H], band [T, T]."""
        heads, hidden = self.project(x, rotation)
        q, k, v = heads.chunk(3, dim=1)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=band)
        return self.join(x, attended, hidden)

    def step(
        self, x: Tensor, rotation: Tensor, ring: Tensor, slot: Tensor, mask: Tensor
    ) -> Tensor:
        """Run one frame x [B, 1, C] on the ring of keys and values [B, 2H, W, C/H].

        The order of the slots does not matter: each key carries its position in its rotation.
        """
        heads, hidden = self.project(x, rotation)
        q, keys_values = heads.split([self.heads, 2 * self.heads], dim=1)
        k, v = ring.index_copy_(2, slot, keys_values).chunk(2, dim=1)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.join(x, attended, hidden)

    def project(self, x: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor]:
        """Return rotated queries and keys with values, [B, 3H, T, C/H], and hidden [B, T, 3C]."""
        qkv, hidden = self.into(self.norm(x)).split([self.wide, self.wide], dim=-1)
        qkv = qkv.unflatten(-1, (3, self.heads, -1))
        first, second = qkv.chunk(2, dim=-1)
        half = torch.cat((second, first), dim=-1)
        cosine, sine = rotation.unbind(0)
        turned = torch.addcmul(qkv * cosine, half, sine)
        return turned.flatten(2, 3).transpose(1, 2), hidden

    def join(self, x: Tensor, attended: Tensor, hidden: Tensor) -> Tensor:
        """Add what attention [B, H, T, C/H] and the hidden layer [B, T, 3C] found to x."""
        attended = attended.transpose(1, 2).flatten(2)
        return x + self.out(torch.cat((attended, F.silu(hidden)), dim=-1))


class MotionModel(nn.Module):
    """Next-frame mixture and recognised emotion of motion; causal, with a bounded memory.

    `pose_std` [O] and `unit` [O] are the pose's and the displacement's standard deviations.
    """

    pose_std: Tensor
    unit: Tensor
    plan_basis: Tensor
    plan_known: Tensor
    plan_reach: Tensor
    rotary: Tensor
    slots: Tensor

    def __init__(self, config: MotionModelConfig) -> None:
        """Make a model with random weights, pose_std and unit 1."""
        super().__init__()
        self.config = config
        told = 3 * config.outputs + config.plan_size + 1
        self.frame_in = nn.Linear(told, config.motion_channels)
        self.emotion_in = nn.Linear(config.emotions, config.emotion_channels)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.channels)
        self.displacement = nn.Linear(config.channels, config.outputs)
        self.gates = nn.Linear(config.channels, 3 * config.keypoints)
        self.pooling = AttentionPooling(config.shown_size, learned=config.attention_pooling)
        self.emotion_fc2 = nn.Sequential(
            nn.Linear(config.shown_size, config.emotion_head_channels),
            nn.Tanh(),
            nn.Linear(config.emotion_head_channels, config.emotions),
        )
        self.mdn = MixtureDensityNetwork(config)
        self.plan_head = PlanHead(config)
        # A frame over pose_std, times this, is the pose in principal components; from the data.
        self.register_buffer('plan_basis', torch.eye(config.outputs)[: config.plan_size])
        # Training poses of each emotion in principal components, and how far others are from them.
        known = torch.zeros(config.emotions, config.plan_known, config.plan_size)
        self.register_buffer('plan_known', known)
        self.register_buffer('plan_reach', torch.full((config.emotions,), NO_LEASH))
        self.register_buffer('pose_std', torch.ones(config.outputs), persistent=False)
        self.register_buffer('unit', torch.ones(config.outputs), persistent=False)
        table = rotary_table(config.channels // config.heads)
        self.register_buffer('rotary', table, persistent=False)
        self.register_buffer('slots', torch.arange(config.window), persistent=False)

    def forward(
        self, frames: Tensor, emotions: Tensor, *, plan: Plan | None = None
    ) -> MotionOutput:
        """Predict the next frame after each frame.

        Args:
            frames: [B, T, O] in model space.
            emotions: the condition, [B, E] or one a frame [B, T, E].
            plan: where each frame's body means to go; None: nowhere in particular.

        Raises:
            ModelError: the shapes do not fit the configuration.
        """
        return self.forward_with_plan(frames, emotions, plan)[0]

    def forward_with_plan(
        self, frames: Tensor, emotions: Tensor, plan: Plan | None
    ) -> tuple[MotionOutput, PlanAhead]:
        """Do what `forward` does, and say where the body may mean to go next."""
        emotions = self._checked(frames, emotions)
        length = frames.shape[1]
        if plan is None:
            nowhere = frames.new_zeros(*frames.shape[:2], self.config.plan_size + 1)
            plan = Plan(nowhere[..., :-1], nowhere[..., -1:])
        before = torch.cat((frames[:, :1], frames[:, :-1]), dim=1)
        moved = self._moved(frames, before)
        bent = moved - torch.cat((moved[:, :1], moved[:, :-1]), dim=1)
        here = self.plan_place(frames)
        x = self._tokens(frames, moved, bent, emotions, plan, here)
        positions = torch.arange(length, device=x.device) % ROTARY_PERIOD
        band = _band(length, self.config.window, x.device)
        for block in self.blocks:
            x = block(x, self.rotary[:, positions], band)
        x = self.norm(x)
        logits = self._following(frames, x, moved, bent)
        shown = self._seen(x, logits, frames)
        pooled = self.pooling.windowed(shown, self.config.window)
        output = self._mixture(x, logits, self.emotion_fc2(pooled))
        return output, self.plan_head(x, here)

    def stream(self, batch_size: int) -> StreamCache:
        """Return an empty cache for `batch_size` live streams."""
        c, place = self.config, self.unit
        rings = (c.layers, batch_size, 2 * c.heads, c.window, c.channels // c.heads)
        return StreamCache(
            keys_values=place.new_zeros(rings),
            pooled=place.new_zeros(batch_size, c.window, c.shown_size),
            scores=place.new_full((batch_size, c.window), -math.inf),
            mask=place.new_full((1, c.window), -math.inf),
            plan=place.new_zeros(batch_size, c.plan_size),
            plan_left=place.new_zeros(batch_size, 1),
            news=place.new_zeros(batch_size, 1),
        )

    def step(self, frame: Tensor, emotion: Tensor, cache: StreamCache) -> MotionOutput:
        """Take one more frame of live streams; the same numbers as `forward` at its last frame.

        Args:
            frame: [B, O] in model space.
            emotion: [B, E].
            cache: from `stream`; changed in place. Its plan stays as it is.

        Returns:
            Outputs with T = 1.
        """
        rings = (cache.keys_values, cache.pooled, cache.scores, cache.mask)
        plan = Plan(cache.plan.unsqueeze(1), cache.plan_left.unsqueeze(1))
        past = self.past_of(cache, frame)
        done = self.stream_step(frame, past, emotion, rings, *self.place_of(cache), plan)
        cache.summary, cache.last_frame, cache.last_moved = done.summary, frame, done.moved
        return done.output

    def past_of(self, cache: StreamCache, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frame before `frame` and the displacement that led to it, in units."""
        if cache.last_frame is None or cache.last_moved is None:
            return frame, torch.zeros_like(frame).unsqueeze(1)
        return cache.last_frame, cache.last_moved

    def place_of(self, cache: StreamCache) -> tuple[Tensor, Tensor]:
        """Move the cache on by one frame; returns its slot [1] and its rotation."""
        position = cache.frames % ROTARY_PERIOD
        slot = cache.next_slot()
        return self.slots[slot : slot + 1], self.rotary[:, position : position + 1]

    def stream_step(
        self,
        frame: Tensor,
        past: tuple[Tensor, Tensor],
        emotion: Tensor,
        rings: tuple[Tensor, Tensor, Tensor, Tensor],
        slot: Tensor,
        rotation: Tensor,
        plan: Plan,
    ) -> StreamStep:
        """Take one more frame; tensors in, tensors out, so that it can be traced.

        Args:
            frame: [B, O] in model space.
            past: of `past_of`.
            emotion: [B, E].
            rings: keys_values, pooled, scores and mask of a StreamCache; written in place.
            slot: [1], where to write.
            rotation: of the frame's position.
            plan: where the body means to go, T = 1.
        """
        keys_values, pooled, scores, mask = rings
        now = frame.unsqueeze(1)
        moved = self._moved(now, past[0].unsqueeze(1))
        bent = moved - past[1]
        here = self.plan_place(now)
        x = self._tokens(now, moved, bent, emotion.unsqueeze(1), plan, here)
        for block, ring in zip(self.blocks, keys_values.unbind(0), strict=True):
            assert isinstance(block, _Block)
            x = block.step(x, rotation, ring, slot, mask)
        x = self.norm(x)
        logits = self._following(now, x, moved, bent)
        shown = self._seen(x, logits, now)
        pooled.index_copy_(1, slot, shown)
        scores.index_copy_(1, slot, self.pooling.score(shown).squeeze(-1))
        summary = torch.bmm(scores.softmax(dim=-1).unsqueeze(1), pooled)
        output = self._mixture(x, logits, self.emotion_fc2(summary))
        return StreamStep(output, shown, summary, moved, x, here)

    @property
    def tells_components(self) -> bool:
        """Whether it can say, and should, what each component would show."""
        return self.config.component_emotions and not self.config.emotion_reads_features

    def component_emotions(self, output: MotionOutput, cache: StreamCache) -> Tensor:
        """Return `emotions_by_component` of the last `step`, [B, 1, G, K, E]."""
        assert cache.last_frame is not None and cache.summary is not None, 'step comes first'
        if self.config.emotion_reads_features:
            raise ModelError(
                'got a model whose emotion head reads features, which components do not have'
            )
        shown = cache.pooled[:, (cache.frames - 1) % self.config.window].unsqueeze(1)
        return self.emotions_by_component(output, cache.last_frame, shown, cache.summary)

    def emotions_by_component(
        self, output: MotionOutput, frame: Tensor, shown: Tensor, summary: Tensor
    ) -> Tensor:
        """Emotion scores as they would be if a keypoint kept coming from a component.

        First order through AttentionPooling and emotion_fc2: the keypoint's place and speed in
        the last predicted frame are exchanged for the component's mean, and the change is counted
        as though the choice held for the whole pooling window (divided by the frame's pooling
        weight). One frame alone would hardly show in an average over W frames.

        Args:
            output: what `stream_step` returned.
            frame: the frame that it followed [B, O].
            shown: as it returned it.
            summary: as it returned it.

        Returns:
            [B, 1, G, K, E].
        """
        k, d = self.config.keypoints, self.config.keypoint_dims
        first, tanh, second = self.emotion_fc2
        slope = 1.0 - tanh(first(summary)).square()  # [B, 1, hidden]
        jacobian = (second.weight * slope) @ first.weight  # [B, E, dim]
        # The rest of the change comes through the frame's own pooling weight.
        along = jacobian @ (shown - summary).mT  # [B, E, 1]
        jacobian = torch.addcmul(jacobian, along, self.pooling.score.weight)
        mu = output.mu.select(1, -1)  # [B, G, O]
        change = self._shown(mu, frame.unsqueeze(1)) - shown  # [B, G, dim]
        gain = jacobian.unsqueeze(1) * change.unsqueeze(2)  # [B, G, E, dim]
        of_places, of_speeds = gain.split([k * d, gain.shape[-1] - k * d], dim=-1)
        by_keypoint = of_places.unflatten(-1, (k, d)).sum(-1)  # [B, G, E, K]
        if self.config.pool_speeds:
            by_keypoint = by_keypoint + of_speeds
        emotions = output.emotion_logits.select(1, -1).unsqueeze(1).unsqueeze(-1) + by_keypoint
        return emotions.transpose(2, 3).unsqueeze(1)

    def plan_place(self, frames: Tensor) -> Tensor:
        """Return the poses of frames [..., O] in principal components, [..., Z]."""
        return F.linear(frames / self.pose_std, self.plan_basis)

    def plan_poses(self) -> Tensor:
        """Return the known poses that plans choose from, [M, Z]; M is plan_choices x E."""
        return self.plan_known[:, : self.config.plan_choices].flatten(0, 1)

    def plan_rise(self) -> Tensor:
        """Return how far one unit of each principal component moves a frame, [Z, O]."""
        return torch.linalg.pinv(self.plan_basis / self.pose_std).T.contiguous()

    def _moved(self, frames: Tensor, before: Tensor) -> Tensor:
        """Return the displacement that led to each frame, in units [B, T, O]."""
        moved = (frames - before) / self.unit
        return moved.clamp(-_DISPLACEMENT_CLIP, _DISPLACEMENT_CLIP)

    def _tokens(
        self,
        frames: Tensor,
        moved: Tensor,
        bent: Tensor,
        emotions: Tensor,
        plan: Plan,
        here: Tensor,
    ) -> Tensor:
        """Join pose, displacement, its change, way to go and emotion: [B, T, C]."""
        way = (plan.target - here) * (plan.left > 0)
        told = (frames / self.pose_std, moved, bent, way, plan.left)
        motion = self.frame_in(torch.cat(told, dim=-1))
        return torch.cat((motion, self.emotion_in(emotions)), dim=-1)

    def _following(self, frames: Tensor, x: Tensor, moved: Tensor, bent: Tensor) -> Tensor:
        """Return the prediction of the frames that follow `frames`, [B, T, O] in model space."""
        if self.config.displacements:
            return frames + self.unit * self._displacement(x, moved, bent)
        return self.pose_std * self.displacement(x)  # an ablation: the pose itself

    def _displacement(self, x: Tensor, moved: Tensor, bent: Tensor) -> Tensor:
        """Return the next displacement in units, [B, T, O].

        Motion goes on as it was, and the network says how far that holds for each keypoint, and
        what else happens. On its own it gets slow motion wrong by more than the motion itself.
        """
        keypoints = (self.config.keypoints, self.config.keypoint_dims)
        keep, bend, scale = self.gates(x).unsqueeze(-1).chunk(3, dim=-2)  # [B, T, K, 1] each
        new = self.displacement(x).unflatten(-1, keypoints)
        going = torch.sigmoid(keep + 2.0) * moved.unflatten(-1, keypoints)
        turning = torch.tanh(bend) * bent.unflatten(-1, keypoints)
        return (going + turning + F.softplus(scale) * new).flatten(-2)

    def _seen(self, x: Tensor, logits: Tensor, frames: Tensor) -> Tensor:
        """Return what the emotion head sees of each frame, [B, T, dim]."""
        return x if self.config.emotion_reads_features else self._shown(logits, frames)

    def _shown(self, logits: Tensor, frames: Tensor) -> Tensor:
        """Return what `logits` show: places, and mostly speeds, [B, T, O + K]."""
        places = logits / self.pose_std
        if not self.config.pool_speeds:
            return places
        return torch.cat((places, self._speed(logits, frames)), dim=-1)

    def _speed(self, after: Tensor, before: Tensor) -> Tensor:
        """Return each keypoint's displacement in units, [..., O] to [..., K]."""
        moved = ((after - before) / self.unit).unflatten(-1, (-1, self.config.keypoint_dims))
        return torch.linalg.vector_norm(moved, dim=-1)

    def _mixture(self, x: Tensor, logits: Tensor, emotion_logits: Tensor) -> MotionOutput:
        read = logits / self.pose_std if self.config.mdn_reads_logits else x
        pi, sigma, residual = self.mdn(torch.cat((read, emotion_logits), dim=-1))
        mu = logits.unsqueeze(2) + self.unit * residual
        return MotionOutput(pi, self.unit * sigma, mu, logits, emotion_logits)

    def _checked(self, frames: Tensor, emotions: Tensor) -> Tensor:
        """Return emotions [B, T, E] or raise ModelError."""
        c = self.config
        if frames.dim() != 3 or frames.shape[-1] != c.outputs or frames.shape[1] == 0:
            raise ModelError(
                f'got frames of shape {tuple(frames.shape)}; expected [B, T, {c.outputs}], T > 0'
            )
        if emotions.dim() == 2:
            emotions = emotions.unsqueeze(1).expand(-1, frames.shape[1], -1)
        if emotions.shape != (*frames.shape[:2], c.emotions):
            raise ModelError(
                f'got emotions of shape {tuple(emotions.shape)} for frames of shape '
                f'{tuple(frames.shape)}; expected [B, {c.emotions}] or [B, T, {c.emotions}]'
            )
        return emotions


def _band(length: int, window: int, device: torch.device) -> Tensor:
    """Return [T, T], True where a row's frame sees a column's: itself and window - 1 before."""
    age = torch.arange(length, device=device)
    age = age.unsqueeze(1) - age
    return (age >= 0) & (age < window)
