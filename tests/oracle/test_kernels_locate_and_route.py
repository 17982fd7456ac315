"""Every choice of depots, lines and orders of a micro instance is tried against ``locate_and_route``."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest

from layoutopt.kernels.routing import closing, drive, tree
from layoutopt.kernels.routing.locate_and_route import check, locate_and_route

pytestmark = pytest.mark.usefixtures("warm_kernels")

PER_CASE = 30


def partitions(items):
    """Yield every way to split ``items`` into groups."""
    if not items:
        yield []
        return
    head, rest = items[0], items[1:]
    for parts in partitions(rest):
        yield [[head], *parts]
        for at in range(len(parts)):
            yield [*parts[:at], [head, *parts[at]], *parts[at + 1 :]]


def best_value(given):
    """Return the least cost over all plans, inf when there is none."""
    minutes, riders, depots = given["minutes"], given["riders"], given["depots"]
    room = given.get("depot_capacity", np.full(len(depots), np.inf))
    stops = [s for s in range(len(riders)) if riders[s] > 0]

    @cache
    def line(group, d):
        best = np.inf
        for order in itertools.permutations(group):
            clock, nearer, fine = 0.0, depots[d], riders[list(order)].sum() <= given["seats"]
            for stop in reversed(order):
                clock += minutes[stop, nearer] + given.get("dwell_min", 0.0)
                nearer = stop
                fine = fine and clock <= given.get("max_ride_min", np.inf) + 1e-9
            if fine:
                back = minutes[depots[d], order[0]] if given["tour"] == "closed" else 0.0
                best = min(best, given["fixed_cost"] + clock + back)
        return best

    best = np.inf
    for parts in partitions(stops):
        groups = [tuple(sorted(part)) for part in parts]
        for owner in itertools.product(range(len(depots)), repeat=len(parts)):
            load = np.zeros(len(depots))
            for group, d in zip(groups, owner, strict=True):
                load[d] += riders[list(group)].sum()
            if (load > room).any():
                continue
            used = sorted(set(owner))
            cost = given["opening_cost"][used].sum() + sum(line(g, d) for g, d in zip(groups, owner, strict=True))
            best = min(best, cost)
    return best


def instance(rng, tour, capacity):
    k, m = int(rng.integers(2, 6)), int(rng.integers(2, 4))
    points = rng.uniform(0, 20, size=(m + k, 2))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2) * rng.uniform(1, 1.1, size=(m + k, m + k))
    riders = np.concatenate([np.zeros(m), rng.integers(1, 9, size=k)])
    given = {
        "minutes": np.round(minutes, 2), "riders": riders, "depots": list(range(m)), "tour": tour, "seats": 14,
        "opening_cost": rng.uniform(0, 30, size=m).round(1), "fixed_cost": float(rng.choice([0.0, 8.0])),
    }  # fmt: skip
    if capacity:
        given["depot_capacity"] = rng.integers(5, 25, size=m).astype(float)
    else:
        given |= {"max_ride_min": 22.0, "dwell_min": 0.5}
    return given


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(("tour", "capacity"), [("open", False), ("closed", True), ("closed", False), ("open", True)])
def test_every_plan_tried(tour, capacity, listed, monkeypatch):
    if not listed:
        # Lines are generated, and the branching over depots and stops has to find its way alone.
        monkeypatch.setattr(drive, "LISTED_AT_ONCE", 0)
        monkeypatch.setattr(closing, "FEW_IN_GAP", 0)
        monkeypatch.setattr(tree, "LISTED_IN_PART", 0 if tour == "open" else 200_000)
    rng = np.random.default_rng([3, len(tour), capacity])
    solvable = 0
    for number in range(PER_CASE):
        given = instance(rng, tour, capacity)
        truth = best_value(given)
        found = locate_and_route(**given, gap=0.0)
        if not np.isfinite(truth):
            assert found.status == "infeasible", number
            assert found.reasons, number
            continue
        solvable += 1
        assert found.status == "optimal", number
        assert check(found, **given) == (), number
        assert found.objective == pytest.approx(truth, abs=1e-6), number
        assert found.bound <= truth + 1e-6, number
        assert set(found.depot) == set(np.flatnonzero(found.open)), number
    assert solvable >= PER_CASE // 3
