"""Minutes on a piece of road: classes, limits, danger, one-way, and who may pass."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString

from layoutopt.errors import PolicyError
from layoutopt.network import REFERENCE_WALK_KMH, Speeds, build_roads, edge_minutes, passable

SPEEDS = Speeds(
    walk_kmh={"lower": 3.0, "upper": 4.0, "junior": 5.0},
    off_path_factor=0.6,
    bus_kmh={"motorway": 100, "trunk": 70, "primary": 45, "track": 10},
    other_bus_kmh=15,
    bus_max_kmh=60,
    expressway_max_kmh=80,
    danger_kmh=20,
    detour_factor=1.5,
    straight_bus_kmh=30,
    ferry_kmh=8,
    ferry_wait_min=10,
)


def one_kilometre(**columns):
    """Return a graph of one road of 1 km, so that minutes are 60 / speed."""
    line = gpd.GeoDataFrame(
        {name: [value] for name, value in columns.items()},
        geometry=[LineString([(0, 0), (1000, 0)])],
        crs="EPSG:32650",
    )
    return build_roads(line)


@pytest.mark.parametrize(
    ("road", "kmh"),
    [
        ({"class": "primary"}, 45),
        ({"class": "primary_link"}, 45),  # a link drives like its road
        ({"class": "residential"}, 15),  # not named
        ({}, 15),
        ({"class": "trunk"}, 60),  # legal limit with pupils aboard
        ({"class": "motorway"}, 80),  # the same on an expressway
        ({"class": "primary", "speed_kmh": 25}, 25),  # the road's own speed wins
        ({"class": "primary", "speed_kmh": 90}, 60),
        ({"class": "primary", "danger": "yes"}, 20),
        ({"class": "residential", "danger": "yes"}, 15),
        ({"class": "primary", "surface": "gravel"}, 22.5),
        ({"class": "primary", "condition": "poor"}, 36),
        ({"class": "primary", "surface": "gravel", "condition": "poor"}, 18),
        ({"class": "primary", "condition": "poor", "danger": "yes"}, 20),
        ({"class": "track", "bus": "yes"}, 10),
        ({"class": "ferry", "bus": "yes", "speed_kmh": 12}, 4),  # 5 min on board and 10 waiting
    ],
)
def test_bus_speed(road, kmh):
    speeds = replace(SPEEDS, surface_factor={"gravel": 0.5}, condition_factor={"poor": 0.8})
    assert edge_minutes(one_kilometre(**road), speeds, "bus") == pytest.approx(np.full((1, 2), 60 / kmh))


@pytest.mark.parametrize("word", ["track", "path", "footway", "steps"])
def test_no_bus_where_only_feet_go(word):
    assert np.isinf(edge_minutes(one_kilometre(**{"class": word}), SPEEDS, "bus")).all()
    assert passable(one_kilometre(**{"class": word}), "walk").all()


def test_the_road_itself_overrules_its_class():
    assert not passable(one_kilometre(**{"class": "primary", "bus": "no"}), "bus").any()
    assert passable(one_kilometre(**{"class": "track", "bus": "yes"}), "bus").all()
    assert not passable(one_kilometre(**{"class": "motorway"}), "walk").any()
    assert passable(one_kilometre(**{"class": "motorway", "walk": "yes"}), "walk").all()
    assert not passable(one_kilometre(**{"class": "path", "walk": "no"}), "walk").any()


@pytest.mark.parametrize(("word", "open_ways"), [("yes", [True, False]), ("-1", [False, True]), ("no", [True, True])])
def test_one_way_binds_the_bus_and_not_the_walker(word, open_ways):
    road = one_kilometre(**{"class": "primary", "oneway": word})
    assert np.isfinite(edge_minutes(road, SPEEDS, "bus"))[0].tolist() == open_ways
    assert edge_minutes(road, SPEEDS, "walk") == pytest.approx(np.full((1, 2), 60 / REFERENCE_WALK_KMH))


def test_bands_scale_the_reference_walker():
    assert SPEEDS.bands == ("lower", "upper", "junior")
    assert 60 / REFERENCE_WALK_KMH * SPEEDS.walk_scale() == pytest.approx([20, 15, 12])
    off_path = SPEEDS.off_path_base_min(np.array([600.0])) * SPEEDS.walk_scale()
    assert off_path == pytest.approx([20, 15, 12])  # 600 m off the path take as long as 1 km on it


def test_speeds_that_cannot_be():
    with pytest.raises(PolicyError, match=r"walk_kmh\['upper'\] = 0; detour_factor = 0.9 \(a way is never shorter"):
        replace(SPEEDS, walk_kmh={"lower": 3.0, "upper": 0}, detour_factor=0.9)
    with pytest.raises(PolicyError, match="walk_kmh names no band"):
        replace(SPEEDS, walk_kmh={})
    with pytest.raises(PolicyError, match="danger_kmh = nan"):
        replace(SPEEDS, danger_kmh=float("nan"))
    with pytest.raises(
        PolicyError, match=r"condition_factor\['poor'\] = 0; ferry_wait_min = -1 \(give minutes, 0 for none\)"
    ):
        replace(SPEEDS, condition_factor={"poor": 0}, ferry_wait_min=-1)
    assert replace(SPEEDS, ferry_wait_min=0).ferry_wait_min == 0
