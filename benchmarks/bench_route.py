"""Measures ``route`` over families and seeds, PyVRP (if installed) beside it; prints one table.

Run: python benchmarks/bench_route.py                                    (families of the table in docs/kernels.md)
     python benchmarks/bench_route.py school-100-40-36 plain-50 duration-50 --seeds 3 --time 60
     python benchmarks/bench_route.py path/to/instance.vrp               (plain capacitated, CVRPLIB text format)

A family is school-stops-limit-seats (open lines, ride limit in minutes, fewest lines, then minutes), plain-customers
(closed tours, one capacity) or duration-customers (tours of at most 200 minutes, 10 at each customer). CPU seconds are
of this process; PyVRP gets the fleet found here and as many seconds of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

from layoutopt.kernels.routing.route import check, route
from layoutopt.kernels.routing.warm import warm_up

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
FAMILIES = [
    "school-50-40-36", "school-50-40-24", "school-50-60-36", "school-100-40-36", "school-100-40-24",
    "school-100-60-36", "school-200-40-36", "plain-50", "plain-100", "duration-50", "duration-100",
]  # fmt: skip


def school(n: int, limit: float, seats: int, seed: int) -> dict[str, Any]:
    """Return the keywords of ``route`` for one school with open lines."""
    minutes, riders = road_county(n, seed)
    own = {"seats": seats, "max_ride_min": limit, "goal": "lines_cost"}
    return SCHOOL | {"minutes": minutes, "riders": riders} | own


def tours(n: int, seed: int, *, duration: bool) -> dict[str, Any]:
    """Return the keywords of ``route`` for closed tours around a depot, customers in clusters."""
    rng = np.random.default_rng([n, seed, 7])
    centres = rng.uniform(0, 100, size=(5, 2))
    spread = np.clip(centres[rng.integers(5, size=n)] + rng.normal(0, 18, size=(n, 2)), 0, 100)
    points = np.round(np.vstack([rng.uniform(30, 70, size=(1, 2)), spread]))
    minutes = np.linalg.norm(points[:, None] - points[None], axis=2)
    given = {"minutes": minutes, "riders": np.r_[0, rng.integers(5, 41, size=n)], "seats": 160}
    return given | ({"max_line_min": 200.0, "dwell_min": 10.0} if duration else {})


def read_vrp(path: Path) -> dict[str, Any]:
    """Return the keywords of ``route`` for a file of the CVRPLIB kind: EUC_2D, distances rounded to whole numbers."""
    head, sections, now = {}, {}, ""
    for line in path.read_text().splitlines():
        word = line.split(":")[0].strip()
        if word.endswith("_SECTION"):
            now = word
            sections[now] = []
        elif ":" in line:
            head[word] = line.split(":", 1)[1].strip()
        elif now and line.strip() not in ("", "EOF"):
            sections[now].append([float(part) for part in line.split()])
    if head.get("EDGE_WEIGHT_TYPE") != "EUC_2D":
        raise SystemExit(f"{path}: EDGE_WEIGHT_TYPE is {head.get('EDGE_WEIGHT_TYPE')}, only EUC_2D is read.")
    points = np.array(sections["NODE_COORD_SECTION"])[:, 1:]
    riders = np.array(sections["DEMAND_SECTION"])[:, 1]
    minutes = np.floor(np.linalg.norm(points[:, None] - points[None], axis=2) + 0.5)
    return {"minutes": minutes, "riders": riders, "seats": float(head["CAPACITY"])}


def instance(family: str, seed: int) -> dict[str, Any]:
    """Return the keywords of ``route`` for one instance of ``family``, or for the file of that name."""
    kind, *numbers = family.split("-")
    if family.endswith(".vrp"):
        return read_vrp(Path(family))
    if kind == "school":
        stops, limit, seats = map(int, numbers)
        return school(stops, float(limit), seats, seed)
    if kind in ("plain", "duration"):
        return tours(int(numbers[0]), seed, duration=kind == "duration")
    raise SystemExit(f"{family!r}: give school-stops-limit-seats, plain-customers, duration-customers or a .vrp file.")


def main(argv: list[str]) -> None:
    """Run the families named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", default=FAMILIES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=float, default=420.0, help="safety stop of one run, seconds")
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--pyvrp", type=float, default=None, help="seconds for PyVRP; 0: none; as long as ours")
    args = parser.parse_args(argv)
    warm_up()
    print(f"{'family':18s} seed status    lines   objective       bound  gap %   CPU s    PyVRP   s  ours/theirs")
    for family in args.families:
        for seed in range(1 if family.endswith(".vrp") else args.seeds):
            given = instance(family, seed)
            began = time.process_time()
            found = route(**given, gap=args.gap, time_limit_s=args.time)
            took = time.process_time() - began
            faults = check(found, **given)
            lines = f"{len(found.routes):3d}/{found.lines_bound:3d}"
            values = f"{found.objective:9.2f}   {found.bound:9.2f} {100 * found.gap:6.3f} {took:7.1f}"
            beside = "" if args.pyvrp == 0 else _beside(given, found, took if args.pyvrp is None else args.pyvrp)
            print(f"{family:18s} {seed:4d} {found.status:9s} {lines} {values} {beside} {faults or ''}", flush=True)


def _beside(given: dict[str, Any], found: Any, time_s: float) -> str:
    """Return PyVRP's value in ``time_s`` with the fleet found here, and ours divided by it."""
    try:
        from compare_pyvrp import by_pyvrp
    except ImportError:
        return "PyVRP is not installed"
    time_s = max(1.0, time_s)
    theirs = by_pyvrp(given, len(found.routes), time_s, 0)
    return f"{theirs:9.2f} {time_s:3.0f} {found.objective / theirs:7.4f}"


if __name__ == "__main__":
    main(sys.argv[1:])
