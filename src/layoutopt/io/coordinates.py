"""One layer's coordinates: points from table cells, the system they are in, and every feature that is nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.errors import Finding, InputError, Problem
from layoutopt.io.cells import STANDS_FOR_NOTHING
from layoutopt.io.crs import DEGREES, are_metres, guess_crs, to_degrees
from layoutopt.io.datum import CHINA, SHIFTED, in_china, to_wgs84
from layoutopt.io.files import LayerFile
from layoutopt.io.points import points_from_table

if TYPE_CHECKING:
    import geopandas as gpd

UNSAID_SUFFIXES = (".geojson", ".json")
NORTHERNMOST_SCHOOL_LAT = 79.0
"""No settlement with pupils lies north of Svalbard's; a larger latitude is a longitude."""

NEIGHBOUR_DEG = 3.0
"""How far outside its zone a layer may reach before its axes are tried the other way round."""

CLOSE_TOGETHER_M = 250.0
LARGEST_COUNTY_M = 1_000_000.0

Ids = Mapping[Any, str]
Checked = tuple["gpd.GeoSeries", list[Finding], list[Problem]]


def geometry_of(
    raw: pd.DataFrame, file: LayerFile, *, name: str, ids: Ids | None = None
) -> tuple[gpd.GeoSeries, list[Problem]]:
    """Return the geometry of ``raw`` on WGS 84 or in metres, and what is wrong with it, for a layer on its own.

    Tables give points: columns named lon and lat are degrees on WGS 84 unless ``crs`` says otherwise;
    any other pair needs ``x`` and ``y``. ``name`` is the layer's, ``ids`` each row's id for messages.
    """
    geometry, problems = shape_of(raw, file, name=name, ids=ids)
    placed, _, wrong = in_known_crs(geometry.dropna() if problems else geometry, file, name=name, near=None)
    return (geometry if problems else placed), [*problems, *(wrong or faulty(placed, file, ids))]


def shape_of(
    raw: pd.DataFrame, file: LayerFile, *, name: str, ids: Ids | None = None
) -> tuple[gpd.GeoSeries, list[Problem]]:
    """Return the geometry as the file or study.toml gives it; its ``crs`` is None where neither says one.

    Rows a problem is returned for have no geometry (None).
    """
    import geopandas as gpd

    if file.crs and not _is_crs(file.crs):
        where = f"study.toml [layers.{name}] crs"
        problem = Problem(where, f"'{file.crs}' is no coordinate system", 'Give one such as "EPSG:4326".')
        return gpd.GeoSeries([None] * len(raw), index=raw.index), [problem]
    if file.is_table or (file.x and file.y):
        return points_from_table(raw, file, name, ids)
    if not isinstance(raw, gpd.GeoDataFrame):
        raise InputError([Problem(file.label, "the layer has no geometry", "Export it with its geometry.")])
    geometry = gpd.GeoSeries(_single(raw.geometry.to_numpy()), index=raw.index, crs=raw.crs)
    if file.crs:
        return geometry.set_crs(file.crs, allow_override=True), []
    if geometry.crs is not None and not (geometry.crs.is_geographic or geometry.crs.is_projected):
        geometry = geometry.set_crs(None, allow_override=True)  # a local system says nothing of the place
    if file.suffix in UNSAID_SUFFIXES and are_metres(_middles(geometry).ravel()):
        geometry = geometry.set_crs(None, allow_override=True)  # the format calls all numbers degrees
    return geometry, []


def _single(shapes: Any) -> Any:
    """Points that a GIS stored as collections of one are points."""
    import shapely

    is_one = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    return np.where(is_one, shapely.get_geometry(shapes, 0), shapes)


def _is_crs(text: str) -> bool:
    import pyproj

    try:
        found = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        return False
    return found.is_geographic or found.is_projected


