"""Layers with geometry: vector files and coordinate tables in, one metric coordinate system for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.errors import InputError, Problem
from layoutopt.io.tables import TABLE_SUFFIXES, read_table

if TYPE_CHECKING:
    import geopandas as gpd

VECTOR_SUFFIXES = (".gpkg", ".shp", ".geojson", ".json", ".parquet")
SUFFIXES = (*VECTOR_SUFFIXES, *TABLE_SUFFIXES)
X_NAMES = ("lon", "longitude", "lng", "经度")
Y_NAMES = ("lat", "latitude", "纬度")
NORTHERNMOST_SCHOOL_LAT = 79.0
"""No settlement with pupils lies north of Svalbard's; a larger latitude is a longitude."""
FAR_APART_DEG = 5.0


@dataclass(frozen=True)
class LayerFile:
    """Where a layer lies and how to read it; empty fields are found from the file."""

    path: Path
    layer: str | None = None
    crs: str | None = None
    x: str | None = None
    y: str | None = None
    encoding: str | None = None
    sheet: str | None = None

    @property
    def label(self) -> str:
        """The file as messages name it."""
        return f"{self.path.name} [{self.layer}]" if self.layer else self.path.name

    def where(self, row: object, ids: Mapping[Any, str] | None = None) -> str:
        """A row as messages name it, with its id where one is known."""
        code = str(ids.get(row, "")) if ids is not None else ""
        return f"{self.label} {self.row_word} {row}" + (f" ({code})" if code else "")

    @property
    def row_word(self) -> str:
        """What a row is called where the user sees it."""
        return "row" if self.path.suffix.lower() in TABLE_SUFFIXES else "feature"


def find_layer(folder: Path, name: str) -> Path | None:
    """Return the file in ``folder`` that is named after the layer, or None."""
    for suffix in SUFFIXES:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    return None


def read_raw(file: LayerFile) -> pd.DataFrame:
    """Return a table's cells as text, or a vector file's attributes with its geometry, rows numbered from 1.

    Raises
    ------
    InputError
        The file does not exist, is damaged, or has several layers and none is named.
    """
    if not file.path.is_file():
        raise InputError([Problem(file.label, "the file does not exist", _neighbours(file.path))])
    if file.path.suffix.lower() in TABLE_SUFFIXES:
        return read_table(file.path, encoding=file.encoding, sheet=file.sheet)
    if file.path.suffix.lower() not in VECTOR_SUFFIXES:
        raise InputError([Problem(file.label, "this kind of file is not read", f"Use {', '.join(SUFFIXES)}.")])
    found = _read_vector(file)
    found.index = range(1, len(found) + 1)
    return found


def _neighbours(path: Path) -> str:
    names = sorted(p.name for p in path.parent.glob("*") if p.suffix.lower() in SUFFIXES)[:8]
    return f"The folder holds: {', '.join(names)}." if names else "The folder holds no readable file."


def _read_vector(file: LayerFile) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pyogrio

    try:
        if file.path.suffix.lower() == ".parquet":
            return gpd.read_parquet(file.path)
        layer = file.layer or _only_layer(file)
        return gpd.read_file(file.path, layer=layer, encoding=file.encoding)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        ValueError,
        UnicodeDecodeError,
    ) as error:
        raise InputError(
            [Problem(file.label, f"the file cannot be read ({error})", "Open and save it again in a GIS.")]
        ) from None
    except ImportError as error:
        raise InputError([Problem(file.label, f"reading it needs a package ({error})")]) from None


def _only_layer(file: LayerFile) -> str:
    import pyogrio

    names = [str(name) for name, _ in pyogrio.list_layers(file.path)]
    if len(names) == 1 or file.path.stem in names:
        return names[0] if len(names) == 1 else file.path.stem
    raise InputError(
        [Problem(file.label, f"it holds {len(names)} layers ({', '.join(names)})", "Name one in study.toml.")]
    )


def geometry_of(
    raw: pd.DataFrame, file: LayerFile, *, name: str, ids: Mapping[Any, str] | None = None
) -> tuple[gpd.GeoSeries, list[Problem]]:
    """Return the geometry of ``raw`` with its coordinate system, and what is wrong with it.

    Tables give points: columns named lon and lat are degrees on WGS 84 unless ``crs`` says otherwise;
    any other pair needs ``x``, ``y`` and ``crs``. ``name`` is the layer's, ``ids`` each row's id for messages.
    """
    import geopandas as gpd

    if file.crs and not _is_crs(file.crs):
        where = f"study.toml [layers.{name}] crs"
        problem = Problem(where, f"'{file.crs}' is no coordinate system", 'Give one such as "EPSG:4326".')
        return gpd.GeoSeries([None] * len(raw), index=raw.index), [problem]
    if file.path.suffix.lower() not in TABLE_SUFFIXES:
        if not isinstance(raw, gpd.GeoDataFrame):
            raise InputError([Problem(file.label, "the layer has no geometry", "Export it with its geometry.")])
        geometry = raw.geometry
        if file.crs:
            geometry = gpd.GeoSeries(geometry.array, index=raw.index).set_crs(file.crs, allow_override=True)
        if geometry.crs is None:
            cure = 'Give crs = "EPSG:…" in study.toml, or add the .prj file.'
            return geometry, [Problem(file.label, "no coordinate system (CRS) is given", cure)]
        return geometry, _faulty_geometry(geometry, file, ids)
    return _points_from_table(raw, file, ids)


