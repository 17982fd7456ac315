"""Marks and lines of the printed maps: where the places are, and one look for each thing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.plan.plan import ROLES, Plan
from layoutopt.report.looks import CLOSED, MODE_COLORS, ROLE_MARKS, SOFT
from layoutopt.study import Study

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

Way = tuple[tuple[float, float], tuple[float, float], str, float]
"""Village and school as x and y, the mode, and the pupils."""
MODE_DASHES: dict[str, Any] = {"walk": "-", "bus": (0, (5, 2)), "board": (0, (1.2, 1.5))}


@lru_cache(maxsize=2)  # the maps of one county are drawn one after another, and hundreds of them for its dossiers
def villages_of(study: Study) -> pd.DataFrame:
    """Return x, y and name of the settlements, by their ids."""
    return _places(study.settlements)


@lru_cache(maxsize=2)
def schools_of(plan: Plan) -> pd.DataFrame:
    """Return x, y, name and role of the schools, by their ids."""
    roles = plan.schools.set_index("school_id")["role"].astype(object)
    return _places(plan.study.schools).assign(role=roles)


def _places(layer: gpd.GeoDataFrame) -> pd.DataFrame:
    points = layer.geometry.representative_point()
    columns = {"x": points.x.to_numpy(), "y": points.y.to_numpy(), "name": layer["name"].to_numpy(object)}
    return pd.DataFrame(columns, index=pd.Index(layer.index, dtype=object))


def marks(ax: Axes, at: pd.DataFrame, **look: Any) -> None:
    """Draw the same mark at each place."""
    stroke(ax, at["x"].to_numpy(), at["y"].to_numpy(), linestyle="none", **look)


def stroke(ax: Axes, x: Any, y: Any, **look: Any) -> None:
    """Draw a line; faster than ``ax.plot``, which works the map's extent out anew."""
    from matplotlib.lines import Line2D

    ax.add_artist(Line2D(x, y, **look))


def school_marks(ax: Axes, plan: Plan, shown: Iterable[str]) -> list[str]:
    """Draw the schools and return the roles among them, in the order of the legend."""
    schools = schools_of(plan).loc[list(shown)]
    used = [name for name in ROLES if (schools["role"] == name).any()]
    for rank, name in enumerate(used):
        marks(ax, schools[schools["role"] == name], zorder=6.5 - 0.1 * rank, **ROLE_MARKS[name])
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


def way_lines(ax: Axes, ways: Iterable[Way]) -> None:
    """Draw the ways from villages to their schools, each wider with more pupils."""
    from matplotlib.collections import LineCollection

    shown = list(ways)
    look = {
        "colors": [MODE_COLORS.get(mode, SOFT) for _, _, mode, _ in shown],
        "linestyles": [MODE_DASHES.get(mode, "-") for _, _, mode, _ in shown],
        "linewidths": [min(3.0, 0.9 + 0.18 * pupils**0.5) for _, _, _, pupils in shown],
    }
    ax.add_collection(LineCollection([(start, end) for start, end, _, _ in shown], zorder=3, **look), autolim=False)


def road_line(ax: Axes, path: np.ndarray, color: str, *, width: float) -> None:
    """Draw a bus line along the roads."""
    x, y = path.T
    stroke(ax, x, y, color="white", linewidth=width + 1.4, zorder=3, solid_capstyle="round")
    stroke(ax, x, y, color=color, linewidth=width, zorder=3.1, solid_capstyle="round")


def stop_rings(ax: Axes, at: pd.DataFrame, color: str, *, size: float) -> None:
    """Draw the stops of a bus line."""
    marks(ax, at, marker="o", color="white", markeredgecolor=color, markersize=size, markeredgewidth=1.1, zorder=4)
