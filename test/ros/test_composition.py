# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files of robots start, and the files that they name: checked without launch."""

from __future__ import annotations

from pathlib import Path
import re
import shlex
import xml.etree.ElementTree as ET

import pytest
import yaml

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.config import read_robot_config
from emotion_motion.robot.description.urdf import read_urdf, Urdf
from emotion_motion.ros.launching import (
    check_packages,
    controllers_of,
    controllers_text,
    find_description,
    gazebo_arguments,
    gazebo_description,
    gazebo_nodes,
    GAZEBO_PACKAGES,
    robot_nodes,
    Started,
)

ROOT = Path(__file__).parents[2]
URDF = ROOT / 'urdf' / 'humanoid.urdf'
CONTROLLERS = ROOT / 'config' / 'controllers.yaml'


@pytest.fixture(scope='module')
def urdf() -> Urdf:
    return read_urdf(URDF)


def by_executable(started: list[Started]) -> dict[str, Started]:
    return {each.executable: each for each in started}


# Descriptions.


def test_the_description_is_that_of_the_robot_or_the_file_given(tmp_path: Path) -> None:
    assert find_description('humanoid').text == URDF.read_text(encoding='utf-8')
    given = tmp_path / 'mine.urdf'
    given.write_text('<robot name="mine"><link name="only"/></robot>')
    assert find_description('humanoid', str(given)).name == 'mine'


def test_a_robot_without_a_description_says_how_to_get_one() -> None:
    with pytest.raises(RobotError, match=r'urdf:=FILE'):
        find_description('pepper')
    with pytest.raises(RobotError, match='expected a YAML file or one of'):
        find_description('nobody')
    with pytest.raises(RobotError) as refused:
        find_description('pepper', or_topic=False)
    assert 'urdf:=FILE' in str(refused.value) and 'topic' not in str(refused.value)


# robot.launch.py


def test_a_display_gets_the_description_and_its_own_joint_states(urdf: Urdf) -> None:
    (publisher,) = robot_nodes(urdf)
    assert (publisher.package, publisher.executable) == ('robot_state_publisher',) * 2
    assert publisher.parameters == {'robot_description': urdf.text, 'use_sim_time': False}
    assert publisher.remappings == ()


def test_a_robot_brings_its_own_description_by_default(urdf: Urdf) -> None:
    assert robot_nodes(urdf, output='joint_trajectory') == []
    (publisher,) = robot_nodes(
        urdf,
        output='joint_trajectory',
        publish_description='true',
        measured_joint_states='/arm/joint_states',
    )
    assert publisher.remappings == (('joint_states', '/arm/joint_states'),)
    assert robot_nodes(urdf, publish_description='false') == []


def test_rviz_stands_on_the_root_of_the_robot(urdf: Urdf) -> None:
    rviz = by_executable(robot_nodes(urdf, rviz_config='robot.rviz', use_sim_time=True))['rviz2']
    assert rviz.arguments == ('-d', 'robot.rviz', '-f', 'base_footprint')
    assert rviz.parameters == {'use_sim_time': True}


def test_rviz_shows_topics_that_the_launch_file_remaps(urdf: Urdf) -> None:
    view = yaml.safe_load((ROOT / 'rviz' / 'robot.rviz').read_text())['Visualization Manager']
    rviz = by_executable(robot_nodes(urdf, rviz_config='robot.rviz'))['rviz2']
    shown = [
        display[key]['Value']
        for display in view['Displays']
        for key in ('Topic', 'Description Topic')
        if key in display
    ]
    assert sorted(shown) == sorted(topic for topic, _ in rviz.remappings)
    assert view['Global Options']['Fixed Frame'] == urdf.root
    models = [d for d in view['Displays'] if d['Class'] == 'rviz_default_plugins/RobotModel']
    assert len(models) == 1 and models[0]['Enabled']
    # What robot_state_publisher publishes once must reach an RViz that comes later.
    assert models[0]['Description Topic']['Durability Policy'] == 'Transient Local'


# Controllers.


def test_controllers_have_every_joint_of_the_upper_body_once() -> None:
    joints = [joint for each in controllers_of(CONTROLLERS).values() for joint in each]
    assert sorted(joints) == sorted(read_robot_config('humanoid').joints)
    assert set(controllers_of(CONTROLLERS)) == {
        'head_controller',
        'torso_controller',
        'arms_controller',
    }


def test_controllers_take_what_motion_node_sends() -> None:
    data = yaml.safe_load(CONTROLLERS.read_text())
    for name in controllers_of(CONTROLLERS):
        settings = data[name]['ros__parameters']
        assert settings['command_interfaces'] == ['position']
        assert settings['state_interfaces'] == ['position', 'velocity']
        # Streams, of which a lent arm is left out, each trajectory ending at rest.
        assert settings['interpolate_from_desired_state'] is True
        assert settings['allow_partial_joints_goal'] is True
        assert settings['allow_nonzero_velocity_at_trajectory_end'] is False
    manager = data['controller_manager']['ros__parameters']
    assert manager['joint_state_broadcaster']['type'].startswith('joint_state_broadcaster/')


def test_motion_node_reads_which_controller_gets_which_joints() -> None:
    parsing = pytest.importorskip('emotion_motion.robot.drive.joint_groups')
    config = read_robot_config('humanoid')
    groups = {chain: config.chains[chain] for chain in config.controlled}
    text = controllers_text('humanoid', CONTROLLERS)
    read = parsing.parse_controllers(text, groups, 'joint_trajectory')
    assert {topic: set(joints) for topic, joints in read.items()} == {
        f'/{name}/joint_trajectory': set(joints)
        for name, joints in controllers_of(CONTROLLERS).items()
    }


