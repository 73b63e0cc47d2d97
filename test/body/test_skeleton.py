# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import json

from hypothesis import given, strategies as st
import numpy as np
import pytest
from support import damaged, malformed
import torch

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import SkeletonError

BODY = load_skeleton()
# What OpenPose calls BODY_25, in its order.
OPENPOSE = (
    'Nose Neck RShoulder RElbow RWrist LShoulder LElbow LWrist MidHip RHip RKnee RAnkle LHip '
    'LKnee LAnkle REye LEye REar LEar LBigToe LSmallToe LHeel RBigToe RSmallToe RHeel'
)
SEEDS = st.integers(0, 2**32 - 1)


def wild(seed: int, shape: tuple[int, ...] = (5,), spread: float = 0.1) -> np.ndarray:
    """Return keypoints that are no body."""
    noise = np.random.default_rng(seed).normal(size=(*shape, BODY.size, 3))
    return BODY.rest + spread * noise


def turn(seed: int) -> np.ndarray:
    """Return a rotation matrix."""
    matrix, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return matrix * np.sign(np.linalg.det(matrix))


def test_names_are_openpose_s_in_its_order():
    assert ' '.join(BODY.names) == OPENPOSE
    assert BODY.size == 25 and BODY.name == 'body_25'
    assert [BODY.index(name) for name in BODY.names] == list(range(25))


def test_it_is_a_tree_from_the_mid_hip():
    assert BODY.root == BODY.index('MidHip')
    assert len(BODY.edges) == BODY.size - 1
    for child in range(BODY.size):
        path = BODY.path(child)
        assert path[0] == child and path[-1] == BODY.root
        assert [BODY.parents[i] for i in path] == [*path[1:], -1]


def test_rest_pose_is_a_standing_body_of_height_one():
    rest = BODY.rest
    assert rest[BODY.root, 0] == rest[BODY.root, 1] == 0.0  # the origin is below the mid-hip
    assert 0.0 <= rest[:, 2].min() < 0.03 and 0.9 < rest[:, 2].max() <= 1.0
    assert rest[BODY.index('Nose'), 0] > rest[BODY.index('Neck'), 0]  # x is forward
    assert rest[BODY.index('LShoulder'), 1] > 0.0 > rest[BODY.index('RShoulder'), 1]  # y is left
    for side in 'LR':
        assert rest[BODY.index(f'{side}Wrist'), 2] < rest[BODY.index(f'{side}Shoulder'), 2]
    assert BODY.bone_error(rest) < 1e-12


def test_bone_lengths_are_those_of_the_rest_pose():
    for parent, child in BODY.edges:
        expected = np.linalg.norm(BODY.rest[child] - BODY.rest[parent])
        assert BODY.bone_lengths[child] == pytest.approx(expected)
    assert BODY.bone_lengths[BODY.root] == 0.0


def test_mirror_pairs_are_mutual_and_mirror_the_body():
    mirror = np.array(BODY.mirror)
    np.testing.assert_array_equal(mirror[mirror], np.arange(BODY.size))
    for i, j in enumerate(BODY.mirror):
        assert BODY.names[i].strip('LR') == BODY.names[j].strip('LR')
        assert (i == j) == (BODY.names[i][0] not in 'LR')
    np.testing.assert_allclose(BODY.mirrored(BODY.rest), BODY.rest, atol=1e-12)


@given(SEEDS)
def test_mirroring_twice_changes_nothing(seed):
    points = wild(seed)
    mirrored = BODY.mirrored(points)
    np.testing.assert_array_equal(BODY.mirrored(mirrored), points)
    np.testing.assert_array_equal(mirrored[..., 0, 1], -points[..., 0, 1])
    as_tensor = BODY.mirrored(torch.from_numpy(points))
    np.testing.assert_array_equal(as_tensor.numpy(), mirrored)


@given(SEEDS)
def test_projection_commutes_with_mirroring(seed):
    points = wild(seed)
    np.testing.assert_allclose(
        BODY.project(BODY.mirrored(points)), BODY.mirrored(BODY.project(points)), atol=1e-9
    )


def test_groups_share_out_the_body():
    assert set(BODY.groups) == {'head', 'trunk', 'left_arm', 'right_arm', 'left_leg', 'right_leg'}
    assert sorted(i for part in BODY.groups.values() for i in part) == list(range(BODY.size))


