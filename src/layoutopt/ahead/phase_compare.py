"""A phasing beside other ways to go about the same years, all of them the same program with something fixed."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.solving import together
from layoutopt.ahead.task import Task, completed
from layoutopt.errors import SolverError
from layoutopt.model.copies_between import NO_LIMITS
from layoutopt.model.frame import Array, NamedRows
from layoutopt.model.solve import LAYOUT_BLOCKS, Stopped

if TYPE_CHECKING:
    from layoutopt.ahead.phase_result import Phasing

ONE_YEAR = "closed_in_year_one"
COST = "annual_cost"
Values = dict[str, float]


@dataclass(frozen=True, eq=False)
class Comparison:
    """``table``: ``way, cost_cny, more_cny, more_share, words``, and a column for each goal that comes before the cost.

    Costs and goals are discounted sums over the years, buses at a price per rider. ``more_cny`` is what a way costs
    more than the phasing; NaN where it is no way at all. A way that falls behind in a goal before the cost may cost
    less: its words say so.
    """

    table: pd.DataFrame

    def __str__(self) -> str:
        return "\n".join(str(row["words"]) for row in self.table.to_dict("records"))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(str(text))}</li>" for text in self.table["words"])
        return f"<ul>{words}</ul>" + self.table.drop(columns="words").to_html(index=False, border=0)


def compared(phasing: Phasing, *, time_limit_s: float) -> Comparison:
    """Return the phasing beside: year by year, everything in year one, and each year alone."""
    basis = phasing.basis
    task = basis.task(
        deadline=time.monotonic() + time_limit_s, interrupted=lambda: False, report=lambda share, text: None
    )
    own, none = {level.goal: level.value for level in phasing.levels}, dict.fromkeys(task.main, np.nan)
    following = none if phasing.following is None else values_of(basis, task, phasing.following)
    at_once = all_in_year_one(basis, task, phasing.point) or none
    rest = f"{phasing.stuck}, after those before it, has no answer that was found"
    ways = {
        "phasing": (own, "All years together"),
        "year by year": (following, "Year by year, each with the years before it"),
        "all in year one": (at_once, "Everything in year one, without yearly limits"),
        "each year alone": (_alone(phasing, task), "Each year as if it were alone, which nobody could follow"),
    }  # fmt: skip
    rows = []
    for way, (found, said) in ways.items():
        stuck = rest if way == "year by year" else "no answer was found"
        rows.append(_row(way, found, own, f"{said}: ", stuck))
    return Comparison(pd.DataFrame(rows))


def _row(way: str, found: Values, own: Values, said: str, stuck: str) -> dict[str, object]:
    cost, value = found.get(COST, np.nan), own.get(COST, np.nan)
    more = cost - value
    share = more / max(abs(value), 1e-9)
    earlier = {goal: number for goal, number in found.items() if goal != COST}
    if np.isnan(cost):
        words = f"{said}{stuck}."
    else:
        others = "".join(f"; {goal} {number:,.1f} against {own[goal]:,.1f}" for goal, number in earlier.items())
        than = "" if way == "phasing" else f", {more:+,.0f} ({share:+.2%}){others}"
        words = f"{said}{cost:,.0f} CNY discounted{than}."
    return {"way": way, "cost_cny": cost, "more_cny": more, "more_share": share, **earlier, "words": words}


def values_of(basis: Basis, task: Task, point: Array) -> Values:
    """Return what a point comes to in each goal up to the cost, years discounted and summed."""
    found = dict.fromkeys(task.main, 0.0)
    for copy in basis.horizon.copies.copies:
        for name in [name for name in task.main if name in copy.model.goals]:
            value = float(copy.model.goals[name].value(point[copy.columns]).sum())
            found[name] += basis.weights[copy.name] * value
    return found


def _alone(phasing: Phasing, task: Task) -> Values:
    """What the years come to by themselves; NaN where one of them is past."""
    weights, found = phasing.basis.weights, dict.fromkeys(task.main, 0.0)
    for name in task.main:
        for one in phasing.basis.found:
            level = phasing.alone.get(one.name, {}).get(name)
            found[name] += np.nan if level is None else weights[one.name] * level.value
    return found


def all_in_year_one(basis: Basis, task: Task, phased: Array) -> Values | None:
    """Return what it comes to where every school is in every year what it is in the first; None where none is found.

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
        return None
    return values_of(basis, task, answer.values)


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