def test_a_controller_with_a_part_of_a_group_is_refused(tmp_path: Path) -> None:
    half = tmp_path / 'half.yaml'
    half.write_text(
        CONTROLLERS.read_text().replace(
            'joints: [y_head, p_head, r_head]', 'joints: [y_head, p_head]'
        )
    )
    with pytest.raises(RobotError, match='p_head, y_head, which are no whole group'):
        controllers_text('humanoid', half)


@pytest.mark.parametrize(
    'text',
    [
        '',
        '[]',
        'controller_manager: 3',
        'a: [',
        '\x00',
        'controller_manager: {ros__parameters: 1}',
        'controller_manager: {ros__parameters: {head: {type: '
        'joint_trajectory_controller/JointTrajectoryController}}}',
        'controller_manager: {ros__parameters: {update_rate: 100}}',
    ],
)
def test_a_file_without_controllers_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / 'controllers.yaml'
    file.write_text(text)
    with pytest.raises(RobotError, match=r'expected one as config/controllers.yaml'):
        controllers_of(file)
    with pytest.raises(RobotError, match=r'expected one as config/controllers.yaml'):
        controllers_of(tmp_path / 'absent.yaml')


# gazebo.launch.py


def test_in_gazebo_the_humanoid_hangs_in_the_world_and_is_driven(
    urdf: Urdf, tmp_path: Path
) -> None:
    file = tmp_path / 'gazebo.urdf'
    file.write_text(gazebo_description(urdf, CONTROLLERS))
    read = read_urdf(file)  # still one tree, and not fixed a second time
    again = ET.fromstring(gazebo_description(read, CONTROLLERS))
    assert [link.get('name') for link in again.findall('link')].count('world') == 1
    assert read.root == 'world' and read.joints['world_to_robot'].kind == 'fixed'
    assert read.joints['world_to_robot'].child == 'base_footprint'
    root = ET.parse(file).getroot()
    assert root.findtext('ros2_control/hardware/plugin') == 'gz_ros2_control/GazeboSimSystem'
    (plugin,) = root.findall('gazebo/plugin')
    assert plugin.get('name') == 'gz_ros2_control::GazeboSimROS2ControlPlugin'
    assert plugin.findtext('parameters') == str(CONTROLLERS)
    # Nothing else has changed.
    assert set(read.links) - {'world'} == set(urdf.links)
    assert {name: read.joints[name] for name in urdf.joints} == urdf.joints


def test_gazebo_refuses_what_it_could_not_move(tmp_path: Path) -> None:
    text = URDF.read_text()
    bare = tmp_path / 'bare.urdf'
    bare.write_text(re.sub(r'<ros2_control.*</ros2_control>', '', text, flags=re.DOTALL))
    with pytest.raises(RobotError, match='without <ros2_control>'):
        gazebo_description(read_urdf(bare), CONTROLLERS)
    other = tmp_path / 'other.urdf'
    other.write_text(re.sub(r'<joint name="r_elbow">', '<joint name="r_knie">', text))
    with pytest.raises(RobotError, match=r"'arms_controller' of .* with the joints r_elbow"):
        gazebo_description(read_urdf(other), CONTROLLERS)


def test_gazebo_gets_clock_robot_and_controllers_in_this_order(urdf: Urdf) -> None:
    beside, steps = gazebo_nodes(urdf, CONTROLLERS)
    processes = by_executable(beside)
    publisher = processes['robot_state_publisher'].parameters
    assert publisher['use_sim_time'] is True
    assert 'GazeboSimSystem' in publisher['robot_description']
    assert processes['parameter_bridge'].arguments[0].startswith('/clock@')
    create, *spawners = steps
    assert create.arguments[:4] == ('-topic', 'robot_description', '-name', 'humanoid')
    # The states first: nothing may move whose state is unknown.
    assert [each.arguments[0] for each in spawners] == [
        'joint_state_broadcaster',
        *controllers_of(CONTROLLERS),
    ]
    assert all(each.arguments[1:] == ('--param-file', str(CONTROLLERS)) for each in spawners)


@pytest.mark.parametrize(
    ('world', 'file'),
    [('empty.sdf', 'empty.sdf'), ('my worlds/$1.sdf',) * 2, ('~/a.sdf', '/home/me/a.sdf')],
)
def test_gazebo_runs_a_world_that_may_lie_anywhere(
    monkeypatch: pytest.MonkeyPatch, world: str, file: str
) -> None:
    """A shell takes apart what ros_gz_sim is given."""
    monkeypatch.setenv('HOME', '/home/me')
    assert shlex.split(gazebo_arguments(world, gui=True)) == ['-r', file]
    assert shlex.split(gazebo_arguments(world, gui=False)) == ['-r', '-s', file]


# What must be installed.


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only ament index: a folder in which each file is a package."""
    pytest.importorskip('ament_index_python')
    folder = tmp_path / 'share' / 'ament_index' / 'resource_index' / 'packages'
    folder.mkdir(parents=True)
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    return folder


def test_missing_packages_are_named_with_what_to_install(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_DISTRO', 'rolling')
    for name in GAZEBO_PACKAGES:
        (index / name).touch()
    check_packages()
    (index / 'ros_gz_sim').unlink()
    with pytest.raises(RobotError, match=r'no package ros_gz_sim; .* ros-rolling-ros-gz-sim$'):
        check_packages()


def test_the_packages_of_gazebo_are_those_of_the_manifest() -> None:
    depends = ET.parse(ROOT / 'package.xml').getroot().findall('exec_depend')
    listed = {each.text for each in depends}
    of_gazebo = {each.text for each in depends if 'GAZEBO' in each.get('condition', '')}
    assert of_gazebo <= set(GAZEBO_PACKAGES) <= listed
