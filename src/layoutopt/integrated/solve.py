"""Start, root, search, bound: the order in which layout and lines are decided together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.hubs import Hub, hubs_of
from layoutopt.integrated.improve import Effort as Search
from layoutopt.integrated.improve import Ground, homes, improve
from layoutopt.integrated.repriced import Compact, spread_prizes
from layoutopt.integrated.root import Root, solve_root
from layoutopt.kernels import highs
from layoutopt.kernels.highs import Program
from layoutopt.model.build import ExtraRule
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)
ROUNDING = 1e-6
"""A bound this little above the plan's cost is the same number; farther above it, one of the two is wrong."""


@dataclass(frozen=True)
class Effort:
    """Masters at the root, the search, and gap and steps of the bound."""

    rounds: int
    search: Search
    bound_gap: float
    bound_steps: int


EFFORTS: Mapping[str, Effort] = {
    "quick": Effort(8, Search(0, 2, 20), 0.02, 60),
    "normal": Effort(80, Search(120, 3, 60), 0.002, 400),
    "proof": Effort(400, Search(2_000, 4, 400, 0.0005), 1e-4, 10_000_000),
}


@dataclass(frozen=True, eq=False)
class Integrated:
    """The best layout with its lines, a bound on any layout with any lines, and how both came about."""

    best: Best
    bound: float
    hubs: tuple[Hub, ...]
    root: Root | None
    notes: Mapping[str, float | str | bool]


def integrate(
    study: Study,
    policy: Policy,
    options: Options,
    start: Floats,
    *,
    effort: Effort,
    held: Callable[[Program], Program],
    skip: Collection[str] = (),
    extra_rules: Iterable[ExtraRule] = (),
    time_limit_s: float,
    seed: int,
    interrupted: Callable[[], bool],
    report: Callable[[float, str], None],
) -> Integrated | None:
    """Return layout and lines decided together, beginning at the compact program's point ``start``.

    None where nobody may ride, or the start's riders fit on no lines: there is nothing to decide then.
    """
    began = time.monotonic()

    def stop() -> bool:
        return interrupted() or time.monotonic() - began > time_limit_s

    compact = Compact(study, policy, options, skip, tuple(extra_rules), held)
    _, data, program = compact.at(np.zeros(len(options.rows)))
    hubs = hubs_of(study, policy, data, skip=skip)
    if not hubs:
        return None
    first = data.frame.blocks["chosen"].start
    router = Router(hubs, program, first, seed, line_time_s=max(5.0, time_limit_s / 20))
    best = router.realised(start)
    if best is None:
        return None
    sequential = best.cost
    report(0.1, f"layout and lines one after the other: {best.cost:,.0f} CNY a year")
    root = solve_root(
        program, hubs, first, known=best.lines, rounds=effort.rounds, interrupted=stop,
        report=lambda value, lines: report(0.2, f"linear bound {value:,.0f}, {lines:,} lines"),
    )  # fmt: skip
    ground = Ground(data, program, hubs, first, homes(data, hubs))
    best = improve(
        ground, router, best, root.lines, effort=effort.search, seed=seed, stop=stop,
        report=lambda cost, done: report(0.3 + 0.4 * done / max(1, effort.search.neighbourhoods), f"best {cost:,.0f}"),
    )  # fmt: skip
    best = router.polished(best)
    report(0.7, f"lines drawn with all care: {best.cost:,.0f}")
    bound, solved = _bound(compact, options, hubs, root, best, effort, time_limit_s - (time.monotonic() - began),
                           seed, interrupted)  # fmt: skip
    notes = {
        "sequential_cny": sequential, "root_rounds": root.rounds, "root_converged": root.converged,
        "root_value": root.value, "certificate_loss": root.loss, "bound_stopped_by": solved.stopped_by,
        "lines_in_pool": sum(len(own) for own in root.lines),
    }  # fmt: skip
    if bound > best.cost * (1 + ROUNDING):
        log.warning("The bound %.0f lies above the plan's cost %.0f: it is not used.", bound, best.cost)
        bound = -np.inf
    return Integrated(best, min(bound, best.cost), hubs, root, notes)


def _bound(
    compact: Compact, options: Options, hubs: Sequence[Hub], root: Root, best: Best, effort: Effort, left_s: float,
    seed: int, interrupted: Callable[[], bool],
) -> tuple[float, highs.Solved]:  # fmt: skip
    """Solve the compact program at certified prizes: no layout with any lines costs less than its bound."""
    _, _, program = compact.at(spread_prizes(options, hubs, root.prizes))
    found = highs.solve(
        program,
        budget=highs.Budget(gap=effort.bound_gap, time_limit_s=max(left_s, 2.0), steps=effort.bound_steps),
        start=best.point, seed=seed, progress=lambda value, bound: interrupted(),
    )  # fmt: skip
    return found.bound, found
