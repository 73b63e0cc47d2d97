# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The package as a whole: one version, honest metadata, what may import what."""

import ast
import os
from pathlib import Path
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import plan
import pytest

import emotion_motion

tomllib = pytest.importorskip('tomllib' if sys.version_info >= (3, 11) else 'tomli')
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'emotion_motion'
PYPROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())
PROJECT = PYPROJECT['project']
MANIFEST = ET.parse(ROOT / 'package.xml').getroot()

# Third-party modules that a room may import; what rooms import of each other, `make lint` checks.
BASE = {'jinja2', 'numpy', 'safetensors', 'torch', 'tyro', 'yaml'}
ROS = {
    'ament_index_python',
    'builtin_interfaces',
    'diagnostic_msgs',
    'geometry_msgs',
    'hri_msgs',
    'launch_ros',
    'lifecycle_msgs',
    'rcl_interfaces',
    'rclpy',
    'sensor_msgs',
    'std_msgs',
    'std_srvs',
    'trajectory_msgs',
    'visualization_msgs',
}
THIRD_PARTY = {
    'commands': BASE | {'rich'},
    'drawing': BASE | {'imageio_ffmpeg', 'matplotlib', 'PIL'},
    'evaluation': BASE | {'matplotlib'},
    'robot': BASE | {'coal', 'daqp', 'matplotlib', 'mujoco', 'pink', 'pinocchio', 'ruckig'},
    'ros': BASE | ROS,
    'training': BASE | {'accelerate', 'filelock', 'matplotlib', 'rich'},
    'viewer': BASE | {'pinocchio', 'trimesh', 'viser', 'websockets'},
}


def modules():
    return sorted(path.relative_to(ROOT) for path in (ROOT / 'emotion_motion').rglob('*.py'))


def imports(path):
    """Absolute names of everything that a module imports, wherever in the file."""
    package = list(path.with_suffix('').parts[:-1])
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = '.'.join([*base, *([node.module] if node.module else [])])
            yield from (f'{name}.{alias.name}' for alias in node.names)


def run_python(code, folder=ROOT, **environ):
    """Run code in a new Python; returns what it prints."""
    answer = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environ},
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def test_versions_agree():
    assert MANIFEST.findtext('version') == emotion_motion.__version__
    assert PYPROJECT['tool']['setuptools']['dynamic']['version'] == {
        'attr': 'emotion_motion.__version__'
    }


def test_name_licence_and_maintainer_agree():
    maintainer = MANIFEST.find('maintainer')
    assert PROJECT['name'] == MANIFEST.findtext('name') == 'emotion_motion'
    assert PROJECT['maintainers'] == [{'name': maintainer.text, 'email': maintainer.get('email')}]
    assert PROJECT['license'] == MANIFEST.findtext('license')
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()


def test_changelog_has_the_version_or_what_is_forthcoming():
    titles = re.findall(r'^(\S+).*\n-{3,}$', (ROOT / 'CHANGELOG.rst').read_text(), re.MULTILINE)
    assert titles[0] in ('Forthcoming', emotion_motion.__version__)


def test_extras_are_the_promised_ones():
    extras = list(PROJECT['optional-dependencies'])
    assert extras == ['train', 'robot', 'film', 'viewer', 'dev']


def test_base_requirements_and_the_project_agree():
    lines = (ROOT / 'requirements' / 'base.txt').read_text().splitlines()
    listed = {line for line in lines if line and not line.startswith('#')}
    wanted = dict(line.split('>=') for line in PROJECT['dependencies'])
    assert set(wanted) == listed
    assert plan.numbers(wanted['torch']) == plan.OLDEST_TORCH


def test_nothing_says_to_install_from_where_it_is_not_published():
    """Documents are read by test_docs_commands.py; this reads messages."""
    for path in (ROOT / 'emotion_motion').rglob('*.py'):
        assert not re.search(r'install .?emotion_motion\b', path.read_text()), path


def test_every_requirement_is_pinned():
    folder = ROOT / 'requirements'
    pins = set(re.findall(r'^([\w.-]+)==', (folder / 'locked.txt').read_text(), re.MULTILINE))
    for name in ('base.txt', 'dev.txt', 'docs.txt', 'colcon.txt', 'wheels.txt'):
        for line in (folder / name).read_text().splitlines():
            if line and not line.startswith(('#', '-r')):
                bare = re.split(r'[\[<]', line)[0].lower().replace('_', '-')
                assert bare in pins, f'{name}: {line}'


def test_every_message_file_is_built():
    cmake = (ROOT / 'CMakeLists.txt').read_text()
    listed = set(re.findall(r'msg/\w+\.msg', cmake))
    assert listed == {f'msg/{path.name}' for path in (ROOT / 'msg').glob('*.msg')}


def test_every_message_field_is_commented():
    for path in sorted((ROOT / 'msg').glob('*.msg')):
        blocks = path.read_text().strip().split('\n\n')
        for block in blocks:
            assert block.startswith('#'), f'{path.name}: nothing is said about {block!r}'


def test_import_of_the_package_brings_neither_torch_nor_numpy():
    """So it is quick; benchmarks/step.py says how quick."""
    code = 'import sys, emotion_motion; print("torch" in sys.modules, "numpy" in sys.modules)'
    assert run_python(code).split() == ['False', 'False']


def test_retargeting_does_without_torch():
    """Its modules may call what needs torch, but none brings it by being imported."""
    pytest.importorskip('pink')
    names = [
        '.'.join(path.with_suffix('').parts)
        for path in modules()
        if path.parts[1] == 'robot' and path.stem != '__init__'
    ]
    code = f'import sys, {", ".join(names)}; print("torch" in sys.modules)'
    assert run_python(code) == 'False'


@pytest.mark.parametrize('path', modules(), ids=str)
def test_a_room_imports_only_libraries_that_it_may(path):
    allowed = THIRD_PARTY.get(path.parts[1], BASE)
    tops = {name.partition('.')[0] for name in imports(path)} - {'emotion_motion'}
    assert tops - sys.stdlib_module_names <= allowed


def test_package_data_and_skeletons_are_found_from_any_folder(tmp_path):
    code = 'import emotion_motion.body.skeleton as s; print(s.load_skeleton().size)'
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    assert run_python(code, tmp_path, PYTHONPATH=path) == '25'
