# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""What is odd about a clip, whichever reader it comes from: its body, its bones, its start."""

from __future__ import annotations

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import SkeletonError
from emotion_motion.io.clip import Clip

# Mean of their direction along the vertical; real takes have 0.79 and 0.93 at least. Who sits on a
# chair has legs of 0.7, who sits on the ground 0.
_UPRIGHT = {'trunk': 0.5, 'legs': 0.3}
# What they are of a person; real takes have 1.2 to 2.2 and 0.58 to 0.79.
_LEG_BY_TRUNK, _ARM_BY_LEG = (0.8, 3.0), (0.35, 0.95)
_STEADY = 0.05  # share by which a bone may change its length
_LEGS, _ARMS = (('Hip', 'Knee'), ('Knee', 'Ankle')), (('Shoulder', 'Elbow'), ('Elbow', 'Wrist'))
# A rest pose in front of the motion is farther than that from every later pose (sizes of the body,
# mean over the keypoints), and the jump from it is so many times the take's own (95th percentile
# of its second differences). 163 real takes, and stretches of them, at 30, 15 and 7.5 Hz: where a
# first pose is that far, the second number is 1.2 at most; with a T-pose in front 4.3, 1.7 and 0.6
# at least, above 2 in all, 99 % and 92 %.
_REST_APART, _REST_JUMP = 0.05, 2.0
_REST_S = 1.0  # it may stand for that long
_STILL = 0.002  # sizes of the body, of a pose that is repeated


def doubts(clip: Clip) -> list[str]:
    """Return what is odd about a clip, for people; [] where nothing is."""
    found = odd_body(clip)
    change = _bone_change(clip)
    if change > _STEADY:
        found.append(f'its bones change their length by up to {change:.0%}')
    if count := rest_frames(clip):
        what = 'frame 1 is' if count == 1 else f'frames 1 to {count} are'
        found.append(f'{what} a rest pose in front of the motion: data import leaves it out')
    return found


def odd_body(clip: Clip) -> list[str]:
    """Return why a body is not that of an upright person; [] where it is, or cannot be judged.

    Proportions are judged in 3D: a camera foreshortens limbs.
    """
    at = _measured(clip)
    if at is None:
        return []
    hips = _middle(at, 'Hip')
    trunk, legs = _middle(at, 'Shoulder') - hips, hips - _middle(at, 'Ankle')
    problems = _not_upright(clip, {'trunk': trunk, 'legs': legs})
    if clip.dims == 2:
        return problems
    leg, arm = _limb(at, _LEGS), _limb(at, _ARMS)
    lengths = np.linalg.norm(trunk, axis=-1)
    length = float(np.nanquantile(lengths, 0.9)) if np.isfinite(lengths).any() else np.nan
    for name, ratio, other, (low, high) in (
        ('legs', leg / length if length else np.nan, 'trunk', _LEG_BY_TRUNK),
        ('arms', arm / leg if leg else np.nan, 'legs', _ARM_BY_LEG),
    ):
        if ratio < low or ratio > high:  # NaN, not measured: nothing is said
            problems.append(
                f'its {name} are {ratio:.2f} times as long as its {other}; expected {low:g} to '
                f'{high:g} of a person'
            )
    return problems


def _not_upright(clip: Clip, parts: dict[str, np.ndarray]) -> list[str]:
    """Return which parts of the body, whose directions are [T, D], are not upright."""
    image = clip.dims == 2 and not clip.prepared
    wrong = []
    for part, along in parts.items():
        along = along[np.isfinite(along).all(axis=-1)]
        length = np.linalg.norm(along, axis=-1, keepdims=True)
        if not length.any():
            continue
        mean = (along / np.maximum(length, 1e-12)).mean(axis=0)
        up = float(-mean[-1] if image else mean[-1])
        if up < _UPRIGHT[part]:
            axis = int(np.abs(mean).argmax())
            name = ('xyz' if image or clip.dims == 3 else 'yz')[axis]
            sign = '-' if mean[axis] < 0.0 else '+'
            wrong.append(f'its {part} to {max(up, 0.0):.0%} (along {sign}{name} on average)')
    if not wrong:
        return []
    return [
        f'it is not upright, {", ".join(wrong)}: lying, bent or four-legged, or the axes are '
        f'turned; expected a standing person, {"y down" if image else "z up"}'
    ]


