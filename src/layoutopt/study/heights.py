"""Heights of settlements, schools and roads, read once from an elevation raster; nothing later opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from layoutopt.errors import Finding, InputError, Problem
from layoutopt.io.files import RASTER_SUFFIXES, LayerFile, check_readable
from layoutopt.io.rasters import draped, heights, own_heights

POINT_LAYERS = ("settlements", "schools")
FLAT_LAYERS = (*POINT_LAYERS, "towns")


def with_heights(frames: Mapping[str, Any], raster: LayerFile | None) -> tuple[dict[str, Any], list[Finding]]:
    """Return the layers (in metres) with ``elevation_m`` where it was missing and roads in three dimensions.

    Without a raster roads keep the heights their own file has, if it has any.

    Raises
    ------
    InputError
        The raster cannot be read, or lies beside the study.
    """
    found = {name: _flat(frame) if name in FLAT_LAYERS else frame for name, frame in frames.items()}
    if raster is None:
        return found, _roads_own(found)
    check_readable(raster, RASTER_SUFFIXES)
    findings = []
    for name in POINT_LAYERS:
        frame = found[name]
        inner = frame.geometry.representative_point()
        measured = heights(raster.path, np.column_stack([inner.x, inner.y]), frame.crs, raster_crs=raster.crs)
        given = frame["elevation_m"].astype(float) if "elevation_m" in frame else np.full(len(frame), np.nan)
        filled = np.isnan(given) & np.isfinite(measured)
        found[name] = frame.assign(elevation_m=np.where(np.isnan(given), measured, given))
        if name == "settlements" and not np.isfinite(measured).any():
            raise InputError([Problem(raster.label, "no settlement lies on it", "Check its place and its crs.")])
        findings.append(_points_finding(name, raster, int(np.sum(filled)), len(frame), np.isnan(measured), frame))
    if found.get("roads") is not None:
        found["roads"], finding = _roads_draped(found["roads"], raster)
        findings.append(finding)
    return found, findings


def _flat(frame: Any) -> Any:
    """A third coordinate of points and areas is dropped: where it is a height nobody says."""
    shapes = frame.geometry.to_numpy()
    return frame.set_geometry(shapely.force_2d(shapes), crs=frame.crs) if shapely.has_z(shapes).any() else frame


def _points_finding(name: str, raster: LayerFile, filled: int, count: int, off: Any, frame: Any) -> Finding:
    text = f"{name}: height of {filled} of {count} from {raster.path.name}"
    lost = int(np.sum(off))
    if not lost:
        return Finding(text, name)
    return Finding(f"{text}; {lost} lie off it", name, tuple(frame[f"{name[:-1]}_id"].astype(str)[np.asarray(off)]))


def _roads_draped(roads: Any, raster: LayerFile) -> tuple[Any, Finding]:
    lines, lost = draped(roads.geometry, raster.path, raster_crs=raster.crs)
    lines, _ = own_heights(lines)  # a copy of the study, read from its own lines, has the same heights
    text = f"roads: heights every 100 m from {raster.path.name} on {len(roads) - lost} of {len(roads)} lines"
    tail = f"; {lost} leave it and count as flat" if lost else ""
    return roads.set_geometry(lines), Finding(text + tail, "roads")


def _roads_own(frames: dict[str, Any]) -> list[Finding]:
    roads = frames.get("roads")
    if roads is None or not shapely.has_z(roads.geometry.to_numpy()).any():
        return []
    lines, kept = own_heights(roads.geometry)
    frames["roads"] = roads.set_geometry(lines)
    return [Finding(f"roads: {kept} of {len(roads)} lines carry heights of their own", "roads")] if kept else []
