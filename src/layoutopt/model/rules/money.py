"""The rules about who pays: what each source of money bears stays within its budget."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.columns import Data
from layoutopt.model.frame import Expr, Rows
from layoutopt.model.objective import COSTS, of_mode, plus
from layoutopt.model.rules.register import rule
from layoutopt.policy.money import FAMILIES
from layoutopt.policy.payers import families_pay

Array = NDArray[np.float64]
BY_HEAD = {"buses": "bus", "boarding": "board"}
"""Kinds of cost of which families pay a part by the head, and the mode whose pupils count."""


@rule("No source of money bears more than its budget", r"\sum_k a_{ks} (C_k - F_k) \le B_s")
def source_budget(d: Data) -> Iterator[Rows]:
    """One row a source with a budget; buses count at their stated price per rider."""
    yield from budget_rows(d)


@rule("No source of money raises more capital than it has", r"a_{K s} \sum_e g_e z_e \le K_s")
def source_capital(d: Data) -> Iterator[Rows]:
    """One row a source with a limit."""
    spent = d.frame.total("level", weight="capital_cny", by=[])
    shares = d.policy.money.source_share["capital"]
    for source, most in d.policy.money.capital_by_source.items():
        if len(spent):
            yield _named(spent * shares.get(source, 0.0), source) <= most


def budget_rows(d: Data, *, buses: bool = True) -> Iterator[Rows]:
    """Yield a row a source with a budget; without ``buses`` what must hold whatever the lines cost."""
    for source, budget in d.policy.money.budget_by_source.items():
        yield burden(d, source, buses=buses) <= budget


def burden(d: Data, source: str, *, buses: bool = True) -> Expr:
    """Return the yearly cost that a source bears: its shares of what families leave, or what families pay."""
    terms = []
    for kind in COSTS if buses else [kind for kind in COSTS if kind != "buses"]:
        share = d.policy.money.source_share[kind].get(source, 0.0)
        terms += [COSTS[kind](d) * share, _paid_by_head(d, kind) * (float(source == FAMILIES) - share)]
    return _named(plus(d, *terms), source)


def real_burden_cny(d: Data, source: str, point: Array, lines_cny: float) -> float:
    """Return what a source bears at a point whose lines cost ``lines_cny``."""
    money = d.policy.money
    chosen = d.frame.blocks["chosen"].table
    riders = (d.frame.values("chosen", point) * chosen["pupils"].to_numpy(float))[of_mode(d, "bus")].sum()
    own = float(families_pay(lines_cny, riders, money.family_fare_cny))
    share = money.source_share["buses"].get(source, 0.0)
    rest = share * (lines_cny - own) + (own if source == FAMILIES else 0.0)
    return float(burden(d, source, buses=False).value(point).sum()) + rest


def _paid_by_head(d: Data, kind: str) -> Expr:
    """What families pay of a kind of cost: their fares, their part of boarding."""
    table = d.frame.blocks["chosen"].table
    money = d.policy.money
    each = {"buses": money.family_fare_cny, "boarding": money.family_board_cny}.get(kind, 0.0)
    paid = families_pay(table["cost_cny"].to_numpy(float), table["pupils"].to_numpy(float), each)
    return d.frame.total("chosen", weight=paid, by=[], where=of_mode(d, BY_HEAD.get(kind, "")))


def _named(single: Expr, source: str) -> Expr:
    """A single expression, labelled by the source it speaks of."""
    return Expr(single.matrix, single.constant, pd.MultiIndex.from_tuples([(source,)], names=["source"]))
