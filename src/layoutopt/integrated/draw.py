"""Lines for given riders, quickly: a small column generation and one small integer choice among its columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.integrated.pricing import single_lines
from layoutopt.kernels import highs
from layoutopt.kernels.routing.lines import Lines, join
from layoutopt.kernels.routing.master import plain_prices
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.task import Task

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 25
MOST_COLUMNS = 500
STEPS = 25
TOLERANCE_CNY = 1.0


def part_of(task: Task, stops: Ints) -> Task:
    """Return the task with these stops only."""
    both = np.ix_(stops, stops)
    return replace(
        task,
        between=np.ascontiguousarray(task.between[both]),
        inward=np.ascontiguousarray(task.inward[:, stops]),
        outward=np.ascontiguousarray(task.outward[:, stops]),
        pay_between=np.ascontiguousarray(task.pay_between[both]),
        pay_inward=np.ascontiguousarray(task.pay_inward[:, stops]),
        pay_outward=np.ascontiguousarray(task.pay_outward[:, stops]),
        service=task.service[stops],
        pay_service=task.pay_service[stops],
        riders=task.riders[stops],
        limit=task.limit[stops],
        stop=task.stop[stops],
        count=np.minimum(task.count, len(stops)),
        lines_high=len(stops),
    )


def draw(task: Task) -> Lines | None:
    """Return cheap lines that serve every stop of ``task`` once; None where some stop cannot be served alone."""
    pool = single_lines(task)
    if len(pool) < task.n:
        return None
    pricer = Pricer(task)
    for _ in range(ROUNDS):
        prize = cover_prices(pool, task.n)
        found = pricer.price(
            plain_prices(task, prize), None, np.array([0]), exact=False, tolerance=TOLERANCE_CNY, most=60
        )
        if found.lines is None:
            break
        pool = join([pool, found.lines])
    return _chosen(pool, task.n, prize)


def _cover(pool: Lines, n: int) -> sp.csr_matrix:
    visits = pool.visits(n).T.tocsr()
    visits.data[:] = 1.0
    return visits


def cover_prices(pool: Lines, n: int) -> Floats:
    """Return the prices of serving every one of ``n`` stops with lines of ``pool``, the linear program's duals."""
    many = len(pool)
    program = highs.Program(
        cost=pool.cost, lower=np.zeros(many), upper=np.full(many, np.inf), integer=np.zeros(many, dtype=bool),
        rows=_cover(pool, n), row_lower=np.ones(n), row_upper=np.full(n, np.inf),
    )  # fmt: skip
    return np.maximum(highs.solve(program).row_dual, 0.0)


def _chosen(pool: Lines, n: int, prize: Floats) -> Lines | None:
    """Choose whole lines among those of least reduced cost, every stop on one."""
    visits = pool.visits(n)
    reduced = pool.cost - visits @ prize
    order = np.argsort(reduced, kind="stable")[:MOST_COLUMNS]
    kept = pool.take(np.sort(np.union1d(order, np.flatnonzero(np.diff(pool.starts) == 1))))
    many = len(kept)
    program = highs.Program(
        cost=kept.cost, lower=np.zeros(many), upper=np.ones(many), integer=np.ones(many, dtype=bool),
        rows=_cover(kept, n), row_lower=np.ones(n), row_upper=np.ones(n),
    )  # fmt: skip
    found = highs.solve(program, budget=highs.Budget(gap=0.003, time_limit_s=30.0, steps=STEPS))
    return None if found.values is None else kept.take(np.flatnonzero(found.values > 0.5))
