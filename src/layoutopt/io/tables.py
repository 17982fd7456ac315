"""Tables without geometry: CSV and XLSX in as text cells, CSV out with nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

import pandas as pd

from layoutopt.errors import InputError, Problem

ENCODINGS = ("utf-8-sig", "gb18030")
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
UNPACKED_LIMIT = 1_000_000_000
RATIO_LIMIT, LARGE_ENTRY = 200, 50_000_000
"""A sheet of real cells packs 5 to 30 times smaller; one repeated cell reaches 1,000."""

TITLE_ROWS = 10
_FORMULA = re.compile(r"^'*[\s\x00-\x1f]*[=+\-@＝＋－＠]")
"""What spreadsheets run: blanks, tabs and line ends before the sign do not stop them, full-width signs count."""

_NEUTRAL = re.compile(r"^'('*[\s\x00-\x1f]*[=+\-@＝＋－＠])")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


def read_table(path: Path, *, encoding: str | None = None, sheet: str | None = None) -> pd.DataFrame:
    """Return the cells of a CSV or XLSX file as stripped text; an empty cell is an empty string.

    Raises
    ------
    InputError
        The file is missing, not text in any known encoding, or its rows do not fit its header.
    """
    return read_titled(path, encoding=encoding, sheet=sheet)[0]


def read_titled(
    path: Path, *, encoding: str | None = None, sheet: str | None = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return what :func:`read_table` does, and the title lines above the column names, if there are any."""
    is_book = path.suffix.lower() == ".xlsx"
    rows = _xlsx_rows(path, sheet) if is_book else _split(_decoded(path, encoding), path)
    if not any(cell.strip() for row in rows for cell in row):
        raise InputError([Problem(path.name, "the file is empty", "Write a header line and one row each.")])
    top = _header_at(rows)
    header = [name.strip() for name in rows[top]]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        where = f"{path.name} row {top + 1}"
        raise InputError([Problem(where, f"the column {twice[0]} stands twice", "Keep one.")])
    long = [
        Problem(
            f"{path.name} row {number}",
            f"{len(row)} cells under {len(header)} column names",
            "Quote cells that hold a comma, or delete the extra cells.",
        )
        for number, row in enumerate(rows[top + 1 :], start=top + 2)
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :])
    ]
    if long:
        raise InputError(long)
    cells = [
        [*(_plain(cell) for cell in row[: len(header)]), *[""] * (len(header) - len(row))] for row in rows[top + 1 :]
    ]
    numbers = range(top + 2, top + 2 + len(cells))
    titles = [" ".join(cell.strip() for cell in row if cell.strip()) for row in rows[:top]]
    found = _without_blank(pd.DataFrame(cells, columns=header, dtype=object, index=numbers))
    return found, tuple(title for title in titles if title)


def _header_at(rows: list[list[str]]) -> int:
    """Return where the column names stand: below title lines of one or two cells over a table far wider."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:TITLE_ROWS]]
    widest = max(filled)
    for at, count in enumerate(filled):
        if not (count <= 2 and widest > 2 * count and widest >= 3):
            return at
    return 0


def _split(text: str, path: Path) -> list[list[str]]:
    if not text.strip():
        return []
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as error:
        cure = "Look for a quotation mark that is not closed."
        raise InputError([Problem(path.name, f"the rows cannot be told apart ({error})", cure)]) from None


def _plain(cell: str) -> str:
    """A cell without blanks around it and without the apostrophe that :func:`neutral` puts before formulas."""
    return _NEUTRAL.sub(r"\1", cell.strip()).strip()


def sheet_names(path: Path) -> list[str]:
    """Return the sheets of a workbook, in their order.

    Raises
    ------
    InputError
        The workbook is damaged, or would fill the memory once unpacked.
    """
    check_unpacked(path)
    try:
        with pd.ExcelFile(path, engine="openpyxl") as book:
            return [str(name) for name in book.sheet_names]
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        raise _unreadable(path, error) from None


def check_unpacked(path: Path) -> None:
    """Raise ``InputError`` where a workbook unpacks to more than any county writes (a "zip bomb")."""
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return  # whoever opens it says what is wrong
    total = sum(entry.file_size for entry in entries)
    bombs = [e for e in entries if e.file_size > LARGE_ENTRY and e.file_size > RATIO_LIMIT * max(e.compress_size, 1)]
    if total > UNPACKED_LIMIT or bombs:
        what = f"it unpacks to {total / 1e9:.1f} GB and is not opened"
        raise InputError([Problem(path.name, what, "Save the sheet alone, as CSV or a new workbook.")])


def _unreadable(path: Path, error: Exception) -> InputError:
    what = f"not a readable workbook ({type(error).__name__})"
    return InputError([Problem(path.name, what, "Save it again as .xlsx.")])


def _xlsx_rows(path: Path, sheet: str | None) -> list[list[str]]:
    check_unpacked(path)
    try:
        found = pd.read_excel(
            path,
            sheet_name=sheet or 0,
            dtype=object,
            header=None,
            engine="openpyxl",
            keep_default_na=False,
            na_values=["", "#N/A"],
        )
    except FileNotFoundError:
        raise InputError([Problem(path.name, "the file does not exist", "Check the name in study.toml.")]) from None
    except ValueError as error:
        raise InputError([Problem(path.name, f"the sheet cannot be read ({error})", "Name a sheet.")]) from None
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        raise _unreadable(path, error) from None
    return [[str(cell) for cell in row] for row in found.map(_cell).to_numpy(dtype=object)]


def _cell(value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _without_blank(frame: pd.DataFrame) -> pd.DataFrame:
    named = [name for name in frame.columns if name]
    frame = frame[named]
    return frame[(frame != "").any(axis=1)] if len(named) else frame


def _decoded(path: Path, encoding: str | None) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(path.name, f"the file cannot be opened ({error.strerror})")]) from None
    for name in (encoding,) if encoding else _likely(data):
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise InputError(
        [Problem(path.name, f"the text is not {encoding or 'UTF-8 or GBK'}", "Give encoding in study.toml.")]
    )


def _likely(data: bytes) -> tuple[str, ...]:
    return ("utf-16",) if data.startswith(UTF16_MARKS) else ENCODINGS


def guessed_encoding(path: Path) -> str:
    """Return ``gb18030`` where a CSV file is no UTF-8 and reads as Chinese text, else an empty string."""
    data = path.read_bytes()
    if data.startswith(UTF16_MARKS):
        return ""
    for name in ENCODINGS:
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return "" if name == ENCODINGS[0] else name
    return ""


def _delimiter(text: str) -> str:
    head = text.splitlines()[0]
    return max((",", ";", "\t"), key=head.count)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write ``frame`` as UTF-8 with BOM, Unix line ends, and no cell a spreadsheet would run as a formula."""
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype == object or pd.api.types.is_string_dtype(safe[name]):
            safe[name] = safe[name].map(neutral)
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def neutral(value: object) -> object:
    """Return text no spreadsheet runs: a leading ``=``, ``+``, ``-`` or ``@``, blanks apart, gets an apostrophe.

    :func:`read_table` takes it away again.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone carriage return would tear the row in two
    return "'" + text if _FORMULA.match(text) and not _NUMBER.match(text) else text
