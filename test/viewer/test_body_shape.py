# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How keypoints become the parts of a mannequin, and what else is drawn."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

pytest.importorskip('viser')

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.viewer.panels import bars_html, notice_html
from emotion_motion.viewer.scene.body import BodyShape, part_mesh
from emotion_motion.viewer.scene.world import CELL_M, DARK, grid_lines, PIECE_M, SECTION_M, SIZE_M

BODY = load_skeleton('body_25')
SHAPE = BodyShape('body_25', BODY.names)


def turned(wxyz: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Turn a vector by a quaternion."""
    w, axis = wxyz[0], wxyz[1:]
    return vector + 2.0 * np.cross(axis, np.cross(axis, vector) + w * vector)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_each_part_is_turned_to_its_end_and_its_left(seed: int) -> None:
    keypoints = np.random.default_rng(seed).normal(size=(BODY.size, 3))
    starts, turns, lengths = SHAPE.place(keypoints)
    placed = SHAPE.mannequin.place(keypoints)
    for start, turn, length, (_, end, left) in zip(
        starts, turns, lengths, zip(*placed, strict=True), strict=True
    ):
        assert np.allclose(start + turned(turn, np.array([0.0, 0.0, length])), end, atol=1e-6)
        if left.any():
            assert np.allclose(turned(turn, np.array([1.0, 0.0, 0.0])), left, atol=1e-6)


@pytest.mark.parametrize('direction', [(0, 0, -1), (0, 0, 1), (1e-9, 0, -1)])
def test_part_straight_up_or_down_has_a_turn(direction: tuple[float, float, float]) -> None:
    keypoints = np.zeros((BODY.size, 3))
    keypoints[BODY.index('RElbow')] = direction
    _, turns, _ = SHAPE.place(keypoints)
    assert np.isfinite(turns).all() and np.allclose(np.linalg.norm(turns, axis=-1), 1.0)


def test_what_is_not_measured_is_not_drawn() -> None:
    keypoints = BODY.rest * 1.7
    keypoints[[BODY.index(name) for name in ('LWrist', 'LEar')]] = np.nan
    _, turns, lengths = SHAPE.place(keypoints)
    names = [part.name for part in SHAPE.mannequin.parts]
    gone = {name for name, length in zip(names, lengths, strict=True) if np.isnan(length)}
    assert gone == {'LForearm', 'LHand'} and np.isfinite(turns).all()  # one ear is enough
    keypoints[BODY.index('REar')] = np.nan
    assert np.isnan(SHAPE.place(keypoints)[2][names.index('Head')])


def test_unknown_skeleton_is_drawn_as_dots() -> None:
    shape = BodyShape('spider_8', ('a', 'b', 'c'))
    starts, _, lengths = shape.place(np.eye(3))
    assert np.array_equal(starts, np.eye(3)) and np.array_equal(lengths, np.zeros(3))
    assert shape.colours(DARK) == [DARK.body] * 3 and shape.root() is None


def test_height_is_that_of_the_bones_that_are_seen() -> None:
    keypoints = BODY.rest * 1.2
    keypoints[BODY.index('RKnee')] = np.nan
    assert SHAPE.height_m(keypoints) == pytest.approx(1.2)
    assert SHAPE.height_m(np.full((BODY.size, 3), np.nan)) == 1.7


def test_hands_and_feet_tell_left_and_right() -> None:
    names = [part.name for part in SHAPE.mannequin.parts]
    colours = dict(zip(names, SHAPE.colours(DARK), strict=True))
    assert colours['LHand'] == colours['LFoot'] == DARK.left
    assert colours['RHand'] == colours['RFoot'] == DARK.right
    assert set(SHAPE.colours(DARK, gone=True)) == {DARK.gone}


@pytest.mark.parametrize('half', [0.0, 0.1])
def test_mesh_is_a_closed_capsule_of_the_right_size(half: float) -> None:
    points, faces = part_mesh(0.4, np.array([0.1, 0.06]), np.array([half, half]))
    low, high = [-0.1 - half, -0.1, -0.1], [0.1 + half, 0.1, 0.46]
    np.testing.assert_allclose(points.min(axis=0), low, atol=0.003)
    np.testing.assert_allclose(points.max(axis=0), high, atol=0.003)
    # Seen from outside: the volume within is that of a cone, two caps and the band between them.
    volume = np.linalg.det(points[faces]).sum() / 6.0
    cone = 0.4 * np.pi * (0.1**2 + 0.1 * 0.06 + 0.06**2) / 3.0
    caps = 2.0 * np.pi * (0.1**3 + 0.06**3) / 3.0
    band = 2.0 * half * (0.4 * 0.16 + 0.5 * np.pi * (0.1**2 + 0.06**2))
    assert volume == pytest.approx(cone + caps + band, rel=0.06)


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
