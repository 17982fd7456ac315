"""What makes a location question impossible, with the positions and amounts that do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels import highs
from layoutopt.kernels.location.instance import ROUNDING, Floats, Instance, Ints
from layoutopt.kernels.location.program import build
from layoutopt.kernels.location.reading import listed


@dataclass(frozen=True)
class Blocked:
    """One reason why no answer exists: units, sites, or choices that cannot hold together."""

    kind: str
    positions: tuple[int, ...]
    why: str

    def __str__(self) -> str:
        return self.why


def obstacles(instance: Instance) -> tuple[Blocked, ...]:
    """Return the reasons that show without a solver; none found does not yet mean an answer exists."""
    found = [*_stranded(instance), *_too_large(instance), *_counts(instance)]
    return tuple(found) if found else (*_too_little_room(instance), *_too_few_units(instance))


def slim(instance: Instance) -> Instance:
    """Return the instance without the arcs no answer can use.

    Under the closest rule an arc to a site too small for the unit stays: while that site is open, the
    unit may go nowhere farther.
    """
    keep = ~instance.banned[instance.site]
    if instance.is_whole and not instance.closest:
        keep &= instance.demand[instance.unit] <= instance.capacity[instance.site] * (1 + ROUNDING)
    unit = instance.unit[keep]
    ptr = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=instance.units))]).astype(np.int64)
    return replace(instance, ptr=ptr, unit=unit, site=instance.site[keep], cost=instance.cost[keep])


def explain(instance: Instance, *, time_limit_s: float = 10.0, seed: int = 0) -> tuple[Blocked, ...]:
    """Return why a solver found the instance impossible: too little room somewhere, or the rule to give up."""
    short = _shortage(instance)
    if short is not None:
        return (short,)
    relaxed: list[tuple[str, Callable[[Instance], Instance]]] = [
        ("min_load", lambda x: replace(x, low=np.zeros(x.sites))),
        ("open_count", lambda x: replace(x, count=None)),
        ("closest", lambda x: replace(x, closest=False)),
        ("adjacency", lambda x: replace(x, neighbours=None)),
        ("single_source", lambda x: replace(x, split=True)),
    ]
    used = {
        "min_load": bool((instance.low > 0).any()),
        "open_count": instance.count is not None,
        "closest": instance.closest,
        "adjacency": instance.neighbours is not None,
        "single_source": instance.is_whole and instance.neighbours is None,
    }
    budget = highs.Budget(gap=1.0, time_limit_s=time_limit_s / len(relaxed))
    found = []
    for name, loosen in relaxed:
        if used[name] and highs.solve(build(loosen(instance)), budget=budget, seed=seed).values is not None:
            found.append(
                Blocked("rule", (), f"No answer keeps {name} beside the other rules; without it there is one.")
            )
    if not found:
        names = ", ".join(name for name, _ in relaxed if used[name])
        found.append(Blocked("rule", (), f"The rules cannot hold together ({names}); giving up one is not enough."))
    return tuple(found)


def _stranded(instance: Instance) -> list[Blocked]:
    found = []
    none = instance.ptr[:-1] == instance.ptr[1:]
    if none.any():
        k = np.flatnonzero(none)
        found.append(_units(k, f"Units {listed(k)} have no allowed site."))
    open_arcs = np.bincount(instance.unit[~instance.banned[instance.site]], minlength=instance.units)
    shut = np.flatnonzero((open_arcs == 0) & ~none)
    if len(shut):
        found.append(_units(shut, f"Units {listed(shut)} are allowed only at sites in required_closed."))
    return found


def _too_large(instance: Instance) -> list[Blocked]:
    if instance.split:
        return []
    largest = np.zeros(instance.units)
    usable = ~instance.banned[instance.site]
    np.maximum.at(largest, instance.unit[usable], instance.capacity[instance.site[usable]])
    has = np.bincount(instance.unit[usable], minlength=instance.units) > 0
    k = np.flatnonzero(has & (instance.demand > largest * (1 + ROUNDING)))
    if not len(k):
        return []
    worst = k[0]
    why = (
        f"Units {listed(k)} are larger than every site they may use: unit {worst} has a demand of "
        f"{instance.demand[worst]:g}, its largest site holds {largest[worst]:g}."
    )
    return [_units(k, why)]


def _counts(instance: Instance) -> list[Blocked]:
    if instance.count is None:
        return []
    must, usable = int(instance.must.sum()), int((~instance.banned).sum())
    if instance.count < must:
        k = np.flatnonzero(instance.must)
        return [_sites(k, f"{must} sites are required to be open, open_count is {instance.count}.")]
    if instance.count > usable:
        return [Blocked("total", (), f"open_count is {instance.count}, only {usable} sites may open.")]
    if instance.count == 0:
        return [Blocked("total", (), "open_count is 0: nothing would be served.")]
    return []


def _largest_room(instance: Instance) -> float:
    """The most the sites can hold that may be open together."""
    must = float(instance.capacity[instance.must].sum())
    others = np.sort(instance.capacity[~instance.must & ~instance.banned])[::-1]
    number = len(others) if instance.count is None else instance.count - int(instance.must.sum())
    return must + float(others[:number].sum())


def _too_little_room(instance: Instance) -> list[Blocked]:
    room = _largest_room(instance)
    if instance.total <= room * (1 + ROUNDING):
        return []
    sites = "all sites" if instance.count is None else f"the {instance.count} largest sites"
    return [Blocked("total", (), f"The demand adds up to {instance.total:g}, {sites} hold {room:g}.")]


def _too_few_units(instance: Instance) -> list[Blocked]:
    if not (instance.low > 0).any():
        return []
    reach = np.bincount(instance.site, weights=instance.demand[instance.unit], minlength=instance.sites)
    short = np.flatnonzero(instance.must & (instance.low > reach * (1 + ROUNDING)))
    if len(short):
        return [_sites(short, f"Required sites {listed(short)} cannot reach their min_load.")]
    narrow = np.flatnonzero(instance.must & (instance.low > instance.capacity * (1 + ROUNDING)))
    if len(narrow):
        return [_sites(narrow, f"Required sites {listed(narrow)} have a min_load above what they can hold.")]
    others = np.sort(instance.low[~instance.must & ~instance.banned])
    number = 0 if instance.count is None else instance.count - int(instance.must.sum())
    least = float(instance.low[instance.must].sum() + others[:number].sum())
    if least <= instance.total * (1 + ROUNDING):
        return []
    why = f"The open sites need {least:g} together (min_load), the demand is {instance.total:g}."
    return [Blocked("total", (), why)]


def _shortage(instance: Instance) -> Blocked | None:
    """A set of units with more demand than all sites they may use can hold, if there is one."""
    if not instance.has_limits:
        return None
    solved = highs.solve(_unserved_program(instance))
    amount = instance.demand.max(initial=0.0) * ROUNDING
    if solved.values is None or solved.objective <= amount:
        return None
    dual = np.abs(solved.row_dual[: instance.units])
    units = np.flatnonzero(dual > 0.5)
    sites = np.unique(instance.site[np.isin(instance.unit, units)])
    demand, room = instance.demand[units].sum(), instance.capacity[sites].sum()
    why = f"Units {listed(units)} have a demand of {demand:g}, all sites they may use hold {room:g}."
    return _units(units, why)


def _unserved_program(instance: Instance) -> highs.Program:
    """Everything open, units may be split: the least demand left without a place."""
    n, m, a = instance.units, instance.sites, instance.arcs
    row = np.concatenate([instance.unit, np.arange(n), n + instance.site])
    column = np.concatenate([np.arange(a), a + np.arange(n), np.arange(a)])
    amount: Floats = np.concatenate([np.zeros(a), np.ones(n)])
    return highs.Program(
        cost=amount,
        lower=np.zeros(a + n),
        upper=np.full(a + n, np.inf),
        integer=np.zeros(a + n, dtype=bool),
        rows=sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(n + m, a + n)),
        row_lower=np.concatenate([instance.demand, np.full(m, -np.inf)]),
        row_upper=np.concatenate([instance.demand, instance.capacity]),
    )


def _units(positions: Ints, why: str) -> Blocked:
    return Blocked("unit", tuple(int(k) for k in positions), why)


def _sites(positions: Ints, why: str) -> Blocked:
    return Blocked("site", tuple(int(k) for k in positions), why)
