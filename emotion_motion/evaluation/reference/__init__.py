# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The reference: the corpus's own people, measured as the model is."""
