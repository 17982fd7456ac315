"""Statistics of the ways of each grade band, group of children and town, today and in a plan: a row a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.plan.weighted import atkinson, gini, mean, percentile, share_over, worst_mean
from layoutopt.policy.goals import GAP_GROUPS
from layoutopt.schema import BANDS

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
ALL, TODAY = "all", "today"
BOARDERS = "boarders"
GROUPS = (*GAP_GROUPS, BOARDERS)
DIMENSIONS = ("band", "group", "town")
LONG_MIN = (30, 40, 60)
PERCENTILES = {"p50_min": 0.5, "p90_min": 0.9, "p95_min": 0.95}
FELT_MIN = 1.0
"""A way that changes by no more than this counts as unchanged."""
PARTS = ("walk_min", "wait_min", "ride_min", "slow_min", "slow_km")
COLUMNS = (
    "band", "group", "town", "when", "pupils", "daily", "mean_min", *PERCENTILES, "max_min",
    *(f"over_{limit}" for limit in LONG_MIN), "worst_min", "gini", "atkinson", *PARTS, "gap_min", "change_min",
    "worst_change_min", "longer_share", "shorter_share", "family_cny", "boarders", "new_boarders", "unserved",
)  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """How inequality is measured: Atkinson's aversion, and the share that counts as worst-off."""

    epsilon: float
    share: float


@dataclass(frozen=True)
class _Side:
    """The ways of today or of a plan as arrays, shortest first; ``change_min`` is NaN where there was no such way."""

    minutes: Array
    is_daily: Flags
    boards: Flags
    new_boarder: Flags
    served: Flags
    change_min: Array
    parts: Array
    family_cny: Array

    def __getitem__(self, at: NDArray[np.int64]) -> _Side:
        return _Side(*(values[at] for values in vars(self).values()))


def cells_of(ways: pd.DataFrame, when: str, by: Sequence[str], measure: Measure) -> pd.DataFrame:
    """Return the statistics of every cell of ``by`` and of every margin (``all``), of ``ways_of`` a plan.

    ``when`` is ``today`` or the plan's name. Groups known only as shares of a settlement's pupils are spread evenly:
    of a way with n pupils, share · n count for the group, in every band and school alike (expected pupils).
    """
    ways = ways.sort_values("today_min" if when == TODAY else "plan_min", kind="stable")
    side = _side(ways, when)
    bands = [ALL, *BANDS] if "band" in by else [ALL]
    towns = [ALL, *sorted(set(ways["town"]) - {""})] if "town" in by else [ALL]
    groups = [ALL, *known_groups(ways)] if "group" in by else [ALL]
    weights = {group: expected(ways, group) for group in groups}
    shares = {group: ways[group].to_numpy(float) for group in groups if group in GAP_GROUPS}
    band_of, town_of = ways["band"].to_numpy(object), ways["town"].to_numpy(object)
    rows: list[dict[str, Any]] = []
    for town in towns:
        for band in bands:
            at = np.flatnonzero(((town_of == town) | (town == ALL)) & ((band_of == band) | (band == ALL)))
            for group in groups if len(at) else []:
                names = {"band": band, "group": group, "town": town, "when": when}
                share = shares[group][at] if group in shares else None
                rows.append(names | _cell(side[at], weights[group][at], weights[ALL][at], share, group, measure))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def known_groups(ways: pd.DataFrame) -> list[str]:
    """Return the groups somebody may be in: those with a share anywhere, and boarders."""
    return [*(group for group in GAP_GROUPS if ways[group].notna().any()), BOARDERS]


def expected(ways: pd.DataFrame, group: str) -> Array:
    """Return the expected pupils of ``group`` on each way; none where the settlement's share is not known."""
    pupils = ways["pupils"].to_numpy(float)
    if group == ALL:
        return pupils
    if group == BOARDERS:
        return np.where(ways["boards"].to_numpy(bool), pupils, 0.0)
    return pupils * ways[group].fillna(0.0).to_numpy(float)


