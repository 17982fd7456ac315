"""Sample layers → a study folder: tables, GeoJSON files and study.toml, the same bytes each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from layoutopt.errors import InputError, Problem
from layoutopt.io.tables import neutral

if TYPE_CHECKING:
    import geopandas as gpd

    from layoutopt.samples.county import County

DEGREES = 6
"""Decimals of longitude and latitude: about a decimetre."""


def write_county(county: County, folder: str | Path) -> Path:
    """Write a generated county as a study folder and return its path; the folder must be new or empty.

    Examples
    --------
    >>> write_county(generate_county(seed=3), "out/county")  # doctest: +SKIP
    """
    about = {
        "name": county.name,
        "year": county.year,
        "datum": "wgs84",
        "attribution": county.attribution,
        "note": county.note,
    }
    layers: dict[str, pd.DataFrame] = {
        "settlements": county.settlements,
        "schools": county.schools,
        "roads": county.roads,
        "towns": county.towns,
        "staff": county.staff,
        "history": county.history,
    }
    if county.facilities is not None:
        layers["facilities"] = county.facilities
    return write_study(folder, layers, about)


def write_study(folder: str | Path, layers: Mapping[str, pd.DataFrame], about: Mapping[str, Any]) -> Path:
    """Write point layers as CSV with lon and lat, tables as CSV, other layers as GeoJSON, ``about`` as study.toml."""
    path = Path(folder)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError([Problem(str(folder), "it already exists and is not empty", "Give a new folder.")])
    path.mkdir(parents=True, exist_ok=True)
    for name, layer in layers.items():
        if "geometry" not in layer:
            _write_text(path / f"{name}.csv", str(_neutral(layer).to_csv(index=False, lineterminator="\n")))
            continue
        degrees = layer.to_crs("EPSG:4326")
        if (degrees.geom_type == "Point").all():
            _write_text(path / f"{name}.csv", _table(degrees))
        else:
            _write_text(path / f"{name}.geojson", _geojson(degrees))
    lines = [f"{key} = {_toml(value)}" for key, value in about.items()]
    _write_text(path / "study.toml", "\n".join(["[study]", *lines, ""]))
    return path


def _write_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(points: gpd.GeoDataFrame) -> str:
    flat = _neutral(points.drop(columns="geometry"))
    flat["lon"] = points.geometry.x.map(lambda value: f"{value:.{DEGREES}f}")
    flat["lat"] = points.geometry.y.map(lambda value: f"{value:.{DEGREES}f}")
    return str(flat.to_csv(index=False, lineterminator="\n"))


def _neutral(table: pd.DataFrame) -> pd.DataFrame:
    """The table with no text that a spreadsheet would take for a formula."""
    text = table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]
    return table.assign(**{name: table[name].map(neutral) for name in text})


def _geojson(layer: gpd.GeoDataFrame) -> str:
    """One feature a line, empty properties left out."""
    names = [name for name in layer.columns if name != "geometry"]
    features = []
    for values, shape in zip(layer[names].itertuples(index=False, name=None), layer.geometry, strict=True):
        feature = {
            "type": "Feature",
            "properties": {k: v for k, v in zip(names, values, strict=True) if v != ""},
            "geometry": _rounded(shape),
        }
        features.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def _rounded(shape: shapely.Geometry) -> dict[str, Any]:
    def tidy(part: Any) -> Any:
        return round(part, DEGREES) if isinstance(part, float) else [tidy(inner) for inner in part]

    mapped = shapely.geometry.mapping(shape)
    return {"type": mapped["type"], "coordinates": tidy(mapped["coordinates"])}
