"""Maps of a plan on matplotlib axes: schools by role, bus lines, length of the ways, one school, one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.report.charts import CLASSES, time_classes
from layoutopt.report.language import Language
from layoutopt.report.looks import (
    CLASS_COLORS,
    CLOSED,
    INK,
    LINE_COLORS,
    MODE_COLORS,
    ROAD_COLORS,
    SOFT,
    TOWN,
    VILLAGE,
)
from layoutopt.report.mapground import TOWN_DASH, Extent, draw_ground, draw_scale, extent_of
from layoutopt.report.maplegend import dot_handle, draw_legend, ring_handle, role_handle, stroke_handle
from layoutopt.report.mapmarks import (
    MODE_DASHES,
    arrow,
    marks,
    road_line,
    school_marks,
    schools_of,
    stop_rings,
    villages_of,
    way_lines,
)
from layoutopt.report.mapnames import Name, shortened, town_names, write_names
from layoutopt.report.words import MODES
from layoutopt.report.words import ROLES as ROLE_WORDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D


def county_extent(plan: Plan) -> Extent:
    """Return the extent that shows every settlement, school and bus stop of the plan."""
    places = pd.concat([villages_of(plan.study), schools_of(plan)])
    return extent_of(places["x"].to_numpy(), places["y"].to_numpy())


def _finish(
    ax: Axes,
    plan: Plan,
    lang: Language,
    handles: list[Line2D],
    names: list[Name],
    *,
    note: str = "",
    around: pd.DataFrame | None = None,
    dots: pd.DataFrame | None = None,
) -> None:
    """Draw what needs the map's final place: legend, scale, and names that hide neither schools nor dots."""
    if plan.study.roads is not None:
        handles = [*handles, stroke_handle(ROAD_COLORS["major"], lang.text("Road"), linewidth=1.3)]
    if plan.study.towns is not None:
        handles = [*handles, stroke_handle(TOWN, lang.text("Town boundary"), linewidth=0.7, linestyle=TOWN_DASH)]
    draw_legend(ax, handles, note=note)
    draw_scale(ax, lang)
    write_names(ax, names, marks=around, dots=dots)


def draw_schools(ax: Axes, plan: Plan, lang: Language) -> None:
    """Draw every school by its role, and from each that closes to where most of its pupils go."""
    draw_ground(ax, plan.study, county_extent(plan))
    villages, schools = villages_of(plan.study), schools_of(plan)
    marks(ax, villages, marker=".", color=VILLAGE, markersize=2.2, zorder=3)
    arrows = successors(plan)
    for closed, opened in arrows.items():
        arrow(ax, schools.loc[closed], schools.loc[opened])
    used = school_marks(ax, plan, plan.schools["school_id"])
    handles = [role_handle(role, lang.text(ROLE_WORDS[role])) for role in used]
    if arrows:
        handles.append(stroke_handle(CLOSED, lang.text("Where most of its pupils go"), linewidth=0.9))
    handles.append(dot_handle(VILLAGE, lang.text("Village"), size=3))
    _finish(ax, plan, lang, handles, [*_school_names(plan), *town_names(plan.study)], around=schools)


def successors(plan: Plan) -> dict[str, str]:
    """Return, for each school that closes, the school most of its pupils of today go to."""
    closed = plan.schools.loc[plan.schools["role"] == "closed", "school_id"]
    rows = plan.assignments
    rows = rows[rows["today_school"].isin(closed) & (rows["school_id"] != "")]
    sums = rows.groupby(["today_school", "school_id"], as_index=False)["pupils"].sum()
    most = sums.sort_values(["today_school", "pupils", "school_id"], ascending=[True, False, True], kind="stable")
    most = most[most["pupils"] > 0].drop_duplicates("today_school")
    return dict(zip(most["today_school"], most["school_id"], strict=True))


def draw_lines(ax: Axes, plan: Plan, lang: Language) -> None:
    """Draw the bus lines along the roads, coloured by the school they end at, with their stops."""
    draw_ground(ax, plan.study, county_extent(plan))
    villages, schools = villages_of(plan.study), schools_of(plan)
    _walks(ax, plan)
    ends = sorted(plan.bus_lines["school_id"].unique())
    colors = {school: LINE_COLORS[position % len(LINE_COLORS)] for position, school in enumerate(ends)}
    paths = line_geometry(plan)
    for line_id, school in zip(plan.bus_lines["line_id"], plan.bus_lines["school_id"], strict=True):
        road_line(ax, paths[line_id], colors[school], width=1.5)
        stops = plan.bus_stops.loc[plan.bus_stops["line_id"] == line_id, "settlement_id"].unique()
        stop_rings(ax, villages.loc[stops], colors[school], size=3.4)
    is_open = plan.schools["role"].isin(OPEN_ROLES)
    used = school_marks(ax, plan, plan.schools.loc[is_open, "school_id"])
    handles = [role_handle(role, lang.text(ROLE_WORDS[role])) for role in used]
    handles += [stroke_handle(LINE_COLORS[0], lang.text("Bus line")), ring_handle(LINE_COLORS[0], lang.text("Stop"))]
    note = lang.text("One colour for each\nschool that lines end at")
    around = schools.loc[plan.schools.loc[is_open, "school_id"]]
    _finish(ax, plan, lang, handles, _school_names(plan, only=ends), note=note, around=around)


