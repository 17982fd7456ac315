"""Bus lines for a chosen assignment, hub by hub: every rider's minutes exact, seats and the fleet respected."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import pandas as pd

from layoutopt.errors import InfeasibleError
from layoutopt.fleet import VehicleType, runs_of, vehicle_types
from layoutopt.journeys import Journeys, journeys_of
from layoutopt.kernels.routing.values import Routed
from layoutopt.model.hub import HubWays, hub_ways
from layoutopt.model.line_tables import ANY_MINUTES, FleetShort, HubLines, Lines, check_counts, line_tables
from layoutopt.policy import Policy
from layoutopt.study import Study

__all__ = [
    "LINE_GAP",
    "LINE_RULES",
    "FleetShort",
    "HubLines",
    "Lines",
    "bus_lines",
    "line_tables",
    "riding",
    "with_real_rides",
]

LINE_RULES = ("seats", "fleet", "second_runs", "school_wait")
"""Rules of lines that can be left out by name, as those of options and model can."""
RIDER_SHARE = 0.0005
"""A rider's minute counts this share of a vehicle's kilometre: of lines that cost the same, the kinder one is taken."""
LINE_GAP = 0.01
"""Lines of one hub this near to their bound are good enough; costs are known less exactly."""
LINE_WORK = 4e8
"""Pairs of labels compared in proving the lines of one hub, some 20 s: with 40 stops near each other the proof could go
on for half an hour, and left the lines as they were (pilot counties 9 and 12)."""
LEAST_TIME_S = 2.0
Caps = tuple[int | None, ...]
"""Most vehicles of each kind; None for any number."""


def bus_lines(
    study: Study,
    policy: Policy,
    riders: pd.DataFrame,
    *,
    seed: int = 0,
    time_limit_s: float = 60.0,
    skip: Collection[str] = (),
    known: Mapping[str, HubLines] = MappingProxyType({}),
) -> Lines:
    """Return lines that bring every rider group to its hub.

    Parameters
    ----------
    riders
        Pupil groups that go by bus: ``item, settlement_id, band, school_id, pupils`` and today's columns.
    known
        Lines of single schools that are not drawn anew, where no kind of vehicle is limited in number.

    Raises
    ------
    InfeasibleError
        No lines keep every limit, or a fleet of limited size cannot carry everybody (:class:`FleetShort`); the
        message names the hub and the stops, or the vehicles that are short.
    """
    journeys = journeys_of(study, policy)
    fleet = vehicle_types(study, policy)
    if "fleet" in skip:
        fleet = tuple(replace(kind, count=None) for kind in fleet)
    ordered = riders.sort_values(["school_id", "item"], kind="stable").groupby("school_id")
    groups = {str(school_id): group.reset_index(drop=True) for school_id, group in ordered}
    began = time.monotonic()

    def draw(school_id: str, caps: Caps) -> Drawn:
        if school_id in known and all(cap is None for cap in caps):
            return Drawn(known[school_id], 0.0, Counter(known[school_id].kind))
        left = time_limit_s - (time.monotonic() - began)
        capped = tuple(replace(kind, count=cap) for kind, cap in zip(fleet, caps, strict=True))
        return _drawn(
            journeys, policy, capped, school_id, groups[school_id], seed=seed,
            time_limit_s=max(left / 2, LEAST_TIME_S), skip=skip,
        )  # fmt: skip

    found = _shared_out(draw, tuple(groups), fleet)
    return line_tables(study, policy, [found[school_id].lines for school_id in groups], skip=skip)


def with_real_rides(rows: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Return option ``rows`` in which each group that boards at one of ``stops`` rides as long as its line does."""
    real = stops.drop_duplicates("item").set_index("item")["ride_min"]
    rides = (rows["mode"] == "bus") & rows["item"].isin(real.index)
    ride_min = rows["item"].map(real).where(rides, rows["ride_min"]).astype(float)
    return rows.assign(ride_min=ride_min, minutes=rows["minutes"] + (ride_min - rows["ride_min"]).where(rides, 0.0))


