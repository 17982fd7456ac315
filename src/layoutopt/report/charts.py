"""What the charts show, as numbers: lengths of the ways, school sizes, cost, and how evenly the ways fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.plan.costs import annual_costs
from layoutopt.plan.plan import Plan
from layoutopt.plan.weighted import gini, lorenz_points
from layoutopt.report.language import message
from layoutopt.report.words import COSTS, grade_words
from layoutopt.schema import BANDS

LIMITS_MIN: tuple[int, ...] = (15, 30, 40, 60)
CLASSES: dict[str, str] = {
    "t0": message("up to 15 min"),
    "t1": message("15–30 min"),
    "t2": message("30–40 min"),
    "t3": message("40–60 min"),
    "t4": message("over 60 min"),
    "board": message("boards weekly"),
    "none": message("no way or school"),
}
SIZES: tuple[int, ...] = (30, 100, 200, 400, 800)
WORST_SHARE = 0.05
"""The worst-off part of all daily pupils, by the length of their way."""


@dataclass(frozen=True)
class Part:
    """One coloured piece of a bar: its class, the pupils in it and their share of the bar."""

    name: str
    pupils: float
    share: float


@dataclass(frozen=True)
class Bar:
    """One bar: the grades, ``"before"`` or ``"after"``, and its pieces in the order of the classes."""

    grades: str
    when: str
    pupils: float
    parts: tuple[Part, ...]


def time_classes(minutes: pd.Series, mode: pd.Series) -> pd.Series:
    """Return the class of each way: its length, ``board``, or ``none`` where no way is known."""
    values = minutes.to_numpy(float)
    # A limit itself still counts as kept, so it belongs to the shorter class.
    position = np.searchsorted(LIMITS_MIN, np.nan_to_num(values, nan=np.inf, posinf=np.inf) - 1e-6)
    names = np.array([f"t{k}" for k in range(len(LIMITS_MIN) + 1)])[position]
    names = np.where(np.isfinite(values), names, "none")
    return pd.Series(np.where(mode.eq("board"), "board", names), index=minutes.index)


def journey_bars(plan: Plan) -> list[Bar]:
    """Return one bar a band and time (today, plan), and two for all pupils together."""
    rows = plan.assignments
    before = time_classes(rows["today_min"], rows["today_mode"])
    after = time_classes(rows["minutes"].where(rows["school_id"] != ""), rows["mode"])
    bars, grades = [], grade_words(plan.policy.bands)
    for band in (*BANDS, "all"):
        inside = rows["band"].eq(band) | (band == "all")
        for when, classes in (("before", before), ("after", after)):
            pupils = rows.loc[inside, "pupils"].groupby(classes[inside]).sum()
            bars.append(_bar(grades[band], when, pupils))
    return [bar for bar in bars if bar.pupils > 0]


def _bar(grades: str, when: str, pupils: pd.Series) -> Bar:
    total = float(pupils.sum())
    parts = [Part(name, float(pupils[name]), float(pupils[name]) / total) for name in CLASSES if name in pupils]
    return Bar(grades, when, total, tuple(part for part in parts if part.pupils > 0))


@dataclass(frozen=True)
class CostRow:
    """One kind of yearly cost, today (None where no plan of today is given) and in the plan."""

    name: str
    before: float | None
    after: float
    before_share: float
    after_share: float


def cost_rows(plan: Plan, today: Plan | None) -> list[CostRow]:
    """Return the yearly cost by kind, its bars scaled to the largest of all amounts."""
    after = annual_costs(plan)
    before = annual_costs(today) if today is not None else {}
    largest = max([*after.values(), *before.values(), 1e-9])
    return [
        CostRow(COSTS[kind], before.get(kind), amount, before.get(kind, 0.0) / largest, amount / largest)
        for kind, amount in after.items()
    ]


@dataclass(frozen=True)
class SizeRow:
    """Schools with ``low`` to ``high`` pupils (None: no upper end), today and in the plan."""

    low: int
    high: int | None
    before: int
    after: int


def size_rows(plan: Plan) -> list[SizeRow]:
    """Return how many schools have how many pupils; a school without pupils counts nowhere."""
    before, after = (plan.schools[f"pupils_{when}"].fillna(0.0).to_numpy(float) for when in ("before", "after"))
    edges = [0, *SIZES]
    rows = []
    for position, low in enumerate(edges):
        high = edges[position + 1] if position + 1 < len(edges) else None
        counts = [int(((values > 0) & _between(values, low, high)).sum()) for values in (before, after)]
        rows.append(SizeRow(max(low, 1), None if high is None else high - 1, *counts))
    used = [position for position, row in enumerate(rows) if row.before or row.after]
    return rows[: used[-1] + 1] if used else []


def _between(values: np.ndarray, low: int, high: int | None) -> np.ndarray:
    whole = np.rint(values)
    return (whole >= low) & (whole < (np.inf if high is None else high))


@dataclass(frozen=True)
class Curve:
    """Points of one curve, both axes rising, and what it comes to (the Gini index, or nothing)."""

    points: tuple[tuple[float, float], ...]
    index: float = 0.0


def within(plan: Plan) -> dict[str, Curve]:
    """Return, before and after, the share of daily pupils (up) at school within so many whole minutes (along).

    Boarders of the plan travel once a week: they are in the curve of today only where they travelled daily.
    """
    curves = {}
    for when, (minutes, pupils) in _daily(plan).items():
        summed = pd.Series(pupils).groupby(np.ceil(minutes - 1e-6)).sum().cumsum()
        points = zip(summed.index.astype(float), summed / summed.iloc[-1], strict=True) if len(summed) else ()
        curves[when] = Curve(((0.0, 0.0), *((float(x), float(y)) for x, y in points)))
    return curves


def lorenz(plan: Plan) -> dict[str, Curve]:
    """Return, before and after, the Lorenz curve of the daily minutes with its Gini index.

    The pupils stand in the order of their ways (along, as a share of all); up is the share of all minutes
    that the pupils so far have. ``index`` is the Gini index: 0 where all ways are equally long.
    """
    return {when: lorenz_curve(minutes, pupils) for when, (minutes, pupils) in _daily(plan).items()}


def lorenz_curve(minutes: np.ndarray, pupils: np.ndarray) -> Curve:
    """Return the Lorenz curve of ``minutes``, each counted for so many ``pupils``."""
    x, y = lorenz_points(minutes, pupils)
    return Curve(tuple(zip(x.tolist(), y.tolist(), strict=True)), gini(minutes, pupils))


def _daily(plan: Plan) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return minutes and pupils of the daily ways that are known, before and after."""
    rows = plan.assignments
    ways = {
        "before": (rows["today_min"], rows["today_mode"].ne("board")),
        "after": (rows["minutes"], rows["mode"].ne("board") & rows["school_id"].ne("")),
    }
    pupils = rows["pupils"].to_numpy(float)
    found = {}
    for when, (minutes, daily) in ways.items():
        values = minutes.to_numpy(float)
        known = daily.to_numpy(bool) & np.isfinite(values) & (pupils > 0)
        found[when] = (values[known], pupils[known])
    return found


def worst_off(plan: Plan) -> pd.Series:
    """Return the settlements whose pupils have the longest daily ways: their longest minutes, worst first.

    Settlements are taken from the longest way on until they hold ``WORST_SHARE`` of all daily pupils;
    a settlement counts with the pupils of its longest way.
    """
    rows = plan.assignments
    daily = rows[(rows["school_id"] != "") & (rows["mode"] != "board") & (rows["pupils"] > 0)]
    daily = daily[np.isfinite(daily["minutes"].to_numpy(float))]
    ways = daily.sort_values(["minutes", "item"], ascending=[False, True], kind="stable")
    before = ways["pupils"].cumsum() - ways["pupils"]
    worst = ways[before.to_numpy(float) < WORST_SHARE * float(ways["pupils"].sum())]
    return worst.drop_duplicates("settlement_id").set_index("settlement_id")["minutes"].astype(float)
