"""Points that look wrong: nobody lives there, a school is far from its place, two stand on one spot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.errors import Finding
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study.names import some
from layoutopt.units import M_PER_KM

if TYPE_CHECKING:
    from layoutopt.study.study import Study

OWN_SETTLEMENT_MAX_KM = 2.0
OUTSIDE_TOWN_MAX_M = 500.0
COMPOUND_M = 50.0
SAME_POINT_M = 1.0
LONELY_TIMES, LONELY_KM, LONELY_LEAST = 10.0, 20.0, 10
"""A settlement is lonely where the next is ten times as far as for nine in ten of at least ten, and over 20 km."""


def point_findings(study: Study) -> list[Finding]:
    """Return what a planner should look at among settlements and schools; nothing is changed.

    Examples
    --------
    >>> from layoutopt.testing import tiny_study
    >>> study = tiny_study({"V1": (0, 0, [4])}, {"S1": (0, 0.5, {}), "S2": (0.02, 0.5, {})})
    >>> [str(finding) for finding in point_findings(study)]
    ['schools S1 (S1) and S2 (S2) stand 20 m apart: one compound?']
    """
    checks = (_nobody, _crowded, _same_point, _lonely, _compounds, _far_from_own, _outside_town, _enrolment)
    return [finding for check in checks for finding in check(study)]


def _nobody(study: Study) -> Iterator[Finding]:
    settlements = study.settlements
    residents = [name for name in ("population", "primary_age", "junior_age") if name in settlements]
    pupils = [name for name in PUPIL_COLUMNS if name in settlements]
    empty = settlements.index[settlements[[*residents, *pupils]].fillna(0).sum(axis=1) == 0]
    if len(empty):
        who = " and no ".join(word for word, has in (("residents", residents), ("pupils", pupils)) if has)
        verb = "settlement has" if len(empty) == 1 else "settlements have"
        yield Finding(f"{len(empty)} {verb} no {who}: {some(empty)}", "settlements", tuple(empty))


def _crowded(study: Study) -> Iterator[Finding]:
    settlements = study.settlements
    if "population" not in settlements or not (study.has_pupils or study.has_ages):
        return
    names = PUPIL_COLUMNS if study.has_pupils else ("primary_age", "junior_age")
    pupils = settlements[[name for name in names if name in settlements]].fillna(0).sum(axis=1)
    for code in settlements.index[pupils > settlements["population"].fillna(np.inf)]:
        people = settlements.loc[code, "population"]
        text = f"settlement {_named(settlements, code)} has {pupils[code]:g} pupils but {people:g} residents"
        yield Finding(text, "settlements", (code,))


def _same_point(study: Study) -> Iterator[Finding]:
    groups = _near(study.settlements, SAME_POINT_M)
    for codes in groups:
        yield Finding(f"settlements {some(codes)} stand on one point", "settlements", tuple(codes))


def _lonely(study: Study) -> Iterator[Finding]:
    """A digit typed wrong puts a village tens of kilometres away from every other."""
    from scipy.spatial import cKDTree

    settlements = study.settlements
    if len(settlements) < LONELY_LEAST:
        return
    xy = np.column_stack([settlements.geometry.x, settlements.geometry.y])
    apart_km = cKDTree(xy).query(xy, k=2)[0][:, 1] / M_PER_KM
    usual_km = float(np.percentile(apart_km, 90))
    for at in np.flatnonzero((apart_km > LONELY_TIMES * usual_km) & (apart_km > LONELY_KM)):
        code = settlements.index[at]
        text = f"settlement {_named(settlements, code)} lies {apart_km[at]:.0f} km from every other: check its place"
        yield Finding(text, "settlements", (code,))


def _compounds(study: Study) -> Iterator[Finding]:
    schools = study.schools
    for codes in _near(schools, COMPOUND_M):
        names = [_named(schools, code) for code in codes]
        xy = _xy(schools.loc[codes])
        span_m = float(np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)).max())
        where = "stand on one point" if span_m < SAME_POINT_M else f"stand {span_m:.0f} m apart"
        text = f"schools {', '.join(names[:-1])} and {names[-1]} {where}: one compound?"
        yield Finding(text, "schools", tuple(codes))


def _near(frame: pd.DataFrame, limit_m: float) -> list[list[str]]:
    """Groups of points joined by steps of at most ``limit_m``."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(_xy(frame)).query_pairs(limit_m, output_type="ndarray")
    if not len(pairs):
        return []
    shape = (len(frame), len(frame))
    _, label = connected_components(coo_matrix((np.ones(len(pairs)), tuple(pairs.T)), shape=shape), directed=False)
    positions = pd.Series(np.arange(len(frame))).groupby(label)
    return [list(frame.index[part]) for part in positions.indices.values() if len(part) > 1]


