"""plan.gpkg: the plan's layers with QGIS styles stored inside, so that it opens readable."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

import geopandas as gpd
import pandas as pd

from layoutopt.plan.geometry import (
    access_walks,
    assignment_lines,
    line_paths,
    school_points,
    settlement_points,
    stop_points,
)
from layoutopt.plan.plan import Plan

STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT, update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""


def plan_layers(plan: Plan) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of ``plan.gpkg`` by name, in degrees (EPSG:4326)."""
    schools = school_points(plan)
    closed = schools[schools["role"] == "closed"]
    premises = closed[["school_id", "name", "town", "pupils_before", "geometry"]].copy()
    premises["reuse"] = "not decided"
    return {
        "schools": schools,
        "settlements": settlement_points(plan),
        "assignments": assignment_lines(plan),
        "bus_lines": line_paths(plan),
        "bus_stops": stop_points(plan),
        "access_walks": access_walks(plan),
        "premises": premises,
    }


def write_geopackage(plan: Plan, path: Path) -> None:
    """Write the layers (empty ones too, so that every name exists) and their styles."""
    kinds = dict.fromkeys(("assignments", "bus_lines", "access_walks"), "LineString")
    for name, layer in plan_layers(plan).items():
        frame = layer.replace({pd.NA: None})
        frame.to_file(
            path, layer=name, driver="GPKG", engine="pyogrio", geometry_type=kinds.get(name, "Point"),
            mode="a" if path.exists() else "w", dataset_options={"VERSION": "1.2"} if not path.exists() else {},
        )  # fmt: skip
    _store_styles(path)


def _store_styles(path: Path) -> None:
    folder = resources.files("layoutopt.plan") / "styles"
    styles = sorted((item for item in folder.iterdir() if item.name.endswith(".qml")), key=lambda item: item.name)
    with sqlite3.connect(path) as store:
        store.execute(STYLE_TABLE)
        store.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        for item in styles:
            name = item.name.removesuffix(".qml")
            store.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, useAsDefault, description, owner) VALUES ('', '', ?, 'geom', ?, ?, 1, '', '')",
                (name, name, item.read_text("utf-8")),
            )
    store.close()
