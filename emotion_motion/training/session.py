# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One training from its data and its folder to its last step: what `emotion-motion train` does."""

from __future__ import annotations

import dataclasses
from pathlib import Path
import sys
from typing import Any

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.checkpoint import Checkpoint, from_pretrained, read_config
from emotion_motion.exceptions import CheckpointError, ConfigError
from emotion_motion.files import write_file
from emotion_motion.training.card import beside_start
from emotion_motion.training.config import DataConfig, KEEP, TrainConfig
from emotion_motion.training.data.splits import check_leaks, SplitRule
from emotion_motion.training.data.store import MotionDataset, write_dataset
from emotion_motion.training.loop import Stopped, TrainingLoop
from emotion_motion.training.run.run_folder import RunFolder
from emotion_motion.training.run.state import load_state, newest_state
from emotion_motion.training.start import corpus_clips, distance
from emotion_motion.training.trainer import make_accelerator, Trainer

__all__ = ['train']

_KEPT_MINUTES = 30.0  # of corpus beside the data, half a minute of work
_KEPT_SEED = 600_000  # added to the corpus' seed


def train(out: str | Path, settings: TrainConfig | None = None, *, resume: bool = False) -> None:
    """Train in the folder `out`, or go on with the run in it; every process of a run comes here.

    Raises:
        TrainingError: the folder, the data or the training itself.
        StorageError: the folder cannot be written.
        ConfigError: a setting that cannot be, or that is another than the run's.
        SystemExit: 143 after SIGTERM, 130 after Ctrl-C, with the state saved.
    """
    out, settings = Path(out), _with_keep(settings or TrainConfig())
    accelerator = make_accelerator(settings.run)
    folder = _folder(out, settings, resume) if accelerator.is_main_process else None
    try:
        start = _start(settings, resume)
        trainer, numbers = _trainer(out, settings, accelerator, folder, start, resume)
        if folder is not None:
            _describe(folder, trainer, resume)
        if trainer.done >= trainer.config.run.steps:
            _say(
                folder,
                f'{out} is done: it has all of its {trainer.done} steps; give more '
                f'--steps to train longer',
            )
            return
        try:
            TrainingLoop(trainer, folder, numbers, start).run()
        except Stopped as stopped:
            _say(folder, f'{stopped}; go on with: emotion-motion train --out {out} --resume')
            sys.exit(128 + stopped.number)
        if folder is not None and settings.run.start:
            for line in beside_start(read_config(folder.best / 'config.json')['training']):
                _say(folder, line)
        _say(
            folder,
            f'wrote {out}; look at it: emotion-motion generate --model {out}/best '
            f'--out motion.gif; measure it: emotion-motion evaluate {out}/best default '
            f'--quick',
        )
    finally:
        if folder is not None:
            folder.close()
        if accelerator.num_processes > 1:
            accelerator.end_training()


def _with_keep(settings: TrainConfig) -> TrainConfig:
    """Return settings that say how large a share of the windows the corpus gives."""
    data, begins = settings.data, bool(settings.run.start and settings.data.data)
    if data.keep and not begins:
        raise ConfigError(
            f'got keep = {data.keep:g} without both start and data; expected a model to begin '
            f'with (--start) and data (--data), or no --keep'
        )
    if data.keep is not None or not begins:
        return settings
    return dataclasses.replace(settings, data=dataclasses.replace(data, keep=KEEP))


def _start(settings: TrainConfig, resume: bool) -> Checkpoint | None:
    """Return the model to begin with; for a run that goes on, None where it has gone."""
    try:
        return from_pretrained(settings.run.start) if settings.run.start else None
    except CheckpointError:
        if resume:
            return None
        raise


def _folder(out: Path, settings: TrainConfig, resume: bool) -> RunFolder:
    if not resume:
        return RunFolder.create(out, settings)
    folder = RunFolder.open(out)
    changed = settings.changes_since(TrainConfig.from_yaml(folder.config_path))
    if changed:
        folder.close()
        raise ConfigError(
            f'got --resume with another {", ".join(changed)} than the run in {out}; leave that '
            f'out, or begin a new run'
        )
    return folder


def _trainer(
    out: Path,
    settings: TrainConfig,
    accelerator: Any,
    folder: RunFolder | None,
    start: Checkpoint | None,
    resume: bool,
) -> tuple[Trainer, dict[str, Any]]:
    """Open or make the data, and the trainer at the step to go on from; its state's numbers."""
    data, generated = settings.data, out / 'data'
    datasets = [MotionDataset.open(path) for path in data.data]
    if folder is not None:
        if (data.keep or not data.data) and not generated.is_dir():
            _generate_corpus(folder, data, generated, datasets)
        newest_state(folder.checkpoints)  # brings back what a kill has left half exchanged
    accelerator.wait_for_everyone()
    if data.keep or not data.data:
        datasets.append(MotionDataset.open(generated))
    if folder is not None and not resume:
        check_leaks(*datasets)
    newest = newest_state(out / 'checkpoints')
    state = load_state(newest) if newest else None
    start = None if state else start  # a state has gone on from there
    trainer = Trainer(datasets, settings, start=start, state=state, accelerator=accelerator)
    if folder is not None and start is not None and data.data:
        own = datasets[: len(data.data)]
        far = distance(own, trainer.config, start, trainer.losses)
        _say(folder, '\n'.join(far.lines(start.name, data.keep or 0.0)))
    return trainer, dict(state.numbers) if state else {}


def _describe(folder: RunFolder, trainer: Trainer, resume: bool) -> None:
    """Write down what is known only now, and forget what came after the state."""
    if resume:
        folder.resumed(trainer.done)
    else:
        sets = [{'path': str(data.path), **data.manifest} for data in trainer.datasets]
        folder.describe_data({'data_sets': sets})
    write_file(folder.config_path, trainer.config.to_yaml().encode())
    count = sum(part.numel() for part in trainer.model.parameters())
    minutes = sum(data.minutes for data in trainer.datasets)
    processes = trainer.accelerator.num_processes
    _say(
        folder,
        f'{sum(len(data) for data in trainer.datasets)} clips ({minutes:.1f} min), '
        f'{count / 1e6:.2f} million parameters, steps {trainer.done} to '
        f'{trainer.config.run.steps} on {trainer.device}'
        + (f' in {processes} processes' if processes > 1 else '')
        + (', bf16' if trainer.accelerator.mixed_precision == 'bf16' else ''),
    )


def _generate_corpus(
    folder: RunFolder, config: DataConfig, path: Path, datasets: list[MotionDataset]
) -> None:
    """Generate the corpus to learn from, or the one to keep what was known beside data sets."""
    minutes, seed, skeleton, rate_hz = config.minutes, config.corpus_seed, load_skeleton(), 30.0
    if datasets:  # which may be a corpus of this seed themselves
        minutes, seed = min(minutes, _KEPT_MINUTES), seed + _KEPT_SEED
        skeleton, rate_hz = datasets[0].skeleton, datasets[0].rate_hz
    _say(folder, f'generating {minutes:g} minutes of motion')
    rule = SplitRule(val_share=config.held_out, test_share=0.0, seed=seed)
    clips = corpus_clips(minutes, seed, skeleton, rate_hz)
    name = f'procedural corpus, {minutes:g} minutes, seed {seed}'
    write_dataset(
        path, clips, skeleton=skeleton, rate_hz=rate_hz, splits=rule, manifest={'name': name}
    )


def _say(folder: RunFolder | None, line: str) -> None:
    if folder is not None:
        print(line, file=sys.stderr, flush=True)
