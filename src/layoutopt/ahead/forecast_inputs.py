"""Where a forecast starts and what it is asked: places, years, shares, and figures that are given already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import AskError, InputError, Problem, nearest
from layoutopt.schema import GRADES, PUPIL_COLUMNS
from layoutopt.study import Study

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
LONGEST = 30
"""Years; beyond that no child of the forecast is born yet when it is made twice over."""


@dataclass(frozen=True, eq=False)
class Places:
    """The settlements of a study by position, their towns and pupils of today, and which grades there are."""

    ids: pd.Index
    town: Ints
    towns: tuple[str, ...]
    pupils: Array
    year: int
    taught: NDArray[np.bool_]

    def by_town(self, amounts: Array) -> Array:
        """Return the sums by town of one value a settlement."""
        return np.asarray(np.bincount(self.town, amounts, minlength=len(self.towns)), dtype=float)


def places_of(study: Study, pupils: pd.DataFrame) -> Places:
    """Return the settlements with their pupils; raises InputError where the study has no year or no first grade."""
    span = study.schools["grades"].str.split("-", expand=True).astype(int).to_numpy()
    taught = np.array([((span[:, 0] <= grade) & (grade <= span[:, -1])).any() for grade in GRADES])
    taught |= pupils.sum(axis=0).to_numpy() > 0
    problems = []
    if study.year is None:
        cure = "Add year = 2024 (the calendar year its school year began) under [study]."
        problems.append(Problem("study.toml", "[study] has no year, and a forecast starts from one", cure))
    if not taught[0]:
        cure = "Add the primary schools: later grades come from it."
        problems.append(Problem("schools", "no school teaches grade 1, and a forecast starts from it", cure))
    if problems or study.year is None:
        raise InputError(problems)
    names = study.settlements["town"].replace("", "no town")
    towns = tuple(sorted(set(names)))
    at = pd.Index(towns).get_indexer(names)
    return Places(study.settlements.index, at.astype(np.int64), towns, pupils.to_numpy(float), study.year, taught)


def years_of(years: int | Iterable[int], study: Study) -> tuple[int, ...]:
    """Return the years asked for, sorted; each lies after the study's and within thirty years of it."""
    asked = [years] if isinstance(years, (int, np.integer)) else list(years)
    if not asked or not all(isinstance(year, (int, np.integer)) for year in asked):
        raise AskError("years: give whole calendar years, such as range(2025, 2031).")
    assert study.year is not None
    wrong = sorted({int(year) for year in asked if not 0 < year - study.year <= LONGEST})
    if wrong:
        few = ", ".join(map(str, wrong[:3])) + (" …" if len(wrong) > 3 else "")
        raise AskError(
            f"years: {few} cannot be forecast from {study.year}. Give {study.year + 1} to {study.year + LONGEST}."
        )
    return tuple(sorted({int(year) for year in asked}))


def given_forecast(study: Study, places: Places, last: int) -> tuple[dict[int, Array], list[Problem]]:
    """Return the study's own forecast by year, (settlement, grade) with NaN where nothing is given, and its faults."""
    table = study.forecast
    if table is None or not len(table):
        return {}, []
    problems = []
    for code in sorted(set(table["settlement_id"]) - set(places.ids)):
        cure = nearest(code, places.ids).strip() or "Give a settlement_id of the settlements layer."
        problems.append(Problem("forecast", f"settlement_id = '{code}' is no settlement", cure))
    found: dict[int, Array] = {}
    rows = table[table["settlement_id"].isin(places.ids) & (table["year"] > places.year) & (table["year"] <= last)]
    for year, part in rows.groupby("year"):
        values = np.full(places.pupils.shape, np.nan)
        at = places.ids.get_indexer(pd.Index(part["settlement_id"]))
        values[at] = part.reindex(columns=list(PUPIL_COLUMNS)).to_numpy(float, na_value=np.nan)
        found[int(year)] = values
    return found, problems


def share_of(value: Any, name: str, low: float, high: float) -> float:
    """Return a share given as a number, or say what it may be."""
    if isinstance(value, (bool, str)) or not isinstance(value, (int, float, np.number)) or not low <= value <= high:
        raise AskError(f"{name} = {value!r}. Give a number from {low:g} to {high:g}.")
    return float(value)
