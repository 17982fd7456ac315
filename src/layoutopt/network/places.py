"""Places put on the roads of one mode, and the lists of those that no road or no useful road is near."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.network.roads import RoadGraph
from layoutopt.network.search import Search, attach
from layoutopt.network.snap import Reach, Snapped, Spots, snap
from layoutopt.network.speeds import Mode, Speeds, edge_minutes, ferry_minutes

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Attached:
    """One mode's search with both sides' places attached; access in the reference walker's minutes."""

    mode: Mode
    search: Search
    origin: Snapped
    goal: Snapped
    origin_node: Ints
    goal_node: Ints
    origin_access_min: Floats
    goal_access_min: Floats


def attach_places(
    mode: Mode, origin: Spots, goal: Spots, *, roads: RoadGraph, speeds: Speeds, reach: Reach
) -> Attached:
    """Return the search of ``mode`` with both sets of places put on the roads it may use."""
    minutes = edge_minutes(roads, speeds, mode)
    snapped = snap(
        np.concatenate([origin.xy, goal.xy]),
        roads,
        np.isfinite(minutes.min(axis=1)),
        max_access_m=reach.max_access_m,
        island_km=reach.island_km,
    )
    sloped = mode == "walk" and speeds.walk_slope
    search, node = attach(roads, minutes, snapped, afloat_min=ferry_minutes(roads, speeds), sloped=sloped)
    here, there = slice(0, len(origin)), slice(len(origin), None)
    up_m = snapped.height_m - np.concatenate([origin.height_m, goal.height_m])
    return Attached(
        mode=mode,
        search=search,
        origin=snapped[here],
        goal=snapped[there],
        origin_node=node[here],
        goal_node=node[there],
        origin_access_min=speeds.off_path_base_min(snapped.access_m[here], up_m[here]),
        goal_access_min=speeds.off_path_base_min(snapped.access_m[there], -up_m[there]),
    )


def off_road(at: Attached, from_ids: pd.Index, to_ids: pd.Index) -> pd.DataFrame:
    """Return the places no road of the mode is near to, and how far the nearest one is."""
    rows = [
        (name, side, at.mode, float(far_m))
        for side, ids, snapped in (("from", from_ids, at.origin), ("to", to_ids, at.goal))
        for name, edge, far_m in zip(ids, snapped.edge, snapped.access_m, strict=True)
        if edge < 0
    ]
    return listing(rows, "distance_m")


def islands(at: Attached, from_ids: pd.Index, to_ids: pd.Index) -> pd.DataFrame:
    """Return the places on a connected piece of road that no place of the other side is on, with its km."""
    rows = [
        (name, side, at.mode, float(km))
        for side, ids, own, other in (("from", from_ids, at.origin, at.goal), ("to", to_ids, at.goal, at.origin))
        for name, part, km, met in zip(ids, own.part, own.part_km, np.isin(own.part, other.part), strict=True)
        if part >= 0 and not met
    ]
    return listing(rows, "km")


def listing(rows: Iterable[tuple[object, str, str, float]], figure: str) -> pd.DataFrame:
    """Return rows of id, side, mode and one ``figure`` as a table."""
    return pd.DataFrame(list(rows), columns=["id", "side", "mode", figure]).astype({figure: float})
