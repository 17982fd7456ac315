"""Longitudes and latitudes of Chinese web maps (GCJ-02, BD-09) → WGS 84, by fixed-point iteration to a millimetre."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
"""CGCS2000 counts as WGS 84: the two differ by centimetres, less than any coordinate of a school."""

SHIFTED = ("gcj02", "bd09")
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of the rectangle the maps shift; outside it they show WGS 84 as it is."""

RADIUS_M, ECCENTRICITY_2 = 6_378_245.0, 0.006_693_421_622_965_943  # Krasovsky's ellipsoid of 1940
BAIDU_LON, BAIDU_LAT = 0.0065, 0.006
STEPS = 12  # each leaves about a thousandth of the error before it; half of them would do

Array = NDArray[np.float64]
Shift = Callable[[Array, Array], tuple[Array, Array]]


def in_china(lon: Any, lat: Any) -> NDArray[np.bool_]:
    """Return which points lie in the rectangle where web maps shift coordinates."""
    west, south, east, north = CHINA
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def to_wgs84(lon: Any, lat: Any, datum: str) -> tuple[Array, Array]:
    """Return degrees on WGS 84 for degrees on ``datum``; outside China, and on other datums, they stay."""
    x, y = np.array(lon, float), np.array(lat, float)
    if datum not in SHIFTED:
        return x, y
    inside = in_china(x, y)
    x[inside], y[inside] = _undone(_gcj_from_wgs if datum == "gcj02" else _bd_from_wgs, x[inside], y[inside])
    return x, y


def from_wgs84(lon: Any, lat: Any, datum: str) -> tuple[Array, Array]:
    """Return degrees as the web map of ``datum`` shows them: the way back, for tests and warnings."""
    x, y = np.array(lon, float), np.array(lat, float)
    if datum not in SHIFTED:
        return x, y
    inside = in_china(x, y)
    x[inside], y[inside] = (_gcj_from_wgs if datum == "gcj02" else _bd_from_wgs)(x[inside], y[inside])
    return x, y


def _undone(forward: Shift, lon: Array, lat: Array) -> tuple[Array, Array]:
    """Invert ``forward``: the shift changes slowly, so subtracting the last error converges."""
    x, y = lon.copy(), lat.copy()
    for _ in range(STEPS):
        at_x, at_y = forward(x, y)
        x, y = x + (lon - at_x), y + (lat - at_y)
    return x, y


def _gcj_from_wgs(lon: Array, lat: Array) -> tuple[Array, Array]:
    """Add the published shift: metres east and north by sums of sines, turned into degrees on the ellipsoid."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    common = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    north += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    east += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    flat = 1 - ECCENTRICITY_2 * np.sin(np.radians(lat)) ** 2
    per_lat = np.radians(RADIUS_M * (1 - ECCENTRICITY_2) / flat**1.5)  # metres per degree
    per_lon = np.radians(RADIUS_M / np.sqrt(flat) * np.cos(np.radians(lat)))
    return lon + east / per_lon, lat + north / per_lat


def _bd_from_wgs(lon: Array, lat: Array) -> tuple[Array, Array]:
    """Apply Baidu's second shift to GCJ-02: a small turn and stretch about the origin, then a constant."""
    x, y = _gcj_from_wgs(lon, lat)
    far = np.hypot(x, y) + 2e-5 * np.sin(y * np.pi * 3000 / 180)
    turn = np.arctan2(y, x) + 3e-6 * np.cos(x * np.pi * 3000 / 180)
    return far * np.cos(turn) + BAIDU_LON, far * np.sin(turn) + BAIDU_LAT
