# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Commands within limits of place, speed, acceleration and jerk."""
