"""The compiled ruin-and-recreate search for good lines.

The method is "slack induction by string removals" (Christiaens and Vanden Berghe 2020): strings of neighbouring
stops leave their lines and re-enter greedily with blinks, under simulated annealing. Here it knows riders'
minutes, a limit for every stop, mixed fleets with counts, several depots and a cap on the number of lines.
"""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from layoutopt.kernels.routing.compiled import compiled

BLINK = 0.01
REMOVED_ON_AVERAGE = 10.0
LONGEST_STRING = 10.0
DEPOT_SHAKE = 0.05
LEFT_OUT_DEARER, LEFT_OUT_CHEAPER = 1.002, 0.999

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
        clock += field.service[u] + (
            field.inward[d, u] if p == m - 1 else field.between[u, rows.seq[r, p + 1]]
        )
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
def line_cost(r, rows, field):
    """Return the cost of line ``r``; 0 when it is empty."""
    m = rows.info[r, SIZE]
    if m == 0:
        return 0.0
    v = rows.info[r, KIND]
    whole = rows.at[r, 0, RIDE] + field.outward[rows.info[r, DEPOT], rows.seq[r, 0]]
    total = field.fixed[v] + field.per_min[v] * whole
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
        for p in range(m + 1):
            if blink and uniform(state) < BLINK:
                continue
            to_next = home if p == m else between[u, seq[r, p]]
            ride = service + to_next + (0.0 if p == m else at[r, p, RIDE])
            if ride > limit:
                continue
            extra = worth * riders * ride
            if p == 0:
                now = ride + out
            else:
                a = seq[r, p - 1]
                straight = inward[d, a] if p == m else between[a, seq[r, p]]
                longer = between[a, u] + service + to_next - straight
                if longer > at[r, p - 1, SLACK]:
                    continue
                now = old + longer
                extra += worth * at[r, p - 1, AHEAD] * longer
            if now > line_limit:
                continue
            for v in range(types):
                if seats[v] >= load and (v == k or used[v] < count[v]):
                    whole = extra + per_min[v] * now - per_min[k] * old + fixed[v] - fixed[k]
                    if whole < best:
                        best = whole
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
                cost = field.fixed[v] + field.per_min[v] * whole + field.rider_cost * field.riders[u] * ride
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
    whole = rows.at[r, 0, RIDE] + field.outward[rows.info[r, DEPOT], rows.seq[r, 0]]
    best = rows.info[r, KIND]
    for v in range(len(field.seats)):
        fits = field.seats[v] >= rows.at[r, m - 1, AHEAD] and rows.used[v] < field.count[v]
        saved = field.fixed[best] + field.per_min[best] * whole - field.fixed[v] - field.per_min[v] * whole
        if fits and saved > 1e-12:
            best = v
    rows.used[rows.info[r, KIND]] -= 1
    rows.used[best] += 1
    rows.info[r, KIND] = best


@compiled
def touch(r, work):
    """Note that line ``r`` changes in this round."""
    if not work.touched[r]:
        work.touched[r] = True
        work.touched_list[work.many[1]] = r
        work.many[1] += 1


@compiled
def drop(u, work):
    """Put stop ``u`` on the list of those without a line."""
    work.line_of[u] = -1
    work.removed[work.many[0]] = u
    work.many[0] += 1


@compiled
def dissolve(r, rows, work, field):
    """Take line ``r`` apart."""
    touch(r, work)
    d = rows.info[r, DEPOT]
    for p in range(rows.info[r, SIZE]):
        rows.load[d] -= field.riders[rows.seq[r, p]]
        drop(rows.seq[r, p], work)
    rows.info[r, SIZE] = 0
    rows.used[rows.info[r, KIND]] -= 1
    rows.lines[d] -= 1


