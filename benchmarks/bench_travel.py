"""Travel times against networkx, scipy, igraph and pandana on one graph: same minutes, ratio of CPU seconds.

Run ``python benchmarks/bench_travel.py`` for a county; ``--large`` adds 60,000 nodes and 150,000 arcs. Ours
gives minutes and kilometres, the others minutes alone. Its code is compiled once a machine and loaded from
disk after that: one small run comes before the clock.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay

from layoutopt.network import Reach, RoadGraph, Speeds, build_roads, travel
from layoutopt.network.places import attach_places
from layoutopt.network.search import Search, table
from layoutopt.network.snap import spots

CRS = "EPSG:32649"
CHUNK = 25  # destinations a call of scipy: 250 at once take more memory and no less time
SPEEDS = Speeds(
    walk_kmh={"lower": 3.4, "upper": 4.0, "junior": 4.5},
    off_path_factor=0.6,
    bus_kmh={"primary": 45, "secondary": 35, "unclassified": 25, "track": 15},
    other_bus_kmh=20,
    bus_max_kmh=60,
    expressway_max_kmh=80,
    danger_kmh=20,
    detour_factor=1.6,
    straight_bus_kmh=25,
    ferry_kmh=8,
    ferry_wait_min=10,
)


@dataclass(frozen=True)
class Case:
    """One size of region: a side in km, spots where roads meet, roads, places to leave from and go to."""

    name: str
    side_km: float
    spots: int
    roads: int
    origins: int
    goals: int


COUNTY = Case("county", 53, 4_000, 5_000, 250, 53)
LARGE = Case("large", 60, 60_000, 75_000, 1_500, 250)


def mountain_roads(case: Case, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return winding roads: a tree that reaches every spot, and some of the other links between neighbours."""
    spots = rng.uniform(0, case.side_km * 1000, (case.spots, 2))
    triangles = Delaunay(spots).simplices
    links = np.unique(
        np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]])), axis=0
    )
    length = np.hypot(*(spots[links[:, 0]] - spots[links[:, 1]]).T)
    tree = minimum_spanning_tree(coo_array((length, links.T), shape=(case.spots,) * 2).tocsr()).tocoo()
    in_tree = np.isin(links[:, 0] * case.spots + links[:, 1], tree.row * case.spots + tree.col)
    extra = rng.choice(np.flatnonzero(~in_tree), case.roads - int(in_tree.sum()), replace=False)
    kept = np.sort(np.concatenate([np.flatnonzero(in_tree), extra]))
    links, in_tree = links[kept], in_tree[kept]
    start, end = spots[links[:, 0]], spots[links[:, 1]]
    bend = (start + end) / 2 + 0.15 * (end - start)[:, ::-1] * [1, -1]
    classes = rng.choice(["primary", "secondary", "unclassified", "track"], len(links), p=[0.1, 0.25, 0.6, 0.05])
    oneway = rng.choice(["no", "yes"], len(links), p=[0.98, 0.02])
    lines = shapely.linestrings(np.stack([start, bend, end], axis=1))
    return gpd.GeoDataFrame({"class": classes, "oneway": oneway}, geometry=lines, crs=CRS)


