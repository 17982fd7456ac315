"""Cut lines into pieces that meet only at nodes, and join the ends that almost meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

JOIN_M = 0.01
"""Vertices this close are one node: far above rounding in metric coordinates, far below any survey."""

TOUCH_M = 2.0
"""An end this close to a road is meant to touch it: straight map lines bend by decimetres when they change
coordinate system, so that an end drawn on a road comes to lie beside it."""

LONG_WAY_M = 1_000.0
"""A gap is a drawing mistake, not a blind alley, when the way round it is longer. Measured on the Ladakh
roads: of 313 loose ends within 60 m of their own network, 285 have a way round below 1.0 km (284 below
0.6 km), 28 one above 1.7 km."""

Lines = NDArray[Any]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Marks:
    """Points to be made vertices of lines: which line, and where."""

    line: Ints
    xy: Floats

    @staticmethod
    def none() -> Marks:
        """Return an empty set of marks."""
        return Marks(np.empty(0, np.int64), np.empty((0, 2)))


@dataclass(frozen=True, eq=False)
class Pieces:
    """Lines cut at every node: ``source`` is the position of the line a piece comes from."""

    geometry: Lines
    source: Ints
    start: Ints
    end: Ints
    node_xy: Floats
    new_joints: int

    def parts(self) -> Ints:
        """Return for every node the number of the connected part it belongs to."""
        return connected(self.start, self.end, len(self.node_xy))


def connected(start: Ints, end: Ints, nodes: int) -> Ints:
    """Return the connected part of each node when links run both ways."""
    labels: Ints = connected_components(_links(np.ones(len(start)), start, end, nodes), directed=False)[1]
    return labels.astype(np.int64)


def _links(value: Floats, start: Ints, end: Ints, nodes: int) -> csr_array:
    """Return a matrix of links; graph searches of older scipy take 32-bit positions only."""
    return csr_array((value, (start.astype(np.int32), end.astype(np.int32))), shape=(nodes, nodes))


def untangle(lines: Lines, keep_whole: Flags) -> tuple[Lines, Ints]:
    """Halve lines that cross themselves until none does; return the parts and the line each comes from.

    Two-vertex lines never cross themselves, so this ends after log2(vertices) rounds.
    """
    parts, source = lines, np.arange(len(lines))
    while True:
        crossed = ~shapely.is_simple(parts) & ~keep_whole[source]
        if not crossed.any():
            return parts, source
        halves = [half for line in parts[crossed] for half in _halve(line)]
        parts = np.concatenate([parts[~crossed], np.array(halves, dtype=object)])
        source = np.concatenate([source[~crossed], np.repeat(source[crossed], 2)])
        order = np.argsort(source, kind="stable")
        parts, source = parts[order], source[order]


def _halve(line: Any) -> tuple[Any, Any]:
    xy = shapely.get_coordinates(line)
    middle = len(xy) // 2
    return shapely.linestrings(xy[: middle + 1]), shapely.linestrings(xy[middle:])


def crossings(lines: Lines, apart: Flags) -> Marks:
    """Return the points where two lines touch or cross, once for each of the two.

    Lines flagged ``apart`` (bridges, tunnels) meet others only at their own ends.
    """
    one, two = shapely.STRtree(lines).query(lines, predicate="intersects")
    upper = one < two
    one, two = one[upper], two[upper]
    shared = shapely.intersection(lines[one], lines[two])
    points, pair = _corner_points(shared)
    kept = np.ones(len(points), bool)
    over = np.flatnonzero(apart[one[pair]] | apart[two[pair]])
    kept[over] = False
    for side in (one[pair[over]], two[pair[over]]):
        kept[over] |= apart[side] & _near_end(lines[side], points[over])
    points, pair = points[kept], pair[kept]
    xy = shapely.get_coordinates(points)
    return Marks(np.concatenate([one[pair], two[pair]]), np.concatenate([xy, xy]))


def _corner_points(shared: Lines) -> tuple[Lines, Ints]:
    """Return the single points and the ends of shared stretches in ``shared``, with their position."""
    parts, at = shapely.get_parts(shared, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)  # a collection may hold multi-parts
    at = at[inner]
    is_line = shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING
    is_point = shapely.get_type_id(parts) == shapely.GeometryType.POINT
    stretch = parts[is_line]
    points = np.concatenate([parts[is_point], shapely.get_point(stretch, 0), shapely.get_point(stretch, -1)])
    return points, np.concatenate([at[is_point], at[is_line], at[is_line]]).astype(np.int64)


def _near_end(lines: Lines, points: Lines) -> Flags:
    first = shapely.distance(shapely.get_point(lines, 0), points)
    last = shapely.distance(shapely.get_point(lines, -1), points)
    near: Flags = np.minimum(first, last) <= JOIN_M
    return near


def cut(lines: Lines, marks: Marks) -> Pieces:
    """Cut ``lines`` at their ends, at every vertex met twice, and at ``marks`` that two lines share."""
    xy, line, is_mark = _vertices(lines, marks)
    node, node_xy = _merge(xy)
    met = np.bincount(node[~is_mark], minlength=len(node_xy))
    new_joints = int(np.sum(met[np.unique(node[is_mark])] < 2))

    fresh = np.ones(len(xy), bool)  # drop a vertex that repeats the one before it on the same line
    fresh[1:] = (line[1:] != line[:-1]) | (node[1:] != node[:-1])
    xy, line, node = xy[fresh], line[fresh], node[fresh]
    enough = np.bincount(line, minlength=len(lines))[line] > 1
    xy, line, node = xy[enough], line[enough], node[enough]

    first, last = np.ones(len(line), bool), np.ones(len(line), bool)
    first[1:] = last[:-1] = line[1:] != line[:-1]
    joint = first | last | (np.bincount(node, minlength=len(node_xy))[node] > 1)
    again = np.repeat(np.arange(len(line)), 1 + (joint & ~first & ~last))
    opens = np.ones(len(again), bool)  # a repeated joint closes one piece, its copy opens the next
    opens[1:] = (again[1:] == again[:-1]) | first[again[1:]]
    piece = np.cumsum(opens) - 1
    begin = np.flatnonzero(opens)
    finish = np.append(begin[1:], len(again)) - 1 if len(again) else begin
    geometry = shapely.linestrings(xy[again], indices=piece) if len(again) else np.empty(0, object)
    used, renumbered = np.unique(np.concatenate([node[again[begin]], node[again[finish]]]), return_inverse=True)
    start, end = renumbered[: len(begin)], renumbered[len(begin) :]
    return Pieces(geometry, line[again[begin]], start, end, node_xy[used], new_joints)


def _vertices(lines: Lines, marks: Marks) -> tuple[Floats, Ints, Flags]:
    """Return all vertices and marks in order along each line."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    step = np.hypot(*np.diff(xy, axis=0, prepend=xy[:1]).T)
    total = np.cumsum(step)
    begin = np.searchsorted(line, np.arange(len(lines)))
    along = total - total[begin][line]
    marked = shapely.line_locate_point(lines[marks.line], shapely.points(marks.xy))
    xy, line = np.concatenate([xy, marks.xy]), np.concatenate([line, marks.line])
    is_mark = np.arange(len(line)) >= len(line) - len(marks.line)
    order = np.lexsort((np.concatenate([along, marked]), line))
    return xy[order], line[order], is_mark[order]


