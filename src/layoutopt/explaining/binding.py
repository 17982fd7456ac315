"""The rules that bind at a place: what has no room left at the plan's own point, and ways at their limit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.explaining.point import point_of
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.options import Options, build_options
from layoutopt.plan.plan import Plan
from layoutopt.schema import BANDS

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.intp]
COLUMNS = ("rule", "place", "value", "limit", "words")
BY_PUPILS: Mapping[str, str] = {
    "places": "{value:g} pupils in {limit:g} places",
    "beds": "{value:g} boarders in {limit:g} beds",
    "class_size": "{value:g} pupils in classes for {limit:g}",
    "multigrade_size": "{value:g} pupils in a multigrade class for {limit:g}",
    "point_size": "{value:g} pupils at a teaching point for {limit:g}",
    "school_size": "{value:g} pupils, {limit:g} are the largest admissible size",
    "min_pupils": "{value:g} pupils, {limit:g} are needed to be viable",
    "meals": "{value:g} pupils eat on {limit:g} canteen seats",
    "quality": "{value:g} weighted pupils, resources are enough for {limit:g}",
    "support_size": "{value:g} pupils, a school that is helped has {limit:g} at most",
}
"""Rules whose limit is compared with pupils: the chosen options of the row are the value, the rest is the limit."""
OF_COUNTY: Mapping[str, str] = {
    "capital_budget": "capital {value:,.0f} of {limit:,.0f} CNY",
    "source_capital": "capital {value:,.0f} of {limit:,.0f} CNY of this source",
    "merge_share": "{value:g} of the small schools stay, {limit:g} at most may",
}
WITHIN_MIN, WITHIN_KM = 1.0, 0.1
"""A way this near its limit is told."""
EPSILON = 1e-6
SHOWN_WAYS = 4


@dataclass(frozen=True, eq=False)
class Program:
    """The compact program of a plan's own question, and the plan as a point of it."""

    rules: tuple[tuple[str, Rows], ...]
    data: Data
    point: Array


def program_of(plan: Plan, options: Options | None = None) -> Program:
    """Return the program of the plan's question with the plan as its point."""
    model, data = build_model(plan.study, plan.policy, options or build_options(plan.study, plan.policy))
    return Program(tuple((named.rule, named.rows) for named in model.rules), data, point_of(plan, data))


