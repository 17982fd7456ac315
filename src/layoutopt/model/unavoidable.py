"""The yearly cost nobody can avoid: the fewest posts that classes and pupils need under any layout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layoutopt.kernels import highs
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.objective import teachers_cny

SLACK = 1e-6


def unavoidable_cny(model: Model, data: Data, *, time_limit_s: float = 60.0) -> float:
    """Return a yearly cost (CNY) that no plan under the model's rules is below: its wages at the very least.

    The wages are minimised alone over every rule but the yearly budgets, with all columns continuous. That
    value is a lower bound; since posts are whole, it is rounded up to whole wages. 0 where it is not found in
    the time given.
    """
    program = model.without("annual_budget").without("source_budget").program(teachers_cny(data))
    linear = replace(program, integer=np.zeros(len(program.cost), dtype=bool))
    found = highs.solve(linear, budget=highs.Budget(time_limit_s=time_limit_s))
    wage = data.policy.staffing.wage_cny
    if found.status != "optimal" or wage <= 0:
        return 0.0
    return float(np.ceil(found.bound / wage * (1 - SLACK)) * wage)
