"""Who loses by a plan, and by how much: journeys by band, group and town, today beside one plan or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import AskError, nearest
from layoutopt.io.tables import write_csv
from layoutopt.plan.closures import closing_conditions
from layoutopt.plan.equity_cells import ALL, BOARDERS, DIMENSIONS, TODAY, Measure, cells_of, expected
from layoutopt.plan.equity_harm import between_of, losers_of, protected_of, variation_of, villages_of
from layoutopt.plan.equity_ways import SLOW_KMH, ways_of
from layoutopt.plan.equity_words import equity_words, notes_of
from layoutopt.plan.plan import Plan
from layoutopt.plan.weighted import lorenz_points

EPSILON = 0.5
"""Aversion to inequality of the Atkinson index: a usual value for incomes (SparkMap's county index), and one below 1,
so that a way of no minutes does not decide alone; our choice."""
TABLES = ("table", "losers", "villages", "variation", "conditions", "protected")
SHOWN = ("pupils", "mean_min", "p50_min", "p90_min", "p95_min", "max_min", "over_30", "over_40", "over_60", "worst_min",
         "gini", "change_min", "new_boarders")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Equity:
    """Who loses by one plan or two, and by how much; ``str()`` says it in sentences.

    ``table``: a row a ``band, group, town`` (``all`` for every margin) and ``when`` (``today`` or a plan's name).
    ``pupils`` live there, ``daily`` of them travel daily; of these ways: ``mean_min, p50_min, p90_min, p95_min,
    max_min``, the shares ``over_30, over_40, over_60`` minutes, ``worst_min`` (mean of the longest ways of a ``share``
    of the pupils, the last group in part), ``gini``, ``atkinson``; the mean minutes ``walk_min, ride_min``, those
    ``wait_min`` at school before the bell, and ``slow_min, slow_km`` ridden on roads of 20 km/h at most; ``gap_min``, a
    group's mean less that of all others; against today, pupil by pupil: ``change_min`` (mean), ``worst_change_min``
    (of the share whose way grows most), ``longer_share, shorter_share`` (by more than a minute); ``family_cny`` a year;
    ``boarders, new_boarders, unserved``. The group ``boarders`` are those who board in the plan: today their daily
    ways, in the plan their weekly ones. NaN where nobody is, or something is not known.

    ``losers``: the groups whose way grows or who come to board. ``villages``: whose school of today no longer teaches
    them. ``between()``: who goes elsewhere by the second plan. ``variation``: how evenly schools have the seven
    resources. ``conditions``: the five that forbid a closure. ``protected``: small schools that stay because they are
    protected. ``ways``: everything counted, by plan.
    """

    table: pd.DataFrame
    losers: pd.DataFrame
    villages: pd.DataFrame
    variation: pd.DataFrame
    conditions: pd.DataFrame
    protected: pd.DataFrame
    notes: tuple[str, ...]
    ways: Mapping[str, pd.DataFrame] = field(repr=False)
    epsilon: float = EPSILON
    share: float = 0.05

    @property
    def plans(self) -> tuple[str, ...]:
        """The names of the plans."""
        return tuple(self.ways)

    @property
    def young_boarders(self) -> dict[str, float]:
        """Pupils of grades 1-3 who come to board, by plan: there must be none."""
        return {
            name: float(ways.loc[ways["new_boarder"] & (ways["band"] == "lower"), "pupils"].sum())
            for name, ways in self.ways.items()
        }

    def cells(self, *, band: str = ALL, group: str = ALL, town: str = ALL) -> pd.DataFrame:
        """Return the rows of one cell by ``when``: today and every plan."""
        for name, value in (("band", band), ("group", group), ("town", town)):
            known = self.table[name].unique()
            if value not in known:
                raise AskError(f"'{value}' is no {name} of this table.{nearest(value, known)}")
        rows = self.table
        rows = rows[(rows["band"] == band) & (rows["group"] == group) & (rows["town"] == town)]
        return rows.set_index("when").drop(columns=["band", "group", "town"])

    def minutes(self, when: str = "plan", *, band: str = ALL, group: str = ALL, town: str = ALL) -> pd.DataFrame:
        """Return ``minutes, pupils`` of the ways that a cell's figures are made of, shortest first."""
        self.cells(band=band, group=group, town=town)
        side = "today" if when == TODAY else "plan"
        ways = self.ways[self.plans[0] if when == TODAY else when]
        mode = ways["today_mode" if when == TODAY else "mode"]
        own = ((ways["band"] == band) | (band == ALL)) & ((ways["town"] == town) | (town == ALL))
        own &= np.isfinite(ways[f"{side}_min"].astype(float)) & ((mode != "board") | (group == BOARDERS))
        table = pd.DataFrame({"minutes": ways[f"{side}_min"].astype(float), "pupils": expected(ways, group)})[own]
        return table[table["pupils"] > 0].sort_values("minutes", kind="stable").reset_index(drop=True)

    def lorenz(self, *, band: str = ALL, group: str = ALL, town: str = ALL) -> pd.DataFrame:
        """Return the points of the Lorenz curves: ``when, pupils_share, minutes_share``, shortest way first."""
        parts = []
        for when in (TODAY, *self.plans):
            ways = self.minutes(when, band=band, group=group, town=town)
            along, up = lorenz_points(ways["minutes"].to_numpy(float), ways["pupils"].to_numpy(float))
            parts.append(pd.DataFrame({"when": when, "pupils_share": along, "minutes_share": up}))
        return pd.concat(parts, ignore_index=True)

    def between(self) -> pd.DataFrame:
        """Return the groups that go elsewhere or otherwise by the second plan than by the first; see ``between_of``."""
        if len(self.plans) < 2:
            raise AskError("There is one plan here, and nothing between. Ask equity(plan, other).")
        one, other = self.plans
        return between_of(self.ways[one], self.ways[other])

    def plot_lorenz(self, *, ax: Any = None, **cell: str) -> Any:
        """Draw the Lorenz curves of a cell (``band=, group=, town=``); return the matplotlib axes."""
        return import_module("layoutopt.report.equity_charts").lorenz_axes(self, ax, **cell)

    def plot_ways(self, *, ax: Any = None, **cell: str) -> Any:
        """Draw which share of a cell's pupils is at school within how many minutes; return the matplotlib axes."""
        return import_module("layoutopt.report.equity_charts").ways_axes(self, ax, **cell)

    def to_file(self, path: str | Path) -> Path:
        """Write ``table`` as CSV, or every table as one workbook (.xlsx); return the path."""
        target = Path(path)
        if target.suffix.lower() not in (".csv", ".xlsx"):
            raise AskError(f"{target.name} is neither .csv nor .xlsx. Give the file one of these endings.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.suffix.lower() == ".csv":
            write_csv(self.table, target)
            return target
        with pd.ExcelWriter(target, engine="openpyxl") as book:
            pd.DataFrame({"words": equity_words(self)}).to_excel(book, sheet_name="words", index=False)
            for name in TABLES:
                getattr(self, name).to_excel(book, sheet_name=name, index=False)
        return target

    def to_dict(self) -> dict[str, Any]:
        """Return sentences and tables as plain values; what is not known is None."""
        tables = {
            name: [{key: _plain(value) for key, value in row.items()} for row in getattr(self, name).to_dict("records")]
            for name in TABLES
        }
        return {"words": equity_words(self), **tables}

    def summary(self) -> pd.DataFrame:
        """Return the main columns of every band and group of the county, today and in every plan."""
        rows = self.table[(self.table["town"] == ALL) & ((self.table["band"] == ALL) | (self.table["group"] == ALL))]
        return rows.set_index(["band", "group", "when"])[list(SHOWN)]

    def __str__(self) -> str:
        table = self.summary().round(2).to_string(na_rep="")
        return "\n".join([*equity_words(self), "", table])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        lines = "".join(f"<p style='margin:.2em 0'>{escape(line)}</p>" for line in equity_words(self))
        return lines + str(self.summary().to_html(float_format=lambda value: f"{value:,.2f}", na_rep=""))


def equity(
    plan: Plan,
    other: Plan | None = None,
    *,
    by: Sequence[str] = DIMENSIONS,
    epsilon: float = EPSILON,
    slow_kmh: float = SLOW_KMH,
    names: Sequence[str] = ("plan", "other"),
) -> Equity:
    """Return who loses by ``plan``, and by how much, against today and beside ``other``.

    Parameters
    ----------
    by
        What the table tells apart: any of ``band``, ``group`` (girls, left-behind and poor children where
        settlements give their shares, boarders) and ``town``.
    epsilon
        Aversion to inequality of the Atkinson index, above 0; larger values look at short ways more.
    slow_kmh
        Roads a bus drives at this speed or less are counted as slow.
    names
        What the plans are called.

    The worst-off are the share ``goals.worst_share`` of the pupils, as in the goal ``inequality`` (which counts a
    boarder's way as a fifth, while here boarders are apart).

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.equity(plan).cells(group="poor").loc["plan", "mean_min"]  # doctest: +SKIP
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    for name in by:
        if name not in DIMENSIONS:
            raise AskError(f"'{name}' is nothing to tell apart.{nearest(name, DIMENSIONS)}")
    plans = {names[0]: plan} | ({} if other is None else {names[1]: other})
    if len(plans) < 1 + (other is not None) or TODAY in plans:
        raise AskError(f"The plans need two different names, none of them '{TODAY}'.")
    measure = Measure(epsilon, plan.policy.goals.worst_share)
    ways = {name: ways_of(each, slow_kmh=slow_kmh) for name, each in plans.items()}
    first = next(iter(ways.values()))
    cells = [cells_of(first, TODAY, by, measure), *(cells_of(rows, name, by, measure) for name, rows in ways.items())]
    order = ["town", "band", "group"]
    table = pd.concat(cells, ignore_index=True)
    ranked = table.assign(**{name: pd.Categorical(table[name], table[name].unique()) for name in order})
    return Equity(
        table=table.loc[ranked.sort_values(order, kind="stable").index].reset_index(drop=True),
        losers=_stacked({name: losers_of(rows) for name, rows in ways.items()}),
        villages=_stacked({name: villages_of(each) for name, each in plans.items()}),
        variation=variation_of(plans),
        conditions=_stacked({name: closing_conditions(each) for name, each in plans.items()}),
        protected=_stacked({name: protected_of(each) for name, each in plans.items()}),
        notes=tuple(notes_of(plans, ways)),
        ways=ways,
        epsilon=epsilon,
        share=measure.share,
    )


def _stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One table with a first column ``plan``."""
    named = [table.assign(plan=name)[["plan", *table.columns]] for name, table in tables.items()]
    filled = [table for table in named if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else named[0]


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), 6) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
