"""Tables without geometry: CSV and XLSX in as text cells, CSV out with nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd

from layoutopt.errors import InputError, Problem

ENCODINGS = ("utf-8-sig", "gb18030")
TABLE_SUFFIXES = (".csv", ".xlsx")
_FORMULA = re.compile(r"^'*[=+\-@]")
_NEUTRAL = re.compile(r"^'('*[=+\-@])")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


def read_table(path: Path, *, encoding: str | None = None, sheet: str | None = None) -> pd.DataFrame:
    """Return the cells of a CSV or XLSX file as stripped text; an empty cell is an empty string.

    Raises
    ------
    InputError
        The file is missing, not text in any known encoding, or its rows do not fit its header.
    """
    if path.suffix.lower() == ".xlsx":
        return _read_xlsx(path, sheet)
    text = _decoded(path, encoding)
    rows = _split(text, path)
    if not rows:
        raise InputError([Problem(path.name, "the file is empty", "Write a header line and one row each.")])
    header = [name.strip() for name in rows[0]]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise InputError([Problem(f"{path.name} row 1", f"the column {twice[0]} stands twice", "Keep one.")])
    long = [
        Problem(
            f"{path.name} row {number}",
            f"{len(row)} cells under {len(header)} column names",
            "Quote cells that hold a comma, or delete the extra cells.",
        )
        for number, row in enumerate(rows[1:], start=2)
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :])
    ]
    if long:
        raise InputError(long)
    cells = [[*(_plain(cell) for cell in row[: len(header)]), *[""] * (len(header) - len(row))] for row in rows[1:]]
    return _without_blank(pd.DataFrame(cells, columns=header, dtype=object, index=range(2, len(cells) + 2)))


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
    return _NEUTRAL.sub(r"\1", cell.strip())


def _read_xlsx(path: Path, sheet: str | None) -> pd.DataFrame:
    try:
        found = pd.read_excel(path, sheet_name=sheet or 0, dtype=object, header=0, engine="openpyxl")
    except FileNotFoundError:
        raise InputError([Problem(path.name, "the file does not exist", "Check the name in study.toml.")]) from None
    except ValueError as error:
        raise InputError([Problem(path.name, f"the sheet cannot be read ({error})", "Name a sheet.")]) from None
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        raise InputError(
            [Problem(path.name, f"not a readable workbook ({type(error).__name__})", "Save it again as .xlsx.")]
        ) from None
    found.columns = [str(name).strip() for name in found.columns]
    found = found.map(_cell)
    found.index = range(2, len(found) + 2)
    return _without_blank(found)


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
    for name in (encoding,) if encoding else ENCODINGS:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise InputError(
        [Problem(path.name, f"the text is not {encoding or 'UTF-8 or GBK'}", "Give encoding in study.toml.")]
    )


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
    """Return text no spreadsheet runs: a leading ``=``, ``+``, ``-`` or ``@`` gets an apostrophe.

    :func:`read_table` takes it away again.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")  # a lone carriage return would tear the row in two
    return "'" + text if _FORMULA.match(text) and not _NUMBER.match(text) else text
