# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from emotion_motion.evaluation.emokine import log_dimensionless_jerk, mad, measure_emokine
from emotion_motion.evaluation.hulls import (
    extreme_points,
    hull_2d,
    hull_volumes,
    polygon_area,
    silhouettes,
    union_area,
)
from emotion_motion.evaluation.style_table import (
    against_neutral,
    measure_style,
    RATIOS,
    table_lines,
    WANTED,
)
from emotion_motion.exceptions import MotionFileError
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.corpus import make_clip
from emotion_motion.training.score import minimum_jerk

BODY = load_skeleton()
AT = {name: i for i, name in enumerate(BODY.names)}
TORSO = float(np.linalg.norm(BODY.rest[AT['Neck']] - BODY.rest[AT['MidHip']]))
RATE = 30.0
CUBE = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float)


def standing(seconds):
    return np.tile(BODY.rest, (round(seconds * RATE), 1, 1))


def turning(seconds, radians_per_s):
    """The body turning as a whole about the vertical."""
    angle = radians_per_s * np.arange(round(seconds * RATE)) / RATE
    sine, cosine, zero, one = np.sin(angle), np.cos(angle), angle * 0.0, angle * 0.0 + 1.0
    turn = np.stack((cosine, -sine, zero, sine, cosine, zero, zero, zero, one), axis=-1)
    return np.einsum('tij,kj->tki', turn.reshape(-1, 3, 3), BODY.rest)


def test_a_body_that_stands_still_has_no_movement():
    found = measure_emokine(standing(2.0), RATE)
    for part in (found.speed, found.acceleration, found.angular_speed):
        assert np.abs(part.mean).max() == 0.0 and np.abs(part.maximum).max() == 0.0
    assert found.quantity_of_motion.mean == 0.0 and found.hull_3d.mad < 1e-12
    assert np.isnan(found.jerk).all()
    assert found.torso == pytest.approx(TORSO)


def test_constant_speed_has_that_speed_and_no_acceleration():
    way = np.arange(90)[:, None, None] / RATE * np.array([0.0, 0.6, 0.0])
    found = measure_emokine(standing(3.0) + way, RATE)
    assert np.allclose(found.speed.mean, 0.6 / TORSO) and np.allclose(found.speed.mad, 0.0)
    assert np.abs(found.acceleration.maximum).max() < 1e-9
    assert np.abs(found.angular_speed.maximum).max() < 1e-9


def test_a_turning_body_has_the_angular_speed_of_its_turn():
    found = measure_emokine(turning(3.0, 0.8), RATE)
    across = AT['MidHip']  # the line of the hips lies across the axis, arms nearly along it
    assert found.angular_speed.mean[across] == pytest.approx(0.8, rel=1e-3)
    assert found.angular_speed.mean[AT['LWrist']] < 0.3
    radius = np.linalg.norm(BODY.rest[AT['LWrist'], :2])
    assert found.speed.mean[AT['LWrist']] == pytest.approx(0.8 * radius / TORSO, rel=1e-3)
    circle = 0.8**2 * radius / TORSO
    assert np.median(found.acceleration.mean[AT['LWrist']]) == pytest.approx(circle, rel=0.02)


def test_measures_do_not_depend_on_the_size_of_the_body():
    points = make_clip('happiness', 6.0, 1).keypoints
    one, tall = measure_emokine(points, RATE), measure_emokine(1.8 * points, RATE)
    assert np.allclose(one.speed.mean, tall.speed.mean, rtol=1e-4)
    assert np.allclose(one.jerk, tall.jerk, atol=1e-3, equal_nan=True)
    assert one.hull_3d.mean == pytest.approx(tall.hull_3d.mean, rel=1e-4)
    assert one.quantity_of_motion.mean == pytest.approx(tall.quantity_of_motion.mean, rel=0.05)


def test_features_tell_lively_from_quiet_and_open_from_closed():
    found = {
        name: measure_emokine(make_clip(name, 12.0, 3).keypoints, RATE)
        for name in ('happiness', 'sadness', 'fear')
    }
    wrist = AT['LWrist']
    assert found['happiness'].speed.mean[wrist] > 1.5 * found['sadness'].speed.mean[wrist]
    quantity = {name: one.quantity_of_motion.mean for name, one in found.items()}
    assert quantity['happiness'] > quantity['sadness'] > 0.0
    assert found['sadness'].head_to_vertical.mean > found['happiness'].head_to_vertical.mean
    assert found['happiness'].hull_2d.mean > found['fear'].hull_2d.mean
    for one in found.values():
        assert one.hull_2d.whole >= one.hull_2d.union * 0.97 >= one.hull_2d.mean * 0.9
        assert one.hull_3d.whole > one.hull_3d.mean


def test_arms_raised_are_nearer_to_the_head():
    low, high = standing(1.0), standing(1.0)
    for side in 'LR':
        high[:, AT[f'{side}Wrist']] = BODY.rest[AT[f'{side}Ear']] + (0.1, 0.0, 0.1)
    near, far = (measure_emokine(p, RATE).limb_contraction.mean for p in (high, low))
    assert near < far - 0.3


