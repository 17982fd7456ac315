"""A county of four villages and a plan decided by hand, so that every figure of who loses is a sum in the head."""

from __future__ import annotations

from typing import Any

import pandas as pd

import layoutopt as lo
from layoutopt.plan.tables import LINE_COLUMNS, STOP_COLUMNS
from layoutopt.testing import tiny_policy, tiny_study


def small_county(**columns: Any) -> lo.Study:
    """Ten pupils walk 5 minutes, four live at their school, six walk 10 minutes, five live at a school in the hills."""
    places = {
        "V1": {"town": "A", "girls": 0.5, "poor": 0.2},
        "V2": {"town": "B", "girls": 0.25},
        "V3": {"town": "B", "girls": 0.5, "poor": 0.5},
        "V4": {"town": "A", "girls": 0.4, "poor": 0.0},
    }
    return tiny_study(
        {"V1": (0.5, 0, [4, 3, 3]), "V2": (8, 0, [2, 1, 1]), "V3": (9, 0, [0, 0, 0, 2, 2, 2]),
         "V4": (0, 20, [0, 0, 0, 2, 2, 1])},
        {"S1": (0, 0, {"hub": True, "beds": 20.0}), "S2": (8, 0, {}),
         "S3": (0, 20, {"status": "keep", "keep_reason": "hills"})},
        current={place: {"name": f"Village {place}", **given} for place, given in places.items()},
        **columns,
    )  # fmt: skip


def policy(**changes: Any) -> lo.Policy:
    """A kilometre takes 10 minutes on foot and 2 by bus; families pay 500 CNY for the bus and 100 for boarding."""
    return tiny_policy(allowed_boarding=True, family_board_cny=100, **changes)


def merged(study: lo.Study | None = None) -> lo.Plan:
    """S2 closes: the four of V2 ride 16 minutes to S1, the six of V3 board there, 18 minutes away."""
    today = lo.current_plan(small_county() if study is None else study, policy())
    rows = today.assignments.set_index("item")
    rows.loc["V2.lower", ["school_id", "mode", "line_id", "moved"]] = ["S1", "bus", "L1", True]
    rows.loc["V2.lower", ["minutes", "ride_min", "km"]] = [16.0, 16.0, 8.0]
    rows.loc["V3.upper", ["school_id", "mode", "moved"]] = ["S1", "board", True]
    rows.loc["V3.upper", ["minutes", "ride_min", "km"]] = [18.0, 0.0, 9.0]
    schools = today.schools.set_index("school_id")
    schools.loc["S2", ["role", "bands", "pupils_after", "annual_cny", "posts"]] = ["closed", "", 0.0, 0.0, 0]
    schools.loc["S1", ["pupils_after", "boarders"]] = [20.0, 6.0]
    line = {"line_id": "L1", "school_id": "S1", "vehicle_id": "bus", "kind": "school_bus", "vehicle_no": 1, "run": 1,
            "seats": 20, "riders": 4.0, "stops": 1, "minutes": 16.0, "early_min": 3.0, "km": 8.0, "empty_km": 8.0,
            "cost_cny": 50_000.0}  # fmt: skip
    stop = {"line_id": "L1", "order": 1, "item": "V2.lower", "settlement_id": "V2", "band": "lower", "school_id": "S1",
            "riders": 4.0, "board_at_min": 0.0, "ride_min": 16.0, "alights_after": 1, "early_min": 3.0}  # fmt: skip
    return today.replace(
        assignments=rows.reset_index()[list(today.assignments.columns)],
        schools=schools.reset_index()[list(today.schools.columns)],
        bus_lines=pd.DataFrame([line], columns=list(LINE_COLUMNS)),
        bus_stops=pd.DataFrame([stop], columns=list(STOP_COLUMNS)),
        kind="by hand",
    )