def riding(rows: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Return pupil groups (``rows``) with the line each boards at one of ``stops``, and minutes as it takes them."""
    real = stops.set_index("item")
    rides = rows["item"].isin(real.index)
    ride_min = rows["item"].map(real["ride_min"]).where(rides, 0.0).astype(float)
    minutes = rows["minutes"].where(~rides, rows["minutes"] - rows["ride_min"] + ride_min)
    return rows.assign(ride_min=ride_min, minutes=minutes, line_id=rows["item"].map(real["line_id"]))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Lines of one hub with what they cost and the vehicles of each kind they need."""

    lines: HubLines
    cost: float
    vehicles: Counter[int]


def _shared_out(
    draw: Callable[[str, Caps], Drawn], schools: Sequence[str], fleet: Sequence[VehicleType]
) -> dict[str, Drawn]:
    """Draw every hub with vehicles that exist, scarce ones where they save most.

    Every hub first takes what it likes best of the whole fleet. While a kind is taken more often than it exists, the
    hub that loses least by it gives one of them back and is drawn again. Where nobody can do without, the hubs are
    served one after the other, those with most riders first.
    """
    caps: dict[str, Caps] = {school: tuple(kind.count for kind in fleet) for school in schools}
    found = {school: draw(school, caps[school]) for school in schools}
    again: dict[tuple[str, Caps], Drawn | None] = {}
    while (short := _overused(found, fleet)) is not None:
        losses = []
        for school in schools:
            own = found[school].vehicles[short]
            if own:
                fewer = (*caps[school][:short], own - 1, *caps[school][short + 1 :])
                if (school, fewer) not in again:
                    again[school, fewer] = _or_none(draw, school, fewer)
                drawn = again[school, fewer]
                if drawn is not None:
                    losses.append((drawn.cost - found[school].cost, school, fewer, drawn))
        if not losses:
            return _one_by_one(draw, found, fleet)
        _, school, caps[school], found[school] = min(losses, key=lambda loss: loss[:2])
    return found


def _overused(found: Mapping[str, Drawn], fleet: Sequence[VehicleType]) -> int | None:
    """The first kind of which the hubs together need more vehicles than there are."""
    needed = _needed(found)
    return next((at for at, kind in enumerate(fleet) if kind.count is not None and needed[at] > kind.count), None)


def _needed(found: Mapping[str, Drawn]) -> Counter[int]:
    return sum((drawn.vehicles for drawn in found.values()), Counter())


def _or_none(draw: Callable[[str, Caps], Drawn], school: str, caps: Caps) -> Drawn | None:
    try:
        return draw(school, caps)
    except InfeasibleError:
        return None


def _one_by_one(
    draw: Callable[[str, Caps], Drawn], wished: Mapping[str, Drawn], fleet: Sequence[VehicleType]
) -> dict[str, Drawn]:
    """Serve the hubs one after the other from what is left, most riders first; name what is short where that fails."""
    pupils = {school: float(drawn.lines.group["pupils"].sum()) for school, drawn in wished.items()}
    found: dict[str, Drawn] = {}
    for school in sorted(wished, key=lambda code: (-pupils[code], code)):
        used = _needed(found)
        left = tuple(None if kind.count is None else kind.count - used[at] for at, kind in enumerate(fleet))
        drawn = _or_none(draw, school, left)
        if drawn is None:
            check_counts(_needed(wished), fleet)
            raise AssertionError("a fleet that suffices was shared out")
        found[school] = drawn
    return found


def _drawn(
    journeys: Journeys,
    policy: Policy,
    fleet: Sequence[VehicleType],
    school_id: str,
    group: pd.DataFrame,
    *,
    seed: int,
    time_limit_s: float,
    skip: Collection[str],
) -> Drawn:
    at = [position for position, kind in enumerate(fleet) if kind.count is None or kind.count > 0]
    if not at:
        raise FleetShort(_no_lines(school_id, group, None), ("fleet",))
    ways = hub_ways(journeys, policy, [fleet[position] for position in at], school_id, group, skip=skip)
    window = policy.bus.second_run_window_min
    if window is not None and "second_runs" in skip:
        window = ANY_MINUTES
    found = routed(ways, second_run_window_min=window, time_limit_s=time_limit_s, seed=seed)
    if found.status not in ("optimal", "feasible"):
        raise InfeasibleError(_no_lines(school_id, group, found), ("seats",))
    kinds = tuple(at[int(kind)] for kind in found.vehicle)
    orders = tuple(tuple(int(position) - 1 for position in stops) for stops in found.routes)
    whole_min = [float(found.ride_min[stops[0]] + ways.minutes[0, stops[0]]) for stops in found.routes]
    vehicles = {
        kind: len(runs_of([one for one, own in zip(whole_min, kinds, strict=True) if own == kind], window))
        for kind in sorted(set(kinds))
    }
    return Drawn(HubLines(school_id, group, orders, kinds, found.status, found.gap), found.objective, Counter(vehicles))


def routed(ways: HubWays, *, second_run_window_min: float | None = None, time_limit_s: float, seed: int) -> Routed:
    """Return the cheapest lines of one hub for all its groups; of equal ones those with shorter rides."""
    from layoutopt.kernels.routing.route import route

    return route(
        ways.minutes, ways.riders, fleet=ways.vehicles, max_ride_min=ways.limit_min, line_cost=ways.km,
        dwell_min=ways.dwell_min, dwell_min_per_rider=ways.dwell_min_per_rider, return_trip=True,
        cost_per_rider_min=RIDER_SHARE * max([1.0, *(kind.cost_per_min for kind in ways.vehicles)]),
        second_run_window_min=second_run_window_min, gap=LINE_GAP, time_limit_s=time_limit_s,
        work=LINE_WORK, seed=seed,
    )  # fmt: skip


def _no_lines(school_id: str, group: pd.DataFrame, found: Routed | None) -> str:
    positions = () if found is None else found.blocked
    blocked = [group.loc[int(position) - 1, "item"] for position in positions if int(position) > 0]
    names = ", ".join(map(str, blocked)) or f"{len(group)} groups with {group['pupils'].sum():g} pupils"
    return (
        f"No bus lines to {school_id} keep every limit for {names}. "
        "Raise max_ride_min or the vehicles' count or seats, or let another school be a hub."
    )
