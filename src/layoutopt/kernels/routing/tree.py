"""Branching over depots by column generation; each choice of depots is closed by cuts and a pool of its lines."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from dataclasses import dataclass, replace

import numpy as np

from layoutopt.kernels.routing.generate import Generator, Root, elementary, start_node
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import Node, Prices, reduced_costs
from layoutopt.kernels.routing.pool import solve_pool
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.search import find_plan
from layoutopt.kernels.routing.whole import Best, Bounded, Search, better, choose_whole

log = logging.getLogger(__name__)

LISTED_IN_GAP = 2_500_000
RESTRICTED_LINES, RESTRICTED_S, RESTRICTED_NODES = 600, 10.0, 30
MOST_CUT_ROUNDS = 60
SLOW_CUTS = 0.005
KEPT_FOR_RUN, KEPT_FOR_CHILD = 20, 40
POLISH_ROUNDS, POLISH_HEAT = 4, 0.3


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the search waiting for its turn; ``ready`` once its linear bound is known and no depot in doubt."""

    node: Node
    lines: Lines
    ready: tuple[Generator, Root] | None = None


def by_generation(search: Search, pricer: Pricer, start: Lines, best: Best) -> tuple[Best, Lines, str]:
    """Return the best plan with its bound, lines for the next run, and the method.

    The part with the lowest bound goes first; the costly closing of a choice of depots waits until no other part
    lies lower.
    """
    counter = itertools.count()
    heap: list[tuple[float, int, Part]] = [(-np.inf, next(counter), Part(start_node(search.task), start))]
    closed, kept, method = np.inf, start, "column generation"
    while heap:
        low, _, part = heapq.heappop(heap)
        if low >= best.cost - search.gap * abs(best.cost):
            closed = min(closed, low)
            break
        if time.perf_counter() > search.deadline and kept is not start:
            closed = min(closed, low)
            break
        if part.ready is not None:
            best, bound, method = _close(search, *part.ready, replace(best, bound=low))
            closed = min(closed, bound)
            continue
        generator = Generator(search, pricer, part.node, part.lines)
        root = generator.settle(best.cost, search.deadline)
        bound = max(low, root.bound)
        log.debug("part bound %.4f best %.4f lines %d open %d", bound, best.cost, len(root.lines), len(heap))
        if kept is start:
            kept = worthy(search, root, KEPT_FOR_RUN)
            best = _restricted(search, root, replace(best, bound=bound))
        if not root.converged:
            closed = min(closed, bound)
            continue
        children = _split_depots(search, root)
        lines = worthy(search, root, KEPT_FOR_CHILD) if children else root.lines
        parts = [Part(child, lines) for child in children] or [Part(root.node, lines, (generator, root))]
        for child in parts:
            heapq.heappush(heap, (bound, next(counter), child))
    bound = min([closed, best.cost, *(entry[0] for entry in heap)])
    return replace(best, bound=bound), kept, method


def _split_depots(search: Search, root: Root) -> list[Node]:
    """Return the two parts in which the depot most in doubt is open, or shut; none when no depot is in doubt."""
    node = root.node
    if not search.task.opening.any():
        return []
    doubt = np.where(node.open_low == node.open_high, 1.0, np.abs(root.opened - 0.5))
    d = int(np.argmin(np.round(doubt, 9)))
    if doubt[d] > 0.5 - 1e-5:
        return []
    shut, kept = node.open_high.copy(), node.open_low.copy()
    shut[d], kept[d] = 0.0, 1.0
    return [replace(node, open_low=kept), replace(node, open_high=shut)]


def _close(search: Search, generator: Generator, root: Root, best: Best) -> tuple[Best, float, str]:
    """Tighten a node by cuts until its lines in the gap can be listed; return (best plan, its bound, method)."""
    tried_at, last = np.inf, -np.inf
    bound = best.bound
    for _ in range(MOST_CUT_ROUNDS):
        gap = best.cost - bound
        if gap <= search.gap * abs(best.cost) or not root.converged or time.perf_counter() > search.deadline:
            break
        if gap < 0.85 * tried_at:
            tried_at = gap
            pool = generator.pool(root, best.cost, LISTED_IN_GAP)
            log.debug("gap %.4f pool %s", gap, None if pool is None else len(pool))
            if pool is not None:
                done = solve_pool(search, pool, replace(best, bound=bound), node=root.node)
                return done, done.bound, "column generation, lines in the gap listed, cuts, branching"
        if generator.cut(root) == 0:
            break
        root = generator.settle(best.cost, search.deadline)
        bound = max(bound, root.bound)
        log.debug("cuts %d bound %.4f best %.4f lines %d", len(root.node.cuts), bound, best.cost, len(root.lines))
        if bound - last < SLOW_CUTS * gap:
            break
        last = bound
    return _polished(search, root, replace(best, bound=bound)), bound, "column generation, cuts"


def _polished(search: Search, root: Root, best: Best) -> Best:
    """Return a better plan from the lines of the bound and new searches, in turn."""
    task, layout = search.task, None
    root_lines = worthy(search, root, KEPT_FOR_RUN)
    for turn in range(POLISH_ROUNDS):
        spare = search.deadline - time.perf_counter()
        if spare <= 0 or best.lines is None or best.bound >= best.cost - search.gap * abs(best.cost):
            break
        best = _restricted(search, root, best, root_lines)
        if task.opening.any() and best.lines is not None:
            layout = np.unique(best.lines.depot)
        plan, met = find_plan(
            task,
            iterations=search.rounds,
            seed=search.seed + 1 + turn,
            time_limit_s=spare,
            start=best.lines,
            allowed=layout,
            heat=POLISH_HEAT,
        )
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


def _restricted(search: Search, root: Root, best: Best, lines: Lines | None = None) -> Best:
    """Return a better plan, if the few lines of least reduced cost (or ``lines``) hold one."""
    task, spare = search.task, search.deadline - time.perf_counter()
    if spare <= 0 or best.bound >= best.cost - search.gap * abs(best.cost):
        return best
    lines = elementary(worthy(search, root, 20) if lines is None else lines)
    lines = cheapest_first(search, root, lines).take(np.arange(min(len(lines), RESTRICTED_LINES)))
    if best.lines is not None:
        lines = cheapest_of_each_set(join([best.lines, lines]), task.n)
    nothing = np.empty(0)
    bounded = Bounded(-np.inf, lines, nothing, nothing, start_node(task), nothing)
    plan, _, _ = choose_whole(search, bounded, best.cost, time_limit_s=min(RESTRICTED_S, spare), nodes=RESTRICTED_NODES)
    return better(search, best, plan)
