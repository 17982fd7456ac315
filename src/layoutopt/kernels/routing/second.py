"""Second runs: a vehicle may drive two lines one after the other when both fit into the window before the bell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layoutopt.kernels.routing.check import fewest_vehicles
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.one_school import Answer, solve
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats
from layoutopt.units import SLACK_MIN

MOST_SPLITS = 64


def solve_with_second_runs(
    task: Task,
    window_min: float,
    *,
    gap: float,
    time_limit_s: float,
    seed: int,
    start: Lines | None,
    reused: bool,
    work: float = np.inf,
) -> Answer:
    """Return lines that are cheap once vehicles are shared, with a proven bound.

    Each relaxed program charges a line a share of its fixed cost such that two lines fitting into one window never
    pay more than one vehicle: any plan costs at least as much. First every line pays one half (and there are twice
    the vehicles). Then, with a split t below half of the window: nothing up to t, one half above, all of it above
    window − t (a dual feasible function of packing in pairs, as in the bounds of Martello and Toth 1990); t is the one
    that charges most for the lines found. The plans of all programs are paired as well as can be, the cheapest stays.
    """
    half = replace(task, fixed=task.fixed / 2, count=np.minimum(2 * task.count, task.n))
    low = solve(half, gap=gap, time_limit_s=0.4 * time_limit_s, seed=seed, start=start, reused=reused, work=work)
    if low.infeasible:
        return low
    full = solve(task, gap=gap, time_limit_s=0.3 * time_limit_s, seed=seed, start=low.kept, reused=reused, work=work)
    plans = [
        (shared_cost(task, low.lines, half, window_min), low),
        (shared_cost(task, full.lines, task, window_min), full),
    ]
    bound = low.bound
    best_cost, best = min(plans, key=lambda plan: plan[0])
    if best.lines is not None and best_cost - bound > gap * abs(best_cost):
        split = split_task(half, task.fixed, best.lines.whole_min, window_min)
        if split is not None:
            other = solve(
                split, gap=gap, time_limit_s=0.3 * time_limit_s, seed=seed, start=full.kept, reused=True, work=work
            )
            plans.append((shared_cost(task, other.lines, split, window_min), other))
            bound = max(bound, other.bound)
    best_cost, best = min(plans, key=lambda plan: plan[0])
    if not np.isfinite(best_cost):
        return replace(low, lines=None, cost=np.inf, method=low.method + ", second runs")
    return replace(best, cost=best_cost, bound=min(bound, best_cost), method=low.method + ", second runs")


def split_task(half: Task, fixed: Floats, whole_min: Floats, window_min: float) -> Task | None:
    """Return the task whose lines pay nothing, half or all of their fixed cost; None where half is never beaten."""
    slack = 2 * SLACK_MIN
    ends = np.unique(np.concatenate([whole_min, window_min - whole_min]))
    splits = ends[(ends > 0) & (ends < window_min / 2)][:MOST_SPLITS]
    charged = [float((whole_min > t).sum() + (whole_min > window_min - t + slack).sum()) / 2 for t in splits.tolist()]
    if not charged or max(charged) <= len(whole_min) / 2:
        return None
    t = float(splits[int(np.argmax(charged))])
    steps = np.array([[t, 0.5], [window_min - t + slack, 0.5]])
    return replace(half, fixed=np.zeros_like(fixed), steps=steps, step_fixed=fixed)


def shared_cost(task: Task, lines: Lines | None, priced: Task, window_min: float) -> float:
    """Return what ``lines`` (priced for the task ``priced``) cost with second runs; inf when vehicles are too few."""
    if lines is None:
        return np.inf
    paid = priced.fixed[lines.kind] + priced.step_share(lines.whole_min) * priced.step_fixed[lines.kind]
    total = float((lines.cost - paid).sum())
    for v in range(len(task.seats)):
        vehicles = fewest_vehicles(lines.whole_min[lines.kind == v].tolist(), window_min)
        if vehicles > task.count[v]:
            return np.inf
        total += vehicles * float(task.fixed[v])
    return total
