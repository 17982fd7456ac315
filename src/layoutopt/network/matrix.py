"""Minutes and kilometres between places, on foot and by bus, over roads or straight across."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.network.places import Attached, attach_places, islands, listing, off_road
from layoutopt.network.roads import RoadGraph
from layoutopt.network.search import ROUNDING, table
from layoutopt.network.snap import Reach, Spots, spots
from layoutopt.network.speeds import Mode, Speeds
from layoutopt.units import M_PER_KM, MIN_PER_H

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
    islands
        Places on a piece of road that no place of the other side is on: id, side, mode, km of that piece.
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
    islands: pd.DataFrame

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
        Points in the CRS of ``roads``, indexed by unique id, with ``elevation_m`` where known; pupils travel
        from the first to the second.
    roads
        None travels straight: distance × ``detour_factor``, on foot and by bus.

    Notes
    -----
    A way by road starts and ends with a straight walk off the path. A pupil on foot takes the shorter, in
    minutes, of that way and the straight walk right across, the latter up to ``cross_country_max_m``. All
    bands take the same way: the one best for their average, which matters only where there are ferries.
    """
    crs = roads.crs if roads is not None else None
    origin, goal = spots(points_from, crs, "from"), spots(points_to, crs, "to")
    ids = (points_from.index, points_to.index)
    if roads is None:
        walk_min, walk_km = _straight_walks(origin, goal, speeds)
        rides = straight_rides(origin, goal, speeds, reach)
        access_m = access_base_min = np.zeros(walk_km.shape)
        far, apart = listing([], "distance_m"), listing([], "km")
    else:
        on_foot = attach_places("walk", origin, goal, roads=roads, speeds=speeds, reach=reach)
        by_bus = attach_places("bus", origin, goal, roads=roads, speeds=speeds, reach=reach)
        walk_min, walk_km = _walks(on_foot, origin, goal, speeds, reach)
        rides = road_rides(by_bus, by_bus.origin_node, by_bus.goal_node, reach)
        access_m = by_bus.origin.access_m[:, None] + by_bus.goal.access_m[None, :]
        access_base_min = by_bus.origin_access_min[:, None] + by_bus.goal_access_min[None, :]
        far = pd.concat([off_road(mode, *ids) for mode in (on_foot, by_bus)], ignore_index=True)
        apart = pd.concat([islands(mode, *ids) for mode in (on_foot, by_bus)], ignore_index=True)
    too_far = walk_min.min(axis=2) > reach.walk_cutoff_min * (1 + ROUNDING)
    no_ride = np.isinf(rides[1])
    return TravelTable(
        *ids,
        bands=speeds.bands,
        walk_min=np.where(too_far[:, :, None], np.inf, walk_min),
        walk_km=np.where(too_far, np.inf, walk_km),
        ride_min=rides[0],
        ride_km=rides[1],
        access_min=np.where(no_ride, np.inf, access_base_min)[:, :, None] * speeds.walk_scale(),
        access_km=np.where(no_ride, np.inf, access_m) / M_PER_KM,
        off_road=far,
        islands=apart,
    )


def road_rides(by_bus: Attached, origin_node: Ints, goal_node: Ints, reach: Reach) -> tuple[Floats, Floats]:
    """Return minutes and kilometres of bus rides between nodes, up to the cut-off."""
    minutes, km, _ = table(by_bus.search, origin_node, goal_node, limit_min=reach.bus_cutoff_min)
    return _cut(minutes, km, reach.bus_cutoff_min)


def straight_rides(origin: Spots, goal: Spots, speeds: Speeds, reach: Reach) -> tuple[Floats, Floats]:
    """Return minutes and kilometres of bus rides where no roads are known."""
    km = _straight_m(origin, goal) * speeds.detour_factor / M_PER_KM
    return _cut(km / speeds.straight_bus_kmh * MIN_PER_H, km, reach.bus_cutoff_min)


def _cut(minutes: Floats, km: Floats, limit_min: float) -> tuple[Floats, Floats]:
    beyond = minutes > limit_min * (1 + ROUNDING)
    return np.where(beyond, np.inf, minutes), np.where(beyond, np.inf, km)


def _straight_m(origin: Spots, goal: Spots) -> Floats:
    apart = origin.xy[:, None, :] - goal.xy[None, :, :]
    return np.hypot(apart[:, :, 0], apart[:, :, 1])


def _rise_m(origin: Spots, goal: Spots) -> Floats | float:
    """Return how much higher each goal lies than each origin; 0 where no heights are known at all."""
    if not (np.isfinite(origin.height_m).any() and np.isfinite(goal.height_m).any()):
        return 0.0
    return goal.height_m[None, :] - origin.height_m[:, None]


def _straight_walks(origin: Spots, goal: Spots, speeds: Speeds) -> tuple[Floats, Floats]:
    """Return minutes by band and kilometres on foot where no roads are known, at the mean slope."""
    distance_m = _straight_m(origin, goal) * speeds.detour_factor
    base_min = speeds.walk_base_min(distance_m, _rise_m(origin, goal))
    return base_min[:, :, None] * speeds.walk_scale(), distance_m / M_PER_KM


def _walks(on_foot: Attached, origin: Spots, goal: Spots, speeds: Speeds, reach: Reach) -> tuple[Floats, Floats]:
    """Return minutes by band and kilometres, the quicker of by road and right across.

    Minutes of walking scale with the band, those afloat are everybody's.
    """
    limit_min = reach.walk_cutoff_min / speeds.walk_scale().min()
    road_min, road_km, afloat_min = table(on_foot.search, on_foot.origin_node, on_foot.goal_node, limit_min=limit_min)
    access_m = on_foot.origin.access_m[:, None] + on_foot.goal.access_m[None, :]
    road_min = road_min + on_foot.origin_access_min[:, None] + on_foot.goal_access_min[None, :]
    straight_m = _straight_m(origin, goal)
    across_min = speeds.off_path_base_min(straight_m, _rise_m(origin, goal))
    across_min = np.where(straight_m <= reach.cross_country_max_m, across_min, np.inf)
    by_road = road_min < across_min
    afloat_min = np.where(by_road, afloat_min, 0.0)
    walked_min = np.where(by_road, road_min - afloat_min / speeds.mean_walk_scale, across_min)
    return (
        walked_min[:, :, None] * speeds.walk_scale() + afloat_min[:, :, None],
        np.where(by_road, road_km + access_m / M_PER_KM, np.where(np.isinf(across_min), np.inf, straight_m / M_PER_KM)),
    )
