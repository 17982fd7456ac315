"""Tables → one spreadsheet: a sheet a table, typed columns, filters, and sums as formulas."""

from __future__ import annotations

import datetime
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layoutopt.errors import MissingExtraError
from layoutopt.report.document import Column, Table
from layoutopt.report.docxtable import clean, column_sum, ems, values_of
from layoutopt.report.language import NONE, Language, language

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

TITLE, STAMP, TOTAL, HEADER, DATA = 0, 1, 2, 3, 4
"""The rows of every sheet, from 0: title, why the plan cannot be adopted, sums, headings, and the first of the data."""
CONTENTS = "contents"
EPOCH = datetime.datetime(2000, 1, 1)  # the same tables give the same bytes
LONGEST_TEXT, LONGEST_NAME, LONGEST_HEADER = 32_767, 31, 200  # limits of the format; a page header has 255 with codes
SAMPLE_ROWS = 400
WIDTHS = (7.0, 44.0)
SUBTOTAL_SUM = 109
"""The sum of the rows that a filter leaves visible."""
FORMATS = {
    "fraction": "0.000",
    "count": "#,##0",
    "number": "#,##0.0",
    "minutes": "#,##0",
    "km": "#,##0.0",
    "money": "#,##0",
    "share": "0.0%",
    "area": "#,##0",
    "ratio": "#,##0.00",
}
DATE_FORMATS = {"zh": 'yyyy"年"m"月"d"日"', "en": "d mmmm yyyy"}
FONTS = {"zh": "宋体", "en": "Calibri"}


@dataclass(frozen=True)
class _Book:
    """The workbook with the formats that every sheet uses."""

    book: Workbook
    lang: Language
    title: str
    stamp: str
    formats: dict[str, Format]


def write_workbook(tables: Sequence[Table], path: Path, *, lang: str = "en", title: str = "", stamp: str = "") -> None:
    """Write the tables as an XLSX workbook, each on a sheet named as the table.

    Text from the data is always text: what looks like a formula or a link stays as it was written. Values that
    are not known are empty cells. ``stamp`` stands on every sheet and every printed page.

    Raises
    ------
    MissingExtraError
        xlsxwriter is not installed.

    Examples
    --------
    >>> write_workbook(tables, Path("out/workbook.xlsx"), lang="zh")  # doctest: +SKIP
    """
    path.write_bytes(workbook_bytes(tables, lang=lang, title=title, stamp=stamp))


def workbook_bytes(tables: Sequence[Table], *, lang: str = "en", title: str = "", stamp: str = "") -> bytes:
    """Return the workbook's file; the same tables give the same bytes."""
    try:
        import xlsxwriter
    except ImportError:
        raise MissingExtraError("xlsxwriter", "report") from None
    file = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(file, plain) as workbook:
        workbook.set_properties({"title": clean(title), "author": "layoutopt", "created": EPOCH})
        book = _Book(workbook, language(lang), clean(title), clean(stamp), _formats(workbook, lang))
        names = sheet_names(tables)
        _contents(book, workbook.add_worksheet(CONTENTS), tables, names)
        for table, name in zip(tables, names, strict=True):
            _sheet(book, workbook.add_worksheet(name), table)
    return file.getvalue()


def sheet_names(tables: Sequence[Table]) -> list[str]:
    """Return a name for each table's sheet: its own, without forbidden signs, 31 characters at most, no name twice."""
    used = {CONTENTS}
    names = []
    for table in tables:
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", table.name).strip("' ")[:LONGEST_NAME] or "table"
        name, number = base, 2
        while name.lower() in used or name.lower() == "history":  # Excel keeps this name for itself
            tail = f"_{number}"
            name, number = base[: LONGEST_NAME - len(tail)] + tail, number + 1
        used.add(name.lower())
        names.append(name)
    return names


def _formats(book: Workbook, lang: str) -> dict[str, Format]:
    font = {"font_name": FONTS[lang], "font_size": 10, "valign": "top"}
    head = {
        **font, "bold": True, "bg_color": "#0B5579", "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"
    }  # fmt: skip
    cell = {**font, "border": 4, "border_color": "#B9BEBB"}
    sums = {**font, "bold": True, "bg_color": "#E9EDEE", "top": 1, "bottom": 1}
    formats = {
        "title": book.add_format({**font, "bold": True, "font_size": 14}),
        "stamp": book.add_format({**font, "bold": True, "font_color": "#9C2A1C", "font_size": 11}),
        "heading": book.add_format({**head, "align": "left", "indent": 1}),
        "heading_number": book.add_format({**head, "align": "right"}),
        "link": book.add_format({**font, "font_color": "#0B5579", "underline": 1}),
        "text": book.add_format({**cell, "text_wrap": True, "num_format": "@", "align": "left", "indent": 1}),
        "sum_text": book.add_format({**sums, "align": "left", "indent": 1}),
        "date": book.add_format({**cell, "num_format": DATE_FORMATS[lang], "align": "left", "indent": 1}),
    }
    for kind, shown in FORMATS.items():
        formats[kind] = book.add_format({**cell, "num_format": shown})
        formats[f"sum_{kind}"] = book.add_format({**sums, "num_format": shown})
    return formats


