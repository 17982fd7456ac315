"""Large neighbourhood search: a dozen neighbouring sites solved again exactly, the rest held still."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels.location.bound import data_of, evaluate
from layoutopt.kernels.location.exact import better, solve_program
from layoutopt.kernels.location.found import Ask, Found
from layoutopt.kernels.location.instance import Answer, Flags, Floats, Instance, Ints
from layoutopt.kernels.location.knapsack import NODES
from layoutopt.kernels.location.neighbours import neighbours

log = logging.getLogger(__name__)

FIRST_SIZE = 12
FIRST_PAIRS = 1_500
"""Units times sites of a first window, about: with many units a site it holds fewer sites."""
GROWTH = 1.4
STEPS = 40
"""HiGHS steps for one window."""
SECONDS = 20.0
"""Safety stop of one window."""


@dataclass(frozen=True)
class Window:
    """A part of the instance as an instance of its own; ``part`` is the share of each unit inside it."""

    instance: Instance
    sites: Ints
    arcs: Ints
    part: Floats


def search_windows(instance: Instance, found: Found, ask: Ask, *, windows: int, largest: int) -> Found:
    """Return ``found`` improved by at most ``windows`` small programs of up to ``largest`` sites.

    A window is chosen where the answer lies farthest above the Lagrangean bound; one that saw no change
    since it was last solved is not solved again. When all are spent, windows grow.
    """
    if found.answer is None:
        return found
    near = neighbours(instance)
    usual = int(np.sqrt(FIRST_PAIRS * instance.sites / max(instance.units, 1)))
    size = min(max(4, min(usual, FIRST_SIZE)), instance.sites)
    changed, clock = np.zeros(instance.sites, dtype=np.int64), 0
    solved_at = np.full(instance.sites, -1, dtype=np.int64)
    while windows > 0 and not _is_done(instance, found, ask):
        covered = np.zeros(instance.sites, dtype=bool)
        fresh = 0
        for seed in np.argsort(-_potential(instance, found, near, size), kind="stable"):
            sites = np.sort(near[seed][:size])
            stale = changed[sites].max() > solved_at[seed] or solved_at[seed] < 0
            if covered[seed] or not stale:
                continue
            if windows <= 0 or _is_done(instance, found, ask):
                break
            clock += 1
            solved_at[seed] = clock
            covered[sites] = True
            windows -= 1
            fresh += 1
            after = _solve_window(instance, found, sites, ask)
            if after is not found:
                clock += 1
                changed[_touched(instance, found, after)] = clock
                found = after
        log.debug("windows of %d sites: %d solved, cost %.8g", size, fresh, found.value(instance))
        if fresh == 0 and size >= min(largest, instance.sites):
            break
        if fresh == 0:
            size = min(int(np.ceil(size * GROWTH)), largest, instance.sites)
            solved_at[:] = -1
    return found


def cut_out(instance: Instance, answer: Answer, sites: Ints) -> Window:
    """Return the window of ``sites``: what they serve now may move among them, all else stays."""
    inside = np.zeros(instance.sites, dtype=bool)
    inside[sites] = True
    within = inside[instance.site]
    carried = np.where(within, answer.share, 0.0)
    part = np.bincount(instance.unit, weights=carried, minlength=instance.units).astype(float)
    units = np.flatnonzero(part > 1e-9)
    has = np.zeros(instance.units, dtype=bool)
    has[units] = True
    arcs = np.flatnonzero(within & has[instance.unit])
    demand = instance.demand[units] * part[units]
    renumber = np.cumsum(inside) - 1
    unit = (np.cumsum(has) - 1)[instance.unit[arcs]]
    cell = replace(
        instance,
        ptr=np.searchsorted(unit, np.arange(len(units) + 1)).astype(np.int64),
        unit=unit,
        site=renumber[instance.site[arcs]],
        cost=instance.cost[arcs] * part[instance.unit[arcs]],
        demand=demand,
        capacity=np.minimum(instance.capacity[sites], demand.sum()),
        opening=instance.opening[sites],
        low=instance.low[sites],
        must=instance.must[sites],
        banned=instance.banned[sites],
        count=None if instance.count is None else int(answer.open[sites].sum()),
        neighbours=_inner_graph(instance, units, sites),
    )
    return Window(cell, sites, arcs, part)


def put_back(instance: Instance, answer: Answer, window: Window, inner: Answer) -> Answer:
    """Return the whole answer with the window's answer in its place."""
    is_open, share = answer.open.copy(), answer.share.copy()
    is_open[window.sites] = inner.open
    share[window.arcs] = inner.share * window.part[instance.unit[window.arcs]]
    return Answer(is_open, share)


def _is_done(instance: Instance, found: Found, ask: Ask) -> bool:
    return found.gap(instance) <= ask.gap or ask.left_s() <= 0


def _solve_window(instance: Instance, found: Found, sites: Ints, ask: Ask) -> Found:
    assert found.answer is not None
    window = cut_out(instance, found.answer, sites)
    if window.instance.units == 0:
        return found
    inner = Answer(found.answer.open[sites], found.answer.share[window.arcs] / window.part[instance.unit[window.arcs]])
    small = Ask(gap=ask.gap * 0.5, time_limit_s=min(SECONDS, max(ask.left_s(), 0.05)), seed=ask.seed)
    after = solve_program(window.instance, Found(inner), small, steps=STEPS)
    before = inner.cost(window.instance)
    if after.answer is None or after.answer.cost(window.instance) >= before - 1e-9 * (1 + abs(before)):
        return found
    return better(instance, found, put_back(instance, found.answer, window, after.answer))


def _potential(instance: Instance, found: Found, near: list[Ints], size: int) -> Floats:
    """How far each site's window lies above its part of the Lagrangean bound: the most it can gain."""
    excess = np.ones(instance.sites)
    if found.price is not None and found.answer is not None:
        parts = evaluate(data_of(instance), found.price, False, NODES)
        spent = found.answer.share * (instance.cost - found.price[instance.unit])
        excess = np.bincount(instance.site, weights=spent, minlength=instance.sites).astype(float)
        excess += instance.opening * found.answer.open - np.minimum(parts.net, 0.0)
    return np.array([excess[sites[:size]].sum() for sites in near])


def _touched(instance: Instance, before: Found, after: Found) -> Flags:
    assert before.answer is not None and after.answer is not None
    moved = np.abs(before.answer.share - after.answer.share) > 1e-9
    touched = before.answer.open != after.answer.open
    touched[instance.site[moved]] = True
    return np.asarray(touched)


def _inner_graph(instance: Instance, units: Ints, sites: Ints) -> sp.csr_matrix | None:
    if instance.neighbours is None:
        return None
    kept = np.concatenate([units, instance.units + sites]) if instance.rooted else units
    return sp.csr_matrix(instance.neighbours[kept][:, kept])
