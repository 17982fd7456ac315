"""The map of what differs between plans: any two of them chosen in the page, which works without a network."""

from __future__ import annotations

from typing import Any

import pandas as pd

from layoutopt.plan.compare import SUFFIXES, Comparison, routes_of
from layoutopt.plan.plan import Plan
from layoutopt.report import ground
from layoutopt.report.language import language
from layoutopt.report.maps import PlanMap
from layoutopt.report.mapwords import locale_of
from layoutopt.report.pages import rendered
from layoutopt.report.words import MODES, ROLES, grade_words
from layoutopt.schema import BANDS


def difference_map(found: Comparison) -> PlanMap:
    """Return the interactive map of what differs between the plans of ``found``.

    Examples
    --------
    >>> difference_map(lo.compare(plan, other)).save("differences.html")  # doctest: +SKIP
    """
    study = found.plans[0].study
    page = rendered("compare_page.html.j2", study=study, names=found.names, words_said=found.words(),
                    map=difference_data(found))  # fmt: skip
    return PlanMap(page, title="Map of the differences")


def difference_data(found: Comparison) -> dict[str, Any]:
    """Return everything the map draws, as plain values; places are referred to by position."""
    study = found.plans[0].study
    settlements, schools = ground.points(study.settlements), ground.points(study.schools)
    said = language("en")
    return {
        "bounds": ground.bounds([settlements, schools]),
        "locale": locale_of(said),
        "words": {"texts": {}, "roles": ROLES, "modes": MODES, "grades": grade_words(found.plans[0].policy.bands)},
        "names": list(found.names),
        "bands": list(BANDS),
        "towns": list(ground.towns(study)),
        "roads": ground.roads(study),
        "schools": _schools(found, schools),
        "settlements": _places(study.settlements, settlements),
        "ways": _ways(found),
        "routes": _routes(found),
    }


def _places(layer: pd.DataFrame, points: list[list[float]]) -> list[dict[str, Any]]:
    names = zip(layer.index, layer["name"], points, strict=True)
    return [{"id": str(code), "name": str(name) or str(code), "at": at} for code, name, at in names]


def _schools(found: Comparison, points: list[list[float]]) -> list[dict[str, Any]]:
    """The schools with role and pupils in every plan."""
    layer = found.plans[0].study.schools
    tables = [plan.schools.set_index("school_id").reindex(layer.index) for plan in found.plans]
    rows = _places(layer, points)
    for at, row in enumerate(rows):
        row["roles"] = [str(table["role"].fillna("").iloc[at]) for table in tables]
        row["bands"] = [str(table["bands"].fillna("").iloc[at]) for table in tables]
        row["pupils"] = [round(float(table["pupils_after"].fillna(0.0).iloc[at]), 3) for table in tables]
    return rows


def _ways(found: Comparison) -> list[list[Any]]:
    """The villages and bands of which some group goes elsewhere or otherwise: settlement, band, and for every plan
    the ways ``[school, mode, minutes, pupils]`` (position −1 for no school)."""
    study = found.plans[0].study
    changed = found.settlements[["settlement_id", "band"]].drop_duplicates()
    tables = [_ways_of(plan) for plan in found.plans]
    rows = []
    for code, band in sorted(changed.itertuples(index=False, name=None)):
        if code in study.settlements.index and band in BANDS:
            own = [table.get((code, band), []) for table in tables]
            rows.append([int(study.settlements.index.get_loc(code)), list(BANDS).index(band), own])
    return rows


def _ways_of(plan: Plan) -> dict[tuple[str, str], list[list[Any]]]:
    keys = ["settlement_id", "band", "school_id", "mode"]
    sums = plan.assignments.groupby(keys, as_index=False, sort=True).agg(
        minutes=("minutes", "max"), pupils=("pupils", "sum")
    )
    school = plan.study.schools.index.get_indexer(sums["school_id"])
    found: dict[tuple[str, str], list[list[Any]]] = {}
    for row, at in zip(sums.itertuples(), school, strict=True):
        minutes = None if at < 0 or pd.isna(row.minutes) else round(float(row.minutes), 1)
        way = [int(at), str(row.mode) if at >= 0 else "", minutes, round(float(row.pupils), 3)]
        found.setdefault((str(row.settlement_id), str(row.band)), []).append(way)
    return found


def _routes(found: Comparison) -> list[dict[str, Any]]:
    """Every route once: the plans that drive it, its riders there, and where it runs."""
    from layoutopt.plan.geometry import line_paths

    rows: dict[str, dict[str, Any]] = {}
    for at, plan in enumerate(found.plans):
        if plan.bus_lines.empty:
            continue
        named, paths = routes_of(plan), line_paths(plan).set_index("line_id").geometry
        for line in plan.bus_lines.sort_values("line_id", kind="stable").to_dict("records"):
            route = named[line["line_id"]]
            if route not in rows:
                path = list(ground.parts(paths[paths.index == line["line_id"]]))
                rows[route] = {"route": route, "path": path, "plans": [], "lines": [], "riders": [], "minutes": []}
            rows[route]["plans"].append(at)
            rows[route]["lines"].append(f"{line['line_id']} ({SUFFIXES[at]})")
            rows[route]["riders"].append(round(float(line["riders"]), 3))
            rows[route]["minutes"].append(round(float(line["minutes"]), 1))
    return [rows[route] for route in sorted(rows)]
