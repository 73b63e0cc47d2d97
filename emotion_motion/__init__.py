# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Living humanoid motion from an emotion; see `emotion_motion.generator.MotionGenerator`."""

from pkgutil import extend_path

# A source tree on sys.path would hide the installed package, which holds the generated messages
# (emotion_motion.msg); with an extended path both are one package.
__path__ = extend_path(__path__, __name__)
__version__ = '0.2.0'
__all__ = ['__version__']
