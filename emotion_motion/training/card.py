# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint says of itself: where it comes from, and its model card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import re
from typing import Any

import emotion_motion
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.data.store import MotionDataset

__all__ = ['OWN', 'Terms', 'licence_of', 'model_card', 'origin_of', 'spdx_names']

OWN = 'Apache-2.0'  # of this project, and so of models from data that asks for less
_FREE = ('Apache-2.0', 'MIT', 'BSD-2-Clause', 'ISC', 'BSD-3-Clause', 'CC0-1.0', 'Unlicense')
_CREATIVE = re.compile(r'CC-BY(?P<nc>-NC)?(?P<last>-SA|-ND)?-(?P<version>\d\.\d)')
_MOST_SOURCES = 20
# The parts of the free-run score in words; see `selection`.
_FIGURES = {
    'speed': 'speed unlike the data',
    'freeze': 'stands still more than the data',
    'still': 'longest stand beyond that of the data',
    'range': 'frames out of the range of the data',
    'jerk': 'trembles more than the data',
    'emotion': 'asked for, but not recognised by its own head',
}
_BESIDE = {
    'unlike': 'unlike the data, 0 is like it',
    'slide_m_s': 'feet slide [m/s]',
    'still': 'stands still, share of the time',
    'jerk_m': 'trembles [m]',
}
_CARD = """\
# {name}

A model of [emotion_motion](../../README.md): living humanoid motion from an emotion.

| | |
|---|---|
| made by | emotion_motion {version}: `{command}` |
| data | {data} |
| licence | {licence} |
| parameters | {parameters:.2f} million |
| rate | {rate:g} Hz |
| skeleton | {skeleton}, {keypoints} keypoints in {dims}D |
| window | {window} frames ({window_s:.1f} s) |

## Data

| what | clips | minutes | licence |
|---|---|---|---|
{rows}

{credits}{figures}## Use

**Intended use**: gestures of a standing humanoid on a screen or, behind a safety limiter, on a
robot. **Not for** balance or walking, nor for judging what a person feels.

**Limits**: it knows one body, feet in place, and moves as its data does. The recognised emotion
is the model's own reading of its own motion; no person has rated it.
"""


@dataclass(frozen=True)
class Terms:
    """Under which licence a model can be given away."""

    licence: str  # SPDX identifier, 'unclear' or 'conflicting'
    credited: tuple[str, ...]  # licences among those of the data that ask to name the authors
    text: str  # what may be done with the model, in words


def licence_of(licences: Iterable[str]) -> Terms:
    """Decide on a model from the licences of all its data: the strictest is its own.

    That is the careful reading of an open question, and no advice of a lawyer. Licences are as
    for `spdx_names`; '' where nobody knows.
    """
    names = {name for text in licences for name in spdx_names(text)}
    unknown = sorted(name for name in names if name not in _FREE and not _CREATIVE.fullmatch(name))
    if unknown or not names:
        known = ' and '.join(repr(name) for name in unknown) or 'no licence at all'
        text = f'the data says {known}; ask its owners before you use or share this model'
        return Terms('unclear', (), f'unclear: {text}')
    credited = tuple(sorted(names - set(_FREE)))
    licence = _strictest(credited)
    if licence == 'conflicting':
        text = f'{" and ".join(credited)} cannot both be kept; do not share this model'
        return Terms(licence, credited, f'conflicting: {text}')
    words = [licence]
    words += ['not for commercial use'] if '-NC' in licence else []
    words += ['not to be shared'] if '-ND' in licence else []
    words += ['with the credits below'] if credited else []
    return Terms(licence, credited, ', '.join(words))


def spdx_names(text: str) -> list[str]:
    """Return the identifiers in what a data set says of its licence, ['unknown'] for nothing.

    They may be joined by ' AND ', and written as people do ('CC BY-NC 4.0').
    """
    parts = re.split(r'\s+AND\s+', text.strip()) if text.strip() else ['unknown']
    return [_spdx(part.strip()) for part in parts]


