# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A terminal that shows a running node."""
