"""Who pays: accounts that add up, public funds with their floor, buses by what they cost, budgets of single sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.model.objective import COSTS
from layoutopt.plan.metrics import annual_costs
from layoutopt.plan.money import accounts, bus_costs, funds_change, money_words, paid_by_source, public_funds
from layoutopt.policy.money import KINDS
from layoutopt.policy.payers import families_pay, public_funds_cny, sources_of
from layoutopt.testing import tiny_policy, tiny_study

HUB = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}


def policy(**changes: Any) -> lo.Policy:
    """A bus line costs 30,000 and 4 a kilometre, a post 40,000, a pupil's walk ends at 25 minutes."""
    given: dict[str, Any] = {
        "walk_max_min": 25, "oneway_max_min": 60, "seats": 20, "line_fixed_cny": 30_000, "cny_per_km": 4.0,
        "wage_cny": 40_000, **changes,
    }  # fmt: skip
    return tiny_policy(**given)


def far_pupils() -> lo.Study:
    """20 pupils 10 km off: one line, 30,000 + 2 · 10 km · 2 · 200 · 4 = 62,000; one class, 2 posts; school 60,000."""
    return tiny_study({"V1": (10.0, 0, [7, 7, 6])}, {"S1": (0, 0, HUB)})


def two_villages() -> tuple[lo.Study, lo.Policy]:
    """Two villages a kilometre apart with 24 pupils each and a school each; one school serves both."""
    schools: Mapping[str, Any] = {
        "S1": (0, 0, {"annual_cost_cny": 10_000.0, "hub": False, "teachers": 4}),
        "S2": (1.0, 0.1, {"annual_cost_cny": 60_000.0, "hub": False, "teachers": 3}),
    }
    return tiny_study({"V1": (0, 0.1, [4] * 6), "V2": (1.0, 0, [4] * 6)}, schools), tiny_policy(allowed=False)


def table(plan: lo.Plan) -> dict[tuple[str, str], float]:
    return {(row.kind, row.source): row.annual_cny for row in accounts(plan).itertuples()}


def test_every_kind_of_cost_of_the_program_has_its_payers() -> None:
    assert set(COSTS) <= set(KINDS)
    assert set(lo.Policy().money.source_share) == set(KINDS)


def test_who_pays_a_line() -> None:
    # Families: 20 fares of 500. The county the other 52,000, both posts, and 40 % of the school's 60,000.
    plan = lo.optimize(far_pupils(), policy())
    assert table(plan) == pytest.approx(
        {
            ("schools", "province"): 36_000, ("schools", "county"): 24_000, ("teachers", "county"): 80_000,
            ("buses", "county"): 52_000, ("buses", "families"): 10_000,
        }
    )  # fmt: skip
    assert paid_by_source(plan) == pytest.approx({"province": 36_000, "county": 156_000, "families": 10_000})
    assert accounts(plan)["annual_cny"].sum() == pytest.approx(plan.figures.cost_cny)


def test_fares_never_pay_more_than_the_buses_cost() -> None:
    plan = lo.optimize(far_pupils(), policy(family_fare_cny=5_000))
    assert table(plan)["buses", "families"] == pytest.approx(62_000)
    assert ("buses", "county") not in table(plan)
    assert families_pay([10.0, 10.0], [1, 3], 4.0).tolist() == [4.0, 10.0]


def test_boarders_and_capital_by_source() -> None:
    # 9 boarders of grades 4-6. Care 2,500: families pay 900 of each, province and county half of the other 14,400 each.
    # Meals 1,000 and living grants 1,000: 9,000 each, half and half. That is 4,500 a boarder in all. 20 beds are built
    # for 300,000 over 30 years without interest: 10,000 a year, of it the province 3.3 %.
    study = tiny_study(
        {"V1": (40, 0, [0, 0, 0, 3, 3, 3])},
        {"S1": (0, 0, {"hub": True})},
        expansions=[{"school_id": "S1", "stage": "primary", "level": 1, "places": 0, "beds": 20, "capital_cny": 3e5}],
    )
    choices = policy(
        allowed_boarding=True, keep_existing_exceptions=False, family_board_cny=900, discount_rate=0.0, life_years=30
    )
    plan = lo.optimize(study, choices, effort="proof")
    found = table(plan)
    assert found["boarding", "families"] == pytest.approx(8_100)
    assert found["boarding", "province"] == found["boarding", "county"] == pytest.approx(7_200)
    for kind in ("meals", "grants"):
        assert found[kind, "province"] == found[kind, "county"] == pytest.approx(4_500)
    f = plan.figures
    assert f.cost_boarding_cny + f.cost_meals_cny + f.cost_grants_cny == pytest.approx(9 * 4_500)
    assert found["capital", "province"] == pytest.approx(330)
    built = accounts(plan).query("kind == 'capital'").set_index("source")["capital_cny"]
    assert built.to_dict() == pytest.approx({"province": 9_900, "county": 290_100})
    assert accounts(plan)["annual_cny"].sum() == pytest.approx(sum(annual_costs(plan).values()))
    # 9 boarders, paid as 100 pupils of primary school, and 300 for each of them besides.
    (funds,) = public_funds(plan.schools, choices).to_dict("records")
    assert (funds["funds_cny"], funds["floor_cny"], funds["boarders_cny"]) == pytest.approx((74_700, 65_520, 2_700))


