"""Cut lines into pieces that meet only at nodes; heights stay with their vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

JOIN_M = 0.01
"""Vertices this close are one node: far above rounding in metric coordinates, far below any survey."""

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
    labels: Ints = connected_components(link_matrix(np.ones(len(start)), start, end, nodes), directed=False)[1]
    return labels.astype(np.int64)


def link_matrix(value: Floats, start: Ints, end: Ints, nodes: int) -> csr_array:
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
    xyz = shapely.get_coordinates(line, include_z=True)
    middle = len(xyz) // 2
    return shapely.linestrings(xyz[: middle + 1]), shapely.linestrings(xyz[middle:])


def crossings(lines: Lines, apart: Flags) -> Marks:
    """Return the points where two lines touch or cross, once for each of the two.

    Lines flagged ``apart`` (bridges, tunnels) meet others only at their own ends.
    """
    lines = shapely.force_2d(lines)
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
    """Cut ``lines`` at their ends, at every vertex met twice, and at ``marks`` that two lines share.

    A mark takes its height from the line it cuts, so that a bridge keeps its own.
    """
    xyz, line, is_mark = _vertices(lines, marks)
    node, node_xy = _merge(xyz[:, :2])
    met = np.bincount(node[~is_mark], minlength=len(node_xy))
    new_joints = int(np.sum(met[np.unique(node[is_mark])] < 2))

    fresh = np.ones(len(xyz), bool)  # drop a vertex that repeats the one before it on the same line
    fresh[1:] = (line[1:] != line[:-1]) | (node[1:] != node[:-1])
    xyz, line, node = xyz[fresh], line[fresh], node[fresh]
    enough = np.bincount(line, minlength=len(lines))[line] > 1
    xyz, line, node = xyz[enough], line[enough], node[enough]

    first, last = np.ones(len(line), bool), np.ones(len(line), bool)
    first[1:] = last[:-1] = line[1:] != line[:-1]
    joint = first | last | (np.bincount(node, minlength=len(node_xy))[node] > 1)
    again = np.repeat(np.arange(len(line)), 1 + (joint & ~first & ~last))
    opens = np.ones(len(again), bool)  # a repeated joint closes one piece, its copy opens the next
    opens[1:] = (again[1:] == again[:-1]) | first[again[1:]]
    piece = np.cumsum(opens) - 1
    begin = np.flatnonzero(opens)
    finish = np.append(begin[1:], len(again)) - 1 if len(again) else begin
    corners = xyz if np.isfinite(xyz[:, 2]).any() else xyz[:, :2]
    geometry = shapely.linestrings(corners[again], indices=piece) if len(again) else np.empty(0, object)
    used, renumbered = np.unique(np.concatenate([node[again[begin]], node[again[finish]]]), return_inverse=True)
    start, end = renumbered[: len(begin)], renumbered[len(begin) :]
    return Pieces(geometry, line[again[begin]], start, end, node_xy[used], new_joints)


def _vertices(lines: Lines, marks: Marks) -> tuple[Floats, Ints, Flags]:
    """Return all vertices and marks in order along each line, with heights (NaN where unknown)."""
    xyz, line = shapely.get_coordinates(lines, include_z=True, return_index=True)
    step = np.hypot(*np.diff(xyz[:, :2], axis=0, prepend=xyz[:1, :2]).T)
    total = np.cumsum(step)
    begin = np.searchsorted(line, np.arange(len(lines)))
    along = total - total[begin][line]
    marked = shapely.line_locate_point(lines[marks.line], shapely.points(marks.xy))
    height = np.interp(total[begin][marks.line] + marked, total, xyz[:, 2])
    xyz, line = np.concatenate([xyz, np.column_stack([marks.xy, height])]), np.concatenate([line, marks.line])
    is_mark = np.arange(len(line)) >= len(line) - len(marks.line)
    order = np.lexsort((np.concatenate([along, marked]), line))
    return xyz[order], line[order], is_mark[order]


def _merge(xy: Floats) -> tuple[Ints, Floats]:
    """Return a node number for every vertex, vertices within ``JOIN_M`` sharing one, and the nodes."""
    place, at = np.unique(xy[:, 0] + 1j * xy[:, 1], return_inverse=True)
    flat = np.column_stack([place.real, place.imag])
    close = cKDTree(flat).query_pairs(JOIN_M, output_type="ndarray")
    label = connected(close[:, 0], close[:, 1], len(flat))
    _, first, number = np.unique(label, return_index=True, return_inverse=True)
    return number[at].astype(np.int64), flat[first]
