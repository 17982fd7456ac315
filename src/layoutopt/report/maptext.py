"""Texts of the printed maps as outlines: measured once, and all texts of a map drawn together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.report.looks import INK

if TYPE_CHECKING:
    from matplotlib.artist import Artist

ASCENT, DESCENT = 0.92, 0.24
"""Height of a line above and below its base, in the height of the font."""
HALO_PT, POINTS_PER_INCH = 2.0, 72
OUTLINE_PT = 100.0
KEPT = 4096
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Text:
    """A text of one line on a map, in pixels: it starts at ``left`` and stands on ``base``."""

    left: float
    base: float
    text: str
    size: float
    color: str = INK

    def box(self, dpi: float) -> Box:
        """Return the pixels it covers: left, bottom, right, top."""
        em = pixels(self.size, dpi)
        right = self.left + width_em(self.text) * em
        return self.left, self.base - DESCENT * em, right, self.base + ASCENT * em


def pixels(points: float, dpi: float) -> float:
    """Return a length in pixels."""
    return points * dpi / POINTS_PER_INCH


def width_em(text: str) -> float:
    """Return how wide a text is, in the height of its font."""
    vertices = _outline(text, _fonts())[0]
    return float(vertices[:, 0].max(initial=0.0))


def text_beside(
    at: tuple[float, float], text: str, size: float, dpi: float, *, right: float = 0, up: float = 0, color: str = INK
) -> Text:
    """Return a text that lies to the right (1), left (-1) or across (0) of a place, and above, below or level with it.

    Parameters
    ----------
    at
        The place in pixels.
    """
    em = pixels(size, dpi)
    left = at[0] - width_em(text) * em * (1 - right) / 2
    middle = at[1] + up * em * (ASCENT + DESCENT) / 2
    return Text(left, middle - em * (ASCENT - DESCENT) / 2, text, size, color)


def outlines(texts: Iterable[Text], dpi: float, *, halo: bool = True) -> list[Artist]:
    """Return the texts as a shape for each colour, with a white one beneath them all where there is a ``halo``."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path
    from matplotlib.transforms import IdentityTransform

    by_color: dict[str, list[Any]] = {}
    for text in texts:
        vertices, codes = _outline(text.text, _fonts())
        if len(codes):
            placed = vertices * pixels(text.size, dpi) + (text.left, text.base)
            by_color.setdefault(text.color, []).append(Path(placed, codes))
    look: dict[str, Any] = {"transform": IdentityTransform(), "snap": False, "zorder": 8}
    shapes = {color: Path.make_compound_path(*paths) for color, paths in by_color.items()}
    drawn = [PathPatch(shape, facecolor=color, linewidth=0, **look) for color, shape in shapes.items()]
    if halo and shapes:
        every = Path.make_compound_path(*shapes.values())
        line = {"edgecolor": "white", "linewidth": HALO_PT, "joinstyle": "round"}
        drawn.insert(0, PathPatch(every, facecolor="none", **line, **look))
    return drawn


def _fonts() -> tuple[str, ...]:
    import matplotlib

    return tuple(matplotlib.rcParams["font.family"])


@lru_cache(maxsize=KEPT)  # a village's name is on the maps of all schools near it, and tried at several sides of it
def _outline(text: str, fonts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return corners and codes of a text's outline, in the height of its font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), text, size=OUTLINE_PT, prop=FontProperties(family=list(fonts)))
    codes = np.zeros(0, dtype=np.uint8) if path.codes is None else np.asarray(path.codes)
    return np.asarray(path.vertices) / OUTLINE_PT, codes
