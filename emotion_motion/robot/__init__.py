# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From keypoints to joint commands of a robot that are safe to execute."""
