"""One layout for several futures against brute force over every layout, its limits, and the regret table."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.ahead.robust_cases import Case, cases_of
from layoutopt.ahead.robust_regret import WITHIN
from layoutopt.ahead.robust_result import Robust
from layoutopt.ahead.task import Task
from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.testing import tiny_policy, tiny_study

SITES = {"S1": (0.0, 6.0, 4), "S2": (6.0, 0.0, 3), "S3": (0.0, -9.0, 3)}
"""Village schools: kilometres to the hub's place, and pupils a grade. Nobody walks there; buses go to the hub only."""
GIVEN: dict[str, Any] = {
    "wage_cny": 10_000, "allowed": False, "must_keep": ("H",), "closable_below_pupils": 1_000,
    "line_fixed_cny": 120_000, "max_ride_min": 20, "keep_existing_exceptions": False,
}  # fmt: skip
FUTURES = (
    lo.Scenario("base", weight=0.6),
    lo.Scenario("more", weight=0.1, pupils=1.5),
    lo.Scenario("fewer", weight=0.3, births=-0.5),
)
WET = lo.Scenario("wet", weight=0.25, travel=1.2)
"""A fifth slower: 9 km by bus take 21.6 minutes instead of 18, beyond the 20 that may be ridden."""


def county() -> lo.Study:
    villages: dict[str, Any] = {f"V{code[1]}": (x, y, [n] * 6) for code, (x, y, n) in SITES.items()}
    schools: dict[str, Any] = {code: (x, y, {"hub": False}) for code, (x, y, _) in SITES.items()}
    schools["H"] = (0, 0, {"hub": True, "places_primary": 1_000.0})
    return tiny_study({**villages, "VH": (0, 0, [15] * 6)}, schools)


def costs_of(case: Case) -> dict[frozenset[str], float]:
    """The least yearly cost of every layout in one future; inf where it allows no plan."""
    block = case.data.frame.blocks["open"]
    program = case.model.program(case.model.goals["annual_cost"])
    found = {}
    for some in chain.from_iterable(combinations(SITES, k) for k in range(len(SITES) + 1)):
        lower, upper = program.lower.copy(), program.upper.copy()
        lower[block.columns] = upper[block.columns] = block.table["school_id"].isin({*some, "H"})

        solved = highs.solve(replace(program, lower=lower, upper=upper), budget=highs.Budget(gap=1e-9))
        found[frozenset(some)] = solved.objective if solved.status == "optimal" else float("inf")
    return found


def tables(futures: tuple[lo.Scenario, ...]) -> list[dict[frozenset[str], float]]:
    return [costs_of(case) for case in cases_of(county(), tiny_policy(**GIVEN), futures, {}, ())]


def expected(costs: list[dict[frozenset[str], float]], futures: tuple[lo.Scenario, ...]) -> dict[frozenset[str], float]:
    total = sum(one.weight for one in futures)
    return {
        layout: sum(one.weight / total * table[layout] for one, table in zip(futures, costs, strict=True))
        for layout in costs[0]
    }


def stays(found: Robust) -> frozenset[str]:
    roles = found.schools["role"]
    return frozenset(roles.index[roles.isin(["full", "hub"])]) - {"H"}


def solved(futures: tuple[lo.Scenario, ...], **asked: Any) -> Robust:
    found = lo.robust(county(), tiny_policy(**GIVEN), futures, effort="proof", **asked)
    assert found.main.gap <= 1e-4
    roles = [tuple(plan.schools["role"]) for plan in found.plans.values()]
    assert len(set(roles)) == 1
    return found


@pytest.fixture(scope="module")
def found() -> Robust:
    return solved(FUTURES)


@pytest.fixture(scope="module")
def costs() -> list[dict[frozenset[str], float]]:
    return tables(FUTURES)


def test_the_layout_has_the_least_expected_cost(found: Robust, costs: list[dict[frozenset[str], float]]) -> None:
    means = expected(costs, FUTURES)
    assert found.main.value == pytest.approx(min(means.values()), rel=1e-6)
    assert found.expected_cny == pytest.approx(found.main.value)
    assert stays(found) == min(means, key=lambda layout: means[layout])
    assert found.table["weight"].tolist() == pytest.approx([0.6, 0.1, 0.3])
    assert found.table["cost_cny"].tolist() == pytest.approx([table[stays(found)] for table in costs])
    assert found.bound_name.startswith("the compact programs of all scenarios")
    for plan in found.plans.values():
        assert lo.audit(plan, plan.study, plan.policy).empty


