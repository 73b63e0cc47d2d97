# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The judge: a recogniser that people trained and the model never saw."""
