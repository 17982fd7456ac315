"""The compiled labels against a plain search over every order of every set of stops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from layoutopt.kernels.routing import labels
from layoutopt.kernels.routing.master import Cut, Prices, cut_words
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.task import make_task
from layoutopt.kernels.routing.values import Vehicle


def a_task(rng, k):
    points = rng.uniform(0, 20, size=(k + 1, 2))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2) * rng.uniform(1, 1.2, size=(k + 1, k + 1))
    riders = np.r_[0.0, rng.integers(1, 8, size=k)]
    return make_task(
        minutes, riders, depots=np.array([0]), types=[Vehicle(14, 5.0, 1.0), Vehicle(20, 9.0, 1.4)],
        limit_min=rng.uniform(15, 60, size=k + 1), line_limit_min=float(rng.choice([50, np.inf])), dwell_min=0.3,
        dwell_min_per_rider=0.1, return_trip=bool(rng.random() < 0.5), rider_cost=float(rng.choice([0.0, 0.1])),
    )  # fmt: skip


def plain_reduced_costs(task, prices, cuts):
    """Return {order: (reduced cost, vehicle type)} of every line that keeps the limits, by trying them all."""
    found = {}
    for size in range(1, task.n + 1):
        for order in itertools.permutations(range(task.n), size):
            clock, riders_min, nearer, fine = 0.0, 0.0, None, True
            for stop in reversed(order):
                clock += task.service[stop] + (task.inward[0, stop] if nearer is None else task.between[stop, nearer])
                fine = fine and clock <= task.limit[stop]
                riders_min += task.riders[stop] * clock
                nearer = stop
            whole, load = clock + task.outward[0, order[0]], task.riders[list(order)].sum()
            if not fine or whole > task.line_limit:
                continue
            costs = [
                task.fixed[v] + prices.extra[0, v] + task.per_min[v] * whole if load <= task.seats[v] else np.inf
                for v in range(2)
            ]
            if np.isfinite(min(costs)):
                value = min(costs) + task.rider_cost * riders_min - prices.prize[0, list(order)].sum()
                paid = sum(
                    price * (len(set(order) & set(cut.stops)) // 2) for cut, price in zip(cuts, prices.cut, strict=True)
                )
                found[order] = (value + paid, int(np.argmin(costs)))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_least_reduced_cost(seed):
    rng = np.random.default_rng(seed)
    task = a_task(rng, 5)
    cuts = [Cut((0, 1, 2)), Cut((1, 3, 4))] if seed % 2 else []
    prices = Prices(
        rng.uniform(0, 30, size=(1, 5)),
        rng.uniform(-2, 2, size=(1, 2)),
        rng.uniform(0, 9, size=len(cuts)),
        0.0,
    )
    truth = plain_reduced_costs(task, prices, cuts)
    pricer = Pricer(task, ng_size=5)
    found = pricer.price(prices, cut_words(cuts, 5), np.array([0]), exact=True, tolerance=1e-6, most=50)
    least = min((value for value, _ in truth.values()), default=0.0)
    assert found.proven
    assert found.least == pytest.approx(min(least, -1e-6), abs=1e-6)


@pytest.mark.parametrize("seed", range(30))
def test_every_line_in_the_gap_is_listed(seed):
    rng = np.random.default_rng(100 + seed)
    task = a_task(rng, 5)
    cuts = [Cut((0, 2, 4))] if seed % 2 else []
    prices = Prices(rng.uniform(0, 20, size=(1, 5)), np.zeros((1, 2)), rng.uniform(0, 9, size=len(cuts)), 0.0)
    truth = plain_reduced_costs(task, prices, cuts)
    best_of_set = {}
    for order, (value, _) in truth.items():
        key = frozenset(order)
        best_of_set[key] = min(best_of_set.get(key, np.inf), value)
    threshold = float(np.median(list(best_of_set.values())))
    listed = Pricer(task).every_line(
        prices, cut_words(cuts, 5), np.array([0]), threshold=threshold, most_labels=10_000, each_kind=False
    )
    found = {frozenset(listed.stops(q).tolist()) for q in range(len(listed))}
    assert {key for key, value in best_of_set.items() if value < threshold - 1e-6} <= found
    assert len(found) < len(best_of_set)


@pytest.mark.parametrize("seed", range(20))
def test_completion_bound_is_never_too_high(seed):
    rng = np.random.default_rng(200 + seed)
    task = a_task(rng, 5)
    prices = Prices(rng.uniform(0, 30, size=(1, 5)), np.zeros((1, 2)), np.empty(0), 0.0)
    pricer = Pricer(task)
    ground = pricer._ground(0, prices)
    grid = pricer._grid(ground)
    truth = plain_reduced_costs(task, prices, [])
    floor = pricer._floor(ground, grid)
    assert floor <= min((value for value, _ in truth.values()), default=0.0) + 1e-6
    assert isinstance(grid, labels.Grid)
