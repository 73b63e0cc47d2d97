# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Capsules enclose what they shall, and arms never touch the body: measured on real meshes too."""

from __future__ import annotations

from hypothesis import given, strategies as st
import numpy as np
import pytest
from robot_support import capsules, changed, followed, motion, robot, ROOT, settings

from emotion_motion.emotion import EMOTIONS
from emotion_motion.robot.collision.capsules import (
    Capsule,
    enclosing_capsule,
    enclosing_capsules,
    link_surface,
)
from emotion_motion.robot.collision.model import capsule_model, rounded_capsules
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import find_file, read_urdf
from emotion_motion.settings import yaml_text

ROBOTS = ('humanoid', 'g1', 'talos', 'pepper')


# Capsules


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_a_capsule_encloses_all_points(seed, count):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((count, 3)) * rng.uniform(0.01, 1.0, 3)
    assert enclosing_capsule(points).depth(points).max() <= 1e-9


@given(st.integers(0, 10_000))
def test_the_capsule_of_a_capsule_is_hardly_bigger(seed):
    rng = np.random.default_rng(seed)
    start, radius = rng.standard_normal(3), rng.uniform(0.05, 0.3)
    end = start + rng.uniform(0.1, 1.0) * _unit(rng.standard_normal(3))
    balls = _unit(rng.standard_normal((3000, 3))) * radius
    points = balls + start + rng.uniform(0.0, 1.0, (3000, 1)) * (end - start)
    given, fitted = Capsule(start, end, radius), enclosing_capsule(points)
    assert fitted.volume < 1.25 * given.volume
    assert fitted.depth(points).max() <= 1e-9


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_what_is_bent_is_cut_in_pieces_that_enclose_it_together():
    steps = np.linspace(0.0, 1.0, 200)[:, None]
    bent = np.concatenate((steps * [1.0, 0, 0], [1.0, 0, 0] + steps * [0, 1.0, 0]))
    points = np.concatenate([bent + 0.08 * offset for offset in np.eye(3)])
    parts = enclosing_capsules(points)
    assert 2 <= len(parts) <= 6
    assert sum(each.volume for each in parts) < 0.5 * enclosing_capsule(points).volume
    assert np.min([each.depth(points) for each in parts], axis=0).max() <= 1e-9


@pytest.mark.parametrize('name', ['humanoid', 'g1'])
def test_fitted_capsules_enclose_the_links(name):
    whole = robot(name)
    model = capsules(name)
    shapes = model.geometry.geometryObjects
    for link in ('torso', 'torso_link', 'l_forearm', 'left_elbow_link', 'head', 'head_link'):
        if link not in whole.urdf.links:
            continue
        points, source = link_surface(whole.urdf, link)
        assert source == 'collision'
        joint, placed = whole.place(link)
        there = points @ placed.rotation.T + placed.translation
        depths = []
        for shape in shapes:
            if shape.parentJoint == joint:
                local = (there - shape.placement.translation) @ shape.placement.rotation
                ends = np.array((0.0, 0.0, shape.geometry.halfLength))
                depths.append(Capsule(ends, -ends, shape.geometry.radius).depth(local))
        assert np.min(depths, axis=0).max() < 2e-3, link


def test_sources_are_named_and_meshes_are_not_needed(tmp_path):
    text = robot('g1').urdf.text.replace('package://example-robot-data', 'package://no')
    (tmp_path / 'alone.urdf').write_text(text)
    whole = Robot.load('g1', tmp_path / 'alone.urdf')
    sources = {link: link_surface(whole.urdf, link)[1] for link in whole.urdf.links}
    assert sources['left_shoulder_roll_link'] == 'collision'  # a cylinder
    assert sources['torso_link'] in ('inertia', 'limb')
    assert set(sources.values()) <= {'collision', 'visual', 'limb', 'inertia', 'none'}
    assert link_surface(robot('g1').urdf, 'torso_link')[1] == 'collision'


def test_given_capsules_win():
    given = {'torso': [[0, 0, 0, 0, 0, 0.3, 0.05]], 'head': []}
    model = capsule_model(changed(capsules=given))
    radii = {s.name: s.geometry.radius for s in model.geometry.geometryObjects}
    assert radii == {'torso/0': 0.05}


def test_humanoid_file_has_the_capsules_fitted_to_its_urdf():
    """After a change of the URDF, write the lines that this prints into humanoid.yaml."""
    fitted, sources = rounded_capsules(changed(capsules=None))
    rows = {link: [list(row) for row in capsules] for link, capsules in fitted.items()}
    print(yaml_text({'capsules': rows}))
    # The file also has small balls in links that have neither shape nor length.
    given = {link: row for link, row in settings()['capsules'].items() if sources[link] != 'none'}
    assert rows == given


def test_made_up_inertias_give_no_capsules_wider_than_links():
    """A mass of 0.1 g with an inertia of 1e-4 kg m^2 is an ellipsoid of 1.6 m."""
    urdf = read_urdf(ROOT / 'test' / 'data' / 'robots' / 'dummy_inertia.urdf')
    assert [link_surface(urdf, link)[1] for link in ('laser', 'head')] == ['none', 'none']
    points, source = link_surface(urdf, 'chest')  # 0.4 m from waist to neck
    assert source == 'inertia'
    assert 0.1 < np.linalg.norm(points, axis=1).max() <= 0.201


# Pairs and distances


