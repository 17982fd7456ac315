"""The map of the differences: what it holds, that it asks nothing of the network, and that names are never markup."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.plan.compare import Comparison
from layoutopt.report.compare_map import difference_data, difference_map

NASTY = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def found(county: tuple[lo.Study, lo.Policy], county_plan: lo.Plan) -> Comparison:
    return lo.compare(lo.current_plan(*county), county_plan, names=("today", NASTY))


@pytest.fixture(scope="module")
def data(found: Comparison) -> dict[str, Any]:
    return difference_data(found)


def test_schools_carry_what_every_plan_decides(data: dict[str, Any], county_plan: lo.Plan) -> None:
    schools = {school["id"]: school for school in data["schools"]}
    assert schools["S2"]["roles"] == ["full", "closed"]
    assert schools["S5"]["roles"] == ["full", "teaching_point"]
    after = county_plan.schools.set_index("school_id")["pupils_after"]
    assert schools["S1"]["pupils"][1] == after["S1"]


def test_villages_carry_the_ways_of_both(data: dict[str, Any], found: Comparison) -> None:
    names = [place["id"] for place in data["settlements"]]
    schools = [school["id"] for school in data["schools"]]
    ways = {(names[row[0]], data["bands"][row[1]]): row[2] for row in data["ways"]}
    assert set(ways) == set(found.settlements[["settlement_id", "band"]].itertuples(index=False, name=None))
    (was,), (now,) = ways["V2", "lower"]
    assert (schools[was[0]], was[1], was[3]) == ("S2", "walk", 6)
    assert (schools[now[0]], now[1], now[3]) == ("S1", "bus", 6)


def test_lines_say_which_plans_drive_them(data: dict[str, Any], county_plan: lo.Plan) -> None:
    assert [route["plans"] for route in data["routes"]] == [[1]] * len(county_plan.bus_lines)
    assert all(route["path"] for route in data["routes"])
    same = difference_data(lo.compare(county_plan, county_plan))
    assert {tuple(route["plans"]) for route in same["routes"]} == {(0, 1)}


def test_the_page_is_whole_and_names_never_become_markup(
    found: Comparison, data: dict[str, Any], tmp_path: Path
) -> None:
    page = found.map().save(tmp_path / "maps" / "differences.html").read_text("utf-8")
    assert NASTY not in page
    text = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', page, re.S)
    assert text is not None
    assert json.loads(text[1]) == json.loads(json.dumps(data))
    assert "default-src 'none'" in page
    body = re.sub(r"<script(?! type)[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#|data:)""", body), "nothing is fetched"
    assert '<option value="1" selected>&lt;/script&gt;' in page


def test_the_same_plans_give_the_same_page(found: Comparison) -> None:
    assert difference_map(found).page == difference_map(found).page


def test_a_place_only_one_study_knows_is_left_out(found: Comparison, county_plan: lo.Plan) -> None:
    fewer = dataclasses.replace(
        found, plans=(found.plans[0], county_plan.replace(schools=county_plan.schools.iloc[1:]))
    )
    assert difference_data(fewer)["schools"][0]["roles"] == ["hub", ""]
