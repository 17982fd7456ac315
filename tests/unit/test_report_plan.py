"""The report and the map of a small hand-made plan: its figures, its text as text, and nothing to fetch."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from layoutopt.plan.geometry import access_walks, line_paths
from layoutopt.plan.metrics import journeys_by_band
from layoutopt.plan.plan import Level, Plan, Proof
from layoutopt.plan.tables import LINE_COLUMNS, SCHOOL_COLUMNS, STOP_COLUMNS
from layoutopt.policy import Policy
from layoutopt.report import PlanMap, plan_map
from layoutopt.report.ground import steps
from layoutopt.report.html import report_page
from layoutopt.report.maps import map_data
from layoutopt.schema import PUPIL_COLUMNS, bands_of
from layoutopt.study import Study
from layoutopt.testing import CRS, tiny_study

NASTY = (
    "<script>window.hacked = 1</script>",
    "</script><img src=x onerror='window.hacked = 1'>",
    "\"quoted\" & 'single' <!-- comment",
    "مدرسة القرية",
    "🏫 希望小学",
    "x" * 300,
)
ROAD = {"class": "tertiary"}
ROADS = [([(0, 0), (5, 0), (10, 0)], ROAD), ([(5, 0), (5, 6)], {"class": "track"})]
SETTLEMENTS = {
    "V1": (5.1, 0.2, [4, 3, 3, 0, 0, 0, 2, 2, 2]),
    "V2": (9.1, 0.15, [3, 3, 2, 2, 2, 1]),
    "V3": (5.1, 5.8, [3, 2, 2, 0, 0, 0, 2, 1, 1]),
    "V4": (0.3, 0.2, [0, 0, 0, 3, 3, 3]),
    "V5": (7.0, 0.1, [0, 0, 0, 1, 1, 1]),
    "V6": (2.5, 3.0, [0]),
}
SCHOOLS = {
    "S1": (5.0, 0.1, {"grades": "1-9", "places_junior": 100.0, "beds": 40.0, "teachers": 20.0}),
    "S2": (9.0, 0.1, {"teachers": 4.0}),
    "S3": (5.0, 5.9, {"teachers": 3.0}),
    "S4": (1.0, 0.1, {"status": "candidate"}),
    "S5": (0.2, 0.1, {"teachers": 3.0}),
}
# settlement, band, school, mode, line, pupils, minutes, ride, school today, mode today, minutes today
WAYS = [
    ("V1", "junior", "S1", "walk", "", 6.0, 2.0, 0.0, "S1", "walk", 2.0),
    ("V1", "lower", "S1", "walk", "", 10.0, 3.0, 0.0, "S1", "walk", 3.0),
    ("V2", "lower", "S1", "bus", "L1", 8.0, 18.0, 12.0, "S2", "walk", 4.0),
    ("V2", "upper", "S1", "bus", "L1", 5.0, 18.0, 12.0, "S2", "walk", 4.0),
    ("V3", "junior", "S1", "board", "", 4.0, 95.0, 0.0, "S1", "bus", 22.0),
    ("V3", "lower", "S3", "walk", "", 7.0, 5.0, 0.0, "S3", "walk", 5.0),
    ("V4", "upper", "S5", "walk", "", 9.0, 3.0, 0.0, "S5", "walk", 3.0),
    ("V5", "upper", "S1", "bus", "L1", 3.0, 10.0, 7.0, "S2", "walk", 32.0),
]


@cache
def plain_study() -> Study:
    return tiny_study(SETTLEMENTS, SCHOOLS, roads=ROADS)


def small_study(names: tuple[str, ...] = (), **changes: Any) -> Study:
    study = plain_study()
    settlements, schools = study.settlements.copy(), study.schools.copy()
    x, y = (float(value) for value in shapely.get_coordinates(schools.geometry.iloc[0])[0])
    square = shapely.box(x - 6_000, y - 500, x + 6_000, y + 7_000)
    towns = gpd.GeoDataFrame({"town": [names[2] if names else "River town"]}, geometry=[square], crs=CRS)
    settlements["town"] = towns["town"].iloc[0]
    if names:
        settlements["name"] = [names[k % len(names)] for k in range(len(settlements))]
        schools["name"] = [names[(k + 1) % len(names)] for k in range(len(schools))]
    facts = {
        "name": names[0] if names else "Small county",
        "year": 2024,
        "towns": towns,
        "attribution": names[1] if names else "Drawn by hand.",
        "note": names[2] if names else "All pupils are assumed.",
    }
    return dataclasses.replace(study, settlements=settlements, schools=schools, **{**facts, **changes})


def small_plan(names: tuple[str, ...] = (), **changes: Any) -> Plan:
    """Four schools of today and a site: one closes, one shrinks; a bus line, boarders, a longer way."""
    reason = names[0] if names else "13 pupils; the hub is 18 minutes away by bus"
    schools = pd.DataFrame(
        {
            "school_id": ["S1", "S2", "S3", "S4", "S5"],
            "role": ["hub", "closed", "teaching_point", "not_built", "full"],
            "support": "",
            "reason": ["receives S2", reason, "", "", "no other school is near"],
            "bands": ["lower+upper+junior", "", "lower", "", "lower+upper"],
            "pupils_before": [20.0, 16.0, 7.0, np.nan, 9.0],
            "pupils_after": [36.0, 0.0, 7.0, 0.0, 9.0],
            "classes": [6, 0, 1, 0, 3],
            "posts": [14, 0, 2, 0, 3],
            "teachers_before": [20.0, 4.0, 3.0, np.nan, 3.0],
            "places_primary": [200.0, 200.0, 200.0, 200.0, np.inf],
            "places_junior": [100.0, 0.0, 0.0, 0.0, 0.0],
            "beds": [40.0, 0.0, 0.0, 0.0, 0.0],
            "boarders": [4.0, 0.0, 0.0, 0.0, 0.0],
            "level_primary": 0,
            "level_junior": 0,
            "capital_cny": 0.0,
            "annual_cny": [120_000.0, 0.0, 20_000.0, 0.0, 60_000.0],
        }
    )
    schools = with_grades(schools)
    line = {
        "line_id": "L1", "school_id": "S1", "vehicle_id": "bus", "kind": "school_bus", "vehicle_no": "bus-1", "run": 1,
        "seats": 34, "riders": 16.0, "stops": 2, "minutes": 9.0, "early_min": 0.0, "km": 4.2, "empty_km": 4.2,
        "cost_cny": 88_000.0,
    }  # fmt: skip
    lines = pd.DataFrame([line], columns=list(LINE_COLUMNS))
    rows = [
        (0, "V2-lower", "V2", "lower", 8.0, 0.0, 12.0),
        (1, "V2-upper", "V2", "upper", 5.0, 0.5, 12.0),
        (2, "V5-upper", "V5", "upper", 3.0, 5.0, 7.0),
    ]
    stops = pd.DataFrame(rows, columns=["order", "item", "settlement_id", "band", "riders", "board_at_min", "ride_min"])
    stops = stops.assign(line_id="L1", school_id="S1", alights_after=2, early_min=0.0)[list(STOP_COLUMNS)]
    levels = (
        Level("unserved", 0.0, 0.0, "optimal"),
        Level("annual_cost", 2_386_000.0, 2_380_000.0, "feasible", "time"),
    )
    parts: dict[str, Any] = {
        "study": small_study(names),
        "policy": Policy.preset("jiangxi_2023", max_ride_min=35),
        "assignments": ways_table(),
        "schools": schools,
        "bus_lines": lines,
        "bus_stops": stops,
        "proof": Proof("feasible", "the program with a price per rider", levels),
        "seed": 7,
        "warnings": (names[1] if names else "V6 is far from any road",),
    }
    return Plan(**{**parts, **changes})


def with_grades(schools: pd.DataFrame) -> pd.DataFrame:
    """Add what the table of schools holds by grade, class and stage: pupils as they come, a class for each grade.

    S3 teaches its three grades in one class. Posts are those of the primary stage but for the hub.
    """
    came = ways_table().groupby("school_id")[list(PUPIL_COLUMNS)].sum()
    came = came.reindex(schools["school_id"], fill_value=0.0).reset_index(drop=True)
    shared = schools["school_id"] == "S3"
    classes = {f"classes_g{name[1:]}": ((came[name] > 0) & ~shared).astype(int) for name in PUPIL_COLUMNS}
    junior = schools["posts"].where(schools["school_id"] == "S1", 0) // 2
    own = {
        "name": schools["school_id"], "town": "River town", **classes, "multigrade_lower": shared,
        "multigrade_upper": False, "multigrade_junior": False, "posts_primary": schools["posts"] - junior,
        "posts_junior": junior,
    }  # fmt: skip
    return pd.concat([schools, came], axis=1).assign(**own)[list(SCHOOL_COLUMNS)]


def ways_table() -> pd.DataFrame:
    rows = []
    for place, band, school, mode, line, pupils, minutes, ride, today, today_mode, today_min in WAYS:
        grades = dict(zip(PUPIL_COLUMNS, [*SETTLEMENTS[place][2], *[0] * 9], strict=False))
        own = {name: float(grades[name]) if int(name[1:]) in bands_of()[band] else 0.0 for name in PUPIL_COLUMNS}
        rows.append(
            {
                "item": f"{place}-{band}", "settlement_id": place, "band": band, "school_id": school, "mode": mode,
                "line_id": line, "pupils": pupils, **own, "minutes": minutes, "ride_min": ride, "km": 1.0,
                "today_school": today, "today_mode": today_mode, "today_min": today_min, "today_ride_min": 0.0,
                "moved": school != today, "exception": False,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def unserved_plan() -> Plan:
    table = ways_table()
    lost = table["settlement_id"] == "V4"
    table.loc[lost, ["school_id", "mode"]] = ""
    table.loc[lost, ["minutes", "ride_min"]] = np.nan
    return small_plan(assignments=table)


def today_of(plan: Plan) -> Plan:
    ways = plan.assignments
    same = {"school_id": ways["today_school"], "mode": ways["today_mode"], "minutes": ways["today_min"]}
    schools = plan.schools.assign(
        role=["full", "full", "full", "not_built", "full"],
        pupils_after=plan.schools["pupils_before"].fillna(0),
        posts=[20, 4, 3, 0, 3],
        annual_cny=[120_000.0, 60_000.0, 60_000.0, 0.0, 60_000.0],
    )
    return plan.replace(
        assignments=ways.assign(**same, moved=False),
        schools=schools,
        bus_lines=plan.bus_lines.iloc[:0],
        bus_stops=plan.bus_stops.iloc[:0],
        proof=Proof("given", "today"),
        kind="today",
    )


class Page(HTMLParser):
    """What a page says: its tags with attributes, its text, its tables and its named figures."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.figures: dict[str, str] = {}
        self.tables: dict[str, list[tuple[dict[str, str | None], list[str]]]] = {}
        self._inside, self._cell, self._table, self._in_cell = "", "", "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        self.tags.append((tag, facts))
        self._inside = tag
        if "data-figure" in facts and "data-value" in facts:
            self.figures[str(facts["data-figure"])] = str(facts["data-value"])
        if tag == "table":
            self._table = str(facts.get("id") or f"table-{len(self.tables)}")
            self.tables[self._table] = []
        elif tag == "tr" and self._table:
            self.tables[self._table].append((facts, []))
        elif tag in ("td", "th") and self._table:
            self._cell, self._in_cell = "", True
        elif tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""
        if tag == "table":
            self._table = ""
        elif tag in ("td", "th") and self._in_cell:
            self.tables[self._table][-1][1].append(self._cell.strip())
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.words.append(data)
            if self._in_cell:
                self._cell += data

    @property
    def text(self) -> str:
        return re.sub(r"[ \n\t]+", " ", " ".join(self.words))

    def rows(self, table: str) -> list[list[str]]:
        return [cells for _, cells in self.tables[table]][1:]


