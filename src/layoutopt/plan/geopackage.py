"""plan.gpkg: the plan's layers, its figures and QGIS styles stored inside, so that it opens readable."""

from __future__ import annotations

import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from layoutopt.plan.geometry import (
    DEGREES,
    access_walks,
    assignment_lines,
    line_paths,
    school_points,
    settlement_points,
    stop_points,
)
from layoutopt.plan.metrics import journeys_by_band
from layoutopt.plan.plan import Plan
from layoutopt.plan.premises_figures import IDLE

STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT, f_table_schema TEXT, f_table_name TEXT,
  f_geometry_column TEXT, styleName TEXT, styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN,
  description TEXT, owner TEXT, ui TEXT, update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
)"""
EPOCH = "2000-01-01T00:00:00.000Z"
DATED = {"gpkg_contents": "last_change", "layer_styles": "update_time"}
QML_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
GEOMETRY: dict[str, str] = {
    "schools": "Point",
    "settlements": "Point",
    "assignments": "LineString",
    "bus_lines": "LineString",
    "bus_stops": "Point",
    "access_walks": "LineString",
    "premises": "Point",
    "roads": "MultiLineString",
    "towns": "MultiPolygon",
}
"""Every layer with its kind of geometry; the last two are the ground the plan stands on."""
GROUND: dict[str, tuple[str, ...]] = {"roads": ("class", "name", "bus", "danger"), "towns": ("town",)}
SIMPLIFY_M = {"roads": 5.0, "towns": 10.0}


def plan_layers(plan: Plan, say: Callable[[str], str] = str) -> dict[str, gpd.GeoDataFrame]:
    """Return the plan's own layers of ``plan.gpkg`` by name, in degrees (EPSG:4326); ``say`` translates words."""
    schools = school_points(plan)
    closed = schools[schools["role"] == "closed"]
    premises = closed[["school_id", "name", "town", "pupils_before", "geometry"]].copy()
    uses = plan.premises.drop_duplicates("school_id").set_index("school_id")["use"].replace("", IDLE)
    premises["reuse"] = [say(str(uses.get(school, "not decided"))) for school in premises["school_id"]]
    return {
        "schools": schools,
        "settlements": settlement_points(plan),
        "assignments": assignment_lines(plan),
        "bus_lines": line_paths(plan),
        "bus_stops": stop_points(plan),
        "access_walks": access_walks(plan),
        "premises": premises,
    }


def ground_layers(plan: Plan) -> dict[str, gpd.GeoDataFrame]:
    """Return roads and towns of the study in degrees, drawn a little simpler; empty where it has none."""
    return {name: _ground(plan, name) for name in GROUND}


def _ground(plan: Plan, name: str) -> gpd.GeoDataFrame:
    given = getattr(plan.study, name)
    columns = list(GROUND[name])
    if given is None or given.empty:
        return gpd.GeoDataFrame({column: [] for column in columns}, geometry=gpd.GeoSeries([], crs=DEGREES))
    table = pd.DataFrame(given.drop(columns="geometry")).reindex(columns=columns).astype(object)
    lines = given.geometry.simplify(SIMPLIFY_M[name])
    return gpd.GeoDataFrame(table, geometry=lines.to_numpy(), crs=given.crs).to_crs(DEGREES).reset_index(drop=True)


def about_table(plan: Plan, *, adoptable: str = "") -> pd.DataFrame:
    """Return what the file is about as (key, text); ``adoptable`` says what speaks against the plan."""
    study = plan.study
    facts = {
        "study": study.name,
        "year": "" if study.year is None else str(study.year),
        "kind": plan.kind,
        "policy": plan.policy.name,
        "status": plan.proof.status,
        "bound": plan.proof.bound_name,
        "seed": str(plan.seed),
        "digest": study.digest,
        "attribution": study.attribution,
        "not_adoptable": adoptable,
    }
    return pd.DataFrame({"key": list(facts), "text": list(facts.values())})


def write_geopackage(plan: Plan, path: Path, *, say: Callable[[str], str] = str, stamp: str = "") -> None:
    """Write the layers (empty ones too, so that every name exists), the tables of figures, and the styles.

    Parameters
    ----------
    say
        Turns a word of the legends and tables into another language.
    stamp
        Why the plan cannot be adopted; every layer then tells it in its description.
    """
    for name, layer in {**plan_layers(plan, say), **ground_layers(plan)}.items():
        frame = layer.replace({pd.NA: None})
        frame.to_file(
            path, layer=name, driver="GPKG", engine="pyogrio", geometry_type=GEOMETRY[name],
            promote_to_multi=GEOMETRY[name].startswith("Multi"),
            mode="a" if path.exists() else "w", dataset_options={"VERSION": "1.2"} if not path.exists() else {},
        )  # fmt: skip
    figures = pd.DataFrame(
        {"figure": list(plan.figures.to_dict()), "value": [float(value) for value in plan.figures.to_dict().values()]}
    )
    tables = {"figures": figures, "journeys": journeys_by_band(plan), "about": about_table(plan, adoptable=stamp)}
    for name, table in tables.items():
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG")
    with closing(sqlite3.connect(path)) as store, store:
        _store_styles(store, say)
        for table, column in DATED.items():  # the same plan gives the same bytes
            store.execute(f"UPDATE {table} SET {column} = ?", (EPOCH,))
        if stamp:
            store.execute("UPDATE gpkg_contents SET description = ?", (stamp,))


def styles(say: Callable[[str], str] = str) -> dict[str, str]:
    """Return the QGIS style (QML) of every layer, the words of its legend passed through ``say``."""
    return {name: QML_HEAD + ET.tostring(style(name, say), encoding="unicode") + "\n" for name in GEOMETRY}


def style(layer: str, say: Callable[[str], str] = str) -> ET.Element:
    """Return the style of one layer as an element whose parts a QGIS project may hold as they are."""
    text = (resources.files("layoutopt.plan") / "styles" / f"{layer}.qml").read_text("utf-8")
    root = ET.fromstring(text.removeprefix(QML_HEAD))
    for item in root.iterfind("renderer-v2//*[@label]"):
        item.set("label", say(item.get("label", "")))
    return root


def _store_styles(store: sqlite3.Connection, say: Callable[[str], str]) -> None:
    store.execute(STYLE_TABLE)
    store.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles')"
    )
    store.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
        "styleName, styleQML, useAsDefault, description, owner) VALUES ('', '', ?, 'geom', ?, ?, 1, '', '')",
        [(name, name, text) for name, text in styles(say).items()],
    )
