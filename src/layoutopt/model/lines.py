"""Bus lines for a chosen assignment, hub by hub: every rider's minutes exact, seats respected."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import InfeasibleError
from layoutopt.fleet import VehicleType, vehicle_types
from layoutopt.journeys import Journeys, journeys_of
from layoutopt.plan.tables import LINE_COLUMNS, NO_LINES, NO_STOPS, STOP_COLUMNS
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.study import Study

Array = NDArray[np.float64]
SLACK_MIN = 1e-6
RIDER_SHARE = 0.001
"""A rider's minute counts this share of the vehicle's: of lines that cost the same, the kinder one is taken."""
LINE_GAP = 0.01
"""Lines of one hub this near to their bound are good enough; costs are known less exactly."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines, their stops, the bound of the routing of each hub, and what each rider group rides."""

    lines: pd.DataFrame
    stops: pd.DataFrame
    by_hub: pd.DataFrame


def ride_limits(items: pd.DataFrame, access_min: Array, policy: Policy, *, skip: Collection[str] = ()) -> Array:
    """Return the longest ride of each bus rider group: ride limit, door-to-door limit less the walk.

    ``items`` carries band, today_mode, today_min, today_ride_min.
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
    return limit + SLACK_MIN


def bus_lines(
    study: Study,
    policy: Policy,
    riders: pd.DataFrame,
    *,
    seed: int = 0,
    time_limit_s: float = 60.0,
    skip: Collection[str] = (),
) -> Lines:
    """Return lines that bring every rider group to its hub.

    Parameters
    ----------
    riders
        Pupil groups that go by bus: ``item, settlement_id, band, school_id, pupils`` and today's columns.

    Raises
    ------
    InfeasibleError
        A fleet of limited size cannot carry everybody; the message names the hub and the stops.
    """
    journeys = journeys_of(study, policy)
    fleet = vehicle_types(study, policy)
    lines, stops, hubs = [], [], []
    groups = list(riders.sort_values(["school_id", "item"], kind="stable").groupby("school_id"))
    began = time.monotonic()
    used: Counter[str] = Counter()
    for school_id, group in groups:
        left = time_limit_s - (time.monotonic() - began)
        found = _hub_lines(
            journeys, policy, _left_over(fleet, used), str(school_id), group.reset_index(drop=True),
            seed=seed, time_limit_s=max(left / 2, 2.0), skip=skip,
        )  # fmt: skip
        lines += found[0]
        used.update(str(line["vehicle_id"]) for line in found[0])
        stops += found[1]
        hubs.append(found[2])
    if not lines:
        return Lines(NO_LINES.copy(), NO_STOPS.copy(), pd.DataFrame(hubs))
    return _numbered(pd.DataFrame(lines), pd.DataFrame(stops), pd.DataFrame(hubs))


def _left_over(fleet: tuple[VehicleType, ...], used: Mapping[str, int]) -> tuple[VehicleType, ...]:
    """The vehicles that the hubs before have not taken."""
    return tuple(
        kind if kind.count is None else replace(kind, count=kind.count - used.get(kind.vehicle_id, 0))
        for kind in fleet
        if kind.count is None or kind.count > used.get(kind.vehicle_id, 0)
    )


def _numbered(lines: pd.DataFrame, stops: pd.DataFrame, hubs: pd.DataFrame) -> Lines:
    names = {key: f"L{number:03d}" for number, key in enumerate(lines["line_id"], start=1)}
    lines["line_id"] = lines["line_id"].map(names)
    stops["line_id"] = stops["line_id"].map(names)
    return Lines(lines[list(LINE_COLUMNS)], stops[list(STOP_COLUMNS)], hubs)


def _hub_lines(
    journeys: Journeys,
    policy: Policy,
    fleet: tuple[VehicleType, ...],
    school_id: str,
    group: pd.DataFrame,
    *,
    seed: int,
    time_limit_s: float,
    skip: Collection[str],
) -> tuple[list[dict[str, object]], list[dict[str, object]], dict[str, object]]:
    from layoutopt.kernels.routing.route import Vehicle, route

    bus = policy.bus
    at = journeys.stops.ids.get_indexer(pd.Index([f"s:{school_id}", *("v:" + group["settlement_id"])]))
    minutes = journeys.stops.ride_min[np.ix_(at, at)]
    km = journeys.stops.ride_km[np.ix_(at, at)]
    limits = np.r_[np.inf, ride_limits(group, _access(journeys, school_id, group), policy, skip=skip)]
    per_min = _km_per_min(km, minutes) * bus.trips_per_day * bus.school_days
    seats_free = 10**6 if "seats" in skip else 0
    types = [
        Vehicle(
            seats=kind.seats + seats_free, fixed_cost=kind.fixed_cny,
            cost_per_min=kind.cny_per_km * per_min, count=kind.count,
        )
        for kind in fleet
    ]  # fmt: skip
    if not types:
        raise InfeasibleError(_no_lines(school_id, group, None), ("fleet",))
    found = route(
        minutes, np.r_[0, group["pupils"].to_numpy(int)], seats=None, fleet=types, max_ride_min=limits,
        dwell_min=bus.dwell_min, dwell_min_per_rider=bus.dwell_min_per_rider, return_trip=True,
        cost_per_rider_min=RIDER_SHARE * max([1.0, *(kind.cost_per_min for kind in types)]),
        gap=LINE_GAP, time_limit_s=time_limit_s, seed=seed,
    )  # fmt: skip
    if found.status not in ("optimal", "feasible"):
        raise InfeasibleError(_no_lines(school_id, group, found), ("seats",))
    hub = {"school_id": school_id, "status": found.status, "lines": len(found.routes), "gap": found.gap}
    lines: list[dict[str, object]] = []
    stops: list[dict[str, object]] = []
    for number, (stop_order, kind_at) in enumerate(zip(found.routes, found.vehicle, strict=True), start=1):
        order = [int(position) for position in stop_order]
        line_id = f"{school_id}#{number}"
        lines.append(_line(line_id, school_id, fleet[int(kind_at)], order, group, km, found.ride_min, policy))
        stops += _stops(line_id, order, group, found.ride_min, policy)
    return lines, stops, hub


def _access(journeys: Journeys, school_id: str, group: pd.DataFrame) -> Array:
    table = journeys.table
    rows = table.from_ids.get_indexer(pd.Index(group["settlement_id"]))
    column = int(table.to_ids.get_indexer(pd.Index([school_id]))[0])
    bands = pd.Index(table.bands).get_indexer(pd.Index(group["band"]))
    return np.asarray(table.access_min[rows, column, bands], dtype=float)


def _km_per_min(km: Array, minutes: Array) -> float:
    """The mean speed of this hub's legs: the routing weighs minutes, the plan then pays real kilometres."""
    known = np.isfinite(minutes) & (minutes > 0)
    return float(km[known].sum() / minutes[known].sum()) if known.any() else 0.5


