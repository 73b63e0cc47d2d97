# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Which files `pip install .` takes; all else is in pyproject.toml.

There is no ROS then: everything but emotion_motion.ros works. On a ROS machine, and from the
wheels, CMakeLists.txt installs the package instead.
"""

from setuptools import find_packages, setup

# What lies beside the package here lies in `share` inside it once pip has installed it.
SHARED = {f'emotion_motion.share.{place}': place for place in ('config', 'models', 'urdf')}

setup(
    packages=[
        *find_packages(include=['emotion_motion', 'emotion_motion.*']),
        'emotion_motion.body.skeletons',
        *SHARED,
    ],
    package_dir=SHARED,
    package_data={
        'emotion_motion': ['py.typed'],
        'emotion_motion.body.skeletons': ['*.json'],
        'emotion_motion.evaluation.report': ['*.yaml', '*.jinja'],
        'emotion_motion.training.corpus': ['*.yaml', 'emotions/*.yaml'],
        **{package: ['*.*', '*/*.*'] for package in SHARED},
    },
    zip_safe=False,
)
