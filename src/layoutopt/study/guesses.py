"""Which of a file's columns are ours: found by their names, believed only where the cells fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from layoutopt.io.cells import as_numbers, as_text
from layoutopt.schema import GRADES, PUPIL_COLUMNS, Column, Layer
from layoutopt.study.sources import Source
from layoutopt.study.synonyms import COLUMNS, FLAG_WORDS, WORDS, grade_of, plain, plain_word

FITS = 0.9
"""Share of the filled cells that must be numbers, or yes and no."""
KNOWN_WORDS = 0.5
"""Share of the filled cells whose word must be known before a column of fixed words is believed."""
SEXES = (("男", "女"), ("male", "female"), ("boys", "girls"))
SHARED = {"kind", "grades", "settlement"}
"""Ours that may stand on a column another of ours uses too."""
MOST_WORDS = 40
CUT_BYTES = (9, 10)
"""Length of a name a shapefile has cut: ten bytes, or nine where the tenth would halve a character."""
_SPAN = re.compile(r"^[1-9](?:[-–—~至到][1-9])?$")
_YES_NO = ("yes", "no", "y", "n", "true", "false", "t", "f", "1", "0", *FLAG_WORDS)


@dataclass(frozen=True)
class ColumnGuess:
    """One of our columns: theirs (several are added up), their words for ours, the reason and the rivals.

    ``value`` is one value for every row. ``off`` tells why the guess is written down but not used; ``unknown``
    are words nobody translated.
    """

    ours: str
    theirs: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    value: str = ""
    why: str = ""
    also: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    off: str = ""


def guess_columns(layer: Layer, source: Source) -> list[ColumnGuess]:
    """Return our columns that ``source`` holds, in the order of the schema."""
    found: list[ColumnGuess] = []
    taken: set[str] = set()
    grades = _grade_columns(source)
    for column in layer:
        if column.name in PUPIL_COLUMNS:
            guess = grades.get(int(column.name[1:]))
        else:
            guess = _named(layer, column, source, taken) or _both_sexes(layer, column, source)
        if guess is not None:
            found.append(guess)
            taken.update(() if column.name in SHARED else guess.theirs)
    if layer.name == "schools" and not any(guess.ours == "grades" for guess in found):
        found += _span_taught(found, source)
    return found


def _words_for(layer: Layer, column: Column) -> list[str]:
    return [plain(column.name), *map(plain, COLUMNS[layer.name].get(column.name, ()))]


def _named(layer: Layer, column: Column, source: Source, taken: set[str]) -> ColumnGuess | None:
    used = taken - ({source.x, source.y} if column.name in SHARED else set())
    names = [
        header
        for word in _words_for(layer, column)
        for header in source.headers
        if _same(header, word, source) and header not in used and (column.name in SHARED or header not in taken)
    ]
    fitting = [name for name in dict.fromkeys(names) if _fits(layer, column, source.table[name])]
    if not fitting:
        return None
    best = max(fitting, key=lambda name: (_known(layer, column, source.table[name]), -fitting.index(name)))
    words, unknown = _translation(layer, column, source.table[best])
    why = "same name" if plain(best) == plain(column.name) else "by its name"
    if layer.key == (column.name,):
        why += f"; all {len(source.table):,} differ"
    also = tuple(name for name in fitting if name != best)
    return ColumnGuess(column.name, (best,), words, why=why, also=also, unknown=unknown)


def _same(header: str, word: str, source: Source) -> bool:
    """Whether a header is the word, or what a shapefile's ten bytes leave of it."""
    text = plain(header)
    if text == word or source.file.suffix != ".shp":
        return text == word
    is_cut = any(len(header.encode(code)) in CUT_BYTES for code in ("gb18030", "utf-8"))
    return is_cut and len(text) > 2 and word.startswith(text)


