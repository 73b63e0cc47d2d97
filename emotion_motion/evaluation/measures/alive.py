# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Is it alive? Speed, stillness, repetition, distinct gestures, drift, the start from rest.

Each of these measures alone can be cheated: trembling is never still, walking is never slow. Only
all of them, together with the measures of the body, say that motion is alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from emotion_motion.evaluation.measures.averages import emotion_means, finite_max, finite_mean
from emotion_motion.evaluation.measures.repetition import nearest_repeats, Thresholds
from emotion_motion.evaluation.streams import Streams
from emotion_motion.training.free_run import longest_still_s, smoothed_speed, thirds

_MINUTE_S = 60.0  # as the runs of the study behind the method: longer ones repeat more
_REST_S = 5.0
_SHORTEST_S = 1.0  # of a stretch that drift is measured over


@dataclass(frozen=True, eq=False)
class Alive:
    """How alive B streams are.

    Measures [B, M] have one value for each whole minute of a stream, in order; the rest of the
    stream is left out. A stream shorter than a minute counts as one, but its repetition and
    gestures are not measured. What could not be measured is NaN.
    """

    emotions: np.ndarray  # [B] index into EMOTIONS of what was asked for throughout, else -1
    speed_m_s: np.ndarray  # [B, M] mean keypoint speed of the motion averaged over 7 frames
    freeze: np.ndarray  # [B, M] share of thirds of a second that are slower than `still_m_s`
    longest_still_s: np.ndarray  # [B, M] longest run of such thirds within the minute
    near_duplicate: np.ndarray  # [B, M] share of `nearest_repeats` within `near_duplicate_m`
    repeat_m: np.ndarray  # [B, M] their median: repetition that is not near enough to be counted
    gestures: np.ndarray  # [B, M] distinct gestures visited in the minute, see `Gestures`
    longest_run_s: np.ndarray  # [B] longest run of still thirds in the whole stream
    drift_speed: np.ndarray  # [B] speed in the last fifth divided by that in the first
    drift_pose_m: np.ndarray  # [B] change of the mean pose from the first to the last fifth
    rest_speed_m_s: np.ndarray  # [B] in the first 5 s, in which a model leaves its rest pose

    def of_stream(self, name: str) -> np.ndarray:
        """Return a measure [B]: the mean of its minutes, of `longest_still_s` their maximum."""
        values: np.ndarray = getattr(self, name)
        if values.ndim == 1:
            return values
        statistic = finite_max if name == 'longest_still_s' else finite_mean
        return np.array([statistic(minutes) for minutes in values])

    def by_emotion(self, name: str) -> np.ndarray:
        """Return the mean of a measure over the streams of each emotion, [7]."""
        return emotion_means(self.of_stream(name), self.emotions)

    def against(self, reference: Alive, name: str) -> np.ndarray:
        """Return a measure of each stream divided by the reference's at its emotion, [B].

        `rest_speed_m_s` is divided by the reference's `speed_m_s`: reference motion has left its
        rest long ago.
        """
        of = 'speed_m_s' if name == 'rest_speed_m_s' else name
        # -1 takes the NaN at the end: there is no reference for streams whose emotion changes.
        known = np.append(reference.by_emotion(of), np.nan)[self.emotions]
        with np.errstate(divide='ignore', invalid='ignore'):
            return self.of_stream(name) / known

    @classmethod
    def joined(cls, parts: Sequence[Alive]) -> Alive:
        """Return the streams of several parts as one; minutes that a stream lacks are NaN."""
        longest = max(part.speed_m_s.shape[1] for part in parts)
        columns = {}
        for field in fields(cls):
            arrays = [getattr(part, field.name) for part in parts]
            if arrays[0].ndim == 2:
                arrays = [
                    np.pad(a, ((0, 0), (0, longest - a.shape[1])), constant_values=np.nan)
                    for a in arrays
                ]
            columns[field.name] = np.concatenate(arrays)
        return cls(**columns)


