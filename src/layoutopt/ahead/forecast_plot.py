"""Fan charts on matplotlib axes: the pupils of a county and its towns, what is likely of them, and the years before."""

from __future__ import annotations

import io
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.ahead.forecast_pairs import schools_today
from layoutopt.errors import AskError, MissingExtraError, nearest

if TYPE_CHECKING:
    from layoutopt.ahead.forecast_result import Forecast

COUNTY = "county"
INK, FAN = "#1c2227", "#0b5579"
SHADES = ("#d3e0e7", "#a6c1cf", "#74a0b6")
"""Of the bands, the widest first."""
CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "SimHei",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip
"""Fonts with Chinese characters, for the names of towns."""
MOST_TOWNS = 11
"""With the county they fill a sheet of three by four."""
COLUMNS = 4
SHARES = (0.95, 0.5)
"""Bands of a fan beside the forecast's own."""


def draw_one(found: Forecast, where: str, ax: Any = None) -> Any:
    """Draw the fan of the county or of one town on ``ax``, or on axes of its own, and return them."""
    towns = list(dict.fromkeys(found.towns["town"]))
    if where != COUNTY and where not in towns:
        raise AskError(f"plot: '{where}' is no town of this forecast.{nearest(where, [COUNTY, *towns])}")
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        ax = pyplot.subplots(figsize=(6.0, 3.6), layout="constrained")[1]
    _fan(found, where, ax)
    ax.legend(frameon=False, fontsize=8)
    return ax


def draw_all(found: Forecast) -> Any:
    """Draw the county and its largest towns side by side; return the axes, the county's first."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    names, rows, columns = _sheet(found)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(3.1 * columns, 2.4 * rows), layout="constrained", squeeze=False
    )
    return _filled(found, names, figure, axes)


def fans_svg(found: Forecast) -> str:
    """Return the drawing of all fans as an SVG element."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    names, rows, columns = _sheet(found)
    figure = Figure(figsize=(3.1 * columns, 2.4 * rows), layout="constrained")
    _filled(found, names, figure, figure.subplots(rows, columns, squeeze=False))
    page = io.StringIO()
    figure.savefig(page, format="svg", metadata={"Date": None})
    text = page.getvalue()
    return text[text.index("<svg") :]


def _sheet(found: Forecast) -> tuple[list[str], int, int]:
    """The names to draw, and the rows and columns of the sheet."""
    largest = found.towns.groupby("town")["pupils"].max().sort_values(ascending=False, kind="stable")
    names = [COUNTY, *largest.index[:MOST_TOWNS]] if len(largest) > 1 else [COUNTY]
    columns = min(COLUMNS, len(names))
    return names, -(-len(names) // columns), columns


def _filled(found: Forecast, names: list[str], figure: Any, axes: Any) -> Any:
    for ax, name in zip(axes.flat, names, strict=False):
        _fan(found, name, ax)
    for ax in axes.flat[len(names) :]:
        figure.delaxes(ax)
    axes.flat[0].legend(frameon=False, fontsize=7)
    return axes.flat[: len(names)]


def _fan(found: Forecast, where: str, ax: Any) -> None:
    base = found.base.year or 0
    rows = found.county if where == COUNTY else found.towns[found.towns["town"] == where]
    here = slice(None) if where == COUNTY else (found.base.settlements["town"].replace("", "no town") == where)
    today = float(found.course[base].loc[here].to_numpy().sum())
    years = np.array([base, *rows["year"]])
    pupils, sd = np.array([today, *rows["pupils"]]), np.array([0.0, *rows["sd"]])
    for share, shade in zip(sorted({*SHARES, found.band}, reverse=True), SHADES, strict=False):
        wide = NormalDist().inv_cdf(0.5 + share / 2) * sd
        low, high = np.maximum(pupils - wide, 0.0), pupils + wide
        ax.fill_between(years, low, high, color=shade, linewidth=0, label=f"{share:.0%} of cases")
    ax.plot(years, pupils, color=FAN, linewidth=1.6, label="forecast")
    past = past_pupils(found, where)
    if len(past) > 1:
        ax.plot(past.index, past.to_numpy(), color=INK, linewidth=1.2, label="counted")
    ax.set_title(found.base.name if where == COUNTY else where, fontsize=9, fontfamily=_families())
    ax.set_ylim(bottom=0)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.tick_params(labelsize=8)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)


@cache
def _families() -> list[str]:
    """The usual font, and one with Chinese characters where the machine has it."""
    from matplotlib import font_manager

    there = {entry.name for entry in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in CJK_FONTS if name in there][:1]]


def past_pupils(found: Forecast, where: str) -> pd.Series:
    """Return the pupils of earlier years by the layer history, the years in which every school of today is counted.

    Enrolments are scaled to the pupils who live there today, so that both lines meet.
    """
    base, history, today = found.base, found.base.history, schools_today(found.base)
    if history is None or today is None or base.year is None:
        return pd.Series(dtype=float)
    town = base.schools["town"].replace("", "no town")
    ids = today.index if where == COUNTY else today.index[town[today.index] == where]
    enrolled = float(today.loc[ids].to_numpy().sum())
    lives = base.settlements["town"].replace("", "no town")
    here = slice(None) if where == COUNTY else (lives == where)
    now = float(found.course[base.year].loc[here].to_numpy().sum())
    rows = history[history["school_id"].isin(ids) & (history["year"] < base.year)]
    whole = rows.groupby("year")["school_id"].nunique() == len(ids)
    if not enrolled or not whole.any():
        return pd.Series(dtype=float)
    past = rows.groupby("year")["pupils"].sum()[whole] * now / enrolled
    past[base.year] = now
    return past.sort_index()
