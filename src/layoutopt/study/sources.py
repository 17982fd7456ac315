"""What lies in a folder: every file, layer and sheet that could hold one of our layers, with its columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from layoutopt.errors import InputError, LayoutError
from layoutopt.io.cells import as_numbers
from layoutopt.io.coordinates import geometry_of
from layoutopt.io.crs import Guess, guess_crs
from layoutopt.io.files import OSM_SUFFIXES, RASTER_SUFFIXES, SUFFIXES, LayerFile
from layoutopt.io.layers import read_raw
from layoutopt.io.tables import sheet_names
from layoutopt.study.synonyms import EASTING, LATITUDE, LONGITUDE, NORTHING, plain

if TYPE_CHECKING:
    import geopandas as gpd

OURS = ("columns.md",)
SHAPES = {
    "Point": "point",
    "MultiPoint": "point",
    "LineString": "line",
    "MultiLineString": "line",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}
LONGEST_REASON = 120
NUMBERS_AT_LEAST = 0.9
"""Share of cells that must be numbers before a column counts as coordinates."""


@dataclass(frozen=True, eq=False)
class Source:
    """One file, layer or sheet: ``shape`` is point, line, polygon, none, osm or raster; ``guess`` its system if unsaid.

    ``x`` and ``y`` are the coordinate columns of a table.
    """

    file: LayerFile
    table: pd.DataFrame
    shape: str
    crs: str | None = None
    x: str | None = None
    y: str | None = None
    guess: Guess | None = None

    @property
    def label(self) -> str:
        """The file with its layer or sheet, as people name it."""
        part = self.file.layer or self.file.sheet
        return f"{self.file.path.name} [{part}]" if part else self.file.path.name

    @property
    def own_name(self) -> str:
        """The layer's or sheet's name, else the file's."""
        return self.file.layer or self.file.sheet or self.file.path.name.split(".")[0]

    @property
    def headers(self) -> list[str]:
        """Names of the columns, geometry apart."""
        return [str(name) for name in self.table.columns if name != "geometry"]

    @property
    def in_degrees(self) -> bool:
        """Whether the coordinates are longitudes and latitudes, which alone a web map shifts."""
        geometry = self.geometry()
        return geometry is not None and bool(geometry.crs.is_geographic)

    def geometry(self) -> gpd.GeoSeries | None:
        """Return the shapes with their coordinate system, or None where that is not known."""
        if self.shape not in ("point", "line", "polygon"):
            return None
        crs = self.guess.crs if self.guess is not None and not self.guess.swapped else self.crs
        if crs is None:
            return None
        shapes, problems = geometry_of(self.table, replace(self.file, x=self.x, y=self.y, crs=crs), name="")
        return None if problems else shapes


@dataclass(frozen=True)
class Unused:
    """A file or layer that holds none of our layers, and why."""

    label: str
    why: str


def sources_in(folder: Path) -> tuple[list[Source], list[Unused]]:
    """Return what can be read in ``folder``, in the order of names, and what cannot with the reason."""
    found: list[Source] = []
    unused: list[Unused] = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        name = path.name.lower()
        if not path.is_file() or name in OURS or name.startswith("."):
            continue
        if name.endswith(RASTER_SUFFIXES):
            found.append(Source(LayerFile(path), pd.DataFrame(), "raster"))
        elif name.endswith(OSM_SUFFIXES):
            found.append(Source(LayerFile(path), pd.DataFrame(), "osm"))
        elif name.endswith(SUFFIXES):
            _read_file(path, found, unused)
    return found, unused


def _read_file(path: Path, found: list[Source], unused: list[Unused]) -> None:
    try:
        files = list(_parts(path))
    except LayoutError as error:
        unused.append(Unused(path.name, _first_line(error)))
        return
    for file in files:
        try:
            source = _source(file)
        except LayoutError as error:
            unused.append(Unused(file.label, _first_line(error)))
            continue
        if len(source.table):
            found.append(source)
        else:
            unused.append(Unused(source.label, "it has no rows"))


def _first_line(error: LayoutError) -> str:
    said = error.problems[0].what if isinstance(error, InputError) and error.problems else str(error)
    return textwrap.shorten(said, LONGEST_REASON, placeholder=" …")


def _parts(path: Path) -> Iterator[LayerFile]:
    """Yield the layers or sheets of a file; where there is one, it need not be named."""
    if path.suffix.lower() == ".xlsx":
        sheets = sheet_names(path)
        yield from [LayerFile(path)] if len(sheets) == 1 else [LayerFile(path, sheet=sheet) for sheet in sheets]
        return
    if path.suffix.lower() != ".gpkg":
        yield LayerFile(path)
        return
    import pyogrio

    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise InputError(f"the file cannot be read ({error})") from None
    yield from [LayerFile(path)] if len(layers) == 1 else [LayerFile(path, layer=layer) for layer in layers]


def _source(file: LayerFile) -> Source:
    raw = read_raw(file)
    if file.is_table or "geometry" not in raw or not hasattr(raw, "crs"):
        return _table_source(file, raw)
    geometry: Any = raw.geometry
    kinds = geometry[~(geometry.isna() | geometry.is_empty)].geom_type
    shapes = kinds.map(SHAPES).dropna()
    shape = str(shapes.mode().iloc[0]) if len(shapes) else "none"
    crs = None if raw.crs is None else str(raw.crs.to_string())
    guess = guess_crs(geometry.total_bounds) if crs is None and len(shapes) else None
    return Source(file, raw, shape, crs, guess=guess)


def _table_source(file: LayerFile, raw: pd.DataFrame) -> Source:
    for names in ((LONGITUDE, LATITUDE), (EASTING, NORTHING)):
        x, y = (_numeric(raw, words) for words in names)
        if x is not None and y is not None:
            numbers = [as_numbers(raw[name]).dropna() for name in (x, y)]
            bounds = [numbers[0].min(), numbers[1].min(), numbers[0].max(), numbers[1].max()]
            return Source(file, raw, "point", x=x, y=y, guess=guess_crs(bounds))
    return Source(file, raw, "none")


def _numeric(raw: pd.DataFrame, words: tuple[str, ...]) -> str | None:
    for word in words:
        for name in map(str, raw.columns):
            if plain(name) == word and len(raw) and as_numbers(raw[name]).notna().mean() >= NUMBERS_AT_LEAST:
                return name
    return None
