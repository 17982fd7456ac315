"""Contrast, labels and structure of every page, checked by axe-core in a browser; pictures kept to be looked at."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.check import check_study
from layoutopt.report import plan_map
from layoutopt.report.card import card
from layoutopt.report.check_page import check_page
from layoutopt.report.document import Bullets, Column, Document, Paragraph, Section, Table
from layoutopt.report.html import report_page
from layoutopt.report.page_of import page as document_page

pytest.importorskip("fcntl", reason="the browser is steered over POSIX pipes")
AXE = importlib.util.find_spec("axe_core_python")


def _module(path: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BROWSER = _module(Path(__file__).with_name("test_report_browser.py"), "report_browser_for_access")
PLANS = _module(Path(__file__).parents[1] / "unit" / "test_report_plan.py", "report_plan_for_access")
COUNTY = _module(Path(__file__).parents[1] / "unit" / "county_of_families.py", "county_of_families_for_access")
pytestmark = [
    pytest.mark.skipif(BROWSER.BROWSER is None, reason="no browser on PATH"),
    pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed (it is part of the extra 'test')"),
]
# What is scrolled out of sight counts as undecided, so everything is brought into sight first.
UNROLLED = """.scroll, .scroll.long, .menu ul, dialog { max-height: none !important; overflow: visible !important;
    content-visibility: visible !important; } th, td, .menu, .sheet-head { position: static !important; }"""
SHEETS = ("school/1", "village/1", "line/0")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    opened = BROWSER.Page(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages are kept: the folder LAYOUTOPT_SCREENSHOTS, or one of the test's own."""
    folder = os.environ.get("LAYOUTOPT_SCREENSHOTS")
    path = Path(folder) if folder else tmp_path_factory.mktemp("screenshots")
    path.mkdir(parents=True, exist_ok=True)
    return path


def a_document(lang: str = "en") -> Document:
    rows = pd.DataFrame({"name": [f"School {k} <b>" for k in range(6)], "pupils": [3.0, 1, 2, 6, 5, 4], "share": 0.25})
    columns = (
        Column("name", "School"),
        Column("pupils", "Pupils", "count", summed=True),
        Column("share", "Share", "share"),
    )
    table = Table("schools", "Schools that close", columns, rows)
    below = Section(
        "inner", "Figures", (table, Table("none", "None", columns, rows.head(0), "Nobody moves.")), owner="Education"
    )
    texts = (
        Paragraph("It closes.", "lead"),
        Paragraph("Held fixed: all else.", "note"),
        Paragraph("Look twice.", "warning"),
    )
    first = Section("why", "Why", (*texts, Bullets(("One", "Two"), numbered=True)), (below,))
    rest = tuple(Section(name, name, (Paragraph(name),)) for name in ("Ways", "Teachers", "Questions"))
    return Document("dossier", "Dossier: <S1>", "Small county", (first, *rest), lang, "NOT ADOPTABLE: 9 pupils.")


