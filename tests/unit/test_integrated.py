"""The parts of the integrated search: known lines, the present plan as a start, and prizes where somebody cannot ride."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.integrated.best import Best, Router, no_lines
from layoutopt.integrated.free import with_free_buses
from layoutopt.integrated.hubs import Hub, hubs_of
from layoutopt.integrated.improve import Effort, improve
from layoutopt.integrated.pooled import Pooled, pooled
from layoutopt.integrated.pricing import single_lines
from layoutopt.integrated.regions import Ground
from layoutopt.integrated.shares import full_prizes
from layoutopt.kernels.routing.bound import seat_shares
from layoutopt.kernels.routing.lines import Lines, join, pack, price_lines
from layoutopt.model.build import build_model
from layoutopt.model.start import first_point
from layoutopt.options import build_options
from layoutopt.testing import tiny_study

POLICY = lo.Policy().replace(
    detour_factor=1.0, walk_kmh=4.0, straight_bus_kmh=30.0, walk_max_min=20, oneway_max_min=60, max_ride_min=40,
    seats=20, line_fixed_cny=30_000, cny_per_km=4.0, wage_cny=40_000, allowed_boarding=False,
    goals=["unserved", "annual_cost"],
)  # fmt: skip
HUB = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}


@pytest.fixture(scope="module")
def case() -> tuple[Ground, Best]:
    """Two hubs 16 km apart, three villages between them that may ride to both, and a plan where all ride to one."""
    villages = {"V1": (5.0, 0.0, [1, 1, 1]), "V2": (6.0, 1.0, [1, 1, 1]), "V3": (7.0, 0.0, [1, 1, 1])}
    study = tiny_study(villages, {"S1": (0.0, 0.0, HUB | {"status": "open"}), "S2": (16.0, 0.0, HUB)})
    model, data = build_model(study, POLICY, build_options(study, POLICY))
    program = with_free_buses(model, data)
    ground = Ground(data, program, hubs_of(study, POLICY, data), data.frame.blocks["chosen"].start)
    point = first_point(model, data)
    assert point is not None
    return ground, realised(ground, point)


def realised(ground: Ground, point: np.ndarray) -> Best:
    best = Router(ground.hubs, ground.program, ground.first_option, 0).realised(point)
    assert best is not None
    return best


def in_order(hub: Hub, *orders: list[int]) -> Lines:
    """Lines over these stops in this order."""
    flat, starts = pack(orders)
    return price_lines(hub.task, flat, starts, np.zeros(len(orders), dtype=np.int64))


def whole_county(ground: Ground, best: Best, known: list[Lines]) -> Pooled:
    free, moves = ground.everything()
    return pooled(
        ground.program, ground.hubs, ground.first_option, best, known, free=free, moves=moves, whole_lines=True
    )


def test_the_present_plan_is_a_start_whatever_lines_are_known(case: tuple[Ground, Best]) -> None:
    """The best lines may be none of the known ones, or known in another order only, dearer, cheaper or with a loop."""
    ground, best = case
    rides = [len(own) > 0 for own in best.lines]
    assert sum(rides) == 1
    at = rides.index(True)
    assert [len(best.lines[at].stops(q)) for q in range(len(best.lines[at]))] == [3]
    orders = in_order(ground.hubs[at], *map(list, permutations(range(3))))
    cheap, dear = (orders.take(np.array([pick(orders.cost)])) for pick in (np.argmin, np.argmax))
    assert cheap.cost[0] < dear.cost[0]
    loop = in_order(ground.hubs[at], [*cheap.stops(0).tolist(), int(cheap.stops(0)[-1])])
    singles = [single_lines(hub.task) for hub in ground.hubs]
    for own, other in ((cheap, None), (cheap, dear), (dear, None), (dear, cheap), (dear, loop)):
        lines = [own if mine else old for mine, old in zip(rides, best.lines, strict=True)]
        now = replace(best, lines=tuple(lines), cost=best.cost - best.lines[at].cost[0] + own.cost[0])
        known = [join([part, other]) if mine and other else part for mine, part in zip(rides, singles, strict=True)]
        part = whole_county(ground, now, known)
        cost = now.cost if other is None else now.cost - own.cost[0] + min(own.cost[0], other.cost[0])
        assert part.program.violation(part.start) <= 1e-9
        assert part.program.objective(part.start) == pytest.approx(cost)
        assert np.array_equal(part.point(part.start, now.point), now.point)
        served = [sorted(set(line.stops(q).tolist())) for line in part.running(part.start) for q in range(len(line))]
        assert served == [[0, 1, 2]]


def test_of_lines_over_the_same_stops_one_is_kept(case: tuple[Ground, Best]) -> None:
    ground, best = case
    pool = [in_order(hub, [0, 1, 2], [0, 1, 2], [0], [0], [1], [2]) for hub in ground.hubs]
    effort, told = Effort(50, 100), list[float]()
    found, lines = improve(
        ground, Router(ground.hubs, ground.program, ground.first_option, 0), best, pool, effort=effort, seed=0,
        stop=lambda: False, left_s=lambda: 60.0, report=told.append, order=range(len(ground.hubs)),
    )  # fmt: skip
    assert found.cost <= best.cost
    for own in lines:
        served = [(frozenset(own.stops(q).tolist()), int(own.kind[q])) for q in range(len(own))]
        assert len(set(served)) == len(served)


def test_prizes_of_a_hub_where_a_group_fits_on_no_line_are_seat_shares(case: tuple[Ground, Best]) -> None:
    hub = case[0].hubs[0]
    limit_min = hub.ways.limit_min.copy()
    limit_min[2] = 1.0
    strict = replace(hub, ways=replace(hub.ways, limit_min=limit_min))
    assert len(single_lines(strict.task)) == 2
    assert np.array_equal(full_prizes(strict, no_lines(strict)), seat_shares(strict.task))
    assert not np.array_equal(full_prizes(hub, no_lines(hub)), seat_shares(hub.task))
