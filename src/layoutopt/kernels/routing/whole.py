"""Whole choices of lines: HiGHS on the few lines left, and what a plan made of them costs."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels import highs
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.kernels.routing.master import Master, Node
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Best:
    """The best plan so far (``lines`` None: none yet) and a proven bound on all plans."""

    cost: float
    lines: Lines | None
    bound: float
    nodes: int = 0


@dataclass(frozen=True, eq=False)
class Search:
    """What every node of a pool search needs to know."""

    task: Task
    covering: bool
    gap: float
    deadline: float
    artificial: float
    most_nodes: int = 100_000
    seed: int = 0
    rounds: int = 0


@dataclass(frozen=True, eq=False)
class Bounded:
    """A node after its linear bound: lines still worth having, and the fractional point if any."""

    bound: float
    pool: Lines
    share: Floats
    opened: Floats
    node: Node
    reduced: Floats
    whole: Lines | None = None
    program: Any = None


def choose_whole(
    search: Search,
    bounded: Bounded,
    upper: float,
    *,
    time_limit_s: float,
    nodes: int | None,
    steps: int | None = None,
) -> tuple[Lines | None, float, bool]:
    """Hand the lines left to HiGHS as integers; return (better plan or None, bound, whether the node is closed)."""
    task, pool, node = search.task, bounded.pool, bounded.node
    master = Master(task, node, search.covering, search.artificial)
    matrix = master.coefficients(pool).T.tocsr()
    d_many, n = len(task.opening), task.n
    rows = sp.hstack([master.depot_part(matrix.shape[0]), matrix]).tocsr()
    extra_low, extra_high = np.empty(0), np.empty(0)
    if task.opening.any():
        # Every line needs its depot open: exact without waiting for links.
        owner = sp.csr_matrix((np.ones(len(pool)), (pool.depot, np.arange(len(pool)))), shape=(d_many, len(pool)))
        rows = sp.vstack([rows, sp.hstack([-n * sp.eye(d_many), owner])]).tocsr()
        extra_low, extra_high = np.full(d_many, -np.inf), np.zeros(d_many)
    program = highs.Program(
        cost=np.concatenate([task.opening, pool.cost]),
        lower=np.concatenate([node.open_low, np.zeros(len(pool))]),
        upper=np.concatenate([node.open_high, np.ones(len(pool))]),
        integer=np.ones(d_many + len(pool), dtype=bool),
        rows=rows,
        row_lower=np.concatenate([master.rhs_low, extra_low]),
        row_upper=np.concatenate([master.rhs_high, extra_high]),
    )
    budget = highs.Budget(gap=search.gap / 2, time_limit_s=max(0.1, time_limit_s), nodes=nodes, steps=steps)
    solved = highs.solve(program, budget=budget)
    log.debug("%d lines to HiGHS: %s, %d nodes, %d steps", len(pool), solved.status, solved.nodes, solved.steps)
    if solved.status == "infeasible":
        return None, np.inf, True
    closed = solved.status == "optimal"
    bound = solved.bound if np.isfinite(solved.bound) else bounded.bound
    if solved.values is not None and solved.objective < upper - 1e-9:
        return pool.take(np.flatnonzero(solved.values[d_many:] > 0.5)), bound, closed
    return None, bound, closed


def plan_cost(task: Task, lines: Lines) -> float:
    """Return what the lines and the depots they use cost."""
    return float(lines.cost.sum() + task.opening[np.unique(lines.depot)].sum())


def once_each(task: Task, lines: Lines) -> Lines:
    """Return ``lines`` with every stop in one line only; leaving a stop out must never cost more."""
    seen = np.zeros(task.n, dtype=bool)
    rows, depot, kind = [], [], []
    for q in np.argsort(-lines.load, kind="stable"):
        stops = [int(stop) for stop in lines.stops(q) if not seen[stop]]
        seen[stops] = True
        if stops:
            rows.append(stops)
            depot.append(lines.depot[q])
            kind.append(lines.kind[q])
    flat, starts = pack(rows)
    return price_lines(task, flat, starts, np.array(depot, dtype=np.int64), kind=np.array(kind, dtype=np.int64))


def better(search: Search, best: Best, lines: Lines | None) -> Best:
    """Return the cheaper of ``best`` and the plan made of ``lines``."""
    if lines is None:
        return best
    found = once_each(search.task, lines) if search.covering else lines
    cost = plan_cost(search.task, found)
    return replace(best, cost=cost, lines=found) if cost < best.cost - 1e-9 else best
