# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Measures of motion: what it looks like, what a judge sees in it."""
