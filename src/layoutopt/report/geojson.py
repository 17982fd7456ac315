"""Layers of a plan as GeoJSON (RFC 7946): degrees, numbers or null, one file a layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutopt.io.folders import write_text
from layoutopt.plan.geopackage import ground_layers, plan_layers
from layoutopt.plan.plan import Plan

PLACES = 6
"""Digits of a degree: about a tenth of a metre."""
NUMBER_DIGITS = 6


def write_geojson(plan: Plan, folder: Path, *, stamp: str = "") -> dict[str, Path]:
    """Write every layer that ``plan.gpkg`` holds and return the files by layer.

    Parameters
    ----------
    stamp
        Why the plan cannot be adopted; every file then carries it as ``not_adoptable``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, layer in {**plan_layers(plan), **ground_layers(plan)}.items():
        files[name] = folder / f"{name}.geojson"
        write_text(files[name], geojson_text(layer, name=name, stamp=stamp))
    return files


def geojson_text(layer: gpd.GeoDataFrame, *, name: str, stamp: str = "") -> str:
    """Return one layer as a feature collection, a feature a line."""
    degrees = layer.to_crs("EPSG:4326") if layer.crs is not None else layer
    shapes = shapely.set_precision(degrees.geometry.to_numpy(), 10.0**-PLACES, mode="pointwise")
    head: dict[str, Any] = {"type": "FeatureCollection", "name": name}
    if stamp:
        head["not_adoptable"] = stamp
    table = pd.DataFrame(degrees.drop(columns=degrees.geometry.name))
    columns = {str(column): [_plain(value) for value in table[column].tolist()] for column in table}
    rows = zip(*columns.values(), strict=True)
    features = [_feature(dict(zip(columns, row, strict=True)), shape) for row, shape in zip(rows, shapes, strict=True)]
    start = json.dumps(head, ensure_ascii=False)[:-1]
    return f'{start}, "features": [\n' + ",\n".join(features) + "\n]}\n"


def _feature(properties: dict[str, Any], shape: Any) -> str:
    geometry = None if shape is None or shape.is_empty else shapely.geometry.mapping(shape)
    feature = {"type": "Feature", "properties": properties, "geometry": _rounded(geometry)}
    return json.dumps(feature, ensure_ascii=False, allow_nan=False)


def _rounded(value: Any) -> Any:
    """Return a geometry with lists for tuples and coordinates without the tail of binary fractions."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return round(value, PLACES) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    """Return a cell as JSON has it: what is not known, and what has no end, is null."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), NUMBER_DIGITS) if np.isfinite(value) else None
    return str(value)
