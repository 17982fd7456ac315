"""Do points lie beside the roads by one and the same vector, and is it the vector of a Chinese web map?"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layoutopt.io.datum import SHIFTED, in_china, to_wgs84

Xy = NDArray[np.float64]
FEWEST_POINTS = 15
"""Among fewer points some shift fits by chance."""
SURE_POINTS = 40
"""With fewer points a shift fits by chance in about one layer of ten; it counts only if a datum explains it."""
MOST_POINTS = 120
SUSPECT_M = 150.0
"""A layer with three points in four nearer to a road lies on the roads as it is."""
MOST = 0.75
SHORTEST_M, LONGEST_M, STEP_M = 300.0, 1_300.0, 50.0
"""GCJ-02 moves a point by 300 to 700 m, BD-09 by up to 1,300 m."""
DIRECTIONS = 48
LONGEST_NET_M = 3e8
"""No county has more road; a longer net is an error of the coordinates."""
BEAD_M = 25.0
"""Roads are taken as points this close together: quick to ask, and far finer than a shift."""
CLEARLY = 0.4
"""What is left of the distance three points in four keep must be less than this share of it."""
SAME_SHIFT_M = 150.0
"""A shift found this near to that of a datum is taken for it: the ring is coarse, and datums shift unevenly."""


def constant_shift(points: Xy, lines: NDArray[Any]) -> tuple[float, float] | None:
    """Return the metres east and north that would put ``points`` onto ``lines``, or None where no one shift does.

    The vector to the nearest road will not do: beside a road it shows only the part of the shift across it.
    So a ring of shifts is tried, and the best is refined.
    """
    points = points[np.isfinite(points).all(axis=1)]
    with np.errstate(over="ignore"):
        whole_m = float(shapely.length(lines).sum())
    if len(points) < FEWEST_POINTS or not 0 < whole_m < LONGEST_NET_M:
        return None
    sample = points[np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).astype(int)]
    now_m = float(np.quantile(_to_lines(sample, lines), MOST))
    if now_m < SUSPECT_M:
        return None
    tree = cKDTree(shapely.get_coordinates(shapely.segmentize(shapely.force_2d(lines), BEAD_M)))
    best, step_m = _best(sample, _ring(), tree), STEP_M
    while step_m > 5.0:
        near = step_m * np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)], float)
        best, step_m = _best(sample, best + near, tree), step_m / 2
    fits = float(np.quantile(_distances(sample + best, tree), MOST)) <= CLEARLY * now_m
    return (float(best[0]), float(best[1])) if fits else None


def _ring() -> Xy:
    length_m = np.arange(SHORTEST_M, LONGEST_M + 1, STEP_M)
    angle = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    reach, turn = np.meshgrid(length_m, angle, indexing="ij")
    return np.column_stack([(reach * np.cos(turn)).ravel(), (reach * np.sin(turn)).ravel()])


def _best(points: Xy, shifts: Xy, tree: cKDTree) -> Xy:
    moved = (points[None, :, :] + shifts[:, None, :]).reshape(-1, 2)
    distance_m = _distances(moved, tree).reshape(len(shifts), len(points))
    return shifts[int(np.argmin(np.quantile(distance_m, MOST, axis=1)))]


def _to_lines(points: Xy, lines: NDArray[Any]) -> Xy:
    found = shapely.STRtree(lines).query_nearest(shapely.points(points), return_distance=True, all_matches=False)
    return np.asarray(found[1])


def _distances(points: Xy, tree: cKDTree) -> Xy:
    return np.asarray(tree.query(points)[0])


def datum_of(shift: tuple[float, float], lon: float, lat: float) -> str:
    """Return the datum whose conversion to WGS 84 moves points near ``lon``, ``lat`` by ``shift``, or nothing."""
    if not in_china(lon, lat):
        return ""
    far = {datum: float(np.hypot(*np.subtract(shift, _moved_m(lon, lat, datum)))) for datum in SHIFTED}
    best = min(far, key=lambda datum: far[datum])
    return best if far[best] <= SAME_SHIFT_M else ""


def _moved_m(lon: float, lat: float, datum: str) -> tuple[float, float]:
    x, y = to_wgs84([lon], [lat], datum)
    degree_m = 111_320.0
    return float((x[0] - lon) * degree_m * np.cos(np.radians(lat))), float((y[0] - lat) * degree_m)


def compass(east_m: float, north_m: float) -> str:
    """Return the direction of a vector in words."""
    names = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")
    return names[round(np.degrees(np.arctan2(north_m, east_m)) / 45) % 8]
