# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a training step reads: windows of motion, and what is done to them."""
