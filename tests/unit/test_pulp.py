"""The open door to other solvers: readable names, the same optimum, and the same audit."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pulp
import pytest

import layoutopt as lo
from layoutopt.model.pulp import safe_name
from layoutopt.testing import tiny_study


def cbc() -> Any:
    """PuLP 3 brings a CBC along, PuLP 4 calls one from the path."""
    for name in ("PULP_CBC_CMD", "COIN_CMD"):
        if hasattr(pulp, name):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                solver = getattr(pulp, name)(msg=False)
            if solver.available():
                return solver
    pytest.skip("no CBC here")


@pytest.fixture(scope="module")
def case() -> tuple[lo.Study, lo.Policy]:
    study = tiny_study(
        {"V1": (0, 0, [5] * 6), "V2": (2, 0, [4] * 6), "V3": (7, 0, [2] * 6)},
        {
            "S1": (0.2, 0, {"hub": True, "beds": 10.0}),
            "S 2": (2, 0.2, {"hub": False}),
            "村小": (7, 0.2, {"hub": False}),
        },
    )
    return study, lo.Policy().replace(goals=("annual_cost", "travel"), goal_tolerance={})


def test_names_say_what_they_are(case: tuple[lo.Study, lo.Policy], tmp_path: Path) -> None:
    problem = lo.to_pulp(*case)
    assert problem.name == "annual_cost"
    columns = {variable.name for variable in problem.variables()}
    assert {"open_S1", "point_村小", "taught_S_2_lower", "chosen_V3.lower_S1_bus", "grade_classes_S1_4"} <= columns
    stated = problem.constraints
    rows = {row.name for row in (stated() if callable(stated) else stated.values())}
    assert {"cover_V1.lower", "places_S1_primary", "band_taught_V1.lower_S1_lower", "beds_S1"} <= rows
    assert all(re.fullmatch(r"[0-9A-Za-z_.一-鿿]+", name) for name in columns | rows)
    problem.writeLP(str(tmp_path / "county.lp"))
    text = (tmp_path / "county.lp").read_text("utf-8")
    assert "open_S1" in text
    assert "cover_V1.lower" in text


@pytest.mark.parametrize(
    ("label", "name"), [("open[S017]", "open_S017"), ("taught[S 1,lower]", "taught_S_1_lower"), ("x[村-1]", "x_村_1")]
)
def test_safe_names(label: str, name: str) -> None:
    assert safe_name(label) == name


def test_names_that_become_alike_stay_apart() -> None:
    """ "S-1" and "S 1" are two schools in every file."""
    study = tiny_study({"V1": (0, 0, [4] * 6)}, {"S-1": (0.1, 0, {}), "S 1": (0.2, 0, {})})
    problem = lo.to_pulp(study, lo.Policy())
    names = [variable.name for variable in problem.variables()]
    assert len(set(names)) == len(names)
    assert sum(name.startswith("open_") for name in names) == 2


def test_a_goal_the_policy_does_not_name(case: tuple[lo.Study, lo.Policy]) -> None:
    with pytest.raises(ValueError, match=r"unknown goal 'cost'\. The policy names: annual_cost, travel\."):
        lo.to_pulp(*case, goal="cost")


@pytest.mark.parametrize("goal", ["annual_cost", "travel"])
def test_cbc_finds_the_same_optimum(goal: str, case: tuple[lo.Study, lo.Policy]) -> None:
    from layoutopt.kernels import highs
    from layoutopt.model.build import build_model
    from layoutopt.options import build_options

    problem = lo.to_pulp(*case, goal=goal)
    problem.solve(cbc())
    model, _ = build_model(*case, build_options(*case))
    ours = highs.solve(model.program(model.goals[goal]), budget=highs.Budget(gap=1e-6))
    assert pulp.value(problem.objective) == pytest.approx(ours.objective, rel=1e-5)


def test_a_whole_plan_by_another_solver(case: tuple[lo.Study, lo.Policy]) -> None:
    theirs = lo.optimize(*case, effort="proof", solver=cbc())
    ours = lo.optimize(*case, effort="proof", method="sequential")
    assert lo.audit(theirs).empty
    assert theirs.proof.options["method"] == "sequential"
    assert theirs.proof.bound_name == "the compact program with buses at a price per rider"
    assert theirs.proof.options["solver"] == type(cbc()).__name__
    assert ours.proof.options["solver"] == "HiGHS"
    for one, other in zip(theirs.proof.levels, ours.proof.levels, strict=True):
        assert one.value == pytest.approx(other.value, rel=1e-4)
        assert one.bound == -float("inf"), "PuLP tells no bound, so none is claimed"
        assert one.status == "feasible"


def test_what_does_not_fit_is_said_so_by_another_solver_too(case: tuple[lo.Study, lo.Policy]) -> None:
    study, policy = case
    with pytest.raises(lo.InfeasibleError, match="annual_budget_cny is "):
        lo.optimize(study, policy.replace(annual_budget_cny=560_000), solver=cbc())
