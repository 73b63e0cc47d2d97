# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Data, losses and trainer: how the packaged models are made; never imported by the node."""
