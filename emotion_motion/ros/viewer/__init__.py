# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The viewer of a running node."""
