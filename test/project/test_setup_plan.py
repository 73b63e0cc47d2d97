# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What `make setup` decides on all kinds of machines, from facts alone."""

from dataclasses import replace
import os
from pathlib import Path
import re
import sys
import time
import zipfile

from console import SetupError, side_by_side
from machine import Interpreter, look, Machine, reachable, size_of
from plan import decide, entries_of, numbers, without_hashes
import provision
import pytest

REQUIREMENTS = Path(__file__).resolve().parents[2] / 'requirements'
LOCKED = (REQUIREMENTS / 'locked.txt').read_text()
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
    assert plan.groups == ('dev', 'colcon', 'wheels')
    assert plan.torch_index == 'cpu'
    assert plan.apt == plan.left_out == ()


def test_with_ros_the_wheels_are_never_used():
    plan = decide(JAZZY)
    assert plan.kind == 'ros'
    assert plan.system_site_packages
    assert plan.groups == ('dev',)
    assert (plan.ros_distro, plan.ros_prefix) == ('jazzy', '/opt/ros/jazzy')


@pytest.mark.parametrize(
    ('numpy', 'brought'), [('1.21.5', '1.26.4'), ('1.26.4', None), ('2.3.5', None)]
)
def test_with_ros_numpy_keeps_the_interface_of_its_messages(numpy, brought):
    plan = decide(replace(JAZZY, interpreters=(replace(UBUNTU, numpy=numpy),)))
    heads = entries_of(LOCKED, plan.groups, plan.left_out)
    found = [head.split('==')[1].split()[0] for head in heads if head.startswith('numpy==')]
    assert found == ([brought] if brought else [])


def test_humble_has_its_own_python():
    python = Interpreter('/usr/bin/python3', (3, 10), numpy='1.21.5')
    humble = replace(
        JAZZY, ros_distro='humble', ros_prefix='/opt/ros/humble', interpreters=(python,)
    )
    assert decide(humble).python == python
    assert decide(humble).groups == ('dev', 'numpy1')


def test_with_ros_but_without_colcon_pip_brings_colcon():
    assert decide(replace(JAZZY, colcon=None)).groups == ('dev', 'colcon')


def test_two_pips_at_a_time_have_no_package_in_common():
    names = {head.split('==')[0] for head in entries_of(LOCKED, provision.BUILD_TOOLS)}
    assert names and not names & {*provision.LARGE, 'torch'}
    ros = entries_of((REQUIREMENTS / 'ros_wheels.txt').read_text(), ['ros'])
    assert len(ros) > 50 and all(head.startswith('ros-') for head in ros)
    # The last pip, with nothing beside it that installs, looks after what the large ones need.
    dev = {head.split('==')[0] for head in entries_of(LOCKED, ['dev'])}
    assert dev > set(provision.LARGE)
    assert set(provision.BUILD_TOOLS) < set(decide(PLAIN).groups)


def test_every_locked_file_has_hashes_and_a_group():
    everything = ('pip', 'torch', 'cpu', 'cuda', 'colcon', 'dev', 'docs', 'wheels', 'numpy1')
    entries = entries_of(LOCKED, everything)
    lines = [line for line in LOCKED.splitlines(keepends=True) if line[0] != '#']
    assert ''.join(entries.values()) == ''.join(lines)
    for head, entry in entries.items():
        assert re.fullmatch(r'[\w.-]+==[\w.+]+( ; python_version in "[\d. ]+")?', head)
        assert '--hash=sha256:' in entry
    assert '--hash' not in without_hashes(LOCKED)
    assert set(re.findall(r'^(\S+==\S+)', without_hashes(LOCKED), re.M)) == {
        head.split()[0] for head in entries
    }


