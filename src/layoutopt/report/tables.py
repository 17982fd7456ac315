"""The rows of the report's tables: schools, villages, bus lines and the policy's choices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.plan.plan import Plan
from layoutopt.policy.keys import GROUPS, note_of
from layoutopt.report.language import Language, language
from layoutopt.report.words import listed
from layoutopt.schema import BANDS

ROLE_ORDER = ("closed", "teaching_point", "full", "hub", "not_built")


def school_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return one row a school with its name and town, those that change most deeply first."""
    table = plan.schools.copy()
    for column in ("name", "town"):
        table[column] = table["school_id"].map(plan.study.schools[column])
    table["position"] = plan.study.schools.index.get_indexer(table["school_id"])
    table["change"] = table["pupils_after"] - table["pupils_before"].fillna(0)
    table["rank"] = table["role"].map({role: rank for rank, role in enumerate(ROLE_ORDER)})
    return records(table.sort_values(["rank", "school_id"], kind="stable"))


def village_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return one row a settlement, band, school, mode and school of today, largest lengthening first.

    Minutes are the longest of the group's pupils; boarders' weekly way is not set against a daily one.
    """
    keys = ["settlement_id", "band", "school_id", "mode", "today_school", "today_mode"]
    grouped = plan.assignments.groupby(keys, sort=True, as_index=False, dropna=False)
    table = grouped.agg(
        pupils=("pupils", "sum"),
        minutes=("minutes", "max"),
        today_min=("today_min", "max"),
        moved=("moved", "any"),
        exception=("exception", "any"),
    )
    daily = (table["school_id"] != "") & (table["mode"] != "board") & (table["today_mode"] != "board")
    change = table["minutes"].where(daily) - table["today_min"].where(daily)
    table["change"] = change.where(np.isfinite(change))
    settlements, schools = plan.study.settlements, plan.study.schools
    table["name"] = table["settlement_id"].map(settlements["name"])
    table["town"] = table["settlement_id"].map(settlements["town"])
    table["school"] = table["school_id"].map(schools["name"])
    table["today"] = table["today_school"].map(schools["name"])
    table["position"] = settlements.index.get_indexer(table["settlement_id"])
    table["school_position"] = schools.index.get_indexer(table["school_id"])
    table["band"] = pd.Categorical(table["band"], list(BANDS), ordered=True)
    order = ["change", "settlement_id", "band", "school_id", "mode"]
    ascending = [False, True, True, True, True]
    return records(table.sort_values(order, ascending=ascending, na_position="last", kind="stable"))


def line_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return one row a bus line, with its stops, the schools it calls at (``called``) and the runs of its vehicle."""
    names, table = plan.study.schools["name"], plan.bus_lines.copy()
    positions = dict(zip(names.index, range(len(names)), strict=True))
    called = schools_called(plan)
    table["runs"] = runs_of_vehicle(plan.bus_lines)
    table["position"] = range(len(table))
    stops = stop_table(plan)
    stops["name"] = stops["settlement_id"].map(plan.study.settlements["name"])
    stops["school"] = stops["school_id"].map(plan.study.schools["name"])
    by_line = {line: records(rows) for line, rows in stops.groupby("line_id", sort=False)}
    return [
        {
            **row,
            "stop_rows": by_line.get(row["line_id"], []),
            "called": [
                {"position": positions.get(code, -1), "name": names.get(code)} for code in called[row["line_id"]]
            ],
        }
        for row in records(table)
    ]


def schools_called(plan: Plan) -> dict[str, list[str]]:
    """Return for each line the schools it calls at, in their order; it ends at the last."""
    stops = plan.bus_stops.assign(arrives=plan.bus_stops["board_at_min"] + plan.bus_stops["ride_min"])
    order = stops.groupby(["line_id", "school_id"])["arrives"].max().sort_values(kind="stable")
    ends = dict(zip(plan.bus_lines["line_id"], plan.bus_lines["school_id"], strict=True))
    called: dict[str, list[str]] = {line: [] for line in ends}
    for line, school in order.index:
        if school != ends.get(line, school):
            called[line].append(school)
    return {line: [*called[line], end] for line, end in ends.items()}


def runs_of_vehicle(lines: pd.DataFrame) -> pd.Series:
    """Return for each line how many lines its vehicle drives; a line without a vehicle stands for itself."""
    vehicle = lines["vehicle_no"].fillna("").astype(str)
    return lines.groupby(vehicle.where(vehicle != "", lines["line_id"]))["line_id"].transform("size")


def stop_table(plan: Plan) -> pd.DataFrame:
    """Return the stops of every line in their order, the bands that board at one place for one school together."""
    stops = plan.bus_stops.sort_values(["line_id", "order", "item"], kind="stable")
    grouped = stops.groupby(["line_id", "settlement_id", "school_id"], sort=False, as_index=False)
    table = grouped.agg(
        order=("order", "min"),
        riders=("riders", "sum"),
        board_at_min=("board_at_min", "min"),
        ride_min=("ride_min", "max"),
    )
    return table.sort_values(["line_id", "order"], kind="stable").reset_index(drop=True)


@dataclass(frozen=True)
class Choice:
    """One policy key as the report lists it."""

    key: str
    value: str
    unit: str
    meaning: str
    source: str
    changed: bool


def choices(plan: Plan, lang: Language | None = None) -> Iterator[Choice]:
    """Yield every policy key; ``changed`` where its value or its source is not the default's."""
    lang = lang or language("en")
    for group, key, value in plan.policy:
        note = note_of(group, key)
        default = GROUPS[group].model_fields[key].default
        plain = getattr(getattr(plan.policy, group), key)
        changed = key in plan.policy.sources or plain != default
        meaning, source = lang.text(note.meaning), lang.text(plan.policy.source_of(key))
        yield Choice(key, listed(value, lang), lang.text(note.unit), meaning, source, changed)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as plain values: missing and infinite numbers become None, missing text empty."""
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    columns = {str(name): [_plain(value) for value in plain[name].tolist()] for name in plain}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return None if value is pd.NA or value is None else value
