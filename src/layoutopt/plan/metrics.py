"""Figures of a plan, every one recomputed from its tables."""

from __future__ import annotations

from dataclasses import InitVar, asdict, dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.fleet import PUBLIC_EXTENSION, SCHOOL_BUS
from layoutopt.plan import staff_figures
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.plan.premises_figures import buildings_reused
from layoutopt.plan.tours import itinerant_teachers
from layoutopt.plan.weighted import mean, percentile, share_over
from layoutopt.schema import BANDS

LONG_WAYS_MIN = (30, 40, 60)


@dataclass(frozen=True)
class Headline:
    """The figures a county reads first. Journeys are one way, door to door, of daily pupils by pupil.

    ``plan.figures.journeys()``, ``.school_sizes()``, ``.costs()`` and ``.lorenz()`` draw them on matplotlib axes.
    """

    pupils: float
    schools_before: int
    schools_open: int
    schools_closed: int
    teaching_points: int
    schools_opened: int
    small_schools_before: int
    small_schools_after: int
    pupils_moved: float
    pupils_by_bus: float
    boarders: float
    unserved: float
    exceptions: float
    lines: int
    lines_school_bus: int
    lines_public_extension: int
    vehicles: int
    line_km: float
    teachers_freed: float
    teachers_needed: float
    teachers_moved: float
    teachers_retrained: float
    posts_short: float
    retraining_cny: float
    buildings_reused: int
    premises_capital_cny: float
    itinerant_teachers: int
    cost_cny: float
    cost_schools_cny: float
    cost_teachers_cny: float
    cost_buses_cny: float
    cost_boarding_cny: float
    cost_meals_cny: float
    cost_grants_cny: float
    cost_capital_cny: float
    cost_support_cny: float
    capital_cny: float
    journey_mean_min: float
    journey_p50_min: float
    journey_p90_min: float
    journey_max_min: float
    journey_mean_before_min: float
    journey_p90_before_min: float
    journey_max_before_min: float
    share_over_30_min: float
    share_over_40_min: float
    share_over_60_min: float
    plan: InitVar[Plan | None] = None

    def __post_init__(self, plan: Plan | None) -> None:
        object.__setattr__(self, "_plan", plan)

    def to_dict(self) -> dict[str, float | int]:
        """Return the figures by name, rounded to what can be meant (9 decimals)."""
        return {
            name: value if isinstance(value, int) else round(float(value), 9) for name, value in asdict(self).items()
        }

    def journeys(self, *, ax: Any = None, lang: str = "en") -> Any:
        """Draw the pupils by length of way and grades, today and in the plan; return the matplotlib axes."""
        return self._drawn("journeys_chart", ax, lang)

    def school_sizes(self, *, ax: Any = None, lang: str = "en") -> Any:
        """Draw the schools by number of pupils, today and in the plan; return the matplotlib axes."""
        return self._drawn("sizes_chart", ax, lang)

    def costs(self, *, today: Plan | None = None, ax: Any = None, lang: str = "en") -> Any:
        """Draw the yearly cost by kind, beside that of ``today``; return the matplotlib axes."""
        return self._drawn("costs_chart", ax, lang, today=today)

    def lorenz(self, *, ax: Any = None, lang: str = "en") -> Any:
        """Draw how evenly the minutes on the way are shared; return the matplotlib axes."""
        return self._drawn("lorenz_chart", ax, lang)

    def _drawn(self, chart: str, ax: Any, lang: str, **more: Any) -> Any:
        return import_module("layoutopt.report.pictures").figure_axes(self._plan, chart, ax, lang, **more)  # type: ignore[attr-defined]


def headline(plan: Plan) -> Headline:
    """Return the headline figures of ``plan``."""
    parts = (_of_schools, _of_pupils, _of_lines, _of_staff, _of_money, _of_journeys)
    figures: dict[str, Any] = {name: value for part in parts for name, value in part(plan).items()}
    return Headline(**figures, plan=plan)


def _of_schools(plan: Plan) -> dict[str, int]:
    schools = plan.schools
    is_open, existed = schools["role"].isin(OPEN_ROLES), schools["pupils_before"].notna()
    small = existed & (schools["pupils_before"] < plan.policy.closure.trigger_pupils)
    counted = {
        "schools_before": existed,
        "schools_open": is_open,
        "schools_closed": schools["role"] == "closed",
        "teaching_points": schools["role"] == "teaching_point",
        "schools_opened": is_open & ~existed,
        "small_schools_before": small,
        "small_schools_after": small & is_open,
    }
    return {name: int(which.sum()) for name, which in counted.items()} | {
        "buildings_reused": buildings_reused(plan.premises)
    }


def _of_pupils(plan: Plan) -> dict[str, float]:
    rows = plan.assignments
    served = rows["school_id"] != ""
    counted = {
        "pupils": served | True,
        "pupils_moved": rows["moved"].astype(bool),
        "pupils_by_bus": served & (rows["mode"] == "bus"),
        "boarders": served & (rows["mode"] == "board"),
        "unserved": ~served,
        "exceptions": rows["exception"].astype(bool),
    }
    return {name: float(rows.loc[which, "pupils"].sum()) for name, which in counted.items()}


