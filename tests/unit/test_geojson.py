"""GeoJSON of every layer: readable by others, degrees, plain numbers, text as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import layoutopt as lo
from layoutopt.plan.geopackage import GEOMETRY, plan_layers
from layoutopt.report.geojson import geojson_text, write_geojson


@pytest.fixture(scope="module")
def files(county_plan: lo.Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_geojson(county_plan, tmp_path_factory.mktemp("geojson") / "new")


def test_a_file_for_every_layer(files: dict[str, Path]) -> None:
    assert set(files) == set(GEOMETRY)
    assert all(path.name == f"{name}.geojson" for name, path in files.items())


@pytest.mark.parametrize("name", GEOMETRY)
def test_a_layer_is_what_the_geopackage_holds(name: str, files: dict[str, Path], county_plan: lo.Plan) -> None:
    given = plan_layers(county_plan).get(name)
    found = json.loads(files[name].read_text("utf-8"))
    assert found["type"] == "FeatureCollection"
    assert found["name"] == name
    assert "not_adoptable" not in found
    if given is None:  # this county has neither roads nor towns
        assert found["features"] == []
        return
    assert len(found["features"]) == len(given)
    for feature, row in zip(found["features"], given.to_dict("records"), strict=True):
        assert list(feature["properties"]) == [column for column in given if column != "geometry"]
        for column, value in feature["properties"].items():
            assert value == (None if pd.isna(row[column]) else pytest.approx(row[column], abs=1e-6)), column
        drawn = shapely.geometry.shape(feature["geometry"])
        assert drawn.hausdorff_distance(row["geometry"]) < 2e-6


def test_other_programs_read_it(files: dict[str, Path], county_plan: lo.Plan) -> None:
    schools = gpd.read_file(files["schools"])
    assert schools.crs == "EPSG:4326"
    assert schools["pupils_after"].sum() == county_plan.schools["pupils_after"].sum()
    ways = gpd.read_file(files["assignments"])
    assert ways["pupils"].sum() == county_plan.figures.pupils


@pytest.mark.parametrize(
    ("value", "expected"),
    [(np.nan, None), (np.inf, None), (-np.inf, None), (pd.NA, None), (None, None), (True, True), (np.bool_(False), False),
     (3, 3), (np.int64(3), 3), (1 / 3, 0.333333), ("=1+1", "=1+1"), ('"a" </script>\n🏫', '"a" </script>\n🏫')],
)  # fmt: skip
def test_cells_become_plain_values(value: Any, expected: Any) -> None:
    layer = gpd.GeoDataFrame(
        {"cell": pd.Series([value], dtype=object)}, geometry=[shapely.Point(105.12345678, 33.5)], crs="EPSG:4326"
    )
    feature = json.loads(geojson_text(layer, name="x"))["features"][0]
    assert feature["properties"]["cell"] == expected
    assert type(feature["properties"]["cell"]) is type(expected)
    assert feature["geometry"] == {"type": "Point", "coordinates": [105.123457, 33.5]}


def test_nothing_to_draw_is_null() -> None:
    layer = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[shapely.LineString(), None], crs="EPSG:4326")
    assert [part["geometry"] for part in json.loads(geojson_text(layer, name="x"))["features"]] == [None, None]


def test_metres_become_degrees() -> None:
    layer = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(500_000, 0)], crs="EPSG:32648")
    assert json.loads(geojson_text(layer, name="x"))["features"][0]["geometry"]["coordinates"] == [105.0, 0.0]


def test_a_stamp_is_told_in_every_file(county_plan: lo.Plan, tmp_path: Path) -> None:
    for path in write_geojson(county_plan, tmp_path, stamp="No.").values():
        assert json.loads(path.read_text("utf-8"))["not_adoptable"] == "No."
