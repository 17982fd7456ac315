"""Travel against networkx on random networks: same minutes, same kilometres, same ways."""

from dataclasses import replace
from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely import LineString, Point

from layoutopt.network import Reach, Speeds, build_roads, paths, stop_table, travel
from layoutopt.network.fastest import sums

CRS = "EPSG:32650"
SPEEDS = Speeds(
    walk_kmh={"lower": 3.0, "junior": 6.0},
    off_path_factor=0.5,
    bus_kmh={"primary": 60, "residential": 30, "track": 10},
    other_bus_kmh=20,
    bus_max_kmh=60,
    expressway_max_kmh=80,
    danger_kmh=20,
    detour_factor=1.5,
    straight_bus_kmh=30,
    ferry_kmh=8,
    ferry_wait_min=10,
)
REACH = Reach(np.inf, np.inf, max_access_m=1500, cross_country_max_m=1000, island_km=0)
CLASSES = ("primary", "residential", "track", "service")
BUS_KMH = {"primary": 60, "residential": 30, "service": 20}
SLOW = settings(max_examples=25, deadline=None, derandomize=True)


@st.composite
def layers(draw, grid=False):
    """Random straight roads between random spots, and random places; on a grid roads touch and overlap."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spots = rng.uniform(0, 5000, (draw(st.integers(2, 9)), 2))
    if grid and draw(st.booleans()):
        spots = np.unique(np.round(spots, -3), axis=0)
        spots = spots if len(spots) > 1 else np.array([[0.0, 0.0], [1000.0, 0.0]])
    count = draw(st.integers(1, 16))
    ends = np.array([rng.choice(len(spots), 2, replace=False) for _ in range(count)])
    lines = gpd.GeoDataFrame(
        {"class": rng.choice(CLASSES, count), "oneway": rng.choice(["no", "yes", "-1"], count)},
        geometry=[LineString(spots[pair]) for pair in ends],
        crs=CRS,
    )
    at = rng.uniform(-500, 5500, (draw(st.integers(2, 7)), 2))
    places = gpd.GeoDataFrame(geometry=[Point(xy) for xy in at], crs=CRS)
    places.index = [f"P{number}" for number in range(len(at))]
    return lines, places


def key(xy):
    return tuple(np.round(xy, 3))


def with_places(edges, places):
    """Return a digraph in metres and minutes of straight ``edges`` (line, forward, backward minutes a metre).

    Every place is a node of its own on its nearest edge; edges are cut there.
    """
    graph = nx.MultiDiGraph()
    shapes = [line for line, _, _ in edges]
    stops = {number: [] for number in range(len(edges))}
    access = {}
    for name, point in places.geometry.items():
        distance = shapely.distance(shapes, point)
        best = int(np.argmin(distance))
        if distance[best] <= REACH.max_access_m:
            access[name] = float(distance[best])
            for number, line in enumerate(shapes):
                if line.equals(shapes[best]):  # a road drawn twice is one road
                    stops[number].append((line.project(point), name))
    for number, (line, forward, backward) in enumerate(edges):
        start, end = (key(xy) for xy in line.coords)
        chain = [(0.0, start), *sorted(stops[number]), (line.length, end)]
        for (low, tail), (high, head) in pairwise(chain):
            for one, two, pace in ((tail, head, forward), (head, tail, backward)):
                if high == low:  # two places at one spot
                    graph.add_edge(one, two, m=0.0, minutes=0.0)
                elif np.isfinite(pace):
                    graph.add_edge(one, two, m=high - low, minutes=(high - low) * pace)
    return graph, access


@SLOW
@given(layers(grid=True))
def test_walks_match_networkx_on_lines_noded_by_another_library(layer):
    lines, places = layer
    roads = build_roads(lines, snap_m=0, near_m=0)
    noded = shapely.get_parts(shapely.unary_union(lines.geometry.to_numpy()))
    edges = [(line, 0.01, 0.01) for line in shapely.get_parts(noded)]  # 100 m a minute is the junior's 6 km/h
    graph, access = with_places(edges, places)
    table = travel(places, places, roads=roads, speeds=SPEEDS, reach=REACH)
    for i, here in enumerate(places.index):
        found = nx.single_source_dijkstra_path_length(graph, here, weight="minutes") if here in access else {}
        for j, there in enumerate(places.index):
            off_path = (access.get(here, np.inf) + access.get(there, np.inf)) * 0.02
            straight = places.geometry.iloc[i].distance(places.geometry.iloc[j])
            across = straight * 0.02 if straight <= REACH.cross_country_max_m else np.inf
            expected = min(found.get(there, np.inf) + off_path, across)
            assert np.isclose(table.minutes("walk", "junior")[i, j], expected, rtol=1e-6, atol=1e-6)


@SLOW
@given(layers())
def test_rides_match_networkx_with_one_way_streets(layer):
    lines, places = layer
    roads = build_roads(lines, snap_m=0, near_m=0, node_crossings=False)
    edges = []
    for row in lines.itertuples():
        pace = 60 / BUS_KMH[row[1]] / 1000 if row[1] in BUS_KMH else None
        if pace is not None:
            edges.append(
                (
                    row.geometry,
                    np.inf if row.oneway == "-1" else pace,
                    np.inf if row.oneway == "yes" else pace,
                )
            )
    table = travel(places, places, roads=roads, speeds=SPEEDS, reach=REACH)
    if not edges:
        assert np.isinf(table.ride_min).all()
        return
    graph, access = with_places(edges, places)
    for i, here in enumerate(places.index):
        found = nx.single_source_dijkstra_path_length(graph, here, weight="minutes") if here in access else {}
        expected = [found.get(there, np.inf) if there in access else np.inf for there in places.index]
        assert np.allclose(table.ride_min[i], expected, rtol=1e-6, atol=1e-6)
    listed = table.off_road[(table.off_road["mode"] == "bus") & (table.off_road["side"] == "from")]
    assert set(listed["id"]) == set(places.index) - set(access)


@SLOW
@given(layers(grid=True), st.sampled_from(["walk", "bus"]))
def test_ways_are_as_long_as_the_table_says(layer, mode):
    lines, places = layer
    roads = build_roads(lines)
    table = travel(places, places, roads=roads, speeds=SPEEDS, reach=REACH)
    grid = pd.MultiIndex.from_product([places.index, places.index], names=["from_id", "to_id"])
    pairs = grid.to_frame(index=False).assign(mode=mode)
    drawn = paths(pairs, points_from=places, points_to=places, roads=roads, speeds=SPEEDS, reach=REACH)
    km = table.km(mode).reshape(-1)
    assert (drawn.isna().to_numpy() == np.isinf(km)).all()
    there = np.isfinite(km)
    assert np.allclose(drawn[there].length / 1000, km[there], atol=2e-5)
    for position, at in ((0, "from_id"), (-1, "to_id")):
        door = shapely.get_coordinates(shapely.get_point(drawn[there].to_numpy(), position))
        home = shapely.get_coordinates(places.geometry.loc[pairs[at][there]].to_numpy())
        assert np.allclose(door, home)


@SLOW
@given(layers(grid=True))
def test_rides_by_way_of_a_third_place_are_never_quicker(layer):
    lines, places = layer
    ride = stop_table(places, roads=build_roads(lines), speeds=SPEEDS, reach=REACH).ride_min
    by_way = ride[:, :, None] + ride[None, :, :]
    assert (ride <= by_way.min(axis=1) + 1e-6).all()


@SLOW
@given(layers(), st.floats(0, 30))
def test_a_cut_off_only_removes(layer, limit):
    lines, places = layer
    roads = build_roads(lines)
    reach = Reach(limit, limit, REACH.max_access_m, REACH.cross_country_max_m, 0)
    short = travel(places, places, roads=roads, speeds=SPEEDS, reach=reach)
    full = travel(places, places, roads=roads, speeds=SPEEDS, reach=REACH)
    for near, everything in (
        (short.minutes("walk", "junior"), full.minutes("walk", "junior")),
        (short.ride_min, full.ride_min),
    ):
        kept = everything <= limit
        assert np.allclose(near[kept], everything[kept])
        assert np.isinf(near[everything > limit * (1 + 1e-6) + 1e-6]).all()


@SLOW
@given(layers(), st.integers(0, 2**32 - 1))
def test_walks_on_slopes_match_networkx_both_ways(layer, seed):
    lines, places = layer
    rng = np.random.default_rng(seed)
    ends = shapely.get_coordinates(lines.geometry.to_numpy()).reshape(-1, 2, 2)
    spot, at = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    height = rng.uniform(0, 600, len(spot))[at.reshape(-1)].reshape(-1, 2)
    solid = lines.set_geometry(shapely.linestrings(np.dstack([ends, height])), crs=CRS)
    roads = build_roads(solid, snap_m=0, near_m=0, node_crossings=False)
    edges = []
    for line, (low, high) in zip(lines.geometry, height, strict=True):
        slope = np.array([high - low, low - high]) / line.length
        walked = np.clip(slope, -1 / 3.5, 1 / 3.5)  # steeper ground in zigzags
        pace = np.exp(3.5 * np.abs(walked + 0.05)) / 100  # 6 km/h are 100 m a minute
        pace *= np.maximum(np.abs(slope) * 3.5, 1)
        edges.append((line, *pace))
    graph, access = with_places(edges, places)
    reach = replace(REACH, cross_country_max_m=0)
    table = travel(places, places, roads=roads, speeds=SPEEDS, reach=reach)
    scale = SPEEDS.walk_scale()[1]
    for i, here in enumerate(places.index):
        found = nx.single_source_dijkstra_path_length(graph, here, weight="minutes") if here in access else {}
        for j, there in enumerate(places.index):
            off_path = (access.get(here, np.inf) + access.get(there, np.inf)) * 0.02
            expected = found.get(there, np.inf) * scale + off_path if here != there else 0.0
            assert np.isclose(table.minutes("walk", "junior")[i, j], expected, rtol=1e-6, atol=1e-6)


@st.composite
def nets(draw):
    """Random arcs with chains, blind alleys, one-way streets and parts that do not meet."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes = draw(st.integers(1, 60))
    ends = rng.integers(0, nodes, (int(nodes * draw(st.floats(0, 1.6))), 2))
    ends = np.unique(np.sort(ends[ends[:, 0] != ends[:, 1]], axis=1), axis=0)
    minutes = rng.uniform(0.1, 5, (len(ends), 2))
    minutes[rng.random(len(ends)) < 0.2, 0] = np.inf
    places = [rng.choice(nodes, rng.integers(0, min(nodes, 8) + 1), replace=False) for _ in range(2)]
    return nodes, ends, minutes, *places


