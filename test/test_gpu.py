# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What runs on a GPU does what it does on the CPU. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.corpus import make_corpus
from emotion_motion.training.trainer import Trainer, TrainingConfig

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='torch sees no CUDA GPU')


@torch.inference_mode()
def test_the_model_is_the_same(saved: Path) -> None:
    here, there = (from_pretrained(saved, device=device).model for device in ('cpu', 'cuda'))
    frames = 0.05 * torch.randn(2, 100, here.config.outputs)
    emotions = torch.rand(2, 7)
    outputs = zip(here(frames, emotions), there(frames.cuda(), emotions.cuda()), strict=True)
    for one, other in outputs:
        torch.testing.assert_close(one, other.cpu(), rtol=1e-3, atol=1e-4)


def test_the_live_loop_runs_and_repeats(saved: Path) -> None:
    generator = MotionGenerator.from_pretrained(saved, device='cuda', batch_size=3, seed=1)
    generator.set_emotion('joy', index=1)
    first = np.stack([generator.step().keypoints for _ in range(100)])
    generator.reset()
    again = np.stack([generator.step().keypoints for _ in range(100)])
    np.testing.assert_array_equal(first, again)
    error = generator.skeleton.bone_error(first / generator.body_height_m)
    assert error * generator.body_height_m < 1e-5


def test_training_runs() -> None:
    lines: list[str] = []
    config = TrainingConfig(steps=3, batch_size=2)
    Trainer(make_corpus(2.0, 0), config, device='cuda', report=lines.append).run()
    assert 'step 3/3' in lines[-1] and 'nan' not in lines[-1]
