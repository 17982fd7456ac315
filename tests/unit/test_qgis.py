"""plan.qgz: layers, order, labels, relative paths and the sheet for printing, read back as QGIS reads them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pyproj
import pytest

import layoutopt as lo
from layoutopt.plan.geopackage import GEOMETRY, write_geopackage
from layoutopt.report.language import language
from layoutopt.report.qgis import GROUPS, project_xml, write_project
from layoutopt.report.qgis_sheet import HEIGHT_MM, WIDTH_MM
from layoutopt.testing import tiny_study

NAMES = [name for shown in GROUPS.values() for name in shown]


@pytest.fixture(scope="module")
def project(county_plan: lo.Plan) -> ET.Element:
    return ET.fromstring(project_xml(county_plan))


def text(root: ET.Element, path: str) -> str:
    found = root.find(path)
    assert found is not None, path
    return found.text or ""


def test_every_layer_of_the_geopackage_is_in_the_project(project: ET.Element) -> None:
    assert set(NAMES) == set(GEOMETRY)
    sources = [text(layer, "datasource") for layer in project.iterfind("projectlayers/maplayer")]
    assert sources == [f"./plan.gpkg|layername={name}" for name in NAMES]
    in_tree = [item.get("source") for item in project.iter("layer-tree-layer")]
    assert in_tree == sources
    ids = [text(layer, "id") for layer in project.iterfind("projectlayers/maplayer")]
    assert ids == [item.get("id") for item in project.iter("layer-tree-layer")]
    assert len(set(ids)) == len(ids)
    assert all(len(code) > 10 for code in ids), "QGIS gives a layer with a shorter id another one"


def test_paths_are_relative(project: ET.Element) -> None:
    assert text(project, "properties/Paths/Absolute") == "false"
    whole = ET.tostring(project, encoding="unicode")
    assert not re.search(r"(/home/|/tmp/|/root/|[A-Z]:\\\\)", whole)


def test_layers_are_drawn_and_labelled_as_the_styles_say(project: ET.Element) -> None:
    for layer in project.iterfind("projectlayers/maplayer"):
        assert layer.find("renderer-v2") is not None
        assert (layer.find("labeling") is not None) == (layer.get("labelsEnabled") == "1")
    labelled = [text(layer, "id") for layer in project.iterfind("projectlayers/maplayer[@labelsEnabled='1']")]
    assert [code.removeprefix("layoutopt_plan_") for code in labelled] == [
        "schools", "premises", "bus_stops", "bus_lines", "settlements", "towns"
    ]  # fmt: skip
    kinds = {text(layer, "id"): layer.get("geometry") for layer in project.iterfind("projectlayers/maplayer")}
    assert kinds["layoutopt_plan_schools"] == "Point"
    assert kinds["layoutopt_plan_roads"] == "Line"
    assert kinds["layoutopt_plan_towns"] == "Polygon"


def test_labels_and_aliases_name_columns_that_exist(county_plan: lo.Plan, project: ET.Element, tmp_path: Path) -> None:
    write_geopackage(county_plan, tmp_path / "plan.gpkg")
    for name, layer in zip(NAMES, project.iterfind("projectlayers/maplayer"), strict=True):
        columns = set(gpd.read_file(tmp_path / "plan.gpkg", layer=name).columns)
        expressions = [
            item.get("fieldName", "") for item in layer.iter("text-style") if item.get("isExpression") == "1"
        ]
        expressions += [item.get("filter", "") for item in layer.iter("rule") if item.get("filter")]
        expressions += [item.get("value", "") for item in layer.iter("Option") if item.get("name") == "expression"]
        expressions.append(text(layer, "previewExpression"))
        named = {column for expression in expressions for column in re.findall(r'"(\w+)"', expression)}
        plain = {item.get("fieldName", "") for item in layer.iter("text-style") if item.get("isExpression") == "0"}
        assert named | plain <= columns, name


def test_the_map_opens_where_the_plan_is(county_plan: lo.Plan, project: ET.Element) -> None:
    crs = pyproj.CRS.from_user_input(county_plan.study.crs)
    assert text(project, "projectCrs/spatialrefsys/authid") == "EPSG:32648"
    assert pyproj.CRS.from_wkt(text(project, "projectCrs/spatialrefsys/wkt")) == crs
    # QGIS takes no notice of the project's own system without this
    assert text(project, "properties/SpatialRefSys/ProjectionsEnabled") == "1"
    west, south, east, north = (
        float(text(project, f"mapcanvas/extent/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")
    )
    for layer in (county_plan.study.schools, county_plan.study.settlements):
        assert layer.geometry.x.between(west, east).all()
        assert layer.geometry.y.between(south, north).all()


def test_a_system_without_a_code_is_written_out(county_plan: lo.Plan) -> None:
    own = "+proj=tmerc +lat_0=0 +lon_0=104.7 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs"
    study = county_plan.study
    moved = replace(study, crs=own, settlements=study.settlements.to_crs(own), schools=study.schools.to_crs(own))
    project = ET.fromstring(project_xml(county_plan.replace(study=moved)))
    assert text(project, "projectCrs/spatialrefsys/authid") == ""
    found = pyproj.CRS.from_wkt(text(project, "projectCrs/spatialrefsys/wkt"))
    assert found.coordinate_operation.params[1].value == 104.7


def test_one_place_alone_has_room_around_it() -> None:
    plan = lo.current_plan(tiny_study({"V1": (0, 0, [4] * 6)}, {"S1": (0, 0, {})}), lo.Policy())
    project = ET.fromstring(project_xml(plan))
    west, east = (float(text(project, f"mapcanvas/extent/{side}")) for side in ("xmin", "xmax"))
    assert east - west == 1_000


def test_the_sheet_holds_map_legend_scale_and_words(county_plan: lo.Plan, project: ET.Element) -> None:
    items = {item.get("id"): item for item in project.iterfind("Layouts/Layout/LayoutItem")}
    assert set(items) == {"map", "legend", "scale", "title", "summary", "sources"}
    assert items["legend"].get("map_uuid") == items["scale"].get("mapUuid") == items["map"].get("uuid")
    assert items["title"].get("labelText") == "School layout plan of county"
    assert "close" in str(items["summary"].get("labelText"))
    for item in items.values():
        x, y = map(float, str(item.get("position")).split(",")[:2])
        width, height = map(float, str(item.get("size")).split(",")[:2])
        assert x >= 0 and y >= 0
        assert x + width <= WIDTH_MM and y + height <= HEIGHT_MM


def test_a_stamp_stands_on_map_and_sheet(county_plan: lo.Plan) -> None:
    project = ET.fromstring(project_xml(county_plan, stamp="NOT ADOPTABLE."))
    items = {item.get("id"): item.get("labelText") for item in project.iterfind("Layouts/Layout/LayoutItem")}
    assert items["stamp"] == "NOT ADOPTABLE."
    assert text(project, "properties/TitleLabel/Label").endswith("NOT ADOPTABLE.")
    assert text(project, "properties/TitleLabel/Enabled") == "true"
    assert text(project, "projectMetadata/abstract") == "NOT ADOPTABLE."


def test_layers_and_legends_in_chinese(county_plan: lo.Plan) -> None:
    words = language("zh").text
    project = ET.fromstring(project_xml(county_plan, lang="zh"))
    names = [item.get("name") for item in project.iter("layer-tree-layer")]
    assert names == [words(shown.title) for layers in GROUPS.values() for shown in layers.values()]
    assert all(re.search(r"[\u4e00-\u9fff]", str(name)) for name in names)
    labels = [item.get("label") for item in project.iter("category")]
    assert all(re.search(r"[\u4e00-\u9fff]", str(label)) for label in labels)


def test_the_archive_holds_the_project_and_is_the_same_each_time(county_plan: lo.Plan, tmp_path: Path) -> None:
    write_project(county_plan, tmp_path / "plan.qgz")
    write_project(county_plan, tmp_path / "plan2.qgz")
    with zipfile.ZipFile(tmp_path / "plan.qgz") as packed, zipfile.ZipFile(tmp_path / "plan2.qgz") as again:
        assert packed.namelist() == ["plan.qgs"]
        assert packed.read("plan.qgs") == again.read("plan2.qgs") == project_xml(county_plan)
        assert packed.infolist()[0].date_time == again.infolist()[0].date_time


@pytest.mark.parametrize(
    "name", ["<b>&\"'", "مدرسة", "🏫", "x" * 300, "a\x00b\x1fc\ud800d", "[% @project_path %]", "]]>"]
)
def test_a_study_may_have_any_name(name: str, county_plan: lo.Plan) -> None:
    named = county_plan.replace(study=replace(county_plan.study, name=name, attribution=name))
    project = ET.fromstring(project_xml(named, stamp=name))
    kept = re.sub("[\x00\x1f\ud800]", "", name)
    assert text(project, "title") == f"School layout plan of {kept}"
    labels = {item.get("id"): str(item.get("labelText")) for item in project.iterfind("Layouts/Layout/LayoutItem")}
    assert labels["sources"].replace("\u200b", "") == kept
    assert not any("[%" in label for label in labels.values()), "QGIS would work it out"
