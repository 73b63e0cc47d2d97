# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion train`: one function whose flags are the fields of TrainConfig."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import dataclasses
from pathlib import Path
import sys
from typing import Any

from emotion_motion.exceptions import ConfigError
from emotion_motion.training.config import TrainConfig

__all__ = ['settings_from', 'train', 'train_command']


def train_command(arguments: Sequence[str]) -> Callable[..., None]:
    """Return the command for a command line, whose --config or --resume gives the defaults.

    Raises:
        ConfigError: see `settings_from`.
    """
    defaults = settings_from(arguments)

    def train(  # noqa: D417
        out: Path,
        settings: TrainConfig = defaults,
        config: Path | None = None,
        resume: bool = False,
    ) -> None:
        """Train a model.

        The run's folder holds the configuration, the data's manifest, metrics, film strips,
        checkpoints and, under best/, the model whose free run is most like the data. SIGTERM and
        Ctrl-C save a checkpoint first. Many processes: put `torchrun --nproc_per_node N -m` or
        `accelerate launch -m` in front of `emotion_motion.cli train ...`.

        Args:
            out: folder of the run.
            config: YAML file of settings, as a run's config.yaml; flags override it.
            resume: go on with the run in `out` from its newest whole checkpoint. Its settings
                hold; steps and what is logged, drawn and saved may be changed.
        """
        del config  # read before the flags, see settings_from
        run_training(out, settings, resume=resume)

    return train


def settings_from(arguments: Sequence[str]) -> TrainConfig:
    """Read the defaults of the flags: of the file after --config, or of the run to go on with.

    Raises:
        ConfigError: both are given, or the file cannot be read.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument('--config')
    parser.add_argument('--out')
    parser.add_argument('--resume', action='store_true')
    try:
        given, _ = parser.parse_known_args(list(arguments))
    except argparse.ArgumentError:  # a flag without its value: the command line will say so
        return TrainConfig()
    if given.config and given.resume:
        raise ConfigError(
            'got --config and --resume; a run goes on with its own configuration: leave --config '
            'out'
        )
    if given.resume and given.out and (Path(given.out) / 'config.yaml').is_file():
        return TrainConfig.from_yaml(Path(given.out) / 'config.yaml')
    return TrainConfig.from_yaml(given.config) if given.config else TrainConfig()


def train(out: str | Path, settings: TrainConfig | None = None, *, resume: bool = False) -> None:
    """Train in a folder, in this process; see `train_command` for the command line.

    Raises:
        TrainingError: the folder, the data or the training itself.
        ConfigError: a setting that cannot be, or that is another than the run's.
        SystemExit: 143 after SIGTERM, 130 after Ctrl-C, with the state saved.
    """
    run_training(Path(out), settings or TrainConfig(), resume=resume)


def run_training(out: Path, settings: TrainConfig, *, resume: bool) -> None:
    """Do what `train` says; every process of a run comes here."""
    from emotion_motion.training.devices import make_accelerator
    from emotion_motion.training.loop import Stopped, TrainingLoop

    accelerator = make_accelerator(settings.run)
    folder = _folder(out, settings, resume) if accelerator.is_main_process else None
    try:
        trainer, numbers = _trainer(out, settings, accelerator, folder, resume=resume)
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
            TrainingLoop(trainer, folder, numbers).run()
        except Stopped as stopped:
            _say(folder, f'{stopped}; go on with: emotion-motion train --out {out} --resume')
            sys.exit(128 + stopped.number)
        _say(
            folder,
            f'wrote {out}; look at it: emotion-motion generate --model {out}/best '
            f'--out motion.gif; measure it: emotion-motion evaluate {out}/best --compare default '
            f'--quick',
        )
    finally:
        if folder is not None:
            folder.close()
        if accelerator.num_processes > 1:
            accelerator.end_training()


def _folder(out: Path, settings: TrainConfig, resume: bool) -> Any:
    """Make the run's folder, or open it after looking at what has changed."""
    from emotion_motion.training.run.run_folder import RunFolder
    from emotion_motion.training.run.sources import corpus_bytes

    need = _state_bytes(settings) * (settings.run.keep + 1)
    if not resume:
        return RunFolder.create(out, settings, {}, need_bytes=need + corpus_bytes(settings.data))
    folder = RunFolder.open(out, need_bytes=need)
    changed = settings.changes_since(TrainConfig.from_yaml(folder.config_path))
    if changed:
        folder.close()
        raise ConfigError(
            f'got --resume with another {", ".join(changed)} than the run in {out}; leave that '
            f'out, or begin a new run'
        )
    return folder


def _trainer(
    out: Path, settings: TrainConfig, accelerator: Any, folder: Any, *, resume: bool
) -> tuple[Any, dict[str, Any]]:
    """Open or make the data, and the trainer at the step to go on from."""
    from emotion_motion.checkpoint import from_pretrained
    from emotion_motion.training.data.splits import check_leaks
    from emotion_motion.training.run.sources import generate_corpus, open_datasets
    from emotion_motion.training.run.state import load_state, newest_state
    from emotion_motion.training.trainer import Trainer

    if folder is not None and not settings.data.data:
        if not (out / 'data').is_dir():
            _say(folder, f'generating {settings.data.minutes:g} minutes of motion')
        generate_corpus(settings.data, out / 'data')
    if folder is not None:
        folder.newest_state()  # brings back what a kill has left half exchanged
    accelerator.wait_for_everyone()
    datasets = open_datasets(settings.data, out / 'data')
    if folder is not None and not resume:
        check_leaks(*datasets)
    newest = newest_state(out / 'checkpoints')
    state = load_state(newest) if newest else None
    start = None
    if settings.run.start and state is None:
        start = from_pretrained(settings.run.start)
    trainer = Trainer(datasets, settings, start=start, state=state, accelerator=accelerator)
    return trainer, dict(state.numbers) if state else {}


def _describe(folder: Any, trainer: Any, resume: bool) -> None:
    """Write down what is known only now, and forget what came after the state."""
    from emotion_motion.files import write_file
    from emotion_motion.training.run.sources import manifest_of

    if resume:
        folder.resumed(trainer.done)
    else:
        folder.manifest = manifest_of(trainer.datasets)
    write_file(folder.config_path, trainer.config.to_yaml().encode())
    run, device = trainer.config.run, trainer.device
    count = sum(part.numel() for part in trainer.model.parameters())
    minutes = sum(data.minutes for data in trainer.datasets)
    processes = trainer.accelerator.num_processes
    _say(
        folder,
        f'{sum(len(data) for data in trainer.datasets)} clips ({minutes:.1f} min), '
        f'{count / 1e6:.2f} million parameters, steps {trainer.done} to {run.steps} on {device}'
        + (f' in {processes} processes' if processes > 1 else '')
        + (', bf16' if trainer.accelerator.mixed_precision == 'bf16' else ''),
    )


def _state_bytes(settings: TrainConfig) -> int:
    """Return the size of a training state: weights, their average, two moments, 32 bits each."""
    import torch

    from emotion_motion.model.network import MotionModel

    with torch.random.fork_rng(devices=[]):
        model = MotionModel(dataclasses.replace(settings.model))
    return 16 * sum(part.numel() for part in model.parameters())


def _say(folder: Any, line: str) -> None:
    """Tell a line, once for all processes."""
    if folder is not None:
        print(line, file=sys.stderr, flush=True)
