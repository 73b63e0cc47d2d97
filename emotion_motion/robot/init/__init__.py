# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A first YAML file for a robot, from its URDF."""
