"""The Study value: facts of one county, checked and in one metric coordinate system."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.errors import Finding, InputError, Problem, nearest
from layoutopt.schema import AGE_COLUMNS, LAYERS, PUPIL_COLUMNS, STAGE_GRADES, STAGES, Layer

if TYPE_CHECKING:
    import geopandas as gpd


LINKS = (
    ("expansions", "school_id", "school"), ("staff", "school_id", "school"), ("history", "school_id", "school"),
    ("facilities", "settlement_id", "settlement"),
)  # fmt: skip
"""Tables whose ids must be known: (layer, column, what the id names)."""


@dataclass(frozen=True, eq=False)
class Study:
    """The facts of one county, checked and in one metric coordinate system; frozen.

    ``settlements`` and ``schools`` are indexed by id and sorted by it. Schools carry ``offers_lower``,
    ``offers_upper`` and ``offers_junior``; missing ``places_*`` are NaN (not known). ``notes`` lists what
    was repaired or assumed while reading, ``inputs`` the SHA-256 of every file read.
    """

    name: str
    settlements: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    crs: str
    year: int | None = None
    roads: gpd.GeoDataFrame | None = None
    travel: pd.DataFrame | None = None
    expansions: pd.DataFrame | None = None
    vehicles: pd.DataFrame | None = None
    forecast: pd.DataFrame | None = None
    staff: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    facilities: pd.DataFrame | None = None
    towns: gpd.GeoDataFrame | None = None
    attribution: str = ""
    note: str = ""
    notes: tuple[Finding, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = list(_contradictions(self))
        if problems:
            raise InputError(problems)

    def __repr__(self) -> str:
        source = "ages" if self.has_ages else "enrolment" if self.has_enrolment else "population"
        pupils = f"{self.pupils_given:,.0f} pupils" if self.has_pupils else f"pupils from {source}"
        roads = f"{len(self.roads):,} roads" if self.roads is not None else "no roads"
        return (
            f"<Study {self.name}: {len(self.settlements)} settlements, {len(self.schools)} schools, {pupils}, {roads}>"
        )

    @property
    def has_pupils(self) -> bool:
        """Whether pupils are given by grade; otherwise they follow from other columns and the policy."""
        return any(name in self.settlements for name in PUPIL_COLUMNS)

    @property
    def has_ages(self) -> bool:
        """Whether children are given by age (primary_age, junior_age)."""
        return any(name in self.settlements for name in AGE_COLUMNS.values())

    @property
    def has_enrolment(self) -> bool:
        """Whether schools of today give their enrolment by grade, and settlements residents to spread it over."""
        today = self.schools[self.schools["status"] != "candidate"]
        both = ((today, PUPIL_COLUMNS), (self.settlements, ("population", *AGE_COLUMNS.values())))
        return all(frame[[n for n in names if n in frame]].fillna(0).to_numpy().sum() > 0 for frame, names in both)

    @property
    def pupils_given(self) -> float:
        """Pupils in the settlements layer."""
        names = [name for name in PUPIL_COLUMNS if name in self.settlements]
        return float(self.settlements[names].to_numpy().sum()) if names else 0.0

    @cached_property
    def digest(self) -> str:
        """A short hash of everything a result can depend on."""
        parts = hashlib.sha256(self.crs.encode())
        if self.history is not None:
            parts.update(f"year {self.year}".encode())  # which of the earlier years count
        for name, layer in LAYERS.items():
            frame = getattr(self, name)
            if frame is not None and len(frame):
                parts.update(name.encode())
                parts.update(_frame_bytes(frame, layer))
        return parts.hexdigest()[:16]


def _frame_bytes(frame: pd.DataFrame, layer: Layer) -> bytes:
    """Ids, schema columns that hold anything, and coordinates to a micrometre, in one fixed form."""
    import shapely

    parts = ["\n".join(map(str, frame.index)).encode() if frame.index.name else b""]
    for column in layer:
        if column.name in frame:
            cells = [_cell_text(value) for value in frame[column.name]]
            if any(cells):
                parts.append("\n".join([column.name, *cells]).encode())
    if "geometry" in frame:
        pieces = shapely.get_parts(shapely.get_rings(frame.geometry.to_numpy())) if _is_area(frame) else None
        pieces = shapely.get_parts(frame.geometry.to_numpy()) if pieces is None else pieces
        heights = bool(shapely.has_z(pieces).any())
        parts.append(np.round(shapely.get_coordinates(pieces, include_z=heights), 6).tobytes())
        parts.append(shapely.get_num_coordinates(pieces).astype("<i8").tobytes())
        parts.append(shapely.get_num_geometries(frame.geometry.to_numpy()).astype("<i8").tobytes())
    return b"\0".join(parts)


def _is_area(frame: pd.DataFrame) -> bool:
    return bool(frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all())


def _cell_text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, (int, float, np.number)) else str(value)


def _contradictions(study: Study) -> Iterator[Problem]:
    schools, settlements = study.schools, study.settlements
    if "population" not in settlements and not study.has_pupils and not study.has_ages:
        what = "neither pupils by grade (g1…g9) nor population are given"
        yield Problem("settlements", what, "Add one of them, or primary_age and junior_age.")
    for stage, bands in STAGES.items():
        column = f"current_{stage}"
        for code, school in settlements.loc[settlements[column] != "", column].items():
            where = f"settlements ({code})"
            if school not in schools.index:
                cure = nearest(school, schools.index).strip() or "Give a school_id of the schools layer."
                yield Problem(where, f"{column} = '{school}' is no school", cure)
            elif schools.loc[school, "status"] == "candidate":
                yield Problem(where, f"{column} = '{school}' is a candidate, not built yet", "Name another school.")
            elif not any(schools.loc[school, f"offers_{band}"] for band in bands):
                grades = schools.loc[school, "grades"]
                yield Problem(where, f"{column} = '{school}' teaches grades {grades} only", "Name another school.")
    for name, column, what in LINKS:
        table, known = getattr(study, name), schools.index if column == "school_id" else settlements.index
        if table is not None:
            for code in table.loc[~table[column].isin(known), column].unique():
                yield Problem(name, f"{column} = '{code}' is no {what}", nearest(code, known).strip())
    if study.has_pupils:
        yield from _seats_short(study)


def _seats_short(study: Study) -> Iterator[Problem]:
    grown = study.expansions
    for stage, bands in STAGES.items():
        pupils = float(study.settlements[[f"g{grade}" for grade in STAGE_GRADES[stage]]].to_numpy().sum())
        teaches = study.schools[[f"offers_{band}" for band in bands]].any(axis=1)
        usable = study.schools[teaches & (study.schools["status"] != "close")]
        places = float(usable[f"places_{stage}"].sum(skipna=False))
        if grown is not None:
            best = grown[grown["stage"] == stage].groupby("school_id")["places"].max()
            places += float(best.sum())
        if pupils > 0 and not teaches.any():
            yield Problem(
                "schools",
                f"no school teaches the {stage} stage, but {pupils:,.0f} pupils need it",
                "Add the schools they attend.",
            )
        elif places < pupils:
            yield Problem(
                "schools",
                f"{places:,.0f} {stage} places in all for {pupils:,.0f} pupils",
                f"Check places_{stage}, or add expansions or candidate schools.",
            )
