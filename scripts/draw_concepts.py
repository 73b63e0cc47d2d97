#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""
Draw the pictures of docs/concepts from tensors of the packaged model.

    python scripts/draw_concepts.py [FOLDER]

One run of the live loop, four seconds of happiness and then another emotion, is recorded with its
targets and what the sampler was given, and shown to the model again as a whole sequence, with the
emotion and without, which gives the numbers of the live steps. Pictures go into docs/pictures, or
into FOLDER.
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

from emotion_motion.checkpoint import from_pretrained
from emotion_motion.drawing import EMOTION_COLOURS
from emotion_motion.emotion import EMOTIONS
from emotion_motion.generator import MotionGenerator
from emotion_motion.model.mixture import Mixture, Target
from emotion_motion.model.network import StreamStep
from emotion_motion.sampling import (
    calculate_dynamic_emotion_scores_individual,
    sample_dynamic_emotion_individual,
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
    target: Target
    choices: dict[int, tuple]  # by frame: what the sampler was given, how, and what it drew
    step: StreamStep
    mixture: Mixture
    without: Mixture  # where no emotion is asked for
    shown: Tensor  # [1, T, O + K], what the emotion head sees
    speed: np.ndarray  # [T], mean of the keypoints in `logits`, in units a frame


def record(second: str = SECOND, length: int = 2 * HALF) -> Run:
    """Run the live loop, FIRST and then another emotion, and show the model all of it again."""
    frames, emotions, targets, choices = [], [], [], {}

    def sampler(*given: Tensor, **how: Any) -> Tensor:
        drawn = sample_dynamic_emotion_individual(*given, **how)
        choices[len(frames) - 1] = given, how, drawn
        return drawn

    checkpoint = from_pretrained('default')
    generator = MotionGenerator(checkpoint, seed=SEED, frame_sampler=sampler)
    for number in range(length):
        generator.set_emotion(FIRST if number < HALF else second)
        frames.append(generator._frame)
        emotions.append(torch.from_numpy(generator.emotion))
        targets.append(generator._live_step.chooser.target)
        generator.step()
    past, asked = torch.stack(frames, 1), torch.stack(emotions, 1)
    target = Target(*(torch.cat(part, 1) for part in zip(*targets, strict=True)))
    with torch.inference_mode():
        step, untold = (
            checkpoint.model.whole(past, part, target) for part in (asked, 0.0 * asked)
        )
        mixture, without = (
            checkpoint.model.mdn(part.features, part.pose) for part in (step, untold)
        )
    shown = checkpoint.model.shown(step.logits, past)
    speed = shown[0, :, past.shape[-1] :].mean(-1).numpy()
    return Run(generator, past, asked, target, choices, step, mixture, without, shown, speed)


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


def points(run: Run, frame: Tensor) -> np.ndarray:
    """A frame [O] of model space as picture coordinates [K, 2]."""
    place = (frame.numpy() + run.generator.checkpoint.normaliser.mean).reshape(-1, 3)
    return np.stack((-place[:, 0] * np.sin(TURN) + place[:, 1] * np.cos(TURN), place[:, 2]), -1)


def body(axis: Any, run: Run, frame: Tensor, colour: str, width: float, alpha: float = 1.0) -> Any:
    """Draw a frame [O] of model space; returns its picture coordinates [K, 2]."""
    skeleton, flat = run.generator.skeleton, points(run, frame)
    head = skeleton.groups['head']
    bones = [flat[list(edge)] for edge in skeleton.edges if edge[1] not in head]
    middle = flat[[skeleton.index('LEar'), skeleton.index('REar')]].mean(0)
    bones.append(np.stack((flat[skeleton.index('Neck')], middle)))
    axis.add_collection(
        LineCollection(bones, colors=colour, linewidths=width, alpha=alpha, capstyle='round')
    )
    axis.add_patch(
        Circle(
            middle,
            0.055,
            facecolor='white',
            edgecolor=colour,
            alpha=alpha,
            linewidth=0.6 * width,
            zorder=2.1,
        )
    )
    return flat


def bare(axis: Any, title: str) -> None:
    axis.set_aspect('equal')
    axis.autoscale_view()
    axis.set_axis_off()
    axis.set_title(title, fontsize=9, color=INK)


def attention(run: Run, at: int) -> np.ndarray:
    """How much frame `at` attends to each frame of its window, [layers, heads, window]."""
    model = run.generator.checkpoint.model
    window, weights = model.config.window, []
    inputs: list[tuple[Tensor, Tensor, Tensor]] = []
    handles = [
        block.register_forward_pre_hook(lambda _, given: inputs.append(given))
        for block in model.blocks
    ]
    with torch.inference_mode():
        model.whole(run.frames, run.emotions, run.target)
        for block, (x, rotation, _) in zip(model.blocks, inputs, strict=True):
            heads, _ = block.project(x, rotation)
            q, k, _ = heads.chunk(3, dim=1)  # [1, H, T, C/H]
            scores = q[0, :, at : at + 1] @ k[0, :, at - window + 1 : at + 1].mT
            weights.append((scores / q.shape[-1] ** 0.5).softmax(-1)[:, 0].numpy())
    for handle in handles:
        handle.remove()
    return np.stack(weights)


def draw_model(run: Run, folder: Path) -> None:
    at = 70 + int(run.speed[70:HALF].argmax())  # the quickest with a whole window before it
    figure, axes = page(9.6, 3.6, 1, 2, width_ratios=(1.0, 1.9))
    left, right = axes[0]
    now, more = run.frames[0, at], 8.0  # a thirtieth of a second is too short to be seen
    here = body(left, run, now, PALE, 5.0)
    there = points(run, now + more * (run.step.logits[0, at] - now))
    left.quiver(
        *here.T,
        *(there - here).T,
        angles='xy',
        scale_units='xy',
        scale=1.0,
        width=0.009,
        color=INK,
        zorder=3,
    )
    bare(left, f'one frame: what is predicted for the next one\n(ways {more:.0f} times as long)')
    weights = attention(run, at)
    layers, heads, window = weights.shape
    right.imshow(
        weights.reshape(layers * heads, window),
        aspect='auto',
        cmap='Greys',
        vmax=0.12,
        extent=(-(window - 0.5) / RATE_HZ, 0.5 / RATE_HZ, layers * heads, 0),
    )
    for layer in range(1, layers):
        right.axhline(layer * heads, color=ACCENT, lw=1.2)
    right.set_yticks(
        [heads * (layer + 0.5) for layer in range(layers)],
        [f'layer {layer + 1}\n{heads} heads' for layer in range(layers)],
        fontsize=8,
    )
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
    quick, weights, emotions = axes[:, 0]
    quick.fill_between(seconds, run.speed, color=PALE)
    quick.set_ylabel('speed in\nlogits', fontsize=8)
    weights.imshow(
        np.log10(table + 1e-6),
        aspect='auto',
        cmap='Greys',
        vmin=-3.5,
        vmax=-1.2,
        extent=(0, length / RATE_HZ, length / RATE_HZ, 0),
    )
    weights.set_ylabel('frame that\npools [s]', fontsize=8)
    logits = run.step.emotion_logits[0].numpy()
    for number, name in enumerate(EMOTIONS):
        bold = name in (FIRST, SECOND)
        emotions.plot(
            seconds,
            logits[:, number],
            color=EMOTION_COLOURS[name],
            lw=2.2 if bold else 0.9,
            label=name,
            alpha=1.0 if bold else 0.6,
        )
    emotions.axvline(HALF / RATE_HZ, color=INK, lw=0.8, ls=':')
    emotions.set_ylabel('emotion_logits', fontsize=8)
    emotions.set_xlabel(
        f'frame that is pooled [s]; {FIRST} is asked for, from {HALF / RATE_HZ:.0f} s on {SECOND}',
        fontsize=9,
    )
    emotions.legend(
        ncols=7, fontsize=7, frameon=False, loc='upper center', bbox_to_anchor=(0.5, 1.22)
    )
    save(figure, folder, 'pooling')


def draw_mixture(run: Run, folder: Path) -> None:
    model = run.generator.checkpoint.model
    conditioned, unconditioned = (part.log_pi[0, HALF] for part in (run.mixture, run.without))
    guidance = run.generator.sampler.guidance
    guided = (conditioned + guidance * (conditioned - unconditioned)).log_softmax(-1)
    anchors, here = model.mdn.anchors.numpy(), run.mixture.pose[0, HALF].numpy()
    figure, axes = page(9.6, 3.4, 1, 3, sharex=True, sharey=True)
    for axis, log_pi, title in zip(
        axes[0],
        (unconditioned, conditioned, guided),
        ('without an emotion', f'with {SECOND}', f'with guidance {guidance:g}'),
        strict=True,
    ):
        axis.scatter(*anchors[:, :2].T, s=2, color=PALE, linewidths=0)
        axis.scatter(
            *anchors[:, :2].T,
            s=900 * log_pi.exp().numpy(),
            linewidths=0,
            alpha=0.6,
            color=EMOTION_COLOURS[SECOND],
        )
        axis.plot(*here[:2], '+', color=INK, ms=9, mew=1.6)
        many = float((-(log_pi.exp() * log_pi).sum()).exp())
        axis.set_title(f'{title}: {many:.0f} anchors in effect', fontsize=9, color=INK)
        axis.set_xlabel('first principal axis', fontsize=8)
    axes[0, 0].set_ylabel('second principal axis', fontsize=8)
    save(figure, folder, 'mixture')


def draw_sampler(run: Run, folder: Path) -> None:
    skeleton, settings = run.generator.skeleton, run.generator.sampler
    (_, sigma, mu, emotions, last), how, drawn = run.choices[HALF]
    same = {name: how[name] for name in ('unit', 'target', 'neutral_index', 'expressive')}
    terms = {
        'movement_weight': ('movement: {:g} x |mu - last|', 'Greens'),
        'k': ('certainty: -{:g} x |sigma|', 'Purples_r'),
        'emotion_weight': (f'emotion: {{:g}} x what would show of {SECOND}', 'Oranges'),
    }
    weights = {name: getattr(settings, name) for name in terms}

    def score(**given: Any) -> np.ndarray:  # [N, K]
        given = {**dict.fromkeys(terms, 0.0), **same, **given}
        scores = calculate_dynamic_emotion_scores_individual(mu, sigma, emotions, last, **given)
        return scores[0, 0].numpy()

    arm, columns = (
        [skeleton.index(name) for name in names]
        for names in (('RElbow', 'RWrist'), ('MidHip', 'Nose', 'RWrist', 'LWrist'))
    )
    combined = torch.from_numpy(score(**weights, groups=how['groups'])) / settings.temperature
    order = combined[:, arm[0]].argsort(descending=True).numpy()
    panels = [
        (
            text.format(weights[name]),
            score(**{name: weights[name]})[:, arm],
            ('right elbow', 'right wrist'),
            colours,
        )
        for name, (text, colours) in terms.items()
    ]
    panels.append(
        (
            'chance of each component (dot: what was drawn)',
            combined.softmax(0).numpy()[:, columns],
            ('trunk and legs', 'head', 'right arm', 'left arm'),
            'Greys',
        )
    )
    figure, axes = page(9.6, 4.8, len(panels), 1, sharex=True, height_ratios=(2, 2, 2, 4))
    for axis, (title, values, rows, colours) in zip(axes[:, 0], panels, strict=True):
        picture = axis.imshow(values[order].T, aspect='auto', cmap=colours)
        figure.colorbar(picture, ax=axis, pad=0.01, aspect=8).ax.tick_params(labelsize=7)
        axis.set_yticks(range(len(rows)), rows, fontsize=8)
        axis.set_title(title, fontsize=9, color=INK, loc='left')
    off = (mu[0, 0] - drawn).unflatten(-1, (-1, 3)).norm(dim=-1).numpy()  # [N, K]
    axes[-1, 0].scatter(
        off[order][:, columns].argmin(0),
        range(len(columns)),
        s=30,
        color=ACCENT,
        edgecolors='white',
    )
    axes[-1, 0].set_xlabel('the 64 components asked for, best for the right arm first', fontsize=9)
    save(figure, folder, 'sampler')


def draw_target(_run: Run, folder: Path) -> None:
    figure, axes = page(9.6, 3.0, 1, 4)
    for axis, name in zip(axes[0], ('anger', 'happiness', 'sadness', 'surprise'), strict=True):
        run = record(name, HALF + 12)
        (_, _, mu, *_), _, drawn = run.choices[HALF]
        for candidate in mu[0, 0]:
            body(axis, run, candidate, PALE, 0.8, 0.5)
        body(axis, run, drawn[0], INK, 1.2)
        for number in range(HALF, HALF + 11, 2):  # those that are told of it
            body(
                axis,
                run,
                run.frames[0, number],
                EMOTION_COLOURS[name],
                1.6,
                0.15 + 0.085 * (number - HALF),
            )
        bare(axis, name)
    save(figure, folder, 'target')


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0]) if arguments else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    run = record()
    for draw in (draw_model, draw_mixture, draw_sampler, draw_target, draw_pooling):
        draw(run, folder)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
