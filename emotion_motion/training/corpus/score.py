# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A score: the moves of each part over the time of a clip, and what a body does beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
import functools
from typing import NamedTuple, TYPE_CHECKING

import numpy as np

from emotion_motion.training.corpus.body import CHANNELS, SIZE, sway_sizes
from emotion_motion.training.corpus.phrase import Move
from emotion_motion.training.corpus.style import Style

if TYPE_CHECKING:
    from emotion_motion.training.corpus.carriers import Carriers

__all__ = ['Track', 'Score', 'minimum_jerk', 'idle_movement', 'add_glances', 'add_weight_shifts']

_ARMS = ('l_arm', 'r_arm')
# Forearms follow upper arms a little later; seconds by angle: flex, abduct, twist, elbow.
_ARM_LAG_S = np.array([0.0, 0.01, 0.045, 0.06])
_ARM_SPEED_DEG_S = 260.0  # mean over a stroke of a straight arm; its peak is 1.9 times that
# How much a degree of each angle moves the wrist, against a degree of swing.
_ARM_REACH = np.array([1.0, 1.0, 0.3, 0.44])
_SLOW_S, _QUICK_S = 0.52, 0.22  # widths of the Gaussians that make noise smooth
_HIP_DROP = -150.0  # degrees per body height: the hip over the free leg sinks by 1 to 2
_QUICK_SHARE = 0.12  # of quick against slow sway, at restless = 1


def minimum_jerk(share: np.ndarray) -> np.ndarray:
    """Return the way covered at a share of the time; starts and ends at rest (Flash, Hogan)."""
    share = np.clip(share, 0.0, 1.0)
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


class _Change(NamedTuple):
    """Values go from one point to another in a time."""

    start_s: float
    end_s: float
    origin: np.ndarray
    goal: np.ndarray


class Track:
    """Values over time: constant but for moves, each a minimum-jerk way to its goal."""

    def __init__(self, start: np.ndarray) -> None:
        self._first = np.asarray(start, dtype=float)
        self._moves: list[_Change] = []

    @property
    def last(self) -> np.ndarray:
        """Values [D] after the last move."""
        return self._moves[-1].goal if self._moves else self._first

    @property
    def end_s(self) -> float:
        """When the last move ends."""
        return self._moves[-1].end_s if self._moves else 0.0

    def move(
        self, start_s: float, end_s: float, goal: np.ndarray, origin: np.ndarray | None = None
    ) -> None:
        """Append a move to a goal [D]; it begins when the one before has ended at the earliest.

        It begins where the track is, or at an `origin`: a jump is the caller's affair.
        """
        start_s = max(start_s, self.end_s)
        end_s = max(end_s, start_s + 0.08)
        origin = self.last if origin is None else origin
        goal = np.asarray(goal, dtype=float)
        self._moves.append(_Change(start_s, end_s, np.asarray(origin), goal))

    def cut(
        self,
        time_s: float,
        within_s: float,
        least_s: Callable[[np.ndarray, np.ndarray], float] = lambda origin, goal: 0.12,
    ) -> None:
        """Drop what begins after `time_s`; what is under way arrives within `within_s`.

        A move takes `least_s` of its origin and goal at least, which wins.
        """
        self._moves = [move for move in self._moves if move.start_s < time_s]
        if self._moves and self.end_s > time_s + within_s:
            last = self._moves[-1]
            end_s = max(time_s + within_s, last.start_s + least_s(last.origin, last.goal))
            self._moves[-1] = last._replace(end_s=end_s)

    def play(self, times_s: np.ndarray) -> np.ndarray:
        """Return the values at times [T], or at times [T, D] of their own for each value."""
        if times_s.ndim == 2:
            columns = [self.play(times_s[:, i])[:, i] for i in range(times_s.shape[1])]
            return np.stack(columns, axis=-1)
        if not self._moves:
            return np.broadcast_to(self._first, (len(times_s), len(self._first))).copy()
        starts, ends, origins, goals = map(np.array, zip(*self._moves, strict=True))
        index = np.maximum(np.searchsorted(starts, times_s, side='right') - 1, 0)
        share = (times_s - starts[index]) / (ends - starts)[index]
        return origins[index] + minimum_jerk(share)[:, None] * (goals - origins)[index]


