"""The list of contents of a Word document, filled in already and kept in step by Word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from layoutopt.report.document import Section
from layoutopt.report.docxstyle import add_field, field_end, field_start, heading_number, look_of
from layoutopt.report.docxtable import clean
from layoutopt.report.language import Language

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.text.paragraph import Paragraph as WordParagraph


def headings_of(sections: tuple[Section, ...], above: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield every heading's place in the numbering and its text, in the order of the document."""
    for position, section in enumerate(sections, start=1):
        place = (*above, position)
        yield place, section.title
        yield from headings_of(section.sections, place)


def write_contents(word: Word, headings: list[tuple[tuple[int, ...], str]], lang: Language, width_twips: int) -> None:
    """Write the list of contents as a field, filled in already: Word leaves a new field empty in protected view."""
    from docx.enum.text import WD_BREAK

    word.add_paragraph(lang.text("Contents"), style="Contents Title")
    shown = [(number, place, title) for number, (place, title) in enumerate(headings, start=1) if len(place) <= 2]
    for position, (number, place, title) in enumerate(shown):
        line = word.add_paragraph()
        line._p.style = f"toc{len(place)}"
        _tab_to_page(line, width_twips)
        if position == 0:
            field_start(line, r'TOC \o "1-2" \h \z \u', dirty=True)
        space = "" if lang.code == "zh" else "  "
        _linked(line, number, f"{heading_number(place, look_of(lang))}{space}{clean(title)}")
        if position == len(shown) - 1:
            field_end(line)
    word.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _tab_to_page(line: WordParagraph, width_twips: int) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Twips

    line.paragraph_format.tab_stops.add_tab_stop(Twips(width_twips), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    if line._p.style == "toc2":
        line.paragraph_format.left_indent = Twips(300)


def _linked(line: WordParagraph, number: int, text: str) -> None:
    """Write a line of contents that leads to its heading; its page number is a field of its own."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls
    from docx.text.paragraph import Paragraph as WordParagraph

    place = anchor(number)
    link = parse_xml(f'<w:hyperlink {nsdecls("w")} w:anchor="{place}" w:history="1"/>')
    line._p.append(link)
    inside = WordParagraph(link, line._parent)
    run = line.add_run(text)
    run.add_tab()
    link.append(run._r)
    add_field(inside, f"PAGEREF {place} \\h")
    for part in [part for part in line._p if part.tag.endswith("}r") and part.getprevious() is link]:
        link.append(part)


def anchor(number: int) -> str:
    """Return the name of the bookmark at a heading, counted from 1 through the document."""
    return f"_Toc{number:06d}"
