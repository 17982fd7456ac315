"""A folder of files with foreign names and headers → a study.toml that reads, or that asks."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, Point, box

import layoutopt as lo
from layoutopt.errors import InputError
from layoutopt.schema import LAYERS
from layoutopt.study.guesses import guess_columns
from layoutopt.study.init import guess_study, write_config
from layoutopt.study.inittoml import quoted
from layoutopt.study.sources import Source, sources_in
from layoutopt.study.synonyms import COLUMNS, WORDS, grade_of, plain, plain_word

VILLAGES = """村代码,村名,所属乡镇,常住人口,一年级人数,二年级人数,三年级人数,经度,纬度
360101,上坪村,梅岭镇,420,4,4,4,115.700,28.750
360102,下坪村,梅岭镇,310,3,3,3,115.730,28.750
360103,水口村,招贤镇,150,2,2,2,115.700,28.770
"""
SCHOOLS = """学校代码,学校名称,乡镇,办学类型,专任教师数,1年级男生,1年级女生,教室数,经度,纬度
S1,梅岭中心小学,梅岭镇,完全小学,12,3,5,8,115.701,28.750
S2,水口教学点,招贤镇,教学点,2,1,1,2,115.700,28.769
"""


def folder(path: Path, **files: str) -> Path:
    """Write text files; ``__`` in a name stands for its dot."""
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return path


def config(path: Path) -> dict[str, Any]:
    write_config(guess_study(path), force=True)
    return tomllib.loads((path / "study.toml").read_text("utf-8"))


def test_tables_with_chinese_headers_read_at_once(tmp_path: Path) -> None:
    path = folder(tmp_path / "某县", 村庄表__csv=VILLAGES, 学校表__csv=SCHOOLS)
    found = config(path)
    assert found["layers"]["settlements"] == {"file": "村庄表.csv", "x": "经度", "y": "纬度", "crs": "EPSG:4326"}
    assert found["columns"]["settlements"] == {
        "settlement_id": "村代码", "name": "村名", "town": "所属乡镇", "population": "常住人口", "g1": "一年级人数",
        "g2": "二年级人数", "g3": "三年级人数",
    }  # fmt: skip
    schools = found["columns"]["schools"]
    assert schools["grades"] == {"column": "办学类型", "words": {"完全小学": "1-6", "教学点": "1-3"}}
    assert schools["g1"] == ["1年级男生", "1年级女生"]
    study = lo.read_study(path)
    assert (study.name, study.pupils_given, list(study.schools["grades"])) == ("某县", 27, ["1-6", "1-3"])
    assert study.schools.loc["S1", ["g1", "teachers", "classrooms"]].tolist() == [8, 12, 8]


def test_a_geopackage_with_two_layers(tmp_path: Path) -> None:
    places = gpd.GeoDataFrame(
        {"CODE": ["a", "b"], "HAB_NAME": ["A", "B"], "TOT_POPULATION": [100, 50]},
        geometry=[Point(78.0, 34.0), Point(78.02, 34.0)], crs="EPSG:4326",
    )  # fmt: skip
    roads = gpd.GeoDataFrame(
        {"RoadCategory": ["NH", "RR(VR)", "lane"]},
        geometry=[LineString([(78.0, 34.0), (78.02, 34.0)]), *[LineString([(78.0, 34.0), (78.0, y)]) for y in (34.01, 34.02)]],
        crs="EPSG:4326",
    )  # fmt: skip
    path = folder(tmp_path / "county", sites__csv="School ID,Grades,lon,lat\nS1,1-9,78.001,34.0\n")
    places.to_file(path / "data.gpkg", layer="habitations", engine="pyogrio")
    roads.to_file(path / "data.gpkg", layer="network", engine="pyogrio")
    roads.to_file(path / "data.gpkg", layer="network_noded", engine="pyogrio")
    found = guess_study(path)
    layers = {guess.name: guess.source.label for guess in found.layers}
    assert layers == {"settlements": "data.gpkg [habitations]", "schools": "sites.csv", "roads": "data.gpkg [network]"}
    assert "roads: what do these words of class mean: lane?" in found.questions
    assert [(left.label, left.why) for left in found.unused] == [
        ("data.gpkg [network_noded]", "it could be roads too, but data.gpkg [network] fits better")
    ]
    assert config(path)["columns"]["roads"]["class"] == {
        "column": "RoadCategory", "words": {"NH": "primary", "RR(VR)": "unclassified"},
    }  # fmt: skip
    assert len(lo.read_study(path).roads) == 3


@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_a_gbk_shapefile_without_prj(tmp_path: Path) -> None:
    path = folder(tmp_path / "county", schools__csv="school_id,grades,lon,lat\nS1,1-9,115.701,28.75\n")
    villages = gpd.GeoDataFrame(
        {"村编码": ["1", "2"], "村名称": ["上坪", "下坪"], "人口数": [420, 310]},
        geometry=[Point(39_470_670, 3_181_300), Point(39_473_600, 3_181_300)],
    )
    villages.to_file(path / "居民点.shp", engine="pyogrio", encoding="gbk")
    for suffix in (".prj", ".cpg"):
        (path / f"居民点{suffix}").unlink(missing_ok=True)
    found = config(path)
    assert found["layers"]["settlements"] == {"file": "居民点.shp", "crs": "EPSG:4527"}
    assert found["columns"]["settlements"] == {"settlement_id": "村编码", "name": "村名称", "population": "人口数"}
    assert list(lo.read_study(path).settlements["name"]) == ["上坪", "下坪"]


def test_what_is_not_found_is_asked(tmp_path: Path) -> None:
    path = folder(
        tmp_path / "county", villages__csv="code,lon,lat\n1,106.1,33.3\n2,106.2,33.3\n", notes__csv="a,b\n1,2\n"
    )
    found = guess_study(path)
    assert list(found.questions) == [
        "schools: which file holds them? No file looks like it.",
        "settlements: which columns hold pupils (g1…g9) or residents (population)?",
    ]
    text = found.toml()
    assert "# [layers.schools]" in text and "QUESTION: which file holds the schools?" in text
    assert "# notes.csv: it has no coordinates, and its columns are those of no table we read" in text
    write_config(found)
    with pytest.raises(InputError, match="no schools file"):
        lo.read_study(path)


def test_unknown_kinds_of_school_are_asked_with_their_words(tmp_path: Path) -> None:
    schools = "school_id,level,lon,lat\nS1,high,106.1,33.3\nS2,academy,106.1,33.3\n"
    path = folder(tmp_path / "county", schools__csv=schools, villages__csv="id,population,lon,lat\n1,90,106.1,33.3\n")
    found = guess_study(path)
    assert "schools: which grades does each of these kinds of school teach? level: academy, high" in found.questions
    assert '# only = { level = ["academy", "high"] }' in found.toml()
    assert '# grades = { column = "level", words = { academy = "?", high = "?" } }' in found.toml().splitlines()


def test_a_study_toml_is_written_over_only_by_force(tmp_path: Path) -> None:
    path = folder(tmp_path / "county", villages__csv=VILLAGES, study__toml="# hours of work\n")
    with pytest.raises(InputError, match="Give --force to write over it"):
        write_config(guess_study(path))
    assert (path / "study.toml").read_text("utf-8") == "# hours of work\n"
    write_config(guess_study(path), force=True)
    assert "村代码" in (path / "study.toml").read_text("utf-8")


def test_enrolment_wins_over_ages(tmp_path: Path) -> None:
    places = "id,population,6-11岁,lon,lat\n1,90,9,115.7,28.75\n2,50,4,115.71,28.75\n"
    path = folder(tmp_path / "county", villages__csv=places, schools__csv=SCHOOLS)
    text = guess_study(path).toml()
    assert '# primary_age = "6-11岁"' in text and "\nprimary_age" not in text
    (path / "schools.csv").write_text("school_id,grades,lon,lat\nS1,1-6,115.7,28.75\n", encoding="utf-8")
    assert '\nprimary_age = "6-11岁"' in guess_study(path).toml()


def test_polygons_without_people_are_towns(tmp_path: Path) -> None:
    path = folder(tmp_path / "county", villages__csv=VILLAGES)
    towns = gpd.GeoDataFrame({"名称": ["梅岭镇"]}, geometry=[box(115.6, 28.7, 115.8, 28.8)], crs="EPSG:4490")
    towns.to_file(path / "乡镇界.geojson", engine="pyogrio")
    layers = {guess.name: guess for guess in guess_study(path).layers}
    assert layers["towns"].columns[0].theirs == ("名称",)
    assert set(layers) == {"settlements", "towns"}


def test_a_workbook_with_sheets_and_a_raster(tmp_path: Path) -> None:
    path = folder(tmp_path / "county")
    with pd.ExcelWriter(path / "全部.xlsx") as book:
        for sheet, text in (("村庄", VILLAGES), ("学校", SCHOOLS)):
            pd.DataFrame(
                [row.split(",") for row in text.splitlines()[1:]], columns=text.splitlines()[0].split(",")
            ).to_excel(book, sheet_name=sheet, index=False)
    (path / "dem.tif").write_bytes(b"")
    found = config(path)["layers"]
    assert {name: part.get("sheet") for name, part in found.items()} == {
        "settlements": "村庄", "schools": "学校", "elevation": None,
    }  # fmt: skip


def test_files_nobody_can_read_are_named(tmp_path: Path) -> None:
    path = folder(tmp_path / "county", villages__csv=VILLAGES, broken__gpkg="no database", empty__csv="")
    unused = {left.label: left.why for left in guess_study(path).unused}
    assert set(unused) == {"broken.gpkg", "empty.csv"}
    assert unused["empty.csv"] == "the file is empty"
    assert unused["broken.gpkg"]
    with pytest.raises(InputError, match="no file in it can be read"):
        guess_study(folder(tmp_path / "nothing"))
    with pytest.raises(InputError, match="the folder does not exist"):
        guess_study(tmp_path / "nowhere")


def test_names_and_headers_cannot_break_the_file(tmp_path: Path) -> None:
    odd = 'co"de\\x'
    path = folder(tmp_path / 'co"unty', villages__csv='"co""de\\x",population,lon,lat\n1,9,106.1,33.3\n')
    assert odd in sources_in(path)[0][0].headers
    text = guess_study(path).toml()
    assert tomllib.loads(text)["study"]["name"] == 'co"unty'
    assert tomllib.loads(f"a = {quoted(odd + chr(127) + chr(0x9F) + chr(10))}")["a"] == odd + "\x7f\x9f\n"


def columns_of(layer: str, table: dict[str, list[Any]]) -> dict[str, Any]:
    from layoutopt.io.files import LayerFile

    source = Source(LayerFile(Path("x.csv")), pd.DataFrame(table), "point")
    return {guess.ours: guess for guess in guess_columns(LAYERS[layer], source)}


def test_columns_are_believed_only_where_cells_fit() -> None:
    found = columns_of("settlements", {"id": ["1", "1"], "code": ["a", "b"], "population": ["many", "few"]})
    assert found["settlement_id"].theirs == ("code",), "the codes differ, the ids do not"
    assert "population" not in found
    schools = columns_of("schools", {"学校代码": ["1", "2"], "中心校": ["是", "否"], "状态": ["在用", "撤并"]})
    assert schools["hub"].words == (("否", "no"), ("是", "yes"))
    assert schools["status"].words == (("在用", "open"), ("撤并", "close"))


def test_headers_a_shapefile_has_cut() -> None:
    from layoutopt.io.files import LayerFile

    table = pd.DataFrame({"settlement": ["1", "2"], "TOT_POPULA": [9, 8], "primary_ag": [1, 1], "town": ["a", "b"]})
    source = Source(LayerFile(Path("x.shp")), table, "point")
    found = {guess.ours: guess.theirs[0] for guess in guess_columns(LAYERS["settlements"], source)}
    assert found == {
        "settlement_id": "settlement",
        "population": "TOT_POPULA",
        "primary_age": "primary_ag",
        "town": "town",
    }


def test_grades_follow_from_the_enrolment() -> None:
    junior = {f"{grade}年级人数": [1, 2] for grade in "七八九"}
    assert columns_of("schools", {"id": ["1", "2"], **junior})["grades"].value == "7-9"
    assert "grades" not in columns_of("schools", {"id": ["1", "2"], "一年级人数": [1, 2]})


@pytest.mark.parametrize(
    ("header", "grade"),
    [("g3", (3, False)), ("Grade 7", (7, False)), ("六年級學生數", (6, False)), ("初二人数", (8, False)),
     ("2年級女學生數", (2, True)), ("g4_boys", (4, True)), ("3年級班級數", None), ("gate1", None), ("g10", None)],
)  # fmt: skip
def test_headers_that_count_a_grade(header: str, grade: tuple[int, bool] | None) -> None:
    assert grade_of(header) == grade


def test_the_tables_speak_of_our_columns_only() -> None:
    for layer, columns in COLUMNS.items():
        assert set(columns) <= set(LAYERS[layer].names), layer
    for layer, column in WORDS:
        allowed = next(entry.choices for entry in LAYERS[layer] if entry.name == column)
        table = WORDS[layer, column]
        assert all(plain_word(word) == word for word in table), (layer, column)
        assert not allowed or set(table.values()) <= set(allowed)
    assert plain("人口數(人)") == "人口数"
