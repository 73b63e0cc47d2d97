# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion view`: the page in a browser, for a node, a generator, or files."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from pathlib import Path
import secrets
import sys

import tyro

from emotion_motion.exceptions import ConfigError
from emotion_motion.stop_signals import stop_signals
from emotion_motion.viewer.controls import TOUR_S
from emotion_motion.viewer.page import serve
from emotion_motion.viewer.server import ServeOptions

__all__ = ['view']


def view(
    files: tyro.conf.Positional[tuple[Path, ...]] = (),
    page: ServeOptions = ServeOptions(browser=True),  # noqa: B008
    no_ros: tyro.conf.FlagCreatePairsOff[bool] = False,
    clip: int = 1,
    model: str = 'default',
    seed: int | None = None,
    device: str = 'cpu',
    body_height_m: float | None = None,
    namespace: str = '/',
    node: str = 'motion_node',
    urdf: Path | None = None,
) -> None:
    """Show motion in a browser: of a running node, of a model (--no-ros), or of files.

    Where there is no ROS, and no option of a node is given, it is the model.

    Args:
        files: one motion file, or two to be shown side by side: .npz, .bvh, or the log of a run.
            Without one it shows what a running node publishes.
        page: how the page is served.
        no_ros: run the model in this process; no node and no ROS is needed.
        clip: which clip of a file that holds several, from 1.
        model: with --no-ros: name of a packaged model or folder of a checkpoint.
        seed: with --no-ros: makes the run repeatable.
        device: with --no-ros: torch device, such as cpu or cuda.
        body_height_m: with --no-ros: height of the body [m]; by default the model's own.
        namespace: namespace of the node to show.
        node: name of the node to show.
        urdf: the robot's URDF, where no topic robot_description gives it.
    """
    if len(files) > 2 or (files and no_ros):
        raise ConfigError(
            f'got {len(files)} files{" and --no-ros" if no_ros else ""}; expected one file, two '
            f'to be compared, or none'
        )
    asks_for_node = (namespace, node, urdf) != ('/', 'motion_node', None)
    if not (files or no_ros or asks_for_node or importlib.util.find_spec('rclpy')):
        print('there is no ROS here: this is the model itself, as with --no-ros', file=sys.stderr)
        no_ros = True
    if files:
        from emotion_motion.viewer.files import FilePlayer, read_track

        serve(FilePlayer([read_track(file, clip) for file in files]), page, stop_signals())
    elif no_ros:
        from emotion_motion.generator import MotionGenerator
        from emotion_motion.viewer.direct import DirectSource

        generator = MotionGenerator.from_pretrained(
            model,
            device=device,
            body_height_m=body_height_m,
            # Small enough to be typed into the page.
            seed=secrets.randbelow(2**31) if seed is None else seed,
        )
        serve(DirectSource(generator), page, stop_signals(), TOUR_S)
    else:
        _view_node(page, namespace, node, urdf)


def _view_node(page: ServeOptions, namespace: str, node: str, urdf: Path | None) -> None:
    """Run viewer_node, where there is ROS."""
    try:
        importlib.import_module('rclpy')
        module = importlib.import_module('emotion_motion.ros.viewer_node')
    except ImportError as error:
        raise ConfigError(
            f'there is no ROS here to see a node with ({error}); enter it (. ./env.sh), or show a '
            f'model without it: emotion-motion view --no-ros'
        ) from error
    options = module.ViewerOptions(**dataclasses.asdict(page), node=node, urdf=urdf)
    sys.exit(
        module.show_node(
            options, ['view', '--ros-args', '-r', f'__ns:={namespace}'], stop_signals()
        )
    )
