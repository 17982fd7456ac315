"""Neighbourhood search: hubs and the schools around them decided again, with lines as columns, ever wider."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.pooled import pooled, within_budgets
from layoutopt.integrated.regions import Ground, sizes
from layoutopt.kernels import highs
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
log = logging.getLogger(__name__)
LEAST_GAIN = 1e-6
"""A step must save this share of the cost; less is rounding."""
STEP_TIME_S = 120.0
"""Safety stop of one neighbourhood; its steps end it long before."""


@dataclass(frozen=True)
class Effort:
    """How far the search goes: neighbourhoods at most, options in one (first and last size), steps and gap of one."""

    neighbourhoods: int
    steps: int
    first: int = 200
    last: int = 1_200
    growth: float = 1.6
    gap: float = 0.001


def improve(
    ground: Ground,
    router: Router,
    best: Best,
    pool: Sequence[Lines],
    *,
    effort: Effort,
    seed: int,
    stop: Callable[[], bool],
    left_s: Callable[[], float],
    report: Callable[[float], None],
    order: Sequence[int],
) -> tuple[Best, list[Lines]]:
    """Return a plan no dearer than ``best``, and all lines known at the end, the cheapest of each set of stops.

    Lines come from ``pool`` and are drawn anew for what changes; a step counts only if the real cost falls.
    Neighbourhoods grow when a round around every hub, in this ``order``, gains nothing. Where ``best`` breaks a budget,
    what is above it falls first.
    """
    lines = _known(ground.hubs, pool, best.lines)
    done, tried = 0, set[tuple[tuple[int, ...], float, float]]()
    for size in sizes(effort.first, effort.last, effort.growth):
        gains = True
        while gains:
            gains = False
            for centre in order:
                if done >= effort.neighbourhoods or stop():
                    return best, lines
                chosen, free, moves = ground.region(centre, size, best.point)
                key = (tuple(sorted(chosen)), best.cost, best.excess_cny)
                if key in tried or not moves.any():
                    continue
                tried.add(key)
                done += 1
                found = _step(ground, router, best, lines, free, moves, effort, seed + done, left_s())
                if found is not None and found.beats(best, LEAST_GAIN):
                    log.debug("%d hubs, %d options: %.0f -> %.0f", len(chosen), moves.sum(), best.cost, found.cost)
                    best, gains = found, True
                    lines = _known(ground.hubs, lines, best.lines)
                    report(best.value)
    return best, lines


def _known(hubs: Sequence[Hub], lines: Sequence[Lines], more: Sequence[Lines]) -> list[Lines]:
    return [cheapest_of_each_set(join([own, new]), hub.task.n) for hub, own, new in zip(hubs, lines, more, strict=True)]


def _step(
    ground: Ground, router: Router, best: Best, lines: Sequence[Lines], free: Flags, moves: Flags, effort: Effort,
    seed: int, left_s: float,
) -> Best | None:  # fmt: skip
    part = within_budgets(
        pooled(
            ground.program, ground.hubs, ground.first_option, best, lines, free=free, moves=moves, whole_lines=True
        ),
        ground.payers, best, eased=best.excess_cny > 0,
    )  # fmt: skip
    budget = highs.Budget(effort.gap, min(STEP_TIME_S, left_s), effort.steps)
    found = highs.solve(part.program, budget=budget, start=part.start, seed=seed)
    if found.values is None:
        return None
    point = part.point(found.values, best.point)
    lines_now = [
        run if moved else old
        for run, old, moved in zip(
            part.running(found.values), best.lines, (moves[hub.option].any() for hub in ground.hubs), strict=True
        )
    ]
    return router.realised(point, lines_now)
