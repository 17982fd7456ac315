"""What a study holds and how pupils reach school today, before anything is decided."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import shapely

import layoutopt as lo
from layoutopt.errors import Finding, InputError, Problem
from layoutopt.io.datum import from_wgs84
from layoutopt.plan.check import MOST_SHOWN, StudyCheck, check_study
from layoutopt.plan.flags import Flag
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


def flag(found: StudyCheck, part: str) -> Flag:
    """The one finding that says ``part``."""
    (one,) = [flag for flag in found.flags if part in flag.text]
    return one


def test_findings_know_their_places() -> None:
    roads = [([(-1, 0), (30, 0)], {"class": "tertiary"}), ([(0, 90), (3, 90)], {"class": "tertiary"})]
    study = tiny_study({"V1": (1, 0, [4] * 6), "V9": (1, 9, [1] * 3)}, {"S1": (0, 0, {})}, roads=roads)
    found = check_study(study, policy())
    lost = flag(found, "no way leads")
    assert (lost.level, lost.layer, lost.ids) == ("error", "settlements", ("V9",))
    off = flag(found, "is off the road network")
    assert (off.level, off.layer, off.ids) == ("warning", "settlements", ("V9",))
    apart = flag(found, "lie apart")
    assert apart.text.startswith("3.0 of 34.0 km of road lie apart from the main network, in 1 piece")
    ((x, y),) = apart.places
    assert (x, y) == pytest.approx((501_500, 3_690_000)), "the middle of the road that lies apart"


def test_a_school_of_today_without_a_way_is_a_warning_where_another_is_reached() -> None:
    roads = [([(-1, 0), (3, 0)], {"class": "tertiary"}), ([(0, 40), (3, 40)], {"class": "tertiary"})]
    given = {"V1": {"current_primary": "S2"}}
    study = tiny_study({"V1": (1, 0, [4] * 3)}, {"S1": (0, 0, {}), "S2": (1, 40, {})}, roads=roads, current=given)
    found = check_study(study, policy())
    assert found.errors == () and found.baseline["lower"]["unreachable"] == []
    assert flag(found, "school of today S2").text == "no way leads from V1 to its school of today S2 (band lower)"
    assert flag(found, "leads to no settlement").ids == ("S2",)


def test_roads_that_buses_cannot_go_round_on_are_told() -> None:
    """Two roads of 10 km with a path between them: all in one piece on foot, in two by bus."""
    roads = [
        ([(-5, 0), (5, 0)], {"class": "tertiary"}),
        ([(5, 0), (8, 0)], {"class": "path"}),
        ([(8, 0), (18, 0)], {"class": "tertiary"}),
    ]
    study = tiny_study({"V1": (1, 0, [4] * 3), "V2": (12, 0, [4] * 3)}, {"S1": (0, 0, {})}, roads=roads)
    found = check_study(study, policy())
    assert (
        flag(found, "a bus may use").text
        == "only 50.0 % of the 20 km a bus may use are connected: look at the roads between"
    )
    assert flag(found, "leads to no school").ids == ("V2",)


def test_schools_of_today_that_are_not_given_are_told() -> None:
    found = check_study(STUDY, policy())
    told = flag(found, "name no school of today")
    assert told.ids == ("V1", "V2")
    assert found.methods["today"].rstrip(".") in told.text
    assert set(found.methods) == {"pupils", "today", "travel"}


def test_repairs_of_the_reading_keep_their_ids() -> None:
    study = dataclasses.replace(STUDY, notes=(Finding("S1 was moved", "schools", ("S1",)),))
    assert flag(check_study(study, policy()), "S1 was moved") == Flag("repair", "S1 was moved", "schools", ("S1",))


def test_points_shifted_by_a_web_map_are_told() -> None:
    """Forty schools on crooked roads near Ganzhou, drawn as a Chinese web map shows them."""
    rng = np.random.default_rng(7)
    roads = []
    for step in range(5):
        y = 2.5 * step + np.cumsum(rng.uniform(-0.2, 0.2, 31))
        roads += [list(zip(np.arange(31) * 0.4, y, strict=True)), list(zip(y, np.arange(31) * 0.4, strict=True))]
    spots = [roads[int(rng.integers(len(roads)))][int(rng.integers(31))] for _ in range(40)]
    schools = {f"S{number:02d}": (float(x), float(y), {}) for number, (x, y) in enumerate(spots)}
    lines = [([(float(x), float(y)) for x, y in road], {"class": "tertiary"}) for road in roads]
    study = tiny_study({"V1": (0, 0.1, [40] * 6)}, schools, roads=lines)
    assert not [text for text in check_study(study, policy()).warnings if "one vector" in text]

    def moved(points: np.ndarray) -> np.ndarray:
        return np.column_stack(from_wgs84(points[:, 0], points[:, 1], "gcj02"))

    degrees = study.schools.to_crs("EPSG:4326")
    degrees["geometry"] = shapely.transform(degrees.geometry.to_numpy(), moved)
    shifted = dataclasses.replace(study, schools=degrees.to_crs(study.crs))
    told = flag(check_study(shifted, policy()), "one vector")
    assert told.level == "warning" and told.layer == "schools"
    assert told.text.endswith('This looks like GCJ-02: set datum = "gcj02" under [layers.schools] in study.toml')


def test_findings_as_lines_and_values() -> None:
    found = check_study(STUDY, policy())
    lines = found.lines()
    assert lines[-1] == "0 errors, 2 warnings, 0 repairs"
    assert any(line.startswith("lower ") and " 13.0 " in line for line in lines)
    assert "today       pupils   mean km    P90 km    max km    <=2 km    <=3 km    <=5 km" in lines
    values = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert list(values)[:5] == ["errors", "warnings", "repairs", "counts", "baseline"]
    assert values["counts"]["pupils"] == 30
    assert values["findings"][0]["level"] == "warning"
    assert max(map(len, lines[:-3])) <= 100


def test_the_table_stays_short() -> None:
    many = StudyCheck(tuple(Flag("warning", f"w{number}") for number in range(MOST_SHOWN + 3)))
    assert many.lines()[-3:] == [
        f"warning: w{MOST_SHOWN - 1}",
        "warning: … and 3 more",
        f"0 errors, {MOST_SHOWN + 3} warnings, 0 repairs",
    ]
    assert len(many.warnings) == MOST_SHOWN + 3


def test_a_study_that_cannot_be_read() -> None:
    problems = [
        Problem("villages.csv row 14 (V013)", "pupils = -5", "Give 0 to 5000 pupils."),
        Problem("roads.shp", "empty"),
    ]
    found = StudyCheck.failed(InputError(problems))
    assert found.errors == ("villages.csv row 14 (V013): pupils = -5. Give 0 to 5000 pupils.", "roads.shp: empty.")
    assert [flag.layer for flag in found.flags] == ["villages.csv", "roads.shp"]
    assert StudyCheck.failed(InputError("nothing there")).lines() == [
        "error: nothing there",
        "1 error, 0 warnings, 0 repairs",
    ]
