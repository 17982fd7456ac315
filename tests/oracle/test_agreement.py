"""The audit and the compact program agree: a decision has an empty audit exactly when the program allows it.

Decisions come from a hand that looks at no rule, from the program itself (any goal), from the program without one rule
pushed as far beyond it as it goes, and from single changes of these. Buses ride directly, one line a group.
"""

from __future__ import annotations

import functools
import runpy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import layoutopt as lo
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.line_tables import HubLines, line_tables
from layoutopt.model.read import read_layout
from layoutopt.model.rules import RULES
from layoutopt.model.rules.support import chosen_support, driven_tours
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import build_options
from layoutopt.plan.money import paid_by_source
from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import assignment_table, school_table
from layoutopt.plan.tours import tour_table
from layoutopt.schema import BANDS, GRADES, STAGES
from layoutopt.today import items_of, paid_posts

MADE = runpy.run_path(str(Path(__file__).with_name("agreement_counties.py")))
Decision, county, by_hand, changed, everything = (
    MADE[name] for name in ("Decision", "county", "by_hand", "changed", "everything")
)
Array = NDArray[np.float64]
BLOCK = 10
BLOCKS = range(0, 220, BLOCK)
STAFFING = {
    "grade_classes": ("grade", "classes_g{}"), "multigrade": ("band", "multigrade_{}"), "posts": ("stage", "posts_{}"),
}  # fmt: skip
OF_STAFFING = ("class_size", "class_per_grade", "multigrade_size", "posts", "own_specialists")
"""Rules that only a hand on classes and posts breaks, since the tables follow the norms."""
MANY = 1_000.0
"""Stands for the endless upper bounds where one rule is pushed as far as it goes."""
NONE_OF_THEIR_OWN = ("seats", "bus_lines", "fleet", "second_runs", "school_wait", "minutes", "figures", "staff_moves",
                     "premises")  # fmt: skip
"""Checks of lines, of stated figures and of what is decided after the layout: the compact program has none of them."""


@dataclass(frozen=True)
class Seen:
    """One comparison: the rules that the audit names, and what the program says."""

    named: frozenset[str]
    allowed: bool


def plan_of(study: lo.Study, policy: lo.Policy, decision: Any) -> Plan:
    """The plan's tables of a decision, by the norms but where a hand set classes and posts."""
    rows = everything(study, policy).rows
    going = pd.DataFrame([(item, *way) for item, way in decision.going.items()], columns=["item", "school_id", "mode"])
    chosen = going.merge(rows.drop(columns=["settlement_id", "band"]), on=["item", "school_id", "mode"])
    table = items_of(study, policy).merge(chosen, on="item", how="left", validate="one_to_one")
    riders = table[table["mode"] == "bus"]
    drawn = [
        HubLines(str(code), group.reset_index(drop=True), tuple((k,) for k in range(len(group))), (0,) * len(group))
        for code, group in riders.groupby("school_id", sort=True)
    ]
    lines = line_tables(study, policy, drawn)
    table["line_id"] = table["item"].map(lines.stops.set_index("item")["line_id"])
    assignments = assignment_table(table, policy)
    schools = school_table(
        study, policy, assignments, state=decision.state, bands=decision.bands, levels=decision.levels,
        support=decision.forms,
    )  # fmt: skip
    schools = staffed(schools, decision.staffing)
    stated = {} if decision.paid is None else {"paid_posts": decision.paid}
    return Plan(
        study=study, policy=policy, assignments=assignments, schools=schools, bus_lines=lines.lines,
        bus_stops=lines.stops, tours=tour_table(study, policy, list(decision.tours)),
        proof=Proof("given", "drawn by hand", options=stated),
    )  # fmt: skip


def staffed(schools: pd.DataFrame, staffing: dict[str, dict[str, int]]) -> pd.DataFrame:
    """The school table with classes and posts set by hand, their sums following."""
    table = schools.set_index("school_id")
    for code, cells in staffing.items():
        for name, value in cells.items():
            table[name] = table[name].astype(object)
            table.loc[code, name] = bool(value) if name.startswith("multigrade") else value
    classes = [f"classes_g{g}" for g in GRADES] + [f"multigrade_{band}" for band in BANDS]
    table["classes"] = table[classes].astype(int).sum(axis=1)
    table["posts"] = table[[f"posts_{stage}" for stage in STAGES]].astype(int).sum(axis=1)
    return table.reset_index()


