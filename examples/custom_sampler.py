#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A sampler of your own: here all keypoints of a limb take the same component of the mixture.

The packaged sampler chooses for each keypoint alone. This one adds up the scores over each limb
and makes one choice for all of it; the rest of the live loop (plan, body, feet) stays as it is.

    python examples/custom_sampler.py --emotion surprise --seconds 5
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.generator import MotionGenerator
from emotion_motion.sampling import calculate_dynamic_emotion_scores_individual
from emotion_motion.skeleton import Skeleton


class LimbSampler:
    """Called for every frame as `emotion_motion.sampling.next_frame` is; see there for shapes."""

    def __init__(self, skeleton: Skeleton) -> None:
        # Which limb each of the K keypoints belongs to, as [K, number of limbs].
        limbs = [sorted(members) for members in skeleton.groups.values()]
        self._member = torch.zeros(skeleton.size, len(limbs) + 1)
        self._member[:, -1] = 1.0  # those that are in no group are a limb too
        for number, members in enumerate(limbs):
            self._member[members] = torch.eye(len(limbs) + 1)[number]

    def __call__(
        self,
        pi: Tensor,
        sigma: Tensor,
        mu: Tensor,
        emotion_logits: Tensor,
        last_frames: Tensor,
        noise: tuple[Tensor, Tensor],
        *,
        temperature: Tensor,
        variance_div: Tensor,
        **scoring: Any,
    ) -> Tensor:
        scores = calculate_dynamic_emotion_scores_individual(
            mu, sigma, emotion_logits, last_frames, **scoring
        )[:, -1]  # [B, G, K]
        wanted = (scores + pi[:, -1].log()) / temperature
        by_limb = (wanted @ self._member) / self._member.sum(0).clamp_min(1.0)  # [B, G, limbs]
        race, normal = noise  # exponential [B, G, K], one number a limb is enough; [B, K, D]
        chosen = (by_limb - race[..., : by_limb.shape[-1]].log()).argmax(dim=1)  # [B, limbs]
        component = chosen[:, self._member.argmax(dim=1)]  # [B, K]
        index = component[:, None, :, None].expand(-1, 1, -1, normal.shape[-1])
        means, spreads = (x[:, -1].unflatten(-1, normal.shape[1:]) for x in (mu, sigma))
        mean, spread = (x.gather(1, index)[:, 0] for x in (means, spreads))
        return (mean + normal * spread * temperature.sqrt() / variance_div).flatten(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--emotion', default='happiness')
    parser.add_argument('--seconds', type=float, default=5.0)
    options = parser.parse_args()

    checkpoint = from_pretrained('default')
    for name, more in (
        ('each keypoint for itself', {}),
        ('each limb', {'frame_sampler': LimbSampler(checkpoint.skeleton)}),
    ):
        generator = MotionGenerator(checkpoint, seed=1, **more)
        generator.set_emotion(options.emotion)
        frames = [generator.step() for _ in range(round(options.seconds * generator.rate))]
        points = np.stack([frame.keypoints[0] for frame in frames])
        speed = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean() * generator.rate
        shown = np.mean([frame.emotion_logits[0].argmax() for frame in frames[30:]]
                        == generator.emotion[0].argmax())  # fmt: skip
        print(f'{name}: {speed:.3f} m/s, {options.emotion} recognised in {shown:.0%} of frames')


if __name__ == '__main__':
    main()
