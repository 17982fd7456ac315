"""Bare numbers and their coordinate system: zones with and without prefix, axes either way, datums, places that are none."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

from layoutopt.errors import Finding
from layoutopt.io.coordinates import faulty, in_known_crs, on_wgs84, shape_of
from layoutopt.io.crs import BY_MERIDIAN, PREFIXED_3, PREFIXED_6, candidates_near, guess_crs
from layoutopt.io.datum import from_wgs84
from layoutopt.io.files import LayerFile
from layoutopt.io.together import metric_crs

PLACES = [(106.10, 33.30), (106.13, 33.31), (106.15, 33.36), (106.11, 33.34), (106.19, 33.30)]
CSV = LayerFile(Path("schools.csv"))
SHP = LayerFile(Path("schools.shp"))


def degrees(*xy: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([Point(at) for at in xy or PLACES], crs="EPSG:4326")


def raw_numbers(crs: str, *xy: tuple[float, float], swapped: bool = False) -> gpd.GeoSeries:
    """The same places in another system, whose name is then forgotten."""
    moved = degrees(*xy).to_crs(crs)
    pairs = zip(moved.y, moved.x, strict=True) if swapped else zip(moved.x, moved.y, strict=True)
    return gpd.GeoSeries([Point(at) for at in pairs])


def apart_m(one: gpd.GeoSeries, *xy: tuple[float, float]) -> float:
    metric = degrees(*xy).to_crs("EPSG:32648")
    return float(one.to_crs("EPSG:32648").distance(metric).max())


@pytest.mark.parametrize(("zone", "code"), [(35, "EPSG:4523"), (36, "EPSG:4524"), (25, "EPSG:4513"), (45, "EPSG:4533")])
def test_three_degree_zones_with_their_number(zone: int, code: str) -> None:
    lon = 3 * zone + 0.4
    numbers = raw_numbers(code, (lon, 33.3), (lon + 0.1, 33.4))
    guess = guess_crs(numbers.total_bounds)
    assert (guess.crs, guess.swapped) == (code, False)
    assert guess.why == f"eastings start with {zone}, a 3-degree zone of CGCS2000"
    assert PREFIXED_3[zone] == code


@pytest.mark.parametrize(("zone", "code"), [(13, "EPSG:4491"), (18, "EPSG:4496"), (23, "EPSG:4501")])
def test_six_degree_zones_with_their_number(zone: int, code: str) -> None:
    lon = 6 * zone - 3 + 0.7
    guess = guess_crs(raw_numbers(code, (lon, 33.3)).total_bounds)
    assert (guess.crs, PREFIXED_6[zone]) == (code, code)
    assert "a 6-degree zone of CGCS2000" in guess.why


def test_the_codes_are_those_of_the_registry() -> None:
    """Each code's own false easting and central meridian, as the EPSG registry gives them."""
    import pyproj

    def origin(code: str) -> tuple[float, float]:
        given = {p.name: p.value for p in pyproj.CRS(code).coordinate_operation.params}
        return given["Longitude of natural origin"], given["False easting"]

    for zone, code in PREFIXED_3.items():
        assert origin(code) == (3.0 * zone, zone * 1e6 + 500_000)
    for zone, code in PREFIXED_6.items():
        assert origin(code) == (6.0 * zone - 3, zone * 1e6 + 500_000)
    for meridian, code in BY_MERIDIAN.items():
        assert origin(code) == (float(meridian), 500_000.0)


@pytest.mark.parametrize("code", ["EPSG:4544", "EPSG:4545", "EPSG:32648", "EPSG:4507"])
def test_a_zone_without_number_is_told_by_the_other_layers(code: str) -> None:
    """EPSG:4507 is the 6-degree zone of 105° E: the same numbers as EPSG:4544, the 3-degree one."""
    numbers = raw_numbers(code)
    guess = guess_crs(numbers.total_bounds, near=degrees(), places=np.column_stack([numbers.x, numbers.y]))
    assert guess.crs == {"EPSG:4507": "EPSG:4544"}.get(code, code)
    assert guess.why == "this zone puts them on the other layers"


