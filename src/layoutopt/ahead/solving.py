"""Copies solved: one after the other, all together, and each alone for a bound; nothing here knows what a copy is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.improving import improved
from layoutopt.ahead.task import NOTHING, Task, completed
from layoutopt.errors import SolverError
from layoutopt.model.copies import Copies, fixed_rows
from layoutopt.model.frame import Array, Model, NamedRows
from layoutopt.model.solve import LAYOUT_BLOCKS, Answer, Held, Stopped, ceiling
from layoutopt.plan.plan import Level

SOLVED = 0.6
"""Of the time of a goal, for all copies at once; the rest is for each of them while the others stand."""
ROUNDING = 1e-6
log = logging.getLogger(__name__)


def together(task: Task, start: Array | None, share: float) -> Answer:
    """Return the answer for all copies at once: goal after goal, each answer improved copy by copy before the next.

    The levels say what the point returned comes to in every goal, not what each goal came to at its own turn.

    Raises
    ------
    Stopped
        No point keeps every row.
    SolverError
        The limits were reached before any point was found.
    """
    model, until = task.copies.model(task.weights, (*task.links, *as_they_are(task))), share * task.left_s
    until, names = time.monotonic() + until, [name for name in task.main if name in model.goals]
    point, held, levels = start, NOTHING, list[Level]()
    for turn, name in enumerate(names):
        part = max(until - time.monotonic(), 1.0) / (len(names) - turn) / max(task.left_s, 1.0)
        answer = task.goals(model, [name], SOLVED * part, start=point, held=held)
        levels += answer.levels
        before = NamedRows("held", held.as_rows(model.frame.width))
        point = improved(task, answer.values, (1.0 - SOLVED) * part, goals=names[turn:], held=before)
        value = float(model.goals[name].value(point).sum())
        held = held.also(model.goals[name], ceiling(value, task.tolerance.get(name, 0.0)))
    if point is None:
        raise SolverError("The policy names no goal the compact program knows.")
    return Answer(point, tuple(_at(model, levels, point)), held)


def _at(model: Model, levels: Sequence[Level], point: Array) -> list[Level]:
    """The levels with what a point comes to in each."""
    values = [float(model.goals[level.goal].value(point).sum()) for level in levels]
    return [
        replace(level, value=value, bound=min(level.bound, value)) for level, value in zip(levels, values, strict=True)
    ]


def as_they_are(task: Task) -> list[NamedRows]:
    """Return the rows that keep what is known as it is."""
    return [NamedRows("known", fixed_rows(task.known, task.point))] if task.known.any() else []


def one_after_the_other(task: Task, wishes: Callable[[int, Array], Array | None], share: float) -> tuple[Array, int]:
    """Return the point that decides copy by copy, each with those before it known, and how many it could decide.

    ``wishes`` gives a point a copy would like to begin at (its program alone), from the position of the copy and the
    point of all copies so far.
    """
    known, point = task.known.copy(), task.point.copy()
    until = time.monotonic() + share * task.left_s
    todo = [at for at in range(len(task.copies)) if not known[task.copies[at].columns].all()]
    for turn, at in enumerate(todo):
        model = task.copies.alone(at, task.links, known=known, point=point)
        start = completed(model, wishes(at, point), task.seed)
        part = max(until - time.monotonic(), 1.0) / (len(todo) - turn) / max(task.left_s, 1.0)
        try:
            answer = task.goals(model, task.main, min(part, 1.0), start=start)
        except (Stopped, SolverError):
            log.info("Copy %s has no answer after those before it.", task.copies[at].name)
            return point, at
        point = task.copies.put(point, at, answer.values)
        known |= task.copies.of(task.copies[at].name)
    return point, len(task.copies)


def each_alone(task: Task, levels: Sequence[Level], point: Array, share: float) -> dict[str, dict[str, Level]]:
    """Return what each copy comes to alone, without rows between copies: by copy and goal, all goals at one point.

    The weighted sum of their bounds is a bound of all together. Where a goal comes before another, a copy may come to
    no more of it than all together do, less the least of the others: whatever is best for all together keeps that.
    """
    copies, until = task.copies, time.monotonic() + share * task.left_s
    todo = [at for at in range(len(copies)) if not task.known[copies[at].columns].all()]
    held = {at: Held() for at in todo}
    found: dict[str, dict[str, Level]] = {copies[at].name: {} for at in todo}
    names = [name for name in task.main if any(level.goal == name for level in levels)]
    for turn, name in enumerate(names):
        bounds: dict[int, float] = {}
        for seen, at in enumerate(todo):
            copy = copies[at]
            if name not in copy.model.goals:
                continue
            runs = (len(names) - turn) * len(todo) - seen
            part = max(until - time.monotonic(), 1.0) / runs / max(task.left_s, 1.0)
            start = point[copy.columns]
            answer = task.goals(copy.model, [name], min(part, 1.0), start=start, held=held[at])
            own = _at(copy.model, [*found[copy.name].values(), *answer.levels], answer.values)
            found[copy.name] = {level.goal: level for level in own}
            bounds[at] = task.weights[copy.name] * answer.levels[-1].bound
        _hold(task, levels, name, bounds, held)
    return found


def _hold(task: Task, levels: Sequence[Level], name: str, bounds: Mapping[int, float], held: dict[int, Held]) -> None:
    """What a goal that all together keep leaves to each copy."""
    value = next(level.value for level in levels if level.goal == name)
    fixed = sum(
        task.weights[copy.name] * float(copy.model.goals[name].value(task.point[copy.columns]).sum())
        for copy in task.copies.copies
        if name in copy.model.goals and task.known[copy.columns].all()
    )
    most = ceiling(value, task.tolerance.get(name, 0.0)) - fixed
    total = sum(bounds.values())
    for at, bound in bounds.items():
        copy = task.copies[at]
        left = (most - (total - bound)) / task.weights[copy.name]
        if np.isfinite(left):
            held[at] = held[at].also(copy.model.goals[name], left)


def with_sums(task: Task, levels: Sequence[Level], alone: Mapping[str, Mapping[str, Level]]) -> tuple[Level, ...]:
    """Return the levels of all together, their bounds raised to the weighted sums of those of each alone."""
    raised = []
    for level in levels:
        parts = []
        for copy in task.copies.copies:
            if level.goal in copy.model.goals:
                weight = task.weights[copy.name]
                if task.known[copy.columns].all():
                    parts.append(weight * float(copy.model.goals[level.goal].value(task.point[copy.columns]).sum()))
                else:
                    own = alone.get(copy.name, {}).get(level.goal)
                    parts.append(-np.inf if own is None else weight * own.bound)
        total = float(sum(parts))
        if total > level.value + ROUNDING * max(1.0, abs(level.value)):
            log.warning(
                "The sum of bounds %.10g of %s lies above its value %.10g: not used.", total, level.goal, level.value
            )
            total = -np.inf
        raised.append(replace(level, bound=min(max(level.bound, total), level.value)))
    return tuple(raised)


def polished(task: Task, point: Array, share: float) -> Array:
    """Return the point with goals after the main ones sought copy by copy, all others and every layout as they are."""
    copies, every = task.copies, np.ones(task.copies.frame.width, dtype=bool)
    for at, copy in enumerate(copies.copies):
        after = [name for name in copy.model.goals if name not in task.main]
        if not after or task.known[copy.columns].all():
            continue
        model = copies.alone(at, task.links, known=every, point=point)
        start, held = copies.take(point, at), Held()
        for name in [name for name in task.main if name in model.goals]:
            value = float(model.goals[name].value(start).sum())
            held = held.also(model.goals[name], ceiling(value, task.tolerance.get(name, 0.0)))
        try:
            answer = task.goals(model, after, share / len(copies), start=start, held=held)
        except (Stopped, SolverError):
            continue
        point = copies.put(point, at, answer.values)
    return point


def carried(copies: Copies, at: int, before: int, point: Array, links: Sequence[tuple[str, str]]) -> Array:
    """Return a wish for copy ``at``: ways and layout of copy ``before``, groups as in ``links`` (then, now)."""
    old, new = copies[before], copies[at]
    values, wish = point[old.columns], np.zeros(copies.alone_width(at))
    for name in LAYOUT_BLOCKS:
        then, now = old.data.frame.blocks[name], new.data.frame.blocks[name]
        at_key = _position(then.table[list(then.key)], now.table[list(now.key)])
        wish[now.columns] = np.where(at_key >= 0, values[then.columns][at_key], 0.0) if len(then) else 0.0
    chosen, now = old.data.frame.blocks["chosen"], new.data.frame.blocks["chosen"]
    taken = chosen.table[values[chosen.columns] > 0.5].set_index("item")
    first = {item: then for then, item in reversed(list(links))}
    same = now.table["item"].map(first)
    ways = [same.map(taken[name]) == now.table[name] for name in ("school_id", "mode")]
    wish[now.columns] = (ways[0] & ways[1]).to_numpy(float)
    return wish


def _position(known: pd.DataFrame, wanted: pd.DataFrame) -> NDArray[np.intp]:
    return np.asarray(pd.MultiIndex.from_frame(known).get_indexer(pd.MultiIndex.from_frame(wanted)))