def draw_journeys(ax: Axes, plan: Plan, lang: Language, *, today: bool = False) -> None:
    """Draw every settlement by the class of its longest daily way, larger with more pupils."""
    draw_ground(ax, plan.study, county_extent(plan))
    villages, schools = villages_of(plan.study), schools_of(plan)
    classes = journey_classes(plan, today=today)
    pupils = plan.assignments.groupby("settlement_id")["pupils"].sum().reindex(classes.index)
    used = [name for name in CLASSES if (classes == name).any()]
    for name in used:
        inside = classes.index[classes == name]
        area = 8 + 1.6 * np.sqrt(pupils[inside].to_numpy(float)) ** 1.35
        ax.scatter(
            villages.loc[inside, "x"], villages.loc[inside, "y"], s=area, color=CLASS_COLORS[name],
            edgecolors=INK, linewidths=0.35, zorder=4,
        )  # fmt: skip
    there = plan.schools["pupils_before"].fillna(0) > 0 if today else plan.schools["role"].isin(OPEN_ROLES)
    at = schools.loc[plan.schools.loc[there, "school_id"]]
    marks(ax, at, marker="+", color=INK, markersize=5.5, markeredgewidth=1.0, zorder=5)
    handles = [dot_handle(CLASS_COLORS[name], lang.text(CLASSES[name]), size=6, edge=INK) for name in used]
    handles.append(dot_handle(INK, lang.text("School"), size=6, marker="+"))
    note = lang.text("The longest way of a village;\nlarger with more pupils")
    names = _village_names(villages.loc[classes.index[classes.isin(["t4", "none"])]])
    _finish(ax, plan, lang, handles, names, note=note, dots=at)


def journey_classes(plan: Plan, *, today: bool = False) -> pd.Series:
    """Return the class of the longest daily way of each settlement with pupils; ``board`` where all board."""
    rows = plan.assignments[plan.assignments["pupils"] > 0]
    minutes = rows["today_min"] if today else rows["minutes"].where(rows["school_id"] != "")
    found = time_classes(minutes, rows["today_mode"] if today else rows["mode"])
    order = {name: rank for rank, name in enumerate(("board", "t0", "t1", "t2", "t3", "t4", "none"))}
    worst = found.map(order).groupby(rows["settlement_id"]).max()
    return worst.map({rank: name for name, rank in order.items()}).astype(str)


def draw_school(ax: Axes, plan: Plan, school_id: str, lang: Language) -> None:
    """Draw one school, the villages whose pupils go there today or in the plan, and where these go."""
    rows = plan.assignments
    rows = rows[((rows["today_school"] == school_id) | (rows["school_id"] == school_id)) & (rows["pupils"] > 0)]
    villages, schools = villages_of(plan.study), schools_of(plan)
    near_schools = sorted({school_id, *rows["school_id"], *rows["today_school"]} - {""})
    near_schools = [code for code in near_schools if code in schools.index]
    home, near = villages.loc[sorted(rows["settlement_id"].unique())], schools.loc[near_schools]
    x, y = pd.concat([home, near])[["x", "y"]].to_numpy(float).T
    draw_ground(ax, plan.study, extent_of(x, y, ratio=0.75))
    ways: Counter[tuple[str, str, str]] = Counter()
    for village, school, mode, pupils in rows[["settlement_id", "school_id", "mode", "pupils"]].itertuples(index=False):
        if school:
            ways[village, school, mode] += pupils
    start, end = (dict(zip(at.index, zip(at["x"], at["y"], strict=True), strict=True)) for at in (home, near))
    way_lines(ax, [(start[v], end[s], mode, float(pupils)) for (v, s, mode), pupils in sorted(ways.items())])
    marks(ax, home, marker="o", color="white", markeredgecolor=INK, markersize=4, markeredgewidth=0.8, zorder=4)
    used = school_marks(ax, plan, near_schools)
    ring = {"markersize": 13, "markeredgewidth": 1.0, "zorder": 7}
    marks(ax, near.loc[[school_id]], marker="o", color="none", markeredgecolor=INK, **ring)
    modes = [mode for mode in MODE_COLORS if any(mode == way[2] for way in ways)]
    handles = [role_handle(role, lang.text(ROLE_WORDS[role])) for role in used]
    handles += [stroke_handle(MODE_COLORS[mode], lang.text(MODES[mode]), linestyle=MODE_DASHES[mode]) for mode in modes]
    handles.append(dot_handle("white", lang.text("Village"), size=4, edge=INK))
    first = [school_id, *(code for code in near_schools if code != school_id)]
    names = [*_school_names(plan, only=first, size=7.5), *_village_names(home)]
    _finish(ax, plan, lang, handles, names, around=near, dots=home)


