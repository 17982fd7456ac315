"""Compiled loops over rank-1 cuts: what lines pay for them, and the search for violated ones.

The state of a cut in a line is the sum of its weights met so far, modulo its ``parts``. Sixteen states share a
64-bit word, four bits each: adding ``bias = 8 − parts`` lifts the fourth bit exactly where the sum reaches ``parts``.
"""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from layoutopt.kernels.routing.compiled import compiled

CUTS_A_WORD = 16
FOURTH_BITS = np.uint64(0x8888888888888888)
TINY = 1e-9
TOGETHER = 0.05
"""Worth of a stop that shares lines with the stops at hand, while no line pays yet."""


class CutWords(NamedTuple):
    """``add[n, w]`` weights at each stop, ``keep[n, w]`` ones where a stop remembers, ``bias, parts [w]``."""

    add: Any
    keep: Any
    bias: Any
    parts: Any


@compiled
def met_by(word, j, w, words):
    """Return (bits of the cuts paid now, new state) when the state ``word`` of word column ``w`` meets stop ``j``."""
    total = word + words.add[j, w]
    paid = ((total + words.bias[w]) & FOURTH_BITS) >> np.uint64(3)
    left = total - (((paid << np.uint64(4)) - paid) & words.parts[w])
    return paid, left & words.keep[j, w]


@compiled
def bit_place(word):
    """Return the place of the lowest bit of ``word``."""
    place = 0
    if not word & np.uint64(0xFFFFFFFF):
        place += 32
        word >>= np.uint64(32)
    if not word & np.uint64(0xFFFF):
        place += 16
        word >>= np.uint64(16)
    if not word & np.uint64(0xFF):
        place += 8
        word >>= np.uint64(8)
    if not word & np.uint64(0xF):
        place += 4
    return place


@compiled
def bit_sum(word, first, price):
    """Return the prices of the cuts whose bits are set, the word's first cut being number ``first``."""
    total = 0.0
    while word:
        total += price[first + (bit_place(word) >> 2)]
        word &= word - np.uint64(1)
    return total


@compiled
def reduced_of(flat, starts, depot, kind, cost, prize, extra, words, price):
    """Return the reduced cost of each line; ``price`` holds one price a cut of ``words``."""
    many = len(starts) - 1
    reduced = np.empty(many)
    width = words.add.shape[1]
    state = np.zeros(width, np.uint64)
    for q in range(many):
        d = depot[q]
        total = cost[q] + extra[d, kind[q]]
        state[:] = np.uint64(0)
        for p in range(starts[q + 1] - 1, starts[q] - 1, -1):
            j = flat[p]
            total -= prize[d, j]
            for w in range(width):
                paid, state[w] = met_by(state[w], j, w, words)
                if paid:
                    total += bit_sum(paid, w * CUTS_A_WORD, price)
        reduced[q] = total
    return reduced


@compiled
def payments(flat, starts, words):
    """Return (line, cut, times paid) triplets over all lines and cuts."""
    width = words.add.shape[1]
    state = np.zeros(width, np.uint64)
    times = np.zeros(max(1, width * CUTS_A_WORD), np.int64)
    hit = np.empty(len(times), np.int64)
    room = 4 * len(starts) + 1024
    found = np.empty((room, 3), np.int64)
    many = np.int64(0)
    for q in range(len(starts) - 1):
        state[:] = np.uint64(0)
        hits = 0
        for p in range(starts[q + 1] - 1, starts[q] - 1, -1):
            for w in range(width):
                paid, state[w] = met_by(state[w], flat[p], w, words)
                while paid:
                    c = w * CUTS_A_WORD + (bit_place(paid) >> 2)
                    if times[c] == 0:
                        hit[hits] = c
                        hits += 1
                    times[c] += 1
                    paid &= paid - np.uint64(1)
        if many + hits > room:
            room = 2 * room + hits
            wider = np.empty((room, 3), np.int64)
            wider[:many] = found[:many]
            found = wider
        for x in range(hits):
            found[many, 0] = q
            found[many, 1] = hit[x]
            found[many, 2] = times[hit[x]]
            many += 1
            times[hit[x]] = 0
    return found[:many]


