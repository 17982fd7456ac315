"""What every printed map stands on: roads, town boundaries, a scale and north."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.report.ground import ROAD_LOOKS
from layoutopt.report.language import Language
from layoutopt.report.looks import INK, LAND, ROAD_COLORS, ROAD_WIDTHS, RULE, TOWN
from layoutopt.report.maptext import Box, outlines, text_beside
from layoutopt.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIMPLIFY_M = 15.0
MARGIN = 0.05
TOWN_DASH: Any = (0, (4, 2))
RESERVED: tuple[Box, ...] = ((0.02, 0.02, 0.25, 0.1), (0.94, 0.86, 1.0, 1.0))
"""Where scale and north stand, as shares of the frame: left, bottom, right, top."""
NORTH = (0.965, 0.965)
Extent = tuple[float, float, float, float]
"""West, south, east, north in the metres of the study."""
Paths = tuple[list[np.ndarray], np.ndarray]
"""Lines as points, and the box around each."""


def extent_of(x: np.ndarray, y: np.ndarray, *, least_m: float = 2_000.0, ratio: float | None = None) -> Extent:
    """Return the extent of places with a margin, at least ``least_m`` wide; ``ratio`` is height over width."""
    west, south, east, north = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    width, height = max(east - west, least_m) * (1 + 2 * MARGIN), max(north - south, least_m) * (1 + 2 * MARGIN)
    if ratio is not None:
        width, height = max(width, height / ratio), max(height, width * ratio)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    return middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2


def draw_ground(ax: Axes, study: Study, extent: Extent) -> None:
    """Draw roads and town boundaries within ``extent``."""
    west, south, east, north = extent
    ax.set(xlim=(west, east), ylim=(south, north), aspect="equal", facecolor=LAND)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_visible(False)
    for spine in ax.spines.values():
        spine.set_color(RULE)
    _towns(ax, study, extent)
    _roads(ax, study, extent)


def _roads(ax: Axes, study: Study, extent: Extent) -> None:
    for look, paths in _road_paths(study).items():
        _strokes(ax, paths, extent, colors=ROAD_COLORS[look], linewidths=ROAD_WIDTHS[look], zorder=1)


def _strokes(ax: Axes, paths: Paths, extent: Extent, **look: Any) -> None:
    """Draw those of the paths that come near the map."""
    from matplotlib.collections import LineCollection

    west, south, east, north = extent
    lines, boxes = paths
    near = (boxes[:, 0] < east) & (boxes[:, 2] > west) & (boxes[:, 1] < north) & (boxes[:, 3] > south)
    ax.add_collection(LineCollection([lines[position] for position in np.flatnonzero(near)], **look), autolim=False)


def _with_boxes(lines: Any) -> Paths:
    import shapely

    return [shapely.get_coordinates(line) for line in lines], shapely.bounds(lines).reshape(-1, 4)


@lru_cache(maxsize=2)  # the maps of one county are drawn one after another, and hundreds of them for its dossiers
def _road_paths(study: Study) -> dict[str, Paths]:
    import shapely

    if study.roads is None:
        return {}
    classes = study.roads["class"] if "class" in study.roads else pd.Series("", index=study.roads.index)
    kind = classes.fillna("").astype(str).str.removesuffix("_link")
    look = pd.Series("minor", index=study.roads.index)
    for name, members in ROAD_LOOKS.items():
        look[kind.isin(members)] = name
    found = {}
    for name in ("path", "minor", "major"):
        lines = study.roads.geometry[look == name]
        parts = shapely.get_parts(shapely.simplify(shapely.force_2d(lines.array), SIMPLIFY_M))
        found[name] = _with_boxes(parts[~shapely.is_empty(parts)])
    return found


def _towns(ax: Axes, study: Study, extent: Extent) -> None:
    if study.towns is not None:
        look = {"colors": TOWN, "linewidths": 0.7, "linestyles": TOWN_DASH}
        _strokes(ax, town_paths(study)[0], extent, zorder=1.5, **look)


@lru_cache(maxsize=2)
def town_paths(study: Study) -> tuple[Paths, list[tuple[float, float, str]]]:
    """Return the boundaries of the towns, and where each has its name."""
    import shapely

    assert study.towns is not None
    shapes = study.towns.geometry
    # Neighbours share a boundary: drawn twice, its dashes would fill each other's gaps.
    shared = shapely.line_merge(shapely.union_all(shapely.force_2d(shapely.boundary(shapes.array))))
    rings = shapely.get_parts(shapely.simplify(shared, SIMPLIFY_M))
    points = shapes.representative_point()
    names = study.towns["town"].fillna("") if "town" in study.towns else [""] * len(shapes)
    labels = [(float(x), float(y), str(name)) for x, y, name in zip(points.x, points.y, names, strict=True)]
    return _with_boxes(rings), labels


def draw_scale(ax: Axes, lang: Language) -> None:
    """Draw a scale bar of about a fifth of the width and an arrow to the north, once the map has its place."""
    from matplotlib.lines import Line2D

    (west, east), (south, north) = ax.get_xlim(), ax.get_ylim()
    width, height = east - west, north - south
    length = _round_length(width / 5)
    left, low = west + 0.03 * width, south + 0.03 * height
    end = 0.008 * height
    x = [left, left, left + length, left + length]
    look: dict[str, Any] = {"color": INK, "zorder": 9}
    ax.add_artist(Line2D(x, [low + end, low, low, low + end], linewidth=1.1, solid_joinstyle="miter", **look))
    across, up = NORTH
    head = {"marker": "^", "markersize": 4.2, "markeredgewidth": 0, "markevery": [1]}
    ax.add_artist(Line2D([across] * 2, [up - 0.06, up], linewidth=1.0, transform=ax.transAxes, **look, **head))
    km = length / 1000
    dpi = float(ax.get_figure(root=True).dpi)
    over = ax.transData.transform((left + length / 2, low + 1.2 * end))
    under = ax.transAxes.transform((across, up - 0.065))
    texts = [
        text_beside(over, lang.km(km, 0 if km >= 1 else 1), 6.5, dpi, up=1),
        text_beside(under, lang.text("N"), 7, dpi, up=-1),
    ]
    for shape in outlines(texts, dpi):
        ax.get_figure(root=True).add_artist(shape)


def _round_length(metres: float) -> float:
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres)
