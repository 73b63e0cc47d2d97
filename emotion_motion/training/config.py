# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How to train: frozen dataclasses that check themselves, read from and written to YAML.

Every name stands once, whatever its group, so that the command line needs no prefixes: a flag a
choice. The defaults are the recipe of the packaged model.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from emotion_motion.files import read_yaml
from emotion_motion.model.config import MotionModelConfig
from emotion_motion.settings import Checked, from_mapping, plain, setting, yaml_text

__all__ = [
    'ConditionConfig',
    'DataConfig',
    'LossConfig',
    'NoiseConfig',
    'OptimiserConfig',
    'RolloutConfig',
    'RunConfig',
    'TargetConfig',
    'TrainConfig',
    'WindowConfig',
]

KEEP = 0.5  # of the windows, where a training begins with a model

_SHARE: dict[str, Any] = {'low': 0.0, 'high': 1.0}
_PART: dict[str, Any] = {**_SHARE, 'below': True}  # a share that is not the whole
_FROM_0: dict[str, Any] = {'low': 0.0}
_ABOVE_0: dict[str, Any] = {'low': 0.0, 'above': True}
_RANGE: dict[str, Any] = {**_ABOVE_0, 'rising': True}  # the smallest and the largest


@dataclass(frozen=True)
class DataConfig(Checked):
    """What to learn from."""

    data: tuple[str, ...] = setting(
        (),
        'folders of data sets (`emotion-motion data import`, `data corpus`); none: a '
        "procedural corpus is generated into the run's folder",
    )
    shares: tuple[float, ...] = setting(
        (), 'share of the windows that each of `data` gives; none: by its length'
    )
    keep: float | None = setting(
        None,
        'share of the windows from the generated corpus, which keep what `start` knew; none: '
        f'{KEEP:g} where `start` and `data` are given, else 0',
        **_PART,
    )
    minutes: float = setting(
        240.0, 'length of the generated corpus [min]; of the one for `keep` at most 30', **_ABOVE_0
    )
    corpus_seed: int = setting(0, 'seed of the generated corpus', **_FROM_0)
    held_out: float = setting(0.05, 'share of bodies of the corpus that is held out', **_SHARE)
    balance: bool = setting(True, 'every emotion begins as many windows as any other')
    measured: float = setting(0.3, 'least confidence of a keypoint that is measured', **_SHARE)

    def check(self) -> None:
        positive = all(share > 0.0 for share in self.shares)
        self.expect(
            'shares',
            not self.shares or (positive and len(self.shares) == len(self.data)),
            f'a number above 0 for each of the {len(self.data)} data sets, or none',
        )

    def mix(self, sizes: Sequence[float]) -> list[float]:
        """Return what data sets of these sizes weigh; with `keep`, the last one is the corpus."""
        if not self.keep:
            return [*(self.shares or sizes)]
        own = self.shares or sizes[:-1]
        total = sum(own) or 1.0  # of a split that only the corpus has
        return [(1.0 - self.keep) * share / total for share in own] + [self.keep]


@dataclass(frozen=True)
class WindowConfig(Checked):
    """How windows are cut from clips."""

    length: int = setting(96, 'frames of a window that are predicted', **_ABOVE_0)
    chain: bool = setting(
        True, 'join clips shorter than a window, with cross-fades; else they are not used'
    )
    cut: float = setting(0.1, 'share of the windows of long clips that are chained too', **_SHARE)
    segment_s: tuple[float, float] = setting(
        (1.2, 3.7), 'shortest and longest stretch of one clip in a chain [s]', **_RANGE
    )
    candidates: int = setting(
        16, 'entries looked at for a join; the nearest in pose and speed is taken', **_ABOVE_0
    )
    fade_frames: int = setting(10, 'frames of a cross-fade', low=2)
    switch: float = setting(0.15, 'share of the joins that lead to another emotion', **_SHARE)
    mirror: float = setting(0.5, 'share of the windows with left and right exchanged', **_SHARE)
    warp: tuple[float, float] = setting(
        (1.0, 1.0), 'slowest and fastest playing speed', 0.25, 4.0, rising=True
    )