def test_a_zone_without_number_and_nothing_to_compare_with() -> None:
    guess = guess_crs(raw_numbers("EPSG:4544").total_bounds)
    assert guess.crs is None
    assert guess.candidates == ("EPSG:4534-4554 (CGCS2000, 3-degree zones)", "EPSG:32643-32653 (UTM)")


def test_two_zones_that_fit_alike_are_not_chosen_between() -> None:
    """Between UTM and CGCS2000 lie 1.5 km at 33° N; points 3 km beside the only other one settle nothing."""
    x, y = PLACES[0]
    numbers = raw_numbers("EPSG:4544", (x - 0.03, y), (x + 0.03, y))
    places = np.column_stack([numbers.x, numbers.y])
    guess = guess_crs(numbers.total_bounds, near=degrees(PLACES[0]), places=places)
    assert guess.crs is None
    assert guess.candidates == ("EPSG:4544", "EPSG:32648")


def test_numbers_that_lie_on_no_zone_of_the_others() -> None:
    guess = guess_crs(raw_numbers("EPSG:4544", (106.1, 29.0), (106.2, 29.1)).total_bounds, near=degrees())
    assert (guess.crs, guess.why) == (None, "no zone puts them on the other layers")


def test_the_zone_of_taiwan_and_of_places_outside_china() -> None:
    taiwan = [(120.2, 23.4), (120.3, 23.5), (120.25, 23.45)]
    numbers = raw_numbers("EPSG:3826", *taiwan)
    places = np.column_stack([numbers.x, numbers.y])
    assert guess_crs(numbers.total_bounds, near=degrees(*taiwan), places=places).crs == "EPSG:3826"
    chile = [(-70.6, -33.4), (-70.5, -33.5)]
    numbers = raw_numbers("EPSG:32719", *chile)
    places = np.column_stack([numbers.x, numbers.y])
    assert guess_crs(numbers.total_bounds, near=degrees(*chile), places=places).crs == "EPSG:32719"
    assert not any(code in candidates_near(degrees(*chile)) for code in BY_MERIDIAN.values())


def test_the_system_of_the_other_layers_comes_first() -> None:
    near = degrees().to_crs("EPSG:2334")  # Xian 1980, 3-degree zone of 105° E... whatever the others use
    assert candidates_near(near)[0] == "EPSG:2334"


@pytest.mark.parametrize(
    ("bounds", "why"),
    [
        ((35_900_000, 3.6e6, 36_100_000, 3.7e6), "x runs from 3.59e+07"),
        ((50_000_000, 3.6e6, 50_100_000, 3.7e6), "x runs from 5e+07"),
        ((500_000, 3.6e7, 510_000, 3.7e7), "x runs from 500000"),
        ((np.nan, 1, 2, 3), "some coordinates are no numbers"),
        ((200, 10, 300, 20), "x runs from 200"),
    ],
)
def test_numbers_of_no_known_system(bounds: tuple[float, ...], why: str) -> None:
    guess = guess_crs(bounds)
    assert guess.crs is None
    assert guess.why.startswith(why)


@pytest.mark.parametrize("code", ["EPSG:4524", "EPSG:4496", "EPSG:4544"])
def test_northing_first_is_seen_and_turned(code: str) -> None:
    lon = {"EPSG:4524": 2.0, "EPSG:4496": -1.0}.get(code, 0.0)
    places = [(x + lon, y) for x, y in PLACES]
    numbers = raw_numbers(code, *places, swapped=True)
    found, told, problems = in_known_crs(numbers, CSV, name="schools", near=degrees(*places))
    assert problems == []
    assert apart_m(found, *places) < 0.01
    assert told[0].text.startswith(f"schools.csv: no coordinate system given; {code} assumed (")
    assert told[0].text.endswith("); x holds the northings and y the eastings, they are turned")


def test_northing_first_under_a_known_system_is_turned_too() -> None:
    numbers = raw_numbers("EPSG:4544", swapped=True).set_crs("EPSG:4544")
    found, told, problems = in_known_crs(numbers, CSV, name="schools", near=None)
    assert problems == []
    assert apart_m(found) < 0.01
    assert told == [
        Finding("schools.csv: x holds the northings and y the eastings of EPSG:4544; they are turned", "schools")
    ]


