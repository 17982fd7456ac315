"""Forecasts: what is asked wrongly is said, what comes out can be read, drawn, written and read again."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import layoutopt as lo
from layoutopt.ahead.forecast_result import Forecast
from layoutopt.cli import BAD_INPUT, DONE, main
from layoutopt.errors import AskError, MissingExtraError
from layoutopt.plan.studycopy import write_study
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.testing import tiny_study

GRADES = list(PUPIL_COLUMNS)


def village(pupils: list[float] | None = None, **more: Any) -> lo.Study:
    both = {"grades": "1-9", "places_primary": 500.0, "places_junior": 500.0}
    current = {
        "V1": {"town": "Upper", "current_primary": "S1", "current_junior": "S1", **more.pop("column", {})},
        "V2": {"town": "Lower", "current_primary": "S2", "current_junior": "S2"},
    }
    schools = {
        "S1": (0, 0.1, {**both, "town": "Upper", **dict.fromkeys(GRADES, 10.0)}),
        "S2": (4, 0.1, {**both, "town": "Lower", **dict.fromkeys(GRADES, 20.0)}),
    }
    history = [
        {"school_id": school, "year": year, "pupils": pupils}
        for school, size in (("S1", (101, 96)), ("S2", (190, 186)))
        for year, pupils in zip((2022, 2023), size, strict=True)
    ]
    given: dict[str, Any] = {"history": history, "year": 2024, "current": current, **more}
    return tiny_study({"V1": (0, 0, pupils or [10] * 9), "V2": (4, 0, [20] * 9)}, schools, **given)


@pytest.fixture(scope="module")
def found() -> Forecast:
    return lo.forecast(village(), [2025, 2027])


def test_the_tables_have_a_row_a_place_and_year(found: Forecast) -> None:
    assert list(found.table) == ["settlement_id", "town", "year", *GRADES, "pupils", "low", "high", "sd", "given"]
    assert found.table[["settlement_id", "year"]].to_numpy().tolist() == [
        ["V1", 2025], ["V2", 2025], ["V1", 2027], ["V2", 2027],
    ]  # fmt: skip
    assert found.towns["town"].tolist() == ["Lower", "Upper", "Lower", "Upper"]
    assert (found.table["low"] <= found.table["pupils"]).all()
    assert (found.table["pupils"] <= found.table["high"]).all()
    assert (found.table["pupils"] == found.table[GRADES].sum(axis=1)).all()
    county = found.county.set_index("year")
    assert county.loc[2027, "sd"] > county.loc[2025, "sd"]


def test_a_wider_band_holds_the_narrower() -> None:
    wide, narrow = (lo.forecast(village(), 2026, band=band) for band in (0.95, 0.5))
    assert wide.county["low"].iloc[0] < narrow.county["low"].iloc[0]
    assert wide.county["high"].iloc[0] > narrow.county["high"].iloc[0]
    assert wide.table["pupils"].equals(narrow.table["pupils"])


def test_it_says_what_comes_and_what_it_rests_on(found: Forecast) -> None:
    text = str(found)
    assert "tiny: 270 pupils in 2024," in text
    assert "in 80% of cases" in text
    assert "from 4 pairs of years of 2 schools (totals only, so one rate for all grades)" in text
    assert "First grades of 2025 to 2027 from the trend of 9 classes" in text
    assert found.to_dict()["sentences"] == list(found.sentences)
    assert json.loads(json.dumps(found.to_dict()))["county"][0]["year"] == 2025
    assert "<svg" in found._repr_html_()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"years": 2024}, "years: 2024 cannot be forecast from 2024. Give 2025 to 2054."),
        ({"years": [2020, 2099]}, "years: 2020, 2099 cannot be forecast"),
        ({"years": []}, "years: give whole calendar years"),
        ({"years": ["2025"]}, "years: give whole calendar years"),
        ({"by": "village"}, "by = 'village'. Give one of town, settlement, county."),
        ({"band": 80}, "band = 80. Give a number from 0.01 to 0.99."),
        ({"damping": -1}, "damping = -1. Give a number from 0 to 1."),
        ({"migration": 2}, "migration = 2. Give a number from -0.5 to 0.5."),
        ({"migration": {"Uper": 0.1}}, "'Uper' is no town of this study. Did you mean 'Upper'?"),
        ({"retention": 1.2}, "retention = 1.2. Give a number from 0.5 to 1."),
        ({"retention": {9: 0.9}}, "grade 9 has no next grade here. Give grades 1 to 8."),
        ({"entry_age": 12}, "entry_age = 12. Give a number from 3 to 9."),
        ({"enrolment": {2020: 4}}, "enrolment: give a table, or the path of one."),
    ],
)
def test_questions_that_cannot_be(asked: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"years": 2025, **asked}
    with pytest.raises(AskError) as error:
        lo.forecast(village(), given.pop("years"), **given)
    assert message in str(error.value)


def test_a_study_needs_a_year() -> None:
    with pytest.raises(lo.InputError, match="has no year, and a forecast starts from one"):
        lo.forecast(replace(village(), year=None), 2025)


def test_pupils_leave_where_no_school_teaches_the_next_grade() -> None:
    primary = {"grades": "1-6", "places_primary": 500.0}
    study = tiny_study({"V1": (0, 0, [10] * 6)}, {"S1": (0, 0.1, primary)}, year=2024)
    found = lo.forecast(study, 2026)
    assert found.table.loc[0, ["g7", "g8", "g9"]].tolist() == [0, 0, 0]
    assert found.table.loc[0, "g6"] == 10
    assert "No school here teaches beyond grade 6: pupils leave after it." in str(found)
    assert found.study(2026).pupils_given == found.county["pupils"].iloc[0]
    junior = tiny_study(
        {"V1": (0, 0, [0] * 6 + [9] * 3)}, {"S1": (0, 0.1, {"grades": "7-9", "places_junior": 99.0})}, year=2024
    )
    with pytest.raises(lo.InputError, match="no school teaches grade 1, and a forecast starts from it"):
        lo.forecast(junior, 2025)


def test_every_fault_of_every_table_is_said_at_once() -> None:
    births = pd.DataFrame(
        {"year": [2019, 2019.5, 2019, 2020], "town": ["Upper", "Lower", "Upper", "Lowr"], "births": [3, -2, None, "x"]}
    )
    enrolment = pd.DataFrame({"yr": [2020], "g1": [4]})
    totals = pd.DataFrame({"year": [2025, 2025], "town": ["Upper", ""], "pupils": [None, None], "notes": [1, 2]})
    with pytest.raises(lo.InputError) as error:
        lo.forecast(village(), 2025, births=births, enrolment=enrolment, totals=totals)
    said = [str(problem) for problem in error.value.problems]
    for wanted in (
        "births row 3: births = 'x' is no number. Give a number.",
        "births row 1: year = 2019.5. Give a calendar year, such as 2024.",
        "births row 1: births = -2. Give 0 or more.",
        "births: town = 'Lowr' is not in the study. Did you mean 'Lower'?",
        "births row 2: year 2019, town Upper stands twice. Keep one row.",
        "births row 2: births is empty. Give a number; 0 for none.",
        "births: 2019 has no row for Lower. Add it; births = 0 where nobody was born.",
        "enrolment: column year is missing. Add it.",
        "enrolment: column yr is not known. Did you mean 'year'?",
        "totals: column notes is not known. Known columns: year, town, pupils, g1, g2, g3, g4, g5, g6, g7, g8, g9.",
        "totals row 0: no total is given. Give pupils.",
        "totals row 1: no total is given. Give pupils, or all of g1…g9.",
    ):
        assert wanted in said


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("Upper", 300.0), ("", 200.0)], "totals 2025: the towns have 300 pupils, the county 200"),
        ([("Upper", 50.0), ("Lower", 50.0), ("", 200.0)], "the towns have 100 pupils, the county 200"),
    ],
)
def test_totals_that_contradict_each_other(rows: list[tuple[str, float]], message: str) -> None:
    totals = pd.DataFrame(rows, columns=["town", "pupils"]).assign(year=2025)
    with pytest.raises(lo.InputError, match=message):
        lo.forecast(village(), 2025, totals=totals)


def test_totals_below_what_is_given_already() -> None:
    given = pd.DataFrame([{"settlement_id": "V1", "year": 2025, **dict.fromkeys(GRADES, 30.0)}])
    totals = pd.DataFrame({"year": [2025], "town": ["Upper"], "pupils": [100]})
    with pytest.raises(lo.InputError, match="Upper has fewer pupils than its given forecast alone"):
        lo.forecast(replace(village(), forecast=given), 2025, totals=totals)


def test_a_given_forecast_of_an_unknown_settlement() -> None:
    given = pd.DataFrame([{"settlement_id": "V11", "year": 2025, "g1": 3.0}])
    with pytest.raises(lo.InputError, match=r"settlement_id = 'V11' is no settlement. Did you mean 'V1'"):
        lo.forecast(replace(village(), forecast=given), 2025)


def test_only_the_given_grades_stand() -> None:
    given = pd.DataFrame([{"settlement_id": "V1", "year": 2025, "g1": 3.0}])
    table = lo.forecast(replace(village(), forecast=given), 2025).table
    assert table.loc[0, "g1"] == 3
    assert table.loc[0, "g2"] > 5


def test_a_year_beyond_the_forecast(found: Forecast) -> None:
    assert found.study(2026).year == 2026  # between two years asked for
    with pytest.raises(AskError, match=r"The forecast has no year 2030. It knows 2025 to 2027"):
        found.study(2030)
    assert list(found.studies()) == [2025, 2027]


def test_schools_that_merged_do_not_count() -> None:
    history = [
        {"school_id": "S1", "year": 2023, "pupils": 30},  # 90 today: it took another school in
        {"school_id": "S2", "year": 2023, "pupils": 180},
    ]
    found = lo.forecast(village(history=history), 2025)
    assert "One pair of years was left out, in which a school doubled or halved (S1)." in str(found)
    assert found.rates.loc[0, "g1_to_g2"] == pytest.approx(1.0)


def test_a_school_that_closed_counts_for_the_county() -> None:
    # S0 had 5 a grade in 2023 and closed; today S1 has 10 and S2 20. Before 5 + 10 + 15, later 10 + 20: 1.
    rows = [("S0", 5.0), ("S1", 10.0), ("S2", 15.0)]
    past = pd.DataFrame([{"school_id": s, "year": 2023, **dict.fromkeys(GRADES, n)} for s, n in rows])
    found = lo.forecast(village(), 2025, enrolment=past, by="county")
    assert found.rates.iloc[0, 1:].tolist() == pytest.approx([1.0] * 8)


def test_a_history_by_grade_is_used_as_such() -> None:
    # Grades of 12 and 24 in 2023, of 10 and 20 today: 30 / 36 of each go on.
    rows = [("S1", 12.0), ("S2", 24.0)]
    past = pd.DataFrame([{"school_id": s, "year": 2023, "pupils": 9 * n, **dict.fromkeys(GRADES, n)} for s, n in rows])
    found = lo.forecast(replace(village(), history=past), 2025)
    assert found.rates.iloc[0, 1:].tolist() == pytest.approx([30 / 36] * 8)
    assert "from the enrolments by grade of 1 pair of years" in str(found)


def test_a_later_study_goes_on_with_its_history_by_grade(tmp_path: Path) -> None:
    """Grades of 10 and 20 last year as today: everybody goes on, and a forecast from a later year says the same."""
    past = [
        {"school_id": s, "year": 2023, "pupils": 9 * n, **dict.fromkeys(GRADES, n)}
        for s, n in (("S1", 10.0), ("S2", 20.0))
    ]
    study = replace(village(), history=pd.DataFrame(past))
    write_study(lo.forecast(study, 2026).study(2026), tmp_path / "later")
    later = lo.read_study(tmp_path / "later")
    assert later.history is not None and later.history["year"].tolist() == [2023, 2023, 2024, 2024, 2025, 2025]
    assert later.history[GRADES].notna().all(axis=None)
    assert lo.forecast(later, 2028).rates.iloc[0, 1:].tolist() == pytest.approx([1.0] * 8)


def test_rows_of_a_history_without_grades_are_not_empty_schools() -> None:
    past = [
        {"school_id": s, "year": 2023, "pupils": 9 * n, **dict.fromkeys(GRADES, n)}
        for s, n in (("S1", 10.0), ("S2", 20.0))
    ]
    totals = [{"school_id": s, "year": 2022, "pupils": n} for s, n in (("S1", 90.0), ("S2", 180.0))]
    found = lo.forecast(replace(village(), history=pd.DataFrame([*past, *totals])), 2025)
    assert found.rates.iloc[0, 1:].tolist() == pytest.approx([1.0] * 8)
    only = pd.DataFrame(totals).assign(year=2023, g1=None)
    assert "totals only" in str(lo.forecast(replace(village(), history=only), 2025))


def test_villages_of_no_town_and_villages_without_pupils() -> None:
    study = village([0] * 9, column={"town": ""})
    found = lo.forecast(study, 2030)
    assert found.towns["town"].tolist() == ["Lower", "no town"]
    assert found.towns.loc[1, "pupils"] == 0


def test_pupils_from_residents_become_pupils_by_grade() -> None:
    frame = village().settlements.drop(columns=GRADES).assign(population=[900.0, 2_000.0])
    study = replace(village(), settlements=frame)
    policy = lo.Policy().replace(method="residents")
    found = lo.forecast(study, 2025, policy=policy)
    assert found.study(2025).has_pupils
    assert "Plan later years with demand.method = 'auto', not 'residents'" in str(found)


def test_children_by_age_are_not_counted_twice() -> None:
    frame = village().settlements.drop(columns=GRADES).assign(primary_age=[60.0, 120.0], junior_age=[30.0, 60.0])
    found = lo.forecast(replace(village(), settlements=frame), 2025)
    later = found.study(2025)
    assert "primary_age" not in later.settlements
    assert later.pupils_given == found.county["pupils"].iloc[0]


def test_small_children_without_a_figure_are_as_many_as_elsewhere() -> None:
    # V1 has 12 for its 60 primary pupils: V2 with 120 has 24, and two thirds of each first grade.
    found = lo.forecast(village(column={"age_0_6": 12.0}), [2025, 2026], by="county")
    by_place = found.table.groupby("settlement_id")["g1"].sum()
    assert by_place["V2"] == pytest.approx(2 * by_place["V1"], abs=2)


def test_fans_of_county_and_towns(found: Forecast) -> None:
    from matplotlib import pyplot

    axes = found.plot()
    assert [ax.get_title() for ax in axes] == ["tiny", "Lower", "Upper"]
    one = found.plot("Upper")
    assert one.get_title() == "Upper"
    counted = next(line for line in one.lines if line.get_label() == "counted")
    assert counted.get_ydata().tolist() == [101, 96, 90]
    county = found.plot("county", ax=one)
    assert county is one
    pyplot.close("all")
    with pytest.raises(AskError, match=r"plot: 'Uper' is no town of this forecast. Did you mean 'Upper'"):
        found.plot("Uper")


def test_without_matplotlib_it_says_what_to_install(found: Forecast, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match="report"):
        found.plot()
    assert "<svg" not in found._repr_html_()


def test_the_command_writes_what_a_study_reads(tmp_path: Path) -> None:
    write_study(village(), tmp_path / "county")
    (tmp_path / "births.csv").write_text("year,births\n2017,20\n2018,20\n2019,20\n2020,20\n", "utf-8")
    out = tmp_path / "out"
    asked = ["forecast", str(tmp_path / "county"), "--years", "2025-2026", "--out", str(out), "--studies",
             "--births", str(tmp_path / "births.csv"), "--migration", "-2%", "--json"]  # fmt: skip
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == DONE, done.output
    said = json.loads(done.stdout)
    assert said["years"] == [2025, 2026]
    names = {"forecast.csv", "forecast_county.csv", "forecast_rates.csv", "forecast_towns.csv", "forecast.svg"}
    assert {path.name for path in out.iterdir()} == names | {"forecast.txt", "study_2025", "study_2026"}
    later = lo.read_study(out / "study_2026")
    assert later.year == 2026
    assert later.pupils_given == said["county"][1]["pupils"]
    # The table put into the study as its layer forecast stands, whatever else is asked.
    (out / "forecast.csv").rename(tmp_path / "county" / "forecast.csv")
    again = lo.forecast(lo.read_study(tmp_path / "county"), [2025, 2026], migration=0.3)
    assert again.table["given"].all()
    assert again.table[GRADES].sum().sum() == sum(row["pupils"] for row in said["county"])
    refused = CliRunner().invoke(main, asked)
    assert refused.exit_code == BAD_INPUT
    assert "study_2025: it is there already" in refused.output


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said before anything is forecast; and what cannot be written whole leaves nothing."""
    write_study(village(), tmp_path / "county")
    asked = ["forecast", str(tmp_path / "county"), "--years", "2025", "--out", str(tmp_path / "county")]
    with monkeypatch.context() as no_forecast:
        no_forecast.setattr(lo, "forecast", None)
        refused = CliRunner().invoke(main, asked)
    assert refused.exit_code == BAD_INPUT and "holds other files" in refused.output
    found = lo.forecast(village(), 2025)
    monkeypatch.setattr(Forecast, "_picture", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        found.to_folder(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--years", "2025-2020"], "'2025-2020' is no year or span of years. Write 2025-2030 or 2025,2028."),
        (["--years", "soon"], "'soon' is no year"),
        (["--years", "2025", "--band", "wide"], "'wide' is no share. Write 2% or 0.02."),
        (["--years", "2025", "--studies"], "--studies needs --out"),
        (["--years", "2025", "--births", "nowhere.csv"], "nowhere.csv"),
        ([], "Missing option '--years'"),
    ],
)
def test_commands_that_cannot_be(asked: list[str], message: str, tmp_path: Path) -> None:
    write_study(village(), tmp_path / "county")
    done = CliRunner().invoke(main, ["forecast", str(tmp_path / "county"), *asked])
    assert done.exit_code == BAD_INPUT
    assert message in done.output
