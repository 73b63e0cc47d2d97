# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The judge knows emotions of people it never saw by their movement, and refuses the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import pwd
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.judge import negative_controls, people as judge_people
from emotion_motion.evaluation.judge.judge import (
    CHANCE,
    Check,
    Judge,
    macro_accuracy,
    stream_windows,
    Windows,
)
from emotion_motion.evaluation.judge.people import judge_streams, standard_judge
from emotion_motion.evaluation.reference import corpus_streams
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError

# A third of the models' rate: enough to see how people move, and a third of the time.
RATE_HZ = 10.0
BODY = load_skeleton()
TINY = {'people': 2, 'seconds': 3.0, 'steps': 2, 'rate_hz': RATE_HZ}


@pytest.fixture(scope='module')
def taught() -> Windows:
    return stream_windows(judge_streams(8, 8.0, RATE_HZ), 2.0)


@pytest.fixture(scope='module')
def judge(taught: Windows) -> Judge:
    return Judge.train(taught.keypoints, taught.emotions, rate_hz=RATE_HZ, steps=240)


@pytest.fixture(scope='module')
def unseen() -> Streams:
    return corpus_streams(people=4, seconds=8.0, rate_hz=RATE_HZ)


@pytest.fixture(scope='module')
def checks(judge: Judge, unseen: Streams) -> dict[str, Check]:
    return judge.checks(unseen)


@pytest.fixture(scope='module')
def untaught(taught: Windows) -> Judge:
    """Give a judge for what does not depend on how much it knows."""
    return Judge.train(taught.keypoints, taught.emotions, rate_hz=RATE_HZ, steps=2)


def test_people_it_never_saw_are_recognised(judge: Judge, unseen: Streams) -> None:
    cut = judge.windows(unseen)
    seen = judge.seen(cut.keypoints)
    assert macro_accuracy(cut.emotions, seen) > 4.0 * CHANCE
    for emotion in range(len(EMOTIONS)):  # each of them, not six of seven
        assert (seen[cut.emotions == emotion] == emotion).mean() > CHANCE


@pytest.mark.parametrize('name', ['frozen', 'shuffled'])
def test_posture_without_movement_is_refused(name: str, checks: dict[str, Check]) -> None:
    assert checks[name].accuracy <= checks[name].at_most == CHANCE
    assert checks[name].refused > 0.5 > checks['motion'].refused


def test_its_checks_say_what_they_allow(checks: dict[str, Check]) -> None:
    names = 'motion frozen shuffled label_permuted shuffled_blocks borrowed'
    assert ' '.join(checks) == names
    assert [name for name, check in checks.items() if check.at_most is None] == ['motion']
    assert not Check(accuracy=0.88, refused=0.0, at_most=CHANCE).passed
    ceiling = checks['motion'].accuracy
    assert checks['shuffled_blocks'].accuracy <= checks['shuffled_blocks'].at_most
    # So few people leave it at the edge of what these two allow: looser here than in a report.
    assert checks['label_permuted'].accuracy < 2.0 * CHANCE
    assert checks['borrowed'].accuracy < 0.8 * ceiling


def test_where_a_body_stands_and_faces_does_not_matter(judge: Judge, unseen: Streams) -> None:
    windows = judge.windows(unseen).keypoints
    turned = windows.copy()
    turned[..., 0], turned[..., 1] = 3.0 - windows[..., 1], windows[..., 0] - 2.0
    np.testing.assert_allclose(judge.predict(turned), judge.predict(windows), atol=1e-3)


def test_the_same_seed_gives_the_same_judge_and_another_another(taught: Windows) -> None:
    def made(seed: int) -> np.ndarray:
        judge = Judge.train(taught.keypoints, taught.emotions, rate_hz=RATE_HZ, steps=4, seed=seed)
        return scores(judge, taught)

    windows, first = taught.keypoints.copy(), made(0)
    torch.rand(7)  # draws of others are none of its own
    before = torch.get_rng_state()
    np.testing.assert_array_equal(made(0), first)
    assert np.abs(made(1) - first).max() > 1e-3
    np.testing.assert_array_equal(windows, taught.keypoints)
    assert torch.equal(torch.get_rng_state(), before), 'and none of its own is of others'


