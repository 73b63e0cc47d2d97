# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint is a directory that rebuilds itself, or says exactly what is wrong with it."""

import dataclasses
import json
import os
from pathlib import Path
import pickle
import re
import shutil

from hypothesis import given, HealthCheck, settings, strategies as st
import numpy as np
import pytest
import safetensors.torch
from support import damaged, DATA, malformed, random_checkpoint
import torch

from emotion_motion import files
from emotion_motion.checkpoint import (
    available_models,
    Checkpoint,
    FORMAT_VERSION,
    from_pretrained,
    Normaliser,
    resolve,
    SamplerConfig,
    save_pretrained,
)
from emotion_motion.exceptions import CheckpointError, ConfigError, StorageError
from emotion_motion.generator import MotionGenerator
from emotion_motion.settings import settings_of

WEIGHTS, CONFIG, CARD = 'model.safetensors', 'config.json', 'README.md'
TENSOR = 'blocks.0.out.weight'


def refused(directory: Path) -> str:
    """Return the CheckpointError's message, which must name the file, without the folder."""
    with pytest.raises(CheckpointError) as error:
        from_pretrained(directory)
    assert str(directory) in str(error.value)
    return str(error.value).replace(str(directory), '')


def rewrite(directory: Path, change) -> None:
    """Apply `change` to the dictionary of tensors in a saved checkpoint."""
    tensors = safetensors.torch.load_file(directory / WEIGHTS)
    change(tensors)
    safetensors.torch.save_file(tensors, directory / WEIGHTS)


# Round trip


def test_saved_and_loaded_is_the_same_bit_for_bit(checkpoint, saved):
    loaded = from_pretrained(saved)
    before, after = checkpoint.model.state_dict(), loaded.model.state_dict()
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        assert after[name].dtype == torch.float32 and torch.equal(after[name], tensor), name
    assert torch.equal(loaded.model.unit, checkpoint.model.unit)
    assert torch.equal(loaded.model.pose_std, checkpoint.model.pose_std)
    assert loaded.model.config == checkpoint.model.config
    for field in dataclasses.fields(Normaliser):
        np.testing.assert_array_equal(
            getattr(loaded.normaliser, field.name), getattr(checkpoint.normaliser, field.name)
        )
    np.testing.assert_array_equal(loaded.rest_pose, checkpoint.rest_pose)
    assert loaded.skeleton.to_dict() == checkpoint.skeleton.to_dict()
    for name in ('rate_hz', 'sampler', 'body_height_m', 'training'):
        assert getattr(loaded, name) == getattr(checkpoint, name)
    assert loaded.name == str(saved)
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())


def test_half_precision_is_loaded_in_float32(checkpoint, tmp_path):
    whole = save_pretrained(tmp_path / 'whole', checkpoint)
    half = save_pretrained(tmp_path / 'half', checkpoint, half=True)
    ratio = (half / WEIGHTS).stat().st_size / (whole / WEIGHTS).stat().st_size
    assert 0.49 < ratio < 0.55
    loaded = from_pretrained(half).model.state_dict()
    for name, tensor in checkpoint.model.state_dict().items():
        assert loaded[name].dtype == torch.float32
        assert torch.equal(loaded[name], tensor.half().float()), name


def test_a_weight_too_large_for_half_precision_is_not_written(tmp_path):
    checkpoint = random_checkpoint()
    checkpoint.model.displacement.bias[0] = 1e5
    with pytest.raises(CheckpointError, match=r'displacement\.bias'):
        save_pretrained(tmp_path / 'half', checkpoint, half=True)
    assert not (tmp_path / 'half').exists()
    save_pretrained(tmp_path / 'whole', checkpoint)


def test_the_directory_holds_weights_configuration_and_card(checkpoint, saved, tmp_path):
    assert sorted(path.name for path in saved.iterdir()) == [CARD, CONFIG, WEIGHTS]
    assert checkpoint.training['licence'] in (saved / CARD).read_text()
    carded = save_pretrained(tmp_path / 'carded', checkpoint, card='# My model\n')
    assert (carded / CARD).read_text() == '# My model\n'
    config = json.loads((saved / CONFIG).read_text())
    wanted = 'format_version model skeleton emotions rate_hz normaliser rest_pose training'
    assert set(wanted.split()) <= config.keys()


@pytest.mark.usefixtures('keep_global_random_state')
def test_loading_leaves_the_global_random_state_alone(saved):
    MotionGenerator.from_pretrained(saved, seed=0).step()


