"""A price at every value of one number: a table, a picture, and words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.errors import MissingExtraError
from layoutopt.explaining.asked import is_number
from layoutopt.explaining.price import Price
from layoutopt.explaining.proven import cost_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS = (
    "cost_cny", "bound_cny", "gap", "price_cny", "least_cny", "most_cny", "mean_min", "worst_min", "schools", "lines",
)  # fmt: skip
MILLION = 1e6
COLORS = ("#1b5e8c", "#b5651d")
"""Cost and minutes; apart in lightness too, so that they differ in print and to every eye."""


@dataclass(frozen=True, eq=False)
class PriceCurve:
    """What each value of one number costs: ``values`` in rising order, a :class:`Price` for each.

    ``now`` is the value the plan was asked with, where it is a number (0 for seats, beds, buses and schools more).
    """

    name: str
    unit: str
    values: tuple[Any, ...]
    prices: tuple[Price, ...]
    now: float | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a value.

        ``cost_cny`` is the yearly cost, ``bound_cny`` what no plan with this value is below; ``price_cny`` the cost
        less that of the plan asked about, between ``least_cny`` and ``most_cny``; ``step_cny`` what one unit more than
        the value before costs. Minutes, schools and lines are those of the plan; NaN where none is possible.
        """
        rows = [_row(value, price) for value, price in zip(self.values, self.prices, strict=True)]
        table = pd.DataFrame(rows)
        table["step_cny"] = np.nan
        if len(table) > 1 and all(is_number(value) for value in self.values):
            width = table["value"].astype(float).diff()
            table["step_cny"] = table["cost_cny"].diff() / width.where(width > 0)
        return table

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw cost, what is proven about it, and the mean way over the values; return the matplotlib axes.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        if ax is None:
            ax = pyplot.subplots(figsize=(6.0, 3.6), layout="constrained")[1]
        _drawn(self, ax)
        return ax

    def to_dict(self) -> dict[str, Any]:
        """Return name, unit and table as plain values, as JSON knows them; what is not known is None."""
        table = json.loads(self.table.to_json(orient="records"))
        return {"name": self.name, "unit": self.unit, "now": self.now, "table": table}

    def __str__(self) -> str:
        possible = self.table[self.table["possible"]]
        unit = f" ({self.unit})" if self.unit else ""
        head = f"{self.name}{unit}: {len(self.values)} values, {len(possible)} of them possible."
        words = [head]
        if len(possible):
            low, high = possible.loc[possible["cost_cny"].idxmin()], possible.loc[possible["cost_cny"].idxmax()]
            words.append(
                f"Cheapest at {low['value']}: {low['price_cny']:+,.0f} CNY a year against the plan asked about; "
                f"dearest at {high['value']}: {high['price_cny']:+,.0f}."
            )
            if possible["gap"].max() < np.inf:
                words.append(f"Each plan is within {possible['gap'].max():.2%} of the best for its value.")
        shown = ["value", "price_cny", "least_cny", "most_cny", "step_cny", "mean_min", "worst_min", "schools", "lines"]
        table = self.table[shown].to_string(index=False, float_format=lambda number: f"{number:,.1f}", na_rep="-")
        return "\n".join([*words, table, *self._impossible()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = self.table.to_html(index=False, float_format=lambda number: f"{number:,.1f}", na_rep="-", border=0)
        lines = [line for line in str(self).split("\n")[:3] if self.name in line or line.endswith(".")]
        words = "".join(f"<p>{escape(line)}</p>" for line in (*lines, *self._impossible()))
        return f"{words}{table}"

    def _impossible(self) -> list[str]:
        return [
            f"{value}: {price.refusal}"
            for value, price in zip(self.values, self.prices, strict=True)
            if not price.possible
        ]


def _row(value: Any, price: Price) -> dict[str, Any]:
    plan = price.after
    if plan is None:
        return {"value": value, "possible": False} | dict.fromkeys(NUMBERS, np.nan)
    level = cost_level(plan)
    return {
        "value": value,
        "possible": True,
        "cost_cny": plan.figures.cost_cny,
        "bound_cny": np.nan if level is None else level.bound,
        "gap": np.nan if level is None else level.gap,
        "price_cny": price.cost_cny,
        "least_cny": price.least_cny,
        "most_cny": price.most_cny,
        "mean_min": plan.figures.journey_mean_min,
        "worst_min": plan.figures.journey_max_min,
        "schools": float(plan.figures.schools_open),
        "lines": float(plan.figures.lines),
    }


def _drawn(curve: PriceCurve, ax: Axes) -> None:
    """Cost as a line with a band down to its bound, the mean way as a dashed line on the right."""
    table = curve.table[curve.table["possible"]]
    numbers = all(is_number(value) for value in curve.values)
    at = table["value"].to_numpy(float) if numbers else table.index.to_numpy(float)
    cost, bound = table["cost_cny"].to_numpy(float) / MILLION, table["bound_cny"].to_numpy(float) / MILLION
    if np.isfinite(bound).all():
        ax.fill_between(at, bound, cost, color=COLORS[0], alpha=0.2, linewidth=0, label="could still be saved")
    ax.plot(at, cost, color=COLORS[0], marker="o", label="yearly cost")
    ax.set_xlabel(f"{curve.name} ({curve.unit})" if curve.unit else curve.name)
    ax.set_ylabel("yearly cost (million CNY)")
    if not numbers:
        ax.set_xticks(range(len(curve.values)), [str(value) for value in curve.values])
    elif curve.now is not None and min(curve.values) <= curve.now <= max(curve.values):
        ax.axvline(curve.now, color="0.6", linewidth=0.8, linestyle=":")
    right = ax.twinx()
    right.plot(at, table["mean_min"], color=COLORS[1], marker="s", linestyle="--", label="mean way")
    right.set_ylabel("mean way (min)")
    lines = [artist for one in (ax, right) for artist in one.get_legend_handles_labels()[0]]
    ax.legend(lines, [str(line.get_label()) for line in lines], frameon=False, fontsize="small")
