"""What there is to solve: copies and the rows between them; and a point completed around ways and a layout."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.model.copies import Copies, Mask
from layoutopt.model.frame import Array, Model, NamedRows
from layoutopt.model.solve import LAYOUT_BLOCKS, Answer, Effort, Held, solve_goals
from layoutopt.progress import Report

LAST = "annual_cost"
"""Goals after this one are sought copy by copy, within the layouts it chose."""
CUT = {
    "done": "",
    "time": "The clock cut the search short: another run may end elsewhere.",
    "user": "The search was stopped by hand before its end.",
}
"""What ended the work, in words."""
FILL = highs.Budget(gap=1e-4, time_limit_s=30.0, steps=50)
FIXED = ("chosen", *LAYOUT_BLOCKS)
NOTHING = Held()


@dataclass(frozen=True, eq=False)
class Task:
    """Copies, the rows between them, how much each counts, and how hard to look; ``known`` columns are as they are.

    ``cut`` gathers what ended a step before its work was done: ``time`` or ``user``.
    """

    copies: Copies
    links: tuple[NamedRows, ...]
    weights: Mapping[str, float]
    tolerance: Mapping[str, float]
    effort: Effort
    seed: int
    deadline: float
    report: Report
    interrupted: Callable[[], bool]
    known: Mask
    point: Array
    cut: list[str] = field(default_factory=list)

    @property
    def stopped_by(self) -> str:
        """Whether all work was done (``done``), or what cut some of it short: ``user`` or ``time``."""
        return "user" if "user" in self.cut else "time" if self.cut else "done"

    @property
    def left_s(self) -> float:
        """Seconds left before the safety stop."""
        return self.deadline - time.monotonic()

    @property
    def main(self) -> list[str]:
        """Goals that are sought for all copies together, in their order."""
        names = list(dict.fromkeys(name for copy in self.copies.copies for name in copy.model.goals))
        return names[: names.index(LAST) + 1] if LAST in names else names

    def goals(
        self, model: Model, names: Sequence[str], share: float, *, start: Array | None, held: Held = NOTHING,
        effort: Effort | None = None,
    ) -> Answer:  # fmt: skip
        """Return the answer for goals of a program, within a share of the time left."""
        limit_s, began = max(share * self.left_s, 1.0), time.monotonic()
        try:
            answer = solve_goals(
                model, goals=[name for name in names if name in model.goals], held=held, tolerance=self.tolerance,
                effort=effort or self.effort, start=start, seed=self.seed, time_limit_s=limit_s,
                interrupted=self.interrupted, report=self.report,
            )  # fmt: skip
        except SolverError:
            if self.interrupted() or time.monotonic() - began >= limit_s:
                self.cut.append("user" if self.interrupted() else "time")
            raise
        self.cut.extend(level.stopped_by for level in answer.levels if level.stopped_by in ("time", "user"))
        return answer


def completed(model: Model, wish: Array | None, seed: int, *, ways: bool = True) -> Array | None:
    """Return the cheapest point of a program of one copy with the ways and layout of ``wish``; else with its layout.

    Without ``ways`` only the layout is tried. None where neither can be.
    """
    if wish is None:
        return None
    goal = model.goals.get(LAST) or next(iter(model.goals.values()))
    program = model.program(goal)
    for blocks in (FIXED, LAYOUT_BLOCKS) if ways else (LAYOUT_BLOCKS,):
        lower, upper = program.lower.copy(), program.upper.copy()
        for name in blocks:
            columns = model.frame.blocks[name].columns
            lower[columns] = upper[columns] = np.round(wish[columns])
        found = highs.solve(replace(program, lower=lower, upper=upper), budget=FILL, seed=seed)
        if found.values is not None:
            point = np.where(program.integer, np.round(found.values), found.values)
            if program.violation(point) <= highs.FEASIBILITY_TOLERANCE:
                return point
    return None
