"""Too few vehicles for the lines of the best layout: lines given up, one choice after another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from layoutopt.errors import InfeasibleError
from layoutopt.explaining.change import Change
from layoutopt.explaining.proven import INF, bounded
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.model.line_tables import FleetShort
from layoutopt.model.objective import plus
from layoutopt.options import build_options
from layoutopt.plan.plan import Plan

TRIES = 5
"""So many choices of lines are tried, each a solve; those with fewest riders first."""
log = logging.getLogger(__name__)
Solve = Callable[[Change], Plan]


def without_ways(school: str, ways: frozenset[tuple[str, str]]) -> ExtraRule:
    """Return the rule that none of these groups goes to the school by the mode named with it."""

    def way_forbidden(d: Data) -> Iterator[Rows]:
        table = d.frame.blocks["chosen"].table
        here = (table["school_id"] == school).to_numpy(bool)
        named = np.array([way in ways for way in zip(table["item"], table["mode"], strict=True)], dtype=bool)
        yield plus(d, d.frame.total("chosen", by=[], where=here & named)) <= 0.0

    return way_forbidden


def without_lines(plan: Plan, lines: frozenset[str]) -> tuple[ExtraRule, ...]:
    """Return the rules that the riders of these lines ride no bus to the schools they ride to."""
    items = set(plan.bus_stops.loc[plan.bus_stops["line_id"].isin(lines), "item"])
    taken = plan.assignments[plan.assignments["item"].isin(items)]
    return tuple(
        without_ways(str(school), frozenset((item, "bus") for item in there["item"]))
        for school, there in taken.groupby("school_id", sort=True)
    )


def with_fewer_vehicles(plan: Plan, change: Change, short: FleetShort, solve: Solve, *, tightens: bool) -> Plan:
    """Return the cheapest plan found when lines of ``plan`` are given up until the vehicles suffice.

    Lines and their number are no part of the program that decides the layout, so that its best layout may need more
    vehicles than there are. What is found here has no bound of its own: that of ``plan`` holds where the change
    ``tightens``.

    Raises
    ------
    FleetShort
        No choice of lines tried leaves a plan; that there is none is not proven.
    """
    found: Plan | None = None
    for lines in _choices(plan, change):
        log.info("Too few vehicles: tried again without the lines %s.", ", ".join(sorted(lines)))
        try:
            other = solve(replace(change, extra_rules=(*change.extra_rules, *without_lines(plan, lines))))
        except InfeasibleError:
            continue
        if found is None or other.figures.cost_cny < found.figures.cost_cny:
            found = other
    if found is None:
        raise FleetShort(f"{short} That no plan does with so few vehicles is not proven.", short.rules)
    levels = tuple(replace(level, bound=-INF, status="feasible") for level in found.proof.levels)
    unproven = found.replace(proof=replace(found.proof, levels=levels, status="feasible"))
    return bounded(unproven, plan) if tightens else unproven


def _choices(plan: Plan, change: Change) -> Iterator[frozenset[str]]:
    """As many lines as vehicles are missing, neighbours in the order of their riders; those who can go elsewhere."""
    missing = max(1, plan.figures.vehicles - _vehicles(change, plan))
    rows = build_options(change.study, change.policy).rows
    buses = rows[rows["mode"] == "bus"].groupby("item")["school_id"].nunique()
    others = rows[rows["mode"] != "bus"].groupby("item").size()
    bound = [item for item in buses.index if others.get(item, 0) == 0 and buses[item] == 1]
    tied = set(plan.bus_stops.loc[plan.bus_stops["item"].isin(bound), "line_id"])
    free = plan.bus_lines[~plan.bus_lines["line_id"].isin(tied)]
    order = free.sort_values(["riders", "line_id"], kind="stable")["line_id"].tolist()
    for at in range(min(TRIES, len(order) - missing + 1)):
        yield frozenset(order[at : at + missing])


def _vehicles(change: Change, plan: Plan) -> int:
    """Vehicles there are of the kinds the plan uses; as many as it uses where a kind is not limited."""
    table = change.study.vehicles
    used = plan.bus_lines.drop_duplicates(["vehicle_id", "vehicle_no"])["vehicle_id"].value_counts()
    if table is None or "count" not in table:
        return int(used.sum())
    counts = table.set_index("vehicle_id")["count"]
    return int(sum(min(number, counts[kind]) if counts[kind] >= 0 else number for kind, number in used.items()))