def measure_alive(streams: Streams, thresholds: Thresholds) -> Alive:
    """Measure streams of the rate that the thresholds were taken at."""
    same = (streams.emotions == streams.emotions[:, :1]).all(axis=1)
    emotions = np.where(same, streams.emotions[:, 0], -1)
    size = round(_MINUTE_S * streams.rate_hz)
    starts = range(0, max(size, streams.frames // size * size), size)
    minutes = [
        [_minute(points[i : i + size], streams.rate_hz, int(emotion), thresholds) for i in starts]
        for points, emotion in zip(streams.keypoints, emotions, strict=True)
    ]
    whole = [
        _stillness(points, streams.rate_hz, thresholds.still_m_s) for points in streams.keypoints
    ]
    drift_speed, drift_pose = drift(streams)
    return Alive(
        emotions=emotions,
        longest_run_s=np.array([longest for _, longest in whole]),
        drift_speed=drift_speed,
        drift_pose_m=drift_pose,
        rest_speed_m_s=speed(streams.part(0.0, _REST_S)),
        **{
            name: np.array([[minute[name] for minute in stream] for stream in minutes])
            for name in minutes[0][0]
        },
    )


def speed(streams: Streams) -> np.ndarray:
    """Return the mean keypoint speed of each stream [B] averaged over 7 frames [m/s]."""
    means = [smoothed_speed(points, streams.rate_hz).mean() for points in streams.keypoints]
    return np.array(means, dtype=np.float32)  # as the keypoints are


def drift(
    streams: Streams,
    early_s: tuple[float, float] | None = None,
    late_s: tuple[float, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how streams have changed from an early stretch (begin, end) to a late one [s].

    By default these are the first and the last fifth.

    Returns:
        The late speed divided by the early one [B]; the root mean square over keypoints of how far
        the mean pose has moved [B] [m]. NaN where a stretch is shorter than a second or does not
        lie within the streams, and the ratio where the early one does not move at all.
    """
    fifth = streams.seconds / 5.0
    spans = (early_s or (0.0, fifth), late_s or (streams.seconds - fifth, streams.seconds))
    early, late = (streams.part(*span) for span in spans)
    inside = all(end <= streams.seconds + 0.5 / streams.rate_hz for _, end in spans)
    if not inside or min(early.seconds, late.seconds) < _SHORTEST_S:
        return np.full(len(streams), np.nan), np.full(len(streams), np.nan)
    moved = early.keypoints.mean(axis=1) - late.keypoints.mean(axis=1)
    before = speed(early)
    ratio = np.divide(speed(late), before, out=np.full(len(streams), np.nan), where=before > 0.0)
    return ratio, np.sqrt(np.square(moved).sum(axis=-1).mean(axis=-1))


def _minute(
    keypoints: np.ndarray, rate_hz: float, emotion: int, thresholds: Thresholds
) -> dict[str, float]:
    """Measure a minute, or a shorter stream: then repetition and gestures are NaN."""
    freeze, longest_s = _stillness(keypoints, rate_hz, thresholds.still_m_s)
    repeats, gestures = np.empty(0), np.nan
    if len(keypoints) == round(_MINUTE_S * rate_hz):
        repeats = nearest_repeats(keypoints, rate_hz)
        gestures = thresholds.gestures.visited(keypoints, emotion)
    near = repeats <= thresholds.near_duplicate_m
    return {
        'speed_m_s': float(smoothed_speed(keypoints, rate_hz).mean()),
        'freeze': freeze,
        'longest_still_s': longest_s,
        'near_duplicate': float(near.mean()) if len(near) else np.nan,
        'repeat_m': float(np.median(repeats)) if len(repeats) else np.nan,
        'gestures': gestures,
    }


def _stillness(keypoints: np.ndarray, rate_hz: float, still_m_s: float) -> tuple[float, float]:
    """Return the share of still thirds of a second and the length of their longest run [s]."""
    still = thirds(keypoints, rate_hz).speed_m_s < still_m_s
    return float(still.mean()), longest_still_s(still, rate_hz)
