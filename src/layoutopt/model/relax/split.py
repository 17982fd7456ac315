"""The trap of whole groups: they fit in total, but no group may be split, and so they cannot be packed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.kernels import highs
from layoutopt.model.objective import annual_cost
from layoutopt.model.relax.smallest import Easing, cleaned
from layoutopt.model.relax.soften import Softened

Array = NDArray[np.float64]
BUDGET = highs.Budget(gap=1e-6, time_limit_s=30, steps=150)
COST = highs.Budget(gap=0.01, time_limit_s=20, steps=100)


@dataclass(frozen=True, eq=False)
class Split:
    """The fewest groups that would have to be split: ``parts`` has ``item, school_id, mode, pupils``.

    ``split_cny`` is a yearly cost of a plan with these groups split, ``eased_cny`` of one with whole groups and the
    smallest easing instead, buses at their price per rider; NaN where none was found within the budget.
    ``place_cny`` is the median capital for a place in the expansions table, NaN without one.
    """

    parts: pd.DataFrame
    split_cny: float
    eased_cny: float
    place_cny: float

    def words(self) -> str:
        """Return the trap in words."""
        said = []
        for item, own in self.parts.groupby("item", sort=False):
            ways = [f"{row.pupils:g} pupils to {row.school_id} ({row.mode})" for row in own.itertuples()]
            said.append(f"{item}: {', '.join(ways)}")
        text = "All pupils fit in total, but whole groups cannot be packed. With these groups split a plan exists: "
        text += "; ".join(said) + "."
        if np.isfinite(self.split_cny) and np.isfinite(self.eased_cny):
            text += f" It costs about {self.split_cny:,.0f} CNY a year; with whole groups and the easing above, about "
            text += f"{self.eased_cny:,.0f} CNY a year and what the easing itself costs."
        if np.isfinite(self.place_cny):
            text += f" A place more costs {self.place_cny:,.0f} CNY in this study's expansions."
        return text


def split_of(easing: Easing) -> Split | None:
    """Return the fewest groups to split that need nothing else to give; None where splitting does not suffice."""
    soft = easing.soft
    chosen = soft.model.frame.blocks["chosen"]
    hard = soft.only(np.zeros(len(soft.gives), dtype=bool))
    linear = hard.integer.copy()
    linear[chosen.columns] = False
    if highs.solve(replace(hard, integer=linear), budget=BUDGET).values is None:
        return None
    program, pupils = _with_parts(soft, hard)
    found = highs.solve(program, budget=BUDGET)
    if found.values is None:
        return None
    values = cleaned(program, found.values)
    width, count = len(hard.cost), len(chosen)
    table = chosen.table[["item", "school_id", "mode"]].assign(pupils=values[width : width + count] / _scale(pupils))
    table["pupils"] *= pupils
    parts = table[table["pupils"] > 1e-6].reset_index(drop=True)
    fixed = replace(program, lower=program.lower.copy(), upper=program.upper.copy())
    splits = slice(width + count, len(values))
    fixed.upper[splits] = np.round(values[splits])
    return Split(parts, _cost(soft, fixed, values), _eased_cost(easing), _place_cny(soft))


def _place_cny(soft: Softened) -> float:
    table = soft.data.frame.blocks["level"].table
    table = table[table["places"] > 0]
    return float((table["capital_cny"] / table["places"]).median()) if len(table) else float("nan")


def _scale(pupils: Array) -> Array:
    """Parts are counted in whole pupils, where the groups are."""
    return np.where(np.abs(pupils - np.round(pupils)) < 1e-9, np.round(pupils), 1.0)


def _with_parts(soft: Softened, hard: highs.Program) -> tuple[highs.Program, Array]:
    """The program with a column for the part of a group that takes an option, and a yes/no a group that is split."""
    chosen = soft.model.frame.blocks["chosen"]
    pupils = chosen.table["pupils"].to_numpy(float)
    scale = _scale(pupils)
    items, at = np.unique(chosen.table["item"].to_numpy(str), return_inverse=True)
    count, groups, height = len(chosen), len(items), hard.rows.shape[0]
    parts = hard.rows.tocsc()[:, chosen.columns] @ sp.diags(1.0 / scale)
    may = hard.upper[chosen.columns]
    link = sp.csr_matrix((1.0 / scale, (at, np.arange(count))), shape=(groups, count))
    size = pd.Series(pupils).groupby(at).max().to_numpy(float)
    program = highs.Program(
        cost=np.concatenate([np.zeros(len(hard.cost)), np.zeros(count), 1.0 + size * 1e-4]),
        lower=np.zeros(len(hard.cost) + count + groups),
        upper=np.concatenate([hard.upper, may * scale, np.ones(groups)]),
        integer=np.concatenate([hard.integer, scale == np.round(pupils), np.ones(groups, dtype=bool)]),
        rows=sp.vstack(
            [
                sp.hstack([hard.rows, parts, sp.csr_matrix((height, groups))]),
                sp.hstack([sp.csr_matrix((groups, len(hard.cost))), link, -sp.identity(groups)]),
            ],
            format="csr",
        ),
        row_lower=np.concatenate([hard.row_lower, np.full(groups, -np.inf)]),
        row_upper=np.concatenate([hard.row_upper, np.zeros(groups)]),
    )
    return program, pupils


def _annual(soft: Softened, width: int) -> tuple[Array, float]:
    """The yearly cost of every column of the softened program, its slack and parts for nothing, and what is fixed."""
    goal = annual_cost(soft.data)
    cost = np.zeros(width)
    cost[: soft.model.frame.width] = np.asarray(goal.matrix.toarray()).ravel()
    return cost, float(goal.constant.sum())


def _cost(soft: Softened, program: highs.Program, start: Array) -> float:
    cost, fixed = _annual(soft, len(program.cost))
    chosen = soft.model.frame.blocks["chosen"]
    first = len(soft.program.cost)
    scale = _scale(chosen.table["pupils"].to_numpy(float))
    cost[first : first + len(chosen)] = cost[chosen.columns] / scale
    found = highs.solve(replace(program, cost=cost, offset=fixed), budget=COST, start=start)
    return found.objective if found.values is not None else float("nan")


def _eased_cost(easing: Easing) -> float:
    """The yearly cost of a plan in which no more gives way than in the easing."""
    soft = easing.soft
    cost, fixed = _annual(soft, len(soft.program.cost))
    upper = soft.program.upper.copy()
    columns = soft.gives["column"].to_numpy(int)
    upper[columns] = np.minimum(upper[columns], easing.values[columns])
    found = highs.solve(replace(soft.program, cost=cost, upper=upper, offset=fixed), budget=COST, start=easing.values)
    return found.objective if found.values is not None else float("nan")
