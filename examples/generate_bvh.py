#!/usr/bin/env python3
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Write motion that shows one emotion after another as a BVH file, without ROS.

For example:

    python examples/generate_bvh.py happiness sadness --seconds 4 --out motion.bvh
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from emotion_motion.generator import MotionGenerator
from emotion_motion.io.bvh.writer import write_bvh


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('emotion', nargs='*', default=['happiness', 'sadness'])
    parser.add_argument('--seconds', type=float, default=4.0, help='of each emotion')
    parser.add_argument('--seed', type=int, help='repeats a motion; else another one each time')
    parser.add_argument('--out', type=Path, default=Path('motion.bvh'))
    options = parser.parse_args()

    generator = MotionGenerator.from_pretrained('default', seed=options.seed)
    frames = []
    for emotion in options.emotion:
        generator.set_emotion(emotion)
        for _ in range(round(options.seconds * generator.rate)):
            frames.append(generator.step().keypoints[0])  # [25, 3] in metres
    write_bvh(options.out, np.stack(frames), generator.rate, generator.skeleton)
    print(f'wrote {options.out}: {len(frames)} frames at {generator.rate:g} Hz')


if __name__ == '__main__':
    main()
