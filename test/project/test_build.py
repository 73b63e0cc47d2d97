# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The package builds from a fresh copy: with colcon, and with pip where there is no ROS."""

import os
from pathlib import Path
import shutil
import subprocess
import sys

import build
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATH_VARIABLES = (
    'PATH',
    'PYTHONPATH',
    'LD_LIBRARY_PATH',
    'AMENT_PREFIX_PATH',
    'CMAKE_PREFIX_PATH',
)

# Imports every module but those that need ROS, which must fail for want of it and nothing else.
IMPORT_ALL = """
import importlib, importlib.abc, pkgutil, sys
class NoRos(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'rclpy' or name.split('.')[0].endswith(('_msgs', '_srvs')):
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
sys.meta_path.insert(0, NoRos())
sys.path.insert(0, sys.argv[1])
import emotion_motion
assert emotion_motion.__file__.startswith(sys.argv[1]), emotion_motion.__file__
failed = []
def walk(package):
    for entry in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):
        try:
            module = importlib.import_module(entry.name)
        except ImportError as error:
            failed.append(entry.name)
            print(entry.name, error, sep=': ', file=sys.stderr)
            continue
        if entry.ispkg:
            walk(module)
walk(emotion_motion)
print(*failed)
"""


def run(command, **options):
    """Run a command that must succeed; returns what it prints."""
    answer = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer


