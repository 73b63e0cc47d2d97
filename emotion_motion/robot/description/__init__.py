# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot: its URDF, its YAML file, its limits."""
