"""Document → Word: numbered headings, contents, tables, pictures, page numbers, and the stamp on every page."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layoutopt.errors import MissingExtraError
from layoutopt.report import docxstyle
from layoutopt.report.document import Block, Bullets, Document, Paragraph, Picture, Section, Table
from layoutopt.report.docxcontents import anchor, headings_of, write_contents
from layoutopt.report.docxstyle import LEVELS, Look, add_field
from layoutopt.report.docxtable import TWIPS_PER_CM, Grid, clean, grid_of, table_xml
from layoutopt.report.language import Language, language

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.text.paragraph import Paragraph as WordParagraph

EPOCH = datetime.datetime(2000, 1, 1)  # the same plan gives the same bytes
FEW_HEADINGS = 15
"""A document with no more headings than this needs no list of contents, nor a new page for each part."""
LONG_TEXT = 900
"""Text of more characters before a wide table stays on an upright page."""
PARAGRAPH_STYLES = {"plain": "Normal", "lead": "Lead", "note": "Note", "warning": "Warning"}


@dataclass
class _Writer:
    """The Word document while it grows."""

    word: Word
    lang: Language
    look: Look
    landscape: bool = False
    lists: int = 0
    numbered: dict[str, int] = field(default_factory=lambda: {"Table": 0, "Figure": 0})
    bookmarks: int = 0
    hinted: bool = False
    grids: dict[int, Grid] = field(default_factory=dict)


@dataclass(frozen=True)
class Heading:
    """A section's heading, at the level it stands."""

    section: Section
    level: int


Item = Heading | Block


def write_docx(document: Document, path: Path) -> None:
    """Write ``document`` as a Word file.

    Raises
    ------
    MissingExtraError
        python-docx (or, for pictures, matplotlib) is not installed.

    Examples
    --------
    >>> write_docx(document, Path("out/report.docx"))  # doctest: +SKIP
    """
    path.write_bytes(docx_bytes(document))


def docx_bytes(document: Document) -> bytes:
    """Return the Word file of ``document``; the same document gives the same bytes."""
    try:
        import docx
    except ImportError:
        raise MissingExtraError("python-docx", "report") from None
    lang = language(document.lang)
    word = docx.Document(io.BytesIO(_template(lang)))
    writer = _Writer(word, lang, docxstyle.look_of(lang))
    _properties(word, document)
    docxstyle.write_header(word, title=clean(document.title), stamp=clean(document.stamp))
    _paragraph(word, clean(document.title), "Title")
    if document.subtitle:
        _paragraph(word, clean(document.subtitle), "Subtitle")
    headings = list(headings_of(document.sections))
    is_long = len(headings) > FEW_HEADINGS
    if is_long:
        write_contents(word, headings, lang, _text_width(writer))
    items = list(_items(document.sections))
    for position, (item, turned) in enumerate(zip(items, _turned(writer, items), strict=True)):
        new_page = turned != writer.landscape
        if new_page:
            _turn(writer, turned)
        if isinstance(item, Heading):
            _heading(writer, item, breaks=is_long and position > 0 and not new_page)
        else:
            _block(writer, item)
    file = io.BytesIO()
    word.save(file)
    return _same_bytes(file.getvalue())


@cache
def _template(lang: Language) -> bytes:
    """Return an empty document with page, styles and numbers: hundreds of dossiers start from it."""
    import docx

    word = docx.Document()
    docxstyle.prepare(word, lang)
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


def _paragraph(word: Word, text: str, style: str) -> WordParagraph:
    """Append a paragraph; its style is named directly, since looking styles up takes most of the time otherwise."""
    line = word.add_paragraph()
    line._p.style = style.replace(" ", "")
    if text:
        line.add_run(text)
    return line


def _properties(word: Word, document: Document) -> None:
    facts = word.core_properties
    facts.title, facts.subject = clean(document.title)[:255], clean(document.subtitle)[:255]
    facts.author = facts.last_modified_by = "layoutopt"
    facts.comments, facts.language = "", document.lang
    facts.created = facts.modified = EPOCH


