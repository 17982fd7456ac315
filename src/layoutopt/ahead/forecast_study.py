"""The study of a later year: the same places and ways with the pupils, the enrolments and the history of that year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from layoutopt.ahead.forecast_pairs import schools_today
from layoutopt.demand.spread import whole
from layoutopt.errors import Finding
from layoutopt.schema import AGE_COLUMNS, GRADES, PUPIL_COLUMNS, STAGE_GRADES
from layoutopt.study import Study


def study_of(
    base: Study, pupils: Mapping[int, pd.DataFrame], year: int, *, young: pd.Series | None, words: str
) -> Study:
    """Return ``base`` as it may be in ``year``.

    Parameters
    ----------
    pupils
        Pupils by settlement and grade of today and of every year up to ``year``.
    young
        Children under school age then, where they are known today.
    """
    settlements = base.settlements.drop(columns=[c for c in AGE_COLUMNS.values() if c in base.settlements])
    settlements = settlements.assign(**{name: pupils[year][name].to_numpy(float) for name in PUPIL_COLUMNS})
    if young is not None:
        settlements = settlements.assign(age_0_6=young.to_numpy(float))
    today = schools_today(base)
    schools, history = base.schools, base.history
    if today is not None:
        assert base.year is not None
        enrolled = {then: enrolment(base, today, pupils[base.year], pupils[then]) for then in sorted(pupils)}
        now = enrolled[year].reindex(schools.index)
        schools = schools.assign(**{name: now[name].to_numpy(float) for name in PUPIL_COLUMNS})
        history = _longer(history, {then: table for then, table in enrolled.items() if then < year})
    ahead = base.forecast
    return replace(
        base, settlements=settlements, schools=schools, year=year, history=history,
        forecast=None if ahead is None else ahead[ahead["year"] > year].reset_index(drop=True),
        note=f"{base.note} {words}".strip(), notes=(*base.notes, Finding(words, "settlements")),
    )  # fmt: skip


def enrolment(base: Study, today: pd.DataFrame, before: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """Return what today's schools would enrol with the pupils of another year, if everybody attends as today.

    A school's grade changes as the pupils of the settlements that name the school do; where none names it, or none
    of them has pupils of the grade today, as the grade does in the county. Whole pupils.
    """
    found, settlements = {}, base.settlements
    span = base.schools.loc[today.index, "grades"].str.split("-", expand=True).astype(int)
    for grade, name in zip(GRADES, PUPIL_COLUMNS, strict=True):
        named = settlements["current_primary" if grade in STAGE_GRADES["primary"] else "current_junior"].to_numpy()
        old, new = (table[name].groupby(named).sum().reindex(today.index, fill_value=0.0) for table in (before, then))
        whole_old, whole_new = float(before[name].sum()), float(then[name].sum())
        everywhere = whole_new / whole_old if whole_old > 0 else 1.0
        share = np.where(old > 0, new / old.where(old > 0, 1.0), everywhere)
        counted = today[name].to_numpy(float)
        teaches = ((span.iloc[:, 0] <= grade) & (grade <= span.iloc[:, -1])).to_numpy(bool)
        found[name] = np.where((counted == 0) & (old == 0) & teaches, new, counted * share)
    table = pd.DataFrame(found, index=today.index)
    return table.apply(lambda column: pd.Series(whole(column.to_numpy(float)), index=column.index))


def _longer(history: pd.DataFrame | None, enrolled: Mapping[int, pd.DataFrame]) -> pd.DataFrame:
    """The history with the years since, by grade where it is so; what it tells already stands."""
    by_grade = history is not None and bool(set(PUPIL_COLUMNS) & set(history))
    parts = [] if history is None else [history]
    known = set() if history is None else set(zip(history["school_id"], history["year"], strict=True))
    for year, table in enrolled.items():
        rows = pd.DataFrame({"school_id": table.index, "year": year, "pupils": table.sum(axis=1).to_numpy(float)})
        rows = rows.join(table.reset_index(drop=True)) if by_grade else rows
        parts.append(rows[[(code, year) not in known for code in rows["school_id"]]])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
