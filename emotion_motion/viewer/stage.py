# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of a page: ground, bodies, robot, camera."""

from __future__ import annotations

from typing import Any

from emotion_motion.exceptions import EmotionMotionError
from emotion_motion.viewer.camera import FollowCamera, WORLD
from emotion_motion.viewer.figures import Figures
from emotion_motion.viewer.look import BRAND, DARK, LIGHT, Look
from emotion_motion.viewer.robot import RobotView
from emotion_motion.viewer.source import Sight

__all__ = ['Stage']

_SIZE_M = 12.0


class Stage:
    """Shows sights in a viser scene.

    Attributes:
        robot_problem: why the robot is not shown; '' where it is or where there is none.
    """

    def __init__(self, server: Any, *, dark: bool, bodies: int) -> None:
        self._server = server
        self.robot_problem = ''
        self._look: Look | None = None
        self._robot: RobotView | None = None
        self._urdf = ''
        self._grid: Any = None
        self._camera = FollowCamera(server, distance=1.0 + 0.5 * (bodies - 1))
        self._figures = Figures(server.scene, DARK if dark else LIGHT)
        self._number = -1
        self._shadows = False
        # Light from pictures of rooms is what a browser without a graphics card is slowest at.
        server.scene.configure_environment_map(None)
        server.scene.configure_default_lights(cast_shadow=False)
        server.scene.add_light_ambient('/light', intensity=0.8)
        self.dress(dark=dark)

    @property
    def has_robot(self) -> bool:
        """Whether a robot is in the scene."""
        return self._robot is not None

    def dress(self, *, dark: bool) -> None:
        """Make page and scene dark or light."""
        look = DARK if dark else LIGHT
        if look is self._look:
            return
        self._look = look
        self._server.gui.configure_theme(
            dark_mode=dark, show_logo=False, show_share_button=False, brand_color=BRAND,
            control_width='medium',
        )  # fmt: skip
        if self._grid is not None:
            self._grid.remove()
        self._grid = self._server.scene.add_grid(
            f'{WORLD}/ground', _SIZE_M, _SIZE_M, cell_size=0.25, section_size=1.0,
            cell_color=look.cell, section_color=look.section, fade_distance=14.0,
            shadow_opacity=0.25,
        )  # fmt: skip

    def choose(self, *, body: bool, robot: bool, trails: bool, shadows: bool) -> None:
        """Choose what is shown."""
        self._figures.visible = body
        self._figures.trails(trails and body)
        if self._robot is not None:
            self._robot.visible = robot
        if shadows != self._shadows:
            self._shadows = shadows
            self._server.scene.configure_default_lights(cast_shadow=shadows)

    def show(self, sight: Sight, now_s: float, *, follow: bool) -> None:
        """Show a sight; one that was shown already costs nothing."""
        self._show_robot(sight)
        self._figures.dress(self._look or DARK, gone=bool(sight.notice))
        if sight.number == self._number or not sight.figures:
            return
        self._number = sight.number
        with self._server.atomic():
            self._figures.show(sight.figures, now_s)
        self._camera.follow(self._figures.middle(sight.figures) if follow else None, now_s)

    def _show_robot(self, sight: Sight) -> None:
        if sight.urdf != self._urdf:
            self._urdf = sight.urdf
            self._load_robot()
        if self._robot is not None and sight.joints:
            with self._server.atomic():
                self._robot.show(sight.joints)

    def _load_robot(self) -> None:
        if self._robot is not None:
            self._robot.remove()
        self._robot, self.robot_problem = None, ''
        if not self._urdf:
            return
        try:
            self._robot = RobotView(self._server, self._urdf)
        except EmotionMotionError as error:
            self.robot_problem = str(error)
