"""The page of a checked study: every finding in it, nothing from outside, names never markup."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from markupsafe import escape

import layoutopt as lo
from layoutopt.errors import Finding, InputError, Problem
from layoutopt.plan.check import StudyCheck, check_study
from layoutopt.report.check_page import check_page, write_check
from layoutopt.testing import tiny_study

NASTY = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def study() -> lo.Study:
    roads = [([(-1, 0), (30, 0)], {"class": "tertiary"}), ([(0, 90), (3, 90)], {"class": "track"})]
    places = {"V1": (1, 0, [4] * 6), "V9": (1, 9, [1] * 3), "V<b>": (2, 0, [2] * 3)}
    found = tiny_study(places, {"S1": (0, 0, {"name": NASTY}), "S2": (20, 0, {})}, roads=roads, name=NASTY)
    return dataclasses.replace(found, notes=(Finding(f"{NASTY} was moved", "schools", ("S1",)),), note=NASTY)


@pytest.fixture(scope="module")
def found(study: lo.Study) -> StudyCheck:
    return check_study(study, lo.Policy())


@pytest.fixture(scope="module")
def page(study: lo.Study, found: StudyCheck) -> str:
    return check_page(found, study=study)


def embedded(page: str) -> dict:
    text = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', page, re.DOTALL)
    assert text is not None
    return json.loads(text[1])


def rows(page: str, level: str) -> list[str]:
    table = re.search(rf'id="{level}-table">.*?</table>', page, re.DOTALL)
    return re.findall(r'<tr id="flag-(\d+)"', table[0]) if table else []


def test_every_finding_stands_in_its_table(page: str, found: StudyCheck) -> None:
    assert found.errors and found.warnings and found.repairs
    for level, texts in (("error", found.errors), ("warning", found.warnings), ("repair", found.repairs)):
        assert len(rows(page, level)) == len(texts)


def test_findings_with_places_are_on_the_map(page: str, found: StudyCheck, study: lo.Study) -> None:
    data = embedded(page)
    assert [flag["text"] for flag in data["flags"]] == [flag.text for flag in found.flags]
    spots = {flag["text"]: flag["spots"] for flag in data["flags"]}
    lost = next(text for text in spots if "no way leads" in text)
    assert spots[lost] == [["settlements", list(study.settlements.index).index("V9")]]
    apart = next(text for text in spots if "lie apart" in text)
    ((lat, lon),) = spots[apart]
    assert lat == pytest.approx(33.35, abs=0.02) and lon == pytest.approx(105.016, abs=0.002)
    assert data["bounds"][1][0] >= lat, "the whole area holds every ring"
    assert spots[f"{NASTY} was moved"] == [["schools", 0]]


def test_names_never_become_markup(page: str) -> None:
    assert NASTY not in page and "<img" not in page and "V<b>" not in page
    assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; was moved" in page


def test_nothing_is_fetched(page: str) -> None:
    body = re.sub(r"<script(?! type)[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", body)
    assert "default-src 'none'" in page


def test_baseline_counts_and_methods_are_told(page: str, found: StudyCheck) -> None:
    lower = re.findall(r'<tr data-band="lower">.*?</tr>', page, re.DOTALL)
    assert len(lower) == 2 and "Within 2 km" in page and "Within 30 min" in page
    share = found.baseline["lower"]["share_within_km"]["2"]
    assert f"{100 * share:.1f}" in lower[0]
    assert 'data-band="junior"' not in page, "nobody is in grades 7 to 9"
    assert '<dd data-count="settlements">3</dd>' in page
    for text in found.methods.values():
        assert str(escape(text)) in page
    assert "road lines read" in page and found.roads


def test_long_lists_of_ids_are_folded(study: lo.Study) -> None:
    many = tuple(f"X{number:02d}" for number in range(30))
    noted = dataclasses.replace(study, notes=(Finding("many", "settlements", many),))
    text = check_page(check_study(noted, lo.Policy()), study=noted)
    assert "<summary>25 more</summary>" in text
    assert all(f"<bdi>{code}</bdi>" in text for code in many)
    assert embedded(text)["flags"][-1]["spots"] == [], "ids the study does not have are nowhere"


def test_a_study_that_cannot_be_read_has_a_page_without_a_map(tmp_path: Path) -> None:
    found = StudyCheck.failed(InputError([Problem("villages.csv row 14 (V013)", f"name = {NASTY}", "Give one.")]))
    target = write_check(found, tmp_path / "new" / "check.html", name="county <1>")
    text = target.read_text("utf-8")
    assert rows(text, "error") == ["0"] and "villages.csv" in text
    assert "county &lt;1&gt;" in text and "map-data" not in text and "The study could not be read" in text
    assert NASTY not in text


def test_a_study_without_findings_says_so() -> None:
    clean = tiny_study({"V1": (0.3, 0, [9] * 6)}, {"S1": (0, 0, {})}, current={"V1": {"current_primary": "S1"}})
    found = check_study(clean, lo.Policy())
    assert found.flags == ()
    assert "nothing was repaired and nothing looks wrong" in check_page(found, study=clean)


def test_the_same_study_gives_the_same_page(page: str, found: StudyCheck, study: lo.Study) -> None:
    assert check_page(found, study=study) == page
