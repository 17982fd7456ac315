"""What the road columns say, read into plain arrays: words for yes, no and one-way become numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import InputError, Problem

YES = ("yes", "true", "1", "1.0", "y", "designated", "permissive", "official", "是")
NO = ("no", "false", "0", "0.0", "n", "none", "private", "否")
CONDITIONS = ("good", "fair", "poor", "impassable")
IMPASSABLE = "impassable"
FERRY = "ferry"
BACKWARD = ("-1", "-1.0", "reverse", "backward")

YES_NO = dict.fromkeys(YES, 1) | dict.fromkeys(NO, 0)
ONE_WAY = YES_NO | {"forward": 1} | dict.fromkeys(BACKWARD, -1)


def read_attributes(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return one row a line: class, speed_kmh, surface, condition, oneway, bus, walk, danger, apart.

    ``bus`` and ``walk`` are −1 where nothing is said; ``apart`` flags ferries, and bridges and tunnels,
    whatever the word (``viaduct``, ``yes``), unless it is a no.

    Raises
    ------
    InputError
        Every word that is neither a yes nor a no, every speed that is no number and every unknown
        condition, in one pass.
    """
    problems: list[Problem] = []
    words = _words(lines, "class")
    frame = pd.DataFrame(
        {
            "class": words,
            "speed_kmh": _speeds(lines, problems),
            "surface": _words(lines, "surface"),
            "condition": _conditions(lines, problems),
            "oneway": _flags(lines, "oneway", ONE_WAY, 0, problems),
            "bus": _flags(lines, "bus", YES_NO, -1, problems),
            "walk": _flags(lines, "walk", YES_NO, -1, problems),
            "danger": _flags(lines, "danger", YES_NO, 0, problems) == 1,
            "apart": _is_said(lines, "bridge") | _is_said(lines, "tunnel") | (words == FERRY),
        }
    )
    if problems:
        raise InputError(problems)
    return frame


def _words(lines: gpd.GeoDataFrame, column: str) -> pd.Series:
    """Return a column as lower-case words, empty where missing."""
    if column not in lines:
        return pd.Series("", index=range(len(lines)), dtype=object)
    words = lines[column].astype("string").str.strip().str.lower().fillna("")
    plain: pd.Series = words.mask(words == "nan", "").astype(object).reset_index(drop=True)
    return plain


def _is_said(lines: gpd.GeoDataFrame, column: str) -> pd.Series:
    """Return where a column holds a word other than no."""
    said: pd.Series = ~_words(lines, column).isin(["", *NO])
    return said


def _conditions(lines: gpd.GeoDataFrame, problems: list[Problem]) -> pd.Series:
    words = _words(lines, "condition")
    problems += [
        Problem(_where(at), f"condition = '{words[at]}'", f"Give one of {', '.join(CONDITIONS)}, or leave it empty.")
        for at in np.flatnonzero(~words.isin(["", *CONDITIONS]))
    ]
    return words


def _flags(
    lines: gpd.GeoDataFrame, column: str, known: Mapping[str, int], missing: int, problems: list[Problem]
) -> NDArray[np.int8]:
    words = _words(lines, column)
    unknown = ~words.isin(["", *known])
    problems += [
        Problem(_where(at), f"{column} = '{words[at]}'", f"Give yes or no{', or -1' if known is ONE_WAY else ''}.")
        for at in np.flatnonzero(unknown)
    ]
    numbers = words.map({**known, "": missing}).fillna(missing)
    return np.asarray(numbers, dtype=np.int8)


def _speeds(lines: gpd.GeoDataFrame, problems: list[Problem]) -> NDArray[np.float64]:
    """Return the speeds given, NaN where none is; 0 and negative numbers stand for none."""
    words = _words(lines, "speed_kmh")
    numbers = pd.to_numeric(words.mask(words == "", None), errors="coerce").to_numpy(float)
    problems += [
        Problem(_where(at), f"speed_kmh = '{words[at]}'", "Give a number in km/h, or leave it empty.")
        for at in np.flatnonzero(np.isnan(numbers) & (words != "").to_numpy())
    ]
    return np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan)


def _where(position: np.integer[Any]) -> str:
    return f"roads, feature {position + 1}"
