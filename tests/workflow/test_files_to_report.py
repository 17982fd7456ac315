"""From a county office's own files to an audited plan, its folder and its report, as a notebook does it."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

import layoutopt as lo

GAUSS_KRUGER = "EPSG:4526"  # CGCS2000, zone 38 with its prefix in the eastings
WEST_M, SOUTH_M = 38_400_000.0, 3_700_000.0


def place(x_km: float, y_km: float) -> Point:
    return Point(WEST_M + 1_000 * x_km, SOUTH_M + 1_000 * y_km)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Foreign headers in a GeoPackage of several layers, GBK text, a workbook, roads that touch without a vertex."""
    path = tmp_path_factory.mktemp("office") / "county"
    path.mkdir()
    villages = pd.DataFrame(
        {
            "村代码": ["V01", "V02", "V03", "V04"],
            "村名": ["上磨村", "河口村", "石门村", "杨家坪"],
            **{f"{grade}年级": [6, 3, 2, 4] for grade in range(1, 7)},
            **{f"{grade}年级": [5, 2, 0, 0] for grade in range(7, 10)},
            "小学": ["S1", "S2", "S3", "S1"],
        }
    )
    points = [place(0.3, 0), place(8, 0.2), place(8, 5.8), place(3, 0.2)]
    layer = gpd.GeoDataFrame(villages, geometry=points, crs=GAUSS_KRUGER)
    layer.to_file(path / "base.gpkg", layer="villages", engine="pyogrio")
    layer[["村名", "geometry"]].to_file(path / "base.gpkg", layer="labels", engine="pyogrio", mode="a")
    schools = pd.DataFrame(
        {
            "school_id": ["S1", "S2", "S3"],
            "name": ["中心学校", "河口小学", "石门教学点"],
            "grades": ["1-9", "1-6", "1-3"],
            "hub": ["是", "否", "否"],
            "places_primary": [160, 60, 30],
            "places_junior": [120, "", ""],
            "beds": [40, "", ""],
            "teachers": [20, 6, 2],
            "x": [WEST_M, WEST_M + 8_000, WEST_M + 8_000],
            "y": [SOUTH_M, SOUTH_M + 100, SOUTH_M + 6_000],
        }
    )
    (path / "schools.csv").write_bytes(schools.to_csv(index=False).encode("gbk"))
    roads = gpd.GeoDataFrame(
        {"class": ["secondary", "tertiary", "track"], "oneway": ["no", None, None]},
        geometry=[
            LineString([(WEST_M - 500, SOUTH_M), (WEST_M + 9_000, SOUTH_M)]),
            LineString([(WEST_M + 8_000, SOUTH_M), (WEST_M + 8_000, SOUTH_M + 6_000)]),
            LineString([(WEST_M + 3_000, SOUTH_M), (WEST_M + 3_000, SOUTH_M + 300)]),
        ],
        crs=GAUSS_KRUGER,
    )
    roads.to_crs("EPSG:4326").to_file(path / "roads.geojson", driver="GeoJSON", engine="pyogrio")
    pd.DataFrame(
        {"vehicle_id": ["mini", "bus"], "seats": [18, 34], "fixed_cny": [52_000, 65_000], "cny_per_km": [2.8, 3.5]}
    ).to_excel(path / "vehicles.xlsx", index=False)
    (path / "study.toml").write_text(
        """[study]
name = "山河县"
year = 2025
attribution = "county office"

[layers.settlements]
file = "base.gpkg"
layer = "villages"

[layers.schools]
file = "schools.csv"
encoding = "gbk"
x = "x"
y = "y"
crs = "EPSG:4526"

[columns.settlements]
settlement_id = "村代码"
name = "村名"
current_primary = "小学"
"""
        + "".join(f'g{grade} = "{grade}年级"\n' for grade in range(1, 10)),
        encoding="utf-8",
    )
    return path


def test_from_files_to_report(folder: Path, tmp_path: Path) -> None:
    study = lo.read_study(folder)
    assert repr(study) == "<Study 山河县: 4 settlements, 3 schools, 111 pupils, 3 roads>"
    assert study.crs == GAUSS_KRUGER or study.settlements.crs.is_projected
    assert study.settlements.loc["V01", "name"] == "上磨村"
    assert np.isnan(study.schools.loc["S2", "places_junior"])
    policy = lo.Policy.preset("jiangxi_2023", max_ride_min=40, capital_budget_cny=2_500_000)
    plan = lo.optimize(study, policy, time_limit_s=120, seed=7)
    assert lo.audit(plan, study, policy).empty
    assert plan.figures.unserved == 0
    assert plan.figures.pupils == 111
    today = lo.current_plan(study, policy)
    compared = lo.compare(plan, today)
    assert compared.figures.loc["pupils", "difference"] == 0
    plan.to_folder(tmp_path / "out")
    page = lo.write_report(plan, tmp_path / "out", today=today, violations=lo.audit(plan))["html"]
    assert page == tmp_path / "out" / "report.html"
    text = page.read_text("utf-8")
    assert "山河县" in text
    assert "中心学校" in text
    assert "county office" in text
    again = lo.Plan.from_folder(tmp_path / "out")
    assert lo.audit(again).empty
    assert again.study.digest == study.digest
    about = json.loads((tmp_path / "out" / "plan.json").read_text("utf-8"))
    assert set(about["study"]["inputs"]) == {"base.gpkg", "schools.csv", "roads.geojson", "vehicles.xlsx", "study.toml"}


def test_lines_run_along_the_roads(folder: Path) -> None:
    """From the far villages to the hub, and no shorter than the crow flies."""
    from layoutopt.plan.geometry import line_paths

    study = lo.read_study(folder)
    policy = lo.Policy().replace(must_close=("S2", "S3"), allowed=False)
    plan = lo.optimize(study, policy, effort="quick")
    assert lo.audit(plan).empty
    assert plan.figures.lines >= 1
    drawn = line_paths(plan).to_crs(study.crs)
    for row in drawn.itertuples():
        hub = study.schools.geometry.loc[row.school_id]
        first = plan.bus_stops.set_index("line_id").loc[[row.line_id], "settlement_id"].iloc[0]
        crow_km = study.settlements.geometry.loc[first].distance(hub) / 1_000
        assert row.geometry.length / 1_000 >= crow_km - 0.5
        assert row.geometry.length / 1_000 == pytest.approx(row.km, abs=1.0)


def test_one_choice_changed_changes_the_plan_and_the_comparison_says_how(folder: Path) -> None:
    study = lo.read_study(folder)
    policy = lo.Policy.preset("jiangxi_2023")
    merged = lo.optimize(study, policy, effort="quick")
    kept = lo.optimize(study, policy.replace(must_keep=("S2", "S3")), effort="quick")
    found = lo.compare(merged, kept)
    assert kept.figures.schools_open == 3
    assert found.figures.loc["schools_open", "difference"] == 3 - merged.figures.schools_open
    assert set(found.schools["school_id"]) <= {"S1", "S2", "S3"}
    assert "<Comparison: " in repr(found)
