# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What no generated motion may do: what a test of any clip of the corpus can check."""

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.training.corpus.arm import ARM_LIMITS

AT = {name: i for i, name in enumerate(load_skeleton().names)}


def joint_angle(points, side, *names):
    """Angle at the middle one of three keypoints [..., K, 3] in degrees, 0 when straight."""
    first, middle, last = (points[..., AT[side + name], :] for name in names)
    upper, lower = middle - first, last - middle
    cosine = (upper * lower).sum(-1)
    cosine /= np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def check_human(clip, build):
    """Check bones, ground, joints and speed of a clip of somebody of a build; return heights."""
    points = clip.keypoints.astype(float) / build.height_m
    assert build.skeleton().bone_error(points) < 1e-6
    assert points[..., 2].min() > -1e-6, 'below the ground'
    step = np.linalg.norm(np.diff(clip.keypoints.astype(float), axis=0), axis=-1)
    assert step.max() * clip.rate_hz < 8.0, 'quicker than a person'
    hip = points[:, AT['MidHip']]
    up = points[:, AT['Neck']] - hip
    up /= np.linalg.norm(up, axis=-1, keepdims=True)
    ears = 0.5 * (points[:, AT['LEar']] + points[:, AT['REar']])
    for side in 'LR':
        elbow = joint_angle(points, side, 'Shoulder', 'Elbow', 'Wrist')
        assert elbow.max() < ARM_LIMITS['elbow'][1] + 12.0
        assert joint_angle(points, side, 'Hip', 'Knee', 'Ankle').max() < 110.0
        straight = 0.5 * (points[:, AT[f'{side}Ankle']] + points[:, AT[f'{side}Hip']])
        assert (points[:, AT[f'{side}Knee'], 0] - straight[:, 0]).min() > 0.0, 'knees forward'
        wrist = points[:, AT[f'{side}Wrist']]
        height = ((wrist - hip) * up).sum(-1)
        away = np.linalg.norm(wrist - hip - height[:, None] * up, axis=-1)
        inside = (height > 0.02) & (height < 0.22)
        assert away[inside].min(initial=1.0) > 0.055, 'a hand in the trunk'
        assert np.linalg.norm(wrist - ears, axis=-1).min() > 0.055, 'a hand in the head'
    return points