@pytest.mark.parametrize('name', ROBOTS)
def test_arms_are_watched_against_trunk_head_and_each_other(name):
    whole = robot(name)
    arms = {
        arm: {
            link
            for link in whole.urdf.links
            if any(j.name in whole.config.chains[arm] for j in whole.urdf.joints_to(link))
        }
        for arm in ('left_arm', 'right_arm')
    }
    pairs = {(pair.first, pair.second) for pair in capsules(name).pairs}
    trunk, head = (whole.config.keypoints[key][0] for key in ('Neck', 'Nose'))
    for arm in arms.values():
        assert any(one in arm and other == trunk for one, other in pairs)
        assert any(one in arm and other == head for one, other in pairs)
    assert any(one in arms['left_arm'] and other in arms['right_arm'] for one, other in pairs)
    for one, other in pairs:
        assert not any({one, other} <= arm for arm in arms.values())


@pytest.mark.parametrize(
    ('name', 'pair'),
    [
        ('humanoid', ('l_wrist', 'r_forearm')),
        ('humanoid', ('l_forearm', 'r_upper_arm')),
        ('g1', ('left_wrist_yaw_link', 'left_knee_link')),
    ],
)
def test_pairs_that_can_touch_are_watched_though_rarely_near(name, pair):
    """In a thousand random poses these are 9 to 13 cm apart; from there they come to touch."""
    watched = [(each.first, each.second) for each in capsules(name).pairs]
    number, random = watched.index(pair), np.random.default_rng(1)
    limits, model = robot(name).limits, capsules(name)
    poses = random.uniform(limits.lower, limits.upper, (300, len(limits)))
    q = min(poses, key=lambda pose: model.distances(pose)[number])
    for width in np.linspace(0.3, 0.02, 400):
        tried = np.clip(q + random.normal(0.0, width, len(q)), limits.lower, limits.upper)
        q = min(q, tried, key=lambda pose: model.distances(pose)[number])
    assert model.distances(q)[number] < 0.0


@pytest.mark.parametrize('name', ROBOTS)
def test_the_rest_pose_is_clear(name):
    model = capsules(name)
    assert (model.distances(robot(name).rest) >= model.margins).all()
    pair, left = model.nearest(robot(name).rest)
    assert left >= 0.0 and pair in model.pairs


# No self-collision


@pytest.mark.parametrize('name', ROBOTS)
@pytest.mark.parametrize('emotion', ['fear', 'disgust'])
def test_arms_keep_clear_and_would_not_by_themselves(name, emotion):
    model = capsules(name)
    least = {}
    for clearance in (True, False):
        poses = followed(name, motion(emotion), clearance=clearance)
        least[clearance] = min((model.distances(q) - model.margins).min() for q in poses)
    assert least[True] > -0.011
    assert least[False] < -0.02


def test_a_pose_inside_a_collision_is_left_and_never_made_worse():
    name = 'humanoid'
    model = capsules(name)
    bad = min(
        followed(name, motion('fear'), clearance=False),
        key=lambda q: (model.distances(q) - model.margins).min(),
    )
    from emotion_motion.robot.retarget.retargeter import Retargeter

    retargeter = Retargeter(robot(name), 30.0)
    retargeter.reset(bad)
    before = min(0.0, model.nearest(bad)[1])
    for _ in range(60):
        left = model.nearest(retargeter(motion('neutral')[0]))[1]
        assert min(0.0, left) >= before - 0.011
        before = min(0.0, left)
    assert left > -0.011


@pytest.mark.parametrize('name', [pytest.param('g1', marks=pytest.mark.soak), 'humanoid'])
def test_no_real_mesh_of_an_arm_touches_the_body_in_any_emotion(name):
    """The convex hulls of the URDF's own collision meshes and shapes, not the capsules."""
    touching = Meshes(name)
    assert touching(robot(name).rest) == []
    held, free = [], []
    for emotion in EMOTIONS:
        for clearance, touches in ((True, held), (False, free)):
            for q in followed(name, motion(emotion), clearance=clearance)[::6]:
                touches += touching(q)
    assert held == []
    assert len(free) > 10, 'without clearance they do touch, so this test can fail'


class Meshes:
    """All collision meshes and shapes of a robot, arms against the rest."""

    def __init__(self, name: str) -> None:
        import coal
        import pinocchio as pin

        from emotion_motion.robot.collision.model import _neighbours, _side

        self._pin, self._robot = pin, robot(name)
        text = self._robot.urdf.text
        self._model = pin.buildModelFromXML(text)
        readme = find_file('package://example-robot-data/robots/g1_description/README.md', ROOT)
        share = [] if readme is None else [str(readme.parents[3])]
        self._geometry = pin.buildGeomFromUrdfString(
            self._model, text, pin.GeometryType.COLLISION, package_dirs=share
        )
        objects = self._geometry.geometryObjects
        for each in objects:
            if isinstance(each.geometry, coal.BVHModelBase):
                each.geometry.buildConvexRepresentation(False)
                each.geometry = each.geometry.convex
        links = [self._model.frames[each.parentFrame].name for each in objects]
        sides = [_side(self._robot, link) for link in links]
        for i, one in enumerate(links):
            for j, other in enumerate(links):
                if sides[i] is None or sides[i] == sides[j]:
                    continue
                if not _neighbours(self._robot, one, other):
                    self._geometry.addCollisionPair(pin.CollisionPair(i, j))
        self._links = links
        self._data = self._model.createData()
        self._found = pin.GeometryData(self._geometry)

    def __call__(self, q: np.ndarray) -> list[tuple[str, str]]:
        """Return the pairs of links that touch."""
        whole = self._pin.neutral(self._model)
        named = {**self._robot.held, **dict(zip(self._robot.names, q, strict=True))}
        for name, value in named.items():
            whole[self._model.joints[self._model.getJointId(name)].idx_q] = value
        self._pin.computeCollisions(
            self._model, self._data, self._geometry, self._found, whole, False
        )
        return [
            (self._links[pair.first], self._links[pair.second])
            for pair, result in zip(
                self._geometry.collisionPairs, self._found.collisionResults, strict=True
            )
            if result.isCollision()
        ]
