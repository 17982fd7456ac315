"""Compares the engines of ``route`` with PyVRP alone: same instance, fleet and seconds; prints values and ratio.

Run: python benchmarks/compare_pyvrp.py school-50-40-36 plain-100 --time 30          (families as in bench_route.py)
PyVRP alone gets the number of lines found here as its fleet, no fixed cost, and minutes in whole thousandths.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np
from bench_route import instance

from layoutopt.kernels.routing.route import check, route

SCALE = 1000


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
    """Run the families named in ``argv``, ours and PyVRP for the same seconds, with each engine of ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=float, default=30.0)
    args = parser.parse_args(argv)
    for family in args.families:
        for seed in range(args.seeds):
            given = instance(family, seed)
            ours = {engine: route(**given, time_limit_s=args.time, engine=engine) for engine in ("own", "pyvrp")}
            assert all(check(found, **given) == () for found in ours.values())
            best = min(ours.values(), key=lambda found: (len(found.routes), found.objective))
            theirs = by_pyvrp(given, len(best.routes), args.time, seed)
            shown = ", ".join(f"{engine} {len(found.routes)}/{found.objective:.2f}" for engine, found in ours.items())
            print(
                f"{family} {seed}: {shown}, PyVRP alone {theirs:.2f}, ratio {best.objective / theirs:.4f}", flush=True
            )


if __name__ == "__main__":
    main(sys.argv[1:])
