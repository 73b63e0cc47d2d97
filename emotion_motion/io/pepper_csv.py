# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of REBL-Pepper: joint angles a frame, ratings an animation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import csv
from dataclasses import dataclass
import math
from pathlib import Path

import numpy as np

from emotion_motion.exceptions import MotionFileError

__all__ = ['Animation', 'read_animations', 'read_ratings']


@dataclass(frozen=True, eq=False)
class Animation:
    """One animation.

    Attributes:
        name: its `id`, such as 'Happy_4'.
        angles: [T, J] in radians, in the order asked for.
        line: line of the file where its first frame is, from 1.
    """

    name: str
    angles: np.ndarray
    line: int


def read_animations(path: Path, joints: Sequence[str]) -> list[Animation]:
    """Read a table with a column `id` and a column of radians for each of `joints`, row by frame.

    Raises:
        MotionFileError: no table, columns missing (all are listed), rows of another length (the
            last one of a truncated file), a value that is no finite number, an animation whose
            rows are not together, no rows.
    """
    names: list[str] = []
    rows: list[list[list[float]]] = []
    starts: list[int] = []
    for line, name, values in _rows(path, joints):
        if not names or name != names[-1]:
            if name in names:
                raise MotionFileError(
                    f'got {path}, where {name!r} goes on in line {line} after another animation; '
                    f'expected its rows together, in the order of time'
                )
            names.append(name)
            rows.append([])
            starts.append(line)
        rows[-1].append(values)
    return [
        Animation(name, np.array(angles), start)
        for name, angles, start in zip(names, rows, starts, strict=True)
    ]


def read_ratings(path: Path) -> dict[str, tuple[float, float]]:
    """Read a table `id`, `valence`, `arousal` of 0 to 1; returns name -> both, from -1 to 1.

    Raises:
        MotionFileError: as `read_animations`, a rating outside 0 to 1, or an animation twice.
    """
    ratings: dict[str, tuple[float, float]] = {}
    for line, name, values in _rows(path, ('valence', 'arousal')):
        if name in ratings:
            raise MotionFileError(f'got {path}, where {name!r} is rated again in line {line}')
        if not all(0.0 <= value <= 1.0 for value in values):
            raise MotionFileError(
                f'got {path}, where line {line} rates {name!r} {values[0]:g} and {values[1]:g}; '
                f'expected valence and arousal from 0 to 1'
            )
        ratings[name] = (2.0 * values[0] - 1.0, 2.0 * values[1] - 1.0)
    return ratings


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, str, list[float]]]:
    """Yield (line, id, values of `columns`) of each row; raises where there is none."""
    try:
        with path.open(encoding='utf-8-sig', newline='') as file:
            table = csv.reader(file, strict=True)
            header = next(table, [])
            _check_header(path, header, columns)
            places = [header.index(column) for column in columns]
            rows = 0
            for rows, row in enumerate(table, start=1):  # noqa: B007 (the number of rows)
                if len(row) != len(header):
                    raise MotionFileError(
                        f'got {path}, where line {table.line_num} has {len(row)} fields; expected '
                        f'{len(header)}: the file may be truncated'
                    )
                name = row[header.index('id')].strip()
                if not name:
                    raise MotionFileError(f'got {path}, where line {table.line_num} has no id')
                values = [_number(path, table.line_num, header[i], row[i]) for i in places]
                yield table.line_num, name, values
    except OSError as error:
        raise MotionFileError(f'could not read {path} ({error.strerror})') from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise MotionFileError(f'got {path}, which is no CSV table ({error})') from error
    if not rows:
        raise MotionFileError(f'got {path} without rows below its header; expected motion')


def _check_header(path: Path, header: list[str], columns: Sequence[str]) -> None:
    missing = [column for column in ('id', *columns) if column not in header]
    if missing:
        raise MotionFileError(
            f'got {path} without the columns {", ".join(missing)}; its header has '
            f'{", ".join(header[:20]) or "nothing"}{" ..." if len(header) > 20 else ""}'
        )


def _number(path: Path, line: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MotionFileError(
            f'got {path}, where {column} in line {line} is {text[:40]!r}; expected a finite number'
        )
    return value