def _merge(xy: Floats) -> tuple[Ints, Floats]:
    """Return a node number for every vertex, vertices within ``JOIN_M`` sharing one, and the nodes."""
    place, at = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    flat = np.column_stack([place.real, place.imag])
    close = cKDTree(flat).query_pairs(JOIN_M, output_type="ndarray")
    label = connected(close[:, 0], close[:, 1], len(flat))
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    return number[at].astype(np.int64), flat[first]


def missing_links(pieces: Pieces, apart: Flags, *, snap_m: float, near_m: float) -> tuple[Lines, Ints, Marks]:
    """Return a straight link from each loose end to the nearest piece it should meet.

    An end is loose when only one piece reaches it. It should meet a piece of another connected part within
    ``snap_m``; a piece of its own part within ``near_m`` where the way round is long, else within
    ``TOUCH_M`` only, so that a blind alley beside a street stays blind. ``apart`` flags pieces (bridges,
    tunnels) met at their ends only.

    Returns
    -------
    The links, the piece whose end each one prolongs, and the marks to cut the pieces at.
    """
    ends, nodes = _loose_ends(pieces)
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
    fits = (foreign & (gap_m <= snap_m)) | (~foreign & ~spur & (gap_m <= min(TOUCH_M, near_m)))
    near = np.flatnonzero(~fits & ~foreign & ~spur & (gap_m <= near_m))
    fits[near] = _way_round_m(pieces, nodes[end[near]], piece[near], along[near]) > LONG_WAY_M
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
    links = _links(length_m[first], lo[first], hi[first], size)
    way_m = np.full(len(node), np.inf)
    for chunk in np.array_split(np.arange(len(node)), len(node) // 100 + 1):
        reach = dijkstra(links, directed=False, indices=node[chunk], limit=LONG_WAY_M)
        row = np.arange(len(chunk))
        by_start = reach[row, pieces.start[piece[chunk]]] + along_m[chunk]
        by_end = reach[row, pieces.end[piece[chunk]]] + length_m[piece[chunk]] - along_m[chunk]
        way_m[chunk] = np.minimum(by_start, by_end)
    return way_m


def _loose_ends(pieces: Pieces) -> tuple[Ints, Ints]:
    """Return the pieces that end loosely and the nodes where they do."""
    node = np.concatenate([pieces.start, pieces.end])
    loose = np.bincount(node, minlength=len(pieces.node_xy))[node] == 1
    piece = np.tile(np.arange(len(pieces.start)), 2)
    return piece[loose], node[loose]
