"""Rebuild data/samples/chiayi from the Chiayi set: python data/scripts/cut_chiayi.py SOURCE_DIR [FOLDER].

SOURCE_DIR holds schools.csv (121 primary schools, enrolment by grade and sex) and stat_areas.gpkg (cells with
residents). Nothing is made up: figures are added, renamed, or left out; see README.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutopt.samples.write import write_study

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
METRES = "EPSG:3826"
"""TWD97 / TM2 zone 121, which the schools' own X and Y are in."""
COUNTY = "嘉義縣"
GRADES = range(1, 7)
SEAM_M = 12.0
"""Cells were simplified one by one; seams narrower than twice this are closed between them."""
COARSE_M = 60.0
HOLE_M2 = 1e6
ABOUT = {
    "name": "Chiayi county, Taiwan",
    "year": 2024,
    "datum": "wgs84",
    "attribution": (
        "Schools: Ministry of Education, Taiwan, school year 113, compiled by g0v/small_school_renaissance. "
        "Statistical areas and residents: Ministry of the Interior, Taiwan, June 2017, compiled by "
        "kiang/taiwan_basecode and kiang/tw_population. Open Government Data License 1.0; compilations MIT. "
        "Cut and changed by the layoutopt developers."
    ),
    "note": (
        "Schools, enrolment by grade, teachers, classes and residents are real. Where the pupils live is not "
        "known: the enrolment is spread over the cells around each school. There are no junior schools and no "
        "roads in it. Not a basis for decisions about the place."
    ),
}


def main(source: Path, folder: Path) -> None:
    """Cut and write the sample; README.md in ``folder`` stays."""
    cells = gpd.read_file(source / "stat_areas.gpkg").sort_values("CODEBASE")
    schools = pd.read_csv(source / "schools.csv", dtype={"學校代碼": str}).sort_values("學校代碼")
    sheets = {"settlements": inhabited(cells), "schools": primary_schools(schools), "towns": towns(cells)}
    with tempfile.TemporaryDirectory() as aside:
        written = write_study(Path(aside) / "chiayi", sheets, ABOUT)
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(written.iterdir()):
            (folder / file.name).write_bytes(file.read_bytes())


def inhabited(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the cells where somebody lives, as the source's point inside each."""
    lived = cells[cells["P_CNT"] > 0]
    table = {
        "settlement_id": lived["CODEBASE"],
        "town": lived["TOWN"].str.removeprefix(COUNTY),
        "population": lived["P_CNT"].astype(int),
        "age_6_11_estimate": lived["est_6_11_2015share"],
        "age_12_14_estimate": lived["est_12_14_2015share"],
    }
    points = gpd.points_from_xy(lived["rep_lon"], lived["rep_lat"])
    return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").reset_index(drop=True)


def primary_schools(schools: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the schools with boys and girls of each grade added up, and rooms: one for each class."""
    classes = schools[[f"{grade}年級班級數" for grade in GRADES]].sum(axis=1)
    table = {
        "school_id": schools["學校代碼"],
        "name": schools["學校名稱"],
        "town": schools["鄉鎮市區"],
        "grades": "1-6",
        "kind": schools["學校級別"],
        "status": "open",
        "classrooms": classes,
        "teachers": schools["男專任教師"] + schools["女專任教師"],
        **{f"g{grade}": schools[f"{grade}年級男學生數"] + schools[f"{grade}年級女學生數"] for grade in GRADES},
        "remoteness": schools["地區屬性"].fillna(""),
        "pupils_2018": schools["參考學生人數"].astype("Int64"),
    }
    points = gpd.points_from_xy(schools["經度"], schools["緯度"])
    return gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326").reset_index(drop=True)


def towns(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the towns: their cells joined, seams and small holes closed, drawn ``COARSE_M`` coarser."""
    joined = cells.to_crs(METRES).dissolve("TOWN").sort_index()
    shapes = [outline(shape) for shape in joined.geometry]
    return gpd.GeoDataFrame({"town": joined.index.str.removeprefix(COUNTY)}, geometry=shapes, crs=METRES)


def outline(shape: shapely.Geometry) -> shapely.Geometry:
    """Return one town's outline without seams, slivers and holes below ``HOLE_M2``."""
    closed = shape.buffer(SEAM_M, join_style="mitre").buffer(-SEAM_M, join_style="mitre")
    parts = shapely.get_parts(closed)
    kept = [
        shapely.Polygon(part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area >= HOLE_M2])
        for part in parts
        if part.area >= HOLE_M2 or part.area == np.max(shapely.area(parts))
    ]
    return shapely.simplify(shapely.union_all(kept), COARSE_M)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else SAMPLES / "chiayi")
