"""Tables as a workbook, read back with openpyxl."""

from __future__ import annotations

import datetime
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from layoutopt.errors import MissingExtraError
from layoutopt.report.document import Column, Table
from layoutopt.report.workbook import DATA, HEADER, STAMP, TITLE, TOTAL, sheet_names, workbook_bytes, write_workbook

pytest.importorskip("xlsxwriter", reason="xlsxwriter is not installed (the extra 'report')")

COLUMNS = (
    Column("name", "School"),
    Column("pupils", "Pupils", "count", summed=True),
    Column("cost", "Cost", "money", "CNY", summed=True),
    Column("way", "Way", "minutes", "min"),
    Column("part", "Share", "share"),
    Column("day", "Until", "date"),
)
SCHOOLS = Table(
    "schools",
    "Schools & places",
    COLUMNS,
    pd.DataFrame(
        {
            "name": ["A", "B", None],
            "pupils": [12.0, 30.0, float("nan")],
            "cost": [1000.5, 2000.25, 0.0],
            "way": [12.4, float("inf"), None],
            "part": [0.25, 1.0, 0.0],
            "day": [datetime.date(2025, 9, 1), None, datetime.date(2025, 1, 31)],
        }
    ),
)


def read(*tables: Table, values: bool = True, **more: Any) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(tables, **more)), data_only=values)


def row(sheet: Any, number: int) -> list[Any]:
    return [cell.value for cell in sheet[number + 1]]


def test_cells_keep_their_kinds_and_unknown_is_empty() -> None:
    sheet = read(SCHOOLS)["schools"]
    assert row(sheet, TITLE)[0] == "Schools & places"
    assert row(sheet, HEADER) == ["School", "Pupils", "Cost, CNY", "Way, min", "Share", "Until"]
    assert row(sheet, DATA) == ["A", 12, 1000.5, 12.4, 0.25, datetime.datetime(2025, 9, 1)]
    assert row(sheet, DATA + 1) == ["B", 30, 2000.25, None, 1, None]
    assert row(sheet, DATA + 2) == [None, None, 0, None, 0, datetime.datetime(2025, 1, 31)]
    assert [sheet.cell(DATA + 1, k).number_format for k in (2, 4, 5)] == ["#,##0", "#,##0", "0.0%"]


def test_sums_are_formulas_with_their_value() -> None:
    formulas, values = read(SCHOOLS, values=False)["schools"], read(SCHOOLS)["schools"]
    assert row(formulas, TOTAL)[:3] == ["Total", "=SUBTOTAL(109,B5:B7)", "=SUBTOTAL(109,C5:C7)"]
    assert row(values, TOTAL)[1:3] == [42, 3000.75]
    assert not [cell for cell in row(formulas, TOTAL)[3:] if cell]


def test_headings_are_frozen_and_filter() -> None:
    sheet = read(SCHOOLS)["schools"]
    assert sheet.freeze_panes == "B5"
    assert sheet.auto_filter.ref == "A4:F7"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.page_setup.orientation == "landscape"


def test_pandas_reads_a_sheet() -> None:
    table = pd.read_excel(io.BytesIO(workbook_bytes([SCHOOLS])), sheet_name="schools", header=HEADER)
    assert list(table["Pupils"].dropna()) == [12, 30]


