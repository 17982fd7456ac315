"""Roads become one graph: what is joined, what stays apart, what each piece remembers."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiLineString, Point

from layoutopt.errors import InputError
from layoutopt.network import build_roads

CRS = "EPSG:32650"


def layer(*lines, **columns):
    shapes = [line if isinstance(line, shapely.Geometry) else LineString(line) for line in lines]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def pieces(roads):
    return int(roads.component.max()) + 1


EAST_WEST = [(0, 0), (1000, 0)]
NORTH_SOUTH = [(400, -500), (400, 500)]


def test_lines_that_cross_without_a_vertex_are_joined():
    roads = build_roads(layer(EAST_WEST, NORTH_SOUTH))
    assert pieces(roads) == 1
    assert sorted(roads.length_m) == pytest.approx([400, 500, 500, 600])
    assert [400.0, 0.0] in roads.node_xy.tolist()
    assert (roads.report.pieces_before, roads.report.pieces_after, roads.report.crossings_joined) == (2, 1, 1)


def test_crossings_stay_apart_when_every_junction_is_a_vertex():
    apart = build_roads(layer(EAST_WEST, NORTH_SOUTH), node_crossings=False)
    assert pieces(apart) == 2
    shared = build_roads(
        layer([(0, 0), (400, 0), (1000, 0)], [(400, -500), (400, 0), (400, 500)]), node_crossings=False
    )
    assert pieces(shared) == 1
    assert len(shared.length_m) == 4


@pytest.mark.parametrize("column", ["bridge", "tunnel"])
def test_a_bridge_does_not_meet_the_road_below(column):
    roads = build_roads(layer(EAST_WEST, NORTH_SOUTH, **{column: ["no", "yes"]}))
    assert pieces(roads) == 2
    assert len(roads.length_m) == 2


def test_a_bridge_meets_roads_at_its_own_ends():
    lines = layer([(0, -500), (0, 500)], [(0, 0), (300, 0)], [(300, 0), (900, 0)], [(150, -50), (150, 50)],
                  bridge=[None, "viaduct", None, None])  # fmt: skip
    roads = build_roads(lines)
    assert roads.report.main_km == pytest.approx(1.9)
    assert roads.report.lost_km == pytest.approx(0.1)


def test_no_end_is_pulled_to_the_middle_of_a_bridge():
    roads = build_roads(layer([(0, 0), (1000, 0)], [(500, 30), (500, 400)], bridge=["yes", "no"]), snap_m=60)
    assert pieces(roads) == 2


def test_a_road_that_ends_on_another_is_joined():
    roads = build_roads(layer(EAST_WEST, [(400, 0), (400, 500)]))
    assert pieces(roads) == 1
    assert sorted(roads.length_m) == pytest.approx([400, 500, 600])


def test_a_loose_end_close_to_another_piece_gets_a_link():
    lines = layer(EAST_WEST, [(400, 50), (400, 500)], **{"class": ["primary", "track"]})
    roads = build_roads(lines, snap_m=60)
    assert pieces(roads) == 1
    assert (roads.report.ends_joined, roads.report.joined_km) == (1, pytest.approx(0.05))
    assert roads.road_class[roads.joined].tolist() == ["track"]
    assert pieces(build_roads(lines, snap_m=40)) == 2


def test_two_loose_ends_that_face_each_other_get_one_link():
    roads = build_roads(layer([(0, 0), (500, 0)], [(530, 0), (1000, 0)]))
    assert roads.report.ends_joined == 1
    assert roads.report.total_km == pytest.approx(1.0)


def test_gaps_in_a_chain_of_pieces_are_closed_round_by_round():
    roads = build_roads(layer([(0, 0), (100, 0)], [(110, 0), (140, 0)], [(165, 0), (300, 0)]), snap_m=30)
    assert pieces(roads) == 1


def test_a_blind_alley_beside_a_street_stays_blind():
    street = [(0, 0), (300, 0), (300, 15), (100, 15), (100, 10)]
    roads = build_roads(layer(street, [(300, 0), (900, 0)]))
    assert roads.report.ends_joined == 0


def test_a_gap_is_closed_where_the_way_round_is_long():
    loop = [(0, 10), (0, 900), (900, 900), (900, 0)]
    roads = build_roads(layer(loop, [(900, 0), (-500, 0)]))
    assert roads.report.ends_joined == 1
    assert build_roads(layer(loop, [(900, 0), (-500, 0)]), near_m=5).report.ends_joined == 0


def test_an_end_beside_its_road_by_a_hand_is_joined():
    street, lane = [(0, 0), (200, 0)], [(200, 0), (200, 100), (100, 100), (100, 0.3)]
    roads = build_roads(layer(street, lane))
    assert roads.report.ends_joined == 1


def test_shared_stretches_cost_nothing_twice_over():
    roads = build_roads(layer([(0, 0), (1000, 0)], [(400, 0), (700, 0), (700, 300)]))
    assert pieces(roads) == 1
    assert sorted(roads.length_m) == pytest.approx([300, 300, 300, 300, 400])


def test_a_line_that_crosses_itself_is_a_junction():
    roads = build_roads(layer([(0, 0), (1000, 0), (1000, 500), (500, 500), (500, -500)]))
    assert [500.0, 0.0] in roads.node_xy.tolist()
    assert roads.report.total_km == pytest.approx(3.0)


def test_a_ring_and_a_figure_of_parts():
    ring = LineString([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])
    parts = MultiLineString([[(0, 0), (-100, 0)], [(-100, 0), (-200, 0)]])
    roads = build_roads(layer(ring, parts))
    assert pieces(roads) == 1
    assert roads.line.tolist().count(1) == 2


def test_every_piece_keeps_what_its_line_says():
    lines = layer(
        EAST_WEST,
        NORTH_SOUTH,
        **{"class": ["Primary", None], "speed_kmh": [40, np.nan], "oneway": ["yes", "-1"]},
        bus=[True, False],
        walk=[None, "no"],
        danger=[0, 1],
        surface=["gravel", None],
    )
    roads = build_roads(lines)
    first = roads.line == 0
    assert set(roads.road_class[first]) == {"primary"}
    assert set(roads.road_class[~first]) == {""}
    assert set(roads.speed_kmh[first]) == {40.0}
    assert np.isnan(roads.speed_kmh[~first]).all()
    assert (set(roads.oneway[first]), set(roads.oneway[~first])) == ({1}, {-1})
    assert (set(roads.bus[first]), set(roads.bus[~first])) == ({1}, {0})
    assert (set(roads.walk[first]), set(roads.walk[~first])) == ({-1}, {0})
    assert (set(roads.danger[first]), set(roads.danger[~first])) == ({False}, {True})
    assert (set(roads.surface[first]), set(roads.surface[~first])) == ({"gravel"}, {""})
    drawn = roads.node_xy[roads.edge_to] - roads.node_xy[roads.edge_from]
    assert (drawn[first, 0] > 0).all()
    assert (drawn[~first, 1] > 0).all()


def test_edges_run_from_their_start_node_to_their_end_node():
    roads = build_roads(layer(EAST_WEST, NORTH_SOUTH, [(0, 40), (-300, 700)]))
    for end, at in ((roads.edge_from, 0), (roads.edge_to, -1)):
        drawn = shapely.get_coordinates(shapely.get_point(roads.geometry, at))
        assert np.abs(roads.node_xy[end] - drawn).max() < 0.01


def test_empty_and_endless_lines_are_dropped_and_counted():
    lines = layer(EAST_WEST, LineString(), LineString([(1, 1), (1, 1)]), LineString([(0, 0), (np.inf, 0)]), None)
    roads = build_roads(lines)
    assert (roads.report.lines_read, roads.report.lines_dropped) == (5, 4)


def test_heights_are_left_out():
    roads = build_roads(layer(LineString([(0, 0, 100), (300, 400, 900)])))
    assert roads.length_m.tolist() == [500.0]


def test_the_main_piece_is_the_longest():
    roads = build_roads(layer([(0, 0), (10, 0)], [(5000, 0), (9000, 0)]))
    assert roads.component[roads.edge_from].tolist() == [1, 0]
    assert roads.report.main_share == pytest.approx(4000 / 4010)


def test_all_unreadable_words_are_named_at_once():
    lines = layer(EAST_WEST, NORTH_SOUTH, oneway=["sometimes", "no"], bus=["yes", "rarely"], speed_kmh=["fast", "30"])
    with pytest.raises(InputError) as caught:
        build_roads(lines)
    assert str(caught.value) == (
        "3 problems stop the reading:\n"
        "  roads, feature 1: speed_kmh = 'fast'. Give a number in km/h, or leave it empty.\n"
        "  roads, feature 1: oneway = 'sometimes'. Give yes or no, or -1.\n"
        "  roads, feature 2: bus = 'rarely'. Give yes or no."
    )


def test_lines_need_metres():
    degrees = gpd.GeoDataFrame(geometry=[LineString([(77, 34), (78, 35)])], crs="EPSG:4326")
    with pytest.raises(InputError, match=r"roads: the lines have degrees \(EPSG:4326\)\. Project them to metres"):
        build_roads(degrees)
    with pytest.raises(InputError, match="no coordinate system"):
        build_roads(gpd.GeoDataFrame(geometry=[LineString(EAST_WEST)]))


def test_points_are_no_roads_and_no_length_is_no_layer():
    with pytest.raises(InputError, match="roads, feature 2: the geometry is not a line"):
        build_roads(layer(EAST_WEST, Point(0, 0)))
    with pytest.raises(InputError, match="no line has any length"):
        build_roads(layer(LineString()))


def test_a_track_does_not_take_the_link_a_road_needs():
    """The road's loose end is nearer to a track's, but buses need the other road."""
    lines = layer(
        [(-900, 0), (0, 0)], [(10, 5), (10, 900)], [(40, 0), (900, 0)], **{"class": ["primary", "track", "primary"]}
    )
    roads = build_roads(lines)
    assert pieces(roads) == 1
    assert roads.report.ends_joined == 2
    assert roads.report.bus_km == roads.report.bus_main_km
    by_track = build_roads(lines.assign(**{"class": "primary"}))
    assert pieces(by_track) == 1


def test_one_end_joins_all_pieces_within_reach():
    lines = layer([(-900, 0), (0, 0)], [(30, -400), (30, -10), (35, -400)], [(30, 400), (30, 12), (36, 400)],
                  **{"class": ["primary", "primary", "track"]})  # fmt: skip
    assert pieces(build_roads(lines)) == 1


def test_a_footbridge_stays_a_footbridge():
    """Two road ends face each other over a stream; the path between them is drawn, so no road is missing."""
    lines = layer([(-900, 0), (0, 0)], [(0, 0), (40, 0)], [(40, 0), (900, 0)],
                  **{"class": ["primary", "footway", "primary"]})  # fmt: skip
    roads = build_roads(lines)
    assert roads.report.ends_joined == 0
    assert roads.report.bus_main_km == pytest.approx(0.9)


def test_unknown_conditions_are_named():
    with pytest.raises(InputError, match=r"condition = 'soso'\. Give one of good, fair, poor, impassable"):
        build_roads(layer(EAST_WEST, condition=["soso"]))


def test_the_report_counts_what_a_planner_asks():
    lines = layer(
        [(0, 0), (1000, 0)], [(0, 0), (1000, 0)], [(0, 0), (0, 2000)], [(5000, 0), (5000, 3000)], [(9000, 0), (9000, 500)],
        speed_kmh=[30, np.nan, np.nan, np.nan, np.nan], danger=["no", "no", "yes", "no", "no"],
        **{"class": ["primary", "primary", "track", "", ""]},
    )  # fmt: skip
    report = build_roads(lines).report
    assert (report.lines_doubled, report.lines_without_class, report.lines_without_speed) == (1, 2, 4)
    assert (report.walk_km, report.bus_km) == (pytest.approx(7.5), pytest.approx(5.5))
    assert report.bus_main_km == pytest.approx(3.0)
    assert (report.danger_km, report.doubled_km, report.lost_km) == (2.0, 1.0, pytest.approx(3.5))
    assert [(piece.km, piece.lines, piece.x, piece.y) for piece in report.islands] == [
        (3.0, 1, 5000.0, 1500.0), (0.5, 1, 9000.0, 250.0)
    ]  # fmt: skip
    text = "\n".join(report.lines())
    for row in (
        "road lines read                                 5",
        "  drawn on another line                         1",
        "  in the main piece               4.0 km (53.33%)",
        "  for buses                      5.5 km, 54.55% of it connected",
        "  apart: 3.00 km in 1 line around x 5,000, y 1,500",
    ):
        assert row in text
    assert "ferries" not in text
    many = build_roads(layer(*([(0, 5000 * n), (10, 5000 * n)] for n in range(12))))
    assert many.report.lines()[-1] == "  and 3 shorter ones"
