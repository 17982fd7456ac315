"""The first grades to come: from births, from the children under school age, or from the trend of past ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.forecast_inputs import Places
from layoutopt.ahead.forecast_rates import Rates
from layoutopt.demand.cohort import Trend, ages_of, entering_births, past_classes, trend
from layoutopt.demand.cohort_rates import ratio
from layoutopt.schema import STAGE_GRADES
from layoutopt.study import Study

Array = NDArray[np.float64]
PRIMARY = len(STAGE_GRADES["primary"])
SURVIVAL = 0.9938
"""Of a hundred children born so many reach school age, where first grades cannot be set against births: deaths under
five are 6.2 in a thousand (National Health Commission, 2023; recalled)."""
BIRTHS_ERROR = 0.05
"""Relative error of a first grade taken from births without any year to compare: ours."""
AGES_ERROR = 0.03
"""Least relative error of a first grade taken from small children: how they fall on the classes is a guess; ours."""


@dataclass(frozen=True, eq=False)
class Entry:
    """First grades by settlement and coming year (settlement × year ahead, from 1), their relative errors, words.

    They reach ``small`` years beyond the last: the classes among the children under school age of that year.
    """

    classes: Array
    error: Array
    small: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """How children enter the first grade: at what age, by which month, with which damping of the trend.

    The children under school age are as many classes as years of ``age``: 0 to 5 where they enter at 6.
    """

    age: int = 6
    cutoff_month: int = 8
    damping: float = 0.9


def entry_of(
    study: Study, places: Places, rates: Rates, *, births: pd.DataFrame | None, past: dict[int, float], years: int,
    asked: Asked,
) -> Entry:  # fmt: skip
    """Return the first grades of ``years`` coming years and of those after them whose children are small by then.

    Each comes from the best source that knows its year: births, then the children under school age, then the trend of
    past first grades, which goes on from the last class known.
    """
    backward = past_classes(places.pupils.sum(axis=0), _county_rates(places, rates))
    line = _trend(backward, past, places.year)
    born = None if births is None else _births(places, births, backward, asked)
    young = _young(study, places, rates, float(backward[0]), classes=asked.age)
    weight, stay = _weight(young, places), _stay(rates)
    classes, errors, sources = [], [], []
    last, since = line.level, 0
    for k in range(1, years + asked.age + 1):
        found = None if born is None else born.entering(k, weight)
        if found is not None and born is not None:
            source, error = "births", born.error
        elif young is not None and k <= asked.age:
            source, error, found = "ages", max(line.scatter, AGES_ERROR), young[:, k - 1]
        else:
            source, error, since = "trend", line.error(k), since + 1
            found = replace(line, level=last).at(since, asked.damping) * _shared(weight * stay**k)
        if source != "trend":
            last, since = float(found.sum()), 0
        classes.append(found)
        errors.append(error)
        sources.append(source)
    words = _words(sources[:years], places, line, born, asked)
    return Entry(np.column_stack(classes), np.array(errors), asked.age, words)


def _shared(weight: Array) -> Array:
    return np.asarray(weight / max(float(weight.sum()), 1e-12))


def _stay(rates: Rates) -> Array:
    """Of the small children of each settlement, the share still there a year later: as of young pupils."""
    steps = rates.settlement[:, : PRIMARY - 1]
    return np.asarray(steps[:, steps.any(axis=0)].mean(axis=1)) if steps.any() else np.ones(len(steps))


def _county_rates(places: Places, rates: Rates) -> Array:
    """The county's rates; where towns have given ones, their mean by pupils."""
    if rates.leads:
        return rates.county
    weights = places.by_town(places.pupils.sum(axis=1))
    return np.asarray(weights @ rates.town / max(float(weights.sum()), 1e-12))


def _trend(backward: Array, past: dict[int, float], year: int) -> Trend:
    """The trend of first grades: those counted in at least three years, else those today's grades once were."""
    counted = {then: pupils for then, pupils in past.items() if pupils > 0 and then <= year}
    if len(counted) >= 3:
        years = np.array(sorted(counted), dtype=float)
        return trend(np.array([counted[int(then)] for then in years]), years - year)
    return trend(backward, -np.arange(len(backward), dtype=float))


def _weight(young: Array | None, places: Places) -> Array:
    """How the county's first grade is shared out: by small children, else by primary pupils, else by pupils."""
    for weight in (None if young is None else young.sum(axis=1), places.pupils[:, :PRIMARY].sum(axis=1)):
        if weight is not None and weight.sum() > 0:
            return np.asarray(weight)
    return np.ones(len(places.ids))


