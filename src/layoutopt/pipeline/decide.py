"""Which program decides what: goals in their order, the yearly cost together with the bus lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import InfeasibleError, SolverError
from layoutopt.kernels import highs
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.lines import FleetShort, HubLines, Lines, bus_lines, line_tables
from layoutopt.model.read import read_layout
from layoutopt.model.solve import (
    EFFORTS,
    REFUSED,
    Answer,
    Effort,
    Held,
    Solver,
    Stopped,
    ceiling,
    highs_solver,
    solve_goals,
)
from layoutopt.model.start import first_point
from layoutopt.options import Options
from layoutopt.plan.plan import Level
from layoutopt.policy import Policy
from layoutopt.progress import Report
from layoutopt.study import Study

if TYPE_CHECKING:
    from layoutopt.integrated.solve import Integrated

Array = NDArray[np.float64]
TOGETHER, SEQUENTIAL = "together", "sequential"
METHODS = (TOGETHER, SEQUENTIAL)
COMPACT_NAME = "the compact program with buses at a price per rider"
TOGETHER_NAME = "layout and bus lines together, lines at their real cost"
START = EFFORTS["quick"]
"""The compact program only gives layout and lines a place to begin; more work is better spent there."""
EARLIER_SHARE, START_SHARE, TOGETHER_SHARE = 0.3, 0.3, 0.85
"""Of the time left: for goals before the yearly cost, for the start, for layout and lines together."""
LINES_FIXED = "lines fixed"
NOTHING_HELD = Held()
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Case:
    """One run: what is asked, the program it makes, and how long it may take."""

    study: Study
    policy: Policy
    options: Options
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

    @property
    def left_s(self) -> float:
        """Seconds left before the safety stop."""
        return self.deadline - time.monotonic()

    @property
    def tolerance(self) -> Mapping[str, float]:
        """How much of each goal the goals after it may give up."""
        return self.policy.goals.goal_tolerance


@dataclass(frozen=True, eq=False)
class Decision:
    """A point of the compact program with its lines, what each goal proved, and for which program."""

    point: Array
    lines: Lines
    levels: tuple[Level, ...]
    bound_name: str
    method: str
    notes: Mapping[str, float | str | bool] = field(default_factory=dict)

    @property
    def together(self) -> bool:
        """Whether layout and lines were decided together."""
        return self.bound_name == TOGETHER_NAME


def decide(case: Case, method: str) -> Decision:
    """Return the layout, its lines and the proof.

    Raises
    ------
    InfeasibleError
        No plan keeps every rule, or a fleet of limited size cannot carry everybody.
    SolverError
        The limits were reached before any plan was found.
    """
    rides = bool((case.options.rows["mode"] == "bus").any())
    names = list(case.model.goals)
    try:
        if method == TOGETHER and case.solver is None and rides and "annual_cost" in names:
            return _together(case, names)
        answer = _sought(case, case.model, names, EFFORTS[case.effort], 0.8, start=_first(case))
    except Stopped:
        from layoutopt.model.relax import why_infeasible

        raise why_infeasible(case.model, case.data, case.study) from None
    return _sequential(case, answer, method if case.solver is None else SEQUENTIAL)


def _first(case: Case) -> Array | None:
    return first_point(case.model, case.data)


def _sought(
    case: Case, model: Model, names: Sequence[str], effort: Effort, share: float, *, start: Array | None,
    held: Held = NOTHING_HELD, solver: Solver | None = None,
) -> Answer:  # fmt: skip
    """The compact program's answer for goals in their order, within a share of the time left."""
    if case.solver is not None:
        from layoutopt.model.pulp import pulp_solver

        solver = pulp_solver(model, case.solver)
    return solve_goals(
        model, goals=names, held=held, tolerance=case.tolerance, effort=effort, start=start, seed=case.seed,
        time_limit_s=max(share * case.left_s, 1.0), interrupted=case.interrupted,
        report=lambda done, text: case.report(0.4 * done if done >= 0 else done, text), solver=solver,
    )  # fmt: skip


