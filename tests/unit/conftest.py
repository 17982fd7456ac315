"""A county of three schools decided by hand, for tests that need every figure of a plan to be known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace

import pandas as pd
import pytest

from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import (
    LINE_COLUMNS,
    NO_LINES,
    NO_STOPS,
    STOP_COLUMNS,
    assignment_table,
    school_table,
)
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.testing import tiny_study
from layoutopt.today import items_of, school_facts

POLICY = Policy.preset("jiangxi_2023", max_ride_min=35, keep_without_bus_road=False)
SETTLEMENTS = {
    "V1": (5.1, 0.2, [40] * 9),
    "V2": (9.1, 0.15, [3, 3, 2, 2, 2, 1]),
    "V3": (5.1, 5.8, [3, 2, 2]),
    "V5": (8.5, 0.1, [0, 0, 0, 1, 1, 1]),
}
CURRENT = {"V2": {"current_primary": "S2"}, "V5": {"current_primary": "S2"}, "V3": {"current_primary": "S3"}}
ROADS = [([(0, 0), (5, 0), (10, 0)], {"class": "tertiary"}), ([(5, 0), (5, 6)], {"class": "path"})]
RIDERS = ("V2", "V5")


@cache
def county(places: float = 400.0) -> Study:
    schools = {
        "S1": (5.0, 0.1, {"grades": "1-9", "places_primary": places, "places_junior": 200.0, "beds": 40.0}),
        "S2": (9.0, 0.1, {"teachers": 4.0}),
        "S3": (5.0, 5.9, {"grades": "1-3", "teachers": 2.0}),
    }
    return tiny_study(SETTLEMENTS, schools, roads=ROADS, current=CURRENT)


def decided(study: Study, goes: Sequence[str], state: Mapping[str, str]) -> Plan:
    """A plan by hand: the named settlements, outermost first, ride one line to S1; everybody else stays."""
    rows = items_of(study, POLICY).rename(columns={"today_km": "km"})
    rows = rows.assign(
        school_id=rows["today_school"],
        mode=rows["today_mode"],
        minutes=rows["today_min"],
        ride_min=rows["today_ride_min"],
    )
    lines, stops = one_line(study, rows, goes)
    for stop in stops.itertuples():
        at = rows.index[rows["item"] == stop.item][0]
        walk = access_min(study, stop.settlement_id, stop.band)
        way = {
            "school_id": "S1",
            "mode": "bus",
            "line_id": "L001",
            "minutes": walk + stop.ride_min,
            "ride_min": stop.ride_min,
        }
        rows.loc[at, list(way)] = list(way.values())
    facts = school_facts(study, POLICY)
    offered = {code: tuple(band for band in BANDS if facts.loc[code, f"offers_{band}"]) for code in facts.index}
    ways = assignment_table(rows, POLICY)
    schools = school_table(study, POLICY, ways, state=state, bands=offered, levels={})
    return Plan(study, POLICY, ways, schools, lines, stops, Proof("given", "by hand"))


def access_min(study: Study, settlement: str, band: str) -> float:
    table = journeys_of(study, POLICY).table
    place, school = table.from_ids.get_loc(settlement), table.to_ids.get_loc("S1")
    return float(table.access_min[place, school, list(BANDS).index(band)])


def one_line(study: Study, rows: pd.DataFrame, goes: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One line to S1 with a stop for each group, its minutes and kilometres summed leg by leg."""
    groups = [row for code in goes for row in rows[rows["settlement_id"] == code].to_dict("records")]
    if not groups:
        return NO_LINES.copy(), NO_STOPS.copy()
    minutes, km = journeys_of(study, POLICY).rides([*(f"v:{group['settlement_id']}" for group in groups), "s:S1"])
    dwell = [POLICY.bus.dwell_min + POLICY.bus.dwell_min_per_rider * group["pupils"] for group in groups]
    legs = [float(minutes[at, at + 1]) + dwell[at] for at in range(len(groups))]
    rides = [sum(legs[at:]) for at in range(len(groups))]
    loaded, empty = sum(float(km[at, at + 1]) for at in range(len(groups))), float(km[-1, 0])
    (bus,) = vehicle_types(study, POLICY)
    line = {
        "line_id": "L001", "school_id": "S1", "vehicle_id": "bus", "kind": "school_bus", "vehicle_no": "bus-1", "run": 1,
        "seats": bus.seats, "riders": sum(group["pupils"] for group in groups), "stops": len(goes), "minutes": rides[0],
        "early_min": 0.0, "km": loaded, "empty_km": empty, "cost_cny": bus.line_cny(loaded + empty, POLICY),
    }  # fmt: skip
    stops = [
        {
            "line_id": "L001", "order": at + 1, "item": group["item"], "settlement_id": group["settlement_id"],
            "band": group["band"], "school_id": "S1", "riders": group["pupils"], "board_at_min": rides[0] - rides[at],
            "ride_min": rides[at], "alights_after": len(groups), "early_min": 0.0,
        }
        for at, group in enumerate(groups)
    ]  # fmt: skip
    return pd.DataFrame([line], columns=list(LINE_COLUMNS)), pd.DataFrame(stops, columns=list(STOP_COLUMNS))


@cache
def closing(places: float = 400.0) -> Plan:
    return decided(county(places), RIDERS, {"S1": "full", "S2": "closed", "S3": "teaching_point"})


@cache
def keeping(places: float = 400.0) -> Plan:
    return decided(county(places), (), {"S1": "full", "S2": "full", "S3": "teaching_point"})


@pytest.fixture(scope="session")
def by_hand() -> SimpleNamespace:
    """The county, and its plans: ``closing`` (S2 closes, one line), ``keeping`` (nothing changes), ``decided`` (any)."""
    return SimpleNamespace(
        policy=POLICY, county=county, decided=decided, closing=closing, keeping=keeping, riders=RIDERS
    )
