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
    'is_expressive',
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
    groups: Tensor | None = None,
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
    change a choice; one per component and keypoint (`TargetProposals`) can.

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
        groups: [K] group of each keypoint, numbered from 0; keypoints of a group get their mean
            score and choose together. None: each keypoint has a score of its own.

    Returns:
        Scores [B, T, G, K].

    Raises:
        ModelError: the shapes do not fit each other.
    """
    _check(
        mu,
        sigma,
        emotion_logits,
        last_frames,
        keypoint_dims,
        neutral_index,
        target,
        unit,
        expressive,
        groups,
    )
    moved = mu - last_frames.unsqueeze(2)
    if unit is not None:
        moved, sigma = moved / unit, sigma / unit
    movement = _keypoint_norm(moved, keypoint_dims)  # [B, T, G, K]
    spread = _keypoint_norm(sigma, keypoint_dims)
    ones = [1] * (mu.dim() + 1 - emotion_logits.dim())
    logits = emotion_logits.unflatten(-1, (*ones, -1))  # [B, T or 1, G or 1, K or 1, E]
    shown = _emotion_term(logits, target, neutral_index, expressive)
    scores = movement_weight * movement - k * spread + emotion_weight * shown
    if groups is None:
        return scores
    same = (groups.unsqueeze(0) == groups.unsqueeze(1)).to(scores)  # [K, K]
    return scores @ (same / same.sum(dim=0))


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
    k: float | Tensor = 2.0,
    emotion_weight: float | Tensor = 2.0,
    movement_weight: float | Tensor = 1.0,
    variance_div: float | Tensor = 1000.0,
    neutral_index: int | None = 4,
    target: Tensor | None = None,
    temperature: float | Tensor = 1.0,
    unit: Tensor | None = None,
    coupled: bool = False,
    expressive: Tensor | None = None,
    groups: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw a frame from the last timestep; each keypoint chooses for itself.

    For keypoint j, a component g is drawn from softmax over g of

        (score[b,-1,g,j] + log pi[b,-1,g(,j)]) / temperature

    with the score of `calculate_dynamic_emotion_scores_individual`; then the D coordinates of the
    keypoint are drawn together from that one component,

        mu[b,-1,g,j] + sigma[b,-1,g,j] / variance_div * sqrt(temperature) * N(0, 1).

    The temperature acts on choice and spread as in World Models (Ha and Schmidhuber 2018). The
    draw is Gumbel-max: argmax(w - log(Exponential(1))) is distributed as softmax(w).

    Beside the arguments of the scores, of which the weights may be tensors [B, 1, 1, 1]:

    - pi: mixture weights [B, T, G], or one mixture a keypoint [B, T, G, K].
    - variance_div: divides sigma; above 0; may be a tensor [B, 1, 1, 1].
    - temperature: above 0; 1 samples the model's own distribution times the scores; may be a
      tensor [B, 1, 1, 1].
    - coupled: keypoints share one Gumbel number a component. Each keypoint's own distribution
      stays the categorical above, and keypoints with like scores choose alike.
    - generator: source of the random draws; None draws from torch's global state.

    Returns:
        The frame [B, O].

    Raises:
        ModelError: the shapes do not fit each other.
    """
    scores = calculate_dynamic_emotion_scores_individual(
        mu,
        sigma,
        emotion_logits,
        last_frames,
        keypoint_dims=keypoint_dims,
        k=k,
        emotion_weight=emotion_weight,
        movement_weight=movement_weight,
        neutral_index=neutral_index,
        target=target,
        unit=unit,
        expressive=expressive,
        groups=groups,
    )[:, -1:]
    batch, components, keypoints = scores.shape[0], *scores.shape[2:]
    _fit('pi', pi, mu.shape[:3], (*mu.shape[:3], keypoints))
    weights = pi[:, -1:] if pi.dim() == 4 else pi[:, -1:].unsqueeze(-1)  # [B, 1, G, K or 1]
    combined = ((scores + weights.log()) / temperature).squeeze(1)  # [B, G, K]
    numbers = 1 if coupled else keypoints if groups is None else int(groups.max()) + 1
    race = mu.new_empty(batch, components, numbers).exponential_(generator=generator)
    if groups is not None and not coupled:
        race = race[:, :, groups]
    chosen = (combined - race.log()).argmax(dim=1, keepdim=True)  # [B, 1, K]
    index = chosen.unsqueeze(-1).expand(-1, -1, -1, keypoint_dims)
    mean, spread = (
        part[:, -1].unflatten(-1, (keypoints, keypoint_dims)).gather(1, index).squeeze(1)
        for part in (mu, sigma)
    )  # [B, K, D]
    normal = torch.empty_like(mean).normal_(generator=generator)
    scale = torch.as_tensor(temperature, device=mu.device).sqrt() / variance_div
    return (mean + normal * spread * scale.view(-1, 1, 1)).flatten(1)


def _emotion_term(
    emotion_logits: Tensor,
    target: Tensor | None,
    neutral_index: int | None,
    expressive: Tensor | None,
) -> Tensor:
    """Return `emotion` of `calculate_dynamic_emotion_scores_individual` of logits [B, ..., E]."""
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


def _keypoint_norm(values: Tensor, dims: int) -> Tensor:
    """Return Euclidean norms [..., K] over the D coordinates of each keypoint of [..., O]."""
    return torch.linalg.vector_norm(values.unflatten(-1, (-1, dims)), dim=-1)


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
    groups: Tensor | None,
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
    _fit('groups', groups, (o // dims,))
    if neutral_index is not None and not 0 <= neutral_index < e:
        raise ModelError(f'got neutral_index = {neutral_index} for {e} emotions')


def _fit(name: str, tensor: Tensor | None, *wanted: tuple[int, ...]) -> None:
    if tensor is not None and all(tuple(tensor.shape) != shape for shape in wanted):
        raise ModelError(
            f'got {name} of shape {tuple(tensor.shape)}; expected '
            f'{" or ".join(str(tuple(int(size) for size in shape)) for shape in wanted)}'
        )
