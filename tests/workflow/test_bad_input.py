"""Bad input ends with a message in the planner's words and exit code 2, and nothing is written."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from shapely import LineString, Point

from layoutopt.cli import main
from layoutopt.io.tables import read_table, write_csv

WriteFolder = Callable[..., Path]

SETTLEMENTS = """settlement_id,lon,lat,g1,g2,g3,g4,g5,g6
V1,106.100,33.300,4,4,4,4,4,4
V2,106.130,33.300,3,3,3,3,3,3
V3,106.100,33.320,2,2,2,2,2,2
"""
SCHOOLS = """school_id,lon,lat,grades,hub,places_primary
S1,106.101,33.300,1-6,yes,120
S2,106.129,33.301,1-6,no,60
"""
SWAPPED = "longitude and latitude look swapped. Swap x and y (longitude first), or give the crs the numbers are in."
OWN_XY = '[layers.settlements]\nfile = "settlements.csv"\nx = "x"\ny = "y"\n'

BARE = "settlement_id,x,y,g1\nV1,700100,3700000,4\nV2,700900,3700400,3\n"
BARE_SCHOOLS = "school_id,x,y,grades\nS1,700200,3700100,1-6\n"
NO_CRS = (
    "no coordinate system (CRS) is given (eastings without zone number fit many zones: "
    'EPSG:4534-4554 (CGCS2000, 3-degree zones), EPSG:32643-32653 (UTM)). Give crs = "EPSG:…" in study.toml.'
)
GAUGE = "GCJ-02 exists within 72.004-137.835° E, 0.8293-55.8271° N only."

CASES: dict[str, tuple[dict[str, str | bytes | None], list[str]]] = {
    "missing file": (
        {"schools__csv": None},
        ["county: no schools file. Add schools.csv, .gpkg, .shp, .geojson or .xlsx, or name yours in study.toml."],
    ),
    "missing column": (
        {"schools__csv": SCHOOLS.replace("grades", "grade")},
        ["schools.csv: the column grades is missing (grades it teaches, or could teach). Did you mean 'grade'?"],
    ),
    "missing column, nothing like it": (
        {"settlements__csv": SETTLEMENTS.replace("settlement_id", "村代码")},
        ["settlements.csv: the column settlement_id is missing (your own code of the settlement). "
         "Add it, or name yours in study.toml under [columns.settlements]."],
    ),
    "duplicate id": (
        {"settlements__csv": SETTLEMENTS.replace("V3", "V1")},
        ["settlements.csv row 4 (V1): settlement_id stands already in row 2. "
         "Give each row its own code, or delete one row."],
    ),
    "negative pupils": (
        {"settlements__csv": SETTLEMENTS.replace("V2,106.130,33.300,3", "V2,106.130,33.300,-5")},
        ["settlements.csv row 3 (V2): g1 = -5. Give 0 to 5000 pupils."],
    ),
    "text in a number": (
        {"settlements__csv": SETTLEMENTS.replace("V2,106.130,33.300,3", "V2,106.130,33.300,many")},
        ["settlements.csv row 3 (V2): g1 = 'many'. Give 0 to 5000 pupils."],
    ),
    "empty cell": (
        {"settlements__csv": SETTLEMENTS.replace("V2,106.130,33.300,3", "V2,106.130,33.300,")},
        ["settlements.csv row 3 (V2): g1 is empty. Give 0 to 5000 pupils."],
    ),
    "empty id": (
        {"settlements__csv": SETTLEMENTS.replace("V2", "")},
        ["settlements.csv row 3: settlement_id is empty. Give every row its own code, or delete the row."],
    ),
    "part of a place": (
        {"schools__csv": SCHOOLS.replace("120", "120.5")},
        ["schools.csv row 2 (S1): places_primary = 120.5. Give a whole number, 0 to 10000 places."],
    ),
    "empty coordinate": (
        {"settlements__csv": SETTLEMENTS.replace("V2,106.130", "V2,")},
        ["settlements.csv row 3 (V2): lon = ''. Give a number."],
    ),
    "no coordinate columns": (
        {"settlements__csv": SETTLEMENTS.replace("lon,lat", "x,y")},
        ["settlements.csv: no coordinate columns. "
         "Add columns lon and lat, or name yours in study.toml as x and y of layer settlements."],
    ),
    "eastings that fit many zones, and nothing to tell them by": (
        {"settlements__csv": BARE, "schools__csv": BARE_SCHOOLS, "study__toml": OWN_XY + OWN_XY.replace("settlements", "schools")},
        [f"settlements.csv: {NO_CRS}", f"schools.csv: {NO_CRS}"],
    ),
    "eastings where no zone puts them on the other layers": (
        {"settlements__csv": BARE, "study__toml": OWN_XY},
        ["settlements.csv: no coordinate system (CRS) is given (no zone puts them on the other layers: "
         'EPSG:4534-4554 (CGCS2000, 3-degree zones), EPSG:32643-32653 (UTM)). Give crs = "EPSG:…" in study.toml.'],
    ),
    "a CRS nobody knows": (
        {"settlements__csv": SETTLEMENTS.replace("lon,lat", "x,y"), "study__toml": OWN_XY + 'crs = "EPSG:1"\n'},
        ["study.toml [layers.settlements] crs: 'EPSG:1' is no coordinate system. Give one such as \"EPSG:4326\"."],
    ),
    "swapped coordinates": (
        {"settlements__csv": SETTLEMENTS.replace("lon,lat", "lat,lon"),
         "schools__csv": SCHOOLS.replace("lon,lat", "lat,lon")},
        [f"settlements.csv: latitudes reach 106.13: {SWAPPED}", f"schools.csv: latitudes reach 106.129: {SWAPPED}"],
    ),
    "school without grades": (
        {"schools__csv": SCHOOLS.replace("S2,106.129,33.301,1-6", "S2,106.129,33.301,")},
        ["schools.csv row 3 (S2): grades is empty. Give a span such as 1-6."],
    ),
    "grades the wrong way round": (
        {"schools__csv": SCHOOLS.replace("S2,106.129,33.301,1-6", "S2,106.129,33.301,6-1")},
        ["schools.csv row 3 (S2): grades = '6-1'. Give a span such as 1-6."],
    ),
    "no school for a stage": (
        {"settlements__csv": SETTLEMENTS.replace("g6", "g9")},
        ["schools: no school teaches the junior stage, but 9 pupils need it. Add the schools they attend."],
    ),
    "seats below pupils": (
        {"schools__csv": SCHOOLS.replace("120", "20").replace("60", "10")},
        ["schools: 30 primary places in all for 54 pupils. "
         "Check places_primary, or add expansions or candidate schools."],
    ),
    "no pupils and no population": (
        {"settlements__csv": "settlement_id,lon,lat\nV1,106.1,33.3\n"},
        ["settlements: neither pupils by grade (g1…g9) nor population are given. Add one of them, "
         "or primary_age and junior_age."],
    ),
    "today's school unknown": (
        {"settlements__csv": SETTLEMENTS.replace("g6", "current_primary").replace(",4\n", ",S11\n")
            .replace(",3\n", ",S2\n").replace(",2\n", ",S1\n")},
        ["settlements (V1): current_primary = 'S11' is no school. Did you mean 'S1'?"],
    ),
    "an empty file": (
        {"settlements__csv": ""},
        ["settlements.csv: the file is empty. Write a header line and one row each."],
    ),
    "a header alone": (
        {"settlements__csv": SETTLEMENTS.splitlines()[0]},
        ["settlements.csv: the layer has no rows. Add rows, or delete the file."],
    ),
    "a quote that never ends": (
        {"settlements__csv": SETTLEMENTS.replace("V2", '"V2')},
        ["settlements.csv: the rows cannot be told apart (unexpected end of data). "
         "Look for a quotation mark that is not closed."],
    ),
    "more cells than columns": (
        {"schools__csv": SCHOOLS.replace("120", "1,200")},
        ["schools.csv row 2: 7 cells under 6 column names. "
         "Quote cells that hold a comma, or delete the extra cells."],
    ),
    "a column twice": (
        {"schools__csv": SCHOOLS.replace("hub", "lon")},
        ["schools.csv row 1: the column lon stands twice. Keep one."],
    ),
    "a damaged GeoPackage": (
        {"schools__csv": None, "schools__gpkg": b"not a GeoPackage at all"},
        ["schools.gpkg: the file cannot be read"],
    ),
    "study.toml is no TOML": (
        {"study__toml": "[study\n"},
        ["study.toml: not valid TOML: "],
    ),
    "unknown keys": (
        {"study__toml": '[study]\nnmae = "x"\n[layer.settlements]\nfile = "a"\n[layers.school]\nfile = "a"\n'
            '[layers.schools]\nfile = "schools.csv"\nx_column = "lon"\n'},
        ["study.toml [study] nmae: unknown key. Did you mean 'name'?",
         "study.toml [layer]: unknown table. Did you mean 'layers'?",
         "study.toml [layers] school: unknown key. Did you mean 'schools'?",
         "study.toml [layers.schools] x_column: unknown key."],
    ),
    "renamed columns that do not exist": (
        {"study__toml": '[columns.settlements]\nsettlement_idd = "id"\ng1 = "grade1"\n'},
        ["study.toml [columns.settlements] settlement_idd: not a column of this layer. Did you mean 'settlement_id'?",
         "study.toml [columns.settlements] g1: settlements.csv has no column 'grade1'."],
    ),
    "a file outside the folder": (
        {"study__toml": '[layers.settlements]\nfile = "../settlements.csv"\n'},
        ["study.toml [layers.settlements] file: '../settlements.csv' lies outside the study folder. Copy it inside."],
    ),
    "a file inside an archive outside the folder": (
        {"study__toml": '[layers.settlements]\nfile = "/vsizip/other.zip/settlements.csv"\n'},
        ["study.toml [layers.settlements] file: '/vsizip/other.zip/settlements.csv' lies outside the study folder. Copy it inside."],
    ),
    "a file on the network": (
        {"study__toml": '[layers.settlements]\nfile = "https://example.org/settlements.geojson"\n'},
        ["settlements.geojson: the file does not exist. The folder holds no readable file."],
    ),
    "a datum nobody knows": (
        {"study__toml": '[study]\ndatum = "gcj-02"\n'},
        ["study.toml [study] datum: 'gcj-02' is no datum we know. Give wgs84, cgcs2000, gcj02, bd09. Did you mean 'gcj02'?"],
    ),
    "a web map's datum outside China": (
        {"settlements__csv": SETTLEMENTS.replace(",106.", ",6."), "schools__csv": SCHOOLS.replace(",106.", ",6."),
         "study__toml": '[layers.schools]\nfile = "schools.csv"\ndatum = "gcj02"\n'},
        [f'schools.csv: datum gcj02, but 2 of 2 points lie outside China. Give datum = "wgs84"; {GAUGE}'],
    ),
    "rows chosen by a column that is not there": (
        {"study__toml": '[layers.settlements]\nfile = "settlements.csv"\nonly = { twon = ["A"] }\n'},
        ["study.toml [layers.settlements] only: settlements.csv has no column 'twon'."],
    ),
    "columns added up, one of them not there": (
        {"study__toml": '[columns.settlements]\ng1 = ["g1", "girls1"]\n'},
        ["study.toml [columns.settlements] g1: settlements.csv has no column 'girls1'."],
    ),
    "a sum with a word in it": (
        {"settlements__csv": SETTLEMENTS.replace("V2,106.130,33.300,3", "V2,106.130,33.300,few"),
         "study__toml": '[columns.settlements]\ng1 = ["g1", "g2"]\n'},
        ["settlements.csv row 3: g1 = 'few'. Give a number from 0, or leave it empty."],
    ),
    "a name of two schools": (
        {"settlements__csv": SETTLEMENTS.replace("g6\n", "current_primary\n").replace(",4\n", ",Mill\n")
            .replace(",3\n", ",S1\n").replace(",2\n", ",S2\n"),
         "schools__csv": SCHOOLS.replace("hub", "name").replace("yes", "Mill School").replace(",no", ",Mill Primary")},
        ["settlements (V1): current_primary = 'Mill' may be S1 (Mill School) or S2 (Mill Primary). Give its id."],
    ),
    "a point at 0, 0": (
        {"settlements__csv": SETTLEMENTS.replace("106.130,33.300", "0,0")},
        ["settlements.csv row 3 (V2): its place is 0, 0, which stands for no place. Give its coordinates."],
    ),
    "GeoJSON cut short": (
        {"schools__csv": None, "schools__geojson": '{"type": "FeatureCollection", "features": [{"type": "Feat'},
        ["schools.geojson: the file cannot be read ("],
    ),
    "a file that is not there": (
        {"study__toml": '[layers.settlements]\nfile = "villages.csv"\n'},
        ["villages.csv: the file does not exist. The folder holds: schools.csv, settlements.csv."],
    ),
    "a kind of file that is not read": (
        {"study__toml": '[layers.settlements]\nfile = "study.toml"\n'},
        ["study.toml: this kind of file is not read. "
         "Use .gpkg, .shp, .geojson, .json, .parquet, .osm.pbf, .osm, .csv, .xlsx."],
    ),
    "all of it at once": (
        {"settlements__csv": SETTLEMENTS.replace("V2,106.130,33.300,3,3", "V2,106.130,33.300,x,-1"),
         "schools__csv": SCHOOLS.replace("1-6,yes", "1-6,maybe").replace("grades", "grade"),
         "vehicles__csv": "vehicle_id,seats,fixed_cny,cny_per_km\nbus,0,1,1\n"},
        ["settlements.csv row 3 (V2): g1 = 'x'. Give 0 to 5000 pupils.",
         "settlements.csv row 3 (V2): g2 = -1. Give 0 to 5000 pupils.",
         "schools.csv: the column grades is missing (grades it teaches, or could teach). Did you mean 'grade'?",
         "schools.csv row 2 (S1): hub = 'maybe'. Give yes or no.",
         "vehicles.csv row 2 (bus): seats = 0. Give a whole number, 1 to 100 pupils."],
    ),
}  # fmt: skip


def solve(folder: Path, *options: str) -> tuple[Result, Path]:
    out = folder.parent / "out"
    return CliRunner().invoke(main, ["solve", str(folder), "--out", str(out), "--effort", "quick", *options]), out


@pytest.mark.parametrize("case", CASES)
def test_the_message_and_nothing_written(case: str, study_folder: WriteFolder) -> None:
    files, wanted = CASES[case]
    folder = study_folder(**{"settlements__csv": SETTLEMENTS, "schools__csv": SCHOOLS, **files})
    before = sorted(path.name for path in folder.parent.rglob("*"))
    result, _ = solve(folder)
    lines = result.stderr.splitlines()
    count = f"{len(wanted)} problems stop" if len(wanted) > 1 else "1 problem stops"
    assert lines[0] == f"InputError: {count} the reading:"
    assert len(lines) == 1 + len(wanted), result.stderr
    for line, start in zip(lines[1:], wanted, strict=True):
        exact = start.endswith((".", "?"))
        assert line == f"  {start}" if exact else line.startswith(f"  {start}")
    assert result.exit_code == 2
    assert sorted(path.name for path in folder.parent.rglob("*")) == before


def test_a_missing_folder_names_its_neighbour(study_folder: WriteFolder) -> None:
    folder = study_folder("county")
    result, out = solve(folder.with_name("conty"))
    assert result.exit_code == 2
    assert result.stderr == (
        "InputError: 1 problem stops the reading:\n"
        f"  {folder.with_name('conty')}: the study folder does not exist. Did you mean 'county'?\n"
    )
    assert not out.exists()


def test_a_layer_without_crs(study_folder: WriteFolder) -> None:
    folder = study_folder(schools__csv=None)
    sites = gpd.GeoDataFrame({"school_id": ["S1"], "grades": ["1-6"]}, geometry=[Point(400_000, 3_700_000)])
    with pytest.warns(UserWarning, match="crs"):
        sites.to_file(folder / "schools.gpkg", engine="pyogrio")
    result, _ = solve(folder)
    assert result.exit_code == 2
    assert (
        "  schools.gpkg: no coordinate system (CRS) is given (no zone puts them on the other layers: " in result.stderr
    )
    assert 'Give crs = "EPSG:…" in study.toml, or add the .prj file.' in result.stderr


def test_a_link_that_leads_out_of_the_folder(study_folder: WriteFolder) -> None:
    folder = study_folder(settlements__csv=None)
    (folder.parent / "secret.csv").write_text(SETTLEMENTS, encoding="utf-8")
    try:
        (folder / "settlements.csv").symlink_to(folder.parent / "secret.csv")
    except OSError:
        pytest.skip("links need a privilege on this system")
    result, out = solve(folder)
    assert result.exit_code == 2
    assert "  settlements.csv: 'settlements.csv' lies outside the study folder. Copy it inside." in result.stderr
    assert not out.exists()


def test_a_workbook_that_unpacks_without_end(study_folder: WriteFolder) -> None:
    folder = study_folder(settlements__csv=None)
    with zipfile.ZipFile(folder / "settlements.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", bytes(300 << 20))
    assert (folder / "settlements.xlsx").stat().st_size < 1 << 20
    result, _ = solve(folder)
    assert result.exit_code == 2
    assert (
        "  settlements.xlsx: it unpacks to 0.3 GB and is not opened. Save the sheet alone, as CSV or a new workbook."
        in result.stderr
    )


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-1+2", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＠a"]
)
def test_no_cell_written_is_a_formula(text: str, tmp_path: Path) -> None:
    """Names come from other people's files and end up in tables that spreadsheets open."""
    write_csv(pd.DataFrame({"name": [text], "town": pd.Categorical([text])}), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as opened:
        cells = list(csv.reader(opened))[1]
    assert all(cell.startswith("'") for cell in cells)
    assert read_table(tmp_path / "a.csv").iloc[0].to_list() == [text.strip()] * 2


def test_an_empty_geometry_names_feature_and_id(study_folder: WriteFolder) -> None:
    folder = study_folder(schools__csv=None)
    sites = gpd.GeoDataFrame(
        {"school_id": ["S1", "S2"], "grades": ["1-6", "1-6"], "places_primary": [100, 100]},
        geometry=[Point(106.1, 33.3), None],
        crs="EPSG:4326",
    )
    sites.to_file(folder / "schools.gpkg", engine="pyogrio")
    result, _ = solve(folder)
    assert result.exit_code == 2
    assert "  schools.gpkg feature 2 (S2): the geometry is empty. Draw it, or delete the row." in result.stderr


def test_lines_where_points_belong(study_folder: WriteFolder) -> None:
    folder = study_folder(schools__csv=None)
    sites = gpd.GeoDataFrame(
        {"school_id": ["S1"], "grades": ["1-6"], "places_primary": [100]},
        geometry=[LineString([(106.1, 33.3), (106.2, 33.3)])],
        crs="EPSG:4326",
    )
    sites.to_file(folder / "schools.gpkg", engine="pyogrio")
    result, _ = solve(folder)
    assert result.exit_code == 2
    assert "  schools.gpkg feature 1 (S1): the geometry is a LineString. Draw a point." in result.stderr


def test_one_layer_with_swapped_coordinates(study_folder: WriteFolder) -> None:
    """Where latitudes stay possible, the other layer gives the swap away."""
    settlements = "settlement_id,lon,lat,g1\nV1,32.80,39.90,5\n"
    schools = "school_id,lon,lat,grades,places_primary\nS1,39.91,32.81,1-6,50\n"
    result, out = solve(study_folder(settlements__csv=settlements, schools__csv=schools))
    assert result.exit_code == 2
    assert "longitude and latitude look swapped. Swap x and y (longitude first)." in result.stderr
    assert not out.exists()


def test_pupils_without_any_reachable_school(study_folder: WriteFolder) -> None:
    """V2 and V3 lie kilometres from any road; straight lines do not count where roads are given."""
    folder = study_folder()
    roads = gpd.GeoDataFrame(
        {"class": ["tertiary"]}, geometry=[LineString([(106.09, 33.3), (106.105, 33.3)])], crs="EPSG:4326"
    )
    roads.to_file(folder / "roads.gpkg", engine="pyogrio")
    far = SETTLEMENTS.replace("106.130,33.300", "106.300,33.400").replace("106.100,33.320", "106.000,33.400")
    (folder / "settlements.csv").write_text(far, encoding="utf-8")
    result, out = solve(folder)
    assert result.exit_code == 2
    way_out = "Connect it to the roads, add a school, or give its minutes in the travel table."
    assert result.stderr.splitlines()[-5:] == [
        "InputError: 4 problems stop the reading:",
        *(
            f"  settlements ({code}): {pupils} pupils of band {band} have no way to any school that teaches it. {way_out}"
            for band in ("lower", "upper")
            for code, pupils in (("V2", 9), ("V3", 6))
        ),
    ]
    assert not out.exists()


def test_a_school_no_plan_can_reach_is_a_matter_of_policy(study_folder: WriteFolder) -> None:
    """Exit code 1: place, grades and the limit that stands in the way are named."""
    folder = study_folder(settlements__csv=SETTLEMENTS.replace("V3,106.100,33.320", "V3,106.100,34.300"))
    policy = folder.parent / "policy.toml"
    policy.write_text(
        "[access]\nkeep_existing_exceptions = false\n[boarding]\nallowed_boarding = false\n", encoding="utf-8"
    )
    result, out = solve(folder, "--policy", str(policy))
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    at = lines.index("InfeasibleError: 2 pupil groups cannot be served under this policy:")
    assert lines[at + 1].startswith("  V3, grades of band lower (6 pupils): ")
    assert lines[at + 2].startswith("  V3, grades of band upper (6 pupils): ")
    assert "above oneway_max_min.lower = 30" in lines[at + 1] or "several limits at once" in lines[at + 1]
    assert not out.exists()


def test_a_budget_too_small_is_named_with_its_amount(study_folder: WriteFolder) -> None:
    folder = study_folder()
    policy = folder.parent / "policy.toml"
    policy.write_text("[money]\nannual_budget_cny = 100000\n", encoding="utf-8")
    result, out = solve(folder, "--policy", str(policy))
    assert result.exit_code == 2
    assert "PolicyError: No plan keeps these budgets. Raise them:" in result.stderr
    assert "money.annual_budget_cny = 100,000 is below " in result.stderr
    assert "at staffing.wage_cny = 110,000" in result.stderr
    assert not out.exists()


POLICIES = {
    "unknown group": ("[acess]\n", "PolicyError: [acess]: unknown group. Did you mean 'access'?\n"),
    "unknown key": (
        "[bus]\nmax_ride = 40\n",
        "PolicyError: bus.max_ride: unknown key. Did you mean 'max_ride_min'?\n",
    ),
    "outside its limits": (
        "[bus]\nseats = 0\n",
        "PolicyError: The policy cannot be used:\n  bus.seats = 0: give greater than or equal to 1 pupils.\n",
    ),
    "contradictions": (
        '[closure]\nmust_keep = ["S1", "S2"]\nmust_close = ["S2"]\n[points]\npoint_max_pupils = 40\n',
        "PolicyError: These choices contradict each other:\n"
        "  closure.must_keep and closure.must_close both name S2\n"
        "  points.point_max_pupils = 40 is above classes.multigrade_cap = 30\n",
    ),
    "unknown preset": (
        'preset = "jiangxi"\n',
        "PolicyError: Unknown preset 'jiangxi'. Did you mean 'jiangxi_2023'? "
        "Known: china_national, hebei, india_rte, japan, jiangxi_2023, shaanxi, tianjin, uk, yunnan, custom.\n",
    ),
}


@pytest.mark.parametrize("case", POLICIES)
def test_a_policy_that_cannot_be_used(case: str, study_folder: WriteFolder) -> None:
    text, message = POLICIES[case]
    folder = study_folder()
    policy = folder.parent / "policy.toml"
    policy.write_text(text, encoding="utf-8")
    result, out = solve(folder, "--policy", str(policy))
    assert (result.exit_code, result.stderr) == (2, message)
    assert not out.exists()


@pytest.mark.parametrize("key", ["must_keep", "must_close"])
def test_a_policy_that_names_an_unknown_school(key: str, study_folder: WriteFolder) -> None:
    """Left unsaid, a misspelt protection would close the school."""
    folder = study_folder()
    policy = folder.parent / "policy.toml"
    policy.write_text(f'[closure]\n{key} = ["S22"]\n', encoding="utf-8")
    result, out = solve(folder, "--policy", str(policy))
    assert result.exit_code == 2
    assert f"closure.{key} names 'S22', which is no school of this study. Did you mean 'S2'?" in result.stderr
    assert not out.exists()


def test_the_exit_code_of_a_real_process(study_folder: WriteFolder) -> None:
    folder = study_folder(settlements__csv=SETTLEMENTS.replace("V3", "V1"))
    out = folder.parent / "out"
    command = [sys.executable, "-m", "layoutopt.cli", "solve", str(folder), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "InputError: 1 problem stops the reading:",
        "  settlements.csv row 4 (V1): settlement_id stands already in row 2. "
        "Give each row its own code, or delete one row.",
    ]
    assert not out.exists()