class Score:
    """Posture, gestures, gaze, accents of the head and weight of one clip, as one track each."""

    def __init__(self, posture: np.ndarray) -> None:
        self.posture = Track(posture)
        self.gaze = Track(np.zeros(3))
        self.accents = Track(np.zeros(3))
        self.weight = Track(np.zeros(6))
        self._gestures = {
            part: Track(np.zeros(5 if part in _ARMS else place.stop - place.start))
            for part, place in CHANNELS.items()
        }

    @property
    def end_s(self) -> float:
        """When the last gesture ends."""
        return max(track.end_s for track in self._gestures.values())

    def add(self, moves: Iterable[Move], start_s: float) -> None:
        """Append the moves of a gesture that begins at `start_s`."""
        for move in moves:
            track = self._gestures[move.part]
            origin = track.last
            goal = _home(move.part, origin) if move.values is None else move.values
            start, end = start_s + move.start_s, start_s + move.end_s
            if move.part in _ARMS:
                if move.values is not None and origin[4] == 0.0:
                    origin = np.append(goal[:4], 0.0)  # blended in along a straight line
                end = max(end, max(start, track.end_s) + self._least_s(move.part, origin, goal))
            track.move(start, end, goal, origin)

    def _least_s(self, part: str, begin: np.ndarray, goal: np.ndarray) -> float:
        """Return how long an arm needs at least from one value [5] to another."""
        rest = self.posture.last[CHANNELS[part]]
        angles = [rest + value[4] * (value[:4] - rest) for value in (begin, goal)]
        flex, abduct, twist, elbow = np.abs(angles[1] - angles[0]) * _ARM_REACH
        return float(np.hypot(flex, abduct) + twist + elbow) / _ARM_SPEED_DEG_S

    def cut(self, time_s: float, transition_s: float) -> None:
        """End all gestures: what is under way arrives soon, then all parts return."""
        for part, track in self._gestures.items():
            slowest = {'least_s': functools.partial(self._least_s, part)} if part in _ARMS else {}
            track.cut(time_s, 0.4 * transition_s, **slowest)
            goal = _home(part, track.last)
            if np.any(goal != track.last):
                start = max(time_s, track.end_s)
                least_s = self._least_s(part, track.last, goal) if part in _ARMS else 0.0
                track.move(start, start + max(transition_s, least_s), goal)

    def play(self, times_s: np.ndarray) -> np.ndarray:
        """Return the channels [T, SIZE] at times [T], without idle movement."""
        channels = self.posture.play(times_s)
        for part, track in self._gestures.items():
            place = CHANNELS[part]
            if part in _ARMS:
                late = times_s[:, None] - np.append(_ARM_LAG_S, 0.0)
                values = track.play(late)
                gap = values[:, :4] - channels[:, place]
                channels[:, place] += values[:, 4:] * gap
            else:
                channels[:, place] += track.play(times_s)
        for track in (self.gaze, self.accents):
            channels[:, CHANNELS['head']] += track.play(times_s)
        weight = self.weight.play(times_s)
        channels[:, CHANNELS['pelvis']] += weight
        channels[:, CHANNELS['trunk'].start + 1] -= weight[:, 5]  # upright over a hip that drops
        return channels


def _home(part: str, values: np.ndarray) -> np.ndarray:
    """Return the values of a part that is back in the posture: an arm's angles stay, weight 0."""
    return np.append(values[:4], 0.0) if part in _ARMS else values * 0.0