@cache
def plain() -> Page:
    return page_of(small_plan())


def page_of(plan: Plan, **given: Any) -> Page:
    return Page(report_page(plan, **given))


def test_every_named_figure_is_the_plans() -> None:
    plan = small_plan()
    figures = page_of(plan).figures
    assert len(figures) == 21
    for name, text in figures.items():
        assert float(text) == getattr(plan.figures, name), name


def test_the_opening_says_what_happens() -> None:
    text = plain().text
    assert "Of 4 schools today, 1 closes and 3 stay open, 1 of them as a teaching point." in text
    assert "16 of 52 pupils (31%) change school." in text
    assert "16 pupils ride 1 bus line, 4 board during the week." in text
    # by hand: (6·2 + 10·3 + 13·18 + 7·5 + 9·3 + 3·10) / 48 = 368 / 48; today 340 / 52
    assert "takes 7.7 minutes on average (today 6.5) and 18 minutes at most (today 32)." in text
    assert "For 13 pupils it grows by more than 10 minutes." in text


def test_school_rows_hold_pupils_classes_posts_and_places() -> None:
    rows = plain().rows("school-table")
    assert [row[0] for row in rows] == ["S2", "S3", "S5", "S1", "S4"]
    assert rows[0][2:] == [
        "Closes", "13 pupils; the hub is 18 minutes away by bus", "16", "0", "-16", "0", "4", "0", "200", "0", "0", "0",
    ]  # fmt: skip
    assert rows[3][4:] == ["20", "36", "+16", "6", "20", "14", "200", "100", "4", "40"]
    assert rows[2][10] == "–", "places that are not known are no number"
    assert rows[4][4] == "–", "a site has no pupils today"


