"""Folders spoilt in every way we could think of: a clear error or a correct study, never another exception."""

from __future__ import annotations

import csv
import io
import shutil
import unicodedata
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
from shapely import LineString, Point, affinity, box

import layoutopt as lo
from layoutopt.plan.check import check_study
from layoutopt.schema import PUPIL_COLUMNS

Mutation = Callable[[st.DataObject, Path], None]
CELLS = (
    "", "1e9", "-1e9", "NaN", "nan", "inf", "-5", "0", "x", "'", '"', "\x00", "上磨", "1-6", "=1+1", "V1", "S1", "yes", "106.1",
    "1,234", "１２", "−3", "-1", "1e400", "0,0", "\t=1", "9" * 40,
)  # fmt: skip
TOML = '[study]\nname = "fuzz"\nyear = 2024\n[layers.travel]\nfile = "travel.csv"\n'
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
        "study.toml": TOML,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    roads = gpd.GeoDataFrame(
        {"class": ["tertiary", "track"], "speed_kmh": [30.0, None]},
        geometry=[LineString([(106.09, 33.3), (106.14, 33.3)]), LineString([(106.1, 33.3), (106.1, 33.33)])],
        crs="EPSG:4326",
    )
    roads.to_file(folder / "roads.gpkg", engine="pyogrio")
    towns = gpd.GeoDataFrame({"town": ["A"]}, geometry=[box(106, 33, 107, 34)], crs="EPSG:4326")
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
        old = data.draw(st.sampled_from(list(frame.columns)))
        new = data.draw(st.sampled_from([*CELLS, "lon", "g1", "geometry"]))
        _save(path, frame.rename(columns={old: new}))


def columns_swapped(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        frame.columns = data.draw(st.permutations(list(frame.columns)))
        _save(path, frame)


def axes_swapped(data: st.DataObject, folder: Path) -> None:
    both = ("settlements.csv", "schools.csv")
    for name in data.draw(st.sampled_from([both, both[:1], both[1:]])):
        path = folder / name
        if path.exists():
            text = path.read_text("utf-8", errors="replace")
            path.write_text(text.replace("lon,lat", "lat,lon"), encoding="utf-8")


def rows_changed(data: st.DataObject, folder: Path) -> None:
    found = _table(data, folder)
    if found is not None:
        path, frame = found
        picked = data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=6)) if len(frame) else []
        _save(path, frame.iloc[picked])


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