def _is_crs(text: str) -> bool:
    import pyproj

    try:
        pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError:
        return False
    return True


def _points_from_table(
    raw: pd.DataFrame, file: LayerFile, ids: Mapping[Any, str] | None
) -> tuple[gpd.GeoSeries, list[Problem]]:
    import geopandas as gpd

    x = file.x or next((name for name in raw.columns if name.lower() in X_NAMES), None)
    y = file.y or next((name for name in raw.columns if name.lower() in Y_NAMES), None)
    empty = gpd.GeoSeries([None] * len(raw), index=raw.index)
    if x not in raw.columns or y not in raw.columns:
        cure = f"Add columns lon and lat, or name yours in study.toml as x and y of layer {file.path.stem}."
        return empty, [Problem(file.label, "no coordinate columns", cure)]
    crs = file.crs or ("EPSG:4326" if str(x).lower() in X_NAMES else None)
    if crs is None:
        cure = 'Give crs = "EPSG:…" in study.toml.'
        return empty, [Problem(file.label, f"no coordinate system (CRS) is given for {x}, {y}", cure)]
    values = {name: pd.to_numeric(raw[name], errors="coerce") for name in (x, y)}
    problems = [
        Problem(file.where(row, ids), f"{name} = '{raw.loc[row, name]}'", "Give a number.")
        for name in (x, y)
        for row in raw.index[~np.isfinite(values[name])]
    ]
    points = gpd.GeoSeries(gpd.points_from_xy(values[x], values[y]), index=raw.index, crs=crs)
    return points, problems or _faulty_geometry(points, file, ids)


def _faulty_geometry(geometry: gpd.GeoSeries, file: LayerFile, ids: Mapping[Any, str] | None) -> list[Problem]:
    problems = [
        Problem(file.where(row, ids), "the geometry is empty", "Draw it, or delete the row.")
        for row in geometry.index[geometry.isna() | geometry.is_empty]
    ]
    usable = geometry[~(geometry.isna() | geometry.is_empty)]
    bounds = usable.bounds
    infinite = ~np.isfinite(bounds.to_numpy()).all(axis=1)
    problems += [
        Problem(file.where(row, ids), "a coordinate is not a finite number", "Draw it again.")
        for row in usable.index[infinite]
    ]
    if usable.crs is None or not len(usable) or infinite.any():
        return problems
    if usable.crs.is_geographic:
        return problems + _outside_the_globe(bounds, file)
    degrees = usable.to_crs("EPSG:4326").bounds.to_numpy()
    lost = usable.index[~np.isfinite(degrees).all(axis=1)]
    what = f"the point lies outside the area of {usable.crs.to_string()}"
    return problems + [Problem(file.where(row, ids), what, "Check its coordinates.") for row in lost]


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


def disagreements(layers: Mapping[str, gpd.GeoSeries], labels: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each layer that lies far from the others but on them once x and y are swapped."""
    degrees = {name: _degree_bounds(layer) for name, layer in layers.items() if len(layer)}
    problems = []
    for name, bounds in degrees.items():
        others = [other for key, other in degrees.items() if key != name]
        flipped = bounds[[1, 0, 3, 2]]
        if others and all(_apart(bounds, o) and not _apart(flipped, o) for o in others):
            problems.append(
                Problem(
                    labels[name],
                    "the points lie far from every other layer: longitude and latitude look swapped",
                    "Swap x and y (longitude first).",
                )
            )
    if problems and len(problems) == len(degrees):  # two layers: the one farther north is the suspect
        worst = max(degrees, key=lambda name: abs(degrees[name][1]))
        problems = [problem for problem in problems if problem.where == labels[worst]]
    if not problems:
        problems = _strangers(degrees, labels)
    return problems


def _strangers(degrees: Mapping[str, np.ndarray], labels: Mapping[str, str]) -> list[Problem]:
    if "settlements" not in degrees:
        return []
    return [
        Problem(labels[name], "the layer lies far from the settlements", "Check its coordinate system (crs).")
        for name, bounds in degrees.items()
        if name != "settlements" and _apart(bounds, degrees["settlements"])
    ]


def _degree_bounds(layer: gpd.GeoSeries) -> np.ndarray:
    return np.asarray(layer.to_crs("EPSG:4326").total_bounds)


def _apart(one: np.ndarray, other: np.ndarray) -> bool:
    gap = np.maximum(one[:2] - other[2:], other[:2] - one[2:])
    return bool(np.max(gap) > FAR_APART_DEG)


def metric_crs(layers: Iterable[gpd.GeoSeries]) -> str:
    """Return the system all is computed in: the layers' own where they share one in metres, else UTM."""
    found = list(layers)
    systems = {layer.crs for layer in found}
    only = next(iter(systems)) if len(systems) == 1 else None
    if only is not None and only.is_projected and only.axis_info[0].unit_name in ("metre", "meter"):
        return str(only.to_string())
    try:
        return str(found[0].to_crs("EPSG:4326").estimate_utm_crs().to_string())
    except RuntimeError:
        cure = "Check latitude and longitude, and the crs."
        raise InputError([Problem("the layers", "no metric coordinate system covers them", cure)]) from None