def test_village_rows_begin_with_the_largest_lengthening() -> None:
    rows = plain().rows("village-table")
    assert len(rows) == len(WAYS)
    assert rows[0] == [
        "V2",
        "River town",
        "1–3",
        "8",
        "S2",
        "S1",
        "By bus",
        "4",
        "18",
        "+14",
        "changes school",
    ]
    assert rows[-1][0] == "V3" and rows[-1][6] == "Boards weekly" and rows[-1][9] == "–"
    assert next(row for row in rows if row[0] == "V5")[9] == "-22"


def test_journeys_by_band_stand_before_and_after() -> None:
    plan = small_plan()
    expected = journeys_by_band(plan).set_index(["band", "when"])
    rows = [(facts, cells) for facts, cells in page_of(plan).tables["journey-table"] if "data-band" in facts]
    assert len(rows) == 8
    for facts, cells in rows:
        row = expected.loc[(facts["data-band"], facts["data-when"])]
        values = cells[-8:]
        assert values[0] == f"{row['pupils']:.0f}"
        assert values[1] == f"{row['mean']:.1f}"
        assert values[4] == f"{row['max']:.0f}"
        assert values[5] == f"{100 * row['over_30']:.1f}%"


def test_bus_lines_hold_their_stops_with_the_bands_of_a_place_together() -> None:
    page = plain()
    row = page.rows("line-table")[0]
    assert row[:2] == ["L1", "S1"] and row[4:] == ["16", "34", "9", "4.2", "4.2", "88,000"]
    assert row[2] == "School busbus-1"
    assert row[3].startswith("2 stops")
    assert "V2: 13 board at minute 0, ride 12 min" in row[3]
    assert "V5: 3 board at minute 5, ride 7 min" in row[3]


