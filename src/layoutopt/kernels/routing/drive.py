"""Puts search, listing, column generation and branching together: one task in, best plan and bound out."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace

import numpy as np

from layoutopt.kernels.routing.generate import start_node
from layoutopt.kernels.routing.layouts import find_layout
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import Prices
from layoutopt.kernels.routing.pool import FEW_LINES, solve_pool
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.search import Plan, find_plan
from layoutopt.kernels.routing.task import NO_WAY_MIN, Task
from layoutopt.kernels.routing.tree import by_generation
from layoutopt.kernels.routing.warm import warm_up
from layoutopt.kernels.routing.whole import Best, Search

log = logging.getLogger(__name__)

FEW_STOPS = 12
LISTED_AT_ONCE = 300_000
"""Labels tried before column generation is preferred to listing every line."""
KEPT_LINES = 2_000


@dataclass(frozen=True, eq=False)
class Answer:
    """Best plan (None: none found), proven bound, whether proven infeasible, lines worth keeping, how."""

    lines: Lines | None
    cost: float
    bound: float
    infeasible: bool
    kept: Lines | None
    method: str
    stranded: tuple[int, ...] = ()


def is_covering(task: Task) -> bool:
    """Return whether leaving a stop out of a line never makes the line dearer or longer."""
    n = task.n
    ways = np.vstack([task.between, task.outward]) if task.outward.any() else task.between
    ends = np.hstack([task.between, task.inward.T])
    for u in range(n):
        via = ways[:, u][:, None] + task.service[u] + ends[u][None, :]
        direct = np.hstack([task.between, task.inward.T])
        if task.outward.any():
            direct = np.vstack([direct, np.hstack([task.outward, np.full((len(task.opening),) * 2, -np.inf)])])
        # The diagonal stands for no leg at all, and a missing way for one that no line takes.
        if (np.where(via < NO_WAY_MIN, direct - via, 0.0) > 1e-9).any():
            return False
    return True


def fewest_by_seats(task: Task) -> int:
    """Return how many of the largest vehicles the riders fill at least."""
    seats = np.sort(np.repeat(task.seats, np.minimum(task.count, task.n)))[::-1]
    return int(np.searchsorted(np.cumsum(seats), task.riders.sum() - 1e-6) + 1)


def iterations_for(n: int, time_limit_s: float) -> int:
    """Return the rounds of search, from the size and from the time asked for, never from the clock."""
    wanted = 400 * n + 16 * n * n
    allowed = 10_000.0 * time_limit_s * 50.0 / max(50, n)
    return int(max(300, min(wanted, allowed)))


def solve(
    task: Task,
    *,
    gap: float,
    time_limit_s: float,
    seed: int,
    start: Lines | None = None,
    plan: Plan | None = None,
    reused: bool = False,
) -> Answer:
    """Return the best plan and bound for ``task``; ``plan`` is one at hand, ``start`` lines worth trying."""
    if task.n > FEW_STOPS:
        warm_up()
    task = replace(task, lines_low=max(task.lines_low, fewest_by_seats(task)))
    deadline = time.perf_counter() + time_limit_s
    pricer = Pricer(task)
    full = _listed(task, pricer)
    if full is not None and len(np.unique(full.flat)) < task.n:
        stranded = np.setdiff1d(np.arange(task.n), full.flat)
        return Answer(None, np.inf, np.inf, True, None, "listed lines", tuple(int(at) for at in stranded))
    rounds = iterations_for(task.n, time_limit_s) // (5 if full is not None or reused else 1)
    time_s = min(0.4 * time_limit_s, 120.0)
    if full is None:
        best, pool = _first_plan(task, plan, start, rounds, seed, time_s)
        search = Search(task, is_covering(task), gap, deadline, _artificial(task, best), seed=seed, rounds=rounds)
        lines = pool if start is None else join([pool, start])
        done, kept, method = by_generation(search, pricer, cheapest_of_each_set(lines, task.n), best)
        return _answer(done, False, kept, method)
    best, kept = (
        Best(np.inf if plan is None else plan.cost, None if plan is None else plan.lines, -np.inf),
        full,
    )
    if len(full) > FEW_LINES // 2:
        best, kept = _first_plan(task, plan, start, rounds, seed, time_s)
    search = Search(task, is_covering(task), gap, deadline, _artificial(task, best))
    done = solve_pool(search, full, best, node=start_node(task))
    return _answer(done, done.lines is None and done.bound == np.inf, kept, "listed lines, cuts, branching")


def _listed(task: Task, pricer: Pricer) -> Lines | None:
    """Return every line worth having, one a set of stops; None when they are too many to list."""
    each = bool((task.count < task.n).any())
    depots = len(task.opening)
    zero = Prices(np.zeros((depots, task.n)), np.zeros((depots, len(task.seats))), np.empty(0), 0.0)
    none = np.zeros((task.n, 0), dtype=np.uint64)
    full = pricer.every_line(
        zero, (none, none), np.arange(depots), threshold=np.inf, most_labels=LISTED_AT_ONCE, each_kind=each
    )
    return None if full is None else cheapest_of_each_set(full, task.n)


def _first_plan(
    task: Task, plan: Plan | None, start: Lines | None, rounds: int, seed: int, time_s: float
) -> tuple[Best, Lines]:
    """Return the best plan of the search (or the one at hand) and the lines it met."""
    from_lines = plan.lines if plan is not None else start
    found, pool = find_plan(task, iterations=rounds, seed=seed, time_limit_s=time_s, start=from_lines)
    if len(task.opening) > 1 and found.left_out == 0:
        found, more = find_layout(task, found, iterations=max(300, rounds // 20), seed=seed, time_limit_s=time_s)
        pool = cheapest_of_each_set(join([pool, more]), task.n)
        layout = np.unique(found.lines.depot)
        last, more = find_plan(
            task,
            iterations=rounds // 2,
            seed=seed,
            time_limit_s=0.5 * time_s,
            start=found.lines,
            allowed=layout,
        )
        pool = cheapest_of_each_set(join([pool, more]), task.n)
        found = last if (last.left_out, last.cost) < (found.left_out, found.cost) else found
    if plan is not None and plan.left_out == 0 and (found.left_out or plan.cost < found.cost):
        found = plan
    if found.left_out:
        return Best(np.inf, None, -np.inf), pool
    return Best(found.cost, found.lines, -np.inf), pool


def _artificial(task: Task, best: Best) -> float:
    """Return the cost of leaving a stop out: with it, no point that does so looks better than the best plan."""
    if np.isfinite(best.cost):
        return max(best.cost, 1.0)
    alone = task.fixed.max() + task.per_min.max() * np.minimum(task.inward.min(axis=0) + task.outward.min(axis=0), 1e4)
    return float(task.n * (alone + task.rider_cost * task.riders * 1e3).max() + task.opening.sum() + 1.0)


def _answer(best: Best, infeasible: bool, kept: Lines | None, method: str) -> Answer:
    bound = min(best.bound, best.cost)
    if best.lines is not None:
        kept = best.lines if kept is None else join([best.lines, kept.take(np.arange(min(len(kept), KEPT_LINES)))])
    return Answer(best.lines, best.cost, bound, infeasible, kept, method)
