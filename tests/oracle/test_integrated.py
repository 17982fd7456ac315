"""The certificate behind the bound: no line there is earns more in prizes than it costs; and what integrate keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.integrated.free import with_free_buses
from layoutopt.integrated.hubs import Hub, hubs_of, shared_vehicles
from layoutopt.integrated.pricing import single_lines
from layoutopt.integrated.root import Root, solve_root
from layoutopt.integrated.shares import Prizes, share_sets
from layoutopt.integrated.solve import EFFORTS, Integrated, integrate
from layoutopt.kernels.routing.lines import Lines, join, pack, price_lines
from layoutopt.model.build import build_model
from layoutopt.model.joined import joined_share
from layoutopt.model.start import first_point
from layoutopt.options import build_options
from layoutopt.samples import write_county
from layoutopt.testing import tiny_study

RANDOM_LINES = 20_000
POLICY = lo.Policy.preset("jiangxi_2023", goals=["unserved", "annual_cost"])


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> lo.Study:
    """A county of 30 villages and 10 schools."""
    made = lo.generate_county(settlements=30, schools=10, pupils=1_100, towns=3, area_km2=330, teachers=125, seed=2)
    return lo.read_study(write_county(made, tmp_path_factory.mktemp("generated") / "county"))


def prized(study: lo.Study, policy: lo.Policy, *, rounds: int) -> tuple[tuple[Hub, ...], Root, tuple[Prizes, ...]]:
    """The hubs, the root after so many rounds, and every set of prizes the bound would stand on."""
    model, data = build_model(study, policy, build_options(study, policy))
    program = with_free_buses(model, data)
    hubs = hubs_of(study, policy, data, lowest=True)
    root = solve_root(
        program, hubs, data.frame.blocks["chosen"].start, known=[single_lines(hub.task) for hub in hubs],
        rounds=rounds, exact=True, interrupted=lambda: False, report=lambda value, lines: None,
    )  # fmt: skip
    return hubs, root, share_sets(hubs, root, full=True, joined=joined_share(policy))


def random_lines(hub: Hub, count: int, seed: int) -> Lines:
    """``count`` lines that keep seats and ride limits, from random walks to near stops, all sizes mixed."""
    rng = np.random.default_rng(seed)
    many, found = hub.task.n, []
    while sum(len(part) for part in found) < count:
        orders = []
        for _ in range(4 * count // 10 + 10):
            size = int(rng.integers(1, min(7, many) + 1))
            order = [int(rng.integers(many))]
            while len(order) < size:
                away = hub.task.between[order[-1]] + rng.exponential(6.0, many)
                away[order] = np.inf
                order.append(int(np.argmin(away)))
            orders.append(order)
        flat, starts = pack(orders)
        found.append(price_lines(hub.task, flat, starts, np.zeros(len(orders), dtype=np.int64)))
        assert len(found[-1])
    lines = join(found)
    return lines.take(np.arange(count))


@pytest.mark.parametrize("rounds", [3, 400], ids=["stopped early", "converged"])
def test_no_line_earns_more_in_prizes_than_it_costs(rounds: int, generated: lo.Study) -> None:
    hubs, root, sets = prized(generated, POLICY, rounds=rounds)
    assert root.converged == (rounds == 400)
    share = -(-RANDOM_LINES // len(hubs))
    checked, longest = 0, 0
    for at, hub in enumerate(hubs):
        for lines in (root.lines[at], random_lines(hub, share, at)):
            checked += len(lines)
            longest = max(longest, int(np.diff(lines.starts).max()))
            for prizes in sets:
                assert (prizes[at] >= 0).all()
                assert (lines.visits(hub.task.n) @ prizes[at] - lines.cost).max() <= 1e-9 * lines.cost.max()
    assert checked >= RANDOM_LINES
    assert longest >= 4


def test_some_line_earns_nearly_what_it_costs(generated: lo.Study) -> None:
    """The prizes are no idle ones: at a converged root, lines in use earn their cost."""
    hubs, root, sets = prized(generated, POLICY, rounds=400)
    earned = max(
        float((lines.visits(hub.task.n) @ prize / lines.cost).max())
        for hub, lines, prize in zip(hubs, root.lines, sets[0], strict=True)
    )
    assert earned > 0.999
    assert max(float((2 * prize).max()) for prize in sets[0]) > 0


@pytest.mark.parametrize("change", [{"second_run_window_min": 60.0}, {"schools_per_line": 2}])
def test_shared_vehicles_lower_the_prizes(change: dict[str, Any], generated: lo.Study) -> None:
    """A vehicle that serves two lines or schools leaves each at least half of what a line alone costs."""
    policy = POLICY.replace(**change)
    assert shared_vehicles(policy)
    hubs, _, sets = prized(generated, policy, rounds=400)
    alone, _, _ = prized(generated, POLICY, rounds=1)
    for at, (hub, own) in enumerate(zip(hubs, alone, strict=True)):
        lines = random_lines(own, 1_000, at)
        low = price_lines(hub.task, lines.flat, lines.starts, lines.depot)
        assert len(low) == len(lines)
        assert (low.cost <= lines.cost + 1e-6).all()
        *priced, seats = (lines.visits(own.task.n) @ prizes[at] for prizes in sets)
        for earned in priced:
            assert (earned - joined_share(policy) * low.cost).max() <= 1e-9 * lines.cost.max()
        assert (seats - low.cost).max() <= 1e-9 * lines.cost.max()


def county(seed: int) -> lo.Study:
    """Four villages on a square of 12 km, two hubs in opposite corners and a small school in the middle."""
    rng = np.random.default_rng(seed)
    spots, pupils = rng.uniform(0, 12, (4, 2)).round(1), rng.integers(1, 4, (4, 3))
    hub = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0, "status": "open"}
    return tiny_study(
        {f"V{k}": (*spots[k].tolist(), pupils[k].tolist()) for k in range(4)},
        {"S1": (1.0, 1.0, hub), "S2": (11.0, 11.0, hub),
         "S3": (6.0, 6.0, {"grades": "1-3", "hub": False, "annual_cost_cny": 20_000.0})},
    )  # fmt: skip


TINY = lo.Policy().replace(
    detour_factor=1.0, walk_kmh=4.0, straight_bus_kmh=30.0, walk_max_min=20, oneway_max_min=60, max_ride_min=40,
    seats=20, line_fixed_cny=30_000, cny_per_km=4.0, wage_cny=40_000, goals=["unserved", "annual_cost"],
)  # fmt: skip


def together(study: lo.Study, policy: lo.Policy, stop_after: int | None = None) -> Integrated:
    options = build_options(study, policy)
    model, data = build_model(study, policy, options)
    start = first_point(model, data)
    assert start is not None
    asked = 0

    def interrupted() -> bool:
        nonlocal asked
        asked += 1
        return stop_after is not None and asked > stop_after

    found = integrate(
        model, data, start, effort=EFFORTS["proof"], held=lambda program: program, time_limit_s=600,
        seed=0, interrupted=interrupted, report=lambda share, text: None,
    )  # fmt: skip
    assert found is not None
    return found


def test_two_runs_give_the_same_layout_and_lines() -> None:
    one, other = (together(county(1), TINY) for _ in range(2))
    assert np.array_equal(one.best.point, other.best.point)
    assert one.bound == other.bound
    assert dict(one.notes) == dict(other.notes)
    for mine, again in zip(one.best.lines, other.best.lines, strict=True):
        assert np.array_equal(mine.flat, again.flat)
        assert np.array_equal(mine.starts, again.starts)


def test_one_thread_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    two = together(county(1), TINY)
    monkeypatch.setenv("LAYOUTOPT_THREADS", "1")
    one = together(county(1), TINY)
    assert np.array_equal(one.best.point, two.best.point)
    assert (one.best.cost, one.bound) == (two.best.cost, two.bound)


def test_stopped_anywhere_it_keeps_a_plan_no_dearer_than_the_start_and_a_sound_bound() -> None:
    best = together(county(3), TINY).best.cost
    for stop_after in (0, 1, 3, 10, 30):
        found = together(county(3), TINY, stop_after)
        assert found.bound <= best * (1 + 1e-6)
        assert best * (1 - 1e-6) <= found.best.cost <= float(found.notes["sequential_cny"]) * (1 + 1e-9)
