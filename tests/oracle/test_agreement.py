"""The audit and the compact program agree: a decision has an empty audit exactly when the program allows it.

Decisions come from a hand that looks at no rule, from the program itself (any goal), from the program without one rule
pushed as far beyond it as it goes, and from single changes of these. Buses ride directly, one line a group.
``benchmarks/bench_agreement.py`` does the same for more counties, eight decisions each.
"""

from __future__ import annotations

import functools
import runpy
from collections.abc import Collection, Iterator
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
from layoutopt.model.rules.support import driven_tours
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import build_options
from layoutopt.plan.audit import CHECKS
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
BLOCKS = range(0, 200, BLOCK)
STAFFING = {
    "grade_classes": ("grade", "classes_g{}"), "multigrade": ("band", "multigrade_{}"), "posts": ("stage", "posts_{}"),
}  # fmt: skip
OF_STAFFING = ("class_size", "class_per_grade", "multigrade_size", "posts", "own_specialists")
"""Rules that only a hand on classes and posts breaks, since the tables follow the norms."""
MANY = 1_000.0
"""Stands for the endless upper bounds where one rule is pushed as far as it goes."""
NONE_OF_THEIR_OWN = {
    "seats", "bus_lines", "fleet", "second_runs", "school_wait", "minutes", "figures", "staff_moves", "premises",
    "must_attend",
}  # fmt: skip
"""Checks of lines, of stated figures and of what is decided after the layout: the compact program has none of them.
``must_attend`` names places, which random counties do not: ``cases_zones.py`` tries it both ways."""


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


@dataclass(frozen=True)
class Asked:
    """A decision of one kind, and the policy and program it is held against."""

    kind: str
    policy: lo.Policy
    model: Model
    data: Data
    decision: Any


def asked(seed: int, kinds: Collection[str]) -> Iterator[Asked]:
    """Yield decisions of these kinds about one county."""
    rng = np.random.default_rng([seed, 1])
    rule = PUSHED[seed // 2 % len(PUSHED)] if "beyond" in kinds else ""
    study, policy = county(seed, about="payroll" if "staff" in kinds else rule)
    model, data = settled(study, policy)
    if "hand" in kinds:
        yield Asked("hand", policy, model, data, by_hand(study, policy, rng))
    if rule:
        over = beyond(study, policy, model, data, rule, rng) or by_hand(study, policy, rng)
        yield Asked(f"beyond {rule}", policy, model, data, over)
    rest = [kind for kind in kinds if kind not in ("hand", "beyond")]
    best = sought(model, data, rng, buses="budget" not in kinds) if rest else None
    start = by_hand(study, policy, rng) if rest and best is None else best
    for kind in rest:
        if kind.startswith("changed"):
            yield Asked(kind, policy, model, data, changed(start, study, policy, rng))
        elif kind == "staff":
            yield Asked(kind, policy, model, data, restaffed(start, plan_of(study, policy, start), rng))
        elif kind == "budget" and best is not None:
            scarce = with_budget(plan_of(study, policy, best), rng)
            yield Asked(kind, scarce, *settled(study, scarce), best)
        else:
            yield Asked(kind, policy, model, data, start)


def beyond(study: lo.Study, policy: lo.Policy, model: Model, data: Data, rule: str, rng: np.random.Generator) -> Any:
    """The decision that goes farthest beyond a rule which is left out; None where there is none."""
    if rule in RULES:
        return sought(model.without(rule), data, rng, beyond=rule)
    return sought(*settled(study, policy, skip=rule), rng, beyond=rule, ways=data.options.rows)


def restaffed(decision: Any, plan: Plan, rng: np.random.Generator) -> Any:
    """The decision with one number of the classes or posts of a school changed by one; or posts stated as paid."""
    full = plan.schools[plan.schools["role"].isin(["hub", "full"])]
    if rng.random() < 0.3 or full.empty:
        needed = paid_posts(plan.study, plan.policy, float(plan.schools["posts"].sum()))
        return replace(decision, paid=int(needed) - int(rng.integers(2)))
    row = full.iloc[int(rng.integers(len(full)))]
    cells = {f"classes_g{grade}": int(row[f"classes_g{grade}"]) for grade in GRADES}
    cells |= {f"multigrade_{band}": int(row[f"multigrade_{band}"]) for band in BANDS}
    cells |= {f"posts_{stage}": int(row[f"posts_{stage}"]) for stage in STAGES}
    name = str(rng.choice([name for name, value in cells.items() if value > 0] or ["posts_primary"]))
    cells[name] += 1 if name.startswith("posts") and rng.random() < 0.3 else -1 if cells[name] > 0 else 0
    return replace(decision, staffing={str(row["school_id"]): cells})


def with_budget(plan: Plan, rng: np.random.Generator) -> lo.Policy:
    """The plan's policy with a budget that it keeps, just keeps, or just does not."""
    share = float(rng.choice([0.99, 1.0, 1.01]))
    if rng.random() < 0.5:
        return plan.policy.replace(annual_budget_cny=share * plan.figures.cost_cny)
    paid = {source: cost for source, cost in paid_by_source(plan).items() if cost > 0}
    source = str(rng.choice(sorted(paid)))
    return plan.policy.replace(budget_by_source={source: share * paid[source]})


def compared(seed: int, kinds: Collection[str]) -> Iterator[tuple[Asked, frozenset[str], bool]]:
    """Yield for each decision the rules that the audit names, and whether the program allows it."""
    for case in asked(seed, kinds):
        plan = plan_of(case.data.study, case.policy, case.decision)
        yield case, frozenset(lo.audit(plan)["rule"]), allowed(case.model, case.data, case.decision)


BY_BUDGETS = ("annual_budget", "source_budget", "payroll")
"""Rules broken by a stricter policy, or by stating fewer posts as paid."""
PUSHED = [name for name in (*RULES, *OPTION_RULES) if name not in (*BY_BUDGETS, "must_attend")]


def kinds_of(seed: int) -> tuple[str, ...]:
    """What is decided about a county: every other time something beyond a rule."""
    others = (("hand", "best"), ("best", "changed"), ("best", "staff"), ("budget",), ("best", "changed"))
    return ("beyond",) if seed % 2 == 0 else others[seed // 2 % len(others)]


@functools.cache
def outcome(seed: int) -> tuple[tuple[str, frozenset[str], bool], ...]:
    return tuple((case.kind, named, may) for case, named, may in compared(seed, kinds_of(seed)))


@pytest.mark.parametrize("first", BLOCKS)
def test_an_empty_audit_is_what_the_program_allows(first: int) -> None:
    for seed in range(first, first + BLOCK):
        for kind, named, may in outcome(seed):
            said = f"outcome({seed}), decision '{kind}': the program {'allows' if may else 'forbids'} it, "
            assert (not named) == may, f"{said}the audit names {', '.join(sorted(named)) or 'nothing'}"
            assert not named & {"figures", "minutes", "bus_lines", "seats"}, (seed, kind, named)


def test_the_counties_break_and_keep_every_rule() -> None:
    """Agreement would be an easy one if nothing were ever feasible, or a rule never broken."""
    seen = [case for first in BLOCKS for seed in range(first, first + BLOCK) for case in outcome(seed)]
    assert sum(may for _, _, may in seen) >= len(seen) / 5
    broken = frozenset[str]().union(*(named for _, named, _ in seen))
    assert set(CHECKS) - NONE_OF_THEIR_OWN <= broken
    alone = frozenset[str]().union(*(named for _, named, _ in seen if len(named) == 1))
    assert len(alone) >= 30, "few rules are broken alone: that either side forgot one would go unnoticed"
