# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Windows: pure in seed, step and number; joined to bodies; balanced; what was not measured."""

import numpy as np
import pytest
import torch
from training_support import BODY, config_of, flattened, swaying

from emotion_motion.exceptions import TrainingError
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.windows.stretches import ClipDraw, cross_faded, Entries, Stretch
from emotion_motion.training.windows.windows import WindowSampler

SHORT, LONG = 40, 400
CHAINED = {'length': 96, 'chain': True, 'mirror': 0.0}


def short_clips(emotions=(0, 3, 5), each=4, **changes):
    return MotionDataset.from_clips(
        [
            swaying(e, SHORT + n, source=f'{e}-{n}', **changes)
            for e in emotions
            for n in range(each)
        ]
    )


@pytest.fixture(scope='module')
def short():
    return short_clips()


@pytest.fixture(scope='module')
def long():
    return MotionDataset.from_clips([swaying(e, LONG) for e in (0, 3)])


def flat(batch):
    for part in batch:
        if isinstance(part, tuple):
            yield from flat(part)
        elif isinstance(part, torch.Tensor):
            yield part


# Pure


def test_a_batch_in_two_parts_is_the_batch(short):
    sampler = WindowSampler([short], config_of(**CHAINED, rollout=2, rollout_after=0.0))
    for step in range(4):
        batches = [sampler.batch(step, *part) for part in ((0, 6), (0, 2), (2, 4))]
        assert len({batch.passes for batch in batches}) == 1
        for whole, *parts in zip(*map(flat, batches), strict=True):
            assert torch.equal(whole, torch.cat(parts))


