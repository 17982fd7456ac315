"""Minutes and kilometres between places, on foot and by bus, over roads or straight across."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.network.roads import RoadGraph
from layoutopt.network.search import ROUNDING, Search, attach, table
from layoutopt.network.snap import Reach, Snapped, places_xy, snap
from layoutopt.network.speeds import REFERENCE_WALK_KMH, Mode, Speeds, edge_minutes
from layoutopt.units import M_PER_KM, MIN_PER_H

Floats = NDArray[np.float64]

OFF_ROAD = ["id", "side", "mode", "distance_m"]


@dataclass(frozen=True, eq=False)
class TravelTable:
    """Travel from every place to every other, axes (from, to) and then band; ``inf`` means no way.

    Attributes
    ----------
    walk_min, walk_km
        Door to door on foot, the ways to and from the road included.
    ride_min, ride_km
        The bus alone, from the stop nearest the one place to the stop nearest the other.
    access_min, access_km
        Walked to that bus and from it, both ends together.
    off_road
        Places with no passable road within reach: id, side (from, to), mode, distance_m to the nearest.
    """

    from_ids: pd.Index
    to_ids: pd.Index
    bands: tuple[str, ...]
    walk_min: Floats
    walk_km: Floats
    ride_min: Floats
    ride_km: Floats
    access_min: Floats
    access_km: Floats
    off_road: pd.DataFrame

    def minutes(self, mode: Mode, band: str) -> Floats:
        """Return door-to-door minutes (from, to); those by bus are walk and ride, without waiting."""
        at = self.bands.index(band)
        if mode == "walk":
            return self.walk_min[:, :, at]
        total: Floats = self.ride_min + self.access_min[:, :, at]
        return total

    def km(self, mode: Mode) -> Floats:
        """Return door-to-door kilometres (from, to)."""
        return self.walk_km if mode == "walk" else self.ride_km + self.access_km

    @property
    def unreachable(self) -> pd.Index:
        """The places from which no mode leads anywhere."""
        shortest = np.minimum(self.walk_km, self.ride_km).min(axis=1, initial=np.inf)
        nowhere: pd.Index = self.from_ids[np.isinf(shortest)]
        return nowhere


@dataclass(frozen=True, eq=False)
class StopTable:
    """Bus rides between all places, axes (from, to), the diagonal 0, and the walk from each to its stop."""

    ids: pd.Index
    bands: tuple[str, ...]
    ride_min: Floats
    ride_km: Floats
    access_min: Floats
    access_km: Floats
    off_road: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Attached:
    """One mode's search with both sides' places attached to it."""

    search: Search
    origin: Snapped
    goal: Snapped
    origin_node: NDArray[np.int64]
    goal_node: NDArray[np.int64]


def attach_places(
    mode: Mode, origin_xy: Floats, goal_xy: Floats, *, roads: RoadGraph, speeds: Speeds, reach: Reach
) -> Attached:
    """Return the search of ``mode`` with both sets of places put on the roads it may use."""
    minutes = edge_minutes(roads, speeds, mode)
    usable = np.isfinite(minutes.min(axis=1))
    split = len(origin_xy)
    snapped = snap(
        np.concatenate([origin_xy, goal_xy]),
        roads,
        usable,
        max_access_m=reach.max_access_m,
        island_km=reach.island_km,
    )
    search, node = attach(roads, minutes, snapped)
    sides = [
        Snapped(snapped.edge[side], snapped.along_m[side], snapped.access_m[side], snapped.xy[side])
        for side in (slice(0, split), slice(split, None))
    ]
    return Attached(search, sides[0], sides[1], node[:split], node[split:])


def travel(
    points_from: gpd.GeoDataFrame,
    points_to: gpd.GeoDataFrame,
    *,
    roads: RoadGraph | None,
    speeds: Speeds,
    reach: Reach,
) -> TravelTable:
    """Return travel from every place of the one set to every place of the other.

    Parameters
    ----------
    points_from, points_to
        Points in the CRS of ``roads``, indexed by unique id; pupils travel from the first to the second.
    roads
        None travels straight: distance × ``detour_factor``, on foot and by bus.

    Notes
    -----
    A way by road starts and ends with a straight walk off the path. A pupil on foot takes the shorter, in
    minutes, of that way and the straight walk right across, the latter up to ``cross_country_max_m``.
    """
    origin_xy, goal_xy = _both(points_from, points_to, roads)
    straight_m = np.hypot(*(origin_xy[:, None, :] - goal_xy[None, :, :]).transpose(2, 0, 1))
    if roads is None:
        km = straight_m * speeds.detour_factor / M_PER_KM
        walk_base_min, walk_km = km / REFERENCE_WALK_KMH * MIN_PER_H, km
        off_foot = _nobody()
    else:
        on_foot = attach_places("walk", origin_xy, goal_xy, roads=roads, speeds=speeds, reach=reach)
        walk_base_min, walk_km = _walks(on_foot, straight_m, speeds, reach)
        off_foot = _off_road("walk", on_foot, points_from.index, points_to.index)
    rides = _rides(points_from, points_to, roads=roads, speeds=speeds, reach=reach)
    too_far = walk_base_min * speeds.walk_scale().min() > reach.walk_cutoff_min * (1 + ROUNDING)
    access_m = rides.origin_access_m[:, None] + rides.goal_access_m[None, :]
    access_m = np.where(np.isinf(rides.km), np.inf, access_m)
    return TravelTable(
        from_ids=points_from.index,
        to_ids=points_to.index,
        bands=speeds.bands,
        walk_min=np.where(too_far, np.inf, walk_base_min)[:, :, None] * speeds.walk_scale(),
        walk_km=np.where(too_far, np.inf, walk_km),
        ride_min=rides.minutes,
        ride_km=rides.km,
        access_min=speeds.off_path_base_min(access_m)[:, :, None] * speeds.walk_scale(),
        access_km=access_m / M_PER_KM,
        off_road=pd.concat([off_foot, rides.off_road], ignore_index=True),
    )


def stop_table(points: gpd.GeoDataFrame, *, roads: RoadGraph | None, speeds: Speeds, reach: Reach) -> StopTable:
    """Return the bus rides between all ``points``, for laying lines through them; may be asymmetric."""
    rides = _rides(points, points, roads=roads, speeds=speeds, reach=reach)
    np.fill_diagonal(rides.minutes, 0.0)
    np.fill_diagonal(rides.km, 0.0)
    access_m = rides.origin_access_m
    return StopTable(
        ids=points.index,
        bands=speeds.bands,
        ride_min=rides.minutes,
        ride_km=rides.km,
        access_min=speeds.off_path_base_min(access_m)[:, None] * speeds.walk_scale(),
        access_km=access_m / M_PER_KM,
        off_road=rides.off_road[rides.off_road["side"] == "from"].reset_index(drop=True),
    )


@dataclass(frozen=True, eq=False)
class _Rides:
    """Bus minutes and kilometres, and the straight metres from each place to its stop."""

    minutes: Floats
    km: Floats
    origin_access_m: Floats
    goal_access_m: Floats
    off_road: pd.DataFrame


def _rides(
    points_from: gpd.GeoDataFrame,
    points_to: gpd.GeoDataFrame,
    *,
    roads: RoadGraph | None,
    speeds: Speeds,
    reach: Reach,
) -> _Rides:
    origin_xy, goal_xy = _both(points_from, points_to, roads)
    if roads is None:
        km = np.hypot(*(origin_xy[:, None, :] - goal_xy[None, :, :]).transpose(2, 0, 1))
        km *= speeds.detour_factor / M_PER_KM
        minutes = km / speeds.straight_bus_kmh * MIN_PER_H
        access = np.zeros(len(origin_xy)), np.zeros(len(goal_xy))
        off_road = _nobody()
    else:
        by_bus = attach_places("bus", origin_xy, goal_xy, roads=roads, speeds=speeds, reach=reach)
        minutes, km = table(by_bus.search, by_bus.origin_node, by_bus.goal_node, limit_min=reach.bus_cutoff_min)
        access = by_bus.origin.access_m, by_bus.goal.access_m
        off_road = _off_road("bus", by_bus, points_from.index, points_to.index)
    beyond = minutes > reach.bus_cutoff_min * (1 + ROUNDING)
    return _Rides(np.where(beyond, np.inf, minutes), np.where(beyond, np.inf, km), *access, off_road)


def _both(points_from: gpd.GeoDataFrame, points_to: gpd.GeoDataFrame, roads: RoadGraph | None) -> tuple[Floats, Floats]:
    crs = roads.crs if roads is not None else None
    return places_xy(points_from, crs, "from"), places_xy(points_to, crs, "to")


def _walks(on_foot: Attached, straight_m: Floats, speeds: Speeds, reach: Reach) -> tuple[Floats, Floats]:
    """Return minutes of the reference walker and kilometres, the quicker of by road and right across."""
    limit_min = reach.walk_cutoff_min / speeds.walk_scale().min()
    road_min, road_km = table(on_foot.search, on_foot.origin_node, on_foot.goal_node, limit_min=limit_min)
    access_m = on_foot.origin.access_m[:, None] + on_foot.goal.access_m[None, :]
    road_min = road_min + speeds.off_path_base_min(access_m)
    across_m = np.where(straight_m <= reach.cross_country_max_m, straight_m, np.inf)
    across_min = speeds.off_path_base_min(across_m)
    by_road = road_min < across_min
    return (
        np.where(by_road, road_min, across_min),
        np.where(by_road, road_km + access_m / M_PER_KM, across_m / M_PER_KM),
    )


def _off_road(mode: Mode, places: Attached, from_ids: pd.Index, to_ids: pd.Index) -> pd.DataFrame:
    """Return the places no road of ``mode`` is near to, and how far the nearest one is."""
    sides = (("from", from_ids, places.origin), ("to", to_ids, places.goal))
    rows = [
        (name, side, mode, float(far_m))
        for side, ids, snapped in sides
        for name, edge, far_m in zip(ids, snapped.edge, snapped.access_m, strict=True)
        if edge < 0
    ]
    return pd.DataFrame(rows, columns=OFF_ROAD).astype({"distance_m": float})


def _nobody() -> pd.DataFrame:
    return pd.DataFrame([], columns=OFF_ROAD).astype({"distance_m": float})
