# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Make the moving picture of the README, and the one of the page: `make docs ARGS=pictures`.

`make docs` makes the moving picture where it is missing. It is one run of the packaged model in
its live loop, of a seed whose emotions are easy to tell. The other one needs Chromium.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
import re
import signal
import subprocess
import sys
import tempfile
import time

import chromium
from console import say

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / 'docs' / 'pictures'
FILM, PAGE = FOLDER / 'seven_emotions.gif', FOLDER / 'viewer.png'
EMOTIONS = ('neutral', 'happiness', 'sadness', 'surprise', 'anger', 'fear', 'disgust')
GENERATE = ['-m', 'emotion_motion.cli', 'generate', '--seed', '6', '--seconds', '2.8']
NAMESPACE = ['-r', '__ns:=/pictures']
NODE = ['-m', 'emotion_motion.ros.node.motion_node', '--ros-args', *NAMESPACE]
NODE += ['-p', 'robot:=humanoid', '-p', 'output:=display', '-p', 'seed:=3']
VIEWER = ['-m', 'emotion_motion.ros.viewer_node', '--port=0', '--updates-hz=8']
VIEWER += ['--emotion=happiness', f'--urdf={ROOT / "urdf" / "humanoid.urdf"}']
VIEWER += ['--ros-args', *NAMESPACE]
SIZE, LIMIT_S, LOOK_S = {'width': 1120, 'height': 720}, 120.0, 20.0
_COLOURS = 128


def film() -> None:
    """Write the moving picture."""
    say(f'[docs] {FILM.relative_to(ROOT)}')
    command = [*GENERATE, '--emotion', *EMOTIONS, '--out', str(FILM)]
    subprocess.run([sys.executable, *command], check=True, cwd=ROOT)


def page() -> None:
    """Write what the page of a node with a robot looks like."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    say(f'[docs] {PAGE.relative_to(ROOT)}')
    with contextlib.ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory())) / 'viewer.log'
        for command, output in ((NODE, log.with_name('node.log')), (VIEWER, log)):
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                stdout=output.open('wb'),
                stderr=subprocess.STDOUT,
            )
            stack.callback(process.wait, LIMIT_S)
            stack.callback(process.send_signal, signal.SIGINT)
        end_s = time.monotonic() + LIMIT_S
        while (address := re.search(r'http://\S+', log.read_text())) is None:
            if time.monotonic() > end_s:
                sys.exit(f'the viewer told no address: {log.read_text()}')
            time.sleep(0.1)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=chromium.program(), args=chromium.arguments()
        )
        stack.callback(browser.close)
        view = browser.new_page(viewport=SIZE)
        view.goto(address[0])
        view.add_style_tag(content='.mantine-Notification-root { display: none }')
        # The bars show once something has come; the robot's meshes take longer.
        view.locator('[data-emotion]').first.wait_for(timeout=1000 * LIMIT_S)
        view.wait_for_timeout(1000 * LOOK_S)
        view.screenshot(path=PAGE)
    # A third of the size.
    Image.open(PAGE).convert('RGB').quantize(_COLOURS).save(PAGE, optimize=True)