def test_shapes_of_scores_and_features(judge: Judge, unseen: Streams) -> None:
    windows = judge.windows(unseen).keypoints
    scores, features = judge.predict(windows), judge.features(windows)
    assert scores.shape == (len(windows), len(EMOTIONS)) and (scores >= 0.0).all()
    assert (scores.sum(axis=1) <= 1.0 + 1e-5).all()  # what is left is that it shows none
    assert features.shape == (len(windows), 128) and np.isfinite(features).all()
    assert judge.predict(windows[:0]).shape == (0, len(EMOTIONS))
    assert judge.features(windows[:0]).shape == (0, 128)
    assert judge.seen(windows[:0]).shape == (0,)


def test_many_windows_are_judged_like_few(untaught: Judge, taught: Windows) -> None:
    windows = np.tile(taught.keypoints, (4, 1, 1, 1))
    assert len(windows) > 1024  # more than go through the network at once
    few = untaught.predict(taught.keypoints)
    np.testing.assert_allclose(untaught.predict(windows), np.tile(few, (4, 1)), atol=1e-5)


@pytest.mark.parametrize(
    'shape', [(20, 25, 3), (2, 19, 25, 3), (2, 20, 24, 3), (2, 20, 25, 2), (0,)]
)
def test_windows_of_another_shape_are_refused(untaught: Judge, shape: tuple[int, ...]) -> None:
    for ask in (untaught.predict, untaught.seen, untaught.features):
        with pytest.raises(TrainingError, match=r'got windows of shape .*knows \[N, 20, 25, 3\]'):
            ask(np.zeros(shape, dtype=np.float32))


def test_windows_that_are_not_finite_are_refused(untaught: Judge, taught: Windows) -> None:
    broken = taught.keypoints[:3].copy()
    broken[1, 4, 2, 0] = np.nan
    with pytest.raises(TrainingError, match=r'all of it finite'):
        untaught.seen(broken)


def test_two_windows_are_enough_to_train(taught: Windows) -> None:
    """Controls are made of half of the windows: of so few, that may be a single emotion."""
    windows, emotions = taught.keypoints[[0, -1]], taught.emotions[[0, -1]]
    for seed in range(3):
        made = Judge.train(windows, emotions, rate_hz=RATE_HZ, steps=2, seed=seed)
        assert np.isfinite(made.predict(windows)).all()


def test_streams_shorter_than_a_window_are_refused(untaught: Judge, unseen: Streams) -> None:
    with pytest.raises(TrainingError, match='without a window of 2 s'):
        untaught.windows(unseen.part(0.0, 1.5))


def test_windows_across_a_switch_are_left_out(unseen: Streams) -> None:
    emotions = unseen.emotions[:1].copy()
    emotions[:, 35:] = 5
    cut = stream_windows(Streams(unseen.keypoints[:1], emotions, RATE_HZ), 2.0)
    np.testing.assert_array_equal(cut.begins, [0, 10, 40, 50, 60])
    np.testing.assert_array_equal(cut.emotions, [0, 0, 5, 5, 5])


def test_negative_controls_are_what_they_say(taught: Windows) -> None:
    rng, windows = np.random.default_rng(0), taught.keypoints[::9]
    still = negative_controls.frozen(windows, rng)
    assert np.ptp(still, axis=1).max() == 0.0
    assert (still[:, :1] == windows).all(axis=(2, 3)).any(axis=1).all()  # one of its own frames
    mixed = negative_controls.shuffled_blocks(windows, 6, rng)
    np.testing.assert_array_equal(np.sort(mixed, axis=1), np.sort(windows, axis=1))
    for one, other in zip(windows, mixed, strict=True):
        order = [int(np.flatnonzero((one == frame).all(axis=(1, 2)))[0]) for frame in other]
        cuts = np.flatnonzero(np.diff(order) != 1)
        assert len(cuts) <= 3  # 20 frames are four blocks
    mixed = negative_controls.with_movement_of(windows, windows[::-1], BODY)
    bones = np.linalg.norm(np.diff(mixed[:, :, [9, 10]], axis=2), axis=-1)
    assert np.ptp(bones) < 1e-5
    labels = np.repeat([0, 3, 6], 4)
    assert (labels[negative_controls.other_emotions(labels, rng)] != labels).all()