def _fits(layer: Layer, column: Column, cells: pd.Series) -> bool:
    text = cells.map(as_text)
    given = text[text != ""]
    if given.empty:
        return False
    if layer.key == (column.name,):
        return len(given) == len(text) and bool(given.is_unique)
    if column.kind in ("number", "whole"):
        numbers = as_numbers(given)
        high = float("inf") if column.high is None else column.high
        return bool(numbers.notna().mean() >= FITS and numbers.median() <= high)
    if column.kind == "flag":
        return bool(given.map(plain_word).isin(_YES_NO).mean() >= FITS)
    if column.kind in ("choice", "grades"):
        return _known(layer, column, cells) >= KNOWN_WORDS
    return True


def _known(layer: Layer, column: Column, cells: pd.Series) -> float:
    """Return the share of filled cells whose word is ours or has a translation; 0 for free text and numbers."""
    text = cells.map(as_text)
    given = text[text != ""]
    return float(given.map(lambda cell: _ours(layer, column, cell) is not None).mean()) if len(given) else 0.0


def _ours(layer: Layer, column: Column, cell: str) -> str | None:
    if cell in column.choices or (column.kind == "grades" and _SPAN.match(cell)):
        return cell
    table = FLAG_WORDS if column.kind == "flag" else WORDS.get((layer.name, column.name), {})
    return table.get(plain_word(cell))


def _translation(layer: Layer, column: Column, cells: pd.Series) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return their words with ours where the two differ, and the words not known."""
    if column.kind not in ("choice", "grades", "flag") and (layer.name, column.name) not in WORDS:
        return (), ()
    each = sorted(set(cells.map(as_text)) - {""})[:MOST_WORDS]
    known = [(cell, _ours(layer, column, cell)) for cell in each]
    is_flag = column.kind == "flag"
    changed = tuple((cell, ours) for cell, ours in known if ours is not None and ours != cell)
    unknown = () if is_flag else tuple(cell for cell, ours in known if ours is None)
    return changed, unknown


def _both_sexes(layer: Layer, column: Column, source: Source) -> ColumnGuess | None:
    """Return a column counted apart for boys and girls, or for men and women, to be added up."""
    if column.kind not in ("number", "whole"):
        return None
    by_plain = {plain(header): header for header in source.headers}
    for word in _words_for(layer, column):
        for one, other in SEXES:
            for first, second in ((one + word, other + word), (word + one, word + other)):
                pair = tuple(by_plain[name] for name in (first, second) if name in by_plain)
                if len(pair) == 2 and all(as_numbers(source.table[name]).notna().mean() >= FITS for name in pair):
                    return ColumnGuess(column.name, pair, why="men and women added up")
    return None


def _grade_columns(source: Source) -> dict[int, ColumnGuess]:
    whole: dict[int, list[str]] = {}
    parts: dict[int, list[str]] = {}
    for header in source.headers:
        counted = grade_of(header)
        if counted is not None and as_numbers(source.table[header]).notna().any():
            (parts if counted[1] else whole).setdefault(counted[0], []).append(header)
    found = {}
    for grade in GRADES:
        if grade in whole:
            first, *rest = whole[grade]
            found[grade] = ColumnGuess(f"g{grade}", (first,), why=f"grade {grade} by its name", also=tuple(rest))
        elif len(parts.get(grade, ())) == 2:
            found[grade] = ColumnGuess(f"g{grade}", tuple(parts[grade]), why="boys and girls added up")
    return found


def _span_taught(found: list[ColumnGuess], source: Source) -> Iterator[ColumnGuess]:
    """Read the grades taught off the enrolment, where it is counted for one span only."""
    counted = sorted(int(guess.ours[1:]) for guess in found if guess.ours in PUPIL_COLUMNS)
    if counted in ([1, 2, 3, 4, 5, 6], [7, 8, 9]):
        span = f"{counted[0]}-{counted[-1]}"
        yield ColumnGuess("grades", value=span, why=f"pupils are counted for grades {span} only")
        return
    for guess in found:
        if guess.ours == "kind":
            cells = source.table[guess.theirs[0]].map(as_text)
            unknown = tuple(sorted(set(cells) - {""})[:MOST_WORDS])
            off = "which grades does each of these kinds of school teach?"
            yield ColumnGuess("grades", guess.theirs, unknown=unknown, off=off)
