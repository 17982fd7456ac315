"""Each cost term and each goal by name."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from layoutopt.model.columns import Data
from layoutopt.model.frame import Expr
from layoutopt.policy.norms import annuity

WEEKLY_SHARE = 0.2
"""A boarder travels on one school day in five."""


def schools_cny(d: Data) -> Expr:
    """Yearly running cost of open schools and teaching points, without wages."""
    fixed = d.schools["annual_cny"].reindex(d.frame.blocks["open"].table["school_id"]).to_numpy(float)
    full = d.frame.total("open", weight=fixed, by=[])
    points = np.full(len(d.frame.blocks["point"]), d.policy.points.point_annual_cny)
    return _plus(d, full, d.frame.total("point", weight=points, by=[]))


def teachers_cny(d: Data) -> Expr:
    """Wages of the posts needed."""
    wages = np.full(len(d.frame.blocks["posts"]), d.policy.staffing.wage_cny)
    return d.frame.total("posts", weight=wages, by=[])


def ways_cny(d: Data) -> Expr:
    """Buses at the stated price per rider, and boarding."""
    return d.frame.total("chosen", weight="cost_cny", by=[])


def capital_cny(d: Data) -> Expr:
    """Expansions, spread over their life as an annuity."""
    table = d.frame.blocks["level"].table
    money = d.policy.money
    years = table["life_years"].where(table["life_years"] > 0, money.life_years)
    yearly = [
        annuity(capital, life, money.discount_rate) for capital, life in zip(table["capital_cny"], years, strict=True)
    ]
    return _plus(d, d.frame.total("level", weight=np.array(yearly, dtype=float), by=[]))


def annual_cost(d: Data) -> Expr:
    """Goal: yearly cost of the compact program (CNY)."""
    return _plus(d, schools_cny(d), teachers_cny(d), ways_cny(d), capital_cny(d))


def travel(d: Data) -> Expr:
    """Goal: pupil-minutes one way a school day; a boarder's weekly way counts a fifth."""
    table = d.frame.blocks["chosen"].table
    share = np.where(table["mode"] == "board", WEEKLY_SHARE, 1.0)
    weight = (table["minutes"] * table["pupils"] * share).to_numpy(float)
    return _plus(d, d.frame.total("chosen", weight=weight, by=[]))


def merge_small(d: Data) -> Expr:
    """Goal: schools below the merging trigger that stay, as school or teaching point."""
    small = d.schools["small"]
    parts = [
        d.frame.total(block, by=[], where=small.reindex(d.frame.blocks[block].table["school_id"]).to_numpy(bool))
        for block in ("open", "point")
    ]
    return _plus(d, *parts)


GOALS = {"merge_small": merge_small, "annual_cost": annual_cost, "travel": travel}


def _plus(d: Data, *terms: Expr) -> Expr:
    """Add single expressions; empty ones count nothing."""
    labels = pd.MultiIndex.from_tuples([("all",)], names=["all"])
    return reduce(lambda left, right: left + right, (term.on(labels) for term in terms))
