"""The text of a guessed study.toml: what is used stands as it is, what is not as a comment."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from layoutopt.schema import LAYERS
from layoutopt.study.guesses import ColumnGuess

if TYPE_CHECKING:
    from layoutopt.study.init import LayerGuess, StudyGuess

COMMENT_AT = 44
LONGEST = 140
_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def written(found: StudyGuess) -> str:
    """Return the whole file."""
    name = quoted(found.folder.resolve().name)
    lines = [
        "# Guessed by layoutopt init from the files in this folder. Each guess has its reason behind it: change what",
        "# is wrong, answer the lines marked QUESTION, then run: layoutopt check",
        "",
        "[study]",
        _line(f"name = {name}", "shown on maps and in documents"),
        _line("# year = 2026", "the calendar year the school year of the figures begins"),
        _line(
            '# datum = "gcj02"',
            "only where coordinates come from a web map of China: gcj02 (Amap, Tencent), bd09 (Baidu)",
        ),
    ]
    given = {guess.name for guess in found.layers}
    for layer in LAYERS.values():
        if layer.required and layer.name not in given:
            lines += [
                "",
                f"# [layers.{layer.name}]",
                _line('# file = "…"', f"QUESTION: which file holds the {layer.name}?"),
            ]
    for guess in found.layers:
        lines += ["", *_layer(guess), *_columns(guess)]
    if found.unused:
        lines += ["", "# Not used:"]
        lines += [f"# {_one_line(left.label)}: {_one_line(left.why)}" for left in found.unused]
    return "\n".join(lines) + "\n"


def _line(text: str, comment: str) -> str:
    """Return ``text`` with its comment behind it, or above it where the line would grow long."""
    width = sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in text)
    said = f"# {_one_line(comment)}"
    if width > COMMENT_AT or width + len(said) > LONGEST:
        return f"{said}\n{text}"
    return text + " " * (COMMENT_AT - width) + f" {said}"


def _one_line(text: str) -> str:
    """Keep whatever a file holds from ending a comment: TOML forbids control characters there."""
    return "".join(char if char.isprintable() else " " for char in text)


def _layer(guess: LayerGuess) -> Iterator[str]:
    source = guess.source
    yield f"[layers.{guess.name}]"
    also = f"; could also be: {', '.join(guess.also)}" if guess.also else ""
    yield _line(f"file = {quoted(source.file.path.name)}", guess.why + also)
    if source.file.layer is not None:
        yield f"layer = {quoted(source.file.layer)}"
    if source.file.sheet is not None:
        yield f"sheet = {quoted(source.file.sheet)}"
    if source.x is not None and source.y is not None:
        yield _line(f"x = {quoted(source.x)}", "by its name")
        yield _line(f"y = {quoted(source.y)}", "by its name")
    asked = next((column for column in guess.columns if column.off and column.unknown), None)
    if asked is not None:
        values = ", ".join(map(quoted, asked.unknown))
        yield _line(
            f"# only = {{ {_key(asked.theirs[0])} = [{values}] }}", "leaves rows out: keep the values that count"
        )
    if guess.datum:
        yield _line(f"datum = {quoted(guess.datum)}", "the points lie beside the roads by the shift of this web map")
    if source.guess is not None:
        yield from _crs(guess)
    elif source.crs is not None:
        yield _line(f"# crs = {quoted(source.crs)}", "the file says so itself")


def _crs(guess: LayerGuess) -> Iterator[str]:
    found = guess.source.guess
    if found is None:
        return
    turned = "; x holds the northings and y the eastings, they are turned while reading" if found.swapped else ""
    if found.crs is not None and not found.swapped:
        yield _line(f"crs = {quoted(found.crs)}", f"no system is given; {found.why}")
    elif found.crs is not None:
        yield _line(f"# crs = {quoted(found.crs)}", f"assumed while reading: {found.why}{turned}")
    else:
        fits = f": {', '.join(found.candidates)}" if found.candidates else ""
        text = f"QUESTION: which system? {found.why}{fits}; left out, the other layers decide{turned}"
        yield _line('# crs = "EPSG:…"', text)


def _columns(guess: LayerGuess) -> Iterator[str]:
    if guess.name not in LAYERS:
        return
    lines = [*_guessed(guess), *_asked(guess)]
    if lines:
        yield f"[columns.{guess.name}]"
        yield from lines


def _guessed(guess: LayerGuess) -> Iterator[str]:
    for column in guess.columns:
        text = f"{column.ours} = {_value(column)}"
        if column.off:
            yield _line(f"# {text}", column.off if not column.unknown else f"QUESTION: {column.off}")
            continue
        also = f"; could also be: {', '.join(column.also)}" if column.also else ""
        asked = f"; QUESTION: what do these words mean: {', '.join(column.unknown)}?" if column.unknown else ""
        yield _line(text, f"{column.why}{also}{asked}")


def _asked(guess: LayerGuess) -> Iterator[str]:
    if guess.source.shape == "osm":
        return
    named = {column.ours for column in guess.columns}
    for column in LAYERS[guess.name]:
        if column.required and column.name not in named:
            headers = ", ".join(guess.source.headers[:30])
            yield _line(f'# {column.name} = "…"', f"QUESTION: {column.meaning.lower()}? The file has: {headers}")


def _value(column: ColumnGuess) -> str:
    if column.value:
        return f"{{ value = {quoted(column.value)} }}"
    if len(column.theirs) > 1:
        return "[" + ", ".join(map(quoted, column.theirs)) + "]"
    theirs = quoted(column.theirs[0])
    words = list(column.words)
    if column.off:
        words += [(word, "?") for word in column.unknown]
    if not words:
        return theirs
    table = ", ".join(f"{_key(cell)} = {quoted(ours)}" for cell, ours in words)
    return f"{{ column = {theirs}, words = {{ {table} }} }}"


def _key(text: str) -> str:
    return text if _BARE.match(text) else quoted(text)