def _of_lines(plan: Plan) -> dict[str, float]:
    lines = plan.bus_lines
    return {
        "lines": len(lines),
        "lines_school_bus": int((lines["kind"] == SCHOOL_BUS).sum()),
        "lines_public_extension": int((lines["kind"] == PUBLIC_EXTENSION).sum()),
        "vehicles": int(lines["vehicle_no"].nunique()),
        "line_km": float(lines["km"].sum()),
    }


def _of_staff(plan: Plan) -> dict[str, float]:
    return {
        "teachers_freed": teachers_freed(plan.schools),
        "teachers_needed": float(plan.schools["posts"].sum()),
        "teachers_moved": staff_figures.teachers_moved(plan.staff_moves),
        "teachers_retrained": staff_figures.teachers_retrained(plan.staff_moves),
        "posts_short": staff_figures.posts_short(plan.staff_moves),
        "itinerant_teachers": itinerant_teachers(plan.tours, plan.policy),
    }


def _of_money(plan: Plan) -> dict[str, float]:
    costs = annual_costs(plan)
    return {
        "cost_cny": sum(costs.values()),
        **{f"cost_{kind}_cny": cost for kind, cost in costs.items()},
        "capital_cny": float(plan.schools["capital_cny"].sum()),
        "premises_capital_cny": float(plan.premises["capital_cny"].sum()),
        "retraining_cny": staff_figures.retraining_cny(plan.staff_moves, plan.policy),
    }


def _of_journeys(plan: Plan) -> dict[str, float]:
    rows = plan.assignments
    daily = rows[(rows["school_id"] != "") & (rows["mode"] != "board")]
    journeys = _spread(daily["minutes"], daily["pupils"])
    before = _spread(rows["today_min"], rows["pupils"])
    return {
        **{f"journey_{name}_min": journeys[name] for name in ("mean", "p50", "p90", "max")},
        **{f"journey_{name}_before_min": before[name] for name in ("mean", "p90", "max")},
        **{f"share_over_{limit}_min": journeys[f"over_{limit}"] for limit in LONG_WAYS_MIN},
    }


def teachers_freed(schools: pd.DataFrame) -> float:
    """Return the teachers of schools that close, and those a shrinking school no longer needs."""
    before = schools["teachers_before"].fillna(0.0)
    closed = before[schools["role"] == "closed"].sum()
    shrunk = schools["role"] == "teaching_point"
    return float(closed + (before - schools["posts"])[shrunk].clip(lower=0).sum())


def _spread(minutes: pd.Series, pupils: pd.Series) -> dict[str, float]:
    """Mean, percentiles, maximum and long-way shares of minutes, each pupil counted once."""
    known = np.isfinite(minutes.to_numpy(float)) & (pupils.to_numpy(float) > 0)
    values, weights = minutes.to_numpy(float)[known], pupils.to_numpy(float)[known]
    if not len(values):
        return dict.fromkeys(["mean", "p50", "p90", "max", *(f"over_{m}" for m in LONG_WAYS_MIN)], 0.0)
    return {
        "mean": mean(values, weights),
        "p50": percentile(values, weights, 0.5),
        "p90": percentile(values, weights, 0.9),
        "max": float(values.max()),
        **{f"over_{m}": share_over(values, weights, m) for m in LONG_WAYS_MIN},
    }


def journeys_by_band(plan: Plan) -> pd.DataFrame:
    """Return the journeys before and after for each band: mean, p50, p90, max, shares of long ways."""
    rows: list[dict[str, Any]] = []
    for band in (*BANDS, "all"):
        part = plan.assignments if band == "all" else plan.assignments[plan.assignments["band"] == band]
        daily = part[(part["school_id"] != "") & (part["mode"] != "board")]
        for when, column, data in (("before", "today_min", part), ("after", "minutes", daily)):
            spread = _spread(data[column], data["pupils"])
            rows.append({"band": band, "when": when, "pupils": float(data["pupils"].sum()), **spread})
    return pd.DataFrame(rows)


def settlement_table(plan: Plan) -> pd.DataFrame:
    """Return one row a settlement: pupils, and for each band school, mode, minutes before and after."""
    base = plan.study.settlements[["name", "town"]].copy()
    base["pupils"] = plan.assignments.groupby("settlement_id")["pupils"].sum().reindex(base.index, fill_value=0.0)
    for band in BANDS:
        part = plan.assignments[plan.assignments["band"] == band]
        worst = part.sort_values(["minutes", "item"], ascending=[False, True], kind="stable")
        first = worst.drop_duplicates("settlement_id").set_index("settlement_id")
        for name, column in (
            ("school", "school_id"), ("mode", "mode"), ("min_before", "today_min"), ("min_after", "minutes")
        ):  # fmt: skip
            values = first[column].reindex(base.index)
            base[f"{band}_{name}"] = values.fillna("") if name in ("school", "mode") else values
    return base.reset_index()
