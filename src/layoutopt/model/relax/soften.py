"""The softened copy of the compact program: every rule that can give has a column that says by how much."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model, NamedRows
from layoutopt.model.relax.beyond import Beyond
from layoutopt.model.relax.prices import PRICES, WAYS, price_of_rule

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
AT_MOST_ONE = ("protected", "one_school", "contiguous")
LABELS = {"quality": 3, "protected": 1, "beds": 1, "places": 2}
"""How many labels of a row name what gives way; the first alone where not said. Rows that share it share the column."""
GIVES = ["column", "row", "rule", "place", "excess", "limit", "price"]


@dataclass(frozen=True, eq=False)
class Softened:
    """``gives`` has a row for each column and rule: one unit of the column is ``excess`` of the rule at ``price``.

    ``row`` is that of an option taken, -1 for slack. ``complete`` where every option there could be is a column.
    """

    model: Model
    data: Data
    program: highs.Program
    gives: pd.DataFrame
    complete: bool

    @property
    def rules(self) -> list[str]:
        """Rules that could give, in the order of the documentation, those of one's own last."""
        present = set(self.gives["rule"])
        return [rule for rule in PRICES if rule in present] + sorted(present - set(PRICES))

    def cost(self, rules: Collection[str] | None = None) -> Array:
        """Return the price of every column, for some of the rules alone."""
        gives = self.gives if rules is None else self.gives[self.gives["rule"].isin(rules)]
        found = np.zeros(len(self.program.cost))
        np.add.at(found, gives["column"].to_numpy(int), gives["price"].to_numpy(float))
        return found

    def only(self, may: Flags) -> highs.Program:
        """Return the program in which a column gives only where every row of ``gives`` that it has is in ``may``."""
        upper = self.program.upper.copy()
        upper[self.gives["column"].to_numpy(int)[~may]] = 0.0
        return replace(self.program, upper=upper)

    def given(self, values: Array) -> pd.DataFrame:
        """Return the rows of ``gives`` that a point uses, with their ``amount``."""
        used = values[self.gives["column"].to_numpy(int)]
        amount = used * self.gives["excess"].to_numpy(float)
        return self.gives.assign(amount=amount)[used > 1e-5].reset_index(drop=True)


def unit_of(gives: pd.DataFrame) -> pd.MultiIndex:
    """Return what a planner would change as one thing: all limits on the ways of a place, or a rule at a place."""
    ways = gives["rule"].isin(WAYS).to_numpy(bool)
    place = np.where(ways, gives["place"].str.split(" ").str[0], gives["place"])
    return pd.MultiIndex.from_arrays([np.where(ways, "ways", gives["rule"]), place], names=["what", "where"])


def soften(beyond: Beyond, keep: Flags) -> Softened:
    """Return the softened program over the options to ``keep``; that every pupil is served stays hard."""
    options, breaks = beyond.picked(keep)
    asked = beyond.asked
    model, eased = build_model(asked.study, asked.policy, options, skip=asked.skip, extra_rules=asked.extra_rules)
    base = model.program(next(iter(model.goals.values())))
    width = len(base.cost)
    slack, owners = _slack(model, eased, width)
    count = slack.shape[1]
    start = model.frame.blocks["chosen"].start
    ways = breaks.assign(column=breaks["row"] + start)
    gives = pd.concat([owners[GIVES], ways[GIVES]], ignore_index=True)
    most = np.full(count, np.inf)
    most[owners["column"].to_numpy(int)[owners["rule"].isin(AT_MOST_ONE).to_numpy(bool)] - width] = 1.0
    program = highs.Program(
        cost=np.zeros(width + count),
        lower=np.zeros(width + count),
        upper=np.concatenate([base.upper, most]),
        integer=np.concatenate([base.integer, np.zeros(count, dtype=bool)]),
        rows=sp.hstack([base.rows, slack], format="csr"),
        row_lower=base.row_lower,
        row_upper=base.row_upper,
    )
    return Softened(model, eased, program, gives, bool(keep.all()))


def _slack(model: Model, data: Data, width: int) -> tuple[sp.csr_matrix, pd.DataFrame]:
    """The slack columns of all rules that can give, and whose they are."""
    own = {named.rule for named in model.extra}
    columns: dict[tuple[str, str, float], int] = {}
    entries: list[tuple[int, int, float]] = []
    at = 0
    for named in (*model.rules, *model.extra):
        if not len(named.rows.labels):
            continue
        if named.rule in PRICES or named.rule in own:
            places = _places_of(named, data)
            for position, place in enumerate(places):
                for sign in _signs(named, position):
                    column = columns.setdefault((named.rule, place, sign), len(columns))
                    entries.append((at + position, column, sign))
        at += len(named.rows.labels)
    rows, cols, signs = zip(*entries, strict=True) if entries else ((), (), ())
    table = pd.DataFrame([key[:2] for key in columns], columns=["rule", "place"])
    table["column"] = width + np.arange(len(table))
    table["row"], table["excess"], table["limit"] = -1, 1.0, np.nan
    table["price"] = [price_of_rule(rule) for rule in table["rule"]]
    return sp.csr_matrix((signs, (rows, cols)), shape=(at, len(columns))), table


def _signs(named: NamedRows, position: int) -> Sequence[float]:
    signs = [1.0] if np.isfinite(named.rows.lower[position]) else []
    return [*signs, -1.0] if np.isfinite(named.rows.upper[position]) else signs


def _places_of(named: NamedRows, data: Data) -> list[str]:
    """What a row speaks of: its first labels; for rules of zones the settlement of its group."""
    labels = named.rows.labels
    if named.rule in ("one_school", "contiguous"):
        home = data.options.items.set_index("item")["settlement_id"]
        return [str(home[item]) for item in labels.get_level_values("item")]
    if list(labels.names) == ["all"]:
        return [""] * len(labels)
    many = LABELS.get(named.rule, 1 if named.rule in PRICES else len(labels.names))
    return [" ".join(map(str, label[:many])) for label in labels]