def _line(
    line_id: str,
    school_id: str,
    kind: VehicleType,
    order: list[int],
    group: pd.DataFrame,
    km: Array,
    ride_min: Array,
    policy: Policy,
) -> dict[str, object]:  # fmt: skip
    legs = [*order, 0]
    loaded = float(sum(km[a, b] for a, b in pairwise(legs)))
    empty = float(km[0, order[0]])
    places = {group.loc[position - 1, "settlement_id"] for position in order}
    return {
        "line_id": line_id,
        "school_id": school_id,
        "vehicle_id": kind.vehicle_id,
        "seats": kind.seats,
        "riders": float(sum(group.loc[position - 1, "pupils"] for position in order)),
        "stops": len(places),
        "minutes": float(ride_min[order[0]]),
        "km": loaded,
        "empty_km": empty,
        "cost_cny": kind.line_cny(loaded + empty, policy),
    }


def _stops(
    line_id: str, order: list[int], group: pd.DataFrame, ride_min: Array, policy: Policy
) -> list[dict[str, object]]:
    first = float(ride_min[order[0]])
    return [
        {
            "line_id": line_id,
            "order": number,
            "item": group.loc[position - 1, "item"],
            "settlement_id": group.loc[position - 1, "settlement_id"],
            "band": group.loc[position - 1, "band"],
            "riders": float(group.loc[position - 1, "pupils"]),
            "board_at_min": first - float(ride_min[position]),
            "ride_min": float(ride_min[position]),
        }
        for number, position in enumerate(order, start=1)
    ]


def _no_lines(school_id: str, group: pd.DataFrame, found: object) -> str:
    blocked = [group.loc[int(position) - 1, "item"] for position in getattr(found, "blocked", ()) if int(position) > 0]
    names = ", ".join(map(str, blocked)) or f"{len(group)} groups with {group['pupils'].sum():g} pupils"
    return (
        f"No bus lines to {school_id} keep every limit for {names}. "
        "Raise max_ride_min or the vehicles' count or seats, or let another school be a hub."
    )
