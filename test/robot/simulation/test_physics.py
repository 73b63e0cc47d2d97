# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Robots in MuJoCo: servos that hold and follow, torques, contacts, pictures, the command."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from pathlib import Path
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pinocchio as pin
import pytest

if importlib.util.find_spec('mujoco') is None:
    pytest.skip('MuJoCo is not installed', allow_module_level=True)

from robot_support import damaged_urdf, HUMANOID_URDF, robot

from emotion_motion.commands.robot import commanded_motion, simulate_robot
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, EmotionError, RobotError
from emotion_motion.robot.description.robot import Robot
from emotion_motion.robot.description.urdf import parse_urdf
from emotion_motion.robot.simulation.film import film_states
from emotion_motion.robot.simulation.report import Contact, JointMotion, simulate, SimulationReport
from emotion_motion.robot.simulation.robot import can_render, SimulatedRobot

RATE_HZ = 50.0
PICTURE = b'\x89PNG'


@pytest.fixture(scope='module')
def humanoid() -> SimulatedRobot:
    return SimulatedRobot(robot())


def changed(text: str) -> Robot:
    """Return our humanoid with another description."""
    return dataclasses.replace(robot(), urdf=parse_urdf(text, HUMANOID_URDF))


def motion_to(end: np.ndarray, seconds: float) -> JointMotion:
    """Return a motion of least jerk from the rest pose to a pose, where it rests for a while."""
    start = robot().rest
    share = np.minimum(np.arange(round(1.5 * seconds * RATE_HZ)) / (seconds * RATE_HZ), 1.0)
    s = share[:, None]
    path = s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
    speed = 30.0 * s**2 * (1.0 - s) ** 2 / seconds
    way = end - start
    return JointMotion(robot().names, start + path * way, speed * way, RATE_HZ)


def pose(**positions: float) -> np.ndarray:
    """Return the rest pose with some joints elsewhere."""
    q = robot().rest.copy()
    for name, value in positions.items():
        q[robot().names.index(name)] = value
    return q


ARMS_UP = {'l_p_shoulder': -2.2, 'r_p_shoulder': -2.2, 'l_elbow': -1.0, 'r_elbow': -1.0}


# Motions.


@pytest.mark.parametrize(
    ('positions', 'velocities', 'rate_hz', 'says'),
    [
        (np.zeros((5, 3)), np.zeros((5, 3)), 50.0, r'positions: got shape \(5, 3\)'),
        (np.zeros((1, 2)), np.zeros((1, 2)), 50.0, 'at least 2 points'),
        (np.zeros((5, 2)), np.zeros((5, 2)), 0.0, 'rate_hz: got 0.0'),
        (np.zeros((5, 2)), np.zeros((5, 2)), float('nan'), 'rate_hz: got nan'),
        (np.zeros((5, 2)), np.zeros((4, 2)), 50.0, r'velocities: got shape \(4, 2\)'),
        (np.array([[0, 0], [0, np.nan]]), np.zeros((2, 2)), 50.0, 'positions: .* all finite'),
    ],
)
def test_a_malformed_motion_is_refused(positions, velocities, rate_hz, says: str) -> None:
    with pytest.raises(RobotError, match=says):
        JointMotion(('a', 'b'), positions, velocities, rate_hz)


def test_the_path_between_points_meets_both_of_their_states() -> None:
    rng = np.random.default_rng(0)
    positions, velocities = rng.normal(size=(2, 4, 3))
    motion = JointMotion(('a', 'b', 'c'), positions, velocities, 10.0)
    for point in range(3):
        q, v = motion.between(point, 1000)
        np.testing.assert_allclose(q[-1], positions[point + 1], atol=1e-12)
        np.testing.assert_allclose(v[-1], velocities[point + 1], atol=1e-9)
        np.testing.assert_allclose(q[0], positions[point] + 1e-4 * velocities[point], atol=1e-4)
        np.testing.assert_allclose(np.gradient(q, 1e-4, axis=0)[1:-1], v[1:-1], atol=1e-3)


# The robot.


def test_a_servo_holds_a_pose_with_the_torque_of_gravity(humanoid: SimulatedRobot) -> None:
    """Pinocchio, which knows nothing of MuJoCo, computes the same torque from the same URDF."""
    whole = robot()
    q = pose(p_waist=0.4, l_r_shoulder=1.2, r_p_shoulder=-1.3, p_head=0.4)
    humanoid.model.opt.timestep = 0.001
    humanoid.start(q)
    for _ in range(3000):
        humanoid.step(q, np.zeros(len(q)))
    expected = pin.computeGeneralizedGravity(
        whole.model, whole.model.createData(), humanoid.positions
    )
    assert np.abs(expected).max() > 20.0
    # Dry friction in the joints may carry up to 0.2 % of the torque limit.
    np.testing.assert_allclose(humanoid.torques, expected, atol=0.003 * humanoid.torque_nm.max())
    assert np.abs(humanoid.positions - q).max() < 0.03


