"""Places put onto the nearest road they can use, and how far they walk to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layoutopt.errors import InputError, PolicyError, Problem
from layoutopt.network.noding import connected
from layoutopt.network.roads import RoadGraph
from layoutopt.units import M_PER_KM


@dataclass(frozen=True)
class Reach:
    """How far travel is looked for; beyond, no way leads there.

    Parameters
    ----------
    walk_cutoff_min
        Longest walk, door to door, of the fastest band; the limit itself still counts.
    bus_cutoff_min
        Longest bus ride, stop to stop.
    max_access_m
        Farthest straight walk from a place to a road; places farther off are listed and have no road way.
    cross_country_max_m
        Up to this straight distance a pupil may also walk right across, at off-path speed.
    island_km
        A connected piece of passable road shorter than this is used only where no longer piece is within
        ``max_access_m``: a bus cannot leave a stub that tracks alone connect with the rest.
    """

    walk_cutoff_min: float
    bus_cutoff_min: float
    max_access_m: float
    cross_country_max_m: float
    island_km: float = 5.0

    def __post_init__(self) -> None:
        wrong = [f"{name} = {value}" for name, value in vars(self).items() if not value >= 0]
        if not 0 < self.max_access_m < math.inf:
            wrong.append(f"max_access_m = {self.max_access_m} (give metres above 0)")
        if wrong:
            raise PolicyError("Limits of travel cannot be negative. Change: " + "; ".join(wrong) + ".")


@dataclass(frozen=True, eq=False)
class Spots:
    """Where places lie: coordinates, and heights in metres (NaN where unknown)."""

    xy: NDArray[np.float64]
    height_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.xy)

    def __getitem__(self, chosen: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Spots:
        return Spots(self.xy[chosen], self.height_m[chosen])


@dataclass(frozen=True, eq=False)
class Snapped:
    """Places on roads: edge (−1 where none is near), metres along it, straight metres to it, and the spot.

    ``height_m`` is that of the spot, NaN where unknown; ``part`` numbers the connected piece of usable road
    (−1 off the roads) and ``part_km`` is its length.
    """

    edge: NDArray[np.int64]
    along_m: NDArray[np.float64]
    access_m: NDArray[np.float64]
    xy: NDArray[np.float64]
    height_m: NDArray[np.float64]
    part: NDArray[np.int64]
    part_km: NDArray[np.float64]

    def __getitem__(self, chosen: slice) -> Snapped:
        return Snapped(*(values[chosen] for values in vars(self).values()))


def spots(places: gpd.GeoDataFrame, crs: str | None, what: str) -> Spots:
    """Return where ``places`` lie, heights from their column ``elevation_m``; see ``places_xy``."""
    xy = places_xy(places, crs, what)
    if "elevation_m" not in places:
        return Spots(xy, np.full(len(xy), np.nan))
    return Spots(xy, places["elevation_m"].to_numpy(dtype=float, na_value=np.nan))


def places_xy(places: gpd.GeoDataFrame, crs: str | None, what: str) -> NDArray[np.float64]:
    """Return the coordinates of ``places``, after checking ids, points and coordinate system."""
    points = places.geometry.to_numpy()
    problems = [
        Problem(f"{what} {name}", "the id appears twice", "Give each place its own id.")
        for name in places.index[places.index.duplicated()].unique()
    ]
    if places.crs is None or places.crs.is_geographic or (crs is not None and places.crs.to_string() != crs):
        problems.append(Problem(what, f"coordinate system {places.crs}", f"Project to {crs or 'metres'} first."))
    is_point = shapely.get_type_id(points) == shapely.GeometryType.POINT
    xy = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    problems += [
        Problem(f"{what} {name}", "geometry is not a point with finite coordinates", "Draw the point.")
        for name in places.index[~(is_point & np.isfinite(xy).all(axis=1))]
    ]
    if problems:
        raise InputError(problems)
    return xy


def snap(
    xy: NDArray[np.float64],
    graph: RoadGraph,
    usable: NDArray[np.bool_],
    *,
    max_access_m: float,
    island_km: float = 0.0,
) -> Snapped:
    """Return the nearest usable edge of each place and the nearest spot on it.

    Edges of pieces shorter than ``island_km`` come second; of equally near edges the first counts. A ferry
    is boarded at its ends only. ``access_m`` is measured also where it is beyond ``max_access_m`` and the
    edge is −1.
    """
    points = shapely.points(xy)
    part, part_km = _parts(graph, usable)
    lines, afloat, every = graph.geometry.copy(), graph.is_ferry, np.flatnonzero(usable)
    lines[afloat] = shapely.boundary(lines[afloat])
    edge = np.full(len(xy), -1)
    for candidates in (every[part_km[part[graph.edge_from[every]]] >= island_km], every):
        left = np.flatnonzero(edge < 0)
        near, found, _ = _nearest(points[left], lines[candidates], max_access_m)
        edge[left[near]] = candidates[found]
    on = edge >= 0
    access_m = np.full(len(xy), np.inf)
    off, _, far_m = _nearest(points[~on], lines[every], None)
    access_m[np.flatnonzero(~on)[off]] = far_m
    along_m, spot, height_m = np.zeros(len(xy)), xy.copy(), np.full(len(xy), np.nan)
    own, length_m = graph.geometry[edge[on]], graph.length_m[edge[on]]
    along_m[on] = np.clip(shapely.line_locate_point(own, points[on]), 0.0, length_m)
    nearer_end = shapely.distance(shapely.get_point(own, 0), points[on]) > shapely.distance(
        shapely.get_point(own, -1), points[on]
    )
    along_m[on] = np.where(afloat[edge[on]], length_m * nearer_end, along_m[on])
    spot[on] = shapely.get_coordinates(shapely.line_interpolate_point(own, along_m[on]))
    access_m[on] = np.hypot(*(spot[on] - xy[on]).T)
    if graph.climb is not None:
        height_m[on] = graph.climb.height(edge[on], along_m[on])
    piece = np.where(on, part[graph.edge_from[edge]], -1)
    return Snapped(edge, along_m, access_m, spot, height_m, piece, np.where(on, part_km[piece], 0.0))


def _parts(graph: RoadGraph, usable: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the connected piece of usable road of every node, and the kilometres of every piece."""
    start, end, length_m = graph.edge_from[usable], graph.edge_to[usable], graph.length_m[usable]
    part = connected(start, end, len(graph.node_xy))
    return part, np.bincount(part[start], weights=length_m, minlength=int(part.max()) + 1) / M_PER_KM


def _nearest(
    points: NDArray[Any], lines: NDArray[Any], within_m: float | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return points, the nearest line of each, and the distance; the first of equals counts."""
    if not len(lines) or not len(points):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    (point, line), distance_m = shapely.STRtree(lines).query_nearest(
        points, max_distance=within_m, return_distance=True, all_matches=True
    )
    order = np.lexsort((line, point))
    first = order[np.unique(point[order], return_index=True)[1]]
    return point[first], line[first], distance_m[first]