def _contents(book: _Book, sheet: Worksheet, tables: Sequence[Table], names: Sequence[str]) -> None:
    """Write the first sheet: what is where."""
    formats, lang = book.formats, book.lang
    _top(book, sheet, book.title or lang.text("Contents"))
    headings = [lang.text("Sheet"), lang.text("What it shows"), lang.text("Rows")]
    for position, heading in enumerate(headings):
        sheet.write_string(HEADER, position, heading, formats["heading"])
    for row, (table, name) in enumerate(zip(tables, names, strict=True), start=DATA):
        target = name.replace("'", "''")
        sheet.write_url(row, 0, f"internal:'{target}'!A1", formats["link"], string=name)
        sheet.write_string(row, 1, _text(table.title), formats["text"])
        sheet.write_number(row, 2, len(table.rows), formats["count"])
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 60)
    sheet.set_column(2, 2, 9)
    _pages(book, sheet, book.title or lang.text("Contents"))


def _sheet(book: _Book, sheet: Worksheet, table: Table) -> None:
    _top(book, sheet, table.title)
    last = DATA + len(table.rows) - 1
    summed = not table.rows.empty and any(column.summed for column in table.columns)
    named = next((position for position, column in enumerate(table.columns) if not column.summed), None)
    widths: list[float] = []
    for position, column in enumerate(table.columns):
        look = "heading" if column.kind in ("text", "date") else "heading_number"
        sheet.write_string(HEADER, position, _text(book.lang.heading(column)), book.formats[look])
        values = values_of(table, column)
        for row, value in enumerate(values, start=DATA):
            _cell(book, sheet, row, position, value, column)
        if summed and column.summed:
            _sum(book, sheet, position, last, table, column)
        elif summed:
            text = book.lang.text("Total") if position == named else ""
            sheet.write_string(TOTAL, position, text, book.formats["sum_text"])
        widths.append(_width(book, column, values))
        sheet.set_column(position, position, widths[-1])
    headings = [ems(book.lang.heading(column)) / 0.5 + 4 for column in table.columns]
    lines = max((math.ceil(need / width) for need, width in zip(headings, widths, strict=True)), default=1)
    sheet.set_row(HEADER, 6 + 14 * min(lines, 4))
    if table.rows.empty and table.empty:
        sheet.write_string(DATA, 0, _text(table.empty), book.formats["text"])
    sheet.freeze_panes(DATA, 1 if len(table.columns) > 1 else 0)
    if table.columns:
        sheet.autofilter(HEADER, 0, max(last, HEADER), len(table.columns) - 1)
    _pages(book, sheet, table.title)


def _top(book: _Book, sheet: Worksheet, title: str) -> None:
    sheet.write_string(TITLE, 0, _text(title), book.formats["title"])
    sheet.set_row(TITLE, 22)
    if book.stamp:
        sheet.write_string(STAMP, 0, _text(book.stamp), book.formats["stamp"])


def _cell(book: _Book, sheet: Worksheet, row: int, position: int, value: Any, column: Column) -> None:
    """Write one value by its kind; what is not known stays empty, and no text becomes a formula."""
    look = book.formats[_look(value, column)]
    if value is None:
        sheet.write_blank(row, position, None, look)
    elif column.kind == "text":
        sheet.write_string(row, position, _text(book.lang.cell(value, column)), look)
    elif column.kind == "date":
        sheet.write_datetime(row, position, value, look)
    elif math.isfinite(float(value)):
        sheet.write_number(row, position, float(value), look)
    else:
        sheet.write_blank(row, position, None, look)


def _look(value: Any, column: Column) -> str:
    """Return the format of a value: numbers of mixed kinds, as among the headline figures, keep what they need."""
    if column.kind != "number" or not isinstance(value, (int, float)) or not math.isfinite(value):
        return column.kind
    if float(value).is_integer():
        return "count"
    return "fraction" if abs(value) < 1 else "number"


def _sum(book: _Book, sheet: Worksheet, position: int, last: int, table: Table, column: Column) -> None:
    """Write the sum as a formula together with its value, which a viewer that does not calculate shows."""
    from xlsxwriter.utility import xl_range

    cells = xl_range(DATA, position, last, position)
    formula = f"=SUBTOTAL({SUBTOTAL_SUM},{cells})"
    look = book.formats[f"sum_{column.kind}"]
    total = column_sum(table, column)
    if total is None:
        sheet.write_string(TOTAL, position, NONE, look)
    else:
        sheet.write_formula(TOTAL, position, formula, look, total)


def _width(book: _Book, column: Column, values: list[Any]) -> float:
    """Return a column's width in characters, wide enough for most cells and for half its heading."""
    texts = [book.lang.cell(value, column) for value in values[:SAMPLE_ROWS]]
    content = max((ems(line) for text in texts for line in str(text).splitlines()), default=0.0) / 0.5
    heading = ems(book.lang.heading(column)) / 0.5
    least, most = WIDTHS
    # The arrow of the filter takes the place of three characters.
    return min(max(content + 2, heading / 2 + 4, least), most)


def _pages(book: _Book, sheet: Worksheet, title: str) -> None:
    """Set up printing: turned A4, all columns on a page, headings on each, title and stamp above, page number below."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER)
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    above = book.stamp or title
    sheet.set_header("&C&9" + (" " if above[:1].isdigit() else "") + above.replace("&", "&&")[:LONGEST_HEADER])
    sheet.set_footer("&C&9" + book.lang.text("Page {page} of {pages}", page="&P", pages="&N"))


def _text(text: str) -> str:
    """Return text that a cell can hold."""
    whole = clean(text)
    return whole if len(whole) <= LONGEST_TEXT else whole[: LONGEST_TEXT - 1] + "…"
