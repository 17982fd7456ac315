"""The yearly cost of a plan by kind, recomputed from its tables."""

from __future__ import annotations

from layoutopt.plan.built import built_of
from layoutopt.plan.plan import Plan
from layoutopt.plan.tours import support_cny
from layoutopt.policy.norms import annuity
from layoutopt.today import paid_posts
from layoutopt.today.upkeep import pupil_costs


def annual_costs(plan: Plan) -> dict[str, float]:
    """Return the yearly cost by kind (CNY), kinds and order as in ``layoutopt.policy.money.KINDS``.

    Wages count for the posts needed, and for no fewer than today's teachers where they are redeployed; capital is
    spread over the building's life as an annuity.
    """
    schools, policy = plan.schools, plan.policy
    pupils = pupil_costs(plan.assignments, plan.study, policy).sum()
    return {
        "schools": float(schools["annual_cny"].sum()),
        "teachers": paid_posts(plan.study, policy, float(schools["posts"].sum())) * policy.staffing.wage_cny,
        "buses": float(plan.bus_lines["cost_cny"].sum()),
        "boarding": float(pupils["boarding"]),
        "meals": float(pupils["meals"]),
        "grants": float(pupils["grants"]),
        "capital": _yearly_capital_cny(plan),
        "support": support_cny(plan.tours, plan.schools["support"], policy),
    }


def _yearly_capital_cny(plan: Plan) -> float:
    money, yearly = plan.policy.money, 0.0
    for row in plan.schools.to_dict("records"):
        for built in built_of(plan.study, row["school_id"], row):
            years = built["life_years"] if built["life_years"] > 0 else money.life_years
            yearly += annuity(built["capital_cny"], years, money.discount_rate)
    return yearly
