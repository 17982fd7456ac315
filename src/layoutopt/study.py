"""Study: the facts one run starts from, read from a folder and checked once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.errors import InputError, Problem, nearest
from layoutopt.io.columns import check_columns
from layoutopt.io.layers import (
    LayerFile,
    disagreements,
    find_layer,
    geometry_of,
    metric_crs,
    read_raw,
)
from layoutopt.schema import BANDS, LAYERS, PUPIL_COLUMNS, STAGES, Layer

if TYPE_CHECKING:
    import geopandas as gpd

STUDY_KEYS = ("name", "year", "datum", "attribution", "note")
LAYER_KEYS = ("file", "layer", "crs", "x", "y", "encoding", "sheet")
SHAPES = {
    "point": {"Point"},
    "point or polygon": {"Point", "Polygon", "MultiPolygon"},
    "line": {"LineString", "MultiLineString"},
    "polygon": {"Polygon", "MultiPolygon"},
}


@dataclass(frozen=True, eq=False)
class Study:
    """The facts of one county, checked and in one metric coordinate system; frozen.

    ``settlements`` and ``schools`` are indexed by id and sorted by it. Schools carry ``offers_lower``,
    ``offers_upper`` and ``offers_junior``; missing ``places_*`` are NaN (not known). ``notes`` lists what
    was repaired or assumed while reading, ``inputs`` the SHA-256 of every file read.
    """

    name: str
    settlements: gpd.GeoDataFrame
    schools: gpd.GeoDataFrame
    crs: str
    year: int | None = None
    roads: gpd.GeoDataFrame | None = None
    travel: pd.DataFrame | None = None
    expansions: pd.DataFrame | None = None
    vehicles: pd.DataFrame | None = None
    forecast: pd.DataFrame | None = None
    towns: gpd.GeoDataFrame | None = None
    attribution: str = ""
    note: str = ""
    notes: tuple[str, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = list(_contradictions(self))
        if problems:
            raise InputError(problems)

    def __repr__(self) -> str:
        pupils = f"{self.pupils_given:,.0f} pupils" if self.has_pupils else "pupils from population"
        roads = f"{len(self.roads):,} roads" if self.roads is not None else "no roads"
        return (
            f"<Study {self.name}: {len(self.settlements)} settlements, {len(self.schools)} schools, "
            f"{pupils}, {roads}>"
        )

    @property
    def has_pupils(self) -> bool:
        """Whether pupils are given by grade; otherwise they follow from population and the policy."""
        return "g1" in self.settlements or any(name in self.settlements for name in PUPIL_COLUMNS)

    @property
    def pupils_given(self) -> float:
        """Pupils in the settlements layer."""
        names = [name for name in PUPIL_COLUMNS if name in self.settlements]
        return float(self.settlements[names].to_numpy().sum()) if names else 0.0

    @cached_property
    def digest(self) -> str:
        """A short hash of everything a result can depend on."""
        parts = hashlib.sha256(self.crs.encode())
        for name, layer in LAYERS.items():
            frame = getattr(self, name)
            if frame is not None:
                parts.update(name.encode())
                parts.update(_frame_bytes(frame, layer))
        return parts.hexdigest()[:16]


def _frame_bytes(frame: pd.DataFrame, layer: Layer) -> bytes:
    """Ids, schema columns that hold anything, and coordinates to a micrometre, in one fixed form."""
    import shapely

    parts = ["\n".join(map(str, frame.index)).encode() if frame.index.name else b""]
    for column in layer:
        if column.name in frame:
            cells = [_cell_text(value) for value in frame[column.name]]
            if any(cells):
                parts.append("\n".join([column.name, *cells]).encode())
    if "geometry" in frame:
        parts.append(np.round(shapely.get_coordinates(frame.geometry.to_numpy()), 6).tobytes())
    return b"\0".join(parts)


def _cell_text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value:.10g}" if isinstance(value, (int, float, np.number)) else str(value)


def read_study(folder: str | Path) -> Study:
    """Read and check a study folder.

    Parameters
    ----------
    folder
        Holds ``study.toml``, or files named after the layers (``settlements.csv``, ``schools.gpkg`` …).

    Raises
    ------
    InputError
        Anything in the folder cannot be used; every problem is listed, not only the first.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.read_study("data/samples/ladakh")  # doctest: +SKIP
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError([Problem(str(folder), "the study folder does not exist", _similar(path))])
    config = _read_config(path)
    problems: list[Problem] = []
    raws: dict[str, tuple[pd.DataFrame, LayerFile]] = {}
    for layer in LAYERS.values():
        try:
            file = _layer_file(path, layer, config)
            if file is not None:
                raws[layer.name] = (read_raw(file), file)
        except InputError as error:
            problems += error.problems or (Problem(layer.name, str(error)),)
    frames, notes, wrong = _typed(raws, config.get("columns", {}))
    problems += wrong
    if problems:
        raise InputError(problems)
    return _assembled(path, config, frames, {name: file for name, (_, file) in raws.items()}, notes)


