"""Compiled listing of every line worth having, one chain of Pareto-best orders a set of stops."""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled
from layoutopt.kernels.routing.labels import ALIVE, COST, EPSILON, FOLLOW, PAID, RIDE, STOP, grow, move


@compiled
def every_line(ground, keep, cuts, grid, threshold, marks, store):
    """List the lines without repeated stops whose reduced cost may stay below ``threshold``.

    For each set of stops and outermost stop only the Pareto-best orders in (cost, cost at the dearest rate, minutes)
    stay alive. ``keep`` and
    ``cuts.keep`` must remember everything: a cut's coefficient then depends on the set alone and is never smaller
    than with limited memory. ``marks[n]`` are random words, one a stop; sets are looked up by the sum of their
    marks and compared bit by bit. Returns (labels made, whether the store ran full).
    """
    n = len(ground.riders)
    words = keep.shape[1]
    ref = store.ref
    most_load = ground.seats.max()
    base = ground.per_min.min()
    span = ground.per_min.max() - base
    size = len(ref)
    table = np.full(65536, -1, np.int32)
    child = np.empty(n, np.int64)
    mark = np.zeros(size, np.uint64)
    many = np.int64(0)
    layer_from = np.int64(-1)
    layer_to = np.int64(0)
    while layer_from < layer_to:
        first_of_layer = many
        table[:] = -1
        for at in range(layer_from, layer_to):
            if at >= 0 and not ref[at, ALIVE]:
                continue
            made = grow(at, many, base, most_load, ground, keep, cuts, grid, threshold, store, child)
            if made < 0:
                return many, True
            first = many
            for q in range(made):
                if first + q != many:
                    move(first + q, many, store)
                mark[many] = marks[child[q]] + (mark[at] if at >= 0 else np.uint64(0))
                if 2 * (many - first_of_layer) >= len(table):
                    table = _rebuilt(table, first_of_layer, many, mark, words, store)
                if _settled(table, many, mark, words, span, store):
                    many += 1
        layer_from = first_of_layer
        layer_to = many
    return many, False


@compiled
def _settled(table, new, mark, words, span, store):
    """Enter label ``new`` into the chain of its set and outermost stop, unless an order there is as good."""
    num, ref, _ = store
    slot = _slot(table, new, mark, words, store)
    q = table[slot]
    while q >= 0:
        if ref[q, ALIVE] and _as_good(q, new, span, num):
            return False
        q = ref[q, FOLLOW]
    q = table[slot]
    while q >= 0:
        if _as_good(new, q, span, num):
            ref[q, ALIVE] = 0
        q = ref[q, FOLLOW]
    ref[new, FOLLOW] = table[slot]
    table[slot] = new
    return True


@compiled
def _as_good(a, b, span, num):
    if num[a, RIDE] > num[b, RIDE] + EPSILON:
        return False
    return num[a, COST] + max(0.0, span * (num[a, PAID] - num[b, PAID])) <= num[b, COST] + EPSILON


@compiled
def _slot(table, at, mark, words, store):
    """Return the slot of the set and outermost stop of label ``at``: its own chain, or an empty slot."""
    _, ref, bits = store
    size = len(table)
    key = mark[at] * np.uint64(11400714819323198485) + np.uint64(ref[at, STOP]) * np.uint64(7046029254386353131)
    slot = np.int64((key >> np.uint64(20)) & np.uint64(size - 1))
    while table[slot] >= 0:
        q = table[slot]
        if mark[q] == mark[at] and ref[q, STOP] == ref[at, STOP]:
            equal = True
            for w in range(words):
                if bits[q, w] != bits[at, w]:
                    equal = False
                    break
            if equal:
                return slot
        slot = (slot + 1) & (size - 1)
    return slot


@compiled
def _rebuilt(table, first, many, mark, words, store):
    bigger = np.full(4 * len(table), -1, np.int32)
    for q in range(first, many):
        slot = _slot(bigger, q, mark, words, store)
        store.ref[q, FOLLOW] = bigger[slot]
        bigger[slot] = q
    return bigger
