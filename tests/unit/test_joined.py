"""Lines that serve two schools on one way: found, drawn, audited, and what a bound may say of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import layoutopt as lo
from layoutopt.journeys import journeys_of
from layoutopt.kernels.routing.lines import pack, price_lines
from layoutopt.kernels.routing.task import make_task
from layoutopt.kernels.routing.values import Vehicle
from layoutopt.model.courses import Rider, Roads, course_of, standing_min
from layoutopt.model.hub import LeastWays, _least, least_ways, sharing_task
from layoutopt.model.joined import best_join, joined_share
from layoutopt.plan.geometry import _legs
from layoutopt.testing import tiny_study

ON_THE_WAY = tiny_study(
    {"V1": (16, 0, [2, 2, 1]), "V2": (15, 0, [0, 0, 0, 2, 2, 1])},
    {"S1": (0, 0, {"hub": True, "grades": "4-6"}), "S2": (6, 0, {"hub": True, "grades": "1-3"})},
)


def policy(**changes: Any) -> lo.Policy:
    """A kilometre is 2 minutes by bus and costs 1,400 a year; five riders board, or get off, in 1.5 minutes."""
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 1.0, "dwell_min_per_rider": 0.1,
        "goals": ("annual_cost",), "seats": 10, "allowed_boarding": False, "schools_per_line": 2, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


def solved(choice: lo.Policy, **options: Any) -> lo.Plan:
    return lo.optimize(ON_THE_WAY, choice, effort="quick", method="sequential", **options)


def test_one_line_serves_both_schools() -> None:
    plan = solved(policy())
    line = plan.bus_lines.iloc[0]
    assert (len(plan.bus_lines), line["school_id"], line["riders"], line["stops"]) == (1, "S1", 10, 2)
    stops = plan.bus_stops[["order", "settlement_id", "school_id", "alights_after"]]
    assert stops.to_numpy().tolist() == [[1, "V1", "S2", 2], [2, "V2", "S1", 2]]
    # V1: 1.5, 1 km, 1.5 at V2, 9 km. V2: 1.5, 9 km, 1.5 at S2, 6 km. V1's riders wait 1.5 and 6 km.
    assert plan.bus_stops["ride_min"].tolist() == pytest.approx([23, 33])
    assert plan.bus_stops["board_at_min"].tolist() == pytest.approx([0, 3.5])
    assert plan.bus_stops["early_min"].tolist() == pytest.approx([13.5, 0])
    assert (line["minutes"], line["km"], line["empty_km"]) == pytest.approx((36.5, 16, 16))
    assert line["cost_cny"] == pytest.approx(65_000 + 32 * 1_400)
    assert plan.assignments.set_index("item")["ride_min"].to_dict() == pytest.approx({"V1.lower": 23, "V2.upper": 33})
    assert lo.audit(plan).empty


@pytest.mark.parametrize(
    "changes",
    [{"schools_per_line": 1}, {"seats": 9}, {"school_wait_max_min": 13}, {"max_ride_min": 32}],
    ids=["not allowed", "no seat for all", "waits too long", "rides too long"],
)
def test_two_lines_where_a_limit_forbids_one(changes: dict[str, Any]) -> None:
    """Alone: 20 km to S2 and 30 km to S1, and V2 rides 31.5 minutes."""
    plan = solved(policy(**changes))
    assert plan.bus_lines["school_id"].tolist() == ["S1", "S2"]
    assert plan.figures.cost_buses_cny == pytest.approx(2 * 65_000 + 50 * 1_400)
    assert lo.audit(plan).empty


@pytest.mark.parametrize(
    ("changes", "rule", "words"),
    [
        ({"schools_per_line": 1}, "school_wait", "serves 2 schools, 1 allowed"),
        ({"school_wait_max_min": 13}, "school_wait", "riders wait 13.5 minutes for the bell, limit 13"),
        ({"max_ride_min": 32}, "ride_limit", "rides 33.0 minutes to S1, limit 32.0"),
        ({"seats": 9}, "seats", "10 riders on 9 seats"),
    ],
)
def test_the_audit_measures_the_joined_line(changes: dict[str, Any], rule: str, words: str) -> None:
    found = lo.audit(solved(policy()), policy=policy(**changes)).set_index("rule")
    assert found.loc[rule, "message"] == words


def test_the_wait_left_out_is_named() -> None:
    plan = solved(policy(school_wait_max_min=13), skip={"school_wait"})
    assert set(lo.audit(plan).rule) == {"school_wait"}


def test_a_rider_who_boards_after_the_call_is_named() -> None:
    plan = solved(policy())
    stops = plan.bus_stops.assign(order=[2, 1], alights_after=[1, 2])
    found = lo.audit(plan.replace(bus_stops=stops))
    assert "L001 calls at the school before" in set(found.message)


def test_a_joined_line_is_drawn_and_read_back(tmp_path: Any) -> None:
    plan = solved(policy())
    assert [(leg["from_id"], leg["to_id"]) for leg in _legs(plan)] == [
        ("v:V1", "v:V2"), ("v:V2", "s:S2"), ("s:S2", "s:S1"),
    ]  # fmt: skip
    again = lo.Plan.from_folder(plan.to_folder(tmp_path / "plan"))
    assert lo.audit(again).empty
    pd.testing.assert_frame_equal(again.bus_stops, plan.bus_stops, check_dtype=False)


def test_a_join_takes_a_bus_that_is_free() -> None:
    """Both small buses are too small for ten; the one large bus is dear but cheaper than two small ones."""
    large = {"vehicle_id": "large", "seats": 12, "fixed_cny": 90_000.0, "cny_per_km": 3.5, "count": 1.0}
    small = {"vehicle_id": "small", "seats": 5, "fixed_cny": 65_000.0, "cny_per_km": 3.5, "count": 2.0}
    settlements = {"V1": (16, 0, [2, 2, 1]), "V2": (15, 0, [0, 0, 0, 2, 2, 1])}
    schools = {"S1": (0, 0, {"hub": True, "grades": "4-6"}), "S2": (6, 0, {"hub": True, "grades": "1-3"})}

    def plan_with(*vehicles: dict[str, Any]) -> lo.Plan:
        study = tiny_study(settlements, schools, vehicles=list(vehicles))
        return lo.optimize(study, policy(), effort="quick", method="sequential")

    assert plan_with(large, small).bus_lines["vehicle_id"].tolist() == ["large"]
    assert plan_with({**large, "fixed_cny": 160_000.0}, small).bus_lines["vehicle_id"].tolist() == ["small", "small"]


def county(seed: int) -> tuple[Roads, list[Rider], list[Rider], lo.Policy]:
    """Two schools, three groups each, ways in minutes and kilometres that break the triangle inequality."""
    rng = np.random.default_rng(seed)
    names = ["s:A", "s:B", *(f"v:{at}" for at in range(6))]
    minutes, km = rng.uniform(2, 15, (8, 8)), rng.uniform(1, 12, (8, 8))
    np.fill_diagonal(minutes, 0)
    np.fill_diagonal(km, 0)
    riders = [
        Rider(f"i{at}", str(at), "upper", float(rng.integers(1, 5)), "AB"[at // 3], float(rng.uniform(25, 45)))
        for at in range(6)
    ]
    choice = policy(seats=12, second_run_window_min=60, line_fixed_cny=9_000)
    return Roads(pd.Index(names), minutes, km), riders[:3], riders[3:], choice


def lines_over(roads: Roads, school: str, riders: list[Rider], choice: lo.Policy) -> list[tuple[int, ...]]:
    """Every line to one school that keeps seats and limits, as positions of ``riders``."""
    found = []
    for many in (1, 2, 3):
        for order in permutations(range(3), many):
            course = course_of(roads, choice, [riders[at] for at in order], [(school, many)], 0)
            kept = all(ride <= riders[at].limit_min for ride, at in zip(course.ride_min, order, strict=True))
            if kept and course.load <= choice.bus.seats:
                found.append(order)
    return found


def cost_of(roads: Roads, school: str, riders: list[Rider], order: tuple[int, ...], choice: lo.Policy) -> float:
    course = course_of(roads, choice, [riders[at] for at in order], [(school, len(order))], 0)
    return choice.bus.line_fixed_cny + 1_400 * (course.km + course.empty_km)


def prizes(roads: Roads, school: str, riders: list[Rider], choice: lo.Policy) -> np.ndarray:
    """The largest prizes that no line to the school earns more of than it costs."""
    lines = lines_over(roads, school, riders, choice)
    rows = np.array([[float(at in order) for at in range(3)] for order in lines])
    costs = [cost_of(roads, school, riders, order, choice) for order in lines]
    return np.asarray(linprog([-1.0] * 3, A_ub=rows, b_ub=costs, bounds=(0, 1e6)).x)


@pytest.mark.parametrize("seed", range(30))
def test_half_the_prizes_over_least_ways_hold_for_every_joined_line(seed: int) -> None:
    roads, to_a, to_b, choice = county(seed)
    least = Roads(roads.ids, _least(roads.minutes), _least(roads.km))
    prize = {"A": prizes(least, "A", to_a, choice), "B": prizes(least, "B", to_b, choice)}
    tried = 0
    for order_a in lines_over(roads, "A", to_a, choice):
        for order_b in lines_over(roads, "B", to_b, choice):
            first = course_of(roads, choice, [to_a[at] for at in order_a], [("A", len(order_a))], 0)
            last = course_of(roads, choice, [to_b[at] for at in order_b], [("B", len(order_b))], 0)
            course = best_join(first, last, roads, choice, wait_max_min=1_000)
            if course is None or course.load > choice.bus.seats:
                continue
            tried += 1
            cost = choice.bus.line_fixed_cny + 1_400 * (course.km + course.empty_km)
            earned = sum(prize["A"][list(order_a)]) + sum(prize["B"][list(order_b)])
            assert joined_share(choice) * earned <= cost + 1e-6
    assert tried


@pytest.mark.parametrize("seed", range(10))
def test_the_joined_line_is_the_shortest_that_keeps_both_orders(seed: int) -> None:
    """Every way of putting the one order into the other, and every place of the call, tried."""
    roads, to_a, to_b, choice = county(seed)
    first = course_of(roads, choice, to_a, [("A", 3)], 0)
    alone = course_of(roads, choice, to_b, [("B", 3)], 0).ride_min
    to_b = [replace(rider, limit_min=ride + 8) for rider, ride in zip(to_b, alone, strict=True)]
    last = course_of(roads, choice, to_b, [("B", 3)], 0)
    found = best_join(first, last, roads, choice, wait_max_min=40)
    lengths = []
    for places in permutations(range(6), 3):
        if list(places) != sorted(places):
            continue
        rest = iter(to_b)
        order = [to_a[places.index(at)] if at in places else next(rest) for at in range(6)]
        for call in range(places[-1] + 1, 7):
            course = course_of(roads, choice, order, [("A", call), ("B", 6)], 0)
            rides = zip(course.ride_min, order, strict=True)
            if all(ride <= rider.limit_min for ride, rider in rides) and max(course.wait_min) <= 40:
                lengths.append(course.km + course.empty_km)
    assert (found is None) == (not lengths)
    if found is not None:
        assert found.km + found.empty_km == pytest.approx(min(lengths))


@pytest.mark.parametrize("seed", range(10))
def test_lines_of_the_sharing_task_cost_no_more_than_their_share(seed: int) -> None:
    """Half the bus, or all of it where the window has no room for the shortest line."""
    from layoutopt.fleet import least_line_share

    roads, to_a, _, choice = county(seed)
    at = [0, 2, 3, 4]
    pairs = np.ix_(at, at)
    task = make_task(
        roads.minutes[pairs], np.r_[0.0, [rider.pupils for rider in to_a]], depots=np.array([0]),
        types=[Vehicle(12, 9_000.0, 1_400.0)], limit_min=np.full(4, np.inf), line_limit_min=np.inf, dwell_min=1.0,
        dwell_min_per_rider=0.1, return_trip=True, rider_cost=0.0, line_cost=roads.km[pairs],
    )  # fmt: skip
    orders = [order for many in (1, 2, 3) for order in permutations(range(3), many)]
    flat, starts = pack([list(order) for order in orders])
    none = np.zeros(len(orders), dtype=np.int64)
    for window in (25.0, 40.0, 60.0):
        sharing = price_lines(sharing_task(task, window), flat, starts, none)
        whole = price_lines(task, flat, starts, none)
        shortest = float(whole.whole_min.min())
        shares = [
            least_line_share(choice.replace(second_run_window_min=window), minutes, shortest_min=shortest)
            for minutes in whole.whole_min
        ]
        paid = (sharing.cost - whole.cost) / 9_000 + 1
        assert set(np.round(paid, 9)) <= {0.5, 1.0}
        assert (paid <= np.array(shares) + 1e-9).all()
    assert sharing_task(task, None) is task


def test_least_ways_pass_through_anything() -> None:
    """Straight ways are the least; an own row that says 90 minutes gives way to the ways over other places."""
    names = ["s:S1", "s:S2", "v:V1", "v:V2"]
    straight = least_ways(journeys_of(ON_THE_WAY, policy()), names)
    assert isinstance(straight, LeastWays)
    assert straight.rides(["v:V1", "s:S1"])[1] == pytest.approx(np.array([[0, 16], [16, 0]]))
    own = [{"from_id": "V1", "to_id": "S1", "mode": "bus", "minutes": 90.0, "km": 16.0}]
    study = tiny_study(
        {"V1": (16, 0, [2, 2, 1]), "V2": (15, 0, [0, 0, 0, 2, 2, 1])},
        {"S1": (0, 0, {"hub": True}), "S2": (6, 0, {"hub": True})},
        travel=own,
    )
    assert journeys_of(study, policy()).rides(["v:V1", "s:S1"])[0][0, 1] == 90
    assert least_ways(journeys_of(study, policy()), names).rides(["v:V1", "s:S1"])[0][0, 1] == pytest.approx(32)
    assert standing_min(policy(), 5) == 1.5
