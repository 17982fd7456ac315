"""Ferries: who may cross, how long it takes, and that they meet roads at their ends only."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point

from layoutopt.network import Reach, Speeds, build_roads, passable, paths, travel

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
    ferry_kmh=6,
    ferry_wait_min=10,
)
REACH = Reach(walk_cutoff_min=np.inf, bus_cutoff_min=np.inf, max_access_m=500, cross_country_max_m=0, island_km=0)
WEST, EAST, BOAT = [(-2000, 0), (0, 0)], [(1000, 0), (3000, 0)], [(0, 0), (1000, 0)]


def roads(*lines, kinds, **columns):
    layer = gpd.GeoDataFrame({"class": kinds, **columns}, geometry=[LineString(line) for line in lines], crs=CRS)
    return build_roads(layer)


def places(**xy):
    return gpd.GeoDataFrame(index=list(xy), geometry=[Point(at) for at in xy.values()], crs=CRS)


def go(graph, speeds=SPEEDS, **reach):
    return travel(places(A=(-1000, 0)), places(S=(2000, 0)), roads=graph, speeds=speeds, reach=replace(REACH, **reach))


def test_everybody_waits_and_crosses_alike():
    table = go(roads(WEST, BOAT, EAST, kinds=["primary", "ferry", "primary"]))
    # 2 km on foot at 3 and 6 km/h, and for both 10 min waiting and 1 km at 6 km/h
    assert table.walk_min[0, 0] == pytest.approx([40 + 20, 20 + 20])
    assert table.walk_km[0, 0] == pytest.approx(3)
    assert np.isinf(table.ride_km).all()


def test_a_bus_crosses_where_the_ferry_takes_it():
    table = go(roads(WEST, BOAT, EAST, kinds=["primary", "ferry", "primary"], bus=[None, "yes", None]))
    assert table.ride_min[0, 0] == pytest.approx(2 + 20)
    assert table.ride_km[0, 0] == pytest.approx(3)


def test_the_ferry_s_own_speed_wins_and_feet_may_be_kept_off():
    fast = roads(WEST, BOAT, EAST, kinds=["primary", "ferry", "primary"], speed_kmh=[np.nan, 12, np.nan])
    assert go(fast).walk_min[0, 0, 1] == pytest.approx(20 + 5 + 10)
    assert go(fast, replace(SPEEDS, ferry_wait_min=0)).walk_min[0, 0, 1] == pytest.approx(25)
    shut = roads(WEST, BOAT, EAST, kinds=["primary", "ferry", "primary"], walk=[None, "no", None])
    assert np.isinf(go(shut).walk_km).all()


def test_one_wait_for_a_ferry_cut_in_two():
    """A landing halfway is a vertex of both lines: the boat is in two pieces, the wait counts once."""
    boat, pier = [(0, 0), (500, 0), (1000, 0)], [(500, 0), (500, 400)]
    graph = roads(WEST, boat, EAST, pier, kinds=["primary", "ferry", "primary", "path"])
    assert (graph.is_ferry.sum(), graph.boards.sum()) == (2, 1)
    assert go(graph).walk_min[0, 0] == pytest.approx([60, 40])


def test_two_ferries_are_two_waits():
    first, second = [(0, 0), (500, 0)], [(500, 0), (1000, 0)]
    graph = roads(WEST, first, second, EAST, kinds=["primary", "ferry", "ferry", "primary"])
    assert go(graph).walk_min[0, 0] == pytest.approx([70, 50])


def test_a_ferry_does_not_meet_the_bridge_above_it():
    over = [(500, -800), (500, 800)]
    graph = roads(WEST, BOAT, EAST, over, kinds=["primary", "ferry", "primary", "primary"])
    assert graph.is_ferry.sum() == 1
    assert int(graph.component.max()) == 1


def test_nobody_boards_on_open_water():
    """30 m beside the boat's way, the pupil walks to the pier: 300 m off the path at half speed."""
    graph = roads(WEST, BOAT, EAST, kinds=["primary", "ferry", "primary"])
    here, there = places(A=(300, 30)), places(S=(2000, 0))
    table = travel(here, there, roads=graph, speeds=SPEEDS, reach=REACH)
    access_km = np.hypot(300, 30) / 1000
    assert table.walk_km[0, 0] == pytest.approx(access_km + 2)
    assert table.walk_min[0, 0, 1] == pytest.approx(access_km * 20 + 20 + 10)
    pair = pd.DataFrame([("A", "S", "walk")], columns=["from_id", "to_id", "mode"])
    drawn = paths(pair, points_from=here, points_to=there, roads=graph, speeds=SPEEDS, reach=REACH)
    assert list(drawn.iloc[0].coords) == [(300, 30), (0, 0), (1000, 0), (2000, 0)]


def test_the_slow_do_not_wait_longer_on_a_way_with_and_without_a_boat():
    """Round the bay it is 3 km: 60 and 30 min; by boat 20 min. One way for all: the average child takes the boat."""
    bay = [(0, 0), (0, 1000), (1000, 1000), (1000, 0)]
    graph = roads(WEST, BOAT, EAST, bay, kinds=["primary", "ferry", "primary", "path"])
    assert go(graph).walk_min[0, 0] == pytest.approx([60, 40])
    slow = replace(SPEEDS, ferry_kmh=1)  # 70 min: nobody takes it
    assert go(graph, slow).walk_min[0, 0] == pytest.approx([100, 50])
    assert go(graph, slow, walk_cutoff_min=50).walk_min[0, 0] == pytest.approx([100, 50])
    assert np.isinf(go(graph, slow, walk_cutoff_min=49).walk_min).all()


def test_nobody_drives_an_impassable_road_and_all_may_walk_it():
    graph = roads(
        WEST, BOAT, EAST, kinds=["primary", "primary", "primary"],
        condition=["good", "impassable", "poor"], bus=[None, "yes", None],
    )  # fmt: skip
    assert passable(graph, "bus").tolist() == [True, False, True]
    assert passable(graph, "walk").all()
    assert graph.report.impassable_km == pytest.approx(1)
