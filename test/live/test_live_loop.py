# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The packaged model in its live loop: alive, on the body, different for each emotion.

One run of seven streams, one an emotion, from the rest pose and without a reset, serves all tests.
The thresholds are those of the study that the training recipe comes from: a third of a second is
still below 0.05 m/s, and no stretch of still ones may last 15 s.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from training_support import liveliness

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.alive import measure_alive
from emotion_motion.evaluation.streams import run_streams
from emotion_motion.evaluation.yardstick import Yardstick
from emotion_motion.generator import MotionGenerator
from emotion_motion.training.corpus.corpus import make_clip
from emotion_motion.training.free_run import free_run, FreeRun

LONGEST_STILL_S = 15.0
HEIGHT_M = 1.7


@pytest.fixture(scope='module')
def minute(packaged_model: Path) -> FreeRun:
    generator = MotionGenerator.from_pretrained(packaged_model, batch_size=7, seed=5)
    return free_run(generator, 60.0)


def windows(keypoints: np.ndarray, rate_hz: float, seconds: float = 4.0) -> np.ndarray:
    """Return posture and speed of each keypoint over windows: [N, 4 K]."""
    size = round(seconds * rate_hz)
    count = len(keypoints) // size
    parts = keypoints[: count * size].reshape(count, size, -1, 3)
    speed = np.linalg.norm(np.diff(parts, axis=1), axis=-1).mean(axis=1) * rate_hz
    return np.concatenate((parts.mean(axis=1).reshape(count, -1), np.sqrt(speed)), axis=1)


@pytest.mark.parametrize('emotion', EMOTIONS)
def test_a_minute_from_rest_is_alive(minute: FreeRun, emotion: str) -> None:
    motion = minute.keypoints[EMOTIONS.index(emotion)]
    alive = liveliness(motion, minute.rate_hz)
    clips = [make_clip(emotion, 30.0, seed=7000 + i).keypoints * HEIGHT_M for i in range(3)]
    real = np.mean([liveliness(clip, minute.rate_hz).speed_m_s for clip in clips])
    assert alive.longest_still_s < LONGEST_STILL_S
    assert 0.3 * real < alive.speed_m_s < 1.8 * real


def test_the_body_is_kept(minute: FreeRun, packaged_model: Path) -> None:
    skeleton = MotionGenerator.from_pretrained(packaged_model).skeleton
    assert skeleton.bone_error(minute.keypoints / HEIGHT_M) * HEIGHT_M < 1e-5
    heights = minute.keypoints[..., skeleton.index('Nose'), 2]
    assert heights.min() > 0.9 and heights.max() < 1.8
    reach = np.linalg.norm(minute.keypoints[..., skeleton.root, :2], axis=-1)
    assert reach.max() < 0.5, 'it stands over its origin'


def test_emotions_can_be_told_apart(minute: FreeRun) -> None:
    # A judge that never saw the model: nearest mean of posture and speed over unseen corpus clips.
    known = [
        np.concatenate(
            [
                windows(make_clip(emotion, 60.0, seed=8000 + i).keypoints * HEIGHT_M, 30.0)
                for i in range(3)
            ]
        )
        for emotion in EMOTIONS
    ]
    spread = np.concatenate([part - part.mean(axis=0) for part in known]).std(axis=0)
    spread = np.maximum(spread, 0.03)  # planted feet do not move enough to tell anything
    centres = np.stack([part.mean(axis=0) for part in known])
    right = []
    for index, motion in enumerate(minute.keypoints):
        shown = windows(motion, minute.rate_hz)
        distance = np.linalg.norm((shown[:, None] - centres) / spread, axis=-1)
        right.append(np.mean(distance.argmin(axis=1) == index))
    # Chance is 1/7.
    assert np.mean(right) > 0.4, dict(zip(EMOTIONS, right, strict=True))


def test_the_model_recognises_what_it_shows(minute: FreeRun) -> None:
    settled = minute.recognised[:, 120:]
    right = settled.argmax(axis=-1) == np.arange(len(EMOTIONS))[:, None]
    assert right.mean() > 0.6, dict(zip(EMOTIONS, right.mean(axis=1), strict=True))


def test_lively_emotions_move_more_than_quiet_ones(minute: FreeRun) -> None:
    speed = {
        emotion: liveliness(minute.keypoints[i], minute.rate_hz).speed_m_s
        for i, emotion in enumerate(EMOTIONS)
    }
    assert min(speed['happiness'], speed['anger']) > max(speed['neutral'], speed['sadness'])


def test_a_switch_of_emotion_changes_the_motion(packaged_model: Path) -> None:
    generator = MotionGenerator.from_pretrained(packaged_model, batch_size=4, seed=2)
    generator.set_emotion('sadness')
    before = np.stack([generator.step().keypoints for _ in range(300)], axis=1)
    generator.set_emotion('happiness')
    after = np.stack([generator.step().keypoints for _ in range(450)], axis=1)[:, 150:]
    slow = np.mean([liveliness(motion, generator.rate).speed_m_s for motion in before])
    quick = np.mean([liveliness(motion, generator.rate).speed_m_s for motion in after])
    assert quick > 1.2 * slow


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_an_hour_has_no_trend(packaged_model: Path) -> None:
    yardstick = Yardstick.make()
    streams = run_streams(
        from_pretrained(packaged_model), emotions=range(len(EMOTIONS)), seconds=3600.0, seed=8
    )

    def measured(begin_min: int, end_min: int) -> dict[str, float]:
        part = streams.part(60.0 * begin_min, 60.0 * end_min)
        alive = measure_alive(part, yardstick.thresholds)
        windows = yardstick.judge.windows(part, every_s=2.0)
        seen = yardstick.judge.seen(windows.keypoints)
        return {
            'speed': float(np.mean(alive.against(yardstick.alive, 'speed_m_s'))),
            'gestures': float(np.mean(alive.against(yardstick.alive, 'gestures'))),
            'near-duplicates': float(np.mean(alive.by_emotion('near_duplicate'))),
            'off the body': float(yardstick.manifold.off(part).mean()),
            'judge': float((seen == windows.emotions).mean()),
        }

    parts = {f'{begin} to {begin + 10}': measured(begin, begin + 10) for begin in range(0, 60, 10)}
    still = measure_alive(streams, yardstick.thresholds).longest_run_s
    print(f'\nlongest still {dict(zip(EMOTIONS, still.round(1).tolist(), strict=True))}')
    for minutes, figures in parts.items():
        print(f'minutes {minutes}:', {name: round(value, 3) for name, value in figures.items()})
    first, last = parts['0 to 10'], parts['50 to 60']
    assert last['speed'] > 0.8 * first['speed'] and last['gestures'] > 0.8 * first['gestures']
    assert last['judge'] > 0.8 * first['judge']
    assert last['near-duplicates'] < first['near-duplicates'] + 0.1
    assert last['off the body'] < first['off the body'] + 0.05
    assert still.max() < 2.0 * LONGEST_STILL_S
