"""Blank input tables with the notes of every column, made from the schema."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from layoutopt.io.folders import written_aside
from layoutopt.io.tables import write_csv
from layoutopt.schema import LAYERS, Layer

STUDY_TOML = """# Which file holds which layer, and what your columns are called. Delete what you do not need.
[study]
name = "My county"
year = 2026
# datum = "gcj02"                # longitudes and latitudes from a Chinese web map: gcj02 or bd09

# [layers.settlements]
# file = "villages.gpkg"         # any file of this folder; an .osm.pbf extract gives roads and settlements
# layer = "villages"             # for files with several
# crs = "EPSG:4497"              # only where the file does not say
# x = "X"                        # for tables whose columns are not lon and lat
# y = "Y"
# encoding = "gbk"
# sheet = "2026"
# datum = "wgs84"                # where this layer's differs from the study's
# only = { type = ["village", "hamlet"] }   # rows with other values are left out and counted

# [columns.settlements]
# settlement_id = "village_code" # ours = yours
# g1 = ["boys_1", "girls_1"]     # number columns added up
# town = { value = "Riverside" } # the same for every row
# [columns.roads]
# class = { column = "grade", words = { "county road" = "secondary" }, else = "unclassified" }

# [layers.elevation]
# file = "dem.tif"               # heights for walking speeds; needs the extra "dem"
"""
TABLE_LAYERS = (
    "settlements", "schools", "travel", "expansions", "vehicles", "forecast", "staff", "history", "facilities",
)  # fmt: skip


def write_template(folder: Path) -> Path:
    """Write blank CSV tables, ``study.toml`` and ``columns.md`` with every column's meaning."""
    with written_aside(folder, owned=(), marker="") as aside:
        for name in TABLE_LAYERS:
            layer = LAYERS[name]
            names = list(layer.names) + (["lon", "lat"] if layer.geometry != "none" else [])
            optional = "" if layer.required else "optional-"
            write_csv(pd.DataFrame(columns=names), aside / f"{optional}{name}.csv")
        (aside / "study.toml").write_text(STUDY_TOML, encoding="utf-8", newline="\n")
        (aside / "columns.md").write_text(column_notes(), encoding="utf-8", newline="\n")
    return folder


def column_notes() -> str:
    """Return the input columns as a Markdown page; docs/inputs.md is this text."""
    parts = [
        "# Input layers and columns",
        "",
        "Made from `layoutopt.schema`. A star marks what must be there. Optional tables count once their file is",
        "named after the layer (`travel.csv`) or named in `study.toml`.",
        "Tables with geometry need `lon` and `lat` (degrees, WGS 84), or other coordinates named in `study.toml`.",
        "Read are GeoPackage, shapefile, GeoJSON, GeoParquet, CSV, XLSX, and OpenStreetMap extracts (`.osm.pbf`,",
        "`.osm`) for roads and settlements. A GeoTIFF named `elevation.tif` gives heights.",
        "",
    ]
    for layer in LAYERS.values():
        parts += _layer_notes(layer)
    return "\n".join(parts)


def _layer_notes(layer: Layer) -> list[str]:
    star = "★ " if layer.required else ""
    head = [f"## {star}{layer.name}", "", f"{layer.meaning}. Geometry: {layer.geometry}.", ""]
    table = ["| column | meaning | unit | values |", "|---|---|---|---|"]
    table += [
        f"| {'★ ' if column.required else ''}`{column.name}` | {column.meaning} | {column.unit} | {column.limits} |"
        for column in layer
    ]
    return [*head, *table, ""]
