"""``route``: hand-solved lines, what it refuses, what it calls impossible, and that it answers the same twice."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from layoutopt.errors import InputError
from layoutopt.kernels.routing.route import Vehicle, check, route

pytestmark = pytest.mark.usefixtures("warm_kernels")

# School 0; stops 1, 2, 3 in a row, 10 minutes apart, 10 minutes from the school to stop 1.
ROW = np.array([[0, 10, 20, 30], [10, 0, 10, 20], [20, 10, 0, 10], [30, 20, 10, 0]], dtype=float)
RIDERS = np.array([0, 4, 5, 6])


def lines(found):
    return sorted(line.tolist() for line in found.routes)


def test_one_line_collects_from_outside_in():
    found = route(ROW, RIDERS, seats=20)
    # Out empty 30, back with riders 30.
    assert found.objective == pytest.approx(60.0)
    assert found.status == "optimal"
    assert lines(found) == [[3, 2, 1]]
    assert found.ride_min.tolist() == [0, 10, 20, 30]
    assert found.loads.tolist() == [15]
    assert found.gap == pytest.approx(0, abs=1e-6)


def test_empty_way_is_free_without_return_trip():
    assert route(ROW, RIDERS, seats=20, return_trip=False).objective == pytest.approx(30.0)


def test_dwell_counts_in_ride_and_cost():
    found = route(ROW, RIDERS, seats=20, return_trip=False, dwell_min=1.0, dwell_min_per_rider=0.1)
    # 30 on the road, 3 stops, 15 riders.
    assert found.objective == pytest.approx(30 + 3 + 1.5)
    assert found.ride_min[1] == pytest.approx(10 + 1 + 0.4)


def test_limit_of_one_stop_holds_for_that_stop_alone():
    # Stop 1 may ride 10 minutes, so nothing may be picked up after it; stop 3 may ride long.
    limits = np.array([np.inf, 10.0, 100.0, 100.0])
    assert lines(route(ROW, RIDERS, seats=20, max_ride_min=limits)) == [[3, 2, 1]]
    tight = np.array([np.inf, 10.0, 100.0, 29.9])
    assert route(ROW, RIDERS, seats=20, max_ride_min=tight).blocked == (3,)


def test_two_groups_of_one_village_share_the_stop():
    minutes = np.array([[0, 9, 9], [9, 0, 0], [9, 0, 0]], dtype=float)
    found = route(minutes, [0, 3, 4], seats=10, max_ride_min=np.array([0, 9.0, 30.0]), return_trip=False)
    assert len(found.routes) == 1
    assert found.objective == pytest.approx(9.0)


def test_fewest_lines_first_then_rider_minutes():
    riders = np.array([0, 6, 6, 6])
    found = route(ROW, riders, seats=12, goal="lines", return_trip=False)
    assert len(found.routes) == found.lines_bound == 2
    # 3 alone and 2, 1 together, or 3, 2 together and 1 alone, or 3, 1 and 2: every stop keeps its shortest ride.
    assert found.objective == pytest.approx(6 * (10 + 20 + 30))


def test_value_of_riders_time_pulls_lines_apart():
    # A detour over stop 2 saves 11 vehicle minutes and costs stop 1's riders 9 minutes each.
    minutes = np.array([[0, 10, 11], [10, 0, 8], [11, 8, 0]], dtype=float)
    cheap = route(minutes, [0, 5, 5], seats=20, return_trip=False)
    kind = route(minutes, [0, 5, 5], seats=20, return_trip=False, cost_per_rider_min=1.0)
    assert len(cheap.routes) == 1
    assert len(kind.routes) == 2


def test_mixed_fleet_takes_the_small_vehicle_where_it_fits():
    fleet = [Vehicle(5, 1.0, 1.0), Vehicle(11, 50.0, 1.0)]
    found = route(ROW, RIDERS, fleet=fleet, return_trip=False)
    # 3 and 2 with 11 riders in the large one (50 + 30), 1 with 4 riders in the small one (1 + 10).
    assert sorted(found.vehicle.tolist()) == [0, 1]
    assert found.objective == pytest.approx(91.0)
    assert check(found, ROW, RIDERS, fleet=fleet, return_trip=False) == ()


def test_count_of_vehicles_binds():
    few = [Vehicle(10, 1.0, 1.0, count=1), Vehicle(20, 50.0, 1.0, count=1)]
    assert sorted(route(ROW, RIDERS, fleet=few).vehicle.tolist()) in ([1], [0, 1])
    none = route(ROW, RIDERS, fleet=[Vehicle(10, 1.0, 1.0, count=1)])
    assert none.status == "infeasible"
    assert "seats in the whole fleet" in none.reasons[0]


def test_seats_that_suffice_in_sum_only():
    # 15 riders, 16 seats, but groups of 4, 5 and 6 do not pack into two vehicles of 8.
    found = route(ROW, RIDERS, fleet=[Vehicle(8, count=2)])
    assert found.status == "infeasible"
    assert found.routes == ()
    assert found.reasons


def test_longest_line_counts_the_way_out():
    assert len(route(ROW, RIDERS, seats=20, max_line_min=60).routes) == 1
    assert route(ROW, RIDERS, seats=20, max_line_min=59).blocked == (3,)


@pytest.mark.parametrize(
    ("change", "blocked", "word"),
    [
        ({"seats": 5}, (3,), "seats"),
        ({"max_ride_min": 25}, (3,), "allowed"),
        ({"max_ride_min": 15}, (2, 3), "allowed"),
    ],
)
def test_blocked_positions_are_named(change, blocked, word):
    found = route(ROW, RIDERS, **({"seats": 20} | change))
    assert found.status == "infeasible"
    assert found.blocked == blocked
    assert len(found.reasons) == len(blocked)
    assert all(word in reason for reason in found.reasons)
    assert not np.isfinite(found.objective)


def test_unreachable_stop_is_named():
    minutes = ROW.copy()
    minutes[2, :] = np.inf
    found = route(minutes, RIDERS, seats=20)
    assert found.blocked == (2,)
    assert "no way leads" in found.reasons[0]


def test_stop_without_direct_way_rides_over_another():
    minutes = ROW.copy()
    minutes[3, 0] = minutes[3, 1] = np.inf
    found = route(minutes, RIDERS, seats=20)
    assert lines(found) == [[3, 2, 1]]


def test_positions_without_riders_are_not_visited():
    found = route(ROW, [0, 4, 0, 6], seats=20)
    assert lines(found) == [[3, 1]]
    assert found.ride_min[2] == 0
    nobody = route(ROW, [0, 0, 0, 0], seats=20)
    assert (nobody.status, nobody.objective, nobody.routes) == ("optimal", 0.0, ())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"minutes": np.where(ROW == 20, np.nan, ROW)}, "minutes[0, 2]: is nan. Give minutes of 0 or more"),
        ({"minutes": -ROW}, "minutes[0, 1]: is -10"),
        ({"minutes": ROW[:2]}, "has the shape (2, 4)"),
        ({"riders": [0, 1, 2]}, "riders: has the shape (3,)"),
        ({"riders": [0, 1, -2, 1]}, "riders[2]: is -2"),
        ({"riders": [3, 1, 2, 1]}, "riders[0]: is 3 at the school"),
        ({"max_ride_min": [1.0, 2.0]}, "max_ride_min: has the shape (2,)"),
        ({"seats": 0}, "seats: is 0"),
        ({"seats": None}, "seats: is missing"),
        ({"fleet": []}, "fleet: is empty"),
        ({"fleet": [Vehicle(5, -1.0)]}, "fleet[0].fixed_cost: is -1"),
        ({"goal": "line"}, "Did you mean 'lines'?"),
        ({"dwell_min": np.nan}, "dwell_min: is nan"),
        ({"school": 4}, "school: is 4"),
    ],
)
def test_unusable_input_says_where_and_what_to_do(change, words):
    given = {"minutes": ROW, "riders": RIDERS, "seats": 20} | change
    with pytest.raises(InputError) as caught:
        route(given.pop("minutes"), given.pop("riders"), **given)
    assert words in str(caught.value)


def test_every_fault_in_one_pass():
    with pytest.raises(InputError) as caught:
        route(ROW, [0, np.nan, -1, 2], seats=-3, dwell_min=-1)
    assert len(caught.value.problems) == 4


def far_county(k, seed=0):
    rng = np.random.default_rng(seed)
    points = np.vstack([[10, 10], rng.uniform(0, 20, size=(k, 2))])
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2) * rng.uniform(1.0, 1.05, size=(k + 1, k + 1))
    return minutes, np.r_[0, rng.integers(1, 9, size=k)]


def test_two_runs_give_the_same_arrays():
    minutes, riders = far_county(22)
    given = {"seats": 25, "fixed_cost": 10.0, "max_ride_min": 35.0}
    first, second = (route(minutes, riders, **given, seed=3) for _ in range(2))
    assert [line.tolist() for line in first.routes] == [line.tolist() for line in second.routes]
    assert first.objective == second.objective
    assert first.bound == second.bound
    assert check(first, minutes, riders, **given) == ()


def test_columns_are_generated_where_lines_are_too_many_to_list(monkeypatch):
    from layoutopt.kernels.routing import one_school

    minutes, riders = far_county(18, seed=1)
    given = {"seats": 20, "fixed_cost": 5.0, "max_ride_min": 25.0}
    listed = route(minutes, riders, **given, gap=0.0)
    monkeypatch.setattr(one_school, "LISTED_AT_ONCE", 100)
    generated = route(minutes, riders, **given, gap=0.0)
    assert "listed lines" in listed.method
    assert "generation" in generated.method
    assert generated.objective == pytest.approx(listed.objective)
    assert generated.bound <= listed.objective + 1e-6
    assert generated.status == listed.status == "optimal"


def test_two_runs_with_generated_columns_give_the_same_arrays(monkeypatch):
    from layoutopt.kernels.routing import one_school

    monkeypatch.setattr(one_school, "LISTED_AT_ONCE", 100)
    minutes, riders = far_county(20, seed=5)
    given = {"seats": 30, "max_ride_min": 45.0, "goal": "lines_cost", "return_trip": False}
    first, second = (route(minutes, riders, **given, seed=1) for _ in range(2))
    assert [line.tolist() for line in first.routes] == [line.tolist() for line in second.routes]
    assert (first.objective, first.bound, first.lines_bound) == (second.objective, second.bound, second.lines_bound)
    assert "generation" in first.method


def test_same_answer_without_the_compiler():
    code = "import numpy as np; from layoutopt.kernels.routing.route import route; "
    code += "print(route(np.array([[0, 9, 8, 7], [9, 0, 3, 4], [8, 3, 0, 2], [7, 4, 2, 0.0]]), [0, 4, 5, 6], seats=10,"
    code += " fixed_cost=3, max_ride_min=20).objective)"
    answers = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True,
            env=os.environ | {"NUMBA_DISABLE_JIT": flag},
        ).stdout
        for flag in "01"
    }  # fmt: skip
    # Stop 3 alone costs 3 + 7 + 7, stops 1 and 2 together 3 + 9 + 3 + 8.
    assert answers == {"40.0\n"}


def test_a_short_limit_still_gives_lines_and_a_bound():
    minutes, riders = far_county(160, seed=6)
    given = {"seats": 34, "fixed_cost": 60.0, "max_ride_min": 45.0}
    short = route(minutes, riders, **given, time_limit_s=0.5)
    assert check(short, minutes, riders, **given) == ()
    assert short.status == "feasible"
    assert "stopped by the clock" in short.method
    # No line is cheaper than its fixed cost, and there are at least riders / seats of them.
    assert 60.0 * riders.sum() / 34 <= short.bound <= short.objective


def test_proof_stopped_after_its_work_is_sound_and_the_same_again(monkeypatch):
    from layoutopt.kernels.routing import one_school

    monkeypatch.setattr(one_school, "LISTED_AT_ONCE", 100)
    minutes, riders = far_county(16, seed=8)
    given = {"seats": 30, "fixed_cost": 20.0, "max_ride_min": 45.0}
    whole = route(minutes, riders, **given, gap=0.0)
    for work in (0.0, 30.0, 300.0):
        first, second = (route(minutes, riders, **given, gap=0.0, work=work) for _ in range(2))
        assert first.bound <= whole.objective + 1e-6 and whole.bound <= first.objective + 1e-6
        assert check(first, minutes, riders, **given) == ()
        assert "stopped after its work" in first.method
        assert (first.objective, first.bound) == (second.objective, second.bound)
        assert [line.tolist() for line in first.routes] == [line.tolist() for line in second.routes]
    assert "stopped" not in route(minutes, riders, **given, gap=0.0, work=1e12).method


@pytest.mark.parametrize("seed", range(10))
def test_seat_bound_lies_below_the_best_plan(seed):
    from layoutopt.kernels.routing.bound import seat_bound
    from layoutopt.kernels.routing.task import make_task

    minutes, riders = far_county(9, seed=seed)
    fleet = [Vehicle(12, 8.0, 1.0), Vehicle(30, 15.0, 1.4)]
    given = {"fleet": fleet, "max_ride_min": 35.0, "cost_per_rider_min": 0.02 * (seed % 2), "return_trip": seed % 3 > 0}
    best = route(minutes, riders, **given, gap=0.0)
    task = make_task(
        minutes, riders, depots=np.array([0]), types=fleet, limit_min=np.full(10, 35.0), line_limit_min=np.inf,
        dwell_min=0.0, dwell_min_per_rider=0.0, return_trip=given["return_trip"],
        rider_cost=given["cost_per_rider_min"],
    )  # fmt: skip
    assert 0.2 * best.objective < seat_bound(task) <= best.objective + 1e-9


def test_start_and_state_are_taken_up():
    minutes, riders = far_county(16, seed=2)
    given = {"seats": 25, "max_ride_min": 40.0}
    first = route(minutes, riders, **given)
    again = route(minutes, riders, **given, state=first.state, start=first.routes)
    assert again.objective == pytest.approx(first.objective)
    # A start that breaks the rules now is dropped, not an error.
    tight = route(minutes, riders, **(given | {"max_ride_min": 20.0}), start=first.routes)
    assert check(tight, minutes, riders, **(given | {"max_ride_min": 20.0})) == ()


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"routes": (np.array([3, 2]),)}, "visited 0 times"),
        ({"routes": (np.array([3, 2, 1]), np.array([1]))}, "visited 2 times"),
        ({"objective": 50.0}, "objective"),
        ({"bound": 70.0}, "bound"),
        ({"ride_min": np.array([0.0, 10.0, 20.0, 31.0])}, "ride_min"),
        ({"loads": np.array([14.0])}, "loads"),
    ],
)
def test_check_names_the_fault(fault, word):
    found = route(ROW, RIDERS, seats=20)
    broken = replace(found, **fault)
    if len(broken.routes) > 1:
        broken = replace(broken, vehicle=np.zeros(2, dtype=int), loads=np.array([15.0, 4.0]))
    assert any(word in message for message in check(broken, ROW, RIDERS, seats=20))


def test_check_sees_seats_and_limits():
    found = route(ROW, RIDERS, seats=20)
    assert any("seats" in message for message in check(found, ROW, RIDERS, seats=14))
    assert any("allowed" in message for message in check(found, ROW, RIDERS, seats=20, max_ride_min=25))


def test_import_loads_neither_compiler_nor_solver():
    code = "import sys, layoutopt.kernels.routing.route, layoutopt.kernels.routing.locate_and_route as l; "
    code += "sys.exit(any(name in sys.modules for name in ('numba', 'highspy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_second_run_shares_the_vehicle():
    # Two stops on either side of the school, 10 minutes off: 20 minutes a line, seats for one of them only.
    minutes = np.array([[0, 10, 10], [10, 0, 20], [10, 20, 0]], dtype=float)
    given = {"seats": 6, "fixed_cost": 100.0}
    alone = route(minutes, [0, 5, 6], **given)
    assert (alone.objective, alone.vehicles_needed) == (240.0, 2)
    shared = route(minutes, [0, 5, 6], **given, second_run_window_min=40.0)
    assert (shared.objective, shared.vehicles_needed, shared.status) == (140.0, 1, "optimal")
    assert check(shared, minutes, [0, 5, 6], **given, second_run_window_min=40.0) == ()
    late = route(minutes, [0, 5, 6], **given, second_run_window_min=39.0)
    assert (late.objective, late.vehicles_needed) == (240.0, 2)
    assert late.bound <= 240.0
    # The one vehicle that exists has 6 seats for 11 riders, and drives twice.
    one = {"fleet": [Vehicle(6, 100.0, 1.0, count=1)]}
    assert route(minutes, [0, 5, 6], **one, second_run_window_min=40.0).objective == 140.0
    assert route(minutes, [0, 5, 6], **one).status == "infeasible"


def test_paid_legs_may_differ_from_minutes():
    # The way over stop 2 is longer in time and shorter in kilometres.
    kilometres = np.array([[0, 9, 2], [9, 0, 3], [2, 3, 0]], dtype=float)
    minutes = np.array([[0, 10, 11], [10, 0, 8], [11, 8, 0]], dtype=float)
    given = {"seats": 20, "return_trip": False, "line_cost": kilometres, "cost_per_min": 2.0, "dwell_min": 1.0}
    found = route(minutes, [0, 5, 5], **given)
    # 1 to 2 to the school: 3 + 2 km at 2 each; the ride of stop 1 is 8 + 11 minutes and two stops.
    assert found.objective == pytest.approx(10.0)
    assert found.ride_min[1] == pytest.approx(21.0)
    assert check(found, minutes, [0, 5, 5], **given) == ()
    assert check(replace(found, objective=9.0), minutes, [0, 5, 5], **given)
    with pytest.raises(InputError, match="line_cost"):
        route(minutes, [0, 5, 5], seats=9, line_cost=kilometres[:2, :2])


def test_result_shows_figures_and_no_arrays():
    shown = repr(route(ROW, RIDERS, seats=20))
    assert shown.startswith("<Routed: 1 lines, 15 riders, objective 60, optimal, ")
    assert "array" not in shown
    assert "seats" in repr(route(ROW, RIDERS, seats=5))


def test_other_engine_gives_checked_lines():
    pytest.importorskip("pyvrp")
    minutes, riders = far_county(15, seed=4)
    given = {"seats": 25, "max_ride_min": 40.0, "return_trip": False, "fixed_cost": 5.0}
    ours, theirs = (route(minutes, riders, **given, engine=engine) for engine in ("auto", "pyvrp"))
    assert check(theirs, minutes, riders, **given) == ()
    assert theirs.objective == pytest.approx(ours.objective)


def test_other_engine_says_what_it_cannot_do():
    with pytest.raises(InputError, match="riders' minutes in the cost"):
        route(ROW, RIDERS, seats=20, cost_per_rider_min=1.0, engine="pyvrp")
    with pytest.raises(InputError, match="Did you mean 'pyvrp'"):
        route(ROW, RIDERS, seats=20, engine="pyvrpp")


@pytest.mark.parametrize("seed", range(20))
def test_split_of_second_runs_never_charges_too_much(seed):
    from layoutopt.kernels.routing.check import fewest_vehicles
    from layoutopt.kernels.routing.second import split_task
    from layoutopt.kernels.routing.task import make_task

    rng = np.random.default_rng(seed)
    task = make_task(
        ROW, RIDERS.astype(float), depots=np.array([0]), types=[Vehicle(20)], limit_min=np.full(4, 99.0),
        line_limit_min=np.inf, dwell_min=0.0, dwell_min_per_rider=0.0, return_trip=True, rider_cost=0.0,
    )  # fmt: skip
    seen = rng.integers(10, 60, size=8).astype(float)
    split = split_task(task, np.ones(1), seen, 70.0)
    for _ in range(50 if split is not None else 0):
        whole = rng.integers(5, 70, size=int(rng.integers(1, 9)))
        assert split.step_share(whole).sum() <= fewest_vehicles(whole.tolist(), 70.0) + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_pairing_needs_as_few_vehicles_as_any(seed):
    from layoutopt.kernels.routing.check import fewest_vehicles

    rng = np.random.default_rng(seed)
    whole = rng.integers(10, 60, size=7).tolist()
    window = 70.0

    def most_pairs(left):
        if len(left) < 2:
            return 0
        head, rest = left[0], left[1:]
        best = most_pairs(rest)
        for at, other in enumerate(rest):
            if head + other <= window:
                best = max(best, 1 + most_pairs(rest[:at] + rest[at + 1 :]))
        return best

    assert fewest_vehicles(whole, window) == len(whole) - most_pairs(whole)
