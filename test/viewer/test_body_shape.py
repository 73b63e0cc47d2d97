# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How keypoints become spheres and bones."""

from hypothesis import given, strategies as st
import numpy as np
import pytest

pytest.importorskip('viser')

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.viewer.panels import bars_html, notice_html
from emotion_motion.viewer.scene.body import BodyShape, bone_mesh
from emotion_motion.viewer.scene.world import CELL_M, DARK, grid_lines, PIECE_M, SECTION_M, SIZE_M

BODY = load_skeleton('body_25')


def turned(wxyz: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Turn a vector by a quaternion."""
    w, axis = wxyz[0], wxyz[1:]
    return vector + 2.0 * np.cross(axis, np.cross(axis, vector) + w * vector)


@given(st.integers(0, 2**32 - 1))
def test_each_bone_lies_between_its_two_keypoints(seed: int) -> None:
    keypoints = np.random.default_rng(seed).normal(size=(BODY.size, 3))
    shape = BodyShape('body_25', BODY.names)
    starts, turns, lengths = shape.place_bones(keypoints)
    assert len(lengths) == BODY.size - 1
    for (parent, child), start, turn, length in zip(
        shape.edges, starts, turns, lengths, strict=True
    ):
        assert np.array_equal(start, keypoints[parent])
        displacement = turned(turn, np.array([0.0, 0.0, length]))
        assert np.allclose(start + displacement, keypoints[child], atol=1e-6)


@pytest.mark.parametrize('direction', [(0, 0, -1), (0, 0, 1), (1e-9, 0, -1)])
def test_bone_straight_up_or_down_has_a_turn(direction: tuple[float, float, float]) -> None:
    keypoints = np.zeros((BODY.size, 3))
    keypoints[BODY.index('RElbow')] = direction
    _, turns, _ = BodyShape('body_25', BODY.names).place_bones(keypoints)
    assert np.isfinite(turns).all() and np.allclose(np.linalg.norm(turns, axis=-1), 1.0)


def test_what_is_not_measured_is_not_drawn() -> None:
    shape = BodyShape('body_25', BODY.names)
    keypoints = BODY.rest * 1.7
    missing = [BODY.index(name) for name in ('LWrist', 'MidHip', 'Nose', 'LEar', 'REar')]
    keypoints[missing] = np.nan
    _, turns, lengths = shape.place_bones(keypoints)
    gone = [bool({*edge.tolist()} & {*missing}) for edge in shape.edges]
    assert np.array_equal(np.isnan(lengths), gone) and np.isfinite(turns).all()
    assert np.isnan(shape.place_spheres(keypoints)).all()  # of hip and head


def test_unknown_skeleton_is_drawn_as_spheres() -> None:
    shape = BodyShape('spider_8', ('a', 'b', 'c'))
    assert np.array_equal(shape.place_spheres(np.eye(3)), np.eye(3))
    assert len(shape.sphere_radii) == 3
    assert [len(part) for part in shape.place_bones(np.eye(3))] == [0, 0, 0]
    assert shape.bone_colours(DARK) == [] and shape.root() is None


def test_left_and_right_have_other_colours() -> None:
    shape = BodyShape('body_25', BODY.names)
    colours = dict(zip(shape.edges[:, 1].tolist(), shape.bone_colours(DARK), strict=True))
    assert colours[BODY.index('LWrist')] == DARK.left
    assert colours[BODY.index('RWrist')] == DARK.right
    assert len(shape.sphere_radii) == len(shape.sphere_colours(DARK)) == 2  # hip and head


def test_bone_reaches_from_the_origin_to_its_joint() -> None:
    points, faces = bone_mesh(0.4, 0.03)
    assert points[:, 2].min() == pytest.approx(0.0) and points[:, 2].max() == pytest.approx(0.43)
    assert faces.max() < len(points)


def test_bars_tell_both_emotions_and_notices_are_escaped() -> None:
    html = bars_html(np.eye(7)[3], np.full(7, 1 / 7))
    assert all(f'data-emotion="{name}"' in html for name in EMOTIONS)
    assert html.count('data-requested="1.00"') == 1
    assert '<script>' not in notice_html('<script>alert(1)</script> & more')


def test_thin_and_strong_lines_of_the_ground_share_no_place() -> None:
    strong, thin = grid_lines(SECTION_M), grid_lines(CELL_M, without_m=SECTION_M)
    assert len(strong) + len(thin) == 2 * (SIZE_M / CELL_M + 1) * (SIZE_M / PIECE_M)
    assert not {line.tobytes() for line in strong} & {line.tobytes() for line in thin}
    for lines in (strong, thin):
        assert np.ptp(lines, axis=1).max(axis=-1) == pytest.approx(PIECE_M)
        assert np.ptp(lines[..., 0]) == pytest.approx(np.ptp(lines[..., 1])) == SIZE_M
