# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Small made-up motions of people in metres, for tests of reading, preparing and storing."""

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.io.clip import Clip
from emotion_motion.training.data.geometry import two_bones

SKELETON = load_skeleton('body_25')
AT = {name: number for number, name in enumerate(SKELETON.names)}
UPPER = [
    n
    for n, name in enumerate(SKELETON.names)
    if not name.endswith(('Knee', 'Ankle', 'Toe', 'Heel'))
]


def other_body(height_m=1.8, arm=1.1, leg=0.94, hips=1.2):
    """The rest pose [K, 3] in metres of somebody with other proportions."""
    rest = SKELETON.rest.copy()
    for side in 'LR':
        for first, *below in (('Shoulder', 'Elbow', 'Wrist'), ('Elbow', 'Wrist')):
            bone = rest[AT[side + below[0]]] - rest[AT[side + first]]
            for name in below:
                rest[AT[side + name]] += (arm - 1.0) * bone
        legs = [AT[side + n] for n in ('Hip', 'Knee', 'Ankle', 'BigToe', 'SmallToe', 'Heel')]
        rest[legs, 1] += (hips - 1.0) * rest[AT[side + 'Hip'], 1]
    drop = (1.0 - leg) * (rest[AT['LHip'], 2] - rest[AT['LAnkle'], 2])
    rest[UPPER, 2] -= drop
    for side in 'LR':
        rest[AT[side + 'Knee'], 2] -= 0.5 * drop
    return rest * height_m


def moved(rest, hips, feet, arms):
    """Keypoints [T, K, 3] of a body whose hips and feet ([T, 3] each) are displaced so far.

    The arms swing forward by `arms` [T] rad, against each other.
    """
    points = np.repeat(rest[None], len(hips), axis=0)
    points[:, UPPER] += hips[:, None]
    for side, sign in (('L', 1.0), ('R', -1.0)):
        for name in ('Ankle', 'BigToe', 'SmallToe', 'Heel'):
            points[:, AT[side + name]] += feet[side]
        hip, knee, ankle = (AT[side + name] for name in ('Hip', 'Knee', 'Ankle'))
        lengths = [np.linalg.norm(rest[b] - rest[a]) for a, b in ((hip, knee), (knee, ankle))]
        forward = np.broadcast_to([1.0, 0.0, 0.0], hips.shape)
        points[:, knee], _ = two_bones(points[:, hip], points[:, ankle], forward, lengths)
        shoulder = points[:, AT[side + 'Shoulder']]
        for name in ('Elbow', 'Wrist'):
            offset = rest[AT[side + name]] - rest[AT[side + 'Shoulder']]
            sine, cosine = np.sin(sign * arms), np.cos(sign * arms)
            points[:, AT[side + name]] = shoulder + np.stack(
                (
                    cosine * offset[0] - sine * offset[2],
                    np.full(len(arms), offset[1]),
                    sine * offset[0] + cosine * offset[2],
                ),
                axis=-1,
            )
    return points


def swaying(seconds=4.0, rate_hz=30.0, rest=None, seed=0):
    """Somebody who stands, sways and swings the arms; [T, K, 3]."""
    rest = other_body() if rest is None else rest
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = np.random.default_rng(seed).uniform(0.0, 6.28, 4)
    hips = np.stack(
        [
            0.03 * np.sin(2.1 * time + phase[0]),
            0.04 * np.sin(1.3 * time + phase[1]),
            -0.06 + 0.02 * np.sin(3.0 * time + phase[2]),
        ],
        axis=-1,
    )
    still = np.zeros_like(hips)
    return moved(rest, hips, {'L': still, 'R': still}, 0.6 * np.sin(4.0 * time + phase[3]))


def walking(seconds=6.0, rate_hz=30.0, rest=None, speed=1.0, turn=0.0):
    """Somebody who walks ahead, one foot a second, along a circle with `turn` rad/s."""
    rest = other_body() if rest is None else rest
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    hips = np.stack([speed * time, np.zeros_like(time), np.full_like(time, -0.10)], axis=-1)
    feet = {}
    for side, shift in (('L', 0.0), ('R', 0.5)):
        step, share = np.divmod(time + shift, 1.0)
        swing = np.clip((share - 0.6) / 0.4, 0.0, 1.0)
        ahead = speed * (step + swing * swing * (3 - 2 * swing) - shift + 0.2)
        lift = 0.08 * np.sin(np.pi * swing) ** 2
        feet[side] = np.stack([ahead, np.zeros_like(time), lift], axis=-1)
    points = moved(rest, hips, feet, 0.4 * np.sin(2 * np.pi * time))
    if turn:
        angle = turn * time
        radius = np.array([0.0, speed / turn, 0.0])
        away = points - hips[:, None] * [1.0, 0.0, 0.0]
        points = rotated(away - radius, angle) + radius
    return points


def rotated(points, angle):
    """Turn points [T, K, 3] about the vertical by an angle, one or [T]."""
    cosine, sine = np.cos(angle), np.sin(angle)
    cosine, sine = (np.reshape(value, (-1, 1)) for value in (cosine, sine))
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=-1)


def clip_of(points, rate_hz=30.0, **fields):
    return Clip(keypoints=points, rate_hz=rate_hz, **fields)


def filmed(points, pixels=300.0):
    """What a camera in front of the body [T, K, 3] sees: x right, y down."""
    return points[..., 1:] * [pixels, -pixels] + [640.0, 500.0]
