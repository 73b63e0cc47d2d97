# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

import numpy as np
import pytest

from emotion_motion.body.skeleton import load_skeleton
from emotion_motion.drawing import EMOTION_COLOURS, film_strips
from emotion_motion.emotion import EMOTIONS
from emotion_motion.exceptions import ConfigError, SkeletonError

BODY = load_skeleton()
STANDING = np.tile(BODY.rest, (31, 1, 1))


@pytest.fixture(scope='module')
def matplotlib():
    return pytest.importorskip('matplotlib')


def film_strip(points, skeleton, path, **options):
    return film_strips({'': points}, skeleton, path, **options)


def pixels(path):
    from matplotlib import image

    return image.imread(path)


def test_every_emotion_has_a_colour():
    assert set(EMOTION_COLOURS) == set(EMOTIONS)


def test_a_strip_is_a_picture_with_figures_in_it(matplotlib, tmp_path):
    path = film_strip(STANDING, BODY, tmp_path / 'strip.png', title='standing', dpi=50)
    picture = pixels(path)
    assert path == tmp_path / 'strip.png'
    assert picture.shape[1] == 650
    assert 0.01 < (picture[..., :3].min(axis=-1) < 0.9).mean() < 0.5


def test_metres_and_body_heights_give_the_same_picture(matplotlib, tmp_path):
    first = film_strip(STANDING, BODY, tmp_path / 'a.png', dpi=40)
    second = film_strip(STANDING * 1.8, BODY, tmp_path / 'b.png', dpi=40)
    assert np.abs(pixels(first) - pixels(second)).mean() < 1e-3


def test_rows_are_as_long_as_the_shortest_motion(matplotlib, tmp_path):
    motions = {'fear': STANDING, 'joy': STANDING[:16]}
    path = film_strips(motions, BODY, tmp_path / 'rows.svg', every_s=0.25)
    text = path.read_text()
    assert text.startswith('<?xml') and '</svg>' in text
    assert 'keypoints' not in text


def test_a_single_frame_can_be_drawn(matplotlib, tmp_path):
    assert film_strip(STANDING[:1], BODY, tmp_path / 'one.png', dpi=40).stat().st_size > 1000


@pytest.mark.parametrize('shape', [(31, 75), (31, 24, 3), (0, 25, 3), (31, 25, 2)])
def test_keypoints_that_do_not_fit_are_refused(shape, tmp_path):
    with pytest.raises(SkeletonError, match='needs'):
        film_strip(np.zeros(shape), BODY, tmp_path / 'x.png')


@pytest.mark.parametrize(
    'options',
    [{'every_s': 0}, {'rate_hz': -1}, {'every_s': float('nan')}, {'rate_hz': float('inf')}],
)
def test_an_option_outside_its_range_is_named(options, tmp_path):
    with pytest.raises(ConfigError, match=next(iter(options))):
        film_strip(STANDING, BODY, tmp_path / 'x.png', **options)


def test_no_motion_or_one_that_is_not_finite_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='no motion'):
        film_strips({}, BODY, tmp_path / 'x.png')
    with pytest.raises(ConfigError, match='finite'):
        film_strip(STANDING * np.nan, BODY, tmp_path / 'x.png')


def test_importing_drawing_needs_no_matplotlib():
    code = 'import sys; import emotion_motion.drawing; sys.exit("matplotlib" in sys.modules)'
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0


def test_a_front_view_is_drawn_with_its_left_at_the_right(matplotlib, tmp_path):
    flat = BODY.flat()
    raised = flat.rest[None].copy()
    raised[0, [flat.index('LElbow'), flat.index('LWrist')]] += [[0.15, 0.2], [0.35, 0.4]]
    options = {'dpi': 40}
    drawn = pixels(film_strip(raised, flat, tmp_path / 'left.png', **options))
    mirrored = pixels(film_strip(flat.mirrored(raised), flat, tmp_path / 'right.png', **options))
    dark, other = (picture[..., :3].min(axis=-1) < 0.9 for picture in (drawn, mirrored))
    across = np.arange(dark.shape[1]) - 0.5 * (dark.shape[1] - 1)
    assert (dark * across).sum() > 0.0 > (other * across).sum()
    assert (dark != other[:, ::-1]).mean() < 0.02
