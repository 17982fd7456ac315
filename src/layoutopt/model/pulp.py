"""The same rows as a PuLP problem, every name readable; the one module that knows PuLP's versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.model.build import ExtraRule, build_model
from layoutopt.model.frame import Model
from layoutopt.model.solve import Solver
from layoutopt.options import build_options
from layoutopt.policy import Policy
from layoutopt.study import Study

Array = NDArray[np.float64]
_UNSAFE = re.compile(r"[^0-9A-Za-z_.\u4e00-\u9fff]+")


def to_pulp(study: Study, policy: Policy, *, goal: str = "annual_cost", extra_rules: Iterable[ExtraRule] = ()) -> Any:
    """Return the compact program as a ``pulp.LpProblem`` for any PuLP solver, or for LP and MPS export.

    Columns are named like ``open_S017`` or ``chosen_V013.lower_S004_bus``, rows like ``places_S017_primary``.
    One goal is stated; earlier goals of a policy are not held. Rows of ``extra_rules`` carry their function's name.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.to_pulp(study, policy).writeLP("county.lp")  # doctest: +SKIP
    """
    model, _ = build_model(study, policy, build_options(study, policy), extra_rules=extra_rules)
    if goal not in model.goals:
        raise ValueError(f"unknown goal '{goal}'. The policy names: {', '.join(model.goals)}.")
    return problem_of(model, model.program(model.goals[goal]), name=goal)


def problem_of(model: Model, program: highs.Program, *, name: str) -> Any:
    """Return the arrays as a PuLP problem; rows beyond the model's own are held goals."""
    import pulp

    problem = pulp.LpProblem(name, pulp.LpMinimize)
    columns = [
        _variable(problem, label, upper, whole)
        for label, upper, whole in zip(column_names(model), program.upper, program.integer, strict=True)
    ]
    costs = np.flatnonzero(program.cost)
    problem += pulp.LpAffineExpression([(columns[i], float(program.cost[i])) for i in costs], program.offset)
    names = model.row_names()
    names += [f"held_goal_{n}" for n in range(1, program.rows.shape[0] - len(names) + 1)]
    for at, label in enumerate(_distinct(names)):
        row = program.rows.getrow(at)
        terms = [(columns[i], float(v)) for i, v in zip(row.indices, row.data, strict=True) if v]
        _add_row(problem, terms, program.row_lower[at], program.row_upper[at], label)
    return problem


def safe_name(label: str) -> str:
    """Return a name LP files accept: ``open[S017]`` becomes ``open_S017``."""
    return _UNSAFE.sub("_", label).strip("_")


def column_names(model: Model) -> list[str]:
    """Return a distinct LP name for every column, in the frame's order."""
    return _distinct(model.frame.column_names())


def _distinct(labels: Sequence[str]) -> list[str]:
    """LP names; where two labels differ only in signs an LP file does not take, a number is added."""
    used: set[str] = set()
    names = []
    for label in labels:
        plain = name = safe_name(label)
        number = 1
        while name in used:
            number += 1
            name = f"{plain}_{number}"
        used.add(name)
        names.append(name)
    return names


def _variable(problem: Any, name: str, upper: float, whole: bool) -> Any:
    import pulp

    category = pulp.LpInteger if whole else pulp.LpContinuous
    most = None if np.isinf(upper) else float(upper)
    if hasattr(problem, "add_variable"):  # PuLP 4: the model owns its variables
        return problem.add_variable(name, 0, most, cat=category)
    return pulp.LpVariable(name, 0, most, category)


def _add_row(problem: Any, terms: list[tuple[Any, float]], low: float, high: float, name: str) -> None:
    import pulp

    if not terms:
        if low > 1e-9 or high < -1e-9:
            raise SolverError(f"The row {name} has no column, yet must reach {max(low, -high):g}.")
        return
    total = pulp.LpAffineExpression(terms)
    if low == high:
        problem += (total == float(low), name)
        return
    if np.isfinite(high):
        problem += (total <= float(high), name)
    if np.isfinite(low):
        problem += (total >= float(low), f"{name}_least" if np.isfinite(high) else name)


def pulp_solver(model: Model, solver: Any) -> Solver:
    """Return a solver function that hands each goal to a PuLP solver object.

    PuLP reports no proven bound, so the bound of every level is unknown (minus infinity) and the
    status never more than ``feasible``; the point is checked against the rows here.
    """

    def call(program: highs.Program, budget: highs.Budget, start: Array | None) -> highs.Solved:
        problem = problem_of(model, program, name="goal")
        outcome = problem.solve(solver)
        values = _values_of(problem, model)
        if values is None or program.violation(values) > 1e-4:
            infeasible = _is_infeasible(problem, outcome)
            return highs.Solved("infeasible" if infeasible else "none", None, np.inf, -np.inf, 0, 0, 0.0)
        return highs.Solved("feasible", values, program.objective(values), -np.inf, 0, 0, 0.0)

    return call


def _values_of(problem: Any, model: Model) -> Array | None:
    found = {variable.name: variable.value() for variable in problem.variables()}
    names = column_names(model)
    if any(value is None for value in found.values()):
        return None
    return np.array([float(found.get(name, 0.0)) for name in names])


def _is_infeasible(problem: Any, outcome: Any) -> bool:
    import pulp

    status = getattr(outcome, "status", getattr(problem, "status", None))
    return str(getattr(status, "name", status)).lower() == "infeasible" or status == pulp.LpStatusInfeasible
