"""Goals in their order: each one's value and bound, what earlier ones hold, and how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.kernels import highs
from layoutopt.model.solve import EFFORTS
from layoutopt.testing import tiny_study


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0, "dwell_min_per_rider": 0.0,
        "goals": ("annual_cost", "travel"), "goal_tolerance": {}, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


STUDY = tiny_study(
    {f"V{n}": (0.7 * n, 0.1 * (n % 3), [2 + n % 3] * 6) for n in range(6)},
    {f"S{n}": (1.1 * n, 0.2, {"annual_cost_cny": 50_000.0 + 7_000 * n}) for n in range(4)},
)


def test_more_effort_never_gives_a_worse_proof() -> None:
    gaps = [effort.gap for effort in EFFORTS.values()]
    assert list(EFFORTS) == ["quick", "normal", "proof"]
    assert gaps == sorted(gaps, reverse=True)
    steps = [effort.steps for effort in EFFORTS.values()]
    assert steps == sorted(steps)


@pytest.mark.parametrize("effort", EFFORTS)
def test_values_bounds_and_gaps(effort: str) -> None:
    proof = lo.optimize(STUDY, policy(), effort=effort).proof
    assert [level.goal for level in proof.levels] == ["annual_cost", "travel"]
    for level in proof.levels:
        assert level.bound <= level.value
        if np.isfinite(level.bound):
            assert level.gap == pytest.approx((level.value - level.bound) / level.value)
    main = proof.main
    assert main is not None
    assert main.goal == "annual_cost"
    assert main.gap <= EFFORTS[effort].gap or main.stopped_by == "steps"
    assert proof.options["effort"] == effort


def test_a_later_goal_gives_nothing_of_an_earlier_one_away() -> None:
    one = lo.optimize(STUDY, policy(goals=("annual_cost",)), effort="proof")
    both = lo.optimize(STUDY, policy(), effort="proof")
    assert both.figures.cost_cny == pytest.approx(one.figures.cost_cny, rel=1e-5)
    assert both.proof.levels[1].value <= walked(one) + 1e-6


def test_a_tolerance_is_room_for_the_next_goal_and_no_more() -> None:
    tight = lo.optimize(STUDY, policy(), effort="proof")
    loose = lo.optimize(STUDY, policy(goal_tolerance={"annual_cost": 0.5}), effort="proof")
    assert loose.proof.levels[1].value < tight.proof.levels[1].value
    assert loose.figures.cost_cny <= 1.5 * tight.figures.cost_cny * (1 + 1e-6)


def walked(plan: lo.Plan) -> float:
    return float((plan.assignments["pupils"] * plan.assignments["minutes"]).sum())


def test_the_plan_is_no_worse_than_the_program_s_value() -> None:
    """Tables are built from rounded decisions, and without idle classes or posts."""
    plan = lo.optimize(STUDY, policy(goals=("annual_cost",)), effort="proof")
    assert plan.figures.cost_cny <= plan.proof.levels[0].value * (1 + 1e-9)


def test_an_unknown_effort() -> None:
    with pytest.raises(ValueError, match=r"unknown effort 'fast'\. Known: quick, normal, proof\."):
        lo.optimize(STUDY, policy(), effort="fast")


def test_progress_is_told_and_grows() -> None:
    told: list[tuple[float, str]] = []
    lo.optimize(STUDY, policy(), effort="quick", progress=lambda share, text: told.append((share, text)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert {"travel times", "options", "bus lines", "audit", "done"} <= {text for _, text in told}


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    lo.optimize(STUDY, policy(), effort="quick")
    assert capfd.readouterr() == ("", "")


def test_the_seed_is_kept_and_the_plan_repeats() -> None:
    plans = [lo.optimize(STUDY, policy(), effort="quick", seed=3) for _ in range(2)]
    assert plans[0].seed == 3
    for table in ("assignments", "schools", "bus_lines", "bus_stops"):
        pd.testing.assert_frame_equal(getattr(plans[0], table), getattr(plans[1], table))


def test_an_answer_the_rows_deny_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A solver that claims a point which serves nobody."""
    real = highs.solve

    def liar(program: highs.Program, **settings: Any) -> highs.Solved:
        found = real(program, **settings)
        return found if found.values is None else replace(found, values=np.zeros_like(found.values), status="optimal")

    monkeypatch.setattr(highs, "solve", liar)
    plan = lo.optimize(STUDY, policy(goals=("annual_cost",)), effort="quick", method="sequential")
    assert lo.audit(plan).empty
    level = plan.proof.main
    assert level is not None
    assert level.status == "bound refused"
    assert level.bound == plan.proof.unavoidable_cny
    assert plan.proof.bound_name == "classes and staff nobody can avoid"
    assert "The solver's point breaks a row or splits a yes/no by 1: neither it nor its bound is used." in caplog.text


def test_without_a_plan_before_it_a_false_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.pipeline import case

    real = highs.solve

    def splits(program: highs.Program, **settings: Any) -> highs.Solved:
        """A solver that gives every yes/no a half."""
        found = real(program, **settings)
        return found if found.values is None else replace(found, values=np.where(program.integer, 0.5, found.values))

    monkeypatch.setattr(case, "first_point", lambda model, data: None)
    monkeypatch.setattr(highs, "solve", splits)
    with pytest.raises(lo.SolverError, match="breaks the rows of its own program, and there is no plan before it"):
        lo.optimize(STUDY, policy(), effort="quick", method="sequential")


def test_a_bound_above_the_plan_is_refused(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    real = highs.solve

    def boasts(program: highs.Program, **settings: Any) -> highs.Solved:
        found = real(program, **settings)
        return found if not program.integer.any() else replace(found, bound=1.5 * found.objective)

    monkeypatch.setattr(highs, "solve", boasts)
    plan = lo.optimize(STUDY, policy(goals=("annual_cost",)), effort="quick", method="sequential")
    level = plan.proof.main
    assert level is not None
    assert (level.status, level.bound) == ("bound refused", plan.proof.unavoidable_cny)
    assert "lies above the plan's value" in caplog.text


def test_a_plan_that_fails_its_audit_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.pipeline import gates

    wrong = pd.DataFrame([{"rule": "places", "place": "S0", "found": 9.0, "limit": 1.0, "message": "9 on 1"}])
    monkeypatch.setattr(gates, "audit", lambda *_: wrong)
    with pytest.raises(
        lo.SolverError, match=r"fails 1 checks of its own audit and is not returned:\n  places at S0: 9 on 1"
    ):
        lo.optimize(STUDY, policy(), effort="quick")
