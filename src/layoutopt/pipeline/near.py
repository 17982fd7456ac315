"""The point nearest to a plan that keeps every rule: fewest schools decided otherwise, then fewest pupils elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.fleet import vehicle_types
from layoutopt.kernels import highs
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.line_tables import HubLines
from layoutopt.model.objective import annual_cost
from layoutopt.model.solve import Held, Stopped
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.study import Study

Array = NDArray[np.float64]
STEPS, FILL_STEPS = 400, 50
GAP = 1e-6
"""The distance counts whole pupils: this gap proves it."""
FILL_GAP = 1e-4
DECISIONS: Mapping[str, Any] = {"must_keep": (), "must_close": (), "keep_reasons": {}, "must_attend": {}}
"""Keys that decide about single schools and places, and leave what a line may be as it is."""
STATES = {"hub": 2.0, "full": 2.0, "teaching_point": 1.0}
"""How much of a school there is; one that closes has moved two steps, one that shrinks to a teaching point one."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """A point, its distance to the plan, and the least distance that any point has."""

    point: Array
    distance: float
    bound: float


def nearest(
    model: Model, data: Data, plan: Plan, *, held: Held, time_limit_s: float, seed: int,
    interrupted: Callable[[], bool] = lambda: False,
) -> Nearest | None:  # fmt: skip
    """Return the point of the program nearest to ``plan``; None where the limits were reached before any was found.

    Of the points with its schools and ways it is the cheapest.

    Raises
    ------
    Stopped
        No point keeps every rule.
    """
    program = held.on(model.program(annual_cost(data)))
    cost, offset = distance(data, plan)
    away = replace(program, cost=cost, offset=offset)
    found = highs.solve(
        away, budget=highs.Budget(GAP, time_limit_s, STEPS), seed=seed, progress=lambda best, bound: interrupted()
    )
    if found.status == "infeasible":
        raise Stopped
    if found.values is None:
        return None
    lower, upper = program.lower.copy(), program.upper.copy()
    for name in ("chosen", "open", "point"):
        columns = data.frame.blocks[name].columns
        lower[columns] = upper[columns] = np.round(found.values[columns])
    fixed = replace(program, lower=lower, upper=upper)
    filled = highs.solve(fixed, budget=highs.Budget(FILL_GAP, time_limit_s, FILL_STEPS), seed=seed)
    point = found.values if filled.values is None else filled.values
    point = np.where(program.integer, np.round(point), point)
    if program.violation(point) > 10 * highs.FEASIBILITY_TOLERANCE:
        return None
    return Nearest(point, away.objective(point), min(found.bound, away.objective(point)))


def distance(data: Data, plan: Plan) -> tuple[Array, float]:
    """Return the costs and the constant of the distance to ``plan``.

    Σ_schools |state − state then| · (P + 1) + Σ pupils of groups who go elsewhere or another way, P all pupils: one
    school decided otherwise counts more than any number of pupils. Pupils of today at a school that the plan closed
    and that must stay now are nearest there.
    """
    frame, cost = data.frame, np.zeros(data.frame.width)
    chosen = frame.blocks["chosen"]
    items = data.options.items.set_index("item")
    went, state = (
        plan.assignments.set_index("item"),
        plan.schools.set_index("school_id")["role"].map(STATES).fillna(0.0),
    )
    back = chosen.table["item"].map(items["today_school"]).isin(_kept_again(data, state))
    same = chosen.table["item"].map(went["school_id"]) == chosen.table["school_id"]
    same &= chosen.table["item"].map(went["mode"]) == chosen.table["mode"]
    same = same.where(~back, chosen.table["school_id"] == chosen.table["item"].map(items["today_school"]))
    cost[chosen.columns] = -chosen.table["pupils"].where(same, 0.0).to_numpy(float)
    pupils = float(data.options.items["pupils"].sum())
    for name, own in (("open", 2.0), ("point", 1.0)):
        block = frame.blocks[name]
        then = state.reindex(block.table["school_id"], fill_value=0.0).to_numpy()
        cost[block.columns] = (np.abs(own - then) - then) * (pupils + 1)
    known = float(state.reindex(data.schools.index, fill_value=0.0).sum())
    return cost, pupils + known * (pupils + 1)


def _kept_again(data: Data, state: pd.Series) -> pd.Index:
    """Schools that must stay in full and did not."""
    must = data.schools.index[data.schools["keep_reason"] != ""]
    return must[state.reindex(must, fill_value=0.0) < STATES["full"]]


def orders_of(plan: Plan) -> dict[str, list[list[str]]]:
    """Return the pupil groups of every line, outermost first, by school."""
    return {school: [order for order, _ in own] for school, own in lines_of(plan).items()}


def lines_of(plan: Plan) -> dict[str, list[tuple[list[str], str]]]:
    """Return pupil groups, outermost first, and vehicle of every line, by school; one to two schools counts as two."""
    vehicle = plan.bus_lines.set_index("line_id")["vehicle_id"]
    found: dict[str, list[tuple[list[str], str]]] = {}
    ordered = plan.bus_stops.sort_values("order", kind="stable")
    for (line_id, school), stops in ordered.groupby(["line_id", "school_id"], sort=True):
        found.setdefault(str(school), []).append(([str(item) for item in stops["item"]], str(vehicle[line_id])))
    return found


def kept_lines(plan: Plan | None, study: Study, policy: Policy, riders: pd.DataFrame) -> dict[str, HubLines]:
    """Return the lines of the schools whose ``riders`` are those of ``plan``, where lines may be what they were then.

    Groups of a school stand in the order of their items, as :func:`layoutopt.model.lines.bus_lines` has them.
    """
    if (
        plan is None
        or study.digest != plan.study.digest
        or policy.replace(**DECISIONS) != plan.policy.replace(**DECISIONS)
    ):
        return {}
    kinds = {kind.vehicle_id: at for at, kind in enumerate(vehicle_types(study, policy))}
    before = lines_of(plan)
    found = {}
    for school, group in riders.sort_values("item", kind="stable").groupby("school_id"):
        own = before.get(str(school), [])
        at = {item: row for row, item in enumerate(group["item"])}
        if sorted(item for order, _ in own for item in order) == sorted(at):
            orders = tuple(tuple(at[item] for item in order) for order, _ in own)
            vehicles = tuple(kinds[vehicle] for _, vehicle in own)
            found[str(school)] = HubLines(str(school), group.reset_index(drop=True), orders, vehicles, "kept")
    return found
