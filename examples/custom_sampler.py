#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A sampler of your own: here the whole body takes the best component of the mixture.

The packaged sampler draws, and lets head and arms choose for themselves. This one takes the mean
of the scores over all keypoints, and the highest; what is left to chance is which components are
asked for. The rest of the live loop (guidance, body, feet) stays as it is.

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


def best_for_the_body(
    pi: Tensor,
    sigma: Tensor,
    mu: Tensor,
    emotion_logits: Tensor,
    last_frames: Tensor,
    *,
    temperature: Tensor,
    variance_div: Tensor,
    generator: torch.Generator,
    coupled: bool,
    groups: Tensor,
    **scoring: Any,
) -> Tensor:
    """Return a pose `horizon` frames ahead, [B, O].

    Called for each target as `sample_dynamic_emotion_individual` is; see there for shapes. How
    keypoints choose apart (coupled, groups), and how warmly, is not needed here.
    """
    scores = calculate_dynamic_emotion_scores_individual(
        mu, sigma, emotion_logits, last_frames, **scoring
    )[:, -1]  # [B, N, K]
    combined = scores.mean(dim=-1) + pi[:, -1].log()  # [B, N]
    index = combined.argmax(dim=-1).view(-1, 1, 1).expand(-1, -1, mu.shape[-1])
    mean, spread = (part[:, -1].gather(1, index).squeeze(1) for part in (mu, sigma))  # [B, O]
    normal = torch.empty_like(mean).normal_(generator=generator)
    return mean + normal * spread / variance_div.view(-1, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--emotion', default='happiness')
    parser.add_argument('--seconds', type=float, default=5.0)
    options = parser.parse_args()

    checkpoint = from_pretrained('default')
    for name, more in (
        ('head and arms for themselves', {}),
        ('the best for the body', {'frame_sampler': best_for_the_body}),
    ):
        generator = MotionGenerator(checkpoint, seed=1, **more)
        generator.set_emotion(options.emotion)
        frames = [generator.step() for _ in range(round(options.seconds * generator.rate))]
        points = np.stack([frame.keypoints[0] for frame in frames])
        speed = np.linalg.norm(np.diff(points, axis=0), axis=-1).mean() * generator.rate
        shown = np.mean(
            [frame.emotion_logits[0].argmax() for frame in frames[30:]]
            == generator.emotion[0].argmax()
        )
        print(f'{name}: {speed:.3f} m/s, {options.emotion} recognised in {shown:.0%} of frames')


if __name__ == '__main__':
    main()
