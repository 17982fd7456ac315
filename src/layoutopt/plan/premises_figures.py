"""What closed premises could become: building area, children nearby and the next such place, for each use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.policy import Policy
from layoutopt.pupils import pupils_of
from layoutopt.study import Study
from layoutopt.units import M_PER_KM

Array = NDArray[np.float64]
RETURNED = "village_use"
"""The use that gives the premises back to the village; no building counts as reused for it."""
IDLE = "idle"
SLACK = 1e-9


def buildings_reused(premises: pd.DataFrame) -> int:
    """Return the closed buildings that serve children again; those returned to the village are not counted."""
    return int((~premises["use"].isin(["", RETURNED])).sum())


def use_facts(study: Study, policy: Policy, school_ids: Sequence[str]) -> pd.DataFrame:
    """Return ``school_id, use, area_m2, demand, facility_km, value_cny, capital_cny, why_not``, a row a pair.

    ``demand`` counts the children whose settlement lies within ``use_radius_km``: under school age for
    kindergartens, left-behind pupils for homes, pupils for the others; NaN where that is not known or no radius
    is set. ``facility_km`` is the distance to the next place of the use that exists, ``inf`` without one.
    ``why_not`` is empty where the use fits. Distances are straight. What is not known never meets a minimum.
    """
    area = building_area_m2(study).reindex(school_ids).to_numpy(float)
    rows = []
    for use in policy.premises.uses:
        demand, distance = _demand(study, policy, use, school_ids), _facility_km(study, use, school_ids)
        for at, code in enumerate(school_ids):
            why_not = _why_not(policy, use, area[at], demand[at], distance[at])
            rows.append((code, use, area[at], demand[at], distance[at], why_not))
    found = pd.DataFrame(rows, columns=["school_id", "use", "area_m2", "demand", "facility_km", "why_not"])
    for name, table in (("value_cny", policy.premises.use_value_cny), ("capital_cny", policy.premises.use_capital_cny)):
        found[name] = found["use"].map(lambda use, table=table: float(table.get(use, 0.0))).astype(float)
    return found


def building_area_m2(study: Study) -> pd.Series:
    """Return the area of each school's buildings, its teaching area where only that is known; NaN for neither."""
    given = study.schools.reindex(columns=["building_area_m2", "teaching_area_m2"]).astype(float)
    return given["building_area_m2"].fillna(given["teaching_area_m2"])


def sites_km(study: Study, school_ids: Sequence[str]) -> Array:
    """Return straight distances between schools."""
    points = study.schools.geometry.reindex(list(school_ids))
    return _km(points, points)


def nearest_km(study: Study, use: str, school_id: str, others: Sequence[str]) -> float:
    """Return the distance to the next place of ``use``, existing or one of the closed sites ``others``; or ``inf``."""
    there = float(_facility_km(study, use, [school_id])[0])
    if len(others):
        there = min(there, float(sites_km(study, [school_id, *others])[0, 1:].min()))
    return there


def _demand(study: Study, policy: Policy, use: str, school_ids: Sequence[str]) -> Array:
    radius = policy.premises.use_radius_km.get(use)
    if radius is None or not len(school_ids):
        return np.full(len(school_ids), np.nan)
    children = _children(study, policy, use)
    known = children.notna().to_numpy()
    near = _km(study.schools.geometry.reindex(list(school_ids)), study.settlements.geometry) <= radius + SLACK
    counted = (near & known) @ children.fillna(0.0).to_numpy(float)
    return np.where((near & known).any(axis=1) | ~near.any(axis=1), counted, np.nan)


def _children(study: Study, policy: Policy, use: str) -> pd.Series:
    """Children the use is for, by settlement; NaN where not known."""
    given = study.settlements.reindex(columns=["age_0_6", "left_behind"]).astype(float)
    if use == "kindergarten":
        return given["age_0_6"]
    pupils = pupils_of(study, policy).sum(axis=1).reindex(given.index)
    return pupils * given["left_behind"] if use == "left_behind_home" else pupils


def _facility_km(study: Study, use: str, school_ids: Sequence[str]) -> Array:
    table = study.facilities
    places = [] if table is None else sorted(set(table.loc[table["use"] == use, "settlement_id"]))
    if not places or not len(school_ids):
        return np.full(len(school_ids), np.inf)
    there = study.settlements.geometry.reindex(places)
    return _km(study.schools.geometry.reindex(list(school_ids)), there).min(axis=1)


def _why_not(policy: Policy, use: str, area: float, demand: float, facility_km: float) -> str:
    choice = policy.premises
    least_area, least_demand = choice.use_min_area_m2.get(use, 0.0), choice.use_min_demand.get(use, 0.0)
    if least_area > 0 and not area >= least_area - SLACK:
        return "area not known" if np.isnan(area) else "too small"
    if least_demand > 0 and not demand >= least_demand - SLACK:
        return "children nearby not known" if np.isnan(demand) else "too few children nearby"
    if facility_km < choice.use_spacing_km.get(use, 0.0) - SLACK:
        return "another such place is near"
    return ""


def _km(ones: object, others: object) -> Array:
    """Straight distances between points in metres."""
    first, second = (np.column_stack([points.x, points.y]) for points in (_points(ones), _points(others)))  # type: ignore[attr-defined]
    return np.asarray(np.hypot(*(first[:, None, :] - second[None, :, :]).transpose(2, 0, 1)) / M_PER_KM)


def _points(places: object) -> object:
    return places.representative_point()  # type: ignore[attr-defined]
