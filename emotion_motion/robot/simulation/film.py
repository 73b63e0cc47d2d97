# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Film strips of a simulated robot: rendered by MuJoCo, or drawn as lines where it cannot draw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.simulation.mujoco_module import can_render, load_mujoco
from emotion_motion.robot.simulation.robot import SimulatedRobot

__all__ = ['film_states']

_HEIGHT_PX, _WIDTH_PX = 400, 330
_LEFT, _RIGHT, _MIDDLE = '#1f77b4', '#d1495b', '#3b3f46'


def film_states(
    simulated: SimulatedRobot,
    rows: Mapping[str, np.ndarray],
    path: str | Path,
    *,
    rate_hz: float,
    every_s: float = 0.5,
    azimuth_deg: float = 35.0,
    title: str = '',
    render: bool = True,
) -> bool:
    """Draw motions, one row each, time running to the right.

    Args:
        simulated: whose states.
        rows: name -> MuJoCo's positions [T, Q], as in SimulationReport.states.
        path: picture to write.
        rate_hz: states a second.
        every_s: time from one figure to the next [s].
        azimuth_deg: the camera's turn; 0 looks into the face.
        title: text above all rows.
        render: whether MuJoCo shall draw bodies; it needs EGL or OSMesa for that. Without, or
            without them, figures are lines from joint to joint.

    Returns:
        Whether MuJoCo drew it.

    Raises:
        RobotError: no rows, figures without distance, or matplotlib is not installed.
    """
    step = round(every_s * rate_hz)
    if not rows or step < 1:
        raise RobotError(
            f'got {len(rows)} motions and a figure every {every_s} s of {rate_hz:g} Hz; expected '
            f'at least one motion, and at least one state from figure to figure'
        )
    shown = {name: states[::step] for name, states in rows.items()}
    count = max(len(states) for states in shown.values())
    axes, save = _page(len(rows), count, title)
    pictures = _rendered(simulated, shown, azimuth_deg) if render else None
    for row, (name, states) in enumerate(shown.items()):
        for column in range(len(states)):
            axis = axes[row][column]
            if pictures is not None:
                axis.imshow(pictures[name][column])
            else:
                _draw_lines(axis, simulated, states[column], azimuth_deg)
        axes[row][0].set_title(name, loc='left', fontsize=11, fontweight='bold', pad=3)
    for column in range(count):
        axes[-1][column].annotate(
            f'{column * step / rate_hz:.1f} s',
            (0.5, -0.02),
            xycoords='axes fraction',
            ha='center',
            va='top',
            fontsize=8,
            color='#6a7078',
        )
    save(Path(path))
    return pictures is not None


def _page(rows: int, columns: int, title: str) -> tuple[Any, Any]:
    """Return a grid of axes [rows][columns] and what writes it to a file."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RobotError(
            f'could not import matplotlib ({error}), which film strips need; '
            f"pip install 'emotion_motion[train]'"
        ) from error
    wide, high = 1.35 * columns, 1.35 * _HEIGHT_PX / _WIDTH_PX * rows + 0.25 * rows + 0.3
    high += 0.35 if title else 0.0
    figure = Figure(figsize=(wide, high))
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    top = 1.0 - (0.6 if title else 0.25) / high
    figure.subplots_adjust(0.0, 0.2 / high, 1.0, top, wspace=0.0, hspace=0.1)
    for axis in axes.flat:
        axis.set_axis_off()
    if title:
        figure.suptitle(title, fontsize=13, y=1.0 - 0.1 / high)
    return axes, lambda path: figure.savefig(path, dpi=130, facecolor='white')


def _rendered(
    simulated: SimulatedRobot, rows: Mapping[str, np.ndarray], azimuth_deg: float
) -> dict[str, list[np.ndarray]] | None:
    """Return a picture [H, W, 3] of every state, None where there is nothing to render with."""
    mujoco = load_mujoco()
    if not can_render():
        return None
    renderer = mujoco.Renderer(simulated.model, _HEIGHT_PX, _WIDTH_PX)
    camera, look = mujoco.MjvCamera(), mujoco.MjvOption()
    low, high = simulated.extent
    height = high - low
    camera.lookat[:] = (0.0, 0.0, low + 0.58 * height)
    camera.distance, camera.azimuth, camera.elevation = 1.65 * height, 180.0 + azimuth_deg, -8.0
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


def _draw_lines(
    axis: Any, simulated: SimulatedRobot, state: np.ndarray, azimuth_deg: float
) -> None:
    """Draw a line from every moving link's joint to that of the link that carries it."""
    mujoco, model, data = load_mujoco(), simulated.model, simulated.data
    data.qpos[:] = state
    mujoco.mj_kinematics(model, data)
    turn = np.radians(azimuth_deg)
    flat = np.stack(
        (-data.xpos[:, 0] * np.sin(turn) + data.xpos[:, 1] * np.cos(turn), data.xpos[:, 2]),
        axis=-1,
    )
    for body in range(2, model.nbody):
        parent = model.body_parentid[body]
        if parent == 0:
            continue
        name = model.body(body).name
        colour = (
            _LEFT
            if name.startswith(('l_', 'left'))
            else _RIGHT
            if name.startswith(('r_', 'right')) and not name.endswith('waist_link')
            else _MIDDLE
        )
        axis.plot(*flat[[parent, body]].T, color=colour, lw=2.0, solid_capstyle='round')
    low, high = simulated.extent
    margin = 0.35 * (high - low)
    axis.set_ylim(low, high + margin)
    axis.set_xlim(-0.55 * (high - low), 0.55 * (high - low))
    axis.set_aspect('equal')
