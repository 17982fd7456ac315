"""Sites without limits: every unit to its cheapest open site, sites opened, closed and exchanged."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location.bound import Prices
from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.found import Ask
from layoutopt.kernels.location.instance import Answer, Flags, Floats, Instance, Ints
from layoutopt.kernels.location.program import serve_cheapest

TINY = 1e-9


class Table(NamedTuple):
    """Arcs of each unit by rising cost, and the same arcs listed by site."""

    ptr: Ints
    site: Ints
    cost: Floats
    site_ptr: Ints
    site_unit: Ints
    site_cost: Floats
    opening: Floats
    must: Flags
    banned: Flags
    counted: bool
    miss: float


def table_of(instance: Instance) -> Table:
    """Return the instance as the interchange reads it."""
    order = np.lexsort((instance.site, instance.cost, instance.unit))
    listed = instance.by_site
    miss = 2.0 * float(instance.cost.max(initial=0.0) + instance.opening.sum()) + 1.0
    return Table(
        instance.ptr,
        instance.site[order],
        instance.cost[order],
        listed.ptr,
        instance.unit[listed.arc],
        instance.cost[listed.arc],
        instance.opening,
        instance.must,
        instance.banned,
        instance.count is not None,
        miss,
    )


def interchange(instance: Instance, prices: Prices, ask: Ask, *, rounds: int) -> Answer | None:
    """Return the best answer of ``rounds`` local searches, each from the best one shaken a little.

    None when the best still leaves a unit without an open site it may use.
    """
    table = table_of(instance)
    rng = np.random.default_rng(ask.seed)
    best = first_sites(instance, prices, ask.start)
    best_cost = descend(table, best)
    for turn in range(rounds):
        if ask.left_s() <= 0 or best_cost - prices.bound <= ask.gap * 0.5 * abs(best_cost):
            break
        trial = best.copy()
        _shake(instance, trial, 2 + turn % max(2, min(8, int(best.sum()) // 3)), prices.open, rng)
        cost = descend(table, trial)
        if cost < best_cost - TINY * abs(best_cost):
            best, best_cost = trial, cost
    reached = np.bincount(instance.unit[best[instance.site]], minlength=instance.units) > 0
    return serve_cheapest(instance, best) if reached.all() and best.any() else None


def first_sites(instance: Instance, prices: Prices, start: Answer | None) -> Flags:
    """Return the sites the averaged Lagrangean solution opens most, or a caller's own of the right number."""
    if start is not None and (instance.count is None or int(start.open.sum()) == instance.count):
        return (start.open | instance.must) & ~instance.banned
    rank = np.argsort(np.where(instance.banned, 1.0, -prices.open - 2.0 * instance.must), kind="stable")
    number = instance.count
    if number is None:
        number = max(1, int(instance.must.sum()), math.ceil(float(prices.open.sum()) - 1e-6))
    chosen = np.zeros(instance.sites, dtype=bool)
    chosen[rank[:number]] = True
    return chosen & ~instance.banned


def _shake(instance: Instance, is_open: Flags, number: int, weight: Floats, rng: np.random.Generator) -> None:
    """Close ``number`` sites and open as many others, likelier those the Lagrangean solution uses."""
    closable = np.flatnonzero(is_open & ~instance.must)
    openable = np.flatnonzero(~is_open & ~instance.banned)
    number = min(number, len(closable), len(openable))
    if number == 0:
        return
    likely = weight[openable] + 0.02
    is_open[rng.choice(closable, number, replace=False)] = False
    is_open[rng.choice(openable, number, replace=False, p=likely / likely.sum())] = True


@compiled
def descend(t: Table, is_open: Flags) -> float:
    """Open, close and exchange sites in place while that gains (Whitaker 1983); return the cost."""
    n, m = len(t.ptr) - 1, len(t.opening)
    near, first, second = np.empty(n, np.int64), np.empty(n), np.empty(n)
    for i in range(n):
        _two_nearest(t, is_open, i, near, first, second)
    loss, extra = np.empty(m), np.zeros(m)
    improved = True
    while improved:
        improved = False
        _losses(t, is_open, near, first, second, loss)
        for enter in range(m):
            if is_open[enter] or t.banned[enter]:
                continue
            extra[:] = 0.0
            gain = _gain(t, enter, near, first, second, extra) - t.opening[enter]
            best, leave = TINY * (1.0 + abs(gain)), -2
            if not t.counted and gain > best:
                best, leave = gain, -1
            for r in range(m):
                if is_open[r] and not t.must[r] and gain - loss[r] + extra[r] > best:
                    best, leave = gain - loss[r] + extra[r], r
            if leave == -2:
                continue
            is_open[enter] = True
            if leave >= 0:
                is_open[leave] = False
            _refresh(t, is_open, enter, leave, near, first, second)
            _losses(t, is_open, near, first, second, loss)
            improved = True
        if not t.counted:
            improved = _close(t, is_open, near, first, second, loss) or improved
    return _cost(t, is_open, first)


@compiled
def _cost(t: Table, is_open: Flags, first: Floats) -> float:
    total = first.sum()
    for j in range(len(is_open)):
        if is_open[j]:
            total += t.opening[j]
    return total


@compiled
def _two_nearest(t: Table, is_open: Flags, i: int, near: Ints, first: Floats, second: Floats) -> None:
    near[i], first[i], second[i] = -1, t.miss, t.miss
    for a in range(t.ptr[i], t.ptr[i + 1]):
        if is_open[t.site[a]]:
            if near[i] < 0:
                near[i], first[i] = t.site[a], t.cost[a]
            else:
                second[i] = t.cost[a]
                return


@compiled
def _losses(t: Table, is_open: Flags, near: Ints, first: Floats, second: Floats, loss: Floats) -> None:
    """What closing each open site costs while nothing opens."""
    for j in range(len(loss)):
        loss[j] = -t.opening[j]
    for i in range(len(near)):
        if near[i] >= 0:
            loss[near[i]] += second[i] - first[i]


@compiled
def _gain(t: Table, enter: int, near: Ints, first: Floats, second: Floats, extra: Floats) -> float:
    """What opening ``enter`` saves; ``extra``: what it spares if a site closes at the same time."""
    gain = 0.0
    for a in range(t.site_ptr[enter], t.site_ptr[enter + 1]):
        i, c = t.site_unit[a], t.site_cost[a]
        if c < second[i]:
            if c < first[i]:
                gain += first[i] - c
                if near[i] >= 0:
                    extra[near[i]] += second[i] - first[i]
            elif near[i] >= 0:
                extra[near[i]] += second[i] - c
    return gain


@compiled
def _refresh(t: Table, is_open: Flags, enter: int, leave: int, near: Ints, first: Floats, second: Floats) -> None:
    for j in (enter, leave):
        if j >= 0:
            for a in range(t.site_ptr[j], t.site_ptr[j + 1]):
                i = t.site_unit[a]
                if t.site_cost[a] <= second[i]:
                    _two_nearest(t, is_open, i, near, first, second)


@compiled
def _close(t: Table, is_open: Flags, near: Ints, first: Floats, second: Floats, loss: Floats) -> bool:
    """Close sites that cost more than they save, the worst first."""
    closed = False
    while is_open.sum() > 1:
        _losses(t, is_open, near, first, second, loss)
        best, leave = 0.0, -1
        for j in range(len(loss)):
            if is_open[j] and not t.must[j] and loss[j] < min(best, -TINY * (1.0 + t.opening[j])):
                best, leave = loss[j], j
        if leave < 0:
            return closed
        is_open[leave] = False
        _refresh(t, is_open, -1, leave, near, first, second)
        closed = True
    return closed
