"""One compiled shortest-path search from many places to many, and the way back out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from layoutopt.network.roads import RoadGraph
from layoutopt.network.snap import Snapped
from layoutopt.units import M_PER_KM

CHUNK = 25
"""Destinations a search call: keeps distances and predecessors of one call small enough for the cache."""

ROUNDING = 1e-9
"""Relative slack of a limit: sums of minutes differ in the last digits with the order of adding."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Search:
    """The directed ways of one mode, places attached; the arcs that leave a node begin at its ``first``.

    An arc leads to ``head`` and runs along ``edge`` from ``from_m`` to ``to_m`` metres. ``reverse`` holds
    the minutes, head × tail: a search in it from a destination finds every way that leads there.
    """

    nodes: int
    first: Ints
    head: Ints
    km: Floats
    edge: Ints
    from_m: Floats
    to_m: Floats
    reverse: csr_array
    roads: RoadGraph


def attach(roads: RoadGraph, minutes: Floats, snapped: Snapped) -> tuple[Search, Ints]:
    """Return the search graph with each snapped place as a node of its own edge, and the places' nodes.

    Parameters
    ----------
    minutes
        Per edge, along and against it, as ``edge_minutes`` gives them.

    Returns
    -------
    The search, and one node a place; −1 for places off the roads.
    """
    edge, along_m, node = _stops(roads, snapped)
    pieces = _split(roads, edge, along_m)
    nodes = len(roads.node_xy) + len(edge)
    share = (pieces.to_m - pieces.from_m) / roads.length_m[pieces.edge]
    tail = np.concatenate([pieces.tail, pieces.head])
    head = np.concatenate([pieces.head, pieces.tail])
    from_m = np.concatenate([pieces.from_m, pieces.to_m])
    to_m = np.concatenate([pieces.to_m, pieces.from_m])
    on_edge = np.tile(pieces.edge, 2)
    taken = np.concatenate([minutes[pieces.edge, 0] * share, minutes[pieces.edge, 1] * share])
    key = tail * nodes + head
    order = np.lexsort((on_edge, taken, key))
    order = order[np.isfinite(taken[order]) & (tail[order] != head[order])]
    order = order[np.unique(key[order], return_index=True)[1]]  # of parallel roads the fastest
    where = head[order].astype(np.int32), tail[order].astype(np.int32)  # all that older scipy takes
    reverse = csr_array((taken[order], where), shape=(nodes, nodes))
    km = np.abs(to_m - from_m)[order] / M_PER_KM
    first = np.searchsorted(tail[order], np.arange(nodes + 1))
    return Search(nodes, first, head[order], km, on_edge[order], from_m[order], to_m[order], reverse, roads), node


@dataclass(frozen=True, eq=False)
class _Pieces:
    tail: Ints
    head: Ints
    edge: Ints
    from_m: Floats
    to_m: Floats


def _stops(roads: RoadGraph, snapped: Snapped) -> tuple[Ints, Floats, Ints]:
    """Return the distinct spots inside edges (edge, metres along), and the node of every place.

    Of edges drawn on the same spot the first stands for all.
    """
    node = np.full(len(snapped.edge), -1)
    on = np.flatnonzero(snapped.edge >= 0)
    edge, along_m = snapped.edge[on], snapped.along_m[on]
    at_start, at_end = along_m <= 0, along_m >= roads.length_m[edge]
    node[on[at_end]] = roads.edge_to[edge[at_end]]
    node[on[at_start]] = roads.edge_from[edge[at_start]]
    inside = ~at_start & ~at_end
    twin = roads.twin[edge[inside]]
    along_m = _along_twin(roads, edge[inside], twin, along_m[inside])
    spots, number = np.unique(np.column_stack([twin, along_m]), axis=0, return_inverse=True)
    node[on[inside]] = len(roads.node_xy) + number.reshape(-1)
    return spots[:, 0].astype(np.int64), spots[:, 1], node


def _along_twin(roads: RoadGraph, edge: Ints, twin: Ints, along_m: Floats) -> Floats:
    """Return the metres along ``twin`` of spots given by metres along ``edge``, which lies on it."""
    forward = roads.edge_from[edge] == roads.edge_from[twin]
    share = along_m / roads.length_m[edge]
    return np.where(forward, share, 1 - share) * roads.length_m[twin]