def allowed(model: Model, data: Data, decision: Any) -> bool:
    """Whether the program has a point with these decisions; classes, posts and teams are free where no hand set them."""
    frame = data.frame
    program = model.program(next(iter(model.goals.values())))
    lower, upper = program.lower.copy(), program.upper.copy()
    for name, wanted in fixed(data, decision).items():
        if name not in frame.blocks:
            if any(wanted.values()):
                return False
            continue
        block = frame.blocks[name]
        keys = [key_of(name, row) for row in block.table.to_dict("records")]
        if any(value and key not in set(keys) for key, value in wanted.items()):
            return False
        for at, key in enumerate(keys):
            if key in wanted or name not in STAFFING:
                lower[block.start + at] = upper[block.start + at] = wanted.get(key, 0)
    if decision.paid is not None and "payroll" in frame.blocks:
        lower[frame.blocks["payroll"].columns] = upper[frame.blocks["payroll"].columns] = decision.paid
    if (upper > program.upper).any():
        return False
    nothing = replace(program, cost=np.zeros_like(program.cost), lower=lower, upper=upper)
    found = highs.solve(nothing, budget=highs.Budget(time_limit_s=30.0))
    assert found.status in ("optimal", "infeasible"), found.status
    return found.status == "optimal"


def key_of(block: str, row: dict[str, Any]) -> tuple[Any, ...]:
    if block == "tours":
        return row["school_id"], frozenset(row[name] for name in row if name.startswith("stop_") and row[name])
    names = {
        "chosen": ("item", "school_id", "mode"), "level": ("school_id", "stage", "level"),
        "support": ("school_id", "form"), "taught": ("school_id", "band"),
        **{name: ("school_id", label) for name, (label, _) in STAFFING.items()},
    }.get(block, ("school_id",))  # fmt: skip
    return tuple(row[name] for name in names)


def fixed(data: Data, decision: Any) -> dict[str, dict[tuple[Any, ...], int]]:
    """The values of the columns that a decision fixes, by block and key; what is not named is zero."""
    full = [code for code, state in decision.state.items() if state == "full"]
    tours: dict[tuple[Any, ...], int] = {}
    for hub, sites, days in decision.tours:
        tours[hub, frozenset(sites)] = tours.get((hub, frozenset(sites)), 0) + days
    found: dict[str, dict[tuple[Any, ...], int]] = {
        "chosen": {(item, *way): 1 for item, way in decision.going.items()},
        "open": {(code,): 1 for code in full},
        "point": {(code,): 1 for code, state in decision.state.items() if state == "teaching_point"},
        "taught": {(code, band): 1 for code in full for band in decision.bands.get(code, ())},
        "level": {(code, stage, level): 1 for (code, stage), own in decision.levels.items() for level in own},
        "support": {(code, form): 1 for code, form in decision.forms.items() if form},
        "tours": tours,
    }  # fmt: skip
    for name, (label, column) in STAFFING.items():
        table = data.frame.blocks[name].table
        found[name] = {
            (row["school_id"], row[label]): int(cells[column.format(row[label])])
            for row in table.to_dict("records")
            if (cells := decision.staffing.get(row["school_id"])) is not None
        }
    return found


