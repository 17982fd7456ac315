"""Folders spoilt in every way we could think of: a clear error or a correct study, never another exception."""

from __future__ import annotations

import io
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError
from shapely import LineString, Point, Polygon, affinity

import layoutopt as lo
from layoutopt.plan.check import check_study
from layoutopt.schema import PUPIL_COLUMNS

Mutation = Callable[[st.DataObject, Path], None]
CELLS = (
    "",
    "1e9",
    "-1e9",
    "NaN",
    "nan",
    "inf",
    "-5",
    "0",
    "x",
    "'",
    '"',
    "\x00",
    "上磨",
    "1-6",
    "=1+1",
    "V1",
    "S1",
    "yes",
    "106.1",
)
TABLES = ("settlements.csv", "schools.csv", "travel.csv", "expansions.csv", "vehicles.csv", "forecast.csv")
LAYERS = ("roads.gpkg", "towns.geojson")


def write_valid(folder: Path) -> None:
    folder.mkdir()
    files = {
        "settlements.csv": "settlement_id,name,lon,lat,g1,g2,g3,g4,g5,g6,current_primary\n"
        "V1,上磨,106.10,33.30,4,4,4,4,4,4,S1\nV2,Ridge,106.13,33.30,3,3,3,3,3,3,\nV3,Ford,106.10,33.32,2,2,2,2,2,2,S1\n",
        "schools.csv": "school_id,lon,lat,grades,hub,places_primary,beds,status\n"
        "S1,106.101,33.300,1-6,yes,120,20,open\nS2,106.129,33.301,1-6,no,60,,keep\n",
        "travel.csv": "from_id,to_id,mode,minutes,km\nV1,S1,walk,7,0.5\nV2,S1,bus,12,5\n",
        "expansions.csv": "school_id,level,stage,places,beds,capital_cny,life_years\nS1,1,primary,40,0,100000,30\n",
        "vehicles.csv": "vehicle_id,seats,fixed_cny,cny_per_km,count\nbus,30,60000,3,\n",
        "forecast.csv": "settlement_id,year,g1\nV1,2030,3\n",
        "study.toml": '[study]\nname = "fuzz"\nyear = 2024\n[layers.settlements]\nfile = "settlements.csv"\n',
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    roads = gpd.GeoDataFrame(
        {"class": ["tertiary", "track"], "speed_kmh": [30.0, None]},
        geometry=[LineString([(106.09, 33.3), (106.14, 33.3)]), LineString([(106.1, 33.3), (106.1, 33.33)])],
        crs="EPSG:4326",
    )
    roads.to_file(folder / "roads.gpkg", engine="pyogrio")
    area = Polygon([(106, 33), (107, 33), (107, 34), (106, 34)])
    towns = gpd.GeoDataFrame({"town": ["A"]}, geometry=[area], crs="EPSG:4326")
    towns.to_file(folder / "towns.geojson", driver="GeoJSON", engine="pyogrio")


def _table(data: st.DataObject, folder: Path) -> tuple[Path, pd.DataFrame] | None:
    path = folder / data.draw(st.sampled_from(TABLES))
    try:
        return path, pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):  # dropped or spoilt by an earlier mutation
        return None


def _save(path: Path, frame: pd.DataFrame) -> None:
    path.write_text(frame.to_csv(index=False), encoding="utf-8", errors="replace")


