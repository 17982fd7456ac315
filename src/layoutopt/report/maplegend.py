"""The legend of a printed map, beside it or below a wide one, and the place the map has in its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.report.looks import INK, ROLE_MARKS, SOFT
from layoutopt.report.maptext import ASCENT, DESCENT, Text, outlines, pixels, width_em

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDE = 0.74
"""A map lower than this share of its width has its legend below."""
COLUMNS = 4
PAD_PT, GAP_PT = 3.0, 6.0
SIZE_PT, NOTE_PT, ROW_PT = 7.5, 7.0, 12.3
HANDLE_PT, COLUMN_GAP_PT = 21.0, 10.5
"""Room for a mark and what is free beside it, and between two columns."""
STROKE_PT = 15.0


def role_handle(role: str, label: str) -> Line2D:
    """Return the legend's entry of a role."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none", label=label, **ROLE_MARKS[role])


def dot_handle(color: str, label: str, *, size: float, edge: str | None = None, marker: str = "o") -> Line2D:
    """Return the legend's entry of a dot or another mark."""
    from matplotlib.lines import Line2D

    line: dict[str, Any] = {"markeredgecolor": edge, "markeredgewidth": 0.6} if edge else {}
    return Line2D([], [], linestyle="none", marker=marker, color=color, markersize=size, label=label, **line)


def ring_handle(color: str, label: str) -> Line2D:
    """Return the legend's entry of a stop."""
    from matplotlib.lines import Line2D

    looks: dict[str, Any] = {"color": "white", "markeredgecolor": color, "markeredgewidth": 1.1, "markersize": 4}
    return Line2D([], [], linestyle="none", marker="o", label=label, **looks)


def stroke_handle(color: str, label: str, *, linewidth: float = 1.8, linestyle: Any = "-") -> Line2D:
    """Return the legend's entry of a line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, linewidth=linewidth, linestyle=linestyle, label=label)


def is_wide(across: tuple[float, float], along: tuple[float, float]) -> bool:
    """Return whether a map is so wide that its legend stands below it and not beside it."""
    return (along[1] - along[0]) < WIDE * (across[1] - across[0])


def draw_legend(ax: Axes, handles: list[Line2D], *, note: str = "") -> None:
    """Give the map its place in the figure and draw the legend in the room that is left.

    A map has neither ticks nor a title, and the texts of its legend are measured anyway: that is ten times faster
    than matplotlib's own legend and layout.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None
    wide = is_wide(ax.get_xlim(), ax.get_ylim())
    notes = [note.replace("\n", " ")] if wide and note else note.splitlines()
    columns = [
        [handles[position] for position in part]
        for part in np.array_split(np.arange(len(handles)), min(COLUMNS if wide else 1, len(handles)))
    ]
    widths = [HANDLE_PT + SIZE_PT * max(width_em(str(handle.get_label())) for handle in part) for part in columns]
    wanted = max(sum(widths) + COLUMN_GAP_PT * (len(widths) - 1), *(NOTE_PT * width_em(line) for line in notes), 0.0)
    height = ROW_PT * (len(notes) + max(len(part) for part in columns))
    left, top = _placed(ax, figure, wide, wanted, height)
    dpi, texts = float(figure.dpi), []
    for row, line in enumerate(notes):
        texts.append(Text(left, _base(top, row, NOTE_PT, dpi), line, NOTE_PT, SOFT))
    for part, width in zip(columns, widths, strict=True):
        for row, handle in enumerate(part, start=len(notes)):
            base = _base(top, row, SIZE_PT, dpi)
            _entry(figure, handle, left, base, dpi)
            texts.append(Text(left + pixels(HANDLE_PT, dpi), base, str(handle.get_label()), SIZE_PT, INK))
        left += pixels(width + COLUMN_GAP_PT, dpi)
    for shape in outlines(texts, dpi, halo=False):
        figure.add_artist(shape)


def _placed(ax: Axes, figure: Figure, wide: bool, legend_pt: float, height_pt: float) -> tuple[float, float]:
    """Place the map so that its legend has room; return the legend's upper left corner in pixels."""
    dpi = float(figure.dpi)
    width, height = figure.bbox.width, figure.bbox.height
    pad, gap = pixels(PAD_PT, dpi), pixels(GAP_PT, dpi)
    beside = 0.0 if wide else pixels(legend_pt, dpi) + gap
    below = pixels(height_pt, dpi) + gap if wide else 0.0
    room = ((width - 2 * pad - beside) / width, (height - 2 * pad - below) / height)
    figure.set_layout_engine("none")
    ax.set_position((pad / width, (pad + below) / height, *room))
    ax.set_anchor("N" if wide else "NW")
    ax.apply_aspect()
    frame = ax.get_window_extent()
    return (frame.x0 + gap, frame.y0 - gap) if wide else (frame.x1 + gap, frame.y1)


def _base(top: float, row: int, size: float, dpi: float) -> float:
    """Return where the text of a row stands."""
    return top - pixels(ROW_PT * (row + 0.5) + size * (ASCENT - DESCENT) / 2, dpi)


def _entry(figure: Figure, handle: Line2D, left: float, base: float, dpi: float) -> None:
    """Draw the mark of an entry, as high as the middle of its text."""
    from matplotlib.transforms import IdentityTransform

    level, end = base + pixels(SIZE_PT * (ASCENT - DESCENT) / 2, dpi), left + pixels(STROKE_PT, dpi)
    across = [(left + end) / 2] if handle.get_linestyle() == "None" else [left, end]
    handle.set_data(across, [level] * len(across))
    handle.set_transform(IdentityTransform())
    figure.add_artist(handle)
