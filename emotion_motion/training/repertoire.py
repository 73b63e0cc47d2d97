# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The repertoire: what people do with their bodies at each emotion, as families of gestures.

Each family is a function that writes beats into a phrase; no two phrases of a family are alike.
"""

from __future__ import annotations

from collections.abc import Callable

from emotion_motion.training import gestures_lively as lively, gestures_quiet as quiet
from emotion_motion.training.phrase import Phrase

__all__ = ['Family', 'REPERTOIRE']

Family = Callable[[Phrase], None]

# emotion -> families and how often each is drawn, relative to the others of that emotion.
REPERTOIRE: dict[str, tuple[tuple[Family, float], ...]] = {
    'anger': (
        (lively.jab, 1.4),
        (lively.chop, 1.2),
        (lively.shake_fists, 1.2),
        (lively.throw_arms, 1.0),
        (lively.hands_on_hips, 0.9),
        (lively.hard_no, 1.0),
        (lively.stamp, 1.0),
    ),
    'disgust': (
        (quiet.push_away, 1.3),
        (quiet.recoil, 1.0),
        (quiet.wipe_hands, 1.1),
        (quiet.cover_nose, 1.2),
        (quiet.turn_away, 1.0),
        (quiet.shudder, 1.0),
        (quiet.no_thanks, 0.9),
    ),
    'fear': (
        (quiet.guard_face, 1.3),
        (quiet.pull_in, 1.1),
        (quiet.cower, 1.2),
        (quiet.startle_back, 1.4),
        (quiet.fend_off, 1.0),
        (quiet.look_around, 1.0),
        (quiet.hands_to_mouth, 0.7),
    ),
    'happiness': (
        (lively.wave, 1.2),
        (lively.cheer, 1.2),
        (lively.clap, 1.1),
        (lively.bounce, 1.1),
        (lively.dance, 1.3),
        (lively.open_arms, 1.0),
        (lively.swing_arms, 1.0),
        (lively.fist_pump, 0.8),
    ),
    'neutral': (
        (quiet.look_aside, 1.3),
        (quiet.explain, 1.3),
        (quiet.hand_to_hip, 1.0),
        (quiet.touch_chin, 1.0),
        (quiet.clasp_hands, 0.9),
        (quiet.nod, 0.8),
        (quiet.small_shrug, 0.8),
        (quiet.scratch_nape, 0.7),
    ),
    'sadness': (
        (quiet.hang_head, 1.2),
        (quiet.slow_no, 1.2),
        (quiet.sigh, 1.1),
        (quiet.wipe_eyes, 1.2),
        (quiet.hug_oneself, 1.1),
        (quiet.slump, 1.0),
        (quiet.face_in_hands, 0.9),
        (quiet.helpless, 0.7),
    ),
    'surprise': (
        (lively.arms_fly_out, 1.4),
        (lively.hands_to_cheeks, 1.2),
        (lively.gasp, 1.0),
        (lively.step_back, 1.1),
        (lively.hands_up, 1.2),
        (lively.head_up, 1.0),
        (lively.hands_on_head, 0.8),
    ),
}