def draw_line(ax: Axes, plan: Plan, line_id: str, lang: Language) -> None:
    """Draw one bus line with its stops numbered from the outermost to the school."""
    villages, schools = villages_of(plan.study), schools_of(plan)
    school_id = str(plan.bus_lines.set_index("line_id").loc[line_id, "school_id"])
    path = line_geometry(plan)[line_id]
    stops = plan.bus_stops[plan.bus_stops["line_id"] == line_id].sort_values(["order", "item"], kind="stable")
    order = list(dict.fromkeys(stops["settlement_id"]))
    at = villages.loc[order]
    every = np.concatenate([path, at[["x", "y"]].to_numpy(), schools.loc[[school_id], ["x", "y"]].to_numpy()])
    draw_ground(ax, plan.study, extent_of(every[:, 0], every[:, 1], ratio=0.6))
    _walks(ax, plan, [*order, school_id])
    road_line(ax, path, MODE_COLORS["bus"], width=2.2)
    stop_rings(ax, at, MODE_COLORS["bus"], size=6)
    role = school_marks(ax, plan, [school_id])
    handles = [role_handle(name, lang.text(ROLE_WORDS[name])) for name in role]
    handles += [
        stroke_handle(MODE_COLORS["bus"], lang.text("Bus line")),
        ring_handle(MODE_COLORS["bus"], lang.text("Stop")),
    ]
    names = _school_names(plan, only=[school_id], size=7.5)
    for position, place in enumerate(at.itertuples(), start=1):
        names.append(Name(place.x, place.y, f"{position}  {shortened(str(place.name))}", size=7, always=True))
    _finish(ax, plan, lang, handles, names, around=pd.concat([at, schools.loc[[school_id]]]))


@lru_cache(maxsize=2)  # the whole map, and one of each line for its timetable card
def line_geometry(plan: Plan) -> dict[str, np.ndarray]:
    """Return the path of every bus line along the roads, as points in the metres of the study."""
    import shapely

    from layoutopt.plan.geometry import line_paths

    if plan.bus_lines.empty:
        return {}
    paths = line_paths(plan).to_crs(plan.study.crs)
    return {
        str(line): shapely.get_coordinates(path) for line, path in zip(paths["line_id"], paths.geometry, strict=True)
    }


@lru_cache(maxsize=2)
def _walk_paths(plan: Plan) -> list[tuple[str, np.ndarray]]:
    import shapely

    from layoutopt.plan.geometry import access_walks

    if plan.bus_lines.empty:
        return []
    walks = access_walks(plan).to_crs(plan.study.crs)
    paths = [shapely.get_coordinates(path) for path in walks.geometry]
    return list(zip(walks["id"].astype(str), paths, strict=True))


def _walks(ax: Axes, plan: Plan, only: Iterable[str] | None = None) -> None:
    """Draw the walks off the road to the stops, so that no stop seems to float."""
    from matplotlib.collections import LineCollection

    shown = None if only is None else set(only)
    paths = [path for place, path in _walk_paths(plan) if shown is None or place in shown]
    look = {"colors": MODE_COLORS["walk"], "linewidths": 0.9, "linestyles": [(0, (1, 1.5))]}
    ax.add_collection(LineCollection(paths, zorder=2.8, **look), autolim=False)


def _school_names(plan: Plan, *, only: Iterable[str] | None = None, size: float = 6.5) -> list[Name]:
    """Return the schools' names, open ones with most pupils first; in the given order where one is given."""
    schools = schools_of(plan)
    if only is None:
        table = plan.schools[plan.schools["role"] != "not_built"].set_index("school_id")
        ranked = table.assign(open=table["role"].isin(OPEN_ROLES), before=table["pupils_before"].fillna(0))
        shown = ranked.sort_values(["open", "pupils_after", "before"], ascending=False, kind="stable").index
    else:
        shown = pd.Index(list(only), dtype=object)
    return [
        Name(
            place.x, place.y, shortened(str(place.name)), size=size, always=only is not None,
            color=CLOSED if place.role == "closed" else INK,
        )
        for place in schools.loc[shown].itertuples()
    ]  # fmt: skip


def _village_names(villages: pd.DataFrame) -> list[Name]:
    return [
        Name(place.x, place.y, shortened(str(place.name)), size=6.5, color=SOFT, gap_pt=4.0)
        for place in villages.itertuples()
    ]
