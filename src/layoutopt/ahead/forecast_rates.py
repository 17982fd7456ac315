"""Yearly rates of a county and its towns: from past enrolments, as the planner gives them, or stated defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.forecast_inputs import Places, share_of
from layoutopt.ahead.forecast_pairs import Pairs
from layoutopt.demand.cohort_rates import Factors, Ratio, credible, ratio
from layoutopt.errors import AskError, nearest
from layoutopt.study import Study

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
STEPS = 8
NINE_YEARS = 0.957
RETENTION = NINE_YEARS ** (1 / STEPS)
"""Share of pupils who go on to the next grade, where nothing else is known.

Of those who enter the first grade 95.7 % finish the ninth (Ministry of Education, statistical bulletin 2023;
recalled): the eighth root of it a year.
"""
RATE_ERROR = 0.01
"""Standard error of a yearly rate where none can be worked out: projections of single US states by this method are
off by about 1 % for each year ahead (NCES 2011-017, table A-7)."""
NOISE = 1.0
"""Variance of a class for each pupil of the year before, where it is not known: that of chance alone (Poisson)."""
ENOUGH_YEARS = 3
"""From so many pairs of years on, how much the years differ says how sure the rate is."""
BY = ("town", "settlement", "county")


@dataclass(frozen=True, eq=False)
class Rates:
    """Yearly rates from each grade to the next, for the county, its towns and its settlements, with their errors.

    Errors are relative and of one year; ``leads`` tells whether towns are fitted to the county's own forecast.
    """

    county: Array
    town: Array
    settlement: Array
    county_error: float
    town_error: Array
    settlement_error: Array
    noise: float
    leads: bool
    words: tuple[str, ...]


def rates_of(
    study: Study,
    places: Places,
    pairs: Pairs,
    *,
    migration: float | Mapping[str, float] | None,
    retention: float | Mapping[int, float] | None,
    by: str,
) -> Rates:
    """Return the rates: retention × (1 + net migration) where given, else worked out from ``pairs``, else a default."""
    if by not in BY:
        raise AskError(f"by = {by!r}. Give one of {', '.join(BY)}.{nearest(str(by), BY)}")
    steps, words = _steps(pairs, retention)
    every = len(places.towns)
    own = pairs.own[pairs.own["town"] >= 0] if by != "county" else pairs.own.iloc[:0]
    county, error, noise = _common(pairs, steps)
    towns = _factors(own, steps * county, own["town"].to_numpy(int), every)
    town = np.outer(towns.factor, steps * county)
    settlement, settlement_error = town[places.town], towns.error[places.town]
    if by == "settlement":
        settlement, extra = _by_school(study, places, own, towns, steps * county, settlement)
        settlement_error = np.hypot(settlement_error, extra)
    words += _spread_words(towns, places)
    found = Rates(
        county=steps * county, town=town, settlement=settlement, county_error=error,
        town_error=np.hypot(error, towns.error), settlement_error=np.hypot(error, settlement_error),
        noise=noise, leads=True, words=(*words, *pairs.words),
    )  # fmt: skip
    if migration is not None:
        found = _moved(found, places, migration, retention)
    return _as_taught(found, places)


def _as_taught(found: Rates, places: Places) -> Rates:
    """The rates with nobody going on to a grade that no school of the study teaches."""
    if places.taught.all():
        return found
    on = places.taught[1:]
    last = int(np.flatnonzero(places.taught)[-1]) + 1
    words = (*found.words, f"No school here teaches beyond grade {last}: pupils leave after it.")
    return replace(found, county=found.county * on, town=found.town * on, settlement=found.settlement * on, words=words)


def _steps(pairs: Pairs, retention: float | Mapping[int, float] | None) -> tuple[Array, tuple[str, ...]]:
    """The county's rate of each step as given or worked out, and where it comes from."""
    steps, words = _worked_out(pairs)
    return (steps, words) if retention is None else _given_steps(steps, words, retention)


def _given_steps(
    steps: Array, words: tuple[str, ...], retention: float | Mapping[int, float]
) -> tuple[Array, tuple[str, ...]]:
    """``steps`` with those that are given in their place."""
    if not isinstance(retention, Mapping):
        share = share_of(retention, "retention", 0.5, 1.0)
        return np.full(STEPS, share), (f"{share:.2%} of the pupils go on to the next grade each year, as given.",)
    steps = steps.copy()
    for grade, value in retention.items():
        if grade not in range(1, STEPS + 1):
            raise AskError(f"retention: grade {grade!r} has no next grade here. Give grades 1 to {STEPS}.")
        steps[int(grade) - 1] = share_of(value, f"retention of grade {grade}", 0.5, 1.0)
    grades = ", ".join(str(grade) for grade in sorted(retention))
    return steps, (*words, f"The share going on from grade {grades} is as given.")


def _worked_out(pairs: Pairs) -> tuple[Array, tuple[str, ...]]:
    if len(pairs.county):
        whole = ratio_of(pairs.county).rate
        by_grade = {int(g): ratio_of(part).rate for g, part in pairs.county.groupby("grade")}
        steps = np.array([by_grade.get(grade, whole) for grade in range(1, STEPS + 1)])
        years = pairs.county["year"].nunique()
        return steps, (
            f"Rates from each grade to the next, {steps.min():.3f} to {steps.max():.3f}, from the enrolments by grade "
            f"of {years} pair{'' if years == 1 else 's'} of years.",
        )
    if len(pairs.own):
        found = ratio_of(pairs.own)
        schools = pairs.own["place"].nunique()
        return np.full(STEPS, found.rate), (
            f"From one grade to the next {found.rate:.3f} of the pupils, from {found.pairs} pairs of years of "
            f"{schools} school{'' if schools == 1 else 's'} (totals only, so one rate for all grades).",
        )
    return np.full(STEPS, RETENTION), (
        f"No earlier enrolments are known: {RETENTION:.2%} of the pupils go on each year, as in the country "
        f"({NINE_YEARS:.1%} in nine years), and as many move in as away.",
    )


