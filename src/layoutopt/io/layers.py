"""Layers as their files hold them: any vector file or table in, one frame with rows as the user counts them out."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

import pandas as pd

from layoutopt.errors import Finding, InputError, MissingExtraError, Problem
from layoutopt.io.files import OSM_SUFFIXES, LayerFile, check_readable
from layoutopt.io.osm import read_osm
from layoutopt.io.shapefiles import CARRIER, as_written
from layoutopt.io.tables import guessed_encoding, read_titled


@dataclass(frozen=True)
class RawLayer:
    """A file's rows as they stand, and what was repaired while opening it."""

    frame: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def read_raw(file: LayerFile, *, name: str = "") -> pd.DataFrame:
    """Return a table's cells as text, or a vector file's attributes with its geometry, rows numbered as users count.

    ``name`` is our layer's name; an OpenStreetMap extract holds roads and settlements at once and needs it.

    Raises
    ------
    InputError
        The file does not exist, is damaged, or has several layers and none is named.
    """
    return read_layer(file, name=name).frame


def read_layer(file: LayerFile, *, name: str = "") -> RawLayer:
    """Return what :func:`read_raw` does, with the findings: a guessed encoding, ways left out of an extract."""
    check_readable(file)
    if file.is_table:
        return _read_cells(file)
    found, findings = _read_vector(file, name)
    found.index = range(1, len(found) + 1)
    return RawLayer(found, tuple(findings))


def _read_cells(file: LayerFile) -> RawLayer:
    guess = guessed_encoding(file.path) if file.suffix == ".csv" and not file.encoding else ""
    found, titles = read_titled(file.path, encoding=file.encoding or guess or None, sheet=file.sheet)
    findings = []
    if guess:
        findings.append(Finding(f"{file.path.name}: text read as Chinese GBK (GB 18030), as it is no UTF-8"))
    if titles:
        shown = "; ".join(titles)
        findings.append(Finding(f"{file.path.name}: lines above the column names taken for a title ({shown[:80]})"))
    return RawLayer(found, tuple(findings))


def _read_vector(file: LayerFile, name: str) -> tuple[pd.DataFrame, list[Finding]]:
    import geopandas as gpd
    import shapely

    try:
        if file.suffix == ".parquet":
            if importlib.util.find_spec("pyarrow") is None:
                raise MissingExtraError("pyarrow", "parquet")
            return gpd.read_parquet(file.path), []
        if file.suffix in OSM_SUFFIXES and file.layer is None:
            return read_osm(file, name)
        layer = file.layer or _only_layer(file)
        if file.suffix == ".shp":
            raw = gpd.read_file(file.path, layer=layer, encoding=CARRIER)
            return as_written(raw, file.path, encoding=file.encoding)
        return gpd.read_file(file.path, layer=layer, encoding=file.encoding), []
    except (RuntimeError, ValueError, LookupError, OSError, shapely.errors.ShapelyError) as error:  # GDAL's are many
        if isinstance(error, InputError):
            raise
        cure = "Open and save it again in a GIS."
        raise InputError([Problem(file.label, f"the file cannot be read ({error})", cure)]) from None


def _only_layer(file: LayerFile) -> str:
    import pyogrio

    names = [str(name) for name, _ in pyogrio.list_layers(file.path)]
    if len(names) == 1 or file.path.stem in names:
        return names[0] if len(names) == 1 else file.path.stem
    raise InputError(
        [Problem(file.label, f"it holds {len(names)} layers ({', '.join(names)})", "Name one in study.toml.")]
    )