def test_a_source_of_ones_own_naming() -> None:
    shares = {kind: {"county": 0.5, "foundation": 0.5} for kind in KINDS}
    choices = policy(source_share=shares)
    assert sources_of(choices.money) == ("county", "foundation", "families")
    assert paid_by_source(lo.optimize(far_pupils(), choices))["foundation"] == pytest.approx((202_000 - 10_000) / 2)


def test_public_funds_have_a_floor_for_the_whole_school() -> None:
    money = lo.Policy().money
    assert public_funds_cny({"primary": 0, "junior": 0}, 0, money) == (0, 0, 0)
    assert public_funds_cny({"primary": 120, "junior": 0}, 0, money) == (86_400, 0, 0)
    # A nine-year school of 40 and 20: 40 · 720 + 20 · 940 = 47,600 for 60 pupils, paid as 100.
    assert public_funds_cny({"primary": 40, "junior": 20}, 5, money) == pytest.approx(
        (47_600 / 0.6 + 1_500, 47_600 / 1.5, 1_500)
    )


def test_what_closing_loses_of_public_funds() -> None:
    # Each school of 24 is paid as 100: 72,000, of it 24 · 720 = 17,280 for its pupils. One school of 48 gets 72,000.
    study, choices = two_villages()
    plan = lo.optimize(study, choices, effort="proof")
    found = funds_change(plan).set_index("school_id")
    assert found["role"].to_dict() == {"S1": "full", "S2": "closed"}
    assert found["funds_cny_before"].tolist() == [72_000, 72_000]
    assert found["funds_cny_after"].tolist() == [72_000, 0]
    assert found["lost_cny"].tolist() == pytest.approx([0, 54_720])
    assert money_words(plan) == [
        "province pays 6,000 CNY a year.",
        f"county pays {plan.figures.cost_cny - 6_000:,.0f} CNY a year.",
        "Public funds: 144,000 CNY a year today, 72,000 in the plan: 72,000 less.",
        "S2 closes: it was paid as 100 pupils, 54,720 CNY a year end with it.",
        "1 small schools close: 54,720 CNY a year of public funds end with them in all.",
        "Wages of posts no longer needed count as saved: 3 teachers are free, 330,000 CNY a year once they leave the "
        "payroll.",
    ]


def test_wages_that_go_on_are_said_aloud() -> None:
    study, choices = two_villages()
    plan = lo.optimize(study, choices.replace(wages="redeployed"), effort="proof")
    assert "Wages go on being paid" in money_words(plan)[-1]


def test_what_a_bus_costs() -> None:
    plan = lo.optimize(far_pupils(), policy(attendant_cny=12_000))
    (row,) = bus_costs(plan).to_dict("records")
    assert row == pytest.approx(
        {"kind": "school_bus", "lines": 1, "vehicles": 1, "fixed_cny": 30_000, "km_cny": 32_000,
         "attendants_cny": 12_000, "cost_cny": 74_000}
    )  # fmt: skip
    assert bus_costs(lo.optimize(*two_villages())).empty


def test_a_bus_that_drives_two_lines_is_one_vehicle_and_public_lines_have_no_attendant() -> None:
    fleet = [
        {"vehicle_id": "own", "kind": "school_bus", "seats": 10, "fixed_cny": 20_000.0, "cny_per_km": 4.0},
        {"vehicle_id": "line", "kind": "public_extension", "seats": 10, "fixed_cny": 60_000.0, "cny_per_km": 4.0},
    ]
    villages = {"V1": (5.0, 0, [4, 3, 3]), "V2": (0, 5.0, [4, 3, 3])}
    study = tiny_study(villages, {"S1": (0, 0, HUB)}, vehicles=fleet[:1])
    plan = lo.optimize(study, policy(attendant_cny=8_000, second_run_window_min=60))
    (row,) = bus_costs(plan).to_dict("records")
    assert (row["lines"], row["vehicles"], row["fixed_cny"], row["attendants_cny"]) == (2, 1, 20_000, 8_000)
    assert row["cost_cny"] == pytest.approx(row["fixed_cny"] + row["km_cny"] + row["attendants_cny"])
    other = lo.optimize(tiny_study(villages, {"S1": (0, 0, HUB)}, vehicles=fleet[1:]), policy(attendant_cny=8_000))
    assert bus_costs(other)["attendants_cny"].tolist() == [0]


