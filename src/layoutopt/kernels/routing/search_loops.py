"""The compiled ruin-and-recreate search for good lines.

The method is "slack induction by string removals" (Christiaens and Vanden Berghe 2020): strings of neighbouring
stops leave their lines and re-enter greedily with blinks, under simulated annealing. Here it knows riders'
minutes, a limit for every stop, mixed fleets with counts, several depots and a cap on the number of lines.
"""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled
from layoutopt.kernels.routing.search_rows import (
    AHEAD,
    DEPOT,
    KIND,
    RIDE,
    SIZE,
    SLACK,
    best_new,
    best_place,
    lighter_kind,
    line_cost,
    measure,
    uniform,
)

REMOVED_ON_AVERAGE = 10.0
LONGEST_STRING = 10.0
DEPOT_SHAKE = 0.05
LEFT_OUT_DEARER, LEFT_OUT_CHEAPER = 1.002, 0.999


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
    # All of it, the empty lines too: a line kept from an earlier plan would come back beside the new one.
    for r in range(len(rows.info)):
        copy_line(r, rows, kept)
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
