"""Budgets of sources that pay for buses, held with real lines: sums by hand, rows that cut off nothing, what is proven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.integrated import solve
from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.free import with_free_buses
from layoutopt.integrated.hubs import hubs_of
from layoutopt.integrated.pooled import pooled, within_budgets
from layoutopt.integrated.regions import Ground
from layoutopt.kernels.routing.bound import seat_shares
from layoutopt.model.build import build_model
from layoutopt.model.rules.money import real_burden_cny
from layoutopt.options import build_options
from layoutopt.plan.money import paid_by_source
from layoutopt.policy.money import KINDS
from layoutopt.testing import tiny_policy, tiny_study

HUB = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}
OWN = {"grades": "1-3", "hub": False}
COUNTY_BUSES = {kind: {"county" if kind == "buses" else "province": 1.0} for kind in KINDS}


def policy(**changes: Any) -> lo.Policy:
    """A bus line costs 30,000 and 4 a kilometre, a post 40,000; the county pays buses, the province all else."""
    given: dict[str, Any] = {
        "walk_max_min": 25, "oneway_max_min": 60, "seats": 20, "line_fixed_cny": 30_000, "cny_per_km": 4.0,
        "wage_cny": 40_000, "source_share": COUNTY_BUSES, "allowed": False, **changes,
    }  # fmt: skip
    return tiny_policy(**given)


def three_villages() -> lo.Study:
    """A hub in a village of 20 pupils, and two schools of 4 pupils 10 km off, one on either side."""
    villages = {"V1": (0, 0.1, [7, 7, 6]), "V2": (10.0, 0, [2, 1, 1]), "V3": (-10.0, 0, [2, 1, 1])}
    schools = {
        "S1": (0, 0, HUB), "S2": (10.0, 0.1, OWN | {"annual_cost_cny": 200_000.0}),
        "S3": (-10.0, 0.1, OWN | {"annual_cost_cny": 150_000.0}),
    }  # fmt: skip
    return tiny_study(villages, schools)


def far_pupils() -> lo.Study:
    """20 pupils 10 km off: one line, 30,000 + 2 · 10 km · 2 · 200 · 4 = 62,000; one class, 2 posts; school 60,000."""
    return tiny_study({"V1": (10.0, 0, [7, 7, 6])}, {"S1": (0, 0, HUB)})


@pytest.mark.parametrize(
    ("budget", "cost", "open_schools"),
    [(120_000, 264_000, {"S1"}), (119_000, 432_000, {"S1", "S3"}), (59_000, 650_000, {"S1", "S2", "S3"})],
)
def test_the_cheapest_layout_whose_lines_the_county_can_pay(budget: float, cost: float, open_schools: set[str]) -> None:
    # A line of 10 km: 62,000, of which families pay 4 fares of 500, the county 60,000. A school up to 30 pupils: 2 posts.
    # S1 alone: 60,000 + 80,000 + two lines 124,000 = 264,000, the county 120,000.
    # S1 and S3: 60,000 + 150,000 + 160,000 + 62,000 = 432,000, the county 60,000; with S2 for S3 50,000 more.
    # All three: 410,000 + 240,000 = 650,000. At the price per rider two lines cost the county 27,000 only: the start
    # rides both in every case.
    plan = lo.optimize(three_villages(), policy(budget_by_source={"county": budget}), effort="proof")
    level = plan.proof.main
    assert level is not None
    assert plan.proof.options["together"]["sequential_cny"] == pytest.approx(264_000)
    assert plan.figures.cost_cny == pytest.approx(cost)
    assert set(plan.schools.loc[plan.schools["role"] != "closed", "school_id"]) == open_schools
    assert paid_by_source(plan)["county"] <= budget
    assert cost * (1 - 1e-4) <= level.bound <= cost * (1 + 1e-9)
    assert lo.audit(plan).empty


@pytest.mark.parametrize("effort", ["quick", "normal"])
def test_less_effort_keeps_the_budget_too(effort: str) -> None:
    plan = lo.optimize(three_villages(), policy(budget_by_source={"county": 100_000}), effort=effort)
    assert plan.figures.cost_cny == pytest.approx(432_000)
    assert plan.proof.main is not None
    assert plan.proof.main.bound <= 432_000 * (1 + 1e-9)


def test_a_budget_that_nothing_keeps_is_proven_so() -> None:
    # The only line costs 62,000, its fares bring 10,000.
    study = far_pupils()
    assert lo.audit(lo.optimize(study, policy(budget_by_source={"county": 52_000}))).empty
    with pytest.raises(lo.InfeasibleError) as raised:
        lo.optimize(study, policy(budget_by_source={"county": 51_999}))
    assert str(raised.value) == (
        "The best plan found costs county 52,000 CNY a year with its bus lines, above budget_by_source.county = "
        "51,999. No plan keeps budget_by_source: that is proven. Raise the budget."
    )
    assert raised.value.rules == ("source_budget",)


def test_what_is_not_proven_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = solve.integrate

    def unsure(*given: Any, **settings: Any) -> Any:
        found = real(*given, **settings)
        return replace(found, notes={**found.notes, "no_plan_within_budgets": False})

    monkeypatch.setattr(solve, "integrate", unsure)
    with pytest.raises(lo.InfeasibleError) as raised:
        lo.optimize(far_pupils(), policy(budget_by_source={"county": 50_000}), effort="quick")
    assert str(raised.value).endswith(
        "It is not proven that no plan keeps budget_by_source. Raise the budget, or give more effort or time."
    )


def test_families_never_pay_more_than_a_line_costs() -> None:
    # 20 fares of 5,000 would be 100,000, the line costs 62,000.
    study, choices = far_pupils(), policy(family_fare_cny=5_000)
    plan = lo.optimize(study, choices.replace(budget_by_source={"families": 62_000}))
    assert paid_by_source(plan)["families"] == pytest.approx(62_000)
    with pytest.raises(lo.InfeasibleError, match="that is proven"):
        lo.optimize(study, choices.replace(budget_by_source={"families": 61_999}))


def test_a_second_run_may_keep_a_budget_that_its_lines_alone_break() -> None:
    # Two lines of 10 pupils each, 5 km: 20,000 + 2 · 5 · 2 · 200 · 4 = 36,000; one vehicle for both saves 20,000.
    bus = {"vehicle_id": "own", "kind": "school_bus", "seats": 10, "fixed_cny": 20_000.0, "cny_per_km": 4.0}
    study = tiny_study({"V1": (5.0, 0, [4, 3, 3]), "V2": (0, 5.0, [4, 3, 3])}, {"S1": (0, 0, HUB)}, vehicles=[bus])
    choices = policy(second_run_window_min=60, budget_by_source={"county": 60_000})
    plan = lo.optimize(study, choices)
    assert plan.figures.vehicles == 1
    assert paid_by_source(plan)["county"] == pytest.approx(52_000 - 10_000)
    assert plan.proof.main is not None
    assert plan.proof.main.bound <= plan.figures.cost_cny
    with pytest.raises(lo.InfeasibleError, match="above budget_by_source"):
        lo.optimize(study, choices.replace(second_run_window_min=None))


def ground_of(choices: lo.Policy) -> Ground:
    """Three hubs' worth of villages on a line of 30 km, each reached by two hubs."""
    villages = {f"V{k}": (4.0 + 5.0 * k, 0.5 * k, [1 + k % 2, 1, 1]) for k in range(5)}
    schools = {"S1": (0, 0, HUB), "S2": (14.0, 0, HUB), "S3": (28.0, 0, HUB)}
    study = tiny_study(villages, schools)
    model, data = build_model(study, choices, build_options(study, choices))
    program = with_free_buses(model, data)
    hubs = hubs_of(study, choices, data)
    return Ground(data, program, hubs, data.frame.blocks["chosen"].start, choices.money.budget_by_source)