def judged(page: Any, part: str = "html") -> dict[str, Any]:
    """What axe-core finds wrong on the open page or a part of it, and how many contrasts it looked at."""
    assert AXE is not None and AXE.origin is not None
    page.run(
        f"void document.head.append(Object.assign(document.createElement('style'), {{textContent: {json.dumps(UNROLLED)}}}))"
    )
    page.run((Path(AXE.origin).parent / "axe.min.js").read_text("utf-8") + "; 0")
    script = (
        f"axe.run({part!r})"
        + """.then((found) => ({
        wrong: found.violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.target.join(' '))]),
        contrasts: found.passes.filter((one) => one.id === 'color-contrast').map((one) => one.nodes.length)[0] || 0,
    }))"""
    )
    return dict(page.run(script))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = PLANS.unserved_plan()
    path = tmp_path_factory.mktemp("report") / "report.html"
    found = pd.DataFrame({"rule": ["capacity"], "place": ["S1"], "message": ["S1 teaches 36 of 30"]})
    path.write_text(report_page(plan, today=PLANS.today_of(plan), violations=found), "utf-8")
    return path


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_report(page: Any, report: Path, shots: Path, width: int, dark: bool) -> None:
    page.open(report, width=width, height=844, dark=dark)
    assert BROWSER.settled(page, "document.querySelectorAll('.school-mark').length === 5")
    page.shot(shots / f"report-{width}-{'dark' if dark else 'light'}.png")
    found = judged(page)
    assert found["wrong"] == [] and found["contrasts"] > 200
    assert page.errors == [] and page.requests == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_sheets_of_the_report(page: Any, report: Path, shots: Path, width: int, dark: bool) -> None:
    page.open(report, width=width, height=844, dark=dark)
    for sheet in SHEETS:
        page.run(f"location.hash = '{sheet}'")
        assert BROWSER.settled(page, "document.getElementById('sheet').open")
        page.shot(shots / f"sheet-{width}-{'dark' if dark else 'light'}-{sheet.replace('/', '-')}.png")
        found = judged(page, "#sheet")
        assert found["wrong"] == [] and found["contrasts"] > 5
        page.press("Escape")
        assert BROWSER.settled(page, "!document.getElementById('sheet').open")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_families_of_the_report(page: Any, tmp_path: Path, shots: Path, width: int, dark: bool) -> None:
    plan = COUNTY.solved()
    plan = plan.replace(staff_moves=pd.concat([plan.staff_moves] * 16, ignore_index=True))
    path = tmp_path / "report.html"
    path.write_text(report_page(plan), "utf-8")
    page.open(path, width=width, height=844, dark=dark)
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.shot(shots / f"families-{width}-{'dark' if dark else 'light'}.png", whole=True)
    for part in ("money", "closures", "support", "staff", "quality", "premises"):
        found = judged(page, f"#{part}")
        assert found["wrong"] == [] and found["contrasts"] > 10, part
    page.run("location.hash = 'school/2'")
    assert BROWSER.settled(page, "document.getElementById('sheet').open")
    assert judged(page, "#sheet")["wrong"] == []
    assert page.errors == [] and page.requests == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("width", "dark"), [(1000, False), (390, True)])
def test_a_document(page: Any, tmp_path: Path, shots: Path, lang: str, width: int, dark: bool) -> None:
    path = tmp_path / "dossier.html"
    path.write_text(document_page(a_document(lang), home="report.html"), "utf-8")
    page.open(path, width=width, height=844, dark=dark)
    assert page.run("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [width, width]
    page.shot(shots / f"document-{lang}-{width}.png")
    found = judged(page)
    assert found["wrong"] == [] and found["contrasts"] > 30
    assert page.errors == [] and page.requests == []


def test_a_documents_table_sorts_and_keeps_its_sum_below(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "dossier.html"
    path.write_text(document_page(a_document()), "utf-8")
    page.open(path)
    page.run("document.querySelectorAll('table.sortable th button')[1].click()")
    rows = "Array.from(document.querySelectorAll('table.sortable tr'), (row) => row.cells[1].textContent.trim())"
    assert page.run(rows) == ["Pupils", "1", "2", "3", "4", "5", "6", "21"]


def test_the_map_alone(page: Any, tmp_path: Path, shots: Path) -> None:
    page.open(plan_map(PLANS.small_plan()).save(tmp_path / "map.html"))
    assert BROWSER.settled(page, "document.querySelectorAll('.school-mark').length === 5")
    page.shot(shots / "map.png")
    assert judged(page)["wrong"] == []
    page.run("document.querySelector('.school-mark').click()")
    assert page.run("document.querySelectorAll('.leaflet-popup-content .links').length") == 0, "nothing to lead to"
    assert page.errors == []


def test_the_check_page(page: Any, tmp_path: Path, shots: Path) -> None:
    study = PLANS.small_study()
    path = tmp_path / "check.html"
    path.write_text(check_page(check_study(study, lo.Policy()), study=study), "utf-8")
    page.open(path)
    page.shot(shots / "check.png")
    assert judged(page)["wrong"] == []


@pytest.mark.parametrize("paper", ["#ffffff; color: #111111", "#111111; color: #eeeeee"])
def test_the_card_of_a_notebook(page: Any, tmp_path: Path, shots: Path, paper: str) -> None:
    path = tmp_path / "notebook.html"
    head = "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Notebook</title></head>"
    cards = card(PLANS.unserved_plan()) + card(PLANS.small_plan(PLANS.NASTY))
    path.write_text(
        f"{head}<body style='background: {paper}'><main><h1>Notebook</h1>{cards}</main></body></html>", "utf-8"
    )
    page.open(path, width=900)
    page.shot(shots / f"card-{paper[1:4]}.png")
    assert page.run("document.querySelectorAll('svg[role=img]').length") == 2
    assert "Not adoptable 9 pupils would have no school." in page.run("document.body.innerText")
    found = judged(page)
    assert found["wrong"] == [] and found["contrasts"] > 20
    assert page.run("typeof window.hacked") == "undefined"
