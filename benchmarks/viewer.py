# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The page at work: updates a second in a real browser, and what node and viewer cost.

Usage: python benchmarks/viewer.py [--model default] [--seconds 20] [--clients 1]
                                   [--size 1280x800] [--out FILE]

A node, its viewer and Chromium, each a process of its own. An update has arrived when the page has
new places of the body's parts, and counts as drawn with the first frame of WebGL after it: both
are counted inside the page, which is asked for no frame that it would not draw by itself. CPU is
the share of one core; `others` is all else that runs on the machine. Chromium draws without a
graphics card (SwiftShader). Prints JSON; wants a machine with nothing else to do, and Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path
import re
import sys
import tempfile
import time
from typing import Any

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / 'scripts'))

import chromium
from processes import cpu_seconds_of, LIMIT_S, node_command, print_figures, running

WANTED_UPDATES_HZ = 30.0
COUNTER = """
(() => {
  const seen = window.__seen = {arrived: 0, updates: 0, frames: 0, calls: 0, js_ms: 0.0};
  let fresh = false, drawn = false;
  const wrap = (name) => {
    const plain = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...given) {
      drawn = true;
      seen.calls += 1;
      return plain.apply(this, given);
    };
  };
  for (const kind of ['Elements', 'Arrays'])
    for (const name of [`draw${kind}`, `draw${kind}Instanced`]) wrap(name);
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (then) => ask((time) => {
    const begin = performance.now();
    drawn = false;
    then(time);
    seen.js_ms += performance.now() - begin;
    if (!drawn) return;
    seen.frames += 1;
    if (fresh) seen.updates += 1;
    fresh = false;
  });
  const Plain = window.Worker;
  window.Worker = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({data}) => {
        if (!data.messages?.some((message) => message.type === 'SetPositionMessage')) return;
        seen.arrived += 1;
        fresh = true;
      });
    }
  };
})();
"""
LOOK = '({...window.__seen, pixels: document.querySelector("canvas[data-engine]").width})'


def address_in(log: Path) -> str:
    end_s = time.monotonic() + LIMIT_S
    while (address := re.search(r'http://\S+', log.read_text(errors='replace'))) is None:
        if time.monotonic() > end_s:
            sys.exit(f'the viewer told no address: {log.read_text()}')
        time.sleep(0.1)
    return address[0]


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


def measure(model: str, seconds: float, clients: int, size: tuple[int, int]) -> dict[str, Any]:
    """Return all figures."""
    program = chromium.program() or sys.exit('Chromium is missing: apt-get install chromium')
    namespace = f'/benchmark_{os.getpid()}'
    load = os.getloadavg()[0]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = stack.enter_context(
            running(node_command(namespace, {'model': model}), folder / 'node.log')
        )
        log = folder / 'viewer.log'
        viewer = stack.enter_context(
            running(
                [
                    sys.executable,
                    '-m',
                    'emotion_motion.ros.viewer_node',
                    '--port=0',
                    '--emotion=happiness',
                    '--ros-args',
                    '-r',
                    f'__ns:={namespace}',
                ],
                log,
            )
        )
        address = address_in(log)
        time.sleep(3.0)
        idle = cpu_shares({'node': node.pid, 'viewer': viewer.pid}, seconds / 2)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=program, args=chromium.arguments())
        stack.callback(browser.close)
        view = {'width': size[0], 'height': size[1]}
        pages = [browser.new_page(viewport=view) for _ in range(clients)]
        for page in pages:
            page.add_init_script(COUNTER)
            page.goto(address)
            page.locator('canvas').first.wait_for()
        pages[-1].wait_for_timeout(6000)
        before = [page.evaluate(LOOK) for page in pages]
        begin_s = time.monotonic()
        busy = cpu_shares(
            {'node': node.pid, 'viewer': viewer.pid, 'browser': browser_process()}, seconds
        )
        after = [page.evaluate(LOOK) for page in pages]
        elapsed_s = time.monotonic() - begin_s
    seen = [of_page(early, late, elapsed_s) for early, late in zip(before, after, strict=True)]
    updates_hz = min(page['updates_hz'] for page in seen)
    return {
        'size': list(size),
        'pages': seen,
        'cpu_share_without_browser': idle,
        'cpu_share': busy,
        'wanted': {'updates_hz': WANTED_UPDATES_HZ},
        'met': {'updates_hz': updates_hz >= 0.97 * WANTED_UPDATES_HZ},
        'load_average_at_start': load,
    }


def of_page(before: dict[str, float], after: dict[str, float], elapsed_s: float) -> dict[str, Any]:
    """Return what one page counted in the time between two looks."""
    told = {name: after[name] - before[name] for name in before}
    frames = max(told['frames'], 1)
    return {
        'arrived_hz': round(told['arrived'] / elapsed_s, 1),
        'updates_hz': round(told['updates'] / elapsed_s, 1),
        'frames_hz': round(told['frames'] / elapsed_s, 1),
        'draw_calls_a_frame': round(told['calls'] / frames, 1),
        'script_ms_a_frame': round(told['js_ms'] / frames, 2),
        'drawn_width': after['pixels'],
    }


def machine_seconds() -> float:
    """Return the processor time that everything on the machine has used [s]."""
    user, nice, system, _idle, _wait, *rest = map(
        int, Path('/proc/stat').read_text().splitlines()[0].split()[1:9]
    )
    return (user + nice + system + sum(rest)) / os.sysconf('SC_CLK_TCK')


def cpu_shares(processes: dict[str, int], seconds: float) -> dict[str, float]:
    """Wait, and return the share of one core that each took meanwhile."""
    before = {name: tree_seconds(process) for name, process in processes.items()}
    whole_s, begin_s = machine_seconds(), time.monotonic()
    time.sleep(seconds)
    elapsed_s = time.monotonic() - begin_s
    shares = {
        name: (tree_seconds(process) - before[name]) / elapsed_s
        for name, process in processes.items()
    }
    others = (machine_seconds() - whole_s) / elapsed_s - sum(shares.values())
    return {name: round(share, 3) for name, share in {**shares, 'others': others}.items()}


def page_size(text: str) -> tuple[int, int]:
    """Read a width and a height in points."""
    width, height = map(int, text.split('x'))
    return width, height


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='default', help='name or folder of a checkpoint')
    parser.add_argument('--seconds', type=float, default=20.0, help='time to watch [s]')
    parser.add_argument('--clients', type=int, default=1, help='number of pages')
    parser.add_argument(
        '--size', type=page_size, default=(1280, 800), help='of the page, such as 800x600'
    )
    parser.add_argument('--out', type=Path, help='file for the JSON; it is printed in any case')
    args = parser.parse_args()
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    figures = measure(args.model, args.seconds, args.clients, args.size)
    print_figures(figures, args.out)


if __name__ == '__main__':
    main()
