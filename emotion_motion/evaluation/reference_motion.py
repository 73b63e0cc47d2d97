# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Motion to measure a model against: corpus motion that it never saw, held-out recorded motion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.streams import BODY_HEIGHT_M, Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.corpus import make_clip
from emotion_motion.training.prepare import prepare
from emotion_motion.training.store import MotionDataset

if TYPE_CHECKING:
    from emotion_motion.training.carriers import Carriers

__all__ = ['FIRST_SEED', 'corpus_streams', 'real_streams']

# Training draws corpora of small seeds and, with them, the first few hundred actors. Reference
# motion takes seeds and actors from here on, so no model has seen its people or its gestures.
# (Judges have those from 800,000 to here for themselves.)
FIRST_SEED = 900_000
_SEEDS = 10_000  # a seed's people lie this far from the next seed's


def corpus_streams(
    *, people: int, seconds: float, seed: int = 0, rate_hz: float = 30.0,
    carriers: Carriers | None = None,
) -> Streams:  # fmt: skip
    """Make corpus motion that no model was trained on: everybody at each of the emotions.

    Stream `emotion * people + person` is that person at that emotion throughout, on the canonical
    body as training data are. Person n of a seed is actor `FIRST_SEED + 10,000 seed + n` of the
    corpus. More people or another length leave the people there are who they were.

    Args:
        people: how many, up to 1,000.
        seconds: how long each stream is [s].
        seed: 0 to 1,000, other people.
        rate_hz: frames a second.
        carriers: real idle movement and animators' poses, where the model's data had them.

    Raises:
        TrainingError: an argument is out of range.
    """
    if not (1 <= people <= _SEEDS // 10 and 0 <= seed <= 1000 and 0.0 < seconds < float('inf')):
        raise TrainingError(
            f'got {people} people for {seconds} s with the seed {seed}; expected 1 to 1000 '
            f'people, a time above 0 and a seed from 0 to 1000'
        )
    skeleton, points = load_skeleton(), []
    for emotion in range(len(EMOTIONS)):
        for person in range(people):
            number = FIRST_SEED + _SEEDS * seed + person
            clip = make_clip(
                EMOTIONS[emotion], seconds, 10 * number + emotion, rate_hz=rate_hz, actor=number,
                carriers=carriers,
            )  # fmt: skip
            points.append(prepare(clip, skeleton, rate_hz=rate_hz).keypoints)
    keypoints = np.stack(points).astype(np.float32) * np.float32(BODY_HEIGHT_M)
    shown = np.repeat(np.arange(len(EMOTIONS)), people)
    return Streams(keypoints, np.repeat(shown[:, None], keypoints.shape[1], axis=1), rate_hz)


def real_streams(datasets: Iterable[MotionDataset], *, rate_hz: float = 30.0) -> list[Streams]:
    """Return the held-out clips of data sets, those of the splits 'val' and 'test'.

    Args:
        datasets: of keypoints in space of the package's BODY_25.
        rate_hz: frames a second that they are brought to.

    Returns:
        One stream a clip, each of its own length; the emotion of a frame is its heaviest one.

    Raises:
        TrainingError: a data set of another skeleton or of keypoints in a picture, or one that
            holds nothing out.
    """
    skeleton, result = load_skeleton(), []
    for data in datasets:
        if data.dims != 3 or data.skeleton.names != skeleton.names:
            raise TrainingError(
                f'got the data set {data.path} of the skeleton {data.skeleton.name!r} in '
                f'{data.dims}D; expected one of {skeleton.name!r} in 3D'
            )
        chosen = np.concatenate([data.chosen(split) for split in ('val', 'test')])
        if not len(chosen):
            raise TrainingError(
                f"got the data set {data.path} without clips of the splits 'val' and 'test'; "
                f'import it with a share that is held out'
            )
        for number in chosen.tolist():
            clip = prepare(data.clip(number), skeleton, rate_hz=rate_hz)
            points = clip.keypoints.astype(np.float32) * np.float32(BODY_HEIGHT_M)
            assert clip.emotions is not None  # a data set has no clip without
            shown = clip.emotions.argmax(axis=-1).astype(np.int64)
            result.append(Streams(points[None], shown[None], rate_hz))
    return result
