"""Documents as Word files, read back with python-docx."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from layoutopt.errors import MissingExtraError
from layoutopt.report.document import Bullets, Column, Document, Paragraph, Picture, Section, Table
from layoutopt.report.docx import docx_bytes, write_docx
from layoutopt.report.docxstyle import CHINESE, ENGLISH, chinese_number, heading_number
from layoutopt.report.docxtable import clean, grid_of, longest_word
from layoutopt.report.language import language

docx = pytest.importorskip("docx", reason="python-docx is not installed (the extra 'report')")
if TYPE_CHECKING:
    from matplotlib.axes import Axes

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HOSTILE = (
    '"quoted" & <b>bold</b>', "=1+1", "😀 school", "مدرسة القرية", "名" * 300, "two\nlines", "ctrl\x00\x0b\x1f"
)  # fmt: skip
NARROW = Table(
    "schools",
    "Schools & places",
    (
        Column("name", "School"),
        Column("pupils", "Pupils", "count", summed=True),
        Column("way", "Way", "minutes", "min"),
    ),
    pd.DataFrame({"name": ["A <1>", "B"], "pupils": [1200.0, 34.0], "way": [12.4, float("nan")]}),
)
WIDE = Table(
    "wide",
    "A wide table",
    tuple(Column(f"c{k}", f"Heading number {k}") for k in range(12)),
    pd.DataFrame({f"c{k}": ["several words in a cell"] * 3 for k in range(12)}),
)


def draw(ax: Axes) -> None:
    ax.plot([0, 1], [0, 1])


def document(*blocks: Any, lang: str = "en", stamp: str = "", **more: Any) -> Document:
    return Document("d", "Plan of A & B", "for review", (Section("s", "One", blocks),), lang=lang, stamp=stamp, **more)


def long_document(lang: str = "en", stamp: str = "") -> Document:
    sections = tuple(
        Section(f"s{k}", f"Part <{k}>", (Paragraph("Text."),), (Section(f"s{k}a", f"Inner {k}"),)) for k in range(8)
    )
    return Document("d", "Plan", "", sections, lang=lang, stamp=stamp)


def opened(content: Document) -> Any:
    return docx.Document(io.BytesIO(docx_bytes(content)))


def texts(word: Any, style: str) -> list[str]:
    return [line.text for line in word.paragraphs if line.style.name == style]


def test_written_and_read_back(tmp_path: Path) -> None:
    write_docx(
        document(Paragraph("Plain."), Paragraph("Beware.", "warning"), Bullets(("a", "b")), Bullets(("c",), True)),
        tmp_path / "d.docx",
    )
    word = docx.Document(str(tmp_path / "d.docx"))
    assert texts(word, "Title") == ["Plan of A & B"]
    assert texts(word, "Subtitle") == ["for review"]
    assert texts(word, "Heading 1") == ["One"]
    assert "Plain." in texts(word, "Normal")
    assert texts(word, "Warning") == ["Beware."]
    assert (texts(word, "List Bullet"), texts(word, "List Number")) == (["a", "b"], ["c"])


def test_every_used_style_is_defined() -> None:
    word = opened(
        document(Paragraph("n", "note"), Paragraph("l", "lead"), Bullets(("a",)), NARROW, lang="zh", stamp="x")
    )
    defined = {style.style_id for style in word.styles}
    used = {element.get(W + "val") for element in word.element.iter(W + "pStyle")}
    assert used <= defined


def test_a_table_has_typed_cells_sums_and_a_repeated_heading_row() -> None:
    word = opened(document(NARROW))
    rows = [[cell.text for cell in row.cells] for row in word.tables[0].rows]
    assert rows == [
        ["School", "Pupils", "Way, min"],
        ["A <1>", "1,200", "12"],
        ["B", "34", "–"],
        ["Total", "1,234", ""],
    ]
    repeated = [row._tr.find(f"{W}trPr/{W}tblHeader") is not None for row in word.tables[0].rows]
    assert repeated == [True, False, False, False]
    assert texts(word, "Caption") == ["Table 1  Schools & places"]


def test_the_sum_of_what_nobody_knows_is_not_nothing() -> None:
    unknown = replace(NARROW, rows=NARROW.rows.assign(pupils=float("nan")))
    (table,) = opened(document(unknown)).tables
    assert [cell.text for cell in table.rows[-1].cells] == ["Total", "–", ""]


def test_an_empty_table_says_so() -> None:
    none = Table("none", "Nobody", NARROW.columns, NARROW.rows.iloc[:0], empty="No school closes.")
    word = opened(document(none))
    assert word.tables == []
    assert "No school closes." in texts(word, "Note")


def test_the_columns_fill_the_page_and_no_more() -> None:
    word = opened(document(NARROW, WIDE))
    upright, turned = (sum(int(col.get(W + "w")) for col in table._tbl.iter(W + "gridCol")) for table in word.tables)
    assert 16 * 567 - 10 <= upright <= 16 * 567  # 21 cm less 2.5 cm on each side
    assert 24.7 * 567 - 20 <= turned <= 24.7 * 567


def test_only_a_wide_table_turns_the_page() -> None:
    word = opened(document(Paragraph("before"), NARROW, WIDE, Paragraph("a note"), NARROW))
    assert [part.page_width > part.page_height for part in word.sections] == [False, True, False]
    assert [part.page_width > part.page_height for part in opened(document(NARROW)).sections] == [False]


def test_a_heading_goes_with_its_wide_table() -> None:
    word = opened(document(Paragraph("Short."), WIDE))
    body = list(word.element.body)
    first_break = next(position for position, part in enumerate(body) if part.find(f"{W}pPr/{W}sectPr") is not None)
    heading = next(position for position, part in enumerate(body) if "One" in "".join(part.itertext()))
    assert first_break < heading


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_headings_are_numbered_by_word(lang: str) -> None:
    word = opened(long_document(lang))
    assert texts(word, "Heading 1") == [f"Part <{k}>" for k in range(8)]
    numbering = word.part.numbering_part.element
    tied = {
        level.find(W + "pStyle").get(W + "val"): level.find(W + "numFmt").get(W + "val")
        for level in numbering.iter(W + "lvl")
        if level.find(W + "pStyle") is not None and level.find(W + "pStyle").get(W + "val").startswith("Heading")
    }
    kind = "chineseCountingThousand" if lang == "zh" else "decimal"
    assert (tied["Heading1"], tied["Heading2"]) == (kind, kind)
    assert word.styles["Heading 1"].element.find(f".//{W}numId") is not None


def test_the_contents_lead_to_the_headings() -> None:
    word = opened(long_document())
    lines = [line.text for line in word.paragraphs if line.style.name.startswith("toc")]
    expected = [(f"{k + 1}  Part <{k}>", f"{k + 1}.1  Inner {k}") for k in range(8)]
    assert [line.strip() for line in lines] == [text for pair in expected for text in pair]
    marks = {mark.get(W + "name") for mark in word.element.iter(W + "bookmarkStart")}
    links = [link.get(W + "anchor") for link in word.element.iter(W + "hyperlink")]
    assert len(links) == 16
    assert set(links) == marks
    codes = [code.text.strip() for code in word.element.iter(W + "instrText")]
    assert codes[0].startswith("TOC")
    assert sum(code.startswith("PAGEREF") for code in codes) == 16
    kinds = [field.get(W + "fldCharType") for field in word.element.iter(W + "fldChar")]
    assert kinds.count("begin") == kinds.count("end") == kinds.count("separate")


def test_the_parts_of_a_long_document_start_on_new_pages() -> None:
    headings = [line for line in opened(long_document()).paragraphs if line.style.name == "Heading 1"]
    assert [line.paragraph_format.page_break_before for line in headings] == [None, *[True] * 7]


def test_a_short_document_has_no_contents() -> None:
    assert not [line for line in opened(document(Paragraph("x"))).paragraphs if line.style.name.startswith("toc")]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_stamp_stands_on_every_page(lang: str) -> None:
    word = opened(document(WIDE, NARROW, lang=lang, stamp="Not adoptable: 3 pupils & <more>"))
    for part in word.sections:
        assert "Not adoptable: 3 pupils & <more>" in [line.text for line in part.header.paragraphs]
    assert len(opened(document(NARROW, lang=lang)).sections[0].header.paragraphs) == 1


def test_the_footer_counts_the_pages() -> None:
    footer = opened(document()).sections[0].footer.paragraphs[0]
    codes = [code.text.strip() for code in footer._p.iter(W + "instrText")]
    assert codes == ["PAGE", "NUMPAGES"]
    assert footer.text.startswith("Page ")


@pytest.mark.parametrize(("lang", "east"), [("en", "Microsoft YaHei"), ("zh", "FangSong")])
def test_chinese_characters_have_a_font(lang: str, east: str) -> None:
    fonts = opened(document(lang=lang)).styles["Normal"].element.find(f".//{W}rFonts")
    assert fonts.get(W + "eastAsia") == east
    assert not [name for name in fonts.attrib if "Theme" in name]


def test_pictures_stand_in_the_text_with_a_caption_and_words_for_the_blind() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (the extra 'report')")
    word = opened(document(Picture("p", "A line & more", draw), Picture("q", "Too wide", draw, width_cm=40)))
    assert len(word.inline_shapes) == 2
    assert word.inline_shapes[0].width.cm == pytest.approx(15, abs=0.01)
    assert word.inline_shapes[1].width.cm == pytest.approx(16, abs=0.01)
    assert word.inline_shapes[0]._inline.docPr.get("descr") == "A line & more"
    assert texts(word, "Caption") == ["Figure 1  A line & more", "Figure 2  Too wide"]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_of_any_kind_are_text(name: str) -> None:
    table = Table("t", name, (Column("a", name),), pd.DataFrame({"a": [name]}), empty=name)
    content = Document("d", name, name, (Section("s", name, (Paragraph(name), table), owner=name),), stamp=name)
    word = opened(content)
    expected = clean(name)
    assert word.tables[0].rows[1].cells[0].text == expected
    assert texts(word, "Title") == [expected]
    assert expected in texts(word, "Normal")
    assert not list(word.element.iter("b"))


def test_what_no_file_can_hold_is_shown_as_such() -> None:
    assert clean("a\ud800\x00b\tc") == "a\ufffd\ufffdb\tc"


def test_every_part_is_well_formed_and_the_bytes_are_the_same_again() -> None:
    content = long_document("zh", stamp="不可采用")
    once, again = docx_bytes(content), docx_bytes(content)
    assert once == again
    with zipfile.ZipFile(io.BytesIO(once)) as file:
        for name in file.namelist():
            if name.endswith((".xml", ".rels")):
                ET.fromstring(file.read(name))


def test_nothing_of_the_template_is_carried_along_unused() -> None:
    with zipfile.ZipFile(io.BytesIO(docx_bytes(document(NARROW)))) as archive:
        names, styles = archive.namelist(), archive.read("word/styles.xml")
    assert not [name for name in names if "Effects" in name or "customXml" in name or "thumbnail" in name]
    assert styles.count(b'w:type="table"') == 1


def test_numbered_lists_start_again() -> None:
    word = opened(document(Bullets(("a", "b"), True), Bullets(("c",), True)))
    numbers = [line._p.pPr.numPr.numId.val for line in word.paragraphs if line.style.name == "List Number"]
    assert numbers[0] == numbers[1] != numbers[2]


def test_the_numbers_in_the_contents_are_words_own() -> None:
    assert heading_number((2, 3), ENGLISH) == "2.3"
    assert [heading_number(place, CHINESE) for place in ((11,), (1, 3), (1, 3, 4), (1, 1, 1, 2))] == [
        "十一、", "（三）", "4.", "（2）"
    ]  # fmt: skip
    assert [chinese_number(number) for number in (1, 10, 19, 20, 99)] == ["一", "十", "十九", "二十", "九十九"]
    found = [chinese_number(number) for number in (100, 101, 110, 270, 1000, 1001, 1010)]
    assert found == ["一百", "一百零一", "一百一十", "二百七十", "一千", "一千零一", "一千零一十"], (
        "a county has 270 lines"
    )


def test_chinese_breaks_anywhere_but_latin_words_do_not() -> None:
    assert longest_word("学校名称") == 1.0
    assert longest_word("a longest word") == pytest.approx(7 * 0.53)
    grid = grid_of(NARROW, language("en"), ENGLISH)
    assert (grid.least <= grid.comfortable).all()
    assert (grid.comfortable <= grid.wanted).all()
    assert sum(grid.widths(9000)) == pytest.approx(9000, abs=3)
    assert sum(grid.widths(500)) == pytest.approx(500, abs=3)


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'layoutopt[report]'")):
        docx_bytes(document())
