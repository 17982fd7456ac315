"""Minutes each road piece takes on foot and by bus, in both directions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import PolicyError
from layoutopt.units import M_PER_KM, MIN_PER_H

if TYPE_CHECKING:
    from layoutopt.network.roads import RoadGraph

Mode = Literal["walk", "bus"]

REFERENCE_WALK_KMH = 6.0 * math.exp(-3.5 * 0.05)
"""Tobler's walker on the flat, 5.04 km/h: one search serves every band, as minutes scale with speed."""

EXPRESSWAY = frozenset({"motorway", "motorway_link"})

NO_ROAD = frozenset({"ferry", "construction", "proposed", "planned", "abandoned"})
"""Classes nobody drives or walks along, or whose minutes no speed tells."""

NO_BUS = NO_ROAD | {"track", "path", "footway", "steps", "pedestrian", "cycleway", "bridleway", "corridor"}
"""Road classes a bus keeps off unless the road's own ``bus`` says yes."""

NO_WALK = NO_ROAD | EXPRESSWAY
"""Road classes a walker keeps off unless the road's own ``walk`` says yes."""


@dataclass(frozen=True)
class Speeds:
    """The speeds one run assumes; every number is the planner's.

    ``walk_kmh`` maps bands to speeds on a flat road, ``bus_kmh`` maps road classes (OSM highway words) to
    running speeds; a class it does not name, with or without ``_link``, drives at ``other_bus_kmh``.
    ``surface_factor`` multiplies bus speeds by surface. ``detour_factor`` and ``straight_bus_kmh`` serve
    studies without roads.
    """

    walk_kmh: Mapping[str, float]
    off_path_factor: float
    bus_kmh: Mapping[str, float]
    other_bus_kmh: float
    bus_max_kmh: float
    expressway_max_kmh: float
    danger_kmh: float
    detour_factor: float
    straight_bus_kmh: float
    surface_factor: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named: dict[str, float] = {}
        for name, value in vars(self).items():
            if isinstance(value, Mapping):
                named |= {f"{name}[{key!r}]": number for key, number in value.items()}
            else:
                named[name] = value
        wrong = [f"{name} = {value}" for name, value in named.items() if not 0 < value < math.inf]
        if not self.walk_kmh:
            wrong.append("walk_kmh names no band")
        if self.detour_factor < 1:
            wrong.append(f"detour_factor = {self.detour_factor} (a way is never shorter than the straight line)")
        if wrong:
            raise PolicyError("Speeds and factors are numbers above 0. Change: " + "; ".join(wrong) + ".")

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands, in the order given."""
        return tuple(self.walk_kmh)

    def walk_scale(self) -> NDArray[np.float64]:
        """Return for each band its minutes per minute of the reference walker."""
        return REFERENCE_WALK_KMH / np.array([self.walk_kmh[band] for band in self.bands], dtype=float)

    def off_path_base_min(self, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the minutes of the reference walker over ``distance_m`` of open ground."""
        return distance_m / M_PER_KM / (REFERENCE_WALK_KMH * self.off_path_factor) * MIN_PER_H


def passable(graph: RoadGraph, mode: Mode) -> NDArray[np.bool_]:
    """Return which edges ``mode`` may use: what the road itself says, else what its class says."""
    said, barred = (graph.bus, NO_BUS) if mode == "bus" else (graph.walk, NO_WALK)
    by_class = np.array([name not in barred for name in graph.class_names], dtype=bool)
    allowed: NDArray[np.bool_] = np.where(said < 0, by_class[graph.class_code], said == 1)
    return allowed


def edge_minutes(graph: RoadGraph, speeds: Speeds, mode: Mode) -> NDArray[np.float64]:
    """Return minutes per edge, shape (edges, 2): along the line as drawn, and against it.

    ``inf`` where ``mode`` may not pass. A bus keeps one-way signs, a walker does not. Walking minutes are
    those of the reference walker (``REFERENCE_WALK_KMH``), for all bands at once.
    """
    speed_kmh = bus_kmh(graph, speeds) if mode == "bus" else np.full(len(graph.length_m), REFERENCE_WALK_KMH)
    one_way = graph.length_m / M_PER_KM / speed_kmh * MIN_PER_H
    minutes = np.column_stack([one_way, one_way])
    minutes[~passable(graph, mode)] = np.inf
    if mode == "bus":
        minutes[graph.oneway < 0, 0] = np.inf
        minutes[graph.oneway > 0, 1] = np.inf
    return minutes


def bus_kmh(graph: RoadGraph, speeds: Speeds) -> NDArray[np.float64]:
    """Return the running speed of a bus on each edge, passable or not.

    The road's own speed wins over that of its class; the surface slows it; the legal limit for buses with
    pupils aboard and the speed on danger sections cap it.
    """
    by_class = np.array([_class_kmh(name, speeds) for name in graph.class_names], dtype=float)
    cap = np.array(
        [speeds.expressway_max_kmh if name in EXPRESSWAY else speeds.bus_max_kmh for name in graph.class_names]
    )
    given = np.isfinite(graph.speed_kmh)
    speed_kmh = np.where(given, graph.speed_kmh, by_class[graph.class_code])
    words, at = np.unique(graph.surface.astype(str), return_inverse=True)
    speed_kmh = speed_kmh * np.array([speeds.surface_factor.get(str(word), 1.0) for word in words])[at]
    speed_kmh = np.minimum(speed_kmh, cap[graph.class_code])
    slowed: NDArray[np.float64] = np.where(graph.danger, np.minimum(speed_kmh, speeds.danger_kmh), speed_kmh)
    return slowed


def _class_kmh(name: str, speeds: Speeds) -> float:
    return speeds.bus_kmh.get(name, speeds.bus_kmh.get(name.removesuffix("_link"), speeds.other_bus_kmh))
