"""All documents of a plan together: the same numbers in every format, hostile names as text, the stamp everywhere."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

import layoutopt as lo
from layoutopt.report.content import stamp, workbook_tables
from layoutopt.report.geojson import write_geojson
from layoutopt.report.write import WRITERS

pytest.importorskip("docx")
pytest.importorskip("openpyxl")
LANGS = ("en", "zh")
NASTY = (
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror='window.hacked = 1'>",
    "\"quoted\" & 'single' <!-- comment ]]>",
    "مدرسة القرية",
    "🏫 希望小学",
    "x" * 300,
    "=1+1",
    '=HYPERLINK("http://example.com","click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1,2)",
    "{{ 7 * 7 }} {0} %s [% 1 + 1 %]",
)


@pytest.fixture(scope="module", params=LANGS)
def written(
    request: pytest.FixtureRequest, county_plan: lo.Plan, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """The plan's folder with every document in it, in one language."""
    folder = tmp_path_factory.mktemp("documents") / "plan"
    county_plan.to_folder(folder)
    lo.write_report(county_plan, folder, lang=request.param)
    write_geojson(county_plan, folder / "geojson")
    return request.param, folder


# What each format says


def page_figures(path: Path) -> dict[str, float]:
    text = path.read_text("utf-8")
    found = re.findall(r'data-figure="(\w+)" data-value="([^"]*)"', text)
    return {name: float(value) for name, value in found}


def word_tables(path: Path) -> Iterator[list[list[str]]]:
    from docx import Document

    for table in Document(str(path)).tables:
        yield [[cell.text for cell in row.cells] for row in table.rows]


def sheet(path: Path, name: str) -> pd.DataFrame:
    from openpyxl import load_workbook

    rows = list(load_workbook(path)[name].iter_rows(min_row=4, values_only=True))
    return pd.DataFrame(rows[1:], columns=rows[0])


UNITS = {"million": 1e6, "万": 1e4, "%": 0.01}


def as_read(text: str) -> tuple[float, float]:
    """Return the number a reader takes from a text, and half of its last digit."""
    digits = re.search(r"-?[\d,]+(?:\.(\d+))?", text)
    assert digits is not None, text
    scale = next((value for unit, value in UNITS.items() if unit in text), 1.0)
    return float(digits[0].replace(",", "")) * scale, 0.5 * scale * 10.0 ** -len(digits[1] or "")


# The same numbers everywhere


