"""Which coordinate system bare numbers are in: degrees, Gauss-Krüger zones of CGCS2000 with and without prefix, UTM."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from layoutopt.io.datum import in_china

if TYPE_CHECKING:
    import geopandas as gpd

DEGREES = "EPSG:4326"
PREFIXED_3 = {zone: f"EPSG:{4513 + zone - 25}" for zone in range(25, 46)}
PREFIXED_6 = {zone: f"EPSG:{4491 + zone - 13}" for zone in range(13, 24)}
BY_MERIDIAN = {75 + 3 * step: f"EPSG:{4534 + step}" for step in range(21)}
"""Central meridian → CGCS2000 zone of 3 degrees without prefix; the 6-degree zone of the same meridian is the same."""

MILLION = 1_000_000
EASTING_M = (166_000.0, 834_000.0)
"""Eastings of a 6-degree zone at the equator, where zones are widest."""

NORTHING_M = (0.0, 10_000_000.0)
CLOSE_M = 5_000.0
"""A layer whose typical point lies farther than this from every point of the others is in another place."""

CLEARLY = 0.5
"""The best of two systems is believed where its points lie twice as close to the other layers."""

SAME_PLACE_M = 30.0
SAMPLE, DENSE_SAMPLE = 400, 40_000


@dataclass(frozen=True)
class Guess:
    """A coordinate system read off the numbers: its code or None, the reason, and what else it could be.

    ``swapped`` says that x holds the northings, as Chinese surveyors write them.
    """

    crs: str | None
    why: str
    swapped: bool = False
    candidates: tuple[str, ...] = ()


def guess_crs(bounds: Iterable[float], *, near: gpd.GeoSeries | None = None, places: Any = None) -> Guess:
    """Return the coordinate system that numbers of this size are in.

    Parameters
    ----------
    bounds
        Least x, least y, greatest x, greatest y of the raw numbers.
    near
        Layers of the same study whose system is known; they decide between zones without prefix.
    places
        Raw x and y of the layer's points, (n, 2), to compare with ``near``; the corners where not given.
    """
    west, south, east, north = (float(value) for value in bounds)
    if not all(map(math.isfinite, (west, south, east, north))):
        return Guess(None, "some coordinates are no numbers")
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 180:
        return Guess(DEGREES, "the numbers are degrees")
    for swapped in (False, True):
        low, high, across = (south, north, (west, east)) if swapped else (west, east, (south, north))
        if not (NORTHING_M[0] <= across[0] and across[1] <= NORTHING_M[1]):
            continue
        found = _prefixed(low, high)
        if found is not None:
            return Guess(found[0], found[1], swapped)
        if EASTING_M[0] <= low and high <= EASTING_M[1] and (not swapped or across[0] > EASTING_M[1]):
            corners = [(west, south), (west, north), (east, south), (east, north)]
            raw = np.asarray(corners if places is None else places, float)
            return _without_prefix(raw[:, ::-1] if swapped else raw, near, swapped)
    return Guess(None, f"x runs from {west:.6g} to {east:.6g} and y from {south:.6g} to {north:.6g}")


def _prefixed(low: float, high: float) -> tuple[str, str] | None:
    zone = int(low // MILLION)
    if zone != int(high // MILLION):
        return None
    if zone in PREFIXED_3:
        return PREFIXED_3[zone], f"eastings start with {zone}, a 3-degree zone of CGCS2000"
    if zone in PREFIXED_6:
        return PREFIXED_6[zone], f"eastings start with {zone}, a 6-degree zone of CGCS2000"
    return None


def _without_prefix(raw: NDArray[np.float64], near: gpd.GeoSeries | None, swapped: bool) -> Guess:
    everywhere = ("EPSG:4534-4554 (CGCS2000, 3-degree zones)", "EPSG:32643-32653 (UTM)")
    if near is None or not len(near):
        return Guess(None, "eastings without zone number fit many zones", swapped, everywhere)
    tried = candidates_near(near)
    fits = sorted((_typical_distance_m(raw, crs, near), order, crs) for order, crs in enumerate(tried))
    best_m, _, best = fits[0]
    if not best_m <= CLOSE_M:
        return Guess(None, "no zone puts them on the other layers", swapped, everywhere)
    rivals = [
        crs for m, _, crs in fits[1:] if m * CLEARLY < best_m and m <= CLOSE_M and not _same_place(raw, best, crs)
    ]
    if rivals:
        return Guess(None, "more than one zone puts them on the other layers", swapped, (best, *rivals))
    return Guess(best, "this zone puts them on the other layers", swapped)


def candidates_near(near: gpd.GeoSeries) -> list[str]:
    """Return the metric systems in use where ``near`` lies: its own, CGCS2000 zones in China, UTM zones."""
    west, south, east, north = near.to_crs(DEGREES).total_bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    found = []
    if near.crs is not None and near.crs.is_projected and near.crs.to_epsg() is not None:
        found.append(f"EPSG:{near.crs.to_epsg()}")
    if in_china(lon, lat):
        found += [code for meridian, code in BY_MERIDIAN.items() if abs(meridian - lon) <= 4.5]
    if 119 <= lon <= 123 and 21 <= lat <= 26:
        found.append("EPSG:3826")  # Taiwan's own zone of 2 degrees
    zone = int((lon + 180) // 6) % 60 + 1
    base = 32600 if lat >= 0 else 32700
    found += [f"EPSG:{base + (zone + step - 1) % 60 + 1}" for step in (0, -1, 1)]
    return list(dict.fromkeys(found))


def _typical_distance_m(raw: NDArray[np.float64], crs: str, near: gpd.GeoSeries) -> float:
    """Return how far the layer, read in ``crs``, lies from the others: the median way to the nearest point.

    Villages lie along roads, but most of a road lies in no village: the shorter of both directions counts.
    """
    import shapely
    from scipy.spatial import cKDTree

    known = _some(shapely.get_coordinates(near.to_crs(DEGREES).to_numpy()), DENSE_SAMPLE)
    tried = np.column_stack(_degrees(_some(raw, DENSE_SAMPLE), crs))
    if not np.isfinite(tried).all() or not len(known):
        return math.inf
    metres = np.array([111_320 * math.cos(math.radians(float(known[:, 1].mean()))), 111_320.0])
    known, tried = known * metres, tried * metres
    there, _ = cKDTree(known).query(_some(tried, SAMPLE))
    back, _ = cKDTree(tried).query(_some(known, SAMPLE))
    return float(min(np.median(there), np.median(back)))


def _some(points: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    return points[:: max(1, len(points) // count)]


def _degrees(raw: NDArray[np.float64], crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = to_degrees(crs).transform(raw[:, 0], raw[:, 1])
    return np.asarray(lon), np.asarray(lat)


@functools.lru_cache(maxsize=64)
def to_degrees(crs: Any) -> Any:
    """Return the way from a system to degrees on WGS 84, x before y; finding it takes longer than going it."""
    import pyproj

    return pyproj.Transformer.from_crs(crs, DEGREES, always_xy=True)


def _same_place(raw: NDArray[np.float64], one: str, other: str) -> bool:
    middle = np.median(raw, axis=0)[None, :]
    (lon, lat), (lon2, lat2) = _degrees(middle, one), _degrees(middle, other)
    return bool(np.hypot((lon - lon2) * np.cos(np.radians(lat)), lat - lat2)[0] * 111_320 < SAME_PLACE_M)


def are_metres(numbers: np.ndarray) -> bool:
    """Whether most of a layer's numbers are far too large for degrees."""
    usable = numbers[np.isfinite(numbers)]
    return len(usable) > 0 and float(np.median(np.abs(usable))) > 1_000
