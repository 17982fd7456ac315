"""Good choices of depots by search: depots opened, closed and swapped, each choice judged by a short line search."""

from __future__ import annotations

import time

import numpy as np

from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.search import Plan, find_plan
from layoutopt.kernels.routing.task import Task

MOST_ROUNDS = 12
MOST_NEIGHBOURS = 60


def find_layout(task: Task, first: Plan, *, iterations: int, seed: int, time_limit_s: float) -> tuple[Plan, Lines]:
    """Return the best plan met from ``first`` on, and the lines of good plans on the way.

    Each round tries the neighbours of the best choice of depots (one more, one fewer, one exchanged), the lines
    that may stay kept as a start, and moves to the best of them until none is better.
    """
    ends = time.perf_counter() + time_limit_s
    best, pool = first, [first.lines]
    judged: set[tuple[int, ...]] = {_layout(best)}
    for _ in range(MOST_ROUNDS):
        here = best
        for layout in _neighbours(task, _layout(here), judged):
            if time.perf_counter() > ends:
                break
            judged.add(layout)
            kept = here.lines.take(np.flatnonzero(np.isin(here.lines.depot, layout)))
            plan, lines = find_plan(
                task,
                iterations=iterations,
                seed=seed,
                time_limit_s=time_limit_s,
                start=kept,
                allowed=np.array(layout),
                heat=0.3,
            )
            if plan.left_out:
                continue
            pool.append(lines)
            if (plan.left_out, plan.cost) < (best.left_out, best.cost - 1e-9):
                best = plan
        if best is here or time.perf_counter() > ends:
            break
    return best, cheapest_of_each_set(join(pool), task.n)


def _layout(plan: Plan) -> tuple[int, ...]:
    return tuple(int(d) for d in np.unique(plan.lines.depot))


def _neighbours(task: Task, layout: tuple[int, ...], judged: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Return choices of depots one step away that are large enough and not judged yet."""
    many, inside = len(task.opening), set(layout)
    outside = [d for d in range(many) if d not in inside]
    found = [tuple(d for d in layout if d != gone) for gone in layout]
    found += [tuple(sorted((*layout, new))) for new in outside]
    found += [tuple(sorted((*(d for d in layout if d != gone), new))) for gone in layout for new in outside]
    room = task.riders.sum()
    fresh = [way for way in found if way and way not in judged and task.capacity[list(way)].sum() >= room]
    return fresh[:MOST_NEIGHBOURS]
