# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Named poses of an arm, written as the place of the wrist, solved for each body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import functools

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.training.corpus.performer.body import Body

__all__ = ['Pose', 'PLACES', 'wrist_place', 'solve_poses', 'mean_poses']


@dataclass(frozen=True)
class Pose:
    """Angles of an arm: flex, abduct, twist, elbow in degrees.

    Attributes:
        angles: of a left arm.
        contact: whether the hand touches the body (face, hips, the other arm), so that the size
            of the movement may not change where it ends.
        face: whether what it touches is the head, which the hand then follows.
    """

    angles: tuple[float, float, float, float]
    contact: bool = False
    face: bool = False


FREE, BODY, FACE = 'free', 'body', 'face'  # what a place of the wrist is relative to

# Of a left arm in the chest's frame: wrist x, y, z on the mean body in body heights (shoulder at
# 0, 0.108, 0.812; mouth near 0.07, 0, 0.88), elbow 0 below to 90 out. The hand goes on for 0.1
# beyond. On another body a free place keeps its direction from the shoulder and its share of the
# arm's length; one on the body or the face keeps its landmark.
PLACES: dict[str, tuple[float, float, float, float, str]] = {
    # pointing, pushing, striking
    'point_ready': (0.140, 0.130, 0.800, 35, FREE),
    'point_out': (0.312, 0.070, 0.825, 25, FREE),
    'point_high': (0.270, 0.140, 0.930, 30, FREE),
    'point_low': (0.260, 0.110, 0.660, 20, FREE),
    'chop_up': (0.130, 0.130, 0.950, 50, FREE),
    'chop_down': (0.240, 0.070, 0.640, 25, FREE),
    'fist_up': (0.150, 0.130, 0.880, 40, FREE),
    'fist_down': (0.170, 0.135, 0.640, 30, FREE),
    'fist_side': (0.060, 0.190, 0.600, 45, FREE),
    'slam_up': (0.140, 0.080, 1.020, 60, FREE),
    'slam_down': (0.230, 0.060, 0.600, 30, FREE),
    'throw_back': (0.080, 0.200, 0.700, 40, FREE),
    'throw_out': (0.250, 0.220, 0.690, 15, FREE),
    'backhand_in': (0.150, -0.060, 0.800, 60, FREE),
    'backhand_out': (0.190, 0.300, 0.790, 25, FREE),
    'punch_ready': (0.050, 0.170, 0.690, 50, FREE),
    'punch_out': (0.315, 0.080, 0.790, 30, FREE),
    'push_ready': (0.130, 0.110, 0.780, 40, FREE),
    'push_out': (0.290, 0.110, 0.790, 40, FREE),
    'push_down': (0.190, 0.130, 0.600, 35, FREE),
    'sweep_in': (0.190, -0.010, 0.720, 35, FREE),
    'sweep_out': (0.200, 0.290, 0.720, 20, FREE),
    'beckon_out': (0.250, 0.160, 0.700, 10, FREE),
    'beckon_in': (0.130, 0.110, 0.790, 15, FREE),
    'palm': (0.170, 0.012, 0.690, 40, BODY),
    'palm_out': (0.160, 0.110, 0.730, 40, FREE),
    # near the face and the trunk
    'guard': (0.150, 0.050, 0.895, 55, FACE),
    'guard_near': (0.130, 0.020, 0.850, 30, FACE),
    'shield': (0.170, 0.000, 0.930, 75, FACE),
    'mouth': (0.118, 0.035, 0.835, 35, FACE),
    'nose': (0.122, 0.030, 0.860, 40, FACE),
    'cheek': (0.105, 0.080, 0.845, 35, FACE),
    'temple': (0.070, 0.100, 0.900, 65, FACE),
    'eye': (0.112, 0.035, 0.870, 45, FACE),
    'forehead': (0.110, 0.040, 0.925, 60, FACE),
    'chin': (0.118, 0.025, 0.815, 15, FACE),
    'nape': (0.010, 0.112, 0.932, 88, FACE),
    'ear': (0.100, 0.095, 0.868, 55, FACE),
    'crown': (0.010, 0.115, 0.960, 85, FACE),
    'chest': (0.115, 0.025, 0.735, 20, BODY),
    'heart': (0.105, 0.010, 0.750, 30, BODY),
    'throat': (0.110, 0.020, 0.790, 30, BODY),
    'belly': (0.110, -0.020, 0.640, 35, BODY),
    'hip': (-0.015, 0.140, 0.600, 75, BODY),
    'pocket': (0.035, 0.132, 0.520, 45, BODY),
    'back': (-0.085, 0.140, 0.560, 60, BODY),
    'thigh': (0.075, 0.105, 0.510, 15, BODY),
    'hug_low': (0.122, -0.060, 0.690, 25, BODY),
    'hug_high': (0.125, -0.060, 0.730, 25, BODY),
    'cross_low': (0.110, -0.060, 0.655, 30, BODY),
    'cross_high': (0.135, -0.050, 0.690, 35, BODY),
    'forearm': (0.150, -0.030, 0.660, 30, BODY),
    'upper_arm': (0.140, -0.075, 0.725, 25, BODY),
    'clasp': (0.110, 0.010, 0.560, 30, BODY),
    'clasp_high': (0.125, 0.014, 0.740, 30, BODY),
    # open
    'wave': (0.030, 0.250, 0.995, 20, FREE),
    'wave_out': (0.035, 0.340, 0.940, 15, FREE),
    'cheer': (0.030, 0.185, 1.100, 80, FREE),
    'cheer_low': (0.090, 0.180, 0.960, 45, FREE),
    'victory': (0.010, 0.310, 1.030, 60, FREE),
    'clap_in': (0.200, 0.022, 0.745, 45, BODY),
    'clap_out': (0.180, 0.150, 0.745, 45, FREE),
    'open': (0.130, 0.320, 0.760, 15, FREE),
    'open_high': (0.110, 0.320, 0.930, 30, FREE),
    'open_low': (0.130, 0.240, 0.630, 10, FREE),
    'dance_up': (0.150, 0.190, 0.880, 15, FREE),
    'dance_low': (0.150, 0.170, 0.660, 22, FREE),
    'startle': (0.160, 0.200, 0.860, 35, FREE),
    'startle_low': (0.140, 0.220, 0.700, 40, FREE),
    'fend': (0.230, 0.120, 0.840, 35, FREE),
    'fling': (0.060, 0.350, 0.890, 20, FREE),
    'reach_up': (0.160, 0.150, 1.030, 45, FREE),
    # talking
    'explain_near': (0.165, 0.100, 0.645, 15, FREE),
    'explain_out': (0.190, 0.275, 0.710, 18, FREE),
    'explain_up': (0.210, 0.150, 0.800, 25, FREE),
    'explain_in': (0.190, 0.020, 0.680, 25, FREE),
    'watch': (0.170, 0.020, 0.760, 55, FREE),
    'sleeve': (0.150, 0.060, 0.640, 25, FREE),
    'shrug_out': (0.150, 0.240, 0.650, 0, FREE),
    'swing_front': (0.130, 0.120, 0.530, 10, FREE),
    'swing_up': (0.270, 0.120, 0.660, 10, FREE),
    'swing_back': (-0.085, 0.205, 0.550, 20, FREE),
    'hang': (0.030, 0.120, 0.484, 20, FREE),
    'hang_front': (0.070, 0.080, 0.495, 20, FREE),
}

