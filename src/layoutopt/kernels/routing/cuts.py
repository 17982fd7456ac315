"""Finds violated subset-row cuts and links for a fractional choice of lines."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Cut
from layoutopt.kernels.routing.values import Floats

MOST_CUTS_A_ROUND = 60
MOST_CUTS_A_STOP = 6
LEAST_VIOLATION = 0.02


@compiled
def violations(pair, flat, starts, share, stops, least):  # type: ignore[no-untyped-def]
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


def separate(lines: Lines, share: Floats, n: int, *, limited: bool, known: set[tuple[int, ...]]) -> list[Cut]:
    """Return the most violated three-stop cuts; ``limited`` gives each the smallest memory that keeps it violated."""
    used = np.flatnonzero(share > 1e-6)
    if len(used) == 0:
        return []
    chosen, weight = lines.take(used), share[used]
    visits = (chosen.visits(n) > 0).astype(float)
    pair = np.asarray((visits.T @ visits.multiply(weight[:, None])).todense())
    stops = np.flatnonzero((chosen.visits(n)[weight < 1 - 1e-6].sum(axis=0)).A1 > 0) if (weight < 1 - 1e-6).any() else np.empty(0, dtype=np.int64)  # fmt: skip
    if len(stops) < 3:
        return []
    i, j, k, broken = violations(
        pair, chosen.flat, chosen.starts, weight, stops.astype(np.int64), LEAST_VIOLATION
    )
    found: list[Cut] = []
    per_stop = np.zeros(n, dtype=np.int64)
    for at in np.lexsort((k, j, i, -np.round(broken, 9))):
        triple = (int(i[at]), int(j[at]), int(k[at]))
        if len(found) >= MOST_CUTS_A_ROUND:
            break
        if (per_stop[list(triple)] >= MOST_CUTS_A_STOP).any() or (triple in known and not limited):
            continue
        per_stop[list(triple)] += 1
        found.append(Cut(triple, _memory(chosen, triple) if limited else None))
    return found


def _memory(lines: Lines, stops: tuple[int, ...]) -> tuple[int, ...]:
    """Return the stops between each first and second member in the given lines, members included."""
    members, memory = set(stops), set(stops)
    for q in range(len(lines)):
        odd, between = False, []
        for stop in lines.stops(q)[::-1].tolist():
            if stop in members:
                if odd:
                    memory.update(between)
                odd, between = not odd, []
            elif odd:
                between.append(stop)
    return tuple(sorted(memory))


def broken_links(
    lines: Lines, share: Floats, opened: Floats, n: int, known: set[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return (stop, depot) pairs served by more of a depot than is open."""
    served = np.zeros((len(opened), n))
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.starts))
    np.add.at(served, (lines.depot[owner], lines.flat), share[owner])
    over = served - opened[:, None]
    found = [(int(i), int(d)) for d, i in np.argwhere(over > 1e-4) if (int(i), int(d)) not in known]
    found.sort(key=lambda link: (-round(float(over[link[1], link[0]]), 9), link))
    return found[:400]
