"""What counties and countries really did, each as a short policy file on a small county: the file says it, the plan does it."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.testing import tiny_study

PRACTICE = Path(__file__).parents[1] / "practice"
ROUND: dict[str, Any] = {"detour_factor": 1.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0, "dwell_min_per_rider": 0.0}
"""Straight roads on which a kilometre takes a bus two minutes; all else is the policy file's."""


def policy(name: str, **changes: Any) -> lo.Policy:
    return lo.Policy.from_toml(PRACTICE / f"{name}.toml").replace(**ROUND, **changes)


def solved(study: lo.Study, choices: lo.Policy, effort: str = "quick") -> lo.Plan:
    plan = lo.optimize(study, choices, effort=effort)
    assert lo.audit(plan, study, choices).empty
    return plan


def roles(plan: lo.Plan) -> dict[str, str]:
    return dict(zip(plan.schools["school_id"], plan.schools["role"], strict=True))


def closed(plan: lo.Plan) -> list[str]:
    return [school for school, role in roles(plan).items() if role == "closed"]


def on_a_ring(km: float, count: int, *, first: int = 0) -> list[tuple[float, float]]:
    """Places on a ring around the middle, a little turned for each ring."""
    turns = [2 * pi * (at + 0.1 * first) / count for at in range(count)]
    return [(km * cos(turn), km * sin(turn)) for turn in turns]


@pytest.fixture(scope="module")
def xunwu() -> lo.Study:
    """A central school, four schools of 18 pupils 800 m off, and six of 48 at 1.0, 1.1 … 1.5 km, each costing nothing."""
    villages: dict[str, Any] = {"V00": (0, 0.1, [40] * 6)}
    schools: dict[str, Any] = {"S00": (0, 0, {"hub": False, "places_primary": 1_000.0})}
    small = [(x, y, 3) for x, y in on_a_ring(0.8, 4)]
    larger = [(*on_a_ring(1.0 + at / 10, 6, first=1)[at], 8) for at in range(6)]
    for number, (x, y, each) in enumerate(small + larger, start=1):
        villages[f"V{number:02}"] = (x, y, [each] * 6)
        schools[f"S{number:02}"] = (x, y, {"hub": False, "annual_cost_cny": 0.0, "places_primary": 60.0})
    return tiny_study(villages, schools)


@pytest.mark.parametrize(("year", "merged"), [(2024, 6), (2025, 7), (2026, 8)])
def test_xunwu_merges_60_then_70_then_80_percent(xunwu: lo.Study, year: int, merged: int) -> None:
    """All ten schools are under 100 pupils. Without wages nothing is saved by closing: the plan does what it must.

    The four under 30 pupils go in any year (goal merge_small). Of the larger ones, which have the same pupils, those
    nearest follow: the way to the central school is the shortest that is left (goal travel).
    """
    plan = solved(xunwu, policy(f"xunwu_{year}", wage_cny=0, allowed=False), "proof")
    assert closed(plan) == [f"S{number:02}" for number in range(1, merged + 1)]
    assert plan.figures.unserved == 0


def test_without_the_quota_only_the_smallest_are_merged(xunwu: lo.Study) -> None:
    choices = policy("xunwu_2024", wage_cny=0, allowed=False, merge_share=None)
    assert closed(solved(xunwu, choices, "proof")) == ["S01", "S02", "S03", "S04"]


@pytest.fixture(scope="module")
def yujiang() -> lo.Study:
    """Three hubs 60 km apart that may build beds, seven small schools around each: four near ones for grades 1-6,
    three for grades 4-6 too far to ride every day (25 km, 50 minutes; grades 4-6 may take 45)."""
    villages: dict[str, Any] = {}
    schools: dict[str, Any] = {}
    grown = []
    number = 0
    for hub in range(3):
        middle = 60.0 * hub
        villages[f"H{hub + 1}"] = (middle, 0.1, [40] * 6)
        schools[f"H{hub + 1}"] = (middle, 0, {"hub": True, "places_primary": 1_000.0})
        grown.append({"school_id": f"H{hub + 1}", "stage": "primary", "level": 1, "places": 0, "beds": 30,
                      "capital_cny": 15e6 / 7})  # fmt: skip
        for km, count, grades, pupils in ((6.0, 4, "1-6", [2] * 6), (25.0, 3, "4-6", [0, 0, 0, 3, 3, 3])):
            for x, y in on_a_ring(km, count, first=2):
                number += 1
                villages[f"V{number}"] = (middle + x, y, pupils)
                schools[f"S{number}"] = (middle + x, y + 0.1, {"grades": grades, "hub": False})
    return tiny_study(villages, schools, expansions=grown)


