"""Small compiled loops over many lines: gathering, measuring, and finding violated cuts."""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled


@compiled
def gather(flat, starts, chosen):
    """Return (flat, starts) of the ``chosen`` rows."""
    new_starts = np.zeros(len(chosen) + 1, np.int64)
    for q in range(len(chosen)):
        new_starts[q + 1] = new_starts[q] + starts[chosen[q] + 1] - starts[chosen[q]]
    new_flat = np.empty(new_starts[-1], np.int64)
    for q in range(len(chosen)):
        size = new_starts[q + 1] - new_starts[q]
        for p in range(size):
            new_flat[new_starts[q] + p] = flat[starts[chosen[q]] + p]
    return new_flat, new_starts


@compiled
def measured(flat, starts, depot, between, inward, outward, service, riders, limit, line_limit):
    """Return (load, ride of the outermost stop, whole minutes, rider minutes, within the limits) of each line."""
    many = len(starts) - 1
    load = np.zeros(many)
    ride = np.zeros(many)
    whole = np.zeros(many)
    rider_min = np.zeros(many)
    valid = np.ones(many, np.bool_)
    for q in range(many):
        at = 0.0
        for p in range(starts[q + 1] - 1, starts[q] - 1, -1):
            u = flat[p]
            last = p == starts[q + 1] - 1
            at += service[u] + (inward[depot[q], u] if last else between[u, flat[p + 1]])
            load[q] += riders[u]
            rider_min[q] += riders[u] * at
            if at > limit[u]:
                valid[q] = False
        ride[q] = at
        whole[q] = at + outward[depot[q], flat[starts[q]]]
        if whole[q] > line_limit:
            valid[q] = False
    return load, ride, whole, rider_min, valid


@compiled
def violations(pair, flat, starts, share, stops, least):
    """Return (i, j, k, violation) of every triple whose cut is broken by more than ``least``.

    Σ_r ⌊½|r ∩ {i,j,k}|⌋ z_r is the sum of the three pair weights less twice the weight of lines holding all three.
    """
    n = len(stops)
    triple = np.zeros((n, n, n), np.float32)
    place = np.full(len(pair), -1, np.int64)
    for a in range(n):
        place[stops[a]] = a
    held = np.empty(n, np.int64)
    for q in range(len(starts) - 1):
        many = 0
        for p in range(starts[q], starts[q + 1]):
            a = place[flat[p]]
            if a >= 0:
                held[many] = a
                many += 1
        row = np.sort(held[:many])
        for x in range(many):
            for y in range(x + 1, many):
                for z in range(y + 1, many):
                    triple[row[x], row[y], row[z]] += share[q]
    out_i = [0 for _ in range(0)]
    out_j = [0 for _ in range(0)]
    out_k = [0 for _ in range(0)]
    out_v = [0.0 for _ in range(0)]
    for a in range(n):
        i = stops[a]
        for b in range(a + 1, n):
            j = stops[b]
            first = pair[i, j]
            for c in range(b + 1, n):
                k = stops[c]
                total = first + pair[i, k] + pair[j, k] - 2.0 * triple[a, b, c] - 1.0
                if total > least:
                    out_i.append(i)
                    out_j.append(j)
                    out_k.append(k)
                    out_v.append(total)
    return np.array(out_i), np.array(out_j), np.array(out_k), np.array(out_v)


@compiled
def cut_counts(flat, starts, inside, keep, most):
    """Return (line, cut, coefficient) triplets: how often each line pays each of at most ``most`` cuts."""
    words = inside.shape[1]
    state = np.zeros(words, np.uint64)
    count = np.zeros(max(1, words * 64), np.int64)
    room = 4 * len(starts) + 1024
    found = np.empty((room, 3), np.int64)
    many = np.int64(0)
    for q in range(len(starts) - 1):
        state[:] = np.uint64(0)
        count[:] = 0
        for p in range(starts[q + 1] - 1, starts[q] - 1, -1):
            j = flat[p]
            for w in range(words):
                paid = state[w] & inside[j, w]
                at = w * 64
                while paid != 0:
                    if paid & np.uint64(1):
                        count[at] += 1
                    paid >>= np.uint64(1)
                    at += 1
                state[w] = (state[w] ^ inside[j, w]) & keep[j, w]
        if many + most > room:
            room = 2 * room + most
            wider = np.empty((room, 3), np.int64)
            wider[:many] = found[:many]
            found = wider
        for c in range(most):
            if count[c] > 0:
                found[many, 0] = q
                found[many, 1] = c
                found[many, 2] = count[c]
                many += 1
    return found[:many]
