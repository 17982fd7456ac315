"""plan.gpkg: every layer of the contract, in degrees, with the styles QGIS opens it by."""

from __future__ import annotations

import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest

import layoutopt as lo
from layoutopt.plan.geopackage import plan_layers, write_geopackage

LAYERS = {
    "schools": {"Point"}, "settlements": {"Point"}, "assignments": {"LineString"}, "bus_lines": {"LineString"},
    "bus_stops": {"Point"}, "access_walks": {"LineString"}, "premises": {"Point"},
}  # fmt: skip


@pytest.fixture(scope="module")
def path(county_plan: lo.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("gpkg") / "plan.gpkg"
    write_geopackage(county_plan, found)
    return found


def test_the_layers_of_the_contract(path: Path) -> None:
    assert {str(name) for name, _ in pyogrio.list_layers(path)} == {*LAYERS, "layer_styles"}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_reads_back(name: str, path: Path, county_plan: lo.Plan) -> None:
    frame = gpd.read_file(path, layer=name)
    assert frame.crs == "EPSG:4326"
    assert set(frame.geom_type) <= LAYERS[name]
    assert not frame.geometry.is_empty.any()
    sizes = {
        "schools": len(county_plan.schools), "settlements": 6, "bus_lines": 2, "bus_stops": len(county_plan.bus_stops),
        "premises": 2, "access_walks": 0,
    }  # fmt: skip
    if name in sizes:
        assert len(frame) == sizes[name]
    if name == "access_walks":  # this county has no roads to walk to
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


def test_a_plan_without_buses_has_the_same_layers(county: tuple[lo.Study, lo.Policy], tmp_path: Path) -> None:
    today = lo.current_plan(*county)
    assert len(plan_layers(today)["bus_lines"]) == 0
    write_geopackage(today, tmp_path / "plan.gpkg")
    assert {str(name) for name, _ in pyogrio.list_layers(tmp_path / "plan.gpkg")} == {*LAYERS, "layer_styles"}
    assert len(gpd.read_file(tmp_path / "plan.gpkg", layer="bus_lines")) == 0
