"""Yearly budgets, of the county and of single sources: refused when hopeless, held around lines, told when broken.

Where layout and lines are decided together those of sources are rules there (:mod:`layoutopt.integrated.payers`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import InfeasibleError, PolicyError, Relaxation
from layoutopt.integrated.payers import NOTHING_WITHIN, ROOM
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.lines import Lines
from layoutopt.model.objective import COSTS
from layoutopt.model.rules.money import burden, real_burden_cny
from layoutopt.model.solve import Held
from layoutopt.pipeline.case import Case
from layoutopt.plan.money import paid_by_source
from layoutopt.plan.plan import Plan
from layoutopt.policy.payers import parts_of

Array = NDArray[np.float64]
BUDGETS = {"annual_budget", "source_budget"}
"""Rules that speak of real lines: a plan that breaks only these is told as too dear."""
NOT_PROVEN = " It is not proven that no plan keeps budget_by_source."


def check_budgets(case: Case) -> None:
    """Raise ``PolicyError`` for a yearly budget below the wages that no plan can avoid, before anything is sought."""
    money, staffing = case.policy.money, case.policy.staffing
    limits = {f"money.budget_by_source.{source}": (budget, parts_of(source, "teachers", money)[0])
              for source, budget in _budgets(case.data, case.skip).items()}  # fmt: skip
    if money.annual_budget_cny is not None and "annual_budget" not in case.skip:
        limits["money.annual_budget_cny"] = (money.annual_budget_cny, 1.0)
    least = case.unavoidable_cny if limits else 0.0
    whose = "the fewest posts that classes and pupils need in any plan"
    if staffing.wages == "redeployed":
        whose += ", or of today's teachers, who go on being paid"
    short = [
        f"  {key} = {budget:,.0f} is below {share * least:,.0f} CNY a year: the wages of {whose}, "
        f"at staffing.wage_cny = {staffing.wage_cny:,.0f}"
        + ("" if share == 1 else f", of which it pays money.source_share.teachers = {share:g}")
        for key, (budget, share) in limits.items()
        if budget < share * least
    ]
    if short:
        raise PolicyError("\n".join(["No plan keeps these budgets. Raise them:", *short]))


def sources_held(held: Held, model: Model, data: Data, skip: Collection[str], *, point: Array, cost_cny: float) -> Held:
    """Return the demands, and that no source bears more than its budget, or than at ``point`` where that is more.

    The point and its lines cost ``cost_cny``; riders stay with their lines, so that the cost of lines stays as well.
    """
    buses = COSTS["buses"](data).value(point).sum()
    lines_cny = cost_cny - float(model.goals["annual_cost"].value(point).sum() - buses)
    for source, budget in _budgets(data, skip).items():
        left = max(0.0, budget - real_burden_cny(data, source, point, lines_cny))
        now = burden(data, source)
        held = held.also(now, float(now.value(point).sum()) + left)
    return held


def excess_cny(data: Data, skip: Collection[str], point: Array, lines: Lines) -> float:
    """Return what sources bear above their budgets at a point with these lines, rounding apart."""
    cost = float(lines.lines["cost_cny"].sum())
    over = (real_burden_cny(data, source, point, cost) - budget * (1 + ROOM) for source, budget in
            _budgets(data, skip).items())  # fmt: skip
    return sum(max(0.0, own) for own in over)


def _budgets(data: Data, skip: Collection[str]) -> Mapping[str, float]:
    return {} if "source_budget" in skip else data.policy.money.budget_by_source


def over_budget(plan: Plan) -> InfeasibleError:
    """Return the error of a plan that costs more than its budgets: by how much, what is proven, what to do."""
    budget, level = plan.policy.money.annual_budget_cny, plan.proof.main
    proven = budget is not None and level is not None and level.goal == "annual_cost" and level.bound > budget
    earlier = level is not None and plan.proof.levels and plan.proof.levels[0] is not level
    over = _over(plan)
    end = " while the goals before annual_cost stay as they are." if earlier else "."
    said = " ".join(f"The best plan found costs {text}." for text in over.values())
    if proven and level is not None:
        said += f" No plan costs less than {level.bound:,.0f}{end}"
    if "source_budget" in over:
        proven = plan.proof.options.get("together", {}).get(NOTHING_WITHIN, False)
        said += f" No plan keeps budget_by_source: that is proven{end}" if proven else NOT_PROVEN
    cures = ["raise the budget"]
    if earlier:
        cures.append("name annual_cost before the other goals")
    if not proven:
        cures.append("give more effort or time")
    text = ", or ".join(cures)
    return InfeasibleError(f"{said} {text[0].upper()}{text[1:]}.", tuple(over), relaxations=_short(plan), proven=proven)


def _short(plan: Plan) -> list[Relaxation]:
    """By how much each budget is too small for the plan."""
    money, cost = plan.policy.money, plan.figures.cost_cny
    borne = paid_by_source(plan) if money.budget_by_source else {}
    rows = [("annual_budget", "", money.annual_budget_cny, cost)]
    rows += [("source_budget", source, budget, borne[source]) for source, budget in money.budget_by_source.items()]
    return [
        Relaxation(
            rule, place, now - most, "CNY", most, now, f"{rule} {place}".strip() + f" is {now - most:,.0f} CNY short"
        )
        for rule, place, most, now in rows
        if most is not None and now > most
    ]


def _over(plan: Plan) -> dict[str, str]:
    """What costs more than its budget, by rule."""
    money, over = plan.policy.money, {}
    cost = plan.figures.cost_cny
    if money.annual_budget_cny is not None and cost > money.annual_budget_cny:
        over["annual_budget"] = (
            f"{cost:,.0f} CNY a year with its bus lines, above annual_budget_cny = {money.annual_budget_cny:,.0f}"
        )
    paid = paid_by_source(plan) if money.budget_by_source else {}
    sources = [
        f"{source} {paid[source]:,.0f} CNY a year with its bus lines, above budget_by_source.{source} = {budget:,.0f}"
        for source, budget in money.budget_by_source.items()
        if paid[source] > budget
    ]
    return over | ({"source_budget": "; and ".join(sources)} if sources else {})
