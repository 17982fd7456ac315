"""What every printed map stands on: roads, town boundaries, a scale, north, and names that do not overlap."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.report.ground import ROAD_LOOKS
from layoutopt.report.language import Language
from layoutopt.report.looks import INK, LAND, ROAD_COLORS, ROAD_WIDTHS, RULE, TOWN
from layoutopt.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIMPLIFY_M = 15.0
MARGIN = 0.05
TOWN_DASH: Any = (0, (4, 2))
WIDE, PAD_PT = 0.74, 3.0
MARK_PT, DOT_PT = 3.6, 2.0
"""Half the width of a school's mark and of a village's, which no name may hide."""
Box = tuple[float, float, float, float]
RESERVED: tuple[Box, ...] = ((0.02, 0.02, 0.25, 0.1), (0.94, 0.86, 1.0, 1.0))
"""Where scale and north stand, as shares of the frame: left, bottom, right, top."""
Extent = tuple[float, float, float, float]
"""West, south, east, north in the metres of the study."""


@dataclass(frozen=True)
class Name:
    """A name to write beside a place; ``always`` even where it then hides a mark."""

    x: float
    y: float
    text: str
    size: float = 6.5
    color: str = INK
    gap_pt: float = 5.0
    always: bool = False


def extent_of(x: np.ndarray, y: np.ndarray, *, least_m: float = 2_000.0, ratio: float | None = None) -> Extent:
    """Return the extent of places with a margin, at least ``least_m`` wide; ``ratio`` is height over width."""
    west, south, east, north = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    width, height = max(east - west, least_m) * (1 + 2 * MARGIN), max(north - south, least_m) * (1 + 2 * MARGIN)
    if ratio is not None:
        width, height = max(width, height / ratio), max(height, width * ratio)
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    return middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2


def draw_ground(ax: Axes, study: Study, extent: Extent, lang: Language) -> None:
    """Draw roads, town boundaries, scale and north within ``extent``."""
    west, south, east, north = extent
    ax.set(xlim=(west, east), ylim=(south, north), aspect="equal", facecolor=LAND)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_color(RULE)
    _towns(ax, study)
    _roads(ax, study, extent)
    _scale(ax, extent, lang)


def _roads(ax: Axes, study: Study, extent: Extent) -> None:
    from matplotlib.collections import LineCollection

    west, south, east, north = extent
    for look, (paths, boxes) in _road_paths(study).items():
        near = (boxes[:, 0] < east) & (boxes[:, 2] > west) & (boxes[:, 1] < north) & (boxes[:, 3] > south)
        shown = [paths[position] for position in np.flatnonzero(near)]
        ax.add_collection(
            LineCollection(shown, colors=ROAD_COLORS[look], linewidths=ROAD_WIDTHS[look], zorder=1), autolim=False
        )


@lru_cache(maxsize=2)  # the maps of one county are drawn one after another, and hundreds of them for its dossiers
def _road_paths(study: Study) -> dict[str, tuple[list[np.ndarray], np.ndarray]]:
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
        parts = parts[~shapely.is_empty(parts)]
        found[name] = ([shapely.get_coordinates(part) for part in parts], shapely.bounds(parts).reshape(-1, 4))
    return found


def _towns(ax: Axes, study: Study) -> None:
    from matplotlib.collections import LineCollection

    if study.towns is not None:
        look = {"colors": TOWN, "linewidths": 0.7, "linestyles": TOWN_DASH}
        ax.add_collection(LineCollection(_town_paths(study)[0], zorder=1.5, **look), autolim=False)


def town_names(study: Study) -> list[Name]:
    """Return the names of the towns, each to be written across its middle."""
    if study.towns is None:
        return []
    return [Name(x, y, shortened(name), size=7, color=TOWN, gap_pt=0.0) for x, y, name in _town_paths(study)[1]]


@lru_cache(maxsize=2)
def _town_paths(study: Study) -> tuple[list[np.ndarray], list[tuple[float, float, str]]]:
    import shapely

    assert study.towns is not None
    shapes = study.towns.geometry
    # Neighbours share a boundary: drawn twice, its dashes would fill each other's gaps.
    shared = shapely.line_merge(shapely.union_all(shapely.force_2d(shapely.boundary(shapes.array))))
    rings = shapely.get_parts(shapely.simplify(shared, SIMPLIFY_M))
    points = shapes.representative_point()
    names = study.towns["town"].fillna("") if "town" in study.towns else [""] * len(shapes)
    labels = [(float(x), float(y), str(name)) for x, y, name in zip(points.x, points.y, names, strict=True)]
    return [shapely.get_coordinates(ring) for ring in rings], labels


def _scale(ax: Axes, extent: Extent, lang: Language) -> None:
    """Draw a scale bar of about a fifth of the width and an arrow to the north."""
    west, south, east, north = extent
    width, height = east - west, north - south
    length = _round_length(width / 5)
    left, low = west + 0.03 * width, south + 0.03 * height
    end = 0.008 * height
    x = [left, left, left + length, left + length]
    ax.plot(x, [low + end, low, low, low + end], color=INK, linewidth=1.1, zorder=9, solid_joinstyle="miter")
    km = length / 1000
    said = lang.km(km, 0 if km >= 1 else 1)
    text = ax.text(left + length / 2, low + 1.2 * end, said, size=6.5, ha="center", va="bottom", zorder=9)
    _halo(text)
    top = ax.annotate(
        lang.text("N"), (0.965, 0.975), (0.965, 0.90), xycoords="axes fraction", size=7, ha="center", va="top",
        color=INK, zorder=9,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    _halo(top)


def _round_length(metres: float) -> float:
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres)


def write_names(
    ax: Axes, names: Iterable[Name], *, marks: pd.DataFrame | None = None, dots: pd.DataFrame | None = None
) -> list[str]:
    """Write each name beside its place where it hides no earlier name, mark or dot; return the names written.

    The most important names come first; ``marks`` and ``dots`` are places with x and y.
    """
    dpi = _settle(ax)
    hidden = _Hidden.of(ax, [(marks, MARK_PT), (dots, DOT_PT)], dpi)
    written = []
    for name in names:
        fallback = None
        for text in _tries(ax, name):
            box = text.get_window_extent()
            sides = (box.x0 - 1, box.y0 - 1, box.x1 + 1, box.y1 + 1)
            if hidden.is_free(sides):
                hidden.boxes.append(sides)
                break
            if name.always and fallback is None and hidden.is_free(sides, marks=False):
                fallback = (text, sides)
            else:
                text.remove()
        else:
            if fallback is not None:
                hidden.boxes.append(fallback[1])
                written.append(name.text)
            continue
        if fallback is not None:
            fallback[0].remove()
        written.append(name.text)
    return written


def _settle(ax: Axes) -> float:
    """Lay the map out once and for all, so that sizes can be compared; return its dots per inch.

    A figure of ours holds one map and its legend: placing these two takes a tenth of matplotlib's own layout.
    """
    figure = ax.figure.get_figure(root=True)
    assert figure is not None
    if figure.get_layout_engine() is None or len(figure.axes) > 1:
        figure.draw_without_rendering()
        return float(figure.dpi)
    figure.set_layout_engine("none")
    width, height = figure.bbox.width, figure.bbox.height
    pad = PAD_PT * figure.dpi / 72
    shown, wide = ax.get_legend(), is_wide(ax.get_xlim(), ax.get_ylim())
    beside = below = 0.0
    if shown is not None:
        size = shown.get_window_extent()
        beside, below = (0.0, size.height + 2 * pad) if wide else (size.width + 2 * pad, 0.0)
    left, low = pad / width, (pad + below) / height
    ax.set_position((left, low, (width - 2 * pad - beside) / width, (height - 2 * pad - below) / height))
    ax.set_anchor("N" if wide else "NW")
    ax.apply_aspect()
    return float(figure.dpi)


def is_wide(across: tuple[float, float], along: tuple[float, float]) -> bool:
    """Return whether a map is so wide that its legend stands below it and not beside it."""
    return (along[1] - along[0]) < WIDE * (across[1] - across[0])


def _tries(ax: Axes, name: Name) -> Iterable[Any]:
    """Yield the name written right, left, above, below and slantwise of its place; a gap of 0 is across it."""
    near = 0.7 * name.gap_pt
    sides = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)] if name.gap_pt else [(0, 0)]
    for right, up in sides:
        reach = near if right and up else name.gap_pt
        text = ax.annotate(
            name.text, (name.x, name.y), (right * reach, up * reach), textcoords="offset points", size=name.size,
            color=name.color, zorder=8,
            ha=("right", "center", "left")[right + 1], va=("top", "center", "bottom")[up + 1],
        )  # fmt: skip
        text.set_in_layout(False)
        _halo(text)
        yield text


@dataclass
class _Hidden:
    """What names may not hide, in pixels: names written so far, and marks with their half width."""

    frame: Box
    boxes: list[Box]
    marks: np.ndarray

    @classmethod
    def of(cls, ax: Axes, groups: Iterable[tuple[pd.DataFrame | None, float]], dpi: float) -> _Hidden:
        """Return the frame of ``ax`` with its marks, and the places of scale and north taken."""
        frame = ax.get_window_extent()
        x0, y0, width, height = frame.x0, frame.y0, frame.width, frame.height
        boxes = [(x0 + a * width, y0 + b * height, x0 + c * width, y0 + d * height) for a, b, c, d in RESERVED]
        marks = [np.empty((0, 3))]
        for places, half_pt in groups:
            if places is not None and len(places):
                at = ax.transData.transform(places[["x", "y"]].to_numpy(float))
                marks.append(np.column_stack([at, np.full(len(at), half_pt * dpi / 72)]))
        return cls((frame.x0, frame.y0, frame.x1, frame.y1), boxes, np.concatenate(marks))

    def is_free(self, box: Box, *, marks: bool = True) -> bool:
        """Return whether a name may stand in ``box``."""
        x0, y0, x1, y1 = box
        left, low, right, high = self.frame
        if x0 < left or x1 > right or y0 < low or y1 > high:
            return False
        if any(x0 < b[2] and x1 > b[0] and y0 < b[3] and y1 > b[1] for b in self.boxes):
            return False
        x, y, half = self.marks.T
        return not (marks and ((x + half > x0) & (x - half < x1) & (y + half > y0) & (y - half < y1)).any())


def _halo(text: Any) -> None:
    from matplotlib import patheffects

    text.set_path_effects([patheffects.withStroke(linewidth=2.0, foreground="white")])


def shortened(name: str, most: int = 28) -> str:
    """Return a name short enough for a map; the tables have it in full."""
    one_line = " ".join(name.split())
    return one_line if len(one_line) <= most else one_line[: most - 1].rstrip() + "…"
