"""Schools of a made-up county: which kinds stand where, and who attends them today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from layoutopt.samples.shape import VALLEY, Shape
from layoutopt.samples.terrain import Floats, Ints
from layoutopt.samples.valley_roads import BUS_KMH, RoadNet
from layoutopt.samples.villages import OFF_ROAD_KMH, WALK_KMH, Sites, Villages

NEAR_MIN = 29.0
"""Young pupils walk to a school nearer than this; the others ride to a central school."""

KINDS: dict[str, tuple[int, int]] = {
    "county-seat primary school": (1, 6),
    "county-seat junior school": (7, 9),
    "nine-year school": (1, 9),
    "township central school": (1, 6),
    "township junior school": (7, 9),
    "village primary school": (1, 6),
    "teaching point": (1, 3),
}
VILLAGE_KINDS = ("village primary school", "teaching point")


@dataclass(frozen=True)
class Mix:
    """How many schools of each group a county has, and how many towns it can carry."""

    towns: int
    seat: int
    town_junior: int
    primary_only: int
    village: int


def school_mix(settlements: int, schools: int, towns: int, *, shape: Shape = VALLEY) -> Mix:
    """Divide ``schools``: every town a central school, some more in the seat, some town juniors, villages the rest.

    A county with few schools or settlements has fewer towns than asked for: at least three schools a town.
    """
    towns = max(1, min(towns, schools // 3, settlements // 4))
    spare = schools - towns
    extra_seat = min(spare, round(shape.seat_schools * schools))
    town_junior = min(spare - extra_seat, round(shape.town_juniors * (towns - 1)))
    room = settlements - towns
    village = min(spare - extra_seat - town_junior, room)
    extra_seat = spare - town_junior - village
    primary_only = min(round(shape.primary_towns * (towns - 1)), max(towns - 1 - town_junior, 0))
    return Mix(towns, 1 + extra_seat, town_junior, primary_only, village)


@dataclass(frozen=True)
class Sited:
    """Schools before anything is counted: ``kind``, the settlement each stands ``at``, and its place."""

    kind: NDArray[np.object_]
    at: Ints
    sites: Sites

    def teaches(self, grade: int) -> NDArray[np.bool_]:
        """Whether each school teaches ``grade``."""
        return np.array([KINDS[kind][0] <= grade <= KINDS[kind][1] for kind in self.kind])

    @property
    def is_hub(self) -> NDArray[np.bool_]:
        """Seat and township schools: buses and boarders may come."""
        return ~np.isin(self.kind, VILLAGE_KINDS)


def site_schools(mix: Mix, villages: Villages, by_grade: Ints, *, rng: np.random.Generator) -> Sited:
    """Return the schools of ``mix``; town juniors go to the biggest towns, teaching points to small villages."""
    pupils = by_grade.sum(axis=1)
    seat = np.flatnonzero(villages.rank == 0)
    towns = np.flatnonzero(villages.rank == 1)
    by_size = towns[np.argsort(-pupils[towns], kind="stable")]
    split, primary_only = by_size[: mix.town_junior], by_size[len(by_size) - mix.primary_only :]
    spread = seat[_farthest_first(villages.sites.xy_m[seat])]
    kinds: list[str] = []
    at: list[int] = []
    for number in range(mix.seat):
        kind = "junior" if number % 2 else "primary"
        kinds.append("nine-year school" if mix.seat == 1 else f"county-seat {kind} school")
        at.append(int(spread[number // 2 % len(spread)]))
    for town in towns:
        plain = town in split or town in primary_only
        kinds.append("township central school" if plain else "nine-year school")
        at.append(int(town))
    kinds += ["township junior school"] * len(split)
    at += [int(town) for town in split]
    hosts = villages.school_villages
    point = rng.random(mix.village) < np.where(pupils[hosts] < 12, 0.5, 0.2)
    point &= by_grade[hosts, :3].sum(axis=1) > 0
    kinds += [VILLAGE_KINDS[int(is_point)] for is_point in point]
    at += [int(village) for village in hosts]
    where = np.array(at, dtype=np.int64)
    return Sited(np.array(kinds, dtype=object), where, _beside_village(villages.sites, where, rng))


def _farthest_first(xy_m: Floats) -> Ints:
    """Return an order of points: the first, then always the one farthest from those before."""
    order, apart = [0], np.hypot(*(xy_m - xy_m[0]).T)
    while len(order) < len(xy_m):
        apart[order] = -1.0
        order.append(int(np.argmax(apart)))
        apart = np.minimum(apart, np.hypot(*(xy_m - xy_m[order[-1]]).T))
    return np.array(order, dtype=np.int64)


def _beside_village(sites: Sites, at: Ints, rng: np.random.Generator) -> Sites:
    """A place some 100 m from the settlement, reached from the same road vertex."""
    angle = rng.uniform(0.0, 2 * np.pi, len(at))
    step_m = rng.uniform(25.0, 60.0, len(at))
    xy_m = sites.xy_m[at] + np.column_stack([np.cos(angle), np.sin(angle)]) * step_m[:, None]
    return Sites(np.round(xy_m, 1), sites.vertex[at], step_m / 1e3 / OFF_ROAD_KMH * 60)


@dataclass(frozen=True)
class Ways:
    """Minutes from each settlement to each school at the pace of grades 1 to 3: on foot, and by bus."""

    walk_min: Floats
    bus_min: Floats


def find_ways(net: RoadNet, villages: Sites, schools: Sites) -> Ways:
    """Return the ways over the roads as built, with the walk to the road at both ends."""
    vertex, back = np.unique(schools.vertex, return_inverse=True)
    walk = dijkstra(net.graph(), directed=False, indices=vertex)[back][:, villages.vertex].T / WALK_KMH * 60
    ride = dijkstra(net.graph(BUS_KMH), directed=False, indices=vertex)[back][:, villages.vertex].T
    ends = villages.foot_min[:, None] + schools.foot_min[None, :]
    return Ways(walk + ends, ride + ends)


def attends_today(schools: Sited, ways: Ways) -> Ints:
    """Return the school each settlement's pupils attend, settlements × 9 grades.

    Primary grades walk to the nearest school within ``NEAR_MIN``, else ride to the nearest central one.
    Grades that school does not teach go to the nearest on foot that does. Juniors go to the nearest by bus.
    """
    teaches = np.array([schools.teaches(grade) for grade in range(1, 10)])
    first, fourth, junior = teaches[0], teaches[3], teaches[6]
    walk = np.where(first, ways.walk_min, np.inf)
    ride = np.where(first & schools.is_hub, ways.bus_min, np.inf)
    primary = np.where(walk.min(axis=1) <= NEAR_MIN, walk.argmin(axis=1), ride.argmin(axis=1))
    other = np.where(fourth, ways.walk_min, np.inf).argmin(axis=1)
    upper = np.where(fourth[primary], primary, other)
    later = np.where(junior, ways.bus_min, np.inf).argmin(axis=1)
    return np.column_stack([*[primary] * 3, *[upper] * 3, *[later] * 3])
