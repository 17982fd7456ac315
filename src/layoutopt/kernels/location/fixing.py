"""Arcs and sites no better answer can use, by their reduced cost at the Lagrangean prices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location.bound import choose, data_of, evaluate
from layoutopt.kernels.location.instance import Flags, Floats, Instance, Ints
from layoutopt.kernels.location.knapsack import NODES


class Fixed(NamedTuple):
    """Bounds on the cost of any answer that uses an arc, opens a site, or leaves it closed."""

    arc: Floats
    opened: Floats
    closed: Floats


def reduced_bounds(instance: Instance, price: Floats) -> Fixed:
    """Return what each single decision would raise the Lagrangean bound to.

    With prices λ of service, π_j of room at a site and μ of room in all, an arc forced into site j
    costs at least ``cost − λ_i + π_j d_i`` beyond the site's best fractional filling, less what the
    best whole filling already costs beyond it.
    """
    data = data_of(instance)
    parts = evaluate(data, price, False, 1)
    net = evaluate(data, price, instance.is_whole, NODES).net
    value, room_price = choose(data, net, False, np.zeros(instance.sites))
    score = net - room_price * instance.capacity
    if instance.count is None:
        spent = np.where(instance.must, score, np.minimum(score, 0.0))
        forced_open, forced_shut = score - spent, -spent
    else:
        forced_open, forced_shut = _in_and_out(instance, score)
    forced_shut = np.where(instance.must, np.inf, forced_shut)
    forced_open = np.where(instance.banned, np.inf, np.maximum(forced_open, 0.0))
    base = float(price.sum()) + value
    extra = instance.cost - price[instance.unit] + parts.price[instance.site] * instance.demand[instance.unit]
    extra = np.maximum(extra - (net - parts.net)[instance.site], 0.0)
    by_arc = base + forced_open[instance.site] + extra
    return Fixed(by_arc, base + forced_open, base + forced_shut)


def useful_arcs(instance: Instance, price: Floats, upper: float) -> tuple[Ints, float]:
    """Return the arcs an answer below ``upper`` may use, and a bound on every answer that uses another."""
    by_arc = reduced_bounds(instance, price).arc
    slack = 1e-9 * (1.0 + abs(upper))
    kept: Flags = by_arc <= upper + slack
    floor = float(by_arc[~kept].min(initial=np.inf))
    return np.flatnonzero(kept), floor


def _in_and_out(instance: Instance, score: Floats) -> tuple[Floats, Floats]:
    """Rise of the bound when a site is forced in (the dearest chosen goes) or out (the next comes)."""
    assert instance.count is not None
    rank = np.where(instance.must, -np.inf, np.where(instance.banned, np.inf, score))
    order = np.argsort(rank, kind="stable")
    chosen = np.zeros(instance.sites, dtype=bool)
    chosen[order[: instance.count]] = True
    free = chosen & ~instance.must
    dearest = score[free].max(initial=-np.inf)
    following = score[~chosen & ~instance.banned].min(initial=np.inf)
    forced_in = np.where(chosen, 0.0, score - dearest if free.any() else np.inf)
    forced_out = np.where(chosen, following - score, 0.0)
    return forced_in, forced_out
