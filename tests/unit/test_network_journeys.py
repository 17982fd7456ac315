"""Journeys of a study: the policy's keys reach the roads, and rides are worked out for the stops asked."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from layoutopt import Policy
from layoutopt.errors import InputError
from layoutopt.journeys import forget, journeys_of
from layoutopt.testing import tiny_study

VILLAGES = {"A": (0, 0, [5] * 6), "B": (4, 0, [5] * 6), "C": (6, 0, [5] * 6)}
SCHOOLS = {"S": (10, 0, {}), "A": (0, 0, {})}
STREET = [([(0, 0), (10, 0)], {"class": "primary"})]  # 45 km/h


@pytest.fixture(autouse=True)
def _fresh():
    forget()


def go(roads=STREET, travel=None, **travel_keys):
    study = tiny_study(VILLAGES, SCHOOLS, roads=roads, travel=travel)
    return journeys_of(study, Policy.preset("custom", **travel_keys))


def test_rides_between_the_stops_asked_in_the_order_asked():
    journeys = go()
    minutes, km = journeys.rides(["s:S", "v:B", "v:A", "v:B"])
    assert km == pytest.approx(np.array([[0, 6, 10, 6], [6, 0, 4, 0], [10, 4, 0, 4], [6, 0, 4, 0]]))
    assert minutes == pytest.approx(km / 45 * 60)
    assert journeys.stops_between(["v:C", "s:A"]).ids.tolist() == ["v:C", "s:A"]  # a school and a village named alike


def test_no_ride_leads_to_a_stop_nobody_knows():
    minutes, km = go().rides(["v:A", "v:nowhere", "s:S"])
    assert (
        np.isinf(minutes).tolist() == np.isinf(km).tolist() == [[False, True, False], [True] * 3, [False, True, False]]
    )
    assert np.isinf(go().rides(["v:nowhere"])[0]).all()
    with pytest.raises(KeyError, match="no such stops: v:nowhere"):
        go().stops_between(["v:A", "v:nowhere"])


@pytest.mark.parametrize("roads", [STREET, None])
def test_a_few_stops_and_all_stops_tell_the_same(roads):
    journeys = go(roads)
    everything = journeys.stops_between(journeys.points.index)
    few = journeys.stops_between(["v:C", "v:A"])
    assert few.ride_min[0, 1] == everything.ride_min[2, 0]
    at = everything.ids.get_indexer(["v:B", "s:S"])
    settlement, school = journeys.table.from_ids.get_loc("B"), journeys.table.to_ids.get_loc("S")
    assert everything.ride_km[at[0], at[1]] == pytest.approx(journeys.table.ride_km[settlement, school])


def test_the_study_s_own_rides_win_wherever_they_are_asked_for():
    rows = [
        {"from_id": "A", "to_id": "S", "mode": "bus", "minutes": 99.0, "km": np.nan},
        {"from_id": "A", "to_id": "B", "mode": "bus", "minutes": 33.0, "km": 5.0},
        {"from_id": "A", "to_id": "S", "mode": "walk", "minutes": 300.0, "km": np.nan},
    ]
    journeys = go(travel=rows)
    minutes, km = journeys.rides(["v:A", "v:B", "s:S"])
    assert minutes[0].tolist() == [0, 33, 99]
    assert km[0].tolist() == pytest.approx([0, 5, 10])
    assert minutes[1, 0] == pytest.approx(4 / 45 * 60)
    assert journeys.rides(["v:B", "s:S"])[0][0, 1] == pytest.approx(8)


def test_own_rides_without_kilometres_are_named_at_once():
    rows = [{"from_id": "A", "to_id": "B", "mode": "bus", "minutes": 33.0, "km": np.nan}]
    apart = [([(0, 0), (0.4, 0)], {}), ([(3.5, 0), (10, 0)], {})]
    with pytest.raises(InputError, match="the kilometres are missing and no road tells them"):
        go(apart, travel=rows)
    assert go(travel=rows).rides(["v:A", "v:B"])[1][0, 1] == pytest.approx(4)


def test_the_walk_to_the_stop_can_be_drawn():
    beside = [([(0, 0.3), (10, 0.3)], {"class": "primary"}), ([(4, 0), (4, 0.3)], {"class": "residential"})]
    legs = go(beside).access_legs(["v:A", "v:B", "v:nowhere", "s:S"])
    assert legs.index.tolist() == ["v:A", "v:B", "v:nowhere", "s:S"]
    assert legs.isna().tolist() == [False, True, True, False]  # B lies at the road
    assert legs.iloc[0].length == pytest.approx(300)
    assert legs.crs == go(beside).points.crs
    assert go(None).access_legs(["v:A"]).isna().all()


def ride_min(**said):
    keys = said.pop("keys", {})
    return go([([(0, 0), (10, 0)], {"class": "primary", **said})], **keys).rides(["v:A", "s:S"])[0][0, 1]


def test_surface_and_condition_slow_the_bus_as_the_policy_says():
    plain = ride_min()
    assert plain == pytest.approx(10 / 45 * 60)
    assert ride_min(surface="gravel") == pytest.approx(plain / 0.8)
    assert ride_min(condition="poor") == pytest.approx(plain / 0.6)
    assert ride_min(surface="gravel", condition="fair") == pytest.approx(plain / 0.64)
    assert ride_min(surface="gravel", keys={"bus_surface_factor": {"gravel": 0.5}}) == pytest.approx(plain / 0.5)
    assert ride_min(condition="poor", keys={"bus_condition_factor": {"poor": 0.25}}) == pytest.approx(plain * 4)
    assert np.isinf(ride_min(condition="impassable"))


def test_ferries_and_slopes_follow_the_policy():
    boat = [([(0, 0), (4, 0)], {"class": "ferry", "bus": "yes"}), ([(4, 0), (10, 0)], {"class": "primary"})]
    assert go(boat).rides(["v:A", "v:B"])[0][0, 1] == pytest.approx(4 / 8 * 60 + 10)
    assert go(boat, ferry_kmh=16.0, ferry_wait_min=3.0).rides(["v:A", "v:B"])[0][0, 1] == pytest.approx(15 + 3)
    flat = tiny_study(VILLAGES, SCHOOLS, roads=STREET)
    hill = replace(flat, roads=flat.roads.set_geometry(shapely.force_3d(flat.roads.geometry.to_numpy(), [0])))
    hill.roads.geometry = shapely.transform(
        hill.roads.geometry.to_numpy(), lambda xyz: xyz + np.array([[0, 0, 0], [0, 0, 1000]]), include_z=True
    )
    up, level = (journeys_of(hill, Policy.preset("custom", walk_slope=said)) for said in (True, False))
    ratio = np.exp(3.5 * 0.1)  # 1 km up in 10 km
    assert up.walk_min("lower")[0, 1] == pytest.approx(level.walk_min("lower")[0, 1] * ratio)
    assert journeys_of(flat, Policy.preset("custom")).walk_min("lower")[0, 1] == level.walk_min("lower")[0, 1]


def test_places_on_a_piece_of_road_that_leads_to_no_school_are_listed():
    apart = [([(0, 0), (1, 0)], {}), ([(3, 0), (5, 0)], {}), ([(5.5, 0), (10, 0)], {})]
    journeys = go(apart, max_access_m=400.0)
    assert journeys.islands["id"].tolist() == ["B", "B"]
    assert journeys.off_road.empty
