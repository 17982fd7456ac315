"""One location question as plain arrays: the admissible (unit, site) arcs and what each site may do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

ROUNDING = 1e-6
"""Share of a load limit by which an answer may miss it: what solvers leave in a row."""


class BySite(NamedTuple):
    """The same arcs listed site by site: ``arc[ptr[j]:ptr[j + 1]]`` are the arcs that end at site j."""

    ptr: Ints
    arc: Ints


@dataclass(frozen=True)
class Instance:
    """Units to serve, sites to open, and the arcs between them (sorted by unit, then site).

    ``ptr`` has n + 1 entries: the arcs of unit i are ``ptr[i]:ptr[i + 1]``. ``cost`` is the cost of
    serving all of a unit over an arc, ``share`` (in answers) the part of the unit that takes it.
    ``capacity`` is never above the total demand, which stands for "no limit". ``neighbours`` has n rows,
    or n + m with the sites last (``rooted``).
    """

    ptr: Ints
    unit: Ints
    site: Ints
    cost: Floats
    demand: Floats
    capacity: Floats
    opening: Floats
    low: Floats
    must: Flags
    banned: Flags
    count: int | None = None
    split: bool = False
    closest: bool = False
    neighbours: sp.csr_matrix | None = None

    @property
    def units(self) -> int:
        return len(self.demand)

    @property
    def sites(self) -> int:
        return len(self.capacity)

    @property
    def arcs(self) -> int:
        return len(self.cost)

    @cached_property
    def total(self) -> float:
        return float(self.demand.sum())

    @cached_property
    def has_limits(self) -> bool:
        """Whether any site can be too full or too empty."""
        return bool((self.capacity < self.total).any() or (self.low > 0).any())

    @property
    def is_free(self) -> bool:
        """Whether every unit may simply go to its cheapest open site."""
        return not self.has_limits and self.neighbours is None

    @property
    def is_whole(self) -> bool:
        """Whether units must be kept whole by the program; where every site has room they stay so anyway."""
        return not self.split and not self.is_free

    @cached_property
    def in_whole_numbers(self) -> bool:
        """Whether every answer costs a whole number."""
        parts = (self.cost, self.opening)
        return not (self.split and self.has_limits) and all(bool((part == np.rint(part)).all()) for part in parts)

    def lift(self, bound: float) -> float:
        """Return the next cost an answer can have from ``bound`` on."""
        if not self.in_whole_numbers or not np.isfinite(bound):
            return bound
        return float(np.ceil(bound - 1e-6 * max(1.0, abs(bound) * 1e-3)))

    @property
    def rooted(self) -> bool:
        return self.neighbours is not None and self.neighbours.shape[0] > self.units

    @cached_property
    def by_site(self) -> BySite:
        order = np.argsort(self.site, kind="stable")
        ptr = np.concatenate([[0], np.cumsum(np.bincount(self.site, minlength=self.sites))])
        return BySite(ptr.astype(np.int64), order.astype(np.int64))

    def find(self, units: Ints, sites: Ints) -> Ints:
        """Return the arc of each (unit, site) pair, −1 where there is none."""
        key = self.unit * self.sites + self.site
        wanted = units * self.sites + sites
        place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        found = key[place] == wanted if len(key) else np.zeros(len(wanted), bool)
        return np.where(found, place, -1).astype(np.int64)


@dataclass(frozen=True)
class Answer:
    """Which sites are open and what share of its unit each arc of an instance carries."""

    open: Flags
    share: Floats

    def cost(self, instance: Instance) -> float:
        """Return the cost of this answer, added up from its parts."""
        # sums, not products of vectors: on long ones those wake the threads of the BLAS
        return float(instance.opening[self.open].sum() + (instance.cost * self.share).sum())

    def loads(self, instance: Instance) -> Floats:
        """Return the demand each site serves."""
        carried = instance.demand[instance.unit] * self.share
        return np.bincount(instance.site, weights=carried, minlength=instance.sites).astype(float)

    def main_arc(self, instance: Instance) -> Ints:
        """Return the arc with the largest share of each unit, −1 where a unit has none."""
        order = np.lexsort((np.arange(instance.arcs), -self.share, instance.unit))
        first = np.full(instance.units, -1, dtype=np.int64)
        has = instance.ptr[:-1] < instance.ptr[1:]
        first[has] = order[instance.ptr[:-1][has]]
        return np.where(self.share[first] > 0, first, -1) if instance.arcs else first


def whole(instance: Instance, arc: Ints, is_open: Flags | None = None) -> Answer:
    """Return the answer in which each unit takes the one arc given; used and required sites are open."""
    share = np.zeros(instance.arcs)
    share[arc] = 1.0
    used = np.zeros(instance.sites, dtype=bool)
    used[instance.site[arc]] = True
    used |= instance.must
    return Answer(used if is_open is None else is_open | used, share)
