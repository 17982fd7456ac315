"""What a forecast is asked with: tables of births, past enrolments and totals, checked at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import AskError, InputError, Problem, nearest
from layoutopt.io.tables import read_table
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
LONGEST = 30
"""Years; beyond that no child of the forecast is born yet when it is made twice over."""
PLACES = ("settlement_id", "town", "school_id")


@dataclass(frozen=True, eq=False)
class Places:
    """The settlements of a study by position, the towns they belong to, and their pupils of today."""

    ids: pd.Index
    town: Ints
    towns: tuple[str, ...]
    pupils: Array
    year: int

    def by_town(self, amounts: Array) -> Array:
        """Return the sums by town of one value a settlement."""
        return np.asarray(np.bincount(self.town, amounts, minlength=len(self.towns)), dtype=float)


def places_of(study: Study, pupils: pd.DataFrame) -> Places:
    """Return the settlements with their pupils; raises InputError where the study has no year."""
    if study.year is None:
        cure = "Add year = 2024 (the calendar year its school year began) under [study]."
        raise InputError([Problem("study.toml", "[study] has no year, and a forecast starts from one", cure)])
    names = study.settlements["town"].replace("", "no town")
    towns = tuple(sorted(set(names)))
    at = pd.Index(towns).get_indexer(names)
    return Places(study.settlements.index, at.astype(np.int64), towns, pupils.to_numpy(float), study.year)


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


Given = pd.DataFrame | Mapping[int, float] | str | Path | None


def table_of(given: Given, name: str, value: str, *, grades: bool = False) -> pd.DataFrame | None:
    """Return ``given`` as a table of numbers: a file, a table, or county values by year under ``value``."""
    if given is None:
        return None
    if isinstance(given, (str, Path)):
        return _numbers(read_table(Path(given)).replace("", np.nan), Path(given).name)
    if isinstance(given, pd.DataFrame):
        return _numbers(given.reset_index(drop=given.index.name is None), name)
    if isinstance(given, Mapping) and not grades:
        return _numbers(pd.DataFrame({"year": list(given), value: list(given.values())}), name)
    raise AskError(f"{name}: give a table, the path of one, or values by year.")


def _numbers(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Every column but ids as numbers; every cell that is none is a problem."""
    table, problems = table.copy(), []
    for column in table.columns.difference(PLACES):
        read = pd.to_numeric(table[column], errors="coerce")
        for row in np.flatnonzero(read.isna() & table[column].notna()):
            problems.append(Problem(f"{where} row {row + 2}", f"{column} = {table[column].iloc[row]!r}", "Give a number."))
        table[column] = read.astype(float)
    for column in table.columns.intersection(PLACES):
        table[column] = table[column].fillna("").astype(str)
    if problems:
        raise InputError(problems)
    return table


def check_table(
    table: pd.DataFrame, name: str, *, needs: tuple[str, ...], may: tuple[str, ...], known: Mapping[str, Iterable[str]]
) -> list[Problem]:
    """Return what is wrong with a table: its columns, unknown ids, years, numbers below 0, rows that stand twice."""
    problems = [Problem(name, f"column {c} is missing", "Add it.") for c in needs if c not in table]
    allowed = (*needs, *may)
    for column in table.columns:
        if column not in allowed:
            cure = nearest(column, allowed).strip() or f"Known columns: {', '.join(allowed)}."
            problems.append(Problem(name, f"column {column} is not known", cure))
    if any(column not in table for column in needs):
        return problems
    problems += _bad_cells(table, name, known)
    keys = ["year", *[column for column in PLACES if column in table]]
    for values in table.loc[table.duplicated(keys), keys].itertuples(index=False):
        said = ", ".join(f"{key} {value:g}" if key == "year" else f"{key} {value}" for key, value in zip(keys, values, strict=True))
        problems.append(Problem(name, f"{said} stands twice", "Keep one row."))
    return problems


def _bad_cells(table: pd.DataFrame, name: str, known: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
    year = table["year"]
    for value in sorted(set(year[year.isna() | (year % 1 != 0) | (year < 1_900) | (year > 2_200)].fillna(-1))):
        yield Problem(name, f"year = {'empty' if value == -1 else f'{value:g}'}", "Give a calendar year, such as 2024.")
    for column, ids in known.items():
        if column in table:
            listed = list(ids)
            for code in sorted(set(table[column]) - set(listed) - {""}):
                yield Problem(name, f"{column} = '{code}' is not in the study", nearest(code, listed).strip())
    for column in table.columns.difference([*PLACES, "year"]):
        below = table[column] < 0
        for row in np.flatnonzero(below):
            yield Problem(f"{name} row {row + 2}", f"{column} = {table[column].iloc[row]:g}", "Give 0 or more.")


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
