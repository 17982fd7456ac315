"""The repairs and warnings that docs/errors.md quotes: flaws a study is read in spite of, and how it says so."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import broken_files as broken
from broken_files import SCHOOLS, SETTLEMENTS, read

import layoutopt as lo
from layoutopt.io.datum import from_wgs84

ALONG = [(106.145, 33.328), (106.150, 33.3305), (106.160, 33.3355), (106.170, 33.3405)]
"""A road past the three villages."""


@dataclass(frozen=True)
class Repair:
    """Something amiss that stops nothing: what happened, what it means, and a folder that shows it."""

    title: str
    meaning: str
    study: Callable[[Path], lo.Study]


def said(case: Repair) -> list[str]:
    """Return what ``layoutopt check`` says of the case that it does not say of the unspoilt folder."""
    usual = _findings(lambda folder: read(folder))
    return [text for text in _findings(case.study) if text not in usual]


def _findings(made: Callable[[Path], lo.Study]) -> list[str]:
    with tempfile.TemporaryDirectory() as place:
        study = made(Path(place).resolve() / "county")
        found = lo.check_study(study, lo.Policy())
    return [f"repaired: {text}" for text in found.repairs] + [f"warning: {text}" for text in found.warnings]


def _shapefile_without(lost: str, crs: str) -> Callable[[Path], lo.Study]:
    """Return the reading of a folder whose settlements are a shapefile that lost one of its files."""

    def study(folder: Path) -> lo.Study:
        folder.mkdir()
        broken.shapefile(broken.villages(crs), folder / "settlements.shp", without=(lost,))
        return read(folder, settlements=None, study__toml=broken.CODES)

    return study


def _chinese_shapefile(folder: Path) -> lo.Study:
    folder.mkdir()
    layer = broken.villages(name=["上湾", "下湾", "远田"]).rename(columns={"code": "村代码", "name": "名称"})
    broken.shapefile(layer, folder / "villages.shp", without=(".cpg",), encoding="GBK")
    toml = """[layers.settlements]
