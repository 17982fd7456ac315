"""Single cells as people write them: text without blanks, numbers in any script, what stands for nothing."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from layoutopt.errors import Finding
from layoutopt.schema import Column

STANDS_FOR_NOTHING = (-1.0, -9.0, -99.0, -999.0, -9999.0)
"""What databases and forms put where no number is known."""

_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:([, ])\d{3})(?:\1\d{3})*(?:\.\d+)?$")


def as_text(cell: object) -> str:
    """Return a cell as stripped text; missing values of any kind are an empty string."""
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, (float, np.floating)) and np.isnan(cell)):
        return ""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def plain(text: str) -> str:
    """Return text with full-width letters, digits and signs as the usual ones (Unicode's NFKC)."""
    return unicodedata.normalize("NFKC", text).strip() if not text.isascii() else text


def as_numbers(cells: pd.Series) -> pd.Series:
    """Return cells as floats: full-width digits and thousands separators count, anything else is NaN."""
    text = cells.map(as_text)
    numbers = pd.to_numeric(text.where(text != "", np.nan), errors="coerce").astype(float)
    odd = numbers.isna() & (text != "")
    if odd.any():
        written = text[odd].map(_without_groups)
        numbers[odd] = pd.to_numeric(written, errors="coerce").astype(float)
    return numbers


def _without_groups(text: str) -> str:
    written = plain(text).replace("−", "-")
    return re.sub(r"[, ]", "", written) if _GROUPED.match(written) else written


def without_placeholders(
    cells: pd.Series, column: Column, *, label: str, row_word: str, ids: pd.Series | None = None
) -> tuple[pd.Series, Finding | None]:
    """Return the cells with an empty one wherever a number stands for "not known", and the finding that says so.

    Only columns that may be empty have placeholders: a negative number outside the column's limits, or 0
    where the smallest sensible value is 1. Everywhere else the number stays and becomes a problem.
    """
    may_be_empty = not column.required and column.unit != "pupils"
    if column.kind not in ("number", "whole") or column.low is None or not may_be_empty:
        return cells, None
    empty = [value for value in STANDS_FOR_NOTHING if value < column.low] + ([0.0] if column.low >= 1 else [])
    values = as_numbers(cells)
    is_empty = values.isin(empty)
    if not is_empty.any():
        return cells, None
    rows = [str(row) for row in cells.index[is_empty]]
    shown = ", ".join(f"{value:g}" for value in sorted(set(values[is_empty])))
    listed = ", ".join(rows[:8]) + (", …" if len(rows) > 8 else "")
    word = row_word if len(rows) == 1 else f"{row_word}s"
    text = f"{label}: {column.name} = {shown} in {len(rows)} {word} ({listed}) taken as missing"
    layer_ids = tuple(str(ids.loc[row]) for row in cells.index[is_empty]) if ids is not None else ()
    return cells.astype(object).mask(is_empty, ""), Finding(text, ids=layer_ids)
