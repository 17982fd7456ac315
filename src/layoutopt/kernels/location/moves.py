"""Compiled moves on a whole assignment: shift and swap units; open, close and exchange sites.

Load limits are soft while searching: each unit of demand above a capacity, or missing from a minimum,
costs ``fine``. A unit without a site costs ``miss``, more than any arc.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.instance import Flags, Floats, Ints

PARTNERS = 5
"""Open sites tried as the one to close when a site opens: those it would take the most from."""
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
def _stale(m: Map, work: Work, i: int, since: int) -> bool:
    """Whether a site unit i may use has changed."""
    if work.arc[i] < 0:
        return True
    for a in range(m.ptr[i], m.ptr[i + 1]):  # noqa: SIM110 - numba compiles loops, not generators
        if work.changed[m.site[a]] > since:
            return True
    return False


@compiled
def _stale_site(m: Map, work: Work, j: int) -> bool:
    """Whether anything has changed around site j since it was last tried."""
    since = work.tried[j]
    if work.open[j]:
        k = work.head[j]
        while k >= 0:
            if _stale(m, work, k, since):
                return True
            k = work.after[k]
        return work.changed[j] > since or since < 0
    for t in range(m.site_ptr[j], m.site_ptr[j + 1]):
        i = m.unit[m.site_arc[t]]
        if work.arc[i] < 0 or work.changed[m.site[work.arc[i]]] > since:
            return True
    return since < 0


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
def _now(m: Map, work: Work, i: int) -> float:
    return m.cost[work.arc[i]] if work.arc[i] >= 0 else m.miss


@compiled
def _find(m: Map, i: int, j: int) -> int:
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
def _leave(m: Map, work: Work, i: int, fine: float) -> float:
    """What taking unit i out of its site saves in fines (negative: costs)."""
    if work.arc[i] < 0:
        return 0.0
    j = m.site[work.arc[i]]
    return fine * (off(m, j, work.load[j]) - off(m, j, work.load[j] - m.demand[i]))


@compiled
def shift(m: Map, work: Work, i: int, fine: float) -> bool:
    """Move unit i to the open site where it costs least, fines counted; return whether it moved."""
    old = work.arc[i]
    base = _now(m, work, i) + _leave(m, work, i, fine)
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
                b = _find(m, k, here)
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
            if not _stale(m, work, i, work.looked[i]):
                continue
            work.looked[i] = work.clock[0]
            if shift(m, work, i, fine) or swap(m, work, i, fine):
                changed = True
        if not changed:
            return


@compiled
def exchange(m: Map, work: Work, enter: int, leave: int, fine: float) -> float:
    """Open ``enter`` and close ``leave`` (−1: none) if that gains; return the change, 0 when undone."""
    load = work.load
    total, moved = 0.0, np.empty(len(m.demand), np.int64)
    old, number = np.empty(len(m.demand), np.int64), 0
    relief = fine * off(m, leave, load[leave]) if leave >= 0 else 0.0
    if enter >= 0:
        work.open[enter] = True
        total += m.opening[enter]
    if leave >= 0:
        work.open[leave] = False
        total -= m.opening[leave]
        number, change = _empty_site(m, work, leave, fine, moved, old)
        total += change
    if enter >= 0:
        number, change = _fill_site(m, work, enter, fine, moved, old, number)
        total += change
        total += fine * off(m, enter, load[enter])
    total -= relief
    if total < -TINY * (1.0 + abs(relief)) * 10:
        for j in (enter, leave):
            if j >= 0:
                mark(work, j)
        for t in range(number):
            for a in (old[t], work.arc[moved[t]]):
                if a >= 0:
                    mark(work, m.site[a])
        return total
    for t in range(number - 1, -1, -1):
        place(m, work, moved[t], old[t])
    if enter >= 0:
        work.open[enter] = False
    if leave >= 0:
        work.open[leave] = True
    return 0.0


@compiled
def _empty_site(m: Map, work: Work, leave: int, fine: float, moved: Ints, old: Ints) -> tuple[int, float]:
    """Send every unit of a closed site to the best open one, large units first; return (moves, cost)."""
    number, k = 0, work.head[leave]
    while k >= 0:
        moved[number] = k
        number += 1
        k = work.after[k]
    size = np.empty(number)
    for t in range(number):
        size[t] = -m.demand[moved[t]]
    moved[:number] = moved[:number][np.argsort(size)]
    total = 0.0
    for t in range(number):
        i = moved[t]
        old[t] = work.arc[i]
        best, best_arc = m.miss, -1
        for a in range(m.ptr[i], m.ptr[i + 1]):
            j = m.site[a]
            if work.open[j]:
                extra = fine * (off(m, j, work.load[j] + m.demand[i]) - off(m, j, work.load[j]))
                if m.cost[a] + extra < best:
                    best, best_arc = m.cost[a] + extra, a
        total += best - m.cost[old[t]]
        place(m, work, i, best_arc)
    return number, total


@compiled
def _fill_site(m: Map, work: Work, enter: int, fine: float, moved: Ints, old: Ints, number: int) -> tuple[int, float]:
    """Pull in the units that gain most per demand while they gain; return (moves, cost without its fine)."""
    first, last = m.site_ptr[enter], m.site_ptr[enter + 1]
    rate = np.empty(last - first)
    who = np.empty(last - first, np.int64)
    k = 0
    for t in range(first, last):
        a = m.site_arc[t]
        i = m.unit[a]
        gain = _now(m, work, i) - m.cost[a] + _leave(m, work, i, fine)
        if gain > 0.0 and work.arc[i] != a:
            rate[k], who[k] = -gain / max(m.demand[i], 1e-9), a
            k += 1
    total = 0.0
    for t in np.argsort(rate[:k]):
        a = who[t]
        i = m.unit[a]
        if work.load[enter] + m.demand[i] > m.capacity[enter] * (1.0 + TINY):
            continue
        gain = _now(m, work, i) - m.cost[a] + _leave(m, work, i, fine)
        if gain > 0.0 and number < len(moved):
            moved[number], old[number] = i, work.arc[i]
            number += 1
            place(m, work, i, a)
            total -= gain
    return number, total


@compiled
def _partners(m: Map, work: Work, enter: int) -> Ints:
    """Open sites that lose the most to ``enter``."""
    gain = np.zeros(len(m.capacity))
    touched, number = np.empty(m.site_ptr[enter + 1] - m.site_ptr[enter], np.int64), 0
    for t in range(m.site_ptr[enter], m.site_ptr[enter + 1]):
        a = m.site_arc[t]
        i = m.unit[a]
        if work.arc[i] >= 0:
            j = m.site[work.arc[i]]
            if gain[j] == 0.0:
                touched[number] = j
                number += 1
            saved = m.cost[work.arc[i]] - m.cost[a]
            gain[j] += max(saved, 0.0) + 1e-3 * m.cost[a] + TINY
    touched = touched[:number]
    return touched[np.argsort(-gain[touched])[:PARTNERS]]


@compiled
def site_moves(m: Map, work: Work, fine: float, order: Ints) -> float:
    """Try once to close each open site, to open each closed one, and to exchange neighbours."""
    total = 0.0
    for j in order:
        if not _stale_site(m, work, j):
            continue
        work.tried[j] = work.clock[0]
        if work.open[j]:
            if not m.must[j] and not m.counted:
                total += exchange(m, work, -1, j, fine)
            continue
        if m.banned[j]:
            continue
        gained = 0.0 if m.counted else exchange(m, work, j, -1, fine)
        if gained == 0.0:
            for k in _partners(m, work, j):
                if work.open[k] and not m.must[k]:
                    gained = exchange(m, work, j, k, fine)
                    if gained < 0.0:
                        break
        total += gained
    return total
