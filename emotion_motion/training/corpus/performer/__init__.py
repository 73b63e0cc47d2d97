# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A performer's body: proportions, arms and inverse kinematics."""
