"""Frontiers and alternatives of tiny counties against every assignment there is."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.explaining.alternatives import alternatives
from layoutopt.explaining.differing import Reach, opened, schools_apart
from layoutopt.explaining.frontier import frontier
from layoutopt.options import build_options
from layoutopt.testing import tiny_policy, tiny_study

KM = 6
SMALL: dict[str, Any] = {"grades": "1-3", "hub": False}


def on_foot(**changes: Any) -> lo.Policy:
    """Everybody walks ten minutes a kilometre; a school costs what it costs, teachers nothing."""
    return tiny_policy(
        **{
            "walk_max_min": 60, "oneway_max_min": 60, "allowed": False, "wage_cny": 0, "closable_below_pupils": 1_000,
            **changes,
        }
    )  # fmt: skip


def county(seed: int) -> lo.Study:
    """Five villages and four schools on whole kilometres of one road, each school at its own price."""
    rng = np.random.default_rng(seed)
    villages = {f"V{n}": (float(rng.integers(KM)), 0.0, [int(k) for k in rng.integers(1, 5, 3)]) for n in range(5)}
    costs = rng.permutation([10_000.0, 12_000.0, 17_000.0, 25_000.0])
    schools = {
        f"S{n}": (
            float(x), 0.0, {**SMALL, "annual_cost_cny": float(costs[n]), "places_primary": float(rng.integers(25, 60))}
        )
        for n, x in enumerate(rng.choice(KM, 4, replace=False))
    }  # fmt: skip
    return tiny_study(villages, schools, current={code: {"current_primary": "S0"} for code in villages})


def every_plan(study: lo.Study, policy: lo.Policy) -> list[tuple[float, float, frozenset[str]]]:
    """Cost, longest way and the schools used of each assignment that fits the places."""
    options = build_options(study, policy)
    ways = [list(zip(g["school_id"], g["minutes"], strict=True)) for _, g in options.rows.groupby("item", sort=True)]
    pupils = options.items.set_index("item")["pupils"].sort_index().to_numpy()
    places, cost = study.schools["places_primary"], study.schools["annual_cost_cny"]
    found = []
    for chosen in itertools.product(*ways):
        used = frozenset(school for school, _ in chosen)
        load = {code: sum(n for n, (to, _) in zip(pupils, chosen, strict=True) if to == code) for code in used}
        if all(load[code] <= places[code] for code in used):
            found.append((float(cost[list(used)].sum()), float(max(minutes for _, minutes in chosen)), used))
    return found


def best_of(points: set[tuple[float, ...]]) -> list[tuple[float, ...]]:
    """Those that no other is as good as in everything, less being better."""
    return sorted(
        p for p in points if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in points)
    )


def rounded(values: Any) -> list[tuple[float, ...]]:
    return [tuple(float(round(value, 3)) for value in row) for row in values]


@pytest.mark.parametrize("seed", range(3))
def test_the_frontier_of_cost_and_longest_way_is_that_of_all_assignments(seed: int) -> None:
    study, policy = county(seed), on_foot()
    expected = best_of({(cost, round(longest, 3)) for cost, longest, _ in every_plan(study, policy)})
    found = frontier(study, policy, points=8, effort="proof")
    table = found.table
    assert rounded(table[["annual_cost", "worst_journey"]].to_numpy()) == expected
    assert (table["annual_cost_bound"] <= table["annual_cost"] * (1 + 1e-9)).all()
    assert table["annual_cost_bound"].to_numpy() == pytest.approx(table["annual_cost"].to_numpy(), rel=1e-3)
    assert all(lo.audit(plan).empty for plan in found)


@pytest.mark.parametrize("seed", range(2))
def test_bounds_of_the_longest_way_hold_for_every_assignment_as_cheap(seed: int) -> None:
    study, policy = county(seed), on_foot()
    plans = every_plan(study, policy)
    for row in frontier(study, policy, points=4, effort="proof").table.itertuples():
        as_cheap = [longest for cost, longest, _ in plans if cost <= row.annual_cost + 1e-6]
        assert row.worst_journey_bound <= min(as_cheap) + 1e-6
        assert row.annual_cost_bound <= min(cost for cost, longest, _ in plans if longest <= row.worst_journey + 1e-6)


@pytest.mark.parametrize("seed", range(2))
def test_three_goals_give_plans_that_no_assignment_betters(seed: int) -> None:
    study, policy = county(seed), on_foot()
    everything = {(cost, round(longest, 3), -float(len(used))) for cost, longest, used in every_plan(study, policy)}
    best = best_of(everything)
    found = frontier(study, policy, goals=("annual_cost", "worst_journey", "schools_kept"), points=9, effort="proof")
    table = found.table
    points = rounded(table[["annual_cost", "worst_journey"]].assign(kept=-table["schools_kept"]).to_numpy())
    assert set(points) <= set(best)
    assert len(points) >= 3
    assert max(table["schools_kept"]) == max(-kept for *_, kept in everything)
    assert (table["schools_kept_bound"] >= table["schools_kept"]).all()
    assert all(
        not (plan.schools.set_index("school_id").loc[list(opened(plan)), "pupils_after"] == 0).any() for plan in found
    )


def farthest(plans: list[tuple[float, float, frozenset[str]]], earlier: list[frozenset[str]], most_cny: float) -> int:
    """The largest distance to the nearest of the earlier plans that an assignment within the cost has."""
    return max(min(len(used ^ other) for other in earlier) for cost, _, used in plans if cost <= most_cny + 1e-6)


@pytest.mark.parametrize("within", [0.8, 2.0])
@pytest.mark.parametrize("seed", range(2))
def test_each_alternative_is_as_far_from_all_before_it_as_any_assignment(seed: int, within: float) -> None:
    study, policy = county(seed), on_foot()
    plans = every_plan(study, policy)
    plan = lo.optimize(study, policy, effort="proof")
    found = alternatives(plan, 3, within=within, effort="proof")
    most_cny = plan.figures.cost_cny * (1 + within)
    earlier = [opened(plan)]
    assert plan.figures.cost_cny == pytest.approx(min(cost for cost, *_ in plans))
    for other, proven in zip(found, found.most_apart, strict=True):
        far = farthest(plans, earlier, most_cny)
        assert min(len(opened(other) ^ before) for before in earlier) == far
        assert proven >= far
        assert other.figures.cost_cny <= most_cny * (1 + 1e-9)
        assert lo.audit(other).empty
        earlier.append(opened(other))
    if len(found) < 3:
        assert farthest(plans, earlier, most_cny) == 0
        assert "proven" in found.stopped


@pytest.mark.parametrize("seed", range(2))
def test_no_assignment_is_farther_than_what_is_proven(seed: int) -> None:
    study, policy = county(seed), on_foot()
    plans = every_plan(study, policy)
    plan = lo.optimize(study, policy, effort="proof")
    for factor in (1.0, 1.5, 3.0):
        most_cny = plan.figures.cost_cny * factor
        reach = Reach(plan, most_cny, time_limit_s=20.0)
        assert reach.most([plan]) == reach.guess([plan]) == farthest(plans, [opened(plan)], most_cny)
        assert schools_apart(plan, plan) == ()
