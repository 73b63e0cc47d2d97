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
from emotion_motion.model.cache import Rings, StreamCache
from emotion_motion.model.config import MotionModelConfig, ROTARY_PERIOD
from emotion_motion.model.mixture import MixtureDensityNetwork, Target


def rotary_table(head_channels: int) -> Tensor:
    """Return cosines and signed sines [2, period, 3, 1, C/H] for queries, keys and values.

    As in RoFormer (Su et al. 2021), but each frequency is rounded to a whole number of turns per
    period. Then position t and position t mod period are the same rotation, to the last bit, and a
    stream can run for ever: positions are re-based at every period and never grow large. Values
    are not turned; they have a part in the table so that all three take one product.
    """
    half = head_channels // 2
    fastest = 1.0 / (2.0 * math.pi)  # turns a frame: one radian
    slowest = 1.0 / ROTARY_PERIOD
    spacing = torch.arange(half, dtype=torch.float64) / max(half - 1, 1)
    turns = fastest * (slowest / fastest) ** spacing
    whole = (turns * ROTARY_PERIOD).round().clamp_min(1.0)
    steps = torch.arange(ROTARY_PERIOD, dtype=torch.float64)
    angle = torch.outer(steps, whole) * (2.0 * math.pi / ROTARY_PERIOD)
    cosine, sine = angle.cos(), angle.sin()
    turned = torch.stack((torch.cat((cosine, cosine), -1), torch.cat((-sine, sine), -1)))
    still = torch.stack((torch.ones_like(turned[0]), torch.zeros_like(turned[1])))
    return torch.stack((turned, turned, still), dim=2).unsqueeze(3).float()


# Input displacements are clipped to this many units, so that one jump does not drown all else.
_DISPLACEMENT_CLIP = 6.0


class MotionOutput(NamedTuple):
    """What the model predicts after each frame; poses and frames are in model space."""

    pi: Tensor  # [B, T, G], weights of the pose `horizon` frames ahead; sums to 1 over G
    sigma: Tensor  # [B, T, N, O], of the components asked for
    mu: Tensor  # [B, T, N, O]
    logits: Tensor  # [B, T, O], the next frame itself, predicted without a draw
    emotion_logits: Tensor  # [B, T, E], a regression: near 1 for a present emotion, else near 0


class StreamInput(NamedTuple):
    """Inputs of `MotionModel.stream_step`: the next frame of B streams and their memory."""

    frame: Tensor  # [B, O] in model space
    before: Tensor  # [B, O], the frame before it
    moved: Tensor  # [B, 1, O], the displacement that led to `before`, in units
    emotion: Tensor  # [B, E]
    target: Target  # T = 1
    rings: Rings  # written in place
    slot: Tensor  # [1], where to write
    rotation: Tensor  # [2, 1, 1, 1, C/H] of the frame's position


class StreamStep(NamedTuple):
    """Outputs of `MotionModel.stream_step` for one more frame of B streams."""

    logits: Tensor  # [B, 1, O]
    emotion_logits: Tensor  # [B, 1, E]
    moved: Tensor  # [B, 1, O], the displacement that led to the frame, in units
    features: Tensor  # [B, 1, C + E], what the mixture density network reads
    pose: Tensor  # [B, 1, Z], the frame in principal axes