def _similar(path: Path) -> str:
    folders = [p.name for p in path.parent.glob("*") if p.is_dir()] if path.parent.is_dir() else []
    return nearest(path.name, folders).strip() or "Give the folder that holds settlements and schools."


def _read_config(path: Path) -> dict[str, Any]:
    file = path / "study.toml"
    if not file.exists():
        return {}
    try:
        config = tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            [Problem("study.toml", f"not valid TOML: {error}", "Save it as UTF-8 text.")]
        ) from None
    problems = list(_config_problems(config))
    if problems:
        raise InputError(problems)
    return config


def _config_problems(config: Mapping[str, Any]) -> Iterator[Problem]:
    known: dict[str, tuple[str, ...]] = {
        "study": STUDY_KEYS,
        "layers": tuple(LAYERS),
        "columns": tuple(LAYERS),
    }
    for table, values in config.items():
        if table not in known or not isinstance(values, Mapping):
            yield Problem(f"study.toml [{table}]", "unknown table", nearest(table, known).strip())
            continue
        for key, value in values.items():
            place = f"study.toml [{table}] {key}"
            if key not in known[table]:
                yield Problem(place, "unknown key", nearest(key, known[table]).strip())
            elif table != "study" and not isinstance(value, Mapping):
                yield Problem(place, "not a table", f"Write it as [{table}.{key}].")
            elif table == "layers":
                yield from (
                    Problem(
                        f"study.toml [layers.{key}] {name}", "unknown key", nearest(name, LAYER_KEYS).strip()
                    )
                    for name in value
                    if name not in LAYER_KEYS
                )
    datum = config.get("study", {}).get("datum", "wgs84")
    if datum != "wgs84":
        yield Problem(
            "study.toml [study] datum", f"'{datum}' is not converted yet", "Convert to wgs84 first."
        )


def _layer_file(path: Path, layer: Layer, config: Mapping[str, Any]) -> LayerFile | None:
    given = config.get("layers", {}).get(layer.name)
    if given is None:
        found = find_layer(path, layer.name)
        if found is None and layer.required:
            cure = f"Add {layer.name}.csv, .gpkg, .shp, .geojson or .xlsx, or name yours in study.toml."
            raise InputError([Problem(path.name, f"no {layer.name} file", cure)])
        return None if found is None else LayerFile(found)
    if "file" not in given:
        raise InputError(
            [Problem(f"study.toml [layers.{layer.name}]", "no file is named", 'Give file = "…".')]
        )
    file = path / given["file"]
    if not file.resolve().is_relative_to(path.resolve()):
        where = f"study.toml [layers.{layer.name}] file"
        raise InputError(
            [Problem(where, f"'{given['file']}' lies outside the study folder", "Copy it inside.")]
        )
    return LayerFile(file, **{key: given[key] for key in LAYER_KEYS[1:] if key in given})


Frames = dict[str, pd.DataFrame]


def _typed(
    raws: Mapping[str, tuple[pd.DataFrame, LayerFile]], renames: Mapping[str, Mapping[str, str]]
) -> tuple[Frames, list[str], list[Problem]]:
    frames: Frames = {}
    notes: list[str] = []
    problems: list[Problem] = []
    for name, (raw, file) in raws.items():
        layer = LAYERS[name]
        frame, wrong = check_columns(
            raw, layer, label=file.label, renames=renames.get(name, {}), row_word=file.row_word
        )
        problems += wrong
        if layer.geometry != "none":
            ids = frame[layer.key[0]].to_dict() if layer.key and layer.key[0] in frame else None
            geometry, wrong = geometry_of(raw, file, name=name, ids=ids)
            problems += wrong or _misshapen(geometry, layer, file, ids)
            frame = _with_geometry(frame, geometry)
        if len(frame) == 0:
            problems.append(Problem(file.label, "the layer has no rows", "Add rows, or delete the file."))
        frames[name] = frame
    if not problems:
        spatial = {name: frames[name].geometry for name in frames if LAYERS[name].geometry != "none"}
        problems += disagreements(spatial, {name: raws[name][1].label for name in spatial})
    return frames, notes, problems


def _with_geometry(frame: pd.DataFrame, geometry: gpd.GeoSeries) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(frame, geometry=geometry.array, crs=geometry.crs)


def _misshapen(
    geometry: gpd.GeoSeries, layer: Layer, file: LayerFile, ids: Mapping[Any, str] | None
) -> list[Problem]:
    wrong = geometry[~geometry.geom_type.isin(SHAPES[layer.geometry])]
    return [
        Problem(file.where(row, ids), f"the geometry is a {kind}", f"Draw a {layer.geometry}.")
        for row, kind in wrong.geom_type.items()
    ]


