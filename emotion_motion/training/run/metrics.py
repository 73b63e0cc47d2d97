# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of a run over its steps: one row a step in metrics.csv, the same for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
import csv
import io
import os
from pathlib import Path
import time
from typing import Any, TextIO

import numpy as np

from emotion_motion.exceptions import TrainingError
from emotion_motion.files import storage_errors, write_file

__all__ = ['MetricsLog', 'read_metrics']


class MetricsLog:
    """Appends rows; each is on its way to the disk when `log` returns.

    A value that comes later than the first row (a score that is taken every 500 steps) becomes a
    new column at the right end, empty in the rows before. Values of a step that has a row already
    join that row.
    """

    def __init__(
        self, csv_path: Path, tensorboard: Path | None = None, *, first_step: int | None = None
    ) -> None:
        """Go on with the files that are there; nothing is written before the first `log`.

        Args:
            csv_path: the table.
            tensorboard: folder of TensorBoard's event files; None: none are written.
            first_step: TensorBoard forgets what an earlier process logged from here on.
        """
        self._path, self._tensorboard = Path(csv_path), tensorboard
        self._first_step = first_step
        self._file: TextIO | None = None
        self._writer: Any = None
        self._columns: list[str] = []
        self._last_step = -1

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a step.

        Args:
            step: not before the step that was logged last.
            values: numbers by name; 'losses/mse' is grouped under 'losses' by TensorBoard.

        Raises:
            TrainingError: an earlier step (truncate first), a full disk, or tensorboard is
                missing.
        """
        numbers = {name: float(value) for name, value in values.items()}
        with storage_errors(f'the metrics {self._path}'):
            if self._file is None:
                self._open()
            if step < self._last_step:
                raise TrainingError(
                    f'got metrics of step {step} after those of step {self._last_step}; '
                    f'call truncate({step}) before going back'
                )
            new = [name for name in numbers if name not in self._columns]
            if new or step == self._last_step:
                self._rewrite(step, numbers, new)
            else:
                self._append(step, numbers)
            self._last_step = step
            self._to_tensorboard(step, numbers)

    def truncate(self, after_step: int) -> None:
        """Drop all rows after a step, as a run does that goes on from its checkpoint of then."""
        self.close()
        columns, rows = _read(self._path)
        kept = [row for row in rows if int(row['step']) <= after_step]
        if self._path.exists():
            with storage_errors(f'the metrics {self._path}'):
                write_file(self._path, _table(columns, kept).encode())
        self._first_step = after_step + 1

    def close(self) -> None:
        """Close the files; `log` opens them again."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self) -> None:
        """Open the table at its end; a row that a kill cut in two is dropped."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._columns, rows = _read(self._path)
        self._last_step = max((int(row['step']) for row in rows), default=-1)
        if self._path.exists():
            whole = _table(self._columns, rows)
            if whole.encode() != self._path.read_bytes():
                write_file(self._path, whole.encode())
        self._file = open(self._path, 'a', newline='', encoding='utf-8')  # noqa: SIM115

    def _append(self, step: int, numbers: dict[str, float]) -> None:
        assert self._file is not None
        # One write of a whole row: a kill leaves it or a part of it at the end, nothing else.
        self._file.write(_line([step, *(numbers.get(name, '') for name in self._columns)]))
        self._file.flush()

    def _rewrite(self, step: int, numbers: dict[str, float], new: list[str]) -> None:
        """Write the whole table anew, with more columns or a fuller last row."""
        assert self._file is not None
        self._file.close()
        self._file = None
        columns, rows = [*self._columns, *new], _read(self._path)[1]
        texts = {name: repr(value) for name, value in numbers.items()}
        if rows and int(rows[-1]['step']) == step:
            rows[-1] |= texts
        else:
            rows.append({'step': str(step), **texts})
        write_file(self._path, _table(columns, rows).encode())
        self._columns = columns
        self._file = open(self._path, 'a', newline='', encoding='utf-8')  # noqa: SIM115

    def _to_tensorboard(self, step: int, numbers: dict[str, float]) -> None:
        if self._tensorboard is None:
            return
        if self._writer is None:
            self._writer = _summary_writer(self._tensorboard, self._first_step)
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()


def read_metrics(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read a metrics.csv.

    Returns:
        Columns by name, each [N]: 'step' int64, the others float64 with NaN where nothing is.

    Raises:
        TrainingError: there is no such file, or it is no table of metrics.
    """
    path = Path(path)
    if not path.is_file():
        raise TrainingError(f'got no file {path}; expected the metrics.csv of a run folder')
    columns, rows = _read(path)
    table = {name: np.array([float(row[name] or 'nan') for row in rows]) for name in columns}
    return {'step': np.array([int(row['step']) for row in rows], dtype=np.int64), **table}


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns without 'step', and the rows that are whole."""
    if not path.exists():
        return [], []
    text = path.read_text(encoding='utf-8', errors='replace')
    whole, _, _ = text.rpartition('\n')
    lines = list(csv.reader(io.StringIO(whole)))
    if not lines:
        return [], []
    if lines[0][:1] != ['step']:
        raise TrainingError(
            f'got {path}, which begins with {",".join(lines[0])[:60]!r}; expected a table of '
            f'metrics that begins with step'
        )
    header = lines[0]
    rows = [dict(zip(header, line, strict=True)) for line in lines[1:] if _is_row(line, header)]
    return header[1:], rows


def _is_row(line: list[str], header: list[str]) -> bool:
    """Tell a row from what the end of the power may leave."""
    try:
        [float(cell or 'nan') for cell in line[1:]]
        return len(line) == len(header) and int(line[0]) >= 0
    except ValueError:
        return False


def _table(columns: list[str], rows: list[dict[str, str]]) -> str:
    lines = [_line(['step', *columns])]
    lines += [_line([row['step'], *(row.get(name, '') for name in columns)]) for row in rows]
    return ''.join(lines)


def _line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerow(cells)
    return text.getvalue()


def _summary_writer(folder: Path, first_step: int | None) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise TrainingError(
            "got no tensorboard, which the run folder's event files need; pip install "
            "'emotion_motion[train]' or train without tensorboard"
        ) from error
    _outlive_this_second(folder)
    return SummaryWriter(str(folder), purge_step=first_step)


def _outlive_this_second(folder: Path) -> None:
    """Wait until a new event file's name sorts after those that are there, one second at most.

    TensorBoard reads event files in the order of their names: the second, then the host, the
    process and a count, both without leading zeros, so that of two files of one second the
    tenth comes before the ninth, and what it replaces is shown instead.
    """
    while any(folder.glob(f'events.out.tfevents.{int(time.time()):010d}.*')):
        time.sleep(0.05)
