"""A frontier on matplotlib axes: the plans, what is proven below them, the knee; a third goal as colour."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.errors import MissingExtraError

if TYPE_CHECKING:
    from layoutopt.explaining.frontier import Frontier

MILLION = 1e6
INK, SOFT, MARK = "#1f2933", "#8a94a0", "#c2410c"
SIZE_INCHES = (6.2, 3.9)


def draw_frontier(found: Frontier, ax: Any = None) -> Any:
    """Draw ``found`` on ``ax``, or on axes of its own, and return them: cost up, the second goal along."""
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        ax = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")[1]
    _draw(found, ax)
    return ax


def frontier_svg(found: Frontier) -> str:
    """Return the drawing as an SVG element."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    _draw(found, figure.subplots())
    page = io.StringIO()
    figure.savefig(page, format="svg", metadata={"Date": None})
    text = page.getvalue()
    return text[text.index("<svg") :]


def _draw(found: Frontier, ax: Any) -> None:
    cost, along, *third = found.axes
    x, y = _values(found, along.name, along.sign), _values(found, cost.name) / MILLION
    bound = np.array([point.bounds[cost.name] for point in found.points]) / MILLION
    known = np.isfinite(bound)
    ax.vlines(x[known], bound[known], y[known], color=SOFT, linewidth=1.0, zorder=1)
    ax.plot(x[known], bound[known], "_", color=SOFT, markersize=7, label="no plan within this limit is cheaper")
    if third:
        colors = _values(found, third[0].name, third[0].sign)
        dots = ax.scatter(x, y, c=colors, cmap="viridis", s=34, zorder=3, label="plans")
        ax.figure.colorbar(dots, ax=ax, label=f"{third[0].words} ({third[0].unit})")
    else:
        ax.plot(x, y, "-o", color=INK, markersize=5, linewidth=1.2, zorder=3, label="plans")
    if found.knee is not None:
        ax.plot(x[found.knee], y[found.knee], "o", color=MARK, markersize=12, fillstyle="none", zorder=4, label="knee")
    if found.given is not None:
        ax.plot(
            along.value(found.given), cost.value(found.given) / MILLION, "x", color=MARK, label="the plan asked about"
        )
    ax.set_xlabel(f"{along.words} ({along.unit})")
    ax.set_ylabel(f"{cost.words} (million CNY)")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(frameon=False, fontsize=8)


def _values(found: Frontier, name: str, sign: float = 1.0) -> Any:
    return np.array([sign * point.loads[name] for point in found.points])
