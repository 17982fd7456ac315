"""Layers with geometry: any common format, one coordinate system, and every doubt told."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, MultiPoint, Point, Polygon

from layoutopt.errors import InputError, MissingExtraError
from layoutopt.io import layers
from layoutopt.io.coordinates import geometry_of
from layoutopt.io.files import OSM_SUFFIXES, SUFFIXES, LayerFile, find_layer
from layoutopt.io.layers import read_layer, read_raw
from layoutopt.io.shapefiles import cut_name
from layoutopt.io.together import disagreements, metric_crs


def points(*xy: tuple[float, float] | None, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    geometry = [None if at is None else Point(at) for at in xy]
    return gpd.GeoDataFrame({"school_id": [f"S{n}" for n in range(len(xy))]}, geometry=geometry, crs=crs)


def table(tmp_path: Path, text: str, **keys: str) -> tuple[pd.DataFrame, LayerFile]:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    file = LayerFile(tmp_path / "a.csv", **keys)
    return read_raw(file), file


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix not in OSM_SUFFIXES])
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


def shapefile(path: Path, *, names: list[str], encoding: str, cpg: str | None = None, field: str = "name") -> LayerFile:
    """A shapefile in some encoding, whose .cpg says something else or is missing."""
    frame = points(*[(106.1 + n, 33.3) for n in range(len(names))]).assign(**{field: names})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # names cut to ten bytes
        frame.to_file(path, engine="pyogrio", encoding=encoding)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return LayerFile(path)


def test_chinese_text_in_a_shapefile_as_the_user_says(tmp_path: Path) -> None:
    file = shapefile(tmp_path / "a.shp", names=["上磨村"], encoding="GBK")
    found = read_layer(replace(file, encoding="GBK"))
    assert (found.frame["name"].iloc[0], found.findings) == ("上磨村", ())


@pytest.mark.parametrize(
    ("names", "encoding", "cpg", "said"),
    [
        (["上磨村", "马街", "Old Mill"], "GBK", None, "Chinese GBK (GB 18030) (no .cpg says so)"),
        (["上磨村", "马街"], "GBK", "GBK", None),
        (["上磨村", "马街"], "GBK", "936", None),
        (["上磨村", "马街"], "GBK", "UTF-8", "Chinese GBK (GB 18030) (its .cpg says utf-8, which does not fit)"),
        (["上磨村", "马街"], "UTF-8", None, "UTF-8 (no .cpg says so)"),
        (["上磨村", "马街"], "UTF-8", "UTF-8", None),
        (["上磨村", "马街"], "UTF-8", "no such thing", "UTF-8 (no .cpg says so)"),
        (["上磨村", "馬街"], "BIG5", "950", None),
        (["Käsdorf", "Mühle", "Abc"], "ISO-8859-1", None, None),
        (["Käsdorf", "Mühle"], "ISO-8859-1", "ISO-8859-1", None),
        (["Käsdorf", "Mühle"], "UTF-8", None, "UTF-8 (no .cpg says so)"),
        (["Abc", "Def"], "UTF-8", None, None),
    ],
)  # fmt: skip
def test_the_encoding_of_a_shapefile_is_found(
    names: list[str], encoding: str, cpg: str | None, said: str | None, tmp_path: Path
) -> None:
    found = read_layer(shapefile(tmp_path / "a.shp", names=names, encoding=encoding, cpg=cpg))
    assert list(found.frame["name"]) == names
    assert [finding.text for finding in found.findings] == ([] if said is None else [f"a.shp: text read as {said}"])


@pytest.mark.parametrize(("encoding", "wanted"), [("GBK", "村名称很长"), ("UTF-8", "村名称")])
def test_field_names_cut_within_a_character(encoding: str, wanted: str, tmp_path: Path) -> None:
    file = shapefile(tmp_path / "a.shp", names=["上磨村"], encoding=encoding, field="村名称很长的字段")
    frame = read_raw(file)
    assert [name for name in frame.columns if name not in ("school_id", "geometry")] == [wanted]
    assert frame[wanted].iloc[0] == "上磨村"
    assert cut_name("村名称很长的字段", frame.columns) == wanted


def test_a_name_is_cut_only_where_the_format_cuts_it() -> None:
    assert cut_name("settlement_code", ["settlement", "name"]) == "settlement"
    assert cut_name("settlement_code", ["settle", "name"]) is None
    assert cut_name("settlement_code", ["settlement", "settlemen"]) is None
    assert cut_name("名称", ["名称很"]) is None
    assert cut_name("一年级男学生数", ["一年级", "一年级_1"]) is None


def test_names_that_become_alike_when_cut_stay_apart(tmp_path: Path) -> None:
    """In UTF-8 ten bytes hold three characters and a third of the fourth: boys and girls look the same."""
    path = tmp_path / "a.shp"
    points((106.1, 33.3)).assign(AAAAAAAAAA=[1], BBBBBBBBBB=[2]).to_file(path, engine="pyogrio")
    content = path.with_suffix(".dbf").read_bytes()
    for old, new in (("AAAAAAAAAA", "一年级男"), ("BBBBBBBBBB", "一年级女")):
        content = content.replace(old.encode(), new.encode()[:10])
    path.with_suffix(".dbf").write_bytes(content)
    frame = read_raw(LayerFile(path))
    assert frame[["一年级", "一年级_1"]].to_numpy().tolist() == [[1, 2]]


@pytest.mark.parametrize("encoding", ["zip", "no-such", "base64"])
def test_an_encoding_that_is_none(encoding: str, tmp_path: Path) -> None:
    file = shapefile(tmp_path / "a.shp", names=["上磨村"], encoding="GBK")
    with pytest.raises(InputError, match=r"a\.shp: the file cannot be read"):
        read_raw(replace(file, encoding=encoding))


def test_a_shapefile_that_lost_its_prj(tmp_path: Path) -> None:
    points((106.1, 33.3)).to_file(tmp_path / "a.shp", engine="pyogrio")
    (tmp_path / "a.prj").unlink()
    geometry, problems = geometry_of(
        read_raw(LayerFile(tmp_path / "a.shp")), LayerFile(tmp_path / "a.shp"), name="schools"
    )
    assert (problems, geometry.crs) == ([], "EPSG:4326")
    told = LayerFile(tmp_path / "a.shp", crs="EPSG:4490")
    geometry, problems = geometry_of(read_raw(told), told, name="schools")
    assert (problems, geometry.crs) == ([], "EPSG:4490")


def test_a_shapefile_without_its_table_of_attributes(tmp_path: Path) -> None:
    points((106.1, 33.3)).to_file(tmp_path / "a.shp", engine="pyogrio")
    (tmp_path / "a.dbf").unlink()
    assert "school_id" not in read_raw(LayerFile(tmp_path / "a.shp"))
    (tmp_path / "a.shx").unlink()
    with pytest.raises(InputError, match=r"a\.shp: the file cannot be read"):
        read_raw(LayerFile(tmp_path / "a.shp"))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.geojson", b"<OGRVRTDataSource/>", "GeoJSON"),
        ("a.json", b'{"type": "gdal_streamed_alg", "command_line": "gdal vector read /etc/hostname"}', "GeoJSON"),
        ("a.gpkg", b"<OGRVRTDataSource/>", "GeoPackage"),
        ("a.shp", b"<OGRVRTDataSource/>", "shapefile"),
    ],
)
def test_files_that_only_point_to_others_are_not_followed(name: str, content: bytes, kind: str, tmp_path: Path) -> None:
    """The reader below goes by content, so that a virtual layer under another ending would lead anywhere."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"the file cannot be read \(it is no {kind}\)"):
        read_raw(LayerFile(tmp_path / name))


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(layers.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'layoutopt\[parquet\]'"):
        read_raw(LayerFile(tmp_path / "a.parquet"))


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="GeoParquet needs pyarrow, an extra")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match=r"a\.parquet: the file cannot be read"):
        read_raw(LayerFile(tmp_path / "a.parquet"))
    pd.DataFrame({"school_id": ["S1"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: the file cannot be read"):
        read_raw(LayerFile(tmp_path / "b.parquet"))


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
        ((106.1, 3_700_000.0), "latitudes reach 3.7e+06: longitude and latitude look swapped"),
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
    mercator = gpd.GeoSeries([Point(11_811_000, 3_927_000)], crs="EPSG:3857")  # 1.2 map metres a metre at 33°
    assert metric_crs([mercator]) == "EPSG:32648"
    far = gpd.GeoSeries([Point(1_500_000, 3_600_000)], crs="EPSG:32648")  # 10° beside the zone's meridian
    assert metric_crs([far]) == "EPSG:32650"
    feet = gpd.GeoSeries([Point(1_000_000, 200_000)], crs="EPSG:2263")
    assert metric_crs([feet]) == "EPSG:32618"


def test_where_no_system_of_metres_reaches() -> None:
    """UTM ends at 80° south."""
    with pytest.raises(InputError, match="no metric coordinate system covers them"):
        metric_crs([geo((70.0, -85.0))])


def test_points_stored_as_collections_of_one(tmp_path: Path) -> None:
    shapes = [MultiPoint([(106.1, 33.3)]), MultiPoint([(106.1, 33.3), (106.2, 33.3)])]
    gpd.GeoDataFrame({"school_id": ["S1", "S2"]}, geometry=shapes, crs="EPSG:4326").to_file(
        tmp_path / "a.gpkg", engine="pyogrio"
    )
    file = LayerFile(tmp_path / "a.gpkg")
    geometry, problems = geometry_of(read_raw(file), file, name="schools")
    assert (problems, geometry.crs) == ([], "EPSG:4326")
    assert geometry.geom_type.tolist() == ["Point", "MultiPoint"]


def test_polygons_and_lines_keep_their_shape(tmp_path: Path) -> None:
    area = Polygon([(106, 33), (107, 33), (107, 34)])
    gpd.GeoDataFrame({"town": ["A"]}, geometry=[area], crs="EPSG:4326").to_file(
        tmp_path / "towns.gpkg", engine="pyogrio"
    )
    file = LayerFile(tmp_path / "towns.gpkg")
    geometry, problems = geometry_of(read_raw(file), file, name="schools")
    assert problems == []
    assert geometry.iloc[0].equals(area)
