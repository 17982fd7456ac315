"""The way itself, as lines on the map, for chosen pairs of places."""

from __future__ import annotations

from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layoutopt.errors import InputError, Problem, nearest
from layoutopt.network.places import attach_places
from layoutopt.network.roads import RoadGraph
from layoutopt.network.search import ways
from layoutopt.network.snap import Reach, Spots, spots
from layoutopt.network.speeds import Mode, Speeds

Floats = NDArray[np.float64]


def paths(
    pairs: pd.DataFrame,
    *,
    points_from: gpd.GeoDataFrame,
    points_to: gpd.GeoDataFrame,
    roads: RoadGraph | None,
    speeds: Speeds,
    reach: Reach,
    with_access: bool = True,
) -> gpd.GeoSeries:
    """Return the line each pair travels, on the index of ``pairs``; None where no way leads.

    Parameters
    ----------
    pairs
        Columns ``from_id``, ``to_id``, ``mode`` (walk, bus). The stops of a bus line make one pair for each
        leg, with all places on both sides.
    with_access
        From door to door. False draws what happens on the road alone, from stop to stop: for bus lines.
    roads
        None draws straight lines, whose length lacks the detour factor the kilometres have.

    Notes
    -----
    Cut-offs of minutes do not apply: only the destinations asked for are searched again.
    """
    crs = roads.crs if roads is not None else None
    origin = spots(points_from, crs, "from")[_positions(pairs["from_id"], points_from.index)]
    goal = spots(points_to, crs, "to")[_positions(pairs["to_id"], points_to.index)]
    lines = shapely.linestrings(np.stack([origin.xy, goal.xy], axis=1))
    if roads is not None:
        for mode in sorted(pairs["mode"].unique()):
            chosen = (pairs["mode"] == mode).to_numpy()
            lines[chosen] = _along_roads(
                cast(Mode, mode),
                origin[chosen],
                goal[chosen],
                roads=roads,
                speeds=speeds,
                reach=reach,
                with_access=with_access,
            )
    return gpd.GeoSeries(lines, index=pairs.index, crs=points_from.crs)


def _positions(ids: pd.Series, index: pd.Index) -> NDArray[np.int64]:
    at = index.get_indexer(pd.Index(ids))
    unknown = sorted({str(name) for name in ids[at < 0]})
    if unknown:
        known = index.astype(str)
        raise InputError(Problem("paths", f"unknown id '{name}'", nearest(name, known).strip()) for name in unknown)
    return np.asarray(at, dtype=np.int64)


def _along_roads(
    mode: Mode,
    origin: Spots,
    goal: Spots,
    *,
    roads: RoadGraph,
    speeds: Speeds,
    reach: Reach,
    with_access: bool,
) -> NDArray[Any]:
    """Return one line a row; on foot the walk right across where that is quicker, as in the table."""
    places = attach_places(mode, origin, goal, roads=roads, speeds=speeds, reach=reach)
    road_min, road_xy = ways(places.search, places.origin_node, places.goal_node)
    straight_m = np.hypot(*(goal.xy - origin.xy).T)
    across_min = np.full(len(road_min), np.inf)
    if mode == "walk":
        road_min = road_min + places.origin_access_min + places.goal_access_min
        near = straight_m <= reach.cross_country_max_m
        across_min[near] = speeds.off_path_base_min(straight_m, goal.height_m - origin.height_m)[near]
    lines = np.full(len(road_min), None, dtype=object)
    for at in range(len(lines)):
        if road_min[at] < across_min[at]:
            on_road = np.vstack([places.origin.xy[at], road_xy[at], places.goal.xy[at]])
            doors = np.vstack([origin.xy[at], on_road, goal.xy[at]])
            lines[at] = _line(doors if with_access else on_road)
        elif np.isfinite(across_min[at]):
            lines[at] = shapely.linestrings([origin.xy[at], goal.xy[at]])
    return lines


def _line(xy: Floats) -> Any:
    """Return a line without repeated vertices; two equal ones where nobody moves."""
    moves = np.append(True, (np.diff(xy, axis=0) != 0).any(axis=1))
    return shapely.linestrings(xy[moves] if moves.sum() > 1 else xy[:2])
