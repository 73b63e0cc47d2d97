# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips of a simulated robot: rendered by MuJoCo, or drawn as lines where it cannot draw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.robot.drawing import LEFT, MIDDLE, new_figure, RIGHT
from emotion_motion.robot.simulation.robot import can_render, load_mujoco, SimulatedRobot

__all__ = ['film_states']

_HEIGHT_PX, _WIDTH_PX = 400, 330
_AZIMUTH_DEG = 35.0  # of the camera; 0 looks into the face


def film_states(
    simulated: SimulatedRobot,
    rows: Mapping[str, np.ndarray],
    path: Path,
    *,
    every_s: float,
    render: bool = True,
) -> bool:
    """Draw motions, one row each, time running to the right.

    Args:
        simulated: whose states.
        rows: name -> MuJoCo's positions [T, Q], one for each figure.
        path: picture to write.
        every_s: time from one figure to the next [s].
        render: whether MuJoCo shall draw bodies; it needs EGL or OSMesa for that. Without, or
            without them, figures are lines from joint to joint.

    Returns:
        Whether MuJoCo drew it.

    Raises:
        RobotError: matplotlib is not installed.
    """
    page, grid = _new_page(len(rows), max(map(len, rows.values())))
    pictures = _rendered(simulated, rows) if render and can_render() else None
    for row, (name, states) in zip(grid, rows.items(), strict=True):
        for column, (axes, state) in enumerate(zip(row, states, strict=False)):
            if pictures is not None:
                axes.imshow(pictures[name][column])
            else:
                _draw_lines(axes, simulated, state)
        row[0].set_title(name, loc='left', fontsize=11, fontweight='bold', pad=3)
    below = {'ha': 'center', 'va': 'top', 'fontsize': 8, 'color': '#6a7078'}
    for column, axes in enumerate(grid[-1]):
        time = f'{column * every_s:.1f} s'
        axes.text(0.5, -0.02, time, transform=axes.transAxes, **below)
    page.savefig(path, dpi=130, facecolor='white')
    return pictures is not None


def _new_page(rows: int, columns: int) -> tuple[Any, Any]:
    """Return a page and its empty axes [rows, columns]."""
    height = (1.35 * _HEIGHT_PX / _WIDTH_PX + 0.25) * rows + 0.3
    page = new_figure(1.35 * columns, height)
    grid = page.subplots(rows, columns, squeeze=False)
    page.subplots_adjust(0.0, 0.2 / height, 1.0, 1.0 - 0.25 / height, wspace=0.0, hspace=0.1)
    for axes in grid.flat:
        axes.set_axis_off()
    return page, grid


def _rendered(
    simulated: SimulatedRobot, rows: Mapping[str, np.ndarray]
) -> dict[str, list[np.ndarray]]:
    """Return a picture [H, W, 3] of every state."""
    mujoco = load_mujoco()
    renderer = mujoco.Renderer(simulated.model, _HEIGHT_PX, _WIDTH_PX)
    camera, look = mujoco.MjvCamera(), mujoco.MjvOption()
    low, high = simulated.extent
    height = high - low
    camera.lookat[:] = (0.0, 0.0, low + 0.58 * height)
    camera.distance, camera.azimuth, camera.elevation = 1.65 * height, 180.0 + _AZIMUTH_DEG, -8.0
    look.geomgroup[:] = 0
    look.geomgroup[1] = 1  # the shapes for pictures, not those for contacts
    pictures: dict[str, list[np.ndarray]] = {name: [] for name in rows}
    for name, states in rows.items():
        for state in states:
            simulated.data.qpos[:] = state
            mujoco.mj_forward(simulated.model, simulated.data)
            renderer.update_scene(simulated.data, camera, look)
            pictures[name].append(renderer.render().copy())
    renderer.close()
    return pictures


def _draw_lines(axes: Any, simulated: SimulatedRobot, state: np.ndarray) -> None:
    """Draw a line from every moving link's joint to that of the link that carries it."""
    model, data, turn = simulated.model, simulated.data, np.radians(_AZIMUTH_DEG)
    data.qpos[:] = state
    load_mujoco().mj_kinematics(model, data)
    across = -data.xpos[:, 0] * np.sin(turn) + data.xpos[:, 1] * np.cos(turn)
    flat = np.stack((across, data.xpos[:, 2]), axis=-1)
    for body in range(2, model.nbody):
        parent = model.body_parentid[body]
        if parent:
            chain = simulated.limb(model.body(body).name) or ''
            colour = {'left': LEFT, 'right': RIGHT}.get(chain.partition('_')[0], MIDDLE)
            axes.plot(*flat[[parent, body]].T, color=colour, lw=2.0, solid_capstyle='round')
    low, high = simulated.extent
    axes.set_ylim(low, high + 0.35 * (high - low))
    axes.set_xlim(-0.55 * (high - low), 0.55 * (high - low))
    axes.set_aspect('equal')