@SLOW
@given(nets(), st.sampled_from([np.inf, 6.0]))
def test_the_compiled_search_finds_what_scipy_finds(net, limit):
    nodes, ends, minutes, starts, goals = net
    tail, head = np.concatenate([ends, ends[:, ::-1]]).T
    taken = minutes.T.reshape(-1)
    order = np.lexsort((tail, head))
    first = np.searchsorted(head[order], np.arange(nodes + 1)).astype(np.int32)
    km = np.concatenate([np.arange(1.0, len(ends) + 1)] * 2)
    found = sums(
        first, tail[order].astype(np.int32), taken[order], km[order], km[order] * 2,
        np.sort(starts), np.sort(goals), limit,
    )  # fmt: skip
    open_way = np.isfinite(taken)
    matrix = csr_array((taken[open_way], (head[open_way], tail[open_way])), shape=(nodes, nodes))
    if len(goals):
        expected, before = dijkstra(matrix, indices=np.sort(goals), limit=limit, return_predecessors=True)
        assert np.allclose(found[0], expected[:, np.sort(starts)])
        length = {(a, b): at + 1.0 for at, (a, b) in enumerate(ends)}
        for row in range(len(goals)):
            for column, node in enumerate(np.sort(starts)):
                total = 0.0
                while np.isfinite(found[0, row, column]) and before[row, node] >= 0:
                    onto = before[row, node]
                    total += length[min(node, onto), max(node, onto)]
                    node = onto
                if np.isfinite(found[0, row, column]):
                    assert found[1, row, column] == total
                    assert found[2, row, column] == 2 * total
                else:
                    assert np.isinf(found[1:, row, column]).all()


@SLOW
@given(layers())
def test_joining_loses_no_road(layer):
    lines, _ = layer
    roads = build_roads(lines)
    drawn = np.bincount(roads.line[~roads.joined], weights=roads.length_m[~roads.joined], minlength=len(lines))
    assert np.allclose(drawn, lines.length, atol=0.02)