def binding_rules(plan: Plan, program: Program, *, schools: Collection[str], items: Collection[str]) -> pd.DataFrame:
    """Return what binds at these schools and for these groups: ``rule, place, value, limit, words``.

    A row of the program binds where nothing more of what it limits fits in: its slack is less than the smallest group
    that could come (or, where a number is needed, could leave). A way binds within a minute, or 100 m, of its limit.
    """
    rows = [*_rows(program, schools), *_budget(plan), *ways_at_limit(plan, items)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.drop_duplicates(["rule", "place", "words"]).reset_index(drop=True)


def _rows(program: Program, schools: Collection[str]) -> Iterator[tuple[str, str, float, float, str]]:
    frame = program.data.frame
    chosen = frame.blocks["chosen"]
    group = np.full(frame.width, -1)
    group[chosen.columns] = pd.factorize(chosen.table["item"])[0]
    here = _columns_of(program.data, schools)
    for rule, rows in program.rules:
        words = BY_PUPILS.get(rule) or OF_COUNTY.get(rule)
        if words is None or not len(rows.labels):
            continue
        local = "school_id" in rows.labels.names
        of_place = rows.labels.get_level_values("school_id").isin(schools) if local else np.ones(len(rows.labels))
        counts = group >= 0 if rule in BY_PUPILS else np.ones(frame.width, dtype=bool)
        for at in np.flatnonzero(np.asarray(of_place, dtype=bool)):
            found = _binds(rows, int(at), program.point, counts, (group >= 0) if local else here, group)
            if found is not None:
                value, limit = found
                yield rule, _place(rows.labels[at]), value, limit, words.format(value=value, limit=limit)


def _binds(rows: Rows, at: int, x: Array, counts: Flags, moves: Flags, group: Ints) -> tuple[float, float] | None:
    """Value and limit of a row where nothing more fits in; None where something does, or there is nothing to limit.

    ``counts`` marks the columns whose sum is the value, ``moves`` those that could change it; a group that is counted
    already changes nothing by another way.
    """
    row = rows.matrix[[at]]
    columns, weights = row.indices, row.data
    counted = counts[columns]
    value = float(weights[counted] @ x[columns[counted]])
    rest = float(weights[~counted] @ x[columns[~counted]])
    at_most = bool(np.isfinite(rows.upper[at]))
    limit = float(rows.upper[at] if at_most else rows.lower[at]) - rest
    if abs(limit) <= EPSILON and abs(value) <= EPSILON:
        return None
    room = limit - value if at_most else value - limit
    taken = x[columns] > 0.5
    there = taken | ((group[columns] >= 0) & np.isin(group[columns], group[columns[taken & counted]]))
    steps = weights[moves[columns] & (~there if at_most else taken) & (weights > EPSILON)]
    return (value, limit) if len(steps) and room < float(steps.min()) - EPSILON else None


def _columns_of(data: Data, schools: Collection[str]) -> Flags:
    """The columns that belong to these schools."""
    parts = [block.table["school_id"].isin(schools).to_numpy(bool) for block in data.frame.blocks.values()]
    return np.concatenate(parts)


def _place(label: tuple[object, ...]) -> str:
    return " ".join(f"grade {part}" if isinstance(part, (int, np.integer)) else str(part) for part in label)


def _budget(plan: Plan) -> Iterator[tuple[str, str, float, float, str]]:
    """The yearly budget against what the tables cost, lines as they are."""
    budget, cost = plan.policy.money.annual_budget_cny, plan.figures.cost_cny
    if budget is not None and cost >= budget * (1 - 1e-3):
        yield "annual_budget", "all", cost, budget, f"{cost:,.0f} of {budget:,.0f} CNY a year"


def ways_at_limit(plan: Plan, items: Collection[str]) -> Iterator[tuple[str, str, float, float, str]]:
    """Yield the longest ways of these groups that come within a minute, or 100 m, of a limit."""
    rows = plan.assignments[plan.assignments["item"].isin(items) & (plan.assignments["school_id"] != "")]
    access = plan.policy.access
    daily, walks, rides = rows["mode"] != "board", rows["mode"] == "walk", rows["mode"] == "bus"
    checks = [
        ("walk_limit", "walk_max_min", walks, rows["minutes"], _by_band(rows, access.walk_max_min), "min"),
        ("oneway_limit", "oneway_max_min", daily, rows["minutes"], _by_band(rows, access.oneway_max_min), "min"),
        ("ride_limit", "max_ride_min", rides, rows["ride_min"], plan.policy.bus.max_ride_min, "min"),
        ("board_limit", "board_max_min", ~daily, rows["minutes"], access.board_max_min, "min"),
    ]
    if access.worsening_max_min is not None:
        most = rows["today_min"] + access.worsening_max_min
        checks.append(("worsening_limit", "worsening_max_min", daily, rows["minutes"], most, "min"))
    for key, limits, own in (
        ("oneway_max_km", access.oneway_max_km, daily),
        ("walk_max_km", access.walk_max_km, walks),
    ):
        if limits is not None:
            checks.append(("distance_limit", key, own, rows["km"], _by_band(rows, limits), "km"))
    for rule, key, own, value, limit, unit in checks:
        table = rows.assign(value=value, limit=limit)[own.to_numpy(bool)]
        near = table["value"] >= table["limit"] - (WITHIN_MIN if unit == "min" else WITHIN_KM)
        longest = table[near].sort_values(["value", "item"], ascending=[False, True], kind="stable").head(SHOWN_WAYS)
        for row in longest.itertuples():
            words = f"{row.value:.1f} {unit} to {row.school_id} ({row.mode}), {key} is {row.limit:g} {unit}"
            yield rule, str(row.item), float(row.value), float(row.limit), words


def _by_band(rows: pd.DataFrame, limits: object) -> pd.Series:
    return rows["band"].map({band: limits[band] for band in BANDS}).astype(float)  # type: ignore[index]
