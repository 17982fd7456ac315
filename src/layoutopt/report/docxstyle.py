"""How a Word document looks: page, fonts for Latin and Chinese text, heading numbers, header and footer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layoutopt.report.language import Language

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.styles.style import ParagraphStyle
    from docx.text.paragraph import Paragraph

LEVELS = 4
HEADING_NUMBERS = 90  # an identifier that the template's own lists do not use
DARK, GREY, RED = "1C2227", "57616A", "9C2A1C"


@dataclass(frozen=True)
class Face:
    """Font and size of one kind of text; ``east`` draws Chinese characters."""

    latin: str
    east: str
    pt: float
    bold: bool = False
    color: str = DARK
    before_pt: float = 0.0
    after_pt: float = 6.0


@dataclass(frozen=True)
class Look:
    """A house style: margins in cm (top, right, bottom, left), faces by style, and how headings are numbered."""

    margins_cm: tuple[float, float, float, float]
    faces: dict[str, Face]
    numbers: tuple[tuple[str, str], ...]
    line_pt: float | None
    indent_chars: int
    grid: str


def _western(pt: float, **more: Any) -> Face:
    return Face("Calibri", "Microsoft YaHei", pt, **more)


ENGLISH = Look(
    margins_cm=(2.4, 2.5, 2.2, 2.5),
    faces={
        "Normal": _western(10.5),
        "Title": _western(22, bold=True, before_pt=40, after_pt=6),
        "Subtitle": _western(12.5, color=GREY, after_pt=18),
        "Heading 1": _western(16, bold=True, before_pt=20, after_pt=6),
        "Heading 2": _western(13, bold=True, before_pt=14, after_pt=4),
        "Heading 3": _western(11, bold=True, before_pt=10, after_pt=3),
        "Heading 4": _western(10.5, bold=True, color=GREY, before_pt=8, after_pt=3),
        "Lead": _western(11.5, after_pt=8),
        "Note": _western(9, color=GREY),
        "Warning": _western(10.5, bold=True, color=RED, before_pt=4, after_pt=8),
        "Owner": _western(10, color=GREY, after_pt=8),
        "Caption": _western(9.5, bold=True, before_pt=8, after_pt=3),
        "Picture": _western(9.5, before_pt=6, after_pt=0),
        "Table Text": _western(8.5, after_pt=0),
        "Contents Title": _western(14, bold=True, before_pt=12, after_pt=8),
        "toc 1": _western(10.5, bold=True, before_pt=5, after_pt=1),
        "toc 2": _western(10, after_pt=1),
        "Header": _western(8.5, color=GREY, after_pt=0),
        "Footer": _western(9, color=GREY, after_pt=0),
        "Stamp": _western(10.5, bold=True, color=RED, after_pt=4),
    },
    numbers=(("decimal", "%1"), ("decimal", "%1.%2"), ("decimal", "%1.%2.%3"), ("decimal", "%1.%2.%3.%4")),
    line_pt=None,
    indent_chars=0,
    grid="B9BEBB",
)
SONG, HEI, KAI, FANG = "SimSun", "SimHei", "KaiTi", "FangSong"


def _official(east: str, pt: float, **more: Any) -> Face:
    return Face("Times New Roman", east, pt, **more)


# Sizes, faces, margins and heading numbers of official documents: GB/T 9704-2012. Size 3 is 16 pt, size 2 is 22 pt.
CHINESE = Look(
    margins_cm=(3.7, 2.6, 3.5, 2.8),
    faces={
        "Normal": _official(FANG, 16, after_pt=0),
        "Title": _official(SONG, 22, bold=True, before_pt=48, after_pt=10),
        "Subtitle": _official(KAI, 16, after_pt=24),
        "Heading 1": _official(HEI, 16, before_pt=12, after_pt=4),
        "Heading 2": _official(KAI, 16, bold=True, before_pt=8, after_pt=2),
        "Heading 3": _official(FANG, 16, bold=True, before_pt=6, after_pt=2),
        "Heading 4": _official(FANG, 16, before_pt=4, after_pt=2),
        "Lead": _official(FANG, 16, after_pt=0),
        "Note": _official(SONG, 10.5, color=GREY, before_pt=2, after_pt=4),
        "Warning": _official(HEI, 14, color=RED, before_pt=4, after_pt=8),
        "Owner": _official(KAI, 14, after_pt=4),
        "Caption": _official(HEI, 12, before_pt=10, after_pt=4),
        "Picture": _official(SONG, 12, before_pt=8, after_pt=0),
        "Table Text": _official(SONG, 10.5, after_pt=0),
        "Contents Title": _official(HEI, 16, before_pt=12, after_pt=10),
        "toc 1": _official(HEI, 14, before_pt=5, after_pt=1),
        "toc 2": _official(FANG, 14, after_pt=1),
        "Header": _official(SONG, 9, color=GREY, after_pt=0),
        "Footer": _official(SONG, 14, after_pt=0),
        "Stamp": _official(HEI, 12, color=RED, after_pt=4),
    },
    numbers=(
        ("chineseCountingThousand", "%1、"),
        ("chineseCountingThousand", "（%2）"),
        ("decimal", "%3."),
        ("decimal", "（%4）"),
    ),
    line_pt=28.0,
    indent_chars=2,
    grid="404040",
)
CENTRED = {"Title", "Subtitle", "Contents Title", "Caption", "Picture", "Header", "Footer", "Stamp"}
TOGETHER = {"Heading 1", "Heading 2", "Heading 3", "Heading 4", "Caption", "Picture", "Owner"}
BOXED = {"Warning", "Stamp"}
INDENTED = {"Normal", "Lead"}
BALLAST = {"stylesWithEffects", "thumbnail", "customXml"}


def look_of(lang: Language) -> Look:
    """Return the house style of a language."""
    return CHINESE if lang.code == "zh" else ENGLISH


def prepare(word: Word, lang: Language) -> None:
    """Give a new document its page, styles, heading numbers and the number below every page."""
    from docx.shared import Cm

    look = look_of(lang)
    _without_ballast(word)
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    top, right, bottom, left = look.margins_cm
    section.top_margin, section.right_margin = Cm(top), Cm(right)
    section.bottom_margin, section.left_margin = Cm(bottom), Cm(left)
    section.header_distance = section.footer_distance = Cm(min(bottom, 2.5) / 2)
    _plain_defaults(word, lang)
    for name, face in look.faces.items():
        _style(word, name, face, look)
    _number_headings(word, look)
    _header_and_footer(word, lang)


def _without_ballast(word: Word) -> None:
    """Take out what python-docx's own template brings and no document of ours uses: nine tenths of its size."""
    from docx.oxml.ns import qn

    for rels in (word.part.rels, word.part.package.rels):
        for code in [code for code, rel in rels.items() if rel.reltype.rpartition("/")[2] in BALLAST]:
            del rels[code]
    styles = word.styles.element
    for style in styles.findall(qn("w:style")):
        if style.get(qn("w:type")) == "table" and style.get(qn("w:default")) != "1":
            styles.remove(style)


