"""Compiled moves of sites: open one, close one, exchange two, with the units that then move."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.instance import Ints
from layoutopt.kernels.location.moves import TINY, Map, Work, cost_now, is_stale, mark, off, place, relief_of

PARTNERS = 5
"""Open sites tried as the one to close when a site opens: those it would take the most from."""


@compiled
def _stale_site(m: Map, work: Work, j: int) -> bool:
    """Whether anything has changed around site j since it was last tried."""
    since = work.tried[j]
    if work.open[j]:
        k = work.head[j]
        while k >= 0:
            if is_stale(m, work, k, since):
                return True
            k = work.after[k]
        return work.changed[j] > since or since < 0
    for t in range(m.site_ptr[j], m.site_ptr[j + 1]):
        i = m.unit[m.site_arc[t]]
        if work.arc[i] < 0 or work.changed[m.site[work.arc[i]]] > since:
            return True
    return since < 0


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
        gain = cost_now(m, work, i) - m.cost[a] + relief_of(m, work, i, fine)
        if gain > 0.0 and work.arc[i] != a:
            rate[k], who[k] = -gain / max(m.demand[i], 1e-9), a
            k += 1
    total = 0.0
    for t in np.argsort(rate[:k]):
        a = who[t]
        i = m.unit[a]
        if work.load[enter] + m.demand[i] > m.capacity[enter] * (1.0 + TINY):
            continue
        gain = cost_now(m, work, i) - m.cost[a] + relief_of(m, work, i, fine)
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