def _side(ways: pd.DataFrame, when: str) -> _Side:
    name = TODAY if when == TODAY else "plan"
    today, then = ways["today_min"].to_numpy(float), ways["plan_min"].to_numpy(float)
    minutes = today if when == TODAY else then
    mode = ways["today_mode" if when == TODAY else "mode"].to_numpy()
    both = np.isfinite(today) & np.isfinite(then) & (when != TODAY)
    change = np.full(len(ways), np.nan)
    change[both] = then[both] - today[both]
    never = np.zeros(len(ways), dtype=bool)
    return _Side(
        minutes=minutes,
        is_daily=np.isfinite(minutes) & (mode != "board"),
        boards=mode == "board",
        new_boarder=never if when == TODAY else ways["new_boarder"].to_numpy(bool),
        served=(ways["today_school" if when == TODAY else "school_id"] != "").to_numpy(bool),
        change_min=change,
        parts=ways[[f"{name}_{part}" for part in PARTS]].to_numpy(float),
        family_cny=ways[f"{name}_family_cny"].to_numpy(float),
    )


def _cell(
    side: _Side, pupils: Array, every: Array, share: Array | None, group: str, measure: Measure
) -> dict[str, Any]:
    whole = group == BOARDERS  # whose way in the plan is a weekly one: it counts here, and nowhere else
    counted = (np.isfinite(side.minutes) if whole else side.is_daily) & (pupils > 0)
    row: dict[str, Any] = {"pupils": pupils.sum(), "daily": pupils[side.is_daily].sum()}
    row |= spread(side.minutes[counted], pupils[counted], measure)
    row |= {name: _known_mean(side.parts[counted, at], pupils[counted]) for at, name in enumerate(PARTS)}
    row["gap_min"] = np.nan if share is None else _gap(side, pupils, every, share)
    # A weekly way is no longer or shorter than a daily one.
    row |= _change(np.where(side.is_daily, side.change_min, np.nan)[counted], pupils[counted], measure)
    row["family_cny"] = float(pupils[pupils > 0] @ side.family_cny[pupils > 0])
    row["boarders"], row["new_boarders"] = pupils[side.boards].sum(), pupils[side.new_boarder].sum()
    row["unserved"] = pupils[~side.served].sum()
    return row


def spread(minutes: Array, pupils: Array, measure: Measure) -> dict[str, float]:
    """Return mean, percentiles, maximum, shares of long ways, the worst-off and two indices; NaN without pupils."""
    names = ["mean_min", *PERCENTILES, "max_min", *(f"over_{m}" for m in LONG_MIN), "worst_min", "gini", "atkinson"]
    if not len(minutes):
        return dict.fromkeys(names, np.nan)
    found = [
        mean(minutes, pupils),
        *(percentile(minutes, pupils, share) for share in PERCENTILES.values()),
        float(minutes.max()),
        *(share_over(minutes, pupils, limit) for limit in LONG_MIN),
        worst_mean(minutes, pupils, measure.share),
        gini(minutes, pupils),
        atkinson(minutes, pupils, measure.epsilon),
    ]
    return dict(zip(names, found, strict=True))


def _known_mean(values: Array, pupils: Array) -> float:
    """The mean of those whose figure is known; NaN where nobody's is."""
    known = np.isfinite(values)
    return mean(values[known], pupils[known]) if known.any() else np.nan


def _gap(side: _Side, pupils: Array, every: Array, share: Array) -> float:
    """Mean minutes of the group's daily pupils less those of all others whose settlement's share is known."""
    counted = side.is_daily & np.isfinite(share)
    own, others = pupils[counted], (every - pupils)[counted]
    if own.sum() <= 0 or others.sum() <= 0:
        return np.nan
    return mean(side.minutes[counted], own) - mean(side.minutes[counted], others)


def _change(change_min: Array, pupils: Array, measure: Measure) -> dict[str, float]:
    """How the ways change of those who had one; NaN where nobody had."""
    known = np.isfinite(change_min)
    names = ["change_min", "worst_change_min", "longer_share", "shorter_share"]
    if not known.any():
        return dict.fromkeys(names, np.nan)
    change, weight = change_min[known], pupils[known]
    found = (
        mean(change, weight),
        worst_mean(change, weight, measure.share),
        share_over(change, weight, FELT_MIN),
        share_over(-change, weight, FELT_MIN),
    )
    return dict(zip(names, found, strict=True))
