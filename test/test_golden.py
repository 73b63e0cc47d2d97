# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One golden rollout of the packaged model `default`.

data/golden_rollout.json holds what the model predicts for a fixed piece of motion (no random
draws: the next frame, the emotion, where the mixture says that the body goes) and where some
keypoints are at some frames of a seeded live run through four emotions.

The rule for changing it
    It is made anew when, and only when, the motion is meant to change: the packaged weights are
    replaced, or the model, the sampler, the projection or the filter do something else on purpose.
    Then run

        python test/test_golden.py --update

    in the built environment (. ./env.sh) and commit the file together with the change that it
    follows from; the message says why the motion changes. A golden test that fails without such
    a change has found a fault: mend the fault, not the file.

Machines round differently, so numbers are compared within tolerances: far less than is seen, far
more than rounding makes. Random numbers of one seed are the same on one kind of processor only;
on another the live run is skipped, the prediction is not.
"""

from __future__ import annotations

import json
from pathlib import Path
import platform
import sys
from typing import Any

import numpy as np
import pytest
import torch

from emotion_motion.checkpoint import Checkpoint, from_pretrained, save_pretrained
from emotion_motion.emotion import emotion_weights
from emotion_motion.generator import MotionGenerator

GOLDEN = Path(__file__).parent / 'data' / 'golden_rollout.json'
SEED = 20260101
EMOTIONS = {0: 'neutral', 15: 'happiness', 45: 'sadness:0.7, fear:0.2', 75: 'anger'}
KEYPOINTS = ('Nose', 'RWrist', 'LWrist', 'MidHip', 'RAnkle', 'LBigToe')
FRAMES = (0, 1, 5, 14, 15, 16, 30, 44, 60, 74, 89)
TOLERANCE_M = 1e-3  # noise of 1e-7 in every weight moves nothing by more than 1e-5
LOGIT_TOLERANCE = 1e-2
UPDATE = 'update the golden file, see the rule in test/test_golden.py'


def live_run(path: Path) -> dict[str, Any]:
    """Return selected keypoints [m] and emotion logits of a seeded run."""
    generator = MotionGenerator.from_pretrained(path, seed=SEED)
    selected = [generator.skeleton.index(name) for name in KEYPOINTS]
    frames = {}
    for number in range(max(FRAMES) + 1):
        if number in EMOTIONS:
            generator.set_emotion(EMOTIONS[number])
        frame = generator.step()
        if number in FRAMES:
            frames[str(number)] = {
                'keypoints': np.round(frame.keypoints[0, selected], 5).tolist(),
                'emotion_logits': np.round(frame.emotion_logits[0], 4).tolist(),
            }
    return frames


def prediction(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what the model says of a body that sways: no random draws."""
    size = checkpoint.rest_pose.size
    time_s = np.arange(40)[:, None] / checkpoint.rate_hz
    sway = 0.01 * np.sin(2.0 * np.pi * time_s + np.arange(size))
    points = (checkpoint.rest_pose.ravel() + sway).reshape(40, -1, 3).astype(np.float32)
    frames = checkpoint.skeleton.project(points).reshape(1, 40, size) - checkpoint.normaliser.mean
    emotion = torch.from_numpy(emotion_weights('surprise:0.8'))[None]
    model, frames = checkpoint.model, torch.from_numpy(frames)
    first = torch.arange(3).expand(1, 40, -1)
    with torch.inference_mode():
        output = model(frames, emotion, components=first)
    outputs = {
        'displacement': (output.logits[0, -1] - frames[0, -1]) / model.unit,
        'emotion_logits': output.emotion_logits[0, -1],
        # Of a thousand anchors: the weight of the likeliest, and their mean, in principal axes.
        'pi': output.pi[0, -1].sort(descending=True).values[:6],
        'anchor': output.pi[0, -1] @ model.mdn.anchors,
        'components': model.in_axes(output.mu[0, -1]).flatten(),
        'spread': output.sigma[0, -1].mean(dim=-1) / model.unit.mean(),
    }
    return {name: np.round(values.numpy(), 4).tolist() for name, values in outputs.items()}


def golden_of(path: Path) -> dict[str, Any]:
    """Return what the golden file holds of the checkpoint at `path`."""
    checkpoint = from_pretrained(path)
    return {
        'rule': 'see test/test_golden.py',
        'sha256': checkpoint.sha256,
        'machine': platform.machine(),
        'prediction': prediction(checkpoint),
        'live_run': live_run(path),
    }


def assert_prediction(path: Path, golden: dict[str, Any]) -> None:
    for name, output in prediction(from_pretrained(path)).items():
        np.testing.assert_allclose(
            output, golden['prediction'][name], atol=LOGIT_TOLERANCE, err_msg=f'{name}: {UPDATE}'
        )


def assert_live_run(path: Path, golden: dict[str, Any]) -> None:
    for number, frame in live_run(path).items():
        for name, tolerance in (('keypoints', TOLERANCE_M), ('emotion_logits', LOGIT_TOLERANCE)):
            np.testing.assert_allclose(
                frame[name],
                golden['live_run'][number][name],
                atol=tolerance,
                err_msg=f'{name} of frame {number}: {UPDATE}',
            )


@pytest.fixture
def golden() -> dict[str, Any]:
    if not GOLDEN.exists():
        pytest.skip(f'{GOLDEN.name} is missing: make it with python test/test_golden.py --update')
    return json.loads(GOLDEN.read_text())


def test_the_golden_file_is_of_the_packaged_model(packaged_model, golden):
    packaged = from_pretrained(packaged_model)
    assert packaged.sha256 == packaged.saved_sha256 == golden['sha256'], UPDATE


def test_the_packaged_model_predicts_what_it_did(packaged_model, golden):
    assert_prediction(packaged_model, golden)


def test_the_packaged_model_moves_as_it_did(packaged_model, golden):
    if platform.machine() != golden['machine']:
        pytest.skip(f'random numbers differ between {golden["machine"]} and {platform.machine()}')
    assert_live_run(packaged_model, golden)


# The golden test itself, with a small model of random weights


def test_a_golden_file_tells_models_apart(saved, checkpoint, tmp_path):
    golden = json.loads(json.dumps(golden_of(saved)))
    assert list(golden['live_run']) == [str(number) for number in FRAMES]
    assert_prediction(saved, golden)
    assert_live_run(saved, golden)
    other = from_pretrained(saved)
    other.model.displacement.bias.add_(0.1)
    changed = save_pretrained(tmp_path / 'other', other)
    for check in (assert_prediction, assert_live_run):
        with pytest.raises(AssertionError, match='update the golden file'):
            check(changed, golden)


if __name__ == '__main__':
    if sys.argv[1:] != ['--update']:
        sys.exit('usage: python test/test_golden.py --update   (read the rule at its top first)')
    torch.set_num_threads(1)
    GOLDEN.write_text(json.dumps(golden_of(Path('default')), indent=1) + '\n')
    print(f'wrote {GOLDEN}')