@pytest.mark.parametrize("fare", [0, 500, 60_000])
def test_rows_cut_off_no_plan_and_the_excess_is_the_audits(fare: float) -> None:
    """Over random layouts and lines no cheaper than their seat shares, at budgets that are just enough."""
    shares = {kind: {"county": 0.6, "province": 0.3, "families": 0.1} for kind in KINDS}
    named = ("county", "province", "families")
    choices = policy(source_share=shares, family_fare_cny=fare, budget_by_source=dict.fromkeys(named, 1e9))
    ground = ground_of(choices)
    rng, payers = np.random.default_rng(0), ground.payers
    assert len(payers) == 3
    tight = 0
    for _ in range(20):
        point = (rng.random(ground.data.frame.width) < rng.random()).astype(float)
        shares_cny = sum(seat_shares(hub.task) @ point[ground.first_option + hub.option] for hub in ground.hubs)
        lines_cny = float(shares_cny) * (1 + rng.exponential())
        borne = np.array([real_burden_cny(ground.data, source, point, lines_cny) for source in named])
        enough, short = replace(payers, budget=borne), replace(payers, budget=borne - 10.0)
        assert enough.excess(point, lines_cny) == 0
        assert short.excess(point, lines_cny) == pytest.approx(30.0, abs=0.1)
        left = enough.most - enough.rows @ point - enough.scale * enough.parts[:, 0] * lines_cny
        assert left.min() >= -1e-6
        tight += bool(left.max() <= 1e-5)
    assert tight == 20 or fare > 500  # fares below every seat's share of a line: the rows are exact


