"""Layers as read → layers as a Study holds them: points, whole columns, the bands a school offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layoutopt.errors import Finding
from layoutopt.schema import BANDS, PUPIL_COLUMNS

if TYPE_CHECKING:
    import geopandas as gpd


def finish_settlements(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return settlements as points, sorted by id, with every pupil column a whole number; and the repairs."""
    notes: list[Finding] = []
    frame = frame.copy()
    polygons = ~frame.geom_type.eq("Point")
    if polygons.any():
        frame["geometry"] = frame.geometry.where(~polygons, frame.geometry.representative_point())
        notes.append(Finding(f"settlements: {int(polygons.sum())} polygons stand for a point inside them"))
    given = [name for name in PUPIL_COLUMNS if name in frame]
    if given:
        frame = frame.assign(**{name: 0.0 for name in PUPIL_COLUMNS if name not in frame})
    for name in ("name", "town", "current_primary", "current_junior", "language"):
        frame[name] = frame[name].fillna("") if name in frame else ""
    frame["name"] = frame["name"].where(frame["name"] != "", frame["settlement_id"])
    return frame.set_index("settlement_id").sort_index(), notes


def finish_schools(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return schools sorted by id with the bands they offer and every optional column filled or NaN."""
    frame = frame.copy()
    for name in ("name", "town", "kind", "keep_reason", "language"):
        frame[name] = frame[name].fillna("") if name in frame else ""
    frame["name"] = frame["name"].where(frame["name"] != "", frame["school_id"])
    frame["status"] = frame["status"].fillna("open") if "status" in frame else "open"
    for name in ("places_primary", "places_junior", "classrooms", "teachers", "annual_cost_cny"):
        frame[name] = frame[name].astype(float) if name in frame else np.nan
    frame["beds"] = frame["beds"].fillna(0).astype(float) if "beds" in frame else 0.0
    span = frame["grades"].str.split("-", expand=True).astype(int)
    for band, grades in BANDS.items():
        frame[f"offers_{band}"] = (span[0] <= grades[0]) & (span[1] >= grades[-1])
    offered = frame[[f"offers_{band}" for band in BANDS]].any(axis=1)
    notes = [
        Finding(
            f"schools: {code} teaches grades {grades}, no whole band (1-3, 4-6, 7-9): nobody goes there",
            "schools",
            (code,),
        )
        for code, grades in frame.loc[~offered, ["school_id", "grades"]].itertuples(index=False)
    ]
    return frame.set_index("school_id").sort_index(), notes
