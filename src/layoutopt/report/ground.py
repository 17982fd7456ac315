"""What every map stands on, as plain values: places in degrees, roads and town boundaries as short steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.study import Study

if TYPE_CHECKING:
    import geopandas as gpd

LONLAT = "EPSG:4326"
STEPS_PER_DEGREE = 100_000  # coordinates are whole steps of 1e-5 degrees, about one metre
ROAD_SIMPLIFY_M = 10.0
TOWN_SIMPLIFY_M = 25.0
MAX_ROAD_POINTS = 120_000  # keeps the base map of a large county near one megabyte
ROAD_LOOKS: dict[str, tuple[str, ...]] = {
    "major": ("motorway", "trunk", "primary", "secondary"),
    "path": ("path", "footway", "steps", "bridleway", "pedestrian", "track"),
}


def points(layer: gpd.GeoDataFrame) -> list[list[float]]:
    """Return latitude and longitude of every point, to about a metre."""
    places = layer.geometry.to_crs(LONLAT)
    lat, lon = places.y.to_numpy().round(5), places.x.to_numpy().round(5)
    return [[float(y), float(x)] for y, x in zip(lat, lon, strict=True)]


def bounds(groups: Iterable[list[list[float]]]) -> list[list[float]]:
    """Return the south-west and the north-east corner of all points."""
    every = np.array([point for group in groups for point in group])
    return [every.min(axis=0).tolist(), every.max(axis=0).tolist()]


def steps(coordinates: np.ndarray) -> list[int]:
    """Return a line as whole steps, latitude and longitude in turn, each from the point before."""
    whole = np.rint(coordinates[:, 1::-1] * STEPS_PER_DEGREE).astype(int)
    change = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=int))
    kept = change.any(axis=1)
    kept[0] = True
    return [int(step) for step in change[kept].ravel()]


def parts(geometry: gpd.GeoSeries) -> Iterator[list[int]]:
    """Yield every line of ``geometry`` (degrees) as :func:`steps`."""
    import shapely

    for part in shapely.get_parts(geometry.array):
        coordinates = shapely.get_coordinates(part)
        if len(coordinates) > 1:
            yield steps(coordinates)


def towns(study: Study) -> Iterator[dict[str, Any]]:
    """Yield the towns: name, where it is written, outlines."""
    if study.towns is None:
        return
    outlines = study.towns.geometry.simplify(TOWN_SIMPLIFY_M).boundary.to_crs(LONLAT)
    labels = points(study.towns.set_geometry(study.towns.geometry.representative_point()))
    names = study.towns["town"].fillna("") if "town" in study.towns else [""] * len(labels)
    for name, label, position in zip(names, labels, range(len(labels)), strict=True):
        rings = list(parts(outlines.iloc[[position]]))
        yield {"name": str(name), "at": label, "rings": rings}


def roads(study: Study) -> dict[str, list[list[int]]]:
    """Return the roads by how they are drawn, simplified as far as a page can carry them."""
    if study.roads is None:
        return {}
    tolerance = ROAD_SIMPLIFY_M
    lines = study.roads.geometry.simplify(tolerance)
    while lines.count_coordinates().sum() > MAX_ROAD_POINTS and tolerance < 100 * ROAD_SIMPLIFY_M:
        tolerance *= 2
        lines = study.roads.geometry.simplify(tolerance)
    classes = study.roads["class"] if "class" in study.roads else pd.Series("", index=lines.index)
    kind = classes.fillna("").astype(str).str.removesuffix("_link")
    look = pd.Series("minor", index=lines.index)
    for name, members in ROAD_LOOKS.items():
        look[kind.isin(members)] = name
    lonlat = lines.to_crs(LONLAT)
    return {name: list(parts(lonlat[look == name])) for name in ("path", "minor", "major")}
