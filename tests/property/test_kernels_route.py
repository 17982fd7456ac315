"""What must hold for any arrays: the checker finds nothing, the bound lies below, nobody is left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layoutopt.kernels.routing.locate_and_route import check as check_located
from layoutopt.kernels.routing.locate_and_route import locate_and_route
from layoutopt.kernels.routing.route import check, route

pytestmark = pytest.mark.usefixtures("warm_kernels")

GOALS = ["cost", "lines", "lines_cost"]
QUIET = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def counties(draw, depots=1):
    k = draw(st.integers(1, 8))
    size = k + depots
    cells = st.one_of(st.integers(0, 40).map(float), st.just(np.inf))
    minutes = np.array(draw(st.lists(cells, min_size=size * size, max_size=size * size))).reshape(size, size)
    np.fill_diagonal(minutes, 0.0)
    riders = np.array([0] * depots + draw(st.lists(st.integers(0, 9), min_size=k, max_size=k)))
    return minutes, riders


@QUIET
@given(
    counties(),
    st.sampled_from(["cost", "lines", "lines_cost"]),
    st.booleans(),
    st.sampled_from([20.0, 45.0, np.inf]),
)
def test_any_county(county, goal, back, limit):
    minutes, riders = county
    rest = {
        "seats": 15,
        "fixed_cost": 3.0,
        "return_trip": back,
        "max_ride_min": limit,
        "goal": goal,
        "dwell_min": 0.5,
    }
    found = route(minutes, riders, **rest)
    assert check(found, minutes, riders, **rest) == ()
    assert found.status in ("optimal", "infeasible")
    if found.status == "infeasible":
        assert found.reasons
    else:
        assert found.bound <= found.objective
        assert sum(found.loads) == riders.sum()


@QUIET
@given(counties())
def test_more_freedom_never_costs_more(county):
    minutes, riders = county
    tight = route(minutes, riders, seats=12, max_ride_min=40.0, gap=0.0)
    loose = route(minutes, riders, seats=16, max_ride_min=50.0, gap=0.0)
    if tight.status == "optimal":
        assert loose.objective <= tight.objective + 1e-6


@QUIET
@given(counties(depots=2), st.sampled_from(["open", "closed"]), st.sampled_from([None, 18.0]))
def test_any_two_depots(county, tour, room):
    minutes, riders = county
    rest = {"depots": [0, 1], "opening_cost": [7.0, 4.0], "depot_capacity": room, "seats": 15, "tour": tour}
    found = locate_and_route(minutes, riders, **rest)
    assert check_located(found, minutes, riders, **rest) == ()
    assert found.status in ("optimal", "infeasible")
    assert found.status == "optimal" or found.reasons
