"""Goals in their order: one solver call each, earlier goals held, every level's bound kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.model.frame import Model
from layoutopt.plan.plan import Level

Array = NDArray[np.float64]
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Effort:
    """How much work one goal may cost: the gap that is good enough, and steps that are repeatable.

    Without ``whole_travel`` the goal travel reassigns pupils within the layout that the goals before it
    chose, and has no bound of its own.
    """

    gap: float
    steps: int
    whole_travel: bool = False


EFFORTS: Mapping[str, Effort] = {
    "quick": Effort(gap=0.05, steps=100),
    "normal": Effort(gap=0.02, steps=500),
    "proof": Effort(gap=1e-4, steps=10_000_000, whole_travel=True),
}
WITHIN_LAYOUT = Effort(gap=0.03, steps=15)
"""Reassigning pupils within a chosen layout polishes a plan; it is not worth more work than the layout."""
LAYOUT_BLOCKS = ("open", "point", "taught", "level")
LATER_GOALS = 0.85
"""Share of the time left that a goal may use where goals follow it."""
HOLD_SLACK = 1e-6
"""Relative room a held goal gets beyond its tolerance, so that rounding does not cut off the plan itself."""


@dataclass(frozen=True, eq=False)
class Answer:
    """The point that is best for the last goal, and what each level proved."""

    values: Array
    levels: tuple[Level, ...]


class Stopped(Exception):
    """Raised inside when nothing fits; carries no plan. Callers turn it into words."""


Solver = Callable[[highs.Program, highs.Budget, Array | None], highs.Solved]


def solve_goals(
    model: Model,
    *,
    tolerance: Mapping[str, float],
    effort: Effort,
    time_limit_s: float,
    seed: int,
    start: Array | None,
    report: Report,
    interrupted: Callable[[], bool],
    solver: Solver | None = None,
) -> Answer:
    """Return the best point over the model's goals in order.

    Raises
    ------
    Stopped
        The program has no feasible point.
    SolverError
        The limits were reached before any point was found.
    """
    began = time.monotonic()
    levels: list[Level] = []
    held: list[tuple[sp.csr_matrix, float]] = []
    point = start
    goals = list(model.goals.items())
    call = solver or _highs_solver(seed, report, interrupted)
    for position, (name, goal) in enumerate(goals):
        program = _with_held(model.program(goal), held)
        within = name == "travel" and bool(levels) and not effort.whole_travel
        if within and point is not None:
            program = _layout_fixed(model, program, point)
        left = time_limit_s - (time.monotonic() - began)
        share = left if position + 1 == len(goals) else LATER_GOALS * left
        if point is not None and left <= 0.5:
            levels.append(Level(name, program.objective(point), -np.inf, "feasible", "time"))
            continue
        report(
            position / len(goals),
            f"goal {name}: {len(program.cost):,} columns, {program.rows.shape[0]:,} rows",
        )
        budget = WITHIN_LAYOUT if within else Effort(effort.gap, effort.steps)
        found = call(program, highs.Budget(budget.gap, max(share, 1.0), budget.steps), point)
        if found.status == "infeasible":
            raise Stopped
        if found.values is None:
            raise SolverError(f"The solver stopped ({found.stopped_by}) before any plan was found. Give more time.")
        point = _rounded(program, found.values)
        value = program.objective(point)
        bound = -np.inf if within else min(_bound(found, program), value)
        levels.append(Level(name, value, bound, "layout fixed" if within else found.status, found.stopped_by))
        ceiling = value + abs(value) * tolerance.get(name, 0.0) + HOLD_SLACK * max(1.0, abs(value))
        held.append((goal.matrix, ceiling - float(goal.constant.sum())))
        if found.stopped_by == "user":
            break
    if point is None:
        raise SolverError("The policy names no goal the compact program knows.")
    return Answer(point, tuple(levels))


def _bound(found: highs.Solved, program: highs.Program) -> float:
    """The solver's bound; rounded up where every cost is whole on whole columns."""
    whole = bool(np.all(program.cost == np.round(program.cost)) and np.all(program.integer[program.cost != 0]))
    is_count = whole and float(np.max(np.abs(program.cost), initial=0.0)) <= 1.0 and np.isfinite(found.bound)
    return float(np.ceil(found.bound - 1e-6)) if is_count else found.bound


def _layout_fixed(model: Model, program: highs.Program, point: Array) -> highs.Program:
    """The program with every school, band and expansion as the point has them."""
    lower, upper = program.lower.copy(), program.upper.copy()
    for name in LAYOUT_BLOCKS:
        columns = model.frame.blocks[name].columns
        lower[columns] = upper[columns] = np.round(point[columns])
    return replace(program, lower=lower, upper=upper)


def _with_held(program: highs.Program, held: list[tuple[sp.csr_matrix, float]]) -> highs.Program:
    if not held:
        return program
    matrix = sp.vstack([program.rows, *(row for row, _ in held)], format="csr")
    ceilings = np.array([ceiling for _, ceiling in held])
    return replace(
        program,
        rows=matrix,
        row_lower=np.concatenate([program.row_lower, np.full(len(held), -np.inf)]),
        row_upper=np.concatenate([program.row_upper, ceilings]),
    )


def _rounded(program: highs.Program, values: Array) -> Array:
    """Round the whole-number columns; keep the raw point where rounding would break a row."""
    rounded = np.where(program.integer, np.round(values), values)
    return rounded if program.violation(rounded) <= 10 * highs.FEASIBILITY_TOLERANCE else values


def _highs_solver(seed: int, report: Report, interrupted: Callable[[], bool]) -> Solver:
    def call(program: highs.Program, budget: highs.Budget, start: Array | None) -> highs.Solved:
        def tell(best: float, bound: float) -> bool:
            if np.isfinite(best) and abs(best) < 1e29:
                report(-1.0, f"best {best:,.0f}, bound {bound:,.0f}")
            return interrupted()

        return highs.solve(program, budget=budget, start=start, seed=seed, progress=tell)

    return call
