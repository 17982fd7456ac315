"""Which program decides what: goals in their order, the yearly cost together with the bus lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import InfeasibleError, SolverError
from layoutopt.integrated.free import lines_free
from layoutopt.kernels import highs
from layoutopt.model.frame import Model
from layoutopt.model.lines import FleetShort, HubLines, Lines, line_tables
from layoutopt.model.solve import (
    EFFORTS,
    REFUSED,
    Answer,
    Held,
    Stopped,
)
from layoutopt.pipeline.around import around_lines
from layoutopt.pipeline.budgets import excess_cny
from layoutopt.pipeline.case import NOTHING_HELD, Case, drawn, first_of, keeping_longest, near_of, sought
from layoutopt.pipeline.near import Nearest, orders_of
from layoutopt.plan.plan import Level

if TYPE_CHECKING:
    from layoutopt.integrated.solve import Integrated

Array = NDArray[np.float64]
TOGETHER, SEQUENTIAL, NEAREST = "together", "sequential", "nearest"
METHODS = (TOGETHER, SEQUENTIAL, NEAREST)
COMPACT_NAME = "the compact program with buses at a price per rider"
TOGETHER_NAME = "layout and bus lines together, lines at their real cost"
NEAREST_NAME = "the fewest changes to the plan before"
CHANGES = "changes"
START = EFFORTS["quick"]
"""The compact program only gives layout and lines a place to begin; more work is better spent there."""
EARLIER_SHARE, START_SHARE, TOGETHER_SHARE = 0.3, 0.3, 0.85
"""Of the time left: for goals before the yearly cost, for the start, for layout and lines together."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Decision:
    """A point of the compact program with its lines, what each goal proved, and for which program."""

    point: Array
    lines: Lines
    levels: tuple[Level, ...]
    bound_name: str
    method: str
    notes: Mapping[str, float | str | bool] = field(default_factory=dict)
    basis: Any = None

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
        if method == NEAREST:
            return _nearest(case)
        if method == TOGETHER and case.solver is None and rides and "annual_cost" in names:
            return _together(case, names)
        answer = sought(
            case, case.model, names, EFFORTS[case.effort], 0.8, start=first_of(case, near_of(case, case.model))
        )
    except Stopped:
        from layoutopt.model.relax import why_infeasible

        raise why_infeasible(
            case.study, case.policy, case.options, skip=case.skip, extra_rules=case.extra_rules
        ) from None
    before = names[: names.index("annual_cost")] if "annual_cost" in names else names
    case = keeping_longest(case, [level for level in answer.levels if level.goal in before])
    return _sequential(case, answer, method if case.solver is None else SEQUENTIAL)


def _nearest(case: Case) -> Decision:
    """The plan with the fewest changes to the one to start from; lines whose riders stay are kept."""
    near = near_of(case, case.model)
    if near is None:
        raise SolverError("The limits were reached before any plan near the one given was found. Give more time.")
    case.report(0.8, "bus lines")
    status = "optimal" if near.bound >= near.distance - 0.5 else "feasible"
    level = Level(CHANGES, near.distance, near.bound, status)
    return Decision(near.point, drawn(case, near.point), (level,), NEAREST_NAME, NEAREST)


def _sequential(case: Case, answer: Answer, method: str) -> Decision:
    case.report(0.8, "bus lines")
    return Decision(answer.values, drawn(case, answer.values), answer.levels, COMPACT_NAME, method)


def _together(case: Case, names: Sequence[str]) -> Decision:
    """Goals before the yearly cost without lines, the cost with them, goals after it around them."""
    at = names.index("annual_cost")
    before, after = names[:at], names[at + 1 :]
    model, earlier, held, first = _begun(case, before)
    case = keeping_longest(case, earlier)
    found = None if case.interrupted() else _integrated(case, held, first.values)
    if found is None:
        if not first.levels:
            first = sought(case, model, ["annual_cost"], START, 0.5, held=held, start=first.values)
        levels, values = earlier + first.levels, first.values
        if after and not case.interrupted():
            last = sought(case, model, after, EFFORTS[case.effort], 0.8, held=first.held, start=values)
            levels, values = levels + last.levels, last.values
        return _sequential(case, Answer(values, levels, first.held), TOGETHER)
    integrated, ended = found
    whole = _is_whole(case, integrated.best.point)
    level = Level("annual_cost", integrated.best.cost, integrated.bound, "feasible", ended)
    level = replace(level, status="optimal" if level.gap <= EFFORTS["proof"].gap else "feasible")
    later: tuple[Level, ...] = ()
    if whole:
        point, lines = _tables(case, integrated, integrated.best.point, first.values)
        point, later = around_lines(case, after, held, point, lines)
    else:
        log.warning("A yes/no of the plan found is split: the plan made one after the other is kept.")
        level = replace(level, bound=-np.inf, status=REFUSED)
        point, lines = first.values, drawn(case, first.values)
    levels = (*earlier, level, *later)
    return Decision(point, lines, levels, TOGETHER_NAME, TOGETHER, integrated.notes, integrated.basis)


