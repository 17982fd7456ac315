"""Goals after the yearly cost: whoever rides keeps the line, everything else may change within what is held."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.goals import goal_fill
from layoutopt.model.lines import Lines, with_real_rides
from layoutopt.model.objective import COSTS
from layoutopt.model.solve import EFFORTS, Held, Stopped, ceiling, highs_solver
from layoutopt.pipeline.budgets import sources_held
from layoutopt.pipeline.case import Case, sought
from layoutopt.plan.plan import Level

Array = NDArray[np.float64]
LINES_FIXED = "lines fixed"
log = logging.getLogger(__name__)


def around_lines(
    case: Case, names: Sequence[str], held: Held, point: Array, lines: Lines
) -> tuple[Array, tuple[Level, ...]]:
    """Return the best point for ``names`` in their order in which every rider keeps the line.

    The minutes of riders are those of their lines. What such a search proves speaks for these lines only, so its
    levels have no bound.
    """
    if not names or case.interrupted():
        return point, ()
    model, data = _with_real_rides(case, lines)
    point = _refilled(data, point)
    held = _demands(case, held.eased_to(point), point, lines)
    block = model.frame.blocks["chosen"]
    rides = np.arange(block.start, block.start + len(block))[(block.table["mode"] == "bus").to_numpy()]
    inner = highs_solver(case.seed, lambda share, text: case.report(-1.0, text), case.interrupted)

    def around(program: highs.Program, budget: highs.Budget, start: Array | None) -> highs.Solved:
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[rides] = upper[rides] = np.round(point[rides])
        return inner(replace(program, lower=lower, upper=upper), budget, start)

    try:
        answer = sought(case, model, names, EFFORTS[case.effort], 0.8, held=held, start=point, solver=around)
    except (Stopped, SolverError) as error:
        log.warning("The goals after the yearly cost were not sought: %s", error or "the lines leave no room")
        return point, ()
    return answer.values, tuple(replace(level, bound=-np.inf, status=LINES_FIXED) for level in answer.levels)


def _with_real_rides(case: Case, lines: Lines) -> tuple[Model, Data]:
    """The program, budgets apart, in which those who ride take as long as their lines do."""
    options = replace(case.options, rows=with_real_rides(case.options.rows, lines.stops))
    model, data = build_model(
        case.study, case.policy, options, skip={*case.skip, "annual_budget", "source_budget"},
        extra_rules=case.extra_rules,
    )  # fmt: skip
    return model, data


def _refilled(data: Data, point: Array) -> Array:
    """The point with the columns of the goals as its real rides make them."""
    point = point.copy()
    for name, values in goal_fill(data, point).items():
        point[data.frame.blocks[name].columns] = values
    return point


def _demands(case: Case, held: Held, point: Array, lines: Lines) -> Held:
    """What is held, and that the yearly cost stays within its tolerance and every budget."""
    goal, buses = case.model.goals["annual_cost"], COSTS["buses"](case.data)
    priced = float(goal.value(point).sum())
    cost = priced - float(buses.value(point).sum()) + float(lines.lines["cost_cny"].sum())
    budget = case.policy.money.annual_budget_cny
    most = ceiling(cost, case.tolerance.get("annual_cost", 0.0))
    most = max(cost, most if budget is None else min(most, budget))
    held = held.also(goal, priced + most - cost)
    return sources_held(held, case.model, case.data, case.skip, point=point, cost_cny=cost)
