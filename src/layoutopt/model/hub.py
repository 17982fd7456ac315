"""The ways, riders, limits and vehicles of one hub, as the routing kernel takes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.fleet import VehicleType
from layoutopt.journeys import Journeys
from layoutopt.kernels.routing.values import Vehicle
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.units import SLACK_MIN

if TYPE_CHECKING:
    from layoutopt.kernels.routing.task import Task

Array = NDArray[np.float64]
LONGEST = "longest_min"
"""Column of pupil groups: the longest way door to door that a goal before the lines leaves them."""


@dataclass(frozen=True, eq=False)
class HubWays:
    """One hub and the groups that may ride to it: position 0 is the hub, then the groups in their order.

    ``minutes`` and ``km`` have the shape [k + 1, k + 1]; ``riders`` and ``limit_min`` (longest ride) [k + 1].
    A line costs ``fixed_cost`` of its vehicle and ``cost_per_min`` for every kilometre of ``km``, the empty way
    out paid: both in CNY a year.
    """

    minutes: Array
    km: Array
    riders: Array
    limit_min: Array
    vehicles: tuple[Vehicle, ...]
    dwell_min: float
    dwell_min_per_rider: float


@dataclass(frozen=True, eq=False)
class LeastWays:
    """Minutes and kilometres between places when any other place may be passed on the way, each the least."""

    ids: pd.Index
    minutes: Array
    km: Array

    def rides(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Return minutes and kilometres from each of ``names`` to each, in this order."""
        at = self.ids.get_indexer(pd.Index(names))
        pairs = np.ix_(at, at)
        return self.minutes[pairs], self.km[pairs]


def least_ways(journeys: Journeys, names: Iterable[str]) -> LeastWays:
    """Return the least ways among all stops and hubs of ``names`` (``v:`` settlement, ``s:`` school).

    Ways by the fastest road obey the triangle inequality in minutes, but not in kilometres, and an own travel table
    need not obey it in either: leaving out a stop of a line may then lengthen it. Over least ways it never does.
    """
    ids = pd.Index(sorted(dict.fromkeys(names)))
    minutes, km = journeys.rides(list(ids))
    return LeastWays(ids, _least(minutes), _least(km))


def _least(ways: Array) -> Array:
    """The shortest path between any two, by Floyd and Warshall."""
    found = ways.copy()
    np.fill_diagonal(found, 0.0)
    for middle in range(len(found)):
        np.minimum(found, found[:, middle, None] + found[None, middle, :], out=found)
    return found


def sharing_task(task: Task, window_min: float | None) -> Task:
    """Return ``task`` with lines that pay what second runs leave them at least, for prices and bounds.

    The share of :func:`layoutopt.fleet.least_line_share` of each vehicle type: half of the fixed cost, and the other
    half where the window has no room for the shortest line beside it (least way out and in over any stops).
    """
    from layoutopt.kernels.routing.task import least_way

    if window_min is None:
        return task
    inward = least_way(task.between, task.inward, task.service)
    outward = least_way(task.between.T, task.outward, np.zeros(task.n))
    shortest = float((inward + outward).min())
    return replace(
        task, fixed=task.fixed / 2, steps=np.array([[window_min - shortest + 2 * SLACK_MIN, 0.5]]),
        step_fixed=task.fixed.copy(), count=np.minimum(2 * task.count, task.n),
    )  # fmt: skip


def hub_ways(
    journeys: Journeys,
    policy: Policy,
    fleet: Sequence[VehicleType],
    school_id: str,
    group: pd.DataFrame,
    *,
    skip: Collection[str] = (),
    least: LeastWays | None = None,
) -> HubWays:
    """Return the ways of ``group`` (rows of the items table) to the hub ``school_id`` with the vehicles ``fleet``.

    With ``least`` over the least ways, for a bound on lines that serve other schools on their way.
    """
    bus = policy.bus
    names = [f"s:{school_id}", *("v:" + group["settlement_id"])]
    minutes, km = journeys.rides(names) if least is None else least.rides(names)
    yearly_trips = bus.trips_per_day * bus.school_days
    seats_free = 10**6 if "seats" in skip else 0
    access = access_min(journeys, school_id, group)
    types = tuple(
        Vehicle(
            seats=kind.seats + seats_free, fixed_cost=kind.fixed_cny,
            cost_per_min=kind.cny_per_km * yearly_trips, count=kind.count,
        )
        for kind in fleet
    )  # fmt: skip
    return HubWays(
        minutes=minutes,
        km=km,
        riders=np.r_[0.0, group["pupils"].to_numpy(float)],
        limit_min=np.r_[np.inf, _rideable(group, access, minutes[1:, 0], policy, skip)],
        vehicles=types,
        dwell_min=bus.dwell_min,
        dwell_min_per_rider=bus.dwell_min_per_rider,
    )


def _rideable(group: pd.DataFrame, access: Array, direct_min: Array, policy: Policy, skip: Collection[str]) -> Array:
    """The longest rides; who may ride at all may ride straight there, even where a goal before wants less."""
    limit = ride_limits(group, access, policy, skip=skip)
    if LONGEST not in group:
        return limit
    dwell = policy.bus.dwell_min + policy.bus.dwell_min_per_rider * group["pupils"].to_numpy(float)
    own = ride_limits(group.drop(columns=LONGEST), access, policy, skip=skip)
    return np.maximum(limit, np.minimum(own, direct_min + dwell + SLACK_MIN))


def ride_limits(items: pd.DataFrame, access_min: Array, policy: Policy, *, skip: Collection[str] = ()) -> Array:
    """Return the longest ride of each bus rider group: ride limit, door-to-door limit less the walk.

    ``items`` carries band, today_mode, today_min, today_ride_min, and ``LONGEST`` where a goal wants no longer way.
    """
    keeps = policy.access.keep_existing_exceptions
    today = items["today_min"].to_numpy(float)
    today_ride = np.where(items["today_mode"] == "bus", items["today_ride_min"], 0.0)
    limit = np.full(len(items), np.inf)
    if "ride_limit" not in skip:
        limit = np.maximum(np.full(len(items), policy.bus.max_ride_min), today_ride if keeps else 0.0)
    if "oneway_limit" not in skip:
        oneway = items["band"].map({band: policy.access.oneway_max_min[band] for band in BANDS}).to_numpy(float)
        oneway = np.maximum(oneway, np.where(np.isfinite(today), today, 0.0) if keeps else 0.0)
        limit = np.minimum(limit, oneway - access_min)
    if policy.access.worsening_max_min is not None and "worsening_limit" not in skip:
        limit = np.minimum(limit, today + policy.access.worsening_max_min - access_min)
    if LONGEST in items:
        limit = np.minimum(limit, items[LONGEST].to_numpy(float) - access_min)
    return limit + SLACK_MIN


def access_min(journeys: Journeys, school_id: str, group: pd.DataFrame) -> Array:
    """Return the minutes each group walks to its bus stop, and from the hub's stop to the hub."""
    table = journeys.table
    rows = table.from_ids.get_indexer(pd.Index(group["settlement_id"]))
    column = int(table.to_ids.get_indexer(pd.Index([school_id]))[0])
    bands = pd.Index(table.bands).get_indexer(pd.Index(group["band"]))
    return np.asarray(table.access_min[rows, column, bands], dtype=float)