def test_every_file_is_there(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    _, folder = written
    names = {"report.html", "report.docx", "workbook.xlsx", "plan.gpkg", "plan.qgz", "plan.json"}
    assert names <= {path.name for path in folder.iterdir()}
    sheets = {path.stem for path in (folder / "dossiers").glob("*.html")}
    existing = county_plan.schools.loc[county_plan.schools["role"] != "not_built", "school_id"]
    assert sheets == {path.stem for path in (folder / "dossiers").glob("*.docx")} == set(existing)
    notices = {path.name for path in (folder / "notices").iterdir()}
    assert notices == {
        f"{name}.{suffix}" for name in ("notice", "hearing", "timetables", "drivers", "moved") for suffix in ("html", "docx")
    }  # fmt: skip


def test_the_headline_is_the_same_in_every_format(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    _, folder = written
    figures = county_plan.figures.to_dict()
    held = json.loads((folder / "plan.json").read_text("utf-8"))["figures"]
    assert held == pytest.approx(figures, abs=1e-6)

    layer = pyogrio.read_dataframe(folder / "plan.gpkg", layer="figures")
    assert dict(zip(layer["figure"], layer["value"], strict=True)) == figures

    book = sheet(folder / "workbook.xlsx", "headline")
    column = {name: float(value) for name, value in zip(book.iloc[:, 1], book.iloc[:, 3], strict=True)}
    assert len(column) >= 30
    assert column == pytest.approx({name: figures[name] for name in column}, abs=1e-8)

    shown = page_figures(folder / "report.html")
    assert {"schools_closed", "pupils_moved", "cost_cny", "journey_mean_min", "unserved"} <= set(shown)
    assert shown == pytest.approx({name: figures[name] for name in shown}, abs=1e-8)

    codes = dict(zip(book.iloc[:, 0], book.iloc[:, 1], strict=True))
    assert len(codes) == len(column), "a label stands for one figure"
    headline = next(table for table in word_tables(folder / "report.docx") if codes.keys() <= {row[0] for row in table})
    told = {codes[row[0]]: row[-1] for row in headline if row[0] in codes}
    assert set(told) == set(column)
    for name, text in told.items():
        value, half = as_read(text)
        assert value == pytest.approx(figures[name], abs=half * 1.001), (name, text)
        book_text = book.loc[book.iloc[:, 1] == name].iloc[0, 4]
        assert book_text == text


def _columns(table: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """A sheet's rows under the names of the table's columns, without the sheet's totals."""
    assert len(frame.columns) == len(table.columns)
    return frame.set_axis([column.name for column in table.columns], axis=1)


def test_schools_are_the_same_in_every_format(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    lang, folder = written
    table = next(table for table in workbook_tables(county_plan, lang=lang) if table.name == "schools")
    book = _columns(table, sheet(folder / "workbook.xlsx", "schools")).set_index("school_id")
    layer = gpd.read_file(folder / "plan.gpkg", layer="schools").set_index("school_id")
    csv = pd.read_csv(folder / "tables" / "schools.csv").set_index("school_id")
    features = json.loads((folder / "geojson" / "schools.geojson").read_text("utf-8"))["features"]
    points = pd.DataFrame([feature["properties"] for feature in features]).set_index("school_id")
    plan = county_plan.schools.set_index("school_id")
    for name in ("pupils_after", "classes", "posts"):
        for found in (layer, csv, points, book):
            expected = plan[name].reindex(found.index).astype(float)
            assert list(found[name].astype(float)) == pytest.approx(list(expected)), name
    assert set(book.index) == set(plan.index[plan["role"] != "not_built"])


def test_lines_are_the_same_in_every_format(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    lang, folder = written
    table = next(table for table in workbook_tables(county_plan, lang=lang) if table.name == "lines")
    book = _columns(table, sheet(folder / "workbook.xlsx", "lines")).set_index("line_id")
    layer = gpd.read_file(folder / "plan.gpkg", layer="bus_lines").set_index("line_id")
    csv = pd.read_csv(folder / "tables" / "bus_lines.csv").set_index("line_id")
    plan = county_plan.bus_lines.set_index("line_id")
    assert len(plan) >= 1
    for name in ("riders", "km", "cost_cny"):
        for found in (layer, csv, book):
            assert list(found.index) == list(plan.index)
            assert list(found[name].astype(float)) == pytest.approx(list(plan[name]), abs=1e-6), name
    page = html.unescape((folder / "report.html").read_text("utf-8"))
    cards = html.unescape((folder / "notices" / "timetables.html").read_text("utf-8"))
    for line in plan.index:
        assert str(line) in page
        assert str(line) in cards


def test_totals_of_the_workbook_are_formulas_that_agree(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    from openpyxl import load_workbook

    lang, folder = written
    book = load_workbook(folder / "workbook.xlsx")
    counted = 0
    for table in workbook_tables(county_plan, lang=lang):
        for position, column in enumerate(table.columns, start=1):
            if column.summed and len(table.rows):
                cell = book[table.name].cell(row=3, column=position)
                unknown = bool(table.rows[column.name].isna().all())  # nothing known adds up to nothing known
                assert cell.value == "–" if unknown else str(cell.value).startswith("="), (table.name, column.name)
                counted += 1
    assert counted > 20


def test_moved_pupils_add_up(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    lang, folder = written
    table = next(table for table in workbook_tables(county_plan, lang=lang) if table.name == "moved")
    book = _columns(table, sheet(folder / "workbook.xlsx", "moved"))
    assert book["pupils"].sum() == pytest.approx(county_plan.figures.pupils_moved)
    layer = gpd.read_file(folder / "plan.gpkg", layer="assignments")
    assert layer["pupils"].sum() == pytest.approx(county_plan.figures.pupils - county_plan.figures.unserved)


def test_no_file_speaks_the_other_language_or_of_this_machine(written: tuple[str, Path]) -> None:
    lang, folder = written
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "study" not in path.parts:
            for name, content in contents(path):
                assert str(folder).encode() not in content, (path, name)
    page = (folder / "report.html").read_text("utf-8")
    assert f'lang="{lang}' in page
    assert ("撤并" in page or "学校" in page) == (lang == "zh")


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """A file, or the parts of an archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                yield name, packed.read(name)
    else:
        yield "", path.read_bytes()


# Hostile names


@pytest.fixture(scope="module")
def hostile(county_plan: lo.Plan) -> lo.Plan:
    """The county with a hostile name for every place, and for itself."""
    study = county_plan.study
    schools, settlements = study.schools.copy(), study.settlements.copy()
    names = cycle(NASTY)
    schools["name"] = [next(names) for _ in range(len(schools))]
    settlements["name"] = [next(names) for _ in range(len(settlements))]
    settlements["town"] = NASTY[0]
    schools["town"] = NASTY[6]
    told = county_plan.schools.assign(
        name=list(schools["name"].reindex(county_plan.schools["school_id"])), town=NASTY[6]
    )
    named = replace(study, name=NASTY[0], attribution=NASTY[7], note=NASTY[1], schools=schools, settlements=settlements)
    return county_plan.replace(study=named, schools=told)


@pytest.fixture(scope="module")
def hostile_files(hostile: lo.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    lo.write_report(hostile, folder, formats=list(WRITERS))
    return folder


def used(plan: lo.Plan) -> set[str]:
    return {*plan.study.schools["name"], *plan.study.settlements["name"]}


def test_pages_hold_hostile_names_as_text(hostile: lo.Plan, hostile_files: Path) -> None:
    pages = sorted(hostile_files.rglob("*.html"))
    assert len(pages) >= 8
    for path in pages:
        text = path.read_text("utf-8")
        assert "<script>window.hacked" not in text, path
        assert "<img src=x" not in text, path
        assert "49 {0}" not in text, path
    whole = html.unescape((hostile_files / "report.html").read_text("utf-8"))
    for name in used(hostile):
        assert name in whole


def test_word_holds_hostile_names_as_text(hostile: lo.Plan, hostile_files: Path) -> None:
    from docx import Document

    for path in sorted(hostile_files.rglob("*.docx")):
        Document(str(path))
    cells = {cell for table in word_tables(hostile_files / "report.docx") for row in table for cell in row}
    assert {name for name in hostile.study.schools["name"] if any(name in cell for cell in cells)} >= {
        name for name, role in zip(hostile.schools["name"], hostile.schools["role"], strict=True) if role == "closed"
    }


def test_the_workbook_runs_nothing_that_came_from_the_data(hostile: lo.Plan, hostile_files: Path) -> None:
    from openpyxl import load_workbook

    book = load_workbook(hostile_files / "workbook.xlsx")
    seen = set()
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                assert (
                    cell.hyperlink is None
                    or str(cell.hyperlink.target or "").startswith("#")
                    or cell.hyperlink.location
                )
                if cell.data_type == "f":
                    assert re.fullmatch(r"=(SUM|SUBTOTAL)\([\w$:,]+\)", str(cell.value)), (page.title, cell.value)
                elif isinstance(cell.value, str):
                    seen |= {name for name in used(hostile) if name == cell.value}
    assert seen >= {"=1+1", "@SUM(1,2)", "-2+3"} & used(hostile)
    with zipfile.ZipFile(hostile_files / "workbook.xlsx") as packed:
        assert not [name for name in packed.namelist() if "external" in name.lower()]


def test_maps_hold_hostile_names_as_text(hostile: lo.Plan, hostile_files: Path) -> None:
    layer = gpd.read_file(hostile_files / "plan.gpkg", layer="schools")
    assert list(layer["name"]) == list(hostile.schools["name"])
    features = json.loads((hostile_files / "geojson" / "settlements.geojson").read_text("utf-8"))["features"]
    assert [feature["properties"]["name"] for feature in features] == list(hostile.study.settlements["name"])
    with zipfile.ZipFile(hostile_files / "plan.qgz") as packed:
        assert b"<script" not in packed.read("plan.qgs")


# The stamp


@pytest.fixture(scope="module", params=["unserved", "broken"])
def refused(request: pytest.FixtureRequest, county_plan: lo.Plan) -> lo.Plan:
    """The plan with a group that nobody teaches, or with one sent to a school that is closed."""
    rows = county_plan.assignments.copy()
    on_foot = rows.index[rows["mode"] == "walk"][0]
    if request.param == "unserved":
        rows.loc[on_foot, ["school_id", "mode", "line_id"]] = ["", "", ""]
        rows.loc[on_foot, ["minutes", "ride_min", "km"]] = float("nan")
        rows.loc[on_foot, "moved"] = False
    else:
        closed = county_plan.schools.loc[county_plan.schools["role"] == "closed", "school_id"].iloc[0]
        rows.loc[on_foot, "school_id"] = closed
    return county_plan.replace(assignments=rows)


def test_a_plan_that_cannot_be_adopted_says_so_in_every_file(refused: lo.Plan, tmp_path: Path) -> None:
    violations = lo.audit(refused)
    reason = stamp(refused, violations)
    assert reason.startswith("NOT ADOPTABLE.")
    files = lo.write_report(
        refused, tmp_path, violations=violations,
        formats=["html", "docx", "xlsx", "dossiers", "notices", "gpkg", "qgis", "geojson"],
    )  # fmt: skip
    short = reason.removeprefix("NOT ADOPTABLE. ")
    found = 0
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        whole = b"".join(content for _, content in contents(path)).decode("utf-8", "replace")
        plain = html.unescape(re.sub(r"\s+", " ", whole))
        assert short in plain or all(part in plain for part in short.split(". ")), path
        found += 1
    assert found >= 8 + len(files)


def test_a_plan_that_can_be_adopted_has_no_stamp(written: tuple[str, Path], county_plan: lo.Plan) -> None:
    lang, folder = written
    assert stamp(county_plan, lo.audit(county_plan), lang) == ""
    about = pyogrio.read_dataframe(folder / "plan.gpkg", layer="about").set_index("key")["text"]
    assert about["not_adoptable"] == ""
    for path in [folder / "report.html", *sorted((folder / "dossiers").glob("*.html"))]:
        assert 'class="stamp"' not in path.read_text("utf-8"), path


# The command line


def test_report_by_command_line(written: tuple[str, Path], tmp_path: Path) -> None:
    from click.testing import CliRunner

    from layoutopt.cli import main

    lang, folder = written
    words = ["report", str(folder), "--lang", lang, "--format", "xlsx", "--format", "geojson", "--out", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == {"workbook.xlsx", "geojson"}
    assert f"Written {tmp_path / 'workbook.xlsx'}" in result.stderr