def test_budgets_of_sources_speak_of_real_lines() -> None:
    # The county bears 24,000 + 80,000 + 52,000 = 156,000; at the price per rider 77,500 the line would be 67,500.
    study = far_pupils()
    plan = lo.optimize(study, policy(budget_by_source={"county": 160_000}))
    assert paid_by_source(plan)["county"] == pytest.approx(156_000)
    with pytest.raises(lo.InfeasibleError) as short:
        lo.optimize(study, policy(budget_by_source={"county": 160_000}), method="sequential")
    assert "budget_by_source.county is 11,500 CNY short" in str(short.value)
    with pytest.raises(lo.InfeasibleError) as raised:
        lo.optimize(study, policy(budget_by_source={"county": 150_000}))
    assert raised.value.rules == ("source_budget",)
    assert str(raised.value) == (
        "The best plan found costs county 156,000 CNY a year with its bus lines, above budget_by_source.county = "
        "150,000. No plan keeps budget_by_source: that is proven. Raise the budget."
    )


def test_a_dearer_plan_that_keeps_the_budget_of_a_source_is_taken() -> None:
    # Riding to S1 costs 60,000 + 6 · 40,000 + 62,000 in all, keeping S2 60,000 + 200,000 + 4 · 40,000: 58,000 more.
    # The county pays buses only: 62,000 less 10,000 of fares, where it has 40,000.
    schools = {"S1": (0, 0, HUB), "S2": (10.0, 0.1, {"grades": "1-3", "hub": False, "annual_cost_cny": 200_000.0})}
    study = tiny_study({"V1": (0, 0.1, [7, 7, 6]), "V2": (10.0, 0, [7, 7, 6])}, schools)
    shares = {kind: {"county" if kind == "buses" else "province": 1.0} for kind in KINDS}
    choices = policy(source_share=shares, allowed=False)
    free = lo.optimize(study, choices)
    assert free.figures.cost_cny == pytest.approx(362_000)
    kept = lo.optimize(study, choices.replace(budget_by_source={"county": 40_000}))
    assert lo.audit(kept).empty
    assert kept.figures.cost_cny == pytest.approx(420_000)
    assert kept.proof.main is not None
    assert kept.proof.main.bound <= 420_000


def test_a_budget_is_held_while_goals_after_the_cost_are_sought() -> None:
    # With as much again to give up, short ways keep S2 for its village, while V3 stays on its line. The province
    # pays what schools cost: 60,000 and 50,000, where it has 100,000.
    schools = {"S1": (0, 0, HUB), "S2": (2.0, 0.1, {"grades": "1-3", "hub": False, "annual_cost_cny": 50_000.0})}
    villages = {"V1": (0, 0.1, [2, 2, 2]), "V2": (2.0, 0, [2, 2, 2]), "V3": (-10.0, 0, [2, 2, 2])}
    study = tiny_study(villages, schools)
    goals = {"goals": ("annual_cost", "travel"), "goal_tolerance": {"annual_cost": 1.0}}
    shares = {kind: {"province" if kind == "schools" else "county": 1.0} for kind in KINDS}
    choices = policy(source_share=shares, allowed=False, **goals)
    free = lo.optimize(study, choices, effort="proof")
    assert (free.figures.schools_open, free.figures.lines) == (2, 1)
    held = lo.optimize(study, choices.replace(budget_by_source={"province": 100_000}), effort="proof")
    assert (held.figures.schools_open, held.figures.lines) == (1, 1)
    assert lo.audit(held).empty


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"annual_budget_cny": 70_000},
            "money.annual_budget_cny = 70,000 is below 80,000 CNY a year: the wages of the fewest posts that classes "
            "and pupils need in any plan, at staffing.wage_cny = 40,000",
        ),
        ({"budget_by_source": {"county": 79_999}}, "money.budget_by_source.county = 79,999 is below 80,000 CNY a year"),
    ],
)
def test_a_budget_below_what_nobody_can_avoid_is_refused_before_solving(
    changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from layoutopt.pipeline import run

    monkeypatch.setattr(run, "decide", lambda *given: pytest.fail("it was solved all the same"))
    with pytest.raises(lo.PolicyError) as raised:
        lo.optimize(far_pupils(), policy(**changes))
    assert message in str(raised.value)


SHARES = lo.Policy().money.source_share


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source_share": {**SHARES, "buses": {"county": 0.5}}}, "money.source_share.buses = county 0.5 adds up to 0.5"),
        ({"source_share": {**SHARES, "buses": {"county": 2, "province": -1}}}, "adds up to 1, not to 1"),
        ({"source_share": {k: v for k, v in SHARES.items() if k != "buses"}}, "money.source_share says nobody pays buses"),
        ({"source_share": {**SHARES, "bus": {"county": 1}}}, "money.source_share names 'bus'; known are schools"),
        ({"budget_by_source": {"provinc": 1}}, "money.budget_by_source names 'provinc', which pays nothing"),
        ({"capital_by_source": {"provinc": 1}}, "money.capital_by_source names 'provinc', which pays nothing"),
        ({"budget_by_source": {"county": -1}}, "money.budget_by_source.county = -1; give a number from 0"),
    ],
)  # fmt: skip
def test_payers_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(lo.PolicyError) as raised:
        policy(**changes)
    assert message in str(raised.value)
