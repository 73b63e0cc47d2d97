# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Named poses of an arm, written as the place of the wrist, for the gestures to use."""

from __future__ import annotations

from emotion_motion.training.body import Body
from emotion_motion.training.phrase import Pose

__all__ = ['POSES']

# Of a left arm in the chest's frame: wrist x, y, z in body heights (shoulder at 0, 0.108, 0.812;
# mouth near 0.07, 0, 0.88), elbow 0 below to 90 out, contact. The hand goes on for 0.1 beyond.
_REACHES: dict[str, tuple[float, float, float, float, bool]] = {
    # pointing, pushing, striking
    'point_ready': (0.140, 0.130, 0.800, 35, False),
    'point_out': (0.312, 0.070, 0.825, 25, False),
    'chop_up': (0.130, 0.130, 0.950, 50, False),
    'chop_down': (0.240, 0.070, 0.640, 25, False),
    'fist_up': (0.150, 0.130, 0.880, 40, False),
    'fist_down': (0.170, 0.135, 0.640, 30, False),
    'throw_back': (0.080, 0.200, 0.700, 40, False),
    'throw_out': (0.250, 0.220, 0.690, 15, False),
    'push_ready': (0.130, 0.110, 0.780, 40, False),
    'push_out': (0.290, 0.110, 0.790, 40, False),
    'sweep_in': (0.190, -0.010, 0.720, 35, False),
    'sweep_out': (0.200, 0.290, 0.720, 20, False),
    # near the face and the trunk
    'guard': (0.150, 0.050, 0.895, 55, False),
    'guard_near': (0.130, 0.020, 0.850, 30, True),
    'mouth': (0.118, 0.035, 0.835, 35, True),
    'cheek': (0.085, 0.085, 0.845, 35, True),
    'eye': (0.112, 0.035, 0.870, 45, True),
    'chin': (0.118, 0.025, 0.815, 15, True),
    'nape': (-0.030, 0.100, 0.900, 85, True),
    'crown': (0.010, 0.115, 0.960, 85, True),
    'chest': (0.115, 0.025, 0.735, 20, True),
    'heart': (0.105, 0.010, 0.750, 30, True),
    'belly': (0.110, -0.020, 0.640, 35, True),
    'hip': (-0.015, 0.140, 0.600, 75, True),
    'hug_low': (0.105, -0.065, 0.690, 25, True),
    'hug_high': (0.125, -0.060, 0.730, 25, True),
    'clasp': (0.110, 0.010, 0.560, 30, True),
    # open
    'wave': (0.030, 0.250, 0.995, 20, False),
    'wave_out': (0.035, 0.340, 0.940, 15, False),
    'cheer': (0.030, 0.185, 1.100, 80, False),
    'cheer_low': (0.090, 0.180, 0.960, 45, False),
    'clap_in': (0.200, 0.022, 0.745, 45, True),
    'clap_out': (0.180, 0.150, 0.745, 45, False),
    'open': (0.130, 0.320, 0.760, 15, False),
    'open_high': (0.110, 0.320, 0.930, 30, False),
    'open_low': (0.130, 0.240, 0.630, 10, False),
    'dance_up': (0.150, 0.190, 0.880, 15, False),
    'dance_low': (0.150, 0.170, 0.660, 22, False),
    'startle': (0.160, 0.200, 0.860, 35, False),
    'fend': (0.230, 0.120, 0.840, 35, False),
    'fling': (0.060, 0.350, 0.890, 20, False),
    # talking
    'explain_near': (0.170, 0.110, 0.660, 15, False),
    'explain_out': (0.200, 0.220, 0.690, 15, False),
    'explain_up': (0.190, 0.140, 0.740, 20, False),
    'shrug_out': (0.150, 0.240, 0.650, 0, False),
    'swing_front': (0.130, 0.120, 0.530, 10, False),
    'swing_up': (0.270, 0.120, 0.660, 10, False),
    'swing_back': (-0.110, 0.135, 0.520, 10, False),
    'hang': (0.030, 0.120, 0.484, 20, False),
    'hang_front': (0.070, 0.080, 0.495, 20, False),
}

_BODY = Body()
POSES: dict[str, Pose] = {
    name: Pose(tuple(_BODY.reach((x, y, z), out)), contact)
    for name, (x, y, z, out, contact) in _REACHES.items()
}
