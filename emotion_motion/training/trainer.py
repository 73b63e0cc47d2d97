# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The trainer: windows of motion in, steps of the optimiser, a checkpoint out.

It writes nothing and watches no clock; `loop` runs it in a folder. With accelerate the same code
runs in one process or in many: each takes its part of the same batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import copy
import dataclasses
import functools
import math
import os
import signal
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from emotion_motion.checkpoint import Checkpoint, Normaliser, SamplerConfig
from emotion_motion.exceptions import ConfigError, TrainingError
from emotion_motion.model.network import MotionModel
from emotion_motion.training.card import origin_of
from emotion_motion.training.config import OptimiserConfig, RunConfig, TrainConfig
from emotion_motion.training.data.store import MotionDataset
from emotion_motion.training.objective import LossGuard, LossParts, mdn_weight, Objective
from emotion_motion.training.run.state import data_hash, optimiser_state, pack, TrainState, unpack
from emotion_motion.training.statistics import anchors_of, measure
from emotion_motion.training.windows.windows import Batch, WindowSampler

__all__ = ['Trainer', 'average_decay', 'make_accelerator', 'rate_share']

_VALIDATION_SEED = 1_000_003  # added to the run's: held-out windows are others than those learnt


def rate_share(config: OptimiserConfig, progress: float) -> float:
    """Return the share of the learning rate at a share `progress` of the training.

    It warms up, then falls along half a cosine.
    """
    warm = config.warm_up
    if progress < warm:
        return (progress + 1e-3) / (warm + 1e-3)
    along = 0.5 * (1.0 + math.cos(math.pi * (progress - warm) / (1.0 - warm)))
    return config.final + (1.0 - config.final) * along


def average_decay(config: OptimiserConfig, step: int) -> float:
    """Return the decay of the running average at a step; the first weights are soon forgotten."""
    return min(config.ema, (1 + step) / (10 + step))


