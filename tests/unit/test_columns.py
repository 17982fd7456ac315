"""Raw cells against the schema: every kind of column, every kind of fault, one pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from layoutopt.io.cells import without_placeholders
from layoutopt.io.columns import check_columns, without_missing
from layoutopt.schema import Column, Layer

LAYER = Layer(
    "things",
    "Things",
    "none",
    ("thing_id",),
    (
        Column("thing_id", "Code", kind="id", required=True),
        Column("name", "Name"),
        Column("height_m", "Height", kind="number", unit="m", low=0, high=9_000),
        Column("rooms", "Rooms", kind="whole", unit="rooms", low=0, high=50),
        Column("open", "Open", kind="flag"),
        Column("status", "Status", kind="choice", choices=("open", "keep")),
        Column("grades", "Grades", kind="grades"),
        Column("g1", "Pupils", kind="number", unit="pupils", low=0, high=5_000),
    ),
)


def check(**columns: list[object]) -> tuple[pd.DataFrame, list[str]]:
    length = len(next(iter(columns.values())))
    raw = pd.DataFrame({"thing_id": [f"T{n}" for n in range(1, length + 1)], **columns}, dtype=object)
    raw.index = range(2, length + 2)
    frame, problems = check_columns(raw, LAYER, label="things.csv", renames={})
    return frame, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("column", "cells", "values"),
    [
        ("height_m", ["12", " 1e3 ", 7.5, ""], [12, 1000, 7.5, np.nan]),
        ("rooms", ["3", "4.0", 5, np.float32(6)], [3, 4, 5, 6]),
        ("height_m", ["１２３", "1,234", "8 848.5", "＋7"], [123, 1234, 8848.5, 7]),
        ("open", ["有", "无", "Ｙｅｓ", "０"], [True, False, True, False]),
        ("status", ["ｏｐｅｎ", "open", "keep", ""], ["open", "open", "keep", None]),
        ("grades", ["１－６", "一至六年级", "1-3年級", "七到九"], ["1-6", "1-6", "1-3", "7-9"]),
        ("open", ["yes", "No", "TRUE", "0"], [True, False, True, False]),
        ("open", ["是", "否", True, None], [True, False, True, None]),
        ("status", ["open", "keep", "", None], ["open", "keep", None, None]),
        ("grades", ["1-6", "7–9", "3", "1 至 9"], ["1-6", "7-9", "3-3", "1-9"]),
        ("name", [" a ", 7.0, None, pd.NA], ["a", "7", "", ""]),
        ("thing_id", [1.0, "2 ", "03", 4], ["1", "2", "03", "4"]),
    ],
)
def test_cells_that_are_understood(column: str, cells: list[object], values: list[object]) -> None:
    frame, problems = check(**{column: cells})
    assert problems == []
    assert [None if pd.isna(v) else v for v in frame[column]] == [None if pd.isna(v) else v for v in values]  # type: ignore[arg-type, call-overload]


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("height_m", "high", "height_m = 'high'. Give 0 to 9000 m."),
        ("height_m", "-1", "height_m = -1. Give 0 to 9000 m."),
        ("height_m", "1,23", "height_m = '1,23'. Give 0 to 9000 m."),
        ("height_m", "1,234,56", "height_m = '1,234,56'. Give 0 to 9000 m."),
        ("height_m", "－1", "height_m = －1. Give 0 to 9000 m."),
        ("height_m", "inf", "height_m = inf. Give 0 to 9000 m."),
        ("height_m", "1e999", "height_m = 1e999. Give 0 to 9000 m."),
        ("height_m", "1,5", "height_m = '1,5'. Give 0 to 9000 m."),
        ("rooms", "2.5", "rooms = 2.5. Give a whole number, 0 to 50 rooms."),
        ("rooms", "51", "rooms = 51. Give a whole number, 0 to 50 rooms."),
        ("open", "perhaps", "open = 'perhaps'. Give yes or no."),
        ("status", "opne", "status = 'opne'. Give open, keep. Did you mean 'open'?"),
        ("grades", "6-1", "grades = '6-1'. Give a span such as 1-6."),
        ("grades", "primary", "grades = 'primary'. Give a span such as 1-6."),
        ("g1", "-3", "g1 = -3. Give 0 to 5000 pupils."),
        ("g1", "", "g1 is empty. Give 0 to 5000 pupils."),
        ("g1", "nan", "g1 = 'nan'. Give 0 to 5000 pupils."),
        ("thing_id", "", "thing_id is empty. Give every row its own code, or delete the row."),
        ("thing_id", None, "thing_id is empty. Give every row its own code, or delete the row."),
    ],
)
def test_cells_that_are_not(column: str, cell: object, message: str) -> None:
    good = {"thing_id": "T9", "open": "yes", "status": "open", "grades": "1-6"}.get(column, "1")
    frame, problems = check(**{column: [good, cell]})
    place = "things.csv row 3" if column == "thing_id" else "things.csv row 3 (T2)"
    assert problems == [f"{place}: {message}"]
    assert len(frame) == 2


def missing(**columns: list[object]) -> tuple[pd.DataFrame, list[tuple[str, tuple[str, ...]]]]:
    length = len(next(iter(columns.values())))
    raw = pd.DataFrame({"thing_id": [f"T{n}" for n in range(1, length + 1)], **columns}, dtype=object)
    raw.index = range(2, length + 2)
    frame, findings = without_missing(raw, LAYER, label="t.csv", renames={"height_m": "hoehe"})
    assert all(finding.layer == "things" for finding in findings)
    return frame, [(finding.text, finding.ids) for finding in findings]


def test_numbers_that_stand_for_nothing_are_emptied_and_counted() -> None:
    frame, findings = missing(hoehe=["-1", "5", -9999.0, "－９９"], rooms=["-9", "0", "", "4"])
    assert list(frame["hoehe"]) == ["", "5", "", ""]
    assert list(frame["rooms"]) == ["", "0", "", "4"]
    assert findings == [
        ("t.csv: height_m = -9999, -99, -1 in 3 rows (2, 4, 5) taken as missing", ("T1", "T3", "T4")),
        ("t.csv: rooms = -9 in 1 row (2) taken as missing", ("T1",)),
    ]


def test_what_must_be_there_keeps_its_number_and_is_a_problem() -> None:
    """A pupil column has no missing values: -1 is told with its row instead."""
    frame, findings = missing(g1=["-1", "3"])
    assert (list(frame["g1"]), findings) == (["-1", "3"], [])
    frame, findings = missing(hoehe=["-2", "-5.5"])
    assert (list(frame["hoehe"]), findings) == (["-2", "-5.5"], [])


def test_zero_is_a_number_unless_the_least_is_one() -> None:
    column = Column("life_years", "Years", kind="number", unit="years", low=1, high=100)
    cells = pd.Series(["0", "30", "-1"], index=[2, 3, 4])
    emptied, finding = without_placeholders(cells, column, label="t.csv", row_word="row")
    assert list(emptied) == ["", "30", ""]
    assert finding is not None
    assert finding.text == "t.csv: life_years = -1, 0 in 2 rows (2, 4) taken as missing"
    required = replace(column, required=True)
    assert without_placeholders(cells, required, label="t.csv", row_word="row") == (cells, None)


def test_a_long_list_of_rows_is_cut() -> None:
    _, findings = missing(hoehe=["-1"] * 10)
    assert findings[0][0] == "t.csv: height_m = -1 in 10 rows (2, 3, 4, 5, 6, 7, 8, 9, …) taken as missing"


def test_a_missing_number_from_any_file_is_a_gap_and_no_word() -> None:
    """Some formats hand over 32-bit NaN, which is still nothing at all."""
    frame, problems = check(height_m=[np.float32("nan"), np.float32(0.5)])
    assert problems == []
    assert np.isnan(frame["height_m"].iloc[0])


def test_a_column_without_a_single_value_counts_as_absent() -> None:
    frame, problems = check(g1=["", ""], height_m=["1", "2"])
    assert problems == []
    assert "g1" not in frame


def test_duplicates_name_the_first_row() -> None:
    _, problems = check(thing_id=["A", "B", "A", "A"])
    cure = "Give each row its own code, or delete one row."
    assert problems == [f"things.csv row {row} (A): thing_id stands already in row 2. {cure}" for row in (4, 5)]


def test_codes_alike_but_for_a_blank_are_duplicates() -> None:
    _, problems = check(thing_id=["A", " A "])
    assert len(problems) == 1


def test_columns_of_others_are_left_out() -> None:
    frame, problems = check(remark=["x"], name=["n"])
    assert list(frame.columns) == ["thing_id", "name"]
    assert problems == []


def test_names_from_study_toml() -> None:
    raw = pd.DataFrame({"code": ["A"], "etage": ["3"]}, index=[2], dtype=object)
    frame, problems = check_columns(raw, LAYER, label="t.csv", renames={"thing_id": "code", "rooms": "etage"})
    assert problems == []
    assert frame.to_dict("list") == {"thing_id": ["A"], "rooms": [3.0]}


def test_names_from_study_toml_that_do_not_fit() -> None:
    raw = pd.DataFrame({"code": ["A"]}, index=[2], dtype=object)
    _, problems = check_columns(raw, LAYER, label="t.csv", renames={"thing_id": "cod", "roms": "code"})
    assert [str(problem) for problem in problems] == [
        "study.toml [columns.things] thing_id: t.csv has no column 'cod'. Did you mean 'code'?",
        "study.toml [columns.things] roms: not a column of this layer. Did you mean 'rooms'?",
    ]


def test_every_fault_in_one_pass() -> None:
    _, problems = check(height_m=["a", "-1"], rooms=["b", "2"], open=["c", "yes"])
    assert len(problems) == 4
