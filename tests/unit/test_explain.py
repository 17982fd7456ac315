"""Why the plan decides as it does at a school, a village, a line; what binds there, and what otherwise would cost."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.errors import AskError
from layoutopt.explaining.binding import binding_rules, program_of, ways_at_limit
from layoutopt.explaining.point import point_of
from layoutopt.explaining.why import Explanation, explain
from layoutopt.model.build import build_model
from layoutopt.options import build_options
from layoutopt.plan.plan import Plan
from layoutopt.testing import tiny_study

PRICES = runpy.run_path(str(Path(__file__).with_name("test_price.py")))
POINT_CNY, FULL_CNY = PRICES["POINT_CNY"], PRICES["FULL_CNY"]
"""The county of test_price.py: S2 closes, V2 rides 20 minutes to S1; the sums stand there."""


def solved(**changes: Any) -> Plan:
    return lo.optimize(*PRICES["question"](**changes), effort="proof")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solved()


@pytest.fixture(scope="module")
def closed(plan: Plan) -> Explanation:
    return explain(plan, "S2", effort="proof")


def test_a_closed_school_has_both_other_roles_with_their_prices(plan: Plan, closed: Explanation) -> None:
    options = closed.options
    assert options["option"].tolist() == ["as planned", "kept as a teaching point", "kept whole"]
    assert options["cost_cny"].to_numpy() == pytest.approx([0, POINT_CNY, FULL_CNY], abs=1_000)
    assert (options["least_cny"] <= options["cost_cny"] + 1).all()
    assert (options["cost_cny"] <= options["most_cny"] + 1).all()
    ride = float(plan.assignments.loc[plan.assignments["mode"] == "bus", "minutes"].iloc[0])
    assert options["own_mean_min"].to_numpy() == pytest.approx([0, 1 - ride, 1 - ride])
    assert options["mean_min"].to_numpy() == pytest.approx([0, (1 - ride) * 6 / 15, (1 - ride) * 6 / 15])
    assert options["lines"].tolist() == [0, -1, -1]
    assert (options["gap"] < 1e-4).all()


def test_words_come_first_and_the_recorded_reason_before_them(closed: Explanation) -> None:
    text = str(closed)
    lines = closed.sentences
    assert lines[0].endswith("(S2): closed. Its pupils are served elsewhere within all limits at less cost.")
    assert lines[1].startswith("Its 6 pupils go elsewhere: 1 minutes today, 20 then")
    assert lines[2].startswith("Next best: kept as a teaching point: +37,")
    assert "Its own pupils: -19." in lines[2]
    assert lines[3].startswith("Or: kept whole: +47,")
    assert lines[4].startswith("The plan is within 0.00% of the best, the others are within 0.00% of the best and")
    assert text.index(lines[-1]) < text.index("as planned")
    assert "<table" in closed._repr_html_() and "<p>Next best" in closed._repr_html_()
    found = closed.to_dict()
    assert json.loads(json.dumps(found))["options"][1]["option"] == "kept as a teaching point"


def test_a_protected_school_that_cannot_close(plan: Plan) -> None:
    told = explain(plan, "S1", effort="proof")
    assert told.options["possible"].tolist() == [True, False]
    assert "Has 8 pupils or more" in told.sentences[0]
    assert any(line.startswith("Closed is not possible. ") and "V1" in line for line in told.sentences)


def test_a_teaching_point_may_close_or_be_whole() -> None:
    told = explain(solved(max_ride_min=15), "S2", effort="proof")  # nobody may ride 20 minutes
    assert told.options["option"].tolist()[:2] == ["as planned", "kept whole"]
    assert told.options["cost_cny"].iloc[1] == pytest.approx(FULL_CNY - POINT_CNY)
    assert any(line.startswith("Closed is not possible.") and "max_ride_min" in line for line in told.sentences)


def test_a_decided_closing_is_priced_as_if_it_were_not() -> None:
    told = explain(solved(must_close=("S2",)), "S2", effort="proof")
    assert "Closure decided already" in told.sentences[0]
    assert told.options["option"].tolist() == ["as planned", "kept whole"]
    assert told.options["cost_cny"].iloc[1] == pytest.approx(FULL_CNY, abs=1_000)


def test_a_village_says_where_it_goes_what_is_nearer_and_what_else_costs(plan: Plan) -> None:
    told = explain(plan, "V2", effort="proof")
    assert (
        "V2.lower: 6 pupils go to S1 (bus), 20 min, today 1 min to S2; 2 options are admissible." in told.sentences[0]
    )
    assert "Nearer is S2 (walk, 1 min), which closes." in told.sentences[0]
    assert told.options["cost_cny"].iloc[1] == pytest.approx(POINT_CNY, abs=1_000)
    assert told.options["own_mean_min"].iloc[1] < -19
    assert told.table["taken"].sum() == 1


def test_a_village_with_one_way_hears_what_bars_the_next(plan: Plan) -> None:
    told = explain(plan, "V1")
    assert told.options.empty and told.otherwise == ()
    assert any("V1.lower has no other admissible way: the next school would be S2" in line for line in told.sentences)


def test_a_full_school_is_named(plan: Plan) -> None:
    tight = solved(places=14.0)
    told = explain(tight, "V2", effort="proof")
    assert "2 options are admissible." in told.sentences[0]
    assert "No room is left" not in " ".join(told.sentences)  # at S2 nobody else could come
    full = explain(tight, "S1", effort="proof")
    assert full.binding[["rule", "value", "limit"]].to_numpy().tolist() == [["places", 9.0, 14.0]]
    assert "No room is left in: places (S1 primary: 9 pupils in 14 places)." in full.sentences


def test_a_nearer_school_without_room_is_named() -> None:
    """S2 is kept with 8 places: the 6 pupils of V3, 10 minutes' walk off, fill it; the line for V2 is the shorter."""
    given = PRICES["question"]()
    villages = {"V1": (0.1, 0.0, [3, 3, 3]), "V2": (10.1, 0.0, [2, 2, 2]), "V3": (11.0, 0.0, [2, 2, 2])}
    own = {"grades": "1-3", "hub": False}
    schools = {
        "S1": (0, 0, {**own, "hub": True, "places_primary": 40.0, "annual_cost_cny": 60_000.0}),
        "S2": (10, 0, {**own, "places_primary": 8.0, "annual_cost_cny": 30_000.0}),
    }
    study = tiny_study(villages, schools)
    full = lo.optimize(study, given[1].replace(must_keep=("S2",), oneway_max_min=60), effort="quick")
    riding = full.assignments.loc[full.assignments["mode"] == "bus", "settlement_id"].tolist()
    assert riding == ["V2"]
    told = explain(full, "V2", effort="quick")
    assert "Nearer is S2 (walk, 1 min), which has 6 pupils in 8 places: too few for 6 more." in told.sentences[0]


