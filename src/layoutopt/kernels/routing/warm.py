"""Compiles (or loads) the loops once a process, before any clock is watched."""

from __future__ import annotations

from functools import cache

import numpy as np

from layoutopt.kernels.routing.cut_loops import payments, reduced_of
from layoutopt.kernels.routing.cuts import Cut, cut_words, separate
from layoutopt.kernels.routing.lines import price_lines
from layoutopt.kernels.routing.master import Prices
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.search import find_plan
from layoutopt.kernels.routing.task import make_task
from layoutopt.kernels.routing.values import Vehicle


@cache
def warm_up() -> None:
    """Run the search and the pricing once on three stops, so that time limits do not pay for compiling."""
    minutes, riders = np.ones((4, 4)) - np.eye(4), np.array([0.0, 1.0, 1.0, 1.0])
    task = make_task(
        minutes, riders, depots=np.array([0]), types=[Vehicle(2.0)], limit_min=np.full(4, 9.0), line_limit_min=np.inf,
        dwell_min=0.0, dwell_min_per_rider=0.0, return_trip=True, rider_cost=0.0,
    )  # fmt: skip
    find_plan(task, iterations=3, seed=0, time_limit_s=1.0)
    prices = Prices(np.ones((1, 3)), np.zeros((1, 1)), np.empty(0), 3.0)
    Pricer(task).price(prices, cut_words([], 3), np.array([0]), exact=True, tolerance=1e-6, most=3)
    lines = price_lines(task, np.array([0, 1, 1, 2, 0, 2]), np.array([0, 2, 4, 6]), np.zeros(3, dtype=np.int64))
    separate(lines, np.full(3, 0.5), 3, limited=False, known={})
    words = cut_words([Cut((0, 1, 2))], 3)
    payments(lines.flat, lines.starts, words)
    reduced_of(
        lines.flat, lines.starts, lines.depot, lines.kind, lines.cost, prices.prize, prices.extra, words, np.ones(1)
    )
