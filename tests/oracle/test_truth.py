"""Tiny counties against every layout, assignment and set of lines there is: the plan is best, the bound below it.

The truth is worked out here from the options, the ways and the norms, without the program, the kernels or the solver.
``benchmarks/bench_truth.py`` does the same for hundreds of seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import layoutopt as lo
from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.model.hub import hub_ways
from layoutopt.options import Options, build_options
from layoutopt.plan.plan import Plan
from layoutopt.testing import tiny_study

Floats = NDArray[np.float64]
SEEDS = (0, 1, 2, 3, 5, 6, 7, 8)


def county(seed: int) -> tuple[lo.Study, lo.Policy]:
    """3 to 12 villages and 2 to 4 schools at random, one or two bands, one or two kinds of bus, odd limits."""
    rng = np.random.default_rng(seed)
    both = bool(rng.random() < 0.4)
    villages = int(rng.integers(3, 7 if both else 13))
    hubs = int(rng.integers(1, 4))
    small = int(rng.integers(0 if hubs > 1 else 1, 5 - hubs))
    side_km = float(rng.uniform(6, 14))
    grades = 6 if both else 3
    settlements = {
        f"V{k:02d}": (*rng.uniform(0, side_km, 2).round(1).tolist(), rng.integers(1, 4, grades).tolist())
        for k in range(villages)
    }
    schools = {}
    for k in range(hubs + small):
        school: dict[str, Any] = {
            "grades": "1-6" if both and (k < hubs or rng.random() < 0.5) else "1-3", "hub": k < hubs,
            "annual_cost_cny": float(rng.choice([20_000, 60_000, 120_000])),
        }  # fmt: skip
        if rng.random() < 0.3:
            school["places_primary"] = float(rng.integers(20, 60))
        if k == 0:
            school |= {"places_primary": 400.0}
        schools[f"S{k}"] = (*rng.uniform(0, side_km, 2).round(1).tolist(), school)
    small_bus = {"vehicle_id": "van", "kind": "school_bus", "seats": 9, "fixed_cny": 18_000.0, "cny_per_km": 2.0}
    bus = {"vehicle_id": "bus", "kind": "school_bus", "seats": 20, "fixed_cny": 30_000.0, "cny_per_km": 4.0}
    policy = lo.Policy().replace(
        detour_factor=1.0, walk_kmh=4.0, straight_bus_kmh=30.0, allowed_boarding=False,
        walk_max_min=int(rng.choice([20, 30])), oneway_max_min=int(rng.choice([50, 60])),
        max_ride_min=int(rng.choice([30, 40])), wage_cny=float(rng.choice([40_000, 110_000])),
        min_pupils={"primary": int(rng.choice([0, 8])), "junior": 0}, goals=["unserved", "annual_cost"],
    )  # fmt: skip
    return tiny_study(settlements, schools, vehicles=[bus, small_bus] if rng.random() < 0.5 else [bus]), policy


def cheapest(study: lo.Study, policy: lo.Policy, options: Options) -> float:
    """The least yearly cost over every assignment, layout and set of lines: a table over all sets of pupil groups."""
    many = len(options.items)
    best = np.full(2**many, np.inf)
    best[0] = 0.0
    for school_id in options.schools.index:
        own = options.rows[options.rows["school_id"] == school_id]
        at = {item: k for k, item in enumerate(options.items["item"])}
        on_foot = [at[item] for item in own.loc[own["mode"] == "walk", "item"]]
        by_bus = [at[item] for item in own.loc[own["mode"] == "bus", "item"]]
        walks = np.array([0.0 if inside(mask, on_foot) else np.inf for mask in range(2**many)])
        ways = split(walks, all_lines(study, policy, str(school_id), options, by_bus))
        best = split(best, ways + school_costs(policy, options, str(school_id)))
    return float(best[-1])


def inside(mask: int, allowed: list[int]) -> bool:
    return mask & ~sum(1 << k for k in allowed) == 0


def split(one: Floats, other: Floats) -> Floats:
    """For every set the least of one(part) + other(rest) over all its parts."""
    size = len(one)
    best = np.full(size, np.inf)
    every = np.arange(size)
    for mask in range(size):
        if np.isfinite(one[mask]):
            rest = every[every & mask == 0]
            best[rest | mask] = np.minimum(best[rest | mask], one[mask] + other[rest])
    return best


def all_lines(study: lo.Study, policy: lo.Policy, school_id: str, options: Options, by_bus: list[int]) -> Floats:
    """The least cost of lines for every set of groups; inf where somebody in it may not ride here."""
    found = np.full(2 ** len(options.items), np.inf)
    found[0] = 0.0
    if by_bus:
        group = options.items.iloc[by_bus].reset_index(drop=True)
        for chosen, cost in single_lines(study, policy, school_id, group).items():
            found[sum(1 << by_bus[k] for k in chosen)] = cost
        for _ in range(math.ceil(math.log2(len(by_bus))) + 1):
            found = split(found, found)
    return found


def single_lines(study: lo.Study, policy: lo.Policy, school_id: str, group: Any) -> dict[frozenset[int], float]:
    """The cost of the best single line for every set of stops one vehicle can serve within every limit.

    Lines grow outward from the school. Kilometres and minutes are proportional here and standing times the same for
    the same stops, so of two lines over the same stops with the same outermost one the shorter is better in all.
    """
    kinds = vehicle_types(study, policy)
    ways = hub_ways(journeys_of(study, policy), policy, kinds, school_id, group)
    seats = max(kind.seats for kind in kinds)
    stand = ways.dwell_min + ways.dwell_min_per_rider * ways.riders
    lines = {(frozenset[int](), 0): (0.0, 0.0)}
    best: dict[frozenset[int], float] = {}
    while lines:
        grown: dict[tuple[frozenset[int], int], tuple[float, float]] = {}
        for (stops, last), (minutes, km) in lines.items():
            for stop in range(1, len(group) + 1):
                found = (minutes + ways.minutes[stop, last] + stand[stop], km + ways.km[stop, last])
                key = (stops | {stop - 1}, stop)
                load = ways.riders[[k + 1 for k in key[0]]].sum()
                if stop - 1 not in stops and load <= seats and found[0] <= ways.limit_min[stop]:
                    grown[key] = min(grown.get(key, (np.inf, np.inf)), found)
        for (stops, last), (_, km) in grown.items():
            load = ways.riders[[k + 1 for k in stops]].sum()
            cost = min(k.line_cny(km + ways.km[0, last], policy) for k in kinds if k.seats >= load)
            best[stops] = min(best.get(stops, np.inf), cost)
        lines = grown
    return best


def school_costs(policy: lo.Policy, options: Options, school_id: str) -> Floats:
    """What the school costs a year for every set of groups taught there: closed, teaching point or full."""
    school, items = options.schools.loc[school_id], options.items
    grades, bands = items[[f"g{grade}" for grade in range(1, 7)]].to_numpy(float), items["band"].tolist()
    found = np.full(2 ** len(items), np.inf)
    for mask in range(len(found)):
        taken = [k for k in range(len(items)) if mask >> k & 1]
        pupils, present = grades[taken].sum(axis=0), {bands[k] for k in taken}
        found[mask] = min(full_school(policy, school, pupils, present), point(policy, school, pupils, present))
    if school["keep_reason"] == "":
        found[0] = 0.0
    return found


def full_school(policy: lo.Policy, school: Any, pupils: Floats, present: set[str]) -> float:
    offered = {band for band in ("lower", "upper") if school[f"offers_{band}"]}
    kept = school["keep_reason"] != ""
    taught = offered if kept else present | ({"lower"} & offered if "upper" in present else set())
    total = float(pupils.sum())
    if total > school["places_primary"] or not present <= taught or not taught:
        return np.inf
    if not kept and total < policy.closure.min_pupils["primary"]:
        return np.inf
    classes = 0
    for band in taught:
        counts = pupils[:3] if band == "lower" else pupils[3:]
        shared = policy.classes.multigrade and counts.sum() <= policy.classes.multigrade_cap
        cap = policy.classes.class_cap["primary"]
        classes += 1 if shared else sum(max(1, math.ceil(count / cap)) for count in counts)
    posts = max(
        policy.staffing.staff_per_class["primary"] * classes, total / policy.staffing.pupils_per_post["primary"]
    )
    return float(school["annual_cny"]) + policy.staffing.wage_cny * math.ceil(posts - 1e-9)


def point(policy: lo.Policy, school: Any, pupils: Floats, present: set[str]) -> float:
    total = float(pupils.sum())
    fits = total <= min(policy.points.point_max_pupils, school["places_primary"])
    if not school["may_point"] or present != {"lower"} or not fits:
        return np.inf
    posts = max(policy.points.point_staff, total / policy.staffing.pupils_per_post["primary"])
    return policy.points.point_annual_cny + policy.staffing.wage_cny * math.ceil(posts - 1e-9)


def against_truth(seed: int, *, effort: str = "proof") -> tuple[Plan | None, float]:
    """The plan found (None where there is none) and the true least cost (inf where there is none)."""
    study, policy = county(seed)
    options = build_options(study, policy)
    truth = cheapest(study, policy, options) if options.without.empty else np.inf
    try:
        return lo.optimize(study, policy, effort=effort, time_limit_s=600), truth
    except lo.InfeasibleError:
        return None, truth


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_is_the_best_there_is_and_the_bound_is_below_it(seed: int) -> None:
    plan, truth = against_truth(seed)
    assert (plan is None) == np.isinf(truth)
    if plan is None:
        return
    level = plan.proof.main
    assert level is not None
    assert lo.audit(plan).empty
    assert level.value == pytest.approx(plan.figures.cost_cny)
    assert (plan.proof.unavoidable_cny or 0.0) <= level.bound * (1 + 1e-9) <= truth * (1 + 1e-6)
    assert plan.figures.cost_cny == pytest.approx(truth, rel=1e-6)


def test_most_tiny_counties_have_a_plan_with_riders() -> None:
    """The truth would be an easy one if nobody could ride or nothing were feasible."""
    modes = []
    for seed in SEEDS:
        study, policy = county(seed)
        options = build_options(study, policy)
        modes.append(options.without.empty and bool((options.rows["mode"] == "bus").any()))
    assert sum(modes) >= len(modes) / 2


def test_the_table_of_all_sets_against_a_sum_by_hand() -> None:
    # One hub at 0, a village of 9 pupils 10 km off (20 min by bus): a line of 10 km out and back, twice a day on 200 days:
    # 30,000 + 4 · 20 · 2 · 200 = 62,000. The hub: one multigrade class, 2 posts at 40,000, 60,000 of its own: 140,000.
    # A teaching point beside the village: 20,000 + 2 posts = 100,000; the hub is not kept and closes. 100,000 is best.
    # Without that school: 202,000.
    policy = lo.Policy().replace(
        detour_factor=1.0, straight_bus_kmh=30.0, dwell_min=0.0, dwell_min_per_rider=0.0, allowed_boarding=False,
        wage_cny=40_000, seats=20, line_fixed_cny=30_000, cny_per_km=4.0, goals=["unserved", "annual_cost"],
        max_ride_min=40, oneway_max_min=60, point_annual_cny=20_000, min_pupils={"primary": 0, "junior": 0},
    )  # fmt: skip
    hub = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}
    own = {"grades": "1-3", "hub": False, "annual_cost_cny": 30_000.0}
    for schools, least in (
        ({"S1": (0, 0, hub), "S2": (10, 0.1, own)}, 100_000.0), ({"S1": (0, 0, hub)}, 202_000.0)
    ):  # fmt: skip
        study = tiny_study({"V1": (10.0, 0.0, [3, 3, 3])}, schools)
        assert cheapest(study, policy, build_options(study, policy)) == pytest.approx(least)


def test_a_wrong_bound_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison bites: a bound a tenth too high lies above the truth of some county, or is refused."""
    from layoutopt.integrated import solve

    real: Callable[..., Any] = solve.integrate

    def boasts(*given: Any, **settings: Any) -> Any:
        found = real(*given, **settings)
        return None if found is None else replace(found, bound=1.1 * found.best.cost)

    monkeypatch.setattr(solve, "integrate", boasts)
    refused = 0
    for seed in SEEDS[:4]:
        plan, truth = against_truth(seed, effort="quick")
        if plan is not None and plan.proof.main is not None:
            refused += plan.proof.main.status == "bound refused"
            assert plan.proof.main.bound <= truth * (1 + 1e-6)
    assert refused
