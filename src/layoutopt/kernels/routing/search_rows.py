"""What the search works on, and the cheapest place of a stop: all compiled."""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from layoutopt.kernels.routing.compiled import compiled

BLINK = 0.01

# Columns of Rows.info and of the last axis of Rows.at.
SIZE, DEPOT, KIND = 0, 1, 2
RIDE, AHEAD, SLACK = 0, 1, 2


class Field(NamedTuple):
    """What does not change: minutes, stops, vehicle types, depots, neighbours of each stop from near to far."""

    between: Any
    inward: Any
    outward: Any
    service: Any
    riders: Any
    limit: Any
    line_limit: float
    seats: Any
    fixed: Any
    per_min: Any
    count: Any
    rider_cost: float
    opening: Any
    capacity: Any
    allowed: Any
    near: Any
    most_lines: int
    pay_between: Any
    pay_inward: Any
    pay_outward: Any
    pay_service: Any


class Rows(NamedTuple):
    """A plan: line ``r`` visits ``seq[r, :info[r, SIZE]]``, outermost first.

    ``at[r, p]`` are the minutes from boarding at place p to the depot, the riders at places 0..p and the smallest
    reserve to the ride limit at places 0..p: with these a place for one more stop is judged in constant time.
    ``used[v]`` lines of a vehicle type, ``lines[d]`` and ``load[d]`` of a depot.
    """

    seq: Any
    info: Any
    at: Any
    cost: Any
    used: Any
    lines: Any
    load: Any


class Work(NamedTuple):
    """Scratch: where each stop is (−1: nowhere), lines touched and stops removed in this round.

    ``penalty[0]`` is what a plan pays for each stop it leaves out; it adapts so that some plans do.
    """

    line_of: Any
    place_of: Any
    touched: Any
    touched_list: Any
    removed: Any
    many: Any
    missed: Any
    banned: Any
    opening_now: Any
    state: Any
    penalty: Any


