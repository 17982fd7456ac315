"""Year after year: cohorts a year older, villages fitted to towns and towns to the county, whole pupils at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.forecast_entry import Entry
from layoutopt.ahead.forecast_inputs import Places
from layoutopt.ahead.forecast_rates import Rates
from layoutopt.demand.cohort import Doubt, advance, no_doubt
from layoutopt.demand.reconcile import controlled, dealt, fitted, misfit, prorated, summed
from layoutopt.errors import InputError, Problem
from layoutopt.schema import PUPIL_COLUMNS

Array = NDArray[np.float64]
CLOSE = 0.5
"""Totals that differ by less than half a pupil agree."""


@dataclass(frozen=True, eq=False)
class Year:
    """One year: whole pupils by settlement and grade, which of them were given, and standard deviations."""

    year: int
    pupils: Array
    given: NDArray[np.bool_]
    sd: Array
    town_sd: Array
    county_sd: float


@dataclass(frozen=True, eq=False)
class Totals:
    """Totals to be met in one year: of the towns (NaN where free), of the county by grade, or in all."""

    towns: Array | None = None
    grades: Array | None = None
    county: float | None = None


def run(
    places: Places, rates: Rates, entry: Entry, *, years: int, given: Mapping[int, Array], totals: Mapping[int, Totals]
) -> tuple[Year, ...]:
    """Return the coming ``years``, each made from the one before.

    Each year three forecasts are made of the pupils before: of the county with its rates, of each town with the
    town's, of each settlement with its own. Towns are scaled to the county grade by grade (or fitted to ``totals``),
    settlements to their town. Figures in ``given`` are kept as they are and left out of all scaling.
    """
    state, doubt = places.pupils, no_doubt(places.pupils)
    found = []
    for ahead in range(1, years + 1):
        year = places.year + ahead
        entering = entry.classes[:, ahead - 1]
        model = advance(state, rates.settlement, entering)
        fixed = given.get(year, np.full(model.shape, np.nan))
        free = ~np.isfinite(fixed)
        towns = _towns(places, rates, state, entering, free, fixed, totals.get(year), year)
        following = np.where(free, _settled(places, np.where(free, model, 0.0), towns, free), fixed)
        error = float(entry.error[ahead - 1])
        doubt = doubt.after(state, rates.settlement, entering, noise=rates.noise, entry_error=error)
        share = np.divide(following, model, out=np.ones_like(model), where=model > 0)
        doubt, state = doubt.scaled(share), following
        found.append(_year(places, rates, year, state, free, doubt))
    return tuple(found)


def _settled(places: Places, model: Array, towns: Array, free: NDArray[np.bool_]) -> Array:
    """Settlements scaled to their towns; what a town has and none of its settlements goes to those that are free."""
    sums = summed(model, places.town, len(places.towns))
    lost = (sums <= 0) & (towns > 0)
    if lost.any():
        weight = np.where(free, places.pupils.sum(axis=1)[:, None] + 1e-6, 0.0)
        model = np.where(lost[places.town], weight, model)
    return np.where(free, prorated(model, places.town, towns), 0.0)


def _towns(
    places: Places, rates: Rates, state: Array, entering: Array, free: NDArray[np.bool_], fixed: Array,
    totals: Totals | None, year: int,
) -> Array:  # fmt: skip
    """What the free settlements of each town come to by grade, in agreement with the county and with ``totals``."""
    every = len(places.towns)
    before = np.where(free[:, 1:], state[:, :-1], 0.0)
    first = np.bincount(places.town, np.where(free[:, 0], entering, 0.0), minlength=every)
    towns = np.column_stack([first, summed(before, places.town, every) * rates.town])
    columns = None
    if rates.leads:
        columns = np.concatenate([[first.sum()], before.sum(axis=0) * rates.county])
    if totals is None:
        return fitted(towns, columns=columns)
    kept = summed(np.where(free, 0.0, fixed), places.town, every)
    return _to_totals(towns, columns, kept, totals, places, year)


def _to_totals(towns: Array, columns: Array | None, kept: Array, totals: Totals, places: Places, year: int) -> Array:
    """Fit the towns to given totals, from which the figures that stand (``kept``) are taken off first."""
    rows = None if totals.towns is None else totals.towns - kept.sum(axis=1)
    problems = []
    if totals.grades is not None:
        columns = totals.grades - kept.sum(axis=0)
    elif totals.county is not None:
        now = towns.sum(axis=0) if columns is None else columns
        columns = now * (totals.county - kept.sum()) / max(float(now.sum()), 1e-12)
    elif rows is not None and np.isfinite(rows).all():
        now = towns.sum(axis=0) if columns is None else columns
        columns = now * rows.sum() / max(float(now.sum()), 1e-12)
    elif rows is not None:
        columns = None  # the free towns keep their own forecast
    short = ["the county"] if columns is not None and (columns < -CLOSE).any() else []
    short += [] if rows is None else [name for name, left in zip(places.towns, rows, strict=True) if left < -CLOSE]
    for name in short:
        what = f"{name} has fewer pupils than its given forecast alone"
        problems.append(Problem(f"totals {year}", what, "Correct the total or the forecast."))
    if not problems:
        rows = None if rows is None else np.maximum(rows, 0.0)
        towns = fitted(towns, rows=rows, columns=None if columns is None else np.maximum(columns, 0.0))
        if rows is not None and misfit(towns, rows) > CLOSE:
            far = int(np.nanargmax(np.abs(towns.sum(axis=1) - rows)))
            what = f"{places.towns[far]} cannot have {rows[far]:,.0f} pupils beside the county's total"
            problems.append(Problem(f"totals {year}", what, "Make the towns add up to the county."))
    if problems:
        raise InputError(problems)
    return towns


def _year(places: Places, rates: Rates, year: int, state: Array, free: NDArray[np.bool_], doubt: Doubt) -> Year:
    every = len(places.towns)
    loose = np.where(free, state, 0.0)
    towns = controlled(summed(loose, places.town, every))
    whole = np.where(free, dealt(loose, places.town, towns), state)
    member = pd.get_dummies(pd.Series(places.town)).reindex(columns=range(every), fill_value=False).to_numpy(float).T
    return Year(
        year=year,
        pupils=whole,
        given=~free,
        sd=doubt.sd_each(rates.settlement_error),
        town_sd=doubt.sd(member, rates.town_error),
        county_sd=float(doubt.sd(np.ones((1, len(state))), np.array([rates.county_error]))[0]),
    )


def totals_of(table: pd.DataFrame | None, places: Places) -> tuple[dict[int, Totals], list[Problem]]:
    """Return the totals of a checked table by year, and towns that add up to more than their county."""
    found: dict[int, Totals] = {}
    problems: list[Problem] = []
    if table is None:
        return found, problems
    town = table["town"] if "town" in table else pd.Series("", index=table.index)
    pupils = table["pupils"] if "pupils" in table else pd.Series(np.nan, index=table.index)
    grades = table.reindex(columns=list(PUPIL_COLUMNS))
    for year, part in table.groupby("year"):
        towns, county = part[(town[part.index] != "")], part[(town[part.index] == "")]
        rows = np.full(len(places.towns), np.nan)
        rows[pd.Index(places.towns).get_indexer(pd.Index(town[towns.index]))] = pupils[towns.index].to_numpy(float)
        by_grade = grades.loc[county.index].to_numpy(float)
        whole = float(pupils[county.index].iloc[0]) if len(county) and pupils[county.index].notna().all() else None
        columns = by_grade[0] if len(county) and np.isfinite(by_grade).all() else None
        if columns is not None:
            whole = float(columns.sum())
        over = float(np.nansum(rows)) - whole if whole is not None else 0.0
        if over > CLOSE or (np.isfinite(rows).all() and whole is not None and over < -CLOSE):
            said = f"the towns have {np.nansum(rows):,.0f} pupils, the county {whole:,.0f}"
            problems.append(Problem(f"totals {int(year)}", said, "Make the towns add up to the county."))
        found[int(year)] = Totals(rows if np.isfinite(rows).any() else None, columns, whole)
    return found, problems
