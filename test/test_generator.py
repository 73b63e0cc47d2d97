# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The live loop: every promise about one step, and about very many of them."""

import dataclasses
import gc
import os
from pathlib import Path

import numpy as np
import pytest
from support import malformed, one_hot, random_checkpoint
import torch

from emotion_motion.checkpoint import SamplerConfig
from emotion_motion.emotion import emotion_weights, EMOTIONS, mix
from emotion_motion.exceptions import CheckpointError, ConfigError, EmotionError, ModelError
from emotion_motion.generator import MotionFrame, MotionGenerator
from emotion_motion.live.step import LiveStep
from emotion_motion.model.mixture import Target
from emotion_motion.sampling import sample_dynamic_emotion_individual

PERIOD = 4096  # frames after which rotary positions are re-based


def run(generator: MotionGenerator, steps: int) -> np.ndarray:
    """Return the keypoints [T, B, K, D] of the next `steps` frames."""
    return np.stack([generator.step().keypoints for _ in range(steps)])


def fed_back(generator: MotionGenerator) -> np.ndarray:
    """Return the frame [B, K, 3] that the next step starts from, in metres."""
    frame = generator._frame.numpy() + generator._checkpoint.normaliser.mean
    return frame.reshape(generator.batch_size, -1, 3) * generator.body_height_m


# One step


def test_a_frame_is_what_the_contract_says(checkpoint):
    generator = MotionGenerator(checkpoint, batch_size=3, seed=0)
    frame = generator.step()
    assert isinstance(frame, MotionFrame)
    assert frame.keypoints.shape == (3, 25, 3) and frame.keypoints.dtype == np.float32
    assert frame.emotion_logits.shape == (3, 7) and frame.emotion_logits.dtype == np.float32
    assert np.isfinite(frame.keypoints).all() and np.isfinite(frame.emotion_logits).all()
    assert not isinstance(frame.keypoints, torch.Tensor)


def test_it_says_what_it_is(checkpoint, saved):
    generator = MotionGenerator.from_pretrained(saved, batch_size=2, seed=5)
    assert generator.skeleton.names == checkpoint.skeleton.names
    assert generator.rate == 30.0 and generator.window == 8
    assert generator.batch_size == 2 and generator.device == 'cpu' and generator.seed == 5
    assert generator.model_name == str(saved) and len(generator.model_sha256) == 64
    assert generator.body_height_m == 1.70 and generator.sampler == checkpoint.sampler
    for expected in range(3):
        assert generator.steps == expected
        generator.step()


def test_frames_are_the_caller_s(generator, checkpoint):
    other = MotionGenerator(checkpoint, seed=0)
    for _ in range(10):
        frame, expected = generator.step(), other.step()
        np.testing.assert_array_equal(frame.keypoints, expected.keypoints)
        frame.keypoints.fill(np.nan)
        frame.emotion_logits.fill(np.nan)
        generator.emotion.fill(np.nan)
        generator.rest_pose.fill(np.nan)


def test_a_run_begins_at_the_rest_pose(generator, checkpoint):
    np.testing.assert_array_equal(generator.rest_pose, checkpoint.rest_pose)
    rest = checkpoint.rest_pose * generator.body_height_m
    np.testing.assert_allclose(fed_back(generator)[0], rest, atol=1e-6)
    run(generator, 50)
    assert np.abs(fed_back(generator)[0] - rest).max() > 0.05
    generator.reset()
    np.testing.assert_allclose(fed_back(generator)[0], rest, atol=1e-6)


def test_keypoints_scale_with_the_body_height_at_any_time(checkpoint):
    plain, tall = (
        MotionGenerator(checkpoint, seed=0, body_height_m=height) for height in (1.0, 2.0)
    )
    np.testing.assert_allclose(run(tall, 20), 2.0 * run(plain, 20), atol=1e-6)
    tall.body_height_m = 0.5
    np.testing.assert_allclose(run(tall, 20), 0.5 * run(plain, 20), atol=1e-6)


# The emotion


def test_a_new_emotion_shapes_the_very_next_frame(checkpoint):
    steady, changed = (MotionGenerator(checkpoint, seed=1) for _ in range(2))
    np.testing.assert_array_equal(run(steady, 20), run(changed, 20))
    changed.set_emotion('anger')
    one, other = steady.step(), changed.step()
    assert (one.keypoints != other.keypoints).any()
    # What the model recognises is its own motion's emotion, of the new frame as well.
    assert (one.emotion_logits != other.emotion_logits).any()