def test_costs_stand_against_today_only_where_a_plan_of_today_is_given() -> None:
    plan = small_plan()
    today = today_of(plan)
    alone, both = page_of(plan), page_of(plan, today=today)
    assert "No plan of today was given" in alone.text
    assert "No plan of today was given" not in both.text
    sums = [cells for cells in both.rows("cost-table") if cells[:1] == ["Together"]]
    change = plan.figures.cost_cny - today.figures.cost_cny
    # by hand: 20 fewer running costs of 100 000, 11 posts fewer at 110 000, one line, four boarders
    assert change == pytest.approx(-100_000 - 11 * 110_000 + 88_000 + 4 * 4_500)
    assert sums == [
        [
            "Together",
            f"{today.figures.cost_cny:,.0f}",
            f"{plan.figures.cost_cny:,.0f}",
            f"{change:,.0f}",
            "",
        ]
    ]


def test_the_bound_speaks_for_its_program_only() -> None:
    text = plain().text
    said = "Yearly cost: 2,386,000 CNY. No plan of this program gets below 2,380,000 CNY: at most 0.25% is left"
    assert said in text
    assert "These bounds speak for one program only: the program with a price per rider" in text
    assert "feasible, stopped by time" in text


def test_a_plan_without_a_solver_claims_nothing() -> None:
    text = page_of(small_plan(proof=Proof("given", "today"))).text
    assert "nothing is proven about how good it is" in text


