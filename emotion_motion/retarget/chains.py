# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The chains of a robot: each a row of joints along one way through its tree."""

from __future__ import annotations

import itertools

from emotion_motion.exceptions import RobotError
from emotion_motion.retarget.robot_config import RobotConfig
from emotion_motion.retarget.urdf import Urdf

__all__ = ['check_chains']

# Keypoints whose direction from one to the next a chain turns.
_LIMBS = {
    'left_arm': ('LShoulder', 'LElbow', 'LWrist'),
    'right_arm': ('RShoulder', 'RElbow', 'RWrist'),
    'left_leg': ('LHip', 'LKnee', 'LAnkle'),
    'right_leg': ('RHip', 'RKnee', 'RAnkle'),
}


def check_chains(config: RobotConfig, urdf: Urdf) -> None:
    """Refuse chains that branch, and limbs whose keypoints their joints cannot move.

    Raises:
        RobotError: the message names the chain and what is wrong with it.
    """
    for chain, joints in config.chains.items():
        for one, other in itertools.pairwise(joints):
            if not (_above(urdf, one, other) or _above(urdf, other, one)):
                raise RobotError(
                    f'robot {config.name!r}: got the joints {one!r} and {other!r} one after the '
                    f'other in the chain {chain!r}, and neither moves the other in {urdf.path}; '
                    f'expected the joints of one limb from the trunk outwards'
                )
    for chain, keypoints in _LIMBS.items():
        if chain in config.controlled and config.chains.get(chain):
            _check_limb(config, urdf, chain, keypoints)


def _check_limb(
    config: RobotConfig, urdf: Urdf, chain: str, keypoints: tuple[str, ...]
) -> None:
    missing = [name for name in keypoints if name not in config.keypoints]
    if missing:
        raise RobotError(
            f'robot {config.name!r}: got the controlled chain {chain!r} without links for '
            f'{", ".join(missing)}; expected one for each of {", ".join(keypoints)}'
        )
    joints = set(config.chains[chain])
    moving = [
        {joint.name for joint in urdf.way(config.keypoints[name][0])} & joints
        for name in keypoints
    ]
    for (before, after), (one, other) in zip(
        itertools.pairwise(moving), itertools.pairwise(keypoints), strict=True
    ):
        if not before < after and config.keypoints[one] == config.keypoints[other]:
            raise RobotError(
                f'robot {config.name!r}: got the same link {config.keypoints[one][0]!r} for {one} '
                f'and {other}; expected two links with a joint of {chain!r} between them'
            )
        if not after:
            raise RobotError(
                f'robot {config.name!r}: got {config.keypoints[other][0]!r} as the link of '
                f'{other}, which no joint of {chain!r} moves; expected a link of that limb'
            )


def _above(urdf: Urdf, upper: str, lower: str) -> bool:
    """Return whether a joint moves another one."""
    return any(joint.name == upper for joint in urdf.way(urdf.joints[lower].parent))
