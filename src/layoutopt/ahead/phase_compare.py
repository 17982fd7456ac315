"""A phasing beside other ways to go about the same years, all of them the same program with something fixed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.solving import Task, completed, together
from layoutopt.errors import SolverError
from layoutopt.model.copies_between import NO_LIMITS
from layoutopt.model.frame import Array, NamedRows
from layoutopt.model.solve import LAYOUT_BLOCKS, Stopped

if TYPE_CHECKING:
    from layoutopt.ahead.phase_result import Phasing

ONE_YEAR = "closed_in_year_one"
COLUMNS = ["way", "cost_cny", "more_cny", "more_share", "words"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """``table``: ``way, cost_cny`` (discounted, buses at a price per rider), ``more_cny, more_share, words``.

    ``more_cny`` is what a way costs more than the phasing; NaN where it is no way at all.
    """

    table: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join(str(row["words"]) for row in self.table.to_dict("records"))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(str(text))}</li>" for text in self.table["words"])
        return f"<ul>{words}</ul>" + self.table[COLUMNS[:4]].to_html(index=False, border=0)


def compared(phasing: Phasing, *, time_limit_s: float) -> Comparison:
    """Return the phasing beside: year by year, everything in year one, and each year alone."""
    basis, value = phasing.basis, phasing.main.value
    task = basis.task(
        deadline=time.monotonic() + time_limit_s, interrupted=lambda: False, report=lambda share, text: None
    )
    rows = [_row("phasing", value, value, lambda more: f"All years together: {value:,.0f} CNY discounted.")]
    if phasing.following is None:
        rows.append(_row("year by year", np.nan, value, lambda more: f"Year by year gets stuck in {phasing.stuck}."))
    else:
        cost = cost_of(basis, phasing.following)
        rows.append(
            _row("year by year", cost, value, lambda more: f"Year by year, each with the years before it: {more}.")
        )
    at_once = all_in_year_one(basis, task, phasing.point)
    rows.append(_row("all in year one", at_once, value, _at_once_said))
    alone = [phasing.alone.get(one.name, {}).get("annual_cost") for one in basis.found]
    total = sum(
        basis.weights[one.name] * (np.nan if own is None else own.value)
        for one, own in zip(basis.found, alone, strict=True)
    )
    rows.append(
        _row(
            "each year alone",
            total,
            value,
            lambda more: f"Each year as if it were alone, which nobody could follow: {more}.",
        )
    )
    return Comparison(pd.DataFrame(rows, columns=COLUMNS))


def _at_once_said(more: str) -> str:
    return f"Everything in year one, without yearly limits: {more}."


def _row(way: str, cost: float, value: float, words: Callable[[str], str]) -> dict[str, object]:
    more = cost - value
    if np.isnan(more):
        text = "no answer was found"
    else:
        text = f"{cost:,.0f} CNY, {more:+,.0f} ({more / max(abs(value), 1e-9):+.2%})"
    return {
        "way": way,
        "cost_cny": cost,
        "more_cny": more,
        "more_share": more / max(abs(value), 1e-9),
        "words": words(text),
    }


def cost_of(basis: Basis, point: Array) -> float:
    """Return the discounted yearly costs of a point."""
    return float(
        sum(
            basis.weights[copy.name] * copy.model.goals["annual_cost"].value(point[copy.columns]).sum()
            for copy in basis.horizon.copies.copies
            if "annual_cost" in copy.model.goals
        )
    )


def all_in_year_one(basis: Basis, task: Task, phased: Array) -> float:
    """Return the discounted cost where every school is in every year what it is in the first; NaN where none is found.

    Yearly limits, and what is asked of single years, do not count: they are what forbids it. What every year keeps by
    itself holds, so that a school protected in a later year stays.
    """
    asked = basis.asking(limits=NO_LIMITS, merge_shares={}, build_years=0.0)
    links = tuple(named for named in asked.links) + tuple(_same_layout(basis))
    task = replace(task, links=links)
    start = _last_layout(basis, task, phased)
    try:
        answer = together(task, start, 1.0)
    except (Stopped, SolverError):
        return float("nan")
    return cost_of(basis, answer.values)


def _same_layout(basis: Basis) -> list[NamedRows]:
    first, *others = basis.horizon.data
    rows = []
    for data in others:
        for block in LAYOUT_BLOCKS:
            now = data.frame.each(block)
            if len(now):
                rows.append(NamedRows(ONE_YEAR, now.equals(first.frame.each(block).on(now.labels))))
    return rows


def _last_layout(basis: Basis, task: Task, phased: Array) -> Array | None:
    """A point with the last year's layout in every year, where that can be."""
    copies, point, every = basis.horizon.copies, phased.copy(), np.zeros(len(phased), dtype=bool)
    last = copies[len(copies) - 1]
    for at, copy in enumerate(copies.copies):
        wish = copies.take(phased, at)
        for block in LAYOUT_BLOCKS:
            now, then = copy.data.frame.blocks[block], last.data.frame.blocks[block]
            if len(now) and len(now) == len(then):
                wish[now.columns] = phased[last.columns][then.columns]
        found = completed(copies.alone(at, task.links, known=every, point=point), wish, task.seed)
        if found is None:
            return None
        point, every = copies.put(point, at, found), every | copies.of(copy.name)
    return point
