"""Which places are neighbours: the Gabriel graph of points, in which nobody stands between two of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
TOUCH = 1e-9
"""A point on the edge of the circle, but for rounding, stands between: on a grid only those beside are neighbours."""


def neighbours(points: Array) -> list[Ints]:
    """Return for each of ``points`` (n, 2) the positions of its neighbours, ascending.

    Two points are neighbours where no other lies in the circle that has both at its ends (Gabriel and Sokal 1969).
    Such pairs are edges of every Delaunay triangulation. Points at one place are neighbours of each other and
    share all other neighbours.

    Examples
    --------
    >>> [near.tolist() for near in neighbours(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.1]]))]
    [[1], [0, 2], [1]]
    """
    places, at = np.unique(np.asarray(points, dtype=float), axis=0, return_inverse=True)
    at = at.ravel()
    near: list[set[int]] = [{k} for k in range(len(places))]
    for one, other in _between_nobody(places, _candidates(places)):
        near[one].add(other)
        near[other].add(one)
    own = [np.flatnonzero(np.isin(at, sorted(near[place]))) for place in at]
    return [found[found != me].astype(np.int64) for me, found in enumerate(own)]


def _candidates(places: Array) -> Ints:
    """Pairs that hold all neighbours: edges of the triangulation, or along the line where all lie on one."""
    from scipy.spatial import Delaunay, QhullError

    if len(places) < 4:
        return np.array([(i, j) for i in range(len(places)) for j in range(i)], dtype=np.int64).reshape(-1, 2)
    try:
        found = Delaunay(places - places.mean(axis=0))
    except QhullError:
        order = np.lexsort(places.T[::-1])  # all on one line
        return np.column_stack([order[:-1], order[1:]])
    edges = np.vstack([found.simplices[:, pair] for pair in ((0, 1), (1, 2), (0, 2))])
    left_out = found.coplanar[:, [0, 2]] if len(found.coplanar) else np.empty((0, 2), dtype=np.int64)
    return np.unique(np.sort(np.vstack([edges, left_out]).astype(np.int64), axis=1), axis=0)


def _between_nobody(places: Array, pairs: Ints) -> list[tuple[int, int]]:
    """The pairs in whose circle no other point lies."""
    from scipy.spatial import KDTree

    if not len(pairs):
        return []
    middle = (places[pairs[:, 0]] + places[pairs[:, 1]]) / 2
    radius = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1) / 2
    third = np.asarray(KDTree(places).query(middle, k=3)[0])[:, 2]  # the first two are the pair itself
    free = third > radius * (1 + TOUCH)
    return [(int(one), int(other)) for one, other in pairs[free]]
