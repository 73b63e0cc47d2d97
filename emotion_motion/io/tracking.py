# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""One person through the detections of a video: who is followed, and which side is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emotion_motion.body.skeleton import load_skeleton

_REACH = 0.5  # of the body's size: from one frame to the next nobody moves farther
_DRIFT = 0.03  # of it, by which where someone is expected is less sure for each frame more
_APART = 0.1  # of it: persons whose distances from there differ less are not told apart
_LOST_S = 1.0  # who is not seen for that long among others is lost
_STRAIGHT_S = 0.5  # for that long people go on as they went
_EXCHANGED_S = 0.5  # for that long at most left and right are taken to be exchanged
_CLEAR = 0.5  # share of their distances that is left where sides were exchanged
_LEGS = ('Hip', 'Knee', 'Ankle', 'BigToe', 'SmallToe', 'Heel')
_SIDES_APART = 0.05  # of the body's size: sides nearer to each other are not told apart


@dataclass(eq=False)
class _Track:
    """Someone who was seen: the last pose [25, 3], its frame, and the way [2] in a frame."""

    person: np.ndarray
    number: int
    way: np.ndarray = field(default_factory=lambda: np.zeros(2))
    seen: int = 1

    def distance(self, person: np.ndarray, ahead: float) -> float:
        """Return how far someone is from where this person is, `ahead` frames later."""
        expected = self.person.copy()
        expected[:, :2] += ahead * self.way
        return _distance(expected, person)

    def update(self, person: np.ndarray, number: int) -> None:
        """Take the next detection."""
        both = (self.person[:, 2] > 0) & (person[:, 2] > 0)
        if both.any():
            moved = np.median(person[both, :2] - self.person[both, :2], axis=0)
            self.way += (moved / (number - self.number) - self.way) / min(self.seen, 4)
            self.seen += 1
        self.person, self.number = person, number


def follow(frames: Sequence[np.ndarray | None], rate_hz: float) -> tuple[np.ndarray, int | None]:
    """Follow the most confident person of the first frame that has people.

    Everyone is followed, each to where the own motion leads: who crosses keeps the own detections
    and does not take over somebody who is hidden meanwhile. Who is hidden among others for more
    than a second, or comes back where two may be meant, is lost, and the track ends.

    Args:
        frames: people [P, 25, 3] of each frame (x, y, confidence), or None without a file.
        rate_hz: frames a second.

    Returns:
        The person [T, 25, 3], 0 where not seen; and the last frame before the track ended.
    """
    result = np.zeros((len(frames), 25, 3))
    tracks: list[_Track] = []
    target: _Track | None = None
    several = False  # people, in any frame so far
    for number, people in enumerate(frames):
        if people is None or not len(people):
            continue
        several = several or len(people) > 1
        tracks = [t for t in tracks if t is target or number - t.number <= _LOST_S * rate_hz]
        owners = _owners(tracks, people, number, rate_hz)
        if target is not None and _is_lost(target, tracks, people, owners, number, rate_hz):
            return result, target.number
        for person, owner in zip(people, owners, strict=True):
            if owner is not None:
                owner.update(person, number)
            elif several or target is None:  # else a leap of the one person, who is taken up again
                tracks.append(_Track(person, number))
        if target is None:
            target = tracks[int(np.argmax(people[..., 2].sum(axis=1)))]
        if target.number == number:
            result[number] = target.person
    return result, None


def _owners(
    tracks: list[_Track], people: np.ndarray, number: int, rate_hz: float
) -> list[_Track | None]:
    """Return whose detection each one is, the nearest first; None of someone new."""
    alone = len(tracks) == len(people) == 1  # nobody to be confused with
    pairs: list[tuple[float, int, _Track, int]] = []
    for track in tracks:
        gap = number - track.number
        ahead = min(gap, _STRAIGHT_S * rate_hz)
        allowed = _REACH * gap if alone else _REACH + _DRIFT * (gap - 1)
        for place, person in enumerate(people):
            size = max(_extent(track.person), _extent(person))
            apart = track.distance(person, ahead)
            apart = min(apart, track.distance(person, 0)) if alone else apart
            if apart <= allowed * size:
                pairs.append((apart / max(size, 1e-9), len(pairs), track, place))
    owners: list[_Track | None] = [None] * len(people)
    for _, _, track, place in sorted(pairs, key=lambda pair: pair[:2]):
        if owners[place] is None and track not in owners:
            owners[place] = track
    return owners


def _is_lost(
    target: _Track,
    tracks: list[_Track],
    people: np.ndarray,
    owners: list[_Track | None],
    number: int,
    rate_hz: float,
) -> bool:
    """Tell whether someone hidden among others is lost, or two may be meant who come back."""
    gap = number - target.number
    if gap == 1 or len(tracks) == len(people) == 1:
        return False
    if gap > _LOST_S * rate_hz or target not in owners:
        return gap > _LOST_S * rate_hz
    ahead = min(gap, _STRAIGHT_S * rate_hz)
    found = people[owners.index(target)]
    near = target.distance(found, ahead) + _APART * _extent(found)
    return any(
        (owner is None or number - owner.number > 1) and target.distance(person, ahead) < near
        for person, owner in zip(people, owners, strict=True)
        if owner is not target
    )


