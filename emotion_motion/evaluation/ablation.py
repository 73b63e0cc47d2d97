# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What each part of the method is worth: one part is taken away at a time, and all is measured.

Each row is a model of its own, trained on the same data with as many steps, or the weights of
another row run in another way. What a row is named after is all that differs from its base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any

from emotion_motion.checkpoint import Checkpoint, from_pretrained
from emotion_motion.evaluation.evaluate import evaluate_with, make_yardstick
from emotion_motion.evaluation.report import number_text, Report, to_json
from emotion_motion.evaluation.streams import Plan
from emotion_motion.exceptions import ConfigError
from emotion_motion.model_config import MotionModelConfig
from emotion_motion.training.atomic import storage_errors, write_file
from emotion_motion.training.config import TrainConfig
from emotion_motion.training.train_command import train

__all__ = ['COLUMNS', 'ROWS', 'Row', 'ablate', 'markdown', 'settings_of']

BASE = 'base'
# Two layers of 96 channels: on one core 2.5 steps a second, where the default model makes 1.4.
_SMALL = MotionModelConfig(
    motion_channels=72, emotion_channels=24, layers=2, heads=3, mdn_channels=96
)
_FILE = 'evaluation.json'

# Key of a measure in a report, and what the table calls it.
COLUMNS = {
    'alive.speed_ratio_median': 'speed of reference',
    'alive.freeze_excess': 'standing beyond reference',
    'alive.longest_still': 'longest still run',
    'alive.near_duplicate': 'near-duplicates',
    'alive.gestures_ratio': 'gestures of reference',
    'body.off_body': 'off the body',
    'body.jerk_ratio': 'jerk of reference',
    'emotion.accuracy_of_ceiling': 'judge of ceiling',
    'emotion.agreement': 'own recognition',
    'emotion.fooled': 'fooled by a wrong condition',
    'distribution.frechet_ratio': 'Fréchet over floor',
    'switch.believed': 'switch believed',
}


@dataclass(frozen=True)
class Row:
    """A model without one part of the method.

    Attributes:
        name: folder of the row, and what --rows takes.
        title: for the table.
        training: fields of TrainConfig's groups that differ, by group.
        weights: name of the row whose weights are run; '' trains weights of its own.
        loop: fields of MotionModelConfig that differ while it runs, not while it is trained.
        sampler: settings of the sampler that differ.
    """

    name: str
    title: str
    training: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    weights: str = ''
    loop: Mapping[str, bool] = field(default_factory=dict)
    sampler: Mapping[str, float] = field(default_factory=dict)


_PLAIN = {'emotion_weight': 0.0, 'movement_weight': 0.0, 'k': 0.0, 'variance_div': 1.0,
          'temperature': 1.0}  # fmt: skip

ROWS = (
    Row(BASE, 'all of the method: an emotion score for each component and keypoint'),
    Row('logits', 'without the mixture: the deterministic logits',
        {'loss': {'mdn': False}, 'model': {'draws': False}}),
    Row('most-probable', 'the most probable component of each keypoint', weights=BASE,
        loop={'most_probable': True}),
    Row('plain', 'plain draws from the mixture', weights=BASE, sampler=_PLAIN),
    Row('no-emotion-term', 'the sampler without its emotion term, plans included', weights=BASE,
        sampler={'emotion_weight': 0.0}),
    Row('emotion-vector', 'one emotion vector for all components', weights=BASE,
        loop={'component_emotions': False}),
    Row('movement-term', 'the sampler with its movement term (weight 0.5)', weights=BASE,
        sampler={'movement_weight': 0.5}),
    Row('warm', 'components drawn at temperature 1 in place of 0.1', weights=BASE,
        sampler={'temperature': 1.0}),
    Row('emotion-from-features', "the emotion head reads the transformer's features",
        {'model': {'emotion_reads_features': True}}),
    Row('pooled-poses', 'the emotion head sees poses without speeds',
        {'model': {'pool_speeds': False}}),
    Row('mdn-from-logits', 'the mixture head reads the logits',
        {'model': {'mdn_reads_logits': True}}),
    Row('emotion-loss-1', 'emotion loss x 1 in place of x 10', {'loss': {'emotion_weight': 1.0}}),
    Row('mean-pooling', 'mean pooling in place of attention pooling',
        {'model': {'attention_pooling': False}}),
    Row('window-16', 'a window of 16 frames in place of 64', {'model': {'window': 16}}),
    Row('window-32', 'a window of 32 frames', {'model': {'window': 32}}),
    Row('no-plan', 'without plans', {'model': {'plan': False}}),
    Row('plan-12', 'plans of 12 principal components in place of 24',
        {'model': {'plan_dims': 12}}),
    Row('free-feet', 'feet are not held', weights=BASE, sampler={'stance': 0.0}),
    Row('no-leash', 'plans without a leash', weights=BASE, sampler={'leash': 0.0}),
    Row('no-wander', 'trained without wandering', {'noise': {'wander': (1e-6, 1e-6)}}),
    Row('no-watchdog', 'without the watchdog', weights=BASE, sampler={'watchdog': 0.0}),
)  # fmt: skip


def settings_of(row: Row, base: TrainConfig) -> TrainConfig:
    """Return how the weights of a row are trained."""
    groups = {name: dataclasses.replace(getattr(base, name), **changes)
              for name, changes in row.training.items()}  # fmt: skip
    return dataclasses.replace(base, **groups)