@pytest.fixture(scope='module')
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('cache')
    standard_judge(cache=folder, **TINY)
    (file,) = folder.iterdir()
    return file


@pytest.fixture
def kept(written: Path, tmp_path: Path) -> Path:
    """Give the file of a judge in a cache, to do anything to."""
    return Path(shutil.copy(written, tmp_path))


def scores(judge: Judge, windows: Windows) -> np.ndarray:
    return judge.predict(windows.keypoints[:20])


def test_a_judge_from_the_cache_has_the_same_checks(kept: Path, unseen: Streams) -> None:
    before, written = kept.read_bytes(), kept.stat().st_mtime_ns
    first, again = (
        standard_judge(cache=folder, **TINY) for folder in (kept.parent / 'other', kept.parent)
    )
    assert first.checks(unseen) == again.checks(unseen)
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == (before, written)


OTHER = safetensors.torch.save({'weight': torch.zeros(3)})


@pytest.mark.parametrize('damage', [b'', b'no tensors', OTHER, None])
def test_a_damaged_cache_is_made_again(damage: bytes | None, kept: Path, taught: Windows) -> None:
    whole, first = kept.read_bytes(), scores(standard_judge(cache=kept.parent, **TINY), taught)
    kept.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    again = scores(standard_judge(cache=kept.parent, **TINY), taught)
    np.testing.assert_array_equal(again, first)
    assert [part.read_bytes() for part in kept.parent.iterdir()] == [whole]


def test_another_setting_is_another_judge(kept: Path, taught: Windows) -> None:
    first, other = (
        scores(standard_judge(cache=kept.parent, seed=seed, **TINY), taught) for seed in (0, 1)
    )
    assert len(list(kept.parent.iterdir())) == 2 and not np.array_equal(other, first)


def test_a_cache_that_cannot_be_written_costs_time_only(kept: Path, taught: Windows) -> None:
    folders = kept.parent, kept / 'folder'
    judges = [standard_judge(cache=folder, **TINY) for folder in folders]
    np.testing.assert_array_equal(*(scores(judge, taught) for judge in judges))


def test_the_judge_has_people_that_the_reference_has_not() -> None:
    own, reference = judge_streams(2, 1.0, 30.0), corpus_streams(people=2, seconds=1.0)
    assert own.keypoints.shape == reference.keypoints.shape
    for one in own.keypoints:
        assert min(np.abs(one - other).max() for other in reference.keypoints) > 0.01


def test_who_reads_while_others_write_finds_a_whole_judge(kept: Path, untaught: Judge) -> None:
    """Several write at once, in threads and so of one process; none sees a part of another's."""
    one = judge_people._kept(kept, RATE_HZ)
    assert one is not None

    def weights(judge: Judge) -> bytes:
        return judge.network.state_dict()['head.1.weight'].numpy().tobytes()

    known = [weights(made) for made in (one, untaught)]
    with ThreadPoolExecutor() as pool:
        for made in (one, untaught) * 60:
            pool.submit(judge_people._keep, kept, made)
        for _ in range(30):
            read = judge_people._kept(kept, RATE_HZ)
            assert read is not None and weights(read) in known
    assert list(kept.parent.iterdir()) == [kept]  # no partial file is left


def test_a_user_without_a_home_gets_a_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv('HOME', raising=False)
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setattr(pwd, 'getpwuid', nobody)
    assert standard_judge(**TINY).rate_hz == RATE_HZ


def test_the_cache_lies_where_xdg_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', os.fspath(tmp_path))
    standard_judge(**TINY)
    (folder,) = tmp_path.iterdir()
    (file,) = folder.iterdir()
    assert folder.name == 'emotion_motion' and file.suffix == '.safetensors'
