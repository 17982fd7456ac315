"""The compiled loop that finds violated cuts over three stops."""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled


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
