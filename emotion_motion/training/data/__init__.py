# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets: reading, normalising and storing motion."""
