"""Past enrolments as pairs of one year and the next: the pupils who could go on, and those found a grade higher."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.ahead.forecast_inputs import Places
from layoutopt.demand.reconcile import summed
from layoutopt.schema import PUPIL_COLUMNS, STAGE_GRADES
from layoutopt.study import Study

Array = NDArray[np.float64]
COLUMNS = ["place", "town", "year", "grade", "before", "later"]
MERGED, MERGED_PUPILS = 2.0, 20.0
"""A school that doubles or halves within a year, by at least so many pupils, was merged or miscounted: ours."""
JUNIOR_ENTRY = len(STAGE_GRADES["primary"])
"""The step at whose end pupils change the school, and often the town."""
NEARLY_ALL = 0.9


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of ``before`` and ``later`` pupils: ``own`` of schools or towns, ``county`` of all by grade.

    ``grade`` is the grade before, 0 where only totals are known; ``classes`` are known first grades by year.
    """

    own: pd.DataFrame
    county: pd.DataFrame
    classes: dict[int, float]
    words: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether there is anything to work a rate out from."""
        return bool(len(self.own) or len(self.county))


def pairs_of(study: Study, places: Places, enrolment: pd.DataFrame | None) -> Pairs:
    """Return the pairs of ``enrolment`` (by grade), else of the history layer (by grade where it is, else totals)."""
    if enrolment is None and study.history is not None and set(PUPIL_COLUMNS) & set(study.history):
        graded = study.history.reindex(columns=["school_id", "year", *PUPIL_COLUMNS])
        graded = graded.dropna(how="all", subset=list(PUPIL_COLUMNS))
        enrolment = graded if len(graded) else None
    if enrolment is not None:
        return _by_grade(study, places, enrolment)
    if study.history is not None and len(study.history):
        return _of_totals(study, places, study.history)
    return Pairs(_empty(), _empty(), {}, ())


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in COLUMNS})


def schools_today(study: Study) -> pd.DataFrame | None:
    """Return the enrolment by grade of today's schools; None where the schools layer gives none."""
    names = [name for name in PUPIL_COLUMNS if name in study.schools]
    today = study.schools[(study.schools["status"] != "candidate").to_numpy(bool)]
    if not names or not today[names].notna().to_numpy().any():
        return None
    known = today[today[names].notna().any(axis=1)]
    return known.reindex(columns=list(PUPIL_COLUMNS)).fillna(0.0).astype(float)


def _of_totals(study: Study, places: Places, history: pd.DataFrame) -> Pairs:
    """A school's total loses its last grade and gains a first one: both as large as among today's pupils.

    Pupils who could go on: (1 − share of the last grade) · total of the year; pupils a grade higher: (1 − share of
    the first grade) · total of the next. The shares are those of the grades the school teaches in the county today.
    Where classes all grow by one factor this is exact: the rate is the growth of the totals times the ratio of
    neighbouring grades, the relation of Preston and Coale (Population Index 48, 1982).
    """
    table = history[history["year"] <= places.year][["school_id", "year", "pupils"]]
    today = schools_today(study)
    if today is not None and not (table["year"] == places.year).any():
        now = pd.DataFrame({"school_id": today.index, "year": places.year, "pupils": today.sum(axis=1).to_numpy()})
        table = pd.concat([table, now], ignore_index=True)
    both = table.merge(table.assign(year=table["year"] - 1), on=["school_id", "year"], suffixes=("", "_later"))
    leaving, entering = _ends(study, places.pupils.sum(axis=0))
    both = both.assign(
        before=both["pupils"] * (1 - both["school_id"].map(leaving)),
        later=both["pupils_later"] * (1 - both["school_id"].map(entering)),
    )
    both = both[(both["before"] > 0) & both["later"].notna()]
    merged = _merged(both["before"], both["later"])
    words = _left_out(both, merged)
    both = both[~merged]
    towns = _town_of(study, places)
    own = pd.DataFrame(
        {
            "place": both["school_id"], "town": both["school_id"].map(towns), "year": both["year"], "grade": 0,
            "before": both["before"].astype(float), "later": both["later"].astype(float),
        }
    )  # fmt: skip
    return Pairs(own.reset_index(drop=True), _empty(), {}, words)


def _ends(study: Study, county: Array) -> tuple[pd.Series, pd.Series]:
    """The shares of the last and of the first grade a school teaches, among the pupils of its grades in the county."""
    span = study.schools["grades"].str.split("-", expand=True).astype(int)
    first, last = span[0].to_numpy() - 1, span[span.columns[-1]].to_numpy() - 1
    running = np.concatenate([[0.0], np.cumsum(county)])
    whole = running[last + 1] - running[first]
    even = 1.0 / (last - first + 1)
    shares = [np.divide(county[at], whole, out=even.copy(), where=whole > 0) for at in (last, first)]
    return pd.Series(shares[0], index=study.schools.index), pd.Series(shares[1], index=study.schools.index)


def _merged(before: pd.Series, later: pd.Series) -> pd.Series:
    small, large = np.minimum(before, later), np.maximum(before, later)
    return (large >= MERGED * small) & (large - small >= MERGED_PUPILS)


