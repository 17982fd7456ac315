"""Which program decides, what its bound is called, and what happens when it is stopped, wrong or short of buses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.plan import Level, Proof
from layoutopt.testing import tiny_study

TOGETHER = "layout and bus lines together, lines at their real cost"
COMPACT = "the compact program with buses at a price per rider"
UNAVOIDABLE = "classes and staff nobody can avoid"
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
        "goals": ["unserved", "merge_small", "annual_cost", "travel"], "goal_tolerance": {}, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


@pytest.fixture(scope="module")
def plan() -> lo.Plan:
    return lo.optimize(STUDY, policy())


def main_level(found: lo.Plan) -> Level:
    assert found.proof.main is not None
    return found.proof.main


def test_the_yearly_cost_is_the_real_one_and_its_bound_speaks_for_lines(plan: lo.Plan) -> None:
    level = main_level(plan)
    assert (plan.proof.bound_name, plan.proof.options["method"]) == (TOGETHER, "together")
    assert [one.goal for one in plan.proof.levels] == ["merge_small", "annual_cost", "travel"]
    assert level.value == plan.figures.cost_cny
    assert 0 < (plan.proof.unavoidable_cny or 0) <= level.bound <= level.value
    assert lo.audit(plan).empty


def test_the_value_of_the_ways_is_that_of_the_plan_with_its_lines(plan: lo.Plan) -> None:
    last = plan.proof.levels[-1]
    assert (last.goal, last.status, last.bound) == ("travel", "lines fixed", -np.inf)
    assert last.value == pytest.approx((plan.assignments["pupils"] * plan.assignments["minutes"]).sum())


def test_one_after_the_other_is_a_yardstick_that_is_never_cheaper() -> None:
    goals = policy(goals=["unserved", "annual_cost"])
    yardstick, found = lo.optimize(STUDY, goals, method="sequential"), lo.optimize(STUDY, goals)
    assert (yardstick.proof.bound_name, yardstick.proof.options["method"]) == (COMPACT, "sequential")
    assert found.figures.cost_cny <= yardstick.figures.cost_cny + 1e-6
    assert "together" not in yardstick.proof.options


def test_an_unknown_method() -> None:
    with pytest.raises(ValueError, match=r"unknown method 'apart'\. Known: together, sequential, nearest\."):
        lo.optimize(STUDY, policy(), method="apart")


@pytest.mark.parametrize("changes", [{"goals": ["unserved", "travel"]}, {"hub_min_pupils": 500, "walk_max_min": 240}])
def test_without_riders_or_without_the_goal_the_compact_program_decides(changes: dict[str, Any]) -> None:
    schools = {name: (x, y, {**columns, "hub": False}) for name, (x, y, columns) in SCHOOLS.items()}
    study = tiny_study(VILLAGES, schools) if "walk_max_min" in changes else STUDY
    changes = {"oneway_max_min": 240, **changes} if "walk_max_min" in changes else changes
    found = lo.optimize(study, policy(**changes))
    assert found.proof.bound_name == COMPACT
    assert lo.audit(found).empty


def test_goals_before_are_held_and_goals_after_leave_the_lines_alone(plan: lo.Plan) -> None:
    assert plan.figures.small_schools_after == plan.proof.levels[0].value
    alone = lo.optimize(STUDY, policy(goals=["unserved", "annual_cost"]))
    first = lo.optimize(STUDY, policy(goals=["unserved", "annual_cost", "merge_small", "travel"]))
    assert [level.status for level in first.proof.levels[1:]] == ["lines fixed", "lines fixed"]
    assert first.figures.cost_cny <= alone.figures.cost_cny * (1 + 1e-5)
    pd.testing.assert_frame_equal(first.bus_stops, alone.bus_stops)
    assert plan.figures.small_schools_after <= first.figures.small_schools_after


def test_a_tolerance_of_the_cost_is_room_for_shorter_ways_off_the_lines() -> None:
    near = lo.optimize(STUDY, policy(goals=["unserved", "annual_cost", "travel"]))
    loose = lo.optimize(
        STUDY, policy(goals=["unserved", "annual_cost", "travel"], goal_tolerance={"annual_cost": 0.5}), effort="proof"
    )
    assert loose.proof.levels[-1].value <= near.proof.levels[-1].value + 1e-6
    assert loose.figures.cost_cny <= 1.5 * near.figures.cost_cny * (1 + 1e-5)
    assert main_level(loose).bound <= near.figures.cost_cny * (1 + 1e-6)


def full_bus() -> tuple[lo.Study, dict[str, Any]]:
    """20 pupils 10 km off fill a bus of 20: 30,000 + 2 · 10 · 2 · 200 · 4 = 62,000 a year; priced at 77,500."""
    study = tiny_study({"V1": (10.0, 0, [7, 7, 6])}, {"S1": (0, 0, HUB)})
    return study, {"goals": ["unserved", "annual_cost"], "dwell_min": 0.0, "dwell_min_per_rider": 0.0}


def test_a_budget_speaks_of_real_lines() -> None:
    # The hub: a multigrade class, 2 posts at 40,000, 60,000 of its own. With the line 202,000; priced, 217,500.
    study, changes = full_bus()
    found = lo.optimize(study, policy(**changes, annual_budget_cny=205_000))
    assert found.figures.cost_cny == pytest.approx(202_000)
    with pytest.raises(lo.InfeasibleError, match="annual_budget_cny is 12,500 CNY short"):
        lo.optimize(study, policy(**changes, annual_budget_cny=205_000), method="sequential")
    with pytest.raises(lo.InfeasibleError) as raised:
        lo.optimize(study, policy(**changes, annual_budget_cny=200_000), effort="proof")
    assert str(raised.value) == (
        "The best plan found costs 202,000 CNY a year with its bus lines, above annual_budget_cny = 200,000. "
        "No plan costs less than 202,000. Raise the budget."
    )
    assert raised.value.rules == ("annual_budget",)


def test_what_nobody_can_avoid() -> None:
    # One class of grades 1-3 for 20 pupils: 2 posts at 40,000. Without staff nothing is unavoidable.
    study, changes = full_bus()
    found = lo.optimize(study, policy(**changes), effort="proof")
    assert found.proof.unavoidable_cny == 80_000
    assert lo.optimize(study, policy(**changes, wage_cny=0), effort="quick").proof.unavoidable_cny == 0
    assert found.proof.controllable_gap == pytest.approx(
        (202_000 - main_level(found).bound) / (202_000 - 80_000), abs=1e-9
    )


def test_the_controllable_gap_by_hand() -> None:
    def gap(value: float, bound: float, least: float | None, goal: str = "annual_cost") -> float | None:
        return Proof(
            "feasible", TOGETHER, (Level(goal, value, bound, "feasible"),), unavoidable_cny=least
        ).controllable_gap

    assert gap(100, 90, 60) == pytest.approx(0.25)
    assert gap(100, 90, 0) == pytest.approx(0.1)
    assert gap(100, 100, 100) == 0
    assert gap(100, 40, 60) == 1
    assert gap(100, 90, None) is None
    assert gap(100, -np.inf, 60) is None
    assert gap(100, 90, 60, "travel") is None
    assert Proof("feasible", TOGETHER).controllable_gap is None


@contextmanager
def stopped_after(messages: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float, str], None]]:
    """Yield a progress function; after so many messages it is as if Ctrl-C had been pressed."""
    from layoutopt.pipeline import run

    heard = 0

    @contextmanager
    def pressed() -> Iterator[Callable[[], bool]]:
        yield lambda: heard > messages

    def hear(share: float, text: str) -> None:
        nonlocal heard
        heard += 1

    with monkeypatch.context() as patch:
        patch.setattr(run, "patient_interrupt", pressed)
        yield hear


def test_stopped_at_any_stage_the_best_so_far_is_whole_and_its_bound_sound(
    plan: lo.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    lo.optimize(STUDY, policy(), progress=lambda share, text: told.append(text))
    ended = set()
    for messages in sorted({0, 1, *(len(told) * k // 8 for k in range(8)), len(told) - 2}):
        with stopped_after(messages, monkeypatch) as hear:
            found = lo.optimize(STUDY, policy(), progress=hear)
        assert lo.audit(found).empty
        level = found.proof.main
        assert level is not None
        ended.add((level.stopped_by, found.proof.bound_name))
        if level.goal == "annual_cost" and found.figures.small_schools_after == plan.figures.small_schools_after:
            assert level.bound <= plan.figures.cost_cny * (1 + 1e-6)
    assert any(stopped == "user" for stopped, _ in ended)
    assert {name for _, name in ended} >= {COMPACT, TOGETHER} or {name for _, name in ended} >= {UNAVOIDABLE, TOGETHER}


def test_no_time_at_all_still_gives_an_audited_plan() -> None:
    found = lo.optimize(STUDY, policy(), time_limit_s=0.01)
    assert lo.audit(found).empty
    assert main_level(found).bound <= main_level(found).value


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], Any]], lo.Plan]:
    """The plan when what layout and lines together gave is changed first."""
    from layoutopt.integrated import solve

    real = solve.integrate

    def run(change: Callable[[Any], Any]) -> lo.Plan:
        monkeypatch.setattr(solve, "integrate", lambda *given, **settings: change(real(*given, **settings)))
        return lo.optimize(STUDY, policy())

    return run


def test_a_bound_above_the_plan_is_refused_and_a_safe_one_shown(
    changed: Callable[[Callable[[Any], Any]], lo.Plan], caplog: pytest.LogCaptureFixture
) -> None:
    found = changed(lambda given: replace(given, bound=1.01 * given.best.cost))
    level = main_level(found)
    assert (level.status, level.bound) == ("bound refused", found.proof.unavoidable_cny)
    assert found.proof.bound_name == UNAVOIDABLE
    assert "lies above the plan's cost" in caplog.text


def test_what_turns_out_dearer_than_its_bound_is_not_optimal(
    changed: Callable[[Callable[[Any], Any]], lo.Plan],
) -> None:
    """As when the fleet is short of buses for the lines found: the search closed its gap, the tables open it again."""

    def closed(given: Any) -> Any:
        low = 0.9 * given.best.cost
        return replace(given, bound=low, best=replace(given.best, cost=low))

    found = changed(closed)
    level = main_level(found)
    assert level.gap == pytest.approx(0.1)
    assert level.status == "feasible"


def test_the_proof_ends_with_the_status_of_its_last_level(monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.integrated import solve

    real = solve.integrate

    def too_high(*given: Any, **settings: Any) -> Any:
        found = real(*given, **settings)
        return found and replace(found, bound=1.01 * found.best.cost)

    monkeypatch.setattr(solve, "integrate", too_high)
    found = lo.optimize(STUDY, policy(goals=["unserved", "annual_cost"]))
    assert found.proof.status == found.proof.levels[-1].status == "bound refused"


def test_wages_nobody_can_avoid_are_sought_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.model import unavoidable
    from layoutopt.pipeline import case

    calls = []

    def counted(*given: Any) -> float:
        calls.append(given)
        return unavoidable.unavoidable_cny(*given)

    monkeypatch.setattr(case, "unavoidable_cny", counted)
    found = lo.optimize(STUDY, policy(annual_budget_cny=5e6))
    assert len(calls) == 1
    assert (found.proof.unavoidable_cny or 0) > 0


def test_a_split_yes_or_no_is_no_plan(
    changed: Callable[[Callable[[Any], Any]], lo.Plan], caplog: pytest.LogCaptureFixture
) -> None:
    def split(given: Any) -> Any:
        return replace(given, best=replace(given.best, point=given.best.point * 0.5))

    found = changed(split)
    assert lo.audit(found).empty
    assert (main_level(found).status, found.proof.bound_name) == ("bound refused", UNAVOIDABLE)
    assert "A yes/no of the plan found is split" in caplog.text


def test_nothing_to_decide_together_leaves_the_compact_answer(
    changed: Callable[[Callable[[Any], Any]], lo.Plan],
) -> None:
    found = changed(lambda given: None)
    assert lo.audit(found).empty
    assert found.proof.bound_name == COMPACT
    assert [level.goal for level in found.proof.levels] == ["merge_small", "annual_cost", "travel"]


def test_a_fleet_too_small_for_the_lines_found_carries_all_the_same() -> None:
    """One large bus for all hubs together, and vans."""
    fleet = [
        {"vehicle_id": "bus", "seats": 20, "fixed_cny": 10_000.0, "cny_per_km": 2.0, "count": 1.0},
        {"vehicle_id": "van", "seats": 9, "fixed_cny": 30_000.0, "cny_per_km": 4.0},
    ]
    found = lo.optimize(tiny_study(VILLAGES, SCHOOLS, vehicles=fleet), policy(goals=["unserved", "annual_cost"]))
    assert lo.audit(found).empty
    assert (found.bus_lines["vehicle_id"] == "bus").sum() <= 1
    assert main_level(found).bound <= found.figures.cost_cny


def test_a_hub_no_bus_reaches_is_named() -> None:
    road = ([(0, 0), (4, 0)], {"class": "tertiary"})
    apart = ([(20, 20), (21, 20)], {"class": "tertiary"})
    study = tiny_study(
        {"V1": (0.2, 0, [3, 3, 3]), "V2": (3.0, 0, [3, 3, 3])},
        {"S1": (0.1, 0, HUB), "S2": (20.5, 20, {**HUB, "status": "candidate"})}, roads=[road, apart],
    )  # fmt: skip
    found = lo.optimize(study, policy(goals=["unserved", "annual_cost"]), effort="quick")
    assert found.warnings == (
        "S2 is a hub, but no bus reaches it from any settlement: check its place and the roads there.",
    )


def test_groups_larger_than_any_vehicle_ride_in_parts() -> None:
    study = tiny_study({"V1": (8.0, 0, [16, 15, 14])}, {"S1": (0, 0, HUB)})
    found = lo.optimize(study, policy(goals=["unserved", "annual_cost"]), effort="quick")
    assert found.bus_lines["riders"].sum() == 45
    assert (found.bus_lines["riders"] <= 20).all()
    assert lo.audit(found).empty


def test_a_settlement_farther_than_every_limit_is_named_before_solving(monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.pipeline import run

    monkeypatch.setattr(run, "decide", lambda *given: pytest.fail("it was solved all the same"))
    study = tiny_study({**VILLAGES, "V9": (90.0, 0, [1, 1, 1])}, SCHOOLS)
    with pytest.raises(lo.InfeasibleError, match=r"V9, grades of band lower \(3 pupils\): "):
        lo.optimize(study, policy(keep_existing_exceptions=False))


def test_a_researchers_rule_holds_for_layout_and_lines_together() -> None:
    """No two small schools of one town both close: docs/extend.md."""
    town = {**SMALL, "town": "Upper"}
    schools = {
        "S1": (1.0, 1.0, {**HUB, "town": "Lower"}),
        **{f"S{k}": (2.0 + 2 * k, 2.0 + 2 * k, town) for k in (2, 3, 4)},
        "S5": (9.0, 3.0, {**SMALL, "town": "Other"}),
    }
    study = tiny_study(VILLAGES, schools)
    goals = policy(goals=["unserved", "annual_cost"], oneway_max_min=90)

    def at_most_one_closes(d: Any) -> Iterator[Any]:
        small = d.schools.index[d.schools["small"]]
        for _, own in study.schools.loc[small].groupby("town"):
            stays = [
                d.frame.total(block, by=[], where=d.frame.blocks[block].table["school_id"].isin(own.index))
                for block in ("open", "point")
            ]
            yield stays[0] + stays[1] >= len(own) - 1

    def closed(found: lo.Plan) -> int:
        gone = found.schools.loc[found.schools["role"] == "closed", "school_id"]
        return int(gone.isin(["S2", "S3", "S4"]).sum())

    free, ruled = (lo.optimize(study, goals, extra_rules=rules) for rules in ([], [at_most_one_closes]))
    assert (free.proof.bound_name, ruled.proof.bound_name) == (TOGETHER, TOGETHER)
    assert closed(free) >= 2
    assert closed(ruled) == 1
    assert len(ruled.bus_lines)
    assert lo.audit(ruled).empty
    assert free.figures.cost_cny < ruled.figures.cost_cny
    assert main_level(free).bound <= main_level(ruled).value
    assert main_level(ruled).bound > main_level(free).value
    problem = lo.to_pulp(study, goals, extra_rules=[at_most_one_closes])
    stated = problem.constraints
    names = [row.name for row in (stated() if callable(stated) else stated.values())]
    assert sum(name.startswith("at_most_one_closes") for name in names) == 3
