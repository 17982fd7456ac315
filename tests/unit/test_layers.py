"""Layers with geometry: any common format, one coordinate system, and every doubt told."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, Polygon

from layoutopt.errors import InputError
from layoutopt.io.layers import (
    SUFFIXES,
    LayerFile,
    disagreements,
    find_layer,
    geometry_of,
    metric_crs,
    read_raw,
)


def points(*xy: tuple[float, float] | None, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    geometry = [None if at is None else Point(at) for at in xy]
    return gpd.GeoDataFrame({"school_id": [f"S{n}" for n in range(len(xy))]}, geometry=geometry, crs=crs)


def table(tmp_path: Path, text: str, **keys: str) -> tuple[pd.DataFrame, LayerFile]:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    file = LayerFile(tmp_path / "a.csv", **keys)
    return read_raw(file), file


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_is_found_and_read(suffix: str, tmp_path: Path) -> None:
    frame, path = points((106.1, 33.3), (106.2, 33.4)), tmp_path / f"schools{suffix}"
    flat = pd.DataFrame({"school_id": ["S0", "S1"], "lon": [106.1, 106.2], "lat": [33.3, 33.4]})
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="GeoParquet needs pyarrow, an extra")
        frame.to_parquet(path)
    elif suffix == ".csv":
        flat.to_csv(path, index=False)
    elif suffix == ".xlsx":
        flat.to_excel(path, index=False)
    else:
        driver = {".gpkg": "GPKG", ".shp": "ESRI Shapefile"}.get(suffix, "GeoJSON")
        frame.to_file(path, driver=driver, engine="pyogrio")
    assert find_layer(tmp_path, "schools") == path
    assert find_layer(tmp_path, "school") is None
    file = LayerFile(path)
    raw = read_raw(file)
    geometry, problems = geometry_of(raw, file, name="schools")
    assert problems == []
    assert list(raw["school_id"]) == ["S0", "S1"]
    assert list(raw.index) == ([2, 3] if suffix in (".csv", ".xlsx") else [1, 2])
    assert file.row_word == ("row" if suffix in (".csv", ".xlsx") else "feature")
    assert np.allclose(geometry.x, [106.1, 106.2])
    assert geometry.crs == "EPSG:4326"


def test_chinese_text_in_a_shapefile(tmp_path: Path) -> None:
    frame = points((106.1, 33.3)).assign(name=["上磨村"])
    frame.to_file(tmp_path / "a.shp", engine="pyogrio", encoding="GBK")
    (tmp_path / "a.cpg").unlink()
    assert read_raw(LayerFile(tmp_path / "a.shp", encoding="GBK"))["name"].iloc[0] == "上磨村"


def test_a_shapefile_that_lost_its_prj(tmp_path: Path) -> None:
    points((106.1, 33.3)).to_file(tmp_path / "a.shp", engine="pyogrio")
    (tmp_path / "a.prj").unlink()
    file = LayerFile(tmp_path / "a.shp")
    _, problems = geometry_of(read_raw(file), file, name="schools")
    cure = 'Give crs = "EPSG:…" in study.toml, or add the .prj file.'
    assert [str(p) for p in problems] == [f"a.shp: no coordinate system (CRS) is given. {cure}"]
    told = LayerFile(tmp_path / "a.shp", crs="EPSG:4326")
    geometry, problems = geometry_of(read_raw(told), told, name="schools")
    assert (problems, geometry.crs) == ([], "EPSG:4326")


def test_several_layers_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "base.gpkg"
    points((106.1, 33.3)).to_file(path, layer="one", engine="pyogrio")
    points((106.1, 33.3), (106.2, 33.3)).to_file(path, layer="two", engine="pyogrio", mode="a")
    assert len(read_raw(LayerFile(path, layer="two"))) == 2
    with pytest.raises(InputError, match=r"base\.gpkg: it holds 2 layers \(one, two\)\. Name one in study\.toml\."):
        read_raw(LayerFile(path))
    with pytest.raises(InputError, match=r"base\.gpkg \[three\]: the file cannot be read"):
        read_raw(LayerFile(path, layer="three"))


def test_a_table_of_a_geopackage_without_geometry(tmp_path: Path) -> None:
    import pyogrio

    pyogrio.write_dataframe(pd.DataFrame({"school_id": ["S1"]}), tmp_path / "a.gpkg")
    file = LayerFile(tmp_path / "a.gpkg")
    with pytest.raises(InputError, match=r"a\.gpkg: the layer has no geometry\. Export it with its geometry\."):
        geometry_of(read_raw(file), file, name="schools")


@pytest.mark.parametrize("name", ["lon", "Longitude", "LNG", "经度"])
def test_degrees_by_their_usual_names(name: str, tmp_path: Path) -> None:
    lat = {"经度": "纬度"}.get(name, "LAT")
    raw, file = table(tmp_path, f"id,{name},{lat}\nA,106.1,33.3\n")
    geometry, problems = geometry_of(raw, file, name="schools")
    assert (problems, geometry.crs, geometry.iloc[0]) == ([], "EPSG:4326", Point(106.1, 33.3))


def test_own_coordinates_with_their_system(tmp_path: Path) -> None:
    raw, file = table(tmp_path, "id,east,north\nA,500000,3600000\n", x="east", y="north", crs="EPSG:32648")
    geometry, problems = geometry_of(raw, file, name="schools")
    assert (problems, geometry.crs, geometry.iloc[0]) == ([], "EPSG:32648", Point(500_000, 3_600_000))


@pytest.mark.parametrize(
    ("xy", "message"),
    [
        ((33.3, 106.1), "latitudes reach 106.1: longitude and latitude look swapped"),
        ((36_400_000.0, 3_700_000.0), "latitudes reach 3.7e+06: longitude and latitude look swapped"),
        ((33.3, -106.1), "latitudes reach -106.1: longitude and latitude look swapped"),
        ((200.0, 33.3), "longitudes reach 200, beyond 180"),
        ((-190.0, 33.3), "longitudes reach -190, beyond 180"),
    ],
)
def test_degrees_off_the_globe(xy: tuple[float, float], message: str, tmp_path: Path) -> None:
    raw, file = table(tmp_path, f"id,lon,lat\nA,{xy[0]},{xy[1]}\n")
    _, problems = geometry_of(raw, file, name="schools")
    assert [problem.what for problem in problems] == [message]


def test_empty_and_endless_geometry_by_feature(tmp_path: Path) -> None:
    frame = points((106.1, 33.3), None, (106.1, 33.3))
    frame.loc[2, "geometry"] = LineString()
    frame.to_file(tmp_path / "a.geojson", driver="GeoJSON", engine="pyogrio")
    file = LayerFile(tmp_path / "a.geojson")
    _, problems = geometry_of(read_raw(file), file, name="schools")
    assert [problem.where.split(" (")[0] for problem in problems] == ["a.geojson feature 2", "a.geojson feature 3"]


@pytest.mark.parametrize("cell", ["", "east", "inf", "nan"])
def test_coordinates_that_are_no_numbers(cell: str, tmp_path: Path) -> None:
    raw, file = table(tmp_path, f"id,lon,lat\nA,106.1,33.3\nB,{cell},33.3\n")
    _, problems = geometry_of(raw, file, name="schools")
    assert len(problems) == 1
    assert problems[0].where.startswith("a.csv row 3")
    assert problems[0].what == f"lon = '{cell}'"


def geo(*xy: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(at) for at in xy], crs="EPSG:4326")


def test_layers_that_do_not_lie_together() -> None:
    here, swapped, far = geo((32.8, 39.9), (33, 40)), geo((39.9, 32.8)), geo((106.1, 33.3))
    labels = {"settlements": "v.csv", "schools": "s.csv", "roads": "r.gpkg"}
    assert disagreements({"settlements": here, "schools": geo((32.9, 39.9))}, labels) == []
    found = disagreements({"settlements": here, "schools": swapped, "roads": here}, labels)
    assert [(problem.where, "swapped" in problem.what) for problem in found] == [("s.csv", True)]
    found = disagreements({"settlements": here, "schools": far}, labels)
    assert [str(problem) for problem in found] == [
        "s.csv: the layer lies far from the settlements. Check its coordinate system (crs)."
    ]


def test_the_system_all_is_computed_in() -> None:
    """The layers' own metres where they share them, else the UTM zone; never degrees, feet or a mixture."""
    metres = gpd.GeoSeries([Point(500_000, 3_600_000)], crs="EPSG:32648")
    assert metric_crs([metres, metres]) == "EPSG:32648"
    assert metric_crs([geo((106.1, 33.3))]) == "EPSG:32648"
    assert metric_crs([geo((106.1, 33.3)), metres]) == "EPSG:32648"
    feet = gpd.GeoSeries([Point(1_000_000, 200_000)], crs="EPSG:2263")
    assert metric_crs([feet]) == "EPSG:32618"


def test_where_no_system_of_metres_reaches() -> None:
    """UTM ends at 80° south."""
    with pytest.raises(InputError, match="no metric coordinate system covers them"):
        metric_crs([geo((70.0, -85.0))])


def test_polygons_and_lines_keep_their_shape(tmp_path: Path) -> None:
    area = Polygon([(106, 33), (107, 33), (107, 34)])
    gpd.GeoDataFrame({"town": ["A"]}, geometry=[area], crs="EPSG:4326").to_file(
        tmp_path / "towns.gpkg", engine="pyogrio"
    )
    file = LayerFile(tmp_path / "towns.gpkg")
    geometry, problems = geometry_of(read_raw(file), file, name="schools")
    assert problems == []
    assert geometry.iloc[0].equals(area)
