# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Where a limb has its elbow or knee, and where the part behind that ends."""

from __future__ import annotations

import numpy as np

from emotion_motion.retarget.joint_roles import Body, Node

__all__ = ['far_end', 'hinge_of']

# A person's elbow is at 0.56 of the way from shoulder to wrist (Winter, table of segments).
_ELBOW, _ELBOW_SPREAD = 0.56, 0.25
_SQUARE = 0.4  # cosine of an angle that counts as square
_STUMP = 0.04  # what is shorter, in heights of the robot, is no forearm


def hinge_of(body: Body, nodes: list[Node]) -> tuple[int, float]:
    """Return which joint is the elbow or knee, and how well it fits, 0 to 1.

    Its axis is square to both halves of the limb, and it is a little beyond the middle.
    """
    best, fit = min(len(nodes) - 1, 2), 0.0
    for i in range(1, len(nodes)):
        upper = nodes[i].at - nodes[min(1, i - 1)].at
        lower = body.links[far_end(body, nodes, i)] - nodes[i].at
        sizes = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
        if min(sizes) < 1e-3:
            continue
        square = [abs(float(half @ nodes[i].axis)) / size
                  for half, size in zip((upper, lower), sizes, strict=True)]  # fmt: skip
        if max(square) > _SQUARE:
            continue
        share = sizes[0] / sum(sizes)
        here = float(np.exp(-(((share - _ELBOW) / _ELBOW_SPREAD) ** 2))) * (1.0 - max(square) / 2)
        if here > fit:
            best, fit = i, here
    return best, fit


def far_end(body: Body, nodes: list[Node], hinge: int) -> str:
    """Return the link at the end of a forearm or shin.

    That of the first joint that is most of the way from the hinge to the last joint; where no
    joint is away from the hinge, the link that is farthest.
    """
    away = [float(np.linalg.norm(node.at - nodes[hinge].at)) for node in nodes[hinge:]]
    if max(away) > _STUMP * body.height_m:
        number = next(i for i, far in enumerate(away) if far >= 0.6 * max(away))
        return nodes[hinge + number].joint.child
    beyond = [link for link in body.urdf.links if nodes[-1].joint in body.urdf.way(link)]
    return max(
        beyond, key=lambda link: float(np.linalg.norm(body.links[link] - nodes[hinge].at))
    )
