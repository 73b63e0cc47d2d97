# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""How near a second of motion comes to another one: repetition, gestures, replays, thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.measures.neighbours import about_hips, Neighbours
from emotion_motion.evaluation.measures.on_body import Manifold
from emotion_motion.evaluation.streams import Streams
from emotion_motion.exceptions import TrainingError
from emotion_motion.training.free_run import SMOOTHED_FRAMES, smoothed_speed, STILL_M_S

_WINDOW_S = 1.0
_SEEN_HZ = 10.0  # of a window's frames; people's movements have next to nothing above 5 Hz
_KINDS = 64  # more than a minute visits (some 40), so that there is room above the reference
_PASSES = 15
_GESTURES_EVERY_S = 1.0 / 3.0
_KNOWN_EVERY_S = 0.1  # a replay is off by at most half of it
_REPEATS_EVERY_S = 0.5
_COMPONENTS = 48  # enough to recognise a replay
_NEAR_SHARE = 0.05


def moving_windows(keypoints: np.ndarray, rate_hz: float, every_s: float) -> np.ndarray:
    """Cut motion into windows of one second and leave out those that stand still.

    A window moves where its mean smoothed speed is 0.05 m/s or more. One begins `every_s` after
    the other, one frame at least; motion is [T, K, 3] of BODY_25 in metres.

    Returns:
        [N, n, K, 3], ten frames each at 30 Hz, the mean of the mid-hip's x and y over the window
        taken out, so that where the body stands does not count.
    """
    first, moves = _starts(keypoints, rate_hz, every_s)
    return _windows(keypoints, rate_hz, first[moves])


def nearest_repeats(keypoints: np.ndarray, rate_hz: float, *, lag_s: float = 2.0) -> np.ndarray:
    """Return how near moving windows of one second come to another one of the same motion.

    A window is taken every half second of motion [T, K, 3] of BODY_25 in metres and held against
    those, moving or not, that begin at any frame `lag_s` or more earlier or later.

    Returns:
        [N] root mean squares over frames and keypoints of the distance of a keypoint [m],
        infinite where no window is far enough away; none where nothing moves.
    """
    starts, moves = _starts(keypoints, rate_hz, _REPEATS_EVERY_S)
    chosen = starts[moves]
    if not len(chosen):
        return np.empty(0)
    first = np.arange(len(keypoints) - round(_WINDOW_S * rate_hz) + 1)
    library = _windows(keypoints, rate_hz, first)
    points = library.shape[1] * library.shape[2]
    rows = library.reshape(len(library), -1)
    rows -= rows.mean(axis=0)  # small numbers keep their digits
    squares = np.square(rows).sum(axis=1)
    table = squares[chosen, None] + squares - 2.0 * (rows[chosen] @ rows.T)
    table[np.abs(chosen[:, None] - first) < round(lag_s * rate_hz)] = np.inf
    return np.sqrt(np.maximum(table.min(axis=1), 0.0).astype(np.float64) / points)


def nearest_across(motions: Sequence[np.ndarray], rate_hz: float) -> np.ndarray:
    """Return how near moving windows of one second come to a window of another motion.

    Distances [N] are those of `nearest_repeats` [m], of a window every 2 s of each motion
    [T, K, 3].
    """
    libraries = [
        _windows(motion, rate_hz, _starts(motion, rate_hz, _KNOWN_EVERY_S)[0])
        for motion in motions
    ]
    queries = [moving_windows(motion, rate_hz, 2.0) for motion in motions]
    labels, theirs = (
        np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        for parts in (queries, libraries)
    )
    known = Neighbours(np.concatenate(libraries))
    return known.nearest(np.concatenate(queries), (labels, theirs))[1]


@dataclass(frozen=True, eq=False)
class Gestures:
    """Kinds of gestures of each emotion: the middles of 64 clusters of moving one-second windows.

    The study counted the distinct nearest clips a minute; the corpus has no clips of one gesture
    each. In ten people's corpus motion a minute visits some 40 clusters, the same for people the
    clusters were made of and for others; a loop of 10 s visits 12.
    """

    middles: Mapping[int, np.ndarray]  # [n, D] by the emotion's index
    rate_hz: float

    @classmethod
    def measure(cls, reference: Streams, seed: int = 0) -> Gestures:
        """Cluster the moving windows of each emotion of reference motion (k-means, Lloyd 1982)."""
        middles = {}
        for emotion in range(len(EMOTIONS)):
            motions = reference.of(emotion).keypoints
            parts = [_gesture_rows(points, reference.rate_hz) for points in motions]
            if any(map(len, parts)):
                random = np.random.default_rng((seed, emotion))
                middles[emotion] = _clustered(np.concatenate(parts), random)
        return cls(middles, reference.rate_hz)

    def visited(self, keypoints: np.ndarray, emotion: int) -> float:
        """Return how many kinds the moving windows of motion [T, K, 3] are nearest to.

        NaN where no gestures of this emotion are known.
        """
        if emotion not in self.middles:
            return np.nan
        nearest = _nearest_middle(_gesture_rows(keypoints, self.rate_hz), self.middles[emotion])
        return float(len(np.unique(nearest)))


