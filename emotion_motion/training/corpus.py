# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A procedural corpus: a standing person who gestures, pauses and sways at seven emotions.

No recorded motion is in it. Everything is drawn from one seed: the plan of emotions, the gestures,
every variation; so the same call gives the same corpus, and a longer one starts with the shorter.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace
from typing import Any

import numpy as np

from emotion_motion.emotion import emotion_weights, EMOTIONS, NEUTRAL_INDEX
from emotion_motion.exceptions import TrainingError
from emotion_motion.io.clip import Clip
from emotion_motion.skeleton import Skeleton
from emotion_motion.training.body import Body, CHANNELS
from emotion_motion.training.idle import add_glances, add_weight_shifts, idle_movement
from emotion_motion.training.phrase import Phrase
from emotion_motion.training.repertoire import Family, REPERTOIRE
from emotion_motion.training.score import Score, Track
from emotion_motion.training.style import mixed_style, posture_channels, Style

__all__ = ['make_corpus', 'make_clip', 'Segment']

_GAIN_NAMES = [field.name for field in fields(Style)]


@dataclass(frozen=True)
class Segment:
    """A stretch of a clip at one emotion.

    Attributes:
        weights: of the seven emotions, sum 1.
        start_s: where in the clip it begins.
        end_s: where it ends.
    """

    weights: np.ndarray
    start_s: float
    end_s: float


def make_corpus(
    minutes: float, seed: int, rate_hz: float = 30.0, *, skeleton: Skeleton | None = None
) -> list[Clip]:
    """Make clips of 40 to 90 s until they last `minutes` together.

    Half of the clips switch the emotion every few seconds, a fifth one to four times, about 20
    % carry mixtures or weaker intensities as soft labels, about 35 % start in the rest pose.
    The seven emotions get equal shares.

    Args:
        minutes: how long all clips are together.
        seed: of every draw.
        rate_hz: frames per second.
        skeleton: BODY_25 proportions; default those of the package.

    Returns:
        Clips, bit for bit the same for the same arguments.

    Raises:
        TrainingError: minutes or rate are not above 0.
    """
    if not (0.0 < minutes < float('inf') and 0.0 < rate_hz < float('inf')):
        raise TrainingError(
            f'got {minutes} minutes at {rate_hz} Hz; expected both above 0 and finite'
        )
    body = Body(skeleton)
    deck = _Deck(np.random.default_rng((seed, 0)))
    clips: list[Clip] = []
    left_s = minutes * 60.0
    while left_s > 0.5 / rate_hz:
        rng = np.random.default_rng((seed, 1, len(clips)))
        seconds = rng.uniform(40.0, 90.0)
        plan = _plan(rng, deck, seconds)
        from_rest = rng.random() < 0.35
        actor = len(clips) // 4
        height_m = float(np.random.default_rng((seed, 3, actor)).uniform(1.5, 1.95))
        clip = _perform(plan, min(seconds, left_s), rng, body, rate_hz, from_rest)
        clips.append(
            replace(
                clip,
                keypoints=clip.keypoints * height_m,
                source=f'corpus:{seed}:{len(clips)}',
                actor=f'corpus-{seed}-{actor:04d}',
            )
        )
        left_s -= clip.duration_s
    return clips


def make_clip(
    emotion: Any, seconds: float, seed: int, *, rate_hz: float = 30.0, from_rest: bool = False,
    family: Family | None = None, skeleton: Skeleton | None = None, height_m: float = 1.0,
) -> Clip:  # fmt: skip
    """Make one clip at one emotion, for pictures and tests.

    Args:
        emotion: anything that `emotion_weights` reads.
        seconds: how long.
        seed: of every draw.
        rate_hz: frames per second.
        from_rest: start in the rest pose.
        family: play only this gesture, over and over.
        skeleton: BODY_25 proportions; default those of the package.
        height_m: of the body; 1 gives the standard body that a model knows.
    """
    weights = emotion_weights(emotion).astype(np.float64)
    rng = np.random.default_rng((seed, 2))
    plan = [Segment(weights / weights.sum(), 0.0, seconds)]
    clip = _perform(plan, seconds, rng, Body(skeleton), rate_hz, from_rest, family)
    return replace(clip, keypoints=clip.keypoints * height_m, source=f'corpus-clip:{seed}')


class _Deck:
    """Deals emotions so that each gets about the same time, in random order."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._seconds = np.zeros(len(EMOTIONS))

    def deal(self, seconds: float, other_than: int | None = None) -> int:
        """Return an emotion for `seconds` that had little time so far."""
        due = self._seconds + self._rng.uniform(0.0, 60.0, len(EMOTIONS))
        if other_than is not None:
            due[other_than] = np.inf
        emotion = int(np.argmin(due))
        self._seconds[emotion] += seconds
        return emotion


# Share of clips that switch the emotion every few seconds. Where the past tells the emotion, a
# model has no use for being told, and ignores what it is asked for.
_RESTLESS = 0.5


def _plan(rng: np.random.Generator, deck: _Deck, seconds: float) -> list[Segment]:
    """Draw the emotions of a clip and when they switch."""
    kind = rng.random()
    if kind < _RESTLESS:
        switches = int(seconds / rng.uniform(2.5, 6.0))
    else:
        switches = int(rng.integers(1, 5)) if kind < _RESTLESS + 0.2 else 0
    soft = rng.random() < 0.2
    shares = rng.dirichlet(np.full(switches + 1, 4.0)) * (seconds - 1.5 * (switches + 1))
    ends = np.cumsum(shares + 1.5)  # at least 1.5 s each
    plan, emotion, start = [], None, 0.0
    for end in ends:
        emotion = deck.deal(end - start, emotion)
        weights = np.eye(len(EMOTIONS))[emotion]
        plan.append(Segment(_softened(weights, rng) if soft else weights, start, float(end)))
        start = float(end)
    return plan


def _softened(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mix a pure emotion with neutral (an intensity) or with another one."""
    other = NEUTRAL_INDEX if rng.random() < 0.6 else int(rng.integers(len(EMOTIONS)))
    share = rng.uniform(0.1, 0.6)
    return (1.0 - share) * weights + share * np.eye(len(EMOTIONS))[other]