@compiled
def cut_string(r, c, longest, rows, work, field):
    """Remove a string of stops around stop ``c`` from line ``r``, with a kept piece inside in half of the cases."""
    state = work.state
    m = rows.info[r, SIZE]
    d = rows.info[r, DEPOT]
    length = min(int(uniform(state) * min(float(m), longest) + 1.0), m)
    skip = 0
    if 1 < length < m and uniform(state) < 0.5:
        skip = 1
        while length + skip < m and uniform(state) > 0.5:
            skip += 1
    span = length + skip
    low = max(0, work.place_of[c] - span + 1)
    high = min(work.place_of[c], m - span)
    first = low + int(uniform(state) * (high - low + 1))
    kept_from = first + (int(uniform(state) * (length + 1)) if skip > 0 else 0)
    touch(r, work)
    write = 0
    for p in range(m):
        u = rows.seq[r, p]
        if first <= p < first + span and not (skip > 0 and kept_from <= p < kept_from + skip):
            rows.load[d] -= field.riders[u]
            drop(u, work)
        else:
            rows.seq[r, write] = u
            work.place_of[u] = write
            write += 1
    rows.info[r, SIZE] = write
    if write == 0:
        rows.used[rows.info[r, KIND]] -= 1
        rows.lines[d] -= 1
        return
    measure(r, rows, field)
    lighter_kind(r, rows, field)
    whole = rows.at[r, 0, RIDE] + field.outward[d, rows.seq[r, 0]]
    if whole > field.line_limit or rows.at[r, write - 1, SLACK] < 0.0:
        # Without the triangle inequality a shorter line may take longer.
        dissolve(r, rows, work, field)


@compiled
def ruin(rows, work, field, out_many):
    """Remove strings of stops from the lines near a random stop, or all lines of a depot."""
    state = work.state
    n = len(field.riders)
    filled = max(1, line_count(rows))
    longest = min(LONGEST_STRING, max(1.0, (n - out_many) / filled))
    strings = int(uniform(state) * (4.0 * REMOVED_ON_AVERAGE / (1.0 + longest) - 1.0) + 1.0)
    seed = int(uniform(state) * n)
    if len(field.opening) > 1:
        shake = uniform(state)
        if shake < DEPOT_SHAKE and work.line_of[seed] >= 0:
            # Close one depot: all its lines go, and it may not return in this round.
            d = rows.info[work.line_of[seed], DEPOT]
            work.banned[d] = True
            for r in range(len(rows.info)):
                if rows.info[r, SIZE] > 0 and rows.info[r, DEPOT] == d:
                    dissolve(r, rows, work, field)
            return
        if shake > 1.0 - DEPOT_SHAKE:
            # Let one depot open for nothing while places are sought; the plan still pays for it.
            work.opening_now[int(uniform(state) * len(field.opening))] = 0.0
    taken = 0
    for q in range(n):
        if taken >= strings:
            break
        c = field.near[seed, q]
        r = work.line_of[c]
        if r >= 0 and not work.touched[r]:
            cut_string(r, c, longest, rows, work, field)
            taken += 1


@compiled
def entry_order(work, field):
    """Return the order in which stops re-enter: random, many riders, far, near first (4 : 4 : 2 : 1)."""
    many = work.many[0]
    key = np.empty(many)
    draw = uniform(work.state) * 11.0
    for q in range(many):
        u = work.removed[q]
        if draw < 4.0:
            key[q] = uniform(work.state)
        elif draw < 8.0:
            key[q] = -field.riders[u]
        else:
            far = np.inf
            for d in range(len(field.opening)):
                far = min(far, field.inward[d, u])
            key[q] = -far if draw < 10.0 else far
    # Few numbers: insertion sort, stable.
    order = np.arange(many)
    for a in range(1, many):
        x = order[a]
        b = a - 1
        while b >= 0 and key[order[b]] > key[x]:
            order[b + 1] = order[b]
            b -= 1
        order[b + 1] = x
    return order