def _young(study: Study, places: Places, rates: Rates, first: float, *, classes: int) -> Array | None:
    """Coming first grades from the children under school age, who move as young pupils do; None where they are unknown.

    Where a settlement's cell is empty, it has as many for each primary pupil as the others.
    """
    if "age_0_6" not in study.settlements:
        return None
    children = study.settlements["age_0_6"].to_numpy(float, na_value=np.nan)
    known = np.isfinite(children)
    primary = places.pupils[:, :PRIMARY].sum(axis=1)
    if not known.any() or np.nansum(children) <= 0:
        return None
    each = float(children[known].sum() / max(primary[known].sum(), 1.0))
    children = np.where(known, children, each * primary)
    share = ages_of(first, float(children.sum()), classes=classes)
    return children[:, None] * share[None, :] * _stay(rates)[:, None] ** np.arange(1, classes + 1)[None, :]


@dataclass(frozen=True, eq=False)
class _Births:
    """Births by settlement, town or county (``key``), and how many of them reach the first grade.

    ``years`` is the number of first grades the rate was worked out from, 0 for the default.
    """

    places: Places
    asked: Asked
    key: str | None
    by_year: dict[int, Array]
    rate: float = SURVIVAL
    error: float = BIRTHS_ERROR
    years: int = 0

    def of_class(self, ahead: int) -> Array | None:
        """The births of the first grade ``ahead`` years on (below 0: ago); None where they are not known."""
        year = self.places.year + ahead
        return entering_births(self.by_year, year, age=self.asked.age, cutoff_month=self.asked.cutoff_month)

    def entering(self, ahead: int, weight: Array) -> Array | None:
        """The first grade ``ahead`` years on by settlement; None where births of its years are not known."""
        found = self.of_class(ahead)
        if found is None:
            return None
        if self.key == "settlement_id":
            return self.rate * found
        group = self.places.town if self.key == "town" else np.zeros(len(weight), dtype=np.int64)
        sums, size = (np.bincount(group, part, minlength=len(found)) for part in (weight, np.ones(len(weight))))
        shares = np.divide(weight, sums[group], out=1 / size[group], where=sums[group] > 0)
        return np.asarray(self.rate * found[group] * shares)


def _births(places: Places, table: pd.DataFrame, backward: Array, asked: Asked) -> _Births:
    """Births by year, and their rate: first grades of the past over their births, where both are known."""
    key = next((name for name in ("settlement_id", "town") if name in table), None)
    names = {"settlement_id": places.ids, "town": pd.Index(places.towns), None: pd.Index([""])}[key]
    by_year: dict[int, Array] = {}
    for year, part in table.groupby("year"):
        amounts = np.zeros(len(names))
        at = names.get_indexer(pd.Index(part[key])) if key else np.zeros(len(part), dtype=np.int64)
        np.add.at(amounts, at, part["births"].to_numpy(float))
        by_year[int(year)] = amounts
    found = _Births(places, asked, key, by_year)
    born = [found.of_class(-back) for back in range(len(backward))]
    sums = np.array([0.0 if amounts is None else float(amounts.sum()) for amounts in born])
    use = (sums > 0) & (backward > 0)
    if not use.any():
        return found
    rate = ratio(sums[use], backward[use])
    error = BIRTHS_ERROR
    if np.isfinite(rate.noise):
        error = float(np.sqrt(rate.noise / sums[use].mean() + rate.error**2) / rate.rate)
    return replace(found, rate=rate.rate, error=error, years=rate.pairs)


def _words(sources: list[str], places: Places, line: Trend, born: _Births | None, asked: Asked) -> tuple[str, ...]:
    """One sentence for each source, with the years it serves."""
    said = []
    for source in ("births", "ages", "trend"):
        years = [places.year + k for k, used in enumerate(sources, start=1) if used == source]
        if not years:
            continue
        span = f"{years[0]}" if len(years) == 1 else f"{years[0]} to {years[-1]}"
        if source == "births" and born is not None:
            how = f"as {born.years} known first grades were" if born.years else "no first grade to compare is known"
            said.append(f"First grades of {span} from births: {born.rate:.3f} pupils for each child born, {how}.")
        elif source == "ages":
            said.append(f"First grades of {span} from the children under school age, by a steady change from today's.")
        else:
            said.append(
                f"First grades of {span} from the trend of {line.classes} classes, {line.growth - 1:+.1%} a year at "
                f"first, flattening by {asked.damping:g} each year."
            )
    return tuple(said)