@pytest.mark.parametrize('name', EMOTIONS)
def test_each_emotion_is_another_motion(checkpoint, name):
    neutral, emotional = (MotionGenerator(checkpoint, seed=1) for _ in range(2))
    emotional.set_emotion(name)
    assert (name == 'neutral') == np.array_equal(run(neutral, 5), run(emotional, 5))


def test_another_sampler_is_asked_for_every_target(checkpoint):
    asked = []

    def first_component(_pi, _sigma, mu, *_, **__):
        return mu[:, -1, 0]

    def mine(*tensors, **settings):
        asked.append(settings)
        return sample_dynamic_emotion_individual(*tensors, **settings)

    same = run(MotionGenerator(checkpoint, seed=1, frame_sampler=mine), 21)
    assert len(asked) == 3 and all(settings['coupled'] for settings in asked)
    np.testing.assert_array_equal(same, run(MotionGenerator(checkpoint, seed=1), 21))
    other = MotionGenerator(checkpoint, seed=1, frame_sampler=first_component)
    assert np.abs(run(other, 21) - same).max() > 1e-3


def test_streams_are_independent(checkpoint):
    before, after = (MotionGenerator(checkpoint, batch_size=7, seed=1) for _ in range(2))
    for generator in (before, after):
        generator.set_emotion(np.eye(7, dtype=np.float32))
        run(generator, 10)
    after.set_emotion('joy', index=0)
    one, other = run(before, 20), run(after, 20)
    np.testing.assert_array_equal(one[:, 1:], other[:, 1:])
    assert (one[0, 0] != other[0, 0]).any()
    # Streams of one emotion draw for themselves.
    after.reset()
    after.set_emotion('joy')
    frame = run(after, 2)[1]  # the first is before any target
    assert all((frame[0] != frame[i]).any() for i in range(1, 7))


def test_ways_to_set_an_emotion(checkpoint):
    generator = MotionGenerator(checkpoint, batch_size=2)
    np.testing.assert_array_equal(generator.emotion, [one_hot('neutral')] * 2)
    generator.set_emotion('happiness:0.7, surprise:0.3')
    expected = emotion_weights({'happiness': 0.7, 'surprise': 0.3})
    np.testing.assert_allclose(generator.emotion, [expected] * 2)
    generator.set_emotion({'sad': 1}, 0.5)
    half = 0.5 * one_hot('sadness') + 0.5 * one_hot('neutral')
    np.testing.assert_allclose(generator.emotion, [half] * 2)
    generator.set_emotion(one_hot('fear'), index=1)
    np.testing.assert_allclose(generator.emotion, [half, one_hot('fear')])
    generator.set_emotion([one_hot('anger'), one_hot('happiness')], 0.5)
    expected = 0.5 * np.stack([one_hot('anger'), one_hot('happiness')]) + 0.5 * one_hot('neutral')
    np.testing.assert_allclose(generator.emotion, expected)
    generator.set_emotion(torch.eye(7)[[2, 4]])
    np.testing.assert_allclose(generator.emotion, np.eye(7)[[2, 4]])


def test_an_emotion_that_was_read_is_restored_bit_for_bit(checkpoint):
    """Weights on their way from one emotion to another need not sum to 1 in their last bits."""
    generator = MotionGenerator(checkpoint, batch_size=2)
    twin = MotionGenerator(checkpoint, batch_size=2)
    for share in np.linspace(0.0, 1.0, 50):
        generator.set_emotion(mix(one_hot('anger'), emotion_weights('joy:0.3, fear:0.1'), share))
        twin.emotion = np.array(generator.emotion.tolist())
        np.testing.assert_array_equal(twin.emotion, generator.emotion)


@pytest.mark.parametrize(
    'bad',
    [
        None,
        'fear',
        [[1.0], [0.5, 0.5]],
        np.eye(7),
        np.full((1, 7), np.nan),
        np.zeros((1, 7)),
        [[-1, 2, 0, 0, 0, 0, 0]],
        np.ones((1, 7)),
        one_hot('fear'),
    ],
)
def test_only_weights_of_each_stream_are_restored(generator, bad):
    with pytest.raises(EmotionError, match=r'\(1, 7\)'):
        generator.emotion = bad
    np.testing.assert_array_equal(generator.emotion, [one_hot('neutral')])


