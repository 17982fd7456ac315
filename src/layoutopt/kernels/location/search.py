"""A good whole assignment: open sites from the Lagrangean average, units placed, then local moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layoutopt.kernels.location import exchange, moves
from layoutopt.kernels.location.bound import Prices, data_of, evaluate
from layoutopt.kernels.location.deal import deal
from layoutopt.kernels.location.found import Ask
from layoutopt.kernels.location.instance import Answer, Flags, Instance, Ints, whole
from layoutopt.kernels.location.neighbours import neighbours
from layoutopt.kernels.location.wander import wander

THRESHOLDS = (0.5, 0.3, 0.15, 0.7, 0.0)
"""A site opens when the averaged Lagrangean solution opens it more often than this."""
OPENINGS = 3
RAISES = 4
"""Times the fine for a missed limit is raised before the walk takes over."""
CORE_ARCS = 12
"""Arcs of a unit the search looks at."""
DEAL_SHARE, DEALS_PER_S = 0.1, 12_000.0
"""Part of the time for dealing units between pairs of sites, and the deals it buys (measured: 80 µs each)."""
DEALS_PER_UNIT = 50
RESUME_NEAR = 6
"""Arcs of a unit that say which sites are neighbours where little is to be spent on it."""
SWEEPS = 3


def map_of(instance: Instance) -> moves.Map:
    """Return the instance as the compiled moves read it."""
    listed = instance.by_site
    miss = 10.0 * float(instance.cost.max(initial=0.0)) + 10.0 * float(instance.opening.max(initial=0.0)) + 1.0
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
        np.minimum.reduceat(instance.cost, instance.ptr[:-1]),
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


def core(instance: Instance, prices: Prices) -> tuple[Instance, Ints]:
    """Return the instance with each unit's most promising arcs only, and their positions in the whole.

    Arcs rank by cost plus the price of the room they take; on sparse questions all stay.
    """
    room_price = evaluate(data_of(instance), prices.unit, False, 1).price
    value = instance.cost + room_price[instance.site] * instance.demand[instance.unit]
    order = np.lexsort((instance.site, value, instance.unit))
    rank = np.empty(instance.arcs, dtype=np.int64)
    rank[order] = np.arange(instance.arcs) - instance.ptr[:-1][instance.unit[order]]
    kept = np.flatnonzero((rank < CORE_ARCS) | instance.must[instance.site])
    ptr = np.searchsorted(instance.unit[kept], np.arange(instance.units + 1)).astype(np.int64)
    small = replace(instance, ptr=ptr, unit=instance.unit[kept], site=instance.site[kept], cost=instance.cost[kept])
    return small, kept


def search(instance: Instance, prices: Prices, ask: Ask, *, kicks: int) -> Answer | None:
    """Return the best whole answer of a construction, a walk from it and dealing, or None if none is valid."""
    small, kept = core(instance, prices)
    plan, fine = map_of(small), first_fine(instance, prices)
    drafts = [construct(plan, chosen, fine, ask) for chosen in openings(instance, prices)[:OPENINGS]]
    if ask.start is not None:
        drafts.append(continue_from(small, plan, Answer(ask.start.open, ask.start.share[kept]), fine))
    work = min(drafts, key=lambda draft: moves.cost_of(plan, draft) + fine * 4.0 * moves.violation(plan, draft))
    near = neighbours(small)
    enough = prices.bound * (1.0 + 0.9 * ask.gap)
    ended = wander(plan, work, near, fine, ask, kicks=kicks, enough=enough)
    if ended is None:
        return None
    deals = min(ask.steps(DEAL_SHARE, DEALS_PER_S), DEALS_PER_UNIT * instance.units)
    arc = deal(plan, moves.start(plan, *ended), near, ask, deals=deals, enough=enough)
    return whole(instance, kept[ended[0] if arc is None else arc], ended[1])


def resume(instance: Instance, prices: Prices, ask: Ask, *, kicks: int, deals: int) -> Answer | None:
    """Return the best whole answer a few deals, a short walk and deals again find from the one given, or None.

    With no kicks only the deals are tried.
    """
    assert ask.start is not None
    small, kept = core(instance, prices)
    plan, fine = map_of(small), first_fine(instance, prices)
    work = continue_from(small, plan, Answer(ask.start.open, ask.start.share[kept]), fine)
    near = neighbours(small, arcs=RESUME_NEAR)
    enough = prices.bound * (1.0 + 0.95 * ask.gap)
    first, is_open = deal(plan, work, near, ask, deals=deals, enough=enough), work.open.copy()
    if first is not None and (kicks == 0 or whole(small, first, is_open).cost(small) <= enough):
        return whole(instance, kept[first], is_open)
    ended = wander(plan, work, near, fine, ask, kicks=kicks, enough=enough)
    if ended is None:
        return None
    arc = deal(plan, moves.start(plan, *ended), near, ask, deals=deals, enough=enough)
    return whole(instance, kept[ended[0] if arc is None else arc], ended[1])


def dealt(
    instance: Instance, prices: Prices, start: Answer | None, ask: Ask, *, deals: int, chosen: Flags
) -> Answer | None:
    """Return the best answer with exactly the ``chosen`` sites open that dealing from ``start`` meets."""
    small, kept = core(instance, prices)
    plan, fine = map_of(small), first_fine(instance, prices)
    arc = np.full(instance.units, -1, dtype=np.int64)
    if start is not None:
        place = np.full(instance.arcs + 1, -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        arc = place[start.main_arc(instance)]
    work = moves.start(plan, arc, chosen)
    order = np.argsort(-plan.demand, kind="stable")
    for raised in (fine, 4.0 * fine):
        moves.settle(plan, work, raised, SWEEPS, order)
        moves.mark_broken(plan, work)
    enough = prices.bound * (1.0 + 0.5 * ask.gap)
    best = deal(plan, work, neighbours(small), ask, deals=deals, enough=enough)
    return None if best is None or (best < 0).any() else whole(instance, kept[best], chosen)


def construct(plan: moves.Map, chosen: Flags, fine: float, ask: Ask) -> moves.Work:
    """Return the local optimum reached by placing the units, large ones first, among the sites chosen."""
    work = moves.start(plan, np.full(len(plan.demand), -1, dtype=np.int64), chosen)
    order = np.argsort(-plan.demand, kind="stable")
    rng = np.random.default_rng(ask.seed)
    for _ in range(RAISES):
        _descend(plan, work, fine, order, rng, ask)
        if moves.violation(plan, work) <= 0 or ask.left_s() <= 0:
            break
        fine *= 3.0
        moves.mark_broken(plan, work)
    return work


def continue_from(instance: Instance, plan: moves.Map, start: Answer, fine: float) -> moves.Work:
    """Return the caller's answer with its open units placed and its broken limits mended where possible."""
    work = moves.start(plan, start.main_arc(instance), start.open)
    moves.settle(plan, work, 4.0 * fine, 20, np.argsort(-plan.demand, kind="stable"))
    return work


def _descend(plan: moves.Map, work: moves.Work, fine: float, order: Ints, rng: np.random.Generator, ask: Ask) -> None:
    moves.settle(plan, work, fine, 20, order)
    for _ in range(10):
        gained = exchange.site_moves(plan, work, fine, rng.permutation(len(plan.capacity)))
        moves.settle(plan, work, fine, 20, order)
        if gained == 0.0 or ask.left_s() <= 0:
            return