@dataclass(frozen=True)
class NoiseConfig(Checked):
    """How inputs are put off their path, and how fast the targets lead back."""

    noise: bool = setting(
        True, 'disturb the inputs; without it the live loop leaves the body within a minute'
    )
    drift: tuple[float, float] = setting(
        (0.02, 2.0),
        'smallest and largest standard deviation of the slow noise, in displacement '
        'units; one is drawn a window, evenly on a logarithmic scale',
        **_RANGE,
    )
    drift_memory: float = setting(
        0.9, 'how much of the drift is left a frame later; the target keeps as much of it', **_PART
    )
    # Most windows have little noise: a gesture begins with a movement far smaller than the unit,
    # and must not drown.
    white: tuple[float, float] = setting((0.002, 0.15), 'the same of the fast noise', **_RANGE)
    wander: tuple[float, float] = setting(
        (0.01, 0.5), 'the same of wandering, in standard deviations of poses', **_RANGE
    )
    wander_memory: float = setting(
        0.95, 'the same as drift_memory, of wandering: it is to be undone in 20 frames', **_PART
    )
    project: bool = setting(True, 'put inputs and targets onto the body, as the live loop does')


@dataclass(frozen=True)
class ConditionConfig(Checked):
    """Which emotion a window is shown with, and what teaches the emotion head alone."""

    drop_emotion: float = setting(
        0.2, 'share of the windows without one; guidance needs them', **_PART
    )
    # What the head reads off the condition is then wrong.
    wrong_emotion: float = setting(
        0.1, "share of the windows with another clip's, for the emotion head alone", **_PART
    )
    decoys: float = setting(
        0.1, 'share of the windows that only look like an emotion, for the head alone', **_PART
    )
    # The condition must be followed where a history of motion would tell the emotion.
    forget: float = setting(
        0.2, 'share of the windows whose attention begins anew at some frame', **_PART
    )

    def check(self) -> None:
        total = self.drop_emotion + self.wrong_emotion + self.decoys
        wanted = f'drop_emotion + wrong_emotion + decoys of at most 1, not {total:g}'
        self.expect('drop_emotion', total <= 1.0, wanted)


@dataclass(frozen=True)
class TargetConfig(Checked):
    """How the pose ahead is given to the model as a target."""

    untold: float = setting(
        0.1, 'share of the windows without a target, as a live stream begins', **_SHARE
    )
    # With 0.5 the model took half of each target for error, and moved half as far as the corpus.
    loose: float = setting(
        0.1, 'largest error of a target, in standard deviations: a drawn one is inexact', **_FROM_0
    )


@dataclass(frozen=True)
class RolloutConfig(Checked):
    """Passes in which the model's own motion takes the place of the inputs."""

    rollout: int = setting(
        2, 'most passes before the one that is learnt from; each step draws how many', **_FROM_0
    )
    rollout_share: float = setting(0.5, 'share of the windows that take part', **_SHARE)
    # With hard targets (0) the spread grows until the live loop trembles.
    rollout_decay: float = setting(0.8, 'how much of the offset the target keeps', **_SHARE)
    rollout_after: float = setting(0.4, 'share of the training before they begin', **_SHARE)


@dataclass(frozen=True)
class LossConfig(Checked):
    """The parts of the loss."""

    mse_weight: float = setting(1.0, "of the next frame's mean squared error", **_FROM_0)
    emotion_weight: float = setting(
        1.0, "of the emotion's; 10 in the published method, which was worse", **_FROM_0
    )
    mdn_first: float = setting(
        0.1, 'weight of the likelihood at the start: the transformer settles first', **_FROM_0
    )
    mdn_last: float = setting(1.0, 'its weight after the ramp', **_FROM_0)
    mdn_ramp: float = setting(0.3, 'share of the training in which it grows', **_SHARE)
    explode: float = setting(
        50.0, 'a loss so many times its running median above it has exploded', **_ABOVE_0
    )


@dataclass(frozen=True)
class OptimiserConfig(Checked):
    """AdamW and what is kept of its path."""

    learning_rate: float = setting(1.5e-3, 'the highest one, after the warm-up', **_ABOVE_0)
    weight_decay: float = setting(0.01, 'of AdamW', **_FROM_0)
    betas: tuple[float, float] = setting((0.9, 0.98), 'of AdamW', **_PART)
    gradient_clip: float = setting(1.0, 'largest norm of the gradient', **_ABOVE_0)
    ema: float = setting(0.998, 'decay of the average of the weights, which is kept', **_PART)
    warm_up: float = setting(
        0.03, 'share of the training before the learning rate falls along half a cosine', **_PART
    )
    final: float = setting(0.01, 'share of the learning rate at the end of the cosine', **_SHARE)


