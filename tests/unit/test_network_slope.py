"""Walking up and down: Tobler's published speeds, slopes along roads, and heights that survive the cutting."""

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

from layoutopt.network import Reach, Speeds, build_roads, edge_minutes, paths, stop_table, travel
from layoutopt.network.slope import climb, walking_kmh, walking_min

CRS = "EPSG:32650"
SPEEDS = Speeds(
    walk_kmh={"lower": 3.0, "junior": 6.0},
    off_path_factor=0.5,
    bus_kmh={"primary": 60},
    other_bus_kmh=20,
    bus_max_kmh=60,
    expressway_max_kmh=80,
    danger_kmh=20,
    detour_factor=1.5,
    straight_bus_kmh=30,
    ferry_kmh=8,
    ferry_wait_min=10,
)
REACH = Reach(walk_cutoff_min=np.inf, bus_cutoff_min=np.inf, max_access_m=500, cross_country_max_m=0, island_km=0)


def roads(*lines, **columns):
    return build_roads(gpd.GeoDataFrame(columns, geometry=[LineString(line) for line in lines], crs=CRS))


def places(height=None, **xy):
    frame = gpd.GeoDataFrame(index=list(xy), geometry=[Point(at) for at in xy.values()], crs=CRS)
    return frame if height is None else frame.assign(elevation_m=height)


def kmh(degrees):
    return walking_kmh(np.array([math.tan(math.radians(degrees))]))[0]


@pytest.mark.parametrize(
    ("degrees", "published"), [(0, 5.04), (5, 3.71), (-5, 5.26), (10, 2.72), (-10, 3.86), (-2.8624, 6.0)]
)
def test_speeds_as_published(degrees, published):
    assert kmh(degrees) == pytest.approx(published, abs=0.005)


def test_nobody_walks_faster_than_down_a_gentle_slope():
    slopes = np.linspace(-0.9, 0.9, 1801)
    assert slopes[walking_kmh(slopes).argmax()] == pytest.approx(-0.05)
    assert walking_kmh(slopes).max() == pytest.approx(6.0)


def test_steep_ground_is_walked_in_zigzags():
    """100 m up take the same minutes on every slope beyond 29 %: that of 350 m at the best slope for climbing."""
    best = 1 / 3.5
    ways_m = np.array([100 / best, 200.0, 100.0, 10.0])
    zigzag = 0.35 / (6 * math.exp(-3.5 * (best + 0.05))) * 60
    assert walking_min(ways_m, np.full(4, 100.0)) == pytest.approx(np.full(4, zigzag))
    assert walking_min(ways_m, np.full(4, -100.0)) == pytest.approx(np.full(4, zigzag * math.exp(-3.5 * 0.1)))
    slopes = np.linspace(0.01, best, 50)
    assert (np.diff(walking_min(100 / slopes, np.full(50, 100.0))) < 0).all()  # the gentler, the longer


def test_unknown_heights_are_level():
    assert walking_kmh(np.array([np.nan])) == walking_kmh(np.array([0.0]))
    assert walking_min(np.array([0.0, np.inf]), np.array([3.0, 3.0])).tolist() == [0.0, np.inf]


def test_a_road_uphill_takes_longer_than_down():
    hill = roads([(0, 0, 100), (1000, 0, 200)])  # 10 %
    up, down = edge_minutes(hill, SPEEDS, "walk")[0]
    assert up == pytest.approx(60 / (6 * math.exp(-3.5 * 0.15)))
    assert down == pytest.approx(60 / (6 * math.exp(-3.5 * 0.05)))
    flat = edge_minutes(hill, replace(SPEEDS, walk_slope=False), "walk")[0]
    assert flat.tolist() == pytest.approx([60 / (6 * math.exp(-3.5 * 0.05))] * 2)
    assert edge_minutes(hill, SPEEDS, "bus")[0].tolist() == pytest.approx([3, 3])  # buses keep their speed


def test_slopes_are_summed_piece_by_piece():
    """Up 100 m and down again is not level, though both ends are equally high."""
    ridge = roads([(0, 0, 100), (1000, 0, 200), (2000, 0, 100)])
    there, back = edge_minutes(ridge, SPEEDS, "walk")[0]
    assert there == pytest.approx(10 * math.exp(3.5 * 0.15) + 10 * math.exp(3.5 * 0.05))
    assert back == pytest.approx(there)


def test_a_place_halfway_takes_the_minutes_of_its_own_half():
    """The first kilometre is level and the second climbs, so half the way is not half the minutes."""
    bend = roads([(0, 0, 100), (1000, 0, 100), (2000, 0, 300)])
    spots = places(A=(0, 0), B=(1000, 0), C=(2000, 0))
    walk = travel(spots, spots, roads=bend, speeds=SPEEDS, reach=REACH).minutes("walk", "junior")
    scale = 5.0367 / 6.0
    assert walk[0, 1] == pytest.approx(scale * 10 * math.exp(3.5 * 0.05), rel=1e-4)
    assert walk[1, 2] == pytest.approx(scale * 10 * math.exp(3.5 * 0.25), rel=1e-4)
    assert walk[2, 1] == pytest.approx(scale * 10 * math.exp(3.5 * 0.15), rel=1e-4)
    assert walk[0, 2] == pytest.approx(walk[0, 1] + walk[1, 2])
    assert walk[2, 0] != pytest.approx(walk[0, 2], rel=0.01)


