# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: generate, train, models, data corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import sys
from typing import Annotated, Literal

import tyro

from emotion_motion.exceptions import EmotionMotionError

__all__ = ['main']


def generate(
    emotion: tuple[str, ...] = ('happiness',),
    seconds: float = 5.0,
    out: Path | None = None,
    model: str = 'default',
    seed: int | None = None,
    body_height_m: float | None = None,
    device: str = 'cpu',
    every_s: float = 0.5,
) -> None:
    """Run the live loop and write its motion to a file.

    Args:
        emotion: one emotion or several that follow each other, each a name (happiness), an alias
            (joy) or a mixture (happiness:0.7,surprise:0.3).
        seconds: how long each emotion is shown [s].
        out: file to write: .npz (keypoints and emotions), .csv (a row a frame) or .png (a film
            strip an emotion; needs the extra 'train'). Without it only a summary is printed.
        model: name of a packaged model or folder of a checkpoint.
        seed: makes the run repeatable; another one each time by default.
        body_height_m: height of the body [m]; by default the model's own.
        device: torch device, such as cpu or cuda.
        every_s: time between two figures of a film strip [s].
    """
    from emotion_motion.generator import MotionGenerator
    from emotion_motion.io import check_ending
    from emotion_motion.io.recording import record

    if out is not None:
        check_ending(out, '.npz', '.csv', '.png')
    generator = MotionGenerator.from_pretrained(
        model, device=device, seed=seed, body_height_m=body_height_m
    )
    motion = record(generator, emotion, seconds)
    print(
        f'{len(motion.keypoints)} frames at {motion.rate_hz:g} Hz, seed {generator.seed}, '
        f'model {generator.model_name}'
    )
    if out is None:
        return
    if out.suffix == '.png':
        from emotion_motion.drawing import film_strips

        size = len(motion.keypoints) // len(emotion)
        rows = {
            name if name not in emotion[:i] else f'{name} ({i + 1})': motion.keypoints[
                i * size : (i + 1) * size
            ]
            for i, name in enumerate(emotion)
        }
        film_strips(rows, generator.skeleton, out, every_s=every_s, rate_hz=motion.rate_hz)
    else:
        from emotion_motion.io import save_motion

        save_motion(out, motion)
    print(f'wrote {out}')


def train(
    out: Path,
    data: Path | None = None,
    minutes: float = 240.0,
    corpus_seed: int = 0,
    steps: int = 3600,
    batch_size: int = 40,
    learning_rate: float = 1.5e-3,
    start: str | None = None,
    seed: int = 0,
    device: str = 'cpu',
) -> None:
    """Train a model and write its checkpoint.

    Args:
        out: folder of the checkpoint.
        data: clips from `emotion-motion data corpus` or of your own (.npz); by default the
            procedural corpus is generated.
        minutes: minutes of the procedural corpus, without --data.
        corpus_seed: seed of the procedural corpus, without --data.
        steps: optimiser steps; 3600 take about 25 minutes on two cores.
        batch_size: windows a step.
        learning_rate: the highest one.
        start: go on from this model (a name or a folder) instead of beginning anew.
        seed: of weights, windows and noise.
        device: torch device, such as cpu or cuda.
    """
    from emotion_motion.checkpoint import Checkpoint, from_pretrained, save_pretrained
    from emotion_motion.training.card import described, model_card
    from emotion_motion.training.clip import load_clips
    from emotion_motion.training.corpus import make_corpus
    from emotion_motion.training.trainer import Trainer, TrainingConfig

    _say('reading the clips' if data else f'generating {minutes:g} minutes of motion')
    clips = load_clips(data) if data else make_corpus(minutes, corpus_seed)
    config = TrainingConfig(
        steps=steps, batch_size=batch_size, learning_rate=learning_rate, seed=seed
    )
    begun = from_pretrained(start) if start else None
    trainer = Trainer(clips, config, start=begun, device=device)
    count = sum(part.numel() for part in trainer.model.parameters())
    _say(f'{len(clips)} clips, {count / 1e6:.2f} million parameters, {steps} steps on {device}')
    corpus = None if data else {'minutes': minutes, 'corpus_seed': corpus_seed}

    def save(checkpoint: Checkpoint) -> None:
        checkpoint = described(checkpoint, corpus=corpus, data=data, start=begun)
        save_pretrained(out, checkpoint, card=model_card(checkpoint, out.name), half=True)

    save(trainer.run(save=save))
    print(f'wrote {out}; try: emotion-motion generate --model {out} --out motion.npz')


def models() -> None:
    """List the packaged models: name, parameters on disk, rate, licence, folder."""
    import json

    from emotion_motion.checkpoint import available_models

    for name, path in available_models().items():
        config = json.loads((path / 'config.json').read_text())
        size_mb = (path / 'model.safetensors').stat().st_size / 1e6
        licence = config['training'].get('licence', 'see its README.md')
        print(f'{name}: {size_mb:.1f} MB, {config["rate_hz"]:g} Hz, {licence}, {path}')


def data(
    what: Annotated[Literal['corpus'], tyro.conf.Positional],
    out: Path,
    minutes: float = 180.0,
    seed: int = 0,
) -> None:
    """Make training data.

    Args:
        what: corpus: the procedural corpus of emotional motion.
        out: file to write (.npz).
        minutes: how much motion [min].
        seed: the same seed gives the same motion.
    """
    from emotion_motion.training.clip import save_clips
    from emotion_motion.training.corpus import make_corpus

    del what  # there is one kind so far
    clips = make_corpus(minutes, seed)
    save_clips(out, clips)
    print(f'wrote {len(clips)} clips to {out}')


def main() -> None:
    """Run the command line; exits 1 with one line on standard error for bad input."""
    commands: dict[str, Callable[..., None]] = {
        'generate': generate, 'train': train, 'models': models, 'data': data
    }  # fmt: skip
    try:
        tyro.extras.subcommand_cli_from_dict(
            commands,
            prog='emotion-motion',
            description='Humanoid motion from emotions.',
        )
    except EmotionMotionError as error:
        print(f'emotion-motion: {error}', file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == '__main__':
    main()
