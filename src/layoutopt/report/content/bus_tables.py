"""Tables about bus lines: the lines, their stops with the minute of boarding, the roads they follow."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import shapely

from layoutopt.plan.geometry import line_paths
from layoutopt.plan.plan import Plan
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.tables import stop_table
from layoutopt.units import M_PER_KM

NEAR_M = 3.0
"""A line is drawn along the road's own vertices, so what lies this near is the road it uses."""
LEAST_EARLY_MIN = 0.5
"""A line that arrives less early than this arrives with the bell."""
LEAST_M = 60.0
"""Shorter pieces are crossings of other roads."""


def lines(b: Brief) -> Table:
    """Return the bus lines with their school, riders, times, lengths, roads and cost."""
    along = roads_along(b.plan).set_index("line_id")
    rows = b.lines.assign(danger_km=along["danger_km"].reindex(b.lines["line_id"]).to_numpy())
    names = ["line_id", "school", "kind", "vehicle_no", "run", "riders", "seats:", "stops:", "trip_min", "km",
             "empty_km", "danger_km", "cost_cny"]  # fmt: skip
    none = b.lang.text("This plan has no bus line.")
    return table("lines", b.lang.text("Bus lines"), rows, names, b.lang, empty=none)


def bus_words(b: Brief, line: pd.Series) -> str:
    """Return the vehicle of a line, a row of ``Brief.lines``, which of its runs the line is, and when it arrives."""
    lang, vehicle = b.lang, line["vehicle_no"]
    if not isinstance(vehicle, str) or not vehicle:
        return ""
    said = [lang.text("Vehicle {vehicle} ({kind}).", vehicle=vehicle, kind=str(line["kind"]))]
    if line["runs"] > 1:
        said.append(lang.text("This is run {run} of {runs} of this vehicle.", run=line["run"], runs=int(line["runs"])))
    if line["early_min"] >= LEAST_EARLY_MIN:
        early = lang.minutes(float(line["early_min"]))
        said.append(lang.text("It reaches the school {minutes} before the bell.", minutes=early))
    return lang.sentences(said)


def stops_of(b: Brief) -> pd.DataFrame:
    """Return the stops of all lines in their order, pupils that board at one place together, with names."""
    rows = stop_table(b.plan)
    places = b.ways.drop_duplicates("settlement_id").set_index("settlement_id")[["settlement", "town"]]
    rows = rows.join(places, on="settlement_id")
    rows["order"] = rows.groupby("line_id").cumcount() + 1
    return rows.assign(school=rows["school_id"].map(b.schools["name"]))


def stops(b: Brief) -> Table:
    """Return the stops of all lines: who boards where at which minute, and how long the ride is."""
    names = ["line_id", "school", "order", "settlement", "town", "riders", "board_at_min", "ride_min"]
    return table("stops", b.lang.text("Stops of the bus lines"), stops_of(b), names, b.lang)


def timetable(b: Brief) -> pd.DataFrame:
    """Return the stops of all lines, and in between the schools they call at with the minute they arrive."""
    riders = b.plan.bus_stops.assign(board_at_min=b.plan.bus_stops["board_at_min"] + b.plan.bus_stops["ride_min"])
    calls = riders.groupby(["line_id", "school_id"], sort=True)["board_at_min"].max().reset_index()
    named = [b.school_name(str(code)) for code in calls["school_id"]]
    calls = calls.drop(columns="school_id").assign(settlement=named, town=b.lang.text("school"), turn=1)
    rows = pd.concat([stops_of(b).assign(turn=0), calls], ignore_index=True)
    rows = rows.sort_values(["line_id", "board_at_min", "turn", "order"], kind="stable")
    return rows.assign(order=rows.groupby("line_id").cumcount() + 1, clock="____:____")


def card(b: Brief, line_id: str, rows: pd.DataFrame) -> Table:
    """Return the timetable of one line out of the ``timetable`` of all; clock times are for the county to enter.

    Where the line serves several schools, each stop names its own.
    """
    rows = rows[rows["line_id"] == line_id]
    several = ["school"] if len(rows["school"].dropna().unique()) > 1 else []
    names = ["order:", "settlement", "town", *several, "riders", "board_at_min", "ride_min", "clock"]
    heads = {"board_at_min": b.lang.text("At minute"), "school": b.lang.text("Gets off at")}
    return table(f"line-{line_id}", b.lang.text("Stops in the morning"), rows, names, b.lang, heads=heads)


def fleet(b: Brief) -> Table:
    """Return the vehicles the lines need, by type; a vehicle may drive two lines."""
    grouped = b.plan.bus_lines.groupby(["vehicle_id", "seats"], sort=True)
    sums = {name: (name, "sum") for name in ("riders", "cost_cny")}
    rows = grouped.agg(vehicles=("vehicle_no", "nunique"), lines=("line_id", "size"), **sums).reset_index()
    names = ["vehicle_id", "seats:", "vehicles", "lines", "riders", "cost_cny"]
    return table("fleet", b.lang.text("Vehicles by type"), rows, names, b.lang)


@lru_cache(maxsize=1)  # the report, the cards and the workbook ask for the same plan's lines
def roads_along(plan: Plan) -> pd.DataFrame:
    """Return for each line the named roads it follows, in order from the first stop, and its danger sections.

    Columns: ``line_id, names`` (a tuple, empty where no road has a name) and ``danger_km`` (nan where the roads say
    nothing about danger).
    """
    roads = plan.study.roads
    paths = line_paths(plan).to_crs(plan.study.crs) if len(plan.bus_lines) else None
    if roads is None or paths is None:
        empty = [()] * len(plan.bus_lines)
        return pd.DataFrame({"line_id": plan.bus_lines["line_id"], "names": empty, "danger_km": np.nan})
    marked = roads["danger"].fillna(False).astype(bool) if "danger" in roads else None
    rows = []
    for line_id, path in zip(paths["line_id"], paths.geometry, strict=True):
        used = _pieces(path, roads)
        km = np.nan if marked is None else float(used[marked.loc[used.index]].sum()) / M_PER_KM
        rows.append({"line_id": line_id, "names": _names(path, roads, used), "danger_km": km})
    return pd.DataFrame(rows)


def _pieces(path: shapely.Geometry, roads: pd.DataFrame) -> pd.Series:
    """Metres of each road that lie along the path."""
    corridor = path.buffer(NEAR_M, cap_style="flat")
    near = roads.iloc[np.sort(roads.sindex.query(corridor, predicate="intersects"))]
    return pd.Series(shapely.length(shapely.intersection(near.geometry.to_numpy(), corridor)), index=near.index)


def _names(path: shapely.Geometry, roads: pd.DataFrame, used: pd.Series) -> tuple[str, ...]:
    if "name" not in roads:
        return ()
    names = roads.loc[used.index, "name"].fillna("").astype(str).str.strip()
    metres = used[names != ""].groupby(names[names != ""]).sum()
    kept = names.isin(metres.index[metres >= LEAST_M])
    middle = shapely.line_interpolate_point(roads.loc[used.index[kept]].geometry.to_numpy(), 0.5, normalized=True)
    order = np.argsort(shapely.line_locate_point(path, middle), kind="stable")
    return tuple(dict.fromkeys(names[kept].to_numpy()[order]))
