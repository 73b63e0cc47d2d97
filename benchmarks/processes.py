# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks of running nodes share: processes, their time, figures printed as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import contextlib
import json
import os
from pathlib import Path
import platform
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

LIMIT_S = 60.0


@contextlib.contextmanager
def running(command: list[str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends, then interrupt it; what it says goes to `log`."""
    with contextlib.ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open('wb'))
        errors = None if log is None else subprocess.STDOUT
        process = subprocess.Popen(command, stdout=output, stderr=errors)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)


def node_command(namespace: str, parameters: Mapping[str, Any]) -> list[str]:
    """Return what starts a motion node with parameters of ROS; texts are JSON already."""
    command = [sys.executable, '-m', 'emotion_motion.ros.node.motion_node', '--ros-args']
    command += ['-r', f'__ns:={namespace}']
    for name, value in parameters.items():
        command += ['-p', f'{name}:={value}']
    return command


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used, all threads [s]."""
    return cpu_seconds_of(Path(f'/proc/{process}/stat').read_text())


def cpu_seconds_of(stat: str) -> float:
    """Return the processor time in the text of a process's stat file [s]."""
    fields = stat.rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def rounded(value: Any) -> Any:
    """Return figures with three decimals, however they are nested."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def percentiles(values: ArrayLike) -> dict[str, float]:
    """Return median, 99th percentile and the most of values [N]."""
    p50, p99, most = np.percentile(values, (50, 99, 100)).tolist()
    return {'p50': p50, 'p99': p99, 'max': most}


def fixed_work(seconds: float = 20.0) -> dict[str, float]:
    """Return percentiles of how long the same short loop takes, again and again [ms].

    It waits and works as a node does, and needs nothing: what it takes longer than at the median
    is the machine's doing, other programs' or, on a virtual machine, its neighbours'. Late is what
    is done half a cycle or more after its usual time, as a cycle of a node is that is missed.
    """
    spent, late_s, due, rate_hz = [], [], time.perf_counter(), 60.0
    for _ in range(round(seconds * rate_hz)):
        due += 1.0 / rate_hz
        time.sleep(max(0.0, due - time.perf_counter()))
        began = time.perf_counter()
        total = 0
        for number in range(40_000):
            total += number
        done = time.perf_counter()
        spent.append(1e3 * (done - began))
        late_s.append(done - due)
        due = max(due, done - 1.0 / rate_hz)  # a node leaves out what it has missed
    late = float(np.mean(np.array(late_s) > np.median(late_s) + 0.5 / rate_hz))
    return {**percentiles(spent), 'share_late_by_half_a_cycle_of_60_hz': late}


def resident_mb(process: int) -> float:
    """Return the memory that a process holds [MB]."""
    pages = int(Path(f'/proc/{process}/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6


def print_table(rows: list[tuple[str, str, str]]) -> None:
    """Print to stderr what the documentation quotes: what, measured, wanted; machine and load."""
    when, load = time.strftime('%Y-%m-%d %H:%M'), os.getloadavg()[0]
    lines = [
        f'{platform.processor() or platform.machine()}, {os.cpu_count()} cores, '
        f'load {load:.1f}, {when}',
        '',
        '| what | measured | wanted |',
        '|---|---|---|',
    ]
    lines += [f'| {" | ".join(row)} |' for row in rows]
    print('\n'.join(lines), file=sys.stderr)


def print_figures(figures: dict[str, Any], out: Path | None, **machine: str) -> None:
    """Print figures with the machine that they are of, and write them to `out` as well."""
    figures['machine'] = {
        'processor': platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
        'fixed_work_ms': rounded(fixed_work()),
        **machine,
    }
    text = json.dumps(figures, indent=1)
    print(text)
    if out:
        out.write_text(text + '\n')