def test_a_calm_motion_is_followed_with_torque_to_spare(humanoid: SimulatedRobot) -> None:
    report = simulate(humanoid, motion_to(pose(**ARMS_UP, y_head=0.6), 1.5))
    assert report.contacts == () and report.left_out == ()
    assert 1e-5 < report.max_error_rad.max() < 0.03
    assert 0.02 < np.nanmax(report.torque_share) < 0.6
    assert (report.saturated_share == 0.0).all()
    assert report.measured.shape == report.motion.positions.shape
    assert any('contacts: none' in line for line in report.lines())


def test_a_motor_that_is_too_weak_is_reported(tmp_path: Path) -> None:
    urdf = damaged_urdf(tmp_path, joint='l_p_shoulder', limit={'effort': '3'})
    weak = SimulatedRobot(Robot.load('humanoid', urdf))
    report = simulate(weak, motion_to(pose(**ARMS_UP), 1.0))
    arm = report.motion.names.index('l_p_shoulder')
    assert report.peak_torque_nm[arm] == pytest.approx(3.0)
    assert report.torque_share[arm] == pytest.approx(1.0)
    assert report.saturated_share[arm] > 0.2 and report.max_error_rad[arm] > 0.3
    assert any('l_p_shoulder, 3.0 Nm' in line for line in report.lines())


def test_a_joint_without_effort_limit_has_no_share_of_it() -> None:
    free = re.sub(r'effort="[\d.]+"', 'effort="0"', HUMANOID_URDF.read_text())
    report = simulate(SimulatedRobot(changed(free)), motion_to(pose(y_head=0.3), 0.5))
    assert np.isnan(report.torque_share).all() and (report.saturated_share == 0.0).all()
    assert any('no limits of effort' in line for line in report.lines())


def test_arms_that_meet_the_body_are_reported_with_their_links(humanoid: SimulatedRobot) -> None:
    into = pose(r_r_shoulder=0.0, r_p_shoulder=-0.5, r_y_shoulder=1.5, r_elbow=-2.2)
    report = simulate(humanoid, motion_to(into, 0.8))
    touched = {link for contact in report.contacts for link in contact.links}
    assert 'torso' in touched and touched & {'r_forearm', 'r_wrist'}
    contact = report.contacts[0]
    assert contact.first_s > 0.1 and contact.total_s > 0.1 and contact.depth_m > 0.0
    assert any(line.startswith('contact: ') for line in report.lines())


def test_a_motion_of_other_joints_is_refused(humanoid: SimulatedRobot) -> None:
    names, still = robot().names[::-1], np.zeros((3, len(robot())))
    with pytest.raises(RobotError, match='in their order'):
        simulate(humanoid, JointMotion(names, still, still, RATE_HZ))


def test_a_second_run_gives_the_same_numbers(
    humanoid: SimulatedRobot, short_report: SimulationReport
) -> None:
    second = simulate(humanoid, short_report.motion)
    np.testing.assert_array_equal(short_report.measured, second.measured)


def test_meshes_that_are_not_there_are_left_out_and_named() -> None:
    text = HUMANOID_URDF.read_text().replace(
        '<sphere radius="0.052"/>', '<mesh filename="package://nowhere/shoulder.stl"/>', 1
    )
    report = simulate(SimulatedRobot(changed(text)), motion_to(pose(y_head=0.2), 0.2))
    assert report.left_out == ('visual of l_p_shoulder_link: shoulder.stl is not there',)
    assert 'left out: visual of l_p_shoulder_link' in report.lines()[-1]


def test_without_any_shapes_contacts_are_not_known() -> None:
    text = re.sub(
        r'<(box|cylinder|sphere) [^>]*/>',
        '<mesh filename="package://nowhere/part.dae"/>',
        HUMANOID_URDF.read_text(),
    )
    simulated = SimulatedRobot(changed(text))
    assert simulated.extent[0] < 0.1 and simulated.extent[1] > 1.0
    report = simulate(simulated, motion_to(pose(y_head=0.2), 0.2))
    assert not any(line == 'contacts: none' for line in report.lines())
    assert any('no link has a shape' in line for line in report.lines())
    assert report.lines()[-1] == f'left out: {len(report.left_out) - 3} more like these'


