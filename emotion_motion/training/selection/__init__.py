# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Choosing the best weights of a training."""