def test_the_emotion_stays_over_a_reset(generator):
    generator.set_emotion('fear')
    generator.reset()
    np.testing.assert_array_equal(generator.emotion[0], one_hot('fear'))


@pytest.fixture(scope='module')
def shared_generator(checkpoint) -> MotionGenerator:
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0)
    generator.set_emotion([one_hot('fear'), one_hot('sadness')])
    return generator


@pytest.mark.parametrize(
    ('emotion', 'more'),
    [
        ('joy', {'index': 2}),
        ('joy', {'index': -1}),
        ('joy', {'index': 0.5}),
        ('joy', {'index': True}),
        ('joy', {'index': 'first'}),
        ('joy', {'index': [0]}),
        (np.eye(7)[:2], {'index': 0}),
        (np.eye(7)[:3], {}),
        (np.eye(6)[:2], {}),
        (np.eye(7)[None, :2], {}),
        ([one_hot('happiness'), [1.0]], {}),
        ([one_hot('anger'), np.full(7, np.nan)], {}),
        (['joy', 'anger'], {}),
        *(
            (case.values[0]['value'], more)
            for part in ('text', 'weights', 'objects')
            for case in malformed(f'emotions.{part}')
            for more in ({}, {'index': 0})
        ),
        *(
            ('joy', {'intensity': case.values[0]['value']})
            for case in malformed('emotions.intensities')
        ),
    ],
)
def test_a_bad_emotion_stream_or_intensity_changes_nothing(shared_generator, emotion, more):
    generator = shared_generator
    before = generator.emotion
    with pytest.raises(EmotionError):
        generator.set_emotion(emotion, **more)
    np.testing.assert_array_equal(generator.emotion, before)


# Random draws


@pytest.mark.parametrize('batch_size', [1, 4])
def test_reset_repeats_a_seeded_run_bit_for_bit(checkpoint, batch_size):
    generator = MotionGenerator(checkpoint, batch_size=batch_size, seed=7)

    def script() -> tuple[np.ndarray, np.ndarray]:
        frames = []
        for emotion in ('neutral', 'joy', 'sadness:0.5'):
            generator.set_emotion(emotion)
            frames += [generator.step() for _ in range(15)]
        keypoints, logits = zip(*frames, strict=True)
        return np.stack(keypoints), np.stack(logits)

    first = script()
    for again in ({}, {'seed': 7}):
        generator.reset(**again)
        assert generator.steps == 0
        for one, other in zip(first, script(), strict=True):
            np.testing.assert_array_equal(one, other)
    other = MotionGenerator(checkpoint, batch_size=batch_size, seed=7)
    np.testing.assert_array_equal(run(other, 15), first[0][:15])


def test_another_seed_is_another_run_and_stays(generator):
    first = run(generator, 5)
    generator.reset(8)
    second = run(generator, 5)
    assert generator.seed == 8 and (first != second).any()
    generator.reset()
    np.testing.assert_array_equal(run(generator, 5), second)


def test_runs_without_a_seed_differ_and_can_be_repeated(checkpoint):
    generator = MotionGenerator(checkpoint)
    runs, seeds = [], []
    for _ in range(3):
        seeds.append(generator.seed)
        runs.append(run(generator, 5))
        generator.reset()
    assert len(set(seeds)) == 3
    assert (runs[0] != runs[1]).any() and (runs[1] != runs[2]).any()
    for seed, expected in zip(seeds, runs, strict=True):
        generator.reset(seed)
        np.testing.assert_array_equal(run(generator, 5), expected)


@pytest.mark.usefixtures('keep_global_random_state')
def test_the_global_random_state_is_untouched(checkpoint):
    generator = MotionGenerator(checkpoint)
    run(generator, 3)
    generator.reset(3)
    run(generator, 3)


# Streaming


