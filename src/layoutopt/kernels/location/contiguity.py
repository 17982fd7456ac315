"""Connected service areas: which pieces are cut off, the cuts that forbid them, and a repair.

A site's area is the set of units it serves. Over n × n adjacency it must be connected in itself; over
(n + m) × (n + m) it must be connected together with the site, which stands next to its root units.
"""

from __future__ import annotations

import heapq

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from layoutopt.kernels.location.instance import ROUNDING, Flags, Instance, Ints
from layoutopt.kernels.location.program import Cut

PAIRS = 6
"""Units of a cut-off piece (and of the main piece) named in cuts at a time: more cuts a solve, fewer solves."""


def loose_pieces(instance: Instance, arc: Ints) -> list[tuple[int, Ints]]:
    """Return (site, units) of every piece of a service area that is cut off from the rest or from the site.

    Without sites in the graph the largest piece counts as the area (the first of equals).
    """
    assert instance.neighbours is not None
    n = instance.units
    site = instance.site[arc]
    label = _pieces(instance, site)
    roots = root_arcs(instance)
    pieces: dict[int, list[Ints]] = {}
    order = np.argsort(label, kind="stable")
    for units in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
        pieces.setdefault(int(site[units[0]]), []).append(units)
    loose = []
    for j in sorted(pieces):
        if instance.rooted:
            near = np.zeros(n, dtype=bool)
            near[instance.unit[roots[instance.site[roots] == j]]] = True
            loose += [(j, units) for units in pieces[j] if not near[units].any()]
        else:
            main = max(range(len(pieces[j])), key=lambda k: len(pieces[j][k]))
            loose += [(j, units) for k, units in enumerate(pieces[j]) if k != main]
    return loose


def root_arcs(instance: Instance) -> Ints:
    """Return the arcs whose unit lies next to the site itself."""
    if not instance.rooted or instance.neighbours is None:
        return np.zeros(0, dtype=np.int64)
    n = instance.units
    near = sp.csr_matrix(instance.neighbours[:n, n:])
    return np.flatnonzero(np.asarray(near[instance.unit, instance.site]).ravel())


def separate(instance: Instance, arc: Ints) -> list[Cut]:
    """Return cuts that forbid each loose piece: to be served there it needs one of the units around it."""
    assert instance.neighbours is not None
    n = instance.units
    graph = instance.neighbours[:n, :n]
    site = instance.site[arc]
    cuts = []
    for j, units in loose_pieces(instance, arc):
        around = np.setdiff1d(graph[units].indices, units)
        doors = instance.find(around, np.full(len(around), j))
        doors = doors[doors >= 0]
        ones = np.ones(len(doors))
        own = arc[units][:PAIRS]
        if instance.rooted:
            cuts += [Cut(np.append(doors, i), np.append(ones, -1.0), 0.0) for i in own]
            continue
        others = arc[np.setdiff1d(np.flatnonzero(site == j), units)][:PAIRS]
        cuts += [Cut(np.append(doors, [i, a]), np.append(ones, [-1.0, -1.0]), -1.0) for i in own for a in others]
    return cuts


def repair(instance: Instance, arc: Ints, is_open: Flags) -> Ints | None:
    """Return a connected assignment made from ``arc`` by regrowing its loose pieces, or None if that fails."""
    assert instance.neighbours is not None
    n = instance.units
    graph = sp.csr_matrix(instance.neighbours[:n, :n])
    place = instance.site[arc].copy()
    for _, units in loose_pieces(instance, arc):
        place[units] = -1
    room = instance.capacity - np.bincount(
        place[place >= 0], weights=instance.demand[place >= 0], minlength=instance.sites
    )
    result = np.where(place >= 0, arc, -1)
    heap: list[tuple[float, int]] = []
    roots = np.zeros(instance.arcs, dtype=bool)
    roots[root_arcs(instance)] = True
    used = np.bincount(place[place >= 0], minlength=instance.sites) > 0

    def touches(a: int) -> bool:
        i, j = int(instance.unit[a]), int(instance.site[a])
        around = graph.indices[graph.indptr[i] : graph.indptr[i + 1]]
        fresh = not (used[j] or instance.rooted)
        return bool(is_open[j]) and bool(roots[a] or fresh or (place[around] == j).any())

    def offer(i: int) -> None:
        for a in range(instance.ptr[i], instance.ptr[i + 1]):
            if touches(a):
                heapq.heappush(heap, (float(instance.cost[a]), a))

    for left in np.flatnonzero(place < 0):
        offer(int(left))
    while heap:
        _, a = heapq.heappop(heap)
        i, j = int(instance.unit[a]), int(instance.site[a])
        if place[i] >= 0 or instance.demand[i] > room[j] * (1 + ROUNDING) or not touches(a):
            continue
        place[i], result[i], used[j] = j, a, True
        room[j] -= instance.demand[i]
        for k in graph.indices[graph.indptr[i] : graph.indptr[i + 1]]:
            if place[k] < 0:
                offer(int(k))
    if (result < 0).any() or loose_pieces(instance, result):
        return None
    return result


def _pieces(instance: Instance, site: Ints) -> Ints:
    assert instance.neighbours is not None
    n = instance.units
    edges = instance.neighbours[:n, :n].tocoo()
    same = site[edges.row] == site[edges.col]
    graph = sp.csr_matrix((np.ones(int(same.sum())), (edges.row[same], edges.col[same])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