def _assembled(
    path: Path, config: Mapping[str, Any], frames: Frames, files: Mapping[str, LayerFile], notes: list[str]
) -> Study:
    about = config.get("study", {})
    spatial = [name for name in frames if LAYERS[name].geometry != "none"]
    crs = metric_crs(frames[name].geometry for name in spatial)
    for name in spatial:
        frames[name] = frames[name].to_crs(crs)
    settlements, extra = finish_settlements(frames["settlements"])
    notes += extra
    schools, extra = finish_schools(frames["schools"])
    notes += extra
    hashes = {file.path.name: _sha256(file.path) for file in files.values()}
    if (path / "study.toml").exists():
        hashes["study.toml"] = _sha256(path / "study.toml")
    others = {
        name: frames[name].reset_index(drop=True) for name in frames if name not in ("settlements", "schools")
    }
    return Study(
        name=str(about.get("name", path.resolve().name)),
        year=about.get("year"),
        settlements=settlements,
        schools=schools,
        crs=crs,
        attribution=str(about.get("attribution", "")),
        note=str(about.get("note", "")),
        notes=tuple(notes),
        inputs=dict(sorted(hashes.items())),
        **others,
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def finish_settlements(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return settlements as points, sorted by id, with every pupil column a whole number; and the repairs."""
    notes = []
    frame = frame.copy()
    polygons = ~frame.geom_type.eq("Point")
    if polygons.any():
        frame["geometry"] = frame.geometry.where(~polygons, frame.geometry.representative_point())
        notes.append(f"settlements: {int(polygons.sum())} polygons stand for a point inside them")
    given = [name for name in PUPIL_COLUMNS if name in frame]
    if given:
        frame = frame.assign(**{name: 0.0 for name in PUPIL_COLUMNS if name not in frame})
    for name in ("name", "town", "current_primary", "current_junior", "language"):
        frame[name] = frame[name].fillna("") if name in frame else ""
    frame["name"] = frame["name"].where(frame["name"] != "", frame["settlement_id"])
    return frame.set_index("settlement_id").sort_index(), notes


def finish_schools(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return schools sorted by id with the bands they offer and every optional column filled or NaN."""
    frame = frame.copy()
    for name in ("name", "town", "kind", "keep_reason", "language"):
        frame[name] = frame[name].fillna("") if name in frame else ""
    frame["name"] = frame["name"].where(frame["name"] != "", frame["school_id"])
    frame["status"] = frame["status"].fillna("open") if "status" in frame else "open"
    for name in ("places_primary", "places_junior", "classrooms", "teachers", "annual_cost_cny"):
        frame[name] = frame[name].astype(float) if name in frame else np.nan
    frame["beds"] = frame["beds"].fillna(0).astype(float) if "beds" in frame else 0.0
    span = frame["grades"].str.split("-", expand=True).astype(int)
    for band, grades in BANDS.items():
        frame[f"offers_{band}"] = (span[0] <= grades[0]) & (span[1] >= grades[-1])
    offered = frame[[f"offers_{band}" for band in BANDS]].any(axis=1)
    notes = [
        f"schools: {code} teaches grades {grades}, no whole band (1-3, 4-6, 7-9): nobody goes there"
        for code, grades in frame.loc[~offered, ["school_id", "grades"]].itertuples(index=False)
    ]
    return frame.set_index("school_id").sort_index(), notes


def _contradictions(study: Study) -> Iterator[Problem]:
    schools, settlements = study.schools, study.settlements
    if "population" not in settlements and not study.has_pupils:
        yield Problem(
            "settlements", "neither pupils by grade (g1…g9) nor population are given", "Add one of them."
        )
    for stage, bands in STAGES.items():
        column = f"current_{stage}"
        for code, school in settlements.loc[settlements[column] != "", column].items():
            where = f"settlements ({code})"
            if school not in schools.index:
                cure = nearest(school, schools.index).strip() or "Give a school_id of the schools layer."
                yield Problem(where, f"{column} = '{school}' is no school", cure)
            elif not any(schools.loc[school, f"offers_{band}"] for band in bands):
                grades = schools.loc[school, "grades"]
                yield Problem(
                    where, f"{column} = '{school}' teaches grades {grades} only", "Name another school."
                )
    if study.expansions is not None:
        for code in study.expansions.loc[~study.expansions["school_id"].isin(schools.index), "school_id"]:
            yield Problem(
                "expansions", f"school_id = '{code}' is no school", nearest(code, schools.index).strip()
            )
    if study.has_pupils:
        yield from _seats_short(study)


def _seats_short(study: Study) -> Iterator[Problem]:
    grown = study.expansions
    for stage, bands in STAGES.items():
        pupils = float(study.settlements[[f"g{g}" for band in bands for g in BANDS[band]]].to_numpy().sum())
        teaches = study.schools[[f"offers_{band}" for band in bands]].any(axis=1)
        usable = study.schools[teaches & (study.schools["status"] != "close")]
        places = float(usable[f"places_{stage}"].sum(skipna=False))
        if grown is not None:
            best = grown[grown["stage"] == stage].groupby("school_id")["places"].max()
            places += float(best.sum())
        if pupils > 0 and not teaches.any():
            yield Problem(
                "schools",
                f"no school teaches the {stage} stage, but {pupils:,.0f} pupils need it",
                "Add the schools they attend.",
            )
        elif places < pupils:
            yield Problem(
                "schools",
                f"{places:,.0f} {stage} places in all for {pupils:,.0f} pupils",
                f"Check places_{stage}, or add expansions or candidate schools.",
            )
