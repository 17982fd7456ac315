"""Second runs: a vehicle may drive two lines one after the other when both fit into the window before the bell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.check import fewest_vehicles
from layoutopt.kernels.routing.drive import Answer, solve
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats


def solve_with_second_runs(
    task: Task,
    window_min: float,
    *,
    gap: float,
    time_limit_s: float,
    seed: int,
    start: Lines | None,
    reused: bool,
) -> Answer:
    """Return lines that are cheap once vehicles are shared, with a proven bound.

    A vehicle drives at most two lines, so it costs each of them at least half of its fixed cost: the program with
    half fixed costs (and twice the vehicles) bounds from below. Its lines, and those at full fixed cost, are paired
    as well as can be, and the cheaper plan stays. The bound is exact when all lines find a partner.
    """
    half = replace(task, fixed=task.fixed / 2, count=np.minimum(2 * task.count, task.n))
    low = solve(half, gap=gap, time_limit_s=0.6 * time_limit_s, seed=seed, start=start, reused=reused)
    if low.infeasible:
        return low
    full = solve(task, gap=gap, time_limit_s=0.4 * time_limit_s, seed=seed, start=low.kept, reused=reused)
    costs = [
        shared_cost(task, low.lines, half.fixed, window_min),
        shared_cost(task, full.lines, task.fixed, window_min),
    ]
    best = low if costs[0] <= costs[1] else full
    if not np.isfinite(min(costs)):
        return replace(low, lines=None, cost=np.inf, method=low.method + ", second runs")
    return replace(best, cost=min(costs), bound=min(low.bound, min(costs)), method=low.method + ", second runs")


def shared_cost(task: Task, lines: Lines | None, fixed: Floats, window_min: float) -> float:
    """Return what ``lines`` (priced with ``fixed``) cost with second runs; inf when vehicles are too few."""
    if lines is None:
        return np.inf
    total = float((lines.cost - fixed[lines.kind]).sum())
    for v in range(len(task.seats)):
        vehicles = fewest_vehicles(lines.whole_min[lines.kind == v].tolist(), window_min)
        if vehicles > task.count[v]:
            return np.inf
        total += vehicles * float(task.fixed[v])
    return total