def test_torch_has_hashes_of_both_builds_and_no_cuda_with_the_cpu_one():
    cpu, cuda = (entries_of(LOCKED, ['torch', build]) for build in ('cpu', 'cuda'))
    version = next(head.split('==')[1] for head in cuda if head.startswith('torch=='))
    assert f'torch=={version}+cpu' in cpu
    assert any(head.startswith('nvidia-') for head in cuda)
    assert not [head for head in cpu if head.startswith(('nvidia-', 'cuda-', 'triton'))]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A machine whose only index is a folder with one torch, and which allows no newer one."""
    with zipfile.ZipFile(tmp_path / 'torch-2.5.0-py3-none-any.whl', 'w') as wheel:
        info = 'torch-2.5.0.dist-info/'
        wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\nName: torch\nVersion: 2.5.0\n')
        wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n')
        wheel.writestr(info + 'RECORD', '')
    (tmp_path / 'house.txt').write_text('torch<2.6\n')
    settings = {
        'PIP_CONFIG_FILE': os.devnull,
        'PIP_CONSTRAINT': str(tmp_path / 'house.txt'),
        'PIP_FIND_LINKS': str(tmp_path),
        'PIP_IGNORE_INSTALLED': '1',
        'PIP_NO_INDEX': '1',
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for name in ('bin', 'lib', 'pyvenv.cfg'):
        (tmp_path / name).symlink_to(Path(sys.prefix) / name)
    monkeypatch.setattr(provision, 'VENV', tmp_path)
    monkeypatch.setattr(provision, 'LOG', tmp_path / 'setup.log')
    return tmp_path


def test_torch_is_the_first_offer_that_the_machine_has(house):
    other = f'torch==2.5.0 \\\n    --hash=sha256:{"0" * 64}\n'
    offers = {'cpu': ([], 'torch==2.13.0+cpu\n'), 'old': ([], other), 'any': ([], 'torch>=2.4\n')}
    what, _, urls = provision.first_to_be_had(offers)
    assert what == 'any'
    assert urls == [(house / 'torch-2.5.0-py3-none-any.whl').as_uri()]
    assert size_of(urls) == 'nothing to download'


def test_a_file_with_another_hash_is_refused_and_says_what_to_do(house):
    other = house / 'other.txt'
    other.write_text(f'torch==2.5.0 --hash=sha256:{"0" * 64}\n')
    with pytest.raises(SetupError, match='EMOTION_MOTION_HASHES=off make setup'):
        provision.install_locked('--dry-run', '--require-hashes', f'--requirement={other}')


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
    assert ('torch' in plan.left_out) == (index == 'system')


def test_an_index_for_torch_is_obeyed():
    address = 'https://torch.example/cu128'
    assert decide(replace(PLAIN, torch_index=address)).torch_index == address
    machine = replace(JAZZY, interpreters=(replace(UBUNTU, torch='2.6.0'),), torch_index='pypi')
    assert decide(machine).torch_index == 'pypi'


def test_the_interpreter_is_the_one_that_ros_was_built_for():
    pyenv = Interpreter('/home/me/bin/python3.13', (3, 13), missing_ros=('rclpy',), numpy='2.4.0')
    plan = decide(replace(JAZZY, interpreters=(pyenv, UBUNTU)))
    assert plan.python == UBUNTU
    assert plan.left_out == ('numpy',)


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


@pytest.mark.parametrize('minor', [10, 11, 12, 13])
def test_the_wheels_take_every_supported_python(minor):
    python = Interpreter(f'/usr/bin/python3.{minor}', (3, minor))
    assert decide(replace(PLAIN, interpreters=(python,))).python == python


@pytest.mark.parametrize('minor', [9, 14])
def test_another_installed_python_replaces_one_without_wheels(minor):
    other = Interpreter('/usr/bin/python3', (3, minor))
    assert decide(replace(PLAIN, interpreters=(other, DEBIAN))).python == DEBIAN


@pytest.mark.parametrize(
    ('machine', 'words'),
    [
        (
            replace(PLAIN, interpreters=(Interpreter('/usr/bin/python3', (3, 9)),)),
            [
                '/usr/bin/python3 (3.9)',
                '3.10, 3.11, 3.12 or 3.13',
                'apt-get install',
                'pip install .',
            ],
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
                JAZZY, ros_distro='foxy', interpreters=(Interpreter('/usr/bin/python3.8', (3, 8)),)
            ),
            ['foxy', '3.8', 'Humble'],
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
