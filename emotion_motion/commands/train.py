# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""`emotion-motion train`: one function whose flags are the fields of TrainConfig."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from emotion_motion.exceptions import ConfigError
from emotion_motion.training.config import TrainConfig

__all__ = ['settings_from', 'train_command']


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
        from emotion_motion.training import session

        del config  # read before the flags, see settings_from
        session.train(out, settings, resume=resume)

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
