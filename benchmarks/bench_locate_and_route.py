"""Measures ``locate_and_route`` on seeded families: counties with open lines, and closed tours from depots with room.

Run: python benchmarks/bench_locate_and_route.py                     every family and size, three seeds
     python benchmarks/bench_locate_and_route.py school 30x6 60x8    some of them
     python benchmarks/bench_locate_and_route.py file PATH           a public instance (coordinates, room, demand …)
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench_route import SCHOOL, road_county

from layoutopt.kernels.routing.locate_and_route import LocatedRouted, check, locate_and_route
from layoutopt.kernels.routing.route import route

SIZES = {"school": ["30x6", "60x8", "100x10"], "tours": ["20x5", "50x5", "50x10", "100x10"]}
SCALE = 1000


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


def read_instance(path: Path) -> dict[str, Any]:
    """Return a public location-routing instance as keywords.

    The order of numbers in such a file: customers, depots, coordinates of the depots, of the customers, room of a
    vehicle, of each depot, demand of each customer, cost of opening each depot, of a route, and 1 when distances stay
    fractions (0: 100 times the distance, rounded up).
    """
    words = [float(word) for word in path.read_text(encoding="utf-8").split()]
    n, m = int(words[0]), int(words[1])
    points = np.array(words[2 : 2 + 2 * (n + m)]).reshape(-1, 2)
    rest = words[2 + 2 * (n + m) :]
    seats, room, demand = rest[0], rest[1 : 1 + m], rest[1 + m : 1 + m + n]
    opening, fixed, plain = rest[1 + m + n : 1 + 2 * m + n], rest[1 + 2 * m + n], rest[2 + 2 * m + n]
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    return {
        "minutes": far if plain else np.ceil(100 * far), "riders": np.r_[np.zeros(m), demand], "seats": seats,
        "depots": list(range(m)), "depot_capacity": room, "opening_cost": opening, "fixed_cost": fixed,
        "tour": "closed",
    }  # fmt: skip


def located_first(given: dict[str, Any], time_s: float) -> float:
    """Return the cost of opening depots by straight costs, everybody to the nearest open one, then routing each.

    Without room: the p-median with opening costs, each stop paying its way and its share of a line (exact by trying
    every choice of up to three depots). With room there is no such yardstick: inf.
    """
    from itertools import combinations

    if "depot_capacity" in given:
        return float("inf")
    minutes, riders, depots = given["minutes"], given["riders"], np.array(given["depots"])
    stops = np.flatnonzero(riders > 0)
    way = minutes[np.ix_(stops, depots)]
    share = riders[stops, None] / given["seats"] * (given["fixed_cost"] + way)
    worth = {
        chosen: given["opening_cost"] * size + share[:, chosen].min(axis=1).sum()
        for size in (1, 2, 3)
        for chosen in combinations(range(len(depots)), size)
        if way[:, chosen].min(axis=1).max() <= given["max_ride_min"] - 2
    }
    if not worth:
        return float("inf")
    layout = min(worth, key=lambda chosen: (worth[chosen], chosen))
    total, nearest = 0.0, np.array(layout)[np.argmin(way[:, layout], axis=1)]
    terms = {name: given[name] for name in ("seats", "fixed_cost", "max_ride_min", *SCHOOL)}
    for d in sorted(set(nearest.tolist())):
        mine = np.r_[depots[d], stops[nearest == d]]
        found = route(minutes[np.ix_(mine, mine)], riders[mine], **terms, time_limit_s=time_s)
        total += given["opening_cost"] + found.objective
    return total


def by_pyvrp(given: dict[str, Any], found: LocatedRouted, rounds: int) -> float:
    """Return PyVRP's cost with the open depots and numbers of lines of ``found``; room of depots is not in it.

    With room the depots' riders are those of ``found``: one problem a depot.
    """
    from pyvrp import Model
    from pyvrp.stop import MaxIterations

    minutes, riders, opening = (
        given["minutes"],
        given["riders"],
        np.broadcast_to(given["opening_cost"], found.open.shape),
    )
    paid = given.get("tour") == "closed"
    dwell = given.get("dwell_min", 0.0) + given.get("dwell_min_per_rider", 0.0) * riders
    total = float(opening[found.open].sum()) + given["fixed_cost"] * len(found.routes)
    groups = [np.flatnonzero(found.depot == d) for d in np.flatnonzero(found.open)]
    groups = groups if "depot_capacity" in given else [np.arange(len(found.routes))]
    for group in groups:
        model, hubs = Model(), sorted({given["depots"][int(found.depot[q])] for q in group})
        stops = np.concatenate([found.routes[q] for q in group])
        nodes = [*hubs, *stops.tolist()]
        places = [model.add_location(0, 0) for _ in nodes]
        depots = [model.add_depot(places[at]) for at in range(len(hubs))]
        for at, stop in enumerate(stops.tolist()):
            model.add_client(
                places[len(hubs) + at], delivery=int(riders[stop]), service_duration=round(SCALE * dwell[stop])
            )
        for at, hub in enumerate(hubs):
            count = int(sum(given["depots"][int(found.depot[q])] == hub for q in group))
            limit = round(SCALE * min(given.get("max_ride_min", np.inf), 1e6))
            model.add_vehicle_type(
                count, capacity=int(given["seats"]), start_depot=depots[at], end_depot=depots[at],
                unit_distance_cost=0, unit_duration_cost=1, shift_duration=limit,
            )  # fmt: skip
        for i, origin in enumerate(nodes):
            for j, target in enumerate(nodes):
                if i != j:
                    way = 0 if i < len(hubs) and not paid else round(SCALE * minutes[origin, target])
                    model.add_edge(places[i], places[j], distance=way, duration=way)
        best = model.solve(MaxIterations(rounds), seed=0, display=False)
        total += best.cost() / SCALE if best.is_feasible() else float("inf")
    return total


def shown(name: str, given: dict[str, Any], time_s: float, extras: bool) -> str:
    """Return one line of the table."""
    began = time.process_time()
    found = locate_and_route(**given, time_limit_s=time_s)
    used, faults = time.process_time() - began, check(found, **given)
    line = (
        f"{name:18s} {found.status:9s} open {int(found.open.sum()):2d} lines {len(found.routes):3d} "
        f"{found.objective:11.2f} bound {found.bound:11.2f} gap {100 * found.gap:6.3f} % {used:6.1f} CPU s"
    )
    if extras and found.routes:
        first = located_first(given, 30.0)
        saved = f"{100 * (1 - found.objective / first):5.1f} %" if np.isfinite(first) else "     –"
        try:
            ratio = f"{found.objective / by_pyvrp(given, found, 3_000):.4f}"
        except ImportError:
            ratio = "–"
        line += f"  saved against locate-then-route {saved}  to PyVRP {ratio}"
    return f"{line} {faults or ''}"


def main(argv: list[str]) -> None:
    """Run the families named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="?", choices=["school", "tours", "file"])
    parser.add_argument("sizes", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time", type=float, default=600.0)
    parser.add_argument("--bare", action="store_true", help="no comparisons")
    args = parser.parse_args(argv)
    if args.family == "file":
        for path in map(Path, args.sizes):
            print(shown(path.name, read_instance(path), args.time, not args.bare), flush=True)
        return
    for family in [args.family] if args.family else list(SIZES):
        for size in args.sizes or SIZES[family]:
            n, hubs = (int(part) for part in size.split("x"))
            for seed in range(args.seeds):
                given = (school_case if family == "school" else tour_case)(n, hubs, seed)
                print(shown(f"{family} {size} {seed}", given, args.time, not args.bare), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
