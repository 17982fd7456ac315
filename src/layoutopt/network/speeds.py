"""Minutes each road piece takes on foot and by bus, in both directions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import PolicyError
from layoutopt.network.attributes import FERRY, IMPASSABLE
from layoutopt.network.slope import REFERENCE_WALK_KMH, walking_min
from layoutopt.units import M_PER_KM, MIN_PER_H

if TYPE_CHECKING:
    from layoutopt.network.roads import RoadGraph

Mode = Literal["walk", "bus"]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EXPRESSWAY = frozenset({"motorway", "motorway_link"})

NO_ROAD = frozenset({"construction", "proposed", "planned", "abandoned"})
"""Classes nobody drives or walks along."""

NO_BUS = NO_ROAD | {FERRY, "track", "path", "footway", "steps", "pedestrian", "cycleway", "bridleway", "corridor"}
"""Road classes a bus keeps off unless the road's own ``bus`` says yes."""

NO_WALK = NO_ROAD | EXPRESSWAY
"""Road classes a walker keeps off unless the road's own ``walk`` says yes."""


@dataclass(frozen=True)
class Speeds:
    """The speeds one run assumes; every number is the planner's.

    ``walk_kmh`` maps bands to speeds on a flat road, ``bus_kmh`` maps road classes (OSM highway words) to
    running speeds; a class it does not name, with or without ``_link``, drives at ``other_bus_kmh``.
    ``surface_factor`` and ``condition_factor`` multiply bus speeds by the state of the road. A ferry runs at
    its own speed, else at ``ferry_kmh``, and everybody waits ``ferry_wait_min`` for it. ``walk_slope`` lets
    heights count. ``detour_factor`` and ``straight_bus_kmh`` serve studies without roads.
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
    ferry_kmh: float
    ferry_wait_min: float
    walk_slope: bool = True
    surface_factor: Mapping[str, float] = field(default_factory=dict)
    condition_factor: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named: dict[str, float] = {}
        for name, value in vars(self).items():
            if isinstance(value, Mapping):
                named |= {f"{name}[{key!r}]": number for key, number in value.items()}
            elif name not in ("walk_slope", "ferry_wait_min"):
                named[name] = value
        wrong = [f"{name} = {value}" for name, value in named.items() if not 0 < value < math.inf]
        if not 0 <= self.ferry_wait_min < math.inf:
            wrong.append(f"ferry_wait_min = {self.ferry_wait_min} (give minutes, 0 for none)")
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

    def walk_scale(self) -> Floats:
        """Return for each band its minutes per minute of the reference walker."""
        return REFERENCE_WALK_KMH / np.array([self.walk_kmh[band] for band in self.bands], dtype=float)

    def off_path_base_min(self, distance_m: Floats, rise_m: Floats | float = 0.0) -> Floats:
        """Return the minutes of the reference walker over open ground that rises evenly by ``rise_m``."""
        return self.walk_base_min(distance_m, rise_m) / self.off_path_factor

    def walk_base_min(self, distance_m: Floats, rise_m: Floats | float = 0.0) -> Floats:
        """Return the minutes of the reference walker on a way; a rise that is not known (NaN) counts as none."""
        return walking_min(distance_m, rise_m if self.walk_slope else 0.0)

    @property
    def mean_walk_scale(self) -> float:
        """Minutes of the average band for a minute of the reference walker."""
        return float(self.walk_scale().mean())


def may_pass(words: Iterable[str], said: pd.Series, condition: Iterable[str], mode: Mode) -> Flags:
    """Return where ``mode`` may go: what the road itself says, else what its class says.

    An impassable road keeps vehicles off whatever else is said of it, and lets walkers pass.
    """
    barred = NO_BUS if mode == "bus" else NO_WALK
    by_class = np.array([word not in barred for word in words], dtype=bool)
    own = np.asarray(said)
    free: Flags = np.where(own < 0, by_class, own == 1)
    return free if mode == "walk" else free & np.array([word != IMPASSABLE for word in condition], dtype=bool)


def passable(graph: RoadGraph, mode: Mode) -> Flags:
    """Return which edges ``mode`` may use."""
    return may_pass(graph.road_class, graph.bus if mode == "bus" else graph.walk, graph.condition, mode)


def edge_minutes(graph: RoadGraph, speeds: Speeds, mode: Mode) -> Floats:
    """Return minutes per edge, shape (edges, 2): along the line as drawn, and against it.

    ``inf`` where ``mode`` may not pass. A bus keeps one-way signs, a walker does not. Walking minutes are
    those of the reference walker (``REFERENCE_WALK_KMH``), for all bands at once; where heights are known
    they differ by direction. A ferry takes ``ferry_minutes`` of everybody; it stands here with the minutes
    that make it worth as much to the average band.
    """
    if mode == "bus":
        one_way = graph.length_m / M_PER_KM / bus_kmh(graph, speeds) * MIN_PER_H
        minutes = np.column_stack([one_way, one_way])
        minutes[graph.oneway < 0, 0] = np.inf
        minutes[graph.oneway > 0, 1] = np.inf
    elif graph.climb is not None and speeds.walk_slope:
        every = np.arange(len(graph.length_m))
        minutes = np.column_stack(graph.climb.minutes(every, np.zeros(len(every)), graph.length_m))
    else:
        minutes = np.tile(speeds.walk_base_min(graph.length_m)[:, None], 2)
    afloat = graph.is_ferry
    scale = 1.0 if mode == "bus" else speeds.mean_walk_scale
    minutes[afloat] = np.where(np.isinf(minutes[afloat]), np.inf, ferry_minutes(graph, speeds)[afloat, None] / scale)
    minutes[~passable(graph, mode)] = np.inf
    return minutes


def ferry_minutes(graph: RoadGraph, speeds: Speeds) -> Floats:
    """Return the minutes on board and waiting on each ferry, 0 on land; the wait counts once a ferry line."""
    kmh = np.where(np.isfinite(graph.speed_kmh), graph.speed_kmh, speeds.ferry_kmh)
    on_board = graph.length_m / M_PER_KM / kmh * MIN_PER_H
    return np.where(graph.is_ferry, on_board + speeds.ferry_wait_min * graph.boards, 0.0)


def bus_kmh(graph: RoadGraph, speeds: Speeds) -> Floats:
    """Return the running speed of a bus on each edge, passable or not.

    The road's own speed wins over that of its class; surface and condition slow it; the legal limit for buses
    with pupils aboard and the speed on danger sections cap it.
    """
    by_class = np.array([_class_kmh(name, speeds) for name in graph.class_names], dtype=float)
    cap = np.array(
        [speeds.expressway_max_kmh if name in EXPRESSWAY else speeds.bus_max_kmh for name in graph.class_names]
    )
    given = np.isfinite(graph.speed_kmh)
    speed_kmh = np.where(given, graph.speed_kmh, by_class[graph.class_code])
    for words, factor in ((graph.surface, speeds.surface_factor), (graph.condition, speeds.condition_factor)):
        known, at = np.unique(words.astype(str), return_inverse=True)
        speed_kmh = speed_kmh * np.array([factor.get(str(word), 1.0) for word in known])[at]
    speed_kmh = np.minimum(speed_kmh, cap[graph.class_code])
    slowed: Floats = np.where(graph.danger, np.minimum(speed_kmh, speeds.danger_kmh), speed_kmh)
    return slowed


def _class_kmh(name: str, speeds: Speeds) -> float:
    return speeds.bus_kmh.get(name, speeds.bus_kmh.get(name.removesuffix("_link"), speeds.other_bus_kmh))
