"""From the part of a point that belongs to one copy to a plan: lines drawn, tables made, audited like any other."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from layoutopt.ahead.task import Task
from layoutopt.model.copies import Copy
from layoutopt.model.frame import Array
from layoutopt.pipeline.case import Case, drawn
from layoutopt.pipeline.decide import Decision
from layoutopt.pipeline.gates import check_plan
from layoutopt.pipeline.run import assembled
from layoutopt.plan.plan import Level, Plan

LEAST_S = 30.0
"""Lines of a copy may take so long however little time is left."""


def plan_of(
    copy: Copy, own: Array, task: Task, *, effort: str, method: str, bound_name: str, skip: Collection[str]
) -> Plan:
    """Return the plan of a copy at ``own``, its part of a point.

    Raises
    ------
    InfeasibleError
        Its lines need more vehicles than there are, or cost more than a budget leaves.
    """
    study, policy = copy.data.study, copy.data.policy
    case = Case(
        model=copy.model, data=copy.data, skip=skip, extra_rules=(),
        effort=effort, seed=task.seed, deadline=task.deadline + LEAST_S, report=task.report,
        interrupted=task.interrupted,
    )  # fmt: skip
    levels = tuple(
        Level(name, float(goal.value(own).sum()), -np.inf, "feasible") for name, goal in copy.model.goals.items()
    )
    plan = assembled(case, Decision(own, drawn(case, own), levels, bound_name, method))
    check_plan(plan, study, policy, skip)
    return plan
