"""Charts of an equity table: how evenly minutes are shared, and who is at school within how many minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layoutopt.plan.equity_cells import ALL, LONG_MIN, TODAY
from layoutopt.report.document import Picture
from layoutopt.report.looks import BEFORE, LINE_COLORS, PLAN, RULE, SOFT
from layoutopt.report.pictures import drawn_on
from layoutopt.report.staticcharts import plain_frame
from layoutopt.report.words import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from layoutopt.plan.equity import Equity

LOOKS = ((BEFORE, "--"), (PLAN, "-"), (LINE_COLORS[1], "-."))
"""Colour and dash of today, the plan and the other plan."""
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def lorenz_axes(found: Equity, ax: Axes | None = None, **cell: str) -> Axes:
    """Draw the Lorenz curves of one cell, today and in every plan; return the axes."""
    title = f"How evenly the minutes on the way are shared{_of(cell)}"
    return drawn_on(ax, Picture("equity_lorenz", title, lambda axes: draw_lorenz(axes, found, **cell), 12.0, 11.0))


def ways_axes(found: Equity, ax: Axes | None = None, **cell: str) -> Axes:
    """Draw which share of one cell's pupils is at school within how many minutes; return the axes."""
    title = f"Pupils at school within so many minutes{_of(cell)}"
    return drawn_on(ax, Picture("equity_ways", title, lambda axes: draw_ways(axes, found, **cell), 13.0, 8.0))


def draw_lorenz(ax: Axes, found: Equity, **cell: str) -> None:
    """Draw the Lorenz curves of one cell on ``ax``."""
    ax.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":", label="all ways equally long")
    rows, points = found.cells(**cell), found.lorenz(**cell)
    for (color, dash), when in zip(LOOKS, (TODAY, *found.plans), strict=False):
        curve = points[points["when"] == when]
        label = f"{when}, Gini index {rows.loc[when, 'gini']:.2f}"
        ax.plot(curve["pupils_share"], curve["minutes_share"], color=color, linestyle=dash, linewidth=1.8, label=label)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set_xticks(TICKS, [share(tick) for tick in TICKS])
    ax.set_yticks(TICKS, [share(tick) for tick in TICKS])
    ax.set_xlabel("Share of the daily pupils, shortest way first")
    ax.set_ylabel("Share of all minutes on the way")
    plain_frame(ax)
    ax.legend(loc="upper left", frameon=False, fontsize=7.5)


def draw_ways(ax: Axes, found: Equity, **cell: str) -> None:
    """Draw the distribution of one cell's ways on ``ax``: the share of pupils with at most so many minutes."""
    end = float(LONG_MIN[-1])
    for (color, dash), when in zip(LOOKS, (TODAY, *found.plans), strict=False):
        ways = found.minutes(when, **cell)
        if ways.empty:
            continue
        reached = np.cumsum(ways["pupils"].to_numpy(float)) / ways["pupils"].sum()
        minutes = np.r_[0.0, ways["minutes"].to_numpy(float)]
        end = max(end, float(minutes[-1]))
        ax.step(minutes, np.r_[0.0, reached], where="post", color=color, linestyle=dash, linewidth=1.8, label=when)
    for limit in LONG_MIN:
        ax.axvline(limit, color=RULE, linewidth=0.8, zorder=0)
    ax.set(xlim=(0, end), ylim=(0, 1.01))
    ax.set_yticks(TICKS, [share(tick) for tick in TICKS])
    ax.set_xlabel("Minutes one way, door to door")
    ax.set_ylabel("Share of the daily pupils")
    plain_frame(ax)
    ax.legend(loc="lower right", frameon=False, fontsize=8)


def _of(cell: dict[str, str]) -> str:
    said = [f"{name} {value}" for name, value in cell.items() if value != ALL]
    return f": {', '.join(said)}" if said else ""
