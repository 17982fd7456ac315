"""Points out of two table columns: degrees by their usual names, or any pair study.toml names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.errors import Problem, nearest
from layoutopt.io.cells import as_numbers, as_text, plain
from layoutopt.io.crs import DEGREES, are_metres
from layoutopt.io.files import LayerFile

if TYPE_CHECKING:
    import geopandas as gpd

X_NAMES = ("lon", "longitude", "lng", "经度", "經度")
Y_NAMES = ("lat", "latitude", "纬度", "緯度")
SOUTH_WEST = ("S", "W", "南", "西")
_SIDE = "[NSEWnsew东西南北東]?"
_MINUTES = re.compile(
    rf"^(?P<before>{_SIDE})\s*(?P<deg>\d{{1,3}})\s*[°º度]\s*(?:(?P<min>\d{{1,2}}(?:\.\d+)?)\s*['′’分]\s*)?"
    rf"(?:(?P<sec>\d{{1,2}}(?:\.\d+)?)\s*(?:\"|″|”|''|′′|’’|秒)\s*)?(?P<after>{_SIDE})$"
)


def points_from_table(
    raw: pd.DataFrame, file: LayerFile, name: str, ids: Mapping[Any, str] | None
) -> tuple[gpd.GeoSeries, list[Problem]]:
    """Return one point a row, with the problems of cells that are no coordinates; those rows have no point.

    Columns named lon and lat are degrees on WGS 84 unless ``crs`` says otherwise or their numbers are metres.
    """
    import geopandas as gpd

    empty = gpd.GeoSeries([None] * len(raw), index=raw.index)
    columns = [str(column) for column in raw.columns]
    unknown = [
        Problem(
            f"study.toml [layers.{name}] {key}",
            f"{file.label} has no column '{given}'",
            nearest(given, columns).strip(),
        )
        for key, given in (("x", file.x), ("y", file.y))
        if given and given not in columns
    ]
    if unknown:
        return empty, unknown
    x = file.x or next((column for column in columns if column.lower() in X_NAMES), None)
    y = file.y or next((column for column in columns if column.lower() in Y_NAMES), None)
    if x is None or y is None:
        cure = f"Add columns lon and lat, or name yours in study.toml as x and y of layer {name}."
        return empty, [Problem(file.label, "no coordinate columns", cure)]
    values = {column: _as_degrees(raw[column]) for column in (x, y)}
    problems = [
        Problem(file.where(row, ids), f"{column} = '{raw.loc[row, column]}'", "Give a number.")
        for column in (x, y)
        for row in raw.index[~np.isfinite(values[column])]
    ]
    is_named = x.lower() in X_NAMES and y.lower() in Y_NAMES
    is_metric = are_metres(np.minimum(values[x].abs(), values[y].abs()).to_numpy())
    crs = file.crs or (DEGREES if is_named and not is_metric else None)
    usable = np.isfinite(values[x]) & np.isfinite(values[y])
    points = gpd.GeoSeries(gpd.points_from_xy(values[x], values[y]), index=raw.index, crs=crs)
    return points.where(usable, None), problems


def _as_degrees(cells: pd.Series) -> pd.Series:
    """Return cells as numbers; degrees, minutes and seconds (106°07′30″E) become decimal degrees."""
    numbers = as_numbers(cells)
    for row in cells.index[numbers.isna().to_numpy()]:
        found = _MINUTES.match(plain(as_text(cells[row])))
        if found:
            whole, minutes, seconds = (float(found[key] or 0) for key in ("deg", "min", "sec"))
            if minutes < 60 and seconds < 60:
                size = whole + minutes / 60 + seconds / 3600
                side = f"{found['before']}{found['after']}".upper()
                numbers[row] = -size if side in SOUTH_WEST else size
    return numbers
