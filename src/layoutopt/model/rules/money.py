"""The rules about who pays: what each source of money bears stays within its budget."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.columns import Data
from layoutopt.model.frame import Expr, Rows
from layoutopt.model.objective import COSTS, of_mode, option_costs, plus
from layoutopt.model.rules.register import rule
from layoutopt.policy.payers import each_cny, families_pay, parts_of

Array = NDArray[np.float64]


@rule("No source of money bears more than its budget", r"\sum_k a_{ks} (C_k - F_k) \le B_s")
def source_budget(d: Data) -> Iterator[Rows]:
    """One row a source with a budget; buses count at their price per rider, and at their real cost where layout and
    lines are decided together (integrated/payers.py).
    """
    yield from budget_rows(d)


@rule("No source of money raises more capital than it has", r"a_{K s} \sum_e g_e z_e \le K_s")
def source_capital(d: Data) -> Iterator[Rows]:
    """One row a source with a limit."""
    spent = d.frame.total("level", weight="capital_cny", by=[])
    for source, most in d.policy.money.capital_by_source.items():
        if len(spent):
            yield _named(spent * parts_of(source, "capital", d.policy.money)[0], source) <= most


def budget_rows(d: Data, *, buses: bool = True) -> Iterator[Rows]:
    """Yield a row a source with a budget; without ``buses`` what must hold whatever the lines cost."""
    for source, budget in d.policy.money.budget_by_source.items():
        yield burden(d, source, buses=buses) <= budget


def burden(d: Data, source: str, *, buses: bool = True) -> Expr:
    """Return the yearly cost that a source bears: its shares of what families leave, or what families pay."""
    terms = []
    for kind in COSTS if buses else [kind for kind in COSTS if kind != "buses"]:
        of_cost, of_own = parts_of(source, kind, d.policy.money)
        terms += [COSTS[kind](d) * of_cost, _paid_by_head(d, kind) * of_own]
    return _named(plus(d, *terms), source)


def real_burden_cny(d: Data, source: str, point: Array, lines_cny: float) -> float:
    """Return what a source bears at a point whose lines cost ``lines_cny``."""
    money = d.policy.money
    chosen = d.frame.blocks["chosen"].table
    riders = (d.frame.values("chosen", point) * chosen["pupils"].to_numpy(float))[of_mode(d, "bus")].sum()
    own = float(families_pay(lines_cny, riders, each_cny("buses", money)))
    of_cost, of_own = parts_of(source, "buses", money)
    return float(burden(d, source, buses=False).value(point).sum()) + of_cost * lines_cny + of_own * own


def _paid_by_head(d: Data, kind: str) -> Expr:
    """What families pay of a kind of cost: their fares, their part of boarding and meals."""
    pupils = d.frame.blocks["chosen"].table["pupils"].to_numpy(float)
    paid = families_pay(option_costs(d, kind), pupils, each_cny(kind, d.policy.money))
    return d.frame.total("chosen", weight=paid, by=[])


def _named(single: Expr, source: str) -> Expr:
    """A single expression, labelled by the source it speaks of."""
    return Expr(single.matrix, single.constant, pd.MultiIndex.from_tuples([(source,)], names=["source"]))
