"""How many pupils live where, for each source; sums worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

import layoutopt as lo
from layoutopt.errors import InputError, PolicyError
from layoutopt.pupils import enrolment_spread, pupils_method, pupils_of, pupils_source
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study
from layoutopt.study.finish import finish
from layoutopt.today import attendance, items_of, methods

CRS = "EPSG:32648"
Rows = Mapping[str, tuple[float, Mapping[str, Any]]]
PRIMARY = list(PUPIL_COLUMNS[:6])


def layer(rows: Rows, key: str) -> gpd.GeoDataFrame:
    table = pd.DataFrame([{key: code, **columns} for code, (_, columns) in rows.items()])
    return gpd.GeoDataFrame(table, geometry=[shapely.Point(1_000 * x, 0) for x, _ in rows.values()], crs=CRS)


def study(people: Rows, schools: Rows) -> Study:
    """A study along one road of kilometres; schools teach grades 1-6 and have 200 places."""
    rows = {code: (x, {"grades": "1-6", "places_primary": 200.0, **columns}) for code, (x, columns) in schools.items()}
    done = finish({"settlements": layer(people, "settlement_id"), "schools": layer(rows, "school_id")})
    return Study("line", done.settlements, done.schools, CRS)


def policy(**changes: Any) -> lo.Policy:
    return lo.Policy().replace(**{"detour_factor": 1.0, "gravity_halving_km": 2.0, **changes})


def grades(**given: float) -> dict[str, float]:
    return {**dict.fromkeys(PRIMARY, 0.0), **given}


def found(given: Study, **changes: Any) -> dict[str, list[float]]:
    table = pupils_of(given, policy(**changes))
    assert (table == table.round()).all(axis=None) and (table >= 0).all(axis=None)
    return {str(code): row.tolist() for code, row in table.iterrows()}


GRADES = {"V1": (0.0, {"g1": 2.0, "g6": 1.0, "primary_age": 60.0, "population": 900.0})}
AGES = {
    "V1": (0.0, {"primary_age": 8.0, "junior_age": 4.0, "population": 900.0}),
    "V2": (1.0, {"primary_age": 5.0, "junior_age": float("nan"), "population": 900.0}),
}
RESIDENTS = {"V1": (0.0, {"population": 200.0}), "V2": (2.0, {"population": 100.0})}
ENROLLED = {"S1": (0.0, grades(g1=6, g2=4)), "S2": (2.0, grades(g1=1, g6=2))}
NOT_ENROLLED: Rows = {"S1": (0.0, {}), "S2": (2.0, {})}


@pytest.mark.parametrize(
    ("people", "schools", "source"),
    [
        (GRADES, ENROLLED, "grades"),
        (AGES, ENROLLED, "ages"),
        (RESIDENTS, ENROLLED, "enrolment"),
        (RESIDENTS, NOT_ENROLLED, "residents"),
    ],
)
def test_the_first_source_the_files_allow(people: Rows, schools: Rows, source: str) -> None:
    assert pupils_source(study(people, schools), policy()) == source


@pytest.mark.parametrize(
    ("people", "schools", "method", "needs"),
    [
        (RESIDENTS, ENROLLED, "given", "g1…g9 or primary_age and junior_age in the settlements layer"),
        (RESIDENTS, NOT_ENROLLED, "enrolment", "g1…g9 in the schools layer and population in the settlements layer"),
        ({"V1": (0.0, {"g1": 2.0})}, ENROLLED, "enrolment",
         "g1…g9 in the schools layer and population in the settlements layer"),
        ({"V1": (0.0, {"g1": 2.0})}, ENROLLED, "residents", "population in the settlements layer"),
        (RESIDENTS, {"S1": (0.0, grades(g1=5) | {"status": "candidate"}), "S2": (1.0, {})}, "enrolment",
         "g1…g9 in the schools layer and population in the settlements layer"),
    ],
)  # fmt: skip
def test_a_source_the_files_do_not_allow(people: Rows, schools: Rows, method: str, needs: str) -> None:
    with pytest.raises(PolicyError) as caught:
        pupils_of(study(people, schools), policy(method=method))
    assert str(caught.value) == f"demand.method = '{method}' needs {needs}: this study has none."


def test_a_study_without_any_source_is_refused() -> None:
    with pytest.raises(InputError, match="Add one of them, or primary_age and junior_age"):
        study({"V1": (0.0, {})}, ENROLLED)


def test_given_by_grade() -> None:
    given = study(GRADES, ENROLLED)
    assert found(given) == {"V1": [2, 0, 0, 0, 0, 1, 0, 0, 0]}
    assert pupils_method(given, policy()) == "Pupils as given by grade in the settlements layer."


def test_given_by_age() -> None:
    given = study(AGES, NOT_ENROLLED)
    # 8 over 6 grades: one each, the two over to grades 1 and 2; V2's 5 go on with grades 3-6 and 1.
    # 4 over 3 grades: one each, one over to grade 7. A gap counts as none.
    assert found(given) == {"V1": [2, 2, 1, 1, 1, 1, 2, 1, 1], "V2": [1, 0, 1, 1, 1, 1, 0, 0, 0]}
    assert pupils_method(given, policy()) == (
        "Children by age (primary_age and junior_age of the settlements layer), spread evenly over the grades."
    )


def test_residents_times_shares_with_a_town_of_its_own() -> None:
    people: Rows = {
        "V1": (0.0, {"population": 1_000.0, "town": "城关镇"}),
        "V2": (2.0, {"population": 1_000.0, "town": "East"}),
        "V3": (4.0, {"population": float("nan"), "town": ""}),
    }
    given = study(people, NOT_ENROLLED)
    shares = {"pupil_share": 0.03, "town_pupil_share": {"城关": 0.06}}
    # 1,000 · 0.03 / 3 = 10 a grade; twice that in the town named without its ending.
    assert found(given, **shares) == {"V1": [20] * 9, "V2": [10] * 9, "V3": [0] * 9}
    assert pupils_method(given, policy(**shares)) == (
        "Residents times the policy's shares of pupils (3 % lower, 3 % upper, 3 % junior; one town has shares of its own)."
    )


def test_shares_of_a_town_nobody_knows() -> None:
    given = study({"V1": (0.0, {"population": 10.0, "town": "East"})}, NOT_ENROLLED)
    with pytest.raises(PolicyError) as caught:
        pupils_of(given, policy(town_pupil_share={"Eats": 0.1}))
    assert str(caught.value) == (
        "demand.town_pupil_share names 'Eats', which is no town of the settlements. Did you mean 'East'?"
    )


def test_enrolment_spread_by_gravity() -> None:
    given = study(RESIDENTS, ENROLLED)
    # S1's pull: V1 200 · 2^0, V2 100 · 2^-1 = 50: four fifths and one fifth of 10 pupils, 8 and 2.
    # S2's pull: V1 200 · 2^-1 = 100, V2 100 · 2^0: halves of 3 pupils, 1.5 each. S1 left nothing owed, so the
    # nearer ring, first of two equal remainders, rounds up: V2 has 2, V1 has 1.
    rows = enrolment_spread(given, policy())
    by_pair = rows.set_index(["settlement_id", "school_id"])[PRIMARY].sum(axis=1).to_dict()
    assert by_pair == {("V1", "S1"): 8, ("V2", "S1"): 2, ("V1", "S2"): 1, ("V2", "S2"): 2}
    assert rows.groupby("school_id")[PRIMARY].sum().loc["S1"].tolist() == [6, 4, 0, 0, 0, 0]
    assert rows.groupby("school_id")[PRIMARY].sum().loc["S2"].tolist() == [1, 0, 0, 0, 0, 2]
    assert sum(found(given)["V1"]) == 9
    assert pupils_method(given, policy()) == (
        "13 pupils enrolled at 2 schools, spread over the settlements by residents and distance "
        "(the pull halves every 2 km)."
    )


def test_a_longer_halving_sends_more_from_afar() -> None:
    given = study(RESIDENTS, {"S1": (0.0, grades(g1=100))})
    # 2 km is a quarter of a halving of 8: 100 · 2^-0.25 = 84.1 against 200: 29.6 of 100.
    assert found(given, gravity_halving_km=8.0)["V2"][0] == 30


def test_enrolment_spread_to_the_nearest() -> None:
    people: Rows = {**RESIDENTS, "V3": (3.0, {"population": 300.0}), "V4": (9.0, {"population": 0.0})}
    given = study(people, ENROLLED)
    # Grades 1-3: V1 belongs to S1; V2 and V3 to S2, whose one pupil is V3's (0.25 : 0.75), so V2 is owed 0.25.
    # Grades 4-6: only S2 enrols any, so all belong to it: 2 pupils are 0.67 : 0.33 : 1. V3 has one; of the
    # remainders V1's 0.67 beats V2's 0.33 + 0.25.
    assert found(given, spread="nearest") == {
        "V1": [6, 4, 0, 0, 0, 1, 0, 0, 0],
        "V2": [0] * 9,
        "V3": [1, 0, 0, 0, 0, 1, 0, 0, 0],
        "V4": [0] * 9,
    }
    assert pupils_method(given, policy(spread="nearest")) == (
        "13 pupils enrolled at 2 schools, spread over the settlements nearest to each school, in proportion to residents."
    )


def test_children_of_the_age_weigh_where_they_are_given() -> None:
    people: Rows = {
        "V1": (0.0, {"population": 200.0, "primary_age": 10.0}),
        "V2": (0.0, {"population": 100.0, "primary_age": 30.0}),
    }
    given = study(people, {"S1": (1.0, grades(g1=4))})
    assert [row[0] for row in found(given, method="enrolment").values()] == [1, 3]
    assert "children of that age" in pupils_method(given, policy(method="enrolment"))


def test_a_settlement_that_names_its_school_sends_children_there_only() -> None:
    people: Rows = {
        "V1": (0.0, {"population": 100.0, "current_primary": "S2"}),
        "V2": (0.0, {"population": 100.0}),
    }
    rows = enrolment_spread(study(people, ENROLLED), policy())
    assert set(rows.loc[rows["settlement_id"] == "V1", "school_id"]) == {"S2"}
    assert rows.groupby("school_id")[PRIMARY].sum().sum(axis=1).to_dict() == {"S1": 10, "S2": 3}


def test_nobody_is_lost_where_everybody_names_another_school_or_lives_far() -> None:
    people: Rows = {"V1": (0.0, {"population": 100.0, "current_primary": "S1"})}
    far = {**ENROLLED, "S3": (9_000.0, grades(g4=2))}  # 2 to the power of -4,500 is 0 on a computer
    assert found(study(people, far)) == {"V1": [7, 4, 0, 2, 0, 2, 0, 0, 0]}


def test_pupils_of_a_school_that_no_way_reaches_stay_counted() -> None:
    path = gpd.GeoDataFrame({"class": ["tertiary"]}, geometry=[shapely.LineString([(0, 0), (1_000, 0)])], crs=CRS)
    people: Rows = {"V1": (0.0, {"population": 100.0}), "V2": (89.5, {"population": 0.0})}
    given = study(people, {"S1": (0.5, grades(g1=3)), "S2": (90.0, grades(g1=2))})
    on_roads = Study("roads", given.settlements, given.schools, CRS, roads=path)
    assert [row[0] for row in found(on_roads).values()] == [5, 0]
    assert [row[0] for row in found(on_roads, spread="nearest").values()] == [5, 0]


def test_a_candidate_s_enrolment_is_not_counted_and_gaps_are_nobody() -> None:
    schools: Rows = {
        "S1": (0.0, grades(g1=3) | {"g2": float("nan")}),
        "S2": (0.0, grades(g1=9) | {"status": "candidate"}),
    }
    assert found(study({"V1": (0.0, {"population": 10.0})}, schools))["V1"] == [3, *[0] * 8]


def test_an_enrolment_that_rounds_to_nobody() -> None:
    given = study({"V1": (0.0, {"population": 10.0})}, {"S1": (0.0, grades(g1=0.3))})
    assert found(given) == {"V1": [0] * 9}
    assert enrolment_spread(given, policy()).empty
    assert attendance(given, policy()).empty and items_of(given, policy()).empty
    assert methods(given, policy())["today"] == "Nobody attends a school today."


PLACES = st.integers(0, 12).map(float)
COUNTS = st.integers(0, 7).map(float)


@st.composite
def counties(draw: st.DrawFn) -> Study:
    """A few settlements and schools on a line, with any of the columns pupils may come from."""
    columns = draw(st.sets(st.sampled_from(["g1", "g5", "primary_age", "population"]), min_size=1))
    people = {
        f"V{at}": (draw(PLACES), {name: draw(COUNTS) * (20 if name == "population" else 1) for name in sorted(columns)})
        for at in range(draw(st.integers(1, 5)))
    }
    status = st.sampled_from(["open", "open", "candidate", "close"])
    span = st.sampled_from(["1-6", "1-3", "1-9"])
    rows: dict[str, tuple[float, dict[str, Any]]] = {"S0": (draw(PLACES), {"grades": "1-9", "places_junior": 200.0})}
    for at in range(1, draw(st.integers(2, 4))):
        rows[f"S{at}"] = (draw(PLACES), {"grades": draw(span), "status": draw(status)})
    if draw(st.booleans()):
        rows = {code: (x, {**row, "g1": draw(COUNTS), "g5": draw(COUNTS)}) for code, (x, row) in rows.items()}
    names = draw(st.booleans())
    if names:
        people = {code: (x, {**row, "current_primary": draw(st.sampled_from(["", "S0"]))})
                  for code, (x, row) in people.items()}  # fmt: skip
    return study(people, rows)


@settings(max_examples=25, deadline=None)
@drawn(counties(), st.sampled_from(["gravity", "nearest"]), st.sampled_from(["auto", "nearest"]))
def test_nobody_is_lost_or_invented(given: Study, spread: str, attending: str) -> None:
    choice = policy(spread=spread, attendance=attending)
    pupils = pupils_of(given, choice)
    assert (pupils == pupils.round()).all(axis=None) and (pupils >= 0).all(axis=None)
    names = list(PUPIL_COLUMNS)
    if pupils_source(given, choice) == "enrolment":
        enrolled = given.schools.reindex(columns=names).fillna(0)
        enrolled = enrolled[given.schools["status"] != "candidate"]
        assert pupils.sum().tolist() == enrolled.sum().tolist()
        there = enrolment_spread(given, choice).groupby("school_id")[names].sum()
        assert there.reindex(enrolled.index, fill_value=0.0).to_numpy().tolist() == enrolled.to_numpy().tolist()
    today = attendance(given, choice)
    attended = today.groupby("settlement_id")[names].sum().reindex(pupils.index, fill_value=0.0)
    assert attended.to_numpy().tolist() == pupils.to_numpy().tolist()
    assert not today.duplicated(["settlement_id", "band", "school_id"]).any()
    items = items_of(given, choice)
    assert items["item"].is_unique
    assert items["pupils"].sum() == pupils.to_numpy().sum()
    assert set(methods(given, choice)) == {"pupils", "today", "travel"}
