"""Prices against every layout, assignment and set of lines there is, and against a solve from nothing.

The truth is that of test_truth.py: the cheapest plan before and after a change, by enumeration, without the program.
"""

from __future__ import annotations

import functools
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.explaining.change import change_of
from layoutopt.explaining.curve import PriceCurve
from layoutopt.explaining.price import Price
from layoutopt.options import build_options
from layoutopt.plan.plan import OPEN_ROLES, Plan

TRUTH = runpy.run_path(str(Path(__file__).with_name("test_truth.py")))
SEEDS = (0, 2, 3, 5, 6, 8, 10, 17, 18, 19, 21, 23)
"""Counties of at most 8 groups in which a plan exists."""
KINDS = ("keep", "close", "shorter_rides", "longer_ways", "fewer_places", "move")
EACH = 2


@functools.cache
def best(seed: int) -> Plan:
    study, policy = TRUTH["county"](seed)
    return lo.optimize(study, policy, effort="proof")


def question(plan: Plan, kind: str) -> dict[str, Any] | None:
    """One change of this kind, None where the county has no place for it."""
    role = plan.schools.set_index("school_id")["role"]
    closed, is_open = role.index[role == "closed"], role.index[role.isin(OPEN_ROLES)]
    bus, access = plan.policy.bus, plan.policy.access
    if kind == "keep":
        return {"keep": closed[0]} if len(closed) else None
    if kind == "close":
        return {"close": is_open[-1]}
    if kind == "shorter_rides":
        return {"max_ride_min": bus.max_ride_min - 15}
    if kind == "longer_ways":
        return {"oneway_max_min": access.oneway_max_min["lower"] + 25, "max_ride_min": bus.max_ride_min + 25}
    if kind == "fewer_places":
        full = plan.schools.sort_values("pupils_after", kind="stable").iloc[-1]
        return {"places": {full["school_id"]: full["pupils_after"] - 2 - full["places_primary"]}}
    rows = build_options(plan.study, plan.policy).rows
    went = plan.assignments.set_index("item")["school_id"]
    other = rows[rows["school_id"] != rows["item"].map(went)]
    return {"move": {other["settlement_id"].iloc[0]: other["school_id"].iloc[0]}} if len(other) else None


@functools.cache
def truth_of(seed: int, kind: str) -> float | None:
    """The true price of this kind of change, None where the county has no place for it."""
    asked = question(best(seed), kind)
    return None if asked is None else true_cost(best(seed), asked) - best(seed).figures.cost_cny


def true_cost(plan: Plan, asked: dict[str, Any]) -> float:
    change = change_of(plan, **asked)
    options = build_options(change.study, change.policy)
    return float(TRUTH["cheapest"](change.study, change.policy, options)) if options.without.empty else np.inf


CASES = [(seed, KINDS[(at * EACH + k) % len(KINDS)]) for at, seed in enumerate(SEEDS) for k in range(EACH)]


@pytest.mark.parametrize(("seed", "kind"), CASES)
def test_a_price_is_the_difference_of_the_cheapest_plans(seed: int, kind: str) -> None:
    plan = best(seed)
    asked = question(plan, kind)
    truth = truth_of(seed, kind)
    if asked is None or truth is None:
        return
    price = lo.price_of(plan, **asked, effort="proof")
    assert isinstance(price, Price)
    assert price.possible == np.isfinite(truth)
    if price.after is None:
        assert price.cost_cny == np.inf and price.reason in str(price)
        return
    scale = plan.figures.cost_cny
    assert price.cost_cny == pytest.approx(truth, abs=1e-5 * scale)
    assert price.least_cny - 1e-6 * scale <= truth <= price.most_cny + 1e-6 * scale
    assert price.most_cny - price.least_cny <= 3e-4 * scale
    assert lo.audit(price.after).empty


@pytest.mark.parametrize("seed", SEEDS[::3])
def test_with_little_effort_the_truth_is_still_within_what_is_said(seed: int) -> None:
    plan = lo.optimize(*TRUTH["county"](seed), effort="quick")
    before = float(TRUTH["cheapest"](plan.study, plan.policy, build_options(plan.study, plan.policy)))
    for kind in ("keep", "shorter_rides"):
        asked = question(plan, kind)
        if asked is None:
            continue
        price = lo.price_of(plan, **asked)
        truth = true_cost(plan, asked) - before
        assert isinstance(price, Price)
        if price.possible:
            assert price.least_cny - 1 <= truth <= price.most_cny + 1
        else:
            assert truth == np.inf


def test_the_cases_are_of_every_kind_and_most_are_possible() -> None:
    found: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    for seed, kind in CASES:
        truth = truth_of(seed, kind)
        if truth is not None:
            found[kind].append(bool(np.isfinite(truth)))
    assert all(found.values())
    assert sum(map(sum, found.values())) >= len(CASES) / 2


@pytest.mark.parametrize(
    ("seed", "asked"), [(6, {"buses": -1}), (23, {"buses": -1}), (0, {"schools_open": -1}), (10, {"schools_open": 1})]
)
def test_a_price_is_that_of_a_solve_from_nothing(seed: int, asked: dict[str, Any]) -> None:
    plan = best(seed)
    price = lo.price_of(plan, **asked, effort="proof")
    assert isinstance(price, Price)
    change = change_of(plan, **asked)
    try:
        fresh = lo.optimize(change.study, change.policy, effort="proof", extra_rules=change.extra_rules)
    except lo.InfeasibleError:
        assert not price.possible
        return
    level = fresh.proof.main
    assert level is not None and price.after is not None
    assert price.after.figures.cost_cny == pytest.approx(fresh.figures.cost_cny, rel=2e-4)
    assert price.least_cny <= fresh.figures.cost_cny - plan.figures.cost_cny + 1
    assert price.most_cny >= level.bound - plan.figures.cost_cny - 1


@pytest.mark.parametrize("seed", (2, 6))
def test_a_curve_is_the_truth_at_every_value(seed: int) -> None:
    plan = best(seed)
    now = plan.policy.bus.max_ride_min
    curve = lo.price_of(plan, max_ride_min=[now + 20, now - 20, now - 10, now], effort="proof")
    assert isinstance(curve, PriceCurve)
    assert curve.values == (now - 20, now - 10, now, now + 20) and curve.now == now
    for value, price in zip(curve.values, curve.prices, strict=True):
        truth = true_cost(plan, {"max_ride_min": value})
        assert price.possible == np.isfinite(truth)
        if price.after is not None:
            assert price.after.figures.cost_cny == pytest.approx(truth, rel=1e-5)
            assert price.after.policy.bus.max_ride_min == value
            assert lo.audit(price.after).empty
    cost = curve.table["cost_cny"].dropna()
    assert (cost.diff().dropna() <= 0.5).all()
    assert (curve.table["bound_cny"].dropna().diff().dropna() <= 0.5).all()
