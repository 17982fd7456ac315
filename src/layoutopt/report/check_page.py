"""The page of a checked study: every finding in a table and on a map, complete without a network."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from layoutopt.io.folders import write_text
from layoutopt.plan.check import StudyCheck
from layoutopt.plan.flags import LEVELS, Flag
from layoutopt.report import ground
from layoutopt.report.pages import rendered
from layoutopt.report.words import grade_words
from layoutopt.study import Study

TITLES = {"error": "Errors", "warning": "Warnings", "repair": "Repairs"}
HINTS = {
    "error": "These stop a run.",
    "warning": "A run goes on, but each is worth a look.",
    "repair": "Repaired or assumed while reading; the files themselves are unchanged.",
}
COUNT_WORDS = {
    "settlements_without_pupils": "settlements without pupils",
    "schools_under_100": "schools below 100 pupils",
    "road_km": "km of road",
    "road_pieces_before": "pieces of road, as drawn",
    "road_pieces_after": "pieces of road, once joined",
    "main_piece_share": "of the road in one piece",
}
OWNERS = ("settlements", "schools")
"""Layers whose ids tell where a finding lies."""
MOST_IDS = 5
"""Ids a row shows at once; the map and a fold hold all."""
logger = logging.getLogger(__name__)


def write_check(found: StudyCheck, path: str | Path, *, study: Study | None = None, name: str = "") -> Path:
    """Write the page of ``found`` and return its path.

    Parameters
    ----------
    study
        The study that was checked; without it (it could not be read) the page has no map.
    name
        What the study is called where ``study`` is not given.

    Examples
    --------
    >>> write_check(lo.check_study(study, policy), "check.html", study=study)  # doctest: +SKIP
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    page = check_page(found, study=study, name=name)
    write_text(target, page)
    logger.info("check written, %.1f MB", len(page.encode()) / 1e6)
    return target


def check_page(found: StudyCheck, *, study: Study | None = None, name: str = "") -> str:
    """Return the page's text."""
    spots = [[] if study is None else _spots(flag, study) for flag in found.flags]
    return rendered(
        "check.html.j2",
        found=found,
        study=study,
        name=name if study is None else study.name,
        map=None if study is None else map_data(study, found, spots),
        parts=[_part(level, found, spots) for level in LEVELS],
        counts=[(COUNT_WORDS.get(key, key.replace("_", " ")), key, value) for key, value in found.counts.items()],
        bands={band: row for band, row in found.baseline.items() if row["pupils"]},
        grades=grade_words(found.bands),
        most_ids=MOST_IDS,
    )


def _part(level: str, found: StudyCheck, spots: list[list[Any]]) -> dict[str, Any]:
    rows = [
        {"position": position, "flag": flag, "spots": len(spots[position])}
        for position, flag in enumerate(found.flags)
        if flag.level == level
    ]
    return {"level": level, "title": TITLES[level], "hint": HINTS[level], "rows": rows}


def map_data(study: Study, found: StudyCheck, spots: list[list[Any]]) -> dict[str, Any]:
    """Return everything the map draws; a finding's spots are ``[layer, position]`` or ``[lat, lon]`` pairs."""
    settlements, schools = ground.points(study.settlements), ground.points(study.schools)
    return {
        "bounds": ground.bounds(
            [settlements, schools, [at for places in spots for at in places if at[0] not in OWNERS]]
        ),
        "towns": list(ground.towns(study)),
        "roads": ground.roads(study),
        "settlements": _places(study.settlements, settlements),
        "schools": _places(study.schools, schools),
        "flags": [
            {"level": flag.level, "text": flag.text, "spots": places}
            for flag, places in zip(found.flags, spots, strict=True)
        ],
    }


def _places(layer: pd.DataFrame, points: list[list[float]]) -> list[dict[str, Any]]:
    names = zip(layer.index, layer["name"], layer["town"], points, strict=True)
    return [{"id": str(code), "name": str(name), "town": str(town), "at": at} for code, name, town, at in names]


def _spots(flag: Flag, study: Study) -> list[list[Any]]:
    """Return where a finding lies: positions in its layer, or degrees where it has no ids."""
    import geopandas as gpd

    spots: list[list[Any]] = []
    if flag.layer in OWNERS and flag.ids:
        position = getattr(study, flag.layer).index.get_indexer(list(flag.ids))
        spots += [[flag.layer, int(at)] for at in position if at >= 0]
    if flag.places:
        x, y = zip(*flag.places, strict=True)
        marks = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=study.crs)
        spots += [list(at) for at in ground.points(marks)]
    return spots
