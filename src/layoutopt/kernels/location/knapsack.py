"""Which items to take into one site: the fractional and the whole 0-1 knapsack, compiled."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.location.compiled import compiled
from layoutopt.kernels.location.instance import Floats, Ints

NODES = 2_000
"""Tree nodes for one knapsack; rural sites (20-40 items worth taking) need a few dozen."""


@compiled
def fractional(profit: Floats, weight: Floats, order: Ints, room: float, take: Floats) -> tuple[float, float]:
    """Fill ``take`` with shares, best profit per weight first; return (value, price per unit of room).

    ``order`` sorts the items by falling profit/weight; weights of 0 come first. The price is 0 when
    everything fits.
    """
    left, value = room, 0.0
    for t in range(len(order)):
        k = order[t]
        if weight[k] <= left:
            take[k] = 1.0
            left -= weight[k]
            value += profit[k]
        else:
            take[k] = left / weight[k]
            value += profit[k] * take[k]
            return value, profit[k] / weight[k]
    return value, 0.0


@compiled
def whole(profit: Floats, weight: Floats, order: Ints, room: float, take: Floats, nodes: int) -> tuple[float, float]:
    """Fill ``take`` with 0 or 1; return (value taken, a value no choice can exceed).

    Depth first, best ratio first, cut off by the fractional value of the rest (Horowitz and Sahni 1974).
    The two values agree unless the tree outgrew ``nodes``.
    """
    n = len(order)
    p, w = profit[order], weight[order]
    inside = np.zeros(n, dtype=np.bool_)
    best_inside = np.zeros(n, dtype=np.bool_)
    best, top, value, left, depth, used = -1.0, 0.0, 0.0, room, 0, 0
    while True:
        ahead, free, k = value, left, depth
        while k < n and w[k] <= free:
            free -= w[k]
            ahead += p[k]
            k += 1
        if k < n:
            ahead += p[k] * free / w[k]
        if used == 0:
            top = ahead
        used += 1
        if ahead > best + 1e-10 * (1.0 + top):
            while depth < n and w[depth] <= left:
                inside[depth] = True
                left -= w[depth]
                value += p[depth]
                depth += 1
            if depth < n - 1:
                depth += 1
                continue
            if value > best:
                best = value
                best_inside[:] = inside
        depth = min(depth, n) - 1
        while depth >= 0 and not inside[depth]:
            depth -= 1
        if depth < 0 or used >= nodes:
            break
        inside[depth] = False
        left += w[depth]
        value -= p[depth]
        depth += 1
    for t in range(n):
        take[order[t]] = 1.0 if best_inside[t] else 0.0
    done = depth < 0
    return best, (best + 1e-10 * (1.0 + top)) if done else top