def _split(roads: RoadGraph, spot_edge: Ints, spot_m: Floats) -> _Pieces:
    """Return all edges, each cut at the spots on it and on its twins."""
    count = len(roads.length_m)
    by_twin = np.argsort(roads.twin, kind="stable")
    begin, end = (np.searchsorted(roads.twin[by_twin], spot_edge, side=side) for side in ("left", "right"))
    spot = np.repeat(np.arange(len(spot_edge)), end - begin)
    edge = by_twin[np.repeat(end - np.cumsum(end - begin), end - begin) + np.arange(len(spot))]
    along_m = _along_twin(roads, spot_edge[spot], edge, spot_m[spot])

    own = np.concatenate([np.arange(count), edge])
    from_m = np.concatenate([np.zeros(count), along_m])
    tail = np.concatenate([roads.edge_from, len(roads.node_xy) + spot])
    order = np.lexsort((from_m, own))
    own, from_m, tail = own[order], from_m[order], tail[order]
    last = np.append(own[1:] != own[:-1], True)
    head = np.where(last, roads.edge_to[own], np.append(tail[1:], 0))
    to_m = np.where(last, roads.length_m[own], np.append(from_m[1:], 0.0))
    return _Pieces(tail, head, own, from_m, to_m)


def table(search: Search, origins: Ints, goals: Ints, *, limit_min: float = np.inf) -> tuple[Floats, Floats]:
    """Return minutes and kilometres of the fastest ways, origins × goals; ``inf`` where none is in reach.

    Nodes of −1 are places off the roads.
    """
    minutes = np.full((len(origins), len(goals)), np.inf)
    km = np.full((len(origins), len(goals)), np.inf)
    is_on, (targets, column) = goals >= 0, np.unique(goals[goals >= 0], return_inverse=True)
    starts, row = np.unique(origins[origins >= 0], return_inverse=True)
    found_min = np.full((len(starts), len(targets)), np.inf)
    found_km = found_min.copy()
    for chunk, reached, onward in _runs(search, targets, limit_min):
        found_min[:, chunk] = reached[:, starts].T
        start, goal = np.nonzero(np.isfinite(found_min[:, chunk]))
        found_km[start, chunk.start + goal] = _kilometres(search, onward, goal, starts[start])
    cells = np.ix_(np.flatnonzero(origins >= 0), np.flatnonzero(is_on))
    minutes[cells], km[cells] = found_min[np.ix_(row, column)], found_km[np.ix_(row, column)]
    return minutes, km


def ways(search: Search, origins: Ints, goals: Ints) -> tuple[Floats, list[Floats]]:
    """Return minutes and coordinates of the fastest way of each (origin, goal) pair; ``inf`` without one."""
    minutes = np.full(len(origins), np.inf)
    found = [np.empty((0, 2))] * len(origins)
    targets, which = np.unique(goals, return_inverse=True)
    skip = int(np.sum(targets < 0))
    for chunk, reached, onward in _runs(search, targets[skip:], np.inf):
        goal = which - skip - chunk.start
        pair = np.flatnonzero((goal >= 0) & (goal < len(reached)) & (origins >= 0))
        minutes[pair] = reached[goal[pair], origins[pair]]
        pair = pair[np.isfinite(minutes[pair])]
        steps = list(_steps(search, onward, goal[pair], origins[pair]))
        mover = np.concatenate([moving for moving, _ in steps]) if steps else np.empty(0, np.int64)
        arcs = np.concatenate([arc for _, arc in steps]) if steps else np.empty(0, np.int64)
        order = np.argsort(mover, kind="stable")  # steps came in order, so each mover's arcs stay in order
        bounds = np.searchsorted(mover[order], np.arange(len(pair) + 1))
        for at, (first, last) in enumerate(pairwise(bounds)):
            found[pair[at]] = _coordinates(search, arcs[order[first:last]])
    return minutes, found


def _runs(search: Search, targets: Ints, limit_min: float) -> Iterator[tuple[slice, Floats, NDArray[Any]]]:
    """Yield, chunk by chunk, minutes to each target from every node and the next node on the way there."""
    for begin in range(0, len(targets), CHUNK):
        chunk = slice(begin, min(begin + CHUNK, len(targets)))
        reached, onward = dijkstra(
            search.reverse,
            indices=targets[chunk],
            limit=limit_min * (1 + ROUNDING),
            return_predecessors=True,
        )
        yield chunk, reached, onward


