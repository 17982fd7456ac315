"""What one change costs, on a county small enough for sums in the head."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.errors import AskError
from layoutopt.explaining.asked import amount_of, value_now
from layoutopt.explaining.change import Change, change_of
from layoutopt.explaining.curve import PriceCurve
from layoutopt.explaining.fewer import with_fewer_vehicles
from layoutopt.explaining.impossible import in_short
from layoutopt.explaining.price import Price
from layoutopt.explaining.proven import bounded, cheaper, only_tightens, takes_away
from layoutopt.model.line_tables import FleetShort
from layoutopt.plan.plan import Plan
from layoutopt.testing import tiny_study

# V1, 9 pupils, lives beside the hub S1; V2, 6 pupils, beside S2, 10 km off: 20 minutes by bus, a minute on foot.
# S1: one multigrade class of 9 or 15, 2 posts of 40,000, 60,000 of its own: 140,000. The plan closes S2 and drives a
# line of 10 km out and back, twice a day on 200 days: 30,000 + 4 · 20 · 2 · 200 = 62,000; in all 202,000.
# S2 instead of the line: in full 30,000 + 2 posts = 110,000, 48,000 more; as a teaching point 20,000 + 2 posts =
# 100,000, 38,000 more. Ways: (9 · 1 + 6 · 20) / 15 = 8.6 minutes on average, 20 at most; with S2 1 and 1.
POINT_CNY, FULL_CNY = 38_000, 48_000


def question(*, places: float = 40.0, **changes: Any) -> tuple[lo.Study, lo.Policy]:
    own = {"grades": "1-3", "places_primary": places}
    study = tiny_study(
        {"V1": (0.1, 0.0, [3, 3, 3]), "V2": (10.1, 0.0, [2, 2, 2])},
        {
            "S1": (0, 0, {**own, "hub": True, "annual_cost_cny": 60_000.0}),
            "S2": (10, 0, {**own, "hub": False, "annual_cost_cny": 30_000.0}),
        },
    )
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0, "dwell_min_per_rider": 0.0,
        "allowed_boarding": False, "wage_cny": 40_000, "seats": 20, "line_fixed_cny": 30_000, "cny_per_km": 4.0,
        "goals": ("annual_cost",), "max_ride_min": 40, "oneway_max_min": 60, "point_annual_cny": 20_000,
        "closable_below_pupils": 8, "min_pupils": {"primary": 0, "junior": 0}, **changes,
    }  # fmt: skip
    return study, lo.Policy().replace(**given)


@pytest.fixture(scope="module")
def plan() -> Plan:
    found = lo.optimize(*question(), effort="proof")
    assert found.figures.cost_cny == pytest.approx(202_000, rel=2e-3)
    return found


def price(plan: Plan, **asked: Any) -> Price:
    found = lo.price_of(plan, **asked, effort="proof")
    assert isinstance(found, Price)
    return found


@pytest.mark.parametrize(
    ("asked", "cost_cny"),
    [
        ({"keep": "S2"}, FULL_CNY),
        ({"move": {"V2": "S2"}}, POINT_CNY),
        ({"buses": -1}, POINT_CNY),
        ({"schools_open": 1}, POINT_CNY),
        ({"max_ride_min": 15}, POINT_CNY),
        ({"max_ride_min": 15, "keep": "S2"}, FULL_CNY),
        ({"places": {"S1": -26}}, POINT_CNY),  # 14 places: V2 finds none
        ({"places": {"S1": 5}}, 0),
        ({"close": "S2"}, 0),
        ({"max_ride_min": 60}, 0),
    ],
)
def test_the_price_is_the_sum_by_hand(plan: Plan, asked: dict[str, Any], cost_cny: float) -> None:
    found = price(plan, **asked)
    line_cny = plan.bus_lines["cost_cny"].sum()
    assert line_cny == pytest.approx(62_000, rel=0.02)  # V2 lives 100 m beyond
    wanted = cost_cny + 62_000 - line_cny if cost_cny else 0.0
    assert found.cost_cny == pytest.approx(wanted, abs=1.0)
    assert found.least_cny - 1 <= found.cost_cny <= found.most_cny + 1
    assert found.after is not None and lo.audit(found.after).empty


def test_minutes_schools_and_lines_are_told(plan: Plan) -> None:
    found = price(plan, keep="S2")
    ride = float(plan.assignments.loc[plan.assignments["mode"] == "bus", "minutes"].iloc[0])
    assert found.mean_min == pytest.approx((1 - ride) * 6 / 15)
    assert found.worst_min == pytest.approx(1 - ride)
    assert (found.schools, found.lines) == (1, -1)
    text = str(found)
    assert text.startswith("keep S2: +47,") and "CNY a year (exactly)" in text
    assert "+1 schools (+1 small ones), -1 bus lines." in text
    assert found.uncertain_cny < 100


def test_what_cannot_be_says_why(plan: Plan) -> None:
    found = price(plan, max_ride_min=15, close="S2")
    assert not found.possible and found.after is None
    assert found.cost_cny == found.most_cny == float("inf")
    assert "not possible" in str(found) and "V2" in found.reason
    assert "\n" not in found.reason and len(found.reason) < len(str(found.error)) + 200
    assert found.to_dict()["cost_cny"] is None


def test_one_unit_has_its_price(plan: Plan) -> None:
    found = price(plan, places={"S1": -26})
    assert found.unit == "place"
    assert found.per_unit_cny == pytest.approx(found.cost_cny / 26)
    assert "CNY a place." in str(found)
    assert amount_of(plan, {"max_ride_min": 45}) == (5.0, "min")
    assert amount_of(plan, {"oneway_max_min": 45}) == (-15.0, "min")
    assert amount_of(plan, {"keep": "S2"}) == (None, "")
    assert amount_of(plan, {"places": {"S1": 1, "S2": 1}}) == (None, "")
    assert value_now(plan, "walk_kmh") == 6.0 and value_now(plan, "keep") is None


def test_the_same_question_costs_nothing_and_no_solve(plan: Plan) -> None:
    found = price(plan, max_ride_min=40)
    assert found.after is plan and found.cost_cny == 0


def test_a_goal_before_the_cost_is_told() -> None:
    first = ("merge_small", "annual_cost")
    found = price(lo.optimize(*question(goals=first, closable_below_pupils=100), effort="proof"), keep="S2")
    assert "The goal merge_small, which comes before the cost, goes from 1 to 2." in str(found)


def test_a_curve_has_a_price_at_every_value(plan: Plan) -> None:
    curve = lo.price_of(plan, max_ride_min=(60, 10, 15, 40, 10), effort="proof")
    assert isinstance(curve, PriceCurve)
    assert curve.values == (10, 15, 40, 60) and curve.now == 40
    table = curve.table
    assert table["price_cny"].to_numpy() == pytest.approx([POINT_CNY] * 2 + [0, 0], abs=1_000)
    assert table["schools"].tolist() == [2, 2, 1, 1]
    assert table["step_cny"].iloc[1:].to_numpy() == pytest.approx([0, -POINT_CNY / 25, 0], abs=40)
    assert (table["bound_cny"] <= table["cost_cny"] + 1).all()
    words = str(curve)
    assert words.startswith("max_ride_min (min): 4 values, 4 of them possible.")
    assert "Each plan is within 0.0" in words
    assert "<table" in curve._repr_html_()
    assert curve.to_dict()["table"][0]["value"] == 10


def test_a_curve_says_where_nothing_fits(plan: Plan) -> None:
    curve = lo.price_of(plan, close="S2", max_ride_min=[15, 25], effort="proof")
    assert isinstance(curve, PriceCurve)
    assert curve.table["possible"].tolist() == [False, True]
    assert np.isnan(curve.table["cost_cny"].iloc[0])
    assert "15: not possible." in str(curve) and "15: not possible." in curve._repr_html_()


@pytest.mark.parametrize(
    ("asked", "name", "prices"),
    [
        ({"places": {"S1": [-26, -20, 0]}}, "places at S1", [POINT_CNY, 0, 0]),
        ({"schools_open": range(2)}, "schools_open", [0, POINT_CNY]),
        ({"buses": np.array([-1, 0])}, "buses", [POINT_CNY, 0]),
    ],
)
def test_other_numbers_have_curves_too(plan: Plan, asked: dict[str, Any], name: str, prices: list[float]) -> None:
    curve = lo.price_of(plan, **asked, effort="proof")
    assert isinstance(curve, PriceCurve)
    assert curve.name == name and curve.now == 0
    assert curve.table["price_cny"].to_numpy() == pytest.approx(prices, abs=1_000)


def test_a_curve_of_words(plan: Plan) -> None:
    curve = lo.price_of(plan, one_school_for=["group", "band"], effort="proof")
    assert isinstance(curve, PriceCurve)
    assert curve.values == ("group", "band") and curve.now is None
    assert curve.table["step_cny"].isna().all()


def test_a_curve_is_drawn(plan: Plan) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    curve = lo.price_of(plan, max_ride_min=[30, 40])
    words = lo.price_of(plan, one_school_for=["group", "band"])
    assert isinstance(curve, PriceCurve) and isinstance(words, PriceCurve)
    axes = curve.plot()
    assert axes.get_xlabel() == "max_ride_min (min)" and "million" in axes.get_ylabel()
    assert [label.get_text() for label in words.plot().get_xticklabels()] == ["group", "band"]
    mine = pyplot.figure().add_subplot()
    assert curve.plot(mine) is mine
    pyplot.close("all")


def test_a_curve_without_matplotlib_says_what_to_install(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    curve = lo.price_of(plan, max_ride_min=[40])
    assert isinstance(curve, PriceCurve)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(lo.LayoutError, match=r"layoutopt\[report\]"):
        curve.plot()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"keep": "S3"}, "'S3' is no school of this plan."),
        ({}, "Name one change"),
        ({"max_ride_min": []}, "max_ride_min: the range is empty"),
        ({"max_ride_min": [30, 40], "buses": [-1, 0]}, "are ranges. Give one of them"),
    ],
)
def test_questions_that_cannot_be_asked(plan: Plan, asked: dict[str, Any], words: str) -> None:
    with pytest.raises(AskError, match=words):
        lo.price_of(plan, **asked)


def test_an_unknown_key_names_the_nearest(plan: Plan) -> None:
    with pytest.raises(lo.PolicyError, match="Did you mean 'max_ride_min'"):
        lo.price_of(plan, max_rid_min=30)


def test_a_list_for_a_key_that_holds_one_is_no_range(plan: Plan) -> None:
    found = price(plan, must_keep=("S2",))
    assert found.cost_cny == pytest.approx(FULL_CNY, abs=1_000)


def test_what_only_takes_plans_away(plan: Plan) -> None:
    policy = plan.policy
    assert only_tightens(policy, {"max_ride_min": 30}) and not only_tightens(policy, {"max_ride_min": 50})
    assert only_tightens(policy, {"min_pupils": {"primary": 3, "junior": 0}})
    assert only_tightens(policy, {"merge_share": 0.5}) and only_tightens(policy, {"worsening_max_min": 90})
    assert not only_tightens(policy, {"walk_max_min": 20}) and not only_tightens(policy, {})
    assert takes_away(plan, change_of(plan, keep="S2"))
    assert not takes_away(plan, change_of(plan, close="S1"))  # it has 9 pupils and is protected: closing adds plans
    viable = plan.replace(policy=policy.replace(min_pupils={"primary": 5, "junior": 0}))
    assert not takes_away(viable, change_of(viable, keep="S2"))  # kept, it may have fewer


def test_a_bound_for_a_looser_question_holds_for_a_tighter(plan: Plan) -> None:
    tight = lo.optimize(*question(max_ride_min=25), effort="proof")
    weak = _with_bound(tight, 150_000.0)
    assert bounded(weak, plan).proof.levels[-1].bound == plan.proof.levels[-1].bound
    assert bounded(tight, plan) is tight
    nobody_rides = lo.optimize(*question(max_ride_min=15), effort="proof")  # its own program needs no lines
    assert bounded(_with_bound(nobody_rides, 0.0), plan).proof.levels[-1].bound == plan.proof.levels[-1].bound
    other = plan.replace(proof=replace(plan.proof, bound_name="another program"))
    assert bounded(weak, other) is weak


def test_a_plan_for_a_tighter_question_is_taken_where_it_is_better(plan: Plan) -> None:
    tight = lo.optimize(*question(max_ride_min=25), effort="proof")
    dear = price(plan, keep="S2").after
    assert dear is not None
    loose = Change("", plan.study, plan.policy)
    taken = cheaper(dear, tight, loose)
    assert taken is not None and taken.policy == plan.policy
    assert taken.figures.cost_cny == pytest.approx(plan.figures.cost_cny)
    assert taken.proof.levels[-1].bound == min(dear.proof.levels[-1].bound, taken.proof.levels[-1].value)
    assert lo.audit(taken).empty
    assert cheaper(plan, dear, loose) is plan
    refused = Change("", plan.study, plan.policy.replace(max_ride_min=15))
    assert cheaper(dear, plan, refused) is dear  # its riders would ride too long
    assert cheaper(None, plan, refused) is None


def test_reasons_in_short() -> None:
    error = lo.InfeasibleError("Nothing fits:\n  one: a\n  two: b\n  your rule 'mine' is missed\n  three: c\n  four: d")
    assert in_short(error, own_rules=["mine"]) == "Nothing fits: one: a; two: b; three: c; and 1 more."
    assert in_short(lo.InfeasibleError("Nothing fits.")) == "Nothing fits."


def test_a_price_without_a_goal_of_cost_has_no_interval(plan: Plan) -> None:
    bare = plan.replace(proof=replace(plan.proof, levels=()))
    found = Price("nothing", bare, plan)
    assert (found.least_cny, found.most_cny) == (-np.inf, np.inf)
    assert "not known" in str(found)


def test_too_few_vehicles_are_no_proof(plan: Plan) -> None:
    found = price(plan, buses=-1)
    assert found.after is not None and len(found.after.bus_lines) == 0
    level = found.after.proof.main
    assert level is not None and level.bound <= plan.proof.levels[-1].bound
    tied = price(plan, buses=-1, close="S2")
    assert not tied.possible and "6 bus seats are short" in tied.reason  # a certificate: proven before solving

    def stuck(change: Change) -> Plan:
        raise FleetShort("too few")

    change = change_of(plan, buses=-1)
    with pytest.raises(FleetShort, match="too few That no plan does with so few vehicles is not proven"):
        with_fewer_vehicles(plan, change, FleetShort("too few"), stuck, tightens=True)


def _with_bound(plan: Plan, bound: float) -> Plan:
    levels = (*plan.proof.levels[:-1], replace(plan.proof.levels[-1], bound=bound))
    return plan.replace(proof=replace(plan.proof, levels=levels))
