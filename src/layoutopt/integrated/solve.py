"""Start, root, search beside bound, then both together: the order in which layout and lines are decided."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.basis import Basis, lines_run
from layoutopt.integrated.begin import Known, changed_first, learnt, measured
from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.free import with_free_buses
from layoutopt.integrated.hubs import Hub, hubs_of, shared_vehicles
from layoutopt.integrated.improve import Effort as Search
from layoutopt.integrated.improve import improve
from layoutopt.integrated.payers import NOTHING_WITHIN
from layoutopt.integrated.regions import Ground
from layoutopt.integrated.root import Root
from layoutopt.integrated.shares import Prizes, priced_program, share_sets, started
from layoutopt.integrated.watch import Watch, beside
from layoutopt.integrated.whole import lines_that_matter, solve_whole
from layoutopt.kernels import highs
from layoutopt.kernels.highs import Program
from layoutopt.kernels.routing.lines import Lines
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.joined import joined_share

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)
LEAST_BOUND_S = 5.0
"""Seconds the program at prices has at least: without its bound nothing can be said of the plan."""
ROUNDING = 1e-6
"""A bound this little above the plan's cost is the same number; farther above it, one of the two is wrong."""
BEFORE_WHOLE = 0.4
"""Share of the time limit for everything before the last program, where the county is small enough for that."""
BEFORE_WHOLE_OPTIONS = 0.5
"""The search then stops at neighbourhoods of this share of all options."""
POLISH_SHARE = 0.1
"""Share of the time limit kept for drawing the lines of the plan found with all care."""


@dataclass(frozen=True)
class Whole:
    """The last program, over the county and its lines: lines and columns of the layout at most, steps.

    With ``whole_lines`` a line runs or does not, which alone can close the gap; it takes longer.
    """

    lines: int
    columns: int
    steps: int
    whole_lines: bool = False


@dataclass(frozen=True)
class Effort:
    """Masters at the root (proved exactly or not), the search, gap and steps of the bound, the last program."""

    gap: float
    rounds: int
    exact: bool
    search: Search
    bound_steps: int
    whole: Whole | None


