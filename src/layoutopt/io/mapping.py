"""Columns as study.toml describes them: renamed, added up, translated word by word, or one value for every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import Finding, Problem, nearest
from layoutopt.io.cells import as_numbers, as_text, plain
from layoutopt.io.files import LayerFile
from layoutopt.io.shapefiles import FIELD_NAME_BYTES, cut_name
from layoutopt.schema import Layer

SHOWN = 8


@dataclass(frozen=True)
class Mapped:
    """Rows with the columns study.toml asks for, and where each of ours is found under another name."""

    raw: pd.DataFrame
    renames: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


def mapped(raw: pd.DataFrame, layer: Layer, given: Mapping[str, Any], file: LayerFile) -> Mapped:
    """Return ``raw`` with ``given``, the layer's part of ``[columns]``, applied.

    A text names a column; a list adds number columns up (empty cells count 0, unless all are empty);
    ``{value = …}`` is one value for every row; ``{column = …, words = {…}, else = …}`` translates cells.
    """
    made: dict[str, pd.Series] = {}
    renames: dict[str, str] = {}
    findings: list[Finding] = []
    problems: list[Problem] = []
    names = [str(name) for name in raw.columns]
    for ours, how in given.items():
        place = f"study.toml [columns.{layer.name}] {ours}"
        if isinstance(how, Mapping) and "value" in how:
            made[ours] = pd.Series([_written(how["value"])] * len(raw), index=raw.index, dtype=object)
            continue
        wanted = [how] if isinstance(how, str) else [how["column"]] if isinstance(how, Mapping) else list(how)
        theirs, said = _as_cut(wanted, names, file, layer.name)
        findings += said
        missing = [name for name in theirs if name not in names]
        if isinstance(how, str) or missing:
            renames[ours] = (missing or theirs)[0]
            problems += [_no_column(place, name, file, names) for name in missing[1:]]
        elif isinstance(how, Mapping):
            made[ours] = _translated(raw[theirs[0]], how)
        else:
            made[ours], wrong = _added(raw[theirs], file)
            problems += wrong
    for ours, short in _our_names_cut(layer, names, given, file):
        renames[ours] = short
        findings.append(_cut_finding(file, short, ours, layer.name))
    kept = raw.copy()
    for ours, cells in made.items():
        kept[ours] = cells
        if ours not in layer.names:  # the check of names tells it, as for any other
            renames[ours] = ours
    return Mapped(kept, renames, tuple(findings), tuple(problems))


def _written(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else as_text(value)


def _no_column(place: str, name: str, file: LayerFile, names: list[str]) -> Problem:
    return Problem(place, f"{file.label} has no column '{name}'", nearest(name, names).strip())


def _as_cut(wanted: list[str], names: list[str], file: LayerFile, layer: str) -> tuple[list[str], list[Finding]]:
    """Return the columns meant, where a shapefile has cut the names to 10 bytes."""
    found, findings = [], []
    for name in wanted:
        short = None if name in names or file.suffix != ".shp" else cut_name(name, names)
        if short is not None:
            findings.append(_cut_finding(file, short, name, layer))
        found.append(short or name)
    return found, findings


def _our_names_cut(
    layer: Layer, names: list[str], given: Mapping[str, Any], file: LayerFile
) -> Iterator[tuple[str, str]]:
    """Yield our column names that a shapefile has cut, such as ``settlement`` for ``settlement_id``."""
    if file.suffix != ".shp":
        return
    for ours in layer.names:
        short = ours[:FIELD_NAME_BYTES]
        alike = [name for name in layer.names if name[:FIELD_NAME_BYTES] == short]
        if ours not in given and ours not in names and short in names and alike == [ours]:
            yield ours, short


def _cut_finding(file: LayerFile, short: str, name: str, layer: str) -> Finding:
    return Finding(f"{file.label}: column '{short}' taken for '{name}', cut by the format", layer)


def _translated(cells: pd.Series, how: Mapping[str, Any]) -> pd.Series:
    words = {plain(str(theirs).strip()): _written(ours) for theirs, ours in how.get("words", {}).items()}
    text = cells.map(as_text)
    other = _written(how["else"]) if "else" in how else None
    return text.map(lambda cell: words.get(plain(cell), cell if other is None else other)).astype(object)


def _added(parts: pd.DataFrame, file: LayerFile) -> tuple[pd.Series, list[Problem]]:
    total = np.zeros(len(parts))
    is_given = np.zeros(len(parts), dtype=bool)
    problems = []
    for position, name in enumerate(parts.columns):
        cells = parts.iloc[:, position]
        text, numbers = cells.map(as_text), as_numbers(cells)
        wrong = (text != "") & ~(np.isfinite(numbers) & (numbers >= 0))
        problems += [
            Problem(file.where(row), f"{name} = '{text[row]}'", "Give a number from 0, or leave it empty.")
            for row in text.index[wrong]
        ]
        total += numbers.where(~wrong, 0.0).fillna(0.0).to_numpy()
        is_given |= (text != "").to_numpy()
    return pd.Series(np.where(is_given, total, np.nan), index=parts.index).astype(object), problems


def chosen(raw: pd.DataFrame, only: Mapping[str, Any], file: LayerFile, layer: str) -> Mapped:
    """Return the rows whose cells are among the values ``only`` names, and a finding about the rest."""
    keep = pd.Series(True, index=raw.index)
    names = [str(name) for name in raw.columns]
    problems, told = [], []
    for column, values in only.items():
        if column not in names:
            problems.append(_no_column(f"study.toml [layers.{layer}] only", column, file, names))
            continue
        text = raw[column].map(as_text).map(plain)
        fits = text.isin({plain(_written(value).strip()) for value in values})
        left = sorted(set(text[~fits]))
        shown = ", ".join(f"'{value}'" for value in left[:SHOWN]) + (", …" if len(left) > SHOWN else "")
        told += [f"{column} = {shown}"] if left else []
        keep &= fits
    if problems:
        return Mapped(raw, {}, problems=tuple(problems))
    dropped = int((~keep).sum())
    if dropped == len(raw) and dropped:
        what = f"no row is left of {len(raw)}, the others hold {'; '.join(told)}"
        return Mapped(raw, {}, problems=(Problem(f"study.toml [layers.{layer}] only", what, "Check the values."),))
    text = f"{file.label}: {dropped} of {len(raw)} {file.row_word}s left out, as study.toml says ({'; '.join(told)})"
    return Mapped(raw[keep], {}, (Finding(text, layer),) if dropped else ())
