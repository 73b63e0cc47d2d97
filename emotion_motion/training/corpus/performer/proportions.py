# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies of different people: height and the proportions of limbs, trunk, shoulders and hips.

The mean body is the packaged BODY_25 skeleton (Drillis and Contini 1966). Around it each length
varies as it does between people of the same height: surveys such as ANSUR II (Gordon et al. 2014)
report coefficients of variation of 4 to 6 % for limb lengths and breadths, of which a part goes
with height; what remains is set here to 3 to 6 %, cut at two standard deviations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from emotion_motion.body.skeleton import load_skeleton, Skeleton
from emotion_motion.exceptions import ConfigError

__all__ = ['Proportions', 'SPREADS', 'HEIGHTS_M']

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


@dataclass(frozen=True)
class Proportions:
    """One person's body.

    Attributes:
        height_m: from the ground to the crown, standing.
        thigh: length against the mean body's at the same height; so are all others.
        shank: from knee to ankle.
        trunk: from mid-hip to neck.
        head: size of the head and length of the neck.
        foot: length of the foot.
        hips: distance of the hips.
        shoulders: distance of the shoulders.
        upper_arm: from shoulder to elbow.
        forearm: from elbow to wrist.
    """

    height_m: float = 1.0
    thigh: float = 1.0
    shank: float = 1.0
    trunk: float = 1.0
    head: float = 1.0
    foot: float = 1.0
    hips: float = 1.0
    shoulders: float = 1.0
    upper_arm: float = 1.0
    forearm: float = 1.0

    def __post_init__(self) -> None:
        """Refuse lengths that no body has.

        Raises:
            ConfigError: a length is not finite or not above 0.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0.0 < value < float('inf'):
                raise ConfigError(f'got {field.name} = {value}; expected a finite length above 0')

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

    def skeleton(self, mean: Skeleton | None = None) -> Skeleton:
        """Return the skeleton of this body at height 1; multiply keypoints by `height_m`.

        Args:
            mean: the mean body, with the keypoints of BODY_25; default the packaged one.
        """
        mean = mean or load_skeleton()
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
