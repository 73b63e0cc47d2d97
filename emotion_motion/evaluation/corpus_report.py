# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Shows the corpus and measures it: strips, the kinematic table, a plain judge.

`python -m emotion_motion.evaluation.corpus_report` writes what docs/corpus.md shows.
"""

from __future__ import annotations

from pathlib import Path
import time

from emotion_motion.drawing import film_strips
from emotion_motion.emotion import EMOTIONS
from emotion_motion.evaluation.style_table import against_neutral, measure_style, table_lines
from emotion_motion.evaluation.window_classifier import WindowClassifier
from emotion_motion.skeleton import load_skeleton
from emotion_motion.training.corpus import corpus_proportions, make_clip, make_corpus

__all__ = ['draw_emotion', 'style_lines', 'judge_lines', 'main']

_RATE_HZ = 30.0


def draw_emotion(emotion: str, folder: Path, *, seconds: float = 7.6) -> Path:
    """Draw three people at an emotion into corpus_EMOTION.png."""
    rows = {}
    for row, actor in enumerate((1, 4, 6)):
        height = f'{corpus_proportions(0, actor).height_m:.2f} m'
        clip = make_clip(emotion, seconds, seed=310 + row, actor=actor)
        rows[height] = clip.keypoints
    return film_strips(
        rows, load_skeleton(), folder / f'corpus_{emotion}.png', every_s=0.4, dpi=100,
        title=emotion,
    )  # fmt: skip


def style_lines(people: int = 24, seconds: float = 40.0) -> list[str]:
    """Return the kinematic table, wanted and measured."""
    found = {
        name: measure_style(
            [make_clip(name, seconds, 500 + n, actor=n).keypoints for n in range(people)],
            _RATE_HZ,
        )
        for name in EMOTIONS
    }
    base = found['neutral']
    return [
        *table_lines(against_neutral(found)), '',
        f'Neutral itself: hands at {base.speed:.2f} torso/s and {base.acceleration:.1f} '
        f'torso/s^2, within {base.amplitude:.2f} torso.',
    ]  # fmt: skip


def judge_lines(minutes: float = 60.0) -> list[str]:
    """Return how well a plain judge recognises other people's windows of another seed."""
    known, unknown = make_corpus(minutes, seed=11), make_corpus(minutes / 3.0, seed=12)
    lines = []
    for seconds in (1.0, 2.0):
        found = WindowClassifier.train(known, seconds=seconds).judge(unknown)
        lines += [
            f'{seconds:g} s windows: {found.accuracy:.1%} of {int(found.counts.sum())} are '
            f'recognised, chance {found.chance:.1%}.', '', *found.lines(), '',
        ]  # fmt: skip
    return lines


def main(folder: str = 'docs/pictures') -> None:
    """Draw the strips into `folder` and print the tables."""
    for emotion in EMOTIONS:
        print(draw_emotion(emotion, Path(folder)))
    for lines in (style_lines(), judge_lines()):
        print('\n' + '\n'.join(lines))
    start = time.perf_counter()
    frames = sum(len(clip) for clip in make_corpus(30.0, seed=0))
    passed = time.perf_counter() - start
    print(f'\n{frames} frames, half an hour, in {passed:.1f} s on one core')


if __name__ == '__main__':
    main()
