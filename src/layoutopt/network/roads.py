"""Road lines made one graph: joined where they meet or almost meet, attributes kept for every piece."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layoutopt.errors import InputError, Problem
from layoutopt.network import noding
from layoutopt.network.attributes import FERRY, IMPASSABLE, read_attributes
from layoutopt.network.gaps import Net, close_gaps
from layoutopt.network.report import Island, RoadReport
from layoutopt.network.slope import Climb, climb
from layoutopt.network.speeds import Mode, may_pass
from layoutopt.units import M_PER_KM

log = logging.getLogger(__name__)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MODES: tuple[Mode, Mode] = ("bus", "walk")


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Roads as arrays, one entry an edge; ``edge_from`` → ``edge_to`` is the direction the line is drawn in.

    ``component`` numbers the connected pieces by node, 0 the one with most kilometres. ``bus`` and
    ``walk`` are 1 yes, 0 no, −1 not said; ``oneway`` is 1 along, −1 against, 0 both; ``speed_kmh`` is NaN
    where the road does not say; ``line`` is the row position in the lines read; ``joined`` marks links
    added to close a gap; ``twin`` is the first of all edges drawn on the same spot, often the edge itself;
    ``boards`` marks the one edge of every ferry on which the wait for it counts. Vertices in ``geometry``
    carry heights where the lines read do.
    """

    crs: str
    node_xy: Floats
    component: Ints
    edge_from: Ints
    edge_to: Ints
    length_m: Floats
    geometry: NDArray[Any]
    class_code: Ints
    class_names: tuple[str, ...]
    speed_kmh: Floats
    oneway: NDArray[np.int8]
    bus: NDArray[np.int8]
    walk: NDArray[np.int8]
    danger: Flags
    surface: NDArray[Any]
    condition: NDArray[Any]
    line: Ints
    joined: Flags
    twin: Ints
    boards: Flags
    report: RoadReport

    @property
    def road_class(self) -> NDArray[Any]:
        """The class word of every edge, empty where unknown."""
        return np.array(self.class_names, dtype=object)[self.class_code]

    @property
    def is_ferry(self) -> Flags:
        """Which edges are crossings by boat."""
        ferry: Flags = self.road_class == FERRY
        return ferry

    @cached_property
    def climb(self) -> Climb | None:
        """Heights along the edges and what they cost a walker; None where none are known."""
        return climb(self.geometry)


def build_roads(
    lines: gpd.GeoDataFrame, *, snap_m: float = 60.0, near_m: float = 20.0, node_crossings: bool = True
) -> RoadGraph:
    """Return the graph of ``lines``, joined where they share a vertex, touch, cross, or end close by.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings in a metric CRS, heights in metres where known. Optional columns:
        ``class`` (OSM highway words, ferry), ``speed_kmh``, ``surface``, ``condition``, ``oneway``, ``bus``,
        ``walk``, ``danger``, ``bridge``, ``tunnel``.
    snap_m
        A loose end this close to a road of another connected piece is joined to it by a straight link.
        60 m is some two to three times the plotting error of a 1:50,000 map (about 25 m), where county
        layers come from; it brings the Ladakh sample to one piece with more than 99.8 % of its length.
        What a bus may use is joined first, then all.
    near_m
        The same within one connected piece, where the way round is over a kilometre. Set both to 0 for
        layers without such gaps.
    node_crossings
        Join lines that cross without a common vertex. Bridges, tunnels and ferries never join that way: they
        meet others at their own ends or at common vertices. Set False for layers where each junction is a
        vertex.

    Raises
    ------
    InputError
        No CRS, degrees instead of metres, no usable line, or words that cannot be read.
    """
    crs = _metric_crs(lines)
    attributes = read_attributes(lines)
    drawn, row = _single_lines(lines)
    said = attributes.iloc[row].reset_index(drop=True)
    apart = said["apart"].to_numpy()
    bus = may_pass(said["class"], said["bus"], said["condition"], "bus")
    raw = noding.cut(drawn, noding.Marks.none())
    noded = _cross(drawn, apart) if node_crossings else _net(raw, raw.source)
    net = close_gaps(noded, apart, bus, snap_m=snap_m, near_m=near_m)

    length_m = shapely.length(net.pieces.geometry)
    component = _by_length(net.pieces.parts()[net.pieces.start], length_m, net)
    twin = _twins(net.pieces, length_m)
    report = RoadReport(
        lines_read=len(lines),
        lines_dropped=len(lines) - len(np.unique(row)),
        pieces_before=int(raw.parts().max()) + 1,
        crossings_joined=noded.pieces.new_joints if node_crossings else 0,
        **_line_counts(row, said, net, twin),
        **_piece_sums(net, said, length_m, component, twin),
        islands=_islands(net, component, length_m),
    )
    log.info("roads: %s", report)
    return _graph(crs, net, said, row, component=component, twin=twin, report=report)