def test_a_bound_that_proves_nothing_is_not_shown() -> None:
    level = Level("annual_cost", 5.0, -1e300, "feasible")
    text = page_of(small_plan(proof=Proof("feasible", "p", (level,)))).text
    assert "Nothing is proven about how much better" in text
    assert "e+" not in text and "000,000,000" not in text


def test_choices_name_their_source_where_they_are_not_the_default() -> None:
    page = plain()
    rows = {cells[0]: cells for table in page.tables.values() for _, cells in table if len(cells) == 4}
    assert rows["max_ride_min"][1] == "35 min"
    assert rows["max_ride_min"][3] == "chosen by the planner"
    assert rows["trigger_pupils"][3].startswith("Xunwu county plan 2024")
    assert "Drawn by hand." in page.text and "All pupils are assumed." in page.text


@pytest.mark.parametrize("found", [None, pd.DataFrame({"rule": []})])
def test_a_sound_plan_has_no_stamp(found: pd.DataFrame | None) -> None:
    page = page_of(small_plan(), violations=found)
    assert "Not adoptable" not in page.text
    said = "were not rechecked" if found is None else "no violation"
    assert said in page.text


def test_pupils_without_a_school_stamp_the_plan() -> None:
    text = report_page(unserved_plan())
    page = Page(text)
    assert "<title>NOT ADOPTABLE: Small county" in text
    assert "Not adoptable" in page.text and "9 pupils would have no school." in page.text
    rows = [row for row in page.rows("village-table") if row[0] == "V4"]
    assert rows[0][5:9] == ["none", "No school", "3", "–"]


def test_violations_stamp_the_plan_and_are_listed() -> None:
    found = pd.DataFrame({"rule": ["capacity"], "place": ["S1"], "message": ["S1 teaches <b>36</b> of 30"]})
    page = page_of(small_plan(), violations=found)
    assert "The check of every rule found 1 violation." in page.text
    assert ["capacity", "S1", "S1 teaches <b>36</b> of 30"] in [c for t in page.tables.values() for _, c in t]


def test_text_from_the_data_stays_text() -> None:
    nasty = page_of(small_plan(NASTY))
    assert [tag for tag, _ in nasty.tags] == [tag for tag, _ in plain().tags], "a name has become markup"
    handlers = [name for _, facts in nasty.tags for name in facts if name.startswith("on")]
    assert not handlers
    for name in NASTY:
        assert name in nasty.text
    data = next(script for script in nasty.scripts if script.startswith("{"))
    assert "<" not in data
    assert {row["name"] for row in json.loads(data)["settlements"]} == set(NASTY)


def test_nothing_is_fetched() -> None:
    text = report_page(small_plan(NASTY), today=today_of(small_plan(NASTY)))
    page = Page(text)
    for tag, facts in page.tags:
        for name in ("src", "href", "srcset", "action", "data", "poster", "background"):
            assert (facts.get(name) or "#").startswith(("#", "data:")), (tag, facts)
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL))
    assert len(styles) > 15_000
    assert "url(" not in styles and "@import" not in styles
    assert "sourceMappingURL" not in text
    policies = [facts["content"] for tag, facts in page.tags if "http-equiv" in facts]
    assert policies and str(policies[0]).startswith("default-src 'none'")