@compiled
def insert(u, rows, work, field, blink):
    """Put stop ``u`` at its cheapest place, a new line included; leave it out when it has none."""
    extra, to_r, to_p, to_v = best_place(u, rows, field, work.state, blink)
    empty = np.int64(-1)
    for r in range(len(rows.info)):
        if rows.info[r, SIZE] == 0:
            empty = r
            break
    if empty >= 0 and line_count(rows) < field.most_lines:
        got, d, v = best_new(u, rows, field, work.banned, work.opening_now)
        if got < extra:
            extra = got
            to_r = empty
            to_p = np.int64(0)
            to_v = v
            rows.info[empty, DEPOT] = d
            rows.info[empty, KIND] = v
            rows.used[v] += 1
            rows.lines[d] += 1
    if extra == np.inf:
        return
    touch(to_r, work)
    rows.used[rows.info[to_r, KIND]] -= 1
    rows.used[to_v] += 1
    rows.info[to_r, KIND] = to_v
    for p in range(rows.info[to_r, SIZE], to_p, -1):
        rows.seq[to_r, p] = rows.seq[to_r, p - 1]
        work.place_of[rows.seq[to_r, p]] = p
    rows.seq[to_r, to_p] = u
    work.place_of[u] = to_p
    work.line_of[u] = to_r
    rows.info[to_r, SIZE] += 1
    rows.load[rows.info[to_r, DEPOT]] += field.riders[u]
    measure(to_r, rows, field)


@compiled
def copy_line(r, source, target):
    """Copy line ``r``."""
    # Written out: whole-array assignments take numba seconds to compile.
    target.cost[r] = source.cost[r]
    for x in range(3):
        target.info[r, x] = source.info[r, x]
    for p in range(source.info[r, SIZE]):
        target.seq[r, p] = source.seq[r, p]
        for x in range(3):
            target.at[r, p, x] = source.at[r, p, x]


@compiled
def copy_touched(source, target, work):
    """Copy the lines touched in this round, and the totals."""
    for q in range(work.many[1]):
        copy_line(work.touched_list[q], source, target)
    for v in range(len(source.used)):
        target.used[v] = source.used[v]
    for d in range(len(source.lines)):
        target.lines[d] = source.lines[d]
        target.load[d] = source.load[d]


@compiled
def line_count(rows):
    """Return the number of lines."""
    total = 0
    for d in range(len(rows.lines)):
        total += rows.lines[d]
    return total


@compiled
def locate_stops(rows, work):
    """Note for the stops of the touched lines where they are."""
    for q in range(work.many[1]):
        r = work.touched_list[q]
        for p in range(rows.info[r, SIZE]):
            work.line_of[rows.seq[r, p]] = r
            work.place_of[rows.seq[r, p]] = p


@compiled
def total_cost(rows, work, field):
    """Return the cost of the plan, the touched lines worked out anew."""
    for q in range(work.many[1]):
        r = work.touched_list[q]
        rows.cost[r] = line_cost(r, rows, field)
    total = 0.0
    for r in range(len(rows.info)):
        if rows.info[r, SIZE] > 0:
            total += rows.cost[r]
    for d in range(len(field.opening)):
        if rows.lines[d] > 0:
            total += field.opening[d]
    return total


@compiled
def count_in(rows, work, field):
    """Work every figure of the plan out from ``seq`` and ``info``."""
    for v in range(len(rows.used)):
        rows.used[v] = 0
    for d in range(len(rows.lines)):
        rows.lines[d] = 0
        rows.load[d] = 0.0
    for r in range(len(rows.info)):
        if rows.info[r, SIZE] > 0:
            measure(r, rows, field)
            rows.used[rows.info[r, KIND]] += 1
            rows.lines[rows.info[r, DEPOT]] += 1
            rows.load[rows.info[r, DEPOT]] += rows.at[r, rows.info[r, SIZE] - 1, AHEAD]
            touch(r, work)
    locate_stops(rows, work)


