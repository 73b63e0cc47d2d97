# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Ten minutes of a page that is steered: nothing grows. Figures in docs/soak.md."""

from __future__ import annotations

from pathlib import Path
import time

from browser import chromium, View, Viewer
from graph import Graph
import numpy as np
import pytest

from emotion_motion.emotion import EMOTIONS

pytest.importorskip('viser')
MINUTES, SAMPLE_S = 10.0, 15.0
# What Python and a browser settle into comes first; growth counts from then on.
SETTLED_S = 180.0
GROWTH_MB = {'viewer': 8.0, 'node': 4.0, 'page': 6.0}


def resident_mb(process: int) -> float:
    status = Path(f'/proc/{process}/status').read_text()
    return int(status.split('VmRSS:')[1].split()[0]) / 1024.0


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_ten_minutes_of_a_page_do_not_grow(packaged_model: Path, tmp_path: Path) -> None:
    with chromium() as browser, Graph(str(packaged_model), tmp_path) as graph:
        node = graph.process('/soaked')
        viewer = Viewer(
            tmp_path / 'viewer.log',
            ['emotion_motion.ros.viewer_node', '--port=0', '--ros-args', '-r', '__ns:=/soaked'],
        )
        view = View(browser, viewer.address)
        tools = view.page.context.new_cdp_session(view.page)
        samples: list[tuple[float, float, float, float]] = []
        begin_s = time.monotonic()
        while (now_s := time.monotonic() - begin_s) < 60.0 * MINUTES:
            view.button(EMOTIONS[len(samples) % len(EMOTIONS)]).click()
            if len(samples) % 4 == 3:
                view.button('reset').click()
            tools.send('HeapProfiler.collectGarbage')
            page_mb = tools.send('Runtime.getHeapUsage')['usedSize'] / 2**20
            sample = (resident_mb(viewer.process.pid), resident_mb(node.process.pid), page_mb)
            samples.append((now_s, *sample))
            print(f'{now_s:.0f} s: viewer, node, page [MB]: {np.round(sample, 1)}', flush=True)
            view.page.wait_for_timeout(1e3 * SAMPLE_S)
        view.screenshot('soak')
        assert not view.errors
        view.close()
        assert viewer.end() == 0
    times_s, *columns = np.array(samples).T
    late = times_s > SETTLED_S
    for name, values in zip(GROWTH_MB, columns, strict=True):
        slope = np.polyfit(times_s[late], values[late], 1)[0]
        grown_mb = slope * (times_s[-1] - SETTLED_S)
        print(f'{name}: {grown_mb:+.1f} MB in the last {times_s[-1] - SETTLED_S:.0f} s')
        assert grown_mb < GROWTH_MB[name], f'{name} grows'
