# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""From frames to commands, cycle by cycle."""
