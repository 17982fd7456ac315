"""The first grades to come: from births, from the children under school age, or from the trend of past ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.forecast_inputs import Places
from layoutopt.ahead.forecast_rates import Rates
from layoutopt.demand.cohort import Trend, ages_of, entering_births, past_classes, trend
from layoutopt.demand.cohort_rates import ratio
from layoutopt.study import Study

Array = NDArray[np.float64]
YOUNG = 7
"""Classes among the children of age 0 to 6 not yet at school."""
PRIMARY = 6
SURVIVAL = 0.9938
"""Of a hundred children born so many reach school age, where first grades cannot be set against births: deaths under
five are 6.2 in a thousand (National Health Commission, 2023; recalled)."""
BIRTHS_ERROR = 0.05
"""Relative error of a first grade taken from births without any year to compare: ours."""
AGES_ERROR = 0.03
"""Least relative error of a first grade taken from children under school age: one class among seven is a guess; ours."""


@dataclass(frozen=True, eq=False)
class Entry:
    """First grades by settlement and coming year (settlement × year ahead, from 1), their relative errors, words."""

    classes: Array
    error: Array
    words: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """How children enter the first grade: at what age, by which month, with which damping of the trend."""

    age: int = 6
    cutoff_month: int = 8
    damping: float = 0.9


def entry_of(
    study: Study, places: Places, rates: Rates, *, births: pd.DataFrame | None, past: dict[int, float], ahead: int,
    asked: Asked,
) -> Entry:  # fmt: skip
    """Return the first grades of ``ahead`` coming years; each year from the best source that knows it.

    Births first, then the children of age 0 to 6, then the trend of past first grades, which goes on from the last
    class known.
    """
    county = places.pupils.sum(axis=0)
    backward = past_classes(county, _county_rates(places, rates))
    line = _trend(backward, past, places.year)
    classes = np.zeros((len(places.ids), ahead))
    error = np.zeros(ahead)
    sources: list[str] = []
    born = _Births(places, births, backward, asked) if births is not None else None
    young = _young(study, places, rates, float(backward[0]))
    last, since = line.level, 0
    weight = _weight(young, places)
    for k in range(1, ahead + 1):
        found = born.entering(k, weight) if born is not None else None
        if found is not None and born is not None:
            classes[:, k - 1], error[k - 1], source = found, born.error, "births"
        elif young is not None and k <= YOUNG:
            classes[:, k - 1], error[k - 1], source = young[:, k - 1], max(line.scatter, AGES_ERROR), "ages"
        else:
            since += 1
            total = last * line.growth ** sum(asked.damping**i for i in range(1, since + 1))
            shares = weight * rates.settlement[:, : PRIMARY - 1].mean(axis=1) ** k
            classes[:, k - 1] = total * shares / max(float(shares.sum()), 1e-12)
            error[k - 1], source = line.error(k), "trend"
        if source != "trend":
            last, since = float(classes[:, k - 1].sum()), 0
        sources.append(source)
    return Entry(classes, error, _words(sources, places, line, born, asked))


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


def _young(study: Study, places: Places, rates: Rates, first: float) -> Array | None:
    """Coming first grades from the children of age 0 to 6, who move as young pupils do; None where they are unknown.

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
    share = ages_of(first, float(children.sum()), classes=YOUNG)
    stay = rates.settlement[:, : PRIMARY - 1].mean(axis=1)
    return children[:, None] * share[None, :] * stay[:, None] ** np.arange(1, YOUNG + 1)[None, :]


class _Births:
    """Births by settlement, town or county, and how many of them reach the first grade."""

    def __init__(self, places: Places, table: pd.DataFrame, backward: Array, asked: Asked) -> None:
        self.places, self.asked = places, asked
        self.key = next((name for name in ("settlement_id", "town") if name in table), None)
        names = {"settlement_id": places.ids, "town": pd.Index(places.towns), None: pd.Index([""])}[self.key]
        self.by_year: dict[int, Array] = {}
        for year, part in table.groupby("year"):
            amounts = np.zeros(len(names))
            at = names.get_indexer(pd.Index(part[self.key])) if self.key else np.zeros(len(part), dtype=int)
            np.add.at(amounts, at, part["births"].to_numpy(float))
            self.by_year[int(year)] = amounts
        born = [self._born(places.year - back) for back in range(len(backward))]
        at = [back for back, amount in enumerate(born) if amount is not None and amount.sum() > 0]
        self.years, self.rate, self.error = len(at), SURVIVAL, BIRTHS_ERROR
        if at:
            sums = np.array([float(amount.sum()) for amount in born if amount is not None and amount.sum() > 0])
            found = ratio(sums, backward[at])
            self.rate = found.rate
            if np.isfinite(found.noise):
                self.error = float(np.sqrt(found.noise / sums.mean() + found.error**2) / found.rate)

    def _born(self, year: int) -> Array | None:
        return entering_births(self.by_year, year, age=self.asked.age, cutoff_month=self.asked.cutoff_month)

    def entering(self, ahead: int, weight: Array) -> Array | None:
        """The first grade ``ahead`` years on by settlement; None where births of its years are not known."""
        found = self._born(self.places.year + ahead)
        if found is None:
            return None
        found = self.rate * found
        if self.key == "settlement_id":
            return found
        group = self.places.town if self.key == "town" else np.zeros(len(weight), dtype=np.int64)
        sums = np.bincount(group, weight, minlength=len(found))
        size = np.bincount(group, minlength=len(found))
        return found[group] * np.where(sums[group] > 0, weight / np.maximum(sums[group], 1e-12), 1 / size[group])


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
            said.append(f"First grades of {span} from the children of age 0 to 6, by a steady change from today's.")
        else:
            said.append(
                f"First grades of {span} from the trend of {line.classes} classes, {line.growth - 1:+.1%} a year at "
                f"first, flattening by {asked.damping:g} each year."
            )
    return tuple(said)
