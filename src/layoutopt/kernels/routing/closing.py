"""Closes one choice of depots and numbers of lines: cuts until its lines in the gap are few, then those in full."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.generate import Generator, Root
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.owners import owner_bound, owners_matter
from layoutopt.kernels.routing.pool import solve_pool
from layoutopt.kernels.routing.restricted import done, polished
from layoutopt.kernels.routing.whole import Best, Search

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
TURNS, MOST_LINES, STEPS = 2, 500, 400
"""Polishing where nothing is left to prove: turns, lines that may be chosen, solver steps."""


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
        root = generator.settle(best.cost)
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
    best = polished(search, root, replace(best, bound=bound), turns=TURNS, most=MOST_LINES, steps=STEPS)
    return best, bound, "column generation, cuts"