class Trainer:
    """Trains one MotionModel on data sets; `done` counts its steps."""

    def __init__(
        self,
        datasets: MotionDataset | Sequence[MotionDataset],
        config: TrainConfig | None = None,
        *,
        start: Checkpoint | None = None,
        state: TrainState | None = None,
        accelerator: Any = None,
    ) -> None:
        """Prepare the data, the model and the optimiser.

        Args:
            datasets: motion of one rate on one skeleton.
            config: how to train; the data sets' own sizes replace those of its model.
            start: begin with this model, its sizes and normaliser; None: anew.
            state: go on from here, see `state`; None: from the first step.
            accelerator: an accelerate.Accelerator; None: as the configuration says.

        Raises:
            TrainingError: rates or skeletons differ, no clip is long enough, nothing moves, or
                `state` belongs to other data.
            ConfigError: the batch does not divide among the processes, or there is no such device.
        """
        if isinstance(datasets, MotionDataset):
            datasets = [datasets]
        self.datasets = list(datasets)
        self.skeleton, self.rate_hz = _common_body(self.datasets)
        self.config = config = _fitting(config or TrainConfig(), start, self.skeleton.rest.shape)
        self.accelerator = accelerator or make_accelerator(config.run)
        self.sampler = WindowSampler(self.datasets, config)
        self.share = _share(config.run.batch_size, self.accelerator)
        self.done, self._guard = 0, LossGuard(config.loss.explode)
        self.origin = origin_of(self.datasets, config, start)
        model, self._normaliser = self._model(start, state)
        optimiser = config.optimiser
        self._raw = torch.optim.AdamW(
            model.parameters(),
            lr=optimiser.learning_rate,
            weight_decay=optimiser.weight_decay,
            betas=optimiser.betas,
        )
        average = copy.deepcopy(model).requires_grad_(False)
        if state is not None:
            self._restore(state, model, average)
        self._prepare(model, average)
        # By the steps that are done, so that a run that goes on has no other counter.
        self._schedule = LambdaLR(
            self._raw, lambda _: rate_share(optimiser, self.done / config.run.steps)
        )

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.accelerator.device

    def batches(self) -> Iterator[Batch]:
        """Return this process's part of the batch of every step that is left, in order."""
        run, gpu = self.config.run, self.device.type == 'cuda'
        workers = (4 if gpu else 1) if run.workers is None else run.workers
        return iter(
            DataLoader(
                range(run.steps),  # type: ignore[arg-type]
                sampler=range(self.done, run.steps),
                batch_size=None,
                collate_fn=functools.partial(
                    self.sampler.batch, first=self.share.start, count=len(self.share)
                ),
                num_workers=workers,
                prefetch_factor=4 if workers else None,
                pin_memory=gpu,
                worker_init_fn=_ignore_signals,
                # Its own, so that the process's random state is left alone; it draws no window.
                generator=torch.Generator().manual_seed(run.seed),
            )
        )

    def step(self, batch: Batch, *signals: bool) -> tuple[dict[str, float], list[float]]:
        """Take one step of the optimiser.

        Args:
            batch: this process's part of the batch of this step.
            signals: anything that all processes should know.

        Returns:
            The loss, its parts and the norm of the gradient, over all processes; and for each
            signal in how large a share of the processes it was set.

        Raises:
            TrainingError: loss or gradient is not finite, or the loss has exploded; the weights
                are then as they were before the step.
        """
        rate = self._schedule.get_last_lr()[0]
        loss, progress = self.config.loss, self.done / self.config.run.steps
        weight = mdn_weight(progress, loss.mdn_ramp, loss.mdn_first, loss.mdn_last)
        losses = LossParts(*self._objective(batch.to(self.device), weight))
        self._optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(losses.total.mean())
        norm = self.accelerator.clip_grad_norm_(
            self._objective.parameters(), self.config.optimiser.gradient_clip
        )
        means = torch.stack([part.detach().mean() for part in losses])
        flags = means.new_tensor([float(value) for value in signals])
        shared = self.accelerator.reduce(torch.cat((means, norm.detach().view(1), flags)), 'mean')
        numbers, names = shared.tolist(), (*LossParts._fields, 'gradient')
        values = dict(zip(names, numbers, strict=False))
        self._check(values, losses.total.detach())
        self._optimiser.step()
        self._update_average()
        self.done += 1
        self._schedule.step()
        return {**values, 'rate': rate}, numbers[len(names) :]

    def validate(self) -> dict[str, float]:
        """Return the loss of the averaged model on held-out windows, always the same ones.

        Empty where the data holds nothing out.
        """
        return {} if self._held_out is None else self.losses(self._held_out)

    def losses(self, sampler: WindowSampler) -> dict[str, float]:
        """Return the loss of the averaged model on windows of a sampler, always the same ones."""
        most, count = self.config.run.batch_size, self.config.run.val_windows
        total = torch.zeros(len(LossParts._fields), device=self.device)
        with torch.no_grad(), self.accelerator.autocast():
            for first in range(0, count, most):
                batch = sampler.batch(0, first, min(most, count - first), draws=False)
                losses = LossParts(*self._measured(batch.to(self.device), 1.0))
                total += torch.stack([part.sum() for part in losses])
        return dict(zip(LossParts._fields, (total / count).tolist(), strict=True))

    def checkpoint(self) -> Checkpoint:
        """Return the averaged model with all that it takes to run it."""
        return Checkpoint(
            model=copy.deepcopy(self._average).cpu().eval(),
            skeleton=self.skeleton,
            rate_hz=self.rate_hz,
            normaliser=self._normaliser,
            rest_pose=self.skeleton.rest.astype(np.float32),
            sampler=SamplerConfig(),
            training={**self.origin, 'steps': self.done},
        )

    def state(self, **numbers: Any) -> TrainState:
        """Return all that it takes to go on from here, and `numbers` along with it."""
        tensors = pack(self.model, self._average, self._raw, self._normaliser)
        own = {
            'recent': list(self._guard.recent),
            'data': data_hash(self.datasets),
            # With the licence of what it began with, which need not be there any more.
            'origin': {key: value for key, value in self.origin.items() if key != 'config'},
        }
        return TrainState(self.done, tensors, {**numbers, **own})

    # Making

    def _model(
        self, start: Checkpoint | None, state: TrainState | None
    ) -> tuple[MotionModel, Normaliser]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.run.seed)
            model = MotionModel(self.config.model)
        if state is not None:
            parts = unpack(state, 'normaliser')
            normaliser = Normaliser(**{key: part.numpy() for key, part in parts.items()})
        elif start is not None:
            normaliser = start.normaliser
            model.load_state_dict(start.model.state_dict())
        else:
            normaliser, basis = measure(self.datasets, self.config)
            model.pose_basis.copy_(torch.from_numpy(basis))
        model.pose_std.copy_(torch.from_numpy(normaliser.pose_std))
        model.unit.copy_(torch.from_numpy(normaliser.unit))
        if state is None and start is None:  # a model to begin with has learnt its own anchors
            shares, seed = self.config.data.shares, self.config.run.seed
            anchors = anchors_of(self.datasets, model, normaliser.mean, shares=shares, seed=seed)
            for name, values in anchors._asdict().items():
                getattr(model.mdn, name).copy_(values)
        return model, normaliser

    def _restore(self, state: TrainState, model: MotionModel, average: MotionModel) -> None:
        if state.numbers['data'] != data_hash(self.datasets):
            raise TrainingError(
                f'got other data than that of the run, which is at step {state.step}; give the '
                f'same data sets, or begin a new run (--start takes a model along)'
            )
        model.load_state_dict(unpack(state, 'model'))
        average.load_state_dict(unpack(state, 'average'))
        self._raw.load_state_dict(
            {**self._raw.state_dict(), 'state': optimiser_state(state, model)}
        )
        self.done = state.step
        self.origin |= state.numbers['origin']
        self._guard.recent.extend(state.numbers['recent'])

    def _prepare(self, model: MotionModel, average: MotionModel) -> None:
        mean = torch.from_numpy(self._normaliser.mean)
        self.model = model
        self._average = average.to(self.device).eval()
        measured = Objective(self._average, self.skeleton, mean, self.config)
        self._measured = measured.to(self.device)
        self._objective, self._optimiser = self.accelerator.prepare(
            Objective(model, self.skeleton, mean, self.config), self._raw
        )
        self._objective.train()

    @functools.cached_property
    def _held_out(self) -> WindowSampler | None:
        seed = self.config.run.seed + _VALIDATION_SEED
        try:
            return WindowSampler(self.datasets, self.config, split='val', seed=seed)
        except TrainingError:  # no clip is held out, or none is long enough
            return None

    # Stepping

    def _check(self, values: dict[str, float], totals: Tensor) -> None:
        """Raise TrainingError, in every process, when the step went wrong in any."""
        complaint = self._guard.complaint(values['total'], values['gradient'])
        if not complaint:
            return
        losses = self.accelerator.gather(totals).tolist()  # of the windows of all processes
        bad = [i for i, loss in enumerate(losses) if not math.isfinite(loss)]
        worst = bad or sorted(range(len(losses)), key=lambda i: -losses[i])
        names = self.sampler.sources(self.done, worst[:10])
        raise TrainingError(
            f'got {complaint} at step {self.done}; '
            f'{"its windows without a finite loss" if bad else "its worst windows"} come from '
            f'{", ".join(names[:10])}. Look at these clips, or lower learning_rate '
            f'({self.config.optimiser.learning_rate:g})'
        )

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = average_decay(self.config.optimiser, self.done)
        torch._foreach_lerp_(
            list(self._average.parameters()), list(self.model.parameters()), 1.0 - decay
        )


