"""Measures ``locate_and_route`` on seeded counties (open lines, ride limit) and on closed tours with depot capacities.

Run: python benchmarks/bench_locate_and_route.py school 60x8 100x10   or   tours 20x5 50x8 100x10
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
from bench_route import SCHOOL, road_county

from layoutopt.kernels.routing.locate_and_route import check, locate_and_route


def school_case(n: int, hubs: int, seed: int) -> dict[str, Any]:
    """Return a county with several hubs: opening 14 000 s, a line 5 000 s, a second of riding 1, all in minutes."""
    minutes, riders = road_county(n, seed, hubs=hubs)
    costs = {"opening_cost": 14_000 / 60, "fixed_cost": 5_000 / 60, "max_ride_min": 40.0}
    return SCHOOL | costs | {"minutes": minutes, "riders": riders, "depots": list(range(hubs))}


def tour_case(n: int, hubs: int, seed: int) -> dict[str, Any]:
    """Return closed tours in a square, clustered customers, depots that together hold 1.5 to 2 times the demand."""
    rng = np.random.default_rng([n, hubs, seed])
    centres = rng.uniform(0, 100, size=(4, 2))
    customers = np.clip(centres[rng.integers(4, size=n)] + rng.normal(0, 15, size=(n, 2)), 0, 100)
    points = np.vstack([rng.uniform(0, 100, size=(hubs, 2)), customers])
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2)
    riders = np.r_[np.zeros(hubs), rng.integers(11, 21, size=n)]
    room = np.round(riders.sum() / hubs * rng.uniform(1.5, 2.0, size=hubs))
    return {
        "minutes": minutes, "riders": riders, "depots": list(range(hubs)), "depot_capacity": room, "seats": 70,
        "opening_cost": np.round(rng.uniform(100, 200, size=hubs)), "fixed_cost": 10.0, "tour": "closed",
    }  # fmt: skip


def main(argv: list[str]) -> None:
    """Run the family and sizes named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=["school", "tours"])
    parser.add_argument("sizes", nargs="+")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--time", type=float, default=60.0)
    args = parser.parse_args(argv)
    for size in args.sizes:
        n, hubs = (int(part) for part in size.split("x"))
        for seed in range(args.seeds):
            given = (school_case if args.family == "school" else tour_case)(n, hubs, seed)
            began, cpu = time.perf_counter(), time.process_time()
            found = locate_and_route(**given, time_limit_s=args.time)
            took, used = time.perf_counter() - began, time.process_time() - cpu
            faults = check(found, **given)
            print(
                f"{args.family} {n:4d} x {hubs:2d} seed {seed} {found.status:9s} open {int(found.open.sum()):2d} "
                f"lines {len(found.routes):3d} {found.objective:10.2f} bound {found.bound:10.2f} "
                f"gap {100 * found.gap:6.3f} % {took:6.1f} s ({used:.1f} CPU) {found.method} {faults or ''}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