def _kilometres(search: Search, onward: NDArray[Any], goal: Ints, node: Ints) -> Floats:
    """Return the kilometres from each ``node`` to its ``goal`` (a row of ``onward``).

    Ways to one goal run together, so each spot (goal, node) they touch is taken once. Every spot first
    knows the way to the next one; then each round it adds the way its present end knows, which doubles the
    arcs covered, until all ends are goals: log2(arcs) rounds for all spots at once.
    """
    asked = goal * search.nodes + node
    spots, rank = _touched(search.nodes, onward.reshape(-1), asked)
    onto = onward.reshape(-1)[spots].astype(np.int64)
    going = np.flatnonzero(onto >= 0)
    tail, head = spots[going] % search.nodes, onto[going]
    end = np.arange(len(spots))
    end[going] = rank[spots[going] - tail + head]
    km = np.zeros(len(spots))
    km[going] = search.km[_arcs(search, tail, head)]
    while not np.array_equal(beyond := end[end], end):
        km += km[end]
        end = beyond
    total: Floats = km[rank[asked]]
    return total


def _touched(nodes: int, onward: NDArray[Any], asked: Ints) -> tuple[Ints, NDArray[np.int32]]:
    """Return every spot (row × nodes + node) on the ways from ``asked``, and each one's place in that list."""
    rank = np.full(len(onward), -1, np.int32)
    found, count, fresh = [np.empty(0, np.int64)], 0, np.unique(asked)
    while len(fresh):
        rank[fresh] = np.arange(count, count + len(fresh))
        found.append(fresh)
        count += len(fresh)
        onto = onward[fresh]
        fresh = (fresh - fresh % nodes + onto)[onto >= 0]
        fresh = fresh[rank[fresh] < 0]
        number = np.arange(len(fresh))
        rank[fresh] = number  # of several that meet on one spot the last to write goes on
        fresh = fresh[rank[fresh] == number]
    return np.concatenate(found), rank


def _arcs(search: Search, tail: Ints, head: Ints) -> Ints:
    """Return the arc of each tail and head; it exists, and few others leave the same tail."""
    arc = search.first[tail]
    wrong = np.flatnonzero(search.head[arc] != head)
    while len(wrong):
        arc[wrong] += 1
        wrong = wrong[search.head[arc[wrong]] != head[wrong]]
    return arc


def _steps(search: Search, onward: NDArray[Any], goal: Ints, node: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Walk all travellers one arc at a time; yield who moves and along which arc, until all have arrived."""
    mover = np.arange(len(node))
    while True:
        onto = onward[goal, node].astype(np.int64)
        going = onto >= 0
        mover, goal, node, onto = mover[going], goal[going], node[going], onto[going]
        if not len(mover):
            return
        yield mover, _arcs(search, node, onto)
        node = onto


def _coordinates(search: Search, arcs: Ints) -> Floats:
    """Return the coordinates along ``arcs``; none for a way that stays where it is."""
    roads, edges = search.roads, search.edge[arcs]
    parts = [
        _stretch(roads.geometry[edge], roads.length_m[edge], from_m, to_m)
        for edge, from_m, to_m in zip(edges, search.from_m[arcs], search.to_m[arcs], strict=True)
    ]
    return np.concatenate(parts) if parts else np.empty((0, 2))


def _stretch(line: Any, length_m: float, from_m: float, to_m: float) -> Floats:
    """Return the coordinates of ``line`` between two distances along it, in the direction of travel."""
    xy: Floats = shapely.get_coordinates(line)
    if abs(to_m - from_m) == length_m:
        return xy if from_m <= to_m else xy[::-1]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    low, high = min(from_m, to_m), max(from_m, to_m)
    inside = (along > low) & (along < high)
    ends = np.column_stack([np.interp([low, high], along, xy[:, axis]) for axis in (0, 1)])
    part: Floats = np.concatenate([ends[:1], xy[inside], ends[1:]])
    return part if from_m <= to_m else part[::-1]
