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
from layoutopt.model.hub import hub_ways
from layoutopt.plan.tables import LINE_COLUMNS, NO_LINES, NO_STOPS, STOP_COLUMNS
from layoutopt.policy import Policy
from layoutopt.study import Study

Array = NDArray[np.float64]
RIDER_SHARE = 0.0005
"""A rider's minute counts this share of a vehicle's kilometre: of lines that cost the same, the kinder one is taken."""
LINE_GAP = 0.01
"""Lines of one hub this near to their bound are good enough; costs are known less exactly."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines, their stops, the bound of the routing of each hub, and what each rider group rides."""

    lines: pd.DataFrame
    stops: pd.DataFrame
    by_hub: pd.DataFrame


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
    from layoutopt.kernels.routing.route import route

    if not fleet:
        raise InfeasibleError(_no_lines(school_id, group, None), ("fleet",))
    ways = hub_ways(journeys, policy, fleet, school_id, group, skip=skip)
    found = route(
        ways.minutes, ways.riders, fleet=ways.vehicles, max_ride_min=ways.limit_min, line_cost=ways.km,
        dwell_min=ways.dwell_min, dwell_min_per_rider=ways.dwell_min_per_rider, return_trip=True,
        cost_per_rider_min=RIDER_SHARE * max([1.0, *(kind.cost_per_min for kind in ways.vehicles)]),
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
        lines.append(_line(line_id, school_id, fleet[int(kind_at)], order, group, ways.km, found.ride_min, policy))
        stops += _stops(line_id, order, group, found.ride_min, policy)
    return lines, stops, hub


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
