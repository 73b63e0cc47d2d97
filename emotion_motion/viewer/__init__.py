# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The browser viewer: one page for a running node, a generator in this process, or files."""
