"""A table in a Word document: widths from its content, a heading row on every page, and a row of sums."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from layoutopt.report.document import Column, Table
from layoutopt.report.docxstyle import Look
from layoutopt.report.language import Language

TWIPS_PER_PT, TWIPS_PER_CM = 20, 567
CELL_MARGIN_TWIPS = 70
SAMPLE_ROWS = 400
WIDEST_EM = 24.0
SHORT_EM = 3.2
WIDTHS_EM = {"W": 1.0, "F": 1.0, "A": 0.8}
LETTER_EM = 0.53
BOLD, HEADING_LINES = 1.1, 3
COMFORTABLE_EM = 6.5
"""A text column narrower than this breaks names over too many lines."""
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Return the text without characters that XML cannot hold."""
    return ILLEGAL.sub("\ufffd", text)


@dataclass(frozen=True)
class Grid:
    """A table as text, with what its columns need at least, would like, and can do with (twips)."""

    table: Table
    rows: list[list[str]]
    total: list[str] | None
    least: np.ndarray
    wanted: np.ndarray
    comfortable: np.ndarray

    def fits(self, width_twips: float) -> bool:
        """Return whether the columns stand comfortably within a width."""
        return bool(self.comfortable.sum() <= width_twips)

    def widths(self, width_twips: float) -> list[int]:
        """Return the width of each column, together the whole width."""
        if self.wanted.sum() <= width_twips:
            parts = self.wanted * (width_twips / self.wanted.sum())
        elif self.least.sum() <= width_twips:
            spare = self.wanted - self.least
            parts = self.least + spare * (width_twips - self.least.sum()) / max(spare.sum(), 1e-9)
        else:
            parts = self.least * (width_twips / self.least.sum())
        return [int(part) for part in parts]


def grid_of(table: Table, lang: Language, look: Look) -> Grid:
    """Return the table's cells as text and the widths they ask for."""
    columns = table.columns
    values = [values_of(table, column) for column in columns]
    texts = [
        [clean(lang.cell(value, column)) for value in cells] for cells, column in zip(values, columns, strict=True)
    ]
    rows = [list(row) for row in zip(*texts, strict=True)]
    total = total_row(table, lang)
    em = look.faces["Table Text"].pt * TWIPS_PER_PT
    least: list[float] = []
    wanted: list[float] = []
    comfortable: list[float] = []
    for position, column in enumerate(columns):
        cells = [*texts[position][:SAMPLE_ROWS], *([total[position]] if total else [])]
        heading = lang.heading(column)
        whole = max((ems(cell) for cell in cells), default=1.0)
        title = BOLD * max(longest_word(heading), min(math.ceil(ems(heading) / HEADING_LINES), 7.0))
        word = max([title, *(longest_word(cell) for cell in cells)])
        if column.kind == "text":
            narrow = max(min(word, 9.0), min(whole, SHORT_EM))
            easy = max(narrow, min(whole, COMFORTABLE_EM))
        else:
            narrow = easy = max(whole, min(title, 7.0))
        wish = max(easy, min(whole, WIDEST_EM)) if column.kind == "text" else easy
        for sizes, size in ((least, narrow), (comfortable, easy), (wanted, wish)):
            sizes.append((size + 0.2) * em + 2 * CELL_MARGIN_TWIPS)
    return Grid(table, rows, total, np.array(least), np.array(wanted), np.array(comfortable))


def total_row(table: Table, lang: Language) -> list[str] | None:
    """Return the sums of the summed columns as text, named in the first text column; None where nothing is summed."""
    if table.rows.empty or not any(column.summed for column in table.columns):
        return None
    texts = [lang.cell(column_sum(table, column), column) if column.summed else "" for column in table.columns]
    named = next((position for position, column in enumerate(table.columns) if not column.summed), None)
    if named is not None:
        texts[named] = lang.text("Total")
    return texts


def values_of(table: Table, column: Column) -> list[Any]:
    """Return a column's values; whatever stands for not known becomes None."""
    values = table.rows[column.name].to_numpy(object)
    return [None if gone else value for value, gone in zip(values.tolist(), pd.isna(values), strict=True)]


def column_sum(table: Table, column: Column) -> float | None:
    """Return the sum of a column's known values, None where none is known."""
    values = table.rows[column.name].astype(float).to_numpy()
    known = values[np.isfinite(values)]
    return float(known.sum()) if len(known) else None


def ems(text: str) -> float:
    """Return about how wide a text is, in the height of its font; Chinese fonts draw dashes wide."""
    if text.isascii():
        return LETTER_EM * len(text)
    return sum(WIDTHS_EM.get(unicodedata.east_asian_width(letter), LETTER_EM) for letter in text)


def longest_word(text: str) -> float:
    """Return the width of the longest part that is not broken; Chinese breaks after any character."""
    words = re.split(r"[\s\u2e80-\u9fff\uff00-\uffef]+", text)
    return max([1.0 if text else 0.0, *(ems(word) for word in words)])


def table_xml(grid: Grid, lang: Language, look: Look, *, width_twips: int, namespaces: str) -> str:
    """Return the table as WordprocessingML.

    Written as text and read once: a county's tables have tens of thousands of cells, and building each as an
    object takes minutes.
    """
    widths = grid.widths(width_twips)
    aligned = ["left" if column.kind in ("text", "date") else "right" for column in grid.table.columns]
    headings = [clean(lang.heading(column)) for column in grid.table.columns]
    border = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="{look.grid}"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    parts = [
        f'<w:tbl {namespaces}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{border}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="{CELL_MARGIN_TWIPS}" w:type="dxa"/>'
        f'<w:right w:w="{CELL_MARGIN_TWIPS}" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>',
        *(f'<w:gridCol w:w="{width}"/>' for width in widths),
        "</w:tblGrid>",
        _row(headings, widths, aligned, heading=True),
        *(_row(row, widths, aligned) for row in grid.rows),
    ]
    if grid.total:
        parts.append(_row(grid.total, widths, aligned, bold=True))
    parts.append("</w:tbl>")
    return "".join(parts)


def _row(texts: list[str], widths: list[int], aligned: list[str], *, heading: bool = False, bold: bool = False) -> str:
    looks = "<w:rPr><w:b/></w:rPr>" if heading or bold else ""
    fill = '<w:shd w:val="clear" w:color="auto" w:fill="E9EDEE"/>' if heading or bold else ""
    middle = '<w:vAlign w:val="center"/>'
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{fill}{middle}</w:tcPr><w:p><w:pPr>'
        f'<w:pStyle w:val="TableText"/><w:jc w:val="{"center" if heading else side}"/></w:pPr>'
        f"{_runs(text, looks)}</w:p></w:tc>"
        for text, width, side in zip(texts, widths, aligned, strict=True)
    )
    repeat = "<w:tblHeader/>" if heading else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{cells}</w:tr>"


def _runs(text: str, looks: str) -> str:
    lines = [f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.splitlines()]
    return f"<w:r>{looks}{'<w:br/>'.join(lines)}</w:r>" if lines else ""
