# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command `emotion-motion models`: what models there are, with the key figures of each."""

from __future__ import annotations

from collections.abc import Iterator
import json as json_text
import os
from pathlib import Path
from typing import Any

import safetensors

from emotion_motion.checkpoint import available_models, read_config
from emotion_motion.exceptions import ConfigError
from emotion_motion.model.config import MotionModelConfig

_DEPTH = 4  # folders below the one that is searched
_COLUMNS = (
    'model',
    'parameters',
    'on disk',
    'rate',
    'keypoints',
    'window',
    'steps',
    'data',
    'free run',
    'licence',
)


def models(folder: Path = Path(), json: bool = False) -> None:
    """List the packaged models and those in a folder, with the key figures of their cards.

    Columns: what to give to --model; weights in millions; size; frames a second; keypoints; how
    much of the past it sees; steps and minutes of motion that it was trained on; how unlike its
    data it moved (0 is like it) when it was chosen in training; the licence of its weights.

    Args:
        folder: where to look for models of your own, and in folders below it.
        json: print JSON, with each model's folder and card.
    """
    if not folder.is_dir():
        raise ConfigError(f'got the folder {folder}, which does not exist; expected one to search')
    listed, damaged = _list_models(folder)
    if json:
        print(json_text.dumps({'models': listed, 'damaged': damaged}, indent=1))
        return
    print('\n'.join(_table(listed)))
    for path, reason in damaged.items():
        print(f'{path}: damaged ({reason})')
    if all(model['packaged'] for model in listed):
        place = folder.resolve()
        print(f'no model of your own in {place}; emotion-motion train --out my_run makes one')
    if listed:
        first = listed[0]['name']
        print(
            f'cards: README.md in the folders that --json names; try: emotion-motion generate '
            f'--model {first} --out happy.gif'
        )


def _list_models(folder: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the packaged models and those in a folder, by name, and what is wrong with others."""
    packaged = available_models()
    known = {path.resolve() for path in packaged.values()}
    local = {str(path): path for path in _local(folder) if path.resolve() not in known}
    places = {**packaged, **local}
    listed, damaged = [], {}
    for name, path in places.items():
        try:
            model = {'name': name, 'packaged': name in packaged, **_figures(path)}
            _row(model)  # all of it can be shown
            listed.append(model)
        except Exception as error:  # a damaged folder may fail in any way
            damaged[name] = f'no entry {error}' if isinstance(error, KeyError) else str(error)
    return listed, damaged


def _local(folder: Path) -> Iterator[Path]:
    """Yield the models in and below a folder, but not in hidden folders."""
    for place, below, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        below[:] = sorted(n for n in below if not n.startswith('.') and depth < _DEPTH)
        if {'config.json', 'model.safetensors'} <= set(files):
            below.clear()
            yield Path(place)


def _figures(path: Path) -> dict[str, Any]:
    """Return the key figures of one model from its files; its weights are not loaded."""
    config = read_config(path / 'config.json')
    weights = path / 'model.safetensors'
    with safetensors.safe_open(weights, framework='np') as file:
        file.keys()  # the header at least is whole
    model, training = config['model'], config['training']
    card = path / 'README.md'
    return {
        'parameters': MotionModelConfig(**model).parameters,
        'size_bytes': weights.stat().st_size,
        'rate_hz': float(config['rate_hz']),
        'keypoints': int(model['keypoints']),
        'keypoint_dims': int(model['keypoint_dims']),
        'window_s': int(model['window']) / float(config['rate_hz']),
        'steps': training.get('steps'),
        'minutes': training.get('minutes'),
        'free_run': (training.get('free_run') or {}).get('value'),
        'licence': training.get('licence', ''),
        'data': training.get('data', ''),
        'folder': str(path.resolve()),
        'card': str(card.resolve()) if card.is_file() else None,
    }


def _table(listed: list[dict[str, Any]]) -> list[str]:
    rows = [_COLUMNS, *(_row(model) for model in listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return [
        '  '.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    def shown(key: str, form: str) -> str:
        value = model[key]
        return '-' if value is None else form.format(value)

    return (
        model['name'],
        f'{model["parameters"] / 1e6:.2f} M',
        f'{model["size_bytes"] / 1e6:.1f} MB',
        f'{model["rate_hz"]:g} Hz',
        f'{model["keypoints"]} in {model["keypoint_dims"]}D',
        f'{model["window_s"]:.1f} s',
        shown('steps', '{}'),
        shown('minutes', '{:.0f} min'),
        shown('free_run', '{:.3f}'),
        str(model['licence'] or '-'),
    )