EFFORTS: Mapping[str, Effort] = {
    "quick": Effort(0.02, 15, False, Search(40, 40, last=400), 400, None),
    "normal": Effort(0.005, 200, True, Search(600, 100), 4_000, Whole(40_000, 3_000, 8_000)),
    "proof": Effort(1e-4, 1_000, True, Search(5_000, 400, last=2_400, gap=1e-4), 10_000_000,
                    Whole(80_000, 3_000, 10_000_000, whole_lines=True)),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Integrated:
    """The best layout with its lines, a bound on any layout with any lines within budgets, and what was learnt."""

    best: Best
    bound: float
    hubs: tuple[Hub, ...]
    notes: Mapping[str, float | str | bool]
    basis: Basis


def integrate(
    model: Model,
    data: Data,
    start: Floats,
    *,
    effort: Effort,
    held: Callable[[Program], Program],
    skip: Collection[str] = (),
    time_limit_s: float,
    seed: int,
    interrupted: Callable[[], bool],
    report: Callable[[float, str], None],
    known: Known | None = None,
) -> Integrated | None:
    """Return layout and lines decided together, beginning at the compact program's point ``start``.

    None where nobody may ride, or the start's riders fit on no lines: there is nothing to decide then.
    """
    watch = Watch(report, interrupted, time.monotonic() + (1 - POLISH_SHARE) * time_limit_s)
    ground, policy = _ground(model, data, held=held, skip=skip), data.policy
    hubs = ground.hubs
    if not hubs:
        return None
    low = hubs_of(data.study, policy, data, skip=skip, lowest=True) if shared_vehicles(policy) else hubs
    effort, whole = _steps(effort, ground, low, known)
    if whole is not None:
        watch.until -= (1 - POLISH_SHARE - BEFORE_WHOLE) * time_limit_s
    router = Router(hubs, ground.program, ground.first_option, seed, ground.payers)
    run = () if known is None else lines_run(hubs, known.orders)
    router.remember(start, run)
    first = router.realised(start, run)
    if first is None:
        return None
    watch.note(0.05, best=first.value)
    root, sets = learnt(
        ground, low, first, run, known, rounds=effort.rounds, exact=effort.exact, interrupted=watch.stop,
        report=lambda value, lines: report(0.1, f"bus lines worth knowing: {lines:,}, relaxed cost {value:,.0f}"),
    )  # fmt: skip
    bounding = partial(
        _at_prizes, replace(ground, hubs=low), root, sets, first, effort, joined_share(policy), watch, seed
    )
    with beside(bounding) as bounded:
        best, lines = improve(
            ground, router, first, measured(hubs, root.lines), effort=effort.search, seed=seed, stop=watch.stop,
            left_s=watch.left_s, report=lambda cost: watch.note(0.3, best=cost), order=changed_first(first, run),
        )  # fmt: skip
        priced, sets = bounded()
        ended = watch.why(priced)
    bound = np.inf if priced.status == "infeasible" else priced.bound
    best = _better(router, best, priced)
    watch.note(0.6, best=best.value, bound=bound)
    notes: dict[str, float | str | bool] = {}
    if whole is not None and not interrupted():
        watch.until += (1 - POLISH_SHARE - BEFORE_WHOLE) * time_limit_s
        best, bound, notes = _together(ground, router, best, lines, sets, bound, effort.gap, whole, watch, seed)
    if not interrupted():
        best = router.polished(best, time.monotonic() + POLISH_SHARE * time_limit_s)
    watch.note(0.95, best=best.value, bound=bound)
    bound = _believed(bound, best)
    notes |= {
        "sequential_cny": first.cost, "root_rounds": root.rounds, "root_converged": root.converged,
        "root_value": root.value, "certificate_loss": root.loss, "bound_at_prices": priced.bound,
        "bound_stopped_by": ended, "lines_in_pool": sum(len(own) for own in lines),
    }  # fmt: skip
    if best.excess_cny > 0:
        notes |= {"above_budgets_cny": best.excess_cny, NOTHING_WITHIN: bool(np.isinf(bound) and bound > 0)}
    return Integrated(best, min(bound, best.cost), hubs, notes, Basis(hubs, tuple(lines), low, sets))


def _ground(model: Model, data: Data, *, held: Callable[[Program], Program], skip: Collection[str]) -> Ground:
    """What the search stands on: the program with free buses, the hubs, and budgets that lines count in."""
    program = held(with_free_buses(model, data, skip=skip))
    budgets = {} if "source_budget" in skip else data.policy.money.budget_by_source
    hubs = hubs_of(data.study, data.policy, data, skip=skip)
    return Ground(data, program, hubs, data.frame.blocks["chosen"].start, budgets)


def _steps(effort: Effort, ground: Ground, low: Sequence[Hub], known: Known | None) -> tuple[Effort, Whole | None]:
    """The effort of the steps before the last program, and that program, where the county is small enough for it.

    What the root learns from a plan to begin at serves every later question: it is worth its time then.
    """
    if known is not None:
        effort = replace(effort, rounds=max(effort.rounds, EFFORTS["normal"].rounds), exact=True)
    whole, shared = effort.whole, low is not ground.hubs
    if shared or whole is None or len(ground.program.cost) > whole.columns:
        return effort, None
    return _before_whole(effort, len(ground.data.options.rows)), whole


def _believed(bound: float, best: Best) -> float:
    """The bound, but none where it lies above the plan's cost by more than rounding: then one of the two is wrong."""
    if bound <= best.value * (1 + ROUNDING):
        return bound
    log.warning("The bound %.0f lies above the plan's cost %.0f: it is not used.", bound, best.cost)
    return -np.inf


def _before_whole(effort: Effort, options: int) -> Effort:
    """The effort of the steps before the last program, which does their work over again and better."""
    last = max(effort.search.first, int(BEFORE_WHOLE_OPTIONS * options))
    return replace(effort, search=replace(effort.search, last=min(effort.search.last, last)))


def _at_prizes(
    ground: Ground, root: Root, sets: tuple[Prizes, ...] | None, first: Best, effort: Effort, joined: float,
    watch: Watch, seed: int,
) -> tuple[highs.Solved, tuple[Prizes, ...]]:  # fmt: skip
    """Solve the compact program at sound prizes: no layout with any lines costs less than its bound.

    Past the time limit it goes on for a moment where no bound is known yet.
    """
    if sets is None:
        sets = share_sets(ground.hubs, root, full=effort.exact and not watch.stop(), joined=joined)
    around = ground.hubs, ground.first_option, sets

    def heard(value: float, bound: float) -> bool:
        watch.note(0.3, bound=bound)
        return watch.stopped() or (bound > 0 and watch.stop())

    width, theta = len(first.point), np.ones(len(ground.hubs))
    program = ground.payers.within(
        priced_program(ground.program, *around), np.arange(width), theta, fixed=first.point, fixed_cny=0.0
    )
    return highs.solve(
        program,
        budget=highs.Budget(effort.gap / 5, max(watch.left_s(), LEAST_BOUND_S), effort.bound_steps),
        start=started(first.point, *around), seed=seed, progress=heard,
    ), sets  # fmt: skip


def _better(router: Router, best: Best, priced: highs.Solved) -> Best:
    """The better of ``best`` and the layout of the program at prizes with real lines."""
    if priced.values is None:
        return best
    whole = router.program.integer
    values = priced.values[: len(whole)]
    found = router.realised(np.where(whole, np.round(values), values))
    return found if found is not None and found.beats(best) else best


def _together(
    ground: Ground, router: Router, best: Best, lines: Sequence[Lines], sets: Sequence[Prizes], bound: float,
    gap: float, whole: Whole, watch: Watch, seed: int,
) -> tuple[Best, float, dict[str, float | str | bool]]:  # fmt: skip
    """Solve the county with every line that can matter, where the gap is still open."""
    if not 0 < bound < np.inf or 1 - bound / best.value <= gap or watch.stop():
        return best, bound, {}
    pool = lines_that_matter(ground.hubs, sets, best, bound, whole.lines)
    if pool is None:
        return best, bound, {"lines_enumerated": 0.0}
    watch.tell(0.65, f"all together: {sum(len(own) for own in pool.lines):,} lines can matter")

    def heard(value: float, proven: float) -> bool:
        watch.note(0.7, bound=min(proven, bound + pool.slack_cny))
        return watch.stop() or proven >= bound + pool.slack_cny

    best, bound, found = solve_whole(
        ground, router, best, lines, pool, bound, whole_lines=whole.whole_lines or len(ground.payers) > 0,
        budget=highs.Budget(gap / 2, watch.left_s(), whole.steps), seed=seed, progress=heard,
    )  # fmt: skip
    return best, bound, {
        "lines_enumerated": float(sum(len(own) for own in pool.lines)), "together_stopped_by": watch.why(found),
        **({"slack_cny": pool.slack_cny} if pool.slack_cny < np.inf else {}),
    }  # fmt: skip
