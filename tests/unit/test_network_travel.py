"""Travel between places on hand-sized networks; the sums stand in the comments."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, Point

from layoutopt.errors import InputError, PolicyError
from layoutopt.network import Reach, Speeds, build_roads, paths, snap, stop_table, travel

CRS = "EPSG:32650"
SPEEDS = Speeds(
    walk_kmh={"lower": 3.0, "junior": 6.0},
    off_path_factor=0.5,
    bus_kmh={"primary": 60, "residential": 30},
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


def places(**xy):
    return gpd.GeoDataFrame(index=list(xy), geometry=[Point(at) for at in xy.values()], crs=CRS)


def roads(*lines, **columns):
    shapes = [LineString(line) for line in lines]
    return build_roads(gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS))


STREET = roads([(0, 0), (10_000, 0)], **{"class": ["primary"]})


def go(here, there, graph=STREET, **changes):
    reach = replace(REACH, **changes)
    return travel(here, there, roads=graph, speeds=SPEEDS, reach=reach)


def test_walk_and_ride_with_both_access_legs():
    table = go(places(A=(1000, 300)), places(S=(4000, -150)))
    # on foot: 450 m off the path count double, 3 km on it: 3.9 km at 3 and 6 km/h
    assert table.walk_min[0, 0] == pytest.approx([78, 39])
    assert table.walk_km[0, 0] == pytest.approx(3.45)
    # by bus: 3 km at 60 km/h; 450 m walked off the path are 0.9 km at 3 and 6 km/h
    assert (table.ride_min[0, 0], table.ride_km[0, 0]) == (pytest.approx(3), pytest.approx(3))
    assert table.access_min[0, 0] == pytest.approx([18, 9])
    assert table.access_km[0, 0] == pytest.approx(0.45)
    assert table.minutes("bus", "junior")[0, 0] == pytest.approx(12)
    assert table.minutes("walk", "lower")[0, 0] == pytest.approx(78)
    assert table.km("bus")[0, 0] == pytest.approx(3.45)
    assert table.off_road.empty
    assert table.unreachable.empty


def test_walking_right_across_where_that_is_quicker():
    here, there = places(A=(1000, 400)), places(near=(1100, 400), far=(3000, 400))
    table = go(here, there, cross_country_max_m=150)
    # 100 m across at half speed, against 800 m across and 100 m of road
    assert table.walk_km[0].tolist() == pytest.approx([0.1, 2.8])
    assert table.walk_min[0, :, 0] == pytest.approx([4, 72])
    assert go(here, there, cross_country_max_m=50).walk_km[0, 0] == pytest.approx(0.9)


def test_two_places_at_one_spot():
    here = places(A=(1000, 400), B=(5000, 0))
    table = go(here, here.rename({"A": "S", "B": "T"}), cross_country_max_m=1000)
    assert np.diag(table.walk_km).tolist() == [0, 0]
    assert table.walk_min[0, 0].tolist() == [0, 0]
    assert np.diag(table.ride_km).tolist() == [0, 0]
    line = paths(
        frame([("A", "A", "walk"), ("B", "B", "bus")]), points_from=here, points_to=here, roads=STREET,
        speeds=SPEEDS, reach=replace(REACH, cross_country_max_m=1000),
    )  # fmt: skip
    assert line.length.tolist() == [0, 0]


def test_one_way_streets_send_the_bus_round():
    square = roads([(0, 0), (1000, 0)], [(1000, 0), (1000, 1000), (0, 1000), (0, 0)], oneway=["yes", "yes"])
    spots = places(A=(200, 0), B=(800, 0))
    table = go(spots, spots, square)
    assert table.ride_km == pytest.approx(np.array([[0, 0.6], [3.4, 0]]))
    assert table.walk_km == pytest.approx(np.array([[0, 0.6], [0.6, 0]]))


def test_of_parallel_roads_the_faster_counts_with_its_own_kilometres():
    both = roads([(0, 0), (1000, 0)], [(0, 0), (0, 300), (1000, 300), (1000, 0)], **{"class": ["service", "primary"]})
    table = go(places(A=(0, 0)), places(S=(1000, 0)), both)
    assert table.ride_min[0, 0] == pytest.approx(1.6)  # 1.6 km at 60 beats 1 km at 20
    assert table.ride_km[0, 0] == pytest.approx(1.6)
    assert table.walk_km[0, 0] == pytest.approx(1.0)


def test_a_road_drawn_twice_is_one_road():
    there_and_back = roads([(0, 0), (1000, 0)], [(1000, 0), (0, 0)], oneway=["yes", "yes"])
    assert there_and_back.report.doubled_km == pytest.approx(1)
    spots = places(A=(200, 0), B=(800, 0))
    table = go(spots, spots, there_and_back)
    assert table.ride_km == pytest.approx(np.array([[0, 0.6], [0.6, 0]]))
    again = roads([(0, 0), (1000, 0)], [(0, 0), (1000, 0)], **{"class": ["track", "primary"]})
    assert go(spots, spots, again).ride_min[0, 1] == pytest.approx(0.6)
    assert go(spots, spots, again).walk_km[0, 1] == pytest.approx(0.6)


def test_the_limit_itself_still_counts():
    here, there = places(A=(0, 0)), places(S=(2000, 0), T=(2000.1, 0))
    table = go(here, there, walk_cutoff_min=20, bus_cutoff_min=2)  # 2 km at 6 and at 60 km/h
    assert np.isfinite(table.walk_km[0]).tolist() == [True, False]
    assert np.isfinite(table.ride_km[0]).tolist() == [True, False]
    assert np.isfinite(table.walk_min[0, 0]).all()
    assert np.isinf(table.access_km[0, 1])


def test_a_walk_is_cut_off_door_to_door():
    here, there = places(A=(0, 100)), places(S=(1000, 0))  # 1.2 km at 6 km/h
    assert np.isfinite(go(here, there, walk_cutoff_min=12).walk_km).all()
    assert np.isinf(go(here, there, walk_cutoff_min=11.9).walk_km).all()


def test_places_far_from_any_road_are_listed():
    here = places(A=(0, 0), far=(3000, 501), B=(100, 0))
    table = go(here, places(S=(1000, 0), lost=(0, 9000)))
    assert table.off_road.values.tolist() == [
        ["far", "from", "walk", 501.0],
        ["lost", "to", "walk", 9000.0],
        ["far", "from", "bus", 501.0],
        ["lost", "to", "bus", 9000.0],
    ]
    assert table.unreachable.tolist() == ["far"]
    assert np.isinf(table.walk_km[:, 1]).all()


def test_no_way_leads_from_an_island():
    two = roads([(0, 0), (1000, 0)], [(0, 5000), (1000, 5000)])
    table = go(places(A=(0, 0), B=(0, 5000)), places(S=(1000, 0)), two)
    assert table.unreachable.tolist() == ["B"]
    assert table.off_road.empty
    assert table.islands.values.tolist() == [["B", "from", "walk", 1.0], ["B", "from", "bus", 1.0]]


def test_a_school_no_settlement_reaches_is_listed_by_the_roads_of_each_mode():
    """A track leads to the school: pupils walk, but no bus can come from the main road."""
    lines = [(0, 0), (9000, 0)], [(9000, 0), (9000, 2000)], [(9000, 2000), (9000, 3000)]
    graph = roads(*lines, **{"class": ["primary", "track", "residential"]})
    table = go(places(A=(0, 0)), places(S=(9000, 2500)), graph)
    assert table.islands.values.tolist() == [["A", "from", "bus", 9.0], ["S", "to", "bus", 1.0]]


def test_a_stub_gives_way_to_the_road_network():
    """A track alone leads to the village street, so the bus stays below and pupils walk to the main road."""
    lines = [(0, 0), (9000, 0)], [(5000, 0), (5000, 350)], [(5000, 350), (5200, 350)]
    graph = roads(*lines, **{"class": ["primary", "track", "residential"]})
    village, school = places(A=(5100, 350)), places(S=(0, 0))
    assert np.isinf(go(village, school, graph).ride_km).all()
    table = go(village, school, graph, island_km=1)
    assert (table.ride_km[0, 0], table.access_km[0, 0]) == (pytest.approx(5.1), pytest.approx(0.35))
    assert table.walk_km[0, 0] == pytest.approx(5.45)  # on foot the street and the track
    near_nothing_else = go(village, school, graph, island_km=1, max_access_m=300)
    assert near_nothing_else.off_road.empty
    assert near_nothing_else.access_km[0, 0] == np.inf


def test_a_bus_needs_a_road_it_may_use():
    track = roads([(0, 0), (3000, 0)], **{"class": ["track"]})
    table = go(places(A=(0, 0)), places(S=(3000, 0)), track)
    assert table.walk_km[0, 0] == pytest.approx(3)
    assert np.isinf(table.ride_km[0, 0])
    assert table.off_road["id"].tolist() == ["A", "S"]
    assert np.isinf(table.off_road["distance_m"]).all()


def test_snapping_takes_the_first_of_equals_and_stays_within_reach():
    fork = roads([(0, 0), (1000, 0)], [(1000, 0), (2000, 0)], [(1000, 0), (1000, 900)])
    found = snap(np.array([[1000.0, -30.0], [1500.0, 40.0], [0.0, 700.0]]), fork, np.ones(3, bool), max_access_m=500)
    assert found.edge.tolist() == [0, 1, -1]
    assert found.along_m.tolist() == [1000, 500, 0]
    assert found.access_m.tolist() == [30, 40, 700]


def test_straight_lines_without_roads():
    table = travel(places(A=(0, 0)), places(S=(3000, 4000)), roads=None, speeds=SPEEDS, reach=REACH)
    assert table.walk_km[0, 0] == table.ride_km[0, 0] == pytest.approx(7.5)  # 5 km × 1.5
    assert table.walk_min[0, 0] == pytest.approx([150, 75])
    assert table.ride_min[0, 0] == pytest.approx(15)
    assert table.access_min[0, 0].tolist() == [0, 0]
    short = replace(REACH, walk_cutoff_min=70, bus_cutoff_min=10)
    beyond = travel(places(A=(0, 0)), places(S=(3000, 4000)), roads=None, speeds=SPEEDS, reach=short)
    assert beyond.unreachable.tolist() == ["A"]


def test_stops_are_a_table_of_rides_between_all():
    spots = places(A=(1000, 100), B=(4000, 0), far=(0, 2000))
    stops = stop_table(spots, roads=STREET, speeds=SPEEDS, reach=REACH)
    assert stops.ids.tolist() == ["A", "B", "far"]
    assert stops.ride_min == pytest.approx(np.array([[0, 3, np.inf], [3, 0, np.inf], [np.inf, np.inf, 0]]))
    assert stops.access_km.tolist() == pytest.approx([0.1, 0, 2.0])
    assert stops.access_min[0] == pytest.approx([4, 2])
    assert stops.off_road["id"].tolist() == ["far"]
    straight = stop_table(spots, roads=None, speeds=SPEEDS, reach=REACH)
    assert straight.ride_km[0, 1] == pytest.approx(np.hypot(3, 0.1) * 1.5)


def frame(rows):
    return gpd.pd.DataFrame(rows, columns=["from_id", "to_id", "mode"], index=range(10, 10 + len(rows)))


def test_paths_follow_the_road_from_door_to_door():
    bend = roads([(0, 0), (1000, 0), (1000, 2000)], [(500, -800), (500, 800)])
    here, there = places(A=(200, 50), B=(500, 700)), places(S=(1100, 1500), off=(9000, 9000))
    pairs = frame([("A", "S", "walk"), ("A", "S", "bus"), ("B", "S", "bus"), ("A", "off", "walk")])
    lines = paths(pairs, points_from=here, points_to=there, roads=bend, speeds=SPEEDS, reach=REACH)
    assert lines.index.tolist() == [10, 11, 12, 13]
    assert shapely.get_coordinates(lines[10]).tolist() == [
        [200, 50], [200, 0], [500, 0], [1000, 0], [1000, 1500], [1100, 1500]
    ]  # fmt: skip
    assert lines[11].equals(lines[10])
    assert shapely.get_coordinates(lines[12]).tolist() == [
        [500, 700], [500, 0], [1000, 0], [1000, 1500], [1100, 1500]
    ]  # fmt: skip
    assert lines[13] is None
    ride = paths(pairs, points_from=here, points_to=there, roads=bend, speeds=SPEEDS, reach=REACH, with_access=False)
    assert shapely.get_coordinates(ride[11]).tolist() == [[200, 0], [500, 0], [1000, 0], [1000, 1500]]
    table = go(here, there, bend)
    assert lines[10].length / 1000 == pytest.approx(table.walk_km[0, 0])
    assert lines[12].length / 1000 == pytest.approx(table.km("bus")[1, 0])


def test_paths_go_right_across_like_the_table_and_straight_without_roads():
    here, there = places(A=(1000, 400)), places(S=(1100, 400))
    reach = replace(REACH, cross_country_max_m=200)
    pairs = frame([("A", "S", "walk")])
    across = paths(pairs, points_from=here, points_to=there, roads=STREET, speeds=SPEEDS, reach=reach)
    assert across.length.tolist() == [100]
    straight = paths(pairs, points_from=here, points_to=there, roads=None, speeds=SPEEDS, reach=reach)
    assert straight.length.tolist() == [100]


def test_paths_name_unknown_places():
    with pytest.raises(InputError, match=r"paths: unknown id 'S0001'\. Did you mean 'S001'\?"):
        paths(
            frame([("A", "S0001", "bus")]), points_from=places(A=(0, 0)), points_to=places(S001=(1, 0)),
            roads=None, speeds=SPEEDS, reach=REACH,
        )  # fmt: skip


def test_places_that_cannot_be_used():
    twice = gpd.GeoDataFrame(index=["A", "A"], geometry=[Point(0, 0), Point(np.inf, 0)], crs=CRS)
    with pytest.raises(InputError) as caught:
        go(twice, places(S=(0, 0)))
    assert [str(problem) for problem in caught.value.problems] == [
        "from A: the id appears twice. Give each place its own id.",
        "from A: geometry is not a point with finite coordinates. Draw the point.",
    ]
    with pytest.raises(InputError, match="Project to EPSG:32650 first"):
        go(places(A=(0, 0)), places(S=(0, 0)).set_crs("EPSG:32651", allow_override=True))


def test_limits_that_cannot_be():
    with pytest.raises(PolicyError, match=r"cross_country_max_m = -1; max_access_m = 0 \(give metres above 0\)"):
        replace(REACH, cross_country_max_m=-1, max_access_m=0)


def test_nobody_and_nowhere():
    none = places()
    table = go(none, places(S=(0, 0)))
    assert table.walk_min.shape == (0, 1, 2)
    assert go(places(A=(0, 0)), none).unreachable.tolist() == ["A"]
