"""Roads of a made-up county: along the valleys, over a few passes, drawn as real files draw them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from layoutopt.samples.terrain import Floats, Ints, Valleys

CLASSES: tuple[str, ...] = ("secondary", "tertiary", "unclassified", "residential")
BUS_KMH: tuple[float, ...] = (45.0, 35.0, 25.0, 18.0)
"""Running speeds of class II, III, IV and village roads: our defaults, used here only to place villages."""

PIECES = 8
"""Straight pieces that draw the road between two valley nodes."""


@dataclass(frozen=True)
class RoadNet:
    """Roads between valley nodes, and every drawn vertex of them as a place where something can stand.

    ``ends`` e × 2 valley nodes · ``rank`` position in ``CLASSES`` · ``lines_m`` e × (PIECES + 1) × 2 ·
    ``vertex_m`` valley nodes first, then the inner vertices road by road.
    """

    ends: Ints
    rank: Ints
    lines_m: Floats
    vertex_m: Floats

    @property
    def vertices(self) -> Ints:
        """Vertex numbers along each road, e × (PIECES + 1)."""
        inner = len(self.vertex_m) - len(self.ends) * (PIECES - 1)
        between = inner + np.arange(len(self.ends) * (PIECES - 1)).reshape(len(self.ends), PIECES - 1)
        return np.column_stack([self.ends[:, :1], between, self.ends[:, 1:]])

    def graph(self, kmh: tuple[float, ...] | None = None) -> sp.csr_matrix:
        """Vertices joined by the kilometres between them, or by bus minutes if ``kmh`` by class is given."""
        along = self.vertices
        weight = np.hypot(*np.moveaxis(np.diff(self.lines_m, axis=1), 2, 0)) / 1e3
        if kmh is not None:
            weight = weight / np.array(kmh)[self.rank][:, None] * 60.0
        rows, columns = along[:, :-1].ravel(), along[:, 1:].ravel()
        size = len(self.vertex_m)
        return sp.coo_matrix((weight.ravel(), (rows, columns)), shape=(size, size)).tocsr()


def build_roads(valleys: Valleys, towns: Ints, *, rng: np.random.Generator) -> RoadNet:
    """Return the roads of a county whose town centres stand at the valley nodes ``towns``, the seat first."""
    nodes = np.arange(len(valleys.parent))
    downstream = np.column_stack([nodes, valleys.parent])[valleys.parent >= 0]
    wild = (valleys.drains[downstream[:, 0]] == 1) & (rng.random(len(downstream)) < 0.15)
    wild &= ~np.isin(downstream[:, 0], towns)
    ends = np.vstack([downstream[~wild], _passes(valleys, downstream, rng)])
    lines_m = _draw(valleys.xy_m, ends, rng)
    inner = lines_m[:, 1:-1].reshape(-1, 2)
    plain = RoadNet(ends, np.zeros(len(ends), dtype=np.int64), lines_m, np.vstack([valleys.xy_m, inner]))
    rank = _rank(valleys, plain, towns)
    return RoadNet(ends, rank, lines_m, plain.vertex_m)


def _passes(valleys: Valleys, downstream: Ints, rng: np.random.Generator) -> Ints:
    """A few roads over divides, where the way round by the valleys is longest."""
    size, divides = len(valleys.parent), valleys.divides
    length_m = np.hypot(*(valleys.xy_m[downstream[:, 0]] - valleys.xy_m[downstream[:, 1]]).T)
    tree = sp.coo_matrix((length_m, (downstream[:, 0], downstream[:, 1])), shape=(size, size)).tocsr()
    reach_m = dijkstra(tree, directed=False, limit=8 * valleys.spacing_m)
    saved_m = np.minimum(reach_m[divides[:, 0], divides[:, 1]], 9 * valleys.spacing_m)
    order = np.argsort(-saved_m * rng.uniform(0.6, 1.0, len(divides)), kind="stable")
    chosen: list[int] = []
    wanted = round(0.11 * size)
    middle_m = valleys.xy_m[divides].mean(axis=1)
    for divide in order:
        if len(chosen) == wanted or saved_m[divide] < 5 * valleys.spacing_m:
            break
        apart_m = np.hypot(*(middle_m[chosen] - middle_m[divide]).T) if chosen else np.array([np.inf])
        if apart_m.min() > 1.6 * valleys.spacing_m:
            chosen.append(int(divide))
    return divides[np.array(chosen, dtype=np.int64)]


def _draw(xy_m: Floats, ends: Ints, rng: np.random.Generator) -> Floats:
    """Winding lines between the nodes: waves that vanish at both ends, so that nodes stay shared."""
    t = np.linspace(0.0, 1.0, PIECES + 1)
    start, step = xy_m[ends[:, 0]], xy_m[ends[:, 1]] - xy_m[ends[:, 0]]
    straight = start[:, None, :] + t[None, :, None] * step[:, None, :]
    waves = np.arange(1, 5)
    height = rng.normal(0.0, 0.13, (len(ends), len(waves))) / waves
    aside = height @ np.sin(np.pi * np.outer(waves, t))
    aside[:, [0, -1]] = 0.0
    across = np.column_stack([-step[:, 1], step[:, 0]])
    return np.round(straight + aside[:, :, None] * across[:, None, :], 1)


def _rank(valleys: Valleys, net: RoadNet, towns: Ints) -> Ints:
    """Class II from the outlet through the seat to the farthest town, class III to the others, then by size."""
    rank = np.where(valleys.drains[net.ends[:, 0]] >= 3, 2, 3)
    rank[net.ends[:, 1] != valleys.parent[net.ends[:, 0]]] = 2  # passes
    size = len(valleys.parent)
    length_km = np.hypot(*np.moveaxis(np.diff(net.lines_m, axis=1), 2, 0)).sum(axis=1) / 1e3
    graph = sp.coo_matrix((length_km, (net.ends[:, 0], net.ends[:, 1])), shape=(size, size)).tocsr()
    far, before = dijkstra(graph, directed=False, indices=int(towns[0]), return_predecessors=True)
    number = {(int(a), int(b)): e for e, (a, b) in enumerate(net.ends)}
    outlet = int(np.flatnonzero(valleys.parent < 0)[0])
    main = {outlet, int(towns[np.argmax(far[towns])])}
    for goal in [*towns[1:], *sorted(main)]:
        node = int(goal)
        while before[node] >= 0:
            down = int(before[node])
            road = number[(node, down)] if (node, down) in number else number[(down, node)]
            rank[road] = min(rank[road], 0 if int(goal) in main else 1)
            node = down
    return rank


def drawn_lines(
    net: RoadNet, valleys: Valleys, tracks: NDArray[np.object_], *, rng: np.random.Generator
) -> tuple[NDArray[np.object_], Ints]:
    """Return the roads as a survey draws them, and their rank: long lines, joined carelessly.

    Roads that follow one valley in one class become one line, so side roads meet it inside the line and
    not at its end. About one side road in eight stops a few metres short of the road it meets or runs a
    few metres past it, without a common vertex; not beside one of ``tracks``, where a reader might take the
    end to belong to the track, which no bus can follow.
    """
    onward = _continuations(net, valleys)
    first = np.setdiff1d(np.arange(len(net.ends)), onward[onward >= 0])
    lines, ranks, last = [], [], []
    for road in first:
        chain = [int(road)]
        while onward[chain[-1]] >= 0:
            chain.append(int(onward[chain[-1]]))
        lines.append(np.vstack([net.lines_m[chain[0]], *(net.lines_m[e][1:] for e in chain[1:])]))
        ranks.append(int(net.rank[road]))
        last.append(int(net.ends[chain[-1], 1]))
    apart_m = shapely.distance(shapely.points(net.vertex_m[last]), shapely.union_all(tracks))
    careless = (rng.random(len(lines)) < 0.12) & ~(apart_m < 100.0)  # NaN where there are no tracks
    gap_m = rng.uniform(3.0, 15.0, len(lines)) * rng.choice([-1.0, 1.0], len(lines))
    for line, gap, is_careless in zip(lines, gap_m, careless, strict=True):
        if is_careless:
            back = line[-2] - line[-1]
            line[-1] += np.round(back / np.hypot(*back) * min(gap, 0.3 * np.hypot(*back)), 1)
    return np.array([shapely.LineString(line) for line in lines], dtype=object), np.array(ranks)


def _continuations(net: RoadNet, valleys: Valleys) -> Ints:
    """For each road the next one downstream that belongs to the same line, −1 where the line ends.

    Of the roads that meet at a node, the one that drains most goes on if the class stays the same.
    """
    along = np.flatnonzero(net.ends[:, 1] == valleys.parent[net.ends[:, 0]])
    leaving = np.full(len(valleys.parent), -1, dtype=np.int64)
    leaving[net.ends[along, 0]] = along
    onward = np.full(len(net.ends), -1, dtype=np.int64)
    biggest_first = along[np.argsort(-valleys.drains[net.ends[along, 0]], kind="stable")]
    taken: set[int] = set()
    for road in biggest_first:
        down = int(leaving[net.ends[road, 1]])
        if down >= 0 and down not in taken and net.rank[down] == net.rank[road]:
            onward[road] = down
            taken.add(down)
    return onward