def test_one_layout_is_what_costs(found: Robust, costs: list[dict[frozenset[str], float]]) -> None:
    """Without the rule each future has its own best layout, which is cheaper in sum."""
    own = sum(one.weight * min(table.values()) for one, table in zip(FUTURES, costs, strict=True))
    assert own < found.main.value - 1.0
    free = lo.robust(county(), tiny_policy(**GIVEN), FUTURES, effort="proof", skip=("one_layout",))
    assert free.main.value == pytest.approx(own, rel=1e-4)


def test_a_limit_on_the_worst(found: Robust, costs: list[dict[frozenset[str], float]]) -> None:
    """A little less than the worst costs now: another layout, dearer as expected, cheaper at worst."""
    worst = {layout: max(table[layout] for table in costs) for layout in costs[0]}
    assert found.worst_cny == pytest.approx(worst[stays(found)])
    means = expected(costs, FUTURES)
    limit = worst[stays(found)] - 1.0
    best = min(means[layout] for layout in means if worst[layout] <= limit)
    held = solved(FUTURES, limit={"annual_cost": limit})
    assert held.main.value == pytest.approx(best, rel=1e-6) and held.worst_cny <= limit
    assert best > found.main.value + 1.0
    with pytest.raises(lo.InfeasibleError, match="worst of base, more, fewer"):
        solved(FUTURES, limit={"annual_cost": min(worst.values()) - 1.0})


def test_a_wet_season_keeps_the_far_school() -> None:
    """S3 lies 18 minutes off: it closes when the season is forgotten, and must not with it."""
    futures = (FUTURES[0], WET)
    base, wet = tables(futures)
    dry = min(base, key=lambda layout: base[layout])
    assert "S3" not in dry and wet[dry] == float("inf")
    robust = solved(futures)
    assert "S3" in stays(robust)
    assert robust.main.value == pytest.approx(min(expected([base, wet], futures).values()), rel=1e-6)
    regret = robust.in_sample.set_index("scenario")
    assert np.isnan(regret.loc["wet", "deterministic_cny"]) and regret.loc["wet", "deterministic_gap"] == 0.0
    assert regret.loc["base", "robust_regret_cny"] == pytest.approx(robust.price_cny, abs=1.0)
    assert robust.price_cny == pytest.approx(base[stays(robust)] - base[dry], rel=1e-3)


def test_regret_over_held_back_futures(found: Robust) -> None:
    held = (lo.Scenario("many", pupils=2.0), lo.Scenario("empty", pupils=0.5))
    table = found.regret(held).set_index("scenario")
    base = tables((FUTURES[0],))[0]
    dry = min(base, key=lambda layout: base[layout])
    for one, costs in zip(held, tables(held), strict=True):
        row = table.loc[one.name]
        assert row["best_cny"] == pytest.approx(min(costs.values()), rel=1e-4)
        assert row["robust_cny"] == pytest.approx(costs[stays(found)], rel=1e-4)
        assert row["deterministic_cny"] == pytest.approx(costs[dry], rel=1e-4)
        assert row["robust_regret_cny"] == pytest.approx(row["robust_cny"] - row["best_cny"])
    assert table["weight"].tolist() == [0.5, 0.5]
    assert (table[["best_gap", "robust_gap", "deterministic_gap"]] <= 1e-4).all(axis=None)


