"""A good whole assignment: open sites from the Lagrangean average, units placed, then local moves."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.location import moves
from layoutopt.kernels.location.bound import Prices
from layoutopt.kernels.location.found import Ask
from layoutopt.kernels.location.instance import Answer, Flags, Instance, Ints, whole

THRESHOLDS = (0.5, 0.3, 0.15, 0.7, 0.0)
"""A site opens when the averaged Lagrangean solution opens it more often than this."""
RAISES = 14
"""Times the fine for a missed limit is raised before an attempt is given up."""


def map_of(instance: Instance) -> moves.Map:
    """Return the instance as the compiled moves read it."""
    listed = instance.by_site
    miss = (
        10.0 * float(instance.cost.max(initial=0.0)) + 10.0 * float(instance.opening.max(initial=0.0)) + 1.0
    )
    return moves.Map(
        instance.ptr,
        instance.unit,
        instance.site,
        instance.cost,
        listed.ptr,
        listed.arc,
        instance.demand,
        instance.capacity,
        instance.low,
        instance.opening,
        instance.must,
        instance.banned,
        instance.count is not None,
        miss,
    )


def openings(instance: Instance, prices: Prices) -> list[Flags]:
    """Return different sets of sites to begin with, the most promising first."""
    rank = np.argsort(np.where(instance.banned, -1.0, prices.open + 2.0 * instance.must), kind="stable")[::-1]
    if instance.count is not None:
        chosen = np.zeros(instance.sites, dtype=bool)
        chosen[rank[: instance.count]] = True
        return [chosen]
    found: list[Flags] = []
    for threshold in THRESHOLDS:
        chosen = (prices.open > threshold) & ~instance.banned | instance.must
        for j in rank:
            if instance.capacity[chosen].sum() >= instance.total * (1 + 1e-9) and chosen.any():
                break
            chosen[j] = not instance.banned[j]
        if not any((chosen == other).all() for other in found):
            found.append(chosen)
    return found


def first_fine(instance: Instance, prices: Prices) -> float:
    """Return twice the price a unit of demand pays on average: leaving one out never pays for long."""
    return 2.0 * float(np.abs(prices.unit).sum()) / max(instance.total, 1e-9) + 1e-6


def improve(instance: Instance, arc: Ints, is_open: Flags, fine: float, ask: Ask) -> Answer | None:
    """Return the local optimum reached from an assignment (−1: unit not placed), None if limits stay broken."""
    plan = map_of(instance)
    work = moves.start(plan, arc, is_open)
    order = np.argsort(-instance.demand, kind="stable")
    rng = np.random.default_rng(ask.seed)
    for _ in range(RAISES):
        _descend(plan, work, fine, order, rng, ask)
        if moves.violation(plan, work) <= 0:
            return whole(instance, work.arc, work.open.copy())
        if ask.left_s() <= 0:
            break
        fine *= 2.0
        moves.mark_broken(plan, work)
    return None


def construct(instance: Instance, prices: Prices, ask: Ask) -> list[Answer]:
    """Return the valid answers found from different sets of open sites, cheapest first."""
    nobody = np.full(instance.units, -1, dtype=np.int64)
    found = []
    for chosen in openings(instance, prices):
        answer = improve(instance, nobody, chosen, first_fine(instance, prices), ask)
        if answer is not None:
            found.append(answer)
        if ask.left_s() <= 0:
            break
    return sorted(found, key=lambda answer: answer.cost(instance))


def _descend(
    plan: moves.Map, work: moves.Work, fine: float, order: Ints, rng: np.random.Generator, ask: Ask
) -> None:
    moves.settle(plan, work, fine, 20, order)
    for _ in range(30):
        gained = moves.site_moves(plan, work, fine, rng.permutation(len(plan.capacity)))
        moves.settle(plan, work, fine, 20, order)
        if gained == 0.0 or ask.left_s() <= 0:
            return
