"""Fastest ways from many places to many over one mode's roads, and the way back out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from layoutopt.network.roads import RoadGraph
from layoutopt.network.snap import Snapped
from layoutopt.units import M_PER_KM

ROUNDING = 1e-9
"""Relative slack of a limit: sums of minutes differ in the last digits with the order of adding."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Search:
    """The directed ways of one mode, places attached; the arcs that lead to a node begin at its ``first``.

    An arc comes from ``tail``, takes ``minutes`` (``afloat_min`` of the clock on a ferry) and runs along
    ``edge`` from ``from_m`` to ``to_m`` metres. Every arc has its opposite; what cannot be passed takes
    infinite minutes. A search against the arcs finds every way to a node.
    """

    nodes: int
    first: Ints
    tail: Ints
    head: Ints
    minutes: Floats
    km: Floats
    afloat_min: Floats
    edge: Ints
    from_m: Floats
    to_m: Floats
    roads: RoadGraph

    @property
    def reverse(self) -> csr_array:
        """The minutes as a sparse matrix, head × tail, without what cannot be passed."""
        way = np.isfinite(self.minutes)
        return csr_array((self.minutes[way], (self.head[way], self.tail[way])), shape=(self.nodes, self.nodes))


def attach(
    roads: RoadGraph, minutes: Floats, snapped: Snapped, *, afloat_min: Floats, sloped: bool
) -> tuple[Search, Ints]:
    """Return the search graph with each snapped place as a node of its own edge, and the places' nodes.

    Parameters
    ----------
    minutes
        Per edge, along and against it, as ``edge_minutes`` gives them.
    afloat_min
        Per edge, as ``ferry_minutes`` gives them.
    sloped
        Cut an edge's minutes where its heights say, else in the ratio of metres.

    Returns
    -------
    The search, and one node a place; −1 for places off the roads.
    """
    edge, along_m, node = _stops(roads, snapped)
    pieces = _split(roads, edge, along_m)
    nodes = len(roads.node_xy) + len(edge)
    along, against = _shares(roads, pieces, sloped)
    tail = np.concatenate([pieces.tail, pieces.head])
    head = np.concatenate([pieces.head, pieces.tail])
    from_m = np.concatenate([pieces.from_m, pieces.to_m])
    to_m = np.concatenate([pieces.to_m, pieces.from_m])
    on_edge = np.tile(pieces.edge, 2)
    taken = np.concatenate([minutes[pieces.edge, 0] * along, minutes[pieces.edge, 1] * against])
    open_way = np.isfinite(taken)
    open_way |= np.roll(open_way, len(pieces.edge))  # a one-way street keeps its other direction, at infinite minutes
    kept = np.flatnonzero(open_way & (tail != head))
    number = _numbering(head[kept], tail[kept], nodes)
    tail, head = number[tail], number[head]
    key = head * nodes + tail
    order = kept[np.lexsort((on_edge[kept], taken[kept], key[kept]))]
    order = order[np.unique(key[order], return_index=True)[1]]  # of parallel roads the fastest
    share = np.concatenate([along, against])
    search = Search(
        nodes=nodes,
        first=np.searchsorted(head[order], np.arange(nodes + 1)).astype(np.int32),
        tail=tail[order].astype(np.int32),
        head=head[order].astype(np.int32),
        minutes=taken[order],
        km=np.abs(to_m - from_m)[order] / M_PER_KM,
        afloat_min=(afloat_min[on_edge] * share)[order],
        edge=on_edge[order],
        from_m=from_m[order],
        to_m=to_m[order],
        roads=roads,
    )
    return search, np.where(node >= 0, number[node], -1)


def _numbering(head: Ints, tail: Ints, nodes: int) -> Ints:
    """Return new numbers that lie close together where nodes are neighbours, for the processor's cache."""
    links = csr_array((np.ones(len(head), np.int8), (head.astype(np.int32), tail.astype(np.int32))), (nodes, nodes))
    number = np.empty(nodes, np.int64)
    number[reverse_cuthill_mckee(links, symmetric_mode=False)] = np.arange(nodes)
    return number


