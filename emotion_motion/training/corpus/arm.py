# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""An arm as four angles: shoulder swing and twist, elbow flexion; and where a wrist may not be.

Angles are in the frame of the chest of a LEFT arm (x forward, y left, z up); a right arm is its
mirror image. The upper arm hangs along -z; `flex` and `abduct` swing it forward and outward as one
rotation without twist (so there is no singular pose short of straight up), `twist` turns it inward
about itself, `elbow` bends the forearm. Angles in degrees, lengths in body heights.
"""

from __future__ import annotations

import numpy as np

from emotion_motion.training.data.geometry import norm, smoothstep

__all__ = [
    'ARM_LIMITS',
    'arm_angles',
    'arm_directions',
    'clear_of_ribs',
    'outside_ball',
    'outside_trunk',
]

# Degrees; active ranges of motion of healthy adults, rounded (AAOS: flexion 180, extension 60,
# abduction 180, rotation 70 to 90, elbow 150). A swing across the body counts as abduct < 0.
ARM_LIMITS = {
    'flex': (-45.0, 172.0),
    'abduct': (-50.0, 165.0),
    'twist': (-95.0, 100.0),
    'elbow': (3.0, 148.0),
}


def arm_directions(angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit directions of upper arm and forearm, each [..., 3].

    Args:
        angles: [..., 4] flex, abduct, twist, elbow in degrees.
    """
    flex, abduct, twist, elbow = np.moveaxis(np.radians(angles), -1, 0)
    upper, ahead, inward = _swung_axes(flex, abduct)
    bend = np.cos(twist)[..., None] * ahead + np.sin(twist)[..., None] * inward
    return upper, np.cos(elbow)[..., None] * upper + np.sin(elbow)[..., None] * bend


def arm_angles(upper: np.ndarray, forearm: np.ndarray) -> np.ndarray:
    """Return the angles [..., 4] of unit directions [..., 3]; inverse of `arm_directions`."""
    swing = np.arccos(np.clip(-upper[..., 2], -1.0, 1.0))
    side = np.hypot(upper[..., 0], upper[..., 1])
    ratio = np.divide(swing, side, out=np.ones_like(side), where=side > 1e-9)
    flex, abduct = ratio * upper[..., 0], ratio * upper[..., 1]
    _, ahead, inward = _swung_axes(flex, abduct)
    elbow = np.arccos(np.clip((upper * forearm).sum(-1), -1.0, 1.0))
    twist = np.arctan2((forearm * inward).sum(-1), (forearm * ahead).sum(-1))
    return np.degrees(np.stack((flex, abduct, twist, elbow), axis=-1))


def _swung_axes(flex: np.ndarray, abduct: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return upper arm, the direction that was forward and the one that was inward, swung."""
    swing = np.hypot(flex, abduct)
    # sin(s)/s and (1 - cos(s))/s^2 without a division by 0
    sinc = np.sinc(swing / np.pi)
    versine = 0.5 * np.sinc(swing / (2.0 * np.pi)) ** 2
    upper = np.stack((flex * sinc, abduct * sinc, -np.cos(swing)), axis=-1)
    ahead = np.stack((1.0 - versine * flex * flex, -versine * flex * abduct, flex * sinc), axis=-1)
    inward = np.stack(
        (versine * flex * abduct, -(1.0 - versine * abduct * abduct), -abduct * sinc), axis=-1
    )
    return upper, ahead, inward


def clear_of_ribs(angles: np.ndarray) -> np.ndarray:
    """Keep an arm [T, 4] that swings back beside the trunk, where the ribs would stop it."""
    least = 5.0 - 50.0 * smoothstep(angles[:, 0], -10.0, 45.0)
    gap = angles[:, 1] - least
    cleared = angles.copy()
    cleared[:, 1] = least + 0.5 * (gap + np.sqrt(gap * gap + 4.0))
    return cleared


def outside_trunk(
    wrist: np.ndarray,
    hip: np.ndarray,
    neck: np.ndarray,
    chest: np.ndarray,
    side: float,
    axes: tuple[float, float],
) -> np.ndarray:
    """Push wrists [T, 3] out of an elliptic cylinder of half `axes` around the trunk.

    Radially in front of it; behind it to the arm's own side (1 left, -1 right), since a push to
    the back would throw an arm that swings through from the back to the front.
    """
    local = np.einsum('tji,tj->ti', chest, wrist - hip)
    x, y, z = local.T
    depth, width = axes
    ratio = np.hypot(x / depth, y / width)
    top = float(np.linalg.norm(neck[0] - hip[0]))
    inside = smoothstep(z, -0.10, -0.04) * smoothstep(-z, -top - 0.02, -top + 0.04)
    factor = 1.0 + inside * (_smooth_outside(ratio) - 1.0)
    edge = width * np.sqrt(np.clip(1.0 - (x / depth) ** 2, 0.04, 1.0))
    gap = side * y - edge
    beside = side * (edge + 0.5 * (gap + np.sqrt(gap * gap + 2e-5)))
    front = smoothstep(x, -0.01, 0.06)
    moved_x = x * (1.0 + front * (factor - 1.0))
    moved_y = y + inside * (1.0 - front) * (beside - y) + front * y * (factor - 1.0)
    moved = np.stack((moved_x, moved_y, z), axis=-1)
    # Between beside and in front neither push is whole: what is still deep inside goes outward.
    ratio = np.hypot(moved[:, 0] / depth, moved[:, 1] / width) / 0.8
    moved[:, :2] *= (1.0 + inside * (_smooth_outside(ratio) - 1.0))[:, None]
    return hip + np.einsum('tij,tj->ti', chest, moved)


def outside_ball(wrist: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    """Push wrists [T, 3] out of a ball around `centre` [T, 3], such as the head."""
    offset = wrist - centre
    return centre + offset * _smooth_outside(norm(offset)[..., None] / radius)


def _smooth_outside(ratio: np.ndarray) -> np.ndarray:
    """Return a factor that lifts `ratio` above 1 smoothly and leaves it alone well above."""
    gap = ratio - 1.0
    lifted = 0.5 * (ratio + 1.0 + np.sqrt(gap * gap + 0.0025))
    return lifted / np.maximum(ratio, 1e-3)
