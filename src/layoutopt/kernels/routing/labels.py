"""Compiled labelling for bus lines: prices new lines, bounds what is left to gain, lists every line worth having.

A label is the inner part of a line, grown backwards from the depot, so that its minutes are the ride of whoever
boards at its newest stop: limits for each stop are exact and riders' minutes are priced as they arise. Its reduced
cost counts what is paid at the cheapest rate; the dearer rate of other vehicle types is added when the line is
finished (labels are compared at the dearest rate as well). Sets of stops are bits of 64-bit words.

A label carries the state of every rank-1 cut (see ``cut_loops``); states fade outside the memory of the cut (Pecin
and others 2017).
"""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from layoutopt.kernels.routing.compiled import compiled
from layoutopt.kernels.routing.cut_loops import CUTS_A_WORD, FOURTH_BITS, bit_sum, met_by

EPSILON = 1e-9
LOAD_CELLS = 48

# Columns of Store.num and Store.ref.
COST, RIDE, LOAD, ENDED, PAID = 0, 1, 2, 3, 4
STOP, PARENT, KIND, FOLLOW, ALIVE = 0, 1, 2, 3, 4


class Ground(NamedTuple):
    """One depot's view of a task: ``inward, outward, service, riders, limit [n]``, vehicle arrays ``[v]``.

    ``prize`` is what covering each stop is worth; ``fixed`` holds the prices of lines as well; a line longer than
    ``steps[s, 0]`` minutes pays the share ``steps[s, 1]`` of ``step_fixed`` more. ``pay_…`` is what legs and stops
    count towards the cost; ``pay_least[n]``: no line through a stop counts less; all ``same`` as the minutes where
    these are paid.
    """

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
    rider_cost: float
    prize: Any
    steps: Any
    step_fixed: Any
    pay_between: Any
    pay_inward: Any
    pay_outward: Any
    pay_service: Any
    pay_least: Any
    same: bool


class CutBits(NamedTuple):
    """The states' words of the cuts, and the price of each cut."""

    words: Any
    price: Any


class Grid(NamedTuple):
    """Completion bounds by stop, load cell and ride cell; ``used`` says whether they exist.

    ``least`` is the smallest cost from a label to a finished line, ``then`` the next stop it takes (−1: none),
    ``other`` the smallest with another next stop.
    """

    used: bool
    least: Any
    other: Any
    then: Any
    unit_load: float
    unit_min: float


class Store(NamedTuple):
    """Room for labels: ``num[l]`` cost, ride, load, cost when ended, paid; ``ref[l]`` stop, parent, type, next, alive.

    ``bits[l]``: the stops met, then the cut bits.
    """

    num: Any
    ref: Any
    bits: Any


@compiled
def finish(i, load, ride, paid, ground, base):
    """Return (cost, vehicle type) of ending a line at stop ``i`` with the cheapest type; inf when none may."""
    whole = ride + ground.outward[i]
    best = np.inf
    kind = -1
    if whole > ground.line_limit:
        return best, kind
    share = 0.0
    for s in range(len(ground.steps)):
        if whole > ground.steps[s, 0]:
            share += ground.steps[s, 1]
    for v in range(len(ground.seats)):
        if ground.seats[v] >= load:
            cost = ground.fixed[v] + (ground.per_min[v] - base) * paid + ground.per_min[v] * ground.pay_outward[i]
            if share > 0.0:
                cost += share * ground.step_fixed[v]
            if cost < best:
                best = cost
                kind = v
    return best, kind


@compiled
def completion(ground, unit_load, unit_min, load_cells, ride_cells):
    """Return (least, other, then) of a :class:`Grid`.

    Loads and rides are rounded down, and only loops over two stops are ruled out, so both are too good rather than
    too bad. Cut prices are left out for the same reason: they only add.
    """
    between, service, riders, limit = ground.between, ground.service, ground.riders, ground.limit
    prize, rider_cost = ground.prize, ground.rider_cost
    n = len(riders)
    base = ground.per_min.min()
    least = np.full((n, load_cells, ride_cells), np.inf)
    other = np.full((n, load_cells, ride_cells), np.inf)
    then = np.full((n, load_cells, ride_cells), -1, np.int32)
    for b in range(load_cells - 1, -1, -1):
        for i in range(n):
            if int(riders[i] / unit_load + EPSILON) > b:
                continue
            for k in range(ride_cells):
                ride = k * unit_min
                if ride > limit[i]:
                    break
                paid = ride if ground.same else ground.pay_least[i]
                least[i, b, k], _ = finish(i, b * unit_load * (1 - EPSILON), ride, paid, ground, base)
            for j in range(n):
                c = b + int(riders[j] / unit_load + EPSILON)
                if c >= load_cells or j == i:
                    continue
                more = between[j, i] + service[j]
                gain = base * (ground.pay_between[j, i] + ground.pay_service[j]) - prize[j]
                for k in range(ride_cells):
                    ride = k * unit_min
                    now = ride + more
                    if now > limit[j] or ride > limit[i]:
                        break
                    cell = min(int(now / unit_min), ride_cells - 1)
                    rest = least[j, c, cell] if then[j, c, cell] != i else other[j, c, cell]
                    cost = gain + rider_cost * riders[j] * now + rest
                    if cost < least[i, b, k]:
                        other[i, b, k] = least[i, b, k]
                        least[i, b, k] = cost
                        then[i, b, k] = j
                    elif cost < other[i, b, k]:
                        other[i, b, k] = cost
    return least, other, then