@dataclass(frozen=True, eq=False)
class _Pieces:
    tail: Ints
    head: Ints
    edge: Ints
    from_m: Floats
    to_m: Floats


def _shares(roads: RoadGraph, pieces: _Pieces, sloped: bool) -> tuple[Floats, Floats]:
    """Return which share of its edge's minutes each piece takes, along the edge and against it."""
    by_length = (pieces.to_m - pieces.from_m) / roads.length_m[pieces.edge]
    if not sloped or roads.climb is None:
        return by_length, by_length
    whole = roads.climb.minutes(pieces.edge, np.zeros(len(pieces.edge)), roads.length_m[pieces.edge])
    part = roads.climb.minutes(pieces.edge, pieces.from_m, pieces.to_m)
    return part[0] / whole[0], part[1] / whole[1]


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


def table(search: Search, origins: Ints, goals: Ints, *, limit_min: float = np.inf) -> tuple[Floats, Floats, Floats]:
    """Return minutes, kilometres and minutes afloat of the fastest ways, origins × goals; ``inf`` out of reach.

    Nodes of −1 are places off the roads.
    """
    from layoutopt.network.fastest import sums  # compiled code loads slowly; straight lines need none

    starts, row = np.unique(origins[origins >= 0], return_inverse=True)
    targets, column = np.unique(goals[goals >= 0], return_inverse=True)
    found = sums(
        search.first, search.tail, search.minutes, search.km, search.afloat_min, starts, targets,
        limit_min * (1 + ROUNDING),
    )  # fmt: skip
    whole = np.full((3, len(origins), len(goals)), np.inf)
    cells = np.ix_(np.arange(3), np.flatnonzero(origins >= 0), np.flatnonzero(goals >= 0))
    whole[cells] = found.transpose(0, 2, 1)[np.ix_(np.arange(3), row, column)]
    return whole[0], whole[1], whole[2]


def ways(search: Search, origins: Ints, goals: Ints) -> tuple[Floats, list[Floats]]:
    """Return minutes and coordinates of the fastest way of each (origin, goal) pair; ``inf`` without one."""
    pair, way_min, arcs, bounds = _arcs(search, origins, goals)
    minutes, found = np.full(len(origins), np.inf), [np.empty((0, 2))] * len(origins)
    minutes[pair] = way_min
    for at, number in enumerate(pair):
        found[number] = _coordinates(search, arcs[bounds[at] : bounds[at + 1]])
    return minutes, found


def sums_of_ways(search: Search, origins: Ints, goals: Ints, *of_arc: Floats) -> tuple[Floats, ...]:
    """Return what each of ``of_arc`` adds up to on the fastest way of each (origin, goal) pair; ``inf`` without one."""
    pair, way_min, arcs, bounds = _arcs(search, origins, goals)
    sums = np.full((len(of_arc), len(origins)), np.inf)
    for whole, figures in zip(sums, of_arc, strict=True):
        running = np.concatenate([[0.0], np.cumsum(figures[arcs])])
        whole[pair] = np.where(np.isfinite(way_min), running[bounds[1:]] - running[bounds[:-1]], np.inf)
    return tuple(sums)


def _arcs(search: Search, origins: Ints, goals: Ints) -> tuple[Ints, Floats, Ints, Ints]:
    """Return the pairs both on the roads, grouped by goal, their minutes, and their arcs with the bounds of each."""
    from layoutopt.network.fastest import arcs_of_ways

    on = np.flatnonzero((origins >= 0) & (goals >= 0))
    pair = on[np.argsort(goals[on], kind="stable")]
    found = arcs_of_ways(search.first, search.tail, search.head, search.minutes, origins[pair], goals[pair])
    return pair, *found


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
