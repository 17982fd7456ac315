"""Join the ends of roads that almost meet, on the net a bus can drive and on the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from layoutopt.network.noding import Flags, Floats, Ints, Lines, Marks, Pieces, cut, link_matrix

TOUCH_M = 2.0
"""An end this close to a road is meant to touch it: straight map lines bend by decimetres when they change
coordinate system, so that an end drawn on a road comes to lie beside it."""

LONG_WAY_M = 1_000.0
"""A gap is a drawing mistake, not a blind alley, when the way round it is longer. Measured on the Ladakh
roads: of 313 loose ends within 60 m of their own network, 285 have a way round below 1.0 km (284 below
0.6 km), 28 one above 1.7 km."""


@dataclass(frozen=True, eq=False)
class Net:
    """Pieces on their way to a graph: the drawn line each belongs to, and which are parts of our ``links``."""

    pieces: Pieces
    line: Ints
    joined: Flags
    links: int = 0

    def only(self, kept: Flags) -> Net:
        """Return the ``kept`` pieces, nodes numbered as before."""
        whole = self.pieces
        thin = Pieces(
            whole.geometry[kept],
            whole.source[kept],
            whole.start[kept],
            whole.end[kept],
            whole.node_xy,
            whole.new_joints,
        )
        return Net(thin, self.line[kept], self.joined[kept], self.links)


def close_gaps(net: Net, apart: Flags, bus: Flags, *, snap_m: float, near_m: float) -> Net:
    """Add links where ends should meet, first among the lines a bus may use, then among all.

    ``apart`` and ``bus`` flag drawn lines. The net of the bus comes first, so that a track that is nearer does
    not take the link that joins two roads; a road end that goes on as a path is left to the whole net, for
    its path may be a footbridge.
    """
    for among in (bus, np.ones(len(bus), bool)):
        net = _joined(net, apart, among, snap_m=snap_m, near_m=near_m)
    return net


def _joined(net: Net, apart: Flags, among: Flags, *, snap_m: float, near_m: float) -> Net:
    """Add links until no loose end lies within ``snap_m`` of another connected part of the lines ``among``.

    Every round after the first joins at least two connected parts, or is the last.
    """
    parts = len(net.pieces.node_xy) + 1
    while True:
        chosen = np.flatnonzero(among[net.line])
        part = net.only(among[net.line])
        left = int(part.pieces.parts().max(initial=0))
        if left >= parts and near_m == 0.0:
            return net
        parts = left
        links, prolongs, marks = missing_links(
            part.pieces,
            apart[part.line] & ~part.joined,
            part.joined,
            snap_m=snap_m,
            near_m=near_m,
            drawn=_degree(net.only(~net.joined).pieces),
        )
        if not len(links):
            return net
        pieces = cut(np.concatenate([net.pieces.geometry, links]), Marks(chosen[marks.line], marks.xy))
        line = np.concatenate([net.line, part.line[prolongs]])[pieces.source]
        joined = np.concatenate([net.joined, np.ones(len(links), bool)])[pieces.source]
        net = _without_twins(Net(pieces, line, joined, net.links + len(links)))
        near_m = 0.0


def _without_twins(net: Net) -> Net:
    """Drop the second of two links between the same nodes: two loose ends may reach for each other."""
    ends = np.sort(np.column_stack([net.pieces.start, net.pieces.end]), axis=1)
    links = np.flatnonzero(net.joined)
    kept = ~net.joined
    kept[links[np.unique(ends[links], axis=0, return_index=True)[1]]] = True
    thin = net.only(kept)
    return replace(thin, links=net.links - int((~kept).sum()))


def missing_links(
    pieces: Pieces, apart: Flags, joined: Flags, *, snap_m: float, near_m: float, drawn: Ints
) -> tuple[Lines, Ints, Marks]:
    """Return a straight link from each loose end to the nearest piece it should meet.

    An end is loose when only one of ``pieces`` reaches it, those ``joined`` (our own links) apart. It should
    meet a piece of another connected part within ``snap_m``, one link or several; and while it has none, a
    piece of its own part within ``near_m`` where the way round is long, else within ``TOUCH_M`` only, so that
    a blind alley beside a street stays blind. ``apart`` flags pieces (bridges, tunnels, ferries) met at their
    ends only. ``drawn`` counts the lines drawn to a node: where others go on, only what lies within
    ``TOUCH_M`` is met.

    Returns
    -------
    The links, the piece whose end each one prolongs, and the marks to cut the pieces at.
    """
    ends, nodes = _loose_ends(pieces, joined)
    points = shapely.points(pieces.node_xy[nodes])
    end, piece = shapely.STRtree(pieces.geometry).query(points, predicate="dwithin", distance=max(snap_m, near_m))
    end, piece = end[piece != ends[end]], piece[piece != ends[end]]
    along = shapely.line_locate_point(pieces.geometry[piece], points[end])
    length = shapely.length(pieces.geometry[piece])
    along = np.where(apart[piece], np.where(along < length / 2, 0.0, length), along)
    target = shapely.line_interpolate_point(pieces.geometry[piece], along)
    gap_m = shapely.distance(points[end], target)

    part = pieces.parts()
    foreign = part[nodes[end]] != part[pieces.start[piece]]
    spur = shapely.length(pieces.geometry[ends[end]]) <= TOUCH_M  # an overshoot is not a gap
    free = (drawn[nodes[end]] == 1) | (gap_m <= TOUCH_M)
    fresh = _degree(pieces)[nodes[end]] == 1
    own = ~foreign & ~spur & fresh
    fits = (foreign & (gap_m <= snap_m)) | (own & (gap_m <= min(TOUCH_M, near_m)))
    near = np.flatnonzero(~fits & own & (gap_m <= near_m))
    fits[near] = _way_round_m(pieces, nodes[end[near]], piece[near], along[near]) > LONG_WAY_M
    fits &= free
    if (fits & fresh).any():  # a second link only where first ones do not reach
        fits &= fresh
    end, piece, gap_m, target = end[fits], piece[fits], gap_m[fits], target[fits]
    order = np.lexsort((piece, gap_m, end))
    best = order[np.unique(end[order], return_index=True)[1]]
    end, piece, xy = end[best], piece[best], shapely.get_coordinates(target[best])
    links = shapely.linestrings(np.stack([pieces.node_xy[nodes[end]], xy], axis=1))
    return links, ends[end], Marks(piece, xy)


def _way_round_m(pieces: Pieces, node: Ints, piece: Ints, along_m: Floats) -> Floats:
    """Return the way along the pieces from each node to a spot on a piece; ``inf`` past ``LONG_WAY_M``."""
    size = len(pieces.node_xy)
    length_m = shapely.length(pieces.geometry)
    lo, hi = np.minimum(pieces.start, pieces.end), np.maximum(pieces.start, pieces.end)
    order = np.lexsort((length_m, hi, lo))
    first = order[np.unique(np.column_stack([lo, hi])[order], axis=0, return_index=True)[1]]
    links = link_matrix(length_m[first], lo[first], hi[first], size)
    way_m = np.full(len(node), np.inf)
    for chunk in np.array_split(np.arange(len(node)), len(node) // 100 + 1):
        reach = dijkstra(links, directed=False, indices=node[chunk], limit=LONG_WAY_M)
        row = np.arange(len(chunk))
        by_start = reach[row, pieces.start[piece[chunk]]] + along_m[chunk]
        by_end = reach[row, pieces.end[piece[chunk]]] + length_m[piece[chunk]] - along_m[chunk]
        way_m[chunk] = np.minimum(by_start, by_end)
    return way_m


def _loose_ends(pieces: Pieces, joined: Flags) -> tuple[Ints, Ints]:
    """Return the pieces that end loosely, our own links left out, and the nodes where they do."""
    piece = np.flatnonzero(~joined)
    node = np.concatenate([pieces.start[piece], pieces.end[piece]])
    loose = np.bincount(node, minlength=len(pieces.node_xy))[node] == 1
    return np.tile(piece, 2)[loose], node[loose]


def _degree(pieces: Pieces) -> Ints:
    """Return how many pieces reach each node."""
    return np.bincount(np.concatenate([pieces.start, pieces.end]), minlength=len(pieces.node_xy))
