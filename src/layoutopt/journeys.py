"""Minutes and kilometres of every pair: the study's points and roads at the policy's speeds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt import network
from layoutopt.demand.spread import by_share, whole
from layoutopt.policy import Policy
from layoutopt.schema import BAND_OF, BANDS, GRADES, PUPIL_COLUMNS
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
    """Ways from settlements to schools, and bus rides between all stops, for one study and policy.

    ``table`` has axes (settlement, school[, band]) in the order of the study's layers; ``stops`` covers
    settlements and then schools, with ids prefixed ``v:`` and ``s:`` so that both may use the same codes.
    ``inf`` means no way leads there.
    """

    table: network.TravelTable
    stops: network.StopTable
    roads: network.RoadGraph | None
    speeds: network.Speeds
    reach: network.Reach
    points: gpd.GeoDataFrame = field(repr=False)

    def walk_min(self, band: str) -> Array:
        """Door-to-door minutes on foot, settlements × schools."""
        return np.asarray(self.table.minutes("walk", band))

    def bus_min(self, band: str, dwell_min: float) -> Array:
        """Door-to-door minutes by a direct bus: access on foot, standing at the own stop, ride."""
        return np.asarray(self.table.minutes("bus", band)) + dwell_min

    @property
    def off_road(self) -> pd.DataFrame:
        """Points that no road reaches: id, side, mode, distance_m."""
        return self.table.off_road


@remembered
def journeys_of(study: Study, policy: Policy) -> Journeys:
    """Return the ways of ``study`` at the speeds of ``policy``."""
    choice = policy.travel
    speeds = network.Speeds(
        walk_kmh={band: choice.walk_kmh[band] for band in BANDS},
        off_path_factor=choice.off_path_factor,
        bus_kmh=choice.bus_kmh,
        other_bus_kmh=choice.bus_other_kmh,
        bus_max_kmh=choice.bus_legal_max_kmh,
        expressway_max_kmh=choice.bus_motorway_max_kmh,
        danger_kmh=choice.bus_danger_max_kmh,
        detour_factor=choice.detour_factor,
        straight_bus_kmh=choice.straight_bus_kmh,
    )
    reach = network.Reach(
        walk_cutoff_min=np.inf,
        bus_cutoff_min=np.inf,
        max_access_m=choice.max_access_m,
        cross_country_max_m=choice.cross_country_max_m,
    )
    roads = None if study.roads is None else network.build_roads(study.roads, snap_m=choice.snap_m)
    table = network.travel(
        study.settlements[["geometry"]], study.schools[["geometry"]], roads=roads, speeds=speeds, reach=reach
    )
    points = all_points(study)
    stops = network.stop_table(points, roads=roads, speeds=speeds, reach=reach)
    if study.travel is not None:
        table = network.with_own_minutes(table, study.travel)
        stops = network.with_own_rides(stops, _own_rides(study, study.travel))
    return Journeys(table, stops, roads, speeds, reach, points)


def _own_rides(study: Study, own: pd.DataFrame) -> pd.DataFrame:
    """The rides in the ids of the stops; a row may also name two settlements."""
    to_school = own["to_id"].isin(set(study.schools.index))
    return own.assign(from_id="v:" + own["from_id"], to_id=np.where(to_school, "s:", "v:") + own["to_id"])


def all_points(study: Study) -> gpd.GeoDataFrame:
    """Return settlements and schools in one layer, ids prefixed ``v:`` and ``s:``."""
    settlements = study.settlements[["geometry"]].rename(index=lambda code: f"v:{code}")
    schools = study.schools[["geometry"]].rename(index=lambda code: f"s:{code}")
    both = pd.concat([settlements.rename_axis("id"), schools.rename_axis("id")])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=study.crs)


def pupils_of(study: Study, policy: Policy) -> pd.DataFrame:
    """Return whole pupils per settlement and grade (columns g1…g9).

    Given pupils win; otherwise residents times ``demand.pupil_share``, a third of a band's share a grade.
    """
    if study.has_pupils:
        given = study.settlements[list(PUPIL_COLUMNS)].to_numpy(float)
        values = np.column_stack([whole(given[:, position]) for position in range(len(GRADES))])
    else:
        share = policy.demand.pupil_share
        per_grade = np.array([share[BAND_OF[grade]] / len(BANDS[BAND_OF[grade]]) for grade in GRADES])
        values = by_share(study.settlements["population"].fillna(0).to_numpy(float), per_grade)
    return pd.DataFrame(values, index=study.settlements.index, columns=list(PUPIL_COLUMNS))
