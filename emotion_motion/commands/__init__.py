# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of the command line that belong to no other part."""