def test_a_window_does_not_depend_on_what_was_drawn_before(short):
    config = config_of(**CHAINED)
    one, other = (WindowSampler([short], config) for _ in range(2))
    for step in range(5):
        other.batch(step, 0, 3)
    for first, again in zip(one.window(9, 4), other.window(9, 4), strict=True):
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize('place', [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_seed_step_and_number_each_give_another_window(short, place):
    seed, step, index = place
    first = WindowSampler([short], config_of(**CHAINED)).window(0, 0)
    other = WindowSampler([short], config_of(**CHAINED, seed=seed)).window(step, index)
    assert not np.array_equal(first.frames, other.frames)


# Cut and joined


def test_without_chains_a_window_is_a_stretch_of_one_clip(long):
    window = WindowSampler([long], config_of(chain=False, mirror=0.0)).window(0, 0)
    count, clips = len(window.frames), [long.frames(i)[0] for i in range(2)]
    stretches = [clip[n : n + count] for clip in clips for n in range(LONG - count + 1)]
    assert any(np.array_equal(stretch, window.frames) for stretch in stretches)
    assert len(window.sources) == 1 and window.mask.all()


def test_without_chains_short_clips_are_refused(short):
    with pytest.raises(TrainingError, match=r'at most 43 frames.*chain'):
        WindowSampler([short], config_of(length=96, chain=False))
    with pytest.raises(TrainingError, match="no clips of the split 'val'"):
        WindowSampler([short], config_of(), split='val')
    tiny = MotionDataset.from_clips([swaying(0, 20)])
    with pytest.raises(TrainingError, match='fade_frames'):
        WindowSampler([tiny], config_of())


def test_chains_are_bodies_that_do_not_jump(short):
    sampler = WindowSampler([short], config_of(**CHAINED))
    fastest = max(
        np.linalg.norm(np.diff(short.frames(i)[0], axis=0), axis=-1).max()
        for i in range(len(short))
    )
    joined = 0
    for index in range(20):
        window = sampler.window(0, index)
        assert len(window.frames) == 96 + 14
        joined += len(window.sources) > 1
        assert BODY.bone_error(window.frames) < 1e-5
        # The widest sway is 6 cm to either side: a jump would be several times the fastest step.
        assert np.linalg.norm(np.diff(window.frames, axis=0), axis=-1).max() < 3.0 * fastest
        np.testing.assert_allclose(window.emotions.sum(axis=1), 1.0, atol=1e-5)
    assert joined == 20


def test_a_join_leads_to_the_nearest_of_its_candidates(short):
    draw = ClipDraw(short, np.arange(len(short)))
    entries = Entries(short, draw, 21, 0, 300)
    place = 5
    clip, start = int(entries.clips[place]), int(entries.starts[place])
    points, _, emotions = short.frames(clip, start, start + 2)
    shown, random = int(emotions[0].argmax()), np.random.default_rng(0)
    nearest = entries.nearest(points, np.ones(25), shown, 3000, random)
    assert nearest == (clip, start)
    assert (short.lengths[entries.clips] - entries.starts >= 21).all()


@pytest.mark.parametrize('switch', [0.0, 0.5])
def test_joins_change_the_emotion_as_often_as_configured(short, switch):
    sampler = WindowSampler([short], config_of(**CHAINED, switch=switch, segment_s=(1.0, 1.0)))
    changes = 0
    for index in range(100):
        window = sampler.window(0, index)
        shown = window.emotions.argmax(axis=1)
        changes += int((np.diff(shown) != 0).sum())
    # A window of 110 frames has five joins of stretches of 30 frames, ten of them shared.
    assert changes / 500 == pytest.approx(switch, abs=0.1)


def test_a_cross_fade_begins_and_ends_as_its_stretches(short):
    parts = [Stretch(*short.frames(i)) for i in (0, 5)]
    joined = cross_faded(*parts, 10)
    assert len(joined) == len(parts[0]) + len(parts[1]) - 10
    np.testing.assert_array_equal(joined.points[: len(parts[0]) - 10], parts[0].points[:-10])
    np.testing.assert_array_equal(joined.points[len(parts[0]) :], parts[1].points[10:])
    same = cross_faded(parts[0], Stretch(*(part[-10:] for part in vars(parts[0]).values())), 10)
    np.testing.assert_allclose(same.points, parts[0].points, atol=1e-6)


def test_long_clips_are_cut_as_often_as_configured(long):
    def shares(cut):
        sampler = WindowSampler([long], config_of(length=96, cut=cut, switch=1.0, mirror=0.0))
        return np.mean([len(sampler.window(0, i).sources) > 1 for i in range(60)])

    assert shares(0.0) == 0.0
    assert shares(1.0) > 0.8
    assert shares(0.4) == pytest.approx(0.4, abs=0.2)


# Drawn


def test_emotions_begin_as_many_windows_each_when_balanced():
    clips = [swaying(0, 100, source=str(i)) for i in range(18)] + [swaying(3, 100), swaying(5, 50)]
    data = MotionDataset.from_clips(clips)

    def counts(balance):
        config = config_of(balance=balance, switch=0.0, cut=0.0)
        sampler = WindowSampler([data], config)
        shown = [sampler.window(0, i).emotions[0].argmax() for i in range(300)]
        return np.bincount(shown, minlength=7)[[0, 3, 5]] / 300

    np.testing.assert_allclose(counts(True), 1 / 3, atol=0.1)
    np.testing.assert_allclose(counts(False), np.array([1800, 100, 50]) / 1950, atol=0.06)


def test_data_sets_give_their_shares(long):
    other = MotionDataset.from_clips([swaying(6, LONG)])
    config = config_of(data=('a', 'b'), shares=(3.0, 1.0), chain=False)
    sampler = WindowSampler([long, other], config)
    share = np.mean([sampler.window(0, i).sources == ('sway 6',) for i in range(300)])
    assert share == pytest.approx(0.25, abs=0.08)


def test_a_mirrored_window_is_the_mirrored_window(long):
    never, always = (
        WindowSampler([long], config_of(mirror=mirror, chain=False)) for mirror in (0.0, 1.0)
    )
    for index in range(5):
        one, two = never.window(0, index), always.window(0, index)
        np.testing.assert_array_equal(two.frames, BODY.mirrored(one.frames))


def test_a_faster_window_moves_faster(long):
    def moved(warp):
        sampler = WindowSampler([long], config_of(warp=warp, mirror=0.0))
        return [np.abs(np.diff(sampler.window(0, i).frames, axis=0)).mean() for i in range(40)]

    assert np.mean(moved((1.5, 1.5))) == pytest.approx(1.5 * np.mean(moved((1.0, 1.0))), rel=0.1)


def test_the_mask_goes_through_joins_and_mirrors():
    left = [BODY.index('LKnee'), BODY.index('LAnkle')]
    confidence = np.ones((SHORT, 25))
    confidence[:, left] = 0.1
    data = MotionDataset.from_clips(
        [swaying(e, SHORT, confidence=confidence, source=str(e)) for e in (0, 3)]
    )
    right = [BODY.mirror[i] for i in left]
    for mirror, hidden in ((0.0, left), (1.0, right)):
        sampler = WindowSampler([data], config_of(length=60, mirror=mirror))
        window = sampler.window(0, 0)
        assert not window.mask[:, hidden].any()
        assert window.mask.sum() == window.mask.size - 2 * len(window.mask)
        assert sampler.batch(0, 0, 2).mask.shape == (2, 74, 25)


def test_flat_bodies_have_windows_too():
    data = MotionDataset.from_clips([flattened(swaying(e, SHORT)) for e in (0, 3)])
    window = WindowSampler([data], config_of(length=60, keypoint_dims=2)).window(0, 0)
    assert window.frames.shape == (74, 25, 2)


# Conditions


def test_of_one_emotion_alone_no_condition_is_wrong():
    data = MotionDataset.from_clips([swaying(0, LONG)])
    config = config_of(wrong_emotion=0.9, drop_emotion=0.0, decoys=0.0)
    batch = WindowSampler([data], config).batch(0, 0, 20)
    assert batch.right.all() and torch.equal(batch.condition, batch.emotions)


def test_a_wrong_condition_is_the_emotion_of_another_clip(short):
    config = config_of(wrong_emotion=0.99, drop_emotion=0.0, decoys=0.0, switch=0.0)
    batch = WindowSampler([short], config).batch(0, 0, 40)
    wrong = batch.right == 0.0
    assert int(wrong.sum()) > 30
    own, shown = (part.mean(dim=1).argmax(dim=1) for part in (batch.emotions, batch.condition))
    assert (own != shown)[wrong].all() and (own == shown)[~wrong].all()
    assert set(shown.tolist()) == {0, 3, 5}


def test_the_condition_is_the_emotion_of_the_frame_to_come(short):
    sampler = WindowSampler([short], config_of(**CHAINED, drop_emotion=0.0, wrong_emotion=0.0))
    batch = sampler.batch(3, 0, 4)
    for index in range(4):
        emotions = torch.from_numpy(sampler.window(3, index).emotions)
        assert torch.equal(batch.condition[index], emotions[1:97])


def test_measuring_exchanges_nothing(short):
    sampler = WindowSampler([short], config_of(rollout=3, rollout_after=0.0))
    batch = sampler.batch(0, 0, 30, draws=False)
    assert batch.right.all() and batch.passes == 0 and not batch.since.any()
    assert torch.equal(batch.condition, batch.emotions)


@pytest.mark.parametrize('forget', [0.0, 0.4])
def test_history_is_forgotten_as_often_as_configured(short, forget):
    batch = WindowSampler([short], config_of(forget=forget)).batch(0, 0, 400)
    length = config_of().windows.length
    assert batch.since.shape == (400,)
    assert int(batch.since.min()) >= 0 and int(batch.since.max()) < length
    # One of `length` places is the first frame, where nothing is forgotten.
    expected = forget * (1.0 - 1.0 / length)
    assert float((batch.since > 0).float().mean()) == pytest.approx(expected, abs=0.06)
    if forget:
        assert len(batch.since.unique()) == length, 'it may be anywhere'


def test_decoys_are_as_many_as_configured(short):
    config = config_of(decoys=0.3, wrong_emotion=0.2, drop_emotion=0.0, switch=0.0, mirror=0.0)
    sampler = WindowSampler([short], config)
    batch = sampler.batch(0, 0, 400)
    plain = np.stack([sampler.window(0, i).frames for i in range(400)])
    own = np.stack([sampler.window(0, i).emotions[1 : 1 + 12] for i in range(400)])
    changed = (batch.frames.numpy() != plain.reshape(batch.frames.shape)).any(axis=(1, 2))
    assert changed.mean() == pytest.approx(0.3, abs=0.06)
    wrong = (batch.condition.numpy() != own).any(axis=(1, 2))
    assert not (changed & wrong).any(), 'a decoy is shown with the emotion that it is made of'
    np.testing.assert_array_equal(batch.right.numpy() == 0.0, changed | wrong)
    # The head is taught what the motion shows: shares of other limbs, nothing of other decoys.
    shown = batch.emotions.numpy()
    np.testing.assert_array_equal(shown[~changed], own[~changed])
    total = shown[changed].sum(axis=-1)
    nothing = (total == 0.0).all(axis=1)
    np.testing.assert_allclose(total[~nothing], 1.0, atol=1e-5)
    assert 0.4 < nothing.mean() < 0.9
    assert (shown[changed][~nothing] != own[changed][~nothing]).any()
