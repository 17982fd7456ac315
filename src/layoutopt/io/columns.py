"""Raw cells against a schema layer: every unusable cell becomes one problem with row, value and cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from layoutopt.errors import Finding, Problem, nearest
from layoutopt.io.cells import as_numbers, as_text, plain, without_placeholders
from layoutopt.schema import Column, Layer

YES = {"yes", "y", "true", "t", "1", "是", "有"}
NO = {"no", "n", "false", "f", "0", "否", "无", "無"}
_SPAN = re.compile(r"^\s*([1-9])\s*(?:[-–—~至到]\s*([1-9]))?\s*(?:年级|年級)?\s*$")
_CHINESE_DIGITS = str.maketrans("一二三四五六七八九", "123456789")


def check_columns(
    raw: pd.DataFrame, layer: Layer, *, label: str, renames: Mapping[str, str], row_word: str = "row"
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return ``raw`` with schema names and types, and every problem found.

    Parameters
    ----------
    raw
        Cells as read; the index holds the row numbers a spreadsheet or GIS shows.
    renames
        Our column name → the file's; names not mentioned are looked up as they are.
    label
        File name, as messages show it.

    Returns
    -------
    The frame holds only schema columns that the file has; unusable cells are missing in it.
    """
    problems = list(_missing_columns(raw, layer, label, renames))
    must = {renames.get(column.name, column.name) for column in layer if column.required}
    empty = [name for name in raw.columns if name not in must and name != "geometry" and _is_blank(raw[name])]
    raw = raw.drop(columns=empty) if len(raw) else raw
    found: dict[str, pd.Series] = {}
    for column in layer:
        name = renames.get(column.name, column.name)
        if name in raw.columns:
            found[column.name] = raw[name]
    ids = found[layer.key[0]].astype(str) if layer.key and layer.key[0] in found else None
    frame = pd.DataFrame(index=raw.index)
    for column in layer:
        if column.name in found:
            where = _places(label, row_word, ids)
            frame[column.name], wrong = _converted(found[column.name], column, where)
            problems += wrong
    problems += _duplicates(frame, layer, label, row_word)
    return frame, problems


