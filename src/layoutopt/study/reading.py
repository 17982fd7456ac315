"""A study folder → a Study; every problem of the folder gathered in one error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from layoutopt.errors import Finding, InputError, Problem, nearest
from layoutopt.io.columns import check_columns, without_missing
from layoutopt.io.coordinates import faulty, in_known_crs, on_wgs84, shape_of
from layoutopt.io.files import LayerFile, check_readable, sha256
from layoutopt.io.layers import read_layer
from layoutopt.io.mapping import chosen, mapped
from layoutopt.io.together import disagreements, metric_crs, strays
from layoutopt.schema import LAYERS, Layer
from layoutopt.study.config import datum_of, layer_file, raster_file, read_config
from layoutopt.study.finish import finish
from layoutopt.study.heights import with_heights
from layoutopt.study.study import Study
from layoutopt.study.untaught import without_untaught

if TYPE_CHECKING:
    import geopandas as gpd

SHAPES = {
    "point": {"Point"},
    "point or polygon": {"Point", "Polygon", "MultiPolygon"},
    "line": {"LineString", "MultiLineString"},
    "polygon": {"Polygon", "MultiPolygon"},
}


@dataclass
class _Seen:
    """What is known of the folder so far; problems never stop the reading, only its end."""

    config: Mapping[str, Any]
    files: dict[str, LayerFile] = field(default_factory=dict)
    frames: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, dict[Any, str] | None] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


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
    MissingExtraError
        A file needs a package that is not installed (GeoParquet: ``parquet``, elevation: ``dem``).

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.read_study("data/samples/ladakh")  # doctest: +SKIP
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError([Problem(str(folder), "the study folder does not exist", _similar(path))])
    seen = _Seen(read_config(path))
    shapes: dict[str, gpd.GeoSeries] = {}
    for layer in LAYERS.values():
        try:
            shape = _read(path, layer, seen)
        except InputError as error:
            seen.problems += error.problems or (Problem(layer.name, str(error)),)
            continue
        if shape is not None:
            shapes[layer.name] = shape
    raster = _raster(path, seen)
    _place(shapes, seen)
    if seen.problems:
        raise InputError(seen.problems)
    return _assembled(path, seen, raster)


def _similar(path: Path) -> str:
    folders = [p.name for p in path.parent.glob("*") if p.is_dir()] if path.parent.is_dir() else []
    return nearest(path.name, folders).strip() or "Give the folder that holds settlements and schools."


def _read(path: Path, layer: Layer, seen: _Seen) -> gpd.GeoSeries | None:
    """Read one layer into ``seen``; return its geometry if it has one that can be used."""
    file = layer_file(path, layer, seen.config)
    if file is None:
        return None
    seen.files[layer.name] = file
    opened = read_layer(file, name=layer.name)
    raw = chosen(opened.frame, seen.config.get("layers", {}).get(layer.name, {}).get("only", {}), file, layer.name)
    cells = mapped(raw.raw, layer, seen.config.get("columns", {}).get(layer.name, {}), file)
    clean, missing = without_missing(cells.raw, layer, label=file.label, renames=cells.renames, row_word=file.row_word)
    if layer.name == "schools":
        clean, nobody = without_untaught(clean, cells.renames, file.label)
        missing += nobody
    frame, wrong = check_columns(clean, layer, label=file.label, renames=cells.renames, row_word=file.row_word)
    seen.notes += [*_of(layer, opened.findings), *raw.findings, *cells.findings, *missing]
    seen.problems += [*raw.problems, *cells.problems, *wrong]
    seen.frames[layer.name] = frame
    if len(frame) == 0:
        seen.problems.append(Problem(file.label, "the layer has no rows", "Add rows, or delete the file."))
    if layer.geometry == "none":
        return None
    ids = frame[layer.key[0]].to_dict() if layer.key and layer.key[0] in frame else None
    seen.ids[layer.name] = ids
    shape, wrong = shape_of(raw.raw, file, name=layer.name, ids=ids)
    seen.problems += wrong
    return shape.dropna() if wrong else shape  # what is left may have faults of its own


def _of(layer: Layer, findings: tuple[Finding, ...]) -> list[Finding]:
    return [Finding(finding.text, layer.name, finding.ids) for finding in findings]


def _raster(path: Path, seen: _Seen) -> LayerFile | None:
    try:
        file = raster_file(path, seen.config)
        if file is not None:
            check_readable(file, (".tif", ".tiff"))
    except InputError as error:
        seen.problems += error.problems
        return None
    return file


def _place(shapes: Mapping[str, gpd.GeoSeries], seen: _Seen) -> None:
    """Give every layer its coordinate system, known ones first: they tell where the others lie."""
    settled: dict[str, gpd.GeoSeries] = {}
    for name in sorted(shapes, key=lambda name: (shapes[name].crs is None, list(LAYERS).index(name))):
        file, layer, ids = seen.files[name], LAYERS[name], seen.ids[name]
        near = _together(settled) if shapes[name].crs is None else None
        shape, told, wrong = in_known_crs(shapes[name], file, name=name, near=near)
        wrong = wrong or faulty(shape, file, ids) or _misshapen(shape, layer, file, ids)
        if not wrong:
            shape, moved, wrong = on_wgs84(shape, file, name=name, datum=datum_of(seen.config, name))
            told = [*told, *moved]
        seen.notes += told
        seen.problems += wrong
        if not wrong and shape.crs is not None:
            settled[name] = shape
            if not seen.problems:
                seen.frames[name] = _with_geometry(seen.frames[name], shape)
    if not seen.problems:
        ordered = {name: settled[name] for name in shapes if name in settled}
        points: dict[str, gpd.GeoSeries] = {n: ordered[n] for n in ("settlements", "schools") if n in ordered}
        named = {name: partial(seen.files[name].where, ids=seen.ids[name]) for name in points}
        labels = {name: seen.files[name].label for name in ordered}
        seen.problems += strays(points, named) or disagreements(ordered, labels)


def _together(layers: Mapping[str, gpd.GeoSeries]) -> gpd.GeoSeries | None:
    """All layers placed so far, in the first one's own system."""
    import geopandas as gpd

    if not layers:
        return None
    crs = next(iter(layers.values())).crs
    return gpd.GeoSeries(pd.concat([layer.to_crs(crs) for layer in layers.values()], ignore_index=True), crs=crs)


