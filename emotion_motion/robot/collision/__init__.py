# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How near the links of a robot come to each other."""
