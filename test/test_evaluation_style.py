# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from emotion_motion.evaluation.style_table import (
    against_neutral,
    measure_style,
    RATIOS,
    table_lines,
    WANTED,
)
from emotion_motion.exceptions import MotionFileError
from emotion_motion.skeleton import load_skeleton

RATE = 30.0


def test_style_is_measured_against_neutral():
    body, time = load_skeleton(), np.arange(240) / RATE
    slow = np.tile(body.rest, (240, 1, 1))
    for wrist in ('LWrist', 'RWrist'):
        slow[:, body.index(wrist), 2] += 0.2 * np.sin(np.pi * time)
    quick = slow[::2]
    found = {'neutral': measure_style([slow], RATE), 'anger': measure_style([quick], RATE)}
    relative = against_neutral(found)
    assert relative['neutral'].speed == 1.0 and relative['neutral'].head_deg == 0.0
    assert relative['anger'].speed == pytest.approx(2.0, rel=0.05)
    assert relative['anger'].acceleration == pytest.approx(4.0, rel=0.25)
    assert set(RATIOS) <= set(WANTED['anger'])
    lines = table_lines(dict.fromkeys(WANTED, relative['anger']))
    assert len(lines) == 9 and all(line.count('|') == lines[0].count('|') for line in lines)
    with pytest.raises(MotionFileError, match='no motion'):
        measure_style([], RATE)
    with pytest.raises(MotionFileError, match=r'4\.0 s'):
        measure_style([slow[:60]], RATE)
