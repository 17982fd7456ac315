"""Small compiled loops over many lines: gathering rows and measuring them."""

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
def added_up(flat, starts, depot, between, inward, outward, service):
    """Return the sum of each line's legs and stops, the way out included."""
    many = len(starts) - 1
    total = np.zeros(many)
    for q in range(many):
        for p in range(starts[q], starts[q + 1]):
            u = flat[p]
            last = p == starts[q + 1] - 1
            total[q] += service[u] + (inward[depot[q], u] if last else between[u, flat[p + 1]])
        total[q] += outward[depot[q], flat[starts[q]]]
    return total


@compiled
def measured(flat, starts, depot, between, inward, outward, service, riders, limit, line_limit):
    """Return (load, whole minutes, rider minutes, within the limits) of each line."""
    many = len(starts) - 1
    load = np.zeros(many)
    whole = np.zeros(many)
    rider_min = np.zeros(many)
    valid = np.ones(many, np.bool_)
    for q in range(many):
        ride = 0.0
        for p in range(starts[q + 1] - 1, starts[q] - 1, -1):
            u = flat[p]
            last = p == starts[q + 1] - 1
            ride += service[u] + (inward[depot[q], u] if last else between[u, flat[p + 1]])
            load[q] += riders[u]
            rider_min[q] += riders[u] * ride
            if ride > limit[u]:
                valid[q] = False
        whole[q] = ride + outward[depot[q], flat[starts[q]]]
        if whole[q] > line_limit:
            valid[q] = False
    return load, whole, rider_min, valid
