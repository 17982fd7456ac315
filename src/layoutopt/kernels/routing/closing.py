"""Closes one choice of depots and numbers of lines: cuts until its lines in the gap are few, then those in full."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.generate import Generator, Root, elementary, start_node
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import Prices, reduced_costs
from layoutopt.kernels.routing.owners import owner_bound, owners_matter
from layoutopt.kernels.routing.pool import solve_pool
from layoutopt.kernels.routing.search import find_plan
from layoutopt.kernels.routing.whole import Best, Bounded, Search, better, choose_whole

log = logging.getLogger(__name__)

LISTED_IN_GAP = 2_500_000
"""Labels tried when the lines in the gap are listed."""
FEW_IN_GAP = 150_000
"""So few lines in the gap need no more cuts first."""
MANY_IN_GAP = 400_000
"""More lines than this are too slow to work on, however long the cuts stall."""
SMALLER_GAP = 0.85
"""The lines are listed anew when the gap fell by this factor."""
MOST_CUT_ROUNDS = 40
SLOW_CUTS, SLOW_ROUNDS = 0.02, 3
"""Rounds of cuts that close less than this share of the gap are slow; so many in a row end them."""
RESTRICTED_LINES, RESTRICTED_STEPS = 500, 400
KEPT_FOR_RUN = 20
POLISH_ROUNDS, POLISH_HEAT = 2, 0.3


def close(search: Search, generator: Generator, root: Root, best: Best) -> tuple[Best, float, str]:
    """Return (best plan, bound of this part, method)."""
    tried_at, bound, slow = np.inf, max(best.bound, root.bound), 0
    pool: Lines | None = None
    for _ in range(MOST_CUT_ROUNDS):
        gap = best.cost - bound
        if done(search, best.cost, bound) or not root.converged or time.perf_counter() > search.deadline:
            break
        if gap < SMALLER_GAP * tried_at:
            tried_at, pool = gap, generator.pool(root, best.cost, LISTED_IN_GAP)
            log.debug("gap %.4f pool %s", gap, None if pool is None else len(pool))
            if pool is not None and len(pool) <= FEW_IN_GAP:
                break
        before = bound
        if slow >= SLOW_ROUNDS or generator.cut(root) == 0:
            break
        root = generator.settle(best.cost, search.deadline)
        bound = max(bound, root.bound)
        slow = slow + 1 if bound - before < SLOW_CUTS * gap else 0
        log.debug("cuts %d bound %.4f best %.4f lines %d", len(root.node.cuts), bound, best.cost, len(root.lines))
    if done(search, best.cost, bound):
        return best, bound, "column generation, cuts"
    if pool is not None and len(pool) <= MANY_IN_GAP and time.perf_counter() < search.deadline:
        if owners_matter(search, pool, root.node):
            lifted = owner_bound(search, pool, root.node, spare_s=search.deadline - time.perf_counter())
            log.debug("stops as wholes: %d lines, bound %.4f lifted to %.4f", len(pool), bound, lifted)
            bound = max(bound, min(lifted, best.cost))
            if done(search, best.cost, bound):
                return best, bound, "column generation, cuts, stops owned by depots"
        ended = solve_pool(search, pool, replace(best, bound=bound), node=root.node)
        return ended, max(bound, ended.bound), "column generation, cuts, lines in the gap listed, branching"
    return polished(search, root, replace(best, bound=bound)), bound, "column generation, cuts"


def done(search: Search, cost: float, bound: float) -> bool:
    """Return whether ``bound`` is as good as ``cost``."""
    return bound >= cost - search.gap * abs(cost)


def polished(search: Search, root: Root, best: Best) -> Best:
    """Return a better plan from the lines of the bound and new searches, in turn."""
    task, layout = search.task, None
    root_lines = worthy(search, root, KEPT_FOR_RUN)
    for turn in range(POLISH_ROUNDS):
        spare = search.deadline - time.perf_counter()
        if spare <= 0 or best.lines is None or done(search, best.cost, best.bound):
            break
        best = restricted(search, root, best, root_lines)
        if task.opening.any() and best.lines is not None:
            layout = np.unique(best.lines.depot)
        plan, met = find_plan(
            task, iterations=search.rounds, seed=search.seed + 1 + turn, time_limit_s=spare, start=best.lines,
            allowed=layout, heat=POLISH_HEAT,
        )  # fmt: skip
        if plan.left_out == 0 and plan.cost < best.cost - 1e-9:
            best = replace(best, cost=plan.cost, lines=plan.lines)
        root_lines = join([met.take(np.arange(max(0, len(met) - 300), len(met))), root_lines])
    return best


def worthy(search: Search, root: Root, each: int) -> Lines:
    """Return the lines of least reduced cost, ``each`` times as many as stops."""
    return cheapest_first(search, root, root.lines).take(np.arange(min(len(root.lines), each * search.task.n)))


def cheapest_first(search: Search, root: Root, lines: Lines) -> Lines:
    """Return ``lines`` by reduced cost, cut prices left out."""
    prices = Prices(root.prices.prize, root.prices.extra, np.empty(0), 0.0)
    reduced = reduced_costs(lines, lines.visits(search.task.n), prices)
    return lines.take(np.argsort(reduced, kind="stable"))


def restricted(search: Search, root: Root, best: Best, lines: Lines | None = None) -> Best:
    """Return a better plan, if the few lines of least reduced cost (or ``lines``) hold one."""
    task, spare = search.task, search.deadline - time.perf_counter()
    if spare <= 0 or done(search, best.cost, best.bound):
        return best
    lines = elementary(worthy(search, root, KEPT_FOR_RUN) if lines is None else lines)
    lines = cheapest_first(search, root, lines).take(np.arange(min(len(lines), RESTRICTED_LINES)))
    if best.lines is not None:
        lines = cheapest_of_each_set(join([best.lines, lines]), task.n)
    nothing = np.empty(0)
    bounded = Bounded(-np.inf, lines, nothing, nothing, start_node(task), nothing)
    plan, _, _ = choose_whole(search, bounded, best.cost, time_limit_s=spare, nodes=None, steps=RESTRICTED_STEPS)
    return better(search, best, plan)
