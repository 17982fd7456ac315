"""Why no phasing keeps every rule: a year impossible by itself, or the rules between years that are in the way."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.phase_years import of_year
from layoutopt.ahead.task import Task
from layoutopt.errors import InfeasibleError
from layoutopt.kernels import highs
from layoutopt.model.copies_horizon import YEAR_RULES
from layoutopt.model.copies_years import year_rows
from layoutopt.model.frame import Model

LOOK_S = 20.0
STEPS = 100


def why_not(basis: Basis, task: Task) -> InfeasibleError:
    """Return the error that names the year, or each rule between years without which there is an answer."""
    from layoutopt.model.relax import why_infeasible

    for one, copy in zip(basis.found, basis.horizon.copies.copies, strict=True):
        if _possible(copy.model, task) is False:
            return of_year(why_infeasible(one.study, one.policy, one.options, skip=basis.skip), one.year)
    stated = list(dict.fromkeys(named.rule for named in basis.links))
    helps = [name for name in stated if _possible(_without(basis, task, name), task)]
    first, last = basis.horizon.years[0], basis.horizon.years[-1]
    lines = [f"Each year has a plan of its own, but none keeps what is asked of {first} to {last} together."]
    lines += [f"  There is one without {name}: {YEAR_RULES[name].sentence}." for name in helps]
    if not helps:
        lines.append(f"  No single one of these is to blame: {', '.join(stated)}.")
    return InfeasibleError("\n".join(lines), helps or stated)


def _without(basis: Basis, task: Task, name: str) -> Model:
    from layoutopt.ahead.solving import as_they_are

    rows = year_rows(basis.horizon, skip=(*basis.skip, name))
    return basis.horizon.copies.model(basis.weights, (*rows, *as_they_are(task)))


def _possible(model: Model, task: Task) -> bool | None:
    """Whether some point keeps every row; None where that was not found out."""
    program = model.program(next(iter(model.goals.values())))
    any_point = replace(program, cost=np.zeros(len(program.cost)))
    limit = min(LOOK_S, max(task.deadline - time.monotonic(), 2.0))
    found = highs.solve(any_point, budget=highs.Budget(time_limit_s=limit, steps=STEPS), seed=task.seed)
    return True if found.values is not None else False if found.status == "infeasible" else None
