"""The whole county with every line that can matter: a better plan, and a bound that speaks for real lines.

At sound prizes p^t no line costs less than it earns. Let B bound the compact program at them. A layout that uses a
line r costs at least B + min_t (c_r - p^t_r), because every other line costs at least what it earns at each of the
sets. So lines that exceed every set by δ or more appear only in layouts of cost ≥ B + δ: the program over the
others bounds everything by the smaller of its own bound and B + δ (so routes are enumerated in exact routing, see
Baldacci, Christofides and Mingozzi 2008; here the compact program's whole-number bound takes the linear one's place).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.pooled import pooled, within_budgets
from layoutopt.integrated.regions import Ground
from layoutopt.integrated.shares import Prizes
from layoutopt.kernels import highs
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.master import plain_prices

Floats = NDArray[np.float64]
MOST_LABELS = 2_000_000
HALVINGS = 12
"""The threshold is halved this often at most until every hub's lines fit."""


@dataclass(frozen=True, eq=False)
class Enumerated:
    """All lines whose cost exceeds what they earn by less than ``slack_cny``, hub by hub."""

    lines: tuple[Lines, ...]
    slack_cny: float


def enumerate_lines(
    hubs: Sequence[Hub], sets: Sequence[Prizes], slack_cny: float, most_lines: int
) -> Enumerated | None:
    """Return the lines within ``slack_cny`` of paying, or within the largest amount that keeps them few enough.

    None where not even the smallest threshold tried leaves at most ``most_lines``. ``inf`` asks for all lines.
    """
    slack = slack_cny
    for _ in range(HALVINGS if np.isfinite(slack) else 1):
        found = _within(hubs, sets, slack, most_lines)
        if found is not None:
            return found
        slack /= 2
    return None


def lines_that_matter(
    hubs: Sequence[Hub], sets: Sequence[Prizes], best: Best, bound: float, most_lines: int
) -> Enumerated | None:
    """Return the lines of plans cheaper than ``best``; where that breaks a budget every line, or the likely ones."""
    if best.excess_cny == 0:
        return enumerate_lines(hubs, sets, best.cost - bound, most_lines)
    return enumerate_lines(hubs, sets, np.inf, most_lines) or enumerate_lines(hubs, sets, bound, most_lines)


def _within(hubs: Sequence[Hub], sets: Sequence[Prizes], slack: float, most_lines: int) -> Enumerated | None:
    lines: list[Lines] = []
    over: list[Floats] = []
    left = 8 * most_lines
    for at, hub in enumerate(hubs):
        own = _of_hub(hub, [prizes[at] for prizes in sets], slack)
        if own is None or len(own) > left:
            return None
        left -= len(own)
        lines.append(own)
        visits = own.visits(hub.task.n)
        over.append(np.min([own.cost - visits @ prizes[at] for prizes in sets], axis=0))
    every = np.sort(np.concatenate(over))
    if len(every) > most_lines:
        slack = float(every[most_lines])
        lines = [own.take(np.flatnonzero(extra < slack)) for own, extra in zip(lines, over, strict=True)]
    return Enumerated(tuple(lines), slack)


def _of_hub(hub: Hub, prizes: Sequence[Floats], slack: float) -> Lines | None:
    """Return the lines of one hub that exceed some set by less than ``slack``; None where they are too many."""
    parts = []
    for prize in prizes:
        own = hub.pricer.every_line(
            plain_prices(hub.task, prize), None, np.array([0]), threshold=slack, most_labels=MOST_LABELS,
            each_kind=False,
        )  # fmt: skip
        if own is None:
            return None
        parts.append(own)
    return cheapest_of_each_set(join(parts), hub.task.n)


def solve_whole(
    ground: Ground,
    router: Router,
    best: Best,
    known: Sequence[Lines],
    pool: Enumerated,
    bound: float,
    *,
    whole_lines: bool,
    budget: highs.Budget,
    seed: int,
    progress: Callable[[float, float], bool],
) -> tuple[Best, float, highs.Solved]:
    """Return a plan no dearer than ``best``, and a bound no lower than ``bound``, that of the program at prizes.

    The bound is ``inf`` where the pool holds every line and no plan keeps the budgets of all sources.
    Without ``whole_lines`` shares of lines stay free: the value is a bound all the same, and sooner found. Where a
    budget holds, such an answer's real lines mostly break it.
    ``known`` lines outside the pool may be used as well; they can only lower the program's value.
    """
    free, moves = ground.everything()
    lines = [join([every, own]) for every, own in zip(pool.lines, known, strict=True)]
    part = within_budgets(
        pooled(
            ground.program, ground.hubs, ground.first_option, best, lines, free=free, moves=moves,
            whole_lines=whole_lines,
        ),
        ground.payers, best, eased=False,
    )  # fmt: skip
    found = highs.solve(part.program, budget=budget, start=part.start, seed=seed, progress=progress)
    if found.values is not None:
        point = part.point(found.values, best.point)
        again = router.realised(point, part.running(found.values) if whole_lines else ())
        best = again if again is not None and again.beats(best) else best
    proven = np.inf if found.status == "infeasible" else found.bound
    return best, max(bound, min(proven, bound + pool.slack_cny)), found
