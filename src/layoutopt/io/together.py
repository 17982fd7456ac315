"""Layers against each other: do they lie in one place, and which metric system fits them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.errors import InputError, Problem

if TYPE_CHECKING:
    import geopandas as gpd

FAR_APART_DEG = 5.0
SCALE_ERROR = 0.003
"""A system is metric where its metres are true to 3 in 1,000; Mercator's are half as long again at 48°."""


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


def strays(layers: Mapping[str, gpd.GeoSeries], where: Mapping[str, Callable[[Any], str]]) -> list[Problem]:
    """Return a problem for each single place that lies far from all others: a digit lost, a sign, a swap in one row.

    ``where`` names a row of each layer for messages. A layer of which most places lie far away is no matter of
    single rows: see :func:`disagreements`.
    """
    import shapely

    spots = {}
    for name, layer in layers.items():
        bounds = shapely.bounds(layer.to_crs("EPSG:4326").to_numpy())
        spots[name] = (bounds[:, :2] + bounds[:, 2:]) / 2
    if not spots:
        return []
    middle = np.median(np.concatenate(list(spots.values())), axis=0)
    problems = []
    for name, places in spots.items():
        far = np.abs(places - middle).max(axis=1) > FAR_APART_DEG
        if 2 * far.sum() >= len(far):
            continue
        for at in np.flatnonzero(far):
            lon, lat = (f"{value:.6g}" for value in places[at])
            what = f"the place {lon}, {lat} lies far from all others, around {middle[0]:.4g}, {middle[1]:.4g}"
            problems.append(Problem(where[name](layers[name].index[at]), what, "Check its coordinates."))
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
    """Return the system all is computed in: the layers' own where they share one true to scale, else UTM."""
    found = list(layers)
    systems = {layer.crs for layer in found}
    only = next(iter(systems)) if len(systems) == 1 else None
    if only is not None and only.is_projected and only.axis_info[0].unit_name in ("metre", "meter"):
        code = only.to_authority()
        if code is not None and all(_is_true_to_scale(only, layer) for layer in found):
            return f"{code[0]}:{code[1]}"
    try:
        return str(found[0].to_crs("EPSG:4326").estimate_utm_crs().to_string())
    except RuntimeError:
        cure = "Check latitude and longitude, and the crs."
        raise InputError([Problem("the layers", "no metric coordinate system covers them", cure)]) from None


def _is_true_to_scale(crs: Any, layer: gpd.GeoSeries) -> bool:
    """Whether a metre on the map is a metre on the ground at the layer's corners and in its middle."""
    import pyproj

    west, south, east, north = _degree_bounds(layer)
    lon = np.array([west, west, east, east, (west + east) / 2])
    lat = np.array([south, north, south, north, (south + north) / 2])
    if not np.isfinite([lon, lat]).all():
        return False
    factors = pyproj.Proj(crs).get_factors(lon, lat, radians=False)
    scales = np.concatenate([np.asarray(factors.meridional_scale), np.asarray(factors.parallel_scale)])
    return bool(np.isfinite(scales).all() and np.abs(scales - 1).max() <= SCALE_ERROR)