@compiled
def remember(rows, work, pool_seq, pool_info, met):
    """Write the touched lines into the pool, a ring: late lines, from better plans, push early ones out."""
    for q in range(work.many[1]):
        r = work.touched_list[q]
        m = rows.info[r, SIZE]
        if m > 0:
            row = met % len(pool_info)
            for x in range(3):
                pool_info[row, x] = rows.info[r, x]
            for p in range(m):
                pool_seq[row, p] = rows.seq[r, p]
            met += 1
    return met


@compiled
def forget(work, n):
    """Clear what earlier rounds left."""
    work.many[0] = 0
    work.many[1] = 0
    for u in range(n):
        work.line_of[u] = -1
    for r in range(len(work.touched)):
        work.touched[r] = False


@compiled
def search(rows, kept, best, work, field, pool_seq, pool_info, span, hot, cold, strict, stop_when_served):
    """Improve the plan in ``rows``; return (best cost, stops left out of it, lines written to the pool).

    ``kept`` holds the plan last accepted, ``best`` receives the best one. ``span`` is (first round, rounds now,
    rounds in all); the temperature falls from ``hot`` to ``cold`` over all of them. ``strict``: no plan may leave out
    more stops than the one before; otherwise it pays for them.
    """
    n = len(field.riders)
    forget(work, n)
    count_in(rows, work, field)
    out_many = n + 1
    out_now = np.inf
    current = np.inf
    top = np.inf
    top_out = n + 1
    met = np.int64(0)
    for step in range(span[1] + 1):
        if step > 0:
            work.many[0] = 0
            work.many[1] = 0
            ruin(rows, work, field, out_many)
        if step == 0 or out_many > 0:
            listed = work.many[0]
            for u in range(n):
                if work.line_of[u] < 0:
                    known = False
                    for q in range(listed):
                        known = known or work.removed[q] == u
                    if not known:
                        drop(u, work)
        order = entry_order(work, field)
        for q in range(len(order)):
            insert(work.removed[order[q]], rows, work, field, step > 0)
        for d in range(len(field.opening)):
            work.banned[d] = False
            work.opening_now[d] = field.opening[d]
        now_out = 0.0
        now_many = 0
        for q in range(work.many[0]):
            u = work.removed[q]
            if work.line_of[u] < 0:
                now_out += 1.0 + work.missed[u]
                now_many += 1
        total = total_cost(rows, work, field)
        heat = hot * (cold / hot) ** ((span[0] + step) / max(span[2], 1))
        luck = -heat * np.log(max(uniform(work.state), 1e-300))
        if step == 0:
            accept = True
        elif strict:
            fewer = now_many < out_many or now_out < out_now
            accept = fewer or (now_many == out_many and total < current + luck)
        else:
            # Leaving a stop out for a while opens ways through a plan with hardly a seat to spare.
            fine = work.penalty[0]
            accept = total + fine * now_many < current + fine * out_many + luck
            if now_many + out_many > 0:
                work.penalty[0] = fine * (LEFT_OUT_DEARER if out_many > 0 else LEFT_OUT_CHEAPER)
        if accept:
            copy_touched(rows, kept, work)
            current = total
            out_now = now_out
            out_many = now_many
            if now_many < top_out or (now_many == top_out and total < top - 1e-9):
                top = total
                top_out = now_many
                for r in range(len(rows.info)):
                    copy_line(r, rows, best)
                met = remember(rows, work, pool_seq, pool_info, met)
        else:
            for q in range(work.many[0]):
                if work.line_of[work.removed[q]] < 0:
                    work.missed[work.removed[q]] += 1.0
            for q in range(work.many[1]):
                r = work.touched_list[q]
                for p in range(rows.info[r, SIZE]):
                    work.line_of[rows.seq[r, p]] = -1
            copy_touched(kept, rows, work)
            locate_stops(rows, work)
        for q in range(work.many[1]):
            work.touched[work.touched_list[q]] = False
        if stop_when_served and top_out == 0:
            break
    return top, top_out, met
