# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A performance: one person acts out a sequence of emotions; gestures become keypoints."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from emotion_motion.emotion import EMOTIONS
from emotion_motion.training.corpus.body import Body, CHANNELS
from emotion_motion.training.corpus.people import solve_poses
from emotion_motion.training.corpus.phrase import Family, Phrase
from emotion_motion.training.corpus.repertoire import accents, companions, families_of
from emotion_motion.training.corpus.score import (
    add_glances,
    add_weight_shifts,
    idle_movement,
    Score,
    Track,
)
from emotion_motion.training.corpus.style import mixed_style, posture_channels, Style

if TYPE_CHECKING:
    from emotion_motion.training.corpus.carriers import Carriers

__all__ = ['Segment', 'Actor', 'Performance']

_STYLE_NAMES = [field.name for field in fields(Style)]
# How often a gesture flows into another one, the idle arm takes a pose, the head swings.
_FLOWS, _ACCOMPANIED, _ACCENTED = 0.3, 0.35, 0.3
# Share of gestures that come from animations, where the carriers have some of the emotion: few.
_ANIMATED = 0.16


@dataclass(frozen=True)
class Segment:
    """A stretch of a clip at one emotion."""

    weights: np.ndarray  # of the seven emotions, sum 1
    start_s: float
    end_s: float
    mode: int = 0  # of fear, the one emotion that has two: 0 frozen, 1 startled


class Actor:
    """Whose body moves, the poses of its arms, and the recorded motion that it uses."""

    def __init__(self, body: Body, carriers: Carriers | None = None) -> None:
        self.body, self.poses, self.carriers = body, solve_poses(body), carriers


