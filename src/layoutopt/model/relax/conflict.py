"""Which things cannot hold together: a minimal set of limits and places, found by adding and then by leaving out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.kernels import highs
from layoutopt.model.columns import Data
from layoutopt.model.relax.repairs import Purse
from layoutopt.model.relax.smallest import Easing
from layoutopt.model.relax.soften import Softened, unit_of
from layoutopt.model.relax.words import limit_now

Flags = NDArray[np.bool_]
LOOSE = highs.Budget(gap=0.3, time_limit_s=20, steps=40)
FEW_COLUMNS = 3_000
"""Beyond so many columns whole numbers are asked for only where the linear program does not decide."""
CHUNK = 6
"""Large sets are let go so many at a time first."""
SOLVES = 80
Unit = tuple[str, str]


@dataclass(frozen=True)
class Conflict:
    """Units (rule or ways, and place) that no plan keeps together; ``minimal`` where each of them is needed for it."""

    units: tuple[Unit, ...]
    minimal: bool


def conflict_of(easing: Easing, purse: Purse | None = None) -> Conflict | None:
    """Return a set of units that cannot hold together while all others give as they like.

    The units that give way in an easing are held, one easing after the other, until none is left (the elastic
    filter of Chinneck and Dravnieks 1991, on whole numbers); each is then let go where the rest still cannot hold.
    None where the budget ends first. In large programs the linear one decides where it can: then not each of the units
    need be necessary in whole numbers.
    """
    soft, purse = easing.soft, purse or Purse(SOLVES)
    units = unit_of(soft.gives)
    given = list(dict.fromkeys(unit_of(easing.given)))
    whole = len(soft.program.cost) <= FEW_COLUMNS
    if not whole:
        soft = _linear(soft)
    try:
        held = _together(soft, units, given, purse)
        if held is None:
            soft, whole = easing.soft, True
            held = _together(soft, units, given, purse)
    except _Undecided:
        return None
    if held is None:
        return None
    held, done = _needed(soft, units, held, purse)
    return Conflict(tuple(held), whole and done)


def _needed(soft: Softened, units: pd.MultiIndex, held: list[Unit], purse: Purse) -> tuple[list[Unit], bool]:
    """Let go, the last added first, what the rest does not need to leave no plan; whether every unit was tried."""
    for size in (CHUNK, 1) if len(held) > 2 * CHUNK else (1,):
        for first in reversed(range(0, len(held), size)):
            rest = held[:first] + held[first + size :]
            try:
                if _given(soft, units, rest, purse, priced=False) is None:
                    held = rest
            except _Undecided:
                return held, False
    return held, True


def _linear(soft: Softened) -> Softened:
    """The program with every column continuous: what cannot hold together there cannot in whole numbers either."""
    return replace(soft, program=replace(soft.program, integer=np.zeros(len(soft.program.cost), dtype=bool)))


def _together(soft: Softened, units: pd.MultiIndex, held: list[Unit], purse: Purse) -> list[Unit] | None:
    """Add units until those held leave no plan; None where nothing gives any more and a plan is left."""
    while True:
        given = _given(soft, units, held, purse, priced=True)
        if given is None:
            return held
        if given.empty:
            return None
        held = list(dict.fromkeys([*held, *unit_of(given)]))


def _given(
    soft: Softened, units: pd.MultiIndex, held: list[Unit], purse: Purse, *, priced: bool
) -> pd.DataFrame | None:
    """What gives way while ``held`` must hold; None where no plan is left (or none was found within the budget)."""
    if not purse.spend():
        raise _Undecided
    may = ~units.isin(held) if held else np.ones(len(units), dtype=bool)
    program = soft.only(np.asarray(may))
    if priced:
        program = replace(program, cost=soft.cost())
    solved = highs.solve(program, budget=LOOSE)
    if solved.values is None:
        if solved.status != "infeasible":
            raise _Undecided
        return None
    return soft.given(solved.values)


class _Undecided(Exception):
    """The budget ended before it was known whether a plan is left."""


def unit_words(data: Data, unit: Unit) -> str:
    """Return what a unit is, with its limit."""
    kind, place = unit
    policy = data.policy
    if kind == "ways":
        bands = data.options.items.loc[data.options.items["settlement_id"] == place, "band"].unique()
        limits = [f"{policy.access.oneway_max_min[band]:g} min for {band}" for band in bands]
        return f"the limits on ways for {place} ({', '.join(limits)} one way)"
    now = limit_now(data, kind, place)
    named = {
        "places": f"{place} has {now:.0f} places" if now is not None else "",
        "beds": f"{place} has {now:.0f} beds" if now is not None else "",
        "meals": f"{place} has {now:.0f} canteen seats" if now is not None else "",
        "min_pupils": f"{place} needs {now:.0f} pupils to stay open (min_pupils)" if now is not None else "",
        "hub_only": f"{place} is no hub (hub_only)",
        "one_school": f"the pupils of {place} go to one school (one_school_for)",
        "contiguous": f"the zone of {place} hangs together (contiguous)",
        "town_border": f"{place} crosses no township border (within_town)",
        "move_once": f"{place} was moved lately and stays (move_once)",
        "must_attend": f"{place} is sent to a school by name (must_attend)",
        "walkable": f"{place} does not ride where it can walk",
        "board_grade": f"{place} does not board (board_min_grade, allowed_boarding)",
        "board_nearest": f"{place} boards at the nearest schools only (board_nearest)",
        "merge_share": "the share of small schools to merge (merge_share)",
    }
    if kind in named:
        return named[kind]
    if kind == "protected":
        closes = bool(data.schools.loc[place, "must_close"])
        return f"{place} closes by decision" if closes else f"{place} {data.schools.loc[place, 'keep_reason']}"
    return f"{kind}{' = ' + format(now, ',.0f') if now is not None else ''}{' at ' + place if place else ''}"
