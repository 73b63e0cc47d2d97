# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Files of others are refused by their sizes before they take memory; YAML is read back."""

import zipfile

import numpy as np
import pytest

from emotion_motion.exceptions import ConfigError
from emotion_motion.files import parse_yaml, read_json, read_npz
from emotion_motion.settings import yaml_text


def test_an_npz_is_refused_by_the_sizes_that_it_announces(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, keypoints=np.zeros((4, 25, 3)), rate_hz=30.0)
    assert read_npz(path)['keypoints'].shape == (4, 25, 3)
    with zipfile.ZipFile(path, 'a') as archive:
        archive.filelist[0].file_size = 3 * 10**9  # as the directory of the archive says it
        archive._didModify = True
    with pytest.raises(ConfigError, match=r'unpacks to 3,000 MB'):
        read_npz(path)
    with zipfile.ZipFile(path, 'w') as archive:
        begin = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (("
        archive.writestr('keypoints.npy', begin.ljust(128))
    with pytest.raises(ConfigError, match=r'a\.npz'):
        read_npz(path)
    header = {'descr': '<f8', 'fortran_order': False, 'shape': (10**9, 25, 3)}
    with zipfile.ZipFile(path, 'w') as archive, archive.open('keypoints.npy', 'w') as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(ConfigError, match='75000000000 values and holds fewer'):
        read_npz(path)
    np.savez_compressed(path, keypoints=np.zeros((1_700_000, 25, 3), dtype=bool))
    assert path.stat().st_size < 10**6
    with pytest.raises(ConfigError, match=r'unpacks to 1,020 MB.*1,000 MB at most'):
        read_npz(path)


def test_json_that_is_nested_deep_is_refused(tmp_path):
    (tmp_path / 'a.json').write_text('[' * 100_000 + ']' * 100_000)
    with pytest.raises(ConfigError, match=r'a\.json.*nested hundreds deep'):
        read_json(tmp_path / 'a.json')


NAMES = ['1e5', '2E-3', '1.5', 'no', '1:30', '2020-01-01', '1_000', '0x1f', '~', '-', 'a: b', '']


def test_names_that_look_like_numbers_are_read_back_as_text():
    values = {'names': NAMES, **dict.fromkeys(NAMES, 0.5)}
    assert parse_yaml(yaml_text(values), 'here') == values
