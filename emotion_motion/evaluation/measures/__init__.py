# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One measure a file: what a figure of the report is, with its source."""