@dataclass(frozen=True)
class RunConfig(Checked):
    """How long, on what, and what is written on the way."""

    steps: int = setting(
        3600, 'optimiser steps; of the packaged size 1.4 s each on one shared core', **_ABOVE_0
    )
    batch_size: int = setting(40, 'windows a step, over all processes together', **_ABOVE_0)
    seed: int = setting(0, 'of weights, windows and noise', **_FROM_0)
    start: str | None = setting(
        None, 'begin with the weights, sizes and normaliser of this model (a name or a folder)'
    )
    device: Literal['auto', 'cpu', 'cuda'] = setting('auto', "'auto': a GPU where there is one")
    mixed_precision: Literal['auto', 'no', 'bf16'] = setting(
        'auto', "'auto': bf16 on a GPU that has it"
    )
    workers: int | None = setting(
        None,
        'processes that prepare windows, for each training process; none: 1 on a CPU, 4 '
        'on a GPU. 0: no extra process',
        **_FROM_0,
    )
    log_every: int = setting(10, 'steps between two rows of metrics, their means', **_ABOVE_0)
    save_every: int = setting(200, 'steps between two checkpoints', **_ABOVE_0)
    checkpoints: int = setting(3, 'checkpoints that stay, the newest', **_ABOVE_0)
    val_every: int = setting(
        200, 'steps between two measurements on held-out clips; 0: never', **_FROM_0
    )
    val_windows: int = setting(64, 'windows of such a measurement, always the same', **_ABOVE_0)
    select_every: int = setting(
        600, 'steps between two free runs that decide on `best/`; 0: only at the end', **_FROM_0
    )
    select_s: float = setting(20.0, 'length of such a free run [s]', low=2.0)
    strip_every: int = setting(600, 'steps between two film strips; 0: only at the end', **_FROM_0)


# What may be another when a run goes on: it changes how the run is watched, or its length.
_FREE = frozenset(field.name for field in dataclasses.fields(RunConfig)) - {
    'batch_size',
    'seed',
    'start',
    'mixed_precision',
}


@dataclass(frozen=True)
class TrainConfig(Checked):
    """All choices of a training run."""

    run: RunConfig = field(default_factory=RunConfig)
    data: DataConfig = field(default_factory=DataConfig)
    windows: WindowConfig = field(default_factory=WindowConfig)
    noise: NoiseConfig = field(default_factory=NoiseConfig)
    conditions: ConditionConfig = field(default_factory=ConditionConfig)
    targets: TargetConfig = field(default_factory=TargetConfig)
    rollouts: RolloutConfig = field(default_factory=RolloutConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    model: MotionModelConfig = field(default_factory=MotionModelConfig)

    @property
    def frames(self) -> int:
        """Frames of a window: those shown, and what follows until the last one's target."""
        return self.windows.length + self.model.horizon

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain values, as YAML and JSON hold them."""
        return plain(self)

    def to_yaml(self, path: str | Path | None = None) -> str:
        """Return the YAML, and write it to `path` where one is given."""
        return yaml_text(self.to_dict(), path)

    @classmethod
    def from_dict(
        cls, values: dict[str, Any], *, source: str = 'the configuration'
    ) -> TrainConfig:
        """Build it from nested plain values; what is missing keeps its default.

        Raises:
            ConfigError: an unknown name, or a value that cannot be; the message says where.
        """
        return from_mapping(cls, values, source)

    @classmethod
    def from_yaml(cls, path: str | Path) -> TrainConfig:
        """Read it from a YAML file; an empty one gives the defaults.

        Raises:
            ConfigError: the file cannot be read, or as `from_dict`.
        """
        return cls.from_dict(read_yaml(path), source=str(path))

    def changes_since(self, before: TrainConfig) -> list[str]:
        """Return what differs from `before` in a way that makes it another run."""
        new, old = self.to_dict(), before.to_dict()
        return [
            f'{name} ({old[group][name]!r}, now {now!r})'
            for group, values in new.items()
            for name, now in values.items()
            if now != old[group][name] and not (group == 'run' and name in _FREE)
        ]
