"""What a study holds and how pupils reach school today, before anything is decided."""

from __future__ import annotations

import json
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.plan.check import StudyCheck, check_study
from layoutopt.testing import tiny_study


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {"detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, **changes}
    return lo.Policy().replace(**given)


STUDY = tiny_study(
    {"V1": (1, 0, [4] * 6), "V2": (2.5, 0, [1] * 6), "V3": (0, 3, [0])},
    {"S1": (0, 0, {"hub": True, "status": "keep"}), "S2": (9, 0, {"status": "candidate"})},
)


def test_counts() -> None:
    assert check_study(STUDY, policy()).counts == {
        "settlements": 3, "settlements_without_pupils": 1, "pupils": 30, "schools": 1, "small_schools": 0,
        "schools_under_100": 1, "hubs": 2, "protected_schools": 1,
    }  # fmt: skip


def test_today_by_band() -> None:
    found = check_study(STUDY, policy()).baseline["lower"]
    # Twelve pupils walk 1 km, three 2.5 km, at 10 minutes a kilometre.
    assert found["pupils"] == 15
    assert found["mean_km"] == pytest.approx((12 * 1 + 3 * 2.5) / 15)
    assert (found["mean_min"], found["p90_min"], found["max_min"]) == pytest.approx((13, 25, 25))
    assert found["share_within_km"] == {"2": 0.8, "3": 1.0, "5": 1.0}
    assert found["unreachable"] == []


def test_places_off_the_roads_and_bands_without_a_way() -> None:
    roads = [([(-1, 0), (3, 0)], {"class": "tertiary"})]
    study = tiny_study({"V1": (1, 0, [4] * 6), "V9": (1, 9, [1] * 3)}, {"S1": (0, 0, {})}, roads=roads)
    found = check_study(study, policy())
    assert found.errors == ("V9: no way leads to any school of band lower",)
    assert "settlement V9 is off the road network (nearest road 9,000 m away)" in found.warnings
    assert found.counts["roads"] == 1
    assert found.counts["road_km"] == pytest.approx(4.0)


def test_guesses_are_told() -> None:
    assert check_study(STUDY, policy()).warnings == (
        "2 settlements name no school of today for some band: the nearest one is assumed",
    )


def test_findings_as_lines_and_values() -> None:
    found = check_study(STUDY, policy())
    lines = found.lines()
    assert lines[-1] == "0 errors, 1 warnings, 0 repairs"
    assert any(line.startswith("lower ") and " 13.0" in line for line in lines)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["counts"]["pupils"] == 30
    assert StudyCheck(errors=("x",)).lines()[-2:] == ["error: x", "1 errors, 0 warnings, 0 repairs"]
