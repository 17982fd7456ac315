"""Cohorts of pupils: a year older each year, with a new first grade from births, small children or the trend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FEWEST_CLASSES = 3
"""A trend needs so many classes that have pupils."""
STEEPEST = (0.5, 2.0)
"""A class is at least half and at most twice the one before it: beyond that a figure is wrong, not a trend."""
NO_TREND_ERROR = 0.10
"""Relative error of a first grade without any trend to take it from: ours."""


def advance(pupils: Array, rates: Array, entering: Array) -> Array:
    """Return the pupils a year later: grade g + 1 = rate g · grade g, the last grade leaves, grade 1 enters.

    The grade progression (cohort survival) method, as in NCES, Projections of Education Statistics, appendix A.

    Parameters
    ----------
    pupils
        place × grade.
    rates
        place × transition (one column fewer), or one row for all.
    entering
        The new first grade of each place.

    Examples
    --------
    >>> advance(np.array([[10.0, 20.0, 30.0]]), np.array([[0.9, 1.1]]), np.array([8.0]))
    array([[ 8.,  9., 22.]])
    """
    return np.column_stack([entering, pupils[:, :-1] * rates])


def past_classes(pupils: Array, rates: Array) -> Array:
    """Return the first grades of this year and the years before, newest first, as today's grades show them.

    Grade g today was the first grade g − 1 years ago: its pupils divided by the rates since; 0 beyond a rate of 0.

    Examples
    --------
    >>> past_classes(np.array([8.0, 9.0, 9.9]), np.array([0.9, 1.1])).round(6).tolist()
    [8.0, 10.0, 10.0]
    """
    since = np.concatenate([[1.0], np.cumprod(rates)])
    return np.divide(pupils, since, out=np.zeros(len(since)), where=since > 0)


@dataclass(frozen=True)
class Trend:
    """First grades on an exponential: ``level`` this year, ``growth`` a year, and what is needed for its error."""

    level: float
    growth: float
    scatter: float
    mean_year: float
    spread_years: float
    classes: int

    def at(self, ahead: int, damping: float) -> float:
        """Return the first grade ``ahead`` years on: level · growth^(d + d² + … + d^ahead), d the damping.

        A trend that flattens does better over several years than one that runs on (Gardner and McKenzie,
        Forecasting trends in time series, 1985).
        """
        return self.level * self.growth ** sum(damping**k for k in range(1, ahead + 1))

    def error(self, ahead: int) -> float:
        """Return the relative error of one class ``ahead`` years on: s · √(1 + 1/n + (ahead − x̄)² / Sxx)."""
        if self.classes < FEWEST_CLASSES:
            return NO_TREND_ERROR * float(np.sqrt(ahead))
        far = (ahead - self.mean_year) ** 2 / self.spread_years
        return self.scatter * float(np.sqrt(1 + 1 / self.classes + far))


def trend(classes: Array, years: Array) -> Trend:
    """Return the least-squares line through the logarithms of past first grades.

    Parameters
    ----------
    classes
        Pupils of the first grade; empty ones are left out.
    years
        Their years, counted from this one: 0, −1, −2 …

    Examples
    --------
    >>> found = trend(np.array([80.0, 100.0, 125.0]), np.array([0.0, -1.0, -2.0]))
    >>> round(found.level, 6), round(found.growth, 6)
    (80.0, 0.8)
    """
    full = classes > 0
    if full.sum() < FEWEST_CLASSES:
        level = float(classes[full].mean()) if full.any() else 0.0
        return Trend(level, 1.0, NO_TREND_ERROR, 0.0, 1.0, int(full.sum()))
    x, y = years[full], np.log(classes[full])
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / spread)
    rest = y - y.mean() - slope * (x - x.mean())
    scatter = float(np.sqrt((rest**2).sum() / (len(x) - 2)))
    level = float(np.exp(y.mean() - slope * x.mean()))
    growth = float(np.clip(np.exp(slope), *STEEPEST))
    return Trend(level, growth, scatter, float(x.mean()), spread, len(x))


def ages_of(first: float, children: float, *, classes: int) -> Array:
    """Return the share of ``children`` under school age in each coming first grade, the next one first.

    The classes follow this year's ``first`` by one factor q, so that first · (q + q² + …) = children; where that
    needs a steeper fall or rise than halving or doubling, or there is no first grade, as near to it as that.

    Examples
    --------
    >>> ages_of(16.0, 14.0, classes=3).round(3).tolist()  # 8, 4 and 2
    [0.571, 0.286, 0.143]
    """
    power = np.arange(1, classes + 1)
    if first <= 0 or children <= 0:
        return np.full(classes, 1 / classes)
    low, high = STEEPEST
    for _ in range(60):  # halves the span to far below a rounding error
        middle = (low + high) / 2
        low, high = (middle, high) if first * float((middle**power).sum()) < children else (low, middle)
    sizes = ((low + high) / 2) ** power
    return np.asarray(sizes / sizes.sum())


def entering_births(births: dict[int, Array], year: int, *, age: int, cutoff_month: int) -> Array | None:
    """Return the births of those who enter the first grade in the autumn of ``year``; None where a year lacks.

    Whoever has reached ``age`` by the end of ``cutoff_month`` enters: the first months of the younger calendar
    year, the later months of the year before. With 6 and August: 8/12 of year − 6 and 4/12 of year − 7.

    Examples
    --------
    >>> entering_births({2018: np.array([120.0]), 2019: np.array([90.0])}, 2025, age=6, cutoff_month=8)
    array([100.])
    """
    late, early = births.get(year - age - 1), births.get(year - age)
    share = cutoff_month / 12
    if (early is None and share > 0) or (late is None and share < 1):
        return None
    nothing = np.zeros(1)
    return np.asarray(share * (nothing if early is None else early) + (1 - share) * (nothing if late is None else late))


@dataclass(frozen=True, eq=False)
class Doubt:
    """What may be wrong with a forecast, place × grade: ``chance`` is the variance each place has for itself.

    ``moved`` is pupils × transitions so far, so that a relative error of the rate times it is an error in pupils;
    ``entered`` is pupils × the relative error of their first grade.
    """

    chance: Array
    moved: Array
    entered: Array

    def after(self, pupils: Array, rates: Array, entering: Array, *, noise: float, entry_error: float) -> Doubt:
        """Return the doubt a year later.

        By the law of total variance a class of variance V and x pupils has r² V + noise · x a year later; a first
        grade has the chance of births, its own number (Poisson).
        """
        first = np.zeros(len(pupils))
        return Doubt(
            advance(self.chance, rates**2, entering) + advance(noise * pupils, np.ones_like(rates), first),
            advance(self.moved + pupils, rates, first),
            advance(self.entered, rates, entering * entry_error),
        )

    def scaled(self, share: Array) -> Doubt:
        """Return the doubt where pupils are multiplied by ``share``."""
        return Doubt(self.chance * share, self.moved * share, self.entered * share)

    def sd(self, sums: Array, rate_error: Array) -> Array:
        """Return the standard deviation of pupils, all grades together, for each row of ``sums`` (row × place).

        Chance is each place's own; errors of the rate and of the first grades are common to all pupils of a row.
        """
        chance, moved, entered = ((sums @ part).sum(axis=1) for part in (self.chance, self.moved, self.entered))
        return np.asarray(np.sqrt(chance + (rate_error * moved) ** 2 + entered**2))

    def sd_each(self, rate_error: Array) -> Array:
        """Return the standard deviation of each place's pupils, all grades together."""
        chance, moved, entered = (part.sum(axis=1) for part in (self.chance, self.moved, self.entered))
        return np.asarray(np.sqrt(chance + (rate_error * moved) ** 2 + entered**2))


def no_doubt(pupils: Array) -> Doubt:
    """Return the doubt about pupils that are counted today: none."""
    nothing = np.zeros_like(pupils)
    return Doubt(nothing, nothing, nothing)
