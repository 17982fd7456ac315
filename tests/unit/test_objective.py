"""Goals against sums over a plan's own tables: what the program minimises is what it says it is."""

from __future__ import annotations

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.goals import GOALS
from layoutopt.model.objective import COSTS
from layoutopt.options import build_options
from layoutopt.plan.metrics import annual_costs

Solved = tuple[Model, Data, np.ndarray]


@pytest.fixture(scope="module")
def solved(county: tuple[lo.Study, lo.Policy]) -> Solved:
    study, policy = county
    model, data = build_model(study, policy, build_options(study, policy))
    found = highs.solve(model.program(model.goals["annual_cost"]), budget=highs.Budget(gap=1e-7))
    assert found.values is not None
    return model, data, found.values


def test_goals_of_a_policy_in_their_order(solved: Solved, county: tuple[lo.Study, lo.Policy]) -> None:
    assert list(solved[0].goals) == ["annual_cost", "travel"]
    study, policy = county
    choices = policy.replace(goals=("unserved", "travel", "merge_small", "annual_cost"))
    model, _ = build_model(study, choices, build_options(study, choices))
    assert list(model.goals) == ["travel", "merge_small", "annual_cost"], "nobody unserved is a rule, not a goal"


def test_each_kind_of_cost_is_that_of_the_plan(solved: Solved, county_plan: lo.Plan) -> None:
    """Buses apart, which cost a price per rider here and real kilometres in the plan."""
    _, data, x = solved
    real = annual_costs(county_plan)
    assert set(COSTS) == set(real)
    for kind in set(COSTS) - {"buses"}:
        assert COSTS[kind](data).value(x).sum() == pytest.approx(real[kind]), kind
    taken = data.options.rows[data.frame.values("chosen", x) > 0.5]
    riders = taken.loc[taken["mode"] == "bus", "cost_cny"].sum()
    assert COSTS["buses"](data).value(x)[0] == pytest.approx(riders)


def test_travel_counts_every_pupil_s_minutes_and_a_boarder_s_week(solved: Solved, county_plan: lo.Plan) -> None:
    _, data, x = solved
    rows = county_plan.assignments
    share = np.where(rows["mode"] == "board", 0.2, 1.0)
    wanted = float((rows["pupils"] * rows["minutes"] * share).sum())
    assert GOALS["travel"](data).value(x)[0] == pytest.approx(wanted)


def test_small_schools_that_stay_are_counted(solved: Solved, county_plan: lo.Plan) -> None:
    _, data, x = solved
    small = county_plan.schools["pupils_before"] < county_plan.policy.closure.trigger_pupils
    stay = small & county_plan.schools["role"].isin(["hub", "full", "teaching_point"])
    assert GOALS["merge_small"](data).value(x)[0] == stay.sum()
    assert stay.sum() == county_plan.figures.small_schools_after


def test_no_goal_can_fall_below_zero(county: tuple[lo.Study, lo.Policy]) -> None:
    """So that a relative gap means something."""
    study, policy = county
    choices = policy.replace(goals=[goal for goal in GOALS if goal not in ("group_gap", "quality")])
    model, _ = build_model(study, choices, build_options(study, choices))
    for expression in model.goals.values():
        assert expression.matrix.data.min(initial=0.0) >= 0
        assert expression.constant.sum() == 0