def idle_movement(
    rng: np.random.Generator,
    gains: dict[str, np.ndarray],
    rate_hz: float,
    carriers: Carriers | None = None,
) -> np.ndarray:
    """Return what the body does beside gestures, channels to add [T, SIZE].

    That is slow sway (a part of it people's own, from carriers), quicker noise, breathing and
    tremor. The gains over time [T] are sway, restless, tremor, breath, breath_hz as in `Style`.
    """
    frames = len(gains['sway'])
    slow = _smooth_noise(rng, frames, SIZE, _SLOW_S * rate_hz)
    quick = _smooth_noise(rng, frames, SIZE, _QUICK_S * rate_hz)
    if carriers is not None:
        # Who waits stands still at times; who is restless never does, as no idle take shows.
        share = np.clip((2.5 - gains['restless']) / 1.5, 0.2, 1.0)[:, None]
        real = carriers.blend_sway(slow, rng, rate_hz)
        slow = np.where(real == slow, slow, share * real + np.sqrt(1.0 - share**2) * slow)
    moved = gains['sway'][:, None] * slow + _QUICK_SHARE * gains['restless'][:, None] * quick
    channels = moved * sway_sizes(0.0)
    shake = _smooth_noise(rng, frames, SIZE, 0.042 * rate_hz)
    shake -= _smooth_noise(rng, frames, SIZE, 0.2 * rate_hz) * 0.3
    for part, strength in (('l_arm', 1.0), ('r_arm', 1.0), ('head', 0.5), ('trunk', 0.2)):
        place = CHANNELS[part]
        channels[:, place] += strength * gains['tremor'][:, None] * shake[:, place]
    _add_breath(channels, rng, gains, rate_hz)
    return channels


def add_glances(
    score: Score, rng: np.random.Generator, style: Style, start_s: float, end_s: float
) -> None:
    """Let the head turn to something from time to time."""
    time = start_s + rng.uniform(0.1, 1.0)
    while time < end_s:
        seconds = style.gaze_move_s * rng.uniform(0.7, 1.5)
        goal = style.gaze_deg * rng.normal(0.0, (0.35, 1.0, 0.22))
        score.gaze.move(time, time + seconds, goal)
        time += seconds + 0.2 + rng.exponential(style.gaze_s)


def add_weight_shifts(
    score: Score, rng: np.random.Generator, style: Style, start_s: float, end_s: float
) -> None:
    """Let the weight go from foot to foot: 3 to 4 cm of a grown-up, the free knee gives."""
    time = start_s + rng.uniform(0.2, 1.0) * style.shift_s
    side = 1.0 if rng.random() < 0.5 else -1.0
    while time < end_s:
        side = -side
        width = side * rng.uniform(0.008, 0.012)
        seconds = rng.uniform(0.8, 1.5) / max(style.speed, 0.6)
        goal = (rng.normal(0.0, 0.005), width, 0.0, rng.normal(0.0, 2.0), 0.0, _HIP_DROP * width)
        score.weight.move(time, time + seconds, np.array(goal))
        time += seconds + rng.exponential(style.shift_s)


def _add_breath(
    channels: np.ndarray, rng: np.random.Generator, gains: dict[str, np.ndarray], rate_hz: float
) -> None:
    drift = 1.0 + 0.2 * _smooth_noise(rng, len(channels), 1, 2.0 * rate_hz)[:, 0]
    phase = 2.0 * np.pi * (rng.random() + np.cumsum(gains['breath_hz'] * drift) / rate_hz)
    # Breathing in is quicker than breathing out.
    wave = np.sin(phase + 0.35 * np.sin(phase)) * gains['breath']
    for side in 'lr':
        channels[:, CHANNELS[f'{side}_shoulder'].start] += wave
        channels[:, CHANNELS[f'{side}_arm'].start + 1] += 0.35 * wave
    channels[:, CHANNELS['trunk'].start] -= 0.45 * wave
    channels[:, CHANNELS['head'].start] -= 0.3 * wave


def _smooth_noise(rng: np.random.Generator, frames: int, count: int, width: float) -> np.ndarray:
    """Return noise [frames, count] of variance 1 smoothed by a Gaussian of `width` frames."""
    padded = frames + int(6 * width) + 8
    spectrum = np.fft.rfft(rng.standard_normal((padded, count)), axis=0)
    frequency = np.fft.rfftfreq(padded)[:, None]
    spectrum *= np.exp(-2.0 * (np.pi * frequency * width) ** 2)
    noise = np.fft.irfft(spectrum, padded, axis=0)[:frames]
    # The gain of the filter on white noise: sum of the squared Gaussian kernel.
    return noise * np.sqrt(2.0 * np.sqrt(np.pi) * max(width, 0.3))