class Performance:
    """Draws the gestures and postures of a sequence of emotions; `keypoints` plays them."""

    def __init__(
        self,
        segments: list[Segment],
        rng: np.random.Generator,
        actor: Actor,
        *,
        from_rest: bool = False,
        family: Family | None = None,
    ) -> None:
        """Draw the performance of segments without gaps; of one family of gestures, if given."""
        self.names: list[str] = []  # of the gestures in order
        self.segments, self.actor = segments, actor
        self._rng, self._family, self._from_rest = rng, family, from_rest
        first = posture_channels(segments[0].weights, rng, actor.body, segments[0].mode)
        self._score = Score(actor.body.rest_channels if from_rest else first)
        self._style = Track(np.array(astuple(mixed_style(segments[0].weights, segments[0].mode))))
        if from_rest:
            self._score.posture.move(0.0, rng.uniform(0.3, 0.9), first)
        for number, segment in enumerate(segments):
            if number:
                self._switch(segment)
            self._fill(segment)

    def keypoints(self, times_s: np.ndarray, rate_hz: float) -> np.ndarray:
        """Return the body [T, K, 3] at times [T], of height 1.

        Idle movement is drawn here, anew in each call.
        """
        # A little smoothing joins one movement to the next, as muscles do.
        channels = _smoothed(self._score.play(times_s), 0.033 * rate_hz)
        _lift_moving_feet(channels, rate_hz)
        styles = dict(zip(_STYLE_NAMES, self._style.play(times_s).T, strict=True))
        idle = idle_movement(self._rng, styles, rate_hz, self.actor.carriers)
        if self._from_rest:
            idle *= np.clip(times_s / 0.5, 0.0, 1.0)[:, None]
        return self.actor.body.keypoints(channels + idle)

    def _switch(self, segment: Segment) -> None:
        """Change to the emotion of `segment` within 0.3 to 0.8 s."""
        seconds = self._rng.uniform(0.3, 0.8)
        start, score = segment.start_s, self._score
        score.cut(start, seconds)
        for track in (score.posture, score.gaze, score.accents, score.weight):
            track.cut(start, 0.4 * seconds)
        if score.accents.last.any():
            score.accents.move(start, start + seconds, np.zeros(3))
        goal = posture_channels(segment.weights, self._rng, self.actor.body, segment.mode)
        score.posture.move(start, start + seconds, goal)
        style = np.array(astuple(mixed_style(segment.weights, segment.mode)))
        self._style.move(start, start + seconds, style)

    def _fill(self, segment: Segment) -> None:
        """Fill a segment with gestures and pauses, changes of posture, glances, weight shifts."""
        rng, score = self._rng, self._score
        style = mixed_style(segment.weights, segment.mode)
        add_glances(score, rng, style, segment.start_s, segment.end_s)
        add_weight_shifts(score, rng, style, segment.start_s, segment.end_s)
        self._add_postures(segment, style)
        time = segment.start_s + rng.uniform(0.0, 0.35)
        last: list[Family] = []
        while time < segment.end_s:
            start = time if self._family else max(time, score.end_s)
            phrase, last = self._phrase(segment, style, last)
            score.add(phrase.moves, start)
            pause = min(rng.exponential(style.pause_s), 3.5 * style.pause_s)
            time = score.end_s + pause

    def _phrase(
        self, segment: Segment, style: Style, last: list[Family]
    ) -> tuple[Phrase, list[Family]]:
        """Write one gesture, or some that flow into each other; return it and its families."""
        rng = self._rng
        if self._family:
            phrase = Phrase(rng, style, 'lr'[rng.integers(2)], self.actor.poses)
            self._family(phrase)
            phrase.lower()
            self.names.append(self._family.name)
            return phrase, [self._family]
        emotion = int(rng.choice(len(EMOTIONS), p=segment.weights))
        name = EMOTIONS[emotion]
        families, chance = self._families(name, segment.mode)
        phrase = Phrase(rng, style, 'lr'[rng.integers(2)], self.actor.poses)
        # A weak emotion makes smaller gestures.
        phrase.size *= 0.55 + 0.45 * float(segment.weights[emotion])
        count = 1 + (rng.random() < _FLOWS) + (rng.random() < 0.3 * _FLOWS)
        used: list[Family] = []
        for number in range(count):
            # One that was among the last ones is less likely.
            fresh = chance * [0.25 if family in (*last, *used) else 1.0 for family in families]
            family = families[int(rng.choice(len(families), p=fresh / fresh.sum()))]
            phrase.flowing = number < count - 1
            if number and rng.random() < 0.5:
                phrase.lead = phrase.other
            family(phrase)
            used.append(family)
            self.names.append(family.name)
        if rng.random() < _ACCOMPANIED:
            phrase.accompany(phrase.choice(*companions(name)))
        if rng.random() < _ACCENTED:
            self._add_accent(name, style)
        phrase.lower()
        return phrase, used

    def _families(self, emotion: str, mode: int) -> tuple[list[Family], np.ndarray]:
        """Return the families of an emotion, those of the carriers among them."""
        families, chance = families_of(emotion, mode)
        carriers = self.actor.carriers
        extra = carriers.gestures.get(emotion, ()) if carriers else ()
        if not extra:
            return families, chance
        share = np.full(len(extra), _ANIMATED / len(extra))
        return [*families, *extra], np.append((1.0 - _ANIMATED) * chance, share)

    def _add_accent(self, emotion: str, style: Style) -> None:
        """Let the head swing there and back, a few times and less each time."""
        rng, track = self._rng, self._score.accents
        swings, start = accents(emotion), self._score.end_s + rng.uniform(0.0, 0.8)
        goal, seconds = swings[int(rng.integers(len(swings)))]
        side = 1.0 if rng.random() < 0.5 else -1.0
        goal = goal * (1.0, side, side) * rng.uniform(0.6, 1.2) * style.amplitude
        for _ in range(int(rng.integers(1, 4))):
            half = seconds * rng.uniform(0.85, 1.3)
            track.move(start, start + half, goal)
            goal = goal * (1.0, -1.0, -1.0) * rng.uniform(0.6, 0.95)
            back = np.zeros(3) if not goal[1:].any() else goal * 0.8
            track.move(start + half, start + 2.0 * half, back)
            start += 2.0 * half
        track.move(start, start + seconds, np.zeros(3))

    def _add_postures(self, segment: Segment, style: Style) -> None:
        """Stand differently every few seconds: nobody holds a lean for longer."""
        rng = self._rng
        time = segment.start_s + rng.uniform(2.0, 4.5)
        while time < segment.end_s:
            seconds = rng.uniform(0.8, 1.8) / style.speed
            goal = posture_channels(segment.weights, rng, self.actor.body, segment.mode)
            self._score.posture.move(time, time + seconds, goal)
            time += seconds + rng.uniform(1.5, 4.0)


def _lift_moving_feet(channels: np.ndarray, rate_hz: float) -> None:
    """Raise a foot that moves over the ground, highest where it is fastest."""
    for foot in ('l_foot', 'r_foot'):
        ahead, lift, heel = range(CHANNELS[foot].start, CHANNELS[foot].stop)
        speed = np.abs(np.gradient(channels[:, ahead], 1.0 / rate_hz, axis=0))
        channels[:, lift] += 0.06 * speed
        channels[:, heel] += 20.0 * speed


def _smoothed(channels: np.ndarray, width: float) -> np.ndarray:
    """Return channels [T, C] filtered by a Gaussian of `width` frames."""
    reach = int(np.ceil(3.0 * width))
    if reach < 1:
        return channels
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    padded = np.pad(channels, ((reach, reach), (0, 0)), mode='edge')
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return windows @ (kernel / kernel.sum())
