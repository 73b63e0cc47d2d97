# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How to train: frozen dataclasses that check themselves, read from and written to YAML.

Every name stands once, whatever its group, so that the command line needs no prefixes: a flag a
choice. The defaults are the recipe of the packaged model.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from emotion_motion.model.config import MotionModelConfig
from emotion_motion.training.checked import Checked, from_mapping, plain, read_yaml, yaml_text

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


@dataclass(frozen=True)
class DataConfig(Checked):
    """What to learn from.

    Attributes:
        data: folders of data sets (`emotion-motion data import`, `data corpus`); none: a
            procedural corpus is generated into the run's folder.
        shares: share of the windows that each of `data` gives; none: by its length.
        minutes: length of the generated corpus [min].
        corpus_seed: seed of the generated corpus.
        held_out: share of the generated corpus' bodies that is held out.
        balance: every emotion begins as many windows as any other.
        measured: lowest confidence of a keypoint that counts as measured.
    """

    data: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    minutes: float = 240.0
    corpus_seed: int = 0
    held_out: float = 0.05
    balance: bool = True
    measured: float = 0.3

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_above_zero('minutes')
        self.expect_at_least_zero('corpus_seed')
        self.expect_share('held_out', 'measured')
        positive = all(share > 0.0 for share in self.shares)
        self.expect(
            'shares',
            not self.shares or (positive and len(self.shares) == len(self.data)),
            f'a number above 0 for each of the {len(self.data)} data sets, or none',
        )


@dataclass(frozen=True)
class WindowConfig(Checked):
    """How windows are cut from clips.

    Attributes:
        length: frames of a window that are predicted.
        chain: join clips that are shorter than a window, with cross-fades; without it only
            clips that are long enough are used.
        cut: share of the windows of long clips that are chained too.
        segment_s: shortest and longest stretch of one clip in a chain [s].
        candidates: entries that are looked at for a join; the nearest in pose and speed is taken.
        fade_frames: frames of a cross-fade.
        switch: share of the joins that lead to another emotion.
        mirror: share of the windows with left and right exchanged.
        warp: slowest and fastest playing speed.
        jitter: standard deviation of a small smooth noise on the motion itself, in body heights.
    """

    length: int = 96
    chain: bool = True
    cut: float = 0.1
    segment_s: tuple[float, float] = (1.2, 3.7)
    candidates: int = 16
    fade_frames: int = 10
    switch: float = 0.15
    mirror: float = 0.5
    warp: tuple[float, float] = (1.0, 1.0)
    jitter: float = 0.0

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_above_zero('length', 'candidates', 'fade_frames')
        self.expect_share('cut', 'switch', 'mirror')
        self.expect('fade_frames', self.fade_frames >= 2, '2 frames or more')
        self.expect_bounds('segment_s', 'warp')
        self.expect_at_least_zero('jitter')
        low, high = self.warp
        self.expect('warp', low >= 0.25 and high <= 4.0, 'speeds from 0.25 to 4')


@dataclass(frozen=True)
class NoiseConfig(Checked):
    """How inputs are put off their path, and how fast the targets lead back.

    Attributes:
        noise: disturb the inputs at all. Without it the likelihood is best and the live loop
            leaves the body within a minute.
        drift: smallest and largest standard deviation of the slow noise, in displacement units;
            one is drawn a window, evenly on a logarithmic scale.
        drift_memory: how much of the drift is left a frame later; the target keeps as much of it.
        white: the same of the fast noise. Most windows have little noise: a gesture begins with a
            movement far smaller than the unit, and must not drown.
        wander: smallest and largest size of wandering, in standard deviations of poses; drawn
            as the others.
        wander_memory: the same as drift_memory, of wandering: it is to be undone in 20 frames.
        project: put inputs and targets back onto the body, as the live loop does.
    """

    noise: bool = True
    drift: tuple[float, float] = (0.02, 2.0)
    drift_memory: float = 0.9
    white: tuple[float, float] = (0.002, 0.15)
    wander: tuple[float, float] = (0.01, 0.5)
    wander_memory: float = 0.95
    project: bool = True

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_bounds('drift', 'white', 'wander')
        self.expect_share('drift_memory', 'wander_memory', below=True)


@dataclass(frozen=True)
class ConditionConfig(Checked):
    """Which emotion a window is shown with, and what teaches the emotion head alone.

    Attributes:
        drop_emotion: share of the windows without one; guidance needs them.
        wrong_emotion: share of the windows with that of another clip; they teach the emotion
            head only: what it reads off the condition is then wrong.
        decoys: share of the windows that only look like an emotion, see `training.decoys`.
        forget: share of the windows whose attention begins anew at some frame, so that the
            emotion must be heard where a history of motion would tell it.
    """

    drop_emotion: float = 0.2
    wrong_emotion: float = 0.1
    decoys: float = 0.1
    forget: float = 0.2

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_share('drop_emotion', 'wrong_emotion', 'decoys', 'forget', below=True)
        total = self.drop_emotion + self.wrong_emotion + self.decoys
        wanted = f'drop_emotion + wrong_emotion + decoys of at most 1, not {total:g}'
        self.expect('drop_emotion', total <= 1.0, wanted)


@dataclass(frozen=True)
class TargetConfig(Checked):
    """What the model is told of the pose ahead.

    Attributes:
        untold: share of the windows without a target, as a live stream begins.
        loose: largest error of a target, in standard deviations: a drawn one is not exact. With
            0.5 the model took half of each target for error, and moved half as far as the corpus.
    """

    untold: float = 0.1
    loose: float = 0.1

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_share('untold')
        self.expect_at_least_zero('loose')