def test_a_line_without_its_riders(plan: Plan) -> None:
    line = plan.bus_lines["line_id"].iloc[0]
    told = explain(plan, line, effort="proof")
    assert told.sentences[0].startswith("L001 brings 6 pupils from 1 places to S1 in 20 min")
    assert told.options["cost_cny"].iloc[1] == pytest.approx(POINT_CNY, abs=1_000)
    assert told.options["lines"].iloc[1] == -1
    assert told.table["settlement_id"].tolist() == ["V2"]


def test_a_ride_at_its_limit_and_a_full_bus_bind() -> None:
    told = explain(solved(max_ride_min=21, seats=6), "L001", effort="proof")
    assert told.binding["rule"].tolist() == ["seats", "ride_limit"]
    assert told.binding["words"].iloc[0] == "6 riders on 6 seats"
    assert told.binding["limit"].iloc[1] == 21 and told.binding["value"].iloc[1] == pytest.approx(20.2)


def test_county_rules_bind_at_a_school_that_would_break_them() -> None:
    plan = solved(merge_share=0.5, closable_below_pupils=10)
    told = binding_rules(plan, program_of(plan), schools=["S2"], items=[])
    assert told["words"].tolist() == ["1 of the small schools stay, 1 at most may"]
    budget = solved(annual_budget_cny=202_320.0)
    told = binding_rules(budget, program_of(budget), schools=["S2"], items=[])
    assert told["rule"].tolist() == ["annual_budget"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"oneway_max_min": 21}, "oneway_limit"),
        ({"worsening_max_min": 20}, "worsening_limit"),
        ({"oneway_max_km": 10.2}, "distance_limit"),
    ],
)
def test_ways_near_each_limit(changes: dict[str, Any], rule: str) -> None:
    plan = solved(**changes)
    found = list(ways_at_limit(plan, set(plan.assignments["item"])))
    assert [(row[0], row[1]) for row in found] == [(rule, "V2.lower")]
    assert next(iter(changes)) in found[0][4]


def test_the_point_of_a_plan_keeps_the_rows_of_its_program(
    county: tuple[lo.Study, lo.Policy], county_plan: Plan
) -> None:
    model, data = build_model(*county, build_options(*county))
    point = point_of(county_plan, data)
    program = model.program(next(iter(model.goals.values())))
    assert program.violation(point) <= 1e-6
    value = float(model.goals["annual_cost"].value(point).sum())
    buses = county_plan.bus_lines["cost_cny"].sum()
    chosen = data.frame.blocks["chosen"].table
    price = chosen["cost_cny"].to_numpy() * (chosen["mode"] == "bus").to_numpy()
    assert value - price @ data.frame.values("chosen", point) == pytest.approx(county_plan.figures.cost_cny - buses)


def test_kinds_of_rows_that_bind(county: tuple[lo.Study, lo.Policy], county_plan: Plan) -> None:
    schools = list(county_plan.schools["school_id"])
    found = binding_rules(
        county_plan, program_of(county_plan), schools=schools, items=list(county_plan.assignments["item"])
    )
    assert len(found) and np.isfinite(found[["value", "limit"]].to_numpy(float)).all()
    assert not found["words"].str.contains("{", regex=False).any()


def test_a_place_that_does_not_exist(plan: Plan) -> None:
    with pytest.raises(AskError, match=r"'V22' is no school, settlement or line of this plan\. Did you mean 'V2'"):
        explain(plan, "V22")


def test_a_solve_that_was_stopped_is_not_known_to_be_impossible(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*given: Any, **settings: Any) -> Plan:
        raise lo.SolverError("The limits were reached. Give more time.")

    monkeypatch.setattr("layoutopt.explaining.pricing.solve_changed", stopped)
    told = explain(plan, "S2")
    assert "Kept whole is not known. The limits were reached. Give more time." in told.sentences
    assert told.options["possible"].tolist() == [True, False, False]
    curve = lo.price_of(plan, max_ride_min=[15, 40])
    assert "15: not known. The limits were reached." in str(curve)


def test_what_the_first_question_learns_serves_the_next(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.explaining import pricing

    seen: list[bool] = []
    solve = pricing.solve_changed

    def watched(start: Plan, *given: Any, **settings: Any) -> Plan:
        seen.append(start.basis is not None)
        return solve(start, *given, **settings)

    monkeypatch.setattr(pricing, "solve_changed", watched)
    explain(plan.replace(basis=None), "S2")
    assert seen == [False, True]
