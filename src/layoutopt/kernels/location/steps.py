"""The order of work on a question too large for the program alone: bound, search, windows, program."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from layoutopt.kernels.location import bound, fixing, median, search
from layoutopt.kernels.location.bound import Prices
from layoutopt.kernels.location.contiguity import repair
from layoutopt.kernels.location.exact import better, solve_program
from layoutopt.kernels.location.found import Ask, Found
from layoutopt.kernels.location.instance import Answer, Instance, whole
from layoutopt.kernels.location.windows import search_windows

log = logging.getLogger(__name__)

FRACTIONAL, WHOLE = 450, 250
"""Iterations of the two phases of the bound; a given price vector needs a tenth of them."""
PROGRAM_FIRST = 3_000
"""With no more useful arcs than this the program proves the answer sooner than windows improve it."""
PROGRAM_LAST = 60_000
"""With more useful arcs than this the program would not finish its first linear program in time."""
WINDOWS_PER_S = 2.0
WINDOW_SITES = 40
SHAKES = 300
"""Restarts of the interchange where sites have no limits."""


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
    if useful > PROGRAM_FIRST and not instance.is_free:
        found = _windows_then_bound(instance, found, prices, ask, last=useful > PROGRAM_LAST)
        useful = _useful(instance, found)
    if found.gap(instance) <= ask.gap or useful > PROGRAM_LAST:
        return found
    return replace(_program(instance, found, ask), method=f"{found.method}+program")


def _begin(instance: Instance, ask: Ask) -> tuple[Found, Prices]:
    """The bound and the first answer; the bound once more when a cost to aim at is known."""
    before = None
    amount = 1.0
    if ask.price is not None:
        before = Prices(-np.inf, ask.price, np.full(instance.sites, 0.0), 0)
        amount = 0.1
    first = int(FRACTIONAL * amount)
    prices = bound.climb(instance, ask, iterations=first, upper=np.inf, before=before, keep_whole=False)
    if instance.is_whole:
        second = int(WHOLE * amount)
        prices = bound.climb(instance, ask, iterations=second, upper=np.inf, before=prices, keep_whole=True)
    found = Found(bound=prices.bound, price=prices.unit, method="lagrange")
    for answer in _answers(instance, prices, ask):
        found = better(instance, found, answer)
    log.debug("bound %.8g, first answer %.8g", prices.bound, found.value(instance))
    if found.answer is not None and found.gap(instance) > ask.gap:
        found, prices = _again(instance, found, prices, ask, int(WHOLE * amount))
    return found, prices


def _again(
    instance: Instance, found: Found, prices: Prices, ask: Ask, iterations: int
) -> tuple[Found, Prices]:
    upper = found.value(instance)
    after = bound.climb(instance, ask, iterations=iterations, upper=upper, before=prices, keep_whole=True)
    return replace(found, bound=max(found.bound, after.bound), price=after.unit), after


def _answers(instance: Instance, prices: Prices, ask: Ask) -> list[Answer]:
    """First answers: the caller's, improved, or constructed ones."""
    if instance.is_free:
        only = median.interchange(instance, prices, ask, rounds=SHAKES if ask.price is None else SHAKES // 10)
        return [] if only is None else [only]
    found = []
    if ask.start is not None:
        found.append(ask.start)
        arc = ask.start.main_arc(instance)
        moved = search.improve(instance, arc, ask.start.open, search.first_fine(instance, prices), ask)
        found += [] if moved is None else [moved]
    if not found or found[-1] is ask.start:
        found += search.construct(instance, prices, ask)
    if instance.neighbours is not None:
        arcs = [(repair(instance, answer.main_arc(instance), answer.open), answer.open) for answer in found]
        found = [whole(instance, arc, is_open) for arc, is_open in arcs if arc is not None]
    return found


def _windows_then_bound(instance: Instance, found: Found, prices: Prices, ask: Ask, *, last: bool) -> Found:
    """Windows for half of the time, all of it when nothing comes after them."""
    share = 1.0 if last else 0.5
    part = replace(ask, time_limit_s=ask.time_limit_s * share)
    number = ask.steps(share, WINDOWS_PER_S)
    found = search_windows(instance, found, part, windows=number, largest=WINDOW_SITES)
    return replace(found, method="lagrange+windows")


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
