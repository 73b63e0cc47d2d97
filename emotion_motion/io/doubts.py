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
# of its second differences over as many frames). 163 real takes, and stretches of them (1,069) at
# 30, 15 and 7.5 Hz: no alarm; with a T-pose in front of them, alone, repeated with noise of 4 mm
# or for two seconds, it is found in all, 98 % and 71 %; with one frame between them in all, 40 %
# and none, with two in 91 %, none and none.
_REST_APART, _REST_JUMP = 0.05, 2.0
_JUMP_S = 0.15  # it may take that long, and three steps
_REST_S = 3.0  # the pose may stand for that long, and for half the take
_STILL = 0.01  # sizes of the body, of a pose that stands


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
    last = int((_rms(local - local[0]) > _STILL * size).argmax()) - 1
    if not 0 <= last <= min(_REST_S * clip.rate_hz, frames // 2):
        return 0
    local, longest = local[last:], min(3, max(1, int(_JUMP_S * clip.rate_hz)))
    steps = _rms(np.diff(local, axis=0))
    for jump in range(1, min(longest, (len(local) - 2) // 2) + 1):
        changes = _rms(local[2 * jump :] - 2.0 * local[jump:-jump] + local[: -2 * jump])
        nearest = _rms(local[jump:] - local[0]).min()
        usual = np.quantile(changes[jump:], 0.95)
        if nearest > _REST_APART * size and changes[0] > _REST_JUMP * usual:
            usual = _REST_JUMP * np.quantile(steps[longest:], 0.95)
            while jump < longest and steps[jump] > usual:  # still on the way
                jump += 1
            return last + jump
    return 0


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