def _sequential(case: Case, answer: Answer, method: str) -> Decision:
    case.report(0.8, "bus lines")
    return Decision(answer.values, _drawn(case, answer.values), answer.levels, COMPACT_NAME, method)


def _drawn(case: Case, point: Array) -> Lines:
    """Lines for the riders of a point, hub by hub."""
    chosen = read_layout(case.data, point).chosen
    by_bus = chosen[chosen["mode"] == "bus"][["item", "school_id"]]
    riders: pd.DataFrame = by_bus.merge(case.options.items, on="item", validate="one_to_one")
    return bus_lines(
        case.study, case.policy, riders, seed=case.seed, time_limit_s=max(case.left_s, 5.0), skip=case.skip
    )


def _together(case: Case, names: Sequence[str]) -> Decision:
    """Goals before the yearly cost without lines, the cost with them, goals after it around them."""
    at = names.index("annual_cost")
    before, after = names[:at], names[at + 1 :]
    model, earlier, held, first = _begun(case, before)
    found = None if case.interrupted() else _integrated(case, held, first.values)
    if found is None:
        levels, values = earlier + first.levels, first.values
        if after and not case.interrupted():
            last = _sought(case, model, after, EFFORTS[case.effort], 0.8, held=first.held, start=values)
            levels, values = levels + last.levels, last.values
        return _sequential(case, Answer(values, levels, first.held), TOGETHER)
    integrated, ended = found
    whole = _is_whole(case, integrated.best.point)
    level = Level("annual_cost", integrated.best.cost, integrated.bound, "feasible", ended)
    level = replace(level, status="optimal" if level.gap <= EFFORTS["proof"].gap else "feasible")
    later: tuple[Level, ...] = ()
    if whole:
        point, later = _around_lines(case, after, held, integrated.best.point, integrated.best.cost)
        case.report(0.9, "bus lines")
        point, lines = _tables(case, integrated, point, first.values)
    else:
        log.warning("A yes/no of the plan found is split: the plan made one after the other is kept.")
        level = replace(level, bound=-np.inf, status=REFUSED)
        point, lines = first.values, _drawn(case, first.values)
    levels = (*earlier, level, *later)
    return Decision(point, lines, levels, TOGETHER_NAME, TOGETHER, integrated.notes)


def _is_whole(case: Case, point: Array) -> bool:
    whole = np.concatenate([np.full(len(block), block.integer) for block in case.model.frame.blocks.values()])
    return bool(np.all(np.abs(point - np.round(point))[whole] <= 10 * highs.FEASIBILITY_TOLERANCE))


def _begun(case: Case, before: Sequence[str]) -> tuple[Model, tuple[Level, ...], Held, Answer]:
    """The goals before the yearly cost and what they demand, and the compact program's cheapest point that keeps them.

    A yearly budget speaks of real lines; at the price per rider it may cut off every plan. Then it is left out
    here, and the real cost decides in the end.
    """
    models = [case.model]
    if case.policy.money.annual_budget_cny is not None:
        models.append(case.model.without("annual_budget"))
    for model in models:
        levels: tuple[Level, ...] = ()
        held, start = NOTHING_HELD, _first(case)
        try:
            if before:
                earlier = _sought(case, model, before, EFFORTS[case.effort], EARLIER_SHARE, start=start)
                levels, held, start = earlier.levels, earlier.held, earlier.values
            first = _sought(case, model, ["annual_cost"], START, START_SHARE, held=held, start=start)
        except Stopped:
            if model is models[-1]:
                raise
        else:
            break
    return model, levels, held, first


