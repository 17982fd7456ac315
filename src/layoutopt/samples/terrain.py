"""A made-up mountain county: its boundary and its river valleys, which every road and village will follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import Delaunay

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Valleys:
    """Valleys as a tree of nodes: water runs from each node to its ``parent``, at last to the outlet.

    ``xy_m`` n × 2 · ``parent`` −1 at the outlet · ``drains`` nodes upstream, itself counted ·
    ``rise_km`` length of the valley down to the outlet · ``divides`` m × 2, neighbouring nodes that no
    water joins, where a pass road could be built.
    """

    boundary: shapely.Polygon
    spacing_m: float
    xy_m: Floats
    parent: Ints
    drains: Ints
    rise_km: Floats
    divides: Ints


def make_valleys(area_km2: float, nodes: int, *, rng: np.random.Generator) -> Valleys:
    """Return a county of ``area_km2`` with about ``nodes`` valley nodes."""
    boundary = _boundary(area_km2, rng)
    spacing_m = float(np.sqrt(area_km2 * 1e6 / nodes))
    xy_m = _scatter(boundary, spacing_m, rng)
    edges = _neighbours(xy_m, longest_m=2.4 * spacing_m)
    outlet = int(np.argmin(xy_m[:, 1] + 0.3 * xy_m[:, 0]))
    parent, order = _drain(xy_m, edges, outlet, rng)
    drains, rise_km = _accumulate(xy_m, parent, order)
    in_tree = (parent[edges[:, 0]] == edges[:, 1]) | (parent[edges[:, 1]] == edges[:, 0])
    return Valleys(boundary, spacing_m, xy_m, parent, drains, rise_km, edges[~in_tree])


def _boundary(area_km2: float, rng: np.random.Generator) -> shapely.Polygon:
    """A wavy closed line around the origin that holds exactly ``area_km2``."""
    angle = np.linspace(0.0, 2 * np.pi, 120, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(2, 8):
        radius += rng.normal(0.0, 0.22 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    radius = np.clip(radius, 0.6, 1.5)
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    unit = shapely.Polygon(ring)
    return shapely.Polygon(ring * np.sqrt(area_km2 * 1e6 / unit.area))


def _scatter(boundary: shapely.Polygon, spacing_m: float, rng: np.random.Generator) -> Floats:
    """Points about ``spacing_m`` apart inside the boundary: a shaken hexagonal grid."""
    left, low, right, high = boundary.bounds
    across, up = spacing_m * 1.0746, spacing_m * 0.9306  # one point for each spacing² of ground
    columns, rows = np.arange(left, right + across, across), np.arange(low, high + up, up)
    x, y = np.meshgrid(columns, rows)
    x[1::2] += across / 2
    points = np.column_stack([x.ravel(), y.ravel()])
    points += rng.uniform(-0.36, 0.36, points.shape) * spacing_m
    inside = boundary.buffer(-0.25 * spacing_m)
    return np.asarray(points[shapely.contains_xy(inside, points[:, 0], points[:, 1])])


def _neighbours(xy_m: Floats, *, longest_m: float) -> Ints:
    """Pairs of nodes that share a Delaunay edge, smaller number first, sorted."""
    corners = Delaunay(xy_m).simplices
    pairs = np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)
    length_m = np.hypot(*(xy_m[pairs[:, 0]] - xy_m[pairs[:, 1]]).T)
    return np.asarray(pairs[length_m <= longest_m])


def _drain(xy_m: Floats, edges: Ints, outlet: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Each node's way down, and all nodes from the outlet upwards: cheapest paths over rough ground.

    The cost grows faster than the length and is shaken, which bends the paths and makes them join into
    few long valleys instead of running straight to the outlet.
    """
    length_m = np.hypot(*(xy_m[edges[:, 0]] - xy_m[edges[:, 1]]).T)
    cost = (length_m / length_m.mean()) ** 1.5 * rng.lognormal(0.0, 0.55, len(edges))
    graph = sp.coo_matrix((cost, (edges[:, 0], edges[:, 1])), shape=(len(xy_m), len(xy_m))).tocsr()
    far, before = dijkstra(graph, directed=False, indices=outlet, return_predecessors=True)
    parent = np.where(before < 0, -1, before).astype(np.int64)
    return parent, np.argsort(far, kind="stable")


def _accumulate(xy_m: Floats, parent: Ints, order: Ints) -> tuple[Ints, Floats]:
    """Nodes upstream of each node, and its distance to the outlet along the valleys."""
    drains = np.ones(len(parent), dtype=np.int64)
    rise_km = np.zeros(len(parent))
    for node in order[1:]:
        rise_km[node] = rise_km[parent[node]] + np.hypot(*(xy_m[node] - xy_m[parent[node]])) / 1e3
    for node in order[:0:-1]:
        drains[parent[node]] += drains[node]
    return drains, rise_km
