"""The compiled ruin-and-recreate search for good lines.

The method is "slack induction by string removals" (Christiaens and Vanden Berghe 2020): strings of neighbouring
stops leave their lines and re-enter greedily with blinks, under simulated annealing. Here it knows riders'
minutes, a limit for every stop, mixed fleets with counts, several depots and a cap on the number of lines.

A line is a row of ``seq``: stops outermost first, ``size`` of them. ``ride[r, p]`` are the minutes from boarding
at place p to the depot, ``ahead[r, p]`` the riders at places 0..p and ``slack[r, p]`` the smallest reserve to the
ride limit at places 0..p: with these three a place for one more stop is judged in constant time.
"""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled

BLINK = 0.01
REMOVED_ON_AVERAGE = 10.0
LONGEST_STRING = 10.0


@compiled
def uniform(state):  # type: ignore[no-untyped-def]
    """Return the next number in [0, 1) of a 64-bit xorshift generator held in ``state``."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@compiled
def measure(r, seq, size, depot, ride, ahead, slack, between, inward, service, riders, limit):  # type: ignore[no-untyped-def]
    """Work out rides, riders and reserves of line ``r`` from its stops."""
    m = size[r]
    at = 0.0
    for p in range(m - 1, -1, -1):
        u = seq[r, p]
        at += service[u] + (inward[depot[r], u] if p == m - 1 else between[u, seq[r, p + 1]])
        ride[r, p] = at
    total = 0.0
    least = np.inf
    for p in range(m):
        u = seq[r, p]
        total += riders[u]
        ahead[r, p] = total
        least = min(least, limit[u] - ride[r, p])
        slack[r, p] = least


@compiled
def line_cost(r, seq, size, depot, kind, ride, outward, riders, fixed, per_min, rider_cost):  # type: ignore[no-untyped-def]
    """Return the cost of line ``r``; 0 when it is empty."""
    m = size[r]
    if m == 0:
        return 0.0
    total = fixed[kind[r]] + per_min[kind[r]] * (ride[r, 0] + outward[depot[r], seq[r, 0]])
    if rider_cost > 0.0:
        for p in range(m):
            total += rider_cost * riders[seq[r, p]] * ride[r, p]
    return total


@compiled
def best_place(
    u, r, seq, size, depot, kind, ride, ahead, slack, used, between, inward, outward, service, riders, limit,
    line_limit, seats, fixed, per_min, count, rider_cost, state, blink,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Return (extra cost, place, vehicle type) of the cheapest place for stop ``u`` in line ``r``; inf if none."""
    m = size[r]
    d = depot[r]
    k = kind[r]
    best = np.inf
    place = -1
    best_kind = k
    load = ahead[r, m - 1] + riders[u]
    v_many = len(seats)
    fits = False
    for v in range(v_many):
        if seats[v] >= load and (v == k or used[v] < count[v]):
            fits = True
    if not fits or m >= seq.shape[1]:
        return best, place, best_kind
    old = ride[r, 0] + outward[d, seq[r, 0]]
    for p in range(m + 1):
        if blink and uniform(state) < BLINK:
            continue
        to_next = inward[d, u] if p == m else between[u, seq[r, p]]
        ride_u = service[u] + to_next + (0.0 if p == m else ride[r, p])
        if ride_u > limit[u]:
            continue
        if p == 0:
            now = ride_u + outward[d, u]
            extra = rider_cost * riders[u] * ride_u
        else:
            a = seq[r, p - 1]
            longer = between[a, u] + service[u] + to_next - (inward[d, a] if p == m else between[a, seq[r, p]])
            if longer > slack[r, p - 1]:
                continue
            now = old + longer
            extra = rider_cost * (ahead[r, p - 1] * longer + riders[u] * ride_u)
        if now > line_limit:
            continue
        if v_many == 1:
            extra += per_min[k] * (now - old)
            if extra < best:
                best = extra
                place = p
            continue
        for v in range(v_many):
            if seats[v] >= load and (v == k or used[v] < count[v]):
                whole = extra + fixed[v] + per_min[v] * now - fixed[k] - per_min[k] * old
                if whole < best:
                    best = whole
                    place = p
                    best_kind = v
    return best, place, best_kind