@compiled
def _met(bits, at, j):
    return (bits[at, j >> 6] >> np.uint64(j & 63)) & np.uint64(1) != 0


@compiled
def _write_bits(at, j, new, words, keep, states, price, bits):
    """Write memory and cut states of label ``new`` = ``at`` (−1: the depot) and stop ``j``; return what cuts cost."""
    cost = 0.0
    for w in range(words):
        bits[new, w] = bits[at, w] & keep[j, w] if at >= 0 else np.uint64(0)
    bits[new, j >> 6] |= np.uint64(1) << np.uint64(j & 63)
    for w in range(states.add.shape[1]):
        paid, state = met_by(bits[at, words + w] if at >= 0 else np.uint64(0), j, w, states)
        if paid:
            cost += bit_sum(paid, w * CUTS_A_WORD, price)
        bits[new, words + w] = state
    return cost


@compiled
def grow(at, new, base, most_load, ground, keep, cuts, grid, threshold, store, child):
    """Write the children of label ``at`` (−1: the depot) from row ``new`` on while rows last; return how many.

    ``child`` gets their stops. Everything is bound to local names first: a field read in the inner loop costs more
    than the arithmetic there.
    """
    num, ref, bits = store.num, store.ref, store.bits
    between, inward, service, riders, limit = (
        ground.between,
        ground.inward,
        ground.service,
        ground.riders,
        ground.limit,
    )
    prize, rider_cost, line_limit = ground.prize, ground.rider_cost, ground.line_limit
    pay_between, pay_inward, pay_service = ground.pay_between, ground.pay_inward, ground.pay_service
    states, price = cuts.words, cuts.price
    least, other, then, unit_load, unit_min, bounded = (
        grid.least, grid.other, grid.then, grid.unit_load, grid.unit_min, grid.used,
    )  # fmt: skip
    words = keep.shape[1]
    i = ref[at, STOP] if at >= 0 else 0
    load_before = num[at, LOAD] if at >= 0 else 0.0
    ride_before = num[at, RIDE] if at >= 0 else 0.0
    cost_before = num[at, COST] if at >= 0 else 0.0
    paid_before = num[at, PAID] if at >= 0 else 0.0
    room = len(ref) - new
    made = 0
    for j in range(len(riders)):
        load = load_before + riders[j]
        if load > most_load:
            continue
        more = (between[j, i] if at >= 0 else inward[j]) + service[j]
        ride = ride_before + more
        if ride > limit[j] or ride > line_limit or (at >= 0 and _met(bits, at, j)):
            continue
        if made >= room:
            return -1
        to = new + made
        pay = (pay_between[j, i] if at >= 0 else pay_inward[j]) + pay_service[j]
        cost = cost_before + base * pay + rider_cost * riders[j] * ride - prize[j]
        if bounded:
            b = min(int(load / unit_load + EPSILON), least.shape[1] - 1)
            k = min(int(ride / unit_min), least.shape[2] - 1)
            if cost + least[j, b, k] >= threshold:
                continue
        cost += _write_bits(at, j, to, words, keep, states, price, bits)
        if bounded:
            following = np.int64(then[j, b, k])
            rest = other[j, b, k] if following >= 0 and _met(bits, to, following) else least[j, b, k]
            if cost + rest >= threshold:
                continue
        num[to, COST] = cost
        num[to, RIDE] = ride
        num[to, LOAD] = load
        num[to, PAID] = paid_before + pay
        ref[to, STOP] = j
        child[made] = j
        made += 1
    for q in range(made):
        to = new + q
        end, kind = finish(child[q], num[to, LOAD], num[to, RIDE], num[to, PAID], ground, base)
        num[to, ENDED] = num[to, COST] + end
        ref[to, PARENT] = at
        ref[to, KIND] = kind
        ref[to, ALIVE] = 1
    return made


@compiled
def move(source, target, store):
    """Move label ``source`` down to row ``target``."""
    num, ref, bits = store.num, store.ref, store.bits
    for x in range(num.shape[1]):
        num[target, x] = num[source, x]
    for x in range(ref.shape[1]):
        ref[target, x] = ref[source, x]
    for x in range(bits.shape[1]):
        bits[target, x] = bits[source, x]