class Novelty:
    """Known motion, cut into windows of a second: does other motion recombine it or replay it?

    Windows that stand still are left out on both sides: standing is near to standing. For what a
    model made, the known motion is that of its training. How near unseen reference motion comes to
    the same known motion is the reference's own distance: people who never met.
    """

    def __init__(self, known: Iterable[Streams]) -> None:
        """Cut known motion, of one rate, into windows; an hour of it takes some 150 MB."""
        parts = [
            moving_windows(points, part.rate_hz, _KNOWN_EVERY_S)
            for part in known
            for points in part.keypoints
        ]
        if not any(map(len, parts)):
            raise TrainingError(
                'got no known motion that moves for a second; give longer clips of training motion'
            )
        self._known = Neighbours(np.concatenate(parts), components=_COMPONENTS)

    def distances(self, streams: Streams) -> np.ndarray:
        """Return how far each stream's windows are from the nearest known one, [B] in metres.

        The median of a window a second; NaN for a stream in which nothing moves.
        """
        median = np.full(len(streams), np.nan)
        for number, points in enumerate(streams.keypoints):
            windows = moving_windows(points, streams.rate_hz, 1.0)
            if len(windows):
                median[number] = np.median(self._known.distances(windows))
        return median


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What motion is held against.

    Attributes:
        still_m_s: mean keypoint speed below which a third of a second is still; that of the study
            behind the method, not measured [m/s].
        near_duplicate_m: a window nearer than this to another one is its repeat: 5 % of the
            reference's moving windows are as near to a window of somebody else at the same
            emotion, see `nearest_across` [m].
        off_body_m: a pose farther than this from every known one is off the body: 99.5 % of the
            poses of one half of the reference's people are as near to one of the other half [m].
    """

    near_duplicate_m: float
    off_body_m: float
    gestures: Gestures = field(repr=False)
    still_m_s: float = STILL_M_S

    @classmethod
    def measure(cls, reference: Streams, *, seed: int = 0) -> Thresholds:
        """Measure a reference: at least two people at some emotion, one emotion a stream.

        With more people in it, somebody else's window and the other half's poses come nearer, and
        the thresholds get a little smaller (near_duplicate_m 3.9 cm and off_body_m 9 cm with ten
        people for 120 s of the corpus): compare models on thresholds of one reference.
        """
        known, unseen = halves(reference)
        parts = [reference.of(emotion) for emotion in range(len(EMOTIONS))]
        near = np.concatenate(
            [nearest_across(list(part.keypoints), part.rate_hz) for part in parts if len(part) > 1]
        )
        return cls(
            near_duplicate_m=float(np.quantile(near, _NEAR_SHARE)),
            off_body_m=Manifold.of(known, unseen).off_body_m,
            gestures=Gestures.measure(reference, seed),
        )

    def numbers(self) -> dict[str, float]:
        """Return the thresholds that are numbers, by name."""
        names = ('still_m_s', 'near_duplicate_m', 'off_body_m')
        return {name: float(getattr(self, name)) for name in names}


def halves(reference: Streams) -> tuple[Streams, Streams]:
    """Cut a reference into two halves of different people, each with every emotion.

    The streams of each emotion are dealt in turn. Where they are the same people in the same
    order at each emotion, as `corpus_streams` makes them, nobody is in both.
    """
    odd = reference.movers % 2 == 1
    if not odd.any():
        raise TrainingError(
            f'got a reference of {len(reference)} streams; expected at least two people at one '
            f'emotion, with one emotion a stream'
        )
    return reference.chosen(np.flatnonzero(~odd)), reference.chosen(np.flatnonzero(odd))


def _starts(
    keypoints: np.ndarray, rate_hz: float, every_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first frames [N] of windows and whether they move [N]."""
    size = round(_WINDOW_S * rate_hz)
    first = np.arange(0, len(keypoints) - size + 1, max(1, round(every_s * rate_hz)))
    if size <= SMOOTHED_FRAMES or not len(first):
        return first[:0], np.zeros(0, dtype=bool)
    travelled = np.concatenate(([0.0], np.cumsum(smoothed_speed(keypoints, rate_hz), dtype=float)))
    within = size - SMOOTHED_FRAMES
    return first, (travelled[first + within] - travelled[first]) / within >= STILL_M_S


def _windows(keypoints: np.ndarray, rate_hz: float, first: np.ndarray) -> np.ndarray:
    every = max(1, round(rate_hz / _SEEN_HZ))
    frames = first[:, None] + np.arange(0, round(_WINDOW_S * rate_hz), every)
    return about_hips(keypoints[frames], load_skeleton().root)


def _gesture_rows(keypoints: np.ndarray, rate_hz: float) -> np.ndarray:
    """Return moving windows [N, D], three a second."""
    windows = moving_windows(keypoints, rate_hz, _GESTURES_EVERY_S)
    return windows.reshape(len(windows), int(np.prod(windows.shape[1:])))


def _clustered(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the middles [n, D] of clusters of rows [N, D], n at most a quarter of N."""
    count = min(_KINDS, max(1, len(rows) // 4))
    middles = rows[np.sort(rng.choice(len(rows), count, replace=False))]
    for _ in range(_PASSES):
        nearest = _nearest_middle(rows, middles)
        sums, sizes = np.zeros_like(middles), np.bincount(nearest, minlength=count)
        np.add.at(sums, nearest, rows)
        there = sizes > 0  # an empty cluster stays where it was
        middles[there] = sums[there] / sizes[there, None]
    return middles


def _nearest_middle(rows: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Return the index [N] of the middle nearest to each row."""
    # The row's own square is the same for all middles.
    return (np.square(middles).sum(axis=1) - 2.0 * (rows @ middles.T)).argmin(axis=1)