class AttentionPooling(nn.Module):
    """Average over time whose weights are a softmax of a learned linear score."""

    def __init__(self, dim: int) -> None:
        """Make the linear score for vectors of `dim` numbers."""
        super().__init__()
        self.score = nn.Linear(dim, 1)

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
    """Predicts the next frame, a mixture over the pose ahead, and the emotion that motion shows.

    It is causal and depends on a bounded number of past frames. `pose_std` [O] and `unit` [O] are
    the standard deviations of pose and displacement; they come from the checkpoint's normaliser.
    """

    pose_std: Tensor
    unit: Tensor
    pose_basis: Tensor
    rotary: Tensor
    slots: Tensor

    def __init__(self, config: MotionModelConfig) -> None:
        """Make a model with random weights, pose_std and unit 1."""
        super().__init__()
        self.config = config
        inputs = 3 * config.outputs + config.pose_axes + 1
        self.frame_in = nn.Linear(inputs, config.motion_channels)
        self.emotion_in = nn.Linear(config.emotions, config.emotion_channels)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.channels)
        self.displacement = nn.Linear(config.channels, config.outputs)
        self.gates = nn.Linear(config.channels, 3 * config.keypoints)
        self.pooling = AttentionPooling(config.shown_size)
        self.emotion_fc2 = nn.Sequential(
            nn.Linear(config.shown_size, config.emotion_head_channels),
            nn.Tanh(),
            nn.Linear(config.emotion_head_channels, config.emotions),
        )
        self.mdn = MixtureDensityNetwork(config)
        # A frame over pose_std, times this, is the pose in principal axes; from the data.
        self.register_buffer('pose_basis', torch.eye(config.outputs)[: config.pose_axes])
        self.register_buffer('pose_std', torch.ones(config.outputs), persistent=False)
        self.register_buffer('unit', torch.ones(config.outputs), persistent=False)
        table = rotary_table(config.channels // config.heads)
        self.register_buffer('rotary', table, persistent=False)
        self.register_buffer('slots', torch.arange(config.window), persistent=False)

    def forward(
        self,
        frames: Tensor,
        emotions: Tensor,
        *,
        target: Target | None = None,
        components: Tensor | None = None,
    ) -> MotionOutput:
        """Predict what follows each frame.

        Args:
            frames: [B, T, O] in model space.
            emotions: the condition, [B, E] or one a frame [B, T, E]; all 0: none.
            target: where each frame's body goes; None: nowhere in particular.
            components: [B, T, N], those whose mu and sigma are wanted; None: the four most
                probable.

        Raises:
            ModelError: the shapes do not fit the configuration.
        """
        return self.output(self.whole(frames, emotions, target), components)

    def whole(
        self, frames: Tensor, emotions: Tensor, target: Target | None, since: Tensor | None = None
    ) -> StreamStep:
        """Run whole sequences; T in place of the 1 in StreamStep's shapes.

        Args:
            frames: see `forward`.
            emotions: see `forward`.
            target: see `forward`.
            since: [B] a frame of each sequence. It and the frames after it do not attend to frames
                before it. None: all frames attend to the window.
        """
        emotions = self._checked(frames, emotions)
        length = frames.shape[1]
        if target is None:
            zeros = frames.new_zeros(*frames.shape[:2], self.config.pose_axes + 1)
            target = Target(zeros[..., :-1], zeros[..., -1:])
        before = torch.cat((frames[:, :1], frames[:, :-1]), dim=1)
        moved = self._moved(frames, before)
        change = moved - torch.cat((moved[:, :1], moved[:, :-1]), dim=1)
        pose = self.in_axes(frames)
        x = self._tokens(frames, moved, change, emotions, target, pose)
        positions = torch.arange(length, device=x.device)
        band = _band(length, self.config.window, x.device)
        if since is not None:
            late = positions >= since.unsqueeze(-1)  # [B, T]
            band = (band & (late.unsqueeze(1) | ~late.unsqueeze(2))).unsqueeze(1)
        for block in self.blocks:
            x = block(x, self.rotary[:, positions % ROTARY_PERIOD], band)
        x = self.norm(x)
        logits = frames + self.unit * self._displacement(x, moved, change)
        pooled = self.pooling.windowed(self.shown(logits, frames), self.config.window)
        emotion_logits = self.emotion_fc2(pooled)
        features = torch.cat((x, emotion_logits), dim=-1)
        return StreamStep(logits, emotion_logits, moved, features, pose)

    def stream(self, batch_size: int) -> StreamCache:
        """Return an empty cache for `batch_size` live streams."""
        c, zeros = self.config, self.unit.new_zeros
        heads = (2 * c.heads, c.window, c.channels // c.heads)
        return StreamCache(
            Rings(
                keys_values=zeros(c.layers, batch_size, *heads),
                pooled=zeros(batch_size, c.window, c.shown_size),
                scores=zeros(batch_size, c.window) - math.inf,
                mask=zeros(1, c.window) - math.inf,
            )
        )

    def stream_input(
        self, frame: Tensor, emotion: Tensor, target: Target, cache: StreamCache
    ) -> StreamInput:
        """Return the input of `stream_step` and advance the cache by one frame."""
        position = cache.frames % ROTARY_PERIOD
        slot = cache.next_slot()
        return StreamInput(
            frame,
            *cache.past_of(frame),
            emotion,
            target,
            cache.rings,
            self.slots[slot : slot + 1],
            self.rotary[:, position : position + 1],
        )

    def stream_step(self, given: StreamInput) -> StreamStep:
        """Take one more frame; tensors in, tensors out, so that it can be traced."""
        rings, slot = given.rings, given.slot
        frame = given.frame.unsqueeze(1)
        moved = self._moved(frame, given.before.unsqueeze(1))
        change = moved - given.moved
        pose = self.in_axes(frame)
        emotion = given.emotion.unsqueeze(1)
        x = self._tokens(frame, moved, change, emotion, given.target, pose)
        for block, ring in zip(self.blocks, rings.keys_values.unbind(0), strict=True):
            assert isinstance(block, _Block)
            x = block.step(x, given.rotation, ring, slot, rings.mask)
        x = self.norm(x)
        logits = frame + self.unit * self._displacement(x, moved, change)
        shown = self.shown(logits, frame)
        rings.pooled.index_copy_(1, slot, shown)
        rings.scores.index_copy_(1, slot, self.pooling.score(shown).squeeze(-1))
        summary = torch.bmm(rings.scores.softmax(dim=-1).unsqueeze(1), rings.pooled)
        emotion_logits = self.emotion_fc2(summary)
        features = torch.cat((x, emotion_logits), dim=-1)
        return StreamStep(logits, emotion_logits, moved, features, pose)

    def output(self, done: StreamStep, components: Tensor | None = None) -> MotionOutput:
        """Return the output of `forward` for a result of `whole` or `stream_step`."""
        mixture = self.mdn(done.features, done.pose)
        if components is None:
            components = mixture.log_pi.topk(min(4, self.config.anchors), dim=-1).indices
        mu, sigma = self.in_frames(*self.mdn.components(mixture, components), done.logits)
        return MotionOutput(mixture.log_pi.exp(), sigma, mu, done.logits, done.emotion_logits)

    def in_axes(self, frames: Tensor) -> Tensor:
        """Return frames [..., O] in principal axes, [..., Z]."""
        return F.linear(frames / self.pose_std, self.pose_basis)

    def axes(self) -> Tensor:
        """Return how far one unit of each principal axis moves a frame, [Z, O]."""
        return torch.linalg.pinv(self.pose_basis / self.pose_std).T.contiguous()

    def in_frames(
        self, mean: Tensor, sigma: Tensor, logits: Tensor, axes: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return means and standard deviations [..., N, Z] in model space, [..., N, O].

        The part of a pose that the principal axes do not describe is taken from `logits`.

        Args:
            mean: [..., N, Z].
            sigma: [..., N, Z].
            logits: [..., O].
            axes: of `axes`, where they were worked out before.
        """
        axes = self.axes() if axes is None else axes
        logits = logits.unsqueeze(-2)
        mu = logits + (mean - self.in_axes(logits)) @ axes
        return mu, (sigma.square() @ axes.square()).sqrt()

    def shown(self, after: Tensor, before: Tensor, frames: float = 1.0) -> Tensor:
        """Return what the emotion head sees of poses `after` [..., O]: [..., O + K].

        That is `after` over pose_std and the speed of each keypoint, in displacement units a
        frame, on the way from `before`, `frames` frames earlier.
        """
        moved = ((after - before) / (frames * self.unit)).unflatten(
            -1, (-1, self.config.keypoint_dims)
        )
        speeds = torch.linalg.vector_norm(moved, dim=-1)
        return torch.cat((after / self.pose_std, speeds), dim=-1)

    def _moved(self, frames: Tensor, before: Tensor) -> Tensor:
        """Return the displacement that led to each frame, in units [B, T, O]."""
        moved = (frames - before) / self.unit
        return moved.clamp(-_DISPLACEMENT_CLIP, _DISPLACEMENT_CLIP)

    def _tokens(
        self,
        frames: Tensor,
        moved: Tensor,
        change: Tensor,
        emotions: Tensor,
        target: Target,
        pose: Tensor,
    ) -> Tensor:
        """Join pose, displacement, its change, way to the target and emotion: [B, T, C]."""
        to_target = (target.place - pose) * (target.remaining > 0)
        inputs = (frames / self.pose_std, moved, change, to_target, target.remaining)
        motion = self.frame_in(torch.cat(inputs, dim=-1))
        return torch.cat((motion, self.emotion_in(emotions)), dim=-1)

    def _displacement(self, x: Tensor, moved: Tensor, change: Tensor) -> Tensor:
        """Return the next displacement in units, [B, T, O].

        It is the last displacement and its change, each times a gate for each keypoint, plus what
        the network adds. A network that predicts it without them gets slow motion wrong by more
        than the motion itself.
        """
        keypoints = (self.config.keypoints, self.config.keypoint_dims)
        keep, turn, scale = self.gates(x).unsqueeze(-1).chunk(3, dim=-2)  # [B, T, K, 1] each
        new = self.displacement(x).unflatten(-1, keypoints)
        going = torch.sigmoid(keep + 2.0) * moved.unflatten(-1, keypoints)
        turning = torch.tanh(turn) * change.unflatten(-1, keypoints)
        return (going + turning + F.softplus(scale) * new).flatten(-2)

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
