# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The measures of an evaluation as measures.yaml lists them, and what was found put beside one."""

from __future__ import annotations

from dataclasses import replace
import functools
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.report.report import Bounds, Measure, Target
from emotion_motion.settings import read_yaml

__all__ = ['measure', 'rows']


@functools.cache
def rows() -> dict[str, Measure]:
    """Return the measures by key, GROUP.NAME, without any value."""
    groups = read_yaml(Path(__file__).with_name('measures.yaml'))
    return {
        f'{group}.{name}': _row(f'{group}.{name}', **row)
        for group, named in groups.items()
        for name, row in named.items()
    }


def measure(
    key: str,
    value: float | None,
    *,
    by_emotion: np.ndarray | None = None,
    reference_by_emotion: np.ndarray | None = None,
    real_by_emotion: np.ndarray | None = None,
    **more: Any,
) -> Measure:
    """Return the measure of a key with what was found.

    Args:
        key: of a row of measures.yaml.
        value: over all emotions.
        by_emotion: the values of the emotions, [7]; None: there are none.
        reference_by_emotion: the same of the reference.
        real_by_emotion: the same of recorded motion.
        more: other attributes of the `Measure`; None leaves what the row says.
    """
    return replace(
        rows()[key],
        value=value,
        by_emotion=_by_name(by_emotion),
        reference_by_emotion=_by_name(reference_by_emotion),
        real_by_emotion=_by_name(real_by_emotion),
        **{name: given for name, given in more.items() if given is not None},
    )


def _row(
    key: str,
    *,
    wanted: dict[str, float] | None = None,
    reach: dict[str, float] | None = None,
    **row: Any,
) -> Measure:
    target = Target(_bounds(wanted), _bounds(reach) if reach else None) if wanted else None
    return Measure(key, value=None, target=target, **row)


def _bounds(bounds: dict[str, float]) -> Bounds:
    return bounds.get('low'), bounds.get('high')


def _by_name(values: np.ndarray | None) -> dict[str, float]:
    return {} if values is None else dict(zip(EMOTIONS, map(float, values), strict=True))
