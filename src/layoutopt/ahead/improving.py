"""A point of all copies made better copy by copy, each decided again while all others stand."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from layoutopt.ahead.task import Task, completed
from layoutopt.errors import SolverError
from layoutopt.model.frame import Array, Model, NamedRows
from layoutopt.model.solve import Effort, Stopped

IMPROVING, MOST_S = Effort(gap=0.005, steps=200), 30.0
"""How hard to look for one copy, and how long at most."""


def improved(task: Task, point: Array, share: float, *, goals: Sequence[str], held: NamedRows) -> Array:
    """Return a point that is better for some copies and worse for none, each decided again while all others stand.

    Better is judged by ``goals`` in their order; ``held`` are the rows of what the goals before them demand.
    First with all ways and layouts as they are, then from the last copy to the first, for what a year may give up
    depends on those after it; again while that helps.
    """
    copies, until = task.copies, time.monotonic() + share * task.left_s
    todo = [at for at in reversed(range(len(copies))) if not task.known[copies[at].columns].all()]
    every, gained, tidy = np.ones(copies.frame.width, dtype=bool), True, True
    while gained:
        gained = tidy
        for at in todo:
            left = until - time.monotonic()
            if not tidy and (left <= 1.0 or task.interrupted()):
                task.cut.append("user" if task.interrupted() else "time")
                return point
            model = copies.alone(at, (*task.links, held), known=every, point=point)
            start = copies.take(point, at)
            found = completed(model, start, task.seed) if tidy else _again(task, model, goals, start, min(left, MOST_S))
            if found is not None and _of(model, goals, found) < _of(model, goals, start):
                point, gained = copies.put(point, at, found), True
        tidy = False
    return point


def _again(task: Task, model: Model, goals: Sequence[str], start: Array, seconds: float) -> Array | None:
    """The answer for one copy, from where it is."""
    try:
        share = seconds / max(task.left_s, 1.0)
        return task.goals(model, goals, share, start=start, effort=IMPROVING).values
    except (Stopped, SolverError):
        return None


def _of(model: Model, names: Sequence[str], values: Array) -> tuple[float, ...]:
    """What goals come to, in their order, differences by rounding left out."""
    return tuple(float(f"{model.goals[name].value(values).sum():.7g}") for name in names if name in model.goals)
