"""The map of a plan: its data without names of any library, and a page that works without a network."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from layoutopt.io.folders import write_text
from layoutopt.plan.plan import Plan
from layoutopt.report import ground
from layoutopt.report.charts import LIMITS_MIN, worst_off
from layoutopt.report.echoes import echoed
from layoutopt.report.language import Language, language
from layoutopt.report.mapwords import locale_of, words_of
from layoutopt.report.pages import rendered
from layoutopt.report.tables import records, stop_table
from layoutopt.report.words import grade_words
from layoutopt.schema import BANDS
from layoutopt.study import Study


@dataclass(frozen=True)
class PlanMap:
    """An interactive map in one page; it shows itself in a notebook and asks nothing of the network."""

    page: str
    height_px: int = 620
    title: str = "Map of the plan"

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" title="{html.escape(self.title)}" loading="lazy" '
            f'style="width:100%;height:{self.height_px}px;border:0"></iframe>'
        )

    def save(self, path: str | Path) -> Path:
        """Write the map as one HTML file and return its path."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(target, self.page)
        return target


def plan_map(plan: Plan, *, lang: str = "en") -> PlanMap:
    """Return the interactive map of ``plan``: schools by role, ways, bus lines, journey times.

    Examples
    --------
    >>> plan_map(plan).save("map.html")  # doctest: +SKIP
    """
    data = map_data(plan, lang=lang)
    page = rendered("map_page.html.j2", lang=lang, plan=plan, study=plan.study, map=data)
    return PlanMap(page, title=language(lang).text("Map of the plan"))


def map_data(plan: Plan, *, lang: str = "en") -> dict[str, Any]:
    """Return everything the map draws, as plain values; places are referred to by position."""
    study, said = plan.study, language(lang)
    settlements, schools = ground.points(study.settlements), ground.points(study.schools)
    return {
        "bounds": ground.bounds([settlements, schools]),
        "limits": list(LIMITS_MIN),
        "locale": locale_of(said),
        "words": words_of(said, grade_words(plan.policy.bands)),
        "bands": list(BANDS),
        "towns": list(ground.towns(study)),
        "roads": ground.roads(study),
        "schools": _schools(plan, schools, said),
        "settlements": _settlements(study, settlements),
        "ways": _ways(plan),
        "lines": list(_lines(plan)),
        "walks": _walks(plan),
        "worst": _worst(plan),
    }


SCHOOL_FACTS = (
    "role", "reason", "pupils_before", "pupils_after", "classes", "teachers_before", "posts",
    "places_primary", "places_junior", "boarders", "beds",
)  # fmt: skip


def _schools(plan: Plan, points: list[list[float]], lang: Language) -> list[dict[str, Any]]:
    names = plan.study.schools[["name", "town"]].reset_index()
    table = names.merge(plan.schools[["school_id", *SCHOOL_FACTS]], on="school_id", how="left")
    table["reason"] = [echoed(str(reason), lang) for reason in table["reason"].fillna("")]
    return [{**row, "at": point} for row, point in zip(records(table), points, strict=True)]


def _worst(plan: Plan) -> list[list[Any]]:
    """Return the worst-off settlements, position and minutes, the longest way first."""
    worst = worst_off(plan)
    position = plan.study.settlements.index.get_indexer(worst.index)
    return [[int(at), round(float(value), 1)] for at, value in zip(position, worst, strict=True)]


def _settlements(study: Study, points: list[list[float]]) -> list[dict[str, Any]]:
    table = study.settlements[["name", "town"]].reset_index()
    return [{**row, "at": point} for row, point in zip(records(table), points, strict=True)]


def _ways(plan: Plan) -> list[list[Any]]:
    """Return who goes where, a row a settlement, band and pair of schools.

    Columns: settlement, band, school today, mode today, minutes today, school, mode, minutes, pupils,
    moved, exception; places by position, -1 for no school, None for minutes where no way is known.
    """
    keys = ["settlement_id", "band", "today_school", "today_mode", "school_id", "mode"]
    table = plan.assignments.groupby(keys, as_index=False, sort=True, dropna=False).agg(
        today_min=("today_min", "max"),
        minutes=("minutes", "max"),
        pupils=("pupils", "sum"),
        moved=("moved", "any"),
        exception=("exception", "any"),
    )
    schools = plan.study.schools.index
    columns = pd.DataFrame(
        {
            "settlement": plan.study.settlements.index.get_indexer(table["settlement_id"]),
            "band": table["band"].map({band: position for position, band in enumerate(BANDS)}),
            "today_school": schools.get_indexer(table["today_school"]),
            "today_mode": table["today_mode"],
            "today_min": table["today_min"].astype(float).round(1),
            "school": schools.get_indexer(table["school_id"]),
            "mode": table["mode"].where(table["school_id"] != "", ""),
            "minutes": table["minutes"].astype(float).round(1),
            "pupils": table["pupils"].astype(float),
            "moved": table["moved"].astype(int),
            "exception": table["exception"].astype(int),
        }
    )
    return [list(row.values()) for row in records(columns)]


def _walks(plan: Plan) -> list[list[int]]:
    """Return the walks off the path to the stops."""
    if plan.bus_lines.empty:
        return []
    from layoutopt.plan.geometry import access_walks

    return list(ground.parts(access_walks(plan).geometry))


LINE_FACTS = ("line_id", "kind", "vehicle_no", "run", "riders", "seats", "minutes", "km")


def _lines(plan: Plan) -> Iterator[dict[str, Any]]:
    if plan.bus_lines.empty:
        return
    from layoutopt.plan.geometry import line_paths

    paths = line_paths(plan).set_index("line_id").geometry
    stops = stop_table(plan)
    stops["settlement"] = plan.study.settlements.index.get_indexer(stops["settlement_id"])
    stops["school"] = plan.study.schools.index.get_indexer(stops["school_id"])
    stops[["board_at_min", "ride_min"]] = stops[["board_at_min", "ride_min"]].round(1)
    by_line = {
        line: records(rows[["settlement", "school", "riders", "board_at_min", "ride_min"]])
        for line, rows in stops.groupby("line_id")
    }
    schools = plan.study.schools.index.get_indexer(plan.bus_lines["school_id"])
    for row, school in zip(records(plan.bus_lines), schools, strict=True):
        line = row["line_id"]
        facts = {name: row[name] for name in LINE_FACTS}
        path = list(ground.parts(paths[paths.index == line]))
        yield {**facts, "school": int(school), "path": path, "stops": by_line.get(line, [])}
