"""Points worth a look: each finding with its figures, and silence where all is well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from layoutopt.study import Study
from layoutopt.study.points import point_findings
from layoutopt.testing import CRS, ORIGIN_M, tiny_study


def study(
    people: Mapping[str, tuple[float, float, Mapping[str, Any]]],
    schools: Mapping[str, tuple[float, float, Mapping[str, Any]]],
    towns: Mapping[str, tuple[float, float, float, float]] | None = None,
) -> Study:
    """A study from kilometres, with more columns of the settlements layer than pupils."""
    base = tiny_study({code: (x, y, [1]) for code, (x, y, _) in people.items()}, schools)
    columns = pd.DataFrame([dict(row) for *_, row in people.values()], index=list(people))
    areas = None
    if towns is not None:
        boxes = [shapely.box(*(1_000 * part + ORIGIN_M[at % 2] for at, part in enumerate(b))) for b in towns.values()]
        areas = gpd.GeoDataFrame({"town": list(towns)}, geometry=boxes, crs=CRS)
    kept = base.settlements.drop(columns=[name for name in columns if name in base.settlements])
    return replace(base, settlements=kept.join(columns), towns=areas)


def said(*given: Any) -> list[str]:
    return [str(finding) for finding in point_findings(study(*given))]


def test_nothing_to_say() -> None:
    towns = {"Ford": (-1.0, -1.0, 1.0, 1.0)}
    people = {"V1": (0, 0, {"population": 40.0, "town": "Ford"})}
    schools = {"S1": (0, 0.06, {"town": "Ford", "settlement": "V1", "g1": 1.0}), "S2": (0, 0.12, {"g1": 2.0})}
    assert said(people, schools, towns) == []


def test_places_with_nobody() -> None:
    people = {
        "V1": (0, 0, {"population": 0.0, "g1": 0.0}),
        "V2": (1, 0, {"population": 9.0, "g1": 0.0}),
        "V3": (2, 0, {"population": float("nan"), "g1": 0.0}),
    }
    found = point_findings(study(people, {"S1": (0, 1, {})}))
    assert [(str(finding), finding.layer, finding.ids) for finding in found] == [
        ("2 settlements have no residents and no pupils: V1, V3", "settlements", ("V1", "V3"))
    ]
    assert said({"V1": (0, 0, {"g1": 0.0}), "V2": (1, 0, {})}, {"S1": (0, 1, {})})[0] == (
        "2 settlements have no pupils: V1, V2"
    )


def test_more_pupils_than_residents() -> None:
    people = {
        "V1": (0, 0, {"name": "Ford", "population": 5.0, "g1": 6.0}),
        "V2": (1, 0, {"population": 6.0, "g1": 6.0}),
    }
    assert said(people, {"S1": (0, 1, {})}) == ["settlement V1 (Ford) has 6 pupils but 5 residents"]


def test_a_school_far_from_its_own_settlement() -> None:
    people = {"V1": (0, 0, {"name": "Ford", "g1": 1.0})}
    schools = {
        "S1": (3, 4, {"settlement": "V1", "name": "Ford School"}),  # 3-4-5: five kilometres
        "S2": (0, 1.999, {"settlement": "V1"}),
        "S3": (9, 9, {}),
    }
    assert said(people, schools) == ["school S1 (Ford School) stands 5.0 km from its own settlement V1 (Ford)"]


def test_a_school_outside_its_town() -> None:
    towns = {"Ford": (0.0, 0.0, 1.0, 1.0)}
    schools = {
        "S1": (2.2, 0.5, {"town": "Ford"}),  # 1.2 km east of the eastern edge
        "S2": (1.49, 0.5, {"town": "Ford"}),
        "S3": (5, 5, {"town": "Mill"}),
    }
    assert said({"V1": (0, 0, {"g1": 1.0})}, schools, towns) == [
        "town 'Mill' has no boundary in the towns layer",
        "school S1 (S1) stands 1.2 km outside its town Ford",
    ]


def test_two_schools_on_one_compound_and_two_settlements_on_one_point() -> None:
    people = {"V1": (0, 0, {"g1": 1.0}), "V2": (0, 0, {"g1": 1.0}), "V3": (0, 0.1, {"g1": 1.0})}
    schools = {"S1": (1, 0, {}), "S2": (1, 0.04, {}), "S3": (1, 0.08, {}), "S4": (2, 0, {}), "S5": (2, 0, {})}
    # S1 and S3 are 80 m apart, but each is within 50 m of S2.
    assert said(people, schools) == [
        "settlements V1, V2 stand on one point",
        "schools S1 (S1), S2 (S2) and S3 (S3) stand 80 m apart: one compound?",
        "schools S4 (S4) and S5 (S5) stand on one point: one compound?",
    ]


def test_odd_enrolments() -> None:
    schools = {
        "S1": (0, 1, {"g1": 4.0, "g7": 0.0}),
        "S2": (1, 1, {"g1": 0.0, "g7": 0.0}),
        "S3": (2, 1, {"g1": 4.0, "g7": 3.0}),
        "S4": (3, 1, {"g1": 4.0, "g7": 0.0, "status": "candidate"}),
    }
    assert said({"V1": (0, 0, {"g1": 1.0})}, schools) == [
        "1 school enrols nobody today: S2",
        "school S3 (S3) teaches grades 1-6 but enrols 3 pupils of others",
        "school S4 (S4) is a candidate, not built yet: its enrolment is not counted",
    ]


def test_a_settlement_far_from_every_other() -> None:
    # Eleven villages a kilometre apart and one 35 km off: ten times the usual kilometre, and beyond 20 km.
    people = {f"V{k}": (float(k), 0.0, {"g1": 1.0}) for k in range(11)} | {"W": (45.0, 0.0, {"g1": 1.0})}
    schools = {"S1": (0.0, 0.1, {"g1": 12.0})}
    assert said(people, schools) == ["settlement W (W) lies 35 km from every other: check its place"]
    assert said({code: row for code, row in people.items() if code != "W"}, schools) == []
