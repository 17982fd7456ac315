"""Small county folders with one flaw each: what docs/errors.md shows is read from them for real."""

from __future__ import annotations

import io
import json
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import layoutopt as lo

if TYPE_CHECKING:
    import geopandas as gpd

SETTLEMENTS = """settlement_id,name,lon,lat,g1,g2,g3,g4,g5,g6,current_primary
V1,Upper Bend,106.150,33.330,3,2,4,3,2,1,S1
V2,Lower Bend,106.160,33.335,6,5,4,6,5,7,S2
V3,Far Field,106.170,33.340,1,0,2,0,1,0,S2
"""
SCHOOLS = """school_id,name,lon,lat,grades,places_primary,hub
S1,Upper Bend School,106.150,33.331,1-6,40,no
S2,Central School,106.165,33.336,1-6,200,yes
"""
CODES = '[columns.settlements]\nsettlement_id = "code"\ncurrent_primary = "school"\n'
"""What study.toml says of :func:`villages`."""

Folder = Callable[[Path], object]


def read(
    folder: Path, *, settlements: str | None = SETTLEMENTS, schools: str | None = SCHOOLS, **others: str
) -> lo.Study:
    """Write a folder of tables (``name__suffix`` for further files; None leaves one out) and read it."""
    write(folder, settlements__csv=settlements, schools__csv=schools, **others)
    return lo.read_study(folder)


def write(folder: Path, **files: str | None) -> Path:
    """Write text files named ``name__suffix`` into ``folder``."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        if text is not None:
            (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return folder


def changed(table: str, old: str, new: str) -> Folder:
    """Return the reading of a folder in which ``old`` became ``new`` in one table."""
    text = {"settlements": SETTLEMENTS, "schools": SCHOOLS}[table]
    assert old in text, old
    return lambda folder: read(folder, **{table: text.replace(old, new)})


def villages(crs: str = "EPSG:4326", **columns: Any) -> gpd.GeoDataFrame:
    """Return the three villages as a layer, the id under ``code`` so that a shapefile can hold its name."""
    import geopandas as gpd
    import pandas as pd

    table = pd.read_csv(io.StringIO(SETTLEMENTS)).rename(columns={"settlement_id": "code", "current_primary": "school"})
    points = gpd.points_from_xy(table.pop("lon"), table.pop("lat"), crs="EPSG:4326").to_crs(crs)
    return gpd.GeoDataFrame(table.assign(**columns), geometry=points)


def saved(frame: gpd.GeoDataFrame, path: Path, **how: Any) -> Path:
    """Write a layer with pyogrio, whatever it thinks of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", **how)
    return path


def shapefile(frame: gpd.GeoDataFrame, path: Path, *, without: tuple[str, ...] = (), encoding: str = "UTF-8") -> Path:
    """Write a shapefile and lose some of the files that belong to it."""
    saved(frame, path, encoding=encoding)
    for suffix in without:
        path.with_suffix(suffix).unlink()
    return path


def geojson(*geometries: object, **properties: Any) -> str:
    """Return a GeoJSON text, a feature a geometry, all with the same properties."""
    features = [{"type": "Feature", "properties": properties, "geometry": shape} for shape in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features})


def line(*points: tuple[float, float]) -> dict[str, Any]:
    """Return a GeoJSON line."""
    return {"type": "LineString", "coordinates": [list(point) for point in points]}


def workbook(path: Path, sheets: dict[str, str]) -> Path:
    """Write CSV texts as the sheets of a workbook."""
    import pandas as pd

    with pd.ExcelWriter(path, engine="openpyxl") as book:
        for name, text in sheets.items():
            pd.read_csv(io.StringIO(text), dtype=object).to_excel(book, sheet_name=name, index=False)
    return path


def bomb(path: Path) -> Path:
    """Write a small workbook that claims to hold far more than a county could."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", bytes(300 << 20))
    return path


@contextmanager
def absent(*packages: str) -> Iterator[None]:
    """Make packages look as if they were not installed."""
    gone = {name: module for name, module in sys.modules.items() if name.split(".")[0] in packages}
    for name in [*gone, *packages]:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in packages:
            sys.modules.pop(name, None)
        sys.modules.update(gone)