def places(case: Case, count: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return places clustered as villages are, indexed by number."""
    centres = rng.uniform(0.05, 0.95, (max(8, count // 12), 2)) * case.side_km * 1000
    xy = centres[rng.integers(0, len(centres), count)] + rng.normal(0, 1500, (count, 2))
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*xy.T), crs=CRS)


def cpu(task: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the least CPU seconds of ``repeats`` runs, and the last answer."""
    best, answer = np.inf, None
    for _ in range(repeats):
        began = time.process_time()
        answer = task()
        best = min(best, time.process_time() - began)
    return best, answer


def by_scipy(search: Search, origins: np.ndarray, goals: np.ndarray, limit: float) -> np.ndarray:
    """Return minutes alone, as scipy gives them from the destinations."""
    found = [
        dijkstra(search.reverse, indices=goals[at : at + CHUNK], limit=limit)[:, origins]
        for at in range(0, len(goals), CHUNK)
    ]
    return np.concatenate(found).T


def by_networkx(graph: nx.DiGraph, origins: np.ndarray, goals: np.ndarray, limit: float) -> np.ndarray:
    """Return minutes from one cut-off search a destination."""
    minutes = np.full((len(origins), len(goals)), np.inf)
    for column, goal in enumerate(goals):
        found = nx.single_source_dijkstra_path_length(graph, int(goal), cutoff=limit)
        minutes[:, column] = [found.get(int(node), np.inf) for node in origins]
    return minutes


def by_igraph(graph: Any, origins: np.ndarray, goals: np.ndarray, limit: float) -> np.ndarray:
    """Return minutes cut off afterwards: igraph takes no limit."""
    found = np.array(graph.distances(goals.tolist(), origins.tolist(), weights="weight")).T
    return np.where(found <= limit, found, np.inf)


def by_pandana(arcs: Any, nodes: int, origins: np.ndarray, goals: np.ndarray, limit: float) -> Callable[[], np.ndarray]:
    """Return the search of a contracted graph, the contraction not counted; pandana takes no limit."""
    import pandas as pd
    from pandana import Network

    number = pd.Series(np.zeros(nodes), index=range(nodes))  # it asks for places, but not for the search
    weights = pd.DataFrame({"minutes": arcs.data})
    net = Network(number, number, pd.Series(arcs.col), pd.Series(arcs.row), weights, twoway=False)
    one, two = np.repeat(origins, len(goals)), np.tile(goals, len(origins))

    def search() -> np.ndarray:
        with warnings.catch_warnings():  # it lists every pair without a way
            warnings.simplefilter("ignore")
            found = np.array(net.shortest_path_lengths(one, two)).reshape(len(origins), len(goals))
        return np.where(found <= limit, found, np.inf)

    return search


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(case: Case, limit: float, repeats: int) -> None:
    rng = np.random.default_rng(7)
    lines = mountain_roads(case, rng)
    here, there = places(case, case.origins, rng), places(case, case.goals, rng)
    build_s, roads = cpu(lambda: build_roads(lines), 1)
    reach = Reach(np.inf, limit, 2_000, 2_000)
    print(f"{case.name}: {len(roads.node_xy):,} nodes, {len(roads.length_m):,} roads, ", end="")
    print(f"{case.origins} x {case.goals}, bus rides up to {limit:g} min; graph built in {build_s:.2f} CPU s")
    whole_s, _ = cpu(
        lambda: travel(here, there, roads=roads, speeds=SPEEDS, reach=Reach(90, limit, 2_000, 2_000)), repeats
    )
    print(f"  travel(): walking up to 90 min and bus, snapping included  {whole_s:.3f} CPU s")
    contest(roads, here, there, reach, limit, repeats)


def contest(roads: RoadGraph, here: Any, there: Any, reach: Reach, limit: float, repeats: int) -> None:
    """Print CPU seconds of each engine on the bus graph and the largest difference in minutes."""
    sides = [spots(side, CRS, "places") for side in (here, there)]
    bus = attach_places("bus", *sides, roads=roads, speeds=SPEEDS, reach=reach)
    search, origins, goals = bus.search, bus.origin_node, bus.goal_node
    origins, goals = np.unique(origins[origins >= 0]), np.unique(goals[goals >= 0])
    table(search, origins[:1], goals[:1], limit_min=1.0)
    ours_s, (ours, _, _) = cpu(lambda: table(search, origins, goals, limit_min=limit), repeats)
    print(
        f"  ours, minutes and km           {ours_s:8.3f} CPU s   {np.isfinite(ours).mean():.1%} of pairs in reach, ",
        end="",
    )
    print(f"{len(search.minutes):,} arcs, peak memory so far {peak_mb():.0f} MB")
    arcs = search.reverse.tocoo()
    reverse = nx.DiGraph()
    reverse.add_weighted_edges_from(zip(arcs.row.tolist(), arcs.col.tolist(), arcs.data.tolist(), strict=True))
    reverse.add_nodes_from(range(search.nodes))
    rivals: dict[str, Callable[[], np.ndarray]] = {
        "scipy, minutes only": lambda: by_scipy(search, origins, goals, limit),
        "networkx, minutes only": lambda: by_networkx(reverse, origins, goals, limit),
    }
    if importlib.util.find_spec("igraph"):
        import igraph

        ends = np.column_stack([arcs.row, arcs.col])
        graph = igraph.Graph(n=search.nodes, edges=ends, directed=True, edge_attrs={"weight": arcs.data})
        rivals["igraph, minutes only"] = lambda: by_igraph(graph, origins, goals, limit)
    if importlib.util.find_spec("pandana"):
        rivals["pandana, minutes only"] = by_pandana(arcs, search.nodes, origins, goals, limit)
    for name, task in rivals.items():
        seconds, minutes = cpu(task, repeats)
        both = np.isfinite(ours) & np.isfinite(minutes)
        worst = np.abs(ours[both] - minutes[both]).max(initial=0.0)
        same = int((np.isfinite(ours) != np.isfinite(minutes)).sum())
        print(f"  {name:30} {seconds:8.3f} CPU s   {seconds / ours_s:6.1f} x ours   ", end="")
        print(f"largest difference {worst:.1e} min, {same} pairs reached by one only")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also 60,000 nodes, 150,000 arcs, 1,500 x 250")
    parser.add_argument("--limit", type=float, default=60.0, help="longest ride in minutes")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    for case in (COUNTY, LARGE) if asked.large else (COUNTY,):
        compare(case, asked.limit, asked.repeats)


if __name__ == "__main__":
    main()
