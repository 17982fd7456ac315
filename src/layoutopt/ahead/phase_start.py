"""Where all years together begin: year after year, again with more foresight where that gets stuck, or as today."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.solving import carried, one_after_the_other
from layoutopt.ahead.task import Task
from layoutopt.kernels import highs
from layoutopt.model.columns import Data
from layoutopt.model.copies_between import arrivals, followers, pairs_of, staying
from layoutopt.model.frame import Array, Expr, NamedRows, Rows
from layoutopt.model.start import first_point

TRIES, AGAIN = 6, 0.15
"""How often years are decided again with more foresight, and the share of the time left for each try."""
STATES = ("open", "taught", "point")
LOOK = highs.Budget(gap=0.05, time_limit_s=20.0, steps=100)
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Start:
    """A point of all years, or None; the answer year by year, or None and the year in which that gets stuck."""

    point: Array | None
    following: Array | None
    stuck: int | None


def first_start(basis: Basis, task: Task, share: float) -> Start:
    """Return the answer year by year. Where there is none, a year says what it lacks, and those before keep it."""
    stuck: int | None = None
    foresight = [NamedRows("foresight", rows) for rows in _as_one(basis) if len(rows.labels)]
    for turn in range(TRIES):
        trial = replace(task, links=(*task.links, *foresight))
        part = AGAIN if turn else share
        point, at = one_after_the_other(trial, lambda at, point: wish(basis, at, point), part)
        if at == len(task.copies):
            return Start(point, point if stuck is None else None, stuck)
        stuck = basis.horizon.years[at] if stuck is None else stuck
        lacking = _lacking(basis, task, point, at)
        if not lacking:
            break
        foresight += lacking
    return Start(standing(basis), None, stuck)


def _as_one(basis: Basis) -> Iterator[Rows]:
    """Rows that send groups to the same school where a group of the year after follows both of them."""
    for pairs, before, _ in pairs_of(basis.horizon.data):
        first = pairs.groupby("item")["item_before"].transform("first")
        two = pairs.assign(first=first)[["first", "item_before"]].drop_duplicates()
        two = two[two["first"] != two["item_before"]]
        sent = before.frame.total("chosen", by=["item", "school_id"])
        schools = pd.DataFrame({"school_id": before.schools.index})
        table = two.merge(schools, how="cross")
        one, other = (
            sent.on(pd.MultiIndex.from_arrays([table[name], table["school_id"]], names=["item", "school_id"]))
            for name in ("first", "item_before")
        )
        yield Expr(one.matrix - other.matrix, one.constant, one.labels).equals(0.0)


def _lacking(basis: Basis, task: Task, point: Array, at: int) -> list[NamedRows]:
    """Rows for the years before ``at``: what that year cannot do without is kept, whom it moves on goes elsewhere."""
    copies, again = task.copies, basis.horizon.again
    if at <= again:
        return []
    links = [named for named in task.links if named.rule not in ("stays_closed", "moved_once")]
    known = np.zeros(copies.frame.width, dtype=bool)
    for copy in copies.copies[:at]:
        known |= copies.of(copy.name)
    model = copies.alone(at, links, known=known, point=point)
    program, blocks = model.program(next(iter(model.goals.values()))), copies[at].data.frame.blocks
    cost = np.zeros(len(program.cost))
    if not basis.horizon.asked.reopen:
        for name in STATES:
            now, then = copies[at].data.frame.each(name), _state(copies[at - 1].wide, name)
            cost[blocks[name].columns] = 1.0 - np.round(then.on(now.labels).value(point))
    stay = _must_stay(basis, point, at)
    chosen = blocks["chosen"].table
    cost[blocks["chosen"].columns] = -pd.MultiIndex.from_frame(chosen[["item", "school_id"]]).isin(stay).astype(float)
    found = highs.solve(replace(program, cost=cost, offset=0.0), budget=LOOK, seed=task.seed)
    if found.values is None:
        return []
    taken = chosen[np.round(found.values[blocks["chosen"].columns]) > 0.5].set_index("item")["school_id"]
    leaves = [label for label in stay if taken.get(label[0]) != label[1]]
    moved = pd.MultiIndex.from_tuples([stay[label] for label in leaves] or [("", "")], names=["item", "school_id"])
    rows = []
    for copy in copies.copies[again:at]:
        for name in STATES:
            columns = blocks[name].columns
            wanted = (np.round(found.values[columns]) * cost[columns]) > 0.5
            rows.append(_state(copy.wide, name).on(copies[at].data.frame.each(name).labels[wanted]) >= 1.0)
        rows.append(copy.wide.frame.total("chosen", by=["item", "school_id"]).on(moved) <= 0.0)
    log.info("Year by year gets stuck in %s: it lacks %d states and moves.", copies[at].name, len(rows))
    return [NamedRows("foresight", one) for one in rows if len(one.labels)]


def _state(data: Data, name: str) -> Expr:
    """A school's state; a teaching point may have been a full school before."""
    return staying(data) if name == "point" else data.frame.each(name)


def _must_stay(basis: Basis, point: Array, at: int) -> dict[tuple[str, str], tuple[str, str]]:
    """Groups of a year with the school they may not leave, and the group they follow with the same school."""
    if not basis.horizon.asked.move_once:
        return {}
    pairs, before, after = list(pairs_of(basis.horizon.data))[at - 1]
    then, _, homes = arrivals(pairs, before, after)
    there = (then.value(point) > 0.5) & np.asarray(then.level("school_id") != homes)
    return {(item, school): (earlier, school) for earlier, item, school in then.labels[there]}


def standing(basis: Basis) -> Array | None:
    """Return a point with every school as it is today in every open year; None where the years do not allow it."""
    copies = basis.horizon.copies
    point = np.zeros(copies.frame.width) if basis.past is None else basis.past.copy()
    for copy in copies.copies[basis.horizon.again :]:
        own = first_point(copy.model, copy.data)
        if own is None:
            return None
        point[copy.columns] = own
    model = copies.model(basis.weights, basis.links)
    broken = model.program(next(iter(model.goals.values()))).violation(point)
    return point if broken <= highs.FEASIBILITY_TOLERANCE else None


def wish(basis: Basis, at: int, point: Array) -> Array | None:
    """Return where a year would like to begin: as the year before it ends, the first as schools are today."""
    copies = basis.horizon.copies
    if at == 0:
        first = first_point(copies[0].model, copies[0].data)
        return None if first is None else np.concatenate([first, np.zeros(copies.alone_width(0) - len(first))])
    pairs = followers(copies[at - 1].options.items, copies[at].options.items)
    return carried(copies, at, at - 1, point, list(pairs[["item_before", "item"]].itertuples(index=False, name=None)))