def _far_from_own(study: Study) -> Iterator[Finding]:
    schools, settlements = study.schools, study.settlements
    own = schools["settlement"] if "settlement" in schools else pd.Series("", index=schools.index)
    at = settlements.index.get_indexer(pd.Index(own))
    far_km = np.hypot(*(_xy(schools) - _xy(settlements)[at]).T) / M_PER_KM
    for code, place, km in zip(schools.index, at, far_km, strict=True):
        if place >= 0 and km > OWN_SETTLEMENT_MAX_KM:
            home = settlements.index[place]
            text = f"school {_named(schools, code)} stands {km:.1f} km from its own settlement"
            yield Finding(f"{text} {_named(settlements, home)}", "schools", (code,))


def _outside_town(study: Study) -> Iterator[Finding]:
    if study.towns is None or "town" not in study.towns:
        return
    areas = study.towns[study.towns["town"].fillna("") != ""].dissolve(by="town").geometry
    schools = study.schools
    for town in sorted({*schools["town"], *study.settlements["town"]} - {"", *areas.index}):
        ids = tuple(schools.index[schools["town"] == town])
        yield Finding(f"town '{town}' has no boundary in the towns layer", "schools", ids)
    for town, group in schools[schools["town"].isin(areas.index)].groupby("town"):
        for code, metres in group.distance(areas[town]).items():
            if metres > OUTSIDE_TOWN_MAX_M:
                text = f"school {_named(schools, code)} stands {metres / M_PER_KM:.1f} km outside its town {town}"
                yield Finding(text, "schools", (str(code),))


def _enrolment(study: Study) -> Iterator[Finding]:
    schools = study.schools
    given = [name for name in PUPIL_COLUMNS if name in schools]
    if not given:
        return
    enrolled = schools[given].fillna(0)
    candidate = schools["status"] == "candidate"
    nobody = schools.index[(enrolled.sum(axis=1) == 0) & ~candidate]
    if len(nobody):
        verb = "school enrols" if len(nobody) == 1 else "schools enrol"
        yield Finding(f"{len(nobody)} {verb} nobody today: {some(nobody)}", "schools", tuple(nobody))
    low, high = schools["grades"].str.split("-", expand=True).astype(int).to_numpy().T
    taught = np.array([[lo <= int(name[1:]) <= hi for name in given] for lo, hi in zip(low, high, strict=True)])
    for code, amount in enrolled.where(~taught, 0).sum(axis=1).items():
        if candidate[code] and enrolled.loc[code].sum() > 0:
            text = f"school {_named(schools, code)} is a candidate, not built yet: its enrolment is not counted"
            yield Finding(text, "schools", (str(code),))
        elif amount > 0:
            grades = schools.loc[code, "grades"]
            text = f"school {_named(schools, code)} teaches grades {grades} but enrols {amount:g} pupils of others"
            yield Finding(text, "schools", (str(code),))


def _named(frame: pd.DataFrame, code: object) -> str:
    return f"{code} ({frame.loc[code, 'name']})"


def _xy(frame: pd.DataFrame) -> np.ndarray:
    return np.column_stack([frame.geometry.x, frame.geometry.y])