def mend_sides(people: np.ndarray, rate_hz: float) -> tuple[np.ndarray, int]:
    """Put left and right back where a detector exchanged them for a few frames.

    An exchange is clear where the sides continue their motion far better exchanged; arms with the
    face and legs are judged apart. One that lasts longer than half a second is left, since the
    body may have been the other way round before.

    Args:
        people: [T, 25, 3] of one person; 0 where not seen.
        rate_hz: frames a second.

    Returns:
        A new array, and the number of frames that were mended.
    """
    names = load_skeleton('body_25').names
    sides = np.array([(names.index(n), names.index(f'R{n[1:]}')) for n in names if n[0] == 'L'])
    below = np.array([names[left][1:] in _LEGS for left, _ in sides])
    people, mended = people.copy(), np.zeros(len(people), dtype=bool)
    for groups in ([sides, sides[~below], sides[below]], [sides[~below]], [sides[below]]):
        mended |= _mend(people, groups, max(1, int(_EXCHANGED_S * rate_hz)))
    return people, int(mended.sum())


def _mend(people: np.ndarray, groups: list[np.ndarray], longest: int) -> np.ndarray:
    """Put the pairs [n, 2] of the first group back, in place; return in which frames [T].

    The other groups are parts of the first; none of them may speak against an exchange.
    """
    order, mended = np.arange(people.shape[1]), np.zeros(len(people), dtype=bool)
    order[groups[0]] = groups[0][:, ::-1]
    seen = np.flatnonzero(people[..., 2].any(axis=1))
    run: list[int] = []
    for number, changed in zip(seen.tolist(), _nearer(people[seen], groups[0]), strict=True):
        if (changed or run) and len(run) <= longest and _exchanged(people, number, groups):
            run.append(number)
            people[number] = people[number][order]
        elif run:
            if changed and len(run) <= longest:  # as clearly back as it went
                mended[run] = True
            else:
                people[run] = people[run][:, order]
            run = []
    people[run] = people[run][:, order]  # the end of the clip says nothing of what follows
    return mended


def _nearer(people: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return in which frames [T] the sides are nearer to the others of the frame before."""
    last, now = people[:-1], people[1:]
    known = (np.minimum(last[..., 2], now[..., 2])[:, pairs] > 0).all(axis=-1)[..., None]

    def apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(now[:, one, :2] - last[:, other, :2], axis=-1)
        return (lengths * known).sum(axis=(1, 2))

    nearer = apart(pairs[:, ::-1], pairs) < _CLEAR * apart(pairs, pairs)
    return np.concatenate((np.zeros(min(len(people), 1), dtype=bool), nearer))


def _exchanged(people: np.ndarray, number: int, groups: list[np.ndarray]) -> bool:
    """Tell whether a frame continues those before it far better with its sides exchanged."""
    first = max(0, number - 5)
    before = first + np.flatnonzero(people[first:number, :, 2].any(axis=1))
    if not len(before):
        return False
    last, now = people[before[-1]], people[number]
    guesses = [last[:, :2]]
    if len(before) > 1:
        older, share = people[before[-2]], (number - before[-1]) / (before[-1] - before[-2])
        way = np.where(older[:, 2:] > 0, last[:, :2] - older[:, :2], 0.0)
        guesses.append(last[:, :2] + share * way)
    known = np.minimum(last[:, 2], now[:, 2]) > 0
    for place, group in enumerate(groups):
        pairs = group[known[group].all(axis=1)]
        if len(pairs) < 2:
            if place == 0:
                return False
            continue
        for guess in guesses:
            kept, turned = (
                float(np.linalg.norm(now[one, :2] - guess[pairs], axis=-1).mean())
                for one in (pairs, pairs[:, ::-1])
            )
            clear = turned < _CLEAR * kept and kept > _SIDES_APART * _extent(last)
            if not (clear if place == 0 else turned < kept):
                return False
    return True


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Mean distance of the keypoints [25, 3] that both have, else that of their middles."""
    both = (first[:, 2] > 0) & (second[:, 2] > 0)
    if both.any():
        return float(np.linalg.norm(first[both, :2] - second[both, :2], axis=-1).mean())
    middles = [person[person[:, 2] > 0, :2].mean(axis=0) for person in (first, second)]
    return float(np.linalg.norm(middles[0] - middles[1]))


def _extent(person: np.ndarray) -> float:
    """Diagonal of the box around the keypoints [25, 3] that were seen."""
    seen = person[person[:, 2] > 0, :2]
    return float(np.linalg.norm(np.ptp(seen, axis=0)))
