# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command `emotion-motion evaluate`.

What stands before a `/` has no option's name on the command line, but its place.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from pathlib import Path
import sys
import time
from typing import Any, NamedTuple, TYPE_CHECKING

from emotion_motion.exceptions import ConfigError
from emotion_motion.files import check_place, storage_errors, write_file
from emotion_motion.settings import renamed, SamplerConfig, settings_of

if TYPE_CHECKING:
    from emotion_motion.evaluation.report.report import Report
    from emotion_motion.evaluation.streams import Plan
    from emotion_motion.evaluation.yardstick import Yardstick


class ModelSpec(NamedTuple):
    """A model to evaluate and how its sampler is to be set."""

    text: str  # as it was written, the title of its report
    model: str  # name or folder of a checkpoint
    changes: dict[str, float]  # settings of the sampler that differ from the checkpoint's


def evaluate_models(
    models: tuple[str, ...] = ('default',),
    /,
    quick: bool = False,
    out: Path = Path('evaluation'),
    data: tuple[Path, ...] = (),
    seed: int = 0,
    require: bool = False,
) -> None:
    """Run the live loop of a model and measure it against unseen motion.

    Writes evaluation.html, evaluation.json and evaluation.csv and prints the table. A target that
    is missed is no error, unless --require is given. A full evaluation takes some minutes.

    Args:
        models: packaged models or folders of checkpoints; several are put side by side.
            MODEL@temperature=0.8,movement_weight=1 changes the sampler's settings.
        quick: a tenth of the motion; what needs long runs is not measured.
        out: folder to write into; older reports in it are replaced.
        data: data sets whose held-out clips are measured, too.
        seed: of the runs and of the reference.
        require: exit with 1 where a wanted figure is missed or was not measured.
    """
    specs = [parse_spec(text) for text in models]
    if len(set(models)) < len(models):
        raise ConfigError(f'got the models {", ".join(models)}; expected each of them once')
    if seed < 0 or seed > 1000:
        raise ConfigError(f'got seed = {seed}; expected 0 to 1000')
    check_place(out / 'evaluation.html')  # nobody wants to learn of it after minutes
    reports = run_evaluation(specs, quick=quick, data=data, seed=seed)
    publish(out, reports)
    verdicts = [report.verdicts() for report in reports]
    if require and any(counts['missed'] or counts['not measured'] for counts in verdicts):
        sys.exit(1)


def parse_spec(text: str) -> ModelSpec:
    """Read 'MODEL' or 'MODEL@NAME=VALUE,NAME=VALUE'; a folder's own name may have an @."""
    model, changes = text, {}
    known = settings_of(SamplerConfig)
    if '@' in text and not Path(text).is_dir():
        model, _, parts = text.rpartition('@')
        for part in parts.split(','):
            name, equals, value = (word.strip() for word in part.partition('='))
            if name not in known or not equals:
                raise ConfigError(
                    f'got {part!r} in {text!r}; expected NAME=VALUE with one of '
                    f'{", ".join(known)}{renamed([name])}'
                )
            try:
                changes[name] = float(value)
            except ValueError:
                raise ConfigError(
                    f'got {value!r} for {name} in {text!r}; expected a number'
                ) from None
    return ModelSpec(text, model, changes)


def run_evaluation(
    specs: Sequence[ModelSpec],
    *,
    quick: bool = False,
    data: Sequence[Path] = (),
    seed: int = 0,
    plan: Plan | None = None,
    **more: Any,
) -> list[Report]:
    """Load everything first, so that a mistake shows at once; then run model by model."""
    from emotion_motion.checkpoint import from_pretrained
    from emotion_motion.evaluation.evaluate import evaluate
    from emotion_motion.evaluation.report.plots import check_plots
    from emotion_motion.evaluation.streams import Plan
    from emotion_motion.evaluation.yardstick import Stages, Yardstick
    from emotion_motion.training.data.store import MotionDataset

    check_plots()
    checkpoints = [from_pretrained(spec.model) for spec in specs]
    samplers = [
        dataclasses.replace(checkpoint.sampler, **spec.changes)
        for checkpoint, spec in zip(checkpoints, specs, strict=True)
    ]
    datasets = [MotionDataset.open(path) for path in data]
    plan = plan or (Plan.quick() if quick else Plan())
    yardsticks: dict[float, Yardstick] = {}
    reports = []
    for spec, checkpoint, sampler in zip(specs, checkpoints, samplers, strict=True):
        stages = Stages(_Progress(spec.text if len(specs) > 1 else ''))
        rate = checkpoint.rate_hz
        if rate not in yardsticks:
            yardsticks[rate] = Yardstick.make(
                rate_hz=rate, datasets=datasets, seed=seed, stages=stages, **more
            )
        how: dict[str, Any] = {'plan': plan, 'seed': seed, 'sampler': sampler, 'stages': stages}
        reports.append(evaluate(checkpoint, yardsticks[rate], title=spec.text, **how))
    return reports


def publish(out: Path, reports: Sequence[Report]) -> None:
    """Write evaluation.json, .csv and .html into a folder and print the table."""
    from emotion_motion.evaluation.report.page import html_report, table_lines
    from emotion_motion.evaluation.report.report import to_csv, to_json

    for ending, make in (('json', to_json), ('csv', to_csv), ('html', html_report)):
        with storage_errors(f'the report in {out}'):
            write_file(out / f'evaluation.{ending}', make(reports).encode())
    print('\n'.join(table_lines(reports)))
    print(f'\nwrote {out / "evaluation.html"}; open it in a browser (.json and .csv are beside)')


class _Progress:
    """Says on standard error what is being done; on a terminal, how much of it."""

    def __init__(self, title: str) -> None:
        self._title = f'{title}: ' if title else ''
        self._stage, self._begun = '', 0.0

    def __call__(self, stage: str, share: float) -> None:
        """Say that a stage begins (0), goes on or ends (1); what has ended is said once."""
        if share <= 0.0:
            self._stage, self._begun = stage, time.perf_counter()
        ended, on_terminal = share >= 1.0, sys.stderr.isatty()
        if self._stage and (ended or on_terminal):
            seconds = time.perf_counter() - self._begun
            state = f'{seconds:6.1f} s' if ended else f'{share:6.0%}  '
            start, end = '\r' if on_terminal else '', '\n' if ended else ''
            line = f'{start}{self._title}{stage:<24} {state}'
            print(line, end=end, file=sys.stderr, flush=True)
        if ended:
            self._stage = ''
