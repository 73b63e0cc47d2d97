# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command `emotion-motion ablate`."""

from __future__ import annotations

import json
from pathlib import Path

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.evaluation.ablation import markdown, measure_row, ROWS, run_row
from emotion_motion.evaluation.yardstick import RUN_IN_S, Yardstick
from emotion_motion.exceptions import ConfigError
from emotion_motion.files import check_place, storage_errors, write_file


def ablate(
    model: str = 'default',
    /,
    out: Path = Path('ablation'),
    rows: tuple[str, ...] = (),
    streams: int = 4,
    seconds: float = 60.0,
    seed: int = 0,
) -> None:
    """Measure what each part of the sampler is worth in a trained model, by its settings alone.

    Writes OUT/ablation.json and the table OUT/ablation.md. All rows take a quarter of an hour at
    most on two cores.

    Args:
        model: name or folder of a checkpoint.
        out: folder of the two files.
        rows: which; all by default.
        streams: of each emotion, each of another seed.
        seconds: length of each [s]; gestures are counted by the minute.
        seed: of the runs and of the reference.
    """
    names = [row.name for row in ROWS]
    unknown = [name for name in rows if name not in names]
    if unknown:
        raise ConfigError(
            f'got the rows {", ".join(unknown)}; expected some of {", ".join(names)}'
        )
    shortest_s = RUN_IN_S + 2.0
    if streams < 1 or not seconds > shortest_s:
        raise ConfigError(
            f'got {streams} streams of {seconds:g} s; expected one or more of over '
            f'{shortest_s:g} s'
        )
    check_place(out / 'ablation.json')
    checkpoint = from_pretrained(model)
    yardstick = Yardstick.make(rate_hz=checkpoint.rate_hz, seed=seed)
    measured = []
    for row in ROWS:
        if not rows or row.name in rows:
            motion = run_row(row, checkpoint, streams=streams, seconds=seconds, seed=seed)
            measured.append({'name': row.name, **measure_row(motion, yardstick)})
            with storage_errors(out):
                text = json.dumps(measured, indent=1) + '\n'
                write_file(out / 'ablation.json', text.encode())
    table = markdown(measured)
    with storage_errors(out):
        write_file(out / 'ablation.md', table.encode())
    print(f'{table}\nwrote {out / "ablation.json"} and {out / "ablation.md"}')
