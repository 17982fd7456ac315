"""The fewest lines: a proven lower bound first, then plans with the number of lines fixed, from the bound upwards."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.lines import Lines, price_lines
from layoutopt.kernels.routing.one_school import FEW_STOPS, iterations_for, solve
from layoutopt.kernels.routing.search import Plan, find_plan, plan_of
from layoutopt.kernels.routing.task import Task, fewest_by_seats
from layoutopt.kernels.routing.warm import warm_up

log = logging.getLogger(__name__)


def fewest_lines(
    task: Task, *, time_limit_s: float, seed: int, start: Lines | None, engine: str = "own"
) -> tuple[Plan | None, int]:
    """Return a plan with few lines (None: none found) and a proven lower bound on their number."""
    low = fewest_by_seats(task)
    best: Plan | None = None
    if task.n > FEW_STOPS:
        warm_up()
        best = _by_search(task, low, seed, time_limit_s, start)
        if engine == "pyvrp":
            best = _by_pyvrp(task, low, seed, best)
    if best is not None and len(best.lines) == low:
        return best, low
    # Counting only: each line costs 1 and its minutes nothing. A bound above K − 1 proves K.
    count = replace(
        task,
        fixed=np.ones_like(task.fixed),
        per_min=np.zeros_like(task.per_min),
        rider_cost=0.0,
        lines_low=low,
    )
    plan = None if best is None else plan_of(count, _priced(count, best.lines))
    gap = 1e-6 if best is None else (1.0 - 1e-6) / len(best.lines)
    found = solve(count, gap=gap, time_limit_s=0.5 * time_limit_s, seed=seed, plan=plan, reused=plan is not None)
    if np.isfinite(found.bound):
        low = max(low, int(np.ceil(found.bound - 1e-6)))
    if found.lines is not None and (best is None or len(found.lines) < len(best.lines)):
        best = plan_of(task, _priced(task, found.lines))
    return best, low


def _by_search(task: Task, low: int, seed: int, time_s: float, start: Lines | None) -> Plan | None:
    """Return a plan with few lines found by search alone; None when it leaves somebody out."""
    rounds = iterations_for(task.n, time_s)
    free, _ = find_plan(task, iterations=rounds // 8, seed=seed, time_limit_s=0.2 * time_s, start=start)
    if free.left_out:
        return None
    return _fewer(task, free, low, rounds, seed, 0.3 * time_s)


def _by_pyvrp(task: Task, low: int, seed: int, best: Plan | None) -> Plan | None:
    """Return a plan with fewer lines than ``best``, the fleet held at one number from ``low`` upwards."""
    from layoutopt.kernels.routing.by_pyvrp import find_lines

    high = task.n if best is None else len(best.lines) - 1
    for lines in range(low, min(high, low + 3) + 1):
        found = find_lines(task, lines=lines, seed=seed)
        if found is not None:
            return plan_of(task, found)
    return best


def _priced(task: Task, lines: Lines) -> Lines:
    return price_lines(task, lines.flat, lines.starts, lines.depot, kind=lines.kind)


def _fewer(task: Task, best: Plan, low: int, rounds: int, seed: int, time_s: float) -> Plan:
    """Return a plan with as few lines as the search finds, one fewer at a time."""
    deadline = time.perf_counter() + time_s
    while len(best.lines) > low:
        spare = deadline - time.perf_counter()
        if spare <= 0:
            break
        cap = len(best.lines) - 1
        order = np.argsort(-best.lines.load, kind="stable")[:cap]
        found, _ = find_plan(
            task,
            iterations=rounds // 2,
            seed=seed + 1,
            time_limit_s=spare,
            start=best.lines.take(np.sort(order)),
            lines_high=cap,
            stop_when_served=True,
        )
        if found.left_out:
            break
        best = found
    return best
