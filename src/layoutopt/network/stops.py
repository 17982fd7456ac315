"""Bus rides between chosen stops, worked out when they are asked for: a county has too many pairs for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layoutopt.network.matrix import road_rides, straight_rides
from layoutopt.network.places import Attached, attach_places, listing, off_road
from layoutopt.network.roads import RoadGraph
from layoutopt.network.search import ROUNDING, sums_of_ways
from layoutopt.network.snap import Reach, Spots, spots
from layoutopt.network.speeds import Speeds, bus_kmh
from layoutopt.units import M_PER_KM

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StopTable:
    """Bus rides between places, axes (from, to), the diagonal 0, and the walk from each to its stop."""

    ids: pd.Index
    bands: tuple[str, ...]
    ride_min: Floats
    ride_km: Floats
    access_min: Floats
    access_km: Floats
    off_road: pd.DataFrame


@dataclass(frozen=True, eq=False)
class BusStops:
    """Every place where a bus may stop, put on the roads once; rides are searched for the places asked."""

    ids: pd.Index
    places: Spots
    by_bus: Attached | None
    speeds: Speeds
    reach: Reach

    def between(self, ids: Sequence[str] | pd.Index) -> StopTable:
        """Return the rides between ``ids``, each named once, in their order; unknown ones raise KeyError."""
        asked = pd.Index(ids)
        at = self.ids.get_indexer(asked)
        if (at < 0).any():
            raise KeyError(f"no such stops: {', '.join(map(str, asked[at < 0]))}")
        if self.by_bus is None:
            minutes, km = straight_rides(self.places[at], self.places[at], self.speeds, self.reach)
            access_m = access_base_min = np.zeros(len(at))
            far = listing([], "distance_m")
        else:
            node = self.by_bus.origin_node[at]
            minutes, km = road_rides(self.by_bus, node, node, self.reach)
            access_m, access_base_min = self.by_bus.origin.access_m[at], self.by_bus.origin_access_min[at]
            far = off_road(self.by_bus, self.ids, self.ids[:0])
            far = far[far["id"].isin(asked)].reset_index(drop=True)
        np.fill_diagonal(minutes, 0.0)
        np.fill_diagonal(km, 0.0)
        access_min = access_base_min[:, None] * self.speeds.walk_scale()
        return StopTable(asked, self.speeds.bands, minutes, km, access_min, access_m / M_PER_KM, far)

    def slow_parts(self, from_ids: Sequence[str], to_ids: Sequence[str], kmh: float) -> tuple[Floats, Floats] | None:
        """Return minutes and kilometres of each ride, pair by pair, on roads a bus drives at ``kmh`` at most.

        ``inf`` where no road leads; None where no roads are known. Ferries are no roads.
        """
        if self.by_bus is None:
            return None
        search = self.by_bus.search
        slow = (bus_kmh(search.roads, self.speeds) <= kmh * (1 + ROUNDING)) & ~search.roads.is_ferry
        counted = slow[search.edge]
        start, goal = (self.by_bus.origin_node[self.ids.get_indexer(pd.Index(ids))] for ids in (from_ids, to_ids))
        minutes, km = sums_of_ways(search, start, goal, np.where(counted, search.minutes, 0.0), search.km * counted)
        return minutes, km

    def legs(self, ids: Sequence[str] | pd.Index) -> gpd.GeoSeries:
        """Return the straight walk from each place to its stop; None where it has none or lies at the road."""
        at = self.ids.get_indexer(pd.Index(ids))
        lines = np.full(len(at), None, dtype=object)
        if self.by_bus is not None:
            walks = (at >= 0) & (self.by_bus.origin.edge[at] >= 0) & (self.by_bus.origin.access_m[at] > 0)
            ends = np.stack([self.places.xy[at[walks]], self.by_bus.origin.xy[at[walks]]], axis=1)
            lines[walks] = shapely.linestrings(ends)
        crs = self.by_bus.search.roads.crs if self.by_bus is not None else None
        return gpd.GeoSeries(lines, index=pd.Index(ids), crs=crs)


def bus_stops(points: gpd.GeoDataFrame, *, roads: RoadGraph | None, speeds: Speeds, reach: Reach) -> BusStops:
    """Return all ``points`` as stops, for laying lines through some of them; rides may be asymmetric."""
    places = spots(points, roads.crs if roads is not None else None, "from")
    nobody = places[:0]
    by_bus = None if roads is None else attach_places("bus", places, nobody, roads=roads, speeds=speeds, reach=reach)
    return BusStops(points.index, places, by_bus, speeds, reach)


def stop_table(points: gpd.GeoDataFrame, *, roads: RoadGraph | None, speeds: Speeds, reach: Reach) -> StopTable:
    """Return the bus rides between all ``points``; may be asymmetric."""
    return bus_stops(points, roads=roads, speeds=speeds, reach=reach).between(points.index)
