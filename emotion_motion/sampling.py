# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The emotion-aware sampler: for each keypoint a component of the mixture, then a place from it.

Shapes: B sequences, T frames, G components, K keypoints of D coordinates, O = K * D, E emotions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from emotion_motion.emotion import NEUTRAL_INDEX
from emotion_motion.exceptions import ModelError

__all__ = [
    'calculate_dynamic_emotion_scores_individual',
    'draw',
    'emotion_term',
    'is_expressive',
    'most_probable',
    'next_frame',
    'sample_dynamic_emotion_individual',
]


def calculate_dynamic_emotion_scores_individual(
    mu: Tensor,
    sigma: Tensor,
    emotion_logits: Tensor,
    last_frames: Tensor,
    *,
    keypoint_dims: int = 3,
    k: float | Tensor = 2.0,
    emotion_weight: float | Tensor = 2.0,
    movement_weight: float | Tensor = 1.0,
    neutral_index: int | None = 4,
    target: Tensor | None = None,
    unit: Tensor | None = None,
    expressive: Tensor | None = None,
) -> Tensor:
    """Score every component for every keypoint.

    score[b,t,g,j] = movement_weight * |mu[b,t,g,j] - last_frames[b,t,j]|
                     - k * |sigma[b,t,g,j]|
                     + emotion_weight * emotion[b,t,g,j]

    with Euclidean norms over the D coordinates of keypoint j and

    emotion[b,t,g,j] = shown * (1 - emotion_logits[..., neutral_index])
    shown = max over e of emotion_logits[..., e]; with a target, the sum over e of
            target[b,e] * emotion_logits[..., e]

    An emotion vector per sequence or frame gives every component the same term, which cannot
    change a choice; one per component and keypoint (`MotionModel.component_emotions`) can.

    Args:
        mu: means [B, T, G, O].
        sigma: standard deviations [B, T, G, O].
        emotion_logits: [B, E], [B, T, E], [B, T, G, E] or [B, T, G, K, E].
        last_frames: [B, T, O], the frames that the means were predicted from.
        keypoint_dims: coordinates of a keypoint D; 1 scores each coordinate on its own.
        k: weight of certainty: how much spread costs.
        emotion_weight: weight of the emotion that would show.
        movement_weight: weight of movement.
        neutral_index: index of the neutral emotion, whose logit takes from the emotion term; None
            switches that factor off.
        target: requested emotion [B, E]; its logit takes the place of the dominant one.
        unit: [O]; given, movement and spread are measured in it.
        expressive: [B] booleans, the sequences that the neutral factor applies to; None: all.

    Returns:
        Scores [B, T, G, K].

    Raises:
        ModelError: the shapes do not fit each other.
    """
    _check(
        mu, sigma, emotion_logits, last_frames, keypoint_dims, neutral_index, target, unit,
        expressive,
    )  # fmt: skip
    moved = mu - last_frames.unsqueeze(2)
    if unit is not None:
        moved, sigma = moved / unit, sigma / unit
    movement = _keypoint_norm(moved, keypoint_dims)  # [B, T, G, K]
    spread = _keypoint_norm(sigma, keypoint_dims)
    logits = _per_component(emotion_logits, mu.dim() + 1)  # [B, T or 1, G or 1, K or 1, E]
    shown = emotion_term(
        logits, target=target, neutral_index=neutral_index, expressive=expressive
    )
    return movement_weight * movement - k * spread + emotion_weight * shown


def emotion_term(
    emotion_logits: Tensor, *, target: Tensor | None, neutral_index: int | None,
    expressive: Tensor | None,
) -> Tensor:  # fmt: skip
    """Return `emotion` of `calculate_dynamic_emotion_scores_individual`, [B, ...].

    Args:
        emotion_logits: [B, ..., E].
        target: [B, E] or None.
        neutral_index: of E, or None.
        expressive: [B] or None.
    """
    each = (-1, *[1] * (emotion_logits.dim() - 2))  # [B] to [B, 1, ...]
    if target is None:
        shown = emotion_logits.amax(dim=-1)
    else:
        shown = (emotion_logits * target.unflatten(0, each)).sum(dim=-1)
    if neutral_index is None:
        return shown
    neutral = emotion_logits.select(-1, neutral_index)
    if expressive is not None:
        neutral = neutral * expressive.unflatten(0, each)
    return shown * (1.0 - neutral)


