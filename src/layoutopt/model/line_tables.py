"""From lines drawn hub by hub to the plan's tables: second runs, lines to two schools, numbers, costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.errors import InfeasibleError
from layoutopt.fleet import VehicleType, runs_of, vehicle_types
from layoutopt.journeys import Journeys, journeys_of
from layoutopt.model.courses import Course, Rider, Roads, course_of, roads_between
from layoutopt.model.hub import access_min, ride_limits
from layoutopt.model.joined import with_joined
from layoutopt.plan.tables import LINE_COLUMNS, NO_LINES, NO_STOPS, STOP_COLUMNS
from layoutopt.policy import Policy
from layoutopt.study import Study

ANY_MINUTES = 1e6
"""The window, wait or seats of a rule that is left out on purpose."""


@dataclass(frozen=True, eq=False)
class HubLines:
    """Lines of one hub as drawn.

    ``orders``: the stops of each line, outermost first, as rows (from 0) of ``group``, which carries item,
    settlement_id, band, pupils and today's columns; ``kind``: the vehicle of each line, as a position in
    :func:`layoutopt.fleet.vehicle_types`. ``status`` and ``gap`` speak of the routing of this hub alone.
    """

    school_id: str
    group: pd.DataFrame
    orders: tuple[tuple[int, ...], ...]
    kind: tuple[int, ...]
    status: str = "drawn"
    gap: float = np.nan


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines, their stops, the bound of the routing of each hub, and what each rider group rides."""

    lines: pd.DataFrame
    stops: pd.DataFrame
    by_hub: pd.DataFrame


@dataclass(frozen=True)
class Vehicle:
    """One bus and the lines it drives before the bell, the first run first."""

    courses: tuple[Course, ...]

    @property
    def kind(self) -> int:
        return self.courses[0].kind

    def early_min(self, run: int) -> float:
        """Minutes between the arrival of a run (from 0) and the bell: what the runs after it take."""
        return float(sum(course.whole_min for course in self.courses[run + 1 :]))


class FleetShort(InfeasibleError):
    """Lines that need more vehicles of a kind than there are."""


def line_tables(study: Study, policy: Policy, drawn: Sequence[HubLines], *, skip: Collection[str] = ()) -> Lines:
    """Return the tables of lines drawn hub by hub, with second runs and joined schools where the policy allows them.

    Raises
    ------
    FleetShort
        The lines need more vehicles of a kind than the vehicles table has.
    """
    by_hub = pd.DataFrame(
        [{"school_id": hub.school_id, "status": hub.status, "lines": len(hub.orders), "gap": hub.gap} for hub in drawn]
    )
    fleet = vehicle_types(study, policy)
    vehicles = _vehicles(journeys_of(study, policy), policy, fleet, drawn, skip)
    if "fleet" not in skip:
        check_counts(Counter(vehicle.kind for vehicle in vehicles), fleet)
    if not vehicles:
        return Lines(NO_LINES.copy(), NO_STOPS.copy(), by_hub)
    named = list(_numbered(vehicles))
    lines = [_line_row(line_id, number, vehicle, run, fleet, policy) for line_id, number, vehicle, run in named]
    stops = [row for line_id, _, vehicle, run in named for row in _stop_rows(line_id, vehicle, run)]
    return Lines(
        pd.DataFrame(lines)[list(LINE_COLUMNS)], pd.DataFrame(stops)[list(STOP_COLUMNS)], by_hub
    )  # fmt: skip


def check_counts(needed: Counter[int], fleet: Sequence[VehicleType]) -> None:
    """Raise :class:`FleetShort` naming every kind of which more are needed than there are."""
    short = [
        f"{needed[at]} of '{kind.vehicle_id}', there are {kind.count}"
        for at, kind in enumerate(fleet)
        if kind.count is not None and needed[at] > kind.count
    ]
    if short:
        raise FleetShort(
            f"The lines need more vehicles than there are: {'; '.join(short)}. "
            "Raise the vehicles' count or seats or max_ride_min, or let another school be a hub.",
            ("fleet",),
        )