def _metric_crs(lines: gpd.GeoDataFrame) -> str:
    if lines.crs is None or lines.crs.is_geographic:
        found = "no coordinate system" if lines.crs is None else f"degrees ({lines.crs.to_string()})"
        raise InputError([Problem("roads", f"the lines have {found}", "Project them to metres first.")])
    return str(lines.crs.to_string())


def _single_lines(lines: gpd.GeoDataFrame) -> tuple[NDArray[Any], Ints]:
    """Return every usable LineString and the row position it comes from."""
    parts, row = shapely.get_parts(lines.geometry.to_numpy(), return_index=True)
    kind = shapely.get_type_id(parts)
    is_line = np.isin(kind, [shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING])
    strange = np.unique(row[~is_line & ~shapely.is_empty(parts)])
    if len(strange):
        raise InputError(
            Problem(f"roads, feature {at + 1}", "the geometry is not a line", "Draw a line, or delete the row.")
            for at in strange
        )
    length_m = shapely.length(parts)
    usable = is_line & np.isfinite(length_m) & (length_m > noding.JOIN_M)
    if not usable.any():
        raise InputError([Problem("roads", "no line has any length", "Leave the layer out to travel straight.")])
    return parts[usable], row[usable].astype(np.int64)


def _cross(drawn: NDArray[Any], apart: Flags) -> Net:
    """Cut lines where they touch or cross, themselves included."""
    parts, source = noding.untangle(drawn, apart)
    pieces = noding.cut(parts, noding.crossings(parts, apart[source]))
    return _net(pieces, source[pieces.source])


def _net(pieces: noding.Pieces, line: Ints) -> Net:
    return Net(pieces, line, np.zeros(len(line), bool))