def test_a_minimum_jerk_stroke_is_the_smoothest():
    """Its D^3 / v_peak^2 * integral of jerk^2 is 720 / (15 / 8)^2."""
    rate = 1000.0
    share = np.linspace(0.0, 1.0, 1001)
    ways = {'smooth': minimum_jerk(share), 'sine': 0.5 - 0.5 * np.cos(np.pi * share)}
    ways['shaky'] = ways['smooth'] + 0.002 * np.sin(40.0 * share)
    values = {
        name: float(log_dimensionless_jerk(way[:, None, None] * [[[1.0, 0, 0]]], rate)[0])
        for name, way in ways.items()
    }
    assert values['smooth'] == pytest.approx(-np.log(720.0 / 1.875**2), abs=0.02)
    assert values['shaky'] < values['smooth']


def test_emokine_jerk_is_cubic_in_time():
    """T^3 * mean |jerk| * T: the same curve played slower by 2 has a half of it times 4."""
    share = np.linspace(0.0, 1.0, 61)
    way = minimum_jerk(share)[:, None, None] * np.array([1.0, 0.0, 0.0])
    quick = measure_emokine(BODY.rest + way, 60.0).emokine_jerk
    slow = measure_emokine(BODY.rest + way, 30.0).emokine_jerk
    assert np.allclose(slow / quick, 2.0**3 * 2.0 / 2.0**3, rtol=1e-6)


def test_the_hull_of_a_cube_is_the_cube_however_it_lies_and_whatever_is_inside():
    rng = np.random.default_rng(0)
    inside = rng.uniform(0.1, 0.9, (10, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    sets = [np.concatenate((CUBE, inside)), np.concatenate((CUBE, inside)) @ turn.T + 5.0]
    assert np.allclose(hull_volumes(np.stack(sets)), 1.0, atol=1e-5)
    assert hull_volumes(2.0 * CUBE[None])[0] == pytest.approx(8.0, abs=1e-4)
    assert hull_volumes(np.eye(4, 3)[None])[0] == pytest.approx(1.0 / 6.0, abs=1e-6)


def test_a_flat_set_has_no_volume():
    flat = CUBE.copy()
    flat[:, 2] = 0.3
    assert hull_volumes(flat[None])[0] < 1e-6


def test_extremes_of_a_ball_hold_most_of_it():
    points = np.random.default_rng(1).normal(size=(4000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    volume = hull_volumes(extreme_points(points)[None])[0]
    assert 0.92 < volume / (4.0 / 3.0 * np.pi) < 1.0


def test_flat_hulls_and_unions_have_their_areas():
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0.5, 0.5], [0.5, 0]], dtype=float)
    corners = hull_2d(square)
    assert len(corners) == 4 and polygon_area(corners) == pytest.approx(1.0)
    beside = corners + np.array([0.5, 0.0])
    assert union_area([corners, beside], 0.01) == pytest.approx(1.5, abs=0.02)
    assert union_area([corners, corners], 0.01) == pytest.approx(1.0, abs=0.02)
    assert polygon_area(hull_2d(np.array([[0.0, 0], [1, 1], [2, 2]]))) == 0.0


def test_a_rod_covers_its_area():
    points = np.array([[[0.0, 0.0], [2.0, 0.0]]])
    covered = silhouettes(points, [(0, 1, 0.3)], 0.01)
    assert covered.sum() * 1e-4 == pytest.approx(2.0 * 0.6 + np.pi * 0.09, rel=0.01)


def test_mad_is_the_median_of_distances_from_the_median():
    assert mad(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == 1.0


@pytest.mark.parametrize('shape', [(4, 25, 3), (30, 25, 2), (30, 24, 3)])
def test_what_is_no_motion_of_the_body_is_refused(shape):
    with pytest.raises(MotionFileError, match='keypoints of shape'):
        measure_emokine(np.zeros(shape), RATE)
    with pytest.raises(MotionFileError, match='expected a trunk'):
        measure_emokine(np.zeros((30, 25, 3)), RATE)


def test_style_is_measured_against_neutral():
    slow, quick = (make_clip('anger', 8.0, 2).keypoints[::step] for step in (1, 2))
    found = {'neutral': measure_style([slow], RATE), 'anger': measure_style([quick], RATE)}
    relative = against_neutral(found)
    assert relative['neutral'].speed == 1.0 and relative['neutral'].head_deg == 0.0
    assert relative['anger'].speed == pytest.approx(2.0, rel=0.05)
    assert relative['anger'].acceleration == pytest.approx(4.0, rel=0.25)
    assert set(RATIOS) <= set(WANTED['anger'])
    lines = table_lines(dict.fromkeys(WANTED, relative['anger']))
    assert len(lines) == 9 and all(line.count('|') == lines[0].count('|') for line in lines)
    with pytest.raises(MotionFileError, match='no motion'):
        measure_style([], RATE)
    with pytest.raises(MotionFileError, match=r'4\.0 s'):
        measure_style([slow[:60]], RATE)
