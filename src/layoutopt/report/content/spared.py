"""What the bus lines of a plan cost less a year without some of their riders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.plan.facts import calls_of
from layoutopt.plan.plan import Plan


@dataclass(frozen=True, eq=False)
class Course:
    """One line: its cost, for each call in order the groups of pupils that need it, and the kilometres between."""

    vehicle_id: str
    cost_cny: float
    needed_by: tuple[frozenset[str], ...]
    km: np.ndarray

    def km_without(self, gone: set[str]) -> float | None:
        """Return the kilometres of a trip, the empty way included, without the calls that only ``gone`` need."""
        left = [at for at, items in enumerate(self.needed_by) if not items <= gone]
        if not left:
            return None
        return float(sum(self.km[a, b] for a, b in pairwise(left)) + self.km[left[-1], left[0]])


Fleet = tuple[tuple[Course, ...], ...]
"""The courses of each vehicle; a line without a vehicle stands for itself."""


def fleet_of(plan: Plan) -> Fleet:
    """Return the courses of the lines that have stops, those of one vehicle together."""
    found = dict[str, list[Course]]()
    stops = dict(list(plan.bus_stops.sort_values("order", kind="stable").groupby("line_id", sort=True)))
    lines = plan.bus_lines[plan.bus_lines["line_id"].isin(stops)]
    lines = lines.assign(vehicle_no=lines["vehicle_no"].fillna("")).sort_values("line_id", kind="stable")
    calls = {line.line_id: _calls(stops[line.line_id].assign(ends_at=line.school_id)) for line in lines.itertuples()}
    known = pd.Index(sorted({place for places, _ in calls.values() for place in places}))
    _, km = journeys_of(plan.study, plan.policy).rides(known.tolist())
    for line in lines.itertuples():
        places, needed_by = calls[line.line_id]
        at = known.get_indexer(pd.Index(places))
        course = Course(str(line.vehicle_id), float(line.cost_cny), needed_by, km[np.ix_(at, at)])
        found.setdefault(f"bus {line.vehicle_no}" if line.vehicle_no else f"line {line.line_id}", []).append(course)
    return tuple(tuple(courses) for courses in found.values())


def _calls(stops: pd.DataFrame) -> tuple[list[str], tuple[frozenset[str], ...]]:
    """The places a line calls at, and the groups that need each."""
    places = calls_of(stops)["place"].tolist()
    items, boarding = stops["item"].tolist(), iter(stops["item"].tolist())
    off: dict[str, set[str]] = {}
    for item, school in zip(items, stops["school_id"], strict=True):
        off.setdefault(f"s:{school}", set()).add(item)
    needed = [frozenset([next(boarding)] if place.startswith("v:") else off[place]) for place in places[:-1]]
    return places, (*needed, frozenset(items))  # the line ends at its school whoever is left


def lines_spared_cny(plan: Plan, fleet: Fleet, gone: Iterable[str]) -> float:
    """Return what the bus lines cost less a year without the groups ``gone``, each keeping its order.

    A vehicle that drives two lines is paid by those that are left.
    """
    kinds = {kind.vehicle_id: kind for kind in vehicle_types(plan.study, plan.policy)}
    spared, gone = 0.0, set(gone)
    for courses in fleet:
        if all(course.needed_by[-1].isdisjoint(gone) for course in courses):
            continue
        kind = kinds.get(courses[0].vehicle_id, next(iter(kinds.values())))
        left = [km for course in courses if (km := course.km_without(gone)) is not None]
        spared += sum(course.cost_cny for course in courses)
        spared -= sum(kind.line_cny(km, plan.policy, runs=len(left)) for km in left)
    return spared
