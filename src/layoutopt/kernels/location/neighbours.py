"""Which sites lie near each other, told by the units they could share."""

from __future__ import annotations

import numpy as np

from layoutopt.kernels.location.instance import Instance, Ints

NEAREST_ARCS = 15
"""Arcs of a unit that say which sites are neighbours: more add only farther pairs."""


def neighbours(instance: Instance, *, arcs: int = NEAREST_ARCS) -> list[Ints]:
    """Return for each site all sites that share a unit with it, itself first, the nearest next.

    Two sites are as far apart as the cheapest way from one to the other over a unit.
    """
    per_demand = instance.cost / np.maximum(instance.demand, 1e-9)[instance.unit]
    order = np.lexsort((per_demand, instance.unit))
    rank = np.empty(instance.arcs, dtype=np.int64)
    rank[order] = np.arange(instance.arcs) - instance.ptr[:-1][instance.unit[order]]
    kept = np.flatnonzero(rank < arcs)
    table = np.full((instance.units, arcs), -1, dtype=np.int64)
    table[instance.unit[kept], rank[kept]] = kept
    first, second = (part.ravel() for part in np.meshgrid(np.arange(arcs), np.arange(arcs)))
    one, other = table[:, first].ravel(), table[:, second].ravel()
    real = (one >= 0) & (other >= 0)
    one, other = one[real], other[real]
    length = np.where(one == other, -1.0, per_demand[one] + per_demand[other])
    pair = instance.site[one] * instance.sites + instance.site[other]
    order = np.lexsort((length, pair))
    lead = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
    here, there, length = pair[lead] // instance.sites, pair[lead] % instance.sites, length[lead]
    order = np.lexsort((there, length, here))
    ends = np.searchsorted(here[order], np.arange(1, instance.sites))
    listed = np.split(there[order], ends)
    return [sites if len(sites) else np.array([j]) for j, sites in enumerate(listed)]