def _plain_defaults(word: Word, lang: Language) -> None:
    """Take theme fonts out of the defaults, say which languages the text is in, and let Word work out its fields."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    defaults = word.styles.element.find(qn("w:docDefaults"))
    for fonts in defaults.iter(qn("w:rFonts")) if defaults is not None else ():
        fonts.attrib.clear()
    for tag in defaults.iter(qn("w:lang")) if defaults is not None else ():
        tag.set(qn("w:val"), "en-GB")
        tag.set(qn("w:eastAsia"), "zh-CN")
    # The contents have their headings but not their pages yet: only a word processor knows these.
    settings = word.settings.element
    settings.append(parse_xml(f'<w:updateFields {nsdecls("w")} w:val="true"/>'))


def _style(word: Word, name: str, face: Face, look: Look) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    known = {style.name for style in word.styles}
    style: ParagraphStyle = word.styles[name] if name in known else word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if name not in known:
        style.base_style = word.styles["Normal"]
    style.font.size, style.font.bold, style.font.italic = Pt(face.pt), face.bold, False
    style.font.color.rgb = RGBColor.from_string(face.color)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()
    for script, font in (("ascii", face.latin), ("hAnsi", face.latin), ("cs", face.latin), ("eastAsia", face.east)):
        fonts.set(qn(f"w:{script}"), font)
    shape = style.paragraph_format
    shape.space_before, shape.space_after = Pt(face.before_pt), Pt(face.after_pt)
    shape.keep_with_next, shape.widow_control = name in TOGETHER, True
    shape.alignment = WD_ALIGN_PARAGRAPH.CENTER if name in CENTRED else WD_ALIGN_PARAGRAPH.LEFT
    # Exact spacing would cut pictures off, so it is for running text alone.
    if look.line_pt is not None and name in {*INDENTED, "Heading 1", "Heading 2", "Heading 3", "Heading 4"}:
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(look.line_pt)
    else:
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.MULTIPLE, 1.12 if name == "Normal" else 1.0
    _indent(style, look.indent_chars if name in INDENTED else 0)
    if name == "Title":
        for border in style.element.findall(f".//{qn('w:pBdr')}"):
            border.getparent().remove(border)
    if name in BOXED:
        box(style.element.get_or_add_pPr())


def _indent(style: ParagraphStyle, characters: int) -> None:
    """Indent the first line by whole characters, as Chinese does; styles inherit, so none is written out too."""
    from docx.oxml.ns import qn

    indent = style.element.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), str(100 * characters))
    indent.set(qn("w:firstLine"), str(round(20 * characters * style.font.size.pt)) if style.font.size else "0")


def box(properties: Any) -> None:
    """Draw a red frame around a paragraph."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    sides = "".join(
        f'<w:{side} w:val="single" w:sz="8" w:space="4" w:color="{RED}"/>'
        for side in ("top", "left", "bottom", "right")
    )
    frame = parse_xml(f"<w:pBdr {nsdecls('w')}>{sides}</w:pBdr>")
    properties.insert_element_before(
        frame, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:outlineLvl"
    )


