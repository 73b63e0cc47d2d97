# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Our humanoid: a body that could be built and driven, as every tool that reads URDF sees it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Any
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.robot.description.urdf import read_urdf, Urdf, UrdfJoint
from emotion_motion.robot.simulation.robot import load_mujoco

ROOT = Path(__file__).parents[2]
XACRO, URDF = ROOT / 'urdf' / 'humanoid.urdf.xacro', ROOT / 'urdf' / 'humanoid.urdf'


@pytest.fixture(scope='module')
def root() -> ET.Element:
    return ET.parse(URDF).getroot()


@pytest.fixture(scope='module')
def urdf() -> Urdf:
    return read_urdf(URDF)


def moving(urdf: Urdf) -> dict[str, UrdfJoint]:
    return {name: joint for name, joint in urdf.joints.items() if joint.moves}


def standing(urdf: Urdf) -> dict[str, np.ndarray]:
    """Return where the links are with all joints at 0; no joint of ours is turned."""
    at = {'base_footprint': np.zeros(3)}
    for joint in urdf.joints.values():  # parents stand before their children
        at[joint.child] = at[joint.parent] + joint.place
    return at


def expand(*arguments: str) -> str:
    """Return what xacro makes of our file; skips where xacro is not installed."""
    if importlib.util.find_spec('xacro') is not None:
        command = [sys.executable, '-c', 'import xacro; xacro.main()']
    elif (program := shutil.which('xacro')) is not None:
        command = [program]
    else:
        pytest.skip('xacro is not installed')
    done = subprocess.run(
        [*command, str(XACRO), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def physics() -> Any:
    """Return MuJoCo, imported so that it can draw; skips where it is not installed."""
    if importlib.util.find_spec('mujoco') is None:
        pytest.skip('MuJoCo is not installed')
    return load_mujoco()


def canonical(text: str) -> str:
    return ET.canonicalize(text, strip_text=True)


def test_the_plain_urdf_is_the_xacro_expanded() -> None:
    assert canonical(expand()) == canonical(URDF.read_text(encoding='utf-8'))


def test_the_xacro_is_read_as_the_plain_urdf_is(urdf: Urdf) -> None:
    expand()  # skips
    read = read_urdf(XACRO)
    assert read.joints == urdf.joints and list(read.links) == list(urdf.links)


def test_the_xacro_takes_the_hardware_of_a_robot() -> None:
    root = ET.fromstring(expand('hardware:=my_robot/Driver'))
    assert root.findtext('ros2_control/hardware/plugin') == 'my_robot/Driver'


def test_joints_are_those_of_a_humanoid(urdf: Urdf) -> None:
    names = set(moving(urdf))
    assert len(names) == 28
    for part in ('waist', 'head'):
        assert {f'{axis}_{part}' for axis in 'yrp'} <= names
    for side in 'lr':
        arm = {f'{side}_{axis}_shoulder' for axis in 'pry'} | {f'{side}_elbow', f'{side}_y_wrist'}
        leg = {f'{side}_{axis}_hip' for axis in 'yrp'} | {f'{side}_knee'}
        assert arm | leg | {f'{side}_p_ankle', f'{side}_r_ankle'} <= names


def test_axes_are_what_the_names_of_joints_say(urdf: Urdf) -> None:
    axes = {'r': (1.0, 0.0, 0.0), 'p': (0.0, 1.0, 0.0), 'y': (0.0, 0.0, 1.0)}
    for name, joint in moving(urdf).items():
        bends = name.endswith(('elbow', 'knee'))
        assert joint.axis == axes['p' if bends else name.split('_')[-2]], name


def test_no_joint_is_turned_where_it_stands(root: ET.Element) -> None:
    turns = {origin.get('rpy', '0 0 0') for origin in root.findall('joint/origin')}
    assert turns == {'0 0 0'}


def test_frames_of_rep_120_are_there(urdf: Urdf) -> None:
    assert urdf.root == 'base_footprint'
    sides = {f'{side}_{part}' for side in 'lr' for part in ('wrist', 'gripper', 'ankle', 'sole')}
    assert {'base_link', 'torso', 'gaze', *sides} <= set(urdf.links)


def test_no_link_has_the_name_of_a_joint(urdf: Urdf) -> None:
    assert not set(urdf.links) & set(urdf.joints)


def test_it_stands_on_its_soles_and_looks_forward(urdf: Urdf) -> None:
    at = standing(urdf)
    assert abs(at['l_sole'][2]) < 1e-9 and abs(at['r_sole'][2]) < 1e-9
    assert at['gaze'][0] > at['torso'][0] and at['l_wrist'][1] > 0 > at['r_wrist'][1]


def test_limbs_have_the_proportions_of_the_skeleton(urdf: Urdf) -> None:
    at, skeleton = standing(urdf), load_skeleton()
    rest = dict(zip(skeleton.names, skeleton.rest, strict=True))
    for links, keypoints in (
        (('l_upper_arm', 'l_forearm', 'l_wrist'), ('LShoulder', 'LElbow', 'LWrist')),
        (('l_thigh', 'l_shin', 'l_ankle'), ('LHip', 'LKnee', 'LAnkle')),
    ):
        ours = np.linalg.norm(np.diff([at[link] for link in links], axis=0), axis=1)
        theirs = np.linalg.norm(np.diff([rest[name] for name in keypoints], axis=0), axis=1)
        np.testing.assert_allclose(ours / theirs, 1.5, rtol=0.02)


def test_left_and_right_are_mirrored(urdf: Urdf) -> None:
    for name, left in moving(urdf).items():
        if not name.startswith('l_'):
            continue
        right = urdf.joints['r_' + name.removeprefix('l_')]
        x, y, z = right.place
        np.testing.assert_allclose(left.place, (x, -y, z), atol=1e-12)
        across = left.axis != (0.0, 1.0, 0.0)  # turns the other way in a mirror
        expected = (-right.upper, -right.lower) if across else (right.lower, right.upper)
        assert (left.lower, left.upper) == expected, name
        assert (left.effort, left.velocity) == (right.effort, right.velocity)


def test_every_joint_has_limits(urdf: Urdf) -> None:
    for name, joint in moving(urdf).items():
        assert joint.lower < 0.0 < joint.upper, name
        assert joint.effort > 0.0 and 1.0 < joint.velocity < 10.0, name


def test_all_shapes_are_primitives(root: ET.Element) -> None:
    shapes = [shape.tag for geometry in root.iter('geometry') for shape in geometry]
    assert shapes and set(shapes) == {'box', 'cylinder', 'sphere'}


def test_links_that_move_far_have_shapes_for_contacts(urdf: Urdf) -> None:
    parts = ('upper_arm', 'forearm', 'wrist', 'thigh', 'shin', 'ankle')
    for link in ('base_link', 'torso', 'head', *(f'{s}_{part}' for s in 'lr' for part in parts)):
        assert urdf.links[link].find('collision') is not None, link
        assert urdf.links[link].find('visual') is not None, link


def test_inertias_are_those_of_bodies(urdf: Urdf) -> None:
    mass = 0.0
    moved = {joint.child for joint in moving(urdf).values()}
    for name, link in urdf.links.items():
        inertial = link.find('inertial')
        if inertial is None:
            assert name not in moved, 'a joint moves a link without mass'
            continue
        own = float(inertial.find('mass').get('value'))
        mass += own
        keys = ('ixx ixy ixz', 'ixy iyy iyz', 'ixz iyz izz')
        values = inertial.find('inertia').attrib
        matrix = [[float(values[key]) for key in row.split()] for row in keys]
        least, middle, most = np.linalg.eigvalsh(matrix)
        assert least > 0.0 and most <= (least + middle) * (1.0 + 1e-9), name
        # No wider than the longest link: the radius of gyration in metres.
        assert (most / own) ** 0.5 < 0.15, name
    assert 40.0 < mass < 55.0


def test_ros2_control_drives_every_joint_by_position(root: ET.Element, urdf: Urdf) -> None:
    block = root.find('ros2_control')
    driven = [joint.get('name') for joint in block.findall('joint')]
    assert sorted(driven) == sorted(moving(urdf))
    for joint in block.findall('joint'):
        commands = [each.get('name') for each in joint.findall('command_interface')]
        states = [each.get('name') for each in joint.findall('state_interface')]
        assert commands == ['position'] and states == ['position', 'velocity']
    assert root.findtext('ros2_control/hardware/plugin') == 'mock_components/GenericSystem'


def test_nothing_touches_when_it_stands_and_arms_keep_clear() -> None:
    mujoco = physics()
    spec = mujoco.MjSpec.from_file(str(URDF))
    for geometry in spec.geoms:
        geometry.margin = 0.03
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert data.ncon > 0, 'a margin of 30 mm finds nothing: this test checks nothing'
    assert min(contact.dist for contact in data.contact) > 0.02


@pytest.mark.parametrize('joint', ['p_waist', 'r_waist', 'p_head', 'r_head', 'l_elbow', 'l_knee'])
def test_joints_reach_their_limits_without_touching_neighbours(joint: str) -> None:
    """All others at 0; arms are away, so that they are not what the trunk touches."""
    mujoco = physics()
    model = mujoco.MjModel.from_xml_path(str(URDF))
    data = mujoco.MjData(model)
    for end in model.joint(joint).range:
        mujoco.mj_resetData(model, data)
        for side, out in (('l', 1.2), ('r', -1.2)):
            data.joint(f'{side}_r_shoulder').qpos[0] = out
        data.joint(joint).qpos[0] = end
        mujoco.mj_forward(model, data)
        assert data.ncon == 0
