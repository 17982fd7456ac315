"""Options: every admissible way and no other, each rule counted for what it removed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.options import RULES, build_options
from layoutopt.testing import tiny_study


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0, "dwell_min_per_rider": 0.0,
        **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


def study(km: float, **hub: Any) -> lo.Study:
    """Three pupils a grade beside S2, ``km`` from the hub S1."""
    return tiny_study(
        {"V1": (km, 0, [3] * 6)}, {"S1": (0, 0, {"hub": True, "beds": 9.0, **hub}), "S2": (km, 0.1, {"hub": False})}
    )


def ways(km: float, **changes: Any) -> set[tuple[str, str, str]]:
    rows = build_options(study(km), policy(**changes)).rows
    return set(rows[["band", "school_id", "mode"]].itertuples(index=False, name=None))


HOME = {("lower", "S2", "walk"), ("upper", "S2", "walk")}


@pytest.mark.parametrize(
    ("km", "more"),
    [
        (3.0, {("lower", "S1", "walk"), ("upper", "S1", "walk")}),  # 30 minutes: the limit itself still counts
        (3.1, {("lower", "S1", "bus"), ("upper", "S1", "walk")}),  # boarding from grade 4 only
        (4.6, {("lower", "S1", "bus"), ("upper", "S1", "bus"), ("upper", "S1", "board")}),
        (15.1, {("upper", "S1", "bus"), ("upper", "S1", "board")}),  # 30.2 minutes are too long for grades 1-3
        (20.1, {("upper", "S1", "board")}),  # a ride of 40.2
        (90.1, set()),  # 180.2 minutes are too long even once a week
    ],
)
def test_the_limits_step_by_step(km: float, more: set[tuple[str, str, str]]) -> None:
    assert ways(km) == HOME | more


def test_what_the_planner_may_change() -> None:
    assert ("upper", "S1", "board") not in ways(10, allowed_boarding=False)
    assert ("lower", "S1", "board") in ways(10, board_min_grade=1)
    assert ("upper", "S1", "bus") not in ways(10, max_ride_min=19)
    assert ("upper", "S1", "bus") not in ways(10, worsening_max_min=18)
    assert ("upper", "S1", "bus") in ways(10, worsening_max_min=20)
    assert ("lower", "S1", "walk") not in ways(1, oneway_max_min=9)


def test_a_band_goes_only_where_it_may_be_taught() -> None:
    rows = build_options(study(10, grades="1-3"), policy()).rows
    assert set(rows.loc[rows["band"] == "upper", "school_id"]) == {"S2"}


def test_no_way_to_a_school_that_closes_and_no_bed_where_there_is_none() -> None:
    assert set(build_options(study(10), policy(must_close=("S1",))).rows["school_id"]) == {"S2"}
    rows = build_options(study(10, beds=0.0), policy()).rows
    assert "board" not in set(rows["mode"])


def test_beds_yet_to_be_built_count() -> None:
    grow = [{"school_id": "S1", "stage": "primary", "level": 1, "places": 0, "beds": 6, "capital_cny": 1.0}]
    given = tiny_study(
        {"V1": (10, 0, [3] * 6)}, {"S1": (0, 0, {"hub": True}), "S2": (10, 0.1, {"hub": False})}, expansions=grow
    )
    assert "board" in set(build_options(given, policy()).rows["mode"])


@pytest.mark.parametrize(("keeps", "found"), [(True, True), (False, False)])
def test_a_way_of_today_beyond_the_limits_stays_where_the_planner_says_so(keeps: bool, found: bool) -> None:
    """25 km by bus to today's school: 50 minutes, above every limit."""
    given = tiny_study({"V1": (25, 0, [3] * 3)}, {"S1": (0, 0, {"hub": False})})
    options = build_options(given, policy(keep_existing_exceptions=keeps))
    assert (len(options.rows) > 0) is found
    assert options.without.empty is found


def test_what_a_row_says() -> None:
    rows = build_options(study(10), policy()).rows.set_index(["item", "school_id", "mode"])
    bus = rows.loc[("V1.upper", "S1", "bus")]
    assert (bus["minutes"], bus["ride_min"], bus["km"]) == pytest.approx((20, 20, 10))
    # Nine riders at (65,000 + 2 · 10 · 2 · 200 · 3.5) / (0.8 · 34).
    assert bus["cost_cny"] == pytest.approx(9 * 93_000 / 27.2)
    board = rows.loc[("V1.upper", "S1", "board")]
    assert (board["minutes"], board["ride_min"]) == pytest.approx((20, 0))
    assert board[["cost_cny", "meals_cny", "grants_cny"]].tolist() == [9 * 2_500, 9 * 1_000, 9 * 1_000]
    walk = rows.loc[("V1.upper", "S2", "walk")]
    assert (walk["minutes"], walk["ride_min"], walk["km"], walk["cost_cny"]) == pytest.approx((1, 0, 0.1, 0))


def test_the_cheapest_vehicle_sets_the_price() -> None:
    kinds = [
        {"vehicle_id": "big", "seats": 50, "fixed_cny": 80_000.0, "cny_per_km": 4.0},
        {"vehicle_id": "mini", "seats": 10, "fixed_cny": 40_000.0, "cny_per_km": 2.0},
    ]
    given = tiny_study(
        {"V1": (10, 0, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, {"hub": True}), "S2": (10, 0.1, {})}, vehicles=kinds
    )
    rows = build_options(given, policy()).rows
    # (80,000 + 8,000 · 4) / 40 = 2,800 against (40,000 + 8,000 · 2) / 8 = 7,000.
    assert rows.loc[rows["mode"] == "bus", "cost_cny"].tolist() == pytest.approx([9 * 2_800])


def test_what_each_rule_removed_is_counted() -> None:
    """One row counts at the first rule that removes it; together they explain every missing row."""
    given, choices = study(20.1), policy()
    options = build_options(given, choices)
    everything = build_options(given, choices, skip=set(RULES))
    assert list(options.removed.index) == list(RULES)
    assert len(everything.rows) == len(options.rows) + options.removed.sum()
    assert everything.removed.empty
    # Walking 201 minutes (2 bands), the bus to S2 (2), the bus to S1 (a ride of 40.2, 2), a bed for grades 1-3.
    assert options.removed[["walk_limit", "hub_only", "ride_limit", "board_grade"]].tolist() == [2, 2, 2, 1]


def test_rows_come_in_a_fixed_order() -> None:
    rows = build_options(study(4.6), policy()).rows
    key = rows[["item", "school_id", "mode"]].apply(tuple, axis=1).tolist()
    rank = {"walk": 0, "bus": 1, "board": 2}
    assert key == sorted(key, key=lambda row: (row[0], row[1], rank[row[2]]))
    assert len(set(key)) == len(key)


def test_a_pair_beyond_every_road_has_no_row() -> None:
    given = tiny_study(
        {"V1": (0, 0, [3] * 6)},
        {"S1": (0.2, 0, {}), "S2": (90, 0, {"hub": True, "beds": 9.0})},
        roads=[([(-1, 0), (1, 0)], {"class": "tertiary"})],
    )
    rows = build_options(given, policy(), skip=set(RULES)).rows
    assert set(rows["school_id"]) == {"S1"}
    assert np.isfinite(rows["minutes"]).all()