@pytest.fixture(scope='module')
def fresh_copy(tmp_path_factory):
    """The files that a clone would have, in a new folder."""
    listing = subprocess.run(
        ['git', 'ls-files', '-z', '-co', '--exclude-standard'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip('no git work tree: there is no list of the files of a fresh copy')
    folder = tmp_path_factory.mktemp('fresh') / 'emotion_motion'
    for name in filter(None, listing.stdout.split('\0')):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def clean_environment():
    """The environment to build in, without this folder's own install space."""
    own = str(build.INSTALL)
    env = build.environment()
    for name in PATH_VARIABLES:
        entries = env.get(name, '').split(os.pathsep)
        env[name] = os.pathsep.join(entry for entry in entries if not entry.startswith(own))
    return env


@pytest.fixture(scope='module')
def install_space(fresh_copy, tmp_path_factory):
    """A plain `colcon build` of the fresh copy, as on a ROS machine."""
    base = tmp_path_factory.mktemp('colcon')
    command = f'colcon --log-base log build --paths {fresh_copy} --build-base build '
    command += '--install-base install --merge-install --cmake-args '
    command += ' '.join(f'-D{name}_EXECUTABLE={sys.executable}' for name in ('Python3', 'PYTHON'))
    run(command.split(), cwd=base, env=clean_environment())
    return base / 'install'


def run_installed(install, code):
    """Run Python with nothing but the install space (and its ROS) to import from."""
    env = clean_environment()
    site = next(install.glob('lib/python3*/site-packages'))
    for name, folder in (
        ('PYTHONPATH', site),
        ('LD_LIBRARY_PATH', install / 'lib'),
        ('AMENT_PREFIX_PATH', install),
    ):
        env[name] = f'{folder}{os.pathsep}{env.get(name, "")}'.rstrip(os.pathsep)
    return run([sys.executable, '-c', code], cwd=install, env=env).stdout.split()


def test_messages_and_node_import_from_the_install_space(install_space):
    files = run_installed(
        install_space,
        (
            'import emotion_motion.generator as g, emotion_motion.msg as m\n'
            'import emotion_motion.ros.node.motion_node as n\n'
            'from emotion_motion.msg import Emotion, Keypoints\n'
            'assert Emotion().intensity == 1.0 and Emotion.NEUTRAL == 4\n'
            'assert len(Emotion().weights) == Emotion.COUNT and list(Keypoints().points) == []\n'
            'print(g.__file__, m.__file__, n.__file__)'
        ),
    )
    assert all(Path(file).is_relative_to(install_space) for file in files)


def test_message_constants_are_in_the_order_of_the_emotions(install_space):
    assert run_installed(
        install_space,
        (
            'from emotion_motion.emotion import EMOTIONS\n'
            'from emotion_motion.msg import Emotion\n'
            'print(*[getattr(Emotion, name.upper()) for name in EMOTIONS], Emotion.COUNT)'
        ),
    ) == [str(index) for index in range(8)]


def test_everything_that_ros_looks_for_is_installed(install_space, fresh_copy):
    share = install_space / 'share' / 'emotion_motion'
    for folder in ('config', 'launch', 'models', 'rviz'):
        for path in (fresh_copy / folder).rglob('*'):
            if path.is_file():
                assert (share / path.relative_to(fresh_copy)).is_file(), path
    for node in ('motion_node', 'viewer_node', 'emotion_cli'):
        assert os.access(install_space / 'lib' / 'emotion_motion' / node, os.X_OK)
    assert os.access(install_space / 'bin' / 'emotion-motion', os.X_OK)
    assert (share / 'package.xml').is_file()


def test_package_and_models_are_in_the_ament_index(install_space):
    index = install_space / 'share' / 'ament_index' / 'resource_index'
    assert (index / 'packages' / 'emotion_motion').is_file()
    lines = (index / 'emotion_motion_models' / 'emotion_motion').read_text().split()
    assert lines == ['share/emotion_motion/models']


def test_no_path_of_the_building_machine_is_exported(install_space):
    for path in (install_space / 'share' / 'emotion_motion' / 'cmake').glob('*.cmake'):
        assert 'site-packages' not in path.read_text(), path


@pytest.mark.parametrize('exported', ['', '/opt/numpy/include'])
def test_numpy_headers_of_any_ros_are_not_exported(tmp_path, exported):
    """Humble's library names no folder where Python's own has numpy's headers, as on Ubuntu."""
    text = (ROOT / 'CMakeLists.txt').read_text()
    ours = text[text.index('set(python_library') : text.index('ament_get_python_install_dir')]
    library = 'emotion_motion__rosidl_generator_py'
    (tmp_path / 'CMakeLists.txt').write_text(
        'cmake_minimum_required(VERSION 3.16)\nproject(emotion_motion LANGUAGES NONE)\n'
        f'add_library({library} INTERFACE)\n'
        f'target_include_directories({library} INTERFACE {exported})\n{ours}'
        f'install(TARGETS {library} EXPORT all)\ninstall(EXPORT all DESTINATION share)\n'
    )
    run(['cmake', '-S', str(tmp_path), '-B', str(tmp_path / 'build')])
    (exports,) = (tmp_path / 'build').glob('CMakeFiles/Export/*/all.cmake')
    assert 'INCLUDE_DIRECTORIES' not in exports.read_text()


@pytest.fixture(scope='module')
def target(fresh_copy, tmp_path_factory):
    """`pip install .` into a folder of its own, offline."""
    folder = tmp_path_factory.mktemp('pip') / 'site'
    command = f'{sys.executable} -m pip install --no-deps --no-build-isolation --no-index '
    command += f'--disable-pip-version-check --target {folder} {fresh_copy}'
    run(command.split(), env=clean_environment())
    return folder


def run_without_ros(target, code, cwd):
    env = {**clean_environment(), 'AMENT_PREFIX_PATH': ''}
    answer = run([sys.executable, '-c', code, str(target)], cwd=cwd, env=env)
    return answer.stdout.split(), answer.stderr


def test_without_ros_only_the_ros_part_fails_to_import(target, tmp_path):
    failed, reasons = run_without_ros(target, IMPORT_ALL, tmp_path)
    outside = [name for name in failed if not name.startswith('emotion_motion.ros.')]
    assert not outside, reasons
    assert failed, 'emotion_motion.ros imports without ROS: this test checks nothing'


def test_skeletons_and_models_come_with_the_pip_install(target, fresh_copy, tmp_path):
    code = (
        'import sys; sys.path.insert(0, sys.argv[1])\n'
        'from emotion_motion.checkpoint import available_models\n'
        'from emotion_motion.body.skeleton import load_skeleton\n'
        'print(load_skeleton().size, *sorted(map(str, available_models().values())))'
    )
    (size, *models), _ = run_without_ros(target, code, tmp_path)
    packaged = sorted(path.parent.name for path in (fresh_copy / 'models').glob('*/config.json'))
    assert size == '25'
    assert models == [
        str(target / 'emotion_motion' / 'share' / 'models' / name) for name in packaged
    ]


def test_robots_and_the_humanoid_come_with_the_pip_install(target, fresh_copy, tmp_path):
    code = (
        'import sys; sys.path.insert(0, sys.argv[1])\n'
        'import emotion_motion.robot.description.config as robots\n'
        'from emotion_motion.robot.description.urdf import find_file\n'
        'config = robots.read_robot_config("humanoid")\n'
        'print(find_file(config.urdf, config.folder), *sorted(robots.available_robots()))'
    )
    (urdf, *robots), _ = run_without_ros(target, code, tmp_path)
    assert Path(urdf) == target / 'emotion_motion' / 'share' / 'urdf' / 'humanoid.urdf'
    packaged = (fresh_copy / 'config' / 'robots').glob('*.yaml')
    assert robots == sorted(path.stem for path in packaged)


def test_all_data_of_the_package_come_with_the_pip_install(target, fresh_copy):
    """What code and documentation read: label files, settings, templates, gestures."""
    package, shared = fresh_copy / 'emotion_motion', ('config', 'models', 'urdf')
    wanted = {path.relative_to(package) for path in package.rglob('*') if path.is_file()}
    for place in shared:
        files = (path for path in (fresh_copy / place).rglob('*') if path.is_file())
        wanted |= {Path('share', path.relative_to(fresh_copy)) for path in files}
    assert Path('share/config/labels/rebl_pepper.yaml') in wanted
    installed = target / 'emotion_motion'
    missing = [path for path in sorted(wanted) if not (installed / path).is_file()]
    assert not [path for path in missing if '__pycache__' not in path.parts]


def test_the_command_line_comes_with_the_pip_install(target):
    assert os.access(target / 'bin' / 'emotion-motion', os.X_OK)
