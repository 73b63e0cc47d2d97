# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The watchdog sees stillness and repetition for what they are, and frees only who needs it."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from training_support import liveliness

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.generator import MotionGenerator
from emotion_motion.live.watchdog import Watchdog
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare

BODY = load_skeleton()
RATE_HZ = 30.0
WRIST = BODY.index('RWrist')


def waving(seconds: float, period_s: float, size: float = 0.3) -> np.ndarray:
    """Return a body whose arms and trunk swing with a period, [T, K, 3]."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    swing = size * np.sin(2.0 * np.pi * time_s / period_s)
    points = np.repeat(BODY.rest[None], len(time_s), axis=0)
    points[:, :8, 1] += swing[:, None]
    return points.astype(np.float32)


def watched(*streams: np.ndarray) -> tuple[Watchdog, list]:
    dog, releases = Watchdog(RATE_HZ, len(streams)), []
    for bodies in zip(*streams, strict=True):
        releases.append(dog.release())
        dog(np.stack(bodies))
    return dog, releases


def test_it_counts_how_long_a_stream_stands():
    still = np.repeat(BODY.rest[None], 300, axis=0).astype(np.float32)
    trembling = still + np.random.default_rng(0).normal(0.0, 0.0003, still.shape).astype('f')
    moving = waving(10.0, 2.3)
    moving[..., 2] += np.linspace(0.0, 0.3, len(moving))[:, None].astype('f')  # and never repeats
    dog, releases = watched(still, trembling, moving)
    assert dog.still_s[0] == pytest.approx(10.0, abs=0.1)
    assert dog.still_s[1] > 9.0, 'trembling is no movement'
    assert dog.still_s[2] < 0.3
    assert releases[60] is None, 'two seconds are no freeze'
    last = releases[-1]
    assert last.movement[0] == pytest.approx(3.0) and last.temperature_scale[0] > 1.5
    assert last.movement[2] == 0.0 and last.temperature_scale[2] == last.spread[2] == 1.0
    assert dog.interventions.tolist() == [1, 1, 0]


def test_a_loop_is_seen_and_broken_and_a_drifting_motion_is_not():
    loop = waving(20.0, 2.5)
    changing = waving(20.0, 2.5)
    time_s = np.arange(len(changing)) / RATE_HZ
    changing[..., 2] += (0.03 * time_s)[:, None]
    dog, releases = watched(loop, changing)
    assert dog.interventions[0] >= 1 and dog.interventions[1] == 0
    kicks = [release for release in releases if release is not None]
    assert kicks[0].new_target.tolist() == [True, False]
    assert kicks[0].spread.tolist() == [2.0, 1.0] and kicks[0].movement[0] == 0.0


@pytest.mark.parametrize('emotion', EMOTIONS)
def test_people_are_left_alone_nearly_always(emotion):
    clip = prepare(make_clip(emotion, 40.0, seed=8, actor=3), BODY)
    _, releases = watched(clip.keypoints)
    assert np.mean([release is not None for release in releases]) < 0.08


def test_strength_zero_switches_it_off_and_reset_forgets():
    dog = Watchdog(RATE_HZ, 1)
    for _ in range(300):
        dog(BODY.rest[None].astype(np.float32))
    assert dog.release(0.0) is None
    assert dog.release(0.5).movement[0] == pytest.approx(1.5)
    dog.reset()
    assert dog.release() is None and dog.still_s[0] == 0.0 and dog.interventions[0] == 0


@pytest.mark.soak
def test_a_frozen_model_is_freed_and_nothing_changes_before(packaged_model: Path):
    """The sampler set so that it freezes: the likeliest components only, and hardly any spread."""
    frames, longest = {}, {}
    for strength in (0.0, 1.0):
        generator = MotionGenerator.from_pretrained(packaged_model, batch_size=7, seed=3)
        generator.sampler = dataclasses.replace(
            generator.sampler,
            temperature=0.05,
            mixture_temperature=0.05,
            emotion_weight=0.0,
            variance_div=10000.0,
            watchdog=strength,
        )
        generator.set_emotion(np.eye(7))
        made = np.stack([generator.step().keypoints for _ in range(600)], axis=1)
        frames[strength] = made
        longest[strength] = max(liveliness(one, RATE_HZ).longest_still_s for one in made)
        assert (generator.watchdog.interventions > 0).any() == bool(strength)
    assert longest[0.0] > 12.0, 'this test shall have something to free'
    assert longest[1.0] < 9.0
    for made in frames.values():
        assert np.abs(np.diff(made, axis=1)).max() < 0.25, 'freed without a jump'
    np.testing.assert_array_equal(frames[0.0][:, :90], frames[1.0][:, :90])
