"""Forecasts against sums by hand, and against counties whose future is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.ahead.forecast_rates import RETENTION
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.testing import tiny_study

GRADES = list(PUPIL_COLUMNS)


def county(
    pupils: dict[str, list[float]], *, towns: dict[str, str] | None = None, history: Any = None, **more: Any
) -> lo.Study:
    """Villages in a row, each beside a primary and a junior school that enrol its pupils."""
    schools: dict[str, Any] = {}
    current: dict[str, Any] = {}
    town = towns or dict.fromkeys(pupils, "A")
    for at, (code, by_grade) in enumerate(pupils.items()):
        given = dict(zip(GRADES, by_grade, strict=True))
        places = {"town": town[code], "places_primary": 1e6, "places_junior": 1e6}
        primary = {name: given[name] for name in GRADES[:6]} | dict.fromkeys(GRADES[6:], 0.0)
        junior = dict.fromkeys(GRADES[:6], 0.0) | {name: given[name] for name in GRADES[6:]}
        schools[f"P{code}"] = (5.0 * at, 0.1, {**places, **primary, "grades": "1-6"})
        schools[f"J{code}"] = (5.0 * at, 0.2, {**places, **junior, "grades": "7-9"})
        extra = more.get("columns", {}).get(code, {})
        current[code] = {"town": town[code], "current_primary": f"P{code}", "current_junior": f"J{code}", **extra}
    places = {code: (5.0 * at, 0.0, by_grade) for at, (code, by_grade) in enumerate(pupils.items())}
    return tiny_study(places, schools, history=history, current=current, year=more.get("year", 2024))


def grades_of(found: lo.Study | pd.DataFrame, row: int = 0) -> list[float]:
    return [float(value) for value in found[GRADES].iloc[row]]


def test_cohorts_move_up_and_births_come_in_by_hand() -> None:
    # Retention 1, nobody moves. Births 12 a year, but 24 in 2019: first grades today were 12 · 1.25 = 15, so the rate
    # is 15 / 12 = 1.25 ... 2025: 8/12 · 24 + 4/12 · 12 = 20 → 25; 2026: 8/12 · 12 + 4/12 · 24 = 16 → 20.
    # V1 has two thirds of the primary pupils: 25 → 16 2/3 → 17 and 8; 20 → 13 1/3 → 13 and 7.
    study = county({"V1": [10.0] * 9, "V2": [5.0] * 9}, towns={"V1": "A", "V2": "B"})
    births = dict.fromkeys(range(2009, 2022), 12.0) | {2019: 24.0}
    found = lo.forecast(study, [2025, 2026], births=births, migration=0.0, retention=1.0)
    assert found.county["g1"].tolist() == [25, 20]
    assert grades_of(found.table, 0) == [17, 10, 10, 10, 10, 10, 10, 10, 10]
    assert grades_of(found.table, 1) == [8, 5, 5, 5, 5, 5, 5, 5, 5]
    assert grades_of(found.table, 2) == [13, 17, 10, 10, 10, 10, 10, 10, 10]
    assert grades_of(found.table, 3) == [7, 8, 5, 5, 5, 5, 5, 5, 5]
    assert "1.250 pupils for each child born, as 9 known first grades were" in str(found)


def test_births_by_town_and_by_settlement_stay_there() -> None:
    study = county({"V1": [10.0] * 9, "V2": [10.0] * 9}, towns={"V1": "A", "V2": "B"})
    rows = [(year, town, births) for year in range(2009, 2020) for town, births in (("A", 4.0), ("B", 16.0))]
    by_town = pd.DataFrame(rows, columns=["year", "town", "births"])
    # 20 births a year and 20 in each first grade: rate 1.
    found = lo.forecast(study, 2025, births=by_town, migration=0.0, retention=1.0)
    assert found.table["g1"].tolist() == [4, 16]
    by_place = by_town.assign(settlement_id=by_town.pop("town").map({"A": "V1", "B": "V2"}))
    found = lo.forecast(study, 2025, births=by_place, migration=0.0, retention=1.0)
    assert found.table["g1"].tolist() == [4, 16]


def test_the_rate_of_school_totals_by_hand() -> None:
    # Primary 10 a grade: last and first grade a sixth each. 66 pupils in 2023 → 55 could go on; 60 today → 50 did:
    # 50 / 55 = 0.909. Junior 33 → 22, 30 → 20: the same. Three classes of 0.909 · 1,000 …: here 1,000 a grade.
    history = [{"school_id": "PV1", "year": 2023, "pupils": 6_600}, {"school_id": "JV1", "year": 2023, "pupils": 3_300}]
    study = county({"V1": [1_000.0] * 9}, history=history)
    found = lo.forecast(study, 2025)
    assert found.rates.loc[0, "g1_to_g2"] == pytest.approx(10 / 11)
    # 1,000 today were 1,000 · 1.1^(g−1) in grade 1: first grades fall by 1/1.1 a year; flattened once: 1.1^−0.9.
    assert grades_of(found.table) == pytest.approx([1_000 * 1.1**-0.9, *[10_000 / 11] * 8], abs=1)
    assert found.county["pupils"].tolist() == [round(1_000 * 1.1**-0.9 + 8 * 10_000 / 11)]


def test_small_children_come_in_class_by_class() -> None:
    # 64 in grade 1 and six classes of children, of age 0 to 5: 63 = 32 + 16 + 8 + 4 + 2 + 1, each half the one before.
    study = county({"V1": [64.0] * 9}, columns={"V1": {"age_0_6": 63.0}})
    found = lo.forecast(study, [2025, 2026, 2027], migration=0.0, retention=1.0)
    assert found.county["g1"].tolist() == [32, 16, 8]
    # Of the 63 in 2024, 7 are left in 2027, beside the three classes of the trend to come.
    assert found.study(2027).settlements.loc["V1", "age_0_6"] > 7


@pytest.mark.parametrize("age", [6, 7])
def test_a_steady_county_stays_steady(age: int) -> None:
    """100 a grade and 100 children of each year under school age: as many years as the age school starts at."""
    study = county({"V1": [100.0] * 9}, columns={"V1": {"age_0_6": 100.0 * age}})
    found = lo.forecast(study, [2025, 2031, 2032], migration=0.0, retention=1.0, entry_age=age)
    assert found.county["g1"].tolist() == [100, 100, 100]
    assert found.study(2031).settlements["age_0_6"].tolist() == [100.0 * age]


def test_without_any_history_the_country_is_taken() -> None:
    study = county({"V1": [1_000.0] * 9})
    found = lo.forecast(study, 2025)
    assert grades_of(found.table)[1:] == pytest.approx([1_000 * RETENTION] * 8, abs=1)
    assert "No earlier enrolments are known: 99.45% of the pupils go on" in str(found)


def test_migration_of_one_town_by_hand() -> None:
    # A loses a tenth a year, with nobody dropping out: 100 → 90. B keeps what is found, here the country's default.
    study = county({"V1": [100.0] * 9, "V2": [1_000.0] * 9}, towns={"V1": "A", "V2": "B"})
    found = lo.forecast(study, 2025, migration={"A": -0.1}, retention=1.0)
    assert grades_of(found.table, 0)[1:] == [90] * 8
    assert grades_of(found.table, 1)[1:] == [1_000] * 8
    everywhere = lo.forecast(study, 2025, migration=-0.1, retention=1.0)
    assert grades_of(everywhere.table, 1)[1:] == [900] * 8


def test_retention_of_one_grade() -> None:
    study = county({"V1": [1_000.0] * 9})
    found = lo.forecast(study, 2025, retention={6: 0.9})
    assert found.table.loc[0, "g7"] == 900
    assert found.table.loc[0, "g8"] == pytest.approx(1_000 * RETENTION, abs=1)


def past(first: dict[int, float], rates: np.ndarray, years: range) -> pd.DataFrame:
    """Enrolments of a county whose first grades and rates are known."""
    rows = []
    for year in years:
        pupils = [first[year - grade] * float(np.prod(rates[:grade])) for grade in range(9)]
        rows.append({"year": year, **dict(zip(GRADES, pupils, strict=True))})
    return pd.DataFrame(rows)


def test_a_county_that_follows_the_model_is_forecast_exactly() -> None:
    rates = np.array([0.99, 0.98, 0.97, 1.01, 1.0, 0.93, 0.96, 0.95])
    first = {year: 2_000 * 0.94 ** (year - 2024) for year in range(2010, 2031)}
    table = past(first, rates, range(2020, 2031))
    today = [float(value) for value in table.loc[table["year"] == 2024, GRADES].to_numpy()[0]]
    study = county({"V1": today})
    found = lo.forecast(study, range(2025, 2031), enrolment=table[table["year"] < 2024], by="county", damping=1.0)
    assert found.rates[[f"g{g}_to_g{g + 1}" for g in range(1, 9)]].iloc[0].tolist() == pytest.approx(rates, rel=1e-3)
    truth = table[table["year"] > 2024][GRADES].to_numpy()
    np.testing.assert_allclose(found.county[GRADES].to_numpy(), truth, atol=2.5)  # today's pupils are whole


def test_totals_of_schools_find_the_rate_of_a_steady_county() -> None:
    # First grades grow by one factor and one rate holds: the relation of Preston and Coale is exact.
    rates = np.full(8, 0.97)
    first = {year: 30_000 * 0.95 ** (year - 2024) for year in range(2010, 2025)}
    table = past(first, rates, range(2021, 2025)).set_index("year")
    history = [
        {"school_id": code, "year": year, "pupils": float(table.loc[year, names].sum())}
        for code, names in (("PV1", GRADES[:6]), ("JV1", GRADES[6:]))
        for year in (2021, 2022, 2023)
    ]
    study = county({"V1": [float(value) for value in table.loc[2024]]}, history=history)
    found = lo.forecast(study, 2025, by="county")
    assert found.rates.loc[0, "g3_to_g4"] == pytest.approx(0.97, abs=1e-4)


@pytest.mark.parametrize("by", ["town", "settlement"])
def test_bands_hold_about_as_many_towns_as_they_say(by: str) -> None:
    """Fifty towns with rates of their own: six years known, three more played out by chance."""
    rng = np.random.default_rng(11)
    factor = 0.97 * (1 + 0.02 * rng.normal(size=50))
    first = 60 * 0.96 ** np.arange(-15, 4)
    names = [f"T{at:02d}" for at in range(50)]
    state = np.array([[60 * 0.96**-grade * 0.97**grade for grade in range(9)] for _ in names])
    rows = []
    for at, year in enumerate(range(2018, 2028)):
        if at:
            moved = rng.poisson(state[:, :-1] * factor[:, None])
            state = np.column_stack([rng.poisson(first[at + 5] / first[5] * 60, 50), moved])
        else:
            state = rng.poisson(state)
        rows += [{"year": year, "place": name, **dict(zip(GRADES, map(float, row), strict=True))}
                 for name, row in zip(names, state, strict=True)]  # fmt: skip
    table = pd.DataFrame(rows)
    today = table[table["year"] == 2024].set_index("place")[GRADES]
    study = county({name: today.loc[name].tolist() for name in names}, towns={name: f"Town {name}" for name in names})
    before = table[table["year"] < 2024]
    parts = [before.assign(school_id=f"{kind}" + before["place"]) for kind in "PJ"]
    parts[0][GRADES[6:]] = 0.0
    parts[1][GRADES[:6]] = 0.0
    enrolment = pd.concat(parts).drop(columns="place")
    found = lo.forecast(study, 2027, enrolment=enrolment, by=by)
    truth = table[table["year"] == 2027].set_index("place")[GRADES].sum(axis=1)
    towns = found.table.set_index("settlement_id")
    inside = (towns["low"] <= truth) & (truth <= towns["high"])
    assert 0.66 <= inside.mean() <= 0.94
    naive = today.sum(axis=1)
    assert (towns["pupils"] - truth).abs().mean() < 0.7 * (naive - truth).abs().mean()
    assert found.county["low"].iloc[0] <= truth.sum() <= found.county["high"].iloc[0]


def test_a_study_of_a_later_year_is_consistent() -> None:
    history = [
        {"school_id": code, "year": year, "pupils": pupils}
        for code, pupils in (("PV1", 62), ("JV1", 31), ("PV2", 31), ("JV2", 16))
        for year in (2022, 2023)
    ]
    study = county({"V1": [10.0] * 9, "V2": [5.0] * 9}, history=history)
    found = lo.forecast(study, 2027)
    later = found.study(2027)
    assert later.year == 2027
    pupils = later.settlements[GRADES]
    assert (pupils == np.round(pupils)).all(axis=None)
    # Each school enrols whom its settlement sends; the years between stand in the history.
    for code in ("V1", "V2"):
        own = later.schools.loc[[f"P{code}", f"J{code}"], GRADES].sum()
        assert own.tolist() == pupils.loc[code].tolist()
    totals = later.history.pivot_table(index="year", columns="school_id", values="pupils")
    assert totals.index.tolist() == [2022, 2023, 2024, 2025, 2026]
    assert totals.loc[2024, ["PV1", "JV2"]].tolist() == [60, 15]
    assert totals.loc[2026, "PV1"] == found.course[2026].loc["V1", GRADES[:6]].sum()
    assert later.digest != study.digest
    assert found.study(2024) is study


def test_given_figures_stand_and_the_rest_adds_up() -> None:
    base = county({"V1": [10.0] * 9, "V2": [5.0] * 9, "V3": [7.0] * 9}, towns={"V1": "A", "V2": "A", "V3": "B"})
    given = pd.DataFrame([{"settlement_id": "V1", "year": 2025, **dict.fromkeys(GRADES, 8.5)}])
    study = replace(base, forecast=given)
    found = lo.forecast(study, [2025, 2026], retention=1.0, migration=0.0)
    first = found.table[found.table["year"] == 2025].set_index("settlement_id")
    assert first.loc["V1", GRADES].tolist() == [8.5] * 9
    assert first["given"].tolist() == [True, False, False]
    assert first.loc["V2", GRADES].tolist()[1:] == [5] * 8
    # The year after, the given classes have moved up: 8.5 of V1 and 5 of V2, in whole pupils 13 or 14.
    second = found.towns[(found.towns["year"] == 2026) & (found.towns["town"] == "A")]
    assert set(grades_of(second)[2:]) <= {13.0, 14.0}
    assert "Figures of 1 settlement in 2025 stand" in str(found)


def test_totals_are_met_by_towns_and_villages() -> None:
    study = county({"V1": [30.0] * 9, "V2": [15.0] * 9, "V3": [20.0] * 9}, towns={"V1": "A", "V2": "A", "V3": "B"})
    totals = pd.DataFrame({"year": [2025, 2025], "town": ["A", "B"], "pupils": [360, 200]})
    found = lo.forecast(study, 2025, totals=totals)
    assert found.towns["pupils"].tolist() == [360, 200]
    assert found.county["pupils"].tolist() == [560]
    by_grade = pd.DataFrame([{"year": 2025, "town": "", **dict.fromkeys(GRADES, 60.0)}])
    both = pd.concat([by_grade, totals.assign(pupils=[350, 190])])
    found = lo.forecast(study, 2025, totals=both)
    assert grades_of(found.county) == [60] * 9
    assert found.towns["pupils"].tolist() == [350, 190]
    assert found.table.groupby("town")["pupils"].sum().tolist() == [350, 190]
    assert lo.forecast(study, 2025, totals={2025: 500}).county["pupils"].tolist() == [500]


def test_villages_towns_and_county_add_up_grade_by_grade() -> None:
    study = lo.sample("valley")
    found = lo.forecast(study, range(2025, 2031), by="settlement")
    names = [*GRADES, "pupils"]
    towns = found.table.groupby(["year", "town"])[names].sum().reset_index()
    assert towns[names].to_numpy().tolist() == found.towns.sort_values(["year", "town"])[names].to_numpy().tolist()
    assert found.towns.groupby("year")[names].sum().to_numpy().tolist() == found.county[names].to_numpy().tolist()
    again = lo.forecast(study, range(2025, 2031), by="settlement")
    assert again.table.equals(found.table)
