# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion view`: the page in a browser, for a node, a generator, or files."""

from __future__ import annotations

from collections.abc import Callable
import importlib
from pathlib import Path
import secrets
import signal
import sys
from typing import Any

import tyro

from emotion_motion.exceptions import ConfigError
from emotion_motion.viewer.page import RATE_HZ
from emotion_motion.viewer.serve import serve, ServeOptions
from emotion_motion.viewer.server import HOST, PORT

__all__ = ['view']


def view(
    files: tyro.conf.Positional[tuple[Path, ...]] = (),
    no_ros: bool = False,
    host: str = HOST,
    port: int = PORT,
    browser: bool = True,
    light: bool = False,
    record_dir: Path = Path(),
    seconds: float | None = None,
    updates_hz: float = RATE_HZ,
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

    Args:
        files: one motion file, or two to be shown side by side: .npz, .bvh, or the log of a run.
            None: what the node publishes.
        no_ros: run the model in this process; no node and no ROS is needed.
        host: address to listen on; 127.0.0.1 is this machine alone, 0.0.0.0 every network.
        port: the first to try; the next free one where it is taken.
        browser: open a browser where there is one.
        light: begin with a light page; it can be switched in the page.
        record_dir: folder that recordings are written to.
        seconds: end after so long; by default when interrupted [s].
        updates_hz: how often the page is brought up to date; fewer for a slow browser [Hz].
        clip: which clip of a file that holds several, from 1.
        model: with --no-ros: name of a packaged model or folder of a checkpoint.
        seed: with --no-ros: makes the run repeatable.
        device: with --no-ros: torch device, such as cpu or cuda.
        body_height_m: with --no-ros: height of the body [m]; by default the model's own.
        namespace: of the node to show.
        node: name of the node to show.
        urdf: the robot's description, for a graph without a topic robot_description.
    """
    if len(files) > 2 or (files and no_ros):
        raise ConfigError(
            f'got {len(files)} files{" and --no-ros" if no_ros else ""}; expected one file, two '
            f'to be compared, or none'
        )
    options = ServeOptions(
        host=host,
        port=port,
        browser=browser,
        dark=not light,
        folder=record_dir,
        seconds=seconds,
        bodies=max(1, len(files)),
        updates_hz=updates_hz,
    )
    if files:
        from emotion_motion.viewer.sources.clips import read_track
        from emotion_motion.viewer.sources.files import FilePlayer

        serve(FilePlayer([read_track(file, clip) for file in files]), options, _stop_signal())
    elif no_ros:
        from emotion_motion.generator import MotionGenerator
        from emotion_motion.viewer.sources.direct import DirectSource

        generator = MotionGenerator.from_pretrained(
            model,
            device=device,
            body_height_m=body_height_m,
            # Small enough to be typed into the page.
            seed=secrets.randbelow(2**31) if seed is None else seed,
        )
        serve(DirectSource(generator), options, _stop_signal())
    else:
        _view_node(options, namespace, node, urdf)


def _view_node(options: ServeOptions, namespace: str, node: str, urdf: Path | None) -> None:
    """Run viewer_node, where there is ROS."""
    try:
        importlib.import_module('rclpy')
        module = importlib.import_module('emotion_motion.ros.viewer.viewer_node')
    except ImportError as error:
        raise ConfigError(
            f'there is no ROS here to see a node with ({error}); enter it (. ./env.sh), or show a '
            f'model without it: emotion-motion view --no-ros'
        ) from error
    arguments = [f'--host={options.host}', f'--port={options.port}', f'--node={node}']
    arguments += [f'--updates-hz={options.updates_hz}']
    arguments += ['--browser'] if options.browser else []
    arguments += [] if options.dark else ['--light']
    arguments += [f'--record-dir={options.folder}']
    arguments += [] if options.seconds is None else [f'--seconds={options.seconds}']
    arguments += [] if urdf is None else [f'--urdf={urdf}']
    sys.exit(module.main([*arguments, '--ros-args', '-r', f'__ns:={namespace}']))


def _stop_signal() -> Callable[[], bool]:
    """Return what tells whether the user or the system wants an end."""
    received: list[int] = []

    def remember(number: int, _frame: Any) -> None:
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, remember)
    return lambda: bool(received)
