# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Streams are the live loop's own frames; a plan runs them; reference motion is nobody's."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
from support import random_checkpoint

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS, recognised_distribution
from emotion_motion.evaluation.evaluate import run_plan
from emotion_motion.evaluation.reference import corpus_streams, real_streams
from emotion_motion.evaluation.report import motion_section
from emotion_motion.evaluation.streams import bone_error, Plan, run_streams, run_switches, Streams
from emotion_motion.exceptions import ConfigError, ModelError, TrainingError
from emotion_motion.generator import MotionGenerator
from emotion_motion.settings import SamplerConfig
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.data.prepare import prepare
from emotion_motion.training.data.store import MotionDataset

ARRAYS = ('keypoints', 'emotions', 'recognised', 'bone_error', 'drawn_back')
WHATS = np.eye(len(EMOTIONS), dtype=np.float32)


@pytest.fixture(scope='module')
def streams(checkpoint: Checkpoint) -> Streams:
    return run_streams(checkpoint, emotions=[0, 3, 3], seconds=1.0, seed=4)


def same(first: Streams, second: Streams) -> bool:
    pairs = ((getattr(first, name), getattr(second, name)) for name in ARRAYS)
    return all(np.array_equal(*pair, equal_nan=True) for pair in pairs)


def test_streams_are_what_the_generator_makes(checkpoint: Checkpoint, streams: Streams) -> None:
    generator = MotionGenerator(checkpoint, batch_size=3, seed=4, body_height_m=1.70)
    generator.set_emotion(WHATS[[0, 3, 3]])
    generator.reset()
    frames = [generator.step() for _ in range(30)]
    assert np.array_equal(streams.keypoints, np.stack([f.keypoints for f in frames], axis=1))
    logits = np.stack([frame.emotion_logits for frame in frames], axis=1)
    assert np.allclose(streams.recognised, recognised_distribution(logits))
    assert streams.rate_hz == 30.0 and streams.seconds == 1.0 and len(streams) == 3


def test_the_bone_error_is_of_the_frame_before_projection(
    checkpoint: Checkpoint, streams: Streams
) -> None:
    generator = MotionGenerator(checkpoint, batch_size=3, seed=4)
    with pytest.raises(ModelError, match='call step first'):
        _ = generator.unprojected
    generator.set_emotion(WHATS[[0, 3, 3]])
    generator.reset()
    for step in range(5):
        generator.step()
        loose, skeleton = generator.unprojected, generator.skeleton
        assert np.allclose(streams.bone_error[:, step], bone_error(loose, skeleton), rtol=1e-5)
        assert (
            skeleton.bone_error(loose) > 1e-3 > 1e-5 > skeleton.bone_error(skeleton.project(loose))
        )
    assert bone_error(streams.prepared(), generator.skeleton).max() < 1e-4


