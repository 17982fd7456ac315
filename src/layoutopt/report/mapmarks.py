"""Marks, lines and legend of the printed maps: one look for each thing, on the map and in its legend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.plan.plan import ROLES, Plan
from layoutopt.report.language import Language
from layoutopt.report.looks import CLOSED, MODE_COLORS, ROAD_COLORS, ROLE_MARKS, SOFT, TOWN
from layoutopt.report.mapground import TOWN_DASH, is_wide

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

LEGEND_COLUMNS = 4
MODE_DASHES: dict[str, Any] = {"walk": "-", "bus": (0, (5, 2)), "board": (0, (1.2, 1.5))}


def places_of(layer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return where the places of a layer stand, as x and y by their ids."""
    points = layer.geometry.representative_point()
    return pd.DataFrame({"x": points.x.to_numpy(), "y": points.y.to_numpy()}, index=layer.index)


def school_marks(ax: Axes, plan: Plan, shown: Iterable[str]) -> list[str]:
    """Draw the schools and return the roles among them, in the order of the legend."""
    schools = places_of(plan.study.schools)
    role = plan.schools.set_index("school_id")["role"].reindex(list(shown))
    used = [name for name in ROLES if (role == name).any()]
    for rank, name in enumerate(used):
        at = schools.loc[role.index[role == name]]
        ax.plot(at["x"], at["y"], linestyle="none", zorder=6.5 - 0.1 * rank, **ROLE_MARKS[name])
    return used


def arrow(ax: Axes, start: pd.Series, end: pd.Series) -> None:
    """Draw an arrow from a school that closes to the one most of its pupils go to."""
    ax.annotate(
        "", (end["x"], end["y"]), (start["x"], start["y"]), zorder=5, annotation_clip=False,
        arrowprops={
            "arrowstyle": "-|>,head_width=0.16,head_length=0.32", "color": CLOSED, "linewidth": 0.8,
            "shrinkA": 3, "shrinkB": 5, "alpha": 0.75,
        },
    )  # fmt: skip


def way_line(ax: Axes, start: pd.Series, end: pd.Series, mode: str, pupils: float) -> None:
    """Draw the way from a village to its school, wider with more pupils."""
    width = min(3.0, 0.9 + 0.18 * pupils**0.5)
    color, dash = MODE_COLORS.get(mode, SOFT), MODE_DASHES.get(mode, "-")
    ax.plot([start["x"], end["x"]], [start["y"], end["y"]], color=color, linestyle=dash, linewidth=width, zorder=3)


def road_line(ax: Axes, path: np.ndarray, color: str, *, width: float) -> None:
    """Draw a bus line along the roads."""
    ax.plot(path[:, 0], path[:, 1], color="white", linewidth=width + 1.4, zorder=3, solid_capstyle="round")
    ax.plot(path[:, 0], path[:, 1], color=color, linewidth=width, zorder=3.1, solid_capstyle="round")


def stop_rings(ax: Axes, at: pd.DataFrame, color: str, *, size: float) -> None:
    """Draw the stops of a bus line."""
    ax.plot(at["x"], at["y"], "o", color="white", markeredgecolor=color, markersize=size, markeredgewidth=1.1, zorder=4)


def role_handle(role: str, label: str) -> Any:
    """Return the legend's entry of a role."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="none", label=label, **ROLE_MARKS[role])


def dot_handle(color: str, label: str, *, size: float, edge: str | None = None, marker: str = "o") -> Any:
    """Return the legend's entry of a dot or another mark."""
    from matplotlib.lines import Line2D

    line = {"markeredgecolor": edge, "markeredgewidth": 0.6} if edge else {}
    return Line2D([], [], linestyle="none", marker=marker, color=color, markersize=size, label=label, **line)


def ring_handle(color: str, label: str) -> Any:
    """Return the legend's entry of a stop."""
    from matplotlib.lines import Line2D

    looks = {"color": "white", "markeredgecolor": color, "markeredgewidth": 1.1, "markersize": 4}
    return Line2D([], [], linestyle="none", marker="o", label=label, **looks)


def stroke_handle(color: str, label: str, *, linewidth: float = 1.8, linestyle: Any = "-") -> Any:
    """Return the legend's entry of a line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, linewidth=linewidth, linestyle=linestyle, label=label)


def legend(ax: Axes, handles: list[Any], plan: Plan, lang: Language, *, note: str = "") -> None:
    """Draw the legend beside the map, or below a wide one; roads and towns are named where there are any."""
    if plan.study.roads is not None:
        handles = [*handles, stroke_handle(ROAD_COLORS["major"], lang.text("Road"), linewidth=1.3)]
    if plan.study.towns is not None:
        handles = [*handles, stroke_handle(TOWN, lang.text("Town boundary"), linewidth=0.7, linestyle=TOWN_DASH)]
    wide = is_wide(ax.get_xlim(), ax.get_ylim())
    where: dict[str, Any] = (
        {"loc": "upper left", "bbox_to_anchor": (0, -0.02), "ncols": LEGEND_COLUMNS, "columnspacing": 1.4}
        if wide
        else {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
    )
    shown = ax.legend(
        handles=handles, frameon=False, fontsize=7.5, borderaxespad=0, title=note.replace("\n", " ") if wide else note,
        title_fontsize=7, alignment="left", labelspacing=0.6, **where,
    )  # fmt: skip
    shown.get_title().set_color(SOFT)
