"""Names on the printed maps: the most important first, each beside its place, none over another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.report.looks import INK, TOWN
from layoutopt.report.mapground import RESERVED, town_paths
from layoutopt.report.maptext import Box, Text, outlines, pixels, text_beside
from layoutopt.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARK_PT, DOT_PT = 3.6, 2.0
"""Half the width of a school's mark and of a village's, which no name may hide."""
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
"""Where a name is tried: right, left, above, below and slantwise."""
SLANTWISE = 0.7
LONGEST = 28


@dataclass(frozen=True)
class Name:
    """A name to write beside a place, across it where the gap is 0; ``always`` even where it then hides a mark."""

    x: float
    y: float
    text: str
    size: float = 6.5
    color: str = INK
    gap_pt: float = 5.0
    always: bool = False


def town_names(study: Study) -> list[Name]:
    """Return the names of the towns, each to be written across its middle."""
    if study.towns is None:
        return []
    return [Name(x, y, shortened(name), size=7, color=TOWN, gap_pt=0.0) for x, y, name in town_paths(study)[1]]


def write_names(
    ax: Axes, names: Iterable[Name], *, marks: pd.DataFrame | None = None, dots: pd.DataFrame | None = None
) -> list[Text]:
    """Write each name beside its place where it hides no earlier name, mark or dot; return what is written.

    The most important names come first; ``marks`` and ``dots`` are places with x and y. The map must have its
    place in the figure.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    dpi = float(figure.dpi)
    hidden = _Hidden.of(ax, [(marks, MARK_PT), (dots, DOT_PT)], dpi)
    tried = [(name, list(_tries(ax, name, dpi))) for name in names]
    written = []
    for name, texts in tried:
        text = next((text for text in texts if hidden.is_free(text.box(dpi))), None)
        if text is None and name.always:
            text = next((text for text in texts if hidden.is_free(text.box(dpi), marks=False)), None)
        if text is not None:
            hidden.boxes.append(_widened(text.box(dpi)))
            written.append(text)
    for shape in outlines(written, dpi):
        figure.add_artist(shape)
    return written


def _tries(ax: Axes, name: Name, dpi: float) -> Iterator[Text]:
    """Yield the name at each side of its place."""
    x, y = ax.transData.transform((name.x, name.y))
    gap = pixels(name.gap_pt, dpi)
    for right, up in SIDES if gap else [(0, 0)]:
        reach = gap * SLANTWISE if right and up else gap
        at = (x + right * reach, y + up * reach)
        yield text_beside(at, name.text, name.size, dpi, right=right, up=up, color=name.color)


def _widened(box: Box) -> Box:
    left, low, right, high = box
    return left - 1, low - 1, right + 1, high + 1


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
                marks.append(np.column_stack([at, np.full(len(at), pixels(half_pt, dpi))]))
        return cls((frame.x0, frame.y0, frame.x1, frame.y1), boxes, np.concatenate(marks))

    def is_free(self, box: Box, *, marks: bool = True) -> bool:
        """Return whether a name may stand in ``box``."""
        x0, y0, x1, y1 = _widened(box)
        left, low, right, high = self.frame
        if x0 < left or x1 > right or y0 < low or y1 > high:
            return False
        if any(x0 < b[2] and x1 > b[0] and y0 < b[3] and y1 > b[1] for b in self.boxes):
            return False
        x, y, half = self.marks.T
        return not (marks and ((x + half > x0) & (x - half < x1) & (y + half > y0) & (y - half < y1)).any())


def shortened(name: str, most: int = LONGEST) -> str:
    """Return a name short enough for a map; the tables have it in full."""
    one_line = " ".join(name.split())
    return one_line if len(one_line) <= most else one_line[: most - 1].rstrip() + "…"
