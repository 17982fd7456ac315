"""What layouts cost above the best one in each future, every figure with how far it may be from its own best."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutopt.ahead.robust_cases import Case
from layoutopt.ahead.robust_layout import Layout, layout_rows
from layoutopt.ahead.task import LAST, Task
from layoutopt.errors import SolverError
from layoutopt.model.frame import Array, NamedRows
from layoutopt.model.objective import annual_cost
from layoutopt.model.solve import Answer, Effort, Stopped

WHOSE = ("best", "robust", "deterministic")
COSTS, GAPS = [f"{whose}_cny" for whose in WHOSE], [f"{whose}_gap" for whose in WHOSE]
REGRETS = [f"{whose}_regret_cny" for whose in WHOSE[1:]]
WITHIN = Effort(gap=1e-4, steps=5_000, whole_travel=True)
"""Regrets are differences of what layouts come to: these are sought further than a layout is."""


@dataclass(frozen=True, eq=False)
class Found:
    """The point found in one future; without one, a ``gap`` of 0 says it is proven that there is none."""

    values: Array | None
    gap: float

    @classmethod
    def of(cls, answer: Answer) -> Found:
        """Return the point with the gap of the goal sought last."""
        return cls(answer.values, answer.levels[-1].gap)


NO_PLAN, NOT_KNOWN = Found(None, 0.0), Found(None, float("inf"))


def regrets(
    cases: Sequence[Case], task: Task, layouts: Sequence[Layout | None], starts: Mapping[Case, Array]
) -> pd.DataFrame:
    """Return a row a future: what its own best layout costs, and the robust and the deterministic one of ``layouts``.

    ``starts`` are points with the first layout, where they are known. Both layouts come first, and the future's own
    best is sought from the better of the two, so that none of them costs less than the best for want of time.
    """
    total, rows = sum(case.scenario.weight for case in cases), []
    for turn, case in enumerate(cases):
        mine = replace(task, deadline=time.monotonic() + task.left_s / (len(cases) - turn))
        robust = _with_layout(case, layouts[0], mine, 1 / 3, starts.get(case))
        other = _with_layout(case, layouts[1], mine, 1 / 2, None)
        points = [found.values for found in (robust, other) if found.values is not None]
        best = _own(case, mine, min(points, key=lambda point: _goals(case, task, point), default=None))
        found = (best, robust, other)
        goals = [_goals(case, task, one.values) for one in found]
        costs = [values[-1] for values in goals]
        earlier = [value for goal in zip(*goals, strict=True) for value in goal][: -len(found)]
        above = [cost - costs[0] for cost in costs[1:]]
        rows.append([case.name, case.scenario.weight / total, *costs, *above, *(one.gap for one in found), *earlier])
    names = [f"{goal}_{whose}" for goal in _earlier(task) for whose in WHOSE]
    return pd.DataFrame(rows, columns=["scenario", "weight", *COSTS, *REGRETS, *GAPS, *names])


def _with_layout(case: Case, layout: Layout | None, task: Task, share: float, start: Array | None) -> Found:
    if layout is None:
        return NOT_KNOWN
    rows = layout_rows(case.data, layout)
    if rows is None:
        return NO_PLAN
    model = replace(case.model, extra=(*case.model.extra, NamedRows("layout", rows)))
    try:
        return Found.of(task.goals(model, task.main, share, start=start, effort=WITHIN))
    except Stopped:
        return NO_PLAN
    except SolverError:
        return NOT_KNOWN


def _own(case: Case, task: Task, start: Array | None) -> Found:
    try:
        answer = case.own(task, 1.0, start=start)
    except Stopped:
        return NO_PLAN
    return NOT_KNOWN if answer is None else Found.of(answer)


def _earlier(task: Task) -> list[str]:
    """Goals that come before the yearly cost, or instead of it."""
    return [name for name in task.main if name != LAST]


def _goals(case: Case, task: Task, values: Array | None) -> tuple[float, ...]:
    """What these goals come to, differences by rounding left out, and then the yearly cost; NaN without a point."""
    if values is None:
        return (np.nan,) * (len(_earlier(task)) + 1)
    goals = [case.model.goals.get(name) for name in _earlier(task)]
    earlier = [0.0 if goal is None else round(float(goal.value(values).sum()), 6) for goal in goals]
    return (*earlier, float(annual_cost(case.data).value(values).sum()))
