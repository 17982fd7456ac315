"""Finds violated subset-row cuts and links for a fractional choice of lines."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.loops import violations
from layoutopt.kernels.routing.master import Cut
from layoutopt.kernels.routing.values import Floats

MOST_CUTS_A_ROUND = 60
MOST_CUTS_A_STOP = 6
LEAST_VIOLATION = 0.02
MOST_STOPS = 220
"""Triples of more stops than this would fill the memory."""


def separate(lines: Lines, share: Floats, n: int, *, limited: bool, known: set[tuple[int, ...]]) -> list[Cut]:
    """Return the most violated three-stop cuts; ``limited`` gives each the smallest memory that keeps it violated."""
    used = np.flatnonzero(share > 1e-6)
    if len(used) == 0:
        return []
    chosen, weight = lines.take(used), share[used]
    visits = (chosen.visits(n) > 0).astype(float)
    pair = np.asarray((visits.T @ visits.multiply(weight[:, None])).todense())
    stops = (
        np.flatnonzero((chosen.visits(n)[weight < 1 - 1e-6].sum(axis=0)).A1 > 0)
        if (weight < 1 - 1e-6).any()
        else np.empty(0, dtype=np.int64)
    )
    if len(stops) > MOST_STOPS:
        torn = np.asarray((chosen.visits(n)[weight < 1 - 1e-6] > 0).sum(axis=0)).ravel()
        stops = np.sort(stops[np.argsort(-torn[stops], kind="stable")[:MOST_STOPS]])
    if len(stops) < 3:
        return []
    i, j, k, broken = violations(pair, chosen.flat, chosen.starts, weight, stops.astype(np.int64), LEAST_VIOLATION)
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
        odd = False
        between: list[int] = []
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
