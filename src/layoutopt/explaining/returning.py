"""A school that stays after all: the search begins with its own pupils back in it, and with it empty."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from layoutopt.errors import LayoutError
from layoutopt.explaining.change import EFFORT, Change
from layoutopt.explaining.proven import CHEAPER_CNY, cost_level, earlier_goals
from layoutopt.options import build_options
from layoutopt.pipeline import optimize
from layoutopt.plan.goal_figures import FIGURES
from layoutopt.plan.plan import OPEN_ROLES, Plan

WHOLE, POINT = "full", "teaching_point"
COUNTED = ("merge_small",)
"""Goals before the cost that the headline figures count as well: the small schools that stay."""


def with_pupils_back(plan: Plan, change: Change, schools: Collection[str], role: str) -> Plan:
    """Return where the search may begin: ``plan`` with these schools in this role and their pupils of today in them.

    It is a wish and no plan: rooms and lines are not looked at. At a teaching point only the lower band is back.
    """
    rows = build_options(change.study, change.policy).rows
    today = plan.assignments.set_index("item")["today_school"]
    home = rows[rows["school_id"].isin(schools) & (rows["school_id"] == rows["item"].map(today))]
    home = home[home["band"] == "lower"] if role == POINT else home
    best = home.sort_values(["minutes", "item"], kind="stable").drop_duplicates("item").set_index("item")
    ways = plan.assignments.copy()
    back = ways["item"].isin(best.index)
    for name in ("school_id", "mode"):
        ways.loc[back, name] = ways.loc[back, "item"].map(best[name])
    table = plan.schools.copy()
    table.loc[table["school_id"].isin(schools), "role"] = role
    return plan.replace(assignments=ways, schools=table)


def empty_now(plan: Plan, schools: Collection[str]) -> list[str]:
    """Return which of these schools nobody attends in the plan, though somebody does today."""
    roles = plan.schools.set_index("school_id")["role"]
    today = set(plan.assignments["today_school"])
    return [school for school in schools if roles[school] not in OPEN_ROLES and school in today]


def or_left_empty(found: Plan, plan: Plan, change: Change, *, time_limit_s: float) -> Plan:
    """Return ``found``, or the plan with the fewest changes to ``plan`` where that is the better one."""
    level = cost_level(found)
    if level is None or any(goal not in COUNTED for goal in earlier_goals(found)):
        return found
    try:
        near = optimize(
            change.study, change.policy, effort=EFFORT, time_limit_s=time_limit_s, seed=plan.seed, start=plan,
            extra_rules=change.extra_rules, method="nearest",
        )  # fmt: skip
    except LayoutError:
        return found
    worse = near.figures.small_schools_after > found.figures.small_schools_after and bool(earlier_goals(found))
    if worse or near.figures.cost_cny >= found.figures.cost_cny - CHEAPER_CNY:
        return found
    levels = []
    for one in found.proof.levels:
        value = near.figures.cost_cny if one is level else FIGURES[one.goal](near) if one.goal in FIGURES else one.value
        levels.append(replace(one, value=value, bound=min(one.bound, value), status="feasible"))
    return near.replace(proof=replace(found.proof, levels=tuple(levels), status="feasible"), basis=found.basis)