def test_a_slope_lies_where_it_lies_when_other_lines_cut_the_road():
    climbing = [(0, 0, 100), (1000, 0, 200)]
    alone = roads(climbing)
    cut = roads(climbing, [(400, -300, 0), (400, 300, 0)], [(700, 40, 500), (700, 300, 500)])
    ends = places(A=(0, 0)), places(S=(1000, 0))
    whole = travel(*ends, roads=alone, speeds=SPEEDS, reach=REACH).walk_min
    assert travel(*ends, roads=cut, speeds=SPEEDS, reach=REACH).walk_min == pytest.approx(whole)
    own = cut.line == 0
    heights = cut.climb.height(np.flatnonzero(own), np.zeros(own.sum()))
    assert sorted(heights) == pytest.approx([100, 140, 170])
    assert cut.report.heights_km == pytest.approx(1.0 + 0.6 + 0.26)  # our own link has none


def test_a_jump_between_two_cells_of_a_height_model_is_no_wall():
    """Level road, but two vertices 1 m apart read cells 8 m apart in height: over 50 m that is 16 %."""
    step = [(0, 0, 100), (500, 0, 100), (501, 0, 108), (1000, 0, 108)]
    up, _ = edge_minutes(roads(step), SPEEDS, "walk")[0]
    level = 60 / walking_kmh(np.array([0.0]))[0]
    assert level < up < level + 3  # 1 m at 800 % would take hours


def test_lines_without_heights_are_level():
    assert climb(np.array([LineString([(0, 0), (1, 0)])])) is None
    half = roads([(0, 0, 100), (1000, 0, 200)], [(1000, 0), (2000, 0)])
    level = edge_minutes(half, SPEEDS, "walk")[half.line == 1]
    assert level == pytest.approx(np.full((1, 2), 60 / 6 * math.exp(3.5 * 0.05)))


def test_off_the_path_the_ends_tell_the_slope():
    """400 m to the road and 40 m up: 10 %; the school lies 200 m off the road and 20 m below it."""
    street = roads([(0, 0, 100), (5000, 0, 100)])
    here, there = places(height=[60.0], A=(1000, 400)), places(height=[80.0], S=(3000, 200))
    table = travel(here, there, roads=street, speeds=SPEEDS, reach=REACH)
    scale = 60 / 6 * math.exp(3.5 * 0.05) / 20  # of the lower band, which walks 3 km/h on the level
    base = 2 * (0.4 * 10 * math.exp(3.5 * 0.15) + 0.2 * 10 * math.exp(3.5 * 0.05)) + 2 * 10 * math.exp(3.5 * 0.05)
    assert table.minutes("walk", "lower")[0, 0] == pytest.approx(base / scale)
    assert table.access_min[0, 0, 0] == pytest.approx((base - 20 * math.exp(3.5 * 0.05)) / scale)
    level = travel(here, there, roads=street, speeds=replace(SPEEDS, walk_slope=False), reach=REACH)
    assert level.access_min[0, 0, 0] == pytest.approx(0.6 / 1.5 * 60)
    stop = stop_table(here, roads=street, speeds=SPEEDS, reach=REACH)
    assert stop.access_min[0, 0] == pytest.approx(2 * 4 * math.exp(3.5 * 0.15) / scale)
    unknown = travel(here.assign(elevation_m=np.nan), there, roads=street, speeds=SPEEDS, reach=REACH)
    assert unknown.access_min[0, 0, 0] < table.access_min[0, 0, 0]


def test_right_across_and_without_roads_the_ends_tell_the_slope():
    here, there = places(height=[100.0], A=(0, 300)), places(height=[200.0], S=(1000, 300))
    street = roads([(0, 0, 0), (9000, 0, 0)])
    across = travel(here, there, roads=street, speeds=SPEEDS, reach=replace(REACH, cross_country_max_m=1500))
    per_km = 10 * math.exp(3.5 * 0.15) * 6 * math.exp(-3.5 * 0.05) / 6  # the junior at 6 km/h up 10 %
    assert across.minutes("walk", "junior")[0, 0] == pytest.approx(2 * per_km)
    straight = travel(here, there, roads=None, speeds=SPEEDS, reach=REACH)  # 1.5 km for 100 m up: 6.7 %
    assert straight.minutes("walk", "junior")[0, 0] == pytest.approx(15 * math.exp(3.5 * (0.1 / 1.5)))
    pair = pd.DataFrame([("A", "S", "walk")], columns=["from_id", "to_id", "mode"])
    drawn = paths(
        pair, points_from=here, points_to=there, roads=street, speeds=SPEEDS,
        reach=replace(REACH, cross_country_max_m=1500),
    )  # fmt: skip
    assert drawn.length.tolist() == [1000]
