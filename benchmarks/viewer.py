# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The page at work: updates a second in a real browser, and what node and viewer cost.

Usage: python benchmarks/viewer.py [--model default] [--seconds 20] [--clients 1] [--out FILE]

A node, its viewer and Chromium, each a process of its own. An update is a frame that the browser
draws in which new positions of the body's parts were sent to its graphics: counted inside the
page, where drawing is asked for. CPU is the share of one core. Chromium draws without a graphics
card here (SwiftShader), which costs most of it; prints JSON; wants a machine with nothing else to
do, and Debian's chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path
import re
import shutil
import sys
import tempfile
import time
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from processes import cpu_seconds_of, LIMIT_S, node_command, print_figures, running

WANTED_UPDATES_HZ = 30.0
ARGUMENTS = (
    '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
    '--disable-background-networking', '--disable-dev-shm-usage',
)  # fmt: skip
# Instances lie in textures or buffers of floats; each update of the body writes some.
COUNTER = """
(() => {
  let written = false;
  window.__updates = 0; window.__frames = 0;
  const wrap = (proto, name) => {
    const plain = proto[name];
    proto[name] = function (...given) {
      if (given.some(part => part instanceof Float32Array)) written = true;
      return plain.apply(this, given);
    };
  };
  for (const name of ['bufferSubData', 'bufferData', 'texSubImage2D', 'texImage2D'])
    wrap(WebGL2RenderingContext.prototype, name);
  const count = () => {
    window.__frames += 1;
    if (written) { window.__updates += 1; written = false; }
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
})();
"""


def address_in(log: Path) -> str:
    end_s = time.monotonic() + LIMIT_S
    while (found := re.search(r'http://\S+', log.read_text(errors='replace'))) is None:
        if time.monotonic() > end_s:
            sys.exit(f'the viewer told no address: {log.read_text()}')
        time.sleep(0.1)
    return found[0]


def tree_seconds(process: int) -> float:
    """Return the processor time that a process and those below it have used [s]."""
    total = 0.0
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            text = stat.read_text()
            if int(stat.parent.name) == process:
                total += cpu_seconds_of(text)
            elif int(text.rsplit(')', 1)[1].split()[1]) == process:
                total += tree_seconds(int(stat.parent.name))
    return total


def browser_process() -> int:
    """Return the process of the one browser that is running below this one."""
    for stat in Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(OSError):
            line = stat.read_text()
            name = line[line.index('(') + 1 : line.rindex(')')]
            if name.startswith(('chrom', 'google')) and below(int(stat.parent.name), os.getpid()):
                return int(stat.parent.name)
    sys.exit('found no process of the browser')


def below(process: int, ancestor: int) -> bool:
    """Tell whether one process was started by another, and by no other browser between them."""
    parent = process
    while parent > 1:
        text = Path(f'/proc/{parent}/stat').read_text()
        if parent != process and text[text.index('(') + 1 :].startswith('chrom'):
            return False
        parent = int(text.rsplit(')', 1)[1].split()[1])
        if parent == ancestor:
            return True
    return False


def measure(model: str, seconds: float, clients: int) -> dict[str, Any]:
    """Return all figures."""
    program = shutil.which('chromium') or sys.exit('Chromium is missing: apt-get install chromium')
    namespace = f'/benchmark_{os.getpid()}'
    sandbox = ['--no-sandbox'] if os.geteuid() == 0 else []
    load = os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = stack.enter_context(running(
            node_command(namespace, {'model': model}), folder / 'node.log'
        ))  # fmt: skip
        log = folder / 'viewer.log'
        viewer = stack.enter_context(running(
            [sys.executable, '-m', 'emotion_motion.ros.viewer_node', '--port=0',
             '--emotion=happiness', '--ros-args', '-r', f'__ns:={namespace}'],
            log,
        ))  # fmt: skip
        address = address_in(log)
        time.sleep(3.0)
        idle = cpu_shares({'node': node.pid, 'viewer': viewer.pid}, seconds / 2)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=program, args=[*ARGUMENTS, *sandbox]
        )
        stack.callback(browser.close)
        pages = [browser.new_page(viewport={'width': 800, 'height': 600}) for _ in range(clients)]
        for page in pages:
            page.add_init_script(COUNTER)
            page.goto(address)
            page.locator('canvas').first.wait_for()
        pages[-1].wait_for_timeout(5000)
        before = [page.evaluate('[window.__updates, window.__frames]') for page in pages]
        begin_s = time.monotonic()
        busy = cpu_shares(
            {'node': node.pid, 'viewer': viewer.pid, 'browser': browser_process()}, seconds
        )
        after = [page.evaluate('[window.__updates, window.__frames]') for page in pages]
        elapsed_s = time.monotonic() - begin_s
        rates = [
            [round((new - old) / elapsed_s, 1) for new, old in zip(late, early, strict=True)]
            for late, early in zip(after, before, strict=True)
        ]
    updates_hz = min(rate[0] for rate in rates)
    return {
        'clients': clients,
        'updates_hz': [rate[0] for rate in rates],
        'browser_frames_hz': [rate[1] for rate in rates],
        'cpu_share_without_browser': idle,
        'cpu_share': busy,
        'wanted': {'updates_hz': WANTED_UPDATES_HZ},
        'met': {'updates_hz': updates_hz >= 0.97 * WANTED_UPDATES_HZ},
        'load_average_at_start': load,
    }


def cpu_shares(processes: dict[str, int], seconds: float) -> dict[str, float]:
    """Wait, and return the share of one core that each took meanwhile."""
    before = {name: tree_seconds(process) for name, process in processes.items()}
    begin_s = time.monotonic()
    time.sleep(seconds)
    elapsed_s = time.monotonic() - begin_s
    return {
        name: round((tree_seconds(process) - before[name]) / elapsed_s, 3)
        for name, process in processes.items()
    }


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='default', help='name or folder of a checkpoint')
    parser.add_argument('--seconds', type=float, default=20.0, help='time to watch [s]')
    parser.add_argument('--clients', type=int, default=1, help='number of pages')
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    figures = measure(args.model, args.seconds, args.clients)
    print_figures(figures, args.out)


if __name__ == '__main__':
    main()
