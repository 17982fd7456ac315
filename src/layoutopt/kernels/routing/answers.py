"""Between the caller's positions and the search: lines known from earlier going in, state and failures coming out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Ints, RouteState

if TYPE_CHECKING:
    from layoutopt.kernels.routing.lines import Lines
    from layoutopt.kernels.routing.one_school import Answer


def known_lines(task: Task, rows: Sequence[Ints], depots: Sequence[int]) -> Lines | None:
    """Return the lines known from earlier that fit this task, measured anew, each to its depot; None without any."""
    from layoutopt.kernels.routing.lines import pack, price_lines

    place = np.full(int(task.stop.max()) + 1, -1)
    place[task.stop] = np.arange(task.n)
    kept: list[tuple[Ints, int]] = []
    for row, d in zip(rows, depots, strict=True):
        inside = len(row) > 0 and row.min() >= 0 and row.max() < len(place) and 0 <= d < len(task.depot)
        if inside and (place[row] >= 0).all() and len(np.unique(row)) == len(row):
            kept.append((place[row], d))
    if not kept:
        return None
    flat, starts = pack([row for row, _ in kept])
    return price_lines(task, flat, starts, np.array([d for _, d in kept], dtype=np.int64))


def state_of(task: Task, kept: Lines | None) -> RouteState:
    """Return what the next run may begin with."""
    if kept is None:
        return RouteState()
    return RouteState(tuple(task.stop[kept.stops(q)] for q in range(len(kept))), tuple(int(d) for d in kept.depot))


def nothing_found(answer: Answer, task: Task, positions: int, limits: str) -> dict[str, Any]:
    """Return the fields of a result without lines; ``limits`` names what stands in the way where no stop does."""
    blocked = tuple(int(task.stop[at]) for at in answer.stranded)
    reasons = tuple(f"no line through position {at} keeps every limit" for at in blocked)
    if answer.infeasible and not blocked:
        reasons = (f"no set of lines serves everyone within the {limits} at hand",)
    return {
        "status": "infeasible" if answer.infeasible else "none",
        "objective": np.inf,
        "bound": np.inf if answer.infeasible else max(0.0, answer.bound),
        "method": answer.method,
        "ride_min": np.zeros(positions),
        "blocked": blocked,
        "reasons": reasons,
        "state": state_of(task, answer.kept),
    }
