"""Where people of a made-up county live: a county seat, towns at junctions, villages, and hill hamlets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from layoutopt.samples.shape import Shape
from layoutopt.samples.terrain import Floats, Ints, Valleys
from layoutopt.samples.valley_roads import BUS_KMH, RoadNet

WALK_KMH = 3.4
"""Grades 1 to 3 on a road; away from roads 0.6 of it. Our defaults, used here only to place villages."""
OFF_ROAD_KMH = 0.6 * WALK_KMH
NEAR_KM = 1.2
"""A village belongs to a school within this way along the road: some 27 of the allowed 30 minutes."""
BUS_REACH_MIN = 24.0
"""Scattered villages lie within this ride of a central school, leaving minutes for access and stop."""
EDGE_M = 100.0
"""Nobody lives closer to the county's boundary."""
SEAT, TOWN, VILLAGE = 0, 1, 2


@dataclass(frozen=True)
class Sites:
    """Places beside a road vertex: ``xy_m`` n × 2, its ``vertex``, and ``foot_min``, the walk between."""

    xy_m: Floats
    vertex: Ints
    foot_min: Floats


@dataclass(frozen=True)
class Villages:
    """All settlements, ``rank`` (SEAT, TOWN or VILLAGE) each, and the tracks that lead up to hill hamlets.

    The settlements from ``first_school`` on, ``schools`` of them, are those with a village school.
    """

    sites: Sites
    rank: Ints
    first_school: int
    schools: int
    tracks: NDArray[np.object_]

    @property
    def school_villages(self) -> Ints:
        """Positions of the settlements that have a village school."""
        return np.arange(self.first_school, self.first_school + self.schools)


def choose_towns(valleys: Valleys, count: int, *, rng: np.random.Generator) -> Ints:
    """Return ``count`` valley nodes for town centres: the seat first, then spread, at the bigger junctions."""
    xy, drains = valleys.xy_m, valleys.drains.astype(float)
    radius = np.sqrt(valleys.boundary.area / np.pi)
    middle = np.exp(-((np.hypot(xy[:, 0], xy[:, 1]) / (0.6 * radius)) ** 2))
    chosen = [int(np.argmax(np.log1p(drains) * middle))]
    taste = np.minimum(drains, 12.0) ** 0.25 * rng.uniform(0.8, 1.0, len(xy))
    inward = shapely.distance(shapely.points(xy), valleys.boundary.exterior) > 0.8 * valleys.spacing_m
    taste = np.where(inward, taste, 0.5 * taste)
    apart = np.full(len(xy), np.inf)
    while len(chosen) < count:
        apart = np.minimum(apart, np.hypot(*(xy - xy[chosen[-1]]).T))
        chosen.append(int(np.argmax(apart * taste)))
    return np.array(chosen, dtype=np.int64)


def settle(
    valleys: Valleys,
    net: RoadNet,
    towns: Ints,
    *,
    settlements: int,
    schools: int,
    shape: Shape,
    rng: np.random.Generator,
) -> Villages:
    """Return ``settlements`` places to live, ``schools`` of the villages among them with a school."""
    km = dijkstra(net.graph(), directed=False, indices=towns)
    ride_min = dijkstra(net.graph(BUS_KMH), directed=False, indices=towns, min_only=True)
    inland = valleys.boundary.buffer(-EDGE_M)
    outside = ~shapely.contains_xy(inland, net.vertex_m[:, 0], net.vertex_m[:, 1])
    km[:, outside], ride_min[outside] = np.inf, np.inf
    seat = int(np.clip(round(0.035 * settlements), 1, settlements - (len(towns) - 1) - schools))
    quarter = np.flatnonzero((km[0] > 0) & (km[0] <= NEAR_KM))
    seat_at = np.concatenate([towns[:1], rng.choice(quarter, seat - 1, replace=len(quarter) < seat - 1)])
    school_at = _school_vertices(net, km.min(axis=0), ride_min, schools, shape, rng)
    others = settlements - seat - (len(towns) - 1) - schools
    taken = np.concatenate([seat_at, towns, school_at])
    village_at, room_km = _village_vertices(net, km, ride_min, school_at, taken, others, shape, rng)
    vertex = np.concatenate([seat_at, towns[1:], school_at, village_at])
    rank = np.full(settlements, VILLAGE)
    rank[:seat] = SEAT
    rank[seat : seat + len(towns) - 1] = TOWN
    track_km = np.zeros(settlements)
    hill = rng.random(others) < 0.35
    track_km[settlements - others :] = np.where(hill, rng.uniform(0.15, 0.9, others), 0.0)
    track_km[settlements - others :] = np.minimum(track_km[settlements - others :], room_km)
    track_km[track_km < 0.12] = 0.0
    sites, tracks = _beside(net, vertex, track_km, inland, rng)
    return Villages(sites, rank, seat + len(towns) - 1, schools, tracks)


