# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""Nearest neighbours of poses and windows, by principal components and matrix products."""

from __future__ import annotations

import numpy as np

_BLOCK = 2048  # queries at a time; keeps the table of distances in some 100 MB
_SAMPLE = 8192  # rows that the principal components are taken from


def about_hips(motion: np.ndarray, root: int) -> np.ndarray:
    """Return poses [..., K, 3] or windows [..., n, K, 3] without where the body stands.

    The mid-hip's x and y are taken out: of a pose its own, of a window (give it as [N, n, K, 3])
    the mean over its frames, so that sway within it stays.
    """
    place = motion[..., root : root + 1, :2]
    if motion.ndim == 4:
        place = place.mean(axis=1, keepdims=True)
    result = np.array(motion, dtype=np.float32)
    result[..., :2] -= place
    return result


class Neighbours:
    """A library of poses or windows that finds the one nearest to another.

    Distances are root mean squares over keypoints and frames of the distance of a keypoint [unit
    of the keypoints]. The search runs on the principal components and, as one more coordinate, the
    length of what they leave out: a broken pose lies off the components, and must not be taken
    for its shadow on them. The distance to that neighbour is then taken exactly; it is that of the
    true nearest neighbour or a little more.
    """

    def __init__(self, library: np.ndarray, *, components: int = 32) -> None:
        """Store a library [N, ..., K, 3] and its principal components for the search."""
        self._points = int(np.prod(library.shape[1:-1]))
        self._rows = np.array(library, dtype=np.float32).reshape(len(library), -1)
        self._mean = self._rows.mean(axis=0)
        self._rows -= self._mean
        some = self._rows[:: max(1, len(self._rows) // _SAMPLE)].astype(np.float64)
        self._basis = _basis(some, components).astype(np.float32)
        self._places = self._reduced(self._rows)
        self._squares = np.square(self._places).sum(axis=1)

    def distances(self, queries: np.ndarray) -> np.ndarray:
        """Return the distance of each query [N, ..., K, 3] from its nearest neighbour, [N]."""
        return self.nearest(queries)[1]

    def nearest(
        self, queries: np.ndarray, banned: tuple[np.ndarray, np.ndarray] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the nearest neighbour of each query.

        Args:
            queries: [N, ..., K, 3], the shape of the library's.
            banned: labels of the queries [N] and of the library [M]; a query's neighbour must
                have another label than itself (another person, another stream). None: any.

        Returns:
            Indices into the library [N] and distances [N], float64. A query for which all is
            banned has the distance infinity.
        """
        rows = queries.astype(np.float32).reshape(len(queries), len(self._mean))
        rows -= self._mean
        nearest, away = np.empty(len(rows), dtype=np.int64), np.empty(len(rows))
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            # The query's own square is the same for all candidates.
            table = self._reduced(rows[part]) @ self._places.T
            table *= -2.0
            table += self._squares
            if banned is not None:
                table[banned[0][part, None] == banned[1][None]] = np.inf
            best = table.argmin(axis=1)
            nearest[part] = best
            gap = rows[part].astype(np.float64) - self._rows[best]
            exact = np.sqrt(np.square(gap).sum(axis=1) / self._points)
            free = np.isfinite(table[np.arange(len(best)), best])
            away[part] = np.where(free, exact, np.inf)
        return nearest, away

    def _reduced(self, rows: np.ndarray) -> np.ndarray:
        """Return components of rows [N, D] and the length of the rest, [N, C + 1]."""
        places = rows @ self._basis
        rest = np.square(rows).sum(axis=1) - np.square(places).sum(axis=1)
        return np.concatenate((places, np.sqrt(np.maximum(rest, 0.0))[:, None]), axis=1)


def _basis(rows: np.ndarray, components: int) -> np.ndarray:
    """Return the first principal directions [D, C] of centred rows [N, D]."""
    vectors = np.linalg.eigh(rows.T @ rows)[1]
    return np.ascontiguousarray(vectors[:, ::-1][:, :components])
