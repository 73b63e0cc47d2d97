# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion files in and out."""

from emotion_motion.io.clip import check_ending, Clip, load_motion, Motion, save_motion

__all__ = ['Clip', 'Motion', 'check_ending', 'load_motion', 'save_motion']