def _perform(
    plan: list[Segment], seconds: float, rng: np.random.Generator, body: Body, rate_hz: float,
    from_rest: bool, family: Family | None = None,
) -> Clip:  # fmt: skip
    """Turn a plan into motion."""
    times = np.arange(max(1, round(seconds * rate_hz))) / rate_hz
    first = posture_channels(plan[0].weights, rng, body)
    score = Score(body.rest_channels if from_rest else first)
    gains = Track(np.array(astuple(mixed_style(plan[0].weights))))
    if from_rest:
        score.posture.move(0.0, rng.uniform(0.3, 0.9), first)
    names: list[str] = []
    for number, segment in enumerate(plan):
        if number:
            _switch(score, gains, segment, rng, body)
        _fill(score, segment, rng, body, names, family)
    # A little smoothing joins one movement to the next, as muscles do.
    channels = _smoothed(score.play(times), 0.033 * rate_hz)
    _lift_moving_feet(channels, rate_hz)
    over_time = dict(zip(_GAIN_NAMES, gains.play(times).T, strict=True))
    idle = idle_movement(rng, over_time, rate_hz)
    if from_rest:
        idle *= np.clip(times / 0.5, 0.0, 1.0)[:, None]
    keypoints = body.keypoints(channels + idle)
    emotions = np.zeros((len(times), len(EMOTIONS)))
    for segment in plan:
        emotions[times >= segment.start_s] = segment.weights
    return Clip(
        keypoints=keypoints, rate_hz=rate_hz, emotions=emotions, content=', '.join(names),
        licence='Apache-2.0',
    )  # fmt: skip


def _switch(
    score: Score, gains: Track, segment: Segment, rng: np.random.Generator, body: Body
) -> None:
    """Go over to the emotion of `segment` within 0.3 to 0.8 s."""
    seconds = rng.uniform(0.3, 0.8)
    start = segment.start_s
    score.cut(start, seconds)
    score.posture.cut(start, 0.4 * seconds)
    score.gaze.cut(start, 0.4 * seconds)
    score.weight.cut(start, 0.4 * seconds)
    goal = posture_channels(segment.weights, rng, body)
    score.posture.move(start, start + seconds, goal)
    gains.move(start, start + seconds, np.array(astuple(mixed_style(segment.weights))))


def _fill(
    score: Score, segment: Segment, rng: np.random.Generator, body: Body, names: list[str],
    family: Family | None,
) -> None:  # fmt: skip
    """Fill a segment with gestures and pauses, changes of posture, glances and weight shifts."""
    style = mixed_style(segment.weights)
    add_glances(score, rng, style, segment.start_s, segment.end_s)
    add_weight_shifts(score, rng, style, segment.start_s, segment.end_s)
    _add_postures(score, segment, style, rng, body)
    time = segment.start_s + rng.uniform(0.0, 0.35)
    last = None
    while time < segment.end_s:
        chosen, weight = (family, 1.0) if family else _choose(segment.weights, rng, last)
        phrase = Phrase(rng, style, 'l' if rng.random() < 0.5 else 'r')
        phrase.size *= 0.55 + 0.45 * weight  # a weak emotion makes smaller gestures
        chosen(phrase)
        score.add(phrase.moves, max(time, score.end_s if family is None else time))
        names.append(chosen.__name__)
        last = chosen
        pause = min(rng.exponential(style.pause_s), 3.5 * style.pause_s)
        time = score.end_s + pause


def _choose(
    weights: np.ndarray, rng: np.random.Generator, last: Family | None
) -> tuple[Family, float]:
    """Draw a gesture by the weights of the emotions; rarely the same one twice."""
    emotion = int(rng.choice(len(EMOTIONS), p=weights))
    families, shares = zip(*REPERTOIRE[EMOTIONS[emotion]], strict=True)
    chance = np.array(shares)
    if last in families:
        chance[families.index(last)] *= 0.25
    chosen = families[int(rng.choice(len(families), p=chance / chance.sum()))]
    return chosen, float(weights[emotion])


def _add_postures(
    score: Score, segment: Segment, style: Style, rng: np.random.Generator, body: Body
) -> None:
    """Stand differently every few seconds."""
    time = segment.start_s + rng.uniform(3.0, 9.0)
    while time < segment.end_s:
        seconds = rng.uniform(0.8, 1.8) / style.speed
        score.posture.move(time, time + seconds, posture_channels(segment.weights, rng, body))
        time += seconds + rng.uniform(3.0, 9.0)


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
