# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""People: their builds, and the poses that their arms take.

The mean body is the packaged BODY_25 skeleton (Drillis and Contini 1966). Around it each length
varies as it does between people of the same height: surveys such as ANSUR II (Gordon et al. 2014)
report coefficients of variation of 4 to 6 % for limb lengths and breadths, of which a part goes
with height; what remains is set here to 3 to 6 %, cut at two standard deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
import functools
from pathlib import Path

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.files import read_yaml
from emotion_motion.settings import Checked, setting
from emotion_motion.training.corpus.body import Body

__all__ = ['Pose', 'places', 'wrist_place', 'solve_poses', 'Proportions', 'SPREADS', 'HEIGHTS_M']

# Women and men, mean and standard deviation [m]; about those of ANSUR II.
HEIGHTS_M = ((1.63, 0.064), (1.76, 0.068))
_SHORTEST_M, _TALLEST_M = 1.50, 1.95

# Coefficient of variation of each length at a given height.
SPREADS = {
    'thigh': 0.035,
    'shank': 0.035,
    'trunk': 0.03,
    'head': 0.03,
    'foot': 0.04,
    'hips': 0.06,
    'shoulders': 0.05,
    'upper_arm': 0.04,
    'forearm': 0.04,
}
_CUT = 2.0  # standard deviations
FREE, BODY, FACE = 'free', 'body', 'face'  # what a place of the wrist is relative to
_LANDMARKS = ('MidHip', 'LShoulder', 'Nose')  # from below; the ground and the crown besides


@dataclass(frozen=True)
class Proportions(Checked):
    """One person's body; every length but the height is a ratio to the mean body's.

    ConfigError is raised for lengths that no body has.
    """

    height_m: float = setting(1.0, 'from the ground to the crown, standing [m]', 0.0, above=True)
    thigh: float = setting(1.0, 'from hip to knee', 0.0, above=True)
    shank: float = setting(1.0, 'from knee to ankle', 0.0, above=True)
    trunk: float = setting(1.0, 'from mid-hip to neck', 0.0, above=True)
    head: float = setting(1.0, 'size of the head and length of the neck', 0.0, above=True)
    foot: float = setting(1.0, 'length of the foot', 0.0, above=True)
    hips: float = setting(1.0, 'distance of the hips', 0.0, above=True)
    shoulders: float = setting(1.0, 'distance of the shoulders', 0.0, above=True)
    upper_arm: float = setting(1.0, 'from shoulder to elbow', 0.0, above=True)
    forearm: float = setting(1.0, 'from elbow to wrist', 0.0, above=True)

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Proportions:
        """Draw a person: height 1.50 to 1.95 m, every length around what it is at that height."""
        mean, spread = HEIGHTS_M[int(rng.integers(2))]
        height_m = float(np.clip(rng.normal(mean, spread), _SHORTEST_M, _TALLEST_M))
        draws = np.clip(rng.standard_normal(len(SPREADS)), -_CUT, _CUT)
        lengths = {
            name: float(1.0 + spread * draw)
            for (name, spread), draw in zip(SPREADS.items(), draws, strict=True)
        }
        return cls(height_m=height_m, **lengths)

    def skeleton(self) -> Skeleton:
        """Return the skeleton of this body at height 1; multiply keypoints by `height_m`."""
        mean = load_skeleton()
        at = {name: mean.rest[mean.index(name)] for name in mean.names}
        place = {'MidHip': at['MidHip'] * 1.0}
        for side in 'LR':
            self._leg(place, at, side)
        place['MidHip'][2] = place['LHip'][2]
        place['Neck'] = place['MidHip'] + self.trunk * (at['Neck'] - at['MidHip'])
        for side in 'LR':
            self._arm(place, at, side)
        for name in ('Nose', 'REye', 'LEye', 'REar', 'LEar'):
            place[name] = place['Neck'] + self.head * (at[name] - at['Neck'])
        crown = place['Neck'][2] + self.head * (1.0 - at['Neck'][2])
        rest = np.stack([place[name] for name in mean.names]) / crown
        return replace(mean, rest=rest)

    def _leg(self, place: dict[str, np.ndarray], at: dict[str, np.ndarray], side: str) -> None:
        """Stand the foot on the ground and build the leg up from it."""
        wide = np.array([1.0, self.hips, 1.0])
        ankle = at[f'{side}Ankle'] * wide
        long = np.array([self.foot, self.foot, 1.0])
        for name in ('BigToe', 'SmallToe', 'Heel'):
            place[f'{side}{name}'] = ankle + long * (at[f'{side}{name}'] - at[f'{side}Ankle'])
        shank = (at[f'{side}Knee'] - at[f'{side}Ankle']) * wide
        thigh = (at[f'{side}Hip'] - at[f'{side}Knee']) * wide
        place[f'{side}Ankle'] = ankle
        place[f'{side}Knee'] = ankle + shank * (1.0, 1.0, self.shank)
        place[f'{side}Hip'] = place[f'{side}Knee'] + thigh * (1.0, 1.0, self.thigh)

    def _arm(self, place: dict[str, np.ndarray], at: dict[str, np.ndarray], side: str) -> None:
        clavicle = at[f'{side}Shoulder'] - at['Neck']
        shoulder = place['Neck'] + clavicle * (1.0, self.shoulders, 1.0)
        elbow = shoulder + self.upper_arm * (at[f'{side}Elbow'] - at[f'{side}Shoulder'])
        wrist = elbow + self.forearm * (at[f'{side}Wrist'] - at[f'{side}Elbow'])
        place[f'{side}Shoulder'], place[f'{side}Elbow'] = shoulder, elbow
        place[f'{side}Wrist'] = wrist


