"""What the charts of the report show: shares of pupils by length of way, and cost by kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.plan.metrics import annual_costs
from layoutopt.plan.plan import Plan
from layoutopt.report.words import COSTS, GRADES
from layoutopt.schema import BANDS

LIMITS_MIN: tuple[int, ...] = (15, 30, 40, 60)
CLASSES: dict[str, str] = {
    "t0": "up to 15 min",
    "t1": "15–30 min",
    "t2": "30–40 min",
    "t3": "40–60 min",
    "t4": "over 60 min",
    "board": "boards weekly",
    "none": "no way or school",
}


@dataclass(frozen=True)
class Part:
    """One coloured piece of a bar: its class, the pupils in it and their share of the bar."""

    name: str
    pupils: float
    share: float


@dataclass(frozen=True)
class Bar:
    """One bar: the grades, today or plan, and its pieces in the order of the classes."""

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
    bars = []
    for band in (*BANDS, "all"):
        inside = rows["band"].eq(band) | (band == "all")
        for when, classes in (("Today", before), ("Plan", after)):
            pupils = rows.loc[inside, "pupils"].groupby(classes[inside]).sum()
            bars.append(_bar(GRADES[band], when, pupils))
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
