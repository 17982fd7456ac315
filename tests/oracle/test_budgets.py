"""Budgets of single sources on tiny counties against every layout and every set of lines: cost against burden.

For every set of pupil groups the truth keeps all pairs (yearly cost, what the county bears) that no other pair beats in
both. The county pays a share of schools and wages alike and a share of what fares leave of the lines, so that
both add up school by school.
"""

from __future__ import annotations

import runpy
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.options import Options, build_options
from layoutopt.plan.money import paid_by_source

MADE = runpy.run_path(str(Path(__file__).with_name("test_truth.py")))
county, all_lines, school_costs = MADE["county"], MADE["all_lines"], MADE["school_costs"]
SEEDS = (18, 28, 40, 52, 84, 89)
"""Counties where a dearer plan spares the county money."""
OF_SCHOOLS, OF_LINES, FARE_CNY = 0.05, 0.7, 500.0
SHARES = {
    kind: {"county": OF_SCHOOLS, "province": 1 - OF_SCHOOLS} for kind in lo.Policy().money.source_share
} | {"buses": {"county": OF_LINES, "province": 1 - OF_LINES}}  # fmt: skip
Front = list[tuple[float, float]]


def front(pairs: Front) -> Front:
    """The pairs no other beats in both, by cost."""
    kept: Front = []
    for cost, burden in sorted(pairs):
        if not kept or burden < kept[-1][1] - 1e-6:
            kept.append((cost, burden))
    return kept


def parts(mask: int) -> list[int]:
    """Every set of groups within ``mask``, the empty one too."""
    found, part = [0], mask
    while part:
        found.append(part)
        part = (part - 1) & mask
    return found


def truth(study: lo.Study, policy: lo.Policy, options: Options) -> Front:
    """Yearly cost and burden of every plan that no other plan beats in both."""
    many = len(options.items)
    pupils = options.items["pupils"].to_numpy(float)
    riders = [sum(pupils[k] for k in range(many) if mask >> k & 1) for mask in range(2**many)]
    best: list[Front] = [[(0.0, 0.0)], *([] for _ in range(2**many - 1))]
    for school_id in options.schools.index:
        own = at_school(study, policy, options, str(school_id), riders)
        best = [
            front([(a + c, b + d) for part in parts(mask) for a, b in best[part] for c, d in own[mask ^ part]])
            for mask in range(2**many)
        ]
    return best[-1]


def at_school(study: lo.Study, policy: lo.Policy, options: Options, school_id: str, riders: list[float]) -> list[Front]:
    """Cost and burden of a school for every set of groups taught there, some on foot, the rest on lines."""
    rows = options.rows[options.rows["school_id"] == school_id]
    at = {item: k for k, item in enumerate(options.items["item"])}
    by_mode = {mode: [at[item] for item in part["item"]] for mode, part in rows.groupby("mode")}
    on_foot = sum(1 << k for k in by_mode.get("walk", []))
    lines = all_lines(study, policy, school_id, options, by_mode.get("bus", []))
    costs = school_costs(policy, options, school_id)
    found: list[Front] = []
    for mask, cost in enumerate(costs):
        pairs: Front = []
        for part in parts(mask):
            line = float(lines[part])
            if np.isfinite(cost + line) and not (mask ^ part) & ~on_foot:
                assert line >= FARE_CNY * riders[part]  # fares never cover a line: what they leave adds up
                left = line - FARE_CNY * riders[part]
                pairs.append((float(cost) + line, OF_SCHOOLS * float(cost) + OF_LINES * left))
        found.append(front(pairs))
    return found


def solved(seed: int, budget: float | None, **settings: Any) -> lo.Plan:
    study, policy = county(seed)
    limits = {} if budget is None else {"county": budget}
    return lo.optimize(
        study, policy.replace(source_share=SHARES, family_fare_cny=FARE_CNY, budget_by_source=limits),
        **{"effort": "proof", "time_limit_s": 600, **settings},
    )  # fmt: skip


@cache
def true_front(seed: int) -> Front:
    study, policy = county(seed)
    options = build_options(study, policy)
    return truth(study, policy, options) if options.without.empty else []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_within_a_budget_is_the_best_there_is(seed: int) -> None:
    pairs = true_front(seed)
    for (cheap, dear), (cost, burden) in pairwise(pairs):
        plan = solved(seed, (burden + dear) / 2)
        level = plan.proof.main
        assert level is not None
        assert cheap < cost
        assert lo.audit(plan).empty
        assert paid_by_source(plan)["county"] <= (burden + dear) / 2
        assert plan.figures.cost_cny == pytest.approx(cost, rel=1e-6)
        assert level.bound <= cost * (1 + 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_budget_below_every_plan_is_proven_hopeless(seed: int) -> None:
    with pytest.raises(lo.InfeasibleError) as raised:
        solved(seed, 0.999 * true_front(seed)[-1][1])
    assert "No plan keeps budget_by_source: that is proven." in str(raised.value)


def test_every_county_has_something_to_choose() -> None:
    assert all(len(true_front(seed)) > 1 for seed in SEEDS)
