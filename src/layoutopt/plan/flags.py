"""What a planner should look at before anything is decided: each finding with its level and its place on the map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from layoutopt.errors import Finding, InputError
from layoutopt.journeys import Journeys
from layoutopt.study import Study
from layoutopt.study.names import some
from layoutopt.study.shift import SURE_POINTS, compass, constant_shift, datum_of

LEVELS = ("error", "warning", "repair")
MAIN_SHARE = 0.99
"""Less road than this in the main piece is worth a look."""
BUS_MAIN_SHARE = 0.95
"""The same for the roads a bus may use, where tracks and paths leave more gaps."""


@dataclass(frozen=True)
class Flag:
    """One finding: an ``error`` stops a run, a ``warning`` does not, a ``repair`` was made while reading.

    ``ids`` are of the layer named and tell where the finding is on a map; ``places`` (x, y in the study's
    coordinate system) tell it where no id does.
    """

    level: str
    text: str
    layer: str = ""
    ids: tuple[str, ...] = ()
    places: tuple[tuple[float, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the flag as plain values, without the places."""
        return {"level": self.level, "text": self.text, "layer": self.layer, "ids": list(self.ids)}


def as_flags(findings: Iterable[Finding], level: str) -> Iterator[Flag]:
    """Return findings with a level."""
    for finding in findings:
        yield Flag(level, finding.text, finding.layer, finding.ids)


def problems_as_flags(error: InputError) -> tuple[Flag, ...]:
    """Return what stopped the reading, one flag a problem, placed by its file."""
    if not error.problems:
        return (Flag("error", str(error)),)
    return tuple(Flag("error", str(problem), _file(problem.where)) for problem in error.problems)


def _file(where: str) -> str:
    """The file of ``villages.csv row 14 (V013)``, so that problems of one file stand together."""
    return where.partition(" row ")[0].partition(" feature ")[0]


def unreachable_flags(baseline: Mapping[str, Mapping[str, Any]]) -> Iterator[Flag]:
    """Say which settlement no way leads from, band by band."""
    for band, found in baseline.items():
        for code in found["unreachable"]:
            yield Flag("error", f"{code}: no way leads to any school of band {band}", "settlements", (code,))


def off_road_flags(journeys: Journeys) -> Iterator[Flag]:
    """Say which settlement or school no road comes near, with its distance."""
    for row in journeys.off_road[journeys.off_road["mode"] == "walk"].itertuples():
        side = "settlement" if row.side == "from" else "school"
        text = f"{side} {row.id} is off the road network (nearest road {row.distance_m:,.0f} m away)"
        yield Flag("warning", text, f"{side}s", (str(row.id),))


def road_flags(journeys: Journeys) -> Iterator[Flag]:
    """Say how much road the main piece does not hold, where it lies, and whether buses can go round on it."""
    if journeys.roads is None:
        return
    report = journeys.roads.report
    if report.bus_km and report.bus_main_km / report.bus_km < BUS_MAIN_SHARE:
        share = f"{100 * report.bus_main_km / report.bus_km:.1f} %"
        text = f"only {share} of the {report.bus_km:,.0f} km a bus may use are connected: look at the roads between"
        yield Flag("warning", text, "roads")
    if report.main_share >= MAIN_SHARE:
        return
    pieces = "1 piece" if len(report.islands) == 1 else f"{len(report.islands)} pieces"
    text = (
        f"{report.lost_km:,.1f} of {report.total_km:,.1f} km of road lie apart from the main network, "
        f"in {pieces}; look for gaps in the drawing"
    )
    yield Flag("warning", text, "roads", (), tuple((piece.x, piece.y) for piece in report.islands))


def island_flags(journeys: Journeys) -> Iterator[Flag]:
    """Say which settlements and schools stand on a piece of road that leads to none of the other."""
    alone = journeys.islands
    for side, layer, other in (("from", "settlements", "school"), ("to", "schools", "settlement")):
        told: set[str] = set()
        for mode, what in (("walk", "road"), ("bus", "road for buses")):
            here = set(alone.loc[(alone["side"] == side) & (alone["mode"] == mode), "id"].astype(str)) - told
            ids, told = tuple(sorted(here)), told | here
            if ids:
                who = f"1 of the {layer} is" if len(ids) == 1 else f"{len(ids)} {layer} are"
                yield Flag("warning", f"{who} on a piece of {what} that leads to no {other}: {some(ids)}", layer, ids)


def cut_off_flags(today: pd.DataFrame, baseline: Mapping[str, Mapping[str, Any]]) -> Iterator[Flag]:
    """Say from which settlements no way leads to the school of today, though one leads to another school."""
    for band, found in baseline.items():
        rows = today[(today["band"] == band) & ~np.isfinite(today["minutes"].to_numpy(float))]
        rows = rows[(rows["school_id"] != "") & ~rows["settlement_id"].isin(found["unreachable"])]
        for code, school in rows[["settlement_id", "school_id"]].itertuples(index=False):
            text = f"no way leads from {code} to its school of today {school} (band {band})"
            yield Flag("warning", text, "settlements", (str(code),))


def assumed_school_flags(today: pd.DataFrame, method: str) -> Iterator[Flag]:
    """Say for which settlements the school of today is not given, and how it was found."""
    named = sorted(set(today.loc[today["inferred"].astype(bool), "settlement_id"]))
    if named:
        text = f"{len(named)} settlements name no school of today for some band. {method}".rstrip(". ")
        yield Flag("warning", text, "settlements", tuple(named))


def shift_flags(study: Study) -> Iterator[Flag]:
    """Say where a layer of points lies beside the roads by one and the same vector."""
    if study.roads is None:
        return
    lines = shapely.get_parts(study.roads.geometry.to_numpy())
    for name in ("schools", "settlements"):
        points = shapely.get_coordinates(getattr(study, name).geometry.to_numpy())
        found = constant_shift(points, lines)
        words = "" if found is None else _shift_words(study, name, found)
        if words:
            yield Flag("warning", words, name)


def _shift_words(study: Study, name: str, shift: tuple[float, float]) -> str:
    places = getattr(study, name).geometry.to_crs("EPSG:4326")
    lon, lat = shapely.get_coordinates(places.to_numpy()).mean(axis=0)
    way_m = round(float(np.hypot(*shift)), -1)
    seen = f"the {name} lie off the roads by one vector: moved {way_m:,.0f} m {compass(*shift)} they would lie on them"
    datum = datum_of(shift, lon, lat)
    if datum:
        known_as = {"gcj02": "GCJ-02", "bd09": "BD-09"}[datum]
        return f'{seen}. This looks like {known_as}: set datum = "{datum}" under [layers.{name}] in study.toml'
    back = datum_of((-shift[0], -shift[1]), lon, lat)
    if back:
        return f'{seen}. The roads look shifted: set datum = "{back}" under [layers.roads] in study.toml'
    return f"{seen}. Check the crs and the datum of {name} and roads" if len(places) >= SURE_POINTS else ""
