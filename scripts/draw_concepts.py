#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Draw the pictures of docs/concepts from tensors of the packaged model.

    python scripts/draw_concepts.py [FOLDER]

One run of the live loop, four seconds of happiness and four of sadness, is recorded with its
plans and shown to the model again as a whole sequence, which gives the numbers of the live steps.
Pictures go into docs/pictures, or into FOLDER.
"""

from __future__ import annotations

from pathlib import Path
import sys
from typing import Any, NamedTuple

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle
import numpy as np
import torch
from torch import Tensor

from emotion_motion.drawing import EMOTION_COLOURS
from emotion_motion.emotion import EMOTIONS, NEUTRAL_INDEX
from emotion_motion.generator import MotionGenerator
from emotion_motion.model import MotionOutput
from emotion_motion.plan import Plan, PlanAhead
from emotion_motion.plan_sampler import NEWS_GAIN, PlanSampler
from emotion_motion.sampling import (
    calculate_dynamic_emotion_scores_individual,
    is_expressive,
)

PICTURES = Path(__file__).resolve().parents[1] / 'docs' / 'pictures'
SEED, HALF, RATE_HZ = 10, 120, 30.0
FIRST, SECOND = 'happiness', 'sadness'
INK, PALE, ACCENT = '#2b2f36', '#c9ced6', '#ef8a00'
TURN = np.radians(38.0)


class Run(NamedTuple):
    """A recorded run of T frames; B = 1."""

    generator: MotionGenerator
    frames: Tensor  # [1, T, O]
    emotions: Tensor  # [1, T, E]
    output: MotionOutput
    ahead: PlanAhead
    shown: Tensor  # [1, T, dim], what the emotion head may see


def record(second: str = SECOND, length: int = 2 * HALF) -> Run:
    """Run the live loop, FIRST and then another emotion, and show the model all of it again."""
    generator = MotionGenerator.from_pretrained('default', seed=SEED)
    frames, emotions, targets, left = [], [], [], []
    for number in range(length):
        generator.set_emotion(FIRST if number < HALF else second)
        frames.append(generator._frame)
        emotions.append(torch.from_numpy(generator.emotion))
        targets.append(generator._cache.plan)
        left.append(generator._cache.plan_left)
        generator.step()
    network = generator.checkpoint.model
    past, asked = torch.stack(frames, 1), torch.stack(emotions, 1)
    plan = Plan(torch.stack(targets, 1), torch.stack(left, 1))
    with torch.inference_mode():
        output, ahead = network.forward_with_plan(past, asked, plan)
        shown = network._shown(output.logits, past)
    return Run(generator, past, asked, output, ahead, shown)


def page(width_in: float, height_in: float, rows: int = 1, columns: int = 1, **how: Any) -> Any:
    figure = Figure(figsize=(width_in, height_in), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **how)
    for axis in axes.flat:
        axis.tick_params(labelsize=8, colors=INK)
        for side in ('top', 'right'):
            axis.spines[side].set_visible(False)
    return figure, axes


def save(figure: Figure, folder: Path, name: str) -> None:
    path = folder / f'concept_{name}.png'
    figure.savefig(path, dpi=100, facecolor='white', metadata={'Software': None})
    print(f'wrote {path}, {path.stat().st_size // 1024} kB')


def seen(points: np.ndarray) -> np.ndarray:
    """Keypoints [..., 3] as picture coordinates [..., 2]."""
    across = -points[..., 0] * np.sin(TURN) + points[..., 1] * np.cos(TURN)
    return np.stack((across, points[..., 2]), axis=-1)


def body(axis: Any, run: Run, frame: Tensor, colour: str, width: float, alpha: float = 1.0) -> Any:
    """Draw a frame [O] of model space; returns its picture coordinates [K, 2]."""
    skeleton = run.generator.skeleton
    mean = run.generator.checkpoint.normaliser.mean
    flat = seen((frame.numpy() + mean).reshape(skeleton.size, -1))
    head = skeleton.groups['head']
    bones = [flat[list(edge)] for edge in skeleton.edges if edge[1] not in head]
    middle = flat[[skeleton.index('LEar'), skeleton.index('REar')]].mean(0)
    bones.append(np.stack((flat[skeleton.index('Neck')], middle)))
    axis.add_collection(LineCollection(
        bones, colors=colour, linewidths=width, alpha=alpha, capstyle='round'))  # fmt: skip
    axis.add_patch(Circle(middle, 0.055, facecolor='white', edgecolor=colour, alpha=alpha,
                          linewidth=0.6 * width, zorder=2.1))  # fmt: skip
    return flat


def bare(axis: Any, title: str) -> None:
    axis.set_aspect('equal')
    axis.autoscale_view()
    axis.set_axis_off()
    axis.set_title(title, fontsize=9, color=INK)


def attention(run: Run, at: int) -> np.ndarray:
    """How much frame `at` attends to each frame of its window, [layers, heads, window]."""
    model = run.generator.checkpoint.model
    window, found = model.config.window, []
    inputs: list[tuple[Tensor, Tensor, Tensor]] = []
    handles = [
        block.register_forward_pre_hook(lambda _, given: inputs.append(given))
        for block in model.blocks
    ]
    targets = run.ahead.here.new_zeros(1, run.frames.shape[1], model.config.plan_size)
    with torch.inference_mode():
        model(run.frames, run.emotions, plan=Plan(targets, targets[..., :1]))
        for block, (x, rotation, _) in zip(model.blocks, inputs, strict=True):
            heads, _ = block.project(x, rotation)
            q, k, _ = heads.chunk(3, dim=1)  # [1, H, T, C/H]
            scores = q[0, :, at : at + 1] @ k[0, :, at - window + 1 : at + 1].mT
            found.append((scores / q.shape[-1] ** 0.5).softmax(-1)[:, 0].numpy())
    for handle in handles:
        handle.remove()
    return np.stack(found)


def draw_model(run: Run, folder: Path) -> None:
    keypoints = run.generator.checkpoint.model.config.keypoints
    speed = run.shown[0, :HALF, -keypoints:].mean(-1)
    at = 70 + int(speed[70:].argmax())  # the quickest frame that has a whole window before it
    figure, axes = page(9.6, 3.6, 1, 2, width_ratios=(1.0, 1.9))
    left, right = axes[0]
    now, output = run.frames[0, at], run.output
    here = body(left, run, now, PALE, 5.0)
    more = 8.0  # a thirtieth of a second is too short to be seen
    there = seen((now + more * (output.logits[0, at] - now)).numpy().reshape(-1, 3)
                 + run.generator.checkpoint.normaliser.mean.reshape(-1, 3))
    left.quiver(*here.T, *(there - here).T, angles='xy', scale_units='xy', scale=1.0,
                width=0.009, color=INK, zorder=3)
    for name in ('RWrist', 'LWrist', 'RElbow', 'LElbow', 'Nose'):
        point = run.generator.skeleton.index(name)
        means = now + more * (output.mu[0, at] - now)  # [G, O]
        mean = run.generator.checkpoint.normaliser.mean
        dots = seen((means.numpy() + mean).reshape(len(means), -1, 3))[:, point]
        left.scatter(*dots.T, s=12 + 130 * output.pi[0, at, :, point], color=ACCENT, alpha=0.75,
                     zorder=4, linewidths=0)
    bare(left, f'one frame: what is predicted for the next one\n(ways {more:.0f} times as long)')
    weights = attention(run, at)
    layers, heads, window = weights.shape
    right.imshow(weights.reshape(layers * heads, window), aspect='auto', cmap='Greys', vmax=0.12,
                 extent=(-(window - 0.5) / RATE_HZ, 0.5 / RATE_HZ, layers * heads, 0))
    for layer in range(1, layers):
        right.axhline(layer * heads, color=ACCENT, lw=1.2)
    right.set_yticks([heads * (layer + 0.5) for layer in range(layers)],
                     [f'layer {layer + 1}\n{heads} heads' for layer in range(layers)], fontsize=8)
    right.set_xlabel('frames of the window [s before now]', fontsize=9)
    right.set_title('what that frame attends to', fontsize=9, color=INK)
    save(figure, folder, 'model')


def draw_pooling(run: Run, folder: Path) -> None:
    model = run.generator.checkpoint.model
    length, window = run.frames.shape[1], model.config.window
    with torch.inference_mode():
        score = model.pooling.score(run.shown)[0, :, 0].numpy()
    age = np.arange(length)[:, None] - np.arange(length)
    table = np.where((age >= 0) & (age < window), np.exp(score - score.max()), 0.0)
    table /= table.sum(1, keepdims=True)
    seconds = np.arange(length) / RATE_HZ
    figure, axes = page(9.6, 4.6, 3, 1, height_ratios=(1.0, 1.6, 1.5), sharex=True)
    speeds, weights, emotions = axes[:, 0]
    keypoints = model.config.keypoints
    speeds.fill_between(seconds, run.shown[0, :, -keypoints:].mean(-1), color=PALE)
    speeds.set_ylabel('speed in\nlogits', fontsize=8)
    weights.imshow(np.log10(table + 1e-6), aspect='auto', cmap='Greys', vmin=-3.5, vmax=-1.2,
                   extent=(0, length / RATE_HZ, length / RATE_HZ, 0))
    weights.set_ylabel('frame that\npools [s]', fontsize=8)
    logits = run.output.emotion_logits[0].numpy()
    for number, name in enumerate(EMOTIONS):
        bold = name in (FIRST, SECOND)
        emotions.plot(seconds, logits[:, number], color=EMOTION_COLOURS[name],
                      lw=2.2 if bold else 0.9, label=name, alpha=1.0 if bold else 0.6)
    emotions.axvline(HALF / RATE_HZ, color=INK, lw=0.8, ls=':')
    emotions.set_ylabel('emotion_logits', fontsize=8)
    emotions.set_xlabel(f'frame that is pooled [s]; {FIRST} is asked for, from '
                        f'{HALF / RATE_HZ:.0f} s on {SECOND}', fontsize=9)
    emotions.legend(ncols=7, fontsize=7, frameon=False, loc='upper center',
                    bbox_to_anchor=(0.5, 1.22))
    save(figure, folder, 'pooling')


def at_frame(run: Run, at: int) -> tuple[MotionOutput, Tensor, Tensor, Tensor]:
    """What the sampler gets for one frame: output, frame, emotions by component, target."""
    model = run.generator.checkpoint.model
    output = MotionOutput(*(part[:, at : at + 1] for part in run.output))
    frame, target = run.frames[:, at], run.emotions[:, at]
    with torch.inference_mode():
        summary = model.pooling.windowed(run.shown, model.config.window)[:, at : at + 1]
        emotions = model.emotions_by_component(output, frame, run.shown[:, at : at + 1], summary)
    return output, frame, emotions, target


def draw_sampler(run: Run, folder: Path) -> None:
    at = HALF + 6
    settings = run.generator.sampler
    output, frame, emotions, target = at_frame(run, at)
    model = run.generator.checkpoint.model

    def score(**weights: float) -> np.ndarray:
        return calculate_dynamic_emotion_scores_individual(
            output.mu, output.sigma, emotions, frame.unsqueeze(1), target=target,
            unit=model.unit, neutral_index=NEUTRAL_INDEX, expressive=is_expressive(target),
            **{'k': 0.0, 'emotion_weight': 0.0, 'movement_weight': 0.0} | weights,
        )[0, 0].numpy()  # fmt: skip

    chance = output.pi[0, 0].log().numpy()  # [G, K]
    emotion = score(emotion_weight=settings.emotion_weight)
    own = score(k=settings.k, emotion_weight=settings.emotion_weight,
                movement_weight=settings.movement_weight)
    combined = (chance + own) / settings.temperature
    share = np.exp(combined - combined.max(0))
    share /= share.sum(0)
    panels = (
        ('log pi: what the mixture says', chance, 'Greys'),
        ('movement: how far the component goes [units]', score(movement_weight=1.0), 'Greens'),
        ('spread: how unsure it is [units]', -score(k=1.0), 'Purples'),
        (f'emotion_weight x emotion: how much clearer {SECOND} would be (less the mean over g)',
         emotion - emotion.mean(0), 'PuOr'),
        (f'softmax((score + log pi) / {settings.temperature:g}): chance of being chosen', share,
         'Oranges'),
    )
    figure, axes = page(9.6, 6.4, len(panels), 1, sharex=True)
    for axis, (title, values, colours) in zip(axes[:, 0], panels, strict=True):
        most = np.abs(values).max()
        limits = {'vmin': -most, 'vmax': most} if colours == 'PuOr' else {}
        picture = axis.imshow(values, aspect='auto', cmap=colours, **limits)
        figure.colorbar(picture, ax=axis, pad=0.01, aspect=8).ax.tick_params(labelsize=7)
        axis.set_yticks(range(len(values)), [f'g={g}' for g in range(len(values))], fontsize=7)
        axis.set_title(title, fontsize=9, color=INK, loc='left')
    axes[-1, 0].set_xticks(range(run.generator.skeleton.size), run.generator.skeleton.names,
                           rotation=60, ha='right', fontsize=8)
    save(figure, folder, 'sampler')


def draw_plans(_run: Run, folder: Path) -> None:
    figure, axes = page(9.6, 3.0, 1, 4)
    for axis, name in zip(axes[0], ('anger', 'happiness', 'sadness', 'surprise'), strict=True):
        run = record(name, HALF + 1)
        model = run.generator.checkpoint.model
        plans, settings = PlanSampler(model), run.generator.sampler
        ahead = PlanAhead(*(part[:, HALF:] for part in run.ahead))
        frame, here = run.frames[:, HALF], run.ahead.here[:, HALF:]
        noise = plans.draw(1, torch.Generator().manual_seed(SEED))
        target = torch.eye(len(EMOTIONS))[[EMOTIONS.index(name)]]
        with torch.inference_mode():
            drawn = plans._drawn(ahead, noise, settings.plan_temperature)
            drawn = here + (settings.plan_gain + NEWS_GAIN) * (drawn - here)
            drawn = plans._leash(drawn, target, settings.leash)
            chosen = plans(ahead, frame, target, settings, noise, news=1.0)
            poses = (drawn[0] - here[0]) @ model.plan_rise() + frame
            pose = ((chosen - here[0]) @ model.plan_rise() + frame)[0]
        for candidate in poses:
            body(axis, run, candidate, PALE, 1.0, 0.9)
        body(axis, run, frame[0], INK, 1.2)
        body(axis, run, pose, EMOTION_COLOURS[name], 3.0)
        bare(axis, name)
    save(figure, folder, 'plans')


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    run = record()
    for draw in (draw_model, draw_pooling, draw_sampler, draw_plans):
        draw(run, folder)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
