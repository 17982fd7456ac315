"""The units of two open sites dealt out between them anew, thousands of times, with a noise that dies down."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location import moves
from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.found import Ask
from layoutopt.kernels.location.instance import Flags, Floats, Ints
from layoutopt.kernels.location.moves import Map, Work

CORE = 24
"""Units dealt out exactly; the others clearly belong to one of the two sites at the price of its last room."""
CELLS = 1_024
"""Finest division of the room dealt out, where demands are not whole numbers or the room is larger."""
HEAT = 0.25
"""Noise at the start, as a share of what a unit costs on average."""
LONG = 20
"""Deals a unit from which on the noise starts that high; a shorter run starts cooler and keeps more of its start."""
PARTNERS = 48
"""Sites a site may deal with: the nearest, the nearer the more often."""
CHUNK = 1_000


class Table(NamedTuple):
    """Room to work in: the units of a pair, their arcs to either site, and the table over the loads."""

    unit: Ints
    first: Ints
    second: Ints
    gain: Floats
    weight: Ints
    value: Floats
    taken: Flags
    dealt: Ints


def deal(plan: Map, work: Work, near: list[Ints], ask: Ask, *, deals: int, enough: float) -> Ints | None:
    """Return the arcs of the best valid answer met while dealing ``deals`` times, or None if none was valid.

    The open sites stay as they are. Each deal is a knapsack solved over the load of one of the two sites
    (whole demands) on costs blurred by a noise that falls to zero: what it loses now and then opens
    chains through third sites. Ends early at a cost below ``enough``.
    """
    ptr, sites = _open_pairs(near, work.open)
    if not len(sites):
        return None
    n = len(plan.demand)
    table = Table(
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n),
        np.empty(n, np.int64),
        np.empty(CELLS + 1),
        np.zeros((CORE, CELLS + 1), np.bool_),
        np.empty(n, np.int64),
    )
    record, best = work.arc.copy(), np.array([np.inf])
    if moves.violation(plan, work) <= 0.0:
        best[0] = moves.cost_of(plan, work)
    heat = HEAT * min(1.0, deals / (LONG * n)) * moves.cost_of(plan, work) / n
    state = np.array([ask.seed * 2 + 1], dtype=np.uint64)
    done = 0
    while done < deals and ask.left_s() > 0 and best[0] > enough:
        number = min(CHUNK, deals - done)
        warm = heat * (1.0 - done / deals), heat * (1.0 - (done + number) / deals)
        _deal_often(plan, work, ptr, sites, table, number, warm[0], warm[1], state, best, record)
        done += number
    return record if np.isfinite(best[0]) else None


def _open_pairs(near: list[Ints], is_open: Flags) -> tuple[Ints, Ints]:
    """The open neighbours of each open site, the site itself left out."""
    lists = [
        others[is_open[others] & (others != j)][:PARTNERS] if is_open[j] else others[:0]
        for j, others in enumerate(near)
    ]
    ends = np.cumsum([0, *(len(part) for part in lists)])
    return ends.astype(np.int64), np.concatenate(lists).astype(np.int64)


@compiled
def _draw(state: np.ndarray) -> float:
    """A number in [0, 1) (xorshift, Marsaglia 2003): the same on every machine."""
    x = state[0] + np.uint64(0x9E3779B97F4A7C15)
    state[0] = x
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return float(x >> np.uint64(11)) / 9007199254740992.0


@compiled
def _deal_often(
    m: Map,
    work: Work,
    ptr: Ints,
    near: Ints,
    t: Table,
    number: int,
    warm: float,
    cool: float,
    state: np.ndarray,
    best: Floats,
    record: Ints,
) -> None:
    """Deal between ``number`` random pairs of neighbours; ``best`` and ``record`` keep the best valid answer."""
    sites = np.flatnonzero(ptr[1:] > ptr[:-1])
    broken, now = moves.violation(m, work), moves.cost_of(m, work)
    for turn in range(number):
        heat = warm + (cool - warm) * turn / number
        one = sites[int(_draw(state) * len(sites))]
        u = _draw(state)
        other = near[ptr[one] + int(u * u * (ptr[one + 1] - ptr[one]))]
        before = moves.off(m, one, work.load[one]) + moves.off(m, other, work.load[other])
        moved, change = _deal_pair(m, work, t, one, other, heat, state)
        if moved == 0 or (change > 2.0 * heat and before <= 0.0):
            continue
        for k in range(moved):
            moves.place(m, work, t.unit[k], t.dealt[k])
        now += change
        broken += moves.off(m, one, work.load[one]) + moves.off(m, other, work.load[other]) - before
        if now < best[0] - 1e-9 * abs(now) and broken <= 1e-9 and moves.violation(m, work) <= 0.0:
            best[0] = now
            record[:] = work.arc


@compiled
def _gather(m: Map, work: Work, t: Table, one: int, other: int, heat: float, state: np.ndarray) -> int:
    """List the units of both sites that could be at either; return their number."""
    number = 0
    for j in (one, other):
        k = work.head[j]
        while k >= 0:
            a = moves.find(m, k, other if j == one else one)
            if a >= 0:
                t.unit[number] = k
                t.first[number] = work.arc[k] if j == one else a
                t.second[number] = a if j == one else work.arc[k]
                gain = m.cost[t.second[number]] - m.cost[t.first[number]]
                t.gain[number] = gain + heat * (_draw(state) - _draw(state))
                number += 1
            k = work.after[k]
    return number


@compiled
def _deal_pair(m: Map, work: Work, t: Table, one: int, other: int, heat: float, state: np.ndarray) -> tuple[int, float]:
    """Fill ``t.dealt`` with the arc of each unit listed; return (units listed, change of the true cost)."""
    n = _gather(m, work, t, one, other, heat, state)
    total, here = 0.0, 0.0
    for k in range(n):
        total += m.demand[t.unit[k]]
        if work.arc[t.unit[k]] == t.first[k]:
            here += m.demand[t.unit[k]]
    fixed, fixed_other = work.load[one] - here, work.load[other] - (total - here)
    high = min(total, m.capacity[one] - fixed)
    low = max(0.0, m.low[one] - fixed, total - (m.capacity[other] - fixed_other))
    high = min(high, total - max(0.0, m.low[other] - fixed_other))
    if low > high:  # too much for both: whatever lies between misses the limits equally
        low, high = max(high, 0.0), min(low, total)
    if n == 0 or low > high:
        return 0, 0.0
    if not _split(m, t, n, low, high):
        return 0, 0.0
    change, moved = 0.0, 0
    for k in range(n):
        i, a = t.unit[k], t.dealt[k]
        if work.arc[i] != a:
            change += m.cost[a] - m.cost[work.arc[i]]
            t.unit[moved], t.dealt[moved] = i, a
            moved += 1
    return moved, change


@compiled
def _split(m: Map, t: Table, n: int, low: float, high: float) -> bool:
    """Choose the units of the first site, of a demand between ``low`` and ``high``: the most gain.

    At the price of the last room taken every unit has a clear place but those near the margin; a table
    over the load settles these.
    """
    ratio = np.empty(n)
    for k in range(n):
        ratio[k] = -t.gain[k] / max(m.demand[t.unit[k]], 1e-9)
    order = np.argsort(ratio)
    taken, k = 0.0, 0
    while k < n:
        weight = m.demand[t.unit[order[k]]]
        if taken + weight > high or (ratio[order[k]] >= 0.0 and taken >= low):
            break
        taken += weight
        k += 1
    if k == n or taken + m.demand[t.unit[order[k]]] <= high:  # no limit binds
        for r in range(n):
            t.dealt[order[r]] = t.first[order[r]] if r < k else t.second[order[r]]
        return True
    price = -ratio[order[k]]
    apart = np.empty(n)
    for r in range(n):
        apart[r] = abs(t.gain[r] - price * m.demand[t.unit[r]])
    core = np.argsort(apart)[:CORE]
    inside = np.zeros(n, np.bool_)
    inside[core] = True
    fixed = 0.0
    for r in range(n):
        q = order[r]
        if not inside[q]:
            t.dealt[q] = t.first[q] if r < k else t.second[q]
            if r < k:
                fixed += m.demand[t.unit[q]]
    return _fill(m, t, core, low - fixed, high - fixed)


@compiled
def _fill(m: Map, t: Table, core: Ints, low: float, high: float) -> bool:
    """The knapsack over the core by a table of loads; False if no load between the limits is met."""
    total, whole = 0.0, True
    for q in core:
        weight = m.demand[t.unit[q]]
        total += weight
        whole = whole and weight == np.floor(weight)
    if high < 0.0 or low > total:
        return False
    cell = 1.0 if whole and total <= CELLS else total / (CELLS - CORE)
    last = min(int(np.floor(min(high, total) / cell + 1e-9)), CELLS)
    for q in core:
        t.weight[q] = int(np.ceil(m.demand[t.unit[q]] / cell - 1e-9))
    t.value[: last + 1] = -np.inf
    t.value[0] = 0.0
    for r in range(len(core)):
        weight, gain = t.weight[core[r]], t.gain[core[r]]
        for s in range(last, weight - 1, -1):
            with_it = t.value[s - weight] + gain
            t.taken[r, s] = with_it > t.value[s]
            if t.taken[r, s]:
                t.value[s] = with_it
        t.taken[r, : min(weight, last + 1)] = False
    best, place = -np.inf, -1
    for s in range(max(0, int(np.ceil(low / cell - 1e-9))), last + 1):
        if t.value[s] > best:
            best, place = t.value[s], s
    if place < 0:
        return False
    for r in range(len(core) - 1, -1, -1):
        q = core[r]
        if t.taken[r, place]:
            t.dealt[q] = t.first[q]
            place -= t.weight[q]
        else:
            t.dealt[q] = t.second[q]
    return True
