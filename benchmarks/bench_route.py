"""Measures ``route`` on seeded road counties with villages, 36 seats and a ride limit; prints a table.

Run: python benchmarks/bench_route.py 20 50 100 --limit 40 --time 60      (goals: --goal cost, lines, lines_cost)
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

from layoutopt.kernels.routing.route import check, route

SIDE_KM = 36.0
SPEEDS_KMH = (35.0, 50.0, 70.0)


def road_county(n: int, seed: int, *, hubs: int = 1, reach_min: float = 25.0) -> tuple[np.ndarray, np.ndarray]:
    """Return minutes and riders of ``hubs`` schools (first positions) and ``n`` stops clustered in villages.

    A Delaunay graph of road points carries three road classes; the two directions differ by a few per cent.
    """
    rng = np.random.default_rng([n, seed, hubs])
    points = rng.uniform(0, SIDE_KM, size=(900, 2))
    edges = {tuple(sorted(pair)) for a, b, c in Delaunay(points).simplices for pair in ((a, b), (b, c), (a, c))}
    ends = np.array(sorted(edges))
    length_km = np.linalg.norm(points[ends[:, 0]] - points[ends[:, 1]], axis=1)
    speed = np.array(SPEEDS_KMH)[rng.choice(3, size=len(ends), p=[0.5, 0.35, 0.15])]
    there, back = (length_km / speed * 60 * rng.uniform(1.0, 1.05, size=len(ends)) for _ in range(2))
    graph = sp.csr_matrix((np.r_[there, back], (np.r_[ends[:, 0], ends[:, 1]], np.r_[ends[:, 1], ends[:, 0]])))
    middle = (
        points[:, None] - SIDE_KM * (0.5 if hubs == 1 else rng.uniform(0.15, 0.85, size=(hubs, 2)))[None]
        if hubs > 1
        else points[:, None] - SIDE_KM / 2
    )
    schools = np.argmin(np.linalg.norm(middle, axis=2), axis=0)
    to_school = dijkstra(graph.T, indices=schools).min(axis=0)
    villages = points[rng.choice(900, size=max(4, n // 4), replace=False)]
    chosen: list[int] = []
    while len(chosen) < n:
        spot = villages[rng.integers(len(villages))] + rng.normal(0, 1.2, size=2)
        node = int(np.argmin(np.linalg.norm(points - spot, axis=1)))
        if node not in chosen and node not in schools and to_school[node] <= reach_min:
            chosen.append(node)
        elif rng.random() < 0.05:
            villages = points[rng.choice(900, size=len(villages), replace=False)]
    nodes = np.r_[schools, chosen]
    minutes = dijkstra(graph, indices=nodes)[:, nodes]
    riders = np.r_[np.zeros(hubs), rng.integers(1, 13, size=n)]
    return minutes, riders


SCHOOL: dict[str, Any] = {"seats": 36, "dwell_min": 0.5, "dwell_min_per_rider": 5 / 60, "return_trip": False}


def main(argv: list[str]) -> None:
    """Run the families named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[20, 50, 100])
    parser.add_argument("--limit", type=float, default=40.0)
    parser.add_argument("--fixed", type=float, default=5000 / 60)
    parser.add_argument("--goal", default="lines_cost")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=float, default=60.0)
    args = parser.parse_args(argv)
    for n in args.sizes:
        for seed in range(args.seeds):
            minutes, riders = road_county(n, seed)
            given = SCHOOL | {
                "max_ride_min": args.limit,
                "goal": args.goal,
                "fixed_cost": args.fixed if args.goal == "cost" else 0.0,
            }
            began = time.perf_counter()
            found = route(minutes, riders, **given, time_limit_s=args.time)
            took = time.perf_counter() - began
            faults = check(found, minutes, riders, **given)
            lines = f"lines {len(found.routes):3d}/{found.lines_bound:3d}"
            values = f"{found.objective:9.2f} bound {found.bound:9.2f} gap {100 * found.gap:6.3f} %"
            print(f"{n:4d} {seed} {found.status:9s} {lines} {values} {took:6.1f} s {found.method} {faults or ''}")


if __name__ == "__main__":
    main(sys.argv[1:])
