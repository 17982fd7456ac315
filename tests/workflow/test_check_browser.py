"""The check page in a real browser with the network blocked: rings, tables, phones, nasty names."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.errors import Finding
from layoutopt.plan.check import check_study
from layoutopt.report.check_page import write_check
from layoutopt.testing import tiny_study

pytest.importorskip("fcntl", reason="the browser is steered over POSIX pipes")


def _browser() -> Any:
    path = Path(__file__).with_name("test_report_browser.py")
    spec = importlib.util.spec_from_file_location("report_browser_for_check", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BROWSER = _browser()
pytestmark = pytest.mark.skipif(BROWSER.BROWSER is None, reason="no browser on PATH")
NASTY = '</script><script>window.hacked = 1</script><img src="http://x.invalid/a" onerror="window.hacked = 1">'


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    opened = BROWSER.Page(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    roads = [([(-1, 0), (30, 0)], {"class": "tertiary"}), ([(0, 30), (3, 30)], {"class": "track"})]
    places = {"V1": (1, 0, [4] * 6), "V9": (1, 9, [1] * 3), **{f"W{k:03d}": (k / 5, 0.2, [1]) for k in range(70)}}
    study = tiny_study(places, {"S1": (0, 0, {"name": NASTY}), "S2": (20, 0, {})}, roads=roads, name=NASTY)
    notes = (Finding(f"moved: {NASTY}", "schools", ("S1",)), Finding("x" * 300, "settlements"))
    study = dataclasses.replace(study, notes=notes)
    found = check_study(study, lo.Policy())
    return write_check(found, tmp_path_factory.mktemp("check") / "check.html", study=study)


def test_it_opens_alone_with_its_rings(page: Any, check: Path) -> None:
    page.open(check)
    assert BROWSER.settled(page, "checkMap.group.rings.getLayers().length > 0")
    assert page.run("checkMap.group.schools.getLayers().length") == 2
    assert page.run("checkMap.group.settlements.getLayers().length") == 72
    assert page.requests == [] and page.errors == []


def test_a_finding_leads_to_its_place(page: Any, check: Path) -> None:
    page.open(check)
    number = page.run("checkMap.data.flags.findIndex((flag) => flag.text.includes('no way leads'))")
    page.run(f"document.querySelector('[data-flag=\"{number}\"]').click()")
    assert BROWSER.settled(page, f"{BROWSER.POPUP}.includes('V9: no way leads')")
    assert page.run("document.getElementById('map-chosen').textContent").startswith("V9: no way leads")
    at = page.run("checkMap.map.getCenter()")
    spot = page.run("checkMap.data.settlements.find((place) => place.id === 'V9').at")
    assert abs(at["lat"] - spot[0]) < 0.02 and abs(at["lng"] - spot[1]) < 0.02
    page.run("document.querySelector('.leaflet-popup-content li a').click()")
    assert page.run("location.hash") == f"#flag-{number}"
    page.run("document.getElementById('map-reset').click()")
    assert BROWSER.settled(page, "document.getElementById('map-chosen').textContent === ''")
    assert page.errors == []


def test_a_finding_with_very_many_places_waits_to_be_chosen(page: Any, check: Path) -> None:
    page.open(check)
    before = page.run("checkMap.group.rings.getLayers().length")
    number = page.run("checkMap.data.flags.findIndex((flag) => flag.spots.length > 60)")
    page.run(f"checkMap.show({number})")
    assert page.run("checkMap.group.rings.getLayers().length") >= max(71, before)


def test_levels_switch(page: Any, check: Path) -> None:
    page.open(check)
    before = page.run("checkMap.group.rings.getLayers().length")
    for level in ("error", "warning", "repair"):
        page.run(f"document.querySelector('#map-panel [name={level}]').click()")
    assert before > 0 and page.run("checkMap.group.rings.getLayers().length") == 0
    assert page.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_needs_no_sideways_scrolling(page: Any, check: Path, dark: bool) -> None:
    page.open(check, width=390, height=844, dark=dark)
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    widths = page.run("[innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert widths == [390, 390, 390]
    paper = page.run("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 24, 27)" if dark else "rgb(246, 246, 243)")


def test_names_never_run(page: Any, check: Path) -> None:
    page.open(check)
    page.run("checkMap.data.flags.forEach((flag, number) => checkMap.show(number))")
    page.run("void checkMap.group.schools.eachLayer((mark) => mark.openTooltip())")
    assert page.run("typeof window.hacked") == "undefined"
    assert page.run("document.querySelector('h1').textContent") == NASTY
    assert page.requests == [] and page.errors == []