def test_the_page_is_always_the_same() -> None:
    assert report_page(small_plan()) == report_page(small_plan())


def test_the_walks_to_the_stops_are_drawn() -> None:
    walks = access_walks(small_plan())  # V2 lies 150 m, V5 and the hub S1 100 m beside the road
    assert walks[["place", "id", "metres"]].to_numpy().tolist() == [
        ["settlement", "V2", 150.0], ["settlement", "V5", 100.0], ["school", "S1", 100.0],
    ]  # fmt: skip
    assert len(map_data(small_plan())["walks"]) == 3


def test_a_study_without_roads_towns_and_lines_still_has_a_map() -> None:
    plan = small_plan(
        study=small_study(roads=None, towns=None),
        bus_lines=small_plan().bus_lines.iloc[:0].astype(object),
        bus_stops=small_plan().bus_stops.iloc[:0].astype(object),
    )
    data = map_data(plan)
    assert data["roads"] == {} and data["towns"] == [] and data["lines"] == [] and data["walks"] == []
    names = {facts.get("name") for _, facts in page_of(plan).tags}
    assert "schools" in names and not names & {"roads", "towns", "lines"}


def unfolded(flat: list[int]) -> np.ndarray:
    return np.cumsum(np.array(flat).reshape(-1, 2), axis=0) / 1e5


def test_steps_keep_a_line_to_a_metre() -> None:
    line = np.array([[106.123456, 33.500004], [106.123457, 33.500004], [106.2, 33.4], [-0.5, -20.000011]])
    again = unfolded(steps(line))
    assert len(again) == 3, "points of the same metre are one"
    assert np.abs(again - line[[0, 2, 3], ::-1]).max() <= 0.5e-5 + 1e-12


def test_the_map_holds_schools_ways_and_lines() -> None:
    plan = small_plan()
    data = map_data(plan)
    assert [(row["school_id"], row["role"]) for row in data["schools"]] == list(
        zip(plan.schools["school_id"], plan.schools["role"], strict=True)
    )
    lonlat = plan.study.settlements.geometry.to_crs("EPSG:4326")
    assert data["settlements"][1]["at"] == [round(lonlat.iloc[1].y, 5), round(lonlat.iloc[1].x, 5)]
    assert data["ways"][2] == [1, 0, 1, "walk", 4.0, 0, "bus", 18.0, 8.0, 1, 0]
    assert sum(way[8] for way in data["ways"]) == plan.figures.pupils
    line = data["lines"][0]
    assert [(stop["settlement"], stop["riders"]) for stop in line["stops"]] == [(1, 13.0), (4, 3.0)]
    path = shapely.get_coordinates(line_paths(plan).geometry.iloc[0])[:, ::-1]
    assert np.abs(unfolded(line["path"][0])[[0, -1]] - path[[0, -1]]).max() <= 0.5e-5 + 1e-12
    assert [len(data["roads"][look]) for look in ("path", "minor", "major")] == [1, 1, 0]
    assert data["towns"][0]["name"] == "River town"


def test_the_map_marks_who_has_no_school() -> None:
    way = next(way for way in map_data(unserved_plan())["ways"] if way[0] == 3)
    assert way[5:8] == [-1, "", None]


def test_the_map_shows_itself_and_saves_itself(tmp_path: Path) -> None:
    found = plan_map(small_plan(NASTY))
    assert isinstance(found, PlanMap)
    frame = found._repr_html_()
    inner = re.fullmatch(r'<iframe srcdoc="([^"]*)" [^<>]*></iframe>', frame)
    assert inner is not None
    assert html.unescape(inner[1]) == found.page
    path = found.save(tmp_path / "maps" / "plan.html")
    assert path.read_text("utf-8") == found.page
    assert type(small_plan().map()) is PlanMap