class Support(NamedTuple):
    """Lines of a fractional point, seen from the stops: ``line, visits`` of stop s at ``first[s]:first[s + 1]``.

    ``mate`` lists for stop s the stops sharing a fractional line, the most shared first, at
    ``mate_first[s]:mate_first[s + 1]``.
    """

    first: Any
    line: Any
    visits: Any
    share: Any
    mate_first: Any
    mate: Any


@compiled
def _gain(s, weight, parts, left, support):
    """Return (more paid, connection) when stop ``s`` joins with ``weight``; ``left`` is each line's state."""
    gain = 0.0
    tie = 0.0
    for x in range(support.first[s], support.first[s + 1]):
        q = support.line[x]
        now = left[q] + weight * support.visits[x]
        tie += support.share[q] * left[q]
        while now >= parts:
            gain += support.share[q]
            now -= parts
    return gain, tie


@compiled
def _put(s, weight, parts, left, support):
    """Let stop ``s`` join (or leave, with a negative ``weight``); return what the lines pay more."""
    gain = 0.0
    for x in range(support.first[s], support.first[s + 1]):
        q = support.line[x]
        now = left[q] + weight * support.visits[x]
        while now >= parts:
            gain += support.share[q]
            now -= parts
        while now < 0:
            gain -= support.share[q]
            now += parts
        left[q] = now
    return gain


@compiled
def _best_stop(weight, parts, left, taken, candidates, many, support, connect):
    best = -np.inf
    found = np.int64(-1)
    gained = 0.0
    for x in range(many):
        s = candidates[x]
        if taken[s]:
            continue
        gain, tie = _gain(s, weight, parts, left, support)
        worth = gain + connect * tie
        if worth > best + TINY:
            best = worth
            found = s
            gained = gain
    return found, gained


@compiled
def climb(support, starts, weights, parts, least, most_candidates, rounds):
    """Return (rows of stops, violations) of rank-1 cuts broken by more than ``least``.

    From each pair of ``starts`` the other stops join greedily; then one stop at a time leaves and the best one takes
    its place, until nothing improves. ``weights[m]`` go with the stops' places; a cut is Σ_r ⌊Σ w_i a_ir / parts⌋ z_r ≤
    ⌊Σ w_i / parts⌋.
    """
    n = len(support.first) - 1
    m = len(weights)
    limit = weights.sum() // parts
    left = np.zeros(len(support.share), np.int64)
    taken = np.zeros(n, np.bool_)
    listed = np.zeros(n, np.bool_)
    candidates = np.empty(n, np.int64)
    row = np.empty(m, np.int64)
    out = np.empty((len(starts), m), np.int64)
    broken = np.empty(len(starts))
    many_out = 0
    for at in range(len(starts)):
        row[0], row[1] = starts[at, 0], starts[at, 1]
        many = 0
        for p in range(2):
            s = row[p]
            for x in range(
                support.mate_first[s], min(support.mate_first[s + 1], support.mate_first[s] + most_candidates)
            ):
                t = support.mate[x]
                if not listed[t]:
                    listed[t] = True
                    candidates[many] = t
                    many += 1
        value = 0.0
        size = m
        for p in range(m):
            s = row[p]
            if p >= 2:
                s, _ = _best_stop(weights[p], parts, left, taken, candidates, many, support, TOGETHER)
                if s < 0:
                    size = p
                    break
                row[p] = s
            taken[s] = True
            value += _put(s, weights[p], parts, left, support)
        if size == m:
            for _ in range(rounds):
                better = False
                for p in range(m):
                    old = row[p]
                    lost = -_put(old, -weights[p], parts, left, support)
                    taken[old] = False
                    s, gain = _best_stop(weights[p], parts, left, taken, candidates, many, support, 0.0)
                    if s < 0 or gain <= lost + TINY:
                        s = old
                    else:
                        better = True
                    row[p] = s
                    taken[s] = True
                    value += _put(s, weights[p], parts, left, support) - lost
                if not better:
                    break
        for p in range(size):
            _put(row[p], -weights[p], parts, left, support)
            taken[row[p]] = False
        for x in range(many):
            listed[candidates[x]] = False
        if size == m and value - limit > least:
            out[many_out] = row
            broken[many_out] = value - limit
            many_out += 1
    return out[:many_out], broken[:many_out]