def test_yujiang_merges_140_of_147_into_22_boarding_hubs(yujiang: lo.Study) -> None:
    """A seventh of the county: 20 of 21 small schools, three boarding hubs; the one needed stays, with its reason."""
    plan = solved(yujiang, policy("yujiang"))
    assert len(closed(plan)) == 20
    kept = plan.schools.set_index("school_id").loc["S21"]
    assert (kept["role"], kept["reason"]) == ("full", "no other school can be reached in winter")
    hubs = plan.schools.set_index("school_id").loc[["H1", "H2", "H3"]]
    assert hubs["boarders"].sum() == 8 * 9, "too many for two hubs of 30 beds"
    assert (hubs["boarders"] > 0).all()
    assert hubs["level_primary"].tolist() == ["1", "1", "1"]
    assert plan.figures.capital_cny == pytest.approx(3 * 15e6 / 7)
    boards = plan.assignments[plan.assignments["mode"] == "board"]
    assert set(boards["band"]) == {"upper"}
    assert plan.figures.pupils_by_bus == 12 * 12


def test_yujiang_cannot_merge_more_than_can_be(yujiang: lo.Study) -> None:
    with pytest.raises(lo.InfeasibleError, match="merge_share"):
        lo.optimize(yujiang, policy("yujiang", merge_share=1.0), effort="quick")


def test_qinan_serves_12_sites_with_9_itinerant_teachers() -> None:
    """Six sites 6 km and six 12 km from the central school, one day a week each, two a day: three teams of three."""
    sites = on_a_ring(6.0, 6) + on_a_ring(12.0, 6)
    villages: dict[str, Any] = {"V0": (0, 0.1, [50] * 6)}
    schools: dict[str, Any] = {"S0": (0, 0, {"hub": True, "places_primary": 1_000.0})}
    for number, (x, y) in enumerate(sites, start=1):
        villages[f"V{number}"] = (x, y + 0.1, [4] * 6)
        schools[f"S{number}"] = (x, y, {"hub": False})
    study = tiny_study(villages, schools)
    plan = solved(study, policy("qinan", must_keep=tuple(f"S{n}" for n in range(1, 13))), "proof")
    support = dict(zip(plan.schools["school_id"], plan.schools["support"], strict=True))
    assert {school for school, form in support.items() if form == "itinerant"} == {f"S{n}" for n in range(1, 13)}
    assert plan.figures.itinerant_teachers == 9
    assert set(plan.tours.loc[plan.tours["site_id"] != "S0", "site_id"]) == {f"S{n}" for n in range(1, 13)}


def along_a_road(grades: str, distances_km: Mapping[str, float], pupils: list[int]) -> lo.Study:
    """A large school and small ones at these distances from it, each on its own road."""
    places = {code: on_a_ring(km, len(distances_km))[at] for at, (code, km) in enumerate(distances_km.items())}
    large = {"grades": grades, "hub": False, "places_primary": 1_000.0, "places_junior": 1_000.0}
    villages: dict[str, Any] = {"V0": (0, 0, [20 * count for count in pupils])}
    schools: dict[str, Any] = {"S0": (0, 0, large)}
    for code, (x, y) in places.items():
        villages[f"V{code}"] = (x, y, pupils)
        schools[code] = (x, y, {**large, "places_primary": 100.0, "places_junior": 100.0})
    return tiny_study(villages, schools)


PRIMARY, JUNIOR = [2] * 6, [0] * 6 + [3] * 3
DISTANCES = [
    ("andhra_pradesh", "1-6", PRIMARY, {"A": 0.7, "B": 0.95, "C": 1.05, "D": 1.6}, ["A", "B"]),
    ("andhra_pradesh", "7-9", JUNIOR, {"A": 1.6, "B": 2.9, "C": 3.1, "D": 4.0}, ["A", "B"]),
    ("japan_2015", "1-6", PRIMARY, {"A": 2.5, "B": 3.9, "C": 4.1, "D": 5.9}, ["A", "B"]),
    ("japan_2015", "7-9", JUNIOR, {"A": 3.9, "B": 5.9, "C": 6.1, "D": 9.0}, ["A", "B"]),
]


@pytest.mark.parametrize(("name", "grades", "pupils", "distances_km", "merged"), DISTANCES,
                         ids=[f"{case[0]} {case[1]}" for case in DISTANCES])  # fmt: skip
def test_distance_rules_merge_what_is_near_and_keep_what_is_far(
    name: str, grades: str, pupils: list[int], distances_km: Mapping[str, float], merged: list[str]
) -> None:
    """Closing saves money everywhere; only kilometres on foot hold it back. Teaching points count as kept."""
    study = along_a_road(grades, distances_km, pupils)
    plan = solved(study, policy(name))
    assert closed(plan) == merged
    walks = plan.assignments[plan.assignments["school_id"] == "S0"]
    limit = policy(name).access.walk_max_km
    assert limit is not None
    assert (walks["km"] <= walks["band"].map(limit.model_dump())).all()