@pytest.mark.parametrize("lon", [103.2, 106.1, 109.5])
def test_a_layer_beside_its_zone_keeps_its_axes(lon: float) -> None:
    given = degrees((lon, 33.3)).to_crs("EPSG:4544")
    found, told, _ = in_known_crs(given, CSV, name="schools", near=None)
    assert told == []
    assert found.iloc[0].equals(given.iloc[0])


def test_degrees_without_a_word_are_wgs84_and_said() -> None:
    numbers = gpd.GeoSeries([Point(at) for at in PLACES])
    found, told, problems = in_known_crs(numbers, SHP, name="schools", near=None)
    assert (found.crs, problems) == ("EPSG:4326", [])
    assert told == [
        Finding("schools.shp: no coordinate system given; EPSG:4326 assumed (the numbers are degrees)", "schools")
    ]


def test_no_system_can_be_told() -> None:
    _, _, problems = in_known_crs(raw_numbers("EPSG:4544"), SHP, name="schools", near=None)
    assert [str(problem) for problem in problems] == [
        "schools.shp: no coordinate system (CRS) is given (eastings without zone number fit many zones: "
        "EPSG:4534-4554 (CGCS2000, 3-degree zones), EPSG:32643-32653 (UTM)). "
        'Give crs = "EPSG:…" in study.toml, or add the .prj file.'
    ]


def test_a_local_system_counts_as_none() -> None:
    local = 'LOCAL_CS["Site grid",UNIT["metre",1]]'
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(36_400_000, 3_700_000)], crs=local)
    found, problems = shape_of(frame, SHP, name="schools")
    assert (found.crs, problems) == (None, [])
    _, problems = shape_of(frame, LayerFile(Path("a.shp"), crs=local), name="schools")
    assert problems[0].what.endswith("is no coordinate system")


def test_a_system_without_a_code_is_not_the_one_we_compute_in() -> None:
    """Its long text would not fit into one line of study.toml."""
    own = gpd.GeoSeries([Point(500_000, 3_600_000)], crs="+proj=tmerc +lon_0=105.25 +x_0=500000 +ellps=GRS80 +units=m")
    assert metric_crs([own]) == "EPSG:32648"


def table(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=object, index=range(2, 2 + len(next(iter(columns.values())))))


def test_full_width_digits_and_separators_in_coordinates() -> None:
    raw = table(x=["５００，０００.5", "500,001"], y=["3,600,000", "3600001"])
    found, problems = shape_of(raw, LayerFile(Path("a.csv"), x="x", y="y", crs="EPSG:32648"), name="schools")
    assert problems == []
    assert found.iloc[0].equals(Point(500_000.5, 3_600_000))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("106°07′30″", 106.125), ("106°7'30\"E", 106.125), ("１０６度７分３０秒", 106.125), ("E106°7.5'", 106.125), ("70°30′W", -70.5),
        ("西经70°", None), ("南 33°27′0″", -33.45), ("106°61′", None), ("106 7 30", None),
    ],
)  # fmt: skip
def test_degrees_minutes_and_seconds(text: str, value: float | None) -> None:
    found, problems = shape_of(table(lon=[text], lat=["33.3"]), LayerFile(Path("a.csv")), name="schools")
    if value is None:
        assert [problem.what for problem in problems] == [f"lon = '{text}'"]
    else:
        assert problems == []
        assert found.iloc[0].x == pytest.approx(value)


def test_columns_called_lon_and_lat_that_hold_metres() -> None:
    file = LayerFile(Path("a.csv"))
    found, problems = shape_of(table(lon=["36400000", "36400100"], lat=["3700000", "3700100"]), file, name="schools")
    assert (found.crs, problems) == (None, [])
    placed, told, _ = in_known_crs(found, file, name="schools", near=None)
    assert placed.crs == "EPSG:4524"
    assert len(told) == 1


def test_a_geojson_in_metres_has_no_system_of_its_own() -> None:
    """The format says degrees whatever the numbers are."""
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(36_400_000, 3_700_000)], crs="EPSG:4326")
    assert shape_of(frame, LayerFile(Path("a.geojson")), name="schools")[0].crs is None
    assert shape_of(frame, LayerFile(Path("a.gpkg")), name="schools")[0].crs == "EPSG:4326"