def _with_geometry(frame: pd.DataFrame, geometry: gpd.GeoSeries) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame(frame, geometry=geometry.array, crs=geometry.crs)


def _misshapen(geometry: gpd.GeoSeries, layer: Layer, file: LayerFile, ids: Mapping[Any, str] | None) -> list[Problem]:
    wrong = geometry[~geometry.geom_type.isin(SHAPES[layer.geometry])]
    return [
        Problem(file.where(row, ids), f"the geometry is a {kind}", f"Draw a {layer.geometry}.")
        for row, kind in wrong.geom_type.items()
    ]


def _assembled(path: Path, seen: _Seen, raster: LayerFile | None) -> Study:
    spatial = [name for name in seen.frames if LAYERS[name].geometry != "none"]
    crs = metric_crs(seen.frames[name].geometry for name in spatial)
    frames = {name: frame.to_crs(crs) if name in spatial else frame for name, frame in seen.frames.items()}
    frames, risen = with_heights(frames, raster)
    done = finish(frames)
    about = seen.config.get("study", {})
    others = {
        name: frames[name].reset_index(drop=True) for name in frames if name not in ("settlements", "schools", "towns")
    }
    try:
        study = Study(
            name=str(about.get("name", path.resolve().name)),
            year=about.get("year"),
            settlements=done.settlements,
            schools=done.schools,
            towns=None if done.towns is None else done.towns.reset_index(drop=True),
            crs=crs,
            attribution=str(about.get("attribution", "")),
            note=str(about.get("note", "")),
            notes=(*seen.notes, *risen, *done.findings),
            inputs=_hashes(path, [*seen.files.values(), *([raster] if raster else [])]),
            **others,
        )
    except InputError as error:
        raise InputError([*done.problems, *error.problems]) from None
    if done.problems:
        raise InputError(done.problems)
    return study


def _hashes(path: Path, files: list[LayerFile]) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        found |= file.hashes(path)
    if (path / "study.toml").exists():
        found["study.toml"] = sha256(path / "study.toml")
    return dict(sorted(found.items()))
