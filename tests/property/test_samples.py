"""Whatever the size asked for, a generated county adds up and everybody can go to school."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutopt.demand.spread import apportion
from layoutopt.options import build_options
from layoutopt.policy import Policy
from layoutopt.samples import generate_county, write_county
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import read_study

GRADES = list(PUPIL_COLUMNS)


@st.composite
def sizes(draw: st.DrawFn) -> dict[str, int]:
    settlements = draw(st.integers(10, 60))
    schools = draw(st.integers(1, settlements // 2))
    return {
        "settlements": settlements,
        "schools": schools,
        "pupils": draw(st.integers(20, 60 * settlements)),
        "towns": draw(st.integers(1, 20)),
        "area_km2": draw(st.integers(30, 1_500)),
        "teachers": draw(st.integers(schools, 20 * schools)),
        "seed": draw(st.integers(0, 2**31)),
    }


@settings(max_examples=20, deadline=None)
@given(sizes())
def test_county_adds_up(size: dict[str, int]) -> None:
    county = generate_county(**size)
    people, schools = county.settlements, county.schools
    assert people["settlement_id"].is_unique and schools["school_id"].is_unique
    assert people["settlement_id"].is_monotonic_increasing and schools["school_id"].is_monotonic_increasing
    assert people["name"].is_unique
    assert len(people) == size["settlements"] and len(schools) == size["schools"]
    by_grade = people[GRADES].to_numpy()
    assert by_grade.min() >= 0 and by_grade.sum() == size["pupils"]
    assert (by_grade.sum(axis=0) == schools[GRADES].to_numpy().sum(axis=0)).all()
    assert (schools["teachers"] >= 0).all() and schools["teachers"].sum() == size["teachers"]
    assert set(people["current_primary"]) | set(people["current_junior"]) <= set(schools["school_id"])
    for column, grades in (("current_primary", GRADES[:3]), ("current_junior", GRADES[6:])):
        attending = people.groupby(column)[grades].sum().reindex(schools["school_id"], fill_value=0)
        assert (attending.to_numpy() == schools[grades].to_numpy()).all()
    assert county.towns.union_all().buffer(1.0).contains(people.union_all())


@settings(max_examples=6, deadline=None)
@given(sizes())
def test_everybody_can_go_to_school(size: dict[str, int]) -> None:
    with tempfile.TemporaryDirectory() as aside:
        study = read_study(write_county(generate_county(**size), Path(aside) / "county"))
    assert len(build_options(study, Policy.preset("china_national")).without) == 0


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 1e6), min_size=1, max_size=50))
def test_shares_add_up_and_stay_near(total: int, weights: list[float]) -> None:
    weight = np.array(weights)
    parts = apportion(total, weight)
    assert parts.sum() == total
    assert np.abs(parts - total * weight / weight.sum()).max() < 1 + 1e-6
