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
from layoutopt.ahead.task import CUT, Task, completed
from layoutopt.ahead.task import LAST as COST
from layoutopt.errors import SolverError
from layoutopt.model.copies import fixed_rows
from layoutopt.model.copies_between import NO_LIMITS
from layoutopt.model.frame import Array, NamedRows
from layoutopt.model.solve import LAYOUT_BLOCKS, Stopped
from layoutopt.progress import patient_interrupt

if TYPE_CHECKING:
    from layoutopt.ahead.phase_result import Phasing

ONE_YEAR = "closed_in_year_one"
FORESEEING = 0.5
"""Of the time left, for years one after another with those after them kept possible."""
COLUMNS = ["cost_cny", "bound_cny", "more_cny", "more_share"]
Values = dict[str, float]


@dataclass(frozen=True, eq=False)
class Comparison:
    """``table``: ``way, cost_cny, bound_cny, more_cny, more_share, words``, and a column for each goal before the cost.

    Costs and goals are discounted sums over the years, buses at a price per rider, those of a row all at one point.
    ``bound_cny`` is what is proven: no phasing that does as well in the goals before the cost costs less; NaN where
    a way proves nothing of that. ``more_cny`` is what a way costs more than the phasing; NaN where it is no way at
    all. A way that falls behind in a goal before the cost may cost less: its words say so. Where the policy seeks no
    cost, the last goal takes its place, in columns of its name. ``stopped_by`` is ``done``, or what cut it short.
    """

    table: pd.DataFrame
    stopped_by: str = "done"

    def __str__(self) -> str:
        return "\n".join([*map(str, self.table["words"]), CUT[self.stopped_by]]).rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(str(text))}</li>" for text in self.table["words"])
        return f"<ul>{words}</ul>" + self.table.drop(columns="words").to_html(index=False, border=0)


def compared(phasing: Phasing, *, time_limit_s: float) -> Comparison:
    """Return the phasing beside: year by year, everything in year one, and each year alone."""
    basis = phasing.basis
    with patient_interrupt() as interrupted:
        task = basis.task(
            deadline=time.monotonic() + time_limit_s, interrupted=interrupted, report=lambda share, text: None
        )
        following = phasing.following
        if following is None:
            following = year_by_year(basis, task, phasing.point, FORESEEING)
        at_once = all_in_year_one(basis, task, phasing.point)
    main, own = phasing.main, {level.goal: level.value for level in phasing.levels}
    bounds, none = _alone(phasing, task, "bound"), dict.fromkeys(task.main, np.nan)
    kept = "" if phasing.stuck is None else f" while later years stay possible, for else {phasing.stuck} gets stuck"
    year_said = f"Year by year, each with the years before it{kept}"
    by_year = none if following is None else values_of(basis, task, following)
    ways = {
        "phasing": ("All years together", own, main.bound),
        "year by year": (year_said, by_year, np.nan),
        "all in year one": ("Everything in year one, without yearly limits", at_once or none, np.nan),
        "each year alone": ("Each year as if it were alone, which nobody could follow",
                            _alone(phasing, task, "value"), bounds[main.goal]),
    }  # fmt: skip
    rows = [_row(way, *given, own=own, goal=main.goal) for way, given in ways.items()]
    return Comparison(pd.DataFrame(rows), task.stopped_by)


def _row(way: str, said: str, found: Values, bound: float, *, own: Values, goal: str) -> dict[str, object]:
    value, more = found[goal], found[goal] - own[goal]
    share, bound = more / max(abs(own[goal]), 1e-9), bound if np.isfinite(bound) else np.nan
    earlier = {name: number for name, number in found.items() if name != goal}
    if np.isnan(value):
        words = f"{said}: no answer was found."
    else:
        others = "".join(f"; {name} {number:,.1f} against {own[name]:,.1f}" for name, number in earlier.items())
        than = "" if way == "phasing" else f", {more:+,.0f} ({share:+.2%}){others}"
        proven = "" if np.isnan(bound) else f"; none comes to less than {bound:,.0f}, this is proven"
        words = f"{said}: {value:,.0f} {'CNY' if goal == COST else goal} discounted{than}{proven}."
    names = COLUMNS if goal == COST else [goal, *(f"{goal}_{name}" for name in ("bound", "more", "more_share"))]
    return {"way": way, **dict(zip(names, (value, bound, more, share), strict=True)), **earlier, "words": words}


def values_of(basis: Basis, task: Task, point: Array) -> Values:
    """Return what a point comes to in each goal up to the cost, years discounted and summed."""
    found = dict.fromkeys(task.main, 0.0)
    for copy in basis.horizon.copies.copies:
        for name in [name for name in task.main if name in copy.model.goals]:
            value = float(copy.model.goals[name].value(point[copy.columns]).sum())
            found[name] += basis.weights[copy.name] * value
    return found


def year_by_year(basis: Basis, task: Task, phased: Array, share: float) -> Array | None:
    """Return the years decided one after another, each at its own best, while those after it stay possible.

    Every year begins at the phasing, or what is left of it: where the clock cuts it short, it saves less than it could.
    """
    copies, point, until = task.copies, phased, time.monotonic() + share * task.left_s
    known = task.known.copy()
    todo = copies.copies[basis.horizon.again :]
    for turn, copy in enumerate(todo):
        rows = NamedRows("known", fixed_rows(known, point))
        model = copies.model({other.name: float(other is copy) for other in copies.copies}, (*task.links, rows))
        part = max(until - time.monotonic(), 1.0) / (len(todo) - turn) / max(task.left_s, 1.0)
        try:
            point = task.goals(model, task.main, min(part, 1.0), start=point).values
        except (Stopped, SolverError):
            return None
        known[copy.columns] = True
    return point


def _alone(phasing: Phasing, task: Task, kind: str) -> Values:
    """What the years come to by themselves, ``value`` or ``bound``; NaN where one of them is past."""
    weights, found = phasing.basis.weights, dict.fromkeys(task.main, 0.0)
    for name in task.main:
        for one in phasing.basis.found:
            level = phasing.alone.get(one.name, {}).get(name)
            found[name] += np.nan if level is None else weights[one.name] * getattr(level, kind)
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