@given(SEEDS, st.sampled_from([(), (1,), (3,), (2, 3), (0,)]), st.floats(0.0, 2.0))
def test_projection_keeps_every_bone_and_group(seed, shape, spread):
    points = wild(seed, shape, spread).astype(np.float32)
    body = BODY.project(points)
    assert body.shape == points.shape and body.dtype == np.float32
    if points.size:
        assert BODY.bone_error(body) * 1.7 < 1e-5  # metres of a grown-up
        np.testing.assert_array_equal(body[..., BODY.root, :], points[..., BODY.root, :])


@given(SEEDS)
def test_projection_of_a_body_is_that_body(seed):
    body = BODY.project(wild(seed))
    np.testing.assert_allclose(BODY.project(body), body, atol=1e-7)


@given(SEEDS)
def test_projection_commutes_with_turning_and_shifting(seed):
    points, rotation = wild(seed), turn(seed)
    shift = np.array([0.3, -0.2, 0.1])
    np.testing.assert_allclose(
        BODY.project(points @ rotation.T + shift),
        BODY.project(points) @ rotation.T + shift,
        atol=1e-6,
    )


@given(SEEDS)
def test_bones_keep_their_directions(seed):
    points = wild(seed, ())
    body = BODY.project(points)
    grouped = {i for group in BODY.rigid for i in group.members}
    hips = {i for bar in BODY.bars for i in bar}
    for parent, child in BODY.edges:
        if child not in grouped | hips:
            given_, kept = points[child] - points[parent], body[child] - body[parent]
            np.testing.assert_allclose(
                kept / np.linalg.norm(kept), given_ / np.linalg.norm(given_), atol=1e-6
            )


@given(SEEDS)
def test_rigid_groups_turn_as_a_whole(seed):
    body = BODY.project(wild(seed, ()))
    for group in BODY.rigid:
        rest = BODY.rest[list(group.members)] - BODY.rest[group.anchor]
        offsets = body[list(group.members)] - body[group.anchor]
        np.testing.assert_allclose(offsets @ offsets.T, rest @ rest.T, atol=1e-7)
        # Not mirrored: the triple product keeps its sign.
        assert np.linalg.det(offsets[:3]) == pytest.approx(np.linalg.det(rest[:3]), abs=1e-7)


@given(SEEDS)
def test_hips_stay_in_line_with_the_mid_hip_between(seed):
    body = BODY.project(wild(seed, ()))
    for first, second in BODY.bars:
        middle = 0.5 * (body[first] + body[second])
        np.testing.assert_allclose(middle, body[BODY.root], atol=1e-7)


def test_a_heap_of_points_becomes_a_body():
    heap = np.zeros((2, BODY.size, 3), dtype=np.float32)
    body = BODY.project(heap)
    assert BODY.bone_error(body) < 1e-5
    np.testing.assert_allclose(body[0], BODY.rest - BODY.rest[BODY.root], atol=1e-5)


def test_arrays_and_tensors_give_the_same_in_their_own_type():
    points = wild(0, (2, 3))
    body = BODY.project(points)
    assert isinstance(body, np.ndarray) and body.dtype == np.float64
    for dtype in (torch.float32, torch.float64):
        tensor = BODY.project(torch.from_numpy(points).to(dtype))
        assert tensor.dtype == dtype
        np.testing.assert_allclose(tensor.numpy(), body, atol=1e-6)


def test_projection_is_differentiable_after_inference_mode():
    body = Skeleton.from_dict(BODY.to_dict())  # nothing cached yet
    points = wild(0, (2,)).astype(np.float32)
    body.project(points)
    with torch.inference_mode():
        body.project(torch.from_numpy(points).double())
    for dtype in (torch.float32, torch.float64):
        tensor = torch.from_numpy(points).to(dtype).requires_grad_()
        body.project(tensor).square().sum().backward()
        assert tensor.grad is not None and bool(torch.isfinite(tensor.grad).all())


def test_gradient_of_the_projection_is_right():
    points = torch.from_numpy(wild(1, ())).requires_grad_()
    assert torch.autograd.gradcheck(BODY.project, (points,), eps=1e-7, atol=1e-5)


def test_bone_error_sees_bones_groups_and_bars():
    for name in ('RWrist', 'REar', 'LSmallToe', 'RHip'):
        points = BODY.rest.copy()
        points[BODY.index(name)] *= 1.1
        assert BODY.bone_error(points) > 1e-3