def _school_vertices(
    net: RoadNet, hub_km: Floats, ride_min: Floats, count: int, shape: Shape, rng: np.random.Generator
) -> Ints:
    """Vertices for village schools, apart from central schools and each other.

    ``shape.remote`` of them lie beyond the bus reach of young pupils where the county is wide enough: schools that
    have to stay. Distances are relaxed step by step where the county is too small for so many schools.
    """
    remote, near_min = ride_min > BUS_REACH_MIN + 6, min(shape.near_min, BUS_REACH_MIN + 6)
    reachable = np.isfinite(ride_min) & (ride_min <= 75)
    quota = {True: round(count * shape.remote), False: count}
    chosen: list[int] = []
    for apart_km in (2.4, 1.6, 0.8, 0.3, 0.0):
        for is_remote in (True, False):
            fits = reachable & (remote if is_remote else ride_min <= near_min) & (hub_km >= apart_km)
            for vertex in rng.permutation(np.flatnonzero(fits)):
                if len(chosen) == count or quota[is_remote] == 0:
                    break
                away = net.vertex_m[chosen] - net.vertex_m[vertex]
                if chosen and np.hypot(*away.T).min() < max(apart_km * 1e3, 1.0):
                    continue
                chosen.append(int(vertex))
                quota[is_remote] -= 1
    return np.array(chosen, dtype=np.int64)


def _village_vertices(
    net: RoadNet,
    km: Floats,
    ride_min: Floats,
    school_at: Ints,
    taken: Ints,
    count: int,
    shape: Shape,
    rng: np.random.Generator,
) -> tuple[Ints, Floats]:
    """Vertices for villages without a school, and the kilometres each may lie up a track from there.

    Some cluster around town centres, some around village schools, the rest are scattered along the roads within
    bus reach of a central school.
    """
    hub_km = km.min(axis=0)
    school_km = np.full(len(hub_km), np.inf)
    if len(school_at):
        school_km = dijkstra(net.graph(), directed=False, indices=school_at, limit=NEAR_KM, min_only=True)
    groups = [
        (shape.near_town, hub_km <= NEAR_KM),
        (shape.near_school, (school_km <= NEAR_KM) & (hub_km > NEAR_KM)),
        (shape.scattered, (ride_min <= BUS_REACH_MIN) & (hub_km > NEAR_KM) & (school_km > NEAR_KM)),
    ]
    chance = np.zeros(len(hub_km))
    for share, members in groups:
        members = members & np.isfinite(hub_km) & ~np.isin(np.arange(len(hub_km)), taken)
        if members.any():
            chance[members] = share / members.sum()
    crowded = bool(np.count_nonzero(chance) < count)
    chosen = rng.choice(len(chance), count, replace=crowded, p=chance / chance.sum())
    near_km = np.minimum(hub_km, school_km)[chosen]
    on_foot = (NEAR_KM - near_km) + 0.1
    by_bus = (BUS_REACH_MIN + 1 - ride_min[chosen]) / 60 * OFF_ROAD_KMH
    return chosen, np.where(near_km <= NEAR_KM, on_foot, by_bus)


def _beside(
    net: RoadNet, vertex: Ints, track_km: Floats, inland: shapely.Polygon, rng: np.random.Generator
) -> tuple[Sites, NDArray[np.object_]]:
    """Put each place a few metres off its vertex, or at the upper end of a winding track inside ``inland``."""
    angle = rng.uniform(0.0, 2 * np.pi, len(vertex))
    off_m = rng.uniform(10.0, 60.0, len(vertex))
    up = np.column_stack([np.cos(angle), np.sin(angle)])
    across = np.column_stack([-up[:, 1], up[:, 0]])
    foot = net.vertex_m[vertex]
    bend = rng.uniform(-0.18, 0.18, len(vertex))[:, None]
    length_m = track_km[:, None] * 1e3 / np.sqrt(1 + 4 * bend**2)
    lines = np.stack([foot, foot + length_m * (0.5 * up + bend * across), foot + length_m * up], axis=1)
    has_track = (track_km > 0) & shapely.contains_xy(inland, lines[:, 2, 0], lines[:, 2, 1])
    xy_m = np.where(has_track[:, None], lines[:, 2], foot) + up * off_m[:, None]
    foot_min = has_track * track_km / WALK_KMH * 60 + off_m / 1e3 / OFF_ROAD_KMH * 60
    tracks = np.array([shapely.LineString(np.round(line, 1)) for line in lines[has_track]], dtype=object)
    return Sites(np.round(xy_m, 1), vertex, foot_min), tracks
