"""plan.gpkg: every layer of the contract, in degrees, with the styles QGIS opens it by."""

from __future__ import annotations

import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from importlib import resources
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

import layoutopt as lo
from layoutopt.plan.geopackage import GEOMETRY, plan_layers, style, styles, write_geopackage
from layoutopt.plan.tables import NO_PREMISES
from layoutopt.report.charts import CLASSES, LIMITS_MIN
from layoutopt.report.qgis import LEGENDS
from layoutopt.testing import tiny_study

LAYERS = {
    "schools": {"Point"}, "settlements": {"Point"}, "assignments": {"LineString"}, "bus_lines": {"LineString"},
    "bus_stops": {"Point"}, "access_walks": {"LineString"}, "premises": {"Point"},
    "roads": {"MultiLineString"}, "towns": {"MultiPolygon"},
}  # fmt: skip
TABLES = {"figures", "journeys", "about", "layer_styles"}


@pytest.fixture(scope="module")
def path(county_plan: lo.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("gpkg") / "plan.gpkg"
    write_geopackage(county_plan, found)
    return found


def test_the_layers_of_the_contract(path: Path) -> None:
    assert {str(name) for name, _ in pyogrio.list_layers(path)} == {*LAYERS, *TABLES}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_reads_back(name: str, path: Path, county_plan: lo.Plan) -> None:
    frame = gpd.read_file(path, layer=name)
    assert frame.crs == "EPSG:4326"
    assert set(frame.geom_type) <= LAYERS[name]
    assert not frame.geometry.is_empty.any()
    sizes = {
        "schools": len(county_plan.schools), "settlements": 6, "bus_lines": 2, "bus_stops": len(county_plan.bus_stops),
        "premises": 2, "access_walks": 0, "roads": 0, "towns": 0,
    }  # fmt: skip
    if name in sizes:
        assert len(frame) == sizes[name]
    if frame.empty:  # this county has no roads, and none to walk to
        return
    west, south, east, north = frame.total_bounds
    assert 104 < west <= east < 106
    assert 32 < south <= north < 34


def test_before_and_after_are_there(path: Path) -> None:
    schools = gpd.read_file(path, layer="schools")
    assert {"role", "pupils_before", "pupils_after", "posts", "teachers_before", "places_primary", "reason"} <= set(
        schools
    )
    settlements = gpd.read_file(path, layer="settlements")
    assert {"lower_school", "lower_mode", "lower_min_before", "lower_min_after"} <= set(settlements)
    premises = gpd.read_file(path, layer="premises")
    assert list(premises["school_id"]) == ["S2", "S4"]


def test_lines_run_from_village_to_school(path: Path, county_plan: lo.Plan) -> None:
    frame = gpd.read_file(path, layer="assignments").to_crs(county_plan.study.crs)
    row = frame[(frame["settlement_id"] == "V2") & (frame["school_id"] == "S1")].iloc[0]
    assert row.geometry.length == pytest.approx(8_006, abs=1)
    assert frame["pupils"].sum() == 138


def test_every_layer_opens_with_its_style(path: Path) -> None:
    with closing(sqlite3.connect(path)) as store:
        styles = store.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        listed = store.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'").fetchall()
        columns = dict(store.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
    assert listed == [("attributes",)]
    assert sorted(style[0] for style in styles) == sorted(LAYERS)
    for name, column, is_default, text in styles:
        assert (column, is_default) == (columns[name], 1)
        root = ET.fromstring(text.split(">", 1)[1] if text.startswith("<!DOCTYPE") else text)
        assert root.tag == "qgis"
        assert root.find("renderer-v2") is not None


def test_a_style_names_only_columns_that_exist(path: Path) -> None:
    with closing(sqlite3.connect(path)) as store:
        styles = store.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall()
    for name, text in styles:
        root = ET.fromstring(text.split(">", 1)[1] if text.startswith("<!DOCTYPE") else text)
        renderer = root.find("renderer-v2")
        assert renderer is not None
        attribute = renderer.get("attr") or ""
        named = re.findall(r'"(\w+)"', attribute) or [attribute] * bool(attribute)
        assert set(named) <= set(gpd.read_file(path, layer=name).columns), (name, attribute)


def test_the_file_does_not_tell_when_it_was_written(path: Path) -> None:
    with closing(sqlite3.connect(path)) as store:
        dates = store.execute("SELECT last_change FROM gpkg_contents UNION SELECT update_time FROM layer_styles")
        assert dates.fetchall() == [("2000-01-01T00:00:00.000Z",)]


def test_what_becomes_of_free_premises_is_said_in_the_language_of_the_file(county_plan: lo.Plan) -> None:
    undecided = county_plan.replace(premises=NO_PREMISES)
    assert set(plan_layers(undecided)["premises"]["reuse"]) == {"not decided"}
    assert set(plan_layers(undecided, str.upper)["premises"]["reuse"]) == {"NOT DECIDED"}
    uses = county_plan.premises.set_index("school_id")["use"]
    told = plan_layers(county_plan, str.upper)["premises"].set_index("school_id")["reuse"]
    assert told.to_dict() == uses.replace("", "idle").str.upper().to_dict() and len(told)


def test_a_plan_without_buses_has_the_same_layers(county: tuple[lo.Study, lo.Policy], tmp_path: Path) -> None:
    today = lo.current_plan(*county)
    assert len(plan_layers(today)["bus_lines"]) == 0
    write_geopackage(today, tmp_path / "plan.gpkg")
    assert {str(name) for name, _ in pyogrio.list_layers(tmp_path / "plan.gpkg")} == {*LAYERS, *TABLES}
    assert len(gpd.read_file(tmp_path / "plan.gpkg", layer="bus_lines")) == 0


def test_the_figures_are_the_plans(path: Path, county_plan: lo.Plan) -> None:
    table = pyogrio.read_dataframe(path, layer="figures")
    assert dict(zip(table["figure"], table["value"], strict=True)) == county_plan.figures.to_dict()
    journeys = pyogrio.read_dataframe(path, layer="journeys")
    everyone = journeys[(journeys["band"] == "all") & (journeys["when"] == "after")]
    assert everyone["max"].item() == pytest.approx(county_plan.figures.journey_max_min)


def _about(path: Path) -> dict[str, str]:
    table = pyogrio.read_dataframe(path, layer="about")
    return dict(zip(table["key"], table["text"], strict=True))


def test_a_stamp_stands_in_every_layer(path: Path, county_plan: lo.Plan, tmp_path: Path) -> None:
    assert _about(path)["not_adoptable"] == ""
    assert _about(path)["digest"] == county_plan.study.digest
    write_geopackage(county_plan, tmp_path / "plan.gpkg", stamp="3 pupils would have no school.")
    assert _about(tmp_path / "plan.gpkg")["not_adoptable"] == "3 pupils would have no school."
    with closing(sqlite3.connect(tmp_path / "plan.gpkg")) as store:
        told = {row[0] for row in store.execute("SELECT description FROM gpkg_contents")}
    assert told == {"3 pupils would have no school."}


def test_roads_and_towns_are_the_ground(tmp_path: Path) -> None:
    towns = gpd.GeoDataFrame(
        {"town": ["Upper", "Lower"], "other": [1, 2]},
        geometry=[shapely.box(500_000, 3_599_000, 501_000, 3_601_000), shapely.box(501_000, 3_599_000, 506_000, 3_601_000)],
        crs="EPSG:32648",
    )  # fmt: skip
    study = tiny_study(
        {"V1": (0, 0, [4] * 6), "V2": (5, 0, [2] * 6)},
        {"S1": (0.5, 0, {})},
        roads=[([(0, 0), (2, 0), (5, 0)], {"class": "tertiary", "name": "X12"}), ([(5, 0), (5, 2)], {"class": "track"})],
    )  # fmt: skip
    plan = lo.current_plan(replace(study, towns=towns), lo.Policy())
    write_geopackage(plan, tmp_path / "plan.gpkg")
    roads = gpd.read_file(tmp_path / "plan.gpkg", layer="roads").to_crs(study.crs)
    assert list(roads["class"]) == ["tertiary", "track"]
    assert list(roads["name"].fillna("")) == ["X12", ""]
    assert list(roads.geometry.length.round()) == [5_000, 2_000]
    found = gpd.read_file(tmp_path / "plan.gpkg", layer="towns")
    assert list(found["town"]) == ["Upper", "Lower"]
    assert "other" not in found


def test_legends_speak_another_language() -> None:
    found = styles(lambda text: f"<{text}>")
    assert 'label="&lt;Teaching point&gt;"' in found["schools"]
    assert 'label="Teaching point"' in styles()["schools"]
    words = {item.get("label") for name in GEOMETRY for item in style(name).iterfind("renderer-v2//*[@label]")}
    assert words == set(LEGENDS), "the catalogues must hold the words of the styles, and no others"


def test_villages_are_classed_as_the_page_does() -> None:
    renderer = style("settlements").find("renderer-v2")
    assert renderer is not None
    attribute = str(renderer.get("attr"))
    assert tuple(map(int, re.findall(r"@longest <= (\d+)", attribute))) == LIMITS_MIN
    assert {item.get("value"): item.get("label") for item in renderer.iter("category")} == CLASSES


def test_colours_are_those_of_the_page() -> None:
    css = (resources.files("layoutopt.report") / "templates" / "page.css").read_text("utf-8")
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css.split("@media")[0]))
    for name, symbol in zip(CLASSES, style("settlements").iterfind("renderer-v2/symbols/symbol"), strict=True):
        colour = symbol.find(".//Option[@name='color']")
        assert colour is not None
        red, green, blue = (int(light[name][at : at + 2], 16) for at in (1, 3, 5))
        assert colour.get("value") == f"{red},{green},{blue},255", name