def _left_out(rows: pd.DataFrame, merged: pd.Series) -> tuple[str, ...]:
    if not merged.any():
        return ()
    codes = sorted(set(rows.loc[merged, "school_id"].astype(str)))
    few = ", ".join(codes[:5]) + (" …" if len(codes) > 5 else "")
    count = int(merged.sum())
    said = "One pair of years was" if count == 1 else f"{count} pairs of years were"
    return (f"{said} left out, in which a school doubled or halved ({few}).",)


def _town_of(study: Study, places: Places) -> dict[str, int]:
    """The town of each school by position; −1 where no settlement belongs to it."""
    at = pd.Index(places.towns).get_indexer(study.schools["town"].replace("", "no town"))
    return dict(zip(study.schools.index, at.astype(int), strict=True))


def _by_grade(study: Study, places: Places, table: pd.DataFrame) -> Pairs:
    """Grades of one year and of the next: of each place, and of the whole county."""
    key = next((name for name in ("school_id", "town") if name in table), None)
    rows = table.assign(place=table[key] if key else "", year=table["year"].astype(int))
    rows = rows[rows["year"] <= places.year][["place", "year", *PUPIL_COLUMNS]]
    if places.year not in set(rows["year"]):
        rows = pd.concat([rows, _now(study, places, key)], ignore_index=True)
    rows = rows.fillna(0.0)
    town = _town_of(study, places) if key == "school_id" else {name: at for at, name in enumerate(places.towns)}
    last = _last_grade(study) if key == "school_id" else {}
    counts, follows = _counted(rows, by_school=key == "school_id")
    before, later = rows[counts], rows[follows].assign(year=rows.loc[follows, "year"] - 1)
    both = rows.merge(rows.assign(year=rows["year"] - 1), on=["place", "year"], suffixes=("", "_later"))
    parts, sums = [_empty()], [_empty()]
    for grade in range(1, len(PUPIL_COLUMNS)):
        x, y = before.groupby("year")[f"g{grade}"].sum(), later.groupby("year")[f"g{grade + 1}"].sum()
        pair = pd.DataFrame({"before": x, "later": y}).dropna().reset_index(names="year")
        sums.append(pair.assign(place="", town=-1, grade=grade))
        stays = both["place"].map(last).fillna(len(PUPIL_COLUMNS)) > grade
        if key is not None and grade != JUNIOR_ENTRY:
            own = both[["place", "year"]].assign(
                town=both["place"].map(town).fillna(-1).astype(int), grade=grade,
                before=both[f"g{grade}"].astype(float), later=both[f"g{grade + 1}_later"].astype(float),
            )  # fmt: skip
            parts.append(own[stays & (own["before"] > 0)])
    county, own = (pd.concat([part for part in found if len(part)] or found)[COLUMNS] for found in (sums, parts))
    county = county[(county["before"] > 0) & (county["later"] > 0)]
    return Pairs(own.reset_index(drop=True), county.reset_index(drop=True), _first_grades(rows), ())


def _counted(rows: pd.DataFrame, *, by_school: bool) -> tuple[pd.Series, pd.Series]:
    """Which rows count for the county as pupils before, and which as pupils later: those of places with both years.

    A school that closed counts before, and one that opened later: its pupils went to, and came from, other schools.
    A school that only lacks a year counts in neither.
    """
    there = set(zip(rows["place"], rows["year"], strict=True))
    years = rows.groupby("place")["year"].agg(["min", "max"])
    known = set(rows["year"])
    goes_on = pd.Series([(p, y + 1) in there for p, y in zip(rows["place"], rows["year"], strict=True)], rows.index)
    came = pd.Series([(p, y - 1) in there for p, y in zip(rows["place"], rows["year"], strict=True)], rows.index)
    if by_school:
        goes_on |= rows["year"] == rows["place"].map(years["max"])
        came |= rows["year"] == rows["place"].map(years["min"])
    return goes_on & (rows["year"] + 1).isin(known), came & (rows["year"] - 1).isin(known)


def _now(study: Study, places: Places, key: str | None) -> pd.DataFrame:
    """Today's grades at the same kind of place."""
    if key == "school_id":
        today = schools_today(study)
        return pd.DataFrame() if today is None else today.assign(place=today.index, year=places.year)
    values, names = places.pupils.sum(axis=0)[None, :], [""]
    if key == "town":
        values, names = summed(places.pupils, places.town, len(places.towns)), list(places.towns)
    return pd.DataFrame(values, columns=list(PUPIL_COLUMNS)).assign(place=names, year=places.year)


def _last_grade(study: Study) -> dict[str, int]:
    last = study.schools["grades"].str.split("-", expand=True).astype(int).iloc[:, -1]
    return dict(zip(study.schools.index, last, strict=True))


def _first_grades(rows: pd.DataFrame) -> dict[int, float]:
    """The county's first grades by year, of the years in which nearly all places are counted."""
    count = rows.groupby("year")["place"].nunique()
    full = rows[rows["year"].isin(count.index[count >= NEARLY_ALL * count.max()])]
    return {int(year): float(pupils) for year, pupils in full.groupby("year")["g1"].sum().items()}
