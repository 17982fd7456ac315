"""Layout and lines together against every assignment of tiny counties, and prizes against random lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.repriced import Compact
from layoutopt.integrated.solve import EFFORTS, Effort, Integrated, integrate
from layoutopt.kernels import highs
from layoutopt.kernels.routing.bound import seat_shares
from layoutopt.kernels.routing.lines import pack, price_lines
from layoutopt.model.build import build_model
from layoutopt.model.start import first_point
from layoutopt.options import Options, build_options
from layoutopt.testing import tiny_study

EXACT: Effort = replace(EFFORTS["proof"], search=replace(EFFORTS["proof"].search, neighbourhoods=12))
POLICY = lo.Policy().replace(
    detour_factor=1.0, walk_kmh=4.0, straight_bus_kmh=30.0, walk_max_min=20, oneway_max_min=60, max_ride_min=40,
    seats=20, line_fixed_cny=30_000, cny_per_km=4.0, wage_cny=40_000, goals=["unserved", "annual_cost"],
)  # fmt: skip


def county(seed: int, villages: int = 4) -> lo.Study:
    """Villages on a square of 12 km, two hubs in opposite corners and a small school in the middle."""
    rng = np.random.default_rng(seed)
    spots = rng.uniform(0, 12, (villages, 2)).round(1)
    pupils = rng.integers(1, 4, (villages, 3))
    settlements = {f"V{k}": (*spots[k].tolist(), pupils[k].tolist()) for k in range(villages)}
    hub = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0, "status": "open"}
    schools = {
        "S1": (1.0, 1.0, hub), "S2": (11.0, 11.0, hub),
        "S3": (6.0, 6.0, {"grades": "1-3", "hub": False, "annual_cost_cny": 20_000.0}),
    }  # fmt: skip
    return tiny_study(settlements, schools)


def together(study: lo.Study, policy: lo.Policy, effort: Effort = EXACT) -> tuple[Options, Integrated]:
    options = build_options(study, policy)
    model, data = build_model(study, policy, options)
    start = first_point(model, data)
    assert start is not None
    found = integrate(
        study, policy, options, start, effort=effort, held=lambda program: program, time_limit_s=600, seed=0,
        interrupted=lambda: False, report=lambda share, text: None,
    )  # fmt: skip
    assert found is not None
    return options, found


def cheapest(study: lo.Study, policy: lo.Policy, options: Options, hubs: tuple[Hub, ...]) -> float:
    """The least cost over every assignment: everything but buses by the solver, lines over all orders and groupings."""
    _, data, program = Compact(study, policy, options, (), (), lambda given: given).at(np.zeros(len(options.rows)))
    first, rows = data.frame.blocks["chosen"].start, options.rows
    by_item = [rows.index[rows["item"] == item].tolist() for item in options.items["item"]]
    best = np.inf
    for taken in product(*by_item):
        lines = sum(line_cost(hub, [k for k, row in enumerate(hub.option) if row in taken]) for hub in hubs)
        if lines >= best:
            continue
        lower = program.lower.copy()
        lower[first + np.array(taken)] = 1.0
        rest = highs.solve(replace(program, lower=lower))
        if rest.values is not None:
            best = min(best, rest.objective + lines)
    return best


def line_cost(hub: Hub, riders: list[int]) -> float:
    """The cheapest lines for these stops, over every way of grouping and ordering them."""
    if not riders:
        return 0.0
    first, *rest = riders
    best = np.inf
    for mask in product((False, True), repeat=len(rest)):
        group = [first, *(stop for stop, inside in zip(rest, mask, strict=True) if inside)]
        others = [stop for stop, inside in zip(rest, mask, strict=True) if not inside]
        best = min(best, one_line(hub, group) + line_cost(hub, others))
    return best


def one_line(hub: Hub, group: list[int]) -> float:
    from itertools import permutations

    flat, starts = pack(list(permutations(group)))
    lines = price_lines(hub.task, flat, starts, np.zeros(len(starts) - 1, dtype=np.int64))
    return float(lines.cost.min(initial=np.inf))


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_every_assignment_is_found_and_never_undercut(seed: int) -> None:
    study = county(seed)
    options, found = together(study, POLICY)
    best = cheapest(study, POLICY, options, found.hubs)
    assert found.bound <= best * (1 + 1e-6)
    assert found.best.cost == pytest.approx(best, rel=2e-3)
    assert found.best.cost >= best * (1 - 1e-6)
    assert found.best.cost <= found.notes["sequential_cny"] + 1e-6


def random_lines(hub: Hub, count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, min(6, hub.task.n) + 1, count)
    flat, starts = pack([rng.permutation(hub.task.n)[:size] for size in sizes])
    return price_lines(hub.task, flat, starts, np.zeros(count, dtype=np.int64))


@pytest.mark.parametrize("effort", ["quick", "normal"])
def test_no_line_earns_more_in_certified_prizes_than_it_costs(effort: str, generated: Callable[[], lo.Study]) -> None:
    policy = lo.Policy.preset("jiangxi_2023", goals=["unserved", "annual_cost"])
    given = replace(EFFORTS[effort], search=replace(EFFORTS[effort].search, neighbourhoods=0))
    _, found = together(generated(), policy, given)
    assert found.root is not None
    for at, (hub, prize, pool) in enumerate(zip(found.hubs, found.root.prizes, found.root.lines, strict=True)):
        for lines in (pool, random_lines(hub, 4_000, at)):
            for prizes in (prize, seat_shares(hub.task)):
                assert len(lines)
                assert (lines.visits(hub.task.n) @ prizes - lines.cost).max() <= 1e-6 * lines.cost.max()
    assert found.bound <= found.best.cost


@pytest.fixture
def generated(tmp_path: Any) -> Callable[[], lo.Study]:
    from layoutopt.samples import write_county

    def make() -> lo.Study:
        made = lo.generate_county(settlements=20, schools=6, pupils=700, towns=2, area_km2=220, teachers=80, seed=2)
        return lo.read_study(write_county(made, tmp_path / "county"))

    return make


def test_two_runs_give_the_same_layout_and_lines() -> None:
    one, other = (together(county(1), POLICY)[1] for _ in range(2))
    assert np.array_equal(one.best.point, other.best.point) and one.bound == other.bound
    for mine, again in zip(one.best.lines, other.best.lines, strict=True):
        assert np.array_equal(mine.flat, again.flat) and np.array_equal(mine.starts, again.starts)
