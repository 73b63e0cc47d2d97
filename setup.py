# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Packaging for `pip install .`, where there is no ROS: everything but emotion_motion.ros works.

On a ROS machine and from the wheels CMakeLists.txt installs the package instead. Everything is
here and not in pyproject.toml because the setuptools of older distributions read only this.
"""

from pathlib import Path
import re

from setuptools import find_packages, setup

ROOT = Path(__file__).resolve().parent


def read_version():
    """`__version__` of the package, without importing it."""
    text = (ROOT / 'emotion_motion' / '__init__.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE)[1]


def read_description():
    readme = ROOT / 'README.md'
    return readme.read_text(encoding='utf-8') if readme.exists() else ''


TRAIN = ['accelerate>=1.0', 'bvhio>=1.5', 'matplotlib', 'pyyaml', 'rich', 'tensorboard']
ROBOT = [
    'daqp',
    'matplotlib',
    'mujoco>=3.3,<4',
    'numba>=0.61',
    'pin',
    'pin-pink',
    'pyyaml',
    'ruckig',
]
FILM = ['imageio-ffmpeg', 'matplotlib', 'pillow']
VIEWER = ['viser>=1.1,<2']
DEV = [
    *TRAIN,
    'imageio-ffmpeg',
    'pillow',
    'daqp',
    'example-robot-data',
    'mujoco>=3.3,<4',
    'numba>=0.61',
    'pin',
    'pin-pink',
    'ruckig',
    'xacro',
    'hypothesis',
    'mypy',
    'playwright',
    'pytest',
    'pytest-benchmark',
    'pytest-timeout',
    'pytest-xdist',
    'ruff',
    'setuptools',
    *VIEWER,
]

# What lies beside the package here lies in `share` inside it once pip has installed it.
SHARED = {f'emotion_motion.share.{place}': place for place in ('config', 'models', 'urdf')}

setup(
    name='emotion_motion',
    version=read_version(),
    description='Turns an emotion into living humanoid motion: a ROS 2 node and its trained model',
    long_description=read_description(),
    long_description_content_type='text/markdown',
    author='The emotion_motion authors',
    author_email='maintainers@emotion-motion.example',
    maintainer='The emotion_motion authors',
    maintainer_email='maintainers@emotion-motion.example',
    license='Apache-2.0',
    keywords=['ROS', 'humanoid', 'motion generation', 'emotion', 'mixture density network'],
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3 :: Only',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    python_requires='>=3.11',
    packages=[
        *find_packages(include=['emotion_motion', 'emotion_motion.*']),
        'emotion_motion.body.skeletons',
        *SHARED,
    ],
    package_dir=SHARED,
    package_data={
        'emotion_motion': ['py.typed'],
        'emotion_motion.body.skeletons': ['*.json'],
        **{package: ['*.*', '*/*.*'] for package in SHARED},
    },
    install_requires=['numpy>=1.25', 'safetensors>=0.4', 'torch>=2.4', 'tyro>=0.8'],
    # mujoco below 4: that release split into other packages, and nothing here ran with it yet.
    extras_require={'train': TRAIN, 'robot': ROBOT, 'film': FILM, 'viewer': VIEWER, 'dev': DEV},
    entry_points={'console_scripts': ['emotion-motion = emotion_motion.cli:main']},
    zip_safe=False,
)
