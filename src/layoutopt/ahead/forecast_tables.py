"""Tables a forecast is asked with (births, earlier enrolments, totals), read and checked together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from layoutopt.ahead.forecast_inputs import Places
from layoutopt.errors import AskError, InputError, Problem, nearest
from layoutopt.io.tables import read_table
from layoutopt.schema import PUPIL_COLUMNS

Given: TypeAlias = "pd.DataFrame | Mapping[int, float] | str | Path | None"
IDS = ("settlement_id", "town", "school_id")
GRADES = list(PUPIL_COLUMNS)
MOST_SHOWN = 5


@dataclass(frozen=True)
class Kind:
    """One kind of table: the columns it needs and those it may have; ``value`` is that of plain numbers by year."""

    name: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    value: str = ""


BIRTHS = Kind("births", ("year", "births"), ("settlement_id", "town"), "births")
ENROLMENT = Kind("enrolment", ("year", *PUPIL_COLUMNS), ("school_id", "town"))
TOTALS = Kind("totals", ("year",), ("town", "pupils", *PUPIL_COLUMNS), "pupils")


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables given; None for those that are not."""

    births: pd.DataFrame | None
    enrolment: pd.DataFrame | None
    totals: pd.DataFrame | None


def tables_given(places: Places, *, births: Given, enrolment: Given, totals: Given) -> Tables:
    """Return the tables with numbers as numbers and ids as text.

    Raises
    ------
    InputError
        Anything that cannot be used, in all tables at once.
    """
    problems: list[Problem] = []
    read: list[pd.DataFrame | None] = []
    for given, kind in ((births, BIRTHS), (enrolment, ENROLMENT), (totals, TOTALS)):
        table, name = _opened(given, kind)
        if table is not None:
            table, wrong = _typed(table, name)
            problems += [*wrong, *_checked(table, kind, name, places)]
        read.append(table)
    if problems:
        raise InputError(problems)
    return Tables(*read)


def _opened(given: Given, kind: Kind) -> tuple[pd.DataFrame | None, str]:
    """The table as it stands, and its name in messages."""
    if given is None:
        return None, kind.name
    if isinstance(given, (str, Path)):
        return read_table(Path(given)).replace("", np.nan), Path(given).name
    if isinstance(given, pd.DataFrame):
        return given.reset_index(drop=not any(given.index.names)), kind.name
    if kind.value:
        rows = pd.DataFrame({"year": list(given), kind.value: list(given.values())})
        return rows.set_axis(rows["year"], axis=0).rename_axis(None), kind.name
    raise AskError(f"{kind.name}: give a table, or the path of one.")


def _typed(table: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    problems = []
    for column in table.columns:
        if column in IDS:
            table[column] = table[column].fillna("").astype(str)
            continue
        read = pd.to_numeric(table[column], errors="coerce").astype(float)
        wrong = read.isna() & table[column].notna()
        for row in table.index[wrong]:
            what = f"{column} = '{table.loc[row, column]}' is no number"
            problems.append(Problem(f"{name} row {row}", what, "Give a number."))
        table[column] = read.mask(wrong, 2_000.0 if column == "year" else 0.0)  # said once is enough
    return table, problems


def _checked(table: pd.DataFrame, kind: Kind, name: str, places: Places) -> Iterator[Problem]:
    """What is wrong with a table: columns, years, ids, numbers below 0, rows that stand twice or lack."""
    allowed = (*kind.needs, *kind.may)
    missing = [column for column in kind.needs if column not in table]
    for column in missing:
        yield Problem(name, f"column {column} is missing", "Add it.")
    for column in table.columns.difference(allowed, sort=False):
        hint = nearest(str(column), allowed).strip() or f"Known columns: {', '.join(allowed)}."
        yield Problem(name, f"column {column} is not known", hint)
    if missing:
        return
    year = table["year"]
    for row in table.index[~((year % 1 == 0) & year.between(1_900, 2_200))]:
        yield Problem(f"{name} row {row}", f"year = {_said(year[row])}", "Give a calendar year, such as 2024.")
    for column in table.columns.intersection([*allowed]).difference([*IDS, "year"]):
        for row in table.index[table[column] < 0]:
            yield Problem(f"{name} row {row}", f"{column} = {_said(table.loc[row, column])}", "Give 0 or more.")
    yield from _ids(table, kind, name, places)
    keys = ["year", *[column for column in IDS if column in table]]
    for row in table.index[table.duplicated(keys)]:
        said = ", ".join(f"{key} {_said(table.loc[row, key])}" for key in keys)
        yield Problem(f"{name} row {row}", f"{said} stands twice", "Keep one row.")
    yield from {"births": _births_lack, "totals": _totals_lack}.get(kind.name, _nothing)(table, name, places)


def _said(value: object) -> str:
    if isinstance(value, float):
        return "empty" if np.isnan(value) else f"{value:g}"
    return str(value)


def _ids(table: pd.DataFrame, kind: Kind, name: str, places: Places) -> Iterator[Problem]:
    """Unknown settlements and towns; a school may be one of the past, and totals of no town are the county's."""
    for column, known in (("settlement_id", list(places.ids)), ("town", list(places.towns))):
        if column in table:
            blank = {""} if kind is TOTALS else set()
            for code in sorted(set(table[column]) - set(known) - blank):
                hint = nearest(code, known).strip() or f"Known: {', '.join(map(str, known[:MOST_SHOWN]))} …"
                yield Problem(name, f"{column} = '{code}' is not in the study", hint)


def _nothing(table: pd.DataFrame, name: str, places: Places) -> Iterator[Problem]:
    return iter(())


def _births_lack(table: pd.DataFrame, name: str, places: Places) -> Iterator[Problem]:
    """Cells without a number, and years in which a town has no row: nobody born is a 0, not a gap."""
    for row in table.index[table["births"].isna()]:
        yield Problem(f"{name} row {row}", "births is empty", "Give a number; 0 for none.")
    if "town" in table and "settlement_id" not in table:
        for year, part in table.groupby("year"):
            lack = sorted(set(places.towns) - set(part["town"]))
            if lack:
                few = ", ".join(lack[:MOST_SHOWN]) + (" …" if len(lack) > MOST_SHOWN else "")
                yield Problem(name, f"{year:.0f} has no row for {few}", "Add it; births = 0 where nobody was born.")


def _totals_lack(table: pd.DataFrame, name: str, places: Places) -> Iterator[Problem]:
    """Rows without a total; towns have one number."""
    pupils = table["pupils"] if "pupils" in table else pd.Series(np.nan, index=table.index)
    by_grade = table.reindex(columns=GRADES).notna().all(axis=1)
    is_town = table["town"] != "" if "town" in table else pd.Series(False, index=table.index)
    for row in table.index[pupils.isna() & (is_town | ~by_grade)]:
        cure = "Give pupils." if is_town[row] else "Give pupils, or all of g1…g9."
        yield Problem(f"{name} row {row}", "no total is given", cure)