@compiled
def best_new(
    u, lines_at, load_at, allowed, used, inward, outward, service, riders, limit, line_limit, seats, fixed, per_min,
    count, rider_cost, opening, capacity,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Return (cost, depot, vehicle type) of the cheapest new line for stop ``u`` alone; inf if none."""
    best = np.inf
    best_d = -1
    best_v = -1
    for d in range(len(opening)):
        if not allowed[d] or load_at[d] + riders[u] > capacity[d]:
            continue
        ride_u = service[u] + inward[d, u]
        whole = ride_u + outward[d, u]
        if ride_u > limit[u] or whole > line_limit:
            continue
        for v in range(len(seats)):
            if seats[v] >= riders[u] and used[v] < count[v]:
                cost = fixed[v] + per_min[v] * whole + rider_cost * riders[u] * ride_u
                if lines_at[d] == 0:
                    cost += opening[d]
                if cost < best:
                    best = cost
                    best_d = d
                    best_v = v
    return best, best_d, best_v


@compiled
def lighter_kind(r, seq, size, depot, kind, ride, ahead, used, outward, seats, fixed, per_min, count):  # type: ignore[no-untyped-def]
    """Give line ``r`` the cheapest vehicle type that is free and large enough."""
    m = size[r]
    if m == 0 or len(seats) == 1:
        return
    whole = ride[r, 0] + outward[depot[r], seq[r, 0]]
    best = kind[r]
    for v in range(len(seats)):
        if seats[v] >= ahead[r, m - 1] and used[v] < count[v]:
            if fixed[v] + per_min[v] * whole < fixed[best] + per_min[best] * whole - 1e-12:
                best = v
    if best != kind[r]:
        used[kind[r]] -= 1
        used[best] += 1
        kind[r] = best


@compiled
def search(
    between, inward, outward, service, riders, limit, line_limit, seats, fixed, per_min, count, rider_cost, opening,
    capacity, allowed, near, seq, size, depot, kind, lines_high, iterations, hot, cold, penalty, state, pool_seq,
    pool_size, pool_depot, best_seq, best_size, best_depot, best_kind, done, stop_when_served,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Improve the lines in ``seq`` in place for ``iterations`` rounds; return (best cost, stops left out, pool rows).

    ``best_*`` receive the best lines met, ``pool_*`` single lines of improved plans, for a later choice among them.
    ``done`` is (first round, rounds in all): the temperature falls over all of them from ``hot`` to ``cold``.
    """
    n = len(riders)
    rows = seq.shape[0]
    width = seq.shape[1]
    ride = np.zeros((rows, width))
    ahead = np.zeros((rows, width))
    slack = np.zeros((rows, width))
    cost = np.zeros(rows)
    line_of = np.full(n, -1, np.int64)
    place_of = np.full(n, -1, np.int64)
    used = np.zeros(len(seats), np.int64)
    lines_at = np.zeros(len(opening), np.int64)
    load_at = np.zeros(len(opening))
    for r in range(rows):
        if size[r] > 0:
            measure(r, seq, size, depot, ride, ahead, slack, between, inward, service, riders, limit)
            cost[r] = line_cost(r, seq, size, depot, kind, ride, outward, riders, fixed, per_min, rider_cost)
            used[kind[r]] += 1
            lines_at[depot[r]] += 1
            load_at[depot[r]] += ahead[r, size[r] - 1]
            for p in range(size[r]):
                line_of[seq[r, p]] = r
                place_of[seq[r, p]] = p
    # The copy of the last accepted plan, to return to.
    o_seq = seq.copy()
    o_size = size.copy()
    o_depot = depot.copy()
    o_kind = kind.copy()
    o_ride = ride.copy()
    o_ahead = ahead.copy()
    o_slack = slack.copy()
    o_cost = cost.copy()
    o_used = used.copy()
    o_lines_at = lines_at.copy()
    o_load_at = load_at.copy()
    touched = np.zeros(rows, np.bool_)
    touched_list = np.empty(rows, np.int64)
    removed = np.empty(n, np.int64)
    key = np.empty(n)
    missed = np.zeros(n)
    banned = np.zeros(len(opening), np.bool_)
    free_of = opening.copy()
    lines = 0
    for r in range(rows):
        if size[r] > 0:
            lines += 1
    out_many = 0
    out_now = 0.0
    for u in range(n):
        if line_of[u] < 0:
            out_many += 1
            out_now += 1.0
    current = np.inf
    best = np.inf
    best_out = n + 1
    pool_many = 0
    for step in range(iterations + 1):
        many = 0
        touched_many = 0
        if step > 0:
            # ---- ruin
            filled = 0.0
            for r in range(rows):
                if size[r] > 0:
                    filled += 1.0
            average = max(1.0, (n - out_many) / max(filled, 1.0))
            longest = min(LONGEST_STRING, average)
            most = 4.0 * REMOVED_ON_AVERAGE / (1.0 + longest) - 1.0
            strings = int(uniform(state) * most + 1.0)
            seed = int(uniform(state) * n)
            if len(opening) > 1 and uniform(state) < 0.05:
                # Close one depot in use: all its lines go, and it may not return in this round.
                d = depot_of_seed(seed, line_of, o_depot)
                if d >= 0:
                    banned[d] = True
                    for r in range(rows):
                        if size[r] > 0 and depot[r] == d:
                            touched[r] = True
                            touched_list[touched_many] = r
                            touched_many += 1
                            for p in range(size[r]):
                                removed[many] = seq[r, p]
                                line_of[seq[r, p]] = -1
                                many += 1
                            used[kind[r]] -= 1
                            load_at[d] -= ahead[r, size[r] - 1]
                            lines_at[d] -= 1
                            size[r] = 0
                            cost[r] = 0.0
                    strings = 0
            elif len(opening) > 1 and uniform(state) < 0.05:
                # Let one depot open for nothing while places are sought; the plan still pays it.
                free_of[int(uniform(state) * len(opening))] = 0.0
            taken = 0
            for c_at in range(near.shape[1]):
                if taken >= strings:
                    break
                c = near[seed, c_at]
                r = line_of[c]
                if r < 0 or touched[r]:
                    continue
                m = size[r]
                length = int(uniform(state) * min(float(m), longest) + 1.0)
                length = min(length, m)
                skip = 0
                if length > 1 and length < m and uniform(state) < 0.5:
                    skip = 1
                    while length + skip < m and uniform(state) > 0.5:
                        skip += 1
                span = length + skip
                low = max(0, place_of[c] - span + 1)
                high = min(place_of[c], m - span)
                first = low + int(uniform(state) * (high - low + 1))
                kept_from = first + (int(uniform(state) * (length + 1)) if skip > 0 else 0)
                touched[r] = True
                touched_list[touched_many] = r
                touched_many += 1
                load_at[depot[r]] -= ahead[r, m - 1]
                write = 0
                for p in range(m):
                    u = seq[r, p]
                    if first <= p < first + span and not (skip > 0 and kept_from <= p < kept_from + skip):
                        removed[many] = u
                        line_of[u] = -1
                        many += 1
                    else:
                        seq[r, write] = u
                        place_of[u] = write
                        write += 1
                size[r] = write
                taken += 1
                if write > 0:
                    measure(r, seq, size, depot, ride, ahead, slack, between, inward, service, riders, limit)
                    load_at[depot[r]] += ahead[r, write - 1]
                    lighter_kind(r, seq, size, depot, kind, ride, ahead, used, outward, seats, fixed, per_min, count)
                    if ride[r, 0] + outward[depot[r], seq[r, 0]] > line_limit or slack[r, write - 1] < 0.0:
                        # Without the triangle inequality a shorter line may take longer: take it apart.
                        load_at[depot[r]] -= ahead[r, write - 1]
                        for p in range(write):
                            removed[many] = seq[r, p]
                            line_of[seq[r, p]] = -1
                            many += 1
                        size[r] = 0
                if size[r] == 0:
                    used[kind[r]] -= 1
                    lines_at[depot[r]] -= 1
        # ---- stops left out so far want in as well
        listed = many
        for u in range(n):
            if line_of[u] < 0:
                found = False
                for q in range(listed):
                    if removed[q] == u:
                        found = True
                        break
                if not found:
                    removed[many] = u
                    many += 1
        # ---- recreate: random, many riders first, far first, near first (4 : 4 : 2 : 1)
        draw = uniform(state) * 11.0
        for q in range(many):
            u = removed[q]
            if draw < 4.0:
                key[q] = uniform(state)
            elif draw < 8.0:
                key[q] = -riders[u]
            else:
                far = np.inf
                for d in range(len(opening)):
                    far = min(far, inward[d, u])
                key[q] = -far if draw < 10.0 else far
        order = np.argsort(key[:many], kind="mergesort")
        lines = 0
        for d in range(len(opening)):
            lines += lines_at[d]
        for q in range(many):
            u = removed[order[q]]
            extra = np.inf
            to_r = -1
            to_p = -1
            to_v = -1
            for r in range(rows):
                if size[r] == 0 or load_at[depot[r]] + riders[u] > capacity[depot[r]]:
                    continue
                got, p, v = best_place(
                    u, r, seq, size, depot, kind, ride, ahead, slack, used, between, inward, outward, service,
                    riders, limit, line_limit, seats, fixed, per_min, count, rider_cost, state, step > 0,
                )  # fmt: skip
                if got < extra:
                    extra = got
                    to_r = r
                    to_p = p
                    to_v = v
            if lines < lines_high:
                for d in range(len(opening)):
                    banned[d] = banned[d] or not allowed[d]
                got, d, v = best_new(
                    u, lines_at, load_at, ~banned, used, inward, outward, service, riders, limit, line_limit, seats,
                    fixed, per_min, count, rider_cost, free_of, capacity,
                )  # fmt: skip
                if got < extra:
                    extra = got
                    for r in range(rows):
                        if size[r] == 0:
                            to_r = r
                            break
                    to_p = 0
                    to_v = v
                    if not touched[to_r]:
                        touched[to_r] = True
                        touched_list[touched_many] = to_r
                        touched_many += 1
                    depot[to_r] = d
                    kind[to_r] = v
                    used[v] += 1
                    lines_at[d] += 1
                    lines += 1
            if extra == np.inf:
                continue
            r = to_r
            if not touched[r]:
                touched[r] = True
                touched_list[touched_many] = r
                touched_many += 1
            if kind[r] != to_v:
                used[kind[r]] -= 1
                used[to_v] += 1
                kind[r] = to_v
            for p in range(size[r], to_p, -1):
                seq[r, p] = seq[r, p - 1]
                place_of[seq[r, p]] = p
            seq[r, to_p] = u
            place_of[u] = to_p
            line_of[u] = r
            size[r] += 1
            load_at[depot[r]] += riders[u]
            measure(r, seq, size, depot, ride, ahead, slack, between, inward, service, riders, limit)
        for d in range(len(opening)):
            banned[d] = False
            free_of[d] = opening[d]
        # ---- judge
        now_out = 0.0
        now_many = 0
        for q in range(many):
            u = removed[q]
            if line_of[u] < 0:
                now_out += 1.0 + missed[u]
                now_many += 1
        total = 0.0
        for q in range(touched_many):
            r = touched_list[q]
            cost[r] = line_cost(r, seq, size, depot, kind, ride, outward, riders, fixed, per_min, rider_cost)
        for r in range(rows):
            if size[r] > 0:
                total += cost[r]
        for d in range(len(opening)):
            if lines_at[d] > 0:
                total += opening[d]
        share = (done[0] + step) / max(done[1], 1)
        heat = hot * (cold / hot) ** share
        accept = False
        if step == 0:
            accept = True
        elif now_many > out_many:
            accept = now_out < out_now
        elif now_many < out_many:
            accept = True
        else:
            accept = now_out < out_now or total < current - heat * np.log(max(uniform(state), 1e-300))
        if accept:
            for q in range(touched_many):
                r = touched_list[q]
                o_size[r] = size[r]
                o_depot[r] = depot[r]
                o_kind[r] = kind[r]
                o_cost[r] = cost[r]
                for p in range(size[r]):
                    o_seq[r, p] = seq[r, p]
                    o_ride[r, p] = ride[r, p]
                    o_ahead[r, p] = ahead[r, p]
                    o_slack[r, p] = slack[r, p]
            o_used[:] = used
            o_lines_at[:] = lines_at
            o_load_at[:] = load_at
            current = total
            out_now = now_out
            out_many = now_many
            if now_many < best_out or (now_many == best_out and total < best - 1e-9):
                best = total
                best_out = now_many
                best_seq[:] = seq
                best_size[:] = size
                best_depot[:] = depot
                best_kind[:] = kind
                for q in range(touched_many):
                    r = touched_list[q]
                    if size[r] > 0 and pool_many < len(pool_size):
                        pool_size[pool_many] = size[r]
                        pool_depot[pool_many] = depot[r]
                        for p in range(size[r]):
                            pool_seq[pool_many, p] = seq[r, p]
                        pool_many += 1
                if stop_when_served and best_out == 0:
                    break
        else:
            if now_many > 0:
                for q in range(many):
                    if line_of[removed[q]] < 0:
                        missed[removed[q]] += 1.0
            for q in range(touched_many):
                r = touched_list[q]
                for p in range(size[r]):
                    line_of[seq[r, p]] = -1
            for q in range(touched_many):
                r = touched_list[q]
                size[r] = o_size[r]
                depot[r] = o_depot[r]
                kind[r] = o_kind[r]
                cost[r] = o_cost[r]
                for p in range(size[r]):
                    u = o_seq[r, p]
                    seq[r, p] = u
                    line_of[u] = r
                    place_of[u] = p
                    ride[r, p] = o_ride[r, p]
                    ahead[r, p] = o_ahead[r, p]
                    slack[r, p] = o_slack[r, p]
            used[:] = o_used
            lines_at[:] = o_lines_at
            load_at[:] = o_load_at
        for q in range(touched_many):
            touched[touched_list[q]] = False
    return best, best_out, pool_many


@compiled
def depot_of_seed(seed, line_of, depot):  # type: ignore[no-untyped-def]
    """Return the depot of the line that serves stop ``seed``, −1 when none does."""
    r = line_of[seed]
    return depot[r] if r >= 0 else -1
