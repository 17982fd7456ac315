"""The audit's check of stated figures: every number a table repeats is worked out again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from layoutopt.fleet import vehicle_types
from layoutopt.plan.built import built_total
from layoutopt.plan.facts import MINUTES_TOLERANCE, Facts, Violation, each
from layoutopt.plan.tables import assignment_table
from layoutopt.plan.tours import school_ways
from layoutopt.policy.helping import driving_cny
from layoutopt.schema import BANDS, GRADES, PUPIL_COLUMNS, STAGES

RELATIVE = 1e-6


def figures(f: Facts) -> Iterator[Violation]:
    """Every figure the tables state follows from who goes where, the roads, the study and the policy."""
    yield from _strangers(f)
    yield from _of_schools(f)
    yield from _of_assignments(f)
    yield from _of_lines(f)
    yield from _of_tours(f)


def _strangers(f: Facts) -> Iterator[Violation]:
    listed = f.plan.schools["school_id"]
    for code in listed[listed.duplicated()].unique():
        yield Violation(str(code), 2, 1, "stands twice in the school table")
    for code in sorted(set(listed) - set(f.study.schools.index)):
        yield Violation(str(code), 1, 0, "is in the school table, but not in the study")
    for code in f.study.schools.index.difference(f.schools.index):
        yield Violation(str(code), 0, 1, "the school is missing from the school table")
    sent = set(f.plan.assignments["school_id"]) - {""}
    for code in sorted(sent - set(f.study.schools.index)):
        yield Violation(str(code), 1, 0, "pupils are sent to a school that is not in the study")


def _of_schools(f: Facts) -> Iterator[Violation]:
    sent = f.rows.groupby("school_id")[list(PUPIL_COLUMNS)].sum().reindex(f.schools.index, fill_value=0.0)
    boards = f.rows[f.rows["mode"] == "board"].groupby("school_id")["pupils"].sum()
    for code, row in f.schools.iterrows():
        pupils = sent.loc[code]
        capital = built_total(f.study, code, row, "capital_cny")
        running = {
            "hub": row["annual_cny_fact"],
            "full": row["annual_cny_fact"],
            "teaching_point": f.policy.points.point_annual_cny,
        }
        expected = {
            **{name: pupils[name] for name in PUPIL_COLUMNS},
            "pupils_after": pupils.sum(),
            "boarders": float(boards.get(code, 0.0)),
            "classes": sum(row[f"classes_g{g}"] for g in GRADES) + sum(bool(row[f"multigrade_{b}"]) for b in BANDS),
            "posts": sum(row[f"posts_{stage}"] for stage in STAGES),
            "annual_cny": running.get(str(row["role"]), 0.0),
            "capital_cny": capital,
        }
        yield from _compared(str(code), row, expected)


def _of_assignments(f: Facts) -> Iterator[Violation]:
    rows = f.rows
    again = assignment_table(
        rows.assign(
            today_school=rows["was_school"], today_mode=rows["was_mode"], today_min=rows["was_minutes"],
            today_ride_min=rows["was_ride_min"],
        ),
        f.policy,
    ).set_index("item")  # fmt: skip
    again = again[~again.index.duplicated()]
    for row in each(rows):
        real = again.loc[row.item]
        for name in ("today_school", "today_mode", "moved", "exception"):
            if getattr(row, name) != real[name]:
                yield Violation(row.item, 0, 1, f"{name} says {getattr(row, name)}, it is {real[name]}")
        for name in ("today_min", "today_ride_min"):
            told, is_ = float(getattr(row, name)), float(real[name])
            if not (told == is_ or abs(told - is_) <= MINUTES_TOLERANCE):
                yield Violation(row.item, told, is_, f"{name} says {told:.2f}, it is {is_:.2f}")


def _of_lines(f: Facts) -> Iterator[Violation]:
    kinds = {kind.vehicle_id: kind for kind in vehicle_types(f.study, f.policy)}
    groups = dict(list(f.stops.groupby("line_id")))
    whole = f.stops.drop_duplicates("line_id").set_index("line_id")["real_whole_min"]
    runs = f.plan.bus_lines.assign(whole_min=f.plan.bus_lines["line_id"].map(whole))
    buses = dict(list(runs.groupby("vehicle_no")))
    for row in f.plan.bus_lines.to_dict("records"):
        stops, kind = groups.get(row["line_id"]), kinds.get(row["vehicle_id"])
        if stops is None or kind is None:
            if stops is None:
                yield Violation(str(row["line_id"]), 0, 1, "has no stops")
            continue
        if row["kind"] != kind.kind:
            yield Violation(str(row["line_id"]), 0, 1, f"kind says {row['kind']}, it is {kind.kind}")
        bus = buses.get(row["vehicle_no"], runs[:0])
        early = float(bus.loc[bus["run"] > row["run"], "whole_min"].sum())
        yield from _of_stops(stops, early)
        km, empty_km = float(stops["real_km"].iloc[0]), float(stops["real_empty_km"].iloc[0])
        expected = {
            "seats": float(kind.seats),
            "riders": float(stops["riders"].sum()),
            "stops": float(stops["settlement_id"].nunique()),
            "minutes": float(stops["real_line_min"].iloc[0]),
            "early_min": early,
            "km": km,
            "empty_km": empty_km,
            "cost_cny": kind.line_cny(km + empty_km, f.policy, runs=max(1, len(bus))),
        }
        yield from _compared(str(row["line_id"]), row, expected)


def _of_stops(stops: pd.DataFrame, early_min: float) -> Iterator[Violation]:
    """What the stops of a line that arrives ``early_min`` before the bell state of minutes."""
    for row in stops.to_dict("records"):
        expected = {
            "ride_min": row["real_ride_min"],
            "board_at_min": row["real_board_at_min"],
            "early_min": early_min + row["real_wait_min"],
        }
        if row["school_id"] == row["ends_at"]:
            expected["alights_after"] = float(len(stops))
        yield from _compared(str(row["item"]), row, expected)


def _of_tours(f: Facts) -> Iterator[Violation]:
    """What each leg of a tour states of minutes, kilometres and yearly cost."""
    ways = school_ways(f.journeys, list(f.study.schools.index))
    for tour, legs in f.plan.tours.groupby("tour_id", sort=True):
        legs = legs.sort_values("order", kind="stable")
        if not {*legs["school_id"], *legs["site_id"]} <= set(ways.ids):
            yield Violation(str(tour), 0, 1, "calls at a school that is not in the study")
            continue
        minutes, km = ways.round_trip([legs["school_id"].iloc[0], *legs["site_id"].iloc[:-1]])
        for row, leg_min, leg_km in zip(legs.to_dict("records"), minutes, km, strict=True):
            cost = driving_cny(float(leg_km), float(row["days"]), f.policy)
            expected = {"minutes": float(leg_min), "km": float(leg_km), "cost_cny": cost}
            yield from _compared(str(tour), row, expected)


def _compared(place: str, row: pd.Series | Mapping[str, object], expected: Mapping[str, float]) -> Iterator[Violation]:
    for name, real in expected.items():
        told = float(row[name])  # type: ignore[arg-type]
        near = abs(told - real) <= max(RELATIVE * abs(real), 10 * RELATIVE)
        if not (near or (np.isinf(told) and told == real)):
            yield Violation(place, told, float(real), f"{name} says {told:,.6g}, it is {real:,.6g}")


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {"figures": figures}