def test_columns_that_are_not_there() -> None:
    file = LayerFile(Path("a.csv"), x="east", y="nord")
    _, problems = shape_of(table(east=["1"], north=["2"]), file, name="schools")
    assert [str(problem) for problem in problems] == [
        "study.toml [layers.schools] y: a.csv has no column 'nord'. Did you mean 'north'?"
    ]


@pytest.mark.parametrize("nowhere", [(0.0, 0.0), (-1.0, -1.0), (-9999.0, -9999.0), (0.0, -1.0)])
def test_a_place_that_stands_for_none(nowhere: tuple[float, float]) -> None:
    x, y = nowhere
    message = f"schools.csv row 1 (S1): its place is {x:g}, {y:g}, which stands for no place. Give its coordinates."
    assert [str(p) for p in faulty(degrees(PLACES[0], nowhere), CSV, {1: "S1"})] == [message]
    metres = gpd.GeoSeries([Point(500_000, 3_600_000), Point(nowhere)], crs="EPSG:32648")
    assert [str(p) for p in faulty(metres, CSV, {1: "S1"})] == [message]


@pytest.mark.parametrize("crs", ["EPSG:32648", "EPSG:3857", "EPSG:4524"])
def test_degrees_under_a_system_of_metres(crs: str) -> None:
    numbers = gpd.GeoSeries([Point(at) for at in PLACES], crs=crs)
    assert [str(problem) for problem in faulty(numbers, SHP, None)] == [
        f"schools.shp: the numbers are degrees (106.1, 33.3), but {crs} is no system of degrees. "
        'Give crs = "EPSG:4326" in study.toml.'
    ]


def test_the_corner_of_a_local_grid_is_a_place() -> None:
    metres = gpd.GeoSeries([Point(0, 0), Point(800, 900)], crs="EPSG:32648")
    assert faulty(metres, CSV, None) == []


@pytest.mark.parametrize(("datum", "shown"), [("gcj02", "GCJ-02"), ("bd09", "BD-09")])
def test_a_layer_from_a_web_map_is_moved(datum: str, shown: str) -> None:
    lon, lat = np.array(PLACES).T
    shifted = degrees(*zip(*from_wgs84(lon, lat, datum), strict=True))
    found, told, problems = on_wgs84(shifted, CSV, name="schools", datum=datum)
    assert problems == []
    assert apart_m(found) < 0.001
    assert told[0].text.startswith(f"schools.csv: moved from {shown} to WGS 84, about ")
    distance = float(told[0].text.split("about ")[1].removesuffix(" m"))
    assert distance == pytest.approx(apart_m(shifted), rel=0.1)


def test_lines_are_moved_point_by_point() -> None:
    lon, lat = np.array(PLACES).T
    line = gpd.GeoSeries([LineString(np.column_stack(from_wgs84(lon, lat, "gcj02")))], crs="EPSG:4490")
    found, _, _ = on_wgs84(line, CSV, name="roads", datum="gcj02")
    assert np.allclose(np.array(found.iloc[0].coords), PLACES, atol=1e-9)


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000"])
def test_most_layers_stay_where_they_are(datum: str) -> None:
    given = degrees()
    assert on_wgs84(given, CSV, name="schools", datum=datum) == (given, [], [])


def test_metres_are_never_moved() -> None:
    given = degrees().to_crs("EPSG:4544")
    found, told, problems = on_wgs84(given, CSV, name="schools", datum="gcj02")
    assert found is given
    assert problems == []
    assert told == [Finding("schools.csv: in metres already, so it is not moved from GCJ-02", "schools")]


def test_a_web_map_s_datum_outside_china() -> None:
    _, _, problems = on_wgs84(degrees((2.35, 48.86), PLACES[0]), CSV, name="schools", datum="bd09")
    assert [str(problem) for problem in problems] == [
        "schools.csv: datum bd09, but 1 of 2 points lie outside China. "
        'Give datum = "wgs84"; BD-09 exists within 72.004-137.835° E, 0.8293-55.8271° N only.'
    ]