def without_missing(
    raw: pd.DataFrame, layer: Layer, *, label: str, renames: Mapping[str, str], row_word: str = "row"
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return ``raw`` with empty cells for the numbers that stand for "not known", one finding a column."""
    key = renames.get(layer.key[0], layer.key[0]) if layer.key else ""
    ids = raw[key].map(as_text) if key in raw else None
    raw, findings = raw.copy(), []
    for column in layer:
        name = renames.get(column.name, column.name)
        if name in raw.columns:
            cells, finding = without_placeholders(raw[name], column, label=label, row_word=row_word, ids=ids)
            if finding is not None:
                raw[name] = cells
                findings.append(Finding(finding.text, layer.name, finding.ids))
    return raw, findings


def _missing_columns(raw: pd.DataFrame, layer: Layer, label: str, renames: Mapping[str, str]) -> Iterator[Problem]:
    for ours, theirs in renames.items():
        if ours not in layer.names:
            yield Problem(
                f"study.toml [columns.{layer.name}] {ours}",
                "not a column of this layer",
                nearest(ours, layer.names).strip(),
            )
        elif theirs not in raw.columns:
            hint = nearest(theirs, map(str, raw.columns)).strip()
            yield Problem(f"study.toml [columns.{layer.name}] {ours}", f"{label} has no column '{theirs}'", hint)
    for column in layer:
        if column.required and column.name not in renames and column.name not in raw.columns:
            others = [str(name) for name in raw.columns if name not in layer.names and name != "geometry"]
            hint = nearest(column.name, others).strip()
            cure = hint or f"Add it, or name yours in study.toml under [columns.{layer.name}]."
            yield Problem(label, f"the column {column.name} is missing ({column.meaning.lower()})", cure)


def _is_blank(cells: pd.Series) -> bool:
    """Whether a column holds nothing at all; it then counts as absent."""
    return bool(cells.isna().all() or (cells.astype(object) == "").all())


Where = Callable[[int], str]


def _places(label: str, row_word: str, ids: pd.Series | None) -> Where:
    def where(row: int) -> str:
        known = ids is not None and str(ids.loc[row]) not in ("", "nan", "None")
        return f"{label} {row_word} {row}" + (f" ({ids.loc[row]})" if known and ids is not None else "")

    return where


def _converted(cells: pd.Series, column: Column, where: Where) -> tuple[pd.Series, list[Problem]]:
    if column.kind in ("number", "whole"):
        return _numbers(cells, column, where)
    text = cells.map(as_text)
    if column.kind == "flag":
        return _chosen(text, column, where, _flag, object)
    if column.kind == "grades":
        return _chosen(text, column, where, grade_span, object)
    if column.kind == "choice":
        return _chosen(text, column, where, lambda cell: plain(cell) if plain(cell) in column.choices else None, object)
    problems = [
        Problem(where(row), f"{column.name} is empty", "Give every row its own code, or delete the row.")
        for row in text.index[text == ""]
        if column.kind == "id" and column.required
    ]
    return text, problems


def _numbers(cells: pd.Series, column: Column, where: Where) -> tuple[pd.Series, list[Problem]]:
    text = cells.map(as_text)
    values = as_numbers(cells)
    low = -np.inf if column.low is None else column.low
    high = np.inf if column.high is None else column.high
    is_word = (text != "") & values.isna()
    is_outside = values.notna() & ~(np.isfinite(values) & values.between(low, high))
    is_broken = values.notna() & ~is_outside & (column.kind == "whole") & (values != values.round())
    must_have = column.required or column.unit == "pupils"
    is_gap = (text == "") & must_have
    problems = []
    for row in cells.index[is_word | is_outside | is_broken | is_gap]:
        shown = f"'{text[row]}'" if is_word[row] else text[row]
        what = f"{column.name} is empty" if is_gap[row] else f"{column.name} = {shown}"
        problems.append(Problem(where(row), what, _wanted(column)))
    return values.where(~(is_word | is_outside | is_broken)), problems


def _wanted(column: Column) -> str:
    whole = "a whole number, " if column.kind == "whole" else ""
    return f"Give {whole}{column.limits} {column.unit}".rstrip() + "."


def _chosen(
    text: pd.Series, column: Column, where: Where, convert: Callable[[str], object], dtype: type
) -> tuple[pd.Series, list[Problem]]:
    values = text.map(lambda cell: None if cell == "" else convert(cell)).astype(dtype)
    wrong = (text != "") & values.isna()
    if column.required:
        wrong |= text == ""
    problems = [
        Problem(
            where(row),
            f"{column.name} = '{text[row]}'" if text[row] else f"{column.name} is empty",
            f"Give {column.limits}." + nearest(text[row], column.choices),
        )
        for row in text.index[wrong]
    ]
    return values, problems


def _flag(cell: str) -> bool | None:
    word = plain(cell).lower()
    return True if word in YES else False if word in NO else None


def grade_span(cell: str) -> str | None:
    """Return a span of grades as we write it, such as 1-6; None where the words are no span."""
    found = _SPAN.match(plain(cell).translate(_CHINESE_DIGITS))
    if not found:
        return None
    low, high = int(found[1]), int(found[2] or found[1])
    return f"{low}-{high}" if low <= high else None


def _duplicates(frame: pd.DataFrame, layer: Layer, label: str, row_word: str) -> Iterator[Problem]:
    keys = [name for name in layer.key if name in frame]
    if len(keys) < len(layer.key) or not keys:
        return
    again = frame.duplicated(keys) & (frame[keys[0]] != "")
    for row in frame.index[again]:
        same = (frame[keys] == frame.loc[row, keys]).all(axis=1)
        first = frame.index[same][0]
        code = ", ".join(str(frame.loc[row, name]) for name in keys)
        yield Problem(
            f"{label} {row_word} {row} ({code})",
            f"{' + '.join(keys)} stands already in {row_word} {first}",
            "Give each row its own code, or delete one row.",
        )