def test_the_hash_tells_weights_apart(saved, tmp_path):
    other = save_pretrained(tmp_path / 'other', random_checkpoint(1))
    assert len(from_pretrained(saved).sha256) == 64
    assert from_pretrained(saved).sha256 == from_pretrained(saved).sha256
    assert from_pretrained(saved).sha256 != from_pretrained(other).sha256
    assert not from_pretrained(saved).warning
    shutil.copy(saved / WEIGHTS, other)
    assert re.search(r'.*other.*changed after it was saved', from_pretrained(other).warning)
    config = json.loads((other / CONFIG).read_text())
    del config['weights_sha256']  # as of earlier releases
    (other / CONFIG).write_text(json.dumps(config))
    assert not from_pretrained(other).warning


def test_an_interrupted_save_leaves_the_old_checkpoint(saved, monkeypatch):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', full)
    with pytest.raises(StorageError, match='No space left'):
        save_pretrained(saved, random_checkpoint(1))
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_a_place_that_cannot_be_written_is_named(checkpoint, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match='file'):
        save_pretrained(tmp_path / 'file' / 'model', checkpoint)


# Damage


@pytest.mark.parametrize('name', [WEIGHTS, CONFIG])
def test_missing_file(saved, name):
    (saved / name).unlink()
    assert name in refused(saved)


