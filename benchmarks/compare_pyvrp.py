"""Compares ``route`` with PyVRP (if installed) on the same instances, fleet and time; prints objectives and ratio.

Run: python benchmarks/compare_pyvrp.py school 50 100 --time 30      (families: school, plain, duration)
PyVRP gets the number of lines found here as its fleet, no fixed cost, and minutes in whole thousandths.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
from bench_route import SCHOOL, road_county

from layoutopt.kernels.routing.route import check, route

SCALE = 1000


def case(family: str, n: int, seed: int) -> dict[str, Any]:
    """Return the keywords of ``route`` for one instance."""
    if family == "school":
        minutes, riders = road_county(n, seed)
        return SCHOOL | {"minutes": minutes, "riders": riders, "max_ride_min": 40.0, "goal": "lines_cost"}
    rng = np.random.default_rng([n, seed, 7])
    centres = rng.uniform(0, 100, size=(5, 2))
    spread = np.clip(centres[rng.integers(5, size=n)] + rng.normal(0, 18, size=(n, 2)), 0, 100)
    points = np.round(np.vstack([rng.uniform(30, 70, size=(1, 2)), spread]))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2)
    riders = np.r_[0, rng.integers(5, 41, size=n)]
    given = {"minutes": minutes, "riders": riders, "seats": 160}
    return given | ({"max_line_min": 200.0, "dwell_min": 10.0} if family == "duration" else {})


def by_pyvrp(given: dict[str, Any], lines: int, time_s: float, seed: int) -> float:
    """Return the minutes under way of PyVRP's best plan, inf when it is not feasible."""
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    minutes, riders = given["minutes"], given["riders"]
    model = Model()
    places = [model.add_location(0, 0) for _ in riders]
    school = model.add_depot(places[0])
    service = given.get("dwell_min", 0.0) + given.get("dwell_min_per_rider", 0.0) * riders
    for place, q, s in zip(places[1:], riders[1:], service[1:], strict=True):
        model.add_client(place, delivery=int(q), service_duration=round(SCALE * s))
    longest = min(given.get("max_ride_min", np.inf), given.get("max_line_min", np.inf), 1e9)
    model.add_vehicle_type(
        lines, capacity=int(given["seats"]), start_depot=school, end_depot=school, unit_distance_cost=0,
        unit_duration_cost=1, shift_duration=round(SCALE * longest),
    )  # fmt: skip
    for i, origin in enumerate(places):
        for j, target in enumerate(places):
            if i != j:
                free = i == 0 and not given.get("return_trip", True)
                cost = 0 if free else round(SCALE * minutes[i, j])
                model.add_edge(origin, target, distance=cost, duration=cost)
    found = model.solve(MaxRuntime(time_s), seed=seed, display=False)
    return found.cost() / SCALE if found.is_feasible() else float("inf")


def main(argv: list[str]) -> None:
    """Run the family and sizes named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=["school", "plain", "duration"])
    parser.add_argument("sizes", nargs="+", type=int)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=float, default=30.0)
    args = parser.parse_args(argv)
    for n in args.sizes:
        for seed in range(args.seeds):
            given = case(args.family, n, seed)
            began = time.perf_counter()
            ours = route(**given, time_limit_s=args.time)
            took = time.perf_counter() - began
            assert check(ours, **given) == ()
            theirs = by_pyvrp(given, len(ours.routes), args.time, seed)
            shown = f"ours {ours.objective:.2f} (bound {ours.bound:.2f}, {took:.0f} s) PyVRP {theirs:.2f}"
            print(f"{args.family} {n:4d} {seed} lines {len(ours.routes)} {shown} ratio {ours.objective / theirs:.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