def _is_whole(case: Case, point: Array) -> bool:
    whole = np.concatenate([np.full(len(block), block.integer) for block in case.model.frame.blocks.values()])
    return bool(np.all(np.abs(point - np.round(point))[whole] <= 10 * highs.FEASIBILITY_TOLERANCE))


def _begun(case: Case, before: Sequence[str]) -> tuple[Model, tuple[Level, ...], Held, Answer]:
    """The goals before the yearly cost and what they demand, and the compact program's cheapest point that keeps them.

    Budgets speak of real lines; at the price per rider they may cut off every plan. Then lines are left out of them
    here, and the real cost decides in the end.
    """
    money = case.policy.money
    models = [case.model]
    if money.annual_budget_cny is not None or money.budget_by_source:
        models.append(lines_free(case.model, case.data, case.skip))
    for model in models:
        levels: tuple[Level, ...] = ()
        held = NOTHING_HELD
        try:
            near = near_of(case, model)
            start = first_of(case, near)
            if before:
                earlier = sought(case, model, before, EFFORTS[case.effort], EARLIER_SHARE, start=start)
                levels, held, start = earlier.levels, earlier.held, earlier.values
            near = _holding(case, model, held, near)
            if near is not None:
                return model, levels, held, Answer(near.point, (), held)
            first = sought(case, model, ["annual_cost"], START, START_SHARE, held=held, start=start)
        except Stopped:
            if model is models[-1]:
                raise
        else:
            break
    return model, levels, held, first


def _holding(case: Case, model: Model, held: Held, near: Nearest | None) -> Nearest | None:
    """The point near the plan to start from, or another one near it, that keeps what earlier goals demand."""
    if near is None:
        return None
    kept = held.on(model.program(model.goals["annual_cost"])).violation(near.point) <= highs.FEASIBILITY_TOLERANCE
    return near if kept else near_of(case, model, held)


def _integrated(case: Case, held: Held, start: Array) -> tuple[Integrated, str] | None:
    """Layout and lines together, and how that ended; None where there is nothing to decide together.

    The budget is no rule here: what is made small is the very cost it limits. Those of single sources are.
    """
    from layoutopt.integrated.begin import Known
    from layoutopt.integrated.solve import EFFORTS as SEARCH
    from layoutopt.integrated.solve import integrate

    began, limit_s = time.monotonic(), max(TOGETHER_SHARE * case.left_s, 1.0)
    found = integrate(
        case.model, case.data, start, effort=SEARCH[case.effort], held=held.on, skip=case.skip, time_limit_s=limit_s,
        seed=case.seed, interrupted=case.interrupted,
        report=lambda share, text: case.report(0.4 + 0.5 * max(share, 0.0), text),
        known=None if case.start is None else Known(orders_of(case.start), case.start.basis),
    )  # fmt: skip
    if found is None:
        return None
    if case.interrupted():
        return found, "user"
    ended = found.notes.get("together_stopped_by", found.notes.get("bound_stopped_by", "done"))
    return found, "time" if time.monotonic() - began >= limit_s else str(ended)


def _tables(case: Case, found: Integrated, point: Array, start: Array) -> tuple[Array, Lines]:
    """The lines found as tables. Where the fleet is too small for them all: drawn again, the cheaper of two points."""
    by_hub = []
    for hub, own in zip(found.hubs, found.best.lines, strict=True):
        orders = tuple(tuple(int(stop) for stop in own.stops(at)) for at in range(len(own)))
        if orders:
            by_hub.append(HubLines(hub.school_id, hub.group, orders, tuple(int(kind) for kind in own.kind)))
    try:
        return point, line_tables(case.study, case.policy, by_hub, skip=case.skip)
    except FleetShort:
        log.info("The fleet is too small for the lines found; they are drawn again, hub by hub.")
    return _cheaper(case, point, start)


def _cheaper(case: Case, *points: Array) -> tuple[Array, Lines]:
    """The cheapest of points whose riders the fleet can carry, of those that break budgets of sources least."""
    bus = (case.options.rows["mode"] == "bus").to_numpy()
    price = np.where(bus, case.options.rows["cost_cny"].to_numpy(float), 0.0)
    best: tuple[tuple[float, float], Array, Lines] | None = None
    failed: InfeasibleError | None = None
    for point in points:
        try:
            lines = drawn(case, point)
        except InfeasibleError as error:
            failed = error
            continue
        cost = float(case.model.goals["annual_cost"].value(point).sum())
        cost += float(lines.lines["cost_cny"].sum()) - float(price @ case.model.frame.values("chosen", point))
        value = excess_cny(case.data, case.skip, point, lines), cost
        if best is None or value < best[0]:
            best = (value, point, lines)
    if best is None:
        raise failed or SolverError("There is no point to draw lines for.")
    return best[1], best[2]