def _spdx(text: str) -> str:
    """Return the identifier that people's writing stands for, or the text itself."""
    key = re.sub(r'[\s_-]+', '-', text).upper()
    if _CREATIVE.fullmatch(key):
        return key
    return next((name for name in _FREE if name.upper() == key), text)


def _strictest(creative: Iterable[str]) -> str:
    """Return the licence that keeps all of them, 'conflicting' where there is none."""
    matches = [match for name in creative if (match := _CREATIVE.fullmatch(name))]
    if not matches:
        return OWN
    commercial = not any(match['nc'] for match in matches)
    lasts = {match['last'] for match in matches}
    last = next((part for part in ('-ND', '-SA') if part in lasts), '')
    if last == '-SA':
        # "Share alike" asks for the very same licence: commercial or not is not one's own choice.
        alike = {bool(match['nc']) for match in matches if match['last'] == '-SA'}
        if alike != {not commercial}:
            return 'conflicting'
    version = max(match['version'] for match in matches)
    return f'CC-BY{"" if commercial else "-NC"}{last}-{version}'


def origin_of(
    datasets: Sequence[MotionDataset], config: TrainConfig, start: Checkpoint | None = None
) -> dict[str, Any]:
    """Return where a model comes from: data, licences, configuration, the model it began with.

    A model that began with another carries the licence of that one's data as well.
    """
    parts = [_described(data) for data in datasets]
    licences = {name for part in parts for name in part['licences']}
    if start is not None:
        licences |= set(start.training.get('licences', [start.training.get('licence', '')]))
    sources = {data.info(int(i)).source for data in datasets for i in data.chosen('train')}
    origin = {
        'version': emotion_motion.__version__,
        'data': '; '.join(
            f'{_name(data)} ({len(data)} clips, {data.minutes:.1f} min)' for data in datasets
        ),
        'licence': licence_of(licences).licence,
        'licences': sorted(licences),
        'data_sets': parts,
        'clips': sum(part['clips'] for part in parts),
        'minutes': round(sum(part['minutes'] for part in parts), 1),
        'sources': sorted(sources)[:_MOST_SOURCES],
        'source_count': len(sources),
        'config': config.to_dict(),
    }
    if start is not None:
        origin |= {'start': start.name, 'start_training': start.training}
    return origin


def model_card(checkpoint: Checkpoint, name: str) -> str:
    """Write the model card (Markdown) of a checkpoint whose training is what `origin_of` returned.

    Where that has 'free_run' (`FreeRunScore.to_dict`), the card gives its figures.
    """
    training, config = checkpoint.training, checkpoint.model.config
    terms = licence_of(training['licences'])
    return _CARD.format(
        name=name,
        version=training['version'],
        command=f'emotion-motion train --out {name} {_options(training)}'.strip(),
        data=training['data'],
        licence=terms.text,
        parameters=sum(part.numel() for part in checkpoint.model.parameters()) / 1e6,
        rate=checkpoint.rate_hz,
        skeleton=checkpoint.skeleton.name,
        keypoints=checkpoint.skeleton.size,
        dims=config.keypoint_dims,
        window=config.window,
        window_s=config.window / checkpoint.rate_hz,
        rows='\n'.join(_rows(training)),
        credits=_credits(training, terms.credited),
        figures=_figures(training.get('free_run')) + '\n'.join([*beside_start(training), '']),
    )


def beside_start(training: Mapping[str, Any]) -> list[str]:
    """Return the free run of a model beside that of the one it began with, and what is worse."""
    if 'beside_start' not in training:
        return []
    runs = [training['beside_start'][name] for name in ('start', 'model')]
    name, keep = training['start'], training['config']['data']['keep'] or 0.0
    table = [['named by the head of the start', *(_mean_named(run) for run in runs)]]
    table += [
        [text, *(f'{run[key]:.3g}' if key in run else 'broke off' for run in runs)]
        for key, text in _BESIDE.items()
    ]
    rows = [f'| {row[0]:40} | {row[1]:>9} | {row[2]:>10} |' for row in table]
    lines = [f'| {"free run at each of the seven emotions":40} | {"start":>9} | this model |']
    lines += ['|---|---|---|', *rows, '']
    if bad := training['beside_start']['worse']:
        lines += [
            f'**Warning**: it is worse than `{name}`: {"; ".join(bad)}. Stay with `{name}`, or '
            f'train again with a larger --keep (here {keep:g}), fewer --steps, a smaller '
            f'--learning-rate, or data nearer to people who stand and gesture.',
            '',
        ]
    return lines