def test_the_share_drawn_back_is_what_the_generator_tells(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_back = np.linspace(0.0, 0.9, 6).reshape(3, 2)
    each = iter(drawn_back)
    monkeypatch.setattr(MotionGenerator, 'drawn_back', property(lambda _: next(each)))
    streams = run_streams(checkpoint, emotions=[0, 3], seconds=0.1, seed=1)
    np.testing.assert_allclose(streams.drawn_back, drawn_back.T)
    streams = dataclasses.replace(streams, drawn_back=np.full((2, 3), np.nan))
    measure = motion_section._drawn_back(streams)
    assert measure.verdict == 'not measured' and 'does not tell' in measure.note
    shares = np.array([[np.nan, 0.2, 0.4], [0.1, 0.1, 0.1]])
    measure = motion_section._drawn_back(dataclasses.replace(streams, drawn_back=shares))
    assert measure.value == pytest.approx(0.2) and measure.verdict == 'reach'
    assert measure.by_emotion['anger'] == pytest.approx(0.3)


def test_the_same_seed_gives_the_same_streams(checkpoint: Checkpoint, streams: Streams) -> None:
    again, other = (
        run_streams(checkpoint, emotions=[0, 3, 3], seconds=1.0, seed=seed) for seed in (4, 5)
    )
    assert same(again, streams) and not same(other, streams)
    assert not np.array_equal(streams.keypoints[1], streams.keypoints[2]), 'each draws its own'
    sampler = SamplerConfig(temperature=5.0)
    hot = run_streams(checkpoint, emotions=[0, 3, 3], seconds=0.1, seed=4, sampler=sampler)
    assert not np.array_equal(hot.keypoints, streams.keypoints[:, :3])


def test_switches_are_from_any_emotion_to_another_at_one_time(checkpoint: Checkpoint) -> None:
    made = []
    switches = run_switches(
        checkpoint,
        count=40,
        seed=1,
        before_s=0.2,
        after_s=0.1,
        on_step=lambda step, steps: made.append((step, steps)),
    )
    before, after = switches.emotions[:, :6], switches.emotions[:, 6:]
    assert switches.frames == 9 and made == [(step, 9) for step in range(1, 10)]
    assert (before == before[:, :1]).all() and (after == after[:, :1]).all()
    assert (before[:, 0] != after[:, 0]).all()
    assert set(before[:, 0]) == set(after[:, 0]) == set(range(7))
    alone = run_streams(checkpoint, emotions=before[:, 0], seconds=0.3, seed=1)
    assert np.array_equal(alone.keypoints[:, :6], switches.keypoints[:, :6])
    assert not np.array_equal(alone.keypoints[:, 6:], switches.keypoints[:, 6:])


def test_parts_and_choices_of_streams_belong_together(streams: Streams) -> None:
    happy, early = streams.of(3), streams.part(0.5, 0.8)
    assert len(happy) == 2 and len(streams.of(6)) == 0
    assert np.array_equal(happy.recognised, streams.recognised[1:])
    assert early.frames == 9 and np.shares_memory(early.keypoints, streams.keypoints)
    assert np.array_equal(early.bone_error, streams.bone_error[:, 15:24])
    assert same(Streams.joined([streams.chosen([0]), happy]), streams)
    assert np.allclose(streams.prepared() * 1.70, streams.keypoints)


@pytest.mark.soak
def test_a_plan_gives_the_same_frames_on_any_number_of_threads(checkpoint: Checkpoint) -> None:
    plan, made = Plan(seeds=3, seconds=0.4, long_seeds=1, long_seconds=0.8, switches=5), []
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # two threads that trace at once would warn
        one, two = (
            run_plan(
                checkpoint,
                plan,
                seed=2,
                threads=threads,
                on_step=lambda done, total: made.append((done, total)),
            )
            for threads in (1, 2)
        )
    for name in ('streams', 'long', 'switches'):
        assert same(getattr(one, name), getattr(two, name))
    assert np.array_equal(one.streams.emotions[:, 0], np.repeat(range(7), 3))
    assert one.streams.frames == 12 and one.long.frames == 24 and len(one.long) == 7
    assert np.array_equal(one.streams.of(2).keypoints[0], one.long.of(2).keypoints[0, :12])
    assert len(one.switches) == 5
    other = run_plan(checkpoint, plan, seed=3).streams.keypoints
    assert len({points.tobytes() for points in (*one.streams.keypoints, *other)}) == 42
    assert made[-1] == (14 * 12 + 7 * 24 + 5 * 300,) * 2


def test_a_plan_may_leave_out_long_streams_and_switches(checkpoint: Checkpoint) -> None:
    runs = run_plan(checkpoint, Plan(1, 0.1, 0, 0.1, 0))
    assert runs.long is None and runs.switches is None and len(runs.streams) == 7
    runs = run_plan(checkpoint, Plan(1, 0.1, 1, 0.2, 0))
    assert runs.streams.frames == 3 and runs.long.frames == 6


def test_what_breaks_one_batch_ends_a_plan(checkpoint: Checkpoint) -> None:
    made = []

    def broken(done: int, total: int) -> None:
        made.append(done)
        if len(made) == 3:
            raise RuntimeError('a full disk')

    with pytest.raises(RuntimeError, match='a full disk'):
        run_plan(checkpoint, Plan(2, 20.0, 1, 40.0, 0), on_step=broken)
    # The other batch stops at its next step; it may take some while the first one ends.
    assert len(made) < 300 < 40.0 * checkpoint.rate_hz


def test_a_quick_plan_is_about_a_tenth() -> None:
    def work(plan: Plan) -> float:
        long = plan.long_seeds * (plan.long_seconds - plan.seconds)
        return 7 * (plan.seeds * plan.seconds + long) + 10 * plan.switches

    assert 0.05 < work(Plan.quick()) / work(Plan()) < 0.15
    assert Plan() == Plan(10, 120.0, 2, 300.0, 200)


@pytest.mark.parametrize(
    'values', [{'seeds': 0}, {'long_seeds': 11}, {'seconds': 0.0}, {'seconds': 400.0}]
)
def test_a_plan_of_nothing_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match='expected'):
        dataclasses.replace(Plan(), **values)


