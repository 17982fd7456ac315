"""Compiled iterated search: a few neighbouring sites torn up and filled again, thousands of times."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.location import exchange, moves
from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.found import Ask
from layoutopt.kernels.location.instance import Flags, Floats, Ints
from layoutopt.kernels.location.moves import Map, Work

REGION = 7
"""Neighbouring sites whose units are settled again after a kick."""
REGION_ARCS = 600
"""... and their arcs, about."""
LOOSENED = 10.0
"""Units taken out of a site that stays open."""
DRAWS = 8
CHUNK = 50
SLACK = 0.02
"""A kick that ends worse by up to this share of the cost of one site is kept at first, later less."""


def wander(
    plan: Map, work: Work, near: list[Ints], fine: float, ask: Ask, *, kicks: int, enough: float
) -> tuple[Ints, Flags] | None:
    """Return the arcs and open sites of the best valid answer met on a walk of ``kicks`` kicks, or None.

    Ends early below ``enough``.
    """
    rng = np.random.default_rng(ask.seed)
    size = _region_size(plan, near)
    ptr, sites = _flat([others[: 2 * size] for others in near])
    record, record_open = work.arc.copy(), work.open.copy()
    cost, broken = moves.cost_of(plan, work), moves.violation(plan, work)
    state = np.array([cost + fine * broken, np.inf if broken > 0 else cost, fine])
    site_cost = cost / max(1, int(work.open.sum()))
    done = 0
    while done < kicks and ask.left_s() > 0 and state[1] > enough:
        draws = rng.random((min(CHUNK, kicks - done), DRAWS))
        slack = SLACK * site_cost * (1.0 - done / kicks)
        _walk(plan, work, ptr, sites, size, draws, state, slack, record, record_open)
        done += len(draws)
    return (record, record_open) if np.isfinite(state[1]) else None


def _region_size(plan: Map, near: list[Ints]) -> int:
    """So many neighbouring sites that settling their units again stays cheap."""
    per_site = len(plan.cost) / max(1, len(near))
    return min(len(near), int(np.clip(REGION_ARCS / max(per_site, 1.0), 3, REGION)))


def _flat(lists: list[Ints]) -> tuple[Ints, Ints]:
    ends = np.cumsum([0, *(len(part) for part in lists)])
    return ends.astype(np.int64), np.concatenate(lists).astype(np.int64)


@compiled
def _walk(
    m: Map,
    work: Work,
    ptr: Ints,
    near: Ints,
    size: int,
    draws: Floats,
    state: Floats,
    slack: float,
    record: Ints,
    record_open: Flags,
) -> None:
    """Kick, settle, keep or undo. ``state``: current cost with fines, best valid cost, fine."""
    arc, is_open = work.arc.copy(), work.open.copy()
    for turn in range(len(draws)):
        u = draws[turn]
        seed = _seed(m, work, u)
        others = near[ptr[seed] : ptr[seed + 1]]
        fine = state[2]
        arc[:], is_open[:] = work.arc, work.open
        region = _region(m, work, others)
        if not _kick(m, work, others, u):
            continue
        _refill(m, work, region, fine, u)
        moves.settle(m, work, fine, 6, region)
        if exchange.site_moves(m, work, fine, others[:size]) < 0.0:
            moves.settle(m, work, fine, 6, region)
        broken, cost = moves.violation(m, work), moves.cost_of(m, work)
        if broken <= 0.0 and cost < state[1] - 1e-9 * abs(cost):
            state[1] = cost
            record[:], record_open[:] = work.arc, work.open
        if cost + fine * broken < state[0] + slack * u[7] * u[7]:
            state[0] = cost + fine * broken
        else:
            _undo(m, work, arc, is_open)
        _tune(m, work, state)


@compiled
def _seed(m: Map, work: Work, u: Floats) -> int:
    """A site at random; every other time one that breaks a limit, or that a unit left out could use."""
    first = int(u[0] * len(m.capacity))
    if u[4] < 0.5:
        return first
    for t in range(len(m.capacity)):
        j = (first + t) % len(m.capacity)
        if work.open[j] and moves.off(m, j, work.load[j]) > 0.0:
            return j
    shift = int(u[0] * len(m.demand))
    for t in range(len(m.demand)):
        i = (shift + t) % len(m.demand)
        if work.arc[i] < 0 and m.ptr[i] < m.ptr[i + 1]:
            return m.site[m.ptr[i] + int(u[6] * (m.ptr[i + 1] - m.ptr[i]))]
    return first


@compiled
def _kick(m: Map, work: Work, others: Ints, u: Floats) -> bool:
    """Take out the units of some open sites; open, close or exchange one where that is allowed."""
    enter, leave = -1, -1
    skip_open, skip_shut = int(u[1] * 3.0), int(u[2] * 3.0)
    if u[3] < 0.25 or m.counted or u[3] > 0.75:
        for j in others:
            if not work.open[j] and not m.banned[j]:
                enter = j
                if skip_shut == 0:
                    break
                skip_shut -= 1
    if u[3] < 0.5 or m.counted:
        for j in others:
            if work.open[j] and not m.must[j]:
                leave = j
                if skip_open == 0:
                    break
                skip_open -= 1
    if m.counted and (enter < 0 or leave < 0 or u[5] < 0.4):
        enter, leave = -1, -1
    if leave >= 0:
        _clear(m, work, leave)
        work.open[leave] = False
        moves.mark(work, leave)
    if enter >= 0:
        work.open[enter] = True
        moves.mark(work, enter)
    left, found = 1 + int(u[5] * 3.0), leave >= 0 or enter >= 0
    for j in others:
        if left > 0 and work.open[j] and j != enter:
            _thin(m, work, j, u[6])
            moves.mark(work, j)
            left -= 1
            found = True
    return found


@compiled
def _clear(m: Map, work: Work, j: int) -> None:
    while work.head[j] >= 0:
        moves.place(m, work, work.head[j], -1)


@compiled
def _thin(m: Map, work: Work, j: int, draw: float) -> None:
    """Take out some units of site j: all of a few, about ``LOOSENED`` of many."""
    number, k = 0, work.head[j]
    while k >= 0:
        number += 1
        k = work.after[k]
    share = LOOSENED / max(number, 1)
    k = work.head[j]
    while k >= 0:
        following = work.after[k]
        if (draw * 1009.0 * (k + 1)) % 1.0 < share:
            moves.place(m, work, k, -1)
        k = following


@compiled
def _region(m: Map, work: Work, sites: Ints) -> Ints:
    """All units the sites serve now."""
    number = 0
    for j in sites:
        k = work.head[j]
        while k >= 0:
            number += 1
            k = work.after[k]
    units = np.empty(number, np.int64)
    number = 0
    for j in sites:
        k = work.head[j]
        while k >= 0:
            units[number] = k
            number += 1
            k = work.after[k]
    return units


@compiled
def _refill(m: Map, work: Work, region: Ints, fine: float, u: Floats) -> None:
    """Place the units without a site, large ones first but in a shaken order."""
    number = 0
    loose = np.empty(len(region), np.int64)
    key = np.empty(len(region))
    for t in range(len(region)):
        i = region[t]
        if work.arc[i] < 0:
            noise = (u[6] * 997.0 * (i + 1)) % 1.0
            loose[number], key[number] = i, -m.demand[i] * (0.4 + noise)
            number += 1
    for t in np.argsort(key[:number]):
        moves.shift(m, work, loose[t], fine)


@compiled
def _undo(m: Map, work: Work, arc: Ints, is_open: Flags) -> None:
    """Put back everything that differs, without having the surroundings examined again."""
    for i in range(len(arc)):
        if work.arc[i] != arc[i]:
            moves.place(m, work, i, arc[i])
    work.open[:] = is_open


@compiled
def _tune(m: Map, work: Work, state: Floats) -> None:
    """A fine that is neither ignored nor a wall: raised while limits are broken, lowered while not."""
    broken = moves.violation(m, work)
    before = state[2]
    state[2] = before * 1.02 if broken > 0.0 else before * 0.997
    state[0] += (state[2] - before) * broken