@pytest.mark.parametrize('shape', [(25, 2), (24, 3), (3,), (3, 25), (75,)])
def test_wrong_shape_is_named(shape):
    with pytest.raises(SkeletonError) as error:
        BODY.project(np.zeros(shape))
    assert str(shape) in str(error.value) and '25, 3' in str(error.value)


def test_it_comes_back_from_json():
    again = Skeleton.from_dict(json.loads(json.dumps(BODY.to_dict())))
    for name in ('name', 'names', 'parents', 'bars', 'rigid', 'mirror', 'groups'):
        assert getattr(again, name) == getattr(BODY, name)
    np.testing.assert_array_equal(again.rest, BODY.rest)


def test_it_loads_from_a_file(tmp_path):
    path = tmp_path / 'mine.json'
    path.write_text(json.dumps({**BODY.to_dict(), 'name': 'mine'}))
    assert load_skeleton(str(path)).name == 'mine'


def test_a_chain_without_groups_or_bars_is_a_skeleton():
    chain = Skeleton.from_dict(
        {
            'name': 'chain',
            'names': ['a', 'b', 'c'],
            'parents': {'b': 'a', 'c': 'b'},
            'rest': {'a': [0, 0, 0], 'b': [0, 0, 1], 'c': [0, 1, 1]},
            'bars': [],
            'rigid': {},
            'mirror': [],
            'groups': {},
        }
    )
    body = chain.project(np.array([[1.0, 0, 0], [3.0, 0, 0], [3.0, 0, 5.0]]))
    np.testing.assert_allclose(body, [[1, 0, 0], [2, 0, 0], [2, 0, 1]], atol=1e-7)


@pytest.mark.parametrize('case', malformed('skeletons'))
def test_bad_skeleton_is_refused_by_name(case):
    with pytest.raises(SkeletonError) as error:
        Skeleton.from_dict(damaged(BODY.to_dict(), case))
    assert case['says'] in str(error.value)


@pytest.mark.parametrize('data', [None, [], 'text', 3])
def test_no_mapping_is_no_skeleton(data):
    with pytest.raises(SkeletonError):
        Skeleton.from_dict(data)


def test_unknown_names_list_the_known_ones(tmp_path):
    with pytest.raises(SkeletonError, match='body_25'):
        load_skeleton('body_26')
    with pytest.raises(SkeletonError, match='MidHip'):
        BODY.index('Tail')
    (tmp_path / 'bad.json').write_text('{')
    with pytest.raises(SkeletonError, match=r'bad\.json'):
        load_skeleton(str(tmp_path / 'bad.json'))


def test_a_front_view_has_two_coordinates_and_mirrors():
    flat = BODY.flat()
    assert (flat.dims, BODY.dims) == (2, 3) and flat.flat() is flat
    assert np.array_equal(flat.rest, BODY.rest[:, 1:])
    assert load_skeleton('body_25_2d').name == flat.name == 'body_25_2d'
    assert Skeleton.from_dict(flat.to_dict()).dims == 2
    points = np.random.default_rng(0).normal(size=(4, BODY.size, 2))
    assert np.array_equal(flat.mirrored(flat.mirrored(points)), points)
    assert np.array_equal(flat.mirrored(flat.rest), BODY.mirrored(BODY.rest)[:, 1:])


def test_a_flat_body_is_not_corrected_for_foreshortening():
    flat = BODY.flat()
    points = np.random.default_rng(0).normal(size=(4, BODY.size, 2)).astype(np.float32)
    assert np.array_equal(flat.project(points), points)
    with pytest.raises(SkeletonError, match=r'needs \[..., 25, 2\]'):
        flat.project(BODY.rest)


def test_a_flat_body_stands_in_space_at_x_0():
    flat = BODY.flat()
    space = flat.in_space(flat.rest)
    assert space.shape == (BODY.size, 3) and not space[:, 0].any()
    assert np.array_equal(space[:, 1:], flat.rest)
    assert BODY.in_space(BODY.rest) is BODY.rest


def test_points_of_two_and_of_three_numbers_do_not_mix():
    data = BODY.to_dict()
    data['rest']['LKnee'] = data['rest']['LKnee'][:2]
    with pytest.raises(SkeletonError, match='another count for LKnee'):
        Skeleton.from_dict(data)
