"""Yearly rates of a county and its towns, from past enrolments, from what the planner gives, or from stated defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.forecast_inputs import Places, share_of
from layoutopt.ahead.forecast_pairs import Pairs
from layoutopt.demand.cohort_rates import Factors, Ratio, credible
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
off by about 1 % for each year ahead (NCES 2011-017, tables A-6 and A-7)."""
NOISE = 1.0
"""Variance of a class for each pupil of the year before, where it is not known: that of chance alone (Poisson)."""
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
    """Return the rates: retention × (1 + net migration), each as given, else from ``pairs``, else the default."""
    if by not in BY:
        raise AskError(f"by = {by!r}. Give one of {', '.join(BY)}.{nearest(str(by), BY)}")
    steps, error, words = _county(pairs, retention, migration is not None)
    factors, groups = _factors(study, places, pairs, steps, by, migration)
    noise = next((float(n) for n in (factors[-1].noise, pairs.noise) if np.isfinite(n)), NOISE)
    common, whole = _common(factors, pairs, retention, migration)
    town, settlement = np.ones(len(places.towns)), np.ones(len(places.ids))
    town_error, settlement_error = np.zeros(len(town)), np.zeros(len(settlement))
    for found, group in zip(factors, groups, strict=True):
        if group is None:
            town, town_error = found.factor, found.error
            settlement, settlement_error = town[places.town], town_error[places.town]
        else:
            settlement = settlement * np.where(group >= 0, found.factor[group], 1.0)
            extra = np.where(group >= 0, found.error[group], 0.0)
            settlement_error = np.hypot(settlement_error, extra)
    county = steps * common
    return Rates(
        county, np.outer(town, steps), np.outer(settlement, steps), error, np.hypot(error, town_error),
        np.hypot(error, settlement_error), noise, migration is None, (*words, *whole, *pairs.words),
    )  # fmt: skip