def test_a_description_that_is_no_body_is_refused() -> None:
    broken = HUMANOID_URDF.read_text().replace('<mass value="0.4"/>', '<mass value="-1"/>')
    with pytest.raises(RobotError, match='MuJoCo cannot simulate'):
        SimulatedRobot(changed(broken))


def test_what_mujoco_would_refuse_is_repaired_and_named(tmp_path, capfd) -> None:
    """A link without weight, an inertia that no body has, a flat mesh and an ASCII mesh."""
    (tmp_path / 'flat.stl').write_text(
        'solid flat\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 0.1 0 0\n'
        'vertex 0 0.1 0\nendloop\nendfacet\nfacet normal 0 0 1\nouter loop\nvertex 0.1 0 0\n'
        'vertex 0.1 0.1 0\nvertex 0 0.1 0\nendloop\nendfacet\nendsolid flat\n'
    )
    text = HUMANOID_URDF.read_text()
    mesh = f'<mesh filename="{tmp_path}/flat.stl"/>'
    text = text.replace('<sphere radius="0.052"/>', mesh, 1)
    root = ET.fromstring(text)
    antenna, light = (root.find(f'link[@name="{name}"]') for name in ('head', 'l_wrist'))
    antenna.find('inertial/inertia').attrib |= {'ixx': '-3e-8', 'iyy': '3e-8', 'izz': '9e-8'}
    light.find('inertial/mass').set('value', '0')
    root.find('link[@name="r_wrist"]/inertial/inertia').set('ixx', '3e-20')
    for shape in root.findall('link/collision'):
        shape.set('name', 'twice')
    simulated = SimulatedRobot(changed(ET.tostring(root, encoding='unicode')))
    report = simulate(simulated, motion_to(pose(y_head=0.2), 0.2))
    assert report.left_out == ()
    for part in (
        'head: has moments',
        'l_wrist: has no weight',
        'r_wrist: has moments',
        'flat.stl: an ASCII',
        'as a shell',
    ):
        assert sum(part in repair for repair in report.repaired) == 1, part
    assert report.max_error_rad.max() < 0.05
    assert 'WARNING' not in ''.join(capfd.readouterr()), 'of names that stand twice'


def test_links_in_each_other_all_the_time_are_summed_up() -> None:
    contacts = [Contact((f'a{n}', f'b{n}'), 0.0, 1.0, 0.01) for n in range(40)]
    contacts += [Contact((f'c{n}', f'd{n}'), 0.5, 0.1, 0.001) for n in range(30)]
    motion = JointMotion(('a',), np.zeros((26, 1)), np.zeros((26, 1)), 25.0)
    one = np.zeros(1)
    report = SimulationReport(
        motion, motion.positions, motion.positions, one, one, one, tuple(contacts), True, ()
    )
    lines = report.lines()
    assert 'overlap all the time: 37 more like these' in lines
    assert 'contact: 24 more like these' in lines and len(lines) < 16


def test_a_robot_whose_base_is_turned_stands_upright() -> None:
    """With y up in the root, gravity still pulls along the arms that hang."""
    hips = '<link name="hips"/><joint name="hip" type="fixed"><parent link="hips"/>'
    hips += f'<child link="{robot().urdf.root}"/><origin rpy="-1.5708 0 0"/></joint></robot>'
    lying = changed(HUMANOID_URDF.read_text().replace('</robot>', hips))
    config = dataclasses.replace(robot().config, base=robot().base)
    simulated = SimulatedRobot(Robot.build(config, lying.urdf))
    assert simulated.extent[1] - simulated.extent[0] > 1.2


def test_the_g1_hangs_in_its_rest_pose_with_its_meshes() -> None:
    whole = robot('g1')
    simulated = SimulatedRobot(whole)
    assert simulated.left_out == ()
    motion = JointMotion(whole.names, np.tile(whole.rest, (26, 1)), np.zeros((26, 17)), 25.0)
    report = simulate(simulated, motion)
    assert report.max_error_rad.max() < 0.03 and np.nanmax(report.torque_share) < 0.5
    assert report.contacts == ()


def test_contacts_within_one_mechanism_are_left_out(humanoid: SimulatedRobot) -> None:
    left_out = {frozenset(pair) for pair in humanoid.neighbours}
    assert frozenset(('l_forearm', 'l_wrist')) in left_out
    for link in ('l_upper_arm', 'l_forearm', 'l_wrist'):
        for other in ('torso', 'head', 'base_link', 'l_thigh', 'r_forearm', 'r_wrist'):
            assert frozenset((link, other)) not in left_out