def in_known_crs(geometry: gpd.GeoSeries, file: LayerFile, *, name: str, near: gpd.GeoSeries | None) -> Checked:
    """Return the geometry with its coordinate system: the given one, or the one its numbers and ``near`` tell.

    Axes that stand the other way round (northing first) are turned; both are said in a finding.
    """
    usable = geometry[~(geometry.isna() | geometry.is_empty)]
    if geometry.crs is not None or not len(usable):
        return _turned(geometry, file, name)
    guess = guess_crs(usable.total_bounds, near=near, places=_along(usable))
    if guess.crs is None:
        cure = 'Give crs = "EPSG:…" in study.toml' + ("." if file.is_table else ", or add the .prj file.")
        fits = f" ({guess.why}: {', '.join(guess.candidates)})" if guess.candidates else f" ({guess.why})"
        return geometry, [], [Problem(file.label, f"no coordinate system (CRS) is given{fits}", cure)]
    if guess.swapped:
        geometry = _flipped(geometry)
    turned = "; x holds the northings and y the eastings, they are turned" if guess.swapped else ""
    text = f"{file.label}: no coordinate system given; {guess.crs} assumed ({guess.why}){turned}"
    return geometry.set_crs(guess.crs), [Finding(text, name)], []


def _along(geometry: gpd.GeoSeries) -> np.ndarray:
    """Coordinates close enough to each other that a village by the road is near one of them."""
    import shapely

    west, south, east, north = geometry.total_bounds
    is_county = 1_000 < max(east - west, north - south) < LARGEST_COUNTY_M
    shapes = shapely.segmentize(geometry.to_numpy(), CLOSE_TOGETHER_M) if is_county else geometry.to_numpy()
    return np.asarray(shapely.get_coordinates(shapes))


def _middles(geometry: gpd.GeoSeries) -> np.ndarray:
    bounds = geometry.bounds.to_numpy()
    return np.asarray((bounds[:, :2] + bounds[:, 2:]) / 2)


def _turned(geometry: gpd.GeoSeries, file: LayerFile, name: str) -> Checked:
    """Swap x and y where a projected layer lies outside its zone, but within it the other way round."""
    crs = geometry.crs
    usable = geometry[~(geometry.isna() | geometry.is_empty)]
    if crs is None or not crs.is_projected or crs.area_of_use is None or not len(usable):
        return geometry, [], []
    middle = np.median(_middles(usable), axis=0)
    if _within(crs, *middle) or not _within(crs, *middle[::-1]):
        return geometry, [], []
    text = f"{file.label}: x holds the northings and y the eastings of {_short(crs)}; they are turned"
    return _flipped(geometry), [Finding(text, name)], []


def _within(crs: Any, x: float, y: float) -> bool:
    lon, lat = to_degrees(crs).transform(x, y)
    area = crs.area_of_use
    far_x = max(area.west - lon, lon - area.east) if area.west <= area.east else 0.0
    return bool(np.isfinite([lon, lat]).all()) and max(far_x, area.south - lat, lat - area.north) <= NEIGHBOUR_DEG


def _short(crs: Any) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)


