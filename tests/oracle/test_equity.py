"""Every statistic of equity worked out by hand, or by counting pupils one by one."""

from __future__ import annotations

import runpy
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.weighted import atkinson, gini, lorenz_points, mean, percentile, share_over, worst_mean

MADE = runpy.run_path(str(Path(__file__).with_name("equity_county.py")))
small_county, merged, policy = (MADE[name] for name in ("small_county", "merged", "policy"))


@pytest.fixture(scope="module")
def found() -> object:
    return lo.equity(merged())


# Today: 0 min for 4 + 5 pupils, 5 for 10, 10 for 6: 25 pupils, 110 minutes.
TODAY = {
    "pupils": 25,
    "daily": 25,
    "mean_min": 4.4,  # 110 / 25
    "p50_min": 5,  # 9 have 0, with the next ten 19 of 25 are reached
    "p90_min": 10,
    "p95_min": 10,
    "max_min": 10,
    "over_30": 0,
    "worst_min": 10,  # 5 % are 1.25 pupils
    "gini": 1 - (0.4 * 50 / 110 + 0.24 * 160 / 110),  # Lorenz curve (0.36, 0), (0.76, 50/110), (1, 1)
    "atkinson": 1 - ((10 * 5**0.5 + 6 * 10**0.5) / 25) ** 2 / 4.4,
    "walk_min": 4.4,
    "ride_min": 0,
    "family_cny": 0,
    "boarders": 0,
    "unserved": 0,
}
# In the plan travel daily: 0 min for 5, 5 for 10, 16 for 4: 19 pupils, 114 minutes.
PLAN = {
    "pupils": 25,
    "daily": 19,
    "mean_min": 6,  # 114 / 19
    "p50_min": 5,
    "p90_min": 16,
    "max_min": 16,
    "worst_min": 16,
    "gini": 1 - (10 / 19 * 50 / 114 + 4 / 19 * 164 / 114),  # Lorenz (5/19, 0), (15/19, 50/114), (1, 1)
    "walk_min": 50 / 19,
    "ride_min": 64 / 19,
    "wait_min": 12 / 19,  # four are at school 3 minutes before the bell
    "change_min": 64 / 19,  # four have 16 minutes more
    "worst_change_min": 16,  # 0.95 pupils
    "longer_share": 4 / 19,
    "shorter_share": 0,
    "family_cny": 4 * 500 + 6 * 100,
    "boarders": 6,
    "new_boarders": 6,
}


@pytest.mark.parametrize(("when", "wanted"), [("today", TODAY), ("plan", PLAN)])
def test_the_county(found: lo.plan.equity.Equity, when: str, wanted: dict[str, float]) -> None:  # type: ignore[name-defined]
    row = found.cells().loc[when]
    assert row[list(wanted)].astype(float).to_dict() == pytest.approx(wanted)


def test_groups_are_expected_pupils(found: lo.plan.equity.Equity) -> None:  # type: ignore[name-defined]
    girls = found.cells(group="girls").loc["today"]
    # 5 + 1 + 3 + 2 girls have 25 + 0 + 30 + 0 minutes, 5 + 3 + 3 + 3 others the same minutes.
    assert girls["pupils"] == 11
    assert girls["mean_min"] == pytest.approx(55 / 11)
    assert girls["gap_min"] == pytest.approx(55 / 11 - 55 / 14)
    # The share of V2 is not known: 2 of V1 and 3 of V3 have 10 + 30 minutes, 8 + 3 + 5 others have 40 + 30 + 0.
    poor = found.cells(group="poor").loc["today"]
    assert poor[["pupils", "mean_min", "gap_min"]].tolist() == pytest.approx([5, 8, 8 - 70 / 16])
    then = found.cells(group="girls").loc["plan"]  # 5 girls 5 min, 1 girl 16 min, 2 girls 0 min; 3 board
    assert then[["daily", "mean_min", "boarders"]].tolist() == pytest.approx([8, (25 + 16) / 8, 3])
    assert then["family_cny"] == pytest.approx(1 * 500 + 3 * 100)


def test_the_gap_is_that_of_the_goal(found: lo.plan.equity.Equity) -> None:  # type: ignore[name-defined]
    """Where all travel daily and all shares are known the goal group_gap sees the same difference."""
    from layoutopt.plan.goal_figures import group_gap

    today = lo.current_plan(small_county(), policy(gap_groups=("girls",)))
    assert abs(found.cells(group="girls").loc["today", "gap_min"]) == pytest.approx(group_gap(today))


def test_boarders_travel_daily_today_and_weekly_in_the_plan(found: lo.plan.equity.Equity) -> None:  # type: ignore[name-defined]
    rows = found.cells(group="boarders")
    assert rows["pupils"].tolist() == [6, 6]
    assert rows["mean_min"].tolist() == [10, 18]
    assert pd.isna(rows.loc["plan", "change_min"]), "a weekly way is no longer or shorter than a daily one"


def test_bands_and_towns(found: lo.plan.equity.Equity) -> None:  # type: ignore[name-defined]
    assert found.cells(band="lower").loc["today", "mean_min"] == pytest.approx(50 / 14)
    assert found.cells(band="upper", town="B").loc["plan", ["pupils", "daily", "new_boarders"]].tolist() == [6, 0, 6]
    assert found.cells(town="B").loc["plan", ["pupils", "daily", "mean_min", "change_min"]].tolist() == [10, 4, 16, 16]
    assert found.cells(town="A").loc["plan", "change_min"] == 0


