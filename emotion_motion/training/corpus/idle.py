# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What a standing body does all the time: sway, breathing, tremor, glances, shifts of weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emotion_motion.training.corpus.performer.body import CHANNELS, SIZE, sway_sizes
from emotion_motion.training.corpus.score import Score
from emotion_motion.training.corpus.style import Style

if TYPE_CHECKING:
    from emotion_motion.training.corpus.carriers import Carriers

__all__ = ['idle_movement', 'add_glances', 'add_weight_shifts']

_SLOW_S, _QUICK_S = 0.52, 0.22  # widths of the Gaussians that make noise smooth
_HIP_DROP = -150.0  # degrees per body height: the hip over the free leg sinks by 1 to 2
_QUICK_SHARE = 0.12  # of quick against slow sway, at restless = 1


def idle_movement(
    rng: np.random.Generator,
    gains: dict[str, np.ndarray],
    rate_hz: float,
    carriers: Carriers | None = None,
) -> np.ndarray:
    """Return what the body does beside gestures: slow sway, quicker noise, breathing, tremor.

    Args:
        rng: source of the noise.
        gains: over time [T]: sway, restless, tremor, breath, breath_hz as in `Style`.
        rate_hz: frames per second.
        carriers: people's own sway to use for a part of it.

    Returns:
        Channels to add [T, SIZE].
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
