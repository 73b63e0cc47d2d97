# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the viewer shows: a model, a clip, a recorded run."""