def sought(
    model: Model, data: Data, rng: np.random.Generator, *, beyond: str = "", ways: Any = None, buses: bool = True
) -> Any:
    """The decision that is best for a random goal, or that goes farthest beyond one rule; None where there is none."""
    frame = data.frame
    program = model.program(next(iter(model.goals.values())))
    cost = rng.normal(size=frame.width) * 0.1
    for name, block in frame.blocks.items():
        if np.isinf(block.upper).any() or name in ("teams", "beyond"):
            cost[block.columns] = 1e-3
    if beyond in RULES:
        cost -= pushed(beyond, data, rng)
    elif beyond:
        mine = list(ways[["item", "school_id", "mode"]].itertuples(index=False, name=None))
        known = {key_of("chosen", row) for row in frame.blocks["chosen"].table.to_dict("records")} - set(mine)
        for at, row in enumerate(frame.blocks["chosen"].table.to_dict("records")):
            cost[frame.blocks["chosen"].start + at] -= 3.0 * (key_of("chosen", row) in known)
    upper = np.where(np.isinf(program.upper), MANY, program.upper)
    if not buses:
        upper[frame.blocks["chosen"].columns] = frame.blocks["chosen"].table["mode"] != "bus"
    found = highs.solve(replace(program, cost=cost, upper=upper), budget=highs.Budget(gap=0.01, time_limit_s=30.0))
    return None if found.values is None else decision_of(data, found.values, with_staffing=beyond in OF_STAFFING)


def pushed(rule: str, data: Data, rng: np.random.Generator) -> Array:
    """What goes beyond one row of a rule that is left out."""
    parts = [rows for rows in RULES[rule].rows(data) if len(rows.labels)]
    if not parts:
        return np.zeros(data.frame.width)
    rows = parts[int(rng.integers(len(parts)))]
    at = int(rng.integers(len(rows.labels)))
    side = 1.0 if np.isfinite(rows.upper[at]) and (np.isinf(rows.lower[at]) or rng.random() < 0.5) else -1.0
    row = rows.matrix[at].toarray().ravel()
    return side * row / max(1.0, np.abs(row).max()) * 3.0


def decision_of(data: Data, values: Array, *, with_staffing: bool) -> Any:
    layout = read_layout(data, values)
    ways = layout.chosen[["item", "school_id", "mode"]].itertuples(index=False, name=None)
    staffing = staffing_of(data, values, layout.state) if with_staffing else {}
    taken = layout.picked["support"] if "support" in layout.picked else pd.DataFrame(columns=["school_id", "form"])
    forms = dict(taken[["school_id", "form"]].itertuples(index=False, name=None))
    return Decision(
        {item: (school, mode) for item, school, mode in ways}, layout.state, layout.bands, layout.levels,
        forms, tuple(driven_tours(layout.picked)), staffing,
    )  # fmt: skip


def staffing_of(data: Data, values: Array, state: dict[str, str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {code: {} for code, own in state.items() if own == "full"}
    for name, (label, column) in STAFFING.items():
        table = data.frame.blocks[name].table
        for row, value in zip(table.to_dict("records"), data.frame.values(name, values), strict=True):
            if row["school_id"] in found:
                found[row["school_id"]][column.format(row[label])] = int(value)
    return found


def settled(study: lo.Study, policy: lo.Policy, *, skip: str = "") -> tuple[Model, Data]:
    """The program, one rule left out where named."""
    out = {skip} - {""}
    return build_model(study, policy, build_options(study, policy, skip=out), skip=out)


def decisions(seed: int, study: lo.Study, policy: lo.Policy, model: Model, data: Data) -> Any:
    """Yield decisions of every kind; budgets, where drawn, come with the policy that has them."""
    rng = np.random.default_rng([seed, 1])
    hand = by_hand(study, policy, rng)
    yield "hand", policy, hand
    best = sought(model, data, rng)
    if best is not None:
        yield "best", policy, best
        for turn in range(3):
            best = changed(best, study, policy, rng)
            yield f"best changed {turn}", policy, best
    rule = PUSHED[seed % len(PUSHED)]
    looser, wider = settled(study, policy, skip=rule)
    over = sought(looser, wider, rng, beyond=rule, ways=data.options.rows)
    if over is not None:
        yield f"beyond {rule}", policy, over


PUSHED = [*(name for name in RULES if name != "payroll"), *OPTION_RULES]


def compared(seed: int) -> list[tuple[str, Seen]]:
    study, policy = county(seed)
    model, data = settled(study, policy)
    found = []
    for kind, _, decision in decisions(seed, study, policy, model, data):
        plan = plan_of(study, policy, decision)
        named = frozenset(lo.audit(plan)["rule"])
        found.append((kind, Seen(named, allowed(model, data, decision)), decision))
    return found
