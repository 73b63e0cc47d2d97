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
from typing import Any

from emotion_motion.exceptions import ConfigError
from emotion_motion.settings import SamplerConfig

__all__ = ['ModelSpec', 'evaluate_models', 'parse_spec', 'publish', 'run_evaluation']

_SAMPLER = tuple(field.name for field in dataclasses.fields(SamplerConfig))


@dataclasses.dataclass(frozen=True)
class ModelSpec:
    """A model to evaluate and how its sampler is to be set.

    Attributes:
        text: as it was written, the title of its report.
        model: name or folder of a checkpoint.
        changes: settings of the sampler that differ from the checkpoint's.
    """

    text: str
    model: str
    changes: dict[str, float]


def evaluate_models(
    models: tuple[str, ...] = (),
    /,
    compare: tuple[str, ...] = (),
    quick: bool = False,
    out: Path = Path('evaluation'),
    data: tuple[Path, ...] = (),
    seed: int = 0,
    require: bool = False,
    k: float | None = None,
    emotion_weight: float | None = None,
    movement_weight: float | None = None,
    guidance: float | None = None,
    individual: float | None = None,
    variance_div: float | None = None,
    temperature: float | None = None,
    mixture_temperature: float | None = None,
    target_gain: float | None = None,
    pose_radius: float | None = None,
    fade: float | None = None,
    stance: float | None = None,
    watchdog: float | None = None,
) -> None:
    """Run the live loop of a model and measure it against unseen motion.

    Writes evaluation.html, evaluation.json and evaluation.csv and prints the table. A target that
    is missed is no error, unless --require is given. A full evaluation takes some minutes.

    Args:
        models: packaged models or folders of checkpoints; default `default`. Several are put side
            by side. MODEL@temperature=0.8,movement_weight=1 changes the sampler's settings.
        compare: more models to put beside them.
        quick: a tenth of the motion; what needs long runs is not measured.
        out: folder to write into; older reports in it are replaced.
        data: data sets whose held-out clips are measured, too.
        seed: of the runs and of the reference.
        require: exit with 1 where a wanted figure is missed or was not measured.
        k: weight of certainty in the sampler of all models, 0 to 20.
        emotion_weight: weight of the emotion that would show, 0 to 50.
        movement_weight: weight of movement, -5 to 20.
        guidance: how much more probable what the emotion favours becomes, 0 (not at all) to 20.
        individual: how much counts what a single limb would add to the emotion, 0 to 20.
        variance_div: divides the standard deviations, 0.1 to 10000.
        temperature: of the choice between candidates, 0.05 to 5.
        mixture_temperature: of the mixture that the candidates are drawn from, 0.05 to 5.
        target_gain: how much of the way to its target the body is sent, 0 to 3.
        pose_radius: how far candidates may be from every anchor, 0 (anywhere) to 10.
        fade: how much of what the principal axes do not know of a pose fades in a frame, 0 to 1.
        stance: how far standing feet are held, 0 (they glide) to 1.
        watchdog: how strongly what stands still is freed, 0 (not at all) to 3.
    """
    given = {
        'k': k,
        'emotion_weight': emotion_weight,
        'movement_weight': movement_weight,
        'guidance': guidance,
        'individual': individual,
        'variance_div': variance_div,
        'temperature': temperature,
        'mixture_temperature': mixture_temperature,
        'target_gain': target_gain,
        'pose_radius': pose_radius,
        'fade': fade,
        'stance': stance,
        'watchdog': watchdog,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    specs = [parse_spec(text, changes) for text in (*models, *compare) or ('default',)]
    titles = [spec.text for spec in specs]
    if len(set(titles)) < len(titles):
        raise ConfigError(f'got the models {", ".join(titles)}; expected each of them once')
    if seed < 0 or seed > 1000:
        raise ConfigError(f'got seed = {seed}; expected 0 to 1000')
    _check_folder(out)
    reports = run_evaluation(specs, quick=quick, data=data, seed=seed)
    publish(out, reports)
    if require and any(_fails(report) for report in reports):
        sys.exit(1)


def parse_spec(text: str, changes: dict[str, float] | None = None) -> ModelSpec:
    """Read 'MODEL' or 'MODEL@NAME=VALUE,NAME=VALUE'.

    Args:
        text: what was written. A folder whose own name has an @ is taken as it is.
        changes: settings for all models; those in the text win.

    Raises:
        ConfigError: a setting that the sampler does not have, or a value that is no number.
    """
    model, found = text, dict(changes or {})
    if '@' in text and not Path(text).is_dir():
        model, _, settings = text.rpartition('@')
        for part in settings.split(','):
            name, equals, value = (word.strip() for word in part.partition('='))
            if name not in _SAMPLER or not equals:
                raise ConfigError(
                    f'got {part!r} in {text!r}; expected NAME=VALUE with one of '
                    f'{", ".join(_SAMPLER)}'
                )
            try:
                found[name] = float(value)
            except ValueError:
                raise ConfigError(
                    f'got {value!r} for {name} in {text!r}; expected a number'
                ) from None
    return ModelSpec(text, model, found)


def run_evaluation(
    specs: Sequence[ModelSpec],
    *,
    quick: bool = False,
    data: Sequence[Path] = (),
    seed: int = 0,
    plan: Any = None,
    **more: Any,
) -> list[Any]:
    """Load everything first, so that a mistake shows at once; then run model by model.

    Args:
        specs: the models.
        quick: take the quick plan.
        data: folders of data sets.
        seed: of runs and reference.
        plan: how much is run; None: as `quick` says.
        more: judge and size, as of `evaluate`.

    Returns:
        A Report a model, all held against the same reference.

    Raises:
        EmotionMotionError: a model, a setting or a data set that cannot be, or no matplotlib.
    """
    from emotion_motion.checkpoint import from_pretrained
    from emotion_motion.evaluation.evaluate import evaluate_with, make_yardstick
    from emotion_motion.evaluation.reference.stages import Stages
    from emotion_motion.evaluation.report.plots import check_plots
    from emotion_motion.evaluation.streams import Plan
    from emotion_motion.training.data.store import MotionDataset

    check_plots()
    checkpoints = [from_pretrained(spec.model) for spec in specs]
    samplers = [
        dataclasses.replace(point.sampler, **spec.changes)
        for point, spec in zip(checkpoints, specs, strict=True)
    ]
    datasets = [MotionDataset.open(path) for path in data]
    plan = plan or (Plan.quick() if quick else Plan())
    yardsticks: dict[float, Any] = {}
    reports = []
    for spec, checkpoint, sampler in zip(specs, checkpoints, samplers, strict=True):
        stages = Stages(_Progress(spec.text if len(specs) > 1 else ''))
        rate = checkpoint.rate_hz
        if rate not in yardsticks:
            yardsticks[rate] = make_yardstick(
                rate, datasets=datasets, seed=seed, stages=stages, **more
            )
        reports.append(
            evaluate_with(
                yardsticks[rate],
                checkpoint,
                plan=plan,
                seed=seed,
                sampler=sampler,
                title=spec.text,
                stages=stages,
            )
        )
    return reports


def publish(out: Path, reports: Sequence[Any]) -> None:
    """Write evaluation.json, .csv and .html into a folder and print the table.

    Raises:
        TrainingError: they cannot be written.
    """
    from emotion_motion.evaluation.report.html import html_report
    from emotion_motion.evaluation.report.report import table_lines, to_csv, to_json
    from emotion_motion.files import storage_errors, write_file

    for ending, make in (('json', to_json), ('csv', to_csv), ('html', html_report)):
        with storage_errors(f'the report in {out}'):
            write_file(out / f'evaluation.{ending}', make(reports).encode())
    print('\n'.join(table_lines(reports)))
    print(f'\nwrote {out / "evaluation.html"}; open it in a browser (.json and .csv are beside)')


def _check_folder(out: Path) -> None:
    """Make the folder now: nobody wants to learn after minutes that it cannot be."""
    from emotion_motion.files import storage_errors

    with storage_errors(f'the folder {out}'):
        out.mkdir(parents=True, exist_ok=True)


def _fails(report: Any) -> bool:
    counts = report.verdicts()
    return bool(counts['missed'] or counts['not measured'])


class _Progress:
    """Says on standard error what is being done; on a terminal, how much of it."""

    def __init__(self, title: str) -> None:
        self._title = f'{title}: ' if title else ''
        self._stage, self._begun = '', 0.0

    def __call__(self, stage: str, share: float) -> None:
        """Tell of a stage that begins (0), goes on or ends (1)."""
        now, shown = time.perf_counter(), sys.stderr.isatty()
        back = '\r' if shown else ''
        if share <= 0.0:
            self._begun = now
        if share >= 1.0 and self._stage == stage:
            print(
                f'{back}{self._title}{stage:<24} {now - self._begun:6.1f} s',
                file=sys.stderr,
                flush=True,
            )
            self._stage = ''
            return
        self._stage = stage
        if shown:
            print(
                f'\r{self._title}{stage:<24} {share:6.0%}  ', end='', file=sys.stderr, flush=True
            )