@compiled
def uniform(state):
    """Return the next number in [0, 1) of a 64-bit xorshift generator held in ``state``."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def measure(r, rows, field):
    """Work out rides, riders and reserves of line ``r`` from its stops."""
    m = rows.info[r, SIZE]
    d = rows.info[r, DEPOT]
    clock = 0.0
    for p in range(m - 1, -1, -1):
        u = rows.seq[r, p]
        clock += field.service[u] + (field.inward[d, u] if p == m - 1 else field.between[u, rows.seq[r, p + 1]])
        rows.at[r, p, RIDE] = clock
    total = 0.0
    least = np.inf
    for p in range(m):
        u = rows.seq[r, p]
        total += field.riders[u]
        rows.at[r, p, AHEAD] = total
        least = min(least, field.limit[u] - rows.at[r, p, RIDE])
        rows.at[r, p, SLACK] = least


@compiled
def paid_by(r, rows, field):
    """Return what the way of line ``r`` counts towards its cost."""
    m = rows.info[r, SIZE]
    d = rows.info[r, DEPOT]
    total = field.pay_outward[d, rows.seq[r, 0]]
    for p in range(m):
        u = rows.seq[r, p]
        total += field.pay_service[u]
        total += field.pay_inward[d, u] if p == m - 1 else field.pay_between[u, rows.seq[r, p + 1]]
    return total


@compiled
def line_cost(r, rows, field):
    """Return the cost of line ``r``; 0 when it is empty."""
    m = rows.info[r, SIZE]
    if m == 0:
        return 0.0
    v = rows.info[r, KIND]
    total = field.fixed[v] + field.per_min[v] * paid_by(r, rows, field)
    if field.rider_cost > 0.0:
        for p in range(m):
            total += field.rider_cost * field.riders[rows.seq[r, p]] * rows.at[r, p, RIDE]
    return total


@compiled
def best_place(u, rows, field, state, blink):
    """Return (extra cost, line, place, vehicle type) of the cheapest place for stop ``u``; inf if there is none.

    Everything is bound to local names first: a field read in the inner loop costs more than the arithmetic there.
    """
    seq, at, info, used, between, count = rows.seq, rows.at, rows.info, rows.used, field.between, field.count
    fixed, per_min, seats, line_limit, worth = (
        field.fixed,
        field.per_min,
        field.seats,
        field.line_limit,
        field.rider_cost,
    )
    inward, outward, capacity, load_of = field.inward, field.outward, field.capacity, rows.load
    pay_between, pay_inward, pay_outward = field.pay_between, field.pay_inward, field.pay_outward
    pay_service = field.pay_service[u]
    riders, service, limit = field.riders[u], field.service[u], field.limit[u]
    types = len(seats)
    best = np.inf
    line = place = best_kind = np.int64(-1)
    for r in range(len(info)):
        m, d, k = info[r, SIZE], info[r, DEPOT], info[r, KIND]
        if m == 0 or m >= seq.shape[1] or load_of[d] + riders > capacity[d]:
            continue
        load = at[r, m - 1, AHEAD] + riders
        fits = False
        for v in range(types):
            if seats[v] >= load and (v == k or used[v] < count[v]):
                fits = True
        if not fits:
            continue
        home, out = inward[d, u], outward[d, u]
        old = at[r, 0, RIDE] + outward[d, seq[r, 0]]
        paid = paid_by(r, rows, field) if types > 1 else 0.0
        pay_home, pay_out = pay_inward[d, u], pay_outward[d, u]
        for p in range(m + 1):
            if blink and uniform(state) < BLINK:
                continue
            to_next = home if p == m else between[u, seq[r, p]]
            ride = service + to_next + (0.0 if p == m else at[r, p, RIDE])
            if ride > limit:
                continue
            extra = worth * riders * ride
            more = pay_service + (pay_home if p == m else pay_between[u, seq[r, p]])
            if p == 0:
                now = ride + out
                more += pay_out - pay_outward[d, seq[r, 0]]
            else:
                a = seq[r, p - 1]
                straight = inward[d, a] if p == m else between[a, seq[r, p]]
                longer = between[a, u] + service + to_next - straight
                if longer > at[r, p - 1, SLACK]:
                    continue
                now = old + longer
                more += pay_between[a, u] - (pay_inward[d, a] if p == m else pay_between[a, seq[r, p]])
                extra += worth * at[r, p - 1, AHEAD] * longer
            if now > line_limit:
                continue
            for v in range(types):
                if seats[v] >= load and (v == k or used[v] < count[v]):
                    dearer = (per_min[v] - per_min[k]) * (paid + more) + fixed[v] - fixed[k]
                    total = extra + per_min[k] * more + dearer
                    if total < best:
                        best = total
                        line = r
                        place = p
                        best_kind = v
    return best, line, place, best_kind


@compiled
def best_new(u, rows, field, banned, opening):
    """Return (cost, depot, vehicle type) of the cheapest new line for stop ``u`` alone; inf if none."""
    best = np.inf
    best_d = best_v = np.int64(-1)
    for d in range(len(opening)):
        if banned[d] or not field.allowed[d] or rows.load[d] + field.riders[u] > field.capacity[d]:
            continue
        ride = field.service[u] + field.inward[d, u]
        whole = ride + field.outward[d, u]
        if ride > field.limit[u] or whole > field.line_limit:
            continue
        for v in range(len(field.seats)):
            if field.seats[v] >= field.riders[u] and rows.used[v] < field.count[v]:
                paid = field.pay_service[u] + field.pay_inward[d, u] + field.pay_outward[d, u]
                cost = field.fixed[v] + field.per_min[v] * paid + field.rider_cost * field.riders[u] * ride
                if rows.lines[d] == 0:
                    cost += opening[d]
                if cost < best:
                    best = cost
                    best_d = d
                    best_v = v
    return best, best_d, best_v


@compiled
def lighter_kind(r, rows, field):
    """Give line ``r`` the cheapest vehicle type that is free and large enough."""
    m = rows.info[r, SIZE]
    if len(field.seats) == 1:
        return
    paid = paid_by(r, rows, field)
    best = rows.info[r, KIND]
    for v in range(len(field.seats)):
        fits = field.seats[v] >= rows.at[r, m - 1, AHEAD] and rows.used[v] < field.count[v]
        saved = field.fixed[best] + field.per_min[best] * paid - field.fixed[v] - field.per_min[v] * paid
        if fits and saved > 1e-12:
            best = v
    rows.used[rows.info[r, KIND]] -= 1
    rows.used[best] += 1
    rows.info[r, KIND] = best
