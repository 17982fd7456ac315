"""Goals in their order: one solver call each, earlier goals held, every level's bound kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.model.frame import Expr, Model, Rows
from layoutopt.plan.plan import Level

Array = NDArray[np.float64]
Report = Callable[[float, str], None]
log = logging.getLogger(__name__)


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


REFUSED = "bound refused"
"""Status of a level whose bound cannot be right."""


@dataclass(frozen=True, eq=False)
class Held:
    """What earlier goals demand of later ones: rows over the columns, and the most each may come to."""

    rows: tuple[sp.csr_matrix, ...] = ()
    most: tuple[float, ...] = ()

    def also(self, goal: Expr, most: float) -> Held:
        """Return the demands with one more: ``goal`` comes to ``most`` at most."""
        return Held((*self.rows, goal.matrix), (*self.most, most - float(goal.constant.sum())))

    def eased_to(self, point: Array) -> Held:
        """Return the demands, none of them for less than ``point`` comes to."""
        reached = [float((row @ point).sum()) for row in self.rows]
        most = [max(most, own + HOLD_SLACK * max(1.0, abs(own))) for most, own in zip(self.most, reached, strict=True)]
        return Held(self.rows, tuple(most))

    def on(self, program: highs.Program) -> highs.Program:
        """Return ``program`` with these demands as further rows."""
        if not self.rows:
            return program
        own = self.as_rows(program.rows.shape[1])
        return replace(
            program,
            rows=sp.vstack([program.rows, own.matrix], format="csr"),
            row_lower=np.concatenate([program.row_lower, own.lower]),
            row_upper=np.concatenate([program.row_upper, own.upper]),
        )

    def as_rows(self, width: int) -> Rows:
        """Return these demands as rows over so many columns."""
        matrix = sp.vstack(self.rows, format="csr") if self.rows else sp.csr_matrix((0, width))
        labels = pd.MultiIndex.from_arrays([np.arange(len(self.rows))], names=["goal"])
        return Rows(matrix, np.full(len(self.rows), -np.inf), np.array(self.most), labels)


@dataclass(frozen=True, eq=False)
class Answer:
    """The point that is best for the last goal, what each level proved, and what the goals demand from now on."""

    values: Array
    levels: tuple[Level, ...]
    held: Held


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
    goals: Sequence[str] | None = None,
    held: Held = Held(),
) -> Answer:
    """Return the best point over goals in order.

    Parameters
    ----------
    goals
        Names of goals of the model, all of them where not given.
    held
        What goals before these demand.

    Raises
    ------
    Stopped
        The program has no feasible point.
    SolverError
        The limits were reached before any point was found.
    """
    began = time.monotonic()
    levels: list[Level] = []
    point = start
    names = list(model.goals) if goals is None else goals
    call = solver or highs_solver(seed, report, interrupted)
    for position, name in enumerate(names):
        goal = model.goals[name]
        program = held.on(model.program(goal))
        within = name == "travel" and bool(held.rows) and not effort.whole_travel
        if within and point is not None:
            program = _layout_fixed(model, program, point)
        left = time_limit_s - (time.monotonic() - began)
        share = left if position + 1 == len(names) else LATER_GOALS * left
        if point is not None and left <= 0.5:
            levels.append(Level(name, program.objective(point), -np.inf, "feasible", "time"))
            continue
        report(
            position / len(names),
            f"goal {name}: {len(program.cost):,} columns, {program.rows.shape[0]:,} rows",
        )
        budget = WITHIN_LAYOUT if within else effort
        found = _believed(call(program, highs.Budget(budget.gap, max(share, 1.0), budget.steps), point), program, point)
        if found.status == "infeasible":
            raise Stopped
        if found.values is None:
            raise SolverError(f"The solver stopped ({found.stopped_by}) before any plan was found. Give more time.")
        point = _rounded(program, found.values)
        level = _level(name, found, program, point)
        if within:
            level = replace(level, bound=-np.inf, status="layout fixed")
        levels.append(level)
        value = level.value
        held = held.also(goal, ceiling(value, tolerance.get(name, 0.0)))
        if found.stopped_by == "user":
            break
    if point is None:
        raise SolverError("The policy names no goal the compact program knows.")
    return Answer(point, tuple(levels), held)


def ceiling(value: float, tolerance: float) -> float:
    """Return what a goal of this value may come to while later goals are sought."""
    return value + abs(value) * tolerance + HOLD_SLACK * max(1.0, abs(value))


def _believed(found: highs.Solved, program: highs.Program, before: Array | None) -> highs.Solved:
    """What the solver says; where its point breaks a row or splits a yes/no, the point before, and no bound."""
    if found.values is None:
        return found
    broken = program.violation(found.values)
    if broken <= 10 * highs.FEASIBILITY_TOLERANCE:
        return found
    log.warning("The solver's point breaks a row or splits a yes/no by %.2g: neither it nor its bound is used.", broken)
    if before is None or program.violation(before) > 10 * highs.FEASIBILITY_TOLERANCE:
        raise SolverError("The solver's answer breaks the rows of its own program, and there is no plan before it.")
    return replace(found, values=before, status="feasible", bound=np.inf)


def _level(name: str, found: highs.Solved, program: highs.Program, point: Array) -> Level:
    """What one call proved; no bound, with a word, where it lies above the value by more than rounding."""
    value, bound = program.objective(point), _bound(found, program)
    if bound > value + highs.FEASIBILITY_TOLERANCE * max(1.0, abs(value)):
        log.warning("The solver's bound %.10g lies above the plan's value %.10g: it is not used.", bound, value)
        return Level(name, value, -np.inf, REFUSED, found.stopped_by)
    return Level(name, value, min(bound, value), found.status, found.stopped_by)


def _bound(found: highs.Solved, program: highs.Program) -> float:
    """The solver's bound; rounded up where every cost is whole on whole columns."""
    whole = bool(np.all(program.cost == np.round(program.cost)) and np.all(program.integer[program.cost != 0]))
    is_count = whole and float(np.max(np.abs(program.cost), initial=0.0)) <= 1.0 and np.isfinite(found.bound)
    return float(np.ceil(found.bound - 1e-6)) if is_count else found.bound


def _layout_fixed(model: Model, program: highs.Program, point: Array) -> highs.Program:
    """The program with every school, band and expansion as the point has them, in each copy of several."""
    lower, upper = program.lower.copy(), program.upper.copy()
    for name, block in model.frame.blocks.items():
        if name.rpartition("/")[2] in LAYOUT_BLOCKS:
            lower[block.columns] = upper[block.columns] = np.round(point[block.columns])
    return replace(program, lower=lower, upper=upper)


def _rounded(program: highs.Program, values: Array) -> Array:
    """Round the whole-number columns; keep the raw point where rounding would break a row."""
    rounded = np.where(program.integer, np.round(values), values)
    return rounded if program.violation(rounded) <= 10 * highs.FEASIBILITY_TOLERANCE else values


def highs_solver(seed: int, report: Report, interrupted: Callable[[], bool]) -> Solver:
    """Return HiGHS as a solver of one goal that reports its best and its bound, and can be interrupted."""

    def call(program: highs.Program, budget: highs.Budget, start: Array | None) -> highs.Solved:
        def tell(best: float, bound: float) -> bool:
            if np.isfinite(best) and abs(best) < 1e29:
                report(-1.0, f"best {best:,.0f}, bound {bound:,.0f}")
            return interrupted()

        return highs.solve(program, budget=budget, start=start, seed=seed, progress=tell)

    return call
