"""study.toml: which file holds which layer and what its columns are called, checked key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from layoutopt.errors import InputError, Problem, nearest
from layoutopt.io.datum import DATUMS
from layoutopt.io.files import RASTER_SUFFIXES, LayerFile, find_layer
from layoutopt.schema import LAYERS, Layer

STUDY_KEYS = ("name", "year", "datum", "attribution", "note")
FILE_KEYS = ("layer", "crs", "x", "y", "encoding", "sheet", "datum")
LAYER_KEYS = ("file", *FILE_KEYS, "only")
RASTER = "elevation"
RASTER_KEYS = ("file", "crs")
CELL_KEYS = ("value", "column", "words", "else")

Config = Mapping[str, Any]


def read_config(folder: Path) -> dict[str, Any]:
    """Return the content of ``study.toml``, empty where there is none.

    Raises
    ------
    InputError
        The file is no TOML, or holds keys and values that mean nothing; all of them are listed.
    """
    file = folder / "study.toml"
    if not file.exists():
        return {}
    try:
        config = tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem("study.toml", f"not valid TOML: {error}", "Save it as UTF-8 text.")]) from None
    except OSError as error:
        raise InputError([Problem("study.toml", f"the file cannot be opened ({error.strerror})")]) from None
    problems = list(_problems(config))
    if problems:
        raise InputError(problems)
    return config


def datum_of(config: Config, name: str) -> str:
    """Return the datum a layer's degrees are on: its own, else the study's, else WGS 84."""
    own = config.get("layers", {}).get(name, {}).get("datum")
    return str(own or config.get("study", {}).get("datum", "wgs84"))


def layer_file(folder: Path, layer: Layer, config: Config) -> LayerFile | None:
    """Return where a layer lies: as study.toml says, else the file named after it, else None.

    Raises
    ------
    InputError
        A required layer has no file, or the file lies outside the folder.
    """
    given = config.get("layers", {}).get(layer.name)
    if given is None:
        found = find_layer(folder, layer.name)
        if found is None and layer.required:
            cure = f"Add {layer.name}.csv, .gpkg, .shp, .geojson or .xlsx, or name yours in study.toml."
            raise InputError([Problem(folder.name, f"no {layer.name} file", cure)])
        return None if found is None else LayerFile(_inside(folder, found.name, found.name))
    path = _given_path(folder, layer.name, given)
    return LayerFile(path, **{key: given[key] for key in FILE_KEYS if key in given})


def raster_file(folder: Path, config: Config) -> LayerFile | None:
    """Return where the heights lie, or None where the study has none."""
    given = config.get("layers", {}).get(RASTER)
    if given is None:
        found = find_layer(folder, RASTER, RASTER_SUFFIXES)
        return None if found is None else LayerFile(_inside(folder, found.name, found.name))
    return LayerFile(_given_path(folder, RASTER, given), crs=given.get("crs"))


def _given_path(folder: Path, name: str, given: Mapping[str, Any]) -> Path:
    where = f"study.toml [layers.{name}]"
    if "file" not in given:
        raise InputError([Problem(where, "no file is named", 'Give file = "…".')])
    return _inside(folder, given["file"], f"{where} file")


def _inside(folder: Path, name: str, where: str) -> Path:
    """Return the path of a file in ``folder``; a link counts as the place it leads to."""
    file = folder / name
    try:
        inside = file.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself
        inside = False
    if not inside:
        raise InputError([Problem(where, f"'{name}' lies outside the study folder", "Copy it inside.")])
    return file


def _problems(config: Config) -> Iterator[Problem]:
    known: dict[str, tuple[str, ...]] = {
        "study": STUDY_KEYS,
        "layers": (*LAYERS, RASTER),
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
            elif table == "study":
                yield from _study_value(place, key, value)
            elif not isinstance(value, Mapping):
                yield Problem(place, "not a table", f"Write it as [{table}.{key}].")
            elif table == "layers":
                yield from _layer_values(key, value)
            else:
                for name, given in value.items():
                    yield from _column_value(f"study.toml [columns.{key}] {name}", given)


def _study_value(place: str, key: str, value: Any) -> Iterator[Problem]:
    if key == "year":
        if not isinstance(value, int) or isinstance(value, bool):
            yield Problem(place, f"{value!r} is no whole number", "Write the year without quotes.")
    elif not isinstance(value, str):
        yield Problem(place, f"{value!r} is no text", "Write it in quotes.")
    elif key == "datum":
        yield from _datum(place, value)


def _datum(place: str, value: str) -> Iterator[Problem]:
    if value not in DATUMS:
        yield Problem(place, f"'{value}' is no datum we know", f"Give {', '.join(DATUMS)}.{nearest(value, DATUMS)}")


def _layer_values(layer: str, values: Mapping[str, Any]) -> Iterator[Problem]:
    keys = RASTER_KEYS if layer == RASTER else LAYER_KEYS
    for name, value in values.items():
        place = f"study.toml [layers.{layer}] {name}"
        if name not in keys:
            yield Problem(place, "unknown key", nearest(name, keys).strip())
        elif name == "only":
            yield from _only(place, value)
        elif not isinstance(value, str) or "\0" in value:
            yield Problem(place, f"{value!r} is no text", "Write it in quotes.")
        elif name == "datum":
            yield from _datum(place, value)


def _only(place: str, value: Any) -> Iterator[Problem]:
    lists = value.values() if isinstance(value, Mapping) else ()
    fine = value and all(isinstance(cells, list) and cells and all(map(_is_cell, cells)) for cells in lists)
    if not isinstance(value, Mapping) or not fine:
        yield Problem(place, f"{value!r} names no values to keep", 'Write { column = ["this", "that"] }.')


def _column_value(place: str, given: Any) -> Iterator[Problem]:
    """One of: a column's name, columns to add up, one value for all rows, or a translation of words."""
    if isinstance(given, str):
        if "\0" in given:
            yield Problem(place, f"{given!r} is no text", "Write it in quotes.")
    elif isinstance(given, list):
        if not given or not all(isinstance(name, str) for name in given):
            yield Problem(place, f"{given!r} is no list of columns", 'Write ["one column", "another"] to add them up.')
    elif not isinstance(given, Mapping):
        yield Problem(place, f"{given!r} is no text", "Write it in quotes.")
    else:
        unknown = [key for key in given if key not in CELL_KEYS]
        yield from (Problem(f"{place} {key}", "unknown key", nearest(key, CELL_KEYS).strip()) for key in unknown)
        if not unknown and not _is_translation(given) and not (set(given) == {"value"} and _is_cell(given["value"])):
            cure = 'Write { value = "…" }, or { column = "…", words = { theirs = "ours" }, else = "…" }.'
            yield Problem(place, "neither one value nor a column with words", cure)


def _is_translation(given: Mapping[str, Any]) -> bool:
    words = given.get("words", {})
    return (
        "value" not in given
        and isinstance(given.get("column"), str)
        and isinstance(words, Mapping)
        and all(map(_is_cell, words.values()))
        and _is_cell(given.get("else", ""))
    )


def _is_cell(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool))