def ratio_of(rows: pd.DataFrame) -> Ratio:
    """Return the rate of a table of pairs."""
    return ratio(rows["before"].to_numpy(float), rows["later"].to_numpy(float))


def _expected(rows: pd.DataFrame, steps: Array) -> Array:
    """What the county's rates make of the pupils before; the mean rate where grades are not known."""
    grade = rows["grade"].to_numpy(int)
    return rows["before"].to_numpy(float) * np.where(grade > 0, steps[np.maximum(grade, 1) - 1], steps.mean())


def _common(pairs: Pairs, steps: Array) -> tuple[float, float, float]:
    """A factor on all steps (1 unless they were given), its relative error, and the noise of a single class."""
    if not pairs.known:
        return 1.0, RATE_ERROR, NOISE
    rows = pairs.county if len(pairs.county) else pairs.own
    expected, later = _expected(rows, steps), rows["later"].to_numpy(float)
    found = ratio(expected, later)
    by_year = pd.DataFrame({"year": rows["year"].to_numpy(), "e": expected, "y": later}).groupby("year").sum()
    years = ratio(by_year["e"].to_numpy(), by_year["y"].to_numpy())
    error = years.error / years.rate if years.pairs >= ENOUGH_YEARS else np.nan
    error = float(np.nanmax([error if np.isfinite(error) else RATE_ERROR, found.error / found.rate]))
    noise = found.noise
    if len(pairs.own):
        noise = ratio(_expected(pairs.own, steps), pairs.own["later"].to_numpy(float)).noise
    return found.rate, error, float(noise) if np.isfinite(noise) else NOISE


def _factors(rows: pd.DataFrame, steps: Array, group: Ints, groups: int) -> Factors:
    """Each group's factor on the county's rates, 1 where nothing is known of any."""
    if not len(rows):
        return Factors(np.ones(groups), np.zeros(groups), np.zeros(groups), np.nan)
    return credible(_expected(rows, steps), rows["later"].to_numpy(float), group, groups=groups)


def _by_school(
    study: Study, places: Places, own: pd.DataFrame, towns: Factors, steps: Array, settlement: Array
) -> tuple[Array, Array]:
    """Rates of settlements by the primary school they attend, drawn towards their town's, and the error that adds."""
    if not len(own) or not own["place"].isin(study.schools.index).all():
        raise AskError(
            "by = 'settlement' needs earlier enrolments by school (layer history, or school_id in enrolment)."
        )
    schools = pd.Index(sorted(set(own["place"])))
    rows = own.assign(before=own["before"] * towns.factor[own["town"].to_numpy(int)])
    found = _factors(rows, steps, schools.get_indexer(pd.Index(own["place"])), len(schools))
    at = schools.get_indexer(pd.Index(study.settlements["current_primary"]))
    named = at >= 0
    return settlement * np.where(named, found.factor[at], 1.0)[:, None], np.where(named, found.error[at], 0.0)


def _spread_words(towns: Factors, places: Places) -> tuple[str, ...]:
    if not (towns.weight > 0).any():
        return ()
    low, high = int(towns.factor.argmin()), int(towns.factor.argmax())
    return (
        f"Towns differ from the county by {towns.factor[low] - 1:+.1%} ({places.towns[low]}) to "
        f"{towns.factor[high] - 1:+.1%} ({places.towns[high]}) a year.",
    )


def _moved(
    found: Rates,
    places: Places,
    given: float | Mapping[str, float],
    retention: float | Mapping[int, float] | None,
) -> Rates:
    """The rates with those of the towns whose net migration is given: the share going on, times 1 + migration."""
    words: tuple[str, ...] = (f"{RETENTION:.2%} of the pupils go on to the next grade each year, as in the country.",)
    steps = np.full(STEPS, RETENTION)
    if retention is not None:
        steps, words = _given_steps(steps, words, retention)
    if isinstance(given, Mapping):
        share = {
            _town(town, places): share_of(value, f"migration of {town}", -0.5, 0.5) for town, value in given.items()
        }
        names, going_on = ", ".join(map(str, given)), f"{steps.mean():.2%} go on each year"
        words = (*found.words, f"Net migration of {names} is as given; of those who stay there {going_on}.")
    else:
        everywhere = share_of(given, "migration", -0.5, 0.5)
        share = dict.fromkeys(range(len(places.towns)), everywhere)
        way = "away" if everywhere < 0 else "in"
        words = (*words, f"Each year {abs(everywhere):.1%} of the pupils move {way} (net), as given.")
    town, settlement = found.town.copy(), found.settlement.copy()
    town_error, settlement_error = found.town_error.copy(), found.settlement_error.copy()
    for at, moved in share.items():
        here = places.town == at
        town[at] = settlement[here] = steps * (1 + moved)
        town_error[at] = settlement_error[here] = RATE_ERROR
    return replace(
        found, town=town, settlement=settlement, town_error=town_error, settlement_error=settlement_error,
        county_error=max(found.county_error, RATE_ERROR), leads=False, words=words,
    )  # fmt: skip


def _town(name: str, places: Places) -> int:
    if name not in places.towns:
        raise AskError(f"migration: '{name}' is no town of this study.{nearest(str(name), places.towns)}")
    return places.towns.index(name)
