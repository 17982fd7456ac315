"""A study folder → a Study; every problem of the folder gathered in one error."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from layoutopt.errors import Finding, InputError, Problem, nearest
from layoutopt.io.columns import check_columns
from layoutopt.io.layers import LayerFile, disagreements, find_layer, geometry_of, metric_crs, read_raw
from layoutopt.schema import LAYERS, Layer
from layoutopt.study.finish import finish_schools, finish_settlements
from layoutopt.study.study import Study

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
        raise InputError([Problem("study.toml", f"not valid TOML: {error}", "Save it as UTF-8 text.")]) from None
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
                    Problem(f"study.toml [layers.{key}] {name}", "unknown key", nearest(name, LAYER_KEYS).strip())
                    for name in value
                    if name not in LAYER_KEYS
                )
            if table == "study":
                yield from _study_value(place, key, value)
            elif isinstance(value, Mapping):
                for name, text in value.items():
                    if not isinstance(text, str) or "\0" in text:
                        where = f"study.toml [{table}.{key}] {name}"
                        yield Problem(where, f"{text!r} is no text", "Write it in quotes.")
    about = config.get("study", {})
    datum = about.get("datum", "wgs84") if isinstance(about, Mapping) else "wgs84"
    if datum != "wgs84":
        yield Problem("study.toml [study] datum", f"'{datum}' is not converted yet", "Convert to wgs84 first.")


def _study_value(place: str, key: str, value: Any) -> Iterator[Problem]:
    if key == "year":
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem(place, f"{value!r} is no whole number", "Write the year without quotes.")
    elif key in STUDY_KEYS and not isinstance(value, str):
        yield Problem(place, f"{value!r} is no text", "Write it in quotes.")


def _layer_file(path: Path, layer: Layer, config: Mapping[str, Any]) -> LayerFile | None:
    given = config.get("layers", {}).get(layer.name)
    if given is None:
        found = find_layer(path, layer.name)
        if found is None and layer.required:
            cure = f"Add {layer.name}.csv, .gpkg, .shp, .geojson or .xlsx, or name yours in study.toml."
            raise InputError([Problem(path.name, f"no {layer.name} file", cure)])
        return None if found is None else LayerFile(found)
    if "file" not in given:
        raise InputError([Problem(f"study.toml [layers.{layer.name}]", "no file is named", 'Give file = "…".')])
    file = path / given["file"]
    if not file.resolve().is_relative_to(path.resolve()):
        where = f"study.toml [layers.{layer.name}] file"
        raise InputError([Problem(where, f"'{given['file']}' lies outside the study folder", "Copy it inside.")])
    return LayerFile(file, **{key: given[key] for key in LAYER_KEYS[1:] if key in given})


Frames = dict[str, pd.DataFrame]


def _typed(
    raws: Mapping[str, tuple[pd.DataFrame, LayerFile]], renames: Mapping[str, Mapping[str, str]]
) -> tuple[Frames, list[Finding], list[Problem]]:
    frames: Frames = {}
    notes: list[Finding] = []
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


def _misshapen(geometry: gpd.GeoSeries, layer: Layer, file: LayerFile, ids: Mapping[Any, str] | None) -> list[Problem]:
    wrong = geometry[~geometry.geom_type.isin(SHAPES[layer.geometry])]
    return [
        Problem(file.where(row, ids), f"the geometry is a {kind}", f"Draw a {layer.geometry}.")
        for row, kind in wrong.geom_type.items()
    ]


def _assembled(
    path: Path, config: Mapping[str, Any], frames: Frames, files: Mapping[str, LayerFile], notes: list[Finding]
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
    others = {name: frames[name].reset_index(drop=True) for name in frames if name not in ("settlements", "schools")}
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
