"""Lines to one school: search, listing, column generation, cuts and branching put together; best plan and bound out."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from dataclasses import dataclass, replace

import numpy as np

from layoutopt.kernels.routing.bound import seat_bound
from layoutopt.kernels.routing.generate import Generator, Root, start_node
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import Node, plain_prices
from layoutopt.kernels.routing.pool import FEW_LINES, solve_pool
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.restricted import done, polished, restricted, worthy
from layoutopt.kernels.routing.search import Plan, find_plan
from layoutopt.kernels.routing.task import Task, fewest_by_seats, is_covering
from layoutopt.kernels.routing.warm import warm_up
from layoutopt.kernels.routing.whole import Best, Search

log = logging.getLogger(__name__)

FEW_STOPS = 12
LISTED_AT_ONCE = 300_000
"""Labels tried before column generation is preferred to listing every line."""
LISTED_IN_GAP, WIDE_GAP = 2_500_000, 0.05
"""Labels tried in listing the lines in the gap; as few as at the start while the gap is wider than this share."""
SMALLER_GAP = 0.7
"""Listing the lines in the gap is tried again once the gap has shrunk to this share."""
KEPT_LINES = 2_000
MOST_CUT_ROUNDS, SLOW_CUTS, SLOW_ROUNDS = 80, 0.004, 3
TURNS, LINES_A_STOP, STEPS = 4, 5, 150
"""Polishing: turns, lines that may be chosen for each stop, solver steps."""


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
    engine: str = "own",
    work: float = np.inf,
) -> Answer:
    """Return the best plan and bound for ``task``; ``plan`` is one at hand, ``start`` lines worth trying.

    Exact pricing ends after so much ``work``, pairs of labels compared.
    """
    if task.n > FEW_STOPS:
        warm_up()
    task = replace(task, lines_low=max(task.lines_low, fewest_by_seats(task)))
    deadline = time.perf_counter() + time_limit_s
    pricer = Pricer(task, deadline=deadline, most_work=work)
    full = every_line(task, pricer)
    if full is not None and len(np.unique(full.flat)) < task.n:
        stranded = np.setdiff1d(np.arange(task.n), full.flat)
        return Answer(None, np.inf, np.inf, True, None, "listed lines", tuple(int(at) for at in stranded))
    rounds = iterations_for(task.n, time_limit_s) // (5 if full is not None or reused else 1)
    best = Best(np.inf, None, -np.inf) if plan is None else Best(plan.cost, plan.lines, -np.inf)
    kept = full
    if full is None or len(full) > FEW_LINES // 2:
        best, kept = _first_plan(task, plan, start, rounds, seed, min(0.4 * time_limit_s, 120.0))
        if engine == "pyvrp":
            best, kept = _with_pyvrp(task, best, kept, seed)
    search = Search(task, is_covering(task), gap, deadline, _artificial(task, best), seed=seed, rounds=rounds)
    if full is not None:
        ended = solve_pool(search, full, best, node=start_node(task))
        method = _method(pricer, "listed lines, cuts, branching")
        return _answer(ended, ended.lines is None and ended.bound == np.inf, kept, method)
    assert kept is not None
    lines = cheapest_of_each_set(kept if start is None else join([kept, start]), task.n)
    ended, kept, method = _by_generation(search, pricer, lines, best)
    ended = replace(ended, bound=max(ended.bound, seat_bound(task)))
    return _answer(ended, False, kept, _method(pricer, method))


def _method(pricer: Pricer, method: str) -> str:
    if pricer.late:
        return f"{method}, stopped by the clock"
    return f"{method}, stopped after its work" if pricer.over else method


def every_line(task: Task, pricer: Pricer) -> Lines | None:
    """Return every line worth having, one a set of stops; None when they are too many to list."""
    each = bool((task.count < task.n).any())
    prices = plain_prices(task, np.zeros(task.n))
    full = pricer.every_line(
        prices, None, np.arange(len(task.opening)), threshold=np.inf, most_labels=LISTED_AT_ONCE, each_kind=each
    )
    return None if full is None else cheapest_of_each_set(full, task.n)


def _first_plan(
    task: Task, plan: Plan | None, start: Lines | None, rounds: int, seed: int, time_s: float
) -> tuple[Best, Lines]:
    """Return the best plan of the search (or the one at hand) and the lines it met."""
    from_lines = plan.lines if plan is not None else start
    found, pool = find_plan(task, iterations=rounds, seed=seed, time_limit_s=time_s, start=from_lines)
    if plan is not None and plan.left_out == 0 and (found.left_out or plan.cost < found.cost):
        found = plan
    if found.left_out:
        return Best(np.inf, None, -np.inf), pool
    return Best(found.cost, found.lines, -np.inf), pool


def _with_pyvrp(task: Task, best: Best, kept: Lines, seed: int) -> tuple[Best, Lines]:
    """Return the better of ``best`` and PyVRP's plan, and its lines beside the others."""
    from layoutopt.kernels.routing.by_pyvrp import find_lines

    cap = min(task.lines_high, task.n) if best.lines is None else min(task.lines_high, len(best.lines) + 2)
    lines = find_lines(task, lines=cap, seed=seed)
    if lines is None:
        return best, kept
    kept = cheapest_of_each_set(join([lines, kept]), task.n)
    cost = float(lines.cost.sum())
    return (replace(best, cost=cost, lines=lines) if cost < best.cost - 1e-9 else best), kept