def is_expressive(emotion: Tensor) -> Tensor:
    """Return [B], whether something else than neutral is asked for by most of [B, E].

    Where mostly neutral is asked for, showing it must not be penalised.
    """
    return emotion.select(-1, NEUTRAL_INDEX) <= 0.5


def sample_dynamic_emotion_individual(
    pi: Tensor,
    sigma: Tensor,
    mu: Tensor,
    emotion_logits: Tensor,
    last_frames: Tensor,
    *,
    keypoint_dims: int = 3,
    k: float = 2.0,
    emotion_weight: float = 2.0,
    movement_weight: float = 1.0,
    variance_div: float = 1000.0,
    neutral_index: int | None = 4,
    target: Tensor | None = None,
    temperature: float = 1.0,
    unit: Tensor | None = None,
    expressive: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw the next frame from the last timestep; each keypoint chooses for itself.

    For keypoint j, a component g is drawn from softmax over g of

        (score[b,-1,g,j] + log pi[b,-1,g(,j)]) / temperature

    with the score of `calculate_dynamic_emotion_scores_individual`; then the D coordinates of the
    keypoint are drawn together from that one component,

        mu[b,-1,g,j] + sigma[b,-1,g,j] / variance_div * sqrt(temperature) * N(0, 1).

    The temperature acts on choice and spread as in World Models (Ha and Schmidhuber 2018).

    Args:
        pi: mixture weights [B, T, G], or one mixture a keypoint [B, T, G, K].
        sigma: standard deviations [B, T, G, O].
        mu: means [B, T, G, O].
        emotion_logits: as for the scores.
        last_frames: [B, T, O].
        keypoint_dims: coordinates of a keypoint D.
        k: weight of certainty.
        emotion_weight: weight of the emotion that would show.
        movement_weight: weight of movement.
        variance_div: divides sigma; above 0.
        neutral_index: index of the neutral emotion or None.
        target: requested emotion [B, E] or None.
        temperature: above 0; 1 samples the model's own distribution times the scores.
        unit: [O] or None.
        expressive: [B] or None.
        generator: source of the random draws; None draws from torch's global state.

    Returns:
        The next frame [B, O].

    Raises:
        ModelError: the shapes do not fit each other.
    """
    _check(
        mu, sigma, emotion_logits, last_frames, keypoint_dims, neutral_index, target, unit,
        expressive,
    )  # fmt: skip
    components = mu.shape[:3]
    _fit('pi', pi, components, (*components, mu.shape[-1] // keypoint_dims))
    noise = draw(mu, keypoint_dims, generator)
    return next_frame(
        pi, sigma, mu, emotion_logits, last_frames, noise, keypoint_dims=keypoint_dims, k=k,
        emotion_weight=emotion_weight, movement_weight=movement_weight, variance_div=variance_div,
        neutral_index=neutral_index, target=target, temperature=temperature, unit=unit,
        expressive=expressive,
    )  # fmt: skip


def draw(
    mu: Tensor, keypoint_dims: int, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Draw what one frame of the sampler needs at random.

    Returns:
        Exponential(1) numbers [B, G, K] that choose the components and normal ones [B, K, D].
    """
    batch, components, outputs = mu.shape[0], mu.shape[2], mu.shape[3]
    keypoints = outputs // keypoint_dims
    race = mu.new_empty(batch, components, keypoints).exponential_(generator=generator)
    return race, mu.new_empty(batch, keypoints, keypoint_dims).normal_(generator=generator)


def next_frame(
    pi: Tensor,
    sigma: Tensor,
    mu: Tensor,
    emotion_logits: Tensor,
    last_frames: Tensor,
    noise: tuple[Tensor, Tensor],
    *,
    keypoint_dims: int,
    k: float | Tensor,
    emotion_weight: float | Tensor,
    movement_weight: float | Tensor,
    variance_div: float | Tensor,
    neutral_index: int | None,
    target: Tensor | None,
    temperature: float | Tensor,
    unit: Tensor | None,
    expressive: Tensor | None,
) -> Tensor:
    """Do what `sample_dynamic_emotion_individual` says, with the random numbers of `draw`.

    Nothing but tensors is computed here, so that the live loop can trace it; settings may be
    tensors of no dimension. Component g wins keypoint j by the Gumbel-max trick:
    argmax(w - log(Exponential(1))) is distributed as softmax(w).
    """
    if emotion_logits.dim() > 2:
        emotion_logits = emotion_logits.narrow(1, emotion_logits.shape[1] - 1, 1)
    mu, sigma, last_frames = (part.narrow(1, -1, 1) for part in (mu, sigma, last_frames))
    scores = calculate_dynamic_emotion_scores_individual(
        mu, sigma, emotion_logits, last_frames, keypoint_dims=keypoint_dims, k=k,
        emotion_weight=emotion_weight, movement_weight=movement_weight,
        neutral_index=neutral_index, target=target, unit=unit, expressive=expressive,
    ).squeeze(1)  # fmt: skip  # [B, G, K]
    weights = pi.select(1, -1)
    weights = weights if pi.dim() == 4 else weights.unsqueeze(-1)  # [B, G, K or 1]
    combined = (scores + weights.log()) / temperature
    race, normal = noise
    chosen = (combined - race.log()).argmax(dim=1, keepdim=True)  # [B, 1, K]
    mean = _of_component(mu.squeeze(1), chosen, keypoint_dims)
    spread = _of_component(sigma.squeeze(1), chosen, keypoint_dims)
    return (mean + normal * spread * (temperature**0.5 / variance_div)).flatten(1)


def most_probable(pi: Tensor, mu: Tensor, keypoint_dims: int) -> Tensor:
    """Return the last timestep's means of the most probable component of each keypoint, [B, O].

    An ablation: without draws motion dies down.

    Args:
        pi: [B, T, G] or [B, T, G, K].
        mu: [B, T, G, O].
        keypoint_dims: coordinates of a keypoint D.
    """
    weights = pi[:, -1] if pi.dim() == 4 else pi[:, -1].unsqueeze(-1)
    keypoints = mu.shape[-1] // keypoint_dims
    chosen = weights.expand(-1, -1, keypoints).argmax(dim=1, keepdim=True)  # [B, 1, K]
    return _of_component(mu[:, -1], chosen, keypoint_dims).flatten(1)


def _of_component(values: Tensor, chosen: Tensor, dims: int) -> Tensor:
    """Take from [B, G, O] the chosen component of each keypoint: [B, K, D]."""
    by_keypoint = values.unflatten(-1, (-1, dims))  # [B, G, K, D]
    index = chosen.unsqueeze(-1).expand(-1, -1, -1, dims)
    return by_keypoint.gather(1, index).squeeze(1)


def _keypoint_norm(values: Tensor, dims: int) -> Tensor:
    """Return Euclidean norms [..., K] over the D coordinates of each keypoint of [..., O]."""
    return torch.linalg.vector_norm(values.unflatten(-1, (-1, dims)), dim=-1)


def _per_component(emotion_logits: Tensor, dims: int) -> Tensor:
    """Insert sizes of 1 after the sizes given, before E: [B, ..., E] with `dims` sizes."""
    return emotion_logits.unflatten(-1, (*[1] * (dims - emotion_logits.dim()), -1))


def _check(
    mu: Tensor,
    sigma: Tensor,
    emotion_logits: Tensor,
    last_frames: Tensor,
    dims: int,
    neutral_index: int | None,
    target: Tensor | None,
    unit: Tensor | None,
    expressive: Tensor | None,
) -> None:
    """Raise ModelError where a shape does not fit the others."""
    if mu.dim() != 4 or dims < 1 or mu.shape[-1] % dims:
        raise ModelError(
            f'got mu of shape {tuple(mu.shape)}; expected [B, T, G, O] with O a multiple of '
            f'keypoint_dims = {dims}'
        )
    b, t, g, o = mu.shape
    e = emotion_logits.shape[-1] if emotion_logits.dim() else 0
    _fit('sigma', sigma, (b, t, g, o))
    _fit('last_frames', last_frames, (b, t, o))
    per_component = (b, t, g, o // dims, e)
    _fit('emotion_logits', emotion_logits, (b, e), (b, t, e), (b, t, g, e), per_component)
    _fit('target', target, (b, e))
    _fit('unit', unit, (o,))
    _fit('expressive', expressive, (b,))
    if neutral_index is not None and not 0 <= neutral_index < e:
        raise ModelError(f'got neutral_index = {neutral_index} for {e} emotions')


def _fit(name: str, tensor: Tensor | None, *wanted: tuple[int, ...]) -> None:
    if tensor is not None and all(tuple(tensor.shape) != shape for shape in wanted):
        raise ModelError(
            f'got {name} of shape {tuple(tensor.shape)}; expected '
            f'{" or ".join(str(tuple(int(size) for size in shape)) for shape in wanted)}'
        )