def make_accelerator(run: RunConfig) -> Any:
    """Return an accelerate.Accelerator for this process, alone or one of several.

    Raises:
        ConfigError: accelerate is missing, or there is no GPU where one is asked for.
    """
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError as error:
        raise ConfigError(
            "training needs accelerate: pip install '.[train]' in the source folder"
        ) from error
    gpu = torch.cuda.is_available()
    if run.device == 'cuda' and not gpu:
        raise ConfigError(
            "got device = 'cuda', but this torch sees no GPU; expected 'auto' or 'cpu', or "
            'install a GPU build of torch'
        )
    on_cpu = run.device == 'cpu' or not gpu
    precision = run.mixed_precision
    if precision == 'auto':
        precision = 'bf16' if not on_cpu and torch.cuda.is_bf16_supported() else 'no'
    _forget_another(on_cpu, precision)
    return Accelerator(
        cpu=on_cpu,
        mixed_precision=precision,
        # Every process has the same buffers from the start.
        kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
    )


def _forget_another(on_cpu: bool, precision: str) -> None:
    """Let one process train in turn on different devices: accelerate keeps its first choice."""
    from accelerate.state import AcceleratorState, PartialState

    state, device = AcceleratorState._shared_state, PartialState._shared_state.get('device')
    if device is None or int(os.environ.get('WORLD_SIZE', '1')) > 1:
        return
    before = (device.type == 'cpu', state.get('_mixed_precision', precision))
    if before != (on_cpu, precision):
        AcceleratorState._reset_state(reset_partial_state=True)


def _ignore_signals(_: int) -> None:
    """Let the main process decide when to stop: workers end with it, not before."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _share(batch_size: int, accelerator: Any) -> range:
    """Return the numbers of the windows that this process takes."""
    count, rest = divmod(batch_size, accelerator.num_processes)
    if rest or not count:
        raise ConfigError(
            f'got batch_size = {batch_size} for {accelerator.num_processes} processes, which '
            f'share each batch; expected a multiple of their number'
        )
    first = accelerator.process_index * count
    return range(first, first + count)


def _common_body(datasets: Sequence[MotionDataset]) -> tuple[Any, float]:
    if not datasets:
        raise TrainingError('got no data set; expected at least one')
    first = datasets[0]
    for data in datasets[1:]:
        same = data.skeleton.to_dict() == first.skeleton.to_dict()
        if data.rate_hz != first.rate_hz or not same:
            raise TrainingError(
                f'got data sets of {first.skeleton.name!r} at {first.rate_hz:g} Hz and of '
                f'{data.skeleton.name!r} at {data.rate_hz:g} Hz; expected one body and one rate, '
                f'import them again'
            )
    return first.skeleton, first.rate_hz


def _fitting(config: TrainConfig, start: Checkpoint | None, shape: tuple[int, int]) -> TrainConfig:
    """Return the configuration with the sizes of the body, or of the model to begin with."""
    sizes = config.model if start is None else start.model.config
    if start is None:
        sizes = dataclasses.replace(sizes, keypoints=shape[0], keypoint_dims=shape[1])
    elif (sizes.keypoints, sizes.keypoint_dims) != shape:
        raise TrainingError(
            f'got a model of {sizes.keypoints} keypoints in {sizes.keypoint_dims}D to begin with; '
            f'the data has {shape[0]} in {shape[1]}D'
        )
    return dataclasses.replace(config, model=sizes)
