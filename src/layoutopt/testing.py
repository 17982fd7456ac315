"""Tiny studies on a plane of metres, for our tests and for users who test their own rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from layoutopt.policy import Policy
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study, finish_schools, finish_settlements

CRS = "EPSG:32648"
ORIGIN_M = (500_000.0, 3_600_000.0)


def tiny_study(
    settlements: Mapping[str, tuple[float, float, Sequence[float]]],
    schools: Mapping[str, tuple[float, float, Mapping[str, Any]]],
    *,
    roads: Sequence[tuple[Sequence[tuple[float, float]], Mapping[str, Any]]] | None = None,
    expansions: Sequence[Mapping[str, Any]] | None = None,
    vehicles: Sequence[Mapping[str, Any]] | None = None,
    travel: Sequence[Mapping[str, Any]] | None = None,
    staff: Sequence[Mapping[str, Any]] | None = None,
    history: Sequence[Mapping[str, Any]] | None = None,
    facilities: Sequence[Mapping[str, Any]] | None = None,
    current: Mapping[str, Mapping[str, Any]] | None = None,
    year: int | None = None,
    name: str = "tiny",
) -> Study:
    """Return a study from kilometre coordinates.

    Parameters
    ----------
    settlements
        id → (x_km, y_km, pupils), pupils being nine numbers, grades 1 to 9 (fewer are filled with 0).
    schools
        id → (x_km, y_km, columns of the schools layer); ``grades`` defaults to 1-6, places to 200.
    roads
        (points in km, columns of the roads layer); None for straight lines.
    current
        settlement → further columns of the settlements layer: {"current_primary": …, "town": …}.

    Examples
    --------
    >>> tiny_study({"V1": (0, 0, [4] * 6)}, {"S1": (0.5, 0, {})})
    <Study tiny: 1 settlements, 1 schools, 24 pupils, no roads>
    """
    import geopandas as gpd

    rows = [
        {"settlement_id": code, **dict(zip(PUPIL_COLUMNS, [*pupils, *[0.0] * (9 - len(pupils))], strict=True)),
         **(current or {}).get(code, {})}
        for code, (_, _, pupils) in settlements.items()
    ]  # fmt: skip
    places = [_point(x, y) for x, y, _ in settlements.values()]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=places, crs=CRS)
    default = {"grades": "1-6", "places_primary": 200.0, "places_junior": 0.0, "beds": 0.0}
    sites = pd.DataFrame([{"school_id": code, **default, **columns} for code, (_, _, columns) in schools.items()])
    points = [_point(x, y) for x, y, _ in schools.values()]
    lines = None
    if roads is not None:
        lines = gpd.GeoDataFrame(
            pd.DataFrame([dict(columns) for _, columns in roads], index=range(len(roads))),
            geometry=[_line(path) for path, _ in roads],
            crs=CRS,
        )
    return Study(
        name=name,
        year=year,
        settlements=finish_settlements(frame)[0],
        schools=finish_schools(gpd.GeoDataFrame(sites, geometry=points, crs=CRS))[0],
        crs=CRS,
        roads=lines,
        expansions=_table(expansions),
        vehicles=_table(vehicles),
        travel=_table(travel),
        staff=_table(staff),
        history=_table(history),
        facilities=_table(facilities),
    )


def tiny_policy(**changes: Any) -> Policy:
    """Return a policy for sums in the head: a kilometre takes 10 minutes on foot and 2 by bus, only cost counts.

    Buses stand nowhere, nobody boards; ``changes`` are single keys as in :meth:`layoutopt.Policy.replace`.

    Examples
    --------
    >>> tiny_policy(wage_cny=1_000).travel.walk_kmh["lower"]
    6.0
    """
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0,
        "dwell_min_per_rider": 0.0, "goals": ("annual_cost",), "allowed_boarding": False, **changes,
    }  # fmt: skip
    return Policy().replace(**given)


def _table(rows: Sequence[Mapping[str, Any]] | None) -> pd.DataFrame | None:
    return None if rows is None else pd.DataFrame([dict(row) for row in rows])


def _point(x_km: float, y_km: float) -> Any:
    import shapely

    return shapely.Point(ORIGIN_M[0] + 1_000 * x_km, ORIGIN_M[1] + 1_000 * y_km)


def _line(path: Sequence[tuple[float, float]]) -> Any:
    import shapely

    return shapely.LineString([(ORIGIN_M[0] + 1_000 * x, ORIGIN_M[1] + 1_000 * y) for x, y in path])