@dataclass(frozen=True)
class RolloutConfig(Checked):
    """Passes in which the model's own motion takes the place of the inputs.

    Attributes:
        rollout: most passes before the one that is learnt from; each step draws how many. Each
            costs about a third of a step.
        rollout_share: share of the windows that take part.
        rollout_decay: how much of the offset the target keeps. With hard targets (0) the spread
            grows until the live loop trembles.
        rollout_after: share of the training before they begin.
    """

    rollout: int = 2
    rollout_share: float = 0.5
    rollout_decay: float = 0.8
    rollout_after: float = 0.4

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_at_least_zero('rollout')
        self.expect_share('rollout_share', 'rollout_decay', 'rollout_after')


@dataclass(frozen=True)
class LossConfig(Checked):
    """The parts of the loss.

    Attributes:
        mse_weight: of the deterministic next frame's mean squared error.
        emotion_weight: of the emotion's; 10 in the published method.
        mdn_first: weight of the likelihood at the start: the transformer settles first.
        mdn_last: its weight after the ramp.
        mdn_ramp: share of the training in which it grows.
        unit: 'coordinate': each coordinate is measured in the standard deviation of its own
            displacement, so that a toe weighs as much as a hand; 'shared': all in the same.
        explode: the loss has exploded when it is this many times its running median above it.
    """

    mse_weight: float = 1.0
    emotion_weight: float = 10.0
    mdn_first: float = 0.1
    mdn_last: float = 1.0
    mdn_ramp: float = 0.3
    unit: Literal['coordinate', 'shared'] = 'coordinate'
    explode: float = 50.0

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_at_least_zero('mse_weight', 'emotion_weight', 'mdn_first', 'mdn_last')
        self.expect_share('mdn_ramp')
        self.expect_above_zero('explode')


@dataclass(frozen=True)
class OptimiserConfig(Checked):
    """AdamW and what is kept of its path.

    Attributes:
        learning_rate: the highest one, after the warm-up.
        weight_decay: of AdamW.
        betas: of AdamW.
        gradient_clip: largest norm of the gradient.
        ema: decay of the running average of the weights, which is what is kept.
        warm_up: share of the training in which the learning rate grows.
        schedule: how it falls afterwards.
        final: share of the learning rate at the end of the cosine.
    """

    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)
    gradient_clip: float = 1.0
    ema: float = 0.998
    warm_up: float = 0.03
    schedule: Literal['cosine', 'constant'] = 'cosine'
    final: float = 0.01

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_above_zero('learning_rate', 'gradient_clip')
        self.expect_at_least_zero('weight_decay')
        self.expect_share('ema', 'warm_up', below=True)
        self.expect_share('final')
        self.expect('betas', all(0.0 <= beta < 1.0 for beta in self.betas), '0 or more, below 1')


@dataclass(frozen=True)
class RunConfig(Checked):
    """How long, on what, and what is written on the way.

    Attributes:
        steps: optimiser steps; 3600 take about 20 minutes on two cores.
        batch_size: windows a step, over all processes together.
        seed: of weights, windows and noise.
        start: begin with the weights, sizes and normaliser of this model (a name or a folder).
        device: 'auto': a GPU where there is one.
        mixed_precision: 'auto': bf16 on a GPU that has it.
        workers: processes that prepare windows, for each training process; none: 1 on a CPU, 4 on
            a GPU. 0: no extra process.
        log_every: steps between two rows of metrics, which hold the mean since the last.
        save_every: steps between two checkpoints.
        keep: checkpoints that are kept.
        val_every: steps between two measurements on held-out clips; 0: never.
        val_windows: windows of such a measurement, always the same.
        select_every: steps between two free runs that decide on `best/`; 0: only at the end.
        select_s: length of such a free run [s].
        strip_every: steps between two film strips; 0: only at the end.
    """

    steps: int = 3600
    batch_size: int = 40
    seed: int = 0
    start: str | None = None
    device: Literal['auto', 'cpu', 'cuda'] = 'auto'
    mixed_precision: Literal['auto', 'no', 'bf16'] = 'auto'
    workers: int | None = None
    log_every: int = 10
    save_every: int = 200
    keep: int = 3
    val_every: int = 200
    val_windows: int = 64
    select_every: int = 600
    select_s: float = 20.0
    strip_every: int = 600

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is impossible."""
        self.expect_types()
        self.expect_above_zero('steps', 'batch_size', 'log_every', 'save_every', 'keep')
        self.expect_above_zero('val_windows', 'select_s')
        self.expect_at_least_zero('seed', 'val_every', 'select_every', 'strip_every')
        self.expect('workers', self.workers is None or self.workers >= 0, '0 or more, or none')


# What may be another when a run goes on: it changes how the run is watched, or its length.
_FREE = frozenset(field.name for field in dataclasses.fields(RunConfig)) - {
    'batch_size',
    'seed',
    'start',
    'mixed_precision',
}


@dataclass(frozen=True)
class TrainConfig(Checked):
    """All choices of a training run.

    Attributes:
        run: how long, on what, what is written.
        data: what to learn from.
        windows: how windows are cut.
        noise: how inputs are disturbed.
        conditions: which emotion is shown.
        targets: what is told of the pose ahead.
        rollouts: the model's own motion as input.
        loss: the parts of the loss.
        optimiser: AdamW, its schedule, the average.
        model: sizes of the network.
    """

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
        found = []
        for group in dataclasses.fields(self):
            new, old = getattr(self, group.name), getattr(before, group.name)
            for entry in dataclasses.fields(new):
                now, then = getattr(new, entry.name), getattr(old, entry.name)
                if now != then and not (group.name == 'run' and entry.name in _FREE):
                    found.append(f'{entry.name} ({then!r}, now {now!r})')
        return found
