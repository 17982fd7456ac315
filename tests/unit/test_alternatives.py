"""Near-best plans: they differ, pass the audit, keep the real cost, and say what is better and who always closes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import layoutopt as lo
from layoutopt.cli import main
from layoutopt.errors import AskError
from layoutopt.explaining.alternatives import Alternatives, alternatives
from layoutopt.explaining.differing import opened, schools_apart
from layoutopt.testing import tiny_study

HUB = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}
SMALL = {"grades": "1-3", "hub": False, "annual_cost_cny": 20_000.0}
VILLAGES = {
    "V1": (1.5, 1.0, [3, 3, 3]), "V2": (4.0, 3.0, [2, 2, 2]), "V3": (6.5, 6.0, [2, 1, 2]), "V4": (9.0, 8.5, [1, 2, 2]),
    "V5": (3.5, 9.0, [1, 1, 1]),
}  # fmt: skip
SCHOOLS = {"S1": (1.0, 1.0, HUB), "S2": (10.0, 10.0, HUB), "S3": (6.0, 6.0, SMALL), "S4": (3.5, 8.5, SMALL)}
STUDY = tiny_study(VILLAGES, SCHOOLS)
WITHIN = 0.6


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 4.0, "straight_bus_kmh": 30.0, "walk_max_min": 25, "oneway_max_min": 60,
        "max_ride_min": 40, "seats": 20, "line_fixed_cny": 30_000, "cny_per_km": 4.0, "wage_cny": 40_000,
        "goals": ["unserved", "annual_cost"], "goal_tolerance": {}, "closable_below_pupils": 1_000, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


@pytest.fixture(scope="module")
def plan() -> lo.Plan:
    return lo.optimize(STUDY, policy(), effort="quick")


@pytest.fixture(scope="module")
def found(plan: lo.Plan) -> Alternatives:
    return alternatives(plan, 3, within=WITHIN)


def test_alternatives_differ_keep_the_real_cost_and_pass_the_audit(plan: lo.Plan, found: Alternatives) -> None:
    assert len(found) >= 2
    plans = [plan, *found]
    for at, own in enumerate(plans[1:], start=1):
        assert lo.audit(own).empty
        assert own.figures.cost_cny <= plan.figures.cost_cny * (1 + WITHIN) + 1e-6
        least = min(len(schools_apart(own, other)) for other in plans[:at])
        assert 1 <= least <= found.most_apart[at - 1]
        assert own.schools.set_index("school_id").loc[sorted(opened(own)), "pupils_after"].min() > 0
    assert list(found.most_apart) == sorted(found.most_apart, reverse=True)


def test_the_table_prices_each_plan_and_says_who_closes_instead(plan: lo.Plan, found: Alternatives) -> None:
    table = found.table
    assert table["plan"].tolist() == list(range(len(found) + 1))
    for row, own in zip(table.iloc[1:].itertuples(), found, strict=True):
        assert row.price_cny == pytest.approx(own.figures.cost_cny - plan.figures.cost_cny)
        assert set(filter(None, row.closes_instead.split(", "))) == opened(plan) - opened(own)
        assert set(filter(None, row.keeps_instead.split(", "))) == opened(own) - opened(plan)
        shorter = own.figures.journey_mean_min < plan.figures.journey_mean_min - 0.05
        assert ("min on average" in row.better) == shorter
        assert ("CNY a year" in row.worse) == (row.price_cny >= 0.5)


def test_closures_count_in_how_many_plans_each_school_closes(plan: lo.Plan, found: Alternatives) -> None:
    plans = [plan, *found]
    closures = found.closures.set_index("school_id")
    for school in STUDY.schools.index:
        count = sum(school not in opened(own) for own in plans)
        assert (school in closures.index) == (count > 0)
        if count:
            assert closures.loc[school, "closed_in"] == count
            assert closures.loc[school, "words"] == f"closed in {count} of {len(plans)} near-best plans"
    assert closures["closed_in"].is_monotonic_decreasing


def test_they_behave_as_a_list_and_read_as_sentences(found: Alternatives, tmp_path: Path) -> None:
    assert [own.figures.cost_cny for own in found] == [found[at].figures.cost_cny for at in range(len(found))]
    assert found[-1] is list(found)[-1]
    assert f"{len(found)} other plans within 60.0%" in str(found)
    assert "near-best plans" in found._repr_html_()
    assert len(json.loads(json.dumps(found.to_dict()))["table"]) == len(found) + 1
    found.to_folder(tmp_path)
    assert (tmp_path / "closures.csv").exists()
    assert lo.audit(lo.Plan.from_folder(tmp_path / "plan_1")).empty


def test_where_nothing_else_is_near_that_is_said(plan: lo.Plan) -> None:
    alone = alternatives(plan, 2, within=0.0, differ=4)
    assert (len(alone), alone.table["plan"].tolist()) == (0, [0])
    assert "There is no further plan within 0.0%" in alone.stopped
    assert alone.stopped in str(alone)


@pytest.mark.parametrize("given", [{"k": 0}, {"differ": 0}, {"within": -0.1}])
def test_questions_that_ask_for_nothing_are_told(plan: lo.Plan, given: dict[str, Any]) -> None:
    with pytest.raises(AskError, match="Ask for one plan or more"):
        alternatives(plan, **given)


def test_without_the_cost_among_the_goals_no_plan_is_near(plan: lo.Plan) -> None:
    with pytest.raises(AskError, match="annual_cost"):
        alternatives(plan.replace(policy=policy(goals=["travel"])))


def test_the_command_prints_the_table_and_refuses_what_is_no_share(plan: lo.Plan, tmp_path: Path) -> None:
    plan.to_folder(tmp_path / "plan")
    words = ["alternatives", str(tmp_path / "plan"), "--k", "1", "--within", "60%", "--json"]
    done = CliRunner().invoke(main, [*words, "--out", str(tmp_path / "others")])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["within"] == WITHIN
    assert (tmp_path / "others" / "alternatives.csv").exists()
    assert CliRunner().invoke(main, [*words[:-2], "much"]).exit_code == 2