def test_a_thousand_streamed_frames_are_the_whole_pass():
    """What is fed back, given to the model at once, is recognised as it was live."""
    checkpoint = random_checkpoint(2, window=64)
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0)
    frames, emotions, logits, places, left = [], [], [], [], []
    for step in range(1000):
        if step % 50 == 0:
            names = EMOTIONS[step // 50 % 7], EMOTIONS[step // 100 % 7]
            generator.set_emotion([emotion_weights(name, 0.8) for name in names])
        frames.append(generator._frame)
        emotions.append(torch.from_numpy(generator.emotion))
        target = generator._live_step.chooser.target
        places.append(target.place[:, 0])
        left.append(target.remaining[:, 0])
        logits.append(torch.from_numpy(generator.step().emotion_logits))
    target = Target(torch.stack(places, 1), torch.stack(left, 1))
    with torch.inference_mode():
        whole = checkpoint.model(torch.stack(frames, 1), torch.stack(emotions, 1), target=target)
    torch.testing.assert_close(torch.stack(logits, 1), whole.emotion_logits, rtol=0.0, atol=1e-4)


def test_the_traced_step_is_the_plain_one(checkpoint):
    traced, plain = (MotionGenerator(checkpoint, batch_size=2, seed=0) for _ in range(2))
    plain._live_step = LiveStep(checkpoint, 2, traced=False)
    settings = [
        SamplerConfig(),
        SamplerConfig(k=1.0, emotion_weight=0.0, temperature=0.5),
        SamplerConfig(movement_weight=1.0, variance_div=3.0, individual=3.0, pose_radius=0.1),
    ]
    for number, sampler in enumerate(settings):
        for generator in (traced, plain):
            generator.sampler = sampler
            generator.set_emotion(EMOTIONS[number])
        np.testing.assert_allclose(run(traced, 20), run(plain, 20), atol=1e-5)


@pytest.mark.parametrize('periods', [1, 2442])
def test_the_ten_millionth_step_is_as_sound_as_the_first(checkpoint, periods):
    """Positions are re-based each period, so a run goes on bit for bit; 2442 is 10,002,432."""
    young, old = (MotionGenerator(checkpoint, seed=0) for _ in range(2))
    np.testing.assert_array_equal(run(young, 100), run(old, 100))
    old._live_step._cache.frames += periods * PERIOD
    np.testing.assert_array_equal(run(young, 100), run(old, 100))


# Parts taken away


@pytest.mark.parametrize(
    'sizes',
    [{'anchors': 1}, {'horizon': 1, 'target_every': 1}],
    ids=lambda sizes: next(iter(sizes)),
)
def test_a_loop_without_a_part_lives_and_follows_the_emotion(sizes):
    checkpoint = random_checkpoint(**sizes)
    steady, changed = (MotionGenerator(checkpoint, batch_size=2, seed=1) for _ in range(2))
    np.testing.assert_array_equal(run(steady, 20), run(changed, 20))
    changed.set_emotion('anger', index=1)
    one, other = run(steady, 20), run(changed, 20)
    np.testing.assert_array_equal(one[:, 0], other[:, 0])
    assert (one[0, 1] != other[0, 1]).any()
    assert steady.skeleton.bone_error(other / 1.7) * 1.7 < 1e-5


# The body


def test_bone_lengths_stay_in_published_and_fed_back_frames(checkpoint):
    generator = MotionGenerator(checkpoint, batch_size=4, seed=0)
    worst = 0.0
    for step in range(400):
        if step % 20 == 0:
            names = [EMOTIONS[(step // 20 + i) % 7] for i in range(4)]
            generator.set_emotion([emotion_weights(name) for name in names])
        height = generator.body_height_m
        for keypoints in (generator.step().keypoints, fed_back(generator)):
            worst = max(worst, generator.skeleton.bone_error(keypoints / height) * height)
    assert worst < 1e-5


def test_the_body_stays_in_the_bounds_of_the_training_motion(checkpoint):
    generator = MotionGenerator(checkpoint, seed=0)
    generator.sampler = SamplerConfig(temperature=5.0, variance_div=0.1)
    root = generator.skeleton.root
    for _ in range(300):
        generator.step()
        place = fed_back(generator)[0, root] / generator.body_height_m
        assert np.abs(place - checkpoint.rest_pose[root]).max() <= 0.4 + 1e-6


# Settings


@pytest.mark.parametrize(
    ('change', 'frames'),
    [({'decay': 0.5}, 1), ({'temperature': 0.3}, 7), ({'target_gain': 0.5}, 7)],
)
def test_sampler_settings_act_on_the_next_frame_or_target(checkpoint, change, frames):
    one, other = (MotionGenerator(checkpoint, batch_size=3, seed=0) for _ in range(2))
    np.testing.assert_array_equal(run(one, 5), run(other, 5))
    other.sampler = dataclasses.replace(other.sampler, **change)
    first, second = run(one, frames), run(other, frames)
    np.testing.assert_array_equal(first[:-1], second[:-1])
    assert (first[-1] != second[-1]).any()


def test_a_bad_sampler_leaves_the_old_one(generator):
    before = generator.sampler
    for bad in (None, {'temperature': 1.0}, 1.0):
        with pytest.raises(ConfigError, match='SamplerConfig'):
            generator.sampler = bad
    with pytest.raises(ConfigError, match='temperature'):
        generator.sampler = dataclasses.replace(generator.sampler, temperature=0.0)
    assert generator.sampler is before


@pytest.mark.parametrize('case', malformed('generator'))
def test_bad_arguments_are_refused_by_name(checkpoint, case):
    with pytest.raises(ConfigError) as error:
        MotionGenerator(checkpoint, **case['value'])
    assert case['says'] in str(error.value)


@pytest.mark.parametrize('case', malformed('generator'))
def test_bad_values_later_leave_the_old_ones(shared_generator, case):
    generator = shared_generator
    ((name, value),) = case['value'].items()
    if name == 'batch_size':
        return
    before = generator.body_height_m, generator.seed
    with pytest.raises(ConfigError):
        if name == 'seed':
            generator.reset(value)
        else:
            generator.body_height_m = value
    assert (generator.body_height_m, generator.seed) == before


def test_unknown_model_and_device_are_named(saved):
    with pytest.raises(CheckpointError, match='nosuchmodel'):
        MotionGenerator.from_pretrained('nosuchmodel')
    for device in ('warp', 'cuda:99', ''):
        with pytest.raises(ConfigError, match='device'):
            MotionGenerator.from_pretrained(saved, device=device)


# Trouble


@pytest.mark.parametrize('damage', ['nan', 'inf'])
def test_a_frame_that_is_not_finite_is_an_error_until_reset(damage):
    checkpoint = random_checkpoint()
    model, anger = checkpoint.model, EMOTIONS.index('anger')
    if damage == 'nan':  # the features overflow as soon as anger is asked for
        model.emotion_in.weight[:, anger] = 3e38
    else:  # every displacement is infinite
        model.displacement.bias.fill_(float('inf'))
    generator = MotionGenerator(checkpoint, seed=0)
    if damage == 'nan':
        expected = run(generator, 5)
        generator.set_emotion('anger')
    with pytest.raises(ModelError, match=r'not finite.*reset'):
        run(generator, 5)
    if damage == 'nan':
        generator.set_emotion('neutral')
        generator.reset()
        np.testing.assert_array_equal(run(generator, 5), expected)


def resident_mib() -> float:
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 2**20


@pytest.mark.soak
@pytest.mark.skipif(not Path('/proc/self/statm').exists(), reason='needs /proc')
def test_memory_stays_flat(checkpoint):
    generator = MotionGenerator(checkpoint, batch_size=2, seed=0)
    run(generator, 200)
    gc.collect()
    objects, memory = len(gc.get_objects()), resident_mib()
    for step in range(2000):
        if step % 100 == 0:
            generator.set_emotion(EMOTIONS[step // 100 % 7])
        generator.step()
    gc.collect()
    assert len(gc.get_objects()) - objects < 50
    assert resident_mib() - memory < 4.0


# Two dimensions


def test_a_model_of_2d_keypoints_lives_without_lengths_to_keep():
    generator = MotionGenerator(random_checkpoint(keypoint_dims=2), batch_size=2, seed=1)
    points = run(generator, 60)
    assert points.shape == (60, 2, 25, 2) and np.isfinite(points).all()
    assert np.linalg.norm(np.diff(points, axis=0), axis=-1).max() > 1e-3
    limits = generator._checkpoint.normaliser
    inside = generator._frame.numpy()
    assert (inside >= limits.low - 1e-5).all() and (inside <= limits.high + 1e-5).all()