def test_lines_that_stay_count_in_a_part_of_the_county() -> None:
    ground = ground_of(policy(budget_by_source={"county": 100_000}, walk_max_min=5))
    router = Router(ground.hubs, ground.program, ground.first_option, 0, ground.payers)
    point = riding(ground)
    best = router.realised(point)
    assert best is not None
    assert sum(len(own) > 0 for own in best.lines) >= 2
    paid, payers = sum(float(own.cost.sum()) for own in best.lines), ground.payers
    for chosen in ([0], [1, 2], [0, 1, 2]):
        free, moves = ground.free(chosen, best.point)
        whole = pooled(
            ground.program, ground.hubs, ground.first_option, best, best.lines, free=free, moves=moves, whole_lines=True
        )
        part = within_budgets(whole, payers, best, eased=False)
        left = part.program.row_upper - part.program.rows @ part.start
        all_left = payers.most - payers.rows @ best.point - payers.scale * payers.parts[:, 0] * paid
        assert left[-1] == pytest.approx(all_left[0])
        eased = within_budgets(whole, payers, best, eased=True)
        above = eased.program.rows @ eased.start - eased.program.row_upper
        assert above[-1] <= 1e-9
        assert eased.start[-1] == pytest.approx(max(0.0, -all_left[0]))


def riding(ground: Ground) -> np.ndarray:
    """A point in which every group rides to its first hub, the rest of the columns at zero."""
    table = ground.data.frame.blocks["chosen"].table
    first = table[table["mode"] == "bus"].drop_duplicates("item").index
    point = np.zeros(ground.data.frame.width)
    point[ground.first_option + first.to_numpy()] = 1.0
    return point


def test_what_breaks_budgets_never_beats_what_keeps_them() -> None:
    plan, cheap, cheaper = (
        Best(np.zeros(1), (), 100.0),
        Best(np.zeros(1), (), 50.0, 5.0),
        Best(np.zeros(1), (), 9.0, 6.0),
    )
    assert [plan.beats(cheap), cheap.beats(plan), cheap.beats(cheaper), cheaper.beats(cheap)] == [True, False] * 2
    assert replace(plan, cost=99.0).beats(plan)
    assert not replace(plan, cost=99.9).beats(plan, 0.01)
    assert replace(cheap, cost=40.0).beats(cheap)
    assert (plan.value, cheap.value) == (100.0, np.inf)