def cell(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is None or found[1].empty:
        return
    path, frame = found
    row, column = data.draw(st.integers(0, len(frame) - 1)), data.draw(st.integers(0, frame.shape[1] - 1))
    frame.iloc[row, column] = data.draw(st.sampled_from(CELLS))
    _save(path, frame)


def column_gone(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        _save(path, frame.drop(columns=data.draw(st.sampled_from(list(frame.columns)))))


def column_renamed(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        old, new = (
            data.draw(st.sampled_from(list(frame.columns))),
            data.draw(st.sampled_from([*CELLS, "lon", "g1", "geometry"])),
        )
        _save(path, frame.rename(columns={old: new}))


def columns_swapped(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        frame.columns = data.draw(st.permutations(list(frame.columns)))
        _save(path, frame)


def axes_swapped(data: st.DataObject, folder: Path) -> None:
    for name in data.draw(
        st.sampled_from([("settlements.csv",), ("schools.csv",), ("settlements.csv", "schools.csv")])
    ):
        path = folder / name
        if path.exists():
            text = path.read_text("utf-8", errors="replace")
            path.write_text(text.replace("lon,lat", "lat,lon"), encoding="utf-8")


def rows_changed(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        picked = data.draw(st.lists(st.integers(0, max(len(frame) - 1, 0)), max_size=6))
        _save(path, frame.iloc[picked] if len(frame) else frame)


def truncated(data: st.DataObject, folder: Path) -> None:
    path = folder / data.draw(st.sampled_from([*TABLES, *LAYERS, "study.toml"]))
    if path.exists():
        content = path.read_bytes()
        path.write_bytes(content[: data.draw(st.integers(0, len(content)))])


def bytes_changed(data: st.DataObject, folder: Path) -> None:
    path = folder / data.draw(st.sampled_from([*TABLES, "study.toml", "towns.geojson"]))
    if path.exists() and path.stat().st_size:
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 5))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(bytes(content))


def encoded(data: st.DataObject, folder: Path) -> None:
    path = folder / data.draw(st.sampled_from([*TABLES, "study.toml"]))
    if path.exists():
        text = path.read_bytes().decode("utf-8", errors="replace")
        name = data.draw(st.sampled_from(["gbk", "utf-16", "utf-8-sig", "latin-1", "utf-32-le"]))
        path.write_bytes(text.encode(name, errors="replace"))


def as_workbook(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        book = io.BytesIO()
        try:
            frame.astype(object).map(_typed).to_excel(book, index=False)
        except IllegalCharacterError:
            return
        path.unlink()
        path.with_suffix(".xlsx").write_bytes(book.getvalue())


def _typed(cell: str) -> float | str:
    try:
        number = float(cell)
    except ValueError:
        return cell
    return number if np.isfinite(number) else cell


def as_layer(data: st.DataObject, folder: Path) -> None:
    """Settlements or schools as a GeoPackage with typed columns, in some system, some geometries odd."""
    name = data.draw(st.sampled_from(["settlements", "schools"]))
    path = folder / f"{name}.csv"
    try:
        frame = pd.read_csv(path)
        points = [Point(x, y) for x, y in zip(frame["lon"].astype(float), frame["lat"].astype(float), strict=True)]
    except (OSError, ValueError, KeyError):
        return
    odd = data.draw(
        st.sampled_from([None, Point(), LineString([(0, 0), (1, 1)]), Point(0, 0), Point(1e9, 1e9), "keep"])
    )
    if points and odd != "keep":
        points[data.draw(st.integers(0, len(points) - 1))] = odd
    layer = gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points, crs="EPSG:4326")
    system = data.draw(st.sampled_from(["EPSG:4326", "EPSG:32648", "EPSG:3857", "EPSG:4490", None]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = layer.to_crs(system) if system else layer.set_crs(None, allow_override=True)
        layer.to_file(path.with_suffix(".gpkg"), engine="pyogrio")
    path.unlink()


def roads_odd(data: st.DataObject, folder: Path) -> None:
    lines = [LineString([(106.09, 33.3), (106.14, 33.3)]), LineString([(106.1, 33.3), (106.1, 33.33)])]
    odd = data.draw(
        st.sampled_from(
            [None, LineString(), Point(106.1, 33.3), LineString([(106.1, 33.3)] * 2), affinity.translate(lines[0], 40)]
        )
    )
    classes = data.draw(st.sampled_from([["tertiary", "nonsense"], [None, None], ["", "motorway"]]))
    speed = data.draw(st.sampled_from([[30.0, np.nan], [0.0, 10.0], [-3.0, 5.0], [1e9, 5.0]]))
    frame = gpd.GeoDataFrame(
        {"class": classes, "speed_kmh": speed, "oneway": data.draw(st.sampled_from([["yes", "-1"], ["x", None]]))},
        geometry=[lines[0], odd], crs="EPSG:4326",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(folder / "roads.gpkg", engine="pyogrio", layer="roads")


def file_gone(data: st.DataObject, folder: Path) -> None:
    (folder / data.draw(st.sampled_from([*TABLES, *LAYERS, "study.toml"]))).unlink(missing_ok=True)


def toml_line(data: st.DataObject, folder: Path) -> None:
    value = data.draw(st.sampled_from(['"EPSG:4326"', '"EPSG:999999"', "3", "[]", "{}", "true", '"../x.csv"', '"lon"', '"schools.csv"', "1979-05-27"]))  # fmt: skip
    key = data.draw(st.sampled_from(["file", "crs", "x", "y", "encoding", "sheet", "layer", "datum", "name", "year", "settlement_id", "g1"]))  # fmt: skip
    table = data.draw(st.sampled_from(["study", "layers.settlements", "layers.schools", "columns.settlements", "layers", "other"]))  # fmt: skip
    (folder / "study.toml").write_text(f"[{table}]\n{key} = {value}\n", encoding="utf-8")


MUTATIONS: tuple[Mutation, ...] = (
    cell, cell, column_gone, column_renamed, columns_swapped, axes_swapped, rows_changed, truncated, bytes_changed, encoded,
    as_workbook, as_layer, roads_odd, file_gone, toml_line,
)  # fmt: skip


def correct(study: lo.Study) -> None:
    """What every study promises, whatever its files looked like."""
    assert study.settlements.index.is_unique
    assert study.schools.index.is_unique
    assert list(study.settlements.index) == sorted(study.settlements.index)
    for layer in (study.settlements, study.schools):
        assert layer.crs is not None
        assert layer.crs.is_projected
        assert layer.geom_type.eq("Point").all()
        assert np.isfinite(layer.total_bounds).all()
    if study.has_pupils:
        pupils = study.settlements[list(PUPIL_COLUMNS)].to_numpy(float)
        assert ((pupils >= 0) & (pupils <= 5_000)).all()
    assert len(study.digest) == 16
    assert study.name


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(data=st.data())
def test_a_clear_error_or_a_correct_study(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    with TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's own words on damaged files
        folder = Path(place) / "county"
        shutil.copytree(_valid(tmp_path_factory), folder)
        for mutation in data.draw(st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=3)):
            mutation(data, folder)
        try:
            study = lo.read_study(folder)
        except lo.LayoutError as error:
            assert str(error).strip()
            return
        correct(study)
        try:
            check_study(study, lo.Policy()).lines()
        except lo.LayoutError as error:
            assert str(error).strip()


_made: dict[str, Path] = {}


def _valid(factory: pytest.TempPathFactory) -> Path:
    if "valid" not in _made:
        folder = factory.mktemp("fuzz") / "valid"
        write_valid(folder)
        _made["valid"] = folder
    return _made["valid"]


def test_the_folder_is_valid_before_it_is_spoilt(tmp_path_factory: pytest.TempPathFactory) -> None:
    study = lo.read_study(_valid(tmp_path_factory))
    correct(study)
    assert check_study(study, lo.Policy()).errors == ()
    assert study.roads is not None
    assert study.towns is not None
    assert study.pupils_given == 54
