"""Rank-1 cuts over three to five stops: what they are, where a fractional choice of lines breaks them; and links.

A cut adds up the rows "stop i is served once" with weights w_i / parts and rounds down:
Σ_r ⌊Σ_i w_i a_ir / parts⌋ z_r ≤ ⌊Σ_i w_i / parts⌋. The weights that matter for up to five rows are few (Pecin,
Pessoa, Poggi, Uchoa and Santos 2017); over three rows with one half each they are the subset-row cuts of Jepsen and
others (2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layoutopt.kernels.routing.cut_loops import CUTS_A_WORD, CutWords, Support, climb
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.loops import violations
from layoutopt.kernels.routing.values import Floats, Ints

WEIGHTS: tuple[tuple[tuple[int, ...], int], ...] = (
    ((2, 1, 1, 1), 3),
    ((1, 1, 1, 1, 1), 2),
    ((1, 1, 1, 1, 1), 3),
    ((2, 2, 1, 1, 1), 4),
    ((3, 1, 1, 1, 1), 4),
    ((3, 2, 2, 1, 1), 5),
    ((2, 2, 1, 1, 1), 3),
    ((3, 3, 2, 2, 1), 4),
)
"""(weights, parts) of the cuts over four and five stops."""
MOST_CUTS_A_ROUND = 100
MOST_CUTS_A_STOP = 8
LEAST_VIOLATION = 0.02
MOST_STOPS = 220
"""Triples of more stops than this would fill the memory."""
MATES, CANDIDATES, CLIMBS = 4, 16, 3

Key = tuple[tuple[int, ...], tuple[int, ...], int]


@dataclass(frozen=True, eq=False)
class Cut:
    """A rank-1 cut: stops in rising order with their weights, and the stops at which a line remembers it."""

    stops: tuple[int, ...]
    memory: tuple[int, ...] | None = None
    weights: tuple[int, ...] = (1, 1, 1)
    parts: int = 2

    @property
    def limit(self) -> int:
        """Right-hand side: lines paying the cut, at most."""
        return sum(self.weights) // self.parts

    @property
    def key(self) -> Key:
        """What makes two cuts the same, memory apart."""
        return self.stops, self.weights, self.parts

    def everywhere(self) -> Cut:
        """Return the cut remembered at every stop."""
        return Cut(self.stops, None, self.weights, self.parts)


def cut_words(cuts: Sequence[Cut], n: int) -> CutWords:
    """Return ``cuts`` in the shape of the loops."""
    width = (len(cuts) + CUTS_A_WORD - 1) // CUTS_A_WORD
    add, keep = (np.zeros((n, width), dtype=np.uint64) for _ in range(2))
    bias, parts = (np.zeros(width, dtype=np.uint64) for _ in range(2))
    place = np.arange(len(cuts))
    word, shift = place // CUTS_A_WORD, (4 * (place % CUTS_A_WORD)).astype(np.uint64)
    limits = np.array([cut.parts for cut in cuts], dtype=np.uint64)
    np.bitwise_or.at(parts, word, limits << shift)
    np.bitwise_or.at(bias, word, (np.uint64(8) - limits) << shift)
    owner = np.repeat(place, [len(cut.stops) for cut in cuts])
    stops = np.array([stop for cut in cuts for stop in cut.stops], dtype=np.int64)
    weights = np.array([weight for cut in cuts for weight in cut.weights], dtype=np.uint64)
    np.bitwise_or.at(add, (stops, word[owner]), weights << shift[owner])
    memory = [range(n) if cut.memory is None else cut.memory for cut in cuts]
    owner = np.repeat(place, [len(stops) for stops in memory])
    kept = np.array([stop for stops in memory for stop in stops], dtype=np.int64)
    np.bitwise_or.at(keep, (kept, word[owner]), np.uint64(15) << shift[owner])
    return CutWords(add, keep, bias, parts)


def separate(
    lines: Lines, share: Floats, n: int, *, limited: bool, known: Mapping[Key, Cut], most: int = MOST_CUTS_A_ROUND
) -> list[Cut]:
    """Return the most violated cuts; ``limited`` gives each the smallest memory that keeps it violated."""
    used = np.flatnonzero(share > 1e-6)
    torn = used[share[used] < 1 - 1e-6]
    if len(torn) == 0:
        return []
    chosen, weight = lines.take(torn), share[torn]
    found = _over_three(chosen, weight, n)
    found += _over_more(chosen, weight, n)
    found.sort(key=lambda entry: (-round(entry[0], 9), entry[1]))
    cuts: list[Cut] = []
    per_stop = np.zeros((n, 3), dtype=np.int64)
    for _, key in found:
        stops, weights, parts = key
        counted = list(stops), len(stops) - 3
        if len(cuts) >= most:
            break
        if (per_stop[counted] >= MOST_CUTS_A_STOP).any() or (key in known and not limited):
            continue
        per_stop[counted] += 1
        cut = Cut(stops, None, weights, parts)
        cuts.append(cut if not limited else _remembered(chosen, cut, known.get(key)))
    return cuts


def _over_three(lines: Lines, share: Floats, n: int) -> list[tuple[float, Key]]:
    visits = (lines.visits(n) > 0).astype(float)
    pair = np.asarray((visits.T @ visits.multiply(share[:, None])).todense())
    count = np.asarray(visits.sum(axis=0)).ravel()
    stops = np.flatnonzero(count > 0)
    if len(stops) > MOST_STOPS:
        stops = np.sort(stops[np.argsort(-count[stops], kind="stable")[:MOST_STOPS]])
    if len(stops) < 3:
        return []
    i, j, k, broken = violations(pair, lines.flat, lines.starts, share, stops.astype(np.int64), LEAST_VIOLATION)
    best = np.lexsort((k, j, i, -np.round(broken, 9)))[: 10 * MOST_CUTS_A_ROUND]
    return [(float(broken[at]), ((int(i[at]), int(j[at]), int(k[at])), (1, 1, 1), 2)) for at in best]


def _over_more(lines: Lines, share: Floats, n: int) -> list[tuple[float, Key]]:
    support, starts = _support(lines, share, n)
    if len(starts) == 0:
        return []
    met: dict[Key, float] = {}
    for weights, parts in WEIGHTS:
        rows, broken = climb(
            support, starts, np.array(weights, dtype=np.int64), parts, LEAST_VIOLATION, CANDIDATES, CLIMBS
        )
        for row, value in zip(rows.tolist(), broken.tolist(), strict=True):
            order = sorted(range(len(row)), key=row.__getitem__)
            key = tuple(row[x] for x in order), tuple(weights[x] for x in order), parts
            met[key] = value
    return [(value, key) for key, value in met.items()]


def _support(lines: Lines, share: Floats, n: int) -> tuple[Support, Ints]:
    """Return the fractional lines as the loops want them, and pairs of stops to start from."""
    visits = lines.visits(n).tocsc()
    once = (visits > 0).astype(float)
    pair = np.asarray((once.T @ once.multiply(share[:, None])).todense())
    np.fill_diagonal(pair, 0.0)
    order = np.argsort(-np.round(pair, 9), axis=1, kind="stable")
    mates = (pair > 1e-9).sum(axis=1)
    mate = [order[s, : mates[s]] for s in range(n)]
    first = np.concatenate([[0], np.cumsum(mates)]).astype(np.int64)
    starts = [(s, int(t)) for s in range(n) for t in mate[s][:MATES]]
    support = Support(
        visits.indptr.astype(np.int64), visits.indices.astype(np.int64), visits.data.astype(np.int64), share, first,
        np.concatenate([*mate, np.empty(0, dtype=np.int64)]).astype(np.int64),
    )  # fmt: skip
    return support, np.array(starts, dtype=np.int64).reshape(-1, 2)


def _remembered(lines: Lines, cut: Cut, before: Cut | None) -> Cut:
    """Return ``cut`` with the stops at which the given lines must remember it in order to pay what they owe."""
    weight = dict(zip(cut.stops, cut.weights, strict=True))
    memory = set(cut.stops) | set(before.memory or () if before is not None else ())
    for q in range(len(lines)):
        state = 0
        between: list[int] = []
        for stop in lines.stops(q)[::-1].tolist():
            state += weight.get(stop, 0)
            if state >= cut.parts:
                state -= cut.parts
                memory.update(between)
                between = []
            if state:
                between.append(stop)
    return Cut(cut.stops, tuple(sorted(memory)), cut.weights, cut.parts)


def price_words(cuts: Sequence[Cut], price: Floats, n: int) -> tuple[CutWords, Any]:
    """Return the cuts that cost something, and their prices: the others need no state."""
    paid = np.flatnonzero(price > 0)
    return cut_words([cuts[at] for at in paid.tolist()], n), price[paid]


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
