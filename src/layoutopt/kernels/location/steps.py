"""The order of work on a question too large for the program alone: bound, search, windows, program."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache

import numpy as np

from layoutopt.kernels.location import bound, fixing, median, search
from layoutopt.kernels.location.bound import Prices
from layoutopt.kernels.location.branch import branch
from layoutopt.kernels.location.contiguity import repair
from layoutopt.kernels.location.exact import better, solve_program
from layoutopt.kernels.location.found import Ask, Found
from layoutopt.kernels.location.instance import Answer, Floats, Instance, whole
from layoutopt.kernels.location.reading import read_instance
from layoutopt.kernels.location.windows import search_windows

log = logging.getLogger(__name__)

FRACTIONAL, WHOLE = 450, 250
"""Iterations of the two phases of the bound."""
PROGRAM_FIRST = 3_000
"""With no more useful arcs than this the program proves the answer sooner than windows improve it."""
PROGRAM_LAST = 60_000
"""With more useful arcs than this the program would not finish its first linear program in time."""
WINDOWS_PER_S = 1.5
BRANCH_SITES = 150
"""With more sites than this, deciding one moves the bound too little."""
MOST_NODES = 1_000
CROWD = 20
"""With more units a site than this, branching comes before windows, which then are small programs no more."""
WINDOW_SITES = 40
WALK_SHARE = 0.4
KICKS_PER_SITE = 100
RESUME_EFFORTS = (1, 4, 16)
RESUME_STEPS, RESUME_KICKS, RESUME_DEALS = 50, 0.25, 1
"""Steps of the bound, kicks a site and deals a unit of an attempt from a like question's state, times its effort.

The first attempt does without kicks.
"""
SHAKES = 300
"""Restarts of the interchange where sites have no limits."""


@cache
def ready() -> None:
    """Load or compile everything once, so that no time limit pays for it."""
    cost = np.array([[1.0, 4.0, 3.0], [2.0, 1.0, 5.0], [3.0, 2.0, 1.0], [1.0, 1.0, 2.0]])
    few = read_instance(cost, np.ones(4), capacity=2.0, opening_cost=1.0)
    for instance in (few, replace(few, capacity=np.full(3, few.total)), replace(few, count=2)):
        _begin(instance, Ask(time_limit_s=10.0, gap=0.0))


def lagrange(instance: Instance, ask: Ask) -> Found:
    """Bound, construction and local search; no integer program."""
    return _begin(instance, ask)[0]


def windows(instance: Instance, ask: Ask) -> Found:
    """The same, then windows until they gain nothing more."""
    found, _ = _begin(instance, ask)
    number = ask.steps(1.0, WINDOWS_PER_S)
    return replace(search_windows(instance, found, ask, windows=number, largest=WINDOW_SITES), method="windows")


def combined(instance: Instance, ask: Ask) -> Found:
    """Everything, in the order and amount that suits the size."""
    if instance.closest and not instance.is_free:
        return replace(_program(instance, better(instance, Found(), ask.start), ask), method="exact")
    found, prices = _begin(instance, ask)
    if found.gap(instance) <= ask.gap:
        return found
    useful = _useful(instance, found)
    if not instance.is_free:
        crowded = instance.units > CROWD * instance.sites
        if useful > PROGRAM_FIRST and not crowded:
            found = _windows(instance, found, ask, last=useful > PROGRAM_LAST)
        if instance.sites <= BRANCH_SITES and found.answer is not None:
            found = _branch(instance, found, prices, ask)
        if useful > PROGRAM_FIRST and crowded and found.gap(instance) > ask.gap:
            found = _windows(instance, found, ask, last=useful > PROGRAM_LAST)
        useful = _useful(instance, found)
    if found.gap(instance) <= ask.gap or useful > PROGRAM_LAST:
        return found
    return replace(_program(instance, found, ask), method=f"{found.method}+program")


def _begin(instance: Instance, ask: Ask) -> tuple[Found, Prices]:
    """The bound and the first answer; the bound once more when a cost to aim at is known."""
    if ask.price is not None and ask.start is not None:
        resumed = _resume(instance, ask, ask.price)
        if resumed[0].answer is not None:
            return resumed
    before = None if ask.price is None else Prices(-np.inf, ask.price, np.zeros(instance.sites), 0)
    prices = bound.climb(instance, ask, iterations=FRACTIONAL, upper=np.inf, before=before, keep_whole=False)
    if instance.is_whole:
        prices = bound.climb(instance, ask, iterations=WHOLE, upper=np.inf, before=prices, keep_whole=True)
    found = Found(bound=prices.bound, price=prices.unit, method="lagrange")
    for answer in _answers(instance, prices, ask):
        found = better(instance, found, answer)
    log.debug("bound %.8g, first answer %.8g", prices.bound, found.value(instance))
    if found.answer is not None and found.gap(instance) > ask.gap:
        found, prices = _again(instance, found, prices, ask, WHOLE)
    return found, prices


def _resume(instance: Instance, ask: Ask, price: Floats) -> tuple[Found, Prices]:
    """From the prices and the answer of a like question: a little work first, more while the gap is not met."""
    prices = Prices(-np.inf, price, np.zeros(instance.sites), 0)
    found, here = better(instance, Found(method="lagrange"), ask.start), ask
    for effort in RESUME_EFFORTS:
        prices = bound.climb(
            instance,
            ask,
            iterations=RESUME_STEPS * effort,
            upper=found.value(instance),
            before=prices,
            keep_whole=True,
            enough=0.95,
        )
        found = replace(found, bound=max(found.bound, prices.bound), price=prices.unit)
        if found.gap(instance) <= ask.gap or ask.left_s() <= 0:
            break
        for answer in _answers(instance, prices, here, effort):
            found = better(instance, found, answer)
        log.debug("resumed: bound %.8g, cost %.8g", found.bound, found.value(instance))
        if found.gap(instance) <= ask.gap:
            break
        here = replace(ask, start=found.answer or ask.start)
    return found, prices


def _kicks(instance: Instance, ask: Ask) -> int:
    """A share of the time at the usual length of a kick, and no more than some for each site.

    With many units a site, dealing them out does more than kicks that scatter a few of them.
    Measured: 1.5 ms and 0.25 ms more for every 1,000 pairs of units the moves compare.
    """
    arcs = min(instance.arcs, search.CORE_ARCS * instance.units)
    per_site = arcs / instance.sites
    compared = min(7.0 * per_site, max(600.0, 3.0 * per_site)) * instance.units / max(1, instance.sites)
    crowd = min(1.0, 10.0 * instance.sites / instance.units) ** 2
    most = int(KICKS_PER_SITE * crowd * instance.sites) + 1
    return min(ask.steps(WALK_SHARE, 500.0 / (1.5 + compared / 4_000.0)), most)


def _again(instance: Instance, found: Found, prices: Prices, ask: Ask, iterations: int) -> tuple[Found, Prices]:
    upper = found.value(instance)
    after = bound.climb(instance, ask, iterations=iterations, upper=upper, before=prices, keep_whole=True)
    return replace(found, bound=max(found.bound, after.bound), price=after.unit), after


def _answers(instance: Instance, prices: Prices, ask: Ask, effort: int | None = None) -> list[Answer]:
    """First answers: the caller's, improved, or constructed ones; with ``effort`` little is spent on them."""
    if instance.is_free:
        only = median.interchange(instance, prices, ask, rounds=SHAKES if effort is None else 3 * effort)
        return [] if only is None else [only]
    found = [] if ask.start is None else [ask.start]
    if effort is None:
        one = search.search(instance, prices, ask, kicks=_kicks(instance, ask))
    else:
        deals = RESUME_DEALS * effort * instance.units
        kicks = 0 if effort == 1 else min(1 + int(RESUME_KICKS * effort * instance.sites), _kicks(instance, ask))
        one = search.resume(instance, prices, ask, kicks=kicks, deals=deals)
    found += [] if one is None else [one]
    if instance.neighbours is not None:
        arcs = [(repair(instance, answer.main_arc(instance), answer.open), answer.open) for answer in found]
        found = [whole(instance, arc, is_open) for arc, is_open in arcs if arc is not None]
    return found


