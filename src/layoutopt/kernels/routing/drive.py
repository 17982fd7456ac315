"""One task with depots to choose in, best plan and bound out: search, listing, column generation and branching."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.generate import start_node
from layoutopt.kernels.routing.layouts import find_layout
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import Prices
from layoutopt.kernels.routing.one_school import FEW_STOPS, KEPT_LINES, Answer, iterations_for
from layoutopt.kernels.routing.pool import FEW_LINES, solve_pool
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.task import Task, fewest_by_seats, is_covering
from layoutopt.kernels.routing.tree import by_generation
from layoutopt.kernels.routing.warm import warm_up
from layoutopt.kernels.routing.whole import Best, Search

log = logging.getLogger(__name__)

LISTED_AT_ONCE = 20_000
"""Labels tried before column generation is preferred to listing every line: the branching over depots, ahead of any
listing, does most of the work."""
LAYOUT_SHARE, ROOM_SHARE = 8, 3
"""A search among layouts runs the lines many times over, each time this much shorter; longer where room is short."""
ROUNDS_A_SECOND, ROUNDS_A_SECOND_WITH_ROOM = 500, 200
"""At most so many rounds for each second of the time limit: about ten times, or forty with room, they are run."""


def solve(
    task: Task, *, gap: float, time_limit_s: float, seed: int, start: Lines | None = None, reused: bool = False
) -> Answer:
    """Return the best plan and bound for ``task``; ``start`` are lines worth trying."""
    if task.n > FEW_STOPS:
        warm_up()
    task = replace(task, lines_low=max(task.lines_low, fewest_by_seats(task)))
    deadline = time.perf_counter() + time_limit_s
    pricer = Pricer(task, deadline=deadline)
    full = _listed(task, pricer)
    if full is not None and len(np.unique(full.flat)) < task.n:
        stranded = np.setdiff1d(np.arange(task.n), full.flat)
        return Answer(None, np.inf, np.inf, True, None, "listed lines", tuple(int(at) for at in stranded))
    rounds = _rounds(task, time_limit_s, reused)
    best, kept = Best(np.inf, None, -np.inf), full
    if full is None or len(full) > FEW_LINES // 2:
        best, kept = _first_plan(task, start, rounds, seed, min(0.4 * time_limit_s, 120.0))
    search = Search(task, is_covering(task), gap, deadline, _artificial(task, best), seed=seed, rounds=rounds)
    if full is not None:
        done = solve_pool(search, full, best, node=start_node(task))
        return _answer(done, done.lines is None and done.bound == np.inf, kept, "listed lines, cuts, branching")
    assert kept is not None
    lines = cheapest_of_each_set(kept if start is None else join([kept, start]), task.n)
    done, kept, method = by_generation(search, pricer, lines, best)
    return _answer(done, False, kept, method)


def _rounds(task: Task, time_limit_s: float, reused: bool) -> int:
    """Return the rounds of search for one good layout, from the size and the time asked for, never from the clock."""
    rounds = iterations_for(task.n, time_limit_s) // (2 * LAYOUT_SHARE if reused else LAYOUT_SHARE)
    if np.isinf(task.capacity).all():
        return int(max(300, min(rounds, ROUNDS_A_SECOND * time_limit_s)))
    return int(max(300, min(ROOM_SHARE * rounds, ROUNDS_A_SECOND_WITH_ROOM * time_limit_s)))


def _listed(task: Task, pricer: Pricer) -> Lines | None:
    """Return every line worth having, one a set of stops; None when they are too many to list."""
    each = bool((task.count < task.n).any())
    depots = len(task.opening)
    zero = Prices(np.zeros((depots, task.n)), np.zeros((depots, len(task.seats))), np.empty(0), 0.0)
    full = pricer.every_line(
        zero, None, np.arange(depots), threshold=np.inf, most_labels=LISTED_AT_ONCE, each_kind=each
    )
    return None if full is None else cheapest_of_each_set(full, task.n)


def _first_plan(task: Task, start: Lines | None, rounds: int, seed: int, time_s: float) -> tuple[Best, Lines]:
    """Return the best plan of the search and the lines it met."""
    found, pool = find_layout(task, rounds=rounds, seed=seed, time_limit_s=time_s, start=start)
    if found is None:
        return Best(np.inf, None, -np.inf), pool
    return Best(found.cost, found.lines, -np.inf), pool


def _artificial(task: Task, best: Best) -> float:
    """Return the cost of leaving a stop out: with it, no point that does so looks better than the best plan."""
    if np.isfinite(best.cost):
        return max(best.cost, 1.0)
    paid = np.minimum(task.pay_inward.min(axis=0) + task.pay_outward.min(axis=0), 1e4)
    alone = task.fixed.max() + task.per_min.max() * paid + task.rider_cost * task.riders * 1e3
    return float(task.n * alone.max() + task.opening.sum() + 1.0)


def _answer(best: Best, infeasible: bool, kept: Lines | None, method: str) -> Answer:
    bound = min(best.bound, best.cost)
    if best.lines is not None:
        kept = best.lines if kept is None else join([best.lines, kept.take(np.arange(min(len(kept), KEPT_LINES)))])
    return Answer(best.lines, best.cost, bound, infeasible, kept, method)