_LANDMARKS = ('MidHip', 'LShoulder', 'Nose')  # from below; the ground and the crown besides


def wrist_place(name: str, skeleton: Skeleton) -> np.ndarray:
    """Return where the LEFT wrist goes [3] on a body: chest's frame, rest pose, height 1."""
    x, y, z, _, relative = PLACES[name]
    mean, own = load_skeleton(), skeleton
    if relative == FREE:
        first, second = (s.rest[s.index('LShoulder')] for s in (mean, own))
        arms = [
            s.bone_lengths[s.index('LElbow')] + s.bone_lengths[s.index('LWrist')]
            for s in (mean, own)
        ]
        return second + (np.array([x, y, z]) - first) * arms[1] / arms[0]
    heights = [
        [0.0, *(s.rest[s.index(landmark)][2] for landmark in _LANDMARKS), 1.0] for s in (mean, own)
    ]
    wide = {
        part: own.rest[own.index(part)][1] / mean.rest[mean.index(part)][1]
        for part in ('LShoulder', 'LHip', 'LEar')
    }
    breadth = wide['LEar'] if relative == FACE else 0.5 * (wide['LShoulder'] + wide['LHip'])
    deep = breadth if relative == FACE else np.sqrt(breadth)
    return np.array([x * deep, y * breadth, np.interp(z, heights[0], heights[1])])


def solve_poses(body: Body) -> Mapping[str, Pose]:
    """Return every named pose for a body, by inverse kinematics of its own arm."""
    poses = {}
    for name, (*_, elbow_out_deg, relative) in PLACES.items():
        angles = tuple(body.reach(wrist_place(name, body.skeleton), elbow_out_deg))
        poses[name] = Pose(angles, contact=relative != FREE, face=relative == FACE)
    return poses


@functools.cache
def mean_poses() -> Mapping[str, Pose]:
    """Return the poses of the mean body."""
    return solve_poses(Body())
