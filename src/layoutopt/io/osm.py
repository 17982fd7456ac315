"""OpenStreetMap extracts (.osm.pbf, .osm), read offline: ways become roads, places become settlements, in our words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.errors import Finding, InputError, Problem
from layoutopt.io.files import LayerFile

if TYPE_CHECKING:
    import geopandas as gpd

PLACES = ("city", "town", "village", "hamlet", "isolated_dwelling")
NO_WAY = (
    "construction", "proposed", "planned", "abandoned", "disused", "razed", "raceway", "bus_guideway", "busway",
    "corridor", "elevator", "platform", "rest_area", "services", "bus_stop", "escape", "via_ferrata", "emergency_bay",
)  # fmt: skip
"""Values of highway that nobody drives or walks along to school."""

SHUT = ("no", "private", "agricultural", "forestry", "military", "customers", "delivery")
LOW_LIMIT_KMH = 30.0
"""A legal limit up to here is what a bus drives; a higher one says little of a bus, its class says more."""

KMH_PER_MPH = 1.609344
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_LIMIT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(mph|km/h|kmh)?\s*$")
_WAYS = 'highway IS NOT NULL OR other_tags LIKE \'%"route"=>"ferry"%\''


def read_osm(file: LayerFile, name: str) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Return the roads or settlements of an extract with our column names, and what was left out.

    Points that ways share stay where they are, so that ways meet where the map says they do.

    Raises
    ------
    InputError
        ``name`` is neither, or the extract holds none of them.
    """
    readers = {"roads": _roads, "settlements": _settlements}
    if name not in readers:
        cure = "Use it as the file of roads or settlements, or export the layer to a GeoPackage."
        what = f"an OpenStreetMap extract holds no {name or 'layer of this kind'} we can read"
        raise InputError([Problem(file.label, what, cure)])
    return readers[name](file)


def _read(file: LayerFile, layer: str, where: str) -> gpd.GeoDataFrame:
    import geopandas as gpd

    found = gpd.read_file(file.path, layer=layer, where=where, engine="pyogrio")
    given = found["other_tags"] if "other_tags" in found else pd.Series("", index=found.index)
    found["tags"] = [dict(_PAIR.findall(text)) if isinstance(text, str) else {} for text in given]
    return found


def _tag(frame: gpd.GeoDataFrame, key: str) -> pd.Series:
    """One tag of every feature as text, from its own column or from the rest; empty where it is not set."""
    spare = frame["tags"].map(lambda tags: tags.get(key, ""))
    own = frame[key].fillna("") if key in frame else ""
    return spare.where(spare != "", own).astype(object) if key in frame else spare.astype(object)


def _roads(file: LayerFile) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    import geopandas as gpd

    found = _read(file, "lines", _WAYS)
    kind = _tag(found, "highway")
    kind = kind.where(kind != "", _tag(found, "route").where(lambda route: route == "ferry", ""))
    access = _tag(found, "access")
    usable = ~kind.isin(["", *NO_WAY]) & ~(access.isin(SHUT) & (_tag(found, "foot").isin(["", *SHUT])))
    dropped = int((~usable).sum())
    found, kind = found[usable].reset_index(drop=True), kind[usable].reset_index(drop=True)
    if not len(found):
        raise InputError([Problem(file.label, "the extract holds no roads", "Cut it again with its ways (highway=*).")])
    oneway, backward = _oneway(found, kind)
    lines = found.geometry.where(~backward, found.geometry.reverse())
    frame = gpd.GeoDataFrame(
        {
            "class": kind,
            "name": _tag(found, "name"),
            "speed_kmh": _tag(found, "maxspeed").map(_low_limit),
            "surface": _tag(found, "surface"),
            "oneway": oneway,
            "bus": _bus(found, kind),
            "walk": _tag(found, "foot").map(lambda word: "no" if word in SHUT else ""),
            "bridge": _yes_no(_tag(found, "bridge")),
            "tunnel": _yes_no(_tag(found, "tunnel")),
        },
        geometry=lines.to_numpy(),
        crs=found.crs,
    )
    text = f"{file.path.name}: {dropped} ways left out (closed to the public, being built, or no roads)"
    return frame, [Finding(text, "roads")] if dropped else []


def _oneway(found: gpd.GeoDataFrame, kind: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return yes or no, with the drawn direction as the way to go; and which lines are to be turned for that.

    A school bus going against a one-way street that buses may use both ways (``oneway:bus=no``) is no exception.
    """
    said = _tag(found, "oneway")
    junction = _tag(found, "junction")
    implied = (said == "") & (junction.isin(["roundabout", "circular"]) | kind.isin(["motorway"]))
    backward = said.isin(["-1", "reverse"])
    is_oneway = said.isin(["yes", "true", "1"]) | backward | implied
    return is_oneway.map({True: "yes", False: "no"}), backward


def _bus(found: gpd.GeoDataFrame, kind: pd.Series) -> pd.Series:
    """Whether a bus may pass, where the map says it: the most specific tag wins."""
    words = pd.Series("", index=found.index, dtype=object)
    for key in ("access", "vehicle", "motor_vehicle", "bus"):
        tag = _tag(found, key)
        words = words.mask(tag.isin(SHUT), "no").mask(tag.isin(["yes", "designated", "permissive"]), "")
    carries = _tag(found, "motor_vehicle").isin(["yes", "designated"]) & (kind == "ferry")
    return words.mask(carries, "yes")


def _yes_no(words: pd.Series) -> pd.Series:
    return words.map(lambda word: "" if word in ("", "no") else "yes")


def _low_limit(text: str) -> float:
    found = _LIMIT.match(text)
    if not found:
        return np.nan
    limit = float(found[1]) * (KMH_PER_MPH if found[2] == "mph" else 1.0)
    return limit if 1.0 <= limit <= LOW_LIMIT_KMH else np.nan


def _settlements(file: LayerFile) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    import geopandas as gpd

    found = _read(file, "points", "place IS NOT NULL")
    kind = _tag(found, "place")
    usable = kind.isin(PLACES)
    dropped = kind[~usable]
    found = found[usable].reset_index(drop=True)
    if not len(found):
        raise InputError([Problem(file.label, "the extract holds no villages", f"Places read: {', '.join(PLACES)}.")])
    population = _tag(found, "population").map(_residents)
    frame = gpd.GeoDataFrame(
        {
            "settlement_id": "n" + found["osm_id"].astype(str),
            "name": _tag(found, "name"),
            "population": population,
        },
        geometry=found.geometry.to_numpy(),
        crs=found.crs,
    )
    said: Callable[[str], Finding] = lambda text: Finding(f"{file.path.name}: {text}", "settlements")  # noqa: E731
    findings = []
    if len(dropped):
        kinds = ", ".join(sorted(set(dropped))[:8])
        findings.append(said(f"{len(dropped)} places of other kinds left out ({kinds})"))
    if population.isna().any():
        findings.append(said(f"{int(population.isna().sum())} of {len(frame)} places give no population"))
    return frame, findings


def _residents(text: str) -> float:
    digits = re.sub(r"[,\s]", "", text)
    return float(digits) if digits.isdigit() else np.nan