def test_the_first_sheet_lists_the_others() -> None:
    book = read(SCHOOLS, Table("other", "Others", COLUMNS, SCHOOLS.rows.iloc[:0]), title="Plan of A & B")
    assert book.sheetnames == ["contents", "schools", "other"]
    sheet = book["contents"]
    assert row(sheet, TITLE)[0] == "Plan of A & B"
    assert [row(sheet, number) for number in (DATA, DATA + 1)] == [
        ["schools", "Schools & places", 3],
        ["other", "Others", 0],
    ]
    assert (
        sheet.cell(DATA + 1, 1).hyperlink.location == "'schools'!A1"
        or "schools" in sheet.cell(DATA + 1, 1).hyperlink.location
    )


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "http://a.example", "12", '"&<b>', "😀", "مدرسة", "名" * 300, "a\nb", "\x00\x0b"],
)  # fmt: skip
def test_text_stays_text(text: str) -> None:
    table = Table(text or "t", text, (Column("a", text),), pd.DataFrame({"a": [text]}))
    book = read(table, values=False, title=text, stamp=text)
    sheet = book.worksheets[1]
    shown = re.sub("[\x00\x0b]", "�", text)
    for cell in (
        sheet.cell(TITLE + 1, 1),
        sheet.cell(STAMP + 1, 1),
        sheet.cell(HEADER + 1, 1),
        sheet.cell(DATA + 1, 1),
    ):
        assert (cell.value, cell.data_type) == (shown, "s")
        assert cell.hyperlink is None


def test_a_very_long_text_is_cut_where_the_format_ends() -> None:
    table = Table("t", "t", (Column("a", "A"),), pd.DataFrame({"a": ["x" * 40_000]}))
    value = read(table)["t"].cell(DATA + 1, 1).value
    assert (len(value), value[-1]) == (32_767, "…")


def test_the_stamp_stands_on_every_sheet_and_printed_page() -> None:
    book = read(SCHOOLS, title="Plan", stamp="Not adoptable: 3 & more")
    for sheet in book:
        assert row(sheet, STAMP)[0] == "Not adoptable: 3 & more"
        assert "Not adoptable: 3 && more" in sheet.oddHeader.center.text
    assert row(read(SCHOOLS)["schools"], STAMP)[0] is None


def test_a_table_without_rows() -> None:
    sheet = read(Table("none", "None", COLUMNS, SCHOOLS.rows.iloc[:0], empty="No school closes."))["none"]
    assert row(sheet, DATA)[0] == "No school closes."
    assert not [value for value in row(sheet, TOTAL) if value]


def test_numbers_of_mixed_kinds_show_what_they_need() -> None:
    table = Table("t", "t", (Column("a", "A", "number"),), pd.DataFrame({"a": [81.0, 12.34, 0.196, pd.NA]}))
    sheet = read(table)["t"]
    assert [sheet.cell(DATA + k, 1).number_format for k in (1, 2, 3)] == ["#,##0", "#,##0.0", "0.000"]
    assert [sheet.cell(DATA + k, 1).value for k in (1, 2, 3, 4)] == [81, 12.34, 0.196, None]


def test_sheet_names_are_allowed_and_different() -> None:
    names = sheet_names(
        [
            Table(name, "", COLUMNS, SCHOOLS.rows)
            for name in ("a/b", "A_B", "x" * 40, "x" * 50, "contents", "History", "''")
        ]
    )
    assert names == ["a_b", "A_B_2", "x" * 31, "x" * 29 + "_2", "contents_2", "History_2", "table"]


def test_chinese_and_the_same_bytes_again(tmp_path: Path) -> None:
    write_workbook([SCHOOLS], tmp_path / "w.xlsx", lang="zh", title="方案", stamp="不可采用")
    once = (tmp_path / "w.xlsx").read_bytes()
    assert once == workbook_bytes([SCHOOLS], lang="zh", title="方案", stamp="不可采用")
    sheet = openpyxl.load_workbook(tmp_path / "w.xlsx")["schools"]
    assert sheet.cell(DATA + 1, 6).number_format == 'yyyy"年"m"月"d"日"'
    assert sheet.cell(DATA + 1, 1).font.name == "宋体"


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'layoutopt[report]'")):
        workbook_bytes([SCHOOLS])


def test_the_sum_of_what_nobody_knows_is_not_nothing() -> None:
    unknown = replace(SCHOOLS, rows=SCHOOLS.rows.assign(cost=float("nan")))
    sheet = read(unknown, values=False)["schools"]
    assert row(sheet, TOTAL)[1].startswith("=SUBTOTAL")
    assert row(sheet, TOTAL)[2] == "–"
