"""Every plan of a micro instance is tried: ``route`` must find the cheapest, and its bound may never lie above it."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from layoutopt.kernels.routing.route import Vehicle, check, route

pytestmark = pytest.mark.usefixtures("warm_kernels")

PER_CASE = 16


def partitions(items):
    """Yield every way to split ``items`` into groups."""
    if not items:
        yield []
        return
    head, rest = items[0], items[1:]
    for parts in partitions(rest):
        yield [[head], *parts]
        for at in range(len(parts)):
            yield [*parts[:at], [head, *parts[at]], *parts[at + 1 :]]


def line_values(order, given):
    """Return (what its way counts, rider minutes, load) of one ordered line, None when it breaks a limit."""
    minutes, riders = given["minutes"], given["riders"]
    clock, nearer, rider_min = 0.0, given.get("school", 0), 0.0
    limit = np.broadcast_to(given.get("max_ride_min", np.inf), riders.shape)
    for stop in reversed(order):
        clock += minutes[stop, nearer] + given.get("dwell_min", 0) + given.get("dwell_min_per_rider", 0) * riders[stop]
        if clock > limit[stop] + 1e-9 or not np.isfinite(clock):
            return None
        rider_min += riders[stop] * clock
        nearer = stop
    whole = clock + (minutes[given.get("school", 0), order[0]] if given.get("return_trip", True) else 0.0)
    if not np.isfinite(whole) or whole > given.get("max_line_min", np.inf) + 1e-9:
        return None
    if given.get("line_cost") is not None:
        ways = [*itertools.pairwise(order), (order[-1], given.get("school", 0))]
        ways += [(given.get("school", 0), order[0])] if given.get("return_trip", True) else []
        whole = sum(given["line_cost"][way] for way in ways)
    return whole, rider_min, riders[list(order)].sum()


def best_plan(given, goal):
    """Return the best (lines, value) or just value over all partitions, orders and vehicle choices; None if none."""
    riders = given["riders"]
    stops = [s for s in range(len(riders)) if riders[s] > 0]
    fleet = given.get("fleet") or [
        Vehicle(given["seats"], given.get("fixed_cost", 0.0), given.get("cost_per_min", 1.0))
    ]
    worth = given.get("cost_per_rider_min", 0.0)

    @cache
    def ways(group):
        """Return for each vehicle type the cheapest value of the group."""
        best = [np.inf] * len(fleet)
        for order in itertools.permutations(group):
            values = line_values(order, given)
            if values is None:
                continue
            whole, rider_min, load = values
            for v, kind in enumerate(fleet):
                if load <= kind.seats:
                    cost = kind.fixed_cost + kind.cost_per_min * whole + worth * rider_min
                    best[v] = min(best[v], rider_min if goal == "lines" else cost)
        return tuple(best)

    best = None
    for parts in partitions(stops):
        costs = [ways(tuple(sorted(part))) for part in parts]
        for kinds in itertools.product(range(len(fleet)), repeat=len(parts)):
            if any(kind.count is not None and kinds.count(v) > kind.count for v, kind in enumerate(fleet)):
                continue
            value = sum(cost[v] for cost, v in zip(costs, kinds, strict=True))
            key = (len(parts) if goal != "cost" else 0, value)
            if np.isfinite(value) and (best is None or key < best):
                best = key
    return best


def plane(rng, k):
    """Return minutes between random points, asymmetric by a few per cent."""
    points = rng.uniform(0, 20, size=(k + 1, 2))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2)
    return np.round(minutes * rng.uniform(1.0, 1.1, size=minutes.shape), 2)


def plain(rng, most=6):
    k = int(rng.integers(2, most + 1))
    riders = np.concatenate([[0], rng.integers(1, 10, size=k)])
    return {
        "minutes": plane(rng, k),
        "riders": riders,
        "seats": 18,
        "fixed_cost": float(rng.choice([0, 5, 40])),
    }


def limited(rng):
    given = plain(rng)
    given["max_ride_min"] = np.maximum(given["minutes"][:, 0] * rng.uniform(1.2, 2.5, size=len(given["riders"])), 8) + 3
    return given | {"dwell_min": 0.5, "dwell_min_per_rider": 0.1, "return_trip": False}


def mixed(rng):
    fleet = [Vehicle(8, 3.0, 0.7), Vehicle(16, 8.0, 1.1), Vehicle(30, 11.0, 1.9)]
    given = plain(rng, 5) | {"fleet": fleet, "cost_per_rider_min": 0.05}
    return given | {"max_line_min": float(rng.choice([60, np.inf]))}


def counted(rng):
    given = plain(rng, 5)
    few = [Vehicle(10, 2.0, 0.5, count=1), Vehicle(14, 9.0, 1.0, count=2), Vehicle(20, 20.0, 1.5, count=1)]
    return given | {"fleet": few}


def wild(rng):
    """Ways that are missing, break the triangle inequality, or take no time at all; a school in the middle."""
    k = int(rng.integers(2, 6))
    minutes = rng.integers(0, 30, size=(k + 1, k + 1)).astype(float)
    minutes[rng.random(minutes.shape) < 0.15] = np.inf
    minutes[np.diag_indices(k + 1)] = 0.0
    school = int(rng.integers(0, k + 1))
    riders = rng.integers(0, 8, size=k + 1)
    riders[school] = 0
    return {
        "minutes": minutes, "riders": riders, "seats": 16, "school": school, "dwell_min": 1.0,
        "max_ride_min": float(rng.choice([25.0, 45.0, np.inf])), "return_trip": bool(rng.random() < 0.5),
        "cost_per_rider_min": float(rng.choice([0.0, 0.2])),
    }  # fmt: skip


def kilometres(rng):
    """What is paid is not what takes time: kilometres of their own, three vehicle types, one of them few."""
    given = mixed(rng) if rng.random() < 0.5 else limited(rng)
    size = given["minutes"].shape
    given["line_cost"] = np.round(given["minutes"] * rng.uniform(0.2, 3.0, size=size), 2)
    if "fleet" in given:
        given["fleet"] = [Vehicle(8, 3.0, 0.7), Vehicle(16, 4.0, 2.1, count=2), Vehicle(30, 11.0, 1.9)]
    return given


CASES = {f.__name__: f for f in (plain, limited, mixed, counted, wild, kilometres)}


@pytest.mark.parametrize("goal", ["cost", "lines", "lines_cost"])
@pytest.mark.parametrize("case", sorted(CASES))
def test_every_plan_tried(case, goal):
    rng = np.random.default_rng(list(CASES).index(case))
    solvable = 0
    for number in range(PER_CASE):
        given = CASES[case](rng)
        arrays = {key: given[key] for key in ("minutes", "riders")}
        rest = {key: value for key, value in given.items() if key not in arrays}
        truth = best_plan(given, goal)
        found = route(**arrays, **rest, goal=goal, gap=0.0)
        name = f"{case} {goal} {number}"
        if truth is None:
            assert found.status == "infeasible", name
            assert found.reasons, name
            continue
        solvable += 1
        assert found.status == "optimal", name
        assert check(found, **arrays, **rest, goal=goal) == (), name
        assert found.objective == pytest.approx(truth[1], abs=1e-6), name
        assert found.bound <= truth[1] + 1e-6, name
        if goal != "cost":
            assert len(found.routes) == truth[0] == found.lines_bound, name
    assert solvable >= PER_CASE // 3


def cheapest_with_second_runs(given, window):
    """Return the least cost over all partitions and orders when lines that fit into the window share a vehicle."""
    stops = [s for s in range(len(given["riders"])) if given["riders"][s] > 0]

    def fewest(whole):
        if not whole:
            return 0
        head, rest = whole[0], whole[1:]
        pairs = [fewest(rest[:at] + rest[at + 1 :]) for at in range(len(rest)) if head + rest[at] <= window + 1e-6]
        return 1 + min([fewest(rest), *pairs])

    @cache
    def shortest(group):
        values = [line_values(order, given) for order in itertools.permutations(group)]
        return min((value[0] for value in values if value is not None and value[2] <= given["seats"]), default=np.inf)

    best = np.inf
    for parts in partitions(stops):
        whole = [shortest(tuple(sorted(part))) for part in parts]
        if np.isfinite(sum(whole)):
            best = min(best, sum(whole) + given["fixed_cost"] * fewest(whole))
    return best


@pytest.mark.parametrize("seed", range(25))
def test_second_runs_against_every_plan(seed):
    rng = np.random.default_rng(seed)
    given = plain(rng) | {"fixed_cost": 40.0, "max_ride_min": 60.0}
    window = float(rng.choice([50.0, 65.0, 90.0]))
    truth = cheapest_with_second_runs(given, window)
    arrays = {key: given[key] for key in ("minutes", "riders")}
    rest = {key: value for key, value in given.items() if key not in arrays} | {"second_run_window_min": window}
    found = route(**arrays, **rest, gap=0.0)
    assert check(found, **arrays, **rest) == ()
    assert found.bound <= truth + 1e-6
    assert found.objective >= truth - 1e-6
    if found.status == "optimal":
        assert found.objective == pytest.approx(truth)