# Pictures and the command.


@pytest.fixture(scope='module')
def short_report(humanoid: SimulatedRobot) -> SimulationReport:
    return simulate(humanoid, motion_to(pose(**ARMS_UP), 0.4))


@pytest.mark.parametrize('render', [True, False])
def test_film_strips_show_the_motion(
    humanoid: SimulatedRobot, short_report: SimulationReport, tmp_path: Path, render: bool
) -> None:
    image = pytest.importorskip('matplotlib.image')
    path = tmp_path / 'film.png'
    states = {'up': short_report.states[::10]}
    drawn = film_states(humanoid, states, path, every_s=0.2, render=render)
    if render and not can_render():
        pytest.skip('MuJoCo has nothing to render with: neither EGL nor OSMesa')
    assert drawn is render
    picture = image.imread(path)[..., :3]
    third = picture.shape[1] // 3
    first, last = picture[:, :third], picture[:, -third:]
    assert (first < 0.5).any(), 'an empty picture'
    assert np.abs(first - last).max() > 0.5, 'the arms did not rise'


def test_without_anything_to_render_with_lines_are_drawn(tmp_path: Path) -> None:
    """In a process of its own, since MuJoCo takes what it draws with when it is imported."""
    path = tmp_path / 'lines.png'
    code = (
        'from pathlib import Path\n'
        'from emotion_motion.robot.simulation.film import film_states\n'
        'from emotion_motion.robot.description.robot import Robot\n'
        'from emotion_motion.robot.simulation.robot import SimulatedRobot\n'
        'simulated = SimulatedRobot(Robot.load("humanoid"))\n'
        'rows = {"rest": simulated.data.qpos[None].repeat(3, axis=0)}\n'
        f'assert not film_states(simulated, rows, Path({str(path)!r}), every_s=1.0)\n'
    )
    environment = {**os.environ, 'MUJOCO_GL': 'disable'}
    subprocess.run([sys.executable, '-c', code], env=environment, check=True)
    assert path.read_bytes().startswith(PICTURE)


@pytest.mark.soak
def test_the_command_reports_and_draws(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, options = tmp_path / 'robot.png', {'model': str(saved), 'seed': 0}
    simulate_robot('humanoid', ('joy', 'sadness'), 1.0, out=out, **options)
    said = capsys.readouterr().out
    for part in ('humanoid: joy, sadness', 'tracking error', 'torque: at most', 'contact'):
        assert part in said
    assert f'wrote {out}' in said and out.read_bytes().startswith(PICTURE)


def test_a_simulation_is_repeatable_by_its_seed(saved: Path) -> None:
    runs = [
        commanded_motion(robot(), ['anger'], 0.5, 30.0, model=str(saved), seed=7) for _ in range(2)
    ]
    np.testing.assert_array_equal(runs[0].positions, runs[1].positions)


def test_bad_emotions_times_and_files_are_refused(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(EmotionError):
        commanded_motion(robot(), ['joy', 'hunger'], 1.0, 30.0, model=str(saved))
    with pytest.raises(ConfigError, match='0 emotions'):
        commanded_motion(robot(), [], 1.0, 30.0, model=str(saved))
    with pytest.raises(ConfigError, match='time for two commands'):
        commanded_motion(robot(), ['joy'], 0.01, 30.0, model=str(saved))
    with pytest.raises(ConfigError, match=r'ends in \.png'):
        simulate_robot('humanoid', out=tmp_path / 'robot.gif')


@pytest.mark.parametrize('name', ['humanoid', 'g1'])
@pytest.mark.parametrize(
    ('emotions', 'seconds'),
    [(('anger', 'happiness'), 3.0), pytest.param(EMOTIONS, 60.0, marks=pytest.mark.soak)],
)
def test_gestures_of_the_packaged_model_can_be_made(
    name: str, emotions: tuple[str, ...], seconds: float, packaged_model: Path
) -> None:
    """Every motor has torque to spare, joints are where they shall be, nothing touches."""
    model = str(packaged_model)
    motion = commanded_motion(robot(name), emotions, seconds, 60.0, model=model, seed=3)
    assert motion.duration_s > seconds - 1.0
    report = simulate(SimulatedRobot(robot(name)), motion)
    assert np.abs(np.diff(report.motion.positions, axis=0)).sum() > 1.0, 'nothing moves'
    said = '\n'.join(report.lines())
    assert report.max_error_rad.max() < 0.1, said
    assert (report.saturated_share < 0.01).all(), said
    assert report.contacts == (), said
