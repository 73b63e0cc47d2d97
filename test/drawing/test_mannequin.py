# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of a mannequin lie where the keypoints are, and are drawn where they lie."""

from hypothesis import given, settings, strategies as st
import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.drawing.mannequin import Mannequin, Part, PARTS, render

BODY = load_skeleton()
MANNEQUIN = Mannequin(BODY.names, BODY.edges)
LIMBS = {
    f'{side}{part}': (side + start, side + end)
    for side in 'LR'
    for part, start, end in (
        ('UpperArm', 'Shoulder', 'Elbow'),
        ('Forearm', 'Elbow', 'Wrist'),
        ('Thigh', 'Hip', 'Knee'),
        ('Shank', 'Knee', 'Ankle'),
    )
}


def number(name: str) -> int:
    return [part.name for part in MANNEQUIN.parts].index(name)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_limbs_lie_between_their_keypoints(seed: int) -> None:
    keypoints = np.random.default_rng(seed).normal(size=(4, BODY.size, 3))
    starts, ends, left = MANNEQUIN.place(keypoints)
    for limb, (start, end) in LIMBS.items():
        np.testing.assert_allclose(starts[:, number(limb)], keypoints[:, BODY.index(start)])
        np.testing.assert_allclose(ends[:, number(limb)], keypoints[:, BODY.index(end)])
    # The ways to the left are those of a person, and at right angles to the parts.
    assert np.abs((left * (ends - starts)).sum(axis=-1)).max() < 1e-9
    hips = keypoints[:, BODY.index('LHip')] - keypoints[:, BODY.index('RHip')]
    assert ((left[:, number('Pelvis')] * hips).sum(axis=-1) > 0.0).all()


def test_proportions_are_those_of_the_skeleton_and_a_person() -> None:
    starts, ends, _ = MANNEQUIN.place(BODY.rest)
    lengths = np.linalg.norm(ends - starts, axis=-1)
    for limb, (_, end) in LIMBS.items():
        assert lengths[number(limb)] == pytest.approx(BODY.bone_lengths[BODY.index(end)])
    lowest = np.minimum(starts[:, 2], ends[:, 2]) - MANNEQUIN.radii.max(axis=1)
    top = (ends[:, 2] + MANNEQUIN.radii[:, 1]).max()
    assert top == pytest.approx(1.0, abs=0.01) and -0.02 < lowest.min() < 0.005
    head = number('Head')
    chin = min(starts[head, 2] - MANNEQUIN.radii[head, 0], ends[head, 2])
    assert 0.12 < top - chin < 0.16  # a head is 1/8 to 1/6.5 of a body
    # Symmetric: left and right change places.
    mirrored = [number({'L': 'R', 'R': 'L'}.get(p.name[0], p.name[0]) + p.name[1:]) for p in PARTS]
    np.testing.assert_allclose(starts[mirrored] * (1, -1, 1), starts, atol=1e-9)


def test_shares_of_each_point_add_up_to_one() -> None:
    for part in PARTS:
        for point in (part.start, part.end):
            assert sum(point.values()) == pytest.approx(1.0), part.name


def test_what_depends_on_a_missing_keypoint_is_missing() -> None:
    keypoints = BODY.rest.copy()
    keypoints[BODY.index('LWrist')] = np.nan
    starts, ends, left = MANNEQUIN.place(keypoints)
    gone = np.isnan(starts + ends).any(axis=-1)
    names = {part.name for part, missing in zip(MANNEQUIN.parts, gone, strict=True) if missing}
    assert names == {'LForearm', 'LHand'} and np.isfinite(left).all()


def test_other_bodies_are_sticks_or_dots() -> None:
    sticks = Mannequin(('a', 'b', 'c'), [(0, 1), (1, 2)])
    starts, ends, _ = sticks.place(np.eye(3))
    assert np.array_equal(starts, np.eye(3)[:2]) and np.array_equal(ends, np.eye(3)[1:])
    starts, ends, _ = Mannequin(('a', 'b', 'c'), []).place(np.eye(3))
    assert np.array_equal(starts, np.eye(3)) and np.array_equal(ends, np.eye(3))


@pytest.mark.parametrize('slope', [0.0, 0.7, 5.0, -0.7])
def test_a_capsule_is_drawn_as_its_spheres_are(slope: float) -> None:
    """Against many spheres along it; `slope`: how far its end is nearer than its start."""
    body = Mannequin(('a', 'b'), [(0, 1)])
    body.radii = np.array([[0.3, 0.15]])
    points = np.array([[-0.4, -0.1, 0.0], [0.3, 0.2, slope]])
    picture = np.zeros((120, 160, 3), dtype=np.uint8)
    render(body, points, picture, np.full((1, 3), 255.0), 80.0, np.array([80.0, 60.0]))
    y, x = (np.mgrid[:120, :160] - np.array([60.0, 80.0])[:, None, None]) / 80.0
    expected = np.zeros(x.shape, dtype=bool)
    for share in np.linspace(0.0, 1.0, 200):
        place, radius = points[0] + share * (points[1] - points[0]), 0.3 - 0.15 * share
        expected |= (x - place[0]) ** 2 + (y + place[1]) ** 2 < radius**2
    assert ((picture.max(axis=-1) > 0) != expected).mean() < 0.002


def test_what_is_nearer_hides_what_is_behind() -> None:
    body = Mannequin(('a', 'b'), [])
    colours = np.array([[255.0, 0.0, 0.0], [0.0, 0.0, 255.0]])
    for nearer in (0, 1):
        points = np.zeros((2, 3))
        points[nearer, 2] = 1.0
        picture = np.zeros((20, 20, 3), dtype=np.uint8)
        render(body, points, picture, colours, 200.0, np.array([10.0, 10.0]))
        shown = picture[10, 10] > 0
        assert shown[2 * nearer] and not shown[2 * (1 - nearer)]
    assert isinstance(body.parts[0], Part)
