"""Better plans from lines at hand: whole lines chosen among the cheapest by reduced cost, and new searches."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.generate import Root, elementary, start_node
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import Prices, reduced_costs
from layoutopt.kernels.routing.search import find_plan
from layoutopt.kernels.routing.values import Ints
from layoutopt.kernels.routing.whole import Best, Bounded, Search, better, choose_whole

KEPT_FOR_RUN, KEPT_OF_SEARCH = 20, 300
"""Lines kept: so many times the stops from the bound, and so many of the last that a search met."""
POLISH_HEAT = 0.3


def done(search: Search, cost: float, bound: float) -> bool:
    """Return whether ``bound`` is as good as ``cost``."""
    return bound >= cost - search.gap * abs(cost)


def worthy(search: Search, root: Root, each: int = KEPT_FOR_RUN) -> Lines:
    """Return the lines of least reduced cost, ``each`` times as many as stops."""
    order = _by_reduced_cost(search, root.prices, root.lines)
    return root.lines.take(order[: each * search.task.n])


def _by_reduced_cost(search: Search, prices: Prices, lines: Lines) -> Ints:
    """Return the order of ``lines`` by reduced cost, cut prices left out."""
    prices = Prices(prices.prize, prices.extra, np.empty(0), 0.0)
    return np.argsort(reduced_costs(lines, lines.visits(search.task.n), prices), kind="stable")


def restricted(search: Search, prices: Prices, lines: Lines, best: Best, *, most: int, steps: int) -> Best:
    """Return a better plan, if the ``most`` of ``lines`` with least reduced cost hold one."""
    task, spare = search.task, search.deadline - time.perf_counter()
    if spare <= 0 or done(search, best.cost, best.bound):
        return best
    lines = elementary(lines)
    lines = lines.take(_by_reduced_cost(search, prices, lines)[:most])
    if best.lines is not None:
        lines = cheapest_of_each_set(join([best.lines, lines]), task.n)
    nothing = np.empty(0)
    bounded = Bounded(-np.inf, lines, nothing, nothing, start_node(task), nothing)
    plan, _, _ = choose_whole(search, bounded, best.cost, time_limit_s=spare, nodes=None, steps=steps)
    return better(search, best, plan)


def polished(search: Search, root: Root, best: Best, *, turns: int, most: int, steps: int) -> Best:
    """Return a better plan from the lines of the bound and new searches, in turn; open depots stay as they are."""
    task, lines, layout = search.task, worthy(search, root), None
    for turn in range(turns):
        spare = search.deadline - time.perf_counter()
        if spare <= 0 or best.lines is None or done(search, best.cost, best.bound):
            break
        best = restricted(search, root.prices, lines, best, most=most, steps=steps)
        if task.opening.any() and best.lines is not None:
            layout = np.unique(best.lines.depot)
        plan, met = find_plan(
            task, iterations=search.rounds, seed=search.seed + 1 + turn, time_limit_s=spare, start=best.lines,
            allowed=layout, heat=POLISH_HEAT,
        )  # fmt: skip
        if plan.left_out == 0 and plan.cost < best.cost - 1e-9:
            best = replace(best, cost=plan.cost, lines=plan.lines)
        lines = join([met.take(np.arange(max(0, len(met) - KEPT_OF_SEARCH), len(met))), lines])
    return best