file = "villages.shp"
[columns.settlements]
settlement_id = "村代码"
name = "名称"
current_primary = "school"
"""
    return read(folder, settlements=None, study__toml=toml)


def _cut_names(folder: Path) -> lo.Study:
    folder.mkdir()
    layer = broken.villages().rename(columns={"code": "settlement_id", "school": "current_primary"})
    broken.shapefile(layer, folder / "settlements.shp")
    return read(folder, settlements=None)


def _surveyor(folder: Path) -> lo.Study:
    """Northing called X and easting called Y, as surveyors do, without a coordinate system."""
    text = SETTLEMENTS.replace("lon,lat", "X,Y")
    for point, old in zip(broken.villages("EPSG:4524").geometry, broken.villages().geometry, strict=True):
        text = text.replace(f"{old.x:.3f},{old.y:.3f}", f"{point.y:.1f},{point.x:.1f}")
    toml = '[layers.settlements]\nfile = "settlements.csv"\nx = "X"\ny = "Y"\n'
    return read(folder, settlements=text, study__toml=toml)


def _web_map(folder: Path) -> lo.Study:
    """Schools as a web map shows them: some 450 m off."""
    text = SCHOOLS
    for lon, lat in (("106.150", "33.331"), ("106.165", "33.336")):
        x, y = from_wgs84([float(lon)], [float(lat)], "gcj02")
        text = text.replace(f"{lon},{lat}", f"{x[0]:.6f},{y[0]:.6f}")
    return read(folder, schools=text, study__toml='[layers.schools]\nfile = "schools.csv"\ndatum = "gcj02"\n')


def _web_map_unsaid(folder: Path) -> lo.Study:
    """Schools along a ring road, all moved by a web map that nobody mentions."""
    from math import cos, pi, sin

    ring = [(106.160 + 0.02 * cos(turn * pi / 9), 33.335 + 0.02 * sin(turn * pi / 9)) for turn in range(18)]
    lon, lat = from_wgs84([x for x, _ in ring], [y for _, y in ring], "gcj02")
    rows = [f"S{n + 1},{x:.6f},{y:.6f},1-6" for n, (x, y) in enumerate(zip(lon, lat, strict=True))]
    roads = broken.geojson(
        broken.line(*ring, ring[0]), broken.line((106.130, 33.320), *ALONG, (106.190, 33.351)), **{"class": "tertiary"}
    )
    return read(folder, schools="\n".join(["school_id,lon,lat,grades", *rows]), roads__geojson=roads)


def _polygons(folder: Path) -> lo.Study:
    """Villages drawn as areas, one of them a bow tie."""
    import shapely

    tie = [(-1, -1), (1, 1), (1, -1), (-1, 1)]
    square = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
    layer = broken.villages()
    layer["geometry"] = [
        shapely.Polygon([(point.x + 0.001 * x, point.y + 0.001 * y) for x, y in ring])
        for point, ring in zip(layer.geometry, (tie, square, square), strict=True)
    ]
    folder.mkdir()
    broken.saved(layer, folder / "settlements.gpkg")
    return read(folder, settlements=None, study__toml=broken.CODES)


def _roads(*lines: list[tuple[float, float]], **properties: object) -> Callable[[Path], lo.Study]:
    return lambda folder: read(
        folder, roads__geojson=broken.geojson(*(broken.line(*points) for points in lines), **properties)
    )


ONLY = """[layers.settlements]
file = "settlements.csv"
only = { name = ["Upper Bend", "Lower Bend"] }
"""
TOWNS = {"V1,": "V1,城关镇,", "V2,": "V2,城關鎮,", "V3,": "V3,城关,", "settlement_id,": "settlement_id,town,"}
NOBODY = """settlement_id,name,lon,lat,population,g1,g2,g3,g4,g5,g6,current_primary
V1,Upper Bend,106.150,33.330,9,3,2,4,3,2,1,S1
V2,Lower Bend,106.160,33.335,300,6,5,4,6,5,7,S2
V3,Far Field,106.160,33.335,0,0,0,0,0,0,0,S2
"""


def _towns(folder: Path) -> lo.Study:
    settlements = SETTLEMENTS
    for old, new in TOWNS.items():
        settlements = settlements.replace(old, new)
    schools = SCHOOLS.replace("school_id,", "school_id,town,").replace("S1,", "S1,城关镇,").replace("S2,", "S2,城关镇,")
    return read(folder, settlements=settlements, schools=schools)


REPAIRS = (
    Repair("A shapefile without its .prj",
           "The numbers say which system they can be in, and the other layers say which it is. Look at the map of "
           "`check.html`; give `crs` in `study.toml` to settle it.",
           _shapefile_without(".prj", "EPSG:4524")),
    Repair("Eastings without the zone's number",
           "Eastings of one zone look like those of the next. The zone that puts the layer on the others is taken.",
           _shapefile_without(".prj", "EPSG:4545")),
    Repair("X is the northing",
           "Chinese surveyors call the northing X. The size of the numbers gives it away.", _surveyor),
    Repair("A Chinese shapefile without its .cpg",
           "The file does not say its encoding, and read as Latin letters its names are nonsense: it is GBK. Give "
           "`encoding` to settle it.",
           _chinese_shapefile),
    Repair("A shapefile that cut our names",
           "Column names of shapefiles end after ten bytes.", _cut_names),
    Repair("Coordinates of a Chinese web map",
           "GCJ-02 and BD-09 are turned into WGS 84 to the millimetre, in China only, where `datum` says so.",
           _web_map),
    Repair("Schools that all lie off the roads the same way",
           "A web map's shift is the same for all schools of a county, a surveyor's slip is not. Nothing is moved by "
           "itself: give `datum` if the coordinates come from a web map.",
           _web_map_unsaid),
    Repair("−1 and −99 for not known",
           "In a column that may be empty such a number is taken as missing. In pupil columns it is an error: an "
           "unknown number of pupils is not 0.",
           lambda folder: read(folder, schools=SCHOOLS.replace("places_primary", "beds").replace(",40,", ",-1,"))),
    Repair("Settlements drawn as areas, some of them crossing themselves",
           "A point inside each area stands for it; areas that cross themselves are made valid first.", _polygons),
    Repair("Names where ids belong",
           "Each match is listed; where the spelling differs, look whether it is the same school.",
           lambda folder: read(folder, settlements=SETTLEMENTS.replace("2,1,S1", "2,1,upper bend sch."))),
    Repair("One town in several spellings",
           "One spelling is kept, that of the towns layer where there is one.", _towns),
    Repair("Rows left out on purpose",
           "What `only` in `study.toml` leaves out is counted, so that nothing disappears unseen.",
           lambda folder: read(folder, study__toml=ONLY)),
    Repair("Nobody lives there, fewer people than pupils, two points at one place",
           "Harmless where true. Two schools in one compound are often one school written twice.",
           lambda folder: read(folder, settlements=NOBODY,
                               schools=SCHOOLS.replace("106.165,33.336", "106.1503,33.331"))),
    Repair("A school far from the settlement it stands in",
           "One of the two points, or the name of the settlement, is wrong.",
           lambda folder: read(folder, schools=SCHOOLS.replace("hub", "settlement").replace(",no", ",V3")
                                                      .replace(",yes", ",V2"))),
    Repair("Places that no road reaches",
           "They are walked to straight across where that is near enough; otherwise draw the missing road.",
           _roads([(106.10, 33.30), (106.12, 33.31)], **{"class": "tertiary"})),
    Repair("A road in pieces",
           "Ends closer than `travel.snap_m` are joined and crossings get a junction, bridges and tunnels excepted. "
           "What is left in pieces is said with its length.",
           _roads(ALONG[:3], [(106.162, 33.3365), ALONG[3]], **{"class": "tertiary"})),
)  # fmt: skip
