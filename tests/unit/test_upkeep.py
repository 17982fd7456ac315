"""Meals at school, living grants and the care of boarders: who gets them, who pays them, one sum for model and audit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.model.build import build_model
from layoutopt.model.objective import COSTS
from layoutopt.options import build_options
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.money import accounts, paid_by_source
from layoutopt.policy.money import KINDS
from layoutopt.policy.payers import each_cny, parts_of, paying_modes, shares_of
from layoutopt.testing import tiny_policy, tiny_study
from layoutopt.today.upkeep import pupil_costs

ROWS = pd.DataFrame(
    {
        "settlement_id": ["V1", "V1", "V1", "V2", "V3", "V1"],
        "band": ["upper", "junior", "upper", "upper", "upper", "upper"],
        "mode": ["board", "board", "bus", "board", "board", ""],
        "pupils": [10.0, 4.0, 8.0, 5.0, 2.0, 7.0],
    }
)
SCHOOL = {"grades": "1-9", "places_junior": 200.0}
STUDY = tiny_study(
    {"V1": (0, 0, [1] * 9), "V2": (1, 0, [1] * 9), "V3": (2, 0, [1] * 9)},
    {"S1": (0, 0.1, SCHOOL)},
    current={"V1": {"poor": 0.3}, "V2": {"poor": 0.0}},
)


def costs(**changes: Any) -> dict[str, list[float]]:
    found = pupil_costs(ROWS, STUDY, tiny_policy(**changes))
    return {str(kind): found[kind].tolist() for kind in found}


def test_a_boarder_costs_care_meals_and_a_grant() -> None:
    # Grades 4-6: 2,500 + 1,000 + 1,000; grades 7-9: 2,250 + 1,000 + 1,250: 4,500 each way. Nobody else costs anything.
    found = costs()
    assert found["boarding"] == [25_000, 9_000, 0, 12_500, 5_000, 0]
    assert found["meals"] == [10_000, 4_000, 0, 5_000, 2_000, 0]
    assert found["grants"] == [10_000, 5_000, 0, 5_000, 2_000, 0]
    assert [sum(parts) for parts in zip(*found.values(), strict=True)] == [45_000, 18_000, 0, 22_500, 9_000, 0]


def test_grants_to_the_poor_follow_the_share_where_it_is_known() -> None:
    # V1: three tenths of 10 · 1,000 and of 4 · 1,250; V2 has no poor families; V3's share is empty: everybody.
    found = costs(grants_to="poor")
    assert found["grants"] == pytest.approx([3_000, 1_500, 0, 0, 2_000, 0])
    assert found["boarding"] == costs()["boarding"]
    unknown = tiny_study({"V1": (0, 0, [1] * 9)}, {"S1": (0, 0.1, SCHOOL)})
    rows = ROWS[ROWS["settlement_id"] == "V1"]
    assert pupil_costs(rows, unknown, tiny_policy(grants_to="poor"))["grants"].tolist() == [10_000, 5_000, 0, 0]


def test_those_who_ride_may_eat_at_school_and_get_a_day_grant() -> None:
    # Eight riders: meals 8 · 1,000; day grants of 500 for three tenths of them. Whoever has no school gets nothing.
    found = costs(meals_for=("bus", "board"), day_grant_cny={"primary": 500, "junior": 625}, grants_to="poor")
    assert found["meals"] == [10_000, 4_000, 8_000, 5_000, 2_000, 0]
    assert found["grants"] == pytest.approx([3_000, 1_500, 1_200, 0, 2_000, 0])


COUNTY = tiny_study(
    {"V1": (0, 0.1, [4] * 6), "V2": (10, 0, [0, 0, 0, 3, 3, 3]), "V3": (40, 0, [0, 0, 0, 2, 2, 2])},
    {"S1": (0, 0, {"hub": True, "beds": 6.0, "annual_cost_cny": 0.0})},
    current={"V1": {"poor": 0.5}, "V2": {"poor": 0.2}, "V3": {"poor": 0.5}},
)
CHOICES: dict[str, Any] = {
    "walk_max_min": 25, "oneway_max_min": 60, "keep_existing_exceptions": False, "allowed_boarding": True,
    "meals_for": ("bus", "board"), "grants_to": "poor", "day_grant_cny": {"primary": 500, "junior": 625},
    "family_meals_cny": 400, "wage_cny": 40_000,
}  # fmt: skip


def test_who_pays_meals_and_grants() -> None:
    # 9 riders and 6 boarders eat: 15,000, of it families 15 · 400 = 6,000, province and county half of 9,000 each.
    # Grants: 500 for half of 24 and a fifth of 9, 1,000 for half of 6: 6,000 + 900 + 3,000, half and half.
    # Care of 6 boarders: 15,000, half and half.
    plan = lo.optimize(COUNTY, tiny_policy(**CHOICES))
    assert lo.audit(plan).empty
    assert plan.assignments.set_index("item")["mode"].to_dict() == {
        "V1.lower": "walk", "V1.upper": "walk", "V2.upper": "bus", "V3.upper": "board",
    }  # fmt: skip
    found = {(row.kind, row.source): row.annual_cny for row in accounts(plan).itertuples()}
    assert {pair: paid for pair, paid in found.items() if pair[0] in ("boarding", "meals", "grants")} == pytest.approx(
        {
            ("boarding", "province"): 7_500, ("boarding", "county"): 7_500, ("meals", "province"): 4_500,
            ("meals", "county"): 4_500, ("meals", "families"): 6_000, ("grants", "province"): 4_950,
            ("grants", "county"): 4_950,
        }
    )  # fmt: skip
    assert sum(paid_by_source(plan).values()) == pytest.approx(plan.figures.cost_cny)


def test_the_program_counts_them_as_the_plan_does() -> None:
    choices = tiny_policy(**CHOICES)
    plan = lo.optimize(COUNTY, choices)
    options = build_options(COUNTY, choices)
    _, data = build_model(COUNTY, choices, options)
    taken = options.rows.merge(plan.assignments[["item", "school_id", "mode"]], how="left", indicator=True)["_merge"]
    point = np.zeros(data.frame.width)
    point[data.frame.blocks["chosen"].columns] = (taken == "both").to_numpy(float)
    for kind in ("boarding", "meals", "grants"):
        assert COSTS[kind](data).value(point).sum() == pytest.approx(annual_costs(plan)[kind]), kind


def test_a_source_s_budget_speaks_of_meals_too() -> None:
    # The province pays meals alone: 15,000 less 6,000 from families. With 8,000 there is no plan.
    shares = {kind: {"province" if kind == "meals" else "county": 1.0} for kind in KINDS}
    choices = tiny_policy(**CHOICES, source_share=shares)
    plan = lo.optimize(COUNTY, choices.replace(budget_by_source={"province": 9_000}))
    assert paid_by_source(plan)["province"] == pytest.approx(9_000)
    found = lo.audit(plan, COUNTY, choices.replace(budget_by_source={"province": 8_000}))
    assert set(found["rule"]) == {"source_budget"}
    with pytest.raises(lo.InfeasibleError):
        lo.optimize(COUNTY, choices.replace(budget_by_source={"province": 8_000}))


def test_meals_and_grants_are_paid_as_boarding_where_nobody_is_named() -> None:
    money = lo.Policy().money
    named = {kind: shares for kind, shares in money.source_share.items() if kind not in ("meals", "grants")}
    older = lo.Policy().replace(source_share={**named, "boarding": {"foundation": 1.0}})
    assert shares_of("meals", older.money) == shares_of("grants", older.money) == {"foundation": 1.0}
    with pytest.raises(lo.PolicyError, match="nobody pays support"):
        lo.Policy().replace(source_share={kind: shares for kind, shares in named.items() if kind != "support"})


def test_what_a_source_bears_of_a_kind_of_cost() -> None:
    # Of 100 families pay 10 by the head: the province six tenths of 90, families, who share nothing else, the 10.
    policy = lo.Policy().replace(source_share={**lo.Policy().money.source_share, "meals": {"province": 0.6, "x": 0.4}})
    borne = {source: parts_of(source, "meals", policy.money) for source in ("province", "x", "families", "other")}
    assert {source: cost * 100 + own * 10 for source, (cost, own) in borne.items()} == pytest.approx(
        {"province": 54, "x": 36, "families": 10, "other": 0}
    )
    assert [each_cny(kind, policy.money) for kind in ("buses", "boarding", "capital")] == [500, 0, 0]
    assert paying_modes("meals", policy) == ("board",)