def _integrated(case: Case, held: Held, start: Array) -> tuple[Integrated, str] | None:
    """Layout and lines together, and how that ended; None where there is nothing to decide together.

    The budget is no rule here: what is made small is the very cost it limits.
    """
    from layoutopt.integrated.solve import EFFORTS as SEARCH
    from layoutopt.integrated.solve import integrate

    began, limit_s = time.monotonic(), max(TOGETHER_SHARE * case.left_s, 1.0)
    found = integrate(
        case.study, case.policy, case.options, start, effort=SEARCH[case.effort], held=held.on,
        skip={*case.skip, "annual_budget"}, extra_rules=case.extra_rules, time_limit_s=limit_s, seed=case.seed,
        interrupted=case.interrupted, report=lambda share, text: case.report(0.4 + 0.5 * max(share, 0.0), text),
    )  # fmt: skip
    if found is None:
        return None
    if case.interrupted():
        return found, "user"
    ended = found.notes.get("together_stopped_by", found.notes.get("bound_stopped_by", "done"))
    return found, "time" if time.monotonic() - began >= limit_s else str(ended)


def _around_lines(
    case: Case, names: Sequence[str], held: Held, point: Array, cost_cny: float
) -> tuple[Array, tuple[Level, ...]]:
    """Goals after the yearly cost: whoever rides keeps the line, all else may change within what is held.

    What such a search proves speaks for these lines only, so its levels have no bound.
    """
    if not names or case.interrupted():
        return point, ()
    model = case.model.without("annual_budget")
    goal, budget = model.goals["annual_cost"], case.policy.money.annual_budget_cny
    most = ceiling(cost_cny, case.tolerance.get("annual_cost", 0.0))
    most = max(cost_cny, most if budget is None else min(most, budget))
    held = held.also(goal, float(goal.value(point).sum()) + most - cost_cny)
    block = model.frame.blocks["chosen"]
    rides = np.arange(block.start, block.start + len(block))[(block.table["mode"] == "bus").to_numpy()]
    inner = highs_solver(case.seed, lambda share, text: case.report(-1.0, text), case.interrupted)

    def around(program: highs.Program, budget: highs.Budget, start: Array | None) -> highs.Solved:
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[rides] = upper[rides] = np.round(point[rides])
        return inner(replace(program, lower=lower, upper=upper), budget, start)

    try:
        answer = _sought(case, model, names, EFFORTS[case.effort], 0.8, held=held, start=point, solver=around)
    except (Stopped, SolverError) as error:
        log.warning("The goals after the yearly cost were not sought: %s", error or "the lines leave no room")
        return point, ()
    return answer.values, tuple(replace(level, bound=-np.inf, status=LINES_FIXED) for level in answer.levels)


def _tables(case: Case, found: Integrated, point: Array, start: Array) -> tuple[Array, Lines]:
    """The lines found as tables. Where the fleet is too small for them all: drawn again, the cheaper of two points."""
    drawn = []
    for hub, own in zip(found.hubs, found.best.lines, strict=True):
        orders = tuple(tuple(int(stop) for stop in own.stops(at)) for at in range(len(own)))
        if orders:
            drawn.append(HubLines(hub.school_id, hub.group, orders, tuple(int(kind) for kind in own.kind)))
    try:
        return point, line_tables(case.study, case.policy, drawn, skip=case.skip)
    except FleetShort:
        log.info("The fleet is too small for the lines found; they are drawn again, hub by hub.")
    return _cheaper(case, point, start)


def _cheaper(case: Case, *points: Array) -> tuple[Array, Lines]:
    """The cheapest of points whose riders the fleet can carry."""
    bus = (case.options.rows["mode"] == "bus").to_numpy()
    price = np.where(bus, case.options.rows["cost_cny"].to_numpy(float), 0.0)
    best: tuple[float, Array, Lines] | None = None
    failed: InfeasibleError | None = None
    for point in points:
        try:
            lines = _drawn(case, point)
        except InfeasibleError as error:
            failed = error
            continue
        cost = float(case.model.goals["annual_cost"].value(point).sum())
        cost += float(lines.lines["cost_cny"].sum()) - float(price @ case.model.frame.values("chosen", point))
        if best is None or cost < best[0]:
            best = (cost, point, lines)
    if best is None:
        raise failed or SolverError("There is no point to draw lines for.")
    return best[1], best[2]