def rest_frames(clip: Clip) -> int:
    """Return how many frames in front are a rest pose that the motion then jumps away from.

    The jump is compared with the take's own changes of speed, and the pose with all later poses,
    so that a lively take hides none and a calm one raises no false alarm. 3D alone.
    """
    skeleton, frames = _skeleton(clip), len(clip)
    sure = clip.confidence.min(axis=0) > 0.0
    if skeleton is None or clip.dims != 3 or frames < 8 or not sure[skeleton.root]:
        return 0
    points = clip.keypoints.astype(np.float64)
    local = (points - points[:, [skeleton.root]])[:, sure]
    size = float(np.median(np.linalg.norm(np.ptp(local, axis=1), axis=-1)))
    steps = _rms(np.diff(local, axis=0))
    ahead = 1 + min(int(_REST_S * clip.rate_hz), frames // 4)
    jump = int(steps[:ahead].argmax())
    if jump and steps[:jump].max() > _STILL * size:
        return 0
    changes = _rms(np.diff(local, n=2, axis=0))
    nearest = _rms(local[jump + 1 :] - local[jump]).min()
    usual = np.quantile(changes[jump + 1 :], 0.95)
    alien = nearest > _REST_APART * size and changes[jump] > _REST_JUMP * usual
    return jump + 1 if alien else 0


def _bone_change(clip: Clip) -> float:
    """Return the largest spread of a limb's length in 3D, as a share of its mean."""
    at = _measured(clip)
    if at is None or clip.dims != 3:
        return 0.0
    spreads = [0.0]
    for first, second in ((s + a, s + b) for s in 'LR' for a, b in (*_LEGS, *_ARMS)):
        lengths = np.linalg.norm(at[first] - at[second], axis=-1)
        lengths = lengths[np.isfinite(lengths)]
        if len(lengths) and lengths.mean() > 0.0:
            spreads.append(float(np.ptp(lengths) / lengths.mean()))
    return max(spreads)


def _measured(clip: Clip) -> dict[str, np.ndarray] | None:
    """Return keypoints [T, D] by name, NaN where not measured; None for another set of them."""
    skeleton = _skeleton(clip)
    if skeleton is None:
        return None
    points = np.where(clip.confidence[..., None] > 0.0, clip.keypoints, np.nan)
    return dict(zip(skeleton.names, points.transpose(1, 0, 2).astype(np.float64), strict=True))


def _skeleton(clip: Clip) -> Skeleton | None:
    try:
        skeleton = load_skeleton(clip.skeleton)
    except (SkeletonError, OSError):
        return None
    needed = {s + name for s in 'LR' for pair in (*_LEGS, *_ARMS) for name in pair}
    fits = skeleton.size == clip.keypoints.shape[1] and needed <= set(skeleton.names)
    return skeleton if fits else None


def _middle(at: dict[str, np.ndarray], part: str) -> np.ndarray:
    return 0.5 * (at[f'L{part}'] + at[f'R{part}'])


def _limb(at: dict[str, np.ndarray], bones: tuple[tuple[str, str], ...]) -> float:
    """Return the mean length of a limb, of both sides; NaN where a bone is never measured."""
    lengths = [np.linalg.norm(at[s + a] - at[s + b], axis=-1) for s in 'LR' for a, b in bones]
    if not all(np.isfinite(length).any() for length in lengths):
        return float('nan')
    return 0.5 * float(sum(np.nanmean(length) for length in lengths))


def _rms(points: np.ndarray) -> np.ndarray:
    """Return the root of the mean square [T] of the keypoints' distances [T, K, D]."""
    return np.sqrt((points**2).sum(axis=-1).mean(axis=-1))
