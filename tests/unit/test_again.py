"""Solving again from a plan: what is kept, what is learnt once, and that no bound is claimed that does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.explaining.change import change_of, solve_changed
from layoutopt.integrated.basis import Basis, covers
from layoutopt.testing import tiny_study

HUB = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}
SMALL = {"grades": "1-3", "hub": False, "annual_cost_cny": 20_000.0}
VILLAGES = {
    "V1": (1.5, 1.0, [3, 3, 3]), "V2": (4.0, 3.0, [2, 2, 2]), "V3": (6.5, 6.0, [2, 1, 2]), "V4": (9.0, 8.5, [1, 2, 2]),
    "V5": (3.5, 9.0, [1, 1, 1]),
}  # fmt: skip
SCHOOLS = {"S1": (1.0, 1.0, HUB), "S2": (10.0, 10.0, HUB), "S3": (6.0, 6.0, SMALL), "S4": (3.5, 8.5, SMALL)}
STUDY = tiny_study(VILLAGES, SCHOOLS)


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 4.0, "straight_bus_kmh": 30.0, "walk_max_min": 25, "oneway_max_min": 60,
        "max_ride_min": 40, "seats": 20, "line_fixed_cny": 30_000, "cny_per_km": 4.0, "wage_cny": 40_000,
        "goals": ["unserved", "annual_cost"], "goal_tolerance": {}, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


@pytest.fixture(scope="module")
def plan() -> lo.Plan:
    return lo.optimize(STUDY, policy(), effort="proof")


def bounds(found: lo.Plan) -> tuple[float, float]:
    assert found.proof.main is not None
    return found.proof.main.bound, found.proof.main.value


CHANGES: list[dict[str, Any]] = [
    {"keep": "S3"}, {"keep": ["S3", "S4"]}, {"close": "S4"}, {"move": {"V3": "S2"}}, {"max_ride_min": 12},
    {"max_ride_min": 60}, {"seats": 9}, {"cny_per_km": 1.0}, {"wage_cny": 60_000}, {"schools_open": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_answer_begun_at_a_plan_agrees_with_one_from_nothing(plan: lo.Plan, change: dict[str, Any]) -> None:
    asked = change_of(plan, **change)
    again = solve_changed(plan, asked)
    fresh = lo.optimize(asked.study, asked.policy, effort="proof", extra_rules=asked.extra_rules)
    low, high = bounds(again)
    least, best = bounds(fresh)
    assert low <= best + 1e-3
    assert high >= least - 1e-3
    assert lo.audit(again).empty


def test_nothing_changed_begins_at_the_plan_itself(plan: lo.Plan) -> None:
    again = lo.optimize(STUDY, policy(), effort="quick", start=plan)
    assert again.figures.cost_cny <= plan.figures.cost_cny + 1e-6
    assert again.proof.options["together"]["root_rounds"] == 0


def test_a_plan_from_files_learns_at_the_first_question(plan: lo.Plan, tmp_path: Any) -> None:
    stored = lo.Plan.from_folder(plan.to_folder(tmp_path / "plan"))
    assert stored.basis is None
    again = lo.optimize(STUDY, policy(), effort="quick", start=stored)
    assert again.figures.cost_cny <= plan.figures.cost_cny + 1e-6
    assert again.proof.options["together"]["root_rounds"] > 0
    assert again.basis is not None


def test_prizes_hold_where_lines_are_fewer_or_dearer_and_nowhere_else(plan: lo.Plan) -> None:
    basis: Basis = plan.basis
    task = basis.low[0].task
    there = np.arange(task.n)
    assert covers(task, task, there)
    assert covers(task, replace(task, limit=task.limit - 1), there)
    assert not covers(task, replace(task, limit=task.limit + 1), there)
    assert not covers(task, replace(task, seats=task.seats + 1), there)
    assert not covers(task, replace(task, fixed=task.fixed * 0.9), there)
    assert not covers(task, replace(task, riders=task.riders - 0.5), there)
    assert not covers(task, replace(task, pay_between=task.pay_between * 0.9), there)


def test_only_a_change_that_takes_plans_away_inherits_the_bound(plan: lo.Plan) -> None:
    assert change_of(plan, keep="S3").tightens
    assert change_of(plan, buses=-1).tightens
    assert change_of(plan, schools_open=1).tightens
    assert not change_of(plan, places={"S3": 5}).tightens
    assert change_of(plan, max_ride_min=12).tightens
    assert change_of(plan, oneway_max_min={"lower": 50, "upper": 60, "junior": 60}).tightens
    assert not change_of(plan, oneway_max_min={"lower": 50, "upper": 61, "junior": 60}).tightens
    assert not change_of(plan, walk_max_min=12).tightens  # who walks less may ride instead
    kept = plan.replace(policy=policy(must_keep=("S3",)))
    assert not change_of(kept, close="S3").tightens


def test_a_change_names_what_does_not_exist(plan: lo.Plan) -> None:
    with pytest.raises(ValueError, match="'S9' is no school"):
        change_of(plan, keep="S9")
    with pytest.raises(ValueError, match="Name one change"):
        change_of(plan)
    with pytest.raises(lo.PolicyError, match="max_ride_mins"):
        change_of(plan, max_ride_mins=4)
    with pytest.raises(lo.PolicyError, match="'V9', which is no settlement"):
        solve_changed(plan, change_of(plan, move={"V9": "S1"}))
    with pytest.raises(ValueError, match="needs start="):
        lo.optimize(STUDY, policy(), method="nearest")


def test_a_plan_may_be_begun_at_where_the_cost_is_no_goal(plan: lo.Plan) -> None:
    found = lo.optimize(STUDY, policy(goals=("unserved", "travel")), start=plan)
    assert lo.audit(found).empty
