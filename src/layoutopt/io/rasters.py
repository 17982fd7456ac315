"""Heights out of a GeoTIFF: bilinear at points, every 100 m along lines; NaN where the raster says nothing."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import InputError, MissingExtraError, Problem

if TYPE_CHECKING:
    import geopandas as gpd

Array = NDArray[np.float64]
STEP_M = 100.0
LARGEST_WINDOW = 200_000_000
DROP_M = 100.0
HIGHEST_M, LOWEST_M = 9_000.0, -500.0
"""Values beyond are no heights in metres: another unit, or a mark for "no data" that the file does not declare."""


def heights(path: Path, points: Any, crs: Any, *, raster_crs: str | None = None) -> Array:
    """Return the height in metres at each of ``points``, (n, 2) in ``crs``; NaN outside the raster.

    Only the window around the points is read. Between the centres of four cells the height is bilinear;
    where one of the four has no value there is none.

    Raises
    ------
    MissingExtraError
        rasterio is not installed (extra ``dem``).
    InputError
        The file is no GeoTIFF, names no coordinate system, or is too large around the points.
    """
    try:
        rasterio = importlib.import_module("rasterio")
    except ImportError:
        raise MissingExtraError("rasterio", "dem") from None
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    found = np.full(len(points), np.nan)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            with rasterio.open(path, driver="GTiff") as source:
                system = raster_crs or source.crs
                if not system:
                    cure = 'Give crs = "EPSG:…" under [layers.elevation] in study.toml.'
                    raise InputError([Problem(path.name, "no coordinate system (CRS) is given", cure)])
                column, row = _cells(source, points, crs, system)
                values, left, top = _window(source, column, row, path.name)
    except rasterio.errors.RasterioError as error:
        raise InputError([Problem(path.name, f"not a readable GeoTIFF ({error})", "Export it again.")]) from None
    if values.size:
        found = _bilinear(values, column - left, row - top)
    return found


def _cells(source: Any, points: Array, crs: Any, raster_crs: Any) -> tuple[Array, Array]:
    """Return column and row of each point, counted between the centres of cells."""
    import pyproj

    try:
        system = pyproj.CRS.from_user_input(raster_crs)
    except pyproj.exceptions.CRSError:
        where = "study.toml [layers.elevation] crs"
        what = f"'{raster_crs}' is no coordinate system"
        raise InputError([Problem(where, what, 'Give one such as "EPSG:4326".')]) from None
    to_raster = pyproj.Transformer.from_crs(crs, system, always_xy=True)
    x, y = to_raster.transform(points[:, 0], points[:, 1])
    back = ~source.transform
    column = back.a * np.asarray(x) + back.b * np.asarray(y) + back.c - 0.5
    row = back.d * np.asarray(x) + back.e * np.asarray(y) + back.f - 0.5
    inside = (column >= -0.5) & (column <= source.width - 0.5) & (row >= -0.5) & (row <= source.height - 0.5)
    column = np.where(inside, np.clip(column, 0, source.width - 1), np.nan)
    return column, np.where(inside, np.clip(row, 0, source.height - 1), np.nan)


def _window(source: Any, column: Array, row: Array, name: str) -> tuple[Array, int, int]:
    """Read the cells around the points; values that are no heights are NaN."""
    inside = np.isfinite(column)
    if not inside.any():
        return np.empty((0, 0)), 0, 0
    left, top = int(column[inside].min()), int(row[inside].min())
    right = min(int(column[inside].max()) + 2, source.width)
    bottom = min(int(row[inside].max()) + 2, source.height)
    if (right - left) * (bottom - top) > LARGEST_WINDOW:
        what = f"{(right - left) * (bottom - top) / 1e6:,.0f} million cells lie around the study"
        raise InputError([Problem(name, what, "Resample it to 10 m or coarser.")])
    read = source.read(1, window=((top, bottom), (left, right)), masked=True)
    values = np.asarray(np.ma.filled(read.astype(np.float32), np.nan))
    values[(values < LOWEST_M) | (values > HIGHEST_M)] = np.nan
    return values, left, top


def _bilinear(values: NDArray[Any], column: Array, row: Array) -> Array:
    rows, columns = values.shape
    inside = np.isfinite(column)
    x, y = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
    left, top = np.minimum(x.astype(int), max(columns - 2, 0)), np.minimum(y.astype(int), max(rows - 2, 0))
    right, bottom = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
    a, b = x - left, y - top
    upper = _between(values[top, left], values[top, right], a)
    lower = _between(values[bottom, left], values[bottom, right], a)
    return np.where(inside, _between(upper, lower, b), np.nan)


def _between(one: Array, other: Array, share: Array) -> Array:
    """Interpolate; at a share of exactly 0 or 1 the cell without a part in it may be missing."""
    mixed = one * (1 - share) + other * share
    return np.where(share == 0, one, np.where(share == 1, other, mixed)).astype(float)


def draped(lines: gpd.GeoSeries, path: Path, *, raster_crs: str | None = None) -> tuple[gpd.GeoSeries, int]:
    """Return lines (in metres) with a vertex at least every 100 m and its height, and how many stay flat.

    A line with a vertex off the raster stays as it was drawn, in two dimensions: half a profile would
    pass for a cliff.
    """
    import geopandas as gpd
    import shapely

    flat = shapely.force_2d(lines.to_numpy())
    dense = shapely.segmentize(flat, STEP_M)
    coordinates, owner = shapely.get_coordinates(dense, return_index=True)
    height = heights(path, coordinates, lines.crs, raster_crs=raster_crs)
    lost = np.zeros(len(flat), dtype=bool)
    lost[owner[~np.isfinite(height)]] = True
    raised = shapely.set_coordinates(
        shapely.force_3d(dense), np.column_stack([coordinates, np.nan_to_num(height, nan=0.0)])
    )
    return gpd.GeoSeries(np.where(lost, flat, raised), index=lines.index, crs=lines.crs), int(lost.sum())


def own_heights(lines: gpd.GeoSeries) -> tuple[gpd.GeoSeries, int]:
    """Return lines with the heights their file holds, flat where it holds none; and how many keep theirs.

    A third coordinate that is missing somewhere, or the same all over the layer, is no survey of heights;
    nor is one that jumps to exactly 0 from far above.
    """
    import geopandas as gpd
    import shapely

    shapes = lines.to_numpy()
    has_z = shapely.has_z(shapes)
    if not has_z.any():
        return lines, 0
    coordinates, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    height = coordinates[:, 2]
    good = has_z.copy()
    good[owner[~(np.isfinite(height) & (height >= LOWEST_M) & (height <= HIGHEST_M))]] = False
    falls = (np.abs(np.diff(height)) > DROP_M) & ((height[1:] == 0) | (height[:-1] == 0)) & (owner[1:] == owner[:-1])
    good[owner[1:][falls]] = False
    used = height[good[owner]]
    if not len(used) or used.min() == used.max():
        good[:] = False
    kept = np.where(good, shapes, shapely.force_2d(shapes))
    return gpd.GeoSeries(kept, index=lines.index, crs=lines.crs), int(good.sum())
