"""Studies, policies and plans that several tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

# A quarter quicker on tables of five rows; processes keep the default. Before the package makes its first empty tables.
pd.set_option("mode.string_storage", "python")

import pytest
from hypothesis import settings

from layoutopt.plan import Plan
from layoutopt.policy import Policy
from layoutopt.study import Study
from layoutopt.testing import tiny_study

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["LAYOUTOPT_CACHE"] = "off"  # tests neither read nor fill the user's cache
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):  # a red run must be red again for whoever looks into it
    settings.load_profile("ci")

SETTLEMENTS = """settlement_id,name,lon,lat,g1,g2,g3,g4,g5,g6
V1,Upper Mill,106.100,33.300,4,4,4,4,4,4
V2,Ridge,106.130,33.300,3,3,3,3,3,3
V3,Ford,106.100,33.320,2,2,2,2,2,2
"""
SCHOOLS = """school_id,name,lon,lat,grades,hub,places_primary,teachers
S1,Centre,106.101,33.300,1-6,yes,120,8
S2,Ridge,106.129,33.301,1-6,no,60,3
"""


def pytest_collection_finish() -> None:
    """Leave what imports have made out of every later search for garbage, and search less often: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture
def study_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write a small valid study folder; keywords replace, add (name__suffix) or drop (None) single files."""

    def write(folder: str = "county", **files: str | bytes | None) -> Path:
        path = tmp_path / folder
        path.mkdir(parents=True, exist_ok=True)
        given: dict[str, Any] = {"settlements__csv": SETTLEMENTS, "schools__csv": SCHOOLS, **files}
        for name, content in given.items():
            if content is None:
                continue
            file = path / name.replace("__", ".")
            if isinstance(content, bytes):
                file.write_bytes(content)
            else:
                file.write_text(content, encoding="utf-8")
        return path

    return write


def round_numbers(**changes: Any) -> Policy:
    """A policy under which a kilometre is 10 minutes on foot and 2 by bus, and stops take no time."""
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0,
        "dwell_min_per_rider": 0.0, "goals": ("annual_cost",), **changes,
    }  # fmt: skip
    return Policy().replace(**given)


@pytest.fixture(scope="session")
def county() -> tuple[Study, Policy]:
    """Six places where each kind of decision is taken once: see the comments.

    At 10 minutes a kilometre on foot and 2 by bus.
    """
    primary: Mapping[str, Any] = {"grades": "1-6", "hub": False, "teachers": 4.0}
    study = tiny_study(
        {
            "V1": (0.5, 0, [6] * 9),  # beside the hub
            "V2": (8, 0.3, [2] * 6),  # its school closes by decision, its pupils ride 16 minutes
            "V3": (30, 0.3, [4] * 6 + [3] * 3),  # its school is protected, grades 7-9 board at the hub
            "V4": (0, 1.2, [2] * 6),  # its school is closed by decision, its pupils walk to the hub
            "V5": (-25, 0.3, [5] * 3 + [2] * 3),  # its school shrinks to a teaching point, grades 4-6 board
            "V6": (8, 2.3, [1] * 6),  # rides to the hub today and tomorrow
        },
        {
            "S1": (0, 0, {"grades": "1-9", "hub": True, "places_primary": 55.0, "places_junior": 60.0,
                          "beds": 30.0, "teachers": 20.0}),
            "S2": (8, 0, primary),
            "S3": (30, 0, {**primary, "status": "keep", "keep_reason": "too far", "hub": True}),
            "S4": (0, 1.5, {**primary, "status": "close"}),
            "S5": (-25, 0, primary),
            "S6": (0, 60, {**primary, "status": "candidate"}),
        },
        expansions=[
            {"school_id": "S1", "stage": "primary", "level": 1, "places": 10, "beds": 0, "capital_cny": 100_000.0},
            {"school_id": "S1", "stage": "primary", "level": 2, "places": 40, "beds": 0, "capital_cny": 300_000.0},
            {"school_id": "S3", "stage": "primary", "level": 1, "places": 10, "beds": 0, "capital_cny": 100_000.0},
        ],
        vehicles=[
            {"vehicle_id": "minibus", "seats": 10, "fixed_cny": 40_000.0, "cny_per_km": 2.0, "count": 1.0},
            {"vehicle_id": "bus", "seats": 12, "fixed_cny": 60_000.0, "cny_per_km": 3.0, "count": 4.0},
        ],
        name="county",
    )  # fmt: skip
    policy = round_numbers(
        worsening_max_min=60,
        board_max_min=70,
        min_pupils={"primary": 5, "junior": 5},
        must_close=("S2",),
        board_care_cny={"primary": 5_000, "junior": 6_000},
        meals_cny=1_500,
        board_grant_cny={"primary": 2_500, "junior": 1_500},
        class_cap={"primary": 8, "junior": 12},
        school_cap=150,
        nine_year_cap=150,
        capital_budget_cny=350_000.0,
        annual_budget_cny=6_000_000.0,
        goals=("annual_cost", "travel"),
        goal_tolerance={},
    )
    return study, policy


@pytest.fixture(scope="session")
def county_plan(county: tuple[Study, Policy]) -> Plan:
    """The best plan of the county, which keeps every rule."""
    from layoutopt.pipeline import optimize

    return optimize(*county, effort="proof")


@pytest.fixture(scope="session")
def warm_kernels() -> None:
    """Compile the routing loops once, so that no test's own time limit is spent on it."""
    from layoutopt.kernels import locate_and_route, route

    minutes = [[0, 9, 9, 7, 5], [9, 0, 3, 4, 8], [9, 3, 0, 5, 6], [7, 4, 5, 0, 4], [5, 8, 6, 4, 0]]
    for limit in (12.0, 60.0):
        route(minutes, [0, 3, 4, 5, 2], seats=8, max_ride_min=limit, fixed_cost=5, time_limit_s=900)
    locate_and_route(
        minutes, [0, 0, 4, 5, 2], depots=[0, 1], opening_cost=9, depot_capacity=11, seats=8, time_limit_s=900
    )
