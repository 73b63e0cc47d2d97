# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What runs on a GPU does what it does on the CPU. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from training_support import config_of, swaying

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.trainer import Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason='torch sees no CUDA GPU')


@torch.inference_mode()
def test_the_model_is_the_same(saved: Path) -> None:
    here, there = (from_pretrained(saved, device=device).model for device in ('cpu', 'cuda'))
    frames = 0.05 * torch.randn(2, 100, here.config.outputs)
    emotions = torch.rand(2, 7)
    # All components: which are the most probable may depend on the last bit.
    asked = torch.arange(here.config.anchors).expand(2, 100, -1)
    outputs = zip(
        here(frames, emotions, components=asked),
        there(frames.cuda(), emotions.cuda(), components=asked.cuda()),
        strict=True,
    )
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


@pytest.mark.parametrize('precision', ['no', 'bf16'])
def test_training_runs(precision: str) -> None:
    config = config_of(device='cuda', mixed_precision=precision, steps=30, workers=2)
    trainer = Trainer(MotionDataset.from_clips([swaying(e) for e in (0, 3, 5)]), config)
    assert trainer.device.type == 'cuda'
    losses = [trainer.step(batch)[0]['total'] for batch in trainer.batches()]
    assert np.isfinite(losses).all() and np.mean(losses[-5:]) < np.mean(losses[:5])


def test_a_gpu_trains_what_a_cpu_does() -> None:
    data = MotionDataset.from_clips([swaying(e) for e in (0, 3, 5)])
    losses = []
    for device in ('cpu', 'cuda'):
        trainer = Trainer(data, config_of(device=device, mixed_precision='no', steps=3))
        losses.append([trainer.step(batch)[0]['total'] for batch in trainer.batches()])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