def ablate(
    out: Path = Path('ablation'),
    data: tuple[Path, ...] = (),
    minutes: float = 120.0,
    steps: int = 1200,
    rows: tuple[str, ...] = (),
    seed: int = 0,
) -> None:
    """Train and measure a small model for each part of the method that can be taken away.

    Writes OUT/ROW/ for each row and the table into OUT/ablation.md. What is there already is not
    done again, so that a second call goes on, and several may share the work by --rows.

    Args:
        out: folder of the runs.
        data: data sets to train on; none: a corpus is generated.
        minutes: of that corpus [min].
        steps: of each training; 1200 take about 8 minutes on one core.
        rows: which; all by default. A row that runs another row's weights needs those.
        seed: of corpus, weights and runs.
    """
    names = [row.name for row in ROWS]
    unknown = [name for name in rows if name not in names]
    if unknown:
        raise ConfigError(
            f'got the rows {", ".join(unknown)}; expected some of {", ".join(names)}'
        )
    chosen = [row for row in ROWS if not rows or row.name in rows]
    with storage_errors(f'the folder {out}'):
        out.mkdir(parents=True, exist_ok=True)
    base = _base(out, data, minutes, steps, seed)
    yardstick: Any = None
    for row in chosen:
        if (out / row.name / _FILE).is_file():
            continue
        weights = next(other for other in ROWS if other.name == (row.weights or row.name))
        folder = out / weights.name / 'run'
        if weights is row:
            train(folder, settings_of(row, base), resume=(folder / 'config.yaml').is_file())
        elif not (folder / 'best').is_dir():
            raise ConfigError(
                f'got the row {row.name}, which runs the weights of {weights.name}, before those '
                f'were trained; run --rows {weights.name} first'
            )
        checkpoint = from_pretrained(folder / 'best')
        if yardstick is None:
            yardstick = make_yardstick(checkpoint.rate_hz, seed=seed)
        report = evaluate_with(
            yardstick, _run_as(row, checkpoint), plan=Plan.quick(), seed=seed
        )
        _write(out / row.name, report)
    table = markdown(out)
    write_file(out / 'ablation.md', table.encode())
    print(table)
    print(f'wrote {out / "ablation.md"}; each row has its report in its folder there')


def markdown(out: Path) -> str:
    """Return the table of what was found; rows that were not done yet are left out.

    Args:
        out: folder of the runs.
    """
    reports = _found(out)
    lines = ['| | ' + ' | '.join(COLUMNS.values()) + ' |', '|---|' + '---|' * len(COLUMNS)]
    for row in ROWS:
        if row.name in reports:
            measures = reports[row.name]
            cells = [_cell(measures.get(key)) for key in COLUMNS]
            lines.append(f'| {row.title} | ' + ' | '.join(cells) + ' |')
    reference = [_cell(_reference_of(reports, key)) for key in COLUMNS]
    return '\n'.join([*lines, '| *reference* | ' + ' | '.join(reference) + ' |']) + '\n'


def _base(
    out: Path, data: Sequence[Path], minutes: float, steps: int, seed: int
) -> TrainConfig:
    """Return the training of the base row."""
    folders = tuple(str(path) for path in data) or (str(_corpus(out, minutes, seed)),)
    base = TrainConfig()
    return dataclasses.replace(
        base,
        data=dataclasses.replace(base.data, data=folders),
        run=dataclasses.replace(
            base.run, steps=steps, seed=seed, workers=0, save_every=steps, select_every=0,
            strip_every=0, select_s=5.0,
        ),
        model=_SMALL,
    )  # fmt: skip


def _corpus(out: Path, minutes: float, seed: int) -> Path:
    """Return the folder of the corpus, generated where it is not there yet."""
    from emotion_motion.training.sources import generate_corpus

    folder = out / 'corpus'
    generate_corpus(dataclasses.replace(TrainConfig().data, minutes=minutes, corpus_seed=seed),
                    folder)  # fmt: skip
    return folder


def _run_as(row: Row, checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint as the row runs it."""
    checkpoint.model.config = dataclasses.replace(checkpoint.model.config, **row.loop)
    sampler = dataclasses.replace(checkpoint.sampler, **row.sampler)
    return dataclasses.replace(checkpoint, sampler=sampler, name=row.title)


def _write(folder: Path, report: Report) -> None:
    with storage_errors(f'the report in {folder}'):
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / _FILE, to_json([report]).encode())


def _found(out: Path) -> dict[str, dict[str, Any]]:
    """Read the measures of every row that was done, by their keys."""
    found = {}
    for row in ROWS:
        if (out / row.name / _FILE).is_file():
            report = json.loads((out / row.name / _FILE).read_text())['reports'][0]
            found[row.name] = {
                f'{section}.{name}': measure
                for section, measures in report['measures'].items()
                for name, measure in measures.items()
            }
    return found


def _cell(measure: Mapping[str, Any] | None) -> str:
    if measure is None or measure['value'] is None:
        return '-'
    return number_text(measure['value'], measure['unit'])


def _reference_of(reports: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, Any] | None:
    """Return the reference's value of a measure, the same in every row."""
    for measures in reports.values():
        if key in measures and measures[key].get('reference') is not None:
            return {'value': measures[key]['reference'], 'unit': measures[key]['unit']}
    return None