def test_today_and_plan_agree_with_the_headline(found: lo.plan.equity.Equity) -> None:  # type: ignore[name-defined]
    figures, rows = merged().figures, found.cells()
    assert rows.loc["today", ["mean_min", "p90_min", "max_min"]].tolist() == pytest.approx(
        [figures.journey_mean_before_min, figures.journey_p90_before_min, figures.journey_max_before_min]
    )
    assert rows.loc["plan", ["mean_min", "p50_min", "p90_min", "max_min", "over_30"]].tolist() == pytest.approx(
        [figures.journey_mean_min, figures.journey_p50_min, figures.journey_p90_min, figures.journey_max_min,
         figures.share_over_30_min]
    )  # fmt: skip


def test_villages_that_lose_their_school(found: lo.plan.equity.Equity) -> None:  # type: ignore[name-defined]
    table = found.villages.set_index("settlement_id")
    assert list(table.index) == ["V2", "V3"]
    columns = ["lost_school", "stands_here", "mode", "next_school", "next_km", "next_walk_min"]
    assert table.loc["V2", columns].tolist() == ["S2", True, "bus", "S1", pytest.approx(8), pytest.approx(80)]
    assert table.loc["V3", columns].tolist() == ["S2", False, "board", "S1", pytest.approx(9), pytest.approx(90)]


def test_slow_roads() -> None:
    """From V2 eight kilometres: four at 30 km/h, then four marked as danger, where a bus drives 20 km/h."""
    roads = [([(0, 0), (4, 0)], {"speed_kmh": 30.0, "danger": "yes"}), ([(4, 0), (9, 0)], {"speed_kmh": 30.0}),
             ([(0, 0), (0, 20)], {"speed_kmh": 15.0})]  # fmt: skip
    plan = merged(small_county(roads=roads))
    row = lo.equity(plan, by=()).cells().loc["plan"]
    assert row[["slow_km", "slow_min"]].tolist() == pytest.approx([4 * 4 / 19, 4 * 12 / 19], abs=1e-3)
    slower = lo.equity(plan, by=(), slow_kmh=30).cells().loc["plan"]
    assert slower[["slow_km", "slow_min"]].tolist() == pytest.approx([4 * 8 / 19, 4 * 20 / 19], abs=1e-3)
    assert lo.equity(plan, by=(), slow_kmh=14).cells().loc["plan", "slow_km"] == 0


def counted(values: list[float], pupils: list[int]) -> np.ndarray:
    """Every pupil by itself."""
    return np.repeat(np.array(values), pupils)


@pytest.mark.parametrize("case", range(12))
def test_against_pupils_counted_one_by_one(case: int) -> None:
    rng = np.random.default_rng(case)
    values = np.round(rng.uniform(0, 60, 7), 1)
    if case % 3 == 0:
        values[:2] = 0.0
    pupils = rng.integers(1, 9, 7)
    weights, each = pupils.astype(float), np.sort(counted(values.tolist(), pupils.tolist()))
    assert mean(values, weights) == pytest.approx(each.mean())
    # Half of the mean difference of all pairs, in means.
    pairs = sum(abs(a - b) for a, b in product(each, each))
    assert gini(values, weights) == pytest.approx(pairs / (2 * len(each) ** 2 * each.mean()))
    assert share_over(values, weights, 30) == pytest.approx((each > 30).mean())
    for share in (0.5, 0.9, 0.95):
        assert percentile(values, weights, share) == each[int(np.ceil(share * len(each) - 1e-9)) - 1]
    for many in (1, 3, 5):
        assert worst_mean(values, weights, many / len(each)) == pytest.approx(each[-many:].mean())
    for epsilon in (0.25, 0.5, 0.75):
        equal = ((each ** (1 - epsilon)).mean()) ** (1 / (1 - epsilon))
        assert atkinson(values, weights, epsilon) == pytest.approx(1 - equal / each.mean())
    along, up = lorenz_points(values, weights)
    assert np.interp(3 / len(each), along, up) <= each[:3].sum() / each.sum() + 1e-12


def test_atkinson_with_one_and_more() -> None:
    values, weights = np.array([1.0, 4.0, 16.0]), np.array([1.0, 1.0, 2.0])
    # ε = 1: geometric mean (1 · 4 · 16 · 16)^(1/4) = 32^(1/2); ε = 2: harmonic mean 4 / (1 + 1/4 + 2/16) = 32/11.
    assert atkinson(values, weights, 1) == pytest.approx(1 - 32**0.5 / 9.25)
    assert atkinson(values, weights, 2) == pytest.approx(1 - 32 / 11 / 9.25)
    assert atkinson(np.array([0.0, 5.0]), np.array([1.0, 9.0]), 1) == 1, "one way of no minutes decides alone"
    assert atkinson(np.array([0.0, 0.0]), np.array([1.0, 9.0]), 0.5) == 0, "nobody has anything"
    assert atkinson(np.array([0.0, 5.0, 5.0]), np.array([0.0, 2.0, 2.0]), 2) == pytest.approx(0), "nobody is there"
    with pytest.raises(ValueError, match="epsilon = 0"):
        atkinson(values, weights, 0)


def test_the_worst_off_edge_counts_in_part() -> None:
    # 5 % of 30 pupils are 1.5: the one with 40 minutes and half a pupil of those with 10.
    assert worst_mean(np.array([10.0, 40.0]), np.array([29.0, 1.0]), 0.05) == pytest.approx((40 + 0.5 * 10) / 1.5)
    assert worst_mean(np.array([10.0, 40.0]), np.array([0.0, 0.0]), 0.05) == 0
