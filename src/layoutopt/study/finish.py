"""Layers as read → layers as a Study holds them: points, whole columns, one spelling, ids in place of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.errors import Finding, Problem, nearest
from layoutopt.schema import BANDS, PUPIL_COLUMNS, STAGES, bands_of
from layoutopt.study.names import Names, Place, bare_school, matched, some, town_spellings

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, eq=False)
class Finished:
    """Settlements, schools and towns as a Study takes them, what was repaired, and names that stay unclear."""

    settlements: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    towns: gpd.GeoDataFrame | None
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


def finish(frames: Mapping[str, Any]) -> Finished:
    """Return the finished layers of ``frames``: typed, in one metric coordinate system, by layer name.

    Names in ``current_primary``, ``current_junior`` and ``settlement`` become ids, and each town gets one
    spelling; every such reading is a finding. Cells with an unclear name are emptied and listed as problems.
    """
    settlements, findings = finish_settlements(frames["settlements"])
    schools, more = finish_schools(frames["schools"])
    towns = frames.get("towns")
    findings += more
    if towns is not None:
        towns, more = _valid(towns, "towns", towns.get("town", towns.index))
        findings += more
    settlements, schools, towns, more = _one_spelling(settlements, schools, towns)
    findings += more
    settlements, more, problems = _schools_named(settlements, schools)
    findings += more
    schools, more, unclear = _settlements_named(schools, settlements)
    return Finished(settlements, schools, towns, (*findings, *more), (*problems, *unclear))


def finish_settlements(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return settlements as points, sorted by id, with every pupil column a whole number; and the repairs."""
    frame, notes = _valid(frame, "settlements", frame["settlement_id"])
    polygons = ~frame.geom_type.eq("Point")
    if polygons.any():
        frame["geometry"] = frame.geometry.where(~polygons, frame.geometry.representative_point())
        count = int(polygons.sum())
        what = (
            "1 polygon stands for a point inside it"
            if count == 1
            else f"{count} polygons stand for a point inside them"
        )
        notes.append(Finding(f"settlements: {what}", "settlements"))
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
    for name in ("name", "town", "settlement", "kind", "keep_reason", "language"):
        frame[name] = frame[name].fillna("") if name in frame else ""
    frame["name"] = frame["name"].where(frame["name"] != "", frame["school_id"])
    frame["status"] = frame["status"].fillna("open") if "status" in frame else "open"
    for name in ("places_primary", "places_junior", "classrooms", "teachers", "annual_cost_cny"):
        frame[name] = frame[name].astype(float) if name in frame else np.nan
    frame["beds"] = frame["beds"].fillna(0).astype(float) if "beds" in frame else 0.0
    span = frame["grades"].str.split("-", expand=True).astype(int)
    for band, grades in bands_of().items():
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


def _valid(frame: gpd.GeoDataFrame, layer: str, ids: Any) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Repair polygons that cross themselves, keeping their areas only; one finding for the layer."""
    import shapely

    broken = ~frame.geometry.is_valid.to_numpy(bool)
    if not broken.any():
        return frame.copy(), []
    whole = frame.geometry.to_numpy().copy()
    whole[broken] = [_area_of(shapely.make_valid(shape)) or shape for shape in whole[broken]]
    codes = tuple(str(code) for code, bad in zip(ids, broken, strict=True) if bad)
    text = f"{layer} {some(codes)}: {len(codes)} polygons that cross themselves were repaired"
    if len(codes) == 1:
        text = f"{layer} {codes[0]}: a polygon that crosses itself was repaired"
    return frame.set_geometry(whole, crs=frame.crs), [Finding(text, layer, codes)]


def _area_of(shape: Any) -> Any:
    """The polygons among the pieces of a repaired shape; None where no area is left."""
    import shapely

    pieces = [shapely.get_parts(part) for part in shapely.get_parts(shape)]
    areas = [piece for part in pieces for piece in part if piece.geom_type == "Polygon" and piece.area > 0]
    return None if not areas else areas[0] if len(areas) == 1 else shapely.MultiPolygon(areas)


def _one_spelling(
    settlements: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, towns: gpd.GeoDataFrame | None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None, list[Finding]]:
    layers = {"settlements": settlements, "schools": schools}
    if towns is not None and "town" in towns:
        layers = {"towns": towns.assign(town=towns["town"].fillna("")), **layers}
    spelling, unclear = town_spellings({name: frame["town"] for name, frame in layers.items()})
    findings = []
    for old, new in sorted(spelling.items()):
        for name, frame in layers.items():
            ids = tuple(str(code) for code in frame.index[frame["town"] == old])
            if ids:
                about = "" if name == "towns" else f" {some(ids)}"
                findings.append(Finding(f"{name}{about}: town '{old}' read as '{new}'", name, ids))
    done = {name: frame.assign(town=frame["town"].replace(spelling)) for name, frame in layers.items()}
    return done["settlements"], done["schools"], done.get("towns", towns), [*findings, *unclear]


def _places(frame: pd.DataFrame) -> list[Place]:
    return [Place(code, name, town) for code, name, town in zip(frame.index, frame["name"], frame["town"], strict=True)]


def _schools_named(
    settlements: gpd.GeoDataFrame, schools: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Finding], list[Problem]]:
    """Names of schools in the settlements layer → ids; a name means a school of today that teaches the stage."""
    findings: list[Finding] = []
    problems: list[Problem] = []
    for stage, bands in STAGES.items():
        teaches = schools[[f"offers_{band}" for band in bands]].any(axis=1) & (schools["status"] != "candidate")
        cells = settlements[f"current_{stage}"].rename(f"settlements.current_{stage}")
        names = Names(_places(schools[teaches]), looser=bare_school)
        read, listed, unclear = matched(cells, names, towns=settlements["town"], known=schools.index)
        settlements = settlements.assign(**{f"current_{stage}": read})
        findings += listed
        problems += unclear
    return settlements, findings, problems


def _settlements_named(
    schools: gpd.GeoDataFrame, settlements: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, list[Finding], list[Problem]]:
    """Names of settlements in the schools layer → ids; one that is not in the layer is left out, with a word."""
    cells = schools["settlement"].rename("schools.settlement")
    read, findings, problems = matched(cells, Names(_places(settlements)), towns=schools["town"])
    unknown = (read != "") & ~read.isin(settlements.index)
    for code, cell in read[unknown].items():
        hint = nearest(cell, [*settlements.index, *settlements["name"]])
        text = f"schools {code}: settlement '{cell}' is not in the settlements layer and is left out.{hint}"
        findings.append(Finding(text, "schools", (str(code),)))
    return schools.assign(settlement=read.mask(unknown, "")), findings, problems
