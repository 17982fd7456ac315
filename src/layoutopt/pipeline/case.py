"""One run while it is decided: what is asked, the program it makes, and how its goals and lines are sought."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import InfeasibleError
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.hub import LONGEST
from layoutopt.model.lines import Lines, bus_lines
from layoutopt.model.read import read_layout
from layoutopt.model.solve import Answer, Effort, Held, Solver, ceiling, solve_goals
from layoutopt.model.start import first_point
from layoutopt.model.unavoidable import unavoidable_cny
from layoutopt.options import Options
from layoutopt.pipeline.near import Nearest, kept_lines, nearest
from layoutopt.plan.plan import Level, Plan
from layoutopt.policy import Policy
from layoutopt.progress import Report
from layoutopt.study import Study

Array = NDArray[np.float64]
NOTHING_HELD = Held()
NEAR_SHARE = 0.3
"""Of the time left, for the point nearest to the plan to start from."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Case:
    """One run: what is asked, the program it makes, and how long it may take."""

    model: Model
    data: Data
    skip: Collection[str]
    extra_rules: tuple[ExtraRule, ...]
    effort: str
    seed: int
    deadline: float
    report: Report
    interrupted: Callable[[], bool]
    solver: Any = None
    start: Plan | None = None

    @property
    def study(self) -> Study:
        """The facts the program is about."""
        return self.data.study

    @property
    def policy(self) -> Policy:
        """The choices the program is made of."""
        return self.data.policy

    @property
    def options(self) -> Options:
        """The ways the program chooses among."""
        return self.data.options

    @cached_property
    def unavoidable_cny(self) -> float:
        """A yearly cost that no plan is below: the wages nobody can avoid."""
        return unavoidable_cny(self.model, self.data)

    @property
    def left_s(self) -> float:
        """Seconds left before the safety stop."""
        return self.deadline - time.monotonic()

    @property
    def tolerance(self) -> Mapping[str, float]:
        """How much of each goal the goals after it may give up."""
        return self.policy.goals.goal_tolerance


def near_of(case: Case, model: Model, held: Held = NOTHING_HELD) -> Nearest | None:
    """Return the point nearest to the plan to start from; None without a plan, or where none was found in time."""
    if case.start is None:
        return None
    return nearest(
        model, case.data, case.start, held=held, time_limit_s=max(NEAR_SHARE * case.left_s, 1.0), seed=case.seed,
        interrupted=case.interrupted,
    )  # fmt: skip


def first_of(case: Case, near: Nearest | None) -> Array | None:
    """Return a first point of the case's program: the one near the plan, or by a simple rule; None without either."""
    return first_point(case.model, case.data) if near is None else near.point


def sought(
    case: Case, model: Model, names: Sequence[str], effort: Effort, share: float, *, start: Array | None,
    held: Held = NOTHING_HELD, solver: Solver | None = None,
) -> Answer:  # fmt: skip
    """Return the compact program's answer for goals in their order, within a share of the time left."""
    if case.solver is not None:
        from layoutopt.model.pulp import pulp_solver

        solver = pulp_solver(model, case.solver)
    return solve_goals(
        model, goals=names, held=held, tolerance=case.tolerance, effort=effort, start=start, seed=case.seed,
        time_limit_s=max(share * case.left_s, 1.0), interrupted=case.interrupted,
        report=lambda done, text: case.report(0.4 * done if done >= 0 else done, text), solver=solver,
    )  # fmt: skip


def keeping_longest(case: Case, levels: Sequence[Level]) -> Case:
    """Return the case whose lines bring nobody later than ``worst_journey`` left room for, where it is a level."""
    longest = [
        ceiling(level.value, case.tolerance.get(level.goal, 0.0)) for level in levels if level.goal == "worst_journey"
    ]
    if not longest:
        return case
    items = case.options.items
    most = min([longest[0], *items[LONGEST]]) if LONGEST in items else longest[0]
    options = replace(case.options, items=items.assign(**{LONGEST: most}))
    return replace(case, data=replace(case.data, options=options))


def drawn(case: Case, point: Array) -> Lines:
    """Return lines for the riders of a point, hub by hub; the goal of the longest way gives way to the fleet."""
    chosen = read_layout(case.data, point).chosen
    by_bus = chosen[chosen["mode"] == "bus"][["item", "school_id"]]
    riders: pd.DataFrame = by_bus.merge(case.options.items, on="item", validate="one_to_one")

    known = kept_lines(case.start, case.study, case.policy, riders)

    def lines(riders: pd.DataFrame) -> Lines:
        limit_s = max(case.left_s, 5.0)
        return bus_lines(
            case.study, case.policy, riders, seed=case.seed, time_limit_s=limit_s, skip=case.skip, known=known
        )

    try:
        return lines(riders)
    except InfeasibleError:
        if LONGEST not in riders:
            raise
        log.info("The fleet is too small for ways as short as worst_journey wants: lines keep the limits only.")
        return lines(riders.drop(columns=LONGEST))
