# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of a page: ground, bodies, robot, camera."""

from __future__ import annotations

from typing import Any

from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.viewer.scene.figures import Figures
from emotion_motion.viewer.scene.robot import BESIDE_M, RobotView
from emotion_motion.viewer.scene.world import (
    BRAND,
    DARK,
    Ground,
    LIGHT,
    place_cameras,
    place_upright,
)
from emotion_motion.viewer.source import Snapshot

_LAMP_M = (2.5, -3.0, 4.5)  # where light comes from: left of the camera, and above it


class Stage:
    """Shows snapshots in a viser scene.

    Attributes:
        robot_problem: why the robot is not shown; '' where it is or where there is none.
    """

    def __init__(self, server: Any, *, dark: bool, bodies: int) -> None:
        self._server = server
        self.robot_problem = ''
        self._look = DARK if dark else LIGHT
        self._robot: RobotView | None = None
        self._urdf = ''
        self._figures = Figures(server.scene, self._look)
        self._ground = Ground(server.scene, self._look)
        self._place_cameras(1.0 + 0.5 * max(0, bodies - 1))
        server.on_client_connect(self._on_client)
        self._number = -1
        self._shadows = False
        # Light from pictures of rooms is what a browser without a graphics card is slowest at, and
        # then each lamp: viser's own ones are on for shadows alone.
        server.scene.configure_environment_map(None)
        server.scene.configure_default_lights(enabled=False)
        server.scene.add_light_ambient('/light', intensity=0.8)
        self._lamp = server.scene.add_light_directional('/lamp', position=_LAMP_M, intensity=2.4)
        self._set_theme()

    @property
    def has_robot(self) -> bool:
        return self._robot is not None

    def dress(self, *, dark: bool) -> None:
        look = DARK if dark else LIGHT
        if look is not self._look:
            self._look = look
            self._set_theme()
            self._ground.dress(look)

    def choose(self, *, body: bool, robot: bool, trails: bool, shadows: bool) -> None:
        self._figures.choose(visible=body, trails=trails and body)
        if self._robot is not None:
            self._robot.root.visible = robot
        if shadows != self._shadows:
            self._shadows = shadows
            self._server.scene.configure_default_lights(enabled=shadows)
            self._lamp.visible = not shadows
            self._ground.shadows(shadows)

    def show(self, snapshot: Snapshot, now_s: float, *, follow: bool) -> bool:
        """Show a snapshot and return whether something has moved; an old one costs nothing.

        All that moves goes to the page at once, which then draws it at once.
        """
        if snapshot.urdf != self._urdf:
            self._urdf = snapshot.urdf
            self._load_robot()
        self._figures.dress(self._look, gone=bool(snapshot.notice))
        with self._server.atomic():
            moved = self._robot is not None and self._robot.show(snapshot.joints)
            if snapshot.number == self._number or not snapshot.figures:
                return moved
            self._number = snapshot.number
            self._figures.show(snapshot.figures, now_s)
            self._figures.follow(snapshot.figures, now_s, follow=follow)
        return True

    def _place_cameras(self, distance: float, aside_m: float = 0.0) -> None:
        self._camera = distance, aside_m
        place_cameras(self._server, distance=distance, aside_m=aside_m)

    def _on_client(self, client: Any) -> None:
        """Turn the camera of a new page to where an upright screen leaves room for the body."""
        if client.camera.aspect < 1.0:
            distance, aside_m = self._camera
            place_upright(client.camera, distance=distance, aside_m=aside_m)

    def _set_theme(self) -> None:
        self._server.gui.configure_theme(
            dark_mode=self._look is DARK,
            show_logo=False,
            show_share_button=False,
            brand_color=BRAND,
            control_width='medium',
        )

    def _load_robot(self) -> None:
        if self._robot is not None:
            self._robot.root.remove()
        self._robot, self.robot_problem = None, ''
        if not self._urdf:
            return
        # First of all: to load meshes takes seconds, and pages are opened meanwhile.
        self._place_cameras(1.5, 0.5 * BESIDE_M[1])
        try:
            self._robot = RobotView(self._server, self._urdf)
        except EmotionMotionError as error:
            self.robot_problem = str(error)