@compiled
def _dominates(a, b, words, cut_price, span, num, bits, exact):
    """Return whether label ``a`` makes label ``b`` at the same stop useless, at the cheapest and the dearest rate."""
    if num[a, COST] > num[b, COST] + EPSILON or num[a, RIDE] > num[b, RIDE] + EPSILON:
        return False
    if num[a, LOAD] > num[b, LOAD] + EPSILON:
        return False
    dearer = max(0.0, span * (num[a, PAID] - num[b, PAID]))
    if num[a, COST] + dearer > num[b, COST] + EPSILON:
        return False
    if not exact:
        return True
    for w in range(words):
        if bits[a, w] & ~bits[b, w]:
            return False
    more = dearer
    for w in range(words, bits.shape[1]):
        # The fourth bit of b | 8 − a stays where b's state is no lower than a's: there a pays no more than b.
        above = ~((bits[b, w] | FOURTH_BITS) - bits[a, w]) & FOURTH_BITS
        if above:
            more += bit_sum(above, (w - words) * CUTS_A_WORD, cut_price)
    return num[a, COST] + more <= num[b, COST] + EPSILON


@compiled
def _enter(new, most_load, head, least_cost, compared, words, cut_price, span, store, exact):
    """Enter label ``new`` at its stop unless one there makes it useless; mark those it makes useless, count both."""
    num, ref, bits = store.num, store.ref, store.bits
    j = ref[new, STOP]
    cost = num[new, COST]
    cell = min(int(num[new, LOAD] / most_load * LOAD_CELLS), LOAD_CELLS - 1)
    for c in range(cell + 1):
        if least_cost[j, c] > cost + EPSILON:
            continue
        q = head[j, c]
        while q >= 0:
            compared[0] += 1
            if ref[q, ALIVE] and _dominates(q, new, words, cut_price, span, num, bits, exact):
                return False
            q = ref[q, FOLLOW]
    for c in range(cell, LOAD_CELLS):
        before = np.int32(-1)
        q = head[j, c]
        while q >= 0:
            compared[0] += 1
            after = ref[q, FOLLOW]
            if ref[q, ALIVE] and _dominates(new, q, words, cut_price, span, num, bits, exact):
                ref[q, ALIVE] = 0
            if ref[q, ALIVE]:
                before = q
            elif before < 0:
                head[j, c] = after
            else:
                ref[before, FOLLOW] = after
            q = after
    ref[new, FOLLOW] = head[j, cell]
    head[j, cell] = new
    least_cost[j, cell] = min(least_cost[j, cell], cost)
    return True


@compiled
def extend(first, last, many, ground, keep, cuts, grid, threshold, exact, most_at_stop, shelf, store):
    """Grow the labels ``first`` to ``last`` (−1: the depot) into ``store`` behind its ``many`` labels.

    ``keep[j]`` are the stops whose visit is remembered at ``j`` (ng-sets); ``shelf`` is (labels by stop and load,
    least cost there, labels grown at each stop in this layer, pairs compared). Not ``exact``: compare cost, minutes
    and load alone and grow at most ``most_at_stop`` labels a stop and layer; what is found is then no bound. Returns
    (labels in the store, whether it ran full).
    """
    head, least_cost, at_stop, compared = shelf
    words = keep.shape[1]
    most_load = ground.seats.max()
    base = ground.per_min.min()
    span = ground.per_min.max() - base
    child = np.empty(len(ground.riders), np.int64)
    for at in range(first, last):
        if at >= 0:
            if not store.ref[at, ALIVE]:
                continue
            if not exact:
                at_stop[store.ref[at, STOP]] += 1
                if at_stop[store.ref[at, STOP]] > most_at_stop:
                    continue
        made = grow(at, many, base, most_load, ground, keep, cuts, grid, threshold, store, child)
        if made < 0:
            return many, True
        fresh = many
        for q in range(made):
            if fresh + q != many:
                move(fresh + q, many, store)
            if _enter(many, most_load, head, least_cost, compared, words, cuts.price, span, store, exact):
                many += 1
    return many, False


@compiled
def paths(chosen, ref):
    """Return (flat stops, starts) of the lines that end in the ``chosen`` labels, outermost stop first."""
    starts = np.zeros(len(chosen) + 1, np.int64)
    for q in range(len(chosen)):
        at = chosen[q]
        length = 0
        while at >= 0:
            length += 1
            at = ref[at, PARENT]
        starts[q + 1] = starts[q] + length
    flat = np.empty(starts[-1], np.int64)
    for q in range(len(chosen)):
        at = chosen[q]
        place = starts[q]
        while at >= 0:
            flat[place] = ref[at, STOP]
            place += 1
            at = ref[at, PARENT]
    return flat, starts
