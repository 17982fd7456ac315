"""Each cost term by name, and the yearly cost."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import pandas as pd

from layoutopt.model.columns import Data
from layoutopt.model.frame import Array, Expr
from layoutopt.policy.money import WITH_BOARDING
from layoutopt.policy.norms import annuity

SUPPORT_BLOCKS = ("support", "tours", "teams")
"""Blocks of rules/support.py; each column has its yearly cost in ``cost_cny``."""
OF_MODE = {"buses": "bus", "boarding": "board"}
"""Kinds of cost that stand in ``cost_cny`` of the options of one mode."""


def schools_cny(d: Data) -> Expr:
    """Yearly running cost of open schools and teaching points, without wages."""
    fixed = d.schools["annual_cny"].reindex(d.frame.blocks["open"].table["school_id"]).to_numpy(float)
    full = d.frame.total("open", weight=fixed, by=[])
    points = np.full(len(d.frame.blocks["point"]), d.policy.points.point_annual_cny)
    return plus(d, full, d.frame.total("point", weight=points, by=[]))


def teachers_cny(d: Data) -> Expr:
    """Wages of the posts needed, or of everybody paid where teachers are redeployed (rules/staff.py)."""
    if "payroll" in d.frame.blocks:
        return d.frame.total("payroll", weight=np.array([d.policy.staffing.wage_cny]), by=[])
    wages = np.full(len(d.frame.blocks["posts"]), d.policy.staffing.wage_cny)
    return d.frame.total("posts", weight=wages, by=[])


def buses_cny(d: Data) -> Expr:
    """Buses at the stated price per rider."""
    return plus(d, d.frame.total("chosen", weight=option_costs(d, "buses"), by=[]))


def boarding_cny(d: Data) -> Expr:
    """Care of boarders, a year each."""
    return plus(d, d.frame.total("chosen", weight=option_costs(d, "boarding"), by=[]))


def meals_cny(d: Data) -> Expr:
    """Meals of those who eat at school."""
    return plus(d, d.frame.total("chosen", weight=option_costs(d, "meals"), by=[]))


def grants_cny(d: Data) -> Expr:
    """Living grants."""
    return plus(d, d.frame.total("chosen", weight=option_costs(d, "grants"), by=[]))


def option_costs(d: Data, kind: str) -> Array:
    """Return what each option costs of a kind that goes by pupils, zero of any other kind."""
    table = d.frame.blocks["chosen"].table
    if kind in OF_MODE:
        return np.where(of_mode(d, OF_MODE[kind]), table["cost_cny"].to_numpy(float), 0.0)
    return table[f"{kind}_cny"].to_numpy(float) if kind in WITH_BOARDING else np.zeros(len(table))


def of_mode(d: Data, mode: str) -> Array:
    """Return which options are of a mode."""
    return (d.frame.blocks["chosen"].table["mode"] == mode).to_numpy()


def capital_cny(d: Data) -> Expr:
    """Expansions, spread over their life as an annuity."""
    table = d.frame.blocks["level"].table
    money = d.policy.money
    years = table["life_years"].where(table["life_years"] > 0, money.life_years)
    yearly = [
        annuity(capital, life, money.discount_rate) for capital, life in zip(table["capital_cny"], years, strict=True)
    ]
    return plus(d, d.frame.total("level", weight=np.array(yearly, dtype=float), by=[]))


def support_cny(d: Data) -> Expr:
    """Helping small schools out with specialists: itinerant teams and their driving, online classes, groups."""
    given = [name for name in SUPPORT_BLOCKS if name in d.frame.blocks]
    nothing = d.frame.total("open", weight=np.zeros(len(d.frame.blocks["open"])), by=[])
    return plus(d, nothing, *(d.frame.total(name, weight="cost_cny", by=[]) for name in given))


COSTS: dict[str, Callable[[Data], Expr]] = {
    "schools": schools_cny,
    "teachers": teachers_cny,
    "buses": buses_cny,
    "boarding": boarding_cny,
    "meals": meals_cny,
    "grants": grants_cny,
    "capital": capital_cny,
    "support": support_cny,
}
"""The terms of the yearly cost by kind, as in ``plan.costs.annual_costs``; each kind has its payers."""


def annual_cost(d: Data) -> Expr:
    """Goal: yearly cost of the compact program (CNY)."""
    return plus(d, *(term(d) for term in COSTS.values()))


def plus(d: Data, *terms: Expr) -> Expr:
    """Add single expressions; empty ones count nothing."""
    labels = pd.MultiIndex.from_tuples([("all",)], names=["all"])
    return reduce(lambda left, right: left + right, (term.on(labels) for term in terms))
