"""Lagrangean bound: the service rows priced, one knapsack a site, multipliers by the volume algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location import knapsack
from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.found import Ask
from layoutopt.kernels.location.instance import Flags, Floats, Instance, Ints

CHUNK = 25
"""Iterations between two looks at the clock."""
PATIENCE = 8
SHRINK = 0.7
"""The step is cut to this share after ``PATIENCE`` iterations without a better bound."""
LARGEST_BLEND = 0.25
"""Weight of the newest solution in the average (Barahona and Anbil 2000)."""
SMALLEST_STEP = 1e-4


class Data(NamedTuple):
    """The instance site by site, as the compiled loops read it; ``number`` of open sites, −1 where free."""

    ptr: Ints
    unit: Ints
    cost: Floats
    demand: Floats
    capacity: Floats
    opening: Floats
    must: Flags
    banned: Flags
    number: int
    total: float
    limited: bool


class Parts(NamedTuple):
    """One evaluation: cost of each open site net of prices, its price of room, and the arcs it takes."""

    net: Floats
    price: Floats
    first: Ints
    arc: Ints
    part: Floats


@dataclass(frozen=True)
class Prices:
    """The best multipliers found, their bound, and how often the averaged solution opens each site."""

    bound: float
    unit: Floats
    open: Floats
    iterations: int


def data_of(instance: Instance) -> Data:
    """Return the instance in by-site order. Minimum loads are left out: the bound stays a bound."""
    listed = instance.by_site
    return Data(
        listed.ptr,
        instance.unit[listed.arc],
        instance.cost[listed.arc],
        instance.demand,
        instance.capacity,
        instance.opening,
        instance.must,
        instance.banned,
        -1 if instance.count is None else instance.count,
        instance.total,
        bool((instance.capacity < instance.total).any()),
    )


def climb(
    instance: Instance,
    ask: Ask,
    *,
    iterations: int,
    upper: float,
    before: Prices | None = None,
    keep_whole: bool,
    enough: float = 0.5,
) -> Prices:
    """Return the prices after at most ``iterations`` steps, stopping when the steps have become small.

    ``keep_whole`` solves each site's knapsack in whole units: slower, and above the linear program's bound.
    A bound within the share ``enough`` of the gap asked for, below the cost ``upper``, ends it early.
    """
    data = data_of(instance)
    lam = first_prices(instance) if before is None else before.unit.copy()
    rest = np.ones(instance.units)
    opened = np.zeros(instance.sites) if before is None else before.open.copy()
    numbers = np.array([-np.inf, 1.0 if before is None else 0.3, 0.0, upper])
    done = 0
    while done < iterations and ask.left_s() > 0 and numbers[1] > SMALLEST_STEP:
        number = min(CHUNK, iterations - done)
        _ascend(data, lam, rest, opened, numbers, number, keep_whole and instance.is_whole, done == 0)
        done += number
        if np.isfinite(upper) and upper - numbers[0] <= ask.gap * enough * abs(upper):
            break
    bound = float(numbers[0])
    if before is not None and before.bound >= bound:
        return Prices(before.bound, before.unit, opened, before.iterations + done)
    return Prices(bound, lam, opened, done + (0 if before is None else before.iterations))


def first_prices(instance: Instance) -> Floats:
    """Return the prices of the weak program: its cheapest arc with its share of the opening cost.

    Where a number of sites is given instead, a unit pays what its cheapest open one of that many
    evenly placed sites would cost.
    """
    room = np.maximum(instance.capacity, 1e-12)
    part = np.minimum(instance.demand[instance.unit] / room[instance.site], 1.0)
    value = instance.cost + instance.opening[instance.site] * part
    if instance.count is None:
        return np.asarray(np.minimum.reduceat(value, instance.ptr[:-1]), dtype=float)
    order = np.lexsort((value, instance.unit))
    rank = instance.sites // max(instance.count, 1)
    place = np.minimum(instance.ptr[:-1] + rank, instance.ptr[1:] - 1)
    return np.asarray(value[order][place], dtype=float)


@compiled
def evaluate(data: Data, lam: Floats, keep_whole: bool, nodes: int) -> Parts:
    """Return what each site would take at these prices and what that is worth."""
    m = len(data.capacity)
    widest = 1
    for j in range(m):
        widest = max(widest, data.ptr[j + 1] - data.ptr[j])
    profit, weight, take = np.empty(widest), np.empty(widest), np.empty(widest)
    number = np.empty(widest, np.int64)
    net, price = data.opening.copy(), np.zeros(m)
    first = np.zeros(m + 1, np.int64)
    arc, part = np.empty(len(data.unit), np.int64), np.empty(len(data.unit))
    end = 0
    for j in range(m):
        k, load = 0, 0.0
        if not data.banned[j]:
            for a in range(data.ptr[j], data.ptr[j + 1]):
                gain = lam[data.unit[a]] - data.cost[a]
                if gain > 0.0:
                    profit[k], weight[k], number[k] = gain, data.demand[data.unit[a]], a
                    load += weight[k]
                    k += 1
        if not data.limited or load <= data.capacity[j]:
            for t in range(k):
                arc[end], part[end] = number[t], 1.0
                net[j] -= profit[t]
                end += 1
            first[j + 1] = end
            continue
        order = np.argsort(-profit[:k] / np.maximum(weight[:k], 1e-12))
        take[:k] = 0.0
        value, price[j] = knapsack.fractional(profit, weight, order, data.capacity[j], take)
        if keep_whole:
            value = knapsack.whole(profit, weight, order, data.capacity[j], take, nodes)[1]
        net[j] -= value
        for t in range(k):
            if take[t] > 0.0:
                arc[end], part[end] = number[t], take[t]
                end += 1
        first[j + 1] = end
    return Parts(net, price, first, arc, part)


@compiled
def choose(data: Data, net: Floats, keep_whole: bool, opened: Floats) -> tuple[float, float]:
    """Fill ``opened`` with the cheapest sites that hold all demand; return (cost, price of room).

    Without a count: everything that pays for itself, then a covering knapsack. With one: the price of
    room at which the cheapest sites of that number hold enough, by bisection.
    """
    if data.number >= 0:
        return _choose_number(data, net, opened)
    m = len(net)
    room, value = -data.total, 0.0
    for j in range(m):
        opened[j] = 0.0
        if not data.banned[j] and (data.must[j] or net[j] < 0.0):
            opened[j] = 1.0
            room += data.capacity[j]
            value += net[j]
    if room >= 0.0 or not data.limited:
        return value, 0.0
    maybe = np.flatnonzero((opened == 0.0) & ~data.banned)
    extra, weight = net[maybe], data.capacity[maybe]
    order = np.argsort(-extra / np.maximum(weight, 1e-12))
    shut = np.zeros(len(maybe))
    spare = max(0.0, room + weight.sum())
    saved, price = knapsack.fractional(extra, weight, order, spare, shut)
    if keep_whole:
        saved = knapsack.whole(extra, weight, order, spare, shut, 20_000)[1]
    opened[maybe] = 1.0 - shut
    return value + extra.sum() - saved, price


@compiled
def _choose_number(data: Data, net: Floats, opened: Floats) -> tuple[float, float]:
    low, high = 0.0, 0.0
    room, value = _cheapest(data, net, 0.0, opened)
    if room >= data.total or not data.limited:
        return value, 0.0
    best, price = value, 0.0
    high = 1e-3 * (1.0 + np.abs(net).max()) / max(data.capacity.max(), 1e-12)
    for _ in range(60):
        room, value = _cheapest(data, net, high, opened)
        if value > best:
            best, price = value, high
        if room >= data.total:
            break
        low, high = high, high * 2.0
    for _ in range(25):
        middle = 0.5 * (low + high)
        room, value = _cheapest(data, net, middle, opened)
        if value > best:
            best, price = value, middle
        if room >= data.total:
            high = middle
        else:
            low = middle
    _cheapest(data, net, high, opened)
    return best, price


@compiled
def _cheapest(data: Data, net: Floats, price: float, opened: Floats) -> tuple[float, float]:
    """Open the required sites and the cheapest others; return (room, Lagrangean value) at this price."""
    score = net - price * data.capacity
    rank = np.where(data.must, -np.inf, np.where(data.banned, np.inf, score))
    order = np.argsort(rank)
    opened[:] = 0.0
    room, value = 0.0, price * data.total
    for t in range(data.number):
        j = order[t]
        opened[j] = 1.0
        room += data.capacity[j]
        value += score[j]
    return room, value


@compiled
def _ascend(
    data: Data,
    lam: Floats,
    rest: Floats,
    opened: Floats,
    numbers: Floats,
    iterations: int,
    keep_whole: bool,
    fresh: bool,
) -> None:
    """Run the volume algorithm in place. ``numbers``: best bound, step, failures, best known cost."""
    now = np.zeros(len(data.capacity))
    for turn in range(iterations):
        best = numbers[0]
        trial = lam.copy()
        if not (fresh and turn == 0):
            target = 1.02 * numbers[3] - 0.02 * best
            if not np.isfinite(target):
                target = best + 0.05 * max(abs(best), 0.2 * np.abs(lam).sum()) + 1e-9
            norm = (rest * rest).sum()
            if norm <= 1e-12:
                break
            trial += numbers[1] * max(target - best, 1e-6 * abs(best)) / norm * rest
        parts = evaluate(data, trial, keep_whole, knapsack.NODES)
        value, _ = choose(data, parts.net, keep_whole, now)
        value += trial.sum()
        slope = np.ones(len(lam))
        for j in range(len(now)):
            if now[j] > 0.0:
                for a in range(parts.first[j], parts.first[j + 1]):
                    slope[data.unit[parts.arc[a]]] -= parts.part[a] * now[j]
        if fresh and turn == 0:
            rest[:] = slope
            opened[:] = now
        blend = _blend(slope, rest)
        green = (slope * rest).sum() > 0.0
        rest[:] = blend * slope + (1.0 - blend) * rest
        opened[:] = blend * now + (1.0 - blend) * opened
        if value > best + 1e-9 * abs(value):
            numbers[0] = value
            lam[:] = trial
            numbers[2] = 0.0
            if green:
                numbers[1] = min(numbers[1] * 1.1, 2.0)
        else:
            numbers[2] += 1.0
            if numbers[2] >= PATIENCE:
                numbers[1] *= SHRINK
                numbers[2] = 0.0


@compiled
def _blend(slope: Floats, rest: Floats) -> float:
    """The weight that makes the averaged violation smallest, within limits."""
    apart = slope - rest
    norm = (apart * apart).sum()
    if norm <= 1e-12:
        return LARGEST_BLEND
    best = -(rest * apart).sum() / norm
    return min(max(best, LARGEST_BLEND / 10.0), LARGEST_BLEND)
