"""Where a layer lies: which endings are read, what a row is called, and whether a file is what its name says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layoutopt.errors import InputError, Problem

TABLE_SUFFIXES = (".csv", ".xlsx")
OSM_SUFFIXES = (".osm.pbf", ".osm")
VECTOR_SUFFIXES = (".gpkg", ".shp", ".geojson", ".json", ".parquet", *OSM_SUFFIXES)
RASTER_SUFFIXES = (".tif", ".tiff")
SUFFIXES = (*VECTOR_SUFFIXES, *TABLE_SUFFIXES)
SIDECARS = (".shx", ".dbf", ".prj", ".cpg")
HEAD_BYTES = 65_536


@dataclass(frozen=True)
class LayerFile:
    """Where a layer lies and how to read it; empty fields are found from the file."""

    path: Path
    layer: str | None = None
    crs: str | None = None
    x: str | None = None
    y: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    datum: str | None = None

    @property
    def label(self) -> str:
        """The file as messages name it."""
        return f"{self.path.name} [{self.layer}]" if self.layer else self.path.name

    def where(self, row: object, ids: Mapping[Any, str] | None = None) -> str:
        """A row as messages name it, with its id where one is known."""
        code = str(ids.get(row, "")) if ids is not None else ""
        return f"{self.label} {self.row_word} {row}" + (f" ({code})" if code else "")

    @property
    def suffix(self) -> str:
        """The ending in small letters; ``.osm.pbf`` counts as one."""
        name = self.path.name.lower()
        return ".osm.pbf" if name.endswith(".osm.pbf") else self.path.suffix.lower()

    @property
    def is_table(self) -> bool:
        """Whether rows are cells of a spreadsheet, whose points stand in two columns."""
        return self.suffix in TABLE_SUFFIXES

    @property
    def row_word(self) -> str:
        """What a row is called where the user sees it."""
        return "row" if self.is_table else "feature"

    @property
    def all_paths(self) -> tuple[Path, ...]:
        """Every file that is read: a shapefile is several."""
        if self.suffix != ".shp":
            return (self.path,)
        beside = sorted(p for p in self.path.parent.glob("*") if p.stem == self.path.stem)
        return (self.path, *(p for p in beside if p.suffix.lower() in SIDECARS))

    def hashes(self, folder: Path) -> dict[str, str]:
        """Return the SHA-256 of every file read, by its name within ``folder``."""
        return {sha256_name(path, folder): sha256(path) for path in self.all_paths}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sha256_name(path: Path, folder: Path) -> str:
    """Return a file's name within the study folder, with forward slashes on every platform."""
    return path.resolve().relative_to(folder.resolve()).as_posix()


def find_layer(folder: Path, name: str, suffixes: tuple[str, ...] = SUFFIXES) -> Path | None:
    """Return the file in ``folder`` that is named after the layer, or None."""
    for suffix in suffixes:
        path = folder / f"{name}{suffix}"
        if path.is_file():
            return path
    return None


def check_readable(file: LayerFile, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Raise ``InputError`` where a file is missing, of an unknown kind, or not what its ending says."""
    if not file.path.is_file():
        raise InputError([Problem(file.label, "the file does not exist", _neighbours(file.path))])
    if file.suffix not in suffixes:
        raise InputError([Problem(file.label, "this kind of file is not read", f"Use {', '.join(suffixes)}.")])
    kind = disguised(file.path)
    if kind:
        cure = "Open and save it again in a GIS."
        raise InputError([Problem(file.label, f"the file cannot be read ({kind})", cure)])


def _neighbours(path: Path) -> str:
    names = sorted(p.name for p in path.parent.glob("*") if p.name.lower().endswith(SUFFIXES))[:8]
    return f"The folder holds: {', '.join(names)}." if names else "The folder holds no readable file."


def disguised(path: Path) -> str:
    """Return why the content is not what the ending promises; empty where it is, or where nothing is promised.

    The reader below us goes by content: a file that merely points to others (a virtual layer, a stored
    command line) would lead out of the study folder under a harmless name.
    """
    with path.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
    suffix = LayerFile(path).suffix
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if suffix == ".gpkg" and not head.startswith(b"SQLite format 3\0"):
        return "it is no GeoPackage"
    if suffix == ".shp" and not head.startswith(b"\x00\x00\x27\x0a"):
        return "it is no shapefile"
    if suffix in (".geojson", ".json") and (not start.startswith(b"{") or b"gdal_streamed_alg" in head):
        return "it is no GeoJSON"
    if suffix == ".osm" and (b"<osm" not in head or b"OGRVRT" in head):
        return "it is no OpenStreetMap file"
    if suffix == ".osm.pbf" and b"OSMHeader" not in head[:64]:
        return "it is no OpenStreetMap extract"
    return ""