@given(share=st.floats(0.0, 1.0, exclude_max=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_truncated_weights(saved, share):
    whole = (saved / WEIGHTS).read_bytes()
    (saved / WEIGHTS).write_bytes(whole[: int(share * len(whole))])
    message = refused(saved)
    (saved / WEIGHTS).write_bytes(whole)
    assert WEIGHTS in message and 'truncated' in message


@given(place=st.floats(0.0, 1.0, exclude_max=True), byte=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_wrong_header_byte_raises_no_error_but_our_own(saved, place, byte):
    whole = (saved / WEIGHTS).read_bytes()
    header = 8 + int.from_bytes(whole[:8], 'little')
    broken = bytearray(whole)
    broken[int(place * header)] = byte
    (saved / WEIGHTS).write_bytes(broken)
    try:
        from_pretrained(saved)
    except CheckpointError as error:
        assert WEIGHTS in str(error)
    finally:
        (saved / WEIGHTS).write_bytes(whole)


def _spoiled(value: float):
    return lambda tensors: tensors[TENSOR].view(-1)[7:8].fill_(value)


BAD_TENSORS = {
    'extra': (lambda tensors: tensors.update({'stowaway': torch.zeros(3)}), 'unexpected stowaway'),
    'missing': (lambda tensors: tensors.pop(TENSOR), f'missing {TENSOR}'),
    'shape': (lambda tensors: tensors.update({TENSOR: torch.zeros(3, 5)}), f'{TENSOR} (3,5) (32,'),
    'whole numbers': (lambda tensors: tensors.update({TENSOR: tensors[TENSOR].int()}), TENSOR),
    **{str(value): (_spoiled(value), f'{TENSOR} finite') for value in (np.nan, np.inf, -np.inf)},
}


@pytest.mark.parametrize('case', BAD_TENSORS)
def test_a_bad_tensor_is_named(saved, case):
    change, words = BAD_TENSORS[case]
    rewrite(saved, change)
    message = refused(saved).replace(', ', ',')
    for word in [WEIGHTS, *words.split()]:
        assert word in message


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize('writer', ['pickle', 'torch'])
def test_never_pickle(saved, tmp_path, writer):
    content = {'weights': Trap(tmp_path / 'sprung')}
    if writer == 'pickle':
        (saved / WEIGHTS).write_bytes(pickle.dumps(content))
    else:
        torch.save(content, saved / WEIGHTS)
    assert WEIGHTS in refused(saved)
    (saved / CONFIG).write_bytes(pickle.dumps(content))
    assert CONFIG in refused(saved)
    assert not (tmp_path / 'sprung').exists()


@pytest.mark.parametrize('case', malformed('checkpoint_texts'))
def test_text_that_is_no_configuration(saved, case):
    (saved / CONFIG).write_text(case['value'])
    message = refused(saved)
    assert CONFIG in message and case['says'] in message
    (saved / CONFIG).write_bytes(b'\xff\xfe{}')
    assert CONFIG in refused(saved)


def test_a_model_of_the_first_format_says_what_to_do(saved):
    """The head of a real config.json of emotion_motion 0.1."""
    (saved / CONFIG).write_text((DATA / 'checkpoint_format_1.json').read_text())
    message = refused(saved)
    assert 'of format version 1, of emotion_motion 0.1' in message
    assert 'train it again' in message and 'keep emotion_motion 0.1' in message
    again = json.loads((save_pretrained(saved, random_checkpoint()) / CONFIG).read_text())
    assert again['format_version'] == FORMAT_VERSION == 2


@pytest.mark.filterwarnings('ignore:overflow')
@pytest.mark.parametrize('case', malformed('checkpoint_configs'))
def test_bad_configuration_is_named(saved, case):
    config = json.loads((saved / CONFIG).read_text())
    (saved / CONFIG).write_text(json.dumps(damaged(config, case)))
    message = refused(saved)
    assert CONFIG in message and case['says'] in message


def test_configuration_of_another_model(saved):
    config = json.loads((saved / CONFIG).read_text())
    config['model']['emotion_head_channels'] += 8
    (saved / CONFIG).write_text(json.dumps(config))
    assert 'emotion_fc2.' in refused(saved)
    config['model']['layers'] += 1
    (saved / CONFIG).write_text(json.dumps(config))
    assert 'blocks.' in refused(saved)


@pytest.mark.parametrize('case', malformed('sampler'))
def test_bad_sampler_setting_is_refused_by_name(case):
    with pytest.raises(ConfigError) as error:
        SamplerConfig(**case['value'])
    assert case['says'] in str(error.value)


def test_the_ends_of_the_sampler_s_ranges_are_inside():
    for name, setting in settings_of(SamplerConfig).items():
        for value in (setting.low, setting.high):
            assert getattr(SamplerConfig(**{name: value}), name) == value


# Names


@pytest.fixture
def bare(monkeypatch, tmp_path: Path) -> Path:
    """An installed package without any model and without ROS; returns its parent folder."""
    (tmp_path / 'site' / 'emotion_motion').mkdir(parents=True)
    monkeypatch.setattr(files, '__file__', str(tmp_path / 'site/emotion_motion/files.py'))
    monkeypatch.delenv('AMENT_PREFIX_PATH', raising=False)
    return tmp_path / 'site'


def offered(prefix: Path, checkpoint: Checkpoint, name: str, package: str) -> Path:
    """Save a model where an ament package would, and register it in the index of `prefix`."""
    index = prefix / 'share/ament_index/resource_index/emotion_motion_models'
    index.mkdir(parents=True, exist_ok=True)
    (index / package).write_text(f'share/{package}/models\n')
    return save_pretrained(prefix / 'share' / package / 'models' / name, checkpoint)


def test_a_path_is_a_path(saved, monkeypatch):
    assert resolve(saved) == saved
    assert resolve(str(saved)) == saved
    monkeypatch.setenv('HOME', str(saved.parent))
    assert resolve(f'~/{saved.name}') == saved


def test_an_installed_model_comes_before_the_source_tree_s(bare, checkpoint):
    for folder in (bare / 'models', bare / 'emotion_motion' / 'share' / 'models'):
        path = save_pretrained(folder / 'mine', checkpoint)
        assert resolve('mine') == path
    assert from_pretrained('mine').name == 'mine'


def test_names_from_the_ament_index(bare, checkpoint, tmp_path, monkeypatch):
    overlay, underlay = tmp_path / 'overlay', tmp_path / 'underlay'
    first = offered(overlay, checkpoint, 'mine', 'emotion_motion')
    offered(underlay, checkpoint, 'mine', 'emotion_motion')
    other = offered(underlay, checkpoint, 'theirs', 'robot_motions')
    save_pretrained(bare / 'models' / 'mine', checkpoint)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{overlay}{os.pathsep}{underlay}')
    assert resolve('mine') == first
    assert resolve('theirs') == other
    assert available_models() == {'mine': first, 'theirs': other}


def test_the_index_may_name_a_folder_that_is_gone(bare, monkeypatch, tmp_path):
    index = tmp_path / 'prefix/share/ament_index/resource_index/emotion_motion_models'
    index.mkdir(parents=True)
    (index / 'gone').write_text('share/gone/models')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path / 'prefix'))
    assert available_models() == {}


def test_the_package_s_own_resource_is_what_the_index_wants():
    resource = Path(__file__).parent.parent / 'resource' / 'emotion_motion_models'
    assert resource.read_text().strip() == 'share/emotion_motion/models'


@pytest.mark.parametrize('name', ['', 'defualt', '/no/such/folder', '../models'])
def test_an_unknown_name_lists_the_known_ones(bare, checkpoint, name):
    with pytest.raises(CheckpointError, match='none is installed'):
        resolve(name)
    for known in ('calm', 'lively'):
        save_pretrained(bare / 'models' / known, checkpoint)
    if name == '../models':
        return
    with pytest.raises(CheckpointError) as error:
        resolve(name)
    assert repr(name) in str(error.value) and 'calm, lively' in str(error.value)
