"""Compiled moves of units on a whole assignment: shift one, swap two.

Load limits are soft while searching: each unit of demand above a capacity, or missing from a minimum,
costs ``fine``. A unit without a site costs ``miss``, more than any arc.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.instance import Flags, Floats, Ints

TINY = 1e-9


class Map(NamedTuple):
    """The instance as the moves read it: arcs by unit, and the same arcs by site.

    ``least`` is the cost of each unit's cheapest arc.
    """

    ptr: Ints
    unit: Ints
    site: Ints
    cost: Floats
    site_ptr: Ints
    site_arc: Ints
    demand: Floats
    capacity: Floats
    low: Floats
    opening: Floats
    must: Flags
    banned: Flags
    least: Floats
    counted: bool
    miss: float


class Work(NamedTuple):
    """The assignment being changed: arc of each unit (−1: none), open sites, loads, and who is where.

    ``changed`` says when a site's load last changed, ``looked`` and ``tried`` when a unit and a site were
    last examined: what has seen no change around it is not examined again.
    """

    arc: Ints
    open: Flags
    load: Floats
    head: Ints
    after: Ints
    before: Ints
    changed: Ints
    looked: Ints
    tried: Ints
    clock: Ints


@compiled
def start(m: Map, arc: Ints, is_open: Flags) -> Work:
    """Return the working copy of an assignment."""
    n, sites = len(m.demand), len(m.capacity)
    work = Work(
        np.full(n, -1, np.int64),
        is_open.copy(),
        np.zeros(sites),
        np.full(sites, -1, np.int64),
        np.full(n, -1, np.int64),
        np.full(n, -1, np.int64),
        np.zeros(sites, np.int64),
        np.full(n, -1, np.int64),
        np.full(sites, -1, np.int64),
        np.zeros(1, np.int64),
    )
    for i in range(n):
        place(m, work, i, arc[i])
    return work


@compiled
def place(m: Map, work: Work, i: int, arc: int) -> None:
    """Move unit i to the site of ``arc``; −1 takes it out."""
    old = work.arc[i]
    if old >= 0:
        j = m.site[old]
        work.load[j] -= m.demand[i]
        if work.before[i] >= 0:
            work.after[work.before[i]] = work.after[i]
        else:
            work.head[j] = work.after[i]
        if work.after[i] >= 0:
            work.before[work.after[i]] = work.before[i]
    work.arc[i] = arc
    if arc >= 0:
        j = m.site[arc]
        work.load[j] += m.demand[i]
        work.before[i] = -1
        work.after[i] = work.head[j]
        if work.head[j] >= 0:
            work.before[work.head[j]] = i
        work.head[j] = i


@compiled
def mark(work: Work, j: int) -> None:
    """Note that site j is no longer what others last saw."""
    work.clock[0] += 1
    work.changed[j] = work.clock[0]


@compiled
def mark_broken(m: Map, work: Work) -> None:
    """Have everything around sites that miss a limit examined again (the fine has changed)."""
    for j in range(len(m.capacity)):
        if work.open[j] and off(m, j, work.load[j]) > 0.0:
            mark(work, j)


@compiled
def is_stale(m: Map, work: Work, i: int, since: int) -> bool:
    """Whether a site unit i may use has changed."""
    if work.arc[i] < 0:
        return True
    for a in range(m.ptr[i], m.ptr[i + 1]):  # noqa: SIM110 - numba compiles loops, not generators
        if work.changed[m.site[a]] > since:
            return True
    return False


@compiled
def off(m: Map, j: int, load: float) -> float:
    """By how much an open site misses its load limits."""
    return max(0.0, load - m.capacity[j] * (1.0 + TINY)) + max(0.0, m.low[j] * (1.0 - TINY) - load)


@compiled
def violation(m: Map, work: Work) -> float:
    """All load limits missed, and the demand of units without a site."""
    total = 0.0
    for j in range(len(m.capacity)):
        if work.open[j]:
            total += off(m, j, work.load[j])
    for i in range(len(m.demand)):
        if work.arc[i] < 0:
            total += max(m.demand[i], 1.0)
    return total


@compiled
def cost_of(m: Map, work: Work) -> float:
    """The cost without fines."""
    total = 0.0
    for j in range(len(m.capacity)):
        if work.open[j]:
            total += m.opening[j]
    for i in range(len(m.demand)):
        total += m.cost[work.arc[i]] if work.arc[i] >= 0 else m.miss
    return total


@compiled
def cost_now(m: Map, work: Work, i: int) -> float:
    return m.cost[work.arc[i]] if work.arc[i] >= 0 else m.miss


@compiled
def find(m: Map, i: int, j: int) -> int:
    """The arc from unit i to site j, −1 if there is none."""
    low, high = m.ptr[i], m.ptr[i + 1]
    while low < high:
        middle = (low + high) // 2
        if m.site[middle] < j:
            low = middle + 1
        else:
            high = middle
    return low if low < m.ptr[i + 1] and m.site[low] == j else -1


@compiled
def relief_of(m: Map, work: Work, i: int, fine: float) -> float:
    """What taking unit i out of its site saves in fines (negative: costs)."""
    if work.arc[i] < 0:
        return 0.0
    j = m.site[work.arc[i]]
    return fine * (off(m, j, work.load[j]) - off(m, j, work.load[j] - m.demand[i]))


@compiled
def shift(m: Map, work: Work, i: int, fine: float) -> bool:
    """Move unit i to the open site where it costs least, fines counted; return whether it moved."""
    old = work.arc[i]
    base = cost_now(m, work, i) + relief_of(m, work, i, fine)
    best, best_arc = -TINY * (1.0 + abs(base)), -1
    for a in range(m.ptr[i], m.ptr[i + 1]):
        j = m.site[a]
        if a == old or not work.open[j]:
            continue
        extra = fine * (off(m, j, work.load[j] + m.demand[i]) - off(m, j, work.load[j]))
        if m.cost[a] + extra - base < best:
            best, best_arc = m.cost[a] + extra - base, a
    if best_arc < 0:
        return False
    if old >= 0:
        mark(work, m.site[old])
    mark(work, m.site[best_arc])
    place(m, work, i, best_arc)
    return True


@compiled
def swap(m: Map, work: Work, i: int, fine: float) -> bool:
    """Exchange unit i with the unit of another site where both together gain most.

    One of the two gains on its own, or leaves a site that is too full: it is enough to look from there.
    """
    if work.arc[i] < 0:
        return False
    here = m.site[work.arc[i]]
    off_here = off(m, here, work.load[here])
    best, best_k, best_a, best_b = -TINY * (1.0 + m.cost[work.arc[i]]), -1, -1, -1
    for a in range(m.ptr[i], m.ptr[i + 1]):
        j = m.site[a]
        if j == here or not work.open[j]:
            continue
        gain = m.cost[a] - m.cost[work.arc[i]]
        if gain >= 0.0 and off_here <= 0.0:
            continue
        off_there = off(m, j, work.load[j])
        relief = fine * (off_there + off_here)
        k = work.head[j]
        while k >= 0:
            if gain - (m.cost[work.arc[k]] - m.least[k]) - relief >= best:
                k = work.after[k]
                continue
            apart = m.demand[i] - m.demand[k]
            change = gain - m.cost[work.arc[k]]
            change += fine * (off(m, j, work.load[j] + apart) - off_there)
            change += fine * (off(m, here, work.load[here] - apart) - off_here)
            if change < best:
                b = find(m, k, here)
                if b >= 0 and change + m.cost[b] < best:
                    best, best_k, best_a, best_b = change + m.cost[b], k, a, b
            k = work.after[k]
    if best_k < 0:
        return False
    mark(work, here)
    mark(work, m.site[best_a])
    place(m, work, i, best_a)
    place(m, work, best_k, best_b)
    return True


@compiled
def settle(m: Map, work: Work, fine: float, sweeps: int, order: Ints) -> None:
    """Shift and swap units until a whole sweep changes nothing."""
    for _ in range(sweeps):
        changed = False
        for i in order:
            if not is_stale(m, work, i, work.looked[i]):
                continue
            work.looked[i] = work.clock[0]
            if shift(m, work, i, fine) or swap(m, work, i, fine):
                changed = True
        if not changed:
            return