def test_regrets_after_a_stop_and_without_time(found: Robust, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C that ended the search stops no table; the known point is a start; no answer in time is not "no plan"."""
    stopped, whole, starts = replace(found, task=replace(found.task, interrupted=lambda: True)), Task.goals, []

    def goals(task: Task, *given: Any, start: Any, effort: Any = None, **how: Any) -> Any:
        assert not task.interrupted()
        starts.append((effort is WITHIN, start is not None))
        if effort is WITHIN and start is None:
            raise SolverError("out of time")
        return whole(task, *given, start=start, effort=effort, **how)

    monkeypatch.setattr(Task, "goals", goals)
    table = stopped.in_sample
    assert starts == [(True, True), (True, False), (False, True)] * len(FUTURES)
    assert table["robust_cny"].tolist() == pytest.approx(found.table["cost_cny"].tolist())
    assert table["deterministic_cny"].isna().all() and (table["deterministic_gap"] == np.inf).all()
    assert stopped.price_cny == table["robust_regret_cny"].iloc[0]


def test_a_future_is_read_alike_before_and_after() -> None:
    """The choices of a later future change the planner's own, not those rewritten for today's large schools."""
    policy, keep = tiny_policy(**{**GIVEN, "closable_below_pupils": 60}), {"must_keep": ("S1",)}
    robust = lo.robust(county(), policy, (FUTURES[0], lo.Scenario("kept", policy=keep)))
    later = robust.regret([lo.Scenario("kept", policy=keep)])
    assert later["best_cny"].tolist() == pytest.approx(robust.in_sample["best_cny"].tolist()[1:], rel=1e-4)


def test_today_without_a_plan_is_no_hindrance() -> None:
    """S1, whose closure is decided, is 12 minutes off, too far today; roads that are built halve that."""
    policy = tiny_policy(**{**GIVEN, "must_close": ("S1",), "max_ride_min": 10})
    robust = lo.robust(county(), policy, (lo.Scenario("roads", travel=0.5),))
    assert robust.deterministic is None and np.isnan(robust.price_cny)
    assert robust.in_sample["robust_regret_cny"].tolist() == pytest.approx([0.0], abs=1.0)


def test_a_policy_that_does_not_seek_the_cost() -> None:
    robust = lo.robust(county(), tiny_policy(**GIVEN, goals=("travel",)), FUTURES[:2])
    assert "The goal travel is within" in str(robust)
    assert robust.table["cost_cny"].notna().all() and robust.worst_cny == robust.table["cost_cny"].max()
    told = robust.to_dict()
    assert told["bound_cny"] is None and told["expected_cny"] == robust.expected_cny
    assert robust.in_sample["travel_robust"].notna().all()


def test_a_longest_way_for_every_future() -> None:
    limited = solved((FUTURES[0],), limit={"worst_journey": 15.0})
    assert "S3" in stays(limited) and limited.table["worst_min"].max() <= 15.0 + 1e-6


@pytest.mark.parametrize(
    ("futures", "asked", "words"),
    [
        ((), {}, "needs scenarios"),
        ((lo.Scenario("a"), lo.Scenario("a")), {}, "Two scenarios are called 'a'"),
        (FUTURES, {"limit": {"annual_costs": 1.0}}, "Did you mean 'annual_cost'"),
        (FUTURES, {"limit": {"worst_journey": -1}}, "worst_journey = -1"),
        ((FUTURES[0], lo.Scenario("few", towns={"Nowhere": 0.5})), {}, "scenario few, towns.Nowhere: no settlement"),
    ],
)
def test_what_cannot_be_asked(futures: tuple[lo.Scenario, ...], asked: dict[str, Any], words: str) -> None:
    with pytest.raises(lo.LayoutError, match=words):
        lo.robust(county(), tiny_policy(**GIVEN), futures, **asked)


def test_a_future_without_any_plan_is_named() -> None:
    """Twice the minutes: nobody beyond 5 km rides, and S1, whose closure is decided, has nowhere to send its pupils."""
    policy = tiny_policy(**{**GIVEN, "must_close": ("S1",)})
    with pytest.raises(lo.InfeasibleError, match="In the scenario flood"):
        lo.robust(county(), policy, (FUTURES[0], lo.Scenario("flood", travel=2.0)))


def test_words_and_files(found: Robust, tmp_path: Any) -> None:
    assert str(found).startswith("One layout for 3 scenarios: ")
    (tmp_path / "out" / "old").mkdir(parents=True)
    (tmp_path / "out" / "robust.json").write_text('{"table": [{"scenario": "old"}]}', "utf-8")
    folder = found.to_folder(tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {
        "robust.json", "robust_table.csv", "robust_schools.csv", "robust_regret.csv", "base", "more", "fewer",
    }  # fmt: skip
    assert lo.Plan.from_folder(folder / "more").figures.pupils == found.plans["more"].figures.pupils
    assert len(found.plot().patches) == 2 * len(FUTURES)