def _by_length(part: Ints, length_m: Floats, net: Net) -> Ints:
    """Return the connected piece of every node, numbered from the longest."""
    order = np.argsort(-np.bincount(part, weights=length_m), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[net.pieces.parts()]


def _twins(pieces: noding.Pieces, length_m: Floats) -> Ints:
    """Return for every edge the first edge with the same ends, length and middle; rings have none."""
    middle = shapely.get_coordinates(shapely.line_interpolate_point(pieces.geometry, 0.5, normalized=True))
    spot = np.round(np.column_stack([length_m, middle]) / (10 * noding.JOIN_M)).astype(np.int64)
    is_ring = pieces.start == pieces.end
    ring = np.where(is_ring, np.arange(len(is_ring)), -1)
    ends = np.sort(np.column_stack([pieces.start, pieces.end]), axis=1)
    same = np.column_stack([ends, spot, ring])
    _, first, group = np.unique(same, axis=0, return_index=True, return_inverse=True)
    return first[group.reshape(-1)].astype(np.int64)


def _line_counts(row: Ints, said: pd.DataFrame, net: Net, twin: Ints) -> dict[str, int]:
    """Return how many lines read lie on another from end to end, and how many lack class or speed."""
    again = np.full(len(row), True)
    own = ~net.joined
    np.logical_and.at(again, net.line[own], (twin != np.arange(len(twin)))[own])
    lines = pd.DataFrame({"row": row, "again": again, "speed": said["speed_kmh"].isna(), "class": said["class"] == ""})
    by_row = lines.groupby("row").all()
    return {
        "lines_doubled": int(by_row["again"].sum()),
        "lines_without_class": int(by_row["class"].sum()),
        "lines_without_speed": int(by_row["speed"].sum()),
        "ends_joined": net.links,
    }


def _piece_sums(net: Net, said: pd.DataFrame, length_m: Floats, component: Ints, twin: Ints) -> dict[str, Any]:
    """Return kilometres of pieces by what is said of their lines."""
    of_edge = said.iloc[net.line]
    bus, walk = (may_pass(of_edge["class"], of_edge[mode], of_edge["condition"], mode) for mode in MODES)
    pieces = net.only(bus).pieces
    bus_part = np.bincount(pieces.parts()[pieces.start], weights=length_m[bus]) if bus.any() else np.zeros(1)
    heights = np.isfinite(shapely.get_coordinates(net.pieces.geometry, include_z=True)[:, 2])
    of_vertex = shapely.get_coordinates(net.pieces.geometry, return_index=True)[1]
    kinds = {
        "joined_km": net.joined,
        "doubled_km": twin != np.arange(len(twin)),
        "total_km": np.ones(len(length_m), bool),
        "main_km": component[net.pieces.start] == 0,
        "walk_km": walk,
        "bus_km": bus,
        "danger_km": of_edge["danger"].to_numpy(),
        "impassable_km": (of_edge["condition"] == IMPASSABLE).to_numpy(),
        "ferry_km": (of_edge["class"] == FERRY).to_numpy(),
        "heights_km": np.bincount(of_vertex, weights=heights) > 1,
    }
    sums = {name: float(length_m[chosen].sum()) / M_PER_KM for name, chosen in kinds.items()}
    return {**sums, "bus_main_km": float(bus_part.max()) / M_PER_KM, "pieces_after": int(component.max()) + 1}


def _islands(net: Net, component: Ints, length_m: Floats) -> tuple[Island, ...]:
    """Return the connected pieces apart from the main one, longest first."""
    part = component[net.pieces.start]
    km = np.bincount(part, weights=length_m) / M_PER_KM
    _, first = np.unique(part, return_index=True)
    spot = shapely.get_coordinates(shapely.line_interpolate_point(net.pieces.geometry[first], 0.5, normalized=True))
    lines = pd.Series(net.line).groupby(part).nunique().to_numpy()
    return tuple(
        Island(float(km[at]), int(lines[at]), float(spot[at, 0]), float(spot[at, 1])) for at in range(1, len(km))
    )


def _graph(
    crs: str, net: Net, said: pd.DataFrame, row: Ints, *, component: Ints, twin: Ints, report: RoadReport
) -> RoadGraph:
    of_edge = said.iloc[net.line]
    names = tuple(sorted(set(said["class"])))
    code = {name: number for number, name in enumerate(names)}
    ferry = np.flatnonzero((of_edge["class"] == FERRY).to_numpy() & ~net.joined)
    boards = np.zeros(len(net.line), bool)
    boards[ferry[np.unique(net.line[ferry], return_index=True)[1]]] = True
    return RoadGraph(
        crs=crs,
        node_xy=net.pieces.node_xy,
        component=component,
        edge_from=net.pieces.start,
        edge_to=net.pieces.end,
        length_m=shapely.length(net.pieces.geometry),
        geometry=net.pieces.geometry,
        class_code=of_edge["class"].map(code).to_numpy(np.int64),
        class_names=names,
        speed_kmh=of_edge["speed_kmh"].to_numpy(float),
        oneway=np.where(net.joined, 0, of_edge["oneway"].to_numpy()).astype(np.int8),
        bus=of_edge["bus"].to_numpy(np.int8),
        walk=of_edge["walk"].to_numpy(np.int8),
        danger=of_edge["danger"].to_numpy(bool),
        surface=of_edge["surface"].to_numpy(object),
        condition=of_edge["condition"].to_numpy(object),
        line=row[net.line],
        joined=net.joined,
        twin=twin,
        boards=boards,
        report=report,
    )
