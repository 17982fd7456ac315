"""Proves the best choice from an explicit pool of lines: bounds, branching, and HiGHS on the few lines left."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.bound import WHOLE_LINES, bound_node, dual_bound
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Node
from layoutopt.kernels.routing.split import split
from layoutopt.kernels.routing.values import Floats
from layoutopt.kernels.routing.whole import Best, Search, better, choose_whole

__all__ = ["FEW_LINES", "dual_bound", "solve_pool"]

log = logging.getLogger(__name__)

FEW_LINES = 1_200
"""Below twice this many lines in all, listing them needs no search for a good plan first."""
WHOLE_NODES = 200


def solve_pool(search: Search, pool: Lines, best: Best, *, node: Node, rounds: int = 40) -> Best:
    """Return the best plan and bound over ``pool``, which must hold every line a better plan may use."""
    task = search.task
    counter = itertools.count()
    heap: list[tuple[float, int, Node, Lines, Floats | None]] = [(best.bound, next(counter), node, pool, None)]
    closed_at, nodes = np.inf, 0
    while heap:
        low, _, current, lines, hot = heapq.heappop(heap)
        if low >= best.cost - search.gap * abs(best.cost):
            closed_at = min(closed_at, low)
            break
        if (time.perf_counter() > search.deadline and nodes > 0) or nodes >= search.most_nodes:
            heapq.heappush(heap, (low, next(counter), current, lines, hot))
            break
        nodes += 1
        done = bound_node(search, current, lines, best.cost, rounds=rounds if nodes == 1 else 4, hot=hot)
        bound = max(low, done.bound)
        log.debug(
            "node %d bound %.4f best %.4f lines %d open %d",
            nodes,
            bound,
            best.cost,
            len(done.pool),
            len(heap),
        )
        if done.whole is not None:
            best = better(search, best, done.whole)
            closed_at = min(closed_at, bound)
            continue
        if len(done.pool) == 0:
            closed_at = min(closed_at, bound)
            continue
        spare = search.deadline - time.perf_counter()
        if len(done.pool) <= WHOLE_LINES:
            plan, low_mip, closed = choose_whole(search, done, best.cost, time_limit_s=spare, nodes=WHOLE_NODES)
            best = better(search, best, plan)
            bound = max(bound, min(low_mip, best.cost))
            if closed or bound >= best.cost - search.gap * abs(best.cost):
                closed_at = min(closed_at, bound)
                continue
        children = split(task, done)
        if not children:
            closed_at = min(closed_at, bound)
            continue
        for child, kept in children:
            heapq.heappush(heap, (bound, next(counter), child, done.pool.take(kept), done.reduced[kept]))
    bound = min([closed_at, best.cost, *(entry[0] for entry in heap)])
    return replace(best, bound=max(best.bound, bound), nodes=nodes)
