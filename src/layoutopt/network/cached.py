"""The road graph and the travel table, kept on disk between runs on the same data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layoutopt.network.keep import Arrays, kept
from layoutopt.network.matrix import TravelTable, travel
from layoutopt.network.places import listing
from layoutopt.network.report import Island, RoadReport
from layoutopt.network.roads import RoadGraph, build_roads
from layoutopt.network.snap import Reach
from layoutopt.network.speeds import Speeds

WORDS = ("surface", "condition")
LISTS = {"off_road": "distance_m", "islands": "km"}
FIGURES = ("walk_min", "walk_km", "ride_min", "ride_km", "access_min", "access_km")


def cached_roads(lines: gpd.GeoDataFrame, *, snap_m: float) -> RoadGraph:
    """Return ``build_roads`` of the lines, from disk where they were built before."""
    columns = {str(name): [str(cell) for cell in lines[name]] for name in lines.columns if name != "geometry"}
    said = json.dumps([str(lines.crs), snap_m, columns])
    content = said.encode() + _bytes_of(lines.geometry.to_numpy()).tobytes()
    return kept("roads", content, lambda: build_roads(lines, snap_m=snap_m), pack=_pack_roads, unpack=_unpack_roads)


def cached_travel(
    points_from: gpd.GeoDataFrame, points_to: gpd.GeoDataFrame, *, roads: RoadGraph | None, speeds: Speeds, reach: Reach
) -> TravelTable:
    """Return ``travel``, from disk where the same was worked out before; straight lines are quicker than a file."""
    if roads is None:
        return travel(points_from, points_to, roads=None, speeds=speeds, reach=reach)
    ids = {"from": points_from.index, "to": points_to.index}
    content = [repr((speeds, reach, roads.crs, roads.class_names)).encode()]
    content += [_point_bytes(points) for points in (points_from, points_to)]
    content += [name.encode() + values.tobytes() for name, values in sorted(_pack_roads(roads).items())]
    return kept(
        "travel",
        b"\0".join(content),
        lambda: travel(points_from, points_to, roads=roads, speeds=speeds, reach=reach),
        pack=_pack_table,
        unpack=lambda arrays: _unpack_table(arrays, ids, speeds.bands),
    )


def _point_bytes(points: gpd.GeoDataFrame) -> bytes:
    parts = [json.dumps([str(points.crs), [str(name) for name in points.index]]).encode()]
    parts.append(shapely.get_coordinates(points.geometry.to_numpy()).tobytes())
    if "elevation_m" in points:
        parts.append(points["elevation_m"].to_numpy(dtype=float, na_value=np.nan).tobytes())
    return b"\0".join(parts)


def _bytes_of(geometry: NDArray[Any]) -> NDArray[np.uint8]:
    """Return all geometries as well-known binary, one after the other."""
    return np.frombuffer(b"".join(wkb or b"\0" for wkb in shapely.to_wkb(geometry)), np.uint8)


def _pack_roads(graph: RoadGraph) -> Arrays:
    wkb = shapely.to_wkb(graph.geometry)
    special = {
        "crs": np.array(graph.crs),
        "class_names": np.array(graph.class_names),
        "report": np.array(json.dumps(asdict(graph.report))),
        "geometry": np.frombuffer(b"".join(wkb), np.uint8),
    }
    special |= {name: getattr(graph, name).astype(str) for name in WORDS}
    plain = {field.name: getattr(graph, field.name) for field in fields(graph) if field.name not in special}
    return {**special, **plain, "geometry_bytes": np.array([len(one) for one in wkb], np.int64)}


def _unpack_roads(arrays: Mapping[str, NDArray[Any]]) -> RoadGraph:
    facts = json.loads(str(arrays["report"]))
    facts["islands"] = tuple(Island(**piece) for piece in facts["islands"])
    ends = np.cumsum(arrays["geometry_bytes"])
    whole = arrays["geometry"].tobytes()
    lines = [whole[end - size : end] for end, size in zip(ends, arrays["geometry_bytes"], strict=True)]
    special: dict[str, Any] = {
        "crs": str(arrays["crs"]),
        "class_names": tuple(str(name) for name in arrays["class_names"]),
        "report": RoadReport(**facts),
        "geometry": shapely.from_wkb(np.array(lines, dtype=object)),
    }
    special |= {name: arrays[name].astype(object) for name in WORDS}
    plain: dict[str, Any] = {field.name: arrays[field.name] for field in fields(RoadGraph) if field.name not in special}
    return RoadGraph(**special, **plain)


def _pack_table(table: TravelTable) -> Arrays:
    arrays: Arrays = {name: getattr(table, name) for name in FIGURES}
    for name, figure in LISTS.items():
        rows = getattr(table, name)
        is_from = (rows["side"] == "from").to_numpy(bool)
        at = np.where(is_from, table.from_ids.get_indexer(rows["id"]), table.to_ids.get_indexer(rows["id"]))
        arrays |= {f"{name}_at": at, f"{name}_from": is_from, f"{name}_{figure}": rows[figure].to_numpy(float)}
        arrays[f"{name}_mode"] = np.array(rows["mode"].tolist(), dtype=str)
    return arrays


def _unpack_table(
    arrays: Mapping[str, NDArray[Any]], ids: Mapping[str, pd.Index], bands: tuple[str, ...]
) -> TravelTable:
    shape = (len(ids["from"]), len(ids["to"]))
    if any(arrays[name].shape[:2] != shape for name in FIGURES):
        raise ValueError("the table has another size")
    lists = {}
    for name, figure in LISTS.items():
        sides = ["from" if is_from else "to" for is_from in arrays[f"{name}_from"]]
        lists[name] = listing(
            (
                (ids[side][at], side, str(mode), float(value))
                for at, side, mode, value in zip(
                    arrays[f"{name}_at"], sides, arrays[f"{name}_mode"], arrays[f"{name}_{figure}"], strict=True
                )
            ),
            figure,
        )
    figures = {name: arrays[name] for name in FIGURES}
    return TravelTable(ids["from"], ids["to"], bands, **figures, **lists)