def _artificial(task: Task, best: Best) -> float:
    """Return the cost of leaving a stop out: with it, no point that does so looks better than the best plan."""
    if np.isfinite(best.cost):
        return max(best.cost, 1.0)
    paid = np.minimum(task.pay_inward.min(axis=0) + task.pay_outward.min(axis=0), 1e6)
    alone = task.fixed.max() + task.per_min.max() * paid
    return float(task.n * (alone + task.rider_cost * task.riders * 1e3).max() + 1.0)


def _answer(best: Best, infeasible: bool, kept: Lines | None, method: str) -> Answer:
    bound = min(best.bound, best.cost)
    if best.lines is not None:
        kept = best.lines if kept is None else join([best.lines, kept.take(np.arange(min(len(kept), KEPT_LINES)))])
    return Answer(best.lines, best.cost, bound, infeasible, kept, method)


def _by_generation(search: Search, pricer: Pricer, start: Lines, best: Best) -> tuple[Best, Lines, str]:
    """Return the best plan with its bound, lines for the next run, and the method.

    The part with the lowest bound goes first. A part whose lines do not add up to a whole number is split there
    before any cut: with fixed costs that closes most of the gap at once.
    """
    counter = itertools.count()
    heap: list[tuple[float, int, Node, Lines]] = [(-np.inf, next(counter), start_node(search.task), start)]
    closed, kept, method = np.inf, start, "column generation"
    most = LINES_A_STOP * search.task.n
    while heap:
        low, _, node, lines = heapq.heappop(heap)
        if done(search, best.cost, low) or (pricer.over and kept is not start):
            closed = min(closed, low)
            break
        generator = Generator(search, pricer, node, lines)
        root = generator.settle(best.cost)
        bound = max(low, root.bound)
        log.debug("part %d-%d bound %.4f best %.4f lines %d", node.low, node.high, bound, best.cost, len(root.lines))
        if kept is start:
            kept = worthy(search, root)
            best = restricted(search, root.prices, kept, replace(best, bound=bound), most=most, steps=STEPS)
        total = float(root.share.sum())
        if root.converged and abs(total - round(total)) > 1e-4:
            more, fewer = replace(node, low=int(np.ceil(total))), replace(node, high=int(np.floor(total)))
            for child in (more, fewer):
                heapq.heappush(heap, (bound, next(counter), child, root.lines))
            continue
        best, bound, method = _close(search, generator, root, replace(best, bound=bound))
        closed = min(closed, bound)
    bound = min([closed, best.cost, *(entry[0] for entry in heap)])
    return replace(best, bound=bound), kept, method


def _close(search: Search, generator: Generator, root: Root, best: Best) -> tuple[Best, float, str]:
    """Tighten a part by cuts until its lines in the gap can be listed; return (best plan, its bound, method)."""
    tried_at, last, slow = np.inf, best.bound, 0
    bound, few = best.bound, LINES_A_STOP * search.task.n
    for _ in range(MOST_CUT_ROUNDS):
        gap = best.cost - bound
        if done(search, best.cost, bound) or not root.converged or generator.pricer.over:
            break
        if gap < SMALLER_GAP * tried_at:
            tried_at = gap
            if root.node.cuts:
                best = restricted(search, root.prices, worthy(search, root), best, most=few, steps=STEPS)
            most = LISTED_IN_GAP if gap < WIDE_GAP * abs(best.cost) else LISTED_AT_ONCE
            pool = generator.pool(root, best.cost, most)
            log.debug("gap %.4f pool %s", gap, None if pool is None else len(pool))
            if pool is not None:
                ended = solve_pool(search, pool, replace(best, bound=bound), node=root.node)
                return ended, ended.bound, "column generation, lines in the gap listed, cuts, branching"
        if slow >= SLOW_ROUNDS or generator.cut(root) == 0:
            break
        root = generator.settle(best.cost)
        bound = max(bound, root.bound)
        log.debug("cuts %d bound %.4f best %.4f lines %d", len(root.node.cuts), bound, best.cost, len(root.lines))
        slow = slow + 1 if bound - last < SLOW_CUTS * gap else 0
        last = bound
    best = polished(search, root, replace(best, bound=bound), turns=TURNS, most=few, steps=STEPS)
    return best, bound, "column generation, cuts"
