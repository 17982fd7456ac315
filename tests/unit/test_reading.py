"""study.toml: files, columns, sums, words, rows left out, datums; what it says wrongly; what reading repairs and tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, Point

import layoutopt as lo
from layoutopt.io.datum import from_wgs84
from layoutopt.io.template import STUDY_TOML
from layoutopt.study.config import read_config

WriteFolder = Callable[..., Path]

VILLAGES = """代码,村名,男一,女一,男二,女二,类型,乡镇,lon,lat
V1,上磨,3,4,2,,自然村,甲,106.10,33.30
V2,马街,1,1,,,行政村,乙,106.13,33.30
V3,下湾,"1,002",8,0,0,自然村,甲,106.10,33.32
"""
SCHOOLS = """school_id,lon,lat,类别,类型,places_primary
S1,106.101,33.300,完小,公办,5000
S2,106.129,33.301,教学点,公办,60
S3,106.129,33.302,幼儿园,民办,30
"""
TOML = """[layers.settlements]
file = "villages.csv"
[columns.settlements]
settlement_id = "代码"
name = "村名"
g1 = ["男一", "女一"]
g2 = { value = 0 }
[columns.schools]
grades = { column = "类别", words = { "完小" = "1-6", "教学点" = "1-3" }, else = "1-6" }
hub = { column = "类别", words = { "完小" = true }, else = false }
kind = { column = "类型" }
"""


def county(write: WriteFolder, toml: str = TOML, **files: str | bytes | None) -> Path:
    given: dict[str, str | bytes | None] = {
        "settlements__csv": None, "villages__csv": VILLAGES, "schools__csv": SCHOOLS, "study__toml": toml, **files,
    }  # fmt: skip
    return write(**given)


def problems(folder: Path) -> list[str]:
    with pytest.raises(lo.InputError) as caught:
        lo.read_study(folder)
    return [str(problem) for problem in caught.value.problems]


def texts(study: lo.Study) -> list[str]:
    return [note.text for note in study.notes]


def test_sums_words_and_values(study_folder: WriteFolder) -> None:
    study = lo.read_study(county(study_folder))
    assert study.settlements["g1"].to_dict() == {"V1": 7, "V2": 2, "V3": 1010}
    assert (study.settlements["g2"] == 0).all()
    assert study.settlements.loc["V1", "name"] == "上磨"
    assert study.schools["grades"].tolist() == ["1-6", "1-3", "1-6"]
    assert study.schools["hub"].tolist() == [True, False, False]
    assert study.schools["kind"].tolist() == ["公办", "公办", "民办"]
    assert study.notes == ()


def test_a_sum_of_empty_cells_is_empty(study_folder: WriteFolder) -> None:
    """V2 has no figure at all for grade 2; V1 has one of two."""
    toml = TOML.replace("g2 = { value = 0 }", 'g2 = ["男二", "女二"]')
    assert problems(county(study_folder, toml)) == [
        "villages.csv row 3 (V2): g2 is empty. Give 0 to 5000 pupils.",
    ]
    filled = VILLAGES.replace("1,1,,,", "1,1,,5,")
    study = lo.read_study(county(study_folder, toml, villages__csv=filled))
    assert study.settlements["g2"].to_dict() == {"V1": 2, "V2": 5, "V3": 0}


@pytest.mark.parametrize("cell", ["many", "-1", "inf"])
def test_a_part_that_is_no_number(cell: str, study_folder: WriteFolder) -> None:
    found = problems(county(study_folder, villages__csv=VILLAGES.replace("上磨,3", f"上磨,{cell}")))
    assert found == [f"villages.csv row 2: 男一 = '{cell}'. Give a number from 0, or leave it empty."]


def test_words_without_else_stay_and_are_judged(study_folder: WriteFolder) -> None:
    toml = TOML.replace(', else = "1-6" }', " }")
    assert problems(county(study_folder, toml)) == [
        "schools.csv row 4 (S3): grades = '幼儿园'. Give a span such as 1-6."
    ]


def test_words_of_numbers_and_full_width_letters(study_folder: WriteFolder) -> None:
    toml = '[columns.schools]\nstatus = { column = "code", words = { "1" = "open", "Ａ" = "keep", "A1" = "close" } }\n'
    schools = "school_id,lon,lat,grades,code\nS1,106.1,33.3,1-6,1\nS2,106.1,33.31,1-6,A\nS3,106.1,33.32,1-6,Ａ１\n"
    study = lo.read_study(study_folder(study__toml=toml, schools__csv=schools))
    assert study.schools["status"].tolist() == ["open", "keep", "close"]


def test_columns_that_are_not_there(study_folder: WriteFolder) -> None:
    toml = TOML.replace('["男一", "女一"]', '["男1", "女一", "男3"]').replace('column = "类型"', 'column = "类"')
    assert problems(county(study_folder, toml)) == [
        "study.toml [columns.settlements] g1: villages.csv has no column '男3'.",
        "study.toml [columns.settlements] g1: villages.csv has no column '男1'.",
        "study.toml [columns.schools] kind: schools.csv has no column '类'. Did you mean '类型'?",
    ]  # fmt: skip


@pytest.mark.parametrize("how", ['"男一"', '["男一"]', '{ value = "x" }', '{ column = "男一" }'])
def test_columns_we_do_not_have(how: str, study_folder: WriteFolder) -> None:
    toml = TOML.replace("g2 = { value = 0 }", f"g22 = {how}")
    assert problems(county(study_folder, toml)) == [
        "study.toml [columns.settlements] g22: not a column of this layer. Did you mean 'g2'?"
    ]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("[]", "[] is no list of columns. Write [\"one column\", \"another\"] to add them up."),
        ("[1]", "[1] is no list of columns. Write [\"one column\", \"another\"] to add them up."),
        ("3", "3 is no text. Write it in quotes."),
        ("{}", "neither one value nor a column with words. "),
        ("{ words = {} }", "neither one value nor a column with words. "),
        ('{ column = "a", value = "b" }', "neither one value nor a column with words. "),
        ('{ column = "a", words = "b" }', "neither one value nor a column with words. "),
        ("{ value = [] }", "neither one value nor a column with words. "),
    ],
)  # fmt: skip
def test_how_columns_are_not_described(how: str, message: str, study_folder: WriteFolder) -> None:
    found = problems(county(study_folder, f"[columns.settlements]\nname = {how}\n"))
    assert len(found) == 1
    assert found[0].startswith(f"study.toml [columns.settlements] name: {message}")


def test_a_wrong_key_within_a_column_names_the_nearest(study_folder: WriteFolder) -> None:
    toml = '[columns.schools]\ngrades = { colum = "a", words = {} }\n'
    assert problems(county(study_folder, toml)) == [
        "study.toml [columns.schools] grades colum: unknown key. Did you mean 'column'?"
    ]


def test_rows_left_out_are_counted(study_folder: WriteFolder) -> None:
    toml = TOML + '[layers.schools]\nfile = "schools.csv"\nonly = { "类别" = ["完小", "教学点"] }\n'
    study = lo.read_study(county(study_folder, toml))
    assert list(study.schools.index) == ["S1", "S2"]
    assert [(note.text, note.layer) for note in study.notes] == [
        ("schools.csv: 1 of 3 rows left out, as study.toml says (类别 = '幼儿园')", "schools")
    ]


def test_rows_keep_their_numbers_when_others_are_left_out(study_folder: WriteFolder) -> None:
    toml = TOML + '[layers.schools]\nfile = "schools.csv"\nonly = { "类别" = ["教学点"] }\n'
    assert problems(county(study_folder, toml, schools__csv=SCHOOLS.replace("60", "x")))[0] == (
        "schools.csv row 3 (S2): places_primary = 'x'. Give a whole number, 0 to 10000 places."
    )


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ('{ "类别名" = ["a"] }', "study.toml [layers.schools] only: schools.csv has no column '类别名'. Did you mean '类别'?"),
        ('{ "类别" = ["x"] }', "study.toml [layers.schools] only: no row is left of 3, the others hold 类别 = '完小', '幼儿园', '教学点'. Check the values."),
        ('{ "类别" = "x" }', "study.toml [layers.schools] only: {'类别': 'x'} names no values to keep. Write { column = [\"this\", \"that\"] }."),
        ('"x"', "study.toml [layers.schools] only: 'x' names no values to keep. Write { column = [\"this\", \"that\"] }."),
        ("{}", "study.toml [layers.schools] only: {} names no values to keep. Write { column = [\"this\", \"that\"] }."),
    ],
)  # fmt: skip
def test_what_only_cannot_say(only: str, message: str, study_folder: WriteFolder) -> None:
    toml = TOML + f'[layers.schools]\nfile = "schools.csv"\nonly = {only}\n'
    assert problems(county(study_folder, toml)) == [message]


def shifted(write: WriteFolder, toml: str, **files: str) -> lo.Study:
    """V1…V3 as a web map shows them, and S1 at V1's true place."""
    lon, lat = from_wgs84([106.10, 106.13, 106.10], [33.30, 33.30, 33.32], "gcj02")
    rows = [f"V{n + 1},{x:.9f},{y:.9f},2" for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    settlements = "\n".join(["settlement_id,lon,lat,g1", *rows])
    schools = "school_id,lon,lat,grades\nS1,106.10,33.30,1-6\n"
    return lo.read_study(write(settlements__csv=settlements, schools__csv=schools, study__toml=toml, **files))


def test_the_datum_of_one_layer(study_folder: WriteFolder) -> None:
    study = shifted(study_folder, '[layers.settlements]\nfile = "settlements.csv"\ndatum = "gcj02"\n')
    assert study.settlements.geometry["V1"].distance(study.schools.geometry["S1"]) < 0.01
    assert len(study.notes) == 1
    assert texts(study)[0].startswith("settlements.csv: moved from GCJ-02 to WGS 84, about ")


def test_a_layer_s_own_datum_wins_over_the_study_s(study_folder: WriteFolder) -> None:
    toml = '[study]\ndatum = "gcj02"\n[layers.schools]\nfile = "schools.csv"\ndatum = "wgs84"\n'
    study = shifted(study_folder, toml)
    assert study.settlements.geometry["V1"].distance(study.schools.geometry["S1"]) < 0.01


def test_without_a_datum_nothing_moves(study_folder: WriteFolder) -> None:
    study = shifted(study_folder, '[study]\ndatum = "cgcs2000"\n')
    assert 300 < study.settlements.geometry["V1"].distance(study.schools.geometry["S1"]) < 900
    assert study.notes == ()


@pytest.mark.parametrize("place", ["[study]", '[layers.schools]\nfile = "schools.csv"'])
def test_a_datum_nobody_knows(place: str, study_folder: WriteFolder) -> None:
    where = place.split("\n")[0]
    assert problems(study_folder(study__toml=f'{place}\ndatum = "gcj2"\n')) == [
        f"study.toml {where} datum: 'gcj2' is no datum we know. Give wgs84, cgcs2000, gcj02, bd09. Did you mean 'gcj02'?"
    ]


def test_a_layer_without_a_system_is_placed_by_the_others(study_folder: WriteFolder) -> None:
    folder = study_folder()
    lines = [LineString([(106.09, 33.3), (106.14, 33.3)]), LineString([(106.1, 33.3), (106.1, 33.33)])]
    roads = gpd.GeoDataFrame({"class": ["tertiary"] * 2}, geometry=lines, crs="EPSG:4326").to_crs("EPSG:4544")
    roads.to_file(folder / "roads.shp", engine="pyogrio")
    (folder / "roads.prj").unlink()
    study = lo.read_study(folder)
    assert study.roads is not None
    assert study.roads.to_crs("EPSG:4326").geometry.iloc[0].equals_exact(lines[0], 1e-6)
    assert texts(study) == [
        "roads.shp: no coordinate system given; EPSG:4544 assumed (this zone puts them on the other layers)"
    ]


def test_two_layers_without_a_system_and_nothing_else(study_folder: WriteFolder) -> None:
    toml = "".join(f'[layers.{name}]\nfile = "{name}.csv"\nx = "x"\ny = "y"\n' for name in ("settlements", "schools"))
    settlements = "settlement_id,x,y,g1\nV1,500000,3600000,5\n"
    schools = "school_id,x,y,grades\nS1,500100,3600000,1-6\n"
    found = problems(study_folder(study__toml=toml, settlements__csv=settlements, schools__csv=schools))
    assert [text.split(" (")[0] for text in found] == [
        "settlements.csv: no coordinate system", "schools.csv: no coordinate system",
    ]  # fmt: skip
    given = toml.replace('y = "y"\n', 'y = "y"\ncrs = "EPSG:4544"\n', 1)
    study = lo.read_study(study_folder(study__toml=given, settlements__csv=settlements, schools__csv=schools))
    assert study.settlements.geometry["V1"].distance(study.schools.geometry["S1"]) == pytest.approx(100, abs=0.5)
    assert texts(study)[0].startswith("schools.csv: no coordinate system given; EPSG:4544 assumed (")


def test_nobody_is_in_a_grade_that_is_not_taught(study_folder: WriteFolder) -> None:
    schools = """school_id,lon,lat,grades,status,places_primary,g1,g7,g8
S1,106.10,33.3,1-9,open,100,5,4,
S2,106.11,33.3,1-6,open,100,6,,
S3,106.12,33.3,7-9,candidate,,,,
"""
    study = lo.read_study(study_folder(schools__csv=schools))
    assert study.schools["g1"].tolist() == [5, 6, 0]
    assert study.schools["g7"].tolist() == [4, 0, 0]
    assert "g8" not in study.schools
    assert texts(study) == ["schools.csv: 3 empty pupil cells of grades not taught, or at candidates, count as 0"]
    assert problems(study_folder(schools__csv=schools.replace("100,5,4", "100,,4"))) == [
        "schools.csv row 2 (S1): g1 is empty. Give 0 to 5000 pupils."
    ]


def test_every_unusable_place_in_one_pass(study_folder: WriteFolder) -> None:
    settlements = "settlement_id,lon,lat,g1\nV1,,33.3,1\nV2,0,0,1\nV3,106.1,33.32,1\n"
    assert problems(study_folder(settlements__csv=settlements, schools__csv=SCHOOLS.replace("类别", "grades"))) == [
        "settlements.csv row 2 (V1): lon = ''. Give a number.",
        *(f"schools.csv row {row} ({code}): grades = '{word}'. Give a span such as 1-6."
          for row, code, word in ((2, "S1", "完小"), (3, "S2", "教学点"), (4, "S3", "幼儿园"))),
        "settlements.csv row 3 (V2): its place is 0, 0, which stands for no place. Give its coordinates.",
    ]  # fmt: skip


def test_numbers_that_stand_for_nothing(study_folder: WriteFolder) -> None:
    settlements = "settlement_id,lon,lat,g1,population,elevation_m\nV1,106.1,33.3,1,-1,-9999\nV2,106.1,33.31,1,-9,-5\nV3,106.1,33.32,1,40,３\n"
    vehicles = "vehicle_id,seats,fixed_cny,cny_per_km,count\nbus,30,1,1,-1\n"
    study = lo.read_study(study_folder(settlements__csv=settlements, vehicles__csv=vehicles))
    assert study.settlements["population"].tolist() == pytest.approx([np.nan, np.nan, 40], nan_ok=True)
    assert study.settlements["elevation_m"].tolist() == pytest.approx([np.nan, -5, 3], nan_ok=True)
    assert [(note.text, note.layer, note.ids) for note in study.notes] == [
        ("settlements.csv: population = -9, -1 in 2 rows (2, 3) taken as missing", "settlements", ("V1", "V2")),
        ("settlements.csv: elevation_m = -9999 in 1 row (2) taken as missing", "settlements", ("V1",)),
        ("vehicles.csv: count = -1 in 1 row (2) taken as missing", "vehicles", ("bus",)),
    ]


def test_a_chinese_shapefile_under_its_own_names(study_folder: WriteFolder) -> None:
    """GBK without .cpg, no .prj, and field names cut to ten bytes, as county offices hand them over."""
    folder = study_folder(settlements__csv=None, study__toml=SHAPE_TOML)
    frame = gpd.GeoDataFrame(
        {"村代码": ["V1", "V2"], "村名": ["上磨", "马街"], "一年级学生": [5, 6]},
        geometry=[Point(106.10, 33.30), Point(106.13, 33.30)], crs="EPSG:4326",
    ).to_crs("EPSG:4523")  # fmt: skip
    frame.to_file(folder / "villages.shp", engine="pyogrio", encoding="GBK")
    for suffix in (".prj", ".cpg"):
        (folder / f"villages{suffix}").unlink()
    study = lo.read_study(folder)
    assert study.settlements[["name", "g1"]].to_dict("list") == {"name": ["上磨", "马街"], "g1": [5, 6]}
    assert texts(study) == [
        "villages.shp: text read as Chinese GBK (GB 18030) (no .cpg says so)",
        "villages.shp: column '一年级学生' taken for '一年级学生数', cut by the format",
        "villages.shp: no coordinate system given; EPSG:4523 assumed (eastings start with 35, a 3-degree zone of CGCS2000)",
    ]
    names = ["schools.csv", "study.toml", "villages.dbf", "villages.shp", "villages.shx"]
    assert list(study.inputs) == names
    assert study.inputs["villages.dbf"] == sha256((folder / "villages.dbf").read_bytes()).hexdigest()


def test_our_own_names_cut_by_a_shapefile(study_folder: WriteFolder) -> None:
    folder = study_folder(settlements__csv=None, schools__csv=None)
    villages = gpd.GeoDataFrame({"settlement": ["V1"], "g1": [5]}, geometry=[Point(106.1, 33.3)], crs="EPSG:4326")
    villages.to_file(folder / "settlements.shp", engine="pyogrio")
    sites = gpd.GeoDataFrame(
        {"school_id": ["S1"], "grades": ["1-6"], "places_pri": [40], "settlement": ["V1"]},
        geometry=[Point(106.1, 33.3)], crs="EPSG:4326",
    )  # fmt: skip
    sites.to_file(folder / "schools.shp", engine="pyogrio")
    study = lo.read_study(folder)
    assert list(study.settlements.index) == ["V1"]
    assert study.schools["places_primary"].tolist() == [40]
    assert study.schools["settlement"].tolist() == ["V1"]
    assert texts(study) == [
        "settlements.shp: column 'settlement' taken for 'settlement_id', cut by the format",
        "schools.shp: column 'places_pri' taken for 'places_primary', cut by the format",
    ]


SHAPE_TOML = """[layers.settlements]
file = "villages.shp"
[columns.settlements]
settlement_id = "村代码"
name = "村名"
g1 = "一年级学生数"
"""


def test_a_csv_in_gbk_is_read_and_said(study_folder: WriteFolder) -> None:
    folder = county(study_folder, villages__csv=VILLAGES.encode("gbk"))
    study = lo.read_study(folder)
    assert study.settlements.loc["V1", "name"] == "上磨"
    assert texts(study) == ["villages.csv: text read as Chinese GBK (GB 18030), as it is no UTF-8"]


def test_files_in_subfolders_keep_their_hashes_apart(study_folder: WriteFolder) -> None:
    folder = study_folder(study__toml='[layers.schools]\nfile = "sub/settlements.csv"\n', schools__csv=None)
    (folder / "sub").mkdir()
    (folder / "sub" / "settlements.csv").write_text("school_id,lon,lat,grades\nS1,106.1,33.3,1-6\n", encoding="utf-8")
    assert list(lo.read_study(folder).inputs) == ["settlements.csv", "study.toml", "sub/settlements.csv"]


@pytest.mark.parametrize(
    "path", ["../out.csv", "{tmp}/out.csv", "link.csv", "sub/../../out.csv", "/vsizip/{tmp}/a.zip/out.csv"]
)
def test_no_file_outside_the_folder_is_read(path: str, study_folder: WriteFolder, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("school_id,lon,lat,grades\nS1,106.1,33.3,1-6\n", encoding="utf-8")
    given = path.format(tmp=tmp_path.as_posix())
    folder = study_folder(study__toml=f'[layers.schools]\nfile = "{given}"\n')
    (folder / "link.csv").symlink_to(tmp_path / "out.csv")
    assert problems(folder) == [
        f"study.toml [layers.schools] file: '{given}' lies outside the study folder. Copy it inside."
    ]


def test_a_link_by_a_layer_s_name_is_not_followed_outside(study_folder: WriteFolder, tmp_path: Path) -> None:
    folder = study_folder(schools__csv=None)
    (tmp_path / "out.csv").write_text("school_id,lon,lat,grades\nS1,106.1,33.3,1-6\n", encoding="utf-8")
    (folder / "schools.csv").symlink_to(tmp_path / "out.csv")
    assert problems(folder) == ["schools.csv: 'schools.csv' lies outside the study folder. Copy it inside."]


@pytest.mark.parametrize("name", ["http://example.org/schools.geojson", "/vsicurl/x.geojson", "vsizip/a.zip/s.csv"])
def test_addresses_are_no_files(name: str, study_folder: WriteFolder) -> None:
    found = problems(study_folder(study__toml=f'[layers.schools]\nfile = "{name}"\n'))
    assert len(found) == 1
    assert "does not exist" in found[0] or "lies outside the study folder" in found[0]


def test_one_extract_for_roads_and_settlements(study_folder: WriteFolder) -> None:
    osm = """<?xml version="1.0"?><osm version="0.6">
    <node id="1" lon="106.1" lat="33.3"><tag k="place" v="village"/><tag k="population" v="300"/></node>
    <node id="2" lon="106.101" lat="33.3"/><node id="3" lon="106.12" lat="33.31"/>
    <way id="9"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="tertiary"/></way></osm>"""
    toml = '[layers.settlements]\nfile = "county.osm"\n[layers.roads]\nfile = "county.osm"\n'
    study = lo.read_study(study_folder(settlements__csv=None, study__toml=toml, county__osm=osm))
    assert list(study.settlements.index) == ["n1"]
    assert study.roads is not None
    assert study.roads["class"].tolist() == ["tertiary"]
    assert list(study.inputs) == ["county.osm", "schools.csv", "study.toml"]


def test_every_line_of_the_template_is_understood(tmp_path: Path) -> None:
    lines = [re.sub(r"^# (?=[\[a-z].*[]=])", "", line) for line in STUDY_TOML.splitlines()[1:]]
    (tmp_path / "study.toml").write_text("\n".join(lines), encoding="utf-8")
    config = read_config(tmp_path)
    assert set(config["layers"]["settlements"]) == {
        "file",
        "layer",
        "crs",
        "x",
        "y",
        "encoding",
        "sheet",
        "datum",
        "only",
    }
    assert set(config["columns"]) == {"settlements", "roads"}
    assert config["layers"]["elevation"] == {"file": "dem.tif"}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [("106.130,33.300", "16.130,33.300", "16.13, 33.3"), ("106.130,33.300", "106.130,3.3300", "106.13, 3.33")],
)
def test_one_mistyped_place(old: str, new: str, place: str, study_folder: WriteFolder) -> None:
    folder = study_folder()
    file = folder / "settlements.csv"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(lo.InputError) as caught:
        lo.read_study(folder)
    assert [str(problem) for problem in caught.value.problems] == [
        f"settlements.csv row 3 (V2): the place {place} lies far from all others, around 106.1, 33.3. "
        "Check its coordinates."
    ]