def as_shapefile(data: st.DataObject, folder: Path) -> None:
    """Settlements or schools as a shapefile in some encoding that lost a part of itself."""
    path = folder / data.draw(st.sampled_from(["settlements.csv", "schools.csv"]))
    try:
        frame = pd.read_csv(path)
        points = gpd.points_from_xy(frame.pop("lon").astype(float), frame.pop("lat").astype(float), crs="EPSG:4326")
    except (OSError, ValueError, KeyError):
        return
    shape = path.with_suffix(".shp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            layer = gpd.GeoDataFrame(frame, geometry=points).to_crs(data.draw(st.sampled_from(["EPSG:4326", "EPSG:4524", "EPSG:4545"])))  # fmt: skip
            layer.to_file(shape, engine="pyogrio", encoding=data.draw(st.sampled_from(["UTF-8", "GBK"])))
        except (ValueError, RuntimeError):  # names or values a shapefile cannot hold
            return
    path.unlink()
    for lost in data.draw(st.lists(st.sampled_from([".prj", ".cpg", ".shx", ".dbf"]), max_size=2, unique=True)):
        shape.with_suffix(lost).unlink(missing_ok=True)
    if data.draw(st.booleans()):
        part = shape.with_suffix(data.draw(st.sampled_from([".shp", ".dbf", ".prj", ".shx"])))
        if part.exists():
            part.write_bytes(part.read_bytes()[: data.draw(st.integers(0, part.stat().st_size))])


BOW_TIE = "[[[106.1,33.3],[106.2,33.4],[106.2,33.3],[106.1,33.4],[106.1,33.3]]]"
SHAPES = (
    f'{{"type":"Polygon","coordinates":{BOW_TIE}}}',
    f'{{"type":"MultiPolygon","coordinates":[{BOW_TIE}]}}',
    '{"type":"Polygon","coordinates":[]}',
    '{"type":"Polygon","coordinates":[[[106.1,33.3],[106.1,33.3],[106.1,33.3],[106.1,33.3]]]}',
    '{"type":"Polygon","coordinates":[[[106.1,33.3],[106.2,33.4]]]}',
    '{"type":"GeometryCollection","geometries":[]}',
    '{"type":"MultiPoint","coordinates":[[106.1,33.3]]}',
    '{"type":"Point","coordinates":[106.1,33.3,1200.0]}',
    '{"type":"Point","coordinates":[1e9,33.3]}',
    '{"type":"Point","coordinates":[NaN,33.3]}',
    '{"type":"Point","coordinates":["x",33.3]}',
    '{"type":"LineString","coordinates":[[106.1,33.3],[1e300,33.4]]}',
    '{"type":"LineString","coordinates":[[106.1,33.3,5],[106.12,33.3,null]]}',
    "null", "[]", "3",
)  # fmt: skip


def shapes_odd(data: st.DataObject, folder: Path) -> None:
    name = data.draw(st.sampled_from(["towns", "settlements", "roads"]))
    shapes = data.draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    features = [
        f'{{"type":"Feature","properties":{{"settlement_id":"V{n}","town":"A","class":"track","population":{n}0}},"geometry":{shape}}}'
        for n, shape in enumerate(shapes, start=1)
    ]
    for path in folder.glob(f"{name}.*"):
        path.unlink()
    text = '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"
    (folder / f"{name}.geojson").write_text(text, encoding="utf-8")


def toml_line(data: st.DataObject, folder: Path) -> None:
    value = data.draw(st.sampled_from(['"EPSG:4326"', '"EPSG:999999"', "3", "[]", "{}", "true", '"../x.csv"', '"lon"', '"schools.csv"', "1979-05-27"]))  # fmt: skip
    key = data.draw(st.sampled_from(["file", "crs", "x", "y", "encoding", "sheet", "layer", "datum", "name", "year", "settlement_id", "g1"]))  # fmt: skip
    table = data.draw(st.sampled_from(["study", "layers.settlements", "layers.schools", "columns.settlements", "layers", "other"]))  # fmt: skip
    (folder / "study.toml").write_text(f"[{table}]\n{key} = {value}\n", encoding="utf-8")


COLUMN_LINES = (
    '{ value = "1-6" }', "{ value = 3 }", "{ value = nan }", "{ value = 1e9 }", "{ value = true }", "{ value = [1] }", "{}",
    '{ column = "g1" }', '{ column = "g1", words = { "4" = "5" } }', '{ column = "g1", words = { "4" = "5" }, else = "0" }',
    '{ column = 3 }', '{ colum = "g1" }', '{ column = "g1", words = 3 }', '{ column = "g1", words = { "4" = 5 } }',
    '{ column = "g1", value = "3" }', '{ column = "nope", words = {} }', '["g1", "g2"]', '["g1"]', "[]", '["g1", 3]',
    '[["g1"]]', '["g1", "g1"]', '["name", "g1"]', "inf", '"g1"', '"nope"', '""', '" g1"', '"g1\\u0000"',
)  # fmt: skip
LAYER_LINES = (
    'only = { name = ["Ford"] }', 'only = { nope = ["A"] }', 'only = "x"', "only = {}", "only = { name = [] }",
    "only = { name = [3] }", 'only = { g1 = ["4", 3] }', 'datum = "gcj02"', 'datum = "bd09"', 'datum = "x"', "crs = 4326",
    'crs = "EPSG:4545"', 'layer = "nope"', 'encoding = "utf-9"', 'encoding = "rot13"', 'encoding = "hex"', 'sheet = "x"',
    'file = "/etc/passwd"', 'file = "../settlements.csv"', 'file = "roads.gpkg"', 'file = ""', 'file = "."',
    'file = "a\\u0000b"', 'file = "/vsizip/a.zip"', 'file = "https://example.org/a.geojson"', 'file = 3', 'x = "g1"',
)  # fmt: skip


def toml_more(data: st.DataObject, folder: Path) -> None:
    """A line of the wider syntax added to study.toml: sums, words, fixed values, rows left out."""
    file = folder / "study.toml"
    text = file.read_text("utf-8", errors="replace") if file.exists() else ""
    layer = data.draw(st.sampled_from(["settlements", "schools"]))
    if data.draw(st.booleans()):
        name = data.draw(st.sampled_from(["g1", "name", "population", "grades", "school_id", "settlement_id", "hub"]))
        text += f"\n[columns.{layer}]\n{name} = {data.draw(st.sampled_from(COLUMN_LINES))}\n"
    else:
        line = data.draw(st.sampled_from(LAYER_LINES))
        named = "" if line.startswith("file") else f'file = "{layer}.csv"\n'
        text += f"\n[layers.{layer}]\n{named}{line}\n"
    file.write_text(text, encoding="utf-8")


MUTATIONS: tuple[Mutation, ...] = (
    cell, cell, column_gone, column_renamed, columns_swapped, axes_swapped, rows_changed, truncated, bytes_changed, encoded,
    as_workbook, as_layer, as_shapefile, roads_odd, shapes_odd, file_gone, toml_line, toml_more, toml_more,
)  # fmt: skip


def cells_say(folder: Path) -> tuple[set[str], float] | None:
    """The settlements' ids and the sum of their pupil cells, read in the plainest way; None where that is unsure."""
    file, table = folder / "study.toml", folder / "settlements.csv"
    if not table.exists() or (file.exists() and file.read_bytes() != TOML.encode()):
        return None
    if len(list(folder.glob("settlements.*"))) > 1:
        return None
    content = table.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if any(cell.strip() for cell in row.values() if cell)]
    numbers = [
        float(unicodedata.normalize("NFKC", row[name]).replace(",", "").replace("−", "-").strip() or 0)
        for row in rows for name in row if name and name.strip() in PUPIL_COLUMNS
    ]  # fmt: skip
    codes = {row[name].strip() for row in rows for name in row if name and name.strip() == "settlement_id"}
    return codes, sum(numbers)


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
    max_examples=40, deadline=None,
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
        said = cells_say(folder)
        if said is not None:
            codes, pupils = said
            assert set(study.settlements.index) == codes
            assert study.pupils_given == pytest.approx(pupils)
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
