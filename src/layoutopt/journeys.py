"""Minutes and kilometres of every pair: the study's points and roads at the policy's speeds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt import network
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.study import Study

Array = NDArray[np.float64]
_KEPT = 6
_memories: list[OrderedDict[tuple[str, str], Any]] = []
Answer = TypeVar("Answer")


def remembered(function: Callable[[Study, Policy], Answer]) -> Callable[[Study, Policy], Answer]:
    """Keep the last few answers of a function of study and policy, by the content of both.

    Callers share the answer and must not change it.
    """
    memory: OrderedDict[tuple[str, str], Answer] = OrderedDict()
    _memories.append(memory)

    @wraps(function)
    def answer(study: Study, policy: Policy) -> Answer:
        key = (study.digest, policy.model_dump_json(exclude={"sources", "name"}))
        if key not in memory:
            memory[key] = function(study, policy)
            while len(memory) > _KEPT:
                memory.popitem(last=False)
        memory.move_to_end(key)
        return memory[key]

    return answer


def forget() -> None:
    """Drop every remembered answer, to free memory or to measure from nothing."""
    for memory in _memories:
        memory.clear()


@dataclass(frozen=True, eq=False)
class Journeys:
    """Ways from settlements to schools, and bus rides between any stops, for one study and policy.

    ``table`` has axes (settlement, school[, band]) in the order of the study's layers; ``points`` are the
    stops: settlements and then schools, with ids prefixed ``v:`` and ``s:`` so that both may use the same
    codes. ``own`` holds the study's own bus rides in these ids. ``inf`` means no way leads there.
    """

    table: network.TravelTable
    roads: network.RoadGraph | None
    speeds: network.Speeds
    reach: network.Reach
    points: gpd.GeoDataFrame = field(repr=False)
    own: pd.DataFrame | None = field(default=None, repr=False)

    def walk_min(self, band: str) -> Array:
        """Door-to-door minutes on foot, settlements × schools."""
        return np.asarray(self.table.minutes("walk", band))

    def bus_min(self, band: str, dwell_min: float) -> Array:
        """Door-to-door minutes by a direct bus: access on foot, standing at the own stop, ride."""
        return np.asarray(self.table.minutes("bus", band)) + dwell_min

    def stops_between(self, ids: Iterable[str]) -> network.StopTable:
        """Return the bus rides between the stops asked for, each once; unknown ones raise KeyError."""
        stops = self._stops.between(pd.Index(ids).unique())
        if self.own is None:
            return stops
        return network.with_own_rides(stops, self.own[self.own[["from_id", "to_id"]].isin(stops.ids).all(axis=1)])

    def rides(self, ids: Sequence[str]) -> tuple[Array, Array]:
        """Return bus minutes and kilometres from each of ``ids`` to each, in this order.

        An id may be repeated, with nothing to ride between; ``inf`` to and from one that is no stop.
        """
        asked = pd.Index(ids)
        stops = self.stops_between(asked[asked.isin(self.points.index)])
        at = stops.ids.get_indexer(asked)
        known = (at >= 0)[:, None] & (at >= 0)[None, :]
        pairs = np.ix_(np.maximum(at, 0), np.maximum(at, 0))
        if not len(stops.ids):
            return np.full(known.shape, np.inf), np.full(known.shape, np.inf)
        return np.where(known, stops.ride_min[pairs], np.inf), np.where(known, stops.ride_km[pairs], np.inf)

    def slow_parts(self, from_ids: Sequence[str], to_ids: Sequence[str], kmh: float) -> tuple[Array, Array] | None:
        """Return minutes and kilometres of each ride on roads a bus drives at ``kmh`` at most; None without roads.

        Rides of the study's own travel table count as the roads lead.
        """
        return self._stops.slow_parts(from_ids, to_ids, kmh)

    def access_legs(self, ids: Sequence[str]) -> gpd.GeoSeries:
        """Return the walk off the path from each of ``ids`` to its bus stop on the road, to be drawn."""
        legs = self._stops.legs(ids)
        return legs.set_crs(self.points.crs, allow_override=True)

    @cached_property
    def _stops(self) -> network.BusStops:
        return network.bus_stops(self.points, roads=self.roads, speeds=self.speeds, reach=self.reach)

    @property
    def off_road(self) -> pd.DataFrame:
        """Points that no road reaches: id, side, mode, distance_m."""
        return self.table.off_road

    @property
    def islands(self) -> pd.DataFrame:
        """Points on a piece of road that no point of the other side is on: id, side, mode, km of the piece."""
        return self.table.islands


@remembered
def journeys_of(study: Study, policy: Policy) -> Journeys:
    """Return the ways of ``study`` at the speeds of ``policy``."""
    speeds, reach = speeds_of(policy), reach_of(policy)
    roads = None if study.roads is None else network.cached_roads(study.roads, snap_m=policy.travel.snap_m)
    table = network.cached_travel(
        _placed(study.settlements), _placed(study.schools), roads=roads, speeds=speeds, reach=reach
    )
    points = all_points(study)
    if study.travel is None:
        return Journeys(table, roads, speeds, reach, points)
    own = _own_rides(study, study.travel)
    journeys = Journeys(network.with_own_minutes(table, study.travel), roads, speeds, reach, points, own)
    among = own[own["from_id"].str.startswith("v:") & own["to_id"].str.startswith("v:")]
    journeys.stops_between([*among["from_id"], *among["to_id"]])  # a row without known kilometres is named here
    return journeys


def speeds_of(policy: Policy) -> network.Speeds:
    """Return the speeds the policy assumes."""
    choice = policy.travel
    return network.Speeds(
        walk_kmh={band: choice.walk_kmh[band] for band in BANDS},
        off_path_factor=choice.off_path_factor,
        bus_kmh=choice.bus_kmh,
        other_bus_kmh=choice.bus_other_kmh,
        bus_max_kmh=choice.bus_legal_max_kmh,
        expressway_max_kmh=choice.bus_motorway_max_kmh,
        danger_kmh=choice.bus_danger_max_kmh,
        detour_factor=choice.detour_factor,
        straight_bus_kmh=choice.straight_bus_kmh,
        ferry_kmh=choice.ferry_kmh,
        ferry_wait_min=choice.ferry_wait_min,
        walk_slope=choice.walk_slope,
        surface_factor=choice.bus_surface_factor,
        condition_factor=choice.bus_condition_factor,
    )


def reach_of(policy: Policy) -> network.Reach:
    """Return how far ways are looked for; no cut-off, since limits are the options' business."""
    return network.Reach(
        walk_cutoff_min=np.inf,
        bus_cutoff_min=np.inf,
        max_access_m=policy.travel.max_access_m,
        cross_country_max_m=policy.travel.cross_country_max_m,
    )


def _own_rides(study: Study, own: pd.DataFrame) -> pd.DataFrame:
    """The rides in the ids of the stops; a row may also name two settlements."""
    to_school = own["to_id"].isin(set(study.schools.index))
    rides = own.assign(from_id="v:" + own["from_id"], to_id=np.where(to_school, "s:", "v:") + own["to_id"])
    return rides[rides["mode"] == "bus"]


def _placed(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what the ways depend on: points, and heights where known."""
    return places[[name for name in ("elevation_m", "geometry") if name in places]]


def all_points(study: Study) -> gpd.GeoDataFrame:
    """Return settlements and schools in one layer, ids prefixed ``v:`` and ``s:``."""
    settlements = _placed(study.settlements).rename(index=lambda code: f"v:{code}")
    schools = _placed(study.schools).rename(index=lambda code: f"s:{code}")
    both = pd.concat([settlements.rename_axis("id"), schools.rename_axis("id")])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=study.crs)
