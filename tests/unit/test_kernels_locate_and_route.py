"""``locate_and_route``: hand-solved choices of depots, what it refuses, what it calls impossible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from layoutopt.errors import InputError
from layoutopt.kernels.routing.locate_and_route import check, locate_and_route

pytestmark = pytest.mark.usefixtures("warm_kernels")

# Depots 0 and 1 at the ends of a road of 100 minutes, stops 2, 3 near depot 0 and stop 4 near depot 1.
AT = np.array([0.0, 100.0, 10.0, 20.0, 90.0])
WAY = np.abs(AT[:, None] - AT[None])
RIDERS = np.array([0, 0, 5, 5, 5])
GIVEN = {"depots": [0, 1], "seats": 20, "tour": "open"}


def test_both_depots_open_while_opening_is_cheap():
    found = locate_and_route(WAY, RIDERS, opening_cost=10, **GIVEN)
    assert found.open.tolist() == [True, True]
    assert found.objective == pytest.approx(10 + 10 + 20 + 10)
    assert found.depot.tolist() == [0, 1]
    assert found.status == "optimal"


def test_one_depot_once_opening_is_dear():
    found = locate_and_route(WAY, RIDERS, opening_cost=[80, 81], **GIVEN)
    assert found.open.tolist() == [True, False]
    assert found.objective == pytest.approx(80 + 90)


def test_closed_tours_pay_the_way_out():
    found = locate_and_route(WAY, RIDERS, opening_cost=10, **(GIVEN | {"tour": "closed"}))
    assert found.objective == pytest.approx(10 + 10 + 40 + 20)


def test_capacity_sends_riders_elsewhere():
    given = GIVEN | {"depot_capacity": [5, 20]}
    found = locate_and_route(WAY, RIDERS, opening_cost=0, **given)
    assert sum(found.loads[found.depot == 0]) <= 5
    assert check(found, WAY, RIDERS, opening_cost=0, **given) == ()
    assert any(
        "room" in fault for fault in check(found, WAY, RIDERS, opening_cost=0, **(GIVEN | {"depot_capacity": [1, 1]}))
    )


def test_too_little_room_is_infeasible():
    found = locate_and_route(WAY, RIDERS, opening_cost=0, depot_capacity=7, **GIVEN)
    assert found.status == "infeasible"
    assert "places at all depots" in found.reasons[0]


def test_too_far_from_every_depot_is_named():
    found = locate_and_route(WAY, RIDERS, opening_cost=0, max_ride_min=15, **GIVEN)
    assert found.blocked == (3,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depots": []}, "depots"),
        ({"depots": [0, 0]}, "different positions"),
        ({"depots": [0, 9]}, "depots[1]: is 9"),
        ({"depots": [0, 2]}, "riders[2]: is 5 at a depot"),
        ({"opening_cost": [1, -2]}, "opening_cost[1]: is -2"),
        ({"depot_capacity": [1, 2, 3]}, "depot_capacity: has the shape (3,)"),
        ({"tour": "round"}, "tour: is 'round'"),
    ],
)
def test_unusable_input_says_where(change, words):
    with pytest.raises(InputError) as caught:
        locate_and_route(WAY, RIDERS, **({"opening_cost": 1.0} | GIVEN | change))
    assert words in str(caught.value)


def test_generation_agrees_with_listing(monkeypatch):
    from layoutopt.kernels.routing import drive

    rng = np.random.default_rng(5)
    points = rng.uniform(0, 30, size=(17, 2))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2)
    riders = np.r_[np.zeros(3), rng.integers(2, 9, size=14)]
    given = {
        "depots": [0, 1, 2],
        "opening_cost": 25.0,
        "seats": 20,
        "fixed_cost": 6.0,
        "tour": "closed",
        "gap": 0.0,
    }
    listed = locate_and_route(minutes, riders, **given)
    monkeypatch.setattr(drive, "LISTED_AT_ONCE", 50)
    generated = locate_and_route(minutes, riders, **given)
    assert "generation" in generated.method
    assert generated.objective == pytest.approx(listed.objective)
    assert generated.bound <= listed.objective + 1e-6
    again = locate_and_route(minutes, riders, **given)
    assert [line.tolist() for line in again.routes] == [line.tolist() for line in generated.routes]


def test_shown_in_one_line():
    found = locate_and_route(WAY, RIDERS, opening_cost=10, **GIVEN)
    assert repr(found).startswith("<LocatedRouted: 2 of 2 depots open, 2 lines, 15 riders, cost 50, proven best")
    assert "no lines" in repr(locate_and_route(WAY, RIDERS, opening_cost=0, depot_capacity=7, **GIVEN))


def test_check_names_a_closed_depot():
    found = locate_and_route(WAY, RIDERS, opening_cost=10, **GIVEN)
    broken = replace(found, open=np.array([True, False]))
    assert any("closed" in fault for fault in check(broken, WAY, RIDERS, opening_cost=10, **GIVEN))