def _number_headings(word: Word, look: Look) -> None:
    """Let Word number the headings: one list of several levels, tied to their styles."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn

    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:pStyle w:val="Heading{level + 1}"/><w:suff w:val="{"nothing" if look is CHINESE else "space"}"/>'
        f'<w:lvlText w:val="{text}{"" if look is CHINESE else " "}"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr></w:lvl>'
        for level, (kind, text) in enumerate(look.numbers)
    )
    numbering = word.part.numbering_part.element
    first = numbering.find(qn("w:num"))
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{HEADING_NUMBERS}">'
        f'<w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
    )
    first.addprevious(abstract)
    numbering.append(
        parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{HEADING_NUMBERS}"><w:abstractNumId w:val="{HEADING_NUMBERS}"/></w:num>'
        )
    )
    for level in range(LEVELS):
        properties = word.styles[f"Heading {level + 1}"].element.get_or_add_pPr()
        number = properties.get_or_add_numPr()
        number.get_or_add_ilvl().set(qn("w:val"), str(level))
        number.get_or_add_numId().set(qn("w:val"), str(HEADING_NUMBERS))


def _header_and_footer(word: Word, lang: Language) -> None:
    """Make room for the title above every page, and write the page number below it."""
    section = word.sections[0]
    section.header.paragraphs[0].style = word.styles["Header"]
    foot = section.footer.paragraphs[0]
    foot.style = word.styles["Footer"]
    text = lang.text("Page {page} of {pages}", page="\0PAGE\0", pages="\0NUMPAGES\0")
    for position, part in enumerate(text.split("\0")):
        if position % 2:
            add_field(foot, part, "1")
        elif part:
            foot.add_run(part)


def write_header(word: Word, *, title: str, stamp: str) -> None:
    """Write the title, and the stamp where there is one, above every page."""
    header = word.sections[0].header
    header.paragraphs[0].add_run(title)
    if stamp:
        header.add_paragraph(stamp)._p.style = "Stamp"


def add_field(paragraph: Paragraph, code: str, shown: str = "", *, dirty: bool = False) -> None:
    """Append a field that Word works out itself; ``shown`` stands there until then."""
    field_start(paragraph, code, dirty=dirty)
    paragraph.add_run(shown)
    field_end(paragraph)


def field_start(paragraph: Paragraph, code: str, *, dirty: bool = False) -> None:
    """Begin a field whose shown text follows, perhaps over several paragraphs."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    old = ' w:dirty="true"' if dirty else ""
    for inner in (
        f'<w:fldChar w:fldCharType="begin"{old}/>',
        f'<w:instrText xml:space="preserve"> {code} </w:instrText>',
        '<w:fldChar w:fldCharType="separate"/>',
    ):
        paragraph._p.append(parse_xml(f"<w:r {nsdecls('w')}>{inner}</w:r>"))


def field_end(paragraph: Paragraph) -> None:
    """End the field begun last."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    paragraph._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:fldChar w:fldCharType="end"/></w:r>'))


def heading_number(counts: Iterable[int], look: Look) -> str:
    """Return the number Word gives to a heading, for the list of contents: ``2.1``, ``二、`` or ``（三）``."""
    given = list(counts)
    kind, text = look.numbers[len(given) - 1]
    for level, count in enumerate(given, start=1):
        text = text.replace(f"%{level}", chinese_number(count) if kind == "chineseCountingThousand" else str(count))
    return text


def chinese_number(number: int) -> str:
    """Return 1 to 9,999 in Chinese characters, as Word counts: 十, 二十一, 一百零一, 一千零一十."""
    digits, text, is_gap = "零一二三四五六七八九", "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, number = divmod(number, unit)
        if count:
            text += ("零" if is_gap else "") + digits[count] + name
        is_gap = bool(text) and not count
    return text.removeprefix("一") if text.startswith("一十") else text
