# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What the set-up scripts say, and how they run other programs.

Everything goes to stderr: stdout belongs to the program that a make target runs.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
import contextlib
import fcntl
from pathlib import Path
import subprocess
import sys
import threading
import time
from typing import ClassVar

HEARTBEAT_S = 15.0
TAIL_LINES = 25


class SetupError(Exception):
    """Set-up cannot go on; the message says what was found, what is wanted and what to do."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def fail(error: SetupError) -> int:
    """Print an error as the last words of a script; returns its exit status."""
    say(f'\nerror: {error}')
    return 1


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let only one set-up or build work in this folder at a time; others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say('waiting for another make in this folder to finish its set-up ...')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def side_by_side(*lanes: Callable[[], object]) -> None:
    """
    Run several things at a time and wait for all of them.

    What may then meet in a folder, two pips say, is for the caller to keep apart.

    Raises:
        SetupError: the first lane that failed.
    """
    with ThreadPoolExecutor(len(lanes)) as pool:
        started = [pool.submit(lane) for lane in lanes]
    for lane in started:
        lane.result()


class _Progress:
    """Sign of life of a long command: seconds and its last line, in place on a terminal."""

    # Those at work now: on a terminal the first one has the line.
    _running: ClassVar[list[_Progress]] = []

    def __init__(self) -> None:
        self.text = ''
        self._live = sys.stderr.isatty()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def _tick(self) -> None:
        start = time.monotonic()
        while not self._over.wait(0.5 if self._live else HEARTBEAT_S):
            if self._live and self._running[0] is not self:
                continue
            line = f'  {time.monotonic() - start:.0f} s: {self.text.strip()[:90]}'
            sys.stderr.write(f'\r\x1b[K{line}' if self._live else f'{line}\n')
            sys.stderr.flush()

    def __enter__(self) -> _Progress:
        self._running.append(self)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._running.remove(self)
        if self._live:
            sys.stderr.write('\r\x1b[K')
            sys.stderr.flush()


def run(
    command: list[str], log: Path, *, env: dict[str, str] | None = None, cwd: Path | None = None
) -> str:
    """
    Run a program with its output in a log file and a sign of life on the terminal.

    Returns:
        The output. Raises SetupError with its end when the program fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    with log.open('a') as file, _Progress() as progress:
        file.write(f'\n$ {" ".join(command)}\n')
        try:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors='replace',
                env=env,
                cwd=cwd,
            )
        except OSError as error:
            raise SetupError(f'{command[0]} does not start: {error}') from error
        assert process.stdout is not None
        for line in process.stdout:
            file.write(line)
            lines.append(line)
            progress.text = line.strip() or progress.text
        status = process.wait()
    if status != 0:
        tail = ''.join(collections.deque(lines, maxlen=TAIL_LINES))
        raise SetupError(
            f'{" ".join(command[:6])} ... ended with status {status}. Its last words '
            f'(all of them: {log}):\n{tail}'
        )
    return ''.join(lines)
