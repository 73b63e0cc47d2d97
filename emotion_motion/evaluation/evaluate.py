# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The evaluation: a model's live loop is run and all of its measures are taken."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import platform
from typing import Any

import numpy as np
import torch

import emotion_motion
from emotion_motion.checkpoint import Checkpoint
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.reference.runs import run_plan, Stages
from emotion_motion.evaluation.reference.yardstick import Yardstick
from emotion_motion.evaluation.report.alive_section import alive_measures, speed_over_run
from emotion_motion.evaluation.report.body_section import body_measures
from emotion_motion.evaluation.report.distribution_section import distribution_measures
from emotion_motion.evaluation.report.emotion_section import emotion_measures
from emotion_motion.evaluation.report.report import Report
from emotion_motion.evaluation.report.switch_section import switch_measures
from emotion_motion.evaluation.streams import Plan, Streams
from emotion_motion.exceptions import ConfigError
from emotion_motion.settings import SamplerConfig

_STRIP_S = (10.0, 16.0)


def evaluate(
    checkpoint: Checkpoint,
    yardstick: Yardstick | None = None,
    *,
    plan: Plan | None = None,
    seed: int = 0,
    sampler: SamplerConfig | None = None,
    title: str = '',
    stages: Stages | None = None,
) -> Report:
    """Run a model and measure it, with the reference beside every measure.

    Args:
        checkpoint: the model, of keypoints in space.
        yardstick: what it is held against, the same for models that are compared; None: made of
            this seed, without recorded motion.
        plan: how much is run; None: all.
        seed: of the runs.
        sampler: None: the checkpoint's.
        title: of the report; '' takes the checkpoint's name.
        stages: times and reports the stages.

    Raises:
        ConfigError: a setting is out of range, the model's keypoints are flat, or a yardstick of
            another rate.
        ModelError: the model gave a frame that is not finite.
    """
    plan, stages = plan or Plan(), stages or Stages()
    sampler = sampler or checkpoint.sampler
    if yardstick is None:
        yardstick = Yardstick.make(rate_hz=checkpoint.rate_hz, seed=seed, stages=stages)
    if yardstick.streams.rate_hz != checkpoint.rate_hz:
        raise ConfigError(
            f'got a model of {checkpoint.rate_hz:g} Hz and a reference of '
            f'{yardstick.streams.rate_hz:g} Hz; make the reference at the rate of the model'
        )
    with stages.stage('live loop') as steps:
        runs = run_plan(checkpoint, plan, seed=seed, sampler=sampler, on_step=steps)
    report = Report(title or checkpoint.name, _about(checkpoint, plan, seed, sampler, yardstick))
    report.details = {
        'run_speed': speed_over_run(runs.streams),
        'thresholds': yardstick.thresholds.numbers() | {'jerk_p99_m_s3': yardstick.p99_m_s3},
        'judge_checks': {
            name: dataclasses.asdict(check) | {'passed': check.passed}
            for name, check in yardstick.judge_checks.items()
        },
    }
    with stages.stage('alive'):
        report.measures += alive_measures(runs.streams, runs.long, yardstick)
    with stages.stage('body'):
        report.measures += body_measures(runs.streams, yardstick)
    with stages.stage('emotion'):
        measures, more = emotion_measures(checkpoint, runs.streams, yardstick)
        report.measures += measures
        report.details |= more
    with stages.stage('distribution'):
        report.measures += distribution_measures(checkpoint, runs.streams, yardstick)
    with stages.stage('switch'):
        measures, report.details['switch'] = switch_measures(runs.switches, yardstick)
        report.measures += measures
    report.stages = dict(stages.seconds)
    report.strips, report.reference_strips = _strips(runs.streams), _strips(yardstick.streams)
    return report


def _about(
    checkpoint: Checkpoint, plan: Plan, seed: int, sampler: SamplerConfig, yardstick: Yardstick
) -> dict[str, Any]:
    training = checkpoint.training
    reference = yardstick.streams
    return {
        'model': checkpoint.name,
        'model_sha256': checkpoint.sha256,
        'trained_on': training.get('data', 'unknown'),
        'licence': training.get('licence', ''),
        'sampler': dataclasses.asdict(sampler),
        'plan': dataclasses.asdict(plan),
        'seed': seed,
        'rate_hz': checkpoint.rate_hz,
        'reference': f'{len(reference) // len(EMOTIONS)} people of the corpus for '
        f'{reference.seconds:g} s at each emotion',
        'recorded': ', '.join(
            str(data.manifest.get('name') or data.path) for data in yardstick.datasets
        )
        or 'none: give --data',
        'version': emotion_motion.__version__,
        'made': dt.datetime.now().astimezone().isoformat(timespec='minutes'),
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}',
    }


def _strips(streams: Streams) -> dict[str, np.ndarray]:
    """Return six seconds of the first stream of each emotion, the last ones of a short run."""
    end = min(_STRIP_S[1], streams.seconds)
    part = streams.part(end - (_STRIP_S[1] - _STRIP_S[0]), end)
    first = {
        EMOTIONS[int(asked[0])]: points
        for asked, points in zip(part.emotions[::-1], part.keypoints[::-1], strict=True)
    }
    return {name: first[name] for name in EMOTIONS if name in first}
