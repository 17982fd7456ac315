"""A document as one HTML page: headings with a list of contents, typed tables that sort, pictures inside the file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from layoutopt.report.document import Block, Bullets, Column, Document, Paragraph, Picture, Section, Table
from layoutopt.report.language import Language, language
from layoutopt.report.pages import rendered
from layoutopt.report.tables import records

FEW_SECTIONS = 3
"""A document with no more headings than this needs no list of contents."""


def page(document: Document, *, home: str = "") -> str:
    """Return the document as an HTML page that asks nothing of the network.

    Parameters
    ----------
    home
        The way from the page to the report, which its head then leads to.
    """
    lang = language(document.lang)
    parts = [part_of(section, lang, f"s{position}") for position, section in enumerate(document.sections, 1)]
    return rendered(
        "document.html.j2",
        lang=document.lang,
        document=document,
        home=home,
        parts=parts,
        listed_parts=parts if sum(1 for part in parts for _ in _flat(part)) > FEW_SECTIONS else [],
    )


@dataclass(frozen=True)
class Cell:
    """One value of a table: its text, whether it is a number, what it is sorted by, and where it leads."""

    text: str
    is_number: bool
    key: str
    to: str = ""


Link = Callable[[Column, str], str]
"""For a text of a column the address it leads to; empty for none."""


def no_link(column: Column, text: str) -> str:
    """Lead nowhere: a document stands alone."""
    return ""


def part_of(section: Section, lang: Language, code: str, link: Link = no_link) -> dict[str, Any]:
    """Return a section ready for the templates, with the sections below it."""
    below = [part_of(part, lang, f"{code}-{position}", link) for position, part in enumerate(section.sections, 1)]
    blocks = [block_of(block, lang, link) for block in section.blocks]
    return {"code": code, "title": section.title, "owner": section.owner, "blocks": blocks, "below": below}


def _flat(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield part
    for below in part["below"]:
        yield from _flat(below)


def block_of(block: Block, lang: Language, link: Link = no_link) -> dict[str, Any]:
    """Return a block with its kind, ready for the templates."""
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "look": block.kind}
    if isinstance(block, Bullets):
        return {"kind": "bullets", "entries": block.items, "numbered": block.numbered}
    if isinstance(block, Picture):
        return {"kind": "picture", "title": block.title, "source": _source(block, lang), "width_cm": block.width_cm}
    return _table(block, lang, link)


def _source(picture: Picture, lang: Language) -> str:
    from layoutopt.report.pictures import png

    return "data:image/png;base64," + base64.b64encode(png(picture, lang.code)).decode("ascii")


def _table(table: Table, lang: Language, link: Link) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    rows = records(table.rows[names])
    has_sums = rows and any(column.summed for column in table.columns)
    return {
        "kind": "table",
        "name": table.name,
        "title": table.title,
        "empty": table.empty,
        "heads": [(lang.heading(column), column.kind != "text") for column in table.columns],
        "rows": [[_cell(row[column.name], column, lang, link) for column in table.columns] for row in rows],
        "sums": _sums(rows, table.columns, lang) if has_sums else [],
    }


def _sums(rows: list[dict[str, Any]], columns: tuple[Column, ...], lang: Language) -> list[Cell]:
    """Return the last row: the sums of what is known, and in front of them the word that says so."""
    cells = []
    for column in columns:
        if not column.summed:
            cells.append(Cell("", column.kind != "text", ""))
            continue
        known = [float(row[column.name]) for row in rows if row[column.name] is not None]
        cells.append(_cell(sum(known) if known else None, column, lang))
    if not columns[0].summed:
        cells[0] = Cell(lang.text("Together"), False, "")
    return cells


def _cell(value: Any, column: Column, lang: Language, link: Link = no_link) -> Cell:
    """Return a cell; what text is sorted by is the text itself."""
    text = lang.cell(value, column)
    if column.kind == "text":
        return Cell(text, False, text, link(column, text))
    if value is None:
        return Cell(text, column.kind != "date", "")
    return Cell(text, column.kind != "date", str(value) if column.kind == "date" else f"{float(value):.9g}")