def _windows(instance: Instance, found: Found, ask: Ask, *, last: bool) -> Found:
    """Windows until most of the time is gone, all of it when nothing comes after them."""
    share = 1.0 if last else 0.7
    part = replace(ask, time_limit_s=ask.time_limit_s * share)
    number = ask.steps(share - WALK_SHARE, WINDOWS_PER_S)
    found = search_windows(instance, found, part, windows=number, largest=WINDOW_SITES)
    return replace(found, method=f"{found.method}+windows")


def _branch(instance: Instance, found: Found, prices: Prices, ask: Ask) -> Found:
    """A quarter of the time for branching on sites, at 3 µs an arc and node (measured)."""
    number = ask.steps(0.25, 1.0 / (3e-6 * max(instance.arcs, 1_000)))
    found = branch(instance, found, prices, ask, nodes=min(number, MOST_NODES))
    return replace(found, method=f"{found.method}+branching")


def _useful(instance: Instance, found: Found) -> int:
    if found.price is None:
        return instance.arcs
    return len(fixing.useful_arcs(instance, found.price, found.value(instance))[0])


def _program(instance: Instance, found: Found, ask: Ask) -> Found:
    """The integer program on what a better answer may still use."""
    if found.price is None or found.answer is None:
        return solve_program(instance, found, ask)
    upper = found.value(instance)
    limits = fixing.reduced_bounds(instance, found.price)
    keep, floor = fixing.useful_arcs(instance, found.price, upper)
    slack = 1e-9 * (1.0 + abs(upper))
    shut, forced = limits.opened > upper + slack, limits.closed > upper + slack
    narrowed = replace(instance, must=instance.must | forced, banned=instance.banned | shut)
    floor = min([floor, *limits.opened[shut], *limits.closed[forced]])
    log.debug("program on %d of %d arcs, %d sites fixed", len(keep), instance.arcs, int((shut | forced).sum()))
    return solve_program(narrowed, found, ask, keep=keep, floor=floor)
