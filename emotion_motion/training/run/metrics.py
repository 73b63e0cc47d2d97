# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics of a run over its steps: one row a step in metrics.csv, the same for TensorBoard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import csv
import io
import os
from pathlib import Path
import time
from typing import Any

import numpy as np

from emotion_motion.exceptions import TrainingError
from emotion_motion.files import storage_errors, write_file

__all__ = ['MetricsLog', 'read_metrics']

Row = dict[str, str]  # by column; what is missing is empty


class MetricsLog:
    """Appends rows; each is on its way to the disk when `log` returns.

    A value that comes later than the first row (a score that is taken every 500 steps) becomes a
    new column at the right end, empty in the rows before.
    """

    def __init__(self, csv_path: Path, tensorboard: Path | None = None) -> None:
        """Go on with the table and TensorBoard's event files; nothing is written before `log`.

        Without a folder for them there are no event files.
        """
        self._path, self._tensorboard = Path(csv_path), tensorboard
        self._first_step: int | None = None  # from here on TensorBoard forgets what was logged
        self._writer: Any = None
        self._columns: list[str] = []  # none: the table was not looked at yet

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a step; TensorBoard groups 'losses/mse' under 'losses'.

        Raises:
            TrainingError: another file stands where the table is to be.
            StorageError: the disk is full, or the table cannot be written.
        """
        row = {'step': str(step), **{name: repr(float(value)) for name, value in values.items()}}
        with storage_errors(f'the metrics {self._path}'):
            if not row.keys() <= set(self._columns):
                columns, rows = _read(self._path)
                self._columns = list(dict.fromkeys([*columns, *row]))
                _write(self._path, self._columns, [*rows, row])
            else:
                # One write of a whole row: a kill leaves it or a part of it at the end, no more.
                with open(self._path, 'a', newline='', encoding='utf-8') as file:
                    file.write(_text([row], self._columns))
            self._to_tensorboard(step, values)

    def truncate(self, after_step: int) -> None:
        """Drop all rows after a step, as a run does that goes on from its checkpoint of then."""
        self.close()
        columns, rows = _read(self._path)
        if self._path.exists():
            with storage_errors(f'the metrics {self._path}'):
                _write(self._path, columns, (r for r in rows if int(r['step']) <= after_step))
        self._first_step = after_step + 1

    def close(self) -> None:
        """Close TensorBoard's file; `log` opens another, and looks at the table again."""
        self._columns = []
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _to_tensorboard(self, step: int, values: Mapping[str, float]) -> None:
        if self._tensorboard is None:
            return
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            _wait_for_a_second(self._tensorboard)
            self._writer = SummaryWriter(str(self._tensorboard), purge_step=self._first_step)
        for name, value in values.items():
            self._writer.add_scalar(name, float(value), step)
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
    return {**table, 'step': np.array([int(row['step']) for row in rows], dtype=np.int64)}


def _read(path: Path) -> tuple[list[str], list[Row]]:
    """Return the columns, 'step' first, and the rows that are whole."""
    text = path.read_text(encoding='utf-8', errors='replace') if path.exists() else ''
    lines = list(csv.reader(io.StringIO(text.rpartition('\n')[0])))
    if not lines:
        return ['step'], []
    header = lines[0]
    if header[:1] != ['step']:
        raise TrainingError(
            f'got {path}, which begins with {",".join(header)[:60]!r}; expected a table of '
            f'metrics that begins with step'
        )
    return header, [
        dict(zip(header, line, strict=True)) for line in lines[1:] if _is_row(line, len(header))
    ]


def _is_row(line: list[str], columns: int) -> bool:
    """Tell a row from what a power cut may leave."""
    try:
        [float(cell or 'nan') for cell in line[1:]]
        return len(line) == columns and int(line[0]) >= 0
    except ValueError:
        return False


def _write(path: Path, columns: list[str], rows: Iterable[Row]) -> None:
    header = dict(zip(columns, columns, strict=True))
    write_file(path, _text([header, *rows], columns).encode())


def _text(rows: Iterable[Row], columns: list[str]) -> str:
    text = io.StringIO()
    csv.DictWriter(text, columns, restval='', lineterminator='\n').writerows(rows)
    return text.getvalue()


def _wait_for_a_second(folder: Path) -> None:
    """Wait until no event file is of this second.

    TensorBoard reads event files in the order of their names: the second, then the host, the
    process and a count, both without leading zeros, so that of two files of one second the tenth
    comes before the ninth, and what it replaces is shown instead.
    """
    while any(folder.glob(f'events.out.tfevents.{int(time.time()):010d}.*')):
        time.sleep(0.05)