def _same_bytes(content: bytes) -> bytes:
    """Return the archive with every file dated alike."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            copy.writestr(entry, source.read(name))
    return target.getvalue()


def _items(sections: tuple[Section, ...], level: int = 1) -> Iterator[Item]:
    """Yield headings and blocks in the order of the document."""
    for section in sections:
        yield Heading(section, level)
        yield from section.blocks
        yield from _items(section.sections, level + 1)


def _turned(writer: _Writer, items: list[Item]) -> list[bool]:
    """Return which items stand on turned pages: wide tables, what introduces them, and notes below them."""
    wide = [_is_wide(writer, item) for item in items]
    turned = list(wide)
    for position, item in enumerate(items):
        if isinstance(item, (Paragraph, Bullets)) and position:
            turned[position] = turned[position - 1] and not isinstance(items[position - 1], Heading)
        elif isinstance(item, Table) and 0 < position < len(items) - 1:
            turned[position] |= wide[position - 1] and wide[position + 1]
    for position in range(len(items) - 2, -1, -1):
        if isinstance(items[position], (Heading, Paragraph, Bullets)):
            turned[position] |= turned[position + 1] and not _leaves(items, position)
    return turned


def _leaves(items: list[Item], position: int) -> bool:
    """Return whether so much text stands before a wide table that it fills a page of its own."""
    before = takewhile(lambda item: isinstance(item, (Paragraph, Bullets)), reversed(items[: position + 1]))
    return sum(_length(item) for item in before) > LONG_TEXT


def _length(item: Item) -> int:
    if isinstance(item, Paragraph):
        return len(item.text)
    return sum(len(text) for text in item.items) if isinstance(item, Bullets) else 0


def _heading(writer: _Writer, item: Heading, *, breaks: bool) -> None:
    section, level = item.section, item.level
    heading = _paragraph(writer.word, "", f"Heading {min(level, LEVELS)}")
    heading.paragraph_format.page_break_before = True if breaks and level == 1 and section.sections else None
    _bookmarked(writer, heading, clean(section.title))
    if section.owner:
        text = writer.lang.text("Responsible: {owner}", owner=clean(section.owner))
        _paragraph(writer.word, text, "Owner")


def _bookmarked(writer: _Writer, heading: WordParagraph, text: str) -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    writer.bookmarks += 1
    number = writer.bookmarks
    start = f'<w:bookmarkStart {nsdecls("w")} w:id="{number}" w:name="{anchor(number)}"/>'
    heading._p.append(parse_xml(start))
    heading.add_run(text)
    heading._p.append(parse_xml(f'<w:bookmarkEnd {nsdecls("w")} w:id="{number}"/>'))


def _is_wide(writer: _Writer, item: Item) -> bool:
    """Return whether a table needs the page turned."""
    if not isinstance(item, Table) or item.rows.empty:
        return False
    return not _grid(writer, item).fits(_text_width(writer, landscape=False))


def _grid(writer: _Writer, table: Table) -> Grid:
    """Return the table as text, worked out once."""
    if id(table) not in writer.grids:
        writer.grids[id(table)] = grid_of(table, writer.lang, writer.look)
    return writer.grids[id(table)]


def _turn(writer: _Writer, landscape: bool) -> None:
    """Go on with a new page, turned or upright again."""
    from docx.enum.section import WD_ORIENT, WD_SECTION

    section = writer.word.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = section.page_height, section.page_width
    writer.landscape = landscape


def _text_width(writer: _Writer, landscape: bool | None = None) -> int:
    """Return the width of the text in twips."""
    _, right, _, left = writer.look.margins_cm
    turned = writer.landscape if landscape is None else landscape
    return int(((29.7 if turned else 21.0) - left - right) * TWIPS_PER_CM)


def _block(writer: _Writer, block: Block) -> None:
    if isinstance(block, Paragraph):
        _paragraph(writer.word, clean(block.text), PARAGRAPH_STYLES[block.kind])
    elif isinstance(block, Bullets):
        _bullets(writer, block)
    elif isinstance(block, Table):
        _table(writer, block)
    else:
        _picture(writer, block)


def _bullets(writer: _Writer, block: Bullets) -> None:
    """Write a list; each numbered one starts again at 1."""
    number = _new_list(writer) if block.numbered else None
    for item in block.items:
        line = _paragraph(writer.word, clean(item), "List Number" if block.numbered else "List Bullet")
        if number is not None:
            properties = line._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_ilvl().val = 0
            properties.get_or_add_numId().val = number


def _new_list(writer: _Writer) -> int:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    writer.lists += 1
    number = docxstyle.HEADING_NUMBERS + writer.lists
    style = writer.word.styles["List Number"].element
    used = style.find(f".//{qn('w:numId')}").get(qn("w:val"))
    numbering = writer.word.part.numbering_part.element
    kind = next(num for num in numbering.findall(qn("w:num")) if num.get(qn("w:numId")) == used)
    abstract = kind.find(qn("w:abstractNumId")).get(qn("w:val"))
    numbering.append(
        parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{abstract}"/>'
            f'<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
        )
    )
    return number


def _table(writer: _Writer, table: Table) -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    _caption(writer, "Table", writer.lang.text("Table {n}  {title}", n="\0", title=clean(table.title)))
    if table.rows.empty:
        _paragraph(writer.word, clean(table.empty or writer.lang.text("No rows.")), "Note")
        return
    grid = _grid(writer, table)
    text = table_xml(grid, writer.lang, writer.look, width_twips=_text_width(writer), namespaces=nsdecls("w"))
    body: Any = writer.word.element.body
    body._insert_tbl(parse_xml(text))
    _paragraph(writer.word, "", "Note")  # keeps two tables from growing together


def _caption(writer: _Writer, kind: str, text: str, *, below: bool = False) -> None:
    """Write a caption whose number Word keeps in step; one above a table stays with it."""
    writer.numbered[kind] += 1
    before, after = text.split("\0")
    line = _paragraph(writer.word, before, "Caption")
    add_field(line, f"SEQ {kind} \\* ARABIC", str(writer.numbered[kind]))
    line.add_run(after)
    if below:
        line.paragraph_format.keep_with_next = False


def _picture(writer: _Writer, picture: Picture) -> None:
    from docx.shared import Cm

    from layoutopt.report.fonts import font_hint
    from layoutopt.report.pictures import png

    line = _paragraph(writer.word, "", "Picture")
    width = min(picture.width_cm, _text_width(writer) / TWIPS_PER_CM)
    drawn = line.add_run().add_picture(io.BytesIO(png(picture, writer.lang.code)), width=Cm(width))
    facts = drawn._inline.docPr
    facts.set("name", picture.name)
    facts.set("descr", clean(picture.title))
    text = writer.lang.text("Figure {n}  {title}", n="\0", title=clean(picture.title))
    _caption(writer, "Figure", text, below=True)
    hint = font_hint(writer.lang)
    if hint and not writer.hinted:
        writer.hinted = True
        _paragraph(writer.word, hint, "Note")