@pytest.mark.parametrize(
    'settings',
    [
        {'emotions': [7]},
        {'emotions': [[0]]},
        {'seconds': 0.0},
        {'seconds': float('inf')},
        {'seed': -1},
    ],
)
def test_a_run_of_nothing_is_refused(checkpoint: Checkpoint, settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match='expected'):
        run_streams(checkpoint, **{'emotions': [0], 'seconds': 0.1, 'seed': 0, **settings})


def test_models_of_flat_keypoints_are_refused() -> None:
    with pytest.raises(ConfigError, match='keypoints in a picture'):
        run_streams(random_checkpoint(keypoint_dims=2), emotions=[0], seconds=0.1, seed=0)


def test_arrays_that_do_not_belong_together_are_refused(streams: Streams) -> None:
    with pytest.raises(TrainingError, match=r'expected keypoints \[B, T, K, 3\]'):
        dataclasses.replace(streams, keypoints=streams.keypoints[0])
    with pytest.raises(TrainingError, match='same streams and frames'):
        dataclasses.replace(streams, emotions=streams.emotions[:, :5])


@pytest.fixture(scope='module')
def corpus() -> Streams:
    return corpus_streams(people=2, seconds=6.0, seed=3)


def test_corpus_streams_are_prepared_people_at_one_emotion_each(corpus: Streams) -> None:
    assert corpus.keypoints.shape == (14, 180, 25, 3) and corpus.keypoints.dtype == np.float32
    assert np.array_equal(corpus.emotions, np.repeat(np.arange(7), 2 * 180).reshape(14, 180))
    assert bone_error(corpus.prepared(), load_skeleton()).max() < 1e-4
    assert len({points.tobytes() for points in corpus.keypoints}) == 14
    root = corpus.keypoints[:, :, load_skeleton().root, :2].mean(axis=1)
    assert np.abs(root).max() < 1e-4, 'they stand over the origin'
    assert corpus.recognised is None and corpus.bone_error is None


def test_corpus_streams_stay_who_they_are_with_more_people(corpus: Streams) -> None:
    more = corpus_streams(people=3, seconds=6.0, seed=3)
    assert np.array_equal(more.of(5).keypoints[:2], corpus.of(5).keypoints)
    others = corpus_streams(people=2, seconds=6.0, seed=4)
    assert not np.isclose(others.keypoints, corpus.keypoints).all(axis=(1, 2, 3)).any()


def test_real_streams_are_the_held_out_clips() -> None:
    skeleton = load_skeleton()
    clips = [
        prepare(make_clip(emotion, 1.0 + i, i), skeleton) for i, emotion in enumerate(EMOTIONS)
    ]
    splits = ['train', 'val', 'test', 'train', 'train', 'val', 'train']
    data = MotionDataset.from_clips(clips, splits=splits)
    streams = real_streams([data, data])
    assert [part.seconds for part in streams] == [2.0, 6.0, 3.0] * 2
    assert [part.emotions[0, 0] for part in streams[:3]] == [1, 5, 2]
    assert np.allclose(streams[0].keypoints[0], clips[1].keypoints * 1.70, atol=1e-5)
    with pytest.raises(TrainingError, match='held out'):
        real_streams([MotionDataset.from_clips(clips)])
    flat = skeleton.flat()
    points = clips[0].keypoints[..., 1:]
    clip = dataclasses.replace(clips[0], keypoints=points, skeleton=flat.name)
    with pytest.raises(TrainingError, match='in 2D'):
        real_streams([MotionDataset.from_clips([clip], skeleton=flat, splits=['test'])])
