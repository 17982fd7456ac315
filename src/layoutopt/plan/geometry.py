"""A plan drawn: points, who goes where, and bus lines along the roads."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutopt import network
from layoutopt.journeys import journeys_of
from layoutopt.plan.facts import calls_of
from layoutopt.plan.plan import Plan

DEGREES = "EPSG:4326"


def school_points(plan: Plan) -> gpd.GeoDataFrame:
    """Return the school table with each school's point, in degrees."""
    return _with_points(plan.schools, plan.study.schools, "school_id", plan)


def settlement_points(plan: Plan) -> gpd.GeoDataFrame:
    """Return the settlement table with each settlement's point, in degrees."""
    return _with_points(plan.settlements, plan.study.settlements, "settlement_id", plan)


def stop_points(plan: Plan) -> gpd.GeoDataFrame:
    """Return the bus stops with the settlement's point, in degrees."""
    return _with_points(plan.bus_stops, plan.study.settlements, "settlement_id", plan)


def _with_points(table: pd.DataFrame, points: gpd.GeoDataFrame, key: str, plan: Plan) -> gpd.GeoDataFrame:
    geometry = points.geometry.reindex(table[key]).to_numpy()
    return gpd.GeoDataFrame(table.copy(), geometry=geometry, crs=plan.study.crs).to_crs(DEGREES)


def assignment_lines(plan: Plan) -> gpd.GeoDataFrame:
    """Return straight lines from settlement to school, one a settlement, school and mode, in degrees."""
    rows = plan.assignments[plan.assignments["school_id"] != ""]
    columns = {"pupils": ("pupils", "sum"), "minutes": ("minutes", "max"), "moved": ("moved", "any")}
    sums = rows.groupby(["settlement_id", "school_id", "mode"], as_index=False).agg(**columns)
    start = shapely.get_coordinates(plan.study.settlements.geometry.reindex(sums["settlement_id"]).to_numpy())
    end = shapely.get_coordinates(plan.study.schools.geometry.reindex(sums["school_id"]).to_numpy())
    lines = shapely.linestrings(np.stack([start, end], axis=1)) if len(sums) else []
    return gpd.GeoDataFrame(sums, geometry=lines, crs=plan.study.crs).to_crs(DEGREES)


def line_paths(plan: Plan) -> gpd.GeoDataFrame:
    """Return every bus line along the roads, from its outermost stop over its schools to the last one, in degrees."""
    table = plan.bus_lines.copy()
    if table.empty:
        return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], crs=DEGREES), crs=DEGREES)
    legs = pd.DataFrame(_legs(plan))
    moving = legs[legs["from_id"] != legs["to_id"]]
    journeys = journeys_of(plan.study, plan.policy)
    drawn = network.paths(
        moving[["from_id", "to_id"]].assign(mode="bus"),
        points_from=journeys.points,
        points_to=journeys.points,
        roads=journeys.roads,
        speeds=journeys.speeds,
        reach=journeys.reach,
        with_access=False,
    )
    parts = pd.Series(drawn.to_numpy(), index=moving["line_id"].to_numpy())
    geometry = [_joined(parts[parts.index == line_id]) for line_id in table["line_id"]]
    return gpd.GeoDataFrame(table, geometry=geometry, crs=plan.study.crs).to_crs(DEGREES)


def access_walks(plan: Plan) -> gpd.GeoDataFrame:
    """Return the walks off the path from settlements and hubs to where their bus stops on the road, in degrees."""
    riders = sorted({f"v:{code}" for code in plan.bus_stops["settlement_id"]})
    hubs = sorted({f"s:{code}" for code in (*plan.bus_lines["school_id"], *plan.bus_stops["school_id"])})
    legs = journeys_of(plan.study, plan.policy).access_legs([*riders, *hubs]).dropna()
    places = [code[2:] for code in legs.index]
    kinds = ["settlement" if code.startswith("v:") else "school" for code in legs.index]
    table = {"place": kinds, "id": places, "metres": legs.length.round(1).to_numpy()}
    return gpd.GeoDataFrame(table, geometry=legs.to_numpy(), crs=plan.study.crs).to_crs(DEGREES)


def _legs(plan: Plan) -> list[dict[str, str]]:
    ends = plan.bus_lines.set_index("line_id")["school_id"]
    ordered = plan.bus_stops.sort_values(["line_id", "order"])
    legs = []
    for line_id, stops in ordered.assign(ends_at=ordered["line_id"].map(ends)).groupby("line_id", sort=False):
        names = calls_of(stops)["place"]
        legs += [{"line_id": str(line_id), "from_id": a, "to_id": b} for a, b in pairwise(names)]
    return legs


def _joined(parts: pd.Series) -> shapely.Geometry:
    lines = [part for part in parts if part is not None and not part.is_empty]
    coordinates = [point for line in lines for point in line.coords]
    return shapely.LineString(coordinates) if len(coordinates) > 1 else shapely.LineString()