def _mean_named(run: Mapping[str, Any]) -> str:
    shares = run.get('named', {}).values()
    return f'{sum(shares) / len(shares):.3g}' if shares else 'broke off'


def _described(data: MotionDataset) -> dict[str, Any]:
    learnt = data.chosen('train')
    licences = {name for i in learnt for name in spdx_names(data.info(int(i)).licence)}
    return {
        'name': _name(data),
        'clips': len(learnt),
        'minutes': round(float(data.lengths[learnt].sum()) / data.rate_hz / 60.0, 1),
        'licences': sorted(licences),
        'attribution': data.manifest.get('attribution', ''),
    }


def _rows(training: dict[str, Any]) -> list[str]:
    rows = [
        f'| {part["name"]} | {part["clips"]} | {part["minutes"]:g} | '
        f'{", ".join(part["licences"])} |'
        for part in training['data_sets']
    ]
    before = training.get('start_training')
    if before:
        licences = before.get('licences', [before.get('licence', 'unknown')])
        rows.append(
            f'| what `{training["start"]}` was trained on, with which it began: '
            f'{before.get("data", "unknown")} | | | {", ".join(licences)} |'
        )
    return rows


def _credits(training: dict[str, Any], credited: Sequence[str]) -> str:
    """Name those who ask for it; Creative Commons licences do."""
    before = training.get('start_training') or {}
    parts = [*training['data_sets'], *before.get('data_sets', [])]
    owed = [part for part in parts if set(part['licences']) & set(credited)]
    if not owed:
        return ''
    lines = [
        f'- {part["attribution"] or part["name"]}, '
        f'{", ".join(name for name in part["licences"] if name in credited)}; '
        f'changed: mapped onto one body and learnt from'
        for part in owed
    ]
    return '**Credits**, to be kept with the model:\n\n' + '\n'.join(lines) + '\n\n'


def _figures(score: dict[str, Any] | None) -> str:
    if not score:
        return ''
    rows = '\n'.join(f'| {_FIGURES[name]} | {part:.3f} |' for name, part in score['parts'].items())
    ratios = ', '.join(f'{name} {ratio:.2f}' for name, ratio in score['speed_ratio'].items())
    seen = ', '.join(f'{name} {share:.2f}' for name, share in score['recognised'].items())
    return (
        f'## Free run\n\nCompared with the data, from 0 (like it) to 1; their weighted sum, '
        f'{score["value"]:.3f}, chose this model among those of its run.\n\n'
        f'| part | |\n|---|---|\n{rows}\n\nSpeed as a multiple of that of the data: {ratios}. '
        f'Weight that its own head gives to what was asked for: {seen}.\n\n'
    )


def _name(data: MotionDataset) -> str:
    return str(data.manifest.get('name') or (data.path.name if data.path else 'clips in memory'))


def _options(training: dict[str, Any]) -> str:
    default, flags = TrainConfig().to_dict(), []
    for group, values in training['config'].items():
        changed = {key: v for key, v in values.items() if v != default[group][key]}
        for key, value in changed.items():
            flag = key.replace('_', '-')
            if isinstance(value, bool):
                flags.append(f'--{flag}' if value else f'--no-{flag}')
            else:
                shown = value if isinstance(value, list) else [value]
                flags.append(' '.join([f'--{flag}', *map(str, shown)]))
    if training.get('start') and not training['config']['run']['start']:
        flags.append(f'--start {training["start"]}')
    return ' '.join(flags)
