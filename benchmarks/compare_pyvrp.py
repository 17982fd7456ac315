"""Compares ``route`` with PyVRP (if installed) on the same instances, fleet and time; prints objective and ratio.

Run: python benchmarks/compare_pyvrp.py 50 100 --time 30
PyVRP gets the number of lines found here as its fleet, no fixed cost, and minutes in whole thousandths.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from bench_route import SCHOOL, road_county

from layoutopt.kernels.route import route

SCALE = 1000


def by_pyvrp(
    minutes: np.ndarray, riders: np.ndarray, lines: int, limit_min: float, time_s: float, seed: int
) -> float:
    """Return the minutes under way of PyVRP's best plan, inf when it is not feasible."""
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    model = Model()
    places = [model.add_location(0, 0) for _ in riders]
    school = model.add_depot(places[0])
    service = SCHOOL["dwell_min"] + SCHOOL["dwell_min_per_rider"] * riders
    for place, q, s in zip(places[1:], riders[1:], service[1:], strict=True):
        model.add_client(place, delivery=int(q), service_duration=round(SCALE * s))
    model.add_vehicle_type(
        lines, capacity=int(SCHOOL["seats"]), start_depot=school, end_depot=school, unit_distance_cost=0,
        unit_duration_cost=1, shift_duration=round(SCALE * limit_min),
    )  # fmt: skip
    for i, origin in enumerate(places):
        for j, target in enumerate(places):
            if i != j:
                cost = 0 if i == 0 else round(SCALE * minutes[i, j])
                model.add_edge(origin, target, distance=cost, duration=cost)
    found = model.solve(MaxRuntime(time_s), seed=seed, display=False)
    return found.cost() / SCALE if found.is_feasible() else float("inf")


def main(argv: list[str]) -> None:
    """Run the sizes named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[50, 100])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=40.0)
    parser.add_argument("--time", type=float, default=30.0)
    args = parser.parse_args(argv)
    for n in args.sizes:
        for seed in range(args.seeds):
            minutes, riders = road_county(n, seed)
            given = SCHOOL | {"max_ride_min": args.limit, "goal": "lines_cost"}
            began = time.perf_counter()
            ours = route(minutes, riders, **given, time_limit_s=args.time)
            took = time.perf_counter() - began
            theirs = by_pyvrp(minutes, riders, len(ours.routes), args.limit, args.time, seed)
            ratio = ours.objective / theirs
            print(
                f"{n:4d} {seed} lines {len(ours.routes)} ours {ours.objective:.2f} ({took:.0f} s) PyVRP {theirs:.2f} ratio {ratio:.4f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