def _vehicles(
    journeys: Journeys,
    policy: Policy,
    fleet: Sequence[VehicleType],
    drawn: Sequence[HubLines],
    skip: Collection[str],
) -> list[Vehicle]:
    riding = [hub for hub in drawn if hub.orders]
    names = [
        name
        for hub in riding
        for name in (f"s:{hub.school_id}", *("v:" + hub.group["settlement_id"].iloc[sorted(sum(hub.orders, ()))]))
    ]
    if not names:
        return []
    roads = roads_between(journeys, names)
    window = policy.bus.second_run_window_min
    if window is not None and "second_runs" in skip:
        window = ANY_MINUTES
    vehicles = []
    for hub in riding:
        courses = _courses(hub, roads, journeys, policy, skip)
        for kind in sorted(set(hub.kind)):
            own = [course for course in courses if course.kind == kind]
            minutes = [course.whole_min for course in own]
            vehicles += [Vehicle(tuple(own[at] for at in runs)) for runs in runs_of(minutes, window)]
    if policy.bus.schools_per_line > 1:
        vehicles = _joined(vehicles, roads, policy, fleet, skip)
    return vehicles


def _courses(hub: HubLines, roads: Roads, journeys: Journeys, policy: Policy, skip: Collection[str]) -> list[Course]:
    group = hub.group
    limits = ride_limits(group, access_min(journeys, hub.school_id, group), policy, skip=skip)
    riders = [
        Rider(str(row.item), str(row.settlement_id), str(row.band), float(row.pupils), hub.school_id, float(limit))
        for row, limit in zip(group.itertuples(), limits, strict=True)
    ]
    return [
        course_of(roads, policy, [riders[at] for at in order], [(hub.school_id, len(order))], kind)
        for order, kind in zip(hub.orders, hub.kind, strict=True)
    ]


def _joined(
    vehicles: Sequence[Vehicle], roads: Roads, policy: Policy, fleet: Sequence[VehicleType], skip: Collection[str]
) -> list[Vehicle]:
    """The vehicles after joining lines that are alone on theirs."""
    single = [vehicle.courses[0] for vehicle in vehicles if len(vehicle.courses) == 1]
    kept = [vehicle for vehicle in vehicles if len(vehicle.courses) > 1]
    wait = ANY_MINUTES if "school_wait" in skip else policy.bus.school_wait_max_min
    used = Counter(vehicle.kind for vehicle in vehicles)
    return kept + [Vehicle((course,)) for course in with_joined(single, roads, policy, fleet, used, wait_max_min=wait)]


def _numbered(vehicles: Sequence[Vehicle]) -> Iterator[tuple[str, str, Vehicle, int]]:
    """Yield (line_id, vehicle_no, vehicle, run) by school, kind and outermost stop, numbered from 1."""

    def place(vehicle: Vehicle) -> tuple[str, list[str]]:
        return vehicle.courses[0].school_id, [rider.item for rider in vehicle.courses[0].riders]

    line = 0
    for number, vehicle in enumerate(sorted(vehicles, key=place), start=1):
        for run in range(len(vehicle.courses)):
            line += 1
            yield f"L{line:03d}", f"B{number:03d}", vehicle, run


def _line_row(
    line_id: str, number: str, vehicle: Vehicle, run: int, fleet: Sequence[VehicleType], policy: Policy
) -> dict[str, object]:
    course, kind = vehicle.courses[run], fleet[vehicle.kind]
    return {
        "line_id": line_id,
        "school_id": course.school_id,
        "vehicle_id": kind.vehicle_id,
        "kind": kind.kind,
        "vehicle_no": number,
        "run": run + 1,
        "seats": kind.seats,
        "riders": course.load,
        "stops": len({rider.settlement_id for rider in course.riders}),
        "minutes": course.minutes,
        "early_min": vehicle.early_min(run),
        "km": course.km,
        "empty_km": course.empty_km,
        "cost_cny": kind.line_cny(course.km + course.empty_km, policy, runs=len(vehicle.courses)),
    }


def _stop_rows(line_id: str, vehicle: Vehicle, run: int) -> list[dict[str, object]]:
    course, early = vehicle.courses[run], vehicle.early_min(run)
    return [
        {
            "line_id": line_id,
            "order": number,
            "item": rider.item,
            "settlement_id": rider.settlement_id,
            "band": rider.band,
            "school_id": rider.school_id,
            "riders": rider.pupils,
            "board_at_min": board_at,
            "ride_min": ride,
            "alights_after": course.alights_after(rider),
            "early_min": early + wait,
        }
        for number, (rider, board_at, ride, wait) in enumerate(
            zip(course.riders, course.board_at_min, course.ride_min, course.wait_min, strict=True), start=1
        )
    ]
