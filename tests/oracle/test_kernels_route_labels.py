"""The compiled labels against their plain twin, and against every order of every set of stops."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from layoutopt.kernels.routing import labels
from layoutopt.kernels.routing.cuts import WEIGHTS, Cut, cut_words
from layoutopt.kernels.routing.master import Prices
from layoutopt.kernels.routing.plain import PlainPricer, near_sets
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.task import make_task
from layoutopt.kernels.routing.values import Vehicle

pytestmark = pytest.mark.usefixtures("warm_kernels")

PATTERNS = [((1, 1, 1), 2), *WEIGHTS]


def a_task(rng, k, *, odd=False):
    """Return a task of two vehicle types; ``odd``: paid legs of their own, and steps in the fixed cost."""
    points = rng.uniform(0, 20, size=(k + 1, 2))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2) * rng.uniform(1, 1.2, size=(k + 1, k + 1))
    riders = np.r_[0.0, rng.integers(1, 8, size=k)]
    task = make_task(
        minutes, riders, depots=np.array([0]), types=[Vehicle(14, 5.0, 1.0), Vehicle(20, 6.0, 1.4)],
        limit_min=rng.uniform(15, 60, size=k + 1), line_limit_min=float(rng.choice([50, np.inf])), dwell_min=0.3,
        dwell_min_per_rider=0.1, return_trip=bool(rng.random() < 0.5), rider_cost=float(rng.choice([0.0, 0.1])),
        line_cost=minutes * rng.uniform(0.3, 2.0, size=minutes.shape) if odd else None,
    )  # fmt: skip
    return replace(task, steps=np.array([[20.0, 0.5], [35.0, 0.5]]), step_fixed=task.fixed) if odd else task


def some_cuts(rng, k, many):
    """Return random cuts of all kinds; every other one is remembered at a few stops only."""
    cuts = []
    for at in range(many):
        weights, parts = PATTERNS[int(rng.integers(len(PATTERNS)))]
        stops = tuple(sorted(rng.choice(k, size=len(weights), replace=False).tolist()))
        memory = None if at % 2 else tuple(sorted({*stops, int(rng.integers(k))}))
        cuts.append(Cut(stops, memory, tuple(rng.permutation(weights).tolist()), parts))
    return cuts


def some_prices(rng, k, cuts):
    return Prices(
        rng.uniform(0, 30, size=(1, k)), rng.uniform(-2, 2, size=(1, 2)), rng.uniform(0, 9, size=len(cuts)), 0.0
    )


@pytest.mark.parametrize("seed", range(60))
def test_least_reduced_cost_is_that_of_the_twin(seed):
    rng = np.random.default_rng(seed)
    k = 6 if seed % 3 else 5
    task = a_task(rng, k, odd=seed % 2 == 1)
    cuts = some_cuts(rng, k, int(rng.integers(0, 20)))
    prices, words = some_prices(rng, k, cuts), cut_words(cuts, k)
    pricer = Pricer(task, ng_size=int(rng.integers(2, k + 1)))
    given = {"exact": True, "tolerance": 1e-6, "most": 50}
    found = pricer.price(prices, words, np.array([0]), **given)
    truth = PlainPricer(task, near_sets(pricer.keep)).price(prices, words, np.array([0]), **given)
    assert found.proven
    assert found.least == pytest.approx(truth.least, abs=1e-6)
    assert (found.lines is None) == (truth.lines is None)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_quickly_is_real(seed):
    rng = np.random.default_rng(300 + seed)
    task = a_task(rng, 6, odd=seed % 2 == 1)
    cuts = some_cuts(rng, 6, 5)
    prices, words = some_prices(rng, 6, cuts), cut_words(cuts, 6)
    pricer = Pricer(task)
    found = pricer.price(prices, words, np.array([0]), exact=False, tolerance=1e-6, most=20)
    truth = PlainPricer(task, near_sets(pricer.keep)).ended(0, prices, words)
    known = {(tuple(order), kind): value for value, kind, order in truth}
    assert not found.proven
    for q in range(0 if found.lines is None else len(found.lines)):
        assert known[tuple(found.lines.stops(q).tolist()), int(found.lines.kind[q])] < -1e-6


def every_order(task, prices, cuts):
    """Return {set of stops: least reduced cost} by trying all orders, without the code under test."""
    found = {}
    for size in range(1, task.n + 1):
        for order in itertools.permutations(range(task.n), size):
            clock, paid, riders_min, nearer, fine = 0.0, 0.0, 0.0, None, True
            for stop in reversed(order):
                clock += task.service[stop] + (task.inward[0, stop] if nearer is None else task.between[stop, nearer])
                leg = task.pay_inward[0, stop] if nearer is None else task.pay_between[stop, nearer]
                paid += task.pay_service[stop] + leg
                fine = fine and clock <= task.limit[stop]
                riders_min += task.riders[stop] * clock
                nearer = stop
            whole, load = clock + task.outward[0, order[0]], task.riders[list(order)].sum()
            if not fine or whole > task.line_limit or load > task.seats.max():
                continue
            share = sum(part for minutes, part in task.steps.tolist() if whole > minutes)
            way = paid + task.pay_outward[0, order[0]]
            value = min(
                task.fixed[v] + share * task.step_fixed[v] + prices.extra[0, v] + task.per_min[v] * way
                for v in range(2)
                if load <= task.seats[v]
            )
            value += task.rider_cost * riders_min - prices.prize[0, list(order)].sum()
            for cut, price in zip(cuts, prices.cut, strict=True):
                weight = dict(zip(cut.stops, cut.weights, strict=True))
                value += price * (sum(weight.get(stop, 0) for stop in order) // cut.parts)
            key = frozenset(order)
            found[key] = min(found.get(key, np.inf), value)
    return found


@pytest.mark.parametrize("seed", range(30))
def test_every_line_in_the_gap_is_listed(seed):
    rng = np.random.default_rng(100 + seed)
    task = a_task(rng, 5, odd=seed % 3 == 0)
    cuts = [cut.everywhere() for cut in some_cuts(rng, 5, seed % 4)]
    prices = Prices(rng.uniform(0, 20, size=(1, 5)), np.zeros((1, 2)), rng.uniform(0, 9, size=len(cuts)), 0.0)
    truth = every_order(task, prices, cuts)
    threshold = float(np.median(list(truth.values())))
    listed = Pricer(task).every_line(
        prices, cut_words(cuts, 5), np.array([0]), threshold=threshold, most_labels=10_000, each_kind=False
    )
    found = {frozenset(listed.stops(q).tolist()) for q in range(len(listed))}
    assert {key for key, value in truth.items() if value < threshold - 1e-6} <= found
    assert len(found) < len(truth)


@pytest.mark.parametrize("seed", range(20))
def test_completion_bound_is_never_too_high(seed):
    rng = np.random.default_rng(200 + seed)
    task = a_task(rng, 5, odd=seed % 2 == 1)
    prices = Prices(rng.uniform(0, 30, size=(1, 5)), np.zeros((1, 2)), np.empty(0), 0.0)
    pricer = Pricer(task)
    ground = pricer._ground(0, prices)
    grid = pricer._grid(ground)
    floor = pricer._floor(ground, grid)
    assert floor <= min(every_order(task, prices, []).values(), default=0.0) + 1e-6
    assert isinstance(grid, labels.Grid)