@dataclass(frozen=True)
class Pose:
    """Angles of a left arm: flex, abduct, twist, elbow in degrees."""

    angles: tuple[float, float, float, float]
    # The hand touches the body, so that the size of the movement may not change where it ends.
    contact: bool = False
    face: bool = False  # what it touches is the head, which the hand then follows


@functools.cache
def places() -> dict[str, tuple[float, float, float, float, str]]:
    """Return the named places of a left wrist, as poses.yaml says them."""
    rows = read_yaml(Path(__file__).with_name('poses.yaml'))
    return {name: tuple(row) for name, row in rows.items()}


def wrist_place(name: str, skeleton: Skeleton) -> np.ndarray:
    """Return where the LEFT wrist goes [3] on a body: chest's frame, rest pose, height 1."""
    x, y, z, _, relative = places()[name]
    mean, own = load_skeleton(), skeleton
    if relative == FREE:
        first, second = (s.rest[s.index('LShoulder')] for s in (mean, own))
        arms = [
            s.bone_lengths[s.index('LElbow')] + s.bone_lengths[s.index('LWrist')]
            for s in (mean, own)
        ]
        return second + (np.array([x, y, z]) - first) * arms[1] / arms[0]
    heights = [
        [0.0, *(s.rest[s.index(landmark)][2] for landmark in _LANDMARKS), 1.0] for s in (mean, own)
    ]
    wide = {
        part: own.rest[own.index(part)][1] / mean.rest[mean.index(part)][1]
        for part in ('LShoulder', 'LHip', 'LEar')
    }
    breadth = wide['LEar'] if relative == FACE else 0.5 * (wide['LShoulder'] + wide['LHip'])
    deep = breadth if relative == FACE else np.sqrt(breadth)
    return np.array([x * deep, y * breadth, np.interp(z, heights[0], heights[1])])


def solve_poses(body: Body) -> Mapping[str, Pose]:
    """Return every named pose for a body, by inverse kinematics of its own arm."""
    poses = {}
    for name, (*_, elbow_out_deg, relative) in places().items():
        angles = tuple(body.reach(wrist_place(name, body.skeleton), elbow_out_deg))
        poses[name] = Pose(angles, contact=relative != FREE, face=relative == FACE)
    return poses
