"""Figures recomputed from tables, by hand on a plan small enough to count."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.metrics import Headline, annual_costs, journeys_by_band, percentile, settlement_table


@pytest.mark.parametrize(
    ("share", "wanted"), [(0.0, 1.0), (0.1, 1.0), (0.5, 2.0), (0.75, 2.0), (0.76, 3.0), (1.0, 3.0)]
)
def test_percentiles_count_every_pupil(share: float, wanted: float) -> None:
    """One pupil at 1, two at 2, one at 3 minutes."""
    assert percentile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), share) == wanted


def test_the_county_s_headline(county_plan: lo.Plan) -> None:
    """Six villages; see the fixture: S2 and S4 close by decision, S3 stays, S5 becomes a teaching point."""
    f = county_plan.figures
    assert (f.pupils, f.unserved, f.exceptions) == (138, 0, 0)
    assert (f.schools_before, f.schools_open, f.schools_closed, f.teaching_points, f.schools_opened) == (5, 3, 2, 1, 0)
    # V2 12 and V6 6 ride from S2, V4 12 walk from S4, V5's upper band (6) boards.
    assert f.pupils_moved == 36
    assert f.pupils_by_bus == 18
    # V3's grades 7-9 and V5's upper band.
    assert f.boarders == 15
    assert f.lines == 2
    # S2 and S4 had 4 each and close; S5 had 4 and needs 2.
    assert f.teachers_freed == 10
    assert f.capital_cny == 300_000
    # 6 boarders of grades 4-6 and 9 of grades 7-9: care 5,000 and 6,000, meals 1,500, grants 2,500 and 1,500.
    assert (f.cost_boarding_cny, f.cost_meals_cny, f.cost_grants_cny) == (84_000, 22_500, 28_500)
    assert f.cost_cny == pytest.approx(sum(annual_costs(county_plan).values()))
    assert f.cost_teachers_cny == f.teachers_needed * 110_000
    assert f.journey_max_min == pytest.approx(16.648, abs=1e-3)


def test_journeys_leave_boarders_out_and_count_today_s_all(county_plan: lo.Plan) -> None:
    rows = county_plan.assignments
    daily = rows[rows["mode"] != "board"]
    f = county_plan.figures
    assert f.journey_mean_min == pytest.approx((daily["minutes"] * daily["pupils"]).sum() / daily["pupils"].sum())
    assert f.journey_mean_before_min == pytest.approx((rows["today_min"] * rows["pupils"]).sum() / rows["pupils"].sum())
    assert f.share_over_60_min == 0


def test_the_limit_itself_is_not_yet_a_long_way(county_plan: lo.Plan) -> None:
    figures = county_plan.replace(assignments=county_plan.assignments.assign(minutes=30.0)).figures
    assert (figures.share_over_30_min, figures.journey_max_min) == (0, 30)
    longer = county_plan.replace(assignments=county_plan.assignments.assign(minutes=30.1)).figures
    assert (longer.share_over_30_min, longer.share_over_40_min) == (1, 0)


def test_by_band(county_plan: lo.Plan) -> None:
    table = journeys_by_band(county_plan).set_index(["band", "when"])
    assert list(dict.fromkeys(table.index.get_level_values("band"))) == ["lower", "upper", "junior", "all"]
    # Grades 7-9: 18 walk 5 minutes; nine more ride 60 minutes today and board in the plan.
    assert table.loc[("junior", "before"), "pupils"] == 27
    assert table.loc[("junior", "after"), "pupils"] == 18
    assert table.loc[("junior", "before"), "mean"] == pytest.approx((18 * 5 + 9 * 60.003) / 27, abs=1e-3)
    assert table.loc[("junior", "before"), "over_60"] == pytest.approx(9 / 27)
    assert table.loc[("junior", "after"), "mean"] == 5


def test_one_row_a_settlement(county_plan: lo.Plan) -> None:
    table = settlement_table(county_plan).set_index("settlement_id")
    assert list(table.index) == ["V1", "V2", "V3", "V4", "V5", "V6"]
    assert table["pupils"].sum() == 138
    assert table.loc["V2", ["lower_school", "lower_mode", "upper_school", "junior_school"]].tolist() == [
        "S1",
        "bus",
        "S1",
        "",
    ]
    assert table.loc["V2", "lower_min_before"] == pytest.approx(3)
    assert table.loc["V2", "lower_min_after"] == pytest.approx(16.011, abs=1e-3)
    assert pd.isna(table.loc["V2", "junior_min_after"])


def test_figures_are_plain_numbers(county_plan: lo.Plan) -> None:
    figures = county_plan.figures.to_dict()
    assert list(figures) == [field.name for field in fields(Headline)]
    assert all(type(value) in (int, float) for value in figures.values())
    assert all(np.isfinite(value) for value in figures.values())


def test_nobody_at_all_is_no_division_by_zero(county_plan: lo.Plan) -> None:
    nobody = county_plan.replace(assignments=county_plan.assignments.iloc[:0])
    assert nobody.figures.journey_mean_min == 0
    assert nobody.figures.pupils == 0


def test_ways_nobody_knows_do_not_spoil_the_mean(county_plan: lo.Plan) -> None:
    table = county_plan.assignments.copy()
    table.loc[0, "today_min"] = np.inf
    assert np.isfinite(county_plan.replace(assignments=table).figures.journey_mean_before_min)


def test_the_plan_in_one_line(county_plan: lo.Plan, county: tuple[lo.Study, lo.Policy]) -> None:
    text = repr(county_plan.replace(run={"seconds": 3.2}))
    assert text.startswith("<Plan: 3 of 5 schools open, 6.7 min on average, 17 at most; within ")
    assert text.endswith("3 s>")
    assert repr(lo.current_plan(*county)).endswith("; today's schools>")


def test_the_plan_in_words(county_plan: lo.Plan) -> None:
    said = " ".join(lo.words(county_plan))
    assert "3 schools stay (1 as teaching points), 2 close" in said
    assert "36 of 138 pupils change school; 18 ride on 2 lines, 15 board." in said
