# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON inside OpenPose files: numbers checked, people as arrays."""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any

import numpy as np

from emotion_motion.exceptions import MotionFileError

__all__ = ['BODY_25_SIZE', 'load_object', 'numbers', 'people_of', 'shares']

BODY_25_SIZE = 25


def people_of(data: Mapping[str, Any], path: Path) -> np.ndarray:
    """Return the people [P, 25, 3] of one frame who have a measured keypoint."""
    given = data.get('people')
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise MotionFileError(
            f'got {path}, which is JSON without a list of people; expected what OpenPose writes '
            f'with --write_json, or flat lists x, y and confidence'
        )
    found = []
    for one in given:
        if 'pose_keypoints_2d' not in one:
            raise MotionFileError(
                f'got {path} with a person without pose_keypoints_2d (it has '
                f'{", ".join(one) or "nothing"}); expected what OpenPose 1.3 or newer writes'
            )
        values = numbers(one['pose_keypoints_2d'], 'pose_keypoints_2d', path)
        if not len(values):  # a person of whom only a face or a hand was found
            continue
        if len(values) != 3 * BODY_25_SIZE:
            raise MotionFileError(
                f'got {path} with {len(values)} numbers in pose_keypoints_2d, another skeleton; '
                f'expected {3 * BODY_25_SIZE} (BODY_25: x, y and confidence of {BODY_25_SIZE} '
                f'keypoints)'
            )
        person = values.reshape(BODY_25_SIZE, 3)
        person[:, 2] = np.where((person[:, :2] == 0).all(axis=1), 0, shares(person[:, 2], path))
        if person[:, 2].any():
            found.append(person)
    return np.array(found).reshape(-1, BODY_25_SIZE, 3)


def load_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; MotionFileError where there is none."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise MotionFileError(f'could not read {path} ({error.strerror})') from error
    except (ValueError, RecursionError) as error:  # bad UTF-8 is a ValueError as well
        raise MotionFileError(
            f'got {path}, which is not JSON ({error}); it may be truncated'
        ) from error
    if not isinstance(data, dict):
        raise MotionFileError(
            f'got {path}, which is JSON but no object; expected people (one file a frame) or x, '
            f'y and confidence (one file a clip)'
        )
    return data


def numbers(values: Any, key: str, path: Path) -> np.ndarray:
    """Return a flat list of finite numbers as float64 [N]."""
    if not isinstance(values, list):
        raise MotionFileError(
            f'got {path}, where {key} is {type(values).__name__}; expected a flat list of numbers'
        )
    for number, value in enumerate(values):
        if type(value) not in (int, float) or not abs(value) < 1e9:
            raise MotionFileError(
                f'got {path}, where {key}[{number}] is {str(value)[:40]}; expected a finite '
                f'number (0 for what was not detected)'
            )
    return np.array(values, dtype=np.float64)


def shares(confidence: np.ndarray, path: Path) -> np.ndarray:
    """Clip confidence to 1, which OpenPose's sometimes passes by a little."""
    if (confidence < 0).any() or (confidence > 2).any():
        wrong = confidence[(confidence < 0) | (confidence > 2)][0]
        raise MotionFileError(
            f'got {path} with the confidence {wrong:g}; expected 0 to 1, as OpenPose writes it'
        )
    return np.minimum(confidence, 1.0)
