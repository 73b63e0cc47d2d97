# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of motion: film strips, and films as GIF or MP4. Needs matplotlib."""

from emotion_motion.drawing.figure import EMOTION_COLOURS
from emotion_motion.drawing.film import film
from emotion_motion.drawing.strips import film_strips

__all__ = ['EMOTION_COLOURS', 'film', 'film_strips']
