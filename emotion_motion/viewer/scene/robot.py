# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot in the scene: its description's shapes, moved by its joint positions."""

from __future__ import annotations

from collections.abc import Mapping
import itertools
from pathlib import Path
import re
from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.urdf import find_file
from emotion_motion.viewer.scene.world import WORLD

_NAME = f'{WORLD}/robot'
# Beside the keypoints' figure, which stands at the origin.
BESIDE_M = (0.0, -0.95, 0.0)
_MESH = re.compile(r'(<mesh\b[^>]*?\bfilename\s*=\s*["\'])([^"\']+)')


class RobotView:
    """Shows the text of a URDF with Pinocchio and its visualiser for viser.

    Raises:
        RobotError: Pinocchio is missing, or the description or its meshes cannot be read.
    """

    def __init__(self, server: Any, urdf: str) -> None:
        from emotion_motion.robot.description.robot import pin

        text = with_files(urdf)
        try:
            from pinocchio.visualize.viser_visualizer import ViserVisualizer

            self._model = pin.buildModelFromXML(text)
            shapes = pin.buildGeomFromUrdfString(self._model, text, pin.GeometryType.VISUAL)
            self.root = server.scene.add_frame(_NAME, show_axes=False, visible=False)
            self._view = ViserVisualizer(self._model, pin.GeometryModel(), shapes)
            self._view.initViewer(viewer=server)
            self._view.loadViewerModel(rootNodeName=_NAME)
        except Exception as error:  # a description of any kind must not end the page
            raise RobotError(
                f'got a robot_description that cannot be shown ({error}); expected a URDF whose '
                f'meshes are installed here'
            ) from error
        self._q = pin.neutral(self._model)
        self._starts = {
            name: (joint.idx_q, joint.nq)
            for name, joint in zip(self._model.names, self._model.joints, strict=True)
        }
        self._joints: dict[str, float] = {}
        self._view.display(self._q)
        self.root.position = (*BESIDE_M[:2], -self._lowest())
        self.root.visible = True  # and not while it comes in pieces

    def show(self, joints: Mapping[str, float]) -> bool:
        """Take on joint positions, by name [rad or m], and return whether they are other ones.

        Joints that the robot has not are left out.
        """
        if not joints or joints == self._joints:
            return False
        self._joints = dict(joints)
        for name, position in joints.items():
            start, size = self._starts.get(name, (0, 0))
            if size == 1:
                self._q[start] = position
            elif size == 2:  # a joint without limits is a cosine and a sine in Pinocchio
                self._q[start : start + 2] = np.cos(position), np.sin(position)
        self._view.display(self._q)
        return True

    def _lowest(self) -> float:
        """Return how high its lowest shape reaches down; it shall stand on the ground [m]."""
        lowest = []
        shapes = self._view.visual_model.geometryObjects
        for shape, place in zip(shapes, self._view.visual_data.oMg, strict=True):
            shape.geometry.computeLocalAABB()
            box = shape.geometry.aabb_local
            corners = np.array(list(itertools.product(*zip(box.min_, box.max_, strict=True))))
            lowest.append((corners @ place.rotation.T + place.translation)[:, 2].min())
        return float(min(lowest, default=0.0))


def with_files(urdf: str) -> str:
    """Return a description whose meshes are named by the files that they are found in.

    Raises:
        RobotError: one is not found.
    """

    def with_file(match: re.Match[str]) -> str:
        path = find_file(match[2], Path.cwd())
        if path is None:
            raise RobotError(
                f'got a robot_description with the mesh {match[2]!r}, which is not found here; '
                f"install the robot's description package, or source its workspace"
            )
        return f'{match[1]}{path}'

    return _MESH.sub(with_file, urdf)