def _flipped(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    import geopandas as gpd
    import shapely

    flat = shapely.force_2d(geometry.to_numpy())
    turned = shapely.transform(flat, lambda xy: xy[:, ::-1])
    return gpd.GeoSeries(turned, index=geometry.index, crs=geometry.crs)


def faulty(geometry: gpd.GeoSeries, file: LayerFile, ids: Ids | None) -> list[Problem]:
    """Return a problem for each feature that is empty, endless, at the zero point, or off its system."""
    gone = geometry.isna() | geometry.is_empty
    problems = [
        Problem(file.where(row, ids), "the geometry is empty", "Draw it, or delete the row.")
        for row in geometry.index[gone]
    ]
    usable = geometry[~gone]
    bounds = usable.bounds
    infinite = ~np.isfinite(bounds.to_numpy()).all(axis=1)
    problems += [
        Problem(file.where(row, ids), "a coordinate is not a finite number", "Draw it again.")
        for row in usable.index[infinite]
    ]
    if usable.crs is None or not len(usable) or infinite.any():
        return problems
    nowhere = _stand_for_nothing(bounds, degrees=usable.crs.is_geographic)
    problems += [
        Problem(file.where(row, ids), f"its place is {x:g}, {y:g}, which stands for no place", "Give its coordinates.")
        for row, (x, y) in bounds.loc[nowhere, ["minx", "miny"]].iterrows()
    ]
    usable, bounds = usable[~nowhere], bounds[~nowhere]
    if not len(usable):
        return problems
    if usable.crs.is_geographic:
        return problems + _outside_the_globe(bounds, file)
    x, y = bounds["maxx"].iloc[0], bounds["maxy"].iloc[0]
    if np.abs(usable.total_bounds).max() <= 180:
        what = f"the numbers are degrees ({x:.6g}, {y:.6g}), but {_short(usable.crs)} is no system of degrees"
        return [*problems, Problem(file.label, what, 'Give crs = "EPSG:4326" in study.toml.')]
    degrees = usable.to_crs(DEGREES).bounds.to_numpy()
    lost = usable.index[~np.isfinite(degrees).all(axis=1)]
    what = f"the point lies outside the area of {_short(usable.crs)}"
    return problems + [Problem(file.where(row, ids), what, "Check its coordinates.") for row in lost]


def _stand_for_nothing(bounds: pd.DataFrame, *, degrees: bool) -> np.ndarray:
    """Points whose x and y are both 0, −1, −9 …: in degrees always, in metres where all others lie far away."""
    corners = bounds.to_numpy()
    is_point = (corners[:, :2] == corners[:, 2:]).all(axis=1)
    found = is_point & np.isin(corners[:, :2], (0.0, *STANDS_FOR_NOTHING)).all(axis=1)
    if degrees or not found.any() or found.all():
        return np.asarray(found)
    far = np.abs(corners[~found][:, :2]).max(axis=1).min() > 100_000
    return np.asarray(found & far)


def _outside_the_globe(bounds: pd.DataFrame, file: LayerFile) -> list[Problem]:
    low, high = bounds["miny"].min(), bounds["maxy"].max()
    if high > NORTHERNMOST_SCHOOL_LAT or low < -90:
        value = high if high > NORTHERNMOST_SCHOOL_LAT else low
        cure = "Swap x and y (longitude first), or give the crs the numbers are in."
        return [Problem(file.label, f"latitudes reach {value:.6g}: longitude and latitude look swapped", cure)]
    west, east = bounds["minx"].min(), bounds["maxx"].max()
    if west < -180 or east > 180:
        worst = west if west < -180 else east
        cure = "Give the crs the numbers are in."
        return [Problem(file.label, f"longitudes reach {worst:.6g}, beyond 180", cure)]
    return []


def on_wgs84(geometry: gpd.GeoSeries, file: LayerFile, *, name: str, datum: str) -> Checked:
    """Return a layer in degrees moved from a web map's datum to WGS 84; metres stay, and a finding says so."""
    import geopandas as gpd
    import shapely

    if datum not in SHIFTED or not len(geometry):
        return geometry, [], []
    shown = {"gcj02": "GCJ-02", "bd09": "BD-09"}[datum]
    if not geometry.crs.is_geographic:
        return geometry, [Finding(f"{file.label}: in metres already, so it is not moved from {shown}", name)], []
    coordinates = shapely.get_coordinates(geometry.to_numpy())
    outside = int((~in_china(coordinates[:, 0], coordinates[:, 1])).sum())
    if outside:
        west, south, east, north = CHINA
        what = f"datum {datum}, but {outside} of {len(coordinates)} points lie outside China"
        cure = f'Give datum = "wgs84"; {shown} exists within {west:g}-{east:g}° E, {south:g}-{north:g}° N only.'
        return geometry, [], [Problem(file.label, what, cure)]

    def moved(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))

    flat = shapely.transform(shapely.force_2d(geometry.to_numpy()), moved)
    text = f"{file.label}: moved from {shown} to WGS 84, about {_moved_m(coordinates, moved(coordinates)):.0f} m"
    return gpd.GeoSeries(flat, index=geometry.index, crs=DEGREES), [Finding(text, name)], []


def _moved_m(before: np.ndarray, after: np.ndarray) -> float:
    step = after - before
    east = step[:, 0] * np.cos(np.radians(before[:, 1]))
    return float(np.median(np.hypot(east, step[:, 1])) * 111_320)
